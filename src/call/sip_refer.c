/*
 * sip_refer.c - REFER (RFC 3515) within the dialog of a leg: a phone asks us to send the party it talks to elsewhere,
 * blindly or (Replaces in Refer-To, RFC 5589 7) to somebody it talks to in another call. We carry it out ourselves and
 * tell it by NOTIFY how that goes, unless it wants to know nothing (RFC 4488). Who sends the party is shown to the
 * called one in a Referred-By of our own making (RFC 3892): what the phone wrote there proves nothing.
 */
#include <stdio.h>
#include "call/sip_edge_priv.h"
#include "wire/sip/replaces.h"

enum { SUB_EXPIRES_S = 300 /* ringing, and a call back after it */ };

/* ------------------------------------------------------------------ NOTIFY */

static void notify(struct sip_leg *sl, uint16_t code);

/* One at a time: a later state must not overtake an earlier one. */
static void notified(struct sip_leg *sl)
{
	uint16_t next = sl->refer.next;

	sl->refer.busy = false;
	sl->refer.next = 0;
	if (next)
		notify(sl, next);
}

static void response_h(struct sip_ctrans *ct, const struct sip_msg *rsp, void *arg)
{
	struct sip_leg *sl = arg;

	(void)ct;
	if (rsp->scode < 200)
		return;
	/* it does not want to hear more */
	if (rsp->scode >= 300)
		sl->refer.active = false;
	notified(sl);
}

static void failed_h(struct sip_ctrans *ct, int err, void *arg)
{
	struct sip_leg *sl = arg;

	(void)ct;
	(void)err;
	sl->refer.active = false;
	notified(sl);
}

static const struct sip_ctrans_ops notify_ops = {.response = response_h, .failed = failed_h};

static void notify(struct sip_leg *sl, uint16_t code)
{
	char hdrs_mem[200], body_mem[100];
	struct buf hdrs, body;
	int err;

	if (!sl->refer.active)
		return;
	buf_init_fixed(&hdrs, hdrs_mem, sizeof(hdrs_mem));
	buf_init_fixed(&body, body_mem, sizeof(body_mem));
	if (sl->refer.id)
		sip_enc_hdrf(&hdrs, SIP_HDR_EVENT, "refer;id=%u", sl->refer.id);
	else
		sip_enc_hdr(&hdrs, SIP_HDR_EVENT, SLICE("refer"));
	if (code >= 200)
		sip_enc_hdr(&hdrs, SIP_HDR_SUBSCRIPTION_STATE, SLICE("terminated;reason=noresource"));
	else
		sip_enc_hdrf(&hdrs, SIP_HDR_SUBSCRIPTION_STATE, "active;expires=%d", SUB_EXPIRES_S);
	sip_enc_status_line(&body, code, SLICE_NULL);
	err = sip_inv_request(sl->inv, SIP_NOTIFY, buf_get(&hdrs), SLICE("message/sipfrag;version=2.0"), buf_get(&body),
			      &notify_ops, sl);
	sl->refer.busy = !err;
	if (err || code >= 200)
		sl->refer.active = false;
	if (err)
		log_debug("call", "%s: how a transfer goes could not be told: %s", sl->leg->call->id, err_str(err));
}

/* 202 and the first NOTIFY, once. */
static void accept_refer(struct sip_leg *sl)
{
	struct sip_strans *st = sl->refer.st;
	int err;

	if (!st)
		return;
	sl->refer.st = NULL;
	err = sip_reply(st, 202, SLICE_NULL, sl->refer.active ? SLICE_NULL : SLICE("Refer-Sub: false\r\n"), SLICE_NULL,
			SLICE_NULL);
	if (err)
		log_debug("call", "a REFER could not be accepted: %s", err_str(err));
	notify(sl, 100);
}

void sip_leg_transfer_state(struct leg *l, uint16_t code)
{
	struct sip_leg *sl = l->proto;

	accept_refer(sl);
	if (code <= 100 || !sl->refer.active)
		return;
	if (!sl->refer.busy)
		notify(sl, code);
	else if (sl->refer.next < 200)
		sl->refer.next = code;
}

void sip_leg_refer_end(struct sip_leg *sl)
{
	accept_refer(sl);
	/* the BYE that follows must not take the last word away */
	if (sl->refer.next >= 200)
		notify(sl, sl->refer.next);
	sl->refer.active = false;
}

/* ------------------------------------------------------------------ REFER */

static bool has_token(struct slice list, const char *word)
{
	return slice_ieqs(slice_trim(slice_cut(&list, ';')), word);
}

