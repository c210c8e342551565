/*
 * inv_request.c - other requests of ours in the dialog: INFO, MESSAGE, REFER ... (RFC 3261 12.2.1), with challenges
 * answered.
 */
#include "sip/inv_priv.h"

static void req_destroy(void *obj)
{
	struct inv_req *r = obj;

	mem_deref(r->keep);
	mem_deref(r->d);
}

void inv_req_forget(struct inv_req *r)
{
	if (r->ct)
		sip_ctrans_detach(r->ct);
	r->ct = mem_deref(r->ct);
}

void inv_req_close(struct inv_req *r)
{
	struct inv *in = r->in;

	if (!in)
		return;
	r->in = NULL;
	timer_stop(&r->tm);
	inv_req_forget(r);
	list_unlink(&r->le);
	mem_deref(r);
	mem_deref(in);
}

void inv_requests_close(struct inv *in)
{
	while (in->reql.head)
		inv_req_close(LINK_OBJ(in->reql.head, struct inv_req, le));
}

static bool try_again(struct inv_req *r, const struct sip_msg *rsp)
{
	if ((rsp->scode != 401 && rsp->scode != 407) || r->auths >= INV_AUTH_MAX || cred_challenge(r->in->cred, rsp))
		return false;
	r->auths++;
	inv_req_forget(r);
	return inv_req_send(r) == 0;
}

static void response_h(struct sip_ctrans *ct, const struct sip_msg *rsp, void *arg)
{
	struct inv_req *r = arg;
	struct inv *in = mem_ref(r->in);
	const struct sip_ctrans_ops *ops = r->ops;
	void *uarg = r->arg;
	/* the dialog is gone at their side (RFC 5057 5.1); after a NOTIFY only the subscription is (RFC 6665 4.2.2) */
	bool lost = rsp->scode == 481 && r->m != SIP_NOTIFY;

	mem_ref(ct);
	mem_ref(r);
	if (rsp->scode >= 200 && r->done) {
		if (!try_again(r, rsp))
			r->done(r, 0, rsp->scode, rsp);
	} else if (rsp->scode < 200 || !try_again(r, rsp)) {
		if (rsp->scode >= 200)
			inv_req_close(r);
		if (ops && ops->response && inv_live(in))
			ops->response(ct, rsp, uarg);
		if (lost && inv_live(in))
			inv_end(in, 0, 481, rsp);
	}
	mem_deref(r);
	mem_deref(ct);
	mem_deref(in);
}

static void failed_h(struct sip_ctrans *ct, int err, void *arg)
{
	struct inv_req *r = arg;
	struct inv *in = mem_ref(r->in);
	const struct sip_ctrans_ops *ops = r->ops;
	void *uarg = r->arg;

	mem_ref(ct);
	mem_ref(r);
	if (r->done) {
		r->done(r, err, err == ETIMEDOUT ? 408 : 503, NULL);
	} else {
		inv_req_close(r);
		if (ops && ops->failed && inv_live(in))
			ops->failed(ct, err, uarg);
	}
	mem_deref(r);
	mem_deref(ct);
	mem_deref(in);
}

static const struct sip_ctrans_ops req_ops = {.response = response_h, .failed = failed_h};

int inv_req_send(struct inv_req *r)
{
	struct inv *in = r->in;
	struct dialog_request q = {.m = r->m, .hdrs = r->hdrs, .ctype = r->ctype, .body = r->body};
	struct buf auth;
	int err;

	buf_init(&auth);
	err = cred_enc(in->cred, &auth, r->m, dialog_ruri(r->d));
	if (r->m == SIP_UPDATE)
		inv_timer_enc_request(&auth, in);
	if (!err)
		err = buf_err(&auth);
	if (!err) {
		q.auth = buf_get(&auth);
		err = dialog_send(&r->ct, r->d, &q, &req_ops, r);
	}
	buf_free(&auth);
	return err;
}

int inv_req_start(struct inv *in, struct dialog *d, const struct inv_req *model)
{
	struct inv_req *r = mem_zalloc(sizeof(*r), req_destroy);
	int err;

	if (!r)
		return ENOMEM;
	*r = *model;
	r->in = mem_ref(in);
	r->d = mem_ref(d);
	list_append(&in->reql, &r->le);
	err = inv_keep(&r->keep, &r->hdrs, &r->ctype, &r->body);
	if (!err)
		err = inv_req_send(r);
	if (err)
		inv_req_close(r);
	return err;
}

int sip_inv_request(struct sip_inv *i, enum sip_method m, struct slice hdrs, struct slice ctype, struct slice body,
		    const struct sip_ctrans_ops *ops, void *arg)
{
	struct inv_req model = {.m = m, .ops = ops, .arg = arg, .hdrs = hdrs, .ctype = ctype, .body = body};
	struct inv *in = i->in;

	if (m == SIP_INVITE || m == SIP_ACK || m == SIP_BYE || m == SIP_CANCEL || m == SIP_OTHER_METHOD)
		return EINVAL;
	if (!inv_live(in) || !in->d->confirmed)
		return ERR_STATE;
	return inv_req_start(in, in->d, &model);
}
