/*
 * slice_test.c - slices: comparing, cutting, numbers, copies.
 */
#include "unit.h"
#include "base/mem.h"
#include "base/slice.h"

static const struct {
	const char *a, *b;
	bool eq, ieq;
} cmp_tab[] = {
	{"", "", true, true},
	{"a", "a", true, true},
	{"a", "A", false, true},
	{"a", "b", false, false},
	{"via", "VIA", false, true},
	{"From", "fROM", false, true},
	{"Froq", "fROM", false, false},
	{"Call-ID", "call-id", false, true},
	{"Call-ID", "call-iX", false, false},
	{"12345678", "12345678", true, true},
	{"ABCDEFGH", "abcdefgh", false, true},
	{"ABCDEFGH", "abcdefgx", false, false},
	{"Content-Length", "content-lengTH", false, true},
	{"Content-Length", "content-lengtI", false, false},
	{"Content-Length", "Xontent-length", false, false},
	{"Authentication-Info", "AUTHENTICATION-INFO", false, true},
	{"@", "`", false, false},
	{"[", "{", false, false},
	{"@@@@@@@@", "````````", false, false},
	{"[[[[[[[[", "{{{{{{{{", false, false},
	{"]^_\x7f", "}~\x7f_", false, false},
	{"abc", "abcd", false, false},
	{"\xc1\xc2\xc3\xc4", "\xe1\xe2\xe3\xe4", false, false},
	{"\xc1\xc2\xc3\xc4\xc5\xc6\xc7\xc8", "\xe1\xe2\xe3\xe4\xe5\xe6\xe7\xe8", false, false},
};

static void compare(void **st)
{
	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(cmp_tab); i++) {
		struct slice a = slice_str(cmp_tab[i].a), b = slice_str(cmp_tab[i].b);

		print_message("case %zu\n", i);
		assert_int_equal(slice_eq(a, b), cmp_tab[i].eq);
		assert_int_equal(slice_ieq(a, b), cmp_tab[i].ieq);
		assert_int_equal(slice_ieq(b, a), cmp_tab[i].ieq);
		assert_int_equal(slice_eqs(a, cmp_tab[i].b), cmp_tab[i].eq);
		assert_int_equal(slice_ieqs(a, cmp_tab[i].b), cmp_tab[i].ieq);
		assert_int_equal(slice_cmp(a, b) == 0, cmp_tab[i].eq);
		assert_int_equal(slice_cmp(a, b) < 0, slice_cmp(b, a) > 0);
	}
}

/* Every pair of bytes at every place of words of every small length, against the plain rule. */
static void ieq_bytes(void **st)
{
	char x[20], y[20];

	(void)st;
	for (size_t l = 1; l <= sizeof(x); l += l < 9 ? 1 : 5) {
		for (int a = 0; a < 256; a++) {
			size_t at = (size_t)a % l;

			for (int b = 0; b < 256; b++) {
				int la = a >= 'A' && a <= 'Z' ? a + 32 : a, lb = b >= 'A' && b <= 'Z' ? b + 32 : b;

				memset(x, 'q', l);
				memset(y, 'Q', l);
				x[at] = (char)a;
				y[at] = (char)b;
				if (slice_ieq(slice_mem(x, l), slice_mem(y, l)) != (la == lb))
					fail_msg("length %zu, place %zu, bytes %d %d", l, at, a, b);
			}
		}
	}
}

static void order(void **st)
{
	(void)st;
	assert_true(slice_cmp(SLICE("abc"), SLICE("abd")) < 0);
	assert_true(slice_cmp(SLICE("ab"), SLICE("abc")) < 0);
	assert_true(slice_cmp(SLICE("b"), SLICE("abc")) > 0);
	assert_true(slice_cmp(SLICE_NULL, SLICE("a")) < 0);
	assert_true(slice_starts(SLICE("sip:a"), SLICE("sip:")));
	assert_true(slice_starts(SLICE("sip:"), SLICE_NULL));
	assert_false(slice_starts(SLICE("si"), SLICE("sip")));
	assert_false(slice_starts(SLICE("tel:1"), SLICE("sip:")));
	assert_int_equal(slice_chr(SLICE("a;b;c"), ';'), 1);
	assert_int_equal(slice_chr(SLICE("abc"), ';'), -1);
	assert_int_equal(slice_chr(SLICE_NULL, ';'), -1);
	assert_true(slice_isset(SLICE("x")));
	assert_false(slice_isset(slice_str(NULL)));
}

