/*
 * sound.h - sound in memory and files as sources.
 *
 * A sound is decoded once and shared by all who play it. Long files (music) are decoded piece by piece by the file
 * reader thread, which feeds a ring that any number of listeners hear.
 * Thread: loop, unless said. Ownership: references; sounds may be dropped on any thread.
 */
#ifndef OFFHOOK_MEDIA_SOUND_H
#define OFFHOOK_MEDIA_SOUND_H

#include "media/media.h"

enum {
	SOUND_SECONDS_MAX = 600,    /**< of a sound in memory */
	SOUND_FILE_MAX = 256 << 20, /**< bytes of a file that are looked at */
	SOUND_RATE_MIN = 8000,      /**< rates of sound inside: what files have beyond is brought into them */
	SOUND_RATE_MAX = 48000
};

/** Mono sound in memory, constant once made. */
struct sound {
	uint32_t rate; /**< samples a second, SOUND_RATE_MIN to SOUND_RATE_MAX */
	size_t n;      /**< samples */
	int16_t s[];
};
/** Decode a whole file: WAV (8, 16, 24 or 32 bits linear, G.711), raw G.711 (.ulaw .ul .pcm .alaw .al), G.722 (.g722),
 * GSM (.gsm), Ogg Opus (.opus .ogg), signed linear (.sln .sln16 ... .sln48). Blocks: for the reader thread, tools and
 * tests. ERR_SYNTAX, ENOENT, EFBIG (over SOUND_SECONDS_MAX), ENOMEM. */
int sound_read(struct sound **sp, const char *path) MUST_CHECK;
/** The same, brought to `rate` (SOUND_RATE_MIN to SOUND_RATE_MAX). */
int sound_read_at(struct sound **sp, const char *path, uint32_t rate) MUST_CHECK;
/** The same from memory; `name` is what its ending says (a file name, "x.gsm"); rate 0: its own. */
int sound_decode(struct sound **sp, const char *name, const void *p, size_t l, uint32_t rate) MUST_CHECK;
/** Is this the ending of a file that sound_read() knows? */
bool sound_file_known(struct slice name);
/** Play sounds one after the other, `repeat` times (0: for ever); references are taken. `done(arg)` on the loop thread
 * at the end (may be NULL); frees itself. ENOMEM; EINVAL: they differ in rate. */
int sound_source(struct media_source **sp, struct sound *const *v, size_t n, unsigned repeat, void (*done)(void *arg),
		 void *arg) MUST_CHECK;

/* ---- files piece by piece (blocks: reader thread, tools, tests) ---- */

struct sound_file;
/** Open for decoding at `rate`; 0: its own. As sound_read(). mem_deref closes. */
int sound_file_open(struct sound_file **fp, const char *path, uint32_t rate) MUST_CHECK;
uint32_t sound_file_rate(const struct sound_file *f);
/** The next samples, fewer than `n` only at the end or where the file is damaged. */
size_t sound_file_read(struct sound_file *f, int16_t *pcm, size_t n);
/** Go to that second; false: the kind of file does not allow it, or it is not that long: it stays where it is. */
bool sound_file_seek(struct sound_file *f, uint32_t second);

/* ---- one sound for many listeners, that goes on and on ---- */

/** A ring: one thread at a time puts sound in, listeners hear the same from where they came in. */
struct sound_feed;
/** Ring of `ms` at `rate`. ENOMEM. */
int sound_feed_alloc(struct sound_feed **fp, uint32_t rate, uint32_t ms) MUST_CHECK;
/** Put in the next samples (`n` at most half of the ring). Any thread, one at a time. */
void sound_feed_put(struct sound_feed *f, const int16_t *pcm, size_t n);
/** Samples put in since the beginning, and those that listeners missed because it ran dry (they heard silence). */
uint64_t sound_feed_total(const struct sound_feed *f);
uint64_t sound_feed_dry(const struct sound_feed *f);
/** A listener, `back` samples behind the newest. Takes a reference; never ends by itself. Any number. ENOMEM. */
int sound_feed_source(struct media_source **sp, struct sound_feed *f, size_t back, void (*done)(void *arg),
		      void *arg) MUST_CHECK;

#endif
