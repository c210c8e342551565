/*
 * reg.c - client registrations (RFC 3261 10.2; waiting after failures: RFC 5626 4.5).
 *
 * One request at a time. Every final answer or failure is told, then the next step is
 * timed: refresh well before the end, or another try after a wait that doubles. A
 * stream that the registration came in by is kept open; when it closes, we register again.
 */
#include "sip/reg.h"

#include <string.h>
#include "base/log.h"
#include "base/rand.h"
#include "sip/reg_priv.h"

enum {
	EXPIRES_DEFAULT = 3600,
	EXPIRES_MAX = 86400, /* refreshed once a day at least */
	AUTH_MAX = 4,        /* answers to challenges per registration */
	BACKOFF_MS = 4000,   /* first wait after a failure, doubled each time */
	BACKOFF_MAX_MS = 600000,
	REFUSED_MS = 30000,    /* first wait after a refusal: asking again soon would not help, and may get us banned */
	FORBIDDEN_MS = 120000, /* after one that only people can change */
	FORBIDDEN_MAX_MS = 1800000,
	PATIENCE_MS = 8000, /* for a server while there are others */
	FLOW_MS = 1000,     /* after a lost flow, at most */
	MARGIN_MS = 5000    /* left of the expiry at a refresh, if it is long enough */
};

static void refresh_h(void *arg);

/* ---- the request ---- */

/** Our Contact from before the server's view of us changed: taken back with the same request (RFC 3261 10.2.2). */
static void enc_old_contact(struct buf *b, struct sip_reg *r)
{
	char txt[SA_STRLEN];

	if (!sa_isset(&r->keep.was))
		return;
	buf_str(b, "Contact: <sip:");
	if (r->cuser.l) {
		sip_enc_user(b, r->cuser);
		buf_char(b, '@');
	}
	buf_printf(b, "%s>;expires=0\r\n", sa_str(&r->keep.was, txt));
}

static int enc_headers(struct buf *b, struct sip_reg *r)
{
	uint32_t expires = r->stopping ? 0 : r->expires;
	int err;

	buf_printf(b, "From: <%.*s>;tag=%s\r\nTo: <%.*s>\r\n", SLICE_FMT(r->aor), r->tag, SLICE_FMT(r->aor));
	buf_printf(b, "Call-ID: %s\r\nCSeq: %u REGISTER\r\nContact: ", r->callid, ++r->cseq);
	err = sip_enc_contact(b, r->sip, &r->dest, r->cuser);
	buf_slice(b, r->cparams);
	buf_printf(b, ";expires=%u\r\nExpires: %u\r\n", expires, expires);
	enc_old_contact(b, r);
	sip_enc_allow(b, r->sip);
	sip_enc_supported(b, r->sip, NULL);
	if (!err)
		err = cred_enc(r->cred, b, SIP_REGISTER, reg_where_uri(r));
	return err ? err : buf_err(b);
}

/* ---- what comes next ---- */

static void drop_transaction(struct sip_reg *r)
{
	if (r->ct)
		sip_ctrans_detach(r->ct);
	r->ct = mem_deref(r->ct);
}

static void hold_flow(struct sip_reg *r, uint64_t flow)
{
	sip_flow_hold(r->sip, flow);
	sip_flow_release(r->sip, r->held);
	r->held = flow;
}

void reg_schedule(struct sip_reg *r, uint64_t ms)
{
	timer_start(&r->tm, r->sip->loop, ms, refresh_h, r);
}

/** The next try after a failure: doubling, of that one half to all by chance, lest a crowd comes back as one. */
void reg_back_off(struct sip_reg *r, uint32_t first_ms, uint32_t max_ms, uint32_t at_least_s)
{
	uint64_t ms = (uint64_t)first_ms << (r->failures < 10 ? r->failures : 10);

	if (ms > max_ms)
		ms = max_ms;
	r->failures++;
	ms = ms / 2 + rand_below((uint32_t)(ms / 2) + 1);
	reg_schedule(r, ms + 1000ULL * at_least_s);
}

/** Refresh when 80 to 90 % of the time is over, and some seconds before the end. */
static uint32_t refresh_ms(uint32_t expires)
{
	uint32_t all = 1000 * (expires < EXPIRES_MAX ? expires : EXPIRES_MAX);
	uint32_t ms = all / 10 * 8 + rand_below(all / 10 + 1);

	if (all > 2 * MARGIN_MS && ms > all - MARGIN_MS)
		ms = all - MARGIN_MS;
	return ms;
}

