/*
 * rx.h - what a party says as an even flow: its packets through a jitter buffer. For
 * those who need sound at their own pace (mixer, phone); a relayed stream has none.
 *
 * Thread: worker. Ownership: a stream's own.
 */
#ifndef OFFHOOK_MEDIA_RX_H
#define OFFHOOK_MEDIA_RX_H

#include "media/jbuf.h"
#include "media/media_priv.h"

/** From now on its packets go into a jitter buffer. ENOMEM. */
int rx_open(struct wstream *w, const struct jbuf_cfg *cfg) MUST_CHECK;
void rx_close(struct wstream *w);
/** Its jitter buffer, for figures; NULL: none is open. */
struct jbuf *rx_jbuf(const struct wstream *w);
/** A packet that passed all checks (recv.c). */
void rx_rtp(struct wstream *w, const struct rtp_hdr *h, const uint8_t *payload, uint64_t us);
/** The next samples, as jbuf_get(). False and zeros when nothing is open. */
bool rx_get(struct wstream *w, int16_t *pcm, size_t n, uint64_t us);

#endif
