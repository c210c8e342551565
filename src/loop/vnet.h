/*
 * vnet.h - an in-memory network with a virtual clock: deterministic scenarios.
 *
 * All loops of a vnet run on the caller's thread: due messages, tails, packets
 * and timers are run in order of time, then the clock jumps to the next event.
 * Addresses need no set-up: any address can be bound. Faults (loss, delay,
 * reordering, duplication, NAT) are set per path.
 * Thread: one. Ownership: mem_deref it after its loops.
 */
#ifndef OFFHOOK_LOOP_VNET_H
#define OFFHOOK_LOOP_VNET_H

#include "base/sa.h"
#include "loop/loop.h"

struct vnet;

/** New network; `seed` makes faults repeatable. ENOMEM. */
int vnet_alloc(struct vnet **np, uint64_t seed) MUST_CHECK;
/** Run everything due up to `ms` of virtual time from now; UINT64_MAX: until nothing is left to do. */
void vnet_run(struct vnet *n, uint64_t ms);
/** Run until `cond(arg)` is true or `ms` have passed; returns the last answer of cond. */
bool vnet_run_until(struct vnet *n, bool (*cond)(void *arg), void *arg, uint64_t ms);
/** Virtual time, ms. */
uint64_t vnet_now_ms(const struct vnet *n);
/** Packets and connections in flight plus timers running, for leak checks. */
size_t vnet_pending(const struct vnet *n);

/**
 * What happens to UDP packets on a path, seen as on the open network: source after outgoing NATs, destination before
 * incoming ones. TCP suffers the delay alone, but a loss of 1000 swallows attempts to connect.
 */
struct vnet_path {
	uint32_t delay_ms;   /**< one way; default 0 */
	uint32_t jitter_ms;  /**< uniform extra delay 0..jitter */
	uint16_t loss_pm;    /**< per mille lost */
	uint16_t dup_pm;     /**< per mille sent twice */
	uint16_t reorder_pm; /**< per mille held back 30 ms */
};
/**
 * Faults from `src` to `dst`; NULL or an unset address means any; port 0 means any port. The latest
 * matching rule wins; one for the same pair replaces the older. ENOMEM.
 */
int vnet_set_path(struct vnet *n, const struct sa *src, const struct sa *dst, const struct vnet_path *p) MUST_CHECK;
/**
 * Watch or drop: called for each UDP packet before faults; return false to drop it. NULL ends it.
 * Scenario tests use it to lose "the second 200" or to record a flow.
 */
void vnet_set_filter(struct vnet *n,
		     bool (*fn)(const struct sa *src, const struct sa *dst, struct slice data, void *arg), void *arg);
/**
 * A NAT: packets (and TCP connections) from addresses in `inside` leave with address `outside` and ports of their own;
 * address-and-port-dependent mapping and filtering. Add inner NATs before outer ones. ENOMEM.
 */
int vnet_add_nat(struct vnet *n, const struct sa_net *inside, const struct sa *outside) MUST_CHECK;
/** Inject a raw UDP packet (spoofed source) behind filter and faults; NATs on the way in want their mapping. ENOMEM. */
int vnet_inject(struct vnet *n, const struct sa *src, const struct sa *dst, struct slice data) MUST_CHECK;

#endif
