/*
 * inv_raw_test.c - sessions against a peer typed by hand: forks, challenges, CSeq order, strangers, redirection,
 * repeated 2xx, a BYE that overtakes the 2xx (RFC 3261 12.2.2, 13.2.2, 14.2, 22; RFC 5407 3.1).
 */
#include "inv_fix.h"

#define TEST(name) cmocka_unit_test_setup_teardown(name, fix_open, fix_close)

#define CONTACT "Contact: <sip:raw@10.0.0.9>\r\n"

/** a calls the peer; the INVITE arrived. */
static const struct sip_msg *call_raw(struct fix *f, const char *offer, const struct sip_cred *cred)
{
	struct sip_inv_call c = call_of(&f->raw.addr, offer);

	c.uri = SLICE("sip:raw@10.0.0.9");
	c.cred = cred;
	assert_int_equal(sip_inv_connect(&f->a.inv, f->a.sip, &c, &party_ops, &f->a), 0);
	run(f, 10);
	assert_non_null(raw_request(f, SIP_INVITE, 0));
	return raw_request(f, SIP_INVITE, 0);
}

/** An established call from a to the peer. */
static const struct sip_msg *connect_raw(struct fix *f)
{
	const struct sip_msg *inv = call_raw(f, "offer", NULL);

	raw_reply(f, inv, "200 OK", "t1", CONTACT, "answer");
	run(f, 10);
	assert_log(&f->a, "answered:200=answer");
	return inv;
}

/** A request of the peer within the dialog that `inv` opened. */
static void raw_in_dialog(struct fix *f, const struct sip_msg *inv, const char *method, unsigned cseq, const char *tag,
			  const char *extra, const char *body)
{
	static unsigned branch;

	raw_send(f, &f->a.addr,
		 "%s sip:a@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKr%u\r\nMax-Forwards: 70\r\n"
		 "From: <sip:raw@10.0.0.9>;tag=%s\r\nTo: <sip:a@example.org>;tag=%.*s\r\nCall-ID: %.*s\r\nCSeq: %u "
		 "%s\r\n%s"
		 "Content-Length: %zu\r\n\r\n%s",
		 method, ++branch, tag, SLICE_FMT(inv->from.tag), SLICE_FMT(inv->callid), cseq, method,
		 extra ? extra : "", body ? strlen(body) : 0, body ? body : "");
}

/** The peer calls b. */
static void raw_invite(struct fix *f, const char *extra, const char *body)
{
	raw_send(f, &f->b.addr,
		 "INVITE sip:b@10.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKinv\r\nMax-Forwards: 70\r\n"
		 "From: <sip:raw@10.0.0.9>;tag=rt\r\nTo: <sip:b@10.0.0.2>\r\nCall-ID: rawcall\r\nCSeq: 10 "
		 "INVITE\r\n%sContent-Length: %zu\r\n\r\n%s",
		 extra, strlen(body), body);
	run(f, 100);
}

/** A further request of that call. */
static void raw_more(struct fix *f, const char *method, unsigned cseq, const char *branch, const char *totag,
		     const char *body)
{
	raw_send(f, &f->b.addr,
		 "%s sip:b@10.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK%s\r\nMax-Forwards: 70\r\n"
		 "From: <sip:raw@10.0.0.9>;tag=rt\r\nTo: <sip:b@10.0.0.2>;tag=%s\r\nCall-ID: rawcall\r\nCSeq: %u "
		 "%s\r\n" CONTACT "Content-Length: %zu\r\n\r\n%s",
		 method, branch, totag, cseq, method, strlen(body), body);
	run(f, 100);
}

/** The tag that b gave. */
static const char *tag_of_b(struct fix *f)
{
	static char tag[64];

	assert_true(f->b.inv && slice_copy(tag, sizeof(tag), sip_inv_local_tag(f->b.inv)));
	return tag;
}

/* ---- our INVITE ---- */

static void request_is_well_formed(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = call_raw(f, "offer", NULL);

	assert_true(slice_eqs(inv->ruri, "sip:raw@10.0.0.9"));
	assert_true(slice_eqs(sip_msg_val(inv, SIP_HDR_CONTACT), "<sip:a@10.0.0.1:5060>"));
	assert_true(slice_eqs(inv->from.auri, "sip:a@example.org"));
	assert_true(slice_eqs(inv->from.display, "\"A \\\"quoted\\\" name\""));
	assert_false(slice_isset(inv->to.tag));
	assert_true(sip_msg_has_token(inv, SIP_HDR_ALLOW, SLICE("INVITE")));
	assert_int_equal(inv->maxfwd, 70);
	assert_true(slice_eqs(inv->body, "offer"));
}

