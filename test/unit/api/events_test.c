/*
 * events_test.c - live events through the web server on an in-memory network: who may listen to what, wishes, sessions
 * that end, listeners that do not keep up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "api/events.h"
#include "base/log.h"
#include "base/mem.h"
#include "loop/tcp.h"
#include "loop/vnet.h"
#include "pbx/account.h"
#include "pbx/event.h"

#define PASSWORD "blue lamp over the sea"

/** One connection: an HTTP request, or a WebSocket. */
struct link_end {
	struct tcp *t;
	struct buf in;
	bool closed;
};

struct fix {
	char dir[64];
	struct vnet *net;
	struct loop *loop;
	struct store *store;
	struct pbx *pbx;
	struct api *api;
	struct api_web *web;
	struct http_server *http;
	struct sa at;
	struct link_end rq, ws;
	char cookie[128], csrf[64];
};

static void quiet(enum log_level lvl, const char *line, void *arg)
{
	(void)lvl;
	(void)line;
	(void)arg;
}

static int setup(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));
	struct store_cfg sc = {.dir = f->dir};
	struct buf why;

	log_set_handler(quiet, NULL);
	buf_init(&f->rq.in);
	buf_init(&f->ws.in);
	buf_init(&why);
	strcpy(f->dir, "/tmp/offhook-events-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(vnet_alloc(&f->net, 1), 0);
	assert_int_equal(loop_alloc_virtual(&f->loop, f->net), 0);
	sc.loop = f->loop;
	sc.resource = pbx_resources(&sc.nresource);
	assert_int_equal(store_open(&f->store, &sc, &why), 0);
	struct pbx_cfg pc = {.loop = f->loop, .store = f->store, .realm = "test"};
	assert_int_equal(pbx_alloc(&f->pbx, &pc), 0);
	struct api_cfg ac = {.loop = f->loop, .pbx = f->pbx};
	assert_int_equal(api_alloc(&f->api, &ac), 0);
	assert_int_equal(api_web_alloc(&f->web, f->api, f->pbx), 0);
	assert_int_equal(sa_parse(&f->at, SLICE("192.0.2.1:8080"), 0), 0);
	struct http_port port = {.at = f->at};
	struct http_server_cfg hc = {.loop = f->loop, .port = &port, .nport = 1, .h = api_web_request, .arg = f->web};
	assert_int_equal(http_server_alloc(&f->http, &hc, &why), 0);
	assert_int_equal(api_web_serve(f->web, f->http), 0);
	buf_free(&why);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;
	char cmd[128];

	vnet_run(f->net, 10);
	f->http = mem_deref(f->http);
	mem_deref(f->ws.t);
	mem_deref(f->web);
	mem_deref(f->api);
	mem_deref(f->pbx);
	store_close(f->store);
	vnet_run(f->net, 10);
	mem_deref(f->loop);
	mem_deref(f->net);
	buf_free(&f->rq.in);
	buf_free(&f->ws.in);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", f->dir);
	int rc = system(cmd);
	log_set_handler(NULL, NULL);
	free(f);
	return rc;
}

/* ------------------------------------------------------------------ a client */

static void connected_h(struct tcp *t, void *arg)
{
	(void)t;
	(void)arg;
}

static void recv_h(struct tcp *t, struct slice data, void *arg)
{
	(void)t;
	buf_slice(&((struct link_end *)arg)->in, data);
}

static void closed_h(struct tcp *t, int err, void *arg)
{
	(void)t;
	(void)err;
	((struct link_end *)arg)->closed = true;
}

static bool over(void *arg)
{
	return ((struct link_end *)arg)->closed;
}

static void send_bytes(struct link_end *e, const void *p, size_t l)
{
	struct rbuf *r;

	assert_int_equal(rbuf_alloc(&r, p, l), 0);
	assert_int_equal(tcp_send(e->t, r), 0);
	mem_deref(r);
}

static void connect_end(struct fix *f, struct link_end *e)
{
	static const struct tcp_ops ops = {connected_h, recv_h, connected_h, closed_h};
	struct sa src;

	e->t = mem_deref(e->t);
	buf_reset(&e->in);
	e->closed = false;
	assert_int_equal(sa_set(&src, SLICE("192.0.2.7"), 0), 0);
	assert_int_equal(tcp_connect(&e->t, f->loop, &src, &f->at, 0, &ops, e), 0);
}

