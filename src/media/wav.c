/*
 * wav.c - sound at 8 kHz for tools and tests: any file read, a mono WAV file of 16 bits written.
 */
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "media/sound.h"
#include "media/tone.h"

enum { RATE = 8000, HEADER = 44, FMT_PCM = 1 };

int wav_read(struct pcm **pp, const char *path)
{
	struct sound *s;
	struct pcm *p;
	int err = sound_read_at(&s, path, RATE);

	if (err)
		return err;
	p = mem_alloc(sizeof(*p) + s->n * sizeof(p->s[0]), NULL);
	if (p) {
		p->n = s->n;
		memcpy(p->s, s->s, s->n * sizeof(p->s[0]));
		*pp = p;
	}
	mem_deref(s);
	return p ? 0 : ENOMEM;
}

static void put_le(uint8_t *p, uint32_t v, int n)
{
	while (n--) {
		*p++ = (uint8_t)v;
		v >>= 8;
	}
}

int wav_write(const char *path, const int16_t *s, size_t n)
{
	uint8_t h[HEADER] = "RIFF....WAVEfmt ", two[2];
	uint32_t bytes = (uint32_t)(n * 2);

	if (n > (UINT32_MAX - HEADER) / 2)
		return EFBIG;
	put_le(h + 4, bytes + HEADER - 8, 4);
	put_le(h + 16, 16, 4);
	put_le(h + 20, FMT_PCM, 2);
	put_le(h + 22, 1, 2);
	put_le(h + 24, RATE, 4);
	put_le(h + 28, RATE * 2, 4);
	put_le(h + 32, 2, 2);
	put_le(h + 34, 16, 2);
	memcpy(h + 36, "data", 4);
	put_le(h + 40, bytes, 4);
	FILE *f = fopen(path, "wb");
	if (!f)
		return errno;
	bool ok = fwrite(h, 1, HEADER, f) == HEADER;
	for (size_t i = 0; i < n && ok; i++) {
		put_le(two, (uint16_t)s[i], 2);
		ok = fwrite(two, 1, 2, f) == 2;
	}
	int err = ok ? 0 : EIO;
	if (fclose(f) && !err)
		err = errno;
	return err;
}
