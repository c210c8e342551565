/*
 * mem.c - reference-counted memory.
 *
 * Each object has a small header before it. The release header is 16 bytes
 * (count, destructor and the class of its block in pool.c). The debug header also
 * links all live objects, knows who allocated them, and carries a mark that tells
 * live objects from dead ones; each block is the C library's, so that the
 * sanitizers see it.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <malloc.h>
#endif
#include "base/base_priv.h"
#include "base/mem.h"

struct hdr {
#ifdef OH_DEBUG
	uintptr_t prev, next; /* inverted pointers: see link_get() */
	const void *site;     /* return address of the allocating call */
	size_t size;
#endif
	_Alignas(16) mem_destroy_h *dh;
	uint32_t refs;
	uint32_t mark; /* debug build: LIVE, DYING or DEAD; otherwise the class of the block, 0 = from malloc */
};

_Static_assert(sizeof(struct hdr) % _Alignof(max_align_t) == 0, "objects must be aligned for every type");

/* Larger requests are mistakes or attacks; this also keeps the sums below from wrapping. */
static const size_t size_max = SIZE_MAX / 4;

static struct hdr *hdr_of(const void *obj)
{
	return (struct hdr *)(void *)((char *)(uintptr_t)obj - sizeof(struct hdr));
}

#ifdef OH_DEBUG

enum { MARK_LIVE = 0x4c495645, MARK_DYING = 0x4459494e, MARK_DEAD = 0x44454144 };
enum { POISON_FREE = 0xa5, POISON_NEW = 0x5a };

static pthread_mutex_t live_lock = PTHREAD_MUTEX_INITIALIZER;
static uintptr_t live_head; /* inverted; 0 = none */
static size_t live_n;
static _Thread_local bool fail_on;
static _Thread_local long fail_n, fail_seen;

/* Links are kept inverted, or the leak checker of the address sanitizer would find every object through this list. */
static struct hdr *link_get(uintptr_t v)
{
	return v ? (struct hdr *)~v : NULL;
}

static uintptr_t link_put(struct hdr *h)
{
	return h ? ~(uintptr_t)h : 0;
}

static void live_add(struct hdr *h, size_t size, const void *site)
{
	h->site = site;
	h->size = size;
	h->mark = MARK_LIVE;
	h->prev = 0;
	pthread_mutex_lock(&live_lock);
	h->next = live_head;
	if (live_head)
		link_get(live_head)->prev = link_put(h);
	live_head = link_put(h);
	live_n++;
	pthread_mutex_unlock(&live_lock);
}

static void live_del(struct hdr *h)
{
	pthread_mutex_lock(&live_lock);
	if (h->prev)
		link_get(h->prev)->next = h->next;
	else
		live_head = h->next;
	if (h->next)
		link_get(h->next)->prev = h->prev;
	live_n--;
	pthread_mutex_unlock(&live_lock);
}

static bool must_fail(void)
{
	return fail_on && fail_seen++ >= fail_n;
}

static void hdr_check(const struct hdr *h)
{
	if (h->mark == MARK_LIVE || h->mark == MARK_DYING)
		return;
	fprintf(stderr, "mem: %p is %s\n", (const void *)(h + 1), h->mark == MARK_DEAD ? "freed" : "no object");
	abort();
}

static void hdr_free(struct hdr *h)
{
	live_del(h);
	memset(h + 1, POISON_FREE, h->size);
	h->mark = MARK_DEAD;
	free(h);
}

static struct hdr *hdr_new(size_t size, bool zero, const void *site)
{
	struct hdr *h;

	if (must_fail() || size > size_max)
		return NULL;
	h = malloc(sizeof(*h) + size);
	if (!h)
		return NULL;
	memset(h + 1, zero ? 0 : POISON_NEW, size);
	live_add(h, size, site);
	return h;
}

/* Always moves, so that a pointer kept over a mem_realloc() shows itself. */
static struct hdr *hdr_resize(struct hdr *old, size_t size, const void *site)
{
	struct hdr *h = hdr_new(size, false, site);

	if (!h)
		return NULL;
	memcpy(h + 1, old + 1, old->size < size ? old->size : size);
	hdr_free(old);
	return h;
}

#else

static void hdr_check(const struct hdr *h)
{
	(void)h;
}

static void hdr_free(struct hdr *h)
{
	if (h->mark)
		pool_put(h, h->mark);
	else
		free(h);
}

static struct hdr *hdr_new(size_t size, bool zero, const void *site)
{
	size_t n = sizeof(struct hdr) + size;
	struct hdr *h;

	(void)site;
	if (size > size_max)
		return NULL;
	uint32_t class = pool_class(n);
	if (class) {
		h = pool_get(class);
		if (h && zero)
			memset(h + 1, 0, size);
	} else {
		h = zero ? calloc(1, n) : malloc(n);
	}
	if (h)
		h->mark = class;
	return h;
}

static struct hdr *hdr_resize(struct hdr *old, size_t size, const void *site)
{
	size_t n = sizeof(*old) + size, have = pool_size(old->mark);

