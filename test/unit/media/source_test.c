/*
 * source_test.c - what makes and hears sound by itself: echo, player, tap, digits;
 * and parties that vanish.
 */
#include "fixture.h"

/* A sink that keeps what it gets. */
struct keep {
	struct media_sink sink;
	int16_t s[80000];
	size_t n;
	int done;
};

static void keep_write(struct media_sink *sink, const int16_t *pcm, size_t n, uint64_t us)
{
	struct keep *k = CONTAINER_OF(sink, struct keep, sink);

	(void)us;
	assert_true(k->n + n <= ARRAY_LEN(k->s));
	memcpy(k->s + k->n, pcm, n * sizeof(*pcm));
	k->n += n;
}

static void keep_done(struct media_sink *sink)
{
	CONTAINER_OF(sink, struct keep, sink)->done++;
}

static struct keep *keep_new(void)
{
	struct keep *k = mem_zalloc(sizeof(*k), NULL);

	assert_non_null(k);
	k->sink.write = keep_write;
	k->sink.done = keep_done;
	return k;
}

static void count_h(void *arg)
{
	++*(int *)arg;
}

static struct media_source *tone(uint16_t hz, uint16_t ms, unsigned repeat, int *done)
{
	struct media_source *src;
	const struct tone_step st = {.f1 = hz, .ms = ms, .level_dbm0 = -10};

	assert_int_equal(tone_source(&src, &st, 1, repeat, count_h, done), 0);
	return src;
}

/* What a phone heard from packet `from` on, decoded. */
static size_t heard(const struct phone *p, size_t from, int16_t *pcm, size_t max)
{
	size_t n = 0;

	for (size_t i = from; i < p->ngot; i++)
		for (size_t k = 0; k < p->got[i].h.payload && n < max; k++) {
			uint8_t c = p->got[i].p[RTP_HDR + k];
			pcm[n++] = p->got[i].h.pt == 8 ? g711_alaw_dec(c) : g711_ulaw_dec(c);
		}
	return n;
}

static void test_echo(void **state)
{
	struct fx f;
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
	struct mstream *s = fx_stream(&f, a);
	mstream_echo(s);
	vnet_run(f.net, 5);
	a->pt = 111;
	phone_talk(&f, a, 10);
	assert_int_equal(a->ngot, 10);
	phone_assert_continuous(a);
	for (size_t i = 0; i < 10; i++) {
		assert_int_equal(a->got[i].h.pt, 111);
		assert_int_equal(a->got[i].p[RTP_HDR + 159], (uint8_t)(100 + i));
	}
	assert_int_not_equal(a->got[0].h.ssrc, a->ssrc);
	fx_free(&f);
}

static void test_play_to_the_end(void **state)
{
	struct fx f;
	int done = 0;
	static int16_t pcm[8000];
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
	struct mstream *s = fx_stream(&f, a);
	assert_true(mstream_can_play(s));
	uint64_t t0 = loop_now_us(f.l);
	assert_int_equal(mstream_play(s, tone(440, 1000, 1, &done)), 0);
	vnet_run(f.net, 2000);
	assert_int_equal(done, 1);
	assert_int_equal(a->ngot, 50);
	phone_assert_continuous(a);
	assert_true(a->got[0].h.marker);
	assert_false(a->got[1].h.marker);
	for (size_t i = 0; i < 50; i++) {
		assert_int_equal(a->got[i].h.pt, 0);
		assert_int_equal(a->got[i].h.payload, 160);
		/* absolute deadlines: the fiftieth is as punctual as the first */
		assert_in_range(a->got[i].us - t0, i * 20000, i * 20000 + 3000);
	}
	size_t n = heard(a, 0, pcm, 8000);
	assert_int_equal(n, 8000);
	assert_true(tone_share(pcm, n, 440, 8000) > 0.9);
	assert_true(tone_share(pcm, n, 1000, 8000) < 0.01);
	fx_free(&f);
}

