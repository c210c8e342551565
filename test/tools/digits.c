/*
 * digits.c - the digits (ITU-T Q.23) that a WAV file holds, in a line.
 *
 *	digits FILE
 */
#include "sound.h"

enum { WIN = RATE / 50, HOP = RATE / 100 };
static int16_t pcm[SOUND_MAX];

static int best(const int16_t *s, const unsigned hz[4], double *share)
{
	int at = 0;

	*share = 0;
	for (int i = 0; i < 4; i++) {
		double g = goertzel(s, WIN, hz[i]);
		if (g > *share) {
			*share = g;
			at = i;
		}
	}
	return at;
}

/* Of 20 ms; 0: none. */
static char digit(const int16_t *s)
{
	static const unsigned low[4] = {697, 770, 852, 941}, high[4] = {1209, 1336, 1477, 1633};
	double energy = 0, l, h;

	for (size_t i = 0; i < WIN; i++)
		energy += (double)s[i] * s[i];
	if (energy / WIN < 300.0 * 300.0)
		return 0;
	int a = best(s, low, &l), b = best(s, high, &h);
	return (char)(l > 0.2 && h > 0.2 && l + h > 0.75 ? "123A456B789C*0#D"[4 * a + b] : 0);
}

int main(int argc, char **argv)
{
	char now = 0, last = 0, was = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: digits FILE\n");
		return 2;
	}
	size_t n = wav_load(argv[1], pcm, SOUND_MAX);
	for (size_t at = 0; at + WIN <= n; at += HOP) {
		char d = digit(pcm + at);

		/* three windows in a row: 40 ms; three others end it */
		if (d && d == last && d == was && d != now)
			putchar(now = d);
		if (now && d != now && last != now && was != now)
			now = 0;
		was = last;
		last = d;
	}
	putchar('\n');
	return 0;
}
