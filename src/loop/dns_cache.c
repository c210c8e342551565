/*
 * dns_cache.c - answers that are kept: a table of limited size from which the one unused for longest goes first.
 */
#include <string.h>
#include "loop/dns_priv.h"

/* ---- answers ---- */

void dns_rr_clear(struct dns_rr *rr)
{
	const char *const texts[] = {rr->name, rr->flags, rr->service, rr->regexp};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		mem_deref((void *)(uintptr_t)texts[i]);
	memset(rr, 0, sizeof(*rr));
}

static void set_destroy(void *obj)
{
	struct dns_set *s = obj;

	for (size_t i = 0; i < s->n; i++)
		dns_rr_clear(&s->v[i]);
}

struct dns_set *dns_set_new(size_t cap)
{
	struct dns_set *s = mem_zalloc(sizeof(*s) + cap * sizeof(struct dns_rr), set_destroy);

	if (s)
		s->cap = cap;
	return s;
}

void dns_set_ttl(struct dns_set *s, uint32_t neg_s)
{
	uint32_t ttl = s->n ? DNS_TTL_MAX : neg_s < DNS_NEG_MAX ? neg_s : DNS_NEG_MAX;

	for (size_t i = 0; i < s->n; i++) {
		if (s->v[i].ttl < ttl)
			ttl = s->v[i].ttl;
	}
	s->ttl_s = ttl < DNS_TTL_MIN ? DNS_TTL_MIN : ttl;
}

/* ---- the table ---- */

void dns_cache_init(struct dns_cache *c, size_t max)
{
	memset(c, 0, sizeof(*c));
	hash_init(&c->tab);
	c->max = max;
}

static void entry_drop(struct dns_cache *c, struct dns_entry *e)
{
	hash_del(&c->tab, &e->he);
	list_unlink(&e->lru);
	mem_deref(e->set);
	mem_deref(e);
}

void dns_cache_flush(struct dns_cache *c)
{
	while (c->lru.head)
		entry_drop(c, LINK_OBJ(c->lru.head, struct dns_entry, lru));
	hash_free(&c->tab);
}

static struct dns_entry *find(const struct dns_cache *c, const struct dns_key *k)
{
	for (struct hlink *h = hash_first(&c->tab, k->hash); h; h = hash_next(h)) {
		struct dns_entry *e = CONTAINER_OF(h, struct dns_entry, he);

		if (e->type == k->type && !strcmp(e->name, k->name))
			return e;
	}
	return NULL;
}

void dns_cache_put(struct dns_cache *c, const struct dns_key *k, struct dns_set *set, uint64_t now)
{
	struct dns_entry *e = find(c, k);

	if (e)
		entry_drop(c, e);
	if (c->tab.n >= c->max)
		entry_drop(c, LINK_OBJ(c->lru.head, struct dns_entry, lru));
	e = mem_zalloc(sizeof(*e) + k->l + 1, NULL);
	if (!e)
		return;
	if (hash_add(&c->tab, k->hash, &e->he)) {
		mem_deref(e);
		return;
	}
	e->type = k->type;
	memcpy(e->name, k->name, k->l + 1);
	e->set = mem_ref(set);
	e->until = now + 1000ULL * set->ttl_s;
	list_append(&c->lru, &e->lru);
}

struct dns_entry *dns_cache_get(struct dns_cache *c, const struct dns_key *k, uint64_t now)
{
	struct dns_entry *e = find(c, k);

	if (!e)
		return NULL;
	if (e->until <= now && (!e->set->n || now - e->until > 1000ULL * DNS_STALE_S)) {
		entry_drop(c, e);
		return NULL;
	}
	list_unlink(&e->lru);
	list_append(&c->lru, &e->lru);
	return e;
}
