/*
 * buf.c - a growing byte buffer with a sticky error.
 *
 * An append that does not fit leaves the content as it was: a reader never sees
 * half of one.
 */
#include <stdio.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"

enum { BUF_FIRST = 256, BUF_MAX_DEFAULT = 64 << 20 };

void buf_init(struct buf *b)
{
	*b = (struct buf){0};
}

void buf_init_fixed(struct buf *b, void *p, size_t cap)
{
	*b = (struct buf){.p = p, .cap = cap, .fixed = true};
}

void buf_free(struct buf *b)
{
	if (!b->fixed)
		mem_deref(b->p);
	buf_init(b);
}

void buf_reset(struct buf *b)
{
	b->l = 0;
	b->err = 0;
}

static size_t cap_max(const struct buf *b)
{
	if (b->fixed)
		return b->cap;
	return b->max ? b->max : (size_t)BUF_MAX_DEFAULT;
}

/* Room for `n` more bytes; false sets the error. */
static bool reserve(struct buf *b, size_t n)
{
	size_t max, cap;
	char *p;

	if (b->err)
		return false;
	if (n <= b->cap - b->l)
		return true;
	max = cap_max(b);
	if (b->fixed || b->l > max || n > max - b->l) {
		b->err = ERR_LIMIT;
		return false;
	}
	cap = b->cap ? b->cap : BUF_FIRST;
	while (cap < b->l + n)
		cap *= 2;
	if (cap > max)
		cap = max;
	p = mem_realloc(b->p, cap);
	if (!p) {
		b->err = ENOMEM;
		return false;
	}
	b->p = p;
	b->cap = cap;
	return true;
}

void buf_mem_slow(struct buf *b, const void *p, size_t l)
{
	if (l == 0 || !reserve(b, l))
		return;
	memcpy(b->p + b->l, p, l);
	b->l += l;
}

void buf_u64(struct buf *b, uint64_t v)
{
	uint64_t most = 9; /* with so many digits */
	size_t n = 1;

	while (v > most && n < 20) {
		most = n < 19 ? most * 10 + 9 : UINT64_MAX;
		n++;
	}
	if (!reserve(b, n))
		return;
	b->l += n;
	for (char *p = b->p + b->l; n; n--) {
		*--p = (char)('0' + v % 10);
		v /= 10;
	}
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

/* The text fits but the terminator that vsnprintf wants does not: go by way of a block of our own. */
static void printf_exact(struct buf *b, size_t n, const char *fmt, va_list ap)
{
	char *t;

	if (!reserve(b, n))
		return;
	t = mem_alloc(n + 1, NULL);
	if (!t) {
		b->err = ENOMEM;
		return;
	}
	vsnprintf(t, n + 1, fmt, ap);
	buf_mem(b, t, n);
	mem_deref(t);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	size_t room = b->cap - b->l;
	va_list ap2;
	int n;

	if (b->err)
		return;
	va_copy(ap2, ap);
	n = vsnprintf(room ? b->p + b->l : NULL, room, fmt, ap);
	if (n < 0) {
		b->err = EINVAL;
	} else if ((size_t)n < room) {
		b->l += (size_t)n;
	} else if (b->fixed || cap_max(b) - b->l <= (size_t)n) {
		printf_exact(b, (size_t)n, fmt, ap2);
	} else if (reserve(b, (size_t)n + 1)) {
		vsnprintf(b->p + b->l, (size_t)n + 1, fmt, ap2);
		b->l += (size_t)n;
	}
	va_end(ap2);
}

int buf_rbuf(const struct buf *b, struct rbuf **rp)
{
	return b->err ? b->err : rbuf_alloc(rp, b->p, b->l);
}

int buf_strdup(const struct buf *b, char **sp)
{
	return b->err ? b->err : slice_dup(sp, buf_get(b));
}
