/*
 * sounds.h - what is played to people: prompts by name and language, and music on hold.
 *
 * A prompt is looked for in this order: the system's own recordings (OWN/LANGUAGE/NAME.*), recordings that are
 * installed (SYSTEM/LANGUAGE*.../NAME.*, as Debian's asterisk-core-sounds-* lay them out), the same in English, spoken
 * by flite in English, a tone. A language "de_AT" falls back to "de". Files are read, decoded and brought to
 * SOUNDS_RATE by the reader thread; what was used last stays decoded, within a bound. Thread: loop; what waits does so
 * on a fiber. Ownership: one struct sounds per process, which calls refer to; sounds are references.
 */
#ifndef OFFHOOK_CALL_SOUNDS_H
#define OFFHOOK_CALL_SOUNDS_H

#include "call/call.h"

struct files; /* loop/file.h */
struct sound; /* media/sound.h */
struct sounds;

enum { SOUNDS_RATE = 16000, SOUND_NAME = 64, SOUND_LANG = 16 };

struct sounds_cfg {
	struct loop *loop;
	struct files *files;   /**< outlives it */
	const char *own;       /**< people's own recordings: OWN/LANGUAGE/NAME.wav, music in OWN/moh; may be NULL */
	const char *installed; /**< recorded sets: /usr/share/asterisk/sounds; may be NULL */
	const char *music;     /**< installed music: /usr/share/asterisk/moh; may be NULL */
	const char *speak;     /**< program that speaks as flite does: "flite"; NULL: none */
	const char *language;  /**< "en" when NULL */
	size_t cache_bytes;    /**< 0: 16 MB */
};
/** ENOMEM. Texts are copied. */
int sounds_alloc(struct sounds **sp, const struct sounds_cfg *cfg) MUST_CHECK;
/** Language where none is named; names are letters, digits, "_" and "-". */
void sounds_set_language(struct sounds *s, const char *lang);

/** Where a prompt came from, for people. */
enum sound_origin { SOUND_NONE, SOUND_OWN, SOUND_INSTALLED, SOUND_SPOKEN, SOUND_TONE };
/**
 * The prompt `name` ("conf-getpin", "digits/7"), on a fiber: waits for the disk where it must. `lang` NULL: the usual
 * one. 0 with a new reference; ECANCELED; ENOMEM; EINVAL: no such name can be; ENOENT: nothing at all could be made of
 * it.
 */
int sounds_get(struct sounds *s, const char *name, const char *lang, struct sound **sp) MUST_CHECK;
/** The same, where it is decoded already; NULL: not yet, but it is being looked for now. Not for fibers only. New
 * reference. */
struct sound *sounds_have(struct sounds *s, const char *name, const char *lang);
/** Music on hold as a new source that never ends; all listeners hear one stream, which is decoded while there are any.
 * ENOMEM. */
int sounds_music(struct sounds *s, struct media_source **sp) MUST_CHECK;

struct sounds_stats {
	size_t prompts, bytes;  /**< decoded now */
	size_t listeners;       /**< of music */
	uint64_t dry;           /**< samples of music that were silence because the disk was slow */
	uint64_t loads, spoken; /**< prompts read from files; spoken */
};
void sounds_stats(const struct sounds *s, struct sounds_stats *st);

/** What calls of this engine play from; NULL: nothing. Not referenced: outlives the calls, or is taken away before. */
void calls_set_sounds(struct calls *cs, struct sounds *s);
struct sounds *calls_sounds(const struct calls *cs);

/** English text of a prompt, for speaking; NULL: none is known. Static. */
const char *sounds_text(const char *name);

#endif
