/*
 * inv_ack.c - ACK to a 2xx: sent, sent again, and received (RFC 3261 13.2.2.4, 13.3.1.4, 17.1.1.2).
 */
#include "sip/inv_priv.h"

static int send_ack(struct inv_cx *cx, struct slice ctype, struct slice body)
{
	struct dialog_request r = {.m = SIP_ACK,
				   .cseq = cx->cseq,
				   .maxfwd = cx->maxfwd,
				   .auth = cx->auth ? rbuf_slice(cx->auth) : SLICE_NULL,
				   .ctype = ctype,
				   .body = body,
				   .branch = cx->ack_branch};

	return dialog_send_ack(cx->in->d, &r, NULL);
}

/* Of an ACK that went only its body and branch are kept: for every 2xx that comes again it is built again. */
int cx_ack(struct inv_cx *cx, struct slice ctype, struct slice body)
{
	struct slice none = SLICE_NULL;
	char *keep = NULL;
	int err = 0;

	if (body.l)
		err = inv_keep(&keep, &none, &ctype, &body);
	else
		ctype = body = none;
	sip_make_branch(cx->ack_branch);
	if (!err)
		err = send_ack(cx, ctype, body);
	if (err) {
		mem_deref(keep);
		return err;
	}
	mem_deref(cx->keep);
	cx->keep = keep;
	cx->hdrs = SLICE_NULL;
	cx->ctype = ctype;
	cx->body = body;
	cx->state = CX_ACKED;
	if (!timer_running(&cx->tm))
		cx_close(cx); /* repeated 2xx cannot come any more */
	return 0;
}

/** A branch that lost: ACK, then BYE (13.2.2.4). */
static void refuse_branch(struct inv_cx *cx, const struct sip_msg *rsp)
{
	struct dialog_request ack = {.m = SIP_ACK, .cseq = cx->cseq}, bye = {.m = SIP_BYE};
	struct inv_branch *br;
	struct dialog *d;
	struct buf auth;
	int err = dialog_fork(&d, cx->in->d, rsp);

	if (err) {
		log_warn("sip", "a forked answer is not refused: %s", err_str(err));
		return;
	}
	br = cx_branch_add(cx, rsp->to.tag);
	ack.auth = cx->auth ? rbuf_slice(cx->auth) : SLICE_NULL;
	err = dialog_send_ack(d, &ack, br ? &br->ack : NULL);
	if (br)
		br->dest = d->dest;
	buf_init(&auth);
	if (!err)
		err = cred_enc(cx->in->cred, &auth, SIP_BYE, dialog_ruri(d));
	bye.auth = buf_get(&auth);
	if (!err)
		err = dialog_send(NULL, d, &bye, NULL, NULL);
	buf_free(&auth);
	mem_deref(d);
	if (err)
		log_warn("sip", "a forked answer is not refused: %s", err_str(err));
}

void cx_again(struct inv_cx *cx, const struct sip_msg *rsp)
{
	struct inv *in = cx->in;
	struct inv_branch *br;
	int err = 0;

	if (!inv_sip(in))
		return;
	if (!cx->first || slice_eq(rsp->to.tag, dialog_text(in->d, DIALOG_RTAG))) {
		if (cx->state != CX_ACKED)
			return; /* the user has not given its answer yet */
		inv_sip(in)->st.retrans_tx++;
		err = send_ack(cx, cx->ctype, cx->body);
	} else if ((br = cx_branch(cx, rsp->to.tag))) {
		err = br->ack ? sip_resend(inv_sip(in), &br->dest, br->ack) : 0;
	} else {
		refuse_branch(cx, rsp);
	}
	if (err)
		log_debug("sip", "ACK not sent again: %s", err_str(err));
}

void inv_ack_in(struct dialog *d, const struct sip_msg *ack, void *arg)
{
	struct inv *in = arg;

	(void)d;
	LIST_EACH (&in->sxl, k) {
		struct inv_sx *sx = LINK_OBJ(k, struct inv_sx, le);

		if (!sx->answered || sx->cseq != ack->cseq.num)
			continue;
		mem_ref(in);
		bool first = sx->first;

		sip_strans_acked(sx->st);
		sx_close(sx);
		if (inv_live(in))
			in->ops->acked(in->h, ack, in->arg);
		else if (first && !in->told)
			inv_bye_send(in); /* it waited for this ACK (RFC 3261 15) */
		mem_deref(in);
		return;
	}
}
