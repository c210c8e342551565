/*
 * frame_test.c - messages out of streams: every cut, keep-alives, limits, noise.
 */
#include "edge.h"
#include "wire/sip/msg.h"

#define MSG1 "OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/TCP h\r\nContent-Length:  5\r\nX: y\r\n\r\n1\r\n\r\n"
#define MSG2 "SIP/2.0 200 OK\nl\t:\r\n 0\nX: content-length: 7\n\n"

/* Reads all frames, feeding `step` bytes at a time; writes a letter for each. */
static void run(const char *text, size_t step, char *out)
{
	struct sip_framer f = {0};
	size_t all = strlen(text), have = 0, at = 0, len;

	for (;;) {
		struct slice s = edge(text + at, have - at);
		enum sip_frame r = sip_framer_next(&f, s, &len);

		assert_true(len <= s.l);
		switch (r) {
		case SIP_FRAME_MORE:
			if (have == all) {
				*out = '\0';
				return;
			}
			have = have + step < all ? have + step : all;
			continue;
		case SIP_FRAME_MSG:
			*out++ = (char)(len == strlen(MSG1) ? '1' : len == strlen(MSG2) ? '2' : '?');
			break;
		case SIP_FRAME_PING:
			*out++ = 'i';
			break;
		case SIP_FRAME_PONG:
			*out++ = 'o';
			break;
		case SIP_FRAME_BAD:
			strcpy(out, "B");
			return;
		case SIP_FRAME_TOO_LARGE:
			strcpy(out, "L");
			return;
		}
		at += len;
	}
}

static void cuts_test(void **state)
{
	static const struct {
		const char *text, *want;
	} tab[] = {
		{MSG1, "1"},
		{MSG2, "2"},
		{MSG1 MSG2 MSG1, "121"},
		{"", ""},
		{"\n" MSG1, "o1"},
		{"OPTIONS sip:a SIP/2.0\r\nX: y\r\n\r\n", "B"},
		{"OPTIONS sip:a SIP/2.0\r\nl: 0\r\nl: 0\r\n\r\n", "?"},
		{"OPTIONS sip:a SIP/2.0\r\nl: 0\r\nContent-Length: 1\r\n\r\n", "B"},
		{"OPTIONS sip:a SIP/2.0\r\nl: x\r\n\r\n", "B"},
		{"OPTIONS sip:a SIP/2.0\r\nl: -1\r\n\r\n", "B"},
		{"OPTIONS sip:a SIP/2.0\r\nl:\r\n\r\n", "B"},
		{"OPTIONS sip:a SIP/2.0\r\nl: 99999\r\n\r\n", "L"},
		{"OPTIONS sip:a SIP/2.0\r\nl: 1\r\n\r\n", ""},
		{"\x16\x03\x01", "B"},
		{" x", "B"},
		{"\rx", "B"},
		{MSG1 "\x80", "1B"},
	};
	char out[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		for (size_t step = 1; step <= strlen(tab[i].text) + 1; step++) {
			run(tab[i].text, step, out);
			if (strcmp(out, tab[i].want))
				fail_msg("\"%s\" in steps of %zu: %s", tab[i].text, step, out);
		}
	}
}

static void keepalive_test(void **state)
{
	static const struct {
		const char *text;
		size_t step;
		const char *want;
	} tab[] = {
		{"\r\n\r\n", 9, "i"},
		{"\r\n", 9, "o"},
		{"\r\n\r\n" MSG1, 999, "i1"},
		{"\r\n" MSG1, 999, "o1"},
		{MSG1 "\r\n\r\n" MSG2 "\r\n", 999, "1i2o"},
		{"\r\n\r\n\r\n\r\n", 9, "ii"},
		{"\r\n\r\n\r\n", 9, "io"},
		/* cut in the middle: the second half makes it a ping */
		{"\r\n\r\n", 2, "oi"},
		{"\r\n\r\n", 1, "oi"},
		{"\r\n\r\n", 3, "oi"},
		{"\r", 1, ""},
		/* what follows a half must be one to count */
		{"\r\n" MSG1 "\r\n", 2, "o1o"},
	};
	char out[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		run(tab[i].text, tab[i].step, out);
		/* "\r\n\r" in one piece waits for its end */
		if (tab[i].step == 3)
			assert_string_equal(out, "i");
		else
			assert_string_equal(out, tab[i].want);
	}
}

static void large_test(void **state)
{
	static const char head[] = "OPTIONS sip:a SIP/2.0\r\nl: 0\r\n";
	char *text = malloc(SIP_MSG_MAX + 64);
	struct sip_framer f = {0};
	size_t len;

	(void)state;
	memset(text, 'x', SIP_MSG_MAX + 64);
	memcpy(text, head, strlen(head));
	/* headers without an end, in small pieces */
	for (size_t n = 1; n <= SIP_MSG_MAX; n += 97)
		assert_int_equal(sip_framer_next(&f, slice_mem(text, n), &len), SIP_FRAME_MORE);
	assert_int_equal(sip_framer_next(&f, slice_mem(text, SIP_MSG_MAX + 1), &len), SIP_FRAME_TOO_LARGE);
	/* the largest that is allowed */
	memcpy(text + SIP_MSG_MAX - 6, ":\n\r\n", 4);
	f = (struct sip_framer){0};
	assert_int_equal(sip_framer_next(&f, slice_mem(text, SIP_MSG_MAX), &len), SIP_FRAME_MSG);
	assert_int_equal(len, SIP_MSG_MAX - 2);
	/* the end comes too late */
	memcpy(text + SIP_MSG_MAX - 6, "xxxx", 4);
	memcpy(text + SIP_MSG_MAX, "\r\n\r\n", 4);
	f = (struct sip_framer){0};
	assert_int_equal(sip_framer_next(&f, slice_mem(text, SIP_MSG_MAX + 4), &len), SIP_FRAME_TOO_LARGE);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts_test),
		cmocka_unit_test(keepalive_test),
		cmocka_unit_test(large_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
