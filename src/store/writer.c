/*
 * writer.c - the thread that writes: changes in group commits at once, records in batches within a second.
 *
 * Each job runs in a savepoint of one transaction; answers leave after the commit,
 * so what was answered is on disk. Records have transactions of their own, so that
 * neither spoils the other.
 */
#include "base/log.h"
#include "store/store_priv.h"

static struct metric commits_total = {.name = "store_commits_total", .help = "Transactions committed."};
static struct metric records_total = {.name = "store_records_written_total", .help = "Call records and state written."};

/* ---- trouble, seen from the thread */

static void trouble(struct store *s, int err)
{
	store_lock(s);
	if (err)
		trouble_set(s, err);
	store_unlock(s);
}

/* Something was written. As long as records wait that may be luck (a full disk still takes little things): try them. */
static void well(struct store *s)
{
	store_lock(s);
	if (!s->rec.n)
		trouble_clear(s);
	else
		s->trouble.next_try = 0;
	store_unlock(s);
}

static int commit(struct store *s)
{
	int err = db_exec(&s->w, "COMMIT");

	if (!err)
		metric_add(&commits_total, 1);
	return err;
}

/* ---- jobs */

static int savepoint(struct db *db, const char *sql)
{
	sqlite3_stmt *st;
	int err = db_stmt(db, &st, sql);

	return err ? err : db_run(db, st);
}

/* One job; what it did is undone alone if it fails. Returns an error only for what ends the whole transaction. */
static int run_job(struct store *s, struct job *j)
{
	struct db *db = &s->w;
	int64_t change = s->next_change, item = s->next_item;
	int err = savepoint(db, "SAVEPOINT job");

	if (err)
		return err;
	j->err = j->run(j, db);
	if (fault_is(j->err) || !db->h || sqlite3_get_autocommit(db->h))
		return j->err ? j->err : EIO;
	if (j->err) {
		s->next_change = change;
		s->next_item = item;
		err = savepoint(db, "ROLLBACK TO job");
	}
	return err ? err : savepoint(db, "RELEASE job");
}

static void fail(struct job *j, int err)
{
	if (j->err && !fault_is(j->err))
		return; /* it has a reason of its own */
	j->err = err;
	buf_reset(&j->why);
	buf_printf(&j->why, "Nothing was changed. %s %s", fault_text(err), fault_remedy(err));
}

static void run_group(struct store *s, struct jobs *q)
{
	bool wrote;
	int64_t before = s->w.h ? sqlite3_total_changes(s->w.h) : 0;
	int err = savepoint(&s->w, "BEGIN IMMEDIATE");
	struct job *j;

	for (j = q->head; j && !err; j = j->next)
		err = run_job(s, j);
	if (!err)
		err = commit(s);
	wrote = s->w.h && sqlite3_total_changes(s->w.h) != before;
	if (err) {
		db_rollback(&s->w);
		s->next_change = s->next_item = 0;
	}
	if (err)
		trouble(s, err);
	else if (wrote)
		well(s);
	while ((j = jobs_get(q))) {
		if (err)
			fail(j, err);
		loop_post(s->loop, &j->msg);
	}
}

/* ---- records */

static int write_record(struct store *s, struct record *r, struct hours *hs)
{
	int err = r->kind == RECORD_CDR     ? cdr_write(&s->w, r, hs, s->hours_from)
		  : r->kind == RECORD_STATE ? state_write(&s->w, r)
					    : recording_write(&s->w, r);

	if (!err || fault_is(err))
		return err;
	log_error("store", "a record cannot be written and is left out: %s", err_str(err));
	return 0;
}

static int write_batch(struct store *s, const struct list *l)
{
	struct record **r = records_sorted(l);
	int err = r ? savepoint(&s->w, "BEGIN IMMEDIATE") : ENOMEM;
	struct hours hs = {.n = 0};
	bool cdr = false;

	for (size_t i = 0; !err && i < l->n; i++) {
		cdr |= r[i]->kind == RECORD_CDR;
		err = write_record(s, r[i], &hs);
	}
	mem_deref(r);
	if (!err)
		err = hours_write(&s->w, &hs);
	if (!err && cdr) {
		err = cdr_beat(&s->w, store_wall_ms(s), &s->calls_open);
		s->beat_due = store_mono_ms(s) + BEAT_MS;
	}
	if (!err)
		err = commit(s);
	if (err)
		db_rollback(&s->w);
	return err;
}

