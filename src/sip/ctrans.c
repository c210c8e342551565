/*
 * ctrans.c - client transactions: matching of responses (RFC 3261 17.1.3), CANCEL (9.1), ending.
 *
 * The machines are in ctrans_invite.c and ctrans_other.c, making of messages in request.c.
 */
#include "base/log.h"
#include "sip/sip_priv.h"

/* RFC 3261 18.1.2: a response whose topmost Via is not what we wrote is somebody else's. */
static bool is_our_via(const struct sip_ctrans *ct, const struct sip_via *v)
{
	uint16_t def = ct->dest.tp == SIP_TRANSP_TLS ? SIPS_PORT : SIP_PORT;
	struct sa a;

	return !sa_set(&a, v->host, v->port ? v->port : def) && sa_eq(&a, &ct->sentby);
}

struct sip_ctrans *sip_ctrans_find(const struct sip *s, const struct sip_msg *rsp)
{
	struct slice branch = rsp->via.branch;

	if (branch.l != SIP_BRANCH_LEN)
		return NULL;
	for (struct hlink *k = hash_first(&s->ctrans, hash_bytes(branch)); k; k = hash_next(k)) {
		struct sip_ctrans *ct = CONTAINER_OF(k, struct sip_ctrans, he);

		if (ct->m == rsp->cseq.m && slice_eqs(branch, ct->branch) && is_our_via(ct, &rsp->via))
			return ct;
	}
	return NULL;
}

void sip_ctrans_recv(struct sip_ctrans *ct, const struct sip_msg *rsp)
{
	mem_ref(ct);
	if (ct->m == SIP_INVITE)
		sip_ic_response(ct, rsp);
	else
		sip_nc_response(ct, rsp);
	mem_deref(ct);
}

void sip_ctrans_broken(struct sip_ctrans *ct, int err)
{
	if (!ct->sip)
		return;
	if (ct->m == SIP_INVITE)
		sip_ic_broken(ct, err);
	else
		sip_nc_broken(ct, err);
}

int sip_ctrans_send(struct sip_ctrans *ct, struct rbuf *b)
{
	struct sip_stream *stream;
	int err = sip_send(ct->sip, &ct->dest, b, &stream);

	if (!err && stream) {
		list_unlink(&ct->stream_le);
		list_append(&stream->clients, &ct->stream_le);
	}
	return err;
}

void sip_ctrans_tell(struct sip_ctrans *ct, const struct sip_msg *rsp)
{
	if (ct->ops)
		ct->ops->response(ct, rsp, ct->arg);
}

static void leave_tables(struct sip_ctrans *ct)
{
	timer_stop(&ct->tmr);
	hash_del(&ct->sip->ctrans, &ct->he);
	list_unlink(&ct->stream_le);
	ct->sip = NULL;
}

void sip_ctrans_end(struct sip_ctrans *ct, int err)
{
	leave_tables(ct);
	if (err && ct->ops)
		ct->ops->failed(ct, err, ct->arg);
	mem_deref(ct);
}

static int flush_one(struct hlink *k, void *arg)
{
	struct sip_ctrans *ct = CONTAINER_OF(k, struct sip_ctrans, he);

	(void)arg;
	ct->ops = NULL;
	leave_tables(ct);
	mem_deref(ct);
	return 0;
}

void sip_ctrans_flush(struct sip *s)
{
	(void)hash_each(&s->ctrans, flush_one, NULL);
}

void sip_ctrans_detach(struct sip_ctrans *ct)
{
	if (ct)
		ct->ops = NULL;
}

const char *sip_ctrans_state(const struct sip_ctrans *ct)
{
	return ct->m == SIP_INVITE ? sip_ic_state(ct) : sip_nc_state(ct);
}
