/*
 * hours_test.c - calls by the hour: each counted once, whatever comes late, twice or never; records of an older
 * version.
 */
#include "unit.h"

#define HOUR INT64_C(3600000)
#define T0   (INT64_C(490896) * HOUR) /* 2026-01-01 00:00 UTC */

static void put(struct fix *f, const char *id, int64_t start, const char *outcome, enum cdr_direction dir,
		const char *trunk)
{
	struct cdr_row row = {
		.id = slice_str(id),
		.from = SLICE("100"),
		.to = SLICE("101"),
		.start_ms = start,
		.end_ms = start + 5000,
		.outcome = slice_str(outcome),
		.direction = dir,
		.trunk = slice_str(trunk),
	};

	if (!strcmp(outcome, "answered")) {
		row.answer_ms = start + 1000;
		row.talk_ms = 4000;
		row.mos_sum = 800;
		row.mos_n = 2;
		row.bad = start % 2;
	}
	store_cdr(f->s, &row, true);
}

static void opened(struct fix *f, const char *id, int64_t start, int64_t answer)
{
	struct cdr_row row = {
		.id = slice_str(id), .from = SLICE("100"), .to = SLICE("101"), .start_ms = start, .answer_ms = answer};

	store_cdr(f->s, &row, false);
}

static void ask(struct fix *f, const struct hours_filter *flt)
{
	store_hours(f->s, flt, fix_json_h, f);
	assert_false(f->answered);
	fix_wait(f);
}

static void day(struct fix *f)
{
	ask(f, &(struct hours_filter){.since_ms = T0, .until_ms = T0 + 24 * HOUR});
}

static void counted(void **st)
{
	struct fix *f = *st;

	day(f);
	RES(f, "items", "[]");
	RES(f, "filling", "false");
	put(f, "a", T0, "answered", CDR_INTERNAL, "");
	put(f, "b", T0 + HOUR - 1, "answered", CDR_INTERNAL, "");
	put(f, "c", T0 + HOUR, "busy", CDR_OUT, "blue");
	put(f, "d", T0 + HOUR, "declined", CDR_OUT, "red");
	put(f, "e", T0 + HOUR, "cancelled", CDR_OUT, "red");
	put(f, "g", T0 + HOUR, "no answer", CDR_IN, "red");
	put(f, "h", T0 + HOUR, "unreachable", CDR_IN, "red");
	put(f, "i", T0 + 24 * HOUR, "answered", CDR_IN, "red");
	day(f);
	RES(f, "items.0",
	    "{\"hour_ms\":1767225600000,\"direction\":\"internal\",\"calls\":2,\"answered\":2,\"failed\":0,\"busy\":0,"
	    "\"no_answer\":0,\"talk_ms\":8000,\"mos\":4.0,\"mos_n\":4,\"bad\":1}");
	RES(f, "items.1",
	    "{\"hour_ms\":1767229200000,\"direction\":\"in\",\"calls\":2,\"answered\":0,\"failed\":1,\"busy\":0,"
	    "\"no_answer\":1,\"talk_ms\":0,\"mos\":null,\"mos_n\":0,\"bad\":0}");
	RES(f, "items.2",
	    "{\"hour_ms\":1767229200000,\"direction\":\"out\",\"calls\":3,\"answered\":0,\"failed\":0,\"busy\":2,"
	    "\"no_answer\":1,\"talk_ms\":0,\"mos\":null,\"mos_n\":0,\"bad\":0}");
	RES(f, "items.3", "(none)");
	/* each trunk, or one */
	ask(f, &(struct hours_filter){.since_ms = T0, .until_ms = T0 + 24 * HOUR, .trunks = true});
	RES(f, "items.0.trunk", "");
	RES(f, "items.2.trunk", "blue");
	RES(f, "items.2.calls", "1");
	RES(f, "items.3.trunk", "red");
	RES(f, "items.3.calls", "2");
	ask(f, &(struct hours_filter){.since_ms = T0, .until_ms = T0 + 24 * HOUR, .trunk = "red"});
	RES(f, "items.0.direction", "in");
	RES(f, "items.1.calls", "2");
	RES(f, "items.2", "(none)");
	/* the first hour is whole */
	ask(f, &(struct hours_filter){.since_ms = T0 + HOUR - 1, .until_ms = T0 + HOUR});
	RES(f, "items.0.calls", "2");
	RES(f, "items.1", "(none)");
}

