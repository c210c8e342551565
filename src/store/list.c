/*
 * list.c - a page of the rows of a resource: in any order, of those that equal some values or contain a text.
 *
 * Pages are found by their first row, never by counting (keyset): a cursor is the key of the last row of the page
 * before, in lists that are sorted by another field ["value", "key"]. All values are bound; names come from the table.
 */
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "store/store_priv.h"

enum { LIST_LIMIT = 1000 };

struct list_query {
	struct job j;
	struct row_page page;
	struct {
		const struct field *f;
		json_t *value;
	} filter[STORE_FILTERS];
	size_t nfilter;
	char *key, *like;
	json_t *sort_value;
	store_render_h *render;
	const void *render_arg;
	json_t *res;
	store_json_h *h;
	void *arg;
};

static void destroy(void *arg)
{
	struct list_query *q = arg;

	for (size_t i = 0; i < q->nfilter; i++)
		json_decref(q->filter[i].value);
	mem_deref(q->key);
	mem_deref(q->like);
	json_decref(q->sort_value);
	json_decref(q->res);
	job_destroy(&q->j);
}

static void done(struct job *j)
{
	struct list_query *q = CONTAINER_OF(j, struct list_query, j);

	q->h(j->err, j->err ? job_why(j) : "", j->err ? NULL : q->res, q->arg);
}

/* ---- SQL */

static bool is_text(const struct field *f)
{
	return f->type == FIELD_TEXT || f->type == FIELD_ENUM;
}

/* What a field is sorted by: texts without regard to case; where null stands differs between databases. */
static void sort_expr(struct buf *b, const struct field *f)
{
	buf_str(b, is_text(f) ? "lower(coalesce(" : "coalesce(");
	sql_name(b, f->name);
	buf_str(b, is_text(f) ? ", ''))" : ", 0)");
}

static void where_text(struct buf *b, const struct resource *r)
{
	bool first = true;

	buf_str(b, " AND (");
	for (size_t i = 0; i < r->nfield; i++) {
		if (r->field[i].type != FIELD_TEXT)
			continue;
		buf_str(b, first ? "lower(" : " OR lower(");
		sql_name(b, r->field[i].name);
		buf_str(b, ") LIKE ?1 ESCAPE '\\'");
		first = false;
	}
	buf_str(b, first ? "1 = 0)" : ")");
}

/* Values: ?1 text looked for, ?2 key and ?3 sort value of the last row before, ?4 limit, ?5 ... filters. */
enum { V_LIKE = 1, V_KEY, V_SORT, V_LIMIT, V_FILTER };

static void where_after(struct buf *b, const struct row_page *p)
{
	const char *op = p->down ? "<" : ">";

	buf_str(b, " AND ");
	if (!p->sort) {
		sql_name(b, resource_key(p->r)->name);
		buf_printf(b, " %s ?2", op);
		return;
	}
	buf_char(b, '(');
	sort_expr(b, p->sort);
	buf_str(b, ", ");
	sql_name(b, resource_key(p->r)->name);
	buf_printf(b, is_text(p->sort) ? ") %s (lower(?3), ?2)" : ") %s (?3, ?2)", op);
}

static void page_sql(struct buf *b, const struct row_page *p)
{
	const char *down = p->down ? " DESC" : "";

	row_select(b, p->r);
	buf_str(b, "WHERE domain_id = 1");
	for (size_t i = 0; p->q && i < p->q->nfilter; i++) {
		buf_str(b, " AND ");
		sql_name(b, p->q->filter[i].f->name);
		if (json_is_null(p->q->filter[i].value))
			buf_str(b, " IS NULL");
		else
			buf_printf(b, " = ?%d", V_FILTER + (int)i);
	}
	if (p->q && p->q->like)
		where_text(b, p->r);
	if (p->key)
		where_after(b, p);
	buf_str(b, " ORDER BY ");
	if (p->sort) {
		sort_expr(b, p->sort);
		buf_printf(b, "%s, ", down);
	}
	sql_name(b, resource_key(p->r)->name);
	buf_printf(b, "%s LIMIT ?4", down);
	buf_char(b, '\0');
}

static int page_stmt(const struct row_page *p, struct db *db, sqlite3_stmt **stp)
{
	struct buf b;
	int err;

	buf_init(&b);
	page_sql(&b, p);
	err = buf_err(&b) ? buf_err(&b) : db_stmt(db, stp, b.p);
	buf_free(&b);
	if (err)
		return err;
	for (size_t i = 0; p->q && i < p->q->nfilter; i++)
		row_bind(*stp, V_FILTER + (int)i, p->q->filter[i].f, p->q->filter[i].value);
	if (p->q && p->q->like)
		db_text(*stp, V_LIKE, slice_str(p->q->like));
	if (p->key)
		db_text(*stp, V_KEY, slice_str(p->key));
	if (p->key && p->sort) {
		if (is_text(p->sort))
			db_text(*stp, V_SORT, slice_str(json_string_value(p->q->sort_value)));
		else
			db_int(*stp, V_SORT, json_integer_value(p->q->sort_value));
	}
	db_int(*stp, V_LIMIT, p->limit ? (int64_t)p->limit + 1 : -1);
	return 0;
}

