/*
 * sip_session_ext.c - what a SIP leg does with the extensions of its session: timers that notice a vanished phone (RFC
 * 4028), and answers that were given reliably before the call was answered (RFC 3262).
 */
#include "call/sip_edge_priv.h"

void sip_leg_timer(const struct edge *e, struct sip_inv_timer *t, bool prefer_peer)
{
	*t = (struct sip_inv_timer){.expires_s = e->timer_s, .prefer_peer = prefer_peer};
}

struct slice sip_leg_said(struct sip_leg *sl, const struct sip_msg *rsp)
{
	struct slice b = sip_inv_body(sl->inv, rsp);

	/* another one than its own body was looked at when it came */
	if (!b.l || b.p != rsp->body.p || sip_msg_ctype_is(rsp, "application", "sdp"))
		return b;
	return SLICE_NULL;
}

struct slice sip_leg_answer_sdp(struct sip_leg *sl, struct slice sdp)
{
	const struct leg *l = sl->leg;

	if (!l->agreed || !l->local || slice_eq(sdp, rbuf_slice(l->local)))
		return sdp;
	/* the phone that answered says something else than the one that was heard before: that is a change */
	sl->fix = mem_deref(sl->fix);
	if (rbuf_alloc(&sl->fix, sdp.p, sdp.l))
		log_warn("call", "%s: no memory to change the sound", l->call->id);
	return rbuf_slice(l->local);
}

void sip_leg_fix(struct sip_leg *sl)
{
	struct rbuf *sdp = sl->fix;
	int err;

	if (!sdp)
		return;
	sl->fix = NULL;
	err = sip_inv_can_offer(sl->inv)
		      ? sip_inv_reinvite(sl->inv, SLICE_NULL, SLICE("application/sdp"), rbuf_slice(sdp))
		      : ERR_STATE;
	sl->renaming = !err;
	if (err)
		log_info("call", "%s: the sound of the answer is not told: %s", sl->leg->call->id, err_str(err));
	mem_deref(sdp);
}

int sip_leg_current(struct sip_inv *i, struct buf *sdp, void *arg)
{
	const struct leg *l = ((struct sip_leg *)arg)->leg;

	(void)i;
	if (l->state == LEG_ENDED || !l->local || l->offered || l->offer_open)
		return ERR_STATE;
	buf_slice(sdp, rbuf_slice(l->local));
	return 0;
}

void sip_leg_refreshed(struct sip_inv *i, const struct sip_msg *rsp, void *arg)
{
	struct sip_leg *sl = arg;

	(void)i;
	if (rsp->body.l && sip_msg_ctype_is(rsp, "application", "sdp"))
		leg_ev_renewed(sl->leg, rsp->body);
}
