/*
 * refused.c - calls that lead to nothing: the code the caller gets, and the record's outcome.
 */
#include "scenario.h"

static void check(struct scene *s, unsigned code, const char *outcome)
{
	char word[32];

	snprintf(word, sizeof(word), "ended:%u", code);
	agent_wait(&s->a, word, 120000);
	scene_run(s, 100);
	assert_cdr(s, 0, "outcome", outcome);
	assert_int_equal(cdr_int(s, 0, "code"), code);
	assert_true(json_is_null(json_object_get(scene_cdr(s, 0), "answer_ms")));
	scene_check_idle(s);
}

static void reject(struct scene *s, unsigned phone, unsigned code, const char *outcome)
{
	agents_ready(s, 2);
	s->b.mood = REJECT;
	s->b.reject_code = phone;
	agent_call(&s->a, "101");
	check(s, code, outcome);
}

void busy_by_phone(void **state)
{
	reject(*state, 486, 486, "busy");
}
void declined_by_phone(void **state)
{
	reject(*state, 603, 603, "declined");
}

void no_answer(void **state)
{
	struct scene *s = *state;
	uint64_t t;

	agents_ready(s, 2);
	s->b.mood = RING;
	t = vnet_now_ms(s->net);
	agent_call(&s->a, "101");
	agent_wait(&s->a, "ended:408", 60000);
	t = vnet_now_ms(s->net) - t;
	assert_in_range(t, 29900, 31000); /* ring_seconds is 30 */
	assert_true(agent_has(&s->b, "ended:487"));
	check(s, 408, "no answer");
}

void not_registered(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 1);
	agent_call(&s->a, "101");
	check(s, 480, "unreachable");
}

void registered_but_gone(void **state)
{
	struct scene *s = *state;
	struct sa b = address("10.0.0.12");
	const struct vnet_path dead = {.loss_pm = 1000};

	agents_ready(s, 2);
	assert_int_equal(vnet_set_path(s->net, NULL, &b, &dead), 0);
	agent_call(&s->a, "101");
	agent_wait(&s->a, "ended:408", 60000);
	assert_int_equal(vnet_set_path(s->net, NULL, &b, &(struct vnet_path){0}), 0);
	scene_run(s, 100);
	assert_cdr(s, 0, "outcome", "unreachable");
	scene_check_idle(s);
}

void unknown_number(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 1);
	agent_call(&s->a, "4711");
	check(s, 404, "unreachable");
}

void busy_by_call_limit(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 3);
	extension_set(s, "101", json_pack("{s:i}", "call_limit", 1));
	talk(&s->c, &s->b, "101");
	agent_call(&s->a, "101");
	agent_wait(&s->a, "ended:486", 5000);
	scene_run(s, 100);
	assert_cdr(s, 0, "outcome", "busy");
	assert_log(&s->b, ""); /* its phone did not hear of it */
	end_call(&s->c, &s->b);
	/* free again */
	log_clear(&s->a);
	talk(&s->a, &s->b, "101");
	end_call(&s->a, &s->b);
}

/* In a call already, but below its limit: it rings. */
void second_call_rings(void **state)
{
	struct scene *s = *state;
	struct oh_call *first;

	agents_ready(s, 3);
	talk(&s->c, &s->b, "101");
	first = s->b.call;
	talk(&s->a, &s->b, "101");
	assert_hears(&s->b, &s->a);
	assert_hears(&s->a, &s->b);
	end_call(&s->a, &s->b);
	s->b.call = first;
	assert_hears(&s->b, &s->c);
	end_call(&s->c, &s->b);
}

void cancelled_by_caller(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	s->b.mood = RING;
	agent_call(&s->a, "101");
	agent_wait(&s->a, "ringing:180", 2000);
	scene_run(s, 3000);
	oh_call_hangup(s->a.call);
	agent_wait(&s->b, "ended:487", 2000);
	scene_run(s, 200);
	assert_log(&s->a, "ringing:180 ended:0");
	assert_cdr(s, 0, "outcome", "cancelled");
	assert_int_equal(cdr_int(s, 0, "code"), 487);
	assert_cdr(s, 0, "ended_by", "caller");
	scene_check_idle(s);
}

/* The answer and the CANCEL cross: the call ends cleanly either way. */
void cancel_crosses_answer(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	s->b.mood = RING_ANSWER;
	s->b.answer_ms = 1000;
	weather(s, 0, 0, 0, 30);
	agent_call(&s->a, "101");
	agent_wait(&s->b, "incoming:100", 2000);
	scene_run(s, 985); /* before the answer leaves; ours meets it on the way */
	oh_call_hangup(s->a.call);
	scene_run(s, 5000);
	weather(s, 0, 0, 0, 0);
	assert_null(s->a.call);
	assert_null(s->b.call);
	scene_check_idle(s);
}

void calling_oneself(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 1);
	s->a.mood = REJECT;
	s->a.reject_code = 486;
	agent_call(&s->a, "100");
	scene_run(s, 2000);
	assert_null(s->a.call);
	scene_check_idle(s);
}

/* A phone's own trouble is not ours: the caller may not take us for overloaded (RFC 3261 16.7). */
void phone_says_503(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	s->b.mood = REJECT;
	s->b.reject_code = 503;
	agent_call(&s->a, "101");
	scene_run(s, 2000);
	assert_null(s->a.call);
	assert_false(agent_has(&s->a, "ended:503"));
	assert_true(agent_has(&s->a, "ended:480") || agent_has(&s->a, "ended:500"));
	scene_check_idle(s);
}
