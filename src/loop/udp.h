/*
 * udp.h - UDP sockets in two styles: batched (signalling: recvmmsg, sendmmsg at
 * the end of the turn) and immediate (sound: one send as soon as there is a packet).
 *
 * Thread: the loop's. Ownership: the caller holds the socket (mem_deref closes);
 * received bytes are valid during the call-back only.
 */
#ifndef OFFHOOK_LOOP_UDP_H
#define OFFHOOK_LOOP_UDP_H

#include "base/rbuf.h"
#include "base/sa.h"
#include "loop/loop.h"

struct udp;

/** A received datagram. */
struct udp_rx {
	struct sa src;     /**< where it came from */
	struct sa dst;     /**< local address it arrived at (pktinfo when bound to any; else the bound address) */
	struct slice data; /**< bytes; writable: the media path patches in place */
	uint64_t us;       /**< arrival, loop's monotonic us */
};
typedef void(udp_recv_h)(struct udp *u, const struct udp_rx *rx, void *arg);

struct udp_opts {
	bool batch;     /**< recvmmsg of up to 32 and sends collected to the end of the turn */
	int rcvbuf;     /**< bytes asked of the system, 0 = its default */
	int sndbuf;     /**< as rcvbuf */
	uint8_t dscp;   /**< 46 = EF, 24 = CS3; 0 leaves it */
	bool reuseport; /**< several sockets on one address */
	bool detached;  /**< on no loop yet: udp_attach will follow (a pool opens them for other threads) */
};

/** For how long every receive of a batched socket has found more than it could take: messages wait at least so long in
 * the system's queue, ms. 0: it keeps up. */
uint32_t udp_backlog_ms(const struct udp *u);
/** Open and bind; IPv6 sockets are v6-only. `o` NULL: immediate, all defaults. EADDRINUSE, EMFILE, ENOMEM ... */
int udp_open(struct udp **up, struct loop *l, const struct sa *local, const struct udp_opts *o, udp_recv_h *rh,
	     void *arg) MUST_CHECK;
/** New receiver for an open socket (pooled ports change hands). NULL drops what arrives. */
void udp_set_handler(struct udp *u, udp_recv_h *rh, void *arg);
/**
 * Memory that the receiver reads and writes for each datagram, 256 bytes each (NULL: none): fetched while the system
 * call runs. Only a hint; the addresses need not stay valid.
 */
void udp_set_near(struct udp *u, const void *a, const void *b);
/** Bound address with its port. */
void udp_local(const struct udp *u, struct sa *a);
/**
 * Socket moves to another loop: the pool is filled on one thread and read on another. Call udp_detach on the old
 * loop's thread first. EINVAL for virtual sockets of another vnet, or real ones to a virtual loop.
 */
int udp_attach(struct udp *u, struct loop *l) MUST_CHECK;
/** Stop receiving (before udp_attach elsewhere, or at close). */
void udp_detach(struct udp *u);
/**
 * Send a shared block, at the end of the turn in batch mode; holds a reference until then. `src` (may be NULL) is the
 * local address to send from when bound to any. Errors of the system are logged and counted, not returned; ENOMEM.
 */
int udp_send(struct udp *u, const struct sa *src, const struct sa *dst, struct rbuf *b) MUST_CHECK;
/** Send now, no copy kept. Returns 0 or the system's errno (EAGAIN when the buffer is full). */
int udp_send_now(struct udp *u, const struct sa *dst, const void *p, size_t l);
/**
 * udp_rx.us is from now on (or no more) when the system got a datagram, not when it was read: for those that may wait
 * meanwhile (loop_rest). Immediate sockets; nothing changes where the system does not tell.
 */
void udp_set_stamps(struct udp *u, bool on);
/** Change DSCP of outgoing packets (no error where the system refuses). */
void udp_set_dscp(struct udp *u, uint8_t dscp);
/**
 * Which local address would the system use to reach `dst`? Port 0 in the result. ENETUNREACH ...
 * Virtual: address of the first socket bound on the loop to a real one of that family, or loopback.
 */
int udp_local_for(struct loop *l, const struct sa *dst, struct sa *local) MUST_CHECK;

#endif
