/*
 * api_test.c - /api/v1 as a table of requests and answers, on a virtual loop with a real store in a directory of its
 * own.
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
#include "api/api.h"
#include "pbx/account.h"
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
	/* last answer */
	bool answered;
	unsigned status;
	json_t *body;
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
	struct buf why;

	log_set_handler(quiet, NULL);
	buf_init(&why);
	strcpy(f->dir, "/tmp/offhook-api-XXXXXX");
	if (!mkdtemp(f->dir) || vnet_alloc(&f->net, 1) || loop_alloc_virtual(&f->loop, f->net))
		return -1;
	struct store_cfg sc = {.dir = f->dir, .loop = f->loop};
	sc.resource = pbx_resources(&sc.nresource);
	if (store_open(&f->store, &sc, &why)) {
		fprintf(stderr, "%.*s\n", SLICE_FMT(buf_get(&why)));
		return -1;
	}
	struct pbx_cfg pc = {.loop = f->loop, .store = f->store, .realm = "test"};
	if (pbx_alloc(&f->pbx, &pc))
		return -1;
	struct api_cfg ac = {.loop = f->loop, .pbx = f->pbx};
	if (api_alloc(&f->api, &ac))
		return -1;
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
	free(f);
	return rc;
}

static void reply(const struct api_answer *a, void *arg)
{
	struct fix *f = arg;

	assert_false(f->answered);
	f->answered = true;
	f->status = a->status;
	json_decref(f->body);
	f->body = json_incref(a->json);
}

static bool answered(void *arg)
{
	return ((struct fix *)arg)->answered;
}

/* One request; `url` may have a query. */
static unsigned ask(struct fix *f, const char *method, const char *url, const char *body)
{
	struct slice q = slice_str(url), path = slice_cut(&q, '?');
	struct principal who;
	struct api_request rq = {.method = slice_str(method),
				 .path = path,
				 .query = q,
				 .body = slice_str(body),
				 .who = &who,
				 .author = "tester"};

	principal_control(&who);
	f->answered = false;
	api_handle(f->api, &rq, reply, f);
	if (!vnet_run_until(f->net, answered, f, 60000))
		fail_msg("%s %s: no answer", method, url);
	return f->status;
}

static const char *err_code(const struct fix *f)
{
	const char *s = json_string_value(json_object_get(json_object_get(f->body, "error"), "code"));

	return s ? s : "";
}

static const char *err_field(const struct fix *f)
{
	const char *s = json_string_value(json_object_get(json_object_get(f->body, "error"), "field"));

	return s ? s : "";
}

static const char *text(const struct fix *f, const char *name)
{
	const char *s = json_string_value(json_object_get(f->body, name));

	return s ? s : "";
}

static int64_t number(const struct fix *f, const char *name)
{
	return json_integer_value(json_object_get(f->body, name));
}

/* ------------------------------------------------------------------ refusals */

