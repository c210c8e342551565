/*
 * meter_test.c - levels of known waves, silence, clipping.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "base/err.h"
#include "media/meter.h"

static void second(struct meter *m, double amplitude)
{
	int16_t s[160];

	for (int k = 0; k < 50; k++) {
		for (int i = 0; i < 160; i++) {
			double v = amplitude * sin(2 * M_PI * 400 * (k * 160 + i) / 8000.0);
			s[i] = (int16_t)lrint(v > 32767 ? 32767 : v < -32767 ? -32767 : v);
		}
		meter_pcm(m, s, 160);
	}
	meter_second(m);
}

static void level_test(void **state)
{
	static const struct {
		double amplitude;
		int level;
	} tab[] = {{32767, -3}, {16384, -9}, {3277, -23}, {33, -63}, {0, METER_FLOOR}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		struct meter m;

		meter_init(&m);
		assert_int_equal(m.level, METER_NONE);
		second(&m, tab[i].amplitude);
		assert_int_equal(m.level, tab[i].level);
	}
}

static void silence_test(void **state)
{
	struct meter m;

	(void)state;
	meter_init(&m);
	for (int i = 0; i < 12; i++)
		second(&m, 3);
	assert_int_equal(m.silent, 12);
	/* a second in which nothing was heard says nothing */
	meter_second(&m);
	assert_int_equal(m.silent, 12);
	second(&m, 1000);
	assert_int_equal(m.silent, 0);
	assert_int_equal(m.clips, 0);
}

static void clip_test(void **state)
{
	struct meter m;

	(void)state;
	meter_init(&m);
	second(&m, 60000);
	second(&m, 60000);
	second(&m, 20000);
	assert_int_equal(m.clips, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(level_test),
		cmocka_unit_test(silence_test),
		cmocka_unit_test(clip_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
