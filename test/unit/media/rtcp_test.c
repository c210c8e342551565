/*
 * rtcp_test.c - reports that pass are in the receiver's numbers; the round trip is
 * measured on the way; reports of our own where we are the end point.
 */
#include "fixture.h"

struct call {
	struct fx f;
	struct phone *a, *b;
	struct mstream *sa, *sb;
};

static void call_init(struct call *c)
{
	fx_init(&c->f);
	c->a = fx_phone(&c->f, "10.0.0.1", 4000);
	c->b = fx_phone(&c->f, "10.0.0.2", 4000);
	c->sa = fx_stream(&c->f, c->a);
	c->sb = fx_stream(&c->f, c->b);
	mstream_join(c->sa, c->sb);
	vnet_run(c->f.net, 10);
	phone_talk(&c->f, c->a, 10);
	phone_talk(&c->f, c->b, 10);
}

static void rtcp_send(struct call *c, struct phone *p, const uint8_t *b, size_t l)
{
	struct sa to = p->to;

	sa_set_port(&to, (uint16_t)(sa_port(&to) + 1));
	assert_int_equal(udp_send_now(p->rtcp, &to, b, l), 0);
	vnet_run(c->f.net, 5);
}

static bool find(struct phone *p, uint8_t type, struct rtcp_pkt *k)
{
	size_t off = 0;

	while (rtcp_next(p->rtcp_p, p->rtcp_l, &off, k))
		if (k->type == type)
			return true;
	return false;
}

static void send_sr(struct call *c, struct phone *p, const struct rtcp_rb *rb)
{
	uint8_t b[200];
	struct rtcp_sr sr = {.ssrc = p->ssrc,
			     .ntp_sec = 0x11223344,
			     .ntp_frac = 0x55667788,
			     .rtp_ts = p->ts,
			     .packets = 10,
			     .octets = 1600};

	size_t l = rtcp_encode_report(b, sizeof(b), p->ssrc, &sr, rb, rb ? 1 : 0, "phone-behind-nat@192.168.1.9",
				      false);
	assert_true(l > 0);
	rtcp_send(c, p, b, l);
}

static void test_sender_report_is_translated(void **state)
{
	struct call c;
	struct rtcp_pkt k;
	struct rtcp_sr sr;
	(void)state;

	call_init(&c);
	send_sr(&c, c.a, NULL);
	assert_int_equal(c.b->nrtcp, 1);
	assert_true(rtcp_valid(c.b->rtcp_p, c.b->rtcp_l));
	assert_true(find(c.b, RTCP_SR, &k));
	assert_int_equal(rtcp_sr_decode(&sr, &k), 0);
	const struct rtp_hdr *last = &c.b->got[9].h;
	assert_int_equal(sr.ssrc, last->ssrc);
	/* the report was for the next packet's time */
	assert_int_equal(sr.rtp_ts, last->ts + 160);
	assert_int_equal(sr.ntp_sec, 0x11223344);
	assert_int_equal(sr.ntp_frac, 0x55667788);
	assert_int_equal(sr.packets, 10);
	/* a name of ours, not the phone's */
	assert_true(find(c.b, RTCP_SDES, &k));
	assert_int_equal(k.p[8], 1);
	assert_int_equal(k.p[9], 16);
	for (size_t i = 0; i + 7 < c.b->rtcp_l; i++)
		assert_memory_not_equal(c.b->rtcp_p + i, "192.168", 7);
	fx_free(&c.f);
}

static void test_report_block_is_translated_and_rtt_measured(void **state)
{
	struct call c;
	struct rtcp_pkt k;
	struct rtcp_rb rb, got;
	(void)state;

	call_init(&c);
	send_sr(&c, c.a, NULL);
	/* b answers 105 ms later and says that it held the report for 80 ms of them */
	vnet_run(c.f.net, 100);
	const struct rtp_hdr *last = &c.b->got[9].h;
	rb = (struct rtcp_rb){.ssrc = last->ssrc,
			      .fraction = 64,
			      .lost = 3,
			      .ext_seq = last->seq,
			      .jitter = 8,
			      .lsr = ntp_mid(0x11223344, 0x55667788),
			      .dlsr = 80 * 65536 / 1000};
	send_sr(&c, c.b, &rb);
	assert_int_equal(c.a->nrtcp, 1);
	assert_true(find(c.a, RTCP_SR, &k));
	assert_int_equal(rtcp_rb_decode(&got, &k, 0), 0);
	assert_int_equal(got.ssrc, c.a->ssrc);
	assert_int_equal((uint16_t)got.ext_seq, (uint16_t)(c.a->seq - 1));
	assert_int_equal(got.lost, 3);
	assert_int_equal(got.fraction, 64);
	assert_int_equal(got.lsr, rb.lsr);
	struct mstream_stats st = fx_stats(&c.f, c.sb);
	assert_in_range(st.rtt_us, 20000, 30000);
	assert_int_equal(st.remote_lost_pm, 250);
	fx_free(&c.f);
}

