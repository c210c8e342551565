/*
 * backup_test.c - /backup, /restore and /network: the difference first, then the change; what is refused, in words;
 * addresses that are confirmed or taken back.
 */
#include "fix.h"
#include "pbx/network.h"

static void fresh_rows(struct fix *f)
{
	assert_int_equal(ask(f, "POST", "/api/v1/extensions", "{\"number\": \"100\", \"name\": \"Desk\"}"), 201);
	assert_int_equal(ask(f, "POST", "/api/v1/extensions", "{\"number\": \"101\", \"name\": \"Hall\"}"), 201);
	assert_int_equal(ask(f, "POST", "/api/v1/users",
			     "{\"name\": \"root\", \"role\": \"administrator\", \"password\": \"long-enough-1\"}"),
			 201);
}

static void other_rows(struct fix *f)
{
	assert_int_equal(ask(f, "DELETE", "/api/v1/extensions/101", NULL), 200);
	assert_int_equal(ask(f, "PATCH", "/api/v1/extensions/100", "{\"name\": \"Kitchen\"}"), 200);
	assert_int_equal(ask(f, "POST", "/api/v1/extensions", "{\"number\": \"102\", \"name\": \"New\"}"), 201);
}

static const char *keep(struct fix *f, const char *body)
{
	static char order[200];

	assert_int_equal(ask(f, "POST", "/api/v1/backup", body), 201);
	snprintf(order, sizeof(order), "{\"file\": \"%s\"}", at(f, "file"));
	return order;
}

static void there_and_back(void **state)
{
	struct fix *f = *state;
	char order[200], undo[80];

	fresh_rows(f);
	snprintf(order, sizeof(order), "%s", keep(f, "{\"keep\": true}"));
	AT(f, "passphrase", "false");
	AT(f, "counts.extensions", "2");
	other_rows(f);
	assert_int_equal(ask(f, "POST", "/api/v1/restore?dry_run=1", order), 200);
	AT(f, "dry_run", "true");
	AT(f, "resources.extension.created.0", "101 Hall");
	AT(f, "resources.extension.changed.0", "100 Kitchen");
	AT(f, "resources.extension.removed.0", "102 New");
	AT(f, "resources.user", "(none)");
	AT(f, "changes.0.fields.name.1", "Desk");
	snprintf(order, sizeof(order), "{\"id\": \"%s\"}", at(f, "id"));
	/* nothing has happened, nor will without a word */
	assert_int_equal(ask(f, "GET", "/api/v1/extensions/102", NULL), 200);
	assert_int_equal(ask(f, "POST", "/api/v1/restore", order), 422);
	AT(f, "error.field", "confirm");
	snprintf(order + strlen(order) - 1, sizeof(order) - strlen(order) + 1, ", \"confirm\": true}");
	assert_int_equal(ask(f, "POST", "/api/v1/restore", order), 200);
	AT(f, "created", "1");
	AT(f, "updated", "1");
	AT(f, "removed", "1");
	AT(f, "added.cdr", "0");
	snprintf(undo, sizeof(undo), "/api/v1/config/undo/%s", at(f, "change_id"));
	assert_int_equal(ask(f, "GET", "/api/v1/extensions/102", NULL), 404);
	assert_int_equal(ask(f, "GET", "/api/v1/extensions/100", NULL), 200);
	AT(f, "name", "Desk");
	/* once */
	assert_int_equal(ask(f, "POST", "/api/v1/restore", order), 404);
	assert_int_equal(ask(f, "POST", undo, NULL), 200);
	assert_int_equal(ask(f, "GET", "/api/v1/extensions/102", NULL), 200);
}

static void download(void **state)
{
	struct fix *f = *state;

	fresh_rows(f);
	assert_int_equal(ask(f, "GET", "/api/v1/backup?recordings=1", NULL), 200);
	assert_true(f->head.file_once);
	assert_string_equal(f->ctype, "application/gzip");
	assert_non_null(strstr(header(f, "Content-Disposition"), "attachment; filename=\"offhook-"));
}

/* A body of bytes. */
static unsigned send_file(struct fix *f, const char *file)
{
	char *p = malloc(1 << 20), path[200];
	struct principal who;

	snprintf(path, sizeof(path), "%s/backup/%s", f->dir, file);
	FILE *fp = fopen(path, "rb");
	assert_non_null(fp);
	size_t n = fread(p, 1, 1 << 20, fp);
	fclose(fp);
	struct api_request rq = {.method = SLICE("POST"),
				 .path = SLICE("/api/v1/restore"),
				 .query = SLICE("dry_run=1"),
				 .body = slice_mem(p, n),
				 .ctype = SLICE("application/gzip"),
				 .who = &who,
				 .author = "tester"};

	principal_control(&who);
	f->answered = false;
	api_handle(f->api, &rq, fix_reply, f);
	free(p); /* nobody needs it any more */
	assert_true(vnet_run_until(f->net, fix_answered, f, 60000));
	return f->status;
}

