/*
 * record_test.c - call records and state: what is written, how often, what is given up, what a crash leaves.
 */
#include "unit.h"

static int64_t written;

static void find_written(struct metric *m, void *arg)
{
	(void)arg;
	if (!strcmp(m->name, "store_records_written_total"))
		written = metric_get(m);
}

/* Records written since the last call. */
static unsigned writes(void)
{
	static int64_t before;
	int64_t n;

	metric_each(find_written, NULL);
	n = written - before;
	before = written;
	return (unsigned)n;
}

static void put_cdr(struct fix *f, const char *id, int64_t start, const char *outcome, bool final)
{
	struct cdr_row row = {
		.id = slice_str(id),
		.from = SLICE("100"),
		.to = SLICE("101"),
		.start_ms = start,
		.code = 200,
		.outcome = slice_str(outcome),
		.reason = SLICE("said so"),
		.detail = SLICE("{\"legs\":[{\"codec\":\"PCMA\"}],\"id\":\"never\"}"),
	};

	if (final) {
		row.answered_by = SLICE("101");
		row.answer_ms = start + 1000;
		row.end_ms = start + 5000;
	}
	store_cdr(f->s, &row, final);
}

static void list(struct fix *f, const struct cdr_filter *flt)
{
	store_cdr_list(f->s, flt, fix_json_h, f);
	assert_false(f->answered);
	fix_wait(f);
}

static void row(void **st)
{
	struct fix *f = *st;

	put_cdr(f, "a", 1000000, "", false);
	list(f, NULL);
	assert_int_equal(f->err, 0);
	RES(f, "items.0",
	    "{\"id\":\"a\",\"from\":\"100\",\"to\":\"101\",\"answered_by\":null,\"start_ms\":1000000,"
	    "\"answer_ms\":null,\"end_ms\":null,\"outcome\":null,\"code\":200,\"reason\":\"said so\",\"final\":false,"
	    "\"legs\":[{\"codec\":\"PCMA\"}]}");
	put_cdr(f, "a", 1000000, "answered", true);
	list(f, NULL);
	RES(f, "items.0.answer_ms", "1001000");
	RES(f, "items.0.end_ms", "1005000");
	RES(f, "items.0.answered_by", "101");
	RES(f, "items.0.outcome", "answered");
	RES(f, "items.0.final", "true");
	RES(f, "items.1", "(none)");
	RES(f, "next", "null");
	assert_int_equal(store_flush(f->s, 5000), 0);
	/* without an id there is no record */
	put_cdr(f, "", 1, "answered", true);
	list(f, NULL);
	RES(f, "items.1", "(none)");
}

static void coalesced(void **st)
{
	struct fix *f = *st;
	char id[24];

	writes();
	for (int i = 0; i < 50; i++) {
		snprintf(id, sizeof(id), "c%d", i);
		put_cdr(f, id, 1000 + i, "", false);
		put_cdr(f, id, 1000 + i, "", false);
		put_cdr(f, id, 1000 + i, "answered", true);
		store_put(f->s, "contacts", SLICE("100"), slice_str(id));
	}
	assert_int_equal(store_flush(f->s, 5000), 0);
	assert_int_equal(writes(), 51);
	assert_int_equal(store_flush(f->s, 5000), 0);
	assert_int_equal(writes(), 0);
	assert_false(store_trouble(f->s, NULL));
}

/* The threads write by themselves within a second. */
static void by_itself(void **st)
{
	struct fix *f = *st;
	struct store_health h;

	put_cdr(f, "x", 5, "answered", true);
	for (int i = 0; i < 600; i++) {
		store_trouble(f->s, &h);
		if (!h.waiting)
			break;
		usleep(50000);
	}
	assert_int_equal(h.waiting, 0);
	assert_string_equal(fix_sql(f, "SELECT id FROM cdr"), "x");
}

