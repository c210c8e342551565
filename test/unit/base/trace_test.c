/*
 * trace_test.c - sinks of captured messages, and the numbers that stand for names.
 */
#include "unit.h"
#include "base/trace.h"

static void count(const struct trace_note *n, void *arg)
{
	*(size_t *)arg += n->data.l;
}

static void a_sink_is_told(void **st)
{
	size_t got = 0;
	const struct trace_sink t = {.fn = count, .arg = &got};

	(void)st;
	trace_tell(NULL, &(struct trace_note){.data = SLICE("x")});
	trace_tell(&t, &(struct trace_note){.data = SLICE("four")});
	assert_int_equal(got, 4);
}

static void marks(void **st)
{
	char a[200], b[200];

	(void)st;
	memset(a, 'a', sizeof(a));
	memcpy(b, a, sizeof(b));
	b[TRACE_NAME_MAX] = 'b';
	assert_int_equal(trace_mark(slice_mem(a, 200)), trace_mark(slice_mem(b, 200)));
	b[TRACE_NAME_MAX - 1] = 'b';
	assert_int_not_equal(trace_mark(slice_mem(a, 200)), trace_mark(slice_mem(b, 200)));
	assert_int_not_equal(trace_mark(SLICE_NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sink_is_told),
		cmocka_unit_test(marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
