/*
 * uri_test.c - URIs: decoding, writing, comparing, escapes, addresses.
 */
#include "edge.h"
#include "wire/sip/uri.h"

static const struct {
	const char *text;
	int err;
	const char *scheme, *user, *password, *host;
	int af;
	uint16_t port;
	const char *params, *headers, *opaque;
} uris[] = {
	{"sip:alice@atlanta.com", 0, "sip", "alice", "", "atlanta.com", 0, 0, "", "", ""},
	{"SIPS:alice:s%20cret@[2001:db8::1]:5061;transport=tcp?Subject=x&a=b", 0, "SIPS", "alice", "s%20cret",
	 "2001:db8::1", AF_INET6, 5061, ";transport=tcp", "Subject=x&a=b", ""},
	{"sip:192.0.2.4:65535;lr", 0, "sip", "", "", "192.0.2.4", AF_INET, 65535, ";lr", "", ""},
	{"sip:h?x=y", 0, "sip", "", "", "h", 0, 0, "", "x=y", ""},
	{"sip:user;par=u%40example.net@example.com", 0, "sip", "user;par=u%40example.net", "", "example.com", 0, 0, "",
	 "", ""},
	{"sip:*97#@pbx", 0, "sip", "*97#", "", "pbx", 0, 0, "", "", ""},
	{"sip:a:@h", 0, "sip", "a", "", "h", 0, 0, "", "", ""},
	{"sip:a@under_score.local", 0, "sip", "a", "", "under_score.local", 0, 0, "", "", ""},
	{"sip:a@999.1.1.1", 0, "sip", "a", "", "999.1.1.1", 0, 0, "", "", ""},
	{"sip:a@1.2.3", 0, "sip", "a", "", "1.2.3", 0, 0, "", "", ""},
	{"sip:a@1.2.3.04", 0, "sip", "a", "", "1.2.3.04", 0, 0, "", "", ""},
	{"sip:a@1.2.3.4.", 0, "sip", "a", "", "1.2.3.4.", 0, 0, "", "", ""},
	{"tel:+1-201-555-0123;phone-context=x", 0, "tel", "+1-201-555-0123", "", "", 0, 0, ";phone-context=x", "", ""},
	{"isbn:2983792873", 0, "isbn", "", "", "", 0, 0, "", "", "2983792873"},
	{"urn:service:sos", 0, "urn", "", "", "", 0, 0, "", "", "service:sos"},

	{"", ERR_SYNTAX},
	{"sip", ERR_SYNTAX},
	{"sip:", ERR_SYNTAX},
	{":a", ERR_SYNTAX},
	{"1sip:a", ERR_SYNTAX},
	{"sip:@h", ERR_SYNTAX},
	{"sip:a@", ERR_SYNTAX},
	{"sip:a b@h", ERR_SYNTAX},
	{"sip:a@h h", ERR_SYNTAX},
	{"sip:a@h :5060", ERR_SYNTAX},
	{"sip:a@h:", ERR_SYNTAX},
	{"sip:a@h:65536", ERR_SYNTAX},
	{"sip:a@h:x", ERR_SYNTAX},
	{"sip:a@h:0000005060", ERR_SYNTAX},
	{"sip:a@[::1", ERR_SYNTAX},
	{"sip:a@[1.2.3.4]", ERR_SYNTAX},
	{"sip:a@[::g]", ERR_SYNTAX},
	{"sip:a@[fe80::1%eth0]", ERR_SYNTAX},
	{"sip:a@h;a b", ERR_SYNTAX},
	{"sip:a@h;=x", ERR_SYNTAX},
	{"sip:a@h;x=\"q\"", ERR_SYNTAX},
	{"sip:a@h?", ERR_SYNTAX},
	{"sip:a@h?x=<", ERR_SYNTAX},
	{"sip:a%4@h", ERR_SYNTAX},
	{"sip:a%zz@h", ERR_SYNTAX},
	{"sip:a@h@i", ERR_SYNTAX},
	{"sip:a@h/x", ERR_SYNTAX},
	{"<sip:a@h>", ERR_SYNTAX},
	{"tel:", ERR_SYNTAX},
	{"tel:12x", ERR_SYNTAX},
	{"isbn:", ERR_SYNTAX},
	{"isbn:a b", ERR_SYNTAX},
	{"isbn:a>", ERR_SYNTAX},
};

static void decode_test(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(uris); i++) {
		struct sip_uri u;
		int err = sip_uri_decode(&u, edge_str(uris[i].text));

		if (err != uris[i].err)
			fail_msg("\"%s\": %s", uris[i].text, err_str(err));
		assert_slice(u.scheme, uris[i].scheme);
		assert_slice(u.user, uris[i].user);
		assert_slice(u.password, uris[i].password);
		assert_slice(u.host, uris[i].host);
		assert_slice(u.params, uris[i].params);
		assert_slice(u.headers, uris[i].headers);
		assert_slice(u.opaque, uris[i].opaque);
		assert_int_equal(u.af, uris[i].af);
		assert_int_equal(u.port, uris[i].port);
	}
}

static void encode_test(void **state)
{
	struct sip_uri u;
	struct buf b;

	(void)state;
	buf_init(&b);
	for (size_t i = 0; i < ARRAY_LEN(uris) && !uris[i].err; i++) {
		buf_reset(&b);
		assert_int_equal(sip_uri_decode(&u, edge_str(uris[i].text)), 0);
		sip_uri_encode(&b, &u);
		assert_slice(buf_get(&b), uris[i].text);
	}
	/* made by hand: the host needs brackets, the parameters their ';' */
	buf_reset(&b);
	u = (struct sip_uri){
		.scheme = SLICE("sip"), .user = SLICE("a"), .host = SLICE("::1"), .port = 1, .params = SLICE("lr")};
	sip_uri_encode(&b, &u);
	assert_slice(buf_get(&b), "sip:a@[::1]:1;lr");
	buf_free(&b);
}

