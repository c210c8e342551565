/*
 * number_test.c - dialled numbers, their E.164 form and class, country by country; the table of countries itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "pbx/number.h"

static struct number_home home_of(const char *iso, const char *area)
{
	return (struct number_home){country_find(slice_str(iso)), area};
}

static void test_forms(void **state)
{
	static const struct {
		const char *iso, *area, *dialled, *e164;
		enum number_class class;
	} t[] = {
		/* the same German number in all its forms */
		{"DE", "30", "+49 (0)30 1234567", "+49301234567", NUMBER_NATIONAL},
		{"DE", "30", "+49 30 1234-567", "+49301234567", NUMBER_NATIONAL},
		{"DE", "30", "tel:+49-30-1234567", "+49301234567", NUMBER_NATIONAL},
		{"DE", "30", "0049301234567", "+49301234567", NUMBER_NATIONAL},
		{"DE", "30", "030 123 45 67", "+49301234567", NUMBER_NATIONAL},
		{"DE", "30", "(030) 1234567", "+49301234567", NUMBER_NATIONAL},
		{"DE", "30", "030/1234567", "+49301234567", NUMBER_NATIONAL},
		{"DE", "30", "1234567", "+49301234567", NUMBER_NATIONAL},
		{"DE", "", "1234567", "", NUMBER_UNKNOWN},
		/* services */
		{"DE", "30", "116117", "", NUMBER_SHORT},
		{"DE", "30", "11833", "", NUMBER_PREMIUM},
		{"DE", "30", "0900 1234567", "+499001234567", NUMBER_PREMIUM},
		{"DE", "30", "0137 1234567", "+491371234567", NUMBER_PREMIUM},
		{"DE", "30", "0151 12345678", "+4915112345678", NUMBER_NATIONAL},
		/* abroad */
		{"DE", "30", "0043 1 12345", "+43112345", NUMBER_INTERNATIONAL},
		{"DE", "30", "0044 900 1234567", "+449001234567", NUMBER_PREMIUM},
		{"DE", "30", "00 1 876 5551234", "+18765551234", NUMBER_INTERNATIONAL},
		{"DE", "30", "00881612345678", "+881612345678", NUMBER_SATELLITE},
		{"DE", "30", "+870773112345", "+870773112345", NUMBER_SATELLITE},
		{"DE", "30", "+979 1 2345 6789", "+979123456789", NUMBER_PREMIUM},
		{"DE", "30", "+2101234567", "+2101234567", NUMBER_UNKNOWN},
		{"DE", "30", "00049301234", "", NUMBER_UNKNOWN},
		{"DE", "30", "+0301234", "", NUMBER_UNKNOWN},
		{"DE", "30", "0011234567890123456", "", NUMBER_UNKNOWN},
		/* North America */
		{"US", "212", "911", "", NUMBER_SHORT},
		{"US", "212", "5551234", "+12125551234", NUMBER_NATIONAL},
		{"US", "212", "(212) 555-1234", "+12125551234", NUMBER_NATIONAL},
		{"US", "212", "1-212-555-1234", "+12125551234", NUMBER_NATIONAL},
		{"US", "212", "+1 212 555 1234", "+12125551234", NUMBER_NATIONAL},
		{"US", "212", "1 876 555 1234", "+18765551234", NUMBER_INTERNATIONAL},
		{"US", "212", "809 555 1234", "+18095551234", NUMBER_INTERNATIONAL},
		{"US", "212", "1 900 555 1234", "+19005551234", NUMBER_PREMIUM},
		{"US", "212", "1 800 555 1234", "+18005551234", NUMBER_NATIONAL},
		{"CA", "416", "1 888 555 1234", "+18885551234", NUMBER_NATIONAL},
		{"CA", "416", "416 555 1234", "+14165551234", NUMBER_NATIONAL},
		{"US", "212", "011 49 30 1234567", "+49301234567", NUMBER_INTERNATIONAL},
		{"US", "212", "0049301234567", "", NUMBER_UNKNOWN},
		/* no trunk prefix */
		{"ES", "", "912345678", "+34912345678", NUMBER_NATIONAL},
		{"ES", "", "803123456", "+34803123456", NUMBER_PREMIUM},
		{"DK", "", "32123456", "+4532123456", NUMBER_NATIONAL},
		{"NO", "", "22123456", "+4722123456", NUMBER_NATIONAL},
		{"IT", "", "06 1234567", "+39061234567", NUMBER_NATIONAL},
		{"IT", "", "0039 06 1234567", "+39061234567", NUMBER_NATIONAL},
		/* other prefixes */
		{"GB", "20", "020 7946 0123", "+442079460123", NUMBER_NATIONAL},
		{"GB", "20", "79460123", "+442079460123", NUMBER_NATIONAL},
		{"GB", "20", "0870 123 4567", "+448701234567", NUMBER_PREMIUM},
		{"GB", "20", "01481 123456", "+441481123456", NUMBER_INTERNATIONAL},
		{"FR", "", "01 23 45 67 89", "+33123456789", NUMBER_NATIONAL},
		{"FR", "", "0892 12 34 56", "+33892123456", NUMBER_PREMIUM},
		{"RU", "495", "8 495 1234567", "+74951234567", NUMBER_NATIONAL},
		{"RU", "495", "810 49 30 1234567", "+49301234567", NUMBER_INTERNATIONAL},
		{"RU", "495", "+7 701 1234567", "+77011234567", NUMBER_INTERNATIONAL},
		{"KZ", "", "+7 701 1234567", "+77011234567", NUMBER_NATIONAL},
		{"HU", "1", "06 1 123 4567", "+3611234567", NUMBER_NATIONAL},
		{"AU", "2", "02 1234 5678", "+61212345678", NUMBER_NATIONAL},
		{"AU", "2", "0011 49 30 1234567", "+49301234567", NUMBER_INTERNATIONAL},
		{"JP", "3", "03-1234-5678", "+81312345678", NUMBER_NATIONAL},
		{"JP", "3", "010 49 30 1234567", "+49301234567", NUMBER_INTERNATIONAL},
		{"CN", "10", "010 1234 5678", "+861012345678", NUMBER_NATIONAL},
		{"CN", "10", "00 49 30 1234567", "+49301234567", NUMBER_INTERNATIONAL},
		{"SG", "", "6123 4567", "+6561234567", NUMBER_NATIONAL},
		{"BR", "11", "0014 49 30 1234567", "+49301234567", NUMBER_INTERNATIONAL},
		/* nobody has said where we are */
		{"", "", "+49301234567", "+49301234567", NUMBER_INTERNATIONAL},
		{"", "", "0049301234567", "", NUMBER_UNKNOWN},
		{"", "", "0301234567", "", NUMBER_UNKNOWN},
		/* no numbers */
		{"DE", "30", "anna", "", NUMBER_UNKNOWN},
		{"DE", "30", "", "", NUMBER_UNKNOWN},
		{"DE", "30", "+", "", NUMBER_UNKNOWN},
		{"DE", "30", "12+34", "", NUMBER_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct number_home h = home_of(t[i].iso, t[i].area);
		struct number n;

		number_read(&n, slice_str(t[i].dialled), &h);
		if (strcmp(n.e164, t[i].e164) || n.class != t[i].class)
			fail_msg("%s at %s: %s %s", t[i].dialled, t[i].iso, n.e164, number_class_name(n.class));
	}
}

