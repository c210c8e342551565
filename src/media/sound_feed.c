/*
 * sound_feed.c - a ring that one thread fills and any number of listeners on all workers hear.
 *
 * Nobody waits for anybody: the writer says how far it is before and after it writes a piece, a listener looks at that
 * before and after it copies. Who is too far behind, or ahead of the writer, hears silence for that moment, and it is
 * counted; then it goes on in the middle of what there is.
 */
#include <stdatomic.h>
#include <string.h>
#include "base/mem.h"
#include "media/sound.h"

struct sound_feed {
	uint32_t rate;
	size_t size;            /* of the ring, samples */
	_Atomic uint64_t begun; /* written up to here, or being written */
	_Atomic uint64_t total; /* written */
	_Atomic uint64_t dry;
	_Atomic int16_t ring[]; /* relaxed: a torn moment is heard as silence anyway, but it must be no race */
};

struct listener {
	struct media_source src;
	struct sound_feed *f;
	uint64_t at;
	size_t back;
	bool waits; /* it ran dry: goes on once there is enough */
	void (*done)(void *arg);
	void *arg;
};

int sound_feed_alloc(struct sound_feed **fp, uint32_t rate, uint32_t ms)
{
	size_t size = (size_t)rate * ms / 1000;
	struct sound_feed *f = mem_zalloc(sizeof(*f) + size * sizeof(f->ring[0]), NULL);

	if (!f)
		return ENOMEM;
	f->rate = rate;
	f->size = size;
	*fp = f;
	return 0;
}

void sound_feed_put(struct sound_feed *f, const int16_t *pcm, size_t n)
{
	uint64_t at = atomic_load_explicit(&f->total, memory_order_relaxed);
	size_t i = (size_t)(at % f->size);

	/* who reads one of the new samples sees that their writing had begun */
	atomic_store_explicit(&f->begun, at + n, memory_order_relaxed);
	for (size_t k = 0; k < n; k++) {
		atomic_store_explicit(&f->ring[i], pcm[k], memory_order_release);
		if (++i == f->size)
			i = 0;
	}
	atomic_store_explicit(&f->total, at + n, memory_order_release);
}

uint64_t sound_feed_total(const struct sound_feed *f)
{
	return atomic_load_explicit(&f->total, memory_order_acquire);
}

uint64_t sound_feed_dry(const struct sound_feed *f)
{
	return atomic_load_explicit(&f->dry, memory_order_relaxed);
}

/* Worker. Copy what is there; false: it was written over meanwhile. */
static bool copy(const struct listener *l, int16_t *pcm, size_t n)
{
	const struct sound_feed *f = l->f;
	size_t i = (size_t)(l->at % f->size);

	for (size_t k = 0; k < n; k++) {
		pcm[k] = atomic_load_explicit(&f->ring[i], memory_order_acquire);
		if (++i == f->size)
			i = 0;
	}
	return atomic_load_explicit(&f->begun, memory_order_relaxed) <= l->at + f->size;
}

static size_t feed_read(struct media_source *src, int16_t *pcm, size_t n)
{
	struct listener *l = CONTAINER_OF(src, struct listener, src);
	uint64_t total = sound_feed_total(l->f);
	size_t have;

	if (l->waits) {
		uint64_t from = total > l->back ? total - l->back : 0;

		if (l->at < from)
			l->at = from;
		l->waits = total < l->at + n;
	}
	have = total > l->at && !l->waits ? (size_t)(total - l->at < n ? total - l->at : n) : 0;
	if (have && !copy(l, pcm, have)) {
		have = 0;
		l->at = 0; /* far behind: on from where new listeners come in, next time */
	}
	l->at += have;
	if (have < n) {
		memset(pcm + have, 0, (n - have) * sizeof(*pcm));
		atomic_fetch_add_explicit(&l->f->dry, n - have, memory_order_relaxed);
		l->waits = true;
		l->at = l->at > total ? total : l->at;
	}
	return n;
}

static void feed_done(struct media_source *src)
{
	struct listener *l = CONTAINER_OF(src, struct listener, src);
	void (*done)(void *) = l->done;
	void *arg = l->arg;

	mem_deref(l->f);
	mem_deref(l);
	if (done)
		done(arg);
}

int sound_feed_source(struct media_source **sp, struct sound_feed *f, size_t back, void (*done)(void *arg), void *arg)
{
	struct listener *l = mem_zalloc(sizeof(*l), NULL);

	if (!l)
		return ENOMEM;
	l->f = mem_ref(f);
	l->back = back < f->size / 2 ? back : f->size / 2;
	l->waits = true;
	l->done = done;
	l->arg = arg;
	l->src.rate = f->rate;
	l->src.read = feed_read;
	l->src.done = feed_done;
	*sp = &l->src;
	return 0;
}