static void sent(void **state)
{
	struct fix *f = *state;
	char file[100], order[300], id[32];

	fresh_rows(f);
	keep(f, "{\"keep\": true, \"passphrase\": \"correct horse\"}");
	AT(f, "passphrase", "true");
	snprintf(file, sizeof(file), "%s", at(f, "file"));
	assert_int_equal(send_file(f, file), 200); /* the key is here */
	AT(f, "unchanged", "3");
	snprintf(order, sizeof(order), "{\"file\": \"%s\", \"passphrase\": \"wrong horse\"}", file);
	assert_int_equal(ask(f, "POST", "/api/v1/restore?dry_run=1", order), 422);
	AT(f, "error.code", "wrong_passphrase");
	snprintf(id, sizeof(id), "%s", at(f, "error.id"));
	snprintf(order, sizeof(order), "{\"id\": \"%s\", \"passphrase\": \"correct horse\"}", id);
	assert_int_equal(ask(f, "POST", "/api/v1/restore?dry_run=1", order), 200);
	/* gzip is taken nowhere else */
	f->ctype_in = "application/gzip";
	assert_int_equal(ask(f, "POST", "/api/v1/config/import", "xx"), 400);
}

static void refusals(void **state)
{
	static const struct {
		const char *url, *body, *field;
	} v[] = {
		{"/api/v1/backup", "{\"passphrase\": \"short\"}", "passphrase"},
		{"/api/v1/backup", "{\"passphrase\": 12345678}", "passphrase"},
		{"/api/v1/backup", "{\"keep\": \"yes\"}", "keep"},
		{"/api/v1/backup", "{\"where\": \"/tmp\"}", "where"},
		{"/api/v1/restore?dry_run=1", NULL, "file"},
		{"/api/v1/restore?dry_run=1", "{\"file\": \"a\", \"id\": \"b\"}", "file"},
		{"/api/v1/restore", "{\"confirm\": true}", "id"},
		{"/api/v1/restore", "{\"id\": \"x\", \"confirm\": false}", "confirm"},
	};
	struct fix *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		if (ask(f, "POST", v[i].url, v[i].body) != 422)
			fail_msg("%s %s: %u", v[i].url, v[i].body ? v[i].body : "", f->status);
		AT(f, "error.field", v[i].field);
	}
	assert_int_equal(ask(f, "POST", "/api/v1/restore?dry_run=1", "{\"file\": \"../offhook.db\"}"), 404);
	assert_int_equal(ask(f, "POST", "/api/v1/restore", "{\"id\": \"../../etc\", \"confirm\": true}"), 404);
}

/* ------------------------------------------------------------------ addresses */

/* A server that notes what it is told. */
struct fake {
	unsigned opened, settled;
	int32_t sip_port;
	int err;
};

static int fake_open(const struct network *n, struct buf *why, void *arg)
{
	struct fake *k = arg;

	if (k->err) {
		buf_str(why, "That port is taken.");
		return k->err;
	}
	k->opened++;
	k->sip_port = n->sip_port;
	return 0;
}

static void fake_settle(const struct network *n, void *arg)
{
	struct fake *k = arg;

	k->settled++;
	k->sip_port = n->sip_port;
}

static const char *fake_held(const char *field, void *arg)
{
	(void)arg;
	return strcmp(field, "external_ip") ? NULL : "--external-ip";
}

static struct fake fake;

static void fake_server(struct fix *f)
{
	const struct network_ops ops = {fake_open, fake_settle, fake_held, &fake};

	fake = (struct fake){.sip_port = -1};
	pbx_set_network(f->pbx, &ops);
}

static void confirmed(void **state)
{
	struct fix *f = *state;
	char url[100];

	fake_server(f);
	assert_int_equal(ask(f, "PATCH", "/api/v1/network/main", "{\"sip_port\": 5070}"), 200);
	assert_int_equal(fake.opened, 1);
	assert_int_equal(fake.settled, 0);
	assert_int_equal(fake.sip_port, 5070);
	snprintf(url, sizeof(url), "%s", at(f, "confirm"));
	assert_string_not_equal(at(f, "confirm_before_ms"), "(none)");
	/* another one has to wait */
	assert_int_equal(ask(f, "PATCH", "/api/v1/network/main", "{\"sip_port\": 5080}"), 409);
	assert_int_equal(ask(f, "GET", "/api/v1/network/main?live=1", NULL), 200);
	AT(f, "live.held.external_ip", "--external-ip");
	assert_string_not_equal(at(f, "live.waiting"), "null");
	assert_int_equal(ask(f, "POST", "/api/v1/network/confirm/999", NULL), 404);
	assert_int_equal(ask(f, "POST", url, NULL), 204);
	assert_int_equal(fake.settled, 1);
	assert_int_equal(ask(f, "POST", url, NULL), 404);
	vnet_run(f->net, 2 * NETWORK_CONFIRM_MS);
	assert_int_equal(fake.sip_port, 5070);
	assert_int_equal(ask(f, "GET", "/api/v1/network/main?live=1", NULL), 200);
	AT(f, "sip_port", "5070");
	AT(f, "live.waiting", "null");
}