static void test_play_in_the_remotes_first_codec(void **state)
{
	struct fx f;
	int done = 0;
	static int16_t pcm[8000];
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
	struct mstream *s = fx_stream(&f, a);
	struct mstream_remote r = fx_remote(&a->addr);
	r.codec[0] = (struct mcodec){96, "G729", 8000, 1, 0};
	r.codec[1] = (struct mcodec){8, "PCMA", 8000, 1, 0};
	r.ptime_ms = 30;
	mstream_set_remote(s, &r);
	assert_int_equal(mstream_play(s, tone(1000, 0, 0, &done)), 0);
	vnet_run(f.net, 1000);
	assert_in_range(a->ngot, 33, 34);
	assert_int_equal(a->got[0].h.pt, 8);
	assert_int_equal(a->got[0].h.payload, 240);
	assert_int_equal(a->got[1].h.ts - a->got[0].h.ts, 240);
	/* the record of a packet is shorter: the beginning is enough */
	for (size_t i = 0; i < 188; i++)
		pcm[i] = g711_alaw_dec(a->got[5].p[RTP_HDR + i]);
	assert_true(tone_share(pcm, 184, 1000, 8000) > 0.9);
	/* a new player in place of the old one: done for the old one */
	int done2 = 0;
	assert_int_equal(mstream_play(s, tone(500, 0, 0, &done2)), 0);
	vnet_run(f.net, 10);
	assert_int_equal(done, 1);
	mstream_close(s, NULL, NULL);
	vnet_run(f.net, 10);
	assert_int_equal(done2, 1);
	fx_free(&f);
}

static void test_cannot_play(void **state)
{
	struct fx f;
	int done = 0;
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
	struct mstream *s = fx_stream(&f, a);
	struct mstream_remote r = fx_remote(&a->addr);
	r.codec[0] = (struct mcodec){96, "G729", 8000, 1, 0};
	r.ncodec = 1;
	mstream_set_remote(s, &r);
	assert_false(mstream_can_play(s));
	struct media_source *src = tone(440, 10, 1, &done);
	assert_int_equal(mstream_play(s, src), ENOTSUP);
	r = fx_remote(&a->addr);
	mstream_set_remote(s, &r);
	src->rate = 96000;
	assert_int_equal(mstream_play(s, src), EINVAL);
	r.ncodec = 1;
	r.codec[0] = (struct mcodec){96, "G729", 8000, 1, 0};
	mstream_set_remote(s, &r);
	/* an error never calls back: the source is still the caller's */
	vnet_run(f.net, 10);
	assert_int_equal(done, 0);
	src->done(src);
	assert_int_equal(mstream_dtmf(s, SLICE("1")), ENOTSUP);
	fx_free(&f);
}

static void test_play_replaced_before_it_began(void **state)
{
	struct fx f;
	int done[3] = {0};
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
	struct mstream *s = fx_stream(&f, a);
	assert_int_equal(mstream_play(s, tone(440, 0, 0, &done[0])), 0);
	assert_int_equal(mstream_play(s, tone(440, 0, 0, &done[1])), 0);
	assert_int_equal(done[0], 0);
	vnet_run(f.net, 5);
	assert_int_equal(done[0], 1);
	assert_int_equal(done[1], 0);
	mstream_echo(s);
	assert_int_equal(mstream_play(s, tone(440, 0, 0, &done[2])), 0);
	mstream_close(s, NULL, NULL);
	vnet_run(f.net, 5);
	assert_int_equal(done[1], 1);
	assert_int_equal(done[2], 1);
	fx_free(&f);
}

static void test_play_then_relay_is_one_stream(void **state)
{
	struct fx f;
	int done = 0;
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000), *b = fx_phone(&f, "10.0.0.2", 4000);
	struct mstream *sa = fx_stream(&f, a), *sb = fx_stream(&f, b);
	assert_int_equal(mstream_play(sa, tone(440, 200, 1, &done)), 0);
	vnet_run(f.net, 300);
	mstream_join(sa, sb);
	vnet_run(f.net, 5);
	phone_talk(&f, b, 10);
	assert_int_equal(mstream_play(sa, tone(440, 200, 1, &done)), 0);
	vnet_run(f.net, 300);
	mstream_echo(sa);
	vnet_run(f.net, 5);
	phone_talk(&f, a, 5);
	assert_int_equal(a->ngot, 35);
	phone_assert_continuous(a);
	/* the join ended with the second player */
	phone_talk(&f, b, 3);
	assert_int_equal(a->ngot, 35);
	fx_free(&f);
}

