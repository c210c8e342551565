/*
 * crypt.h - the keys of a stream: orders for them, and packets protected and opened with them (crypt.c).
 *
 * Thread: crypt_order the loop's, the others the worker's. Ownership: mem_deref.
 */
#ifndef OFFHOOK_MEDIA_CRYPT_H
#define OFFHOOK_MEDIA_CRYPT_H

#include "base/mem.h"

struct srtp_key;
struct srtp_tx;
struct srtp_rx;
struct mkeys; /**< the loop thread's copy of what is in force */

enum { CRYPT_MAX = 2048 /**< longest packet that is protected */ };

/** Contexts of a stream; also what an order brings. */
struct crypt {
	struct srtp_tx *tx;        /**< NULL: plain */
	struct srtp_rx *rx;        /**< NULL: plain */
	struct srtp_rx *next;      /**< takes the place of rx with its first packet */
	uint64_t top;              /**< highest index sent */
	bool begun;                /**< there is one */
	bool set_tx, set_rx;       /**< of an order: what it changes */
	uint64_t failed, replayed; /**< packets refused */
	uint64_t strangers;        /**< of these: from where the party is not */
};

/**
 * The keys wanted from now on; what changes is added to the order `*op`. EALREADY: nothing changes. ENOMEM, EINVAL,
 * EIO.
 */
int crypt_order(struct mkeys **kp, struct crypt **op, const struct srtp_key *tx, const struct srtp_key *rx) MUST_CHECK;
/** An order arrived; takes `add`. */
void crypt_apply(struct crypt **cp, struct crypt *add);

static inline bool crypt_seals(const struct crypt *c)
{
	return c && c->tx;
}
static inline bool crypt_opens(const struct crypt *c)
{
	return c && c->rx;
}
/** A packet protected: `dst` with its new length, or NULL: it must not go. dst has room for CRYPT_MAX +
 * SRTP_TAIL_MAX. */
const uint8_t *crypt_seal_rtp(struct crypt *c, uint8_t *dst, const uint8_t *p, size_t *l);
const uint8_t *crypt_seal_rtcp(struct crypt *c, uint8_t *dst, const uint8_t *p, size_t *l);
/** Open a packet in place; false: it is not genuine, or was seen before, which is counted. */
bool crypt_open(struct crypt *c, bool rtcp, uint8_t *p, size_t *l);

#endif
