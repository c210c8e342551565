/*
 * inv_update_test.c - UPDATE (RFC 3311): before and after the answer, with and without a description, glare,
 * challenges, loss and lack of memory.
 */
#include "inv_ext_fix.h"

#define REL(n)  "Require: 100rel\r\nRSeq: " #n "\r\n" CONTACT
#define ALLOW   "Allow: INVITE, ACK, BYE, CANCEL, PRACK, UPDATE\r\n"
#define RELCALL "Supported: 100rel\r\n" ALLOW

/** The peer is called and has answered reliably: the first exchange is over. */
static const struct sip_msg *early_raw(struct fix *f, const struct sip_inv_call *more)
{
	const struct sip_msg *inv = call_raw(f, "offer", more);

	raw_reply(f, inv, "183 Progress", "t1", REL(1) ALLOW, "answer");
	run(f, 10);
	raw_reply(f, raw_request(f, SIP_PRACK, 0), "200 OK", NULL, NULL, NULL);
	run(f, 10);
	assert_log(&f->a, "progress:183=answer");
	return inv;
}

/** A call from a to the peer that is up. */
static const struct sip_msg *up_raw(struct fix *f, const struct sip_inv_call *more)
{
	const struct sip_msg *inv = call_raw(f, "offer", more);

	raw_reply(f, inv, "200 OK", "t1", CONTACT ALLOW, "answer");
	run(f, 10);
	assert_log(&f->a, "answered:200=answer");
	return inv;
}

/** The peer calls b, which has answered reliably, and was told so. */
static void early_b(struct fix *f)
{
	uint32_t n;

	raw_invite(f, RELCALL, "offer");
	assert_int_equal(sip_inv_progress(f->b.inv, 183, SLICE_NULL, SLICE(SDP), SLICE("early")), 0);
	run(f, 10);
	n = rseq_of(raw_response(f, 183, 0));
	raw_prack(f, n, 10, 11, NULL);
	assert_log(&f->b, "invite=offer");
}

static void end_a(struct fix *f, const struct sip_msg *inv, unsigned cseq)
{
	raw_in_dialog(f, inv, "BYE", cseq, "t1", NULL, NULL);
	run(f, 10);
	f->a.l = 0;
}

static int offer(struct party *p, const char *sdp)
{
	return sip_inv_reinvite(p->inv, SLICE_NULL, SLICE(SDP), text(sdp));
}

/* ---- theirs ---- */

static void without_a_description(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = up_raw(f, NULL), *ok;

	raw_in_dialog(f, inv, "UPDATE", 5, "t1", ALLOW "P-Asserted-Identity: <sip:x@y>\r\n", NULL);
	ok = raw_response(f, 200, 0);
	assert_int_equal(ok->m, SIP_UPDATE);
	assert_non_null(sip_msg_hdr(ok, SIP_HDR_CONTACT));
	assert_true(sip_msg_has_token(ok, SIP_HDR_ALLOW, SLICE("UPDATE")));
	assert_log(&f->a, "updated");
	end_a(f, inv, 6);
}

static void with_an_offer(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = up_raw(f, NULL);

	raw_in_dialog(f, inv, "UPDATE", 5, "t1", NULL, "their-offer");
	assert_log(&f->a, "update=their-offer");
	assert_body(raw_response(f, 200, 0), "sdp-a");
	assert_int_equal(raw_count(f, SIP_ACK), 1); /* of the first INVITE only */
	end_a(f, inv, 6);
}

static void refused(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = up_raw(f, NULL);

	f->a.auto_reanswer = false;
	raw_in_dialog(f, inv, "UPDATE", 5, "t1", NULL, "their-offer");
	assert_int_equal(sip_inv_reply_reject(f->a.inv, 200, SLICE_NULL), EINVAL);
	assert_int_equal(sip_inv_reply_reject(f->a.inv, 488, SLICE_NULL), 0);
	assert_int_equal(sip_inv_reply_reject(f->a.inv, 488, SLICE_NULL), ERR_STATE);
	run(f, 10);
	assert_non_null(raw_response(f, 488, 0));
	assert_true(sip_inv_can_offer(f->a.inv));
	f->a.l = 0;
	end_a(f, inv, 6);
}