static void filters(void **st)
{
	struct fix *f = *st;
	struct cdr_filter flt = {.limit = 4};
	char id[24], before[32];
	int n = 0;

	for (int i = 0; i < 10; i++) {
		struct cdr_row r = {.start_ms = 1000 + i / 2 * 10,
				    .outcome = i % 2 ? SLICE("busy") : SLICE("answered")};

		snprintf(id, sizeof(id), "f%d", i);
		r.id = slice_str(id);
		r.from = i == 3 ? SLICE("77") : SLICE("1");
		r.to = i == 5 ? SLICE("77") : SLICE("2");
		r.answered_by = i == 8 ? SLICE("77") : SLICE_NULL;
		store_cdr(f->s, &r, true);
	}
	/* pages, newest first; equal times do not confuse the cursor */
	for (;;) {
		list(f, &flt);
		for (size_t i = 0; i < json_array_size(json_object_get(f->res, "items")); i++) {
			char at[32], want[24];

			snprintf(at, sizeof(at), "items.%zu.id", i);
			snprintf(want, sizeof(want), "f%d", 9 - n++);
			RES(f, at, want);
		}
		if (json_is_null(json_object_get(f->res, "next")))
			break;
		snprintf(before, sizeof(before), "%s", fix_str(f->res, "next"));
		flt.before = before;
	}
	assert_int_equal(n, 10);
	flt = (struct cdr_filter){.number = "77"};
	list(f, &flt);
	RES(f, "items.0.id", "f8");
	RES(f, "items.1.id", "f5");
	RES(f, "items.2.id", "f3");
	RES(f, "items.3", "(none)");
	flt = (struct cdr_filter){.outcome = "busy", .since_ms = 1010, .until_ms = 1030};
	list(f, &flt);
	RES(f, "items.0.id", "f5");
	RES(f, "items.1.id", "f3");
	RES(f, "items.2", "(none)");
	flt = (struct cdr_filter){.before = "rubbish"};
	list(f, &flt);
	assert_int_equal(f->err, ERR_SYNTAX);
	assert_string_equal(f->why, "The cursor is none that a list of calls gave.");
}

static void keep_state(struct slice key, struct slice val, void *arg)
{
	struct fix *f = arg;
	size_t n = strlen(f->applied);

	snprintf(f->applied + n, sizeof(f->applied) - n, "%.*s=%.*s;", SLICE_FMT(key), SLICE_FMT(val));
}

static void state(void **st)
{
	struct fix *f = *st;

	store_put(f->s, "contacts", SLICE("b"), SLICE("1"));
	store_put(f->s, "contacts", SLICE("a"), SLICE("2"));
	store_put(f->s, "other", SLICE("a"), SLICE("3"));
	store_put(f->s, "contacts", SLICE("b"), SLICE("4"));
	store_put_lazy(f->s, "contacts", SLICE("c"), SLICE("5"));
	store_put(f->s, "contacts", SLICE(""), SLICE("6"));
	fix_close(f);
	fix_open(f);
	f->applied[0] = '\0';
	assert_int_equal(store_load_state(f->s, "contacts", keep_state, f), 0);
	assert_string_equal(f->applied, "a=2;b=4;c=5;");
	f->applied[0] = '\0';
	assert_int_equal(store_load_state(f->s, "other", keep_state, f), 0);
	assert_string_equal(f->applied, "a=3;");
	store_put(f->s, "contacts", SLICE("a"), SLICE_NULL);
	store_put(f->s, "contacts", SLICE("never"), SLICE_NULL);
	assert_int_equal(store_flush(f->s, 5000), 0);
	f->applied[0] = '\0';
	assert_int_equal(store_load_state(f->s, "contacts", keep_state, f), 0);
	assert_string_equal(f->applied, "b=4;c=5;");
	assert_int_equal(store_load_state(f->s, "none", keep_state, f), 0);
}

