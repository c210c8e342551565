/*
 * dtmf_detect.h - digits and fax tones in the sound itself: pure functions on 8 kHz samples.
 *
 * Thread: any. Ownership: plain state, no memory of its own.
 */
#ifndef OFFHOOK_MEDIA_DTMF_DETECT_H
#define OFFHOOK_MEDIA_DTMF_DETECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The two frequencies of a digit, Hz (ITU-T Q.23); false: it is none. '0'-'9' '*' '#' 'A'-'D'. */
bool dtmf_pair(char digit, unsigned *low, unsigned *high);

enum { DTMF_BLOCK = 102 /**< samples looked at together: 12.75 ms */ };

struct dtmf_detect {
	float pcm[DTMF_BLOCK]; /**< the block so far, without dial tone */
	unsigned n;
	float x1[2], x2[2], y1[2], y2[2]; /**< the two filters against dial tone */
	char last;                        /**< what the block before held, 0 = no digit */
	char now;                         /**< digit that was told of and has not ended, 0 = none */
	uint32_t blocks;                  /**< that it has lasted */
	uint8_t misses;                   /**< blocks in a row that did not hold it */
};
/** A digit begins (`down`), or has ended after `ms`. */
typedef void dtmf_detect_h(char digit, bool down, uint32_t ms, void *arg);

void dtmf_detect_init(struct dtmf_detect *d);
/**
 * The next samples. A digit is told of once it has filled two blocks (25 to 38 ms after its beginning) and ends when
 * two blocks in a row are without it. Levels of 0 to -33 dBm0 for each tone, the high one up to 8 dB above and 6 dB
 * under the low one, frequencies within 1.8 % (ITU-T Q.24).
 */
void dtmf_detect(struct dtmf_detect *d, const int16_t *pcm, size_t n, dtmf_detect_h *tell, void *arg);
/** The sound has stopped: a digit under way ends. */
void dtmf_detect_end(struct dtmf_detect *d, dtmf_detect_h *tell, void *arg);

enum fax_tone {
	FAX_NONE,
	FAX_CNG, /**< calling tone, 1100 Hz for 0.5 s (ITU-T T.30 4.1.1) */
	FAX_CED  /**< called station's tone, 2100 Hz for 2.6 s and longer (T.30 4.1.2), also as ANSam (V.8) */
};
struct fax_detect {
	float s1[2], s2[2], all; /**< of the block so far */
	uint8_t n;
	uint8_t hits[2], misses[2]; /**< blocks in a row */
};
void fax_detect_init(struct fax_detect *f);
/** The next samples; a tone once it has lasted 400 ms, each time anew after a pause of it. */
enum fax_tone fax_detect(struct fax_detect *f, const int16_t *pcm, size_t n);

#endif
