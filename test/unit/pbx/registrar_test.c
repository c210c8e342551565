/*
 * registrar_test.c - contacts by AoR: the rules of RFC 3261 10.3, expiry, streams, and a restart.
 */
#include "pbx_fixture.h"

/** Answer of the last update or look-up. */
static struct {
	uint16_t code;
	int err;
	size_t n;
	char uri[LOCATION_MAX][128];
	int64_t end_ms; /* of the first */
	bool came;
} got;

static void take(const struct location *loc)
{
	got.came = true;
	got.n = loc ? loc->n : 0;
	got.end_ms = got.n ? loc->v[0]->expires_ms : 0;
	for (size_t i = 0; i < got.n; i++)
		slice_copy(got.uri[i], sizeof(got.uri[i]), loc->v[i]->uri);
}

static void updated(uint16_t code, const char *why, const struct location *now, void *arg)
{
	(void)why;
	(void)arg;
	got.code = code;
	take(now);
}

static void looked_up(int err, const struct location *loc, void *arg)
{
	(void)arg;
	got.err = err;
	take(loc);
}

/** A REGISTER with one contact. */
struct reg {
	const char *aor, *uri, *callid;
	uint32_t cseq;
	int expires_s;
	uint16_t q;
	uint64_t flow;
	bool natted, star;
};

static uint16_t do_register(struct fixture *f, const struct reg *r)
{
	struct contact c;
	struct location_update u = {
		.aor = slice_str(r->aor), .callid = slice_str(r->callid), .cseq = r->cseq, .star = r->star};

	memset(&c, 0, sizeof(c));
	c.uri = slice_str(r->uri);
	c.callid = u.callid;
	c.cseq = r->cseq;
	c.q = r->q;
	c.flow = r->flow;
	c.natted = r->natted;
	c.user_agent = SLICE("test\tphone");
	c.expires_ms = loop_wall_ms(f->loop) + r->expires_s * 1000;
	assert_int_equal(sa_parse(&c.src, SLICE("192.0.2.7:5062"), 0), 0);
	if (r->uri) {
		u.v[0] = &c;
		u.n = 1;
	}
	got.came = false;
	pbx_location_ops()->update(&u, updated, NULL, f->pbx);
	vnet_run(f->net, 5);
	assert_true(got.came);
	return got.code;
}

static size_t look_up(struct fixture *f, const char *aor)
{
	got.came = false;
	pbx_location_ops()->lookup(slice_str(aor), looked_up, NULL, f->pbx);
	assert_false(got.came); /* never within the call */
	vnet_run(f->net, 5);
	assert_true(got.came);
	return got.n;
}

static void test_rules(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *what;
		struct reg r;
		uint16_t code;
		size_t left;
	} steps[] = {
		{"first", {"100", "sip:100@192.0.2.7:5062", "a", 5, 600, 500, 0, false, false}, 200, 1},
		{"the same again", {"100", "sip:100@192.0.2.7:5062", "a", 5, 600, 500, 0, false, false}, 200, 1},
		{"same CSeq to remove", {"100", "sip:100@192.0.2.7:5062", "a", 5, 0, 500, 0, false, false}, 500, 1},
		{"lower CSeq", {"100", "sip:100@192.0.2.7:5062", "a", 4, 600, 500, 0, false, false}, 500, 1},
		{"refresh", {"100", "sip:100@192.0.2.7:5062", "a", 6, 600, 500, 0, false, false}, 200, 1},
		{"equal URI, other case of host",
		 {"100", "sip:100@192.0.2.7:5062;transport=UDP", "a", 7, 600, 500, 0, false, false},
		 200,
		 2},
		{"better q from another phone",
		 {"100", "sip:100@192.0.2.8", "b", 1, 600, 1000, 0, false, false},
		 200,
		 3},
		{"query", {"100", NULL, "c", 1, 0, 0, 0, false, false}, 200, 3},
		{"removal of one", {"100", "sip:100@192.0.2.8", "b", 2, 0, 1000, 0, false, false}, 200, 2},
		{"new Call-ID takes over",
		 {"100", "sip:100@192.0.2.7:5062", "d", 1, 600, 500, 0, false, false},
		 200,
		 2},
		{"star with an old CSeq", {"100", NULL, "d", 1, 0, 0, 0, false, true}, 500, 2},
		{"star", {"100", NULL, "d", 2, 0, 0, 0, false, true}, 200, 0},
		{"unknown AoR", {"999", "sip:999@192.0.2.7", "z", 1, 600, 500, 0, false, false}, 404, 0},
	};

	add_extension(f, "100");
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		print_message("  %s\n", steps[i].what);
		assert_int_equal(do_register(f, &steps[i].r), steps[i].code);
		assert_int_equal(look_up(f, "100"), steps[i].left);
	}
}

static void test_best_q_first(void **state)
{
	struct fixture *f = *state;

	add_extension(f, "100");
	do_register(f, &(struct reg){"100", "sip:low@192.0.2.1", "a", 1, 600, 100, 0, false, false});
	do_register(f, &(struct reg){"100", "sip:high@192.0.2.1", "b", 1, 600, 900, 0, false, false});
	do_register(f, &(struct reg){"100", "sip:mid@192.0.2.1", "c", 1, 600, 500, 0, false, false});
	assert_int_equal(look_up(f, "100"), 3);
	assert_string_equal(got.uri[0], "sip:high@192.0.2.1");
	assert_string_equal(got.uri[1], "sip:mid@192.0.2.1");
	assert_string_equal(got.uri[2], "sip:low@192.0.2.1");
}

