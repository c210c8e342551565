/*
 * call_change.c - re-INVITE both ways: hold, resume, other codecs, delayed offers (RFC 3261 14, RFC 3264 8).
 */
#include "ua/ua_priv.h"

static const struct slice sdp_type = SLICE("application/sdp");

/* ------------------------------------------------------------------ theirs */

void ua_change_reoffer(struct sip_inv *i, const struct sip_msg *req, void *arg)
{
	struct oh_call *c = arg;
	int err;

	if (req->body.l && !sip_msg_ctype_is(req, "application", "sdp")) {
		err = sip_inv_reply_reject(i, 415, SLICE("Accept: application/sdp\r\n"));
	} else {
		err = req->body.l ? ua_media_answer(c, req->body) : ua_media_offer(c);
		if (!err)
			err = sip_inv_reply_answer(i, sdp_type, rbuf_slice(c->local));
		else
			err = sip_inv_reply_reject(i, err == ERR_SYNTAX ? 400 : err == ENOTSUP ? 488 : 500, SLICE_NULL);
	}
	if (err)
		log_warn("ua", "a re-INVITE is not answered: %s", err_str(err));
}

void ua_change_gone(struct sip_inv *i, void *arg)
{
	/* each one is answered at once: there is none that waits */
	(void)i;
	(void)arg;
}

/* ------------------------------------------------------------------ ours */

static void settle(struct oh_call *c)
{
	if (c->change == UA_CHANGE_HOLD)
		c->hold = c->new_hold;
	else if (c->change == UA_CHANGE_CODECS)
		c->codecs = c->new_codecs;
	c->change = UA_CHANGE_NONE;
}

/* A description was agreed with that answer; false: none can be. */
static bool agreed(struct oh_call *c, const struct sip_msg *rsp)
{
	int err;

	if (c->change != UA_CHANGE_ASK)
		return !ua_media_answered(c, rsp->body);
	err = ua_media_answer(c, rsp->body);
	if (!err)
		err = sip_inv_ack_answer(c->inv, sdp_type, rbuf_slice(c->local));
	return !err;
}

void ua_change_reanswered(struct sip_inv *i, const struct sip_msg *rsp, uint16_t scode, void *arg)
{
	struct oh_call *c = arg;
	char text[UA_TEXT];

	(void)i;
	if (scode >= 300) {
		c->offered = false;
		c->change = UA_CHANGE_NONE;
		c->dir = c->hold ? ua_hold_dir(c) : SDP_SENDRECV;
	} else if (!agreed(c, rsp)) {
		ua_call_fail(c, 488, "no usable answer");
		return;
	} else {
		settle(c);
	}
	ua_tell_call(c, OH_CALL_CHANGED, scode, rsp ? ua_text(text, rsp->reason) : sip_reason(scode));
}

int ua_change_renew(struct sip_inv *i, struct buf *sdp, void *arg)
{
	struct oh_call *c = arg;
	int err;

	(void)i;
	if (c->change == UA_CHANGE_ASK)
		return 0;
	err = ua_media_offer(c);
	if (!err)
		buf_slice(sdp, rbuf_slice(c->local));
	else
		c->change = UA_CHANGE_NONE;
	return err;
}

int ua_change_current(struct sip_inv *i, struct buf *sdp, void *arg)
{
	const struct oh_call *c = arg;

	(void)i;
	if (!c->local || c->offered || c->change)
		return ERR_STATE;
	buf_slice(sdp, rbuf_slice(c->local));
	return 0;
}

static int reinvite(struct oh_call *c, enum ua_change change)
{
	struct slice sdp = SLICE_NULL;
	int err = 0;

	if (c->ended || !c->inv || !sip_inv_can_offer(c->inv))
		return ERR_STATE;
	c->change = change;
	if (change != UA_CHANGE_ASK) {
		err = ua_media_offer(c);
		sdp = c->local ? rbuf_slice(c->local) : SLICE_NULL;
	}
	if (!err)
		err = sip_inv_reinvite(c->inv, SLICE_NULL, sdp.l ? sdp_type : SLICE_NULL, sdp);
	if (err) {
		c->change = UA_CHANGE_NONE;
		c->offered = false;
	}
	return err;
}

int oh_call_hold(struct oh_call *c, bool hold)
{
	if (c->change)
		return ERR_STATE;
	c->new_hold = hold;
	return reinvite(c, UA_CHANGE_HOLD);
}

int oh_call_reoffer(struct oh_call *c, const char *codecs)
{
	int err;

	if (c->change)
		return ERR_STATE;
	if (!codecs)
		return reinvite(c, UA_CHANGE_ASK);
	err = ua_codecs_parse(&c->new_codecs, codecs);
	/* numbers that the session has given to codecs are kept */
	for (uint8_t i = 0; !err && i < c->codecs.n; i++)
		ua_codecs_number(&c->new_codecs, c->codecs.v[i].ops, c->codecs.v[i].pt);
	return err ? err : reinvite(c, UA_CHANGE_CODECS);
}
