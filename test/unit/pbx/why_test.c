/*
 * why_test.c - the field that a sentence is about.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "pbx/why.h"

static void test_mark_and_take_away(void **state)
{
	struct buf b;
	char field[16];

	(void)state;
	buf_init(&b);
	buf_str(&b, "There is no trunk \"x\".");
	assert_int_equal(why_at(EINVAL, &b, "trunks"), EINVAL);
	/* the innermost knows best */
	assert_int_equal(why_at(EINVAL, &b, "name"), EINVAL);
	buf_char(&b, '\0');
	assert_string_equal(pbx_why(b.p, field, sizeof(field)), "There is no trunk \"x\".");
	assert_string_equal(field, "trunks");
	buf_free(&b);
}

static void test_nothing_to_mark(void **state)
{
	struct buf b;
	char field[4] = "xxx";

	(void)state;
	buf_init(&b);
	assert_int_equal(why_at(0, &b, "trunks"), 0);
	assert_int_equal(why_at(ENOMEM, &b, "trunks"), ENOMEM);
	assert_int_equal(b.l, 0);
	assert_null(pbx_why(NULL, field, sizeof(field)));
	assert_string_equal(field, "");
	assert_string_equal(pbx_why("plain", field, sizeof(field)), "plain");
	assert_string_equal(pbx_why("\x1f"
				    "never ends",
				    field, sizeof(field)),
			    "\x1f"
			    "never ends");
	assert_string_equal(pbx_why("\x1f"
				    "too_long\x1f"
				    "words",
				    field, sizeof(field)),
			    "words");
	assert_string_equal(field, "");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mark_and_take_away),
		cmocka_unit_test(test_nothing_to_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
