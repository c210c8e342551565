/*
 * poll.h - waiting for descriptors, behind one small interface with two
 * implementations: epoll on Linux (poll_epoll.c), libuv elsewhere (poll_uv.c).
 * -DLOOP_POLL_UV chooses libuv on Linux too.
 *
 * Level-triggered. A watch may be stopped or freed in any call-back, its own
 * included; what was pending for it is then not delivered.
 * Thread: the loop's, poller_wake() any (and signal handlers).
 */
#ifndef OFFHOOK_LOOP_POLL_H
#define OFFHOOK_LOOP_POLL_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"

#if defined(__linux__) && !defined(LOOP_POLL_UV)
#define LOOP_POLL_EPOLL 1
#else
#define LOOP_POLL_EPOLL 0
#endif

struct poller;
enum { WATCH_READ = 1, WATCH_WRITE = 2 };

/** Interest in a descriptor; embedded in its owner, all zero when new. */
struct watch {
	int fd;
	unsigned ev;                        /**< WATCH_ bits asked for */
	void (*fn)(void *arg, unsigned ev); /**< called with the WATCH_ bits that are ready; errors set both */
	void *arg;
	struct poller *p; /**< set while started */
	void *h;          /**< libuv's handle */
};

/** New poller; system's error or ENOMEM. mem_deref it. */
int poller_alloc(struct poller **pp) MUST_CHECK;
/** Wait until `until` (us of the monotonic clock; 0: not at all, UINT64_MAX: for ever), call the watches that are
 * ready. */
void poller_wait(struct poller *p, uint64_t until);
/** The same as ms from now, rounded up; -1: for ever. */
int poller_ms(uint64_t until);
/** Make poller_wait return, now or next time. */
void poller_wake(struct poller *p);
/** The libuv loop that is served along with the watches (uv_loop_t *), NULL when memory is out. */
void *poller_uv(struct poller *p);

/** Begin to watch `fd` (w->fn and w->arg are set); system's error or ENOMEM. `ev` 0 waits for nothing yet. */
int watch_start(struct watch *w, struct poller *p, int fd, unsigned ev) MUST_CHECK;
/** Watch for other bits. Errors are logged: the descriptor was fine a moment ago. */
void watch_change(struct watch *w, unsigned ev);
/** End it, before the descriptor is closed. Nothing happens if it is not started. */
void watch_stop(struct watch *w);

#endif
