/*
 * tcp_virtual.c - TCP inside a vnet: streams cut into segments of 1400 bytes,
 * with the delay of the path, a window, and orderly ends. Nothing is lost or
 * reordered, as TCP promises.
 *
 * Two ends share a pipe. Segments on their way hold the pipe, not the ends, so
 * an end may go at any time.
 */
#include <string.h>
#include "loop/tcp_priv.h"
#include "loop/udp_priv.h"
#include "loop/vnet_priv.h"

enum {
	SEGMENT = 1400,
	WINDOW = 64 * 1024, /**< bytes on their way or unread because of tcp_read_pause */
};

struct tcp_virtual;
struct tcp_virtual_listener;

/* What flows towards one end. */
struct vflow {
	struct list parked; /**< segments that arrived while reading was paused */
	size_t window_used;
	uint64_t last_at; /**< arrival of the latest segment: none may overtake it */
	bool ended;       /**< the end of the stream is sent */
};

struct vpipe {
	struct vnet *net;
	struct tcp_virtual *end[2];
	struct sa addr[2]; /**< as the other end sees it */
	struct vflow to[2];
};

struct tcp_virtual {
	struct tcp t;
	struct vpipe *pipe;
	int side; /**< 0 called, 1 listened */
	bool up;
	struct loop_tail tail;
};

struct tcp_virtual_listener {
	struct tcp_listener l;
	struct vport port;
	struct vpipe *pending;
};

enum vseg_kind { SEG_SYN, SEG_UP, SEG_REFUSED, SEG_DATA, SEG_FIN };

struct vseg {
	struct vevent e;
	struct link le; /* while parked */
	struct vpipe *pipe;
	int side; /**< where it goes */
	enum vseg_kind kind;
	size_t l;
	uint8_t data[];
};

static struct tcp_virtual *virtual_of(struct tcp *t)
{
	return CONTAINER_OF(t, struct tcp_virtual, t);
}

static void seg_destroy(void *obj)
{
	struct vseg *s = obj;

	mem_deref(s->pipe);
}

static void seg_h(struct vevent *e);

/* Put a segment on its way to one side; ENOMEM. */
static int seg_send(struct vpipe *p, int side, enum vseg_kind kind, size_t l, struct vseg **sp)
{
	struct vseg *s = mem_zalloc(sizeof(*s) + l, seg_destroy);

	if (!s)
		return ENOMEM;
	s->e.fn = seg_h;
	s->pipe = mem_ref(p);
	s->side = side;
	s->kind = kind;
	s->l = l;
	struct vflow *f = &p->to[side];
	uint64_t at = p->net->now + vnet_path_of(p->net, &p->addr[!side], &p->addr[side])->delay_ms;
	if (at < f->last_at)
		at = f->last_at;
	f->last_at = at;
	vnet_schedule(p->net, &s->e, at);
	if (sp)
		*sp = s;
	return 0;
}

/* ------------------------------------------------------------------ sending */

/* Cut the queue into segments as far as the window goes; ENOMEM. */
static int pump(struct tcp_virtual *v)
{
	struct vpipe *p = v->pipe;
	struct vflow *f = &p->to[!v->side];

	while (v->t.bytes && f->window_used < WINDOW) {
		size_t l = v->t.bytes < SEGMENT ? v->t.bytes : SEGMENT, have = 0;
		struct vseg *s;
		if (seg_send(p, !v->side, SEG_DATA, l, &s))
			return ENOMEM;
		while (have < l) {
			struct iovec iov;
			(void)tcp_out_iov(&v->t, &iov, 1);
			size_t k = iov.iov_len < l - have ? iov.iov_len : l - have;
			memcpy(s->data + have, iov.iov_base, k);
			tcp_out_done(&v->t, k);
			have += k;
		}
		f->window_used += l;
	}
	if (v->t.bytes || v->t.st != ST_LINGER || f->ended)
		return 0;
	f->ended = true;
	return seg_send(p, !v->side, SEG_FIN, 0, NULL);
}

static void take_parked(struct tcp_virtual *v);

static void tail_h(void *arg)
{
	struct tcp_virtual *v = arg;

	if (!v->up)
		return;
	tcp_hold(&v->t);
	int err = pump(v);
	/* a lingering end has nothing to wait for once its end of stream is on the way */
	if (err || (v->t.st == ST_LINGER && v->pipe->to[!v->side].ended))
		tcp_finish(&v->t, err);
	else if (tcp_check_drained(&v->t))
		take_parked(v);
	tcp_unhold(&v->t);
}

