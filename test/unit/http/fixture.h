/*
 * fixture.h - a web server on the virtual network, and clients that send bytes and look at what comes back.
 *
 * Server and clients run on one thread with a virtual clock: a time-out is waited for in no time.
 */
#ifndef TEST_HTTP_FIXTURE_H
#define TEST_HTTP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/mem.h"
#include "http/http.h"
#include "loop/cert.h"
#include "loop/tls.h"
#include "loop/vnet.h"

struct world {
	struct vnet *net;
	struct loop *l;
	struct http_server *s;
	struct tls *tls; /**< of clients */
	struct cert *cert, *other;
	unsigned asked;
	struct http_req *held;
	struct sa peer;     /**< of the last request */
	char file[64];      /**< what /api/file answers with */
	struct http_ws *ws; /**< the last that was opened */
};

/* "hello, page\n" and "body{}\n" as gzip packs them. */
static const uint8_t gz_page[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xcb,
				  0x48, 0xcd, 0xc9, 0xc9, 0xd7, 0x51, 0x28, 0x48, 0x4c, 0x4f, 0xe5,
				  0x02, 0x00, 0x94, 0x4f, 0x71, 0xcc, 0x0c, 0x00, 0x00, 0x00};
static const uint8_t gz_style[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x4b, 0xca, 0x4f, 0xa9,
				   0xac, 0xae, 0xe5, 0x02, 0x00, 0xb2, 0x68, 0x82, 0x20, 0x07, 0x00, 0x00, 0x00};
static const uint8_t gz_bad[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xff, 0xff,
				 0x4f, 0xa9, 0x02, 0x00, 0xb2, 0x68, 0x82, 0x20, 0x07, 0x00, 0x00, 0x00};
static const struct http_asset assets[] = {
	{"/", "text/html; charset=utf-8", "\"p1\"", gz_page, sizeof(gz_page), false},
	{"/assets/a-1f.css", "text/css; charset=utf-8", "\"c1\"", gz_style, sizeof(gz_style), true},
	{"/bad.txt", "text/plain", "\"b\"", gz_bad, sizeof(gz_bad), false},
};

static inline struct sa addr(const char *s)
{
	struct sa a;

	assert_int_equal(sa_parse(&a, slice_str(s), 0), 0);
	return a;
}

/* Answers with what it saw; special paths ask for special answers. */
static inline void serve(struct http_req *rq, void *arg)
{
	struct world *w = arg;
	struct slice path = http_req_path(rq);
	struct buf b;

	w->asked++;
	w->peer = *http_req_peer(rq);
	buf_init(&b);
	if (slice_eqs(path, "/api/hold")) {
		w->held = rq;
	} else if (slice_eqs(path, "/api/none")) {
		http_reply(rq, 204, NULL, SLICE_NULL);
	} else if (slice_eqs(path, "/api/file")) {
		http_answer(rq, &(struct http_answer){.status = 200, .ctype = "audio/ogg", .file = w->file});
	} else if (slice_eqs(path, "/api/tagged")) {
		http_answer(rq, &(struct http_answer){.status = 200,
						      .ctype = "audio/ogg",
						      .file = w->file,
						      .header = {{"ETag", SLICE("\"mine\"")},
								 {"Content-Disposition", SLICE("attachment")},
								 {"X-Bad", SLICE("a\r\nSet-Cookie: b")}},
						      .nheader = 3});
	} else if (slice_eqs(path, "/api/big")) {
		for (size_t i = 0; i < 300000; i++)
			buf_char(&b, (char)('a' + i % 26));
		http_reply(rq, 200, "text/plain", buf_get(&b));
	} else {
		struct slice cookie = http_req_cookie(rq, "id"), token = http_req_header(rq, "x-csrf-token");

		buf_printf(&b, "%.*s|%.*s|%.*s|%.*s|%.*s|%.*s|%s", SLICE_FMT(http_req_method(rq)), SLICE_FMT(path),
			   SLICE_FMT(http_req_query(rq)), SLICE_FMT(http_req_body(rq)), SLICE_FMT(cookie),
			   SLICE_FMT(token), http_req_secure(rq) ? "secure" : "plain");
		http_answer(rq, &(struct http_answer){.status = 200,
						      .ctype = "text/plain",
						      .body = buf_get(&b),
						      .header = {{"Set-Cookie", SLICE("id=7; HttpOnly")}},
						      .nheader = 1});
	}
	buf_free(&b);
}

static inline struct cert *make_cert(const char *name)
{
	/* the wall clock of virtual loops begins in 2026 */
	struct cert_make m = {.cn = name, .dns = {name}, .ndns = 1, .not_before = 1577836800, .not_after = 4070908800};
	struct cert *c;

	assert_int_equal(cert_make(&c, &m), 0);
	return c;
}

