/*
 * crypt_test.c - streams with keys: SRTP to RTP and back, on one worker and across two, keys that change in mid-call,
 * forged and replayed packets, sources that move.
 */
#include "srtp_fixture.h"

struct two {
	struct fx f;
	struct phone *a, *b;
	struct mstream *sa, *sb;
	struct sphone s; /* a */
	struct srtp_key from, to;
};

static void two_init(struct two *t, enum srtp_suite suite, unsigned workers)
{
	fx_init_cfg(&t->f, (struct media_cfg){.workers = workers});
	t->a = fx_phone(&t->f, "10.0.0.1", 4000);
	t->b = fx_phone(&t->f, "10.0.0.2", 4000);
	t->sa = fx_stream(&t->f, t->a);
	t->sb = fx_stream_on(&t->f, workers - 1, t->b, "10.1.0.1", MSTREAM_AUDIO, NULL, NULL);
	t->from = key_of(suite, 1);
	t->to = key_of(suite, 2);
	sphone_init(&t->s, t->a, &t->from, &t->to);
	assert_int_equal(mstream_set_keys(t->sa, &t->to, &t->from), 0);
	mstream_join(t->sa, t->sb);
	vnet_run(t->f.net, 10);
}

static void two_free(struct two *t)
{
	sphone_free(&t->s);
	fx_free(&t->f);
}

static void with_plain(enum srtp_suite suite, unsigned workers)
{
	struct two t;

	two_init(&t, suite, workers);
	for (int i = 0; i < 30; i++) {
		sphone_talk(&t.f, &t.s, 1);
		phone_talk(&t.f, t.b, 1);
	}
	vnet_run(t.f.net, 50);
	assert_int_equal(t.a->ngot, 30);
	assert_int_equal(t.b->ngot, 30);
	assert_int_equal(t.s.failed, 0);
	phone_assert_continuous(t.a);
	phone_assert_continuous(t.b);
	for (size_t i = 0; i < 30; i++) {
		assert_int_equal(t.b->got[i].l, RTP_HDR + 160);
		assert_int_equal(t.b->got[i].p[RTP_HDR], (uint8_t)(100 + i));
		assert_int_equal(t.a->got[i].p[RTP_HDR], (uint8_t)(100 + i));
	}
	two_free(&t);
}

static void test_plain_and_protected(void **state)
{
	(void)state;
	for (unsigned i = 1; i < SRTP_SUITE_COUNT; i++) {
		with_plain((enum srtp_suite)i, 1);
		with_plain((enum srtp_suite)i, 2);
	}
}

static void test_two_protected(void **state)
{
	struct two t;
	struct sphone s;
	struct srtp_key from = key_of(SRTP_AEAD_AES_256_GCM, 7), to = key_of(SRTP_AEAD_AES_256_GCM, 8);

	(void)state;
	two_init(&t, SRTP_AES_CM_128_HMAC_SHA1_32, 2);
	sphone_init(&s, t.b, &from, &to);
	assert_int_equal(mstream_set_keys(t.sb, &to, &from), 0);
	for (int i = 0; i < 20; i++) {
		sphone_talk(&t.f, &t.s, 1);
		sphone_talk(&t.f, &s, 1);
	}
	vnet_run(t.f.net, 50);
	assert_int_equal(t.s.opened, 20);
	assert_int_equal(s.opened, 20);
	sphone_free(&s);
	two_free(&t);
}

/* A stranger who knows the port: nothing passes, nothing moves, nothing ends; both kinds are counted. */
static void test_forged_and_replayed(void **state)
{
	struct two t;
	uint8_t b[PKT_MAX], junk[PKT_MAX];
	struct mstream_stats st;

	(void)state;
	two_init(&t, SRTP_AES_CM_128_HMAC_SHA1_80, 1);
	struct phone *evil = fx_phone(&t.f, "203.0.113.66", 666);
	evil->to = t.a->to;
	evil->ssrc = t.a->ssrc;
	/* first of all, while learning is open */
	phone_talk(&t.f, evil, 5);
	sphone_talk(&t.f, &t.s, 5);
	size_t l = sphone_packet(&t.s, b);
	memcpy(junk, b, l);
	junk[l - 1] ^= 1;
	for (int i = 0; i < 5; i++)
		(void)udp_send_now(evil->rtp, &evil->to, junk, l);
	vnet_run(t.f.net, 20);
	(void)udp_send_now(t.a->rtp, &t.a->to, b, l);
	vnet_run(t.f.net, 20);
	for (int i = 0; i < 3; i++)
		(void)udp_send_now(evil->rtp, &evil->to, b, l);
	/* plain RTP of the right party */
	t.a->seq = 500;
	phone_talk(&t.f, t.a, 2);
	phone_talk(&t.f, t.b, 3);
	st = fx_stats(&t.f, t.sa);
	assert_int_equal(t.b->ngot, 6);
	assert_int_equal(t.a->ngot, 3);
	assert_int_equal(evil->ngot, 0);
	assert_int_equal(st.rx_packets, 6);
	assert_int_equal(st.rx_auth_failed, 12);
	assert_int_equal(st.rx_replayed, 3);
	assert_int_equal(st.rx_dropped, 15);
	assert_true(sa_eq(&st.remote, &t.a->addr));
	two_free(&t);
}

