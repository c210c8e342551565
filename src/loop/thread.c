/*
 * thread.c - a thread that runs a loop of its own; with a virtual parent, a
 * virtual loop stepped by the same vnet instead.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif
#include "base/log.h"
#include "loop/loop_priv.h"

struct loop_thread {
	pthread_t id;
	struct loop *loop;
	char name[16];
	int (*init)(struct loop *l, void *arg);
	void (*fini)(struct loop *l, void *arg);
	void *arg;
	struct loop_msg stop;
	/* the starter waits for the result of init */
	pthread_mutex_t lock;
	pthread_cond_t started;
	bool up;
	int err;
};

static void name_self(const char *name)
{
#if defined(__linux__) || defined(__NetBSD__)
	(void)pthread_setname_np(pthread_self(), name);
#elif defined(__APPLE__)
	(void)pthread_setname_np(name);
#else
	(void)name;
#endif
}

static void *thread_main(void *arg)
{
	struct loop_thread *t = arg;

	name_self(t->name);
	int err = t->init ? t->init(t->loop, t->arg) : 0;
	pthread_mutex_lock(&t->lock);
	t->up = true;
	t->err = err;
	pthread_cond_signal(&t->started);
	pthread_mutex_unlock(&t->lock);
	if (err)
		return NULL;
	err = loop_run(t->loop);
	if (err)
		log_error("loop", "thread %s: %s", t->name, err_str(err));
	loop_drain(t->loop);
	if (t->fini)
		t->fini(t->loop, t->arg);
	loop_drain(t->loop);
	/* here, because stacks are kept for each thread */
	loop_fibers_drop(t->loop);
	return NULL;
}

/* Signals of the process are the main thread's: a new thread is born with all of them blocked. */
static int thread_create(struct loop_thread *t)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int err = pthread_create(&t->id, NULL, thread_main, t);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		return err;
	pthread_mutex_lock(&t->lock);
	while (!t->up)
		pthread_cond_wait(&t->started, &t->lock);
	err = t->err;
	pthread_mutex_unlock(&t->lock);
	if (err)
		pthread_join(t->id, NULL);
	return err;
}

static void thread_destroy(void *obj)
{
	struct loop_thread *t = obj;

	mem_deref(t->loop);
	pthread_cond_destroy(&t->started);
	pthread_mutex_destroy(&t->lock);
}

int loop_thread_start(struct loop_thread **tp, struct loop *parent, const char *name,
		      int (*init)(struct loop *l, void *arg), void (*fini)(struct loop *l, void *arg), void *arg)
{
	struct loop_thread *t = mem_zalloc(sizeof(*t), thread_destroy);
	int err;

	if (!t)
		return ENOMEM;
	(void)slice_copy(t->name, sizeof(t->name), slice_str(name));
	t->init = init;
	t->fini = fini;
	t->arg = arg;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->started, NULL);
	bool virtual = parent && loop_is_virtual(parent);
	err = virtual ? loop_alloc_virtual(&t->loop, parent->net) : loop_alloc(&t->loop);
	if (!err && virtual)
		err = init ? init(t->loop, arg) : 0;
	else if (!err)
		err = thread_create(t);
	if (err) {
		mem_deref(t);
		return err;
	}
	*tp = t;
	return 0;
}

struct loop *loop_thread_loop(const struct loop_thread *t)
{
	return t->loop;
}

static void stop_h(struct loop_msg *m)
{
	loop_stop(CONTAINER_OF(m, struct loop_thread, stop)->loop);
}

void loop_thread_stop(struct loop_thread *t)
{
	if (!t)
		return;
	if (loop_is_virtual(t->loop)) {
		loop_drain(t->loop);
		if (t->fini)
			t->fini(t->loop, t->arg);
		loop_drain(t->loop);
	} else {
		/* a message, so that what was posted before is run before */
		t->stop.fn = stop_h;
		loop_post(t->loop, &t->stop);
		pthread_join(t->id, NULL);
	}
	mem_deref(t);
}

/* ------------------------------------------------------------------ priorities */

#ifdef __linux__
enum {
	NICE_SOUND = -10,
	NICE_LOW = 5,
	SLICE_NS = 500000, /**< as long as a burst of packets takes */
};

/* A nice value belongs to the thread on Linux; real-time classes could starve the rest of a small machine. */
static int nice_self(int nice)
{
	return setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), nice) ? errno : 0;
}

/*
 * Let the thread run as soon as it wakes. Since Linux 6.6 the thread that runs keeps the core for its slice of 0.7 to
 * 2.8 ms, however low its priority; since 6.12 one that asks for a shorter slice does not have to wait for that. Older
 * kernels do not read the value. Anybody may ask.
 */
static void ask_short_slice(void)
{
	/* struct sched_attr of sched_setattr(2), which not all C libraries have */
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
	} a = {
		.size = sizeof(a),
		.policy = SCHED_OTHER,
		.nice = getpriority(PRIO_PROCESS, 0),
		.runtime = SLICE_NS,
	};

	if (syscall(SYS_sched_setattr, 0, &a, 0U))
		log_debug("loop", "no short slice for a thread of sound: %s", err_str(errno));
}
#endif

int loop_thread_raise(void)
{
#ifdef __linux__
	int err = nice_self(NICE_SOUND);
	ask_short_slice();
	return err ? EPERM : 0;
#else
	struct sched_param sp = {.sched_priority = sched_get_priority_min(SCHED_RR)};
	return pthread_setschedparam(pthread_self(), SCHED_RR, &sp) ? EPERM : 0;
#endif
}

void loop_thread_lower(void)
{
#if defined(__linux__)
	int err = nice_self(NICE_LOW);
#elif defined(__APPLE__)
	int err = pthread_set_qos_class_self_np(QOS_CLASS_UTILITY, 0);
#else
	/* nice values are the process's here: those of sound are above it */
	int err = 0;
#endif
	if (err)
		log_debug("loop", "a thread keeps its priority: %s", err_str(err));
}
