/*
 * ring.c - single-producer single-consumer ring that drops its oldest record.
 *
 * `head` counts records written (writer only), `tail` records read or dropped
 * (both sides, by compare-and-swap). The writer touches a slot again only after
 * it has seen `tail` beyond it. The reader copies a record first and then moves
 * `tail` past it: if that fails, the writer has dropped the record meanwhile and
 * the copy, perhaps torn, is thrown away. Payload words are atomic because the
 * two sides may meet on a slot in just that case. Counters are 64 bits wide and
 * never come round again.
 */
#include <stdatomic.h>
#include <string.h>
#include "base/mem.h"
#include "base/ring.h"

enum { LINE = 64 };

struct ring {
	size_t size;   /* bytes of a record */
	size_t words;  /* 64-bit words of a slot */
	uint64_t mask; /* slots - 1 */
	char pad0[LINE];
	_Atomic uint64_t head;
	_Atomic uint64_t dropped; /* written by the writer only */
	char pad1[LINE];
	_Atomic uint64_t tail;
	char pad2[LINE];
	_Atomic uint64_t word[];
};

int ring_alloc(struct ring **rp, size_t size, uint32_t n)
{
	struct ring *r;
	uint64_t slots = 1, words = ((uint64_t)size + 7) / 8;

	if (size == 0 || size > UINT32_MAX || n == 0)
		return EINVAL;
	while (slots < n)
		slots *= 2;
	if (words > (SIZE_MAX / 16) / slots)
		return ENOMEM;
	r = mem_zalloc(sizeof(*r) + (size_t)(slots * words) * sizeof(r->word[0]), NULL);
	if (!r)
		return ENOMEM;
	r->size = size;
	r->words = (size_t)words;
	r->mask = slots - 1;
	atomic_init(&r->head, 0);
	atomic_init(&r->tail, 0);
	atomic_init(&r->dropped, 0);
	*rp = r;
	return 0;
}

static void slot_write(struct ring *r, uint64_t pos, const uint8_t *rec)
{
	_Atomic uint64_t *w = &r->word[(size_t)(pos & r->mask) * r->words];
	size_t left = r->size;

	for (; left; w++) {
		size_t n = left < 8 ? left : 8;
		uint64_t v = 0;

		memcpy(&v, rec, n);
		atomic_store_explicit(w, v, memory_order_relaxed);
		rec += n;
		left -= n;
	}
}

static void slot_read(struct ring *r, uint64_t pos, uint8_t *rec)
{
	_Atomic uint64_t *w = &r->word[(size_t)(pos & r->mask) * r->words];
	size_t left = r->size;

	for (; left; w++) {
		size_t n = left < 8 ? left : 8;
		uint64_t v = atomic_load_explicit(w, memory_order_relaxed);

		memcpy(rec, &v, n);
		rec += n;
		left -= n;
	}
}

bool ring_put(struct ring *r, const void *rec)
{
	uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);
	bool lost = false;

	/* a failed swap means that the reader has just taken the oldest record: then there is room and nothing is lost
	 */
	if (head - tail > r->mask && atomic_compare_exchange_strong_explicit(
					     &r->tail, &tail, tail + 1, memory_order_acq_rel, memory_order_acquire)) {
		atomic_store_explicit(&r->dropped, atomic_load_explicit(&r->dropped, memory_order_relaxed) + 1,
				      memory_order_relaxed);
		lost = true;
	}
	slot_write(r, head, rec);
	atomic_store_explicit(&r->head, head + 1, memory_order_release);
	return !lost;
}

bool ring_get(struct ring *r, void *rec)
{
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);

	do {
		uint64_t head = atomic_load_explicit(&r->head, memory_order_acquire);

		if (tail >= head)
			return false;
		slot_read(r, tail, rec);
	} while (!atomic_compare_exchange_strong_explicit(&r->tail, &tail, tail + 1, memory_order_acq_rel,
							  memory_order_acquire));
	return true;
}

uint32_t ring_count(const struct ring *r)
{
	struct ring *rw = (struct ring *)(uintptr_t)r;
	uint64_t tail = atomic_load_explicit(&rw->tail, memory_order_acquire);
	uint64_t n = atomic_load_explicit(&rw->head, memory_order_acquire) - tail;

	return (uint32_t)(n > r->mask + 1 ? r->mask + 1 : n);
}

uint64_t ring_dropped(const struct ring *r)
{
	return atomic_load_explicit(&((struct ring *)(uintptr_t)r)->dropped, memory_order_relaxed);
}
