/*
 * head.c - reading the head of a request (RFC 9112 2 to 6) and what its fields say.
 *
 * Lines end with CR LF and nothing else, fields are not folded, a name stands close to its colon, and lengths are said
 * once: the places where proxies and servers have disagreed.
 */
#include <stddef.h>
#include "http/head.h"
#include "base/err.h"

static bool token_char(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(struct slice s)
{
	for (size_t i = 0; i < s.l; i++)
		if (!token_char((unsigned char)s.p[i]))
			return false;
	return s.l > 0;
}

static struct http_span span(const char *base, struct slice s)
{
	return (struct http_span){(uint32_t)(s.p - base), (uint32_t)s.l};
}

/* ------------------------------------------------------------------ request line */

/* Scheme and authority of the absolute form are cut off: which host it is, Host says (RFC 9112 3.2.2). */
static bool cut_absolute(struct slice *t)
{
	size_t n = slice_starts(*t, SLICE("http://")) ? 7 : slice_starts(*t, SLICE("https://")) ? 8 : 0;

	if (!n)
		return false;
	ptrdiff_t slash = slice_chr(slice_from(*t, n), '/');
	if (slash <= 0)
		return false;
	*t = slice_from(*t, n + (size_t)slash);
	return true;
}

static unsigned read_target(struct http_head *h, const char *base, struct slice t)
{
	if (t.l > HTTP_TARGET_MAX)
		return 414;
	for (size_t i = 0; i < t.l; i++)
		if ((unsigned char)t.p[i] <= ' ' || (unsigned char)t.p[i] >= 0x7f || t.p[i] == '#')
			return 400;
	if (!t.l || (t.p[0] != '/' && !slice_eqs(t, "*") && !cut_absolute(&t)))
		return 400;
	ptrdiff_t q = slice_chr(t, '?');
	h->path = span(base, q < 0 ? t : slice_first(t, (size_t)q));
	h->query = span(base, slice_from(t, q < 0 ? t.l : (size_t)q + 1));
	return 0;
}

static unsigned read_request_line(struct http_head *h, const char *base, struct slice line)
{
	static const char *const known[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
	struct slice method = slice_cut(&line, ' '), target = slice_cut(&line, ' ');
	size_t i = 0;

	if (!is_token(method))
		return 400;
	if (line.l != 8 || !slice_starts(line, SLICE("HTTP/")) || line.p[5] < '0' || line.p[5] > '9' ||
	    line.p[6] != '.' || line.p[7] < '0' || line.p[7] > '9')
		return 400;
	if (line.p[5] != '1')
		return 505;
	h->minor = (uint8_t)(line.p[7] - '0');
	h->method = span(base, method);
	while (i < ARRAY_LEN(known) && !slice_eqs(method, known[i]))
		i++;
	unsigned rc = read_target(h, base, target);
	return !rc && i == ARRAY_LEN(known) ? 501 : rc;
}

/* ------------------------------------------------------------------ fields */

static unsigned read_field(struct http_head *h, const char *base, struct slice line)
{
	struct slice value = line, name = slice_cut(&value, ':');

	/* folded lines begin with white space, and so have no name either */
	if (name.l == line.l || !is_token(name))
		return 400;
	for (size_t i = 0; i < value.l; i++) {
		unsigned char c = (unsigned char)value.p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return 400;
	}
	if (h->nfield == HTTP_FIELDS_MAX)
		return 431;
	value = slice_trim(value);
	if (!value.p)
		value.p = line.p;
	h->field[h->nfield].name = span(base, name);
	h->field[h->nfield].value = span(base, value);
	h->nfield++;
	return 0;
}

struct slice http_head_field(const struct http_head *h, const char *p, const char *name)
{
	for (uint32_t i = 0; i < h->nfield; i++)
		if (slice_ieqs(http_span_of(p, h->field[i].name), name))
			return http_span_of(p, h->field[i].value);
	return SLICE_NULL;
}

bool http_list_has(struct slice list, const char *word)
{
	while (list.l) {
		struct slice item = slice_cut(&list, ',');

		if (slice_ieqs(slice_trim(slice_cut(&item, ';')), word))
			return true;
	}
	return false;
}

static unsigned count(const struct http_head *h, const char *base, const char *name)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < h->nfield; i++)
		n += slice_ieqs(http_span_of(base, h->field[i].name), name);
	return n;
}

