/*
 * call_out.c - calls that we make: INVITE with an offer, or without one (delayed offer, RFC 3264 4).
 */
#include "ua/ua_priv.h"

static const struct slice sdp_type = SLICE("application/sdp");

/* The description that counts in an answer to our INVITE. */
static struct slice said(struct sip_inv *i, const struct sip_msg *rsp)
{
	struct slice b = sip_inv_body(i, rsp);

	return b.p == rsp->body.p && !sip_msg_ctype_is(rsp, "application", "sdp") ? SLICE_NULL : b;
}

/* Their offer: our answer goes with the ACK, or with the PRACK. */
static int answer_late(struct oh_call *c, struct slice sdp)
{
	int err = ua_media_answer(c, sdp);

	return err ? err : sip_inv_ack_answer(c->inv, sdp_type, rbuf_slice(c->local));
}

void ua_out_progress(struct sip_inv *i, const struct sip_msg *rsp, void *arg)
{
	struct oh_call *c = arg;
	struct slice sdp = said(i, rsp);
	char text[UA_TEXT];
	bool early;

	if (sip_inv_ack_due(i)) { /* their offer, in a reliable answer (RFC 3262 5) */
		if (answer_late(c, sdp)) {
			ua_call_fail(c, 488, "no usable offer");
			return;
		}
		early = true;
	} else {
		early = sdp.l && !ua_media_answered(c, sdp);
	}
	if (!c->early_tag && slice_dup(&c->early_tag, rsp->to.tag))
		log_debug("ua", "no memory for the tag of a phone that rings");
	ua_referred(c, rsp->scode);
	ua_tell_call(c, early ? OH_CALL_EARLY : OH_CALL_RINGING, rsp->scode, ua_text(text, rsp->reason));
}

void ua_out_answered(struct sip_inv *i, const struct sip_msg *rsp, void *arg)
{
	struct oh_call *c = arg;
	struct slice sdp = said(i, rsp);
	char text[UA_TEXT];
	int err;

	c->answered = true;
	if (sip_inv_ack_due(i))
		err = answer_late(c, sdp);
	else if (c->offered || (sdp.l && !c->delayed))
		err = ua_media_answered(c, sdp);
	else
		err = 0; /* the early description stands */
	if (err) {
		ua_call_fail(c, 488, "no usable answer");
		return;
	}
	c->told = true;
	ua_referred(c, 200);
	ua_tell_call(c, OH_CALL_ANSWERED, rsp->scode, ua_text(text, rsp->reason));
}

/* ------------------------------------------------------------------ INVITE */

static bool is_uri(struct slice s)
{
	return slice_starts(s, SLICE("sip:")) || slice_starts(s, SLICE("sips:")) || slice_starts(s, SLICE("tel:"));
}

void ua_enc_target(struct buf *b, const struct oh_account *a, struct slice to)
{
	if (is_uri(to)) {
		buf_slice(b, to);
		return;
	}
	buf_str(b, "sip:");
	if (slice_chr(to, '@') >= 0) {
		buf_slice(b, to);
		return;
	}
	sip_enc_user(b, to);
	buf_printf(b, "@%s", a->domain);
	buf_str(b, ua_transport_param(a));
}

/* Require, for without it the call would be one to whoever the number is (RFC 3891 5). */
static void enc_replaces(struct buf *b, const char *replaces)
{
	if (!replaces)
		return;
	sip_enc_hdr(b, SIP_HDR_REPLACES, slice_str(replaces));
	sip_enc_hdr(b, SIP_HDR_REQUIRE, SLICE("replaces"));
}

static int connect_call(struct oh_call *c, struct oh_account *a)
{
	struct sip_cred cred = {.user = slice_str(a->auth_user ? a->auth_user : a->user),
				.password = slice_str(a->password)};
	struct sip_inv_call ic = {.uri = slice_str(c->peer),
				  .dest = a->dest,
				  .from_display = slice_str(a->display),
				  .contact_user = slice_str(a->user),
				  .cred = &cred};
	char from[256], hdrs[UA_REPLACES_MAX + 64];
	struct buf b, h;

	buf_init_fixed(&b, from, sizeof(from));
	buf_init_fixed(&h, hdrs, sizeof(hdrs));
	buf_str(&b, "sip:");
	sip_enc_user(&b, slice_str(a->user));
	buf_printf(&b, "@%s", a->domain);
	if (c->hide)
		sip_enc_hdr(&h, SIP_HDR_PRIVACY, SLICE("id"));
	enc_replaces(&h, c->replaces);
	if (buf_err(&b) || buf_err(&h))
		return buf_err(&b) ? buf_err(&b) : buf_err(&h);
	ic.from_uri = buf_get(&b);
	if (c->hide) {
		/* RFC 3323 4.1: From says nothing, the password tells the server who calls */
		ic.from_uri = SLICE("sip:anonymous@anonymous.invalid");
		ic.from_display = SLICE("Anonymous");
	}
	ic.hdrs = buf_get(&h);
	if (!c->delayed) {
		int err = ua_media_offer(c);

		if (err)
			return err;
		ic.ctype = sdp_type;
		ic.offer = rbuf_slice(c->local);
	}
	return sip_inv_connect(&c->inv, c->ua->sip, &ic, &ua_inv_ops, c);
}

static int prepare(struct oh_call *c, struct oh_account *a, const char *to, const struct oh_call_options *o)
{
	char uri[512];
	struct buf b;
	int err;

	c->outgoing = true;
	if (o && o->replaces) {
		err = strlen(o->replaces) > UA_REPLACES_MAX ? ERR_LIMIT : mem_strdup(&c->replaces, o->replaces);
		if (err)
			return err;
	}
	buf_init_fixed(&b, uri, sizeof(uri));
	ua_enc_target(&b, a, slice_trim(slice_str(to)));
	err = buf_strdup(&b, &c->peer);
	if (err)
		return err;
	return sip_local_for(c->ua->sip, &a->dest, &c->ip);
}

int oh_call_start(struct oh_account *a, struct oh_call **cp, const char *to, const struct oh_call_options *o)
{
	struct oh_call *c;
	int err;

	if (!a->ua || a->ua->leaving || !to || !*to)
		return a->ua && !a->ua->leaving ? EINVAL : ERR_STATE;
	err = ua_call_alloc(&c, a, o);
	if (err)
		return err;
	err = prepare(c, a, to, o);
	if (!err)
		err = connect_call(c, a);
	if (!err)
		err = slice_dup(&c->callid, sip_inv_callid(c->inv));
	if (err) {
		ua_call_abort(c);
		return err;
	}
	if (cp)
		*cp = c;
	return 0;
}
