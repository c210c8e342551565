/*
 * codec_gsm.c - GSM 06.10 full rate by libgsm (RFC 3551 4.5.8): 33 bytes for 20 ms, each frame begins with
 * the four bits 1101.
 */
#include <gsm/gsm.h>
#include "media/codec_priv.h"

enum { FRAME = 160, BYTES = 33 };

struct gsmc {
	gsm h;
};

static void gsmc_destroy(void *arg)
{
	struct gsmc *g = arg;

	if (g->h)
		gsm_destroy(g->h);
}

static int gsmc_new(void **p, const struct codec_ops *c, const struct coder_cfg *cfg)
{
	if (!codec_rate_is(c, cfg))
		return ENOTSUP;
	struct gsmc *g = mem_zalloc(sizeof(*g), gsmc_destroy);
	if (!g)
		return ENOMEM;
	g->h = gsm_create();
	if (!g->h) {
		mem_deref(g);
		return ENOMEM;
	}
	*p = g;
	return 0;
}

static int encode(void *e, uint8_t *dst, size_t size, const int16_t *pcm, size_t n)
{
	struct gsmc *g = e;

	if (n == 0 || n % FRAME || n / FRAME * BYTES > size)
		return -EINVAL;
	for (size_t i = 0; i < n / FRAME; i++) {
		gsm_signal in[FRAME]; /* the library takes it without const */

		memcpy(in, pcm + i * FRAME, sizeof(in));
		gsm_encode(g->h, in, dst + i * BYTES);
	}
	return (int)(n / FRAME * BYTES);
}

static int decode(void *d, int16_t *pcm, size_t max, const uint8_t *p, size_t l)
{
	struct gsmc *g = d;
	size_t n = l / BYTES;

	if (n == 0 || l % BYTES || n * FRAME > max)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		gsm_frame f;

		memcpy(f, p + i * BYTES, BYTES);
		if (gsm_decode(g->h, f, pcm + i * FRAME))
			return -EINVAL;
	}
	return (int)(n * FRAME);
}

static uint32_t duration(const struct codec_ops *c, const uint8_t *p, size_t l)
{
	(void)c;
	(void)p;
	return l % BYTES ? 0 : (uint32_t)(l / BYTES * FRAME);
}

const struct codec_ops codec_gsm = {
	.name = "GSM",
	.id = CODEC_GSM,
	.pt = 3,
	.ch = 1,
	.clock = 8000,
	.rate = 8000,
	.step_us = 20000,
	.max_ms = 60,
	.bitrate = 13200,
	.enc_new = gsmc_new,
	.encode = encode,
	.dec_new = gsmc_new,
	.decode = decode,
	.duration = duration,
};
