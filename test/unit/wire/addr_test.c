/*
 * addr_test.c - From, To, Contact and their kind.
 */
#include "edge.h"
#include "wire/sip/addr.h"

static const struct {
	const char *text;
	int err;
	const char *display, *auri, *params, *tag;
} addrs[] = {
	{"\"A. G. Bell\" <sip:agb@bell-telephone.com> ;tag=a48s", 0, "\"A. G. Bell\"", "sip:agb@bell-telephone.com",
	 ";tag=a48s", "a48s"},
	{"sip:+12125551212@server.phone2net.com;tag=887s", 0, "", "sip:+12125551212@server.phone2net.com", ";tag=887s",
	 "887s"},
	{"Anonymous <sip:c8oqz84zk7z@privacy.org>;tag=hyh8", 0, "Anonymous", "sip:c8oqz84zk7z@privacy.org", ";tag=hyh8",
	 "hyh8"},
	{"caller<sip:c@h>", 0, "caller", "sip:c@h", "", ""},
	{"<sip:c@h;lr?x=y>;x=\"a;tag=b\"; TAG = q", 0, "", "sip:c@h;lr?x=y", ";x=\"a;tag=b\"; TAG = q", "q"},
	{"\"a \\\" < b\"<sip:c@h>", 0, "\"a \\\" < b\"", "sip:c@h", "", ""},
	{"Jos\xc3\xa9 (home) <sip:c@h>", 0, "Jos\xc3\xa9 (home)", "sip:c@h", "", ""},
	{"  sip:c@h  ", 0, "", "sip:c@h", "", ""},
	{"sip:c@h ; tag=1", 0, "", "sip:c@h", "; tag=1", "1"},
	{"<sip:c@h>;tag=10.0.0.1:5060/a@b", 0, "", "sip:c@h", ";tag=10.0.0.1:5060/a@b", "10.0.0.1:5060/a@b"},
	{"isbn:1;tag=2", 0, "", "isbn:1", ";tag=2", "2"},
	{"<tel:+1>;tag=", 0, "", "tel:+1", ";tag=", ""},

	{"", ERR_SYNTAX},
	{" ", ERR_SYNTAX},
	{"<sip:c@h", ERR_SYNTAX},
	{"<>", ERR_SYNTAX},
	{"\"a\"", ERR_SYNTAX},
	{"\"a <sip:c@h>", ERR_SYNTAX},
	{"\"a\" b <sip:c@h>", ERR_SYNTAX},
	{"\"a\" sip:c@h", ERR_SYNTAX},
	{"Bell, Alexander <sip:c@h>", ERR_SYNTAX},
	{"< sip:c@h >", ERR_SYNTAX},
	{"<sip:c@h>x", ERR_SYNTAX},
	{"<sip:c@h>;", ERR_SYNTAX},
	{"<sip:c@h>;;tag=1", ERR_SYNTAX},
	{"<sip:c@h>;tag=\"x\"", ERR_SYNTAX},
	{"<sip:c@h>;a b", ERR_SYNTAX},
	{"<sip:c@h>,<sip:d@h>", ERR_SYNTAX},
	{"sip:c@h?x=y", ERR_SYNTAX},
	{"sip:c@h,sip:d@h", ERR_SYNTAX},
	{"sip:a b@h", ERR_SYNTAX},
	{"a>b <sip:c@h>", ERR_SYNTAX},
	{"*", ERR_SYNTAX},
};

static void decode_test(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(addrs); i++) {
		struct sip_addr a;
		int err = sip_addr_decode(&a, edge_str(addrs[i].text));

		if (err != addrs[i].err)
			fail_msg("\"%s\": %s", addrs[i].text, err_str(err));
		assert_slice(a.display, addrs[i].display);
		assert_slice(a.auri, addrs[i].auri);
		assert_slice(a.params, addrs[i].params);
		assert_slice(a.tag, addrs[i].tag);
	}
}

static void encode_test(void **state)
{
	struct sip_addr a, c;
	struct buf b;

	(void)state;
	buf_init(&b);
	for (size_t i = 0; i < ARRAY_LEN(addrs) && !addrs[i].err; i++) {
		buf_reset(&b);
		assert_int_equal(sip_addr_decode(&a, edge_str(addrs[i].text)), 0);
		sip_addr_encode(&b, &a);
		assert_int_equal(sip_addr_decode(&c, edge(b.p, b.l)), 0);
		assert_slice(c.display, addrs[i].display);
		assert_slice(c.auri, addrs[i].auri);
		assert_slice(c.params, addrs[i].params);
	}
	buf_reset(&b);
	a = (struct sip_addr){.display = SLICE("\"B\""), .params = SLICE(";tag=1")};
	a.uri = (struct sip_uri){.scheme = SLICE("sip"), .user = SLICE("b"), .host = SLICE("h")};
	sip_addr_encode(&b, &a);
	assert_slice(buf_get(&b), "\"B\" <sip:b@h>;tag=1");
	buf_free(&b);
}

static void contact_test(void **state)
{
	static const struct {
		const char *text;
		int err;
		bool star, has_expires;
		uint32_t expires;
		uint16_t q;
	} tab[] = {
		{" * ", 0, true, false, 0, 1000},
		{"<sip:a@h>", 0, false, false, 0, 1000},
		{"<sip:a@h>;expires=60;q=0.7", 0, false, true, 60, 700},
		{"sip:a@h;q=.33", 0, false, false, 0, 330},
		{"<sip:a@h>;Q=1.000;EXPIRES=0", 0, false, true, 0, 1000},
		{"<sip:a@h>;q=0", 0, false, false, 0, 0},
		{"<sip:a@h>;q=0.9999", 0, false, false, 0, 999},
		{"<sip:a@h>;expires=280297596632815", 0, false, true, UINT32_MAX, 1000},
		{"<sip:a@h>;expires=soon", 0, false, true, 3600, 1000},
		{"<sip:a@h>;q=1.001", ERR_SYNTAX},
		{"<sip:a@h>;q=2", ERR_SYNTAX},
		{"<sip:a@h>;q=", ERR_SYNTAX},
		{"<sip:a@h>;q=0.5.5", ERR_SYNTAX},
		{"<sip:a@h>;q=-1", ERR_SYNTAX},
		{"**", ERR_SYNTAX},
		{"*;expires=0", ERR_SYNTAX},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		struct sip_contact c;
		int err = sip_contact_decode(&c, edge_str(tab[i].text));

		if (err != tab[i].err)
			fail_msg("\"%s\": %s", tab[i].text, err_str(err));
		if (err)
			continue;
		assert_int_equal(c.star, tab[i].star);
		assert_int_equal(c.has_expires, tab[i].has_expires);
		assert_int_equal(c.expires, tab[i].expires);
		assert_int_equal(c.q, tab[i].q);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decode_test),
		cmocka_unit_test(encode_test),
		cmocka_unit_test(contact_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
