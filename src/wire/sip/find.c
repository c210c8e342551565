/*
 * find.c - looking things up in a decoded message: header lines, values of comma lists, tokens (RFC 3261 7.3.1).
 */
#include "wire/sip/lex.h"
#include "wire/sip/msg.h"

const struct sip_hdr *sip_msg_hdr(const struct sip_msg *m, enum sip_hdr_id id)
{
	for (size_t i = 0; i < m->hdrc; i++) {
		if (m->hdrv[i].id == id)
			return &m->hdrv[i];
	}
	return NULL;
}

const struct sip_hdr *sip_msg_hdr_name(const struct sip_msg *m, struct slice name)
{
	enum sip_hdr_id id = sip_hdr_find(name);

	if (id != SIP_HDR_OTHER)
		return sip_msg_hdr(m, id);
	for (size_t i = 0; i < m->hdrc; i++) {
		if (m->hdrv[i].id == SIP_HDR_OTHER && slice_ieq(m->hdrv[i].name, name))
			return &m->hdrv[i];
	}
	return NULL;
}

struct slice sip_msg_val(const struct sip_msg *m, enum sip_hdr_id id)
{
	const struct sip_hdr *h = sip_msg_hdr(m, id);

	return h ? h->val : SLICE_NULL;
}

/* Headers in which a comma is no separator: one value a line. */
static bool is_single(enum sip_hdr_id id)
{
	switch (id) {
	case SIP_HDR_AUTHORIZATION:
	case SIP_HDR_AUTHENTICATION_INFO:
	case SIP_HDR_PROXY_AUTHENTICATE:
	case SIP_HDR_PROXY_AUTHORIZATION:
	case SIP_HDR_WWW_AUTHENTICATE:
	case SIP_HDR_CALL_ID:
	case SIP_HDR_CONTENT_TYPE:
	case SIP_HDR_CSEQ:
	case SIP_HDR_DATE:
	case SIP_HDR_FROM:
	case SIP_HDR_TO:
	case SIP_HDR_ORGANIZATION:
	case SIP_HDR_SERVER:
	case SIP_HDR_SUBJECT:
	case SIP_HDR_USER_AGENT:
		return true;
	default:
		return false;
	}
}

bool sip_msg_next_val(const struct sip_msg *m, enum sip_hdr_id id, struct sip_val_iter *it, struct slice *val)
{
	for (;;) {
		while (it->rest.l) {
			*val = sip_list_cut(&it->rest);
			if (val->l)
				return true;
		}
		while (it->line < m->hdrc && m->hdrv[it->line].id != id)
			it->line++;
		if (it->line >= m->hdrc)
			return false;
		it->rest = m->hdrv[it->line++].val;
		if (is_single(id)) {
			*val = it->rest;
			it->rest = SLICE_NULL;
			return true;
		}
	}
}

size_t sip_msg_count(const struct sip_msg *m, enum sip_hdr_id id)
{
	struct sip_val_iter it = {0};
	struct slice v;
	size_t n = 0;

	while (sip_msg_next_val(m, id, &it, &v))
		n++;
	return n;
}

bool sip_msg_has_token(const struct sip_msg *m, enum sip_hdr_id id, struct slice token)
{
	struct sip_val_iter it = {0};
	struct slice v;

	while (sip_msg_next_val(m, id, &it, &v)) {
		if (slice_ieq(v, token))
			return true;
	}
	return false;
}

bool sip_msg_ctype_is(const struct sip_msg *m, const char *type, const char *sub)
{
	struct slice v = sip_msg_val(m, SIP_HDR_CONTENT_TYPE), t = slice_cut(&v, '/');

	return slice_ieqs(sip_trim(t), type) && slice_ieqs(sip_trim(slice_cut(&v, ';')), sub);
}
