/*
 * hdr.c - the names of SIP: the tables of methods and headers, tokens, parameters, quoted strings (RFC 3261 7.3, 25.1;
 * compact forms of RFC 3261, 3515, 3841, 3892, 4028, 6665, 8224).
 *
 * A new header: its id in hdr.h, its row in `names`, its id in the row of its length in `by_len`.
 */
#include <string.h>
#include "base/buf.h"
#include "wire/sip/hdr.h"
#include "wire/sip/lex.h"

#define METHOD(m) [SIP_##m] = {#m, sizeof(#m) - 1}
static const struct slice methods[SIP_METHOD_COUNT] = {
	METHOD(INVITE),  METHOD(ACK),     METHOD(BYE),     METHOD(CANCEL), METHOD(REGISTER),
	METHOD(OPTIONS), METHOD(PRACK),   METHOD(UPDATE),  METHOD(INFO),   METHOD(SUBSCRIBE),
	METHOD(NOTIFY),  METHOD(PUBLISH), METHOD(MESSAGE), METHOD(REFER),
};

struct hdr_name {
	struct slice name;
	char compact;
};
#define NAME(id, lit)     [SIP_HDR_##id] = {{lit, sizeof(lit) - 1}, 0}
#define SHORT(id, lit, c) [SIP_HDR_##id] = {{lit, sizeof(lit) - 1}, c}

static const struct hdr_name names[SIP_HDR_COUNT] = {
	NAME(OTHER, ""),
	NAME(ACCEPT, "Accept"),
	SHORT(ACCEPT_CONTACT, "Accept-Contact", 'a'),
	NAME(ACCEPT_ENCODING, "Accept-Encoding"),
	NAME(ACCEPT_LANGUAGE, "Accept-Language"),
	NAME(ALERT_INFO, "Alert-Info"),
	NAME(ALLOW, "Allow"),
	SHORT(ALLOW_EVENTS, "Allow-Events", 'u'),
	NAME(AUTHENTICATION_INFO, "Authentication-Info"),
	NAME(AUTHORIZATION, "Authorization"),
	SHORT(CALL_ID, "Call-ID", 'i'),
	NAME(CALL_INFO, "Call-Info"),
	SHORT(CONTACT, "Contact", 'm'),
	NAME(CONTENT_DISPOSITION, "Content-Disposition"),
	SHORT(CONTENT_ENCODING, "Content-Encoding", 'e'),
	NAME(CONTENT_LANGUAGE, "Content-Language"),
	SHORT(CONTENT_LENGTH, "Content-Length", 'l'),
	SHORT(CONTENT_TYPE, "Content-Type", 'c'),
	NAME(CSEQ, "CSeq"),
	NAME(DATE, "Date"),
	NAME(DIVERSION, "Diversion"),
	NAME(ERROR_INFO, "Error-Info"),
	SHORT(EVENT, "Event", 'o'),
	NAME(EXPIRES, "Expires"),
	NAME(FLOW_TIMER, "Flow-Timer"),
	SHORT(FROM, "From", 'f'),
	NAME(HISTORY_INFO, "History-Info"),
	SHORT(IDENTITY, "Identity", 'y'),
	NAME(IN_REPLY_TO, "In-Reply-To"),
	NAME(JOIN, "Join"),
	NAME(MAX_FORWARDS, "Max-Forwards"),
	NAME(MIME_VERSION, "MIME-Version"),
	NAME(MIN_EXPIRES, "Min-Expires"),
	NAME(MIN_SE, "Min-SE"),
	NAME(ORGANIZATION, "Organization"),
	NAME(P_ASSERTED_IDENTITY, "P-Asserted-Identity"),
	NAME(P_PREFERRED_IDENTITY, "P-Preferred-Identity"),
	NAME(PATH, "Path"),
	NAME(PRIORITY, "Priority"),
	NAME(PRIVACY, "Privacy"),
	NAME(PROXY_AUTHENTICATE, "Proxy-Authenticate"),
	NAME(PROXY_AUTHORIZATION, "Proxy-Authorization"),
	NAME(PROXY_REQUIRE, "Proxy-Require"),
	NAME(RACK, "RAck"),
	NAME(REASON, "Reason"),
	NAME(RECORD_ROUTE, "Record-Route"),
	NAME(REFER_SUB, "Refer-Sub"),
	SHORT(REFER_TO, "Refer-To", 'r'),
	SHORT(REFERRED_BY, "Referred-By", 'b'),
	SHORT(REJECT_CONTACT, "Reject-Contact", 'j'),
	NAME(REMOTE_PARTY_ID, "Remote-Party-ID"),
	NAME(REPLACES, "Replaces"),
	NAME(REPLY_TO, "Reply-To"),
	SHORT(REQUEST_DISPOSITION, "Request-Disposition", 'd'),
	NAME(REQUIRE, "Require"),
	NAME(RETRY_AFTER, "Retry-After"),
	NAME(ROUTE, "Route"),
	NAME(RSEQ, "RSeq"),
	NAME(SERVER, "Server"),
	NAME(SERVICE_ROUTE, "Service-Route"),
	SHORT(SESSION_EXPIRES, "Session-Expires", 'x'),
	NAME(SESSION_ID, "Session-ID"),
	NAME(SIP_ETAG, "SIP-ETag"),
	NAME(SIP_IF_MATCH, "SIP-If-Match"),
	SHORT(SUBJECT, "Subject", 's'),
	NAME(SUBSCRIPTION_STATE, "Subscription-State"),
	SHORT(SUPPORTED, "Supported", 'k'),
	NAME(TIMESTAMP, "Timestamp"),
	SHORT(TO, "To", 't'),
	NAME(UNSUPPORTED, "Unsupported"),
	NAME(USER_AGENT, "User-Agent"),
	SHORT(VIA, "Via", 'v'),
	NAME(WARNING, "Warning"),
	NAME(WWW_AUTHENTICATE, "WWW-Authenticate"),
};

