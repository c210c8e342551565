/*
 * oa_crypto.h - keys for SRTP in offers and answers (oa_crypto.c).
 *
 * Thread: loop. What is wanted of a party is media_policy.srtp.
 */
#ifndef OFFHOOK_CALL_OA_CRYPTO_H
#define OFFHOOK_CALL_OA_CRYPTO_H

#include "call/call_priv.h"

/** RTP/AVP or RTP/AVPF; or RTP/SAVP, RTP/SAVPF with a key that can be used. */
bool oa_crypto_usable(const struct sdp *d, const struct sdp_media *m);
/** May line `i` of the party's description live, by what is set for it? */
bool oa_crypto_allows(const struct leg *l, const struct sdp *d, size_t i);
/** May any line of it? Of an offer: else 488. Of an answer: else the call ends. */
bool oa_crypto_takes(const struct leg *l, struct slice sdp);
/** Words for that. */
#define OA_CRYPTO_REFUSED "encrypted sound (SRTP): the phone does not do what is set for it"
/** It was offered SRTP first, and RTP will do as well. */
bool oa_crypto_may_do_without(const struct leg *l);
/** The profile of a line that we offer; `like`: as the other side has it ("RTP/AVPF"). */
struct slice oa_crypto_proto(const struct leg *l, size_t i, struct slice like);
/** The a=crypto lines of a line that we offer; none where it is plain. */
void oa_crypto_offer(struct buf *b, const struct leg *l, size_t i, struct slice proto);
/** The a=crypto line of our answer to line `i` of `offer`; none where that has no key for us. */
void oa_crypto_answer(struct buf *b, const struct leg *l, size_t i, const struct sdp *offer);
/** Descriptions are in force: the stream of line `i` gets its keys. False: it must not live. */
bool oa_crypto_apply(struct leg *l, size_t i);

#endif
