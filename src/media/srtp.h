/*
 * srtp.h - SRTP and SRTCP (RFC 3711, 6188, 7714) on OpenSSL with reused contexts.
 *
 * A key object is made by the loop thread and never changes. A sender and a receiver
 * are a worker's: a sender has one stream (ours, see outstream.c), a receiver knows
 * several SSRCs, each with rollover counter and replay window of its own. A failure
 * drops the packet and is counted, never more.
 * Thread: one at a time. Ownership: mem_deref; keys are wiped.
 */
#ifndef OFFHOOK_MEDIA_SRTP_H
#define OFFHOOK_MEDIA_SRTP_H

#include "base/mem.h"
#include "base/slice.h"

/** Suites of RFC 4568, 6188, 7714; names as in SDES. */
enum srtp_suite {
	SRTP_NONE,
	SRTP_AES_CM_128_HMAC_SHA1_80,
	SRTP_AES_CM_128_HMAC_SHA1_32,
	SRTP_AES_256_CM_HMAC_SHA1_80,
	SRTP_AES_256_CM_HMAC_SHA1_32,
	SRTP_AEAD_AES_128_GCM,
	SRTP_AEAD_AES_256_GCM,
	SRTP_SUITE_COUNT
};
enum {
	SRTP_KEY_MAX = 46,     /**< master key and salt: 32 + 14 */
	SRTP_MKI_MAX = 128,    /**< RFC 4568 6.1 */
	SRTP_TAIL_MAX = 16 + 4 /**< what a packet grows by at most: tag, SRTCP index (our own sending has no MKI) */
};
/** "AES_CM_128_HMAC_SHA1_80" ...; NULL for SRTP_NONE. */
const char *srtp_suite_name(enum srtp_suite s);
enum srtp_suite srtp_suite_of(struct slice name);
/** Bytes of master key and salt together. */
size_t srtp_suite_key_len(enum srtp_suite s);

/** A master key, as signalling agreed on it. */
struct srtp_key {
	uint8_t suite;             /**< enum srtp_suite */
	uint8_t key[SRTP_KEY_MAX]; /**< master key, then salt */
	uint8_t mki_len;           /**< 0: none; packets that we receive carry it, ours never do */
	uint8_t mki[4]; /**< its last bytes, big end first, when mki_len <= 4; longer ones are not compared */
};

/** The same key in every respect. */
bool srtp_key_eq(const struct srtp_key *a, const struct srtp_key *b);

struct srtp_tx;
struct srtp_rx;
/** ENOMEM, EINVAL (suite), EIO (OpenSSL refuses). */
int srtp_tx_alloc(struct srtp_tx **tp, const struct srtp_key *k) MUST_CHECK;
int srtp_rx_alloc(struct srtp_rx **rp, const struct srtp_key *k) MUST_CHECK;
/** `r` is to take the place of `old`: the party may go on counting rollovers (RFC 3711 3.3.1), or begin at 0, as those
 * do that make all anew with a new key. Both are understood. */
void srtp_rx_follow(struct srtp_rx *r, const struct srtp_rx *old);
/**
 * Protect in place; `p` has room for SRTP_TAIL_MAX more. `hdrlen`: of RTP with CSRCs and extension; `ext_seq`: 48-bit
 * index (ROC << 16 | seq). 0 or EINVAL (lengths), EIO, ERR_LIMIT (2^48 packets, RFC 3711 9.2), EALREADY: this index
 * was used, or is older than the last 128; the packet must not go.
 */
int srtp_seal(struct srtp_tx *t, uint8_t *p, size_t *l, size_t hdrlen, uint64_t ext_seq) MUST_CHECK;
int srtcp_seal(struct srtp_tx *t, uint8_t *p, size_t *l) MUST_CHECK;
/** The same from `p` to `dst`, which has room for SRTP_TAIL_MAX more; they are the same or do not overlap. */
int srtp_seal_to(struct srtp_tx *t, uint8_t *dst, const uint8_t *p, size_t *l, size_t hdrlen,
		 uint64_t ext_seq) MUST_CHECK;
int srtcp_seal_to(struct srtp_tx *t, uint8_t *dst, const uint8_t *p, size_t *l) MUST_CHECK;
/** Check, decrypt in place, cut. EBADMSG: not by this key; EALREADY: replayed or too old; ERR_SYNTAX: too short, or
 * longer than 2048 bytes. After an error the packet is as it was. */
int srtp_open(struct srtp_rx *r, uint8_t *p, size_t *l) MUST_CHECK;
int srtcp_open(struct srtp_rx *r, uint8_t *p, size_t *l) MUST_CHECK;

#endif
