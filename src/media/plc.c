/*
 * plc.c - concealment in the manner of G.711 appendix I, for any rate: the last pitch
 * period is repeated, then the last two, then the last three, each seam overlapped by
 * a quarter of a period; it fades, and is faded over into what comes next.
 *
 * Unlike the appendix nothing is delayed: the first seam cannot change what was heard
 * already, so the step there is taken back within a millisecond.
 */
#include <string.h>
#include "media/pitch.h"
#include "media/plc.h"

enum {
	KEEP_MS = 50,  /**< three periods of 66 Hz and a quarter */
	FULL_MS = 10,  /**< of concealment at full loudness */
	FADED_MS = 90, /**< nothing is left of it */
	PERIODS = 3,
};
/* Less alike than this is no voice: short repetition would make a buzz of it. */
#define VOICED 0.35f

struct plc {
	uint32_t rate;
	size_t keep, lag, seam;
	size_t lost;    /**< samples of the present concealment, until it is silent */
	size_t made;    /**< of them in `syn` */
	unsigned k;     /**< periods that are repeated */
	size_t pos;     /**< in them */
	unsigned old_k; /**< what they take over from, while `fade` > 0 */
	size_t old_pos;
	size_t fade;
	float step;          /**< at the first seam */
	int16_t *hist, *syn; /**< what was heard, the newest last; what was made up */
};

int plc_alloc(struct plc **pp, uint32_t rate)
{
	size_t keep = rate * KEEP_MS / 1000;

	if (rate < 8000 || rate > 48000)
		return EINVAL;
	struct plc *p = mem_zalloc(sizeof(*p) + 2 * keep * sizeof(int16_t), NULL);
	if (!p)
		return ENOMEM;
	p->rate = rate;
	p->keep = keep;
	p->hist = (int16_t *)(p + 1);
	p->syn = p->hist + keep;
	*pp = p;
	return 0;
}

/* The newest `keep` samples of a line. */
static void push(int16_t *line, size_t keep, const int16_t *pcm, size_t n)
{
	if (n >= keep) {
		memcpy(line, pcm + n - keep, keep * sizeof(*line));
		return;
	}
	memmove(line, line + n, (keep - n) * sizeof(*line));
	memcpy(line + keep - n, pcm, n * sizeof(*line));
}

/* Sample `pos` of the last `k` periods; their end leads over into their beginning. */
static float value(const struct plc *p, unsigned k, size_t pos)
{
	const int16_t *base = p->hist + p->keep - k * p->lag;
	float v = base[pos];

	if (pos + p->seam >= k * p->lag) {
		size_t r = pos + p->seam - k * p->lag;
		float w = (float)(r + 1) / (float)(p->seam + 1);
		v += (base[(ptrdiff_t)r - (ptrdiff_t)p->seam] - v) * w;
	}
	return v;
}

static void periods(struct plc *p, unsigned k)
{
	p->old_k = p->k;
	p->old_pos = p->pos;
	p->fade = p->seam;
	p->k = k;
	p->pos %= p->lag;
}

static void begin(struct plc *p)
{
	size_t hi = pitch_hi(p->rate), win = p->rate * 12 / 1000;
	float corr;

	p->lag = pitch_match(p->hist + p->keep - win, win, -1, pitch_lo(p->rate), hi, &corr);
	p->k = 1;
	if (corr < VOICED) {
		p->lag = hi;
		p->k = PERIODS;
	}
	p->seam = p->lag / 4;
	p->pos = 0;
	p->fade = 0;
	p->step = (float)(p->hist[p->keep - 1] - p->hist[p->keep - 1 - p->k * p->lag]);
}

static float loudness(const struct plc *p)
{
	size_t full = p->rate * FULL_MS / 1000, faded = p->rate * FADED_MS / 1000;

	if (p->lost < full)
		return 1;
	return p->lost >= faded ? 0 : (float)(faded - p->lost) / (float)(faded - full);
}

static float next(struct plc *p)
{
	float gain = loudness(p);
	size_t ms = p->rate / 1000;

	if (gain <= 0)
		return 0;
	if (p->k < PERIODS && p->lost == p->k * 10 * ms)
		periods(p, p->k + 1);
	float v = value(p, p->k, p->pos);
	if (++p->pos == p->k * p->lag)
		p->pos = 0;
	if (p->fade) {
		float w = (float)p->fade-- / (float)(p->seam + 1);
		v += (value(p, p->old_k, p->old_pos) - v) * w;
		if (++p->old_pos == p->old_k * p->lag)
			p->old_pos = 0;
	}
	if (p->lost < ms)
		v += p->step * (float)(ms - p->lost) / (float)(ms + 1);
	p->lost++;
	return v * gain;
}

static int16_t clip(float v)
{
	return (int16_t)(v > 32767 ? 32767 : v < -32768 ? -32768 : v);
}

/*
 * Fade over from what would have been made up next into what came: the longer it was missing, the more slowly. One lost
 * packet takes 2 ms only: sound that is there is better than what is made up (measured, docs/decisions/0017).
 */
static void fade_over(struct plc *p, int16_t *pcm, size_t n)
{
	size_t ms = p->rate / 1000, l = 2 * ms;

	if (p->lost > 20 * ms)
		l += (p->lost - 20 * ms) / 8;
	if (l > 10 * ms)
		l = 10 * ms;
	if (l > n)
		l = n;
	for (size_t i = 0; i < l; i++) {
		float v = next(p), w = (float)(i + 1) / (float)(l + 1);
		pcm[i] = clip(v + ((float)pcm[i] - v) * w);
	}
}

void plc_good(struct plc *p, int16_t *pcm, size_t n)
{
	if (p->made) {
		fade_over(p, pcm, n);
		push(p->hist, p->keep, p->syn + p->keep - p->made, p->made);
		p->made = p->lost = 0;
	}
	push(p->hist, p->keep, pcm, n);
}

void plc_conceal(struct plc *p, int16_t *pcm, size_t n)
{
	if (!p->made)
		begin(p);
	for (size_t i = 0; i < n; i++)
		pcm[i] = clip(next(p));
	push(p->syn, p->keep, pcm, n);
	p->made = p->made + n < p->keep ? p->made + n : p->keep;
}
