/*
 * capture_test.c - one call in detail over the API: messages and file from the ring, one record, calls by the hour.
 */
#include "fix.h"
#include "pbx/capture.h"

#define ID "c7k2m9ab12cd34ef56gh"

static void record(struct fix *f)
{
	struct cdr_row row = {
		.id = SLICE(ID),
		.from = SLICE("100"),
		.to = SLICE("101"),
		.outcome = SLICE("answered"),
		.start_ms = loop_wall_ms(f->loop),
		.answer_ms = loop_wall_ms(f->loop),
		.end_ms = loop_wall_ms(f->loop) + 20000,
		.talk_ms = 20000,
		.detail = SLICE(
			"{\"legs\":[{\"number\":\"100\",\"device\":\"Phone\",\"call_id\":\"one@x\",\"outgoing\":false,"
			"\"quality\":{\"mos\":4.2},\"series\":{\"n\":3}},"
			"{\"number\":\"101\",\"call_id\":\"two@x\",\"outgoing\":true}]}"),
	};

	store_cdr(f->store, &row, true);
}

static void tell(struct fix *f, bool out, uint8_t transp, const char *text)
{
	struct sa local, peer;

	assert_int_equal(sa_set(&local, SLICE("10.0.0.1"), 5060), 0);
	assert_int_equal(sa_set(&peer, SLICE("2001:db8::9"), 5062), 0);
	trace_tell(pbx_trace(f->pbx), &(struct trace_note){.kind = TRACE_SIP,
							   .out = out,
							   .transp = transp,
							   .us = loop_now_us(f->loop) + 1500,
							   .local = &local,
							   .peer = &peer,
							   .data = slice_str(text)});
}

static void nothing(void **state)
{
	struct fix *f = *state;

	assert_int_equal(ask(f, "GET", "/api/v1/calls/" ID "/messages", NULL), 409);
	AT(f, "error.message", "Nothing is captured: the server was started with --capture-mb 0.");
	assert_int_equal(ask(f, "GET", "/api/v1/calls/" ID "/pcap", NULL), 409);
	assert_int_equal(pbx_capture(f->pbx, 0), 0);
	assert_null(pbx_trace(f->pbx));
	assert_int_equal(pbx_capture(f->pbx, 1), 0);
	assert_int_equal(ask(f, "GET", "/api/v1/calls/" ID "/messages", NULL), 404);
	assert_int_equal(ask(f, "GET", "/api/v1/calls/" ID "/pcap", NULL), 404);
	assert_int_equal(ask(f, "GET", "/api/v1/calls/" ID "/quality", NULL), 404);
	assert_int_equal(ask(f, "GET", "/api/v1/calls/" ID ID ID "/messages", NULL), 404);
	assert_int_equal(ask(f, "GET", "/api/v1/calls/" ID ID ID "/quality", NULL), 404);
	assert_int_equal(ask(f, "GET", "/api/v1/cdr/" ID, NULL), 404);
	AT(f, "error.code", "not_found");
}

static void messages(void **state)
{
	struct fix *f = *state;

	assert_int_equal(pbx_capture(f->pbx, 1), 0);
	record(f);
	tell(f, false, 0,
	     "INVITE sip:101@x SIP/2.0\r\nCall-ID: one@x\r\nCSeq: 1 INVITE\r\nFrom: \"\xff<b>\" <sip:100@x>\r\n"
	     "Content-Type: application/sdp\r\n\r\nv=0\r\n");
	tell(f, true, 2, "INVITE sip:101@y SIP/2.0\r\nCall-ID: two@x\r\nCSeq: 1 INVITE\r\n\r\n");
	tell(f, true, 0, "INVITE sip:102@y SIP/2.0\r\nCall-ID: other@x\r\nCSeq: 1 INVITE\r\n\r\n");
	assert_int_equal(ask(f, "GET", "/api/v1/calls/" ID "/messages", NULL), 200);
	AT(f, "legs.0",
	   "{\"leg\":0,\"number\":\"100\",\"device\":\"Phone\",\"call_id\":\"one@x\",\"outgoing\":false,"
	   "\"peer\":\"[2001:db8::9]:5062\"}");
	AT(f, "legs.1.number", "101");
	AT(f, "messages.0.summary", "INVITE sip:101@x");
	AT(f, "messages.0.body", "application/sdp");
	AT(f, "messages.0.direction", "in");
	AT(f, "messages.0.from_addr", "[2001:db8::9]:5062");
	AT(f, "messages.0.to_addr", "10.0.0.1:5060");
	AT(f, "messages.0.transport", "udp");
	AT(f, "messages.0.us", "500");
	assert_non_null(strstr(at(f, "messages.0.text"), "\"\xef\xbf\xbd<b>\""));
	AT(f, "messages.1.leg", "1");
	AT(f, "messages.1.transport", "tls");
	AT(f, "messages.1.body", "");
	AT(f, "messages.1.from_addr", "10.0.0.1:5060");
	AT(f, "messages.2", "(none)");
	AT(f, "dropped", "false");
	assert_int_equal(ask(f, "GET", "/api/v1/calls/" ID "/pcap", NULL), 200);
	assert_string_equal(f->ctype, "application/vnd.tcpdump.pcap");
	assert_string_equal(header(f, "Content-Disposition"), "attachment; filename=\"" ID ".pcapng\"");
	/* a person without a right to it */
	struct principal user;
	principal_control(&user);
	user.control = false;
	user.role = ROLE_READONLY;
	user.session = SLICE("x");
	f->who = &user;
	assert_int_equal(ask(f, "GET", "/api/v1/calls/" ID "/messages", NULL), 403);
	assert_int_equal(ask(f, "GET", "/api/v1/calls/" ID "/pcap", NULL), 403);
	assert_int_equal(ask(f, "GET", "/api/v1/calls/" ID "/quality", NULL), 200);
	f->who = NULL;
}

