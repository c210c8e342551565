/*
 * timer.c - session timers (RFC 4028): a call that goes on and on without any sound, and a phone that vanishes from
 * such a call.
 */
#include "scenario.h"

enum { MINUTE = 60000, HOUR = 60 * MINUTE };

/* Both hold, so that no sound is missed. */
static void silent(struct scene *s, enum oh_transport x, enum oh_transport y)
{
	agent_open(s, &s->a, "100", "10.0.0.11", x);
	agent_open(s, &s->b, "101", "10.0.0.12", y);
	agent_register(&s->a);
	agent_register(&s->b);
	talk(&s->a, &s->b, "101");
	assert_int_equal(oh_call_hold(s->a.call, true), 0);
	agent_wait(&s->b, "held", 2000);
	scene_run(s, 500);
	assert_int_equal(oh_call_hold(s->b.call, true), 0);
	agent_wait(&s->a, "held", 2000);
	scene_run(s, 1000);
	log_clear(&s->a);
	log_clear(&s->b);
}

static void hours(struct scene *s, enum oh_transport x, enum oh_transport y)
{
	silent(s, x, y);
	scene_run(s, 70 * MINUTE);
	assert_int_equal(calls_count(s->calls), 1);
	assert_false(agent_has(&s->a, "ended") || agent_has(&s->b, "ended") || agent_has(&s->a, "changed"));
	log_clear(&s->a);
	log_clear(&s->b);
	end_call(&s->a, &s->b);
	scene_check_idle(s);
}

void timer_goes_on_by_udp(void **state)
{
	hours(*state, OH_UDP, OH_UDP);
}

void timer_goes_on_by_tcp(void **state)
{
	hours(*state, OH_TCP, OH_TCP);
}

void timer_goes_on_by_tls(void **state)
{
	hours(*state, OH_TLS, OH_TLS);
}

/* The phones that can refresh the session themselves: nothing is sent to them unasked. */
void timer_is_kept_by_the_phones(void **state)
{
	struct scene *s = *state;

	silent(s, OH_UDP, OH_UDP);
	tape_start(s);
	scene_run(s, HOUR);
	assert_in_range(tape_count(s, s->a.ip, SERVER4, "UPDATE"), 3, 5);
	assert_in_range(tape_count(s, s->b.ip, SERVER4, "UPDATE"), 3, 5);
	assert_int_equal(tape_count(s, SERVER4, NULL, "UPDATE") + tape_count(s, SERVER4, NULL, "INVITE"), 0);
	tape_stop(s);
	log_clear(&s->a);
	log_clear(&s->b);
	end_call(&s->a, &s->b);
}

/* A phone loses its network in a call without sound: the other one hears of it, and the record says why. */
static void vanishes(struct scene *s, struct agent *gone, struct agent *stays)
{
	const struct vnet_path cut = {.loss_pm = 1000}, open = {0};
	struct sa a = address(gone->ip);

	assert_int_equal(vnet_set_path(s->net, &a, NULL, &cut), 0);
	assert_int_equal(vnet_set_path(s->net, NULL, &a, &cut), 0);
	agent_wait(stays, "ended:200", 31 * MINUTE);
	scene_run(s, MINUTE);
	assert_cdr(s, 0, "outcome", "answered");
	assert_cdr(s, 0, "ended_by", "system");
	assert_non_null(strstr(json_string_value(json_object_get(scene_cdr(s, 0), "reason")), "did not refresh"));
	assert_int_equal(vnet_set_path(s->net, &a, NULL, &open), 0);
	assert_int_equal(vnet_set_path(s->net, NULL, &a, &open), 0);
	scene_run(s, MINUTE);
	if (gone->call)
		oh_call_hangup(gone->call);
	scene_check_idle(s);
}

void timer_caller_vanishes(void **state)
{
	struct scene *s = *state;

	silent(s, OH_UDP, OH_UDP);
	vanishes(s, &s->a, &s->b);
}

void timer_callee_vanishes(void **state)
{
	struct scene *s = *state;

	silent(s, OH_UDP, OH_UDP);
	vanishes(s, &s->b, &s->a);
}
