/*
 * transp_test.c - transports: framing at every split, keep-alives, sizes, slow and idle streams, limits, flows and
 * their reuse, streams of another carrier, and destinations.
 */
#include "fix.h"
#include "sip/transp.h"

#define TCPVIA "SIP/2.0/TCP 10.0.0.2:5060"

static const char *opts(const char *branch)
{
	return REQ("OPTIONS", .uri = "sip:10.0.0.1", .via = TCPVIA, .branch = branch, .callid = branch);
}

/* ---- framing ---- */

static void message_split_at_every_position(void **state)
{
	struct fix f;
	char txt[2048];
	size_t l;

	(void)state;
	fix_open(&f);
	peer_connect(&f.a);
	l = (size_t)snprintf(txt, sizeof(txt), "%s",
			     REQ("OPTIONS", .uri = "sip:10.0.0.1", .via = TCPVIA, .body = "v=0\r\n\r\nx",
				 .hdrs = "Content-Type: a/b\r\n"));
	for (size_t i = 1; i < l; i++) {
		peer_stream_mem(&f.a, txt, i);
		fix_run(&f, 1);
		peer_stream_mem(&f.a, txt + i, l - i);
		fix_run(&f, 1);
		assert_int_equal(f.a.n, 1);
		assert_code(&f.a, 200);
		peer_forget(&f.a);
	}
	/* a byte at a time */
	for (size_t i = 0; i < l; i++)
		peer_stream_mem(&f.a, txt + i, 1);
	assert_int_equal(f.a.n, 1);
	fix_close(&f);
}

/* The address is free for others, or for us again; who is connected does not notice. */
static void a_listener_ends_and_streams_stay(void **state)
{
	struct fix f;
	struct sa at;

	(void)state;
	fix_open(&f);
	peer_connect(&f.a);
	assert_int_equal(sa_set(&at, SLICE("10.0.0.1"), 5060), 0);
	assert_int_equal(sip_unlisten(f.sip, SIP_TRANSP_TCP, &at), 0);
	assert_int_equal(sip_unlisten(f.sip, SIP_TRANSP_TCP, &at), ENOENT);
	const char *txt = opts("z9hG4bKstay");
	peer_stream_mem(&f.a, txt, strlen(txt));
	fix_run(&f, 1);
	assert_code(&f.a, 200);
	assert_int_equal(sip_unlisten(f.sip, SIP_TRANSP_UDP, &at), 0);
	assert_int_equal(sip_listen(f.sip, SIP_TRANSP_UDP, &at), 0);
	assert_int_equal(sip_listen(f.sip, SIP_TRANSP_TCP, &at), 0);
	fix_close(&f);
}

static void many_messages_in_one_piece(void **state)
{
	struct fix f;
	char txt[8192] = "";
	size_t half, answers = 0;

	(void)state;
	fix_open(&f);
	peer_connect(&f.a);
	for (int i = 0; i < 10; i++) {
		char branch[16];

		snprintf(branch, sizeof(branch), "z9hG4bK%d", i);
		strcat(txt, opts(branch));
		if (i == 4)
			strcat(txt, "\r\n\r\n");
	}
	half = strlen(txt) / 2 + 7;
	peer_stream_mem(&f.a, txt, half);
	peer_stream(&f.a, txt + half);
	for (size_t i = 0; i < f.a.n; i++)
		for (const char *p = f.a.v[i].txt; (p = strstr(p, "SIP/2.0 200")); p++)
			answers++;
	assert_int_equal(answers, 10);
	fix_close(&f);
}

static void keep_alive_is_answered(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	peer_connect(&f.a);
	peer_stream(&f.a, "\r\n\r\n");
	assert_int_equal(f.a.n, 1);
	assert_string_equal(f.a.v[0].txt, "\r\n");
	/* in two pieces */
	peer_stream(&f.a, "\r\n");
	fix_run(&f, 1);
	peer_stream(&f.a, "\r\n");
	assert_int_equal(f.a.n, 2);
	/* before a message */
	peer_stream(&f.a, "\r\n\r\n");
	peer_stream(&f.a, opts("z9hG4bKa"));
	assert_int_equal(f.a.n, 4);
	assert_code(&f.a, 200);
	assert_false(f.a.closed);
	fix_close(&f);
}

