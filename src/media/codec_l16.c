/*
 * codec_l16.c - L16, linear samples in network order (RFC 3551 4.5.11): 8000, 16000, 48000 Hz and the
 * 44100 Hz of the static payload types 10 and 11, which is resampled to the 48000 Hz that we work with.
 * Sound of ours is mono: it is sent on every channel, and what comes on two channels is mixed.
 */
#include "media/codec_priv.h"
#include "media/resample.h"
#include "wire/rtp/bytes.h"

struct l16 {
	const struct codec_ops *c;
	struct resampler *rs; /**< 44100 Hz only */
};

static void l16_destroy(void *arg)
{
	struct l16 *x = arg;

	mem_deref(x->rs);
}

static int l16_new(void **p, const struct codec_ops *c, const struct coder_cfg *cfg, bool enc)
{
	if (!codec_rate_is(c, cfg))
		return ENOTSUP;
	struct l16 *x = mem_zalloc(sizeof(*x), l16_destroy);
	if (!x)
		return ENOMEM;
	x->c = c;
	int err = c->clock == c->rate ? 0
		  : enc               ? resampler_alloc(&x->rs, c->rate, c->clock)
				      : resampler_alloc(&x->rs, c->clock, c->rate);
	if (err) {
		mem_deref(x);
		return err;
	}
	*p = x;
	return 0;
}

static int enc_new(void **p, const struct codec_ops *c, const struct coder_cfg *cfg)
{
	return l16_new(p, c, cfg, true);
}

static int dec_new(void **p, const struct codec_ops *c, const struct coder_cfg *cfg)
{
	return l16_new(p, c, cfg, false);
}

static int encode(void *e, uint8_t *dst, size_t size, const int16_t *pcm, size_t n)
{
	struct l16 *x = e;
	int16_t tmp[CODEC_FRAME_MAX];

	if (x->rs) {
		if (n > ARRAY_LEN(tmp))
			return -EINVAL;
		n = resample(x->rs, tmp, ARRAY_LEN(tmp), pcm, n);
		pcm = tmp;
	}
	if (n * 2 * x->c->ch > size)
		return -ENOBUFS;
	uint8_t *q = dst;
	for (size_t i = 0; i < n; i++) {
		for (uint8_t ch = 0; ch < x->c->ch; ch++) {
			*q++ = (uint8_t)((uint16_t)pcm[i] >> 8);
			*q++ = (uint8_t)pcm[i];
		}
	}
	return (int)(q - dst);
}

static void unpack(int16_t *pcm, const uint8_t *p, size_t n, uint8_t ch)
{
	if (ch == 1)
		for (size_t i = 0; i < n; i++)
			pcm[i] = (int16_t)get16(p + i * 2);
	else
		for (size_t i = 0; i < n; i++)
			pcm[i] = (int16_t)(((int16_t)get16(p + i * 4) + (int16_t)get16(p + i * 4 + 2)) / 2);
}

static int decode(void *d, int16_t *pcm, size_t max, const uint8_t *p, size_t l)
{
	struct l16 *x = d;
	int16_t tmp[CODEC_FRAME_MAX];
	size_t n = l / (2U * x->c->ch);

	if (n == 0 || l % (2U * x->c->ch))
		return -EINVAL;
	if (!x->rs) {
		if (n > max)
			return -EINVAL;
		unpack(pcm, p, n, x->c->ch);
		return (int)n;
	}
	if (n > ARRAY_LEN(tmp) || n * x->c->rate / x->c->clock > max)
		return -EINVAL;
	unpack(tmp, p, n, x->c->ch);
	return (int)resample(x->rs, pcm, max, tmp, n);
}

static uint32_t duration(const struct codec_ops *c, const uint8_t *p, size_t l)
{
	(void)p;
	return l % (2U * c->ch) ? 0 : (uint32_t)(l / (2U * c->ch));
}

/* The longest packet is what CODEC_PAYLOAD_MAX holds; at 44100 Hz a packet is whole groups of 10 ms, 441 samples. */
#define L16(hz, inside, chs, type, step, longest, alone)                                                               \
	{                                                                                                              \
		.name = "L16", .id = CODEC_L16, .pt = (type), .ch = (chs), .stateless = (alone), .clock = (hz),        \
		.rate = (inside), .step_us = (step), .max_ms = (longest), .bitrate = (hz)*16 * (chs),                  \
		.enc_new = enc_new, .encode = encode, .dec_new = dec_new, .decode = decode, .duration = duration       \
	}

const struct codec_ops codec_l16_8 = L16(8000, 8000, 1, CODEC_PT_DYNAMIC, 125, 60, true);
const struct codec_ops codec_l16_16 = L16(16000, 16000, 1, CODEC_PT_DYNAMIC, 125, 60, true);
const struct codec_ops codec_l16_44 = L16(44100, 48000, 1, 11, 10000, 60, false);
const struct codec_ops codec_l16_48 = L16(48000, 48000, 1, CODEC_PT_DYNAMIC, 125, 60, true);
const struct codec_ops codec_l16_16_2 = L16(16000, 16000, 2, CODEC_PT_DYNAMIC, 125, 60, true);
const struct codec_ops codec_l16_44_2 = L16(44100, 48000, 2, 10, 10000, 30, false);
const struct codec_ops codec_l16_48_2 = L16(48000, 48000, 2, CODEC_PT_DYNAMIC, 125, 30, true);
