/*
 * query.c - rows of a resource as JSON: one, a page, all of them; answered by the reader thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "store/store_priv.h"

enum { LIST_LIMIT = 1000 };

struct query {
	struct job j;
	const struct resource *r;
	char *key; /* get: the key; list: after it */
	uint32_t limit;
	enum reveal secrets;
	json_t *res;
	store_json_h *h;
	void *arg;
};

int query_cursor(const char *before, int64_t *ms, const char **id)
{
	char *end;

	errno = 0;
	*ms = strtoll(before, &end, 10);
	if (errno || end == before || *end != '-' || !end[1])
		return ERR_SYNTAX;
	*id = end + 1;
	return 0;
}

static void destroy(void *arg)
{
	struct query *q = arg;

	mem_deref(q->key);
	json_decref(q->res);
	job_destroy(&q->j);
}

static void done(struct job *j)
{
	struct query *q = CONTAINER_OF(j, struct query, j);

	q->h(j->err, j->err ? job_why(j) : "", j->err ? NULL : q->res, q->arg);
}

static int get_run(struct job *j, struct db *db)
{
	struct query *q = CONTAINER_OF(j, struct query, j);
	char noun[RESOURCE_NOUN];
	int64_t id;
	int err = row_find(db, q->r, q->key, 0, &id, &q->res);

	if (err == ENOENT)
		buf_printf(&j->why, "There is no %s %s.", resource_noun(q->r, noun), q->key);
	return err ? err : row_reveal(j->s, q->r, q->res, q->secrets);
}

static int page_stmt(const struct query *q, struct db *db, sqlite3_stmt **stp)
{
	const char *key = resource_key(q->r)->name;
	struct buf b;
	int err;

	buf_init(&b);
	row_select(&b, q->r);
	buf_str(&b, "WHERE domain_id = 1");
	if (q->key) {
		buf_str(&b, " AND ");
		sql_name(&b, key);
		buf_str(&b, " > ?1");
	}
	buf_str(&b, " ORDER BY ");
	sql_name(&b, key);
	buf_mem(&b, " LIMIT ?2", sizeof(" LIMIT ?2"));
	err = buf_err(&b) ? buf_err(&b) : db_stmt(db, stp, b.p);
	buf_free(&b);
	if (err)
		return err;
	if (q->key)
		db_text(*stp, 1, slice_str(q->key));
	db_int(*stp, 2, q->limit ? (int64_t)q->limit + 1 : -1);
	return 0;
}

/* Append the rows of a page (all, with limit 0); *more tells whether some are left. */
static int page(struct query *q, struct db *db, json_t *items, bool *more)
{
	sqlite3_stmt *st;
	int err = page_stmt(q, db, &st);

	*more = false;
	while (!err) {
		json_t *row;

		err = db_row(db, st);
		if (err)
			break;
		if (q->limit && json_array_size(items) == q->limit) {
			*more = true;
			sqlite3_reset(st);
			break;
		}
		row = row_json(q->r, st);
		err = row ? row_reveal(q->j.s, q->r, row, q->secrets) : ENOMEM;
		if (json_array_append_new(items, row))
			err = ENOMEM;
		if (err)
			sqlite3_reset(st);
	}
	return err == ENOENT ? 0 : err;
}

static int list_run(struct job *j, struct db *db)
{
	struct query *q = CONTAINER_OF(j, struct query, j);
	json_t *items = json_array(), *next = NULL;
	bool more;
	int err = items ? page(q, db, items, &more) : ENOMEM;

	if (!err && more)
		next = json_string(row_key(q->r, json_array_get(items, q->limit - 1)));
	if (!err) {
		q->res = json_pack("{s:O, s:o}", "items", items, "next", next ? next : json_null());
		err = q->res ? 0 : ENOMEM;
	}
	json_decref(items);
	return err;
}

/* One read transaction, so that all tables are of the same moment. */
static int export_run(struct job *j, struct db *db)
{
	struct query *q = CONTAINER_OF(j, struct query, j);
	int err = db_exec(db, "BEGIN"), end;
	bool more;

	q->res = json_pack("{s:i}", "offhook", 1);
	if (!err && !q->res)
		err = ENOMEM;
	for (size_t i = 0; !err && i < j->s->nresource; i++) {
		json_t *items = json_array();

		q->r = j->s->resource[i];
		if (json_object_set_new(q->res, q->r->plural, items))
			err = ENOMEM;
		else
			err = page(q, db, items, &more);
	}
	end = db->h && !sqlite3_get_autocommit(db->h) ? db_exec(db, "COMMIT") : 0;
	return err ? err : end;
}

static void post(struct store *s, const struct query *like, const char *key)
{
	struct query *q;
	void *v;
	int err = job_alloc(&v, sizeof(*q), destroy, s);

	if (err) {
		like->h(err, "Memory is out.", NULL, like->arg);
		return;
	}
	q = v;
	q->j.run = like->j.run;
	q->j.done = done;
	q->r = like->r;
	q->limit = like->limit;
	q->secrets = like->secrets;
	q->h = like->h;
	q->arg = like->arg;
	q->j.err = key ? mem_strdup(&q->key, key) : 0;
	if (q->j.err)
		job_answer(&q->j);
	else
		job_read(&q->j);
}

void store_list(struct store *s, const struct resource *r, const struct store_page *p, store_json_h *h, void *arg)
{
	struct query q = {.j.run = list_run, .r = r, .limit = LIST_LIMIT, .h = h, .arg = arg};

	if (p && p->limit)
		q.limit = p->limit;
	q.secrets = p && p->secrets ? REVEAL_SECRETS : REVEAL_NOTHING;
	post(s, &q, p ? p->after : NULL);
}

void store_get(struct store *s, const struct resource *r, const char *key, bool secrets, store_json_h *h, void *arg)
{
	struct query q = {
		.j.run = get_run, .r = r, .secrets = secrets ? REVEAL_SECRETS : REVEAL_NOTHING, .h = h, .arg = arg};

	post(s, &q, key);
}

void store_export(struct store *s, bool secrets, store_json_h *h, void *arg)
{
	struct query q = {.j.run = export_run, .secrets = secrets ? REVEAL_ALL : REVEAL_NOTHING, .h = h, .arg = arg};

	post(s, &q, NULL);
}
