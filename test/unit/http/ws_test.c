/*
 * ws_test.c - WebSockets (RFC 6455): who may open one, messages both ways, what ends them, life signs, many listeners.
 */
#include "fixture.h"
#include "http/http_priv.h"

struct echo {
	struct http_ws *ws;
	unsigned opened, messages, closed;
	struct buf last;
	uint16_t close_on; /**< close with this at the next message */
	bool refuse, mute;
	char who[32];
};
static struct echo echo;

static void *ws_open(struct http_ws *ws, const struct http_req *rq, void *arg)
{
	struct echo *e = arg;

	e->opened++;
	(void)slice_copy(e->who, sizeof(e->who), http_req_cookie(rq, "id"));
	if (e->refuse)
		return NULL;
	e->ws = ws;
	return e;
}

static void ws_message(struct http_ws *ws, struct slice msg, void *own)
{
	struct echo *e = own;
	struct rbuf *b;

	e->messages++;
	buf_reset(&e->last);
	buf_slice(&e->last, msg);
	if (e->close_on) {
		http_ws_close(ws, e->close_on);
		http_ws_close(ws, 1000); /* once is enough */
		return;
	}
	if (e->mute)
		return;
	assert_int_equal(rbuf_alloc(&b, msg.p, msg.l), 0);
	(void)http_ws_send(ws, b);
	mem_deref(b);
}

static void ws_closed(struct http_ws *ws, void *own)
{
	struct echo *e = own;

	e->closed++;
	if (e->ws == ws)
		e->ws = NULL;
}

static const struct http_ws_ops text_ops = {.path = "/api/v1/events",
					    .protocol = "offhook.events.v1",
					    .max_message = 100000,
					    .max_queue = 200000,
					    .open = ws_open,
					    .message = ws_message,
					    .closed = ws_closed,
					    .arg = &echo};
static const struct http_ws_ops binary_ops = {.path = "/ws",
					      .protocol = "sip",
					      .max_message = 1000,
					      .max_queue = 2000,
					      .binary = true,
					      .open = ws_open,
					      .message = ws_message,
					      .closed = ws_closed,
					      .arg = &echo};

static int ws_setup(void **state)
{
	int err = setup(state);
	struct world *w = *state;

	memset(&echo, 0, sizeof(echo));
	assert_int_equal(http_server_ws(w->s, &text_ops), 0);
	assert_int_equal(http_server_ws(w->s, &binary_ops), 0);
	return err;
}

static int ws_teardown(void **state)
{
	int err = teardown(state);

	buf_free(&echo.last);
	return err || echo.ws ? -1 : 0;
}

#define KEY   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define UP    "Host: pbx.example\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
#define V13   "Sec-WebSocket-Version: 13\r\n"
#define PROTO "Sec-WebSocket-Protocol: x, offhook.events.v1\r\n"
#define OURS  "Origin: http://pbx.example\r\n"
static const char hello[] = "GET /api/v1/events?since=4 HTTP/1.1\r\n" UP KEY V13 PROTO OURS "Cookie: id=maria\r\n\r\n";
static const char hello_sip[] = "GET /ws HTTP/1.1\r\n" UP KEY V13 "Sec-WebSocket-Protocol: sip\r\n\r\n";

