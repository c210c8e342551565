/*
 * auth_priv.h - what the files of digest authentication share: hashing, nonces with their
 * counts, and the memory of phones that cannot do SHA-256.
 */
#ifndef OFFHOOK_SIP_AUTH_PRIV_H
#define OFFHOOK_SIP_AUTH_PRIV_H

#include "sip/auth.h"
#include "sip/evp.h"
#include "sip/sip_priv.h"

/* ---- hashing (auth_digest.c) ---- */

enum {
	DIGEST_ALGS = (int)SIP_DIGEST_ALG_UNKNOWN,
	DIGEST_HEX = 64, /**< hex digits of the longest */
	NONCE_LEN = 48   /**< hex digits of our nonces */
};
/** Contexts that are used again and again: making them costs more than hashing. All zero when new. */
struct digest {
	EVP_MD_CTX *ctx[DIGEST_ALGS];
};
void digest_free(struct digest *d);
/** Hex digits of the algorithm. */
size_t digest_hex_len(enum sip_digest_alg alg);
/** H(v[0] ":" v[1] ...) in lower-case hex with terminator. ENOTSUP where the crypto library lacks the algorithm;
 * ENOMEM. */
int digest_hex(struct digest *d, enum sip_digest_alg alg, const struct slice *v, size_t n,
	       char hex[DIGEST_HEX + 1]) MUST_CHECK;
/** What a response is made of (RFC 7616 3.4.1). */
struct digest_in {
	enum sip_digest_alg alg;
	struct slice ha1, nonce, nc, cnonce, qop, method, uri; /**< empty qop: the form of RFC 2069 */
};
int digest_response(struct digest *d, const struct digest_in *in, char hex[DIGEST_HEX + 1]) MUST_CHECK;
void digest_to_hex(char *dst, const uint8_t *p, size_t n);
/** ERR_SYNTAX unless all of s are 2n hex digits. */
int digest_from_hex(uint8_t *p, size_t n, struct slice s) MUST_CHECK;
/** Undo the backslashes of a quoted string's inside. False if it does not fit. */
bool digest_unquote(char *dst, size_t size, struct slice s);

/* ---- nonces (auth_nonce.c) ---- */

struct nonce_gen {
	struct nonce_count *v; /**< open addressing */
	uint32_t cap, n;
};
struct nonces {
	EVP_MD_CTX *inner, *outer, *work; /**< HMAC-SHA-256 keyed once */
	uint32_t serial;
	struct nonce_gen cur, old;
	uint32_t max;    /**< per generation */
	uint64_t life;   /**< ms */
	uint64_t floor;  /**< unknown nonces not newer than this may have been used */
	uint64_t turned; /**< ms, when the generations changed last */
};
int nonces_init(struct nonces *n, uint32_t life_s, uint32_t max_counts, uint64_t now) MUST_CHECK;
void nonces_free(struct nonces *n);
/** A new nonce for a peer, with terminator. */
void nonce_make(struct nonces *n, uint64_t now, const struct sa *peer, char txt[NONCE_LEN + 1]);
/** Our nonce, given to this very peer? `id` names it. */
bool nonce_read(struct nonces *n, struct slice txt, const struct sa *peer, uint64_t *id);
bool nonce_expired(const struct nonces *n, uint64_t id, uint64_t now);
/** A use of a nonce: its count, and a mark of the whole message that tells a repetition from a replay. */
struct nonce_use {
	uint32_t nc, mark;
};
/** Use a nonce. EEXIST: used already. EALREADY: used already, by this very answer. ESTALE: not known any more. ENOMEM.
 */
int nonce_use(struct nonces *n, uint64_t id, const struct nonce_use *use, uint64_t now) MUST_CHECK;

/* ---- phones that cannot do SHA-256 (auth_fallback.c) ---- */

enum { FALLBACK_SETS = 256, FALLBACK_WAYS = 4 };
struct fallback_entry {
	uint64_t key;
	uint64_t until; /**< ms: the failures are forgotten then */
	uint64_t asked; /**< ms + 1 of a challenge that nobody answered yet; 0: none */
	uint32_t fails;
};
struct fallback {
	struct fallback_entry e[FALLBACK_SETS][FALLBACK_WAYS];
};
/** Failed (true) or succeeded with SHA-256. */
void fallback_note(struct fallback *f, const struct sip_msg *msg, bool failed, uint64_t now);
/** A challenge with SHA-256 is about to go out; one before it that stayed without an answer is a failure. */
void fallback_asked(struct fallback *f, const struct sip_msg *msg, uint64_t now);
/** It answered with MD5; `right`: it succeeded, so that what we know of it holds on. */
void fallback_md5(struct fallback *f, const struct sip_msg *msg, bool right, uint64_t now);
/** Offer MD5 alone. */
bool fallback_active(const struct fallback *f, const struct sip_msg *msg, uint64_t now);

#endif
