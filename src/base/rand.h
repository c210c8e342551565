/*
 * rand.h - unpredictable numbers from the system, buffered per thread.
 *
 * Tests may seed it (rand_seed) to make a run repeatable; that is refused
 * outside the debug build. Thread: any.
 */
#ifndef OFFHOOK_BASE_RAND_H
#define OFFHOOK_BASE_RAND_H

#include <stddef.h>
#include <stdint.h>

/** Fill with random bytes. Never fails: aborts if the system has none. */
void rand_bytes(void *p, size_t n);
uint32_t rand_u32(void);
uint64_t rand_u64(void);
/** Uniform in [0, n); n > 0. */
uint32_t rand_below(uint32_t n);
/** `n` characters of [a-z0-9] (5.17 bits each) and a terminator: dst holds n + 1 bytes; returns dst. */
char *rand_text(char *dst, size_t n);
/** `n` characters that read well aloud, no 0/o/1/l (for passwords): dst holds n + 1 bytes; returns dst. */
char *rand_password(char *dst, size_t n);
/** Repeatable numbers on this thread from now on (debug build); 0 ends it. */
void rand_seed(uint64_t seed);

#endif
