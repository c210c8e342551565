/*
 * measure_test.c - the ruler for speech that the tests use (test/tools/measure.h) measured itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tools/measure.h"
#include "tools/speech.h"

enum { N = ME_RATE * 6 };

static int16_t ref[N], deg[N + ME_RATE];

static void speak(uint32_t seed)
{
	struct speech s;

	speech_init(&s, ME_RATE, seed, 1);
	speech_make(&s, ref, N);
}

static void test_identity(void **state)
{
	(void)state;

	for (uint32_t seed = 1; seed < 4; seed++) {
		speak(seed);
		struct measure m = me_compare(ref, N, ref, N);
		assert_true(m.stoi > 0.9999 && m.lsd < 0.001 && m.delay_ms == 0);
		/* loudness is no matter of intelligibility */
		for (size_t i = 0; i < N; i++)
			deg[i] = ref[i] / 2;
		m = me_compare(ref, N, deg, N);
		assert_true(m.stoi > 0.99);
		assert_true(m.lsd > 4 && m.lsd < 6.5);
	}
}

static void test_delay(void **state)
{
	(void)state;

	speak(5);
	for (size_t d = 0; d <= ME_RATE; d += 777) {
		memset(deg, 0, sizeof(deg));
		memcpy(deg + d, ref, sizeof(ref));
		struct measure m = me_compare(ref, N, deg, N + ME_RATE);
		assert_true(fabs(m.delay_ms - (double)d * 1000 / ME_RATE) < 0.01);
		assert_true(m.stoi > 0.9999);
	}
}

/* The more noise, the worse; by the paper speech in noise as loud as itself is hard, in much louder noise lost. */
static void test_noise(void **state)
{
	static const double db[] = {40, 30, 20, 10, 0, -10, -20};
	double e = 0, stoi = 1.1, lsd = -1;
	uint32_t s = 7;
	(void)state;

	speak(6);
	for (size_t i = 0; i < N; i++)
		e += (double)ref[i] * ref[i] / N;
	for (size_t k = 0; k < sizeof(db) / sizeof(db[0]); k++) {
		double gain = sqrt(e) * pow(10, -db[k] / 20) * sqrt(3);
		for (size_t i = 0; i < N; i++) {
			s = s * 1664525 + 1013904223;
			double v = ref[i] + gain * ((s >> 8) / 8388608.0 - 1);
			deg[i] = (int16_t)(v > 32767 ? 32767 : v < -32768 ? -32768 : v);
		}
		struct measure m = me_compare(ref, N, deg, N);
		assert_true(m.stoi < stoi && m.lsd > lsd);
		stoi = m.stoi;
		lsd = m.lsd;
	}
	assert_true(stoi < 0.4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_delay),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