static void taken_back(void **state)
{
	struct fix *f = *state;

	fake_server(f);
	assert_int_equal(ask(f, "PATCH", "/api/v1/network/main", "{\"sip_port\": 5070}"), 200);
	assert_int_equal(ask(f, "POST", "/api/v1/network/confirm/1", NULL), 204);
	assert_int_equal(ask(f, "PATCH", "/api/v1/network/main", "{\"sip_port\": 5080}"), 200);
	vnet_run(f->net, NETWORK_CONFIRM_MS - 1000);
	assert_int_equal(fake.sip_port, 5080);
	vnet_run(f->net, 3000);
	assert_int_equal(fake.sip_port, 5070);
	assert_int_equal(ask(f, "GET", "/api/v1/network/main?live=1", NULL), 200);
	AT(f, "sip_port", "5070");
	AT(f, "live.waiting", "null");
	assert_int_equal(ask(f, "GET", "/api/v1/config/history", NULL), 200);
	AT(f, "items.0.author", "system");
	assert_int_equal(ask(f, "GET", "/api/v1/alarms", NULL), 200);
	assert_int_equal(items(f), 0);
}

/* An end in between: the next start begins with what was before, and changes the row back. */
static void crash(void **state)
{
	struct fix *f = *state;
	struct pbx_cfg pc = {.loop = f->loop, .store = f->store, .realm = "test"};
	struct api_cfg ac = {.loop = f->loop};

	fake_server(f);
	assert_int_equal(ask(f, "PATCH", "/api/v1/network/main", "{\"sip_port\": 5070}"), 200);
	mem_deref(f->api);
	mem_deref(f->pbx);
	assert_int_equal(pbx_alloc(&f->pbx, &pc), 0);
	ac.pbx = f->pbx;
	assert_int_equal(api_alloc(&f->api, &ac), 0);
	assert_int_equal(pbx_network(f->pbx)->sip_port, -1);
	fake_server(f);
	vnet_run(f->net, 2000);
	assert_int_equal(ask(f, "GET", "/api/v1/network/main?live=1", NULL), 200);
	AT(f, "sip_port", "null");
	AT(f, "live.waiting", "null");
}

static void not_possible(void **state)
{
	static const struct {
		const char *body, *words;
	} v[] = {
		{"{\"listen\": \"192.0.2.1 nonsense\"}", ""},
		{"{\"listen\": \"1.2.3\"}", "not an IP address"},
		{"{\"local_net\": \"10.0.0.0/40\"}", "not a network"},
		{"{\"external_ip\": \"0.0.0.0\"}", "not an IP address"},
		{"{\"sip_port\": 8080}", "the same"},
		{"{\"sip_port\": 6000, \"sips_port\": 6000}", "the same"},
		{"{\"sip_port\": 0}", ""},
		{"{\"rtp_first\": 10001}", "even"},
		{"{\"rtp_last\": 10002}", "four ports"},
	};
	struct fix *f = *state;

	fake_server(f);
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		if (ask(f, "PATCH", "/api/v1/network/main", v[i].body) != 422 ||
		    !strstr(at(f, "error.message"), v[i].words))
			fail_msg("%s: %u %s", v[i].body, f->status, at(f, "error.message"));
	}
	fake.err = EADDRINUSE;
	assert_int_equal(ask(f, "PATCH", "/api/v1/network/main", "{\"sip_port\": 5070}"), 409);
	AT(f, "error.message", "That port is taken.");
	assert_int_equal(ask(f, "GET", "/api/v1/network/main", NULL), 200);
	AT(f, "sip_port", "(none)");
	/* what needs no confirmation waits for none; what an option holds says so */
	fake.err = 0;
	assert_int_equal(ask(f, "PATCH", "/api/v1/network/main", "{\"http_port\": 8181}"), 200);
	AT(f, "confirm", "(none)");
	assert_int_equal(ask(f, "GET", "/api/v1/network/main?live=1", NULL), 200);
	AT(f, "live.next_start.0", "http_port");
	assert_int_equal(ask(f, "PATCH", "/api/v1/network/main", "{\"external_ip\": \"192.0.2.9\"}"), 200);
	assert_non_null(strstr(at(f, "warnings.0"), "--external-ip"));
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, fix_setup, fix_teardown)
	const struct CMUnitTest tests[] = {T(there_and_back), T(download),   T(sent),  T(refusals),
					   T(confirmed),      T(taken_back), T(crash), T(not_possible)};

	return cmocka_run_group_tests_name("api backup", tests, NULL, NULL);
}
