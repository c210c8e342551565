/*
 * reply.c - responses (RFC 3261 8.2.6, 8.2.7, 18.2.1; RFC 3581 4): built once, sent by the transaction or without one.
 */
#include <stdio.h>
#include "base/log.h"
#include "sip/sip_priv.h"
#include "wire/sip/session_id.h"

/* Topmost Via value with where it really came from. */
static void enc_top_via(struct buf *b, const struct sip_msg *msg)
{
	const struct sip_via *v = &msg->via;
	char txt[SA_STRLEN];
	struct slice received = slice_str(sa_ntop(&msg->src, txt));
	ptrdiff_t scope = slice_chr(received, '%');

	if (scope >= 0)
		received = slice_first(received, (size_t)scope);
	if (!v->rport && slice_ieq(v->host, received))
		received = SLICE_NULL;
	buf_str(b, "Via: ");
	sip_via_encode_received(b, v, received, sa_port(&msg->src));
}

/* All Vias in order; the first value of the first line is amended. */
static void enc_via(struct buf *b, const struct sip_msg *msg, const struct sip_hdr *h, bool *top)
{
	const char *end;

	if (*top) {
		sip_enc_hdr(b, SIP_HDR_VIA, h->val);
		return;
	}
	*top = true;
	enc_top_via(b, msg);
	/* what follows the first value in the same line */
	end = msg->via.val.p ? msg->via.val.p + msg->via.val.l : h->val.p + h->val.l;
	if (end >= h->val.p && end < h->val.p + h->val.l)
		buf_slice(b, slice_mem(end, (size_t)(h->val.p + h->val.l - end)));
	buf_str(b, "\r\n");
}

static void enc_to(struct buf *b, const struct sip_msg *msg, const struct sip_hdr *h, struct slice tag)
{
	buf_str(b, "To: ");
	buf_slice(b, h->val);
	/* a To that could not be read goes back as it is */
	if (tag.l && !msg->to.tag.l && msg->to.auri.l) {
		buf_str(b, ";tag=");
		buf_slice(b, tag);
	}
	buf_str(b, "\r\n");
}

/*
 * Session-ID of an answer within a session: that of the request with its two halves exchanged (RFC 7989 6). For INVITE
 * the session's user writes it, who knows both ends.
 */
static void enc_session_id(struct buf *b, const struct sip_msg *msg)
{
	struct sip_session_id id, back;

	if (msg->m == SIP_INVITE || sip_session_id_get(&id, msg) || !sip_uuid_isset(&id.remote))
		return;
	back = (struct sip_session_id){.local = id.remote, .has_remote = true, .remote = id.local};
	buf_slice(b, sip_hdr_name(SIP_HDR_SESSION_ID));
	buf_str(b, ": ");
	sip_session_id_encode(b, &back);
	buf_str(b, "\r\n");
}

/* Status line and what is copied from the request. */
static void enc_head(struct buf *b, const struct sip_msg *msg, uint16_t scode, struct slice reason, struct slice tag)
{
	bool top = false;

	sip_enc_status_line(b, scode, reason);
	for (size_t i = 0; i < msg->hdrc; i++) {
		const struct sip_hdr *h = &msg->hdrv[i];

		switch (h->id) {
		case SIP_HDR_VIA:
			enc_via(b, msg, h, &top);
			break;
		case SIP_HDR_TO:
			enc_to(b, msg, h, tag);
			break;
		case SIP_HDR_FROM:
		case SIP_HDR_CALL_ID:
		case SIP_HDR_CSEQ:
			buf_slice(b, sip_hdr_name(h->id));
			buf_str(b, ": ");
			buf_slice(b, h->val);
			buf_str(b, "\r\n");
			break;
		case SIP_HDR_SESSION_ID:
			if (scode > 100 && h == sip_msg_hdr(msg, SIP_HDR_SESSION_ID))
				enc_session_id(b, msg);
			break;
		case SIP_HDR_TIMESTAMP:
			if (scode == 100)
				sip_enc_hdr(b, h->id, h->val);
			break;
		default:
			break;
		}
	}
}

