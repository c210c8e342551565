/*
 * codec_opus.c - Opus (RFC 6716) by libopus, its RTP packets and format parameters (RFC 7587).
 *
 * PCM is mono at 8, 12, 16, 24 or 48 kHz, the RTP clock is always 48000. We send mono, which rtpmap's two
 * channels allow (RFC 7587 4.1); stereo that arrives is mixed by the decoder.
 */
#include <opus/opus.h>
#include "media/codec_priv.h"

enum {
	/* coder_cfg.par: what the other end wishes to get */
	PAR_DTX = 1 << 0,
	PAR_FEC = 1 << 1,
	PAR_CBR = 1 << 2,
	PAR_BAND = 4, /**< 3 bits: 0 or 1 + index in `bands` */
	PAR_KBIT = 7, /**< 9 bits: highest kbit/s, 0 = any */
	PAR_BAND_MASK = 7,

	BITRATE_MIN = 6000, /* RFC 7587 7.1, maxaveragebitrate */
	BITRATE_MAX = 510000,
	/*
	 * Half way up: above it CPU grows by a half and more for what trained listeners hardly hear at these
	 * bit rates; below it voices get rough.
	 */
	COMPLEXITY = 5,
	PART_MAX = 1275, /* bytes of one frame (RFC 6716 3.1) */
	PARTS = 5,
};

/* Audio bandwidths, the sample rate each needs, and what speech in it wants (RFC 7587 3.1.1). */
static const struct {
	uint32_t rate;
	int band;
	int bitrate;
} bands[] = {
	{8000, OPUS_BANDWIDTH_NARROWBAND, 16000}, {12000, OPUS_BANDWIDTH_MEDIUMBAND, 20000},
	{16000, OPUS_BANDWIDTH_WIDEBAND, 24000},  {24000, OPUS_BANDWIDTH_SUPERWIDEBAND, 28000},
	{48000, OPUS_BANDWIDTH_FULLBAND, 32000},
};

struct oenc {
	OpusRepacketizer *rp; /**< for packets of 30 and 50 ms, which no single frame has */
	OpusEncoder *st;
	uint32_t rate;
	int bitrate;
	uint16_t par;
	uint8_t loss;
	uint8_t band; /**< widest, in `bands` */
	bool parts;   /**< has made a packet of several frames: its bandwidth does not change any more */
	_Alignas(16) uint8_t mem[];
};

struct odec {
	OpusDecoder *st;
	uint32_t rate;
	_Alignas(16) uint8_t mem[];
};

static bool rate_known(uint32_t rate)
{
	for (size_t i = 0; i < ARRAY_LEN(bands); i++)
		if (bands[i].rate == rate)
			return true;
	return false;
}

static size_t band_of_rate(uint32_t rate)
{
	size_t i = 0;

	while (i + 1 < ARRAY_LEN(bands) && bands[i + 1].rate <= rate)
		i++;
	return i;
}

/* The widest band that makes sense: neither more than there is nor more than the other end can play. */
static size_t band_of(const struct coder_cfg *cfg, uint32_t rate)
{
	size_t b = cfg->narrow ? 0 : band_of_rate(rate), theirs = cfg->par >> PAR_BAND & PAR_BAND_MASK;

	return theirs && theirs - 1 < b ? theirs - 1 : b;
}

/* In-band FEC takes bits of its own, a quarter more, so that the sound keeps its own; within what is allowed. */
static void set_bitrate(struct oenc *e, bool with_fec)
{
	int bitrate = with_fec ? e->bitrate + e->bitrate / 4 : e->bitrate, most = (e->par >> PAR_KBIT) * 1000;

	opus_encoder_ctl(e->st, OPUS_SET_BITRATE(most && bitrate > most ? most : bitrate));
}

static void enc_setup(struct oenc *e, const struct coder_cfg *cfg)
{
	size_t b = band_of(cfg, e->rate);

	e->bitrate = bands[b].bitrate;
	set_bitrate(e, false);
	opus_encoder_ctl(e->st, OPUS_SET_COMPLEXITY(COMPLEXITY));
	opus_encoder_ctl(e->st, OPUS_SET_MAX_BANDWIDTH(bands[b].band));
	opus_encoder_ctl(e->st, OPUS_SET_VBR(cfg->par & PAR_CBR ? 0 : 1));
	opus_encoder_ctl(e->st, OPUS_SET_DTX(cfg->par & PAR_DTX ? 1 : 0));
	e->band = (uint8_t)b;
}