static void virtual_kick(struct tcp *t)
{
	loop_at_tail(t->loop, &virtual_of(t)->tail);
}

static void virtual_push(struct tcp *t)
{
	/* out of memory shows again at the tail, where the connection may end */
	if (virtual_of(t)->up && pump(virtual_of(t)))
		virtual_kick(t);
}

static void virtual_pause(struct tcp *t)
{
	virtual_kick(t);
}

/* The receiver took bytes: the sender may go on. */
static void credit(struct vpipe *p, int side, size_t l)
{
	struct tcp_virtual *from = p->end[!side];

	p->to[side].window_used -= l;
	if (from)
		virtual_kick(&from->t);
}

/* What an end that goes has not read; these segments hold the pipe, so they cannot stay in it. */
static void drop_parked(struct vpipe *p, int side)
{
	LIST_EACH (&p->to[side].parked, k) {
		struct vseg *s = LINK_OBJ(k, struct vseg, le);
		list_unlink(k);
		if (s->kind == SEG_DATA)
			credit(p, side, s->l);
		mem_deref(s);
	}
}

static void virtual_release(struct tcp *t)
{
	struct tcp_virtual *v = virtual_of(t);
	struct vpipe *p = v->pipe;

	loop_tail_cancel(&v->tail);
	if (!p)
		return;
	p->end[v->side] = NULL;
	drop_parked(p, v->side);
	/* without memory for a segment the other end is told by nothing but its own timers, as when a host dies */
	if (v->up && !p->to[!v->side].ended) {
		p->to[!v->side].ended = true;
		(void)seg_send(p, !v->side, SEG_FIN, 0, NULL);
	}
	p->net->n_conns--;
	v->pipe = mem_deref(p);
}

static const struct tcp_impl virtual_impl = {
	.release = virtual_release,
	.kick = virtual_kick,
	.push = virtual_push,
	.pause = virtual_pause,
};

static struct tcp_virtual *end_new(struct loop *l, struct vpipe *p, int side, enum tcp_st st)
{
	struct tcp_virtual *v = mem_zalloc(sizeof(*v), tcp_destroy);

	if (!v)
		return NULL;
	tcp_setup(&v->t, &virtual_impl, l, st);
	v->pipe = mem_ref(p);
	v->side = side;
	v->up = st == ST_UP;
	v->tail.fn = tail_h;
	v->tail.arg = v;
	p->end[side] = v;
	p->net->n_conns++;
	return v;
}

/* ------------------------------------------------------------------ receiving */

/* Data or end of stream for an end that is there and reads; false when no more can be given to it. */
static bool take(struct tcp_virtual *v, struct vseg *s)
{
	if (s->kind == SEG_FIN) {
		/* an end that lingers may still have output, and its sender waits for none */
		if (v->t.st != ST_LINGER)
			tcp_finish(&v->t, 0);
		return false;
	}
	credit(s->pipe, s->side, s->l);
	return tcp_deliver(&v->t, slice_mem(s->data, s->l));
}

/* What arrived while reading was paused. The caller holds `v`. */
static void take_parked(struct tcp_virtual *v)
{
	bool live = true;

	while (live && v->pipe && !v->t.paused && v->pipe->to[v->side].parked.head) {
		struct vseg *s = LINK_OBJ(v->pipe->to[v->side].parked.head, struct vseg, le);
		list_unlink(&s->le);
		live = take(v, s);
		mem_deref(s);
	}
}

static void syn_h(struct vseg *s)
{
	struct vpipe *p = s->pipe;
	struct sa dst = p->addr[1];
	bool in = vnet_nat_in(p->net, &p->addr[0], &dst);
	struct vport *port = in ? vnet_find(&p->net->tcp, &p->addr[0], &dst) : NULL;

	if (!p->end[0])
		return;
	if (!port) {
		(void)seg_send(p, 0, SEG_REFUSED, 0, NULL);
		return;
	}
	struct tcp_virtual_listener *vl = CONTAINER_OF(port, struct tcp_virtual_listener, port);
	if (seg_send(p, 0, SEG_UP, 0, NULL))
		return;
	mem_ref(vl);
	vl->pending = mem_ref(p);
	vl->l.peer = p->addr[0];
	struct sa peer = p->addr[0];
	vl->l.ah(&vl->l, &peer, vl->l.arg);
	if (vl->pending) {
		/* nobody took it */
		vl->pending = mem_deref(vl->pending);
		p->to[0].ended = true;
		(void)seg_send(p, 0, SEG_FIN, 0, NULL);
	}
	mem_deref(vl);
}

