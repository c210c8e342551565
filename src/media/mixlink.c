/*
 * mixlink.c - the sums of one worker's part of a room on their way to another
 * worker's: a bounded ring, and no wake-ups, as each part has its own pace.
 */
#include "media/mix_priv.h"

enum { RECORDS = 8 };

static void from_h(struct loop_msg *n)
{
	struct mixlink *l = CONTAINER_OF(n, struct mixlink, from_msg);

	list_append(&l->from->out, &l->out);
}

static void to_h(struct loop_msg *n)
{
	struct mixlink *l = CONTAINER_OF(n, struct mixlink, to_msg);

	list_append(&l->to->in, &l->in);
}

static void destroy(void *obj)
{
	struct mixlink *l = obj;

	mem_deref(l->ring);
}

int mixlink_alloc(struct mixpart *from, struct mixpart *to)
{
	struct mixroom *r = from->r;
	struct mixlink *l = mem_zalloc(sizeof(*l), destroy);

	if (!l)
		return ENOMEM;
	int err = ring_alloc(&l->ring, sizeof(struct mixsum) + r->n * sizeof(int32_t), RECORDS);
	if (err) {
		mem_deref(l);
		return err;
	}
	l->from = from;
	l->to = to;
	l->from_msg.fn = from_h;
	l->to_msg.fn = to_h;
	list_append(&r->links, &l->le);
	return 0;
}

void mixlink_put(struct mixlink *l, const struct mixsum *s)
{
	(void)ring_put(l->ring, s);
}

bool mixlink_get(struct mixlink *l, struct mixsum *s)
{
	/* one may wait, so that two clocks need not tick together; more would be delay */
	for (uint32_t n = ring_count(l->ring); n > 2; n--)
		if (!ring_get(l->ring, s))
			break;
	return ring_get(l->ring, s);
}
