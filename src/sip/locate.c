/*
 * locate.c - from a URI to servers (RFC 3263 4): NAPTR, SRV, A and AAAA in as few rounds as possible.
 *
 * Round one asks for NAPTR and, so that nobody waits for records that hardly any domain has, for the SRV names that
 * would be tried without them. Round two asks for the SRV names that NAPTR named. Round three asks for the addresses of
 * all hosts, both families at once. Each round ends when its last answer is there; a NAPTR question that stays without
 * an answer, as behind some home routers, is not waited for when the others were answered.
 */
#include "sip/locate.h"

#include <string.h>
#include "base/log.h"
#include "sip/locate_priv.h"

enum { NAPTR_GRACE_MS = 1000, TTL_LITERAL_S = 86400 };

static void step(struct sip_locate *l);

/* ---- questions ---- */

void locate_ask(struct locate_ask *a, struct sip_locate *l, enum dns_type type, struct slice name, dns_h *h)
{
	a->l = l;
	a->err = dns_ask(&a->q, l->dns, type, name, h, a);
}

static void answered(struct locate_ask *a, int err, const struct dns_answer *ans)
{
	a->q = mem_deref(a->q);
	a->err = err;
	if (ans && ans->ttl_s < a->l->ttl_s)
		a->l->ttl_s = ans->ttl_s;
}

static void naptr_h(int err, const struct dns_answer *ans, void *arg)
{
	struct locate_ask *a = arg;

	answered(a, err, ans);
	if (ans)
		locate_take_naptr(a->l, ans);
	step(a->l);
}

static void srv_h(int err, const struct dns_answer *ans, void *arg)
{
	struct locate_ask *a = arg;

	answered(a, err, ans);
	if (ans)
		locate_take_srv(CONTAINER_OF(a, struct locate_service, ask), ans);
	step(a->l);
}

static void take_addrs(struct locate_host *h, size_t fam, const struct dns_answer *ans)
{
	for (size_t i = 0; ans && i < ans->n && h->n[fam] < LOCATE_ADDRS_MAX; i++)
		h->v[fam][h->n[fam]++] = ans->v[i].addr;
}

static void aaaa_h(int err, const struct dns_answer *ans, void *arg)
{
	struct locate_ask *a = arg;

	answered(a, err, ans);
	take_addrs(CONTAINER_OF(a, struct locate_host, ask[0]), 0, ans);
	step(a->l);
}

static void a_h(int err, const struct dns_answer *ans, void *arg)
{
	struct locate_ask *a = arg;

	answered(a, err, ans);
	take_addrs(CONTAINER_OF(a, struct locate_host, ask[1]), 1, ans);
	step(a->l);
}

static bool services_open(const struct locate_service *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (v[i].ask.q)
			return true;
	}
	return false;
}

/* ---- results ---- */

static void tell(void *arg)
{
	struct sip_locate *l = arg;
	struct sip_targets t = l->t;
	char why[LOCATE_WHY_MAX];
	sip_locate_h *h = l->h;

	(void)slice_copy(why, sizeof(why), slice_str(l->why));
	l->h = NULL;
	/* the last touch of it: its owner may free it */
	h(l->err, l->err ? why : NULL, &t, l->arg);
}

static void finish(struct sip_locate *l)
{
	l->stage = LOCATE_DONE;
	timer_start(&l->tmr, l->sip->loop, 0, tell, l);
}

static void fail(struct sip_locate *l, int err, const char *fmt)
{
	struct buf b;

	buf_init(&b);
	buf_str(&b, fmt);
	buf_str(&b, l->name);
	(void)slice_copy(l->why, sizeof(l->why), buf_get(&b));
	buf_free(&b);
	l->t.n = 0;
	l->err = err;
	finish(l);
}

