/*
 * frame.c - where a message ends in a stream (RFC 3261 7.5, 18.3), and the keep-alives between messages
 * (RFC 5626 3.5.1).
 */
#include <string.h>
#include "wire/sip/lex.h"
#include "wire/sip/msg.h"

/* CRLFs in front of a message; what stands alone at the end of the data may be the first half of a ping. */
static enum sip_frame keepalive(struct sip_framer *f, struct slice d, size_t *len)
{
	bool half = f->crlf;

	f->crlf = false;
	if (d.p[0] == '\n') {
		*len = 1;
		return SIP_FRAME_PONG;
	}
	if (d.l == 1) {
		f->crlf = half;
		return SIP_FRAME_MORE;
	}
	if (d.p[1] != '\n')
		return SIP_FRAME_BAD;
	*len = 2;
	if (half)
		return SIP_FRAME_PING;
	if (d.l == 2) {
		f->crlf = true;
		return SIP_FRAME_PONG;
	}
	if (d.p[2] != '\r')
		return SIP_FRAME_PONG;
	if (d.l == 3)
		return SIP_FRAME_MORE;
	if (d.p[3] == '\n') {
		*len = 4;
		return SIP_FRAME_PING;
	}
	return SIP_FRAME_PONG;
}

/* Length of the head with its empty line; 0 if that has not come: the search goes on where it stopped. */
static size_t head_len(struct sip_framer *f, struct slice d)
{
	const char *e = sip_end(d), *p = d.p + f->scanned, *q;

	while ((q = memchr(p, '\n', (size_t)(e - p)))) {
		const char *n = q + 1;

		if (n < e && *n == '\r')
			n++;
		if (n == e) {
			/* come back to this line end when there is more */
			f->scanned = (size_t)(q - d.p);
			return 0;
		}
		if (*n == '\n')
			return (size_t)(n + 1 - d.p);
		p = q + 1;
	}
	f->scanned = d.l;
	return 0;
}

/* Value of a header line with its continuation lines, from p on; returns the byte behind. */
static const char *value_end(const char *p, const char *e)
{
	while (p < e) {
		const char *q = memchr(p, '\n', (size_t)(e - p));

		if (!q)
			return e;
		p = q + 1;
		if (p == e || !sip_is_ws(*p))
			break;
	}
	return p;
}

/* The one Content-Length of the head; ERR_SYNTAX when it is missing, no number, or written twice and not the same. */
static int content_length(struct slice head, size_t *clen)
{
	const char *p = head.p, *e = sip_end(head);
	bool found = false;
	uint32_t n;

	p = memchr(p, '\n', head.l);
	for (p = p ? p + 1 : e; p < e;) {
		const char *q = sip_span(p, e, CC_TOKEN), *c = sip_skip_ws(q, e), *next = value_end(p, e);

		if (c < e && *c == ':' && sip_hdr_find(sip_between(p, q)) == SIP_HDR_CONTENT_LENGTH) {
			if (slice_u32(slice_trim(sip_between(c + 1, next)), &n) || (found && n != *clen))
				return ERR_SYNTAX;
			found = true;
			*clen = n;
		}
		p = next;
	}
	return found ? 0 : ERR_SYNTAX;
}

enum sip_frame sip_framer_next(struct sip_framer *f, struct slice data, size_t *len)
{
	size_t head, clen = 0;

	*len = 0;
	if (!data.l)
		return SIP_FRAME_MORE;
	if (!f->need) {
		if (data.p[0] == '\r' || data.p[0] == '\n')
			return keepalive(f, data, len);
		f->crlf = false;
		/* a TLS hello or other noise is told at its first byte */
		if (!sip_is(data.p[0], CC_TOKEN))
			return SIP_FRAME_BAD;
		head = head_len(f, data);
		if (!head)
			return data.l > SIP_MSG_MAX ? SIP_FRAME_TOO_LARGE : SIP_FRAME_MORE;
		if (head > SIP_MSG_MAX)
			return SIP_FRAME_TOO_LARGE;
		if (content_length(slice_first(data, head), &clen))
			return SIP_FRAME_BAD;
		if (clen > SIP_MSG_MAX - head)
			return SIP_FRAME_TOO_LARGE;
		f->need = head + clen;
	}
	if (data.l < f->need)
		return SIP_FRAME_MORE;
	*len = f->need;
	*f = (struct sip_framer){0};
	return SIP_FRAME_MSG;
}