static void seg_h(struct vevent *e)
{
	struct vseg *s = CONTAINER_OF(e, struct vseg, e);
	struct tcp_virtual *v = s->pipe->end[s->side];

	if (s->kind == SEG_SYN) {
		syn_h(s);
		return;
	}
	if (!v) {
		if (s->kind == SEG_DATA)
			credit(s->pipe, s->side, s->l);
		return;
	}
	tcp_hold(&v->t);
	if (s->kind == SEG_REFUSED) {
		tcp_finish(&v->t, ECONNREFUSED);
	} else if (s->kind == SEG_UP) {
		v->up = true;
		if (tcp_up(&v->t) || v->t.st == ST_LINGER)
			virtual_kick(&v->t);
	} else if (v->t.paused || s->pipe->to[s->side].parked.n) {
		list_append(&s->pipe->to[s->side].parked, &s->le);
		mem_ref(s);
	} else {
		(void)take(v, s);
	}
	tcp_unhold(&v->t);
}

/* ------------------------------------------------------------------ interface */

static int connect_addr(struct vpipe *p, struct loop *l, const struct sa *local, const struct sa *dst, struct sa *mine)
{
	if (local && !sa_is_any(local))
		*mine = *local;
	else
		udp_virtual_local_for(l, dst, mine);
	if (local)
		sa_set_port(mine, sa_port(local));
	if (!sa_port(mine)) {
		/* ports of callers need not be unique against listeners: nothing is looked up by them */
		sa_set_port(mine, p->net->next_port);
		uint16_t next = p->net->next_port;
		p->net->next_port = next == UINT16_MAX ? VNET_FIRST_PORT : (uint16_t)(next + 1);
	}
	p->addr[0] = *mine;
	p->addr[1] = *dst;
	return vnet_nat_out(p->net, &p->addr[0], dst);
}

int tcp_virtual_connect(struct tcp **tp, struct loop *l, const struct sa *local, const struct sa *dst)
{
	struct vpipe *p = mem_zalloc(sizeof(*p), NULL);
	struct tcp_virtual *v = NULL;
	struct sa mine;

	if (!p)
		return ENOMEM;
	p->net = l->net;
	int err = connect_addr(p, l, local, dst, &mine);
	if (!err) {
		v = end_new(l, p, 0, ST_CONNECTING);
		err = v ? 0 : ENOMEM;
	}
	/* a path that loses everything swallows the attempt; else connections suffer delay alone */
	if (!err && vnet_path_of(p->net, &p->addr[0], &p->addr[1])->loss_pm < 1000)
		err = seg_send(p, 1, SEG_SYN, 0, NULL);
	mem_deref(p);
	if (err) {
		mem_deref(v);
		return err;
	}
	v->t.local = mine;
	v->t.peer = *dst;
	*tp = &v->t;
	return 0;
}

static void listener_release(struct tcp_listener *tl)
{
	struct tcp_virtual_listener *vl = CONTAINER_OF(tl, struct tcp_virtual_listener, l);

	vnet_unbind(&tl->loop->net->tcp, &vl->port);
	mem_deref(vl->pending);
}

static int listener_accept(struct tcp **tp, struct tcp_listener *tl)
{
	struct tcp_virtual_listener *vl = CONTAINER_OF(tl, struct tcp_virtual_listener, l);
	struct vpipe *p = vl->pending;

	if (!p)
		return ERR_STATE;
	struct tcp_virtual *v = end_new(tl->loop, p, 1, ST_UP);
	if (!v)
		return ENOMEM;
	v->t.local = p->addr[1];
	v->t.peer = p->addr[0];
	vl->pending = mem_deref(p);
	*tp = &v->t;
	return 0;
}

static const struct tcp_listener_impl listener_impl = {
	.release = listener_release,
	.accept = listener_accept,
};

int tcp_virtual_listen(struct tcp_listener **lp, struct loop *l, const struct sa *local)
{
	struct tcp_virtual_listener *vl = mem_zalloc(sizeof(*vl), tcp_listener_destroy);

	if (!vl)
		return ENOMEM;
	vl->l.impl = &listener_impl;
	vl->l.loop = l;
	int err = vnet_bind(l->net, &l->net->tcp, &vl->port, local, false);
	if (err) {
		mem_deref(vl);
		return err;
	}
	vl->l.local = vl->port.addr;
	*lp = &vl->l;
	return 0;
}
