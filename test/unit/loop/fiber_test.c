/*
 * fiber_test.c - fibers on a virtual loop: waiting for one of several, time,
 * cancelling, deferred calls, many at once.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include "loop/fiber.h"
#include "loop/vnet.h"
#include "unit.h"

static struct vnet *net;
static struct loop *loop;
static char trace[256];

static void note(const char *s)
{
	strncat(trace, s, sizeof(trace) - strlen(trace) - 1);
}

static int setup(void **state)
{
	(void)state;
	trace[0] = 0;
	if (vnet_alloc(&net, 1))
		return -1;
	return loop_alloc_virtual(&loop, net);
}

static int teardown(void **state)
{
	(void)state;
	size_t left = fiber_count() + vnet_pending(net);
	mem_deref(loop);
	mem_deref(net);
	return left ? -1 : 0;
}

struct waits {
	struct event e[3];
	int err;
	size_t which;
	uint64_t at;
};

static void wait_main(void *arg)
{
	struct waits *w = arg;
	struct event *ev[] = {&w->e[0], &w->e[1], &w->e[2]};

	assert_non_null(fiber_self());
	note("s");
	w->which = 99;
	w->err = wait_any(ev, 3, 1000, &w->which);
	w->at = loop_now_ms(loop);
	note("e");
}

static void test_wait_any(void **state)
{
	struct waits w = {0};
	struct fiber *f;

	(void)state;
	assert_int_equal(fiber_start(&f, loop, "w", wait_main, &w), 0);
	assert_string_equal(trace, "");
	assert_int_equal(fiber_count(), 1);
	vnet_run(net, 10);
	assert_string_equal(trace, "s");
	event_set(&w.e[2]);
	event_set(&w.e[1]);
	/* not inside event_set, but at the end of the turn */
	assert_string_equal(trace, "s");
	vnet_run(net, 0);
	assert_string_equal(trace, "se");
	assert_int_equal(w.err, 0);
	assert_int_equal(w.which, 1);
	assert_null(w.e[0].waiter);
	assert_int_equal(fiber_count(), 0);
	/* set already: no wait at all */
	assert_int_equal(fiber_start(NULL, loop, "w", wait_main, &w), 0);
	vnet_run(net, 0);
	assert_int_equal(w.which, 1);
	assert_int_equal(fiber_count(), 0);
	assert_null(fiber_self());
}

static void test_timeout(void **state)
{
	struct waits w = {0};
	uint64_t t0 = loop_now_ms(loop);

	(void)state;
	assert_int_equal(fiber_start(NULL, loop, "w", wait_main, &w), 0);
	vnet_run(net, 500);
	/* set and cleared again before the fiber could run: it waits on */
	event_set(&w.e[0]);
	event_clear(&w.e[0]);
	vnet_run(net, 499);
	assert_string_equal(trace, "s");
	vnet_run(net, 1);
	assert_int_equal(w.err, ETIMEDOUT);
	assert_int_equal(w.at, t0 + 1000);
}

static void test_outside(void **state)
{
	struct event e = {0}, *ev = &e;

	(void)state;
	assert_int_equal(wait_any(&ev, 1, 1, NULL), ERR_STATE);
	assert_int_equal(fiber_sleep(1), ERR_STATE);
	assert_int_equal(fiber_defer(stop_h, NULL), ERR_STATE);
}

static struct event shared;

static void busy_main(void *arg)
{
	struct event *ev[9] = {&shared, &shared, &shared, &shared, &shared, &shared, &shared, &shared, &shared};

	assert_int_equal(wait_any(ev, 9, 1, NULL), EINVAL);
	*(int *)arg = wait_any(ev, 1, 5, NULL);
}

static void test_two_waiters(void **state)
{
	int a = -1, b = -1;

	(void)state;
	assert_int_equal(fiber_start(NULL, loop, "a", busy_main, &a), 0);
	assert_int_equal(fiber_start(NULL, loop, "b", busy_main, &b), 0);
	vnet_run(net, 10);
	assert_int_equal(a, ETIMEDOUT);
	assert_int_equal(b, EBUSY);
}

static void defer_h(void *arg)
{
	note(arg);
	/* a deferred call may wait only in the sense of being told ECANCELED, or wait truly when not cancelled */
}

static void defer_wait_h(void *arg)
{
	int err = fiber_sleep(20);

	note(err == ECANCELED ? "C" : err ? "?" : "W");
	note(arg);
}

static void defer_main(void *arg)
{
	(void)arg;
	assert_int_equal(fiber_defer(defer_h, "1"), 0);
	assert_int_equal(fiber_defer(defer_wait_h, "2"), 0);
	assert_int_equal(fiber_defer(defer_h, "3"), 0);
	note("m");
	assert_int_equal(fiber_sleep(10), 0);
	note("n");
}

static void test_defer(void **state)
{
	(void)state;
	assert_int_equal(fiber_start(NULL, loop, "d", defer_main, NULL), 0);
	vnet_run(net, 9);
	assert_string_equal(trace, "m");
	vnet_run(net, 1);
	assert_string_equal(trace, "mn3");
	vnet_run(net, 20);
	assert_string_equal(trace, "mn3W21");
}