/* The worst that was met: silence before trouble before "no such thing". */
static void fail_by(struct sip_locate *l, bool silent, bool trouble)
{
	if (silent)
		fail(l, ETIMEDOUT, "the name servers do not answer; they were asked for ");
	else if (trouble)
		fail(l, ETIMEDOUT, "the name servers cannot tell where to find ");
	else
		fail(l, ENOENT, "no such host: ");
}

/* ---- the third round: addresses ---- */

static void note_err(const struct locate_ask *a, bool *silent, bool *trouble)
{
	*silent = *silent || a->err == ETIMEDOUT;
	*trouble = *trouble || (a->err && a->err != ENOENT);
}

static void hosts_done(struct sip_locate *l)
{
	bool silent = false, trouble = false;

	locate_fill(l);
	if (l->t.n) {
		finish(l);
		return;
	}
	LIST_EACH (&l->hosts, k) {
		const struct locate_host *h = LINK_OBJ(k, struct locate_host, le);

		note_err(&h->ask[0], &silent, &trouble);
		note_err(&h->ask[1], &silent, &trouble);
	}
	fail_by(l, silent, trouble);
}

static bool hosts_open(const struct sip_locate *l)
{
	LIST_EACH (&l->hosts, k) {
		const struct locate_host *h = LINK_OBJ(k, struct locate_host, le);

		if (h->ask[0].q || h->ask[1].q)
			return true;
	}
	return false;
}

static void ask_hosts(struct sip_locate *l)
{
	bool spoken = false;

	l->stage = LOCATE_HOSTS;
	LIST_EACH (&l->hosts, k) {
		struct locate_host *h = LINK_OBJ(k, struct locate_host, le);
		struct sa a;

		h->ask[0].err = h->ask[1].err = ENOENT;
		if (!sa_set(&a, slice_str(h->name), 0)) {
			size_t fam = sa_af(&a) == AF_INET;

			/* an address where a name should be: no harm in it */
			spoken = spoken || locate_speaks_af(l->sip, h->tp, sa_af(&a));
			if (locate_speaks_af(l->sip, h->tp, sa_af(&a)))
				h->v[fam][h->n[fam]++] = a;
			continue;
		}
		if (locate_speaks_af(l->sip, h->tp, AF_INET6))
			locate_ask(&h->ask[0], l, DNS_AAAA, slice_str(h->name), aaaa_h);
		if (locate_speaks_af(l->sip, h->tp, AF_INET))
			locate_ask(&h->ask[1], l, DNS_A, slice_str(h->name), a_h);
		spoken = spoken || locate_speaks_af(l->sip, h->tp, AF_INET6) ||
			 locate_speaks_af(l->sip, h->tp, AF_INET);
	}
	if (!spoken)
		fail(l, ENOTSUP, "we have no address or transport to reach ");
	else if (!hosts_open(l))
		hosts_done(l);
}

/* ---- the first two: services ---- */

static enum sip_transp plain_tp(const struct sip_locate *l)
{
	if (l->o.tp != SIP_TRANSP_NONE)
		return l->o.tp;
	if (l->sips)
		return SIP_TRANSP_TLS;
	return locate_speaks(l->sip, SIP_TRANSP_UDP) || !locate_speaks(l->sip, SIP_TRANSP_TCP) ? SIP_TRANSP_UDP
											       : SIP_TRANSP_TCP;
}

static void gather(struct sip_locate *l, struct locate_service *v, size_t n, bool *none)
{
	for (size_t i = 0; i < n; i++) {
		*none = *none || v[i].none;
		LIST_EACH (&v[i].hosts, k) {
			list_unlink(k);
			if (l->hosts.n < SIP_TARGETS_MAX)
				list_append(&l->hosts, k);
			else
				mem_deref(LINK_OBJ(k, struct locate_host, le));
		}
	}
}

