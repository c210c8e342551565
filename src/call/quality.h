/*
 * quality.h - how a leg sounds, in figures for people and in a sentence.
 *
 * Thread: loop.
 */
#ifndef OFFHOOK_CALL_QUALITY_H
#define OFFHOOK_CALL_QUALITY_H

#include "call/call.h"

/** Figures of a leg's first stream; of the whole call, but for those of "now". */
struct leg_quality {
	char codec[16];
	uint64_t received, sent, lost; /**< packets */
	double lost_now;               /**< of the last second with packets, per cent */
	double jitter_ms, rtt_ms;      /**< rtt 0: unknown */
	double mos, mos_now, mos_min;  /**< 1.0-4.5, 0: unknown; of the last second, of the worst one */
	double far_mos;                /**< of what it hears, as it reports itself (RFC 3611); 0: it does not */
	double buffer_ms;              /**< delay of our jitter buffer; 0: there is none, it is relayed */
	double concealed;              /**< share of its sound that our jitter buffer made up, per cent */
	bool has_level;
	int level_dbov;       /**< of the last second: 0 loudest, -127 silence */
	uint64_t auth_failed; /**< packets that its keys do not open */
	unsigned bad_s;       /**< seconds with a MOS under 3.6 */
	char verdict[160];    /**< what is wrong, one sentence; "" when nothing is */
};
/** Present figures; false if it has no stream. */
bool leg_quality(const struct leg *l, struct leg_quality *q);

#endif