/* The user takes its time; another one meanwhile is told to wait; at last it is too late (RFC 3311 5.2). */
static void answered_too_late(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = up_raw(f, NULL);

	f->a.auto_reanswer = false;
	raw_in_dialog(f, inv, "UPDATE", 5, "t1", NULL, "one");
	raw_in_dialog(f, inv, "UPDATE", 6, "t1", NULL, "two");
	assert_non_null(sip_msg_hdr(raw_response(f, 500, 0), SIP_HDR_RETRY_AFTER));
	raw_in_dialog(f, inv, "UPDATE", 7, "t1", NULL, NULL);
	assert_non_null(sip_msg_hdr(raw_response(f, 500, 1), SIP_HDR_RETRY_AFTER));
	raw_in_dialog(f, inv, "INVITE", 8, "t1", NULL, "three");
	assert_non_null(sip_msg_hdr(raw_response(f, 500, 2), SIP_HDR_RETRY_AFTER));
	raw_in_dialog(f, inv, "ACK", 8, "t1", NULL, NULL);
	assert_false(sip_inv_can_offer(f->a.inv));
	assert_int_equal(offer(&f->a, "mine"), ERR_STATE);
	run(f, 21000);
	assert_non_null(raw_response(f, 504, 0));
	assert_log(&f->a, "update=one gone");
	assert_int_equal(sip_inv_reply_answer(f->a.inv, SLICE(SDP), SLICE("x")), ERR_STATE);
	assert_true(sip_inv_can_offer(f->a.inv));
	end_a(f, inv, 9);
}

static void meets_our_reinvite(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = up_raw(f, NULL);

	assert_int_equal(offer(&f->a, "mine"), 0);
	run(f, 10);
	raw_in_dialog(f, inv, "UPDATE", 5, "t1", NULL, "theirs");
	assert_non_null(raw_response(f, 491, 0));
	raw_in_dialog(f, inv, "UPDATE", 6, "t1", NULL, NULL); /* offers nothing: fine */
	assert_log(&f->a, "updated");
	raw_reply(f, raw_request(f, SIP_INVITE, 1), "200 OK", NULL, CONTACT, "answer-2");
	run(f, 10);
	assert_log(&f->a, "reanswered:200=answer-2");
	end_a(f, inv, 7);
}

static void before_the_answer(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = early_raw(f, NULL);

	raw_in_dialog(f, inv, "UPDATE", 5, "t1", NULL, "moved");
	assert_log(&f->a, "update=moved");
	assert_body(raw_response(f, 200, 0), "sdp-a");
	raw_in_dialog(f, inv, "UPDATE", 4, "t1", NULL, "old");
	assert_non_null(raw_response(f, 500, 0));
	/* what was agreed on last counts */
	raw_reply(f, inv, "200 OK", "t1", CONTACT, NULL);
	run(f, 10);
	assert_log(&f->a, "answered:200=moved");
	raw_in_dialog(f, inv, "INFO", 4, "t1", NULL, NULL); /* the order of CSeq goes on */
	assert_non_null(raw_response(f, 500, 1));
	end_a(f, inv, 6);
}

static void before_anything_is_agreed(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = call_raw(f, "offer", NULL);

	raw_reply(f, inv, "180 Ringing", "t1", CONTACT ALLOW, NULL);
	run(f, 10);
	raw_in_dialog(f, inv, "UPDATE", 5, "t1", NULL, "early"); /* our offer is open */
	assert_non_null(raw_response(f, 491, 0));
	raw_in_dialog(f, inv, "UPDATE", 6, "t1", NULL, NULL); /* who it is may be told */
	assert_log(&f->a, "progress:180 updated");
	raw_in_dialog(f, inv, "UPDATE", 7, "nobody", NULL, NULL);
	assert_non_null(raw_response(f, 481, 0));
	raw_reply(f, inv, "486 Busy", "t1", NULL, NULL);
	run(f, 10);
}

