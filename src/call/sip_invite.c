/*
 * sip_invite.c - an INVITE that opens a call: is it for us, from whom, with what description; then it is a leg of a new
 * call.
 */
#include <string.h>
#include "call/sip_trunk_priv.h"

/* The body is one description or nothing. Answers if it is something else. */
static bool body_ok(struct sip_strans *st, const struct sip_msg *msg)
{
	int err;

	if (!msg->body.l)
		return true;
	if (!sip_msg_ctype_is(msg, "application", "sdp")) {
		edge_reply_hdr(st, 415, SIP_HDR_ACCEPT, "application/sdp");
		return false;
	}
	err = call_offer_check(msg->body);
	if (!err)
		return true;
	if (err == ERR_SYNTAX)
		sip_reply_simple(st, 400, "Bad Session Description");
	else
		edge_reply_hdr(st, 488, SIP_HDR_WARNING, "305 offhook \"No media line that can be carried\"");
	return false;
}

/* An INVITE that opens a call, as far as it is understood. */
struct incoming {
	struct edge *e;
	struct sip_strans *st;
	const struct sip_msg *msg;
	struct strunk *trunk; /* NULL: a phone */
	bool proven;
	struct party party;
	char dialled[64];
};

/* Where it goes: the user part of the Request-URI, the number of a tel: URI, or what the trunk's settings say. */
static bool target_ok(struct incoming *in)
{
	const struct sip_uri *u = &in->msg->uri;
	bool named;

	if (!slice_ieqs(u->scheme, "sip") && !slice_ieqs(u->scheme, "sips") && !slice_ieqs(u->scheme, "tel")) {
		sip_reply_simple(in->st, 416, NULL);
		return false;
	}
	/* RFC 3261 8.1.3.5, RFC 5630 3: what came without TLS is no call to a sips: address */
	if (slice_ieqs(u->scheme, "sips") && in->msg->tp != SIP_TRANSP_TLS && in->msg->tp != SIP_TRANSP_WSS) {
		sip_reply_simple(in->st, 416, NULL);
		return false;
	}
	if (!in->trunk && !edge_is_ours(in->e, in->msg, u)) {
		sip_reply_simple(in->st, 404, "Not Our Domain");
		return false;
	}
	named = in->trunk ? strunk_number(in->trunk, in->msg, in->dialled, sizeof(in->dialled))
			  : edge_user(in->dialled, sizeof(in->dialled), u);
	if (!named) {
		sip_reply_simple(in->st, u->user.l ? 404 : 484, NULL);
		return false;
	}
	if (!in->msg->maxfwd) {
		sip_reply_simple(in->st, 483, NULL);
		return false;
	}
	return true;
}

/* A peer that proved itself by the password of a trunk. */
static bool peer_proven(struct incoming *in, const char *user)
{
	struct strunk *st = strunk_by_name(in->e, slice_str(user));

	if (!st)
		return false;
	in->trunk = st;
	in->proven = true;
	/* its settings may say that the number stands elsewhere */
	(void)strunk_number(st, in->msg, in->dialled, sizeof(in->dialled));
	return true;
}

/* Who calls by a trunk: whom the trunk says. */
static bool trunk_caller_ok(struct incoming *in)
{
	if (!in->trunk->cfg.accepts) {
		sip_reply_simple(in->st, 403, NULL);
		return false;
	}
	sip_identity_caller(&in->party, in->msg, in->trunk->cfg.trusted);
	return true;
}

/* Who calls: the user part of From, which must be the one that proved itself, or says nothing (RFC 3323 4.1). */
static bool caller_ok(struct incoming *in)
{
	struct party *p = &in->party;
	char user[128], from[64];

	if (in->trunk)
		return trunk_caller_ok(in);
	if (in->e->auth_invite && !edge_auth(in->e, in->st, in->msg, true, user))
		return false;
	if (in->e->auth_invite && peer_proven(in, user))
		return trunk_caller_ok(in);
	sip_identity_caller(p, in->msg, false);
	if (!in->e->auth_invite)
		return true;
	if (!sip_identity_from_anonymous(in->msg) &&
	    (!edge_user(from, sizeof(from), &in->msg->from.uri) || strcmp(user, from))) {
		sip_reply_simple(in->st, 403, NULL);
		return false;
	}
	if (slice_copy(p->number, sizeof(p->number), slice_str(user)))
		return true;
	sip_reply_simple(in->st, 403, NULL);
	return false;
}

