/*
 * pitch.c - normalised cross-correlation: coarse on a decimated signal, then exact
 * around the best place.
 */
#include <math.h>
#include "media/pitch.h"

enum {
	COARSE = 60, /**< lags that the coarse search looks at, about */
	PLACES = 6 * COARSE
};

/* One sample for `dec`: their sum is filter enough for finding a pitch. */
static void decimate(float *dst, size_t n, const int16_t *src, size_t dec)
{
	for (size_t i = 0; i < n; i++) {
		int32_t sum = 0;
		for (size_t k = 0; k < dec; k++)
			sum += src[i * dec + k];
		dst[i] = (float)sum;
	}
}

static size_t coarse(const int16_t *a, size_t win, int dir, size_t lo, size_t hi, size_t dec)
{
	float v[PLACES] = {0};
	size_t nwin = win / dec, nhi = hi / dec, nlo = lo / dec ? lo / dec : 1, best = nlo;
	const float *x = dir < 0 ? v + nhi : v;
	float top = -1;

	decimate(v, nwin + nhi, dir < 0 ? a - nhi * dec : a, dec);
	for (size_t lag = nlo; lag <= nhi; lag++) {
		const float *y = dir < 0 ? x - lag : x + lag;
		float c = 0, e = 1;
		for (size_t i = 0; i < nwin; i++) {
			c += x[i] * y[i];
			e += y[i] * y[i];
		}
		float score = c > 0 ? c * c / e : 0;
		if (score > top) {
			top = score;
			best = lag;
		}
	}
	return best * dec;
}

static float exact(const int16_t *a, const int16_t *b, size_t n)
{
	float c = 0, ea = 0, eb = 0;

	for (size_t i = 0; i < n; i++) {
		float x = a[i], y = b[i];
		c += x * y;
		ea += x * x;
		eb += y * y;
	}
	return ea > 0 && eb > 0 ? c / sqrtf(ea * eb) : 0;
}

struct search {
	const int16_t *a;
	size_t win, lo, hi;
	int dir;
	size_t best;
	float corr;
};

/* The best lag no more than `by` from `at`, if it is better than what was found. */
static void refine(struct search *s, size_t at, size_t by)
{
	for (size_t lag = at > s->lo + by ? at - by : s->lo; lag <= at + by && lag <= s->hi; lag++) {
		float c = exact(s->a, s->dir < 0 ? s->a - lag : s->a + lag, s->win);
		if (c > s->corr) {
			s->corr = c;
			s->best = lag;
		}
	}
}

size_t pitch_match(const int16_t *a, size_t win, int dir, size_t lo, size_t hi, float *corr)
{
	struct search s = {.a = a, .win = win, .lo = lo, .hi = hi, .dir = dir, .best = lo, .corr = -2};
	size_t dec = hi / COARSE ? hi / COARSE : 1;

	refine(&s, coarse(a, win, dir, lo, hi, dec), dec);
	/* a high voice fits better after several of its periods: they are no whole numbers of samples */
	size_t one = s.best;
	for (size_t k = 2; s.corr > 0 && s.corr < 0.998f && k * one <= hi; k++)
		refine(&s, k * one, k / 2);
	*corr = s.corr;
	return s.best;
}