static void bad_arguments(void **state)
{
	struct fix *f = *state;
	struct sip_inv_call c = call_of(&f->raw.addr, "offer");

	c.from_uri = SLICE("sip:x@y>\r\nEvil: 1");
	assert_int_equal(sip_inv_connect(&f->a.inv, f->a.sip, &c, &party_ops, &f->a), EINVAL);
	c.from_uri = SLICE_NULL;
	assert_int_equal(sip_inv_connect(&f->a.inv, f->a.sip, &c, &party_ops, &f->a), EINVAL);
	c = call_of(&f->raw.addr, "offer");
	c.dest.tp = SIP_TRANSP_TLS;
	assert_int_not_equal(sip_inv_connect(&f->a.inv, f->a.sip, &c, &party_ops, &f->a), 0);
}

static void repeated_2xx_gets_the_same_ack(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = connect_raw(f);
	const struct sip_msg *ack = raw_request(f, SIP_ACK, 0);

	assert_int_equal(raw_count(f, SIP_ACK), 1);
	assert_int_equal(ack->cseq.num, inv->cseq.num);
	assert_true(slice_eqs(ack->to.tag, "t1"));
	for (int i = 0; i < 3; i++) {
		raw_reply(f, inv, "200 OK", "t1", CONTACT, "answer");
		run(f, 5000);
	}
	assert_int_equal(raw_count(f, SIP_ACK), 4);
	assert_true(slice_eq(ack->raw, raw_request(f, SIP_ACK, 3)->raw));
	assert_log(&f->a, "");
	/* after 64*T1 nobody remembers, and the call goes on */
	run(f, 40000);
	raw_reply(f, inv, "200 OK", "t1", CONTACT, "answer");
	run(f, 100);
	assert_int_equal(raw_count(f, SIP_ACK), 4);
	assert_int_equal(sip_inv_state(f->a.inv), SIP_INV_CONNECTED);
}

static void forked_progress_and_answers(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = call_raw(f, "offer", NULL), *bye;

	raw_reply(f, inv, "180 Ringing", "t1", CONTACT, NULL);
	raw_reply(f, inv, "183 Progress", "t2", CONTACT, "early-2");
	raw_reply(f, inv, "180 Ringing", "t3", CONTACT, NULL);
	run(f, 100);
	assert_log(&f->a, "progress:180 progress:183=early-2 progress:180");
	raw_reply(f, inv, "200 OK", "t2", CONTACT, "answer-2");
	run(f, 100);
	raw_reply(f, inv, "200 OK", "t1", "Contact: <sip:one@10.0.0.9>\r\n", "answer-1");
	raw_reply(f, inv, "200 OK", "t1", "Contact: <sip:one@10.0.0.9>\r\n", "answer-1");
	run(f, 100);
	assert_log(&f->a, "answered:200=answer-2");
	/* the second one: ACK twice, BYE once */
	assert_int_equal(raw_count(f, SIP_ACK), 3);
	assert_int_equal(raw_count(f, SIP_BYE), 1);
	bye = raw_request(f, SIP_BYE, 0);
	assert_true(slice_eqs(bye->to.tag, "t1"));
	assert_true(slice_eqs(bye->ruri, "sip:one@10.0.0.9"));
	assert_true(slice_eqs(raw_request(f, SIP_ACK, 0)->to.tag, "t2"));
	assert_true(slice_eqs(raw_request(f, SIP_ACK, 1)->to.tag, "t1"));
	raw_reply(f, bye, "200 OK", NULL, NULL, NULL);
	run(f, 100);
	assert_int_equal(sip_inv_state(f->a.inv), SIP_INV_CONNECTED);
	assert_true(slice_eqs(sip_inv_remote_tag(f->a.inv), "t2"));
}

static void many_branches_are_bounded(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = call_raw(f, "offer", NULL);
	char tag[16];

	for (int i = 0; i < 60; i++) {
		(void)snprintf(tag, sizeof(tag), "e%d", i);
		raw_reply(f, inv, "180 Ringing", tag, CONTACT, NULL);
	}
	run(f, 100);
	f->a.l = 0;
	raw_reply(f, inv, "486 Busy", "e59", NULL, NULL);
	run(f, 100);
	assert_log(&f->a, "closed:0:486");
}

