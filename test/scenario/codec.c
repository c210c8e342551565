/*
 * codec.c - codecs: in the first offer, and another one by re-INVITE in mid-call.
 */
#include "scenario.h"

static const char *codec_of(const struct agent *a)
{
	static char name[16];
	struct oh_call_stats st;

	oh_call_get_stats(a->call, &st);
	memcpy(name, st.codec, sizeof(name));
	return name;
}

void codec_of_first_offer(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	s->a.opt.codecs = "PCMA";
	talk(&s->a, &s->b, "101");
	assert_string_equal(codec_of(&s->b), "PCMA");
	assert_hears(&s->a, &s->b);
	assert_hears(&s->b, &s->a);
	end_call(&s->a, &s->b);
	scene_run(s, 100);
	assert_string_equal(json_string_value(json_object_get(cdr_leg(s, 0, 0), "codec")), "PCMA");
}

void codec_change_by_reinvite(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	assert_string_equal(codec_of(&s->a), "PCMU");
	assert_int_equal(oh_call_reoffer(s->b.call, "PCMA"), 0);
	agent_wait(&s->b, "changed:200", 2000);
	scene_run(s, 2000);
	assert_string_equal(codec_of(&s->a), "PCMA");
	assert_string_equal(codec_of(&s->b), "PCMA");
	assert_hears(&s->a, &s->b);
	assert_hears(&s->b, &s->a);
	log_clear(&s->b);
	end_call(&s->a, &s->b);
}

/* The other side has nothing of it: we translate, and it hears of nothing. */
void codec_change_refused(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	s->a.opt.codecs = s->b.opt.codecs = "PCMU";
	talk(&s->a, &s->b, "101");
	assert_int_equal(oh_call_reoffer(s->a.call, "PCMA"), 0);
	agent_wait(&s->a, "changed:200", 2000);
	scene_run(s, 1000);
	assert_string_equal(codec_of(&s->a), "PCMA");
	assert_string_equal(codec_of(&s->b), "PCMU");
	assert_hears(&s->a, &s->b);
	assert_hears(&s->b, &s->a);
	log_clear(&s->a);
	end_call(&s->a, &s->b);
}

void codec_nothing_in_common(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	s->a.opt.codecs = "PCMU";
	s->b.opt.codecs = "PCMA";
	talk(&s->a, &s->b, "101");
	assert_string_equal(codec_of(&s->a), "PCMU");
	assert_string_equal(codec_of(&s->b), "PCMA");
	assert_hears(&s->a, &s->b);
	assert_hears(&s->b, &s->a);
	end_call(&s->a, &s->b);
	scene_run(s, 100);
	assert_cdr(s, 0, "outcome", "answered");
	assert_string_equal(json_string_value(json_object_get(cdr_leg(s, 0, 0), "codec")), "PCMU");
	assert_string_equal(json_string_value(json_object_get(cdr_leg(s, 0, 1), "codec")), "PCMA");
}

/* What is set for the callee decides, not what it would take. */
void codec_of_policy(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	extension_set(s, "101", json_pack("{s:s}", "codecs", "alaw"));
	talk(&s->a, &s->b, "101");
	assert_string_equal(codec_of(&s->b), "PCMA");
	assert_string_equal(codec_of(&s->a), "PCMA");
	end_call(&s->a, &s->b);
	/* the caller may use another one: we translate */
	extension_set(s, "100", json_pack("{s:s}", "codecs", "ulaw"));
	talk(&s->a, &s->b, "101");
	assert_string_equal(codec_of(&s->a), "PCMU");
	assert_string_equal(codec_of(&s->b), "PCMA");
	assert_hears(&s->a, &s->b);
	assert_hears(&s->b, &s->a);
	end_call(&s->a, &s->b);
	/* nothing that its phone knows */
	extension_set(s, "101", json_pack("{s:s}", "codecs", "g722"));
	agent_call(&s->a, "101");
	agent_wait(&s->a, "ended:488", 5000);
	extension_set(s, "100", json_pack("{s:s}", "codecs", ""));
	extension_set(s, "101", json_pack("{s:s}", "codecs", ""));
}

