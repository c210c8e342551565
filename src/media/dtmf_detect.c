/*
 * dtmf_detect.c - digits in the sound (ITU-T Q.23, Q.24): how much of each block is one of the four low and one of the
 * four high frequencies (Goertzel's way), and whether it is little else.
 *
 * Against voices, which hold such frequencies now and then: the two tones must be nearly all of the sound, alike in
 * level, well above their neighbours, and without the overtones that a voice has; twice in a row. Dial tone is filtered
 * out before, for a digit may begin while it still plays.
 */
#include <math.h>
#include <string.h>
#include "media/dtmf_detect.h"

enum {
	FREQS = 8, /**< four low, four high */
	END_MISSES = 2,
	RATE = 8000,
	OVERTONE_NEAR = 160, /**< Hz: an overtone so near to the other tone cannot be told from it */
	FAX_BLOCK = 80,      /**< 10 ms: wide enough for 1100 +- 38 Hz */
	FAX_HITS = 40,       /**< 400 ms */
	FAX_MISSES = 3,      /**< turns of phase in ANSam spoil a block each 450 ms */
};

static const unsigned hz[FREQS] = {697, 770, 852, 941, 1209, 1336, 1477, 1633};
static const char keys[] = "123A456B789C*0#D";

/* Energies; 0 dBm0 is a peak of 22747. */
static const float least_energy = 1.2e5f * DTMF_BLOCK; /* of a tone of -33 dBm0, half of it as its share of a block */
static const float high_over_low = 13.0f;              /* 8 dB, what frequencies a little off lose, and the filter */
static const float low_over_high = 5.6f;               /* 6 dB and the same */
static const float over_neighbours = 4.0f;
/* a high frequency that is 1.5 % off keeps 0.72 of its energy in its place, a low one 0.9; voices are louder below */
static const float share_high = 0.62f;
static const float share_low = 0.75f;
static const float overtone_most = 0.1f;
static const float overtone_leak = 0.06f; /* of the other tone, whose foot reaches there */
static const float fax_share = 0.5f;

bool dtmf_pair(char digit, unsigned *low, unsigned *high)
{
	const char *at = digit ? strchr(keys, digit) : NULL;

	if (!at)
		return false;
	*low = hz[(at - keys) / 4];
	*high = hz[4 + (at - keys) % 4];
	return true;
}

/* ------------------------------------------------------------------ dial tone */

/* Notches at 350 and 440 Hz, wide enough for 425 Hz between them: 1 - 2 cos(w) z^-1 + z^-2 over the same with radius.
 */
static const float notch_cos[2] = {1.92491f, 1.88176f};
static const float notch_r = 0.9f;

static float notch(struct dtmf_detect *d, int i, float x)
{
	float c = notch_cos[i];
	float y = x - c * d->x1[i] + d->x2[i] + notch_r * c * d->y1[i] - notch_r * notch_r * d->y2[i];

	d->x2[i] = d->x1[i];
	d->x1[i] = x;
	d->y2[i] = d->y1[i];
	d->y1[i] = y;
	return y;
}

/* ------------------------------------------------------------------ a block */

static float goertzel_cos(unsigned f)
{
	return (float)(2 * cos(2 * M_PI * f / RATE));
}

/* Energy of one frequency, in the measure of the sum of squares. */
static float energy_at(const float *x, unsigned f)
{
	float c = goertzel_cos(f), s1 = 0, s2 = 0;

	for (int i = 0; i < DTMF_BLOCK; i++) {
		float s0 = x[i] + c * s1 - s2;
		s2 = s1;
		s1 = s0;
	}
	return 2 * (s1 * s1 + s2 * s2 - c * s1 * s2) / DTMF_BLOCK;
}

static void energies(const float *x, float e[FREQS], float *all)
{
	static const float c[FREQS] = {1.7077378f, 1.645281f,  1.568687f,  1.4782046f,
				       1.164104f,  0.9963702f, 0.7986184f, 0.5685327f};
	float s0[FREQS], s1[FREQS] = {0}, s2[FREQS] = {0};

	*all = 0;
	for (int i = 0; i < DTMF_BLOCK; i++) {
		*all += x[i] * x[i];
		for (int k = 0; k < FREQS; k++)
			s0[k] = x[i] + c[k] * s1[k] - s2[k];
		memcpy(s2, s1, sizeof(s2));
		memcpy(s1, s0, sizeof(s1));
	}
	for (int k = 0; k < FREQS; k++)
		e[k] = 2 * (s1[k] * s1[k] + s2[k] * s2[k] - c[k] * s1[k] * s2[k]) / DTMF_BLOCK;
}

