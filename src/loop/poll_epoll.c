/*
 * poll_epoll.c - waiting for descriptors by epoll. One system call for a wake,
 * whatever its number of sockets: no layer between the kernel's list of ready
 * descriptors and their owners.
 *
 * The time-out is a timer of its own, set anew only when it has to ring earlier than it would: to give one to each
 * wait costs more than the rest of it, since a busy loop hardly ever waits until then.
 *
 * A libuv loop can be served along (its own epoll descriptor is watched here);
 * it is made when somebody first asks for it.
 */
#include "loop/poll.h"

#if LOOP_POLL_EPOLL
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <uv.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

enum { MAX_EVENTS = 256 };

struct poller {
	int ep, wakefd, timefd;
	uint64_t rings; /**< us at which the timer rings; past: it has rung */
	int n, i;       /**< events of the present wait, and the one being called */
	uv_loop_t *uv;
	struct epoll_event ev[MAX_EVENTS];
};

static void uv_end(uv_loop_t *uv)
{
	for (int i = 0; i < 1000 && uv_loop_alive(uv); i++)
		uv_run(uv, UV_RUN_NOWAIT);
	/* closed handles whose call-back is due keep a loop busy without being alive */
	uv_run(uv, UV_RUN_NOWAIT);
	if (uv_loop_close(uv))
		log_error("loop", "a libuv handle is still open on a loop that ends");
	mem_deref(uv);
}

static void poller_destroy(void *obj)
{
	struct poller *p = obj;

	if (p->uv)
		uv_end(p->uv);
	if (p->wakefd >= 0)
		close(p->wakefd);
	if (p->timefd >= 0)
		close(p->timefd);
	if (p->ep >= 0)
		close(p->ep);
}

int poller_alloc(struct poller **pp)
{
	struct poller *p = mem_alloc(sizeof(*p), poller_destroy);
	/* edge-triggered: every write is a wake of its own, so the counter need not be read */
	struct epoll_event ev = {.events = EPOLLIN | EPOLLET};

	if (!p)
		return ENOMEM;
	p->n = p->i = 0;
	p->uv = NULL;
	p->wakefd = p->timefd = -1;
	p->rings = 0;
	p->ep = epoll_create1(EPOLL_CLOEXEC);
	if (p->ep >= 0)
		p->wakefd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->wakefd >= 0)
		p->timefd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (p->timefd < 0 || epoll_ctl(p->ep, EPOLL_CTL_ADD, p->wakefd, &ev) ||
	    epoll_ctl(p->ep, EPOLL_CTL_ADD, p->timefd, &ev)) {
		int err = errno;
		mem_deref(p);
		return err;
	}
	*pp = p;
	return 0;
}

void *poller_uv(struct poller *p)
{
	struct epoll_event ev = {.events = EPOLLIN};

	if (p->uv)
		return p->uv;
	uv_loop_t *uv = mem_alloc(sizeof(*uv), NULL);
	if (!uv || uv_loop_init(uv)) {
		mem_deref(uv);
		return NULL;
	}
	if (epoll_ctl(p->ep, EPOLL_CTL_ADD, uv_backend_fd(uv), &ev)) {
		uv_end(uv);
		return NULL;
	}
	p->uv = uv;
	return uv;
}

void poller_wake(struct poller *p)
{
	uint64_t one = 1;
	int saved = errno;

	/* it can only fail when the counter is full, and then a wake is pending */
	if (write(p->wakefd, &one, sizeof(one)) < 0)
		errno = saved;
}

static unsigned bits_of(uint32_t e)
{
	unsigned r = 0;

	if (e & (EPOLLIN | EPOLLERR | EPOLLHUP))
		r |= WATCH_READ;
	if (e & (EPOLLOUT | EPOLLERR | EPOLLHUP))
		r |= WATCH_WRITE;
	return r;
}

/* The time-out of a wait until `until`: 0, or -1 with the timer set to ring in time. */
static int time_out(struct poller *p, uint64_t until)
{
	if (!until || until == UINT64_MAX)
		return until ? -1 : 0;
	uint64_t now = clock_mono_us();
	if (until <= now)
		return 0;
	if (p->rings > now && p->rings <= until)
		return -1;
	struct itimerspec t = {
		.it_value = {.tv_sec = (time_t)(until / 1000000), .tv_nsec = (long)(until % 1000000) * 1000}};
	if (timerfd_settime(p->timefd, TFD_TIMER_ABSTIME, &t, NULL))
		return poller_ms(until);
	p->rings = until;
	return -1;
}

void poller_wait(struct poller *p, uint64_t until)
{
	int ms = time_out(p, until);

	if (p->uv) {
		int t = uv_backend_timeout(p->uv);
		if (t >= 0 && (ms < 0 || t < ms))
			ms = t;
	}
	p->n = epoll_wait(p->ep, p->ev, MAX_EVENTS, ms);
	for (p->i = 0; p->i < p->n; p->i++) {
		struct watch *w = p->ev[p->i].data.ptr;
		/* while this one is served the next one's memory comes nearer */
		const char *next = p->i + 1 < p->n ? p->ev[p->i + 1].data.ptr : NULL;
		if (next) {
			__builtin_prefetch(next - 64);
			__builtin_prefetch(next);
		}
		unsigned ev = bits_of(p->ev[p->i].events);
		if (w && (ev &= w->ev))
			w->fn(w->arg, ev);
	}
	p->n = 0;
	/* libuv tells the kernel about new handles when it polls: so run it each turn, ready or not */
	if (p->uv)
		uv_run(p->uv, UV_RUN_NOWAIT);
}

static int watch_ctl(struct watch *w, int op, unsigned ev)
{
	struct epoll_event e = {.data.ptr = w};

	if (ev & WATCH_READ)
		e.events |= EPOLLIN;
	if (ev & WATCH_WRITE)
		e.events |= EPOLLOUT;
	return epoll_ctl(w->p->ep, op, w->fd, &e) ? errno : 0;
}

int watch_start(struct watch *w, struct poller *p, int fd, unsigned ev)
{
	w->p = p;
	w->fd = fd;
	w->ev = ev;
	int err = ev ? watch_ctl(w, EPOLL_CTL_ADD, ev) : 0;
	if (err)
		w->p = NULL;
	return err;
}

/* Without interest the descriptor is taken out: epoll reports hang-ups even when nobody asked. */
void watch_change(struct watch *w, unsigned ev)
{
	if (!w->p || w->ev == ev)
		return;
	int err = watch_ctl(w, !ev ? EPOLL_CTL_DEL : !w->ev ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, ev);
	if (err)
		log_error("loop", "cannot change what is watched on descriptor %d: %s", w->fd, err_str(err));
	w->ev = ev;
}

void watch_stop(struct watch *w)
{
	struct poller *p = w->p;

	if (!p)
		return;
	if (w->ev)
		(void)watch_ctl(w, EPOLL_CTL_DEL, 0);
	for (int i = p->i; i < p->n; i++) {
		if (p->ev[i].data.ptr == w)
			p->ev[i].data.ptr = NULL;
	}
	w->p = NULL;
	w->ev = 0;
}
#endif
