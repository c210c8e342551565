/*
 * web_test.c - the web ports: the page's files, security fields, cookies, bodies, files with ranges, TLS with its
 * certificate replaced, slow and greedy clients, memory that runs out.
 */
#include "fixture.h"
#include "http/http_priv.h"

#define HOST "Host: pbx.example\r\n"

/* ------------------------------------------------------------------ the page */

static void test_assets(void **state)
{
	static const struct {
		const char *rq, *want;
	} v[] = {
		{"GET / HTTP/1.1\r\n" HOST "\r\n", "\r\n\r\nhello, page\n"},
		{"GET /?a=b HTTP/1.1\r\n" HOST "\r\n", "\r\n\r\nhello, page\n"},
		{"GET /extensions/100 HTTP/1.1\r\n" HOST "\r\n", "\r\n\r\nhello, page\n"},
		{"GET /v1.2/calls HTTP/1.1\r\n" HOST "\r\n", "\r\n\r\nhello, page\n"},
		{"GET / HTTP/1.1\r\n" HOST "\r\n", "ETag: W/\"p1\"\r\n"},
		{"GET / HTTP/1.1\r\n" HOST "\r\n", "Cache-Control: no-cache\r\n"},
		{"GET / HTTP/1.1\r\n" HOST "\r\n", "Vary: Accept-Encoding\r\n"},
		{"GET / HTTP/1.1\r\n" HOST "\r\n", "Content-Type: text/html; charset=utf-8\r\nContent-Length: 12\r\n"},
		{"GET / HTTP/1.1\r\n" HOST "Accept-Encoding: br, gzip\r\n\r\n", "Content-Encoding: gzip\r\n"},
		{"GET / HTTP/1.1\r\n" HOST "Accept-Encoding: br, gzip\r\n\r\n", "\r\n\r\n\x1f\x8b\x08"},
		{"GET / HTTP/1.1\r\n" HOST "Accept-Encoding: *\r\n\r\n", "Content-Encoding: gzip\r\n"},
		{"GET / HTTP/1.1\r\n" HOST "Accept-Encoding: gzip;q=0, *\r\n\r\n", "\r\n\r\nhello, page\n"},
		{"GET / HTTP/1.1\r\n" HOST "Accept-Encoding: gzip;q=0.000\r\n\r\n", "\r\n\r\nhello, page\n"},
		{"GET / HTTP/1.1\r\n" HOST "Accept-Encoding: gzip;q=0.1\r\n\r\n", "Content-Encoding: gzip\r\n"},
		{"GET / HTTP/1.1\r\n" HOST "Accept-Encoding: identity\r\n\r\n", "\r\n\r\nhello, page\n"},
		{"GET /assets/a-1f.css HTTP/1.1\r\n" HOST "\r\n", "public, max-age=31536000, immutable\r\n"},
		{"GET /assets/a-1f.css HTTP/1.1\r\n" HOST "\r\n", "\r\n\r\nbody{}\n"},
		{"GET / HTTP/1.1\r\n" HOST "If-None-Match: \"x\", W/\"p1\"\r\n\r\n", "HTTP/1.1 304 "},
		{"GET / HTTP/1.1\r\n" HOST "If-None-Match: \"p1\"\r\n\r\n", "HTTP/1.1 304 "},
		{"GET / HTTP/1.1\r\n" HOST "If-None-Match: \"p2\"\r\n\r\n", "HTTP/1.1 200 "},
		{"GET /users/maria.k HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 200 "},
		{"GET /allowed_networks/192.0.2.0%2F24 HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 200 "},
		{"GET /robots.txt HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 404 "},
		{"GET /assets/gone.js HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 404 "},
		{"GET /../../etc/passwd.txt HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 404 "},
		{"POST / HTTP/1.1\r\n" HOST "\r\n", "Allow: GET, HEAD\r\n"},
		{"GET /bad.txt HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 503 "},
	};
	struct client c;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		cl_open(&c, *state, NULL);
		cl_ask(&c, v[i].rq, v[i].want);
		cl_close(&c);
	}
	assert_int_equal(((struct world *)*state)->asked, 0);
}

