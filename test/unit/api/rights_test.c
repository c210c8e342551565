/*
 * rights_test.c - who may do what: every line of both tables of routes, for each role, without a session, and for
 * tokens of each scope, against what is typed out here.
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
#include "api/api_priv.h"
#include "base/log.h"
#include "loop/vnet.h"

struct fix {
	char dir[64];
	struct vnet *net;
	struct loop *loop;
	struct store *store;
	struct pbx *pbx;
	struct api *api;
	bool answered;
	unsigned status;
	json_t *body;
	struct buf log;
	bool secure; /* requests come by TLS */
	char cookie[256];
};

static void keep_log(enum log_level lvl, const char *line, void *arg)
{
	struct fix *f = arg;

	(void)lvl;
	buf_printf(&f->log, "%s\n", line);
}

static void made(int err, const char *why, json_t *row, int64_t id, void *arg)
{
	(void)row;
	(void)id;
	(void)arg;
	if (err)
		fail_msg("%d %s", err, why);
}

static void make(struct fix *f, const struct resource *r, const char *key, json_t *obj)
{
	struct change_item it = {.op = CHANGE_CREATE, .r = r, .key = key, .obj = obj};

	pbx_change(f->pbx, &it, 1, "test", NULL, made, f);
	vnet_run(f->net, 50);
	json_decref(obj);
}

static int setup(void **state)
{
	static const char *const role[] = {"user", "read_only", "manager", "administrator"};
	struct fix *f = calloc(1, sizeof(*f));
	struct buf why;

	buf_init(&f->log);
	log_set_handler(keep_log, f);
	buf_init(&why);
	strcpy(f->dir, "/tmp/offhook-rights-XXXXXX");
	if (!mkdtemp(f->dir) || vnet_alloc(&f->net, 1) || loop_alloc_virtual(&f->loop, f->net))
		return -1;
	struct store_cfg sc = {.dir = f->dir, .loop = f->loop};
	sc.resource = pbx_resources(&sc.nresource);
	if (store_open(&f->store, &sc, &why))
		return -1;
	struct pbx_cfg pc = {.loop = f->loop, .store = f->store, .realm = "test"};
	if (pbx_alloc(&f->pbx, &pc))
		return -1;
	struct api_cfg ac = {.loop = f->loop, .pbx = f->pbx};
	if (api_alloc(&f->api, &ac))
		return -1;
	make(f, &pbx_extension_resource, "100",
	     json_pack("{s:s, s:s}", "number", "100", "password", "hidden-by-rights"));
	/* names as roles; they never sign in here */
	for (size_t i = 0; i < ARRAY_LEN(role); i++)
		make(f, &pbx_user_resource, role[i],
		     json_pack("{s:s, s:s, s:s, s:b}", "name", role[i], "role", role[i], "extension", "100",
			       "may_listen", 1));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;
	char cmd[128];

	json_decref(f->body);
	mem_deref(f->api);
	mem_deref(f->pbx);
	store_close(f->store);
	mem_deref(f->loop);
	mem_deref(f->net);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", f->dir);
	int rc = system(cmd);
	log_set_handler(NULL, NULL);
	buf_free(&f->log);
	free(f);
	return rc;
}

/* ------------------------------------------------------------------ who asks */

/* N nobody; U user, R read_only, M manager, A administrator, by session; tokens of an administrator with one scope: r
 * read, w write, c calls, d records, m metrics; and a: all. */
static const char everybody[] = "NURMArwcdma";

static void become(char c, struct principal *w)
{
	static const struct {
		char c;
		enum role role;
		uint32_t scopes;
	} v[] = {{'N', ROLE_NONE, 0},
		 {'U', ROLE_USER, SCOPE_ALL},
		 {'R', ROLE_READONLY, SCOPE_ALL},
		 {'M', ROLE_MANAGER, SCOPE_ALL},
		 {'A', ROLE_ADMIN, SCOPE_ALL},
		 {'r', ROLE_ADMIN, SCOPE_READ},
		 {'w', ROLE_ADMIN, SCOPE_WRITE},
		 {'c', ROLE_ADMIN, SCOPE_CALLS},
		 {'d', ROLE_ADMIN, SCOPE_RECORDS},
		 {'m', ROLE_ADMIN, SCOPE_METRICS},
		 {'a', ROLE_ADMIN, SCOPE_ALL}};

	memset(w, 0, sizeof(*w));
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		if (v[i].c != c)
			continue;
		w->role = v[i].role;
		w->scopes = v[i].scopes;
		if (strchr("URMA", c)) {
			snprintf(w->name, sizeof(w->name), "%s", role_name(v[i].role));
			snprintf(w->extension, sizeof(w->extension), "100");
			w->session = SLICE("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
		} else if (c != 'N') {
			snprintf(w->name, sizeof(w->name), "token %c", c);
		}
		return;
	}
	fail();
}

