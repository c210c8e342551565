/*
 * wav.c - WAV files (RIFF): read 16-bit linear or G.711, any rate, brought to
 * 8 kHz mono by a windowed sinc; write 16-bit mono at 8 kHz.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"
#include "media/tone.h"

enum {
	RATE = 8000,
	FILE_MAX = 64 << 20,
	HEADER = 44,
	LOBES = 8, /**< of the sinc, each side */
};
enum { FMT_PCM = 1, FMT_ALAW = 6, FMT_ULAW = 7, FMT_EXTENSIBLE = 0xfffe };

static uint32_t le(const uint8_t *p, int n)
{
	uint32_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

struct wav {
	unsigned format, ch, rate, bits;
	const uint8_t *data;
	size_t l;
};

static int fmt_parse(struct wav *w, const uint8_t *p, size_t l)
{
	if (l < 16)
		return ERR_SYNTAX;
	w->format = le(p, 2);
	w->ch = le(p + 2, 2);
	w->rate = le(p + 4, 4);
	w->bits = le(p + 14, 2);
	/* the real format is the beginning of a GUID */
	if (w->format == FMT_EXTENSIBLE && l >= 26)
		w->format = le(p + 24, 2);
	unsigned bits = w->format == FMT_PCM ? 16 : w->format == FMT_ALAW || w->format == FMT_ULAW ? 8 : 0;
	if (!bits || w->bits != bits || w->ch < 1 || w->ch > 8 || w->rate < 1000 || w->rate > 384000)
		return ERR_SYNTAX;
	return 0;
}

static int wav_parse(struct wav *w, const uint8_t *p, size_t l)
{
	if (l < 12 || memcmp(p, "RIFF", 4) || memcmp(p + 8, "WAVE", 4))
		return ERR_SYNTAX;
	for (size_t at = 12; l - at >= 8;) {
		size_t n = le(p + at + 4, 4), left = l - at - 8;
		const uint8_t *body = p + at + 8;
		if (!memcmp(p + at, "data", 4)) {
			if (!w->rate)
				return ERR_SYNTAX;
			/* a recording that was cut short says more than there is */
			w->data = body;
			w->l = n < left ? n : left;
			return 0;
		}
		if (n > left)
			return ERR_SYNTAX;
		if (!memcmp(p + at, "fmt ", 4)) {
			int err = fmt_parse(w, body, n);
			if (err)
				return err;
		}
		n += n & 1;
		at += 8 + (n < left ? n : left);
	}
	return ERR_SYNTAX;
}

/* One frame as mono. */
static double mono(const struct wav *w, size_t i)
{
	size_t size = w->bits / 8;
	double v = 0;

	for (unsigned c = 0; c < w->ch; c++) {
		const uint8_t *p = w->data + (i * w->ch + c) * size;
		v += w->format == FMT_PCM    ? (int16_t)le(p, 2)
		     : w->format == FMT_ALAW ? g711_alaw_dec(*p)
					     : g711_ulaw_dec(*p);
	}
	return v / w->ch;
}

static int16_t clip(double v)
{
	return (int16_t)lrint(v > 32767 ? 32767 : v < -32768 ? -32768 : v);
}

/* Sample at time `t` (in samples of the file), nothing above half of the lower rate. */
static double at_time(const double *s, size_t n, double t, double cut)
{
	double half = LOBES / cut, sum = 0, weight = 0;
	long from = (long)ceil(t - half), to = (long)floor(t + half);

	for (long i = from; i <= to; i++) {
		double x = (double)i - t, a = M_PI * x * cut;
		double k = (fabs(a) < 1e-9 ? 1 : sin(a) / a) * (0.5 + 0.5 * cos(M_PI * x / half));
		weight += k;
		if (i >= 0 && (size_t)i < n)
			sum += s[i] * k;
	}
	return sum / weight;
}

static int resample(struct pcm **pp, const struct wav *w)
{
	size_t frames = w->l / (w->bits / 8 * w->ch), n = frames;

	if (w->rate != RATE)
		n = (size_t)((uint64_t)frames * RATE / w->rate);
	struct pcm *p = mem_alloc(sizeof(*p) + n * sizeof(p->s[0]), NULL);
	double *s = mem_alloc((frames + 1) * sizeof(*s), NULL);
	if (!p || !s) {
		mem_deref(p);
		mem_deref(s);
		return ENOMEM;
	}
	for (size_t i = 0; i < frames; i++)
		s[i] = mono(w, i);
	double ratio = (double)w->rate / RATE, cut = ratio > 1 ? 1 / ratio : 1;
	p->n = n;
	for (size_t i = 0; i < n; i++)
		p->s[i] = clip(w->rate == RATE ? s[i] : at_time(s, frames, (double)i * ratio, cut));
	mem_deref(s);
	*pp = p;
	return 0;
}

static int file_read(struct buf *b, const char *path)
{
	char block[8192];
	size_t n;
	FILE *f = fopen(path, "rb");

	if (!f)
		return errno;
	b->max = FILE_MAX;
	while ((n = fread(block, 1, sizeof(block), f)) > 0 && !buf_err(b))
		buf_mem(b, block, n);
	int err = ferror(f) ? EIO : buf_err(b);
	fclose(f);
	return err;
}

int wav_read(struct pcm **pp, const char *path)
{
	struct wav w = {0};
	struct buf b;

	buf_init(&b);
	int err = file_read(&b, path);
	if (!err)
		err = wav_parse(&w, (const uint8_t *)b.p, b.l);
	if (!err)
		err = resample(pp, &w);
	buf_free(&b);
	return err;
}

static void put_le(uint8_t *p, uint32_t v, int n)
{
	while (n--) {
		*p++ = (uint8_t)v;
		v >>= 8;
	}
}

int wav_write(const char *path, const int16_t *s, size_t n)
{
	uint8_t h[HEADER] = "RIFF....WAVEfmt ", two[2];
	uint32_t bytes = (uint32_t)(n * 2);

	if (n > (UINT32_MAX - HEADER) / 2)
		return EFBIG;
	put_le(h + 4, bytes + HEADER - 8, 4);
	put_le(h + 16, 16, 4);
	put_le(h + 20, FMT_PCM, 2);
	put_le(h + 22, 1, 2);
	put_le(h + 24, RATE, 4);
	put_le(h + 28, RATE * 2, 4);
	put_le(h + 32, 2, 2);
	put_le(h + 34, 16, 2);
	memcpy(h + 36, "data", 4);
	put_le(h + 40, bytes, 4);
	FILE *f = fopen(path, "wb");
	if (!f)
		return errno;
	bool ok = fwrite(h, 1, HEADER, f) == HEADER;
	for (size_t i = 0; i < n && ok; i++) {
		put_le(two, (uint16_t)s[i], 2);
		ok = fwrite(two, 1, 2, f) == 2;
	}
	int err = ok ? 0 : EIO;
	if (fclose(f) && !err)
		err = errno;
	return err;
}
