/*
 * sounds_test.c - prompts: looked up by language in a tree of files, kept within a bound, asked for on a call with
 * digits pressed meanwhile; music for who waits.
 */
#include <sys/stat.h>
#include <unistd.h>
#include "fix.h"
#include "call/digits.h"
#include "loop/file.h"
#include "media/sound.h"

static char dir[64];
static struct files *files;
static struct sounds *sounds;

/* A file of samples that all have the value `v`, `ms` long. */
static void put(const char *path, int16_t v, unsigned ms)
{
	char full[200], *slash;
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", dir, path);
	for (slash = strchr(full + strlen(dir) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(full, 0700);
		*slash = '/';
	}
	f = fopen(full, "wb");
	assert_non_null(f);
	for (unsigned i = 0; i < ms * 16; i++)
		assert_int_equal(fwrite(&v, 2, 1, f), 1);
	fclose(f);
}

static int tree_open(void **state)
{
	struct fix *f;
	char own[100], set[100], moh[100];

	assert_int_equal(fix_open(state), 0);
	f = *state;
	snprintf(dir, sizeof(dir), "/tmp/offhook-sounds-%d", (int)getpid());
	(void)mkdir(dir, 0700);
	snprintf(own, sizeof(own), "%s/own", dir);
	snprintf(set, sizeof(set), "%s/set", dir);
	snprintf(moh, sizeof(moh), "%s/moh", dir);
	assert_int_equal(files_alloc(&files, f->loop), 0);
	const struct sounds_cfg cfg = {
		.loop = f->loop, .files = files, .own = own, .installed = set, .music = moh, .cache_bytes = 100000};
	assert_int_equal(sounds_alloc(&sounds, &cfg), 0);
	calls_set_sounds(f->calls, sounds);
	return 0;
}

static int tree_close(void **state)
{
	struct fix *f = *state;
	char cmd[100];

	run(f, 100);
	calls_set_sounds(f->calls, NULL);
	sounds = mem_deref(sounds);
	files = mem_deref(files);
	loop_drain(f->loop);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	assert_int_equal(system(cmd), 0);
	return fix_close(state);
}

/* What is found in the end: the value of its samples. */
static int value(struct fix *f, const char *name, const char *lang)
{
	struct sound *s = sounds_have(sounds, name, lang);
	int v;

	if (!s) {
		run(f, 10);
		s = sounds_have(sounds, name, lang);
	}
	if (!s)
		return -1;
	assert_int_equal(s->rate, SOUNDS_RATE);
	v = s->s[s->n / 2];
	mem_deref(s);
	return v;
}

static void looked_up(void **state)
{
	struct fix *f = *state;

	put("set/en_US_f_Allison/hello.sln16", 100, 100);
	put("set/de_DE_f_Eva/hello.sln16", 200, 100);
	put("set/de_AT/hello.sln16", 300, 100);
	put("set/en_US_f_Allison/only.sln16", 400, 100);
	put("own/de/hello.sln16", 500, 100);
	put("own/en/digits/7.sln16", 600, 100);
	put("set/fr_CA/other.sln16", 700, 100);
	put("set/den/hello.sln16", 800, 100);
	/* a folder of the language, whatever the voice */
	assert_int_equal(value(f, "hello", NULL), 100);
	/* people's own before recorded sets, but no other language before its own */
	assert_int_equal(value(f, "hello", "de"), 500);
	assert_int_equal(value(f, "hello", "de_AT"), 300);
	assert_int_equal(value(f, "hello", "de_CH"), 500);
	assert_int_equal(value(f, "digits/7", "en"), 600);
	/* English where the language does not have it */
	assert_int_equal(value(f, "only", "de"), 400);
	assert_int_equal(value(f, "hello", "fr"), 100);
	sounds_set_language(sounds, "de");
	assert_int_equal(value(f, "hello", NULL), 500);
	sounds_set_language(sounds, "../etc");
	assert_int_equal(value(f, "hello", NULL), 100);
	/* nothing anywhere: a tone, so that people hear that something is asked for */
	assert_true(value(f, "conf-getpin", NULL) != -1);
}

static void damaged_files_are_passed_over(void **state)
{
	struct fix *f = *state;
	char path[120];
	FILE *file;

	put("set/en/hello.sln", 100, 100);
	put("set/en/x", 0, 1);
	snprintf(path, sizeof(path), "%s/set/en/hello.opus", dir);
	file = fopen(path, "wb");
	fputs("no sound at all", file);
	fclose(file);
	assert_int_equal(value(f, "hello", "en"), 100);
}

static void names_lead_nowhere_else(void **state)
{
	static const char *const bad[] = {"",
					  "../secret",
					  "a/../b",
					  "/etc/passwd",
					  "a//b",
					  "a/",
					  "a.b",
					  "a b",
					  "\xc3\xa4",
					  "%s",
					  "0123456789012345678901234567890123456789012345678901234567890123"};
	struct sounds_stats st;
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_null(sounds_have(sounds, bad[i], NULL));
	assert_null(sounds_have(sounds, "hello", "../en"));
	assert_null(sounds_have(sounds, "hello", "abcdefghijklmnop"));
	sounds_stats(sounds, &st);
	assert_int_equal(st.prompts, 0);
}

static void cache_is_bounded(void **state)
{
	struct fix *f = *state;
	struct sounds_stats st;
	char name[32];

	/* 16 kB each, 100 kB at most */
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "set/en/p%d.sln16", i);
		put(name, (int16_t)(i + 1), 512);
	}
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		assert_int_equal(value(f, name, NULL), i + 1);
		assert_int_equal(value(f, "p0", NULL), 1);
		sounds_stats(sounds, &st);
		assert_in_range(st.bytes, 0, 100000);
	}
	assert_in_range(st.prompts, 5, 7);
	assert_int_equal(st.loads, 20); /* what is used stays */
}

