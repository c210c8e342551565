/*
 * tls_test.c - TLS: all that holds for TCP (tcp_cases.inc); who is trusted and what is said otherwise; handshakes that
 * go wrong at every byte; half-open connections; certificates replaced live.
 */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tcp_cases.inc"

/* The wall clock of virtual loops begins here; tests on real loops use the same certificates. */
static const int64_t y2020 = 1577836800, y2025 = 1735689600, y2099 = 4070908800;

static struct cert *ca, *good;

static struct cert *make(const char *dns, const char *uri, int64_t from, int64_t to, const struct cert *issuer)
{
	struct cert_make m = {.cn = dns ? dns : "nobody", .not_before = from, .not_after = to, .issuer = issuer};
	struct cert *c;

	if (dns)
		m.dns[m.ndns++] = dns;
	if (uri)
		m.uri[m.nuri++] = uri;
	m.addr[m.naddr++] = addr("127.0.0.1:0");
	m.addr[m.naddr++] = addr("[::1]:0");
	assert_int_equal(cert_make(&c, &m), 0);
	return c;
}

static int setup(void **state)
{
	struct cert_make m = {.cn = "Test CA", .not_before = y2020, .not_after = y2099, .ca = true};

	(void)state;
	assert_int_equal(cert_make(&ca, &m), 0);
	good = make("sip.example", "sip:example", y2020, y2099, ca);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ca = mem_deref(ca);
	good = mem_deref(good);
	return 0;
}

static struct tls *context(struct loop *l, const struct tls_cfg *base)
{
	struct tls_cfg cfg = base ? *base : (struct tls_cfg){0};
	struct buf why;
	struct tls *t;

	cfg.loop = l;
	cfg.no_system_ca = true;
	buf_init(&why);
	assert_int_equal(tls_alloc(&t, &cfg, &why), 0);
	buf_free(&why);
	return t;
}

static void carrier_up(struct world *w)
{
	w->server = context(w->l, NULL);
	w->client = context(w->l, NULL);
	assert_int_equal(tls_set_cert(w->server, good), 0);
	assert_int_equal(tls_trust(w->client, ca), 0);
}

static void carrier_down(struct world *w)
{
	struct tls_stats st;

	tls_stats(w->server, &st);
	assert_int_equal(st.half, 0);
	mem_deref(w->server);
	mem_deref(w->client);
}

static int carrier_listen(struct tcp_listener **lp, struct world *w, const struct sa *local, tcp_accept_h *ah,
			  void *arg)
{
	return tls_listen(lp, w->server, local, ah, arg);
}

/* Whom the next connections want. */
static struct tls_to want;

static int carrier_connect(struct tcp **tp, struct world *w, const struct sa *local, const struct sa *dst,
			   uint32_t timeout_ms, const struct tcp_ops *o, void *arg)
{
	struct tls_to to = want;

	to.timeout_ms = timeout_ms;
	return tls_connect(tp, w->client, local, dst, &to, o, arg);
}

CASE(echo)
CASE(pressure)
CASE(paused_end)
CASE(refused)
CASE(not_taken)
CASE(shutdown)
CASE(close_inside)
CASE(errors)

/* ------------------------------------------------------------------ who is trusted */

static struct cert *with_cn(const char *cn)
{
	struct cert_make m = {.cn = cn, .not_before = y2020, .not_after = y2099, .issuer = ca};
	struct cert *c;

	assert_int_equal(cert_make(&c, &m), 0);
	return c;
}

