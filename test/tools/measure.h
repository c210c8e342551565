/*
 * measure.h - how well speech got through: intelligibility and spectral distance of a degraded sound against its
 * reference, and the delay between the two. 8 kHz mono.
 *
 * STOI: C. H. Taal, R. C. Hendriks, R. Heusdens, J. Jensen, "An Algorithm for Intelligibility Prediction of
 * Time-Frequency Weighted Noisy Speech", IEEE TASLP 19(7), 2011. Log-spectral distance: root mean square of the
 * difference of the log spectra, in dB, averaged over the frames with speech.
 * Blocks; for tools and tests.
 */
#ifndef TEST_TOOLS_MEASURE_H
#define TEST_TOOLS_MEASURE_H

#include <complex.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	ME_RATE = 8000,
	ME_STOI_RATE = 10000,
	ME_WIN = 256,
	ME_FFT = 512,
	ME_HOP = 128,
	ME_BANDS = 15,
	ME_SEGMENT = 30, /* frames: 384 ms */
	ME_BLOCK = ME_RATE / 2,
	ME_SEEK = ME_RATE * 80 / 1000,
};

struct measure {
	double stoi;     /* 0 to 1 */
	double lsd;      /* dB */
	double delay_ms; /* of the degraded sound; the mean of its blocks */
};

static inline void *me_alloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);

	if (!p)
		abort();
	return p;
}

/* In place; n is a power of two. */
static inline void me_fft(double complex *x, size_t n, int sign)
{
	for (size_t i = 1, j = 0; i < n; i++) {
		size_t bit = n >> 1;
		for (; j & bit; bit >>= 1)
			j ^= bit;
		j ^= bit;
		if (i < j) {
			double complex t = x[i];
			x[i] = x[j];
			x[j] = t;
		}
	}
	for (size_t len = 2; len <= n; len <<= 1) {
		double complex root = cexp(sign * 2 * M_PI * I / (double)len);
		for (size_t i = 0; i < n; i += len) {
			double complex w = 1;
			for (size_t k = 0; k < len / 2; k++, w *= root) {
				double complex a = x[i + k], b = x[i + k + len / 2] * w;
				x[i + k] = a + b;
				x[i + k + len / 2] = a - b;
			}
		}
	}
}

/* ------------------------------------------------------------------ alignment */

/* Samples by which `deg` is behind `ref`, by the peak of their correlation. */
static inline long me_lag(const int16_t *ref, size_t nr, const int16_t *deg, size_t nd)
{
	size_t n = 1;

	while (n < nr + nd)
		n <<= 1;
	double complex *a = me_alloc(n, sizeof(*a)), *b = me_alloc(n, sizeof(*b));
	for (size_t i = 0; i < nr; i++)
		a[i] = ref[i];
	for (size_t i = 0; i < nd; i++)
		b[i] = deg[i];
	me_fft(a, n, 1);
	me_fft(b, n, 1);
	for (size_t i = 0; i < n; i++)
		a[i] = conj(a[i]) * b[i];
	me_fft(a, n, -1);
	size_t best = 0;
	for (size_t i = 0; i < n; i++)
		if (creal(a[i]) > creal(a[best]))
			best = i;
	free(a);
	free(b);
	return best < nd ? (long)best : (long)best - (long)n;
}

static inline double me_at(const int16_t *s, size_t n, long i)
{
	return i < 0 || (size_t)i >= n ? 0 : s[i];
}

/* Normalised correlation of a block of `ref` with `deg` behind by `lag`. */
static inline double me_like(const int16_t *ref, size_t at, size_t l, const int16_t *deg, size_t nd, long lag)
{
	double c = 0, x = 0, y = 0;

	for (size_t i = at; i < at + l; i++) {
		double r = ref[i], d = me_at(deg, nd, (long)i + lag);
		c += r * d;
		x += r * r;
		y += d * d;
	}
	return x > 0 && y > 0 ? c / sqrt(x * y) : 0;
}

/*
 * `deg` laid upon `ref`, block by block: a jitter buffer may stretch what it plays. The mean lag comes back.
 */