static void test_play_waits_for_nobody_on_hold(void **state)
{
	struct fx f;
	int done = 0;
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
	struct mstream *s = fx_stream(&f, a);
	assert_int_equal(mstream_play(s, tone(440, 1000, 1, &done)), 0);
	vnet_run(f.net, 295);
	struct mstream_remote r = fx_remote(&a->addr);
	r.we_send = false;
	mstream_set_remote(s, &r);
	vnet_run(f.net, 200);
	r.we_send = true;
	mstream_set_remote(s, &r);
	vnet_run(f.net, 1000);
	assert_int_equal(done, 1);
	assert_int_equal(a->ngot, 40);
	/* ten frames passed in silence: time went on, numbers did not */
	assert_int_equal(a->got[15].h.ts - a->got[14].h.ts, 11 * 160);
	assert_true(a->got[15].h.marker);
	phone_assert_continuous(a);
	fx_free(&f);
}

/* ------------------------------------------------------------------ tap */

static void talk_tone(struct fx *f, struct phone *p, int n, double *ph)
{
	uint8_t pay[160];

	while (n--) {
		for (int i = 0; i < 160; i++, *ph += 500.0 / 8000)
			pay[i] = g711_ulaw_enc((int16_t)(8000 * __builtin_sin(6.283185307 * *ph)));
		phone_raw(p, pay, sizeof(pay));
		p->seq++;
		p->ts += 160;
		vnet_run(f->net, 20);
	}
}

static void test_tap_hears_while_the_relay_goes_on(void **state)
{
	struct fx f;
	struct keep *k = keep_new();
	double ph = 0;
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000), *b = fx_phone(&f, "10.0.0.2", 4000);
	struct mstream *sa = fx_stream(&f, a), *sb = fx_stream(&f, b);
	mstream_join(sa, sb);
	assert_int_equal(mstream_tap(sa, &k->sink), 0);
	vnet_run(f.net, 5);
	talk_tone(&f, a, 50, &ph);
	assert_int_equal(b->ngot, 50);
	assert_int_equal(k->n, 8000);
	assert_true(tone_share(k->s, k->n, 500, 8000) > 0.95);
	mstream_untap(sa, &k->sink);
	vnet_run(f.net, 5);
	assert_int_equal(k->done, 1);
	talk_tone(&f, a, 5, &ph);
	assert_int_equal(k->n, 8000);
	fx_free(&f);
	mem_deref(k);
}

/* One packet whose samples all have the same value. */
static void talk_value(struct fx *f, struct phone *p, uint16_t seq, int16_t v)
{
	uint8_t pay[160];
	uint16_t s0 = p->seq;
	uint32_t t0 = p->ts;

	memset(pay, g711_ulaw_enc(v), sizeof(pay));
	p->ts = 5000 + (uint32_t)(seq - 100) * 160;
	p->seq = seq;
	phone_raw(p, pay, sizeof(pay));
	p->seq = s0;
	p->ts = t0;
	vnet_run(f->net, 20);
}

static void test_tap_orders_and_fills(void **state)
{
	struct fx f;
	struct keep *k = keep_new();
	/* 103 comes late but in time; 106 never; 104 twice; 100 again is old */
	static const uint16_t order[] = {100, 101, 102, 104, 104, 103, 105, 107, 100, 108, 109, 110, 111};
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
	struct mstream *s = fx_stream(&f, a);
	assert_int_equal(mstream_tap(s, &k->sink), 0);
	vnet_run(f.net, 5);
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		talk_value(&f, a, order[i], (int16_t)(1000 + (order[i] - 100) * 500));
	mstream_close(s, NULL, NULL);
	vnet_run(f.net, 5);
	assert_int_equal(k->done, 1);
	assert_int_equal(k->n, 12 * 160);
	for (size_t i = 0; i < 12; i++) {
		int16_t want = g711_ulaw_dec(g711_ulaw_enc((int16_t)(1000 + i * 500)));
		if (i == 6) {
			/* made up, at full loudness at first: near to what was before it */
			assert_in_range(k->s[i * 160 + 80], want - 1000, want + 100);
			continue;
		}
		/* the seam to what was made up lies at the beginning of the next one */
		if (i != 7)
			assert_int_equal(k->s[i * 160], want);
		assert_int_equal(k->s[i * 160 + 159], want);
	}
	fx_free(&f);
	mem_deref(k);
}

