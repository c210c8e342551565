/*
 * settings_test.c - how calls are treated: the defaults, changes, undo, a restart.
 */
#include "pbx_fixture.h"

static int set(struct fixture *f, const char *key, json_t *obj)
{
	struct change_item it = {CHANGE_UPDATE, &pbx_settings_resource, key, obj};

	f->err = -1;
	pbx_change(f->pbx, &it, 1, "test", NULL, changed, f);
	vnet_run(f->net, 50);
	json_decref(obj);
	return f->err;
}

static void assert_settings(struct fixture *f, uint32_t recall_s, bool challenge)
{
	assert_int_equal(f->pbx->settings.recall_s, recall_s);
	assert_int_equal(pbx_challenges(f->pbx), challenge);
}

static void kept(void **state)
{
	struct fixture *f = *state;

	assert_settings(f, 30, false);
	assert_int_equal(set(f, "main", json_pack("{s:i}", "recall_seconds", 20)), 0);
	assert_settings(f, 20, false);
	assert_int_equal(set(f, "main", json_pack("{s:b}", "challenge_in_calls", 1)), 0);
	assert_settings(f, 20, true);
	fixture_stop(f);
	fixture_start(f);
	assert_settings(f, 20, true);
	assert_int_equal(set(f, "main", json_pack("{s:i, s:b}", "recall_seconds", 600, "challenge_in_calls", 0)), 0);
	assert_settings(f, 600, false);
}

static void undone(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(set(f, "main", json_pack("{s:i}", "recall_seconds", 20)), 0);
	pbx_undo(f->pbx, f->change_id, "test", changed, f);
	vnet_run(f->net, 50);
	assert_int_equal(f->err, 0);
	assert_settings(f, 30, false);
	/* and made once more */
	assert_int_equal(set(f, "main", json_pack("{s:i}", "recall_seconds", 10)), 0);
	assert_settings(f, 10, false);
}

static const char *disk_alarm(struct fixture *f)
{
	LIST_EACH (&f->pbx->alarms, k) {
		const struct alarm *a = LINK_OBJ(k, struct alarm, le);

		if (!strcmp(a->id, "disk.space"))
			return a->severity;
	}
	return "";
}

static void disk(void **state)
{
	enum { MB = 1 << 20 };
	static const struct {
		uint64_t left, all;
		const char *severity;
	} v[] = {
		{50000, 100000, ""},        {4000, 100000, "warning"},
		{6000, 100000, ""},         {900, 10000, "warning"},
		{90, 10000, "critical"},    {50, 64, ""},
		{2000, 1000000, "warning"}, {0, 0, ""},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		disk_say(f->pbx, v[i].left * MB, v[i].all * MB);
		assert_string_equal(disk_alarm(f), v[i].severity);
	}
}

static void refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(set(f, "other", json_pack("{s:i}", "recall_seconds", 20)), ERR_SYNTAX);
	assert_non_null(strstr(f->why, "only one"));
	assert_settings(f, 30, false);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {T(kept), T(undone), T(refused), T(disk)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
