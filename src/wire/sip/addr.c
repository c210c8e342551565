/*
 * addr.c - name-addr and addr-spec with their parameters; Contact with "*", q and expires (RFC 3261 20.10, 25.1).
 */
#include <string.h>
#include "wire/sip/addr.h"
#include "wire/sip/hdr.h"
#include "wire/sip/lex.h"

/* Behind the display name: p moves to '<'. False if there is none, so that an addr-spec follows. */
static int display_decode(struct sip_addr *a, const char **pp, const char *e)
{
	const char *p = *pp, *q;

	if (*p == '"') {
		q = sip_quote_end(p, e);
		if (!q)
			return ERR_SYNTAX;
		a->display = sip_between(p, q);
		*pp = sip_skip_ws(q, e);
		return *pp < e && **pp == '<' ? 0 : ERR_SYNTAX;
	}
	/* names that are not tokens (UTF-8, dots, brackets) are let through, but not what could begin another value */
	for (q = p; q < e && *q != '<'; q++) {
		if (*q == '"' || *q == ',' || *q == ';' || *q == '>')
			return ENOENT;
	}
	if (q == e)
		return ENOENT;
	a->display = sip_trim(sip_between(p, q));
	*pp = q;
	return 0;
}

/* Every parameter is well-formed; picks the tag. */
static int params_decode(struct sip_addr *a)
{
	struct slice rest = a->params, n, v;
	enum sip_lex r;

	while ((r = sip_param_lex(&rest, &n, &v, true)) == SIP_LEX_ONE) {
		if (!a->tag.l && n.l == 3 && slice_ieqs(n, "tag"))
			a->tag = v;
	}
	/* gateways put ':' and '@' into tags; nothing that needs quotes, though */
	if (a->tag.l && a->tag.p[0] == '"')
		return ERR_SYNTAX;
	return r == SIP_LEX_END ? 0 : ERR_SYNTAX;
}

static int addr_decode(struct sip_addr *a, struct slice s)
{
	const char *p, *e, *q;
	int err;

	s = sip_trim(s);
	p = s.p;
	e = sip_end(s);
	if (p == e)
		return ERR_SYNTAX;
	err = display_decode(a, &p, e);
	if (!err) {
		p++;
		q = memchr(p, '>', (size_t)(e - p));
		if (!q)
			return ERR_SYNTAX;
		a->auri = sip_between(p, q);
		p = q + 1;
	} else if (err == ENOENT) {
		/* without <> a ';' begins header parameters, and '?' and ',' may not stand in the URI (RFC 3261 20) */
		for (q = p; q < e && *q != ';' && !sip_is_ws(*q); q++) {
			if (*q == '?' || *q == ',')
				return ERR_SYNTAX;
		}
		a->auri = sip_between(p, q);
		p = q;
	} else {
		return err;
	}
	a->params = sip_trim(sip_between(p, e));
	err = sip_uri_decode(&a->uri, a->auri);
	return err ? err : params_decode(a);
}

int sip_addr_decode(struct sip_addr *a, struct slice s)
{
	int err;

	*a = (struct sip_addr){0};
	err = addr_decode(a, s);
	if (err)
		*a = (struct sip_addr){0};
	return err;
}

void sip_addr_encode(struct buf *b, const struct sip_addr *a)
{
	if (a->display.l) {
		buf_slice(b, a->display);
		buf_char(b, ' ');
	}
	buf_char(b, '<');
	if (a->auri.l)
		buf_slice(b, a->auri);
	else
		sip_uri_encode(b, &a->uri);
	buf_char(b, '>');
	buf_slice(b, a->params);
}

/* "0.5", "1.000", ".7": thousandths. */
static int q_decode(uint16_t *q, struct slice s)
{
	unsigned n = 0, scale = 1000;
	bool dot = false;

	if (!s.l)
		return ERR_SYNTAX;
	for (size_t i = 0; i < s.l; i++) {
		if (s.p[i] == '.' && !dot) {
			dot = true;
		} else if (!sip_is(s.p[i], CC_DIGIT)) {
			return ERR_SYNTAX;
		} else if (!dot) {
			n = n * 10 + (unsigned)(s.p[i] - '0') * 1000;
			if (n > 1000)
				return ERR_SYNTAX;
		} else {
			scale /= 10;
			n += (unsigned)(s.p[i] - '0') * scale;
		}
	}
	if (n > 1000)
		return ERR_SYNTAX;
	*q = (uint16_t)n;
	return 0;
}

int sip_contact_decode(struct sip_contact *c, struct slice s)
{
	struct slice rest, n, v;
	int err;

	*c = (struct sip_contact){.q = 1000};
	s = sip_trim(s);
	if (slice_eqs(s, "*")) {
		c->star = true;
		return 0;
	}
	err = sip_addr_decode(&c->addr, s);
	if (err)
		return err;
	rest = c->addr.params;
	while (sip_param_next(&rest, &n, &v)) {
		if (slice_ieqs(n, "expires")) {
			/* malformed ones count as 3600 (RFC 3261 20.10); numbers too large are the largest */
			err = slice_u32(v, &c->expires);
			if (err)
				c->expires = err == ERANGE ? UINT32_MAX : 3600;
			c->has_expires = true;
		} else if (slice_ieqs(n, "q")) {
			err = q_decode(&c->q, v);
			if (err)
				return err;
		}
	}
	return 0;
}
