/*
 * inv_reinvite_test.c - changing a session: hold and resume, delayed offers, glare with its retry, refusals, failures
 * that end the dialog (RFC 3261 12.2.1.2, 14; RFC 6337; RFC 5407 3.1).
 */
#include "inv_fix.h"

#define TEST(name) cmocka_unit_test_setup_teardown(name, fix_open, fix_close)

static int reinvite(struct sip_inv *i, const char *offer)
{
	return sip_inv_reinvite(i, SLICE_NULL, sdp_type(offer), text(offer));
}

static void hold_and_resume(void **state)
{
	struct fix *f = *state;

	connect_both(f);
	assert_int_equal(reinvite(f->a.inv, "hold"), 0);
	assert_int_equal(reinvite(f->a.inv, "again"), ERR_STATE);
	assert_false(sip_inv_can_offer(f->a.inv));
	run(f, 1000);
	assert_log(&f->a, "reanswered:200=sdp-b");
	assert_log(&f->b, "reoffer=hold acked");
	assert_int_equal(reinvite(f->b.inv, "resume"), 0);
	run(f, 1000);
	assert_log(&f->b, "reanswered:200=sdp-a");
	assert_log(&f->a, "reoffer=resume acked");
	assert_true(sip_inv_can_offer(f->a.inv) && sip_inv_can_offer(f->b.inv));
}

static void many_in_a_row(void **state)
{
	struct fix *f = *state;

	connect_both(f);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(reinvite(i % 2 ? f->a.inv : f->b.inv, "x"), 0);
		run(f, 10);
	}
	assert_true(sip_inv_can_offer(f->a.inv) && sip_inv_can_offer(f->b.inv));
	f->a.l = f->b.l = 0;
	run(f, LONG);
	assert_int_equal(f->a.l + f->b.l, 0);
}

static void delayed_offer(void **state)
{
	struct fix *f = *state;

	connect_both(f);
	f->b.sdp = "offer-b";
	assert_int_equal(reinvite(f->a.inv, NULL), 0);
	run(f, 3000);
	assert_log(&f->a, "reanswered:200=offer-b");
	assert_log(&f->b, "reoffer");
	/* its offer is open: ours would meet it */
	assert_int_equal(reinvite(f->b.inv, "x"), ERR_STATE);
	assert_int_equal(sip_inv_ack_answer(f->a.inv, SLICE("application/sdp"), SLICE("answer-a")), 0);
	run(f, 1000);
	assert_log(&f->b, "acked=answer-a");
	assert_true(sip_inv_can_offer(f->a.inv) && sip_inv_can_offer(f->b.inv));
}

static void answered_later(void **state)
{
	struct fix *f = *state;

	connect_both(f);
	f->b.auto_reanswer = false;
	assert_int_equal(reinvite(f->a.inv, "hold"), 0);
	run(f, 20000);
	assert_int_equal(reinvite(f->b.inv, "x"), ERR_STATE);
	assert_int_equal(sip_inv_reply_answer(f->b.inv, SLICE("application/sdp"), SLICE("held")), 0);
	assert_int_equal(sip_inv_reply_answer(f->b.inv, SLICE("application/sdp"), SLICE("held")), ERR_STATE);
	run(f, 1000);
	assert_log(&f->a, "reanswered:200=held");
	assert_log(&f->b, "reoffer=hold acked");
}

static void refused(void **state)
{
	struct fix *f = *state;

	connect_both(f);
	f->b.auto_reanswer = false;
	assert_int_equal(reinvite(f->a.inv, "video"), 0);
	run(f, 1000);
	assert_int_equal(sip_inv_reply_reject(f->b.inv, 200, SLICE_NULL), EINVAL);
	assert_int_equal(sip_inv_reply_reject(f->b.inv, 488, SLICE_NULL), 0);
	run(f, 1000);
	assert_log(&f->a, "reanswered:488");
	assert_int_equal(sip_inv_state(f->a.inv), SIP_INV_CONNECTED);
	assert_int_equal(reinvite(f->a.inv, "audio"), 0);
	run(f, 1000);
	assert_log(&f->b, "reoffer=video reoffer=audio");
}

