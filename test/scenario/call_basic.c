/*
 * call_basic.c - two phones call each other through offhook, both ways: tones arrive, the record is right.
 */
#include "scenario.h"

static void check_record(struct scene *s, const char *from, const char *to)
{
	assert_cdr(s, 0, "from", from);
	assert_cdr(s, 0, "to", to);
	assert_cdr(s, 0, "answered_by", to);
	assert_cdr(s, 0, "outcome", "answered");
	assert_cdr(s, 0, "ended_by", "caller");
	assert_int_equal(cdr_int(s, 0, "code"), 200);
	assert_in_range(cdr_int(s, 0, "talk_ms"), 10000, 12500);
	assert_true(cdr_int(s, 0, "end_ms") - cdr_int(s, 0, "answer_ms") >= 10000);
	assert_true(cdr_int(s, 0, "answer_ms") >= cdr_int(s, 0, "start_ms"));
	assert_string_equal(json_string_value(json_object_get(cdr_leg(s, 0, 0), "codec")), "PCMU");
	assert_string_equal(json_string_value(json_object_get(cdr_leg(s, 0, 1), "codec")), "PCMU");
	assert_string_equal(json_string_value(json_object_get(cdr_leg(s, 0, 1), "number")), to);
	json_t *q = json_object_get(cdr_leg(s, 0, 0), "quality");
	assert_true(json_integer_value(json_object_get(q, "received")) > 400);
	assert_true(json_real_value(json_object_get(q, "mos")) > 4.0);
}

static void one(struct scene *s, struct agent *from, struct agent *to)
{
	to->mood = RING_ANSWER;
	to->answer_ms = 1000;
	agent_call(from, to->number);
	agent_wait(from, "answered", 5000);
	assert_log(from, "ringing:180 answered");
	scene_run(s, 10000);
	assert_hears(from, to);
	assert_hears(to, from);
	assert_string_equal(to->peer_name, from == &s->a ? "Phone 100" : "Phone 101");
	oh_call_hangup(from->call);
	agent_wait(to, "ended:200", 1000);
	assert_log(from, "ended:0");
	scene_run(s, 100);
	check_record(s, from->number, to->number);
}

void call_both_ways(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	one(s, &s->a, &s->b);
	assert_log(&s->b, "incoming:100 answered ended:200");
	one(s, &s->b, &s->a);
	assert_log(&s->a, "incoming:101 answered ended:200");
	assert_int_equal(scene_cdr_count(s), 2);
	scene_check_idle(s);
}
