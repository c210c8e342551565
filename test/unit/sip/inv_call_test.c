/*
 * inv_call_test.c - calls between two stacks: both directions of hanging up, refusals, CANCEL and its races,
 * delayed offers, letting go at any moment (RFC 3261 9, 13, 15; RFC 3264; RFC 6337).
 */
#include "inv_fix.h"

#define TEST(name) cmocka_unit_test_setup_teardown(name, fix_open, fix_close)

static void caller_hangs_up(void **state)
{
	struct fix *f = *state;

	connect_both(f);
	sip_inv_hangup(f->a.inv, 0, SLICE_NULL);
	assert_int_equal(sip_inv_state(f->a.inv), SIP_INV_CLOSED);
	run(f, 1000);
	assert_log(&f->a, "closed:0:0");
	assert_log(&f->b, "closed:0:200");
}

static void callee_hangs_up(void **state)
{
	struct fix *f = *state;

	connect_both(f);
	sip_inv_hangup(f->b.inv, 0, SLICE("SIP;cause=200;text=\"Call completed elsewhere\""));
	run(f, 1000);
	assert_log(&f->b, "closed:0:0");
	assert_log(&f->a, "closed:0:200");
}

static void both_hang_up_at_once(void **state)
{
	struct fix *f = *state;

	connect_both(f);
	sip_inv_hangup(f->a.inv, 0, SLICE_NULL);
	sip_inv_hangup(f->b.inv, 0, SLICE_NULL);
	run(f, 1000);
	assert_log(&f->a, "closed:0:0");
	assert_log(&f->b, "closed:0:0");
}

static void deref_hangs_up(void **state)
{
	struct fix *f = *state;

	connect_both(f);
	f->a.inv = mem_deref(f->a.inv);
	run(f, 1000);
	assert_log(&f->a, "");
	assert_log(&f->b, "closed:0:200");
}

static void identities(void **state)
{
	struct fix *f = *state;

	connect_both(f);
	assert_true(slice_eq(sip_inv_callid(f->a.inv), sip_inv_callid(f->b.inv)));
	assert_true(slice_eq(sip_inv_local_tag(f->a.inv), sip_inv_remote_tag(f->b.inv)));
	assert_true(slice_eq(sip_inv_local_tag(f->b.inv), sip_inv_remote_tag(f->a.inv)));
	assert_true(slice_eqs(sip_inv_peer_software(f->a.inv), "sdp-b"));
	assert_true(slice_eqs(sip_inv_peer_software(f->b.inv), "sdp-a"));
	assert_true(sa_eq(&sip_inv_dest(f->b.inv)->addr, &f->a.addr));
}

static void rejected(void **state)
{
	struct fix *f = *state;

	f->b.auto_answer = false;
	a_calls(f, "offer");
	run(f, 1000);
	assert_int_equal(sip_inv_reject(f->b.inv, 603, SLICE("No Thanks"), SLICE_NULL), 0);
	assert_int_equal(sip_inv_reject(f->b.inv, 603, SLICE_NULL, SLICE_NULL), ERR_STATE);
	run(f, 1000);
	assert_log(&f->a, "progress:180 closed:0:603");
	assert_log(&f->b, "invite=offer");
}

static void callee_hangs_up_while_ringing(void **state)
{
	struct fix *f = *state;

	f->b.auto_answer = false;
	a_calls(f, "offer");
	run(f, 1000);
	sip_inv_hangup(f->b.inv, 486, SLICE_NULL);
	run(f, 1000);
	assert_log(&f->a, "progress:180 closed:0:486");
	assert_log(&f->b, "invite=offer closed:0:0");
}

static void early_media(void **state)
{
	struct fix *f = *state;

	f->b.auto_answer = f->b.auto_ring = false;
	a_calls(f, "offer");
	run(f, 1000);
	assert_int_equal(sip_inv_progress(f->b.inv, 183, SLICE_NULL, SLICE("application/sdp"), SLICE("early")), 0);
	assert_int_equal(sip_inv_progress(f->b.inv, 100, SLICE_NULL, SLICE_NULL, SLICE_NULL), EINVAL);
	run(f, 1000);
	assert_int_equal(sip_inv_answer(f->b.inv, SLICE_NULL, SLICE("application/sdp"), SLICE("early")), 0);
	run(f, 1000);
	assert_log(&f->a, "progress:183=early answered:200=early");
	assert_log(&f->b, "invite=offer acked");
}

static void progress_is_repeated_each_minute(void **state)
{
	struct fix *f = *state;

	f->b.auto_answer = false;
	a_calls(f, "offer");
	run(f, 130000);
	assert_log(&f->a, "progress:180 progress:180 progress:180");
}

