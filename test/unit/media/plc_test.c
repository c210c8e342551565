/*
 * plc_test.c - concealment of waveform codecs, and stretching: what is made up continues the pitch, has no clicks,
 * fades, and leads over into what comes.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "media/jbuf_priv.h"
#include "media/pitch.h"
#include "media/plc.h"

static const uint32_t rates[] = {8000, 16000, 24000, 32000, 48000};

/* A voice of `hz`: five harmonics. */
static void voice(int16_t *x, size_t n, size_t from, double hz, uint32_t rate)
{
	for (size_t i = 0; i < n; i++) {
		double v = 0;
		for (int k = 1; k <= 5; k++)
			v += sin(2 * M_PI * hz * k * (double)(from + i) / rate + k) / k;
		x[i] = (int16_t)(5000 * v);
	}
}

static double power(const int16_t *x, size_t n)
{
	double e = 0;

	for (size_t i = 0; i < n; i++)
		e += (double)x[i] * x[i];
	return e / (double)n;
}

static int steepest(const int16_t *x, size_t n)
{
	int d = 0;

	for (size_t i = 1; i < n; i++)
		d = abs(x[i] - x[i - 1]) > d ? abs(x[i] - x[i - 1]) : d;
	return d;
}

static void test_pitch(void **state)
{
	static int16_t x[48 * 60];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rates); i++)
		for (double hz = 70; hz < 390; hz += 13) {
			uint32_t r = rates[i];
			float corr;
			voice(x, r * 60 / 1000, 0, hz, r);
			size_t win = r / 50,
			       lag = pitch_match(x + r * 40 / 1000, win, -1, pitch_lo(r), pitch_hi(r), &corr);
			assert_true(corr > 0.97f);
			double periods = (double)lag * hz / r;
			assert_true(fabs(periods - round(periods)) < 0.12);
			(void)pitch_match(x, win, 1, pitch_lo(r), pitch_hi(r), &corr);
			assert_true(corr > 0.97f);
		}
	memset(x, 0, sizeof(x));
	float corr = 1;
	(void)pitch_match(x, 160, 1, 20, 120, &corr);
	assert_true(corr == 0);
}

static void test_goes_on(void **state)
{
	static int16_t x[48 * 200], y[48 * 200];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rates); i++)
		for (double hz = 90; hz < 350; hz += 37) {
			uint32_t r = rates[i], n = r / 50;
			struct plc *p;
			assert_int_equal(plc_alloc(&p, r), 0);
			voice(x, r / 5, 0, hz, r);
			memcpy(y, x, sizeof(y));
			for (size_t k = 0; k < 5; k++)
				plc_good(p, y + k * n, n);
			assert_memory_equal(x, y, 5 * n * 2);
			plc_conceal(p, y + 5 * n, n);
			plc_good(p, y + 6 * n, n);
			/* as loud, not steeper, and like the original */
			double e = power(y + 5 * n, n) / power(x + 5 * n, n);
			assert_true(e > 0.7 && e < 1.3);
			assert_true(steepest(y, 7 * n) < 1.35 * steepest(x, 7 * n) + 100);
			double c = 0;
			for (size_t k = 5 * n; k < 6 * n; k++)
				c += (double)x[k] * y[k];
			assert_true(c / n / sqrt(power(x + 5 * n, n) * power(y + 5 * n, n)) > 0.85);
			mem_deref(p);
		}
}

static void test_fades(void **state)
{
	static int16_t x[48 * 60], y[48 * 40];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		uint32_t r = rates[i], n = r / 50;
		double last = 1e12;
		struct plc *p;
		assert_int_equal(plc_alloc(&p, r), 0);
		voice(x, 3 * n, 0, 150, r);
		plc_good(p, x, 3 * n);
		for (int k = 0; k < 8; k++) {
			plc_conceal(p, y, n);
			double e = power(y, n);
			assert_true(e <= last * 1.1);
			assert_true(k < 5 || e == 0);
			last = e;
		}
		/* out of silence it comes back softly */
		for (size_t k = 0; k < n; k++)
			y[k] = 10000;
		plc_good(p, y, n);
		assert_true(y[0] < 1000 && y[n - 1] == 10000);
		mem_deref(p);
	}
	struct plc *p = NULL;
	assert_int_equal(plc_alloc(&p, 7999), EINVAL);
	/* nothing was ever heard */
	assert_int_equal(plc_alloc(&p, 8000), 0);
	plc_conceal(p, y, 160);
	assert_true(power(y, 160) == 0);
	mem_deref(p);
}

/* Stretching changes the length, not the pitch; no clicks; noise without likeness is left alone. */
static void test_stretch(void **state)
{
	static int16_t x[48 * 60], y[48 * 100];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rates); i++)
		for (int longer = 0; longer < 2; longer++) {
			uint32_t r = rates[i];
			struct jline o = {0};
			assert_int_equal(jline_alloc(&o, r), 0);
			voice(x, r * 60 / 1000, 0, 130, r);
			jline_put(&o, x, r * 60 / 1000);
			jline_get(&o, y, r * 30 / 1000);
			size_t was = o.n, k = longer ? jline_lengthen(&o, r, 0.9f) : jline_shorten(&o, r, 0.9f);
			double periods = (double)k * 130 / r;
			assert_true(k && fabs(periods - round(periods)) < 0.1);
			assert_int_equal(o.n, longer ? was + k : was - k);
			size_t n = o.n;
			jline_get(&o, y + r * 30 / 1000, n);
			assert_true(steepest(y, r * 30 / 1000 + n) < 1.2 * steepest(x, r * 60 / 1000) + 50);
			mem_deref(o.s);
		}
	struct jline o = {0};
	uint32_t s = 1;
	assert_int_equal(jline_alloc(&o, 8000), 0);
	for (size_t i = 0; i < 480; i++)
		x[i] = (int16_t)((s = s * 1664525 + 1013904223) >> 17);
	jline_put(&o, x, 480);
	jline_get(&o, y, 240);
	assert_int_equal(jline_shorten(&o, 120, 0.9f), 0);
	assert_int_equal(jline_lengthen(&o, 120, 0.9f), 0);
	/* too little, too short */
	jline_get(&o, y, 230);
	assert_int_equal(jline_shorten(&o, 120, 0.1f), 0);
	assert_int_equal(jline_lengthen(&o, 120, 0.1f), 0);
	assert_int_equal(jline_shorten(&o, 5, 0.1f), 0);
	mem_deref(o.s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pitch),
		cmocka_unit_test(test_goes_on),
		cmocka_unit_test(test_fades),
		cmocka_unit_test(test_stretch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