static void test_upgrade(void **state)
{
	static const struct {
		const char *rq, *want;
	} v[] = {
		/* the example of RFC 6455 1.3 */
		{hello, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
			"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
			"Sec-WebSocket-Protocol: offhook.events.v1\r\n\r\n"},
		{hello_sip, "Sec-WebSocket-Protocol: sip\r\n\r\n"},
		/* programs send no Origin */
		{"GET /api/v1/events HTTP/1.1\r\n" UP KEY V13 PROTO "\r\n", "HTTP/1.1 101 "},
		{"GET /api/v1/events HTTP/1.1\r\n" UP KEY V13 PROTO "Origin: HTTP://PBX.example\r\n\r\n",
		 "HTTP/1.1 101 "},
		{"GET /api/v1/events HTTP/1.1\r\n" UP KEY V13 PROTO "Origin: http://evil.example\r\n\r\n",
		 "HTTP/1.1 403 "},
		{"GET /api/v1/events HTTP/1.1\r\n" UP KEY V13 PROTO "Origin: https://pbx.example\r\n\r\n",
		 "HTTP/1.1 403 "},
		{"GET /api/v1/events HTTP/1.1\r\n" UP KEY V13 PROTO "Origin: http://pbx.example:81\r\n\r\n",
		 "HTTP/1.1 403 "},
		{"GET /api/v1/events HTTP/1.1\r\n" UP KEY V13 PROTO "Origin: http://pbx.example.evil\r\n\r\n",
		 "HTTP/1.1 403 "},
		{"GET /api/v1/events HTTP/1.1\r\n" UP KEY V13 PROTO "Origin: null\r\n\r\n", "HTTP/1.1 403 "},
		{"GET /api/v1/events HTTP/1.1\r\n" UP KEY V13 "\r\n", "HTTP/1.1 400 "},
		{"GET /api/v1/events HTTP/1.1\r\n" UP KEY V13 "Sec-WebSocket-Protocol: sip\r\n\r\n", "HTTP/1.1 400 "},
		{"GET /api/v1/events HTTP/1.1\r\n" UP KEY V13 "Sec-WebSocket-Protocol: Offhook.events.v1\r\n\r\n",
		 "HTTP/1.1 400 "},
		{"GET /api/v1/events HTTP/1.1\r\n" UP KEY "Sec-WebSocket-Version: 8\r\n" PROTO "\r\n",
		 "Sec-WebSocket-Version: 13\r\n"},
		{"GET /api/v1/events HTTP/1.1\r\n" UP V13 PROTO "\r\n", "HTTP/1.1 400 "},
		{"GET /api/v1/events HTTP/1.1\r\n" UP V13 PROTO "Sec-WebSocket-Key: dGhlIHNhbXBsZQ==\r\n\r\n",
		 "HTTP/1.1 400 "},
		{"POST /api/v1/events HTTP/1.1\r\n" UP KEY V13 PROTO "\r\n", "HTTP/1.1 400 "},
		{"GET /api/v1/events HTTP/1.0\r\n" UP KEY V13 PROTO "\r\n", "HTTP/1.1 400 "},
		{"GET /api/v1/events HTTP/1.1\r\n" UP KEY V13 PROTO "Content-Length: 1\r\n\r\nx", "HTTP/1.1 400 "},
		{"GET /api/v1/events HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 426 "},
		/* elsewhere the wish is not heard (RFC 9110 7.8) */
		{"GET /api/x HTTP/1.1\r\n" UP KEY V13 PROTO "\r\n", "GET|/api/x|"},
	};
	struct client c;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		cl_open(&c, *state, NULL);
		cl_ask(&c, v[i].rq, v[i].want);
		if (v[i].rq == hello)
			assert_string_equal(echo.who, "maria");
		cl_close(&c);
	}
	assert_int_equal(echo.opened, 4);
	assert_int_equal(echo.closed, 4);
	/* by TLS its scheme is another */
	cl_open(&c, *state, "one.example");
	cl_ask(&c, hello, "HTTP/1.1 403 ");
	cl_close(&c);
	cl_open(&c, *state, "one.example");
	cl_ask(&c, "GET /api/v1/events HTTP/1.1\r\n" UP KEY V13 PROTO "Origin: https://pbx.example\r\n\r\n",
	       "HTTP/1.1 101 ");
	cl_close(&c);
	assert_int_equal(http_server_ws(((struct world *)*state)->s, &text_ops), 0);
	assert_int_equal(http_server_ws(((struct world *)*state)->s, &text_ops), 0);
	assert_int_equal(http_server_ws(((struct world *)*state)->s, &text_ops), ERR_LIMIT);
}

/* ------------------------------------------------------------------ frames */

static const uint8_t mask[4] = {0x12, 0xf4, 0x56, 0x78};

/* A masked frame into `b`. */
static void put_frame(struct buf *b, uint8_t first, const void *p, size_t l)
{
	uint8_t head[10];
	size_t n = http_ws_frame_head(head, 0, l);

	head[0] = first;
	head[1] |= 0x80;
	buf_mem(b, head, n);
	buf_mem(b, mask, 4);
	for (size_t i = 0; i < l; i++)
		buf_char(b, (char)(((const uint8_t *)p)[i] ^ mask[i & 3]));
}

