/*
 * lex.h - the letters of SIP's grammar (RFC 3261 25.1), shared by the decoders of this folder and private to it.
 *
 * Thread: any; constant tables. Ownership: slices.
 */
#ifndef OFFHOOK_WIRE_SIP_LEX_H
#define OFFHOOK_WIRE_SIP_LEX_H

#include "base/slice.h"

/** Character classes, one bit each, of sip_cc[]. */
enum {
	CC_TOKEN = 1, /**< token */
	CC_USER = 2,  /**< user part without escapes; '#' too, as phones send it */
	CC_PARAM = 4, /**< URI parameter: unreserved, param-unreserved and '=' */
	CC_UHDR = 8,  /**< URI headers: unreserved, hnv-unreserved, '=' and '&' */
	CC_HOST = 16, /**< host name; '_' too, as it is met in the field */
	CC_DIGIT = 32,
	CC_HEX = 64,
	CC_ALPHA = 128
};
extern const uint8_t sip_cc[256];

static inline bool sip_is(char c, unsigned mask)
{
	return sip_cc[(uint8_t)c] & mask;
}

static inline bool sip_is_ws(char c)
{
	return c == ' ' || c == '\t';
}

/** First byte at or behind p that is not in `mask`. */
static inline const char *sip_span(const char *p, const char *e, unsigned mask)
{
	while (p < e && sip_is(*p, mask))
		p++;
	return p;
}

/** First byte at or behind p that is neither space nor tab. */
static inline const char *sip_skip_ws(const char *p, const char *e)
{
	while (p < e && sip_is_ws(*p))
		p++;
	return p;
}

/** The bytes from p to e. */
static inline struct slice sip_between(const char *p, const char *e)
{
	return slice_mem(p, (size_t)(e - p));
}

/** Behind the last byte; the empty slice may be NULL, to which nothing can be added. */
static inline const char *sip_end(struct slice s)
{
	return s.l ? s.p + s.l : s.p;
}

/** Without spaces and tabs at both ends. */
static inline struct slice sip_trim(struct slice s)
{
	while (s.l && sip_is_ws(s.p[0]))
		s.p++, s.l--;
	while (s.l && sip_is_ws(s.p[s.l - 1]))
		s.l--;
	return s;
}

/** p is at an opening quote: the byte behind the closing one, or NULL. */
const char *sip_quote_end(const char *p, const char *e);
/** All bytes are in `mask` or escapes of the form %HH. */
bool sip_chars_ok(struct slice s, unsigned mask);
/** Value of a hexadecimal digit, -1 if it is none. */
int sip_hex(char c);
/** Lower-case letter of an ASCII letter, other bytes as they are. */
static inline char sip_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/** What sip_param_lex() met. */
enum sip_lex { SIP_LEX_BAD = -1, SIP_LEX_END, SIP_LEX_ONE };
/**
 * Next of ";a=b;c". Strict: every parameter has a token for a name and stands behind exactly one ';'.
 * Otherwise empty ones are skipped and the first need not have its ';'.
 */
enum sip_lex sip_param_lex(struct slice *rest, struct slice *name, struct slice *val, bool strict);
/** Cut the first value of a comma list (quotes and <> respected); the rest begins behind the comma. */
struct slice sip_list_cut(struct slice *rest);

/**
 * host [":" port] from p on: *host without brackets, *port 0 if absent, *af as in sip_uri. With `ws`, white space may
 * stand around the colon. Returns the byte behind, or NULL.
 */
const char *sip_hostport(const char *p, const char *e, bool ws, struct slice *host, uint16_t *port, int *af);

#endif
