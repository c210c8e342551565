/*
 * wav.c - sound at 8 kHz for tools and tests: any file read, a mono WAV file of 16 bits written; the header of such
 * files.
 */
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "media/le.h"
#include "media/sound.h"
#include "media/tone.h"

enum { RATE = 8000, FMT_PCM = 1 };

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

void wav_header(uint8_t h[WAV_HEADER], uint32_t rate, uint8_t ch, uint32_t bytes)
{
	uint32_t frame = ch * 2U;

	memcpy(h, "RIFF....WAVEfmt ", 16);
	le_put(h + 4, bytes + WAV_HEADER - 8, 4);
	le_put(h + 16, 16, 4);
	le_put(h + 20, FMT_PCM, 2);
	le_put(h + 22, ch, 2);
	le_put(h + 24, rate, 4);
	le_put(h + 28, rate * frame, 4);
	le_put(h + 32, frame, 2);
	le_put(h + 34, 16, 2);
	memcpy(h + 36, "data", 4);
	le_put(h + 40, bytes, 4);
}

int wav_write(const char *path, const int16_t *s, size_t n)
{
	uint8_t h[WAV_HEADER], two[2];
	uint32_t bytes = (uint32_t)(n * 2);

	if (n > (UINT32_MAX - WAV_HEADER) / 2)
		return EFBIG;
	wav_header(h, RATE, 1, bytes);
	FILE *f = fopen(path, "wb");
	if (!f)
		return errno;
	bool ok = fwrite(h, 1, WAV_HEADER, f) == WAV_HEADER;
	for (size_t i = 0; i < n && ok; i++) {
		le_put(two, (uint16_t)s[i], 2);
		ok = fwrite(two, 1, 2, f) == 2;
	}
	int err = ok ? 0 : EIO;
	if (fclose(f) && !err)
		err = errno;
	return err;
}
