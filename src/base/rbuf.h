/*
 * rbuf.h - one flat block of bytes with a reference count: a received message
 * or one to be sent. Once shared, its bytes do not change.
 *
 * Ownership: by mem.h; a holder calls mem_ref()/mem_deref(). Thread: one at a time.
 */
#ifndef OFFHOOK_BASE_RBUF_H
#define OFFHOOK_BASE_RBUF_H

#include "base/slice.h"

struct rbuf {
	size_t l; /**< bytes in use */
	uint8_t data[];
};

/** New block of `l` bytes; copies `p` unless it is NULL. ENOMEM. */
int rbuf_alloc(struct rbuf **bp, const void *p, size_t l) MUST_CHECK;
/** All of it as a slice. */
static inline struct slice rbuf_slice(const struct rbuf *b)
{
	return slice_mem(b->data, b->l);
}

#endif
