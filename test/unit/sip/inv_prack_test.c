/*
 * inv_prack_test.c - reliable provisional answers (RFC 3262) from both sides, by messages typed by hand, by two stacks
 * with packets lost, and without memory.
 */
#include "inv_ext_fix.h"

#define REL(n) "Require: 100rel\r\nRSeq: " #n "\r\n" CONTACT

static const char *rack_of(const struct sip_msg *prack)
{
	static char txt[80];
	struct sip_rack r;

	assert_non_null(prack);
	assert_int_equal(sip_rack_decode(&r, sip_msg_val(prack, SIP_HDR_RACK)), 0);
	(void)snprintf(txt, sizeof(txt), "%u %u %.*s", r.rseq, r.cseq.num, SLICE_FMT(r.cseq.method));
	return txt;
}

static void assert_rack(const struct sip_msg *prack, uint32_t rseq, const struct sip_msg *inv)
{
	char want[80];

	(void)snprintf(want, sizeof(want), "%u %u INVITE", rseq, inv->cseq.num);
	assert_string_equal(rack_of(prack), want);
}

/* ---- we call ---- */

static void acknowledged_in_order(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = call_raw(f, "offer", NULL), *p;

	assert_true(sip_msg_has_token(inv, SIP_HDR_SUPPORTED, SLICE("100rel")));
	assert_false(sip_msg_has_token(inv, SIP_HDR_REQUIRE, SLICE("100rel")));
	assert_true(sip_msg_has_token(inv, SIP_HDR_ALLOW, SLICE("PRACK")));
	raw_reply(f, inv, "183 Progress", "t1", REL(100), "answer");
	run(f, 10);
	p = raw_request(f, SIP_PRACK, 0);
	assert_rack(p, 100, inv);
	assert_true(slice_eqs(p->to.tag, "t1"));
	assert_true(slice_eqs(p->ruri, "sip:raw@10.0.0.9"));
	assert_int_equal(p->cseq.num, inv->cseq.num + 1);
	assert_false(slice_isset(p->body));
	raw_reply(f, p, "200 OK", NULL, NULL, NULL);
	/* the same again, one too early, one of the past */
	raw_reply(f, inv, "183 Progress", "t1", REL(100), "answer");
	raw_reply(f, inv, "180 Ringing", "t1", REL(102), NULL);
	raw_reply(f, inv, "180 Ringing", "t1", REL(99), NULL);
	run(f, 10);
	assert_int_equal(raw_count(f, SIP_PRACK), 1);
	assert_log(&f->a, "progress:183=answer");
	raw_reply(f, inv, "180 Ringing", "t1", REL(101), "void");
	run(f, 10);
	assert_rack(raw_request(f, SIP_PRACK, 1), 101, inv);
	raw_reply(f, raw_request(f, SIP_PRACK, 1), "200 OK", NULL, NULL, NULL);
	/* unreliable ones say nothing any more; nor does the 2xx (RFC 3261 13.2.1) */
	raw_reply(f, inv, "183 Progress", "t1", CONTACT, "void");
	raw_reply(f, inv, "200 OK", "t1", CONTACT, "void");
	run(f, 10);
	assert_log(&f->a, "progress:180 progress:183 answered:200=answer");
	assert_int_equal(raw_request(f, SIP_ACK, 0)->cseq.num, inv->cseq.num);
	/* the dialog counts on where its early requests left off */
	sip_inv_hangup(f->a.inv, 0, SLICE_NULL);
	run(f, 10);
	assert_int_equal(raw_request(f, SIP_BYE, 0)->cseq.num, inv->cseq.num + 3);
	raw_reply(f, raw_request(f, SIP_BYE, 0), "200 OK", NULL, NULL, NULL);
	run(f, 10);
}