int row_page_read(struct store *s, struct db *db, const struct row_page *p, json_t *items, bool *more)
{
	sqlite3_stmt *st;
	int err = page_stmt(p, db, &st);

	*more = false;
	while (!err) {
		json_t *row;

		err = db_row(db, st);
		if (err)
			break;
		if (p->limit && json_array_size(items) == p->limit) {
			*more = true;
			sqlite3_reset(st);
			break;
		}
		row = row_json(p->r, st);
		err = row ? row_reveal(s, p->r, row, p->secrets) : ENOMEM;
		if (json_array_append_new(items, row))
			err = ENOMEM;
		if (err)
			sqlite3_reset(st);
	}
	return err == ENOENT ? 0 : err;
}

/* ---- cursors */

static json_t *cursor(const struct row_page *p, const json_t *last)
{
	const char *key = row_key(p->r, last);
	json_t *pair, *text = NULL, *v;
	char *s;

	if (!p->sort)
		return json_string(key);
	v = json_object_get(last, p->sort->name);
	if (is_text(p->sort))
		v = json_string(json_is_string(v) ? json_string_value(v) : "");
	else
		v = json_integer(json_is_integer(v) ? json_integer_value(v) : json_is_true(v));
	pair = json_pack("[o, s]", v, key);
	s = pair ? json_dumps(pair, JSON_COMPACT) : NULL;
	if (s)
		text = json_string(s);
	free(s);
	json_decref(pair);
	return text;
}

static int cursor_read(struct list_query *q, const char *after)
{
	json_t *pair, *v;
	int err = 0;

	if (!q->page.sort)
		return mem_strdup(&q->key, after);
	pair = json_loads(after, 0, NULL);
	v = json_array_get(pair, 0);
	if (json_array_size(pair) != 2 || !json_is_string(json_array_get(pair, 1)) ||
	    (is_text(q->page.sort) ? !json_is_string(v) : !json_is_integer(v))) {
		buf_str(&q->j.why, "The cursor is none that a list in this order gave.");
		err = ERR_SYNTAX;
	} else {
		q->sort_value = json_incref(v);
		err = mem_strdup(&q->key, json_string_value(json_array_get(pair, 1)));
	}
	json_decref(pair);
	return err;
}

/* ---- the query */

/* LIKE's own characters mean themselves. */
int like_text(char **sp, const char *text)
{
	struct buf b;
	int err;

	buf_init(&b);
	buf_char(&b, '%');
	for (; *text; text++) {
		if (strchr("%_\\", *text))
			buf_char(&b, '\\');
		buf_char(&b, *text >= 'A' && *text <= 'Z' ? (char)(*text | 0x20) : *text);
	}
	buf_char(&b, '%');
	err = buf_strdup(&b, sp);
	buf_free(&b);
	return err;
}

static int run(struct job *j, struct db *db)
{
	struct list_query *q = CONTAINER_OF(j, struct list_query, j);
	json_t *items = json_array(), *next = NULL;
	bool more;
	int err;

	q->page.q = q;
	q->page.key = q->key;
	err = items ? row_page_read(j->s, db, &q->page, items, &more) : ENOMEM;
	if (!err && more)
		next = cursor(&q->page, json_array_get(items, q->page.limit - 1));
	if (!err && more && !next)
		err = ENOMEM;
	if (err) {
		json_decref(items);
		return err;
	}
	q->res = query_result(items, next, q->render, q->render_arg);
	return q->res ? 0 : ENOMEM;
}

static int fill(struct list_query *q, const struct store_page *p)
{
	int err = 0;

	if (!p)
		return 0;
	q->page.limit = p->limit ? p->limit : LIST_LIMIT;
	q->page.secrets = p->secrets ? REVEAL_SECRETS : REVEAL_NOTHING;
	q->page.sort = p->sort && !(p->sort->flags & FIELD_KEY) ? p->sort : NULL;
	q->page.down = p->down;
	q->render = p->render;
	q->render_arg = p->render_arg;
	if (p->nfilter > STORE_FILTERS || (p->sort && field_hidden(p->sort)))
		return EINVAL;
	for (; q->nfilter < p->nfilter; q->nfilter++) {
		q->filter[q->nfilter].f = p->filter[q->nfilter].f;
		/* a copy: counts of references are not atomic, and the reader is another thread */
		q->filter[q->nfilter].value = json_deep_copy(p->filter[q->nfilter].value);
		if (!q->filter[q->nfilter].value)
			return ENOMEM;
	}
	if (p->q && *p->q)
		err = like_text(&q->like, p->q);
	if (!err && p->after)
		err = cursor_read(q, p->after);
	return err;
}

void store_list(struct store *s, const struct resource *r, const struct store_page *p, store_json_h *h, void *arg)
{
	struct list_query *q;
	void *v;
	int err = job_alloc(&v, sizeof(*q), destroy, s);

	if (err) {
		h(err, "Memory is out.", NULL, arg);
		return;
	}
	q = v;
	q->j.run = run;
	q->j.done = done;
	q->page.r = r;
	q->page.limit = LIST_LIMIT;
	q->h = h;
	q->arg = arg;
	q->j.err = fill(q, p);
	if (q->j.err)
		job_answer(&q->j);
	else
		job_read(&q->j);
}
