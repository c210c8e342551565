/*
 * udp_virtual.c - UDP sockets of a vnet. Batched or not makes no difference:
 * every datagram is an event of the network.
 */
#include "loop/udp_priv.h"
#include "loop/vnet_priv.h"

enum { MAX_PAYLOAD = 65507 };

struct udp_virtual {
	struct udp u;
	struct vnet *net;
	struct vport port;
	struct link le; /* in loop.socks */
};

static struct udp_virtual *virtual_of(struct udp *u)
{
	return CONTAINER_OF(u, struct udp_virtual, u);
}

void udp_virtual_local_for(const struct loop *l, const struct sa *dst, struct sa *local)
{
	LIST_EACH (&l->socks, k) {
		const struct sa *a = &LINK_OBJ(k, struct udp_virtual, le)->u.local;
		if (sa_af(a) != sa_af(dst) || sa_is_any(a))
			continue;
		*local = *a;
		sa_set_port(local, 0);
		return;
	}
	sa_any(local, sa_af(dst), 0);
	if (sa_af(dst) == AF_INET6)
		local->u.in6.sin6_addr = in6addr_loopback;
	else
		local->u.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}

void udp_virtual_deliver(struct vnet *n, const struct udp_rx *rx)
{
	struct vport *p = vnet_find(&n->udp, &rx->src, &rx->dst);

	if (!p)
		return;
	struct udp_virtual *v = CONTAINER_OF(p, struct udp_virtual, port);
	if (!v->u.loop)
		return;
	mem_ref(v);
	(void)udp_deliver(&v->u, rx);
	mem_deref(v);
}

static int send_from(struct udp *u, const struct sa *src, const struct sa *dst, struct slice data)
{
	struct sa from = u->local;

	if (!sa_isset(dst) || sa_af(dst) != sa_af(&u->local))
		return EAFNOSUPPORT;
	if (data.l > MAX_PAYLOAD)
		return EMSGSIZE;
	if (sa_is_any(&from)) {
		if (src && sa_af(src) == sa_af(dst) && !sa_is_any(src))
			from = *src;
		else if (u->loop)
			udp_virtual_local_for(u->loop, dst, &from);
		sa_set_port(&from, sa_port(&u->local));
	}
	return vnet_udp_send(virtual_of(u)->net, &from, dst, data);
}

static int virtual_send(struct udp *u, const struct sa *src, const struct sa *dst, struct rbuf *b)
{
	int err = send_from(u, src, dst, rbuf_slice(b));

	if (err && err != ENOMEM) {
		/* as with real sockets: counted, not returned */
		metric_add(&loop_udp_send_errors, 1);
		err = 0;
	}
	return err;
}

static int virtual_send_now(struct udp *u, const struct sa *dst, const void *p, size_t l)
{
	return send_from(u, NULL, dst, slice_mem(p, l));
}

static void virtual_detach(struct udp *u)
{
	list_unlink(&virtual_of(u)->le);
}

static int virtual_attach(struct udp *u, struct loop *l)
{
	struct udp_virtual *v = virtual_of(u);

	if (l->net != v->net)
		return EINVAL;
	list_append(&l->socks, &v->le);
	u->loop = l;
	return 0;
}

static void virtual_close(struct udp *u)
{
	struct udp_virtual *v = virtual_of(u);

	udp_detach(u);
	vnet_unbind(&v->net->udp, &v->port);
}

static void virtual_set_dscp(struct udp *u, uint8_t dscp)
{
	(void)u;
	(void)dscp;
}

static const struct udp_impl virtual_impl = {
	.close = virtual_close,
	.attach = virtual_attach,
	.detach = virtual_detach,
	.send = virtual_send,
	.send_now = virtual_send_now,
	.set_dscp = virtual_set_dscp,
};

int udp_virtual_open(struct udp **up, struct loop *l, const struct sa *local, const struct udp_opts *o)
{
	struct udp_virtual *v = mem_zalloc(sizeof(*v), udp_destroy);

	if (!v)
		return ENOMEM;
	v->u.impl = &virtual_impl;
	v->net = l->net;
	int err = vnet_bind(l->net, &l->net->udp, &v->port, local, o->reuseport);
	if (!err) {
		v->u.local = v->port.addr;
		err = o->detached ? 0 : virtual_attach(&v->u, l);
	}
	if (err) {
		mem_deref(v);
		return err;
	}
	*up = &v->u;
	return 0;
}
