/*
 * codec_g726.c - ITU-T G.726 ADPCM at 16, 24, 32 and 40 kbit/s by spandsp (RFC 3551 4.5.4). Two orders of
 * bits within the bytes: G726-xx begins at the least significant bit, AAL2-G726-xx (ITU-T I.366.2) at the
 * most significant one.
 */
#include <stdint.h>
#include <spandsp/telephony.h>
#include <spandsp/bitstream.h>
#include <spandsp/g726.h>
#include <spandsp/private/bitstream.h>
#include <spandsp/private/g726.h>
#include "media/codec_priv.h"

/* Encoder or decoder; eight samples fill whole bytes at every bit rate. */
struct g726 {
	g726_state_t st;
	size_t bits; /**< per sample */
};

static bool is_aal2(uint8_t id)
{
	return id == CODEC_AAL2_16 || id == CODEC_AAL2_24 || id == CODEC_AAL2_32 || id == CODEC_AAL2_40;
}

static int g726_new(void **p, const struct codec_ops *c, const struct coder_cfg *cfg)
{
	if (!codec_rate_is(c, cfg))
		return ENOTSUP;
	struct g726 *g = mem_zalloc(sizeof(*g), NULL);
	if (!g)
		return ENOMEM;
	g->bits = c->bitrate / 8000;
	g726_init(&g->st, (int)c->bitrate, G726_ENCODING_LINEAR,
		  is_aal2(c->id) ? G726_PACKING_LEFT : G726_PACKING_RIGHT);
	*p = g;
	return 0;
}

static int encode(void *e, uint8_t *dst, size_t size, const int16_t *pcm, size_t n)
{
	struct g726 *g = e;

	return n % 8 || n / 8 * g->bits > size ? -EINVAL : g726_encode(&g->st, dst, pcm, (int)n);
}

static int decode(void *d, int16_t *pcm, size_t max, const uint8_t *p, size_t l)
{
	struct g726 *g = d;

	/* bits left over would be taken for the begin of the next packet */
	if (l == 0 || l * 8 % g->bits || l * 8 / g->bits > max)
		return -EINVAL;
	return g726_decode(&g->st, pcm, p, (int)l);
}

static uint32_t duration(const struct codec_ops *c, const uint8_t *p, size_t l)
{
	size_t bits = c->bitrate / 8000;

	(void)p;
	return l * 8 % bits ? 0 : (uint32_t)(l * 8 / bits);
}

#define G726(nm, num, kbit)                                                                                            \
	{                                                                                                              \
		.name = (nm), .id = (num), .pt = CODEC_PT_DYNAMIC, .ch = 1, .clock = 8000, .rate = 8000,               \
		.step_us = 1000, .max_ms = 60, .bitrate = (kbit)*1000, .enc_new = g726_new, .encode = encode,          \
		.dec_new = g726_new, .decode = decode, .duration = duration                                            \
	}

const struct codec_ops codec_g726_16 = G726("G726-16", CODEC_G726_16, 16);
const struct codec_ops codec_g726_24 = G726("G726-24", CODEC_G726_24, 24);
const struct codec_ops codec_g726_32 = G726("G726-32", CODEC_G726_32, 32);
const struct codec_ops codec_g726_40 = G726("G726-40", CODEC_G726_40, 40);
const struct codec_ops codec_aal2_16 = G726("AAL2-G726-16", CODEC_AAL2_16, 16);
const struct codec_ops codec_aal2_24 = G726("AAL2-G726-24", CODEC_AAL2_24, 24);
const struct codec_ops codec_aal2_32 = G726("AAL2-G726-32", CODEC_AAL2_32, 32);
const struct codec_ops codec_aal2_40 = G726("AAL2-G726-40", CODEC_AAL2_40, 40);
