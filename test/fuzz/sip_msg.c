/*
 * sip_msg.c - fuzz target: a whole message as a datagram, and the same bytes as a stream cut in pieces.
 *
 * Rules: every slice lies in the message's copy; what decodes can be written and decodes to the same; typed decoders of
 * all header lines keep within their values; the framer finds the same messages however the stream is cut.
 */
#include "fuzz.h"
#include "base/mem.h"
#include "wire/sdp/sdp.h"
#include "wire/sip/auth.h"
#include "wire/sip/msg.h"

static void check_uri(struct slice raw, const struct sip_uri *u)
{
	FUZZ_ASSERT(fuzz_inside(raw, u->scheme) && fuzz_inside(raw, u->user) && fuzz_inside(raw, u->password));
	FUZZ_ASSERT(fuzz_inside(raw, u->host) && fuzz_inside(raw, u->params) && fuzz_inside(raw, u->headers));
	FUZZ_ASSERT(fuzz_inside(raw, u->opaque));
}

static void check_addr(struct slice raw, const struct sip_addr *a)
{
	FUZZ_ASSERT(fuzz_inside(raw, a->display) && fuzz_inside(raw, a->auri) && fuzz_inside(raw, a->params));
	FUZZ_ASSERT(fuzz_inside(raw, a->tag));
	check_uri(raw, &a->uri);
}

static void check_slices(const struct sip_msg *m)
{
	FUZZ_ASSERT(fuzz_inside(m->raw, m->method) && fuzz_inside(m->raw, m->ruri) && fuzz_inside(m->raw, m->reason));
	FUZZ_ASSERT(fuzz_inside(m->raw, m->callid) && fuzz_inside(m->raw, m->body) && fuzz_inside(m->raw, m->via.val));
	FUZZ_ASSERT(fuzz_inside(m->via.val, m->via.host) && fuzz_inside(m->via.val, m->via.branch));
	FUZZ_ASSERT(fuzz_inside(m->via.val, m->via.params) && fuzz_inside(m->raw, m->cseq.method));
	check_uri(m->raw, &m->uri);
	check_addr(m->raw, &m->from);
	check_addr(m->raw, &m->to);
	FUZZ_ASSERT(m->hdrc <= SIP_HDR_LINES_MAX);
	for (size_t i = 0; i < m->hdrc; i++) {
		FUZZ_ASSERT(fuzz_inside(m->raw, m->hdrv[i].name) && fuzz_inside(m->raw, m->hdrv[i].val));
		FUZZ_ASSERT(m->hdrv[i].name.l && !memchr(m->hdrv[i].name.p, '\n', m->hdrv[i].name.l));
		FUZZ_ASSERT(slice_chr(m->hdrv[i].val, '\n') < 0 && slice_chr(m->hdrv[i].val, '\r') < 0);
	}
}

static void check_values(const struct sip_msg *m)
{
	for (int id = SIP_HDR_ACCEPT; id < SIP_HDR_COUNT; id++) {
		struct sip_val_iter it = {0};
		struct sip_credentials cred;
		struct sip_challenge chal;
		struct sip_contact c;
		struct sip_via via;
		struct slice v, rest, n, p;
		size_t count = 0;

		while (sip_msg_next_val(m, (enum sip_hdr_id)id, &it, &v)) {
			FUZZ_ASSERT(fuzz_inside(m->raw, v));
			count++;
			if (!sip_contact_decode(&c, v) && !c.star)
				check_addr(v, &c.addr);
			if (!sip_via_decode(&via, v))
				FUZZ_ASSERT(fuzz_inside(v, via.host));
			if (!sip_credentials_decode(&cred, v))
				FUZZ_ASSERT(fuzz_inside(v, cred.response));
			if (!sip_challenge_decode(&chal, v))
				FUZZ_ASSERT(fuzz_inside(v, chal.nonce));
			for (rest = v; sip_param_next(&rest, &n, &p);)
				FUZZ_ASSERT(fuzz_inside(v, n) && fuzz_inside(v, p));
		}
		FUZZ_ASSERT(count == sip_msg_count(m, (enum sip_hdr_id)id));
	}
}

static void check_sdp(const struct sip_msg *m)
{
	static struct sdp s;

	if (sip_msg_ctype_is(m, "application", "sdp") && !sdp_decode(&s, m->body)) {
		for (size_t i = 0; i < s.nm; i++)
			FUZZ_ASSERT(fuzz_inside(m->body, s.m[i].type));
	}
}

static void enc_hdr(struct buf *b, const struct sip_hdr *h)
{
	/* the encoder leaves NULs out on purpose: such values are put back as they were */
	if (!fuzz_has_nul(h->val)) {
		sip_enc_hdr_name(b, h->name, h->val);
		return;
	}
	buf_slice(b, h->name);
	buf_str(b, ": ");
	buf_slice(b, h->val);
	buf_str(b, "\r\n");
}

