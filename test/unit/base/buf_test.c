/*
 * buf_test.c - growing and fixed buffers, their limits and their sticky error.
 */
#include "unit.h"
#include "base/buf.h"
#include "base/mem.h"

static void building(void **st)
{
	struct buf b;

	(void)st;
	buf_init(&b);
	assert_int_equal(buf_get(&b).l, 0);
	buf_str(&b, "a");
	buf_str(&b, NULL);
	buf_mem(&b, NULL, 0);
	buf_slice(&b, SLICE("bc"));
	buf_slice(&b, SLICE_NULL);
	buf_char(&b, '-');
	buf_u64(&b, 0);
	buf_char(&b, '-');
	buf_u64(&b, UINT64_MAX);
	buf_printf(&b, "-%s-%d", "x", -5);
	buf_printf(&b, "%s", "");
	assert_int_equal(buf_err(&b), 0);
	assert_true(slice_eqs(buf_get(&b), "abc-0-18446744073709551615-x--5"));
	buf_free(&b);
	assert_null(b.p);
}

/* As printf writes them, around every change of length; into a block with just that much room, and one byte less. */
static void numbers(void **st)
{
	(void)st;
	for (uint64_t ten = 1, more = 1; more; more = ten <= UINT64_MAX / 10, ten *= 10) {
		const uint64_t v[] = {ten - 1, ten, ten + 1, ten * 9, UINT64_MAX - ten};

		for (size_t i = 0; i < ARRAY_LEN(v); i++) {
			char want[24], got[24];
			int n = snprintf(want, sizeof(want), "%llu", (unsigned long long)v[i]);
			struct buf b;

			buf_init_fixed(&b, got, (size_t)n);
			buf_u64(&b, v[i]);
			assert_true(slice_eqs(buf_get(&b), want));
			buf_init_fixed(&b, got, (size_t)n - 1);
			buf_u64(&b, v[i]);
			assert_int_equal(buf_err(&b), ERR_LIMIT);
			assert_int_equal(b.l, 0);
		}
	}
}

/* Content of many lengths around the places where the block grows, by each way of adding. */
static void growing(void **st)
{
	char *want = malloc(5000);

	(void)st;
	assert_non_null(want);
	for (size_t i = 0; i < 5000; i++)
		want[i] = (char)('a' + i % 26);
	for (size_t step = 1; step < 700; step += 37) {
		struct buf b, c;

		buf_init(&b);
		buf_init(&c);
		for (size_t at = 0; at + step <= 5000; at += step) {
			buf_mem(&b, want + at, step);
			buf_printf(&c, "%.*s", (int)step, want + at);
		}
		assert_int_equal(buf_err(&b), 0);
		assert_int_equal(b.l, 5000 / step * step);
		assert_memory_equal(b.p, want, b.l);
		assert_true(slice_eq(buf_get(&b), buf_get(&c)));
		buf_free(&b);
		buf_free(&c);
	}
	free(want);
}

static void limits(void **st)
{
	static const struct {
		size_t cap;
		const char *first, *second;
		int err;
		const char *out;
	} tab[] = {
		{5, "abc", "de", 0, "abcde"},
		{5, "abc", "def", ERR_LIMIT, "abc"},
		{5, "abcdef", "x", ERR_LIMIT, ""},
		{5, "", "abcde", 0, "abcde"},
		{0, "", "", 0, ""},
		{0, "a", "", ERR_LIMIT, ""},
	};

	(void)st;
	/* fixed and growing with a limit, by copy and by format: all the same */
	for (size_t i = 0; i < ARRAY_LEN(tab) * 4; i++) {
		size_t j = i / 4;
		bool fixed = i & 1, fmt = i & 2;
		char *mem = malloc(tab[j].cap ? tab[j].cap : 1);
		struct buf b;

		if (!fixed && !tab[j].cap) {
			free(mem);
			continue;
		}
		print_message("case %zu\n", i);
		if (fixed) {
			buf_init_fixed(&b, mem, tab[j].cap);
		} else {
			buf_init(&b);
			b.max = tab[j].cap;
		}
		if (fmt) {
			buf_printf(&b, "%s", tab[j].first);
			buf_printf(&b, "%s", tab[j].second);
		} else {
			buf_str(&b, tab[j].first);
			buf_str(&b, tab[j].second);
		}
		assert_int_equal(buf_err(&b), tab[j].err);
		assert_true(slice_eqs(buf_get(&b), tab[j].out));
		buf_reset(&b);
		assert_int_equal(buf_err(&b), 0);
		assert_int_equal(b.l, 0);
		buf_free(&b);
		free(mem);
	}
}

static void results(void **st)
{
	struct buf b;
	struct rbuf *r = NULL;
	char *s = NULL, small[2];

	(void)st;
	buf_init(&b);
	assert_int_equal(buf_strdup(&b, &s), 0);
	assert_string_equal(s, "");
	mem_deref(s);
	buf_str(&b, "text");
	assert_int_equal(buf_rbuf(&b, &r), 0);
	assert_int_equal(buf_strdup(&b, &s), 0);
	assert_true(slice_eqs(rbuf_slice(r), "text"));
	assert_string_equal(s, "text");
	mem_deref(r);
	mem_deref(s);
	buf_free(&b);
	buf_init_fixed(&b, small, sizeof(small));
	buf_str(&b, "long");
	buf_str(&b, "x"); /* would fit, but the error sticks */
	assert_int_equal(b.l, 0);
	r = NULL;
	s = NULL;
	assert_int_equal(buf_rbuf(&b, &r), ERR_LIMIT);
	assert_int_equal(buf_strdup(&b, &s), ERR_LIMIT);
	assert_null(r);
	assert_null(s);
	buf_free(&b);
}

#ifdef OH_DEBUG
static void no_memory(void **st)
{
	struct buf b;
	size_t before = mem_live();

	(void)st;
	buf_init(&b);
	mem_fail_at(0);
	buf_str(&b, "a");
	mem_fail_off();
	buf_str(&b, "b");
	assert_int_equal(buf_err(&b), ENOMEM);
	buf_free(&b);
	buf_str(&b, "ok");
	mem_fail_at(0);
	buf_printf(&b, "%1000d", 1);
	mem_fail_off();
	assert_int_equal(buf_err(&b), ENOMEM);
	assert_true(slice_eqs(buf_get(&b), "ok"));
	buf_free(&b);
	assert_int_equal(mem_live(), before);
}
#endif

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(building),  cmocka_unit_test(numbers), cmocka_unit_test(growing),
		cmocka_unit_test(limits),    cmocka_unit_test(results),
#ifdef OH_DEBUG
		cmocka_unit_test(no_memory),
#endif
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
