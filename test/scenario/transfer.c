/*
 * transfer.c - phones send the party they talk to elsewhere (RFC 3515, 3891, 5589): blind, attended in every order, to
 * a phone that still rings; and what happens when that fails, or when somebody hangs up meanwhile.
 */
#include "scenario.h"
#include "wire/rtp/rtp.h"
#include "pbx/settings.h"
#include "peer.h"

/* 100 talks to 101, who has put it on hold. */
static void held(struct scene *s)
{
	agents_ready(s, 3);
	talk(&s->a, &s->b, "101");
	assert_int_equal(oh_call_hold(s->b.call, true), 0);
	agent_wait(&s->b, "changed:200", 2000);
	agent_wait(&s->a, "held", 2000);
	log_clear(&s->a);
	log_clear(&s->b);
}

static void both_hear(struct agent *x, struct agent *y)
{
	scene_run(x->s, 1500);
	assert_hears(x, y);
	assert_hears(y, x);
}

static void transferred(struct scene *s, size_t i, const char *words, const char *answered_by)
{
	assert_cdr(s, i, "outcome", "answered");
	assert_cdr(s, i, "reason", words);
	assert_cdr(s, i, "answered_by", answered_by);
}

/* ------------------------------------------------------------------ blind */

void transfer_blind_by_callee(void **state)
{
	struct scene *s = *state;

	held(s);
	s->c.mood = RING_ANSWER;
	s->c.answer_ms = 3000;
	assert_int_equal(oh_call_transfer(s->b.call, "102"), 0);
	agent_wait(&s->b, "transfer:180", 2000);
	assert_log(&s->b, "transfer:202 transfer:100 transfer:180");
	/* the ring-back tone is ours */
	scene_run(s, 500);
	assert_true(oh_call_heard(s->a.call, 425, 400) > 0.8);
	agent_wait(&s->c, "answered", 5000);
	agent_wait(&s->b, "ended:200", 5000);
	assert_log(&s->b, "transfer:200 ended:200");
	both_hear(&s->a, &s->c);
	assert_log(&s->a, "resumed");
	assert_log(&s->c, "incoming:100 answered");
	end_call(&s->a, &s->c);
	scene_run(s, 1000);
	transferred(s, 0, "transferred to 102 by 101; 100 hung up", "102");
	assert_cdr(s, 0, "from", "100");
	assert_cdr(s, 0, "to", "101");
	assert_int_equal(json_array_size(json_object_get(scene_cdr(s, 0), "legs")), 3);
	assert_int_equal(scene_cdr_count(s), 1);
	scene_check_idle(s);
}

void transfer_blind_by_caller(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 3);
	talk(&s->a, &s->b, "101");
	s->c.mood = ANSWER;
	/* not held at all */
	assert_int_equal(oh_call_transfer(s->a.call, "102"), 0);
	agent_wait(&s->a, "ended:200", 5000);
	assert_log(&s->a, "transfer:202 transfer:100 transfer:200 ended:200");
	both_hear(&s->b, &s->c);
	log_clear(&s->b);
	log_clear(&s->c);
	end_call(&s->c, &s->b);
	scene_run(s, 1000);
	transferred(s, 0, "transferred to 102 by 100; 102 hung up", "102");
	scene_check_idle(s);
}

/* Nobody there, busy, no such number ...: who sent the party has it back. */
static void comes_back(struct scene *s, const char *to, const char *word, uint64_t ms, const char *words)
{
	assert_int_equal(oh_call_transfer(s->b.call, to), 0);
	agent_wait(&s->b, word, ms);
	scene_run(s, 500);
	assert_non_null(s->a.call);
	assert_non_null(s->b.call);
	assert_hears(&s->a, &s->b); /* who holds may send */
	assert_int_equal(oh_call_hold(s->b.call, false), 0);
	agent_wait(&s->b, "changed:200", 2000);
	both_hear(&s->a, &s->b);
	log_clear(&s->a);
	log_clear(&s->b);
	end_call(&s->a, &s->b);
	scene_run(s, 1000);
	transferred(s, 0, words, "101");
	scene_check_idle(s);
}

void transfer_to_a_busy_phone(void **state)
{
	struct scene *s = *state;

	held(s);
	s->c.mood = REJECT;
	s->c.reject_code = 486;
	comes_back(s, "102", "transfer:486", 3000, "transfer to 102 by 101 failed: busy; 100 hung up");
}

