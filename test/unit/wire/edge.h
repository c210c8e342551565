/*
 * edge.h - inputs placed flush against a page that may not be touched, so that reading one byte too many crashes.
 */
#ifndef OFFHOOK_TEST_WIRE_EDGE_H
#define OFFHOOK_TEST_WIRE_EDGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/slice.h"

enum { EDGE_SLOTS = 4, EDGE_SIZE = 128 * 1024 };

/** The bytes again, ending at the last byte before a PROT_NONE page; good for the next EDGE_SLOTS - 1 calls. */
static inline struct slice edge(const void *p, size_t l)
{
	static char *slot[EDGE_SLOTS];
	static unsigned next;
	char **s = &slot[next++ % EDGE_SLOTS];

	if (l > EDGE_SIZE)
		abort();
	if (!*s) {
		*s = mmap(NULL, EDGE_SIZE + (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (*s == MAP_FAILED || mprotect(*s + EDGE_SIZE, (size_t)sysconf(_SC_PAGESIZE), PROT_NONE))
			abort();
	}
	if (l)
		memcpy(*s + EDGE_SIZE - l, p, l);
	return slice_mem(*s + EDGE_SIZE - l, l);
}

static inline struct slice edge_str(const char *s)
{
	return edge(s, strlen(s));
}

static inline void slice_check(struct slice s, const char *want, const char *what)
{
	if (!want)
		want = "";
	if (!slice_eqs(s, want))
		fail_msg("%s is \"%.*s\", not \"%s\"", what, SLICE_FMT(s), want);
}

/** The slice reads as `want`; NULL means empty. */
#define assert_slice(s, want) slice_check(s, want, #s)

/** Whole file; the test fails when it cannot be read. */
static inline struct slice file_read(const char *path, char *dst, size_t size)
{
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f)
		fail_msg("cannot open %s", path);
	n = fread(dst, 1, size, f);
	fclose(f);
	return slice_mem(dst, n);
}

#endif