/* Final ones that come twice, in one transaction and in two; one that is open in between. */
static void once(void **st)
{
	struct fix *f = *st;

	for (int i = 0; i < 3; i++) {
		opened(f, "a", T0, 0);
		if (i)
			day(f);
		put(f, "a", T0, "answered", CDR_INTERNAL, "");
		put(f, "a", T0, "answered", CDR_INTERNAL, "");
		day(f);
		RES(f, "items.0.calls", "1");
		RES(f, "items.0.talk_ms", "4000");
		/* an open one that is late does not open it again */
		opened(f, "a", T0, 0);
	}
	store_cdr_get(f->s, "a", fix_json_h, f);
	fix_wait(f);
	RES(f, "final", "true");
	RES(f, "outcome", "answered");
	store_cdr_get(f->s, "b", fix_json_h, f);
	fix_wait(f);
	assert_int_equal(f->err, ENOENT);
}

/* More trunks in a batch than are counted at once. */
static void many(void **st)
{
	struct fix *f = *st;
	char id[16], trunk[100];

	for (int i = 0; i < 60; i++) {
		snprintf(id, sizeof(id), "c%d", i);
		snprintf(trunk, sizeof(trunk), "%s%d",
			 i % 2 ? "" : "a name that is longer than any name of a trunk may be in these days ", i % 20);
		put(f, id, T0 + i, "busy", CDR_OUT, trunk);
	}
	day(f);
	RES(f, "items.0.calls", "60");
	ask(f, &(struct hours_filter){.since_ms = T0, .until_ms = T0 + HOUR, .trunk = "7"});
	RES(f, "items.0.calls", "3");
}

static void orphans(void **st)
{
	struct fix *f = *st;

	opened(f, "a", T0, T0 + 1000);
	opened(f, "b", T0, 0);
	put(f, "c", T0, "answered", CDR_INTERNAL, "");
	day(f);
	RES(f, "items.0.calls", "1");
	for (int i = 0; i < 2; i++) {
		fix_close(f);
		fix_open(f);
		day(f);
		RES(f, "items.0.calls", "1");
		RES(f, "items.1.direction", "unknown");
		RES(f, "items.1.calls", "2");
		RES(f, "items.1.answered", "1");
		RES(f, "items.1.failed", "1");
		RES(f, "items.2", "(none)");
	}
	/* what the older process has to say of it comes too late */
	put(f, "a", T0, "answered", CDR_INTERNAL, "");
	day(f);
	RES(f, "items.0.calls", "1");
}

static bool filled(void *arg)
{
	const struct fix *f = arg;

	return !f->s->filling;
}

static void run_until(struct fix *f, bool (*done)(void *arg), unsigned ms)
{
	(void)vnet_run_until(f->net, done, f, ms);
}