static void udp_keep_alive_is_no_message(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	peer_say(&f.a, "\r\n\r\n");
	peer_say(&f.a, "\r\n");
	assert_int_equal(f.a.n, 0);
	assert_int_equal(f.sip->st.rx, 0);
	fix_close(&f);
}

/* ---- sizes ---- */

static void too_large_gets_513_and_closes(void **state)
{
	struct fix f;
	char txt[2048], *p;

	(void)state;
	fix_open(&f);
	peer_connect(&f.a);
	snprintf(txt, sizeof(txt), "%s", opts("z9hG4bKa"));
	p = strstr(txt, "Content-Length: 0");
	strcpy(p, "Content-Length: 65536\r\n\r\n");
	peer_stream(&f.a, txt);
	fix_run(&f, 10);
	assert_int_equal(f.a.n, 1);
	assert_code(&f.a, 513);
	assert_true(f.a.closed);
	assert_int_equal(f.sip->streams.n, 0);
	assert_int_equal(f.flows_closed, 1);
	fix_close(&f);
}

static void endless_headers_close(void **state)
{
	struct fix f;
	char line[1024];

	(void)state;
	fix_open(&f);
	peer_connect(&f.a);
	peer_stream(&f.a, "INVITE sip:x SIP/2.0\r\n");
	memset(line, 'a', sizeof(line) - 1);
	line[1] = ':';
	line[sizeof(line) - 2] = '\n';
	line[sizeof(line) - 1] = 0;
	for (int i = 0; i < 70 && !f.a.closed; i++)
		peer_stream(&f.a, line);
	fix_run(&f, 10);
	assert_true(f.a.closed);
	assert_int_equal(f.a.n, 0);
	fix_close(&f);
}

static void without_content_length_gets_400_and_closes(void **state)
{
	struct fix f;
	char txt[2048], *p;

	(void)state;
	fix_open(&f);
	peer_connect(&f.a);
	snprintf(txt, sizeof(txt), "%s", opts("z9hG4bKa"));
	p = strstr(txt, "Content-Length: 0");
	strcpy(p, "\r\n");
	peer_stream(&f.a, txt);
	fix_run(&f, 10);
	assert_code(&f.a, 400);
	assert_true(f.a.closed);
	fix_close(&f);
}

static void noise_closes(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	peer_connect(&f.a);
	peer_stream_mem(&f.a, "\x16\x03\x01\x02\x00\x01", 6);
	fix_run(&f, 10);
	assert_true(f.a.closed);
	assert_int_equal(f.a.n, 0);
	fix_close(&f);
}

static void malformed_but_framed_keeps_the_stream(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	peer_connect(&f.a);
	peer_stream(&f.a, REQ("OPTIONS", .uri = "sip:10.0.0.1", .via = TCPVIA, .hdrs = "Max-Forwards: many\r\n"));
	assert_code(&f.a, 400);
	peer_stream(&f.a, opts("z9hG4bKb"));
	assert_code(&f.a, 200);
	assert_false(f.a.closed);
	fix_close(&f);
}

/* ---- time ---- */

static void slow_message_closes_after_30_s(void **state)
{
	struct fix f;
	char txt[2048];

	(void)state;
	fix_open(&f);
	peer_connect(&f.a);
	peer_stream(&f.a, opts("z9hG4bKa"));
	fix_run(&f, 60000);
	assert_false(f.a.closed);
	snprintf(txt, sizeof(txt), "%s", opts("z9hG4bKb"));
	for (int i = 0; i < 29; i++) {
		peer_stream_mem(&f.a, txt + i, 1);
		fix_run(&f, 1000);
	}
	assert_false(f.a.closed);
	fix_run(&f, 1500);
	assert_true(f.a.closed);
	fix_close(&f);
}

static void silent_newcomer_closes_after_30_s(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	peer_connect(&f.a);
	fix_run(&f, 29000);
	assert_false(f.a.closed);
	fix_run(&f, 1500);
	assert_true(f.a.closed);
	fix_close(&f);
}

