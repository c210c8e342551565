/*
 * burst_test.c - bursts and gaps of loss (RFC 3611 4.7.2), from patterns whose figures can be told by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "base/err.h"
#include "media/burst.h"

/* '.' arrived, 'x' lost, a digit d: d * 10 packets arrived. */
static void feed(struct burst *b, const char *s)
{
	for (; *s; s++) {
		if (*s == 'x')
			burst_lost(b, 1);
		else
			burst_received(b, *s == '.' ? 1 : (uint32_t)(*s - '0') * 10);
	}
}

static void patterns_test(void **state)
{
	static const struct {
		const char *s;
		struct burst_report r;
	} tab[] = {
		{"", {0, 0, 0, 0}},
		{"5", {0, 0, 0, 1000}},
		/* alone: within a gap; 1 of 101 */
		{"5x5", {0, 2, 0, 2020}},
		{"2x2x2x2", {0, 9, 0, 1660}},
		/* two of three behind a gap of fifty; the packet that ends the burst counts to the gap */
		{"5x.x5", {170, 0, 60, 2020}},
		{"5xxx5", {255, 0, 60, 2020}},
		/* two bursts of two: each 40 ms of 100 between */
		{"5xx9xx5", {255, 0, 40, 1920}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		struct burst b = {0};
		struct burst_report r;

		feed(&b, tab[i].s);
		burst_report(&b, 20000, &r);
		if (r.burst_density != tab[i].r.burst_density || r.gap_density != tab[i].r.gap_density ||
		    r.burst_ms != tab[i].r.burst_ms || r.gap_ms != tab[i].r.gap_ms)
			fail_msg("%s: %u %u %u %u", tab[i].s, r.burst_density, r.gap_density, r.burst_ms, r.gap_ms);
	}
}

/* One in ten at random is one endless burst; a dead line does not run for ever. */
static void endless_test(void **state)
{
	struct burst b = {0};
	struct burst_report r;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		burst_received(&b, 9);
		burst_lost(&b, 1);
	}
	burst_report(&b, 20000, &r);
	assert_in_range(r.burst_density, 20, 40);
	assert_int_equal(r.burst_ms, UINT16_MAX);
	burst_lost(&b, UINT32_MAX);
	burst_report(&b, 20000, &r);
	assert_true(r.burst_density > 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_test),
		cmocka_unit_test(endless_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
