/*
 * hold.c - hold and resume, from either end: directions are passed on, sound stops and comes back.
 */
#include "scenario.h"

static void hold_and_resume(struct scene *s, struct agent *x, struct agent *y)
{
	assert_int_equal(oh_call_hold(x->call, true), 0);
	agent_wait(x, "changed:200", 2000);
	assert_log(x, "changed:200");
	assert_log(y, "held");
	scene_run(s, 2000);
	assert_hears(y, x); /* who holds may send */
	tape_start(s);
	assert_hears_not(x, y);
	assert_int_equal(tape_rtp(s, SERVER4, x->ip), 0);
	tape_stop(s);
	assert_int_equal(oh_call_hold(x->call, false), 0);
	agent_wait(y, "resumed", 2000);
	scene_run(s, 2000);
	assert_log(x, "changed:200");
	assert_log(y, "resumed");
	assert_hears(x, y);
	assert_hears(y, x);
}

void hold_and_resume_by_caller(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	hold_and_resume(s, &s->a, &s->b);
	end_call(&s->a, &s->b);
}

void hold_and_resume_by_callee(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	hold_and_resume(s, &s->b, &s->a);
	end_call(&s->b, &s->a);
	scene_run(s, 100);
	assert_cdr(s, 0, "ended_by", "callee");
}

/* Held for a long time: nobody sends to us, and that is no reason to end the call. */
void hold_is_not_death(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	assert_int_equal(oh_call_hold(s->a.call, true), 0);
	agent_wait(&s->b, "held", 2000);
	log_clear(&s->b);
	scene_run(s, 8 * 60 * 1000); /* less than the recorder keeps */
	assert_log(&s->b, "");
	assert_log(&s->a, "changed:200");
	assert_non_null(s->a.call);
	/* nonces and NAT bindings are old by now: it can be resumed all the same */
	assert_int_equal(oh_call_hold(s->a.call, false), 0);
	agent_wait(&s->a, "changed:200", 2000);
	assert_log(&s->b, "resumed");
	log_clear(&s->a);
	assert_hears(&s->a, &s->b);
	assert_hears(&s->b, &s->a);
	end_call(&s->a, &s->b);
}
