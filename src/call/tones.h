/*
 * tones.h - named tones for inside parties, so that who uses them needs to know nothing of media.
 *
 * Thread: loop, on the fiber of the inside party.
 */
#ifndef OFFHOOK_CALL_TONES_H
#define OFFHOOK_CALL_TONES_H

#include "call/call.h"

enum tone_name {
	TONE_GREETING, /**< two short rising notes: "go on" */
	TONE_CONFIRM,  /**< one short note: done */
	TONE_REFUSED,  /**< two low notes: not possible */
	TONE_WAITING,  /**< a short soft note each 3 s: you are not forgotten */
	/* as the country has them (ITU-T E.180), see calls_set_country(); leg_tone() plays one round of them */
	TONE_DIAL,        /**< may be without an end: only for leg_tone_start() */
	TONE_RINGBACK,    /**< somebody rings */
	TONE_BUSY,        /**< subscriber busy */
	TONE_CONGESTION,  /**< no line is free, or it does not work */
	TONE_CALL_WAITING /**< somebody else calls */
};
/** Tones as in that country (ISO 3166 code, upper case); "" or unknown: what E.180 recommends. */
void calls_set_country(struct calls *cs, const char *iso);

/** Play a tone and wait for its end. As leg_play(). */
int leg_tone(struct leg *l, enum tone_name t) MUST_CHECK;

/** Play it over and over until something else feeds the stream; not for fibers, returns at once. False: the leg has no
 * stream that it could be played to. */
bool leg_tone_start(struct leg *l, enum tone_name t);

#endif