static unsigned request(struct fix *f, const char *method, const char *path, const char *body)
{
	char text[1500];
	unsigned status = 0;

	snprintf(text, sizeof(text),
		 "%s %s HTTP/1.1\r\nHost: pbx\r\nConnection: close\r\n%s%s%sX-CSRF-Token: %s\r\n"
		 "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
		 method, path, *f->cookie ? "Cookie: " : "", f->cookie, *f->cookie ? "\r\n" : "", f->csrf, strlen(body),
		 body);
	connect_end(f, &f->rq);
	send_bytes(&f->rq, text, strlen(text));
	assert_true(vnet_run_until(f->net, over, &f->rq, 20000));
	buf_char(&f->rq.in, '\0');
	assert_int_equal(sscanf(f->rq.in.p, "HTTP/1.1 %u", &status), 1);
	f->rq.t = mem_deref(f->rq.t);
	return status;
}

static void keep(struct fix *f)
{
	const char *c = strstr(f->rq.in.p, "Set-Cookie: "), *t = strstr(f->rq.in.p, "\"csrf\":\"");

	assert_true(c && t);
	snprintf(f->cookie, sizeof(f->cookie), "%.*s", (int)strcspn(c + 12, ";"), c + 12);
	snprintf(f->csrf, sizeof(f->csrf), "%.*s", (int)strcspn(t + 8, "\""), t + 8);
}

/* Extensions 100 and 101; maria administers, otto has extension 100; whoever is named is signed in. */
static void sign_in(struct fix *f, const char *name)
{
	char body[300];

	snprintf(body, sizeof(body), "{\"token\": \"%s\", \"name\": \"maria\", \"password\": \"" PASSWORD "\"}",
		 account_setup_token(f->pbx));
	assert_int_equal(request(f, "POST", "/api/v1/setup", body), 200);
	keep(f);
	assert_int_equal(request(f, "POST", "/api/v1/extensions", "{\"number\": \"100\", \"name\": \"A\"}"), 201);
	assert_int_equal(request(f, "POST", "/api/v1/extensions", "{\"number\": \"101\", \"name\": \"B\"}"), 201);
	if (!strcmp(name, "maria"))
		return;
	assert_int_equal(request(f, "POST", "/api/v1/users",
				 "{\"name\": \"otto\", \"role\": \"user\", \"extension\": \"100\", "
				 "\"password\": \"" PASSWORD "\"}"),
			 201);
	*f->cookie = *f->csrf = '\0';
	assert_int_equal(request(f, "POST", "/api/v1/session", "{\"name\": \"otto\", \"password\": \"" PASSWORD "\"}"),
			 200);
	keep(f);
}

static bool has(const struct link_end *e, const char *what)
{
	size_t l = strlen(what);

	for (size_t i = 0; i + l <= e->in.l; i++)
		if (!memcmp(e->in.p + i, what, l))
			return true;
	return false;
}

static void ws_open(struct fix *f, const char *wish)
{
	char text[800];
	uint8_t frame[200] = {0x81, (uint8_t)(0x80 | strlen(wish))};

	snprintf(text, sizeof(text),
		 "GET /api/v1/events HTTP/1.1\r\nHost: pbx\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		 "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		 "Sec-WebSocket-Protocol: offhook.events.v1\r\n%s%s\r\n\r\n",
		 *f->cookie ? "Cookie: " : "X-None: ", *f->cookie ? f->cookie : "none");
	connect_end(f, &f->ws);
	send_bytes(&f->ws, text, strlen(text));
	vnet_run(f->net, 100);
	assert_true(has(&f->ws, "HTTP/1.1 101"));
	if (!*wish)
		return;
	assert_true(strlen(wish) < 126);
	memcpy(frame + 6, wish, strlen(wish)); /* the mask is zero */
	send_bytes(&f->ws, frame, 6 + strlen(wish));
	vnet_run(f->net, 100);
}

static void assert_code(struct fix *f, unsigned code)
{
	char end[4] = {(char)0x88, 2, (char)(code >> 8), (char)code};
	bool found = false;

	for (size_t i = 0; i + 4 <= f->ws.in.l && !found; i++)
		found = !memcmp(f->ws.in.p + i, end, 4);
	if (!found)
		fail_msg("not closed with %u", code);
}

static void say(struct fix *f, enum event_topic t, const char *key, const char *ext)
{
	const char *about[] = {ext, NULL};

	event_publish(f->pbx, t, key, about, json_pack("{s:s}", "of", ext));
	vnet_run(f->net, 300);
}

/* ------------------------------------------------------------------ tests */

static void test_nobody(void **state)
{
	struct fix *f = *state;

	ws_open(f, "");
	vnet_run(f->net, 100);
	assert_code(f, 4401);
}