void transfer_to_an_unknown_number(void **state)
{
	struct scene *s = *state;

	held(s);
	comes_back(s, "4711", "transfer:404", 3000, "transfer to 4711 by 101 failed: unknown number; 100 hung up");
}

void transfer_to_nobody_who_answers(void **state)
{
	struct scene *s = *state;

	held(s);
	extension_set(s, "102", json_pack("{s:i}", "ring_seconds", 10));
	s->c.mood = RING;
	comes_back(s, "102", "transfer:408", 15000, "transfer to 102 by 101 failed: no answer; 100 hung up");
	assert_log(&s->c, "incoming:100 ended:487");
}

/* The second REFER of a dialog has its own name; the first one failed. */
void transfer_twice(void **state)
{
	struct scene *s = *state;

	held(s);
	assert_int_equal(oh_call_transfer(s->b.call, "4711"), 0);
	agent_wait(&s->b, "transfer:404", 3000);
	scene_run(s, 500);
	s->c.mood = ANSWER;
	assert_int_equal(oh_call_transfer(s->b.call, "102"), 0);
	agent_wait(&s->b, "ended:200", 5000);
	both_hear(&s->a, &s->c);
	log_clear(&s->a);
	log_clear(&s->c);
	/* and on from there, to the first one */
	log_clear(&s->b);
	assert_int_equal(oh_call_transfer(s->c.call, "101"), 0);
	agent_wait(&s->c, "ended:200", 5000);
	both_hear(&s->a, &s->b);
	log_clear(&s->a);
	log_clear(&s->b);
	end_call(&s->a, &s->b);
	scene_run(s, 1000);
	transferred(s, 0, "transferred to 102 by 101; transferred to 101 by 102; 100 hung up", "101");
	scene_check_idle(s);
}

/* Who sent the party has hung up, and nobody takes the call: it is called back. */
void transfer_recall(void **state)
{
	struct scene *s = *state;

	held(s);
	s->c.mood = RING;
	extension_set(s, "102", json_pack("{s:i}", "ring_seconds", 10));
	assert_int_equal(oh_call_transfer(s->b.call, "102"), 0);
	agent_wait(&s->b, "transfer:180", 2000);
	oh_call_hangup(s->b.call);
	agent_wait(&s->b, "ended:0", 2000);
	log_clear(&s->b);
	agent_wait(&s->b, "incoming:100", 15000);
	assert_string_equal(s->b.peer_name, "transfer failed: 102 no answer");
	agent_wait(&s->b, "answered", 5000);
	both_hear(&s->a, &s->b);
	log_clear(&s->a);
	log_clear(&s->b);
	end_call(&s->a, &s->b);
	scene_run(s, 1000);
	transferred(s, 0, "transfer to 102 by 101 failed: no answer; 101 was called back; 100 hung up", "101");
	scene_check_idle(s);
}

void transfer_recall_not_taken(void **state)
{
	struct scene *s = *state;

	held(s);
	s->c.mood = REJECT;
	s->c.reject_code = 486;
	lose(s, "SIP/2.0 486", 0, 3); /* so that there is time */
	assert_int_equal(oh_call_transfer(s->b.call, "102"), 0);
	agent_wait(&s->b, "transfer:100", 2000);
	oh_call_hangup(s->b.call);
	agent_wait(&s->b, "ended:0", 2000);
	s->b.mood = RING;
	agent_wait(&s->b, "incoming:100", 15000);
	agent_wait(&s->a, "ended:200", 40000);
	scene_run(s, 1000);
	transferred(
		s, 0,
		"transfer to 102 by 101 failed: busy; 101 was called back failed: no answer; the transfer failed and "
		"nobody took the call back",
		"101");
	scene_check_idle(s);
}

