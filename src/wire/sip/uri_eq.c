/*
 * uri_eq.c - when two URIs are the same (RFC 3261 19.1.4, RFC 3966 5).
 */
#include "wire/sip/hdr.h"
#include "wire/sip/lex.h"
#include "wire/sip/uri.h"

/* More parameters or headers than this are compared as bytes: pairing them costs the square of their number. */
enum { PARTS_MAX = 64 };

/* Next character with its escape undone; reserved ones that were escaped count as other characters (>= 256). */
static unsigned next_char(const char **pp, const char *e, bool fold)
{
	const char *p = *pp;
	unsigned c = (uint8_t)*p;

	if (c == '%' && e - p >= 3 && sip_is(p[1], CC_HEX) && sip_is(p[2], CC_HEX)) {
		c = (unsigned)(sip_hex(p[1]) << 4 | sip_hex(p[2]));
		*pp = p + 3;
		for (const char *r = ";/?:@&=+$,"; *r; r++) {
			if (c == (uint8_t)*r)
				return c + 256;
		}
	} else {
		*pp = p + 1;
	}
	return fold ? (uint8_t)sip_lower((char)c) : c;
}

static bool part_eq(struct slice a, struct slice b, bool fold)
{
	const char *p = a.p, *pe = sip_end(a), *q = b.p, *qe = sip_end(b);

	while (p < pe && q < qe) {
		if (next_char(&p, pe, fold) != next_char(&q, qe, fold))
			return false;
	}
	return p == pe && q == qe;
}

static bool find_param(struct slice params, struct slice name, struct slice *val)
{
	struct slice n;

	while (sip_param_next(&params, &n, val)) {
		if (part_eq(n, name, true))
			return true;
	}
	return false;
}

/* Parameters that make a difference when only one side has them; transport by the examples of 19.1.4. */
static bool must_match(struct slice name)
{
	static const char *const tab[] = {"user", "ttl", "method", "maddr", "transport"};

	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		if (part_eq(name, slice_str(tab[i]), true))
			return true;
	}
	return false;
}

/* Each parameter of a: equal in b, or absent there if that is allowed. Of two with one name the first counts. */
static bool params_in(struct slice a, struct slice b, bool all)
{
	struct slice rest = a, n, v, w;
	unsigned count = 0;

	while (sip_param_next(&rest, &n, &v)) {
		if (++count > PARTS_MAX)
			return slice_eq(a, b);
		if (!find_param(a, n, &v))
			return false;
		if (!find_param(b, n, &w)) {
			if (all || must_match(n))
				return false;
		} else if (!part_eq(v, w, true)) {
			return false;
		}
	}
	return true;
}

static size_t headers_count(struct slice h)
{
	size_t n = 0;

	for (; h.l; slice_cut(&h, '&'))
		n++;
	return n;
}

/* Each of a's headers stands in b; names ignore case, values as written. */
static bool headers_in(struct slice a, struct slice b)
{
	while (a.l) {
		struct slice va = slice_cut(&a, '&'), na = slice_cut(&va, '='), rest = b;
		bool found = false;

		while (rest.l && !found) {
			struct slice vb = slice_cut(&rest, '&'), nb = slice_cut(&vb, '=');

			found = part_eq(na, nb, true) && part_eq(va, vb, false);
		}
		if (!found)
			return false;
	}
	return true;
}

static bool headers_eq(struct slice a, struct slice b)
{
	size_t n = headers_count(a);

	if (n > PARTS_MAX)
		return slice_eq(a, b);
	return n == headers_count(b) && headers_in(a, b) && headers_in(b, a);
}

/* Numbers without their visual separators (RFC 3966 5.1.1). */
static bool tel_eq(struct slice a, struct slice b)
{
	size_t i = 0, j = 0;

	for (;;) {
		while (i < a.l && (a.p[i] == '-' || a.p[i] == '.' || a.p[i] == '(' || a.p[i] == ')'))
			i++;
		while (j < b.l && (b.p[j] == '-' || b.p[j] == '.' || b.p[j] == '(' || b.p[j] == ')'))
			j++;
		if (i == a.l || j == b.l)
			return i == a.l && j == b.l;
		if (sip_lower(a.p[i++]) != sip_lower(b.p[j++]))
			return false;
	}
}

/* Addresses in their numbers, names by letters: "::1" is "0:0::1". */
static bool host_eq(const struct sip_uri *a, const struct sip_uri *b)
{
	struct sa x, y;

	if (slice_ieq(a->host, b->host))
		return true;
	return a->af == AF_INET6 && b->af == AF_INET6 && !sip_uri_sa(a, 0, &x) && !sip_uri_sa(b, 0, &y) &&
	       sa_eq_addr(&x, &y);
}

bool sip_uri_eq(const struct sip_uri *a, const struct sip_uri *b)
{
	if (!slice_ieq(a->scheme, b->scheme))
		return false;
	if (a->opaque.l || b->opaque.l)
		return slice_eq(a->opaque, b->opaque);
	if (slice_ieqs(a->scheme, "tel")) {
		return tel_eq(a->user, b->user) && params_in(a->params, b->params, true) &&
		       params_in(b->params, a->params, true);
	}
	return part_eq(a->user, b->user, false) && part_eq(a->password, b->password, false) && host_eq(a, b) &&
	       a->port == b->port && params_in(a->params, b->params, false) && params_in(b->params, a->params, false) &&
	       headers_eq(a->headers, b->headers);
}
