/*
 * fiber_ctx.c - contexts on ucontext, stacks with a guard page.
 *
 * AddressSanitizer and ThreadSanitizer are told of every switch; without that
 * they take a foreign stack for an overflow or a race.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>
#include "base/mem.h"
#include "loop/fiber_ctx.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define WITH_TSAN 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define WITH_ASAN 1
#endif
#ifdef __SANITIZE_THREAD__
#define WITH_TSAN 1
#endif
#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef WITH_TSAN
#include <sanitizer/tsan_interface.h>
#endif
#ifndef MAP_STACK
#define MAP_STACK 0
#endif
#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif

enum {
#if defined(WITH_ASAN) || defined(WITH_TSAN)
	STACK_SIZE = 256 * 1024, /* instrumented frames are several times as large */
#else
	STACK_SIZE = 64 * 1024,
#endif
	MAX_SPARE = 8,
};

struct fiber_ctx {
	ucontext_t uc, back;
	void (*fn)(void *arg);
	void *arg;
	uint8_t *stack; /* lowest byte in use; the guard page lies below */
#ifdef WITH_ASAN
	void *fake, *back_fake;
	const void *back_stack;
	size_t back_size;
#endif
#ifdef WITH_TSAN
	void *tsan, *back_tsan;
#endif
};

/* Stacks kept for the next fibers of this thread; the first word of each leads to the next. */
static _Thread_local uint8_t *spare;
static _Thread_local int n_spare;

static size_t page_size(void)
{
	long n = sysconf(_SC_PAGESIZE);

	return n > 0 ? (size_t)n : 4096;
}

static uint8_t *stack_get(void)
{
	size_t page = page_size();

	if (spare) {
		uint8_t *s = spare;
		spare = *(uint8_t **)(void *)s;
		n_spare--;
		return s;
	}
	uint8_t *p = mmap(NULL, page + STACK_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	if (mprotect(p, page, PROT_NONE)) {
		munmap(p, page + STACK_SIZE);
		return NULL;
	}
	return p + page;
}

static void stack_unmap(uint8_t *s)
{
	size_t page = page_size();

	munmap(s - page, page + STACK_SIZE);
}

static void stack_put(uint8_t *s)
{
#ifdef WITH_ASAN
	/* frames that were left without return have marked it */
	__asan_unpoison_memory_region(s, STACK_SIZE);
#endif
	if (n_spare >= MAX_SPARE) {
		stack_unmap(s);
		return;
	}
	*(uint8_t **)(void *)s = spare;
	spare = s;
	n_spare++;
}

void fiber_ctx_trim(void)
{
	while (spare) {
		uint8_t *s = spare;
		spare = *(uint8_t **)(void *)s;
		stack_unmap(s);
	}
	n_spare = 0;
}

/* makecontext passes ints only: the pointer comes in two halves. */
static void entry(unsigned hi, unsigned lo)
{
	struct fiber_ctx *c = (struct fiber_ctx *)(((uintptr_t)hi << 16 << 16) | lo);

#ifdef WITH_ASAN
	__sanitizer_finish_switch_fiber(NULL, &c->back_stack, &c->back_size);
#endif
	c->fn(c->arg);
}

int fiber_ctx_alloc(struct fiber_ctx **cp, void (*fn)(void *arg), void *arg)
{
	struct fiber_ctx *c = mem_zalloc(sizeof(*c), NULL);

	if (!c)
		return ENOMEM;
	c->stack = stack_get();
	if (!c->stack || getcontext(&c->uc)) {
		if (c->stack)
			stack_put(c->stack);
		mem_deref(c);
		return ENOMEM;
	}
	c->fn = fn;
	c->arg = arg;
	c->uc.uc_stack.ss_sp = c->stack;
	c->uc.uc_stack.ss_size = STACK_SIZE;
	c->uc.uc_link = NULL;
	uintptr_t v = (uintptr_t)c;
	makecontext(&c->uc, (void (*)(void))entry, 2, (unsigned)(v >> 16 >> 16), (unsigned)(v & 0xffffffffu));
#ifdef WITH_TSAN
	c->tsan = __tsan_create_fiber(0);
#endif
	*cp = c;
	return 0;
}

void fiber_ctx_free(struct fiber_ctx *c)
{
	if (!c)
		return;
#ifdef WITH_TSAN
	__tsan_destroy_fiber(c->tsan);
#endif
	stack_put(c->stack);
	mem_deref(c);
}

void fiber_ctx_enter(struct fiber_ctx *c)
{
#ifdef WITH_TSAN
	c->back_tsan = __tsan_get_current_fiber();
	__tsan_switch_to_fiber(c->tsan, 0);
#endif
#ifdef WITH_ASAN
	__sanitizer_start_switch_fiber(&c->back_fake, c->stack, STACK_SIZE);
#endif
	(void)swapcontext(&c->back, &c->uc);
#ifdef WITH_ASAN
	__sanitizer_finish_switch_fiber(c->back_fake, NULL, NULL);
#endif
}

void fiber_ctx_leave(struct fiber_ctx *c, bool last)
{
	(void)last;
#ifdef WITH_TSAN
	__tsan_switch_to_fiber(c->back_tsan, 0);
#endif
#ifdef WITH_ASAN
	/* NULL frees the fake stack of a context that ends */
	__sanitizer_start_switch_fiber(last ? NULL : &c->fake, c->back_stack, c->back_size);
#endif
	(void)swapcontext(&c->uc, &c->back);
#ifdef WITH_ASAN
	__sanitizer_finish_switch_fiber(c->fake, &c->back_stack, &c->back_size);
#endif
}