/* Fields that may stand once, since whoever decides by one must know that it is the one. */
static bool said_twice(const struct http_head *h, const char *base)
{
	static const char *const once[] = {
		"host",          "content-length", "transfer-encoding", "origin",
		"authorization", "cookie",         "content-type",      "range",
		"x-csrf-token",  "sec-fetch-site", "sec-websocket-key", "sec-websocket-version"};

	for (size_t i = 0; i < ARRAY_LEN(once); i++)
		if (count(h, base, once[i]) > 1)
			return true;
	return false;
}

/* How the body is framed (RFC 9112 6.3): a length or chunks, never both. */
static unsigned read_framing(struct http_head *h, const char *base)
{
	struct slice te = http_head_field(h, base, "transfer-encoding");
	struct slice expect = http_head_field(h, base, "expect");
	bool length = count(h, base, "content-length") > 0;

	if (count(h, base, "transfer-encoding")) {
		if (length || !h->minor)
			return 400;
		if (!slice_ieqs(te, "chunked"))
			return 501;
		h->chunked = true;
	}
	if (length && slice_u64(http_head_field(h, base, "content-length"), &h->length))
		return 400;
	if (slice_isset(expect) && !slice_ieqs(expect, "100-continue"))
		return 417;
	h->expect = slice_isset(expect) && h->minor;
	return 0;
}

static unsigned read_fields(struct http_head *h, const char *base)
{
	bool close = false, keep = false;

	if (said_twice(h, base) || (h->minor && !count(h, base, "host")))
		return 400;
	for (uint32_t i = 0; i < h->nfield; i++) {
		if (!slice_ieqs(http_span_of(base, h->field[i].name), "connection"))
			continue;
		struct slice v = http_span_of(base, h->field[i].value);

		close = close || http_list_has(v, "close");
		keep = keep || http_list_has(v, "keep-alive");
	}
	h->close = close || (!h->minor && !keep);
	return read_framing(h, base);
}

/* ------------------------------------------------------------------ all of it */

/* Place behind the empty line, or 0. */
static size_t head_end(struct slice in, size_t *from)
{
	size_t i = *from > 3 ? *from - 3 : 0;

	for (const char *p; i + 4 <= in.l && (p = memchr(in.p + i, '\r', in.l - i - 3)) != NULL;) {
		if (memcmp(p, "\r\n\r\n", 4) == 0)
			return (size_t)(p - in.p) + 4;
		i = (size_t)(p - in.p) + 1;
	}
	*from = in.l;
	return 0;
}

unsigned http_head_read(struct http_head *h, struct slice in, size_t *from)
{
	size_t skip = 0;

	/* an empty line in front is forgiven (RFC 9112 2.2) */
	if (slice_starts(in, SLICE("\r\n")))
		skip = 2;
	if (in.l <= skip || (in.l == 1 && in.p[0] == '\r'))
		return EAGAIN;
	if (!token_char((unsigned char)in.p[skip]))
		return 400;
	if (*from < skip)
		*from = skip;
	size_t end = head_end(in, from);
	if (end > HTTP_HEAD_MAX || (!end && in.l >= HTTP_HEAD_MAX))
		return 431;
	if (!end)
		return EAGAIN;
	memset(h, 0, offsetof(struct http_head, field));
	memset(&h->nfield, 0, sizeof(*h) - offsetof(struct http_head, nfield));
	h->l = (uint32_t)end;
	struct slice rest = {in.p + skip, end - skip - 2};
	unsigned rc = 0;
	for (bool first = true; rest.l && !rc; first = false) {
		struct slice line = slice_cut(&rest, '\n');

		/* CR and LF come together or not at all */
		if (!line.l || line.p[line.l - 1] != '\r' || slice_chr(line, '\r') != (ptrdiff_t)line.l - 1)
			return 400;
		line.l--;
		rc = first ? read_request_line(h, in.p, line) : read_field(h, in.p, line);
	}
	return rc ? rc : read_fields(h, in.p);
}
