/*
 * utf8_test.c - what is UTF-8 and what is not, and texts copied without the latter.
 */
#include "unit.h"
#include "base/utf8.h"

static void characters(void **st)
{
	static const struct {
		const char *s;
		size_t n;
		uint32_t cp;
	} t[] = {
		{"a", 1, 'a'},
		{"\xc3\xa4x", 2, 0xe4},
		{"\xe2\x82\xac", 3, 0x20ac},
		{"\xf0\x9f\x93\x9e", 4, 0x1f4de},
		{"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
		{"\xff", 0, 0},
		{"\x80", 0, 0},
		{"\xc3", 0, 0},             /* cut off */
		{"\xc0\xaf", 0, 0},         /* overlong */
		{"\xe0\x80\xaf", 0, 0},     /* overlong */
		{"\xf0\x80\x80\x80", 0, 0}, /* overlong */
		{"\xed\xa0\x80", 0, 0},     /* a surrogate */
		{"\xf4\x90\x80\x80", 0, 0}, /* above the end */
		{"\xe2(\xa1", 0, 0},
	};

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		uint32_t cp = 0;

		if (utf8_next(t[i].s, strlen(t[i].s), &cp) != t[i].n || cp != t[i].cp)
			fail_msg("case %zu: U+%04x", i, cp);
		assert_int_equal(utf8_ok(slice_str(t[i].s)), t[i].n != 0);
	}
	assert_true(utf8_ok(SLICE_NULL));
	assert_false(utf8_ok(SLICE("gr\xfc\xdf")));
}

static void copies(void **st)
{
	char s[8];

	(void)st;
	utf8_copy(s, sizeof(s),
		  SLICE("a\xff"
			"b"));
	assert_string_equal(s, "a" UTF8_UNKNOWN "b");
	/* between characters, whole or replaced */
	utf8_copy(s, sizeof(s), SLICE("1234\xe2\x82\xac"));
	assert_string_equal(s, "1234\xe2\x82\xac");
	utf8_copy(s, sizeof(s), SLICE("12345\xe2\x82\xac"));
	assert_string_equal(s, "12345");
	utf8_copy(s, sizeof(s), SLICE("12345\xff"));
	assert_string_equal(s, "12345");
	utf8_copy(s, sizeof(s), SLICE_NULL);
	assert_string_equal(s, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(characters),
		cmocka_unit_test(copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