/* Phones of one number with different codecs ring together: each is offered what it may have, the winner's is used. */
void codec_of_forks(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 4);
	s->a.opt.codecs = "PCMU";
	s->b.opt.codecs = "PCMU";
	s->d.opt.codecs = "PCMA";
	s->b.mood = RING;
	s->d.mood = RING_ANSWER;
	s->d.answer_ms = 500;
	agent_call(&s->a, "101");
	agent_wait(&s->a, "answered", 5000);
	scene_run(s, 1500);
	assert_string_equal(codec_of(&s->a), "PCMU");
	assert_string_equal(codec_of(&s->d), "PCMA");
	assert_hears(&s->a, &s->d);
	assert_hears(&s->d, &s->a);
	log_clear(&s->a);
	log_clear(&s->b);
	log_clear(&s->d);
	end_call(&s->a, &s->d);
}

/* Parties that were never offered each other's codec are brought together by a transfer. */
void codec_after_transfer(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 3);
	s->a.opt.codecs = "PCMU";
	s->c.opt.codecs = "PCMA";
	s->c.mood = ANSWER;
	talk(&s->a, &s->b, "101");
	assert_int_equal(oh_call_transfer(s->b.call, "102"), 0);
	agent_wait(&s->c, "answered", 5000);
	scene_run(s, 3000);
	assert_string_equal(codec_of(&s->a), "PCMU");
	assert_string_equal(codec_of(&s->c), "PCMA");
	assert_hears(&s->a, &s->c);
	assert_hears(&s->c, &s->a);
	log_clear(&s->a);
	log_clear(&s->c);
	end_call(&s->a, &s->c);
	log_clear(&s->b);
}

/* A speech coder leaves less of a tone than a wire does. */
static void hear_each_other(struct agent *x, struct agent *y)
{
	size_t n;

	if (hear(x, tone_of(y), &n) < 0.6 || n < 7000 || hear(y, tone_of(x), &n) < 0.6 || n < 7000)
		fail_msg("%s and %s do not hear each other", x->opt.codecs, y->opt.codecs);
}

/* Every pair of codecs, one leg encrypted: early sound, offers in the first or the last message, hold. */
void codec_pairs(void **state)
{
	static const char *const names[] = {"opus", "g722", "speex", "gsm", "PCMA"};
	struct scene *s = *state;

	agents_ready(s, 2);
	/* Speex is offered only to whom it is set for */
	extension_set(s, "100", json_pack("{s:s}", "codecs", "opus,g722,speex,gsm,alaw"));
	extension_set(s, "101", json_pack("{s:s}", "codecs", "opus,g722,speex,gsm,alaw"));
	for (size_t i = 0; i < ARRAY_LEN(names) * ARRAY_LEN(names); i++) {
		s->a.opt.codecs = names[i / ARRAY_LEN(names)];
		s->b.opt.codecs = names[i % ARRAY_LEN(names)];
		s->b.opt.srtp = i % 2 ? OH_SRTP_REQUIRED : OH_SRTP_OFF;
		s->a.opt.delayed_offer = i % 3 == 2;
		extension_set(s, "101", json_pack("{s:s}", "srtp", i % 2 ? "required" : "off"));
		s->b.mood = i % 3 ? ANSWER : EARLY;
		s->b.answer_ms = 3000;
		agent_call(&s->a, "101");
		if (i % 3 == 0) {
			agent_wait(&s->a, "early:183", 5000);
			scene_run(s, 1000);
			size_t n;
			assert_true(hear(&s->a, tone_of(&s->b), &n) > 0.6 && n > 7000);
		}
		agent_wait(&s->a, "answered", 15000);
		scene_run(s, 1500);
		hear_each_other(&s->a, &s->b);
		assert_int_equal(oh_call_hold(s->a.call, true), 0);
		agent_wait(&s->b, "held", 2000);
		scene_run(s, 500);
		assert_int_equal(oh_call_hold(s->a.call, false), 0);
		agent_wait(&s->b, "resumed", 2000);
		scene_run(s, 1500);
		hear_each_other(&s->a, &s->b);
		log_clear(&s->a);
		log_clear(&s->b);
		end_call(&s->a, &s->b);
	}
	extension_set(s, "100", json_pack("{s:s}", "codecs", ""));
	extension_set(s, "101", json_pack("{s:s, s:s}", "srtp", "best_effort", "codecs", ""));
}

void dtmf_passes(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	assert_int_equal(oh_call_dtmf(s->a.call, "1*#9"), 0);
	scene_run(s, 3000);
	assert_log(&s->b, "dtmf:1 dtmf:* dtmf:# dtmf:9");
	assert_int_equal(oh_call_dtmf(s->b.call, "D0"), 0);
	scene_run(s, 3000);
	assert_log(&s->a, "dtmf:D dtmf:0");
	end_call(&s->a, &s->b);
}
