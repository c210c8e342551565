/*
 * recorder_wav.c - recordings as WAV: RIFF with 16-bit PCM, its two lengths brought up to date as it grows.
 */
#include <string.h>
#include <unistd.h>
#include "media/recorder_priv.h"

enum { HEADER = 44, BLOCK = 16 << 10, FMT_PCM = 1 };

struct wav_state {
	size_t n;
	uint8_t p[BLOCK]; /**< not written yet */
};

static void put_le(uint8_t *p, uint32_t v, int n)
{
	while (n--) {
		*p++ = (uint8_t)v;
		v >>= 8;
	}
}

static uint32_t le(const uint8_t *p, int n)
{
	uint32_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

static void header(uint8_t *h, const struct mrec_out *o, uint32_t bytes)
{
	uint32_t frame = o->ch * 2U;

	memcpy(h, "RIFF....WAVEfmt ", 16);
	put_le(h + 4, bytes + HEADER - 8, 4);
	put_le(h + 16, 16, 4);
	put_le(h + 20, FMT_PCM, 2);
	put_le(h + 22, o->ch, 2);
	put_le(h + 24, o->rate, 4);
	put_le(h + 28, o->rate * frame, 4);
	put_le(h + 32, frame, 2);
	put_le(h + 34, 16, 2);
	memcpy(h + 36, "data", 4);
	put_le(h + 40, bytes, 4);
}

static int begin(struct mrec_out *o)
{
	uint8_t h[HEADER];

	o->state = mem_alloc(sizeof(struct wav_state), NULL);
	if (!o->state)
		return ENOMEM;
	((struct wav_state *)o->state)->n = 0;
	header(h, o, 0);
	o->bytes = HEADER;
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
		put_le(w->p + w->n, (uint16_t)v[i], 2);
		w->n += 2;
	}
	o->frames += n;
	/* a length has 32 bits */
	return o->bytes + w->n > UINT32_MAX - (1U << 20) ? EFBIG : 0;
}

static int sync_lengths(struct mrec_out *o, uint32_t bytes)
{
	uint8_t two[2][4];

	put_le(two[0], bytes + HEADER - 8, 4);
	put_le(two[1], bytes, 4);
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
	int err2 = sync_lengths(o, (uint32_t)(o->bytes - HEADER));
	return err ? err : err2;
}

static int wav_repair(int fd, uint64_t size, uint64_t *ms, uint64_t *bytes)
{
	uint8_t h[HEADER];
	struct mrec_out o = {.fd = fd};

	if (size < HEADER || pread(fd, h, HEADER, 0) != HEADER || memcmp(h, "RIFF", 4) ||
	    memcmp(h + 8, "WAVEfmt ", 8) || memcmp(h + 36, "data", 4))
		return ERR_SYNTAX;
	uint32_t frame = le(h + 32, 2), rate = le(h + 24, 4), n = le(h + 40, 4);
	if (!frame || !rate)
		return ERR_SYNTAX;
	uint64_t data = size - HEADER;
	data -= data % frame;
	if (data > UINT32_MAX - HEADER)
		data = n;
	int err = data == n ? 0 : sync_lengths(&o, (uint32_t)data);
	*ms = data / frame * 1000 / rate;
	*bytes = HEADER + data;
	return err;
}

const struct mrec_format mrec_wav = {".wav", begin, wav_frames, wav_sync, wav_repair};