/* Two early dialogs, both agreed on: which of them will win is not known. */
static void in_one_of_two_early_dialogs(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = early_raw(f, NULL);

	raw_reply(f, inv, "183 Progress", "t2", REL(50) ALLOW, "answer-2");
	run(f, 10);
	raw_reply(f, raw_request(f, SIP_PRACK, 1), "200 OK", NULL, NULL, NULL);
	raw_in_dialog(f, inv, "UPDATE", 5, "t1", NULL, "moved");
	assert_non_null(raw_response(f, 500, 0));
	assert_false(sip_inv_can_offer(f->a.inv));
	assert_int_equal(sip_inv_update(f->a.inv, SLICE_NULL), ERR_STATE);
	raw_reply(f, inv, "486 Busy", "t1", NULL, NULL);
	run(f, 10);
}

static void of_the_caller_before_our_answer(void **state)
{
	struct fix *f = *state;

	raw_invite(f, RELCALL, "offer");
	raw_more(f, "UPDATE", 11, NULL, "too-early"); /* its offer is open */
	assert_non_null(sip_msg_hdr(raw_response(f, 500, 0), SIP_HDR_RETRY_AFTER));
	assert_int_equal(sip_inv_progress(f->b.inv, 183, SLICE_NULL, SLICE(SDP), SLICE("early")), 0);
	raw_more(f, "UPDATE", 12, NULL, "moved");
	assert_log(&f->b, "invite=offer update=moved");
	assert_body(raw_response(f, 200, 0), "sdp-b");
	raw_prack(f, rseq_of(raw_response(f, 183, 0)), 10, 13, NULL);
	assert_int_equal(sip_inv_answer(f->b.inv, SLICE_NULL, SLICE_NULL, SLICE_NULL), 0);
	run(f, 10);
	raw_more(f, "ACK", 10, NULL, NULL);
	raw_more(f, "BYE", 14, NULL, NULL);
	assert_log(&f->b, "acked closed:0:200");
}

/* ---- ours ---- */

static void tells_who_it_is(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = up_raw(f, NULL), *u;

	assert_true(sip_inv_peer_allows(f->a.inv, SIP_UPDATE));
	assert_false(sip_inv_peer_allows(f->a.inv, SIP_REFER));
	assert_int_equal(sip_inv_update(f->a.inv, SLICE("Subject: x\r\n")), 0);
	run(f, 10);
	u = raw_request(f, SIP_UPDATE, 0);
	assert_hdr(u, SIP_HDR_SUBJECT, "x");
	assert_non_null(sip_msg_hdr(u, SIP_HDR_CONTACT));
	assert_true(sip_msg_has_token(u, SIP_HDR_SUPPORTED, SLICE("timer")));
	raw_reply(f, u, "200 OK", NULL, CONTACT, NULL);
	run(f, 10);
	assert_log(&f->a, "updated:200");
	end_a(f, inv, 5);
}

static void not_taken_by_the_peer(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = call_raw(f, "offer", NULL);

	raw_reply(f, inv, "200 OK", "t1", CONTACT "Allow: INVITE, ACK, BYE\r\n", "answer");
	run(f, 10);
	assert_int_equal(sip_inv_update(f->a.inv, SLICE_NULL), ENOTSUP);
	f->a.l = 0;
	end_a(f, inv, 5);
}

static void our_offer_before_the_answer(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = early_raw(f, NULL), *u;

	assert_true(sip_inv_can_offer(f->a.inv));
	assert_int_equal(sip_inv_reinvite(f->a.inv, SLICE_NULL, SLICE_NULL, SLICE_NULL), ERR_STATE);
	assert_int_equal(offer(&f->a, "hold"), 0);
	assert_false(sip_inv_can_offer(f->a.inv));
	run(f, 10);
	u = raw_request(f, SIP_UPDATE, 0);
	assert_body(u, "hold");
	assert_true(slice_eqs(u->to.tag, "t1"));
	raw_in_dialog(f, inv, "UPDATE", 5, "t1", NULL, "theirs"); /* glare */
	assert_non_null(raw_response(f, 491, 0));
	raw_reply(f, u, "200 OK", NULL, CONTACT, "held");
	run(f, 10);
	assert_log(&f->a, "reanswered:200=held");
	raw_reply(f, inv, "200 OK", "t1", CONTACT, NULL);
	run(f, 10);
	assert_log(&f->a, "answered:200=held");
	end_a(f, inv, 6);
}

