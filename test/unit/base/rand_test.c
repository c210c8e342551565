/*
 * rand_test.c - the random generator: block function, fairness, alphabets.
 */
#include "unit.h"
#include <pthread.h>
#include "base/base_priv.h"
#include "base/err.h"
#include "base/rand.h"

/* The test vector of RFC 8439, section 2.3.2. */
static void chacha(void **st)
{
	static const uint8_t want[64] = {
		0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15, 0x50, 0x0f, 0xdd, 0x1f, 0xa3, 0x20, 0x71, 0xc4,
		0xc7, 0xd1, 0xf4, 0xc7, 0x33, 0xc0, 0x68, 0x03, 0x04, 0x22, 0xaa, 0x9a, 0xc3, 0xd4, 0x6c, 0x4e,
		0xd2, 0x82, 0x64, 0x46, 0x07, 0x9f, 0xaa, 0x09, 0x14, 0xc2, 0xd7, 0x05, 0xd9, 0x8b, 0x02, 0xa2,
		0xb5, 0x12, 0x9c, 0xd1, 0xde, 0x16, 0x4e, 0xb9, 0xcb, 0xd0, 0x83, 0xe8, 0xa2, 0x50, 0x3c, 0x4e,
	};
	static const uint32_t ctr_nonce[4] = {1, 0x09000000, 0x4a000000, 0};
	uint32_t key[8];
	uint8_t out[64];

	(void)st;
	for (uint32_t i = 0; i < 8; i++)
		key[i] = 0x03020100 + i * 0x04040404;
	chacha20_block(key, ctr_nonce, out);
	assert_memory_equal(out, want, sizeof(want));
}

/* Bits of a long run are balanced; a run this uneven comes once in more than 10^14. */
static void balanced(void **st)
{
	enum { BYTES = 1 << 18 };
	uint8_t *p = malloc(BYTES);
	long ones = 0, seen[256] = {0};

	(void)st;
	assert_non_null(p);
	for (size_t at = 0, n = 1; at < BYTES; at += n, n = n % 700 + 1) {
		if (n > BYTES - at)
			n = BYTES - at;
		rand_bytes(p + at, n);
	}
	for (size_t i = 0; i < BYTES; i++) {
		ones += __builtin_popcount(p[i]);
		seen[p[i]]++;
	}
	free(p);
	/* 2^21 bits: sigma 724; 1024 per byte value: sigma 32 */
	assert_in_range(ones, (1 << 20) - 8 * 724, (1 << 20) + 8 * 724);
	for (int i = 0; i < 256; i++)
		assert_in_range(seen[i], 1024 - 9 * 32, 1024 + 9 * 32);
}

static void below(void **st)
{
	static const uint32_t n[] = {1, 2, 3, 7, 10, 1000, 0x80000000U, 0xc0000000U, UINT32_MAX};

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(n); i++) {
		long low = 0, third = 0;

		for (int j = 0; j < 30000; j++) {
			uint32_t v = rand_below(n[i]);

			assert_true(v < n[i]);
			low += v < n[i] / 3;
			third += v % 3 == 0;
		}
		/*
		 * 0xc0000000 is the worst case: a plain remainder gives 1/2 instead of 1/3 for the low third,
		 * a plain scaling gives 1/2 for the multiples of three. Sigma is 82.
		 */
		if (n[i] >= 1000) {
			assert_in_range(low, 10000 - 900, 10000 + 900);
			assert_in_range(third, 10000 - 900, 10000 + 900);
		}
	}
	assert_int_equal(rand_below(1), 0);
}

static void texts(void **st)
{
	char t[1001], pw[1001];

	(void)st;
	for (size_t n = 0; n < 100; n++) {
		memset(t, '!', sizeof(t));
		assert_ptr_equal(rand_text(t, n), t);
		assert_int_equal(strlen(t), n);
		assert_int_equal(t[n + 1], '!');
		assert_ptr_equal(rand_password(pw, n), pw);
		assert_int_equal(strlen(pw), n);
	}
	rand_text(t, 1000);
	rand_password(pw, 1000);
	assert_int_equal(strspn(t, "abcdefghijklmnopqrstuvwxyz0123456789"), 1000);
	assert_int_equal(strspn(pw, "abcdefghijkmnpqrstuvwxyz23456789"), 1000);
	assert_non_null(strchr(t, '9'));
	assert_non_null(strchr(t, 'a'));
}

static void *draw(void *arg)
{
	rand_bytes(arg, 32);
	return NULL;
}

static void threads_differ(void **st)
{
	uint8_t a[32] = {0}, b[32] = {0};
	pthread_t t;

	(void)st;
	assert_int_equal(pthread_create(&t, NULL, draw, a), 0);
	pthread_join(t, NULL);
	draw(b);
	assert_memory_not_equal(a, b, 32);
	assert_true(rand_u64() != rand_u64());
	assert_true(rand_u32() != rand_u32() || rand_u32() != rand_u32());
}

static void seeded(void **st)
{
	uint64_t a[3];

	(void)st;
	for (size_t i = 0; i < 3; i++) {
		rand_seed(i < 2 ? 42 : 43);
		for (int j = 0; j < 20000; j++) /* beyond the point of a reseed */
			a[i] = rand_u64();
	}
#ifdef OH_DEBUG
	assert_true(a[0] == a[1]);
#else
	assert_true(a[0] != a[1]); /* refused */
#endif
	assert_true(a[1] != a[2]);
	rand_seed(0);
	a[0] = rand_u64();
	rand_seed(0);
	assert_true(a[0] != rand_u64());
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(chacha), cmocka_unit_test(balanced),       cmocka_unit_test(below),
		cmocka_unit_test(texts),  cmocka_unit_test(threads_differ), cmocka_unit_test(seeded),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
