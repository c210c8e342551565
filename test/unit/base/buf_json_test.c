/*
 * buf_json_test.c - JSON written into a buffer: escapes, commas, numbers.
 */
#include "unit.h"
#include "base/buf_json.h"

static void texts(void **st)
{
	static const struct {
		const char *in, *out;
	} t[] = {
		{"", "\"\""},
		{"Kitchen", "\"Kitchen\""},
		{"a\"b\\c", "\"a\\\"b\\\\c\""},
		{"\t\x1f", "\"\\u0009\\u001f\""},
		{"K\xc3\xbc"
		 "che",
		 "\"K\xc3\xbc"
		 "che\""},
		{"\xff!", "\"\xef\xbf\xbd!\""},
		{"\x7f", "\"\x7f\""},
	};
	char mem[64];
	struct buf b;

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		buf_init_fixed(&b, mem, sizeof(mem));
		buf_json_text(&b, t[i].in);
		if (!slice_eqs(buf_get(&b), t[i].out))
			fail_msg("%s: %.*s", t[i].in, SLICE_FMT(buf_get(&b)));
	}
}

static void objects(void **st)
{
	static const char want[] = "{\"a\":\"x\",\"n\":7,\"v\":[{\"t\":true},{\"f\":false,\"d\":4.041}],"
				   "\"z\":0.00}";
	char mem[128];
	struct buf b;

	(void)st;
	buf_init_fixed(&b, mem, sizeof(mem));
	buf_char(&b, '{');
	buf_json_str(&b, "a", "x");
	buf_json_u64(&b, "n", 7);
	buf_json_key(&b, "v");
	buf_char(&b, '[');
	buf_json_comma(&b);
	buf_char(&b, '{');
	buf_json_bool(&b, "t", true);
	buf_char(&b, '}');
	buf_json_comma(&b);
	buf_char(&b, '{');
	buf_json_bool(&b, "f", false);
	buf_json_decimal(&b, "d", 4041, 1000);
	buf_str(&b, "}]");
	buf_json_decimal(&b, "z", 0, 100);
	buf_char(&b, '}');
	assert_true(slice_eqs(buf_get(&b), want));
	/* no room: the error sticks, and nothing is read before the beginning */
	buf_init_fixed(&b, mem, 0);
	buf_json_str(&b, "a", "x");
	assert_int_equal(buf_err(&b), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