/* 491: theirs is served first, then ours is sent as it should be by then. */
static void glare(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = early_raw(f, NULL);

	f->a.renew = true;
	assert_int_equal(offer(&f->a, "mine"), 0);
	run(f, 10);
	raw_reply(f, raw_request(f, SIP_UPDATE, 0), "491 Pending", NULL, NULL, NULL);
	run(f, 10);
	assert_false(sip_inv_can_offer(f->a.inv));
	raw_in_dialog(f, inv, "UPDATE", 5, "t1", NULL, "theirs");
	assert_log(&f->a, "update=theirs");
	run(f, 2000);
	assert_int_equal(raw_count(f, SIP_UPDATE), 1); /* the owner of the Call-ID waits 2.1 s or more */
	run(f, 2100);
	assert_log(&f->a, "renew");
	assert_body(raw_request(f, SIP_UPDATE, 1), "renewed");
	raw_reply(f, raw_request(f, SIP_UPDATE, 1), "488 No", NULL, NULL, NULL);
	run(f, 10);
	assert_log(&f->a, "reanswered:488");
	raw_reply(f, inv, "486 Busy", "t1", NULL, NULL);
	run(f, 10);
}

static void challenged(void **state)
{
	static const struct sip_cred cred = {.user = {"user", 4}, .password = {"secret", 6}};
	struct fix *f = *state;
	const struct sip_msg *inv = up_raw(f, &(struct sip_inv_call){.cred = &cred});

	assert_int_equal(sip_inv_update(f->a.inv, SLICE_NULL), 0);
	run(f, 10);
	raw_reply(f, raw_request(f, SIP_UPDATE, 0), "401 Auth", NULL,
		  "WWW-Authenticate: Digest realm=\"r\", nonce=\"n1\", algorithm=MD5, qop=\"auth\"\r\n", NULL);
	run(f, 10);
	assert_non_null(sip_msg_hdr(raw_request(f, SIP_UPDATE, 1), SIP_HDR_AUTHORIZATION));
	raw_reply(f, raw_request(f, SIP_UPDATE, 1), "200 OK", NULL, NULL, NULL);
	run(f, 10);
	assert_log(&f->a, "updated:200");
	end_a(f, inv, 5);
}

static void the_dialog_is_gone(void **state)
{
	struct fix *f = *state;

	(void)up_raw(f, NULL);
	assert_int_equal(sip_inv_update(f->a.inv, SLICE_NULL), 0);
	run(f, 10);
	raw_reply(f, raw_request(f, SIP_UPDATE, 0), "481 Gone", NULL, NULL, NULL);
	run(f, 10);
	assert_log(&f->a, "closed:0:481");
}

static void of_the_callee_before_its_answer(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *u;

	early_b(f);
	assert_int_equal(offer(&f->b, "announcement"), 0);
	run(f, 10);
	u = raw_request(f, SIP_UPDATE, 0);
	assert_body(u, "announcement");
	raw_reply(f, u, "200 OK", NULL, CONTACT, "fine");
	run(f, 10);
	assert_log(&f->b, "reanswered:200=fine");
	assert_int_equal(sip_inv_reject(f->b.inv, 486, SLICE_NULL, SLICE_NULL), 0);
	run(f, 10);
}

/* ---- looking for sessions ---- */

