/*
 * tx_test.c - our own sound towards a party: any codec and rate, lengths of packets, change of codec, pauses,
 * comfort noise, digits, and what the party reports as lost.
 */
#include "voice_fixture.h"

/* A tone at any rate. */
struct hum {
	struct media_source src;
	double hz, ph;
	size_t left;
	int done;
};

static size_t hum_read(struct media_source *src, int16_t *pcm, size_t n)
{
	struct hum *h = CONTAINER_OF(src, struct hum, src);
	size_t k = n < h->left ? n : h->left;

	for (size_t i = 0; i < k; i++, h->ph += h->hz / src->rate)
		pcm[i] = (int16_t)(AMP * sin(2 * M_PI * h->ph));
	h->left -= k;
	return k;
}

static void hum_done(struct media_source *src)
{
	CONTAINER_OF(src, struct hum, src)->done++;
}

static void hum_init(struct hum *h, uint32_t rate, double hz, unsigned ms)
{
	*h = (struct hum){
		.src = {.rate = rate, .read = hum_read, .done = hum_done}, .hz = hz, .left = rate / 1000 * ms};
}

static struct mstream *stream_of(struct fx *f, struct voice *v, const struct codec_ops *c)
{
	struct phone *p = fx_phone(f, "10.0.0.1", 4000);
	struct mstream *s = fx_stream(f, p);

	voice_open(v, p, c, 96, 0);
	remote_of(s, v);
	vnet_run(f->net, 5);
	return s;
}

static void test_play_in_every_codec(void **state)
{
	static const uint32_t rates[] = {8000, 16000, 48000};
	(void)state;

	for (size_t i = 0; i < codec_table_n; i++)
		for (size_t k = 0; k < ARRAY_LEN(rates); k++) {
			struct fx f;
			struct voice v;
			struct hum h;
			const struct codec_ops *c = codec_table[i];
			fx_init(&f);
			struct mstream *s = stream_of(&f, &v, c);
			assert_true(mstream_can_play(s));
			hum_init(&h, rates[k], 900, 1000);
			assert_int_equal(mstream_play(s, &h.src), 0);
			vnet_run(f.net, 1200);
			assert_int_equal(h.done, 1);
			assert_in_range(v.p->ngot, 1000 / v.ms, 1000 / v.ms + 1);
			assert_steps(v.p, 0, c, 96);
			assert_tone(v.p, 0, c, 900);
			for (size_t n = 0; n < v.p->ngot; n++)
				assert_int_equal(v.p->got[n].h.marker, n == 0);
			voice_close(&v);
			fx_free(&f);
		}
}

static void test_lengths(void **state)
{
	(void)state;
	for (unsigned ms = 10; ms <= 60; ms += 10) {
		struct fx f;
		struct voice v;
		struct hum h;
		const struct codec_ops *c = codec_find(CODEC_OPUS, 48000, 2);
		fx_init(&f);
		struct mstream *s = stream_of(&f, &v, c);
		v.ms = ms;
		remote_of(s, &v);
		hum_init(&h, 8000, 900, 1200);
		assert_int_equal(mstream_play(s, &h.src), 0);
		vnet_run(f.net, 1500);
		assert_in_range(v.p->ngot, 1200 / ms, 1200 / ms);
		assert_steps(v.p, 0, c, 96);
		assert_int_equal(v.p->got[1].h.ts - v.p->got[0].h.ts, 48 * ms);
		assert_tone(v.p, 0, c, 900);
		voice_close(&v);
		fx_free(&f);
	}
}

