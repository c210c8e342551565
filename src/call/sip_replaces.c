/*
 * sip_replaces.c - INVITE with Replaces (RFC 3891): a phone takes the place of another one, in a call or while that one
 * rings (pickup). The dialog is looked for among our own.
 */
#include "call/sip_edge_priv.h"
#include "call/sip_identity.h"
#include "wire/sip/replaces.h"

struct leg *edge_find_leg(const struct edge *e, const struct sip_replaces *r)
{
	struct sip_inv *i = sip_inv_find(e->sip, r->callid, r->to_tag, r->from_tag);
	struct sip_leg *sl;

	/* phones differ in whose view of the dialog they give */
	if (!i)
		i = sip_inv_find(e->sip, r->callid, r->from_tag, r->to_tag);
	if (!i || sip_inv_user_ops(i) != &sip_leg_inv_ops)
		return NULL;
	sl = sip_inv_arg(i);
	return sl->leg;
}

/* The leg to be replaced; answers when there is none. */
static struct leg *wanted(struct edge *e, struct sip_strans *st, const struct sip_msg *msg)
{
	struct sip_replaces r;
	struct leg *old;

	if (sip_msg_count(msg, SIP_HDR_REPLACES) != 1 || sip_replaces_decode(&r, sip_msg_val(msg, SIP_HDR_REPLACES))) {
		sip_reply_simple(st, 400, "Bad Replaces");
		return NULL;
	}
	old = edge_find_leg(e, &r);
	if (!old) {
		sip_reply_simple(st, 481, NULL);
		return NULL;
	}
	if (old->state == LEG_ENDED) {
		sip_reply_simple(st, 603, NULL);
		return NULL;
	}
	if (r.early_only && old->answer_ms) {
		sip_reply_simple(st, 486, NULL);
		return NULL;
	}
	return old;
}

static int new_leg(struct sip_leg **sp, struct edge *e, struct call *c, const struct party *p, const struct sa *peer)
{
	struct sip_leg *sl;
	int err = sip_leg_new(&sl, e);

	if (err)
		return err;
	err = leg_new(&sl->leg, c, &sip_leg_ops, sl);
	if (err) {
		mem_deref(sl);
		return err;
	}
	sl->leg->party = *p;
	sl->leg->peer = *peer;
	*sp = sl;
	return 0;
}

void edge_replace(struct edge *e, struct sip_strans *st, const struct sip_msg *msg, const struct party *p)
{
	struct leg *old = wanted(e, st, msg);
	struct sip_inv_timer timer;
	struct sip_leg *sl;
	uint16_t code;
	int err;

	if (!old)
		return;
	err = new_leg(&sl, e, old->call, p, &msg->src);
	if (!err) {
		err = sip_inv_accept(&sl->inv, st, msg, slice_str(p->number), &sip_leg_inv_ops, sl);
		if (err) {
			sl->inv = NULL;
			leg_drop(sl->leg);
		}
	}
	if (err) {
		sip_reply_simple(st, err == ERR_SYNTAX ? 400 : 500, NULL);
		return;
	}
	sip_leg_timer(e, &timer, true);
	sip_inv_set_timer(sl->inv, &timer);
	sip_leg_device(sl);
	sip_session_note(sl, msg);
	code = call_replace(sl->leg, old, msg->body);
	if (!code)
		return;
	if (sip_inv_reject(sl->inv, code, SLICE_NULL, SLICE_NULL))
		log_debug("call", "an INVITE with Replaces could not be refused");
	leg_drop(sl->leg);
}