static void each_early_dialog_its_own(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = call_raw(f, "offer", NULL);

	raw_reply(f, inv, "183 Progress", "t1", REL(7), "one");
	raw_reply(f, inv, "183 Progress", "t2", REL(7000), "two");
	raw_reply(f, inv, "180 Ringing", "t1", REL(8), NULL);
	run(f, 10);
	assert_int_equal(raw_count(f, SIP_PRACK), 3);
	assert_rack(raw_request(f, SIP_PRACK, 0), 7, inv);
	assert_rack(raw_request(f, SIP_PRACK, 1), 7000, inv);
	assert_rack(raw_request(f, SIP_PRACK, 2), 8, inv);
	assert_true(slice_eqs(raw_request(f, SIP_PRACK, 0)->to.tag, "t1"));
	assert_true(slice_eqs(raw_request(f, SIP_PRACK, 1)->to.tag, "t2"));
	assert_int_equal(raw_request(f, SIP_PRACK, 1)->cseq.num, inv->cseq.num + 1);
	assert_int_equal(raw_request(f, SIP_PRACK, 2)->cseq.num, inv->cseq.num + 2);
	for (size_t i = 0; i < 3; i++)
		raw_reply(f, raw_request(f, SIP_PRACK, i), "200 OK", NULL, NULL, NULL);
	/* the first one wins: its description counts, not the latest */
	raw_reply(f, inv, "200 OK", "t1", CONTACT, NULL);
	run(f, 10);
	assert_log(&f->a, "progress:183=one progress:183=two progress:180 answered:200=one");
	raw_in_dialog(f, inv, "BYE", 1, "t1", NULL, NULL);
	run(f, 10);
}

static void offer_in_a_reliable_answer(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv;

	f->a.auto_ack = true;
	inv = call_raw(f, NULL, NULL);
	raw_reply(f, inv, "183 Progress", "t1", CONTACT, "unreliable"); /* no offer at all */
	raw_reply(f, inv, "183 Progress", "t1", REL(1), "their-offer");
	run(f, 10);
	assert_log(&f->a, "progress:183 progress:183=their-offer");
	assert_body(raw_request(f, SIP_PRACK, 0), "sdp-a");
	raw_reply(f, raw_request(f, SIP_PRACK, 0), "200 OK", NULL, NULL, NULL);
	raw_reply(f, inv, "200 OK", "t1", CONTACT, NULL);
	run(f, 10);
	assert_log(&f->a, "answered:200=their-offer");
	assert_body(raw_request(f, SIP_ACK, 0), "");
	raw_in_dialog(f, inv, "BYE", 1, "t1", NULL, NULL);
}

static void offer_answered_later(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = call_raw(f, NULL, NULL);

	raw_reply(f, inv, "183 Progress", "t1", REL(5), "their-offer");
	run(f, 1000);
	assert_int_equal(raw_count(f, SIP_PRACK), 0);
	assert_true(sip_inv_ack_due(f->a.inv));
	assert_int_equal(sip_inv_ack_answer(f->a.inv, SLICE(SDP), SLICE("late")), 0);
	assert_int_equal(sip_inv_ack_answer(f->a.inv, SLICE(SDP), SLICE("late")), ERR_STATE);
	run(f, 10);
	assert_body(raw_request(f, SIP_PRACK, 0), "late");
	assert_rack(raw_request(f, SIP_PRACK, 0), 5, inv);
	raw_reply(f, raw_request(f, SIP_PRACK, 0), "200 OK", NULL, NULL, NULL);
	raw_reply(f, inv, "486 Busy", "t1", NULL, NULL);
	run(f, 10);
	assert_log(&f->a, "progress:183=their-offer closed:0:486");
}

static void prack_is_challenged(void **state)
{
	static const struct sip_cred cred = {.user = {"user", 4}, .password = {"secret", 6}};
	struct fix *f = *state;
	const struct sip_msg *inv = call_raw(f, "offer", &(struct sip_inv_call){.cred = &cred});

	raw_reply(f, inv, "183 Progress", "t1", REL(1), "answer");
	run(f, 10);
	raw_reply(f, raw_request(f, SIP_PRACK, 0), "407 Auth", NULL,
		  "Proxy-Authenticate: Digest realm=\"r\", nonce=\"n1\", algorithm=MD5, qop=\"auth\"\r\n", NULL);
	/* the call is answered between the two: its numbers go on where the first PRACK's left off */
	raw_reply(f, inv, "200 OK", "t1", CONTACT, NULL);
	run(f, 10);
	assert_int_equal(raw_count(f, SIP_PRACK), 2);
	assert_non_null(sip_msg_hdr(raw_request(f, SIP_PRACK, 1), SIP_HDR_PROXY_AUTHORIZATION));
	assert_int_equal(raw_request(f, SIP_PRACK, 1)->cseq.num, inv->cseq.num + 2);
	assert_rack(raw_request(f, SIP_PRACK, 1), 1, inv);
	raw_reply(f, raw_request(f, SIP_PRACK, 1), "200 OK", NULL, NULL, NULL);
	raw_in_dialog(f, inv, "BYE", 1, "t1", NULL, NULL);
}

