/*
 * pool.c - blocks of memory that each thread keeps for its next need.
 *
 * A call makes and drops hundreds of small objects. The C library joins and splits freed blocks, which costs more
 * than all else that is done with them; here a block goes on a list of its size and is taken from there again. A
 * block may be dropped on another thread than the one that made it: it then is that thread's. Each keeps so much
 * and no more; the rest, and all of it when the thread ends, goes back to the C library.
 *
 * The C library keeps 8 bytes before each block, and blocks lie 16 apart: sizes of 24, 40, 56 ... waste nothing. A held
 * call is some forty blocks, so what a class rounds up counts.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include "base/base_priv.h"

enum {
	ODD = 8,         /**< every size is so much more than a multiple of 16, see above */
	STEP_SMALL = 16, /**< sizes of the first classes differ by this */
	SMALL_CLASSES = 96,
	SMALL_MAX = SMALL_CLASSES * STEP_SMALL + ODD, /**< bytes */
	STEP_LARGE = 64,
	LARGE_CLASSES = 40,
	LARGE_MAX = SMALL_MAX + LARGE_CLASSES * STEP_LARGE,
	CLASSES = SMALL_CLASSES + LARGE_CLASSES + 1,
	KEEP_MAX = 1 << 20 /**< bytes that a thread keeps */
};

struct block {
	struct block *next;
};

struct pool {
	struct block *free[CLASSES];
	size_t kept; /**< bytes on the lists */
	bool known;  /**< to be emptied when the thread ends */
};

static _Thread_local struct pool pool;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool key_ok;

/* The lists may be used again by a later destructor of the same thread: then this one is called again. */
static void pool_end(void *arg)
{
	(void)arg;
	pool_empty();
	pool.known = false;
}

static void key_make(void)
{
	key_ok = pthread_key_create(&key, pool_end) == 0;
}

/* Without somebody who empties the lists there must be none. */
static bool know(struct pool *p)
{
	pthread_once(&key_once, key_make);
	p->known = key_ok && pthread_setspecific(key, p) == 0;
	return p->known;
}

uint32_t pool_class(size_t size)
{
	if (size <= ODD)
		return 1;
	if (size <= SMALL_MAX)
		return (uint32_t)((size - ODD + STEP_SMALL - 1) / STEP_SMALL);
	if (size > LARGE_MAX)
		return 0;
	return SMALL_CLASSES + (uint32_t)((size - SMALL_MAX + STEP_LARGE - 1) / STEP_LARGE);
}

size_t pool_size(uint32_t class)
{
	if (class == 0)
		return 0;
	if (class <= SMALL_CLASSES)
		return (size_t) class * STEP_SMALL + ODD;
	return SMALL_MAX + (size_t)(class - SMALL_CLASSES) * STEP_LARGE;
}

void *pool_get(uint32_t class)
{
	struct block *b = pool.free[class];

	if (!b)
		return malloc(pool_size(class));
	pool.free[class] = b->next;
	pool.kept -= pool_size(class);
	return b;
}

void pool_put(void *p, uint32_t class)
{
	struct block *b = p;
	size_t n = pool_size(class);

	if (pool.kept + n > KEEP_MAX || (!pool.known && !know(&pool))) {
		free(p);
		return;
	}
	b->next = pool.free[class];
	pool.free[class] = b;
	pool.kept += n;
}

size_t pool_kept(void)
{
	return pool.kept;
}

void pool_empty(void)
{
	for (uint32_t c = 1; c < CLASSES; c++) {
		while (pool.free[c]) {
			struct block *b = pool.free[c];

			pool.free[c] = b->next;
			free(b);
		}
	}
	pool.kept = 0;
}
