/*
 * frames.c - looks for the numbered packets of bench/load in WAV recordings: is one missing, or there twice?
 *
 *	frames FILE...      one line: files, packets found, missing between the first and the last, out of order
 *
 * A packet is 160 samples of G.711: 8 of a time stamp, 3 with 5 bits of its number each, the rest the same value.
 */
#include "sound.h"

enum { NUMBER = 8, DIGITS = 3, FILL = 149, FILL_BYTE = 0 };

struct count {
	unsigned long found, missing, disorder;
};

static int16_t *sound;
static size_t frames;
static unsigned channels;

static int load(const char *path)
{
	uint8_t h[44];
	FILE *f = fopen(path, "rb");

	if (!f || fread(h, 1, 44, f) != 44) {
		perror(path);
		if (f)
			fclose(f);
		return 1;
	}
	channels = le(h + 22, 2);
	size_t n = le(h + 40, 4) / 2;
	free(sound);
	sound = malloc(n * 2 + 2);
	frames = sound && channels ? fread(sound, 2 * channels, n / channels, f) : 0;
	fclose(f);
	return 0;
}

/* The number of a packet whose fill begins at frame `at`; -1: none. */
static long number(unsigned ch, size_t at)
{
	long v = 0;

	if (at < NUMBER + DIGITS)
		return -1;
	for (int i = 0; i < DIGITS; i++) {
		uint8_t b = ulaw_enc(sound[(at - DIGITS + (size_t)i) * channels + ch]);
		if ((b & 0xe0) != 0x20)
			return -1;
		v = v << 5 | (b & 31);
	}
	return v;
}

static void look(unsigned ch, struct count *c)
{
	long last = -1;
	size_t run = 0;
	int16_t fill = ulaw_dec(FILL_BYTE);

	for (size_t i = 0; i <= frames; i++) {
		if (i < frames && sound[i * channels + ch] == fill) {
			run++;
			continue;
		}
		/* the stamp behind it may look like fill in its first bytes */
		long v = run >= FILL ? number(ch, i - run) : -1;
		run = 0;
		if (v < 0)
			continue;
		c->found++;
		if (last >= 0 && v > last + 1)
			c->missing += (unsigned long)(v - last - 1);
		if (last >= 0 && v <= last)
			c->disorder++;
		last = v;
	}
}

int main(int argc, char **argv)
{
	struct count c = {0};
	int rc = 0;

	for (int i = 1; i < argc; i++) {
		if (load(argv[i])) {
			rc = 1;
			continue;
		}
		for (unsigned ch = 0; ch < channels; ch++)
			look(ch, &c);
	}
	printf("files %d found %lu missing %lu disorder %lu\n", argc - 1, c.found, c.missing, c.disorder);
	free(sound);
	return rc;
}
