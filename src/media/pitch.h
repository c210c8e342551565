/*
 * pitch.h - where sound resembles itself: the lag at which a piece of it fits best onto what was before or comes
 * after. Concealment and time-stretching cut and repeat sound at such places.
 *
 * Thread: any. Pure functions.
 */
#ifndef OFFHOOK_MEDIA_PITCH_H
#define OFFHOOK_MEDIA_PITCH_H

#include <stddef.h>
#include <stdint.h>

/** Longest and shortest lag that is looked for: voices of 66 to 400 Hz. */
static inline size_t pitch_hi(uint32_t rate)
{
	return rate * 15 / 1000;
}
static inline size_t pitch_lo(uint32_t rate)
{
	return rate * 5 / 2000;
}

/**
 * The lag in `lo`..`hi` samples at which a[0..win) is most like a[-lag..win-lag) (`dir` -1) or a[lag..win+lag)
 * (`dir` 1); all of that must be there. `win` at most 2 * hi. `corr` gets how much, -1 to 1; 0 for silence.
 */
size_t pitch_match(const int16_t *a, size_t win, int dir, size_t lo, size_t hi, float *corr);

#endif
