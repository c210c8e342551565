/*
 * inv_update.c - UPDATE of both directions (RFC 3311), with and without a description; their offers in UPDATE and PRACK
 * while they wait for our answer; refreshing a session (RFC 4028 7.4).
 */
#include "sip/inv_priv.h"

/** Their offer in a request other than INVITE. */
struct inv_ux {
	struct inv *in; /**< it is in->ux */
	struct sip_strans *st;
	struct rbuf *said; /**< the offer, of an early dialog of ours */
	struct inv_branch *br;
	struct timer tm;
};

/* ---- the state of the offers ---- */

struct inv_req *inv_update_open(const struct inv *in)
{
	LIST_EACH (&in->reql, k) {
		struct inv_req *r = LINK_OBJ(k, struct inv_req, le);

		if (r->offer || (r->refresh && r->done))
			return r;
	}
	return NULL;
}

static enum inv_oa cx_oa(const struct inv_cx *cx, const struct inv_branch *br)
{
	if (cx->state == CX_ACKED || cx->state == CX_WAITING)
		return OA_FREE;
	if (br && br->answer_due)
		return OA_THEIRS;
	return cx->first && cx->state == CX_CALLING && br && br->settled ? OA_FREE : OA_OURS;
}

static enum inv_oa sx_oa(const struct inv_sx *sx)
{
	if (sx->answered)
		return sx->offered ? OA_OURS : OA_FREE;
	if (sx->settled)
		return OA_FREE;
	return sx->offered && sx->described ? OA_OURS : OA_THEIRS;
}

enum inv_oa inv_oa_state(const struct inv *in, const struct inv_branch *br)
{
	const struct inv_req *r = inv_update_open(in);
	enum inv_oa oa;

	if (in->ux)
		return OA_THEIRS;
	if (r && r->offer && r->ct)
		return OA_OURS;
	LIST_EACH (&in->cxl, k) {
		oa = cx_oa(LINK_OBJ(k, struct inv_cx, le), br);
		if (oa != OA_FREE)
			return oa;
	}
	LIST_EACH (&in->sxl, k) {
		oa = sx_oa(LINK_OBJ(k, struct inv_sx, le));
		if (oa != OA_FREE)
			return oa;
	}
	return OA_FREE;
}

static bool may_update(const struct inv *in)
{
	return in->d->sip && sip_has_method(in->d->sip, SIP_UPDATE) && in->peer_methods & 1U << SIP_UPDATE;
}

bool inv_early_can_offer(const struct inv *in)
{
	const struct inv_sx *sx = in->state == SIP_INV_INCOMING ? sx_open(in) : NULL;
	struct inv_branch *br;

	if (!may_update(in) || !inv_early_dialog(in, &br) || inv_update_open(in))
		return false;
	if (in->state == SIP_INV_INCOMING ? !sx || sx->held || sx_rel_busy(sx) : !br || !br->settled)
		return false;
	return inv_oa_state(in, br) == OA_FREE;
}

/* ---- theirs ---- */

static void ux_destroy(void *obj)
{
	struct inv_ux *ux = obj;

	timer_stop(&ux->tm);
	mem_deref(ux->st);
	mem_deref(ux->said);
}

static void ux_free(struct inv_ux *ux)
{
	ux->in->ux = NULL;
	mem_deref(ux);
}

int inv_ux_refuse(struct inv_ux *ux, uint16_t scode, struct slice hdrs)
{
	int err = sip_reply(ux->st, scode, SLICE_NULL, hdrs, SLICE_NULL, SLICE_NULL);

	if (err)
		sip_reply_simple(ux->st, scode, NULL);
	ux_free(ux);
	return 0;
}

void inv_ux_close(struct inv *in, bool answer)
{
	if (!in->ux)
		return;
	if (answer)
		(void)inv_ux_refuse(in->ux, 487, SLICE_NULL);
	else
		ux_free(in->ux);
}

/** The user takes too long: the other side's transaction would end without an answer (RFC 3311 5.2). */
static void late_h(void *arg)
{
	struct inv_ux *ux = arg;
	struct inv *in = mem_ref(ux->in);

	(void)inv_ux_refuse(ux, 504, SLICE_NULL);
	if (inv_live(in) && in->ops->reoffer_gone)
		in->ops->reoffer_gone(in->h, in->arg);
	mem_deref(in);
}

int inv_ux_start(struct inv *in, struct sip_strans *st, const struct sip_msg *req, struct inv_branch *br)
{
	struct inv_ux *ux = mem_zalloc(sizeof(*ux), ux_destroy);
	struct sip *s = inv_sip(in);
	struct inv_req *r = inv_update_open(in);
	struct inv_cx *cx = cx_open(in);

	if (!ux)
		return ENOMEM;
	if (br && rbuf_alloc(&ux->said, req->body.p, req->body.l)) {
		mem_deref(ux);
		return ENOMEM;
	}
	ux->in = in;
	ux->st = mem_ref(st);
	ux->br = br;
	in->ux = ux;
	timer_start(&ux->tm, s->loop, (uint64_t)INV_UPDATE_T1 * s->t1, late_h, ux);
	/* what waits to be sent again is not what it was */
	if (r)
		r->stale = true;
	if (cx && cx->state == CX_WAITING)
		cx->stale = true;
	return 0;
}

