/*
 * recorder.c - from the sinks of two sides through a ring to the writer thread.
 *
 * On a media worker: one copy into the ring for each chunk of samples. On the writer thread: both sides in step
 * (recorder_align.c), mixed or interleaved, handed to the file's format. On the loop thread: orders and figures.
 * Pauses are cut out of the time line: what the sinks hear meanwhile is left out, and later times are moved up.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "media/recorder_priv.h"

enum {
	RING_MS = 4000, /**< a disk may stand still for so long */
	CHUNK_MAX = 960,
	MIX_MAX = 320,
};

/** What stands before the samples in the ring. */
struct chunk {
	uint64_t us;
	uint16_t n;
	uint8_t side;
};

struct mrecorder {
	struct loop *loop;
	const struct mrec_format *fmt;
	const struct mrecorder_ops *ops;
	void *arg;
	struct file_out *file;
	struct media_sink sink[MREC_SIDES];
	uint8_t sides;
	bool stereo, stopping;
	bool used[MREC_SIDES]; /**< until its done() */
	uint64_t start_us, pause_us;
	uint64_t paused_ms;
	uint32_t pauses;
	int err;
	/* the loop thread's, for all */
	atomic_bool paused;
	_Atomic uint64_t cut_us; /**< pauses so far */
	_Atomic uint64_t end_us; /**< when it ended, 0: not yet */
	/* the writer thread's, for all */
	_Atomic uint64_t frames, bytes;
	struct mrec_out out;
	struct align *align;
	bool begun, ready; /**< tried; the headers are written */
};

static const struct mrec_format *const formats[] = {[MREC_WAV] = &mrec_wav, [MREC_OPUS] = &mrec_opus};

const char *mrecorder_suffix(enum mrecorder_format f)
{
	return formats[f]->suffix;
}

/* ------------------------------------------------------------------ media worker */

static void sink_write(struct mrecorder *r, uint8_t side, const int16_t *pcm, size_t n, uint64_t us)
{
	struct {
		struct chunk h;
		int16_t v[CHUNK_MAX];
	} rec;

	if (atomic_load_explicit(&r->paused, memory_order_acquire))
		return;
	us -= atomic_load_explicit(&r->cut_us, memory_order_relaxed);
	while (n) {
		size_t k = n < CHUNK_MAX ? n : CHUNK_MAX;
		rec.h = (struct chunk){.us = us, .n = (uint16_t)k, .side = side};
		memcpy(rec.v, pcm, k * sizeof(*pcm));
		(void)file_out_put(r->file, &rec, sizeof(rec.h) + k * sizeof(*pcm));
		us += k * 1000000ULL / r->out.rate;
		pcm += k;
		n -= k;
	}
}

static void said_h(struct media_sink *sink, const int16_t *pcm, size_t n, uint64_t us)
{
	sink_write(CONTAINER_OF(sink, struct mrecorder, sink[MREC_SAID]), MREC_SAID, pcm, n, us);
}

static void heard_h(struct media_sink *sink, const int16_t *pcm, size_t n, uint64_t us)
{
	sink_write(CONTAINER_OF(sink, struct mrecorder, sink[MREC_HEARD]), MREC_HEARD, pcm, n, us);
}

/* ------------------------------------------------------------------ writer thread */

static int16_t clip(int v)
{
	return (int16_t)(v > INT16_MAX ? INT16_MAX : v < INT16_MIN ? INT16_MIN : v);
}

/* As align_h. */
static int frames_h(const int16_t *const *v, size_t n, void *arg)
{
	struct mrecorder *r = arg;
	int16_t mix[2 * MIX_MAX];

	if (r->sides == 1)
		return r->fmt->write(&r->out, v[0], n);
	for (size_t i = 0; i < n; i++) {
		if (r->stereo) {
			mix[2 * i] = v[0][i];
			mix[2 * i + 1] = v[1][i];
		} else {
			mix[i] = clip(v[0][i] + v[1][i]);
		}
	}
	return r->fmt->write(&r->out, mix, n);
}

