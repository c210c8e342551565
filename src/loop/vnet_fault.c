/*
 * vnet_fault.c - what happens to datagrams on their way through the vnet: the
 * filter of a test, loss, delay, reordering and duplication, and NATs with
 * address-and-port-dependent mapping and filtering (RFC 4787 sections 4 and 5).
 *
 * Filter and paths see addresses as the open network does: the source after the
 * NATs it passes on the way out, the destination before those on the way in.
 */
#include <string.h>
#include "loop/udp_priv.h"
#include "loop/vnet_priv.h"

enum {
	REORDER_MS = 30,
	NAT_FIRST_PORT = 20000,
	NAT_NEST = 8, /**< NATs behind NATs */
};

struct vnat {
	struct link le;
	struct sa_net inside;
	struct sa outside;
	struct list maps;
	uint16_t next_port;
};

/* One flow: from an inside address to one outside address. */
struct vmap {
	struct link le;
	struct sa in, peer;
	uint16_t port; /**< on the outside */
};

/* ------------------------------------------------------------------ paths */

/* `b` unset: any; its port 0: any port. */
static bool rule_match(const struct sa *a, const struct sa *b)
{
	if (!sa_isset(b))
		return true;
	return sa_port(b) ? sa_eq(a, b) : sa_eq_addr(a, b);
}

static bool same(const struct sa *a, const struct sa *b)
{
	return sa_isset(a) ? sa_eq(a, b) : !sa_isset(b);
}

const struct vnet_path *vnet_path_of(const struct vnet *n, const struct sa *src, const struct sa *dst)
{
	static const struct vnet_path clean;

	LIST_EACH (&n->rules, k) {
		struct vnet_rule *r = LINK_OBJ(k, struct vnet_rule, le);
		if (rule_match(src, &r->src) && rule_match(dst, &r->dst))
			return &r->path;
	}
	return &clean;
}

int vnet_set_path(struct vnet *n, const struct sa *src, const struct sa *dst, const struct vnet_path *p)
{
	struct sa none;
	struct vnet_rule *r;

	sa_init(&none);
	src = src ? src : &none;
	dst = dst ? dst : &none;
	LIST_EACH (&n->rules, k) {
		r = LINK_OBJ(k, struct vnet_rule, le);
		if (!same(&r->src, src) || !same(&r->dst, dst))
			continue;
		list_unlink(k);
		mem_deref(r);
	}
	r = mem_zalloc(sizeof(*r), NULL);
	if (!r)
		return ENOMEM;
	r->src = *src;
	r->dst = *dst;
	r->path = *p;
	list_prepend(&n->rules, &r->le);
	return 0;
}

void vnet_set_filter(struct vnet *n,
		     bool (*fn)(const struct sa *src, const struct sa *dst, struct slice data, void *arg), void *arg)
{
	n->filter = fn;
	n->filter_arg = arg;
}

/* ------------------------------------------------------------------ NAT */

int vnet_add_nat(struct vnet *n, const struct sa_net *inside, const struct sa *outside)
{
	struct vnat *a = mem_zalloc(sizeof(*a), NULL);

	if (!a)
		return ENOMEM;
	a->inside = *inside;
	a->outside = *outside;
	a->next_port = NAT_FIRST_PORT;
	list_append(&n->nats, &a->le);
	return 0;
}

static int nat_map(struct vnat *a, struct sa *src, const struct sa *dst)
{
	struct vmap *m = NULL;

	LIST_EACH (&a->maps, k) {
		struct vmap *c = LINK_OBJ(k, struct vmap, le);
		if (sa_eq(&c->in, src) && sa_eq(&c->peer, dst))
			m = c;
	}
	if (!m) {
		m = mem_zalloc(sizeof(*m), NULL);
		if (!m)
			return ENOMEM;
		m->in = *src;
		m->peer = *dst;
		m->port = a->next_port++;
		list_append(&a->maps, &m->le);
	}
	*src = a->outside;
	sa_set_port(src, m->port);
	return 0;
}