static void test_head(void **state)
{
	struct client c;

	cl_open(&c, *state, NULL);
	cl_send(&c, "HEAD / HTTP/1.1\r\n" HOST "\r\n", strlen("HEAD / HTTP/1.1\r\n" HOST "\r\n"));
	assert_true(cl_has(&c, "Content-Length: 12\r\n"));
	assert_false(cl_has(&c, "hello"));
	assert_memory_equal(c.in.p + c.in.l - 4, "\r\n\r\n", 4);
	buf_reset(&c.in);
	cl_send(&c, "HEAD /api/big HTTP/1.1\r\n" HOST "\r\n", strlen("HEAD /api/big HTTP/1.1\r\n" HOST "\r\n"));
	assert_true(cl_has(&c, "Content-Length: 300000\r\n"));
	assert_memory_equal(c.in.p + c.in.l - 4, "\r\n\r\n", 4);
	buf_reset(&c.in);
	/* and the connection is fit for more */
	cl_ask(&c, "GET /api/x HTTP/1.1\r\n" HOST "\r\n", "GET|/api/x|");
	cl_close(&c);
}

static void test_security_fields(void **state)
{
	static const char *const rq[] = {
		"GET / HTTP/1.1\r\n" HOST "\r\n",         "GET /api/x HTTP/1.1\r\n" HOST "\r\n",
		"GET /no.where HTTP/1.1\r\n" HOST "\r\n", "BREW / HTTP/1.1\r\n" HOST "\r\n",
		"GET /api/file HTTP/1.1\r\n" HOST "\r\n", "nonsense\r\n\r\n"};
	static const char *const want[] = {"script-src 'self';",
					   "frame-ancestors 'none'",
					   "object-src 'none'",
					   "base-uri 'none'",
					   "X-Content-Type-Options: nosniff\r\n",
					   "Referrer-Policy: same-origin\r\n",
					   "Permissions-Policy: microphone=(self), camera=(self)",
					   "Cross-Origin-Opener-Policy: same-origin\r\n",
					   "Date: ",
					   "Cache-Control: "};

	for (size_t i = 0; i < ARRAY_LEN(rq); i++) {
		struct client c;

		cl_open(&c, *state, NULL);
		cl_send(&c, rq[i], strlen(rq[i]));
		for (size_t k = 0; k < ARRAY_LEN(want); k++)
			if (!cl_has(&c, want[k]))
				fail_msg("no %s in the answer to %s", want[k], rq[i]);
		assert_false(cl_has(&c, "Strict-Transport-Security"));
		assert_false(cl_has(&c, "Server:"));
		cl_close(&c);
	}
	struct client c;
	cl_open(&c, *state, NULL);
	cl_ask(&c, "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", "connect-src 'self' ws://[::1]:8080;");
	/* a host that could end the policy stands nowhere in it */
	cl_ask(&c, "GET / HTTP/1.1\r\nHost: a;script-src *\r\n\r\n", "connect-src 'self'; frame-ancestors");
	cl_close(&c);
}

/* ------------------------------------------------------------------ requests */

