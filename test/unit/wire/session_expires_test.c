/*
 * session_expires_test.c - Session-Expires and Min-SE (RFC 4028 4, 5).
 */
#include "base/mem.h"
#include "edge.h"
#include "wire/sip/session_expires.h"

static void decode_test(void **state)
{
	static const struct {
		const char *text;
		int err;
		uint32_t s;
		enum sip_refresher who;
	} tab[] = {
		{"1800", 0, 1800, SIP_REFRESHER_NONE},
		{" 90 ", 0, 90, SIP_REFRESHER_NONE},
		{"4000;refresher=uac", 0, 4000, SIP_REFRESHER_UAC},
		{"4000 ; refresher = UAS", 0, 4000, SIP_REFRESHER_UAS},
		{"4000;x=y;refresher=uas;z", 0, 4000, SIP_REFRESHER_UAS},
		{"99999999999", 0, UINT32_MAX, SIP_REFRESHER_NONE},
		{"0", 0, 0, SIP_REFRESHER_NONE},
		{"", ERR_SYNTAX, 0, 0},
		{";refresher=uac", ERR_SYNTAX, 0, 0},
		{"-5", ERR_SYNTAX, 0, 0},
		{"12x", ERR_SYNTAX, 0, 0},
		{"12 13", ERR_SYNTAX, 0, 0},
		{"12;refresher=me", ERR_SYNTAX, 0, 0},
		{"12;refresher", ERR_SYNTAX, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(tab) / sizeof(tab[0]); i++) {
		struct sip_session_expires se, again;
		char text[64];
		struct buf b;
		int err = sip_session_expires_decode(&se, edge_str(tab[i].text));

		if (err != tab[i].err)
			fail_msg("\"%s\": %s", tab[i].text, err_str(err));
		if (err)
			continue;
		assert_int_equal(se.s, tab[i].s);
		assert_int_equal(se.refresher, tab[i].who);
		buf_init_fixed(&b, text, sizeof(text));
		sip_session_expires_encode(&b, &se);
		assert_int_equal(sip_session_expires_decode(&again, buf_get(&b)), 0);
		assert_int_equal(again.s, se.s);
		assert_int_equal(again.refresher, se.refresher);
	}
}

static void min_se_test(void **state)
{
	uint32_t s;

	(void)state;
	assert_int_equal(sip_min_se_decode(&s, edge_str("120")), 0);
	assert_int_equal(s, 120);
	assert_int_equal(sip_min_se_decode(&s, edge_str("120;lr")), 0);
	assert_int_equal(s, 120);
	assert_int_equal(sip_min_se_decode(&s, edge_str("")), ERR_SYNTAX);
	assert_int_equal(sip_min_se_decode(&s, edge_str("soon")), ERR_SYNTAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decode_test),
		cmocka_unit_test(min_se_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
