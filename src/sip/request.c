/*
 * request.c - requests (RFC 3261 8.1.1, 18.1.1): built once and sent in a client transaction; the ACK to a 2xx without
 * one (13.2.2.4); ACK to other answers (17.1.1.3) and CANCEL (9.1) made of the INVITE they belong to.
 */
#include <string.h>
#include "base/log.h"
#include "base/rand.h"
#include "sip/sip_priv.h"

enum { MAXFWD = 70, COOKIE_LEN = 7 };

static void ctrans_destroy(void *obj)
{
	struct sip_ctrans *ct = obj;

	timer_stop(&ct->tmr);
	mem_deref(ct->req);
	mem_deref(ct->ack);
	mem_deref(ct->cancel_reason);
}

void sip_make_branch(char dst[SIP_BRANCH_LEN + 1])
{
	memcpy(dst, "z9hG4bK", COOKIE_LEN);
	rand_text(dst + COOKIE_LEN, SIP_BRANCH_LEN - COOKIE_LEN);
}

static void enc_user_agent(struct buf *b, const struct sip *s)
{
	if (!s->software)
		return;
	buf_str(b, "User-Agent: ");
	buf_str(b, s->software);
	buf_str(b, "\r\n");
}

/* Via with rport (RFC 3581 3) and Max-Forwards. */
static void enc_hop(struct buf *b, enum sip_transp tp, const struct sa *sentby, const char *branch, uint32_t maxfwd)
{
	char txt[SA_STRLEN];

	buf_str(b, "Via: SIP/2.0/");
	buf_slice(b, sip_transp_name(tp));
	buf_char(b, ' ');
	buf_str(b, sa_str(sentby, txt));
	/* requests for us may come back by the same connection (RFC 5923 8) */
	buf_str(b, tp == SIP_TRANSP_TLS ? ";rport;alias;branch=" : ";rport;branch=");
	buf_str(b, branch);
	buf_str(b, "\r\nMax-Forwards: ");
	buf_u64(b, maxfwd);
	buf_str(b, "\r\n");
}

static int enc_request(struct sip *s, const struct sip_request *r, const struct sa *sentby, const char *branch,
		       struct rbuf **bp)
{
	struct buf *b = &s->scratch;

	buf_reset(b);
	sip_enc_request_line(b, r->m == SIP_OTHER_METHOD ? r->method : sip_method_name(r->m), r->uri);
	enc_hop(b, r->dest.tp, sentby, branch, r->maxfwd ? r->maxfwd : MAXFWD);
	buf_slice(b, r->hdrs);
	enc_user_agent(b, s);
	sip_enc_body(b, r->ctype, r->body);
	return buf_rbuf(b, bp);
}

static int new_ctrans(struct sip_ctrans **ctp, struct sip *s, enum sip_method m, const struct sip_dest *dest)
{
	struct sip_ctrans *ct = mem_zalloc(sizeof(*ct), ctrans_destroy);

	if (!ct)
		return ENOMEM;
	ct->sip = s;
	ct->m = m;
	ct->dest = *dest;
	ct->reliable = sip_transp_reliable(dest->tp);
	*ctp = ct;
	return 0;
}

/* Into the table, out by the wire, machine started. On error the transaction is gone. */
static int launch(struct sip_ctrans *ct)
{
	struct sip *s = ct->sip;
	int err = hash_add(&s->ctrans, hash_bytes(slice_mem(ct->branch, SIP_BRANCH_LEN)), &ct->he);

	if (!err)
		err = sip_ctrans_send(ct, ct->req);
	if (err) {
		hash_del(&s->ctrans, &ct->he);
		mem_deref(ct);
		return err;
	}
	if (ct->m == SIP_INVITE)
		sip_ic_start(ct);
	else
		sip_nc_start(ct);
	return 0;
}

int sip_request(struct sip_ctrans **ctp, struct sip *s, const struct sip_request *r, const struct sip_ctrans_ops *ops,
		void *arg)
{
	struct sip_ctrans *ct;
	int err;

	if (r->m == SIP_ACK || r->m == SIP_CANCEL)
		return EINVAL;
	err = new_ctrans(&ct, s, r->m, &r->dest);
	if (err)
		return err;
	ct->ops = ops;
	ct->arg = arg;
	sip_make_branch(ct->branch);
	err = sip_local_for(s, &r->dest, &ct->sentby);
	if (!err)
		err = enc_request(s, r, &ct->sentby, ct->branch, &ct->req);
	if (err) {
		mem_deref(ct);
		return err;
	}
	err = launch(ct);
	if (!err && ctp)
		*ctp = mem_ref(ct);
	return err;
}