/* Refreshes wait for their own time; a change of the same key takes them along. */
static void lazy(void **st)
{
	struct fix *f = *st;
	char key[24];

	writes();
	for (int i = 0; i < 10; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		store_put_lazy(f->s, "contacts", slice_str(key), SLICE("v"));
	}
	vnet_run(f->net, 20000);
	store_put(f->s, "contacts", SLICE("k3"), SLICE("w"));
	store_put_lazy(f->s, "contacts", SLICE("k3"), SLICE("x"));
	vnet_run(f->net, 1000);
	fix_change(f, CHANGE_CREATE, NULL, "{\"number\":\"1\"}"); /* on a virtual loop work is done when work comes */
	assert_int_equal(writes(), 1);
	vnet_run(f->net, 8500);
	fix_change(f, CHANGE_CREATE, NULL, "{\"number\":\"2\"}");
	assert_int_equal(writes(), 9);
	f->applied[0] = '\0';
	assert_int_equal(store_load_state(f->s, "contacts", keep_state, f), 0);
	assert_string_equal(f->applied, "k0=v;k1=v;k2=v;k3=x;k4=v;k5=v;k6=v;k7=v;k8=v;k9=v;");
}

/* A call was open when the process died: the record is closed with the last known time. */
static void orphans(void **st)
{
	struct fix *f = *st;

	put_cdr(f, "done", 1000, "answered", true);
	put_cdr(f, "open", 2000, "", false);
	put_cdr(f, "late", 4000000000000, "", false);
	assert_int_equal(store_flush(f->s, 5000), 0);
	fix_close(f);
	assert_string_equal(fix_sql(f, "SELECT count(*) FROM cdr WHERE final = 0"), "2");
	assert_string_not_equal(fix_sql(f, "SELECT value FROM setting WHERE name = 'alive_ms'"), "");
	fix_sql(f, "UPDATE setting SET value = '1700000000000' WHERE name = 'alive_ms'");
	fix_open(f);
	list(f, NULL);
	RES(f, "items.0.id", "late");
	RES(f, "items.0.outcome", "interrupted");
	RES(f, "items.0.end_ms", "4000000000000");
	RES(f, "items.0.final", "true");
	RES(f, "items.1.id", "open");
	RES(f, "items.1.outcome", "interrupted");
	RES(f, "items.1.end_ms", "1700000000000");
	RES(f, "items.1.reason", "The phone system stopped during the call.");
	RES(f, "items.1.legs.0.codec", "PCMA");
	RES(f, "items.2.outcome", "answered");
}

/* While a call is open the time is kept, though nothing happens. */
static void heartbeat(void **st)
{
	struct fix *f = *st;
	int64_t first, later;

	put_cdr(f, "open", loop_wall_ms(f->loop), "", false);
	assert_int_equal(store_flush(f->s, 5000), 0);
	first = atoll(fix_sql(f, "SELECT value FROM setting WHERE name = 'alive_ms'"));
	assert_true(first == loop_wall_ms(f->loop));
	vnet_run(f->net, BEAT_MS + 1);
	fix_change(f, CHANGE_CREATE, NULL, "{\"number\":\"1\"}");
	later = atoll(fix_sql(f, "SELECT value FROM setting WHERE name = 'alive_ms'"));
	assert_true(later >= first + BEAT_MS);
	/* no call, no heart */
	put_cdr(f, "open", loop_wall_ms(f->loop), "answered", true);
	assert_int_equal(store_flush(f->s, 5000), 0);
	assert_false(f->s->calls_open);
}

/* ---- the queue by itself: what is given up first */