static void reply(const struct api_answer *a, void *arg)
{
	struct fix *f = arg;

	assert_false(f->answered);
	f->answered = true;
	f->status = a->status;
	json_decref(f->body);
	f->body = json_incref(a->json);
	for (size_t i = 0; i < a->nheader; i++)
		if (!strcmp(a->header[i].name, "Set-Cookie"))
			snprintf(f->cookie, sizeof(f->cookie), "%.255s", a->header[i].value);
}

static bool answered(void *arg)
{
	return ((struct fix *)arg)->answered;
}

static unsigned ask(struct fix *f, char who, const char *method, const char *url, const char *body)
{
	struct slice q = slice_str(url), path = slice_cut(&q, '?');
	struct principal w;
	struct api_request rq = {.method = slice_str(method),
				 .path = path,
				 .query = q,
				 .body = slice_str(body),
				 .who = &w,
				 .secure = f->secure,
				 .author = "tester"};

	become(who, &w);
	if (who == 'N')
		rq.who = NULL;
	f->answered = false;
	api_handle(f->api, &rq, reply, f);
	if (!vnet_run_until(f->net, answered, f, 60000))
		fail_msg("%s %s: no answer", method, url);
	return f->status;
}

static const char *member(const struct fix *f, const char *name)
{
	const char *s = json_string_value(json_object_get(json_object_get(f->body, "error"), name));

	return s ? s : "";
}

/* ------------------------------------------------------------------ the table */

#define OPEN   everybody
#define SELF   "URMA"   /* everybody who has signed in; no program */
#define USERS  "URMAra" /* ... and programs that read */
#define CALLER "URMAca"
#define SEES   "RMAra"
#define HEARS  "RMAda"
#define ADMIN  "Awa"
#define LEADS  "MAca"

static const struct {
	const char *method, *path, *who;
} fixed[] = {
	{"GET", "session", "URMArwcdma"},
	{"POST", "session", OPEN},
	{"DELETE", "session", SELF},
	{"GET", "setup", OPEN},
	{"POST", "setup", OPEN},
	{"GET", "me", SELF},
	{"PATCH", "me", SELF},
	{"POST", "me/password", SELF},
	{"POST", "me/totp", SELF},
	{"POST", "me/totp/confirm", SELF},
	{"POST", "me/totp/off", SELF},
	{"GET", "me/sessions", SELF},
	{"DELETE", "me/sessions", SELF},
	{"DELETE", "me/sessions/{}", SELF},
	{"GET", "me/devices", SELF},
	{"GET", "me/calls", SELF},
	{"GET", "me/recordings", SELF},
	{"GET", "me/recordings/{}/sound", SELF},
	{"GET", "token-use", SEES},
	{"GET", "status", SEES},
	{"GET", "search", SEES},
	{"GET", "schema", USERS},
	{"GET", "openapi.json", USERS},
	{"GET", "alarms", SEES},
	{"GET", "registrations", SEES},
	{"GET", "calls", USERS},
	{"POST", "calls", CALLER},
	{"POST", "calls/{}/hold", CALLER},
	{"POST", "calls/{}/resume", CALLER},
	{"DELETE", "calls/{}", CALLER},
	{"GET", "calls/{}/messages", "MAda"},
	{"GET", "calls/{}/pcap", "MAda"},
	{"GET", "calls/{}/quality", HEARS},
	{"POST", "calls/{}/transfer", CALLER},
	{"POST", "calls/{}/record", LEADS},
	{"GET", "recordings", HEARS},
	{"GET", "recordings/{}", HEARS},
	{"GET", "recordings/{}/sound", "MAda"},
	{"DELETE", "recordings/{}", "MAda"},
	{"GET", "cdr", HEARS},
	{"GET", "cdr/{}", HEARS},
	{"GET", "stats/hours", HEARS},
	{"GET", "config/export", "Ara"},
	{"POST", "config/import", ADMIN},
	{"GET", "backup", ADMIN},
	{"POST", "backup", ADMIN},
	{"POST", "restore", ADMIN},
	{"POST", "network/confirm/{}", ADMIN},
	{"GET", "config/history", SEES},
	{"POST", "config/undo/{}", ADMIN},
	{"GET", "log-level", SEES},
	{"PUT", "log-level", ADMIN},
	{"GET", "inspect", "Ara"},
	{"GET", "inspect/{}", "Ara"},
	{"GET", "metrics", "RMAma"},
	{"GET", "certificate", SEES},
	{"PUT", "certificate", ADMIN},
	{"GET", "routes/explain", SEES},
	{"GET", "brakes/use", SEES},
	{"GET", "trunk-status", SEES},
	{"GET", "trunks/{}/status", SEES},
	{"POST", "trunks/{}/test", ADMIN},
	{"GET", "conference-members", SEES},
	{"GET", "conferences/{}/members", SEES},
	{"POST", "conferences/{}/record", LEADS},
	{"POST", "conferences/{}/members/{}/mute", LEADS},
	{"POST", "conferences/{}/members/{}/unmute", LEADS},
	{"POST", "conferences/{}/members/{}/kick", LEADS},
	{"GET", "security", SEES},
	{"GET", "security/bans", SEES},
	{"POST", "security/bans", ADMIN},
	{"DELETE", "security/bans/{}", ADMIN},
};

