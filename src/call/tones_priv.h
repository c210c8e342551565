/*
 * tones_priv.h - named tones as steps.
 *
 * Thread: any; tables are constant.
 */
#ifndef OFFHOOK_CALL_TONES_PRIV_H
#define OFFHOOK_CALL_TONES_PRIV_H

#include "call/tones.h"
#include "media/tone.h"

enum { TONE_STEPS = 8, TONE_LEVEL = -20 /**< dBm0 of each frequency */ };
/** Steps of a tone that countries have, by ISO code ("" or unknown: what E.180 recommends); 0: no such tone. */
size_t tones_of_country(struct tone_step v[TONE_STEPS], const char *iso, enum tone_name n);
/** ISO codes of the countries that have tones of their own, for tests; how many. */
size_t tones_countries(const char *v[], size_t max);

#endif
