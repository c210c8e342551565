/*
 * handle.h - names for objects of another thread: index and generation, so that
 * a late message to a dead object finds nothing instead of a stranger.
 *
 * Thread: one per table. Ownership: the table holds plain pointers.
 */
#ifndef OFFHOOK_BASE_HANDLE_H
#define OFFHOOK_BASE_HANDLE_H

#include <stdint.h>
#include "base/err.h"

/** 0 is never a valid handle. Low 32 bits: index + 1; high 32 bits: generation. */
typedef uint64_t handle_t;
struct handle_slot;
struct handle_tab {
	struct handle_slot *slot;
	uint32_t cap, free, used;
};

/** Empty table. */
void handle_tab_init(struct handle_tab *t);
/** Free the table's memory. */
void handle_tab_free(struct handle_tab *t);
/** Name for `obj`; ENOMEM. */
int handle_new(struct handle_tab *t, void *obj, handle_t *h) MUST_CHECK;
/** The object, or NULL if the handle is stale. */
void *handle_get(const struct handle_tab *t, handle_t h);
/** Forget the name; stale handles are ignored. */
void handle_drop(struct handle_tab *t, handle_t h);

#endif
