/*
 * hash.h - hash table with links inside the objects, keyed against flooding.
 *
 * Grows by itself; doubling costs one pass. Thread: one. Ownership: the table
 * owns its bucket array only.
 */
#ifndef OFFHOOK_BASE_HASH_H
#define OFFHOOK_BASE_HASH_H

#include "base/slice.h"

struct hlink {
	struct hlink *next;
	struct hlink **pprev; /**< NULL when in no table */
	uint32_t key;         /**< full hash value */
};
struct hash {
	struct hlink **b; /**< buckets, a power of two; NULL until the first entry */
	uint32_t mask;
	size_t n; /**< entries */
};

/** Hash of bytes with the secret of this process (SipHash-1-3 or better). */
uint32_t hash_bytes(struct slice s);
/** As hash_bytes, letters folded to lower case. */
uint32_t hash_ibytes(struct slice s);
/** Mix an integer (with the secret). */
uint32_t hash_u64(uint64_t v);

/** Empty table, no allocation. */
void hash_init(struct hash *h);
/** Free the buckets (entries are left alone and must be gone or never touched again). */
void hash_free(struct hash *h);
/** Add; ENOMEM only when the first buckets cannot be had (a failed growth is not an error). */
int hash_add(struct hash *h, uint32_t key, struct hlink *k) MUST_CHECK;
/** Take out, if in. */
void hash_del(struct hash *h, struct hlink *k);
/** First entry whose full hash is `key`, or NULL. The caller compares the real key. */
struct hlink *hash_first(const struct hash *h, uint32_t key);
/** Next entry with the same full hash. */
struct hlink *hash_next(const struct hlink *k);
/** Call `fn` for the entries of part `i` of `parts`; over all parts each comes once, if the table does not grow
 * meanwhile. `fn` must not change the table. */
void hash_part(const struct hash *h, uint32_t i, uint32_t parts, void (*fn)(struct hlink *k, void *arg), void *arg);
/** Call `fn` for the entries whose full hash is `i` modulo `n`, a power of two: over all `i` each comes once, also when
 * the table grows meanwhile. `fn` must not change the table. */
void hash_class(const struct hash *h, uint32_t i, uint32_t n, void (*fn)(struct hlink *k, void *arg), void *arg);
/** Call `fn` for every entry; `fn` may delete the entry it is given; stops and returns what fn returns if not 0. */
int hash_each(struct hash *h, int (*fn)(struct hlink *k, void *arg), void *arg);

#endif
