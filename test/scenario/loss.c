/*
 * loss.c - bad networks: each message of a call lost once, every fifth packet lost, packets doubled and out of order.
 */
#include "scenario.h"

static void whole_call(struct scene *s, uint64_t ms)
{
	log_clear(&s->a);
	log_clear(&s->b);
	s->b.mood = RING_ANSWER;
	s->b.answer_ms = 3000;
	agent_call(&s->a, "101");
	agent_wait(&s->a, "answered", ms);
	agent_wait(&s->b, "answered", ms);
	scene_run(s, 3000);
	assert_int_equal(oh_call_hold(s->a.call, true), 0);
	agent_wait(&s->a, "changed:200", ms);
	agent_wait(&s->b, "held", ms);
	scene_run(s, 1000);
	oh_call_hangup(s->b.call);
	agent_wait(&s->b, "ended:0", ms);
	agent_wait(&s->a, "ended:200", ms);
	scene_run(s, 100);
	assert_cdr(s, 0, "outcome", "answered");
	assert_cdr(s, 0, "ended_by", "callee");
}

/* The first `n` of each kind of message, wherever it goes: phone to server, server to phone. */
void loss_in_every_position(void **state)
{
	static const char *const words[] = {"INVITE",      "SIP/2.0 100", "SIP/2.0 407", "SIP/2.0 180",
					    "SIP/2.0 200", "ACK",         "BYE"};
	struct scene *s = *state;

	agents_ready(s, 2);
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		for (size_t from = 0; from < 4; from++) {
			lose(s, words[i], from, 1);
			whole_call(s, 40000);
		}
		lose(s, words[i], 0, 3);
		whole_call(s, 40000);
		lose(s, NULL, 0, 0);
		scene_check_idle(s);
	}
}

/* Every single packet of a call, one after the other, and each with the one after it. */
void loss_of_each_packet(void **state)
{
	struct scene *s = *state;
	size_t n;

	agents_ready(s, 2);
	lose(s, "", 0, 0);
	whole_call(s, 1000 * 64);
	n = s->lose_seen;
	assert_in_range(n, 20, 60);
	for (size_t width = 1; width <= 2; width++) {
		for (size_t i = 0; i < n; i++) {
			lose(s, "", i, width);
			whole_call(s, 1000 * 64);
		}
	}
	lose(s, NULL, 0, 0);
	scene_check_idle(s);
}

void loss_of_cancel_and_487(void **state)
{
	static const char *const words[] = {"CANCEL", "SIP/2.0 487", "SIP/2.0 200", "ACK"};
	struct scene *s = *state;

	agents_ready(s, 2);
	s->b.mood = RING;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		for (size_t from = 0; from < 2; from++) {
			lose(s, words[i], from, 1);
			agent_call(&s->a, "101");
			agent_wait(&s->a, "ringing:180", 20000);
			oh_call_hangup(s->a.call);
			agent_wait(&s->b, "ended:487", 40000);
			agent_wait(&s->a, "ended:0", 40000);
			lose(s, NULL, 0, 0);
			log_clear(&s->a);
			log_clear(&s->b);
			scene_check_idle(s);
			assert_cdr(s, 0, "outcome", "cancelled");
		}
	}
}

void loss_of_every_fifth_packet(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	weather(s, 200, 0, 0, 10);
	for (int i = 0; i < 10; i++)
		whole_call(s, 64000);
	weather(s, 0, 0, 0, 0);
	scene_check_idle(s);
}

void doubled_and_out_of_order(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	weather(s, 50, 300, 300, 15);
	for (int i = 0; i < 10; i++)
		whole_call(s, 64000);
	weather(s, 0, 0, 0, 0);
	scene_check_idle(s);
}

/* Sound with losses: the record counts them and the quality falls. */
void loss_of_sound_is_measured(void **state)
{
	const struct vnet_path bad = {.loss_pm = 100};
	struct scene *s = *state;
	struct sa a = address("10.0.0.11");

	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	assert_int_equal(vnet_set_path(s->net, &a, NULL, &bad), 0);
	scene_run(s, 30000);
	assert_int_equal(vnet_set_path(s->net, &a, NULL, &(struct vnet_path){0}), 0);
	scene_run(s, 1000);
	end_call(&s->a, &s->b);
	scene_run(s, 100);
	json_t *from_a = json_object_get(cdr_leg(s, 0, 0), "quality");
	assert_in_range(json_integer_value(json_object_get(from_a, "lost")), 75, 225);
	assert_true(json_real_value(json_object_get(from_a, "mos")) < 3.8);
	json_t *from_b = json_object_get(cdr_leg(s, 0, 1), "quality");
	assert_int_equal(json_integer_value(json_object_get(from_b, "lost")), 0);
	assert_true(json_real_value(json_object_get(from_b, "mos")) > 4.0);
}
