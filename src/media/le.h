/*
 * le.h - numbers in files, least significant byte first (RIFF, Ogg).
 *
 * Thread: any.
 */
#ifndef OFFHOOK_MEDIA_LE_H
#define OFFHOOK_MEDIA_LE_H

#include <stdint.h>

/** Of `n` bytes, 1 to 4. */
static inline uint32_t le_get(const uint8_t *p, int n)
{
	uint32_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

static inline void le_put(uint8_t *p, uint32_t v, int n)
{
	while (n--) {
		*p++ = (uint8_t)v;
		v >>= 8;
	}
}

enum { WAV_HEADER = 44 };
/** Header of a WAV file of 16-bit PCM with `bytes` of sound (wav.c). */
void wav_header(uint8_t h[WAV_HEADER], uint32_t rate, uint8_t ch, uint32_t bytes);

#endif
