/*
 * second_test.c - how a party sounds by the second: level, silence, loss and MOS of a second, codecs that were not
 * agreed on, voice metrics that go out and come in.
 */
#include "fixture.h"
#include <math.h>
#include "media/second.h"

/* `s` seconds of a tone of that amplitude in mu-law, of which every `drop`th packet is lost (0: none). */
static void talk(struct fx *f, struct phone *p, int s, double amplitude, int drop)
{
	uint8_t pay[160];

	for (int i = 0; i < s * 50; i++) {
		for (int k = 0; k < 160; k++)
			pay[k] = g711_ulaw_enc((int16_t)lrint(amplitude * sin(2 * M_PI * 400 * k / 8000.0)));
		if (!drop || i % drop != drop - 1)
			phone_raw(p, pay, sizeof(pay));
		p->seq++;
		p->ts += 160;
		vnet_run(f->net, 20);
	}
}

struct two {
	struct fx f;
	struct phone *a, *b;
	struct mstream *sa, *sb;
};

static void two_init(struct two *t)
{
	fx_init(&t->f);
	t->a = fx_phone(&t->f, "10.0.0.1", 4000);
	t->b = fx_phone(&t->f, "10.0.0.2", 4000);
	t->sa = fx_stream(&t->f, t->a);
	t->sb = fx_stream(&t->f, t->b);
	mstream_join(t->sa, t->sb);
	vnet_run(t->f.net, 10);
}

static struct mstream_stats stats(const struct mstream *s)
{
	struct mstream_stats st;

	mstream_stats(s, &st);
	return st;
}

static void test_level_of_a_relayed_party(void **state)
{
	struct two t;
	(void)state;

	two_init(&t);
	assert_int_equal(stats(t.sa).level_dbov, METER_NONE);
	assert_true(stats(t.sa).expects);
	talk(&t.f, t.a, 5, 16384, 0);
	assert_in_range(stats(t.sa).level_dbov + 127, 127 - 10, 127 - 8);
	assert_int_equal(stats(t.sa).silent_s, 0);
	talk(&t.f, t.a, 13, 0, 0);
	assert_in_range(stats(t.sa).silent_s, 10, 13);
	talk(&t.f, t.a, 3, 31000, 0);
	assert_int_equal(stats(t.sa).silent_s, 0);
	/* the other one never said anything */
	assert_int_equal(stats(t.sb).rx_packets, 0);
	assert_int_equal(stats(t.sb).level_dbov, METER_NONE);
	fx_free(&t.f);
}

static void test_loss_of_a_second(void **state)
{
	struct two t;
	(void)state;

	two_init(&t);
	talk(&t.f, t.a, 4, 8000, 0);
	assert_int_equal(stats(t.sa).sec_lost_pm, 0);
	uint16_t good = stats(t.sa).sec_mos_x100;
	assert_true(good > 420);
	talk(&t.f, t.a, 4, 8000, 5);
	struct mstream_stats st = stats(t.sa);
	assert_in_range(st.sec_lost_pm, 150, 250);
	assert_true(st.sec_mos_x100 < 360);
	assert_in_range(st.bad_s, 2, 5);
	talk(&t.f, t.a, 4, 8000, 0);
	st = stats(t.sa);
	assert_int_equal(st.sec_lost_pm, 0);
	assert_true(st.sec_mos_x100 > 420);
	assert_true(st.min_mos_x100 < 360);
	fx_free(&t.f);
}

static void test_codec_never_agreed_on(void **state)
{
	struct two t;
	(void)state;

	two_init(&t);
	t.a->pt = 18;
	talk(&t.f, t.a, 3, 8000, 0);
	assert_true(stats(t.sa).strange);
	assert_string_equal(stats(t.sa).codec, "G729");
	t.a->pt = 0;
	talk(&t.f, t.a, 3, 8000, 0);
	assert_false(stats(t.sa).strange);
	fx_free(&t.f);
}

