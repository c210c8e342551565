/*
 * query_test.c - one row, pages of rows, the export: order, cursors, secrets only when asked for.
 */
#include "unit.h"

static void fill(struct fix *f, unsigned n)
{
	struct change_item *it = calloc(n, sizeof(*it));
	struct store_change c = {.item = it, .n = n, .author = "tester"};

	for (unsigned i = 0; i < n; i++) {
		it[i].op = CHANGE_CREATE;
		it[i].r = &extension_resource;
		/* not in the order of their keys */
		it[i].obj = json_pack("{s:o, s:s, s:s}", "number", json_sprintf("%05u", (i * 7919) % n), "name", "n",
				      "password", "pass-word");
	}
	store_change(f->s, &c, fix_change_h, f);
	for (unsigned i = 0; i < n; i++)
		json_decref(it[i].obj);
	free(it);
	fix_wait(f);
	assert_int_equal(f->err, 0);
}

static void pages(void **st)
{
	struct fix *f = *st;
	struct store_page p = {.limit = 10};
	char after[32] = "", first[64];
	unsigned n = 0;

	fill(f, 25);
	for (;;) {
		store_list(f->s, &extension_resource, &p, fix_json_h, f);
		fix_wait(f);
		assert_int_equal(f->err, 0);
		snprintf(first, sizeof(first), "%05u", n);
		RES(f, "items.0.number", first);
		RES(f, "items.0.password", "(none)");
		n += (unsigned)json_array_size(json_object_get(f->res, "items"));
		if (json_is_null(json_object_get(f->res, "next")))
			break;
		assert_int_equal(n % 10, 0);
		snprintf(after, sizeof(after), "%s", fix_str(f->res, "next"));
		p.after = after;
	}
	assert_int_equal(n, 25);
	/* a page that is just full has no next one */
	p = (struct store_page){.limit = 25, .secrets = true};
	store_list(f->s, &extension_resource, &p, fix_json_h, f);
	fix_wait(f);
	RES(f, "next", "null");
	RES(f, "items.24.number", "00024");
	RES(f, "items.24.password", "pass-word");
	p = (struct store_page){.after = "00024"};
	store_list(f->s, &extension_resource, &p, fix_json_h, f);
	fix_wait(f);
	RES(f, "items", "[]");
	store_list(f->s, &extension_resource, NULL, fix_json_h, f);
	fix_wait(f);
	assert_int_equal(json_array_size(json_object_get(f->res, "items")), 25);
}

static void get_types(void **st)
{
	struct fix *f = *st;

	assert_int_equal(fix_change(f, CHANGE_CREATE, NULL,
				    "{\"number\":\"1\",\"name\":\"it's \\\"x\\\" \u00fc\",\"order\":-5}"),
			 0);
	assert_int_equal(fix_get(f, "1", false), 0);
	RES(f, "name", "it's \"x\" \u00fc");
	RES(f, "order", "-5");
	RES(f, "enabled", "true");
	RES(f, "transport", "udp");
	assert_int_equal(json_object_size(f->res), ARRAY_LEN(extension_fields) - 1 + 1);
	RES(f, STORE_VERSION, "1");
	/* not a key, and no SQL */
	assert_int_equal(fix_get(f, "1' OR '1'='1", false), ENOENT);
	assert_int_equal(fix_get(f, "", false), ENOENT);
}

static void export(void **st)
{
	struct fix *f = *st;
	char *text;

	fill(f, 3);
	store_export(f->s, false, fix_json_h, f);
	fix_wait(f);
	assert_int_equal(f->err, 0);
	RES(f, "offhook", "1");
	RES(f, "extensions.0.number", "00000");
	RES(f, "extensions.2.number", "00002");
	RES(f, "extensions.3", "(none)");
	text = json_dumps(f->res, 0);
	assert_null(strstr(text, "pass-word"));
	assert_null(strstr(text, "v1:"));
	free(text);
	store_export(f->s, true, fix_json_h, f);
	fix_wait(f);
	RES(f, "extensions.1.password", "pass-word");
}

/* What was exported with its secrets makes the same rows again. */
static void import(void **st)
{
	struct fix *f = *st;
	json_t *first, *row, *again;

	fill(f, 1);
	store_export(f->s, true, fix_json_h, f);
	fix_wait(f);
	first = json_deep_copy(json_array_get(json_object_get(f->res, "extensions"), 0));
	assert_int_equal(fix_change(f, CHANGE_DELETE, "00000", NULL), 0);
	{
		struct change_item it = {CHANGE_CREATE, &extension_resource, NULL, first};
		struct store_change c = {.item = &it, .n = 1, .author = "tester"};

		store_change(f->s, &c, fix_change_h, f);
		fix_wait(f);
	}
	assert_int_equal(f->err, 0);
	assert_int_equal(fix_get(f, "00000", true), 0);
	again = json_deep_copy(f->res);
	json_object_del(again, STORE_VERSION);
	row = json_deep_copy(first);
	for (int i = 0; i < 2; i++) {
		json_object_del(i ? again : row, "created_ms");
		json_object_del(i ? again : row, "changed_ms");
	}
	assert_true(json_equal(row, again));
	json_decref(first);
	json_decref(row);
	json_decref(again);
}

struct counter {
	unsigned n;
	char last[8];
};

static void count(const char *const *col, const size_t *len, void *arg)
{
	struct counter *c = arg;

	assert_true(strcmp(col[0], c->last) > 0);
	assert_int_equal(len[0], 5);
	memcpy(c->last, col[0], 6);
	c->n++;
}

static void ten_thousand(void **st)
{
	struct fix *f = *st;
	struct counter c = {0};

	fill(f, 10000);
	assert_int_equal(store_load(f->s, &extension_resource, count, &c), 0);
	assert_int_equal(c.n, 10000);
	store_history(f->s, 0, 0, fix_json_h, f);
	fix_wait(f);
	RES(f, "items.0.text", "added extension 00000; added extension 07919; added extension 05838; and 9997 more");
}

#define BOTH(fn)                                                                                                       \
	{#fn "_virtual", fn, fix_setup_virtual, fix_teardown, NULL},                                                   \
	{                                                                                                              \
#fn "_threads", fn, fix_setup_threads, fix_teardown, NULL                                              \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(pages), BOTH(get_types), BOTH(export), BOTH(import), BOTH(ten_thousand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