static void delayed_offer(void **state)
{
	struct fix *f = *state;

	f->b.sdp = "offer-b";
	a_calls(f, NULL);
	run(f, 1000);
	assert_log(&f->a, "progress:180 answered:200=offer-b");
	assert_false(sip_inv_can_offer(f->a.inv));
	assert_false(sip_inv_can_offer(f->b.inv));
	/* the 2xx is repeated meanwhile, and nothing is sent before the answer is there */
	run(f, 5000);
	assert_log(&f->b, "invite");
	assert_int_equal(sip_inv_ack_answer(f->a.inv, SLICE("application/sdp"), SLICE("answer-a")), 0);
	assert_int_equal(sip_inv_ack_answer(f->a.inv, SLICE("application/sdp"), SLICE("answer-a")), ERR_STATE);
	run(f, 1000);
	assert_log(&f->b, "acked=answer-a");
	assert_log(&f->a, "");
	assert_true(sip_inv_can_offer(f->a.inv) && sip_inv_can_offer(f->b.inv));
}

static void delayed_offer_hung_up_before_the_answer(void **state)
{
	struct fix *f = *state;

	a_calls(f, NULL);
	run(f, 1000);
	sip_inv_hangup(f->a.inv, 0, SLICE_NULL);
	run(f, 1000);
	assert_log(&f->a, "progress:180 answered:200=sdp-b closed:0:0");
	assert_log(&f->b, "invite acked closed:0:200");
}

/* ---- CANCEL ---- */

static void cancel_while_ringing(void **state)
{
	struct fix *f = *state;

	f->b.auto_answer = false;
	a_calls(f, "offer");
	run(f, 1000);
	sip_inv_hangup(f->a.inv, 0, SLICE_NULL);
	run(f, 1000);
	assert_log(&f->a, "progress:180 closed:0:0");
	assert_log(&f->b, "invite=offer closed:0:487");
	assert_int_equal(sip_inv_answer(f->b.inv, SLICE_NULL, SLICE_NULL, SLICE_NULL), ERR_STATE);
}

static void cancel_before_any_answer(void **state)
{
	struct fix *f = *state;

	f->b.auto_answer = false;
	a_calls(f, "offer");
	sip_inv_hangup(f->a.inv, 0, SLICE_NULL);
	run(f, 3000);
	assert_log(&f->a, "closed:0:0");
	assert_log(&f->b, "invite=offer closed:0:487");
}

/* The 200 is on its way when the CANCEL goes out: ACK, then BYE (RFC 5407 3.1.1). */
static void cancel_crosses_answer(void **state)
{
	struct fix *f = *state;
	struct vnet_path slow = {.delay_ms = 100};

	assert_int_equal(vnet_set_path(f->net, &(struct sa){0}, &(struct sa){0}, &slow), 0);
	f->b.auto_answer = false;
	a_calls(f, "offer");
	run(f, 1000);
	assert_int_equal(sip_inv_answer(f->b.inv, SLICE_NULL, SLICE("application/sdp"), SLICE("x")), 0);
	run(f, 50);
	sip_inv_hangup(f->a.inv, 0, SLICE_NULL);
	run(f, 3000);
	assert_log(&f->a, "progress:180 closed:0:0");
	assert_log(&f->b, "invite=offer acked closed:0:200");
}

static void deref_cancels(void **state)
{
	struct fix *f = *state;

	f->b.auto_answer = false;
	a_calls(f, "offer");
	run(f, 1000);
	f->a.inv = mem_deref(f->a.inv);
	run(f, 1000);
	assert_log(&f->b, "invite=offer closed:0:487");
	f->b.inv = mem_deref(f->b.inv);
	run(f, LONG);
}

static void deref_of_ringing_callee(void **state)
{
	struct fix *f = *state;

	f->b.auto_answer = false;
	a_calls(f, "offer");
	run(f, 1000);
	f->b.inv = mem_deref(f->b.inv);
	run(f, 1000);
	assert_log(&f->a, "progress:180 closed:0:480");
}

static void nobody_there(void **state)
{
	struct fix *f = *state;
	struct sa nowhere = at("10.9.9.9");
	struct sip_inv_call c = call_of(&nowhere, "offer");

	assert_int_equal(sip_inv_connect(&f->a.inv, f->a.sip, &c, &party_ops, &f->a), 0);
	run(f, 31000);
	assert_log(&f->a, "");
	run(f, 2000);
	assert_log(&f->a, "closed:timed out:408");
}

/* Hung up before the ACK: the BYE waits for it (15). */
static void hangup_before_ack(void **state)
{
	struct fix *f = *state;

	f->lose_word = "ACK ";
	f->lose_n = 2;
	a_calls(f, "offer");
	run(f, 100);
	assert_log(&f->b, "invite=offer");
	sip_inv_hangup(f->b.inv, 0, SLICE_NULL);
	run(f, 100);
	assert_log(&f->a, "progress:180 answered:200=sdp-b");
	run(f, 5000);
	assert_log(&f->a, "closed:0:200");
	assert_log(&f->b, "closed:0:0");
}

static void hangup_and_never_an_ack(void **state)
{
	struct fix *f = *state;

	f->lose_word = "ACK ";
	f->lose_n = 1000;
	a_calls(f, "offer");
	run(f, 100);
	sip_inv_hangup(f->b.inv, 0, SLICE_NULL);
	run(f, 31000);
	assert_log(&f->b, "invite=offer");
	run(f, 2000);
	assert_log(&f->b, "closed:0:0");
	assert_log(&f->a, "progress:180 answered:200=sdp-b closed:0:200");
}

