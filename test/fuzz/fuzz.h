/*
 * fuzz.h - what the fuzz targets share. A broken rule aborts, so that libFuzzer and the replay see a crash.
 */
#ifndef OFFHOOK_TEST_FUZZ_H
#define OFFHOOK_TEST_FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/slice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_ASSERT(cond)                                                                                              \
	do {                                                                                                           \
		if (!(cond)) {                                                                                         \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #cond);                             \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

/** `s` is empty or lies within `whole`. */
static inline bool fuzz_inside(struct slice whole, struct slice s)
{
	return !s.l || (s.p >= whole.p && s.l <= whole.l && (size_t)(s.p - whole.p) <= whole.l - s.l);
}

static inline bool fuzz_has_nul(struct slice s)
{
	return s.l && memchr(s.p, 0, s.l);
}

#endif
