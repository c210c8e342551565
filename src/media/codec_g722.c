/*
 * codec_g722.c - ITU-T G.722 at 64 kbit/s by spandsp. 16000 samples a second, though its RTP clock says
 * 8000, an error that RFC 3551 4.5.2 keeps.
 */
#include <stdint.h>
#include <spandsp/telephony.h>
#include <spandsp/g722.h>
#include <spandsp/private/g722.h>
#include "media/codec_priv.h"

enum { BITRATE = 64000 };

static int enc_new(void **ep, const struct codec_ops *c, const struct coder_cfg *cfg)
{
	if (!codec_rate_is(c, cfg))
		return ENOTSUP;
	g722_encode_state_t *e = mem_alloc(sizeof(*e), NULL);
	if (!e)
		return ENOMEM;
	g722_encode_init(e, BITRATE, 0);
	*ep = e;
	return 0;
}

static int dec_new(void **dp, const struct codec_ops *c, const struct coder_cfg *cfg)
{
	if (!codec_rate_is(c, cfg))
		return ENOTSUP;
	g722_decode_state_t *d = mem_alloc(sizeof(*d), NULL);
	if (!d)
		return ENOMEM;
	g722_decode_init(d, BITRATE, 0);
	*dp = d;
	return 0;
}

static int encode(void *e, uint8_t *dst, size_t size, const int16_t *pcm, size_t n)
{
	return n % 2 || n / 2 > size ? -EINVAL : g722_encode(e, dst, pcm, (int)n);
}

static int decode(void *d, int16_t *pcm, size_t max, const uint8_t *p, size_t l)
{
	return l == 0 || l > max / 2 ? -EINVAL : g722_decode(d, pcm, p, (int)l);
}

static uint32_t duration(const struct codec_ops *c, const uint8_t *p, size_t l)
{
	(void)c;
	(void)p;
	return (uint32_t)l;
}

const struct codec_ops codec_g722 = {
	.name = "G722",
	.id = CODEC_G722,
	.pt = 9,
	.ch = 1,
	.clock = 8000,
	.rate = 16000,
	.step_us = 125,
	.max_ms = 60,
	.bitrate = BITRATE,
	.enc_new = enc_new,
	.encode = encode,
	.dec_new = dec_new,
	.decode = decode,
	.duration = duration,
};
