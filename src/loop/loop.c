/*
 * loop.c - the loop object: making it, running it, its clock, messages from
 * other threads and work at the end of a turn.
 *
 * A turn: wait, call what is ready, call due timers, then messages and tails
 * until there are none. Virtual loops have no wait of their own: vnet.c calls
 * loop_settle() and wheel_run() on them.
 */
#include <limits.h>
#include <sys/mman.h>
#include <time.h>
#include "base/clock.h"
#include "base/log.h"
#include "loop/loop_priv.h"
#include "loop/udp_priv.h"

enum { SETTLE_ROUNDS = 32 };

/* 2026-01-01T00:00:00Z: the wall clock of virtual loops at their start */
static const int64_t virtual_epoch_ms = 1767225600000;

/* The loop that this thread runs: its own messages need no waking. */
static _Thread_local struct loop *here;

struct metric loop_udp_send_errors = {
	.name = "udp_send_errors_total",
	.help = "Datagrams that the system refused to send.",
};
struct metric loop_udp_dropped = {
	.name = "udp_send_dropped_total",
	.help = "Datagrams dropped because a socket's output queue was full.",
};

static void wakes_forget(const struct loop *dead);

static void loop_destroy(void *obj)
{
	struct loop *l = obj;

	if (l->wheel.n)
		log_debug("loop", "%zu timers still run on a loop that ends", l->wheel.n);
	loop_signal_forget(l);
	loop_lingering_drop(l);
	loop_fibers_drop(l);
	/* so that owners who stop theirs later find them stopped */
	wheel_clear(&l->wheel);
	LIST_EACH (&l->tails, k)
		list_unlink(k);
	if (l->net)
		vnet_leave(l->net, l);
	wakes_forget(l);
	mem_deref(l->poll);
	mem_deref(l->udp);
	if (l->rx)
		munmap(l->rx, (size_t)RX_SLOTS * RX_SIZE);
}

int loop_alloc(struct loop **lp)
{
	struct loop *l = mem_zalloc(sizeof(*l), loop_destroy);

	if (!l)
		return ENOMEM;
	int err = poller_alloc(&l->poll);
	if (err) {
		mem_deref(l);
		return err;
	}
	metric_reg(&loop_udp_send_errors);
	metric_reg(&loop_udp_dropped);
	wheel_init(&l->wheel, clock_mono_us() / 1000);
	*lp = l;
	return 0;
}

int loop_alloc_virtual(struct loop **lp, struct vnet *net)
{
	struct loop *l = mem_zalloc(sizeof(*l), loop_destroy);

	if (!l)
		return ENOMEM;
	l->net = net;
	vnet_join(net, l);
	wheel_init(&l->wheel, vnet_now_us(net) / 1000);
	*lp = l;
	return 0;
}

bool loop_is_virtual(const struct loop *l)
{
	return l->net != NULL;
}

struct vnet *loop_vnet(const struct loop *l)
{
	return l->net;
}

void *loop_uv(struct loop *l)
{
	return l->poll ? poller_uv(l->poll) : NULL;
}

