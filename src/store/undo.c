/*
 * undo.c - reverting a change by a new one made from its history, if nothing later stands in the way.
 *
 * In the way are later changes of the same fields of the same row; coming and going of
 * a row touches all its fields. A change that was undone, and the change that undid it,
 * are both out of the question: together they did nothing.
 */
#include <string.h>
#include "base/mem.h"
#include "store/store_priv.h"

enum { NAMED = 5 };

/* Is there such a change, and was it not undone already? */
static int find_change(struct change_job *c, struct db *db)
{
	sqlite3_stmt *st;
	struct buf b;
	int err = db_stmt(db, &st, "SELECT what, undone_by FROM history WHERE id = ?");

	if (err)
		return err;
	db_int(st, 1, c->undo);
	err = db_row(db, st);
	if (err == ENOENT)
		buf_printf(&c->j.why, "There is no change %lld.", (long long)c->undo);
	if (err)
		return err;
	if (sqlite3_column_type(st, 1) != SQLITE_NULL) {
		buf_printf(&c->j.why, "Change %lld was undone already, by change %lld.", (long long)c->undo,
			   (long long)sqlite3_column_int64(st, 1));
		err = EEXIST;
	} else {
		buf_init(&b);
		buf_printf(&b, "undid change %lld: %.*s", (long long)c->undo, SLICE_FMT(db_col(st, 0)));
		c->text = mem_deref(c->text);
		err = buf_strdup(&b, &c->text);
		buf_free(&b);
	}
	sqlite3_reset(st);
	return err;
}

static bool overlap(const char *op, const json_t *diff, struct slice later_op, struct slice later_diff)
{
	json_t *later;
	const char *name;
	const json_t *v;
	bool yes = false;

	if (strcmp(op, "update") || !slice_eqs(later_op, "update"))
		return true;
	later = json_loadb(later_diff.p, later_diff.l, 0, NULL);
	json_object_foreach((json_t *)(uintptr_t)diff, name, v) yes |= json_object_get(later, name) != NULL;
	json_decref(later);
	return yes;
}

/* What stands in the way of one item: named in `b`, each change once. */
static int find_later(struct change_job *c, struct db *db, const struct change_part *p, const json_t *diff,
		      const char *op, struct buf *b)
{
	int64_t id, last = 0;
	unsigned n = 0;
	sqlite3_stmt *st;
	int err = db_stmt(db, &st,
			  "SELECT h.id, h.what, h.author, i.op, i.diff FROM history_item i "
			  "JOIN history h ON h.id = i.change_id WHERE i.row_id = ?1 AND i.change_id > ?2 "
			  "AND h.undone_by IS NULL AND (h.undoes IS NULL OR h.undoes <= ?2) ORDER BY h.id");

	if (err)
		return err;
	db_int(st, 1, p->row_id);
	db_int(st, 2, c->undo);
	while (!(err = db_row(db, st))) {
		id = sqlite3_column_int64(st, 0);
		if (id == last || !overlap(op, diff, db_col(st, 3), db_col(st, 4)))
			continue;
		last = id;
		if (++n <= NAMED)
			buf_printf(b, "%s%lld (%.*s, by %.*s)", b->l ? "; " : "", (long long)id,
				   SLICE_FMT(db_col(st, 1)), SLICE_FMT(db_col(st, 2)));
		else if (n == NAMED + 1)
			buf_str(b, "; and more");
	}
	return err == ENOENT ? 0 : err;
}

/* A value of the history as plain JSON, a new reference; NULL when memory is out or a secret cannot be read. */
static json_t *plain_value(struct change_job *c, const struct field *f, json_t *v)
{
	json_t *out = NULL;
	struct buf b;

	if (f->type != FIELD_SECRET || !json_is_string(v))
		return json_incref(v);
	buf_init(&b);
	if (!store_unseal(c->j.s, slice_mem(json_string_value(v), json_string_length(v)), &b))
		out = json_stringn(b.p ? b.p : "", b.l);
	if (b.p)
		mem_wipe(b.p, b.l);
	buf_free(&b);
	return out;
}

/* The old values, of those fields that this version still has. */
static int old_values(struct change_job *c, struct change_part *p, json_t *diff)
{
	const char *name;
	json_t *pair;

	p->it.obj = json_object();
	if (!p->it.obj)
		return ENOMEM;
	json_object_foreach(diff, name, pair)
	{
		const struct field *f = resource_field(p->it.r, slice_str(name));
		json_t *v = f ? plain_value(c, f, json_array_get(pair, 0)) : NULL;

		if (!f)
			continue;
		if (!v) {
			buf_printf(&c->j.why, "The old \"%s\" of %s %s cannot be read any more.", name, p->it.r->name,
				   p->key);
			return ERR_AUTH;
		}
		if (json_object_set_new(p->it.obj, name, v))
			return ENOMEM;
	}
	return 0;
}

