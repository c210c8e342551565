/*
 * enc.c - messages to bytes, line by line (RFC 3261 7, 25.1).
 */
#include "wire/sip/msg.h"

void sip_enc_request_line(struct buf *b, struct slice method, struct slice uri)
{
	buf_slice(b, method);
	buf_char(b, ' ');
	buf_slice(b, uri);
	buf_str(b, " SIP/2.0\r\n");
}

/* Without the bytes that would break the line. */
static void enc_text(struct buf *b, struct slice s)
{
	size_t from = 0;

	for (size_t i = 0; i < s.l; i++) {
		if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0') {
			buf_mem(b, s.p + from, i - from);
			from = i + 1;
		}
	}
	if (from < s.l)
		buf_mem(b, s.p + from, s.l - from);
}

void sip_enc_status_line(struct buf *b, uint16_t scode, struct slice reason)
{
	buf_str(b, "SIP/2.0 ");
	buf_u64(b, scode);
	buf_char(b, ' ');
	if (reason.l)
		enc_text(b, reason);
	else
		buf_str(b, sip_reason(scode));
	buf_str(b, "\r\n");
}

void sip_enc_hdr(struct buf *b, enum sip_hdr_id id, struct slice val)
{
	sip_enc_hdr_name(b, sip_hdr_name(id), val);
}

void sip_enc_hdr_name(struct buf *b, struct slice name, struct slice val)
{
	buf_slice(b, name);
	buf_str(b, ": ");
	enc_text(b, val);
	buf_str(b, "\r\n");
}

void sip_enc_hdrf(struct buf *b, enum sip_hdr_id id, const char *fmt, ...)
{
	size_t from, n;
	va_list ap;

	buf_slice(b, sip_hdr_name(id));
	buf_str(b, ": ");
	from = n = b->l;
	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
	/* as enc_text, on what has just been written */
	for (size_t i = from; i < b->l; i++) {
		if (b->p[i] != '\r' && b->p[i] != '\n' && b->p[i] != '\0')
			b->p[n++] = b->p[i];
	}
	b->l = n;
	buf_str(b, "\r\n");
}

void sip_enc_copy(struct buf *b, const struct sip_msg *m, enum sip_hdr_id id)
{
	for (size_t i = 0; i < m->hdrc; i++) {
		const struct sip_hdr *h = &m->hdrv[i];

		if (h->id != id)
			continue;
		/* a decoded value cannot break the line; a NUL in a quoted string goes back as it came */
		buf_slice(b, id == SIP_HDR_OTHER ? h->name : sip_hdr_name(id));
		buf_str(b, ": ");
		buf_slice(b, h->val);
		buf_str(b, "\r\n");
	}
}

void sip_enc_body(struct buf *b, struct slice ctype, struct slice body)
{
	if (ctype.l)
		sip_enc_hdr(b, SIP_HDR_CONTENT_TYPE, ctype);
	buf_str(b, "Content-Length: ");
	buf_u64(b, body.l);
	buf_str(b, "\r\n\r\n");
	buf_slice(b, body);
}