/** Is this the contact that we registered? Registrars may write the default port or leave it out. */
static bool is_ours(struct sip_reg *r, const struct sip_addr *a)
{
	struct sip_addr mine;
	struct sa sa, sb;
	struct buf b;
	bool eq;

	buf_init(&b);
	eq = !sip_enc_contact(&b, r->sip, &r->dest, r->cuser) && !buf_err(&b) && !sip_addr_decode(&mine, buf_get(&b)) &&
	     slice_eq(mine.uri.user, a->uri.user) && !sip_uri_sa(&mine.uri, SIP_PORT, &sa) &&
	     !sip_uri_sa(&a->uri, SIP_PORT, &sb) && sa_eq(&sa, &sb);
	buf_free(&b);
	return eq;
}

/** Time granted (10.2.4): to our contact, or to the only one there; else by Expires; else what we asked for. */
static uint32_t granted(struct sip_reg *r, const struct sip_msg *rsp)
{
	struct sip_val_iter it = {0};
	uint32_t other = 0, s;
	struct sip_contact c;
	struct slice val;
	size_t n = 0;

	while (sip_msg_next_val(rsp, SIP_HDR_CONTACT, &it, &val)) {
		if (sip_contact_decode(&c, val) || c.star)
			continue;
		n++;
		if (!c.has_expires)
			continue;
		if (is_ours(r, &c.addr))
			return c.expires;
		other = c.expires;
	}
	if (n == 1 && other)
		return other;
	return slice_u32(sip_msg_val(rsp, SIP_HDR_EXPIRES), &s) ? r->expires : s;
}

static uint32_t retry_after(const struct sip_msg *rsp)
{
	struct slice v = sip_msg_val(rsp, SIP_HDR_RETRY_AFTER);
	uint32_t s;
	size_t n = 0;

	while (n < v.l && v.p[n] >= '0' && v.p[n] <= '9')
		n++;
	if (slice_u32(slice_first(v, n), &s))
		return 0;
	return s < BACKOFF_MAX_MS / 1000 ? s : BACKOFF_MAX_MS / 1000;
}

/** Tell the user; it may deref the registration. */
void reg_tell(struct sip_reg *r, int err, uint16_t scode, uint32_t expires, const struct sip_msg *rsp)
{
	if (r->leaving)
		mem_deref(r);
	else if (r->h)
		r->h(r, err, scode, expires, rsp, r->arg);
}

static void success(struct sip_reg *r, const struct sip_msg *rsp)
{
	uint32_t expires = r->stopping ? 0 : granted(r, rsp);
	struct sip_dest from;

	r->failures = 0;
	r->auths = r->toobrief = 0;
	sa_init(&r->keep.was);
	r->bound = expires > 0;
	reg_where_alive(r);
	sip_dest_from_msg(&from, rsp);
	if (from.tp == r->dest.tp && from.tp != SIP_TRANSP_UDP)
		r->dest.flow = from.flow;
	hold_flow(r, r->stopping ? 0 : r->dest.flow);
	if (!r->stopping && expires) {
		reg_schedule(r, reg_keep_learn(r, rsp) ? 0 : refresh_ms(expires));
		reg_keep_start(r, rsp);
	} else if (!r->stopping) {
		reg_back_off(r, REFUSED_MS, BACKOFF_MAX_MS, 0); /* the registrar keeps us out without saying so */
	}
	reg_tell(r, 0, rsp->scode, expires, rsp);
}

/** 423: ask for as long as they want (10.2.8). True if the request is out again. */
static bool lengthen(struct sip_reg *r, const struct sip_msg *rsp)
{
	uint32_t min;

	if (rsp->scode != 423 || r->stopping || r->toobrief++ >= 2 ||
	    slice_u32(sip_msg_val(rsp, SIP_HDR_MIN_EXPIRES), &min) || min <= r->expires)
		return false;
	r->expires = min;
	return reg_send(r, true) == 0;
}

static bool answer_challenge(struct sip_reg *r, const struct sip_msg *rsp, int *err)
{
	if (rsp->scode != 401 && rsp->scode != 407)
		return false;
	if (r->auths++ >= AUTH_MAX)
		*err = ERR_AUTH;
	else
		*err = cred_challenge(r->cred, rsp);
	return !*err && reg_send(r, true) == 0;
}

