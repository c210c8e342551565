/*
 * change_test.c - changes, history and undo; every test with the disk threads and on a virtual loop.
 */
#include "unit.h"

#define NEW(number) "{\"number\":\"" number "\",\"password\":\"secret-" number "\"}"

static void create(void **st)
{
	struct fix *f = *st;

	assert_int_equal(fix_change(f, CHANGE_CREATE, NULL, "{\"number\":\"100\",\"name\":\"Front desk\"}"), 0);
	assert_true(f->id == 1);
	RES(f, "number", "100");
	RES(f, "ring_seconds", "30");
	RES(f, "enabled", "true");
	RES(f, "mac", "null");
	RES(f, "password", "(none)");
	assert_string_not_equal(fix_str(f->res, "created_ms"), "null");
	/* the password was made, and goes to the swap in memory only */
	assert_int_equal(strlen(f->applied), strlen("+100: ") + 16);
	assert_memory_equal(f->applied, "+100:", 5);

	assert_int_equal(fix_change(f, CHANGE_CREATE, NULL, NEW("101")), 0);
	assert_string_equal(f->applied, "+101:secret-101 ");
	assert_true(f->id == 2);

	assert_int_equal(fix_change(f, CHANGE_CREATE, NULL, NEW("100")), EEXIST);
	assert_string_equal(f->why, "There is already an extension 100.");
	assert_string_equal(f->applied, "");
	assert_int_equal(fix_change(f, CHANGE_CREATE, NULL, "{\"number\":\"x\"}"), ERR_SYNTAX);
	assert_string_equal(f->why, "\"number\" may contain only these characters: 0-9*# - but here is a \"x\".");
	assert_int_equal(fix_change(f, CHANGE_UPDATE, "100", "{\"mac\":\"00aa\"}"), 0);
	assert_int_equal(fix_change(f, CHANGE_UPDATE, "101", "{\"mac\":\"00aa\"}"), EEXIST);
	assert_string_equal(f->why, "Another extension has the same \"mac\": 00aa.");
	assert_int_equal(fix_get(f, "101", false), 0);
	RES(f, "mac", "null");
}

static void update(void **st)
{
	struct fix *f = *st;

	assert_int_equal(fix_change(f, CHANGE_CREATE, NULL, NEW("100")), 0);
	assert_int_equal(fix_change(f, CHANGE_UPDATE, "100", "{\"name\":\"Bar\",\"enabled\":false,\"order\":3}"), 0);
	RES(f, "name", "Bar");
	RES(f, "enabled", "false");
	RES(f, "order", "3");
	assert_string_equal(f->applied, "=100:secret-100 ");
	/* nothing different: no change */
	assert_int_equal(fix_change(f, CHANGE_UPDATE, "100", "{\"name\":\"Bar\",\"password\":\"secret-100\"}"), 0);
	assert_true(f->id == 0);
	assert_string_equal(f->applied, "");
	RES(f, "name", "Bar");
	assert_int_equal(fix_change(f, CHANGE_UPDATE, "100", "{\"password\":\"other-one\"}"), 0);
	assert_string_equal(f->applied, "=100:other-one ");
	assert_true(f->id == 3);
	/* the key may change */
	assert_int_equal(fix_change(f, CHANGE_UPDATE, "100", "{\"number\":\"200\"}"), 0);
	assert_string_equal(f->applied, "=100:other-one ");
	RES(f, "number", "200");
	assert_int_equal(fix_change(f, CHANGE_UPDATE, "100", "{\"name\":\"x\"}"), ENOENT);
	assert_string_equal(f->why, "There is no extension 100.");
	assert_int_equal(fix_get(f, "200", true), 0);
	RES(f, "password", "other-one");
	assert_int_equal(fix_get(f, "200", false), 0);
	RES(f, "password", "(none)");
	assert_int_equal(fix_get(f, "100", false), ENOENT);
	assert_string_equal(f->why, "There is no extension 100.");
	assert_null(f->res);
}