static int enc_new(void **ep, const struct codec_ops *c, const struct coder_cfg *cfg)
{
	uint32_t rate = cfg->rate ? cfg->rate : c->rate;

	if (!rate_known(rate))
		return ENOTSUP;
	size_t st = ((size_t)opus_encoder_get_size(1) + 15) & ~(size_t)15, rp = (size_t)opus_repacketizer_get_size();
	struct oenc *e = mem_alloc(sizeof(*e) + st + rp, NULL);
	if (!e)
		return ENOMEM;
	*e = (struct oenc){.rate = rate, .par = cfg->par};
	e->st = (OpusEncoder *)(void *)e->mem;
	e->rp = (OpusRepacketizer *)(void *)(e->mem + st);
	if (opus_encoder_init(e->st, (opus_int32)rate, 1, OPUS_APPLICATION_VOIP) != OPUS_OK) {
		mem_deref(e);
		return ENOTSUP;
	}
	enc_setup(e, cfg);
	*ep = e;
	return 0;
}

/* Frames of one packet must have the same bandwidth: the widest that the bit rate allows. */
static void fix_band(struct oenc *e)
{
	int most = (e->par >> PAR_KBIT) * 1000;
	size_t b = e->band;

	while (b && most && bands[b].bitrate > most)
		b--;
	opus_encoder_ctl(e->st, OPUS_SET_BANDWIDTH(bands[b].band));
	e->parts = true;
}

/* 30 and 50 ms: frames of 10 ms in one packet. */
static int encode_parts(struct oenc *e, uint8_t *dst, size_t size, const int16_t *pcm, size_t n)
{
	uint8_t buf[PARTS][PART_MAX];
	size_t part = e->rate / 100;
	bool silent = true;

	if (!e->parts)
		fix_band(e);
	opus_repacketizer_init(e->rp);
	for (size_t i = 0; i < n / part; i++) {
		int l = opus_encode(e->st, pcm + i * part, (int)part, buf[i], PART_MAX);

		if (l < 0)
			return l;
		silent = silent && l <= 2;
		/* The coder has changed its mode between two frames (rare): the rest is left to concealment. */
		if (opus_repacketizer_cat(e->rp, buf[i], l) != OPUS_OK)
			break;
	}
	if (silent && (e->par & PAR_DTX))
		return 0;
	return (int)opus_repacketizer_out(e->rp, dst, (opus_int32)size);
}

static int encode(void *arg, uint8_t *dst, size_t size, const int16_t *pcm, size_t n)
{
	struct oenc *e = arg;
	size_t part = e->rate / 100, parts = n / part;

	if (n % part || parts == 0 || parts > 6 || size > INT32_MAX)
		return -EINVAL;
	if (parts == 3 || parts == 5)
		return encode_parts(e, dst, size, pcm, n);
	int l = opus_encode(e->st, pcm, (int)n, dst, (opus_int32)size);
	/* two bytes and less need not be sent in DTX (opus_encode) */
	return l <= 2 && l > 0 && (e->par & PAR_DTX) ? 0 : l;
}

static void enc_loss(void *arg, unsigned pct)
{
	struct oenc *e = arg;

	if (pct > 100)
		pct = 100;
	if (pct == e->loss)
		return;
	e->loss = (uint8_t)pct;
	/* only for who can use it, and while something is lost */
	bool on = pct > 0 && e->par & PAR_FEC;
	set_bitrate(e, on);
	opus_encoder_ctl(e->st, OPUS_SET_INBAND_FEC(on ? 1 : 0));
	opus_encoder_ctl(e->st, OPUS_SET_PACKET_LOSS_PERC((int)pct));
}

static int dec_new(void **dp, const struct codec_ops *c, const struct coder_cfg *cfg)
{
	uint32_t rate = cfg->rate ? cfg->rate : c->rate;

	if (!rate_known(rate))
		return ENOTSUP;
	struct odec *d = mem_alloc(sizeof(*d) + (size_t)opus_decoder_get_size(1), NULL);
	if (!d)
		return ENOMEM;
	*d = (struct odec){.rate = rate};
	d->st = (OpusDecoder *)(void *)d->mem;
	if (opus_decoder_init(d->st, (opus_int32)rate, 1) != OPUS_OK) {
		mem_deref(d);
		return ENOTSUP;
	}
	*dp = d;
	return 0;
}

