/*
 * inv_invite.c - the life of an INVITE of ours, first or repeated (RFC 3261 13.2, 14.1; RFC 6026):
 * provisional answers, the first 2xx, challenges, failures, and the end.
 */
#include "sip/inv_priv.h"

#include <string.h>

struct inv_cx *cx_first(const struct inv *in)
{
	LIST_EACH (&in->cxl, k) {
		struct inv_cx *cx = LINK_OBJ(k, struct inv_cx, le);

		if (cx->first)
			return cx;
	}
	return NULL;
}

struct inv_cx *cx_open(const struct inv *in)
{
	LIST_EACH (&in->cxl, k) {
		struct inv_cx *cx = LINK_OBJ(k, struct inv_cx, le);

		if (cx->state != CX_ACKED)
			return cx;
	}
	return NULL;
}

/* ---- branches ---- */

struct inv_branch *cx_branch(const struct inv_cx *cx, struct slice tag)
{
	LIST_EACH (&cx->branches, k) {
		struct inv_branch *b = LINK_OBJ(k, struct inv_branch, le);

		if (slice_eq(slice_mem(b->tag, b->l), tag))
			return b;
	}
	return NULL;
}

struct inv_branch *cx_branch_add(struct inv_cx *cx, struct slice tag)
{
	struct inv_branch *b;

	if (cx->branches.n >= INV_BRANCHES_MAX)
		return NULL;
	b = mem_zalloc(sizeof(*b) + tag.l, NULL);
	if (!b)
		return NULL;
	b->l = tag.l;
	if (tag.l)
		memcpy(b->tag, tag.p, tag.l);
	list_append(&cx->branches, &b->le);
	return b;
}

void cx_branches_clear(struct inv_cx *cx)
{
	LIST_EACH (&cx->branches, k) {
		struct inv_branch *b = LINK_OBJ(k, struct inv_branch, le);

		list_unlink(k);
		mem_deref(b->ack);
		mem_deref(b->agreed);
		mem_deref(b->d);
		mem_deref(b);
	}
}

/* ---- beginning and end ---- */

static void forget_transaction(struct inv_cx *cx)
{
	if (cx->ct)
		sip_ctrans_detach(cx->ct);
	cx->ct = mem_deref(cx->ct);
}

static void cx_destroy(void *obj)
{
	struct inv_cx *cx = obj;

	cx_branches_clear(cx);
	mem_deref(cx->keep);
	mem_deref(cx->auth);
	mem_deref(cx->agreed);
}

void cx_close(struct inv_cx *cx)
{
	struct inv *in = cx->in;

	if (!in)
		return;
	cx->in = NULL;
	timer_stop(&cx->tm);
	forget_transaction(cx);
	list_unlink(&cx->le);
	mem_deref(cx);
	mem_deref(in);
}

/** The time of an exchange is over: a CANCEL was not answered, a re-INVITE took too long, or repeated 2xx cannot come
 * any more. */
static void timer_h(void *arg)
{
	struct inv_cx *cx = arg;
	struct inv *in = mem_ref(cx->in);

	if (cx->state == CX_CALLING && cx->first && !cx->heard && !in->hung && !cx->cancelled) {
		/* no sign within answer_ms: a late answer gets its CANCEL, or its ACK and a BYE */
		cx_cancel(cx, SLICE_NULL);
		inv_end(in, ETIMEDOUT, 408, NULL);
	} else if (cx->state == CX_CALLING && !cx->cancelled) {
		cx_cancel(cx, SLICE_NULL); /* a transaction with a provisional answer would wait for ever */
	} else if (cx->state == CX_CALLING) {
		if (cx->first)
			inv_connect_failed(cx, ETIMEDOUT, 408, NULL);
		else
			inv_reinvite_failed(cx, ETIMEDOUT, 408, NULL);
	} else if (cx->state == CX_ANSWERED) {
		forget_transaction(cx); /* the user may still send the ACK */
	} else {
		cx_close(cx);
	}
	mem_deref(in);
}

void cx_cancel(struct inv_cx *cx, struct slice reason)
{
	int err = cx->cancelled ? 0 : sip_cancel(cx->ct, reason);

	cx->cancelled = true;
	if (err)
		log_debug("sip", "no CANCEL: %s", err_str(err));
	cx_guard(cx);
}

void cx_await(struct inv_cx *cx, uint32_t ms)
{
	if (!cx->heard)
		timer_start(&cx->tm, inv_sip(cx->in)->loop, ms, timer_h, cx);
}

void cx_guard(struct inv_cx *cx)
{
	timer_start(&cx->tm, inv_sip(cx->in)->loop, 64ULL * inv_sip(cx->in)->t1, timer_h, cx);
}

/* ---- responses ---- */

static void provisional(struct inv_cx *cx, const struct sip_msg *rsp)
{
	struct inv *in = cx->in;

	if (cx->state != CX_CALLING || rsp->scode == 100 || !inv_live(in))
		return;
	dialog_note_software(in->d, rsp);
	inv_note_peer(in, rsp);
	if (!cx_early(cx, rsp) || !inv_live(in))
		return;
	in->ops->progress(in->h, rsp, in->arg);
	cx->said = SAID_VOID;
}

