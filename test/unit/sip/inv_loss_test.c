/*
 * inv_loss_test.c - the same calls with packets lost in every position: the outcome must not change
 * (RFC 3261 13.3.1.4, 17; INVITE, 1xx, 2xx, ACK, re-INVITE, CANCEL, BYE).
 */
#include "inv_fix.h"

enum { POSITIONS = 24, AT_ONCE = 4 };

static void assert_has(const struct party *p, const char *word)
{
	if (!strstr(p->log, word))
		fail_msg("no \"%s\" in \"%s\" (lost %zu to %zu)", word, p->log, p->f->lose_from, p->f->lose_to);
}

static void assert_lacks(const struct party *p, const char *word)
{
	if (strstr(p->log, word))
		fail_msg("\"%s\" in \"%s\" (lost %zu to %zu)", word, p->log, p->f->lose_from, p->f->lose_to);
}

/** How often a word stands in a log. */
static size_t times(const struct party *p, const char *word)
{
	size_t n = 0;

	for (const char *s = p->log; (s = strstr(s, word)); s += strlen(word))
		n++;
	return n;
}

/** Run `call` with each position and up to AT_ONCE packets from there lost. */
static void each_loss(void (*call)(struct fix *f))
{
	for (size_t from = 0; from < POSITIONS; from++) {
		for (size_t n = 1; n <= AT_ONCE; n++) {
			struct fix *f;
			void *st;

			(void)fix_open(&st);
			f = st;
			f->lose_from = from;
			f->lose_to = from + n;
			call(f);
			(void)fix_close(&st);
		}
	}
}

static void answered_call(struct fix *f)
{
	a_calls(f, "offer");
	run(f, 20000);
	assert_has(&f->a, "answered:200=sdp-b");
	assert_has(&f->b, "acked");
	assert_true(sip_inv_can_offer(f->a.inv) && sip_inv_can_offer(f->b.inv));
	assert_int_equal(times(&f->a, "answered"), 1);
	assert_int_equal(times(&f->b, "acked"), 1);
}

static void hung_up_by_caller(struct fix *f)
{
	answered_call(f);
	sip_inv_hangup(f->a.inv, 0, SLICE_NULL);
	run(f, 20000);
	assert_has(&f->a, "closed:0:0");
	assert_has(&f->b, "closed:0:200");
}

static void hung_up_by_callee(struct fix *f)
{
	answered_call(f);
	sip_inv_hangup(f->b.inv, 0, SLICE_NULL);
	run(f, 20000);
	assert_has(&f->b, "closed:0:0");
	assert_has(&f->a, "closed:0:200");
}

static void held_and_resumed(struct fix *f)
{
	answered_call(f);
	assert_int_equal(sip_inv_reinvite(f->a.inv, SLICE_NULL, SLICE("application/sdp"), SLICE("hold")), 0);
	run(f, 20000);
	assert_has(&f->b, "reoffer=hold");
	assert_has(&f->a, "reanswered:200=sdp-b");
	assert_int_equal(sip_inv_reinvite(f->b.inv, SLICE_NULL, SLICE("application/sdp"), SLICE("resume")), 0);
	run(f, 20000);
	assert_has(&f->a, "reoffer=resume");
	assert_has(&f->b, "reanswered:200=sdp-a");
	assert_int_equal(times(&f->a, "reoffer"), 1);
	assert_int_equal(times(&f->b, "reoffer"), 1);
	assert_lacks(&f->a, "closed");
	sip_inv_hangup(f->a.inv, 0, SLICE_NULL);
	run(f, 40000);
	assert_has(&f->b, "closed:0:200");
}

static void refused_call(struct fix *f)
{
	f->b.auto_answer = false;
	a_calls(f, "offer");
	run(f, 20000);
	assert_int_equal(sip_inv_reject(f->b.inv, 486, SLICE_NULL, SLICE_NULL), 0);
	run(f, 20000);
	assert_has(&f->a, "closed:0:486");
}

static void cancelled_call(struct fix *f)
{
	f->b.auto_answer = false;
	a_calls(f, "offer");
	run(f, 20000);
	sip_inv_hangup(f->a.inv, 0, SLICE_NULL);
	run(f, 20000);
	assert_has(&f->a, "closed:0:0");
	assert_has(&f->b, "closed:0:487");
}

static void delayed_offer_call(struct fix *f)
{
	f->a.auto_ack = true;
	f->b.sdp = "offer-b";
	a_calls(f, NULL);
	run(f, 20000);
	assert_has(&f->a, "answered:200=offer-b");
	assert_has(&f->b, "acked=sdp-a");
	sip_inv_hangup(f->b.inv, 0, SLICE_NULL);
	run(f, 20000);
	assert_has(&f->a, "closed:0:200");
}

static void test_hung_up_by_caller(void **state)
{
	(void)state;
	each_loss(hung_up_by_caller);
}

static void test_hung_up_by_callee(void **state)
{
	(void)state;
	each_loss(hung_up_by_callee);
}

static void test_held_and_resumed(void **state)
{
	(void)state;
	each_loss(held_and_resumed);
}

static void test_refused(void **state)
{
	(void)state;
	each_loss(refused_call);
}

static void test_cancelled(void **state)
{
	(void)state;
	each_loss(cancelled_call);
}

static void test_delayed_offer(void **state)
{
	(void)state;
	each_loss(delayed_offer_call);
}

/* Half of all packets lost, some doubled and late: a call may fail, but both sides end and nothing is left. */
static void test_bad_network(void **state)
{
	struct vnet_path bad = {.delay_ms = 20, .jitter_ms = 200, .loss_pm = 400, .dup_pm = 200, .reorder_pm = 300};

	(void)state;
	for (int i = 0; i < 40; i++) {
		struct fix *f;
		void *st;

		(void)fix_open(&st);
		f = st;
		assert_int_equal(vnet_set_path(f->net, &(struct sa){0}, &(struct sa){0}, &bad), 0);
		run(f, 97 * i); /* another place in the sequence of chances */
		a_calls(f, i % 3 ? "offer" : NULL);
		f->a.auto_ack = true;
		run(f, 10000);
		if (sip_inv_can_offer(f->a.inv))
			assert_int_equal(sip_inv_reinvite(f->a.inv, SLICE_NULL, SLICE("application/sdp"), SLICE("x")),
					 0);
		if (f->b.inv && sip_inv_can_offer(f->b.inv))
			assert_int_equal(sip_inv_reinvite(f->b.inv, SLICE_NULL, SLICE_NULL, SLICE_NULL), 0);
		f->b.auto_ack = true;
		run(f, 10000);
		sip_inv_hangup(f->a.inv, 0, SLICE_NULL);
		run(f, LONG);
		assert_has(&f->a, "closed");
		f->b.inv = mem_deref(f->b.inv);
		(void)fix_close(&st);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hung_up_by_caller), cmocka_unit_test(test_hung_up_by_callee),
		cmocka_unit_test(test_held_and_resumed),  cmocka_unit_test(test_refused),
		cmocka_unit_test(test_cancelled),         cmocka_unit_test(test_delayed_offer),
		cmocka_unit_test(test_bad_network),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
