/*
 * tone.c - sources: tones in steps, and sound in memory.
 */
#include <math.h>
#include <string.h>
#include "base/mem.h"
#include "media/tone.h"

enum { RATE = 8000 };
/* Peak of 0 dBm0: full scale is +3.17 dBm0 (G.711, mu-law). */
static const double peak_0dbm0 = 32768.0 * 0.6942;

static void finish(void (*done)(void *arg), void *arg)
{
	if (done)
		done(arg);
}

/* ------------------------------------------------------------------ tones */

struct tone {
	struct media_source src;
	void (*done)(void *arg);
	void *arg;
	unsigned left;   /**< repetitions to go; 0 = for ever */
	size_t i, n;     /**< step */
	uint32_t at;     /**< samples of the step that are out */
	double ph1, ph2; /**< turns, 0-1: kept over steps, so that nothing clicks */
	struct tone_step v[];
};

static int16_t sample(struct tone *t, const struct tone_step *st)
{
	double v = 0;

	if (st->f1)
		v += sin(2 * M_PI * t->ph1);
	if (st->f2)
		v += sin(2 * M_PI * t->ph2);
	t->ph1 += st->f1 / (double)RATE;
	t->ph2 += st->f2 / (double)RATE;
	t->ph1 -= floor(t->ph1);
	t->ph2 -= floor(t->ph2);
	v *= peak_0dbm0 * pow(10, st->level_dbm0 / 20.0);
	return (int16_t)lrint(v > 32767 ? 32767 : v < -32768 ? -32768 : v);
}

/* The next step; false at the end. */
static bool next_step(struct tone *t)
{
	t->at = 0;
	if (++t->i < t->n)
		return true;
	t->i = 0;
	return t->left == 0 || --t->left > 0;
}

static size_t tone_read(struct media_source *src, int16_t *pcm, size_t n)
{
	struct tone *t = CONTAINER_OF(src, struct tone, src);
	size_t got = 0;

	/* a list of empty steps must end: one round without a sample */
	for (size_t idle = 0; got < n && t->n && idle <= t->n;) {
		const struct tone_step *st = &t->v[t->i];
		uint32_t len = st->ms * (uint32_t)RATE / 1000;
		while (got < n && (!st->ms || t->at < len)) {
			pcm[got++] = sample(t, st);
			t->at++;
			idle = 0;
		}
		if (got == n)
			break;
		idle++;
		if (!next_step(t))
			t->n = 0;
	}
	return got;
}

static void tone_done(struct media_source *src)
{
	struct tone *t = CONTAINER_OF(src, struct tone, src);
	void (*done)(void *) = t->done;
	void *arg = t->arg;

	mem_deref(t);
	finish(done, arg);
}

int tone_source(struct media_source **sp, const struct tone_step *v, size_t n, unsigned repeat, void (*done)(void *arg),
		void *arg)
{
	struct tone *t = mem_zalloc(sizeof(*t) + n * sizeof(*v), NULL);

	if (!t)
		return ENOMEM;
	memcpy(t->v, v, n * sizeof(*v));
	t->n = n;
	t->left = repeat;
	t->done = done;
	t->arg = arg;
	t->src.read = tone_read;
	t->src.done = tone_done;
	*sp = &t->src;
	return 0;
}

/* ------------------------------------------------------------------ sound in memory */

struct pcm_src {
	struct media_source src;
	struct pcm *p;
	size_t at;
	bool loop;
	void (*done)(void *arg);
	void *arg;
};

static size_t pcm_read(struct media_source *src, int16_t *pcm, size_t n)
{
	struct pcm_src *s = CONTAINER_OF(src, struct pcm_src, src);
	size_t got = 0;

	while (got < n && s->p->n) {
		if (s->at == s->p->n) {
			if (!s->loop)
				break;
			s->at = 0;
		}
		size_t l = s->p->n - s->at < n - got ? s->p->n - s->at : n - got;
		memcpy(pcm + got, s->p->s + s->at, l * sizeof(*pcm));
		got += l;
		s->at += l;
	}
	return got;
}

static void pcm_done(struct media_source *src)
{
	struct pcm_src *s = CONTAINER_OF(src, struct pcm_src, src);
	void (*done)(void *) = s->done;
	void *arg = s->arg;

	mem_deref(s->p);
	mem_deref(s);
	finish(done, arg);
}

int pcm_source(struct media_source **sp, const struct pcm *p, bool loop, void (*done)(void *arg), void *arg)
{
	struct pcm_src *s = mem_zalloc(sizeof(*s), NULL);

	if (!s)
		return ENOMEM;
	s->p = mem_ref(p);
	s->loop = loop;
	s->done = done;
	s->arg = arg;
	s->src.read = pcm_read;
	s->src.done = pcm_done;
	*sp = &s->src;
	return 0;
}