static void test_codec_changes_while_it_plays(void **state)
{
	struct fx f;
	struct voice v, w;
	struct hum h;
	const struct codec_ops *g = codec_find(CODEC_G722, 8000, 1), *o = codec_find(CODEC_OPUS, 48000, 2);
	(void)state;

	fx_init(&f);
	struct mstream *s = stream_of(&f, &v, g);
	hum_init(&h, 16000, 900, 3000);
	assert_int_equal(mstream_play(s, &h.src), 0);
	vnet_run(f.net, 1000);
	size_t n = v.p->ngot;
	assert_tone(v.p, 0, g, 900);
	voice_open(&w, v.p, o, 107, 0);
	remote_of(s, &w);
	vnet_run(f.net, 1000);
	assert_true(v.p->ngot > n + 45);
	for (size_t i = n + 1; i < v.p->ngot; i++) {
		assert_int_equal(v.p->got[i].h.pt, 107);
		assert_int_equal(v.p->got[i].h.ts - v.p->got[i - 1].h.ts, 960);
	}
	assert_true(v.p->got[n].h.marker);
	phone_assert_continuous(v.p);
	/* and none at all: time goes on in silence, until there is one again */
	struct mstream_remote r = fx_remote(&v.p->addr);
	r.codec[0] = (struct mcodec){18, "G729", 8000, 1, 0, 0};
	r.ncodec = 1;
	mstream_set_remote(s, &r);
	vnet_run(f.net, 500);
	n = v.p->ngot;
	remote_of(s, &v);
	vnet_run(f.net, 1000);
	assert_int_equal(h.done, 1);
	assert_in_range(v.p->ngot - n, 23, 26);
	assert_int_equal(v.p->got[n].h.pt, 96);
	phone_assert_continuous(v.p);
	voice_close(&v);
	voice_close(&w);
	fx_free(&f);
}

/* The worker's half by itself. */
static void test_gaps_and_pauses(void **state)
{
	struct fx f;
	const struct mcodec cn = {13, "CN", 8000, 1, 0, 0};
	int16_t pcm[160];
	(void)state;

	fx_init(&f);
	struct phone *p = fx_phone(&f, "10.0.0.1", 4000);
	struct mstream *s = fx_stream(&f, p);
	struct mstream_remote r = fx_remote(&p->addr);
	r.codec[r.ncodec++] = cn;
	mstream_set_remote(s, &r);
	vnet_run(f.net, 5);
	for (int i = 0; i < 160; i++)
		pcm[i] = (int16_t)(i * 100);
	uint64_t us = loop_now_us(f.l);
	/* halves of packets, a little late and early: even times */
	for (int i = 0; i < 10; i++)
		assert_int_equal(tx_pcm(&s->w, pcm, 80, 8000, us + (uint64_t)i * 10000 + (i % 2 ? 3000 : 0)), 0);
	vnet_run(f.net, 5);
	assert_int_equal(p->ngot, 5);
	for (size_t i = 1; i < 5; i++)
		assert_int_equal(p->got[i].h.ts - p->got[i - 1].h.ts, 160);
	/* a second and a half packet, then half a second of nothing: filled up, and the gap shows */
	us += 100000;
	assert_int_equal(tx_pcm(&s->w, pcm, 80, 8000, us), 0);
	vnet_run(f.net, 5);
	assert_int_equal(p->ngot, 5);
	assert_int_equal(tx_pcm(&s->w, pcm, 160, 8000, us + 500000), 0);
	vnet_run(f.net, 5);
	assert_int_equal(p->ngot, 7);
	assert_int_equal(p->got[5].p[RTP_HDR + 159], g711_ulaw_enc(0));
	assert_false(p->got[5].h.marker);
	assert_true(p->got[6].h.marker);
	assert_in_range(p->got[6].h.ts - p->got[5].h.ts, 4000, 4000 + 160);
	/* a pause that is told: comfort noise once */
	us += 520000;
	tx_pause(&s->w, us);
	tx_pause(&s->w, us + 20000);
	assert_int_equal(tx_pcm(&s->w, pcm, 160, 8000, us + 200000), 0);
	vnet_run(f.net, 5);
	assert_int_equal(p->ngot, 9);
	assert_int_equal(p->got[7].h.pt, 13);
	assert_int_equal(p->got[7].h.payload, 1);
	assert_int_equal(p->got[7].h.ts - p->got[6].h.ts, 160);
	assert_true(p->got[8].h.marker);
	assert_int_equal(p->got[8].h.ts - p->got[7].h.ts, 1600);
	/* what a mixer has coded already; and what it leaves out */
	uint8_t pay[160] = {9};
	for (int i = 0; i < 4; i++)
		tx_payload(&s->w, pay, i == 2 ? 0 : 160, 160, false, us + 220000 + (uint64_t)i * 20000);
	vnet_run(f.net, 5);
	assert_int_equal(p->ngot, 12);
	assert_int_equal(p->got[11].h.ts - p->got[10].h.ts, 320);
	assert_true(p->got[11].h.marker);
	assert_false(p->got[10].h.marker);
	assert_int_equal(p->got[10].p[RTP_HDR], 9);
	phone_assert_continuous(p);
	/* another feeder follows: the stream's time goes on */
	tx_stop(&s->w);
	assert_int_equal(tx_pcm(&s->w, pcm, 160, 8000, us + 400000), 0);
	vnet_run(f.net, 5);
	assert_int_equal(p->ngot, 13);
	phone_assert_continuous(p);
	fx_free(&f);
}

