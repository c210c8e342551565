/*
 * cdr_query.c - pages of call records, the newest first, of millions.
 *
 * A number stands in one of three columns. SQL's OR would look at all calls until the page is full, which for somebody
 * who calls twice a year is the whole table; so each column is asked by an index of its own for a page, and the newest
 * of the three pages are taken. Names are looked for in the table of names and the numbers that called by them, then
 * the calls of each pair that fits are such a page.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "store/store_priv.h"

enum {
	NAMES_MAX =
		40, /* pairs that fit; with more the newest calls are looked through, where hits are frequent then */
	/* values of the statement: ?1 ... */
	V_SINCE = 1,
	V_UNTIL,
	V_NUMBER,
	V_OUTCOME,
	V_BEFORE_MS,
	V_BEFORE_ID,
	V_LIMIT,
	V_LIKE,
	V_NAME /* name and number of the first pair, and those after them */
};

struct cdr_query {
	struct job j;
	int64_t since_ms, until_ms;
	char *number, *like, *outcome;
	int64_t before_ms; /* cursor: start and id of the last one of the page before */
	char *before_id;
	uint32_t limit;
	/* on the reader */
	struct {
		char *name, *number;
	} caller[NAMES_MAX + 1]; /* that fit `like` */
	size_t nname;
	store_render_h *render;
	const void *render_arg;
	json_t *res;
	store_json_h *h;
	void *arg;
};

