/*
 * slice.h - a piece of somebody else's bytes: pointer and length, no terminator.
 *
 * Thread: any. Ownership: a slice owns nothing; the buffer it points into must
 * outlive it.
 */
#ifndef OFFHOOK_BASE_SLICE_H
#define OFFHOOK_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/err.h"

struct slice {
	const char *p; /**< first byte; may be NULL when l is 0 */
	size_t l;      /**< bytes */
};

/** Slice of a string literal. */
#define SLICE(lit) ((struct slice){(lit), sizeof(lit) - 1})
/** The empty slice. */
#define SLICE_NULL ((struct slice){NULL, 0})
/** For printf's "%.*s". */
#define SLICE_FMT(s) (int)(s).l, (s).p ? (s).p : ""

/** Slice of a terminated string (NULL gives the empty slice). */
static inline struct slice slice_str(const char *s)
{
	return (struct slice){s, s ? strlen(s) : 0};
}
/** Slice of `l` bytes at `p`. */
static inline struct slice slice_mem(const void *p, size_t l)
{
	return (struct slice){(const char *)p, l};
}
/** True if the slice has bytes. */
static inline bool slice_isset(struct slice s)
{
	return s.l > 0;
}

/** Bytes equal. */
static inline bool slice_eq(struct slice a, struct slice b)
{
	return a.l == b.l && (a.l == 0 || memcmp(a.p, b.p, a.l) == 0);
}
/** Equal but for ASCII case. */
bool slice_ieq(struct slice a, struct slice b);
/** Equal to a terminated string. */
static inline bool slice_eqs(struct slice a, const char *s)
{
	return slice_eq(a, slice_str(s));
}
/** Equal to a terminated string but for ASCII case. */
static inline bool slice_ieqs(struct slice a, const char *s)
{
	struct slice b = slice_str(s);

	return a.l == b.l && slice_ieq(a, b);
}
/** Order as memcmp, shorter first. */
int slice_cmp(struct slice a, struct slice b);
/** `s` begins with `prefix`. */
static inline bool slice_starts(struct slice s, struct slice prefix)
{
	return s.l >= prefix.l && (prefix.l == 0 || memcmp(s.p, prefix.p, prefix.l) == 0);
}
/** Position of byte `c`, or -1. */
static inline ptrdiff_t slice_chr(struct slice s, char c)
{
	const char *q = s.l ? memchr(s.p, c, s.l) : NULL;

	return q ? q - s.p : -1;
}
/** Without leading and trailing SP, HTAB, CR, LF. */
struct slice slice_trim(struct slice s);
/** From byte `n` to the end (empty when past it). */
static inline struct slice slice_from(struct slice s, size_t n)
{
	if (n > s.l)
		n = s.l;
	/* NULL plus 0 is not defined in C */
	return n ? (struct slice){s.p + n, s.l - n} : s;
}
/** The first `n` bytes (all when shorter). */
static inline struct slice slice_first(struct slice s, size_t n)
{
	return (struct slice){s.p, n < s.l ? n : s.l};
}
/**
 * Cut at the first `c`: returns what is before it and moves `*s` behind it; without a `c` returns all,
 * leaving `*s` empty.
 */
static inline struct slice slice_cut(struct slice *s, char c)
{
	struct slice whole = *s;
	ptrdiff_t at = slice_chr(whole, c);

	*s = slice_from(whole, at < 0 ? whole.l : (size_t)at + 1);
	return at < 0 ? whole : slice_first(whole, (size_t)at);
}

/** All bytes decimal digits, value fits: 0; else ERR_SYNTAX (not a number) or ERANGE. `*v` is set on success. */
int slice_u32(struct slice s, uint32_t *v) MUST_CHECK;
/** As slice_u32 for 64 bits. */
int slice_u64(struct slice s, uint64_t *v) MUST_CHECK;

/** Value of a hexadecimal digit, -1 for another character. */
int slice_hex(char c);
/** Edit distance of two short words (letters added, left out or changed), 99 when one is longer than 38: "did you
 * mean". */
size_t slice_distance(struct slice a, struct slice b);

/** Copy into `dst` of `size` bytes with a terminator, cut when too long; returns true if it fitted. */
bool slice_copy(char *dst, size_t size, struct slice s);
/** New terminated string on the heap (mem_deref it); ENOMEM. */
int slice_dup(char **sp, struct slice s) MUST_CHECK;
/** Keyless FNV-1a, for tests and small fixed tables; network input goes through hash.h. */
uint32_t slice_fnv(struct slice s);

#endif