static void redirected(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = call_raw(f, "offer", NULL);

	raw_reply(f, inv, "302 Moved", "t1", "Contact: <sip:other@10.0.0.7>\r\n", NULL);
	run(f, 100);
	assert_log(&f->a, "closed:0:302");
	assert_int_equal(raw_count(f, SIP_ACK), 1);
}

/* The other side answered and hung up at once; its 2xx comes late (RFC 5407). */
static void bye_overtakes_2xx(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = call_raw(f, "offer", NULL);

	raw_reply(f, inv, "180 Ringing", "t1", CONTACT, NULL);
	run(f, 100);
	raw_in_dialog(f, inv, "BYE", 1, "t9", NULL, NULL); /* of no branch */
	run(f, 100);
	assert_non_null(raw_response(f, 481, 0));
	raw_in_dialog(f, inv, "BYE", 2, "t1", NULL, NULL);
	run(f, 100);
	assert_int_equal(raw_response(f, 200, 0)->m, SIP_BYE);
	assert_log(&f->a, "progress:180 closed:0:200");
	raw_reply(f, inv, "200 OK", "t1", CONTACT, "answer");
	run(f, 100);
	assert_int_equal(raw_count(f, SIP_ACK), 1);
	assert_int_equal(raw_count(f, SIP_BYE), 1);
	raw_reply(f, raw_request(f, SIP_BYE, 0), "481 Gone", NULL, NULL, NULL);
	run(f, 100);
	assert_log(&f->a, "");
}

static void cancel_carries_the_reason(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = call_raw(f, "offer", NULL), *cancel;

	raw_reply(f, inv, "180 Ringing", "t1", CONTACT, NULL);
	run(f, 100);
	sip_inv_hangup(f->a.inv, 0, SLICE("SIP;cause=200;text=\"Call completed elsewhere\""));
	run(f, 100);
	cancel = raw_request(f, SIP_CANCEL, 0);
	assert_non_null(cancel);
	assert_true(slice_starts(sip_msg_val(cancel, SIP_HDR_REASON), SLICE("SIP;cause=200")));
	assert_true(slice_eq(cancel->via.branch, inv->via.branch));
	/* it never answers: given up after 64*T1 */
	raw_reply(f, cancel, "200 OK", "t1", NULL, NULL);
	run(f, 40000);
	assert_log(&f->a, "progress:180 closed:0:0");
}

/* ---- challenges ---- */

static const struct sip_cred cred = {.user = {"user", 4}, .password = {"secret", 6}};

#define CHALLENGE(nonce) "Proxy-Authenticate: Digest realm=\"r\", nonce=\"" nonce "\", algorithm=MD5, qop=\"auth\"\r\n"

static void challenged(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = call_raw(f, "offer", &cred), *again;

	raw_reply(f, inv, "407 Auth", "x", CHALLENGE("n1"), NULL);
	run(f, 100);
	again = raw_request(f, SIP_INVITE, 1);
	assert_non_null(again);
	assert_int_equal(again->cseq.num, inv->cseq.num + 1);
	assert_true(slice_eq(again->callid, inv->callid));
	assert_true(slice_eq(again->from.tag, inv->from.tag));
	assert_false(slice_isset(again->to.tag));
	assert_non_null(sip_msg_hdr(again, SIP_HDR_PROXY_AUTHORIZATION));
	raw_reply(f, again, "200 OK", "t1", CONTACT, "answer");
	run(f, 100);
	assert_log(&f->a, "answered:200=answer");
	/* the ACK repeats the credentials (13.2.2.4) */
	assert_true(slice_eq(sip_msg_val(raw_request(f, SIP_ACK, 1), SIP_HDR_PROXY_AUTHORIZATION),
			     sip_msg_val(again, SIP_HDR_PROXY_AUTHORIZATION)));
	/* the BYE is challenged anew */
	sip_inv_hangup(f->a.inv, 0, SLICE("Q.850;cause=16"));
	run(f, 100);
	raw_reply(f, raw_request(f, SIP_BYE, 0), "407 Auth", NULL, CHALLENGE("n2"), NULL);
	run(f, 100);
	assert_int_equal(raw_count(f, SIP_BYE), 2);
	assert_true(slice_eqs(sip_msg_val(raw_request(f, SIP_BYE, 1), SIP_HDR_REASON), "Q.850;cause=16"));
	assert_log(&f->a, "");
	raw_reply(f, raw_request(f, SIP_BYE, 1), "200 OK", NULL, NULL, NULL);
	run(f, 100);
	assert_log(&f->a, "closed:0:0");
}

