/*
 * sip_hdr.c - fuzz target: the typed headers one by one; the first byte says which.
 *
 * Rules: slices lie in the value; what decodes can be written and decodes to the same.
 */
#include "fuzz.h"
#include "wire/sip/auth.h"
#include "wire/sip/diversion.h"
#include "wire/sip/history_info.h"
#include "wire/sip/msg.h"
#include "wire/sip/privacy.h"
#include "wire/sip/rack.h"
#include "wire/sip/reason_value.h"
#include "wire/sip/remote_party_id.h"
#include "wire/sip/session_expires.h"
#include "wire/sip/session_id.h"

static bool uri_same(const struct sip_uri *a, const struct sip_uri *b)
{
	return slice_eq(a->scheme, b->scheme) && slice_eq(a->user, b->user) && slice_eq(a->password, b->password) &&
	       !a->password.p == !b->password.p && slice_eq(a->host, b->host) && a->af == b->af && a->port == b->port &&
	       slice_eq(a->params, b->params) && slice_eq(a->headers, b->headers) && slice_eq(a->opaque, b->opaque);
}

static void fuzz_uri(struct slice s, struct buf *b)
{
	struct sip_uri u, v;
	struct sa a;
	char text[64];

	if (sip_uri_decode(&u, s))
		return;
	FUZZ_ASSERT(fuzz_inside(s, u.user) && fuzz_inside(s, u.password) && fuzz_inside(s, u.host));
	FUZZ_ASSERT(fuzz_inside(s, u.params) && fuzz_inside(s, u.headers) && fuzz_inside(s, u.opaque));
	sip_uri_encode(b, &u);
	FUZZ_ASSERT(!sip_uri_decode(&v, buf_get(b)));
	FUZZ_ASSERT(uri_same(&u, &v));
	FUZZ_ASSERT(sip_uri_eq(&u, &v) && sip_uri_eq(&v, &u));
	FUZZ_ASSERT(!u.af == !!sip_uri_sa(&u, SIP_PORT, &a));
	if (sip_unescape(text, sizeof(text), u.user))
		FUZZ_ASSERT(strlen(text) <= u.user.l);
}

static void fuzz_addr(struct slice s, struct buf *b)
{
	struct sip_addr a, c;

	if (sip_addr_decode(&a, s))
		return;
	FUZZ_ASSERT(fuzz_inside(s, a.display) && fuzz_inside(s, a.auri) && fuzz_inside(s, a.params) &&
		    fuzz_inside(a.params, a.tag));
	sip_addr_encode(b, &a);
	FUZZ_ASSERT(!sip_addr_decode(&c, buf_get(b)));
	FUZZ_ASSERT(slice_eq(a.display, c.display) && slice_eq(a.auri, c.auri) && slice_eq(a.params, c.params));
	FUZZ_ASSERT(slice_eq(a.tag, c.tag) && uri_same(&a.uri, &c.uri));
}

static void fuzz_contact(struct slice s, struct buf *b)
{
	struct sip_contact c, d;

	if (sip_contact_decode(&c, s) || c.star)
		return;
	FUZZ_ASSERT(c.q <= 1000);
	sip_addr_encode(b, &c.addr);
	FUZZ_ASSERT(!sip_contact_decode(&d, buf_get(b)));
	FUZZ_ASSERT(c.q == d.q && c.expires == d.expires && c.has_expires == d.has_expires);
}

static void fuzz_via(struct slice s, struct buf *b)
{
	struct sip_via v, w;

	if (sip_via_decode(&v, s))
		return;
	FUZZ_ASSERT(fuzz_inside(s, v.val) && fuzz_inside(v.val, v.host) && fuzz_inside(v.val, v.params));
	FUZZ_ASSERT(fuzz_inside(v.params, v.branch) && fuzz_inside(v.params, v.received) &&
		    fuzz_inside(v.params, v.maddr));
	sip_via_encode_received(b, &v, SLICE("192.0.2.7"), 4711);
	FUZZ_ASSERT(!sip_via_decode(&w, buf_get(b)));
	FUZZ_ASSERT(slice_eq(v.host, w.host) && v.port == w.port && slice_eq(v.transp, w.transp));
	FUZZ_ASSERT(slice_eq(v.branch, w.branch) && slice_eq(v.maddr, w.maddr) && v.rport == w.rport);
	FUZZ_ASSERT(slice_eqs(w.received, "192.0.2.7") && (!v.rport || w.rport_val == 4711));
}

