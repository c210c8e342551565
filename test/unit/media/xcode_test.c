/*
 * xcode_test.c - parties with different codecs, payload types and packet lengths hear each other.
 */
#include "voice_fixture.h"

struct two {
	struct fx f;
	struct phone *a, *b;
	struct mstream *sa, *sb;
	struct voice va, vb;
};

static void two_open(struct two *t, const struct codec_ops *ca, const struct codec_ops *cb, unsigned workers)
{
	memset(t, 0, sizeof(*t));
	fx_init_cfg(&t->f, (struct media_cfg){.workers = workers});
	t->a = fx_phone(&t->f, "10.0.0.1", 4000);
	t->b = fx_phone(&t->f, "10.0.0.2", 4000);
	t->sa = fx_stream_on(&t->f, 0, t->a, "10.1.0.1", MSTREAM_AUDIO, NULL, NULL);
	t->sb = fx_stream_on(&t->f, workers - 1, t->b, "10.1.0.1", MSTREAM_AUDIO, NULL, NULL);
	voice_open(&t->va, t->a, ca, PT_OF_A, 700);
	voice_open(&t->vb, t->b, cb, PT_OF_B, 1100);
}

static void two_join(struct two *t)
{
	remote_of(t->sa, &t->va);
	remote_of(t->sb, &t->vb);
	mstream_join(t->sa, t->sb);
	vnet_run(t->f.net, 10);
}

static void two_close(struct two *t)
{
	voice_close(&t->va);
	voice_close(&t->vb);
	fx_free(&t->f);
}

static void pair(const struct codec_ops *ca, const struct codec_ops *cb, unsigned workers)
{
	struct two t;

	two_open(&t, ca, cb, workers);
	two_join(&t);
	talk(&t.f, &t.va, &t.vb, 800);
	assert_true(t.a->ngot >= 38 && t.b->ngot >= 38);
	assert_steps(t.a, 0, ca, PT_OF_A);
	assert_steps(t.b, 0, cb, PT_OF_B);
	assert_true(t.a->got[0].h.marker && t.b->got[0].h.marker);
	assert_false(t.a->got[5].h.marker || t.b->got[5].h.marker);
	assert_tone(t.b, 0, cb, 700);
	assert_tone(t.a, 0, ca, 1100);
	two_close(&t);
}

static void test_every_pair_of_codecs(void **state)
{
	(void)state;
	for (size_t i = 0; i < codec_table_n; i++)
		for (size_t k = i; k < codec_table_n; k++)
			pair(codec_table[i], codec_table[k], 1);
}

static const struct codec_ops *codec_named(const char *name, uint32_t clock)
{
	const struct codec_ops *c = codec_find_name(slice_str(name), clock, 0);

	assert_non_null(c);
	return c;
}

static void test_two_workers(void **state)
{
	(void)state;
	pair(codec_named("PCMU", 8000), codec_named("G722", 8000), 2);
	pair(codec_named("OPUS", 48000), codec_named("GSM", 8000), 2);
}

/* ------------------------------------------------------------------ lengths of packets */