static inline int try_server(struct world *w)
{
	struct http_port port[2] = {{.at = addr("10.0.0.1:80")}, {.at = addr("10.0.0.1:443"), .tls = true}};
	struct http_server_cfg cfg = {.loop = w->l,
				      .port = port,
				      .nport = 2,
				      .asset = assets,
				      .nasset = ARRAY_LEN(assets),
				      .h = serve,
				      .arg = w,
				      .max_body = 100000};

	return http_server_alloc(&w->s, &cfg, NULL);
}

static inline int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct buf why;

	assert_int_equal(vnet_alloc(&w->net, 1), 0);
	assert_int_equal(loop_alloc_virtual(&w->l, w->net), 0);
	assert_int_equal(try_server(w), 0);
	w->cert = make_cert("one.example");
	w->other = make_cert("two.example");
	buf_init(&why);
	assert_int_equal(tls_alloc(&w->tls, &(struct tls_cfg){.loop = w->l, .no_system_ca = true}, &why), 0);
	assert_int_equal(tls_trust(w->tls, w->cert), 0);
	assert_int_equal(tls_trust(w->tls, w->other), 0);
	assert_int_equal(http_server_set_cert(w->s, w->cert), 0);
	vnet_run(w->net, 0);
	*state = w;
	return 0;
}

static inline int teardown(void **state)
{
	struct world *w = *state;

	mem_deref(w->s);
	mem_deref(w->tls);
	mem_deref(w->cert);
	mem_deref(w->other);
	loop_drain(w->l);
	vnet_run(w->net, 20000);
	mem_deref(w->l);
	mem_deref(w->net);
	if (w->file[0])
		unlink(w->file);
	free(w);
	return 0;
}

/* ------------------------------------------------------------------ clients */

struct client {
	struct world *w;
	struct tcp *t;
	struct buf in;
	bool up, closed;
	size_t want;
};

static inline void cl_connected(struct tcp *t, void *arg)
{
	(void)t;
	((struct client *)arg)->up = true;
}
static inline void cl_recv(struct tcp *t, struct slice data, void *arg)
{
	(void)t;
	buf_slice(&((struct client *)arg)->in, data);
}
static inline void cl_drained(struct tcp *t, void *arg)
{
	(void)t;
	(void)arg;
}
static inline void cl_closed(struct tcp *t, int err, void *arg)
{
	(void)t;
	(void)err;
	((struct client *)arg)->closed = true;
}
static const struct tcp_ops cl_ops = {cl_connected, cl_recv, cl_drained, cl_closed};

static inline bool is_up(void *arg)
{
	struct client *c = arg;

	return c->up || c->closed;
}
static inline bool is_closed(void *arg)
{
	return ((struct client *)arg)->closed;
}
static inline bool has_bytes(void *arg)
{
	struct client *c = arg;

	return c->closed || c->in.l >= c->want;
}

static inline void cl_open_from(struct client *c, struct world *w, const char *from, const char *tls_name)
{
	struct sa local = addr(from), dst = addr(tls_name ? "10.0.0.1:443" : "10.0.0.1:80");
	struct tls_to to = {.host = slice_str(tls_name)};

	*c = (struct client){.w = w};
	buf_init(&c->in);
	if (tls_name)
		assert_int_equal(tls_connect(&c->t, w->tls, &local, &dst, &to, &cl_ops, c), 0);
	else
		assert_int_equal(tcp_connect(&c->t, w->l, &local, &dst, 0, &cl_ops, c), 0);
	vnet_run_until(w->net, is_up, c, 20000);
}

static inline void cl_open(struct client *c, struct world *w, const char *tls_name)
{
	cl_open_from(c, w, "10.0.0.9:0", tls_name);
	assert_true(c->up);
}

static inline void cl_close(struct client *c)
{
	c->t = mem_deref(c->t);
	buf_free(&c->in);
	vnet_run(c->w->net, 1);
}

static inline void cl_send(struct client *c, const void *p, size_t l)
{
	struct rbuf *b;

	tcp_set_limit(c->t, 10000000);
	assert_int_equal(rbuf_alloc(&b, p, l), 0);
	(void)!tcp_send(c->t, b); /* it may be closed by now */
	mem_deref(b);
	vnet_run(c->w->net, 1);
}

static inline bool cl_has(struct client *c, const char *text)
{
	return c->in.l && memmem(c->in.p, c->in.l, text, strlen(text)) != NULL;
}

/* Send, and look whether the answer has this text; it is forgotten then. */
static inline void cl_ask(struct client *c, const char *text, const char *want)
{
	cl_send(c, text, strlen(text));
	if (!cl_has(c, want))
		fail_msg("asked:\n%s\nwanted: %s\ngot (%zu):\n%.*s", text, want, c->in.l, (int)c->in.l,
			 c->in.p ? c->in.p : "");
	buf_reset(&c->in);
}

#endif
