/*
 * loop_test.c - running a loop: messages from several threads, tails, threads
 * with loops, signals, and libuv handles served along.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif
#include <uv.h>
#include "base/clock.h"
#include "loop/loop.h"
#include "loop/vnet.h"
#include "unit.h"

enum { SENDERS = 3, EACH = 2000 };

struct item {
	struct loop_msg m;
	struct post_test *p;
	int sender, no;
};

struct post_test {
	struct loop *l;
	struct item item[SENDERS][EACH];
	int next[SENDERS];
	int got;
};

static void item_h(struct loop_msg *m)
{
	struct item *it = CONTAINER_OF(m, struct item, m);
	struct post_test *p = it->p;

	assert_int_equal(it->no, p->next[it->sender]);
	p->next[it->sender]++;
	if (++p->got == SENDERS * EACH)
		loop_stop(p->l);
}

struct sender {
	pthread_t id;
	struct post_test *p;
	int i;
};

static void *sender_main(void *arg)
{
	struct sender *s = arg;

	for (int k = 0; k < EACH; k++) {
		struct item *it = &s->p->item[s->i][k];
		it->p = s->p;
		it->sender = s->i;
		it->no = k;
		it->m.fn = item_h;
		loop_post(s->p->l, &it->m);
		if (k % 500 == 0)
			usleep(1000);
	}
	return NULL;
}

static void test_post_threads(void **state)
{
	struct post_test *p = mem_zalloc(sizeof(*p), NULL);
	struct sender s[SENDERS];

	(void)state;
	assert_int_equal(loop_alloc(&p->l), 0);
	for (int i = 0; i < SENDERS; i++) {
		s[i].p = p;
		s[i].i = i;
		assert_int_equal(pthread_create(&s[i].id, NULL, sender_main, &s[i]), 0);
	}
	/* no timer of ours: one would hide that a message wakes nobody */
	alarm(UNIT_BOUND_MS / 1000);
	assert_int_equal(loop_run(p->l), 0);
	alarm(0);
	for (int i = 0; i < SENDERS; i++)
		pthread_join(s[i].id, NULL);
	assert_int_equal(p->got, SENDERS * EACH);
	mem_deref(p->l);
	mem_deref(p);
}

struct self_test {
	struct loop *l;
	struct loop_msg m;
	struct loop_tail tail;
	struct timer t;
	int msgs, tails;
	char log[32];
};

static void self_tail_h(void *arg)
{
	struct self_test *s = arg;

	strcat(s->log, "t");
	if (++s->tails < 3)
		loop_at_tail(s->l, &s->tail);
	else
		loop_stop(s->l);
}

static void self_msg_h(struct loop_msg *m)
{
	struct self_test *s = CONTAINER_OF(m, struct self_test, m);

	strcat(s->log, "m");
	s->tail.fn = self_tail_h;
	s->tail.arg = s;
	loop_at_tail(s->l, &s->tail);
	loop_at_tail(s->l, &s->tail);
	/* a message may be posted again from its own call */
	if (++s->msgs < 2)
		loop_post(s->l, m);
}

static void self_timer_h(void *arg)
{
	struct self_test *s = arg;

	s->m.fn = self_msg_h;
	loop_post(s->l, &s->m);
	strcat(s->log, "T");
}

/* A loop's own messages need no wake and run before it waits; tails run after them, asking twice is asking once. */
static void test_post_self_and_tails(void **state)
{
	struct self_test s = {0};

	(void)state;
	assert_int_equal(loop_alloc(&s.l), 0);
	timer_start(&s.t, s.l, 1, self_timer_h, &s);
	run_bounded(s.l);
	assert_string_equal(s.log, "Tmtmtt");
	mem_deref(s.l);
}

static void count_tail_h(void *arg)
{
	++*(int *)arg;
}

static void test_tail_cancel(void **state)
{
	struct loop *l;
	int n = 0;
	struct loop_tail t = {.fn = count_tail_h, .arg = &n};

	(void)state;
	assert_int_equal(loop_alloc(&l), 0);
	loop_at_tail(l, &t);
	loop_tail_cancel(&t);
	loop_tail_cancel(&t);
	loop_drain(l);
	assert_int_equal(n, 0);
	loop_at_tail(l, &t);
	loop_drain(l);
	loop_drain(l);
	assert_int_equal(n, 1);
	mem_deref(l);
}

struct spin {
	struct loop *l;
	struct loop_tail tail;
	struct timer t;
};

static void spin_h(void *arg)
{
	struct spin *s = arg;

	loop_at_tail(s->l, &s->tail);
}

