/*
 * inspect_test.c - registered dumps and counters.
 */
#include "unit.h"
#include "base/inspect.h"

static void say(struct buf *b, void *arg)
{
	buf_str(b, arg);
}

static void add_name(const char *name, void *arg)
{
	buf_str(arg, name);
	buf_char(arg, ' ');
}

static void dumps(void **st)
{
	struct inspect x = {.name = "sip.x", .fn = say, .arg = "X"};
	struct inspect a = {.name = "loop.a", .fn = say, .arg = "A"};
	struct inspect x2 = {.name = "sip.x", .fn = say, .arg = "Y"};
	struct buf b;

	(void)st;
	buf_init(&b);
	assert_int_equal(inspect_run(SLICE("sip.x"), &b), ENOENT);
	inspect_add(&x);
	inspect_add(&a);
	inspect_add(&x2);
	inspect_add(&x2);
	inspect_each(add_name, &b);
	assert_true(slice_eqs(buf_get(&b), "loop.a sip.x "));
	buf_reset(&b);
	assert_int_equal(inspect_run(SLICE("sip.x"), &b), 0);
	assert_true(slice_eqs(buf_get(&b), "XY"));
	inspect_del(&x);
	inspect_del(&x);
	buf_reset(&b);
	assert_int_equal(inspect_run(SLICE("sip.x"), &b), 0);
	assert_true(slice_eqs(buf_get(&b), "Y"));
	assert_int_equal(inspect_run(SLICE("sip"), &b), ENOENT);
	inspect_del(&x2);
	inspect_del(&a);
	buf_reset(&b);
	inspect_each(add_name, &b);
	assert_int_equal(b.l, 0);
	buf_free(&b);
}

static struct metric calls = {.name = "calls_total", .help = "Calls seen."};
static struct metric active = {.name = "active", .help = "Calls now.", .gauge = true};

static void add_metric(struct metric *m, void *arg)
{
	buf_printf(arg, "%s=%lld ", m->name, (long long)metric_get(m));
}

static void metrics(void **st)
{
	struct buf b;

	(void)st;
	buf_init(&b);
	metric_reg(&calls);
	metric_reg(&active);
	metric_reg(&calls);
	metric_add(&calls, 2);
	metric_add(&calls, 1);
	metric_add(&active, -1);
	metric_each(add_metric, &b);
	assert_true(slice_eqs(buf_get(&b), "active=-1 calls_total=3 "));
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest t[] = {cmocka_unit_test(dumps), cmocka_unit_test(metrics)};

	return cmocka_run_group_tests(t, NULL, NULL);
}
