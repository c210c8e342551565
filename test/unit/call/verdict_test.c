/*
 * verdict_test.c - what is wrong with a party's sound, from its figures to the sentence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "call/verdict.h"

enum { NOW = 100000, UP = 40000 };

/* A call of a minute without faults. */
static struct mstream_stats good(void)
{
	struct mstream_stats st = {.rx_packets = 3000, .first_rx_ms = UP, .last_rx_ms = NOW - 20, .expects = true};

	st.tx_packets = 3000;
	(void)slice_copy(st.codec, sizeof(st.codec), SLICE("PCMU"));
	assert_int_equal(sa_set(&st.said, SLICE("10.0.0.5"), 4000), 0);
	st.latched = true;
	st.remote = st.said;
	st.level_dbov = -30;
	return st;
}

static const char *say(const struct mstream_stats *st, bool other, bool over)
{
	static char text[160];
	struct sa home;
	struct verdict_in in = {
		.who = "101", .now_ms = NOW, .up_ms = UP, .other = other, .over = over, .signals = &home};

	assert_int_equal(sa_set(&home, SLICE("198.51.100.7"), 5060), 0);

	return verdict_of(text, sizeof(text), st, &in) ? text : "";
}

static void nothing_wrong_test(void **state)
{
	struct mstream_stats st = good();

	(void)state;
	assert_string_equal(say(&st, true, false), "");
	/* a pause that was announced, a party that need not send, a stranger's packet */
	st.last_rx_ms = NOW - 30000;
	st.pauses = true;
	assert_string_equal(say(&st, true, false), "");
	st.pauses = false;
	st.expects = false;
	assert_string_equal(say(&st, true, false), "");
	st = good();
	st.rx_auth_failed = 5;
	assert_string_equal(say(&st, true, false), "");
	/* forged packets of strangers, however many, are no fault of its keys; nor is what was put right */
	st.rx_auth_failed = 5000;
	st.rx_strangers = 4995;
	assert_string_equal(say(&st, true, true), "");
	st.rx_strangers = 0;
	assert_string_equal(say(&st, true, false), "");
}

static void silence_of_the_network_test(void **state)
{
	struct mstream_stats st = good();

	(void)state;
	st.last_rx_ms = NOW - 12000;
	assert_string_equal(say(&st, false, false), "nothing arrives from 101 for 12 s");
	assert_string_equal(say(&st, true, false), "nothing arrives from 101 for 12 s: one way only");
	assert_string_equal(say(&st, false, true), "nothing arrived from 101 in the last 12 s");
	st.rx_packets = st.first_rx_ms = st.last_rx_ms = 0;
	assert_string_equal(say(&st, true, false), "nothing has ever arrived from 101 at 10.0.0.5:4000: one way only");
	/* it was answered just now */
	struct verdict_in in = {.who = "101", .now_ms = UP + 1000, .up_ms = UP};
	char text[160];
	assert_false(verdict_of(text, sizeof(text), &st, &in));
	in.up_ms = 0;
	in.now_ms = NOW;
	assert_false(verdict_of(text, sizeof(text), &st, &in));
}

static void faults_test(void **state)
{
	struct mstream_stats st = good();

	(void)state;
	st.rx_auth_failed = 250;
	st.rx_packets = 0;
	st.last_rx_ms = 0;
	assert_string_equal(say(&st, true, false), "the keys of 101 do not match: 250 of its packets cannot be opened");
	st = good();
	st.strange = true;
	(void)slice_copy(st.codec, sizeof(st.codec), SLICE("G729"));
	assert_string_equal(say(&st, true, false), "101 sends G729, which was not agreed on");
	st = good();
	st.silent_s = 14;
	assert_string_equal(say(&st, true, false), "the microphone of 101 is silent for 14 s");
	assert_string_equal(say(&st, true, true), ""); /* it spoke before */
	st.silent_s = 59;
	assert_string_equal(say(&st, true, true), "the microphone of 101 was silent");
	st = good();
	st.rx_lost = 300;
	assert_string_equal(say(&st, true, false), "9.1 % of the packets of 101 are lost");
	st = good();
	st.remote_lost_pm = 75;
	assert_string_equal(say(&st, true, false), "101 loses 7.5 % of what it is sent");
	assert_string_equal(say(&st, true, true), ""); /* its last report, no more */
	st.remote_lost = 150;
	assert_string_equal(say(&st, true, true), "101 lost 5.0 % of what it was sent");
	st = good();
	st.rx_jitter_us = 80000;
	assert_string_equal(say(&st, true, false), "packets of 101 come very unevenly: jitter 80 ms");
	st = good();
	st.rtt_us = 700000;
	assert_string_equal(say(&st, true, false), "the way to 101 and back takes 700 ms");
	st = good();
	st.clipped_s = 6;
	assert_string_equal(say(&st, true, false), "101 is too loud: its sound is clipped");
	st = good();
	st.moved = true;
	assert_int_equal(sa_set(&st.remote, SLICE("203.0.113.9"), 61000), 0);
	assert_string_equal(say(&st, true, false),
			    "the sound of 101 comes from 203.0.113.9:61000, not from 10.0.0.5:4000 as it said");
	/* its router translates its signalling as well */
	assert_int_equal(sa_set(&st.remote, SLICE("198.51.100.7"), 61000), 0);
	assert_string_equal(say(&st, true, false), "");
	/* it was on hold until a moment ago */
	st = good();
	st.last_rx_ms = NOW - 30000;
	st.expects_ms = NOW - 4000;
	assert_string_equal(say(&st, true, false), "");
	st.expects_ms = NOW - 6000;
	assert_string_equal(say(&st, true, false), "nothing arrives from 101 for 30 s: one way only");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_wrong_test),
		cmocka_unit_test(silence_of_the_network_test),
		cmocka_unit_test(faults_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
