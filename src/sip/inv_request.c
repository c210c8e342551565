/*
 * inv_request.c - other requests of ours in the dialog: INFO, MESSAGE, REFER ... (RFC 3261 12.2.1), with challenges
 * answered.
 */
#include "sip/inv_priv.h"

struct inv_req {
	struct link le;
	struct inv *in; /**< referenced; NULL when closed */
	struct sip_ctrans *ct;
	const struct sip_ctrans_ops *ops; /**< the user's, may be NULL */
	void *arg;
	char *keep;
	struct slice hdrs, ctype, body;
	enum sip_method m;
	uint8_t auths;
};

static void req_destroy(void *obj)
{
	struct inv_req *r = obj;

	mem_deref(r->keep);
}

static void forget_transaction(struct inv_req *r)
{
	if (r->ct)
		sip_ctrans_detach(r->ct);
	r->ct = mem_deref(r->ct);
}

static void req_close(struct inv_req *r)
{
	struct inv *in = r->in;

	if (!in)
		return;
	r->in = NULL;
	forget_transaction(r);
	list_unlink(&r->le);
	mem_deref(r);
	mem_deref(in);
}

void inv_requests_close(struct inv *in)
{
	while (in->reql.head)
		req_close(LINK_OBJ(in->reql.head, struct inv_req, le));
}

static int req_send(struct inv_req *r);

static bool try_again(struct inv_req *r, const struct sip_msg *rsp)
{
	if ((rsp->scode != 401 && rsp->scode != 407) || r->auths >= INV_AUTH_MAX || cred_challenge(r->in->cred, rsp))
		return false;
	r->auths++;
	forget_transaction(r);
	return req_send(r) == 0;
}

static void response_h(struct sip_ctrans *ct, const struct sip_msg *rsp, void *arg)
{
	struct inv_req *r = arg;
	struct inv *in = mem_ref(r->in);
	const struct sip_ctrans_ops *ops = r->ops;
	void *uarg = r->arg;

	mem_ref(ct);
	if (rsp->scode < 200 || !try_again(r, rsp)) {
		if (rsp->scode >= 200)
			req_close(r);
		if (ops && ops->response && inv_live(in))
			ops->response(ct, rsp, uarg);
		if (rsp->scode == 481 && inv_live(in)) /* the dialog is gone at their side (RFC 5057 5.1) */
			inv_end(in, 0, 481, rsp);
	}
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
	req_close(r);
	if (ops && ops->failed && inv_live(in))
		ops->failed(ct, err, uarg);
	mem_deref(ct);
	mem_deref(in);
}

static const struct sip_ctrans_ops req_ops = {.response = response_h, .failed = failed_h};

static int req_send(struct inv_req *r)
{
	struct inv *in = r->in;
	struct dialog_request q = {.m = r->m, .hdrs = r->hdrs, .ctype = r->ctype, .body = r->body};
	struct buf auth;
	int err;

	buf_init(&auth);
	err = cred_enc(in->cred, &auth, r->m, dialog_ruri(in->d));
	if (!err) {
		q.auth = buf_get(&auth);
		err = dialog_send(&r->ct, in->d, &q, &req_ops, r);
	}
	buf_free(&auth);
	return err;
}

int sip_inv_request(struct sip_inv *i, enum sip_method m, struct slice hdrs, struct slice ctype, struct slice body,
		    const struct sip_ctrans_ops *ops, void *arg)
{
	struct inv *in = i->in;
	struct inv_req *r;
	int err;

	if (m == SIP_INVITE || m == SIP_ACK || m == SIP_BYE || m == SIP_CANCEL || m == SIP_OTHER_METHOD)
		return EINVAL;
	if (!inv_live(in) || !in->d->confirmed)
		return ERR_STATE;
	r = mem_zalloc(sizeof(*r), req_destroy);
	if (!r)
		return ENOMEM;
	*r = (struct inv_req){
		.in = mem_ref(in), .m = m, .ops = ops, .arg = arg, .hdrs = hdrs, .ctype = ctype, .body = body};
	list_append(&in->reql, &r->le);
	err = inv_keep(&r->keep, &r->hdrs, &r->ctype, &r->body);
	if (!err)
		err = req_send(r);
	if (err)
		req_close(r);
	return err;
}
