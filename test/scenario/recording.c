/*
 * recording.c - calls that are recorded: always, by *1, by the administrator; each party's tone is in its channel at
 * the right time, whatever happens to the call; full disks, old files, files that a crash left.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "media/tone.h"
#include "pbx/conference.h"
#include "pbx/settings.h"
#include "scenario.h"

/** A WAV file that was read. */
struct tape_file {
	unsigned ch;
	uint32_t rate;
	size_t frames;
	int16_t *v;
};

static uint32_t le(const uint8_t *p, int n)
{
	uint32_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

static void file_open(struct scene *s, struct tape_file *t, const char *file)
{
	char path[400];
	uint8_t h[44];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", s->dir, file);
	FILE *f = fopen(path, "rb");
	if (!f)
		fail_msg("%s: %s", path, strerror(errno));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(fread(h, 1, 44, f), 44);
	assert_memory_equal(h, "RIFF", 4);
	t->ch = le(h + 22, 2);
	t->rate = le(h + 24, 4);
	size_t n = le(h + 40, 4);
	assert_int_equal(st.st_size, 44 + n);
	t->frames = n / 2 / t->ch;
	t->v = malloc(n + 1);
	assert_int_equal(fread(t->v, 1, n, f), n);
	fclose(f);
}

static double share(const struct tape_file *t, unsigned ch, uint32_t from_ms, uint32_t to_ms, unsigned hz)
{
	size_t from = (size_t)from_ms * t->rate / 1000, n = (size_t)(to_ms - from_ms) * t->rate / 1000;
	int16_t *v = malloc((n + 1) * sizeof(*v));

	if (from + n > t->frames)
		fail_msg("the file ends at %zu ms", t->frames * 1000 / t->rate);
	for (size_t i = 0; i < n; i++)
		v[i] = t->v[(from + i) * t->ch + ch];
	double x = tone_share(v, n, hz, t->rate);
	free(v);
	return x;
}

enum { LEFT, RIGHT };

static void has(const struct tape_file *t, unsigned ch, uint32_t from_ms, uint32_t to_ms, const struct agent *a)
{
	double x = share(t, ch, from_ms, to_ms, tone_of(a));

	if (x < 0.85)
		fail_msg("channel %u has %.3f of %u Hz from %u to %u ms", ch, x, tone_of(a), from_ms, to_ms);
}

static void silent(const struct tape_file *t, unsigned ch, uint32_t from_ms, uint32_t to_ms)
{
	for (size_t i = (size_t)from_ms * t->rate / 1000; i < (size_t)to_ms * t->rate / 1000; i++)
		if (abs(t->v[i * t->ch + ch]) > 100)
			fail_msg("channel %u is not silent at %zu ms", ch, i * 1000 / t->rate);
}

static void file_free(struct tape_file *t)
{
	free(t->v);
}

/* ------------------------------------------------------------------ rows */

static json_t *rows;

static void listed(int err, const char *why, json_t *res, void *arg)
{
	(void)why;
	(void)arg;
	assert_int_equal(err, 0);
	json_decref(rows);
	rows = json_incref(json_object_get(res, "items"));
}

/* Rows of recordings now. */
static size_t list(struct scene *s)
{
	struct recording_filter f = {0};

	json_decref(rows);
	rows = NULL;
	store_recording_list(s->store, &f, listed, s);
	scene_run(s, 10);
	assert_non_null(rows);
	return json_array_size(rows);
}

static const char *row_text(size_t i, const char *name)
{
	return json_string_value(json_object_get(json_array_get(rows, i), name));
}

static json_int_t row_int(size_t i, const char *name)
{
	return json_integer_value(json_object_get(json_array_get(rows, i), name));
}

static void rows_free(void)
{
	json_decref(rows);
	rows = NULL;
}

/* The only recording, complete; its file. */
static void only(struct scene *s, struct tape_file *t)
{
	scene_run(s, 1000);
	assert_int_equal(list(s), 1);
	assert_string_equal(row_text(0, "state"), "complete");
	assert_int_equal(row_int(0, "lost"), 0);
	file_open(s, t, row_text(0, "file"));
	assert_int_equal(row_int(0, "ms"), t->frames * 1000 / t->rate);
	/* the call's record names it */
	json_t *f = json_array_get(json_object_get(scene_cdr(s, 0), "recordings"), 0);
	assert_string_equal(json_string_value(json_object_get(f, "file")), row_text(0, "file"));
	assert_int_equal(json_integer_value(json_object_get(f, "ms")), row_int(0, "ms"));
	assert_string_equal(row_text(0, "call"), json_string_value(json_object_get(scene_cdr(s, 0), "id")));
	rows_free();
}

static void ready(struct scene *s, size_t agents, const char *number, const char *when)
{
	scene_record(s);
	extension_set(s, number, json_pack("{s:s}", "record", when));
	agents_ready(s, agents);
}

static void set_done(int err, const char *why, json_t *row, int64_t id, void *arg)
{
	(void)why;
	(void)row;
	(void)id;
	(void)arg;
	assert_int_equal(err, 0);
}

static void set(struct scene *s, json_t *obj)
{
	struct change_item it = {CHANGE_CREATE, &pbx_settings_resource, "main", obj};

	json_object_set_new(obj, "name", json_string("main"));
	pbx_change(s->pbx, &it, 1, "test", NULL, set_done, NULL);
	scene_run(s, 50);
	json_decref(obj);
}

static const char *id_of(struct scene *s)
{
	static char id[32];
	json_t *v = pbx_json_calls(s->pbx);

	assert_int_equal(json_array_size(v), 1);
	snprintf(id, sizeof(id), "%s", json_string_value(json_object_get(json_array_get(v, 0), "id")));
	json_decref(v);
	return id;
}

static int order(struct scene *s, enum pbx_record_op op)
{
	char text[160];
	struct buf why;

	buf_init_fixed(&why, text, sizeof(text));
	return pbx_record(s->pbx, slice_str(id_of(s)), op, "somebody", &why);
}

static bool alarm_is_up(struct scene *s)
{
	json_t *st = pbx_json_status(s->pbx), *v;
	bool up = false;
	size_t i;

	json_array_foreach(json_object_get(st, "alarms"), i, v)
		up |= !strcmp(json_string_value(json_object_get(v, "id")), "recording");
	json_decref(st);
	return up;
}

/* ------------------------------------------------------------------ when */

void recording_always(void **state)
{
	struct scene *s = *state;
	struct tape_file t;

	ready(s, 2, "101", "always");
	talk(&s->a, &s->b, "101");
	assert_int_equal(list(s), 1);
	assert_string_equal(row_text(0, "state"), "recording");
	scene_run(s, 5000);
	end_call(&s->a, &s->b);
	only(s, &t);
	assert_int_equal(t.ch, 2);
	assert_int_equal(t.rate, 8000);
	assert_in_range(t.frames / 8, 6400, 6700);
	/* the callee is recorded: left it, right the caller */
	has(&t, LEFT, 200, 6300, &s->b);
	has(&t, RIGHT, 200, 6300, &s->a);
	file_free(&t);
	/* 102 is nobody's business */
	extension_set(s, "101", json_pack("{s:s}", "record", "never"));
	talk(&s->a, &s->b, "101");
	end_call(&s->a, &s->b);
	assert_int_equal(list(s), 1);
	rows_free();
	scene_check_idle(s);
}

void recording_on_demand(void **state)
{
	struct scene *s = *state;
	struct tape_file t;

	ready(s, 2, "100", "on_demand");
	talk(&s->a, &s->b, "101");
	/* not the one who may not */
	assert_int_equal(oh_call_dtmf(s->b.call, "*1"), 0);
	scene_run(s, 1000);
	assert_int_equal(list(s), 0);
	assert_int_equal(oh_call_dtmf(s->a.call, "*1"), 0);
	scene_run(s, 4000);
	assert_int_equal(list(s), 1);
	assert_int_equal(oh_call_dtmf(s->a.call, "*"), 0);
	scene_run(s, 200);
	assert_int_equal(oh_call_dtmf(s->a.call, "1"), 0);
	scene_run(s, 2000);
	assert_string_equal((list(s), row_text(0, "state")), "complete");
	/* too slow */
	assert_int_equal(oh_call_dtmf(s->a.call, "*"), 0);
	scene_run(s, 4000);
	assert_int_equal(oh_call_dtmf(s->a.call, "1"), 0);
	scene_run(s, 1000);
	/* the digits go to the other party as well */
	assert_true(agent_has(&s->b, "dtmf:*"));
	log_clear(&s->a);
	log_clear(&s->b);
	end_call(&s->a, &s->b);
	only(s, &t);
	assert_in_range(t.frames / 8, 3500, 4800);
	has(&t, LEFT, 500, 3000, &s->a);
	has(&t, RIGHT, 500, 3000, &s->b);
	file_free(&t);
	scene_check_idle(s);
}

void recording_by_administrator(void **state)
{
	struct scene *s = *state;
	struct tape_file t;

	scene_record(s);
	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	assert_int_equal(order(s, PBX_RECORD_STOP), ERR_STATE);
	assert_int_equal(order(s, PBX_RECORD_PAUSE), ERR_STATE);
	assert_int_equal(order(s, PBX_RECORD_START), 0);
	assert_int_equal(order(s, PBX_RECORD_START), EALREADY);
	scene_run(s, 2000);
	assert_int_equal(order(s, PBX_RECORD_PAUSE), 0);
	json_t *v = pbx_json_calls(s->pbx);
	assert_string_equal(json_string_value(json_object_get(json_array_get(v, 0), "recording")), "paused");
	json_decref(v);
	/* what is said now is not in the file */
	struct oh_call_options quiet = {.play_tone_hz = 1900};
	assert_int_equal(oh_call_play(s->a.call, &quiet), 0);
	scene_run(s, 3000);
	assert_int_equal(oh_call_play(s->a.call, &s->a.opt), 0);
	scene_run(s, 500);
	assert_int_equal(order(s, PBX_RECORD_RESUME), 0);
	scene_run(s, 2000);
	assert_int_equal(order(s, PBX_RECORD_STOP), 0);
	scene_run(s, 1000);
	end_call(&s->a, &s->b);
	only(s, &t);
	assert_in_range(t.frames / 8, 3900, 4100);
	has(&t, LEFT, 200, 3900, &s->a);
	has(&t, RIGHT, 200, 3900, &s->b);
	assert_true(share(&t, LEFT, 0, 3900, 1900) < 0.01);
	json_t *f = json_array_get(json_object_get(scene_cdr(s, 0), "recordings"), 0);
	assert_in_range(json_integer_value(json_object_get(f, "paused_ms")), 3400, 3600);
	file_free(&t);
	scene_check_idle(s);
}

/* ------------------------------------------------------------------ what becomes of the call */

/* The one who is recorded sends nobody away, and is sent to nobody: the other one leaves for a third. */
void recording_follows_a_transfer(void **state)
{
	struct scene *s = *state;
	struct tape_file t;

	ready(s, 3, "100", "always");
	talk(&s->a, &s->b, "101");
	scene_run(s, 1500);
	s->c.mood = ANSWER;
	assert_int_equal(oh_call_transfer(s->b.call, "102"), 0);
	agent_wait(&s->b, "ended:200", 5000);
	scene_run(s, 4000);
	log_clear(&s->a);
	log_clear(&s->c);
	end_call(&s->a, &s->c);
	only(s, &t);
	size_t ms = t.frames / 8;
	has(&t, LEFT, 200, (uint32_t)ms - 200, &s->a);
	has(&t, RIGHT, 200, 2500, &s->b);
	has(&t, RIGHT, (uint32_t)ms - 2500, (uint32_t)ms - 200, &s->c);
	file_free(&t);
	scene_check_idle(s);
}

/* The one who is recorded leaves: the others are recorded on, and who was heard stays in its channel. */
void recording_follows_who_stays(void **state)
{
	struct scene *s = *state;
	struct tape_file t;

	ready(s, 3, "101", "always");
	talk(&s->a, &s->b, "101");
	scene_run(s, 1500);
	s->c.mood = ANSWER;
	assert_int_equal(oh_call_transfer(s->b.call, "102"), 0);
	agent_wait(&s->b, "ended:200", 5000);
	scene_run(s, 4000);
	log_clear(&s->a);
	log_clear(&s->c);
	end_call(&s->a, &s->c);
	only(s, &t);
	size_t ms = t.frames / 8;
	has(&t, LEFT, 200, 2500, &s->b);
	has(&t, RIGHT, 200, 2500, &s->a);
	has(&t, LEFT, (uint32_t)ms - 2500, (uint32_t)ms - 200, &s->c);
	has(&t, RIGHT, (uint32_t)ms - 2500, (uint32_t)ms - 200, &s->a);
	file_free(&t);
	scene_check_idle(s);
}

/* Held: nobody says anything, and the time is in the file all the same. */
void recording_through_hold(void **state)
{
	struct scene *s = *state;
	struct tape_file t;

	ready(s, 2, "100", "always");
	talk(&s->a, &s->b, "101");
	assert_int_equal(oh_call_hold(s->b.call, true), 0);
	agent_wait(&s->b, "changed:200", 2000);
	scene_run(s, 30000);
	assert_int_equal(oh_call_hold(s->b.call, false), 0);
	agent_wait(&s->b, "changed:200", 2000);
	scene_run(s, 3000);
	log_clear(&s->a);
	log_clear(&s->b);
	end_call(&s->a, &s->b);
	only(s, &t);
	assert_in_range(t.frames / 8, 34000, 36000);
	has(&t, LEFT, 200, 1300, &s->a);
	has(&t, RIGHT, 200, 1300, &s->b);
	silent(&t, LEFT, 3000, 30000);
	uint32_t ms = (uint32_t)(t.frames / 8);
	has(&t, LEFT, ms - 2500, ms - 200, &s->a);
	has(&t, RIGHT, ms - 2500, ms - 200, &s->b);
	file_free(&t);
	scene_check_idle(s);
}

void recording_of_echo(void **state)
{
	struct scene *s = *state;
	struct tape_file t;

	ready(s, 1, "100", "always");
	agent_call(&s->a, "*43");
	agent_wait(&s->a, "answered", 5000);
	scene_run(s, 4000);
	oh_call_hangup(s->a.call);
	agent_wait(&s->a, "ended:0", 5000);
	only(s, &t);
	has(&t, LEFT, 1500, 3500, &s->a);
	has(&t, RIGHT, 1500, 3500, &s->a);
	file_free(&t);
	scene_check_idle(s);
}

void recording_mixed(void **state)
{
	struct scene *s = *state;
	struct tape_file t;

	ready(s, 2, "100", "always");
	set(s, json_pack("{s:b}", "record_stereo", 0));
	talk(&s->a, &s->b, "101");
	scene_run(s, 3000);
	end_call(&s->a, &s->b);
	only(s, &t);
	assert_int_equal(t.ch, 1);
	assert_int_equal(t.rate, 8000);
	/* half of the energy each */
	assert_true(share(&t, 0, 500, 3500, 440) > 0.4);
	assert_true(share(&t, 0, 500, 3500, 660) > 0.4);
	file_free(&t);
	scene_check_idle(s);
}

/* ------------------------------------------------------------------ disks */

/* No file can be made: the call does not notice, people are told. */
void recording_folder_is_in_the_way(void **state)
{
	struct scene *s = *state;
	char path[128];

	ready(s, 2, "100", "always");
	snprintf(path, sizeof(path), "%s/recordings", s->dir);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	talk(&s->a, &s->b, "101");
	assert_true(alarm_is_up(s));
	assert_hears(&s->a, &s->b);
	assert_hears(&s->b, &s->a);
	end_call(&s->a, &s->b);
	scene_run(s, 1000);
	assert_int_equal(list(s), 1);
	assert_string_equal(row_text(0, "state"), "failed");
	unlink(path);
	/* the next one can be written */
	talk(&s->a, &s->b, "101");
	end_call(&s->a, &s->b);
	scene_run(s, 1000);
	assert_int_equal(list(s), 2);
	assert_string_equal(row_text(0, "state"), "complete");
	assert_false(alarm_is_up(s));
	rows_free();
	scene_check_idle(s);
}

/* Less room than is to be left: the recording ends, what there is is whole, the call goes on. */
void recording_without_room(void **state)
{
	struct scene *s = *state;
	struct tape_file t;

	ready(s, 2, "100", "always");
	talk(&s->a, &s->b, "101");
	scene_run(s, 5000);
	set(s, json_pack("{s:i}", "record_min_free_mb", 1000000));
	/* no disk here has a terabyte left; where one has, there is nothing to see */
	scene_run(s, 20000);
	if (!alarm_is_up(s)) {
		end_call(&s->a, &s->b);
		return;
	}
	assert_hears(&s->a, &s->b);
	end_call(&s->a, &s->b);
	only(s, &t);
	assert_in_range(t.frames / 8, 6000, 18000);
	has(&t, LEFT, 200, 5000, &s->a);
	file_free(&t);
	/* nor is the next one recorded */
	talk(&s->a, &s->b, "101");
	end_call(&s->a, &s->b);
	assert_int_equal(list(s), 1);
	rows_free();
	scene_check_idle(s);
}

/* Memory is out while a recording begins: it does not, or it does, and the call goes on in any case. */
void recording_without_memory(void **state)
{
	struct scene *s = *state;
	char text[160], id[32];
	struct buf why;
	int err = ENOMEM;

	scene_record(s);
	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	snprintf(id, sizeof(id), "%s", id_of(s));
#ifdef OH_DEBUG
	for (long i = 0; err && i < 100; i++) {
		buf_init_fixed(&why, text, sizeof(text));
		mem_fail_at(i);
		err = pbx_record(s->pbx, slice_str(id), PBX_RECORD_START, "somebody", &why);
		mem_fail_off();
		assert_true(!err || err == ENOMEM);
	}
#else
	buf_init_fixed(&why, text, sizeof(text));
	err = pbx_record(s->pbx, slice_str(id), PBX_RECORD_START, "somebody", &why);
#endif
	assert_int_equal(err, 0);
	assert_hears(&s->a, &s->b);
	assert_hears(&s->b, &s->a);
	end_call(&s->a, &s->b);
	scene_run(s, 1000);
	assert_int_equal(list(s) <= 1, 1);
	rows_free();
	scene_check_idle(s);
}

/* Kept for two days, then file, folders and row are gone. */
void recordings_grow_old(void **state)
{
	struct scene *s = *state;
	char path[400];
	struct stat st;

	ready(s, 2, "100", "always");
	talk(&s->a, &s->b, "101");
	end_call(&s->a, &s->b);
	scene_run(s, 1000);
	assert_int_equal(list(s), 1);
	snprintf(path, sizeof(path), "%s/%s", s->dir, row_text(0, "file"));
	assert_int_equal(stat(path, &st), 0);
	agent_close(&s->a);
	agent_close(&s->b);
	scene_run(s, 3 * 86400000ULL);
	assert_int_equal(list(s), 1);
	set(s, json_pack("{s:i}", "record_days", 2));
	scene_run(s, 120000);
	assert_int_equal(list(s), 0);
	assert_int_not_equal(stat(path, &st), 0);
	snprintf(path, sizeof(path), "%s/recordings/2026", s->dir);
	assert_int_not_equal(stat(path, &st), 0);
	rows_free();
}

static void header(uint8_t h[44], uint32_t bytes)
{
	static const uint8_t fixed[44] = {'R', 'I', 'F', 'F', 0,  0, 0,   0,   'W', 'A',  'V',  'E', 'f', 'm', 't',
					  ' ', 16,  0,   0,   0,  1, 0,   2,   0,   0x40, 0x1f, 0,   0,   0,   0x7d,
					  0,   0,   4,   0,   16, 0, 'd', 'a', 't', 'a',  0,    0,   0,   0};

	memcpy(h, fixed, 44);
	for (int i = 0; i < 4; i++)
		h[40 + i] = (uint8_t)(bytes >> 8 * i);
}

void recording_left_by_a_crash(void **state)
{
	struct scene *s = *state;
	struct recording_row row = {.id = SLICE("c1-1"),
				    .call_id = SLICE("c1"),
				    .state = SLICE("recording"),
				    .file = SLICE("recordings/x.wav"),
				    .from = SLICE("100"),
				    .to = SLICE("101"),
				    .start_ms = 1000},
			     gone = row;
	uint8_t h[44], sound[32000] = {1};
	char path[128];

	/* a second of sound behind a header that knows of half a second */
	snprintf(path, sizeof(path), "%s/recordings", s->dir);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/recordings/x.wav", s->dir);
	FILE *f = fopen(path, "wb");
	header(h, 16000);
	assert_int_equal(fwrite(h, 1, 44, f) + fwrite(sound, 1, sizeof(sound), f), 44 + sizeof(sound));
	fclose(f);
	store_recording(s->store, &row);
	gone.id = SLICE("c2-1");
	gone.file = SLICE("recordings/y.wav");
	store_recording(s->store, &gone);
	server_stop(s, true);
	server_start(s);
	scene_record(s);
	scene_run(s, 2000);
	assert_int_equal(list(s), 2);
	assert_string_equal(row_text(0, "id"), "c2-1");
	assert_string_equal(row_text(0, "state"), "failed");
	assert_string_equal(row_text(1, "state"), "interrupted");
	assert_int_equal(row_int(1, "ms"), 1000);
	assert_int_equal(row_int(1, "bytes"), 44 + 32000);
	assert_string_equal(row_text(1, "from"), "100");
	rows_free();
	f = fopen(path, "rb");
	assert_int_equal(fread(h, 1, 44, f), 44);
	assert_int_equal(le(h + 40, 4), 32000);
	fclose(f);
}

/* The program ends in a call: the file is whole, its row closed. */
/* ------------------------------------------------------------------ conferences */

static void conference(struct scene *s, const char *record)
{
	scene_record(s);
	agents_ready(s, 3);
	assert_int_equal(scene_change(s, CHANGE_CREATE, &pbx_conference_resource, "800",
				      json_pack("{s:s, s:s, s:b, s:b}", "number", "800", "record", record,
						"announce_count", 0, "join_tones", 0)),
			 0);
}

static int meeting(struct scene *s, enum pbx_record_op op, const char *words)
{
	char text[160];
	struct buf why;

	buf_init_fixed(&why, text, sizeof(text));
	int err = pbx_conference_record(s->pbx, SLICE("800"), op, "somebody", &why);
	assert_true(slice_eqs(buf_get(&why), words));
	return err;
}

static void enter(struct agent *a)
{
	log_clear(a);
	agent_call(a, "800");
	agent_wait(a, "answered", 2000);
	scene_run(a->s, 3000); /* past what is said at the door */
}

static bool shown_as_recorded(struct scene *s)
{
	json_t *v = pbx_json_members(s->pbx, SLICE("800"));
	bool yes = json_is_true(json_object_get(json_array_get(v, 0), "recorded"));

	json_decref(v);
	return yes;
}

void recording_of_a_conference(void **state)
{
	struct scene *s = *state;
	struct tape_file t;

	conference(s, "always");
	enter(&s->a);
	assert_int_equal(list(s), 0); /* nobody to talk to yet */
	enter(&s->b);
	assert_true(shown_as_recorded(s));
	scene_run(s, 2000);
	enter(&s->c);
	scene_run(s, 2000);
	oh_call_hangup(s->a.call);
	scene_run(s, 2000);
	oh_call_hangup(s->b.call);
	oh_call_hangup(s->c.call);
	scene_run(s, 1000);
	assert_int_equal(list(s), 1);
	assert_string_equal(row_text(0, "state"), "complete");
	assert_string_equal(row_text(0, "call"), "");
	assert_string_equal(row_text(0, "from"), "");
	assert_string_equal(row_text(0, "to"), "800");
	assert_int_equal(row_int(0, "lost"), 0);
	file_open(s, &t, row_text(0, "file"));
	assert_int_equal(t.ch, 1);
	assert_int_equal(t.rate, 16000);
	uint32_t ms = (uint32_t)(t.frames * 1000 / t.rate);
	assert_in_range(ms, 8000, 13000);
	/* two, three, two again, each of them heard as loud */
	struct agent *const all[] = {&s->a, &s->b, &s->c};
	for (size_t i = 0; i < 3; i++) {
		double early = share(&t, 0, 1000, 2000, tone_of(all[i])),
		       late = share(&t, 0, ms - 1500, ms - 500, tone_of(all[i])),
		       mid = share(&t, 0, ms - 3500, ms - 2500, tone_of(all[i]));
		assert_true((early > 0.35) == (i != 2));
		assert_true((late > 0.35) == (i != 0));
		assert_true(mid > 0.25);
	}
	file_free(&t);
	/* the next meeting has its own */
	enter(&s->a);
	enter(&s->b);
	assert_int_equal(list(s), 2);
	oh_call_hangup(s->a.call);
	oh_call_hangup(s->b.call);
	scene_run(s, 500);
	rows_free();
	scene_check_idle(s);
}

void recording_of_a_conference_by_hand(void **state)
{
	struct scene *s = *state;

	conference(s, "never");
	assert_int_equal(meeting(s, PBX_RECORD_START, "Conference 800 cannot be recorded: nobody is in it."),
			 ERR_STATE);
	enter(&s->a);
	enter(&s->b);
	assert_int_equal(list(s), 0);
	assert_int_equal(meeting(s, PBX_RECORD_STOP, "Conference 800 is not being recorded."), ERR_STATE);
	assert_true(oh_call_heard(s->a.call, 1400, 200) < 0.01);
	assert_int_equal(meeting(s, PBX_RECORD_START, ""), 0);
	assert_int_equal(meeting(s, PBX_RECORD_START, "Conference 800 cannot be recorded: it is already."), EALREADY);
	scene_run(s, 300);
	assert_in_range(oh_call_heard(s->a.call, 1400, 200) * 100, 3,
			50); /* nothing is recorded of these words: a tone */
	assert_true(shown_as_recorded(s));
	scene_run(s, 2000);
	assert_int_equal(meeting(s, PBX_RECORD_PAUSE, ""), 0);
	scene_run(s, 2000);
	assert_int_equal(meeting(s, PBX_RECORD_RESUME, ""), 0);
	scene_run(s, 1000);
	assert_int_equal(meeting(s, PBX_RECORD_STOP, ""), 0);
	scene_run(s, 500);
	assert_false(shown_as_recorded(s));
	assert_int_equal(list(s), 1);
	assert_string_equal(row_text(0, "state"), "complete");
	assert_in_range(row_int(0, "ms"), 3000, 3700);
	assert_in_range(row_int(0, "paused_ms"), 1950, 2050);
	/* once more, and the end of the meeting is its end */
	assert_int_equal(meeting(s, PBX_RECORD_START, ""), 0);
	scene_run(s, 1000);
	oh_call_hangup(s->a.call);
	oh_call_hangup(s->b.call);
	scene_run(s, 1000);
	assert_int_equal(list(s), 2);
	assert_string_equal(row_text(0, "state"), "complete");
	struct buf why;
	char text[80];
	buf_init_fixed(&why, text, sizeof(text));
	assert_int_equal(pbx_conference_record(s->pbx, SLICE("801"), PBX_RECORD_START, "somebody", &why), ENOENT);
	rows_free();
	scene_check_idle(s);
}

void recording_of_a_conference_by_key(void **state)
{
	struct scene *s = *state;

	conference(s, "on_demand");
	enter(&s->a);
	enter(&s->b);
	assert_int_equal(list(s), 0);
	assert_int_equal(oh_call_dtmf(s->a.call, "*1"), 0);
	scene_run(s, 2000);
	assert_true(shown_as_recorded(s));
	assert_int_equal(oh_call_dtmf(s->b.call, "*1"), 0);
	scene_run(s, 2000);
	assert_false(shown_as_recorded(s));
	assert_int_equal(list(s), 1);
	/* where there are admins it is theirs */
	assert_int_equal(scene_change(s, CHANGE_UPDATE, &pbx_conference_resource, "800",
				      json_pack("{s:s}", "admin_pin", "98765")),
			 0);
	assert_int_equal(oh_call_dtmf(s->a.call, "*1"), 0);
	scene_run(s, 2000);
	assert_false(shown_as_recorded(s));
	rows_free();
}

/* Memory is out at any moment: recorded or not, nothing hangs. */
void recording_of_a_conference_without_memory(void **state)
{
	struct scene *s = *state;

	conference(s, "never");
	enter(&s->a);
	enter(&s->b);
#ifdef OH_DEBUG
	for (long n = 0; n < 40; n++) {
		char text[160];
		struct buf why;

		buf_init_fixed(&why, text, sizeof(text));
		mem_fail_at(n);
		int err = pbx_conference_record(s->pbx, SLICE("800"), PBX_RECORD_START, "somebody", &why);
		mem_fail_off();
		assert_true(!err || err == ENOMEM);
		scene_run(s, 200);
		if (!err) {
			assert_int_equal(meeting(s, PBX_RECORD_STOP, ""), 0);
			scene_run(s, 200);
		}
	}
#else
	assert_int_equal(meeting(s, PBX_RECORD_START, ""), 0);
#endif
	assert_true(list(s) > 0);
	assert_hears(&s->a, &s->b);
	oh_call_hangup(s->a.call);
	oh_call_hangup(s->b.call);
	scene_run(s, 500);
	rows_free();
	scene_check_idle(s);
}

void recording_when_the_server_stops(void **state)
{
	struct scene *s = *state;
	struct tape_file t;

	ready(s, 2, "100", "always");
	talk(&s->a, &s->b, "101");
	scene_run(s, 3000);
	server_stop(s, true);
	server_start(s);
	scene_run(s, 1000);
	only(s, &t);
	assert_in_range(t.frames / 8, 4400, 4800);
	has(&t, LEFT, 200, 4300, &s->a);
	has(&t, RIGHT, 200, 4300, &s->b);
	file_free(&t);
	/* and by a kill in a call without any farewell, which ends the threads all the same */
	scene_record(s);
	scene_run(s, 70000);
}