static void destroy(void *arg)
{
	struct cdr_query *q = arg;

	mem_deref(q->number);
	mem_deref(q->like);
	mem_deref(q->outcome);
	mem_deref(q->before_id);
	for (size_t i = 0; i < ARRAY_LEN(q->caller); i++) {
		mem_deref(q->caller[i].name);
		mem_deref(q->caller[i].number);
	}
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

#define COLUMNS                                                                                                        \
	"c.id, c.start_ms, c.answer_ms, c.end_ms, c.final, c.code, c.from_number, c.to_number, c.answered_by, "        \
	"c.outcome, c.reason, c.detail, c.from_name"

static json_t *cdr_json(sqlite3_stmt *st)
{
	struct slice detail = db_col(st, 11);
	json_t *o = json_object(), *more;

	if (!o)
		return NULL;
	json_object_set_new(o, "id", text_or_null(db_col(st, 0)));
	json_object_set_new(o, "from", text_or_null(db_col(st, 6)));
	if (sqlite3_column_type(st, 12) != SQLITE_NULL)
		json_object_set_new(o, "from_name", text_or_null(db_col(st, 12)));
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

/* ---- SQL */

/* Conditions on table `c` but for number and name. */
static void where(const struct cdr_query *q, struct buf *b)
{
	buf_str(b, "c.domain_id = 1");
	if (q->since_ms)
		buf_str(b, " AND c.start_ms >= ?1");
	if (q->until_ms)
		buf_str(b, " AND c.start_ms < ?2");
	/* most calls are answered: only the others are in the index */
	if (q->outcome)
		buf_str(b, " AND c.outcome = ?4");
	if (q->outcome && strcmp(q->outcome, "answered"))
		buf_str(b, " AND c.outcome <> 'answered'");
	if (q->before_id)
		buf_str(b, " AND (c.start_ms, c.id) < (?5, ?6)");
}

/* A page of the calls that fit one condition, found by its index; its own words follow. */
static void arm_begin(struct buf *b, bool first)
{
	buf_str(b, first ? "SELECT * FROM (" : " UNION SELECT * FROM (");
	buf_str(b, "SELECT c.start_ms, c.id FROM cdr c WHERE ");
}

static void arm_end(const struct cdr_query *q, struct buf *b, int n)
{
	buf_str(b, " AND ");
	where(q, b);
	buf_printf(b, " ORDER BY c.start_ms DESC, c.id DESC LIMIT ?7) AS arm%d", n);
}

static void arms_of_number(const struct cdr_query *q, struct buf *b)
{
	/* who answered is mostly who was called */
	static const char *const column[] = {"c.from_number = ?3", "c.to_number = ?3",
					     "c.answered_by = ?3 AND c.answered_by <> c.to_number"};

	for (size_t i = 0; i < ARRAY_LEN(column); i++) {
		arm_begin(b, i == 0);
		buf_str(b, column[i]);
		if (q->like)
			buf_str(b, " AND lower(c.from_name) LIKE ?8 ESCAPE '\\'");
		arm_end(q, b, (int)i);
	}
}

static void arms_of_names(const struct cdr_query *q, struct buf *b)
{
	for (size_t i = 0; i < q->nname; i++) {
		int value = V_NAME + 2 * (int)i;

		arm_begin(b, i == 0);
		buf_printf(b, "c.from_name = ?%d AND c.from_number = ?%d", value, value + 1);
		arm_end(q, b, (int)i);
	}
}

static void query_sql(const struct cdr_query *q, struct buf *b)
{
	bool names = q->like && !q->number && q->nname <= NAMES_MAX;

	buf_str(b, "SELECT " COLUMNS " FROM ");
	if (q->number || names) {
		buf_char(b, '(');
		if (q->number)
			arms_of_number(q, b);
		else
			arms_of_names(q, b);
		buf_str(b, ") AS k JOIN cdr c ON c.domain_id = 1 AND c.id = k.id "
			   "ORDER BY k.start_ms DESC, k.id DESC LIMIT ?7");
	} else {
		buf_str(b, "cdr c WHERE ");
		where(q, b);
		if (q->like)
			buf_str(b, " AND lower(c.from_name) LIKE ?8 ESCAPE '\\'");
		buf_str(b, " ORDER BY c.start_ms DESC, c.id DESC LIMIT ?7");
	}
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
		db_int(*stp, V_SINCE, q->since_ms);
	if (q->until_ms)
		db_int(*stp, V_UNTIL, q->until_ms);
	if (q->number)
		db_text(*stp, V_NUMBER, slice_str(q->number));
	if (q->outcome)
		db_text(*stp, V_OUTCOME, slice_str(q->outcome));
	if (q->before_id) {
		db_int(*stp, V_BEFORE_MS, q->before_ms);
		db_text(*stp, V_BEFORE_ID, slice_str(q->before_id));
	}
	db_int(*stp, V_LIMIT, (int64_t)q->limit + 1);
	if (q->like)
		db_text(*stp, V_LIKE, slice_str(q->like));
	for (size_t i = 0; !q->number && q->nname <= NAMES_MAX && i < q->nname; i++) {
		db_text(*stp, V_NAME + 2 * (int)i, slice_str(q->caller[i].name));
		db_text(*stp, V_NAME + 2 * (int)i + 1, slice_str(q->caller[i].number));
	}
	return 0;
}

/* The callers whose names fit, one more than NAMES_MAX at most. */
static int find_names(struct cdr_query *q, struct db *db)
{
	sqlite3_stmt *st;
	int err = db_stmt(db, &st,
			  "SELECT name, number FROM caller_name WHERE domain_id = 1 AND "
			  "lower(name) LIKE ?1 ESCAPE '\\' ORDER BY name, number LIMIT ?2");

	if (err)
		return err;
	db_text(st, 1, slice_str(q->like));
	db_int(st, 2, NAMES_MAX + 1);
	while (!err) {
		err = db_row(db, st);
		if (!err)
			err = slice_dup(&q->caller[q->nname].name, db_col(st, 0));
		if (!err)
			err = slice_dup(&q->caller[q->nname].number, db_col(st, 1));
		if (!err && ++q->nname > NAMES_MAX) {
			err = ENOENT;
			sqlite3_reset(st);
		}
	}
	return err == ENOENT ? 0 : err;
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
	int err = items ? 0 : ENOMEM;

	if (!err && q->like && !q->number)
		err = find_names(q, db);
	if (!err && q->like && !q->number && !q->nname)
		err = ENOENT; /* nobody is called so */
	else if (!err)
		err = query_stmt(q, db, &st);
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
	q->res = query_result(items, next, q->render, q->render_arg);
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
	q->render = f->render;
	q->render_arg = f->render_arg;
	if (f->number)
		err = mem_strdup(&q->number, f->number);
	if (!err && f->name && *f->name)
		err = like_text(&q->like, f->name);
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

/* ---- one */

struct cdr_get {
	struct job j;
	char *id;
	json_t *row;
	store_json_h *h;
	void *arg;
};

static void get_destroy(void *arg)
{
	struct cdr_get *g = arg;

	mem_deref(g->id);
	json_decref(g->row);
	job_destroy(&g->j);
}

static int get_run(struct job *j, struct db *db)
{
	struct cdr_get *g = CONTAINER_OF(j, struct cdr_get, j);
	sqlite3_stmt *st;
	int err = db_stmt(db, &st, "SELECT " COLUMNS " FROM cdr c WHERE c.domain_id = 1 AND c.id = ?");

	if (err)
		return err;
	db_text(st, 1, slice_str(g->id));
	err = db_row(db, st);
	if (err)
		return err;
	g->row = cdr_json(st);
	sqlite3_reset(st);
	return g->row ? 0 : ENOMEM;
}

static void get_done(struct job *j)
{
	struct cdr_get *g = CONTAINER_OF(j, struct cdr_get, j);

	g->h(j->err, j->err ? job_why(j) : "", j->err ? NULL : g->row, g->arg);
}

void store_cdr_get(struct store *s, const char *id, store_json_h *h, void *arg)
{
	struct cdr_get *g;
	void *v;
	int err = job_alloc(&v, sizeof(*g), get_destroy, s);

	if (err) {
		h(err, "Memory is out.", NULL, arg);
		return;
	}
	g = v;
	g->j.run = get_run;
	g->j.done = get_done;
	g->j.after_records = true;
	g->h = h;
	g->arg = arg;
	g->j.err = mem_strdup(&g->id, id);
	if (g->j.err)
		job_answer(&g->j);
	else
		job_read(&g->j);
}