/* Settings of the phone system hold at once, also in a call that is up. */
void settings_hold_in_a_call(void **state)
{
	struct scene *s = *state;

	held(s);
	tape_start(s);
	assert_int_equal(oh_call_hold(s->b.call, false), 0);
	scene_run(s, 1000);
	assert_int_equal(tape_count(s, SERVER4, s->b.ip, "SIP/2.0 407"), 0);
	row(s, &pbx_settings_resource, "main", "{'recall_seconds':7,'challenge_in_calls':true}");
	assert_int_equal(oh_call_hold(s->b.call, true), 0);
	scene_run(s, 1000);
	assert_int_equal(tape_count(s, SERVER4, s->b.ip, "SIP/2.0 407"), 1);
	tape_stop(s);
	assert_int_equal(oh_call_hold(s->b.call, false), 0);
	both_hear(&s->a, &s->b);
	s->c.mood = REJECT;
	s->c.reject_code = 486;
	lose(s, "SIP/2.0 486", 0, 3); /* so that there is time */
	assert_int_equal(oh_call_transfer(s->b.call, "102"), 0);
	agent_wait(&s->b, "transfer:100", 2000);
	oh_call_hangup(s->b.call);
	agent_wait(&s->b, "ended:0", 2000);
	s->b.mood = RING;
	agent_wait(&s->b, "incoming:100", 15000);
	scene_run(s, 6000);
	assert_false(agent_has(&s->a, "ended"));
	scene_run(s, 2000);
	assert_true(agent_has(&s->a, "ended:200"));
	scene_check_idle(s);
}

void transfer_to_echo(void **state)
{
	struct scene *s = *state;

	held(s);
	assert_int_equal(oh_call_transfer(s->b.call, "*43"), 0);
	agent_wait(&s->b, "ended:200", 5000);
	scene_run(s, 2000);
	assert_hears(&s->a, &s->a);
	oh_call_hangup(s->a.call);
	agent_wait(&s->a, "ended:0", 2000);
	scene_run(s, 1000);
	transferred(s, 0, "transferred to *43 by 101; 100 hung up", "echo");
	scene_check_idle(s);
}

/* To oneself: the own phone rings, while the first call is still there. */
void transfer_to_oneself(void **state)
{
	struct scene *s = *state;
	struct oh_call *first;

	held(s);
	first = s->b.call;
	assert_int_equal(oh_call_transfer(first, "101"), 0);
	agent_wait(&s->b, "answered", 5000);
	agent_wait(&s->b, "ended:200", 5000);
	assert_ptr_not_equal(s->b.call, first);
	both_hear(&s->a, &s->b);
	log_clear(&s->a);
	log_clear(&s->b);
	end_call(&s->b, &s->a);
	scene_check_idle(s);
}

/* ------------------------------------------------------------------ somebody hangs up meanwhile */

void transfer_and_the_party_hangs_up(void **state)
{
	struct scene *s = *state;

	held(s);
	s->c.mood = RING;
	assert_int_equal(oh_call_transfer(s->b.call, "102"), 0);
	agent_wait(&s->b, "transfer:180", 2000);
	oh_call_hangup(s->a.call);
	agent_wait(&s->a, "ended:0", 2000);
	agent_wait(&s->b, "ended:200", 2000);
	agent_wait(&s->c, "ended:487", 2000);
	assert_log(&s->b, "transfer:202 transfer:100 transfer:180 transfer:487 ended:200");
	scene_run(s, 1000);
	assert_cdr(s, 0, "reason", "transfer to 102 by 101 failed: cancelled; 100 hung up");
	scene_check_idle(s);
}

/* At each moment, one after the other: nothing is left whatever meets what. */
void transfer_with_hangups(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 3);
	s->c.mood = RING_ANSWER;
	s->c.answer_ms = 150;
	weather(s, 0, 0, 0, 10);
	for (unsigned t = 0; t < 300; t += 10) {
		for (unsigned who = 0; who < 3; who++) {
			struct agent *v[] = {&s->a, &s->b, &s->c};

			talk(&s->a, &s->b, "101");
			assert_int_equal(oh_call_transfer(s->b.call, "102"), 0);
			scene_run(s, t);
			if (v[who]->call)
				oh_call_hangup(v[who]->call);
			scene_run(s, 3000);
			for (size_t i = 0; i < ARRAY_LEN(v); i++)
				if (v[i]->call)
					oh_call_hangup(v[i]->call);
			scene_run(s, 2000);
			assert_int_equal(calls_count(s->calls), 0);
			log_clear(&s->a);
			log_clear(&s->b);
			log_clear(&s->c);
		}
	}
	weather(s, 0, 0, 0, 0);
	scene_check_idle(s);
}

/* ------------------------------------------------------------------ attended */

struct two {
	struct oh_call *first, *second;
};

/* 100 - 101, held; 101 calls 102. */
static struct two consult(struct scene *s, enum mood mood)
{
	struct two t;

	held(s);
	t.first = s->b.call;
	s->c.mood = mood;
	agent_call(&s->b, "102");
	t.second = s->b.call;
	agent_wait(&s->b, mood == ANSWER ? "answered" : "ringing:180", 5000);
	scene_run(s, 1000);
	log_clear(&s->b);
	log_clear(&s->c);
	return t;
}

