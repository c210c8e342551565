/*
 * call_transfer.c - REFER both ways (RFC 3515): sending the far end elsewhere, blindly or to the far end of another
 * call (Replaces, RFC 3891); being sent elsewhere, if the application likes. How it goes is told by NOTIFY.
 */
#include "ua/ua_priv.h"
#include "wire/sip/replaces.h"

enum { SUB_EXPIRES_S = 180 };

/* ------------------------------------------------------------------ ours */

static void response_h(struct sip_ctrans *ct, const struct sip_msg *rsp, void *arg)
{
	struct oh_call *c = arg;
	char text[UA_TEXT];

	(void)ct;
	if (rsp->scode < 200)
		return;
	if (rsp->scode >= 300)
		c->referring = false;
	ua_tell_call(c, OH_CALL_TRANSFER, rsp->scode, ua_text(text, rsp->reason));
}

static void failed_h(struct sip_ctrans *ct, int err, void *arg)
{
	struct oh_call *c = arg;

	(void)ct;
	c->referring = false;
	ua_tell_call(c, OH_CALL_TRANSFER, 408, err_str(err));
}

static const struct sip_ctrans_ops refer_ops = {.response = response_h, .failed = failed_h};

static int send_refer(struct oh_call *c, struct slice uri, const struct sip_replaces *r)
{
	struct buf to, hdrs;
	int err;

	if (c->ended || !c->inv || !c->answered || c->referring)
		return ERR_STATE;
	buf_init(&to);
	buf_init(&hdrs);
	sip_refer_to_encode(&to, uri, r);
	sip_enc_hdr(&hdrs, SIP_HDR_REFER_TO, buf_get(&to));
	sip_enc_hdrf(&hdrs, SIP_HDR_REFERRED_BY, "<sip:%s@%s>", c->acct->user, c->acct->domain);
	err = buf_err(&to) ? buf_err(&to) : buf_err(&hdrs);
	if (!err)
		err = sip_inv_request(c->inv, SIP_REFER, buf_get(&hdrs), SLICE_NULL, SLICE_NULL, &refer_ops, c);
	c->referring = !err;
	buf_free(&to);
	buf_free(&hdrs);
	return err;
}

int oh_call_transfer(struct oh_call *c, const char *to)
{
	char uri[512];
	struct buf b;

	if (!to || !*to)
		return EINVAL;
	buf_init_fixed(&b, uri, sizeof(uri));
	ua_enc_target(&b, c->acct, slice_trim(slice_str(to)));
	return buf_err(&b) ? buf_err(&b) : send_refer(c, buf_get(&b), NULL);
}

int oh_call_transfer_to(struct oh_call *c, struct oh_call *other)
{
	struct sip_replaces r;

	if (!other->inv || other->ended || other == c)
		return ERR_STATE;
	/* as the far end of `other` would see its dialog: its own tag is to-tag */
	r = (struct sip_replaces){.callid = sip_inv_callid(other->inv),
				  .to_tag = sip_inv_remote_tag(other->inv),
				  .from_tag = sip_inv_local_tag(other->inv)};
	if (!r.to_tag.l)
		r.to_tag = slice_str(other->early_tag);
	if (!r.to_tag.l)
		return ERR_STATE;
	return send_refer(c, slice_str(other->peer), &r);
}

/* "SIP/2.0 180 Ringing" of message/sipfrag (RFC 3420). */
static bool status_of(struct slice body, uint16_t *code, struct slice *reason)
{
	struct slice line = slice_trim(slice_cut(&body, '\n'));
	uint32_t n;

	if (!slice_ieqs(slice_cut(&line, ' '), "SIP/2.0") || slice_u32(slice_cut(&line, ' '), &n) || n < 100 || n > 699)
		return false;
	*code = (uint16_t)n;
	*reason = line;
	return true;
}

