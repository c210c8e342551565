/*
 * record.c - received sound kept in memory: the last ten minutes, 8 kHz samples.
 *
 * The worker writes and counts; the loop thread reads what lies well behind the
 * place of writing, so that the two never touch the same samples and need no lock.
 */
#include <stdatomic.h>
#include <string.h>
#include "ua/ua_priv.h"

enum {
	RATE = 8000,
	MARGIN = 2 * RATE, /**< samples that the writer may be ahead while we read */
	SIZE = 10 * 60 * RATE + MARGIN
};

struct recorder {
	struct media_sink sink;
	_Atomic uint64_t n; /**< samples written since the beginning */
	int16_t s[SIZE];
};

/* Worker. */
static void write_h(struct media_sink *sink, const int16_t *pcm, size_t n, uint64_t us)
{
	struct recorder *r = CONTAINER_OF(sink, struct recorder, sink);
	uint64_t at = atomic_load_explicit(&r->n, memory_order_relaxed);

	(void)us;

	for (size_t i = 0; i < n; i++)
		r->s[(at + i) % SIZE] = pcm[i];
	atomic_store_explicit(&r->n, at + n, memory_order_release);
}

/* Loop thread. */
static void done_h(struct media_sink *sink)
{
	mem_deref(CONTAINER_OF(sink, struct recorder, sink));
}

int recorder_alloc(struct recorder **rp)
{
	struct recorder *r = mem_alloc(sizeof(*r), NULL);

	if (!r)
		return ENOMEM;
	/* samples are written before they are read: clearing 10 MB would only cost memory */
	memset(&r->sink, 0, sizeof(r->sink));
	r->sink.write = write_h;
	r->sink.done = done_h;
	atomic_init(&r->n, 0);
	*rp = r;
	return 0;
}

struct media_sink *recorder_sink(struct recorder *r)
{
	mem_ref(r);
	return &r->sink;
}

size_t recorder_len(const struct recorder *r)
{
	uint64_t n = atomic_load_explicit(&r->n, memory_order_acquire);

	return n < SIZE - MARGIN ? (size_t)n : SIZE - MARGIN;
}

size_t recorder_last(const struct recorder *r, int16_t *dst, size_t n)
{
	uint64_t end = atomic_load_explicit(&r->n, memory_order_acquire);
	size_t have = end < SIZE - MARGIN ? (size_t)end : SIZE - MARGIN;

	if (n > have)
		n = have;
	for (size_t i = 0; i < n; i++)
		dst[i] = r->s[(end - n + i) % SIZE];
	return n;
}

double oh_call_heard(const struct oh_call *c, unsigned hz, uint32_t ms)
{
	enum { LONGEST_MS = 60000 };
	size_t n = (size_t)(ms < LONGEST_MS ? ms : LONGEST_MS) * RATE / 1000;
	double share = 0;

	if (!c->rec || !n)
		return 0;
	int16_t *s = mem_alloc(n * sizeof(*s), NULL);
	if (!s)
		return 0;
	n = recorder_last(c->rec, s, n);
	if (n)
		share = tone_share(s, n, hz, RATE);
	mem_deref(s);
	return share;
}

int oh_call_save(const struct oh_call *c, const char *path)
{
	if (!c->rec)
		return OH_ERR_STATE;
	size_t n = recorder_len(c->rec);
	int16_t *s = mem_alloc((n ? n : 1) * sizeof(*s), NULL);
	if (!s)
		return ENOMEM;
	n = recorder_last(c->rec, s, n);
	int err = wav_write(path, s, n);
	mem_deref(s);
	return err;
}