/** The 2xx that settles it. */
static void success(struct inv_cx *cx, const struct sip_msg *rsp)
{
	struct inv *in = cx->in;
	int err;

	cx_early_won(cx, rsp);
	err = cx->first ? dialog_confirm(in->d, rsp) : dialog_refresh(in->d, rsp);
	cx_branches_clear(cx);
	cx->state = CX_ANSWERED;
	cx_guard(cx);
	if (cx->first && !in->hung)
		in->state = SIP_INV_CONNECTED;
	inv_note_peer(in, rsp);
	if (!in->hung)
		inv_timer_answered(in, rsp);
	if (!err && in->h && in->ops->accepted)
		in->ops->accepted(in->h, rsp, in->arg);
	if (!err && (slice_isset(cx->body) || cx->agreed || in->hung))
		err = cx_ack(cx, SLICE_NULL, SLICE_NULL);
	if (err) {
		inv_drop(in, err, 500, NULL);
		if (cx->in && cx->state == CX_ANSWERED) /* it was over before: nobody else looks after it */
			cx_close(cx);
	} else if (in->hung) {
		if (cx->first)
			inv_bye_send(
				in); /* the 2xx crossed our CANCEL; to a re-INVITE that a BYE crossed, the ACK is all */
	} else if (cx->first) {
		in->ops->answered(in->h, rsp, in->arg);
	} else if (cx->refresh) {
		if (in->ops->refreshed)
			in->ops->refreshed(in->h, rsp, in->arg);
	} else {
		in->ops->reanswered(in->h, rsp, rsp->scode, in->arg);
	}
}

/** 401 or 407, or 422 that more time helps: true if the INVITE is out again. */
static bool try_again(struct inv_cx *cx, const struct sip_msg *rsp)
{
	struct inv *in = cx->in;

	if (in->hung)
		return false;
	if (rsp->scode == 422 && cx->raised < INV_TIMER_RETRIES && inv_timer_raise(in, rsp))
		cx->raised++;
	else if ((rsp->scode == 401 || rsp->scode == 407) && cx->auths < INV_AUTH_MAX && !cred_challenge(in->cred, rsp))
		cx->auths++;
	else
		return false;
	forget_transaction(cx);
	cx_branches_clear(cx);
	return cx_send(cx) == 0;
}

static void failure(struct inv_cx *cx, const struct sip_msg *rsp)
{
	if (try_again(cx, rsp))
		return;
	if (cx->first)
		inv_connect_failed(cx, 0, rsp->scode, rsp);
	else
		inv_reinvite_failed(cx, 0, rsp->scode, rsp);
}

static void response_h(struct sip_ctrans *ct, const struct sip_msg *rsp, void *arg)
{
	struct inv_cx *cx = mem_ref(arg);
	struct inv *in = mem_ref(cx->in);

	(void)ct;
	if (!cx->heard && cx->first && cx->state == CX_CALLING && !cx->cancelled && !in->hung)
		timer_stop(&cx->tm); /* answer_ms */
	cx->heard = true;
	if (rsp->scode < 200)
		provisional(cx, rsp);
	else if (rsp->scode < 300 && cx->state == CX_CALLING)
		success(cx, rsp);
	else if (rsp->scode < 300)
		cx_again(cx, rsp);
	else if (cx->state == CX_CALLING)
		failure(cx, rsp);
	mem_deref(in);
	mem_deref(cx);
}

static void failed_h(struct sip_ctrans *ct, int err, void *arg)
{
	struct inv_cx *cx = arg;
	struct inv *in = mem_ref(cx->in);
	uint16_t scode = err == ETIMEDOUT ? 408 : 503; /* RFC 3261 8.1.3.1 */

	(void)ct;
	if (cx->state != CX_CALLING)
		log_debug("sip", "an INVITE failed after its answer: %s", err_str(err));
	else if (cx->first)
		inv_connect_failed(cx, err, scode, NULL);
	else
		inv_reinvite_failed(cx, err, scode, NULL);
	mem_deref(in);
}

static const struct sip_ctrans_ops cx_ops = {.response = response_h, .failed = failed_h};

/* ---- sending ---- */

int cx_send(struct inv_cx *cx)
{
	struct inv *in = cx->in;
	struct dialog_request r = {.m = SIP_INVITE,
				   .maxfwd = cx->maxfwd,
				   .hdrs = cx->hdrs,
				   .ctype = cx->ctype,
				   .body = cx->body,
				   .rel100_off = cx->rel100_off};
	struct buf auth;
	int err;

	buf_init(&auth);
	cx->auth = mem_deref(cx->auth);
	err = cred_enc(in->cred, &auth, SIP_INVITE, dialog_ruri(in->d));
	if (!err && auth.l)
		err = buf_rbuf(&auth, &cx->auth);
	if (cx->rel100_required)
		buf_str(&auth, "Require: 100rel\r\n");
	inv_timer_enc_request(&auth, in);
	if (!err)
		err = buf_err(&auth);
	if (!err) {
		r.auth = buf_get(&auth);
		err = dialog_send(&cx->ct, in->d, &r, &cx_ops, cx);
	}
	buf_free(&auth);
	if (err)
		return err;
	cx->cseq = r.cseq;
	cx->state = CX_CALLING;
	if (!cx->first)
		timer_start(&cx->tm, inv_sip(in)->loop, INV_REINVITE_MAX_MS, timer_h, cx);
	return 0;
}

int cx_start(struct inv *in, const struct inv_cx *model)
{
	struct inv_cx *cx = mem_zalloc(sizeof(*cx), cx_destroy);
	int err;

	if (!cx)
		return ENOMEM;
	*cx = *model;
	cx->in = mem_ref(in);
	list_append(&in->cxl, &cx->le);
	err = inv_keep(&cx->keep, &cx->hdrs, &cx->ctype, &cx->body);
	if (!err)
		err = cx_send(cx);
	if (err)
		cx_close(cx);
	return err;
}