/* All SRV answers are there. RFC 3263 4.2: without any, the name itself is the host. */
static void services_done(struct sip_locate *l)
{
	bool silent = l->svcs > 0, none = false;

	gather(l, l->pick, l->picks, &none);
	if (!l->hosts.n)
		gather(l, l->svc, l->svcs, &none);
	for (size_t i = 0; i < l->svcs; i++)
		silent = silent && l->svc[i].ask.err == ETIMEDOUT;
	if (!l->hosts.n && none)
		fail(l, ENOENT, "there is no SIP service at ");
	else if (!l->hosts.n && silent)
		fail_by(l, true, false);
	else if (!l->hosts.n && !locate_add_host(&l->hosts, plain_tp(l), locate_port(plain_tp(l)), l->name))
		fail(l, ENOMEM, "no memory to look for ");
	else
		ask_hosts(l);
}

static void naptr_grace(void *arg)
{
	struct sip_locate *l = arg;

	l->naptr.q = mem_deref(l->naptr.q);
	l->naptr.err = ETIMEDOUT;
	step(l);
}

static void ask_services(struct sip_locate *l, struct locate_service *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		locate_ask(&v[i].ask, l, DNS_SRV, slice_str(v[i].name), srv_h);
}

static void step(struct sip_locate *l)
{
	if (l->stage == LOCATE_SERVICES && !services_open(l->svc, l->svcs)) {
		if (l->naptr.q) {
			if (!timer_running(&l->tmr))
				timer_start(&l->tmr, l->sip->loop, NAPTR_GRACE_MS, naptr_grace, l);
			return;
		}
		timer_stop(&l->tmr);
		l->stage = LOCATE_SRV;
		ask_services(l, l->pick, l->picks);
	}
	if (l->stage == LOCATE_SRV && !services_open(l->pick, l->picks))
		services_done(l);
	else if (l->stage == LOCATE_HOSTS && !hosts_open(l))
		hosts_done(l);
}

/* ---- beginning and end ---- */

static void add_service(struct sip_locate *l, enum sip_transp tp, const char *prefix)
{
	struct locate_service *sv = &l->svc[l->svcs];
	size_t at = strlen(prefix);

	if (l->o.tp == SIP_TRANSP_NONE && !l->sips && !locate_speaks(l->sip, tp))
		return;
	if (at + strlen(l->name) > DNS_NAME_MAX)
		return;
	sv->tp = tp;
	memcpy(sv->name, prefix, at);
	memcpy(sv->name + at, l->name, strlen(l->name) + 1);
	l->svcs++;
}

/* RFC 3263 4.1: the encrypted way first, then the one that carries large messages. */
static void start_services(struct sip_locate *l)
{
	enum sip_transp tp = l->sips ? SIP_TRANSP_TLS : l->o.tp;

	if (tp == SIP_TRANSP_TLS || tp == SIP_TRANSP_NONE)
		add_service(l, SIP_TRANSP_TLS, "_sips._tcp.");
	if (tp == SIP_TRANSP_TCP || tp == SIP_TRANSP_NONE)
		add_service(l, SIP_TRANSP_TCP, "_sip._tcp.");
	if (tp == SIP_TRANSP_UDP || tp == SIP_TRANSP_NONE)
		add_service(l, SIP_TRANSP_UDP, "_sip._udp.");
	if (l->o.tp == SIP_TRANSP_NONE)
		locate_ask(&l->naptr, l, DNS_NAPTR, slice_str(l->name), naptr_h);
	ask_services(l, l->svc, l->svcs);
	step(l);
}

static void start(struct sip_locate *l, const struct sip_uri *uri)
{
	struct sa a;

	l->ttl_s = TTL_LITERAL_S;
	if (!sip_uri_sa(uri, locate_port(plain_tp(l)), &a)) {
		if (!locate_speaks_af(l->sip, plain_tp(l), sa_af(&a))) {
			fail(l, ENOTSUP, "we have no address or transport to reach ");
			return;
		}
		locate_add_target(l, plain_tp(l), &a);
		l->t.ttl_s = l->ttl_s;
		finish(l);
	} else if (l->port) {
		if (locate_add_host(&l->hosts, plain_tp(l), l->port, l->name))
			ask_hosts(l);
		else
			fail(l, ENOMEM, "no memory to look for ");
	} else {
		start_services(l);
	}
}