int vnet_nat_out(struct vnet *n, struct sa *src, const struct sa *dst)
{
	int err = 0;

	/* in the order they were added: an outer NAT comes after the inner one */
	LIST_EACH (&n->nats, k) {
		struct vnat *a = LINK_OBJ(k, struct vnat, le);
		if (!err && sa_net_has(&a->inside, src) && !sa_net_has(&a->inside, dst))
			err = nat_map(a, src, dst);
	}
	return err;
}

static struct vnat *nat_of(const struct vnet *n, const struct sa *dst)
{
	LIST_EACH (&n->nats, k) {
		struct vnat *a = LINK_OBJ(k, struct vnat, le);
		if (sa_eq_addr(&a->outside, dst))
			return a;
	}
	return NULL;
}

bool vnet_nat_in(const struct vnet *n, const struct sa *src, struct sa *dst)
{
	struct vnat *a;

	for (int i = 0; i < NAT_NEST && (a = nat_of(n, dst)); i++) {
		struct vmap *m = NULL;
		LIST_EACH (&a->maps, k) {
			struct vmap *c = LINK_OBJ(k, struct vmap, le);
			if (c->port == sa_port(dst) && sa_eq(&c->peer, src))
				m = c;
		}
		if (!m)
			return false;
		*dst = m->in;
	}
	return true;
}

void vnet_faults_free(struct vnet *n)
{
	LIST_EACH (&n->rules, k) {
		list_unlink(k);
		mem_deref(LINK_OBJ(k, struct vnet_rule, le));
	}
	LIST_EACH (&n->nats, k) {
		struct vnat *a = LINK_OBJ(k, struct vnat, le);
		LIST_EACH (&a->maps, j) {
			list_unlink(j);
			mem_deref(LINK_OBJ(j, struct vmap, le));
		}
		list_unlink(k);
		mem_deref(a);
	}
}

/* ------------------------------------------------------------------ datagrams */

struct vdatagram {
	struct vevent e;
	struct vnet *net;
	struct sa src, dst;
	size_t l;
	uint8_t data[];
};

static void datagram_h(struct vevent *e)
{
	struct vdatagram *d = CONTAINER_OF(e, struct vdatagram, e);
	struct udp_rx rx = {.src = d->src, .data = slice_mem(d->data, d->l), .us = vnet_now_us(d->net)};

	if (vnet_nat_in(d->net, &d->src, &d->dst)) {
		rx.dst = d->dst;
		udp_virtual_deliver(d->net, &rx);
	}
}

static int datagram_at(struct vnet *n, const struct sa *src, const struct sa *dst, struct slice data, uint64_t at)
{
	struct vdatagram *d = mem_alloc(sizeof(*d) + data.l, NULL);

	if (!d)
		return ENOMEM;
	d->e.fn = datagram_h;
	d->net = n;
	d->src = *src;
	d->dst = *dst;
	d->l = data.l;
	if (data.l)
		memcpy(d->data, data.p, data.l);
	vnet_schedule(n, &d->e, at);
	return 0;
}

int vnet_inject(struct vnet *n, const struct sa *src, const struct sa *dst, struct slice data)
{
	return datagram_at(n, src, dst, data, n->now);
}

static bool chance(struct vnet *n, uint16_t pm)
{
	return pm && vnet_below(n, 1000) < pm;
}

int vnet_udp_send(struct vnet *n, const struct sa *from, const struct sa *dst, struct slice data)
{
	struct sa src = *from;

	int err = vnet_nat_out(n, &src, dst);
	if (err)
		return err;
	if (n->filter && !n->filter(&src, dst, data, n->filter_arg))
		return 0;
	const struct vnet_path *p = vnet_path_of(n, &src, dst);
	if (chance(n, p->loss_pm))
		return 0;
	int copies = chance(n, p->dup_pm) ? 2 : 1;
	for (int i = 0; i < copies && !err; i++) {
		uint64_t at = n->now + p->delay_ms;
		if (p->jitter_ms)
			at += vnet_below(n, p->jitter_ms + 1);
		if (chance(n, p->reorder_pm))
			at += REORDER_MS;
		err = datagram_at(n, &src, dst, data, at);
	}
	return err;
}