/* The opposite of one item of the history. Columns: op, resource, row_id, row_key, diff. */
static int reverse(struct change_job *c, struct change_part *p, sqlite3_stmt *st, json_t *diff)
{
	struct slice op = db_col(st, 0);
	int err;

	p->it.r = store_resource(c->j.s, db_col(st, 1));
	if (!p->it.r) {
		buf_printf(&c->j.why, "Change %lld is about %.*s, which this version does not have.",
			   (long long)c->undo, SLICE_FMT(db_col(st, 1)));
		return ENOTSUP;
	}
	err = slice_dup(&p->key, db_col(st, 3));
	if (err)
		return err;
	p->it.key = p->key;
	p->row_id = sqlite3_column_int64(st, 2);
	p->it.op = slice_eqs(op, "create") ? CHANGE_DELETE : slice_eqs(op, "delete") ? CHANGE_CREATE : CHANGE_UPDATE;
	return p->it.op == CHANGE_DELETE ? 0 : old_values(c, p, diff);
}

/* An update may have changed the key: `key` must be the one that the row has now. */
static int present_key(struct db *db, struct change_part *p)
{
	struct row_found f;
	int err;

	if (p->it.op == CHANGE_CREATE)
		return 0;
	err = row_find(db, p->it.r, NULL, p->row_id, &f);
	if (err)
		return err == ENOENT ? 0 : err; /* a part before this one brings it back, or the check has refused */
	p->key = mem_deref(p->key);
	err = mem_strdup(&p->key, row_key(p->it.r, f.row));
	p->it.key = p->key;
	json_decref(f.row);
	return err;
}

static int add_part(struct change_job *c, struct db *db, sqlite3_stmt *st, struct buf *later)
{
	struct slice text = db_col(st, 4);
	json_t *diff = json_loadb(text.p, text.l, 0, NULL);
	static const char *const was[] = {
		[CHANGE_CREATE] = "delete", [CHANGE_UPDATE] = "update", [CHANGE_DELETE] = "create"};
	struct change_part *more, *p;
	int err;

	if (!json_is_object(diff)) {
		json_decref(diff);
		return EBADMSG;
	}
	more = mem_realloc(c->part, (c->n + 1) * sizeof(*c->part));
	if (!more) {
		json_decref(diff);
		return ENOMEM;
	}
	c->part = more;
	p = &c->part[c->n++];
	memset(p, 0, sizeof(*p));
	err = reverse(c, p, st, diff);
	if (!err)
		err = present_key(db, p);
	if (!err)
		err = find_later(c, db, p, diff, was[p->it.op], later);
	json_decref(diff);
	return err;
}

int undo_prepare(struct change_job *c, struct db *db)
{
	sqlite3_stmt *st;
	struct buf later;
	int err = find_change(c, db);

	if (!err)
		err = db_stmt(db, &st,
			      "SELECT op, resource, row_id, row_key, diff FROM history_item WHERE change_id = ? "
			      "ORDER BY id DESC");
	if (err)
		return err;
	db_int(st, 1, c->undo);
	buf_init(&later);
	while (!err) {
		err = db_row(db, st);
		if (!err)
			err = add_part(c, db, st, &later);
	}
	if (err == ENOENT)
		err = 0;
	else
		sqlite3_reset(st);
	if (!err && later.l) {
		buf_printf(&c->j.why,
			   "Change %lld cannot be undone, because later changes touch the same fields: %.*s. "
			   "Undo those first.",
			   (long long)c->undo, SLICE_FMT(buf_get(&later)));
		err = EEXIST;
	}
	buf_free(&later);
	return err;
}

int undo_mark(struct change_job *c, struct db *db)
{
	sqlite3_stmt *st;
	int err = db_stmt(db, &st, "UPDATE history SET undone_by = ? WHERE id = ?");

	if (err)
		return err;
	db_int(st, 1, c->id);
	db_int(st, 2, c->undo);
	err = db_run(db, st);
	if (err)
		return err;
	/* if that was itself an undoing, what it had undone is in force again */
	err = db_stmt(db, &st, "UPDATE history SET undone_by = NULL WHERE undone_by = ?");
	if (err)
		return err;
	db_int(st, 1, c->undo);
	return db_run(db, st);
}
