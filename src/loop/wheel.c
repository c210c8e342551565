/*
 * wheel.c - hierarchical timing wheel: start and stop in O(1), exact to the ms,
 * never early, timers of the same ms in the order of their start.
 *
 * Six levels of 64 slots with a bit map each, so the next work is found by
 * counting zeros and idle time is skipped, not walked.
 */
#include "loop/loop_priv.h"

static struct timer *timer_of(struct link *k)
{
	return LINK_OBJ(k, struct timer, le);
}

void wheel_init(struct wheel *w, uint64_t now)
{
	*w = (struct wheel){.base = now};
}

/* Put a timer in the slot that its distance asks for; the count is not touched. */
static void wheel_place(struct wheel *w, struct timer *t)
{
	uint64_t at = t->due > w->base ? t->due : w->base;
	uint64_t diff = at ^ w->base;
	unsigned level = diff ? (63u - (unsigned)__builtin_clzll(diff)) / WHEEL_BITS : 0;

	if (level >= WHEEL_LEVELS) {
		list_append(&w->far, &t->le);
		return;
	}
	unsigned s = (unsigned)(at >> (level * WHEEL_BITS)) & (WHEEL_SLOTS - 1);
	list_append(&w->slot[level][s], &t->le);
	w->busy[level] |= 1ULL << s;
}

void wheel_add(struct wheel *w, struct timer *t)
{
	wheel_place(w, t);
	w->n++;
}

void wheel_del(struct wheel *w, struct timer *t)
{
	struct list *l = t->le.list;

	list_unlink(&t->le);
	w->n--;
	if (l->n == 0 && l >= &w->slot[0][0] && l <= &w->slot[WHEEL_LEVELS - 1][WHEEL_SLOTS - 1]) {
		size_t i = (size_t)(l - &w->slot[0][0]);
		w->busy[i / WHEEL_SLOTS] &= ~(1ULL << (i % WHEEL_SLOTS));
	}
}

/* As wheel_next, and the level where that work is; WHEEL_LEVELS means the far list. */
static bool wheel_find(const struct wheel *w, uint64_t *at, unsigned *level)
{
	if (!w->n)
		return false;
	for (unsigned k = 0; k < WHEEL_LEVELS; k++) {
		unsigned shift = k * WHEEL_BITS;
		unsigned here = (unsigned)(w->base >> shift) & (WHEEL_SLOTS - 1);
		/* the slot we stand in was dealt out when we entered it; at level 0 it is the present ms */
		uint64_t m = k == 0 ? w->busy[0] & (~0ULL << here) : w->busy[k] & (~0ULL << here) & ~(1ULL << here);
		if (!m)
			continue;
		uint64_t block = w->base >> (shift + WHEEL_BITS) << (shift + WHEEL_BITS);
		*at = block | (uint64_t)__builtin_ctzll(m) << shift;
		*level = k;
		return true;
	}
	if (!w->far.n)
		return false;
	*at = (w->base | ((1ULL << (WHEEL_LEVELS * WHEEL_BITS)) - 1)) + 1;
	*level = WHEEL_LEVELS;
	return true;
}

bool wheel_next(const struct wheel *w, uint64_t *at)
{
	unsigned level;

	if (w->firing.n) {
		*at = w->base;
		return true;
	}
	return wheel_find(w, at, &level);
}

/* Take the timers of one list out of it in order; with `place` deal them out anew, else to the firing list. */
static void wheel_empty(struct wheel *w, struct list *l, bool place)
{
	struct list tmp = {0};

	LIST_EACH (l, k) {
		list_unlink(k);
		list_append(place ? &tmp : &w->firing, k);
	}
	LIST_EACH (&tmp, k) {
		list_unlink(k);
		wheel_place(w, timer_of(k));
	}
}

static void list_clear(struct list *l)
{
	LIST_EACH (l, k) {
		list_unlink(k);
		timer_of(k)->loop = NULL;
	}
}

void wheel_clear(struct wheel *w)
{
	for (size_t i = 0; i < (size_t)WHEEL_LEVELS * WHEEL_SLOTS; i++)
		list_clear(&w->slot[i / WHEEL_SLOTS][i % WHEEL_SLOTS]);
	list_clear(&w->far);
	list_clear(&w->firing);
	wheel_init(w, w->base);
}

static void wheel_fire(struct wheel *w)
{
	while (w->firing.head) {
		struct timer *t = timer_of(w->firing.head);
		list_unlink(&t->le);
		w->n--;
		t->loop = NULL;
		t->fn(t->arg);
	}
}

bool wheel_run(struct wheel *w, uint64_t now)
{
	bool fired = false;
	uint64_t at;
	unsigned level;

	while (wheel_find(w, &at, &level) && at <= now) {
		w->base = at;
		if (level == WHEEL_LEVELS) {
			wheel_empty(w, &w->far, true);
			continue;
		}
		unsigned s = (unsigned)(at >> (level * WHEEL_BITS)) & (WHEEL_SLOTS - 1);
		w->busy[level] &= ~(1ULL << s);
		wheel_empty(w, &w->slot[level][s], level > 0);
		if (level > 0)
			continue;
		fired = true;
		wheel_fire(w);
		/* what the call-backs started for this very ms waits for the next turn */
		if (at == now)
			return true;
	}
	if (w->base < now)
		w->base = now;
	return fired;
}

void timer_start(struct timer *t, struct loop *l, uint64_t ms, void (*fn)(void *arg), void *arg)
{
	/* rounded up, so that a timer is not early by the part of the present ms that has passed */
	uint64_t now = ms ? (loop_now_us(l) + 999) / 1000 : loop_now_ms(l);

	timer_stop(t);
	t->due = ms > UINT64_MAX - now ? UINT64_MAX : now + ms;
	t->fn = fn;
	t->arg = arg;
	t->loop = l;
	wheel_add(&l->wheel, t);
}

void timer_stop(struct timer *t)
{
	if (!t->loop)
		return;
	wheel_del(&t->loop->wheel, t);
	t->loop = NULL;
}

uint64_t timer_left(const struct timer *t)
{
	if (!t->loop)
		return 0;
	uint64_t now = loop_now_ms(t->loop);
	return t->due > now ? t->due - now : 0;
}