static void test_lengths(void **state)
{
	static const unsigned ms[] = {10, 20, 30, 40, 60};
	static const struct {
		const char *from, *to;
		uint32_t cfrom, cto;
		unsigned step;
	} tab[] = {
		{"PCMU", "PCMU", 8000, 8000, 10},       {"PCMU", "PCMA", 8000, 8000, 10},
		{"PCMA", "G722", 8000, 8000, 10},       {"G722", "G722", 8000, 8000, 10},
		{"OPUS", "OPUS", 48000, 48000, 10},     {"GSM", "GSM", 8000, 8000, 20},
		{"G722", "OPUS", 8000, 48000, 10},      {"SPEEX", "SPEEX", 16000, 16000, 20},
		{"G726-24", "G726-24", 8000, 8000, 10}, {"OPUS", "GSM", 48000, 8000, 20},
		{"L16", "G726-32", 8000, 8000, 10},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(tab); i++)
		for (size_t k = 0; k < ARRAY_LEN(ms); k++)
			for (size_t m = 0; m < ARRAY_LEN(ms); m++) {
				struct two t;
				const struct codec_ops *ca = codec_named(tab[i].from, tab[i].cfrom),
						       *cb = codec_named(tab[i].to, tab[i].cto);
				two_open(&t, ca, cb, 1);
				t.va.ms = codec_ms(ca, ms[k], 0);
				t.vb.ptime = (uint16_t)ms[m];
				t.vb.strict = true;
				two_join(&t);
				talk(&t.f, &t.va, NULL, 1200);
				unsigned want = codec_ms(cb, ms[m], 0);
				assert_int_equal(want,
						 ms[m] < tab[i].step ? tab[i].step : ms[m] / tab[i].step * tab[i].step);
				assert_true(t.b->ngot >= 1200 / want - 1 - t.va.ms / want);
				for (size_t n = 0; n < t.b->ngot; n++) {
					const struct got *g = &t.b->got[n];
					assert_int_equal(cb->duration(cb, g->p + g->h.hdrlen, g->h.payload),
							 cb->clock / 1000 * want);
				}
				assert_steps(t.b, 0, cb, PT_OF_B);
				assert_tone(t.b, 0, cb, 700);
				two_close(&t);
			}
}

/* Two frames in what comes are two packets, for who wants 20 ms: some phones read the first frame of a packet only. */
static void test_no_longer_than_wanted(void **state)
{
	struct two t;
	const struct codec_ops *gsm = codec_named("GSM", 8000);
	(void)state;

	two_open(&t, codec_named("L16", 16000), gsm, 1);
	t.va.ms = 40;
	two_join(&t);
	talk(&t.f, &t.va, NULL, 800);
	assert_in_range(t.b->ngot, 38, 40);
	for (size_t n = 0; n < t.b->ngot; n++)
		assert_int_equal(t.b->got[n].h.payload, 33);
	assert_steps(t.b, 0, gsm, PT_OF_B);
	assert_tone(t.b, 0, gsm, 700);
	two_close(&t);
}

static void test_maxptime(void **state)
{
	struct two t;
	const struct codec_ops *c = codec_named("PCMU", 8000);
	(void)state;

	two_open(&t, c, c, 1);
	t.vb.maxptime = 30;
	two_join(&t);
	/* shorter ones pass as they are, whatever ptime says */
	t.va.ms = 30;
	talk(&t.f, &t.va, NULL, 300);
	assert_int_equal(t.b->ngot, 10);
	assert_int_equal(t.b->got[9].h.payload, 240);
	/* longer ones are cut to ptime */
	t.va.ms = 60;
	talk(&t.f, &t.va, NULL, 600);
	assert_int_equal(t.b->ngot, 40);
	assert_int_equal(t.b->got[39].h.payload, 160);
	assert_steps(t.b, 0, c, PT_OF_B);
	assert_tone(t.b, 0, c, 700);
	/* the other way nothing was asked */
	t.vb.ms = 60;
	talk(&t.f, NULL, &t.vb, 300);
	assert_int_equal(t.a->got[0].h.payload, 480);
	two_close(&t);
}

/* ------------------------------------------------------------------ loss and order */

/* Packets of a as said, `lose` says which ones the network keeps. */
static void talk_lossy(struct two *t, unsigned n, const char *lose)
{
	size_t l = strlen(lose);

	for (unsigned i = 0; i < n; i++) {
		voice_say(&t->va, lose[i % l] == '.');
		vnet_run(t->f.net, (int)t->va.ms);
	}
}

