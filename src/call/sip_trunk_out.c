/*
 * sip_trunk_out.c - calls that go out by a trunk: the server, what we call ourselves there, the password, and the next
 * server when that one fails (RFC 3263 4.3). Each attempt is a leg of its own within one branch of the dial.
 */
#include <stdio.h>
#include <string.h>
#include "call/sip_trunk_priv.h"

enum { TIMER_S = 1800 /* session timer asked for (RFC 4028): a dead provider is noticed though nobody speaks */ };

static void try_destroy(void *obj)
{
	struct strunk_try *y = obj;

	for (size_t i = 0; i < y->n; i++)
		mem_deref(y->v[i]);
}

/* All servers for a new call, or those that are left. */
static int servers_for(struct strunk_try **yp, struct strunk *st, const struct leg *after)
{
	const struct sip_leg *old = after ? after->proto : NULL;
	struct strunk_try *y;

	if (old) {
		if (!old->servers || old->servers->at + 1 >= old->servers->n)
			return ENOENT;
		old->servers->at++;
		*yp = mem_ref(old->servers);
		return 0;
	}
	y = mem_zalloc(sizeof(*y), try_destroy);
	if (!y)
		return ENOMEM;
	y->n = strunk_order(st, y->v);
	if (!y->n) {
		mem_deref(y);
		return EHOSTUNREACH;
	}
	*yp = y;
	return 0;
}

int strunk_leg(struct leg **lp, struct call *c, struct trunk *t, const struct trunk_call *tc)
{
	struct strunk *st = t->proto;
	struct sip_leg *sl;
	int err = st && st->edge->sip ? sip_leg_new(&sl, st->edge) : ERR_STATE;

	if (err)
		return err;
	sl->trunk = mem_ref(st);
	err = servers_for(&sl->servers, st, tc->after);
	if (!err && !edge_secure_enough(c, &sl->servers->v[sl->servers->at]->dest))
		err = EHOSTUNREACH;
	if (!err)
		err = sip_leg_aim(sl, &sl->servers->v[sl->servers->at]->dest);
	if (!err)
		err = leg_new(&sl->leg, c, &sip_leg_ops, sl);
	if (err) {
		mem_deref(sl);
		return err;
	}
	sl->leg->peer = sl->dest->addr;
	sl->leg->trusted = st->cfg.trusted;
	(void)slice_copy(sl->leg->device, sizeof(sl->leg->device), st->cfg.name);
	*lp = sl->leg;
	return 0;
}

/* ------------------------------------------------------------------ the INVITE */

/* "+4930123" of a number and a domain: sip:+4930123@domain. */
static void enc_uri(struct buf *b, const struct strunk *st, const struct strunk_target *g, struct slice user)
{
	buf_str(b, "sip:");
	if (user.l) {
		sip_enc_user(b, user);
		buf_char(b, '@');
	}
	strunk_enc_domain(st, g, b);
}

struct invite_text {
	char ruri[400], from[400], host[300];
};

/* The account in From: where the number travels in a header of its own, or there is no number. Else empty. */
static struct slice account_user(const struct strunk *st, const struct party *p)
{
	if (st->cfg.identity != TRUNK_ID_FROM && st->cfg.from_user.l)
		return st->cfg.from_user;
	return p->number[0] ? SLICE_NULL : strunk_from_user(st);
}

/* From: the caller as the provider may know it, or the account. */
static int enc_from(struct buf *b, struct slice *display, const struct strunk *st, const struct strunk_target *g,
		    const struct sip_identity_out *id)
{
	if (id->who->hidden || (id->who->number[0] && !slice_isset(account_user(st, id->who))))
		return sip_identity_from(b, display, id);
	*display = slice_str(id->who->name);
	enc_uri(b, st, g, account_user(st, id->who));
	return buf_err(b);
}

