/*
 * history_info.c - the History-Info header (RFC 7044 5).
 */
#include "wire/sip/history_info.h"
#include "wire/sip/hdr.h"
#include "wire/sip/lex.h"
#include "wire/sip/privacy.h"
#include "wire/sip/reason_value.h"

/* Numbers with dots between them. */
static bool is_index(struct slice s)
{
	if (!s.l)
		return false;
	for (size_t i = 0; i < s.l; i++) {
		bool dot = s.p[i] == '.';

		if (!dot && !sip_is(s.p[i], CC_DIGIT))
			return false;
		if (dot && (!i || i + 1 == s.l || s.p[i - 1] == '.'))
			return false;
	}
	return true;
}

static enum sip_history_how how_of(struct slice name)
{
	if (slice_ieqs(name, "rc"))
		return SIP_HISTORY_RC;
	if (slice_ieqs(name, "mp"))
		return SIP_HISTORY_MP;
	return slice_ieqs(name, "np") ? SIP_HISTORY_NP : SIP_HISTORY_PLAIN;
}

int sip_history_decode(struct sip_history *h, struct slice s)
{
	struct slice rest, n, v;
	int err;

	*h = (struct sip_history){0};
	err = sip_addr_decode(&h->addr, s);
	if (err)
		return err;
	rest = h->addr.params;
	while (sip_param_next(&rest, &n, &v)) {
		if (slice_ieqs(n, "index")) {
			h->index = v;
		} else if (how_of(n) && !h->how) {
			h->how = how_of(n);
			h->from = v;
		}
	}
	if (is_index(h->index))
		return 0;
	*h = (struct sip_history){0};
	return ERR_SYNTAX;
}

/* A header of the URI, its escapes undone; empty if it is not there. */
static struct slice uri_header(const struct sip_history *h, const char *name, char *dst, size_t size)
{
	struct slice rest = h->addr.uri.headers;

	while (rest.l) {
		struct slice v = slice_cut(&rest, '&'), n = slice_cut(&v, '=');

		if (slice_ieqs(n, name))
			return sip_unescape(dst, size, v) ? slice_str(dst) : SLICE_NULL;
	}
	return SLICE_NULL;
}

uint16_t sip_history_cause(const struct sip_history *h)
{
	char text[SIP_HISTORY_URI_MAX];
	struct slice rest = uri_header(h, "Reason", text, sizeof(text));
	struct sip_reason_value r;

	while (rest.l) {
		struct slice v = sip_list_cut(&rest);

		if (!sip_reason_value_decode(&r, v) && slice_ieqs(r.protocol, "SIP"))
			return r.cause >= 100 && r.cause <= 699 ? r.cause : 0;
	}
	return 0;
}

bool sip_history_hidden(const struct sip_history *h)
{
	char text[SIP_HISTORY_URI_MAX];
	unsigned bits = sip_privacy_decode(uri_header(h, "Privacy", text, sizeof(text)));

	return bits & (SIP_PRIVACY_HISTORY | SIP_PRIVACY_ID | SIP_PRIVACY_USER);
}

/* "1.1.1" */
static void enc_index(struct buf *b, unsigned depth)
{
	buf_char(b, '1');
	while (depth-- > 1)
		buf_str(b, ".1");
}

void sip_history_encode(struct buf *b, const struct sip_history_out *o)
{
	static const char *const how[] = {NULL, "rc", "mp", "np"};

	if (o->display.l) {
		sip_enc_quoted(b, o->display);
		buf_char(b, ' ');
	}
	buf_char(b, '<');
	buf_slice(b, o->uri);
	if (o->cause)
		buf_printf(b, "?Reason=SIP%%3Bcause%%3D%u", o->cause);
	if (o->hidden)
		buf_printf(b, "%cPrivacy=history", o->cause ? '&' : '?');
	buf_str(b, ">;index=");
	enc_index(b, o->depth);
	if (o->how && o->depth > 1) {
		buf_printf(b, ";%s=", how[o->how]);
		enc_index(b, o->depth - 1);
	}
}
