/*
 * fiber.h - straight-line code on the loop thread: a fiber runs until it waits,
 * and its loop goes on with other work meanwhile.
 *
 * 64 kB stack with a guard page; ucontext behind fiber_ctx.c, with the
 * sanitizers' annotations. No TLS, SQL or regular expression on a fiber.
 * Thread: the loop's. Ownership: the fiber frees itself when its function
 * returns; fiber_defer()red calls run then, last first.
 */
#ifndef OFFHOOK_LOOP_FIBER_H
#define OFFHOOK_LOOP_FIBER_H

#include "loop/loop.h"

struct fiber;

/** Something a fiber can wait for; embedded in its owner, all zero when new. Level-triggered until event_clear. */
struct event {
	bool set;
	struct fiber *waiter; /**< at most one */
};
/** Set it; a waiting fiber runs at the end of this turn. */
void event_set(struct event *e);
void event_clear(struct event *e);

/** Start `fn(arg)` on a new fiber at the end of this turn; `fp` may be NULL. ENOMEM. */
int fiber_start(struct fiber **fp, struct loop *l, const char *name, void (*fn)(void *arg), void *arg) MUST_CHECK;
/** The running fiber, or NULL outside of any. */
struct fiber *fiber_self(void);
/**
 * Every wait of this fiber returns ECANCELED from now on. The wait after three such results does not return: abort in
 * debug, the fiber ended (with its defers) in release.
 */
void fiber_cancel(struct fiber *f);
/** Run `fn(arg)` when the present fiber ends; it may wait. ENOMEM; ERR_STATE outside of fibers. */
int fiber_defer(void (*fn)(void *arg), void *arg) MUST_CHECK;
/**
 * Wait until one of `n` (8 at most) events is set, or `ms` passed (UINT64_MAX: for ever). The one primitive; all other
 * waits stand on it. 0 and the lowest index in `*which` (may be NULL); ETIMEDOUT; ECANCELED; EBUSY when another fiber
 * waits for one of them; EINVAL for too many; ERR_STATE outside of fibers. The events outlive the wait.
 */
int wait_any(struct event *const *ev, size_t n, uint64_t ms, size_t *which) MUST_CHECK;
/** Wait for time alone. 0 when it has passed; ECANCELED. */
int fiber_sleep(uint64_t ms) MUST_CHECK;
/** Fibers alive in the process. */
size_t fiber_count(void);

#endif