static int decode(void *arg, int16_t *pcm, size_t max, const uint8_t *p, size_t l)
{
	struct odec *d = arg;

	/* without bytes the library would conceal */
	if (l == 0 || l > INT32_MAX || max > INT32_MAX)
		return -EINVAL;
	return opus_decode(d->st, p, (opus_int32)l, pcm, (int)max, 0);
}

/*
 * Does a packet say something of the one before it? In SILK and hybrid modes (configurations 0-15) the first
 * bits are a flag of voice activity for each SILK frame and one of redundancy, for each channel (RFC 6716 4.2.3).
 */
static bool has_fec(const uint8_t *p, size_t l)
{
	const unsigned char *frame[48];
	opus_int16 size[48];

	if (l == 0 || p[0] & 0x80)
		return false;
	if (opus_packet_parse(p, (opus_int32)l, NULL, frame, size, NULL) < 1 || size[0] < 2)
		return false;
	int ms = opus_packet_get_samples_per_frame(p, 48000) / 48;
	int silk = ms <= 20 ? 1 : ms / 20;
	for (int ch = 1; ch <= opus_packet_get_nb_channels(p); ch++)
		if (frame[0][0] & 0x80 >> (ch * (silk + 1) - 1))
			return true;
	return false;
}

static int hide(struct odec *d, int16_t *pcm, size_t n, const uint8_t *p, size_t l)
{
	/* the library counts in 2.5 ms */
	if (n == 0 || n % (d->rate / 400) || n > d->rate / 1000 * 120)
		return 0;
	return opus_decode(d->st, p, (opus_int32)l, pcm, (int)n, p != NULL);
}

static int fec(void *arg, int16_t *pcm, size_t n, const uint8_t *p, size_t l)
{
	return l <= INT32_MAX && has_fec(p, l) ? hide(arg, pcm, n, p, l) : 0;
}

static int conceal(void *arg, int16_t *pcm, size_t n)
{
	return hide(arg, pcm, n, NULL, 0);
}

static uint32_t duration(const struct codec_ops *c, const uint8_t *p, size_t l)
{
	if (l == 0 || l > INT32_MAX)
		return 0;
	int n = opus_packet_get_nb_samples(p, (opus_int32)l, (opus_int32)c->clock);
	return n > 0 ? (uint32_t)n : 0;
}

static uint16_t flag(struct slice v, uint16_t bit)
{
	return slice_eqs(v, "1") ? bit : 0;
}

/* RFC 7587 6.1. Values out of range are as if not there. */
static uint16_t par(struct slice fmtp)
{
	uint16_t bits = 0;
	uint32_t band = 0, kbit = 0, v;
	struct slice name, val;

	while (codec_fmtp_next(&fmtp, &name, &val)) {
		if (slice_ieqs(name, "usedtx"))
			bits |= flag(val, PAR_DTX);
		else if (slice_ieqs(name, "useinbandfec"))
			bits |= flag(val, PAR_FEC);
		else if (slice_ieqs(name, "cbr"))
			bits |= flag(val, PAR_CBR);
		else if (slice_ieqs(name, "maxplaybackrate") && slice_u32(val, &v) == 0 && v >= 8000 && v < 48000)
			band = (uint32_t)band_of_rate(v) + 1;
		else if (slice_ieqs(name, "maxaveragebitrate") && slice_u32(val, &v) == 0 && v >= BITRATE_MIN &&
			 v <= BITRATE_MAX)
			kbit = v / 1000;
	}
	return (uint16_t)(bits | band << PAR_BAND | kbit << PAR_KBIT);
}

const struct codec_ops codec_opus = {
	.name = "OPUS",
	.id = CODEC_OPUS,
	.pt = CODEC_PT_DYNAMIC,
	.ch = 2,
	.any_rate = true,
	.clock = 48000,
	.rate = 48000,
	.step_us = 10000,
	.max_ms = 60,
	.bitrate = 32000,
	.fmtp = "useinbandfec=1",
	.par = par,
	.enc_new = enc_new,
	.encode = encode,
	.enc_loss = enc_loss,
	.dec_new = dec_new,
	.decode = decode,
	.fec = fec,
	.conceal = conceal,
	.duration = duration,
};
