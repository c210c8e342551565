/*
 * mail.c - messages between the loop thread and the workers, both ways.
 *
 * Senders push intrusive nodes on one stack and post a single node to the owner's
 * loop when it was not posted yet, so a burst costs one wake-up. What is left
 * rather than posted costs none: a worker empties its box before it looks at a
 * packet, so an order about packets is never late. The engine can empty a box by
 * itself when it ends, whatever the loop still has queued: the loop thread's box
 * lives on until that one node has come back.
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
	mailbox_init(b, m, l);
	*bp = b;
	return 0;
}

void mailbox_init(struct mailbox *b, struct media *m, struct loop *l)
{
	b->m = m;
	b->loop = l;
	b->msg.fn = mail_h;
}

void mail_leave(struct mailbox *b, struct loop_msg *n)
{
	struct loop_msg *head = atomic_load_explicit(&b->head, memory_order_relaxed);

	do {
		n->next = head;
	} while (!atomic_compare_exchange_weak(&b->head, &head, n));
}

void mail_post(struct mailbox *b, struct loop_msg *n)
{
	mail_leave(b, n);
	if (!atomic_exchange(&b->posted, true))
		loop_post(b->loop, &b->msg);
}

void mail_wake(struct mailbox *b)
{
	if (mail_waits(b) && !atomic_exchange(&b->posted, true))
		loop_post(b->loop, &b->msg);
}

void mail_drain(struct mailbox *b)
{
	loop_msgs_run(atomic_exchange(&b->head, NULL));
}

void mailbox_close(struct mailbox *b)
{
	b->m = NULL;
	if (!atomic_load(&b->posted))
		mem_deref(b);
}