static inline double me_align(const int16_t *ref, size_t nr, const int16_t *deg, size_t nd, int16_t *out)
{
	long lag = me_lag(ref, nr, deg, nd);
	double sum = 0;
	size_t blocks = 0;

	for (size_t at = 0; at < nr; at += ME_BLOCK, blocks++) {
		size_t l = nr - at < ME_BLOCK ? nr - at : ME_BLOCK;
		long best = lag;
		double top = me_like(ref, at, l, deg, nd, lag) + 0.05; /* a reason to move */
		for (long d = -ME_SEEK; d <= ME_SEEK; d++) {
			double c = me_like(ref, at, l, deg, nd, lag + d);
			if (c > top) {
				top = c;
				best = lag + d;
			}
		}
		lag = best;
		sum += (double)lag;
		for (size_t i = at; i < at + l; i++)
			out[i] = (int16_t)me_at(deg, nd, (long)i + lag);
	}
	return blocks ? sum / (double)blocks : 0;
}

/* ------------------------------------------------------------------ STOI */

/* From 8 to 10 kHz by a windowed sinc. */
static inline double *me_resample(const int16_t *s, size_t n, size_t *np)
{
	size_t out = n * ME_STOI_RATE / ME_RATE;
	double *x = me_alloc(out, sizeof(*x));

	for (size_t i = 0; i < out; i++) {
		double t = (double)i * ME_RATE / ME_STOI_RATE, sum = 0;
		long mid = (long)t;
		for (long k = mid - 15; k <= mid + 16; k++) {
			double d = t - (double)k, w = 0.5 + 0.5 * cos(M_PI * d / 17);
			sum += me_at(s, n, k) * (fabs(d) < 1e-9 ? 1 : sin(M_PI * d) / (M_PI * d)) * w;
		}
		x[i] = sum;
	}
	*np = out;
	return x;
}

static inline double me_hann(size_t i)
{
	return 0.5 - 0.5 * cos(2 * M_PI * (double)(i + 1) / (ME_WIN + 1));
}

/* Leave out the frames that are 40 dB below the loudest of `x`, in both; what is left is overlapped and added. */
static inline size_t me_drop_silence(double *x, double *y, size_t n)
{
	size_t frames = n < ME_WIN ? 0 : (n - ME_WIN) / ME_HOP + 1, kept = 0;
	double *e = me_alloc(frames, sizeof(*e)), top = 0;
	double *a = me_alloc(n, sizeof(*a)), *b = me_alloc(n, sizeof(*b));

	for (size_t f = 0; f < frames; f++) {
		for (size_t i = 0; i < ME_WIN; i++)
			e[f] += pow(x[f * ME_HOP + i] * me_hann(i), 2);
		top = e[f] > top ? e[f] : top;
	}
	for (size_t f = 0; f < frames; f++) {
		if (e[f] <= top * 1e-4)
			continue;
		for (size_t i = 0; i < ME_WIN; i++) {
			a[kept * ME_HOP + i] += x[f * ME_HOP + i] * me_hann(i);
			b[kept * ME_HOP + i] += y[f * ME_HOP + i] * me_hann(i);
		}
		kept++;
	}
	memcpy(x, a, n * sizeof(*x));
	memcpy(y, b, n * sizeof(*y));
	free(a);
	free(b);
	free(e);
	return kept ? (kept - 1) * ME_HOP + ME_WIN : 0;
}

/* Third-octave bands from 150 Hz of one frame. */
static inline void me_bands(double *band, const double *x)
{
	double complex v[ME_FFT] = {0};

	for (size_t i = 0; i < ME_WIN; i++)
		v[i] = x[i] * me_hann(i);
	me_fft(v, ME_FFT, 1);
	for (int b = 0; b < ME_BANDS; b++) {
		double lo = 150 * pow(2, (2 * b - 1) / 6.0), hi = 150 * pow(2, (2 * b + 1) / 6.0), sum = 0;
		size_t from = (size_t)lround(lo * ME_FFT / ME_STOI_RATE),
		       to = (size_t)lround(hi * ME_FFT / ME_STOI_RATE);
		for (size_t i = from; i < to; i++)
			sum += creal(v[i] * conj(v[i]));
		band[b] = sqrt(sum);
	}
}

