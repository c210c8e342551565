/*
 * capture_mask.c - a SIP message on its way into the ring, where its Call-ID is found, and on its way out to people,
 * when its secrets are blanked: few messages are ever looked at.
 *
 * Headers and body are gone through once, line by line. Bodies keep their length, so that Content-Length stays true.
 */
#include <string.h>
#include "pbx/capture_priv.h"

/* Methods of no call. */
static bool of_no_call(struct slice method)
{
	return slice_eqs(method, "REGISTER") || slice_eqs(method, "OPTIONS") || slice_eqs(method, "SUBSCRIBE") ||
	       slice_eqs(method, "PUBLISH");
}

static bool istarts(struct slice s, const char *word)
{
	struct slice w = slice_str(word);

	return s.l >= w.l && slice_ieq(slice_first(s, w.l), w);
}

/* A line with its end. */
static struct slice cut_line(struct slice *rest)
{
	ptrdiff_t at = slice_chr(*rest, '\n');
	struct slice line = at < 0 ? *rest : slice_first(*rest, (size_t)at + 1);

	*rest = slice_from(*rest, line.l);
	return line;
}

static bool is_end(char c)
{
	return c == '\r' || c == '\n';
}

/* ------------------------------------------------------------------ URIs */

static bool of_user(char c)
{
	return c > ' ' && c != '<' && c != '>' && c != '"' && c != ',' && c != '@';
}

static void stars(char *p, const char *end)
{
	for (; p < end; p++)
		if (*p != ' ')
			*p = '*';
}

/* The user part before an "@" at `at`: "sip:user:password", "sip:800*1234". */
static void mask_user(char *line, char *at)
{
	char *p = at, *colon;

	while (p > line && of_user(p[-1]))
		p--;
	/* what stands before the scheme: name= of a parameter */
	while (p < at && !istarts(slice_mem(p, (size_t)(at - p)), "sip"))
		p++;
	colon = memchr(p, ':', (size_t)(at - p));
	if (!colon)
		return;
	p = colon + 1;
	colon = memchr(p, ':', (size_t)(at - p));
	if (colon)
		stars(colon + 1, at);
	char *star = *p == '+' || (*p >= '0' && *p <= '9') ? memchr(p, '*', (size_t)(at - p)) : NULL;
	if (star)
		stars(star + 1, at);
}

static void mask_uris(char *line, size_t l)
{
	char *end = line + l, *at = memchr(line, '@', l);

	for (; at; at = memchr(at + 1, '@', (size_t)(end - at - 1)))
		mask_user(line, at);
}

/* ------------------------------------------------------------------ headers */

static bool is_name(struct slice line, const char *name)
{
	size_t l = strlen(name);

	return istarts(line, name) && line.l > l && (line.p[l] == ':' || line.p[l] == ' ' || line.p[l] == '\t');
}

static bool is_credentials(struct slice line)
{
	switch (*line.p | 0x20) {
	case 'a':
		return is_name(line, "Authorization") || is_name(line, "Authentication-Info");
	case 'p':
		return is_name(line, "Proxy-Authorization") || is_name(line, "Proxy-Authentication-Info");
	default:
		return false;
	}
}

static struct slice value_of(struct slice line)
{
	ptrdiff_t colon = slice_chr(line, ':');

	return slice_trim(slice_from(line, (size_t)(colon + 1)));
}

/* The name, the scheme, and no more. */
static void put_blanked(struct buf *b, struct slice line)
{
	struct slice value = value_of(line), name = slice_cut(&line, ':');
	ptrdiff_t space = slice_chr(value, ' ');

	buf_slice(b, slice_trim(name));
	buf_str(b, ": ");
	if (space > 0 && slice_chr(slice_first(value, (size_t)space), '=') < 0)
		buf_slice(b, slice_first(value, (size_t)space + 1));
	buf_str(b, "(removed)\r\n");
}

/* "INVITE" of "CSeq: 1 INVITE". */
static struct slice cseq_method(struct slice line)
{
	struct slice v = value_of(line);
	ptrdiff_t space = slice_chr(v, ' ');

	return space < 0 ? SLICE_NULL : slice_trim(slice_from(v, (size_t)space));
}

