/*
 * via.c - the Via header (RFC 3261 20.42, RFC 3581).
 */
#include "wire/sip/hdr.h"
#include "wire/sip/lex.h"
#include "wire/sip/via.h"
#include "wire/sip/via_priv.h"

/* token SLASH token SLASH transport; white space may stand around the slashes. */
static const char *protocol_decode(struct sip_via *v, const char *p, const char *e)
{
	for (int i = 0; i < 3; i++) {
		const char *q = sip_span(p, e, CC_TOKEN);

		if (q == p)
			return NULL;
		if (i == 2) {
			v->transp = sip_between(p, q);
			return q;
		}
		q = sip_skip_ws(q, e);
		if (q == e || *q != '/')
			return NULL;
		p = sip_skip_ws(q + 1, e);
	}
	return NULL;
}

static int params_decode(struct sip_via *v)
{
	struct slice rest = v->params, n, val;
	enum sip_lex r;
	uint32_t port;
	int err = 0;

	while ((r = sip_param_lex(&rest, &n, &val, true)) == SIP_LEX_ONE) {
		switch (n.l) {
		case 5:
			if (slice_ieqs(n, "rport")) {
				v->rport = true;
				v->rport_val = 0;
				if (!val.l)
					break;
				if (slice_u32(val, &port) || port > 65535)
					err = ERR_SYNTAX;
				else
					v->rport_val = (uint16_t)port;
			} else if (slice_ieqs(n, "maddr")) {
				v->maddr = val;
			}
			break;
		case 6:
			if (slice_ieqs(n, "branch"))
				v->branch = val;
			break;
		case 8:
			if (slice_ieqs(n, "received"))
				v->received = val;
			break;
		default:
			break;
		}
	}
	/* lenient about what is no token, but it is never quoted */
	if (v->branch.l && v->branch.p[0] == '"')
		err = ERR_SYNTAX;
	return r == SIP_LEX_END ? err : ERR_SYNTAX;
}

int sip_via_decode_part(struct sip_via *v, struct slice s, bool *usable)
{
	const char *p, *e, *q;
	int af;

	*usable = false;
	*v = (struct sip_via){0};
	v->val = s = sip_trim(s);
	p = s.p;
	e = sip_end(s);
	q = protocol_decode(v, p, e);
	if (!q)
		return ERR_SYNTAX;
	p = sip_skip_ws(q, e);
	if (p == q)
		return ERR_SYNTAX;
	q = sip_hostport(p, e, true, &v->host, &v->port, &af);
	if (!q)
		return ERR_SYNTAX;
	v->params = sip_trim(sip_between(q, e));
	*usable = true;
	return params_decode(v);
}

int sip_via_decode(struct sip_via *v, struct slice s)
{
	bool usable;
	int err = sip_via_decode_part(v, s, &usable);

	if (err)
		*v = (struct sip_via){0};
	return err;
}

bool sip_via_rfc3261(const struct sip_via *v)
{
	/* the cookie is compared without case, as tokens are (RFC 3261 7.3.1) */
	return v->branch.l > 7 && slice_ieq(slice_first(v->branch, 7), SLICE("z9hG4bK"));
}

void sip_via_encode_received(struct buf *b, const struct sip_via *v, struct slice received, uint16_t rport)
{
	struct slice rest = v->params, n, val;

	/* val may point into a broken Via of a request that gets 400: what stands before the parameters is good */
	buf_mem(b, v->val.p, v->params.l ? (size_t)(v->params.p - v->val.p) : v->val.l);
	while (sip_param_next(&rest, &n, &val)) {
		if (slice_ieqs(n, "received") || (slice_ieqs(n, "rport") && (rport || !v->rport_val)))
			continue;
		buf_char(b, ';');
		buf_slice(b, n);
		if (val.l) {
			buf_char(b, '=');
			buf_slice(b, val);
		}
	}
	if (received.l) {
		buf_str(b, ";received=");
		buf_slice(b, received);
	}
	if (v->rport && (rport || !v->rport_val)) {
		buf_str(b, ";rport");
		if (rport) {
			buf_char(b, '=');
			buf_u64(b, rport);
		}
	}
}
