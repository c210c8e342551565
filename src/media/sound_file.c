/*
 * sound_file.c - sound files of every kind: recognised by what they hold, else by their ending, brought to the wanted
 * rate, piece by piece or whole.
 */
#include <speex/speex_resampler.h>
#include <string.h>
#include <sys/stat.h>
#include "media/sound.h"
#include "media/sound_priv.h"

enum {
	BLOCK = 2048,
	QUALITY = 6,     /* of the resampler: files are decoded once and played often */
	TAIL_MS = 40,    /* silence behind the end that pushes the last samples out of the filter */
	GROW = 4 * 48000 /* samples by which a sound grows while it is read */
};

struct sound_file {
	FILE *f;
	struct sound_reader *r;
	SpeexResamplerState *rs; /* NULL: the rates are the same */
	uint32_t rate;
	bool ended;
	uint64_t in, out; /* samples in and out of the resampler: the file's length is kept exactly */
	size_t at, have;
	int16_t raw[BLOCK];
};

static void file_destroy(void *obj)
{
	struct sound_file *s = obj;

	if (s->rs)
		speex_resampler_destroy(s->rs);
	mem_deref(s->r);
	if (s->f)
		(void)fclose(s->f);
}

static struct slice ending_of(struct slice name)
{
	size_t i = name.l;

	while (i > 0 && name.p[i - 1] != '.' && name.p[i - 1] != '/')
		i--;
	return i > 0 && name.p[i - 1] == '.' ? slice_from(name, i) : SLICE_NULL;
}

bool sound_file_known(struct slice name)
{
	struct slice e = ending_of(name);

	return slice_ieqs(e, "wav") || slice_ieqs(e, "opus") || slice_ieqs(e, "ogg") || slice_ieqs(e, "oga") ||
	       sound_raw_known(e);
}

static int open_reader(struct sound_file *s, struct slice name)
{
	char magic[4];
	size_t n = fread(magic, 1, sizeof(magic), s->f);

	if (fseek(s->f, 0, SEEK_SET))
		return ERR_SYNTAX;
	if (n == 4 && (!memcmp(magic, "RIFF", 4) || !memcmp(magic, "RF64", 4)))
		return sound_wav_open(&s->r, s->f);
	if (n == 4 && !memcmp(magic, "OggS", 4))
		return sound_opus_open(&s->r, s->f);
	return sound_raw_open(&s->r, s->f, ending_of(name));
}

static uint32_t within(uint32_t rate)
{
	return rate < SOUND_RATE_MIN ? SOUND_RATE_MIN : rate > SOUND_RATE_MAX ? SOUND_RATE_MAX : rate;
}

static int open_file(struct sound_file **fp, FILE *f, struct slice name, uint32_t rate)
{
	struct sound_file *s = mem_zalloc(sizeof(*s), file_destroy);
	int err;

	if (!s) {
		(void)fclose(f);
		return ENOMEM;
	}
	s->f = f;
	err = open_reader(s, name);
	if (!err) {
		s->rate = within(rate ? rate : s->r->rate);
		if (s->rate != s->r->rate) {
			int bad = 0;

			s->rs = speex_resampler_init(1, s->r->rate, s->rate, QUALITY, &bad);
			if (!s->rs)
				err = ENOMEM;
			else
				(void)speex_resampler_skip_zeros(s->rs);
		}
	}
	if (err)
		mem_deref(s);
	else
		*fp = s;
	return err;
}

int sound_file_open(struct sound_file **fp, const char *path, uint32_t rate)
{
	struct stat st;
	FILE *f = fopen(path, "rb");

	if (!f)
		return errno ? errno : EIO;
	if (fstat(fileno(f), &st) || !S_ISREG(st.st_mode) || st.st_size > SOUND_FILE_MAX) {
		int err = st.st_size > SOUND_FILE_MAX ? EFBIG : ERR_SYNTAX;

		(void)fclose(f);
		return err;
	}
	return open_file(fp, f, slice_str(path), rate);
}

uint32_t sound_file_rate(const struct sound_file *f)
{
	return f->rate;
}