static void check_same(const struct sip_msg *m, const struct sip_msg *n)
{
	FUZZ_ASSERT(m->req == n->req && m->m == n->m && m->scode == n->scode && m->hdrc == n->hdrc);
	FUZZ_ASSERT(slice_eq(m->method, n->method) && slice_eq(m->ruri, n->ruri));
	FUZZ_ASSERT(!m->reason.l || fuzz_has_nul(m->reason) || slice_eq(m->reason, n->reason));
	FUZZ_ASSERT(slice_eq(m->callid, n->callid) && slice_eq(m->via.val, n->via.val) && slice_eq(m->body, n->body));
	FUZZ_ASSERT(slice_eq(m->from.tag, n->from.tag) && slice_eq(m->to.auri, n->to.auri));
	FUZZ_ASSERT(m->cseq.num == n->cseq.num && m->maxfwd == n->maxfwd);
	for (size_t i = 0; i < m->hdrc; i++) {
		FUZZ_ASSERT(m->hdrv[i].id == n->hdrv[i].id && slice_eq(m->hdrv[i].name, n->hdrv[i].name));
		FUZZ_ASSERT(slice_eq(m->hdrv[i].val, n->hdrv[i].val));
	}
}

static void check_round_trip(const struct sip_msg *m)
{
	struct sip_msg *n;
	struct buf b;
	int err;

	buf_init(&b);
	if (m->req)
		sip_enc_request_line(&b, m->method, m->ruri);
	else
		sip_enc_status_line(&b, m->scode, m->reason);
	for (size_t i = 0; i < m->hdrc; i++)
		enc_hdr(&b, &m->hdrv[i]);
	buf_str(&b, "\r\n");
	buf_slice(&b, m->body);
	/* ": " may be longer than what stood there */
	if (!buf_err(&b) && b.l <= SIP_MSG_MAX) {
		err = sip_msg_decode(&n, b.p, b.l, NULL);
		FUZZ_ASSERT(!err);
		check_same(m, n);
		mem_deref(n);
	}
	buf_free(&b);
}

static void check_datagram(const uint8_t *data, size_t size)
{
	struct sip_msg_err e;
	struct sip_msg *m;
	int err = sip_msg_decode(&m, data, size, &e);

	FUZZ_ASSERT(err == 0 || err == ERR_SYNTAX);
	FUZZ_ASSERT(!err == !e.scode || (err && !m));
	FUZZ_ASSERT((m != NULL) == (!err || e.scode));
	if (!m)
		return;
	check_slices(m);
	check_values(m);
	if (!err) {
		check_sdp(m);
		check_round_trip(m);
	}
	mem_deref(m);
}

/** What the framer made of a stream. */
struct outcome {
	size_t msgs, end;
	uint32_t sum; /**< of where the messages begin and end */
	enum sip_frame last;
};

/* Feeds the stream; `step` gives the size of the next piece. */
static struct outcome frames(struct slice s, uint32_t seed)
{
	struct outcome o = {.last = SIP_FRAME_MORE};
	struct sip_framer f = {0};
	size_t have = seed ? 0 : s.l, len;

	for (;;) {
		o.last = sip_framer_next(&f, slice_mem(s.p + o.end, have - o.end), &len);
		FUZZ_ASSERT(len <= have - o.end);
		if (o.last == SIP_FRAME_MORE) {
			if (have == s.l)
				break;
			seed = seed * 1664525u + 1013904223u;
			have += 1 + (seed >> 24) % 40;
			if (have > s.l)
				have = s.l;
			continue;
		}
		if (o.last == SIP_FRAME_BAD || o.last == SIP_FRAME_TOO_LARGE)
			return o;
		FUZZ_ASSERT(len > 0);
		if (o.last == SIP_FRAME_MSG) {
			o.msgs++;
			o.sum = o.sum * 31 + (uint32_t)(o.end * 65599 + len);
		}
		o.end += len;
	}
	/* whether "CRLF CR" is a pong and a bit or most of a ping depends on the cut, and does not matter */
	while (o.end < s.l && (s.p[o.end] == '\r' || s.p[o.end] == '\n'))
		o.end++;
	return o;
}

static void check_stream(struct slice s)
{
	struct outcome whole = frames(s, 0), cut = frames(s, slice_fnv(s) | 1);

	FUZZ_ASSERT(whole.msgs == cut.msgs && whole.sum == cut.sum && whole.end == cut.end && whole.last == cut.last);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_datagram(data, size);
	check_stream(slice_mem(data, size));
	return 0;
}