static void test_requests(void **state)
{
	struct world *w = *state;
	struct client c;

	cl_open(&c, w, NULL);
	cl_ask(&c, "GET /api/a%2Fb?q=1 HTTP/1.1\r\n" HOST "Cookie: x=1; id=abc; y=2\r\nX-CSRF-Token: t\r\n\r\n",
	       "GET|/api/a%2Fb|q=1||abc|t|plain");
	assert_true(sa_eq_addr(&w->peer, &(struct sa){0}) || sa_af(&w->peer) == AF_INET);
	cl_ask(&c, "GET /api/x HTTP/1.1\r\n" HOST "Cookie: xid=1; id=\"q\"\r\n\r\n", "|q||plain");
	cl_ask(&c, "GET /api/x HTTP/1.1\r\n" HOST "\r\n", "Set-Cookie: id=7; HttpOnly\r\n");
	cl_ask(&c, "GET /api/x HTTP/1.1\r\n" HOST "\r\n", "Cache-Control: no-store\r\n");
	cl_ask(&c, "PATCH /api/x HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc", "PATCH|/api/x||abc|");
	cl_ask(&c, "DELETE /api/none HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 204 No Content\r\n");
	cl_ask(&c, "GET /healthz HTTP/1.1\r\n" HOST "\r\n", "GET|/healthz|");
	cl_ask(&c, "GET /metrics HTTP/1.1\r\n" HOST "\r\n", "GET|/metrics|");
	cl_ask(&c, "GET /.well-known/acme-challenge/x HTTP/1.1\r\n" HOST "\r\n", "GET|/.well-known/acme-challenge/x|");
	cl_ask(&c,
	       "POST /api/x HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n",
	       "POST|/api/x||abcde|");
	/* three at once are answered in their order */
	cl_send(&c,
		"GET /api/1 HTTP/1.1\r\n" HOST "\r\nGET / HTTP/1.1\r\n" HOST "\r\nGET /api/3 HTTP/1.1\r\n" HOST "\r\n",
		3 * strlen("GET /api/1 HTTP/1.1\r\n" HOST "\r\n") - 5);
	char *p = memmem(c.in.p, c.in.l, "/api/1|", 7), *q = memmem(c.in.p, c.in.l, "hello, page", 11),
	     *r = memmem(c.in.p, c.in.l, "/api/3|", 7);
	assert_true(p && q && r && p < q && q < r);
	buf_reset(&c.in);
	cl_ask(&c, "GET /api/x HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", "Connection: close\r\n");
	vnet_run(w->net, 1);
	assert_true(c.closed);
	cl_close(&c);
	cl_open(&c, w, NULL);
	cl_ask(&c, "GET /api/x HTTP/1.0\r\n\r\n", "GET|/api/x|");
	assert_true(c.closed);
	cl_close(&c);
	cl_open(&c, w, NULL);
	cl_ask(&c, "GET /api/x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "Connection: keep-alive\r\n");
	assert_false(c.closed);
	cl_close(&c);
}

static void test_bodies(void **state)
{
	struct world *w = *state;
	struct client c;
	char *big = malloc(120000);

	memset(big, 'x', 120000);
	cl_open(&c, w, NULL);
	cl_send(&c, "POST /api/x HTTP/1.1\r\n" HOST "Content-Length: 100000\r\n\r\n",
		strlen("POST /api/x HTTP/1.1\r\n" HOST "Content-Length: 100000\r\n\r\n"));
	cl_send(&c, big, 50000);
	assert_int_equal(w->asked, 0);
	cl_send(&c, big, 50000);
	assert_int_equal(w->asked, 1);
	assert_true(cl_has(&c, "POST|/api/x||xxxx"));
	buf_reset(&c.in);
	cl_ask(&c, "POST /api/x HTTP/1.1\r\n" HOST "Content-Length: 100001\r\n\r\n", "HTTP/1.1 413 ");
	cl_send(&c, big, 100001); /* is thrown away, not answered */
	vnet_run(w->net, 10000);
	assert_true(c.closed);
	assert_int_equal(c.in.l, 0);
	cl_close(&c);
	/* chunks do not say before how many they will be */
	cl_open(&c, w, NULL);
	cl_send(&c, "POST /api/x HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1D4C0\r\n",
		strlen("POST /api/x HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1D4C0\r\n"));
	cl_send(&c, big, 120000);
	assert_true(cl_has(&c, "HTTP/1.1 413 "));
	cl_close(&c);
	cl_open(&c, w, NULL);
	cl_ask(&c, "POST /api/x HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 400 ");
	cl_close(&c);
	cl_open(&c, w, NULL);
	cl_ask(&c, "POST /api/x HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n",
	       "HTTP/1.1 100 Continue\r\n\r\n");
	cl_ask(&c, "ab", "POST|/api/x||ab|");
	cl_ask(&c, "POST /api/x HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 999999\r\n\r\n",
	       "HTTP/1.1 413 ");
	cl_close(&c);
	assert_int_equal(w->asked, 2);
	/* a body that nobody reads ends the connection */
	cl_open(&c, w, NULL);
	cl_ask(&c, "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nGET /", "HTTP/1.1 405 ");
	vnet_run(w->net, 10000);
	assert_true(c.closed);
	cl_close(&c);
	free(big);
}

static void test_big_answer(void **state)
{
	struct world *w = *state;
	struct client c;

	cl_open(&c, w, NULL);
	cl_send(&c, "GET /api/big HTTP/1.1\r\n" HOST "\r\n", strlen("GET /api/big HTTP/1.1\r\n" HOST "\r\n"));
	c.want = 300000;
	vnet_run_until(w->net, has_bytes, &c, 1000);
	const char *body = (const char *)memmem(c.in.p, c.in.l, "\r\n\r\n", 4) + 4;
	assert_int_equal(c.in.p + c.in.l - body, 300000);
	for (size_t i = 0; i < 300000; i++)
		if (body[i] != (char)('a' + i % 26))
			fail_msg("byte %zu", i);
	cl_close(&c);
}

/* ------------------------------------------------------------------ files */

static void make_file(struct world *w, size_t size)
{
	FILE *f;

	strcpy(w->file, "/tmp/offhook-file-XXXXXX");
	f = fdopen(mkstemp(w->file), "w");
	assert_non_null(f);
	for (size_t i = 0; i < size; i++)
		fputc((int)('a' + i % 26), f);
	fclose(f);
}

static void test_files(void **state)
{
	static const struct {
		const char *field, *want, *want2;
	} v[] = {
		{"", "HTTP/1.1 200 OK", "\r\n\r\nabcdefghijklmnopqrstuvwxyz"},
		{"", "Accept-Ranges: bytes\r\n", "Content-Length: 200000\r\n"},
		{"", "Content-Type: audio/ogg\r\n", "Last-Modified: "},
		{"Range: bytes=0-4\r\n", "HTTP/1.1 206 ", "Content-Range: bytes 0-4/200000\r\n"},
		{"Range: bytes=26-28\r\n", "Content-Length: 3\r\n", "\r\n\r\nabc"},
		{"Range: bytes=-3\r\n", "Content-Range: bytes 199997-199999/200000\r\n", "\r\n\r\nfgh"},
		{"Range: bytes=199999-\r\n", "HTTP/1.1 206 ", "\r\n\r\nh"},
		{"Range: bytes=200000-\r\n", "HTTP/1.1 416 ", "Content-Range: bytes */200000\r\n"},
		{"Range: bytes=0-1,4-5\r\n", "HTTP/1.1 200 ", "Content-Length: 200000\r\n"},
		{"Range: bytes=5-2\r\n", "HTTP/1.1 200 ", "Content-Length: 200000\r\n"},
		{"Range: bytes=0-4\r\nIf-Range: \"old\"\r\n", "HTTP/1.1 200 ", "Content-Length: 200000\r\n"},
	};
	struct world *w = *state;
	struct client c;
	char text[256], tag[80];

	make_file(w, 200000);
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		cl_open(&c, w, NULL);
		snprintf(text, sizeof(text), "GET /api/file HTTP/1.1\r\n" HOST "%s\r\n", v[i].field);
		cl_send(&c, text, strlen(text));
		vnet_run(w->net, 100);
		if (!cl_has(&c, v[i].want) || !cl_has(&c, v[i].want2))
			fail_msg("%s: %.300s", v[i].field, c.in.p);
		if (cl_has(&c, "HTTP/1.1 200 ")) {
			const char *body = (const char *)memmem(c.in.p, c.in.l, "\r\n\r\n", 4) + 4;

			assert_int_equal(c.in.p + c.in.l - body, 200000);
			for (size_t k = 0; k < 200000; k++)
				if (body[k] != (char)('a' + k % 26))
					fail_msg("byte %zu", k);
		}
		assert_false(c.closed);
		const char *t = memmem(c.in.p, c.in.l, "ETag: ", 6);
		assert_non_null(t);
		struct slice rest = slice_mem(t + 6, (size_t)(c.in.p + c.in.l - t - 6));
		(void)slice_copy(tag, sizeof(tag), slice_cut(&rest, '\r'));
		cl_close(&c);
	}
	/* going on where one stopped, and knowing it already */
	cl_open(&c, w, NULL);
	snprintf(text, sizeof(text), "GET /api/file HTTP/1.1\r\n" HOST "Range: bytes=2-3\r\nIf-Range: %s\r\n\r\n", tag);
	cl_ask(&c, text, "\r\n\r\ncd");
	snprintf(text, sizeof(text), "GET /api/file HTTP/1.1\r\n" HOST "If-None-Match: %s\r\n\r\n", tag);
	cl_ask(&c, text, "HTTP/1.1 304 ");
	cl_ask(&c, "HEAD /api/file HTTP/1.1\r\n" HOST "\r\n", "Content-Length: 200000\r\n");
	cl_ask(&c, "GET /api/tagged HTTP/1.1\r\n" HOST "Range: bytes=0-0\r\n\r\n",
	       "ETag: \"mine\"\r\nContent-Disposition: attachment\r\n");
	cl_send(&c, "GET /api/tagged HTTP/1.1\r\n" HOST "Range: bytes=0-0\r\n\r\n",
		strlen("GET /api/tagged HTTP/1.1\r\n" HOST "Range: bytes=0-0\r\n\r\n"));
	assert_false(cl_has(&c, "Set-Cookie"));
	buf_reset(&c.in);
	unlink(w->file);
	cl_ask(&c, "GET /api/file HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 404 ");
	strcpy(w->file, "/tmp");
	cl_ask(&c, "GET /api/file HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 404 ");
	w->file[0] = '\0';
	cl_close(&c);
}

