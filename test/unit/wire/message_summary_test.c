/*
 * message_summary_test.c - messages that wait (RFC 3842 5): what is read, what is refused, and the way back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "wire/sip/message_summary.h"

static const struct {
	const char *body;
	int err;
	bool waiting, has_voice;
	uint32_t n[4];
} cases[] = {
	{"Messages-Waiting: yes\r\nMessage-Account: sip:a@b\r\nVoice-Message: 2/8 (0/2)\r\n",
	 0,
	 true,
	 true,
	 {2, 8, 0, 2}},
	{"messages-waiting: No\r\n", 0, false, false, {0}},
	{"\r\nMessages-Waiting:yes\nvoice-message: 1/0\n", 0, true, true, {1, 0}},
	{"Messages-Waiting: yes\r\nFax-Message: 9/9 (9/9)\r\nVoice-Message : 4/5(6/7)\r\n",
	 0,
	 true,
	 true,
	 {4, 5, 6, 7}},
	{"Messages-Waiting: yes\r\n\r\nVoice-Message: 3/3\r\n", 0, true, false, {0}},
	{"Messages-Waiting: yes", 0, true, false, {0}},
	{"", ERR_SYNTAX, false, false, {0}},
	{"\r\n\r\n", ERR_SYNTAX, false, false, {0}},
	{"Voice-Message: 2/8\r\nMessages-Waiting: yes\r\n", ERR_SYNTAX, false, false, {0}},
	{"Messages-Waiting: perhaps\r\n", ERR_SYNTAX, false, false, {0}},
	{"Messages-Waiting: yes\r\nVoice-Message: many\r\n", ERR_SYNTAX, false, false, {0}},
	{"Messages-Waiting: yes\r\nVoice-Message: 1/2 (x/y)\r\n", ERR_SYNTAX, false, false, {0}},
	{"Messages-Waiting: yes\r\nVoice-Message: 4294967296/0\r\n", ERR_SYNTAX, false, false, {0}},
	{"Messages-Waiting: yes\r\nVoice-Message: -1/0\r\n", ERR_SYNTAX, false, false, {0}},
};

static void reads(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sip_message_summary m;
		int err = sip_message_summary_decode(&m, slice_str(cases[i].body));

		assert_int_equal(!!err, !!cases[i].err);
		if (err)
			continue;
		assert_int_equal(m.waiting, cases[i].waiting);
		assert_int_equal(m.has_voice, cases[i].has_voice);
		assert_int_equal(m.voice_new, cases[i].n[0]);
		assert_int_equal(m.voice_old, cases[i].n[1]);
		assert_int_equal(m.urgent_new, cases[i].n[2]);
		assert_int_equal(m.urgent_old, cases[i].n[3]);
	}
}

static void there_and_back(void **state)
{
	struct sip_message_summary a = {true, true, 1, 2, 3, 4}, b;
	char mem[300];
	struct buf out;

	(void)state;
	buf_init_fixed(&out, mem, sizeof(mem));
	sip_message_summary_encode(&out, &a, SLICE("sip:a@b.example"));
	assert_int_equal(buf_err(&out), 0);
	assert_int_equal(sip_message_summary_decode(&b, buf_get(&out)), 0);
	assert_true(b.waiting && b.has_voice);
	assert_int_equal(b.voice_new, 1);
	assert_int_equal(b.voice_old, 2);
	assert_int_equal(b.urgent_new, 3);
	assert_int_equal(b.urgent_old, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(reads), cmocka_unit_test(there_and_back)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
