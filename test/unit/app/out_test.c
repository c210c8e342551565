/*
 * out_test.c - widths, tables that stay in line, times in words, control characters made harmless.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "app/out.h"

static void test_width(void **state)
{
	static const struct {
		const char *s;
		size_t w;
	} v[] = {
		{"", 0},         {"abc", 3},      {"Küche", 5}, {"厨房", 4}, {"e\xcc\x81", 1},
		{"\xff\xfe", 2}, {"\xe5\x8e", 2}, {"📞", 2},     {"a厨b", 4},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		if (out_width(v[i].s) != v[i].w)
			fail_msg("\"%s\" takes %zu columns", v[i].s, out_width(v[i].s));
	}
}

static void test_spans(void **state)
{
	static const struct {
		int64_t s;
		const char *span, *clock;
	} v[] = {
		{0, "0 seconds", "0 s"},
		{1, "1 second", "1 s"},
		{59, "59 seconds", "59 s"},
		{60, "1 minute", "1:00"},
		{125, "2 minutes", "2:05"},
		{3600, "1 hour", "1:00:00"},
		{3725, "1 hour 2 minutes", "1:02:05"},
		{90000, "1 day 1 hour", "25:00:00"},
		{200000, "2 days 7 hours", "55:33:20"},
	};
	char t[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		assert_string_equal(out_span(v[i].s, t), v[i].span);
		assert_string_equal(out_seconds(v[i].s, t), v[i].clock);
	}
}

static char printed[4096];

/* Run `fn` with standard output in a file; what it printed is in `printed`. */
static void capture(void (*fn)(void))
{
	char name[] = "/tmp/offhook-out-XXXXXX";
	int fd = mkstemp(name), keep = dup(1);

	assert_true(fd >= 0 && keep >= 0);
	unlink(name);
	fflush(stdout);
	dup2(fd, 1);
	fn();
	fflush(stdout);
	dup2(keep, 1);
	close(keep);
	ssize_t n = pread(fd, printed, sizeof(printed) - 1, 0);
	printed[n > 0 ? n : 0] = '\0';
	close(fd);
}

static void print_table(void)
{
	static const char *const title[] = {"N", "NAME", "LIMIT", "LAST"};
	struct table t;

	table_init(&t, title, 4, 1u << 2);
	table_cell(&t, "100");
	table_cell(&t, "Küche");
	table_cellf(&t, "%d", 2);
	table_cell(&t, "x");
	table_cell(&t, "1");
	table_cell(&t, "厨房電話");
	table_cellf(&t, "%d", 1000000);
	table_cell(&t, "evil\x1b[31m\r\n\xc2\x9b name");
	table_print(&t);
}

static void test_table(void **state)
{
	(void)state;
	capture(print_table);
	assert_string_equal(printed, "N    NAME        LIMIT  LAST\n"
				     "100  Küche           2  x\n"
				     "1    厨房電話  1000000  evil?[31m???? name\n");
}

static void print_pair(void)
{
	out_pair("größe", 8, "%d", 7);
	out_pair("a very long name", 8, "%s", "x");
}

static void test_pair(void **state)
{
	(void)state;
	capture(print_pair);
	assert_string_equal(printed, "  größe   7\n  a very long name x\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_spans),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
