/*
 * side.c - the thread for what takes minutes: backups and restores, one at a time. Queries and changes go on meanwhile.
 */
#include "store/store_priv.h"

/* On the thread. */
static void work(struct store *s, struct job *j)
{
	j->err = j->run(j, NULL);
	if (fault_is(j->err) && !j->why.l)
		buf_printf(&j->why, "%s %s", fault_text(j->err), fault_remedy(j->err));
	store_lock(s);
	s->side_job = NULL;
	store_unlock(s);
	loop_post(s->loop, &j->msg); /* and it is the loop's */
}

static void *side_main(void *arg)
{
	struct store *s = arg;

	store_lock(s);
	struct job *j = s->side_job;
	store_unlock(s);
	work(s, j);
	return NULL;
}

void side_join(struct store *s)
{
	if (s->side_on)
		pthread_join(s->side, NULL);
	s->side_on = false;
}

bool side_stopped(struct store *s)
{
	store_lock(s);
	bool stop = s->stop;
	store_unlock(s);
	return stop;
}

void job_side(struct job *j)
{
	struct store *s = j->s;

	store_lock(s);
	bool busy = s->side_job != NULL;
	if (!busy)
		s->side_job = j;
	store_unlock(s);
	if (busy) {
		j->err = EBUSY;
		buf_str(&j->why, "A backup or restore is under way; try again when it has ended.");
		job_answer(j);
		return;
	}
	if (s->virt) {
		writer_now(s, true);
		work(s, j);
		return;
	}
	side_join(s);
	int err = store_thread(&s->side, "store-side", side_main, s);
	s->side_on = !err;
	if (!err)
		return;
	store_lock(s);
	s->side_job = NULL;
	store_unlock(s);
	j->err = err;
	job_answer(j);
}
