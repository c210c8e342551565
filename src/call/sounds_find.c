/*
 * sounds_find.c - a prompt looked for everywhere: people's own recordings, installed ones, speech, at last a tone.
 * On the reader thread.
 *
 * Recorded sets have one folder for each voice, as "en_US_f_Allison", beside links "en" and "en_US" to the one that was
 * chosen; where the links are missing any folder of the language does.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "call/sounds_priv.h"
#include "media/tone.h"

enum { PATH = 1200, FOLDERS_MAX = 16, FOLDER = 64 };

/* Best sound first; "wav16" is what Asterisk calls WAV at 16 kHz. */
static const char *const endings[] = {"opus", "ogg", "sln48", "wav16", "sln16", "g722",
				      "wav",  "sln", "alaw",  "ulaw",  "gsm"};

static bool from_folder(struct sound_search *q, const char *dir, const char *folder)
{
	char path[PATH];

	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		int l = snprintf(path, sizeof(path), "%s/%s/%s.%s", dir, folder, q->name, endings[i]);

		/* a file that cannot be read is as good as none: another one may do */
		if (l > 0 && (size_t)l < sizeof(path) && !sound_read_at(&q->sound, path, SOUNDS_RATE))
			return true;
	}
	return false;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Folders of the language: "de" itself, then "de_DE..." in order. */
static size_t folders_of(char v[FOLDERS_MAX][FOLDER], const char *dir, const char *lang)
{
	size_t n = 0, l = strlen(lang);
	struct dirent *e;
	DIR *d = opendir(dir);

	(void)slice_copy(v[n++], FOLDER, slice_str(lang));
	if (!d)
		return n;
	while (n < FOLDERS_MAX && (e = readdir(d)))
		if (!strncmp(e->d_name, lang, l) && (e->d_name[l] == '_' || e->d_name[l] == '-') &&
		    slice_copy(v[n], FOLDER, slice_str(e->d_name)))
			n++;
	closedir(d);
	qsort(v[1], n - 1, FOLDER, by_name);
	return n;
}

static bool from_dir(struct sound_search *q, const char *dir, const char *lang, enum sound_origin origin)
{
	char v[FOLDERS_MAX][FOLDER];
	size_t n = dir ? folders_of(v, dir, lang) : 0;

	for (size_t i = 0; i < n; i++) {
		if (from_folder(q, dir, v[i])) {
			q->origin = origin;
			return true;
		}
	}
	return false;
}

static bool recorded(struct sound_search *q, const char *lang)
{
	return from_dir(q, q->paths->own, lang, SOUND_OWN) || from_dir(q, q->paths->installed, lang, SOUND_INSTALLED);
}

/* ------------------------------------------------------------------ tones in place of words */

struct note {
	uint16_t hz, ms;
};

/* What says at least whether something is asked for, was done, or is not possible. */
static const struct note ask[] = {{440, 120}, {0, 40}, {660, 180}}, done[] = {{660, 150}},
			 bad[] = {{300, 150}, {0, 60}, {250, 250}}, join[] = {{520, 90}, {700, 90}},
			 leave[] = {{700, 90}, {520, 90}};

static const struct {
	const char *name;
	const struct note *v;
	size_t n;
} tones[] = {
	{"beep", done, ARRAY_LEN(done)},
	{"beeperr", bad, ARRAY_LEN(bad)},
	{"confbridge-join", join, ARRAY_LEN(join)},
	{"confbridge-leave", leave, ARRAY_LEN(leave)},
	{"conf-getpin", ask, ARRAY_LEN(ask)},
	{"conf-invalidpin", bad, ARRAY_LEN(bad)},
	{"confbridge-pin-bad", bad, ARRAY_LEN(bad)},
	{"conf-full", bad, ARRAY_LEN(bad)},
	{"conf-kicked", bad, ARRAY_LEN(bad)},
	{"invalid", bad, ARRAY_LEN(bad)},
};

static int as_tone(struct sound **sp, const struct note *v, size_t n)
{
	struct tone_step step[4];
	struct media_source *src;
	uint32_t ms = 0;
	struct sound *s;
	int err;

	for (size_t i = 0; i < n && i < ARRAY_LEN(step); i++) {
		step[i] = (struct tone_step){v[i].hz, 0, v[i].ms, v[i].hz ? -16 : 0};
		ms += v[i].ms;
	}
	err = tone_source(&src, step, n, 1, NULL, NULL);
	if (err)
		return err;
	size_t room = (size_t)ms * (src->rate ? src->rate : 8000) / 1000;

	s = mem_alloc(sizeof(*s) + 2 * room * sizeof(s->s[0]), NULL);
	if (s) {
		size_t got = src->read(src, s->s, room);

		/* tones come at 8 kHz; the line between two samples is near enough for these */
		s->rate = SOUNDS_RATE;
		s->n = 2 * got;
		for (size_t i = got; i-- > 0;) {
			int next = i + 1 < got ? s->s[2 * (i + 1)] : s->s[i];

			s->s[2 * i + 1] = (int16_t)((s->s[i] + next) / 2);
			s->s[2 * i] = s->s[i];
		}
		*sp = s;
	}
	src->done(src);
	return s ? 0 : ENOMEM;
}

static bool a_tone(struct sound_search *q)
{
	const struct note *v = done;
	size_t n = ARRAY_LEN(done);

	for (size_t i = 0; i < ARRAY_LEN(tones); i++) {
		if (!strcmp(tones[i].name, q->name)) {
			v = tones[i].v;
			n = tones[i].n;
		}
	}
	q->origin = SOUND_TONE;
	return !as_tone(&q->sound, v, n);
}

static bool is_signal(const char *name)
{
	return !strncmp(name, "beep", 4) || !strcmp(name, "confbridge-join") || !strcmp(name, "confbridge-leave");
}

void sound_find(struct sound_search *q)
{
	char base[SOUND_LANG];
	size_t l = strcspn(q->lang, "_-");
	const char *text = is_signal(q->name) ? NULL : sounds_text(q->name);

	q->sound = NULL;
	q->origin = SOUND_NONE;
	memcpy(base, q->lang, l);
	base[l] = '\0';
	if (recorded(q, q->lang) || (strcmp(base, q->lang) && recorded(q, base)) ||
	    (strcmp(base, "en") && recorded(q, "en")))
		return;
	if (text && q->paths->speak && !sound_speak(&q->sound, q->paths->speak, text)) {
		q->origin = SOUND_SPOKEN;
		return;
	}
	if (!a_tone(q))
		q->origin = SOUND_NONE;
}
