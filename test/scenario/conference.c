/*
 * conference.c - conferences: a number, a PIN, music until an admin comes, everybody heard by all others, keys, orders
 * of the administrator.
 */
#include <math.h>
#include <sys/stat.h>
#include "media/tone.h"
#include "pbx/conference.h"
#include "scenario.h"

/* A prompt of its own tone, so that it is known what is said. */
static void say(struct scene *s, const char *name, unsigned hz, unsigned ms)
{
	static int16_t pcm[8000 * 60];
	char path[160];
	size_t n = ms * 8;

	for (size_t i = 0; i < n; i++)
		pcm[i] = (int16_t)(8000 * sin(2 * M_PI * hz * (double)i / 8000.0));
	snprintf(path, sizeof(path), "%s/sounds", s->dir);
	(void)mkdir(path, 0700);
	strcat(path, strchr(name, '/') ? "/moh" : "/en");
	(void)mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/sounds/%s%s.wav", s->dir, strchr(name, '/') ? "" : "en/", name);
	assert_int_equal(wav_write(path, pcm, n), 0);
}

enum {
	PIN_HZ = 1300,
	BAD_HZ = 1700,
	ALONE_HZ = 1900,
	MUTED_HZ = 2100,
	UNMUTED_HZ = 2300,
	WAIT_HZ = 2500,
	MUSIC_HZ = 1500,
	FULL_HZ = 2700,
	KICKED_HZ = 2900
};

/* Conference 800 with these fields, and all prompts. */
static void conference(struct scene *s, size_t agents, json_t *fields)
{
	json_t *o = json_pack("{s:s, s:s, s:b, s:b}", "number", "800", "name", "Team", "join_tones", 0,
			      "announce_count", 0);

	agents_ready(s, agents);
	say(s, "conf-getpin", PIN_HZ, 1000);
	say(s, "conf-invalidpin", BAD_HZ, 500);
	say(s, "conf-onlyperson", ALONE_HZ, 500);
	say(s, "conf-muted", MUTED_HZ, 400);
	say(s, "conf-unmuted", UNMUTED_HZ, 400);
	say(s, "conf-waitforleader", WAIT_HZ, 500);
	say(s, "conf-full", FULL_HZ, 500);
	say(s, "conf-kicked", KICKED_HZ, 500);
	say(s, "moh/tone", MUSIC_HZ, 2000);
	scene_sounds(s);
	if (fields)
		assert_int_equal(json_object_update(o, fields), 0);
	json_decref(fields);
	assert_int_equal(scene_change(s, CHANGE_CREATE, &pbx_conference_resource, "800", o), 0);
}

static void dial(struct agent *a)
{
	log_clear(a);
	agent_call(a, "800");
	agent_wait(a, "answered", 2000);
}

static void press(struct agent *a, const char *digits)
{
	assert_int_equal(oh_call_dtmf(a->call, digits), 0);
	scene_run(a->s, 200 * strlen(digits) + 200);
}

static double heard(const struct agent *a, unsigned hz, uint32_t ms)
{
	return oh_call_heard(a->call, hz, ms);
}

static size_t members(struct scene *s)
{
	json_t *v = pbx_json_members(s->pbx, SLICE("800"));
	size_t n = json_array_size(v);

	json_decref(v);
	return n;
}

/* A word of what is shown of the member with that number. */
static bool shown(struct scene *s, const char *number, const char *what)
{
	json_t *v = pbx_json_members(s->pbx, SLICE("800")), *m;
	bool yes = false;
	size_t i;

	json_array_foreach(v, i, m)
	{
		if (!strcmp(json_string_value(json_object_get(m, "number")), number))
			yes = json_is_true(json_object_get(m, what));
	}
	json_decref(v);
	return yes;
}

static int order(struct scene *s, const char *number, enum conference_order o)
{
	json_t *v = pbx_json_members(s->pbx, SLICE("800")), *m;
	int err = ENOENT;
	size_t i;

	json_array_foreach(v, i, m)
	{
		if (!strcmp(json_string_value(json_object_get(m, "number")), number))
			err = pbx_conference_order(s->pbx, SLICE("800"),
						   slice_str(json_string_value(json_object_get(m, "id"))), o, "test");
	}
	json_decref(v);
	return err;
}

