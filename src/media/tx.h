/*
 * tx.h - sound of our own towards a party: brought to the codec's rate, collected to
 * packets, coded, numbered by the outbound stream, sent. Player and mixer end here.
 *
 * Thread: worker. Ownership: a stream's own; made when first needed, dropped by tx_stop().
 */
#ifndef OFFHOOK_MEDIA_TX_H
#define OFFHOOK_MEDIA_TX_H

#include "media/media_priv.h"

/** What its party wants of our sound: the first codec of its list that we can code; NULL: none. `fmt` (may be NULL)
 * gets the entry of its list. */
const struct codec_ops *tx_codec(const struct wstream *w, const struct wcodec **fmt);
/** Milliseconds of the packets that go to it, 10-60 (5 for linear stereo): its ptime, as far as that codec and a packet
 * of the network allow. 20 without a codec. */
unsigned tx_ms(const struct wstream *w);
/**
 * Send `n` samples at `rate`; what does not fill a packet waits for more. `us` is when the first sample was due: a gap
 * to the samples before becomes a gap in the timestamps, with the marker. Sent or not (hold, digits under way), the
 * stream's time goes on. ENOTSUP: no codec; ENOMEM.
 */
int tx_pcm(struct wstream *w, const int16_t *pcm, size_t n, uint32_t rate, uint64_t us);
/** A packet that was coded already, in the codec and length that tx_codec() and tx_ms() name (mixers code once for
 * many): `samples` in units of the RTP clock. Without bytes only time goes on (DTX). What tx_pcm() left for the next
 * packet is dropped. */
void tx_payload(struct wstream *w, const uint8_t *p, size_t l, uint32_t samples, bool marker, uint64_t us);
/** The coder shall know what the party heard last by tx_payload(), because tx_pcm() goes on from there; nothing is
 * sent. For codecs with a memory; others need none. */
void tx_prime(struct wstream *w, const int16_t *pcm, size_t n, uint32_t rate);
/** What waits is filled up with silence and goes. */
void tx_flush(struct wstream *w);
/** A pause begins: tx_flush(), and comfort noise where it was agreed on (RFC 3389). */
void tx_pause(struct wstream *w, uint64_t us);
/** As tx_pcm(), but in the place of what else feeds the stream, which waits (digits): `*tp` is a coder of its own. */
int tx_instead(struct wstream *w, struct tx **tp, const int16_t *pcm, size_t n, uint32_t rate, uint64_t us);
/** What waits of it goes, and the coder is freed. */
void tx_instead_end(struct wstream *w, struct tx **tp);
/** Another feeder follows, or the stream ends: coder and rest are dropped. */
void tx_stop(struct wstream *w);

/** Most bytes of a payload: what fits into a packet of the network, with SRTP and IPv6 around it. */
enum { TX_PAYLOAD = 1372, TX_ROOM = 1920 /**< and of one that has to be longer: 10 ms of linear stereo */ };
/** The length nearest to `want` ms that a codec can make: a multiple of its step, no longer than `max` ms (0: any) and
 * than a packet may be; at least one step. */
unsigned codec_ms(const struct codec_ops *c, unsigned want, unsigned max);

#endif
