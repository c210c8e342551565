/*
 * history.c - what was changed, by whom and when: the newest first, secrets hidden.
 */
#include "base/mem.h"
#include "store/store_priv.h"

enum { HISTORY_LIMIT = 100 };

struct query {
	struct job j;
	int64_t before;
	char resource[64], key[256]; /* of one resource or row only; empty: all */
	uint32_t limit;
	json_t *res;
	store_json_h *h;
	void *arg;
};

static void destroy(void *arg)
{
	struct query *q = arg;

	json_decref(q->res);
	job_destroy(&q->j);
}

/* Is it a secret? In tables that this version does not know, what looks like one is. */
static bool is_secret(const struct resource *r, const char *name, const json_t *v)
{
	const struct field *f = r ? resource_field(r, slice_str(name)) : NULL;

	if (f)
		return field_hidden(f);
	return json_is_string(v) && slice_starts(slice_str(json_string_value(v)), SLICE("v1:"));
}

static int hide(const struct resource *r, json_t *diff)
{
	const char *name;
	json_t *pair, *v;
	size_t i;

	json_object_foreach(diff, name, pair)
	{
		json_array_foreach(pair, i, v)
		{
			if (is_secret(r, name, v) && !json_is_null(v) &&
			    json_array_set_new(pair, i, json_string("(changed)")))
				return ENOMEM;
		}
	}
	return 0;
}

static json_t *text(struct slice s)
{
	return json_stringn_nocheck(s.p ? s.p : "", s.l);
}

/* Columns: op, resource, row_key, diff. */
static json_t *item_json(struct store *s, sqlite3_stmt *st)
{
	struct slice d = db_col(st, 3);
	json_t *diff = json_loadb(d.p ? d.p : "", d.l, 0, NULL);

	if (!diff || hide(store_resource(s, db_col(st, 1)), diff)) {
		json_decref(diff);
		diff = json_object();
	}
	return json_pack("{s:o, s:o, s:o, s:o}", "op", text(db_col(st, 0)), "resource", text(db_col(st, 1)), "key",
			 text(db_col(st, 2)), "diff", diff);
}

static json_t *items_json(const struct query *q, struct db *db, int64_t id)
{
	json_t *items = json_array();
	sqlite3_stmt *st;
	int err = db_stmt(db, &st,
			  "SELECT op, resource, row_key, diff FROM history_item WHERE change_id = ?1 AND "
			  "(?2 = '' OR resource = ?2 AND (?3 = '' OR row_key = ?3)) ORDER BY id");

	if (!err) {
		db_int(st, 1, id);
		db_text(st, 2, slice_str(q->resource));
		db_text(st, 3, slice_str(q->key));
	}
	while (!err) {
		err = db_row(db, st);
		if (!err && json_array_append_new(items, item_json(q->j.s, st)))
			err = ENOMEM;
	}
	if (err != ENOENT) {
		json_decref(items);
		return NULL;
	}
	return items;
}

static json_t *number(sqlite3_stmt *st, int i)
{
	return sqlite3_column_type(st, i) == SQLITE_NULL ? json_null() : json_integer(sqlite3_column_int64(st, i));
}

static int select_changes(struct query *q, struct db *db, sqlite3_stmt **st)
{
	int err;

	if (!*q->resource) {
		err = db_stmt(db, st,
			      "SELECT id, at_ms, author, what, undoes, undone_by FROM history "
			      "WHERE domain_id = 1 AND (?1 = 0 OR id < ?1) ORDER BY id DESC LIMIT ?2");
	} else if (!*q->key) {
		err = db_stmt(
			db, st,
			"SELECT id, at_ms, author, what, undoes, undone_by FROM history "
			"WHERE domain_id = 1 AND (?1 = 0 OR id < ?1) AND id IN (SELECT change_id FROM history_item "
			"WHERE resource = ?3) ORDER BY id DESC LIMIT ?2");
		if (!err)
			db_text(*st, 3, slice_str(q->resource));
	} else {
		err = db_stmt(
			db, st,
			"SELECT id, at_ms, author, what, undoes, undone_by FROM history "
			"WHERE domain_id = 1 AND (?1 = 0 OR id < ?1) AND id IN (SELECT change_id FROM history_item "
			"WHERE resource = ?3 AND row_key = ?4) ORDER BY id DESC LIMIT ?2");
		if (!err) {
			db_text(*st, 3, slice_str(q->resource));
			db_text(*st, 4, slice_str(q->key));
		}
	}
	if (err)
		return err;
	db_int(*st, 1, q->before);
	db_int(*st, 2, (int64_t)q->limit + 1);
	return 0;
}

static int fill(struct query *q, struct db *db, json_t *list, json_t **next)
{
	sqlite3_stmt *st;
	int err = select_changes(q, db, &st);

	if (err)
		return err;
	while (!(err = db_row(db, st))) {
		int64_t id = sqlite3_column_int64(st, 0);
		json_t *o;

		if (json_array_size(list) == q->limit) {
			*next = json_integer(
				json_integer_value(json_object_get(json_array_get(list, q->limit - 1), "id")));
			sqlite3_reset(st);
			return 0;
		}
		o = json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "id", (json_int_t)id, "at_ms", number(st, 1),
			      "author", text(db_col(st, 2)), "text", text(db_col(st, 3)), "items",
			      items_json(q, db, id), "undoes", number(st, 4), "undone_by", number(st, 5));
		if (json_array_append_new(list, o)) {
			sqlite3_reset(st);
			return ENOMEM;
		}
	}
	return err == ENOENT ? 0 : err;
}

static int run(struct job *j, struct db *db)
{
	struct query *q = CONTAINER_OF(j, struct query, j);
	json_t *list = json_array(), *next = NULL;
	int err = list ? fill(q, db, list, &next) : ENOMEM;

	if (!err) {
		q->res = json_pack("{s:O, s:o}", "items", list, "next", next ? next : json_null());
		err = q->res ? 0 : ENOMEM;
	}
	json_decref(list);
	return err;
}

static void done(struct job *j)
{
	struct query *q = CONTAINER_OF(j, struct query, j);

	q->h(j->err, j->err ? job_why(j) : "", j->err ? NULL : q->res, q->arg);
}

void store_history(struct store *s, int64_t before, uint32_t limit, store_json_h *h, void *arg)
{
	store_row_history(s, &(struct row_history){.before = before, .limit = limit}, h, arg);
}

void store_row_history(struct store *s, const struct row_history *w, store_json_h *h, void *arg)
{
	struct query *q;
	void *v;
	int err = job_alloc(&v, sizeof(*q), destroy, s);

	if (err) {
		h(err, "Memory is out.", NULL, arg);
		return;
	}
	q = v;
	q->j.run = run;
	q->j.done = done;
	q->before = w->before;
	q->limit = w->limit ? w->limit : HISTORY_LIMIT;
	(void)slice_copy(q->resource, sizeof(q->resource), slice_str(w->resource ? w->resource : ""));
	(void)slice_copy(q->key, sizeof(q->key), slice_str(w->key ? w->key : ""));
	q->h = h;
	q->arg = arg;
	job_read(&q->j);
}
