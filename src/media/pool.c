/*
 * pool.c - ports: pairs of open sockets (RTP even, RTCP odd: RFC 3550 section 11)
 * for each local address, so that a call costs no socket calls.
 *
 * A port belongs to one worker, which reads it all the time: what comes for nobody
 * is dropped at once and cannot wait in the kernel for the next call. Given back,
 * a port rests (30 s; 1 s if nothing ever arrived at it), then goes to the end of
 * the free list: the one that was used last is used again last. The pool grows in steps, a few pairs at a time, ahead
 * of the need, and shrinks slowly. Ports that others hold are passed over.
 */
#include <string.h>
#include "media/media_priv.h"

enum {
	LOW_WATER = 6, /**< fewer free pairs for a worker: grow */
	STEP_MIN = 16,
	STEP_MAX = 256,
	SLICE_PAIRS = 8, /**< opened in one go: a fifth of a ms, 0.7 on a machine with other things to do */
	SLICE_MS = 1,
	AT_ONCE = 2, /**< opened while a call waits */
	TRIES = 512, /**< ports in other hands before giving up */
	KEEP = 32,   /**< idle pairs that are always kept */
	SHRINK_MS = 5000,
	SHRINK_PAIRS = 64,
	QUIET_MS = 1000,     /**< rest of a port that nobody ever sent anything to */
	HARD_REST_MS = 2000, /**< in need, a port that was heard may be used again after this */
};

static bool bit_get(const uint8_t *v, uint32_t i)
{
	return v[i / 8] >> (i % 8) & 1;
}

static void bit_set(uint8_t *v, uint32_t i, bool on)
{
	v[i / 8] = (uint8_t)(on ? v[i / 8] | 1 << (i % 8) : v[i / 8] & ~(1 << (i % 8)));
}

static uint32_t first_even(const struct media *m)
{
	return ((uint32_t)m->cfg.port_lo + 1) & ~1U;
}

static uint32_t gcd(uint32_t a, uint32_t b)
{
	while (b) {
		uint32_t t = a % b;
		a = b;
		b = t;
	}
	return a;
}

/* ------------------------------------------------------------------ worker's side */

int port_attach(struct port *p, struct worker *wk)
{
	p->wk = wk;
	int err = udp_attach(p->rtp, wk->loop);
	if (err)
		return err;
	err = udp_attach(p->rtcp, wk->loop);
	if (err) {
		udp_detach(p->rtp);
		return err;
	}
	p->attached = true;
	list_append(&wk->ports, &p->wle);
	return 0;
}

void port_detach(struct port *p)
{
	if (!p->attached)
		return;
	udp_detach(p->rtp);
	udp_detach(p->rtcp);
	p->attached = false;
	p->wk = NULL;
	list_unlink(&p->wle);
}

static void attach_h(struct loop_msg *n)
{
	struct port *p = CONTAINER_OF(n, struct port, msg);

	/* a failure is tried again when a stream takes it */
	int err = p->attached ? 0 : port_attach(p, &p->pool->m->wk[p->worker]);
	if (err)
		log_debug("media", "port %u: %s", p->nr, err_str(err));
	atomic_store(&p->busy, false);
}

/* It came from another worker: its stream begins. */
static void arrive_h(struct loop_msg *n)
{
	struct port *p = CONTAINER_OF(n, struct port, msg);

	atomic_store(&p->busy, false);
	wstream_open(&p->taker->w);
}

/* It goes to another worker, where a stream waits for it. */
static void leave_h(struct loop_msg *n)
{
	struct port *p = CONTAINER_OF(n, struct port, msg);
	struct media *m = p->pool->m;

	port_detach(p);
	p->msg.fn = arrive_h;
	if (atomic_load(&m->stopping))
		atomic_store(&p->busy, false);
	else
		mail_post(&m->wk[p->taker->worker].in, &p->msg);
}

void port_leave(struct port *p)
{
	p->msg.fn = leave_h;
	atomic_store(&p->busy, true);
	loop_post(p->pool->m->wk[p->from].loop, &p->msg);
}

static void closed_h(struct loop_msg *n);

static void close_h(struct loop_msg *n)
{
	struct port *p = CONTAINER_OF(n, struct port, msg);

	port_detach(p);
	p->msg.fn = closed_h;
	mail_post(p->pool->m->mail, &p->msg);
}

/* ------------------------------------------------------------------ opening */

static void port_destroy(void *obj)
{
	struct port *p = obj;

	list_unlink(&p->le);
	mem_deref(p->rtp);
	mem_deref(p->rtcp);
}