enum { NAME_MAX_LEN = 20, BY_LEN_MAX = 10 };

/* Ids by the length of the full name, the frequent ones first. */
static const uint8_t by_len[NAME_MAX_LEN + 1][BY_LEN_MAX] = {
	[2] = {SIP_HDR_TO},
	[3] = {SIP_HDR_VIA},
	[4] = {SIP_HDR_FROM, SIP_HDR_CSEQ, SIP_HDR_DATE, SIP_HDR_PATH, SIP_HDR_RACK, SIP_HDR_RSEQ, SIP_HDR_JOIN},
	[5] = {SIP_HDR_ALLOW, SIP_HDR_ROUTE, SIP_HDR_EVENT},
	[6] = {SIP_HDR_ACCEPT, SIP_HDR_SERVER, SIP_HDR_REASON, SIP_HDR_MIN_SE},
	[7] = {SIP_HDR_CONTACT, SIP_HDR_CALL_ID, SIP_HDR_EXPIRES, SIP_HDR_REQUIRE, SIP_HDR_PRIVACY, SIP_HDR_SUBJECT,
	       SIP_HDR_WARNING},
	[8] = {SIP_HDR_REFER_TO, SIP_HDR_REPLACES, SIP_HDR_IDENTITY, SIP_HDR_PRIORITY, SIP_HDR_REPLY_TO,
	       SIP_HDR_SIP_ETAG},
	[9] = {SIP_HDR_SUPPORTED, SIP_HDR_DIVERSION, SIP_HDR_TIMESTAMP, SIP_HDR_CALL_INFO, SIP_HDR_REFER_SUB},
	[10] = {SIP_HDR_USER_AGENT, SIP_HDR_ALERT_INFO, SIP_HDR_SESSION_ID, SIP_HDR_ERROR_INFO, SIP_HDR_FLOW_TIMER},
	[11] = {SIP_HDR_REFERRED_BY, SIP_HDR_MIN_EXPIRES, SIP_HDR_RETRY_AFTER, SIP_HDR_UNSUPPORTED,
		SIP_HDR_IN_REPLY_TO},
	[12] = {SIP_HDR_MAX_FORWARDS, SIP_HDR_CONTENT_TYPE, SIP_HDR_RECORD_ROUTE, SIP_HDR_ALLOW_EVENTS,
		SIP_HDR_HISTORY_INFO, SIP_HDR_ORGANIZATION, SIP_HDR_SIP_IF_MATCH, SIP_HDR_MIME_VERSION},
	[13] = {SIP_HDR_AUTHORIZATION, SIP_HDR_SERVICE_ROUTE, SIP_HDR_PROXY_REQUIRE},
	[14] = {SIP_HDR_CONTENT_LENGTH, SIP_HDR_ACCEPT_CONTACT, SIP_HDR_REJECT_CONTACT},
	[15] = {SIP_HDR_SESSION_EXPIRES, SIP_HDR_REMOTE_PARTY_ID, SIP_HDR_ACCEPT_LANGUAGE, SIP_HDR_ACCEPT_ENCODING},
	[16] = {SIP_HDR_WWW_AUTHENTICATE, SIP_HDR_CONTENT_ENCODING, SIP_HDR_CONTENT_LANGUAGE},
	[18] = {SIP_HDR_PROXY_AUTHENTICATE, SIP_HDR_SUBSCRIPTION_STATE},
	[19] = {SIP_HDR_PROXY_AUTHORIZATION, SIP_HDR_P_ASSERTED_IDENTITY, SIP_HDR_CONTENT_DISPOSITION,
		SIP_HDR_AUTHENTICATION_INFO, SIP_HDR_REQUEST_DISPOSITION},
	[20] = {SIP_HDR_P_PREFERRED_IDENTITY},
};