static void cl_frame(struct client *c, uint8_t first, const void *p, size_t l)
{
	struct buf b;

	buf_init(&b);
	put_frame(&b, first, p, l);
	cl_send(c, b.p, b.l);
	buf_free(&b);
}

static void cl_ws(struct client *c, struct world *w, const char *rq)
{
	cl_open(c, w, NULL);
	cl_ask(c, rq, "HTTP/1.1 101 ");
}

/* What came is exactly this frame. */
static void want_frame(struct client *c, uint8_t first, const void *p, size_t l)
{
	uint8_t head[10];
	size_t n = http_ws_frame_head(head, first & 15, l);

	if (c->in.l != n + l || (uint8_t)c->in.p[0] != first || memcmp(c->in.p + 1, head + 1, n - 1) ||
	    memcmp(c->in.p + n, p, l))
		fail_msg("%zu bytes, %02x %02x %.50s", c->in.l, c->in.l ? (uint8_t)c->in.p[0] : 0,
			 c->in.l > 1 ? (uint8_t)c->in.p[1] : 0, c->in.l > n ? c->in.p + n : "");
	buf_reset(&c->in);
}

/* It says goodbye with this code and closes. */
static void want_close(struct client *c, uint16_t code)
{
	uint8_t f[2] = {(uint8_t)(code >> 8), (uint8_t)code};

	want_frame(c, 0x88, f, 2);
	vnet_run(c->w->net, 10000);
	assert_true(c->closed);
	cl_close(c);
	assert_null(echo.ws);
}

static void test_messages(void **state)
{
	static const size_t sizes[] = {0, 1, 5, 125, 126, 127, 65535, 65536, 100000};
	struct client c;
	char *p = malloc(100000);

	for (size_t i = 0; i < 100000; i++)
		p[i] = (char)('a' + i % 26);
	cl_ws(&c, *state, hello);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		cl_frame(&c, 0x81, p, sizes[i]);
		vnet_run(c.w->net, 10);
		want_frame(&c, 0x81, p, sizes[i]);
	}
	cl_frame(&c, 0x81, "h\xc3\xa9", 3);
	want_frame(&c, 0x81, "h\xc3\xa9", 3);
	/* in pieces, with a ping between them */
	cl_frame(&c, 0x01, "one ", 4);
	cl_frame(&c, 0x00, "two ", 4);
	cl_frame(&c, 0x89, "are you there?", 14);
	want_frame(&c, 0x8a, "are you there?", 14);
	cl_frame(&c, 0x00, "", 0);
	cl_frame(&c, 0x80, "three", 5);
	want_frame(&c, 0x81, "one two three", 13);
	cl_frame(&c, 0x8a, "unasked", 7); /* a pong means nothing */
	assert_int_equal(c.in.l, 0);
	/* a character may be cut by frames */
	cl_frame(&c, 0x01, "\xc3", 1);
	cl_frame(&c, 0x80, "\xa9", 1);
	want_frame(&c, 0x81, "\xc3\xa9", 2);
	cl_close(&c);
	cl_ws(&c, *state, hello_sip);
	cl_frame(&c, 0x82, "\xff\x00\xfe", 3);
	want_frame(&c, 0x82, "\xff\x00\xfe", 3);
	cl_close(&c);
	free(p);
}

/* Bytes one by one, and the first message together with the request. */
static void test_pieces(void **state)
{
	struct world *w = *state;
	struct client c;
	struct buf b;

	buf_init(&b);
	buf_str(&b, hello);
	put_frame(&b, 0x81, "first", 5);
	put_frame(&b, 0x81, "second", 6);
	cl_open(&c, w, NULL);
	cl_send(&c, b.p, b.l);
	assert_int_equal(echo.messages, 2);
	assert_true(slice_eqs(buf_get(&echo.last), "second"));
	buf_reset(&c.in);
	for (size_t i = strlen(hello); i < b.l; i++)
		cl_send(&c, b.p + i, 1);
	assert_int_equal(echo.messages, 4);
	cl_close(&c);
	buf_free(&b);
}