void ua_notify_in(struct oh_call *c, struct sip_strans *st, const struct sip_msg *req)
{
	struct slice event = sip_msg_val(req, SIP_HDR_EVENT), reason;
	struct slice state = sip_msg_val(req, SIP_HDR_SUBSCRIPTION_STATE);
	char text[UA_TEXT];
	uint16_t code;

	if (!slice_ieqs(slice_trim(slice_cut(&event, ';')), "refer") || !c->referring) {
		sip_reply_simple(st, c->referring ? 489 : 481, NULL);
		return;
	}
	sip_reply_simple(st, 200, NULL);
	if (slice_ieqs(slice_trim(slice_cut(&state, ';')), "terminated"))
		c->referring = false;
	if (sip_msg_ctype_is(req, "message", "sipfrag") && status_of(req->body, &code, &reason))
		ua_tell_call(c, OH_CALL_TRANSFER, code, ua_text(text, reason));
}

/* ------------------------------------------------------------------ theirs */

static void notify(struct oh_call *c, uint16_t code)
{
	char hdrs_mem[200], body_mem[100];
	struct buf hdrs, body;

	if (!c->inv || c->ended)
		return;
	buf_init_fixed(&hdrs, hdrs_mem, sizeof(hdrs_mem));
	buf_init_fixed(&body, body_mem, sizeof(body_mem));
	sip_enc_hdrf(&hdrs, SIP_HDR_EVENT, "refer;id=%u", c->refer_id);
	if (code < 200)
		sip_enc_hdrf(&hdrs, SIP_HDR_SUBSCRIPTION_STATE, "active;expires=%d", SUB_EXPIRES_S);
	else
		sip_enc_hdr(&hdrs, SIP_HDR_SUBSCRIPTION_STATE, SLICE("terminated;reason=noresource"));
	sip_enc_status_line(&body, code, SLICE_NULL);
	if (sip_inv_request(c->inv, SIP_NOTIFY, buf_get(&hdrs), SLICE("message/sipfrag;version=2.0"), buf_get(&body),
			    NULL, NULL))
		log_debug("ua", "how a referred call goes could not be told");
}

void ua_refer_in(struct oh_call *c, struct sip_strans *st, const struct sip_msg *req)
{
	struct sip_refer_to to;

	if (sip_msg_count(req, SIP_HDR_REFER_TO) != 1 || sip_refer_to_decode(&to, sip_msg_val(req, SIP_HDR_REFER_TO))) {
		sip_reply_simple(st, 400, "Bad Refer-To");
		return;
	}
	if (c->refer_to || c->referred) {
		sip_reply_simple(st, 491, NULL);
		return;
	}
	if (slice_dup(&c->refer_to, to.addr.auri)) {
		sip_reply_simple(st, 500, NULL);
		return;
	}
	c->refer_id = req->cseq.num;
	ua_tell_call(c, OH_CALL_REFERRED, 0, c->refer_to);
	/* oh_call_follow() was called within that event, or not */
	sip_reply_simple(st, c->referred ? 202 : 603, NULL);
	c->refer_to = mem_deref(c->refer_to);
	if (c->referred)
		notify(c, 100);
}

int oh_call_follow(struct oh_call *c, struct oh_call **np, const struct oh_call_options *o)
{
	struct oh_call *n;
	struct slice uri = slice_str(c->refer_to);
	char *to;
	int err;

	if (!c->refer_to || c->referred)
		return ERR_STATE;
	/* what stands behind '?' are headers, which we do not send */
	err = slice_dup(&to, slice_cut(&uri, '?'));
	if (err)
		return err;
	err = oh_call_start(c->acct, &n, to, o);
	mem_deref(to);
	if (err)
		return err;
	n->referrer = c;
	c->referred = n;
	if (np)
		*np = n;
	return 0;
}

void ua_referred(struct oh_call *n, uint16_t code)
{
	struct oh_call *c = n->referrer;

	if (!c)
		return;
	if (code >= 200) {
		n->referrer = NULL;
		c->referred = NULL;
	}
	notify(c, code);
}

void ua_refer_forget(struct oh_call *c)
{
	if (c->referrer)
		c->referrer->referred = NULL;
	if (c->referred)
		c->referred->referrer = NULL;
	c->referrer = c->referred = NULL;
	c->refer_to = mem_deref(c->refer_to);
}
