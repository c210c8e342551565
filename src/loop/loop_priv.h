/*
 * loop_priv.h - what the files of this room share: the loop object, its timing
 * wheel and the small objects that hang on it. Nobody outside src/loop reads it.
 */
#ifndef OFFHOOK_LOOP_PRIV_H
#define OFFHOOK_LOOP_PRIV_H

#include <stdatomic.h>
#include "base/inspect.h"
#include "base/mem.h"
#include "loop/loop.h"
#include "loop/poll.h"

enum {
	WHEEL_BITS = 6,
	WHEEL_SLOTS = 1 << WHEEL_BITS,
	WHEEL_LEVELS = 6,        /**< 2^36 ms, a little over two years; what is later waits in `far` */
	VNET_START_MS = 1000000, /**< virtual time begins here, so that "now - x" never wraps in tests */
	RX_SLOTS = 32,           /**< datagrams of one recvmmsg */
	RX_SIZE = 65536,         /**< bytes for each */
	WAKES_MAX = 8,           /**< loops whose waking waits for the end of a turn */
};

/**
 * Hierarchical timing wheel. A timer sits at the level of the highest bit in which its due time differs
 * from `base`; so a slot of a higher level is dealt out before anything is put directly into the lower slots
 * it covers, and timers of one ms fire in the order of their start.
 */
struct wheel {
	struct list slot[WHEEL_LEVELS][WHEEL_SLOTS];
	uint64_t busy[WHEEL_LEVELS]; /**< a bit for each slot that has timers */
	struct list far;             /**< beyond the last level */
	struct list firing;          /**< taken out of their slot, being called */
	uint64_t base;               /**< all ms before this one are done */
	size_t n;                    /**< timers running */
};
void wheel_init(struct wheel *w, uint64_t now);
/** Add a stopped timer; t->due is set. */
void wheel_add(struct wheel *w, struct timer *t);
void wheel_del(struct wheel *w, struct timer *t);
/** Stop all timers, uncalled. */
void wheel_clear(struct wheel *w);
/** Call all timers due at `now` or before; true if there was one. */
bool wheel_run(struct wheel *w, uint64_t now);
/** Earliest ms at which wheel_run has something to do (never later than the next due time); false when empty. */
bool wheel_next(const struct wheel *w, uint64_t *at);

struct udp_scratch;

struct loop {
	struct wheel wheel;
	struct list tails;
	_Atomic(struct loop_msg *) inbox; /**< newest first; taken whole */
	atomic_bool stop;
	bool running; /**< inside loop_run */
	bool stale;   /**< the clock was not read since the last wait */
	uint64_t now_us;
	uint32_t rest_us;              /**< loop_rest() of this turn, 0 = none */
	struct poller *poll;           /**< real loops */
	struct loop *wakes[WAKES_MAX]; /**< loops that were sent messages in this turn and sleep, perhaps */
	unsigned nwakes;
	struct udp_scratch *udp; /**< arrays for batches, made when first needed */
	uint8_t *rx;             /**< RX_SLOTS * RX_SIZE bytes, made when first needed */
	struct list lingering;   /**< struct tcp that finish their output without an owner */
	struct list fibers;
	struct vnet *net;  /**< virtual loops */
	struct link le;    /**< in vnet.loops */
	struct list socks; /**< virtual UDP sockets in the order of binding */
	void (*sig_fn)(int signum, void *arg);
	void *sig_arg;
};

/** Run messages and tails until there are none, 32 rounds at most; true if anything ran, `*more` if some are left. */
bool loop_settle(struct loop *l, bool *more);
/** The receive area, or NULL when memory is out. Untouched pages cost nothing. */
uint8_t *loop_rx(struct loop *l);
/** Signals that came since the last call: call the handler. */
void loop_signal_check(struct loop *l);
/** A loop goes away: forget that it handles signals. */
void loop_signal_forget(struct loop *l);
/** Fibers of a dying loop: free their memory, unrun. */
void loop_fibers_drop(struct loop *l);
/** Connections of a dying loop that finish their output. */
void loop_lingering_drop(struct loop *l);
/** Virtual clock of a vnet, us; joining and leaving it. */
uint64_t vnet_now_us(const struct vnet *n);
void vnet_join(struct vnet *n, struct loop *l);
void vnet_leave(struct vnet *n, struct loop *l);

/** Counters of the room, registered by the first loop. */
extern struct metric loop_udp_send_errors, loop_udp_dropped;

#endif
