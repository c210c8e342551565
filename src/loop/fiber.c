/*
 * fiber.c - fibers: starting, waiting, cancelling, ending.
 *
 * A fiber is entered from a tail of its loop and leaves when it waits, so it
 * never runs inside somebody else's call. All waits are wait_any().
 */
#include <stdatomic.h>
#include <stdlib.h>
#include "base/log.h"
#include "loop/fiber.h"
#include "loop/fiber_ctx.h"
#include "loop/loop_priv.h"

enum {
	MAX_EVENTS = 8,
	MAX_IGNORED = 3, /**< ECANCELED results that a fiber may overlook */
};

struct defer {
	struct defer *next;
	void (*fn)(void *arg);
	void *arg;
};

struct fiber {
	struct link le; /* in loop.fibers */
	struct loop *loop;
	struct fiber_ctx *ctx;
	struct loop_tail tail;
	struct timer tmr;
	char name[24];
	void (*fn)(void *arg);
	void *arg;
	struct defer *defers;
	bool cancelled, timed_out, ending, done;
	int told; /**< times ECANCELED was returned */
};

static _Thread_local struct fiber *self;
static atomic_size_t alive;

void event_set(struct event *e)
{
	e->set = true;
	if (e->waiter)
		loop_at_tail(e->waiter->loop, &e->waiter->tail);
}

void event_clear(struct event *e)
{
	e->set = false;
}

struct fiber *fiber_self(void)
{
	return self;
}

size_t fiber_count(void)
{
	return atomic_load(&alive);
}

/* ------------------------------------------------------------------ life */

static void fiber_free(struct fiber *f)
{
	loop_tail_cancel(&f->tail);
	timer_stop(&f->tmr);
	list_unlink(&f->le);
	while (f->defers) {
		struct defer *d = f->defers;
		f->defers = d->next;
		mem_deref(d);
	}
	fiber_ctx_free(f->ctx);
	atomic_fetch_sub(&alive, 1);
	mem_deref(f);
}

/* Last steps of a fiber, on its own stack; does not return. */
static void fiber_end(struct fiber *f)
{
	f->ending = true;
	while (f->defers) {
		struct defer *d = f->defers;
		f->defers = d->next;
		d->fn(d->arg);
		mem_deref(d);
	}
	f->done = true;
	fiber_ctx_leave(f->ctx, true);
	abort(); /* a context that has ended is not entered */
}

static void fiber_main(void *arg)
{
	struct fiber *f = arg;

	f->fn(f->arg);
	fiber_end(f);
}

/* Tail of the loop: go on with the fiber until it waits again. */
static void fiber_resume(void *arg)
{
	struct fiber *f = arg, *outer = self;

	self = f;
	fiber_ctx_enter(f->ctx);
	self = outer;
	if (f->done)
		fiber_free(f);
}

int fiber_start(struct fiber **fp, struct loop *l, const char *name, void (*fn)(void *arg), void *arg)
{
	struct fiber *f = mem_zalloc(sizeof(*f), NULL);

	if (!f)
		return ENOMEM;
	int err = fiber_ctx_alloc(&f->ctx, fiber_main, f);
	if (err) {
		mem_deref(f);
		return err;
	}
	f->loop = l;
	f->fn = fn;
	f->arg = arg;
	(void)slice_copy(f->name, sizeof(f->name), slice_str(name));
	f->tail.fn = fiber_resume;
	f->tail.arg = f;
	list_append(&l->fibers, &f->le);
	atomic_fetch_add(&alive, 1);
	loop_at_tail(l, &f->tail);
	if (fp)
		*fp = f;
	return 0;
}

void loop_fibers_drop(struct loop *l)
{
	while (l->fibers.head) {
		struct fiber *f = LINK_OBJ(l->fibers.head, struct fiber, le);
		log_error("loop", "fiber %s is left on a loop that ends", f->name);
		fiber_free(f);
	}
	fiber_ctx_trim();
}

void fiber_cancel(struct fiber *f)
{
	f->cancelled = true;
	/* the running one notices at its next wait */
	if (f != self)
		loop_at_tail(f->loop, &f->tail);
}

int fiber_defer(void (*fn)(void *arg), void *arg)
{
	if (!self)
		return ERR_STATE;
	struct defer *d = mem_alloc(sizeof(*d), NULL);
	if (!d)
		return ENOMEM;
	*d = (struct defer){self->defers, fn, arg};
	self->defers = d;
	return 0;
}

/* ------------------------------------------------------------------ waiting */

/* A cancelled fiber waits: say so, and end it when it does not listen. Deferred calls are told without limit. */
static int cancelled(struct fiber *f)
{
	if (f->ending || f->told++ < MAX_IGNORED)
		return ECANCELED;
	log_error("loop", "fiber %s goes on after it was cancelled", f->name);
#ifdef OH_DEBUG
	abort();
#else
	fiber_end(f);
	return ECANCELED;
#endif
}

static void on_timeout(void *arg)
{
	struct fiber *f = arg;

	f->timed_out = true;
	loop_at_tail(f->loop, &f->tail);
}

/* Index of the first event that is set, or n. */
static size_t first_set(struct event *const *ev, size_t n)
{
	size_t i = 0;

	while (i < n && !ev[i]->set)
		i++;
	return i;
}

int wait_any(struct event *const *ev, size_t n, uint64_t ms, size_t *which)
{
	struct fiber *f = self;
	size_t i;

	if (!f)
		return ERR_STATE;
	if (n > MAX_EVENTS)
		return EINVAL;
	if (f->cancelled)
		return cancelled(f);
	for (i = 0; i < n; i++) {
		if (ev[i]->waiter)
			return EBUSY;
	}
	for (i = 0; i < n; i++)
		ev[i]->waiter = f;
	f->timed_out = false;
	if (ms != UINT64_MAX && first_set(ev, n) == n)
		timer_start(&f->tmr, f->loop, ms, on_timeout, f);
	while ((i = first_set(ev, n)) == n && !f->cancelled && !f->timed_out)
		fiber_ctx_leave(f->ctx, false);
	timer_stop(&f->tmr);
	for (size_t k = 0; k < n; k++)
		ev[k]->waiter = NULL;
	/* what woke us together with something else must not wake the next wait */
	loop_tail_cancel(&f->tail);
	if (f->cancelled)
		return cancelled(f);
	if (i == n)
		return ETIMEDOUT;
	if (which)
		*which = i;
	return 0;
}

int fiber_sleep(uint64_t ms)
{
	int err = wait_any(NULL, 0, ms, NULL);

	return err == ETIMEDOUT ? 0 : err;
}