static void idle_closes_unless_held(void **state)
{
	struct fix f;
	struct sip_cfg cfg = {.tcp_idle_s = 100};

	(void)state;
	fix_open_cfg(&f, &cfg);
	peer_connect(&f.a);
	peer_stream(&f.a, opts("z9hG4bKa"));
	sip_flow_hold(f.sip, 1);
	fix_run(&f, 350000);
	assert_false(f.a.closed);
	sip_flow_release(f.sip, 1);
	fix_run(&f, 201000);
	assert_true(f.a.closed);
	assert_int_equal(f.closed_flow, 1);
	/* a dead flow is nobody's trouble */
	sip_flow_hold(f.sip, 1);
	sip_flow_release(f.sip, 1);
	sip_flow_release(f.sip, 0);
	fix_close(&f);
}

static void traffic_keeps_a_stream(void **state)
{
	struct fix f;
	struct sip_cfg cfg = {.tcp_idle_s = 100};

	(void)state;
	fix_open_cfg(&f, &cfg);
	peer_connect(&f.a);
	for (int i = 0; i < 10; i++) {
		peer_stream(&f.a, "\r\n\r\n");
		fix_run(&f, 90000);
		assert_false(f.a.closed);
	}
	fix_run(&f, 12000);
	assert_true(f.a.closed);
	fix_close(&f);
}

/* ---- limits ---- */

enum { MANY = 1000 };

static void thousand_connections_and_not_one_more(void **state)
{
	struct fix f;
	struct sip_cfg cfg = {.max_conns = MANY};
	struct peer *v = calloc(MANY + 1, sizeof(*v));

	(void)state;
	assert_non_null(v);
	fix_open_cfg(&f, &cfg);
	for (size_t i = 0; i <= MANY; i++) {
		v[i].f = &f;
		assert_int_equal(tcp_connect(&v[i].tcp, f.loop, NULL, &f.addr, 0, &peer_tcp_ops, &v[i]), 0);
	}
	fix_run(&f, 10);
	assert_int_equal(f.sip->streams.n, MANY);
	assert_true(v[MANY].closed);
	for (size_t i = 0; i < MANY; i++) {
		assert_false(v[i].closed);
		peer_stream(&v[i], opts("z9hG4bKa"));
		assert_int_equal(v[i].n, 1);
	}
	/* one goes, one may come */
	v[0].tcp = mem_deref(v[0].tcp);
	fix_run(&f, 10);
	assert_int_equal(f.sip->streams.n, MANY - 1);
	peer_connect(&f.a);
	assert_int_equal(f.sip->streams.n, MANY);
	for (size_t i = 0; i <= MANY; i++)
		peer_close(&v[i]);
	fix_close(&f);
	free(v);
}

static void unwanted_peers_are_not_taken(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	f.refuse = true;
	peer_connect(&f.a);
	fix_run(&f, 10);
	assert_true(f.a.closed);
	assert_int_equal(f.sip->streams.n, 0);
	fix_close(&f);
}

static void a_peer_that_does_not_read_is_cut(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	peer_connect(&f.a);
	tcp_read_pause(f.a.tcp, true);
	for (int i = 0; i < 3000 && f.sip->streams.n; i++) {
		char branch[24];

		snprintf(branch, sizeof(branch), "z9hG4bKx%d", i);
		peer_stream(&f.a, opts(branch));
		fix_run(&f, 1);
	}
	assert_int_equal(f.sip->streams.n, 0);
	fix_close(&f);
}

/* ---- flows ---- */