/* ------------------------------------------------------------------ TLS */

static void test_tls(void **state)
{
	struct world *w = *state;
	struct client a, b;

	cl_open(&a, w, "one.example");
	assert_non_null(strstr(tls_version(a.t), "TLSv1."));
	cl_ask(&a, "GET /api/x HTTP/1.1\r\n" HOST "\r\n", "|secure");
	cl_ask(&a, "GET / HTTP/1.1\r\n" HOST "\r\n", "wss://pbx.example;");
	cl_send(&a, "GET /api/hold HTTP/1.1\r\n" HOST "\r\n", strlen("GET /api/hold HTTP/1.1\r\n" HOST "\r\n"));
	assert_non_null(w->held);
	/* replaced while an answer is awaited */
	assert_int_equal(http_server_set_cert(w->s, w->other), 0);
	vnet_run(w->net, 1);
	http_reply(w->held, 200, "text/plain", SLICE("held"));
	vnet_run(w->net, 1);
	assert_true(cl_has(&a, "\r\n\r\nheld"));
	buf_reset(&a.in);
	cl_ask(&a, "GET /api/big HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 200 ");
	cl_open_from(&b, w, "10.0.0.9:0", "one.example");
	assert_false(b.up);
	cl_close(&b);
	cl_open(&b, w, "two.example");
	cl_ask(&b, "GET / HTTP/1.1\r\n" HOST "\r\n", "hello, page");
	cl_close(&b);
	vnet_run(w->net, 100);
	buf_reset(&a.in);
	cl_ask(&a, "GET / HTTP/1.1\r\n" HOST "\r\n", "hello, page");
	cl_close(&a);
}