static void test_too_many(void **state)
{
	struct fixture *f = *state;
	char uri[64];

	add_extension(f, "100");
	for (unsigned i = 0; i <= LOCATION_MAX; i++) {
		snprintf(uri, sizeof(uri), "sip:p%u@192.0.2.1", i);
		assert_int_equal(do_register(f, &(struct reg){"100", uri, uri, 1, 600, 500, 0, false, false}),
				 i < LOCATION_MAX ? 200 : 403);
	}
	assert_int_equal(look_up(f, "100"), LOCATION_MAX);
}

static void test_expiry(void **state)
{
	struct fixture *f = *state;

	add_extension(f, "100");
	do_register(f, &(struct reg){"100", "sip:a@192.0.2.1", "a", 1, 100, 500, 0, false, false});
	do_register(f, &(struct reg){"100", "sip:b@192.0.2.1", "b", 1, 300, 500, 0, false, false});
	vnet_run(f->net, 99000);
	assert_int_equal(look_up(f, "100"), 2);
	vnet_run(f->net, 3000);
	assert_int_equal(look_up(f, "100"), 1);
	vnet_run(f->net, 210000);
	assert_int_equal(look_up(f, "100"), 0);
}

static void test_stream_closes(void **state)
{
	struct fixture *f = *state;

	add_extension(f, "100");
	do_register(f, &(struct reg){"100", "sip:a@10.0.0.1", "a", 1, 600, 500, 77, true, false});
	do_register(f, &(struct reg){"100", "sip:b@192.0.2.1", "b", 1, 600, 500, 77, false, false});
	do_register(f, &(struct reg){"100", "sip:c@10.0.0.2", "c", 1, 600, 500, 78, true, false});
	pbx_location_ops()->flow_closed(77, f->pbx);
	assert_int_equal(look_up(f, "100"), 2);
	assert_string_equal(got.uri[0], "sip:c@10.0.0.2");
	assert_string_equal(got.uri[1], "sip:b@192.0.2.1");
}

static void test_restart(void **state)
{
	struct fixture *f = *state;

	add_extension(f, "100");
	do_register(f, &(struct reg){"100", "sip:a@192.0.2.1", "a", 9, 600, 700, 0, true, false});
	do_register(f, &(struct reg){"100", "sip:b@192.0.2.1", "b", 3, 50, 500, 0, false, false});
	vnet_run(f->net, 2000);
	fixture_stop(f);
	vnet_run(f->net, 60000); /* b runs out while we are down */
	fixture_start(f);
	assert_int_equal(look_up(f, "100"), 1);
	assert_string_equal(got.uri[0], "sip:a@192.0.2.1");
	/* order is kept over the restart as well */
	assert_int_equal(do_register(f, &(struct reg){"100", "sip:a@192.0.2.1", "a", 8, 600, 700, 0, true, false}),
			 500);
	assert_int_equal(do_register(f, &(struct reg){"100", "sip:a@192.0.2.1", "a", 10, 600, 700, 0, true, false}),
			 200);
}

/* Refreshes that change next to nothing are not written; one that does is. */
static void test_refresh_on_disk(void **state)
{
	static const struct {
		uint32_t after_ms;
		bool written;
	} steps[] = {{10000, false}, {30000, false}, {200000, true}};
	struct fixture *f = *state;
	struct reg r = {"100", "sip:a@192.0.2.1", "a", 1, 600, 1000, 0, false, false};
	int64_t on_disk, now;

	add_extension(f, "100");
	do_register(f, &r);
	on_disk = got.end_ms;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		vnet_run(f->net, steps[i].after_ms);
		r.cseq++;
		do_register(f, &r);
		now = got.end_ms;
		assert_true(now > on_disk);
		fixture_stop(f);
		fixture_start(f);
		assert_int_equal(look_up(f, "100"), 1);
		on_disk = steps[i].written ? now : on_disk;
		assert_true(got.end_ms == on_disk);
		/* what was read from disk is what it was refreshed to before */
		r.cseq++;
		do_register(f, &r);
		on_disk = got.end_ms;
		vnet_run(f->net, 40000);
	}
}

static void test_removed_extension(void **state)
{
	struct fixture *f = *state;
	size_t ext, reg, con;

	add_extension(f, "100");
	do_register(f, &(struct reg){"100", "sip:a@192.0.2.1", "a", 1, 600, 500, 0, false, false});
	assert_int_equal(change(f, CHANGE_UPDATE, "100", json_pack("{s:b}", "enabled", 0)), 0);
	look_up(f, "100");
	assert_int_equal(got.err, ENOENT);
	assert_int_equal(change(f, CHANGE_DELETE, "100", NULL), 0);
	pbx_counts(f->pbx, &ext, &reg, &con);
	assert_int_equal(ext + reg + con, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rules, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_best_q_first, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_too_many, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_expiry, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_stream_closes, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_restart, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_refresh_on_disk, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_removed_extension, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
