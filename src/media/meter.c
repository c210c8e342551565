/*
 * meter.c - level and clipping of what a party says.
 *
 * 0 dBov is a square wave at full scale (RFC 6464 section 3); a full sine is -3.
 */
#include "media/meter.h"
#include <math.h>
#include <string.h>

enum { LIMIT = 32000 /**< G.711's loudest is 32124 */ };

void meter_init(struct meter *m)
{
	memset(m, 0, sizeof(*m));
	m->level = METER_NONE;
}

void meter_pcm(struct meter *m, const int16_t *pcm, size_t n)
{
	uint64_t sum = 0;
	uint32_t over = 0;

	for (size_t i = 0; i < n; i++) {
		int32_t s = pcm[i];
		sum += (uint64_t)((int64_t)s * s);
		over += s >= LIMIT || s <= -LIMIT;
	}
	m->sum += sum;
	m->over += over;
	m->n += (uint32_t)n;
}

void meter_second(struct meter *m)
{
	if (!m->n)
		return;
	double mean = (double)m->sum / m->n / (32768.0 * 32768.0);
	double db = mean > 0 ? 10 * log10(mean) : METER_FLOOR;

	m->level = (int8_t)(db < METER_FLOOR ? METER_FLOOR : db > 0 ? 0 : lrint(db));
	if (m->level > METER_SILENT)
		m->silent = 0;
	else if (m->silent < UINT16_MAX)
		m->silent++;
	m->clips += m->over * 1000 > m->n;
	m->sum = 0;
	m->n = m->over = 0;
}