static void test_refusals(void **state)
{
	static const struct {
		const char *method, *url, *body;
		unsigned status;
		const char *code, *field;
	} v[] = {
		{"GET", "/", NULL, 404, "no_such_path", ""},
		{"GET", "/api/v1", NULL, 404, "no_such_path", ""},
		{"GET", "/api/v10/status", NULL, 404, "no_such_path", ""},
		{"GET", "/api/v1/nothing", NULL, 404, "no_such_path", ""},
		{"GET", "/api/v1/extensions/100/more", NULL, 404, "no_such_path", ""},
		{"GET", "/api/v1/a/b/c/d/e/f/g/h", NULL, 404, "no_such_path", ""},
		{"GET", "/api/v1/\xff\xfe", NULL, 404, "no_such_path", ""},
		{"PUT", "/api/v1/extensions", "{}", 415, "unsupported_media_type", ""},
		{"POST", "/api/v1/status", NULL, 405, "method_not_allowed", ""},
		{"DELETE", "/api/v1/extensions", NULL, 405, "method_not_allowed", ""},
		{"GET", "/api/v1/extensions/%zz", NULL, 400, "bad_request", ""},
		{"GET", "/api/v1/extensions/1%0", NULL, 400, "bad_request", ""},
		{"GET", "/api/v1/extensions/1%00", NULL, 400, "bad_request", ""},
		{"GET", "/api/v1/extensions?limt=3", NULL, 400, "unknown_parameter", "limt"},
		{"GET", "/api/v1/status?x=1", NULL, 400, "unknown_parameter", "x"},
		{"GET", "/api/v1/extensions?limit=many", NULL, 400, "bad_parameter", "limit"},
		{"GET", "/api/v1/extensions?limit=1001", NULL, 400, "bad_parameter", "limit"},
		{"GET", "/api/v1/extensions/100", NULL, 404, "not_found", ""},
		{"DELETE", "/api/v1/extensions/100", NULL, 404, "not_found", ""},
		{"PATCH", "/api/v1/extensions/100", "{\"name\": \"x\"}", 404, "not_found", ""},
		{"POST", "/api/v1/extensions", "", 400, "no_body", ""},
		{"POST", "/api/v1/extensions", "{}", 400, "no_body", ""},
		{"POST", "/api/v1/extensions", "[1]", 400, "bad_json", ""},
		{"POST", "/api/v1/extensions", "{\"number\": ", 400, "bad_json", ""},
		{"POST", "/api/v1/extensions", "{\"number\": \"1\", \"number\": \"2\"}", 400, "bad_json", ""},
		{"POST", "/api/v1/extensions", "{\"name\": \"x\"}", 422, "invalid", "number"},
		{"POST", "/api/v1/extensions", "{\"number\": \"10a\"}", 422, "invalid", "number"},
		{"POST", "/api/v1/extensions", "{\"number\": \"100\", \"colour\": \"red\"}", 422, "invalid", "colour"},
		{"POST", "/api/v1/extensions", "{\"number\": \"100\", \"password\": \"short\"}", 422, "invalid",
		 "password"},
		{"POST", "/api/v1/extensions", "{\"number\": \"100\", \"call_limit\": 1000}", 422, "invalid",
		 "call_limit"},
		{"POST", "/api/v1/extensions", "{\"number\": \"100\", \"enabled\": \"perhaps\"}", 422, "invalid",
		 "enabled"},
		{"DELETE", "/api/v1/calls/c123", NULL, 404, "not_found", ""},
		{"POST", "/api/v1/calls/c123/transfer", "{\"to\": \"102\"}", 404, "not_found", ""},
		{"POST", "/api/v1/calls/c123/transfer", "{\"to\": \"102\", \"by\": \"caller\"}", 404, "not_found", ""},
		{"POST", "/api/v1/calls/c123/transfer", "{\"to\": \"102\", \"by\": \"me\"}", 422, "invalid", "by"},
		{"POST", "/api/v1/calls/c123/transfer", "{\"to\": \"102\", \"by\": 1}", 422, "invalid", "by"},
		{"POST", "/api/v1/calls/c123/transfer", "{\"by\": \"caller\"}", 422, "invalid", "to"},
		{"POST", "/api/v1/calls/c123/transfer", "{\"to\": \"\"}", 422, "invalid", "to"},
		{"POST", "/api/v1/calls/c123/record", "{\"action\": \"start\"}", 404, "not_found", ""},
		{"POST", "/api/v1/calls/c123/record", "{\"action\": \"begin\"}", 422, "invalid", "action"},
		{"POST", "/api/v1/calls/c123/record", "{\"action\": 1}", 422, "invalid", "action"},
		{"POST", "/api/v1/calls/c123/record", "{}", 422, "invalid", "action"},
		{"GET", "/api/v1/recordings/nothing", NULL, 404, "not_found", ""},
		{"DELETE", "/api/v1/recordings/nothing", NULL, 404, "not_found", ""},
		{"GET", "/api/v1/recordings?before=x", NULL, 422, "invalid", ""},
		{"GET", "/api/v1/recordings?since=tomorrow", NULL, 400, "bad_parameter", "since"},
		{"GET", "/api/v1/conferences/899/members", NULL, 404, "not_found", ""},
		{"POST", "/api/v1/conferences/899/members/c123/mute", NULL, 404, "not_found", ""},
		{"GET", "/api/v1/calls/c123/transfer", NULL, 405, "method_not_allowed", ""},
		{"GET", "/api/v1/cdr?since=yesterday", NULL, 400, "bad_parameter", "since"},
		{"POST", "/api/v1/config/undo/0", NULL, 400, "bad_parameter", "id"},
		{"POST", "/api/v1/config/undo/x", NULL, 400, "bad_parameter", "id"},
		{"POST", "/api/v1/config/undo/77", NULL, 404, "not_found", ""},
		{"POST", "/api/v1/config/import", "", 400, "no_body", ""},
		{"POST", "/api/v1/config/import", "{\"extensions\": []}", 422, "invalid", "offhook"},
		{"POST", "/api/v1/config/import", "{\"offhook\": 2}", 422, "invalid", "offhook"},
		{"POST", "/api/v1/config/import", "{\"offhook\": 1, \"gadgets\": []}", 422, "invalid", "gadgets"},
		{"POST", "/api/v1/config/import", "{\"offhook\": 1, \"extensions\": {}}", 422, "invalid", "extensions"},
		{"POST", "/api/v1/config/import", "{\"offhook\": 1, \"extensions\": [7]}", 422, "invalid",
		 "extensions"},
		{"POST", "/api/v1/config/import", "{\"offhook\": 1, \"extensions\": [{}]}", 422, "invalid", "number"},
		{"POST", "/api/v1/config/import",
		 "{\"offhook\": 1, \"extensions\": [{\"number\": \"200\"}, {\"number\": \"200\"}]}", 422, "invalid",
		 "number"},
		{"PUT", "/api/v1/log-level", "{\"level\": \"loud\"}", 422, "invalid", "level"},
		{"PUT", "/api/v1/log-level", NULL, 422, "invalid", "level"},
		{"GET", "/api/v1/inspect/nothing", NULL, 404, "not_found", ""},
	};
	struct fix *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		unsigned status = ask(f, v[i].method, v[i].url, v[i].body);
		const char *msg = json_string_value(json_object_get(json_object_get(f->body, "error"), "message"));

		if (status != v[i].status || strcmp(err_code(f), v[i].code) || strcmp(err_field(f), v[i].field) ||
		    !msg || !*msg)
			fail_msg("%s %s %s: %u %s %s: %s", v[i].method, v[i].url, v[i].body ? v[i].body : "", status,
				 err_code(f), err_field(f), msg ? msg : "(no message)");
	}
	assert_int_equal(ask(f, "GET", "/api/v1/conferences/899/members", NULL), 404);
	assert_string_equal(json_string_value(json_object_get(json_object_get(f->body, "error"), "message")),
			    "There is no conference 899.");
	assert_int_equal(ask(f, "GET", "/api/v1/config/history", NULL), 200);
	assert_int_equal(json_array_size(json_object_get(f->body, "items")), 0); /* nothing was kept */
}

