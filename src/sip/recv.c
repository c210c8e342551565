/*
 * recv.c - a received message on its way to a transaction, a dialog or the application, and the
 * checks that come before (RFC 3261 8.2, 16.3, 17.1.3, 17.2.3, 18.1.2).
 */
#include "sip/sip_priv.h"

static struct buf *lines_of(struct sip *s)
{
	buf_reset(&s->lines);
	return &s->lines;
}

/* ---- checks; each answers and returns false when the request ends here ---- */

/* RFC 3261 8.2.2.1: a B2BUA is addressed by every URI it can read. */
static bool check_uri(struct sip_strans *st, const struct sip_msg *msg)
{
	struct slice scheme = msg->uri.scheme;

	if (slice_ieqs(scheme, "sip") || slice_ieqs(scheme, "sips") || slice_ieqs(scheme, "tel"))
		return true;
	sip_reply_simple(st, 416, NULL);
	return false;
}

static bool is_ping(const struct sip_msg *msg)
{
	return msg->m == SIP_OPTIONS && !msg->to.tag.l && !msg->uri.user.l;
}

/* RFC 3261 16.3: only what would travel on is cut; OPTIONS for us, registrations and dialogs end here anyway. */
static bool check_maxfwd(struct sip_strans *st, const struct sip_msg *msg)
{
	if (msg->maxfwd > 0 || msg->to.tag.l || msg->m == SIP_REGISTER || is_ping(msg))
		return true;
	sip_reply_simple(st, 483, NULL);
	return false;
}

/* RFC 3261 8.2.1, 21.5.2. */
static bool check_method(struct sip_strans *st, const struct sip_msg *msg)
{
	struct sip *s = st->sip;
	struct buf *b;

	if (msg->m != SIP_OTHER_METHOD && s->allow & 1U << msg->m)
		return true;
	b = lines_of(s);
	sip_enc_allow(b, s);
	sip_reply_lines(st, msg->m == SIP_OTHER_METHOD ? 501 : 405, b);
	return false;
}

/* RFC 3261 8.2.2.3. */
static bool check_require(struct sip_strans *st, const struct sip_msg *msg)
{
	struct sip_val_iter it = {0};
	struct buf *b = NULL;
	struct slice tag;

	if (!sip_msg_hdr(msg, SIP_HDR_REQUIRE))
		return true;
	while (sip_msg_next_val(msg, SIP_HDR_REQUIRE, &it, &tag)) {
		if (!tag.l || sip_has_tag(st->sip, tag))
			continue;
		if (!b) {
			b = lines_of(st->sip);
			buf_str(b, "Unsupported: ");
		} else {
			buf_str(b, ", ");
		}
		buf_slice(b, tag);
	}
	if (!b)
		return true;
	buf_str(b, "\r\n");
	sip_reply_lines(st, 420, b);
	return false;
}

/* RFC 3261 8.2.3, 21.4.13, 21.5.7. */
static bool check_body(struct sip_strans *st, const struct sip_msg *msg)
{
	struct slice enc;

	if (!msg->body.l)
		return true;
	if (msg->body.l > SIP_SDP_MAX && sip_msg_ctype_is(msg, "application", "sdp")) {
		sip_reply_simple(st, 513, NULL);
		return false;
	}
	enc = sip_msg_val(msg, SIP_HDR_CONTENT_ENCODING);
	if (enc.l && !slice_ieqs(enc, "identity")) {
		struct buf *b = lines_of(st->sip);

		buf_str(b, "Accept-Encoding: identity\r\n");
		sip_reply_lines(st, 415, b);
		return false;
	}
	return true;
}

/* RFC 3261 8.2.2.2. */
static bool check_merged(struct sip_strans *st, const struct sip_msg *msg)
{
	if (msg->to.tag.l || !sip_strans_merged(st))
		return true;
	sip_reply_simple(st, 482, NULL);
	return false;
}

/* RFC 3261 11.2: OPTIONS to the stack itself. */
static bool answer_ping(struct sip_strans *st, const struct sip_msg *msg)
{
	struct buf *b;

	if (!is_ping(msg))
		return false;
	b = lines_of(st->sip);
	sip_enc_allow(b, st->sip);
	buf_str(b, "Accept: application/sdp\r\n");
	sip_enc_supported(b, st->sip, NULL);
	sip_reply_lines(st, 200, b);
	return true;
}

/* ---- hand over ---- */

static void to_dialog(struct sip_strans *st, const struct sip_msg *msg)
{
	int err = sip_dialog_route(st->sip, st, msg);

	if (err)
		sip_reply_simple(st, err == ENOENT ? 481 : 500, NULL);
}

static void to_user(struct sip_strans *st, const struct sip_msg *msg)
{
	struct sip *s = st->sip;

	if (answer_ping(st, msg))
		return;
	/* A To tag in REGISTER means nothing (RFC 3261 10.2); elsewhere it names a dialog. */
	if (msg->to.tag.l && msg->m != SIP_REGISTER)
		to_dialog(st, msg);
	else if (s->ops.request)
		s->ops.request(st, msg, s->arg);
	else
		sip_reply_simple(st, 480, NULL);
}

