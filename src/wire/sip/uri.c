/*
 * uri.c - sip:, sips: and tel: URIs to struct and back (RFC 3261 19.1, 25.1; RFC 3966 3).
 *
 * Other schemes are accepted as they are, so that the server may answer 416 rather than 400.
 */
#include "wire/sip/hdr.h"
#include "wire/sip/lex.h"
#include "wire/sip/uri.h"

/* user ":" password; both may hold escapes. */
static int userinfo_decode(struct sip_uri *u, struct slice s)
{
	ptrdiff_t i = slice_chr(s, ':');

	u->user = i < 0 ? s : slice_first(s, (size_t)i);
	if (i >= 0) {
		u->password = slice_from(s, (size_t)i + 1);
		/* an empty password is not the same as none: keep the pointer */
		u->password.p = s.p + i + 1;
	}
	if (!u->user.l || !sip_chars_ok(u->user, CC_USER) || !sip_chars_ok(u->password, CC_USER))
		return ERR_SYNTAX;
	return 0;
}

/* ";params?headers", either may be absent. */
static int tail_decode(struct sip_uri *u, const char *p, const char *e)
{
	const char *q = p;

	if (p < e && *p == ';') {
		while (q < e && *q != '?')
			q++;
		u->params = sip_between(p, q);
		for (const char *b = p; b < q;) {
			const char *n = ++b;

			while (n < q && *n != ';')
				n++;
			/* a value without a name would hide what follows from those who look for a name */
			if ((b < n && *b == '=') || !sip_chars_ok(sip_between(b, n), CC_PARAM))
				return ERR_SYNTAX;
			b = n;
		}
	}
	if (q < e && *q == '?') {
		u->headers = sip_between(q + 1, e);
		return u->headers.l && sip_chars_ok(u->headers, CC_UHDR) ? 0 : ERR_SYNTAX;
	}
	return q == e ? 0 : ERR_SYNTAX;
}

static int sip_decode(struct sip_uri *u, struct slice s)
{
	ptrdiff_t at = slice_chr(s, '@');
	const char *p = s.p, *e = sip_end(s);
	int err;

	if (at >= 0) {
		err = userinfo_decode(u, slice_first(s, (size_t)at));
		if (err)
			return err;
		p += at + 1;
	}
	p = sip_hostport(p, e, false, &u->host, &u->port, &u->af);
	return p ? tail_decode(u, p, e) : ERR_SYNTAX;
}

static bool is_tel_char(char c)
{
	return sip_is(c, CC_HEX) || c == '+' || c == '*' || c == '#' || c == '-' || c == '.' || c == '(' || c == ')';
}

static int tel_decode(struct sip_uri *u, struct slice s)
{
	const char *p = s.p, *e = sip_end(s);

	while (p < e && is_tel_char(*p))
		p++;
	u->user = sip_between(s.p, p);
	if (!u->user.l || (p < e && *p != ';'))
		return ERR_SYNTAX;
	return tail_decode(u, p, e);
}

/* Visible characters that cannot be taken for the end of the URI. */
static int opaque_decode(struct sip_uri *u, struct slice s)
{
	for (size_t i = 0; i < s.l; i++) {
		uint8_t c = (uint8_t)s.p[i];

		if (c <= ' ' || c == 0x7f || c == '<' || c == '>' || c == '"')
			return ERR_SYNTAX;
	}
	u->opaque = s;
	return s.l ? 0 : ERR_SYNTAX;
}

static int uri_decode(struct sip_uri *u, struct slice s)
{
	const char *p = s.p, *e = sip_end(s);
	struct slice rest;

	if (p == e || !sip_is(*p, CC_ALPHA))
		return ERR_SYNTAX;
	while (p < e && (sip_is(*p, CC_ALPHA | CC_DIGIT) || *p == '+' || *p == '-' || *p == '.'))
		p++;
	if (p == e || *p != ':')
		return ERR_SYNTAX;
	u->scheme = sip_between(s.p, p);
	rest = sip_between(p + 1, e);
	if (slice_ieqs(u->scheme, "sip") || slice_ieqs(u->scheme, "sips"))
		return sip_decode(u, rest);
	if (slice_ieqs(u->scheme, "tel"))
		return tel_decode(u, rest);
	return opaque_decode(u, rest);
}

int sip_uri_decode(struct sip_uri *u, struct slice s)
{
	int err;

	*u = (struct sip_uri){0};
	err = uri_decode(u, s);
	if (err)
		*u = (struct sip_uri){0};
	return err;
}

void sip_uri_encode(struct buf *b, const struct sip_uri *u)
{
	bool v6 = u->af == AF_INET6 || slice_chr(u->host, ':') >= 0;

	buf_slice(b, u->scheme);
	buf_char(b, ':');
	if (u->opaque.l) {
		buf_slice(b, u->opaque);
		return;
	}
	buf_slice(b, u->user);
	if (u->password.p) {
		buf_char(b, ':');
		buf_slice(b, u->password);
	}
	if (u->host.l) {
		if (u->user.l)
			buf_char(b, '@');
		if (v6)
			buf_char(b, '[');
		buf_slice(b, u->host);
		if (v6)
			buf_char(b, ']');
		if (u->port) {
			buf_char(b, ':');
			buf_u64(b, u->port);
		}
	}
	if (u->params.l) {
		if (u->params.p[0] != ';')
			buf_char(b, ';');
		buf_slice(b, u->params);
	}
	if (u->headers.l) {
		buf_char(b, '?');
		buf_slice(b, u->headers);
	}
}

bool sip_unescape(char *dst, size_t size, struct slice s)
{
	size_t n = 0;

	if (!size)
		return false;
	for (size_t i = 0; i < s.l; i++) {
		char c = s.p[i];

		if (c == '%') {
			int hi = i + 2 < s.l ? sip_hex(s.p[i + 1]) : -1, lo = i + 2 < s.l ? sip_hex(s.p[i + 2]) : -1;

			if (hi < 0 || lo < 0)
				break;
			c = (char)(hi << 4 | lo);
			i += 2;
		}
		/* %00 would end the text early and let two users look the same */
		if (!c || n + 1 >= size)
			break;
		dst[n++] = c;
		if (i + 1 == s.l) {
			dst[n] = '\0';
			return true;
		}
	}
	dst[n] = '\0';
	return !s.l;
}

void sip_enc_user(struct buf *b, struct slice user)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < user.l; i++) {
		uint8_t c = (uint8_t)user.p[i];

		if (sip_cc[c] & CC_USER && c != '#') {
			buf_char(b, (char)c);
		} else {
			buf_char(b, '%');
			buf_char(b, hex[c >> 4]);
			buf_char(b, hex[c & 15]);
		}
	}
}

int sip_uri_sa(const struct sip_uri *u, uint16_t defport, struct sa *a)
{
	if (!u->af)
		return ENOENT;
	return sa_set(a, u->host, u->port ? u->port : defport);
}