/* Who may change rows; everybody from read_only on reads them. */
static const struct {
	const char *plural, *who;
} tables[] = {
	{"extensions", "MAwa"}, {"conferences", "MAwa"},     {"dids", "MAwa"},
	{"routes_out", "MAwa"}, {"routes_in", "MAwa"},       {"trunks", ADMIN},
	{"numbering", ADMIN},   {"brakes", ADMIN},           {"settings", ADMIN},
	{"network", ADMIN},     {"allowed_networks", ADMIN}, {"security_limits", ADMIN},
	{"users", ADMIN},       {"tokens", ADMIN},
};
static const struct {
	const char *method, *path;
} rows[] = {{"GET", ""}, {"POST", ""}, {"PUT", ""}, {"GET", "{}"}, {"PATCH", "{}"}, {"DELETE", "{}"}};

/* "a/{}/b" with names that nothing has. */
static void url_of(char *url, size_t size, const char *table, const char *path)
{
	struct buf b;

	buf_init_fixed(&b, url, size - 1);
	buf_printf(&b, "/api/v1/%s%s", table, *table && *path ? "/" : "");
	for (; *path; path++) {
		if (*path == '{')
			buf_str(&b, !strncmp(path, "{}/members/{}", 13) ? "800" : "nothing");
		else if (*path != '}')
			buf_char(&b, *path);
	}
	url[b.l] = '\0';
}

static void expect(struct fix *f, const char *method, const char *table, const char *path, const char *who)
{
	char url[128];

	url_of(url, sizeof(url), table, path);
	for (const char *c = everybody; *c; c++) {
		unsigned status = ask(f, *c, method, url, NULL);

		if (*c == 'N' && !strchr(who, 'N')) {
			if (status != 401 || strcmp(member(f, "code"), "sign_in") || !*member(f, "message"))
				fail_msg("%s %s by nobody: %u", method, url, status);
		} else if (!strchr(who, *c)) {
			if (status != 403 || strcmp(member(f, "code"), "forbidden") || !*member(f, "message"))
				fail_msg("%s %s by %c: %u, must be refused", method, url, *c, status);
		} else if (status == 401 || status == 403 || status >= 500) {
			/* without a server that runs some say so; and nobody has really signed in */
			if (status != 503 && !strstr(member(f, "message"), "session has ended"))
				fail_msg("%s %s by %c: %u %s, must be let in", method, url, *c, status,
					 member(f, "message"));
		}
	}
}

static void test_fixed(void **state)
{
	struct fix *f = *state;

	/* each line of the table is here, and nothing else */
	assert_int_equal(api_nfixed_routes, ARRAY_LEN(fixed));
	for (size_t i = 0; i < api_nfixed_routes; i++) {
		const struct route *r = &api_fixed_routes[i];
		bool found = false;

		for (size_t k = 0; k < ARRAY_LEN(fixed); k++)
			found = found || (!strcmp(r->method, fixed[k].method) && !strcmp(r->path, fixed[k].path));
		if (!found)
			fail_msg("%s %s: who may? Type it out here", r->method, r->path);
	}
	for (size_t k = 0; k < ARRAY_LEN(fixed); k++)
		expect(f, fixed[k].method, "", fixed[k].path, fixed[k].who);
}

static void test_tables(void **state)
{
	struct fix *f = *state;
	size_t n;
	const struct resource *const *v = pbx_resources(&n);

	assert_int_equal(api_nresource_routes, ARRAY_LEN(rows));
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < ARRAY_LEN(tables) && strcmp(tables[k].plural, v[i]->plural))
			k++;
		if (k == ARRAY_LEN(tables))
			fail_msg("%s: who may? Type it out here", v[i]->plural);
		for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
			const char *path = rows[r].path;

			assert_string_equal(rows[r].method, api_resource_routes[r].method);
			assert_string_equal(path, api_resource_routes[r].path);
			if (*path && pbx_resource_only(v[i]))
				path = pbx_resource_only(v[i]);
			expect(f, rows[r].method, v[i]->plural, path,
			       strcmp(rows[r].method, "GET") ? tables[k].who : SEES);
		}
	}
	assert_int_equal(n, ARRAY_LEN(tables));
}