static void fuzz_cseq(struct slice s, struct buf *b)
{
	struct sip_cseq c, d;
	struct sip_rack r, q;

	if (!sip_cseq_decode(&c, s)) {
		buf_printf(b, "%u %.*s", c.num, SLICE_FMT(c.method));
		FUZZ_ASSERT(!sip_cseq_decode(&d, buf_get(b)));
		FUZZ_ASSERT(c.num == d.num && c.m == d.m && slice_eq(c.method, d.method));
	}
	buf_reset(b);
	if (!sip_rack_decode(&r, s)) {
		sip_rack_encode(b, &r);
		FUZZ_ASSERT(!sip_rack_decode(&q, buf_get(b)));
		FUZZ_ASSERT(r.rseq == q.rseq && r.cseq.num == q.cseq.num && slice_eq(r.cseq.method, q.cseq.method));
	}
}

static void fuzz_session_expires(struct slice s, struct buf *b)
{
	struct sip_session_expires a, c;
	uint32_t n;

	if (!sip_session_expires_decode(&a, s)) {
		sip_session_expires_encode(b, &a);
		FUZZ_ASSERT(!sip_session_expires_decode(&c, buf_get(b)));
		FUZZ_ASSERT(a.s == c.s && a.refresher == c.refresher);
		FUZZ_ASSERT(!sip_min_se_decode(&n, s) && n == a.s);
	}
	if (!sip_rseq_decode(&n, s))
		FUZZ_ASSERT(n > 0);
}

static void fuzz_challenge(struct slice s)
{
	struct sip_challenge c;

	if (sip_challenge_decode(&c, s))
		return;
	FUZZ_ASSERT(fuzz_inside(s, c.realm) && fuzz_inside(s, c.nonce) && fuzz_inside(s, c.opaque) &&
		    fuzz_inside(s, c.qop));
	FUZZ_ASSERT(fuzz_inside(s, c.algorithm) && fuzz_inside(s, c.domain));
	sip_digest_alg_find(c.algorithm);
}

static void fuzz_credentials(struct slice s, struct buf *b)
{
	struct sip_credentials c, d;
	const struct slice *p = &c.username, *q = &d.username;

	if (sip_credentials_decode(&c, s))
		return;
	sip_credentials_encode(b, &c);
	FUZZ_ASSERT(!sip_credentials_decode(&d, buf_get(b)));
	FUZZ_ASSERT(c.username_ext == d.username_ext);
	/* the ten slices stand in a row */
	for (; p <= &c.nc; p++, q++)
		FUZZ_ASSERT(fuzz_inside(s, *p) && slice_eq(*p, *q));
}

static void fuzz_params(struct slice s)
{
	struct slice rest = s, n, v, w;
	size_t left = s.l + 1;
	char name[64];

	while (sip_param_next(&rest, &n, &v)) {
		FUZZ_ASSERT(n.l && fuzz_inside(s, n) && fuzz_inside(s, v) && rest.l < left);
		left = rest.l;
		if (slice_copy(name, sizeof(name), n) && !fuzz_has_nul(n))
			FUZZ_ASSERT(sip_param_get(s, name, &w));
	}
}

static void fuzz_text(struct slice s, struct buf *b)
{
	char *dst = malloc(s.l * 3 + 8);

	sip_enc_quoted(b, s);
	FUZZ_ASSERT(sip_unquote(dst, s.l * 3 + 8, buf_get(b)));
	FUZZ_ASSERT(strlen(dst) <= s.l);
	buf_reset(b);
	sip_enc_user(b, s);
	if (!fuzz_has_nul(s)) {
		FUZZ_ASSERT(sip_unescape(dst, s.l + 1, buf_get(b)));
		FUZZ_ASSERT(slice_eqs(s, dst));
	}
	sip_unquote(dst, s.l / 2 + 1, s);
	sip_unescape(dst, s.l / 2 + 1, s);
	free(dst);
}