/** What only people can change (a wrong name or number, a barred account), what may pass, what is our trouble. */
static void wait_after(struct sip_reg *r, const struct sip_msg *rsp)
{
	uint16_t c = rsp->scode;

	if (c >= 500 && c < 600)
		reg_back_off(r, BACKOFF_MS, BACKOFF_MAX_MS, retry_after(rsp));
	else if (c == 403 || c == 404 || c == 410 || c >= 600)
		reg_back_off(r, FORBIDDEN_MS, FORBIDDEN_MAX_MS, retry_after(rsp));
	else
		reg_back_off(r, REFUSED_MS, BACKOFF_MAX_MS, retry_after(rsp));
}

/** RFC 3263 4.3: 503 is like no answer, if there is another server. True: a request to it is out. */
static bool elsewhere(struct sip_reg *r, const struct sip_msg *rsp)
{
	if (rsp->scode != 503 || r->stopping)
		return false;
	reg_where_dead(r, 1000 * retry_after(rsp));
	if (!reg_where_next(r))
		return false;
	reg_keep_stop(r);
	hold_flow(r, 0);
	return reg_send(r, true) == 0;
}

static void response_h(struct sip_ctrans *ct, const struct sip_msg *rsp, void *arg)
{
	struct sip_reg *r = arg;
	int err = 0;

	(void)ct;
	if (rsp->scode < 200)
		return;
	timer_stop(&r->tm);
	drop_transaction(r);
	if (rsp->scode < 300) {
		success(r, rsp);
		return;
	}
	/* a challenge shows where we are seen at, before anything is bound */
	if (reg_keep_learn(r, rsp) && !r->bound)
		sa_init(&r->keep.was);
	if (answer_challenge(r, rsp, &err) || lengthen(r, rsp) || elsewhere(r, rsp) || reg_where_redirect(r, rsp))
		return;
	log_debug("sip", "registration refused: %u", rsp->scode);
	r->auths = r->toobrief = 0;
	reg_keep_stop(r);
	if (!r->stopping)
		wait_after(r, rsp);
	reg_tell(r, err, rsp->scode, 0, rsp);
}

void reg_failed(struct sip_reg *r, int err)
{
	drop_transaction(r);
	timer_stop(&r->tm);
	reg_keep_stop(r);
	hold_flow(r, 0);
	r->dest.flow = 0; /* a new connection next time */
	r->bound = false;
	r->auths = r->toobrief = 0;
	if (!r->stopping) {
		reg_where_dead(r, 0);
		if (reg_where_next(r) && !reg_send(r, true))
			return;
		reg_back_off(r, BACKOFF_MS, BACKOFF_MAX_MS, 0);
	}
	reg_tell(r, err, 0, 0, NULL);
}

static void failed_h(struct sip_ctrans *ct, int err, void *arg)
{
	(void)ct;
	reg_failed(arg, err);
}

/** The server has been silent for long enough: there are others. */
static void patience_h(void *arg)
{
	reg_failed(arg, ETIMEDOUT);
}

int reg_send(struct sip_reg *r, bool listen)
{
	static const struct sip_ctrans_ops ops = {.response = response_h, .failed = failed_h};
	struct sip_request q = {.m = SIP_REGISTER, .uri = reg_where_uri(r), .dest = r->dest};
	struct buf b;
	int err;

	drop_transaction(r);
	timer_stop(&r->tm);
	buf_init(&b);
	err = enc_headers(&b, r);
	q.hdrs = buf_get(&b);
	if (!err)
		err = listen ? sip_request(&r->ct, r->sip, &q, &ops, r) : sip_request(NULL, r->sip, &q, NULL, NULL);
	buf_free(&b);
	if (!err && listen && reg_where_more(r))
		timer_start(&r->tm, r->sip->loop, PATIENCE_MS, patience_h, r);
	return err;
}

static void refresh_h(void *arg)
{
	struct sip_reg *r = arg;
	int err;

	if (!r->stopping && reg_where_first(r))
		return;
	err = reg_send(r, true);
	if (!err)
		return;
	if (!r->stopping && reg_where_next(r)) {
		reg_schedule(r, 0);
		return;
	}
	if (!r->stopping)
		reg_back_off(r, BACKOFF_MS, BACKOFF_MAX_MS, 0);
	reg_tell(r, err, 0, 0, NULL);
}

/* ---- beginning and end ---- */

static void gone(struct sip_user *u)
{
	struct sip_reg *r = CONTAINER_OF(u, struct sip_reg, user);

	list_unlink(&r->flow_user.le);
	timer_stop(&r->tm);
	drop_transaction(r);
	reg_keep_stop(r);
	reg_where_end(r);
	r->sip = NULL;
	if (r->leaving)
		mem_deref(r);
}

