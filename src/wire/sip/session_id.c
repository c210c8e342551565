/*
 * session_id.c - the Session-ID header (RFC 7989 5).
 */
#include "wire/sip/session_id.h"
#include "wire/sip/lex.h"

static int uuid_decode(struct sip_uuid *u, struct slice s)
{
	if (s.l != 32)
		return ERR_SYNTAX;
	for (size_t i = 0; i < 16; i++) {
		int hi = sip_hex(s.p[2 * i]), lo = sip_hex(s.p[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return ERR_SYNTAX;
		u->b[i] = (uint8_t)(hi << 4 | lo);
	}
	return 0;
}

int sip_session_id_decode(struct sip_session_id *id, struct slice s)
{
	struct slice head, n, v;
	ptrdiff_t at;
	int err;

	*id = (struct sip_session_id){0};
	s = sip_trim(s);
	at = slice_chr(s, ';');
	head = at < 0 ? s : slice_first(s, (size_t)at);
	s = slice_from(s, head.l);
	err = uuid_decode(&id->local, sip_trim(head));
	while (!err && sip_param_next(&s, &n, &v)) {
		if (!slice_ieqs(n, "remote"))
			continue;
		err = id->has_remote ? ERR_SYNTAX : uuid_decode(&id->remote, v);
		id->has_remote = true;
	}
	if (err)
		*id = (struct sip_session_id){0};
	return err;
}

int sip_session_id_get(struct sip_session_id *id, const struct sip_msg *m)
{
	const struct sip_hdr *h = sip_msg_hdr(m, SIP_HDR_SESSION_ID);

	*id = (struct sip_session_id){0};
	return h ? sip_session_id_decode(id, h->val) : ENOENT;
}

static void enc(struct buf *b, const struct sip_uuid *u)
{
	static const char hex[] = "0123456789abcdef";
	char text[32];

	for (size_t i = 0; i < 16; i++) {
		text[2 * i] = hex[u->b[i] >> 4];
		text[2 * i + 1] = hex[u->b[i] & 15];
	}
	buf_mem(b, text, sizeof(text));
}

void sip_session_id_encode(struct buf *b, const struct sip_session_id *id)
{
	enc(b, &id->local);
	if (!id->has_remote)
		return;
	buf_str(b, ";remote=");
	enc(b, &id->remote);
}