/* Numbers and times of what the other party gets agree: a gap in one is a gap in the other. */
static void assert_gaps(const struct phone *p, uint32_t ticks)
{
	for (size_t i = 1; i < p->ngot; i++) {
		uint16_t d = (uint16_t)(p->got[i].h.seq - p->got[i - 1].h.seq);
		assert_in_range(d, 1, 10);
		assert_int_equal(p->got[i].h.ts - p->got[i - 1].h.ts, d * ticks);
	}
}

static void test_losses_stay_visible(void **state)
{
	static const char *const to[] = {"PCMA", "G722", "GSM", "G726-32"};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(to); i++) {
		struct two t;
		two_open(&t, codec_named("PCMU", 8000), codec_named(to[i], 8000), 1);
		two_join(&t);
		talk_lossy(&t, 100, ".....x..xx......xxxx");
		assert_int_equal(t.b->ngot, 65);
		assert_gaps(t.b, 160);
		assert_int_equal((uint16_t)(t.b->got[64].h.seq - t.b->got[0].h.seq), 95);
		for (size_t k = 1; k < t.b->ngot; k++)
			assert_false(t.b->got[k].h.marker);
		two_close(&t);
	}
}

static void test_fec_restores(void **state)
{
	struct two t;
	const struct codec_ops *c = codec_named("OPUS", 48000);
	(void)state;

	two_open(&t, c, codec_named("PCMU", 8000), 1);
	two_join(&t);
	/* a telephone's speech, of a party that knows of losses: wideband tones would be coded without FEC */
	const struct coder_cfg cfg = {.rate = 8000, .par = codec_par(c, SLICE("useinbandfec=1")), .narrow = true};
	t.va.enc = mem_deref(t.va.enc);
	t.va.rate = 8000;
	t.va.speech = true;
	assert_int_equal(c->enc_new(&t.va.enc, c, &cfg), 0);
	c->enc_loss(t.va.enc, 25);
	talk_lossy(&t, 100, "......x...");
	/* of ten single losses all that the coder thought worth it came back, in their place and time */
	assert_in_range(t.b->ngot, 97, 100);
	assert_gaps(t.b, 160);
	/* of two in a row the second */
	size_t before = t.b->ngot;
	talk_lossy(&t, 40, "......xx..");
	assert_in_range(t.b->ngot - before, 35, 36);
	two_close(&t);
}

static void test_late_packets(void **state)
{
	static const struct {
		const char *to;
		size_t n;
	} tab[] = {{"PCMA", 7}, {"G722", 6}};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		struct two t;
		two_open(&t, codec_named("PCMU", 8000), codec_named(tab[i].to, 8000), 1);
		two_join(&t);
		uint8_t pay[160];
		memset(pay, 0x55, sizeof(pay));
		static const uint16_t order[] = {0, 1, 2, 4, 3, 5, 6};
		for (size_t k = 0; k < ARRAY_LEN(order); k++) {
			t.a->seq = (uint16_t)(100 + order[k]);
			t.a->ts = 5000 + order[k] * 160U;
			phone_raw(t.a, pay, sizeof(pay));
			vnet_run(t.f.net, 20);
		}
		assert_int_equal(t.b->ngot, tab[i].n);
		for (size_t k = 0; k < t.b->ngot; k++)
			assert_int_equal(t.b->got[k].h.ts - t.b->got[0].h.ts,
					 160 * (uint32_t)(uint16_t)(t.b->got[k].h.seq - t.b->got[0].h.seq));
		two_close(&t);
	}
}

static void test_loss_while_collecting(void **state)
{
	struct two t;
	const struct codec_ops *c = codec_named("PCMU", 8000);
	(void)state;

	/* 30 ms to 20 ms; three lost are 90 ms: four or five packets */
	two_open(&t, c, codec_named("G722", 8000), 1);
	t.va.ms = 30;
	t.vb.ptime = 20;
	t.vb.strict = true;
	two_join(&t);
	talk_lossy(&t, 60, "...............xxx..");
	bool gap = false;
	for (size_t i = 1; i < t.b->ngot; i++) {
		uint16_t d = (uint16_t)(t.b->got[i].h.seq - t.b->got[i - 1].h.seq);
		uint32_t ticks = t.b->got[i].h.ts - t.b->got[i - 1].h.ts;
		gap |= d > 1;
		assert_in_range(d, 1, 6);
		assert_in_range(ticks, d * 160U, d * 160U + 160);
	}
	assert_true(gap);
	two_close(&t);
}

