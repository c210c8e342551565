/*
 * http_test.c - the HTTP server on a Unix socket, asked by the real client and by raw bytes.
 *
 * The server's thread and the loop thread are the real ones; clients run on threads of
 * their own and stop the loop when they are done, so that no test waits for time.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/mem.h"
#include "http/http.h"

struct fix {
	struct loop *loop;
	struct http_server *server;
	char dir[64], path[96];
	unsigned asked;
	struct http_req *held;
	void (*client)(struct fix *f);
	int failed; /**< line of the client's first failed check */
};

#define CHECK(f, cond)                                                                                                 \
	do {                                                                                                           \
		if (!(cond) && !(f)->failed)                                                                           \
			(f)->failed = __LINE__;                                                                        \
	} while (0)

/* Answers with what it saw; special paths ask for special answers. */
static void serve(struct http_req *rq, void *arg)
{
	struct fix *f = arg;
	struct buf b;
	struct slice path = http_req_path(rq);

	f->asked++;
	buf_init(&b);
	if (slice_eqs(path, "/none")) {
		http_reply(rq, 204, "application/json", SLICE_NULL);
	} else if (slice_eqs(path, "/hold")) {
		f->held = rq;
	} else if (slice_eqs(path, "/big")) {
		for (size_t i = 0; i < 3000000; i++)
			buf_char(&b, (char)('a' + i % 26));
		http_reply(rq, 200, "text/plain", buf_get(&b));
	} else {
		buf_printf(&b, "%.*s|%.*s|%.*s|%zu|%s", SLICE_FMT(http_req_method(rq)), SLICE_FMT(path),
			   SLICE_FMT(http_req_query(rq)), http_req_body(rq).l, http_req_peer_user(rq));
		http_reply(rq, 200, "text/plain", buf_get(&b));
	}
	buf_free(&b);
}

static int setup(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/offhook-http-XXXXXX");
	if (!mkdtemp(f->dir) || loop_alloc(&f->loop))
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/control.sock", f->dir);
	struct http_server_cfg cfg = {.loop = f->loop, .unix_path = f->path, .h = serve, .arg = f, .max_body = 1000000};
	if (http_server_alloc(&f->server, &cfg, NULL))
		return -1;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	mem_deref(f->server);
	loop_drain(f->loop);
	int left = access(f->path, F_OK) == 0;
	mem_deref(f->loop);
	if (rmdir(f->dir))
		left = 1;
	free(f);
	return left ? -1 : 0;
}

static void *client_main(void *arg)
{
	struct fix *f = arg;

	f->client(f);
	loop_wake_stop(f->loop);
	return NULL;
}

/* Run the loop while `client` works on a thread of its own. */
static void run(struct fix *f, void (*client)(struct fix *f))
{
	pthread_t t;

	f->client = client;
	assert_int_equal(pthread_create(&t, NULL, client_main, f), 0);
	assert_int_equal(loop_run(f->loop), 0);
	pthread_join(t, NULL);
	assert_int_equal(f->failed, 0);
}

static void ask(struct fix *f, const char *method, const char *url, struct slice body, unsigned want, const char *text)
{
	struct buf out;
	unsigned status = 0;

	buf_init(&out);
	CHECK(f, http_unix_request(f->path, method, url, body, &status, &out) == 0);
	CHECK(f, status == want);
	if (text)
		CHECK(f, slice_starts(buf_get(&out), slice_str(text)));
	if (f->failed)
		fprintf(stderr, "%s %s: %u %.*s\n", method, url, status, (int)(out.l < 200 ? out.l : 200),
			out.p ? out.p : "");
	buf_free(&out);
}

