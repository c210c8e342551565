/*
 * replaces.c - the Replaces header (RFC 3891 6.1) and the Refer-To header (RFC 3515 2.1) with a Replaces in its URI.
 */
#include "wire/sip/replaces.h"
#include "wire/sip/hdr.h"
#include "wire/sip/lex.h"

/* Call-ID: word, or word@word; here all that can stand in a header without being a separator of this one. */
static bool callid_ok(struct slice s)
{
	for (size_t i = 0; i < s.l; i++)
		if (s.p[i] <= ' ' || s.p[i] == 0x7f || s.p[i] == ';' || s.p[i] == ',')
			return false;
	return s.l > 0;
}

static int param(struct sip_replaces *r, struct slice name, struct slice val)
{
	struct slice *dst = slice_ieqs(name, "to-tag")     ? &r->to_tag
			    : slice_ieqs(name, "from-tag") ? &r->from_tag
							   : NULL;

	if (slice_ieqs(name, "early-only")) {
		r->early_only = true;
		return val.l ? ERR_SYNTAX : 0;
	}
	if (!dst)
		return sip_is_token(name) ? 0 : ERR_SYNTAX;
	if (dst->l || !sip_is_token(val))
		return ERR_SYNTAX;
	*dst = val;
	return 0;
}

int sip_replaces_decode(struct sip_replaces *r, struct slice s)
{
	*r = (struct sip_replaces){0};
	s = sip_trim(s);
	r->callid = sip_trim(slice_cut(&s, ';'));
	if (!callid_ok(r->callid))
		return ERR_SYNTAX;
	while (s.l) {
		struct slice val = slice_cut(&s, ';');
		struct slice name = sip_trim(slice_cut(&val, '='));
		int err = param(r, name, sip_trim(val));

		if (err)
			return err;
	}
	return r->to_tag.l && r->from_tag.l ? 0 : ERR_SYNTAX;
}

void sip_replaces_encode(struct buf *b, const struct sip_replaces *r)
{
	buf_slice(b, r->callid);
	buf_str(b, ";to-tag=");
	buf_slice(b, r->to_tag);
	buf_str(b, ";from-tag=");
	buf_slice(b, r->from_tag);
	if (r->early_only)
		buf_str(b, ";early-only");
}

/* ------------------------------------------------------------------ Refer-To */

/* The method parameter of a URI: ";method=INVITE" among others. */
static struct slice uri_method(struct slice params)
{
	while (params.l) {
		struct slice val = slice_cut(&params, ';');
		struct slice name = slice_cut(&val, '=');

		if (slice_ieqs(name, "method"))
			return val;
	}
	return SLICE_NULL;
}

static int headers(struct sip_refer_to *r, struct slice hdrs)
{
	while (hdrs.l) {
		struct slice val = slice_cut(&hdrs, '&');
		struct slice name = slice_cut(&val, '=');

		if (!slice_ieqs(name, "Replaces"))
			continue;
		if (r->has_replaces)
			return ERR_SYNTAX;
		if (val.l >= sizeof(r->text))
			return ERR_LIMIT;
		if (!sip_unescape(r->text, sizeof(r->text), val))
			return ERR_SYNTAX;
		r->has_replaces = true;
	}
	return r->has_replaces ? sip_replaces_decode(&r->replaces, slice_str(r->text)) : 0;
}

int sip_refer_to_decode(struct sip_refer_to *r, struct slice s)
{
	int err = sip_addr_decode(&r->addr, s);

	r->has_replaces = false;
	r->replaces = (struct sip_replaces){0};
	r->method = SLICE_NULL;
	r->text[0] = '\0';
	if (err)
		return err;
	r->method = uri_method(r->addr.uri.params);
	return headers(r, r->addr.uri.headers);
}

/* What may stand in the header part of a URI as it is (RFC 3261 25.1, hvalue). */
static bool plain(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c && strchr("-_.!~*'()[]/?:+$", c));
}

void sip_refer_to_encode(struct buf *b, struct slice uri, const struct sip_replaces *r)
{
	char text[SIP_REFER_TEXT_MAX];
	struct slice s;
	struct buf v;

	buf_char(b, '<');
	buf_slice(b, uri);
	if (r) {
		buf_init_fixed(&v, text, sizeof(text));
		sip_replaces_encode(&v, r);
		s = buf_err(&v) ? SLICE_NULL : buf_get(&v);
		buf_str(b, "?Replaces=");
		for (size_t i = 0; i < s.l; i++) {
			if (plain(s.p[i]))
				buf_char(b, s.p[i]);
			else
				buf_printf(b, "%%%02X", (unsigned char)s.p[i]);
		}
	}
	buf_char(b, '>');
}
