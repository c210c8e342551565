/*
 * voice_fixture.h - phones that speak and hear a codec, on top of fixture.h.
 */
#ifndef TEST_MEDIA_VOICE_FIXTURE_H
#define TEST_MEDIA_VOICE_FIXTURE_H

#include <math.h>
#include "fixture.h"
#include "media/tx.h"

struct voice {
	struct phone *p;
	const struct codec_ops *c;
	uint8_t pt;
	uint16_t ptime, maxptime; /* that it asks for; 0: what it sends */
	bool strict;
	uint32_t rate; /* of its PCM */
	unsigned ms;
	bool speech; /* louder and softer, as speech is: a steady tone is noise to some coders */
	double hz, ph, at;
	void *enc;
};

enum { PT_OF_A = 96, PT_OF_B = 110, AMP = 8000 };

static inline void voice_open(struct voice *v, struct phone *p, const struct codec_ops *c, uint8_t pt, double hz)
{
	const struct coder_cfg cfg = {.rate = c->rate};

	*v = (struct voice){.p = p, .c = c, .pt = pt, .rate = c->rate, .hz = hz};
	v->ms = codec_ms(c, 20, 0);
	assert_int_equal(c->enc_new(&v->enc, c, &cfg), 0);
	p->pt = pt;
}

static inline void voice_close(struct voice *v)
{
	v->enc = mem_deref(v->enc);
}

/* One packet; its number and time go on in any case. */
static inline void voice_say(struct voice *v, bool send)
{
	int16_t pcm[CODEC_FRAME_MAX];
	uint8_t pay[CODEC_PAYLOAD_MAX];
	size_t n = v->rate * v->ms / 1000;

	for (size_t i = 0; i < n; i++, v->ph += v->hz / v->rate)
		pcm[i] = (int16_t)(AMP * (v->speech ? 1 + 0.9 * sin(2 * M_PI * 4 * (v->at + (double)i / v->rate)) : 1) *
				   sin(2 * M_PI * v->ph));
	v->at += v->ms / 1000.0;
	int l = v->c->encode(v->enc, pay, sizeof(pay), pcm, n);
	assert_true(l > 0);
	if (send)
		phone_raw(v->p, pay, (size_t)l);
	v->p->seq++;
	v->p->ts += v->c->clock * v->ms / 1000;
}

static inline void talk(struct fx *f, struct voice *a, struct voice *b, unsigned ms)
{
	for (unsigned t = 0; t < ms; t += 5) {
		if (a && t % a->ms == 0)
			voice_say(a, true);
		if (b && t % b->ms == 0)
			voice_say(b, true);
		vnet_run(f->net, 5);
	}
}

static inline struct mcodec mcodec_of(const struct codec_ops *c, uint8_t pt)
{
	struct mcodec m = {.pt = pt, .rate = c->clock, .ch = c->ch};

	assert_true(slice_copy(m.name, sizeof(m.name), slice_str(c->name)));
	return m;
}

static inline void remote_of(struct mstream *s, const struct voice *v)
{
	struct mstream_remote r = fx_remote(&v->p->addr);

	r.codec[0] = mcodec_of(v->c, v->pt);
	r.codec[1] = (struct mcodec){(uint8_t)(v->pt + 1), "TELEPHONE-EVENT", v->c->clock, 1, 0, 0, 0};
	r.ncodec = 2;
	r.ptime_ms = v->ptime ? v->ptime : (uint16_t)v->ms;
	r.maxptime_ms = v->maxptime;
	r.ptime_strict = v->strict;
	mstream_set_remote(s, &r);
}

/* What a phone heard from packet `from` on, by the decoder of that codec. */
static inline size_t heard(const struct phone *p, size_t from, const struct codec_ops *c, int16_t *pcm, size_t max)
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

static inline double level_db(const int16_t *pcm, size_t n)
{
	double e = 0;

	for (size_t i = 0; i < n; i++)
		e += (double)pcm[i] * pcm[i];
	return 10 * log10(e / (double)n / (AMP * AMP / 2.0) + 1e-9);
}

/* The right tone, no other, about as loud as it was said. */
static inline void assert_tone(const struct phone *p, size_t from, const struct codec_ops *c, double hz)
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
static inline void assert_steps(const struct phone *p, size_t from, const struct codec_ops *c, uint8_t pt)
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

#endif
