/*
 * mix_vad.c - does a party speak: its level against the noise behind it, which is
 * followed quickly downwards and slowly upwards. Levels are those of RFC 6464.
 */
#include "media/mix_priv.h"

enum {
	HANG_MS = 300,  /**< pauses within speech */
	OVER = 8,       /**< dB that speech is louder than the noise */
	LEAST = -58,    /**< dBov below which nothing is speech */
	FLOOR_LO = -90, /**< the noise is taken to be between these two: */
	FLOOR_HI = -50, /**< what is much louder than this is always heard (music, tones) */
	FLOOR_NEW = -66,
	RISE = 3, /**< dB a second */
};

void mix_vad_init(struct mix_vad *v)
{
	*v = (struct mix_vad){.floor = FLOOR_NEW, .level = -127};
}

bool mix_vad_frame(struct mix_vad *v, float dbov, unsigned ms)
{
	float rise = (float)(RISE * (int)ms) / 1000;

	/* up at once, down in a tenth of a second */
	v->level = dbov > v->level ? dbov : v->level + (dbov - v->level) * (float)ms / 100;
	if (dbov < v->floor)
		v->floor += (dbov - v->floor) * 0.3F;
	else
		v->floor += dbov - v->floor < rise ? dbov - v->floor : rise;
	v->floor = v->floor < FLOOR_LO ? FLOOR_LO : v->floor > FLOOR_HI ? FLOOR_HI : v->floor;
	if (dbov > LEAST && dbov > v->floor + OVER)
		v->hang = HANG_MS + (uint16_t)ms;
	v->hang = v->hang > ms ? (uint16_t)(v->hang - ms) : 0;
	return v->hang > 0;
}
