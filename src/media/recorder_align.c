/*
 * recorder_align.c - two sides of a call on one time line: each chunk of samples has the time at which it was due, each
 * side its place in the file.
 *
 * A side whose packets stop is silent from then on: the other one waits for it LAG_MS and no longer. What comes a
 * little early or late by the network's jitter is put where the side stands; such differences are taken back where
 * it is quiet, so that no word is cut. Nothing of the sound is dropped unless a side is far ahead of time.
 */
#include <stdlib.h>
#include <string.h>
#include "media/recorder_priv.h"

enum {
	LAG_MS = 200,             /**< a side waits for the other one */
	LATE_MS = 100,            /**< so much is no jitter: silence is put in at once */
	SMALL_MS = 20,            /**< differences below stay as they are */
	AHEAD_MS = 500,           /**< a side may be early by so much */
	FAR_MS = 4 * 3600 * 1000, /**< no pause is that long: the clock jumped */
	BLOCK_MS = 20,
	WINDOW_MS = LAG_MS + AHEAD_MS + 100,
	QUIET = 256,
};

struct side {
	uint64_t pos;   /**< frames from the beginning: where its next sample goes */
	int64_t off_us; /**< its times are off by so much */
	bool begun;
	int16_t *v; /**< from `out` on */
};

struct align {
	uint32_t per_ms; /**< samples */
	uint8_t sides;
	uint64_t start_us, out; /**< frames handed on */
	size_t window;
	struct side side[2];
	align_h *h;
	void *arg;
	int16_t mem[];
};

int align_alloc(struct align **ap, uint32_t rate, uint8_t sides, uint64_t start_us, align_h *h, void *arg)
{
	size_t window = (size_t)WINDOW_MS * rate / 1000;
	struct align *a = mem_zalloc(sizeof(*a) + 2 * window * sizeof(int16_t), NULL);

	if (!a)
		return ENOMEM;
	a->per_ms = rate / 1000;
	a->sides = sides;
	a->start_us = start_us;
	a->window = window;
	a->h = h;
	a->arg = arg;
	a->side[0].v = a->mem;
	a->side[1].v = a->mem + window;
	*ap = a;
	return 0;
}

/* Hand on all up to frame `to`; who has nothing there is silent. */
static int emit(struct align *a, uint64_t to)
{
	size_t block = (size_t)BLOCK_MS * a->per_ms;

	while (a->out < to) {
		size_t n = to - a->out < block ? (size_t)(to - a->out) : block;
		const int16_t *v[2] = {a->side[0].v, a->side[1].v};
		int err = a->h(v, n, a->arg);
		if (err)
			return err;
		/* samples that were never put are zero */
		for (uint8_t i = 0; i < a->sides; i++) {
			struct side *s = &a->side[i];
			size_t used = s->pos > a->out ? (size_t)(s->pos - a->out) : 0, keep = used > n ? used - n : 0;
			/* silence may have moved the place further than the window reaches */
			keep = keep < a->window - n ? keep : a->window - n;
			if (!used)
				continue;
			memmove(s->v, s->v + n, keep * sizeof(*s->v));
			memset(s->v + keep, 0, n * sizeof(*s->v));
		}
		a->out += n;
	}
	return 0;
}

/* What need not wait any longer. */
static int emit_ready(struct align *a)
{
	uint64_t lo = a->side[0].pos, hi = lo, lag = (uint64_t)LAG_MS * a->per_ms;

	if (a->sides > 1) {
		uint64_t other = a->side[1].pos;
		lo = other < lo ? other : lo;
		hi = other > hi ? other : hi;
	}
	return emit(a, hi > lag && hi - lag > lo ? hi - lag : lo);
}

static int append(struct align *a, struct side *s, const int16_t *pcm, size_t n)
{
	while (n) {
		size_t block = (size_t)BLOCK_MS * a->per_ms, k = n < block ? n : block;
		if (s->pos + k > a->out + a->window) {
			int err = emit(a, s->pos + k - a->window);
			if (err)
				return err;
		}
		memcpy(s->v + (s->pos - a->out), pcm, k * sizeof(*pcm));
		s->pos += k;
		pcm += k;
		n -= k;
	}
	return emit_ready(a);
}

/* Silence: the window has it already. */
static int skip_to(struct align *a, struct side *s, uint64_t pos)
{
	s->pos = pos;
	return pos > a->out + a->window ? emit(a, pos - a->window) : 0;
}

static bool quiet(const int16_t *pcm, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (abs(pcm[i]) > QUIET)
			return false;
	return true;
}

/* Frame that belongs to a time of a side. */
static int64_t place(const struct align *a, const struct side *s, uint64_t us)
{
	int64_t d = (int64_t)(us - a->start_us) + s->off_us;

	return d / 1000 * a->per_ms + d % 1000 * (int64_t)a->per_ms / 1000;
}

int align_put(struct align *a, uint8_t side, uint64_t us, const int16_t *pcm, size_t n)
{
	struct side *s = &a->side[side];
	int64_t ms = a->per_ms;
	bool fresh = !s->begun || s->pos < a->out;

	if (fresh) {
		s->begun = true;
		s->pos = s->pos < a->out ? a->out : s->pos;
	}
	int64_t d = place(a, s, us) - (int64_t)s->pos;
	/* clocks do not jump; should one do it, what is said counts and not the time */
	if (d > FAR_MS * ms || d < -AHEAD_MS * ms) {
		s->off_us -= d * 1000 / ms;
		d = 0;
	}
	if (d > 0 && (fresh || d > LATE_MS * ms || (d > SMALL_MS * ms && quiet(pcm, n)))) {
		int err = skip_to(a, s, s->pos + (uint64_t)d);
		if (err)
			return err;
	} else if (d < -SMALL_MS * ms && quiet(pcm, n)) {
		size_t cut = (size_t)-d < n ? (size_t)-d : n;
		pcm += cut;
		n -= cut;
	}
	return append(a, s, pcm, n);
}

int align_end(struct align *a, uint64_t us)
{
	int64_t end = place(a, &(struct side){0}, us);
	uint64_t to = a->out;

	for (uint8_t i = 0; i < a->sides; i++)
		to = a->side[i].pos > to ? a->side[i].pos : to;
	if (end > (int64_t)to && end - (int64_t)to < FAR_MS * (int64_t)a->per_ms)
		to = (uint64_t)end;
	return emit(a, to);
}