/* A mixer's listener: its party changes the codec while it gets what was coded for many, then it speaks. */
static void test_codec_changes_between_own_and_shared(void **state)
{
	static const struct {
		uint8_t id;
		uint32_t clock, feed;
	} to[] = {{CODEC_SPEEX, 8000, 8000}, {CODEC_GSM, 8000, 16000}, {CODEC_OPUS, 48000, 8000}};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(to); i++)
		for (size_t k = 0; k < ARRAY_LEN(to); k++) {
			struct fx f;
			struct voice v, w;
			int16_t pcm[320] = {0};
			uint8_t pay[33] = {0xd0};
			const struct codec_ops *c = codec_find(to[k].id, to[k].clock, 0);
			size_t n = to[i].feed / 50;
			fx_init(&f);
			struct mstream *s = stream_of(&f, &v, codec_find(to[i].id, to[i].clock, 0));
			uint64_t us = loop_now_us(f.l);
			for (int j = 0; j < 5; j++, us += 20000)
				assert_int_equal(tx_pcm(&s->w, pcm, n, to[i].feed, us), 0);
			voice_open(&w, v.p, c, 107, 0);
			remote_of(s, &w);
			vnet_run(f.net, 50);
			tx_payload(&s->w, pay, sizeof(pay), c->clock / 50, false, us);
			us += 20000;
			vnet_run(f.net, 50);
			size_t before = v.p->ngot;
			assert_int_equal(v.p->got[before - 1].h.pt, 107);
			for (size_t j = 0; j < n; j++)
				pcm[j] = (int16_t)(AMP * sin(2 * M_PI * 900 * (double)j / to[i].feed));
			tx_prime(&s->w, pcm, n, to[i].feed);
			for (int j = 0; j < 50; j++, us += 20000)
				assert_int_equal(tx_pcm(&s->w, pcm, n, to[i].feed, us), 0);
			vnet_run(f.net, 50);
			assert_in_range(v.p->ngot - before, 49, 50);
			assert_steps(v.p, before, c, 107);
			/* the others' decoders have not heard what was before */
			if (c->id == CODEC_GSM)
				assert_tone(v.p, before, c, 900);
			voice_close(&v);
			voice_close(&w);
			fx_free(&f);
		}
}

