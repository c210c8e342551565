/*
 * recorder_wav.c - recordings as WAV: RIFF with 16-bit PCM, its two lengths brought up to date as it grows.
 */
#include <string.h>
#include <unistd.h>
#include "media/le.h"
#include "media/recorder_priv.h"

enum { BLOCK = 16 << 10 };

struct wav_state {
	size_t n;
	uint8_t p[BLOCK]; /**< not written yet */
};

static int begin(struct mrec_out *o)
{
	uint8_t h[WAV_HEADER];

	o->state = mem_alloc(sizeof(struct wav_state), NULL);
	if (!o->state)
		return ENOMEM;
	((struct wav_state *)o->state)->n = 0;
	wav_header(h, o->rate, o->ch, 0);
	o->bytes = WAV_HEADER;
	return file_append(o->fd, h, sizeof(h));
}

static int flush(struct mrec_out *o)
{
	struct wav_state *w = o->state;
	size_t n = w->n;

	w->n = 0;
	if (!n)
		return 0;
	/* behind what is whole: half a block may stand there since a disk was full */
	int err = file_write_at(o->fd, w->p, n, o->bytes);
	if (!err)
		o->bytes += n;
	return err;
}

static int wav_frames(struct mrec_out *o, const int16_t *v, size_t n)
{
	struct wav_state *w = o->state;

	for (size_t i = 0; i < n * o->ch; i++) {
		if (w->n == BLOCK) {
			int err = flush(o);
			if (err)
				return err;
		}
		le_put(w->p + w->n, (uint16_t)v[i], 2);
		w->n += 2;
	}
	o->frames += n;
	/* a length has 32 bits */
	return o->bytes + w->n > UINT32_MAX - (1U << 20) ? EFBIG : 0;
}

static int sync_lengths(struct mrec_out *o, uint32_t bytes)
{
	uint8_t two[2][4];

	le_put(two[0], bytes + WAV_HEADER - 8, 4);
	le_put(two[1], bytes, 4);
	int err = file_write_at(o->fd, two[1], 4, 40);
	return err ? err : file_write_at(o->fd, two[0], 4, 4);
}

static int wav_sync(struct mrec_out *o, bool end)
{
	uint64_t before = o->bytes;
	int err = flush(o);

	/* at the end after an error: half a frame may have been written, the length leaves it out */
	if (!err && o->bytes == before && !end)
		return 0;
	int err2 = sync_lengths(o, (uint32_t)(o->bytes - WAV_HEADER));
	return err ? err : err2;
}

static int wav_repair(int fd, uint64_t size, uint64_t *ms, uint64_t *bytes)
{
	uint8_t h[WAV_HEADER];
	struct mrec_out o = {.fd = fd};

	if (size < WAV_HEADER || pread(fd, h, WAV_HEADER, 0) != WAV_HEADER || memcmp(h, "RIFF", 4) ||
	    memcmp(h + 8, "WAVEfmt ", 8) || memcmp(h + 36, "data", 4))
		return ERR_SYNTAX;
	uint32_t frame = le_get(h + 32, 2), rate = le_get(h + 24, 4), n = le_get(h + 40, 4);
	if (!frame || !rate)
		return ERR_SYNTAX;
	uint64_t data = size - WAV_HEADER;
	data -= data % frame;
	if (data > UINT32_MAX - WAV_HEADER)
		data = n;
	int err = data == n ? 0 : sync_lengths(&o, (uint32_t)data);
	*ms = data / frame * 1000 / rate;
	*bytes = WAV_HEADER + data;
	return err;
}

const struct mrec_format mrec_wav = {".wav", begin, wav_frames, wav_sync, wav_repair};
