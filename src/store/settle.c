/*
 * settle.c - told when all that was put before is on the disk, without waiting for it.
 */
#include "store/store_priv.h"

struct settled {
	struct job j;
	store_json_h *h;
	void *arg;
};

static void destroy(void *arg)
{
	job_destroy(arg);
}

/* On the reader, which comes after the writer. */
static int run(struct job *j, struct db *db)
{
	(void)j;
	(void)db;
	return 0;
}

static void done(struct job *j)
{
	struct settled *w = CONTAINER_OF(j, struct settled, j);

	w->h(j->err, j->err ? job_why(j) : "", NULL, w->arg);
}

void store_settle(struct store *s, store_json_h *h, void *arg)
{
	struct settled *w;
	void *v;
	int err = job_alloc(&v, sizeof(*w), destroy, s);

	if (err) {
		h(err, "Memory is out.", NULL, arg);
		return;
	}
	w = v;
	w->j.run = run;
	w->j.done = done;
	w->j.after_records = true;
	w->h = h;
	w->arg = arg;
	job_read(&w->j);
}
