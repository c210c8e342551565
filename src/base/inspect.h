/*
 * inspect.h - rooms register what can be looked at: dumps of long-lived objects,
 * counters, and capture points. CLI, API and capture read them from here, so no
 * room needs an arrow to them.
 *
 * Thread: registration at start and end on the loop thread; metric_add from any
 * thread (relaxed atomics); dumps run on the loop thread.
 */
#ifndef OFFHOOK_BASE_INSPECT_H
#define OFFHOOK_BASE_INSPECT_H

#include <stdatomic.h>
#include "base/buf.h"
#include "base/list.h"

/** A named dump: `fn` appends readable text. */
struct inspect {
	struct link le;
	const char *name; /**< "sip.transactions" */
	void (*fn)(struct buf *b, void *arg);
	void *arg;
};
/** Register; the struct is the caller's and lives until inspect_del. */
void inspect_add(struct inspect *i);
void inspect_del(struct inspect *i);
/** Run one dump; ENOENT. */
int inspect_run(struct slice name, struct buf *b) MUST_CHECK;
/** Call `fn` for each registered name. */
void inspect_each(void (*fn)(const char *name, void *arg), void *arg);

/** A counter or gauge, static in its room. */
struct metric {
	struct link le;
	const char
		*name; /**< "sip_requests_received_total": Prometheus naming, prefix offhook_ is added by the reader */
	const char *help; /**< one sentence */
	bool gauge;       /**< goes up and down */
	_Atomic int64_t v;
};
/** Register once (a second call does nothing). */
void metric_reg(struct metric *m);
static inline void metric_add(struct metric *m, int64_t d)
{
	atomic_fetch_add_explicit(&m->v, d, memory_order_relaxed);
}
static inline int64_t metric_get(struct metric *m)
{
	return atomic_load_explicit(&m->v, memory_order_relaxed);
}
/** Call `fn` for each registered metric. */
void metric_each(void (*fn)(struct metric *m, void *arg), void *arg);

#endif