/* A batch out of the queue, in pieces. */
static void take_batch(struct store *s, bool all, struct list *batch)
{
	size_t before;

	do {
		size_t max = batch->n + TAKE_RECORDS < s->batch ? batch->n + TAKE_RECORDS : s->batch;

		before = batch->n;
		store_lock(s);
		records_take(&s->rec, batch, max, all, store_mono_ms(s));
		store_unlock(s);
	} while (batch->n > before && batch->n < s->batch);
}

/* One batch; if it fails it goes back, and smaller ones follow. *more: go on. */
static int write_some(struct store *s, bool all, bool *more)
{
	struct list batch = {0};
	int err = 0;

	take_batch(s, all, &batch);
	*more = batch.n > 0;
	if (!*more)
		return 0;
	err = write_batch(s, &batch);
	if (!err) {
		metric_add(&records_total, (int64_t)batch.n);
		s->batch = s->batch * 2 < BATCH_RECORDS ? s->batch * 2 : BATCH_RECORDS;
	} else {
		s->batch = BATCH_TROUBLE;
		store_lock(s);
		records_put_back(&s->rec, &batch);
		store_unlock(s);
		trouble(s, err);
	}
	records_free(&batch);
	return err;
}

/* Write what waits; lazy records only if `all` or due. */
static void write_records(struct store *s, bool all)
{
	bool more = true;
	int err = 0;

	while (more && !err)
		err = write_some(s, all, &more);
	if (err)
		return;
	store_lock(s);
	trouble_clear(s);
	store_unlock(s);
}

static void beat(struct store *s)
{
	int err = cdr_beat(&s->w, store_wall_ms(s), &s->calls_open);

	s->beat_due = store_mono_ms(s) + BEAT_MS;
	trouble(s, err);
}

/* After faults that may lie in the connection itself, try with a new one. */
static void reopen(struct store *s, bool again)
{
	int err;

	if (s->w.h && !again)
		return;
	db_close(&s->w);
	s->next_change = s->next_item = 0;
	err = db_open(&s->w, s->path, false, WRITER_CACHE_KIB);
	trouble(s, err);
}

/* ---- the thread */

/* What one turn is to do. */
struct turn {
	struct jobs jobs, after;
	uint64_t flush;
	bool records, all, beat, reopen;
};

static bool anything(const struct turn *t)
{
	return t->jobs.head || t->after.head || t->records || t->beat;
}

static void move(struct jobs *to, struct jobs *from)
{
	struct job *j;

	jobs_init(to);
	while ((j = jobs_get(from)))
		jobs_put(to, j);
}

/* Under the lock. */
static void take_turn(struct store *s, struct turn *t)
{
	uint64_t now = store_mono_ms(s);
	bool asked = s->flush_want != s->flush_done || s->stop || s->after_jobs.head;

	move(&t->jobs, &s->write_jobs);
	move(&t->after, &s->after_jobs);
	t->flush = s->flush_want;
	t->all = s->flush_want != s->flush_done || s->stop;
	t->records = s->rec.n && (asked || (s->trouble.err ? now >= s->trouble.next_try : records_due(&s->rec, now)));
	t->beat = s->calls_open && now >= s->beat_due && !s->trouble.err;
	t->reopen = s->trouble.tries > 3 && s->trouble.tries % 4 == 0 && s->trouble.err != ENOSPC;
}

static void do_turn(struct store *s, struct turn *t)
{
	pthread_mutex_lock(&s->db_lock);
	reopen(s, t->reopen && t->records);
	if (t->jobs.head)
		run_group(s, &t->jobs);
	if (t->records)
		write_records(s, t->all);
	if (t->beat)
		beat(s);
	pthread_mutex_unlock(&s->db_lock);
}

