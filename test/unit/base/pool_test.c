/*
 * pool_test.c - kept blocks: classes, reuse, the limit, threads; growing objects in the build that uses them.
 */
#include "unit.h"
#include <pthread.h>
#include "base/base_priv.h"
#include "base/mem.h"

enum { LIMIT = 1 << 20 };

/* Every size fits its class, no class wastes more than its step, and the sizes beyond the last have none. */
static void classes(void **st)
{
	uint32_t last = 0;

	(void)st;
	for (size_t n = 1; n <= 4096; n++) {
		uint32_t c = pool_class(n);

		assert_true(c == last || c == last + 1);
		assert_true(pool_size(c) >= n);
		assert_true(n < 24 || pool_size(c) - n < (n <= 1544 ? 16 : 64));
		assert_int_equal(pool_size(c) % 16, 8); /* nothing is lost to the C library's own rounding */
		last = c;
	}
	assert_int_equal(pool_class(4105), 0);
	assert_int_equal(pool_class(SIZE_MAX), 0);
	assert_int_equal(pool_size(0), 0);
}

static void reuse(void **st)
{
	uint32_t c = pool_class(100), d = pool_class(600);
	void *a, *b;

	(void)st;
	pool_empty();
	a = pool_get(c);
	b = pool_get(d);
	assert_non_null(a);
	assert_non_null(b);
	assert_int_equal(pool_kept(), 0);
	pool_put(a, c);
	pool_put(b, d);
	assert_int_equal(pool_kept(), pool_size(c) + pool_size(d));
	assert_ptr_equal(pool_get(d), b);
	assert_ptr_equal(pool_get(c), a);
	assert_int_equal(pool_kept(), 0);
	pool_put(a, c);
	pool_put(b, d);
	pool_empty();
	assert_int_equal(pool_kept(), 0);
}

static void limit(void **st)
{
	enum { N = 2 * LIMIT / 4096 };
	static void *p[N];
	uint32_t c = pool_class(4096);

	(void)st;
	pool_empty();
	for (int i = 0; i < N; i++)
		assert_non_null(p[i] = pool_get(c));
	for (int i = 0; i < N; i++)
		pool_put(p[i], c);
	assert_int_equal(pool_kept(), LIMIT - LIMIT % pool_size(c));
	pool_empty();
}

/* A block belongs to the thread that dropped it, and goes when that thread ends (the leak checker watches). */
static void *drop_there(void *arg)
{
	uint32_t c = pool_class(64);

	pool_put(arg, c);
	assert_int_equal(pool_kept(), pool_size(c));
	return NULL;
}

static void threads(void **st)
{
	pthread_t t;

	(void)st;
	pool_empty();
	assert_int_equal(pthread_create(&t, NULL, drop_there, pool_get(pool_class(64))), 0);
	assert_int_equal(pthread_join(t, NULL), 0);
	assert_int_equal(pool_kept(), 0);
}

/* Objects keep what they hold while they grow and shrink through all classes, and cleared ones are clear. */
static void objects(void **st)
{
	char *p = NULL, *z;

	(void)st;
	for (size_t n = 1; n < 10000; n += 37) {
		p = mem_realloc(p, n);
		assert_non_null(p);
		memset(p + (n > 37 ? n - 37 : 0), (int)(n & 0x7f), n > 37 ? 37 : n);
		assert_int_equal(p[0], 1);
	}
	for (size_t n = 9000; n > 0; n = n * 2 / 3) {
		p = mem_realloc(p, n);
		assert_non_null(p);
		assert_int_equal(p[0], 1);
	}
	mem_deref(p);
	for (size_t n = 1; n < 6000; n = n * 3 / 2 + 1) {
		p = mem_alloc(n, NULL);
		assert_non_null(p);
		memset(p, 0xee, n);
		mem_deref(p);
		z = mem_zalloc(n, NULL);
		assert_non_null(z);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(z[i], 0);
		mem_deref(z);
	}
	pool_empty();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classes), cmocka_unit_test(reuse),   cmocka_unit_test(limit),
		cmocka_unit_test(threads), cmocka_unit_test(objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