static void test_tap_fills_pauses_with_silence(void **state)
{
	struct fx f;
	struct keep *k = keep_new();
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
	struct mstream *s = fx_stream(&f, a);
	assert_int_equal(mstream_tap(s, &k->sink), 0);
	vnet_run(f.net, 5);
	phone_talk(&f, a, 2);
	/* silence suppression: the sequence goes on, time jumps a second */
	a->ts += 8000;
	phone_talk(&f, a, 2);
	assert_int_equal(k->n, 4 * 160 + 8000);
	for (size_t i = 2 * 160 + 480; i < 2 * 160 + 8000; i++)
		assert_int_equal(k->s[i], 0);
	fx_free(&f);
	mem_deref(k);
}

static void test_taps_side_by_side(void **state)
{
	struct fx f;
	struct keep *k[3] = {keep_new(), keep_new(), keep_new()};
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
	struct mstream *s = fx_stream(&f, a);
	assert_int_equal(mstream_tap(s, &k[0]->sink), 0);
	vnet_run(f.net, 5);
	assert_int_equal(mstream_tap(s, &k[1]->sink), 0);
	assert_int_equal(mstream_tap(s, &k[2]->sink), 0);
	/* gone before it began, and once is enough */
	mstream_untap(s, &k[1]->sink);
	mstream_untap(s, &k[1]->sink);
	vnet_run(f.net, 5);
	phone_talk(&f, a, 3);
	assert_int_equal(k[1]->done, 1);
	assert_int_equal(k[0]->n, 480);
	assert_int_equal(k[1]->n, 0);
	assert_int_equal(k[2]->n, 480);
	mstream_untap(s, &k[0]->sink);
	mstream_untap(s, &k[0]->sink);
	vnet_run(f.net, 5);
	assert_int_equal(k[0]->done, 1);
	mstream_untap(s, &k[0]->sink);
	phone_talk(&f, a, 2);
	assert_int_equal(k[0]->n, 480);
	assert_int_equal(k[2]->n, 800);
	mstream_close(s, NULL, NULL);
	mstream_untap(s, &k[2]->sink);
	vnet_run(f.net, 5);
	assert_int_equal(k[2]->done, 1);
	fx_free(&f);
	for (int i = 0; i < 3; i++)
		mem_deref(k[i]);
}

/* ------------------------------------------------------------------ digits */

struct digits {
	char s[64];
	uint32_t ms[64];
	size_t n;
};

static void digit_h(struct mstream *s, char c, uint32_t ms, void *arg)
{
	struct digits *d = arg;

	(void)s;
	d->ms[d->n] = ms;
	d->s[d->n++] = c;
}

static const struct mstream_ops digit_ops = {.dtmf = digit_h};

static void send_tev(struct phone *p, uint8_t event, bool end, uint16_t dur)
{
	uint8_t b[4];
	struct rtp_tev t = {.event = event, .end = end, .volume = 10, .duration = dur};

	rtp_tev_encode(b, &t);
	p->pt = 101;
	phone_raw(p, b, 4);
	p->pt = 0;
	p->seq++;
}

static void test_digits_arrive_once(void **state)
{
	struct fx f;
	struct digits d = {.n = 0};
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000), *b = fx_phone(&f, "10.0.0.2", 4000);
	struct mstream *sa = fx_stream_on(&f, 0, a, "10.1.0.1", MSTREAM_AUDIO, &digit_ops, &d), *sb = fx_stream(&f, b);
	mstream_join(sa, sb);
	vnet_run(f.net, 5);
	static const uint8_t events[] = {0, 9, 10, 11, 15, 15};
	for (size_t i = 0; i < ARRAY_LEN(events); i++) {
		for (uint16_t k = 1; k <= 4; k++)
			send_tev(a, events[i], false, (uint16_t)(160 * k));
		for (int k = 0; k < 3; k++)
			send_tev(a, events[i], true, 800);
		vnet_run(f.net, 20);
		a->ts += 1600;
	}
	/* all three ends are lost: the next digit ends it; then none comes, and time ends it */
	send_tev(a, 1, false, 160);
	a->ts += 1600;
	send_tev(a, 2, false, 320);
	vnet_run(f.net, 5000);
	assert_int_equal(d.n, 8);
	d.s[d.n] = 0;
	assert_string_equal(d.s, "09*#DD12");
	assert_int_equal(d.ms[0], 100);
	assert_int_equal(d.ms[7], 40);
	/* digits alone are no codec */
	struct mstream_stats st;
	mstream_stats(sa, &st);
	assert_true(st.rx_packets > 0);
	assert_string_equal(st.codec, "");
	/* and they went through */
	assert_int_equal(b->ngot, 6 * 7 + 2);
	/* flash is not a digit */
	a->ts += 1600;
	send_tev(a, 16, true, 800);
	vnet_run(f.net, 3000);
	assert_int_equal(d.n, 8);
	fx_free(&f);
}

