/*
 * web_test.c - requests as browsers and programs send them, through the web server on an in-memory network: cookies,
 * CSRF, tokens, other sites, health and metrics.
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
#include "api/web.h"
#include "base/log.h"
#include "base/mem.h"
#include "loop/tcp.h"
#include "loop/vnet.h"
#include "pbx/account.h"

#define PASSWORD "blue lamp over the sea"

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
	struct buf in; /* the last answer, whole */
	bool closed;
	unsigned status;
	char cookie[128], csrf[64];
	const char *token;
};

static void quiet(enum log_level lvl, const char *line, void *arg)
{
	(void)lvl;
	(void)line;
	(void)arg;
}

static void start(struct fix *f)
{
	struct store_cfg sc = {.dir = f->dir, .loop = f->loop};
	struct buf why;

	buf_init(&why);
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
	buf_free(&why);
	f->token = account_setup_token(f->pbx);
}

static void stop(struct fix *f)
{
	vnet_run(f->net, 10);
	f->http = mem_deref(f->http);
	f->web = mem_deref(f->web);
	f->api = mem_deref(f->api);
	f->pbx = mem_deref(f->pbx);
	store_close(f->store);
}

static int setup(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));

	log_set_handler(quiet, NULL);
	buf_init(&f->in);
	strcpy(f->dir, "/tmp/offhook-web-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(vnet_alloc(&f->net, 1), 0);
	assert_int_equal(loop_alloc_virtual(&f->loop, f->net), 0);
	start(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;
	char cmd[128];

	stop(f);
	vnet_run(f->net, 10);
	mem_deref(f->loop);
	mem_deref(f->net);
	buf_free(&f->in);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", f->dir);
	int rc = system(cmd);
	log_set_handler(NULL, NULL);
	free(f);
	return rc;
}

/* ------------------------------------------------------------------ a client */

static void c_connected(struct tcp *t, void *arg)
{
	(void)t;
	(void)arg;
}

static void c_recv(struct tcp *t, struct slice data, void *arg)
{
	(void)t;
	buf_slice(&((struct fix *)arg)->in, data);
}

static void c_closed(struct tcp *t, int err, void *arg)
{
	(void)t;
	(void)err;
	((struct fix *)arg)->closed = true;
}

static bool over(void *arg)
{
	return ((struct fix *)arg)->closed;
}

/* One request on a connection of its own; `more` is whole header lines. The status. */
static unsigned send_as(struct fix *f, const char *from, const char *method, const char *path, const char *more,
			const char *body)
{
	static const struct tcp_ops ops = {c_connected, c_recv, c_connected, c_closed};
	struct rbuf *r;
	struct tcp *t;
	struct sa src;
	struct buf b;

	buf_init(&b);
	buf_printf(&b, "%s %s HTTP/1.1\r\nHost: pbx.example:8080\r\nConnection: close\r\n%s", method, path, more);
	if (body)
		buf_printf(&b, "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(body));
	buf_printf(&b, "\r\n%s", body ? body : "");
	assert_int_equal(buf_rbuf(&b, &r), 0);
	buf_free(&b);
	buf_reset(&f->in);
	f->closed = false;
	assert_int_equal(sa_set(&src, slice_str(from), 0), 0);
	assert_int_equal(tcp_connect(&t, f->loop, &src, &f->at, 0, &ops, f), 0);
	assert_int_equal(tcp_send(t, r), 0);
	mem_deref(r);
	if (!vnet_run_until(f->net, over, f, 10000))
		fail_msg("%s %s: no answer", method, path);
	mem_deref(t);
	buf_char(&f->in, '\0');
	assert_int_equal(sscanf(f->in.p, "HTTP/1.1 %u", &f->status), 1);
	return f->status;
}

static unsigned request(struct fix *f, const char *method, const char *path, const char *more, const char *body)
{
	return send_as(f, "192.0.2.7", method, path, more, body);
}

/* With the cookie, and with the token of the session if `csrf`. */
static unsigned as_user(struct fix *f, const char *method, const char *path, bool csrf, const char *more,
			const char *body)
{
	char h[512];

	snprintf(h, sizeof(h), "Cookie: theme=dark; %s\r\n%s%s%s%s", f->cookie, csrf ? "X-CSRF-Token: " : "",
		 csrf ? f->csrf : "", csrf ? "\r\n" : "", more);
	return request(f, method, path, h, body);
}

static bool says(const struct fix *f, const char *text)
{
	return strstr(f->in.p, text) != NULL;
}

/* The value of the cookie that was set, and the CSRF token beside it. */
static void keep(struct fix *f)
{
	const char *c = strstr(f->in.p, "Set-Cookie: "), *t = strstr(f->in.p, "\"csrf\":\"");

	assert_non_null(c);
	assert_non_null(t);
	snprintf(f->cookie, sizeof(f->cookie), "%.*s", (int)strcspn(c + 12, ";"), c + 12);
	snprintf(f->csrf, sizeof(f->csrf), "%.*s", (int)strcspn(t + 8, "\""), t + 8);
}

static void set_up(struct fix *f)
{
	char body[256];

	snprintf(body, sizeof(body), "{\"token\": \"%s\", \"name\": \"maria\", \"password\": \"" PASSWORD "\"}",
		 f->token);
	assert_int_equal(request(f, "POST", "/api/v1/setup", "", body), 200);
	keep(f);
}

#define SIGN_IN "{\"name\": \"maria\", \"password\": \"" PASSWORD "\"}"

/* ------------------------------------------------------------------ tests */

static void test_open(void **state)
{
	struct fix *f = *state;

	assert_int_equal(request(f, "GET", "/healthz", "", NULL), 200);
	assert_true(says(f, "\r\n\r\nok\n"));
	assert_int_equal(request(f, "POST", "/healthz", "", "{}"), 405);
	/* no calls can be made here */
	assert_int_equal(request(f, "GET", "/readyz", "", NULL), 503);
	assert_int_equal(request(f, "GET", "/api/v1/setup", "", NULL), 200);
	assert_true(says(f, "{\"needed\":true}"));
	assert_int_equal(request(f, "GET", "/api/v1/session", "", NULL), 401);
	assert_true(says(f, "\"sign_in\""));
	assert_int_equal(request(f, "GET", "/api/v1/extensions", "", NULL), 401);
	assert_int_equal(request(f, "DELETE", "/api/v1/extensions/100", "", NULL), 401);
	assert_int_equal(request(f, "GET", "/metrics", "", NULL), 401);
}

static void test_cookie(void **state)
{
	struct fix *f = *state;
	char old[128], h[300];

	set_up(f);
	assert_true(says(f, "; Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000\r\n"));
	assert_false(says(f, "Secure")); /* plain HTTP */
	assert_int_equal(strncmp(f->cookie, "offhook_session=", 16), 0);
	assert_true(says(f, "Cache-Control: no-store"));
	assert_int_equal(as_user(f, "GET", "/api/v1/session", false, "", NULL), 200);
	assert_true(says(f, f->csrf));
	assert_true(says(f, "\"name\":\"maria\""));
	/* fixation: what somebody else has planted is not taken over, and does not live on */
	snprintf(old, sizeof(old), "%s", f->cookie);
	snprintf(h, sizeof(h), "Cookie: %s\r\n", old);
	assert_int_equal(request(f, "POST", "/api/v1/session", h, SIGN_IN), 200);
	keep(f);
	assert_string_not_equal(f->cookie, old);
	assert_int_equal(request(f, "GET", "/api/v1/session", h, NULL), 401);
	assert_int_equal(request(f, "POST", "/api/v1/session",
				 "Cookie: offhook_session=BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB\r\n", SIGN_IN),
			 200);
	assert_false(says(f, "BBBBBBBB"));
	/* a cookie of TLS is none of plain HTTP */
	snprintf(h, sizeof(h), "Cookie: __Host-%s\r\n", f->cookie);
	assert_int_equal(request(f, "GET", "/api/v1/session", h, NULL), 401);
	/* signing out */
	assert_int_equal(as_user(f, "DELETE", "/api/v1/session", true, "", NULL), 204);
	assert_true(says(f, "Set-Cookie: offhook_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"));
	assert_int_equal(as_user(f, "GET", "/api/v1/session", false, "", NULL), 401);
}

static void test_csrf(void **state)
{
	static const char *const foreign[] = {
		"Sec-Fetch-Site: cross-site\r\n",  "Sec-Fetch-Site: same-site\r\n",
		"Origin: http://evil.example\r\n", "Origin: null\r\n",
		"Origin: http://pbx.example\r\n",  "Origin: http://pbx.example:8080.evil.example\r\n"};
	static const char own[] = "Sec-Fetch-Site: same-origin\r\nOrigin: http://pbx.example:8080\r\n";
	struct fix *f = *state;
	char csrf[64];

	set_up(f);
	assert_int_equal(as_user(f, "PATCH", "/api/v1/me", true, own, "{\"language\": \"zh\"}"), 200);
	assert_int_equal(as_user(f, "PATCH", "/api/v1/me", true, "Sec-Fetch-Site: none\r\n", "{\"language\": \"zh\"}"),
			 200);
	assert_int_equal(as_user(f, "PATCH", "/api/v1/me", false, own, "{\"language\": \"zh\"}"), 403);
	assert_true(says(f, "\"csrf\""));
	assert_int_equal(as_user(f, "PATCH", "/api/v1/me", false, "X-CSRF-Token: \r\n", "{\"language\": \"zh\"}"), 403);
	assert_int_equal(as_user(f, "DELETE", "/api/v1/session", false, "", NULL), 403);
	snprintf(csrf, sizeof(csrf), "%s", f->csrf);
	f->csrf[20] = f->csrf[20] == 'A' ? 'B' : 'A';
	assert_int_equal(as_user(f, "PATCH", "/api/v1/me", true, "", "{\"language\": \"zh\"}"), 403);
	snprintf(f->csrf, sizeof(f->csrf), "%.42s", csrf);
	assert_int_equal(as_user(f, "PATCH", "/api/v1/me", true, "", "{\"language\": \"zh\"}"), 403);
	snprintf(f->csrf, sizeof(f->csrf), "%s", csrf);
	for (size_t i = 0; i < ARRAY_LEN(foreign); i++) {
		assert_int_equal(as_user(f, "PATCH", "/api/v1/me", true, foreign[i], "{\"language\": \"zh\"}"), 403);
		assert_true(says(f, "\"cross_site\""));
		/* nor can another site sign a browser in as somebody else, or set the system up */
		assert_int_equal(request(f, "POST", "/api/v1/session", foreign[i], SIGN_IN), 403);
		assert_int_equal(request(f, "POST", "/api/v1/setup", foreign[i], "{}"), 403);
	}
	/* reading takes no token */
	assert_int_equal(as_user(f, "GET", "/api/v1/me", false, "", NULL), 200);
}

static void test_token(void **state)
{
	struct fix *f = *state;
	char token[64], h[200];
	const char *t;

	set_up(f);
	assert_int_equal(as_user(f, "POST", "/api/v1/tokens", true, "",
				 "{\"name\": \"crm\", \"role\": \"manager\", \"scopes\": \"write\"}"),
			 201);
	t = strstr(f->in.p, "\"token\":\"");
	assert_non_null(t);
	snprintf(token, sizeof(token), "%.46s", t + 9);
	/* no cookie, no CSRF token; other sites cannot send it, so nothing of theirs is asked */
	snprintf(h, sizeof(h), "Authorization: Bearer %s\r\n", token);
	assert_int_equal(request(f, "POST", "/api/v1/extensions", h, "{\"number\": \"102\"}"), 201);
	assert_int_equal(request(f, "GET", "/api/v1/extensions", h, NULL), 403);
	assert_int_equal(request(f, "GET", "/metrics", h, NULL), 403);
	assert_int_equal(as_user(f, "GET", "/api/v1/config/history", false, "", NULL), 200);
	assert_true(says(f, "\"author\":\"token crm from 192.0.2.7\""));
	assert_true(says(f, "\"author\":\"maria from 192.0.2.7\""));
	/* a wrong one is not replaced by the cookie */
	token[10] = token[10] == 'x' ? 'y' : 'x';
	snprintf(h, sizeof(h), "Authorization: Bearer %s\r\n", token);
	assert_int_equal(as_user(f, "GET", "/api/v1/me", false, h, NULL), 401);
	assert_true(says(f, "\"bad_token\""));
	assert_int_equal(as_user(f, "GET", "/api/v1/me", false, "Authorization: Basic bWFyaWE6eA==\r\n", NULL), 401);
	assert_int_equal(request(f, "GET", "/api/v1/setup", h, NULL), 401);
}

static void test_metrics(void **state)
{
	struct fix *f = *state;

	set_up(f);
	assert_int_equal(as_user(f, "GET", "/metrics", false, "", NULL), 200);
	assert_true(says(f, "Content-Type: text/plain; version=0.0.4; charset=utf-8"));
	assert_true(says(f, "\n# TYPE offhook_sessions gauge\noffhook_sessions 1\n"));
	/* no name twice */
	for (const char *p = f->in.p; (p = strstr(p, "# TYPE ")); p += 7) {
		char line[100];

		snprintf(line, sizeof(line), "%.*s ", (int)strcspn(p + 7, " "), p + 7);
		char type[120];
		snprintf(type, sizeof(type), "# TYPE %s", line);
		assert_null(strstr(p + 7, type));
	}
	assert_int_equal(request(f, "GET", "/metrics", "", NULL), 401);
	assert_int_equal(as_user(f, "PATCH", "/api/v1/settings/main", true, "", "{\"metrics_open\": true}"), 200);
	assert_int_equal(request(f, "GET", "/metrics", "", NULL), 200);
	stop(f);
	start(f);
	assert_int_equal(request(f, "GET", "/metrics", "", NULL), 200);
}

static void test_brute_force(void **state)
{
	struct fix *f = *state;
	static const char wrong[] = "{\"name\": \"maria\", \"password\": \"wrong\"}";
	static const char nobody[] = "{\"name\": \"nobody\", \"password\": \"wrong\"}";
	char first[400];

	set_up(f);
	/* the same answer, to the byte, whether there is such a user or not */
	assert_int_equal(request(f, "POST", "/api/v1/session", "", wrong), 401);
	snprintf(first, sizeof(first), "%s", strstr(f->in.p, "\r\n\r\n"));
	assert_int_equal(request(f, "POST", "/api/v1/session", "", nobody), 401);
	assert_string_equal(strstr(f->in.p, "\r\n\r\n"), first);
	assert_false(says(f, "Set-Cookie"));
	for (int i = 0; i < 20 && f->status == 401; i++)
		(void)send_as(f, "198.51.100.9", "POST", "/api/v1/session", "", wrong);
	assert_int_equal(f->status, 429);
	assert_true(says(f, "\r\nRetry-After: "));
	assert_int_equal(send_as(f, "198.51.100.9", "POST", "/api/v1/session", "", SIGN_IN), 429);
	/* who is signed in there gets in there */
	assert_int_equal(request(f, "POST", "/api/v1/session", "", SIGN_IN), 200);
}

static void test_bad_bodies(void **state)
{
	static const struct {
		const char *body;
		unsigned status;
	} v[] = {{"", 422},
		 {"{}", 422},
		 {"[]", 400},
		 {"{\"name\": \"maria\"}", 422},
		 {"{\"name\": 5, \"password\": \"x\"}", 422},
		 {"{\"name\": \"maria\", \"password\": [\"x\"]}", 422},
		 {"{\"name\": \"maria\", \"password\": \"x\", \"role\": \"administrator\"}", 422},
		 {"{\"name\": \"maria\", \"name\": \"tom\", \"password\": \"x\"}", 400},
		 {"{\"name\": \"ma\\u0000ria\", \"password\": \"x\"}", 400},
		 {"{\"name\": \"\xff\", \"password\": \"x\"}", 400},
		 {"not json", 400}};
	struct fix *f = *state;
	char *big = malloc(200100);
	size_t n;

	set_up(f);
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		if (request(f, "POST", "/api/v1/session", "", v[i].body) != v[i].status)
			fail_msg("%s: %u %s", v[i].body, f->status, f->in.p);
	/* a password of 200 kB costs no more than one of 1 kB */
	n = (size_t)snprintf(big, 200100, "{\"name\": \"maria\", \"password\": \"");
	memset(big + n, 'x', 200000 - n);
	strcpy(big + 200000, "\"}");
	assert_int_equal(request(f, "POST", "/api/v1/session", "", big), 401);
	free(big);
}

/* Sessions outlive a restart; setting up does not come back. */
static void test_restart(void **state)
{
	struct fix *f = *state;
	char body[256];

	snprintf(body, sizeof(body), "{\"token\": \"%s\", \"name\": \"tom\", \"password\": \"" PASSWORD "\"}",
		 f->token);
	set_up(f);
	assert_int_equal(request(f, "POST", "/api/v1/setup", "", body), 403);
	stop(f);
	start(f);
	assert_null(f->token);
	assert_int_equal(as_user(f, "GET", "/api/v1/session", false, "", NULL), 200);
	assert_true(says(f, f->csrf));
	assert_int_equal(as_user(f, "PATCH", "/api/v1/me", true, "", "{\"display_name\": \"M\"}"), 200);
	assert_int_equal(request(f, "GET", "/api/v1/setup", "", NULL), 200);
	assert_true(says(f, "{\"needed\":false}"));
	assert_int_equal(request(f, "POST", "/api/v1/setup", "", body), 403);
	/* the last administrator stays */
	assert_int_equal(as_user(f, "DELETE", "/api/v1/users/maria", true, "", NULL), 409);
	assert_true(says(f, "another administrator first"));
}

static void test_password(void **state)
{
	struct fix *f = *state;
	char other[128], h[200];

	set_up(f);
	assert_int_equal(request(f, "POST", "/api/v1/session", "", SIGN_IN), 200);
	snprintf(other, sizeof(other), "%s", f->cookie);
	snprintf(h, sizeof(h), "Cookie: %s\r\n", other);
	keep(f);
	assert_int_equal(as_user(f, "POST", "/api/v1/me/password", true, "",
				 "{\"old\": \"wrong\", \"password\": \"seven green umbrellas\"}"),
			 403);
	assert_int_equal(as_user(f, "POST", "/api/v1/me/password", true, "",
				 "{\"old\": \"" PASSWORD "\", \"password\": \"maria maria\"}"),
			 422);
	assert_int_equal(request(f, "GET", "/api/v1/me", h, NULL), 200);
	assert_int_equal(as_user(f, "POST", "/api/v1/me/password", true, "",
				 "{\"old\": \"" PASSWORD "\", \"password\": \"seven green umbrellas\"}"),
			 204);
	assert_int_equal(request(f, "GET", "/api/v1/me", h, NULL), 401);
	assert_int_equal(as_user(f, "GET", "/api/v1/me", false, "", NULL), 200);
	assert_int_equal(as_user(f, "POST", "/api/v1/me/totp", true, "", NULL), 200);
	assert_true(says(f, "otpauth://totp/offhook:maria?secret="));
	assert_int_equal(as_user(f, "POST", "/api/v1/me/totp/confirm", true, "", "{\"code\": \"abcdef\"}"), 403);
	assert_int_equal(as_user(f, "GET", "/api/v1/me/sessions", false, "", NULL), 200);
	assert_true(says(f, "\"current\":true"));
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_open),        T(test_cookie),     T(test_csrf),    T(test_token),    T(test_metrics),
		T(test_brute_force), T(test_bad_bodies), T(test_restart), T(test_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