/* More of the file for the resampler: its own samples, then silence that pushes the last ones out. */
static bool more(struct sound_file *s)
{
	s->at = s->have = 0;
	if (!s->ended) {
		s->have = s->r->read(s->r, s->raw, BLOCK);
		s->in += s->have;
		if (s->have)
			return true;
		s->ended = true;
	}
	/* as many samples out as the file has time for */
	if (s->out >= s->in * s->rate / s->r->rate)
		return false;
	s->have = (size_t)s->r->rate * TAIL_MS / 1000;
	if (s->have > BLOCK)
		s->have = BLOCK;
	memset(s->raw, 0, s->have * sizeof(s->raw[0]));
	return true;
}

static size_t converted(struct sound_file *s, int16_t *pcm, size_t n)
{
	size_t got = 0;

	while (got < n && (s->at < s->have || more(s))) {
		spx_uint32_t in = (spx_uint32_t)(s->have - s->at), out = (spx_uint32_t)(n - got);
		uint64_t limit = s->ended ? s->in * s->rate / s->r->rate - s->out : UINT64_MAX;

		if (out > limit)
			out = (spx_uint32_t)limit;
		if (!out || speex_resampler_process_int(s->rs, 0, s->raw + s->at, &in, pcm + got, &out))
			break;
		s->at += in;
		got += out;
		s->out += out;
		if (!in && !out)
			break;
	}
	return got;
}

size_t sound_file_read(struct sound_file *s, int16_t *pcm, size_t n)
{
	return s->rs ? converted(s, pcm, n) : s->r->read(s->r, pcm, n);
}

bool sound_file_seek(struct sound_file *s, uint32_t second)
{
	if (!s->r->seek || !s->r->seek(s->r, (uint64_t)second * s->r->rate))
		return false;
	s->ended = false;
	s->in = s->out = s->at = s->have = 0;
	if (s->rs) {
		(void)speex_resampler_reset_mem(s->rs);
		(void)speex_resampler_skip_zeros(s->rs);
	}
	return true;
}

/* ------------------------------------------------------------------ whole files */

/* Grow by steps; what it had is kept. */
static int grow(struct sound **sp, size_t *room)
{
	size_t want = *room + GROW;
	struct sound *s = mem_alloc(sizeof(*s) + want * sizeof(s->s[0]), NULL);

	if (!s)
		return ENOMEM;
	s->n = 0;
	if (*sp) {
		memcpy(s->s, (*sp)->s, (*sp)->n * sizeof(s->s[0]));
		s->n = (*sp)->n;
		mem_deref(*sp);
	}
	*sp = s;
	*room = want;
	return 0;
}

/* Into a block that is no larger than it must be. */
static int fit(struct sound **sp)
{
	struct sound *s = mem_alloc(sizeof(*s) + (*sp)->n * sizeof(s->s[0]), NULL);

	if (!s)
		return ENOMEM;
	memcpy(s, *sp, sizeof(*s) + (*sp)->n * sizeof(s->s[0]));
	mem_deref(*sp);
	*sp = s;
	return 0;
}

static int read_all(struct sound **sp, struct sound_file *f)
{
	struct sound *s = NULL;
	size_t room = 0, got, most = (size_t)SOUND_SECONDS_MAX * f->rate;
	int err = grow(&s, &room);

	while (!err) {
		got = sound_file_read(f, s->s + s->n, room - s->n);
		s->n += got;
		if (s->n > most)
			err = EFBIG;
		else if (s->n < room)
			break;
		else
			err = grow(&s, &room);
	}
	if (!err) {
		s->rate = f->rate;
		err = fit(&s);
	}
	if (err)
		mem_deref(s);
	else
		*sp = s;
	return err;
}

int sound_read_at(struct sound **sp, const char *path, uint32_t rate)
{
	struct sound_file *f;
	int err = sound_file_open(&f, path, rate);

	if (err)
		return err;
	err = read_all(sp, f);
	mem_deref(f);
	return err;
}

int sound_read(struct sound **sp, const char *path)
{
	return sound_read_at(sp, path, 0);
}

int sound_decode(struct sound **sp, const char *name, const void *p, size_t l, uint32_t rate)
{
	struct sound_file *sf;
	FILE *f;
	int err;

	/* there are no streams of nothing */
	if (!l)
		return ERR_SYNTAX;
	f = fmemopen((void *)(uintptr_t)p, l, "rb");
	if (!f)
		return errno ? errno : EIO;
	err = open_file(&sf, f, slice_str(name), rate);
	if (err)
		return err;
	err = read_all(sp, sf);
	mem_deref(sf);
	return err;
}
