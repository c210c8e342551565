/*
 * echo.c - *43: a short greeting, then everything said comes back.
 */
#include "scenario.h"

void echo_with_greeting(void **state)
{
	struct scene *s = *state;
	double own;

	agents_ready(s, 1);
	agent_call(&s->a, "*43");
	agent_wait(&s->a, "answered", 2000);
	scene_run(s, 300);
	own = oh_call_heard(s->a.call, 440, 200);
	assert_true(own < 0.5); /* the greeting, not us */
	scene_run(s, 4000);
	assert_hears(&s->a, &s->a);
	log_clear(&s->a);
	oh_call_hangup(s->a.call);
	scene_run(s, 1000);
	assert_cdr(s, 0, "to", "*43");
	assert_cdr(s, 0, "answered_by", "echo");
	assert_cdr(s, 0, "outcome", "answered");
	assert_cdr(s, 0, "ended_by", "caller");
	scene_check_idle(s);
}

void echo_on_hold_and_back(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 1);
	agent_call(&s->a, "*43");
	agent_wait(&s->a, "answered", 2000);
	scene_run(s, 3000);
	assert_int_equal(oh_call_hold(s->a.call, true), 0);
	agent_wait(&s->a, "changed:200", 2000);
	scene_run(s, 2000);
	assert_hears_not(&s->a, &s->a);
	log_clear(&s->a);
	assert_int_equal(oh_call_hold(s->a.call, false), 0);
	agent_wait(&s->a, "changed:200", 2000);
	scene_run(s, 2000);
	assert_hears(&s->a, &s->a);
}

void echo_of_delayed_offer(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 1);
	s->a.opt.delayed_offer = true;
	agent_call(&s->a, "*43");
	agent_wait(&s->a, "answered", 2000);
	scene_run(s, 4000);
	assert_hears(&s->a, &s->a);
}

/* Hung up while the greeting plays. */
void echo_cut_short(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 1);
	agent_call(&s->a, "*43");
	agent_wait(&s->a, "answered", 2000);
	scene_run(s, 50);
	oh_call_hangup(s->a.call);
	scene_check_idle(s);
}
