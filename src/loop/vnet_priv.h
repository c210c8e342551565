/*
 * vnet_priv.h - inside of the in-memory network: events in order of time, who
 * is bound where, and what happens on the way.
 */
#ifndef OFFHOOK_LOOP_VNET_PRIV_H
#define OFFHOOK_LOOP_VNET_PRIV_H

#include "base/hash.h"
#include "base/sa.h"
#include "loop/loop_priv.h"
#include "loop/vnet.h"

/**
 * Something that happens at a virtual time. Node of a pairing heap, so that scheduling cannot fail.
 * Allocated by mem_alloc as the beginning of a larger object; dereferenced after `fn`.
 */
struct vevent {
	struct vevent *child, *sibling;
	uint64_t at, seq; /**< ms; order of scheduling among equals */
	void (*fn)(struct vevent *e);
};

enum { VNET_FIRST_PORT = 49152 }; /**< ports that are given out, up to 65535 */

/** A bound address. */
struct vport {
	struct hlink hl;
	struct sa addr;
	uint64_t seq; /**< order of binding */
	bool shared;  /**< others may bind the same */
};

struct vnet_rule {
	struct link le;
	struct sa src, dst;
	struct vnet_path path;
};

struct vnet {
	uint64_t now; /**< ms */
	uint64_t seq;
	uint64_t rnd; /**< state of the random numbers */
	struct vevent *top;
	size_t n_events;
	size_t n_conns; /**< ends of TCP connections */
	struct list loops;
	struct list rules; /**< latest first */
	struct list nats;
	struct hash udp, tcp; /**< struct vport by address */
	uint16_t next_port;
	bool (*filter)(const struct sa *src, const struct sa *dst, struct slice data, void *arg);
	void *filter_arg;
	struct vnet_dns *dns; /**< scripted zone; NULL until something is in it */
};

/** Let `e` happen at `at` (not before now). */
void vnet_schedule(struct vnet *n, struct vevent *e, uint64_t at);
/** Uniform in [0, n), the same for the same seed. */
uint32_t vnet_below(struct vnet *n, uint32_t max);

/** Bind `p` in `tab`; a port 0 gets a free one. EADDRINUSE, ENOMEM. */
int vnet_bind(struct vnet *n, struct hash *tab, struct vport *p, const struct sa *addr, bool shared) MUST_CHECK;
void vnet_unbind(struct hash *tab, struct vport *p);
/** Who takes what is sent to `dst`: the exact address before the unspecified one; of several, by source. Or NULL. */
struct vport *vnet_find(const struct hash *tab, const struct sa *src, const struct sa *dst);

/** The path between two addresses. */
const struct vnet_path *vnet_path_of(const struct vnet *n, const struct sa *src, const struct sa *dst);
/** Source address as the open network sees it. ENOMEM. */
int vnet_nat_out(struct vnet *n, struct sa *src, const struct sa *dst) MUST_CHECK;
/** Destination behind NATs; false if a NAT lets nothing in from `src`. */
bool vnet_nat_in(const struct vnet *n, const struct sa *src, struct sa *dst);
/** Free rules and NATs. */
void vnet_faults_free(struct vnet *n);

/** Send a datagram through filter, faults and NATs; ENOMEM. */
int vnet_udp_send(struct vnet *n, const struct sa *src, const struct sa *dst, struct slice data) MUST_CHECK;

#endif
