/*
 * work.c - jobs: work handed to a disk thread, and its answer posted back to the loop.
 *
 * A job holds a reference to the store, taken and dropped on the loop, so that an
 * answer that is still under way when the store is closed finds its memory.
 */
#include "base/mem.h"
#include "store/store_priv.h"

void jobs_init(struct jobs *q)
{
	q->head = NULL;
	q->tail = &q->head;
}

void jobs_put(struct jobs *q, struct job *j)
{
	j->next = NULL;
	*q->tail = j;
	q->tail = &j->next;
}

struct job *jobs_get(struct jobs *q)
{
	struct job *j = q->head;

	if (!j)
		return NULL;
	q->head = j->next;
	if (!q->head)
		q->tail = &q->head;
	return j;
}

/* On the loop. After store_close nobody is called: the caller's objects may be gone. */
static void answer_h(struct loop_msg *m)
{
	struct job *j = CONTAINER_OF(m, struct job, msg);

	if (!j->s->closed)
		j->done(j);
	mem_deref(j);
}

int job_alloc(void **jp, size_t size, mem_destroy_h *dh, struct store *s)
{
	struct job *j = mem_zalloc(size, dh);

	if (!j)
		return ENOMEM;
	j->s = mem_ref(s);
	j->msg.fn = answer_h;
	buf_init(&j->why);
	*jp = j;
	return 0;
}

void job_destroy(void *arg)
{
	struct job *j = arg;

	buf_free(&j->why);
	mem_deref(j->s);
}

const char *job_why(struct job *j)
{
	if (j->err && !j->why.l && !j->why.err)
		buf_str(&j->why, fault_is(j->err) ? fault_text(j->err) : err_str(j->err));
	buf_char(&j->why, '\0');
	return buf_err(&j->why) ? err_str(j->err) : j->why.p;
}

void job_answer(struct job *j)
{
	loop_post(j->s->loop, &j->msg);
}

static void refuse(struct job *j, int err)
{
	j->err = err;
	buf_printf(&j->why, "There is no thread for this: %s.", err_str(err));
	job_answer(j);
}

void job_write(struct job *j)
{
	struct store *s = j->s;
	int err = writer_start(s);

	if (err) {
		refuse(j, err);
		return;
	}
	store_lock(s);
	jobs_put(&s->write_jobs, j);
	pthread_cond_signal(&s->work);
	store_unlock(s);
	if (s->virt)
		writer_now(s, false);
}

void job_read(struct job *j)
{
	struct store *s = j->s;
	int err = reader_start(s);

	if (err) {
		refuse(j, err);
	} else if (s->virt) {
		if (j->after_records)
			writer_now(s, true);
		reader_run(s, j, &s->w);
	} else {
		store_lock(s);
		if (j->after_records && s->writer_on) {
			jobs_put(&s->after_jobs, j);
			pthread_cond_signal(&s->work);
		} else {
			jobs_put(&s->read_jobs, j);
			pthread_cond_signal(&s->read_work);
		}
		store_unlock(s);
	}
}
