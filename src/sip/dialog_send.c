/*
 * dialog_send.c - every request in a dialog is built here (RFC 3261 12.2.1.1), and the lines that answers
 * within or opening a dialog share (12.1.1).
 */
#include "sip/dialog_priv.h"

/** First route without "lr": a strict router of RFC 2543. */
static bool strict(const struct dialog *d)
{
	struct slice rest, route = dialog_first_route(d, &rest);
	struct sip_uri u;

	return slice_isset(route) && !sip_uri_decode(&u, route) && !sip_param_get(u.params, "lr", NULL);
}

struct slice dialog_ruri(const struct dialog *d)
{
	struct slice rest;

	return strict(d) ? dialog_first_route(d, &rest) : dialog_text(d, DIALOG_TARGET);
}

static void enc_routes(struct buf *b, const struct dialog *d)
{
	struct slice rest;

	if (!slice_isset(dialog_text(d, DIALOG_ROUTES)))
		return;
	if (!strict(d)) {
		sip_enc_hdr(b, SIP_HDR_ROUTE, dialog_text(d, DIALOG_ROUTES));
		return;
	}
	(void)dialog_first_route(d, &rest);
	buf_str(b, "Route: ");
	buf_slice(b, rest);
	buf_str(b, slice_isset(rest) ? ",<" : "<");
	buf_slice(b, dialog_text(d, DIALOG_TARGET));
	buf_str(b, ">\r\n");
}

static void enc_party(struct buf *b, const char *name, struct slice who, struct slice tag)
{
	buf_str(b, name);
	buf_slice(b, who);
	if (slice_isset(tag)) {
		buf_str(b, ";tag=");
		buf_slice(b, tag);
	}
	buf_str(b, "\r\n");
}

/** Contact line of ours, towards where the dialog's requests go. */
static int enc_contact(struct buf *b, struct dialog *d)
{
	int err;

	buf_str(b, "Contact: ");
	err = sip_enc_contact(b, d->sip, &d->dest, dialog_text(d, DIALOG_CUSER));
	buf_str(b, "\r\n");
	return err;
}

/** Requests that refresh the target (RFC 6665, RFC 3311, RFC 3515), or that need a Contact otherwise. */
static bool needs_contact(enum sip_method m)
{
	return m == SIP_INVITE || m == SIP_UPDATE || m == SIP_SUBSCRIBE || m == SIP_NOTIFY || m == SIP_REFER;
}

void dialog_enc_lines(struct buf *b, const struct dialog *d)
{
	if (d->ops && d->ops->lines)
		d->ops->lines(d, b, d->arg);
}

static int enc_request(struct buf *b, struct dialog *d, const struct dialog_request *r)
{
	int err = 0;

	enc_routes(b, d);
	enc_party(b, "From: ", dialog_text(d, DIALOG_LOCAL), dialog_text(d, DIALOG_LTAG));
	enc_party(b, "To: ", dialog_text(d, DIALOG_REMOTE), dialog_text(d, DIALOG_RTAG));
	enc_party(b, "Call-ID: ", dialog_text(d, DIALOG_CALLID), SLICE_NULL);
	buf_str(b, "CSeq: ");
	buf_u64(b, r->cseq);
	buf_char(b, ' ');
	buf_slice(b, sip_method_name(r->m));
	buf_str(b, "\r\n");
	if (needs_contact(r->m))
		err = enc_contact(b, d);
	if (r->m == SIP_INVITE || r->m == SIP_UPDATE) {
		sip_enc_allow(b, d->sip);
		sip_enc_supported(b, d->sip, r->rel100_off ? "100rel" : NULL);
	}
	buf_slice(b, r->auth);
	dialog_enc_lines(b, d);
	buf_slice(b, r->hdrs);
	return err ? err : buf_err(b);
}

/** The request as the transaction layer wants it; its header lines stay good until something else is built. */
static int prepare(struct sip_request *q, struct dialog *d, const struct dialog_request *r)
{
	struct buf *b;
	int err;

	if (!d->sip)
		return ERR_STATE;
	b = &d->sip->lines;
	buf_reset(b);
	err = enc_request(b, d, r);
	if (err)
		return err;
	*q = (struct sip_request){.m = r->m,
				  .uri = dialog_ruri(d),
				  .dest = d->dest,
				  .maxfwd = r->maxfwd,
				  .hdrs = buf_get(b),
				  .ctype = r->ctype,
				  .body = r->body,
				  .branch = r->branch};
	return 0;
}

int dialog_send(struct sip_ctrans **ctp, struct dialog *d, struct dialog_request *r, const struct sip_ctrans_ops *ops,
		void *arg)
{
	struct sip_request q;
	int err;

	if (!r->cseq)
		r->cseq = ++d->lcseq;
	err = prepare(&q, d, r);
	return err ? err : sip_request(ctp, d->sip, &q, ops, arg);
}

int dialog_send_ack(struct dialog *d, const struct dialog_request *r, struct rbuf **out)
{
	struct sip_request q;
	int err = prepare(&q, d, r);

	return err ? err : sip_send_ack(d->sip, &q, out);
}

void dialog_enc_answer(struct buf *b, struct dialog *d, const struct sip_msg *req, uint16_t scode)
{
	int err;

	sip_enc_copy(b, req, SIP_HDR_RECORD_ROUTE);
	err = enc_contact(b, d);
	if (err && !b->err)
		b->err = err;
	if (req->m == SIP_INVITE)
		dialog_enc_lines(b, d);
	if (scode < 200)
		return;
	sip_enc_allow(b, d->sip);
	sip_enc_supported(b, d->sip, NULL);
}