static void flow_closed(struct sip_flow_user *u, uint64_t flow)
{
	struct sip_reg *r = CONTAINER_OF(u, struct sip_reg, flow_user);

	if (flow != r->dest.flow || !flow)
		return;
	r->held = 0;
	r->dest.flow = 0;
	reg_keep_stop(r);
	if (!r->stopping && !r->ct)
		reg_schedule(r, 1 + rand_below(FLOW_MS));
}

static void reg_destroy(void *obj)
{
	struct sip_reg *r = obj;

	r->h = NULL;
	if (r->sip) {
		reg_keep_stop(r);
		if (!r->stopping && (!r->where.find || r->where.t.n)) {
			r->stopping = true;
			if (reg_send(r, false))
				log_debug("sip", "not unregistered");
		}
		hold_flow(r, 0);
		drop_transaction(r);
		reg_where_end(r);
		timer_stop(&r->tm);
		list_unlink(&r->user.le);
		list_unlink(&r->flow_user.le);
	}
	mem_deref(r->cred);
	mem_deref(r->mem);
}

static int reg_copy(struct sip_reg *r, const struct sip_reg_cfg *c)
{
	const struct slice from[] = {c->registrar, c->aor, c->contact_user, c->contact_params};
	struct slice *to[] = {&r->registrar, &r->aor, &r->cuser, &r->cparams};
	size_t l = 0;
	char *p;

	for (size_t i = 0; i < ARRAY_LEN(from); i++)
		l += from[i].l;
	p = r->mem = mem_alloc(l + 1, NULL);
	if (!p)
		return ENOMEM;
	for (size_t i = 0; i < ARRAY_LEN(from); i++) {
		*to[i] = slice_mem(p, from[i].l);
		if (from[i].l)
			memcpy(p, from[i].p, from[i].l);
		p += from[i].l;
	}
	return cred_alloc(&r->cred, &c->cred);
}

int sip_reg_start(struct sip_reg **rp, struct sip *s, const struct sip_reg_cfg *c, sip_reg_h *h, void *arg)
{
	struct sip_reg *r = mem_zalloc(sizeof(*r), reg_destroy);
	int err;

	if (!r)
		return ENOMEM;
	r->stopping = true; /* until it runs, its end has nothing to take back */
	r->dest = c->dest;
	r->expires = c->expires ? c->expires : EXPIRES_DEFAULT;
	rand_text(r->callid, REG_CALLID_LEN);
	sip_make_tag(r->tag);
	err = reg_copy(r, c);
	if (err) {
		mem_deref(r);
		return err;
	}
	r->sip = s;
	r->user.gone = gone;
	r->flow_user.closed = flow_closed;
	list_append(&s->users, &r->user.le);
	list_append(&s->flow_users, &r->flow_user.le);
	r->stopping = false;
	r->where.find = c->find;
	r->where.opts = (struct sip_locate_opts){.tp = c->find ? c->dest.tp : SIP_TRANSP_NONE,
						 .tls_any = c->dest.tls_any};
	err = c->find ? (reg_where_first(r) ? 0 : ENOTSUP) : reg_send(r, true);
	if (err) {
		r->stopping = true;
		mem_deref(r);
		return err;
	}
	r->h = h;
	r->arg = arg;
	*rp = r;
	return 0;
}

void sip_reg_stop(struct sip_reg *r)
{
	int err;

	if (r->stopping || !r->sip)
		return;
	r->stopping = true;
	r->auths = 0;
	reg_keep_stop(r);
	r->where.lk = mem_deref(r->where.lk);
	r->where.race = mem_deref(r->where.race);
	err = reg_send(r, true);
	if (err)
		reg_schedule(r, 0); /* tried once more, then told */
}

void sip_reg_move(struct sip_reg *r, const struct sip_dest *d)
{
	if (r->stopping || !r->sip)
		return;
	drop_transaction(r);
	reg_keep_stop(r);
	hold_flow(r, 0);
	reg_where_end(r);
	r->where.find = false;
	r->where.t.n = 0;
	r->bound = false;
	r->dest = *d;
	r->auths = r->toobrief = 0;
	reg_schedule(r, 0);
}

void sip_reg_leave(struct sip_reg *r)
{
	if (!r->sip) {
		mem_deref(r);
		return;
	}
	r->leaving = true;
	if (!r->stopping)
		sip_reg_stop(r);
	else if (!r->ct && !timer_running(&r->tm))
		mem_deref(r);
}