/* One attempt against `c`: NULL when it came up, else the sentence. */
static void attempt(struct world *w, const struct cert *c, const char *host, bool any, const char *why)
{
	struct server sv;
	struct side s;

	assert_int_equal(tls_set_cert(w->server, c), 0);
	serve(&sv, w, "127.0.0.1:0");
	want = (struct tls_to){.host = slice_str(host), .any = any};
	call(&s, w, &sv.at);
	want = (struct tls_to){0};
	if (why) {
		assert_true(until(w, is_closed, &s, 5000));
		assert_int_equal(s.err, EPROTO);
		assert_non_null(tls_why(s.t));
		if (!strstr(tls_why(s.t), why))
			fail_msg("\"%s\" has no \"%s\"", tls_why(s.t), why);
		assert_int_equal(s.connected, 0);
	} else {
		assert_true(until(w, is_connected, &s, 5000));
		assert_true(until(w, is_accepted, &sv, 5000));
		assert_null(tls_why(s.t));
		if (host[0])
			assert_int_equal(tls_proves(s.t, slice_str(host)), !any);
		assert_false(tls_proves(s.t, SLICE("other.example")));
		assert_false(tls_proves(sv.s.t, SLICE("sip.example")));
		assert_string_equal(tls_version(s.t), "TLSv1.3");
	}
	pass(w, 20);
	mem_deref(s.t);
	pass(w, 50);
	mem_deref(sv.s.t);
	mem_deref(sv.tl);
}

static void test_trust(void **state)
{
	enum { GOOD, EXPIRED, FUTURE, STRANGER, SELF, URI, CN, WILD, USERURI, KINDS };
	static const struct {
		int kind;
		const char *host;
		bool any;
		const char *why; /* NULL: good */
	} t[] = {
		{GOOD, "sip.example", false, NULL},
		{GOOD, "SIP.Example", false, NULL},
		{GOOD, "example", false, NULL}, /* by the SIP URI */
		{GOOD, "other.example", false, "is for sip.example, example, 127.0.0.1, ::1, not other.example"},
		{GOOD, "127.0.0.1", false, NULL},
		{GOOD, "127.0.0.2", false, "not 127.0.0.2"},
		{GOOD, "", false, NULL}, /* the address itself */
		{GOOD, "other.example", true, NULL},
		{EXPIRED, "sip.example", false, "The certificate of sip.example expired on 2025-01-01."},
		{EXPIRED, "sip.example", true, NULL},
		{FUTURE, "sip.example", false, "valid only from 2098-"},
		{STRANGER, "sip.example", false, "signed by nobody we know (Other CA)"},
		{SELF, "sip.example", false, "The certificate of sip.example is self-signed"},
		{SELF, "sip.example", true, NULL},
		{URI, "example.org", false, NULL},
		{URI, "sip.example", false, "not sip.example"},
		{CN, "sip.example", false, NULL}, /* RFC 5922 7.1: without names beside it */
		{WILD, "sip.example", false, "is for *.example"},
		{USERURI, "example.org", false, "not example.org"},
	};
	struct cert_make om = {.cn = "Other CA", .not_before = y2020, .not_after = y2099, .ca = true};
	struct cert *other, *c[KINDS];

	(void)state;
	assert_int_equal(cert_make(&other, &om), 0);
	c[GOOD] = mem_ref(good);
	c[EXPIRED] = make("sip.example", NULL, y2020, y2025, ca);
	c[FUTURE] = make("sip.example", NULL, y2099 - 86400 * 300, y2099, ca);
	c[STRANGER] = make("sip.example", NULL, y2020, y2099, other);
	c[SELF] = make("sip.example", NULL, y2020, y2099, NULL);
	c[URI] = make(NULL, "sip:example.org", y2020, y2099, ca);
	c[CN] = with_cn("sip.example");
	c[WILD] = make("*.example", NULL, y2020, y2099, ca);
	c[USERURI] = make(NULL, "sip:alice@example.org", y2020, y2099, ca);
	for (int virtual = 0; virtual < 2; virtual ++) {
		struct world w;
		world_up(&w, virtual);
		for (size_t i = 0; i < ARRAY_LEN(t); i++)
			attempt(&w, c[t[i].kind], t[i].host, t[i].any, t[i].why);
		world_down(&w);
	}
	for (size_t i = 0; i < KINDS; i++)
		mem_deref(c[i]);
	mem_deref(other);
}

/* ------------------------------------------------------------------ certificates of clients */