/* What the REFER asks for. Answers it when that is not a thing we do. */
static bool decode(struct sip_strans *st, const struct sip_msg *msg, struct sip_refer_to *to)
{
	int err;

	if (sip_msg_count(msg, SIP_HDR_REFER_TO) != 1) {
		sip_reply_simple(st, 400, "One Refer-To Needed");
		return false;
	}
	err = sip_refer_to_decode(to, sip_msg_val(msg, SIP_HDR_REFER_TO));
	if (err) {
		sip_reply_simple(st, 400, "Bad Refer-To");
		return false;
	}
	if (to->method.l && !slice_ieqs(to->method, "INVITE")) {
		sip_reply_simple(st, 403, "Only Calls Are Transferred");
		return false;
	}
	return true;
}

static uint16_t blind(struct sip_leg *sl, const struct sip_msg *msg, const struct sip_refer_to *to)
{
	const struct sip_uri *u = &to->addr.uri;
	char number[64];

	if (!slice_ieqs(u->scheme, "sip") && !slice_ieqs(u->scheme, "sips") && !slice_ieqs(u->scheme, "tel"))
		return 416;
	if (!edge_is_ours(sl->edge, msg, u) || !edge_user(number, sizeof(number), u))
		return 404;
	return call_transfer(sl->leg, number);
}

static uint16_t attended(struct sip_leg *sl, const struct sip_replaces *r)
{
	struct leg *target = edge_find_leg(sl->edge, r);

	/* phones differ in whose view of the dialog they give */
	return target ? call_transfer_to(sl->leg, target) : 481;
}

/* "Referred-By: <sip:100@us>" goes with the INVITE that follows, in place of what the caller's INVITE had. */
static void refer_by(struct sip_leg *sl)
{
	struct call *c = sl->leg->call;
	char uri_mem[200], line_mem[256], txt[SA_STRLEN];
	struct rbuf *r = NULL;
	struct buf uri, line;
	struct sa us;

	if (!sl->edge->sip || sip_local_for(sl->edge->sip, sip_inv_dest(sl->inv), &us))
		return;
	buf_init_fixed(&uri, uri_mem, sizeof(uri_mem));
	buf_init_fixed(&line, line_mem, sizeof(line_mem));
	buf_str(&uri, "sip:");
	sip_enc_user(&uri, slice_str(sl->leg->party.number));
	buf_printf(&uri, "@%s", sl->edge->ndomains ? sl->edge->domains[0] : sa_str(&us, txt));
	sip_enc_hdrf(&line, SIP_HDR_REFERRED_BY, "<%.*s>", SLICE_FMT(buf_get(&uri)));
	if (buf_err(&uri) || buf_err(&line) || buf_rbuf(&line, &r))
		return;
	mem_deref(c->pass);
	c->pass = r;
}

/* The answer to a REFER that is not carried out at all. */
static void refuse(struct sip_strans *st, uint16_t code)
{
	if (code == 491)
		edge_reply_hdr(st, 491, SIP_HDR_RETRY_AFTER, "2");
	else
		sip_reply_simple(st, code, NULL);
}

void edge_refer(struct sip_leg *sl, struct sip_strans *st, const struct sip_msg *msg)
{
	struct sip_refer_to to;
	uint16_t code;

	if (!decode(st, msg, &to))
		return;
	/* whether a line outside may send our party to a number is its owner's policy; calls of others it may not join
	 */
	code = !to.has_replaces ? call_transfer_check(sl->leg) : sl->leg->trunk ? 403 : call_transfer_to_check(sl->leg);
	if (code) {
		refuse(st, code);
		return;
	}
	sl->refer.active = !has_token(sip_msg_val(msg, SIP_HDR_REFER_SUB), "false");
	/* the first one of a dialog needs no name (RFC 3515 2.4.6) */
	sl->refer.id = sl->refer.several ? msg->cseq.num : 0;
	sl->refer.several = true;
	sl->refer.next = 0;
	sl->refer.st = st;
	refer_by(sl);
	code = to.has_replaces ? attended(sl, &to.replaces) : blind(sl, msg, &to);
	/* what is wrong with the target is told as the result of the transfer */
	if (code == 404 || code == 481)
		sip_leg_transfer_state(sl->leg, code);
	else if (!code)
		accept_refer(sl);
	else if (sl->refer.st) {
		sl->refer.st = NULL;
		sl->refer.active = false;
		refuse(st, code);
	}
}