static void new_recordings_are_heard(void **state)
{
	struct fix *f = *state;

	put("set/en/hello.sln16", 100, 100);
	assert_int_equal(value(f, "hello", NULL), 100);
	put("own/en/hello.sln16", 200, 100);
	assert_int_equal(value(f, "hello", NULL), 100);
	run(f, 61000);
	assert_int_equal(value(f, "hello", NULL), 100); /* looked at again beside */
	run(f, 10);
	assert_int_equal(value(f, "hello", NULL), 200);
}

/* ------------------------------------------------------------------ speech */

/* A program that "speaks" in place of flite: a script. */
static void speaker(struct fix *f, const char *text)
{
	char path[100], own[100];
	FILE *file;

	snprintf(path, sizeof(path), "%s/speak", dir);
	snprintf(own, sizeof(own), "%s/own", dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "#!/bin/sh\n%s\n", text);
	fclose(file);
	assert_int_equal(chmod(path, 0700), 0);
	calls_set_sounds(f->calls, NULL);
	mem_deref(sounds);
	const struct sounds_cfg cfg = {.loop = f->loop, .files = files, .own = own, .speak = path};
	assert_int_equal(sounds_alloc(&sounds, &cfg), 0);
	calls_set_sounds(f->calls, sounds);
}

static void spoken(void **state)
{
	struct fix *f = *state;
	struct sounds_stats st;
	char line[300], voice[100];
	int16_t pcm[800];
	int v;

	for (size_t i = 0; i < ARRAY_LEN(pcm); i++)
		pcm[i] = 4321;
	snprintf(voice, sizeof(voice), "%s/voice.wav", dir);
	assert_int_equal(wav_write(voice, pcm, ARRAY_LEN(pcm)), 0);
	/* the text is one argument, the last one is the file; nothing else is open for the program */
	snprintf(line, sizeof(line),
		 "[ \"$4\" = 'That pin is not right.' ] && [ \"$(ls /proc/$$/fd | wc -l)\" -le 5 ] && cp %s \"$6\"",
		 voice);
	speaker(f, line);
	assert_in_range(value(f, "conf-invalidpin", NULL), 4300, 4340);
	sounds_stats(sounds, &st);
	assert_int_equal(st.spoken, 1);
	/* a sign is no word */
	v = value(f, "beep", NULL);
	assert_true(v < 4300 || v > 4340);
	/* people's own recording goes before */
	put("own/en/goodbye.sln16", 77, 100);
	assert_int_equal(value(f, "goodbye", NULL), 77);
}

static void speech_fails(void **state)
{
	static const char *const bad[] = {"exit 1", "echo nonsense >\"$6\"", "kill -SEGV $$",
					  "head -c 20000000 /dev/zero >\"$6\""};
	struct fix *f = *state;
	struct sounds_stats st;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		speaker(f, bad[i]);
		assert_true(value(f, "conf-getpin", NULL) != -1); /* a tone */
		sounds_stats(sounds, &st);
		assert_int_equal(st.spoken, 0);
	}
	speaker(f, "exit 0");
	assert_true(value(f, "conf-getpin", NULL) != -1);
}

