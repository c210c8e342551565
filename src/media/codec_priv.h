/*
 * codec_priv.h - what the files of the codecs share: their table entries, and reading
 * of format parameters.
 */
#ifndef OFFHOOK_MEDIA_CODEC_PRIV_H
#define OFFHOOK_MEDIA_CODEC_PRIV_H

#include "base/mem.h"
#include "media/codec.h"

extern const struct codec_ops codec_pcmu, codec_pcma;
extern const struct codec_ops codec_g722;
extern const struct codec_ops codec_g726_16, codec_g726_24, codec_g726_32, codec_g726_40;
extern const struct codec_ops codec_aal2_16, codec_aal2_24, codec_aal2_32, codec_aal2_40;
extern const struct codec_ops codec_gsm;
extern const struct codec_ops codec_opus;
extern const struct codec_ops codec_speex_8, codec_speex_16, codec_speex_32;
extern const struct codec_ops codec_l16_8, codec_l16_16, codec_l16_44, codec_l16_48;
extern const struct codec_ops codec_l16_16_2, codec_l16_44_2, codec_l16_48_2;

/** Next `name=value` of a list that semicolons separate; false at the end. A quoted value comes without its quotes. */
bool codec_fmtp_next(struct slice *rest, struct slice *name, struct slice *val);

/** The rate asked for is the only one that the codec has. */
static inline bool codec_rate_is(const struct codec_ops *c, const struct coder_cfg *cfg)
{
	return cfg->rate == 0 || cfg->rate == c->rate;
}

#endif