/* The strongest of four, if the others are far below it; -1. */
static int strongest(const float *e)
{
	int at = 0;

	for (int i = 1; i < 4; i++)
		if (e[i] > e[at])
			at = i;
	for (int i = 0; i < 4; i++)
		if (i != at && e[i] * over_neighbours > e[at])
			return -1;
	return at;
}

static bool overtones(const float *x, unsigned low, unsigned high, float e_low, float e_high)
{
	unsigned twice = 2 * low, apart = twice > high ? twice - high : high - twice;

	if (apart > OVERTONE_NEAR && energy_at(x, twice) > overtone_most * e_low + overtone_leak * e_high)
		return true;
	return energy_at(x, 2 * high) > overtone_most * e_high + overtone_leak * e_low;
}

static char digit_of(const float *x)
{
	float e[FREQS], all;

	energies(x, e, &all);
	int low = strongest(e), high = strongest(e + 4);
	if (low < 0 || high < 0)
		return 0;
	float l = e[low], h = e[4 + high];
	if (l < least_energy || h < least_energy || h > high_over_low * l || l > low_over_high * h ||
	    l + h < (l > 1.6f * h ? share_low : share_high) * all || overtones(x, hz[low], hz[4 + high], l, h))
		return 0;
	return keys[low * 4 + high];
}

/* ------------------------------------------------------------------ digits */

void dtmf_detect_init(struct dtmf_detect *d)
{
	memset(d, 0, sizeof(*d));
}

static void over(struct dtmf_detect *d, dtmf_detect_h *tell, void *arg)
{
	char digit = d->now;

	d->now = 0;
	tell(digit, false, (uint32_t)((uint64_t)d->blocks * DTMF_BLOCK * 1000 / RATE), arg);
}

static void block(struct dtmf_detect *d, dtmf_detect_h *tell, void *arg)
{
	char digit = digit_of(d->pcm), last = d->last;

	d->last = digit;
	if (d->now) {
		if (digit == d->now) {
			d->blocks += 1U + d->misses;
			d->misses = 0;
			return;
		}
		if (++d->misses < END_MISSES)
			return;
		over(d, tell, arg);
	}
	if (!digit || digit != last)
		return;
	d->now = digit;
	d->blocks = 2;
	d->misses = 0;
	tell(digit, true, 0, arg);
}

void dtmf_detect(struct dtmf_detect *d, const int16_t *pcm, size_t n, dtmf_detect_h *tell, void *arg)
{
	for (size_t i = 0; i < n; i++) {
		d->pcm[d->n++] = notch(d, 1, notch(d, 0, pcm[i]));
		if (d->n < DTMF_BLOCK)
			continue;
		d->n = 0;
		block(d, tell, arg);
	}
}

void dtmf_detect_end(struct dtmf_detect *d, dtmf_detect_h *tell, void *arg)
{
	if (d->now)
		over(d, tell, arg);
	dtmf_detect_init(d);
}

/* ------------------------------------------------------------------ fax */

void fax_detect_init(struct fax_detect *f)
{
	memset(f, 0, sizeof(*f));
}

static enum fax_tone fax_block(struct fax_detect *f, const float c[2])
{
	enum fax_tone tone = FAX_NONE;

	for (int k = 0; k < 2; k++) {
		float e = 2 * (f->s1[k] * f->s1[k] + f->s2[k] * f->s2[k] - c[k] * f->s1[k] * f->s2[k]) / FAX_BLOCK;
		if (e > fax_share * f->all && e > 1e5f * FAX_BLOCK) {
			f->misses[k] = 0;
			if (f->hits[k] <= FAX_HITS && ++f->hits[k] == FAX_HITS)
				tone = k ? FAX_CED : FAX_CNG;
		} else if (++f->misses[k] >= FAX_MISSES) {
			f->hits[k] = f->misses[k] = 0;
		}
		f->s1[k] = f->s2[k] = 0;
	}
	f->all = 0;
	f->n = 0;
	return tone;
}

enum fax_tone fax_detect(struct fax_detect *f, const int16_t *pcm, size_t n)
{
	static const float c[2] = {1.2988961f, -0.1569182f}; /* 2 cos of 1100 and 2100 Hz */
	enum fax_tone tone = FAX_NONE, t;

	for (size_t i = 0; i < n; i++) {
		for (int k = 0; k < 2; k++) {
			float s0 = pcm[i] + c[k] * f->s1[k] - f->s2[k];
			f->s2[k] = f->s1[k];
			f->s1[k] = s0;
		}
		f->all += (float)pcm[i] * pcm[i];
		if (++f->n < FAX_BLOCK)
			continue;
		t = fax_block(f, c);
		tone = t ? t : tone;
	}
	return tone;
}
