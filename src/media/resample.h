/*
 * resample.h - from one sample rate to another (speexdsp), in steps of any size.
 *
 * Thread: whoever made it. Ownership: mem_deref frees.
 */
#ifndef OFFHOOK_MEDIA_RESAMPLE_H
#define OFFHOOK_MEDIA_RESAMPLE_H

#include "base/mem.h"

struct resampler;
/** `from` and `to` in Hz, 8000-48000. Equal rates are copied. ENOMEM, EINVAL. */
int resampler_alloc(struct resampler **rp, uint32_t from, uint32_t to) MUST_CHECK;
/** All of `in` is taken; returns how many samples were written, `max` at most (n * to / from + 1 are always enough). */
size_t resample(struct resampler *r, int16_t *out, size_t max, const int16_t *in, size_t n);
/** Delay of its filter in samples of the output. */
size_t resampler_delay(const struct resampler *r);

#endif
