/*
 * reg_where.c - the servers of a client registration: found by the registrar's URI (RFC 3263), tried in order, the
 * ones that fail remembered (4.3); where a 3xx leads (RFC 3261 8.1.3.4).
 */
#include <string.h>
#include "base/log.h"
#include "sip/reg_priv.h"

enum { BACKOFF_MS = 4000, REFUSED_MS = 30000, BACKOFF_MAX_MS = 600000, TTL_MIN_S = 60 };

struct slice reg_where_uri(const struct sip_reg *r)
{
	return r->where.redirect ? slice_str(r->where.redirect) : r->registrar;
}

static void use(struct sip_reg *r, size_t i)
{
	r->where.at = i;
	r->dest = r->where.t.v[i];
}

/* The server in use stays in use if it is among those found now. */
static size_t same(const struct sip_reg *r, const struct sip_targets *t)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->v[i].tp == r->dest.tp && sa_eq(&t->v[i].addr, &r->dest.addr) &&
		    !sip_target_is_dead(r->sip, &t->v[i]))
			return i;
	}
	return t->n;
}

/* The place that a 3xx named cannot be found: the 3xx itself is what went wrong. */
static void lost(struct sip_reg *r)
{
	const struct sip_msg *moved = r->where.moved;

	r->where.moved = NULL;
	r->where.redirect = mem_deref(r->where.redirect);
	r->where.redirected = false;
	reg_back_off(r, REFUSED_MS, BACKOFF_MAX_MS, 0);
	mem_ref(r);
	reg_tell(r, 0, moved->scode, 0, moved);
	mem_deref((void *)(uintptr_t)moved);
	mem_deref(r);
}

static void race_h(int err, const struct sip_dest *d, void *arg)
{
	struct sip_reg *r = arg;

	r->where.race = mem_deref(r->where.race);
	if (err) {
		/* all were tried */
		r->where.at = r->where.t.n - 1;
		reg_failed(r, err);
		return;
	}
	for (size_t i = 0; i < r->where.t.n; i++) {
		if (r->where.t.v[i].tp == d->tp && sa_eq(&r->where.t.v[i].addr, &d->addr))
			r->where.at = i;
	}
	r->dest = *d;
	err = reg_send(r, true);
	if (err)
		reg_failed(r, err);
}

/* Several addresses to connect to: the first connection that stands. */
static int go(struct sip_reg *r)
{
	if (!r->dest.flow && reg_where_more(r) && sip_transp_reliable(r->dest.tp) &&
	    sip_transp_reliable(r->where.t.v[r->where.at + 1].tp))
		return sip_race(&r->where.race, r->sip, &r->where.t, r->where.at, race_h, r);
	return reg_send(r, true);
}

static void located(int err, const char *why, const struct sip_targets *t, void *arg)
{
	struct sip_reg *r = arg;
	size_t i = err ? 0 : same(r, t);

	r->where.lk = mem_deref(r->where.lk);
	(void)slice_copy(r->where.why, sizeof(r->where.why), slice_str(why));
	if (err && r->where.moved) {
		lost(r);
		return;
	}
	r->where.moved = mem_deref((void *)(uintptr_t)r->where.moved);
	if (!err) {
		uint64_t flow = r->dest.flow;
		uint32_t s = t->ttl_s > TTL_MIN_S ? t->ttl_s : TTL_MIN_S;

		r->where.t = *t;
		r->where.until = loop_now_ms(r->sip->loop) + 1000ULL * s;
		use(r, i < t->n ? i : 0);
		r->dest.flow = i < t->n ? flow : 0;
		err = go(r);
		if (!err)
			return;
	} else if (r->where.t.n && !r->stopping) {
		/* what was found before is better than nothing */
		r->where.until = loop_now_ms(r->sip->loop) + 1000ULL * TTL_MIN_S;
		log_warn("sip", "registration: %s; going on with what was found before", why);
		if (!reg_send(r, true))
			return;
	}
	if (!r->stopping)
		reg_back_off(r, BACKOFF_MS, BACKOFF_MAX_MS, 0);
	reg_tell(r, err, 0, 0, NULL);
}

static int look_up(struct sip_reg *r)
{
	struct sip_locate_opts o = r->where.opts;
	struct sip_uri u;
	int err = sip_uri_decode(&u, reg_where_uri(r));

	r->where.lk = mem_deref(r->where.lk);
	if (r->where.redirect)
		o.tp = SIP_TRANSP_NONE;
	return err ? err : sip_locate(&r->where.lk, r->sip, &u, &o, located, r);
}

bool reg_where_first(struct sip_reg *r)
{
	if (r->where.lk || r->where.race)
		return true;
	if (!r->where.find || (r->where.t.n && loop_now_ms(r->sip->loop) < r->where.until))
		return false;
	if (!look_up(r))
		return true;
	/* without memory for it: where we were last */
	return false;
}

bool reg_where_more(const struct sip_reg *r)
{
	return !r->stopping && r->where.at + 1 < r->where.t.n;
}

bool reg_where_next(struct sip_reg *r)
{
	r->where.redirected = false;
	if (r->where.redirect) {
		/* the place a 3xx named does not work: back to where we were told to go */
		r->where.redirect = mem_deref(r->where.redirect);
		r->where.t.n = 0;
		if (!r->where.find)
			r->dest = r->where.home;
		return false;
	}
	if (!reg_where_more(r)) {
		/* all were tried: asked anew before the next round */
		r->where.until = 0;
		return false;
	}
	use(r, r->where.at + 1);
	return true;
}

void reg_where_alive(struct sip_reg *r)
{
	sip_target_alive(r->sip, &r->dest);
}

void reg_where_dead(struct sip_reg *r, uint32_t ms)
{
	if (r->where.t.n)
		sip_target_dead(r->sip, &r->dest, ms);
}

bool reg_where_redirect(struct sip_reg *r, const struct sip_msg *rsp)
{
	struct sip_val_iter it = {0};
	struct sip_contact c;
	struct slice val;
	char *uri;

	if (rsp->scode < 300 || rsp->scode >= 400 || r->where.redirected || r->stopping)
		return false;
	if (!sip_msg_next_val(rsp, SIP_HDR_CONTACT, &it, &val) || sip_contact_decode(&c, val) || c.star ||
	    slice_dup(&uri, c.addr.auri))
		return false;
	if (!r->where.redirect)
		r->where.home = r->dest;
	mem_deref(r->where.redirect);
	r->where.redirect = uri;
	r->where.redirected = true;
	if (!look_up(r)) {
		r->where.moved = mem_ref(rsp);
		return true;
	}
	r->where.redirect = mem_deref(r->where.redirect);
	return false;
}

void reg_where_end(struct sip_reg *r)
{
	r->where.lk = mem_deref(r->where.lk);
	r->where.race = mem_deref(r->where.race);
	r->where.redirect = mem_deref(r->where.redirect);
	r->where.moved = mem_deref((void *)(uintptr_t)r->where.moved);
}

const char *sip_reg_why(const struct sip_reg *r)
{
	return r->where.why;
}

const struct sip_dest *sip_reg_dest(const struct sip_reg *r)
{
	return &r->dest;
}