static void wrong_password(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = call_raw(f, "offer", &cred);

	raw_reply(f, inv, "407 Auth", "x", CHALLENGE("n1"), NULL);
	run(f, 100);
	raw_reply(f, raw_request(f, SIP_INVITE, 1), "407 Auth", "x", CHALLENGE("n1"), NULL);
	run(f, 100);
	assert_int_equal(raw_count(f, SIP_INVITE), 2);
	assert_log(&f->a, "closed:0:407");
}

/* A server that challenges for ever with new nonces is not asked for ever. */
static void endless_challenges(void **state)
{
	struct fix *f = *state;
	char hdr[200];

	(void)call_raw(f, "offer", &cred);
	for (size_t i = 0; i < 20 && raw_request(f, SIP_INVITE, i); i++) {
		(void)snprintf(hdr, sizeof(hdr),
			       "Proxy-Authenticate: Digest realm=\"r\", nonce=\"n%zu\", stale=true, qop=\"auth\"\r\n",
			       i);
		raw_reply(f, raw_request(f, SIP_INVITE, i), "407 Auth", "x", hdr, NULL);
		run(f, 100);
	}
	assert_true(raw_count(f, SIP_INVITE) <= 6);
	assert_log(&f->a, "closed:0:407");
}

static void no_credentials(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = call_raw(f, "offer", NULL);

	raw_reply(f, inv, "407 Auth", "x", CHALLENGE("n1"), NULL);
	run(f, 100);
	assert_log(&f->a, "closed:0:407");
}

/* ---- in the dialog ---- */

static void strangers_get_481(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = connect_raw(f);
	struct sip_msg *other;
	struct sip_msg_err e;
	char txt[3000];

	raw_in_dialog(f, inv, "BYE", 5, "wrong", NULL, NULL);
	run(f, 100);
	assert_non_null(raw_response(f, 481, 0));
	raw_in_dialog(f, inv, "INVITE", 5, "T1", CONTACT, "x"); /* tags are compared as they are */
	run(f, 100);
	assert_non_null(raw_response(f, 481, 1));
	/* right tags, another Call-ID */
	(void)slice_copy(txt, sizeof(txt), inv->raw);
	assert_int_equal(sip_msg_decode(&other, txt, strlen(txt), &e), 0);
	other->callid = SLICE("guessed");
	raw_in_dialog(f, other, "BYE", 5, "t1", NULL, NULL);
	mem_deref(other);
	run(f, 100);
	assert_non_null(raw_response(f, 481, 2));
	assert_log(&f->a, "");
	raw_in_dialog(f, inv, "BYE", 5, "t1", NULL, NULL);
	run(f, 100);
	assert_log(&f->a, "closed:0:200");
	/* and a second one finds it closed */
	raw_in_dialog(f, inv, "BYE", 6, "t1", NULL, NULL);
	run(f, 100);
	assert_non_null(raw_response(f, 481, 3));
}

static void cseq_order(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = connect_raw(f);

	raw_in_dialog(f, inv, "INFO", 100, "t1", NULL, NULL);
	run(f, 100);
	raw_in_dialog(f, inv, "INFO", 99, "t1", NULL, NULL);
	run(f, 100);
	assert_non_null(raw_response(f, 500, 0));
	raw_in_dialog(f, inv, "INFO", 200, "t1", NULL, NULL); /* gaps are fine */
	run(f, 100);
	raw_in_dialog(f, inv, "BYE", 150, "t1", NULL, NULL);
	run(f, 100);
	assert_non_null(raw_response(f, 500, 1));
	assert_log(&f->a, "request:INFO request:INFO");
}

static void invite_while_one_is_open(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = connect_raw(f), *rsp;

	f->a.auto_reanswer = false;
	raw_in_dialog(f, inv, "INVITE", 1, "t1", CONTACT, "x");
	run(f, 100);
	raw_in_dialog(f, inv, "INVITE", 2, "t1", CONTACT, "y");
	run(f, 100);
	assert_log(&f->a, "reoffer=x");
	rsp = raw_response(f, 500, 0);
	assert_non_null(rsp);
	assert_true(sip_msg_val(rsp, SIP_HDR_RETRY_AFTER).l > 0);
}

