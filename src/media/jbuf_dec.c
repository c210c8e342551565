/*
 * jbuf_dec.c - a party's decoder, what hides the gaps in its sound, and the way up to
 * the rate that is wanted.
 */
#include <string.h>
#include "media/jbuf_priv.h"

enum {
	FULL_MS = 80, /**< of a codec's own concealment; then it fades, as some go on humming */
	FADED_MS = 160,
	PLC_FADED_MS = 100,
};

static uint32_t rate_of(const struct codec_ops *c, uint32_t out)
{
	if (!c->any_rate)
		return c->rate;
	return out == 32000 ? 48000 : out;
}

int jdec_open(struct jdec *d, const struct jslot *e, uint32_t out_rate)
{
	const struct codec_ops *c = e->codec;
	struct coder_cfg cfg = {.rate = rate_of(c, out_rate), .ch = e->ch, .par = e->par};
	int err;

	memset(d, 0, sizeof(*d));
	d->codec = c;
	d->par = e->par;
	d->ch = e->ch;
	d->rate = cfg.rate;
	err = c->dec_new(&d->dec, c, &cfg);
	if (!err && !c->conceal)
		err = plc_alloc(&d->plc, d->rate);
	if (!err && d->rate != out_rate)
		err = resampler_alloc(&d->rs, d->rate, out_rate);
	if (err)
		jdec_close(d);
	return err;
}

void jdec_close(struct jdec *d)
{
	mem_deref(d->dec);
	mem_deref(d->plc);
	mem_deref(d->rs);
	memset(d, 0, sizeof(*d));
}

static size_t give(struct jdec *d, int16_t *dst, const int16_t *pcm, size_t n)
{
	if (d->rs)
		return resample(d->rs, dst, JD_MAX, pcm, n);
	memcpy(dst, pcm, n * sizeof(*dst));
	return n;
}

/* A codec's own concealment had faded: what follows begins softly. */
static void ramp(const struct jdec *d, int16_t *pcm, size_t n)
{
	size_t l = d->rate * 5 / 1000;

	if (d->plc || d->made < d->rate * FULL_MS / 1000)
		return;
	for (size_t i = 0; i < l && i < n; i++)
		pcm[i] = (int16_t)(pcm[i] * (int32_t)i / (int32_t)l);
}

size_t jdec_sound(struct jdec *d, int16_t *dst, const uint8_t *p, size_t l)
{
	int16_t pcm[CODEC_FRAME_MAX];
	int n = d->codec->decode(d->dec, pcm, d->rate * 60 / 1000, p, l);

	if (n <= 0)
		return 0;
	if (d->plc)
		plc_good(d->plc, pcm, (size_t)n);
	ramp(d, pcm, (size_t)n);
	d->made = 0;
	return give(d, dst, pcm, (size_t)n);
}

size_t jdec_fec(struct jdec *d, int16_t *dst, const uint8_t *p, size_t l, uint32_t us)
{
	int16_t pcm[CODEC_FRAME_MAX];
	size_t want = (size_t)((uint64_t)us * d->rate / 1000000);

	if (!d->codec->fec || want > CODEC_FRAME_MAX)
		return 0;
	int n = d->codec->fec(d->dec, pcm, want, p, l);
	return n > 0 ? give(d, dst, pcm, (size_t)n) : 0;
}

static void fade(const struct jdec *d, int16_t *pcm, size_t n)
{
	uint32_t full = d->rate * FULL_MS / 1000, faded = d->rate * FADED_MS / 1000;

	for (size_t i = 0; i < n; i++) {
		uint32_t at = d->made + (uint32_t)i;
		if (at >= faded)
			pcm[i] = 0;
		else if (at > full)
			pcm[i] = (int16_t)(pcm[i] * (int32_t)(faded - at) / (int32_t)(faded - full));
	}
}

size_t jdec_conceal(struct jdec *d, int16_t *dst, uint32_t us, bool noise)
{
	int16_t pcm[CODEC_FRAME_MAX];
	size_t n = (size_t)((uint64_t)us * d->rate / 1000000);

	if (d->plc) {
		plc_conceal(d->plc, pcm, n);
	} else {
		int got = d->codec->conceal(d->dec, pcm, n);
		if (got < (int)n)
			memset(pcm + (got > 0 ? got : 0), 0, (n - (got > 0 ? (size_t)got : 0)) * sizeof(*pcm));
		if (!noise)
			fade(d, pcm, n);
	}
	if (noise)
		d->made = 0;
	else if (!jdec_faded(d))
		d->made += (uint32_t)n;
	return give(d, dst, pcm, n);
}

bool jdec_faded(const struct jdec *d)
{
	return d->made >= d->rate * (d->plc ? PLC_FADED_MS : FADED_MS) / 1000;
}
