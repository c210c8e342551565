/*
 * codec_speex.c - Speex at 8, 16 and 32 kHz by libspeex, its RTP payload and format parameters (RFC 5574).
 *
 * A payload is frames of 20 ms bit by bit, without lengths. frames() walks over them before the library
 * sees them: it tells the duration, and keeps the library from complaining on stderr of what strangers send.
 */
#include <speex/speex.h>
#include "media/codec_priv.h"

enum {
	/* coder_cfg.par: what the other end wishes to get */
	PAR_MODE = 0x1f, /**< 1 + mode, 0: default */
	PAR_VBR = 1 << 5,
	PAR_VAD = 1 << 6,

	QUALITY_NARROW = 4, /* mode 3 (RFC 5574 3.1): 8 kbit/s */
	QUALITY_WIDE = 8,
	COMPLEXITY = 3,
	FRAME_MAX = 640, /* samples at 32 kHz */

	/* narrowband "modes" that are no frames */
	MODE_USER = 13,
	MODE_INBAND = 14,
	MODE_END = 15,
};

struct speexc {
	void *st;
	bool enc;
	uint8_t layers; /**< above narrowband: 0, 1, 2 */
	size_t frame;
	SpeexBits bits;
};

static void speexc_destroy(void *arg)
{
	struct speexc *s = arg;

	speex_bits_destroy(&s->bits);
	if (s->st && s->enc)
		speex_encoder_destroy(s->st);
	else if (s->st)
		speex_decoder_destroy(s->st);
}

static uint8_t layers_of(uint32_t rate)
{
	return rate == 8000 ? 0 : rate == 16000 ? 1 : 2;
}

static int speexc_new(struct speexc **sp, const struct codec_ops *c, const struct coder_cfg *cfg, bool enc)
{
	static const int id[] = {SPEEX_MODEID_NB, SPEEX_MODEID_WB, SPEEX_MODEID_UWB};

	if (!codec_rate_is(c, cfg))
		return ENOTSUP;
	struct speexc *s = mem_zalloc(sizeof(*s), speexc_destroy);
	if (!s)
		return ENOMEM;
	s->enc = enc;
	s->layers = layers_of(c->rate);
	s->frame = c->rate / 50;
	speex_bits_init(&s->bits);
	const SpeexMode *mode = speex_lib_get_mode(id[s->layers]);
	s->st = enc ? speex_encoder_init(mode) : speex_decoder_init(mode);
	if (!s->st || !s->bits.chars) {
		mem_deref(s);
		return ENOMEM;
	}
	*sp = s;
	return 0;
}

/* Narrowband modes are numbered by history; the library's quality goes with their bit rate. */
static int quality(uint8_t layers, unsigned mode)
{
	static const uint8_t narrow[] = {0, 0, 2, 4, 6, 8, 9, 10, 1};

	if (layers)
		return mode <= 10 ? (int)mode : QUALITY_WIDE;
	return mode >= 1 && mode < ARRAY_LEN(narrow) ? narrow[mode] : QUALITY_NARROW;
}

static int enc_new(void **ep, const struct codec_ops *c, const struct coder_cfg *cfg)
{
	struct speexc *s = NULL;
	int err = speexc_new(&s, c, cfg, true);

	if (err)
		return err;
	unsigned mode = cfg->par & PAR_MODE;
	int q = mode ? quality(s->layers, mode - 1) : s->layers ? QUALITY_WIDE : QUALITY_NARROW;
	int complexity = COMPLEXITY, on = 1;
	float vq = (float)q;
	speex_encoder_ctl(s->st, SPEEX_SET_COMPLEXITY, &complexity);
	speex_encoder_ctl(s->st, SPEEX_SET_QUALITY, &q);
	if (cfg->par & PAR_VBR) {
		speex_encoder_ctl(s->st, SPEEX_SET_VBR, &on);
		speex_encoder_ctl(s->st, SPEEX_SET_VBR_QUALITY, &vq);
	} else if (cfg->par & PAR_VAD) {
		speex_encoder_ctl(s->st, SPEEX_SET_VAD, &on);
	}
	*ep = s;
	return 0;
}

static int dec_new(void **dp, const struct codec_ops *c, const struct coder_cfg *cfg)
{
	struct speexc *s = NULL;
	int err = speexc_new(&s, c, cfg, false);

	if (err)
		return err;
	*dp = s;
	return 0;
}

static int encode(void *e, uint8_t *dst, size_t size, const int16_t *pcm, size_t n)
{
	struct speexc *s = e;

	if (n == 0 || n % s->frame || size > INT32_MAX)
		return -EINVAL;
	speex_bits_reset(&s->bits);
	for (size_t i = 0; i < n; i += s->frame) {
		spx_int16_t in[FRAME_MAX]; /* the library takes it without const */

		memcpy(in, pcm + i, s->frame * sizeof(in[0]));
		speex_encode_int(s->st, in, &s->bits);
	}
	/* RFC 5574 3.3: filled up to a whole byte by a 0 and 1s */
	speex_bits_insert_terminator(&s->bits);
	if ((size_t)speex_bits_nbytes(&s->bits) > size)
		return -ENOBUFS;
	return speex_bits_write(&s->bits, (char *)dst, (int)size);
}

struct bits {
	const uint8_t *p;
	size_t at, end; /**< in bits */
};