/* One band over one segment: how alike they go up and down, the degraded one scaled and clipped at -15 dB. */
static inline double me_segment(const double *x, const double *y, size_t step)
{
	double ex = 0, ey = 0, mx = 0, my = 0, xy = 0, xx = 0, yy = 0, c[ME_SEGMENT];

	for (size_t i = 0; i < ME_SEGMENT; i++) {
		ex += x[i * step] * x[i * step];
		ey += y[i * step] * y[i * step];
	}
	double scale = sqrt(ex / (ey + 1e-20)), clip = 1 + pow(10, 15 / 20.0);
	for (size_t i = 0; i < ME_SEGMENT; i++) {
		c[i] = fmin(y[i * step] * scale, x[i * step] * clip);
		mx += x[i * step] / ME_SEGMENT;
		my += c[i] / ME_SEGMENT;
	}
	for (size_t i = 0; i < ME_SEGMENT; i++) {
		xy += (x[i * step] - mx) * (c[i] - my);
		xx += pow(x[i * step] - mx, 2);
		yy += pow(c[i] - my, 2);
	}
	return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : 0;
}

static inline double me_stoi(const int16_t *ref, const int16_t *deg, size_t n)
{
	size_t l, segments = 0;
	double *x = me_resample(ref, n, &l), *y = me_resample(deg, n, &l), sum = 0;

	l = me_drop_silence(x, y, l);
	size_t frames = l < ME_WIN ? 0 : (l - ME_WIN) / ME_HOP + 1;
	double *bx = me_alloc(frames * ME_BANDS, sizeof(*bx)), *by = me_alloc(frames * ME_BANDS, sizeof(*by));
	for (size_t f = 0; f < frames; f++) {
		me_bands(bx + f * ME_BANDS, x + f * ME_HOP);
		me_bands(by + f * ME_BANDS, y + f * ME_HOP);
	}
	for (size_t f = 0; f + ME_SEGMENT <= frames; f++, segments++)
		for (size_t b = 0; b < ME_BANDS; b++)
			sum += me_segment(bx + f * ME_BANDS + b, by + f * ME_BANDS + b, ME_BANDS);
	free(x);
	free(y);
	free(bx);
	free(by);
	return segments ? sum / (double)(segments * ME_BANDS) : 0;
}

/* ------------------------------------------------------------------ log-spectral distance */

static inline double me_frame_db(double *db, const int16_t *s)
{
	double complex v[ME_WIN];
	double e = 0;

	for (size_t i = 0; i < ME_WIN; i++) {
		v[i] = s[i] * me_hann(i);
		e += creal(v[i]) * creal(v[i]);
	}
	me_fft(v, ME_WIN, 1);
	for (size_t i = 0; i < ME_WIN / 2; i++)
		db[i] = 10 * log10(creal(v[i] * conj(v[i])) + 1e4); /* a floor at the noise of 8 bits */
	return e;
}

/* In the band of a telephone line, 300 to 3400 Hz, over frames within 35 dB of the loudest of `ref`. */
static inline double me_lsd(const int16_t *ref, const int16_t *deg, size_t n)
{
	double x[ME_WIN / 2], y[ME_WIN / 2], top = 0, sum = 0;
	size_t frames = 0, lo = 300 * ME_WIN / ME_RATE, hi = 3400 * ME_WIN / ME_RATE;

	for (size_t at = 0; at + ME_WIN <= n; at += ME_HOP)
		top = fmax(top, me_frame_db(x, ref + at));
	for (size_t at = 0; at + ME_WIN <= n; at += ME_HOP) {
		double d = 0;
		if (me_frame_db(x, ref + at) <= top * 3e-4)
			continue;
		me_frame_db(y, deg + at);
		for (size_t i = lo; i < hi; i++)
			d += (x[i] - y[i]) * (x[i] - y[i]);
		sum += sqrt(d / (double)(hi - lo));
		frames++;
	}
	return frames ? sum / (double)frames : 0;
}

/* All of it. */
static inline struct measure me_compare(const int16_t *ref, size_t nr, const int16_t *deg, size_t nd)
{
	int16_t *laid = me_alloc(nr, sizeof(*laid));
	struct measure m = {.delay_ms = me_align(ref, nr, deg, nd, laid) * 1000 / ME_RATE};

	m.stoi = me_stoi(ref, laid, nr);
	m.lsd = me_lsd(ref, laid, nr);
	free(laid);
	return m;
}

#endif
