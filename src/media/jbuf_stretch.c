/*
 * jbuf_stretch.c - shorter and longer speech without another pitch (overlap-add at
 * places that are alike, WSOLA), on the line of sound that waits to be played.
 */
#include <string.h>
#include "media/jbuf_priv.h"
#include "media/pitch.h"

enum {
	FADE_MS = 6,   /**< longest seam */
	WIN_MS = 10,   /**< compared */
	QUIET = 30,    /**< times less power than speech */
	SILENCE = 900, /**< mean square that nobody hears: 61 dB below the loudest */
};

int jline_alloc(struct jline *o, uint32_t rate)
{
	o->rate = rate;
	o->keep = rate * JL_KEEP_MS / 1000;
	o->room = rate * JL_ROOM_MS / 1000;
	o->s = mem_zalloc((o->keep + o->room) * sizeof(*o->s), NULL);
	return o->s ? 0 : ENOMEM;
}

void jline_put(struct jline *o, const int16_t *pcm, size_t n)
{
	if (n > o->room - o->n)
		n = o->room - o->n;
	memcpy(o->s + o->keep + o->n, pcm, n * sizeof(*pcm));
	o->n += n;
}

void jline_get(struct jline *o, int16_t *pcm, size_t n)
{
	memcpy(pcm, o->s + o->keep, n * sizeof(*pcm));
	memmove(o->s, o->s + n, (o->keep + o->n - n) * sizeof(*pcm));
	o->n -= n;
}

static float power(const int16_t *x, size_t n)
{
	float e = 0;

	for (size_t i = 0; i < n; i++)
		e += (float)x[i] * (float)x[i];
	return n ? e / (float)n : 0;
}

/* Nothing there that a seam could be heard in. What is loud is learnt quickly, what is quiet slowly. */
static bool quiet(struct jline *o, const int16_t *x, size_t n)
{
	float e = power(x, n);

	o->loud += (e - o->loud) * (e > o->loud ? 0.3f : 0.01f);
	return e < SILENCE || e * QUIET < o->loud;
}

/* x leads over into y within l samples. */
static void seam(int16_t *dst, const int16_t *x, const int16_t *y, size_t l)
{
	for (size_t i = 0; i < l; i++) {
		int32_t w = (int32_t)((i + 1) * 256 / (l + 1));
		dst[i] = (int16_t)((x[i] * (256 - w) + y[i] * w) / 256);
	}
}

size_t jline_shorten(struct jline *o, size_t max, float like)
{
	size_t ms = o->rate / 1000, half = WIN_MS * ms / 2, lo = pitch_lo(o->rate), hi = pitch_hi(o->rate);
	int16_t *x = o->s + o->keep;
	float corr;

	if (hi > max)
		hi = max;
	if (o->n < half + lo || hi < lo)
		return 0;
	if (hi > o->n - half)
		hi = o->n - half;
	if (hi < lo)
		return 0;
	/* the seam is at the beginning: sound of before and after it is compared */
	size_t lag = pitch_match(x - half, 2 * half < 2 * hi ? 2 * half : 2 * hi, 1, lo, hi, &corr);
	bool calm = quiet(o, x - half, 2 * half);
	if (corr < like && !calm)
		return 0;
	if (calm && corr < like)
		lag = hi;
	size_t l = FADE_MS * ms < lag ? FADE_MS * ms : lag;
	if (l > o->n - lag)
		l = o->n - lag;
	seam(x, x, x + lag, l);
	memmove(x + l, x + l + lag, (o->n - l - lag) * sizeof(*x));
	o->n -= lag;
	return lag;
}

size_t jline_lengthen(struct jline *o, size_t max, float like)
{
	size_t ms = o->rate / 1000, half = WIN_MS * ms / 2, lo = pitch_lo(o->rate), hi = pitch_hi(o->rate);
	int16_t *x = o->s + o->keep, y[FADE_MS * 48 + 1];
	float corr;

	if (hi > max)
		hi = max;
	if (hi < lo || o->n < half || o->room - o->n < hi)
		return 0;
	size_t lag = pitch_match(x - half, 2 * half < 2 * hi ? 2 * half : 2 * hi, -1, lo, hi, &corr);
	bool calm = quiet(o, x - half, 2 * half);
	if (corr < like && !calm)
		return 0;
	if (calm && corr < like)
		lag = hi;
	size_t l = FADE_MS * ms < lag ? FADE_MS * ms : lag;
	if (l > o->n)
		l = o->n;
	seam(y, x, x - lag, l);
	/* all from x on again, a lag later, after the piece that leads back to x - lag */
	memmove(x + lag, x, o->n * sizeof(*x));
	memmove(x, x - lag, lag * sizeof(*x));
	memcpy(x, y, l * sizeof(*x));
	o->n += lag;
	return lag;
}