static void delete (void **st)
{
	struct fix *f = *st;

	assert_int_equal(fix_change(f, CHANGE_CREATE, NULL, NEW("100")), 0);
	assert_int_equal(fix_change(f, CHANGE_DELETE, "100", NULL), 0);
	assert_null(f->res);
	assert_string_equal(f->applied, "-100 ");
	assert_int_equal(fix_change(f, CHANGE_DELETE, "100", NULL), ENOENT);
	assert_int_equal(fix_get(f, "100", false), ENOENT);
	assert_int_equal(fix_change(f, CHANGE_CREATE, NULL, NEW("100")), 0);
}

/* Several items are one: all or none. */
static void transaction(void **st)
{
	struct fix *f = *st;
	struct change_item it[4] = {
		{CHANGE_CREATE, &extension_resource, NULL, json_loads(NEW("1"), 0, NULL)},
		{CHANGE_CREATE, &extension_resource, NULL, json_loads(NEW("2"), 0, NULL)},
		{CHANGE_UPDATE, &extension_resource, "1", json_loads("{\"name\":\"one\"}", 0, NULL)},
		{CHANGE_DELETE, &extension_resource, "3", NULL},
	};
	struct store_change c = {.item = it, .n = 4, .author = "tester", .apply = fix_apply, .apply_arg = f};

	store_change(f->s, &c, fix_change_h, f);
	fix_wait(f);
	assert_int_equal(f->err, ENOENT);
	assert_string_equal(f->applied, "");
	assert_int_equal(fix_get(f, "1", false), ENOENT);
	it[3].key = "2";
	store_change(f->s, &c, fix_change_h, f);
	fix_wait(f);
	assert_int_equal(f->err, 0);
	assert_true(f->id == 1);
	assert_string_equal(f->applied, "+1:secret-1 +2:secret-2 =1:secret-1 -2 ");
	assert_int_equal(fix_get(f, "1", false), 0);
	RES(f, "name", "one");
	assert_int_equal(fix_get(f, "2", false), ENOENT);
	store_history(f->s, 0, 0, fix_json_h, f);
	fix_wait(f);
	RES(f, "items.0.text", "added extension 1; added extension 2; changed name of extension 1; and 1 more");
	RES(f, "items.1", "(none)");
	assert_int_equal(fix_undo(f, 1), 0);
	assert_string_equal(f->applied, "+2:secret-2 =1:secret-1 -2 -1 ");
	assert_int_equal(fix_get(f, "1", false), ENOENT);
	for (size_t i = 0; i < 3; i++)
		json_decref(it[i].obj);
}

static void history(void **st)
{
	struct fix *f = *st;
	char *all;

	fix_change(f, CHANGE_CREATE, NULL, NEW("100"));
	fix_change(f, CHANGE_UPDATE, "100", "{\"password\":\"new-secret\",\"name\":\"Bar\"}");
	fix_change(f, CHANGE_DELETE, "100", NULL);
	store_history(f->s, 0, 2, fix_json_h, f);
	fix_wait(f);
	assert_int_equal(f->err, 0);
	RES(f, "next", "2");
	RES(f, "items.0.id", "3");
	RES(f, "items.0.text", "removed extension 100");
	RES(f, "items.0.author", "tester");
	RES(f, "items.0.undone_by", "null");
	RES(f, "items.0.items.0.op", "delete");
	RES(f, "items.0.items.0.diff.name", "[\"Bar\",null]");
	RES(f, "items.0.items.0.diff.password", "[\"(changed)\",null]");
	RES(f, "items.1.text", "changed name, password of extension 100");
	RES(f, "items.1.items.0.resource", "extension");
	RES(f, "items.1.items.0.key", "100");
	RES(f, "items.1.items.0.diff", "{\"name\":[\"\",\"Bar\"],\"password\":[\"(changed)\",\"(changed)\"]}");
	RES(f, "items.2", "(none)");
	store_history(f->s, 2, 2, fix_json_h, f);
	fix_wait(f);
	RES(f, "next", "null");
	RES(f, "items.0.id", "1");
	RES(f, "items.0.items.0.diff.enabled", "[null,true]");
	RES(f, "items.0.items.0.diff.password", "[null,\"(changed)\"]");
	all = json_dumps(f->res, 0);
	assert_null(strstr(all, "secret"));
	assert_null(strstr(all, "v1:"));
	free(all);
}

