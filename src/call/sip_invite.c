/*
 * sip_invite.c - an INVITE that opens a call: is it for us, from whom, with what description; then it is a leg of a new
 * call.
 */
#include <string.h>
#include "call/sip_identity.h"

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

/* Who calls: the user part of From, which must be the one that proved itself, or says nothing (RFC 3323 4.1). */
static bool caller_ok(struct edge *e, struct sip_strans *st, const struct sip_msg *msg, struct party *p)
{
	char user[128], from[64];

	if (e->auth_invite && !edge_auth(e, st, msg, true, user))
		return false;
	sip_identity_caller(p, msg, false);
	if (!e->auth_invite)
		return true;
	if (!sip_identity_from_anonymous(msg) &&
	    (!edge_user(from, sizeof(from), &msg->from.uri) || strcmp(user, from))) {
		sip_reply_simple(st, 403, NULL);
		return false;
	}
	if (slice_copy(p->number, sizeof(p->number), slice_str(user)))
		return true;
	sip_reply_simple(st, 403, NULL);
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
	sip_session_begin(sl, msg);
	if (sl->leg->trusted)
		sip_diverted_read(c, msg);
	call_start(c, dialled, msg->body);
	return 0;
}

void edge_invite(struct edge *e, struct sip_strans *st, const struct sip_msg *msg)
{
	struct party p = {{0}};
	char dialled[64];
	int err;

	if (!target_ok(e, st, msg, dialled, sizeof(dialled)) || !caller_ok(e, st, msg, &p) || !body_ok(st, msg) ||
	    !straight(e, st, msg, dialled))
		return;
	if (sip_msg_hdr(msg, SIP_HDR_REPLACES)) {
		edge_replace(e, st, msg, &p);
		return;
	}
	err = open_call(e, st, msg, &p, dialled);
	if (err)
		refuse(st, err);
}
