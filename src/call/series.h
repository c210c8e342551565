/*
 * series.h - how a leg sounded over time: a sample every few seconds, for a curve.
 *
 * Made with the first sample of a leg that has sound; a leg without sound has none. It is bounded: when it is full, two
 * samples become one and the next ones come half as often. All series together are bounded too.
 * Thread: loop. Ownership: the leg's, then that of what is kept of it for the record.
 */
#ifndef OFFHOOK_CALL_SERIES_H
#define OFFHOOK_CALL_SERIES_H

#include <stdint.h>

enum {
	SERIES_STEP_MS = 5000,     /**< between samples, at first */
	SERIES_MAX = 96,           /**< samples of a leg */
	SERIES_BYTES_MAX = 8 << 20 /**< of all of a process */
};

/** How it was since the sample before. */
struct leg_sample {
	uint8_t mos_x50;    /**< 50-225; 0: nothing came, or it is not known */
	uint8_t buffer_2ms; /**< delay of the jitter buffer in units of 2 ms; 0: there is none */
	uint16_t lost_pm;   /**< per mille of the packets */
	uint16_t jitter_100us;
	uint16_t rtt_ms; /**< 0: not known */
};
struct leg_series {
	int64_t start_ms;  /**< of the first sample, wall clock */
	uint64_t first_ms; /**< the same, loop's */
	uint64_t packets;  /**< received up to the last sample */
	int64_t lost;
	uint32_t step_ms;
	uint16_t n, cap;
	struct leg_sample v[];
};

struct leg;
struct calls;
/** Keep series of all calls from now on. */
void calls_keep_series(struct calls *cs);

#endif