/* A database as the version before had it: 1,000 calls that nobody counted, one that a crash left open. */
static void older(struct fix *f)
{
	fix_sql(f, "DELETE FROM cdr_hour");
	fix_sql(f, "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 999) "
		   "INSERT INTO cdr (domain_id, id, start_ms, answer_ms, end_ms, final, outcome, detail) "
		   "SELECT 1, 'old' || i, 1767225600000 + i / 10 * 60000, CASE WHEN i % 2 THEN 1767225601000 END, "
		   "1767225605000, 1, CASE WHEN i % 2 THEN 'answered' ELSE 'busy' END, CASE WHEN i % 4 = 3 THEN "
		   "'{\"talk_ms\":4000,\"outside\":{\"trunk\":\"red\"},\"legs\":[{\"quality\":{\"mos\":4.2}},"
		   "{\"quality\":{\"mos\":3.1}}]}' WHEN i % 4 = 2 THEN '{\"legs\":[]}' WHEN i = 4 THEN 'broken' END "
		   "FROM n");
	fix_sql(f, "INSERT INTO cdr (domain_id, id, start_ms, final) VALUES (1, 'open', 1767225600000, 0)");
	fix_sql(f, "INSERT INTO setting SELECT 1, 'hours_fill', CAST(max(start_ms) + 1 AS TEXT) FROM cdr");
}

static int64_t sum(struct fix *f, const char *name)
{
	const json_t *items = json_object_get(f->res, "items");
	int64_t n = 0;

	for (size_t i = 0; i < json_array_size(items); i++)
		n += json_integer_value(json_object_get(json_array_get(items, i), name));
	return n;
}

static void filling(void **st)
{
	struct fix *f = *st;

	fix_close(f);
	older(f);
	fix_open(f);
	assert_true(f->s->filling);
	/* new calls meanwhile; the second start finds the work half done */
	put(f, "new", T0 + 20 * HOUR, "answered", CDR_IN, "blue");
	day(f);
	RES(f, "filling", "true");
	assert_int_equal(sum(f, "calls"), 1);
	run_until(f, filled, 1030);
	fix_close(f);
	fix_open(f);
	put(f, "new", T0 + 20 * HOUR, "answered", CDR_IN, "blue");
	put(f, "new2", T0 + 20 * HOUR, "answered", CDR_IN, "blue");
	run_until(f, filled, 20000);
	assert_false(f->s->filling);
	day(f);
	RES(f, "filling", "false");
	assert_int_equal(sum(f, "calls"), 1003);
	assert_int_equal(sum(f, "answered"), 502);
	assert_int_equal(sum(f, "busy"), 500);
	assert_int_equal(sum(f, "failed"), 1);
	assert_int_equal(sum(f, "bad"), 250);
	assert_int_equal(sum(f, "mos_n"), 504);
	ask(f, &(struct hours_filter){.since_ms = T0, .until_ms = T0 + 24 * HOUR, .trunk = "red"});
	assert_int_equal(sum(f, "calls"), 250);
	/* and no more: another start has nothing to do */
	fix_close(f);
	fix_open(f);
	assert_false(f->s->filling);
	assert_string_equal(fix_sql(f, "SELECT count(*) FROM setting WHERE name = 'hours_fill'"), "0");
}

static void memory_is_out(void **st)
{
	struct fix *f = *st;
	long n = 0;
	bool failed = true;

	for (; failed && n < 50; n++) {
		put(f, "a", T0, "busy", CDR_OUT, "red");
		assert_int_equal(store_flush(f->s, 5000), 0);
		f->answered = false;
		mem_fail_at(n);
		store_hours(f->s, &(struct hours_filter){.since_ms = T0, .until_ms = T0 + HOUR, .trunk = "red"},
			    fix_json_h, f);
		failed = mem_fail_off() > n;
		fix_wait(f);
		assert_true(!f->err || failed);
	}
	RES(f, "items.0.calls", "1");
}

#define BOTH(fn)                                                                                                       \
	{#fn, fn, fix_setup_virtual, fix_teardown, NULL},                                                              \
	{                                                                                                              \
#fn " with threads", fn, fix_setup_threads, fix_teardown, NULL                                         \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(counted),
		BOTH(once),
		BOTH(many),
		BOTH(orphans),
		{"filling", filling, fix_setup_virtual, fix_teardown, NULL},
		{"memory_is_out", memory_is_out, fix_setup_virtual, fix_teardown, NULL},
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
