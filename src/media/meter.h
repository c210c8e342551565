/*
 * meter.h - how loud a party is, by the second: level and clipping. Sound that is decoded anyway is measured whole; of
 * a relayed party one packet in sixteen is looked at, after it has left.
 *
 * Thread: worker. Ownership: plain state.
 */
#ifndef OFFHOOK_MEDIA_METER_H
#define OFFHOOK_MEDIA_METER_H

#include <stddef.h>
#include <stdint.h>

enum {
	METER_NONE = -128, /**< no level: nothing was heard */
	METER_FLOOR = -127,
	METER_SILENT = -68 /**< no microphone in a room is as quiet as this (dBov) */
};

struct meter {
	uint64_t sum;    /**< squares of the running second */
	uint32_t n;      /**< samples of it */
	uint32_t over;   /**< of these at the limit */
	uint32_t clips;  /**< seconds in which more than one in a thousand was at the limit */
	uint16_t silent; /**< seconds of silence up to now */
	int8_t level;    /**< dBov of the last second that had sound (RFC 6464: 0 loudest, -127 silence); METER_NONE */
};
void meter_init(struct meter *m);
void meter_pcm(struct meter *m, const int16_t *pcm, size_t n);
/** The second is over. */
void meter_second(struct meter *m);

#endif