static void enc_server(struct buf *b, const struct sip *s)
{
	if (!s->software)
		return;
	buf_str(b, "Server: ");
	buf_str(b, s->software);
	buf_str(b, "\r\n");
}

static int answer(struct sip_strans *st, uint16_t scode, struct rbuf *b)
{
	mem_deref(st->last);
	st->last = b;
	st->scode = scode;
	if (st->invite)
		sip_is_answer(st, scode);
	else
		sip_ns_answer(st, scode);
	return 0;
}

int sip_reply(struct sip_strans *st, uint16_t scode, struct slice reason, struct slice hdrs, struct slice ctype,
	      struct slice body)
{
	struct sip *s = st->sip;
	struct rbuf *rb;
	struct buf *b;
	int err;

	if (!s || st->scode >= 200)
		return ERR_STATE;
	if (scode < 100 || scode > 699)
		return EINVAL;
	b = &s->scratch;
	buf_reset(b);
	enc_head(b, st->msg, scode, reason, scode > 100 ? sip_strans_tag(st) : SLICE_NULL);
	buf_slice(b, hdrs);
	if (scode > 100)
		enc_server(b, s);
	sip_enc_body(b, ctype, body);
	err = buf_rbuf(b, &rb);
	return err ? err : answer(st, scode, rb);
}

void sip_reply_simple(struct sip_strans *st, uint16_t scode, const char *reason)
{
	int err = sip_reply(st, scode, slice_str(reason), SLICE_NULL, SLICE_NULL, SLICE_NULL);

	if (!err)
		return;
	log_debug("sip", "answer %u not sent: %s", scode, err_str(err));
	if (err != ENOMEM || scode < 200)
		return;
	/* Nobody else will end it. */
	if (st->invite)
		sip_is_later(st, scode);
	else
		sip_ns_later(st);
}

void sip_reply_lines(struct sip_strans *st, uint16_t scode, const struct buf *lines)
{
	int err = buf_err(lines);

	if (!err)
		err = sip_reply(st, scode, SLICE_NULL, buf_get(lines), SLICE_NULL, SLICE_NULL);
	if (err)
		sip_reply_simple(st, err == ENOMEM ? 500 : scode, NULL);
}

/* RFC 3261 8.2.7: the tag is the same for each copy of the request. */
static void stateless_tag(char dst[SIP_TAG_LEN + 1], const struct sip_msg *msg)
{
	uint64_t v = (uint64_t)hash_bytes(msg->via.val) << 32 | hash_bytes(msg->callid);

	for (int i = 0; i < SIP_TAG_LEN; i++, v >>= 5)
		dst[i] = "abcdefghijklmnopqrstuvwxyz234567"[v & 31];
	dst[SIP_TAG_LEN] = 0;
}

void sip_strans_brief(struct sip_strans *st)
{
	if (st->invite)
		return;
	st->brief = true;
	if (!st->tag_l && !st->own_tag) {
		stateless_tag(st->tag, st->msg);
		st->own_tag = true;
	}
}

void sip_reply_stateless(struct sip *s, const struct sip_msg *msg, uint16_t scode, const char *reason,
			 struct slice hdrs)
{
	char tag[SIP_TAG_LEN + 1];
	struct buf *b = &s->scratch;
	struct sip_dest d;
	struct rbuf *rb;
	int err;

	if (!msg->req || msg->m == SIP_ACK)
		return;
	buf_reset(b);
	stateless_tag(tag, msg);
	enc_head(b, msg, scode, slice_str(reason), slice_mem(tag, SIP_TAG_LEN));
	buf_slice(b, hdrs);
	enc_server(b, s);
	sip_enc_body(b, SLICE_NULL, SLICE_NULL);
	err = buf_rbuf(b, &rb);
	if (!err) {
		sip_reply_dest(&d, msg);
		err = sip_send(s, &d, rb, NULL);
		mem_deref(rb);
	}
	if (err)
		log_debug("sip", "answer %u not sent: %s", scode, err_str(err));
}
