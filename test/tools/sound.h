/*
 * sound.h - what the tools of the interop tests share: G.711 mu-law, tones, WAV files, 8 kHz mono 16 bit.
 *
 * Written apart from src/media, so that a mistake there is not made here as well.
 */
#ifndef TEST_TOOLS_SOUND_H
#define TEST_TOOLS_SOUND_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 8000, WAV_HEAD = 44, SOUND_MAX = RATE * 600 };

/* ITU-T G.711: sign, segment and step of 14 bits with a bias of 33, all bits inverted. */
static inline uint8_t ulaw_enc(int16_t s)
{
	int sign = s < 0 ? 0x80 : 0, v = (s < 0 ? -(s + 1) : s) / 4 + 33, seg = 0;

	if (v > 8191)
		v = 8191;
	while (seg < 7 && v >> (seg + 6))
		seg++;
	return (uint8_t) ~(sign | seg << 4 | (v >> (seg + 1) & 15));
}

static inline int16_t ulaw_dec(uint8_t u)
{
	int x = ~u & 0xff, seg = x >> 4 & 7, v = ((2 * (x & 15) + 33) << seg) - 33;

	return (int16_t)(x & 0x80 ? -v * 4 : v * 4);
}

static inline int16_t tone_at(unsigned hz, size_t i)
{
	return (int16_t)(hz ? 8000.0 * sin(2 * M_PI * hz * (double)i / RATE) : 0);
}

/* Share of the energy of n samples that lies at hz, by the Goertzel algorithm. */
static inline double goertzel(const int16_t *s, size_t n, unsigned hz)
{
	double w = 2 * cos(2 * M_PI * hz / RATE), a = 0, b = 0, all = 0;

	for (size_t i = 0; i < n; i++) {
		double c = s[i] + w * a - b;

		b = a;
		a = c;
		all += (double)s[i] * s[i];
	}
	return all > 0 ? (a * a + b * b - w * a * b) * 2 / ((double)n * all) : 0;
}

static inline uint32_t le(const uint8_t *p, unsigned n)
{
	uint32_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

static inline void put_le(uint8_t *p, uint32_t v, unsigned n)
{
	for (; n--; v >>= 8)
		*p++ = (uint8_t)v;
}

/* Write a WAV file; exits when that fails. */
static inline void wav_save(const char *path, const int16_t *s, size_t n)
{
	uint8_t h[WAV_HEAD] = "RIFF....WAVEfmt ";
	FILE *f = fopen(path, "wb");

	put_le(h + 4, (uint32_t)(36 + 2 * n), 4);
	put_le(h + 16, 16, 4);
	put_le(h + 20, 1, 2);
	put_le(h + 22, 1, 2);
	put_le(h + 24, RATE, 4);
	put_le(h + 28, 2 * RATE, 4);
	put_le(h + 32, 2, 2);
	put_le(h + 34, 16, 2);
	memcpy(h + 36, "data", 4);
	put_le(h + 40, (uint32_t)(2 * n), 4);
	if (!f || fwrite(h, 1, sizeof(h), f) != sizeof(h) || fwrite(s, 2, n, f) != n || fclose(f)) {
		perror(path);
		exit(1);
	}
}

/*
 * Read 16 bits at 8 kHz or more, as mono of 8 kHz. A file that is still being written has lengths of 0 in
 * its head: then what there is counts. Returns the number of samples; exits when it is no such file.
 */
static inline size_t wav_load(const char *path, int16_t *s, size_t max)
{
	FILE *f = fopen(path, "rb");
	uint8_t h[12], c[8], fmt[16] = {0};
	size_t n = 0;

	if (!f || fread(h, 1, 12, f) != 12 || memcmp(h, "RIFF", 4) || memcmp(h + 8, "WAVE", 4)) {
		fprintf(stderr, "%s: no WAV file\n", path);
		exit(2);
	}
	while (fread(c, 1, 8, f) == 8) {
		uint32_t l = le(c + 4, 4);

		if (!memcmp(c, "data", 4)) {
			n = fread(s, 2, l && l / 2 < max ? l / 2 : max, f);
			break;
		}
		size_t got = !memcmp(c, "fmt ", 4) ? fread(fmt, 1, 16, f) : 0;
		(void)fseek(f, (long)(l + (l & 1)) - (long)got, SEEK_CUR);
	}
	(void)fclose(f);
	size_t ch = le(fmt + 2, 2), rate = le(fmt + 4, 4), out = 0;
	if (!ch || rate < RATE || le(fmt + 14, 2) != 16) {
		fprintf(stderr, "%s: not 16 bits at %d Hz or more\n", path, RATE);
		exit(2);
	}
	/* the mean of all channels and of the samples between: good enough for tones below 2 kHz */
	for (size_t i = 0; ch * rate > RATE && (i + 1) * rate / RATE * ch <= n; i++, out++) {
		size_t from = i * rate / RATE * ch, to = (i + 1) * rate / RATE * ch;
		long sum = 0;

		for (size_t k = from; k < to; k++)
			sum += s[k];
		s[i] = (int16_t)(sum / (long)(to - from));
	}
	return ch * rate > RATE ? out : n;
}

#endif