static void record_and_quality(void **state)
{
	struct fix *f = *state;

	record(f);
	assert_int_equal(ask(f, "GET", "/api/v1/cdr/" ID, NULL), 200);
	AT(f, "id", ID);
	AT(f, "legs.0.series.n", "3");
	assert_int_equal(ask(f, "GET", "/api/v1/calls/" ID "/quality", NULL), 200);
	AT(f, "live", "false");
	assert_int_equal(strncmp(at(f, "legs.0.mos"), "4.2", 3), 0);
	AT(f, "legs.0.series.n", "3");
	AT(f, "legs.1.number", "101");
	AT(f, "legs.1.series", "(none)");
}

static void hours(void **state)
{
	static const char *const wrong[] = {"since=2026-01-01&until=2026-02-02",
					    "by=hour",
					    "since=x",
					    "until=yesterday",
					    "since=-5&until=0",
					    "limit=5"};
	struct fix *f = *state;

	record(f);
	assert_int_equal(ask(f, "GET", "/api/v1/stats/hours", NULL), 200);
	/* an hour that has not begun a millisecond ago is not among them */
	vnet_run(f->net, 10);
	assert_int_equal(ask(f, "GET", "/api/v1/stats/hours", NULL), 200);
	assert_int_equal(items(f), 1);
	AT(f, "items.0.calls", "1");
	AT(f, "items.0.talk_ms", "20000");
	AT(f, "items.0.trunk", "(none)");
	AT(f, "filling", "false");
	assert_int_equal(ask(f, "GET", "/api/v1/stats/hours?by=trunk", NULL), 200);
	AT(f, "items.0.trunk", "");
	assert_int_equal(ask(f, "GET", "/api/v1/stats/hours?trunk=none", NULL), 200);
	assert_int_equal(items(f), 0);
	assert_int_equal(ask(f, "GET", "/api/v1/stats/hours?since=2026-01-01&until=2026-02-01", NULL), 200);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		char url[100];

		snprintf(url, sizeof(url), "/api/v1/stats/hours?%s", wrong[i]);
		if (ask(f, "GET", url, NULL) != 400)
			fail_msg("%s: %u", wrong[i], f->status);
	}
}

static void memory_is_out(void **state)
{
	struct fix *f = *state;
	bool failed = true;

	assert_int_equal(pbx_capture(f->pbx, 1), 0);
	record(f);
	tell(f, false, 0, "INVITE sip:101@x SIP/2.0\r\nCall-ID: one@x\r\nCSeq: 1 INVITE\r\n\r\n");
	vnet_run(f->net, 2000);
	for (long n = 0; failed && n < 300; n++) {
		static const char *const what[] = {"messages", "pcap", "quality"};

		failed = false;
		for (size_t i = 0; i < ARRAY_LEN(what); i++) {
			char url[100];

			snprintf(url, sizeof(url), "/api/v1/calls/" ID "/%s", what[i]);
			mem_fail_at(n);
			unsigned status = ask(f, "GET", url, NULL);
			bool hit = mem_fail_off() > n;
			failed |= hit;
			assert_true(status == 200 || (hit && status >= 500));
		}
	}
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, fix_setup, fix_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(nothing), T(messages), T(record_and_quality), T(hours), T(memory_is_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