static void eq_test(void **state)
{
	/* the first ones are those of RFC 3261 19.1.4 */
	static const struct {
		const char *a, *b;
		bool eq;
	} tab[] = {
		{"sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp", true},
		{"sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", true},
		{"sip:carol@chicago.com", "sip:carol@chicago.com;security=on", true},
		{"sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
		 "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com", true},
		{"sip:alice@atlanta.com?subject=project%20x&priority=urgent",
		 "sip:alice@atlanta.com?priority=urgent&subject=project%20x", true},
		{"SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP", false},
		{"sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", false},
		{"sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", false},
		{"sip:bob@biloxi.com:6000;transport=tcp", "sip:bob@biloxi.com", false},
		{"sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting", false},
		{"sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4", false},
		{"sip:carol@chicago.com;security=off", "sip:carol@chicago.com;security=on", false},
		{"sip:a@h", "sips:a@h", false},
		{"sip:a@h;maddr=1.2.3.4", "sip:a@h", false},
		{"sip:a@h;user=phone", "sip:a@h", false},
		{"sip:a@h;x=1;x=2", "sip:a@h;x=1", true},
		{"sip:a%3Bb@h", "sip:a;b@h", false},
		{"sip:a:p@h", "sip:a@h", false},
		{"sip:%00@h", "sip:%00%00@h", false},
		{"sip:a@[2001:db8:0::1]", "sip:a@[2001:DB8::1]", true},
		{"sip:a@h?a=1&a=1", "sip:a@h?a=1&a=2", false},
		{"tel:+1-201-555-0123", "tel:+12015550123", true},
		{"tel:+1-201-555-0123;ext=1", "tel:+12015550123", false},
		{"tel:123", "tel:1234", false},
		{"isbn:1", "ISBN:1", true},
		{"isbn:1", "isbn:2", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		struct sip_uri a, b;

		assert_int_equal(sip_uri_decode(&a, edge_str(tab[i].a)), 0);
		assert_int_equal(sip_uri_decode(&b, edge_str(tab[i].b)), 0);
		if (sip_uri_eq(&a, &b) != tab[i].eq || sip_uri_eq(&b, &a) != tab[i].eq)
			fail_msg("%s and %s", tab[i].a, tab[i].b);
		assert_true(sip_uri_eq(&a, &a) && sip_uri_eq(&b, &b));
	}
}

/* Thousands of parameters: compared as bytes, at once. */
static void eq_many_test(void **state)
{
	struct sip_uri u, v;
	struct buf a, b;

	(void)state;
	buf_init(&a);
	buf_init(&b);
	buf_str(&a, "sip:a@h");
	buf_str(&b, "sip:a@h");
	for (unsigned i = 0; i < 8000; i++) {
		buf_printf(&a, ";p%u", i);
		buf_printf(&b, ";p%u", 7999 - i);
	}
	assert_int_equal(sip_uri_decode(&u, buf_get(&a)), 0);
	assert_int_equal(sip_uri_decode(&v, buf_get(&b)), 0);
	assert_true(sip_uri_eq(&u, &u));
	assert_false(sip_uri_eq(&u, &v));
	buf_free(&a);
	buf_free(&b);
}

static void escape_test(void **state)
{
	static const struct {
		const char *text, *want;
		bool ok;
	} tab[] = {
		{"abc", "abc", true},
		{"%41%62c", "Abc", true},
		{"", "", true},
		{"a%", "a", false},
		{"a%4", "a", false},
		{"a%4g", "a", false},
		{"a%00b", "a", false},
		{"0123456789", "0123456", false},
		{"%25%32%35", "%25", true},
	};
	char dst[8];
	struct buf b;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		assert_int_equal(sip_unescape(dst, sizeof(dst), edge_str(tab[i].text)), tab[i].ok);
		assert_string_equal(dst, tab[i].want);
	}
	assert_false(sip_unescape(dst, 0, SLICE("")));
	buf_init(&b);
	sip_enc_user(&b, SLICE("a b@c:#%\xc3\xa9;+"));
	assert_slice(buf_get(&b), "a%20b%40c%3A%23%25%C3%A9;+");
	buf_free(&b);
}

static void sa_test(void **state)
{
	char text[SA_STRLEN];
	struct sip_uri u;
	struct sa a;

	(void)state;
	assert_int_equal(sip_uri_decode(&u, SLICE("sip:a@192.0.2.4")), 0);
	assert_int_equal(sip_uri_sa(&u, 5060, &a), 0);
	assert_string_equal(sa_str(&a, text), "192.0.2.4:5060");
	assert_int_equal(sip_uri_decode(&u, SLICE("sip:[::1]:7")), 0);
	assert_int_equal(sip_uri_sa(&u, 5060, &a), 0);
	assert_string_equal(sa_str(&a, text), "[::1]:7");
	assert_int_equal(sip_uri_decode(&u, SLICE("sip:a@example.com")), 0);
	assert_int_equal(sip_uri_sa(&u, 5060, &a), ENOENT);
	assert_int_equal(sip_uri_decode(&u, SLICE("tel:1")), 0);
	assert_int_equal(sip_uri_sa(&u, 5060, &a), ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decode_test),  cmocka_unit_test(encode_test), cmocka_unit_test(eq_test),
		cmocka_unit_test(eq_many_test), cmocka_unit_test(escape_test), cmocka_unit_test(sa_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
