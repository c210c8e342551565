/*
 * tx.h - sound of our own towards a party: brought to the codec's rate, collected to
 * packets, coded, numbered by the outbound stream, sent. Player, mixer and transcoding
 * all end here.
 *
 * Thread: worker. Ownership: a stream's own; made when first needed, dropped by tx_stop().
 */
#ifndef OFFHOOK_MEDIA_TX_H
#define OFFHOOK_MEDIA_TX_H

#include "media/media_priv.h"

/** What its party wants of our sound: the first codec of its list that we can code; NULL: none. `fmt` (may be NULL)
 * gets the entry of its list. */
const struct codec_ops *tx_codec(const struct wstream *w, const struct wcodec **fmt);
/**
 * Send `n` samples at `rate`; what does not fill a packet waits for more. `us` is when the first sample was due: a gap
 * to the samples before becomes a gap in the timestamps, with the marker. Sent or not (hold, digits under way), the
 * stream's time goes on. ENOTSUP: no codec; ENOMEM.
 */
int tx_pcm(struct wstream *w, const int16_t *pcm, size_t n, uint32_t rate, uint64_t us);
/** A packet that was coded already, in the codec and ptime that tx_codec() names (mixers code once for many): `samples`
 * in units of the RTP clock. Must not be mixed with tx_pcm() within a packet. */
void tx_payload(struct wstream *w, const uint8_t *p, size_t l, uint32_t samples, bool marker, uint64_t us);
/** A pause begins: what waits is filled up with silence and goes; comfort noise where it was agreed on. */
void tx_pause(struct wstream *w, uint64_t us);
/** Another feeder follows, or the stream ends: coder and rest are dropped. */
void tx_stop(struct wstream *w);

#endif
