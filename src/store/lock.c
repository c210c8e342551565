/*
 * lock.c - the lock between loop and disk threads, waiting with it, clocks, threads.
 *
 * The lock is held for queue operations only, never while the disk works.
 */
#include <signal.h>
#include <time.h>
#include "base/clock.h"
#include "store/store_priv.h"

enum { STACK_BYTES = 256 * 1024 /* what other rooms keep for each thread lies there as well */ };

static int cond_init(pthread_cond_t *c)
{
	pthread_condattr_t at;
	int err = pthread_condattr_init(&at);

	if (err)
		return err;
#ifndef __APPLE__
	err = pthread_condattr_setclock(&at, CLOCK_MONOTONIC);
#endif
	if (!err)
		err = pthread_cond_init(c, &at);
	pthread_condattr_destroy(&at);
	return err;
}

int locks_init(struct store *s)
{
	int err = pthread_mutex_init(&s->lock, NULL);

	if (!err)
		err = pthread_mutex_init(&s->db_lock, NULL);
	if (!err)
		err = cond_init(&s->work);
	if (!err)
		err = cond_init(&s->read_work);
	if (!err)
		err = cond_init(&s->done);
	s->locks = !err;
	return err;
}

void locks_free(struct store *s)
{
	pthread_cond_destroy(&s->done);
	pthread_cond_destroy(&s->read_work);
	pthread_cond_destroy(&s->work);
	pthread_mutex_destroy(&s->db_lock);
	pthread_mutex_destroy(&s->lock);
}

void store_lock(struct store *s)
{
	pthread_mutex_lock(&s->lock);
}

void store_unlock(struct store *s)
{
	pthread_mutex_unlock(&s->lock);
}

void store_wait(struct store *s, pthread_cond_t *c, uint64_t until_ms)
{
	struct timespec ts;

	if (!until_ms) {
		pthread_cond_wait(c, &s->lock);
		return;
	}
#ifdef __APPLE__
	uint64_t now = clock_mono_us() / 1000, left = until_ms > now ? until_ms - now : 0;

	ts.tv_sec = (time_t)(left / 1000);
	ts.tv_nsec = (long)(left % 1000) * 1000000;
	pthread_cond_timedwait_relative_np(c, &s->lock, &ts);
#else
	ts.tv_sec = (time_t)(until_ms / 1000);
	ts.tv_nsec = (long)(until_ms % 1000) * 1000000;
	pthread_cond_timedwait(c, &s->lock, &ts);
#endif
}

uint64_t store_mono_ms(const struct store *s)
{
	return s->virt ? loop_now_ms(s->loop) : clock_mono_us() / 1000;
}

int64_t store_wall_ms(const struct store *s)
{
	return s->virt ? loop_wall_ms(s->loop) : clock_wall_ms();
}

int store_thread(pthread_t *t, const char *name, void *(*fn)(void *arg), struct store *s)
{
	pthread_attr_t at;
	sigset_t all, old;
	int err = pthread_attr_init(&at);

	if (err)
		return err;
	pthread_attr_setstacksize(&at, STACK_BYTES);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old); /* signals are for the loop */
	err = pthread_create(t, &at, fn, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&at);
#ifdef __linux__
	if (!err)
		pthread_setname_np(*t, name);
#else
	(void)name;
#endif
	return err;
}