static void test_administrator(void **state)
{
	struct fix *f = *state;

	sign_in(f, "maria");
	ws_open(f, "{\"topics\":[\"call\",\"alarm\"]}");
	assert_true(has(&f->ws, "{\"events\":[],\"seq\":"));
	say(f, EVENT_CALL, "c1", "100");
	say(f, EVENT_ALARM, "disk", "");
	say(f, EVENT_TRUNK, "isp", "");
	assert_true(has(&f->ws, "\"topic\":\"call\",\"key\":\"c1\",\"data\":{\"of\":\"100\"}"));
	assert_true(has(&f->ws, "\"key\":\"disk\""));
	assert_false(has(&f->ws, "\"key\":\"isp\""));
}

static void test_own_only(void **state)
{
	struct fix *f = *state;

	sign_in(f, "otto");
	ws_open(f, "{\"topics\":[\"call\",\"alarm\",\"config\",\"system\"]}");
	say(f, EVENT_CALL, "c1", "100");
	say(f, EVENT_CALL, "c2", "101");
	pbx_alarm_raise(f->pbx, "disk", "critical", "Full.", "Make room.");
	vnet_run(f->net, 5000);
	assert_true(has(&f->ws, "\"key\":\"c1\""));
	assert_false(has(&f->ws, "\"key\":\"c2\""));
	assert_false(has(&f->ws, "alarm"));
	assert_false(has(&f->ws, "system"));
	assert_false(f->ws.closed);
	ws_open(f, "{\"topics\":[\"call\"],\"extension\":\"101\"}");
	assert_code(f, 4403);
}

static void test_session_ends(void **state)
{
	struct fix *f = *state;

	sign_in(f, "maria");
	ws_open(f, "{\"topics\":[\"call\"]}");
	vnet_run(f->net, 60000);
	assert_false(f->ws.closed);
	assert_int_equal(request(f, "DELETE", "/api/v1/session", ""), 204);
	vnet_run(f->net, 3000);
	assert_code(f, 4401);
	assert_false(event_wanted(f->pbx, EVENT_SYSTEM));
}

static void test_bad_wishes(void **state)
{
	static const char *const bad[] = {"{}",
					  "[]",
					  "nonsense",
					  "{\"topics\":[\"calls\"]}",
					  "{\"topics\":\"call\"}",
					  "{\"topics\":[1]}",
					  "{\"topics\":[\"call\"],\"since\":\"x\"}",
					  "{\"topics\":[\"call\"],\"extension\":7}"};
	struct fix *f = *state;

	sign_in(f, "maria");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ws_open(f, bad[i]);
		assert_code(f, 1008);
	}
	/* and who says nothing at all */
	ws_open(f, "");
	vnet_run(f->net, 30000);
	assert_code(f, 1008);
}

static void test_resume(void **state)
{
	struct fix *f = *state;
	char wish[120];
	uint64_t at;

	sign_in(f, "maria");
	ws_open(f, "{\"topics\":[\"call\"]}");
	say(f, EVENT_CALL, "c1", "100");
	at = event_seq(f->pbx);
	f->ws.t = mem_deref(f->ws.t);
	vnet_run(f->net, 1000);
	say(f, EVENT_CALL, "c2", "100");
	snprintf(wish, sizeof(wish), "{\"topics\":[\"call\"],\"since\":%llu}", (unsigned long long)at);
	ws_open(f, wish);
	vnet_run(f->net, 300);
	assert_true(has(&f->ws, "\"key\":\"c2\""));
	assert_false(has(&f->ws, "\"key\":\"c1\""));
	ws_open(f, "{\"topics\":[\"call\"],\"since\":17}");
	vnet_run(f->net, 300);
	assert_true(has(&f->ws, "\"lost\":true"));
}

/* What one asks for later counts from then on. */
static void test_another_wish(void **state)
{
	static const char wish[] = "{\"topics\":[\"trunk\"]}";
	uint8_t frame[100] = {0x81, 0x80 | (sizeof(wish) - 1)};
	struct fix *f = *state;

	sign_in(f, "maria");
	ws_open(f, "{\"topics\":[\"call\"]}");
	memcpy(frame + 6, wish, sizeof(wish) - 1);
	send_bytes(&f->ws, frame, 6 + sizeof(wish) - 1);
	vnet_run(f->net, 100);
	say(f, EVENT_CALL, "c1", "100");
	say(f, EVENT_TRUNK, "isp", "");
	assert_false(has(&f->ws, "\"key\":\"c1\""));
	assert_true(has(&f->ws, "\"key\":\"isp\""));
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_nobody),     T(test_administrator), T(test_own_only),     T(test_session_ends),
		T(test_bad_wishes), T(test_resume),        T(test_another_wish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
