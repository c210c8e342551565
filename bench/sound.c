/*
 * sound.c - build/bench/sound: measures what works on sound. This file chooses the measurement and has what they share.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "../test/tools/speech.h"
#include "sound.h"

uint64_t sound_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

int16_t *sound_voice(uint32_t rate, unsigned seconds, uint32_t seed)
{
	int16_t *pcm = malloc(sizeof(*pcm) * rate * seconds);
	struct speech s;

	if (!pcm) {
		fprintf(stderr, "no memory\n");
		exit(1);
	}
	speech_init(&s, rate, seed, 1);
	speech_make(&s, pcm, (size_t)rate * seconds);
	return pcm;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double sound_median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

unsigned sound_arg(int argc, char **argv, int i, unsigned dflt, unsigned min, unsigned max)
{
	char *end;

	if (i >= argc)
		return dflt;
	unsigned long v = strtoul(argv[i], &end, 10);
	if (*end || end == argv[i] || v < min || v > max) {
		fprintf(stderr, "%s: \"%s\" is not a number from %u to %u\n", argv[0], argv[i], min, max);
		exit(2);
	}
	return (unsigned)v;
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sound_table_n; i++)
		if (strcmp(argv[1], sound_table[i].name) == 0)
			return sound_table[i].run(argc - 1, argv + 1);
	fprintf(stderr, "usage: %s MEASUREMENT [ARGUMENTS]\n", argv[0]);
	for (size_t i = 0; i < sound_table_n; i++)
		fprintf(stderr, "  %-8s %-12s %s\n", sound_table[i].name, sound_table[i].args, sound_table[i].what);
	return 2;
}
