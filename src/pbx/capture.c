/*
 * capture.c - the ring of messages: one block of memory for the whole process, written in a circle.
 *
 * A place is the number of bytes that were ever written before it, so that a place that is overwritten is known by its
 * number. Each message names the one before it in its chain, and a table has the last one of each chain; chains are
 * chosen by the mark of the dialog's Call-ID. Looking up a dialog walks a chain back to where the ring has been
 * overwritten.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "base/inspect.h"
#include "base/list.h"
#include "base/mem.h"
#include "pbx/capture_priv.h"

enum {
	CHAINS = 4096,
	RING_MIN = 64 << 10,
	MASKS_MAX = 1024, /**< "(removed)" may be longer than what was */
	NEAR_US = 100000, /**< messages come before the call that they open */
	TURN = UINT32_MAX /**< what follows does not fit to the end: go on at the beginning */
};

struct place {
	uint8_t ip[16];
	uint16_t port;
	uint8_t af; /**< 4, 6; 0: not set */
};

struct note {
	uint32_t size; /**< with all that follows, a multiple of 8 */
	uint32_t len;  /**< bytes of the message; TURN */
	uint64_t prev; /**< in the chain; 0: it is the first */
	uint64_t us;
	uint32_t mark;
	uint16_t id_at, id_len; /**< of SIP: where the Call-ID stands */
	struct place local, peer;
	uint8_t kind, out, transp, cut;
	char data[];
};

struct capture {
	struct loop *loop;
	struct trace_sink sink;
	pthread_mutex_t lock;
	bool locks; /**< it exists */
	char *ring;
	size_t size;
	uint64_t head, tail;   /**< where the next one goes, where the oldest one is */
	uint64_t begun_us;     /**< when it was made */
	uint64_t lost_us;      /**< of the newest message that was overwritten, 0: none was */
	uint64_t last[CHAINS]; /**< 0: empty */
	struct inspect dump;
};

static struct metric kept_total = {.name = "capture_messages_total", .help = "Messages of calls that were kept."};
static struct metric missed_total = {.name = "capture_missed_total",
				     .help = "RTCP that was not kept because the capture was being read."};

static void destroy(void *obj)
{
	struct capture *c = obj;

	inspect_del(&c->dump);
	if (c->ring)
		(void)munmap(c->ring, c->size);
	if (c->locks)
		pthread_mutex_destroy(&c->lock);
}

static void dump(struct buf *b, void *arg)
{
	struct capture *c = arg;

	pthread_mutex_lock(&c->lock);
	buf_printf(b, "%zu kB, %llu kB in use, %llu kB ever written\n", c->size >> 10,
		   (unsigned long long)((c->head - c->tail) >> 10), (unsigned long long)((c->head - c->size) >> 10));
	pthread_mutex_unlock(&c->lock);
}

static struct note *at(const struct capture *c, uint64_t place)
{
	return (struct note *)(void *)(c->ring + place % c->size);
}

/* ------------------------------------------------------------------ writing */

static void pack(struct place *p, const struct sa *a)
{
	*p = (struct place){.port = sa_isset(a) ? sa_port(a) : 0};
	if (sa_af(a) == AF_INET) {
		p->af = 4;
		memcpy(p->ip, &a->u.in.sin_addr, 4);
	} else if (sa_af(a) == AF_INET6) {
		p->af = 6;
		memcpy(p->ip, &a->u.in6.sin6_addr, 16);
	}
}

static void unpack(struct sa *a, const struct place *p)
{
	sa_init(a);
	if (!p->af)
		return;
	sa_any(a, p->af == 4 ? AF_INET : AF_INET6, p->port);
	if (p->af == 4)
		memcpy(&a->u.in.sin_addr, p->ip, 4);
	else
		memcpy(&a->u.in6.sin6_addr, p->ip, 16);
}

/* Overwrite the oldest until `n` bytes are free. */
static void make_room(struct capture *c, size_t n)
{
	while (c->head + n - c->tail > c->size) {
		const struct note *old = at(c, c->tail);

		if (old->len != TURN && old->us > c->lost_us)
			c->lost_us = old->us;
		c->tail += old->size;
	}
}

/* Room for a message in one piece. Under the lock. */
static struct note *room(struct capture *c, size_t len)
{
	size_t n = (sizeof(struct note) + len + 7) & ~(size_t)7, left = c->size - c->head % c->size;
	struct note *m;

	if (left < n) {
		make_room(c, left);
		/* eight bytes are always left, all being multiples of that */
		m = at(c, c->head);
		m->size = (uint32_t)left;
		m->len = TURN;
		c->head += left;
	}
	make_room(c, n);
	m = at(c, c->head);
	m->size = (uint32_t)n;
	m->len = (uint32_t)len;
	return m;
}

static void keep(struct capture *c, const struct trace_note *n, uint32_t mark, struct slice data, struct slice callid,
		 bool cut)
{
	struct note *m = room(c, data.l);
	uint64_t *chain = &c->last[mark % CHAINS];

	m->prev = *chain;
	*chain = c->head;
	m->us = n->us;
	m->mark = mark;
	m->id_at = callid.l ? (uint16_t)(callid.p - data.p) : 0;
	m->id_len = (uint16_t)(callid.l < TRACE_NAME_MAX ? callid.l : TRACE_NAME_MAX);
	pack(&m->local, n->local);
	pack(&m->peer, n->peer);
	m->kind = (uint8_t)n->kind;
	m->out = n->out;
	m->transp = n->transp;
	m->cut = cut;
	memcpy(m->data, data.p, data.l);
	c->head += m->size;
	metric_add(&kept_total, 1);
}