static void invite_meets_ours(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = connect_raw(f);

	assert_int_equal(sip_inv_reinvite(f->a.inv, SLICE_NULL, SLICE("application/sdp"), SLICE("x")), 0);
	run(f, 100);
	raw_in_dialog(f, inv, "INVITE", 1, "t1", CONTACT, "y");
	run(f, 100);
	assert_non_null(raw_response(f, 491, 0));
	assert_log(&f->a, "");
}

/** The INVITE with this number, or NULL. */
static const struct sip_msg *invite_no(const struct fix *f, uint32_t cseq)
{
	const struct sip_msg *m;

	for (size_t n = 0; (m = raw_request(f, SIP_INVITE, n)); n++)
		if (m->cseq.num == cseq)
			return m;
	return NULL;
}

/* It refuses with 491 for ever: reported the third time. */
static void glare_without_end(void **state)
{
	struct fix *f = *state;
	uint32_t cseq = connect_raw(f)->cseq.num;

	assert_int_equal(sip_inv_reinvite(f->a.inv, SLICE_NULL, SLICE("application/sdp"), SLICE("x")), 0);
	for (uint32_t i = 1; i < 4; i++) {
		run(f, 100);
		assert_non_null(invite_no(f, cseq + i));
		raw_reply(f, invite_no(f, cseq + i), "491 Pending", NULL, NULL, NULL);
		run(f, 2090); /* we own the Call-ID: 2.1 s at least */
		assert_null(invite_no(f, cseq + i + 1));
		run(f, 1911);
	}
	assert_null(invite_no(f, cseq + 4));
	assert_log(&f->a, "reanswered:491");
	assert_int_equal(sip_inv_state(f->a.inv), SIP_INV_CONNECTED);
}

/* ---- their INVITE ---- */

static void answers_are_well_formed(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *ringing, *ok;

	raw_invite(f, CONTACT "Record-Route: <sip:10.0.0.8;lr>\r\n", "offer");
	ringing = raw_response(f, 180, 0);
	ok = raw_response(f, 200, 0);
	assert_non_null(ringing);
	assert_non_null(ok);
	assert_true(slice_eqs(sip_msg_val(ringing, SIP_HDR_RECORD_ROUTE), "<sip:10.0.0.8;lr>"));
	assert_true(slice_eqs(sip_msg_val(ok, SIP_HDR_RECORD_ROUTE), "<sip:10.0.0.8;lr>"));
	assert_true(slice_starts(sip_msg_val(ok, SIP_HDR_CONTACT), SLICE("<sip:callee@10.0.0.2")));
	assert_true(slice_eq(ringing->to.tag, ok->to.tag));
	assert_true(slice_eqs(ok->body, "sdp-b"));
	assert_true(sip_msg_has_token(ok, SIP_HDR_ALLOW, SLICE("INFO")));
}

static void invite_without_contact(void **state)
{
	struct fix *f = *state;

	raw_invite(f, "", "offer");
	assert_int_equal(f->b.accept_err, ERR_SYNTAX);
	assert_null(f->b.inv);
}

static void bye_in_early_dialog(void **state)
{
	struct fix *f = *state;

	f->b.auto_answer = false;
	raw_invite(f, CONTACT, "offer");
	raw_more(f, "BYE", 11, "bye", tag_of_b(f), "");
	assert_int_equal(raw_response(f, 200, 0)->m, SIP_BYE);
	assert_int_equal(raw_response(f, 487, 0)->m, SIP_INVITE);
	assert_log(&f->b, "invite=offer closed:0:487");
}

static void second_invite_before_the_answer(void **state)
{
	struct fix *f = *state;

	f->b.auto_answer = false;
	raw_invite(f, CONTACT, "offer");
	raw_more(f, "INVITE", 11, "inv2", tag_of_b(f), "x");
	assert_non_null(raw_response(f, 500, 0));
	assert_true(sip_msg_val(raw_response(f, 500, 0), SIP_HDR_RETRY_AFTER).l > 0);
	assert_log(&f->b, "invite=offer");
}

