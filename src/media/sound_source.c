/*
 * sound_source.c - sounds in memory as a source: several in a row, once or many times.
 */
#include <string.h>
#include "base/mem.h"
#include "media/sound.h"

struct sounds {
	struct media_source src;
	void (*done)(void *arg);
	void *arg;
	unsigned left; /* rounds to go; 0: for ever */
	size_t i, at;  /* sound, sample of it */
	size_t n;
	struct sound *v[];
};

/* The next sound that has samples; false: the end. */
static bool next(struct sounds *s)
{
	for (size_t idle = 0; idle <= s->n; idle++) {
		if (s->i == s->n) {
			if (s->left && !--s->left)
				return false;
			s->i = 0;
		}
		if (s->at < s->v[s->i]->n)
			return true;
		s->i++;
		s->at = 0;
	}
	return false;
}

static size_t sounds_read(struct media_source *src, int16_t *pcm, size_t n)
{
	struct sounds *s = CONTAINER_OF(src, struct sounds, src);
	size_t got = 0;

	while (got < n && s->n) {
		if (!next(s)) {
			s->n = 0;
			break;
		}
		const struct sound *x = s->v[s->i];
		size_t l = x->n - s->at < n - got ? x->n - s->at : n - got;

		memcpy(pcm + got, x->s + s->at, l * sizeof(*pcm));
		got += l;
		s->at += l;
	}
	return got;
}

static void sounds_destroy(void *obj)
{
	struct sounds *s = obj;

	for (size_t i = 0; s->v[i]; i++)
		mem_deref(s->v[i]);
}

static void sounds_done(struct media_source *src)
{
	struct sounds *s = CONTAINER_OF(src, struct sounds, src);
	void (*done)(void *) = s->done;
	void *arg = s->arg;

	mem_deref(s);
	if (done)
		done(arg);
}

int sound_source(struct media_source **sp, struct sound *const *v, size_t n, unsigned repeat, void (*done)(void *arg),
		 void *arg)
{
	struct sounds *s;

	for (size_t i = 1; i < n; i++)
		if (v[i]->rate != v[0]->rate)
			return EINVAL;
	/* one more, NULL: the end of what is referenced */
	s = mem_zalloc(sizeof(*s) + (n + 1) * sizeof(s->v[0]), sounds_destroy);
	if (!s)
		return ENOMEM;
	for (size_t i = 0; i < n; i++)
		s->v[i] = mem_ref(v[i]);
	s->n = n;
	s->left = repeat;
	s->done = done;
	s->arg = arg;
	s->src.rate = n ? v[0]->rate : 0;
	s->src.read = sounds_read;
	s->src.done = sounds_done;
	*sp = &s->src;
	return 0;
}