static void required_by_us(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = call_raw(f, "offer", &(struct sip_inv_call){.rel100_required = true});

	assert_true(sip_msg_has_token(inv, SIP_HDR_REQUIRE, SLICE("100rel")));
	raw_reply(f, inv, "420 Bad Extension", "t1", "Unsupported: 100rel\r\n", NULL);
	run(f, 10);
	assert_log(&f->a, "closed:0:420");
}

static void not_even_offered(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = call_raw(f, "offer", &(struct sip_inv_call){.rel100_off = true});

	assert_false(sip_msg_has_token(inv, SIP_HDR_SUPPORTED, SLICE("100rel")));
	assert_true(sip_msg_has_token(inv, SIP_HDR_SUPPORTED, SLICE("timer")));
	raw_reply(f, inv, "486 Busy", "t1", NULL, NULL);
	run(f, 10);
}

static void no_answer_at_all(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = call_raw(f, "offer", &(struct sip_inv_call){.answer_ms = 2000});

	run(f, 1900);
	assert_log(&f->a, "");
	run(f, 200);
	assert_log(&f->a, "closed:timed out:408");
	/* it is slow, not dead: it answers now, and is told that nobody waits */
	raw_reply(f, inv, "200 OK", "t1", CONTACT, "answer");
	run(f, 100);
	assert_int_equal(raw_count(f, SIP_ACK), 1);
	assert_int_equal(raw_count(f, SIP_BYE), 1);
	raw_reply(f, raw_request(f, SIP_BYE, 0), "200 OK", NULL, NULL, NULL);
	run(f, 10);
}

static void one_answer_is_enough(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = call_raw(f, "offer", &(struct sip_inv_call){.answer_ms = 2000});

	raw_reply(f, inv, "100 Trying", NULL, NULL, NULL);
	run(f, 60000);
	assert_log(&f->a, "");
	raw_reply(f, inv, "486 Busy", "t1", NULL, NULL);
	run(f, 10);
	assert_log(&f->a, "closed:0:486");
}

/* ---- we are called ---- */

static void ring(struct fix *f, uint16_t scode, const char *sdp)
{
	assert_int_equal(sip_inv_progress(f->b.inv, scode, SLICE_NULL, sdp_type(sdp), text(sdp)), 0);
}

static void answer(struct fix *f, const char *sdp)
{
	assert_int_equal(sip_inv_answer(f->b.inv, SLICE_NULL, sdp_type(sdp), text(sdp)), 0);
}

static void repeated_until_acknowledged(void **state)
{
	struct fix *f = *state;
	uint32_t n;

	raw_invite(f, "Supported: 100rel\r\n", "offer");
	ring(f, 180, NULL); /* nothing that matters: unreliable */
	ring(f, 183, "early");
	run(f, 10);
	assert_null(sip_msg_hdr(raw_response(f, 180, 0), SIP_HDR_RSEQ));
	n = rseq_of(raw_response(f, 183, 0));
	assert_true(n && n < 0x80000000);
	assert_true(sip_msg_has_token(raw_response(f, 183, 0), SIP_HDR_ALLOW, SLICE("PRACK")));
	run(f, 3480); /* 0, 500, 1500, 3500 */
	assert_int_equal(raw_answers(f, 183), 3);
	run(f, 20);
	assert_int_equal(raw_answers(f, 183), 4);
	assert_int_equal(rseq_of(raw_response(f, 183, 3)), n);
	/* wrong ones */
	raw_prack(f, n + 1, 10, 11, NULL);
	raw_prack(f, n, 9, 12, NULL);
	assert_int_equal(raw_answers(f, 481), 2);
	raw_more(f, "PRACK", 13, "RAck: nonsense\r\n", NULL);
	raw_more(f, "PRACK", 14, NULL, NULL);
	assert_int_equal(raw_answers(f, 400), 2);
	/* the answer waits for the right one */
	answer(f, "early");
	assert_int_equal(sip_inv_answer(f->b.inv, SLICE_NULL, SLICE_NULL, SLICE_NULL), ERR_STATE);
	run(f, 100);
	assert_int_equal(raw_answers(f, 200), 0);
	raw_prack(f, n, 10, 15, NULL);
	assert_int_equal(raw_response(f, 200, 0)->m, SIP_PRACK);
	assert_int_equal(raw_response(f, 200, 1)->m, SIP_INVITE);
	run(f, 100);
	raw_more(f, "ACK", 10, NULL, NULL);
	run(f, 10000);
	assert_int_equal(raw_answers(f, 183), 4);
	assert_log(&f->b, "invite=offer acked");
	/* the same PRACK once more finds nothing */
	raw_prack(f, n, 10, 16, NULL);
	assert_int_equal(raw_answers(f, 481), 3);
	raw_more(f, "BYE", 17, NULL, NULL);
}