/* Of the request line; empty: a response. */
static struct slice request_method(struct slice line)
{
	return slice_starts(line, SLICE("SIP/2.0 ")) ? SLICE_NULL : slice_cut(&line, ' ');
}

bool capture_glance(struct slice msg, struct slice *callid)
{
	struct slice rest = msg, line = cut_line(&rest), method = request_method(line);

	*callid = SLICE_NULL;
	while (rest.l && !(callid->l && method.l)) {
		line = cut_line(&rest);
		if (is_end(*line.p))
			break;
		if ((*line.p | 0x20) != 'c' && (*line.p | 0x20) != 'i')
			continue;
		if (!callid->l && (is_name(line, "Call-ID") || is_name(line, "i")))
			*callid = value_of(line);
		else if (!method.l && is_name(line, "CSeq"))
			method = cseq_method(line);
	}
	return callid->l && !of_no_call(method);
}

/* As much as there is room for. */
static struct slice put(struct buf *b, struct slice s)
{
	size_t at = b->l;

	buf_slice(b, slice_first(s, b->cap - b->l));
	return slice_mem(b->p + at, b->l - at);
}

/* Header lines up to the empty one. */
static void copy_headers(struct capture_text *t, struct slice *rest)
{
	bool dropping = false;

	while (rest->l) {
		struct slice line = cut_line(rest), kept;

		if (is_end(*line.p)) {
			(void)put(&t->text, line);
			break;
		}
		bool more = *line.p == ' ' || *line.p == '\t';
		if (more && dropping)
			continue;
		dropping = !more && is_credentials(line);
		if (dropping) {
			if (t->text.cap - t->text.l > line.l + 32)
				put_blanked(&t->text, line);
			continue;
		}
		kept = put(&t->text, line);
		if (!kept.l)
			continue;
		mask_uris((char *)(uintptr_t)kept.p, kept.l);
		if (!t->method.l && is_name(kept, "CSeq"))
			t->method = cseq_method(kept);
	}
}

/* ------------------------------------------------------------------ bodies */

/* Where the secret of a line of SDP begins; NULL: it has none. */
static char *secret_of(struct slice line)
{
	char *p = (char *)(uintptr_t)line.p, *end = p + line.l, *q;

	if (istarts(line, "k="))
		return p + 2;
	if (istarts(line, "a=ice-pwd:"))
		return p + 10;
	if (istarts(line, "a=key-mgmt:"))
		return p + 11;
	if (!istarts(line, "a=crypto:"))
		return NULL;
	/* a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:... */
	q = memchr(p, ' ', line.l);
	q = q ? memchr(q + 1, ' ', (size_t)(end - q - 1)) : NULL;
	if (!q)
		return p + 9;
	q++;
	return istarts(slice_mem(q, (size_t)(end - q)), "inline:") ? q + 7 : q;
}

static bool is_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'D') || c == '*' || c == '#';
}

/* A digit that was pressed may be of a PIN: "Signal=5", or nothing but the digit. */
static void mask_digits(char *p, size_t l)
{
	const char *eq = memchr(p, '=', l);
	struct slice rest = slice_mem(p, l);

	while (rest.l) {
		struct slice line = cut_line(&rest);
		char *q = (char *)(uintptr_t)line.p, *end = q + line.l;

		if (eq && !istarts(line, "Signal"))
			continue;
		if (eq)
			q = memchr(q, '=', line.l);
		for (; q && q < end; q++)
			if (is_digit(*q))
				*q = 'x';
	}
}

static void copy_body(struct capture_text *t, struct slice body)
{
	struct slice kept = put(&t->text, body), rest = kept;

	while (rest.l) {
		struct slice line = cut_line(&rest);
		char *p = line.l > 2 && line.p[1] == '=' ? secret_of(line) : NULL;
		const char *end = line.p + line.l;

		while (end > line.p && is_end(end[-1]))
			end--;
		if (p)
			stars(p, end);
	}
	if (slice_eqs(t->method, "INFO"))
		mask_digits((char *)(uintptr_t)kept.p, kept.l);
}

void capture_copy(struct capture_text *t, struct slice msg)
{
	struct slice rest = msg, line = cut_line(&rest), kept;

	t->method = request_method(line);
	kept = put(&t->text, line);
	mask_uris((char *)(uintptr_t)kept.p, kept.l);
	copy_headers(t, &rest);
	copy_body(t, rest);
}
