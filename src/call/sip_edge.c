/*
 * sip_edge.c - the SIP edge: configuration, which requests go where, who is asking, what is ours, which address a peer
 * sees.
 */
#include <string.h>
#include "base/utf8.h"
#include "call/sip_trunk_priv.h"
#include "loop/udp.h"

static void destroy(void *obj)
{
	struct edge *e = obj;

	edge_registrar_end(e);
	edge_flows_end(e);
	edge_keep_end(e);
	hash_free(&e->sessions);
	strunks_end(e);
	mem_deref(e->realm);
	mem_deref(e->auth);
	mem_deref(e->guard);
	for (size_t i = 0; i < e->ndomains; i++)
		mem_deref(e->domains[i]);
}

static int copy_names(struct edge *e, const struct edge_cfg *cfg)
{
	for (size_t i = 0; i < cfg->ndomains && e->ndomains < EDGE_DOMAINS_MAX; i++) {
		int err = mem_strdup(&e->domains[e->ndomains], cfg->domains[i]);

		if (err)
			return err;
		e->ndomains++;
	}
	for (size_t i = 0; i < cfg->nlocal_nets && e->nnets < EDGE_NETS_MAX; i++)
		e->nets[e->nnets++] = cfg->local_nets[i];
	return 0;
}

int edge_set_addresses(struct edge *e, const struct sa *external, const struct sa_net *nets, size_t n)
{
	if (n > EDGE_NETS_MAX)
		return ERR_LIMIT;
	if (external)
		e->external = *external;
	else
		sa_init(&e->external);
	for (size_t i = 0; i < n; i++)
		e->nets[i] = nets[i];
	e->nnets = n;
	return 0;
}

int edge_alloc(struct edge **ep, const struct edge_cfg *cfg)
{
	struct sip_auth_cfg ac = {.loop = cfg->loop, .realm = cfg->realm, .sha256_only = cfg->sha256_only};
	struct edge *e;
	int err;

	if (cfg->ndomains > EDGE_DOMAINS_MAX || cfg->nlocal_nets > EDGE_NETS_MAX)
		return ERR_LIMIT;
	e = mem_zalloc(sizeof(*e), destroy);
	if (!e)
		return ENOMEM;
	e->loop = cfg->loop;
	e->calls = cfg->calls;
	e->location = cfg->location;
	e->location_arg = cfg->location_arg;
	e->secret = cfg->secret;
	e->secret_arg = cfg->secret_arg;
	e->admit = cfg->admit;
	e->admit_arg = cfg->admit_arg;
	e->guard = mem_ref(cfg->guard);
	e->always = cfg->always;
	e->always_arg = cfg->always_arg;
	e->overload = cfg->overload;
	e->overload_arg = cfg->overload_arg;
	e->auth_invite = cfg->auth_invite;
	e->auth_dialog = cfg->auth_dialog;
	e->auth_dialog_arg = cfg->auth_dialog_arg;
	e->timer_s = cfg->timer_s ? cfg->timer_s : EDGE_TIMER_S;
	if (cfg->external_ip)
		e->external = *cfg->external_ip;
	hash_init(&e->flows);
	hash_init(&e->sessions);
	err = copy_names(e, cfg);
	if (!err)
		err = mem_strdup(&e->realm, cfg->realm ? cfg->realm : "");
	if (!err)
		err = sip_auth_alloc(&e->auth, &ac);
	if (err) {
		mem_deref(e);
		return err;
	}
	calls_set_dialer(e->calls, &edge_dialer, e);
	calls_set_trunk_driver(e->calls, &strunk_driver, e);
	*ep = e;
	return 0;
}

void edge_set_sip(struct edge *e, struct sip *s)
{
	e->sip = s;
	edge_keep_end(e);
	if (!s)
		return;
	/* registrations that were kept over a restart */
	edge_keep_start(e);
	sip_allow(s, SIP_INFO);
	sip_allow(s, SIP_PRACK);
	sip_allow(s, SIP_UPDATE);
	sip_allow(s, SIP_REFER);
	sip_allow(s, SIP_NOTIFY);
	sip_support(s, "100rel");
	sip_support(s, "timer");
	sip_support(s, "replaces");
	sip_support(s, "norefersub");
	sip_allow(s, SIP_UPDATE);
	sip_support(s, "from-change");
	sip_support(s, "path");
}

/* ------------------------------------------------------------------ what comes in */

static void request_h(struct sip_strans *st, const struct sip_msg *msg, void *arg)
{
	struct edge *e = arg;

	switch (msg->m) {
	case SIP_INVITE:
		edge_invite(e, st, msg);
		break;
	case SIP_REGISTER:
		edge_register(e, st, msg);
		break;
	default:
		edge_other(e, st, msg);
		break;
	}
}

static bool admit_h(enum sip_transp tp, const struct sa *src, void *arg)
{
	struct edge *e = arg;

	(void)tp;
	return !e->admit || e->admit(src, e->admit_arg);
}

static void flow_closed_h(uint64_t flow, const struct sa *peer, void *arg)
{
	(void)peer;
	edge_flow_closed(arg, flow);
}

static enum sip_weight weigh_h(const struct sip_msg *msg, void *arg)
{
	struct edge *e = arg;
	char dialled[64];
	bool proven;

	if (e->always && edge_user(dialled, sizeof(dialled), &msg->uri) && e->always(dialled, e->always_arg))
		return SIP_WEIGHT_ALWAYS;
	return strunk_of(e, msg, &proven) ? SIP_WEIGHT_TRUNK : SIP_WEIGHT_PHONE;
}

static void overload_h(unsigned level, uint32_t lag_ms, void *arg)
{
	struct edge *e = arg;

	if (e->overload)
		e->overload(level, lag_ms, e->overload_arg);
}