/* ------------------------------------------------------------------ slow and greedy clients */

static void test_slow(void **state)
{
	struct world *w = *state;
	struct client c;

	/* says nothing */
	cl_open(&c, w, NULL);
	assert_true(vnet_run_until(w->net, is_closed, &c, HTTP_HEAD_MS + 1000));
	assert_int_equal(c.in.l, 0);
	cl_close(&c);
	/* a byte now and then: the time is that of the whole head */
	cl_open(&c, w, NULL);
	for (int i = 0; i < 30 && !c.closed && !c.in.l; i++) {
		cl_send(&c, i ? "x" : "GET /", i ? 1 : 5);
		vnet_run(w->net, 1000);
	}
	assert_true(cl_has(&c, "HTTP/1.1 408 "));
	cl_close(&c);
	/* waits for its next request */
	cl_open(&c, w, NULL);
	cl_ask(&c, "GET / HTTP/1.1\r\n" HOST "\r\n", "hello");
	vnet_run(w->net, HTTP_IDLE_MS - 1000);
	assert_false(c.closed);
	vnet_run(w->net, 7000);
	assert_true(c.closed);
	cl_close(&c);
	/* a body that stands still, and one that creeps */
	cl_open(&c, w, NULL);
	cl_send(&c, "POST /api/x HTTP/1.1\r\n" HOST "Content-Length: 50000\r\n\r\nx",
		strlen("POST /api/x HTTP/1.1\r\n" HOST "Content-Length: 50000\r\n\r\nx"));
	vnet_run(w->net, HTTP_STALL_MS + 1000);
	assert_true(cl_has(&c, "HTTP/1.1 408 "));
	cl_close(&c);
	cl_open(&c, w, NULL);
	cl_send(&c, "POST /api/x HTTP/1.1\r\n" HOST "Content-Length: 50000\r\n\r\nx",
		strlen("POST /api/x HTTP/1.1\r\n" HOST "Content-Length: 50000\r\n\r\nx"));
	for (int i = 0; i < 10 && !c.in.l; i++) {
		cl_send(&c, "x", 1);
		vnet_run(w->net, 5000);
	}
	assert_true(cl_has(&c, "HTTP/1.1 408 "));
	cl_close(&c);
	assert_int_equal(w->asked, 0);
}

