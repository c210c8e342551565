/*
 * dialog_test.c - route sets, strict routers, target refresh, and the address that requests go to when the peer is
 * behind a NAT or on a stream (RFC 3261 12.1, 12.2.1.1, 16.12.1.1; RFC 3581; RFC 5626).
 */
#include "base/inspect.h"
#include "inv_fix.h"

#define TEST(name) cmocka_unit_test_setup_teardown(name, fix_open, fix_close)

/** A call from a to the typed peer, answered with these lines; the session is up. */
static const struct sip_msg *connect_raw(struct fix *f, const char *extra, bool follow)
{
	struct sip_inv_call c = call_of(&f->raw.addr, "offer");
	const struct sip_msg *inv;

	c.uri = SLICE("sip:raw@example.org");
	c.follow_dest = follow;
	assert_int_equal(sip_inv_connect(&f->a.inv, f->a.sip, &c, &party_ops, &f->a), 0);
	run(f, 10);
	inv = raw_request(f, SIP_INVITE, 0);
	assert_non_null(inv);
	raw_reply(f, inv, "200 OK", "t1", extra, "answer");
	run(f, 10);
	assert_log(&f->a, "answered:200=answer");
	return inv;
}

static void route_set_of_caller(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *ack, *bye;

	/* the first route is reached at the peer's own address */
	connect_raw(f,
		    "Record-Route: <sip:10.0.0.7;lr>, \"last\" <sip:p@10.0.0.8:5070;lr;x=y>;z=1\r\nRecord-Route: "
		    "<sip:10.0.0.9;lr>\r\n"
		    "Contact: <sip:far@10.5.5.5>\r\n",
		    false);
	ack = raw_request(f, SIP_ACK, 0);
	assert_non_null(ack);
	assert_true(slice_eqs(ack->ruri, "sip:far@10.5.5.5"));
	assert_true(slice_eqs(sip_msg_val(ack, SIP_HDR_ROUTE),
			      "<sip:10.0.0.9;lr>,<sip:p@10.0.0.8:5070;lr;x=y>,<sip:10.0.0.7;lr>"));
	sip_inv_hangup(f->a.inv, 0, SLICE_NULL);
	run(f, 10);
	bye = raw_request(f, SIP_BYE, 0);
	assert_non_null(bye);
	assert_true(slice_eq(sip_msg_val(bye, SIP_HDR_ROUTE), sip_msg_val(ack, SIP_HDR_ROUTE)));
	assert_true(slice_eqs(bye->to.tag, "t1"));
	assert_true(slice_eqs(bye->to.auri, "sip:raw@example.org"));
}

static void strict_router(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *ack;

	connect_raw(f, "Record-Route: <sip:10.0.0.7;lr>, <sip:10.0.0.9>\r\nContact: <sip:far@10.5.5.5>\r\n", false);
	ack = raw_request(f, SIP_ACK, 0);
	assert_non_null(ack);
	assert_true(slice_eqs(ack->ruri, "sip:10.0.0.9"));
	assert_true(slice_eqs(sip_msg_val(ack, SIP_HDR_ROUTE), "<sip:10.0.0.7;lr>,<sip:far@10.5.5.5>"));
}

static void lone_strict_router(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *ack;

	connect_raw(f, "Record-Route: <sip:10.0.0.9>\r\nContact: <sip:far@10.5.5.5>\r\n", false);
	ack = raw_request(f, SIP_ACK, 0);
	assert_non_null(ack);
	assert_true(slice_eqs(ack->ruri, "sip:10.0.0.9"));
	assert_true(slice_eqs(sip_msg_val(ack, SIP_HDR_ROUTE), "<sip:far@10.5.5.5>"));
}

/* ---- where requests of a caller go ---- */

struct target {
	const char *contact;
	bool follow;
	const char *dest; /**< address used afterwards */
	const char *ruri;
};

static void check_target(const struct target *t)
{
	char extra[200], txt[SA_STRLEN];
	struct fix *f;
	void *st;

	(void)fix_open(&st);
	f = st;
	(void)snprintf(extra, sizeof(extra), "%s%s%s", t->contact ? "Contact: " : "", t->contact ? t->contact : "",
		       t->contact ? "\r\n" : "");
	connect_raw(f, extra, t->follow);
	assert_string_equal(sa_str(&sip_inv_dest(f->a.inv)->addr, txt), t->dest);
	if (!strcmp(t->dest, "10.0.0.9:5060")) {
		sip_inv_hangup(f->a.inv, 0, SLICE_NULL);
		run(f, 10);
		assert_non_null(raw_request(f, SIP_BYE, 0));
		assert_true(slice_eqs(raw_request(f, SIP_BYE, 0)->ruri, t->ruri));
	}
	(void)fix_close(&st);
}