uint8_t *loop_rx(struct loop *l)
{
	if (l->rx)
		return l->rx;
	void *p = mmap(NULL, (size_t)RX_SLOTS * RX_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
#ifdef MADV_NOHUGEPAGE
	/* one touched byte must not cost a page of 2 MB */
	(void)madvise(p, (size_t)RX_SLOTS * RX_SIZE, MADV_NOHUGEPAGE);
#endif
	l->rx = p;
	return l->rx;
}

/* ------------------------------------------------------------------ time */

/* The clock is read when somebody asks first in a turn. Outside of loop_run there are no turns: read it each time. */
static uint64_t loop_clock(struct loop *l)
{
	if (l->net)
		return vnet_now_us(l->net);
	if (!l->running || l->stale) {
		l->now_us = clock_mono_us();
		l->stale = false;
	}
	return l->now_us;
}

uint64_t loop_now_us(const struct loop *l)
{
	return loop_clock((struct loop *)(uintptr_t)l);
}

uint64_t loop_now_ms(const struct loop *l)
{
	return loop_now_us(l) / 1000;
}

uint64_t loop_now_us_fresh(struct loop *l)
{
	l->stale = true;
	return loop_clock(l);
}

int64_t loop_wall_ms(const struct loop *l)
{
	if (!l->net)
		return clock_wall_ms();
	return virtual_epoch_ms + (int64_t)(vnet_now_us(l->net) / 1000) - VNET_START_MS;
}

/* ------------------------------------------------------------------ messages */

void loop_post(struct loop *l, struct loop_msg *m)
{
	struct loop_msg *old = atomic_load_explicit(&l->inbox, memory_order_relaxed);

	do {
		m->next = old;
	} while (
		!atomic_compare_exchange_weak_explicit(&l->inbox, &old, m, memory_order_release, memory_order_relaxed));
	/* not the first of a burst: the first one woke the loop, or is the loop's own and is seen before it waits */
	if (old || !l->poll)
		return;
	if (here == l && !l->stale)
		return;
	/*
	 * From within another loop's turn: wake at its end, so that all the messages of a turn cost one system call
	 * and one switch of threads.
	 */
	if (here && here != l && here->nwakes < WAKES_MAX)
		here->wakes[here->nwakes++] = l;
	else
		poller_wake(l->poll);
}

static void wakes_flush(struct loop *l)
{
	while (l->nwakes)
		poller_wake(l->wakes[--l->nwakes]->poll);
}

void loop_wake_others(void)
{
	if (here)
		wakes_flush(here);
}

/* A loop that goes away is not woken any more. */
static void wakes_forget(const struct loop *dead)
{
	for (unsigned i = 0; here && i < here->nwakes; i++) {
		if (here->wakes[i] == dead)
			here->wakes[i--] = here->wakes[--here->nwakes];
	}
}

void loop_msgs_run(struct loop_msg *newest)
{
	struct loop_msg *first = NULL;

	while (newest) {
		struct loop_msg *next = newest->next;
		newest->next = first;
		first = newest;
		newest = next;
	}
	while (first) {
		struct loop_msg *next = first->next;
		first->fn(first);
		first = next;
	}
}

static bool inbox_run(struct loop *l)
{
	/* the plain load keeps an idle queue's cache line shared */
	if (!atomic_load_explicit(&l->inbox, memory_order_relaxed))
		return false;
	loop_msgs_run(atomic_exchange_explicit(&l->inbox, NULL, memory_order_acquire));
	return true;
}

/* ------------------------------------------------------------------ tails */

void loop_at_tail(struct loop *l, struct loop_tail *t)
{
	if (!t->le.list)
		list_append(&l->tails, &t->le);
}

void loop_tail_cancel(struct loop_tail *t)
{
	list_unlink(&t->le);
}

/* Those there are now; what they ask for comes in the next round. */
static bool tails_run(struct loop *l)
{
	size_t n = l->tails.n;

	if (!n)
		return false;
	while (n-- && l->tails.head) {
		struct loop_tail *t = LINK_OBJ(l->tails.head, struct loop_tail, le);
		list_unlink(&t->le);
		t->fn(t->arg);
	}
	return true;
}

bool loop_settle(struct loop *l, bool *more)
{
	bool any = false;

	*more = false;
	for (int i = 0; i < SETTLE_ROUNDS; i++) {
		bool ran = inbox_run(l);
		ran |= tails_run(l);
		if (!ran)
			return any;
		any = true;
	}
	*more = true;
	return any;
}

void loop_drain(struct loop *l)
{
	bool more;

	(void)loop_settle(l, &more);
}

/* ------------------------------------------------------------------ running */

/* Us at which the next timer is due. */
static uint64_t loop_due(const struct loop *l)
{
	uint64_t at;

	return wheel_next(&l->wheel, &at) && at < UINT64_MAX / 1000 ? at * 1000 : UINT64_MAX;
}

int poller_ms(uint64_t until)
{
	if (until == UINT64_MAX)
		return -1;
	uint64_t now = until ? clock_mono_us() : 0;
	uint64_t ms = until > now ? (until - now + 999) / 1000 : 0;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

void loop_rest(struct loop *l, uint32_t us)
{
	l->rest_us = us;
}

/* Never past the next timer. */
static void rest(struct loop *l)
{
	uint64_t due = loop_due(l), now = clock_mono_us(), us = l->rest_us;

	l->rest_us = 0;
	if (due <= now)
		return;
	if (us > due - now)
		us = due - now;
	struct timespec ts = {.tv_nsec = (long)(us < 100000 ? us : 100000) * 1000};
	(void)nanosleep(&ts, NULL);
}

int loop_run(struct loop *l)
{
	struct loop *outer = here;
	bool more;

	if (!l->poll)
		return ENOTSUP;
	if (l->running)
		return EBUSY;
	here = l;
	l->running = true;
	l->stale = true;
	for (;;) {
		(void)loop_now_us(l);
		(void)loop_settle(l, &more);
		wakes_flush(l);
		if (atomic_exchange(&l->stop, false))
			break;
		if (l->rest_us && !more)
			rest(l);
		l->stale = true;
		poller_wait(l->poll, more ? 0 : loop_due(l));
		loop_signal_check(l);
		(void)wheel_run(&l->wheel, loop_now_ms(l));
	}
	l->running = false;
	here = outer;
	return 0;
}

void loop_stop(struct loop *l)
{
	atomic_store(&l->stop, true);
}

void loop_wake_stop(struct loop *l)
{
	atomic_store(&l->stop, true);
	if (l->poll)
		poller_wake(l->poll);
}