/* A tail that asks for itself for ever does not keep timers from running. */
static void test_tail_spin(void **state)
{
	struct spin s = {.tail = {.fn = spin_h, .arg = &s}};

	(void)state;
	assert_int_equal(loop_alloc(&s.l), 0);
	loop_at_tail(s.l, &s.tail);
	run_for(s.l, 5);
	loop_tail_cancel(&s.tail);
	mem_deref(s.l);
}

static void rest_h(void *arg)
{
	struct spin *s = arg;

	loop_rest(s->l, 1000);
	timer_start(&s->t, s->l, 1, rest_h, s);
}

/* A loop that rests after each turn still serves its timers and the end. */
static void test_rest(void **state)
{
	struct spin s = {.tail = {.fn = spin_h, .arg = &s}};

	(void)state;
	assert_int_equal(loop_alloc(&s.l), 0);
	timer_start(&s.t, s.l, 1, rest_h, &s);
	run_for(s.l, 20);
	assert_true(timer_running(&s.t));
	timer_stop(&s.t);
	mem_deref(s.l);
}

struct worker {
	struct loop *main;
	struct loop_thread *t;
	int inits, finis, result;
	bool same;
	pthread_t self;
	struct loop_msg ping[100], pong;
	int pings;
};

static int worker_init(struct loop *l, void *arg)
{
	struct worker *w = arg;

	(void)l;
	w->inits++;
	w->self = pthread_self();
	return w->result;
}

static void worker_fini(struct loop *l, void *arg)
{
	struct worker *w = arg;

	(void)l;
	w->finis++;
	w->same = pthread_equal(w->self, pthread_self());
}

static struct worker *pinged;

static void ping_h(struct loop_msg *m)
{
	(void)m;
	assert_true(pthread_equal(pinged->self, pthread_self()));
	pinged->pings++;
}

static void check_worker(struct worker *w, struct loop *parent)
{
	pinged = w;
	assert_int_equal(loop_thread_start(&w->t, parent, "worker-with-a-long-name", worker_init, worker_fini, w), 0);
	assert_int_equal(w->inits, 1);
	assert_int_equal(loop_is_virtual(loop_thread_loop(w->t)), parent && loop_is_virtual(parent));
	for (size_t i = 0; i < ARRAY_LEN(w->ping); i++) {
		w->ping[i].fn = ping_h;
		loop_post(loop_thread_loop(w->t), &w->ping[i]);
	}
	loop_thread_stop(w->t);
	assert_int_equal(w->pings, ARRAY_LEN(w->ping));
	assert_int_equal(w->finis, 1);
	assert_true(w->same);
}

static void test_thread(void **state)
{
	struct worker *w = mem_zalloc(sizeof(*w), NULL);

	(void)state;
	check_worker(w, NULL);
	assert_false(pthread_equal(w->self, pthread_self()));
	memset(w, 0, sizeof(*w));
	w->result = EACCES;
	assert_int_equal(loop_thread_start(&w->t, NULL, "fails", worker_init, worker_fini, w), EACCES);
	assert_int_equal(w->finis, 0);
	mem_deref(w);
}

static void test_thread_virtual(void **state)
{
	struct worker *w = mem_zalloc(sizeof(*w), NULL);
	struct vnet *net;
	struct loop *l;

	(void)state;
	assert_int_equal(vnet_alloc(&net, 1), 0);
	assert_int_equal(loop_alloc_virtual(&l, net), 0);
	assert_ptr_equal(loop_vnet(l), net);
	assert_int_equal(loop_run(l), ENOTSUP);
	check_worker(w, l);
	memset(w, 0, sizeof(*w));
	w->result = EACCES;
	assert_int_equal(loop_thread_start(&w->t, l, "fails", worker_init, worker_fini, w), EACCES);
	mem_deref(l);
	mem_deref(net);
	mem_deref(w);
}

#ifdef __linux__
/* As sched_getattr(2) has it, in the size that all kernels know. */
struct sched {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static void *priorities_main(void *arg)
{
	struct sched *at = arg;
	int err = loop_thread_raise();