static void undo(void **st)
{
	struct fix *f = *st;

	fix_change(f, CHANGE_CREATE, NULL, NEW("100"));                                      /* 1 */
	fix_change(f, CHANGE_UPDATE, "100", "{\"name\":\"A\",\"password\":\"second-one\"}"); /* 2 */
	fix_change(f, CHANGE_UPDATE, "100", "{\"ring_seconds\":60}");                        /* 3 */
	/* other fields do not matter */
	assert_int_equal(fix_undo(f, 2), 0); /* 4 */
	assert_true(f->id == 4);
	RES(f, "name", "");
	RES(f, "ring_seconds", "60");
	assert_string_equal(f->applied, "=100:secret-100 ");
	assert_int_equal(fix_undo(f, 2), EEXIST);
	assert_string_equal(f->why, "Change 2 was undone already, by change 4.");
	store_history(f->s, 0, 0, fix_json_h, f);
	fix_wait(f);
	RES(f, "items.0.text", "undid change 2: changed name, password of extension 100");
	RES(f, "items.0.author", "undoer");
	RES(f, "items.0.undoes", "2");
	RES(f, "items.2.undone_by", "4");
	assert_int_equal(fix_undo(f, 99), ENOENT);
	assert_string_equal(f->why, "There is no change 99.");
	assert_int_equal(fix_undo(f, -7), ENOENT);
}

static void undo_refused(void **st)
{
	struct fix *f = *st;

	fix_change(f, CHANGE_CREATE, NULL, NEW("100"));                      /* 1 */
	fix_change(f, CHANGE_CREATE, NULL, NEW("101"));                      /* 2 */
	fix_change(f, CHANGE_UPDATE, "100", "{\"name\":\"A\"}");             /* 3 */
	fix_change(f, CHANGE_UPDATE, "101", "{\"name\":\"A\"}");             /* 4 */
	fix_change(f, CHANGE_UPDATE, "100", "{\"name\":\"B\",\"order\":1}"); /* 5 */
	assert_int_equal(fix_undo(f, 3), EEXIST);
	assert_string_equal(f->why, "Change 3 cannot be undone, because later changes touch the same fields: "
				    "5 (changed name, order of extension 100, by tester). Undo those first.");
	assert_string_equal(f->applied, "");
	/* taking back the creation touches everything */
	assert_int_equal(fix_undo(f, 1), EEXIST);
	assert_non_null(strstr(f->why, ": 3 (changed name of extension 100, by tester); 5 ("));
	assert_int_equal(fix_undo(f, 5), 0); /* 6 */
	assert_int_equal(fix_undo(f, 3), 0); /* 7 */
	RES(f, "name", "");
	assert_int_equal(fix_undo(f, 1), 0); /* 8 */
	assert_int_equal(fix_get(f, "100", false), ENOENT);
	assert_int_equal(fix_get(f, "101", false), 0);
}

/* An undoing can be undone, and then the first change can be undone again. */
static void redo(void **st)
{
	struct fix *f = *st;

	fix_change(f, CHANGE_CREATE, NULL, NEW("100"));          /* 1 */
	fix_change(f, CHANGE_UPDATE, "100", "{\"name\":\"A\"}"); /* 2 */
	assert_int_equal(fix_undo(f, 2), 0);                     /* 3 */
	assert_int_equal(fix_undo(f, 3), 0);                     /* 4 */
	RES(f, "name", "A");
	assert_int_equal(fix_undo(f, 3), EEXIST);
	assert_int_equal(fix_undo(f, 2), 0); /* 5 */
	RES(f, "name", "");
	assert_int_equal(fix_undo(f, 4), EEXIST);
	assert_non_null(strstr(f->why, "same fields: 5 ("));
}

