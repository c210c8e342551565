/*
 * list.c - doubly linked lists with links inside the objects.
 */
#include "base/base_priv.h"
#include "base/list.h"

void list_append(struct list *l, struct link *k)
{
	DEBUG_CHECK(!k->list);
	k->list = l;
	k->next = NULL;
	k->prev = l->tail;
	if (l->tail)
		l->tail->next = k;
	else
		l->head = k;
	l->tail = k;
	l->n++;
}

void list_insert_before(struct link *at, struct link *k)
{
	struct list *l = at->list;

	DEBUG_CHECK(l && !k->list);
	k->list = l;
	k->next = at;
	k->prev = at->prev;
	if (at->prev)
		at->prev->next = k;
	else
		l->head = k;
	at->prev = k;
	l->n++;
}

void list_prepend(struct list *l, struct link *k)
{
	if (l->head)
		list_insert_before(l->head, k);
	else
		list_append(l, k);
}

void list_unlink(struct link *k)
{
	struct list *l = k->list;

	if (!l)
		return;
	if (k->prev)
		k->prev->next = k->next;
	else
		l->head = k->next;
	if (k->next)
		k->next->prev = k->prev;
	else
		l->tail = k->prev;
	l->n--;
	*k = (struct link){0};
}