/* ------------------------------------------------------------------ extensions */

/* What is wrong with a body is told without its words: they may be a password. */
static void test_broken_json_is_not_repeated(void **state)
{
	static const char *const v[] = {
		"{\"number\": \"100\", \"password\": \"very-secret-7",
		"{\"password\": very-secret-7}",
		"{\"password\": \"very-secret-7\" \"x\"}",
		"{\"very-secret-7\": 1, \"very-secret-7\": 2}",
		"very-secret-7",
	};
	struct fix *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		assert_int_equal(ask(f, "POST", "/api/v1/extensions", v[i]), 400);
		const char *said = json_string_value(json_object_get(json_object_get(f->body, "error"), "message"));

		assert_non_null(said);
		assert_null(strstr(said, "very-secret"));
		assert_non_null(strstr(said, "line 1, column "));
	}
}

/* Where a long name is cut in the middle of a character, there is a message all the same. */
static void test_half_characters(void **state)
{
	struct fix *f = *state;

	for (unsigned pad = 0; pad < 3; pad++) {
		char name[400] = "aa", body[480];

		for (size_t n = pad; n < 390; n += 3)
			memcpy(name + n, "\xe4\xb8\xad", 4);
		snprintf(body, sizeof(body), "{\"number\": \"100\", \"%s\": 1}", name);
		assert_int_equal(ask(f, "POST", "/api/v1/extensions", body), 422);
		assert_string_equal(json_string_value(json_object_get(json_object_get(f->body, "error"), "code")),
				    "invalid");
	}
}