static void order_of_loss(void **st)
{
	struct fix *f = *st;
	struct store_health h;

	/* a disk that takes nothing: the connection is gone, and it is not time to try again */
	sqlite3_exec(f->s->w.h, "PRAGMA query_only = 1", NULL, NULL, NULL);
	put_cdr(f, "first", 1, "answered", true);
	assert_int_not_equal(store_flush(f->s, 100), 0);
	assert_true(store_trouble(f->s, &h));
	assert_int_equal(h.waiting, 1);
	for (int i = 0; i < 3; i++) {
		char id[24];

		snprintf(id, sizeof(id), "final%d", i);
		put_cdr(f, id, 2, "answered", true);
		snprintf(id, sizeof(id), "open%d", i);
		put_cdr(f, id, 2, "", false);
		store_put_lazy(f->s, "contacts", slice_str(id), SLICE("v"));
	}
	store_trouble(f->s, &h);
	assert_int_equal(h.waiting, 8); /* max_queue */
	assert_true(h.lost == 2);
	assert_int_equal(f->s->rec.q[QUEUE_LAZY].n, 1);
	assert_int_equal(f->s->rec.q[QUEUE_OPEN].n, 3);
	assert_int_equal(f->s->rec.q[QUEUE_FIRM].n, 4);
	put_cdr(f, "open1", 2, "answered", true); /* takes its own place */
	store_trouble(f->s, &h);
	assert_true(h.lost == 2);
	put_cdr(f, "final3", 2, "answered", true); /* the last lazy one goes */
	put_cdr(f, "final4", 2, "answered", true); /* then the oldest open call */
	put_cdr(f, "final5", 2, "answered", true);
	store_trouble(f->s, &h);
	assert_true(h.lost == 5);
	assert_int_equal(f->s->rec.q[QUEUE_FIRM].n, 8);
	put_cdr(f, "final6", 2, "answered", true); /* then the oldest of all */
	sqlite3_exec(f->s->w.h, "PRAGMA query_only = 0", NULL, NULL, NULL);
	assert_int_equal(store_flush(f->s, 100), 0);
	assert_false(store_trouble(f->s, &h));
	assert_null(h.text);
	assert_int_equal(h.waiting, 0);
	assert_true(h.lost == 6);
	assert_string_equal(fix_sql(f, "SELECT group_concat(id) FROM (SELECT id FROM cdr ORDER BY id)"),
			    "final0,final1,final2,final3,final4,final5,final6,open1");
}

static int setup_small(void **st)
{
	struct fix *f = *st = fix_new(true);

	f->max_queue = 8;
	fix_open(f);
	return 0;
}

/* A row that the database refuses does not hold up the others. */
static void poisoned(void **st)
{
	struct fix *f = *st;

	sqlite3_exec(f->s->w.h,
		     "CREATE TRIGGER no BEFORE INSERT ON cdr WHEN NEW.id = 'bad' BEGIN SELECT RAISE(ABORT, 'no'); END",
		     NULL, NULL, NULL);
	put_cdr(f, "a", 1, "answered", true);
	put_cdr(f, "bad", 1, "answered", true);
	put_cdr(f, "b", 1, "answered", true);
	assert_int_equal(store_flush(f->s, 5000), 0);
	assert_string_equal(fix_sql(f, "SELECT group_concat(id) FROM cdr"), "a,b");
	assert_false(store_trouble(f->s, NULL));
}

/* Many records from a busy loop, and lists in between. */
static void busy(void **st)
{
	struct fix *f = *st;
	char id[24];

	for (int i = 0; i < 20000; i++) {
		snprintf(id, sizeof(id), "%05d", i % 7000);
		put_cdr(f, id, 1000 + i % 7000, "answered", i >= 7000);
		store_put_lazy(f->s, "contacts", slice_str(id), SLICE("value"));
		if (i % 5000 == 4999) {
			list(f, NULL);
			assert_int_equal(f->err, 0);
		}
	}
	assert_int_equal(store_flush(f->s, 60000), 0);
	assert_string_equal(fix_sql(f, "SELECT count(*) || ' ' || sum(final) FROM cdr"), "7000 7000");
	assert_string_equal(fix_sql(f, "SELECT count(*) FROM state"), "7000");
}

static int setup_large(void **st)
{
	struct fix *f = *st = fix_new(false);

	f->max_queue = 100000;
	fix_open(f);
	return 0;
}

#define ONE(fn)                                                                                                        \
	{                                                                                                              \
#fn, fn, fix_setup_virtual, fix_teardown, NULL                                                         \
	}
#define BOTH(fn)                                                                                                       \
	ONE(fn),                                                                                                       \
	{                                                                                                              \
#fn "_threads", fn, fix_setup_threads, fix_teardown, NULL                                              \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(row),
		BOTH(coalesced),
		BOTH(filters),
		BOTH(state),
		ONE(lazy),
		BOTH(orphans),
		ONE(heartbeat),
		{"by_itself", by_itself, fix_setup_threads, fix_teardown, NULL},
		{"order_of_loss", order_of_loss, setup_small, fix_teardown, NULL},
		BOTH(poisoned),
		{"busy", busy, setup_large, fix_teardown, NULL},
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
