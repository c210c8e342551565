/*
 * plc.h - concealment for waveform codecs: the last pitch periods repeated, faded
 * out, and laid over what comes next (in the manner of G.711 appendix I).
 *
 * Thread: its owner's. Ownership: plain state inside its owner.
 */
#ifndef OFFHOOK_MEDIA_PLC_H
#define OFFHOOK_MEDIA_PLC_H

#include "base/mem.h"

struct plc;
/** rate 8000-48000 Hz. ENOMEM. mem_deref frees. */
int plc_alloc(struct plc **pp, uint32_t rate) MUST_CHECK;
/** Sound that arrived; changed at its beginning when concealment went before (cross-fade). */
void plc_good(struct plc *p, int16_t *pcm, size_t n);
/** `n` samples in place of what is missing; silence after 60-100 ms. */
void plc_conceal(struct plc *p, int16_t *pcm, size_t n);

#endif
