/*
 * handle.c - index and generation names.
 *
 * A slot's generation moves on when its name is dropped, so the old name never
 * fits again (until 2^32 uses of one slot later).
 */
#include "base/handle.h"
#include "base/mem.h"

struct handle_slot {
	void *obj;
	uint32_t gen;  /* never 0 */
	uint32_t next; /* free: index + 1 of the next free slot, 0 = last; in use: IN_USE */
};

static const uint32_t IN_USE = UINT32_MAX;
enum { SLOTS_FIRST = 16, SLOTS_MAX = 1 << 30 };

void handle_tab_init(struct handle_tab *t)
{
	*t = (struct handle_tab){0};
}

void handle_tab_free(struct handle_tab *t)
{
	mem_deref(t->slot);
	handle_tab_init(t);
}

static int grow(struct handle_tab *t)
{
	uint32_t cap = t->cap ? t->cap * 2 : SLOTS_FIRST;
	struct handle_slot *s;

	if (cap > SLOTS_MAX)
		return ENOMEM;
	s = mem_realloc(t->slot, cap * sizeof(*s));
	if (!s)
		return ENOMEM;
	/* the new slots become the free list, lowest first; growth happens only when it is empty */
	for (uint32_t i = t->cap; i < cap; i++)
		s[i] = (struct handle_slot){.gen = 1, .next = i + 1 < cap ? i + 2 : 0};
	t->free = t->cap + 1;
	t->slot = s;
	t->cap = cap;
	return 0;
}

int handle_new(struct handle_tab *t, void *obj, handle_t *h)
{
	struct handle_slot *s;
	uint32_t id;

	if (!t->free) {
		int err = grow(t);

		if (err)
			return err;
	}
	id = t->free;
	s = &t->slot[id - 1];
	t->free = s->next;
	t->used++;
	s->obj = obj;
	s->next = IN_USE;
	*h = (handle_t)s->gen << 32 | id;
	return 0;
}

static struct handle_slot *find(const struct handle_tab *t, handle_t h)
{
	uint32_t id = (uint32_t)h;
	struct handle_slot *s;

	if (id == 0 || id > t->cap)
		return NULL;
	s = &t->slot[id - 1];
	return s->next == IN_USE && s->gen == (uint32_t)(h >> 32) ? s : NULL;
}

void *handle_get(const struct handle_tab *t, handle_t h)
{
	const struct handle_slot *s = find(t, h);

	return s ? s->obj : NULL;
}

void handle_drop(struct handle_tab *t, handle_t h)
{
	struct handle_slot *s = find(t, h);

	if (!s)
		return;
	s->obj = NULL;
	if (++s->gen == 0)
		s->gen = 1;
	s->next = t->free;
	t->free = (uint32_t)h;
	t->used--;
}
