/*
 * encode.c - session description to text, in the order of RFC 8866 section 5.
 */
#include "wire/sdp/sdp.h"

/* "IN IP4 1.2.3.4" */
static void enc_addr(struct buf *b, const struct sa *a)
{
	char ip[SA_STRLEN];

	buf_str(b, sa_af(a) == AF_INET6 ? "IN IP6 " : "IN IP4 ");
	buf_str(b, sa_ntop(a, ip));
}

/* "x=value" */
static void enc_line(struct buf *b, char type, struct slice val)
{
	buf_char(b, type);
	buf_char(b, '=');
	buf_slice(b, val);
	buf_str(b, "\r\n");
}

static void enc_conn(struct buf *b, const struct sa *a)
{
	buf_str(b, "c=");
	enc_addr(b, a);
	buf_str(b, "\r\n");
}

void sdp_enc_session(struct buf *b, uint64_t sess_id, uint64_t version, const struct sa *addr)
{
	buf_str(b, "v=0\r\no=- ");
	buf_u64(b, sess_id);
	buf_char(b, ' ');
	buf_u64(b, version);
	buf_char(b, ' ');
	enc_addr(b, addr);
	buf_str(b, "\r\ns=-\r\n");
	enc_conn(b, addr);
	buf_str(b, "t=0 0\r\n");
}

static void enc_media_line(struct buf *b, const struct sdp_media *m)
{
	buf_str(b, "m=");
	buf_slice(b, m->type);
	buf_char(b, ' ');
	buf_u64(b, m->port);
	if (m->nports != 1) {
		buf_char(b, '/');
		buf_u64(b, m->nports);
	}
	buf_char(b, ' ');
	buf_slice(b, m->proto);
	for (size_t i = 0; i < m->nfmt; i++) {
		buf_char(b, ' ');
		buf_slice(b, m->fmt[i]);
	}
	buf_str(b, "\r\n");
}

void sdp_enc_media(struct buf *b, struct slice type, uint16_t port, struct slice proto, const struct slice *fmt,
		   size_t nfmt, const struct sa *conn)
{
	buf_str(b, "m=");
	buf_slice(b, type);
	buf_char(b, ' ');
	buf_u64(b, port);
	buf_char(b, ' ');
	buf_slice(b, proto);
	for (size_t i = 0; i < nfmt; i++) {
		buf_char(b, ' ');
		buf_slice(b, fmt[i]);
	}
	buf_str(b, "\r\n");
	if (conn)
		enc_conn(b, conn);
}

void sdp_enc_attr(struct buf *b, struct slice name, struct slice val)
{
	buf_str(b, "a=");
	buf_slice(b, name);
	if (val.l) {
		buf_char(b, ':');
		buf_slice(b, val);
	}
	buf_str(b, "\r\n");
}

/* The address as it was written; only IPv6 literals hold a colon. */
static void enc_conn_text(struct buf *b, struct slice addr)
{
	if (!addr.l)
		return;
	buf_str(b, slice_chr(addr, ':') >= 0 ? "c=IN IP6 " : "c=IN IP4 ");
	buf_slice(b, addr);
	buf_str(b, "\r\n");
}

static void enc_attrs(struct buf *b, const struct sdp_attr *a, size_t n)
{
	for (; n; n--, a++)
		sdp_enc_attr(b, a->name, a->val);
}

static void enc_origin(struct buf *b, const struct sdp *s)
{
	const struct slice part[] = {s->o_user, s->o_sess_id, s->o_version, s->o_nettype, s->o_addrtype, s->o_addr};

	if (!part[0].l)
		return;
	buf_str(b, "o=");
	for (size_t i = 0; i < ARRAY_LEN(part); i++) {
		if (i)
			buf_char(b, ' ');
		buf_slice(b, part[i]);
	}
	buf_str(b, "\r\n");
}

void sdp_encode(struct buf *b, const struct sdp *s)
{
	buf_str(b, "v=0\r\n");
	enc_origin(b, s);
	enc_line(b, 's', s->name);
	enc_conn_text(b, s->conn_addr);
	for (size_t i = 0; i < s->nbw; i++)
		enc_line(b, 'b', s->bw[i]);
	for (size_t i = 0; i < s->ntime; i++)
		enc_line(b, 't', s->time[i]);
	enc_attrs(b, s->attr, s->nattr);
	for (size_t i = 0; i < s->nm; i++) {
		const struct sdp_media *m = &s->m[i];

		enc_media_line(b, m);
		if (m->title.l)
			enc_line(b, 'i', m->title);
		/* inherited ones are said once, by the session */
		if (!slice_eq(m->conn_addr, s->conn_addr))
			enc_conn_text(b, m->conn_addr);
		for (size_t k = 0; k < m->nbw; k++)
			enc_line(b, 'b', m->bw[k]);
		enc_attrs(b, s->attr + m->attr0, m->nattr);
	}
}
