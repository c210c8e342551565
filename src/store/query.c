/*
 * query.c - rows as JSON: one, or all of all tables; answered by the reader thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "store/store_priv.h"

struct query {
	struct job j;
	const struct resource *r;
	char *key; /* of the row */
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

json_t *query_result(json_t *items, json_t *next, store_render_h *render, const void *arg)
{
	json_t *res = NULL;
	struct buf b;

	if (!render || !items)
		return json_pack("{s:o, s:o}", "items", items, "next", next ? next : json_null());
	buf_init(&b);
	if (!render(items, arg, &b))
		res = json_pack("{s:o, s:o}", "text", json_stringn_nocheck(b.p ? b.p : "", b.l), "next",
				next ? next : json_null());
	else
		json_decref(next);
	json_decref(items);
	buf_free(&b);
	return res;
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
	struct row_found f;
	int err = row_find(db, q->r, q->key, 0, &f);

	if (err == ENOENT)
		buf_printf(&j->why, "There is no %s %s.", resource_noun(q->r, noun), q->key);
	if (err)
		return err;
	q->res = f.row;
	if (json_object_set_new(q->res, STORE_VERSION, json_integer(f.version)))
		return ENOMEM;
	return row_reveal(j->s, q->r, q->res, q->secrets);
}

/* One read transaction, so that all tables are of the same moment. */
int export_all(struct store *s, struct db *db, enum reveal secrets, json_t **res)
{
	int err = db_exec(db, "BEGIN"), end;
	bool more;

	*res = json_pack("{s:i}", "offhook", 1);
	if (!err && !*res)
		err = ENOMEM;
	for (size_t i = 0; !err && i < s->nresource; i++) {
		json_t *items = json_array();

		const struct row_page all = {.r = s->resource[i], .secrets = secrets};

		if (json_object_set_new(*res, all.r->plural, items))
			err = ENOMEM;
		else
			err = row_page_read(s, db, &all, items, &more);
	}
	end = db->h && !sqlite3_get_autocommit(db->h) ? db_exec(db, "COMMIT") : 0;
	return err ? err : end;
}

static int export_run(struct job *j, struct db *db)
{
	struct query *q = CONTAINER_OF(j, struct query, j);

	return export_all(j->s, db, q->secrets, &q->res);
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
	q->secrets = like->secrets;
	q->h = like->h;
	q->arg = like->arg;
	q->j.err = key ? mem_strdup(&q->key, key) : 0;
	if (q->j.err)
		job_answer(&q->j);
	else
		job_read(&q->j);
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