static void test_life_of_an_extension(void **state)
{
	struct fix *f = *state;
	char password[64];

	assert_int_equal(ask(f, "POST", "/api/v1/extensions", "{\"number\": \"100\", \"name\": \"K\\u00fcche\"}"), 201);
	assert_string_equal(text(f, "number"), "100");
	assert_true(strlen(text(f, "password")) >= 12); /* generated: shown this once */
	assert_true(number(f, "change_id") > 0);
	assert_null(json_object_get(f->body, "warnings"));
	snprintf(password, sizeof(password), "%s", text(f, "password"));

	assert_int_equal(ask(f, "GET", "/api/v1/extensions/100", NULL), 200);
	assert_string_equal(text(f, "name"), "Küche");
	assert_null(json_object_get(f->body, "password"));
	assert_int_equal(number(f, "call_limit"), 2);
	assert_int_equal(ask(f, "GET", "/api/v1/extensions/%31%300?secrets=1", NULL), 200);
	assert_string_equal(text(f, "password"), password);

	assert_int_equal(ask(f, "PATCH", "/api/v1/extensions/100", "{\"call_limit\": \"5\", \"number\": \"100\"}"),
			 200);
	assert_int_equal(number(f, "call_limit"), 5);
	assert_null(json_object_get(f->body, "password"));
	assert_int_equal(ask(f, "PATCH", "/api/v1/extensions/100", "{\"number\": \"200\"}"), 422);
	assert_string_equal(err_field(f), "number");

	assert_int_equal(ask(f, "POST", "/api/v1/extensions", "{\"number\": \"100\"}"), 409);
	assert_string_equal(err_code(f), "conflict");

	assert_int_equal(ask(f, "DELETE", "/api/v1/extensions/100", NULL), 200);
	assert_true(number(f, "change_id") > 0);
	assert_int_equal(ask(f, "GET", "/api/v1/extensions/100", NULL), 404);
}

static void test_own_password(void **state)
{
	struct fix *f = *state;
	const char *w;

	assert_int_equal(ask(f, "POST", "/api/v1/extensions", "{\"number\": \"100\", \"password\": \"12345678\"}"),
			 201);
	assert_null(json_object_get(f->body, "password")); /* whoever set it knows it */
	w = json_string_value(json_array_get(json_object_get(f->body, "warnings"), 0));
	assert_non_null(w);
	assert_non_null(strstr(w, "100"));
	assert_int_equal(ask(f, "PATCH", "/api/v1/extensions/100", "{\"password\": \"Wd7-kQp2-xU9z\"}"), 200);
	assert_null(json_object_get(f->body, "warnings"));
	assert_int_equal(ask(f, "PATCH", "/api/v1/extensions/100", "{\"password\": \"aaaaaaaa\"}"), 200);
	assert_int_equal(json_array_size(json_object_get(f->body, "warnings")), 1);
	assert_int_equal(ask(f, "GET", "/api/v1/extensions/100?secrets=1", NULL), 200);
	assert_string_equal(text(f, "password"), "aaaaaaaa");
}

static void test_pages(void **state)
{
	struct fix *f = *state;
	char body[64], url[96];
	size_t seen = 0, pages = 0;

	for (int i = 0; i < 25; i++) {
		snprintf(body, sizeof(body), "{\"number\": \"%d\"}", 300 + i);
		assert_int_equal(ask(f, "POST", "/api/v1/extensions", body), 201);
	}
	snprintf(url, sizeof(url), "/api/v1/extensions?limit=10");
	for (;;) {
		assert_int_equal(ask(f, "GET", url, NULL), 200);
		json_t *items = json_object_get(f->body, "items");
		const char *next = text(f, "next");

		seen += json_array_size(items);
		pages++;
		assert_null(json_object_get(json_array_get(items, 0), "password"));
		if (!*next)
			break;
		snprintf(url, sizeof(url), "/api/v1/extensions?limit=10&after=%s", next);
		assert_true(pages < 10);
	}
	assert_int_equal(seen, 25);
	assert_int_equal(pages, 3);
}