/* Under the lock: jobs that waited for the records go on to the reader. */
static void end_turn(struct store *s, struct turn *t)
{
	struct job *j;

	while ((j = jobs_get(&t->after))) {
		jobs_put(&s->read_jobs, j);
		pthread_cond_signal(&s->read_work);
	}
	s->flush_done = t->flush;
	pthread_cond_broadcast(&s->done);
}

/* Under the lock: until when to sleep; 0 = until woken. */
static uint64_t next_turn(const struct store *s)
{
	uint64_t at = 0, due[3] = {0, 0, s->calls_open && !s->trouble.err ? s->beat_due : 0};

	if (s->trouble.err) {
		due[0] = s->rec.n ? s->trouble.next_try | 1 : 0;
	} else {
		due[0] = s->rec.firm_due;
		due[1] = s->rec.lazy_due;
	}
	for (size_t i = 0; i < ARRAY_LEN(due); i++)
		if (due[i] && (!at || due[i] < at))
			at = due[i];
	return at;
}

static void *writer_main(void *arg)
{
	struct store *s = arg;
	struct turn t;

	store_lock(s);
	for (;;) {
		take_turn(s, &t);
		if (anything(&t)) {
			s->busy = true;
			store_unlock(s);
			do_turn(s, &t);
			store_lock(s);
			s->busy = false;
			end_turn(s, &t);
			if (!s->stop)
				continue;
		} else if (!s->stop && t.flush != s->flush_done) {
			end_turn(s, &t);
		}
		if (s->stop)
			break; /* store_close has flushed before */
		store_wait(s, &s->work, next_turn(s));
	}
	store_unlock(s);
	return NULL;
}

int writer_start(struct store *s)
{
	int err;

	if (s->virt || s->writer_on)
		return 0;
	metric_reg(&commits_total);
	metric_reg(&records_total);
	err = store_thread(&s->writer, "store-write", writer_main, s);
	s->writer_on = !err;
	return err;
}

void writer_now(struct store *s, bool flush)
{
	struct turn t;

	store_lock(s);
	if (flush)
		s->flush_want++;
	take_turn(s, &t);
	t.records |= s->rec.n >= VIRTUAL_RECORDS && (!s->trouble.err || store_mono_ms(s) >= s->trouble.next_try);
	store_unlock(s);
	if (anything(&t))
		do_turn(s, &t);
	store_lock(s);
	end_turn(s, &t);
	store_unlock(s);
}

/* ---- waiting for it */

/* Under the lock: 0 all is written, EAGAIN not yet. */
static int settled(struct store *s, uint64_t want)
{
	if (s->flush_done < want || s->busy || s->write_jobs.head || s->after_jobs.head)
		return EAGAIN;
	if (s->trouble.err && s->rec.n)
		return s->trouble.err;
	return s->rec.n ? EAGAIN : 0;
}

int store_flush(struct store *s, uint32_t ms)
{
	uint64_t until = store_mono_ms(s) + ms, want;
	int err;

	if (s->virt) {
		writer_now(s, true);
		return s->rec.n ? s->trouble.err : 0;
	}
	err = s->rec.n || s->writer_on ? writer_start(s) : 0;
	if (err || !s->writer_on)
		return err;
	store_lock(s);
	want = ++s->flush_want;
	pthread_cond_signal(&s->work);
	while ((err = settled(s, want)) == EAGAIN && store_mono_ms(s) < until)
		store_wait(s, &s->done, until);
	store_unlock(s);
	return err == EAGAIN ? ETIMEDOUT : err;
}

void threads_stop(struct store *s)
{
	store_lock(s);
	s->stop = true;
	pthread_cond_signal(&s->work);
	pthread_cond_signal(&s->read_work);
	store_unlock(s);
	if (s->writer_on)
		pthread_join(s->writer, NULL);
	store_lock(s);
	pthread_cond_signal(&s->read_work);
	store_unlock(s);
	if (s->reader_on)
		pthread_join(s->reader, NULL);
	side_join(s);
	s->writer_on = s->reader_on = false;
}
