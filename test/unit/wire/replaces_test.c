/*
 * replaces_test.c - Replaces (RFC 3891) and Refer-To (RFC 3515) in forms good and bad.
 */
#include "edge.h"
#include "wire/sip/replaces.h"

static const struct {
	const char *text;
	int err;
	const char *callid, *to, *from;
	bool early;
} values[] = {
	{"98732@sip.example.com;from-tag=r33th4x0r;to-tag=ff87ff", 0, "98732@sip.example.com", "ff87ff", "r33th4x0r"},
	{"12adf2f34456gs5 ; to-tag = 12345 ;from-tag=54321; early-only", 0, "12adf2f34456gs5", "12345", "54321", true},
	{"a;TO-TAG=1;From-Tag=2;x=y;z", 0, "a", "1", "2"},
	{"a;to-tag=0;from-tag=0", 0, "a", "0", "0"},

	{"", ERR_SYNTAX},
	{";to-tag=1;from-tag=2", ERR_SYNTAX},
	{"a b;to-tag=1;from-tag=2", ERR_SYNTAX},
	{"a,b;to-tag=1;from-tag=2", ERR_SYNTAX},
	{"a;to-tag=1", ERR_SYNTAX},
	{"a;from-tag=1", ERR_SYNTAX},
	{"a;to-tag=1;from-tag=", ERR_SYNTAX},
	{"a;to-tag=1;from-tag=2;to-tag=3", ERR_SYNTAX},
	{"a;to-tag=1;from-tag=2;early-only=no", ERR_SYNTAX},
	{"a;to-tag=\"1\";from-tag=2", ERR_SYNTAX},
	{"a;to-tag=1;from-tag=2;;", ERR_SYNTAX},
};

static void replaces_test(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct sip_replaces r;
		int err = sip_replaces_decode(&r, edge_str(values[i].text));

		if (err != values[i].err)
			fail_msg("\"%s\": %s", values[i].text, err_str(err));
		if (err)
			continue;
		assert_slice(r.callid, values[i].callid);
		assert_slice(r.to_tag, values[i].to);
		assert_slice(r.from_tag, values[i].from);
		assert_int_equal(r.early_only, values[i].early);
	}
}

static void refer_to_test(void **state)
{
	static const struct {
		const char *text;
		int err;
		const char *user, *method, *callid;
	} v[] = {
		{"sip:102@pbx.example", 0, "102", ""},
		{"<sip:102@pbx.example>", 0, "102", ""},
		{"\"Cash desk\" <sip:102@pbx.example;method=INVITE>", 0, "102", "INVITE"},
		{"<tel:+4930123>", 0, "+4930123", ""},
		{"<sip:102@h?Replaces=12%4034%3Bto-tag%3D1%3Bfrom-tag%3D2>", 0, "102", "", "12@34"},
		{"<sip:102@h?Require=replaces&rePlaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2&Subject=x>", 0, "102", "", "a"},
		{"<sip:102@h?Subject=x>", 0, "102", ""},

		{"", ERR_SYNTAX},
		{"<>", ERR_SYNTAX},
		{"<sip:102@h?Replaces=a>", ERR_SYNTAX},
		{"<sip:102@h?Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2%>", ERR_SYNTAX},
		{"<sip:102@h?Replaces=a%00%3Bto-tag%3D1%3Bfrom-tag%3D2>", ERR_SYNTAX},
		{"<sip:102@h?Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2&Replaces=b>", ERR_SYNTAX},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct sip_refer_to r;
		int err = sip_refer_to_decode(&r, edge_str(v[i].text));

		if (err != v[i].err)
			fail_msg("\"%s\": %s", v[i].text, err_str(err));
		if (err)
			continue;
		assert_slice(r.addr.uri.user, v[i].user);
		assert_slice(r.method, v[i].method);
		assert_int_equal(r.has_replaces, v[i].callid != NULL);
		if (v[i].callid)
			assert_slice(r.replaces.callid, v[i].callid);
	}
}

static void too_long_test(void **state)
{
	char text[SIP_REFER_TEXT_MAX + 100];
	struct sip_refer_to r;

	(void)state;
	snprintf(text, sizeof(text), "<sip:1@h?Replaces=%0*d%%3Bto-tag%%3D1%%3Bfrom-tag%%3D2>", SIP_REFER_TEXT_MAX, 0);
	assert_int_equal(sip_refer_to_decode(&r, edge_str(text)), ERR_LIMIT);
}

static void round_trip_test(void **state)
{
	const struct sip_replaces in = {
		.callid = SLICE("a;b=?%&<>\"@host"), .to_tag = SLICE("t%1"), .from_tag = SLICE("f~")};
	const struct sip_replaces plain = {
		.callid = SLICE("x@1.2.3.4"), .to_tag = SLICE("t"), .from_tag = SLICE("f"), .early_only = true};
	struct sip_refer_to r;
	char mem[600];
	struct buf b;

	(void)state;
	buf_init_fixed(&b, mem, sizeof(mem));
	sip_refer_to_encode(&b, SLICE("sip:102@h;transport=tcp"), &plain);
	assert_int_equal(buf_err(&b), 0);
	assert_int_equal(sip_refer_to_decode(&r, buf_get(&b)), 0);
	assert_slice(r.addr.uri.params, ";transport=tcp");
	assert_slice(r.replaces.callid, "x@1.2.3.4");
	assert_slice(r.replaces.to_tag, "t");
	assert_slice(r.replaces.from_tag, "f");
	assert_true(r.replaces.early_only);
	/* what would break the header part of a URI is escaped */
	buf_init_fixed(&b, mem, sizeof(mem));
	sip_refer_to_encode(&b, SLICE("sip:102@h"), &in);
	assert_true(slice_eqs(buf_get(&b),
			      "<sip:102@h?Replaces=a%3Bb%3D?%25%26%3C%3E%22%40host%3Bto-tag%3Dt%251%3Bfrom-"
			      "tag%3Df~>"));
	buf_init_fixed(&b, mem, sizeof(mem));
	sip_refer_to_encode(&b, SLICE("sip:102@h"), NULL);
	assert_true(slice_eqs(buf_get(&b), "<sip:102@h>"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replaces_test),
		cmocka_unit_test(refer_to_test),
		cmocka_unit_test(too_long_test),
		cmocka_unit_test(round_trip_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