	(void)syscall(SYS_sched_getattr, 0, &at[0], sizeof(at[0]), 0U);
	assert_int_equal(at[0].nice == -10, !err);
	loop_thread_lower();
	(void)syscall(SYS_sched_getattr, 0, &at[1], sizeof(at[1]), 0U);
	return NULL;
}

/* A thread raises itself, then lowers itself; the others keep what they have. */
static void test_priorities(void **state)
{
	struct sched at[2], self;
	int before = getpriority(PRIO_PROCESS, 0);
	pthread_t id;

	(void)state;
	memset(at, 0, sizeof(at));
	memset(&self, 0, sizeof(self));
	assert_int_equal(syscall(SYS_sched_getattr, 0, &self, sizeof(self), 0U), 0);
	assert_int_equal(pthread_create(&id, NULL, priorities_main, at), 0);
	pthread_join(id, NULL);
	assert_int_equal(at[0].policy, SCHED_OTHER);
	/* kernels from 6.12 on tell the slice */
	if (self.runtime) {
		assert_true(at[0].runtime < self.runtime);
		assert_true(at[0].runtime > 0);
	}
	assert_true(at[1].nice >= 5);
	assert_int_equal(getpriority(PRIO_PROCESS, 0), before);
}
#endif

static void *wake_main(void *arg)
{
	usleep(20000);
	loop_wake_stop(arg);
	return NULL;
}

static void test_wake_stop(void **state)
{
	struct loop *l;
	pthread_t id;

	(void)state;
	assert_int_equal(loop_alloc(&l), 0);
	assert_int_equal(pthread_create(&id, NULL, wake_main, l), 0);
	run_bounded(l);
	pthread_join(id, NULL);
	mem_deref(l);
}

static int signalled;

static void signal_h(int signum, void *arg)
{
	signalled = signum;
	loop_stop(arg);
}

static void raise_h(void *arg)
{
	(void)arg;
	raise(SIGTERM);
}

static void test_signal(void **state)
{
	struct loop *l, *other;
	struct timer t = {0};

	(void)state;
	assert_int_equal(loop_alloc(&l), 0);
	assert_int_equal(loop_alloc(&other), 0);
	assert_int_equal(loop_on_signal(l, signal_h, l), 0);
	assert_int_equal(loop_on_signal(other, signal_h, other), EBUSY);
	timer_start(&t, l, 1, raise_h, NULL);
	run_bounded(l);
	assert_int_equal(signalled, SIGTERM);
	assert_int_equal(loop_on_signal(l, NULL, NULL), 0);
	assert_int_equal(loop_on_signal(other, signal_h, other), 0);
	mem_deref(other);
	mem_deref(l);
}

static void uv_timer_h(uv_timer_t *t)
{
	uv_timer_stop(t);
	uv_close((uv_handle_t *)t, NULL);
	loop_stop(t->data);
}

/* A library's libuv timer fires on our loop, without any timer of ours. */
static void test_uv(void **state)
{
	struct loop *l;
	uv_timer_t t;

	(void)state;
	assert_int_equal(loop_alloc(&l), 0);
	uv_loop_t *uv = loop_uv(l);
	assert_non_null(uv);
	assert_int_equal(uv_timer_init(uv, &t), 0);
	t.data = l;
	assert_int_equal(uv_timer_start(&t, uv_timer_h, 10, 0), 0);
	run_bounded(l);
	mem_deref(l);
}

static void test_time(void **state)
{
	struct loop *l, *v;
	struct vnet *net;

	(void)state;
	assert_int_equal(loop_alloc(&l), 0);
	uint64_t a = loop_now_us(l), c = clock_mono_us();
	assert_true(c >= a && c - a < 10000000);
	assert_true(loop_now_us_fresh(l) >= a);
	assert_true(loop_wall_ms(l) > 1600000000000);
	mem_deref(l);
	assert_int_equal(vnet_alloc(&net, 1), 0);
	assert_int_equal(loop_alloc_virtual(&v, net), 0);
	assert_int_equal(loop_now_ms(v), 1000000);
	assert_int_equal(loop_wall_ms(v), 1767225600000);
	vnet_run(net, 1500);
	assert_int_equal(loop_now_us(v), 1001500000);
	assert_int_equal(loop_wall_ms(v), 1767225601500);
	assert_null(loop_uv(v));
	mem_deref(v);
	mem_deref(net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_post_threads),   cmocka_unit_test(test_post_self_and_tails),
		cmocka_unit_test(test_tail_cancel),    cmocka_unit_test(test_tail_spin),
		cmocka_unit_test(test_rest),           cmocka_unit_test(test_thread),
		cmocka_unit_test(test_thread_virtual), cmocka_unit_test(test_wake_stop),
		cmocka_unit_test(test_signal),         cmocka_unit_test(test_uv),
		cmocka_unit_test(test_time),
#ifdef __linux__
		cmocka_unit_test(test_priorities),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