static void joined(struct scene *s)
{
	scene_run(s, 3000);
	if (agent_has(&s->b, "ended:0"))
		fail_msg("it hung up itself: %s", s->b.log);
	assert_true(agent_has(&s->b, "transfer:200"));
	assert_true(agent_has(&s->b, "ended:200"));
	assert_null(s->b.call);
	both_hear(&s->a, &s->c);
	log_clear(&s->a);
	log_clear(&s->b);
	log_clear(&s->c);
	assert_int_equal(calls_count(s->calls), 1);
	end_call(&s->a, &s->c);
	scene_run(s, 1000);
	scene_check_idle(s);
}

void transfer_attended_from_the_first_call(void **state)
{
	struct scene *s = *state;
	struct two t = consult(s, ANSWER);

	assert_int_equal(oh_call_transfer_to(t.first, t.second), 0);
	joined(s);
	assert_int_equal(scene_cdr_count(s), 2);
	transferred(s, 1, "transferred to 102 by 101; 100 hung up", "102");
	transferred(s, 0, "transferred to 100 by 101; its parties talk on", "102");
}

void transfer_attended_from_the_second_call(void **state)
{
	struct scene *s = *state;
	struct two t = consult(s, ANSWER);

	assert_int_equal(oh_call_transfer_to(t.second, t.first), 0);
	joined(s);
	transferred(s, 1, "transferred to 102 by 101; 100 hung up", "102");
}

void transfer_attended_with_both_held(void **state)
{
	struct scene *s = *state;
	struct two t = consult(s, ANSWER);

	assert_int_equal(oh_call_hold(t.second, true), 0);
	agent_wait(&s->c, "held", 2000);
	assert_int_equal(oh_call_transfer_to(t.second, t.first), 0);
	joined(s);
}

/* 101 was called twice, and called nobody. */
void transfer_attended_of_two_callers(void **state)
{
	struct scene *s = *state;
	struct oh_call *first, *second;

	held(s);
	first = s->b.call;
	agent_call(&s->c, "101");
	agent_wait(&s->c, "answered", 5000);
	second = s->b.call;
	assert_ptr_not_equal(first, second);
	scene_run(s, 1000);
	log_clear(&s->b);
	assert_int_equal(oh_call_transfer_to(first, second), 0);
	joined(s);
}

/* 101 called both. */
void transfer_attended_of_two_called(void **state)
{
	struct scene *s = *state;
	struct oh_call *first, *second;

	agents_ready(s, 3);
	talk(&s->b, &s->a, "100");
	first = s->b.call;
	talk(&s->b, &s->c, "102");
	second = s->b.call;
	assert_int_equal(oh_call_transfer_to(first, second), 0);
	joined(s);
}

void transfer_attended_with_other_codecs(void **state)
{
	struct scene *s = *state;
	struct two t;

	s->a.opt.codecs = "PCMA PCMU";
	s->c.opt.codecs = "PCMU PCMA";
	t = consult(s, ANSWER);
	assert_int_equal(oh_call_transfer_to(t.first, t.second), 0);
	joined(s);
}

void transfer_to_a_ringing_phone(void **state)
{
	struct scene *s = *state;
	struct two t = consult(s, RING);

	assert_int_equal(oh_call_transfer_to(t.first, t.second), 0);
	scene_run(s, 600);
	assert_log(&s->b, "transfer:202 transfer:100 ended:487 transfer:180");
	assert_true(oh_call_heard(s->a.call, 425, 400) > 0.8);
	assert_log(&s->c, "");
	assert_int_equal(oh_call_answer(s->c.call, &s->c.opt), 0);
	agent_wait(&s->b, "ended:200", 5000);
	both_hear(&s->a, &s->c);
	log_clear(&s->a);
	log_clear(&s->c);
	end_call(&s->a, &s->c);
	scene_run(s, 1000);
	assert_cdr(s, 0, "outcome", "cancelled");
	transferred(s, 1, "transferred to 102 by 101; 100 hung up", "102");
	scene_check_idle(s);
}