static void client_case(struct world *w, struct tls *server, struct tls *client, bool up, const char *why)
{
	struct server sv;
	struct side s;

	mem_deref(w->server);
	mem_deref(w->client);
	w->server = server;
	w->client = client;
	serve(&sv, w, "127.0.0.1:0");
	call(&s, w, &sv.at);
	pass(w, 200);
	assert_int_equal(sv.accepted, up);
	if (up) {
		assert_true(tls_proves(sv.s.t, SLICE("phone.example")) == (why == NULL));
	} else {
		/* TLS 1.3: the client is up before the server has looked at its certificate */
		assert_int_equal(s.closed, 1);
		assert_non_null(tls_why(s.t));
		assert_non_null(strstr(tls_why(s.t), why));
	}
	mem_deref(s.t);
	pass(w, 50);
	mem_deref(sv.s.t);
	mem_deref(sv.tl);
}

static void test_client_certs(void **state)
{
	struct world w;
	char dir[] = "/tmp/tls_test_XXXXXX", path[64];
	struct cert *phone = make("phone.example", NULL, y2020, y2099, ca);
	struct cert *liar = make("phone.example", NULL, y2020, y2099, NULL);
	struct buf why;

	(void)state;
	assert_non_null(mkdtemp(dir));
	buf_init(&why);
	assert_int_equal(cert_save(ca, dir, &why), 0);
	snprintf(path, sizeof(path), "%s/cert.pem", dir);
	struct tls_cfg opt = {.client_ca_file = path}, must = {.client_ca_file = path, .client_required = true};
	const struct {
		const struct tls_cfg *server;
		const struct cert *client;
		bool up;
		const char *why;
	} t[] = {
		{&must, phone, true, NULL},
		{&must, liar, false, "our certificate"},
		{&must, NULL, false, "wants a certificate of ours"},
		{&opt, NULL, true, "nothing is proved"},
		{&opt, phone, true, NULL},
		{&opt, liar, false, "our certificate"},
	};
	world_up(&w, true);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct tls *server = context(w.l, t[i].server), *client = context(w.l, NULL);
		assert_int_equal(tls_set_cert(server, good), 0);
		assert_int_equal(tls_trust(client, ca), 0);
		if (t[i].client)
			assert_int_equal(tls_set_cert(client, t[i].client), 0);
		client_case(&w, server, client, t[i].up, t[i].why);
	}
	world_down(&w);
	unlink(path);
	snprintf(path, sizeof(path), "%s/key.pem", dir);
	unlink(path);
	rmdir(dir);
	buf_free(&why);
	mem_deref(phone);
	mem_deref(liar);
}

/* ------------------------------------------------------------------ replaced live */

static void case_replaced(struct world *w, const char *at)
{
	struct server sv;
	struct side a, b;
	struct cert *next = make("new.example", NULL, y2020, y2099, ca);
	unsigned sum = 0;

	serve(&sv, w, at);
	call(&a, w, &sv.at);
	assert_true(until(w, is_accepted, &sv, 5000));
	struct tcp *first = sv.s.t;
	assert_int_equal(tls_set_cert(w->server, next), 0);
	want.host = SLICE("new.example");
	call(&b, w, &sv.at);
	want = (struct tls_to){0};
	assert_true(until(w, is_connected, &b, 5000));
	assert_true(tls_proves(b.t, SLICE("new.example")));
	assert_false(tls_proves(a.t, SLICE("new.example")));
	/* the old connection goes on */
	struct rbuf *p = pattern(50000, &sum);
	assert_int_equal(tcp_send(first, p), 0);
	want_bytes = 50000;
	assert_true(until(w, has_bytes, &a, 5000));
	assert_int_equal(a.sum, sum);
	mem_deref(p);
	pass(w, 50);
	mem_deref(first);
	mem_deref(sv.s.t);
	pass(w, 50);
	mem_deref(a.t);
	mem_deref(b.t);
	mem_deref(sv.tl);
	mem_deref(next);
}
CASE(replaced)

/* ------------------------------------------------------------------ handshakes that go wrong */

/* A raw TCP peer of a TLS listener. */
struct raw {
	struct tcp *t;
	int closed;
	size_t bytes;
};

static void raw_up(struct tcp *t, void *arg)
{
	(void)t;
	(void)arg;
}

static void raw_recv(struct tcp *t, struct slice d, void *arg)
{
	(void)t;
	((struct raw *)arg)->bytes += d.l;
}