static void cutting(void **st)
{
	static const struct {
		const char *in, *out;
	} trim[] = {{"", ""}, {" \t\r\n", ""}, {" a", "a"}, {"a\r\n", "a"}, {"\t a b ", "a b"}, {"\va", "\va"}};
	struct slice s = SLICE("a,b,,c"), none = SLICE_NULL;

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(trim); i++)
		assert_true(slice_eqs(slice_trim(slice_str(trim[i].in)), trim[i].out));
	assert_true(slice_eqs(slice_cut(&s, ','), "a"));
	assert_true(slice_eqs(slice_cut(&s, ','), "b"));
	assert_true(slice_eqs(slice_cut(&s, ','), ""));
	assert_true(slice_eqs(s, "c"));
	assert_true(slice_eqs(slice_cut(&s, ','), "c"));
	assert_int_equal(s.l, 0);
	assert_int_equal(slice_cut(&s, ',').l, 0);
	assert_int_equal(slice_cut(&none, ',').l, 0);
	s = SLICE("a,");
	assert_true(slice_eqs(slice_cut(&s, ','), "a"));
	assert_int_equal(s.l, 0);
	assert_true(slice_eqs(slice_from(SLICE("abc"), 1), "bc"));
	assert_int_equal(slice_from(SLICE("abc"), 9).l, 0);
	assert_int_equal(slice_from(SLICE_NULL, 1).l, 0);
	assert_true(slice_eqs(slice_first(SLICE("abc"), 2), "ab"));
	assert_true(slice_eqs(slice_first(SLICE("abc"), 9), "abc"));
}

static void numbers(void **st)
{
	static const struct {
		const char *s;
		int e32, e64;
		uint64_t v;
	} tab[] = {
		{"0", 0, 0, 0},
		{"5060", 0, 0, 5060},
		{"007", 0, 0, 7},
		{"4294967295", 0, 0, 4294967295U},
		{"4294967296", ERANGE, 0, 4294967296U},
		{"18446744073709551615", ERANGE, 0, UINT64_MAX},
		{"18446744073709551616", ERANGE, ERANGE, 0},
		{"99999999999999999999999", ERANGE, ERANGE, 0},
		{"99999999999999999999999x", ERR_SYNTAX, ERR_SYNTAX, 0},
		{"", ERR_SYNTAX, ERR_SYNTAX, 0},
		{"-1", ERR_SYNTAX, ERR_SYNTAX, 0},
		{"+1", ERR_SYNTAX, ERR_SYNTAX, 0},
		{" 1", ERR_SYNTAX, ERR_SYNTAX, 0},
		{"1 ", ERR_SYNTAX, ERR_SYNTAX, 0},
		{"0x1", ERR_SYNTAX, ERR_SYNTAX, 0},
		{"1\xb2", ERR_SYNTAX, ERR_SYNTAX, 0},
	};

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		uint32_t a = 77;
		uint64_t b = 77;

		print_message("case %zu\n", i);
		assert_int_equal(slice_u32(slice_str(tab[i].s), &a), tab[i].e32);
		assert_int_equal(a, tab[i].e32 ? 77 : tab[i].v);
		assert_int_equal(slice_u64(slice_str(tab[i].s), &b), tab[i].e64);
		assert_true(b == (tab[i].e64 ? 77 : tab[i].v));
	}
}

static void copies(void **st)
{
	char d[4] = "zzz", *p = NULL;

	(void)st;
	assert_true(slice_copy(d, sizeof(d), SLICE("abc")));
	assert_string_equal(d, "abc");
	assert_false(slice_copy(d, sizeof(d), SLICE("abcd")));
	assert_string_equal(d, "abc");
	assert_true(slice_copy(d, sizeof(d), SLICE_NULL));
	assert_string_equal(d, "");
	d[0] = 'k';
	assert_false(slice_copy(d, 0, SLICE_NULL));
	assert_int_equal(d[0], 'k');
	assert_int_equal(slice_dup(&p, SLICE("hello")), 0);
	assert_string_equal(p, "hello");
	mem_deref(p);
	/* published FNV-1a values */
	assert_int_equal(slice_fnv(SLICE_NULL), 0x811c9dc5);
	assert_int_equal(slice_fnv(SLICE("a")), 0xe40c292c);
	assert_int_equal(slice_fnv(SLICE("foobar")), 0xbf9cf968);
}

static void words_and_hex(void **st)
{
	static const struct {
		const char *a, *b;
		size_t d;
	} v[] = {
		{"", "", 0},
		{"name", "name", 0},
		{"nmae", "name", 2},
		{"name", "names", 1},
		{"pasword", "password", 1},
		{"abc", "xyz", 3},
		{"", "abc", 3},
		{"a word of forty characters, too long to try", "a", 99},
	};

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		assert_int_equal(slice_distance(slice_str(v[i].a), slice_str(v[i].b)), v[i].d);
		assert_int_equal(slice_distance(slice_str(v[i].b), slice_str(v[i].a)), v[i].d);
	}
	for (int c = -128; c < 128; c++) {
		const char *at = c ? strchr("0123456789abcdef", c | 0x20) : NULL;
		int want = c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && at ? (int)((c | 0x20) - 'a' + 10) : -1;

		assert_int_equal(slice_hex((char)c), want);
	}
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(compare),       cmocka_unit_test(ieq_bytes), cmocka_unit_test(order),
		cmocka_unit_test(cutting),       cmocka_unit_test(numbers),   cmocka_unit_test(copies),
		cmocka_unit_test(words_and_hex),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
