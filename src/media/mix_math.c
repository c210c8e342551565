/*
 * mix_math.c - the arithmetic of mixing: sums in 32 bits, the room without one by
 * subtraction, and back to 16 bits without clipping. Plain loops over restricted
 * pointers, which compilers turn into vectors.
 */
#include <math.h>
#include "media/mix_priv.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3")
#endif

enum { LANES = 8 };

void mix_add(int32_t *restrict acc, const int16_t *restrict p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		acc[i] += p[i];
}

void mix_add32(int32_t *restrict acc, const int32_t *restrict p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		acc[i] += p[i];
}

void mix_sub(int32_t *restrict dst, const int32_t *restrict acc, const int16_t *restrict p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		dst[i] = acc[i] - p[i];
}

int32_t mix_peak(const int32_t *acc, size_t n)
{
	int32_t hi = 0, lo = 0;

	for (size_t i = 0; i < n; i++) {
		hi = acc[i] > hi ? acc[i] : hi;
		lo = acc[i] < lo ? acc[i] : lo;
	}
	return hi > -lo ? hi : -lo;
}

static inline int16_t clip(int32_t v)
{
	v = v > INT16_MAX ? INT16_MAX : v;
	return (int16_t)(v < INT16_MIN ? INT16_MIN : v);
}

static inline int16_t clipf(float v)
{
	v = v > 32767.0F ? 32767.0F : v;
	return (int16_t)(v < -32768.0F ? -32768.0F : v);
}

void mix_gain(int16_t *p, size_t n, float g0, float g1, size_t ramp)
{
	size_t i = 0;

	if (ramp > n)
		ramp = n;
	if (g0 != g1)
		for (; i < ramp; i++)
			p[i] = clipf((float)p[i] * (g0 + (g1 - g0) * (float)i / (float)ramp));
	if (g1 == 1.0F)
		return;
	for (; i < n; i++)
		p[i] = clipf((float)p[i] * g1);
}

void mix_pack(int16_t *restrict dst, const int32_t *restrict acc, size_t n, float g0, float g1)
{
	const float knee = MIX_KNEE, room = 32767.0F - MIX_KNEE, step = (g1 - g0) / (float)n;

	if (g0 == 1.0F && g1 == 1.0F && mix_peak(acc, n) <= MIX_KNEE) {
		for (size_t i = 0; i < n; i++)
			dst[i] = clip(acc[i]);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		float v = (float)acc[i] * (g0 + step * (float)(int32_t)i), a = v < 0 ? -v : v;
		float over = a > knee ? a - knee : 0;
		/* from the knee on towards full scale, which it never reaches */
		float bent = (a > knee ? knee : a) + over * room / (over + room);
		dst[i] = (int16_t)(int32_t)(v < 0 ? -bent : bent);
	}
}

float mix_level(const int16_t *p, size_t n)
{
	float lane[LANES] = {0}, sum = 0;
	size_t i = 0;

	for (; i + LANES <= n; i += LANES)
		for (size_t k = 0; k < LANES; k++)
			lane[k] += (float)p[i + k] * (float)p[i + k];
	for (; i < n; i++)
		sum += (float)p[i] * (float)p[i];
	for (size_t k = 0; k < LANES; k++)
		sum += lane[k];
	if (!n || sum <= 0)
		return -127;
	float db = 10 * log10f(sum / (float)n / (32767.0F * 32767.0F));
	return db < -127 ? -127 : db > 0 ? 0 : db;
}

float mix_db(int db)
{
	return powf(10, (float)db / 20);
}

void mix_limit(struct mix_limiter *l, int32_t peak, unsigned ms)
{
	/* 5 dB a second upwards */
	float up = 1 + 0.00058F * (float)ms, want = l->g1 * up;

	if (want > 1)
		want = 1;
	if ((float)peak * want > (float)MIX_KNEE)
		want = (float)MIX_KNEE / (float)peak;
	l->g0 = l->g1;
	l->g1 = want;
}
