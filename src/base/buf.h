/*
 * buf.h - a growing byte buffer for building text and packets.
 *
 * The first error (ENOMEM, ERR_LIMIT) sticks: write on, ask buf_err() once at the end.
 * Ownership: the struct is the caller's (stack or member); buf_free() frees its block.
 * Thread: one.
 */
#ifndef OFFHOOK_BASE_BUF_H
#define OFFHOOK_BASE_BUF_H

#include <stdarg.h>
#include "base/rbuf.h"
#include "base/slice.h"

struct buf {
	char *p;    /**< bytes; not terminated */
	size_t l;   /**< bytes in use */
	size_t cap; /**< bytes allocated */
	size_t max; /**< refuse to grow beyond; 0 = 64 MiB */
	int err;    /**< first error, 0 if none */
	bool fixed; /**< p is the caller's and never grows */
};

/** Empty buffer, no allocation yet. */
void buf_init(struct buf *b);
/** Buffer over the caller's memory, never grows: overflow is ERR_LIMIT. */
void buf_init_fixed(struct buf *b, void *p, size_t cap);
/** Free the block and clear. */
void buf_free(struct buf *b);
/** Empty it, keep the block, clear the error. */
void buf_reset(struct buf *b);
/** Append bytes to a buffer that has no room for them, or an error. */
void buf_mem_slow(struct buf *b, const void *p, size_t l);
/** Append bytes. */
static inline void buf_mem(struct buf *b, const void *p, size_t l)
{
	if (b->err || l > b->cap - b->l) {
		buf_mem_slow(b, p, l);
	} else if (l) {
		memcpy(b->p + b->l, p, l);
		b->l += l;
	}
}
/** Append a terminated string (NULL appends nothing). */
static inline void buf_str(struct buf *b, const char *s)
{
	if (s)
		buf_mem(b, s, strlen(s));
}
/** Append a slice. */
static inline void buf_slice(struct buf *b, struct slice s)
{
	buf_mem(b, s.p, s.l);
}
/** Append one byte. */
static inline void buf_char(struct buf *b, char c)
{
	if (b->err || b->l == b->cap)
		buf_mem_slow(b, &c, 1);
	else
		b->p[b->l++] = c;
}
/** Append a decimal number. */
void buf_u64(struct buf *b, uint64_t v);
/** Append as printf does. */
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *b, const char *fmt, va_list ap);
/** First error so far. */
static inline int buf_err(const struct buf *b)
{
	return b->err;
}
/** Content as a slice. */
static inline struct slice buf_get(const struct buf *b)
{
	return slice_mem(b->p, b->l);
}
/** Content as a new rbuf; returns the sticky error or ENOMEM. */
int buf_rbuf(const struct buf *b, struct rbuf **rp) MUST_CHECK;
/** Content as a new terminated string (mem_deref it); returns the sticky error or ENOMEM. */
int buf_strdup(const struct buf *b, char **sp) MUST_CHECK;

#endif
