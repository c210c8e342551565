/*
 * sip_identity.c - who calls, read from an INVITE and written into one: From, asserted and preferred identities (RFC
 * 3325), Remote-Party-ID, Privacy (RFC 3323).
 */
#include <string.h>
#include "base/utf8.h"
#include "call/sip_identity.h"
#include "wire/sip/privacy.h"
#include "wire/sip/remote_party_id.h"

#define ANONYMOUS     "anonymous"
#define ANONYMOUS_URI "sip:anonymous@anonymous.invalid"

enum { TEXT_MAX = 512 /* bytes of a display name that are looked at */ };

/* ------------------------------------------------------------------ text */

/* Control characters, and those that turn the direction of what follows: a display would lie. */
static bool unwanted(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x061c || (cp >= 0x200e && cp <= 0x200f) ||
	       (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069);
}

void sip_identity_text(char *dst, size_t size, struct slice display)
{
	char raw[TEXT_MAX];
	uint32_t cp = 0;
	size_t n = 0, l;

	(void)sip_unquote(raw, sizeof(raw), display);
	l = strlen(raw);
	for (size_t i = 0; i < l;) {
		size_t k = utf8_next(raw + i, l - i, &cp);

		if (k && !unwanted(cp) && (n || cp != ' ')) {
			if (n + k >= size)
				break;
			memcpy(dst + n, raw + i, k);
			n += k;
		}
		i += k ? k : 1;
	}
	while (n && dst[n - 1] == ' ')
		n--;
	dst[n] = '\0';
}

/* Digits with nothing but visual separators (RFC 3966 3) between them. */
static bool is_phone_number(const char *s)
{
	return *s && s[strspn(s, "+0123456789*#-.() ")] == '\0';
}

/*
 * The number of a URI: without parameters in the user part, without the separators of telephone numbers. Empty if it
 * does not fit, has control characters or is no text at all.
 */
static void uri_number(char dst[64], const struct sip_uri *u)
{
	char raw[128];
	struct slice user = u->user;
	size_t n = 0;

	dst[0] = '\0';
	user = slice_cut(&user, ';');
	if (!user.l || !sip_unescape(raw, sizeof(raw), user))
		return;
	if (!utf8_ok(slice_str(raw)))
		return;
	bool phone = is_phone_number(raw) && (slice_ieqs(u->scheme, "tel") || sip_param_get(u->params, "user", NULL));

	for (const char *p = raw; *p; p++) {
		if ((uint8_t)*p < ' ' || *p == 0x7f || n == 63) {
			dst[0] = '\0';
			return;
		}
		if (!phone || !strchr("-.() ", *p))
			dst[n++] = *p;
	}
	dst[n] = '\0';
}

/* ------------------------------------------------------------------ reading */

static bool uri_anonymous(const struct sip_uri *u)
{
	return slice_ieqs(u->user, ANONYMOUS) || slice_ieqs(u->host, "anonymous.invalid");
}

bool sip_identity_from_anonymous(const struct sip_msg *msg)
{
	return uri_anonymous(&msg->from.uri);
}

/* Two values at most, a sip: and a tel: URI (RFC 3325 9.1); the first number and the first name count. */
static bool read_pai(struct party *p, const struct sip_msg *msg)
{
	struct sip_val_iter it = {0};
	struct sip_addr a;
	struct slice v;
	char number[64];
	bool found = false;

	for (int i = 0; i < 2 && sip_msg_next_val(msg, SIP_HDR_P_ASSERTED_IDENTITY, &it, &v); i++) {
		if (sip_addr_decode(&a, v))
			continue;
		uri_number(number, &a.uri);
		if (!number[0] || uri_anonymous(&a.uri))
			continue;
		if (!found)
			memcpy(p->number, number, sizeof(p->number));
		if (!p->name[0])
			sip_identity_text(p->name, sizeof(p->name), a.display);
		found = true;
	}
	return found;
}

static bool read_rpid(struct party *p, const struct sip_msg *msg)
{
	struct sip_val_iter it = {0};
	struct sip_rpid r;
	struct slice v;

	while (sip_msg_next_val(msg, SIP_HDR_REMOTE_PARTY_ID, &it, &v)) {
		/* in a request the calling party is its sender, in a response the called one is */
		if (sip_rpid_decode(&r, v) || (msg->req && r.called))
			continue;
		p->hidden = p->hidden || r.hidden;
		uri_number(p->number, &r.addr.uri);
		if (!p->number[0] || uri_anonymous(&r.addr.uri)) {
			p->number[0] = '\0';
			continue;
		}
		sip_identity_text(p->name, sizeof(p->name), r.addr.display);
		return true;
	}
	return false;
}

bool sip_identity_asserted(struct party *p, const struct sip_msg *msg)
{
	*p = (struct party){.hidden = sip_privacy_hides(sip_privacy_get(msg))};
	return read_pai(p, msg) || read_rpid(p, msg);
}