static void found_by_its_names(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = early_raw(f, NULL);
	struct slice callid = sip_inv_callid(f->a.inv), tag = sip_inv_local_tag(f->a.inv);
	struct slice their = SLICE("t1");

	assert_ptr_equal(sip_inv_find(f->a.sip, callid, tag, their), f->a.inv);
	assert_null(sip_inv_find(f->a.sip, callid, tag, SLICE("t2")));
	assert_null(sip_inv_find(f->a.sip, SLICE("other"), tag, their));
	assert_null(sip_inv_find(f->a.sip, callid, their, tag));
	assert_ptr_equal(sip_inv_arg(f->a.inv), &f->a);
	assert_ptr_equal(sip_inv_user_ops(f->a.inv), &party_ops);
	raw_reply(f, inv, "200 OK", "t1", CONTACT "Supported: replaces, timer\r\n", NULL);
	run(f, 10);
	assert_ptr_equal(sip_inv_find(f->a.sip, sip_inv_callid(f->a.inv), sip_inv_local_tag(f->a.inv), their),
			 f->a.inv);
	assert_true(sip_inv_peer_supports(f->a.inv, "replaces"));
	assert_false(sip_inv_peer_supports(f->a.inv, "100rel"));
	assert_false(sip_inv_peer_supports(f->a.inv, "nonsense"));
	f->a.l = 0;
	end_a(f, inv, 5);
}

/* ---- both ---- */

static void changed_before_the_answer(struct fix *f)
{
	struct sip_inv_call c = call_of(&f->b.addr, "offer");

	c.rel100_required = true;
	assert_int_equal(sip_inv_connect(&f->a.inv, f->a.sip, &c, &party_ops, &f->a), 0);
	run(f, 10000);
	assert_int_equal(sip_inv_progress(f->b.inv, 183, SLICE_NULL, SLICE(SDP), SLICE("early")), 0);
	run(f, 20000);
	assert_int_equal(offer(&f->a, "change-a"), 0);
	run(f, 20000);
	assert_int_equal(offer(&f->b, "change-b"), 0);
	run(f, 20000);
	assert_int_equal(sip_inv_answer(f->b.inv, SLICE_NULL, SLICE(SDP), SLICE("early")), 0);
	run(f, 20000);
	assert_word(&f->b, "update=change-a");
	assert_word(&f->a, "reanswered:200=sdp-b");
	assert_word(&f->a, "update=change-b");
	assert_word(&f->b, "reanswered:200=sdp-a");
	assert_word(&f->a, "answered:200=change-b");
	assert_word(&f->b, "acked");
	assert_int_equal(times(&f->b, "update"), 1);
	sip_inv_hangup(f->b.inv, 0, SLICE_NULL);
	run(f, 20000);
	assert_word(&f->a, "closed:0:200");
}

static void each_packet_lost(void **state)
{
	(void)state;
	each_loss(changed_before_the_answer, 18, 3);
}

static void without_memory(void **state)
{
	(void)state;
	for (long n = 0, asked = 1; n < asked; n++) {
		struct fix *f;
		void *st;

		(void)ext_open(&st);
		f = st;
		f->tolerant = true;
		f->b.auto_answer = true;
		a_calls(f, "offer");
		run(f, 1000);
		mem_fail_at(n);
		(void)!sip_inv_update(f->a.inv, SLICE("Subject: x\r\n"));
		(void)!sip_inv_update(f->b.inv, SLICE("Subject: x\r\n"));
		run(f, 400);
		asked = mem_fail_off();
		run(f, 100000);
		ends_on_both_sides(f);
		assert_true(n < 200);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_a_description),
		TEST(with_an_offer),
		TEST(refused),
		TEST(answered_too_late),
		TEST(meets_our_reinvite),
		TEST(before_the_answer),
		TEST(before_anything_is_agreed),
		TEST(in_one_of_two_early_dialogs),
		TEST(of_the_caller_before_our_answer),
		TEST(tells_who_it_is),
		TEST(not_taken_by_the_peer),
		TEST(our_offer_before_the_answer),
		TEST(glare),
		TEST(challenged),
		TEST(the_dialog_is_gone),
		TEST(of_the_callee_before_its_answer),
		TEST(found_by_its_names),
		cmocka_unit_test(each_packet_lost),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