static int file_write_h(void *arg, int fd, const uint8_t *p, size_t l)
{
	struct mrecorder *r = arg;
	struct chunk h;
	int16_t v[CHUNK_MAX];
	int err = 0;

	(void)fd;
	while (!err && l >= sizeof(h)) {
		memcpy(&h, p, sizeof(h));
		memcpy(v, p + sizeof(h), h.n * sizeof(*v));
		err = align_put(r->align, h.side, h.us, v, h.n);
		p += sizeof(h) + h.n * sizeof(*v);
		l -= sizeof(h) + h.n * sizeof(*v);
	}
	return err;
}

static int file_begin(struct mrecorder *r, int fd)
{
	r->begun = true;
	r->out.fd = fd;
	int err = align_alloc(&r->align, r->out.rate, r->sides, r->start_us, frames_h, r);
	if (!err)
		err = r->fmt->begin(&r->out);
	r->ready = !err;
	return err;
}

static int file_sync_h(void *arg, int fd, bool end)
{
	struct mrecorder *r = arg;
	int err = r->begun ? 0 : file_begin(r, fd);
	uint64_t end_us = atomic_load(&r->end_us);

	if (r->ready) {
		if (end && end_us)
			err = align_end(r->align, end_us);
		int err2 = r->fmt->sync(&r->out, end);
		err = err ? err : err2;
	}
	atomic_store(&r->frames, r->out.frames);
	atomic_store(&r->bytes, r->out.bytes);
	return err;
}

/* ------------------------------------------------------------------ loop thread */

static void failed_h(void *arg, int err)
{
	struct mrecorder *r = arg;

	r->err = err;
	if (!r->stopping && r->ops->failed)
		r->ops->failed(r, err, r->arg);
}

static void closed_h(void *arg, int err, uint64_t lost)
{
	struct mrecorder *r = arg;
	struct mrecorder_info i;

	mrecorder_info(r, &i);
	i.err = err;
	i.lost = lost;
	if (r->ops->closed)
		r->ops->closed(&i, r->arg);
	mem_deref(r);
}

static void side_done(struct mrecorder *r, enum mrecorder_side side)
{
	r->used[side] = false;
	if (r->used[MREC_SAID] || r->used[MREC_HEARD])
		return;
	if (r->stopping)
		file_out_close(r->file);
	else if (r->ops->untapped)
		r->ops->untapped(r, r->arg);
}

static void said_done_h(struct media_sink *sink)
{
	side_done(CONTAINER_OF(sink, struct mrecorder, sink[MREC_SAID]), MREC_SAID);
}

static void heard_done_h(struct media_sink *sink)
{
	side_done(CONTAINER_OF(sink, struct mrecorder, sink[MREC_HEARD]), MREC_HEARD);
}

static void recorder_destroy(void *obj)
{
	struct mrecorder *r = obj;

	mem_deref(r->align);
	mem_deref(r->out.state);
}

int mrecorder_alloc(struct mrecorder **rp, const struct mrecorder_cfg *cfg, const struct mrecorder_ops *ops, void *arg)
{
	static const struct file_out_ops file_ops = {file_write_h, file_sync_h, failed_h, closed_h};
	uint32_t rate = cfg->rate ? cfg->rate : 8000;

	if ((rate != 8000 && rate != 16000) || cfg->sides < 1 || cfg->sides > 2 || cfg->format >= ARRAY_LEN(formats))
		return EINVAL;
	struct mrecorder *r = mem_zalloc(sizeof(*r), recorder_destroy);
	if (!r)
		return ENOMEM;
	r->loop = cfg->loop;
	r->fmt = formats[cfg->format];
	r->ops = ops;
	r->arg = arg;
	r->sides = cfg->sides;
	r->stereo = cfg->stereo && cfg->sides == 2;
	r->start_us = loop_now_us(cfg->loop);
	r->out = (struct mrec_out){.fd = -1, .ch = r->stereo ? 2 : 1, .rate = rate};
	for (int i = 0; i < MREC_SIDES; i++) {
		r->sink[i].rate = rate;
		r->sink[i].write = i == MREC_SAID ? said_h : heard_h;
		r->sink[i].done = i == MREC_SAID ? said_done_h : heard_done_h;
	}
	size_t ring = (size_t)RING_MS * rate / 1000 * sizeof(int16_t) * r->sides;
	int err = file_out_open(&r->file, cfg->files, cfg->path, ring, &file_ops, r);
	if (err) {
		mem_deref(r);
		return err;
	}
	*rp = r;
	return 0;
}

