/*
 * inv_bye.c - the end of a session: hanging up in every state, BYE of both directions (RFC 3261 9.1, 15; RFC 3326).
 */
#include "sip/inv_priv.h"

/* ---- our BYE ---- */

static void response_h(struct sip_ctrans *ct, const struct sip_msg *rsp, void *arg);
static void failed_h(struct sip_ctrans *ct, int err, void *arg);

static const struct sip_ctrans_ops bye_ops = {.response = response_h, .failed = failed_h};

static int bye_send(struct inv *in)
{
	struct dialog_request r = {.m = SIP_BYE, .hdrs = in->bye_hdrs};
	struct buf auth;
	int err;

	if (!inv_sip(in))
		return ERR_STATE;
	buf_init(&auth);
	err = cred_enc(in->cred, &auth, SIP_BYE, dialog_ruri(in->d));
	if (!err) {
		r.auth = buf_get(&auth);
		err = dialog_send(&in->bye, in->d, &r, &bye_ops, in);
	}
	buf_free(&auth);
	if (!err)
		mem_ref(in); /* until the BYE is over */
	return err;
}

void inv_bye_forget(struct inv *in)
{
	if (!in->bye)
		return;
	sip_ctrans_detach(in->bye);
	in->bye = mem_deref(in->bye);
	mem_deref(in);
}

static void response_h(struct sip_ctrans *ct, const struct sip_msg *rsp, void *arg)
{
	struct inv *in = mem_ref(arg);
	bool again;

	(void)ct;
	if (rsp->scode >= 200) {
		again = (rsp->scode == 401 || rsp->scode == 407) && in->bye_auths++ < INV_AUTH_MAX &&
			!cred_challenge(in->cred, rsp);
		inv_bye_forget(in);
		if (!again || bye_send(in))
			inv_end(in, 0, 0, rsp);
	}
	mem_deref(in);
}

static void failed_h(struct sip_ctrans *ct, int err, void *arg)
{
	struct inv *in = mem_ref(arg);

	(void)ct;
	log_debug("sip", "BYE without answer: %s", err_str(err));
	inv_bye_forget(in);
	inv_end(in, 0, 0, NULL);
	mem_deref(in);
}

void inv_bye_send(struct inv *in)
{
	int err = in->bye ? 0 : bye_send(in);

	if (!err)
		return;
	log_warn("sip", "BYE not sent: %s", err_str(err));
	inv_end_later(in);
}

void inv_drop(struct inv *in, int err, uint16_t scode, const struct sip_msg *msg)
{
	if (!in->bye && bye_send(in))
		log_warn("sip", "BYE not sent");
	inv_end(in, err, scode, msg);
}

/* ---- hanging up ---- */

void inv_keep_reason(struct inv *in, struct slice reason)
{
	struct slice hdrs, none = SLICE_NULL, none2 = SLICE_NULL;
	struct buf b;
	char *p;

	if (!slice_isset(reason) || in->bye_hdrs.p)
		return;
	buf_init(&b);
	sip_enc_hdr(&b, SIP_HDR_REASON, reason);
	hdrs = buf_get(&b);
	if (!buf_err(&b) && !inv_keep(&p, &hdrs, &none, &none2))
		in->bye_hdrs = hdrs;
	buf_free(&b);
}

static void hangup_calling(struct inv *in, struct slice reason)
{
	struct inv_cx *cx = cx_first(in);

	if (cx)
		cx_cancel(cx, reason);
	else
		inv_end_later(in);
}

/** Exchanges that are open when a connected session is hung up. True: the BYE must wait for the ACK to our 2xx (15). */
static bool wind_up(struct inv *in)
{
	bool wait = false;

	LIST_EACH (&in->sxl, k) {
		struct inv_sx *sx = LINK_OBJ(k, struct inv_sx, le);

		if (!sx->answered)
			sx_refuse(sx, 487, SLICE_NULL, SLICE_NULL);
		else if (sx->first)
			wait = true;
	}
	inv_wind_up(in);
	return wait;
}

void inv_hangup(struct inv *in, uint16_t scode, struct slice reason)
{
	struct inv_sx *sx;

	if (in->hung || !inv_sip(in))
		return;
	mem_ref(in);
	in->hung = true;
	inv_timer_stop(in);
	inv_ux_close(in, true);
	inv_keep_reason(in, reason);
	switch (in->state) {
	case SIP_INV_CALLING:
		hangup_calling(in, reason);
		break;
	case SIP_INV_INCOMING:
		sx = sx_open(in);
		if (sx)
			sx_refuse(sx, scode >= 300 && scode <= 699 ? scode : 480, SLICE_NULL, in->bye_hdrs);
		inv_end_later(in);
		break;
	case SIP_INV_CONNECTED:
		if (!wind_up(in))
			inv_bye_send(in);
		break;
	case SIP_INV_CLOSED:
		break;
	}
	mem_deref(in);
}

void sip_inv_hangup(struct sip_inv *i, uint16_t scode, struct slice reason)
{
	inv_hangup(i->in, scode, reason);
}

/* ---- their BYE ---- */

void inv_bye_in(struct inv *in, struct sip_strans *st, const struct sip_msg *req)
{
	struct inv_cx *cx;

	if (in->told) {
		/* the two BYEs crossed, or it came late */
		sip_reply_simple(st, in->bye ? 200 : 481, NULL);
		return;
	}
	sip_reply_simple(st, 200, NULL);
	if (in->state == SIP_INV_INCOMING) {
		inv_end(in, 0, 487, req); /* the caller gave up: as CANCEL (15.1.2) */
		return;
	}
	if (in->state == SIP_INV_CALLING) {
		/* Answered and ended at once, and the 2xx is late or lost (RFC 5407 3.1.2): when it comes it gets its
		 * ACK and a BYE. */
		cx = cx_first(in);
		if (cx)
			cx_cancel(cx, SLICE_NULL);
	}
	inv_end(in, 0, in->hung ? 0 : 200, req); /* crossed with ours: we hung up as well */
}
