/*
 * second.h - how a party sounds by the second: loss and MOS of each second, the worst of them, level, bursts of loss,
 * and what the party itself reports.
 *
 * Thread: worker. Ownership: a stream's own, made with the first second in which packets came.
 */
#ifndef OFFHOOK_MEDIA_SECOND_H
#define OFFHOOK_MEDIA_SECOND_H

#include "media/burst.h"
#include "media/media_priv.h"
#include "media/meter.h"

enum { COMPLAIN_X100 = 360 /**< MOS under which many are dissatisfied (G.107 annex B) */ };

struct second {
	struct meter meter;
	struct burst burst;
	uint64_t packets;    /**< rxq.packets at the end of the last second */
	int64_t lost;        /**< rxq.lost then */
	uint32_t burst_seen; /**< rxq.received that the bursts know of */
	uint16_t lost_pm, mos, min_mos, bad;
	uint8_t far_mos_x10;
	uint8_t strange;                  /**< seconds of a codec that was not agreed on */
	uint32_t played_ms, concealed_ms; /**< of jitter buffers that are gone */
};
/** A second is over: figures of it. Makes `w->second` when it is missing; without memory there are none. */
void second_over(struct wstream *w);
/** `n` packets in a row are missing, after rxq.received ones. */
void second_lost(struct wstream *w, uint32_t n);
/** A packet of G.711, before it goes on: now and then its level is measured. */
void second_listen(struct wstream *w, const uint8_t *payload, size_t l);
/** Sound that was decoded anyway. */
void second_pcm(struct wstream *w, const int16_t *pcm, size_t n);
/** A report of the party about the sound it gets (RFC 3611). */
void second_xr(struct wstream *w, const struct rtcp_pkt *k);
/** Voice metrics of ours for the party; false: nothing to tell. */
bool second_voip(struct wstream *w, struct rtcp_voip *v);
/** Its jitter buffer goes: keep the figures. */
void second_keep(struct wstream *w);
/** Into a snapshot. */
void second_snap(struct snap *n, const struct wstream *w);

#endif
