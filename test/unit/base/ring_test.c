/*
 * ring_test.c - the ring between two threads: order, loss, and no torn records.
 * Meant to run under the thread sanitizer too.
 */
#include "unit.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include "base/mem.h"
#include "base/ring.h"

static void one_thread(void **st)
{
	struct ring *r = NULL;
	int v = 0;

	(void)st;
	assert_int_equal(ring_alloc(&r, sizeof(int), 3), 0); /* becomes 4 */
	assert_false(ring_get(r, &v));
	for (int i = 1; i <= 4; i++)
		assert_true(ring_put(r, &i));
	assert_int_equal(ring_count(r), 4);
	for (int i = 5; i <= 6; i++)
		assert_false(ring_put(r, &i));
	assert_int_equal(ring_count(r), 4);
	assert_int_equal(ring_dropped(r), 2);
	for (int i = 3; i <= 6; i++) {
		assert_true(ring_get(r, &v));
		assert_int_equal(v, i);
	}
	assert_false(ring_get(r, &v));
	assert_int_equal(ring_count(r), 0);
	mem_deref(r);
}

static void sizes(void **st)
{
	static const size_t size[] = {1, 7, 8, 9, 15, 16, 17, 333};

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(size); i++) {
		unsigned char in[400], out[400];
		struct ring *r = NULL;

		assert_int_equal(ring_alloc(&r, size[i], 1), 0);
		for (int n = 0; n < 5; n++) {
			for (size_t j = 0; j < size[i]; j++)
				in[j] = (unsigned char)(j * 7 + (size_t)n);
			memset(out, 0xee, sizeof(out));
			assert_true(ring_put(r, in));
			assert_true(ring_get(r, out));
			assert_memory_equal(in, out, size[i]);
			assert_int_equal(out[size[i]], 0xee);
		}
		mem_deref(r);
	}
}

static void refused(void **st)
{
	struct ring *r = NULL;

	(void)st;
	assert_int_equal(ring_alloc(&r, 0, 4), EINVAL);
	assert_int_equal(ring_alloc(&r, 4, 0), EINVAL);
	assert_int_equal(ring_alloc(&r, (size_t)UINT32_MAX + 1, 1), EINVAL);
	assert_int_equal(ring_alloc(&r, UINT32_MAX, UINT32_MAX), ENOMEM);
	assert_null(r);
}

enum { RECORDS = 200000 };
struct rec {
	uint64_t n;
	uint64_t copy[5]; /* n + index: a torn record does not fit together */
	uint8_t odd[3];
};
struct pair {
	struct ring *r;
	uint64_t lost; /* as ring_put told it */
	_Atomic bool done;
	unsigned write_rest, read_rest; /* yield every so many records; 0 = never */
};

static void *writer(void *arg)
{
	struct pair *p = arg;
	struct rec c = {0};

	for (c.n = 1; c.n <= RECORDS; c.n++) {
		for (unsigned i = 0; i < ARRAY_LEN(c.copy); i++)
			c.copy[i] = c.n + i;
		memset(c.odd, (int)(c.n & 0xff), sizeof(c.odd));
		if (!ring_put(p->r, &c))
			p->lost++;
		if (p->write_rest && c.n % p->write_rest == 0)
			sched_yield();
	}
	atomic_store(&p->done, true);
	return NULL;
}

static bool whole(const struct rec *c)
{
	for (unsigned i = 0; i < ARRAY_LEN(c->copy); i++) {
		if (c->copy[i] != c->n + i)
			return false;
	}
	return c->odd[0] == (c->n & 0xff) && c->odd[1] == c->odd[0] && c->odd[2] == c->odd[0];
}

static void run_pair(uint32_t slots, unsigned write_rest, unsigned read_rest)
{
	struct pair p = {.write_rest = write_rest, .read_rest = read_rest};
	uint64_t got = 0, last = 0, torn = 0, disorder = 0;
	pthread_t t;
	struct rec c;

	assert_int_equal(ring_alloc(&p.r, sizeof(struct rec), slots), 0);
	assert_int_equal(pthread_create(&t, NULL, writer, &p), 0);
	for (;;) {
		bool done = atomic_load(&p.done);

		if (!ring_get(p.r, &c)) {
			if (done)
				break;
			sched_yield();
			continue;
		}
		got++;
		torn += !whole(&c);
		disorder += c.n <= last;
		last = c.n;
		if (p.read_rest && got % p.read_rest == 0)
			sched_yield();
	}
	pthread_join(t, NULL);
	assert_int_equal(torn, 0);
	assert_int_equal(disorder, 0);
	assert_int_equal(last, RECORDS); /* the newest is never the one dropped */
	assert_int_equal(p.lost, ring_dropped(p.r));
	assert_int_equal(got + p.lost, RECORDS);
	mem_deref(p.r);
}

static void two_threads(void **st)
{
	static const struct {
		uint32_t slots;
		unsigned write_rest, read_rest;
	} tab[] = {{1, 0, 0}, {1, 1, 0}, {2, 3, 1}, {4, 0, 0}, {64, 0, 7}, {64, 50, 0}, {1024, 0, 0}};

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++)
		run_pair(tab[i].slots, tab[i].write_rest, tab[i].read_rest);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(one_thread),
		cmocka_unit_test(sizes),
		cmocka_unit_test(refused),
		cmocka_unit_test(two_threads),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
