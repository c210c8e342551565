/*
 * cdr.c - the table of call records: writing a row, listing rows, closing those that a crash left open.
 */
#include <inttypes.h>
#include <stdio.h>
#include "base/log.h"
#include "base/mem.h"
#include "store/store_priv.h"

static const char alive_name[] = "alive_ms";

static void bind_time(sqlite3_stmt *st, int i, int64_t v)
{
	if (v)
		db_int(st, i, v);
}

int cdr_write(struct db *db, const struct record *r)
{
	const struct cdr_row *c = &r->row;
	sqlite3_stmt *st;
	int err = db_stmt(
		db, &st,
		"INSERT INTO cdr (domain_id, id, start_ms, answer_ms, end_ms, final, code, from_number, "
		"to_number, answered_by, outcome, reason, detail) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
		"ON CONFLICT (domain_id, id) DO UPDATE SET answer_ms = excluded.answer_ms, "
		"end_ms = excluded.end_ms, final = excluded.final, code = excluded.code, "
		"from_number = excluded.from_number, to_number = excluded.to_number, "
		"answered_by = excluded.answered_by, outcome = excluded.outcome, reason = excluded.reason, "
		"detail = excluded.detail");

	if (err)
		return err;
	db_text(st, 1, c->id);
	db_int(st, 2, c->start_ms);
	bind_time(st, 3, c->answer_ms);
	bind_time(st, 4, c->end_ms);
	db_int(st, 5, r->final);
	bind_time(st, 6, c->code);
	db_text(st, 7, c->from);
	db_text(st, 8, c->to);
	db_text(st, 9, c->answered_by);
	db_text(st, 10, c->outcome);
	db_text(st, 11, c->reason);
	db_text(st, 12, c->detail);
	return db_run(db, st);
}

int cdr_beat(struct db *db, int64_t wall_ms, bool *open)
{
	char text[24];
	int64_t one;
	int err = db_get_int(db, "SELECT 1 FROM cdr WHERE final = 0 LIMIT 1", &one);

	*open = !err;
	if (err)
		return err == ENOENT ? 0 : err;
	snprintf(text, sizeof(text), "%" PRId64, wall_ms);
	return setting_write(db, alive_name, slice_str(text));
}

int cdr_close_orphans(struct db *db)
{
	sqlite3_stmt *st;
	int64_t alive = 0;
	int n, err;

	err = db_get_int(db, "SELECT CAST(value AS BIGINT) FROM setting WHERE domain_id = 1 AND name = 'alive_ms'",
			 &alive);
	if (err && err != ENOENT)
		return err;
	/* the last known time of a call is the latest of its own times and the last heartbeat */
	err = db_stmt(db, &st,
		      "UPDATE cdr SET final = 1, outcome = 'interrupted', "
		      "reason = 'The phone system stopped during the call.', end_ms = CASE "
		      "WHEN coalesce(end_ms, answer_ms, start_ms) > ?1 THEN coalesce(end_ms, answer_ms, start_ms) "
		      "ELSE ?1 END WHERE final = 0");
	if (err)
		return err;
	db_int(st, 1, alive);
	err = db_run(db, st);
	n = sqlite3_changes(db->h);
	if (!err && n)
		log_info("store", "%d calls were open when offhook stopped; their records are closed", n);
	return err;
}

struct cdr_query {
	struct job j;
	int64_t since_ms, until_ms;
	char *number, *outcome;
	int64_t before_ms; /* cursor: start and id of the last one of the page before */
	char *before_id;
	uint32_t limit;
	json_t *res;
	store_json_h *h;
	void *arg;
};

static void destroy(void *arg)
{
	struct cdr_query *q = arg;

	mem_deref(q->number);
	mem_deref(q->outcome);
	mem_deref(q->before_id);
	json_decref(q->res);
	job_destroy(&q->j);
}

static json_t *text_or_null(struct slice s)
{
	return s.p ? json_stringn_nocheck(s.p, s.l) : json_null();
}

static json_t *int_or_null(sqlite3_stmt *st, int i)
{
	return sqlite3_column_type(st, i) == SQLITE_NULL ? json_null() : json_integer(sqlite3_column_int64(st, i));
}

