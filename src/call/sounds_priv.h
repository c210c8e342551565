/*
 * sounds_priv.h - what the files about prompts and music share.
 *
 * Thread: loop, unless said.
 */
#ifndef OFFHOOK_CALL_SOUNDS_PRIV_H
#define OFFHOOK_CALL_SOUNDS_PRIV_H

#include "base/hash.h"
#include "base/inspect.h"
#include "call/sounds.h"
#include "loop/file.h"
#include "media/sound.h"

struct music;

/** Where to look; constant, referenced by the jobs that are out as well. NULL: not there. */
struct sound_paths {
	char *own, *installed, *music, *speak;
};

struct sounds {
	struct loop *loop;
	struct files *files;
	struct sound_paths *paths;
	char lang[SOUND_LANG];
	struct hash prompts; /**< struct prompt, by language and name */
	struct list recent;  /**< the same, the one used last at the end */
	size_t bytes, max;
	uint64_t loads, spoken;
	struct music *music; /**< NULL until somebody is on hold */
	struct inspect inspect;
};

/** What the reader thread is to find; its own copy of all texts. */
struct sound_search {
	char name[SOUND_NAME], lang[SOUND_LANG];
	const struct sound_paths *paths;
	struct sound *sound; /**< found; NULL: nothing */
	enum sound_origin origin;
};
/** sounds_find.c; reader thread: look for it everywhere. */
void sound_find(struct sound_search *q);
/** sounds_speak.c; reader thread: let a program speak the text. Bounded in time and size. */
int sound_speak(struct sound **sp, const char *program, const char *text) MUST_CHECK;
/** Letters, digits, "-", "_" and, in names, "/" between them. */
bool sound_name_ok(const char *name, bool folder);

/** music.c */
int music_source(struct sounds *s, struct media_source **sp) MUST_CHECK;
/** No sources from now on; what plays goes silent. */
void music_end(struct music *m);
size_t music_listeners(const struct music *m);
uint64_t music_dry(const struct music *m);
/** music_own.c: a melody of our own, `n` samples from sample `at` on, at SOUNDS_RATE. Any thread. */
void music_melody(uint64_t at, int16_t *pcm, size_t n);

#endif
