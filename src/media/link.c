/*
 * link.c - packets from a stream of one worker to a stream of another: a bounded
 * ring, and one message to wake the receiver for each burst. One direction.
 *
 * Life: the loop thread makes it and says when it is not wanted any more; it is
 * freed when the sending worker has let go (left) and the receiving worker has
 * seen the end (closing), whichever of its messages is still on the way.
 */
#include <string.h>
#include "media/media_priv.h"

enum {
	RECORDS = 32,
	RECORD_MAX = 1500,
};

struct record {
	uint64_t us;
	struct wcodec c; /**< what its payload type means */
	uint16_t l;
	uint8_t kind; /**< enum mlink_kind */
	uint8_t p[RECORD_MAX];
};

struct mlink {
	struct link le; /**< media.links */
	struct media *m;
	struct ring *ring;
	unsigned to_worker;
	struct loop_msg open, wake, left, close;
	atomic_bool armed;    /**< wake is on its way */
	atomic_bool converts; /**< what arrives is converted */
	/* the loop thread's */
	bool sent, has_left, released;
	/* the receiving worker's */
	struct wstream *to;
	bool closing;
};

static void free_h(struct loop_msg *n)
{
	struct mlink *l = CONTAINER_OF(n, struct mlink, close);

	mem_deref(l);
}

static void destroy(void *obj)
{
	struct mlink *l = obj;

	list_unlink(&l->le);
	mem_deref(l->ring);
}

/* ------------------------------------------------------------------ receiving worker */

static void open_h(struct loop_msg *n)
{
	struct mlink *l = CONTAINER_OF(n, struct mlink, open);
	struct wstream *to = l->to;

	if (!to)
		return;
	if (to->link_in)
		mlink_cut(to->link_in);
	if (to->fed_by) {
		to->fed_by->peer = NULL;
		to->fed_by = NULL;
	}
	to->link_in = l;
	out_unsync(&to->out);
}

static void wake_h(struct loop_msg *n)
{
	struct mlink *l = CONTAINER_OF(n, struct mlink, wake);
	struct record r;
	struct rtp_hdr h;

	atomic_store(&l->armed, false);
	if (l->closing) {
		mail_post(l->m->mail, &l->close);
		return;
	}
	while (ring_get(l->ring, &r)) {
		if (!l->to)
			continue;
		if (r.kind == MLINK_RTCP)
			rtcp_relay(l->to, r.p, r.l, r.us);
		else if (r.kind == MLINK_UDPTL)
			udptl_out(l->to, r.p, r.l, r.us);
		else if (!rtp_decode(&h, r.p, r.l))
			relay_rtp(l->to, r.p, r.l, &h, &r.c, r.us);
	}
}

static void close_h(struct loop_msg *n)
{
	struct mlink *l = CONTAINER_OF(n, struct mlink, close);

	if (l->to && l->to->link_in == l)
		l->to->link_in = NULL;
	l->to = NULL;
	l->closing = true;
	l->close.fn = free_h;
	/* a wake on the way ends it */
	if (!atomic_load(&l->armed))
		mail_post(l->m->mail, &l->close);
}

void mlink_cut(struct mlink *l)
{
	l->to = NULL;
}

void mlink_tell(struct mlink *l, bool converts)
{
	atomic_store_explicit(&l->converts, converts, memory_order_relaxed);
}

/* ------------------------------------------------------------------ loop thread */

static void try_close(struct mlink *l)
{
	/* at the end of the engine there is no worker to ask: mlinks_free() */
	if (l->released && l->has_left && !atomic_load(&l->m->stopping))
		mail_post(&l->m->wk[l->to_worker].in, &l->close);
}

static void left_h(struct loop_msg *n)
{
	struct mlink *l = CONTAINER_OF(n, struct mlink, left);

	l->has_left = true;
	try_close(l);
}

int mlink_alloc(struct mlink **lp, struct wstream *to)
{
	struct mlink *l = mem_zalloc(sizeof(*l), destroy);

	if (!l)
		return ENOMEM;
	int err = ring_alloc(&l->ring, sizeof(struct record), RECORDS);
	if (err) {
		mem_deref(l);
		return err;
	}
	l->m = to->s->m;
	l->to = to;
	l->to_worker = to->s->worker;
	l->has_left = true;
	l->open.fn = open_h;
	l->wake.fn = wake_h;
	l->left.fn = left_h;
	l->close.fn = close_h;
	list_append(&l->m->links, &l->le);
	/* by the box of the orders: it must not come after the end of the stream */
	mail_post(&l->m->wk[l->to_worker].in, &l->open);
	*lp = l;
	return 0;
}

void mlink_sent(struct mlink *l)
{
	l->has_left = false;
}

void mlink_release(struct mlink *l)
{
	l->released = true;
	try_close(l);
}

void mlinks_free(struct media *m)
{
	LIST_EACH (&m->links, k)
		mem_deref(LINK_OBJ(k, struct mlink, le));
}

/* ------------------------------------------------------------------ sending worker */

void mlink_leave(struct mlink *l)
{
	mail_post(l->m->mail, &l->left);
}

void mlink_put(struct mlink *l, enum mlink_kind kind, const uint8_t *p, size_t n, const struct wcodec *c, uint64_t us)
{
	struct record r;

	if (n > RECORD_MAX)
		return;
	r.us = us;
	r.c = c ? *c : (struct wcodec){0};
	r.l = (uint16_t)n;
	r.kind = (uint8_t)kind;
	memcpy(r.p, p, n);
	(void)ring_put(l->ring, &r);
	if (!atomic_exchange(&l->armed, true) && !atomic_load(&l->m->stopping))
		loop_post(l->m->wk[l->to_worker].loop, &l->wake);
}

bool mlink_converts(const struct mlink *l)
{
	return atomic_load_explicit(&l->converts, memory_order_relaxed);
}
