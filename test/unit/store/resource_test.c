/*
 * resource_test.c - the check of values with its sentences, and SQL made from the table.
 */
#include "unit.h"

static void check(const char *in, bool create, int want, const char *field, const char *out)
{
	json_t *obj = json_loads(in, JSON_DECODE_ANY, NULL);
	const char *got = NULL;
	struct buf why;
	int err;

	assert_non_null(obj);
	buf_init(&why);
	err = resource_check(&extension_resource, obj, create, &got, &why);
	buf_char(&why, '\0');
	if (err != want || (err && strcmp(why.p, out)))
		print_error("%s -> %d %s\n", in, err, why.p);
	assert_int_equal(err, want);
	if (err) {
		assert_string_equal(why.p, out);
		assert_string_equal(got, field);
	} else {
		json_t *exp = json_loads(out, 0, NULL);

		if (!json_equal(exp, obj))
			print_error("%s -> %s\n", in, fix_str(obj, ""));
		assert_true(json_equal(exp, obj));
		json_decref(exp);
	}
	buf_free(&why);
	json_decref(obj);
}

static void accepted(void **st)
{
	static const struct {
		const char *in;
		bool create;
		const char *out;
	} tab[] = {
		{"{}", false, "{}"},
		{"{\"number\":\"100\"}", true,
		 "{\"number\":\"100\",\"name\":\"\",\"ring_seconds\":30,\"enabled\":true,\"transport\":\"udp\"}"},
		{"{\"number\":100}", false, "{\"number\":\"100\"}"},
		{"{\"ring_seconds\":\"45\",\"enabled\":\"no\"}", false, "{\"ring_seconds\":45,\"enabled\":false}"},
		{"{\"ring_seconds\":45.0,\"enabled\":1}", false, "{\"ring_seconds\":45,\"enabled\":true}"},
		{"{\"ring_seconds\":5}", false, "{\"ring_seconds\":5}"},
		{"{\"ring_seconds\":600}", false, "{\"ring_seconds\":600}"},
		{"{\"ring_seconds\":null,\"enabled\":null,\"name\":null}", false,
		 "{\"ring_seconds\":30,\"enabled\":true,\"name\":\"\"}"},
		{"{\"mac\":null,\"order\":null}", false, "{\"mac\":null,\"order\":null}"},
		{"{\"transport\":\"tls\"}", false, "{\"transport\":\"tls\"}"},
		{"{\"order\":-9000000000}", false, "{\"order\":-9000000000}"},
		{"{\"number\":\"*#0123456789\"}", false, "{\"number\":\"*#0123456789\"}"},
		{"{\"name\":\"\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc"
		 "\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\"}",
		 false,
		 "{\"name\":\"\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc"
		 "\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\u00fc\"}"},
		/* what was read may be sent back */
		{"{\"name\":\"x\",\"created_ms\":5,\"changed_ms\":\"?\"}", false, "{\"name\":\"x\"}"},
	};

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++)
		check(tab[i].in, tab[i].create, 0, NULL, tab[i].out);
}

