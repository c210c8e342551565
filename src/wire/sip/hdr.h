/*
 * hdr.h - the names of SIP: methods, headers with their compact forms, tokens.
 * Names are compared in full.
 *
 * Thread: any; constant tables.
 */
#ifndef OFFHOOK_WIRE_SIP_HDR_H
#define OFFHOOK_WIRE_SIP_HDR_H

#include "base/slice.h"

/* clang-format off */
enum sip_method {
	SIP_OTHER_METHOD, SIP_INVITE, SIP_ACK, SIP_BYE, SIP_CANCEL, SIP_REGISTER, SIP_OPTIONS, SIP_PRACK, SIP_UPDATE,
	SIP_INFO, SIP_SUBSCRIBE, SIP_NOTIFY, SIP_PUBLISH, SIP_MESSAGE, SIP_REFER, SIP_METHOD_COUNT
};
/* clang-format on */
/** Method of a name; methods are case-sensitive (RFC 3261 7.1). */
enum sip_method sip_method_id(struct slice name);
/** Name of a known method; "" for SIP_OTHER_METHOD. */
struct slice sip_method_name(enum sip_method m);

/* clang-format off */
/** Every header of RFC 3261 and of its extensions that this project reads or writes by id. One table in hdr.c. */
enum sip_hdr_id {
	SIP_HDR_OTHER,
	SIP_HDR_ACCEPT, SIP_HDR_ACCEPT_CONTACT, SIP_HDR_ACCEPT_ENCODING, SIP_HDR_ACCEPT_LANGUAGE, SIP_HDR_ALERT_INFO,
	SIP_HDR_ALLOW, SIP_HDR_ALLOW_EVENTS, SIP_HDR_AUTHENTICATION_INFO, SIP_HDR_AUTHORIZATION, SIP_HDR_CALL_ID,
	SIP_HDR_CALL_INFO, SIP_HDR_CONTACT, SIP_HDR_CONTENT_DISPOSITION, SIP_HDR_CONTENT_ENCODING, SIP_HDR_CONTENT_LANGUAGE,
	SIP_HDR_CONTENT_LENGTH, SIP_HDR_CONTENT_TYPE, SIP_HDR_CSEQ, SIP_HDR_DATE, SIP_HDR_DIVERSION, SIP_HDR_ERROR_INFO,
	SIP_HDR_EVENT, SIP_HDR_EXPIRES, SIP_HDR_FLOW_TIMER, SIP_HDR_FROM, SIP_HDR_HISTORY_INFO, SIP_HDR_IDENTITY,
	SIP_HDR_IN_REPLY_TO, SIP_HDR_JOIN, SIP_HDR_MAX_FORWARDS, SIP_HDR_MIME_VERSION, SIP_HDR_MIN_EXPIRES, SIP_HDR_MIN_SE,
	SIP_HDR_ORGANIZATION, SIP_HDR_P_ASSERTED_IDENTITY, SIP_HDR_P_PREFERRED_IDENTITY, SIP_HDR_PATH, SIP_HDR_PRIORITY,
	SIP_HDR_PRIVACY, SIP_HDR_PROXY_AUTHENTICATE, SIP_HDR_PROXY_AUTHORIZATION, SIP_HDR_PROXY_REQUIRE, SIP_HDR_RACK,
	SIP_HDR_REASON, SIP_HDR_RECORD_ROUTE, SIP_HDR_REFER_SUB, SIP_HDR_REFER_TO, SIP_HDR_REFERRED_BY,
	SIP_HDR_REJECT_CONTACT, SIP_HDR_REMOTE_PARTY_ID, SIP_HDR_REPLACES, SIP_HDR_REPLY_TO, SIP_HDR_REQUEST_DISPOSITION,
	SIP_HDR_REQUIRE, SIP_HDR_RETRY_AFTER, SIP_HDR_ROUTE, SIP_HDR_RSEQ, SIP_HDR_SERVER, SIP_HDR_SERVICE_ROUTE,
	SIP_HDR_SESSION_EXPIRES, SIP_HDR_SESSION_ID, SIP_HDR_SIP_ETAG, SIP_HDR_SIP_IF_MATCH, SIP_HDR_SUBJECT,
	SIP_HDR_SUBSCRIPTION_STATE, SIP_HDR_SUPPORTED, SIP_HDR_TIMESTAMP, SIP_HDR_TO, SIP_HDR_UNSUPPORTED,
	SIP_HDR_USER_AGENT, SIP_HDR_VIA, SIP_HDR_WARNING, SIP_HDR_WWW_AUTHENTICATE,
	SIP_HDR_COUNT
};
/* clang-format on */
/** Id of a name or compact form, any case; SIP_HDR_OTHER if unknown. */
enum sip_hdr_id sip_hdr_find(struct slice name);
/** Full name. */
struct slice sip_hdr_name(enum sip_hdr_id id);
/** Compact form, or 0. */
char sip_hdr_compact(enum sip_hdr_id id);

/** RFC 3261 25.1 "token", not empty. */
bool sip_is_token(struct slice s);

/** Next parameter of ";a=b;c" (value keeps its quotes), moving *rest; false at the end. */
bool sip_param_next(struct slice *rest, struct slice *name, struct slice *val);
/** Value of parameter `name` (case ignored) in ";a=b;c"; true if present; `val` may be NULL. */
bool sip_param_get(struct slice params, const char *name, struct slice *val);
/** Text of a quoted string with escapes undone, or of a token as it is; cut to size. Returns false if cut. */
bool sip_unquote(char *dst, size_t size, struct slice s);
struct buf;
/** Write as a quoted string, escaping \ and ", leaving control characters out. */
void sip_enc_quoted(struct buf *b, struct slice s);

#endif