static void undo_delete(void **st)
{
	struct fix *f = *st;
	char created[32];

	fix_change(f, CHANGE_CREATE, NULL, NEW("100")); /* 1 */
	snprintf(created, sizeof(created), "%s", fix_str(f->res, "created_ms"));
	fix_change(f, CHANGE_UPDATE, "100", "{\"number\":\"200\"}"); /* 2 */
	fix_change(f, CHANGE_UPDATE, "200", "{\"name\":\"A\"}");     /* 3 */
	fix_change(f, CHANGE_DELETE, "200", NULL);                   /* 4 */
	assert_int_equal(fix_undo(f, 3), EEXIST);
	fix_change(f, CHANGE_CREATE, NULL, NEW("200")); /* 5: another row of that name */
	assert_int_equal(fix_undo(f, 4), EEXIST);
	assert_string_equal(f->why, "There is already an extension 200.");
	fix_change(f, CHANGE_DELETE, "200", NULL); /* 6 */
	assert_int_equal(fix_undo(f, 4), 0);       /* 7 */
	assert_string_equal(f->applied, "+200:secret-100 ");
	RES(f, "name", "A");
	RES(f, "created_ms", created);
	/* it is the same row as before: older changes can be undone, under whatever name it has now */
	assert_int_equal(fix_undo(f, 2), 0);
	assert_string_equal(f->applied, "=200:secret-100 ");
	RES(f, "number", "100");
	assert_int_equal(fix_undo(f, 3), 0);
	assert_string_equal(f->applied, "=100:secret-100 ");
	RES(f, "name", "");
}

static void note_change(int64_t id, void *arg)
{
	struct fix *f = arg;
	size_t n = strlen(f->applied);

	assert_false(f->answered);
	snprintf(f->applied + n, sizeof(f->applied) - n, "!%lld", (long long)id);
}

static void watch(void **st)
{
	struct fix *f = *st;

	store_on_change(f->s, note_change, f);
	fix_change(f, CHANGE_CREATE, NULL, NEW("7"));
	assert_string_equal(f->applied, "+7:secret-7 !1");
	fix_change(f, CHANGE_CREATE, NULL, NEW("7"));
	assert_string_equal(f->applied, "");
	store_on_change(f->s, NULL, NULL);
	fix_change(f, CHANGE_CREATE, NULL, NEW("8"));
	assert_string_equal(f->applied, "+8:secret-8 ");
}

/* What is committed is there after a restart, numbers go on, rows load in order. */
static void load_row(const char *const *col, const size_t *len, void *arg)
{
	struct fix *f = arg;
	size_t n = strlen(f->applied);
	struct buf plain;

	buf_init(&plain);
	assert_int_equal(len[0], strlen(col[0]));
	assert_null(strstr(col[2], "secret"));
	assert_int_equal(store_unseal(f->s, slice_mem(col[2], len[2]), &plain), 0);
	snprintf(f->applied + n, sizeof(f->applied) - n, "%s,%s,%.*s,%s,%s,%s;", col[0], col[1],
		 SLICE_FMT(buf_get(&plain)), col[3], col[4], col[6] ? col[6] : "-");
	buf_free(&plain);
}

static void reopen(void **st)
{
	struct fix *f = *st;

	assert_true(store_is_new(f->s));
	fix_change(f, CHANGE_CREATE, NULL, NEW("200"));
	fix_change(f, CHANGE_CREATE, NULL,
		   "{\"number\":\"100\",\"password\":\"another-one\",\"mac\":\"ab\",\"enabled\":0}");
	fix_close(f);
	fix_open(f);
	assert_false(store_is_new(f->s));
	f->applied[0] = '\0';
	assert_int_equal(store_load(f->s, &extension_resource, load_row, f), 0);
	assert_string_equal(f->applied, "100,,another-one,30,0,ab;200,,secret-200,30,1,-;");
	fix_change(f, CHANGE_UPDATE, "100", "{\"name\":\"x\"}");
	assert_true(f->id == 3);
	fix_close(f);
	assert_string_equal(fix_sql(f, "SELECT group_concat(id) FROM extensions"), "1,2");
	assert_string_equal(fix_sql(f, "SELECT version FROM extensions WHERE number = '100'"), "2");
	assert_string_equal(fix_sql(f, "SELECT count(*) FROM history_item WHERE instr(diff, 'secret')"), "0");
}

/* Many at once: answers in order, and few commits. */
struct many {
	struct fix *f;
	unsigned got;
	int64_t last;
};