static void new_request(struct sip *s, struct sip_msg *msg)
{
	struct sip_strans *st;

	sip_ns_relieve(s);
	if (!sip_overload_takes(s, msg))
		return;
	if (sip_strans_new(&st, s, msg)) {
		sip_reply_stateless(s, msg, 503, NULL, SLICE("Retry-After: 5\r\n"));
		return;
	}
	mem_ref(st);
	if (msg->m == SIP_CANCEL)
		sip_strans_cancel(st, sip_strans_find(s, msg, SIP_INVITE));
	else if (check_uri(st, msg) && check_maxfwd(st, msg) && check_method(st, msg) && check_merged(st, msg) &&
		 check_require(st, msg) && check_body(st, msg))
		to_user(st, msg);
	/* RFC 3261 17.2.1 asks for it within 200 ms; an answer given at once makes it needless. */
	if (st->invite && st->sip && !st->scode)
		sip_reply_simple(st, 100, NULL);
	sip_peek_refused(st, msg);
	mem_deref(st);
}

static void recv_ack(struct sip *s, const struct sip_msg *ack)
{
	struct sip_strans *st = sip_strans_find(s, ack, SIP_INVITE);

	if (st && sip_is_ack(st))
		return;
	if (!sip_dialog_ack(s, ack))
		s->st.dropped++;
}

static void recv_request(struct sip *s, struct sip_msg *msg)
{
	struct sip_strans *st;

	if (msg->m == SIP_ACK) {
		recv_ack(s, msg);
		return;
	}
	if (msg->tp == SIP_TRANSP_TLS && msg->flow)
		sip_stream_alias(msg->flow, &msg->via);
	st = sip_strans_find(s, msg, msg->m);
	if (!st) {
		new_request(s, msg);
		return;
	}
	s->st.retrans_rx++;
	if (st->invite)
		sip_is_retransmit(st);
	else
		sip_ns_retransmit(st);
}

/* RFC 3261 8.1.3.3, 18.1.2: what is not an answer to something we sent is dropped. */
static void recv_response(struct sip *s, const struct sip_msg *rsp)
{
	struct sip_ctrans *ct = sip_ctrans_find(s, rsp);

	if (ct && sip_msg_count(rsp, SIP_HDR_VIA) == 1) {
		sip_peek_answered(s, rsp);
		sip_ctrans_recv(ct, rsp);
	} else {
		s->st.dropped++;
	}
}

static void stream_release(void *flow)
{
	mem_deref(flow);
}

static void fill(struct sip_msg *msg, const struct sip_rx *rx)
{
	msg->tp = rx->tp;
	msg->src = rx->src;
	msg->dst = rx->dst;
	msg->us = rx->us;
	if (rx->stream) {
		msg->flow = mem_ref(rx->stream);
		msg->flow_release = stream_release;
	}
}

static bool admitted(struct sip *s, const struct sip_rx *rx)
{
	s->st.rx++;
	sip_overload_watch(s);
	if (s->guard && !sip_peek(s, rx)) {
		s->st.dropped++;
		return false;
	}
	if (s->trace)
		trace_tell(s->trace, &(struct trace_note){.kind = TRACE_SIP,
							  .transp = (uint8_t)rx->tp,
							  .us = loop_now_us(s->loop),
							  .local = &rx->dst,
							  .peer = &rx->src,
							  .data = rx->data});
	if (!s->ops.admit || s->ops.admit(rx->tp, &rx->src, s->arg))
		return true;
	s->st.dropped++;
	return false;
}

void sip_recv(struct sip *s, const struct sip_rx *rx)
{
	struct sip_msg_err e = {0};
	struct sip_msg *msg = NULL;
	int err;

	if (!admitted(s, rx))
		return;
	err = sip_msg_decode(&msg, rx->data.p, rx->data.l, &e);
	if (!msg) {
		s->st.dropped++;
		return;
	}
	mem_ref(s);
	fill(msg, rx);
	sip_calm_note(s, msg);
	if (!err && msg->req)
		recv_request(s, msg);
	else if (!err)
		recv_response(s, msg);
	else if (msg->req && msg->m != SIP_ACK && e.scode)
		sip_reply_stateless(s, msg, e.scode, e.reason, SLICE_NULL);
	else
		s->st.dropped++;
	mem_deref(msg);
	mem_deref(s);
}

void sip_recv_bad(struct sip *s, const struct sip_rx *rx, uint16_t scode, const char *reason)
{
	struct sip_msg_err e = {0};
	struct sip_msg *msg = NULL;
	int err;

	if (!admitted(s, rx))
		return;
	err = sip_msg_decode(&msg, rx->data.p, rx->data.l < SIP_MSG_MAX ? rx->data.l : SIP_MSG_MAX, &e);
	s->st.dropped++;
	if (!msg || err == ENOMEM)
		return;
	fill(msg, rx);
	if (msg->req && msg->m != SIP_ACK)
		sip_reply_stateless(s, msg, scode, reason, SLICE_NULL);
	mem_deref(msg);
}
