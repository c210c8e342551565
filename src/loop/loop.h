/*
 * loop.h - one event loop object per thread: time, timers, messages from other
 * threads, work after the present turn. Sockets are in udp.h and tcp.h.
 *
 * Two kinds share this interface: a real loop (real clock, real sockets; poll.h)
 * and a virtual one that belongs to a vnet (vnet.h): virtual clock, in-memory
 * network, every loop of the vnet stepped on one thread. Nothing above this
 * room knows which it has.
 *
 * Thread: a loop and everything on it belong to the thread that runs it; only
 * loop_post() and loop_wake_stop() may be called from others.
 * Call-backs run from loop_run(), never inside the call that asked for them.
 * A call that returned an error never calls back.
 */
#ifndef OFFHOOK_LOOP_LOOP_H
#define OFFHOOK_LOOP_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "base/list.h"

struct loop;
struct vnet;

/** New real loop; ENOMEM or what the system says. mem_deref it after loop_run has returned and all is closed. */
int loop_alloc(struct loop **lp) MUST_CHECK;
/** New virtual loop of a vnet; ENOMEM. */
int loop_alloc_virtual(struct loop **lp, struct vnet *net) MUST_CHECK;
/** True for a virtual loop. */
bool loop_is_virtual(const struct loop *l);
/** The vnet of a virtual loop, or NULL. */
struct vnet *loop_vnet(const struct loop *l);
/** Run until loop_stop(); 0, EBUSY when it runs already. Not for virtual loops (ENOTSUP): vnet_run() steps them. */
int loop_run(struct loop *l);
/** Leave loop_run() after this turn. Loop thread. */
void loop_stop(struct loop *l);
/** As loop_stop, from any thread or a signal handler. */
void loop_wake_stop(struct loop *l);
/** Run the messages and tails that wait, outside of loop_run: for an orderly start or end. Loop thread. */
void loop_drain(struct loop *l);
/** The libuv loop (uv_loop_t *) that a real loop serves along, for libraries; NULL: virtual, or no memory. */
void *loop_uv(struct loop *l);

/** Monotonic time of this turn, ms / us (virtual loops: virtual time, starting at 1,000,000 ms). */
uint64_t loop_now_ms(const struct loop *l);
uint64_t loop_now_us(const struct loop *l);
/** Wall clock now, ms since 1970 (virtual loops: 2026-01-01T00:00:00Z at the start of virtual time). */
int64_t loop_wall_ms(const struct loop *l);
/** Read the clock again in mid-turn (real loops); returns us. For packet times. */
uint64_t loop_now_us_fresh(struct loop *l);

/** A timer, embedded in its owner. All zero when new. Resolution 1 ms; never early. */
struct timer {
	struct link le;
	uint64_t due; /**< ms */
	void (*fn)(void *arg);
	void *arg;
	struct loop *loop; /**< set while running */
};
/** Start or restart: `fn(arg)` once, after `ms`. Cannot fail. Timers of one ms fire in the order of their start. */
void timer_start(struct timer *t, struct loop *l, uint64_t ms, void (*fn)(void *arg), void *arg);
/** Stop, if running. Its owner must do this before it dies. */
void timer_stop(struct timer *t);
/** Running? */
static inline bool timer_running(const struct timer *t)
{
	return t->loop != NULL;
}
/** Ms until it fires, 0 if not running. */
uint64_t timer_left(const struct timer *t);

/** A message node, embedded in the object that is sent, so that sending cannot fail. */
struct loop_msg {
	struct loop_msg *next;
	void (*fn)(struct loop_msg *m); /**< runs on the receiving loop's thread; may free or reuse the node */
	bool queued;                    /**< owner's use; the queue neither reads nor writes it */
};
/** Run m->fn on loop `l`. Any thread; order is kept per sender. A node must not be posted again before its fn ran. */
void loop_post(struct loop *l, struct loop_msg *m);
/** Run a stack of messages, each linked to the one put before it, oldest first: how a mailbox is emptied. */
void loop_msgs_run(struct loop_msg *newest);
/** Other loops that this turn has posted to are woken now, not at its end: for who is about to let one of them go. */
void loop_wake_others(void);

/** Call-back at the end of the present turn (after all that is ready): batching. Embedded, all zero when new. */
struct loop_tail {
	struct link le;
	void (*fn)(void *arg);
	void *arg;
};
/** Ask for it; asking again before it ran does nothing. */
void loop_at_tail(struct loop *l, struct loop_tail *t);
void loop_tail_cancel(struct loop_tail *t);

/** A thread that runs a loop of its own. */
struct loop_thread;
/**
 * New thread named `name` (15 characters at most) running a new loop; `init(loop, arg)` runs first on it, `fini` last
 * (both may be NULL). Returns what init returned when that is an error; fini is not run then.
 * With `parent` virtual, no thread is made: a virtual loop of the same vnet is used and init runs at once.
 */
int loop_thread_start(struct loop_thread **tp, struct loop *parent, const char *name,
		      int (*init)(struct loop *l, void *arg), void (*fini)(struct loop *l, void *arg),
		      void *arg) MUST_CHECK;
/** Its loop. */
struct loop *loop_thread_loop(const struct loop_thread *t);
/** Stop and join; frees. Pending messages are run first. */
void loop_thread_stop(struct loop_thread *t);
/** Raise this thread's priority where the system allows it, and let it run as soon as it wakes (sound); returns 0 or
 * EPERM. */
int loop_thread_raise(void);
/** Lower it: what this thread does can wait. */
void loop_thread_lower(void);

/**
 * What came in this turn can wait: before the loop waits again it rests, `us` at most, so that more comes together and
 * is served in one wake (as network cards gather interrupts). Only timers are served in time. Asked for anew in each
 * turn; does nothing on virtual loops.
 */
void loop_rest(struct loop *l, uint32_t us);

/** Run `fn` on the loop at SIGINT or SIGTERM (never on virtual loops). EBUSY: another loop has them. NULL ends it. */
int loop_on_signal(struct loop *l, void (*fn)(int signum, void *arg), void *arg) MUST_CHECK;

#endif
