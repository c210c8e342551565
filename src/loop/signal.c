/*
 * signal.c - SIGINT and SIGTERM as call-backs on one loop of the process.
 *
 * The handler only notes the signal and wakes the loop; both are safe there.
 */
#include <signal.h>
#include "loop/loop_priv.h"

static const int signals[] = {SIGINT, SIGTERM};
static _Atomic(struct loop *) owner;
static atomic_bool came[ARRAY_LEN(signals)];
static struct sigaction before[ARRAY_LEN(signals)];

static void on_signal(int signum)
{
	struct loop *l = atomic_load(&owner);

	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		if (signals[i] == signum)
			atomic_store(&came[i], true);
	}
	if (l)
		poller_wake(l->poll);
}

void loop_signal_check(struct loop *l)
{
	if (!l->sig_fn)
		return;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		if (atomic_exchange(&came[i], false) && l->sig_fn)
			l->sig_fn(signals[i], l->sig_arg);
	}
}

void loop_signal_forget(struct loop *l)
{
	if (!l->sig_fn)
		return;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		(void)sigaction(signals[i], &before[i], NULL);
	l->sig_fn = NULL;
	atomic_store(&owner, NULL);
}

int loop_on_signal(struct loop *l, void (*fn)(int signum, void *arg), void *arg)
{
	struct loop *none = NULL;
	struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

	if (!l->poll)
		return 0;
	if (!fn) {
		loop_signal_forget(l);
		return 0;
	}
	if (!atomic_compare_exchange_strong(&owner, &none, l) && none != l)
		return EBUSY;
	bool installed = l->sig_fn != NULL;
	l->sig_fn = fn;
	l->sig_arg = arg;
	if (installed)
		return 0;
	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		atomic_store(&came[i], false);
		(void)sigaction(signals[i], &sa, &before[i]);
	}
	return 0;
}