static int open_sockets(struct port *p, const struct pool *pool)
{
	/* its worker reads it, not this thread */
	const struct udp_opts o = {.dscp = 46, .detached = true};
	struct sa a = pool->ip;

	sa_set_port(&a, p->nr);
	int err = udp_open(&p->rtp, pool->m->loop, &a, &o, port_rtp_h, p);
	if (err)
		return err;
	sa_set_port(&a, (uint16_t)(p->nr + 1));
	return udp_open(&p->rtcp, pool->m->loop, &a, &o, port_rtcp_h, p);
}

/* The next pair of the range that we do not have and nobody else holds. */
static int open_pair(struct pool *pool, unsigned worker)
{
	int err = ERR_LIMIT, tries = 0;

	for (uint32_t i = 0; i < pool->npairs && pool->nopen < pool->npairs && tries < TRIES; i++) {
		uint32_t at = pool->at;
		pool->at = (pool->at + pool->stride) % pool->npairs;
		if (bit_get(pool->open, at))
			continue;
		tries++;
		struct port *p = mem_zalloc(sizeof(*p), port_destroy);
		if (!p)
			return ENOMEM;
		p->pool = pool;
		p->worker = (uint16_t)worker;
		p->nr = (uint16_t)(first_even(pool->m) + 2 * at);
		err = open_sockets(p, pool);
		if (err) {
			mem_deref(p);
			if (err == EADDRINUSE || err == EACCES) {
				err = ERR_LIMIT;
				continue;
			}
			return err;
		}
		bit_set(pool->open, at, true);
		pool->nopen++;
		pool->nfree++;
		metric_add(&media_m_ports, 1);
		p->ms = loop_now_ms(pool->m->loop);
		list_append(&pool->free[worker], &p->le);
		p->msg.fn = attach_h;
		atomic_store(&p->busy, true);
		loop_post(pool->m->wk[worker].loop, &p->msg);
		return 0;
	}
	return err;
}

static void grow_h(void *arg)
{
	struct pool *pool = arg;

	for (int i = 0; i < SLICE_PAIRS && pool->grow_left; i++, pool->grow_left--)
		if (open_pair(pool, pool->grow_for))
			pool->grow_left = 1;
	if (pool->grow_left)
		timer_start(&pool->grow, pool->m->loop, SLICE_MS, grow_h, pool);
}

static void grow_soon(struct pool *pool, unsigned worker)
{
	if (timer_running(&pool->grow) || pool->nopen == pool->npairs)
		return;
	pool->grow_for = worker;
	pool->grow_left = pool->step;
	pool->step = pool->step * 2 > STEP_MAX ? STEP_MAX : pool->step * 2;
	timer_start(&pool->grow, pool->m->loop, SLICE_MS, grow_h, pool);
}

/* ------------------------------------------------------------------ closing */

static void closed_h(struct loop_msg *n)
{
	struct port *p = CONTAINER_OF(n, struct port, msg);
	struct pool *pool = p->pool;

	bit_set(pool->open, (p->nr - first_even(pool->m)) / 2U, false);
	pool->nopen--;
	pool->nclosing--;
	metric_add(&media_m_ports, -1);
	mem_deref(p);
}

static bool too_many(const struct pool *pool)
{
	return pool->nfree + (uint32_t)(pool->resting.n + pool->quiet.n) > KEEP + pool->nused;
}

static void rest_end(struct pool *pool, struct list *l, uint64_t ms)
{
	uint64_t now = loop_now_ms(pool->m->loop);

	LIST_EACH (l, k) {
		struct port *p = LINK_OBJ(k, struct port, le);
		if (now - p->ms < ms)
			break;
		list_unlink(k);
		list_append(&pool->free[p->worker], k);
		pool->nfree++;
	}
}

static void rest_over(struct pool *pool)
{
	uint32_t full = pool->m->cfg.quarantine_ms;

	rest_end(pool, &pool->quiet, full < QUIET_MS ? full : QUIET_MS);
	rest_end(pool, &pool->resting, full);
}

/* The range or the descriptors are used up: better a short rest than no call. */
static void rest_cut(struct pool *pool)
{
	rest_end(pool, &pool->resting, HARD_REST_MS);
}

static void shrink_h(void *arg)
{
	struct pool *pool = arg;
	int left = SHRINK_PAIRS;

	rest_over(pool);
	for (unsigned w = 0; w < pool->m->nwk; w++)
		LIST_EACH (&pool->free[w], k) {
			struct port *p = LINK_OBJ(k, struct port, le);
			if (!left || pool->nfree <= KEEP + pool->nused)
				break;
			if (atomic_load(&p->busy))
				continue;
			left--;
			list_unlink(k);
			list_append(&pool->closing, k);
			pool->nfree--;
			pool->nclosing++;
			p->msg.fn = close_h;
			loop_post(pool->m->wk[w].loop, &p->msg);
		}
	if (pool->nused == 0)
		pool->step = STEP_MIN;
	if (too_many(pool))
		timer_start(&pool->shrink, pool->m->loop, SHRINK_MS, shrink_h, pool);
}