static void raw_closed(struct tcp *t, int err, void *arg)
{
	(void)t;
	(void)err;
	((struct raw *)arg)->closed++;
}

static const struct tcp_ops raw_ops = {raw_up, raw_recv, raw_up, raw_closed};

static void raw_call(struct raw *r, struct world *w, const struct sa *local, const struct sa *at)
{
	memset(r, 0, sizeof(*r));
	assert_int_equal(tcp_connect(&r->t, w->l, local, at, 5000, &raw_ops, r), 0);
}

static void raw_send(struct raw *r, const void *p, size_t l)
{
	struct rbuf *b;

	assert_int_equal(rbuf_alloc(&b, p, l), 0);
	if (!r->closed)
		assert_int_equal(tcp_send(r->t, b), 0);
	mem_deref(b);
}

static size_t half_of(struct world *w)
{
	struct tls_stats st;

	tls_stats(w->server, &st);
	return st.half;
}

/* Not TLS at all: closed at once, no crypto thread is asked. */
static void test_not_tls(void **state)
{
	static const char *const said[] = {
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"REGISTER sip:a SIP/2.0\r\n\r\n",
		"OPTIONS sip:a SIP/2.0\r\n\r\n",
		"\x80\x2e\x01\x03\x01", /* SSL 2 */
		"\x16\x04\x01\x02\x02\x01",
		"\r\n\r\n",
		"abcdefgh",
		"\x15\x03\x01\x00\x02\x02\x28", /* an alert first */
		"\x16\x03\x01\xff\xff\x01\x02", /* a record longer than may be: not even when it is whole */
	};
	struct world w;
	struct server sv;

	(void)state;
	world_up(&w, true);
	serve(&sv, &w, "10.0.0.1:5061");
	for (size_t i = 0; i < ARRAY_LEN(said); i++) {
		struct raw r;
		bool last = i == ARRAY_LEN(said) - 1;
		raw_call(&r, &w, NULL, &sv.at);
		raw_send(&r, said[i], last ? 7 : strlen(said[i]));
		if (last) {
			char *fill = calloc(1, 20000);
			vnet_run(w.net, 100);
			raw_send(&r, fill, 20000);
			free(fill);
		}
		vnet_run(w.net, 100);
		assert_int_equal(r.closed, 1);
		mem_deref(r.t);
	}
	assert_int_equal(sv.accepted, 0);
	mem_deref(sv.tl);
	world_down(&w);
}

/* Stands between client and server: passes what it is told to, in pieces of one size. */
struct relay {
	struct world *w;
	struct tcp_listener *tl;
	struct sa at, to;
	struct tcp *in, *out;
	size_t piece, limit, passed; /* limit: cut off after so many bytes of both directions */
	struct buf q[2];
	struct timer tmr;
	bool cut;
};

static void relay_cut(struct relay *r)
{
	r->cut = true;
	r->in = mem_deref(r->in);
	r->out = mem_deref(r->out);
}

static void relay_pump(void *arg)
{
	struct relay *r = arg;

	for (int d = 0; d < 2 && !r->cut; d++) {
		struct slice s = slice_first(buf_get(&r->q[d]), r->piece);
		struct tcp *to = d ? r->in : r->out;
		if (!s.l || !to)
			continue;
		struct rbuf *b;
		assert_int_equal(rbuf_alloc(&b, s.p, s.l), 0);
		if (tcp_send(to, b) == 0) {
			r->passed += s.l;
			memmove(r->q[d].p, r->q[d].p + s.l, r->q[d].l - s.l);
			r->q[d].l -= s.l;
		}
		mem_deref(b);
		if (r->limit && r->passed >= r->limit)
			relay_cut(r);
	}
	if (!r->cut && (r->q[0].l || r->q[1].l))
		timer_start(&r->tmr, r->w->l, 1, relay_pump, r);
}

static void relay_recv(struct tcp *t, struct slice d, void *arg)
{
	struct relay *r = arg;

	buf_mem(&r->q[t == r->out], d.p, d.l);
	if (!timer_running(&r->tmr))
		timer_start(&r->tmr, r->w->l, 1, relay_pump, r);
}