/* ------------------------------------------------------------------ configuration as a whole */

static void test_history_and_undo(void **state)
{
	struct fix *f = *state;
	char url[64];
	json_t *item;

	assert_int_equal(ask(f, "POST", "/api/v1/extensions", "{\"number\": \"100\", \"name\": \"one\"}"), 201);
	assert_int_equal(ask(f, "PATCH", "/api/v1/extensions/100", "{\"name\": \"two\"}"), 200);
	int64_t second = number(f, "change_id");
	assert_int_equal(ask(f, "PATCH", "/api/v1/extensions/100", "{\"name\": \"three\"}"), 200);
	int64_t third = number(f, "change_id");

	assert_int_equal(ask(f, "GET", "/api/v1/config/history?limit=2", NULL), 200);
	item = json_array_get(json_object_get(f->body, "items"), 0);
	assert_int_equal(json_integer_value(json_object_get(item, "id")), third);
	assert_string_equal(json_string_value(json_object_get(item, "author")), "tester");
	assert_int_equal(json_array_size(json_object_get(f->body, "items")), 2);

	snprintf(url, sizeof(url), "/api/v1/config/undo/%lld", (long long)second);
	assert_int_equal(ask(f, "POST", url, NULL), 409);
	snprintf(url, sizeof(url), "/api/v1/config/undo/%lld", (long long)third);
	assert_int_equal(ask(f, "POST", url, NULL), 200);
	assert_true(number(f, "change_id") > third);
	assert_int_equal(ask(f, "GET", "/api/v1/extensions/100", NULL), 200);
	assert_string_equal(text(f, "name"), "two");
	assert_int_equal(ask(f, "POST", url, NULL), 409); /* once only */
}

/* Changes of one table, of one row, of neither. */
static void test_history_of(void **state)
{
	static const struct {
		const char *query;
		size_t n;
	} ask_for[] = {{"resource=extension", 3},  {"resource=extension&key=100", 2},
		       {"resource=conference", 1}, {"resource=conference&key=100", 0},
		       {"resource=trunk", 0},      {"resource=", 4}};
	struct fix *f = *state;
	char url[100];

	assert_int_equal(ask(f, "POST", "/api/v1/extensions", "{\"number\": \"100\"}"), 201);
	assert_int_equal(ask(f, "PATCH", "/api/v1/extensions/100", "{\"name\": \"two\"}"), 200);
	assert_int_equal(ask(f, "POST", "/api/v1/extensions", "{\"number\": \"101\"}"), 201);
	assert_int_equal(ask(f, "POST", "/api/v1/conferences", "{\"number\": \"800\"}"), 201);
	for (size_t i = 0; i < ARRAY_LEN(ask_for); i++) {
		snprintf(url, sizeof(url), "/api/v1/config/history?%s", ask_for[i].query);
		assert_int_equal(ask(f, "GET", url, NULL), 200);
		if (json_array_size(json_object_get(f->body, "items")) != ask_for[i].n)
			fail_msg("%s: %zu", url, json_array_size(json_object_get(f->body, "items")));
	}
	assert_int_equal(ask(f, "GET", "/api/v1/config/history?key=100", NULL), 400);
}

