/*
 * ring.h - bounded single-producer single-consumer ring of fixed-size records
 * between two threads. When full, the oldest record is dropped and counted.
 *
 * Thread: one writer, one reader, no locks. Ownership: records are copied in and out.
 */
#ifndef OFFHOOK_BASE_RING_H
#define OFFHOOK_BASE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

struct ring;

/** New ring of `n` records (rounded up to a power of two) of `size` bytes; ENOMEM, EINVAL. mem_deref it. */
int ring_alloc(struct ring **rp, size_t size, uint32_t n) MUST_CHECK;
/** Writer: copy a record in. Returns false if an old record was lost for it. */
bool ring_put(struct ring *r, const void *rec);
/** Reader: copy the oldest record out; false when empty. */
bool ring_get(struct ring *r, void *rec);
/** Records waiting (either side; approximate). */
uint32_t ring_count(const struct ring *r);
/** Records lost so far. */
uint64_t ring_dropped(const struct ring *r);

#endif