static void cancel_main(void *arg)
{
	int *n = arg;

	assert_int_equal(fiber_defer(defer_wait_h, "d"), 0);
	while (*n && fiber_sleep(1000) == 0)
		--*n;
	note(fiber_sleep(1) == ECANCELED ? "c" : "?");
}

static void test_cancel(void **state)
{
	int n = 10;
	struct fiber *f;

	(void)state;
	assert_int_equal(fiber_start(&f, loop, "c", cancel_main, &n), 0);
	vnet_run(net, 2500);
	assert_int_equal(n, 8);
	fiber_cancel(f);
	assert_string_equal(trace, "");
	vnet_run(net, 0);
	assert_string_equal(trace, "cCd");
	/* before its first run */
	trace[0] = 0;
	assert_int_equal(fiber_start(&f, loop, "c", cancel_main, &n), 0);
	fiber_cancel(f);
	vnet_run(net, 0);
	assert_string_equal(trace, "cCd");
	assert_int_equal(n, 8);
}

static void deaf_main(void *arg)
{
	assert_int_equal(fiber_defer(defer_h, "d"), 0);
	for (int i = 0; i < 1000; i++) {
		if (fiber_sleep(10) == ECANCELED)
			++*(int *)arg;
	}
	note("never");
}

static void run_deaf(int *told)
{
	struct fiber *f;

	assert_int_equal(fiber_start(&f, loop, "deaf", deaf_main, told), 0);
	vnet_run(net, 15);
	fiber_cancel(f);
	vnet_run(net, 100);
}

/* A fiber that ignores it is ended in the release build and aborts in the debug build. */
static void test_deaf(void **state)
{
	int told = 0;

	(void)state;
#ifdef OH_DEBUG
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		alarm(20);
		(void)!freopen("/dev/null", "w", stderr);
		run_deaf(&told);
		_exit(0);
	}
	int st;
	assert_int_equal(waitpid(pid, &st, 0), pid);
	assert_true(WIFSIGNALED(st) && WTERMSIG(st) == SIGABRT);
#else
	run_deaf(&told);
	assert_int_equal(told, 3);
	assert_string_equal(trace, "d");
#endif
}

struct many {
	int id, sum;
	struct event e;
};
static int order_next;

static void many_main(void *arg)
{
	struct many *m = arg;
	struct event *ev = &m->e;
	char local[2000];

	memset(local, m->id, sizeof(local));
	for (int i = 0; i < 10; i++) {
		assert_int_equal(fiber_sleep(1 + (uint64_t)(m->id % 7)), 0);
		m->sum += (unsigned char)local[i * 100];
	}
	assert_int_equal(wait_any(&ev, 1, UINT64_MAX, NULL), 0);
	assert_int_equal(m->id, order_next);
	order_next++;
}

static void test_many(void **state)
{
	enum { N = 500 };
	struct many *m = mem_zalloc(N * sizeof(*m), NULL);

	(void)state;
	order_next = 0;
	for (int i = 0; i < N; i++) {
		m[i].id = i;
		assert_int_equal(fiber_start(NULL, loop, "many", many_main, &m[i]), 0);
	}
	vnet_run(net, 1000);
	assert_int_equal(fiber_count(), N);
	for (int i = 0; i < N; i++) {
		assert_int_equal(m[i].sum, 10 * (i & 255));
		event_set(&m[i].e);
	}
	/* woken in the order of their events */
	vnet_run(net, 0);
	assert_int_equal(order_next, N);
	assert_int_equal(fiber_count(), 0);
	mem_deref(m);
}

static void child_main(void *arg)
{
	note("c");
	event_set(arg);
}

static void parent_main(void *arg)
{
	struct event done = {0}, *ev = &done;

	(void)arg;
	assert_int_equal(fiber_start(NULL, loop, "child", child_main, &done), 0);
	note("p");
	assert_int_equal(wait_any(&ev, 1, 100, NULL), 0);
	note("q");
}

static void test_nested_start(void **state)
{
	(void)state;
	assert_int_equal(fiber_start(NULL, loop, "parent", parent_main, NULL), 0);
	vnet_run(net, 0);
	assert_string_equal(trace, "pcq");
}

static void real_main(void *arg)
{
	assert_int_equal(fiber_sleep(5), 0);
	note("r");
	loop_stop(arg);
}

static void test_real_loop(void **state)
{
	struct loop *l;

	(void)state;
	assert_int_equal(loop_alloc(&l), 0);
	assert_int_equal(fiber_start(NULL, l, "real", real_main, l), 0);
	run_bounded(l);
	assert_string_equal(trace, "r");
	assert_int_equal(fiber_count(), 0);
	mem_deref(l);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_wait_any), T(test_timeout), T(test_outside),      T(test_two_waiters), T(test_defer),
		T(test_cancel),   T(test_deaf),    T(test_nested_start), T(test_many),        T(test_real_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