/* Nobody answers it for three minutes: cancelled, the call goes on. */
static void never_answered(void **state)
{
	struct fix *f = *state;

	connect_both(f);
	f->b.auto_reanswer = false;
	assert_int_equal(reinvite(f->a.inv, "hold"), 0);
	run(f, 185000);
	assert_log(&f->a, "reanswered:487");
	assert_log(&f->b, "reoffer=hold gone");
	assert_int_equal(sip_inv_reply_answer(f->b.inv, SLICE_NULL, SLICE("x")), ERR_STATE);
	assert_true(sip_inv_can_offer(f->a.inv) && sip_inv_can_offer(f->b.inv));
}

static void hung_up_while_open(void **state)
{
	struct fix *f = *state;

	connect_both(f);
	f->b.auto_reanswer = false;
	assert_int_equal(reinvite(f->a.inv, "hold"), 0);
	run(f, 1000);
	sip_inv_hangup(f->b.inv, 0, SLICE_NULL);
	run(f, 1000);
	assert_log(&f->a, "reanswered:487 closed:0:200");
	assert_log(&f->b, "reoffer=hold closed:0:0");
}

static void bye_while_open(void **state)
{
	struct fix *f = *state;

	connect_both(f);
	f->b.auto_reanswer = false;
	assert_int_equal(reinvite(f->a.inv, "hold"), 0);
	run(f, 1000);
	sip_inv_hangup(f->a.inv, 0, SLICE_NULL);
	run(f, 1000);
	assert_log(&f->a, "closed:0:0");
	assert_log(&f->b, "reoffer=hold closed:0:200");
	assert_int_equal(sip_inv_reply_answer(f->b.inv, SLICE_NULL, SLICE("x")), ERR_STATE);
}

/* ---- glare ---- */

/** Both at once, over a path of 50 ms. */
static void collide(struct fix *f, const char *of_a, const char *of_b)
{
	struct vnet_path slow = {.delay_ms = 50};

	connect_both(f);
	assert_int_equal(vnet_set_path(f->net, &(struct sa){0}, &(struct sa){0}, &slow), 0);
	assert_int_equal(reinvite(f->a.inv, of_a), 0);
	assert_int_equal(reinvite(f->b.inv, of_b), 0);
}

/* a owns the Call-ID and waits 2.1 s at least; b comes back within 2 s and is served, then a with a fresh offer. */
static void glare(void **state)
{
	struct fix *f = *state;

	f->a.renew = true;
	collide(f, "from-a", "from-b");
	run(f, 2190);
	assert_null(strstr(f->a.log, "renew"));
	run(f, 8000);
	assert_log(&f->b, "reanswered:200=sdp-a reoffer=renewed acked");
	assert_log(&f->a, "reoffer=from-b acked renew reanswered:200=sdp-b");
	assert_true(sip_inv_can_offer(f->a.inv) && sip_inv_can_offer(f->b.inv));
}

static void glare_given_up(void **state)
{
	struct fix *f = *state;

	collide(f, "from-a", "from-b");
	run(f, 10000);
	assert_log(&f->b, "reanswered:200=sdp-a");
	assert_log(&f->a, "reoffer=from-b acked renew");
	assert_true(sip_inv_can_offer(f->a.inv) && sip_inv_can_offer(f->b.inv));
}

static void glare_of_offerless(void **state)
{
	struct fix *f = *state;

	f->a.renew = true;
	f->a.auto_ack = f->b.auto_ack = true;
	collide(f, NULL, NULL);
	run(f, 20000);
	assert_log(&f->b, "reanswered:200=sdp-a reoffer=renewed acked");
	assert_log(&f->a, "reoffer acked=sdp-b renew reanswered:200=sdp-b");
}

static void hung_up_in_glare(void **state)
{
	struct fix *f = *state;

	collide(f, "from-a", "from-b");
	run(f, 102);
	assert_false(sip_inv_can_offer(f->a.inv));
	sip_inv_hangup(f->a.inv, 0, SLICE_NULL);
	run(f, 20000);
	assert_log(&f->a, "closed:0:0");
	assert_log(&f->b, "closed:0:200");
}

static void deref_in_glare(void **state)
{
	struct fix *f = *state;

	collide(f, "from-a", "from-b");
	run(f, 102);
	f->a.inv = mem_deref(f->a.inv);
	f->b.inv = mem_deref(f->b.inv);
	run(f, 20000);
	assert_log(&f->a, "");
	assert_log(&f->b, "");
}

/* ---- requests in the dialog ---- */

static void count_response_h(struct sip_ctrans *ct, const struct sip_msg *rsp, void *arg)
{
	(void)ct;
	note(arg, "response:%u", rsp->scode);
}

