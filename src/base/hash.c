/*
 * hash.c - keyed hash (SipHash-1-3, Aumasson and Bernstein 2012) and a chained
 * table that doubles itself.
 *
 * Names in SIP come from strangers: without a secret key they could choose them
 * so that all fall into one bucket. At most half of the buckets are in use: an
 * object in the way of a search costs more (it is far away) than an empty bucket.
 */
#include <pthread.h>
#include <string.h>
#include "base/base_priv.h"
#include "base/hash.h"
#include "base/mem.h"

enum { BUCKETS_FIRST = 16 };
static const uint32_t buckets_max = 1U << 28;

static pthread_once_t secret_once = PTHREAD_ONCE_INIT;
static uint64_t secret[2];

static void secret_make(void)
{
	/* not rand_bytes(): a test that seeds it must not see it move because of a first hash */
	rand_entropy(secret, sizeof(secret));
}

static inline uint64_t rotl(uint64_t v, int n)
{
	return v << n | v >> (64 - n);
}

static inline void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] = rotl(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] = rotl(v[2], 32);
}

static inline void sip_begin(uint64_t v[4], const uint64_t key[2])
{
	v[0] = key[0] ^ 0x736f6d6570736575ULL;
	v[1] = key[1] ^ 0x646f72616e646f6dULL;
	v[2] = key[0] ^ 0x6c7967656e657261ULL;
	v[3] = key[1] ^ 0x7465646279746573ULL;
}

static inline void sip_word(uint64_t v[4], uint64_t m)
{
	v[3] ^= m;
	sip_round(v);
	v[0] ^= m;
}

static inline uint64_t sip_end(uint64_t v[4])
{
	v[2] ^= 0xff;
	sip_round(v);
	sip_round(v);
	sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static inline uint64_t le64(uint64_t v)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	return __builtin_bswap64(v);
#else
	return v;
#endif
}

/* Inlined with a constant `fold`, so that each kind has a loop of its own. */
static inline uint64_t sip_run(const uint64_t key[2], const unsigned char *p, size_t l, bool fold)
{
	uint64_t v[4], m;
	size_t left = l;

	sip_begin(v, key);
	for (; left >= 8; left -= 8, p += 8) {
		memcpy(&m, p, 8);
		m = le64(m);
		sip_word(v, fold ? fold8(m) : m);
	}
	m = 0;
	for (size_t i = 0; i < left; i++)
		m |= (uint64_t)p[i] << (8 * i);
	if (fold)
		m = fold8(m);
	sip_word(v, m | (uint64_t)l << 56);
	return sip_end(v);
}

uint64_t siphash13(const uint64_t key[2], const void *p, size_t l, bool fold)
{
	return fold ? sip_run(key, p, l, true) : sip_run(key, p, l, false);
}

static inline uint32_t squeeze(uint64_t v)
{
	return (uint32_t)(v ^ v >> 32);
}

uint32_t hash_bytes(struct slice s)
{
	pthread_once(&secret_once, secret_make);
	return squeeze(sip_run(secret, (const unsigned char *)s.p, s.l, false));
}

uint32_t hash_ibytes(struct slice s)
{
	pthread_once(&secret_once, secret_make);
	return squeeze(sip_run(secret, (const unsigned char *)s.p, s.l, true));
}

uint32_t hash_u64(uint64_t x)
{
	uint64_t v[4];

	pthread_once(&secret_once, secret_make);
	sip_begin(v, secret);
	sip_word(v, x);
	sip_word(v, 8ULL << 56);
	return squeeze(sip_end(v));
}

void hash_init(struct hash *h)
{
	*h = (struct hash){0};
}

void hash_free(struct hash *h)
{
	mem_deref(h->b);
	hash_init(h);
}

static void push(struct hlink **bucket, struct hlink *k)
{
	k->next = *bucket;
	k->pprev = bucket;
	if (k->next)
		k->next->pprev = &k->next;
	*bucket = k;
}

static void grow(struct hash *h)
{
	uint32_t n = h->mask + 1;
	struct hlink **b;

	if (n >= buckets_max)
		return;
	b = mem_zalloc((size_t)n * 2 * sizeof(*b), NULL);
	if (!b)
		return; /* chains get longer, nothing else */
	for (uint32_t i = 0; i < n; i++) {
		for (struct hlink *k = h->b[i], *next; k; k = next) {
			next = k->next;
			push(&b[k->key & (n * 2 - 1)], k);
		}
	}
	mem_deref(h->b);
	h->b = b;
	h->mask = n * 2 - 1;
}

int hash_add(struct hash *h, uint32_t key, struct hlink *k)
{
	DEBUG_CHECK(!k->pprev);
	if (!h->b) {
		h->b = mem_zalloc(BUCKETS_FIRST * sizeof(*h->b), NULL);
		if (!h->b)
			return ENOMEM;
		h->mask = BUCKETS_FIRST - 1;
	} else if (h->n > h->mask / 2) {
		grow(h);
	}
	k->key = key;
	push(&h->b[key & h->mask], k);
	h->n++;
	return 0;
}

void hash_del(struct hash *h, struct hlink *k)
{
	if (!k->pprev)
		return;
	*k->pprev = k->next;
	if (k->next)
		k->next->pprev = k->pprev;
	k->next = NULL;
	k->pprev = NULL;
	h->n--;
}

static struct hlink *same_key(struct hlink *k, uint32_t key)
{
	while (k && k->key != key)
		k = k->next;
	return k;
}

struct hlink *hash_first(const struct hash *h, uint32_t key)
{
	return h->b ? same_key(h->b[key & h->mask], key) : NULL;
}

struct hlink *hash_next(const struct hlink *k)
{
	return same_key(k->next, k->key);
}

void hash_part(const struct hash *h, uint32_t i, uint32_t parts, void (*fn)(struct hlink *k, void *arg), void *arg)
{
	uint64_t n = h->b ? (uint64_t)h->mask + 1 : 0;

	for (uint64_t at = n * i / parts; at < n * (i + 1) / parts; at++) {
		for (struct hlink *k = h->b[at]; k; k = k->next)
			fn(k, arg);
	}
}

void hash_class(const struct hash *h, uint32_t i, uint32_t n, void (*fn)(struct hlink *k, void *arg), void *arg)
{
	/* an entry's bucket is the end of its hash: in a large table a class is some buckets, in a small one a part of
	 * one */
	for (uint64_t at = i & h->mask; h->b && at <= h->mask; at += n)
		for (struct hlink *k = h->b[at]; k; k = k->next)
			if ((k->key & (n - 1)) == i)
				fn(k, arg);
}

int hash_each(struct hash *h, int (*fn)(struct hlink *k, void *arg), void *arg)
{
	if (!h->b)
		return 0;
	for (uint32_t i = 0; i <= h->mask; i++) {
		for (struct hlink *k = h->b[i], *next; k; k = next) {
			int r;

			next = k->next;
			r = fn(k, arg);
			if (r)
				return r;
		}
	}
	return 0;
}
