/*
 * list_test.c - linked lists and object handles.
 */
#include "unit.h"
#include "base/handle.h"
#include "base/list.h"
#include "base/mem.h"

struct item {
	char name;
	struct link le;
};

/* The list reads as `want` from both ends. */
static void expect(const struct list *l, const char *want)
{
	size_t n = strlen(want), i = 0;

	assert_int_equal(l->n, n);
	LIST_EACH (l, k) {
		assert_ptr_equal(k->list, l);
		assert_int_equal(LINK_OBJ(k, struct item, le)->name, want[i++]);
	}
	assert_int_equal(i, n);
	for (struct link *k = l->tail; k; k = k->prev)
		assert_int_equal(LINK_OBJ(k, struct item, le)->name, want[--i]);
	assert_int_equal(i, 0);
}

static void order(void **st)
{
	struct list l = {0};
	struct item a = {.name = 'a'}, b = {.name = 'b'}, c = {.name = 'c'}, d = {.name = 'd'};
	static const struct link none;

	(void)st;
	expect(&l, "");
	list_prepend(&l, &b.le);
	list_append(&l, &c.le);
	list_prepend(&l, &a.le);
	expect(&l, "abc");
	list_insert_before(&c.le, &d.le);
	expect(&l, "abdc");
	list_unlink(&b.le);
	expect(&l, "adc");
	assert_memory_equal(&b.le, &none, sizeof(none));
	list_unlink(&b.le);
	expect(&l, "adc");
	list_insert_before(&a.le, &b.le);
	expect(&l, "badc");
	list_unlink(&b.le);
	list_unlink(&c.le);
	expect(&l, "ad");
	LIST_EACH (&l, k)
		list_unlink(k);
	expect(&l, "");
}

#ifdef OH_DEBUG
static void add_twice(void)
{
	struct list l = {0};
	struct item a = {0};

	list_append(&l, &a.le);
	list_append(&l, &a.le);
}

static void mistakes(void **st)
{
	(void)st;
	assert_true(aborts(add_twice));
}
#endif

static void handles(void **st)
{
	enum { N = 100 };
	struct handle_tab t;
	handle_t h[N], again;
	int obj[N];

	(void)st;
	handle_tab_init(&t);
	assert_null(handle_get(&t, 0));
	assert_null(handle_get(&t, 1));
	handle_drop(&t, 0);
	for (int i = 0; i < N; i++) {
		assert_int_equal(handle_new(&t, &obj[i], &h[i]), 0);
		assert_true(h[i] != 0);
	}
	assert_int_equal(t.used, N);
	for (int i = 0; i < N; i++)
		assert_ptr_equal(handle_get(&t, h[i]), &obj[i]);
	handle_drop(&t, h[7]);
	assert_null(handle_get(&t, h[7]));
	handle_drop(&t, h[7]);
	assert_int_equal(t.used, N - 1);
	assert_int_equal(handle_new(&t, &obj[0], &again), 0);
	assert_int_equal((uint32_t)again, (uint32_t)h[7]);
	assert_true(again != h[7]);
	assert_null(handle_get(&t, h[7]));
	handle_drop(&t, h[7]); /* stale: the new owner of the slot stays */
	assert_ptr_equal(handle_get(&t, again), &obj[0]);
	assert_null(handle_get(&t, UINT64_MAX));
	assert_null(handle_get(&t, (handle_t)1 << 32));
	assert_null(handle_get(&t, (handle_t)1 << 32 | (t.cap + 1)));
	for (int i = 0; i < N; i++)
		handle_drop(&t, h[i]);
	handle_drop(&t, again);
	assert_int_equal(t.used, 0);
	handle_tab_free(&t);
}

#ifdef OH_DEBUG
static void handle_no_memory(void **st)
{
	struct handle_tab t;
	handle_t h = 0;
	int x;

	(void)st;
	handle_tab_init(&t);
	mem_fail_at(0);
	assert_int_equal(handle_new(&t, &x, &h), ENOMEM);
	mem_fail_off();
	assert_true(h == 0);
	assert_int_equal(handle_new(&t, &x, &h), 0);
	assert_ptr_equal(handle_get(&t, h), &x);
	handle_tab_free(&t);
}
#endif

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(order),
		cmocka_unit_test(handles),
#ifdef OH_DEBUG
		cmocka_unit_test(mistakes),
		cmocka_unit_test(handle_no_memory),
#endif
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
