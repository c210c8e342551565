/*
 * hdr_test.c - tables of names, tokens, parameters, quoted strings.
 */
#include "edge.h"
#include "base/buf.h"
#include "wire/sip/hdr.h"
#include "wire/sip/msg.h"

/* Every name is found in every case, and with one byte changed it is another. */
static void names_test(void **state)
{
	(void)state;
	for (int id = SIP_HDR_ACCEPT; id < SIP_HDR_COUNT; id++) {
		struct slice name = sip_hdr_name((enum sip_hdr_id)id), s;
		char text[64], c = sip_hdr_compact((enum sip_hdr_id)id), up;

		assert_true(name.l > 1 && name.l < sizeof(text));
		assert_int_equal(sip_hdr_find(edge(name.p, name.l)), id);
		for (size_t i = 0; i < name.l; i++)
			text[i] = (char)(name.p[i] >= 'a' && name.p[i] <= 'z' ? name.p[i] - 32 : name.p[i]);
		assert_int_equal(sip_hdr_find(edge(text, name.l)), id);
		for (size_t i = 0; i < name.l; i++)
			text[i] = (char)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] + 32 : name.p[i]);
		assert_int_equal(sip_hdr_find(edge(text, name.l)), id);
		for (size_t i = 0; i < name.l; i++) {
			memcpy(text, name.p, name.l);
			text[i] = '*';
			assert_int_equal(sip_hdr_find(edge(text, name.l)), SIP_HDR_OTHER);
		}
		s = edge(name.p, name.l - 1);
		assert_true(s.l == 1 || sip_hdr_find(s) != (enum sip_hdr_id)id);
		if (!c)
			continue;
		up = (char)(c - 32);
		assert_int_equal(sip_hdr_find(edge(&c, 1)), id);
		assert_int_equal(sip_hdr_find(edge(&up, 1)), id);
	}
	assert_int_equal(sip_hdr_find(SLICE_NULL), SIP_HDR_OTHER);
	assert_int_equal(sip_hdr_find(SLICE("z")), SIP_HDR_OTHER);
	assert_int_equal(sip_hdr_find(SLICE("X-Anything")), SIP_HDR_OTHER);
	assert_int_equal(sip_hdr_find(SLICE("P-Preferred-Identity-And-More")), SIP_HDR_OTHER);
	assert_slice(sip_hdr_name(SIP_HDR_COUNT), "");
}

static void methods_test(void **state)
{
	(void)state;
	for (int m = SIP_INVITE; m < SIP_METHOD_COUNT; m++) {
		struct slice name = sip_method_name((enum sip_method)m);

		assert_true(name.l >= 3);
		assert_int_equal(sip_method_id(edge(name.p, name.l)), m);
		assert_int_equal(sip_method_id(edge(name.p, name.l - 1)), SIP_OTHER_METHOD);
	}
	/* methods are case-sensitive (RFC 3261 7.1) */
	assert_int_equal(sip_method_id(SLICE("invite")), SIP_OTHER_METHOD);
	assert_int_equal(sip_method_id(SLICE_NULL), SIP_OTHER_METHOD);
	assert_slice(sip_method_name(SIP_OTHER_METHOD), "");
}

static void token_test(void **state)
{
	static const struct {
		const char *text;
		bool ok;
	} tab[] = {
		{"abc", true}, {"a-.!%*_+`'~9", true}, {"", false},         {"a b", false},
		{"a;", false}, {"a\"", false},         {"\xc3\xa9", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++)
		assert_int_equal(sip_is_token(edge_str(tab[i].text)), tab[i].ok);
}

static void params_test(void **state)
{
	static const struct {
		const char *text;
		struct {
			const char *name, *val;
		} p[5];
	} tab[] = {
		{"", {{NULL, NULL}}},
		{";lr", {{"lr", ""}}},
		{"a=b;c", {{"a", "b"}, {"c", ""}}},
		{" ; a = b ; c=\"x;y\\\";z\" ;d=[::1]", {{"a", "b"}, {"c", "\"x;y\\\";z\""}, {"d", "[::1]"}}},
		{";;a=;b=c=d;", {{"a", ""}, {"b", "c=d"}}},
		/* iteration ends at the first that makes no sense */
		{";a=\"open", {{NULL, NULL}}},
		{";a=b c;d", {{NULL, NULL}}},
		{";x;=y;z", {{"x", ""}}},
		{";+sip.instance=\"<urn:uuid:1>\";reg-id=1", {{"+sip.instance", "\"<urn:uuid:1>\""}, {"reg-id", "1"}}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		struct slice rest = edge_str(tab[i].text), n, v;

		for (size_t k = 0; tab[i].p[k].name; k++) {
			assert_true(sip_param_next(&rest, &n, &v));
			assert_slice(n, tab[i].p[k].name);
			assert_slice(v, tab[i].p[k].val);
		}
		assert_false(sip_param_next(&rest, &n, &v));
	}
}

static void param_get_test(void **state)
{
	struct slice v = SLICE("x");

	(void)state;
	assert_true(sip_param_get(edge_str(";Tag=1;lr;tag=2"), "tag", &v));
	assert_slice(v, "1");
	assert_true(sip_param_get(edge_str(";Tag=1;LR"), "lr", NULL));
	assert_true(sip_param_get(edge_str(";a(b)=1;[c]:/&$=2;lr"), "lr", &v));
	assert_slice(v, "");
	assert_false(sip_param_get(edge_str(";lrx;xlr=lr"), "lr", NULL));
	assert_false(sip_param_get(SLICE_NULL, "lr", NULL));
}

static void quoted_test(void **state)
{
	static const struct {
		const char *text, *want;
		bool fits;
	} tab[] = {
		{"\"a \\\"b\\\" \\\\\"", "a \"b\" \\", true},
		{"plain", "plain", true},
		{"\"\"", "", true},
		{"\"0123456789012345\"", "012345678901234", false},
		{"\"abc", "\"abc", true},
		{"", "", true},
		{"\"a\\\"", "a\\", true},
	};
	char dst[16];
	struct buf b;

	(void)state;
	buf_init(&b);
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		assert_int_equal(sip_unquote(dst, sizeof(dst), edge_str(tab[i].text)), tab[i].fits);
		assert_string_equal(dst, tab[i].want);
	}
	assert_false(sip_unquote(dst, 0, SLICE("a")));
	sip_enc_quoted(&b, SLICE("A \"b\" \\ \r\n\x01"
				 "c"));
	assert_slice(buf_get(&b), "\"A \\\"b\\\" \\\\ c\"");
	buf_free(&b);
}

static void reason_test(void **state)
{
	(void)state;
	assert_string_equal(sip_reason(486), "Busy Here");
	assert_string_equal(sip_reason(200), "OK");
	for (unsigned i = 0; i < 1000; i++)
		assert_true(sip_reason((uint16_t)i)[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_test),  cmocka_unit_test(methods_test),   cmocka_unit_test(token_test),
		cmocka_unit_test(params_test), cmocka_unit_test(param_get_test), cmocka_unit_test(quoted_test),
		cmocka_unit_test(reason_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
