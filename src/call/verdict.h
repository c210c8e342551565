/*
 * verdict.h - what is wrong with the sound of a party, in one plain sentence.
 *
 * Thread: loop.
 */
#ifndef OFFHOOK_CALL_VERDICT_H
#define OFFHOOK_CALL_VERDICT_H

#include "media/media.h"

/** What a verdict is made from, beside the figures. */
struct verdict_in {
	const char *who;          /**< number or name of the party, for the sentence */
	uint64_t now_ms;          /**< loop's */
	uint64_t up_ms;           /**< loop's: since when sound may flow; 0 = it may not */
	bool other;               /**< sound of the other side arrives */
	bool over;                /**< the call has ended: `now_ms` is its end */
	const struct sa *signals; /**< where its signalling comes from, NULL or unset: unknown */
};
/** The worst that can be said, or false when nothing is wrong. `dst` gets one sentence without a full stop. */
bool verdict_of(char *dst, size_t size, const struct mstream_stats *st, const struct verdict_in *in);

#endif
