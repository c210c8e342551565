/*
 * resample_test.c - the resampler: level, delay, no clicks where blocks meet, how much comes out.
 */
#include <math.h>
#include <stdlib.h>
#include "fixture.h"
#include "media/resample.h"

static const uint32_t rates[] = {8000, 16000, 24000, 32000, 44100, 48000};

/* A second of a tone in blocks of `block` samples; samples that came out. */
static size_t tone(int16_t *out, size_t max, uint32_t from, uint32_t to, double hz, size_t block, size_t *delay)
{
	static int16_t in[48000];
	struct resampler *r = NULL;
	size_t n = 0;

	for (uint32_t i = 0; i < from; i++)
		in[i] = (int16_t)lround(10000 * sin(2 * M_PI * hz * i / from));
	assert_int_equal(resampler_alloc(&r, from, to), 0);
	for (size_t at = 0; at < from; at += block) {
		size_t k = from - at < block ? from - at : block, got = resample(r, out + n, max - n, in + at, k);
		assert_true(got <= k * to / from + 1);
		n += got;
	}
	*delay = resampler_delay(r);
	mem_deref(r);
	return n;
}

/* From every rate to every other: the tone that is expected, at its place, within half a per cent. */
static void test_tones_keep_level_and_place(void **state)
{
	static int16_t out[49000];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		for (size_t j = 0; j < ARRAY_LEN(rates); j++) {
			size_t delay, n = tone(out, ARRAY_LEN(out), rates[i], rates[j], 1000, rates[i] / 50, &delay);
			assert_true(n + 2 >= rates[j] && n <= rates[j] + 1);
			assert_true(i == j ? delay == 0 : delay * 1000 / rates[j] <= 3 && delay > 0);
			/* delay is told in whole samples: the true place is within one of it */
			double best = 1e9;
			for (int part = -10; part <= 10; part++) {
				double worst = 0;
				for (size_t k = n / 4; k < n; k++) {
					double t = ((double)k - (double)delay + part / 10.0) / rates[j];
					worst = fmax(worst, fabs(out[k] - 10000 * sin(2 * M_PI * 1000 * t)));
				}
				best = fmin(best, worst);
			}
			/* a tenth of a sample at 8 kHz is much of a tone of 1 kHz */
			assert_true(best < 5000.0 * 2 * M_PI * 1000 / rates[j] * 0.1 + 60);
		}
	}
}

/* Blocks of any size give the same samples. */
static void test_blocks_leave_no_trace(void **state)
{
	static int16_t whole[49000], parts[49000];
	static const size_t block[] = {1, 7, 80, 160, 441, 1000};
	(void)state;

	for (size_t j = 0; j < ARRAY_LEN(rates); j++) {
		size_t delay, n = tone(whole, ARRAY_LEN(whole), 8000, rates[j], 700, 8000, &delay);
		for (size_t b = 0; b < ARRAY_LEN(block); b++) {
			assert_int_equal(tone(parts, ARRAY_LEN(parts), 8000, rates[j], 700, block[b], &delay), n);
			assert_memory_equal(parts, whole, n * sizeof(*parts));
		}
	}
}

/* What the lower rate has no room for is gone, not folded down. */
static void test_high_tones_do_not_fold(void **state)
{
	static int16_t out[49000];
	(void)state;

	for (uint32_t hz = 5000; hz < 22000; hz += 1700) {
		size_t delay, n = tone(out, ARRAY_LEN(out), 48000, 8000, hz, 960, &delay);
		int peak = 0;
		for (size_t k = 200; k < n; k++)
			peak = abs(out[k]) > peak ? abs(out[k]) : peak;
		assert_true(peak < 60);
	}
}

static void test_room_is_respected(void **state)
{
	int16_t in[160] = {0}, out[161];
	struct resampler *r = NULL;
	(void)state;

	assert_int_equal(resampler_alloc(&r, 8000, 48000), 0);
	out[100] = 99;
	assert_int_equal(resample(r, out, 100, in, 160), 100);
	assert_int_equal(out[100], 99);
	r = mem_deref(r);
	assert_int_equal(resampler_alloc(&r, 8000, 8000), 0);
	assert_int_equal(resample(r, out, 100, in, 160), 100);
	assert_int_equal(out[100], 99);
	r = mem_deref(r);
	assert_int_equal(resampler_alloc(&r, 7999, 8000), EINVAL);
	assert_int_equal(resampler_alloc(&r, 8000, 96000), EINVAL);
	assert_null(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tones_keep_level_and_place),
		cmocka_unit_test(test_blocks_leave_no_trace),
		cmocka_unit_test(test_high_tones_do_not_fold),
		cmocka_unit_test(test_room_is_respected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