int strunk_invite(struct leg *l, const struct trunk_call *tc, struct slice offer)
{
	struct sip_leg *sl = l->proto;
	struct strunk *st = sl->trunk;
	const struct strunk_target *g = sl->servers->v[sl->servers->at];
	struct sip_identity_out id = {.who = tc->caller, .kind = st->cfg.identity, .trusted = st->cfg.trusted};
	struct slice display = SLICE_NULL;
	struct buf ruri, from, host, hdrs;
	struct invite_text t;
	struct sip_cred cred;
	int err;

	if (!st->edge || !st->edge->sip || !g->st)
		return ENETUNREACH;
	buf_init(&hdrs);
	buf_init_fixed(&ruri, t.ruri, sizeof(t.ruri));
	buf_init_fixed(&from, t.from, sizeof(t.from));
	buf_init_fixed(&host, t.host, sizeof(t.host));
	strunk_enc_domain(st, g, &host);
	id.host = buf_get(&host);
	enc_uri(&ruri, st, g, slice_str(tc->number));
	err = enc_from(&from, &display, st, g, &id);
	if (!err)
		err = ruri.err ? ruri.err : sip_identity_invite(&hdrs, l, &id, tc->ndiverted);
	strunk_cred(st, &cred);
	struct sip_inv_call call = {
		.uri = buf_get(&ruri),
		.from_display = display,
		.from_uri = buf_get(&from),
		/* not the secret contact: a provider that is a proxy shows it to whoever is called */
		.contact_user = strunk_from_user(st).l ? strunk_from_user(st) : st->cfg.name,
		.hdrs = buf_get(&hdrs),
		.ctype = offer.l ? SLICE("application/sdp") : SLICE_NULL,
		.offer = offer,
		.maxfwd = l->call->maxfwd,
		.cred = cred.user.l && cred.password.l ? &cred : NULL,
		.timer = {.expires_s = TIMER_S},
		.rel100_off = !offer.l,
		.answer_ms = st->cfg.answer_ms ? st->cfg.answer_ms : STRUNK_ANSWER_MS,
	};
	if (!err)
		err = sip_leg_connect(sl, &call);
	buf_free(&hdrs);
	return err;
}

/* ------------------------------------------------------------------ how it goes */

void strunk_answers(struct sip_leg *sl)
{
	strunk_target_alive(sl->servers->v[sl->servers->at]);
}

static void note_call(struct sip_leg *sl, int err, uint16_t scode, const struct sip_msg *msg)
{
	struct strunk_target *g = sl->servers->v[sl->servers->at];
	char where[80], code[64], text[280];

	if (!g->st)
		return;
	strunk_where_words(g, where, sizeof(where));
	if (msg) {
		strunk_code_words(scode, msg, code, sizeof(code));
		snprintf(text, sizeof(text), "%s: %s", where, code);
	} else {
		snprintf(text, sizeof(text), "%s %s", where, strunk_fail_words(g, err));
	}
	strunk_note(g->st, "invite", msg ? scode : 0, 0, text);
}

/* Does another server have a chance (RFC 3263 4.3: transport, time, 503; and what a broken server says)? */
static bool another(int err, uint16_t scode, const struct sip_msg *msg)
{
	return !msg ? err != 0 : scode == 503 || scode == 500 || scode == 408;
}

bool strunk_closed(struct sip_leg *sl, int err, uint16_t scode, const struct sip_msg *msg)
{
	struct strunk_target *g = sl->servers->v[sl->servers->at];
	struct leg *l = sl->leg;
	struct hangup h = {.code = scode, .text = strunk_call_words(scode)};

	if (l->state == LEG_ENDED || l->answer_ms || (!err && scode < 300))
		return false;
	note_call(sl, err, scode, msg);
	if (!msg && err) {
		h.code = err == ETIMEDOUT ? 408 : 503;
		h.text = "no server of the provider answers";
		h.silent = !l->rang;
		strunk_target_dead(g, strunk_fail_words(g, err), false);
	} else if (scode == 503) {
		strunk_target_dead(g, "says that it cannot work now (503)", true);
	} else {
		strunk_target_alive(g);
	}
	if (!l->rang && another(err, scode, msg))
		leg_ev_next_server(l, &h);
	else
		leg_ev_gone(l, &h);
	return true;
}