static void relay_closed(struct tcp *t, int err, void *arg)
{
	struct relay *r = arg;

	(void)err;
	if (t == r->in)
		r->in = mem_deref(r->in);
	else
		r->out = mem_deref(r->out);
}

static const struct tcp_ops relay_ops = {raw_up, relay_recv, raw_up, relay_closed};

static void relay_accept(struct tcp_listener *tl, const struct sa *peer, void *arg)
{
	struct relay *r = arg;

	(void)peer;
	assert_int_equal(tcp_accept(&r->in, tl, &relay_ops, r), 0);
	assert_int_equal(tcp_connect(&r->out, r->w->l, NULL, &r->to, 0, &relay_ops, r), 0);
}

static void relay_start(struct relay *r, struct world *w, const struct sa *to, size_t piece, size_t limit)
{
	struct sa a = addr("10.0.0.9:5061");

	memset(r, 0, sizeof(*r));
	r->w = w;
	r->to = *to;
	r->piece = piece;
	r->limit = limit;
	buf_init(&r->q[0]);
	buf_init(&r->q[1]);
	assert_int_equal(tcp_listen(&r->tl, w->l, &a, relay_accept, r), 0);
	tcp_listener_local(r->tl, &r->at);
}

static void relay_end(struct relay *r)
{
	timer_stop(&r->tmr);
	relay_cut(r);
	mem_deref(r->tl);
	buf_free(&r->q[0]);
	buf_free(&r->q[1]);
}

/* Byte by byte in both directions, through handshake and data. */
static void test_segments(void **state)
{
	static const size_t piece[] = {1, 2, 7, 1000};
	struct world w;

	(void)state;
	world_up(&w, true);
	for (size_t i = 0; i < ARRAY_LEN(piece); i++) {
		struct server sv;
		struct relay r;
		struct side c;
		unsigned sum = 0;

		serve(&sv, &w, "10.0.0.1:5061");
		sv.s.echo = true;
		relay_start(&r, &w, &sv.at, piece[i], 0);
		want.host = SLICE("sip.example");
		memset(&c, 0, sizeof(c));
		c.w = &w;
		assert_int_equal(carrier_connect(&c.t, &w, NULL, &r.at, 60000, &ops, &c), 0);
		want = (struct tls_to){0};
		struct rbuf *b = pattern(3000, &sum);
		assert_int_equal(tcp_send(c.t, b), 0);
		mem_deref(b);
		want_bytes = 3000;
		assert_true(until(&w, has_bytes, &c, 60000));
		assert_int_equal(c.sum, sum);
		mem_deref(c.t);
		vnet_run(w.net, 1000);
		mem_deref(sv.s.t);
		relay_end(&r);
		mem_deref(sv.tl);
		vnet_run(w.net, 100);
	}
	world_down(&w);
}

/* Cut off after every so many bytes: both sides hear of it, nothing stays. */
static void test_aborted(void **state)
{
	struct world w;
	int up = 0, down = 0;

	(void)state;
	world_up(&w, true);
	for (size_t limit = 1; limit < 2600; limit += limit < 20 ? 1 : 97) {
		struct server sv;
		struct relay r;
		struct side c;

		serve(&sv, &w, "10.0.0.1:5061");
		relay_start(&r, &w, &sv.at, limit, limit);
		want.host = SLICE("sip.example");
		call(&c, &w, &r.at);
		want = (struct tls_to){0};
		vnet_run(w.net, 1000);
		if (r.cut) {
			assert_int_equal(c.closed, 1);
			down++;
			if (!c.connected)
				assert_non_null(strstr(tls_why(c.t), "in the middle of the TLS handshake"));
		} else {
			assert_int_equal(c.connected, 1);
			up++;
		}
		mem_deref(c.t);
		vnet_run(w.net, 100);
		assert_int_equal(half_of(&w), 0);
		mem_deref(sv.s.t);
		relay_end(&r);
		mem_deref(sv.tl);
		vnet_run(w.net, 100);
	}
	assert_true(up > 0 && down > 10);
	world_down(&w);
}