static void test_slow_answer(void **state)
{
	struct world *w = *state;
	struct client c;

	cl_open(&c, w, NULL);
	cl_send(&c, "GET /api/hold HTTP/1.1\r\n" HOST "\r\n", strlen("GET /api/hold HTTP/1.1\r\n" HOST "\r\n"));
	vnet_run(w->net, HTTP_ANSWER_MS + 1000);
	assert_true(cl_has(&c, "HTTP/1.1 504 "));
	http_reply(w->held, 200, "text/plain", SLICE("late"));
	vnet_run(w->net, 10);
	cl_close(&c);
	/* it goes while the answer is awaited; so does the server */
	cl_open(&c, w, NULL);
	cl_send(&c, "GET /api/hold HTTP/1.1\r\n" HOST "\r\n", strlen("GET /api/hold HTTP/1.1\r\n" HOST "\r\n"));
	cl_close(&c);
	http_reply(w->held, 200, "text/plain", SLICE("nobody"));
	vnet_run(w->net, 10);
	cl_open(&c, w, NULL);
	cl_send(&c, "GET /api/hold HTTP/1.1\r\n" HOST "\r\n", strlen("GET /api/hold HTTP/1.1\r\n" HOST "\r\n"));
	w->s = mem_deref(w->s);
	http_reply(w->held, 200, "text/plain", SLICE("nobody"));
	cl_close(&c);
}

/* Who does not take the answer is left. */
static void test_slow_reader(void **state)
{
	struct world *w = *state;
	struct client c;

	make_file(w, 3000000);
	cl_open(&c, w, NULL);
	tcp_read_pause(c.t, true);
	cl_send(&c, "GET /api/file HTTP/1.1\r\n" HOST "\r\n", strlen("GET /api/file HTTP/1.1\r\n" HOST "\r\n"));
	vnet_run(w->net, HTTP_STALL_MS + 10000);
	tcp_read_pause(c.t, false);
	assert_true(vnet_run_until(w->net, is_closed, &c, 1000));
	assert_true(c.in.l < 3000000);
	cl_close(&c);
}