int sip_send_ack(struct sip *s, const struct sip_request *r, struct rbuf **out)
{
	char branch[SIP_BRANCH_LEN + 1];
	struct rbuf *b = NULL;
	struct sa sentby;
	int err = sip_local_for(s, &r->dest, &sentby);

	if (err)
		return err;
	if (!r->branch)
		sip_make_branch(branch);
	err = enc_request(s, r, &sentby, r->branch ? r->branch : branch, &b);
	if (!err)
		err = sip_send(s, &r->dest, b, NULL);
	if (!err && out)
		*out = mem_ref(b);
	mem_deref(b);
	return err;
}

int sip_resend(struct sip *s, const struct sip_dest *d, struct rbuf *b)
{
	s->st.retrans_tx++;
	return sip_send(s, d, b, NULL);
}

/* ACK or CANCEL of the INVITE `inv`: same Request-URI, Via, Route, From, Call-ID and CSeq number. */
static void enc_child(struct buf *b, const struct sip *s, const struct sip_msg *inv, enum sip_method m, struct slice to)
{
	sip_enc_request_line(b, sip_method_name(m), inv->ruri);
	sip_enc_hdr(b, SIP_HDR_VIA, inv->via.val);
	buf_str(b, "Max-Forwards: ");
	buf_u64(b, MAXFWD);
	buf_str(b, "\r\n");
	sip_enc_copy(b, inv, SIP_HDR_ROUTE);
	sip_enc_copy(b, inv, SIP_HDR_FROM);
	sip_enc_hdr(b, SIP_HDR_TO, to);
	sip_enc_copy(b, inv, SIP_HDR_CALL_ID);
	sip_enc_copy(b, inv, SIP_HDR_SESSION_ID);
	buf_str(b, "CSeq: ");
	buf_u64(b, inv->cseq.num);
	buf_char(b, ' ');
	buf_slice(b, sip_method_name(m));
	buf_str(b, "\r\n");
	enc_user_agent(b, s);
}

/* What we sent, read again. A Request-URI or header that only its user understands does not matter here. */
static int read_invite(struct sip_msg **mp, const struct sip_ctrans *ct)
{
	struct sip_msg_err e;
	int err;

	*mp = NULL;
	if (!ct->req)
		return ERR_STATE;
	err = sip_msg_decode(mp, ct->req->data, ct->req->l, &e);
	return *mp ? 0 : err;
}

int sip_enc_ack(struct rbuf **bp, const struct sip_ctrans *ct, const struct sip_msg *rsp)
{
	struct buf *b = &ct->sip->scratch;
	struct sip_msg *inv;
	int err = read_invite(&inv, ct);

	if (err)
		return err;
	buf_reset(b);
	enc_child(b, ct->sip, inv, SIP_ACK, sip_msg_val(rsp, SIP_HDR_TO));
	sip_enc_body(b, SLICE_NULL, SLICE_NULL);
	mem_deref(inv);
	return buf_rbuf(b, bp);
}

int sip_enc_cancel(struct rbuf **bp, const struct sip_ctrans *ct, struct slice reason)
{
	struct buf *b = &ct->sip->scratch;
	struct sip_msg *inv;
	int err = read_invite(&inv, ct);

	if (err)
		return err;
	buf_reset(b);
	enc_child(b, ct->sip, inv, SIP_CANCEL, sip_msg_val(inv, SIP_HDR_TO));
	if (reason.l)
		sip_enc_hdr(b, SIP_HDR_REASON, reason);
	sip_enc_body(b, SLICE_NULL, SLICE_NULL);
	mem_deref(inv);
	return buf_rbuf(b, bp);
}

/* The CANCEL is a transaction of its own with the branch of the INVITE; nobody waits for its answer. */
static int send_cancel(struct sip_ctrans *ct, struct slice reason)
{
	struct sip_ctrans *cc;
	int err = new_ctrans(&cc, ct->sip, SIP_CANCEL, &ct->dest);

	if (err)
		return err;
	memcpy(cc->branch, ct->branch, sizeof(cc->branch));
	cc->sentby = ct->sentby;
	err = sip_enc_cancel(&cc->req, ct, reason);
	if (err) {
		mem_deref(cc);
		return err;
	}
	return launch(cc);
}

int sip_cancel(struct sip_ctrans *ct, struct slice reason)
{
	char *kept = NULL;
	int err;

	if (!ct->sip || ct->m != SIP_INVITE || ct->scode >= 200)
		return ERR_STATE;
	if (ct->cancelled)
		return 0;
	if (!sip_ic_provisional(ct)) {
		err = slice_dup(&kept, reason);
		if (err)
			return err;
		mem_deref(ct->cancel_reason);
		ct->cancel_reason = kept;
		ct->cancel_wait = true;
		return 0;
	}
	err = send_cancel(ct, reason);
	if (err)
		return err;
	ct->cancelled = true;
	ct->cancel_wait = false;
	sip_ic_cancelled(ct);
	return 0;
}