static void requests_go_by_the_flow_of_a_message(void **state)
{
	struct fix f;
	struct sip_dest d;
	struct sip_request r = {
		.m = SIP_OPTIONS,
		.uri = SLICE("sip:b@10.0.0.2"),
		.hdrs = SLICE("From: <sip:x>;tag=1\r\nTo: <sip:y>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n")};

	(void)state;
	fix_open(&f);
	peer_connect(&f.a);
	peer_stream(&f.a, REQ("REGISTER", .via = TCPVIA));
	sip_dest_from_msg(&d, sip_strans_msg(f.st));
	assert_int_equal(d.tp, SIP_TRANSP_TCP);
	assert_int_equal(d.flow, 1);
	assert_true(sa_eq(&d.local, &f.addr));
	r.dest = d;
	assert_int_equal(sip_request(NULL, f.sip, &r, &fix_ctrans_ops, &f), 0);
	fix_run(&f, 0);
	assert_int_equal(f.a.n, 1);
	assert_has(&f.a.v[0], "OPTIONS sip:b@10.0.0.2");
	assert_has(&f.a.v[0], "Via: SIP/2.0/TCP 10.0.0.1:5060;");
	/* the flow id alone finds it; so does the address alone */
	r.dest.addr = fix_sa("10.0.0.99", 1);
	assert_int_equal(sip_request(NULL, f.sip, &r, &fix_ctrans_ops, &f), 0);
	r.dest = d;
	r.dest.flow = 0;
	assert_int_equal(sip_request(NULL, f.sip, &r, &fix_ctrans_ops, &f), 0);
	r.dest.flow = 77;
	assert_int_equal(sip_request(NULL, f.sip, &r, &fix_ctrans_ops, &f), 0);
	fix_run(&f, 10);
	assert_int_equal(f.sip->streams.n, 1);
	fix_close(&f);
}

static void an_answer_after_the_stream_broke_makes_a_new_one(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	peer_connect(&f.a);
	peer_stream(&f.a, REQ("REGISTER", .via = TCPVIA));
	f.a.tcp = mem_deref(f.a.tcp);
	peer_listen(&f.a);
	fix_run(&f, 10);
	assert_int_equal(f.flows_closed, 1);
	sip_reply_simple(f.st, 200, NULL);
	fix_run(&f, 10);
	assert_int_equal(f.a.n, 1); /* at the port of Via */
	assert_code(&f.a, 200);
	fix_close(&f);
}

/* ---- another carrier ---- */

struct carrier {
	struct rbuf *last;
	size_t sent;
	bool closed;
	int err;
};

static int carrier_send(void *conn, struct rbuf *b)
{
	struct carrier *c = conn;

	if (c->err)
		return c->err;
	mem_deref(c->last);
	c->last = mem_ref(b);
	c->sent++;
	return 0;
}

static void carrier_close(void *conn)
{
	struct carrier *c = conn;

	c->closed = true;
}

static const struct sip_stream_ops carrier_ops = {carrier_send, carrier_close};

static void websocket_frames_are_messages(void **state)
{
	struct fix f;
	struct carrier c = {0};
	struct sip_stream *st;
	struct sip_dest d;
	struct sa peer = fix_sa("10.0.0.7", 40000), addr;
	const char *txt =
		"OPTIONS sip:10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bKw\r\nFrom: <sip:x>;tag=1\r\n"
		"To: <sip:y>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n";

	(void)state;
	fix_open(&f);
	assert_int_equal(sip_stream_add(&st, f.sip, SIP_TRANSP_WS, &f.addr, &peer, true, &carrier_ops, &c), 0);
	sip_stream_recv(st, slice_str(txt));
	assert_int_equal(c.sent, 1);
	assert_true(slice_starts(rbuf_slice(c.last), SLICE("SIP/2.0 200")));
	sip_stream_recv(st, SLICE("\r\n\r\n"));
	assert_int_equal(c.sent, 2);
	assert_true(slice_eqs(rbuf_slice(c.last), "\r\n"));
	d = (struct sip_dest){.tp = SIP_TRANSP_WS, .addr = peer, .flow = sip_stream_flow(st)};
	assert_int_equal(sip_local_for(f.sip, &d, &addr), 0);
	assert_true(sa_eq(&addr, &f.addr));
	/* the carrier breaks: a waiting request fails */
	struct sip_request r = {
		.m = SIP_OPTIONS, .uri = SLICE("sip:x"), .dest = d, .hdrs = SLICE("CSeq: 1 OPTIONS\r\n")};
	assert_int_equal(sip_request(NULL, f.sip, &r, &fix_ctrans_ops, &f), 0);
	assert_int_equal(c.sent, 3);
	sip_stream_closed(st, EPIPE);
	assert_int_equal(f.failed_err, EPIPE);
	assert_int_equal(f.flows_closed, 1);
	assert_false(c.closed);
	mem_deref(c.last);
	fix_close(&f);
}

