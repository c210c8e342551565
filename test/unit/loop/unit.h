/*
 * unit.h - what the unit tests of the loop room share: a bounded run of a real
 * loop, addresses, and the count of live objects.
 */
#ifndef UNIT_LOOP_H
#define UNIT_LOOP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/rbuf.h"
#include "base/sa.h"
#include "loop/loop.h"

/** How long a real loop may take before the test has failed, ms. */
enum { UNIT_BOUND_MS = 20000 };

struct bound {
	struct loop *l;
	bool over;
};

static inline void bound_h(void *arg)
{
	struct bound *b = arg;

	b->over = true;
	loop_stop(b->l);
}

/** Run a real loop until something calls loop_stop; the test fails when nothing does. */
static inline void run_bounded(struct loop *l)
{
	struct bound b = {l, false};
	struct timer t = {0};

	timer_start(&t, l, UNIT_BOUND_MS, bound_h, &b);
	assert_int_equal(loop_run(l), 0);
	timer_stop(&t);
	assert_false(b.over);
}

static inline void stop_h(void *arg)
{
	loop_stop(arg);
}

/** Run a real loop for some time. */
static inline void run_for(struct loop *l, uint64_t ms)
{
	struct timer t = {0};

	timer_start(&t, l, ms, stop_h, l);
	assert_int_equal(loop_run(l), 0);
}

/** "1.2.3.4:5" or "[::1]:5". */
static inline struct sa addr(const char *s)
{
	struct sa a;

	assert_int_equal(sa_parse(&a, slice_str(s), 0), 0);
	return a;
}

static inline struct rbuf *block(const char *s)
{
	struct rbuf *b;

	assert_int_equal(rbuf_alloc(&b, s, strlen(s)), 0);
	return b;
}

#endif
