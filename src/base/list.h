/*
 * list.h - doubly linked lists whose links live inside the objects.
 *
 * A link in no list is all zero. Thread: one. Ownership: a list owns nothing.
 */
#ifndef OFFHOOK_BASE_LIST_H
#define OFFHOOK_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"

struct list;
struct link {
	struct link *prev, *next;
	struct list *list; /**< the list it is in, or NULL */
};
struct list {
	struct link *head, *tail;
	size_t n; /**< elements */
};

/** Add at the end; the link must be in no list. */
void list_append(struct list *l, struct link *k);
/** Add at the beginning. */
void list_prepend(struct list *l, struct link *k);
/** Add before `at`, which is in a list. */
void list_insert_before(struct link *at, struct link *k);
/** Take out of its list, if in one. */
void list_unlink(struct link *k);

/** The object of type T whose member M is at link K. */
#define LINK_OBJ(k, T, m) CONTAINER_OF(k, T, m)
/** Walk; the body may unlink the present element. */
#define LIST_EACH(l, k)                                                                                                \
	for (struct link *k = (l)->head, *k##_next = k ? k->next : NULL; k; k = k##_next, k##_next = k ? k->next : NULL)

#endif
