/*
 * udp_priv.h - the parts of a UDP socket that real and virtual ones share.
 */
#ifndef OFFHOOK_LOOP_UDP_PRIV_H
#define OFFHOOK_LOOP_UDP_PRIV_H

#include "loop/loop_priv.h"
#include "loop/udp.h"

/** What a kind of socket does. */
struct udp_impl {
	void (*close)(struct udp *u);
	int (*attach)(struct udp *u, struct loop *l);
	void (*detach)(struct udp *u);
	int (*send)(struct udp *u, const struct sa *src, const struct sa *dst, struct rbuf *b);
	int (*send_now)(struct udp *u, const struct sa *dst, const void *p, size_t l);
	void (*set_dscp)(struct udp *u, uint8_t dscp);
	void (*set_stamps)(struct udp *u, bool on); /**< NULL: read when it comes */
};

/** Beginning of every socket object. */
struct udp {
	const struct udp_impl *impl;
	struct loop *loop; /**< NULL while detached */
	udp_recv_h *rh;
	void *arg;
	const void *near[2]; /**< see udp_set_near */
	struct sa local;
};

/** Destructor of every socket object. */
void udp_destroy(void *obj);
/** Hand over a datagram. The caller holds a reference; false if nobody else does now, or the socket left its loop. */
bool udp_deliver(struct udp *u, const struct udp_rx *rx);

int udp_real_open(struct udp **up, struct loop *l, const struct sa *local, const struct udp_opts *o);
int udp_virtual_open(struct udp **up, struct loop *l, const struct sa *local, const struct udp_opts *o);
/** Local address that a virtual loop would use towards `dst`. */
void udp_virtual_local_for(const struct loop *l, const struct sa *dst, struct sa *local);

/** A datagram reached its destination in a vnet: give it to the socket bound there, if any. */
void udp_virtual_deliver(struct vnet *n, const struct udp_rx *rx);

/** Room for the control data of one datagram. */
union udp_ctl {
	struct cmsghdr h;
	uint8_t b[96]; /**< local address and time of IPv6, with their headers */
};
/** Ask the system to tell the local address of datagrams. */
void udp_ctl_enable(int fd, int af);
/** The local address that came with a datagram; `dst` keeps its port and is untouched when there is none. */
void udp_ctl_read(struct msghdr *m, struct sa *dst);
/** Ask the system to tell when datagrams came, or no more; system's error. */
int udp_ctl_stamps(int fd, bool on) MUST_CHECK;
/** Us that this one has waited to be read; 0: not told. */
uint64_t udp_ctl_age_us(struct msghdr *m);
/** Say the local address for a datagram to be sent. */
void udp_ctl_write(struct msghdr *m, union udp_ctl *ctl, const struct sa *src);

#endif