static void test_feedback_is_translated(void **state)
{
	struct call c;
	struct rtcp_pkt k;
	(void)state;

	call_init(&c);
	uint32_t out = c.b->got[0].h.ssrc;
	uint16_t seq = c.b->got[4].h.seq;
	/* b misses a packet of our stream (NACK), and asks for a picture (FIR) */
	uint8_t fb[] = {0x81,
			RTCP_RTPFB,
			0,
			3,
			9,
			9,
			9,
			9,
			(uint8_t)(out >> 24),
			(uint8_t)(out >> 16),
			(uint8_t)(out >> 8),
			(uint8_t)out,
			(uint8_t)(seq >> 8),
			(uint8_t)seq,
			0,
			0,
			0x84,
			RTCP_PSFB,
			0,
			4,
			9,
			9,
			9,
			9,
			0,
			0,
			0,
			0,
			(uint8_t)(out >> 24),
			(uint8_t)(out >> 16),
			(uint8_t)(out >> 8),
			(uint8_t)out,
			7,
			0,
			0,
			0};
	rtcp_send(&c, c.b, fb, sizeof(fb));
	assert_int_equal(c.a->nrtcp, 1);
	assert_int_equal(c.a->rtcp_l, sizeof(fb));
	assert_true(find(c.a, RTCP_RTPFB, &k));
	assert_int_equal(k.p[10] << 8 | k.p[11], c.a->ssrc);
	assert_int_equal(k.p[12] << 8 | k.p[13], 104);
	uint32_t from = c.a->got[0].h.ssrc;
	assert_int_equal((uint32_t)k.p[4] << 24 | k.p[5] << 16 | k.p[6] << 8 | k.p[7], from);
	assert_true(find(c.a, RTCP_PSFB, &k));
	assert_int_equal(k.p[14] << 8 | k.p[15], c.a->ssrc);
	fx_free(&c.f);
}

static void test_bye_stays_on_its_leg(void **state)
{
	struct call c;
	struct rtcp_pkt k;
	uint8_t b[200];
	(void)state;

	call_init(&c);
	size_t l = rtcp_encode_report(b, sizeof(b), c.a->ssrc, NULL, NULL, 0, "x", true);
	rtcp_send(&c, c.a, b, l);
	if (c.b->nrtcp)
		assert_false(find(c.b, RTCP_BYE, &k));
	/* the end of our stream is one */
	mstream_close(c.sb, NULL, NULL);
	vnet_run(c.f.net, 5);
	assert_true(find(c.b, RTCP_BYE, &k));
	fx_free(&c.f);
}

static void test_mux(void **state)
{
	struct call c;
	uint8_t b[200];
	(void)state;

	call_init(&c);
	struct mstream_remote r = fx_remote(&c.b->addr);
	r.rtcp_mux = true;
	mstream_set_remote(c.sb, &r);
	vnet_run(c.f.net, 5);
	phone_talk(&c.f, c.b, 1);
	size_t n = c.b->nrtcp, got = c.b->ngot;
	(void)got;
	/* from b on its RTP port: accepted; from a stranger there: not */
	size_t l = rtcp_encode_report(b, sizeof(b), c.b->ssrc, NULL, NULL, 0, "x", false);
	assert_int_equal(udp_send_now(c.b->rtp, &c.b->to, b, l), 0);
	assert_int_equal(udp_send_now(c.a->rtp, &c.b->to, b, l), 0);
	vnet_run(c.f.net, 5);
	assert_int_equal(c.a->nrtcp, 1);
	assert_int_equal(c.b->nrtcp, n);
	assert_int_equal(fx_stats(&c.f, c.sb).rx_dropped, 1);
	fx_free(&c.f);
}