static void test_faults(void **state)
{
	static const struct {
		const char *what;
		uint8_t first;
		const char *text;
		size_t l;
		uint16_t code;
	} v[] = {
		{"bit of an extension", 0xc1, "x", 1, 1002},
		{"unknown kind", 0x83, "x", 1, 1002},
		{"unknown control", 0x8b, "x", 1, 1002},
		{"control in pieces", 0x09, "x", 1, 1002},
		{"piece of nothing", 0x80, "x", 1, 1002},
		{"not UTF-8", 0x81, "\xff", 1, 1007},
		{"cut UTF-8", 0x81, "\xc3", 1, 1007},
		{"binary", 0x82, "x", 1, 1003},
		{"close", 0x88, "", 0, 1000},
		{"close", 0x88, "\x03\xe8", 2, 1000},
		{"close with words", 0x88, "\x03\xe9go", 4, 1001},
		{"close of one's own", 0x88, "\x0f\xa0", 2, 4000},
		{"close with half a code", 0x88, "\x03", 1, 1002},
		{"close with a code nobody sends", 0x88, "\x03\xee", 2, 1002},
		{"close with a code nobody has", 0x88, "\x13\x88", 2, 1002},
		{"close with broken words", 0x88, "\x03\xe8\xff", 3, 1007},
	};
	static const uint8_t plain[] = {0x81, 1, 'x'}, wasteful[] = {0x81, 0xfe, 0, 5},
			     huge[] = {0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0};
	struct world *w = *state;
	struct client c;
	char *big = calloc(1, 100001);
	char ping[126] = "";

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		cl_ws(&c, w, hello);
		cl_frame(&c, v[i].first, v[i].text, v[i].l);
		want_close(&c, v[i].code);
	}
	cl_ws(&c, w, hello);
	cl_send(&c, plain, sizeof(plain)); /* not masked; what follows is not looked at */
	want_close(&c, 1002);
	cl_ws(&c, w, hello);
	cl_send(&c, wasteful, sizeof(wasteful));
	cl_send(&c, mask, 4);
	want_close(&c, 1002);
	cl_ws(&c, w, hello);
	cl_send(&c, huge, sizeof(huge));
	cl_send(&c, mask, 4);
	want_close(&c, 1002);
	cl_ws(&c, w, hello);
	cl_frame(&c, 0x89, ping, 126);
	want_close(&c, 1002);
	cl_ws(&c, w, hello);
	cl_frame(&c, 0x01, "x", 1);
	cl_frame(&c, 0x81, "x", 1); /* one within another */
	want_close(&c, 1002);
	cl_ws(&c, w, hello_sip);
	cl_frame(&c, 0x81, "x", 1);
	want_close(&c, 1003);
	/* too long: in one, and in pieces */
	cl_ws(&c, w, hello);
	cl_frame(&c, 0x81, big, 100001);
	want_close(&c, 1009);
	cl_ws(&c, w, hello);
	cl_frame(&c, 0x01, big, 100000);
	cl_frame(&c, 0x80, big, 1);
	want_close(&c, 1009);
	free(big);
	assert_int_equal(echo.messages, 0);
	assert_int_equal(echo.closed, echo.opened);
}

/* ------------------------------------------------------------------ what our side does */

static void test_close(void **state)
{
	struct world *w = *state;
	struct client c;

	echo.close_on = 4003;
	cl_ws(&c, w, hello);
	cl_frame(&c, 0x81, "x", 1);
	cl_frame(&c, 0x81, "y", 1); /* not heard any more */
	want_close(&c, 4003);
	assert_int_equal(echo.messages, 1);
	assert_int_equal(echo.closed, 1);
	echo.refuse = true;
	cl_open(&c, w, NULL);
	cl_send(&c, hello, strlen(hello));
	assert_true(cl_has(&c, "HTTP/1.1 101 "));
	assert_memory_equal(c.in.p + c.in.l - 4, "\x88\x02\x11\x31", 4); /* 4401 */
	vnet_run(w->net, 10000);
	assert_true(c.closed);
	cl_close(&c);
	assert_int_equal(echo.closed, 1); /* what was never open is not closed */
}