static void take_sip(struct capture *c, const struct trace_note *n)
{
	struct slice data = slice_first(n->data, CAPTURE_TEXT_MAX), callid;

	if (!capture_glance(data, &callid))
		return;
	pthread_mutex_lock(&c->lock);
	keep(c, n, trace_mark(callid), data, callid, data.l < n->data.l);
	pthread_mutex_unlock(&c->lock);
}

static void sink(const struct trace_note *n, void *arg)
{
	struct capture *c = arg;

	if (n->kind == TRACE_SIP) {
		take_sip(c, n);
		return;
	}
	if (!n->mark || !n->data.l)
		return;
	/* a worker never waits: sound would */
	if (pthread_mutex_trylock(&c->lock)) {
		metric_add(&missed_total, 1);
		return;
	}
	keep(c, n, n->mark, slice_first(n->data, CAPTURE_TEXT_MAX), SLICE_NULL, false);
	pthread_mutex_unlock(&c->lock);
}

/* ------------------------------------------------------------------ reading */

struct found {
	uint64_t place;
	size_t leg;
};

static bool is_of(const struct note *m, uint32_t mark, struct slice callid)
{
	if (m->mark != mark)
		return false;
	return m->kind != TRACE_SIP || slice_eq(slice_mem(m->data + m->id_at, m->id_len), callid);
}

/* Of one dialog, the newest first. ENOMEM; *n grows. */
static int collect(struct capture *c, struct slice callid, size_t leg, struct found **vp, size_t *n, size_t *cap)
{
	struct slice id = slice_first(callid, TRACE_NAME_MAX);
	uint32_t mark = trace_mark(id);
	uint64_t place = c->last[mark % CHAINS];

	while (place && place >= c->tail) {
		const struct note *m = at(c, place);

		if (is_of(m, mark, id)) {
			if (*n == *cap) {
				size_t more = *cap ? *cap * 2 : 64;
				struct found *v = mem_realloc(*vp, more * sizeof(*v));

				if (!v)
					return ENOMEM;
				*vp = v;
				*cap = more;
			}
			(*vp)[(*n)++] = (struct found){.place = place, .leg = leg};
		}
		place = m->prev;
	}
	return 0;
}

static int order(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return x->place < y->place ? -1 : x->place > y->place;
}

/* As it is shown: messages without their secrets. */
static void show(const struct capture *c, const struct found *f, void (*fn)(const struct capture_msg *m, void *arg),
		 void *arg)
{
	static _Thread_local char mem[CAPTURE_TEXT_MAX + MASKS_MAX];
	const struct note *m = at(c, f->place);
	struct capture_text t;
	struct capture_msg x = {
		.kind = (enum trace_kind)m->kind,
		.out = m->out,
		.cut = m->cut,
		.transp = m->transp,
		.us = m->us,
		.data = slice_mem(m->data, m->len),
		.leg = f->leg,
	};

	if (x.kind == TRACE_SIP) {
		buf_init_fixed(&t.text, mem, sizeof(mem));
		capture_copy(&t, x.data);
		x.data = buf_get(&t.text);
	}
	unpack(&x.local, &m->local);
	unpack(&x.peer, &m->peer);
	fn(&x, arg);
}

bool capture_find(struct capture *c, const struct slice *callid, size_t n, uint64_t since_us, size_t max,
		  void (*fn)(const struct capture_msg *m, void *arg), void *arg)
{
	struct found *v = NULL;
	size_t k = 0, cap = 0;
	int err = 0;

	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < n && i < CAPTURE_LEGS && !err; i++)
		if (callid[i].l)
			err = collect(c, callid[i], i, &v, &k, &cap);
	if (k)
		qsort(v, k, sizeof(*v), order);
	for (size_t i = 0; i < k && i < max; i++)
		show(c, &v[i], fn, arg);
	bool all = !err && k <= max && since_us >= c->begun_us && (!c->lost_us || c->lost_us + NEAR_US < since_us);
	pthread_mutex_unlock(&c->lock);
	mem_deref(v);
	return all;
}

/* ------------------------------------------------------------------ its life */

int capture_alloc(struct capture **cp, struct loop *loop, size_t bytes)
{
	struct capture *c;

	if (bytes < RING_MIN)
		return EINVAL;
	c = mem_zalloc(sizeof(*c), destroy);
	if (!c)
		return ENOMEM;
	c->loop = loop;
	/* places begin behind 0, which is none */
	c->size = bytes & ~(size_t)7;
	c->head = c->tail = c->size;
	c->begun_us = loop_now_us(loop);
	c->sink = (struct trace_sink){.fn = sink, .arg = c};
	/* nothing of it is touched before it is written to */
	c->ring = mmap(NULL, c->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (c->ring == MAP_FAILED)
		c->ring = NULL;
#ifdef MADV_DONTDUMP
	/* what was said on the wire has no place in a core file */
	if (c->ring)
		(void)madvise(c->ring, c->size, MADV_DONTDUMP);
#endif
	c->locks = c->ring && !pthread_mutex_init(&c->lock, NULL);
	if (!c->locks) {
		mem_deref(c);
		return ENOMEM;
	}
	c->dump = (struct inspect){.name = "pbx.capture", .fn = dump, .arg = c};
	inspect_add(&c->dump);
	metric_reg(&kept_total);
	metric_reg(&missed_total);
	*cp = c;
	return 0;
}

const struct trace_sink *capture_sink(const struct capture *c)
{
	return &c->sink;
}
