/*
 * burst.c - bursts and gaps of loss, counted as a Markov chain of four states (RFC 3611 4.7.2, A.2): constant work, and
 * only where something is lost.
 */
#include "media/burst.h"
#include <string.h>

enum { MANY = 1024 /**< more in a row are no burst but a line that is dead; the figures would overflow */ };

/* A stretch that began with a loss is over: of one loss alone, or of several. */
static void close_burst(struct burst *b)
{
	if (b->lost == 1)
		b->c14++;
	else if (b->lost > 1)
		b->c13++;
	b->lost = 0;
}

static void one_lost(struct burst *b)
{
	if (b->pkt >= BURST_GMIN || !b->lost) {
		close_burst(b);
		b->c11 += b->pkt;
	} else if (b->pkt) {
		b->c23++;
		b->c22 += b->pkt - 1;
	} else {
		b->c33++;
	}
	b->lost++;
	b->pkt = 0;
}

void burst_lost(struct burst *b, uint32_t n)
{
	for (uint32_t i = 0; i < n && i < MANY; i++)
		one_lost(b);
}

static uint8_t share(double part, double of)
{
	double v = of > 0 ? 256 * part / of : 0;

	return (uint8_t)(v > 255 ? 255 : v);
}

static uint16_t ms(double packets, uint32_t packet_us)
{
	double v = packets * packet_us / 1000;

	return (uint16_t)(v > UINT16_MAX ? UINT16_MAX : v < 0 ? 0 : v);
}

void burst_report(const struct burst *now, uint32_t packet_us, struct burst_report *r)
{
	struct burst copy = *now, *b = &copy;

	close_burst(b);
	b->c11 += b->pkt;
	double c31 = b->c13, c32 = b->c23, lost = c31 + c32 + b->c33;
	double gaps = (double)b->c11 + b->c14 + b->c13, bursts = b->c22 + lost + b->c23;

	memset(r, 0, sizeof(*r));
	r->gap_density = share(b->c14, (double)b->c11 + b->c14);
	if (!b->c13) {
		r->gap_ms = ms(gaps, packet_us);
		return;
	}
	double p32 = lost > 0 ? c32 / lost : 0;
	double p23 = b->c22 + b->c23 < 1 ? 1 : 1 - (double)b->c22 / ((double)b->c22 + b->c23);

	r->burst_density = share(p23, p23 + p32);
	r->gap_ms = ms(gaps / b->c13, packet_us);
	r->burst_ms = ms(bursts / b->c13, packet_us);
}