static void never_acknowledged(void **state)
{
	struct fix *f = *state;

	raw_invite(f, "Supported: 100rel\r\n", "offer");
	ring(f, 183, "early");
	run(f, 31000);
	assert_log(&f->b, "invite=offer");
	run(f, 2000);
	assert_log(&f->b, "closed:timed out:408");
	assert_non_null(raw_response(f, 504, 0));
	assert_int_equal(raw_answers(f, 183), 7); /* 0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5 s */
}

static void one_after_the_other(void **state)
{
	struct fix *f = *state;
	uint32_t n;

	raw_invite(f, "Require: 100rel\r\n", "offer");
	ring(f, 180, NULL);
	ring(f, 183, "early");
	ring(f, 182, NULL);
	run(f, 10);
	n = rseq_of(raw_response(f, 180, 0));
	assert_int_equal(raw_answers(f, 183), 0);
	raw_prack(f, n, 10, 11, NULL);
	assert_int_equal(rseq_of(raw_response(f, 183, 0)), n + 1);
	assert_int_equal(raw_answers(f, 182), 0);
	raw_prack(f, n + 1, 10, 12, NULL);
	assert_int_equal(rseq_of(raw_response(f, 182, 0)), n + 2);
	/* without a description nothing must wait */
	answer(f, "early");
	run(f, 10);
	assert_int_equal(raw_response(f, 200, 2)->m, SIP_INVITE);
	run(f, 2000);
	assert_int_equal(raw_answers(f, 182), 1);
	raw_prack(f, n + 2, 10, 13, NULL); /* it may come late */
	assert_int_equal(raw_answers(f, 481), 0);
	raw_more(f, "ACK", 10, NULL, NULL);
	assert_log(&f->b, "invite=offer acked");
	raw_more(f, "BYE", 14, NULL, NULL);
}

static void the_line_is_bounded(void **state)
{
	struct fix *f = *state;
	int err = 0;

	raw_invite(f, "Require: 100rel\r\n", "offer");
	for (int i = 0; i < 50 && !err; i++)
		err = sip_inv_progress(f->b.inv, 180, SLICE_NULL, SLICE_NULL, SLICE_NULL);
	assert_int_equal(err, ERR_LIMIT);
	assert_int_equal(sip_inv_reject(f->b.inv, 486, SLICE_NULL, SLICE_NULL), 0);
	run(f, 10);
	assert_non_null(raw_response(f, 486, 0));
}

static void our_offer_in_a_reliable_answer(void **state)
{
	struct fix *f = *state;
	uint32_t n;

	raw_invite(f, "Supported: 100rel\r\n", "");
	ring(f, 183, "our-offer");
	run(f, 10);
	assert_body(raw_response(f, 183, 0), "our-offer");
	n = rseq_of(raw_response(f, 183, 0));
	answer(f, "our-offer");
	raw_prack(f, n, 10, 11, "their-answer");
	assert_log(&f->b, "invite acked=their-answer");
	run(f, 10);
	assert_int_equal(raw_response(f, 200, 1)->m, SIP_INVITE);
	assert_body(raw_response(f, 200, 1), ""); /* all is said */
	raw_more(f, "ACK", 10, NULL, NULL);
	assert_log(&f->b, "acked");
	raw_more(f, "BYE", 12, NULL, NULL);
}

static void new_offer_in_prack(void **state)
{
	struct fix *f = *state;
	uint32_t n;

	raw_invite(f, "Supported: 100rel\r\n", "offer");
	ring(f, 183, "early");
	run(f, 10);
	n = rseq_of(raw_response(f, 183, 0));
	raw_prack(f, n, 10, 11, "another");
	assert_log(&f->b, "invite=offer prack=another");
	assert_body(raw_response(f, 200, 0), "sdp-b");
	assert_int_equal(raw_response(f, 200, 0)->m, SIP_PRACK);
	answer(f, "sdp-b");
	run(f, 10);
	raw_more(f, "ACK", 10, NULL, NULL);
	raw_more(f, "BYE", 12, NULL, NULL);
}