/* Columns: id, start, answer, end, final, code, from, to, answered_by, outcome, reason, detail. */
static json_t *cdr_json(sqlite3_stmt *st)
{
	struct slice detail = db_col(st, 11);
	json_t *o = json_object(), *more;

	if (!o)
		return NULL;
	json_object_set_new(o, "id", text_or_null(db_col(st, 0)));
	json_object_set_new(o, "from", text_or_null(db_col(st, 6)));
	json_object_set_new(o, "to", text_or_null(db_col(st, 7)));
	json_object_set_new(o, "answered_by", text_or_null(db_col(st, 8)));
	json_object_set_new(o, "start_ms", int_or_null(st, 1));
	json_object_set_new(o, "answer_ms", int_or_null(st, 2));
	json_object_set_new(o, "end_ms", int_or_null(st, 3));
	json_object_set_new(o, "outcome", text_or_null(db_col(st, 9)));
	json_object_set_new(o, "code", int_or_null(st, 5));
	json_object_set_new(o, "reason", text_or_null(db_col(st, 10)));
	json_object_set_new(o, "final", json_boolean(sqlite3_column_int(st, 4)));
	more = detail.l ? json_loadb(detail.p, detail.l, JSON_REJECT_DUPLICATES, NULL) : NULL;
	if (json_is_object(more))
		json_object_update_missing(o, more);
	json_decref(more);
	return o;
}

static void query_sql(const struct cdr_query *q, struct buf *b)
{
	buf_str(b, "SELECT id, start_ms, answer_ms, end_ms, final, code, from_number, to_number, answered_by, outcome, "
		   "reason, detail FROM cdr WHERE domain_id = 1");
	if (q->since_ms)
		buf_str(b, " AND start_ms >= ?1");
	if (q->until_ms)
		buf_str(b, " AND start_ms < ?2");
	if (q->number)
		buf_str(b, " AND (from_number = ?3 OR to_number = ?3 OR answered_by = ?3)");
	if (q->outcome)
		buf_str(b, " AND outcome = ?4");
	if (q->before_id)
		buf_str(b, " AND (start_ms, id) < (?5, ?6)");
	buf_str(b, " ORDER BY start_ms DESC, id DESC LIMIT ?7");
	buf_char(b, '\0');
}

static int query_stmt(const struct cdr_query *q, struct db *db, sqlite3_stmt **stp)
{
	struct buf b;
	int err;

	buf_init(&b);
	query_sql(q, &b);
	err = buf_err(&b) ? buf_err(&b) : db_stmt(db, stp, b.p);
	buf_free(&b);
	if (err)
		return err;
	if (q->since_ms)
		db_int(*stp, 1, q->since_ms);
	if (q->until_ms)
		db_int(*stp, 2, q->until_ms);
	if (q->number)
		db_text(*stp, 3, slice_str(q->number));
	if (q->outcome)
		db_text(*stp, 4, slice_str(q->outcome));
	if (q->before_id) {
		db_int(*stp, 5, q->before_ms);
		db_text(*stp, 6, slice_str(q->before_id));
	}
	db_int(*stp, 7, (int64_t)q->limit + 1);
	return 0;
}

static json_t *cursor(const json_t *last)
{
	return json_sprintf("%" JSON_INTEGER_FORMAT "-%s", json_integer_value(json_object_get(last, "start_ms")),
			    json_string_value(json_object_get(last, "id")));
}

static int query_run(struct job *j, struct db *db)
{
	struct cdr_query *q = CONTAINER_OF(j, struct cdr_query, j);
	json_t *items = json_array(), *next = NULL;
	sqlite3_stmt *st;
	int err = items ? query_stmt(q, db, &st) : ENOMEM;

	while (!err) {
		err = db_row(db, st);
		if (!err && json_array_size(items) == q->limit) {
			next = cursor(json_array_get(items, q->limit - 1));
			sqlite3_reset(st);
			break;
		}
		if (!err && json_array_append_new(items, cdr_json(st)))
			err = ENOMEM;
	}
	if (err && err != ENOENT) {
		json_decref(items);
		return err;
	}
	q->res = json_pack("{s:o, s:o}", "items", items, "next", next ? next : json_null());
	return q->res ? 0 : ENOMEM;
}

static void query_done(struct job *j)
{
	struct cdr_query *q = CONTAINER_OF(j, struct cdr_query, j);

	q->h(j->err, j->err ? job_why(j) : "", j->err ? NULL : q->res, q->arg);
}

static int parse_cursor(struct cdr_query *q, const char *before)
{
	const char *id;
	int err = query_cursor(before, &q->before_ms, &id);

	return err ? err : mem_strdup(&q->before_id, id);
}

static int query_fill(struct cdr_query *q, const struct cdr_filter *f)
{
	int err = 0;

	q->limit = f && f->limit ? f->limit : 100;
	if (!f)
		return 0;
	q->since_ms = f->since_ms;
	q->until_ms = f->until_ms;
	if (f->number)
		err = mem_strdup(&q->number, f->number);
	if (!err && f->outcome)
		err = mem_strdup(&q->outcome, f->outcome);
	if (!err && f->before)
		err = parse_cursor(q, f->before);
	if (err == ERR_SYNTAX)
		buf_str(&q->j.why, "The cursor is none that a list of calls gave.");
	return err;
}

void store_cdr_list(struct store *s, const struct cdr_filter *f, store_json_h *h, void *arg)
{
	struct cdr_query *q;
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
