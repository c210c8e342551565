/*
 * inv_reinvite.c - changing a session: re-INVITEs of both directions, and what happens when they meet
 * (RFC 3261 14, RFC 6141, RFC 5407 3.1).
 */
#include "sip/inv_priv.h"

#include <stdio.h>
#include "base/rand.h"

bool sip_inv_can_offer(const struct sip_inv *i)
{
	const struct inv *in = i->in;

	if (!inv_live(in))
		return false;
	if (in->state != SIP_INV_CONNECTED)
		return inv_early_can_offer(in);
	return !cx_open(in) && !in->sxl.n && !in->ux && !inv_update_open(in);
}

int sip_inv_reinvite(struct sip_inv *i, struct slice hdrs, struct slice ctype, struct slice sdp)
{
	struct inv_cx model = {.hdrs = hdrs, .ctype = ctype, .body = sdp};

	if (!sip_inv_can_offer(i))
		return ERR_STATE;
	if (i->in->state == SIP_INV_CONNECTED)
		return cx_start(i->in, &model);
	/* an offerless UPDATE asks for nothing */
	return slice_isset(sdp) ? inv_update_offer(i->in, hdrs, ctype, sdp) : ERR_STATE;
}

/* ---- glare ---- */

/** Our offer as it should be by now; false if the user gives it up. */
static bool renew(struct inv_cx *cx)
{
	struct inv *in = cx->in;
	struct buf sdp;
	char *keep;
	int err;

	if (!cx->stale || !in->ops->renew)
		return true;
	buf_init(&sdp);
	err = in->ops->renew(in->h, &sdp, in->arg);
	if (!err)
		err = buf_err(&sdp);
	if (!err && cx->in) {
		cx->body = buf_get(&sdp);
		err = inv_keep(&keep, &cx->hdrs, &cx->ctype, &cx->body);
		if (!err) {
			mem_deref(cx->keep);
			cx->keep = keep;
		}
	}
	buf_free(&sdp);
	return !err && cx->in && inv_live(in);
}

static void again_h(void *arg)
{
	struct inv_cx *cx = mem_ref(arg);
	struct inv *in = mem_ref(cx->in);
	int err;

	if (in->sxl.n) { /* theirs came first and is not over */
		timer_start(&cx->tm, inv_sip(in)->loop, inv_sip(in)->t1, again_h, cx);
	} else if ((cx->refresh && cx->stale) || !renew(cx)) { /* theirs refreshed it as well */
		cx_close(cx);
	} else {
		cx->stale = false;
		err = cx_send(cx);
		if (err)
			inv_reinvite_failed(cx, err, 503, NULL);
	}
	mem_deref(in);
	mem_deref(cx);
}

uint32_t inv_glare_ms(const struct inv *in)
{
	return in->d->uac ? 2100 + 10 * rand_below(191) : 10 * rand_below(201);
}

static void wait_again(struct inv_cx *cx)
{
	struct inv *in = cx->in;
	uint32_t ms = inv_glare_ms(in);

	if (cx->ct)
		sip_ctrans_detach(cx->ct);
	cx->ct = mem_deref(cx->ct);
	cx->state = CX_WAITING;
	timer_start(&cx->tm, inv_sip(in)->loop, ms, again_h, cx);
}

void inv_reinvite_failed(struct inv_cx *cx, int err, uint16_t scode, const struct sip_msg *rsp)
{
	struct inv *in = cx->in;
	bool refresh = cx->refresh;

	if (!in->hung && scode == 491 && ++cx->glares < INV_GLARE_MAX) {
		wait_again(cx);
		return;
	}
	cx_close(cx);
	if (in->hung)
		return;
	if (scode == 408) /* they may be alive: tell them (RFC 3261 12.2.1.2) */
		inv_drop(in, err, scode, rsp);
	else if (scode == 481)
		inv_end(in, err, scode, rsp);
	else if (refresh)
		inv_timer_later(in);
	else
		in->ops->reanswered(in->h, rsp, scode, in->arg);
}

/* ---- theirs ---- */

void inv_refuse_for_now(struct sip_strans *st)
{
	char line[32];
	int n = snprintf(line, sizeof(line), "Retry-After: %u\r\n", rand_below(11));

	if (sip_reply(st, 500, SLICE_NULL, slice_mem(line, (size_t)n), SLICE_NULL, SLICE_NULL))
		sip_reply_simple(st, 500, NULL);
}

/** A 2xx of ours that carried an offer still waits for its ACK, which has the answer. */
static bool our_offer_is_open(const struct inv *in)
{
	LIST_EACH (&in->sxl, k) {
		const struct inv_sx *sx = LINK_OBJ(k, struct inv_sx, le);

		if (sx->answered && sx->offered)
			return true;
	}
	return false;
}

void inv_reinvite_in(struct inv *in, struct sip_strans *st, const struct sip_msg *req)
{
	struct inv_cx *cx = cx_open(in);
	struct inv_req *r = inv_update_open(in);
	struct inv_sx *sx;

	if (sx_open(in) || in->ux) { /* 14.2 */
		inv_refuse_for_now(st);
		return;
	}
	if ((cx && cx->state != CX_WAITING) || (r && r->offer && r->ct) || our_offer_is_open(in)) {
		sip_reply_simple(st, 491, NULL);
		return;
	}
	if (!inv_timer_admit(in, st, req))
		return;
	if (sx_start(&sx, in, st, req, false)) {
		sip_reply_simple(st, 500, NULL);
		return;
	}
	if (cx)
		cx->stale = true;
	if (r)
		r->stale = true;
	in->ops->reoffer(in->h, req, in->arg);
}

/** The re-INVITE that waits for our answer. */
static struct inv_sx *reoffer(const struct sip_inv *i)
{
	return inv_live(i->in) && i->in->state == SIP_INV_CONNECTED ? sx_open(i->in) : NULL;
}

int sip_inv_reply_answer(struct sip_inv *i, struct slice ctype, struct slice sdp)
{
	struct inv_sx *sx = reoffer(i);
	int err;

	if (inv_live(i->in) && i->in->ux)
		return inv_ux_answer(i->in->ux, ctype, sdp);
	if (!sx)
		return ERR_STATE;
	/* the target changes only with an accepted request (RFC 6141 4) */
	err = dialog_refresh(i->in->d, sip_strans_msg(sx->st));
	return err ? err : sx_reply(sx, 200, SLICE_NULL, ctype, sdp);
}

int sip_inv_reply_reject(struct sip_inv *i, uint16_t scode, struct slice hdrs)
{
	struct inv_sx *sx = reoffer(i);

	if (scode < 300 || scode > 699)
		return EINVAL;
	if (inv_live(i->in) && i->in->ux)
		return inv_ux_refuse(i->in->ux, scode, hdrs);
	if (!sx)
		return ERR_STATE;
	sx_refuse(sx, scode, SLICE_NULL, hdrs);
	return 0;
}