	if (size > size_max)
		return NULL;
	if (!old->mark)
		return realloc(old, n);
	if (pool_class(n) == old->mark)
		return old;
	struct hdr *h = hdr_new(size, false, site);
	if (!h)
		return NULL;
	memcpy(h + 1, old + 1, (n < have ? n : have) - sizeof(*old));
	hdr_free(old);
	return h;
}

#endif

static void *obj_new(size_t size, mem_destroy_h *dh, bool zero, const void *site)
{
	struct hdr *h = hdr_new(size, zero, site);

	if (!h)
		return NULL;
	h->dh = dh;
	h->refs = 1;
	return h + 1;
}

void *mem_alloc(size_t size, mem_destroy_h *dh)
{
	return obj_new(size, dh, false, __builtin_return_address(0));
}

void *mem_zalloc(size_t size, mem_destroy_h *dh)
{
	return obj_new(size, dh, true, __builtin_return_address(0));
}

void *mem_realloc(void *obj, size_t size)
{
	struct hdr *h;

	if (!obj)
		return obj_new(size, NULL, false, __builtin_return_address(0));
	h = hdr_of(obj);
	hdr_check(h);
	DEBUG_CHECK(h->refs == 1 && !h->dh);
	if (h->refs != 1 || h->dh)
		return NULL;
	h = hdr_resize(h, size, __builtin_return_address(0));
	if (!h)
		return NULL;
	h->dh = NULL;
	h->refs = 1;
	return h + 1;
}

void *mem_ref(const void *obj)
{
	struct hdr *h;

	if (!obj)
		return NULL;
	h = hdr_of(obj);
	hdr_check(h);
	h->refs++;
	return h + 1;
}

/*
 * The count stays 1 while the destructor runs: code it calls may take and drop
 * references of its own without starting the destruction a second time.
 */
static void obj_destroy(struct hdr *h)
{
	mem_destroy_h *dh = h->dh;

#ifdef OH_DEBUG
	DEBUG_CHECK(h->mark != MARK_DYING);
	h->mark = MARK_DYING;
#endif
	h->dh = NULL;
	if (dh)
		dh(h + 1);
	DEBUG_CHECK(h->refs == 1);
	/* somebody kept a reference to a destroyed object: losing the memory is the lesser evil */
	if (h->refs == 1)
		hdr_free(h);
}

void *mem_deref(void *obj)
{
	struct hdr *h;

	if (!obj)
		return NULL;
	h = hdr_of(obj);
	hdr_check(h);
	if (h->refs > 1)
		h->refs--;
	else
		obj_destroy(h);
	return NULL;
}

uint32_t mem_nrefs(const void *obj)
{
	return obj ? hdr_of(obj)->refs : 0;
}

int mem_strdup(char **sp, const char *s)
{
	size_t n;
	char *d;

	if (!s)
		return EINVAL;
	n = strlen(s) + 1;
	d = obj_new(n, NULL, false, __builtin_return_address(0));
	if (!d)
		return ENOMEM;
	memcpy(d, s, n);
	*sp = d;
	return 0;
}

void mem_trim(void)
{
	pool_empty();
#ifdef __GLIBC__
	(void)malloc_trim(0);
#endif
}

void mem_wipe(void *p, size_t n)
{
	if (n == 0)
		return;
	memset(p, 0, n);
	/* the compiler must believe that somebody reads it */
	__asm__ __volatile__("" : : "r"(p) : "memory");
}

#ifdef OH_DEBUG

void mem_fail_at(long n)
{
	fail_n = n;
	fail_seen = 0;
	fail_on = true;
}

long mem_fail_off(void)
{
	long seen = fail_on ? fail_seen : 0;

	fail_on = false;
	return seen;
}

size_t mem_live(void)
{
	size_t n;

	pthread_mutex_lock(&live_lock);
	n = live_n;
	pthread_mutex_unlock(&live_lock);
	return n;
}

static void leak_print(const struct hdr *h)
{
	const unsigned char *p = (const unsigned char *)(h + 1);

	fprintf(stderr, "mem: leak %p size %zu refs %u from %p:", (const void *)p, h->size, h->refs, h->site);
	for (size_t i = 0; i < h->size && i < 16; i++)
		fprintf(stderr, " %02x", p[i]);
	fputs("  ", stderr);
	for (size_t i = 0; i < h->size && i < 16; i++)
		fputc(p[i] >= 0x20 && p[i] < 0x7f ? p[i] : '.', stderr);
	fputc('\n', stderr);
}

size_t mem_leaks(void)
{
	enum { SHOWN = 100 };
	size_t n = 0;

	pthread_mutex_lock(&live_lock);
	for (uintptr_t v = live_head; v && n < SHOWN; v = link_get(v)->next, n++)
		leak_print(link_get(v));
	if (live_n > n)
		fprintf(stderr, "mem: and %zu more\n", live_n - n);
	n = live_n;
	pthread_mutex_unlock(&live_lock);
	return n;
}

#else

void mem_fail_at(long n)
{
	(void)n;
}

long mem_fail_off(void)
{
	return 0;
}

size_t mem_live(void)
{
	return 0;
}

size_t mem_leaks(void)
{
	return 0;
}

#endif
