/*
 * rbuf.c - reference-counted flat blocks.
 */
#include <string.h>
#include "base/mem.h"
#include "base/rbuf.h"

int rbuf_alloc(struct rbuf **bp, const void *p, size_t l)
{
	struct rbuf *b;

	if (l > SIZE_MAX - sizeof(*b))
		return ENOMEM;
	b = mem_alloc(sizeof(*b) + l, NULL);
	if (!b)
		return ENOMEM;
	b->l = l;
	if (p && l)
		memcpy(b->data, p, l);
	*bp = b;
	return 0;
}
