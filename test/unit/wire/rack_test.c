/*
 * rack_test.c - RSeq and RAck (RFC 3262 7.1, 7.2).
 */
#include "base/mem.h"
#include "edge.h"
#include "wire/sip/rack.h"

static void rack_test(void **state)
{
	static const char *const bad[] = {"",           "1",
					  "1 2",        "1 2 ",
					  "1 INVITE",   "1 2 INVITE 3",
					  "x 2 INVITE", "4294967296 1 INVITE",
					  "0 1 INVITE", "1 2147483648 INVITE"};
	char text[64];
	struct sip_rack r;
	struct buf b;

	(void)state;
	assert_int_equal(sip_rack_decode(&r, edge_str(" 776656  1 INVITE ")), 0);
	assert_int_equal(r.rseq, 776656);
	assert_int_equal(r.cseq.num, 1);
	assert_int_equal(r.cseq.m, SIP_INVITE);
	buf_init_fixed(&b, text, sizeof(text));
	sip_rack_encode(&b, &r);
	assert_true(slice_eqs(buf_get(&b), "776656 1 INVITE"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (sip_rack_decode(&r, edge_str(bad[i])) != ERR_SYNTAX)
			fail_msg("\"%s\" was taken", bad[i]);
}

static void rseq_test(void **state)
{
	static const char *const bad[] = {"", "0", "x", "1 2", "4294967296", "-1"};
	uint32_t n;

	(void)state;
	assert_int_equal(sip_rseq_decode(&n, edge_str(" 4294967295 ")), 0);
	assert_int_equal(n, UINT32_MAX);
	assert_int_equal(sip_rseq_decode(&n, edge_str("1")), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (sip_rseq_decode(&n, edge_str(bad[i])) != ERR_SYNTAX)
			fail_msg("\"%s\" was taken", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rack_test),
		cmocka_unit_test(rseq_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
