/*
 * ptmap_test.c - payload types of one party as those of another: the same codec by another number, digits in
 * another clock, comfort noise, and what nobody understands.
 */
#include "voice_fixture.h"

struct two {
	struct fx f;
	struct phone *a, *b;
	struct mstream *sa, *sb;
};

static void two_open(struct two *t, const struct mcodec *ca, size_t na, const struct mcodec *cb, size_t nb)
{
	fx_init(&t->f);
	t->a = fx_phone(&t->f, "10.0.0.1", 4000);
	t->b = fx_phone(&t->f, "10.0.0.2", 4000);
	t->sa = fx_stream(&t->f, t->a);
	t->sb = fx_stream(&t->f, t->b);
	struct mstream_remote r = fx_remote(&t->a->addr);
	memcpy(r.codec, ca, na * sizeof(*ca));
	r.ncodec = (uint8_t)na;
	mstream_set_remote(t->sa, &r);
	r = fx_remote(&t->b->addr);
	memcpy(r.codec, cb, nb * sizeof(*cb));
	r.ncodec = (uint8_t)nb;
	mstream_set_remote(t->sb, &r);
	mstream_join(t->sa, t->sb);
	vnet_run(t->f.net, 10);
}

static void say(struct two *t, struct phone *p, uint8_t pt, const void *pay, size_t l, uint32_t ticks)
{
	p->pt = pt;
	phone_raw(p, pay, l);
	p->seq++;
	p->ts += ticks;
	vnet_run(t->f.net, 20);
}

static const uint8_t ulaw[160] = {1, 2, 3};

static void test_numbers(void **state)
{
	const struct mcodec ca[] = {{111, "OPUS", 48000, 2, 0, 0},
				    {0, "PCMU", 8000, 1, 0, 0},
				    {13, "CN", 8000, 1, 0, 0}},
			    cb[] = {{96, "opus", 48000, 2, 0, 0},
				    {107, "PCMU", 8000, 0, 0, 0},
				    {13, "CN", 8000, 1, 0, 0}};
	struct two t;
	(void)state;

	two_open(&t, ca, 3, cb, 3);
	for (int i = 0; i < 3; i++) {
		say(&t, t.a, 111, "\xfc\xff\xfe", 3, 960);
		say(&t, t.a, 0, ulaw, 160, 160);
		say(&t, t.a, 13, "\x40", 1, 160);
	}
	assert_int_equal(t.b->ngot, 9);
	static const uint8_t theirs[] = {96, 107, 13};
	for (size_t i = 0; i < 9; i++) {
		assert_int_equal(t.b->got[i].h.pt, theirs[i % 3]);
		assert_int_equal((uint16_t)(t.b->got[i].h.seq - t.b->got[0].h.seq), i);
	}
	/* untouched */
	assert_memory_equal(t.b->got[1].p + RTP_HDR, ulaw, 160);
	assert_memory_equal(t.b->got[0].p + RTP_HDR, "\xfc\xff\xfe", 3);
	say(&t, t.b, 107, ulaw, 160, 160);
	assert_int_equal(t.a->got[0].h.pt, 0);
	fx_free(&t.f);
}

static void test_asymmetric_numbers(void **state)
{
	/* we offered 111 and it answered with 96: it sends 111, and wants 96 (RFC 3264 5.1) */
	const struct mcodec ca[] = {{96, "OPUS", 48000, 2, 0, 1 + 111}}, cb[] = {{120, "OPUS", 48000, 2, 0, 0}};
	struct two t;
	(void)state;

	two_open(&t, ca, 1, cb, 1);
	say(&t, t.a, 111, "\xfc\xff\xfe", 3, 960);
	say(&t, t.b, 120, "\xfc\xff\xfe", 3, 960);
	assert_int_equal(t.b->got[0].h.pt, 120);
	assert_int_equal(t.a->got[0].h.pt, 96);
	struct mstream_stats st = fx_stats(&t.f, t.sa);
	assert_string_equal(st.codec, "OPUS");
	fx_free(&t.f);
}

static void event(struct two *t, struct phone *p, uint8_t pt, bool end, uint16_t duration)
{
	struct rtp_tev e = {.event = 5, .end = end, .volume = 10, .duration = duration};
	uint8_t b[4];

	rtp_tev_encode(b, &e);
	say(t, p, pt, b, 4, 0);
}

static void digit_h(struct mstream *s, char digit, uint32_t ms, void *arg)
{
	char *d = arg;

	(void)s;
	d[0] = digit;
	d[1] = (char)ms;
}

