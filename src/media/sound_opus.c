/*
 * sound_opus.c - Ogg Opus files (RFC 7845) by libopusfile: 48 kHz, all channels mixed to mono. Chained files play
 * through.
 */
#include <opusfile.h>
#include <string.h>
#include "media/sound_priv.h"

enum { RATE = 48000, BLOCK = 5760 /* 120 ms, the longest packet */, HOLES_MAX = 100 };

struct opus_file {
	struct sound_reader r;
	FILE *f;
	OggOpusFile *of;
	unsigned holes; /* damaged places so far: a file of nothing else ends */
	size_t at, have;
	opus_int16 st[2 * BLOCK]; /* stereo: libopusfile mixes down to that */
};

static int file_read(void *arg, unsigned char *p, int n)
{
	FILE *f = arg;
	size_t got = fread(p, 1, (size_t)(n > 0 ? n : 0), f);

	return !got && ferror(f) ? -1 : (int)got;
}

static int file_seek(void *arg, opus_int64 at, int whence)
{
	return fseek(arg, (long)at, whence);
}

static opus_int64 file_tell(void *arg)
{
	return ftell(arg);
}

static bool refill(struct opus_file *o)
{
	int got;

	o->at = o->have = 0;
	do {
		got = op_read_stereo(o->of, o->st, 2 * BLOCK);
	} while (got == OP_HOLE && ++o->holes < HOLES_MAX);
	o->have = got > 0 ? (size_t)got : 0;
	return got > 0;
}

static size_t opus_next(struct sound_reader *r, int16_t *pcm, size_t n)
{
	struct opus_file *o = CONTAINER_OF(r, struct opus_file, r);
	size_t got = 0;

	while (got < n && (o->at < o->have || refill(o))) {
		pcm[got++] = (int16_t)((o->st[2 * o->at] + o->st[2 * o->at + 1]) / 2);
		o->at++;
	}
	return got;
}

static bool opus_seek(struct sound_reader *r, uint64_t sample)
{
	struct opus_file *o = CONTAINER_OF(r, struct opus_file, r);
	ogg_int64_t all = op_pcm_total(o->of, -1);

	if (all <= 0 || sample >= (uint64_t)all || op_pcm_seek(o->of, (ogg_int64_t)sample))
		return false;
	o->at = o->have = 0;
	return true;
}

static void opus_destroy(void *obj)
{
	struct opus_file *o = obj;

	if (o->of)
		op_free(o->of);
}

int sound_opus_open(struct sound_reader **rp, FILE *f)
{
	static const OpusFileCallbacks cb = {.read = file_read, .seek = file_seek, .tell = file_tell};
	struct opus_file *o = mem_zalloc(sizeof(*o), opus_destroy);
	int err = 0;

	if (!o)
		return ENOMEM;
	o->f = f;
	o->r.rate = RATE;
	o->r.read = opus_next;
	o->r.seek = opus_seek;
	o->of = op_open_callbacks(f, &cb, NULL, 0, &err);
	if (!o->of) {
		mem_deref(o);
		return err == OP_EFAULT ? ENOMEM : err == OP_EREAD ? EIO : ERR_SYNTAX;
	}
	*rp = &o->r;
	return 0;
}