/* The ACK was lost, the next offer comes: served, and the old 2xx goes on until its own ACK. */
static void reinvite_before_the_ack(void **state)
{
	struct fix *f = *state;

	raw_invite(f, CONTACT, "offer");
	raw_more(f, "INVITE", 11, "inv2", tag_of_b(f), "hold");
	assert_log(&f->b, "invite=offer reoffer=hold");
	raw_more(f, "ACK", 11, "ack2", tag_of_b(f), "");
	raw_more(f, "ACK", 10, "ack1", tag_of_b(f), "");
	assert_log(&f->b, "acked acked");
	assert_true(sip_inv_can_offer(f->b.inv));
}

static void offer_in_our_2xx_is_open(void **state)
{
	struct fix *f = *state;

	raw_invite(f, CONTACT, "");
	raw_more(f, "INVITE", 11, "inv2", tag_of_b(f), "hold");
	assert_non_null(raw_response(f, 491, 0));
	raw_more(f, "ACK", 10, "ack1", tag_of_b(f), "answer");
	assert_log(&f->b, "invite acked=answer");
	raw_more(f, "ACK", 10, "ack1", tag_of_b(f), "answer");
	assert_log(&f->b, "");
}

static void ack_of_a_stranger(void **state)
{
	struct fix *f = *state;

	raw_invite(f, CONTACT, "offer");
	raw_more(f, "ACK", 10, "ack1", "wrong", "");
	raw_more(f, "ACK", 9, "ack1", tag_of_b(f), "");
	assert_log(&f->b, "invite=offer");
	raw_more(f, "ACK", 10, "ack1", tag_of_b(f), "");
	assert_log(&f->b, "acked");
}

static void expires(void **state)
{
	struct fix *f = *state;

	f->b.auto_answer = false;
	raw_invite(f, CONTACT "Expires: 20\r\n", "offer");
	run(f, 19000);
	assert_null(raw_response(f, 487, 0));
	run(f, 1500);
	assert_non_null(raw_response(f, 487, 0));
	assert_log(&f->b, "invite=offer closed:0:487");
}

static void cancelled_reinvite(void **state)
{
	struct fix *f = *state;

	f->b.auto_reanswer = false;
	raw_invite(f, CONTACT, "offer");
	raw_more(f, "ACK", 10, "ack1", tag_of_b(f), "");
	raw_more(f, "INVITE", 11, "inv2", tag_of_b(f), "x");
	raw_more(f, "CANCEL", 11, "inv2", tag_of_b(f), "");
	assert_non_null(raw_response(f, 487, 0));
	assert_log(&f->b, "invite=offer acked reoffer=x gone");
	assert_int_equal(sip_inv_reply_answer(f->b.inv, SLICE_NULL, SLICE("x")), ERR_STATE);
	assert_true(sip_inv_can_offer(f->b.inv));
}

/* 2xx are repeated at T1, doubling up to T2, for 64*T1; then BYE. */
static void answer_repeated(void **state)
{
	struct fix *f = *state;
	size_t n = 0;

	raw_invite(f, CONTACT, "offer");
	run(f, 40000);
	for (; raw_response(f, 200, n); n++)
		;
	assert_int_equal(n, 1 + 10); /* 0.5 1.5 3.5 7.5 11.5 15.5 19.5 23.5 27.5 31.5 s */
	assert_true(raw_count(f, SIP_BYE) >= 1);
	assert_log(&f->b, "invite=offer closed:timed out:408");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(request_is_well_formed),
		TEST(bad_arguments),
		TEST(repeated_2xx_gets_the_same_ack),
		TEST(forked_progress_and_answers),
		TEST(many_branches_are_bounded),
		TEST(redirected),
		TEST(bye_overtakes_2xx),
		TEST(cancel_carries_the_reason),
		TEST(challenged),
		TEST(wrong_password),
		TEST(endless_challenges),
		TEST(no_credentials),
		TEST(strangers_get_481),
		TEST(cseq_order),
		TEST(invite_while_one_is_open),
		TEST(invite_meets_ours),
		TEST(glare_without_end),
		TEST(answers_are_well_formed),
		TEST(invite_without_contact),
		TEST(bye_in_early_dialog),
		TEST(second_invite_before_the_answer),
		TEST(reinvite_before_the_ack),
		TEST(offer_in_our_2xx_is_open),
		TEST(ack_of_a_stranger),
		TEST(expires),
		TEST(cancelled_reinvite),
		TEST(answer_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
