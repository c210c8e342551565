/*
 * secrecy.c - neither side learns anything of the other: addresses, tags, Call-ID, Via, software (topology hiding).
 */
#include "scenario.h"

static void never_on(const struct scene *s, const char *side, const char *text)
{
	struct sa a = address(side);

	for (size_t i = 0; i < s->ntape; i++) {
		const struct packet *p = &s->tape[i];
		struct slice d = rbuf_slice(p->data);

		if (is_sip(d) && (sa_eq_addr(&a, &p->src) || sa_eq_addr(&a, &p->dst)) && contains(d, text))
			fail_msg("\"%s\" is seen at %s:\n%.*s", text, side, SLICE_FMT(d));
	}
}

static void text_of(char *dst, size_t size, struct slice s)
{
	assert_true(s.l > 4);
	assert_true(slice_copy(dst, size, s));
}

void topology_is_hidden(void **state)
{
	struct scene *s = *state;
	char text[200];

	agents_ready(s, 2);
	tape_start(s);
	talk(&s->a, &s->b, "101");
	assert_int_equal(oh_call_hold(s->a.call, true), 0);
	agent_wait(&s->a, "changed:200", 2000);
	assert_int_equal(oh_call_hold(s->b.call, true), 0);
	agent_wait(&s->b, "changed:200", 2000);
	log_clear(&s->a);
	log_clear(&s->b);
	never_on(s, s->b.ip, s->a.ip);
	never_on(s, s->a.ip, s->b.ip);
	text_of(text, sizeof(text), sip_inv_callid(s->a.call->inv));
	never_on(s, s->b.ip, text);
	text_of(text, sizeof(text), sip_inv_local_tag(s->a.call->inv));
	never_on(s, s->b.ip, text);
	text_of(text, sizeof(text), sip_inv_remote_tag(s->a.call->inv));
	never_on(s, s->b.ip, text);
	text_of(text, sizeof(text), sip_inv_callid(s->b.call->inv));
	never_on(s, s->a.ip, text);
	text_of(text, sizeof(text), sip_inv_local_tag(s->b.call->inv));
	never_on(s, s->a.ip, text);
	end_call(&s->b, &s->a);
	never_on(s, s->b.ip, s->a.ip);
	never_on(s, s->a.ip, s->b.ip);
	/* sound goes through us as well */
	assert_int_equal(tape_rtp(s, s->a.ip, s->b.ip), 0);
	assert_int_equal(tape_rtp(s, s->b.ip, s->a.ip), 0);
}

/* The password itself is never on the wire. */
void password_is_never_sent(void **state)
{
	struct scene *s = *state;

	tape_start(s);
	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	end_call(&s->a, &s->b);
	for (size_t i = 0; i < s->ntape; i++)
		assert_false(contains(rbuf_slice(s->tape[i].data), PASSWORD));
}