static void test_another_ssrc_and_a_jump(void **state)
{
	struct two t;
	const struct codec_ops *c = codec_named("OPUS", 48000);
	(void)state;

	two_open(&t, c, codec_named("G722", 8000), 1);
	two_join(&t);
	talk(&t.f, &t.va, NULL, 400);
	t.a->ssrc++;
	t.a->seq = 65530;
	t.a->ts = 0xffffff00;
	talk(&t.f, &t.va, NULL, 400);
	t.a->seq = 9000;
	t.a->ts = 0x7fffff00;
	talk(&t.f, &t.va, NULL, 400);
	assert_int_equal(t.b->ngot, 60);
	phone_assert_continuous(t.b);
	/* the clock is the other one all the time, also far from where it began: 20 minutes in steps of a minute */
	for (int i = 0; i < 20; i++) {
		t.a->ts += 48000 * 60;
		vnet_run(t.f.net, 60000);
		talk(&t.f, &t.va, NULL, 20);
	}
	uint32_t ms = (t.b->got[79].h.ts - t.b->got[59].h.ts) / 8;
	assert_in_range(ms, 20 * 60020, 20 * 60020);
	assert_true(t.b->got[79].h.marker);
	two_close(&t);
}

/* ------------------------------------------------------------------ one stream for life */

static void test_continuity_over_all(void **state)
{
	struct two t;
	const struct codec_ops *u = codec_named("PCMU", 8000), *g = codec_named("G722", 8000);
	const struct tone_step st = {.f1 = 440, .ms = 300, .level_dbm0 = -10};
	struct media_source *src;
	struct voice vu;
	(void)state;

	two_open(&t, g, g, 1);
	/* a plain relay */
	two_join(&t);
	talk(&t.f, &t.va, &t.vb, 300);
	/* the other party changes to another codec: b goes on with G.722 */
	voice_open(&vu, t.a, u, PT_OF_A, 700);
	remote_of(t.sa, &vu);
	vnet_run(t.f.net, 5);
	talk(&t.f, &vu, &t.vb, 300);
	/* a player, and the transcoded relay again */
	assert_int_equal(tone_source(&src, &st, 1, 1, NULL, NULL), 0);
	assert_int_equal(mstream_play(t.sb, src), 0);
	vnet_run(t.f.net, 400);
	mstream_join(t.sa, t.sb);
	vnet_run(t.f.net, 5);
	talk(&t.f, &vu, &t.vb, 300);
	/* back to the plain relay */
	t.a->pt = PT_OF_A;
	remote_of(t.sa, &t.va);
	vnet_run(t.f.net, 5);
	talk(&t.f, &t.va, &t.vb, 300);
	assert_in_range(t.b->ngot, 70, 76);
	phone_assert_continuous(t.b);
	phone_assert_continuous(t.a);
	uint32_t span = t.b->got[t.b->ngot - 1].h.ts - t.b->got[0].h.ts;
	uint64_t us = t.b->got[t.b->ngot - 1].us - t.b->got[0].us;
	assert_in_range(span, us / 125 - 400, us / 125 + 400);
	voice_close(&vu);
	two_close(&t);
}

static void rtcp_send(struct two *t, struct phone *p, const struct rtcp_sr *sr, const struct rtcp_rb *rb)
{
	uint8_t b[200];
	struct sa to = p->to;
	size_t l = rtcp_encode_report(b, sizeof(b), p->ssrc, sr, rb, rb ? 1 : 0, "x", false);

	sa_set_port(&to, (uint16_t)(sa_port(&to) + 1));
	assert_int_equal(udp_send_now(p->rtcp, &to, b, l), 0);
	vnet_run(t->f.net, 5);
}

