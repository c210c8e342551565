/*
 * cdr_test.c - the JSON part of a call record: what it says, numbers, and texts that could spoil it.
 */
#include "pbx_fixture.h"

static json_t *detail(const struct call_record *r)
{
	json_error_t e;
	struct buf b;
	json_t *o;

	buf_init(&b);
	cdr_detail(&b, r);
	assert_int_equal(buf_err(&b), 0);
	o = json_loadb(b.p, b.l, JSON_REJECT_DUPLICATES, &e);
	if (!o)
		fail_msg("%s in %.*s", e.text, (int)b.l, b.p);
	buf_free(&b);
	return o;
}

static void whole(void **st)
{
	static struct call_record r = {
		.from_name = "Front desk",
		.duration_ms = 61002,
		.talk_ms = 4294967295U,
		.ended_by = "caller",
		.nlegs = 2,
		.leg = {{.number = "100",
			 .name = "A",
			 .device = "127.0.0.1",
			 .callid = "x@y",
			 .code = 200,
			 .start_ms = 1767225600000,
			 .answer_ms = 1767225600100,
			 .end_ms = 1767225661000,
			 .codec = "PCMA",
			 .has_q = true,
			 .q = {.rx_packets = 3000,
			       .tx_packets = 2999,
			       .rx_lost = 12,
			       .rx_jitter_us = 7005,
			       .rtt_us = 40,
			       .mos_x100 = 405}},
			{.number = "101", .outgoing = true, .code = 487}},
	};
	json_t *o = detail(&r), *want;

	(void)st;
	want = json_pack("{s:s, s:I, s:I, s:s, s:[{s:s, s:s, s:s, s:b, s:s, s:i, s:I, s:I, s:I, s:s, s:{s:i, s:i, s:i, "
			 "s:f, s:f, s:f}},"
			 "{s:s, s:s, s:s, s:b, s:s, s:i, s:i, s:i, s:i, s:s}]}",
			 "from_name", "Front desk", "duration_ms", (json_int_t)61002, "talk_ms", (json_int_t)4294967295,
			 "ended_by", "caller", "legs", "number", "100", "name", "A", "device", "127.0.0.1", "outgoing",
			 0, "call_id", "x@y", "code", 200, "start_ms", (json_int_t)1767225600000, "answer_ms",
			 (json_int_t)1767225600100, "end_ms", (json_int_t)1767225661000, "codec", "PCMA", "quality",
			 "received", 3000, "sent", 2999, "lost", 12, "jitter_ms", 7.005, "rtt_ms", 0.04, "mos", 4.05,
			 "number", "101", "name", "", "device", "", "outgoing", 1, "call_id", "", "code", 487,
			 "start_ms", 0, "answer_ms", 0, "end_ms", 0, "codec", "");
	assert_non_null(want);
	assert_true(json_equal(o, want));
	json_decref(want);
	json_decref(o);
}

static void texts(void **st)
{
	/* a name and how it must come back */
	static const char *const tab[][2] = {
		{"", ""},
		{"J\xc3\xb6rg \xe2\x82\xac \xf0\x9f\x93\x9e", "J\xc3\xb6rg \xe2\x82\xac \xf0\x9f\x93\x9e"},
		{"a\"b\\c/d", "a\"b\\c/d"},
		{"\x01\t\n\x1f\x7f", "\x01\t\n\x1f\x7f"},
		{"\xff", "\xef\xbf\xbd"},
		{"a\xc3", "a\xef\xbf\xbd"},                               /* cut */
		{"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},                 /* longer than it need be */
		{"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* half a pair of UTF-16 */
		{"\xe2\x82z", "\xef\xbf\xbd\xef\xbf\xbdz"},
		{"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	};
	static struct call_record r;

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		json_t *o;

		strcpy(r.from_name, tab[i][0]);
		o = detail(&r);
		assert_string_equal(json_string_value(json_object_get(o, "from_name")), tab[i][1]);
		json_decref(o);
	}
}

/* The longest record there can be fits the buffer that cdr_record() has for it. */
static void longest(void **st)
{
	static struct call_record r;
	struct leg_record *l = &r.leg[0];
	struct buf b;

	(void)st;
	memset(r.from_name, 1, sizeof(r.from_name) - 1);
	memset(r.ended_by, 1, sizeof(r.ended_by) - 1);
	memset(l->number, 1, sizeof(l->number) - 1);
	memset(l->name, 1, sizeof(l->name) - 1);
	memset(l->device, 1, sizeof(l->device) - 1);
	memset(l->callid, 1, sizeof(l->callid) - 1);
	memset(l->codec, 1, sizeof(l->codec) - 1);
	l->start_ms = l->answer_ms = l->end_ms = INT64_MAX;
	l->has_q = true;
	l->q = (struct mstream_stats){.rx_packets = UINT64_MAX,
				      .tx_packets = UINT64_MAX,
				      .rx_lost = UINT64_MAX,
				      .rx_jitter_us = UINT32_MAX,
				      .rtt_us = UINT32_MAX,
				      .mos_x100 = UINT16_MAX};
	for (r.nlegs = 1; r.nlegs < RECORD_LEGS; r.nlegs++)
		r.leg[r.nlegs] = *l;
	buf_init(&b);
	cdr_detail(&b, &r);
	assert_int_equal(buf_err(&b), 0);
	assert_true(b.l < 64 << 10);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(whole), cmocka_unit_test(texts), cmocka_unit_test(longest)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