/* Passwords: administrators only, who leave a trace. */
static void test_secrets(void **state)
{
	static const char *const url[] = {"/api/v1/extensions?secrets=1", "/api/v1/extensions/100?secrets=1",
					  "/api/v1/config/export?secrets=1"};
	struct fix *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(url); i++) {
		for (const char *c = everybody; *c; c++) {
			bool may = strchr("Ara", *c) != NULL;
			char *text;

			buf_reset(&f->log);
			unsigned status = ask(f, *c, "GET", url[i], NULL);
			text = json_dumps(f->body, 0);
			assert_int_equal(status == 200, may);
			assert_int_equal(strstr(text, "hidden-by-rights") != NULL, may);
			free(text);
			buf_char(&f->log, '\0');
			assert_int_equal(strstr(f->log.p, "shown to tester") != NULL, may);
			assert_null(strstr(f->log.p, "hidden-by-rights"));
		}
	}
	/* without the word nobody sees them */
	assert_int_equal(ask(f, 'A', "GET", "/api/v1/extensions/100", NULL), 200);
	assert_null(json_object_get(f->body, "password"));
}

/* The sentence names the role or the scope that is needed. */
static void test_sentences(void **state)
{
	struct fix *f = *state;

	assert_int_equal(ask(f, 'U', "GET", "/api/v1/status", NULL), 403);
	assert_string_equal(member(f, "message"), "That takes the role read_only; yours is user.");
	assert_int_equal(ask(f, 'M', "PATCH", "/api/v1/users/user", "{\"role\": \"administrator\"}"), 403);
	assert_string_equal(member(f, "message"), "That takes the role administrator; yours is manager.");
	assert_int_equal(ask(f, 'r', "POST", "/api/v1/extensions", "{}"), 403);
	assert_string_equal(member(f, "message"), "This token may not do that: it needs the scope \"write\".");
	assert_int_equal(ask(f, 'a', "GET", "/api/v1/me", NULL), 403);
	assert_string_equal(member(f, "message"), "No token may do that: it is for people who have signed in.");
}

/* Nobody raises themselves, and one's own page changes nothing but name and language. */
static void test_me(void **state)
{
	static const char *const no[] = {"{\"role\": \"administrator\"}",
					 "{\"extension\": \"101\"}",
					 "{\"enabled\": true}",
					 "{\"may_listen\": true}",
					 "{\"password\": \"blue lamp over the sea\"}",
					 "{\"totp\": null}",
					 "{\"name\": \"other\"}",
					 "{\"display_name\": 5.5}",
					 "{\"language\": \"fr\"}",
					 "{}",
					 "[]",
					 ""};
	struct fix *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(no); i++) {
		unsigned status = ask(f, 'U', "PATCH", "/api/v1/me", no[i]);

		if (status != 422 && status != 400 && strcmp(no[i], "{}"))
			fail_msg("%s: %u", no[i], status);
	}
	assert_int_equal(ask(f, 'U', "GET", "/api/v1/me", NULL), 200);
	assert_string_equal(json_text(f->body, "role"), "user");
	assert_string_equal(json_text(f->body, "extension"), "100");
	assert_int_equal(ask(f, 'U', "PATCH", "/api/v1/me", "{\"display_name\": \"Tom\", \"language\": \"zh\"}"), 200);
	assert_string_equal(json_text(f->body, "display_name"), "Tom");
	assert_int_equal(ask(f, 'U', "GET", "/api/v1/me/devices", NULL), 200);
	assert_int_equal(ask(f, 'U', "GET", "/api/v1/me/calls?limit=5", NULL), 200);
	assert_int_equal(ask(f, 'U', "GET", "/api/v1/me/calls?number=101", NULL), 400);
	assert_int_equal(ask(f, 'U', "GET", "/api/v1/me/recordings?number=101", NULL), 400);
	assert_int_equal(ask(f, 'A', "PATCH", "/api/v1/users/user", "{\"may_listen\": false}"), 200);
	assert_int_equal(ask(f, 'U', "GET", "/api/v1/me/recordings", NULL), 403);
	assert_int_equal(ask(f, 'U', "GET", "/api/v1/me/recordings/nothing/sound", NULL), 403);
	assert_string_equal(member(f, "code"), "forbidden");
}