static void test_digits_change_their_clock(void **state)
{
	const struct mcodec ca[] = {{111, "OPUS", 48000, 2, 0, 0}, {112, "TELEPHONE-EVENT", 48000, 1, 0, 0}},
			    cb[] = {{0, "PCMU", 8000, 1, 0, 0}, {101, "TELEPHONE-EVENT", 8000, 1, 0, 0}};
	struct two t;
	struct voice v;
	(void)state;

	two_open(&t, ca, 2, cb, 2);
	voice_open(&v, t.a, codec_find(CODEC_OPUS, 48000, 2), 111, 700);
	talk(&t.f, &v, NULL, 100);
	for (uint16_t i = 1; i <= 5; i++)
		event(&t, t.a, 112, i == 5, (uint16_t)(960 * i));
	t.a->ts += 4800;
	t.a->pt = 111;
	talk(&t.f, &v, NULL, 100);
	assert_int_equal(t.b->ngot, 15);
	for (size_t i = 0; i < 15; i++) {
		const struct got *g = &t.b->got[i];
		struct rtp_tev e;
		assert_int_equal((uint16_t)(g->h.seq - t.b->got[0].h.seq), i);
		assert_int_equal(g->h.pt, i < 5 || i >= 10 ? 0 : 101);
		assert_int_equal(g->h.ts - t.b->got[0].h.ts, (i < 5 ? i : i < 10 ? 5 : i) * 160);
		if (i < 5 || i >= 10)
			continue;
		assert_int_equal(rtp_tev_decode(&e, g->p + RTP_HDR, g->h.payload), 0);
		assert_int_equal(e.event, 5);
		assert_int_equal(e.duration, 160 * (i - 4));
		assert_int_equal(e.end, i == 9);
	}
	/* the other way, and what we hear of them is in their own clock */
	event(&t, t.b, 101, false, 400);
	event(&t, t.b, 101, true, 800);
	struct rtp_tev e;
	assert_int_equal(t.a->ngot, 2);
	assert_int_equal(t.a->got[1].h.pt, 112);
	assert_int_equal(rtp_tev_decode(&e, t.a->got[1].p + RTP_HDR, 4), 0);
	assert_int_equal(e.duration, 4800);
	/* several in a packet */
	uint8_t two[8];
	e = (struct rtp_tev){.event = 1, .end = true, .duration = 400};
	rtp_tev_encode(two, &e);
	e = (struct rtp_tev){.event = 2, .duration = 160};
	rtp_tev_encode(two + 4, &e);
	say(&t, t.b, 101, two, 8, 0);
	assert_int_equal(t.a->ngot, 3);
	assert_int_equal(rtp_tev_decode(&e, t.a->got[2].p + RTP_HDR, 4), 0);
	assert_int_equal(e.duration, 2400);
	assert_int_equal(rtp_tev_decode(&e, t.a->got[2].p + RTP_HDR + 4, 4), 0);
	assert_int_equal(e.duration, 960);
	voice_close(&v);
	fx_free(&t.f);
}

static void test_own_digits_are_read_before_conversion(void **state)
{
	const struct mcodec ca[] = {{0, "PCMU", 8000, 1, 0, 0}, {101, "TELEPHONE-EVENT", 8000, 1, 0, 0}},
			    cb[] = {{111, "OPUS", 48000, 2, 0, 0}, {112, "TELEPHONE-EVENT", 48000, 1, 0, 0}};
	const struct mstream_ops ops = {.dtmf = digit_h};
	struct two t;
	char d[2] = {0};
	(void)state;

	two_open(&t, ca, 2, cb, 2);
	struct mstream *s = fx_stream_on(&t.f, 0, t.a, "10.1.0.1", MSTREAM_AUDIO, &ops, d);
	mstream_join(s, t.sb);
	vnet_run(t.f.net, 5);
	event(&t, t.a, 101, true, 800);
	vnet_run(t.f.net, 20);
	assert_int_equal(d[0], '5');
	assert_int_equal(d[1], 100);
	struct rtp_tev e;
	assert_int_equal(rtp_tev_decode(&e, t.b->got[0].p + RTP_HDR, 4), 0);
	assert_int_equal(e.duration, 4800);
	fx_free(&t.f);
}