static void a_carrier_that_cannot_send_is_closed_later(void **state)
{
	struct fix f;
	struct carrier c = {.err = ENOBUFS};
	struct sip_stream *st;
	struct sa peer = fix_sa("10.0.0.7", 40000);

	(void)state;
	fix_open(&f);
	assert_int_equal(sip_stream_add(&st, f.sip, SIP_TRANSP_TLS, &f.addr, &peer, true, &carrier_ops, &c), 0);
	sip_stream_recv(st, slice_str(opts("z9hG4bKa")));
	assert_false(c.closed);
	fix_run(&f, 1);
	assert_true(c.closed);
	assert_int_equal(f.flows_closed, 1);
	fix_close(&f);
}

static void the_stack_closes_foreign_streams_at_its_end(void **state)
{
	struct fix f;
	struct carrier c = {0};
	struct sip_stream *st;
	struct sa peer = fix_sa("10.0.0.7", 40000);

	(void)state;
	fix_open(&f);
	assert_int_equal(sip_stream_add(&st, f.sip, SIP_TRANSP_WSS, &f.addr, &peer, true, &carrier_ops, &c), 0);
	f.sip = mem_deref(f.sip);
	assert_true(c.closed);
	assert_int_equal(f.flows_closed, 0);
	fix_close(&f);
}

/* ---- destinations and names ---- */

static void destination_of_a_uri(void **state)
{
	static const struct {
		const char *uri;
		int err;
		enum sip_transp tp;
		const char *addr;
	} v[] = {
		{"sip:10.1.2.3", 0, SIP_TRANSP_UDP, "10.1.2.3:5060"},
		{"sip:u@10.1.2.3:99;transport=UDP", 0, SIP_TRANSP_UDP, "10.1.2.3:99"},
		{"sip:u@[2001:db8::1];transport=tcp", 0, SIP_TRANSP_TCP, "[2001:db8::1]:5060"},
		{"sip:u@example.com", ENOENT, 0, NULL},
		{"sips:u@10.1.2.3", 0, SIP_TRANSP_TLS, "10.1.2.3:5061"},
		{"sips:u@10.1.2.3;transport=tcp", 0, SIP_TRANSP_TLS, "10.1.2.3:5061"},
		{"sips:u@10.1.2.3;transport=udp", ENOTSUP, 0, NULL},
		{"sip:u@10.1.2.3:99;transport=tls", 0, SIP_TRANSP_TLS, "10.1.2.3:99"},
		{"sip:u@10.1.2.3;transport=sctp", ENOTSUP, 0, NULL},
		{"tel:+1", ENOTSUP, 0, NULL},
	};
	struct fix f;

	(void)state;
	fix_open(&f);
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct sip_uri u;
		struct sip_dest d;
		char txt[SA_STRLEN];

		assert_int_equal(sip_uri_decode(&u, slice_str(v[i].uri)), 0);
		assert_int_equal(sip_dest_from_uri(&d, f.sip, &u), v[i].err);
		if (v[i].err)
			continue;
		assert_int_equal(d.tp, v[i].tp);
		assert_string_equal(sa_str(&d.addr, txt), v[i].addr);
		assert_int_equal(d.flow, 0);
		assert_int_equal(d.sips, v[i].uri[3] == 's');
	}
	fix_close(&f);
}