static void fuzz_diversion(struct slice s, struct buf *b)
{
	struct sip_diversion d, e;
	struct sip_rpid r, q;

	if (!sip_diversion_decode(&d, s)) {
		FUZZ_ASSERT(fuzz_inside(s, d.reason) && fuzz_inside(s, d.privacy) && d.counter);
		sip_diversion_encode(b, &d);
		/* what stood in quotes with escapes or control characters may come back another way, but it comes back
		 */
		FUZZ_ASSERT(!sip_diversion_decode(&e, buf_get(b)));
		FUZZ_ASSERT(d.counter == e.counter && d.limit == e.limit && uri_same(&d.addr.uri, &e.addr.uri));
	}
	buf_reset(b);
	if (!sip_rpid_decode(&r, s)) {
		sip_rpid_encode(b, &r);
		FUZZ_ASSERT(!sip_rpid_decode(&q, buf_get(b)));
		FUZZ_ASSERT(r.called == q.called && r.screened == q.screened && r.hidden == q.hidden);
	}
}

static void fuzz_history(struct slice s)
{
	struct sip_history h;

	if (sip_history_decode(&h, s))
		return;
	FUZZ_ASSERT(fuzz_inside(s, h.index) && h.index.l && fuzz_inside(s, h.from));
	FUZZ_ASSERT(sip_history_cause(&h) <= 699);
	(void)sip_history_hidden(&h);
}

static void fuzz_reason(struct slice s, struct buf *b)
{
	struct sip_reason_value r;
	struct sip_session_id id, back;
	unsigned bits = sip_privacy_decode(s);

	sip_privacy_encode(b, bits);
	FUZZ_ASSERT(sip_privacy_decode(buf_get(b)) == bits);
	buf_reset(b);
	if (!sip_reason_value_decode(&r, s))
		FUZZ_ASSERT(fuzz_inside(s, r.protocol) && sip_is_token(r.protocol) && fuzz_inside(s, r.text));
	if (sip_session_id_decode(&id, s))
		return;
	sip_session_id_encode(b, &id);
	FUZZ_ASSERT(!sip_session_id_decode(&back, buf_get(b)) && !memcmp(&id, &back, sizeof(id)));
}

static void fuzz_names(struct slice s)
{
	enum sip_hdr_id id = sip_hdr_find(s);
	enum sip_method m = sip_method_id(s);

	if (id != SIP_HDR_OTHER)
		FUZZ_ASSERT(slice_ieq(sip_hdr_name(id), s) || (s.l == 1 && sip_hdr_compact(id) == (s.p[0] | 32)));
	if (m != SIP_OTHER_METHOD)
		FUZZ_ASSERT(slice_eq(sip_method_name(m), s));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice s = slice_mem(data, size);
	struct buf b;

	if (!size)
		return 0;
	s = slice_mem(data + 1, size - 1);
	buf_init(&b);
	/* letters, so that seeds can be read and written by hand */
	switch (data[0]) {
	case 'u':
		fuzz_uri(s, &b);
		break;
	case 'a':
		fuzz_addr(s, &b);
		break;
	case 'm':
		fuzz_contact(s, &b);
		break;
	case 'v':
		fuzz_via(s, &b);
		break;
	case 'c':
		fuzz_cseq(s, &b);
		break;
	case 'e':
		fuzz_session_expires(s, &b);
		break;
	case 'w':
		fuzz_challenge(s);
		break;
	case 'd':
		fuzz_credentials(s, &b);
		break;
	case 'p':
		fuzz_params(s);
		break;
	case 't':
		fuzz_text(s, &b);
		break;
	case 'D':
		fuzz_diversion(s, &b);
		break;
	case 'H':
		fuzz_history(s);
		break;
	case 'R':
		fuzz_reason(s, &b);
		break;
	case 'n':
		fuzz_names(s);
		break;
	default:
		break;
	}
	buf_free(&b);
	return 0;
}
