/*
 * dns_zone.c - the name servers of a vnet: a scripted zone that answers at once, late, with a refusal or not at all,
 * so that scenarios are deterministic.
 */
#include <string.h>
#include "loop/dns_priv.h"
#include "loop/vnet_priv.h"

enum {
	ALIASES_MAX = 8,
	NEG_TTL_S = 30,
	TRIES_MS = 6000 /* a real source gives up after its tries, too */
};

struct zone_rr {
	struct link le;
	struct dns_key key;
	struct dns_rr rr;
};

struct vnet_dns {
	struct list rrs; /* in the order of adding */
	enum vnet_dns_mode mode;
	uint32_t ms;
	size_t asked;
};

static void rr_destroy(void *obj)
{
	struct zone_rr *z = obj;

	dns_rr_clear(&z->rr);
}

static void zone_destroy(void *obj)
{
	struct vnet_dns *z = obj;

	LIST_EACH (&z->rrs, k)
		mem_deref(LINK_OBJ(k, struct zone_rr, le));
}

static struct vnet_dns *zone_of(struct vnet *n)
{
	if (!n->dns)
		n->dns = mem_zalloc(sizeof(*n->dns), zone_destroy);
	return n->dns;
}

/* ---- writing it ---- */

/* The next word, or what stands in quotation marks. */
static struct slice word(struct slice *s)
{
	char end = ' ';

	*s = slice_trim(*s);
	if (s->l && s->p[0] == '"') {
		end = '"';
		*s = slice_from(*s, 1);
	}
	return slice_cut(s, end);
}

static int number(uint16_t *v, struct slice *s)
{
	uint32_t n;

	if (slice_u32(word(s), &n) || n > 65535)
		return ERR_SYNTAX;
	*v = (uint16_t)n;
	return 0;
}

static int text(const char **sp, struct slice *s)
{
	char *p;
	int err = slice_dup(&p, word(s));

	if (!err)
		*sp = p;
	return err;
}

/* A name in lower case; "." is the root. */
static int name_of(const char **sp, struct slice *s)
{
	struct slice w = word(s);
	struct dns_key k;
	char *p;
	int err;

	if (slice_eqs(w, "."))
		k.name[0] = 0;
	else if (!dns_key_set(&k, DNS_A, w))
		return ERR_SYNTAX;
	err = mem_strdup(&p, k.name);
	if (!err)
		*sp = p;
	return err;
}

static int parse(struct dns_rr *rr, struct slice s)
{
	int err;

	if (rr->type == DNS_A || rr->type == DNS_AAAA) {
		err = sa_set(&rr->addr, s, 0);
		return err ? err : (sa_af(&rr->addr) == AF_INET) == (rr->type == DNS_A) ? 0 : ERR_SYNTAX;
	}
	if (rr->type == DNS_CNAME)
		return name_of(&rr->name, &s);
	if (rr->type != DNS_SRV && rr->type != DNS_NAPTR)
		return ERR_SYNTAX;
	err = number(&rr->prio, &s);
	if (!err)
		err = number(&rr->weight, &s);
	if (!err && rr->type == DNS_SRV)
		err = number(&rr->port, &s);
	if (!err && rr->type == DNS_NAPTR) {
		err = text(&rr->flags, &s);
		if (!err)
			err = text(&rr->service, &s);
		if (!err)
			err = text(&rr->regexp, &s);
	}
	return err ? err : name_of(&rr->name, &s);
}

int vnet_dns_add(struct vnet *n, const char *name, enum dns_type type, const char *rdata, uint32_t ttl)
{
	struct vnet_dns *zone = zone_of(n);
	struct zone_rr *z = zone ? mem_zalloc(sizeof(*z), rr_destroy) : NULL;
	int err;

	if (!z)
		return ENOMEM;
	z->rr.type = type;
	z->rr.ttl = ttl;
	err = dns_key_set(&z->key, type, slice_str(name)) ? parse(&z->rr, slice_str(rdata)) : ERR_SYNTAX;
	if (err) {
		mem_deref(z);
		return err;
	}
	list_append(&zone->rrs, &z->le);
	return 0;
}