/* A report of each kind in what a phone got last; false: there was none. */
static bool reported(struct phone *p, struct rtcp_sr *sr, struct rtcp_rb *rb)
{
	struct rtcp_pkt k;
	size_t off = 0;

	return p->nrtcp && rtcp_valid(p->rtcp_p, p->rtcp_l) && rtcp_next(p->rtcp_p, p->rtcp_l, &off, &k) &&
	       k.type == RTCP_SR && !rtcp_sr_decode(sr, &k) && !rtcp_rb_decode(rb, &k, 0) &&
	       rtcp_next(p->rtcp_p, p->rtcp_l, &off, &k) && k.type == RTCP_SDES;
}

/* Who gets converted sound gets our reports, in its own numbers and clock, and none of the other side's. */
static void own_reports(unsigned workers)
{
	struct two t;
	struct rtcp_sr sr;
	struct rtcp_rb rb;

	two_open(&t, codec_named("OPUS", 48000), codec_named("PCMU", 8000), workers);
	two_join(&t);
	talk(&t.f, &t.va, &t.vb, 1500);
	rtcp_send(&t, t.a, &(struct rtcp_sr){.ssrc = t.a->ssrc, .ntp_sec = 5, .rtp_ts = t.a->ts, .packets = 7}, NULL);
	rtcp_send(&t, t.b, &(struct rtcp_sr){.ssrc = t.b->ssrc, .ntp_sec = 5, .rtp_ts = t.b->ts, .packets = 7}, NULL);
	assert_int_equal(t.a->nrtcp + t.b->nrtcp, 0);
	/* two of b's are lost */
	t.b->seq += 2;
	t.b->ts += 2 * 160;
	talk(&t.f, &t.va, &t.vb, 15000);
	assert_in_range(t.a->nrtcp, 1, 9);
	assert_in_range(t.b->nrtcp, 1, 9);
	assert_true(reported(t.a, &sr, &rb));
	const struct got *last = &t.a->got[t.a->ngot - 1];
	assert_int_equal(sr.ssrc, last->h.ssrc);
	assert_in_range(last->h.ts - sr.rtp_ts, 0, 48000 * 7);
	assert_int_equal(rb.ssrc, t.a->ssrc);
	assert_int_equal(rb.lost, 0);
	assert_true(reported(t.b, &sr, &rb));
	last = &t.b->got[t.b->ngot - 1];
	assert_int_equal(sr.ssrc, last->h.ssrc);
	assert_in_range(last->h.ts - sr.rtp_ts, 0, 8000 * 7);
	assert_in_range(sr.packets, 75, t.b->ngot);
	assert_int_equal(rb.ssrc, t.b->ssrc);
	assert_int_equal(rb.lost, 2);
	/* the round trip to a: it held our report for all but 20 ms */
	size_t n = t.a->nrtcp;
	while (t.a->nrtcp == n)
		talk(&t.f, &t.va, &t.vb, 20);
	assert_true(reported(t.a, &sr, &rb));
	talk(&t.f, &t.va, &t.vb, 100);
	rb = (struct rtcp_rb){.ssrc = sr.ssrc, .lsr = ntp_mid(sr.ntp_sec, sr.ntp_frac), .dlsr = 80 * 65536 / 1000};
	rtcp_send(&t, t.a, NULL, &rb);
	assert_in_range(fx_stats(&t.f, t.sa).rtt_us, 15000, 60000);
	two_close(&t);
}

static void test_own_reports_where_sound_is_converted(void **state)
{
	(void)state;
	own_reports(1);
	own_reports(2);
}

/* ------------------------------------------------------------------ trouble */

