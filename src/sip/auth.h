/*
 * auth.h - digest authentication (RFC 7616, RFC 8760): challenges we give, answers we give.
 *
 * Server: nonces are stateless (time, source address, HMAC) with a small table of
 * the counts in use, so that replays are refused and memory is bounded. A nonce is
 * bound to the address and port it was given to. SHA-256 is offered first, MD5
 * second; a phone (address and user of From) that failed twice with SHA-256, or left
 * two such challenges unanswered, or is known to stumble over it, gets MD5 alone. Answers
 * without qop are taken; their nonce is good once.
 * Thread: the stack's loop. Secrets are never logged.
 */
#ifndef OFFHOOK_SIP_AUTH_H
#define OFFHOOK_SIP_AUTH_H

#include "sip/trans.h"
#include "wire/sip/auth.h"

enum { SIP_HA1_MAX = 64 }; /**< hex digits of SHA-256 */

/** HA1 of both algorithms, lower-case hex with terminator. */
struct sip_ha1 {
	char md5[33], sha256[65];
};
/** Compute them (user, realm, password). */
void sip_ha1_make(struct sip_ha1 *h, struct slice user, struct slice realm, struct slice password);

struct sip_auth;
struct sip_auth_cfg {
	struct loop *loop;
	const char *realm;     /**< copied */
	uint32_t nonce_life_s; /**< 0 = 300; older: stale=true */
	uint32_t max_counts;   /**< nonces whose counts are kept, 0 = 65536, up to 32 bytes each when in use */
	bool sha256_only;
};
/** New authenticator; ENOMEM. mem_deref it. */
int sip_auth_alloc(struct sip_auth **ap, const struct sip_auth_cfg *cfg) MUST_CHECK;

enum sip_auth_result {
	SIP_AUTH_OK,
	SIP_AUTH_CHALLENGE, /**< no credentials for our realm: challenge */
	SIP_AUTH_STALE,     /**< right secret, old nonce: challenge with stale=true */
	SIP_AUTH_BAD, /**< wrong secret, unknown user, replayed or foreign nonce: challenge again, count as failure */
	SIP_AUTH_MALFORMED /**< 400 */
};
/** Outcome with who it was. */
struct sip_auth_info {
	enum sip_auth_result res;
	char user[128]; /**< username as claimed, unescaped; "" without credentials */
	bool counts;    /**< a wrong secret with a nonce issued to this very address: may count for a ban */
};
/** HA1 of a user: ENOENT for an unknown user (a false secret is then checked, so that time and answers are the same).
 */
typedef int(sip_auth_lookup_h)(struct slice user, struct sip_ha1 *h, void *arg);
/**
 * Check the Authorization (REGISTER; `proxy` false) or Proxy-Authorization (proxy true) of a request. The digest URI
 * may differ from the Request-URI (phones and sipp write other ports and hosts, or no user), but if both have a user it
 * must be the same.
 */
void sip_auth_check(struct sip_auth *a, const struct sip_msg *msg, bool proxy, sip_auth_lookup_h *lookup, void *arg,
		    struct sip_auth_info *info);
/** Header lines of a challenge for this message (WWW-Authenticate or Proxy-Authenticate, one per algorithm) into `b`.
 */
void sip_auth_challenge(struct sip_auth *a, const struct sip_msg *msg, bool proxy, bool stale, struct buf *b);
/** Answer 401/407 with the challenge. */
void sip_auth_reply(struct sip_auth *a, struct sip_strans *st, bool proxy, bool stale);

/* ---- client ---- */

/** Credentials for answering 401 and 407. */
struct sip_cred {
	struct slice user, password;
	struct slice realm; /**< empty = any */
};
/** State of a client between requests: the last challenge per kind, nonce counts. */
struct sip_client_auth;
int sip_client_auth_alloc(struct sip_client_auth **cp) MUST_CHECK;
/**
 * Remember the challenges of a 401/407 (strongest algorithm we know). ERR_AUTH when our first answer to a nonce was
 * refused without "stale", or the same nonce comes again (wrong password); ENOTSUP if none is usable; ENOMEM.
 */
int sip_client_auth_challenge(struct sip_client_auth *c, const struct sip_msg *rsp) MUST_CHECK;
/** Authorization / Proxy-Authorization lines for a request, with nc counted up; writes nothing without a challenge.
 * ERR_AUTH: the challenge is of another realm than `cred`; ERR_LIMIT, ENOMEM. */
int sip_client_auth_enc(struct sip_client_auth *c, struct buf *b, const struct sip_cred *cred, struct slice method,
			struct slice uri) MUST_CHECK;

#endif