static void external_address_outside_our_nets(void **state)
{
	struct fix f;
	struct sa ext = fix_sa("198.51.100.9", 0), addr;
	struct sip_dest in = {.tp = SIP_TRANSP_UDP}, out = {.tp = SIP_TRANSP_TCP};
	struct sa_net net;
	struct buf b;
	char txt[SA_STRLEN];

	(void)state;
	fix_open(&f);
	assert_int_equal(sa_net_parse(&net, SLICE("10.0.0.0/8")), 0);
	assert_int_equal(sip_set_local_nets(f.sip, &net, 1), 0);
	sip_set_external(f.sip, &ext);
	in.addr = fix_sa("10.9.9.9", 5060);
	out.addr = fix_sa("203.0.113.5", 5060);
	assert_int_equal(sip_local_for(f.sip, &in, &addr), 0);
	assert_string_equal(sa_str(&addr, txt), "10.0.0.1:5060");
	assert_int_equal(sip_local_for(f.sip, &out, &addr), 0);
	assert_string_equal(sa_str(&addr, txt), "198.51.100.9:5060");
	buf_init(&b);
	assert_int_equal(sip_enc_contact(&b, f.sip, &out, SLICE("100")), 0);
	assert_true(slice_eqs(buf_get(&b), "<sip:100@198.51.100.9:5060;transport=tcp>"));
	buf_reset(&b);
	assert_int_equal(sip_enc_contact(&b, f.sip, &in, SLICE_NULL), 0);
	assert_true(slice_eqs(buf_get(&b), "<sip:10.0.0.1:5060>"));
	buf_free(&b);
	sip_set_external(f.sip, NULL);
	assert_int_equal(sip_local_for(f.sip, &out, &addr), 0);
	assert_string_equal(sa_str(&addr, txt), "10.0.0.1:5060");
	fix_close(&f);
}

static void count_listener(enum sip_transp tp, const struct sa *local, void *arg)
{
	size_t *n = arg;

	(void)local;
	n[tp]++;
}

static void both_families_answer_from_where_they_were_asked(void **state)
{
	struct fix f;
	struct sa any6, any4, p6 = fix_sa("2001:db8::2", 5060), s6 = fix_sa("2001:db8::1", 5070),
			      s4 = fix_sa("10.0.0.50", 5080);
	struct peer p = {0};
	struct udp_opts o = {0};
	size_t n[5] = {0};
	char txt[SA_STRLEN];
	const char *ask = REQ("OPTIONS", .uri = "sip:x", .via = "SIP/2.0/UDP [2001:db8::2]:5060;rport");

	(void)state;
	fix_open(&f);
	sa_any(&any6, AF_INET6, 5070);
	sa_any(&any4, AF_INET, 5080);
	assert_int_equal(sip_listen(f.sip, SIP_TRANSP_UDP, &any6), 0);
	assert_int_equal(sip_listen(f.sip, SIP_TRANSP_UDP, &any4), 0);
	sip_listeners(f.sip, count_listener, n);
	assert_int_equal(n[SIP_TRANSP_UDP], 3);
	assert_int_equal(n[SIP_TRANSP_TCP], 1);
	p.f = &f;
	assert_int_equal(udp_open(&p.udp, f.loop, &p6, &o, peer_udp_h, &p), 0);
	assert_int_equal(udp_send_now(p.udp, &s6, ask, strlen(ask)), 0);
	fix_run(&f, 1);
	assert_int_equal(p.n, 1);
	assert_string_equal(sa_str(&p.v[0].src, txt), "[2001:db8::1]:5070");
	peer_close(&p);
	/* several sockets of one family: the answer leaves by the one that was asked */
	ask = REQ("OPTIONS", .uri = "sip:x");
	assert_int_equal(udp_send_now(f.a.udp, &s4, ask, strlen(ask)), 0);
	fix_run(&f, 1);
	assert_int_equal(f.a.n, 1);
	assert_string_equal(sa_str(&f.a.v[0].src, txt), "10.0.0.50:5080");
	assert_int_equal(sip_listen(f.sip, SIP_TRANSP_UDP, &f.addr), EADDRINUSE);
	assert_int_equal(sip_listen(f.sip, SIP_TRANSP_WS, &f.addr), ENOTSUP);
	fix_close(&f);
}

