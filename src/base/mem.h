/*
 * mem.h - reference-counted memory with destructors.
 *
 * Ownership: the maker holds one reference; mem_ref() adds, mem_deref() drops,
 * the last drop runs the destructor and frees. Counts are not atomic: an object
 * belongs to one thread at a time (handing it over in a message is fine).
 * The debug build (OH_DEBUG) poisons freed memory, lists leaks and can fail the
 * Nth allocation. The release build adds 16 bytes to each allocation.
 */
#ifndef OFFHOOK_BASE_MEM_H
#define OFFHOOK_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

/** Called with the object before it is freed. */
typedef void(mem_destroy_h)(void *obj);

/** New object of `size` bytes, not cleared, count 1; NULL when memory is out. `dh` may be NULL. */
void *mem_alloc(size_t size, mem_destroy_h *dh) MUST_CHECK;
/** As mem_alloc, all bytes zero. */
void *mem_zalloc(size_t size, mem_destroy_h *dh) MUST_CHECK;
/**
 * Grow or shrink an object that has exactly one reference and no destructor; NULL leaves the old one as it was.
 * Without `obj` the same as mem_alloc.
 */
void *mem_realloc(void *obj, size_t size) MUST_CHECK;
/** Add a reference; returns obj (NULL is fine). */
void *mem_ref(const void *obj);
/** Drop a reference; always returns NULL, so that `x = mem_deref(x)` forgets it. NULL is fine. */
void *mem_deref(void *obj);
/** References now. */
uint32_t mem_nrefs(const void *obj);
/** New copy of a terminated string; ENOMEM. */
int mem_strdup(char **sp, const char *s) MUST_CHECK;
/** Give back to the system what this thread and the C library keep for later needs: after a storm. Takes a few ms. */
void mem_trim(void);
/** Overwrite memory in a way the compiler keeps (secrets). */
void mem_wipe(void *p, size_t n);

/**
 * Fail allocation number `n` from now (0 = the next) on this thread, and all after it until mem_fail_off().
 * Debug build only.
 */
void mem_fail_at(long n);
/** End of failing; returns how many allocations were asked for since mem_fail_at. */
long mem_fail_off(void);
/** Live objects of the process (debug build; 0 otherwise). */
size_t mem_live(void);
/** Print live objects to stderr (debug build). Returns their number. */
size_t mem_leaks(void);

#endif