static void no_ack(void **state)
{
	struct fix *f = *state;

	f->lose_word = "ACK ";
	f->lose_n = 1000;
	a_calls(f, "offer");
	run(f, 31000);
	assert_log(&f->b, "invite=offer");
	run(f, 2000);
	assert_log(&f->b, "closed:timed out:408");
	assert_log(&f->a, "progress:180 answered:200=sdp-b closed:0:200");
}

/* ---- letting go inside of call-backs ---- */

static void let_go(struct fix *f, bool a, const char *word)
{
	struct party *p = a ? &f->a : &f->b;

	(void)snprintf(p->deref_at, sizeof(p->deref_at), "%s", word);
	a_calls(f, "offer");
	run(f, 1000);
	if (f->a.inv)
		(void)!sip_inv_reinvite(f->a.inv, SLICE_NULL, SLICE("application/sdp"), SLICE("again"));
	run(f, 1000);
	if (f->a.inv)
		sip_inv_hangup(f->a.inv, 0, SLICE_NULL);
	run(f, LONG);
	assert_null(p->inv);
}

static void let_go_everywhere(void **state)
{
	static const struct {
		bool a;
		const char *word;
	} v[] = {{true, "progress"}, {true, "answered"}, {true, "reanswered"}, {true, "closed"},
		 {false, "acked"},   {false, "reoffer"}, {false, "closed"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		void *st;

		(void)fix_open(&st);
		let_go(st, v[i].a, v[i].word);
		(void)fix_close(&st);
	}
}

/* The stack goes first: nothing is called, nothing is left. */
static void stack_ends_first(void **state)
{
	static const uint64_t when[] = {0, 1, 300, 5000};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(when) * 2; i++) {
		struct sip_cfg cfg = {0};
		struct fix *f;
		void *st;

		(void)fix_open(&st);
		f = st;
		cfg.loop = f->loop;
		f->b.auto_answer = i % 2;
		a_calls(f, "offer");
		run(f, when[i / 2]);
		f->a.l = f->b.l = 0;
		mem_deref(f->a.sip);
		assert_int_equal(sip_inv_reinvite(f->a.inv, SLICE_NULL, SLICE_NULL, SLICE_NULL), ERR_STATE);
		assert_int_equal(sip_inv_request(f->a.inv, SIP_INFO, SLICE_NULL, SLICE_NULL, SLICE_NULL, NULL, NULL),
				 ERR_STATE);
		sip_inv_hangup(f->a.inv, 0, SLICE_NULL);
		assert_int_equal(sip_alloc(&f->a.sip, &cfg, NULL, NULL), 0);
		f->b.inv = mem_deref(f->b.inv);
		run(f, LONG);
		assert_int_equal(f->a.l, 0);
		(void)fix_close(&st);
	}
}

/* ---- memory runs out ---- */

/* Whatever allocation fails, nothing breaks and nothing is left over. */
static void out_of_memory(void **state)
{
	(void)state;
	for (long n = 0, asked = 1; n < asked; n++) {
		struct sip_inv_call c;
		struct fix *f;
		void *st;

		(void)fix_open(&st);
		f = st;
		f->tolerant = true;
		f->b.auto_ring = f->b.auto_answer = false;
		c = call_of(&f->b.addr, "offer");
		mem_fail_at(n);
		if (!sip_inv_connect(&f->a.inv, f->a.sip, &c, &party_ops, &f->a))
			run(f, 400);
		if (f->b.inv)
			(void)!sip_inv_answer(f->b.inv, SLICE_NULL, SLICE("application/sdp"), SLICE("x"));
		run(f, 400);
		if (f->a.inv)
			(void)!sip_inv_reinvite(f->a.inv, SLICE_NULL, SLICE("application/sdp"), SLICE("again"));
		run(f, 400);
		if (f->a.inv)
			sip_inv_hangup(f->a.inv, 0, SLICE("SIP;cause=16"));
		run(f, 100);
		asked = mem_fail_off();
		run(f, LONG);
		(void)fix_close(&st);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(caller_hangs_up),
		TEST(callee_hangs_up),
		TEST(both_hang_up_at_once),
		TEST(deref_hangs_up),
		TEST(identities),
		TEST(rejected),
		TEST(callee_hangs_up_while_ringing),
		TEST(early_media),
		TEST(progress_is_repeated_each_minute),
		TEST(delayed_offer),
		TEST(delayed_offer_hung_up_before_the_answer),
		TEST(cancel_while_ringing),
		TEST(cancel_before_any_answer),
		TEST(cancel_crosses_answer),
		TEST(deref_cancels),
		TEST(deref_of_ringing_callee),
		TEST(nobody_there),
		TEST(hangup_before_ack),
		TEST(hangup_and_never_an_ack),
		TEST(no_ack),
		cmocka_unit_test(let_go_everywhere),
		cmocka_unit_test(stack_ends_first),
		cmocka_unit_test(out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