static void test_what_nobody_understands(void **state)
{
	const struct mcodec ca[] = {{0, "PCMU", 8000, 1, 0, 0},
				    {18, "G729", 8000, 1, 0, 0},
				    {101, "TELEPHONE-EVENT", 8000, 1, 0, 0},
				    {13, "CN", 8000, 1, 0, 0},
				    {99, "X-OWN", 8000, 1, 0, 0}},
			    cb[] = {{8, "PCMA", 8000, 1, 0, 0}, {99, "X-OWN", 8000, 1, 0, 0}};
	struct two t;
	(void)state;

	two_open(&t, ca, 5, cb, 2);
	say(&t, t.a, 0, ulaw, 160, 160);
	/* neither coded nor taken: nothing, and no gap that would look like loss */
	say(&t, t.a, 18, ulaw, 20, 160);
	say(&t, t.a, 101, "\x05\x0a\x00\xa0", 4, 0);
	say(&t, t.a, 13, "\x40", 1, 160);
	say(&t, t.a, 0, ulaw, 160, 160);
	say(&t, t.a, 99, ulaw, 10, 160);
	/* a number that no description has */
	say(&t, t.a, 120, ulaw, 10, 160);
	assert_int_equal(t.b->ngot, 4);
	static const uint8_t theirs[] = {8, 8, 99, 120};
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(t.b->got[i].h.pt, theirs[i]);
		assert_int_equal((uint16_t)(t.b->got[i].h.seq - t.b->got[0].h.seq), i);
	}
	assert_true(t.b->got[1].h.marker);
	fx_free(&t.f);
}

static void test_comfort_noise_beside_other_codecs(void **state)
{
	const struct mcodec ca[] = {{0, "PCMU", 8000, 1, 0, 0}, {13, "CN", 8000, 1, 0, 0}},
			    cb[] = {{96, "L16", 16000, 1, 0, 0}, {97, "CN", 16000, 1, 0, 0}};
	struct two t;
	(void)state;

	two_open(&t, ca, 2, cb, 2);
	say(&t, t.a, 0, ulaw, 160, 160);
	say(&t, t.a, 13, "\x40", 1, 1600);
	say(&t, t.a, 0, ulaw, 160, 160);
	assert_int_equal(t.b->ngot, 3);
	assert_int_equal(t.b->got[1].h.pt, 97);
	assert_int_equal(t.b->got[1].p[RTP_HDR], 0x40);
	assert_int_equal(t.b->got[1].h.ts - t.b->got[0].h.ts, 320);
	assert_int_equal(t.b->got[2].h.ts - t.b->got[1].h.ts, 3200);
	assert_true(t.b->got[2].h.marker);
	phone_assert_continuous(t.b);
	fx_free(&t.f);
}

/* Video: the entry with the same name, and the same fmtp if there are several. */
static void test_video(void **state)
{
	struct fx f;
	(void)state;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000), *b = fx_phone(&f, "10.0.0.2", 4000);
	struct mstream *sa = fx_stream_on(&f, 0, a, "10.1.0.1", MSTREAM_VIDEO, NULL, NULL);
	struct mstream *sb = fx_stream_on(&f, 0, b, "10.1.0.1", MSTREAM_VIDEO, NULL, NULL);
	struct mstream_remote r = fx_remote(&a->addr);
	r.codec[0] = (struct mcodec){100, "VP8", 90000, 1, 0, 0};
	r.codec[1] = (struct mcodec){101, "H264", 90000, 1, 7, 0};
	r.ncodec = 2;
	mstream_set_remote(sa, &r);
	r = fx_remote(&b->addr);
	r.codec[0] = (struct mcodec){96, "VP8", 90000, 1, 0, 0};
	r.codec[1] = (struct mcodec){97, "H264", 90000, 1, 3, 0};
	r.codec[2] = (struct mcodec){98, "H264", 90000, 1, 7, 0};
	r.ncodec = 3;
	mstream_set_remote(sb, &r);
	mstream_join(sa, sb);
	vnet_run(f.net, 10);
	static const uint8_t in[] = {100, 101, 110}, out[] = {96, 98, 110};
	for (size_t i = 0; i < 3; i++) {
		a->pt = in[i];
		phone_raw(a, ulaw, 100);
		a->seq++;
		vnet_run(f.net, 5);
		assert_int_equal(b->got[i].h.pt, out[i]);
	}
	fx_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_asymmetric_numbers),
		cmocka_unit_test(test_digits_change_their_clock),
		cmocka_unit_test(test_own_digits_are_read_before_conversion),
		cmocka_unit_test(test_what_nobody_understands),
		cmocka_unit_test(test_comfort_noise_beside_other_codecs),
		cmocka_unit_test(test_video),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
