/*
 * codec_g711.c - PCMU and PCMA (RFC 3551 4.5.14). The arithmetic is in g711.c; a coder has no state.
 */
#include "media/codec_priv.h"
#include "media/tone.h"

/* No state: one byte stands for a coder, so that all codecs are made and freed alike. */
static int none_new(void **p, const struct codec_ops *c, const struct coder_cfg *cfg)
{
	if (!codec_rate_is(c, cfg))
		return ENOTSUP;
	*p = mem_zalloc(1, NULL);
	return *p ? 0 : ENOMEM;
}

static int ulaw_encode(void *e, uint8_t *dst, size_t size, const int16_t *pcm, size_t n)
{
	(void)e;
	if (n > size)
		return -ENOBUFS;
	g711_ulaw_encode(dst, pcm, n);
	return (int)n;
}

static int ulaw_decode(void *d, int16_t *pcm, size_t max, const uint8_t *p, size_t l)
{
	(void)d;
	if (l == 0 || l > max)
		return -EINVAL;
	g711_ulaw_decode(pcm, p, l);
	return (int)l;
}

static int alaw_encode(void *e, uint8_t *dst, size_t size, const int16_t *pcm, size_t n)
{
	(void)e;
	if (n > size)
		return -ENOBUFS;
	g711_alaw_encode(dst, pcm, n);
	return (int)n;
}

static int alaw_decode(void *d, int16_t *pcm, size_t max, const uint8_t *p, size_t l)
{
	(void)d;
	if (l == 0 || l > max)
		return -EINVAL;
	g711_alaw_decode(pcm, p, l);
	return (int)l;
}

static uint32_t duration(const struct codec_ops *c, const uint8_t *p, size_t l)
{
	(void)c;
	(void)p;
	return (uint32_t)l;
}

#define G711(law)                                                                                                      \
	.ch = 1, .stateless = true, .clock = 8000, .rate = 8000, .step_us = 125, .max_ms = 60, .bitrate = 64000,       \
	.enc_new = none_new, .encode = law##_encode, .dec_new = none_new, .decode = law##_decode, .duration = duration

const struct codec_ops codec_pcmu = {.name = "PCMU", .id = CODEC_PCMU, .pt = 0, G711(ulaw)};
const struct codec_ops codec_pcma = {.name = "PCMA", .id = CODEC_PCMA, .pt = 8, G711(alaw)};
