/*
 * auth.c - digest challenges and credentials as text (RFC 3261 20.7, 20.44; RFC 7616 3.3, 3.4; RFC 8760).
 */
#include "wire/sip/auth.h"
#include "wire/sip/hdr.h"
#include "wire/sip/lex.h"

enum sip_digest_alg sip_digest_alg_find(struct slice s)
{
	if (!s.l || slice_ieqs(s, "MD5"))
		return SIP_DIGEST_MD5;
	if (slice_ieqs(s, "SHA-256"))
		return SIP_DIGEST_SHA256;
	if (slice_ieqs(s, "SHA-512-256"))
		return SIP_DIGEST_SHA512_256;
	return SIP_DIGEST_ALG_UNKNOWN;
}

const char *sip_digest_alg_name(enum sip_digest_alg a)
{
	switch (a) {
	case SIP_DIGEST_MD5:
		return "MD5";
	case SIP_DIGEST_SHA256:
		return "SHA-256";
	case SIP_DIGEST_SHA512_256:
		return "SHA-512-256";
	case SIP_DIGEST_ALG_UNKNOWN:
		break;
	}
	return "";
}

/* "Digest" and the white space behind it; what follows goes to *rest. */
static int scheme_decode(struct slice s, struct slice *rest)
{
	const char *p, *e, *q;

	s = sip_trim(s);
	p = s.p;
	e = sip_end(s);
	q = sip_span(p, e, CC_TOKEN);
	if (q == p)
		return ERR_SYNTAX;
	if (!slice_ieqs(sip_between(p, q), "Digest"))
		return ENOTSUP;
	if (q == e || !sip_is_ws(*q))
		return ERR_SYNTAX;
	*rest = sip_between(q, e);
	return 0;
}

/*
 * Next name=value of a comma list; the value loses its quotes. It ends also where another challenge begins on the same
 * line ("..., Basic realm=..."), which RFC 3261 forbids and HTTP habits bring.
 */
static enum sip_lex next_param(struct slice *rest, struct slice *name, struct slice *val)
{
	const char *p = rest->p, *e = sip_end(*rest), *q;

	while (p < e && (*p == ',' || sip_is_ws(*p)))
		p++;
	if (p == e)
		return SIP_LEX_END;
	q = sip_span(p, e, CC_TOKEN);
	if (q == p)
		return SIP_LEX_BAD;
	*name = sip_between(p, q);
	p = sip_skip_ws(q, e);
	if (p == e || *p != '=')
		return p > q && p < e && sip_is(*p, CC_TOKEN) ? SIP_LEX_END : SIP_LEX_BAD;
	p = sip_skip_ws(p + 1, e);
	if (p < e && *p == '"') {
		q = sip_quote_end(p, e);
		if (!q)
			return SIP_LEX_BAD;
		*val = sip_between(p + 1, q - 1);
	} else {
		/* URIs and lists stand here without quotes now and then */
		for (q = p; q < e && *q != ',' && !sip_is_ws(*q) && *q != '"' && *q != '\\'; q++)
			;
		*val = sip_between(p, q);
	}
	p = sip_skip_ws(q, e);
	if (p < e && *p != ',')
		return SIP_LEX_BAD;
	*rest = sip_between(p, e);
	return SIP_LEX_ONE;
}

/** Where a parameter goes. */
struct dest {
	const char *name;
	struct slice *val;
};

/* The first of two equal names counts; an unset pointer tells them apart from an empty value. */
static void dest_set(const struct dest *d, size_t n, struct slice name, struct slice val)
{
	for (size_t i = 0; i < n; i++) {
		if (slice_ieqs(name, d[i].name)) {
			if (!d[i].val->p)
				*d[i].val = val;
			return;
		}
	}
}

int sip_challenge_decode(struct sip_challenge *c, struct slice s)
{
	struct slice rest, name, val, stale = SLICE_NULL;
	const struct dest d[] = {
		{"realm", &c->realm},         {"nonce", &c->nonce}, {"opaque", &c->opaque}, {"stale", &stale},
		{"algorithm", &c->algorithm}, {"qop", &c->qop},     {"domain", &c->domain},
	};
	enum sip_lex r;
	int err;

	*c = (struct sip_challenge){0};
	err = scheme_decode(s, &rest);
	if (err)
		return err;
	while ((r = next_param(&rest, &name, &val)) == SIP_LEX_ONE)
		dest_set(d, ARRAY_LEN(d), name, val);
	c->stale = slice_ieqs(stale, "true");
	return r == SIP_LEX_END && c->realm.p && c->nonce.p ? 0 : ERR_SYNTAX;
}

int sip_credentials_decode(struct sip_credentials *c, struct slice s)
{
	struct slice rest, name, val;
	const struct dest d[] = {
		{"username", &c->username}, {"realm", &c->realm},
		{"nonce", &c->nonce},       {"uri", &c->uri},
		{"response", &c->response}, {"algorithm", &c->algorithm},
		{"cnonce", &c->cnonce},     {"opaque", &c->opaque},
		{"qop", &c->qop},           {"nc", &c->nc},
	};
	enum sip_lex r;
	int err;

	*c = (struct sip_credentials){0};
	err = scheme_decode(s, &rest);
	if (err)
		return err;
	while ((r = next_param(&rest, &name, &val)) == SIP_LEX_ONE) {
		if (slice_ieqs(name, "username*") && !c->username.p) {
			c->username = val;
			c->username_ext = true;
		} else {
			dest_set(d, ARRAY_LEN(d), name, val);
		}
	}
	if (r != SIP_LEX_END || !c->username.p || !c->realm.p || !c->nonce.p || !c->uri.p || !c->response.p)
		return ERR_SYNTAX;
	return 0;
}

static void enc(struct buf *b, const char *name, struct slice val, bool quoted)
{
	if (!val.p)
		return;
	quoted = quoted || !sip_is_token(val);
	buf_str(b, name);
	buf_str(b, quoted ? "=\"" : "=");
	buf_slice(b, val);
	if (quoted)
		buf_char(b, '"');
}

void sip_credentials_encode(struct buf *b, const struct sip_credentials *c)
{
	buf_str(b, "Digest ");
	enc(b, c->username_ext ? "username*" : "username", c->username, !c->username_ext);
	enc(b, ", realm", c->realm, true);
	enc(b, ", nonce", c->nonce, true);
	enc(b, ", uri", c->uri, true);
	enc(b, ", response", c->response, true);
	enc(b, ", algorithm", c->algorithm, false);
	enc(b, ", cnonce", c->cnonce, true);
	enc(b, ", opaque", c->opaque, true);
	enc(b, ", qop", c->qop, false);
	enc(b, ", nc", c->nc, false);
}
