/*
 * fork.c - an extension with two phones: both ring, one wins, the other hears that it was answered elsewhere; early
 * media.
 */
#include "scenario.h"

/* b and d are both 101. */
static void ready(struct scene *s)
{
	agents_ready(s, 4);
}

void fork_one_winner(void **state)
{
	struct scene *s = *state;

	ready(s);
	s->b.mood = RING;
	s->d.mood = RING_ANSWER;
	s->d.answer_ms = 2000;
	tape_start(s);
	agent_call(&s->a, "101");
	agent_wait(&s->a, "answered", 10000);
	scene_run(s, 1500);
	assert_log(&s->b, "incoming:100 ended:487");
	assert_non_null(strstr(s->b.text, "cause=200"));
	assert_true(contains(tape_find(s, SERVER4, s->b.ip, "CANCEL", 0), "\r\nReason: SIP;cause=200"));
	assert_hears(&s->a, &s->d);
	assert_hears(&s->d, &s->a);
	log_clear(&s->a);
	log_clear(&s->d);
	end_call(&s->d, &s->a);
	scene_run(s, 100);
	assert_cdr(s, 0, "answered_by", "101");
	assert_int_equal(json_array_size(json_object_get(scene_cdr(s, 0), "legs")), 3);
	assert_int_equal(json_integer_value(json_object_get(cdr_leg(s, 0, 1), "code")) +
				 json_integer_value(json_object_get(cdr_leg(s, 0, 2), "code")),
			 200 + 487);
	scene_check_idle(s);
}

/* Both answer in the same moment: one talks, the other gets ACK and BYE. */
void fork_both_answer(void **state)
{
	struct scene *s = *state;
	struct agent *won, *lost;

	ready(s);
	s->b.mood = s->d.mood = RING_ANSWER;
	s->b.answer_ms = s->d.answer_ms = 1000;
	weather(s, 0, 0, 0, 10);
	agent_call(&s->a, "101");
	agent_wait(&s->a, "answered", 10000);
	scene_run(s, 3000);
	weather(s, 0, 0, 0, 0);
	assert_true((s->b.call != NULL) != (s->d.call != NULL));
	won = s->b.call ? &s->b : &s->d;
	lost = s->b.call ? &s->d : &s->b;
	assert_true(agent_has(lost, "ended:200") || agent_has(lost, "ended:487"));
	assert_hears(&s->a, won);
	assert_hears_not(&s->a, lost);
	log_clear(&s->a);
	log_clear(won);
	end_call(&s->a, won);
	scene_check_idle(s);
}

void fork_one_busy_one_answers(void **state)
{
	struct scene *s = *state;

	ready(s);
	s->b.mood = REJECT;
	s->b.reject_code = 486;
	s->d.mood = RING_ANSWER;
	s->d.answer_ms = 1000;
	agent_call(&s->a, "101");
	agent_wait(&s->a, "answered", 10000);
	scene_run(s, 500);
	log_clear(&s->a);
	log_clear(&s->d);
	end_call(&s->a, &s->d);
}

void fork_all_refuse(void **state)
{
	struct scene *s = *state;

	ready(s);
	s->b.mood = s->d.mood = REJECT;
	s->b.reject_code = 486;
	s->d.reject_code = 480;
	agent_call(&s->a, "101");
	agent_wait(&s->a, "ended:486", 10000);
	scene_check_idle(s);
}

/* Caller gives up: every phone stops ringing. */
void fork_cancelled(void **state)
{
	struct scene *s = *state;

	ready(s);
	s->b.mood = s->d.mood = RING;
	agent_call(&s->a, "101");
	scene_run(s, 2000);
	oh_call_hangup(s->a.call);
	scene_run(s, 1000);
	assert_log(&s->b, "incoming:100 ended:487");
	assert_log(&s->d, "incoming:100 ended:487");
	scene_check_idle(s);
}

void early_media_of_one_phone(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	s->b.mood = EARLY;
	s->b.answer_ms = 4000;
	agent_call(&s->a, "101");
	agent_wait(&s->a, "early:183", 2000);
	scene_run(s, 2000);
	assert_hears(&s->a, &s->b);
	agent_wait(&s->a, "answered", 5000);
	scene_run(s, 1500);
	assert_hears(&s->a, &s->b);
	assert_hears(&s->b, &s->a);
	log_clear(&s->a);
	log_clear(&s->b);
	end_call(&s->a, &s->b);
}