static void count_failed_h(struct sip_ctrans *ct, int err, void *arg)
{
	(void)ct;
	note(arg, "failed:%s", err_str(err));
}

static const struct sip_ctrans_ops count_ops = {.response = count_response_h, .failed = count_failed_h};

static int send_info(struct party *p, enum sip_method m)
{
	return sip_inv_request(p->inv, m, SLICE_NULL, SLICE("application/dtmf-relay"), SLICE("Signal=5"), &count_ops,
			       p);
}

static void requests(void **state)
{
	struct fix *f = *state;

	f->b.auto_answer = false;
	a_calls(f, "offer");
	assert_int_equal(send_info(&f->a, SIP_INFO), ERR_STATE);
	run(f, 1000);
	assert_int_equal(send_info(&f->b, SIP_INFO), 0); /* early dialog, callee's side */
	run(f, 1000);
	assert_log(&f->a, "progress:180 request:INFO");
	assert_int_equal(sip_inv_answer(f->b.inv, SLICE_NULL, SLICE("application/sdp"), SLICE("x")), 0);
	run(f, 1000);
	f->a.l = f->b.l = 0;
	assert_int_equal(send_info(&f->a, SIP_INFO), 0);
	assert_int_equal(send_info(&f->a, SIP_BYE), EINVAL);
	run(f, 1000);
	assert_log(&f->a, "response:200");
	assert_log(&f->b, "request:INFO");
	/* what the other stack does not allow is refused before it reaches the session */
	assert_int_equal(send_info(&f->a, SIP_MESSAGE), 0);
	run(f, 1000);
	assert_log(&f->a, "response:405");
	assert_log(&f->b, "");
	assert_int_equal(send_info(&f->a, SIP_INFO), 0);
	f->a.inv = mem_deref(f->a.inv); /* its answer is told to nobody */
	run(f, 1000);
	assert_log(&f->a, "");
}

static void request_times_out(void **state)
{
	struct fix *f = *state;

	connect_both(f);
	f->lose_word = "INFO";
	f->lose_n = 100;
	assert_int_equal(send_info(&f->a, SIP_INFO), 0);
	run(f, 40000);
	assert_log(&f->a, "failed:timed out");
	assert_true(sip_inv_can_offer(f->a.inv));
}

/* ---- the peer is gone ---- */

static void dialog_unknown_at_peer(void **state)
{
	struct fix *f = *state;

	for (int i = 0; i < 2; i++) {
		connect_both(f);
		/* b forgets without a word */
		f->lose_word = "BYE ";
		f->lose_n = 1000;
		f->b.inv = mem_deref(f->b.inv);
		run(f, LONG);
		f->lose_n = 0;
		assert_int_equal(i ? send_info(&f->a, SIP_INFO) : reinvite(f->a.inv, "x"), 0);
		run(f, 1000);
		assert_log(&f->a, i ? "response:481 closed:0:481" : "closed:0:481");
		f->a.inv = mem_deref(f->a.inv);
	}
}

static void reinvite_times_out(void **state)
{
	struct fix *f = *state;

	connect_both(f);
	f->lose_word = "INVITE ";
	f->lose_n = 1000;
	assert_int_equal(reinvite(f->a.inv, "x"), 0);
	run(f, 40000);
	assert_log(&f->a, "closed:timed out:408");
	assert_log(&f->b, "closed:0:200");
}

static void no_ack_to_reinvite(void **state)
{
	struct fix *f = *state;

	connect_both(f);
	f->lose_word = "ACK ";
	f->lose_n = 1000;
	assert_int_equal(reinvite(f->a.inv, "x"), 0);
	run(f, 40000);
	assert_log(&f->b, "reoffer=x closed:timed out:408");
	assert_log(&f->a, "reanswered:200=sdp-b closed:0:200");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hold_and_resume),
		TEST(many_in_a_row),
		TEST(delayed_offer),
		TEST(answered_later),
		TEST(refused),
		TEST(never_answered),
		TEST(hung_up_while_open),
		TEST(bye_while_open),
		TEST(glare),
		TEST(glare_given_up),
		TEST(glare_of_offerless),
		TEST(hung_up_in_glare),
		TEST(deref_in_glare),
		TEST(requests),
		TEST(request_times_out),
		TEST(dialog_unknown_at_peer),
		TEST(reinvite_times_out),
		TEST(no_ack_to_reinvite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
