/*
 * tone.c - makes and hears tones in WAV files.
 *
 *	tone make FILE HZ SECONDS    a sine in a new file
 *	tone map FILE HZ...          one letter for each 100 ms: a for the first HZ, b for the second ..., . for
 *silence, ? for other sound; the line is matched by regular expressions
 */
#include "sound.h"

enum { STEP = RATE / 10 };
static int16_t pcm[SOUND_MAX];

static char letter(const int16_t *s, char **hz, int nhz)
{
	double energy = 0;

	for (size_t i = 0; i < STEP; i++)
		energy += (double)s[i] * s[i];
	if (energy / STEP < 100.0 * 100.0)
		return '.';
	for (int i = 0; i < nhz; i++) {
		if (goertzel(s, STEP, (unsigned)atoi(hz[i])) > 0.8)
			return (char)('a' + i);
	}
	return '?';
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
	if (argc < 4 || strcmp(argv[1], "map")) {
		fprintf(stderr, "usage: tone make FILE HZ SECONDS | tone map FILE HZ...\n");
		return 2;
	}
	n = wav_load(argv[2], pcm, SOUND_MAX);
	for (size_t i = 0; i + STEP <= n; i += STEP)
		putchar(letter(pcm + i, argv + 3, argc - 3));
	putchar('\n');
	return 0;
}
