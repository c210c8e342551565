/*
 * sound.h - sound in memory and files as sources.
 *
 * A sound is decoded once and shared by all who play it. Files are read by the file
 * reader thread; long ones (music) are read ahead while they play.
 * Thread: loop, unless said. Ownership: references; sounds may be dropped on any thread.
 */
#ifndef OFFHOOK_MEDIA_SOUND_H
#define OFFHOOK_MEDIA_SOUND_H

#include "media/media.h"

/** Mono sound in memory, constant once made. */
struct sound {
	uint32_t rate; /**< samples a second */
	size_t n;      /**< samples */
	int16_t s[];
};
/** Decode a whole file: WAV (8 or 16 bits linear, G.711), raw G.711 (.ulaw .alaw), G.722 (.g722), GSM (.gsm), Ogg Opus
 * (.opus .ogg), signed linear (.sln .sln16). Blocks: for the reader thread, tools and tests. ERR_SYNTAX, ENOENT, EFBIG
 * (over 10 minutes), ENOMEM. */
int sound_read(struct sound **sp, const char *path) MUST_CHECK;
/** Play sounds one after the other, `repeat` times (0: for ever); references are taken. `done(arg)` on the loop thread
 * at the end (may be NULL); frees itself. ENOMEM. */
int sound_source(struct media_source **sp, struct sound *const *v, size_t n, unsigned repeat, void (*done)(void *arg),
		 void *arg) MUST_CHECK;

#endif