void conference_hears_all(void **state)
{
	struct scene *s = *state;

	conference(s, 3, json_pack("{s:b}", "announce_count", 1));
	dial(&s->a);
	scene_run(s, 400);
	assert_true(heard(&s->a, ALONE_HZ, 200) > 0.8); /* you are the only one */
	dial(&s->b);
	dial(&s->c);
	scene_run(s, 5000);
	assert_int_equal(members(s), 3);
	struct agent *const all[] = {&s->a, &s->b, &s->c};

	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < 3; k++) {
			scene_run(s, 1000);
			if ((heard(all[i], tone_of(all[k]), 1000) > 0.3) != (i != k))
				fail_msg("%zu hears %.2f of %zu", i, heard(all[i], tone_of(all[k]), 1000), k);
		}
	assert_true(shown(s, "101", "talking"));
	oh_call_hangup(s->b.call);
	scene_run(s, 2000);
	assert_int_equal(members(s), 2);
	assert_hears(&s->a, &s->c);
	oh_call_hangup(s->a.call);
	oh_call_hangup(s->c.call);
	scene_run(s, 1000);
	assert_int_equal(members(s), 0);
	assert_cdr(s, 0, "answered_by", "conference");
	scene_check_idle(s);
}

void conference_pin(void **state)
{
	struct scene *s = *state;

	conference(s, 2, json_pack("{s:s}", "pin", "1234"));
	dial(&s->a);
	scene_run(s, 500);
	assert_true(heard(&s->a, PIN_HZ, 300) > 0.8);
	assert_int_equal(members(s), 0);
	/* the first digit breaks the question off; one pressed wrong may be put right */
	press(&s->a, "1234#");
	scene_run(s, 500);
	assert_int_equal(members(s), 1);
	dial(&s->b);
	press(&s->b, "99#");
	assert_true(heard(&s->b, BAD_HZ, 200) > 0.8);
	press(&s->b, "1234"); /* without the end sign: after a while */
	assert_int_equal(members(s), 1);
	scene_run(s, 5000);
	assert_int_equal(members(s), 2);
	assert_hears(&s->a, &s->b);
	assert_hears(&s->b, &s->a);
	oh_call_hangup(s->a.call);
	oh_call_hangup(s->b.call);
	scene_check_idle(s);
}

void conference_wrong_pin(void **state)
{
	struct scene *s = *state;

	conference(s, 1, json_pack("{s:s}", "pin", "1234"));
	dial(&s->a);
	scene_run(s, 300);
	press(&s->a, "1#");
	press(&s->a, "12345#");
	press(&s->a, "4321#");
	agent_wait(&s->a, "ended:200", 5000);
	assert_int_equal(members(s), 0);
	/* the PIN stands nowhere */
	scene_run(s, 100);
	assert_cdr(s, 0, "to", "800");
	/* whoever goes on guessing is not asked any more for a while: as many as calls to the outside in a minute */
	for (int i = 0; i < 2; i++) {
		dial(&s->a);
		press(&s->a, "1#");
		press(&s->a, "2#");
		press(&s->a, "3#");
		agent_wait(&s->a, "ended:200", 5000);
	}
	dial(&s->a);
	press(&s->a, "1#"); /* the tenth */
	agent_wait(&s->a, "ended:200", 5000);
	dial(&s->a);
	press(&s->a, "1234#");
	agent_wait(&s->a, "ended:200", 5000);
	assert_int_equal(members(s), 0);
	scene_run(s, 61000);
	dial(&s->a);
	press(&s->a, "1234#");
	scene_run(s, 1000);
	assert_int_equal(members(s), 1);
	oh_call_hangup(s->a.call);
	scene_run(s, 1000);
	scene_check_idle(s);
}

void conference_pin_silence(void **state)
{
	struct scene *s = *state;

	conference(s, 1, json_pack("{s:s}", "pin", "1234"));
	dial(&s->a);
	agent_wait(&s->a, "ended:200", 40000);
	assert_int_equal(members(s), 0);
	/* hung up while asked */
	dial(&s->a);
	scene_run(s, 300);
	press(&s->a, "12");
	oh_call_hangup(s->a.call);
	scene_run(s, 1000);
	scene_check_idle(s);
}

