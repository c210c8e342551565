/*
 * uri.h - sip:, sips: and tel: URIs (RFC 3261 19.1, RFC 3966); others are kept as scheme and rest.
 *
 * Thread: any. Ownership: slices of the caller's bytes.
 */
#ifndef OFFHOOK_WIRE_SIP_URI_H
#define OFFHOOK_WIRE_SIP_URI_H

#include "base/buf.h"
#include "base/sa.h"

struct sip_uri {
	struct slice scheme; /**< "sip", "sips", "tel" or another */
	struct slice user;   /**< as written (escapes kept); the number of a tel: URI */
	struct slice password;
	struct slice host;    /**< name or address; IPv6 without brackets */
	int af;               /**< AF_INET, AF_INET6 when host is a literal address, else 0 */
	uint16_t port;        /**< 0 if absent */
	struct slice params;  /**< from the first ';' (with it) */
	struct slice headers; /**< behind '?' */
	struct slice opaque;  /**< all behind the colon, for other schemes */
};

/** The whole slice is one URI; ERR_SYNTAX. */
int sip_uri_decode(struct sip_uri *u, struct slice s) MUST_CHECK;
void sip_uri_encode(struct buf *b, const struct sip_uri *u);
/** Equivalence of RFC 3261 19.1.4 (escapes, case, parameters, order). */
bool sip_uri_eq(const struct sip_uri *a, const struct sip_uri *b);
/** Undo %XX; false if cut or a bad escape stands in it. */
bool sip_unescape(char *dst, size_t size, struct slice s);
/** Write a user part, escaping what RFC 3261 asks for. */
void sip_enc_user(struct buf *b, struct slice user);
/** Literal host and port (or `defport`) as an address; ENOENT if host is a name. */
int sip_uri_sa(const struct sip_uri *u, uint16_t defport, struct sa *a) MUST_CHECK;

#endif