/* What waits for a listener who does not read has an end; others hear on. */
static void test_overflow(void **state)
{
	struct world *w = *state;
	struct client slow, good;
	struct rbuf *b;
	unsigned sent = 0;

	cl_ws(&slow, w, hello);
	struct http_ws *s = echo.ws;
	cl_ws(&good, w, hello);
	struct http_ws *g = echo.ws;
	tcp_read_pause(slow.t, true);
	assert_int_equal(rbuf_alloc(&b, NULL, 50000), 0);
	memset(b->data, 'm', b->l);
	while (sent < 100 && !echo.closed && http_ws_send(s, b)) {
		assert_true(http_ws_send(g, b));
		vnet_run(w->net, 1);
		sent++;
	}
	assert_true(sent >= 3 && sent < 100);
	vnet_run(w->net, 10000);
	assert_int_equal(echo.closed, 1);
	assert_int_equal(good.in.l, sent * (b->l + 4));
	/* in one turn: more than may wait */
	for (int i = 0; i < 4; i++)
		assert_true(http_ws_send(g, b) == (i < 3));
	vnet_run(w->net, 10000);
	assert_int_equal(echo.closed, 2);
	mem_deref(b);
	cl_close(&slow);
	cl_close(&good);
}

/* The same message to many, others between, and each hears them in order. */
static void test_many(void **state)
{
	enum { N = 300 };
	struct world *w = *state;
	struct client *c = calloc(N, sizeof(*c));
	struct http_ws *ws[N];
	struct rbuf *m[3];

	for (size_t i = 0; i < N; i++) {
		cl_ws(&c[i], w, hello);
		ws[i] = echo.ws;
	}
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(rbuf_alloc(&m[i], &"ABC"[i], 1), 0);
	for (size_t i = 0; i < N; i++)
		assert_true(http_ws_send(ws[i], m[0]));
	for (size_t i = 0; i < N; i += 2)
		assert_true(http_ws_send(ws[i], m[1]));
	/* many listeners hold one copy, and ours alone is left to us */
	vnet_run(w->net, 1);
	assert_int_equal(mem_nrefs(m[0]), 1);
	for (size_t i = 0; i < N; i++)
		assert_true(http_ws_send(ws[i], m[i % 3]));
	vnet_run(w->net, 1);
	for (size_t i = 0; i < N; i++) {
		char want[16];
		int l = snprintf(want, sizeof(want),
				 "\x81\x01"
				 "A%s\x81\x01%c",
				 i % 2 ? ""
				       : "\x81\x01"
					 "B",
				 "ABC"[i % 3]);

		assert_int_equal(c[i].in.l, l);
		assert_memory_equal(c[i].in.p, want, (size_t)l);
		cl_close(&c[i]);
	}
	for (size_t i = 0; i < 3; i++)
		mem_deref(m[i]);
	assert_int_equal(echo.closed, N);
	echo.ws = NULL;
	free(c);
}

/* Who talks is not asked; who is silent is, and goes when silent still. */
static void test_ping(void **state)
{
	struct world *w = *state;
	struct client c;

	cl_ws(&c, w, hello);
	echo.mute = true;
	for (int i = 0; i < 5; i++) {
		cl_frame(&c, 0x81, "x", 1);
		vnet_run(w->net, HTTP_PING_MS - 1000);
	}
	buf_reset(&c.in);
	vnet_run(w->net, HTTP_PING_MS);
	want_frame(&c, 0x89, "", 0);
	cl_frame(&c, 0x8a, "", 0);
	vnet_run(w->net, 2 * HTTP_PING_MS);
	assert_false(c.closed);
	assert_int_equal(echo.closed, 0);
	vnet_run(w->net, 2 * HTTP_PING_MS);
	assert_true(c.closed);
	assert_int_equal(echo.closed, 1);
	cl_close(&c);
}

/* A flood of messages waits in the connection, not in memory, and all of them arrive. */
static void test_flood(void **state)
{
	enum { N = 5000 };
	struct world *w = *state;
	struct client c;
	struct buf b;

	cl_ws(&c, w, hello);
	echo.mute = true;
	buf_init(&b);
	for (int i = 0; i < N; i++)
		put_frame(&b, 0x81, "0123456789012345678901234567890123456789", 40);
	cl_send(&c, b.p, b.l);
	vnet_run(w->net, 100);
	assert_int_equal(echo.messages, N);
	buf_free(&b);
	cl_close(&c);
}

