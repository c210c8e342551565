/*
 * recording_test.c - rows of recordings: written whole, listed newest first in pages, removed, found after a crash.
 */
#include "unit.h"

static void put(struct fix *f, const char *id, const char *state, int64_t start, int64_t ms)
{
	struct recording_row row = {
		.id = slice_str(id),
		.call_id = slice_str(id[0] == 'a' ? "ca" : "cb"),
		.state = slice_str(state),
		.file = SLICE("recordings/x.wav"),
		.from = SLICE("100"),
		.to = id[0] == 'a' ? SLICE("101") : SLICE("102"),
		.start_ms = start,
		.ms = ms,
		.bytes = 2 * ms,
	};

	store_recording(f->s, &row);
}

static void list(struct fix *f, const struct recording_filter *flt)
{
	store_recording_list(f->s, flt, fix_json_h, f);
	assert_false(f->answered);
	fix_wait(f);
}

static void row(void **st)
{
	struct recording_filter all = {0};
	struct fix *f = *st;

	list(f, &all);
	RES(f, "items", "[]");
	put(f, "a-1", "recording", 5000, 0);
	list(f, &all);
	RES(f, "items.0",
	    "{\"id\":\"a-1\",\"call\":\"ca\",\"start_ms\":5000,\"state\":\"recording\",\"file\":\"recordings/x.wav\","
	    "\"from\":\"100\",\"to\":\"101\",\"ms\":0,\"bytes\":0,\"lost\":0,\"paused_ms\":0}");
	put(f, "a-1", "complete", 5000, 700);
	list(f, &all);
	RES(f, "items.0.state", "complete");
	RES(f, "items.0.ms", "700");
	RES(f, "items.0.bytes", "1400");
	RES(f, "items.1", "(none)");
	/* without an id there is none; without a file it goes */
	put(f, "", "complete", 1, 1);
	store_recording(f->s, &(struct recording_row){.id = SLICE("a-1")});
	list(f, &all);
	RES(f, "items", "[]");
}

static void filters(void **st)
{
	struct fix *f = *st;

	put(f, "a-1", "complete", 1000, 1);
	put(f, "a-2", "complete", 3000, 1);
	put(f, "b-1", "complete", 2000, 1);
	put(f, "b-2", "complete", 3000, 1);
	list(f, &(struct recording_filter){.limit = 3});
	RES(f, "items.0.id", "b-2");
	RES(f, "items.1.id", "a-2");
	RES(f, "items.2.id", "b-1");
	RES(f, "items.3", "(none)");
	RES(f, "next", "2000-b-1");
	list(f, &(struct recording_filter){.before = "2000-b-1"});
	RES(f, "items.0.id", "a-1");
	RES(f, "items.1", "(none)");
	RES(f, "next", "null");
	list(f, &(struct recording_filter){.id = "ca"});
	RES(f, "items.0.id", "a-2");
	RES(f, "items.1.id", "a-1");
	RES(f, "items.2", "(none)");
	list(f, &(struct recording_filter){.id = "b-1"});
	RES(f, "items.0.id", "b-1");
	RES(f, "items.1", "(none)");
	list(f, &(struct recording_filter){.number = "102", .since_ms = 2500});
	RES(f, "items.0.id", "b-2");
	RES(f, "items.1", "(none)");
	list(f, &(struct recording_filter){.until_ms = 2000});
	RES(f, "items.0.id", "a-1");
	RES(f, "items.1", "(none)");
	list(f, &(struct recording_filter){.before = "rubbish"});
	assert_int_equal(f->err, ERR_SYNTAX);
}

static void left(const struct recording_row *w, void *arg)
{
	unsigned *n = arg;

	assert_true(slice_eqs(w->id, "b-1"));
	assert_int_equal(w->start_ms, 2000);
	++*n;
}

/* Only those that nobody has closed. */
static void open_ones(void **st)
{
	struct fix *f = *st;
	unsigned n = 0;

	put(f, "a-1", "complete", 1000, 1);
	put(f, "b-1", "recording", 2000, 1);
	assert_int_equal(store_flush(f->s, 5000), 0);
	assert_int_equal(store_load_recordings(f->s, left, &n), 0);
	assert_int_equal(n, 1);
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
	const struct CMUnitTest tests[] = {BOTH(row), BOTH(filters), BOTH(open_ones)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