static void test_greedy(void **state)
{
	enum { N = HTTP_MAX_ADDR };
	struct world *w = *state;
	struct client *c = calloc(N + 2, sizeof(*c)), other;
	unsigned open = 0;

	/* all busy: one more is turned away, from elsewhere it is not */
	for (size_t i = 0; i < N; i++) {
		cl_open(&c[i], w, NULL);
		cl_send(&c[i], "GET /", 5);
	}
	cl_open_from(&c[N], w, "10.0.0.9:0", NULL);
	vnet_run(w->net, 1);
	assert_true(c[N].closed);
	cl_close(&c[N]);
	cl_open_from(&other, w, "10.0.0.10:0", NULL);
	cl_ask(&other, "GET / HTTP/1.1\r\n" HOST "\r\n", "hello");
	cl_close(&other);
	/* one waits for its next request: it makes room */
	cl_ask(&c[3], " HTTP/1.1\r\n" HOST "\r\n", "hello");
	cl_open_from(&c[N], w, "10.0.0.9:0", NULL);
	cl_ask(&c[N], "GET / HTTP/1.1\r\n" HOST "\r\n", "hello");
	vnet_run(w->net, 1);
	assert_true(c[3].closed);
	for (size_t i = 0; i <= N; i++)
		open += !c[i].closed;
	assert_int_equal(open, N);
	for (size_t i = 0; i <= N; i++)
		cl_close(&c[i]);
	free(c);
}

/* ------------------------------------------------------------------ memory */

#ifdef OH_DEBUG
static void ask_all(struct world *w)
{
	static const char *const rq[] = {"GET / HTTP/1.1\r\n" HOST "\r\n", "GET /api/x HTTP/1.1\r\n" HOST "\r\n",
					 "POST /api/x HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc",
					 "GET /api/file HTTP/1.1\r\n" HOST "\r\n"};

	for (size_t i = 0; i < ARRAY_LEN(rq); i++) {
		struct client c = {.w = w};
		struct sa local = addr("10.0.0.9:0"), dst = addr("10.0.0.1:80");
		struct rbuf *b = NULL;

		if (tcp_connect(&c.t, w->l, &local, &dst, 0, &cl_ops, &c) == 0 &&
		    rbuf_alloc(&b, rq[i], strlen(rq[i])) == 0)
			(void)!tcp_send(c.t, b);
		mem_deref(b);
		vnet_run(w->net, 10);
		mem_deref(c.t);
		buf_free(&c.in);
		vnet_run(w->net, 10);
	}
}

static void test_memory(void **state)
{
	struct world *w = *state;
	struct client c;
	long n;

	make_file(w, 1000);
	mem_fail_at(100000);
	ask_all(w);
	n = mem_fail_off();
	for (long i = 0; i < n; i++) {
		mem_fail_at(i);
		ask_all(w);
		(void)mem_fail_off();
	}
	vnet_run(w->net, 1000);
	cl_open(&c, w, NULL);
	cl_ask(&c, "GET / HTTP/1.1\r\n" HOST "\r\n", "hello");
	cl_close(&c);
}

static void test_memory_start(void **state)
{
	struct world w = *(struct world *)*state;
	int err = ENOMEM;

	((struct world *)*state)->s = mem_deref(w.s);
	for (long i = 0; err && i < 1000; i++) {
		mem_fail_at(i);
		err = try_server(&w);
		(void)mem_fail_off();
	}
	assert_int_equal(err, 0);
	mem_deref(w.s);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_assets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_head, setup, teardown),
		cmocka_unit_test_setup_teardown(test_security_fields, setup, teardown),
		cmocka_unit_test_setup_teardown(test_requests, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bodies, setup, teardown),
		cmocka_unit_test_setup_teardown(test_big_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tls, setup, teardown),
		cmocka_unit_test_setup_teardown(test_slow, setup, teardown),
		cmocka_unit_test_setup_teardown(test_slow_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_slow_reader, setup, teardown),
		cmocka_unit_test_setup_teardown(test_greedy, setup, teardown),
#ifdef OH_DEBUG
		cmocka_unit_test_setup_teardown(test_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_memory_start, setup, teardown),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