static void cancelled_while_it_waits(void **state)
{
	struct fix *f = *state;

	raw_invite(f, "Supported: 100rel\r\n", "offer");
	ring(f, 183, "early");
	answer(f, "early");
	raw_send(f, &f->b.addr,
		 "CANCEL sip:b@10.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKinv\r\nMax-Forwards: 70\r\n"
		 "From: <sip:raw@10.0.0.9>;tag=rt\r\nTo: <sip:b@10.0.0.2>\r\nCall-ID: rawcall\r\nCSeq: 10 "
		 "CANCEL\r\nContent-Length: 0\r\n\r\n");
	run(f, 5000);
	assert_log(&f->b, "invite=offer closed:0:487");
	assert_non_null(raw_response(f, 487, 0));
}

static void hung_up_while_it_waits(void **state)
{
	struct fix *f = *state;

	raw_invite(f, "Supported: 100rel\r\n", "offer");
	ring(f, 183, "early");
	answer(f, "early");
	sip_inv_hangup(f->b.inv, 0, SLICE_NULL);
	run(f, 5000);
	assert_log(&f->b, "invite=offer closed:0:0");
	assert_non_null(raw_response(f, 480, 0));
}

static void unknown_to_the_caller(void **state)
{
	struct fix *f = *state;

	raw_invite(f, "", "offer");
	ring(f, 183, "early");
	run(f, 10);
	assert_null(sip_msg_hdr(raw_response(f, 183, 0), SIP_HDR_RSEQ));
	assert_int_equal(sip_inv_reject(f->b.inv, 486, SLICE_NULL, SLICE_NULL), 0);
	run(f, 10);
}

/* ---- both ---- */

static void reliable_call(struct fix *f)
{
	struct sip_inv_call c = call_of(&f->b.addr, "offer");

	c.rel100_required = true;
	assert_int_equal(sip_inv_connect(&f->a.inv, f->a.sip, &c, &party_ops, &f->a), 0);
	run(f, 20000);
	ring(f, 180, NULL);
	ring(f, 183, "early");
	run(f, 3000);
	answer(f, "early");
	run(f, 20000);
	assert_word(&f->a, "progress:180");
	assert_word(&f->a, "progress:183=early");
	assert_word(&f->a, "answered:200=early");
	assert_word(&f->b, "acked");
	assert_int_equal(times(&f->a, "progress"), 2);
	sip_inv_hangup(f->a.inv, 0, SLICE_NULL);
	run(f, 20000);
	assert_word(&f->b, "closed:0:200");
}

static void each_packet_lost(void **state)
{
	(void)state;
	each_loss(reliable_call, 22, 3);
}

/* One allocation after the other fails. A call may fail; both sides end, and nothing is left. */
static void without_memory(void **state)
{
	(void)state;
	for (long n = 0, asked = 1; n < asked; n++) {
		struct fix *f;
		struct sip_inv_call c;
		void *st;

		(void)ext_open(&st);
		f = st;
		f->tolerant = true;
		c = call_of(&f->b.addr, "offer");
		c.rel100_required = true;
		assert_int_equal(sip_inv_connect(&f->a.inv, f->a.sip, &c, &party_ops, &f->a), 0);
		run(f, 100);
		mem_fail_at(n);
		(void)!sip_inv_progress(f->b.inv, 180, SLICE_NULL, SLICE_NULL, SLICE_NULL);
		(void)!sip_inv_progress(f->b.inv, 183, SLICE_NULL, SLICE(SDP), SLICE("early"));
		(void)!sip_inv_answer(f->b.inv, SLICE_NULL, SLICE(SDP), SLICE("early"));
		run(f, 400);
		asked = mem_fail_off();
		run(f, 100000);
		ends_on_both_sides(f);
		assert_true(n < 400);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(acknowledged_in_order),
		TEST(each_early_dialog_its_own),
		TEST(offer_in_a_reliable_answer),
		TEST(offer_answered_later),
		TEST(prack_is_challenged),
		TEST(required_by_us),
		TEST(not_even_offered),
		TEST(no_answer_at_all),
		TEST(one_answer_is_enough),
		TEST(repeated_until_acknowledged),
		TEST(never_acknowledged),
		TEST(one_after_the_other),
		TEST(the_line_is_bounded),
		TEST(our_offer_in_a_reliable_answer),
		TEST(new_offer_in_prack),
		TEST(cancelled_while_it_waits),
		TEST(hung_up_while_it_waits),
		TEST(unknown_to_the_caller),
		cmocka_unit_test(each_packet_lost),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
