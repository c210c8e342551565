/*
 * dump_test.c - what CLI and API see of the stack.
 */
#include "base/inspect.h"
#include "fix.h"

static const char *dump(const char *name, char dst[4096])
{
	struct buf b;

	buf_init_fixed(&b, dst, 4095);
	assert_int_equal(inspect_run(slice_str(name), &b), 0);
	dst[b.l] = 0;
	return dst;
}

static void dumps_show_what_lives(void **state)
{
	struct fix f;
	char txt[4096];
	struct buf b;

	(void)state;
	fix_open(&f);
	assert_string_equal(dump("sip.listeners", txt), "udp 10.0.0.1:5060\ntcp 10.0.0.1:5060\n");
	assert_string_equal(dump("sip.streams", txt), "");
	peer_connect(&f.a);
	peer_stream(&f.a, REQ("INVITE", .via = "SIP/2.0/TCP 10.0.0.2:5060"));
	assert_int_equal(fix_send(&f, SIP_OPTIONS, SIP_TRANSP_UDP, NULL), 0);
	fix_run(&f, 2000);
	assert_non_null(strstr(dump("sip.streams", txt), "1 tcp 10.0.0.2:"));
	assert_non_null(strstr(txt, "holds=0 waiting=0 idle=2s\n"));
	dump("sip.transactions", txt);
	assert_non_null(strstr(txt, "server INVITE proceeding from 10.0.0.2:5060 answered 100\n"));
	assert_non_null(strstr(txt, "client OPTIONS trying to 10.0.0.2:5060 answered 0\n"));
	fix_close(&f);
	buf_init(&b);
	assert_int_equal(inspect_run(SLICE("sip.streams"), &b), ENOENT);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dumps_show_what_lives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