static void test_no_memory(void **state)
{
	(void)state;
	void *p = mem_alloc(1, NULL);
	size_t live = mem_live();
	mem_deref(p);
	if (!live)
		skip();
	for (long n = 0; n < 12; n++) {
		struct two t;
		two_open(&t, codec_named("OPUS", 48000), codec_named("G722", 8000), 1);
		two_join(&t);
		for (int i = 0; i < 3; i++) {
			voice_say(&t.va, true);
			voice_say(&t.vb, true);
			mem_fail_at(n);
			vnet_run(t.f.net, 20);
			(void)mem_fail_off();
		}
		/* it works as soon as there is memory */
		t.a->ngot = t.b->ngot = 0;
		talk(&t.f, &t.va, &t.vb, 500);
		assert_true(t.a->ngot >= 24 && t.b->ngot >= 24);
		assert_tone(t.a, 0, t.va.c, 1100);
		two_close(&t);
	}
}

static uint32_t lcg;
static uint32_t rnd(uint32_t below)
{
	lcg = lcg * 1664525 + 1013904223;
	return (lcg >> 8) % below;
}

static void test_random_packets(void **state)
{
	static const char *const names[] = {"PCMU", "G722", "GSM", "OPUS", "SPEEX", "L16", "G726-32"};
	static const uint32_t clocks[] = {8000, 8000, 8000, 48000, 16000, 16000, 8000};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct two t;
		const struct codec_ops *ca = codec_named(names[i], clocks[i]),
				       *cb = codec_named(names[(i + 3) % 7], clocks[(i + 3) % 7]);
		lcg = (uint32_t)i + 1;
		two_open(&t, ca, cb, 1);
		t.vb.strict = i % 2;
		t.vb.maxptime = i % 3 ? 0 : 20;
		two_join(&t);
		for (int k = 0; k < 3000; k++) {
			uint8_t pay[600];
			size_t l = rnd(10) ? rnd(170) : rnd(sizeof(pay));
			for (size_t m = 0; m < l; m++)
				pay[m] = (uint8_t)rnd(256);
			t.a->pt = (uint8_t)(rnd(8) ? PT_OF_A + rnd(2) : rnd(128));
			t.a->seq = (uint16_t)(t.a->seq + (rnd(10) ? 1 : rnd(9) - 4));
			t.a->ts += rnd(10) ? 160 : rnd(100000);
			if (!rnd(500))
				t.a->ssrc = rnd(1000);
			phone_raw(t.a, pay, l);
			t.b->ngot = 0;
			if (!rnd(100)) {
				t.vb.ptime = (uint16_t)(10 + rnd(50));
				remote_of(t.sb, &t.vb);
			}
			vnet_run(t.f.net, 2);
			for (size_t m = 0; m < t.b->ngot; m++)
				assert_true(t.b->got[m].h.payload <= TX_ROOM);
		}
		/* and all is well again */
		t.a->pt = PT_OF_A;
		t.a->ssrc = 77;
		t.vb.ptime = 20;
		t.vb.strict = false;
		t.vb.maxptime = 0;
		remote_of(t.sb, &t.vb);
		vnet_run(t.f.net, 5000);
		t.b->ngot = 0;
		talk(&t.f, &t.va, NULL, 800);
		assert_tone(t.b, 0, cb, 700);
		two_close(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_pair_of_codecs),
		cmocka_unit_test(test_two_workers),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_no_longer_than_wanted),
		cmocka_unit_test(test_maxptime),
		cmocka_unit_test(test_losses_stay_visible),
		cmocka_unit_test(test_fec_restores),
		cmocka_unit_test(test_late_packets),
		cmocka_unit_test(test_loss_while_collecting),
		cmocka_unit_test(test_another_ssrc_and_a_jump),
		cmocka_unit_test(test_continuity_over_all),
		cmocka_unit_test(test_own_reports_where_sound_is_converted),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_random_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