static void test_import(void **state)
{
	static const char file[] =
		"{\"offhook\": 1, \"extensions\": [{\"number\": \"100\", \"name\": \"new\"}, {\"number\": \"102\"}]}";
	struct fix *f = *state;

	assert_int_equal(ask(f, "POST", "/api/v1/extensions",
			     "{\"number\": \"100\", \"name\": \"old\", \"password\": \"Wd7-kQp2-xU9z\"}"),
			 201);
	assert_int_equal(ask(f, "POST", "/api/v1/extensions", "{\"number\": \"101\"}"), 201);

	/* dry: the plan, and nothing else */
	assert_int_equal(ask(f, "POST", "/api/v1/config/import?dry_run=1&replace=1", file), 200);
	assert_int_equal(number(f, "created"), 1);
	assert_int_equal(number(f, "updated"), 1);
	assert_int_equal(number(f, "removed"), 1);
	assert_int_equal(json_array_size(json_object_get(f->body, "changes")), 3);
	assert_null(json_object_get(f->body, "change_id"));
	assert_int_equal(ask(f, "GET", "/api/v1/extensions/100", NULL), 200);
	assert_string_equal(text(f, "name"), "old");

	/* merge: what the file does not name stays; passwords it does not say stay */
	assert_int_equal(ask(f, "POST", "/api/v1/config/import", file), 200);
	assert_int_equal(number(f, "removed"), 0);
	int64_t id = number(f, "change_id");
	assert_true(id > 0);
	assert_int_equal(ask(f, "GET", "/api/v1/extensions/101", NULL), 200);
	assert_int_equal(ask(f, "GET", "/api/v1/extensions/100?secrets=1", NULL), 200);
	assert_string_equal(text(f, "name"), "new");
	assert_string_equal(text(f, "password"), "Wd7-kQp2-xU9z");
	assert_int_equal(number(f, "call_limit"), 2);

	/* again: nothing to do, no change is made */
	assert_int_equal(ask(f, "POST", "/api/v1/config/import", file), 200);
	assert_int_equal(number(f, "unchanged"), 2);
	assert_null(json_object_get(f->body, "change_id"));

	/* replace removes, and one undo takes all of it back */
	assert_int_equal(ask(f, "POST", "/api/v1/config/import?replace=1", file), 200);
	assert_int_equal(number(f, "removed"), 1);
	assert_int_equal(ask(f, "GET", "/api/v1/extensions/101", NULL), 404);
	char url[64];
	assert_int_equal(ask(f, "GET", "/api/v1/config/history?limit=1", NULL), 200);
	snprintf(url, sizeof(url), "/api/v1/config/undo/%lld",
		 (long long)json_integer_value(
			 json_object_get(json_array_get(json_object_get(f->body, "items"), 0), "id")));
	assert_int_equal(ask(f, "POST", url, NULL), 200);
	assert_int_equal(ask(f, "GET", "/api/v1/extensions/101", NULL), 200);
}

static void test_import_is_one_transaction(void **state)
{
	struct fix *f = *state;

	/* the second row is refused by the phone system's own rules or by its values: the first must not be there */
	assert_int_equal(ask(f, "POST", "/api/v1/config/import",
			     "{\"offhook\": 1, \"extensions\": [{\"number\": \"100\"}, {\"number\": \"101\", "
			     "\"ring_seconds\": 1}]}"),
			 422);
	assert_string_equal(err_field(f), "ring_seconds");
	assert_int_equal(ask(f, "GET", "/api/v1/extensions/100", NULL), 404);
}

static void test_export_comes_back(void **state)
{
	struct fix *f = *state;
	char *file;

	assert_int_equal(ask(f, "POST", "/api/v1/extensions",
			     "{\"number\": \"100\", \"name\": \"old\", \"password\": \"Wd7-kQp2-xU9z\"}"),
			 201);
	assert_int_equal(ask(f, "GET", "/api/v1/config/export", NULL), 200);
	assert_null(json_object_get(json_array_get(json_object_get(f->body, "extensions"), 0), "password"));
	assert_int_equal(ask(f, "GET", "/api/v1/config/export?secrets=1", NULL), 200);
	file = json_dumps(f->body, 0);
	assert_int_equal(ask(f, "DELETE", "/api/v1/extensions/100", NULL), 200);
	assert_int_equal(ask(f, "POST", "/api/v1/config/import", file), 200);
	assert_int_equal(number(f, "created"), 1);
	assert_int_equal(ask(f, "GET", "/api/v1/extensions/100?secrets=1", NULL), 200);
	assert_string_equal(text(f, "password"), "Wd7-kQp2-xU9z");
	assert_string_equal(text(f, "name"), "old");
	free(file);
}