void sip_identity_caller(struct party *p, const struct sip_msg *msg, bool trusted)
{
	bool anonymous = sip_identity_from_anonymous(msg);

	*p = (struct party){{0}};
	if (trusted && sip_identity_asserted(p, msg)) {
		if (!p->name[0] && !anonymous)
			sip_identity_text(p->name, sizeof(p->name), msg->from.display);
		p->hidden = p->hidden || anonymous;
		return;
	}
	p->hidden = p->hidden || anonymous || sip_privacy_hides(sip_privacy_get(msg));
	if (!anonymous) {
		uri_number(p->number, &msg->from.uri);
		sip_identity_text(p->name, sizeof(p->name), msg->from.display);
	}
	if (!p->number[0])
		strcpy(p->number, ANONYMOUS);
}

void sip_identity_note(struct sip_leg *sl, const struct sip_msg *msg)
{
	struct leg *l = sl->leg;
	struct party p;

	sip_session_note(sl, msg);
	if (!l->trusted || !sip_identity_asserted(&p, msg))
		return;
	if (!p.name[0] && !strcmp(p.number, l->party.number))
		memcpy(p.name, l->party.name, sizeof(p.name));
	leg_ev_party(l, &p);
}

/* ------------------------------------------------------------------ writing */

void sip_identity_host(struct buf *b, const struct sa *us)
{
	char txt[SA_STRLEN];

	if (sa_port(us) != SIP_PORT)
		buf_str(b, sa_str(us, txt));
	else if (sa_af(us) == AF_INET6)
		buf_printf(b, "[%s]", sa_ntop(us, txt));
	else
		buf_str(b, sa_ntop(us, txt));
}

/* A party without a number cannot be told to anybody. */
static bool nameless(const struct party *who)
{
	return !who->number[0] || !strcmp(who->number, ANONYMOUS);
}

static void enc_uri(struct buf *b, const struct sip_identity_out *o)
{
	buf_str(b, "sip:");
	sip_enc_user(b, slice_str(o->who->number));
	buf_char(b, '@');
	buf_slice(b, o->host);
}

int sip_identity_from(struct buf *uri, struct slice *display, const struct sip_identity_out *o)
{
	bool anonymous = o->who->hidden || nameless(o->who);

	*display = anonymous ? SLICE("Anonymous") : slice_str(o->who->name);
	if (anonymous)
		buf_str(uri, ANONYMOUS_URI);
	else
		enc_uri(uri, o);
	return buf_err(uri);
}

struct slice sip_identity_contact_user(const struct party *who)
{
	return who->hidden || nameless(who) ? SLICE(ANONYMOUS) : slice_str(who->number);
}

static void enc_name_addr(struct buf *b, const struct sip_identity_out *o)
{
	if (o->who->name[0]) {
		sip_enc_quoted(b, slice_str(o->who->name));
		buf_char(b, ' ');
	}
	buf_char(b, '<');
	enc_uri(b, o);
	buf_char(b, '>');
}

static void enc_rpid(struct buf *b, const struct sip_identity_out *o)
{
	buf_slice(b, sip_hdr_name(SIP_HDR_REMOTE_PARTY_ID));
	buf_str(b, ": ");
	enc_name_addr(b, o);
	buf_str(b, o->called ? ";party=called" : ";party=calling");
	buf_str(b, o->who->hidden ? ";privacy=full" : ";privacy=off");
	buf_str(b, ";screen=yes\r\n");
}

static void enc_asserted(struct buf *b, enum sip_hdr_id id, const struct sip_identity_out *o)
{
	buf_slice(b, sip_hdr_name(id));
	buf_str(b, ": ");
	enc_name_addr(b, o);
	buf_str(b, "\r\n");
}

void sip_identity_enc_one(struct buf *b, const struct sip_identity_out *o)
{
	/* Who must stay hidden from the peer is not written at all (RFC 3325 7). */
	if (nameless(o->who) || (o->who->hidden && !o->trusted))
		return;
	switch (o->kind) {
	case TRUNK_ID_FROM:
		break;
	case TRUNK_ID_PAI:
		enc_asserted(b, SIP_HDR_P_ASSERTED_IDENTITY, o);
		break;
	case TRUNK_ID_PPI:
		enc_asserted(b, SIP_HDR_P_PREFERRED_IDENTITY, o);
		break;
	case TRUNK_ID_RPID:
		enc_rpid(b, o);
		break;
	}
}

int sip_identity_enc(struct buf *b, const struct sip_identity_out *o)
{
	sip_identity_enc_one(b, o);
	if (o->who->hidden)
		sip_enc_hdr(b, SIP_HDR_PRIVACY, SLICE("id"));
	return buf_err(b);
}

int sip_identity_invite(struct buf *b, const struct leg *l, const struct sip_identity_out *o, size_t ndiverted)
{
	const struct call *c = l->call;

	if (c->pass)
		sip_headers_enc(b, rbuf_slice(c->pass), o->trusted && c->a && c->a->trusted);
	(void)sip_identity_enc(b, o);
	if (c->diverted)
		sip_diverted_enc(b, c->diverted, ndiverted, l->party.number, o->host, o->trusted);
	return buf_err(b);
}
