/*
 * reader.c - the thread that answers queries, with a read-only connection of its own.
 *
 * Thread and connection are made at the first query: a server that nobody asks
 * does not pay for them.
 */
#include "base/log.h"
#include "store/store_priv.h"

enum { READER_CACHE_KIB = 500 };

int reader_run(struct store *s, struct job *j, struct db *db)
{
	int err = j->err = j->run(j, db);

	if (fault_is(err) && !j->why.l)
		buf_printf(&j->why, "%s %s", fault_text(err), fault_remedy(err));
	loop_post(s->loop, &j->msg); /* and it is the loop's */
	return err;
}

static void reader_job(struct store *s, struct job *j)
{
	int err = s->r.h ? 0 : db_open(&s->r, s->path, true, READER_CACHE_KIB);

	if (err)
		log_warn("store", "the database cannot be opened for reading: %s", err_str(err));
	/* after a fault of the disk a fresh connection has the better chances */
	if (fault_is(reader_run(s, j, &s->r)))
		db_close(&s->r);
}

static void *reader_main(void *arg)
{
	struct store *s = arg;
	struct job *j;

	store_lock(s);
	for (;;) {
		while (!s->read_jobs.head && !s->stop)
			store_wait(s, &s->read_work, 0);
		j = jobs_get(&s->read_jobs);
		if (!j)
			break;
		store_unlock(s);
		reader_job(s, j);
		store_lock(s);
	}
	store_unlock(s);
	db_close(&s->r);
	return NULL;
}

int reader_start(struct store *s)
{
	int err;

	if (s->virt || s->reader_on)
		return 0;
	err = store_thread(&s->reader, "store-read", reader_main, s);
	s->reader_on = !err;
	return err;
}