static unsigned take(struct bits *b, unsigned n)
{
	unsigned v = 0;

	for (; n; n--, b->at++)
		v = v << 1 | (b->at < b->end ? b->p[b->at / 8] >> (7 - b->at % 8) & 1U : 0);
	return v;
}

/* Bits of a narrowband frame behind its mode, and of a higher layer behind its own. */
static const uint16_t narrow_bits[9] = {0, 38, 114, 155, 215, 295, 359, 487, 74};
static const uint16_t layer_bits[5] = {0, 32, 108, 188, 348};

/* A higher layer, its leading 1 included: its mode; -1: there is no such one. */
static int layer(struct bits *b, unsigned modes)
{
	(void)take(b, 1);
	unsigned mode = take(b, 3);

	if (mode >= modes)
		return -1;
	b->at += layer_bits[mode];
	return (int)mode;
}

/*
 * What stands before a frame: layers that this decoder does not know, requests. Mode of the frame; -1: no such one.
 * The library trips over empty layers here (mode 0), and no coder writes them.
 */
static int head(struct bits *b)
{
	/* bits of an in-band request by its code */
	static const uint8_t request[16] = {1, 1, 4, 4, 4, 4, 4, 4, 8, 8, 16, 16, 32, 32, 64, 64};

	for (;;) {
		for (int i = 0; b->at + 5 <= b->end && b->p[b->at / 8] >> (7 - b->at % 8) & 1; i++)
			if (i == 2 || layer(b, ARRAY_LEN(layer_bits)) <= 0)
				return -1;
		if (b->at + 5 > b->end)
			return MODE_END;
		unsigned mode = take(b, 5);
		if (mode == MODE_INBAND)
			b->at += request[take(b, 4)];
		else if (mode == MODE_USER || mode == MODE_END)
			return MODE_END;
		else
			return mode < ARRAY_LEN(narrow_bits) ? (int)mode : -1;
	}
}

/* Frames of a payload; 0: none, or broken. */
static unsigned frames(const uint8_t *p, size_t l, uint8_t layers)
{
	/* the second layer has two modes only */
	static const uint8_t modes[] = {ARRAY_LEN(layer_bits), 2};
	struct bits b = {p, 0, l * 8};
	unsigned n = 0;

	for (;;) {
		int mode = head(&b);
		if (mode == MODE_END)
			return n;
		if (mode < 0)
			return 0;
		b.at += narrow_bits[mode];
		for (uint8_t i = 0; i < layers && b.at < b.end && b.p[b.at / 8] >> (7 - b.at % 8) & 1; i++)
			if (layer(&b, modes[i]) < 0)
				return 0;
		if (b.at > b.end)
			return 0;
		n++;
	}
}

static int decode(void *d, int16_t *pcm, size_t max, const uint8_t *p, size_t l)
{
	struct speexc *s = d;
	unsigned n = l <= CODEC_PAYLOAD_MAX ? frames(p, l, s->layers) : 0;

	if (n == 0 || n * s->frame > max)
		return -EINVAL;
	speex_bits_read_from(&s->bits, (const char *)p, (int)l);
	for (unsigned i = 0; i < n; i++)
		if (speex_decode_int(s->st, &s->bits, pcm + i * s->frame) != 0)
			return -EINVAL;
	return (int)(n * s->frame);
}

static int conceal(void *d, int16_t *pcm, size_t n)
{
	struct speexc *s = d;

	if (n == 0 || n % s->frame)
		return 0;
	for (size_t i = 0; i < n; i += s->frame)
		speex_decode_int(s->st, NULL, pcm + i);
	return (int)n;
}

static uint32_t duration(const struct codec_ops *c, const uint8_t *p, size_t l)
{
	return l <= CODEC_PAYLOAD_MAX ? frames(p, l, layers_of(c->clock)) * c->clock / 50 : 0;
}

/* The first mode of a list that is a number; "any" leaves it to us. */
static uint16_t first_mode(struct slice list)
{
	uint32_t v;
	struct slice one = slice_trim(slice_cut(&list, ','));

	return slice_u32(one, &v) == 0 && v <= 10 ? (uint16_t)(v + 1) : 0;
}

/* RFC 5574 4.1.1: what the other end would like to get. */
static uint16_t par(struct slice fmtp)
{
	uint16_t bits = 0, mode = 0;
	struct slice name, val;

	while (codec_fmtp_next(&fmtp, &name, &val)) {
		if (slice_ieqs(name, "mode"))
			mode = first_mode(val);
		else if (slice_ieqs(name, "vbr"))
			bits = slice_ieqs(val, "on") ? PAR_VBR : slice_ieqs(val, "vad") ? PAR_VAD : 0;
	}
	return (uint16_t)(bits | mode);
}

#define SPEEX(hz, bits_s)                                                                                              \
	{                                                                                                              \
		.name = "SPEEX", .id = CODEC_SPEEX, .pt = CODEC_PT_DYNAMIC, .ch = 1, .clock = (hz), .rate = (hz),      \
		.step_us = 20000, .max_ms = 60, .bitrate = (bits_s), .par = par, .enc_new = enc_new, .encode = encode, \
		.dec_new = dec_new, .decode = decode, .conceal = conceal, .duration = duration                         \
	}

const struct codec_ops codec_speex_8 = SPEEX(8000, 8000);
const struct codec_ops codec_speex_16 = SPEEX(16000, 27800);
const struct codec_ops codec_speex_32 = SPEEX(32000, 29600);
