/*
 * burst.h - how losses come: alone or in bursts (RFC 3611 4.7.2). A burst begins and ends with a loss and has no 16
 * packets in a row without one.
 *
 * Thread: its owner's. Ownership: plain state.
 */
#ifndef OFFHOOK_MEDIA_BURST_H
#define OFFHOOK_MEDIA_BURST_H

#include <stdint.h>

enum { BURST_GMIN = 16 };

/** Counts of RFC 3611 A.2: packets by the state they and the one before were in. */
struct burst {
	uint32_t pkt;           /**< received since the last loss */
	uint32_t lost;          /**< losses of the present burst */
	uint32_t c11, c13;      /**< received in a gap; from gap to burst */
	uint32_t c14;           /**< lost alone, within a gap */
	uint32_t c22, c23, c33; /**< received in a burst; from received to lost in a burst; lost after lost */
};
/** `n` packets arrived. */
static inline void burst_received(struct burst *b, uint32_t n)
{
	b->pkt += n;
}
/** `n` packets in a row are lost. */
void burst_lost(struct burst *b, uint32_t n);

struct burst_report {
	uint8_t burst_density, gap_density; /**< share of packets lost, 1/256 */
	uint16_t burst_ms, gap_ms;          /**< mean length */
};
/** `packet_us`: time that one packet stands for. */
void burst_report(const struct burst *b, uint32_t packet_us, struct burst_report *r);

#endif
