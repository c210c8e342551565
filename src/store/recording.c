/*
 * recording.c - the table of recordings: writing a row, listing rows, those that a crash left open.
 */
#include <inttypes.h>
#include "base/mem.h"
#include "store/store_priv.h"

#define COLUMNS "id, call_id, start_ms, state, file, from_number, to_number, length_ms, bytes, lost, paused_ms"

int recording_write(struct db *db, const struct record *r)
{
	const struct recording_row *w = &r->rec;
	sqlite3_stmt *st;
	int err = w->file.l ? db_stmt(db, &st,
				      "INSERT INTO recording (domain_id, " COLUMNS ") "
				      "VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
				      "ON CONFLICT (domain_id, id) DO UPDATE SET state = excluded.state, "
				      "length_ms = excluded.length_ms, bytes = excluded.bytes, lost = excluded.lost, "
				      "paused_ms = excluded.paused_ms")
			    : db_stmt(db, &st, "DELETE FROM recording WHERE domain_id = 1 AND id = ?");

	if (err)
		return err;
	db_text(st, 1, w->id);
	if (w->file.l) {
		/* a conference's has none */
		db_text(st, 2, w->call_id.l ? w->call_id : SLICE(""));
		db_int(st, 3, w->start_ms);
		db_text(st, 4, w->state);
		db_text(st, 5, w->file);
		db_text(st, 6, w->from);
		db_text(st, 7, w->to);
		db_int(st, 8, w->ms);
		db_int(st, 9, w->bytes);
		db_int(st, 10, w->lost);
		db_int(st, 11, w->paused_ms);
	}
	return db_run(db, st);
}

static void row_read(sqlite3_stmt *st, struct recording_row *w)
{
	*w = (struct recording_row){
		.id = db_col(st, 0),
		.call_id = db_col(st, 1),
		.start_ms = sqlite3_column_int64(st, 2),
		.state = db_col(st, 3),
		.file = db_col(st, 4),
		.from = db_col(st, 5),
		.to = db_col(st, 6),
		.ms = sqlite3_column_int64(st, 7),
		.bytes = sqlite3_column_int64(st, 8),
		.lost = sqlite3_column_int64(st, 9),
		.paused_ms = sqlite3_column_int64(st, 10),
	};
}

int store_load_recordings(struct store *s, void (*row)(const struct recording_row *w, void *arg), void *arg)
{
	sqlite3_stmt *st;
	struct recording_row w;
	int err;

	pthread_mutex_lock(&s->db_lock);
	err = db_stmt(&s->w, &st, "SELECT " COLUMNS " FROM recording WHERE state = 'recording' ORDER BY id");
	while (!err) {
		err = db_row(&s->w, st);
		if (err)
			break;
		row_read(st, &w);
		row(&w, arg);
	}
	pthread_mutex_unlock(&s->db_lock);
	return err == ENOENT ? 0 : err;
}

/* ------------------------------------------------------------------ lists */

struct recording_query {
	struct job j;
	struct recording_filter f;
	char *text[4]; /* id, number, before; what `f` points to */
	int64_t before_ms;
	const char *before_id; /* within f.before */
	json_t *res;
	store_json_h *h;
	void *arg;
};

static void destroy(void *arg)
{
	struct recording_query *q = arg;

	for (size_t i = 0; i < ARRAY_LEN(q->text); i++)
		mem_deref(q->text[i]);
	json_decref(q->res);
	job_destroy(&q->j);
}

static json_t *text(struct slice s)
{
	return json_stringn_nocheck(s.p ? s.p : "", s.l);
}

static json_t *row_to_json(sqlite3_stmt *st)
{
	struct recording_row w;

	row_read(st, &w);
	return json_pack("{s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I}", "id", text(w.id), "call",
			 text(w.call_id), "start_ms", (json_int_t)w.start_ms, "state", text(w.state), "file",
			 text(w.file), "from", text(w.from), "to", text(w.to), "ms", (json_int_t)w.ms, "bytes",
			 (json_int_t)w.bytes, "lost", (json_int_t)w.lost, "paused_ms", (json_int_t)w.paused_ms);
}