static const uint8_t by_letter[26] = {
	['a' - 'a'] = SIP_HDR_ACCEPT_CONTACT,
	['b' - 'a'] = SIP_HDR_REFERRED_BY,
	['c' - 'a'] = SIP_HDR_CONTENT_TYPE,
	['d' - 'a'] = SIP_HDR_REQUEST_DISPOSITION,
	['e' - 'a'] = SIP_HDR_CONTENT_ENCODING,
	['f' - 'a'] = SIP_HDR_FROM,
	['i' - 'a'] = SIP_HDR_CALL_ID,
	['j' - 'a'] = SIP_HDR_REJECT_CONTACT,
	['k' - 'a'] = SIP_HDR_SUPPORTED,
	['l' - 'a'] = SIP_HDR_CONTENT_LENGTH,
	['m' - 'a'] = SIP_HDR_CONTACT,
	['o' - 'a'] = SIP_HDR_EVENT,
	['r' - 'a'] = SIP_HDR_REFER_TO,
	['s' - 'a'] = SIP_HDR_SUBJECT,
	['t' - 'a'] = SIP_HDR_TO,
	['u' - 'a'] = SIP_HDR_ALLOW_EVENTS,
	['v' - 'a'] = SIP_HDR_VIA,
	['x' - 'a'] = SIP_HDR_SESSION_EXPIRES,
	['y' - 'a'] = SIP_HDR_IDENTITY,
};

enum sip_method sip_method_id(struct slice name)
{
	if (!name.l)
		return SIP_OTHER_METHOD;
	for (int i = SIP_INVITE; i < SIP_METHOD_COUNT; i++) {
		if (methods[i].l == name.l && methods[i].p[0] == name.p[0] && !memcmp(methods[i].p, name.p, name.l))
			return (enum sip_method)i;
	}
	return SIP_OTHER_METHOD;
}

struct slice sip_method_name(enum sip_method m)
{
	if ((unsigned)m >= SIP_METHOD_COUNT || !methods[m].p)
		return SLICE("");
	return methods[m];
}

/* Equal but for case; the lengths are equal. Almost all names are written as in the table, so bytes are tried first. */
static bool name_is(struct slice want, struct slice s)
{
	if (!memcmp(want.p, s.p, s.l))
		return true;
	for (size_t i = 0; i < s.l; i++) {
		if (sip_lower(want.p[i]) != sip_lower(s.p[i]))
			return false;
	}
	return true;
}

enum sip_hdr_id sip_hdr_find(struct slice name)
{
	char c;

	if (!name.l || name.l > NAME_MAX_LEN)
		return SIP_HDR_OTHER;
	c = sip_lower(name.p[0]);
	if (name.l == 1)
		return c >= 'a' && c <= 'z' ? (enum sip_hdr_id)by_letter[c - 'a'] : SIP_HDR_OTHER;
	for (const uint8_t *id = by_len[name.l]; id < by_len[name.l] + BY_LEN_MAX && *id; id++) {
		if (sip_lower(names[*id].name.p[0]) == c && name_is(names[*id].name, name))
			return (enum sip_hdr_id)id[0];
	}
	return SIP_HDR_OTHER;
}

struct slice sip_hdr_name(enum sip_hdr_id id)
{
	return (unsigned)id < SIP_HDR_COUNT ? names[id].name : SLICE("");
}

char sip_hdr_compact(enum sip_hdr_id id)
{
	return (unsigned)id < SIP_HDR_COUNT ? names[id].compact : 0;
}

bool sip_is_token(struct slice s)
{
	return s.l && sip_span(s.p, sip_end(s), CC_TOKEN) == sip_end(s);
}

bool sip_param_next(struct slice *rest, struct slice *name, struct slice *val)
{
	return sip_param_lex(rest, name, val, false) == SIP_LEX_ONE;
}

bool sip_param_get(struct slice params, const char *name, struct slice *val)
{
	struct slice want = slice_str(name), n, v;

	while (sip_param_next(&params, &n, &v)) {
		if (slice_ieq(n, want)) {
			if (val)
				*val = v;
			return true;
		}
	}
	return false;
}

bool sip_unquote(char *dst, size_t size, struct slice s)
{
	size_t n = 0;

	if (!size)
		return false;
	s = sip_trim(s);
	if (s.l < 2 || s.p[0] != '"' || s.p[s.l - 1] != '"')
		return slice_copy(dst, size, s);
	for (size_t i = 1; i < s.l - 1; i++) {
		if (s.p[i] == '\\' && i + 1 < s.l - 1)
			i++;
		if (n + 1 >= size) {
			dst[n] = '\0';
			return false;
		}
		dst[n++] = s.p[i];
	}
	dst[n] = '\0';
	return true;
}

void sip_enc_quoted(struct buf *b, struct slice s)
{
	buf_char(b, '"');
	for (size_t i = 0; i < s.l; i++) {
		uint8_t c = (uint8_t)s.p[i];

		if (c < ' ' || c == 0x7f)
			continue;
		if (c == '"' || c == '\\')
			buf_char(b, '\\');
		buf_char(b, s.p[i]);
	}
	buf_char(b, '"');
}
