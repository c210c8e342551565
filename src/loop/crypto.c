/*
 * crypto.c - the pool of crypto threads: each runs a loop of its own and takes jobs as messages.
 *
 * Only the owner's thread counts what is out, so the choice of a thread needs no lock.
 */
#include <unistd.h>
#include "base/log.h"
#include "loop/crypto.h"
#include "loop/loop_priv.h"

enum { THREADS_MAX = 16 };

struct crypto_thread {
	struct loop_thread *t;
	unsigned out; /**< jobs handed over and not back */
};

struct crypto {
	struct loop *loop;
	unsigned n;
	struct list jobs; /**< that are out */
	struct crypto_thread th[THREADS_MAX];
};

static void pool_destroy(void *obj)
{
	struct crypto *c = obj;

	for (unsigned i = 0; i < c->n; i++)
		loop_thread_stop(c->th[i].t);
	LIST_EACH (&c->jobs, k) {
		LINK_OBJ(k, struct crypto_job, le)->th = NULL;
		list_unlink(k);
	}
}

static unsigned cores(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 1 ? (unsigned)n - 1 : 1;
}

int crypto_alloc(struct crypto **cp, struct loop *l, unsigned threads)
{
	struct crypto *c = mem_zalloc(sizeof(*c), pool_destroy);

	if (!c)
		return ENOMEM;
	c->loop = l;
	c->n = threads ? threads : cores();
	if (c->n > THREADS_MAX)
		c->n = THREADS_MAX;
	if (loop_is_virtual(l))
		c->n = 1;
	*cp = c;
	return 0;
}

/* Calls that are set up and sound that flows are worth more than a new connection. */
static int thread_init(struct loop *l, void *arg)
{
	(void)arg;
	if (!loop_is_virtual(l))
		loop_thread_lower();
	return 0;
}

/* Back on the owner's loop. The pool may be gone by now: the job knows it no more then. */
static void back_h(struct loop_msg *m)
{
	struct crypto_job *j = CONTAINER_OF(m, struct crypto_job, msg);

	if (j->th) {
		j->th->out--;
		list_unlink(&j->le);
		j->th = NULL;
	}
	j->done(j);
}

static void work_h(struct loop_msg *m)
{
	struct crypto_job *j = CONTAINER_OF(m, struct crypto_job, msg);

	j->work(j);
	m->fn = back_h;
	loop_post(j->back, m);
}

static struct crypto_thread *least(struct crypto *c)
{
	struct crypto_thread *best = &c->th[0];

	for (unsigned i = 1; i < c->n; i++)
		if (c->th[i].out < best->out)
			best = &c->th[i];
	return best;
}

int crypto_run(struct crypto *c, struct crypto_job *j)
{
	struct crypto_thread *th = least(c);

	if (!th->t) {
		int err = loop_thread_start(&th->t, c->loop, "crypto", thread_init, NULL, NULL);

		if (err) {
			log_warn("loop", "no crypto thread: %s", err_str(err));
			return err;
		}
	}
	j->back = c->loop;
	j->th = th;
	th->out++;
	list_append(&c->jobs, &j->le);
	j->msg.fn = work_h;
	loop_post(loop_thread_loop(th->t), &j->msg);
	return 0;
}

unsigned crypto_out(const struct crypto *c)
{
	return (unsigned)c->jobs.n;
}

unsigned crypto_threads(const struct crypto *c)
{
	return c->n;
}