static void client_methods(struct fix *f)
{
	ask(f, "GET", "/api/v1/extensions/100?secrets=1&x=a%26b%3Dc&y", SLICE_NULL, 200,
	    "GET|/api/v1/extensions/100|secrets=1&x=a%26b%3Dc&y|0|");
	ask(f, "GET", "/a%20b/%25/*43", SLICE_NULL, 200, "GET|/a%20b/%25/*43||0|");
	ask(f, "POST", "/x", SLICE("hello"), 200, "POST|/x||5|");
	ask(f, "POST", "/x", SLICE_NULL, 200, "POST|/x||0|");
	ask(f, "PATCH", "/x", SLICE("hello"), 200, "PATCH|/x||5|");
	ask(f, "PUT", "/x", SLICE("hello!"), 200, "PUT|/x||6|");
	ask(f, "DELETE", "/x", SLICE_NULL, 200, "DELETE|/x||0|");
	ask(f, "DELETE", "/none", SLICE_NULL, 204, "");
}

static void test_methods(void **state)
{
	struct fix *f = *state;

	run(f, client_methods);
	assert_int_equal(f->asked, 8);
}

static void client_user(struct fix *f)
{
	struct buf out;
	unsigned status = 0;
	const char *me = getuid() ? getenv("USER") : "root";
	char want[128];

	buf_init(&out);
	snprintf(want, sizeof(want), "GET|/||0|%s", me ? me : "");
	CHECK(f, http_unix_request(f->path, "GET", "/", SLICE_NULL, &status, &out) == 0);
	CHECK(f, me ? slice_eqs(buf_get(&out), want) : out.l > strlen(want));
	buf_free(&out);
}

static void test_peer_user(void **state)
{
	run(*state, client_user);
}

static void client_big(struct fix *f)
{
	struct buf out, body;
	unsigned status = 0;

	buf_init(&out);
	buf_init(&body);
	CHECK(f, http_unix_request(f->path, "GET", "/big", SLICE_NULL, &status, &out) == 0);
	CHECK(f, out.l == 3000000);
	for (size_t i = 0; i < out.l; i++)
		CHECK(f, out.p[i] == (char)('a' + i % 26));
	for (size_t i = 0; i < 1000000; i++)
		buf_char(&body, 'x');
	ask(f, "POST", "/x", buf_get(&body), 200, "POST|/x||1000000|");
	buf_char(&body, 'x');
	ask(f, "POST", "/x", buf_get(&body), 413, "{\"error\"");
	buf_free(&out);
	buf_free(&body);
}

static void test_sizes(void **state)
{
	struct fix *f = *state;

	run(f, client_big);
	assert_int_equal(f->asked, 2); /* the refused one never got here */
}

static void test_mode(void **state)
{
	struct fix *f = *state;
	struct stat st;

	assert_int_equal(stat(f->path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0600);
}

static int raw_connect(const struct fix *f)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct timeval tv = {.tv_sec = 10};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", f->path);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	if (connect(fd, (struct sockaddr *)&un, sizeof(un)))
		return -1;
	return fd;
}

/* Send bytes and read what comes until the server closes or `want` is in it. */
static bool raw_ask(const struct fix *f, const char *bytes, size_t l, const char *want)
{
	int fd = raw_connect(f);
	char in[4096];
	size_t n = 0;
	ssize_t r;

	if (fd < 0)
		return false;
	bool sent = send(fd, bytes, l, MSG_NOSIGNAL) == (ssize_t)l;
	in[0] = '\0';
	while (n < sizeof(in) - 1 && (r = recv(fd, in + n, sizeof(in) - 1 - n, 0)) > 0) {
		n += (size_t)r;
		in[n] = '\0';
		if (*want && strstr(in, want))
			break;
	}
	close(fd);
	return sent && (*want ? strstr(in, want) != NULL
			      : n == 0 || strncmp(in, "HTTP/1.1 4", 10) == 0 || strncmp(in, "HTTP/1.0 4", 10) == 0);
}