static bool find(uint8_t *p, size_t l, uint8_t type, struct rtcp_pkt *k)
{
	size_t off = 0;

	while (rtcp_next(p, l, &off, k))
		if (k->type == type)
			return true;
	return false;
}

/* As an end point we say how we hear, and BYE ends the compound. */
static void test_metrics_go_out(void **state)
{
	struct two t;
	struct rtcp_pkt k;
	struct rtcp_voip v;
	(void)state;

	two_init(&t);
	mstream_echo(t.sa);
	talk(&t.f, t.a, 12, 16384, 20);
	assert_true(t.a->nrtcp > 0);
	assert_true(find(t.a->rtcp_p, t.a->rtcp_l, RTCP_XR, &k));
	assert_int_equal(rtcp_xr_voip_decode(&v, &k), 0);
	assert_int_equal(v.ssrc, t.a->ssrc);
	assert_in_range(v.loss, 9, 16);
	assert_int_equal(v.gmin, 16);
	assert_in_range(v.signal_dbm0 + 127, 127 - 5, 127 - 1);
	assert_in_range(v.mos_lq_x10, 20, 45);
	mstream_close(t.sa, NULL, NULL);
	vnet_run(t.f.net, 50);
	assert_true(find(t.a->rtcp_p, t.a->rtcp_l, RTCP_BYE, &k));
	assert_ptr_equal(k.p + k.l, t.a->rtcp_p + t.a->rtcp_l);
	fx_free(&t.f);
}

/* What a party reports about the sound it gets. */
static void test_metrics_come_in(void **state)
{
	struct two t;
	uint8_t p[64 + RTCP_XR_VOIP_LEN];
	(void)state;

	two_init(&t);
	talk(&t.f, t.a, 2, 8000, 0);
	talk(&t.f, t.b, 2, 8000, 0);
	struct rtcp_voip v = {.ssrc = t.a->got[0].h.ssrc, .mos_lq_x10 = 31, .gmin = 16};
	struct sa to = t.a->to;
	sa_set_port(&to, (uint16_t)(sa_port(&to) + 1));
	for (int round = 0; round < 2; round++) {
		struct rtcp_rb rb = {.ssrc = v.ssrc};
		size_t n = rtcp_encode_report(p, sizeof(p), t.a->ssrc, NULL, &rb, 1, "x", false);
		rtcp_xr_voip_encode(p + n, t.a->ssrc, &v);
		assert_int_equal(udp_send_now(t.a->rtcp, &to, p, n + RTCP_XR_VOIP_LEN), 0);
		talk(&t.f, t.a, 2, 8000, 0);
		assert_int_equal(stats(t.sa).far_mos_x10, 31);
		/* about somebody else's stream: no change */
		v = (struct rtcp_voip){.ssrc = 77, .mos_lq_x10 = 11};
	}
	fx_free(&t.f);
}

/* Without memory there are no figures by the second, and nothing else is missing. */
static void test_without_memory(void **state)
{
	struct two t;
	(void)state;

	two_init(&t);
	talk(&t.f, t.a, 1, 8000, 0);
	size_t n = t.b->ngot;
	uint8_t pay[160] = {0};
	for (int i = 0; i < 100; i++) {
		phone_raw(t.a, pay, sizeof(pay));
		t.a->seq++;
		t.a->ts += 160;
		mem_fail_at(0);
		vnet_run(t.f.net, 20);
		(void)mem_fail_off();
	}
	assert_true(t.b->ngot >= n);
	talk(&t.f, t.a, 3, 8000, 0);
	assert_true(stats(t.sa).level_dbov > METER_NONE);
	fx_free(&t.f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_level_of_a_relayed_party), cmocka_unit_test(test_loss_of_a_second),
		cmocka_unit_test(test_codec_never_agreed_on),    cmocka_unit_test(test_metrics_go_out),
		cmocka_unit_test(test_metrics_come_in),          cmocka_unit_test(test_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
