/*
 * cn_test.c - comfort noise (RFC 3389): levels, shape there and back, payloads of strangers.
 */
#include <math.h>
#include <stdlib.h>
#include "fixture.h"
#include "media/cn.h"

enum { N = 16000 };

static double rms(const int16_t *pcm, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double)pcm[i] * pcm[i];
	return sqrt(sum / (double)n);
}

/* Correlation of neighbours: 0 is white, towards 1 dark, towards -1 bright. */
static double slope(const int16_t *pcm, size_t n)
{
	double r0 = 0, r1 = 0;

	for (size_t i = 1; i < n; i++) {
		r0 += (double)pcm[i] * pcm[i];
		r1 += (double)pcm[i] * pcm[i - 1];
	}
	return r1 / r0;
}

/* RFC 3389 3.1: 0 dBov is a square wave of full scale; seven bits of attenuation. */
static void test_level(void **state)
{
	int16_t pcm[800];
	(void)state;

	for (int i = 0; i < 800; i++)
		pcm[i] = i & 8 ? 32767 : -32767;
	assert_int_equal(cn_level(pcm, 800), 0);
	for (int i = 0; i < 800; i++)
		pcm[i] = (int16_t)lround(32767 * sin(2 * M_PI * i / 8));
	assert_int_equal(cn_level(pcm, 800), 3);
	for (int i = 0; i < 800; i++)
		pcm[i] = i & 8 ? 33 : -33;
	assert_int_equal(cn_level(pcm, 800), 60);
	memset(pcm, 0, sizeof(pcm));
	assert_int_equal(cn_level(pcm, 800), 127);
	assert_int_equal(cn_level(pcm, 0), 127);
}

static void test_noise_has_the_level_of_its_payload(void **state)
{
	static int16_t pcm[N];
	static const uint8_t dark[] = {40, 127 - 100, 127 + 20}, bright[] = {40, 127 + 100}, plain[] = {50};
	static const struct {
		const uint8_t *p;
		size_t l;
		uint32_t clock, rate;
	} v[] = {
		{plain, 1, 8000, 8000}, {plain, 1, 8000, 16000}, {plain, 1, 8000, 48000},   {plain, 1, 16000, 8000},
		{dark, 3, 8000, 8000},  {bright, 2, 8000, 8000}, {bright, 2, 16000, 16000}, {dark, 3, 8000, 48000},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct cn c;
		cn_init(&c, 7);
		cn_set(&c, v[i].p, v[i].l, v[i].clock, v[i].rate);
		cn_make(&c, pcm, N);
		double db = -20 * log10(rms(pcm + N / 2, N / 2) / 32767);
		assert_true(fabs(db - v[i].p[0]) < 1.0);
	}
}

/* Noise with a shape, analysed, sent and made anew, has that level and shape again. */
static void test_there_and_back(void **state)
{
	static int16_t in[N], out[N];
	(void)state;

	for (int i = 0; i < 5; i++) {
		uint8_t shape[] = {45, (uint8_t)(127 + 50 * (i - 2)), 140}, p[CN_PAYLOAD_MAX];
		struct cn c;
		cn_init(&c, (uint32_t)i);
		cn_set(&c, shape, sizeof(shape), 8000, 8000);
		cn_make(&c, in, N);
		/* half a second */
		assert_int_equal(cn_encode(p, sizeof(p), in + N / 2, 4000), CN_PAYLOAD_MAX);
		assert_true(abs(p[0] - 45) <= 1);
		assert_true(abs(p[1] - shape[1]) < 14);
		cn_init(&c, 99);
		cn_set(&c, p, sizeof(p), 8000, 8000);
		cn_make(&c, out, N);
		assert_true(fabs(slope(in + N / 2, N / 2) - slope(out + N / 2, N / 2)) < 0.08);
		assert_true(fabs(20 * log10(rms(in + N / 2, N / 2) / rms(out + N / 2, N / 2))) < 1.5);
	}
	/* sign of the first coefficient: dark noise has a negative one (k = -r1 / r0) */
	uint8_t p[CN_PAYLOAD_MAX];
	for (int i = 1; i < N; i++)
		in[i] = (int16_t)(in[i - 1] * 0.9 + rand() % 200 - 100);
	assert_int_equal(cn_encode(p, sizeof(p), in, 4000), CN_PAYLOAD_MAX);
	assert_true(abs(p[1] - (127 - (int)(0.9 * 127))) < 8);
}

static void test_short_payloads(void **state)
{
	int16_t pcm[160] = {0};
	uint8_t p[CN_PAYLOAD_MAX];
	(void)state;

	assert_int_equal(cn_encode(p, sizeof(p), pcm, 160), 1);
	assert_int_equal(p[0], 127);
	for (int i = 0; i < 160; i++)
		pcm[i] = (int16_t)(i * 7919 % 301 - 150);
	assert_int_equal(cn_encode(p, 0, pcm, 160), 0);
	assert_int_equal(cn_encode(p, 1, pcm, 160), 1);
	assert_int_equal(cn_encode(p, sizeof(p), pcm, 40), 1);
	assert_int_equal(cn_encode(p, sizeof(p), pcm, 160), CN_PAYLOAD_MAX);
}

/* A level never jumps, and a begin is silent. */
static void test_levels_glide(void **state)
{
	static const uint8_t soft = 60, loud = 20, reserved = 0x80 | 127;
	int16_t pcm[160];
	struct cn c;
	(void)state;

	cn_init(&c, 1);
	cn_make(&c, pcm, 160);
	assert_true(rms(pcm, 160) == 0);
	cn_set(&c, &soft, 1, 8000, 8000);
	cn_make(&c, pcm, 160);
	cn_make(&c, pcm, 160);
	cn_set(&c, &loud, 1, 8000, 8000);
	cn_make(&c, pcm, 8);
	assert_true(rms(pcm, 8) < 800);
	cn_set(&c, NULL, 0, 8000, 8000);
	for (int i = 0; i < 4; i++)
		cn_make(&c, pcm, 160);
	assert_true(rms(pcm, 160) > 2500);
	/* the first bit is none of the level */
	cn_set(&c, &reserved, 1, 8000, 8000);
	for (int i = 0; i < 10; i++)
		cn_make(&c, pcm, 160);
	assert_true(rms(pcm, 160) < 2);
}

/* Any bytes: no filter of theirs rings for ever or leaves the range of numbers. */
static void test_any_payload_is_bounded(void **state)
{
	static int16_t pcm[N];
	uint32_t seed = 5;
	struct cn c;
	(void)state;

	cn_init(&c, 3);
	for (int round = 0; round < 300; round++) {
		uint8_t p[64];
		for (size_t i = 0; i < sizeof(p); i++) {
			seed = seed * 1664525 + 1013904223;
			p[i] = round % 3 == 0 ? (seed >> 31 ? 254 : 0) : (uint8_t)(seed >> 24);
		}
		p[0] = (uint8_t)(p[0] | 30);
		cn_set(&c, p, (size_t)round % 64, 8000, round % 5 ? 8000 : 16000);
		cn_make(&c, pcm, 800);
		for (int i = 0; i < CN_ORDER; i++)
			assert_true(isfinite(c.b[i]));
	}
	/* and it ends when told so */
	cn_set(&c, (const uint8_t[]){127}, 1, 8000, 8000);
	cn_make(&c, pcm, N);
	assert_true(rms(pcm + N - 100, 100) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_level),          cmocka_unit_test(test_noise_has_the_level_of_its_payload),
		cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_short_payloads),
		cmocka_unit_test(test_levels_glide),   cmocka_unit_test(test_any_payload_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
