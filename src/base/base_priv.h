/*
 * base_priv.h - what the files of this room share with each other and with their unit tests.
 */
#ifndef OFFHOOK_BASE_PRIV_H
#define OFFHOOK_BASE_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/** A programmer's mistake: the debug build stops at once, the release build goes on. */
#ifdef OH_DEBUG
#define DEBUG_CHECK(cond)                                                                                              \
	do {                                                                                                           \
		if (!(cond)) {                                                                                         \
			fprintf(stderr, "%s:%d: broken rule: %s\n", __FILE__, __LINE__, #cond);                        \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)
#else
#define DEBUG_CHECK(cond) ((void)0)
#endif

/** Class of a block of `size` bytes, 1 or more; 0: too large, the C library's business. */
uint32_t pool_class(size_t size);
/** Bytes of a block of a class (0 for class 0). */
size_t pool_size(uint32_t class);
/** Block of a class that is not 0: one that this thread kept, or a new one; NULL when memory is out. */
void *pool_get(uint32_t class);
/** Give a block back, on any thread. */
void pool_put(void *p, uint32_t class);
/** Bytes that this thread keeps. */
size_t pool_kept(void);
/** Give all that this thread keeps to the C library. */
void pool_empty(void);

/** `c` with an ASCII capital made small. */
static inline unsigned char fold1(unsigned char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/**
 * Eight bytes at once: every ASCII capital is made small, other bytes stay.
 * Adding to the low seven bits carries into bit 7 exactly when a bound is passed;
 * the two sums differ there only between 'A' and 'Z'.
 */
static inline uint64_t fold8(uint64_t v)
{
	const uint64_t ones = 0x0101010101010101ULL;
	uint64_t low = v & (ones * 0x7f);
	uint64_t ge_a = low + ones * (0x80 - 'A');
	uint64_t gt_z = low + ones * (0x7f - 'Z');

	return v | (((ge_a ^ gt_z) & ~v & (ones * 0x80)) >> 2);
}

/** SipHash-1-3 of `l` bytes; with `fold`, ASCII capitals count as small letters. */
uint64_t siphash13(const uint64_t key[2], const void *p, size_t l, bool fold);

/** Bytes from the system itself, at most 256; aborts if it has none. */
void rand_entropy(void *p, size_t n);

/** One ChaCha20 block (RFC 8439, 2.3): 256-bit key, words 12-15 of the state, 64 bytes out. */
void chacha20_block(const uint32_t key[8], const uint32_t ctr_nonce[4], uint8_t out[64]);

#endif