static void test_digits_go_out_and_come_back(void **state)
{
	struct fx f;
	struct digits d = {.n = 0};
	int done = 0;
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
	struct mstream *s = fx_stream(&f, a);
	assert_int_equal(mstream_play(s, tone(440, 0, 0, &done)), 0);
	vnet_run(f.net, 100);
	size_t before = a->ngot;
	assert_int_equal(mstream_dtmf(s, SLICE("1x")), EINVAL);
	assert_int_equal(mstream_dtmf(s, SLICE("")), EINVAL);
	assert_int_equal(mstream_dtmf(s, SLICE("15")), 0);
	assert_int_equal(mstream_dtmf(s, SLICE("*d")), 0);
	vnet_run(f.net, 4 * 160 - 10);
	size_t after = a->ngot;
	assert_int_equal(after - before, 4 * 8);
	vnet_run(f.net, 100);
	assert_true(a->ngot > after);
	for (size_t i = 0; i < 32; i++) {
		const struct got *g = &a->got[before + i];
		struct rtp_tev t;
		assert_int_equal(g->h.pt, 101);
		assert_int_equal(rtp_tev_decode(&t, g->p + RTP_HDR, g->h.payload), 0);
		assert_int_equal(t.event, i < 8 ? 1 : i < 16 ? 5 : i < 24 ? 10 : 15);
		assert_int_equal(t.end, i % 8 >= 5);
		assert_int_equal(t.duration, i % 8 >= 5 ? 800 : (i % 8 + 1) * 160);
		assert_int_equal(g->h.marker, i % 8 == 0);
		assert_int_equal(g->h.ts, a->got[before + i / 8 * 8].h.ts);
		assert_int_equal((uint16_t)(g->h.seq - a->got[before].h.seq), i);
		assert_in_range(g->us - a->got[before].us, i * 20000, i * 20000);
	}
	/* numbers went on, and time did not go back for the sound after them */
	assert_int_equal((uint16_t)(a->got[after].h.seq - a->got[after - 1].h.seq), 1);
	assert_true((int32_t)(a->got[after].h.ts - a->got[after - 1].h.ts) > 0);
	assert_true(a->got[after].h.marker);
	/* what one stream sends, another understands */
	struct mstream *r = fx_stream_on(&f, 0, a, "10.1.0.1", MSTREAM_AUDIO, &digit_ops, &d);
	for (size_t i = before; i < after; i++) {
		assert_int_equal(udp_send_now(a->rtp, &a->to, a->got[i].p, a->got[i].l), 0);
		vnet_run(f.net, 20);
	}
	assert_int_equal(d.n, 4);
	assert_memory_equal(d.s, "15*D", 4);
	mstream_close(r, NULL, NULL);
	assert_int_equal(mstream_dtmf(s, SLICE("123")), 0);
	mstream_close(s, NULL, NULL);
	fx_free(&f);
}

/* ------------------------------------------------------------------ dead */

static void dead_h(struct mstream *s, void *arg)
{
	(void)s;
	++*(int *)arg;
}

static const struct mstream_ops dead_ops = {.dead = dead_h};

static void test_dead_call(void **state)
{
	struct fx f;
	int dead = 0;
	(void)state;

	fx_init_cfg(&f, (struct media_cfg){.dead_s = 10});
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
	struct mstream *s = fx_stream_on(&f, 0, a, "10.1.0.1", MSTREAM_AUDIO, &dead_ops, &dead);
	mstream_echo(s);
	phone_talk(&f, a, 500);
	vnet_run(f.net, 9000);
	assert_int_equal(dead, 0);
	vnet_run(f.net, 2500);
	assert_int_equal(dead, 1);
	/* once */
	vnet_run(f.net, 60000);
	assert_int_equal(dead, 1);
	fx_free(&f);
}

static void test_dead_long_time(void **state)
{
	struct fx f;
	int dead = 0;
	(void)state;

	/* more than one round of the wheel; no packet ever */
	fx_init_cfg(&f, (struct media_cfg){.dead_s = 200});
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
	fx_stream_on(&f, 0, a, "10.1.0.1", MSTREAM_AUDIO, &dead_ops, &dead);
	vnet_run(f.net, 199000);
	assert_int_equal(dead, 0);
	vnet_run(f.net, 3000);
	assert_int_equal(dead, 1);
	fx_free(&f);
}

