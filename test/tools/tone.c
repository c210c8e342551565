/*
 * tone.c - makes and hears tones in WAV files.
 *
 *	tone make FILE HZ SECONDS    a sine in a new file
 *	tone map FILE HZ...          one letter for each 100 ms: a for the first HZ, b for the second ..., . for
 *silence, ? for other sound; the line is matched by regular expressions. TONE_SHARE: how pure a tone is, 0.8
 *	tone count FILE HZ...        for each HZ in how many half seconds it has a part, among others
 */
#include "sound.h"

enum { STEP = RATE / 10, HALF = RATE / 2 };
static int16_t pcm[SOUND_MAX]; /* also of 100 s at 48 kHz */
static double share = 0.8;     /* of the energy that must lie at the tone */

static char letter(const int16_t *s, char **hz, int nhz)
{
	double energy = 0;

	for (size_t i = 0; i < STEP; i++)
		energy += (double)s[i] * s[i];
	if (energy / STEP < 100.0 * 100.0)
		return '.';
	for (int i = 0; i < nhz; i++) {
		if (goertzel(s, STEP, (unsigned)atoi(hz[i])) > share)
			return (char)('a' + i);
	}
	return '?';
}

/* An eighth of the energy: one of up to six voices. */
static void count(size_t n, char **hz, int nhz)
{
	for (int i = 0; i < nhz; i++) {
		unsigned found = 0;

		for (size_t at = 0; at + HALF <= n; at += HALF)
			found += goertzel(pcm + at, HALF, (unsigned)atoi(hz[i])) > 0.125;
		printf("%u ", found);
	}
	putchar('\n');
}

int main(int argc, char **argv)
{
	size_t n;

	if (argc == 5 && !strcmp(argv[1], "make")) {
		n = (size_t)atoi(argv[4]) * RATE;
		if (n > SOUND_MAX)
			n = SOUND_MAX;
		for (size_t i = 0; i < n; i++)
			pcm[i] = tone_at((unsigned)atoi(argv[3]), i);
		wav_save(argv[2], pcm, n);
		return 0;
	}
	if (argc < 4 || (strcmp(argv[1], "map") && strcmp(argv[1], "count"))) {
		fprintf(stderr, "usage: tone make FILE HZ SECONDS | tone map FILE HZ... | tone count FILE HZ...\n");
		return 2;
	}
	/* a codec that squeezes hard leaves less of a tone than a wire does */
	if (getenv("TONE_SHARE"))
		share = atof(getenv("TONE_SHARE"));
	n = wav_load(argv[2], pcm, SOUND_MAX);
	if (!strcmp(argv[1], "count")) {
		count(n, argv + 3, argc - 3);
		return 0;
	}
	for (size_t i = 0; i + STEP <= n; i += STEP)
		putchar(letter(pcm + i, argv + 3, argc - 3));
	putchar('\n');
	return 0;
}