static void refused(void **st)
{
	static const struct {
		const char *in;
		bool create;
		const char *field, *why;
	} tab[] = {
		{"[]", true, "", "Give the extension as a JSON object: {\"number\": ...}."},
		{"{}", true, "number", "\"number\" is missing. The number to dial."},
		{"{\"number\":\"\"}", false, "number", "\"number\" may not be empty."},
		{"{\"number\":null}", false, "number", "\"number\" may not be empty."},
		{"{\"password\":null}", false, "password", "\"password\" may not be empty."},
		{"{\"number\":true}", false, "number", "\"number\" must be a text in quotation marks."},
		{"{\"number\":\"10x\"}", false, "number",
		 "\"number\" may contain only these characters: 0-9*# - but here is a \"x\"."},
		{"{\"number\":\"-\"}", false, "number",
		 "\"number\" may contain only these characters: 0-9*# - but here is a \"-\"."},
		{"{\"number\":\"\u00fc\"}", false, "number", "\"number\" may contain only these characters: 0-9*#"},
		{"{\"number\":\"123456789012345678901\"}", false, "number",
		 "\"number\" may have at most 20 characters; this has 21."},
		{"{\"password\":\"short\"}", false, "password",
		 "\"password\" needs at least 8 characters; this has 5."},
		{"{\"name\":\"a\\nb\"}", false, "name",
		 "\"name\" may not contain line breaks or other control characters."},
		{"{\"ring_seconds\":4}", false, "ring_seconds",
		 "\"ring_seconds\" must be a whole number from 5 to 600."},
		{"{\"ring_seconds\":601}", false, "ring_seconds",
		 "\"ring_seconds\" must be a whole number from 5 to 600."},
		{"{\"ring_seconds\":30.5}", false, "ring_seconds",
		 "\"ring_seconds\" must be a whole number from 5 to 600."},
		{"{\"ring_seconds\":\"30s\"}", false, "ring_seconds",
		 "\"ring_seconds\" must be a whole number from 5 to 600."},
		{"{\"ring_seconds\":\"\"}", false, "ring_seconds",
		 "\"ring_seconds\" must be a whole number from 5 to 600."},
		{"{\"order\":\"99999999999999999999\"}", false, "order", "\"order\" must be a whole number."},
		{"{\"order\":1e300}", false, "order", "\"order\" must be a whole number."},
		{"{\"enabled\":\"maybe\"}", false, "enabled", "\"enabled\" must be true or false."},
		{"{\"enabled\":2}", false, "enabled", "\"enabled\" must be true or false."},
		{"{\"transport\":\"UDP\"}", false, "transport",
		 "\"transport\" must be one of \"udp\", \"tcp\", \"tls\"."},
		{"{\"transport\":\"\"}", false, "transport", "\"transport\" must be one of \"udp\", \"tcp\", \"tls\"."},
		{"{\"transport\":\"udp tcp\"}", false, "transport",
		 "\"transport\" must be one of \"udp\", \"tcp\", \"tls\"."},
		{"{\"nmae\":\"x\"}", false, "nmae", "There is no field \"nmae\" here. Did you mean \"name\"?"},
		{"{\"colour\":\"x\"}", false, "colour", "There is no field \"colour\" here."},
	};

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++)
		check(tab[i].in, tab[i].create, ERR_SYNTAX, tab[i].field, tab[i].why);
}

static void lookup(void **st)
{
	(void)st;
	assert_ptr_equal(resource_field(&extension_resource, SLICE("name")), &extension_fields[1]);
	assert_null(resource_field(&extension_resource, SLICE("nam")));
	assert_null(resource_field(&extension_resource, SLICE("")));
	assert_ptr_equal(resource_key(&extension_resource), &extension_fields[0]);
}

static void sql(void **st)
{
	static const struct field fields[] = {
		{"key", FIELD_TEXT, FIELD_KEY},
		{"note", FIELD_TEXT, 0, 0, 0, "it's"},
		{"n", FIELD_INT, 0, 0, 0, "7"},
		{"on", FIELD_BOOL, 0, 0, 0, "true"},
		{"pin", FIELD_SECRET},
		{"mac", FIELD_TEXT, FIELD_UNIQUE},
		{"at", FIELD_TIME, FIELD_READONLY, 0, 0, "create"},
	};
	static const struct resource r = {"thing", "things", "", fields, ARRAY_LEN(fields)};
	struct buf b;
	char *text;

	(void)st;
	buf_init(&b);
	resource_sql_create(&r, &b);
	assert_int_equal(buf_strdup(&b, &text), 0);
	assert_string_equal(
		text, "CREATE TABLE \"things\" (id BIGINT PRIMARY KEY, domain_id BIGINT NOT NULL, "
		      "version BIGINT NOT NULL DEFAULT 1, \"key\" TEXT NOT NULL, \"note\" TEXT DEFAULT 'it''s', "
		      "\"n\" BIGINT DEFAULT 7, \"on\" SMALLINT DEFAULT 1, \"pin\" TEXT, \"mac\" TEXT, \"at\" BIGINT);\n"
		      "CREATE UNIQUE INDEX IF NOT EXISTS \"things_key\" ON \"things\" (domain_id, \"key\");\n"
		      "CREATE UNIQUE INDEX IF NOT EXISTS \"things_mac\" ON \"things\" (domain_id, \"mac\");\n");
	mem_deref(text);
	buf_free(&b);
}

static void noun(void **state)
{
	static const struct resource two = {.name = "route_out"}, one = {.name = "extension"};
	char text[RESOURCE_NOUN];

	(void)state;
	assert_string_equal(resource_noun(&two, text), "route out");
	assert_string_equal(resource_noun(&one, text), "extension");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted), cmocka_unit_test(refused), cmocka_unit_test(lookup),
		cmocka_unit_test(sql),      cmocka_unit_test(noun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
