/*
 * brake_test.c - the counters against fraud: at once, in a minute, in a day; days that turn, restarts, alarms.
 */
#include "pbx_fixture.h"
#include "pbx/brake.h"

static void brakes(struct fixture *f, const char *json)
{
	json_t *o = json_loads(json, 0, NULL);

	assert_int_equal(plan_take(&f->pbx->plan, &pbx_brakes_resource, "main", o), 0);
	json_decref(o);
}

static struct brake_meter *meter(struct fixture *f, const char *name)
{
	struct brake_meter *m = brake_meter(f->pbx, false, name, true);

	assert_non_null(m);
	return m;
}

static uint64_t now(const struct fixture *f)
{
	return loop_now_ms(f->loop);
}

static void assert_limit(struct fixture *f, const char *name, const char *words)
{
	const char *l = brake_limit(f->pbx, name, false);

	if (!words && l)
		fail_msg("%s: %s", name, l);
	if (words && (!l || !strstr(l, words)))
		fail_msg("%s: %s, not %s", name, l ? l : "no limit", words);
}

static void test_at_once(void **state)
{
	struct fixture *f = *state;
	struct brake_meter *m = meter(f, "100");

	brakes(f, "{\"calls\":2,\"per_minute\":0,\"minutes_per_day\":0}");
	brake_begin(m);
	assert_limit(f, "100", NULL);
	brake_begin(m);
	assert_limit(f, "100", "2 outside calls at once");
	assert_limit(f, "101", NULL);
	brake_end(m, 0);
	assert_limit(f, "100", NULL);
	/* an end too many does not open the door */
	brake_end(m, 0);
	brake_end(m, 0);
	brake_begin(m);
	brake_begin(m);
	assert_limit(f, "100", "at once");
	brakes(f, "{\"calls\":0,\"per_minute\":0,\"minutes_per_day\":0}");
	assert_limit(f, "100", NULL);
}

static void test_per_minute(void **state)
{
	struct fixture *f = *state;
	struct brake_meter *m = meter(f, "100");

	brakes(f, "{\"calls\":0,\"per_minute\":3,\"minutes_per_day\":0}");
	for (int i = 0; i < 3; i++) {
		assert_limit(f, "100", NULL);
		brake_begin(m);
		brake_end(m, 0);
		vnet_run(f->net, 10000);
	}
	assert_limit(f, "100", "3 new outside calls in a minute");
	vnet_run(f->net, 30001);
	assert_limit(f, "100", NULL);
	brake_try(m);
	brake_try(m);
	brake_try(m);
	assert_limit(f, "100", "in a minute");
}

static void test_per_day(void **state)
{
	struct fixture *f = *state;
	struct brake_meter *m = meter(f, "100");
	uint64_t a, b;

	brakes(f, "{\"calls\":0,\"per_minute\":0,\"minutes_per_day\":10}");
	brake_begin(m);
	brake_begin(m);
	a = now(f);
	brake_answer(m);
	vnet_run(f->net, 2 * 60000);
	b = now(f);
	brake_answer(m);
	vnet_run(f->net, 3 * 60000);
	/* 5 and 3 minutes, both running */
	assert_limit(f, "100", NULL);
	brake_end(m, a);
	vnet_run(f->net, 60000);
	assert_limit(f, "100", NULL);
	vnet_run(f->net, 60000);
	assert_limit(f, "100", "10 minutes of outside calls a day");
	brake_end(m, b);
	assert_limit(f, "100", "10 minutes");
	vnet_run(f->net, 24 * 3600000);
	assert_limit(f, "100", NULL);
}

/* A call over midnight counts for the new day from midnight on, as far as anybody asks then. */
static void test_midnight(void **state)
{
	struct fixture *f = *state;
	struct brake_meter *m = meter(f, "100");
	uint64_t a;

	brakes(f, "{\"calls\":0,\"per_minute\":0,\"minutes_per_day\":60}");
	vnet_run(f->net, 23 * 3600000ULL + 30 * 60000);
	brake_begin(m);
	a = now(f);
	brake_answer(m);
	vnet_run(f->net, 29 * 60000);
	assert_limit(f, "100", NULL);
	vnet_run(f->net, 31 * 60000);
	assert_limit(f, "100", NULL);
	vnet_run(f->net, 61 * 60000);
	assert_limit(f, "100", "60 minutes");
	brake_end(m, a);
	assert_limit(f, "100", "60 minutes");
}

static void test_restart(void **state)
{
	struct fixture *f = *state;
	struct brake_meter *m = meter(f, "100");
	uint64_t a;

	brake_begin(m);
	a = now(f);
	brake_answer(m);
	vnet_run(f->net, 301 * 60000);
	brake_end(m, a);
	assert_limit(f, "100", "300 minutes");
	fixture_stop(f);
	fixture_start(f);
	assert_limit(f, "100", "300 minutes");
	fixture_stop(f);
	vnet_run(f->net, 24 * 3600000);
	fixture_start(f);
	assert_limit(f, "100", NULL);
	assert_int_equal(f->pbx->meters.n, 0);
}

static size_t alarms(struct fixture *f)
{
	return f->pbx->alarms.n;
}

static void test_alarm(void **state)
{
	struct fixture *f = *state;

	brake_alarm(f->pbx, "100", false, "brake: enough");
	brake_alarm(f->pbx, "100", false, "brake: enough");
	brake_alarm(f->pbx, "one", true, "brake: enough");
	assert_int_equal(alarms(f), 2);
	/* names as long as they may be, alike but for their ends */
	brake_alarm(f->pbx, "a-provider-in-the-north-of-our-country-1", true, "brake: enough");
	brake_alarm(f->pbx, "a-provider-in-the-north-of-our-country-2", true, "brake: enough");
	assert_int_equal(alarms(f), 4);
	vnet_run(f->net, 30 * 60000);
	brake_alarm(f->pbx, "one", true, "brake: enough");
	vnet_run(f->net, 32 * 60000);
	assert_int_equal(alarms(f), 1);
	vnet_run(f->net, 32 * 60000);
	assert_int_equal(alarms(f), 0);
	assert_false(timer_running(&f->pbx->brake_sweep));
}

static void test_view(void **state)
{
	struct fixture *f = *state;
	json_t *v;

	brake_begin(meter(f, "100"));
	v = pbx_json_brakes(f->pbx);
	assert_int_equal(json_array_size(v), 1);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(v, 0), "calls")), 1);
	json_decref(v);
}

/* Without memory nothing is counted, and nothing breaks. */
static void test_no_memory(void **state)
{
	struct fixture *f = *state;

	for (long n = 0; n < 2; n++) {
		mem_fail_at(n);
		struct brake_meter *m = brake_meter(f->pbx, false, "100", true);
		(void)mem_fail_off();
		if (!m) {
			brake_begin(m);
			brake_answer(m);
			brake_end(m, 1);
		}
	}
	assert_non_null(brake_meter(f->pbx, false, "100", true));
}

int main(void)
{
#define T(t) cmocka_unit_test_setup_teardown(t, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(test_at_once), T(test_per_minute), T(test_per_day), T(test_midnight),
		T(test_restart), T(test_alarm),      T(test_view),    T(test_no_memory),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
