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
	char *p;      /**< bytes; not terminated */
	size_t l;     /**< bytes in use */
	size_t cap;   /**< bytes allocated */
	size_t max;   /**< refuse to grow beyond; 0 = 64 MiB */
	int err;      /**< first error, 0 if none */
	bool fixed;   /**< p is the caller's and never grows */
};

/** Empty buffer, no allocation yet. */
void buf_init(struct buf *b);
/** Buffer over the caller's memory, never grows: overflow is ERR_LIMIT. */
void buf_init_fixed(struct buf *b, void *p, size_t cap);
/** Free the block and clear. */
void buf_free(struct buf *b);
/** Empty it, keep the block, clear the error. */
void buf_reset(struct buf *b);
/** Append bytes. */
void buf_mem(struct buf *b, const void *p, size_t l);
/** Append a terminated string. */
void buf_str(struct buf *b, const char *s);
/** Append a slice. */
void buf_slice(struct buf *b, struct slice s);
/** Append one byte. */
void buf_char(struct buf *b, char c);
/** Append a decimal number. */
void buf_u64(struct buf *b, uint64_t v);
/** Append as printf does. */
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *b, const char *fmt, va_list ap);
/** First error so far. */
static inline int buf_err(const struct buf *b) { return b->err; }
/** Content as a slice. */
static inline struct slice buf_get(const struct buf *b) { return slice_mem(b->p, b->l); }
/** Content as a new rbuf; returns the sticky error or ENOMEM. */
int buf_rbuf(const struct buf *b, struct rbuf **rp) MUST_CHECK;
/** Content as a new terminated string (mem_deref it); returns the sticky error or ENOMEM. */
int buf_strdup(const struct buf *b, char **sp) MUST_CHECK;

#endif