void conference_waits_for_admin(void **state)
{
	struct scene *s = *state;

	conference(s, 3,
		   json_pack("{s:s, s:s, s:b, s:b}", "pin", "1234", "admin_pin", "98765", "wait_for_admin", 1,
			     "muted_on_entry", 1));
	dial(&s->a);
	press(&s->a, "1234#");
	assert_true(heard(&s->a, WAIT_HZ, 200) > 0.8);
	scene_run(s, 3000);
	assert_true(heard(&s->a, MUSIC_HZ, 1000) > 0.8);
	assert_true(shown(s, "100", "waiting"));
	dial(&s->b);
	press(&s->b, "1234#");
	scene_run(s, 4000);
	assert_true(heard(&s->b, MUSIC_HZ, 1000) > 0.8);
	assert_true(heard(&s->b, tone_of(&s->a), 1000) < 0.05);
	/* one goes away while it waits */
	oh_call_hangup(s->b.call);
	scene_run(s, 1000);
	assert_int_equal(members(s), 1);
	dial(&s->c);
	press(&s->c, "98765#");
	scene_run(s, 3000);
	assert_true(shown(s, "102", "admin"));
	assert_false(shown(s, "100", "waiting"));
	assert_hears(&s->a, &s->c);
	assert_hears_not(&s->c, &s->a); /* muted on entry, but for admins */
	assert_true(shown(s, "100", "muted"));
	press(&s->a, "*6");
	scene_run(s, 2000);
	assert_hears(&s->c, &s->a);
	oh_call_hangup(s->a.call);
	oh_call_hangup(s->c.call);
	scene_check_idle(s);
}

void conference_mute_digit(void **state)
{
	struct scene *s = *state;

	conference(s, 2, NULL);
	dial(&s->a);
	dial(&s->b);
	scene_run(s, 2000);
	press(&s->a, "*6");
	assert_true(heard(&s->a, MUTED_HZ, 300) > 0.3); /* told to it alone, over what it hears */
	assert_true(heard(&s->b, MUTED_HZ, 300) < 0.05);
	scene_run(s, 1500);
	assert_hears_not(&s->b, &s->a);
	assert_hears(&s->a, &s->b);
	assert_true(shown(s, "100", "muted"));
	press(&s->a, "*6");
	scene_run(s, 2000);
	assert_hears(&s->b, &s->a);
	/* by the administrator */
	assert_int_equal(order(s, "101", CONFERENCE_MUTE), 0);
	scene_run(s, 2000);
	assert_hears_not(&s->a, &s->b);
	assert_int_equal(order(s, "101", CONFERENCE_UNMUTE), 0);
	scene_run(s, 2000);
	assert_hears(&s->a, &s->b);
	assert_int_equal(order(s, "102", CONFERENCE_MUTE), ENOENT);
	/* other keys mean nothing */
	press(&s->a, "1234567890*1*0**");
	assert_int_equal(members(s), 2);
	assert_false(shown(s, "100", "muted"));
}

void conference_left_by_digit(void **state)
{
	struct scene *s = *state;

	conference(s, 2, NULL);
	dial(&s->a);
	dial(&s->b);
	scene_run(s, 2000);
	press(&s->a, "#");
	agent_wait(&s->a, "ended:200", 5000);
	assert_int_equal(members(s), 1);
	assert_non_null(s->b.call);
	dial(&s->a);
	scene_run(s, 2000);
	assert_hears(&s->a, &s->b);
}

void conference_kick(void **state)
{
	struct scene *s = *state;

	conference(s, 2, NULL);
	dial(&s->a);
	dial(&s->b);
	scene_run(s, 2000);
	assert_int_equal(order(s, "101", CONFERENCE_KICK), 0);
	scene_run(s, 400);
	assert_true(heard(&s->b, KICKED_HZ, 200) > 0.8);
	agent_wait(&s->b, "ended:200", 5000);
	assert_int_equal(members(s), 1);
	assert_int_equal(order(s, "101", CONFERENCE_KICK), ENOENT);
	oh_call_hangup(s->a.call);
	scene_check_idle(s);
}

void conference_full(void **state)
{
	struct scene *s = *state;

	conference(s, 3, json_pack("{s:i, s:s}", "max_members", 2, "admin_pin", "98765"));
	dial(&s->a);
	press(&s->a, "#");
	dial(&s->b);
	press(&s->b, "#");
	scene_run(s, 500);
	assert_int_equal(members(s), 2);
	dial(&s->c);
	press(&s->c, "#");
	scene_run(s, 100);
	assert_true(heard(&s->c, FULL_HZ, 200) > 0.8);
	agent_wait(&s->c, "ended:200", 5000);
	dial(&s->c);
	press(&s->c, "98765#"); /* an admin finds room */
	scene_run(s, 500);
	assert_int_equal(members(s), 3);
}