/** 200 with what the dialog adds. */
static int ok(struct inv *in, struct sip_strans *st, struct slice ctype, struct slice body)
{
	const struct sip_msg *req = sip_strans_msg(st);
	struct buf *b = &inv_sip(in)->lines;
	int err;

	if (!req)
		return ERR_STATE;
	/* the target changes only with an accepted request (RFC 6141 4) */
	if (req->m == SIP_UPDATE && in->d->confirmed) {
		err = dialog_refresh(in->d, req);
		if (err)
			return err;
	}
	buf_reset(b);
	if (req->m == SIP_UPDATE) {
		dialog_enc_answer(b, in->d, req, 200);
		inv_timer_enc_answer(b, in, req);
	}
	err = buf_err(b);
	return err ? err : sip_reply(st, 200, SLICE_NULL, buf_get(b), ctype, body);
}

/** Is this early dialog still there? */
static bool has_branch(const struct inv *in, const struct inv_branch *br)
{
	const struct inv_cx *cx = cx_first(in);

	if (!cx)
		return false;
	LIST_EACH (&cx->branches, k)
		if (LINK_OBJ(k, struct inv_branch, le) == br)
			return true;
	return false;
}

int inv_ux_answer(struct inv_ux *ux, struct slice ctype, struct slice body)
{
	struct inv *in = ux->in;
	int err = ok(in, ux->st, ctype, body);

	if (err)
		return err;
	if (ux->br && has_branch(in, ux->br)) {
		mem_deref(ux->br->agreed);
		ux->br->agreed = mem_ref(ux->said);
	}
	ux_free(ux);
	return 0;
}

/** In one of our early dialogs: in order? Another one than the only one that has a description cannot be told of. */
static bool early_ok(struct inv *in, struct sip_strans *st, const struct sip_msg *req, struct inv_branch **brp)
{
	struct inv_cx *cx = cx_first(in);
	struct inv_branch *br = cx ? cx_branch(cx, req->from.tag) : NULL, *only;

	*brp = br;
	if (br && br->d) {
		if (br->d->has_rcseq && req->cseq.num < br->d->rcseq) {
			sip_reply_simple(st, 500, "CSeq Out of Order");
			return false;
		}
		br->d->rcseq = req->cseq.num;
		br->d->has_rcseq = true;
	}
	if (slice_isset(req->body) && br && br->settled && (!inv_early_dialog(in, &only) || only != br)) {
		inv_refuse_for_now(st);
		return false;
	}
	return true;
}

void inv_update_in(struct inv *in, struct sip_strans *st, const struct sip_msg *req)
{
	struct inv_branch *br = NULL;

	if (in->state == SIP_INV_CALLING && !early_ok(in, st, req, &br))
		return;
	if (in->ux) { /* RFC 3311 5.2: one before it is not answered */
		inv_refuse_for_now(st);
		return;
	}
	if (!inv_timer_admit(in, st, req))
		return;
	if (!slice_isset(req->body)) {
		if (ok(in, st, SLICE_NULL, SLICE_NULL))
			sip_reply_simple(st, 500, NULL);
		else if (in->ops->updated)
			in->ops->updated(in->h, req, in->arg);
		return;
	}
	switch (inv_oa_state(in, br)) {
	case OA_OURS:
		sip_reply_simple(st, 491, NULL);
		return;
	case OA_THEIRS:
		inv_refuse_for_now(st);
		return;
	case OA_FREE:
		break;
	}
	if (inv_ux_start(in, st, req, br))
		sip_reply_simple(st, 500, NULL);
	else
		in->ops->reoffer(in->h, req, in->arg);
}

/* ---- ours ---- */

static void update_ok(struct inv_req *r, const struct sip_msg *rsp)
{
	struct inv *in = r->in;
	struct inv_branch *br = r->d == in->d ? NULL : inv_branch_of(in, r->d);
	struct rbuf *b;
	bool offer = r->offer, refresh = r->refresh;

	if (r->d == in->d && dialog_refresh(in->d, rsp))
		log_warn("sip", "no memory to refresh a target");
	if (br && offer && !rbuf_alloc(&b, rsp->body.p, rsp->body.l)) {
		mem_deref(br->agreed);
		br->agreed = b;
	}
	inv_timer_answered(in, rsp);
	inv_req_close(r);
	if (!inv_live(in))
		return;
	if (offer)
		in->ops->reanswered(in->h, rsp, rsp->scode, in->arg);
	else if (!refresh && in->ops->updated)
		in->ops->updated(in->h, rsp, in->arg);
}

static void again_h(void *arg);

static void wait_again(struct inv_req *r, uint64_t ms)
{
	inv_req_forget(r);
	timer_start(&r->tm, inv_sip(r->in)->loop, ms, again_h, r);
}