/* Bound to all addresses: the system is asked which one reaches the peer, and what it said is believed for a while. */
static void sockets_of_all_addresses_find_their_name(void **state)
{
	struct fix f;
	struct sip *s;
	struct sip_cfg cfg = {0};
	struct sa any, addr, any6, peer6 = fix_sa("fe80::2", 5060);
	struct sip_dest d = {.tp = SIP_TRANSP_UDP};
	struct sip_dest link = {.tp = SIP_TRANSP_UDP, .addr = peer6, .local = fix_sa("fe80::1", 5095)};
	char txt[SA_STRLEN];

	(void)state;
	fix_open(&f);
	cfg.loop = f.loop;
	assert_int_equal(sip_alloc(&s, &cfg, NULL, NULL), 0);
	assert_ptr_equal(sip_loop(s), f.loop);
	d.addr = f.a.addr;
	assert_int_equal(sip_local_for(s, &d, &addr), EADDRNOTAVAIL);
	sa_any(&any, AF_INET, 5095);
	sa_any(&any6, AF_INET6, 5095);
	assert_int_equal(sip_listen(s, SIP_TRANSP_UDP, &any), 0);
	assert_int_equal(sip_listen(s, SIP_TRANSP_UDP, &any6), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(sip_local_for(s, &d, &addr), 0);
		assert_string_equal(sa_str(&addr, txt), "10.0.0.1:5095");
		fix_run(&f, 8000);
	}
	/* told where a message came to, nobody is asked */
	d.local = fix_sa("10.0.0.77", 5095);
	assert_int_equal(sip_local_for(s, &d, &addr), 0);
	assert_string_equal(sa_str(&addr, txt), "10.0.0.77:5095");
	/* the scope of a link-local address stays here */
	link.local.u.in6.sin6_scope_id = 1;
	assert_int_equal(sip_local_for(s, &link, &addr), 0);
	assert_string_equal(sa_str(&addr, txt), "[fe80::1]:5095");
	mem_deref(s);
	fix_close(&f);
}

/* Each carrier may begin a message of nearly 64 kB; together they may not fill the memory. */
static void unfinished_messages_are_bounded_together(void **state)
{
	enum { SENDERS = 1200, PART = 60000 };
	struct fix f;
	struct carrier *c = calloc(SENDERS, sizeof(*c));
	char *part = malloc(PART);
	const char *head = "INVITE sip:x SIP/2.0\r\nContent-Length: 65000\r\n\r\n";
	size_t closed = 0;

	(void)state;
	assert_non_null(c);
	assert_non_null(part);
	memset(part, 'x', PART);
	memcpy(part, head, strlen(head));
	fix_open(&f);
	for (size_t i = 0; i < SENDERS; i++) {
		struct sa peer = fix_sa("10.0.0.7", (uint16_t)(10000 + i));
		struct sip_stream *st;

		assert_int_equal(sip_stream_add(&st, f.sip, SIP_TRANSP_TLS, &f.addr, &peer, true, &carrier_ops, &c[i]),
				 0);
		sip_stream_recv(st, slice_mem(part, PART));
		closed += c[i].closed;
		assert_true(f.sip->rx_bytes <= SIP_RX_TOTAL);
	}
	assert_in_range(closed, 1, SENDERS - SIP_RX_TOTAL / (2 * SIP_MSG_MAX));
	assert_int_equal(f.sip->streams.n, SENDERS - closed);
	/* short beginnings are still welcome; all is given back in the end */
	peer_connect(&f.a);
	peer_stream(&f.a, "OPTIONS sip:x SIP/2.0\r\n");
	assert_false(f.a.closed);
	fix_run(&f, 1000 * (SIP_STREAM_MSG_S + 1));
	assert_int_equal(f.sip->streams.n, 0);
	assert_int_equal(f.sip->rx_bytes, 0);
	fix_close(&f);
	free(part);
	free(c);
}

static void too_large_blocks_of_a_websocket(void **state)
{
	struct fix f;
	struct carrier c = {0};
	struct sip_stream *st;
	struct sa peer = fix_sa("10.0.0.7", 40000);
	static char body[66000];

	(void)state;
	fix_open(&f);
	memset(body, 'x', sizeof(body) - 1);
	assert_int_equal(sip_stream_add(&st, f.sip, SIP_TRANSP_WS, &f.addr, &peer, true, &carrier_ops, &c), 0);
	sip_stream_recv(st, slice_str(REQ("INVITE", .via = "SIP/2.0/WS x.invalid", .body = body)));
	assert_true(c.closed);
	assert_int_equal(c.sent, 1);
	assert_true(slice_starts(rbuf_slice(c.last), SLICE("SIP/2.0 513")));
	mem_deref(c.last);
	fix_close(&f);
}

