/*
 * dead.c - a phone that vanished in mid-call: the call ends with its reason.
 */
#include "scenario.h"

void dead_call_ends(void **state)
{
	struct scene *s = *state;
	struct sa a = address("10.0.0.11");
	const struct vnet_path cut = {.loss_pm = 1000};
	uint64_t t;

	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	assert_int_equal(vnet_set_path(s->net, &a, NULL, &cut), 0);
	assert_int_equal(vnet_set_path(s->net, NULL, &a, &cut), 0);
	t = vnet_now_ms(s->net);
	agent_wait(&s->b, "ended:200", 90000);
	assert_in_range(vnet_now_ms(s->net) - t, 58000, 63000);
	scene_run(s, 40000);
	assert_cdr(s, 0, "outcome", "answered");
	assert_cdr(s, 0, "ended_by", "system");
	assert_non_null(strstr(json_string_value(json_object_get(scene_cdr(s, 0), "reason")), "sound"));
	assert_int_equal(vnet_set_path(s->net, &a, NULL, &(struct vnet_path){0}), 0);
	assert_int_equal(vnet_set_path(s->net, NULL, &a, &(struct vnet_path){0}), 0);
	oh_call_hangup(s->a.call);
	scene_check_idle(s);
}
