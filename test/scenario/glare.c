/*
 * glare.c - both ends change the call at the same moment (RFC 3261 14.1): both changes are carried out, one after the
 * other.
 */
#include "scenario.h"

void glare_of_two_holds(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	weather(s, 0, 0, 0, 20); /* long enough for the two to cross */
	assert_int_equal(oh_call_hold(s->a.call, true), 0);
	assert_int_equal(oh_call_hold(s->b.call, true), 0);
	agent_wait(&s->a, "changed:200", 20000);
	agent_wait(&s->b, "changed:200", 20000);
	scene_run(s, 5000);
	assert_true(agent_has(&s->a, "held"));
	assert_true(agent_has(&s->b, "held"));
	assert_hears_not(&s->a, &s->b);
	assert_hears_not(&s->b, &s->a);
	assert_int_equal(oh_call_hold(s->a.call, false), 0);
	assert_int_equal(oh_call_hold(s->b.call, false), 0);
	agent_wait(&s->a, "resumed", 20000);
	agent_wait(&s->b, "resumed", 20000);
	scene_run(s, 5000);
	assert_hears(&s->a, &s->b);
	assert_hears(&s->b, &s->a);
	weather(s, 0, 0, 0, 0);
	log_clear(&s->a);
	log_clear(&s->b);
	end_call(&s->a, &s->b);
}

void glare_with_hangup(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	weather(s, 0, 0, 0, 20);
	assert_int_equal(oh_call_hold(s->a.call, true), 0);
	oh_call_hangup(s->b.call);
	scene_run(s, 10000);
	weather(s, 0, 0, 0, 0);
	assert_null(s->a.call);
	assert_null(s->b.call);
	scene_check_idle(s);
}

void both_hang_up(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	weather(s, 0, 0, 0, 20);
	oh_call_hangup(s->a.call);
	oh_call_hangup(s->b.call);
	scene_run(s, 10000);
	weather(s, 0, 0, 0, 0);
	assert_log(&s->a, "ended:0");
	assert_log(&s->b, "ended:0");
	assert_int_equal(scene_cdr_count(s), 1);
	assert_cdr(s, 0, "outcome", "answered");
	scene_check_idle(s);
}