/* A flood of forged packets drowns nothing. */
static void test_flood(void **state)
{
	struct two t;
	uint8_t junk[172] = {0x80};

	(void)state;
	two_init(&t, SRTP_AES_CM_128_HMAC_SHA1_80, 1);
	struct phone *evil = fx_phone(&t.f, "203.0.113.66", 666);
	for (int i = 0; i < 50; i++) {
		for (int k = 0; k < 50; k++)
			(void)udp_send_now(evil->rtp, &t.a->to, junk, sizeof(junk));
		sphone_talk(&t.f, &t.s, 1);
	}
	assert_int_equal(t.b->ngot, 50);
	two_free(&t);
}

/* Who proves himself may move at once, and a packet that was overtaken does not turn back. */
static void test_source_moves(void **state)
{
	struct two t;
	uint8_t old[PKT_MAX];

	(void)state;
	two_init(&t, SRTP_AEAD_AES_128_GCM, 1);
	struct phone *moved = fx_phone(&t.f, "192.0.2.7", 5000);
	struct sphone heard;
	sphone_init(&heard, moved, &t.from, &t.to);
	sphone_talk(&t.f, &t.s, 3);
	size_t l = sphone_packet(&t.s, old);
	struct udp *was = t.a->rtp;
	t.a->rtp = moved->rtp;
	sphone_talk(&t.f, &t.s, 3);
	(void)udp_send_now(was, &t.a->to, old, l);
	vnet_run(t.f.net, 20);
	assert_int_equal(t.b->ngot, 7);
	phone_talk(&t.f, t.b, 4);
	assert_int_equal(heard.opened, 4);
	assert_int_equal(t.s.opened, 0);
	struct mstream_stats st = fx_stats(&t.f, t.sa);
	assert_true(st.moved);
	assert_true(sa_eq(&st.remote, &moved->addr));
	t.a->rtp = was;
	sphone_free(&heard);
	two_free(&t);
}

/* The old receive key serves until the first packet with the new one; the send key changes at once. */
static void test_new_keys(void **state)
{
	struct two t;
	struct srtp_key from = key_of(SRTP_AEAD_AES_128_GCM, 31), to = key_of(SRTP_AEAD_AES_128_GCM, 32);

	(void)state;
	two_init(&t, SRTP_AES_CM_128_HMAC_SHA1_80, 1);
	sphone_talk(&t.f, &t.s, 5);
	phone_talk(&t.f, t.b, 5);
	assert_int_equal(mstream_set_keys(t.sa, &to, &from), 0);
	sphone_talk(&t.f, &t.s, 5);
	assert_int_equal(t.b->ngot, 10);
	sphone_keys(&t.s, &from, &to);
	phone_talk(&t.f, t.b, 5);
	sphone_talk(&t.f, &t.s, 5);
	assert_int_equal(t.b->ngot, 15);
	assert_int_equal(t.s.opened, 10);
	assert_int_equal(t.s.failed, 0);
	/* the old key is gone */
	sphone_keys(&t.s, &t.from, &to);
	sphone_talk(&t.f, &t.s, 5);
	assert_int_equal(t.b->ngot, 15);
	/* the same keys again change nothing: the numbers go on */
	assert_int_equal(mstream_set_keys(t.sa, &to, &from), 0);
	sphone_keys(&t.s, &from, &to);
	sphone_talk(&t.f, &t.s, 2);
	phone_talk(&t.f, t.b, 2);
	assert_int_equal(t.b->ngot, 17);
	assert_int_equal(t.s.failed, 0);
	/* two orders in one turn: the last one counts */
	assert_int_equal(mstream_set_keys(t.sa, &t.to, &t.from), 0);
	struct srtp_key from2 = key_of(SRTP_AES_256_CM_HMAC_SHA1_80, 41),
			to2 = key_of(SRTP_AES_256_CM_HMAC_SHA1_80, 42);
	assert_int_equal(mstream_set_keys(t.sa, &to2, &from2), 0);
	vnet_run(t.f.net, 20);
	sphone_keys(&t.s, &from2, &to2);
	sphone_talk(&t.f, &t.s, 2);
	phone_talk(&t.f, t.b, 2);
	assert_int_equal(t.b->ngot, 19);
	assert_int_equal(t.s.failed, 0);
	/* and plain again */
	assert_int_equal(mstream_set_keys(t.sa, NULL, NULL), 0);
	vnet_run(t.f.net, 20);
	phone_talk(&t.f, t.a, 3);
	assert_int_equal(t.b->ngot, 22);
	two_free(&t);
}

