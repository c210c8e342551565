/*
 * srtp_priv.h - what the files of SRTP share: suites, session keys, the replay window.
 *
 * A half is one direction of either RTP or RTCP: cipher and salt, and for the suites with HMAC the two SHA-1 states
 * that its key leads to. Tests reach the halves for those vectors of the RFCs that begin with session keys.
 * Thread: one at a time.
 */
#ifndef OFFHOOK_MEDIA_SRTP_PRIV_H
#define OFFHOOK_MEDIA_SRTP_PRIV_H

/* OpenSSL has a type of the name of our ERR_STATE */
#define ERR_STATE openssl_err_state
/* the plain SHA-1 calls are public and the only ones whose state is copied without an allocation: srtp_cipher.c */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#undef ERR_STATE
#include "media/srtp.h"
#include "wire/rtp/bytes.h"

enum {
	SRTP_SALT = 14,         /**< of AES-CM; that of GCM has 12 bytes and two zeros */
	SRTP_AUTH_KEY = 20,     /**< RFC 3711 5.2 */
	SRTP_TAG_RTCP = 10,     /**< RFC 3711 5.2, 4568 6.2: SRTCP has 80 bits in the suites with HMAC */
	SRTP_GCM_TAG = 16,      /**< RFC 7714 13.2 */
	SRTP_STREAMS = 8,       /**< SSRCs that a receiver remembers */
	SRTP_PACKET_MAX = 2048, /**< longest packet that is opened */
};

struct srtp_suite_def {
	const char *name;
	uint8_t key, salt; /**< bytes of the master's and the session's */
	uint8_t tag;       /**< bytes of the tag of SRTP */
	bool gcm;
};
/** NULL: no such suite. */
const struct srtp_suite_def *srtp_suite_def(unsigned suite);

/** RFC 3711 4.3.1. */
enum srtp_label {
	SRTP_LABEL_RTP_KEY,
	SRTP_LABEL_RTP_AUTH,
	SRTP_LABEL_RTP_SALT,
	SRTP_LABEL_RTCP_KEY,
	SRTP_LABEL_RTCP_AUTH,
	SRTP_LABEL_RTCP_SALT
};
/** A session key: AES-CM as pseudo-random function, key derivation rate 0 (RFC 3711 4.3, 6188 3). `salt` has SRTP_SALT
 * bytes. EIO. */
int srtp_derive(uint8_t *out, size_t n, const uint8_t *key, size_t keylen, const uint8_t *salt,
		enum srtp_label label) MUST_CHECK;

struct srtp_half {
	EVP_CIPHER_CTX *c;
	uint8_t salt[SRTP_SALT];
	uint8_t tag;
	bool gcm;
	SHA_CTX inner, outer;
};
/** Session keys into contexts; `seal`: to protect. `auth` is not looked at with GCM. ENOMEM, EIO. */
int srtp_half_init(struct srtp_half *h, const struct srtp_suite_def *s, const uint8_t *key, const uint8_t *salt,
		   const uint8_t *auth, bool seal) MUST_CHECK;
/** RTP and RTCP from a master key. On error nothing is left. ENOMEM, EINVAL, EIO. */
int srtp_halves(struct srtp_half *rtp, struct srtp_half *rtcp, const struct srtp_key *k, bool seal) MUST_CHECK;
/** Wipe and let go. */
void srtp_half_close(struct srtp_half *h);

/** AES-CM: `n` bytes from `src` to `dst` (the same, or apart). */
int srtp_cm(const struct srtp_half *h, uint32_t ssrc, uint64_t index, uint8_t *dst, const uint8_t *src,
	    size_t n) MUST_CHECK;
/** HMAC-SHA1 of `n` bytes at `p`, then `more` (4 bytes, big end first). */
void srtp_mac(const struct srtp_half *h, uint8_t mac[SHA_DIGEST_LENGTH], const uint8_t *p, size_t n, uint32_t more);

/** What a packet is for GCM. */
struct srtp_gcm {
	uint32_t ssrc;
	uint64_t index;       /**< of 48 bits; of 31 for SRTCP */
	const uint8_t *aad;   /**< what stands before the secret part ... */
	size_t naad;          /**< */
	const uint8_t *after; /**< ... and more of it, 4 bytes (SRTCP); NULL */
};
/** `dst` gets n bytes and the tag. */
int srtp_gcm_seal(const struct srtp_half *h, const struct srtp_gcm *g, uint8_t *dst, const uint8_t *src,
		  size_t n) MUST_CHECK;
/** `src` has n bytes and the tag. EBADMSG: `dst` then holds rubbish. */
int srtp_gcm_open(const struct srtp_half *h, const struct srtp_gcm *g, uint8_t *dst, const uint8_t *src,
		  size_t n) MUST_CHECK;

/** Indices that were seen: the highest and the 127 before it (RFC 3711 3.3.2). Zeros: none. */
struct srtp_window {
	uint64_t top;
	uint64_t seen[2]; /**< bit i: top - i */
};
static inline bool srtp_window_any(const struct srtp_window *w)
{
	return w->seen[0];
}
/** Not seen yet, and not too old. */
bool srtp_window_new(const struct srtp_window *w, uint64_t index);
void srtp_window_note(struct srtp_window *w, uint64_t index);
/** The index of a packet with that sequence number (RFC 3711 3.3.1, appendix A). */
uint64_t srtp_window_guess(const struct srtp_window *w, uint16_t seq);

struct srtp_tx {
	const struct srtp_suite_def *s;
	struct srtp_half rtp, rtcp;
	struct srtp_window sent;
	uint32_t rtcp_next;
};

struct srtp_rx_stream {
	uint32_t ssrc;
	uint32_t used; /**< rx.clock when it was heard last; 0: free */
	struct srtp_window rtp, rtcp;
};
struct srtp_rx {
	const struct srtp_suite_def *s;
	struct srtp_half rtp, rtcp;
	uint32_t clock;
	uint8_t mki_len, mki[4];
	bool hint; /**< an earlier key of the same party had got so far: */
	uint32_t hint_ssrc;
	uint64_t hint_top;
	struct srtp_rx_stream stream[SRTP_STREAMS];
};
/** The stream's entry; NULL: none yet. */
struct srtp_rx_stream *srtp_rx_find(struct srtp_rx *r, uint32_t ssrc);
/** Its entry, made in the place of the one that was silent longest; only for packets that were authenticated. */
struct srtp_rx_stream *srtp_rx_take(struct srtp_rx *r, uint32_t ssrc);
/** The MKI at `p` is that of the key, as far as it is compared. */
bool srtp_mki_is(const struct srtp_rx *r, const uint8_t *p);

#endif