void transfer_to_a_ringing_phone_that_declines(void **state)
{
	struct scene *s = *state;
	struct two t = consult(s, RING);

	assert_int_equal(oh_call_transfer_to(t.first, t.second), 0);
	agent_wait(&s->b, "transfer:180", 3000);
	s->b.call = t.first;
	assert_int_equal(oh_call_reject(s->c.call, 603, NULL), 0);
	agent_wait(&s->b, "transfer:603", 3000);
	scene_run(s, 500);
	assert_int_equal(oh_call_hold(t.first, false), 0);
	both_hear(&s->a, &s->b);
	log_clear(&s->a);
	log_clear(&s->b);
	end_call(&s->b, &s->a);
	scene_check_idle(s);
}

/* Two calls meet that are both under way elsewhere; the phone has lost interest in the meantime. */
void transfer_attended_to_a_call_that_is_gone(void **state)
{
	struct scene *s = *state;
	struct two t = consult(s, ANSWER);

	oh_call_hangup(s->c.call);
	assert_int_equal(oh_call_transfer_to(t.first, t.second), 0);
	agent_wait(&s->b, "transfer:481", 3000);
	s->b.call = t.first;
	assert_int_equal(oh_call_hold(t.first, false), 0);
	both_hear(&s->a, &s->b);
	log_clear(&s->a);
	log_clear(&s->b);
	end_call(&s->b, &s->a);
	scene_check_idle(s);
}

/* The limit of calls counts who talks, not who has left. */
void transfer_frees_who_has_left(void **state)
{
	struct scene *s = *state;
	struct oh_call *b;

	held(s);
	extension_set(s, "101", json_pack("{s:i}", "call_limit", 1));
	extension_set(s, "102", json_pack("{s:i}", "call_limit", 1));
	s->c.mood = ANSWER;
	assert_int_equal(oh_call_transfer(s->b.call, "102"), 0);
	agent_wait(&s->b, "ended:200", 5000);
	log_clear(&s->b);
	/* 101 may call, and 102 is busy now */
	agent_call(&s->b, "102");
	agent_wait(&s->b, "ended:486", 5000);
	agent_call(&s->b, "*43");
	agent_wait(&s->b, "answered", 5000);
	b = s->b.call;
	oh_call_hangup(b);
	oh_call_hangup(s->a.call);
	scene_run(s, 1000);
	scene_check_idle(s);
}

/* Whatever feeds it, a phone gets one stream: one SSRC, each packet the next one, time as it passes. */
void transfer_keeps_the_stream(void **state)
{
	struct scene *s = *state;
	uint32_t ssrc = 0, ts = 0;
	uint16_t seq = 0;
	size_t n = 0;
	struct two t;

	s->a.again = true;
	agents_ready(s, 3);
	talk(&s->a, &s->b, "101");
	tape_start(s);
	assert_int_equal(oh_call_hold(s->b.call, true), 0);
	agent_wait(&s->b, "changed:200", 2000);
	t.first = s->b.call;
	s->c.mood = ANSWER;
	agent_call(&s->b, "102");
	t.second = s->b.call;
	agent_wait(&s->b, "answered", 5000);
	scene_run(s, 500);
	assert_int_equal(oh_call_transfer_to(t.first, t.second), 0);
	scene_run(s, 2000);
	/* and once more, with a tone between */
	s->b.mood = RING_ANSWER;
	s->b.answer_ms = 2500;
	assert_int_equal(oh_call_transfer(s->c.call, "101"), 0);
	scene_run(s, 5000);
	for (size_t i = 0; i < s->ntape; i++) {
		const struct packet *p = &s->tape[i];
		struct slice data = rbuf_slice(p->data);
		struct sa dst = address("10.0.0.11:1"), src = address(SERVER4 ":1");
		struct rtp_hdr h;

		if (is_sip(data) || !sa_eq_addr(&p->dst, &dst) || !sa_eq_addr(&p->src, &src) || sa_port(&p->src) & 1 ||
		    rtp_decode(&h, (const uint8_t *)data.p, data.l))
			continue;
		if (n++ && (h.ssrc != ssrc || h.seq != (uint16_t)(seq + 1) || (int32_t)(h.ts - ts) <= 0))
			fail_msg("packet %zu: ssrc %x after %x, seq %u after %u, ts %u after %u", n, h.ssrc, ssrc,
				 h.seq, seq, h.ts, ts);
		ssrc = h.ssrc;
		seq = h.seq;
		ts = h.ts;
	}
	if (n < 250)
		fail_msg("%zu packets", n);
	tape_stop(s);
	oh_call_hangup(s->a.call);
	scene_run(s, 2000);
	scene_check_idle(s);
}