/* A token is shown once, and works; nothing else shows it. */
static void test_token(void **state)
{
	struct fix *f = *state;
	struct principal who;
	char token[64];
	char *text;

	assert_int_equal(ask(f, 'A', "POST", "/api/v1/tokens", "{\"name\": \"prom\", \"scopes\": \"metrics\"}"), 201);
	snprintf(token, sizeof(token), "%s", json_text(f->body, "token"));
	assert_int_equal(strncmp(token, "oh_", 3), 0);
	assert_true(account_token(f->pbx, slice_str(token), NULL, &who));
	assert_int_equal(who.scopes, SCOPE_METRICS);
	assert_int_equal(ask(f, 'A', "GET", "/api/v1/tokens?secrets=1", NULL), 200);
	text = json_dumps(f->body, 0);
	assert_null(strstr(text, token));
	assert_null(strstr(text, "sha256"));
	free(text);
	assert_int_equal(ask(f, 'R', "GET", "/api/v1/token-use", NULL), 200);
	assert_int_equal(json_array_size(json_object_get(f->body, "items")), 1);
	assert_int_equal(ask(f, 'A', "POST", "/api/v1/tokens", "{\"name\": \"mine\", \"token\": \"abc\"}"), 422);
	assert_int_equal(ask(f, 'A', "POST", "/api/v1/tokens", "{\"name\": \"prom\"}"), 409);
	assert_null(json_object_get(f->body, "token"));
}

/* An import may bring passwords; what it answers has none, neither the old one nor the new one. */
static void test_import(void **state)
{
	static const char file[] =
		"{\"offhook\": 1, \"users\": [{\"name\": \"manager\", \"role\": \"manager\", \"password\": "
		"\"seven green umbrellas\"}]}";
	struct fix *f = *state;
	char *text;

	for (int dry = 1; dry >= 0; dry--) {
		assert_int_equal(
			ask(f, 'A', "POST", dry ? "/api/v1/config/import?dry_run=1" : "/api/v1/config/import", file),
			200);
		text = json_dumps(f->body, 0);
		assert_null(strstr(text, "umbrellas"));
		assert_null(strstr(text, "scrypt"));
		assert_non_null(strstr(text, "(changed)"));
		free(text);
	}
	/* an export without secrets has none, and nothing to lose when it comes back */
	assert_int_equal(ask(f, 'A', "GET", "/api/v1/config/export", NULL), 200);
	text = json_dumps(f->body, 0);
	assert_null(strstr(text, "scrypt"));
	assert_int_equal(ask(f, 'A', "POST", "/api/v1/config/import", text), 200);
	assert_int_equal(json_integer_value(json_object_get(f->body, "updated")), 0);
	free(text);
	assert_int_equal(ask(f, 'A', "GET", "/api/v1/config/export?secrets=1", NULL), 200);
	text = json_dumps(f->body, 0);
	assert_non_null(strstr(text, "$scrypt$"));
	assert_null(strstr(text, "umbrellas"));
	free(text);
	/* hashes cannot be looked for either */
	assert_int_equal(ask(f, 'A', "GET", "/api/v1/users?password=x", NULL), 400);
	assert_int_equal(ask(f, 'A', "GET", "/api/v1/users?sort=password", NULL), 400);
	assert_int_equal(ask(f, 'A', "GET", "/api/v1/users?q=scrypt", NULL), 200);
	assert_int_equal(json_array_size(json_object_get(f->body, "items")), 0);
}

/* The role user gives orders about its own extension only. */
static void test_own_calls(void **state)
{
	struct fix *f = *state;

	assert_int_equal(ask(f, 'U', "POST", "/api/v1/calls", "{\"from\": \"101\", \"to\": \"100\"}"), 403);
	assert_int_equal(ask(f, 'U', "GET", "/api/v1/calls", NULL), 200);
}

/* By TLS the cookie is for TLS alone, and of a name that plain HTTP cannot set. */
static void test_secure_cookie(void **state)
{
	struct fix *f = *state;

	assert_int_equal(ask(f, 'U', "DELETE", "/api/v1/session", NULL), 204);
	assert_string_equal(f->cookie, "offhook_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
	f->secure = true;
	assert_int_equal(ask(f, 'U', "DELETE", "/api/v1/session", NULL), 204);
	assert_string_equal(f->cookie, "__Host-offhook_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0; Secure");
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {T(test_fixed),         T(test_tables), T(test_secrets),
					   T(test_sentences),     T(test_me),     T(test_token),
					   T(test_secure_cookie), T(test_import), T(test_own_calls)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