static void client_raw(struct fix *f)
{
	static const struct {
		const char *bytes, *want; /**< want "": closed, or refused with 4xx */
	} v[] = {
		{"GET /ok HTTP/1.1\r\nHost: a\r\n\r\n", "GET|/ok||0|"},
		{"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "POST|/x||3|"},
		{"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
		 "POST|/x||3|"},
		{"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", " 413 "},
		{"nonsense\r\n\r\n", ""},
		{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 not for us\r\n\r\n", ""},
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		bool ok = raw_ask(f, v[i].bytes, strlen(v[i].bytes), v[i].want);

		if (!ok)
			fprintf(stderr, "raw %zu\n", i);
		CHECK(f, ok);
	}
	char *huge = calloc(1, 40000);
	strcpy(huge, "GET /x HTTP/1.1\r\nHost: a\r\nCookie: ");
	memset(huge + strlen(huge), 'c', 30000);
	strcat(huge, "\r\n\r\n");
	(void)raw_ask(f, huge, strlen(huge), "");
	free(huge);
	/* and it still answers */
	ask(f, "GET", "/after", SLICE_NULL, 200, "GET|/after||0|");
}

static void test_raw(void **state)
{
	run(*state, client_raw);
}

/* A client goes away while the loop thread works on its request. */
static void client_leaves(struct fix *f)
{
	static const char text[] = "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n";
	int fd = raw_connect(f);

	CHECK(f, fd >= 0);
	CHECK(f, send(fd, text, sizeof(text) - 1, 0) == (ssize_t)sizeof(text) - 1);
	/* the next answer shows that the first request has reached the loop thread */
	ask(f, "GET", "/next", SLICE_NULL, 200, "GET|/next");
	close(fd);
	ask(f, "GET", "/next", SLICE_NULL, 200, "GET|/next");
}

static void test_client_leaves(void **state)
{
	struct fix *f = *state;

	run(f, client_leaves);
	assert_non_null(f->held);
	http_reply(f->held, 200, "text/plain", SLICE("late"));
}

static void test_held_beyond_server(void **state)
{
	struct fix *f = *state;

	run(f, client_leaves);
	assert_non_null(f->held);
	f->server = mem_deref(f->server);
	http_reply(f->held, 200, "text/plain", SLICE("very late"));
}

enum { CLIENTS = 8, EACH = 40 };
static void *many_main(void *arg)
{
	struct fix *f = arg;

	for (int i = 0; i < EACH; i++)
		ask(f, "POST", "/x", SLICE("hello"), 200, "POST|/x||5|");
	return NULL;
}

static void client_many(struct fix *f)
{
	pthread_t t[CLIENTS];

	for (int i = 0; i < CLIENTS; i++)
		CHECK(f, pthread_create(&t[i], NULL, many_main, f) == 0);
	for (int i = 0; i < CLIENTS; i++)
		pthread_join(t[i], NULL);
}

static void test_many(void **state)
{
	struct fix *f = *state;

	run(f, client_many);
	assert_int_equal(f->asked, CLIENTS * EACH);
}

static void test_nobody_there(void **state)
{
	struct buf out;
	unsigned status;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	(void)state;
	buf_init(&out);
	assert_int_equal(http_unix_request("/nonexistent/control.sock", "GET", "/", SLICE_NULL, &status, &out), ENOENT);
	/* a socket that a dead server left behind */
	snprintf(un.sun_path, sizeof(un.sun_path), "/tmp/offhook-stale-%d", (int)getpid());
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	close(fd);
	assert_int_equal(http_unix_request(un.sun_path, "GET", "/", SLICE_NULL, &status, &out), ECONNREFUSED);
	unlink(un.sun_path);
	buf_free(&out);
}

static void test_stale_replaced(void **state)
{
	struct fix *f = *state;
	struct http_server_cfg cfg = {.loop = f->loop, .unix_path = f->path, .h = serve, .arg = f};
	FILE *file;

	f->server = mem_deref(f->server);
	file = fopen(f->path, "w");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(http_server_alloc(&f->server, &cfg, NULL), 0);
	run(f, client_user);
}

static void test_bad_path(void **state)
{
	struct fix *f = *state;
	struct http_server *s = NULL;
	char longpath[200];
	struct http_server_cfg cfg = {.loop = f->loop, .unix_path = longpath, .h = serve, .arg = f};

	memset(longpath, 'a', sizeof(longpath));
	longpath[0] = '/';
	longpath[sizeof(longpath) - 1] = '\0';
	assert_int_equal(http_server_alloc(&s, &cfg, NULL), ENAMETOOLONG);
	cfg.unix_path = "/nonexistent/dir/control.sock";
	assert_int_not_equal(http_server_alloc(&s, &cfg, NULL), 0);
	assert_null(s);
}

/* ------------------------------------------------------------------ ports of the system */

static struct sa bound[2];

static void note_port(const struct sa *at, bool tls, void *arg)
{
	(void)arg;
	bound[tls] = *at;
}

static void client_tcp(struct fix *f)
{
	static const char rq[] = "GET /api/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
	char in[4096];
	size_t n = 0;
	ssize_t r;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	CHECK(f, connect(fd, &bound[0].u.sa, sa_len(&bound[0])) == 0);
	CHECK(f, send(fd, rq, sizeof(rq) - 1, MSG_NOSIGNAL) == (ssize_t)sizeof(rq) - 1);
	while (n < sizeof(in) - 1 && (r = recv(fd, in + n, sizeof(in) - 1 - n, 0)) > 0)
		n += (size_t)r;
	in[n] = '\0';
	CHECK(f, strstr(in, "GET|/api/x||0|") != NULL);
	close(fd);
	/* without a certificate TLS is closed, and the rest goes on */
	fd = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(f, connect(fd, &bound[1].u.sa, sa_len(&bound[1])) == 0);
	CHECK(f, recv(fd, in, sizeof(in), 0) <= 0);
	close(fd);
	ask(f, "GET", "/next", SLICE_NULL, 200, "GET|/next");
}

static void test_ports(void **state)
{
	struct fix *f = *state;
	struct http_port port[3] = {{.option = "--http-port"}, {.tls = true}, {.optional = true}};
	struct http_server_cfg cfg = {
		.loop = f->loop, .unix_path = f->path, .port = port, .nport = 3, .h = serve, .arg = f};
	struct buf why;

	f->server = mem_deref(f->server);
	assert_int_equal(sa_set(&port[0].at, SLICE("127.0.0.1"), 0), 0);
	port[1].at = port[0].at;
	assert_int_equal(sa_set(&port[2].at, SLICE("2001:db8::77"), 0), 0); /* not an address of this machine */
	assert_int_equal(http_server_alloc(&f->server, &cfg, NULL), 0);
	http_server_listeners(f->server, note_port, NULL);
	assert_true(sa_port(&bound[0]) && sa_port(&bound[1]));
	run(f, client_tcp);
	/* the same port once more: said by its number, with another to try */
	struct http_server *s = NULL;
	char want[32];
	port[0].at = bound[0];
	cfg.nport = 1;
	cfg.unix_path = NULL;
	buf_init(&why);
	assert_int_equal(http_server_alloc(&s, &cfg, &why), EADDRINUSE);
	assert_null(s);
	buf_char(&why, '\0');
	snprintf(want, sizeof(want), "Web port %u ", sa_port(&bound[0]));
	assert_non_null(strstr(why.p, want));
	assert_non_null(strstr(why.p, "--http-port "));
	buf_reset(&why);
	assert_int_equal(sa_set(&port[0].at, SLICE("192.0.2.77"), 8080), 0);
	assert_int_equal(http_server_alloc(&s, &cfg, &why), EADDRNOTAVAIL);
	buf_char(&why, '\0');
	assert_non_null(strstr(why.p, "no address 192.0.2.77"));
	buf_free(&why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_methods, setup, teardown),
		cmocka_unit_test_setup_teardown(test_peer_user, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sizes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mode, setup, teardown),
		cmocka_unit_test_setup_teardown(test_raw, setup, teardown),
		cmocka_unit_test_setup_teardown(test_client_leaves, setup, teardown),
		cmocka_unit_test_setup_teardown(test_held_beyond_server, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stale_replaced, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_path, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ports, setup, teardown),
		cmocka_unit_test(test_nobody_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
