/*
 * mix_fixture.h - phones with coders that say a tone each and keep what they hear,
 * for the tests of the mixer.
 */
#ifndef TEST_MEDIA_MIX_FIXTURE_H
#define TEST_MEDIA_MIX_FIXTURE_H

#include <math.h>
#include "fixture.h"
#include "media/mixer.h"

enum { KEEP = 2 * 48000 };

struct mphone {
	struct udp *u;
	struct sa addr, to;
	const struct codec_ops *c;
	void *enc, *dec;
	unsigned ptime; /* ms of its packets */
	double hz, amp, phase;
	uint16_t seq;
	uint32_t ts, ssrc, last_ts;
	uint16_t last_seq;
	unsigned got, breaks;
	size_t last_l;
	uint64_t last_us;
	int16_t heard[KEEP]; /* a ring: n modulo KEEP */
	size_t n;
	struct mstream *s;
	struct mixer_member *m;
	bool silent, gone;
};

static inline void mphone_got(struct udp *u, const struct udp_rx *rx, void *arg)
{
	struct mphone *p = arg;
	struct rtp_hdr h;
	int16_t pcm[CODEC_FRAME_MAX];

	(void)u;
	assert_int_equal(rtp_decode(&h, (const uint8_t *)rx->data.p, rx->data.l), 0);
	if (p->got && ((uint16_t)(h.seq - p->last_seq) != 1 || (int32_t)(h.ts - p->last_ts) <= 0))
		p->breaks++;
	p->got++;
	p->last_seq = h.seq;
	p->last_ts = h.ts;
	p->last_l = h.payload;
	p->last_us = rx->us;
	int n = p->c->decode(p->dec, pcm, ARRAY_LEN(pcm), (const uint8_t *)rx->data.p + h.hdrlen, h.payload);
	for (int i = 0; i < n; i++)
		p->heard[p->n++ % KEEP] = pcm[i];
}

static inline void mphone_open(struct mphone *p, struct loop *l, const struct sa *at, uint8_t codec, double hz)
{
	memset(p, 0, sizeof(*p));
	p->c = codec_find(codec, codec == CODEC_OPUS ? 48000 : 8000, 0);
	assert_non_null(p->c);
	const struct coder_cfg cfg = {.ptime = 20};
	assert_int_equal(p->c->enc_new(&p->enc, p->c, &cfg), 0);
	assert_int_equal(p->c->dec_new(&p->dec, p->c, &cfg), 0);
	p->ptime = 20;
	p->hz = hz;
	p->amp = 6000;
	p->ssrc = (uint32_t)(size_t)p;
	p->addr = *at;
	assert_int_equal(udp_open(&p->u, l, at, NULL, mphone_got, p), 0);
	udp_local(p->u, &p->addr);
}

static inline struct mstream_remote mphone_remote(const struct mphone *p)
{
	struct mstream_remote r = fx_remote(&p->addr);

	r.ncodec = 1;
	r.codec[0] = (struct mcodec){p->c->pt == CODEC_PT_DYNAMIC ? 96 : p->c->pt, "", p->c->clock, p->c->ch, 0, 0, 0};
	memcpy(r.codec[0].name, p->c->name, strlen(p->c->name) + 1);
	return r;
}

static inline void mphone_stream(struct mphone *p, struct media *m, unsigned worker, const char *ip)
{
	struct sa local = fx_sa(ip, 0);
	struct mstream_remote r = mphone_remote(p);

	assert_int_equal(mstream_alloc(&p->s, m, worker, MSTREAM_AUDIO, &local, NULL, NULL), 0);
	mstream_local(p->s, &p->to);
	mstream_set_remote(p->s, &r);
}

/* One packet of its tone. */
static inline void mphone_say(struct mphone *p)
{
	int16_t pcm[CODEC_FRAME_MAX];
	uint8_t b[RTP_HDR + CODEC_PAYLOAD_MAX];
	size_t n = p->ptime * p->c->rate / 1000;
	struct rtp_hdr h = {.pt = p->c->pt == CODEC_PT_DYNAMIC ? 96 : p->c->pt, .seq = p->seq, .ts = p->ts};

	h.ssrc = p->ssrc;
	for (size_t i = 0; i < n; i++) {
		pcm[i] = (int16_t)(p->amp * sin(p->phase));
		p->phase = fmod(p->phase + 2 * M_PI * p->hz / p->c->rate, 2 * M_PI);
	}
	p->seq++;
	p->ts += p->ptime * p->c->clock / 1000;
	rtp_encode(b, &h);
	int l = p->c->encode(p->enc, b + RTP_HDR, CODEC_PAYLOAD_MAX, pcm, n);
	assert_true(l > 0);
	(void)udp_send_now(p->u, &p->to, b, RTP_HDR + (size_t)l);
}

/* Share of a tone in the last `ms` that it heard. */
static inline double mphone_share(const struct mphone *p, double hz, unsigned ms)
{
	static int16_t s[KEEP];
	size_t n = ms * p->c->rate / 1000;

	if (p->n < n)
		return 0;
	for (size_t i = 0; i < n; i++)
		s[i] = p->heard[(p->n - n + i) % KEEP];
	return tone_share(s, n, (unsigned)hz, p->c->rate);
}

/* Root mean square of the last `ms`. */
static inline double mphone_rms(const struct mphone *p, unsigned ms)
{
	size_t n = ms * p->c->rate / 1000;
	double e = 0;

	if (!n || p->n < n)
		return 0;
	for (size_t i = 0; i < n; i++)
		e += (double)p->heard[(p->n - n + i) % KEEP] * p->heard[(p->n - n + i) % KEEP];
	return sqrt(e / (double)n);
}

static inline void mphone_close(struct mphone *p)
{
	mem_deref(p->u);
	mem_deref(p->enc);
	mem_deref(p->dec);
}

#endif
