/*
 * fiber_ctx.h - execution contexts: a stack of their own and switching to it.
 *
 * The one place that knows ucontext and the sanitizers' annotations.
 * Thread: a context runs on the thread that made it.
 */
#ifndef OFFHOOK_LOOP_FIBER_CTX_H
#define OFFHOOK_LOOP_FIBER_CTX_H

#include <stdbool.h>
#include "base/err.h"

struct fiber_ctx;

/** New context that will run `fn(arg)`; ENOMEM. `fn` must not return: it ends with fiber_ctx_leave(..., true). */
int fiber_ctx_alloc(struct fiber_ctx **cp, void (*fn)(void *arg), void *arg) MUST_CHECK;
/** Free it and its stack; it must not be running. */
void fiber_ctx_free(struct fiber_ctx *c);
/** From the loop into the context; returns when it leaves. */
void fiber_ctx_enter(struct fiber_ctx *c);
/** From the context back to the loop; with `last` it is never entered again. */
void fiber_ctx_leave(struct fiber_ctx *c, bool last);
/** Free the stacks that are kept for reuse on this thread. */
void fiber_ctx_trim(void);

#endif
