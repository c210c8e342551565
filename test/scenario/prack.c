/*
 * prack.c - early media that does not get lost, and changes before the answer (RFC 3262, RFC 3311), by each transport.
 */
#include "scenario.h"

/* a calls 101, who plays something before the answer. */
static void early(struct scene *s)
{
	s->b.mood = EARLY;
	s->b.answer_ms = 8000;
	agent_call(&s->a, "101");
	agent_wait(&s->a, "early:183", 5000);
}

static void answered(struct scene *s)
{
	agent_wait(&s->a, "answered", 15000);
	scene_run(s, 1500);
	assert_hears(&s->a, &s->b);
	assert_hears(&s->b, &s->a);
	log_clear(&s->a);
	log_clear(&s->b);
	end_call(&s->a, &s->b);
	scene_check_idle(s);
}

void prack_early_media(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	tape_start(s);
	early(s);
	scene_run(s, 2000);
	assert_hears(&s->a, &s->b);
	assert_int_equal(tape_count(s, s->a.ip, SERVER4, "PRACK"), 1);
	assert_int_equal(tape_count(s, SERVER4, s->b.ip, "PRACK"), 1);
	assert_true(contains(tape_find(s, SERVER4, s->a.ip, "SIP/2.0 183", 0), "Require: 100rel"));
	/* each side counts for itself */
	assert_false(contains(tape_find(s, SERVER4, s->a.ip, "SIP/2.0 183", 0), s->b.ip));
	tape_stop(s);
	answered(s);
}

static void by(struct scene *s, enum oh_transport x, enum oh_transport y)
{
	agent_open(s, &s->a, "100", "10.0.0.11", x);
	agent_open(s, &s->b, "101", "10.0.0.12", y);
	agent_register(&s->a);
	agent_register(&s->b);
	tones(s);
	early(s);
	answered(s);
}

void prack_by_tcp(void **state)
{
	by(*state, OH_TCP, OH_TCP);
}

void prack_by_tls(void **state)
{
	by(*state, OH_TLS, OH_TLS);
}

void prack_by_udp_and_tcp(void **state)
{
	by(*state, OH_UDP, OH_TCP);
}

void prack_answers_lost(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	lose(s, "SIP/2.0 183", 0, 3);
	early(s);
	answered(s);
}

void prack_lost(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	lose(s, "PRACK", 0, 4);
	early(s);
	answered(s);
}

/* Held while it rings: the phone that rings hears of it, and of the end of it. */
void update_before_the_answer(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	early(s);
	scene_run(s, 500);
	tape_start(s);
	assert_int_equal(oh_call_hold(s->a.call, true), 0);
	agent_wait(&s->a, "changed:200", 2000);
	agent_wait(&s->b, "held", 2000);
	assert_hears_not(&s->a, &s->b);
	assert_int_equal(oh_call_hold(s->a.call, false), 0);
	agent_wait(&s->b, "resumed", 2000);
	assert_int_equal(tape_count(s, s->a.ip, SERVER4, "UPDATE"), 2);
	assert_int_equal(tape_count(s, SERVER4, s->b.ip, "UPDATE"), 2);
	tape_stop(s);
	answered(s);
}

/* A caller that requires what nobody knows is told so; what is known is honoured. */
void prack_with_an_unknown_extension(void **state)
{
	struct scene *s = *state;
	struct typed t;

	typed_open(s, &t, "10.0.0.50:5060");
	typed_send(&t, "INVITE sip:101@10.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.50;branch=z9hG4bKx\nMax-Forwards: 70\n"
		       "From: <sip:100@10.0.0.1>;tag=x\nTo: <sip:101@10.0.0.1>\nCall-ID: ext1\nCSeq: 1 INVITE\n"
		       "Require: 100rel, nonsense\nContact: <sip:100@10.0.0.50>\nContent-Length: 0\n\n");
	scene_run(s, 100);
	assert_string_equal(typed_codes(&t), "420");
	assert_true(slice_eqs(sip_msg_val(typed_last(&t), SIP_HDR_UNSUPPORTED), "nonsense"));
	typed_send(&t, "PRACK sip:101@10.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.50;branch=z9hG4bKy\nMax-Forwards: 70\n"
		       "From: <sip:100@10.0.0.1>;tag=x\nTo: <sip:101@10.0.0.1>;tag=y\nCall-ID: ext1\nCSeq: 2 PRACK\n"
		       "RAck: 1 1 INVITE\nContent-Length: 0\n\n");
	scene_run(s, 100);
	assert_string_equal(typed_codes(&t), "420 481");
	typed_close(&t);
}