static void caller_targets(void **state)
{
	static const struct target v[] = {
		{"<sip:x@10.0.0.9>", false, "10.0.0.9:5060", "sip:x@10.0.0.9"},
		{"<sip:x@10.0.0.9:5066>", false, "10.0.0.9:5066", NULL},
		{"<sip:x@10.3.3.3:5077>", false, "10.3.3.3:5077", NULL}, /* a proxy that went out of the way */
		{"<sip:x@10.3.3.3:5077>", true, "10.0.0.9:5060", "sip:x@10.3.3.3:5077"}, /* registered behind a NAT */
		{"<sip:x@phone.invalid>", false, "10.0.0.9:5060", "sip:x@phone.invalid"},
		{"sip:x@10.0.0.9", false, "10.0.0.9:5060", "sip:x@10.0.0.9"},
		{"<tel:+123>", false, "10.0.0.9:5060", "tel:+123"},
		{NULL, false, "10.0.0.9:5060", "sip:raw@example.org"},
		{"*", false, "10.0.0.9:5060", "sip:raw@example.org"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		check_target(&v[i]);
}

/* ---- where requests of a callee go ---- */

static void check_callee(const char *extra, const char *dest)
{
	char txt[SA_STRLEN];
	struct fix *f;
	void *st;

	(void)fix_open(&st);
	f = st;
	raw_send(f, &f->b.addr,
		 "INVITE sip:b@10.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP "
		 "192.168.7.7;rport;branch=z9hG4bKinv\r\nMax-Forwards: 70\r\n"
		 "From: <sip:raw@10.0.0.9>;tag=rt\r\nTo: <sip:b@10.0.0.2>\r\nCall-ID: rawcall\r\nCSeq: 10 INVITE\r\n%s"
		 "Content-Length: 1\r\n\r\nx",
		 extra);
	run(f, 100);
	assert_non_null(f->b.inv);
	assert_string_equal(sa_str(&sip_inv_dest(f->b.inv)->addr, txt), dest);
	(void)fix_close(&st);
}

static void callee_targets(void **state)
{
	(void)state;
	check_callee("Contact: <sip:x@10.0.0.9>\r\n", "10.0.0.9:5060");
	check_callee("Contact: <sip:x@10.0.0.9:5088>\r\n", "10.0.0.9:5088");
	check_callee("Contact: <sip:x@192.168.7.7:5088>\r\n", "10.0.0.9:5060");
	check_callee("Contact: <sip:x@phone.invalid>\r\n", "10.0.0.9:5060");
	check_callee("Record-Route: <sip:10.0.0.3:5099;lr>\r\nContact: <sip:x@192.168.7.7>\r\n", "10.0.0.3:5099");
	check_callee("Record-Route: <sip:proxy.invalid;lr>\r\nContact: <sip:x@192.168.7.7>\r\n", "10.0.0.9:5060");
}

/* ---- target refresh ---- */

static void target_refreshed_by_reinvite(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = connect_raw(f, "Contact: <sip:one@10.0.0.9>\r\n", false);

	raw_send(f, &f->a.addr,
		 "INVITE sip:a@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKre\r\nMax-Forwards: 70\r\n"
		 "From: <sip:raw@example.org>;tag=t1\r\nTo: <sip:a@example.org>;tag=%.*s\r\nCall-ID: %.*s\r\nCSeq: 7 "
		 "INVITE\r\n"
		 "Contact: <sip:two@10.0.0.9>\r\nContent-Length: 1\r\n\r\nx",
		 SLICE_FMT(inv->from.tag), SLICE_FMT(inv->callid));
	run(f, 100);
	sip_inv_hangup(f->a.inv, 0, SLICE_NULL);
	run(f, 100);
	assert_non_null(raw_request(f, SIP_BYE, 0));
	assert_true(slice_eqs(raw_request(f, SIP_BYE, 0)->ruri, "sip:two@10.0.0.9"));
}

static void target_refreshed_by_answer(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = connect_raw(f, "Contact: <sip:one@10.0.0.9>\r\nRecord-Route: <sip:10.0.0.9;lr>\r\n",
						false);
	const struct sip_msg *re = NULL, *ack = NULL;

	assert_int_equal(sip_inv_reinvite(f->a.inv, SLICE_NULL, SLICE("application/sdp"), SLICE("x")), 0);
	run(f, 10);
	re = raw_request(f, SIP_INVITE, 1);
	assert_non_null(re);
	assert_int_equal(re->cseq.num, inv->cseq.num + 1);
	assert_true(slice_eqs(re->ruri, "sip:one@10.0.0.9"));
	/* the route set does not change in a dialog (12.2.1.2) */
	raw_reply(f, re, "200 OK", NULL, "Contact: <sip:three@10.0.0.9>\r\nRecord-Route: <sip:10.0.0.55;lr>\r\n", "y");
	run(f, 10);
	ack = raw_request(f, SIP_ACK, 1);
	assert_non_null(ack);
	assert_true(slice_eqs(ack->ruri, "sip:three@10.0.0.9"));
	assert_true(slice_eqs(sip_msg_val(ack, SIP_HDR_ROUTE), "<sip:10.0.0.9;lr>"));
}

/* A phone behind a NAT got another port: its next re-INVITE tells, and only that. */
static void nat_mapping_changes(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = connect_raw(f, "Contact: <sip:one@192.168.1.1>\r\n", true);
	struct sa other = at("10.0.0.9:6000");
	char msg[1000], txt[SA_STRLEN];
	int n;

	for (int i = 0; i < 2; i++) {
		n = snprintf(
			msg, sizeof(msg),
			"%s sip:a@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.168.1.1;rport;branch=z9hG4bKn%d\r\n"
			"Max-Forwards: 70\r\nFrom: <sip:raw@example.org>;tag=t1\r\nTo: <sip:a@example.org>;tag=%.*s\r\n"
			"Call-ID: %.*s\r\nCSeq: %d %s\r\nContact: <sip:one@192.168.1.1>\r\nContent-Length: 1\r\n\r\nx",
			i ? "INVITE" : "INFO", i, SLICE_FMT(inv->from.tag), SLICE_FMT(inv->callid), 7 + i,
			i ? "INVITE" : "INFO");
		assert_int_equal(vnet_inject(f->net, &other, &f->a.addr, slice_mem(msg, (size_t)n)), 0);
		run(f, 10);
		assert_string_equal(sa_str(&sip_inv_dest(f->a.inv)->addr, txt), i ? "10.0.0.9:6000" : "10.0.0.9:5060");
	}
}

static void broken_record_route(void **state)
{
	struct fix *f = *state;
	struct sip_inv_call c = call_of(&f->raw.addr, "offer");

	assert_int_equal(sip_inv_connect(&f->a.inv, f->a.sip, &c, &party_ops, &f->a), 0);
	run(f, 10);
	raw_reply(f, raw_request(f, SIP_INVITE, 0), "200 OK", "t1",
		  "Record-Route: <<<\r\nContact: <sip:x@10.0.0.9>\r\n", "answer");
	run(f, 100);
	assert_non_null(strstr(f->a.log, "closed:"));
	assert_int_equal(sip_inv_state(f->a.inv), SIP_INV_CLOSED);
}

/* ---- streams ---- */

static void over_tcp(void **state)
{
	struct fix *f = *state;
	struct sip_inv_call c = call_of(&f->b.addr, "offer");
	struct sip_stats st;

	c.dest.tp = SIP_TRANSP_TCP;
	assert_int_equal(sip_inv_connect(&f->a.inv, f->a.sip, &c, &party_ops, &f->a), 0);
	run(f, 1000);
	assert_log(&f->a, "progress:180 answered:200=sdp-b");
	assert_log(&f->b, "invite=offer acked");
	assert_int_equal(sip_inv_dest(f->b.inv)->tp, SIP_TRANSP_TCP);
	assert_true(sip_inv_dest(f->b.inv)->flow != 0);
	assert_int_equal(sip_inv_reinvite(f->b.inv, SLICE_NULL, SLICE("application/sdp"), SLICE("hold")), 0);
	run(f, 1000);
	assert_log(&f->a, "reoffer=hold acked");
	assert_log(&f->b, "reanswered:200=sdp-a");
	/* all of it by one connection */
	sip_stats(f->b.sip, &st);
	assert_int_equal(st.conns, 1);
	sip_inv_hangup(f->b.inv, 0, SLICE_NULL);
	run(f, 1000);
	assert_log(&f->a, "closed:0:200");
	assert_log(&f->b, "closed:0:0");
}

/* ---- looking in ---- */

static void dump(void **state)
{
	struct fix *f = *state;
	struct buf b;

	connect_raw(f, "Contact: <sip:far@10.0.0.9>\r\nRecord-Route: <sip:10.0.0.9;lr>\r\n", false);
	buf_init(&b);
	assert_int_equal(inspect_run(SLICE("sip.dialogs"), &b), 0);
	buf_char(&b, 0);
	assert_int_equal(buf_err(&b), 0);
	assert_non_null(strstr(b.p, "caller"));
	assert_non_null(strstr(b.p, "<sip:far@10.0.0.9>"));
	assert_non_null(strstr(b.p, "UDP 10.0.0.9:5060"));
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(route_set_of_caller),
		TEST(strict_router),
		TEST(lone_strict_router),
		cmocka_unit_test(caller_targets),
		cmocka_unit_test(callee_targets),
		TEST(target_refreshed_by_reinvite),
		TEST(target_refreshed_by_answer),
		TEST(nat_mapping_changes),
		TEST(broken_record_route),
		TEST(over_tcp),
		TEST(dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