/* A call that went round through another system would never end. */
static bool straight(struct edge *e, struct sip_strans *st, const struct sip_msg *msg, const char *dialled)
{
	const char *words = NULL;
	uint16_t scode = sip_diverted_loop(e, msg, dialled, &words);

	if (!scode)
		return true;
	log_warn("call", "an INVITE for %s is refused: %s", dialled, words);
	sip_reply_simple(st, scode, words);
	return false;
}

/* To a trunk no Retry-After: all its calls would stop for so long (RFC 3261 21.5.4). */
static void refuse(const struct incoming *in, int err)
{
	bool full = err == ERR_LIMIT || err == ERR_STATE;

	if (full && !in->trunk)
		edge_reply_hdr(in->st, 503, SIP_HDR_RETRY_AFTER, "10");
	else
		sip_reply_simple(in->st, full ? 503 : 500, NULL);
}

static void by_trunk(struct sip_leg *sl, const struct incoming *in)
{
	struct leg *l = sl->leg;

	if (!in->trunk)
		return;
	sl->trunk = mem_ref(in->trunk);
	l->trunk = in->trunk->t;
	l->trusted = in->trunk->cfg.trusted;
	l->proven = in->proven;
	(void)slice_copy(l->device, sizeof(l->device), in->trunk->cfg.name);
}

static int open_call(const struct incoming *in)
{
	const struct sip_msg *msg = in->msg;
	struct sip_inv_timer timer;
	struct sip_leg *sl;
	struct call *c;
	int err = sip_leg_new(&sl, in->e);

	if (err)
		return err;
	err = call_new_incoming(&c, &sl->leg, in->e->calls, &sip_leg_ops, sl);
	if (err) {
		mem_deref(sl);
		return err;
	}
	sl->leg->party = in->party;
	sl->leg->peer = msg->src;
	by_trunk(sl, in);
	c->maxfwd = msg->maxfwd - 1;
	c->secure = slice_ieqs(msg->uri.scheme, "sips");
	c->pass = edge_pass_headers(msg);
	err = sip_inv_accept(&sl->inv, in->st, msg, slice_str(in->dialled), &sip_leg_inv_ops, sl);
	if (err) {
		sl->inv = NULL;
		call_abort(c);
		return err;
	}
	sip_leg_timer(in->e, &timer, true);
	sip_inv_set_timer(sl->inv, &timer);
	if (!in->trunk)
		sip_leg_device(sl);
	sip_session_begin(sl, msg);
	if (sl->leg->trusted)
		sip_diverted_read(c, msg);
	call_start(c, in->dialled, msg->body);
	return 0;
}

void edge_invite(struct edge *e, struct sip_strans *st, const struct sip_msg *msg)
{
	struct incoming in = {.e = e, .st = st, .msg = msg};
	int err;

	in.trunk = strunk_of(e, msg, &in.proven);
	if (in.trunk && e->guard)
		guard_good(e->guard, &msg->src, 0);
	if (!target_ok(&in) || !caller_ok(&in) || !body_ok(st, msg) || !straight(e, st, msg, in.dialled) ||
	    !sip_inv_timer_admit(st, msg, 0))
		return;
	if (sip_msg_hdr(msg, SIP_HDR_REPLACES)) {
		/* calls of others are taken over by those who are known here, not by whom a trunk names */
		if (in.trunk)
			sip_reply_simple(st, 403, NULL);
		else
			edge_replace(e, st, msg, &in.party);
		return;
	}
	err = open_call(&in);
	if (err)
		refuse(&in, err);
}