/* The server ends with open WebSockets: they are told, and so are those who have them. */
static void test_server_end(void **state)
{
	struct world *w = *state;
	struct client a, b;
	struct rbuf *m;

	cl_ws(&a, w, hello);
	struct http_ws *first = echo.ws;
	cl_ws(&b, w, hello);
	assert_int_equal(rbuf_alloc(&m, "last", 4), 0);
	assert_true(http_ws_send(first, m));
	assert_true(http_ws_send(echo.ws, m));
	mem_deref(m);
	w->s = mem_deref(w->s);
	assert_int_equal(echo.closed, 2);
	echo.ws = NULL;
	vnet_run(w->net, 100);
	assert_int_equal(a.in.l, 10);
	assert_memory_equal(a.in.p, "\x81\x04last\x88\x02\x03\xe9", 10);
	assert_memory_equal(b.in.p, "\x81\x04last\x88\x02\x03\xe9", 10);
	cl_close(&a);
	cl_close(&b);
}

/* ------------------------------------------------------------------ memory */

#ifdef OH_DEBUG
static void talk(struct world *w)
{
	struct client c = {.w = w};
	struct sa local = addr("10.0.0.9:0"), dst = addr("10.0.0.1:80");
	struct rbuf *b = NULL;
	struct buf f;

	buf_init(&f);
	buf_str(&f, "GET /quiet HTTP/1.1\r\n" UP KEY V13 PROTO "\r\n");
	put_frame(&f, 0x81, "one", 3);
	put_frame(&f, 0x89, "ping", 4);
	put_frame(&f, 0x01, "two", 3);
	put_frame(&f, 0x80, "three", 5);
	if (tcp_connect(&c.t, w->l, &local, &dst, 0, &cl_ops, &c) == 0 && buf_rbuf(&f, &b) == 0)
		(void)!tcp_send(c.t, b);
	mem_deref(b);
	buf_free(&f);
	vnet_run(w->net, 10);
	mem_deref(c.t);
	buf_free(&c.in);
	vnet_run(w->net, 10);
}

/* The echo does not mind. */
static void quiet_message(struct http_ws *ws, struct slice msg, void *own)
{
	struct rbuf *b;

	(void)own;
	if (rbuf_alloc(&b, msg.p, msg.l))
		return;
	(void)http_ws_send(ws, b);
	mem_deref(b);
}

static void test_memory(void **state)
{
	struct http_ws_ops ops = text_ops;
	struct world *w = *state;
	struct client c;

	ops.path = "/quiet";
	ops.message = quiet_message;
	assert_int_equal(http_server_ws(w->s, &ops), 0);
	mem_fail_at(100000);
	talk(w);
	long n = mem_fail_off();
	for (long i = 0; i < n; i++) {
		mem_fail_at(i);
		talk(w);
		(void)mem_fail_off();
	}
	/* where there was no memory to tell that the client went, its silence does */
	vnet_run(w->net, 3 * HTTP_PING_MS);
	assert_int_equal(echo.closed, echo.opened);
	echo.ws = NULL;
	cl_ws(&c, w, hello);
	cl_frame(&c, 0x81, "fine", 4);
	want_frame(&c, 0x81, "fine", 4);
	cl_close(&c);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_upgrade, ws_setup, ws_teardown),
		cmocka_unit_test_setup_teardown(test_messages, ws_setup, ws_teardown),
		cmocka_unit_test_setup_teardown(test_pieces, ws_setup, ws_teardown),
		cmocka_unit_test_setup_teardown(test_faults, ws_setup, ws_teardown),
		cmocka_unit_test_setup_teardown(test_close, ws_setup, ws_teardown),
		cmocka_unit_test_setup_teardown(test_overflow, ws_setup, ws_teardown),
		cmocka_unit_test_setup_teardown(test_many, ws_setup, ws_teardown),
		cmocka_unit_test_setup_teardown(test_ping, ws_setup, ws_teardown),
		cmocka_unit_test_setup_teardown(test_flood, ws_setup, ws_teardown),
		cmocka_unit_test_setup_teardown(test_server_end, ws_setup, ws_teardown),
#ifdef OH_DEBUG
		cmocka_unit_test_setup_teardown(test_memory, ws_setup, ws_teardown),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
