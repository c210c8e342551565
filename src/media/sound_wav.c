/*
 * sound_wav.c - WAV files (RIFF, and RF64 for long ones): linear with 8 to 32 bits, floating point, or G.711; any rate
 * and number of channels, mixed to mono.
 */
#include <math.h>
#include <string.h>
#include "media/le.h"
#include "media/sound_priv.h"
#include "media/tone.h"

enum { FMT_PCM = 1, FMT_FLOAT = 3, FMT_ALAW = 6, FMT_ULAW = 7, FMT_EXTENSIBLE = 0xfffe };
enum { CHANNELS_MAX = 8, CHUNKS_MAX = 64, BLOCK = 4096 };

struct wav {
	struct sound_reader r;
	FILE *f;
	unsigned format, ch, bytes; /* bytes: of one sample of one channel */
	long data;                  /* where the sound begins */
	uint64_t left, l;           /* bytes of it still to come; in all */
	uint8_t block[BLOCK];
};

static bool sound_bits(unsigned format, unsigned bits)
{
	switch (format) {
	case FMT_PCM:
		return bits == 8 || bits == 16 || bits == 24 || bits == 32;
	case FMT_FLOAT:
		return bits == 32;
	default:
		return bits == 8 && (format == FMT_ALAW || format == FMT_ULAW);
	}
}

static int read_fmt(struct wav *w, uint32_t l)
{
	uint8_t p[40] = {0};
	uint32_t n = l < sizeof(p) ? l : (uint32_t)sizeof(p);

	if (l < 16 || fread(p, 1, n, w->f) != n)
		return ERR_SYNTAX;
	w->format = le_get(p, 2);
	w->ch = le_get(p + 2, 2);
	w->r.rate = le_get(p + 4, 4);
	/* the real format is the beginning of a GUID */
	if (w->format == FMT_EXTENSIBLE && l >= 26)
		w->format = le_get(p + 24, 2);
	unsigned bits = le_get(p + 14, 2);
	if (!sound_bits(w->format, bits) || w->ch < 1 || w->ch > CHANNELS_MAX || w->r.rate < 1000 || w->r.rate > 384000)
		return ERR_SYNTAX;
	w->bytes = bits / 8;
	return fseek(w->f, (long)(l - n), SEEK_CUR) ? ERR_SYNTAX : 0;
}

static int find_data(struct wav *w)
{
	uint8_t h[12];

	if (fread(h, 1, 12, w->f) != 12 || (memcmp(h, "RIFF", 4) != 0 && memcmp(h, "RF64", 4) != 0) ||
	    memcmp(h + 8, "WAVE", 4) != 0)
		return ERR_SYNTAX;
	for (int i = 0; i < CHUNKS_MAX && fread(h, 1, 8, w->f) == 8; i++) {
		uint32_t l = le_get(h + 4, 4);
		int err = 0;

		if (!memcmp(h, "data", 4)) {
			if (!w->bytes)
				return ERR_SYNTAX;
			/* a recording that was cut short says more than there is, or nothing; the file's end decides */
			w->left = l && l != UINT32_MAX ? l : UINT64_MAX;
			w->l = w->left;
			w->data = ftell(w->f);
			return 0;
		}
		if (!memcmp(h, "fmt ", 4))
			err = read_fmt(w, l);
		else if (fseek(w->f, (long)l, SEEK_CUR))
			err = ERR_SYNTAX;
		/* chunks begin at even places */
		if (!err && (l & 1) && fgetc(w->f) == EOF)
			err = ERR_SYNTAX;
		if (err)
			return err;
	}
	return ERR_SYNTAX;
}

static int one(const struct wav *w, const uint8_t *p)
{
	switch (w->format) {
	case FMT_ALAW:
		return g711_alaw_dec(*p);
	case FMT_ULAW:
		return g711_ulaw_dec(*p);
	case FMT_FLOAT: {
		uint32_t u = le_get(p, 4);
		float v;

		memcpy(&v, &u, sizeof(v));
		/* not a number is silence */
		if (!(v > -1.0f))
			return v <= -1.0f ? -32768 : 0;
		return v >= 1.0f ? 32767 : (int)lrintf(v * 32767.0f);
	}
	default:
		/* 8 bits have an offset, longer ones are signed; only the upper 16 count */
		return w->bytes == 1 ? (*p - 128) * 256 : (int16_t)le_get(p + w->bytes - 2, 2);
	}
}

static size_t wav_next(struct sound_reader *r, int16_t *pcm, size_t n)
{
	struct wav *w = CONTAINER_OF(r, struct wav, r);
	size_t frame = (size_t)w->bytes * w->ch, got = 0;
	int ch = (int)w->ch;

	if (ch < 1)
		return 0;

	while (got < n) {
		size_t want = n - got < BLOCK / frame ? n - got : BLOCK / frame;

		if (want > w->left / frame)
			want = (size_t)(w->left / frame);
		size_t have = want ? fread(w->block, frame, want, w->f) : 0;

		for (size_t i = 0; i < have; i++) {
			int sum = 0;

			for (unsigned c = 0; c < w->ch; c++)
				sum += one(w, w->block + i * frame + (size_t)c * w->bytes);
			pcm[got++] = (int16_t)(sum / ch);
		}
		w->left -= have * frame;
		if (!have)
			break;
	}
	return got;
}

static bool wav_seek(struct sound_reader *r, uint64_t sample)
{
	struct wav *w = CONTAINER_OF(r, struct wav, r);
	uint64_t at = sample * w->bytes * w->ch;
	long now = ftell(w->f), end;

	if (now < 0 || fseek(w->f, 0, SEEK_END))
		return false;
	end = ftell(w->f);
	if (end < 0 || at >= w->l || (uint64_t)w->data + at >= (uint64_t)end ||
	    fseek(w->f, (long)((uint64_t)w->data + at), SEEK_SET)) {
		(void)fseek(w->f, now, SEEK_SET);
		return false;
	}
	w->left = w->l == UINT64_MAX ? w->l : w->l - at;
	return true;
}

int sound_wav_open(struct sound_reader **rp, FILE *f)
{
	struct wav *w = mem_zalloc(sizeof(*w), NULL);
	int err;

	if (!w)
		return ENOMEM;
	w->f = f;
	w->r.read = wav_next;
	w->r.seek = wav_seek;
	err = find_data(w);
	if (err) {
		mem_deref(w);
		return err;
	}
	*rp = &w->r;
	return 0;
}
