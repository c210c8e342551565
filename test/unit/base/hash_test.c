/*
 * hash_test.c - SipHash-1-3 values, folding, and the table.
 */
#include "unit.h"
#include "base/base_priv.h"
#include "base/hash.h"
#include "base/mem.h"

/* Bytes 0, 1, 2 ... under the all-zero key; the values come from another implementation (CPython 3.11, hash seed 0). */
static void siphash(void **st)
{
	static const struct {
		size_t l;
		uint64_t h;
	} tab[] = {
		{1, 0x68a914128e01e473ULL},  {7, 0x2f098ab0c751325aULL},  {8, 0xead411e67ebe2eeaULL},
		{9, 0x75927f9d95124362ULL},  {15, 0xf30eb725bb91c9eaULL}, {16, 0x8972188433a5c5b7ULL},
		{31, 0x169739443111d49bULL}, {63, 0x385d3e39e5f37359ULL},
	};
	static const uint64_t key[2], other[2] = {0, 1};
	uint8_t in[64];

	(void)st;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)i;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		assert_true(siphash13(key, in, tab[i].l, false) == tab[i].h);
		assert_true(siphash13(other, in, tab[i].l, false) != tab[i].h);
	}
	assert_true(siphash13(key, "Content-LENGTH: 12 @[`{", 23, true) == 0x37de5d234d0c963aULL);
	assert_true(siphash13(key, "Content-LENGTH: 12 @[`{", 23, false) != 0x37de5d234d0c963aULL);
}

static void folding(void **st)
{
	char lower[40], mixed[40];

	(void)st;
	for (size_t l = 0; l < sizeof(lower); l++) {
		for (size_t i = 0; i < l; i++) {
			lower[i] = (char)('a' + (i * 5 + l) % 26);
			mixed[i] = (char)(i % 3 ? lower[i] - 32 : lower[i]);
		}
		assert_int_equal(hash_ibytes(slice_mem(lower, l)), hash_ibytes(slice_mem(mixed, l)));
		assert_int_equal(hash_ibytes(slice_mem(lower, l)), hash_bytes(slice_mem(lower, l)));
		if (l > 1)
			assert_true(hash_bytes(slice_mem(lower, l)) != hash_bytes(slice_mem(mixed, l)));
	}
	assert_int_equal(hash_bytes(SLICE_NULL), hash_bytes(SLICE("")));
	assert_true(hash_ibytes(SLICE("@")) != hash_ibytes(SLICE("`")));
	assert_int_equal(hash_u64(5), hash_u64(5));
	assert_true(hash_u64(5) != hash_u64(6));
}

enum { N = 5000 };
struct entry {
	int id;
	struct hlink he;
};

static struct entry *lookup(const struct hash *h, int id)
{
	for (struct hlink *k = hash_first(h, hash_u64((uint64_t)id)); k; k = hash_next(k)) {
		struct entry *e = CONTAINER_OF(k, struct entry, he);

		if (e->id == id)
			return e;
	}
	return NULL;
}

static int count(struct hlink *k, void *arg)
{
	(void)k;
	++*(int *)arg;
	return 0;
}

struct odd_arg {
	struct hash *h;
	int n;
};

static int delete_odd(struct hlink *k, void *arg)
{
	struct odd_arg *a = arg;

	a->n++;
	if (CONTAINER_OF(k, struct entry, he)->id % 2) {
		hash_del(a->h, k);
		memset(k, 0xa5, sizeof(*k)); /* as if freed */
	}
	return 0;
}

static int stop_at_third(struct hlink *k, void *arg)
{
	(void)k;
	return ++*(int *)arg == 3 ? 42 : 0;
}

static void table(void **st)
{
	struct entry *e = calloc(N, sizeof(*e));
	struct hash h;
	struct odd_arg odd = {.h = &h};
	int n = 0;

	(void)st;
	assert_non_null(e);
	hash_init(&h);
	assert_null(hash_first(&h, 1));
	assert_int_equal(hash_each(&h, count, &n), 0);
	for (int i = 0; i < N; i++) {
		e[i].id = i;
		assert_int_equal(hash_add(&h, hash_u64((uint64_t)i), &e[i].he), 0);
	}
	assert_int_equal(h.n, N);
	assert_true(h.mask + 1 >= N); /* it has grown with its entries */
	for (int i = 0; i < N; i++)
		assert_ptr_equal(lookup(&h, i), &e[i]);
	assert_null(lookup(&h, N));
	assert_int_equal(hash_each(&h, count, &n), 0);
	assert_int_equal(n, N);
	n = 0;
	assert_int_equal(hash_each(&h, stop_at_third, &n), 42);
	assert_int_equal(n, 3);
	assert_int_equal(hash_each(&h, delete_odd, &odd), 0);
	assert_int_equal(odd.n, N);
	assert_int_equal(h.n, N / 2);
	for (int i = 0; i < N; i++)
		assert_ptr_equal(lookup(&h, i), i % 2 ? NULL : &e[i]);
	hash_del(&h, &e[0].he);
	hash_del(&h, &e[0].he);
	assert_null(lookup(&h, 0));
	assert_int_equal(h.n, N / 2 - 1);
	hash_free(&h);
	free(e);
}

static void same_keys(void **st)
{
	struct entry e[60] = {{0}};
	struct hash h;
	int n = 0;

	(void)st;
	hash_init(&h);
	/* keys 3, 3 + 2^20, ...: one bucket, three hashes */
	for (int i = 0; i < 60; i++)
		assert_int_equal(hash_add(&h, 3U + ((uint32_t)(i % 3) << 20), &e[i].he), 0);
	for (struct hlink *k = hash_first(&h, 3U + (1U << 20)); k; k = hash_next(k)) {
		assert_int_equal((CONTAINER_OF(k, struct entry, he) - e) % 3, 1);
		n++;
	}
	assert_int_equal(n, 20);
	for (int i = 0; i < 60; i++)
		hash_del(&h, &e[i].he);
	assert_int_equal(h.n, 0);
	assert_null(hash_first(&h, 3));
	hash_free(&h);
}

#ifdef OH_DEBUG
static void no_memory(void **st)
{
	struct entry e[40] = {{0}};
	struct hash h;

	(void)st;
	hash_init(&h);
	mem_fail_at(0);
	assert_int_equal(hash_add(&h, 1, &e[0].he), ENOMEM);
	mem_fail_off();
	assert_null(e[0].he.pprev);
	assert_int_equal(h.n, 0);
	assert_int_equal(hash_add(&h, 0, &e[0].he), 0);
	mem_fail_at(0);
	for (uint32_t i = 1; i < 40; i++)
		assert_int_equal(hash_add(&h, i, &e[i].he), 0);
	assert_true(mem_fail_off() > 0);
	for (uint32_t i = 0; i < 40; i++)
		assert_ptr_equal(hash_first(&h, i), &e[i].he);
	hash_free(&h);
}
#endif

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(siphash),   cmocka_unit_test(folding),
		cmocka_unit_test(table),     cmocka_unit_test(same_keys),
#ifdef OH_DEBUG
		cmocka_unit_test(no_memory),
#endif
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
