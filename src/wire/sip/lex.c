/*
 * lex.c - the letters of SIP's grammar: character classes, quoted strings, parameters, comma lists, host and port
 * (RFC 3261 25.1).
 */
#include <string.h>
#include "base/sa.h"
#include "wire/sip/lex.h"

/* Sets of which the classes are made. */
#define T      CC_TOKEN
#define U      CC_USER
#define P      CC_PARAM
#define H      CC_UHDR
#define N      CC_HOST
#define MARK   (U | P | H)
#define LETTER (T | U | P | H | N | CC_ALPHA)
#define HEXLET (LETTER | CC_HEX)
#define NUM    (T | U | P | H | N | CC_DIGIT | CC_HEX)

/* clang-format off */
const uint8_t sip_cc[256] = {
	['0'] = NUM, NUM, NUM, NUM, NUM, NUM, NUM, NUM, NUM, NUM,
	['A'] = HEXLET, HEXLET, HEXLET, HEXLET, HEXLET, HEXLET,
	['G'] = LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER,
	['Q'] = LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER,
	['a'] = HEXLET, HEXLET, HEXLET, HEXLET, HEXLET, HEXLET,
	['g'] = LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER,
	['q'] = LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER,
	['-'] = T | MARK | N, ['_'] = T | MARK | N, ['.'] = T | MARK | N,
	['!'] = T | MARK, ['~'] = T | MARK, ['*'] = T | MARK, ['\''] = T | MARK,
	['('] = MARK, [')'] = MARK,
	['%'] = T, ['`'] = T, ['+'] = T | U | P | H,
	['&'] = U | P | H, ['='] = U | P | H, ['$'] = U | P | H,
	[','] = U, [';'] = U, ['#'] = U,
	['?'] = U | H, ['/'] = U | P | H,
	['['] = P | H, [']'] = P | H, [':'] = P | H,
};
/* clang-format on */

#undef T
#undef U
#undef P
#undef H
#undef N

const char *sip_quote_end(const char *p, const char *e)
{
	for (p++; p < e; p++) {
		if (*p == '"')
			return p + 1;
		if (*p == '\\')
			p++;
	}
	return NULL;
}

int sip_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool sip_chars_ok(struct slice s, unsigned mask)
{
	const char *p = s.p, *e = sip_end(s);

	for (;;) {
		p = sip_span(p, e, mask);
		if (p == e)
			return true;
		if (*p != '%' || e - p < 3 || !sip_is(p[1], CC_HEX) || !sip_is(p[2], CC_HEX))
			return false;
		p += 3;
	}
}

/* A parameter name ends at '=', ';', white space or the end; only the strict caller asks for a token. */
static const char *name_end(const char *p, const char *e)
{
	while (p < e && (sip_is(*p, CC_TOKEN | CC_PARAM) && *p != '='))
		p++;
	return p;
}

/* An unquoted value is lenient: visible bytes but those that end or enclose something. */
static const char *value_end(const char *p, const char *e)
{
	while (p < e) {
		uint8_t c = (uint8_t)*p;

		if (c <= ' ' || c == 0x7f || c == ';' || c == ',' || c == '"' || c == '<' || c == '>')
			break;
		p++;
	}
	return p;
}

enum sip_lex sip_param_lex(struct slice *rest, struct slice *name, struct slice *val, bool strict)
{
	const char *p = rest->p, *e = sip_end(*rest), *q;

	p = sip_skip_ws(p, e);
	if (p == e)
		return SIP_LEX_END;
	if (strict) {
		if (*p != ';')
			return SIP_LEX_BAD;
		p = sip_skip_ws(p + 1, e);
	} else {
		while (p < e && (*p == ';' || sip_is_ws(*p)))
			p++;
		if (p == e)
			return SIP_LEX_END;
	}
	q = name_end(p, e);
	*name = sip_between(p, q);
	*val = SLICE_NULL;
	if (q == p || (strict && sip_span(p, q, CC_TOKEN) != q))
		return SIP_LEX_BAD;
	p = sip_skip_ws(q, e);
	if (p < e && *p == '=') {
		p = sip_skip_ws(p + 1, e);
		q = p < e && *p == '"' ? sip_quote_end(p, e) : value_end(p, e);
		if (!q)
			return SIP_LEX_BAD;
		*val = sip_between(p, q);
		p = sip_skip_ws(q, e);
	}
	if (p < e && *p != ';')
		return SIP_LEX_BAD;
	*rest = sip_between(p, e);
	return SIP_LEX_ONE;
}

/*
 * What is opened and never closed takes the rest with it: the value is broken anyhow, and looking for its end again at
 * each comma would cost the square of the length.
 */
struct slice sip_list_cut(struct slice *rest)
{
	const char *b = rest->p, *p = b, *e = sip_end(*rest), *q;

	/* almost all lists have one value */
	if (p < e && !memchr(p, ',', rest->l))
		p = e;
	while (p < e && *p != ',') {
		if (*p == '"') {
			q = sip_quote_end(p, e);
			p = q ? q : e;
		} else if (*p == '<') {
			q = memchr(p, '>', (size_t)(e - p));
			p = q ? q + 1 : e;
		} else {
			p++;
		}
	}
	*rest = p < e ? sip_between(p + 1, e) : SLICE_NULL;
	return sip_trim(sip_between(b, p));
}

/* Dotted decimal, the form of almost every literal address. */
static bool is_ipv4(struct slice s)
{
	const char *p = s.p, *e = sip_end(s);
	unsigned n, parts = 0;

	while (p < e && parts < 4) {
		const char *b = p;

		for (n = 0; p < e && sip_is(*p, CC_DIGIT) && p - b < 3; p++)
			n = n * 10 + (unsigned)(*p - '0');
		/* leading zeros are octal to some: such a thing is no literal address */
		if (p == b || n > 255 || (*b == '0' && p - b > 1))
			return false;
		parts++;
		if (p < e && *p++ != '.')
			return false;
	}
	return parts == 4 && p == e && e[-1] != '.';
}

static const char *host_ipv6(const char *p, const char *e, struct slice *host)
{
	const char *q = memchr(p, ']', (size_t)(e - p));
	struct sa a;

	if (!q)
		return NULL;
	*host = sip_between(p + 1, q);
	if (slice_chr(*host, '%') >= 0 || slice_chr(*host, ':') < 0 || sa_set(&a, *host, 0))
		return NULL;
	return q + 1;
}

const char *sip_hostport(const char *p, const char *e, bool ws, struct slice *host, uint16_t *port, int *af)
{
	const char *q;
	uint32_t n = 0;

	*port = 0;
	if (p == e)
		return NULL;
	if (*p == '[') {
		p = host_ipv6(p, e, host);
		if (!p)
			return NULL;
		*af = AF_INET6;
	} else {
		q = sip_span(p, e, CC_HOST);
		if (q == p)
			return NULL;
		*host = sip_between(p, q);
		*af = sip_is(*p, CC_DIGIT) && is_ipv4(*host) ? AF_INET : 0;
		p = q;
	}
	q = ws ? sip_skip_ws(p, e) : p;
	if (q == e || *q != ':')
		return p;
	q = ws ? sip_skip_ws(q + 1, e) : q + 1;
	for (p = q; p < e && sip_is(*p, CC_DIGIT) && p - q < 6; p++)
		n = n * 10 + (uint32_t)(*p - '0');
	if (p == q || n > 65535)
		return NULL;
	*port = (uint16_t)n;
	return p;
}
