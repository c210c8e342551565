/*
 * sip_invite.c - an INVITE that opens a call: is it for us, from whom, with what description; then it is a leg of a new
 * call.
 */
#include <string.h>
#include "call/sip_edge_priv.h"

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

/* Where it goes: the user part of the Request-URI, or the number of a tel: URI. */
static bool target_ok(struct edge *e, struct sip_strans *st, const struct sip_msg *msg, char *dialled, size_t size)
{
	const struct sip_uri *u = &msg->uri;

	if (!slice_ieqs(u->scheme, "sip") && !slice_ieqs(u->scheme, "sips") && !slice_ieqs(u->scheme, "tel")) {
		sip_reply_simple(st, 416, NULL);
		return false;
	}
	if (!edge_is_ours(e, msg, u)) {
		sip_reply_simple(st, 404, "Not Our Domain");
		return false;
	}
	if (!edge_user(dialled, size, u)) {
		sip_reply_simple(st, u->user.l ? 404 : 484, NULL);
		return false;
	}
	if (!msg->maxfwd) {
		sip_reply_simple(st, 483, NULL);
		return false;
	}
	return true;
}

/* Who calls: the user part of From, which must be the one that proved itself. */
static bool caller_ok(struct edge *e, struct sip_strans *st, const struct sip_msg *msg, struct party *p)
{
	char user[128];
	bool named;

	if (e->auth_invite && !edge_auth(e, st, msg, true, user))
		return false;
	named = edge_user(p->number, sizeof(p->number), &msg->from.uri);
	if (e->auth_invite && (!named || !slice_eqs(slice_str(user), p->number))) {
		sip_reply_simple(st, 403, NULL);
		return false;
	}
	if (!named)
		strcpy(p->number, "anonymous");
	(void)sip_unquote(p->name, sizeof(p->name), msg->from.display);
	return true;
}

static void refuse(struct sip_strans *st, int err)
{
	if (err == ERR_LIMIT || err == ERR_STATE)
		edge_reply_hdr(st, 503, SIP_HDR_RETRY_AFTER, "10");
	else
		sip_reply_simple(st, 500, NULL);
}

static int open_call(struct edge *e, struct sip_strans *st, const struct sip_msg *msg, const struct party *p,
		     const char *dialled)
{
	struct sip_leg *sl;
	struct call *c;
	int err = sip_leg_new(&sl, e);

	if (err)
		return err;
	err = call_new_incoming(&c, &sl->leg, e->calls, &sip_leg_ops, sl);
	if (err) {
		mem_deref(sl);
		return err;
	}
	sl->leg->party = *p;
	sl->leg->peer = msg->src;
	c->maxfwd = msg->maxfwd - 1;
	c->pass = edge_pass_headers(msg);
	err = sip_inv_accept(&sl->inv, st, msg, slice_str(dialled), &sip_leg_inv_ops, sl);
	if (err) {
		sl->inv = NULL;
		call_abort(c);
		return err;
	}
	sip_leg_device(sl);
	call_start(c, dialled, msg->body);
	return 0;
}

void edge_invite(struct edge *e, struct sip_strans *st, const struct sip_msg *msg)
{
	struct party p = {{0}};
	char dialled[64];
	int err;

	if (!target_ok(e, st, msg, dialled, sizeof(dialled)) || !caller_ok(e, st, msg, &p) || !body_ok(st, msg))
		return;
	err = open_call(e, st, msg, &p, dialled);
	if (err)
		refuse(st, err);
}
