/*
 * dns.c - the resolver: queries of users, questions that they share, answers from cache, hosts file and source.
 *
 * A query takes a fresh answer from the cache, or waits for a question. When no name server answers, a stale answer is
 * as good as any (RFC 8767 5): given after a short wait, or at once while the servers are known to be dead; the
 * question goes out all the same, so that their return is noticed.
 */
#include <string.h>
#include "base/log.h"
#include "loop/dns_priv.h"

enum {
	TRY_MS = 2000,
	TIMEOUT_MS = 5000,
	STALE_MS = 1800, /* the client response timer of RFC 8767 5 */
	CACHE_MAX = 2048,
	STALE_TTL_S = 30, /* RFC 8767 4: how long a stale answer may be kept */
	LOG_EVERY_MS = 60000
};

struct dns_query {
	struct link le; /**< in dns_pending.queries, dns.done or dns.told */
	struct dns *dns;
	struct dns_set *set; /**< the answer */
	struct dns_set *old; /**< a stale one, should nothing better come */
	struct timer tmr;
	dns_h *h;
	void *arg;
	int err;
	bool stale;
};

/* ---- keys ---- */

bool dns_key_set(struct dns_key *k, enum dns_type type, struct slice name)
{
	size_t label = 0;

	if (name.l && name.p[name.l - 1] == '.')
		name.l--;
	if (!name.l || name.l > DNS_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.l; i++) {
		char c = name.p[i];

		label = c == '.' ? 0 : label + 1;
		if (c <= ' ' || c >= 127 || c == '\\' || label > 63 || (c == '.' && (i == 0 || name.p[i - 1] == '.')))
			return false;
		k->name[i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
	k->name[name.l] = 0;
	k->l = name.l;
	k->type = type;
	k->hash = hash_bytes(slice_mem(k->name, k->l)) + (uint32_t)type;
	return true;
}

/* ---- telling ---- */

static void deliver(void *arg)
{
	struct dns *d = arg;

	mem_ref(d);
	while (d->done.head && mem_nrefs(d) > 1) {
		struct dns_query *q = LINK_OBJ(d->done.head, struct dns_query, le);
		struct dns_set *set = q->set;
		struct dns_answer a = {.stale = q->stale};
		dns_h *h = q->h;

		list_unlink(&q->le);
		list_append(&d->told, &q->le);
		q->set = NULL;
		q->h = NULL;
		if (set) {
			a.v = set->v;
			a.n = set->n;
			a.ttl_s = q->stale ? STALE_TTL_S : set->ttl_s;
		}
		/* the last touch of q: its owner may free it */
		h(a.n ? 0 : q->err ? q->err : ENOENT, a.n ? &a : NULL, q->arg);
		mem_deref(set);
	}
	mem_deref(d);
}

/** `q` has its result; it is told at the end of the turn. */
static void finish(struct dns_query *q, int err, struct dns_set *set, bool stale)
{
	list_unlink(&q->le);
	timer_stop(&q->tmr);
	q->err = err;
	q->set = mem_ref(set);
	q->stale = stale;
	q->old = mem_deref(q->old);
	list_append(&q->dns->done, &q->le);
	loop_at_tail(q->dns->loop, &q->dns->tail);
}

static void finish_failed(struct dns_query *q, int err)
{
	struct dns_set *old = mem_ref(q->old);

	finish(q, err, old, old != NULL);
	mem_deref(old);
}

/* ---- are the name servers there? ---- */

static bool may_log(struct dns *d)
{
	uint64_t now = loop_now_ms(d->loop);

	if (d->logged && now - d->logged < LOG_EVERY_MS)
		return false;
	d->logged = now;
	return true;
}

/* They say no, or nobody listens there. It may be about this name alone, so they are not dead. */
static void note_refusal(struct dns *d, const struct dns_pending *p)
{
	if (may_log(d))
		log_warn("dns", "the name servers refuse to answer (asked for %s)", p->key.name);
}

/* Only if nothing came at all meanwhile: some name servers are silent about types they do not know. */
static void note_dead(struct dns *d, const struct dns_pending *p)
{
	if (d->answered > p->since)
		return;
	d->dead = true;
	if (may_log(d))
		log_warn("dns",
			 "the name servers do not answer (asked for %s); old answers are used where there are any",
			 p->key.name);
}

static void note_alive(struct dns *d)
{
	d->answered = loop_now_ms(d->loop);
	if (d->dead)
		log_info("dns", "the name servers answer again");
	d->dead = false;
}

bool dns_is_dead(const struct dns *d)
{
	return d->dead;
}

/* ---- questions ---- */

static struct dns_pending *find_pending(const struct dns *d, const struct dns_key *k)
{
	for (struct hlink *h = hash_first(&d->pending, k->hash); h; h = hash_next(h)) {
		struct dns_pending *p = CONTAINER_OF(h, struct dns_pending, he);

		if (p->key.type == k->type && p->key.l == k->l && !memcmp(p->key.name, k->name, k->l))
			return p;
	}
	return NULL;
}

static void pending_destroy(void *obj)
{
	struct dns_pending *p = obj;

	timer_stop(&p->tmr);
}

void dns_answered(struct dns_pending *p, int err, struct dns_set *set)
{
	struct dns *d = p->dns;

	hash_del(&d->pending, &p->he);
	if (err == ETIMEDOUT)
		note_dead(d, p);
	else if (err == EIO)
		note_refusal(d, p);
	else if (!err)
		note_alive(d);
	if (set)
		dns_cache_put(&d->cache, &p->key, set, loop_now_ms(d->loop));
	while (p->queries.head) {
		struct dns_query *q = LINK_OBJ(p->queries.head, struct dns_query, le);

		if (set)
			finish(q, 0, set, false);
		else
			finish_failed(q, err);
	}
	mem_deref(set);
	mem_deref(p);
}

static int new_pending(struct dns_pending **pp, struct dns *d, const struct dns_key *k)
{
	struct dns_pending *p;
	int err;

	if (d->pending.n >= DNS_ASKS_MAX)
		return ERR_LIMIT;
	p = mem_zalloc(sizeof(*p), pending_destroy);
	if (!p)
		return ENOMEM;
	p->dns = d;
	p->key = *k;
	p->since = loop_now_ms(d->loop);
	err = hash_add(&d->pending, k->hash, &p->he);
	if (err) {
		mem_deref(p);
		return err;
	}
	*pp = p;
	return 0;
}

static void on_time_out(void *arg)
{
	struct dns_query *q = arg;

	/* a stale answer that came after a short wait says nothing yet about the servers */
	if (!q->old)
		note_dead(q->dns, CONTAINER_OF(q->le.list, struct dns_pending, queries));
	finish_failed(q, ETIMEDOUT);
}

/** Wait for the answer to `k`; a question that is on its way already is shared. */
static int wait_for(struct dns_query *q, const struct dns_key *k)
{
	struct dns *d = q->dns;
	struct dns_pending *p = find_pending(d, k);
	bool fresh = !p;
	int err = p ? 0 : new_pending(&p, d, k);

	if (err && !q->old)
		return err;
	if (q->old && (err || d->dead))
		finish_failed(q, ETIMEDOUT);
	else
		list_append(&p->queries, &q->le);
	if (!err && q->le.list == &p->queries)
		timer_start(&q->tmr, d->loop, q->old ? d->stale_ms : d->timeout_ms, on_time_out, q);
	/* the last step: the answer may come within */
	if (fresh && !err) {
		err = d->src->ask(d, p);
		if (err)
			dns_answered(p, err, NULL);
	}
	return 0;
}

static int look_up(struct dns_query *q, const struct dns_key *k)
{
	struct dns *d = q->dns;
	uint64_t now = loop_now_ms(d->loop);
	struct dns_set *set = d->hosts ? dns_hosts_find(d->hosts, k, now) : NULL;
	struct dns_entry *e;

	if (set) {
		finish(q, 0, set, false);
		mem_deref(set);
		return 0;
	}
	e = dns_cache_get(&d->cache, k, now);
	if (e && e->until > now) {
		finish(q, 0, e->set, false);
		return 0;
	}
	if (e)
		q->old = mem_ref(e->set);
	return wait_for(q, k);
}

static void query_destroy(void *obj)
{
	struct dns_query *q = obj;

	list_unlink(&q->le);
	timer_stop(&q->tmr);
	if (q->dns)
		q->dns->queries--;
	mem_deref(q->set);
	mem_deref(q->old);
}

int dns_ask(struct dns_query **qp, struct dns *d, enum dns_type type, struct slice name, dns_h *h, void *arg)
{
	struct dns_query *q;
	struct dns_key k;
	int err = 0;

	if (d->queries >= DNS_QUERIES_MAX)
		return ERR_LIMIT;
	q = mem_zalloc(sizeof(*q), query_destroy);
	if (!q)
		return ENOMEM;
	q->dns = d;
	d->queries++;
	q->h = h;
	q->arg = arg;
	if (dns_key_set(&k, type, name))
		err = look_up(q, &k);
	else
		finish(q, ENOENT, NULL, false);
	if (err) {
		mem_deref(q);
		return err;
	}
	*qp = q;
	return 0;
}

/* ---- beginning and end ---- */

static void orphan(struct list *l)
{
	LIST_EACH (l, k) {
		struct dns_query *q = LINK_OBJ(k, struct dns_query, le);

		list_unlink(k);
		timer_stop(&q->tmr);
		q->dns = NULL;
	}
}

static int drop_pending(struct hlink *k, void *arg)
{
	struct dns_pending *p = CONTAINER_OF(k, struct dns_pending, he);
	struct dns *d = arg;

	hash_del(&d->pending, &p->he);
	orphan(&p->queries);
	mem_deref(p);
	return 0;
}

static void dns_destroy(void *obj)
{
	struct dns *d = obj;

	if (d->src)
		d->src->close(d);
	(void)hash_each(&d->pending, drop_pending, d);
	hash_free(&d->pending);
	orphan(&d->done);
	orphan(&d->told);
	loop_tail_cancel(&d->tail);
	dns_cache_flush(&d->cache);
	mem_deref(d->hosts);
}

static uint32_t or_default(uint32_t v, uint32_t def)
{
	return v ? v : def;
}

int dns_alloc(struct dns **dp, struct loop *l, const struct dns_cfg *cfg)
{
	static const struct dns_cfg none;
	struct dns *d = mem_zalloc(sizeof(*d), dns_destroy);
	int err = 0;

	if (!d)
		return ENOMEM;
	if (!cfg)
		cfg = &none;
	d->loop = l;
	d->tail.fn = deliver;
	d->tail.arg = d;
	d->try_ms = or_default(cfg->try_ms, TRY_MS);
	d->timeout_ms = or_default(cfg->timeout_ms, TIMEOUT_MS);
	d->stale_ms = or_default(cfg->stale_ms, STALE_MS);
	hash_init(&d->pending);
	dns_cache_init(&d->cache, or_default(cfg->cache_max, CACHE_MAX));
	if (loop_is_virtual(l)) {
		d->src = &dns_zone;
	} else {
		err = dns_ares_open(d, cfg);
		if (!err && !(cfg->hosts && !*cfg->hosts))
			err = dns_hosts_alloc(&d->hosts, cfg->hosts ? cfg->hosts : "/etc/hosts");
	}
	if (err) {
		mem_deref(d);
		return err;
	}
	*dp = d;
	return 0;
}

void dns_flush(struct dns *d)
{
	size_t max = d->cache.max;

	dns_cache_flush(&d->cache);
	dns_cache_init(&d->cache, max);
}