static void test_digits_pause_the_sound(void **state)
{
	struct fx f;
	struct voice v;
	struct hum h;
	const struct codec_ops *o = codec_find(CODEC_OPUS, 48000, 2);
	(void)state;

	fx_init(&f);
	struct mstream *s = stream_of(&f, &v, o);
	hum_init(&h, 16000, 900, 1000);
	assert_int_equal(mstream_play(s, &h.src), 0);
	vnet_run(f.net, 300);
	assert_int_equal(mstream_dtmf(s, SLICE("7")), 0);
	vnet_run(f.net, 1000);
	size_t events = 0, first = 0;
	for (size_t i = 0; i < v.p->ngot; i++)
		if (v.p->got[i].h.pt == 97 && !events++)
			first = i;
	assert_int_equal(events, 8);
	for (size_t i = first; i < first + 8; i++)
		assert_int_equal(v.p->got[i].h.pt, 97);
	/* in the clock of the sound, and the sound goes on in its own time */
	uint32_t ms = (v.p->got[v.p->ngot - 1].h.ts - v.p->got[0].h.ts) / 48;
	assert_in_range(ms, 960, 1000);
	assert_true(v.p->got[first + 8].h.marker);
	for (size_t i = 1; i < v.p->ngot; i++) {
		assert_int_equal((uint16_t)(v.p->got[i].h.seq - v.p->got[i - 1].h.seq), 1);
		assert_true((int32_t)(v.p->got[i].h.ts - v.p->got[i - 1].h.ts) >= (i > first && i < first + 8 ? 0 : 1));
	}
	voice_close(&v);
	fx_free(&f);
}

/* The coder hears what the party loses: Opus puts a copy of speech into the next packet. */
static void test_reported_loss_reaches_the_coder(void **state)
{
	(void)state;
	size_t bytes[2];
	for (int lossy = 0; lossy < 2; lossy++) {
		struct fx f;
		struct voice v;
		struct hum h;
		const struct codec_ops *o = codec_find(CODEC_OPUS, 48000, 2);
		fx_init(&f);
		struct mstream *s = stream_of(&f, &v, o);
		struct mstream_remote r = fx_remote(&v.p->addr);
		r.codec[0] = mcodec_of(o, 96);
		r.codec[0].par = codec_par(o, SLICE("useinbandfec=1"));
		mstream_set_remote(s, &r);
		hum_init(&h, 8000, 300, 4000);
		assert_int_equal(mstream_play(s, &h.src), 0);
		vnet_run(f.net, 100);
		struct rtcp_rb rb = {.ssrc = v.p->got[0].h.ssrc, .fraction = 64, .ext_seq = v.p->got[3].h.seq};
		uint8_t b[200];
		size_t l = rtcp_encode_report(b, sizeof(b), v.p->ssrc, NULL, &rb, 1, "x", false);
		struct sa to = v.p->to;
		sa_set_port(&to, (uint16_t)(sa_port(&to) + 1));
		/* who reports must have sent something: RTCP is believed from where the sound comes */
		voice_say(&v, true);
		vnet_run(f.net, 5);
		if (lossy)
			assert_int_equal(udp_send_now(v.p->rtcp, &to, b, l), 0);
		vnet_run(f.net, 4200);
		bytes[lossy] = 0;
		for (size_t i = 10; i < v.p->ngot; i++)
			bytes[lossy] += v.p->got[i].h.payload;
		voice_close(&v);
		fx_free(&f);
	}
	assert_true(bytes[1] > bytes[0] + bytes[0] / 20);
}

static void test_no_memory(void **state)
{
	(void)state;
	void *p = mem_alloc(1, NULL);
	size_t live = mem_live();
	mem_deref(p);
	if (!live)
		skip();
	for (long n = 0; n < 5; n++) {
		struct fx f;
		struct voice v;
		static const int16_t pcm[320];
		fx_init(&f);
		struct mstream *s = stream_of(&f, &v, codec_find(CODEC_G722, 8000, 1));
		uint64_t us = loop_now_us(f.l);
		mem_fail_at(n);
		int err = tx_pcm(&s->w, pcm, 160, 8000, us);
		(void)mem_fail_off();
		assert_true(err == 0 || err == ENOMEM);
		assert_true(n > 0 || err == ENOMEM);
		assert_int_equal(tx_pcm(&s->w, pcm, 160, 8000, us + 20000), 0);
		vnet_run(f.net, 5);
		assert_true(v.p->ngot > 0);
		voice_close(&v);
		fx_free(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_play_in_every_codec),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_codec_changes_while_it_plays),
		cmocka_unit_test(test_gaps_and_pauses),
		cmocka_unit_test(test_codec_changes_between_own_and_shared),
		cmocka_unit_test(test_digits_pause_the_sound),
		cmocka_unit_test(test_reported_loss_reaches_the_coder),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