static void test_own_reports_of_an_echo(void **state)
{
	struct fx f;
	struct rtcp_pkt k;
	struct rtcp_sr sr;
	struct rtcp_rb rb;
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
	struct mstream *s = fx_stream(&f, a);
	mstream_echo(s);
	phone_talk(&f, a, 10);
	a->seq += 5;
	a->ts += 5 * 160;
	phone_talk(&f, a, 500);
	/* 10 s: two or three, at random distances */
	assert_in_range(a->nrtcp, 1, 5);
	assert_true(rtcp_valid(a->rtcp_p, a->rtcp_l));
	assert_true(find(a, RTCP_SR, &k));
	assert_int_equal(rtcp_sr_decode(&sr, &k), 0);
	assert_int_equal(sr.ssrc, a->got[1].h.ssrc);
	assert_int_equal(rtcp_rb_decode(&rb, &k, 0), 0);
	assert_int_equal(rb.ssrc, a->ssrc);
	assert_int_equal(rb.lost, 5);
	assert_true(find(a, RTCP_SDES, &k));
	/* it ends with the echo */
	mstream_idle(s);
	vnet_run(f.net, 100);
	size_t n = a->nrtcp;
	phone_talk(&f, a, 500);
	assert_int_equal(a->nrtcp, n);
	fx_free(&f);
}

static void sink_write(struct media_sink *sink, const int16_t *pcm, size_t n, uint64_t us)
{
	(void)us;
	(void)sink;
	(void)pcm;
	(void)n;
}

/* Damaged and random packets from the right address, into everything that reads them. */
static void test_damaged_packets(void **state)
{
	struct call c;
	struct media_sink sink = {.write = sink_write};
	uint8_t b[300];
	uint32_t r = 1;
	(void)state;

	call_init(&c);
	assert_int_equal(mstream_tap(c.sa, &sink), 0);
	uint32_t out = c.a->got[0].h.ssrc;
	for (int i = 0; i < 20000; i++) {
		const struct rtcp_sr sr = {.ssrc = c.a->ssrc, .ntp_sec = r, .rtp_ts = r};
		const struct rtcp_rb rb = {.ssrc = out, .lsr = r, .ext_seq = r};
		size_t l = rtcp_encode_report(b, sizeof(b), c.a->ssrc, i & 1 ? &sr : NULL, &rb, 1, "x", i & 2);
		struct sa to = c.a->to;
		struct udp *u = c.a->rtp;
		if (i & 4) {
			sa_set_port(&to, (uint16_t)(sa_port(&to) + 1));
			u = c.a->rtcp;
		} else if (i & 8) {
			/* sound or digits */
			b[0] = (uint8_t)(0x80 | (r >> 8 & 0x3f));
			b[1] = (uint8_t)(i & 16 ? 101 : r >> 16 & 0x7f);
			l = 12 + r % 200;
		}
		for (int k = i % 5; k > 0; k--) {
			r = r * 1664525 + 1013904223;
			b[(r >> 8) % l] = (uint8_t)(r >> 24);
		}
		r = r * 1664525 + 1013904223;
		if (r >> 28 == 0)
			l = r % l;
		assert_int_equal(udp_send_now(u, &to, b, l), 0);
		if (i % 4 == 0)
			vnet_run(c.f.net, 5);
	}
	/* and a call is still possible */
	mstream_set_remote(c.sa, &(struct mstream_remote){.rtp = c.a->addr, .we_send = true, .we_recv = true});
	vnet_run(c.f.net, 2000);
	size_t n = c.b->ngot;
	if (n > GOT_MAX - 10)
		c.b->ngot = n = 0;
	phone_talk(&c.f, c.a, 5);
	assert_int_equal(c.b->ngot, n + 5);
	mstream_close(c.sa, NULL, NULL);
	vnet_run(c.f.net, 5);
	fx_free(&c.f);
}

static void test_interval_is_spread(void **state)
{
	uint32_t lo = UINT32_MAX, hi = 0;
	uint64_t sum = 0;
	(void)state;

	for (int i = 0; i < 2000; i++) {
		uint32_t ms = rtcp_interval_ms();
		lo = ms < lo ? ms : lo;
		hi = ms > hi ? ms : hi;
		sum += ms;
	}
	assert_in_range(lo, 2052, 2300);
	assert_in_range(hi, 5900, 6157);
	assert_in_range(sum / 2000, 3900, 4300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sender_report_is_translated),
		cmocka_unit_test(test_report_block_is_translated_and_rtt_measured),
		cmocka_unit_test(test_feedback_is_translated),
		cmocka_unit_test(test_bye_stays_on_its_leg),
		cmocka_unit_test(test_mux),
		cmocka_unit_test(test_own_reports_of_an_echo),
		cmocka_unit_test(test_damaged_packets),
		cmocka_unit_test(test_interval_is_spread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