void conference_removed(void **state)
{
	struct scene *s = *state;

	conference(s, 2, json_pack("{s:s, s:s, s:b}", "pin", "1234", "admin_pin", "98765", "wait_for_admin", 1));
	dial(&s->a);
	press(&s->a, "1234#");
	scene_run(s, 2000);
	dial(&s->b);
	/* one waits, one is asked for its PIN: both are sent away */
	assert_int_equal(scene_change(s, CHANGE_DELETE, &pbx_conference_resource, "800", NULL), 0);
	agent_wait(&s->a, "ended:200", 5000);
	press(&s->b, "1234#");
	agent_wait(&s->b, "ended:200", 20000);
	log_clear(&s->a);
	agent_call(&s->a, "800");
	agent_wait(&s->a, "ended:404", 5000);
	scene_check_idle(s);
}

void conference_numbers_clash(void **state)
{
	struct scene *s = *state;

	conference(s, 1, NULL);
	assert_int_equal(
		scene_change(s, CHANGE_CREATE, &pbx_extension_resource, "800", json_pack("{s:s}", "number", "800")),
		EEXIST);
	assert_int_equal(
		scene_change(s, CHANGE_CREATE, &pbx_conference_resource, "101", json_pack("{s:s}", "number", "101")),
		EEXIST);
	assert_int_equal(
		scene_change(s, CHANGE_CREATE, &pbx_conference_resource, "933", json_pack("{s:s}", "number", "933")),
		EEXIST);
	assert_int_equal(scene_change(s, CHANGE_UPDATE, &pbx_conference_resource, "800",
				      json_pack("{s:s, s:s}", "pin", "1234", "admin_pin", "1234")),
			 ERR_SYNTAX);
	assert_int_equal(scene_change(s, CHANGE_UPDATE, &pbx_conference_resource, "800",
				      json_pack("{s:b}", "wait_for_admin", 1)),
			 ERR_SYNTAX);
	/* switched off it is no number; it comes back as it was, after a restart too */
	assert_int_equal(scene_change(s, CHANGE_UPDATE, &pbx_conference_resource, "800",
				      json_pack("{s:b, s:s}", "enabled", 0, "pin", "1234")),
			 0);
	agent_call(&s->a, "800");
	agent_wait(&s->a, "ended:404", 5000);
	assert_int_equal(
		scene_change(s, CHANGE_UPDATE, &pbx_conference_resource, "800", json_pack("{s:b}", "enabled", 1)), 0);
	server_stop(s, true);
	server_start(s);
	log_clear(&s->a);
	dial(&s->a);
	press(&s->a, "4321#");
	assert_int_equal(members(s), 0);
	press(&s->a, "1234#");
	scene_run(s, 500);
	assert_int_equal(members(s), 1);
}

/* Somebody is sent into it by a transfer. */
void conference_by_transfer(void **state)
{
	struct scene *s = *state;

	conference(s, 3, NULL);
	dial(&s->c);
	talk(&s->a, &s->b, "101");
	assert_int_equal(oh_call_transfer(s->b.call, "800"), 0);
	agent_wait(&s->b, "transfer:200", 5000);
	scene_run(s, 3000);
	assert_int_equal(members(s), 2);
	assert_hears(&s->a, &s->c);
	assert_hears(&s->c, &s->a);
	oh_call_hangup(s->a.call);
	oh_call_hangup(s->c.call);
	scene_check_idle(s);
}

/* Whatever is going on when somebody hangs up, nothing is left. */
void conference_hung_up_anywhere(void **state)
{
	struct scene *s = *state;

	conference(s, 2,
		   json_pack("{s:s, s:s, s:b, s:b, s:b}", "pin", "1234", "admin_pin", "98765", "wait_for_admin", 1,
			     "announce_count", 1, "join_tones", 1));
	for (uint64_t ms = 20; ms < 6000; ms += 331) {
		log_clear(&s->a);
		log_clear(&s->b);
		dial(&s->a);
		dial(&s->b);
		assert_int_equal(oh_call_dtmf(s->a.call, "1234#"), 0);
		assert_int_equal(oh_call_dtmf(s->b.call, "98765#"), 0);
		scene_run(s, ms);
		oh_call_hangup(s->a.call);
		scene_run(s, 10);
		oh_call_hangup(s->b.call);
		scene_run(s, 500);
		assert_int_equal(members(s), 0);
	}
	scene_check_idle(s);
}