/* Owners let go while a step is with the crypto thread: on real threads, at whatever moment that is. */
static void test_dropped_while_out(void **state)
{
	struct world w;
	struct server sv;

	(void)state;
	world_up(&w, false);
	serve(&sv, &w, "127.0.0.1:0");
	sv.shut = true;
	for (unsigned i = 0; i < 60; i++) {
		struct side c;
		call(&c, &w, &sv.at);
		for (unsigned k = 0; k <= i / 10; k++)
			run_for(w.l, k % 2);
		if (i % 3 == 2) {
			tcp_shutdown(c.t);
			mem_deref(c.t);
		} else {
			mem_deref(c.t);
		}
	}
	/* the listener, and then the contexts, go while others are in the middle of it */
	struct side c[8];
	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		call(&c[i], &w, &sv.at);
	run_for(w.l, 1);
	mem_deref(sv.tl);
	run_for(w.l, 1);
	w.server = mem_deref(w.server);
	w.client = mem_deref(w.client);
	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		struct rbuf *b = block("x");
		assert_int_equal(tcp_send(c[i].t, b), ENOTCONN);
		mem_deref(b);
		mem_deref(c[i].t);
	}
	run_for(w.l, 20);
	mem_deref(w.l);
}

/* ------------------------------------------------------------------ many half-open ones */

enum { HALF = 200 };

static void test_half_open(void **state)
{
	static struct raw r[HALF];
	struct tls_cfg cfg = {.max_half = 64, .max_half_src = 40, .handshake_ms = 3000};
	struct sa bad = addr("10.0.0.66:0"), worse = addr("10.0.0.67:0"), honest = addr("10.0.0.2:0");
	struct tls_stats st;
	struct world w;
	struct server sv;
	struct side c;

	(void)state;
	world_up(&w, true);
	mem_deref(w.server);
	w.server = context(w.l, &cfg);
	assert_int_equal(tls_set_cert(w.server, good), 0);
	serve(&sv, &w, "10.0.0.1:5061");
	/* an honest one that takes its time, then floods from two addresses, silent or with the first half of a hello
	 */
	struct raw slow;
	raw_call(&slow, &w, &honest, &sv.at);
	raw_send(&slow, "\x16\x03\x01", 3);
	vnet_run(w.net, 20);
	for (size_t i = 0; i < HALF; i++) {
		raw_call(&r[i], &w, i % 4 ? &bad : &worse, &sv.at);
		if (i % 2)
			raw_send(&r[i], "\x16\x03\x01\x02\x00\x01", 6);
	}
	vnet_run(w.net, 100);
	tls_stats(w.server, &st);
	assert_in_range(st.half, 1, 64);
	assert_int_equal(st.dropped, HALF + 1 - st.half);
	assert_int_equal(slow.closed, 0);
	/* who comes now is served at once */
	memset(&c, 0, sizeof(c));
	c.w = &w;
	want.host = SLICE("sip.example");
	assert_int_equal(carrier_connect(&c.t, &w, &honest, &sv.at, 1000, &ops, &c), 0);
	want = (struct tls_to){0};
	assert_true(until(&w, is_connected, &c, 200));
	assert_int_equal(slow.closed, 0);
	/* and those who say nothing more are gone after their time */
	vnet_run(w.net, 3100);
	assert_int_equal(half_of(&w), 0);
	assert_int_equal(slow.closed, 1);
	assert_int_equal(c.closed, 0);
	for (size_t i = 0; i < HALF; i++) {
		assert_int_equal(r[i].closed, 1);
		mem_deref(r[i].t);
	}
	mem_deref(slow.t);
	mem_deref(c.t);
	vnet_run(w.net, 100);
	mem_deref(sv.s.t);
	mem_deref(sv.tl);
	world_down(&w);
}

static bool admit_h(const struct sa *peer, void *arg)
{
	(void)peer;
	return *(bool *)arg;
}

static int left;

static void left_h(const struct sa *peer, void *arg)
{
	(void)peer;
	(void)arg;
	left++;
}

