/*
 * cn.c - comfort noise, RFC 3389: analysis by autocorrelation and Levinson's recursion, synthesis by an all-pole
 * lattice, which is stable for every coefficient below one, however it changes.
 */
#include <math.h>
#include <string.h>
#include "media/cn.h"

enum {
	FULL = 32767,
	SHAPE_MIN = 80, /* samples that say something of the spectrum */
	RESERVED = 255, /* index of a coefficient (RFC 3389 3.2) */
};

/* What a payload may ask of the filter: resonances narrower than this are no background noise. */
static const float K_MAX = 0.98F;
/* The level moves to a new one in about 20 ms of 8 kHz. */
static const float GLIDE = 1.0F / 64;
static const float FAINT = 1e-6F;

uint8_t cn_level(const int16_t *pcm, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double)pcm[i] * pcm[i];
	if (n == 0 || sum == 0)
		return CN_SILENT;
	double db = -20 * log10(sqrt(sum / (double)n) / FULL);
	return db <= 0 ? 0 : db >= CN_SILENT ? CN_SILENT : (uint8_t)lround(db);
}

/* Autocorrelation under a Hann window. */
static void autocorrelate(double *r, const int16_t *pcm, size_t n)
{
	float past[CN_ORDER + 1] = {0};

	memset(r, 0, (CN_ORDER + 1) * sizeof(*r));
	for (size_t i = 0; i < n; i++) {
		memmove(past + 1, past, CN_ORDER * sizeof(*past));
		past[0] = (float)pcm[i] * (0.5F - 0.5F * cosf(2 * (float)M_PI * ((float)i + 0.5F) / (float)n));
		for (size_t j = 0; j <= CN_ORDER; j++)
			r[j] += (double)past[0] * past[j];
	}
}

/* Levinson and Durbin: reflection coefficients, with the sign that k[0] = -r[1] / r[0]. */
static void reflect(double *k, const double *r)
{
	double a[CN_ORDER + 1] = {1}, err = r[0];

	for (size_t i = 1; i <= CN_ORDER; i++) {
		double sum = r[i], next[CN_ORDER + 1];
		for (size_t j = 1; j < i; j++)
			sum += a[j] * r[i - j];
		k[i - 1] = -sum / err;
		memcpy(next, a, sizeof(next));
		for (size_t j = 1; j < i; j++)
			next[j] = a[j] + k[i - 1] * a[i - j];
		next[i] = k[i - 1];
		memcpy(a, next, sizeof(a));
		err *= 1 - k[i - 1] * k[i - 1];
	}
}

size_t cn_encode(uint8_t *dst, size_t size, const int16_t *pcm, size_t n)
{
	double r[CN_ORDER + 1], k[CN_ORDER];

	if (size == 0)
		return 0;
	dst[0] = cn_level(pcm, n);
	if (size < CN_PAYLOAD_MAX || n < SHAPE_MIN || dst[0] == CN_SILENT)
		return 1;
	autocorrelate(r, pcm, n);
	/* a white floor 40 dB below keeps the recursion from exact predictions */
	r[0] = r[0] * 1.0001 + 1;
	reflect(k, r);
	for (size_t i = 0; i < CN_ORDER; i++) {
		/* RFC 3389 3.2: steps of 258 on the scale of 32768 */
		long idx = lround(k[i] * 32768 / 258) + 127;
		dst[1 + i] = (uint8_t)(idx < 0 ? 0 : idx > 254 ? 254 : idx);
	}
	return CN_PAYLOAD_MAX;
}

void cn_init(struct cn *c, uint32_t seed)
{
	*c = (struct cn){.seed = seed * 2654435761U + 1};
}

static float coefficient(uint8_t idx)
{
	float k = idx == RESERVED ? 0 : (float)(258 * (idx - 127)) / 32768;

	return k > K_MAX ? K_MAX : k < -K_MAX ? -K_MAX : k;
}

void cn_set(struct cn *c, const uint8_t *p, size_t l, uint32_t clock, uint32_t rate)
{
	if (l == 0)
		return;
	uint8_t level = p[0] & 0x7f;
	/* uniform noise of amplitude 1 has the power 1/3; the filter adds its own gain */
	float power = 3;

	memset(c->k, 0, sizeof(c->k));
	c->order = 0;
	c->pole = 0;
	if (clock == rate) {
		c->order = (uint8_t)(l - 1 < CN_ORDER ? l - 1 : CN_ORDER);
		for (size_t i = 0; i < c->order; i++) {
			c->k[i] = coefficient(p[1 + i]);
			power *= 1 - c->k[i] * c->k[i];
		}
	} else if (clock < rate) {
		c->pole = expf(-(float)M_PI * (float)clock / (float)rate);
		power *= (1 + c->pole) / (1 - c->pole);
	}
	c->want = level == CN_SILENT ? 0 : (float)FULL * powf(10, -(float)level / 20) * sqrtf(power);
}

/* Uniform in -1..1. */
static float white(struct cn *c)
{
	c->seed = c->seed * 1664525 + 1013904223;
	return (float)(int32_t)c->seed * (1.0F / 2147483648.0F);
}

void cn_make(struct cn *c, int16_t *pcm, size_t n)
{
	if (c->want == 0 && c->gain < FAINT) {
		/* numbers that go on shrinking cost more and more */
		c->gain = c->low = 0;
		memset(c->b, 0, sizeof(c->b));
		memset(pcm, 0, n * sizeof(*pcm));
		return;
	}
	for (size_t t = 0; t < n; t++) {
		c->gain += (c->want - c->gain) * GLIDE;
		float f = white(c) * c->gain;
		for (size_t i = c->order; i > 0; i--) {
			f -= c->k[i - 1] * c->b[i - 1];
			c->b[i] = c->b[i - 1] + c->k[i - 1] * f;
		}
		c->b[0] = f;
		c->low += (f - c->low) * (1 - c->pole);
		float y = c->low;
		pcm[t] = (int16_t)(y > FULL ? FULL : y < -FULL ? -FULL : lrintf(y));
	}
}