/* ------------------------------------------------------------------ live views */

static void test_views(void **state)
{
	static const char *const lists[] = {"/api/v1/registrations", "/api/v1/calls", "/api/v1/cdr", "/api/v1/alarms",
					    "/api/v1/metrics"};
	struct fix *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		assert_int_equal(ask(f, "GET", lists[i], NULL), 200);
		assert_true(json_is_array(json_object_get(f->body, "items")));
	}
	assert_int_equal(ask(f, "GET", "/api/v1/status", NULL), 200);
	assert_string_equal(text(f, "version"), OFFHOOK_VERSION);
	assert_true(json_is_array(json_object_get(f->body, "alarms")));
	assert_int_equal(ask(f, "GET", "/api/v1/inspect/pbx", NULL), 200);
	assert_non_null(strstr(text(f, "text"), "extensions"));
	pbx_alarm_raise(f->pbx, "media.ports", "critical", "All RTP ports are in use.", "Widen --rtp-ports.");
	assert_int_equal(ask(f, "GET", "/api/v1/alarms", NULL), 200);
	assert_int_equal(json_array_size(json_object_get(f->body, "items")), 1);
}

static void test_conferences(void **state)
{
	static const struct {
		const char *method, *url, *body;
		unsigned status;
		const char *code;
	} v[] = {
		{"POST", "/api/v1/conferences", "{\"number\":\"800\",\"name\":\"Team\",\"pin\":\"1234\"}", 201, ""},
		{"POST", "/api/v1/conferences", "{\"number\":\"800\"}", 409, "conflict"},
		{"POST", "/api/v1/extensions", "{\"number\":\"800\"}", 409, "conflict"},
		{"POST", "/api/v1/conferences", "{\"number\":\"801\",\"pin\":\"12\"}", 422, "invalid"},
		{"POST", "/api/v1/conferences", "{\"number\":\"801\",\"pin\":\"123\",\"admin_pin\":\"123\"}", 422,
		 "invalid"},
		{"POST", "/api/v1/conferences", "{\"number\":\"801\",\"wait_for_admin\":true}", 422, "invalid"},
		{"PATCH", "/api/v1/conferences/800", "{\"record\":\"sometimes\"}", 422, "invalid"},
		{"PATCH", "/api/v1/conferences/800", "{\"record\":\"on_demand\"}", 200, ""},
		{"GET", "/api/v1/conferences/801", NULL, 404, "not_found"},
		{"GET", "/api/v1/conferences/800/members", NULL, 200, ""},
		{"GET", "/api/v1/conferences/801/members", NULL, 404, "not_found"},
		{"GET", "/api/v1/conference-members", NULL, 200, ""},
		{"GET", "/api/v1/conference-members?conference=800", NULL, 200, ""},
		{"POST", "/api/v1/conferences/800/members/cxyz/mute", NULL, 404, "not_found"},
		{"POST", "/api/v1/conferences/800/members/cxyz/unmute", NULL, 404, "not_found"},
		{"POST", "/api/v1/conferences/800/members/cxyz/kick", NULL, 404, "not_found"},
		{"POST", "/api/v1/conferences/800/members/cxyz/shout", NULL, 404, "no_such_path"},
		{"POST", "/api/v1/conferences/800/record", "{\"action\":\"begin\"}", 422, "invalid"},
		{"POST", "/api/v1/conferences/800/record", "{\"action\":\"start\"}", 409, "conflict"},
		{"POST", "/api/v1/conferences/800/record", "{\"action\":\"stop\"}", 409, "conflict"},
		{"POST", "/api/v1/conferences/801/record", "{\"action\":\"start\"}", 404, "not_found"},
		{"GET", "/api/v1/conferences/800/record", NULL, 405, "method"},
		{"DELETE", "/api/v1/conferences/800", NULL, 200, ""},
		{"GET", "/api/v1/conferences/800/members", NULL, 404, "not_found"},
	};
	struct fix *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		unsigned status = ask(f, v[i].method, v[i].url, v[i].body);
		bool told = !*v[i].code || slice_starts(slice_str(err_code(f)), slice_str(v[i].code));

		if (status != v[i].status || !told)
			fail_msg("%s %s: %u %s", v[i].method, v[i].url, status, err_code(f));
		/* PINs are never shown unless asked for */
		char *s = f->body ? json_dumps(f->body, 0) : NULL;
		assert_true(!s || !strstr(s, "1234"));
		free(s);
	}
}