void early_media_of_two_phones_is_not_heard(void **state)
{
	struct scene *s = *state;

	ready(s);
	s->b.mood = s->d.mood = EARLY;
	s->d.answer_ms = 4000;
	tape_start(s);
	agent_call(&s->a, "101");
	scene_run(s, 3000);
	assert_false(agent_has(&s->a, "early:183") || agent_has(&s->a, "early:180"));
	assert_true(agent_has(&s->a, "ringing:180"));
	assert_int_equal(tape_count(s, SERVER4, s->a.ip, "SIP/2.0 183"), 0);
	assert_false(contains(tape_find(s, SERVER4, s->a.ip, "SIP/2.0 180", 0), "\r\nContent-Type:"));
	agent_wait(&s->a, "answered", 5000);
	scene_run(s, 1500);
	assert_hears(&s->a, &s->d);
	assert_hears_not(&s->a, &s->b);
	log_clear(&s->a);
	log_clear(&s->d);
	end_call(&s->a, &s->d);
}

void redirected_by_phone(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 3);
	s->b.mood = REJECT;
	s->b.reject_code = 302;
	s->b.redirect = "sip:102@" SERVER4;
	s->c.mood = ANSWER;
	agent_call(&s->a, "101");
	agent_wait(&s->a, "answered", 5000);
	scene_run(s, 1500);
	assert_log(&s->c, "incoming:100 answered");
	assert_hears(&s->a, &s->c);
	assert_hears(&s->c, &s->a);
	log_clear(&s->a);
	end_call(&s->a, &s->c);
	scene_run(s, 100);
	assert_cdr(s, 0, "to", "101");
	assert_cdr(s, 0, "answered_by", "102");
}

/* In a circle: ends. */
void redirected_in_a_circle(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 3);
	s->b.mood = s->c.mood = REJECT;
	s->b.reject_code = s->c.reject_code = 302;
	s->b.redirect = "sip:102@" SERVER4;
	s->c.redirect = "sip:101@" SERVER4;
	agent_call(&s->a, "101");
	scene_run(s, 60000);
	assert_null(s->a.call);
	scene_check_idle(s);
}

/* Two phones of one extension, of different kinds, and a caller without an offer. */
void fork_of_different_kinds(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 1);
	agent_open(s, &s->b, "101", "10.0.0.12", OH_TCP);
	agent_open(s, &s->d, "101", "fd00::14", OH_UDP);
	agent_register(&s->b);
	agent_register(&s->d);
	for (int i = 0; i < 4; i++) {
		struct agent *win = i % 2 ? &s->b : &s->d, *lose_it = i % 2 ? &s->d : &s->b;

		s->a.opt.delayed_offer = i >= 2;
		win->mood = RING_ANSWER;
		win->answer_ms = 500;
		lose_it->mood = RING;
		agent_call(&s->a, "101");
		agent_wait(&s->a, "answered", 5000);
		scene_run(s, 1000);
		assert_log(lose_it, "incoming:100 ended:487");
		assert_hears(&s->a, win);
		assert_hears(win, &s->a);
		log_clear(&s->a);
		log_clear(win);
		end_call(&s->a, win);
		scene_check_idle(s);
	}
}

/* The caller made no offer: whatever the phone plays early has nowhere to go, and the 183 brings no description. */
void early_media_needs_an_offer(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	s->a.opt.delayed_offer = true;
	s->b.mood = RING_ANSWER;
	s->b.answer_ms = 1000;
	tape_start(s);
	agent_call(&s->a, "101");
	agent_wait(&s->a, "answered", 5000);
	assert_false(contains(tape_find(s, SERVER4, s->a.ip, "SIP/2.0 18", 0), "application/sdp"));
	tape_stop(s);
	assert_hears(&s->a, &s->b);
	log_clear(&s->a);
	log_clear(&s->b);
	end_call(&s->a, &s->b);
}

/* One phone is diverted, the other goes on ringing and answers: one call of each to 102 and to d, one winner. */
void fork_one_diverted(void **state)
{
	struct scene *s = *state;

	ready(s);
	s->b.mood = REJECT;
	s->b.reject_code = 302;
	s->b.redirect = "sip:102@" SERVER4;
	s->c.mood = RING;
	s->d.mood = RING_ANSWER;
	s->d.answer_ms = 2000;
	agent_call(&s->a, "101");
	agent_wait(&s->a, "answered", 8000);
	scene_run(s, 500);
	assert_log(&s->c, "incoming:100 ended:487");
	assert_hears(&s->a, &s->d);
	log_clear(&s->a);
	log_clear(&s->d);
	end_call(&s->a, &s->d);
}
