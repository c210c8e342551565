/*
 * mem_test.c - reference counts, destructors, leak list and failing allocations; rbuf.
 */
#include "unit.h"
#include <pthread.h>
#include "base/mem.h"
#include "base/rbuf.h"

static int destroyed;

struct thing {
	struct thing *inner;
	int seen_refs;
};

static void thing_destroy(void *obj)
{
	struct thing *t = obj;

	destroyed++;
	t->inner = mem_deref(t->inner);
}

static void refs(void **st)
{
	struct thing *t = mem_zalloc(sizeof(*t), thing_destroy);

	(void)st;
	destroyed = 0;
	assert_non_null(t);
	t->inner = mem_zalloc(sizeof(*t), thing_destroy);
	assert_int_equal(mem_nrefs(t), 1);
	assert_ptr_equal(mem_ref(t), t);
	assert_int_equal(mem_nrefs(t), 2);
	assert_null(mem_deref(t));
	assert_int_equal(destroyed, 0);
	assert_null(mem_deref(t));
	assert_int_equal(destroyed, 2);
	assert_null(mem_ref(NULL));
	assert_null(mem_deref(NULL));
	assert_int_equal(mem_nrefs(NULL), 0);
}

/* A destructor may call code that holds its object for a while. */
static void brief_ref_destroy(void *obj)
{
	destroyed++;
	mem_ref(obj);
	mem_deref(obj);
}

static void ref_in_destructor(void **st)
{
	void *p = mem_alloc(1, brief_ref_destroy);

	(void)st;
	destroyed = 0;
	mem_deref(p);
	assert_int_equal(destroyed, 1);
}

static void alignment(void **st)
{
	static const size_t size[] = {0, 1, 3, 15, 16, 17, 4097, 1 << 20};

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(size); i++) {
		unsigned char *p = mem_zalloc(size[i], NULL);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t j = 0; j < size[i]; j++)
			assert_int_equal(p[j], 0);
		memset(p, 0xff, size[i]);
		mem_deref(p);
	}
	assert_null(mem_alloc(SIZE_MAX, NULL));
	assert_null(mem_zalloc(SIZE_MAX - 8, NULL));
}

static void resize(void **st)
{
	char *p = mem_realloc(NULL, 4), *q;

	(void)st;
	assert_non_null(p);
	memcpy(p, "abc", 4);
	p = mem_realloc(p, 100000);
	assert_string_equal(p, "abc");
	p = mem_realloc(p, 3);
	assert_memory_equal(p, "abc", 3);
	q = mem_realloc(p, SIZE_MAX);
	assert_null(q);
	assert_memory_equal(p, "abc", 3);
	assert_int_equal(mem_nrefs(p), 1);
	mem_deref(p);
}

static void strings(void **st)
{
	char *s = NULL, secret[8] = "hunter2";
	struct rbuf *b = NULL;

	(void)st;
	assert_int_equal(mem_strdup(&s, "abc"), 0);
	assert_string_equal(s, "abc");
	mem_deref(s);
	s = NULL;
	assert_int_equal(mem_strdup(&s, NULL), EINVAL);
	assert_null(s);
	mem_wipe(secret, sizeof(secret));
	assert_memory_equal(secret, "\0\0\0\0\0\0\0", 8);
	assert_int_equal(rbuf_alloc(&b, "wire", 4), 0);
	assert_true(slice_eqs(rbuf_slice(b), "wire"));
	mem_deref(b);
	assert_int_equal(rbuf_alloc(&b, NULL, 10), 0);
	assert_int_equal(b->l, 10);
	mem_deref(b);
	b = NULL;
	assert_int_equal(rbuf_alloc(&b, NULL, SIZE_MAX - 4), ENOMEM);
	assert_null(b);
}

#ifdef OH_DEBUG

static void live(void **st)
{
	size_t before = mem_live();
	void *a = mem_alloc(10, NULL), *b = mem_alloc(20, NULL), *c = mem_alloc(30, NULL);

	(void)st;
	assert_int_equal(mem_live(), before + 3);
	mem_deref(b);
	assert_int_equal(mem_live(), before + 2);
	mem_deref(a);
	c = mem_realloc(c, 60);
	assert_int_equal(mem_live(), before + 1);
	mem_deref(c);
	assert_int_equal(mem_live(), before);
}

static void leak_report(void **st)
{
	char line[512] = "";
	FILE *f = tmpfile();
	int old = dup(STDERR_FILENO);
	size_t n;
	char *p;

	(void)st;
	assert_non_null(f);
	p = mem_alloc(5, NULL);
	memcpy(p, "lost!", 5);
	dup2(fileno(f), STDERR_FILENO);
	n = mem_leaks();
	dup2(old, STDERR_FILENO);
	close(old);
	rewind(f);
	assert_non_null(fgets(line, sizeof(line), f));
	fclose(f);
	assert_int_equal(n, mem_live());
	assert_non_null(strstr(line, "size 5 "));
	assert_non_null(strstr(line, "lost!"));
	mem_deref(p);
}

static void failing(void **st)
{
	void *a, *b;
	char *s = NULL;

	(void)st;
	mem_fail_at(1);
	a = mem_alloc(1, NULL);
	b = mem_zalloc(1, NULL);
	assert_int_equal(mem_strdup(&s, "x"), ENOMEM);
	assert_null(mem_realloc(a, 100));
	assert_int_equal(mem_fail_off(), 4);
	assert_non_null(a);
	assert_null(b);
	assert_null(s);
	mem_deref(a);
	assert_int_equal(mem_fail_off(), 0);
	a = mem_alloc(1, NULL);
	assert_non_null(a);
	mem_deref(a);
}

static void *other_thread(void *arg)
{
	void *p = mem_alloc(8, NULL);

	*(bool *)arg = p != NULL;
	mem_deref(p);
	return NULL;
}

static void failing_is_per_thread(void **st)
{
	pthread_t t;
	bool ok = false;
	int err;

	(void)st;
	mem_fail_at(0);
	err = pthread_create(&t, NULL, other_thread, &ok);
	if (!err)
		pthread_join(t, NULL);
	mem_fail_off();
	assert_int_equal(err, 0);
	assert_true(ok);
}

static void not_an_object(void)
{
	static _Alignas(16) char zero[256];

	mem_deref(zero + 128);
}

static void *kept;

static void keep_destroy(void *obj)
{
	kept = mem_ref(obj);
}

static void resurrect(void)
{
	mem_deref(mem_alloc(1, keep_destroy));
}

static void mistakes(void **st)
{
	(void)st;
	assert_true(aborts(not_an_object));
	assert_true(aborts(resurrect));
}

#else

static void quiet_in_release(void **st)
{
	void *p;

	(void)st;
	mem_fail_at(0);
	p = mem_alloc(1, NULL);
	assert_non_null(p);
	assert_int_equal(mem_fail_off(), 0);
	assert_int_equal(mem_live(), 0);
	assert_int_equal(mem_leaks(), 0);
	mem_deref(p);
}

#endif

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(refs),      cmocka_unit_test(ref_in_destructor),
		cmocka_unit_test(alignment), cmocka_unit_test(resize),
		cmocka_unit_test(strings),
#ifdef OH_DEBUG
		cmocka_unit_test(live),      cmocka_unit_test(leak_report),
		cmocka_unit_test(failing),   cmocka_unit_test(failing_is_per_thread),
		cmocka_unit_test(mistakes),
#else
		cmocka_unit_test(quiet_in_release),
#endif
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
