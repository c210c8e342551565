/*
 * jbuf_store.c - the packets that wait, in order. Few and short: an array kept sorted by
 * insertion. Payloads lie in chained blocks of a slab that grows a few times at most.
 */
#include <string.h>
#include "media/jbuf_priv.h"

void jstore_free(struct jstore *s)
{
	s->bytes = mem_deref(s->bytes);
	s->chain = mem_deref(s->chain);
}

/* Twice as much room. */
static int grow(struct jstore *s)
{
	unsigned n = s->nblocks ? s->nblocks * 2U : JBLOCKS_FIRST;

	if (s->nblocks == JBLOCKS_MAX)
		return ENOSPC;
	if (n > JBLOCKS_MAX)
		n = JBLOCKS_MAX;
	uint8_t *bytes = mem_realloc(s->bytes, n * JBLOCK);
	if (!bytes)
		return ENOMEM;
	s->bytes = bytes;
	uint16_t *chain = mem_realloc(s->chain, n * sizeof(*chain));
	if (!chain)
		return ENOMEM;
	s->chain = chain;
	if (!s->nblocks)
		s->free = JNONE;
	for (unsigned i = s->nblocks; i < n; i++) {
		chain[i] = s->free;
		s->free = (uint16_t)i;
	}
	s->nblocks = (uint16_t)n;
	return 0;
}

static void give_back(struct jstore *s, uint16_t b)
{
	while (b != JNONE) {
		uint16_t next = s->chain[b];
		s->chain[b] = s->free;
		s->free = b;
		b = next;
	}
}

static int keep(struct jstore *s, struct jslot *e, const uint8_t *p)
{
	uint16_t last = JNONE;

	e->block = JNONE;
	for (size_t at = 0; at < e->l; at += JBLOCK) {
		if (!s->nblocks || s->free == JNONE) {
			int err = grow(s);
			if (err) {
				give_back(s, e->block);
				return err;
			}
		}
		uint16_t b = s->free;
		s->free = s->chain[b];
		s->chain[b] = JNONE;
		if (last == JNONE)
			e->block = b;
		else
			s->chain[last] = b;
		last = b;
		memcpy(s->bytes + (size_t)b * JBLOCK, p + at, e->l - at < JBLOCK ? e->l - at : JBLOCK);
	}
	return 0;
}

/* a after b: > 0. Epochs count up and few are there at a time. */
static int order(const struct jslot *a, const struct jslot *b)
{
	int8_t e = (int8_t)(uint8_t)(a->epoch - b->epoch);

	return e ? e : (int16_t)(uint16_t)(a->seq - b->seq);
}

int jstore_put(struct jstore *s, const struct jslot *slot, const uint8_t *p)
{
	struct jslot e = *slot;
	unsigned at = s->n;

	while (at > 0 && order(&s->slot[at - 1], &e) > 0)
		at--;
	if (at > 0 && !order(&s->slot[at - 1], &e))
		return EALREADY;
	if (s->n == JSLOTS)
		return ENOSPC;
	int err = keep(s, &e, p);
	if (err)
		return err;
	memmove(&s->slot[at + 1], &s->slot[at], (s->n - at) * sizeof(e));
	s->slot[at] = e;
	s->n++;
	return 0;
}

void jstore_read(const struct jstore *s, const struct jslot *e, uint8_t *dst)
{
	uint16_t b = e->block;

	for (size_t at = 0; at < e->l; at += JBLOCK, b = s->chain[b])
		memcpy(dst + at, s->bytes + (size_t)b * JBLOCK, e->l - at < JBLOCK ? e->l - at : JBLOCK);
}

void jstore_drop(struct jstore *s)
{
	give_back(s, s->slot[0].block);
	s->n--;
	memmove(&s->slot[0], &s->slot[1], s->n * sizeof(s->slot[0]));
}

void jstore_clear(struct jstore *s)
{
	while (s->n)
		jstore_drop(s);
}