struct media_sink *mrecorder_sink(struct mrecorder *r, enum mrecorder_side side)
{
	r->used[side] = true;
	return &r->sink[side];
}

int mrecorder_tap(struct mrecorder *r, struct mstream *s, bool swapped)
{
	if (r->used[MREC_SAID] || r->used[MREC_HEARD])
		return EALREADY;
	r->sink[MREC_SAID].dir = swapped ? MSINK_TX : MSINK_RX;
	r->sink[MREC_HEARD].dir = swapped ? MSINK_RX : MSINK_TX;
	for (int i = 0; i < r->sides; i++) {
		int err = mstream_tap(s, mrecorder_sink(r, i));
		if (!err)
			continue;
		r->used[i] = false;
		/* its done() tells that the stream is gone */
		if (i)
			mstream_untap(s, &r->sink[MREC_SAID]);
		return err;
	}
	return 0;
}

void mrecorder_pause(struct mrecorder *r, bool paused)
{
	uint64_t now = loop_now_us(r->loop);

	if (atomic_load(&r->paused) == paused)
		return;
	if (paused) {
		r->pause_us = now;
		r->pauses++;
	} else {
		r->paused_ms += (now - r->pause_us) / 1000;
		atomic_fetch_add(&r->cut_us, now - r->pause_us);
	}
	atomic_store_explicit(&r->paused, paused, memory_order_release);
}

void mrecorder_info(const struct mrecorder *r, struct mrecorder_info *i)
{
	struct mrecorder *rw = (struct mrecorder *)(uintptr_t)r;

	*i = (struct mrecorder_info){
		.ms = atomic_load(&rw->frames) * 1000 / r->out.rate,
		.bytes = atomic_load(&rw->bytes),
		.paused_ms = r->paused_ms,
		.pauses = r->pauses,
		.paused = atomic_load(&rw->paused),
		.err = r->err,
	};
}

void mrecorder_stop(struct mrecorder *r)
{
	if (r->stopping)
		return;
	/* a pause that is still on is left out as well */
	mrecorder_pause(r, false);
	r->stopping = true;
	atomic_store(&r->end_us, loop_now_us(r->loop) - atomic_load(&r->cut_us));
	if (!r->used[MREC_SAID] && !r->used[MREC_HEARD]) {
		file_out_close(r->file);
		return;
	}
	for (int i = 0; i < MREC_SIDES; i++)
		if (r->used[i] && r->sink[i].stream)
			mstream_untap(r->sink[i].stream, &r->sink[i]);
}

/* ------------------------------------------------------------------ after a crash */

int mrecorder_repair(const char *path, uint64_t *ms, uint64_t *bytes)
{
	struct stat st;
	size_t l = strlen(path);
	int err = ERR_SYNTAX, fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return errno;
	if (fstat(fd, &st))
		err = errno;
	for (size_t i = 0; i < ARRAY_LEN(formats) && err == ERR_SYNTAX; i++) {
		size_t n = strlen(formats[i]->suffix);
		if (l > n && !strcmp(path + l - n, formats[i]->suffix) && S_ISREG(st.st_mode))
			err = formats[i]->repair(fd, (uint64_t)st.st_size, ms, bytes);
	}
	close(fd);
	return err;
}
