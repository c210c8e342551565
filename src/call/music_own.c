/*
 * music_own.c - a melody of our own, for who waits where no music is installed: slow broken chords of soft notes,
 * computed, without end.
 */
#include <math.h>
#include "base/slice.h"
#include "call/sounds_priv.h"

enum { NOTE_MS = 400, NOTE = SOUNDS_RATE * NOTE_MS / 1000, TAILS = 4, PER_CHORD = 8 };

/* Semitones above C4, one row a chord: C, A minor, F, G, E minor, A minor, D minor, G. */
static const int8_t chords[][PER_CHORD] = {
	{0, 7, 12, 16, 19, 16, 12, 7}, {-3, 4, 9, 12, 16, 12, 9, 4},   {-7, 0, 5, 9, 12, 9, 5, 0},
	{-5, 2, 7, 11, 14, 11, 7, 2},  {-8, 4, 7, 11, 16, 11, 7, 4},   {-3, 4, 9, 12, 21, 16, 12, 9},
	{-10, 2, 5, 9, 14, 9, 5, 2},   {-5, 2, 7, 11, 14, 17, 14, 11},
};

/* One note, `age` samples after it was struck. */
static double voice(uint64_t note, uint32_t age)
{
	int semi = chords[note / PER_CHORD % ARRAY_LEN(chords)][note % PER_CHORD];
	double hz = 261.63 * pow(2, semi / 12.0), t = (double)age / SOUNDS_RATE, ph = 2 * M_PI * hz * t;

	return (sin(ph) + 0.3 * sin(2 * ph) * exp(-3 * t)) * exp(-2.2 * t) * (1 - exp(-120 * t));
}

void music_melody(uint64_t at, int16_t *pcm, size_t n)
{
	for (size_t i = 0; i < n; i++, at++) {
		uint64_t note = at / NOTE;
		uint32_t in = (uint32_t)(at % NOTE);
		double v = 0;

		for (uint32_t k = 0; k < TAILS && k <= note; k++)
			v += voice(note - k, in + k * NOTE);
		/* the oldest note ends here: let it go to nothing before */
		if (note >= TAILS - 1)
			v -= voice(note - (TAILS - 1), in + (TAILS - 1) * NOTE) * in / NOTE;
		pcm[i] = (int16_t)lrint(2600 * v);
	}
}
