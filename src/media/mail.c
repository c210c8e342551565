/*
 * mail.c - the way back from the workers to the loop thread.
 *
 * All workers of an engine push intrusive nodes on one stack and post a single
 * node to the loop when it was not posted yet, so a burst costs one wake-up. The
 * engine can empty the box by itself when it ends, whatever the loop still has
 * queued: the box lives on until that one node has come back.
 */
#include "media/media_priv.h"

static void mail_h(struct loop_msg *n)
{
	struct mailbox *b = CONTAINER_OF(n, struct mailbox, msg);

	atomic_store(&b->posted, false);
	if (b->m)
		mail_drain(b);
	else
		mem_deref(b);
}

int mailbox_alloc(struct mailbox **bp, struct media *m, struct loop *l)
{
	struct mailbox *b = mem_zalloc(sizeof(*b), NULL);

	if (!b)
		return ENOMEM;
	b->m = m;
	b->loop = l;
	b->msg.fn = mail_h;
	*bp = b;
	return 0;
}

void mail_post(struct mailbox *b, struct loop_msg *n)
{
	struct loop_msg *head = atomic_load_explicit(&b->head, memory_order_relaxed);

	do {
		n->next = head;
	} while (!atomic_compare_exchange_weak(&b->head, &head, n));
	if (!atomic_exchange(&b->posted, true))
		loop_post(b->loop, &b->msg);
}

void mail_drain(struct mailbox *b)
{
	struct loop_msg *n = atomic_exchange(&b->head, NULL), *first = NULL;

	while (n) {
		struct loop_msg *next = n->next;
		n->next = first;
		first = n;
		n = next;
	}
	while (first) {
		struct loop_msg *next = first->next;
		first->fn(first);
		first = next;
	}
}

void mailbox_close(struct mailbox *b)
{
	b->m = NULL;
	if (!atomic_load(&b->posted))
		mem_deref(b);
}