static void test_admit(void **state)
{
	struct world w;
	struct server sv;
	struct side c;
	bool yes = false;

	(void)state;
	world_up(&w, true);
	serve(&sv, &w, "10.0.0.1:5061");
	tls_listener_admit(sv.tl, admit_h, left_h, &yes);
	want.any = true;
	call(&c, &w, &sv.at);
	assert_true(until(&w, is_closed, &c, 1000));
	mem_deref(c.t);
	yes = true;
	left = 0;
	/* let in, and gone before it is announced: told once */
	struct raw r;
	raw_call(&r, &w, NULL, &sv.at);
	raw_send(&r, "\x16\x03", 2);
	vnet_run(w.net, 100);
	mem_deref(r.t);
	vnet_run(w.net, 100);
	assert_int_equal(left, 1);
	call(&c, &w, &sv.at);
	assert_true(until(&w, is_connected, &c, 1000));
	want = (struct tls_to){0};
	vnet_run(w.net, 100);
	mem_deref(c.t);
	vnet_run(w.net, 100);
	mem_deref(sv.s.t);
	assert_int_equal(left, 1);
	mem_deref(sv.tl);
	world_down(&w);
}

/* A server that takes the connection and says nothing. */
static void test_mute_server(void **state)
{
	struct world w;
	struct server sv;
	struct side c;

	(void)state;
	world_up(&w, true);
	memset(&sv, 0, sizeof(sv));
	struct sa a = addr("10.0.0.3:5061");
	sv.s.w = &w;
	assert_int_equal(tcp_listen(&sv.tl, w.l, &a, accept_h, &sv), 0);
	call(&c, &w, &a);
	assert_true(until(&w, is_closed, &c, 6000));
	assert_int_equal(c.err, ETIMEDOUT);
	assert_non_null(strstr(tls_why(c.t), "did not finish the TLS handshake in time"));
	mem_deref(c.t);
	vnet_run(w.net, 100);
	mem_deref(sv.s.t);
	mem_deref(sv.tl);
	world_down(&w);
}

/* ------------------------------------------------------------------ memory that fails */

#ifdef OH_DEBUG
static struct raw taken;

static void oom_accept(struct tcp_listener *tl, const struct sa *peer, void *arg)
{
	(void)peer;
	(void)arg;
	if (tcp_accept(&taken.t, tl, &raw_ops, &taken))
		taken.t = NULL;
}

static void test_oom(void **state)
{
	struct sa at = addr("10.0.0.1:5061");

	(void)state;
	log_set_level(LOG_ERROR);
	int up = 0;
	for (long n = 0; n < 400 && up < 3; n++) {
		struct world w;
		struct tcp_listener *tl;
		struct raw c = {0};
		world_up(&w, true);
		taken = c;
		assert_int_equal(carrier_listen(&tl, &w, &at, oom_accept, NULL), 0);
		struct rbuf *b = block("hello");
		want.host = SLICE("sip.example");
		mem_fail_at(n);
		if (carrier_connect(&c.t, &w, NULL, &at, 2000, &raw_ops, &c) == 0)
			(void)!tcp_send(c.t, b);
		vnet_run(w.net, 300);
		long seen = mem_fail_off();
		want = (struct tls_to){0};
		vnet_run(w.net, 15000);
		if (seen <= n) {
			up++;
			assert_int_equal(taken.bytes, 5);
		}
		mem_deref(b);
		mem_deref(c.t);
		vnet_run(w.net, 11000);
		mem_deref(taken.t);
		mem_deref(tl);
		vnet_run(w.net, 100);
		world_down(&w);
	}
	assert_int_equal(up, 3);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_pressure),
		cmocka_unit_test(test_paused_end),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_not_taken),
		cmocka_unit_test(test_shutdown),
		cmocka_unit_test(test_close_inside),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_trust),
		cmocka_unit_test(test_client_certs),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_not_tls),
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_aborted),
		cmocka_unit_test(test_dropped_while_out),
		cmocka_unit_test(test_half_open),
		cmocka_unit_test(test_admit),
		cmocka_unit_test(test_mute_server),
#ifdef OH_DEBUG
		cmocka_unit_test(test_oom),
#endif
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