/** 491 and 422 may do better later or with more. True: it goes on. */
static bool retried(struct inv_req *r, uint16_t scode, const struct sip_msg *rsp)
{
	struct inv *in = r->in;

	if (in->hung)
		return false;
	if (scode == 491 && r->offer && ++r->glares < INV_GLARE_MAX) {
		wait_again(r, inv_glare_ms(in));
		return true;
	}
	if (scode == 422 && rsp && r->raised < INV_TIMER_RETRIES && inv_timer_raise(in, rsp)) {
		r->raised++;
		inv_req_forget(r);
		return inv_req_send(r) == 0;
	}
	return false;
}

static void update_failed(struct inv_req *r, int err, uint16_t scode, const struct sip_msg *rsp)
{
	struct inv *in = r->in;
	bool offer = r->offer, refresh = r->refresh, main = r->d == in->d;

	inv_req_close(r);
	if (in->hung)
		return;
	if (scode == 405 || scode == 501)
		in->peer_methods &= (uint16_t) ~(1U << SIP_UPDATE);
	if (scode == 408 && main && in->state == SIP_INV_CONNECTED)
		inv_drop(in, err, scode, rsp); /* they may be alive: tell them (RFC 3261 12.2.1.2) */
	else if (scode == 481 && main && in->state == SIP_INV_CONNECTED)
		inv_end(in, err, scode, rsp);
	else if (offer)
		in->ops->reanswered(in->h, rsp, scode, in->arg);
	else if (refresh)
		inv_timer_later(in);
}

static void update_done(struct inv_req *r, int err, uint16_t scode, const struct sip_msg *rsp)
{
	if (scode < 300)
		update_ok(r, rsp);
	else if (!retried(r, scode, rsp))
		update_failed(r, err, scode, rsp);
}

/** Our offer as it should be by now; false if the user gives it up. */
static bool renew(struct inv_req *r)
{
	struct inv *in = r->in;
	struct buf sdp;
	char *keep;
	int err;

	if (!r->stale || !in->ops->renew)
		return true;
	r->stale = false;
	buf_init(&sdp);
	err = in->ops->renew(in->h, &sdp, in->arg);
	if (!err)
		err = buf_err(&sdp);
	if (!err && r->in) {
		r->body = buf_get(&sdp);
		err = inv_keep(&keep, &r->hdrs, &r->ctype, &r->body);
		if (!err) {
			mem_deref(r->keep);
			r->keep = keep;
		}
	}
	buf_free(&sdp);
	return !err && r->in && inv_live(in);
}

static void again_h(void *arg)
{
	struct inv_req *r = mem_ref(arg);
	struct inv *in = mem_ref(r->in);
	int err;

	if (in->ux || sx_open(in)) { /* theirs came first and is not over */
		timer_start(&r->tm, inv_sip(in)->loop, inv_sip(in)->t1, again_h, r);
	} else if (!renew(r)) {
		inv_req_close(r);
	} else {
		err = inv_req_send(r);
		if (err)
			update_failed(r, err, 503, NULL);
	}
	mem_deref(in);
	mem_deref(r);
}

int inv_update_offer(struct inv *in, struct slice hdrs, struct slice ctype, struct slice sdp)
{
	struct inv_req model = {
		.m = SIP_UPDATE, .done = update_done, .hdrs = hdrs, .ctype = ctype, .body = sdp, .offer = true};
	struct inv_branch *br;
	struct dialog *d = inv_early_dialog(in, &br);

	return d ? inv_req_start(in, d, &model) : ERR_STATE;
}

int sip_inv_update(struct sip_inv *i, struct slice hdrs)
{
	struct inv_req model = {.m = SIP_UPDATE, .done = update_done, .hdrs = hdrs};
	struct inv *in = i->in;
	struct inv_branch *br;
	struct dialog *d;

	if (!inv_live(in))
		return ERR_STATE;
	d = in->state == SIP_INV_CONNECTED ? in->d : inv_early_dialog(in, &br);
	if (!d)
		return ERR_STATE;
	return may_update(in) ? inv_req_start(in, d, &model) : ENOTSUP;
}

/* ---- refreshing ---- */

/** A re-INVITE that changes nothing. */
static int refresh_by_invite(struct inv *in)
{
	struct sip_inv *h = in->h;
	struct inv_cx model = {.refresh = true, .ctype = SLICE("application/sdp")};
	struct buf sdp;
	int err;

	if (!in->ops->current)
		return ENOTSUP;
	if (!sip_inv_can_offer(h))
		return EAGAIN;
	buf_init(&sdp);
	err = in->ops->current(h, &sdp, in->arg);
	if (!err)
		err = buf_err(&sdp);
	if (!err && !inv_live(in))
		err = ERR_STATE;
	model.body = buf_get(&sdp);
	if (!err)
		err = cx_start(in, &model);
	buf_free(&sdp);
	return err;
}

int inv_refresh(struct inv *in)
{
	struct inv_req model = {.m = SIP_UPDATE, .done = update_done, .refresh = true};

	if (!inv_live(in) || in->state != SIP_INV_CONNECTED)
		return ERR_STATE;
	if (!may_update(in))
		return refresh_by_invite(in);
	return inv_update_open(in) ? EAGAIN : inv_req_start(in, in->d, &model);
}
