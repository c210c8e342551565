/*
 * cn.h - comfort noise (RFC 3389): a payload that says how the background sounds while nobody speaks,
 * and noise made after such a payload.
 *
 * Plain state without threads, clocks and memory of its own.
 */
#ifndef OFFHOOK_MEDIA_CN_H
#define OFFHOOK_MEDIA_CN_H

#include <stddef.h>
#include <stdint.h>

enum {
	CN_ORDER = 10,                 /**< reflection coefficients that we send and use */
	CN_PAYLOAD_MAX = 1 + CN_ORDER, /**< bytes */
	CN_SILENT = 127,               /**< level of nothing at all, in -dBov */
};

/** A noise being made. */
struct cn {
	uint32_t seed;
	float gain, want; /**< of the excitation: now, and where it goes */
	float k[CN_ORDER];
	float b[CN_ORDER + 1]; /**< backward signals of the lattice */
	float low, pole;       /**< one-pole low-pass for rates above the payload's */
	uint8_t order;
};

/**
 * Payload of `n` samples of background noise, 20 ms or more; its clock is their sample rate. Below 10 ms of 8 kHz
 * it says the level only, as with a `size` of 1. Bytes written; 0 when `size` is 0.
 */
size_t cn_encode(uint8_t *dst, size_t size, const int16_t *pcm, size_t n);
/** Level of a stretch in -dBov, 0 (loudest) to 127: dB below a square wave of full scale. */
uint8_t cn_level(const int16_t *pcm, size_t n);

/** Begin silent. `seed` makes two noises differ. */
void cn_init(struct cn *c, uint32_t seed);
/**
 * Sound like this payload from now on, without a jump; `clock` is its RTP clock, `rate` that of the noise. Where they
 * differ, the level counts and the shape is a soft low-pass at the payload's bandwidth. An empty payload changes
 * nothing; what is behind the tenth coefficient is ignored.
 */
void cn_set(struct cn *c, const uint8_t *p, size_t l, uint32_t clock, uint32_t rate);
/** The next `n` samples of it. */
void cn_make(struct cn *c, int16_t *pcm, size_t n);

#endif