static void test_one_way_only(void **state)
{
	struct two t;

	(void)state;
	two_init(&t, SRTP_AES_CM_128_HMAC_SHA1_80, 1);
	assert_int_equal(mstream_set_keys(t.sa, &t.to, NULL), 0);
	vnet_run(t.f.net, 20);
	phone_talk(&t.f, t.a, 3);
	phone_talk(&t.f, t.b, 3);
	assert_int_equal(t.b->ngot, 3);
	assert_int_equal(t.s.opened, 3);
	two_free(&t);
}

/* Reports are protected too, and a forged one is not believed. */
static void test_reports(void **state)
{
	struct two t;
	uint8_t b[PKT_MAX];
	struct rtcp_sr sr = {.ssrc = 0x1000, .ntp_sec = 5, .rtp_ts = 9};

	(void)state;
	two_init(&t, SRTP_AES_CM_128_HMAC_SHA1_32, 1);
	sphone_talk(&t.f, &t.s, 5);
	phone_talk(&t.f, t.b, 5);
	size_t l = rtcp_encode_report(b, sizeof(b), 0x1000, &sr, NULL, 0, "cname", false);
	struct sa to = t.a->to;
	sa_set_port(&to, (uint16_t)(sa_port(&to) + 1));
	(void)udp_send_now(t.a->rtcp, &to, b, l);
	vnet_run(t.f.net, 20);
	assert_int_equal(t.b->nrtcp, 0);
	assert_int_equal(srtcp_seal(t.s.tx, b, &l), 0);
	(void)udp_send_now(t.a->rtcp, &to, b, l);
	vnet_run(t.f.net, 20);
	assert_int_equal(t.b->nrtcp, 1);
	assert_true(rtcp_valid(t.b->rtcp_p, t.b->rtcp_l));
	sr.ssrc = t.b->ssrc;
	l = rtcp_encode_report(b, sizeof(b), t.b->ssrc, &sr, NULL, 0, "cname", false);
	to = t.b->to;
	sa_set_port(&to, (uint16_t)(sa_port(&to) + 1));
	(void)udp_send_now(t.b->rtcp, &to, b, l);
	vnet_run(t.f.net, 20);
	assert_int_equal(t.a->nrtcp, 1);
	assert_int_equal(t.s.failed, 0);
	assert_true(rtcp_valid(t.a->rtcp_p, t.a->rtcp_l));
	two_free(&t);
}

/* Our own sound after more than one rollover. */
static void test_rollover(void **state)
{
	struct two t;

	(void)state;
	two_init(&t, SRTP_AEAD_AES_256_GCM, 1);
	for (uint32_t i = 0; i < 140; i++) {
		/* losses of the plain party show through, so that the numbers run fast */
		phone_talk(&t.f, t.b, 1);
		t.b->seq = (uint16_t)(t.b->seq + 1000);
	}
	assert_int_equal(t.s.opened, 140);
	assert_int_equal(t.s.failed, 0);
	two_free(&t);
}

static void test_orders_without_memory(void **state)
{
	struct two t;

	(void)state;
	two_init(&t, SRTP_AES_CM_128_HMAC_SHA1_80, 1);
	struct srtp_key bad = key_of(SRTP_SUITE_COUNT, 1), k = key_of(SRTP_AEAD_AES_128_GCM, 3);
	assert_int_equal(mstream_set_keys(t.sa, &bad, &t.from), EINVAL);
#ifdef OH_DEBUG
	for (long n = 0; n < 3; n++) {
		mem_fail_at(n);
		int err = mstream_set_keys(t.sa, &k, &k);
		mem_fail_off();
		assert_int_equal(err, ENOMEM);
	}
#else
	(void)k;
#endif
	/* what was in force still is */
	sphone_talk(&t.f, &t.s, 2);
	phone_talk(&t.f, t.b, 2);
	assert_int_equal(t.b->ngot, 2);
	assert_int_equal(t.s.opened, 2);
	two_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_and_protected),
		cmocka_unit_test(test_two_protected),
		cmocka_unit_test(test_forged_and_replayed),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_source_moves),
		cmocka_unit_test(test_new_keys),
		cmocka_unit_test(test_one_way_only),
		cmocka_unit_test(test_reports),
		cmocka_unit_test(test_rollover),
		cmocka_unit_test(test_orders_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
