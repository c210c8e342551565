/*
 * wheel_test.c - timers against a naive model: exact times, order of starts,
 * stops at any moment, long jumps; and never early on a real clock.
 */
#include <stdlib.h>
#include "base/clock.h"
#include "loop/loop_priv.h"
#include "loop/vnet.h"
#include "unit.h"

enum { N = 300 };

struct model_timer {
	struct timer t;
	bool on;
	uint64_t due, seq;
	struct model *m;
};

struct model {
	struct vnet *net;
	struct loop *l;
	struct model_timer t[N];
	uint64_t seq, fired, last_due, last_seq;
	unsigned rnd;
	uint64_t span;
};

static uint64_t rnd(struct model *m, uint64_t max)
{
	uint64_t v = ((uint64_t)rand_r(&m->rnd) << 31 | (uint64_t)rand_r(&m->rnd)) << 1;

	return v % max;
}

static void start(struct model *m, struct model_timer *t);

static void fire_h(void *arg)
{
	struct model_timer *t = arg;
	struct model *m = t->m;

	assert_true(t->on);
	assert_false(timer_running(&t->t));
	assert_int_equal(loop_now_ms(m->l), t->due);
	/* no other running timer should have fired before this one */
	for (int i = 0; i < N; i++) {
		struct model_timer *o = &m->t[i];
		if (o == t || !o->on)
			continue;
		assert_true(o->due > t->due || (o->due == t->due && o->seq > t->seq));
	}
	t->on = false;
	m->fired++;
	if (rnd(m, 3) == 0)
		start(m, &m->t[rnd(m, N)]);
	if (rnd(m, 3) == 0) {
		struct model_timer *o = &m->t[rnd(m, N)];
		timer_stop(&o->t);
		o->on = false;
	}
}

static void start(struct model *m, struct model_timer *t)
{
	/* few different values, so that many timers share a ms */
	uint64_t ms = rnd(m, 2) ? rnd(m, 40) : rnd(m, m->span);

	t->m = m;
	t->on = true;
	t->seq = m->seq++;
	t->due = loop_now_ms(m->l) + ms;
	timer_start(&t->t, m->l, ms, fire_h, t);
	assert_true(timer_running(&t->t));
	assert_int_equal(timer_left(&t->t), ms);
}

static void check_model(unsigned seed, uint64_t span, int rounds)
{
	struct model *m = mem_zalloc(sizeof(*m), NULL);

	m->rnd = seed;
	m->span = span;
	assert_int_equal(vnet_alloc(&m->net, seed), 0);
	assert_int_equal(loop_alloc_virtual(&m->l, m->net), 0);
	for (int r = 0; r < rounds; r++) {
		for (int k = 0; k < 20; k++) {
			struct model_timer *t = &m->t[rnd(m, N)];
			if (rnd(m, 4)) {
				start(m, t);
			} else {
				timer_stop(&t->t);
				t->on = false;
			}
		}
		vnet_run(m->net, rnd(m, 2) ? rnd(m, 30) : rnd(m, span));
		for (int i = 0; i < N; i++) {
			assert_int_equal(timer_running(&m->t[i].t), m->t[i].on);
			if (m->t[i].on)
				assert_true(m->t[i].due >= loop_now_ms(m->l));
		}
	}
	vnet_run(m->net, span + 1);
	assert_true(m->fired > (uint64_t)rounds);
	for (int i = 0; i < N; i++)
		timer_stop(&m->t[i].t);
	assert_int_equal(vnet_pending(m->net), 0);
	mem_deref(m->l);
	mem_deref(m->net);
	mem_deref(m);
}

static void test_model(void **state)
{
	static const uint64_t span[] = {100, 5000, 300000, 20000000, 1ULL << 31, 1ULL << 38};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(span); i++) {
		for (unsigned seed = 1; seed <= 4; seed++)
			check_model(seed, span[i], 60);
	}
}

struct order {
	int n, got[8];
};
static struct order order;
struct numbered {
	struct timer t;
	int i;
};

static void order_h(void *arg)
{
	order.got[order.n++] = ((struct numbered *)arg)->i;
}

/* One due time reached from three distances keeps the order of starts. */
static void test_order_over_levels(void **state)
{
	struct vnet *net;
	struct loop *l;
	struct numbered t[3] = {{.i = 0}, {.i = 1}, {.i = 2}};

	(void)state;
	order = (struct order){0};
	assert_int_equal(vnet_alloc(&net, 1), 0);
	assert_int_equal(loop_alloc_virtual(&l, net), 0);
	timer_start(&t[0].t, l, 100000, order_h, &t[0]);
	vnet_run(net, 99000);
	timer_start(&t[1].t, l, 1000, order_h, &t[1]);
	vnet_run(net, 999);
	timer_start(&t[2].t, l, 1, order_h, &t[2]);
	vnet_run(net, 0);
	assert_int_equal(order.n, 0);
	vnet_run(net, 1);
	assert_int_equal(order.n, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(order.got[i], i);
	mem_deref(l);
	mem_deref(net);
}

static int again;
static struct loop *zero_loop;

static void zero_h(void *arg)
{
	if (++again < 5)
		timer_start(arg, zero_loop, 0, zero_h, arg);
}

/* 0 ms from inside a timer runs in the same ms, in a turn of its own. */
static void test_zero(void **state)
{
	struct vnet *net;
	struct timer t = {0}, never = {0};

	(void)state;
	again = 0;
	timer_stop(&never);
	assert_int_equal(timer_left(&never), 0);
	assert_int_equal(vnet_alloc(&net, 1), 0);
	assert_int_equal(loop_alloc_virtual(&zero_loop, net), 0);
	timer_start(&t, zero_loop, 0, zero_h, &t);
	vnet_run(net, 0);
	assert_int_equal(again, 5);
	timer_start(&never, zero_loop, UINT64_MAX, zero_h, &never);
	vnet_run(net, 1000000000);
	assert_true(timer_running(&never));
	timer_stop(&never);
	mem_deref(zero_loop);
	mem_deref(net);
}

struct real {
	struct timer t;
	struct loop *l;
	uint64_t started_us, ms;
	int *left;
};

static void real_h(void *arg)
{
	struct real *r = arg;

	assert_true(clock_mono_us() >= r->started_us + r->ms * 1000);
	if (!--*r->left)
		loop_stop(r->l);
}

static void test_never_early(void **state)
{
	struct loop *l;
	struct real r[40];
	int left = ARRAY_LEN(r);

	(void)state;
	memset(r, 0, sizeof(r));
	assert_int_equal(loop_alloc(&l), 0);
	for (size_t i = 0; i < ARRAY_LEN(r); i++) {
		r[i].l = l;
		r[i].left = &left;
		r[i].ms = i * 3 % 70;
		r[i].started_us = clock_mono_us();
		timer_start(&r[i].t, l, r[i].ms, real_h, &r[i]);
	}
	run_bounded(l);
	assert_int_equal(left, 0);
	mem_deref(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_order_over_levels),
		cmocka_unit_test(test_zero),
		cmocka_unit_test(test_never_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
