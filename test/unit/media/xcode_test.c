/*
 * xcode_test.c - parties with different codecs, payload types and packet lengths hear each other.
 */
#include <math.h>
#include "fixture.h"
#include "media/tx.h"

/* ------------------------------------------------------------------ phones that speak a codec */

struct voice {
	struct phone *p;
	const struct codec_ops *c;
	uint8_t pt;
	uint32_t rate; /* of its PCM */
	unsigned ms;
	double hz, ph;
	void *enc;
};

enum { PT_OF_A = 96, PT_OF_B = 110, AMP = 8000 };

static void voice_open(struct voice *v, struct phone *p, const struct codec_ops *c, uint8_t pt, double hz)
{
	const struct coder_cfg cfg = {.rate = c->rate};

	*v = (struct voice){.p = p, .c = c, .pt = pt, .rate = c->rate, .hz = hz};
	v->ms = codec_ms(c, 20, 0);
	assert_int_equal(c->enc_new(&v->enc, c, &cfg), 0);
	p->pt = pt;
}

static void voice_close(struct voice *v)
{
	v->enc = mem_deref(v->enc);
}

/* One packet; its number and time go on in any case. */
static void voice_say(struct voice *v, bool send)
{
	int16_t pcm[CODEC_FRAME_MAX];
	uint8_t pay[CODEC_PAYLOAD_MAX];
	size_t n = v->rate * v->ms / 1000;

	for (size_t i = 0; i < n; i++, v->ph += v->hz / v->rate)
		pcm[i] = (int16_t)(AMP * sin(2 * M_PI * v->ph));
	int l = v->c->encode(v->enc, pay, sizeof(pay), pcm, n);
	assert_true(l > 0);
	if (send)
		phone_raw(v->p, pay, (size_t)l);
	v->p->seq++;
	v->p->ts += v->c->clock * v->ms / 1000;
}

static void talk(struct fx *f, struct voice *a, struct voice *b, unsigned ms)
{
	for (unsigned t = 0; t < ms; t += 5) {
		if (a && t % a->ms == 0)
			voice_say(a, true);
		if (b && t % b->ms == 0)
			voice_say(b, true);
		vnet_run(f->net, 5);
	}
}

static struct mcodec mcodec_of(const struct codec_ops *c, uint8_t pt)
{
	struct mcodec m = {.pt = pt, .rate = c->clock, .ch = c->ch};

	assert_true(slice_copy(m.name, sizeof(m.name), slice_str(c->name)));
	return m;
}

static void remote_of(struct mstream *s, const struct voice *v)
{
	struct mstream_remote r = fx_remote(&v->p->addr);

	r.codec[0] = mcodec_of(v->c, v->pt);
	r.codec[1] = (struct mcodec){(uint8_t)(v->pt + 1), "TELEPHONE-EVENT", v->c->clock, 1, 0};
	r.ncodec = 2;
	r.ptime_ms = (uint16_t)v->ms;
	mstream_set_remote(s, &r);
}

/* What a phone heard from packet `from` on, by the decoder of that codec. */
static size_t heard(const struct phone *p, size_t from, const struct codec_ops *c, int16_t *pcm, size_t max)
{
	const struct coder_cfg cfg = {.rate = c->rate};
	size_t n = 0;
	void *dec = NULL;

	assert_int_equal(c->dec_new(&dec, c, &cfg), 0);
	for (size_t i = from; i < p->ngot; i++) {
		int k = c->decode(dec, pcm + n, max - n, p->got[i].p + p->got[i].h.hdrlen, p->got[i].h.payload);
		assert_true(k > 0);
		n += (size_t)k;
	}
	mem_deref(dec);
	return n;
}

static double level_db(const int16_t *pcm, size_t n)
{
	double e = 0;

	for (size_t i = 0; i < n; i++)
		e += (double)pcm[i] * pcm[i];
	return 10 * log10(e / (double)n / (AMP * AMP / 2.0) + 1e-9);
}

/* The right tone, no other, about as loud as it was said. */
static void assert_tone(const struct phone *p, size_t from, const struct codec_ops *c, double hz)
{
	static int16_t pcm[48000 * 10];
	size_t n = heard(p, from, c, pcm, ARRAY_LEN(pcm)), skip = c->rate / 5;

	assert_true(n > skip * 2);
	double share = tone_share(pcm + skip, n - skip, (unsigned)hz, c->rate), db = level_db(pcm + skip, n - skip);
	if (share < 0.85 || db < -3 || db > 3)
		print_error("%s/%u: %.0f Hz has %.2f of the energy, %.1f dB\n", c->name, c->clock, hz, share, db);
	assert_true(share >= 0.85);
	assert_true(db >= -3 && db <= 3);
}

/* Numbers go up by one, times by what the packets hold. */
static void assert_steps(const struct phone *p, size_t from, const struct codec_ops *c, uint8_t pt)
{
	for (size_t i = from; i < p->ngot; i++) {
		const struct got *g = &p->got[i];
		assert_int_equal(g->h.pt, pt);
		if (i == from)
			continue;
		const struct got *b = g - 1;
		assert_int_equal(g->h.ssrc, b->h.ssrc);
		assert_int_equal((uint16_t)(g->h.seq - b->h.seq), 1);
		assert_int_equal(g->h.ts - b->h.ts, c->duration(c, b->p + b->h.hdrlen, b->h.payload));
	}
}

static void pair(const struct codec_ops *ca, const struct codec_ops *cb)
{
	struct fx f;
	struct voice va, vb;

	fx_init(&f);
	struct phone *a = fx_phone(&f, "10.0.0.1", 4000), *b = fx_phone(&f, "10.0.0.2", 4000);
	struct mstream *sa = fx_stream(&f, a), *sb = fx_stream(&f, b);
	voice_open(&va, a, ca, PT_OF_A, 700);
	voice_open(&vb, b, cb, PT_OF_B, 1100);
	remote_of(sa, &va);
	remote_of(sb, &vb);
	mstream_join(sa, sb);
	talk(&f, &va, &vb, 800);
	assert_true(a->ngot >= 38 && b->ngot >= 38);
	assert_steps(a, 0, ca, PT_OF_A);
	assert_steps(b, 0, cb, PT_OF_B);
	assert_true(a->got[0].h.marker && b->got[0].h.marker);
	assert_false(a->got[5].h.marker || b->got[5].h.marker);
	assert_tone(b, 0, cb, 700);
	assert_tone(a, 0, ca, 1100);
	voice_close(&va);
	voice_close(&vb);
	fx_free(&f);
}

static void test_every_pair_of_codecs(void **state)
{
	(void)state;
	for (size_t i = 0; i < codec_table_n; i++)
		for (size_t k = i; k < codec_table_n; k++) {
			pair(codec_table[i], codec_table[k]);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_pair_of_codecs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