const struct sip_ops *edge_sip_ops(void)
{
	static const struct sip_ops ops = {.request = request_h,
					   .admit = admit_h,
					   .flow_closed = flow_closed_h,
					   .weigh = weigh_h,
					   .overload = overload_h};

	return &ops;
}

/* ------------------------------------------------------------------ what is ours */

struct listener_find {
	const struct sa *a;
	bool found;
};

static void listener_h(enum sip_transp tp, const struct sa *local, void *arg)
{
	struct listener_find *f = arg;

	(void)tp;
	if (sa_eq_addr(local, f->a))
		f->found = true;
}

bool edge_is_self(const struct edge *e, const struct sip_msg *msg, const struct sip_uri *uri)
{
	struct listener_find f = {0};
	struct sa a;

	if (!sip_uri_sa(uri, SIP_PORT, &a)) {
		if (sa_eq_addr(&a, &msg->dst) || (sa_isset(&e->external) && sa_eq_addr(&a, &e->external)))
			return true;
		f.a = &a;
		sip_listeners(e->sip, listener_h, &f);
		return f.found;
	}
	for (size_t i = 0; i < e->ndomains; i++)
		if (slice_ieqs(uri->host, e->domains[i]))
			return true;
	return !e->ndomains;
}

bool edge_is_ours(const struct edge *e, const struct sip_msg *msg, const struct sip_uri *uri)
{
	struct sa a;

	if (slice_ieqs(uri->scheme, "tel") || edge_is_self(e, msg, uri))
		return true;
	/* Behind a forwarded port the address that phones know is not one of ours; without names of our own we take it
	 * for us. */
	return !e->ndomains && !sip_uri_sa(uri, SIP_PORT, &a) && sa_is_private(&a);
}

bool edge_user(char *dst, size_t size, const struct sip_uri *uri)
{
	return uri->user.l && sip_unescape(dst, size, uri->user) && dst[0] && utf8_ok(slice_str(dst));
}

void edge_sdp_ip(const struct edge *e, const struct sip_dest *d, struct sa *advertise, struct sa *bind)
{
	bool inside = sa_is_private(&d->addr);

	*bind = d->local;
	if (!sa_isset(bind) || sa_is_any(bind) || sa_af(bind) != sa_af(&d->addr)) {
		if (udp_local_for(e->loop, &d->addr, bind))
			sa_any(bind, sa_af(&d->addr), 0);
	}
	sa_set_port(bind, 0);
	*advertise = *bind;
	for (size_t i = 0; i < e->nnets; i++)
		inside = inside || sa_net_has(&e->nets[i], &d->addr);
	if (sa_isset(&e->external) && !inside && sa_af(&e->external) == sa_af(bind))
		*advertise = e->external;
}

/* ------------------------------------------------------------------ who is asking */

static int ha1_h(struct slice user, struct sip_ha1 *h, void *arg)
{
	struct edge *e = arg;
	const struct strunk *st = strunk_by_name(e, user);
	struct secret s;
	int err = st ? 0 : e->secret->lookup(user, &s, e->secret_arg);

	if (err)
		return err;
	if (st)
		s = *st->ha1_in;
	memcpy(h->md5, s.md5, sizeof(h->md5));
	memcpy(h->sha256, s.sha256, sizeof(h->sha256));
	mem_wipe(&s, sizeof(s));
	return 0;
}

void edge_asked(struct edge *e, const struct sip_msg *msg, const struct sip_uri *about)
{
	if (e->guard)
		guard_challenged(e->guard, &msg->src, about->user);
}

/* A name that is banned at that address is told what a wrong password is told, right or wrong. */
static bool user_ok(struct edge *e, const struct sip_msg *msg, const char *user)
{
	return !e->guard || guard_user_ok(e->guard, &msg->src, slice_str(user));
}

bool edge_auth(struct edge *e, struct sip_strans *st, const struct sip_msg *msg, bool proxy, char user[128])
{
	struct sip_auth_info info;

	sip_auth_check(e->auth, msg, proxy, ha1_h, e, &info);
	if ((info.res == SIP_AUTH_OK || info.res == SIP_AUTH_BAD) && !user_ok(e, msg, info.user)) {
		sip_auth_reply(e->auth, st, proxy, false);
		return false;
	}
	switch (info.res) {
	case SIP_AUTH_OK:
		memcpy(user, info.user, sizeof(info.user));
		if (e->guard && msg->m != SIP_REGISTER)
			guard_good(e->guard, &msg->src, 0);
		return true;
	case SIP_AUTH_MALFORMED:
		sip_reply_simple(st, 400, "Bad Credentials");
		return false;
	case SIP_AUTH_BAD:
		if (info.counts && e->secret->failed)
			e->secret->failed(slice_str(info.user), &msg->src, e->secret_arg);
		sip_auth_reply(e->auth, st, proxy, false);
		return false;
	case SIP_AUTH_CHALLENGE:
		edge_asked(e, msg, &msg->from.uri);
		break;
	case SIP_AUTH_STALE:
		break;
	}
	sip_auth_reply(e->auth, st, proxy, info.res == SIP_AUTH_STALE);
	return false;
}

void edge_reply_hdr(struct sip_strans *st, uint16_t scode, enum sip_hdr_id id, const char *val)
{
	char block[256];
	struct buf b;

	buf_init_fixed(&b, block, sizeof(block));
	sip_enc_hdr(&b, id, slice_str(val));
	if (sip_reply(st, scode, SLICE_NULL, buf_get(&b), SLICE_NULL, SLICE_NULL))
		log_debug("call", "an answer %u could not be sent", scode);
}
