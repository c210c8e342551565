/*
 * poll_uv.c - waiting for descriptors by libuv, for systems without epoll.
 *
 * libuv frees a handle only after a call-back of its own, so the handle lives
 * apart from the watch and forgets it when the watch is stopped.
 */
#include "loop/poll.h"

#if !LOOP_POLL_EPOLL
#include <stdint.h>
#include <uv.h>
#include "base/log.h"
#include "base/mem.h"

struct poller {
	uv_loop_t uv;
	uv_async_t async;
	uv_timer_t timer;
	bool open;
};

struct handle {
	uv_poll_t uv;
	struct watch *w;
};

static void handle_closed(uv_handle_t *h)
{
	mem_deref(h->data);
}

static void async_h(uv_async_t *a)
{
	(void)a;
}

static void timer_h(uv_timer_t *t)
{
	(void)t;
}

static void poller_destroy(void *obj)
{
	struct poller *p = obj;

	if (!p->open)
		return;
	uv_close((uv_handle_t *)&p->async, NULL);
	uv_close((uv_handle_t *)&p->timer, NULL);
	for (int i = 0; i < 1000 && uv_loop_alive(&p->uv); i++)
		uv_run(&p->uv, UV_RUN_NOWAIT);
	uv_run(&p->uv, UV_RUN_NOWAIT);
	if (uv_loop_close(&p->uv))
		log_error("loop", "a handle is still open on a loop that ends");
}

int poller_alloc(struct poller **pp)
{
	struct poller *p = mem_zalloc(sizeof(*p), poller_destroy);

	if (!p)
		return ENOMEM;
	int err = uv_loop_init(&p->uv);
	if (!err) {
		err = uv_async_init(&p->uv, &p->async, async_h);
		if (err)
			uv_loop_close(&p->uv);
	}
	if (!err)
		err = uv_timer_init(&p->uv, &p->timer); /* never fails */
	if (err) {
		mem_deref(p);
		return -err;
	}
	p->open = true;
	*pp = p;
	return 0;
}

void *poller_uv(struct poller *p)
{
	return &p->uv;
}

void poller_wake(struct poller *p)
{
	uv_async_send(&p->async);
}

void poller_wait(struct poller *p, uint64_t until)
{
	int ms = poller_ms(until);

	if (ms > 0) {
		/* libuv counts from the time of its last turn */
		uv_update_time(&p->uv);
		uv_timer_start(&p->timer, timer_h, (uint64_t)ms, 0);
	}
	uv_run(&p->uv, ms ? UV_RUN_ONCE : UV_RUN_NOWAIT);
	uv_timer_stop(&p->timer);
}

static void poll_h(uv_poll_t *u, int status, int events)
{
	struct handle *h = u->data;
	unsigned ev = 0;

	if (status < 0 || (events & (UV_READABLE | UV_DISCONNECT)))
		ev |= WATCH_READ;
	if (status < 0 || (events & UV_WRITABLE))
		ev |= WATCH_WRITE;
	if (h->w && (ev &= h->w->ev))
		h->w->fn(h->w->arg, ev);
}

static int watch_apply(struct watch *w, unsigned ev)
{
	struct handle *h = w->h;
	int e = (ev & WATCH_READ ? UV_READABLE : 0) | (ev & WATCH_WRITE ? UV_WRITABLE : 0);

	return e ? -uv_poll_start(&h->uv, e, poll_h) : -uv_poll_stop(&h->uv);
}

int watch_start(struct watch *w, struct poller *p, int fd, unsigned ev)
{
	struct handle *h = mem_zalloc(sizeof(*h), NULL);

	if (!h)
		return ENOMEM;
	int err = -uv_poll_init(&p->uv, &h->uv, fd);
	if (err) {
		mem_deref(h);
		return err;
	}
	h->uv.data = h;
	h->w = w;
	w->h = h;
	w->p = p;
	w->fd = fd;
	w->ev = ev;
	err = watch_apply(w, ev);
	if (err)
		watch_stop(w);
	return err;
}

void watch_change(struct watch *w, unsigned ev)
{
	if (!w->p || w->ev == ev)
		return;
	int err = watch_apply(w, ev);
	if (err)
		log_error("loop", "cannot change what is watched on descriptor %d: %s", w->fd, err_str(err));
	w->ev = ev;
}

void watch_stop(struct watch *w)
{
	struct handle *h = w->h;

	if (!w->p)
		return;
	h->w = NULL;
	uv_poll_stop(&h->uv);
	uv_close((uv_handle_t *)&h->uv, handle_closed);
	w->h = NULL;
	w->p = NULL;
	w->ev = 0;
}
#endif