/* ------------------------------------------------------------------ on a call */

static char answer[DIGITS_MAX + 1];
static int result;
static uint64_t took_ms;

static void questions(struct call *c, struct leg *l, void *arg)
{
	static const char *const prompt[] = {"hello", "hello"};
	struct fix *f = arg;
	const struct ask q = {.prompt = prompt, .nprompt = 2, .max = 4, .end = '#', .first_ms = 3000, .next_ms = 1000};
	uint64_t from = loop_now_ms(f->loop);

	(void)c;
	assert_int_equal(leg_answer(l), 0);
	result = leg_ask(l, &q, answer);
	took_ms = loop_now_ms(f->loop) - from;
	f->inside_result = leg_wait(l, 500);
}

static void press(struct fix *f, const char *digits, uint64_t gap)
{
	struct call *c = NULL;

	LIST_EACH (&f->calls->live, k)
		c = LINK_OBJ(k, struct call, le);
	assert_non_null(c);
	for (; *digits; digits++) {
		leg_ev_dtmf(c->a, *digits, 100);
		run(f, gap);
	}
}

/* The prompt lasts two seconds. */
static void begin(struct fix *f)
{
	put("set/en/hello.sln16", 1000, 1000);
	f->inside = questions;
	result = -1;
	phone_call(&f->p[0], "*1");
	run(f, 500);
	assert_log(&f->p[0], "answered:200");
}

static void finish(struct fix *f, int want, const char *text, uint64_t lo, uint64_t hi)
{
	run(f, 10000);
	assert_log(&f->p[0], "closed:200");
	assert_int_equal(result, want);
	assert_string_equal(answer, text);
	assert_in_range(took_ms, lo, hi);
}

static void a_digit_breaks_the_prompt_off(void **state)
{
	struct fix *f = *state;
	size_t n;

	begin(f);
	n = f->p[0].rtp_n;
	assert_true(n > 15);
	press(f, "1", 100);
	n = f->p[0].rtp_n;
	run(f, 300);
	assert_int_equal(f->p[0].rtp_n, n); /* silent now */
	press(f, "234", 100);
	finish(f, 0, "1234", 800, 1300);
}

static void the_end_sign_ends(void **state)
{
	struct fix *f = *state;

	begin(f);
	press(f, "9#55", 100);
	finish(f, 0, "9", 500, 700);
	begin(f);
	press(f, "#", 100);
	finish(f, 0, "", 400, 600);
}

static void slow_and_silent(void **state)
{
	struct fix *f = *state;

	begin(f);
	press(f, "12", 100);
	finish(f, 0, "12", 1500, 1800);
	begin(f);
	finish(f, ETIMEDOUT, "", 4900, 5300); /* prompt and first digit */
}

static void hung_up_while_asked(void **state)
{
	struct fix *f = *state;

	begin(f);
	phone_hangup(&f->p[0]);
	run(f, 1000);
	assert_int_equal(result, ECANCELED);
	assert_log(&f->p[0], "closed:0");
	/* and while the disk is slow: the sound comes to nobody */
	assert_int_equal(fiber_count(), 0);
}

static void says(struct call *c, struct leg *l, void *arg)
{
	struct fix *f = arg;
	uint64_t from = loop_now_ms(f->loop);

	(void)c;
	assert_int_equal(leg_answer(l), 0);
	result = leg_say_digits(l, "1 2-1*");
	took_ms = loop_now_ms(f->loop) - from;
}

static void digits_are_said(void **state)
{
	struct fix *f = *state;

	put("set/en/digits/1.sln16", 1, 300);
	put("set/en/digits/2.sln16", 1, 500);
	put("set/en/digits/star.sln16", 1, 200);
	f->inside = says;
	phone_call(&f->p[0], "*1");
	run(f, 3000);
	assert_int_equal(result, 0);
	assert_in_range(took_ms, 1290, 1400);
	/* without sounds: nothing is said, and things go on */
	calls_set_sounds(f->calls, NULL);
	result = -1;
	phone_call(&f->p[0], "*1");
	run(f, 3000);
	assert_int_equal(result, 0);
	assert_in_range(took_ms, 0, 50);
}

static void told(struct leg *l, char digit, void *arg)
{
	(void)l;
	*(char *)arg = digit;
}

static void listens(struct call *c, struct leg *l, void *arg)
{
	struct fix *f = arg;

	(void)c;
	assert_int_equal(leg_answer(l), 0);
	assert_int_equal(leg_on_key(l, told, answer), 0);
	f->inside_result = leg_wait(l, 1000);
	assert_int_equal(leg_on_key(l, NULL, NULL), 0);
	leg_keys_clear(l);
	f->inside_result = leg_wait(l, 1000);
}

