/*
 * many.c - many calls, one after another and at once: memory, ports and tables are as before.
 */
#include "scenario.h"

void calls_in_a_row_leave_nothing(void **state)
{
	enum { CALLS = 60, SETTLE_MS = 20 * 60 * 1000 /* the pool of ports grows and shrinks slowly */ };
	struct scene *s = *state;
	size_t live = 0;

	agents_ready(s, 2);
	for (int i = 0; i < CALLS; i++) {
		talk(&s->a, &s->b, "101");
		end_call(i % 2 ? &s->a : &s->b, i % 2 ? &s->b : &s->a);
		if (i == 20) {
			scene_check_idle(s);
			scene_run(s, SETTLE_MS);
			live = mem_live();
		}
	}
	scene_check_idle(s);
	scene_run(s, SETTLE_MS);
	assert_true(mem_live() <= live + 1); /* nonces in use fill a second table in time */
	assert_int_equal(scene_cdr_count(s), CALLS);
}

void calls_at_once(void **state)
{
	enum { CALLS = 40 };
	struct scene *s = *state;
	struct media_stats m;

	agents_ready(s, 2);
	s->a.opt.record = s->b.opt.record = false;
	s->b.mood = ANSWER;
	extension_set(s, "101", json_pack("{s:i}", "call_limit", CALLS));
	for (int i = 0; i < CALLS; i++)
		agent_call(&s->a, "101");
	scene_run(s, 2000);
	assert_int_equal(calls_count(s->calls), CALLS);
	assert_int_equal(s->a.ua->calls.n, CALLS);
	media_stats(s->media, &m);
	assert_int_equal(m.streams, 2 * CALLS);
	/* one more is one too many */
	log_clear(&s->a);
	agent_call(&s->a, "101");
	agent_wait(&s->a, "ended:486", 2000);
	scene_run(s, 5000);
	for (int i = 0; i < CALLS; i++) {
		struct oh_call_stats st;

		oh_call_get_stats(LINK_OBJ(s->a.ua->calls.head, struct oh_call, le), &st);
		assert_true(st.received > 200);
		oh_call_hangup(LINK_OBJ(s->a.ua->calls.head, struct oh_call, le));
		scene_run(s, 10);
	}
	scene_run(s, 1000);
	log_clear(&s->a);
	log_clear(&s->b);
	assert_int_equal(scene_cdr_count(s), CALLS + 1);
	scene_check_idle(s);
}

/* More calls than there are ports: those beyond are refused, and when ports are free again all is well. */
void ports_used_up(void **state)
{
	struct scene *s = *state;
	struct media_stats m;

	server_stop(s, true);
	s->rtp_hi = 10019; /* ten pairs */
	server_start(s);
	agents_ready(s, 2);
	s->a.opt.record = s->b.opt.record = false;
	s->b.mood = ANSWER;
	extension_set(s, "101", json_pack("{s:i}", "call_limit", 100));
	for (int i = 0; i < 8; i++) {
		agent_call(&s->a, "101");
		scene_run(s, 500);
	}
	media_stats(s->media, &m);
	assert_in_range(m.streams, 8, 10);
	assert_in_range(s->a.ua->calls.n, 4, 5);
	assert_true(agent_has(&s->a, "ended:503") || agent_has(&s->a, "ended:500"));
	while (s->a.ua->calls.head) {
		oh_call_hangup(LINK_OBJ(s->a.ua->calls.head, struct oh_call, le));
		scene_run(s, 100);
	}
	scene_check_idle(s);
	log_clear(&s->a);
	log_clear(&s->b);
	talk(&s->a, &s->b, "101");
	end_call(&s->a, &s->b);
}
