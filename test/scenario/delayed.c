/*
 * delayed.c - INVITE and re-INVITE without an offer: the offer comes in the 200, the answer in the ACK.
 */
#include "scenario.h"

void delayed_offer_by_caller(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	s->a.opt.delayed_offer = true;
	talk(&s->a, &s->b, "101");
	assert_hears(&s->a, &s->b);
	assert_hears(&s->b, &s->a);
	end_call(&s->b, &s->a);
	scene_run(s, 100);
	assert_cdr(s, 0, "outcome", "answered");
}

void delayed_reinvite(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	assert_int_equal(oh_call_reoffer(s->a.call, NULL), 0);
	agent_wait(&s->a, "changed:200", 2000);
	scene_run(s, 2000);
	assert_hears(&s->a, &s->b);
	assert_hears(&s->b, &s->a);
	assert_int_equal(oh_call_reoffer(s->b.call, NULL), 0);
	agent_wait(&s->b, "changed:200", 2000);
	scene_run(s, 2000);
	assert_hears(&s->a, &s->b);
	assert_hears(&s->b, &s->a);
	log_clear(&s->a);
	log_clear(&s->b);
	end_call(&s->a, &s->b);
}

/* Hold first, then ask for an offer: it still holds. */
void delayed_reinvite_while_held(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	assert_int_equal(oh_call_hold(s->a.call, true), 0);
	agent_wait(&s->b, "held", 2000);
	scene_run(s, 500);
	assert_int_equal(oh_call_reoffer(s->b.call, NULL), 0);
	agent_wait(&s->b, "changed:200", 2000);
	scene_run(s, 2000);
	assert_hears_not(&s->a, &s->b);
	assert_false(agent_has(&s->b, "resumed"));
	assert_int_equal(oh_call_hold(s->a.call, false), 0);
	agent_wait(&s->b, "resumed", 2000);
	scene_run(s, 2000);
	assert_hears(&s->a, &s->b);
	assert_hears(&s->b, &s->a);
	log_clear(&s->a);
	log_clear(&s->b);
	end_call(&s->a, &s->b);
}