static void many_h(int err, const char *why, json_t *row, int64_t id, void *arg)
{
	struct many *m = arg;

	(void)why;
	(void)row;
	assert_int_equal(err, 0);
	assert_true(id == m->last + 1);
	m->last = id;
	if (++m->got == 200) {
		m->f->answered = true;
		if (!m->f->virt)
			loop_stop(m->f->loop);
	}
}

static void group(void **st)
{
	struct fix *f = *st;
	struct many m = {.f = f};

	for (unsigned i = 0; i < 200; i++) {
		struct change_item it = {CHANGE_CREATE, &extension_resource, NULL,
					 json_pack("{s:i}", "number", 1000 + i)};
		struct store_change c = {.item = &it, .n = 1, .author = "tester"};

		store_change(f->s, &c, many_h, &m);
		json_decref(it.obj);
	}
	fix_wait(f);
	assert_int_equal(m.got, 200);
}

/* Nobody is called after the end, and nothing leaks (the sanitizer looks). */
static void close_early(void **st)
{
	struct fix *f = *st;
	struct change_item it = {CHANGE_CREATE, &extension_resource, NULL, json_loads(NEW("5"), 0, NULL)};
	struct store_change c = {.item = &it, .n = 1, .author = "tester", .apply = fix_apply, .apply_arg = f};

	store_change(f->s, &c, fix_change_h, f);
	store_list(f->s, &extension_resource, NULL, fix_json_h, f);
	store_history(f->s, 0, 0, fix_json_h, f);
	store_cdr_list(f->s, NULL, fix_json_h, f);
	json_decref(it.obj);
	fix_close(f);
	assert_false(f->answered);
	/* but it was done */
	fix_open(f);
	assert_int_equal(fix_get(f, "5", false), 0);
}

#ifdef OH_DEBUG
/* Every allocation fails once: an answer comes, and what it says is true. */
static void out_of_memory(void **st)
{
	struct fix *f = *st;
	char number[24], obj[80];
	bool made = false;

	for (long n = 0; n < 500 && !made; n++) {
		struct change_item it = {CHANGE_CREATE, &extension_resource, NULL};
		struct store_change c = {.item = &it, .n = 1, .author = "tester"};

		snprintf(number, sizeof(number), "%ld", n);
		snprintf(obj, sizeof(obj), "{\"number\":\"%ld\",\"password\":\"pass-word\"}", n);
		it.obj = json_loads(obj, 0, NULL);
		mem_fail_at(n);
		store_change(f->s, &c, fix_change_h, f);
		vnet_run(f->net, 1);
		made = mem_fail_off() <= n;
		json_decref(it.obj);
		assert_true(f->answered);
		f->answered = false;
		assert_true(f->err == 0 || f->err == ENOMEM);
		assert_true(f->err == 0 || strlen(f->why) > 5);
		made = made && !f->err;
		assert_int_equal(f->err ? ENOENT : 0, fix_get(f, number, true));
	}
	assert_true(made);
	for (long n = 0; n < 50; n++) {
		mem_fail_at(n);
		store_get(f->s, &extension_resource, number, true, fix_json_h, f);
		vnet_run(f->net, 1);
		mem_fail_off();
		assert_true(f->answered);
		f->answered = false;
		assert_true(f->err == 0 || f->err == ENOMEM);
	}
	assert_int_equal(f->err, 0);
}
#endif

#define BOTH(fn)                                                                                                       \
	{#fn "_virtual", fn, fix_setup_virtual, fix_teardown, NULL},                                                   \
	{                                                                                                              \
#fn "_threads", fn, fix_setup_threads, fix_teardown, NULL                                              \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(create),
		BOTH(update),
		BOTH(delete),
		BOTH(transaction),
		BOTH(history),
		BOTH(undo),
		BOTH(undo_refused),
		BOTH(redo),
		BOTH(undo_delete),
		BOTH(watch),
		BOTH(reopen),
		BOTH(group),
		BOTH(close_early),
#ifdef OH_DEBUG
		{"out_of_memory", out_of_memory, fix_setup_virtual, fix_teardown, NULL},
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
