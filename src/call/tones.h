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
	TONE_RINGBACK, /**< 425 Hz, 1 s on, 4 s off (ITU-T E.180): somebody rings */
	TONE_WAITING   /**< a short soft note each 3 s: you are not forgotten */
};
/** Play a tone and wait for its end. As leg_play(). */
int leg_tone(struct leg *l, enum tone_name t) MUST_CHECK;

/** Play it over and over until something else feeds the stream; not for fibers, returns at once. False: the leg has no
 * stream that it could be played to. */
bool leg_tone_start(struct leg *l, enum tone_name t);

#endif