static void test_records(void **state)
{
	struct fix *f = *state;

	for (int i = 0; i < 3; i++) {
		char id[16], from[16];
		snprintf(id, sizeof(id), "c%d", i);
		snprintf(from, sizeof(from), "10%d", i);
		struct cdr_row row = {.id = slice_str(id),
				      .from = slice_str(from),
				      .to = SLICE("200"),
				      .outcome = i ? SLICE("busy") : SLICE("answered"),
				      .start_ms = 1767225600000 + i * 86400000ll,
				      .end_ms = 1767225660000 + i * 86400000ll,
				      .code = i ? 486 : 200};

		store_cdr(f->store, &row, true);
	}
	static const struct {
		const char *url;
		size_t n;
	} v[] = {
		{"/api/v1/cdr", 3},
		{"/api/v1/cdr?number=101", 1},
		{"/api/v1/cdr?number=200", 3},
		{"/api/v1/cdr?outcome=busy", 2},
		{"/api/v1/cdr?limit=2", 2},
		{"/api/v1/cdr?since=2026-01-02T00:00Z", 2},
		{"/api/v1/cdr?until=2026-01-02T00:00:00Z", 1},
		{"/api/v1/cdr?since=2026-01-02T00:00Z&until=2026-01-03T00:00Z", 1},
		{"/api/v1/cdr?number=999", 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		assert_int_equal(ask(f, "GET", v[i].url, NULL), 200);
		if (json_array_size(json_object_get(f->body, "items")) != v[i].n)
			fail_msg("%s: %zu records", v[i].url, json_array_size(json_object_get(f->body, "items")));
	}
}

static void test_log_level(void **state)
{
	struct fix *f = *state;

	assert_int_equal(ask(f, "PUT", "/api/v1/log-level", "{\"level\": \"debug\"}"), 200);
	assert_int_equal(log_level(), LOG_DEBUG);
	assert_int_equal(ask(f, "PUT", "/api/v1/log-level", "{\"level\": \"info\"}"), 200);
	assert_int_equal(ask(f, "GET", "/api/v1/log-level", NULL), 200);
	assert_string_equal(text(f, "level"), "info");
}

static void test_times(void **state)
{
	static const struct {
		const char *s;
		int64_t ms; /**< -1: refused */
	} v[] = {
		{"1767225600000", 1767225600000},
		{"2026-01-01T00:00:00Z", 1767225600000},
		{"2026-01-01T00:00:00.250Z", 1767225600000},
		{"2026-01-01T01:30Z", 1767231000000},
		{"2026-01-01 00:00:00Z", 1767225600000},
		{"0", 0},
		{"", -1},
		{"today", -1},
		{"2026-01-01T00:00:00+01:00", -1},
		{"2026-13-01", -1},
		{"2026-01-01T00:00Zx", -1},
	};

	(void)state;
	setenv("TZ", "UTC", 1);
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		int64_t ms = -1;
		int err = api_time_parse(v[i].s, &ms);

		if ((err == 0) != (v[i].ms >= 0) || (!err && ms != v[i].ms))
			fail_msg("\"%s\": %d %lld", v[i].s, err, (long long)ms);
	}
	int64_t day;
	assert_int_equal(api_time_parse("2026-01-01", &day), 0);
	assert_int_equal(day, 1767225600000);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_refusals),
		T(test_broken_json_is_not_repeated),
		T(test_half_characters),
		T(test_life_of_an_extension),
		T(test_own_password),
		T(test_pages),
		T(test_history_and_undo),
		T(test_history_of),
		T(test_import),
		T(test_import_is_one_transaction),
		T(test_export_comes_back),
		T(test_views),
		T(test_conferences),
		T(test_records),
		T(test_log_level),
		cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