static void free_hosts(struct list *hosts)
{
	LIST_EACH (hosts, k) {
		struct locate_host *h = LINK_OBJ(k, struct locate_host, le);

		mem_deref(h->ask[0].q);
		mem_deref(h->ask[1].q);
		list_unlink(k);
		mem_deref(h);
	}
}

static void drop_all(struct sip_locate *l)
{
	timer_stop(&l->tmr);
	l->naptr.q = mem_deref(l->naptr.q);
	for (size_t i = 0; i < LOCATE_SERVICES_MAX; i++) {
		l->svc[i].ask.q = mem_deref(l->svc[i].ask.q);
		l->pick[i].ask.q = mem_deref(l->pick[i].ask.q);
		free_hosts(&l->svc[i].hosts);
		free_hosts(&l->pick[i].hosts);
	}
	free_hosts(&l->hosts);
	l->dns = mem_deref(l->dns);
	l->sip = NULL;
}

static void gone(struct sip_user *u)
{
	drop_all(CONTAINER_OF(u, struct sip_locate, user));
}

static void locate_destroy(void *obj)
{
	struct sip_locate *l = obj;

	list_unlink(&l->user.le);
	drop_all(l);
}

/* RFC 3263 4.1: what the URI itself says about the transport. */
static int read_uri(struct sip_locate *l, const struct sip_uri *uri)
{
	struct slice tp;

	l->sips = slice_ieqs(uri->scheme, "sips");
	if (!l->sips && !slice_ieqs(uri->scheme, "sip"))
		return ENOTSUP;
	if (l->o.tp == SIP_TRANSP_NONE && sip_param_get(uri->params, "transport", &tp)) {
		if (slice_ieqs(tp, "udp"))
			l->o.tp = SIP_TRANSP_UDP;
		else if (slice_ieqs(tp, "tcp"))
			l->o.tp = SIP_TRANSP_TCP;
		else if (slice_ieqs(tp, "tls"))
			l->o.tp = SIP_TRANSP_TLS;
		else
			return ENOTSUP;
	}
	/* RFC 3261 26.2.2: sips over tcp is TLS over TCP */
	if (l->sips && l->o.tp == SIP_TRANSP_TCP)
		l->o.tp = SIP_TRANSP_TLS;
	if ((l->sips && l->o.tp == SIP_TRANSP_UDP) || l->o.tp > SIP_TRANSP_TLS)
		return ENOTSUP;
	l->port = uri->port;
	return slice_copy(l->name, sizeof(l->name), uri->host) ? 0 : ENOTSUP;
}

int sip_locate(struct sip_locate **lp, struct sip *s, const struct sip_uri *uri, const struct sip_locate_opts *o,
	       sip_locate_h *h, void *arg)
{
	struct sip_locate *l = mem_zalloc(sizeof(*l), locate_destroy);
	struct dns *dns = NULL;
	int err;

	if (!l)
		return ENOMEM;
	l->o.tp = SIP_TRANSP_NONE;
	if (o)
		l->o = *o;
	err = read_uri(l, uri);
	if (!err && !uri->af)
		err = sip_dns(&dns, s);
	if (err) {
		mem_deref(l);
		return err;
	}
	l->sip = s;
	l->dns = mem_ref(dns);
	l->h = h;
	l->arg = arg;
	l->user.gone = gone;
	list_append(&s->users, &l->user.le);
	start(l, uri);
	*lp = l;
	return 0;
}

int sip_dns(struct dns **dp, struct sip *s)
{
	int err = s->dns ? 0 : dns_alloc(&s->dns, s->loop, NULL);

	*dp = s->dns;
	return err;
}

void sip_set_dns(struct sip *s, struct dns *d)
{
	mem_ref(d);
	mem_deref(s->dns);
	s->dns = d;
}
