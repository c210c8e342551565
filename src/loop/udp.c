/*
 * udp.c - UDP sockets: what is the same for the system's and the vnet's.
 */
#include "loop/udp_priv.h"

void udp_destroy(void *obj)
{
	struct udp *u = obj;

	u->impl->close(u);
}

int udp_open(struct udp **up, struct loop *l, const struct sa *local, const struct udp_opts *o, udp_recv_h *rh,
	     void *arg)
{
	static const struct udp_opts plain;
	struct udp *u;

	if (!sa_isset(local))
		return EINVAL;
	if (!o)
		o = &plain;
	int err = l->net ? udp_virtual_open(&u, l, local, o) : udp_real_open(&u, l, local, o);
	if (err)
		return err;
	u->rh = rh;
	u->arg = arg;
	*up = u;
	return 0;
}

bool udp_deliver(struct udp *u, const struct udp_rx *rx)
{
	struct loop *l = u->loop;

	if (u->rh)
		u->rh(u, rx, u->arg);
	return u->loop == l && mem_nrefs(u) > 1;
}

void udp_set_handler(struct udp *u, udp_recv_h *rh, void *arg)
{
	u->rh = rh;
	u->arg = arg;
}

void udp_set_near(struct udp *u, const void *a, const void *b)
{
	u->near[0] = a;
	u->near[1] = b;
}

void udp_local(const struct udp *u, struct sa *a)
{
	*a = u->local;
}

int udp_attach(struct udp *u, struct loop *l)
{
	if (u->loop == l)
		return 0;
	udp_detach(u);
	return u->impl->attach(u, l);
}

void udp_detach(struct udp *u)
{
	if (u->loop)
		u->impl->detach(u);
	u->loop = NULL;
}

int udp_send(struct udp *u, const struct sa *src, const struct sa *dst, struct rbuf *b)
{
	return u->impl->send(u, src, dst, b);
}

int udp_send_now(struct udp *u, const struct sa *dst, const void *p, size_t l)
{
	return u->impl->send_now(u, dst, p, l);
}

void udp_set_stamps(struct udp *u, bool on)
{
	if (u->impl->set_stamps)
		u->impl->set_stamps(u, on);
}

void udp_set_dscp(struct udp *u, uint8_t dscp)
{
	u->impl->set_dscp(u, dscp);
}
