/*
 * crypto.h - threads for work that takes long: TLS and DTLS handshakes, and the files that go with them.
 *
 * The threads are made when the first job comes, at a lower priority than the rest. With a virtual loop there are none:
 * jobs run on virtual loops of the same vnet, in a repeatable order.
 * Thread: crypto_run() from the loop's thread. Ownership: what a job points to belongs to the crypto thread from
 * crypto_run() until `done` runs on the loop. mem_deref(pool) waits for the jobs that are out; their `done` has then
 * been posted and runs with the loop's next messages.
 */
#ifndef OFFHOOK_LOOP_CRYPTO_H
#define OFFHOOK_LOOP_CRYPTO_H

#include "loop/loop.h"

struct crypto;

/** One piece of work, embedded in its owner; may be used again once `done` ran. */
struct crypto_job {
	struct loop_msg msg;
	struct link le;                     /**< in the pool, while it is out */
	struct loop *back;                  /**< where `done` runs */
	struct crypto_thread *th;           /**< NULL: not out, or the pool is gone */
	void (*work)(struct crypto_job *j); /**< on a crypto thread */
	void (*done)(struct crypto_job *j); /**< on the loop */
};

/** New pool for `l`; `threads` 0 = cores - 1, at least 1, at most 16. ENOMEM. */
int crypto_alloc(struct crypto **cp, struct loop *l, unsigned threads) MUST_CHECK;
/** Hand a job over to the thread that has least to do. An error means that no thread could be made: nothing was handed
 * over. */
int crypto_run(struct crypto *c, struct crypto_job *j) MUST_CHECK;
/** Jobs that are out, and threads there may be. */
unsigned crypto_out(const struct crypto *c);
unsigned crypto_threads(const struct crypto *c);

#endif
