/*
 * inv_ext_fix.h - typed messages for the tests of the session extensions: the peer as callee of a, and as caller of b.
 */
#ifndef UNIT_SIP_INV_EXT_FIX_H
#define UNIT_SIP_INV_EXT_FIX_H

#include "inv_fix.h"
#include "wire/sip/rack.h"
#include "wire/sip/session_expires.h"

#define CONTACT    "Contact: <sip:raw@10.0.0.9>\r\n"
#define SDP        "application/sdp"
#define TEST(name) cmocka_unit_test_setup_teardown(name, ext_open, fix_close)

static UNUSED int ext_open(void **state)
{
	int err = fix_open(state);
	struct fix *f = *state;

	support(f);
	f->b.auto_ring = f->b.auto_answer = false;
	return err;
}

/** a calls the peer; the INVITE arrived. `c` may be NULL. */
static UNUSED const struct sip_msg *call_raw(struct fix *f, const char *offer, const struct sip_inv_call *more)
{
	struct sip_inv_call c = call_of(&f->raw.addr, offer);

	c.uri = SLICE("sip:raw@10.0.0.9");
	if (more) {
		c.timer = more->timer;
		c.cred = more->cred;
		c.rel100_required = more->rel100_required;
		c.rel100_off = more->rel100_off;
		c.answer_ms = more->answer_ms;
	}
	assert_int_equal(sip_inv_connect(&f->a.inv, f->a.sip, &c, &party_ops, &f->a), 0);
	run(f, 10);
	assert_non_null(raw_request(f, SIP_INVITE, 0));
	return raw_request(f, SIP_INVITE, 0);
}

/** A request of the peer within the dialog that `inv` opened. */
static UNUSED void raw_in_dialog(struct fix *f, const struct sip_msg *inv, const char *method, unsigned cseq,
				 const char *tag, const char *extra, const char *body)
{
	static unsigned branch;

	raw_send(f, &f->a.addr,
		 "%s sip:a@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKr%u\r\nMax-Forwards: 70\r\n"
		 "From: <sip:raw@10.0.0.9>;tag=%s\r\nTo: <sip:a@example.org>;tag=%.*s\r\nCall-ID: %.*s\r\nCSeq: %u "
		 "%s\r\n%s" CONTACT "Content-Length: %zu\r\n\r\n%s",
		 method, ++branch, tag, SLICE_FMT(inv->from.tag), SLICE_FMT(inv->callid), cseq, method,
		 extra ? extra : "", body ? strlen(body) : 0, body ? body : "");
	run(f, 10);
}

/** The peer calls b. */
static UNUSED void raw_invite(struct fix *f, const char *extra, const char *body)
{
	raw_send(f, &f->b.addr,
		 "INVITE sip:b@10.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKinv\r\nMax-Forwards: 70\r\n"
		 "From: <sip:raw@10.0.0.9>;tag=rt\r\nTo: <sip:b@10.0.0.2>\r\nCall-ID: rawcall\r\nCSeq: 10 "
		 "INVITE\r\n%s" CONTACT "Content-Length: %zu\r\n\r\n%s",
		 extra, strlen(body), body);
	run(f, 10);
}

/** A further request of that call, with a branch of its own unless it is an ACK to the 2xx. */
static UNUSED void raw_more(struct fix *f, const char *method, unsigned cseq, const char *extra, const char *body)
{
	static unsigned branch;
	char tag[64];

	assert_true(f->b.inv && slice_copy(tag, sizeof(tag), sip_inv_local_tag(f->b.inv)));
	raw_send(f, &f->b.addr,
		 "%s sip:b@10.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKm%u\r\nMax-Forwards: 70\r\n"
		 "From: <sip:raw@10.0.0.9>;tag=rt\r\nTo: <sip:b@10.0.0.2>;tag=%s\r\nCall-ID: rawcall\r\nCSeq: %u "
		 "%s\r\n" CONTACT "%sContent-Length: %zu\r\n\r\n%s",
		 method, ++branch, tag, cseq, method, extra ? extra : "", body ? strlen(body) : 0, body ? body : "");
	run(f, 10);
}

/** Which provisional answers and how often: how many responses with this code it saw. */
static UNUSED size_t raw_answers(const struct fix *f, uint16_t scode)
{
	size_t n = 0;

	for (size_t i = 0; i < f->raw.n; i++)
		n += !f->raw.seen[i]->req && f->raw.seen[i]->scode == scode;
	return n;
}

/** RSeq of a response. */
static UNUSED uint32_t rseq_of(const struct sip_msg *rsp)
{
	uint32_t n;

	assert_non_null(rsp);
	assert_true(sip_msg_has_token(rsp, SIP_HDR_REQUIRE, SLICE("100rel")));
	assert_int_equal(sip_rseq_decode(&n, sip_msg_val(rsp, SIP_HDR_RSEQ)), 0);
	return n;
}

/** The PRACK of the peer for a response. */
static UNUSED void raw_prack(struct fix *f, uint32_t rseq, unsigned icseq, unsigned cseq, const char *body)
{
	char line[64];

	(void)snprintf(line, sizeof(line), "RAck: %u %u INVITE\r\n", rseq, icseq);
	raw_more(f, "PRACK", cseq, line, body);
}

/** Does a message have this header line value? */
static UNUSED void assert_hdr(const struct sip_msg *m, enum sip_hdr_id id, const char *want)
{
	assert_non_null(m);
	if (!slice_eqs(sip_msg_val(m, id), want))
		fail_msg("%.*s: %.*s, not %s", SLICE_FMT(sip_hdr_name(id)), SLICE_FMT(sip_msg_val(m, id)), want);
}

static UNUSED void assert_body(const struct sip_msg *m, const char *want)
{
	assert_non_null(m);
	if (!slice_eqs(m->body, want))
		fail_msg("body %.*s, not %s", SLICE_FMT(m->body), want);
}

/* ---- losing and starving ---- */

/** Run `story` with each position and up to `at_once` packets from there lost. */
static UNUSED void each_loss(void (*story)(struct fix *f), size_t positions, size_t at_once)
{
	for (size_t from = 0; from < positions; from++) {
		for (size_t n = 1; n <= at_once; n++) {
			struct fix *f;
			void *st;

			(void)ext_open(&st);
			f = st;
			f->lose_from = from;
			f->lose_to = from + n;
			story(f);
			(void)fix_close(&st);
		}
	}
}

static UNUSED void assert_word(const struct party *p, const char *word)
{
	if (!strstr(p->log, word))
		fail_msg("no \"%s\" in \"%s\" (lost %zu to %zu)", word, p->log, p->f->lose_from, p->f->lose_to);
}

static UNUSED size_t times(const struct party *p, const char *word)
{
	size_t n = 0;

	for (const char *s = p->log; (s = strstr(s, word)); s += strlen(word))
		n++;
	return n;
}

/* After memory was out: what is left of a call ends on both sides. */
static UNUSED void ends_on_both_sides(struct fix *f)
{
	void *st = f;

	sip_inv_hangup(f->a.inv, 0, SLICE_NULL);
	sip_inv_hangup(f->b.inv, 0, SLICE_NULL);
	run(f, 100000);
	assert_word(&f->a, "closed");
	assert_word(&f->b, "closed");
	(void)fix_close(&st);
}

#endif