static int query_stmt(const struct recording_query *q, struct db *db, sqlite3_stmt **stp)
{
	const struct recording_filter *f = &q->f;
	struct buf b;
	int err;

	buf_init(&b);
	buf_str(&b, "SELECT " COLUMNS " FROM recording WHERE domain_id = 1");
	if (f->id)
		buf_str(&b, " AND (id = ?1 OR call_id = ?1)");
	if (f->number)
		buf_str(&b, " AND (from_number = ?2 OR to_number = ?2)");
	if (f->since_ms)
		buf_str(&b, " AND start_ms >= ?3");
	if (f->until_ms)
		buf_str(&b, " AND start_ms < ?4");
	if (f->before)
		buf_str(&b, " AND (start_ms, id) < (?5, ?6)");
	buf_str(&b, " ORDER BY start_ms DESC, id DESC LIMIT ?7");
	buf_char(&b, '\0');
	err = buf_err(&b) ? buf_err(&b) : db_stmt(db, stp, b.p);
	buf_free(&b);
	if (err)
		return err;
	if (f->id)
		db_text(*stp, 1, slice_str(f->id));
	if (f->number)
		db_text(*stp, 2, slice_str(f->number));
	if (f->since_ms)
		db_int(*stp, 3, f->since_ms);
	if (f->until_ms)
		db_int(*stp, 4, f->until_ms);
	if (f->before) {
		db_int(*stp, 5, q->before_ms);
		db_text(*stp, 6, slice_str(q->before_id));
	}
	db_int(*stp, 7, (int64_t)f->limit + 1);
	return 0;
}

static int query_run(struct job *j, struct db *db)
{
	struct recording_query *q = CONTAINER_OF(j, struct recording_query, j);
	json_t *items = json_array(), *next = NULL;
	sqlite3_stmt *st;
	int err = items ? query_stmt(q, db, &st) : ENOMEM;

	while (!err) {
		err = db_row(db, st);
		if (!err && json_array_size(items) == q->f.limit) {
			const json_t *last = json_array_get(items, q->f.limit - 1);
			next = json_sprintf("%" JSON_INTEGER_FORMAT "-%s",
					    json_integer_value(json_object_get(last, "start_ms")),
					    json_string_value(json_object_get(last, "id")));
			sqlite3_reset(st);
			break;
		}
		if (!err && json_array_append_new(items, row_to_json(st)))
			err = ENOMEM;
	}
	if (err && err != ENOENT) {
		json_decref(items);
		return err;
	}
	q->res = query_result(items, next, q->f.render, q->f.render_arg);
	return q->res ? 0 : ENOMEM;
}

static void query_done(struct job *j)
{
	struct recording_query *q = CONTAINER_OF(j, struct recording_query, j);

	q->h(j->err, j->err ? job_why(j) : "", j->err ? NULL : q->res, q->arg);
}

/* Strings of the caller are copied; the cursor is "ms-id". */
static int query_fill(struct recording_query *q, const struct recording_filter *f)
{
	const char **of[] = {&q->f.id, &q->f.number, &q->f.before};
	int err = 0;

	q->f = *f;
	q->f.limit = f->limit ? f->limit : 100;
	for (size_t i = 0; i < ARRAY_LEN(of); i++) {
		if (!*of[i])
			continue;
		err = mem_strdup(&q->text[i], *of[i]);
		if (err)
			return err;
		*of[i] = q->text[i];
	}
	if (!q->f.before)
		return 0;
	err = query_cursor(q->f.before, &q->before_ms, &q->before_id);
	if (err)
		buf_str(&q->j.why, "The cursor is none that a list of recordings gave.");
	return err;
}

void store_recording_list(struct store *s, const struct recording_filter *f, store_json_h *h, void *arg)
{
	struct recording_query *q;
	void *v;
	int err = job_alloc(&v, sizeof(*q), destroy, s);

	if (err) {
		h(err, "Memory is out.", NULL, arg);
		return;
	}
	q = v;
	q->j.run = query_run;
	q->j.done = query_done;
	q->j.after_records = true;
	q->h = h;
	q->arg = arg;
	q->j.err = query_fill(q, f);
	if (q->j.err)
		job_answer(&q->j);
	else
		job_read(&q->j);
}