static void test_national(void **state)
{
	static const struct {
		const char *iso, *dialled, *want;
	} t[] = {
		{"DE", "+49301234567", "0301234567"},  {"DE", "+12125551234", "0012125551234"},
		{"US", "+12125551234", "12125551234"}, {"US", "+49301234567", "01149301234567"},
		{"IT", "+39061234567", "061234567"},   {"DE", "*43", "*43"},
		{"", "+49301234567", "+49301234567"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct number_home h = home_of(t[i].iso, "");
		struct number n;
		char text[NUMBER_MAX];

		number_read(&n, slice_str(t[i].dialled), &h);
		number_national(text, sizeof(text), &n, &h);
		assert_string_equal(text, t[i].want);
	}
}

/* A name that is too long, or no number, comes back cut and marked. */
static void test_clean(void **state)
{
	char dst[NUMBER_MAX], longer[200];

	(void)state;
	memset(longer, '1', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_false(number_clean(dst, sizeof(dst), slice_str(longer)));
	assert_int_equal(strlen(dst), NUMBER_MAX - 1);
	assert_false(number_clean(dst, sizeof(dst), slice_mem("1\0002", 3)));
	assert_true(number_clean(dst, sizeof(dst), SLICE(" *43# ")));
	assert_string_equal(dst, "*43#");
	assert_false(number_clean(dst, sizeof(dst), SLICE("()")));
}

static bool digits(const char *s)
{
	return s[strspn(s, "0123456789")] == '\0';
}

/* Every word of every list of the table is made of digits, and every calling code finds its country. */
static void test_table(void **state)
{
	size_t n;
	const struct country *v = country_all(&n);

	(void)state;
	assert_true(n > 230);
	for (size_t i = 0; i < n; i++) {
		const char *list[] = {v[i].area, v[i].idd, v[i].trunk, v[i].emergency, v[i].premium};
		char number[40];
		struct slice area = slice_str(v[i].area), first = slice_cut(&area, ' ');

		assert_int_equal(strlen(v[i].iso), 2);
		assert_true(digits(v[i].cc) && *v[i].cc && *v[i].name && *v[i].emergency);
		assert_true(v[i].min <= v[i].max);
		assert_ptr_equal(country_find(slice_str(v[i].iso)), &v[i]);
		for (size_t k = 0; k < ARRAY_LEN(list); k++) {
			struct slice l = slice_str(list[k]);

			while (l.l) {
				struct slice w = slice_cut(&l, ' ');

				assert_true(w.l > 0 && w.l < 12);
				for (size_t c = 0; c < w.l; c++)
					assert_true(w.p[c] >= '0' && w.p[c] <= '9');
			}
		}
		snprintf(number, sizeof(number), "%s%.*s5", v[i].cc, SLICE_FMT(first));
		if (country_of(slice_str(number)) != &v[i])
			fail_msg("%s is of %s", number, country_of(slice_str(number))->name);
	}
	assert_null(country_find(SLICE("XX")));
	assert_null(country_find(SLICE("")));
	assert_null(country_of(SLICE("210123")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_national),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