/* ------------------------------------------------------------------ pools */

static void pool_destroy(void *obj)
{
	struct pool *pool = obj;

	timer_stop(&pool->grow);
	timer_stop(&pool->shrink);
	list_unlink(&pool->le);
	mem_deref(pool->open);
	mem_deref(pool->free);
}

static int pool_get(struct pool **pp, struct media *m, const struct sa *ip)
{
	LIST_EACH (&m->pools, k) {
		struct pool *pool = LINK_OBJ(k, struct pool, le);
		if (sa_eq_addr(&pool->ip, ip)) {
			*pp = pool;
			return 0;
		}
	}
	struct pool *pool = mem_zalloc(sizeof(*pool), pool_destroy);
	if (!pool)
		return ENOMEM;
	pool->m = m;
	pool->ip = *ip;
	pool->npairs = (m->cfg.port_hi + 1U - first_even(m)) / 2;
	pool->step = STEP_MIN;
	/* a random way through the range: neighbouring calls do not get neighbouring ports */
	pool->at = rand_below(pool->npairs);
	do {
		pool->stride = 1 + rand_below(pool->npairs);
	} while (gcd(pool->stride, pool->npairs) != 1);
	pool->open = mem_zalloc(pool->npairs / 8 + 1, NULL);
	pool->free = mem_zalloc(m->nwk * sizeof(*pool->free), NULL);
	if (!pool->open || !pool->free) {
		mem_deref(pool);
		return ENOMEM;
	}
	list_append(&m->pools, &pool->le);
	*pp = pool;
	return 0;
}

/* A free port of another worker, if this one can have no more. */
static struct port *borrow(struct pool *pool, unsigned worker)
{
	for (unsigned w = 0; w < pool->m->nwk; w++)
		LIST_EACH (&pool->free[w], k) {
			struct port *p = LINK_OBJ(k, struct port, le);
			if (w == worker || atomic_load(&p->busy))
				continue;
			p->moving = true;
			p->from = p->worker;
			p->worker = (uint16_t)worker;
			return p;
		}
	return NULL;
}

int pool_take(struct port **pp, struct media *m, const struct sa *ip, unsigned worker)
{
	struct pool *pool;
	struct port *p = NULL;

	int err = pool_get(&pool, m, ip);
	if (err)
		return err;
	rest_over(pool);
	for (int i = 0; i < AT_ONCE && !pool->free[worker].head && !err; i++)
		err = open_pair(pool, worker);
	if (!pool->free[worker].head)
		rest_cut(pool);
	if (pool->free[worker].head)
		p = LINK_OBJ(pool->free[worker].head, struct port, le);
	else
		p = borrow(pool, worker);
	if (!p) {
		/* an address that is not ours must not stay as a pool */
		if (!pool->nopen)
			mem_deref(pool);
		return err ? err : ERR_LIMIT;
	}
	list_unlink(&p->le);
	list_append(&pool->used, &p->le);
	pool->nfree--;
	pool->nused++;
	atomic_store(&p->heard, false);
	if (pool->free[worker].n < LOW_WATER)
		grow_soon(pool, worker);
	*pp = p;
	return 0;
}

void pool_give(struct port *p, bool heard)
{
	struct pool *pool = p->pool;

	list_unlink(&p->le);
	list_append(heard ? &pool->resting : &pool->quiet, &p->le);
	pool->nused--;
	p->moving = false;
	p->ms = loop_now_ms(pool->m->loop);
	if (too_many(pool) && !timer_running(&pool->shrink))
		timer_start(&pool->shrink, pool->m->loop, pool->m->cfg.quarantine_ms + SHRINK_MS, shrink_h, pool);
}

void pool_count(struct pool *pool, struct media_stats *st)
{
	rest_over(pool);
	st->ports_free += pool->nfree;
	st->ports_resting += (uint32_t)(pool->resting.n + pool->quiet.n);
	st->ports_open += pool->nopen;
}

static void ports_drop(struct list *l)
{
	LIST_EACH (l, k)
		mem_deref(LINK_OBJ(k, struct port, le));
}

void pools_free(struct media *m)
{
	LIST_EACH (&m->pools, k) {
		struct pool *pool = LINK_OBJ(k, struct pool, le);
		metric_add(&media_m_ports, -(int64_t)pool->nopen);
		for (unsigned w = 0; w < m->nwk; w++)
			ports_drop(&pool->free[w]);
		ports_drop(&pool->resting);
		ports_drop(&pool->quiet);
		ports_drop(&pool->used);
		ports_drop(&pool->closing);
		mem_deref(pool);
	}
}
