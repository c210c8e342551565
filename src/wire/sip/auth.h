/*
 * auth.h - digest challenges and credentials as text (RFC 3261 20.44/20.7, RFC 7616 3.3/3.4, RFC 8760).
 *
 * Thread: any. Ownership: slices; quoted values are without their quotes, escapes kept.
 */
#ifndef OFFHOOK_WIRE_SIP_AUTH_H
#define OFFHOOK_WIRE_SIP_AUTH_H

#include "base/buf.h"

enum sip_digest_alg { SIP_DIGEST_MD5, SIP_DIGEST_SHA256, SIP_DIGEST_SHA512_256, SIP_DIGEST_ALG_UNKNOWN };
/** Algorithm of a token; an empty one means MD5. "-sess" variants are unknown. */
enum sip_digest_alg sip_digest_alg_find(struct slice s);
/** "MD5", "SHA-256", "SHA-512-256". */
const char *sip_digest_alg_name(enum sip_digest_alg a);

/** WWW-/Proxy-Authenticate. */
struct sip_challenge {
	struct slice realm, nonce, opaque, algorithm, qop, domain;
	bool stale;
};
/** ERR_SYNTAX; ENOTSUP if the scheme is not Digest. */
int sip_challenge_decode(struct sip_challenge *c, struct slice s) MUST_CHECK;

/** (Proxy-)Authorization. */
struct sip_credentials {
	struct slice username, realm, nonce, uri, response, algorithm, cnonce, opaque, qop, nc;
	bool username_ext; /**< username* (RFC 7616 3.4.1), value as written */
};
/** ERR_SYNTAX (also when username, realm, nonce, uri or response is missing); ENOTSUP for other schemes. */
int sip_credentials_decode(struct sip_credentials *c, struct slice s) MUST_CHECK;
void sip_credentials_encode(struct buf *b, const struct sip_credentials *c);

#endif