struct traced {
	size_t rx, tx;
};

static void trace_h(const struct trace_note *n, void *arg)
{
	struct traced *t = arg;

	assert_int_equal(n->kind, TRACE_SIP);
	assert_true(sa_isset(n->local) && sa_isset(n->peer) && n->data.l > 0);
	t->rx += !n->out;
	t->tx += n->out;
}

static void capture_sees_everything(void **state)
{
	struct fix f;
	struct traced t = {0};
	const struct trace_sink sink = {.fn = trace_h, .arg = &t};

	(void)state;
	fix_open(&f);
	sip_set_trace(f.sip, &sink);
	peer_say(&f.a, REQ("OPTIONS", .uri = "sip:x"));
	peer_connect(&f.a);
	peer_stream(&f.a, opts("z9hG4bKt"));
	assert_int_equal(t.rx, 2);
	assert_int_equal(t.tx, 2);
	sip_set_trace(f.sip, NULL);
	peer_say(&f.a, REQ("OPTIONS", .uri = "sip:x", .branch = "z9hG4bKn", .callid = "n"));
	assert_int_equal(t.rx, 2);
	fix_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(message_split_at_every_position),
		cmocka_unit_test(many_messages_in_one_piece),
		cmocka_unit_test(keep_alive_is_answered),
		cmocka_unit_test(udp_keep_alive_is_no_message),
		cmocka_unit_test(too_large_gets_513_and_closes),
		cmocka_unit_test(endless_headers_close),
		cmocka_unit_test(without_content_length_gets_400_and_closes),
		cmocka_unit_test(noise_closes),
		cmocka_unit_test(malformed_but_framed_keeps_the_stream),
		cmocka_unit_test(slow_message_closes_after_30_s),
		cmocka_unit_test(silent_newcomer_closes_after_30_s),
		cmocka_unit_test(a_listener_ends_and_streams_stay),
		cmocka_unit_test(idle_closes_unless_held),
		cmocka_unit_test(traffic_keeps_a_stream),
		cmocka_unit_test(thousand_connections_and_not_one_more),
		cmocka_unit_test(unwanted_peers_are_not_taken),
		cmocka_unit_test(a_peer_that_does_not_read_is_cut),
		cmocka_unit_test(requests_go_by_the_flow_of_a_message),
		cmocka_unit_test(an_answer_after_the_stream_broke_makes_a_new_one),
		cmocka_unit_test(websocket_frames_are_messages),
		cmocka_unit_test(a_carrier_that_cannot_send_is_closed_later),
		cmocka_unit_test(the_stack_closes_foreign_streams_at_its_end),
		cmocka_unit_test(destination_of_a_uri),
		cmocka_unit_test(external_address_outside_our_nets),
		cmocka_unit_test(both_families_answer_from_where_they_were_asked),
		cmocka_unit_test(sockets_of_all_addresses_find_their_name),
		cmocka_unit_test(unfinished_messages_are_bounded_together),
		cmocka_unit_test(too_large_blocks_of_a_websocket),
		cmocka_unit_test(capture_sees_everything),
	};

	/* framing, limits and closing are the same over TLS */
	const struct CMUnitTest over_tls[] = {
		cmocka_unit_test(message_split_at_every_position),
		cmocka_unit_test(many_messages_in_one_piece),
		cmocka_unit_test(keep_alive_is_answered),
		cmocka_unit_test(too_large_gets_513_and_closes),
		cmocka_unit_test(endless_headers_close),
		cmocka_unit_test(without_content_length_gets_400_and_closes),
		cmocka_unit_test(noise_closes),
		cmocka_unit_test(malformed_but_framed_keeps_the_stream),
		cmocka_unit_test(slow_message_closes_after_30_s),
		cmocka_unit_test(silent_newcomer_closes_after_30_s),
		cmocka_unit_test(idle_closes_unless_held),
		cmocka_unit_test(traffic_keeps_a_stream),
		cmocka_unit_test(a_peer_that_does_not_read_is_cut),
	};
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	fix_tls = true;
	return rc + cmocka_run_group_tests(over_tls, NULL, NULL);
}
