/*
 * goertzel.c - how much of a sound is one frequency (Goertzel 1958): what tests
 * and tone finding ask.
 */
#include <math.h>
#include "media/tone.h"

double tone_share(const int16_t *s, size_t n, unsigned hz, unsigned rate)
{
	double c = 2 * cos(2 * M_PI * hz / rate), s1 = 0, s2 = 0, all = 0;

	if (!n || !rate)
		return 0;
	for (size_t i = 0; i < n; i++) {
		double s0 = s[i] + c * s1 - s2;
		s2 = s1;
		s1 = s0;
		all += (double)s[i] * s[i];
	}
	if (all <= 0)
		return 0;
	double share = 2 * (s1 * s1 + s2 * s2 - c * s1 * s2) / ((double)n * all);
	return share < 0 ? 0 : share > 1 ? 1 : share;
}
