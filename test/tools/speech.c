/*
 * speech.c - sound like speech for tests, and how well it got through.
 *
 *   speech make FILE SEED SECONDS LEAD  a voice (speech.h), 8 kHz, after LEAD seconds of silence
 *   speech compare REFERENCE DEGRADED   "stoi 0.987 lsd 3.21 delay_ms 82.1" (measure.h)
 */
#include "measure.h"
#include "sound.h"
#include "speech.h"

static int16_t ref[SOUND_MAX], deg[SOUND_MAX];

static int make(const char *path, uint32_t seed, size_t seconds, size_t lead)
{
	struct speech s;

	if (seconds + lead > SOUND_MAX / RATE)
		return 2;
	speech_init(&s, RATE, seed, 1);
	speech_make(&s, ref + lead * RATE, seconds * RATE);
	wav_save(path, ref, (lead + seconds) * RATE);
	return 0;
}

static int compare(const char *a, const char *b)
{
	size_t nr = wav_load(a, ref, SOUND_MAX), nd = wav_load(b, deg, SOUND_MAX);
	struct measure m = me_compare(ref, nr, deg, nd);

	printf("stoi %.4f lsd %.3f delay_ms %.1f\n", m.stoi, m.lsd, m.delay_ms);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[1], "make") == 0)
		return make(argv[2], (uint32_t)strtoul(argv[3], NULL, 10), strtoul(argv[4], NULL, 10),
			    strtoul(argv[5], NULL, 10));
	if (argc == 4 && strcmp(argv[1], "compare") == 0)
		return compare(argv[2], argv[3]);
	fprintf(stderr, "usage: speech make FILE SEED SECONDS LEAD | compare REFERENCE DEGRADED\n");
	return 2;
}
