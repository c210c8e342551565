/*
 * vnet.c - the in-memory network: its clock, its queue of events and its book
 * of bound addresses.
 *
 * Order within one virtual ms: messages and tails of all loops, then one packet
 * (and again messages and tails), then timers, loop by loop in the order the
 * loops were made. Nothing depends on real time or on addresses in memory.
 */
#include <stdint.h>
#include "loop/vnet_priv.h"

/* ------------------------------------------------------------------ queue */

static bool before(const struct vevent *a, const struct vevent *b)
{
	return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

static struct vevent *meld(struct vevent *a, struct vevent *b)
{
	if (!a || !b)
		return a ? a : b;
	if (before(b, a)) {
		struct vevent *t = a;
		a = b;
		b = t;
	}
	b->sibling = a->child;
	a->child = b;
	return a;
}

void vnet_schedule(struct vnet *n, struct vevent *e, uint64_t at)
{
	e->at = at > n->now ? at : n->now;
	e->seq = n->seq++;
	e->child = e->sibling = NULL;
	n->top = meld(n->top, e);
	n->n_events++;
}

/* Take the first event: meld its children in pairs, then the pairs from the right. */
static struct vevent *pop(struct vnet *n)
{
	struct vevent *e = n->top, *pairs = NULL, *c = e->child;

	while (c) {
		struct vevent *a = c, *b = c->sibling;
		c = b ? b->sibling : NULL;
		a->sibling = NULL;
		if (b)
			b->sibling = NULL;
		a = meld(a, b);
		a->sibling = pairs;
		pairs = a;
	}
	struct vevent *top = NULL;
	while (pairs) {
		struct vevent *next = pairs->sibling;
		pairs->sibling = NULL;
		top = meld(top, pairs);
		pairs = next;
	}
	n->top = top;
	n->n_events--;
	return e;
}

/* ------------------------------------------------------------------ life */

static void vnet_destroy(void *obj)
{
	struct vnet *n = obj;

	while (n->top)
		mem_deref(pop(n));
	vnet_faults_free(n);
	mem_deref(n->dns);
	hash_free(&n->udp);
	hash_free(&n->tcp);
}

int vnet_alloc(struct vnet **np, uint64_t seed)
{
	struct vnet *n = mem_zalloc(sizeof(*n), vnet_destroy);

	if (!n)
		return ENOMEM;
	n->now = VNET_START_MS;
	n->rnd = seed;
	n->next_port = VNET_FIRST_PORT;
	hash_init(&n->udp);
	hash_init(&n->tcp);
	*np = n;
	return 0;
}

void vnet_join(struct vnet *n, struct loop *l)
{
	list_append(&n->loops, &l->le);
}

void vnet_leave(struct vnet *n, struct loop *l)
{
	(void)n;
	list_unlink(&l->le);
}

uint64_t vnet_now_us(const struct vnet *n)
{
	return n->now * 1000;
}

uint64_t vnet_now_ms(const struct vnet *n)
{
	return n->now;
}

/* splitmix64: small, and every seed is as good as another */
uint32_t vnet_below(struct vnet *n, uint32_t max)
{
	uint64_t z = n->rnd += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	z ^= z >> 31;
	return (uint32_t)((z >> 32) * max >> 32);
}

size_t vnet_pending(const struct vnet *n)
{
	size_t sum = n->n_events + n->n_conns;

	LIST_EACH (&n->loops, k)
		sum += LINK_OBJ(k, struct loop, le)->wheel.n;
	return sum;
}

/* ------------------------------------------------------------------ running */

/* A loop may be made or ended by what runs: walk by position, from the start each time. */
static struct loop *loop_at(const struct vnet *n, size_t i)
{
	struct link *k = n->loops.head;

	while (k && i--)
		k = k->next;
	return k ? LINK_OBJ(k, struct loop, le) : NULL;
}

static bool settle_all(struct vnet *n)
{
	bool any = false, more;
	struct loop *l;

	for (size_t i = 0; (l = loop_at(n, i)); i++)
		any |= loop_settle(l, &more);
	return any;
}

static bool timers_all(struct vnet *n)
{
	bool any = false;
	struct loop *l;

	for (size_t i = 0; (l = loop_at(n, i)); i++) {
		if (wheel_run(&l->wheel, n->now)) {
			any = true;
			(void)settle_all(n);
		}
	}
	return any;
}

/* One step at the present time; false when nothing is left to do in this ms. */
static bool step(struct vnet *n)
{
	if (settle_all(n))
		return true;
	if (n->top && n->top->at <= n->now) {
		struct vevent *e = pop(n);
		e->fn(e);
		mem_deref(e);
		return true;
	}
	return timers_all(n);
}

/* Time of the next event; UINT64_MAX if there is none. */
static uint64_t next_time(const struct vnet *n)
{
	uint64_t at = n->top ? n->top->at : UINT64_MAX, t;

	LIST_EACH (&n->loops, k) {
		if (wheel_next(&LINK_OBJ(k, struct loop, le)->wheel, &t) && t < at)
			at = t;
	}
	return at;
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

void vnet_run(struct vnet *n, uint64_t ms)
{
	(void)vnet_run_until(n, never, NULL, ms);
}

bool vnet_run_until(struct vnet *n, bool (*cond)(void *arg), void *arg, uint64_t ms)
{
	uint64_t end = ms > UINT64_MAX - n->now ? UINT64_MAX : n->now + ms;

	for (;;) {
		if (cond(arg))
			return true;
		if (step(n))
			continue;
		uint64_t at = next_time(n);
		if (at > end || at == UINT64_MAX) {
			/* with nothing ahead "for ever" ends where it is */
			if (end != UINT64_MAX)
				n->now = end;
			return cond(arg);
		}
		if (at > n->now)
			n->now = at;
	}
}

/* ------------------------------------------------------------------ addresses */

static struct vport *find_exact(const struct hash *tab, const struct sa *addr)
{
	for (struct hlink *k = hash_first(tab, sa_hash(addr)); k; k = hash_next(k)) {
		struct vport *p = CONTAINER_OF(k, struct vport, hl);
		if (sa_eq(&p->addr, addr))
			return p;
	}
	return NULL;
}

static int pick_port(struct vnet *n, const struct hash *tab, struct sa *addr)
{
	for (int i = VNET_FIRST_PORT; i <= UINT16_MAX; i++) {
		sa_set_port(addr, n->next_port);
		n->next_port = n->next_port == UINT16_MAX ? VNET_FIRST_PORT : (uint16_t)(n->next_port + 1);
		if (!find_exact(tab, addr))
			return 0;
	}
	return EADDRINUSE;
}

int vnet_bind(struct vnet *n, struct hash *tab, struct vport *p, const struct sa *addr, bool shared)
{
	struct sa a = *addr;
	int err = 0;

	if (!sa_port(&a)) {
		err = pick_port(n, tab, &a);
	} else {
		struct vport *old = find_exact(tab, &a);
		if (old && !(old->shared && shared))
			err = EADDRINUSE;
	}
	if (err)
		return err;
	p->addr = a;
	p->shared = shared;
	p->seq = n->seq++;
	return hash_add(tab, sa_hash(&a), &p->hl);
}

void vnet_unbind(struct hash *tab, struct vport *p)
{
	hash_del(tab, &p->hl);
}

/* Weight of a socket for a source (rendezvous hashing): independent of the order in the table. */
static uint32_t weight(const struct vport *p, const struct sa *src)
{
	char s[SA_STRLEN];

	return slice_fnv(slice_str(sa_str(src, s))) * 2654435761u ^ (uint32_t)p->seq * 2246822519u;
}

struct vport *vnet_find(const struct hash *tab, const struct sa *src, const struct sa *dst)
{
	struct sa any;
	struct vport *best = NULL;

	sa_any(&any, sa_af(dst), sa_port(dst));
	for (int round = 0; round < 2 && !best; round++) {
		const struct sa *want = round ? &any : dst;
		for (struct hlink *k = hash_first(tab, sa_hash(want)); k; k = hash_next(k)) {
			struct vport *p = CONTAINER_OF(k, struct vport, hl);
			if (!sa_eq(&p->addr, want))
				continue;
			if (!best || weight(p, src) > weight(best, src))
				best = p;
		}
	}
	return best;
}