static bool same_name(const struct zone_rr *z, const char *name)
{
	return !strcmp(z->key.name, name);
}

void vnet_dns_del(struct vnet *n, const char *name)
{
	struct dns_key k;

	if (!n->dns || !dns_key_set(&k, DNS_A, slice_str(name)))
		return;
	LIST_EACH (&n->dns->rrs, l) {
		struct zone_rr *z = LINK_OBJ(l, struct zone_rr, le);

		if (same_name(z, k.name)) {
			list_unlink(l);
			mem_deref(z);
		}
	}
}

void vnet_dns_fail(struct vnet *n, enum vnet_dns_mode mode, uint32_t ms)
{
	struct vnet_dns *zone = zone_of(n);

	if (!zone)
		return;
	zone->mode = mode;
	zone->ms = ms;
}

size_t vnet_dns_asked(const struct vnet *n)
{
	return n->dns ? n->dns->asked : 0;
}

/* ---- answering ---- */

static const char *alias_of(const struct vnet_dns *zone, const char *name)
{
	for (const struct link *k = zone->rrs.head; k; k = k->next) {
		const struct zone_rr *z = LINK_OBJ(k, struct zone_rr, le);

		if (z->rr.type == DNS_CNAME && same_name(z, name))
			return z->rr.name;
	}
	return NULL;
}

static int copy_text(const char **to, const char *from)
{
	char *p;
	int err = from ? mem_strdup(&p, from) : 0;

	*to = from && !err ? p : NULL;
	return err;
}

static int copy_rr(struct dns_rr *to, const struct dns_rr *from)
{
	int err;

	*to = *from;
	to->name = to->flags = to->service = to->regexp = NULL;
	err = copy_text(&to->name, from->name);
	if (!err)
		err = copy_text(&to->flags, from->flags);
	if (!err)
		err = copy_text(&to->service, from->service);
	return err ? err : copy_text(&to->regexp, from->regexp);
}

static int answer(struct dns_set **sp, const struct vnet_dns *zone, const struct dns_key *k)
{
	struct dns_set *s = dns_set_new(DNS_RR_MAX);
	const char *name = k->name;
	int err = s ? 0 : ENOMEM;

	for (int i = 0; zone && i < ALIASES_MAX; i++) {
		const char *to = alias_of(zone, name);

		name = to ? to : name;
	}
	for (const struct link *l = zone ? zone->rrs.head : NULL; l && !err && s->n < s->cap; l = l->next) {
		const struct zone_rr *z = LINK_OBJ(l, struct zone_rr, le);

		if (z->rr.type == k->type && same_name(z, name))
			err = copy_rr(&s->v[s->n++], &z->rr);
	}
	if (err) {
		mem_deref(s);
		return err;
	}
	dns_set_ttl(s, NEG_TTL_S);
	*sp = s;
	return 0;
}

static void on_due(void *arg)
{
	struct dns_pending *p = arg;
	const struct vnet_dns *zone = p->dns->loop->net->dns;
	struct dns_set *set = NULL;
	int err;

	if (zone && zone->mode != VNET_DNS_OK)
		err = zone->mode == VNET_DNS_REFUSE ? EIO : ETIMEDOUT;
	else
		err = answer(&set, zone, &p->key);
	dns_answered(p, err, set);
}

static int zone_ask(struct dns *d, struct dns_pending *p)
{
	struct vnet_dns *zone = d->loop->net->dns;
	uint64_t ms = 0;

	if (zone) {
		zone->asked++;
		ms = zone->mode == VNET_DNS_SILENT ? TRIES_MS : zone->ms;
	}
	timer_start(&p->tmr, d->loop, ms, on_due, p);
	return 0;
}

static void zone_close(struct dns *d)
{
	(void)d; /* the timers end with the questions */
}

const struct dns_source dns_zone = {zone_ask, zone_close};