static void test_rtcp_is_a_sign_of_life(void **state)
{
	struct fx f;
	int dead = 0;
	uint8_t b[100];
	(void)state;

	fx_init_cfg(&f, (struct media_cfg){.dead_s = 10});
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
	fx_stream_on(&f, 0, a, "10.1.0.1", MSTREAM_AUDIO, &dead_ops, &dead);
	struct sa to = a->to;
	sa_set_port(&to, (uint16_t)(sa_port(&to) + 1));
	size_t l = rtcp_encode_report(b, sizeof(b), 1, NULL, NULL, 0, "x", false);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(udp_send_now(a->rtcp, &to, b, l), 0);
		vnet_run(f.net, 5000);
	}
	assert_int_equal(dead, 0);
	vnet_run(f.net, 8000);
	assert_int_equal(dead, 1);
	fx_free(&f);
}

static void test_not_dead_when_nothing_is_expected(void **state)
{
	struct fx f;
	int dead = 0;
	(void)state;

	fx_init_cfg(&f, (struct media_cfg){.dead_s = 10});
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
	struct mstream *s = fx_stream_on(&f, 0, a, "10.1.0.1", MSTREAM_AUDIO, &dead_ops, &dead);
	struct mstream_remote r = fx_remote(&a->addr);
	r.we_recv = false;
	mstream_set_remote(s, &r);
	vnet_run(f.net, 60000);
	assert_int_equal(dead, 0);
	/* the hold ends: the clock starts now */
	r.we_recv = true;
	mstream_set_remote(s, &r);
	vnet_run(f.net, 9000);
	assert_int_equal(dead, 0);
	vnet_run(f.net, 3000);
	assert_int_equal(dead, 1);
	fx_free(&f);
}

static void test_not_dead_in_announced_silence(void **state)
{
	struct fx f;
	int dead = 0;
	(void)state;

	fx_init_cfg(&f, (struct media_cfg){.dead_s = 10});
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000);
	fx_stream_on(&f, 0, a, "10.1.0.1", MSTREAM_AUDIO, &dead_ops, &dead);
	phone_talk(&f, a, 5);
	/* comfort noise, RFC 3389 */
	a->pt = 13;
	phone_raw(a, "\x40", 1);
	a->seq++;
	vnet_run(f.net, 100000);
	assert_int_equal(dead, 0);
	/* sound again, then nothing: that is death */
	a->pt = 0;
	phone_talk(&f, a, 1);
	vnet_run(f.net, 25000);
	assert_int_equal(dead, 1);
	fx_free(&f);
}

static void test_a_stranger_is_no_sign_of_life(void **state)
{
	struct fx f;
	int dead = 0;
	(void)state;

	fx_init_cfg(&f, (struct media_cfg){.dead_s = 10});
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000), *evil = fx_phone(&f, "203.0.113.66", 6666);
	fx_stream_on(&f, 0, a, "10.1.0.1", MSTREAM_AUDIO, &dead_ops, &dead);
	phone_talk(&f, a, 5);
	evil->to = a->to;
	phone_talk(&f, evil, 600);
	assert_int_equal(dead, 1);
	fx_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_play_to_the_end),
		cmocka_unit_test(test_play_in_the_remotes_first_codec),
		cmocka_unit_test(test_cannot_play),
		cmocka_unit_test(test_play_replaced_before_it_began),
		cmocka_unit_test(test_play_then_relay_is_one_stream),
		cmocka_unit_test(test_play_waits_for_nobody_on_hold),
		cmocka_unit_test(test_tap_hears_while_the_relay_goes_on),
		cmocka_unit_test(test_tap_orders_and_fills),
		cmocka_unit_test(test_tap_fills_pauses_with_silence),
		cmocka_unit_test(test_taps_side_by_side),
		cmocka_unit_test(test_digits_arrive_once),
		cmocka_unit_test(test_digits_go_out_and_come_back),
		cmocka_unit_test(test_dead_call),
		cmocka_unit_test(test_dead_long_time),
		cmocka_unit_test(test_rtcp_is_a_sign_of_life),
		cmocka_unit_test(test_not_dead_when_nothing_is_expected),
		cmocka_unit_test(test_not_dead_in_announced_silence),
		cmocka_unit_test(test_a_stranger_is_no_sign_of_life),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
