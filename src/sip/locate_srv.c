/*
 * locate_srv.c - what the records of a lookup mean: NAPTR (RFC 3263 4.1), the order of SRV records (RFC 2782), the
 * order of addresses (RFC 8305 4).
 */
#include <string.h>
#include "base/rand.h"
#include "sip/locate_priv.h"

/* ---- what we speak ---- */

bool locate_speaks_af(const struct sip *s, enum sip_transp tp, int af)
{
	bool any = false, mine = false, other = false;

	LIST_EACH (&s->listeners, k) {
		const struct sip_listener *ln = LINK_OBJ(k, struct sip_listener, le);

		any = any || ln->tp == tp;
		mine = mine || (ln->tp == tp && sa_af(&ln->local) == af);
		other = other || sa_af(&ln->local) == af;
	}
	/* a stream can be opened without a listener of its kind; the family must be one that we use */
	return any || tp == SIP_TRANSP_UDP ? mine : other || !s->listeners.n;
}

bool locate_speaks(const struct sip *s, enum sip_transp tp)
{
	LIST_EACH (&s->listeners, k) {
		if (LINK_OBJ(k, struct sip_listener, le)->tp == tp)
			return true;
	}
	return false;
}

/* ---- NAPTR ---- */

static enum sip_transp service_of(const char *service)
{
	static const struct {
		const char *name;
		enum sip_transp tp;
	} known[] = {{"SIP+D2U", SIP_TRANSP_UDP}, {"SIP+D2T", SIP_TRANSP_TCP}, {"SIPS+D2T", SIP_TRANSP_TLS}};

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (slice_ieqs(slice_str(service), known[i].name))
			return known[i].tp;
	}
	return SIP_TRANSP_NONE;
}

static bool is_before(const struct locate_service *a, const struct dns_rr *rr)
{
	return a->order < rr->prio || (a->order == rr->prio && a->pref <= rr->weight);
}

void locate_take_naptr(struct sip_locate *l, const struct dns_answer *a)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct dns_rr *rr = &a->v[i];
		enum sip_transp tp = service_of(rr->service);
		size_t at = 0;

		if (tp == SIP_TRANSP_NONE || !slice_ieqs(slice_str(rr->flags), "s") || !*rr->name ||
		    (l->sips ? tp != SIP_TRANSP_TLS : !locate_speaks(l->sip, tp)))
			continue;
		while (at < l->picks && is_before(&l->pick[at], rr))
			at++;
		if (at == LOCATE_SERVICES_MAX)
			continue;
		if (l->picks == LOCATE_SERVICES_MAX)
			l->picks--;
		memmove(&l->pick[at + 1], &l->pick[at], (l->picks - at) * sizeof(l->pick[0]));
		l->pick[at] = (struct locate_service){.tp = tp, .order = rr->prio, .pref = rr->weight};
		(void)slice_copy(l->pick[at].name, sizeof(l->pick[at].name), slice_str(rr->name));
		l->picks++;
	}
}

/* ---- SRV ---- */

bool locate_add_host(struct list *hosts, enum sip_transp tp, uint16_t port, const char *name)
{
	struct locate_host *h = hosts->n < SIP_TARGETS_MAX ? mem_zalloc(sizeof(*h), NULL) : NULL;

	if (!h)
		return false;
	h->tp = tp;
	h->port = port;
	(void)slice_copy(h->name, sizeof(h->name), slice_str(name));
	list_append(hosts, &h->le);
	return true;
}

/* The next one of priority `prio` among those not taken, drawn by weight; those without weight have a small chance. */
static size_t draw(const struct dns_answer *a, const bool *taken, uint16_t prio)
{
	uint32_t sum = 0, at;
	size_t last = a->n;

	for (size_t i = 0; i < a->n; i++)
		sum += !taken[i] && a->v[i].prio == prio ? a->v[i].weight : 0;
	at = rand_below(sum + 1);
	/* those without weight stand first (RFC 2782); they are met only when the number drawn is 0 */
	for (int heavy = 0; heavy < 2; heavy++) {
		for (size_t i = 0; i < a->n; i++) {
			if (taken[i] || a->v[i].prio != prio || (a->v[i].weight > 0) != heavy)
				continue;
			last = i;
			if (at <= a->v[i].weight)
				return i;
			at -= a->v[i].weight;
		}
	}
	return last;
}

static bool next_prio(const struct dns_answer *a, const bool *taken, uint16_t *prio)
{
	bool found = false;

	for (size_t i = 0; i < a->n; i++) {
		if (taken[i] || (found && a->v[i].prio >= *prio))
			continue;
		*prio = a->v[i].prio;
		found = true;
	}
	return found;
}

void locate_take_srv(struct locate_service *sv, const struct dns_answer *a)
{
	bool taken[DNS_RR_MAX] = {false};
	uint16_t prio = 0;

	if (a->n == 1 && !*a->v[0].name) {
		sv->none = true;
		return;
	}
	while (next_prio(a, taken, &prio)) {
		size_t i = draw(a, taken, prio);

		taken[i] = true;
		if (*a->v[i].name && !locate_add_host(&sv->hosts, sv->tp, a->v[i].port, a->v[i].name))
			return;
	}
}

/* ---- targets ---- */

void locate_add_target(struct sip_locate *l, enum sip_transp tp, const struct sa *addr)
{
	struct sip_dest *d = &l->t.v[l->t.n];

	for (size_t i = 0; i < l->t.n; i++) {
		if (l->t.v[i].tp == tp && sa_eq(&l->t.v[i].addr, addr))
			return;
	}
	if (l->t.n == SIP_TARGETS_MAX)
		return;
	*d = (struct sip_dest){.tp = tp, .addr = *addr, .sips = l->sips};
	if (tp == SIP_TRANSP_TLS) {
		/* RFC 5922 4: the certificate proves the domain of the URI, not the name that a record led to */
		d->host = sip_host_intern(l->sip, slice_str(l->name));
		d->tls_any = l->o.tls_any;
	}
	l->t.n++;
}

static void add_addr(struct sip_locate *l, struct locate_host *h, size_t fam, size_t i)
{
	if (i >= h->n[fam])
		return;
	sa_set_port(&h->v[fam][i], h->port);
	locate_add_target(l, h->tp, &h->v[fam][i]);
}

static void dead_last(struct sip_locate *l)
{
	struct sip_targets t = {.ttl_s = l->t.ttl_s};

	for (int dead = 0; dead < 2; dead++) {
		for (size_t i = 0; i < l->t.n; i++) {
			if (sip_target_is_dead(l->sip, &l->t.v[i]) == dead)
				t.v[t.n++] = l->t.v[i];
		}
	}
	l->t = t;
}

void locate_fill(struct sip_locate *l)
{
	LIST_EACH (&l->hosts, k) {
		struct locate_host *h = LINK_OBJ(k, struct locate_host, le);

		for (size_t i = 0; i < LOCATE_ADDRS_MAX; i++) {
			add_addr(l, h, 0, i);
			add_addr(l, h, 1, i);
		}
	}
	l->t.ttl_s = l->ttl_s;
	dead_last(l);
}
