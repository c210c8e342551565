/*
 * tones_test.c - the tones of countries: every entry of the table makes sense, a few are what people there hear.
 */
#include "fix.h"
#include "call/tones_priv.h"

static const enum tone_name names[] = {TONE_DIAL, TONE_RINGBACK, TONE_BUSY, TONE_CONGESTION, TONE_CALL_WAITING};

/* Bounds of E.180: frequencies 300-500 Hz, with those of the countries that use others; cadences; no tone is all
 * silence. */
static void sane(const char *iso, enum tone_name t)
{
	struct tone_step v[TONE_STEPS];
	size_t n = tones_of_country(v, iso, t);
	uint32_t on = 0, off = 0;

	if (!n)
		fail_msg("%s: tone %d is missing", iso, t);
	for (size_t i = 0; i < n; i++) {
		if (v[i].f1 && (v[i].f1 < 300 || v[i].f1 > 1500))
			fail_msg("%s: tone %d has %u Hz", iso, t, v[i].f1);
		if (v[i].f2 && (v[i].f2 <= v[i].f1 || v[i].f2 > 650))
			fail_msg("%s: tone %d has %u+%u Hz", iso, t, v[i].f1, v[i].f2);
		if (!v[i].ms && (t != TONE_DIAL || n != 1))
			fail_msg("%s: tone %d has a step without an end", iso, t);
		if (v[i].ms && (v[i].ms < 40 || v[i].ms > 15000))
			fail_msg("%s: tone %d has a step of %u ms", iso, t, v[i].ms);
		*(v[i].f1 ? &on : &off) += v[i].ms;
		/* sound and silence take turns */
		if (!v[i].f1 != (i % 2 == 1))
			fail_msg("%s: tone %d, step %zu", iso, t, i);
	}
	if (t == TONE_RINGBACK && (on < 600 || on > 2000 || off < 2000 || off > 5000))
		fail_msg("%s: rings %u of %u ms", iso, on, on + off);
	if (t == TONE_BUSY && (on + off < 300 || on + off > 1500))
		fail_msg("%s: busy each %u ms", iso, on + off);
}

static void table_is_sane(void **state)
{
	const char *iso[100];
	size_t n = tones_countries(iso, 100);
	(void)state;

	assert_in_range(n, 40, 99);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(strlen(iso[i]), 2);
		assert_true(!i || strcmp(iso[i - 1], iso[i]) < 0);
		for (size_t k = 0; k < ARRAY_LEN(names); k++)
			sane(iso[i], names[k]);
	}
	for (size_t k = 0; k < ARRAY_LEN(names); k++) {
		sane("", names[k]);
		sane("XX", names[k]);
	}
}

static void some_are_known(void **state)
{
	struct tone_step v[TONE_STEPS];
	(void)state;

	assert_int_equal(tones_of_country(v, "US", TONE_RINGBACK), 2);
	assert_true(v[0].f1 == 440 && v[0].f2 == 480 && v[0].ms == 2000 && !v[1].f1 && v[1].ms == 4000);
	assert_int_equal(tones_of_country(v, "GB", TONE_RINGBACK), 4);
	assert_true(v[2].f1 == 400 && v[2].f2 == 450 && v[2].ms == 400 && v[3].ms == 2000);
	assert_int_equal(tones_of_country(v, "DE", TONE_DIAL), 1);
	assert_true(v[0].f1 == 425 && !v[0].f2 && !v[0].ms);
	/* not known: as E.180 recommends */
	assert_int_equal(tones_of_country(v, "TH", TONE_CALL_WAITING), 4);
	assert_int_equal(v[0].f1, 425);
	assert_int_equal(tones_of_country(v, "DE", TONE_GREETING), 0);
}

static void busy(struct call *c, struct leg *l, void *arg)
{
	struct fix *f = arg;

	(void)c;
	assert_int_equal(leg_answer(l), 0);
	f->inside_result = leg_tone(l, TONE_BUSY);
}

/* One round of it: the country decides how long that is. */
static void played(void **state)
{
	static const struct {
		const char *iso;
		unsigned ms;
	} v[] = {{"", 1000}, {"IN", 1500}, {"ES", 400}, {"nonsense", 1000}};
	struct fix *f = *state;

	f->inside = busy;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		size_t before = f->p[0].rtp_n;

		calls_set_country(f->calls, v[i].iso);
		phone_call(&f->p[0], "*1");
		run(f, 3000);
		assert_int_equal(f->inside_result, 0);
		assert_in_range(f->p[0].rtp_n - before, v[i].ms / 20, v[i].ms / 20 + 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_sane),
		cmocka_unit_test(some_are_known),
		cmocka_unit_test_setup_teardown(played, fix_open, fix_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