static void digits_told_at_once(void **state)
{
	struct fix *f = *state;

	f->inside = listens;
	answer[0] = 0;
	phone_call(&f->p[0], "*1");
	run(f, 100);
	press(f, "5", 10);
	assert_int_equal(answer[0], '5');
	run(f, 1000);
	press(f, "6666666666666666666666666666666666666666", 1);
	assert_int_equal(answer[0], '5');
	assert_int_equal(f->ndtmf, 0); /* none of this is for the owner of the calls */
	run(f, 3000);
}

/* ------------------------------------------------------------------ music */

static int16_t heard(struct media_source *src)
{
	int16_t pcm[320];

	assert_int_equal(src->rate, SOUNDS_RATE);
	assert_int_equal(src->read(src, pcm, 320), 320);
	return pcm[319];
}

static void one_stream_of_music_for_all(void **state)
{
	struct fix *f = *state;
	struct media_source *a, *b;
	struct sounds_stats st;

	put("moh/one.sln16", 111, 3000);
	put("moh/readme.txt", 9, 10);
	assert_int_equal(sounds_music(sounds, &a), 0);
	assert_int_equal(heard(a), 0); /* the disk has only begun */
	run(f, 20);
	for (int i = 0; i < 500; i++) {
		if (heard(a) != 111)
			fail_msg("step %d", i);
		run(f, 20);
	}
	assert_int_equal(sounds_music(sounds, &b), 0);
	assert_int_equal(heard(b), 111);
	sounds_stats(sounds, &st);
	assert_int_equal(st.listeners, 2);
	assert_int_equal(st.dry, 320);
	a->done(a);
	/* people's own music is taken from the next beginning on */
	put("own/moh/mine.sln16", 222, 3000);
	b->done(b);
	sounds_stats(sounds, &st);
	assert_int_equal(st.listeners, 0);
	assert_int_equal(sounds_music(sounds, &a), 0);
	run(f, 20);
	assert_int_equal(heard(a), 222);
	/* a listener may outlive all of it */
	calls_set_sounds(f->calls, NULL);
	sounds = mem_deref(sounds);
	run(f, 3000);
	(void)heard(a);
	a->done(a);
}

/* No files, or none that is sound: a melody, never silence for long, never too loud. */
static void a_melody_of_our_own(void **state)
{
	struct fix *f = *state;
	struct media_source *a;
	int16_t pcm[320];
	int loud = 0, peak = 0;

	put("moh/empty.sln16", 0, 0);
	put("moh/bad.wav", 77, 50);
	assert_int_equal(sounds_music(sounds, &a), 0);
	run(f, 20);
	for (int i = 0; i < 1000; i++) {
		int most = 0;

		assert_int_equal(a->read(a, pcm, 320), 320);
		for (int k = 0; k < 320; k++)
			most = abs(pcm[k]) > most ? abs(pcm[k]) : most;
		loud += most > 300;
		peak = most > peak ? most : peak;
		run(f, 20);
	}
	assert_true(loud > 950);
	assert_in_range(peak, 2000, 12000);
	a->done(a);
}

static void out_of_memory(void **state)
{
	struct fix *f = *state;
	struct media_source *src;
	struct sound *s;

	put("set/en/hello.sln16", 100, 100);
	for (long n = 0; n < 40; n++) {
		mem_fail_at(n);
		s = sounds_have(sounds, "hello", NULL);
		(void)mem_fail_off();
		mem_deref(s);
		mem_fail_at(n);
		int err = sounds_music(sounds, &src);
		(void)mem_fail_off();
		if (!err)
			src->done(src);
		run(f, 61000);
	}
	assert_int_equal(value(f, "hello", NULL), 100);
}

#define TREE(t) cmocka_unit_test_setup_teardown(t, tree_open, tree_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE(looked_up),           TREE(damaged_files_are_passed_over), TREE(names_lead_nowhere_else),
		TREE(cache_is_bounded),    TREE(new_recordings_are_heard),      TREE(spoken),
		TREE(speech_fails),        TREE(a_digit_breaks_the_prompt_off), TREE(the_end_sign_ends),
		TREE(slow_and_silent),     TREE(hung_up_while_asked),           TREE(digits_are_said),
		TREE(digits_told_at_once), TREE(one_stream_of_music_for_all),   TREE(a_melody_of_our_own),
		TREE(out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
