/*
 * part.c - one item of a change carried out in the database: create, update or delete a row, and what differs.
 */
#include <string.h>
#include "base/mem.h"
#include "store/store_priv.h"

/* Times that the store writes by itself. */
static bool is_stamp(const struct field *f, const char *when)
{
	return f->type == FIELD_TIME && f->def && !strcmp(f->def, when);
}

static const char *article(const struct resource *r)
{
	return strchr("aeiou", r->name[0]) ? "an" : "a";
}

static json_t *seal_json(struct store *s, const json_t *plain)
{
	json_t *v = NULL;
	struct buf b;

	buf_init(&b);
	if (!store_seal(s, slice_mem(json_string_value(plain), json_string_length(plain)), &b))
		v = json_stringn(b.p, b.l);
	buf_free(&b);
	return v;
}

/* The value as it goes into the table: a new reference. */
static json_t *stored(struct store *s, const struct field *f, json_t *v)
{
	if (!v)
		return json_null();
	return f->type == FIELD_SECRET && json_is_string(v) ? seal_json(s, v) : json_incref(v);
}

static int taken(struct change_job *c, const struct resource *r, const struct field *f, const json_t *v)
{
	const char *text = json_string_value(v);
	char noun[RESOURCE_NOUN];

	if (f->flags & FIELD_KEY)
		buf_printf(&c->j.why, "There is already %s %s %s.", article(r), resource_noun(r, noun),
			   text ? text : "");
	else
		buf_printf(&c->j.why, "Another %s has the same \"%s\": %s.", resource_noun(r, noun), f->name,
			   text ? text : "this value");
	return EEXIST;
}

/* EEXIST, with a sentence, if another row has the value of a key or unique field. */
static int check_unique(struct change_job *c, struct db *db, const struct resource *r, const json_t *row, int64_t id)
{
	for (size_t i = 0; i < r->nfield; i++) {
		const struct field *f = &r->field[i];
		const json_t *v = json_object_get(row, f->name);
		sqlite3_stmt *st;
		struct buf b;
		int err;

		if (!(f->flags & (FIELD_KEY | FIELD_UNIQUE)) || !v || json_is_null(v))
			continue;
		buf_init(&b);
		buf_str(&b, "SELECT 1 FROM ");
		sql_name(&b, r->plural);
		buf_str(&b, " WHERE domain_id = 1 AND ");
		sql_name(&b, f->name);
		buf_str(&b, " = ? AND id <> ?");
		buf_char(&b, '\0');
		err = buf_err(&b) ? buf_err(&b) : db_stmt(db, &st, b.p);
		buf_free(&b);
		if (err)
			return err;
		row_bind(st, 1, f, v);
		db_int(st, 2, id);
		err = db_row(db, st);
		sqlite3_reset(st);
		if (err != ENOENT)
			return err ? err : taken(c, r, f, v);
	}
	return 0;
}

static int diff_add(json_t *diff, const struct field *f, json_t *from, json_t *to)
{
	json_t *pair = json_array();

	if (!pair || json_array_append_new(pair, from ? json_incref(from) : json_null()) ||
	    json_array_append_new(pair, to ? json_incref(to) : json_null())) {
		json_decref(pair);
		return ENOMEM;
	}
	return json_object_set_new(diff, f->name, pair) ? ENOMEM : 0;
}

/* Diff of a whole row that comes (`create`) or goes. */
static int diff_whole(const struct resource *r, json_t *row, bool create, json_t **dp)
{
	json_t *diff = json_object();
	int err = diff ? 0 : ENOMEM;

	for (size_t i = 0; !err && i < r->nfield; i++) {
		const struct field *f = &r->field[i];
		json_t *v = json_object_get(row, f->name);

		if (v && !json_is_null(v) && !is_stamp(f, "change"))
			err = diff_add(diff, f, create ? NULL : v, create ? v : NULL);
	}
	if (err)
		json_decref(diff);
	else
		*dp = diff;
	return err;
}

/* ---- create */

static int insert(struct db *db, const struct resource *r, const json_t *row, int64_t id)
{
	sqlite3_stmt *st;
	struct buf b;
	int err;

	buf_init(&b);
	buf_str(&b, "INSERT INTO ");
	sql_name(&b, r->plural);
	buf_str(&b, " (id, domain_id");
	for (size_t i = 0; i < r->nfield; i++) {
		buf_str(&b, ", ");
		sql_name(&b, r->field[i].name);
	}
	buf_str(&b, ") VALUES (?, 1");
	for (size_t i = 0; i < r->nfield; i++)
		buf_str(&b, ", ?");
	buf_mem(&b, ")", 2);
	err = buf_err(&b) ? buf_err(&b) : db_stmt(db, &st, b.p);
	buf_free(&b);
	if (err)
		return err;
	db_int(st, 1, id);
	for (size_t i = 0; i < r->nfield; i++)
		row_bind(st, (int)i + 2, &r->field[i], json_object_get(row, r->field[i].name));
	return db_run(db, st);
}

static json_t *new_row(struct change_job *c, const struct resource *r, json_t *obj, bool undo)
{
	json_t *row = json_object();

	for (size_t i = 0; row && i < r->nfield; i++) {
		const struct field *f = &r->field[i];
		json_t *have = json_object_get(obj, f->name), *v;

		if (is_stamp(f, "change") || (is_stamp(f, "create") && !(undo && have)))
			v = json_integer(c->at_ms);
		else
			v = stored(c->j.s, f, have);
		if (json_object_set_new(row, f->name, v)) {
			json_decref(row);
			row = NULL;
		}
	}
	return row;
}

static int create(struct change_job *c, struct db *db, struct change_part *p, int64_t item_id, json_t **diff)
{
	const struct resource *r = p->it.r;
	json_t *row = new_row(c, r, p->it.obj, p->row_id != 0);
	int err;

	if (!row)
		return ENOMEM;
	if (!p->row_id)
		p->row_id = item_id; /* ids of rows are those of the items that made them: never used again */
	err = check_unique(c, db, r, row, p->row_id);
	if (!err)
		err = insert(db, r, row, p->row_id);
	if (!err)
		err = diff_whole(r, row, true, diff);
	p->version = 1;
	if (err)
		json_decref(row);
	else
		p->row = row;
	return err;
}

/* ---- update */

static bool differs(struct store *s, const struct field *f, const json_t *old, const json_t *v)
{
	struct buf b;
	bool same;

	if (f->type != FIELD_SECRET || !json_is_string(old) || !json_is_string(v))
		return !json_equal(old, v);
	buf_init(&b);
	same = !store_unseal(s, slice_mem(json_string_value(old), json_string_length(old)), &b) &&
	       slice_eq(buf_get(&b), slice_mem(json_string_value(v), json_string_length(v)));
	if (b.p)
		mem_wipe(b.p, b.l);
	buf_free(&b);
	return !same;
}

/* Put the new values into `row`, and what differs into `diff`. */
static int merge(struct change_job *c, const struct resource *r, json_t *obj, json_t *row, json_t *diff)
{
	for (size_t i = 0; i < r->nfield; i++) {
		const struct field *f = &r->field[i];
		json_t *v = json_object_get(obj, f->name), *old = json_object_get(row, f->name), *now;
		int err;

		if (!v || is_stamp(f, "change") || !differs(c->j.s, f, old, v))
			continue;
		now = stored(c->j.s, f, v);
		if (!now)
			return ENOMEM;
		err = diff_add(diff, f, old, now);
		if (json_object_set_new(row, f->name, now) || err)
			return ENOMEM;
	}
	for (size_t i = 0; json_object_size(diff) && i < r->nfield; i++)
		if (is_stamp(&r->field[i], "change") &&
		    json_object_set_new(row, r->field[i].name, json_integer(c->at_ms)))
			return ENOMEM;
	return 0;
}

static bool is_set(const struct field *f, const json_t *diff)
{
	return json_object_get(diff, f->name) || is_stamp(f, "change");
}

static int update_sql(struct db *db, const struct resource *r, const json_t *row, const json_t *diff, int64_t id)
{
	sqlite3_stmt *st;
	struct buf b;
	int err, n = 1;

	buf_init(&b);
	buf_str(&b, "UPDATE ");
	sql_name(&b, r->plural);
	buf_str(&b, " SET version = version + 1");
	for (size_t i = 0; i < r->nfield; i++) {
		if (!is_set(&r->field[i], diff))
			continue;
		buf_str(&b, ", ");
		sql_name(&b, r->field[i].name);
		buf_str(&b, " = ?");
	}
	buf_str(&b, " WHERE id = ?");
	buf_char(&b, '\0');
	err = buf_err(&b) ? buf_err(&b) : db_stmt(db, &st, b.p);
	buf_free(&b);
	if (err)
		return err;
	for (size_t i = 0; i < r->nfield; i++)
		if (is_set(&r->field[i], diff))
			row_bind(st, n++, &r->field[i], json_object_get(row, r->field[i].name));
	db_int(st, n, id);
	return db_run(db, st);
}

static int update(struct change_job *c, struct db *db, struct change_part *p, json_t **diff)
{
	const struct resource *r = p->it.r;
	json_t *d = json_object();
	int err = d ? merge(c, r, p->it.obj, p->row, d) : ENOMEM;

	if (!err && json_object_size(d)) {
		err = check_unique(c, db, r, p->row, p->row_id);
		if (!err)
			err = update_sql(db, r, p->row, d, p->row_id);
		if (!err) {
			*diff = json_incref(d);
			p->version++;
		}
	}
	json_decref(d);
	return err;
}

/* ---- delete */

static int remove_row(struct db *db, struct change_part *p, json_t **diff)
{
	const struct resource *r = p->it.r;
	sqlite3_stmt *st;
	struct buf b;
	int err;

	buf_init(&b);
	buf_str(&b, "DELETE FROM ");
	sql_name(&b, r->plural);
	buf_mem(&b, " WHERE id = ?", sizeof(" WHERE id = ?"));
	err = buf_err(&b) ? buf_err(&b) : db_stmt(db, &st, b.p);
	buf_free(&b);
	if (err)
		return err;
	db_int(st, 1, p->row_id);
	err = db_run(db, st);
	if (!err)
		err = diff_whole(r, p->row, false, diff);
	json_decref(p->row);
	p->row = NULL;
	return err;
}

static int find(struct db *db, struct change_part *p)
{
	struct row_found f;
	int err = row_find(db, p->it.r, p->row_id ? NULL : p->key, p->row_id, &f);

	if (err)
		return err;
	p->row_id = f.id;
	p->version = f.version;
	p->row = f.row;
	return 0;
}

int change_part_run(struct change_job *c, struct db *db, struct change_part *p, int64_t item_id, json_t **diff)
{
	char noun[RESOURCE_NOUN];
	int err;

	*diff = NULL;
	if (p->it.op == CHANGE_CREATE) {
		err = create(c, db, p, item_id, diff);
	} else {
		err = find(db, p);
		if (err == ENOENT) {
			buf_printf(&c->j.why, "There is no %s %s.", resource_noun(p->it.r, noun), p->key);
			change_who_removed(c, db, p);
		}
		if (!err)
			err = change_meant(c, db, p);
		if (!err && p->it.op == CHANGE_UPDATE)
			err = update(c, db, p, diff);
		else if (!err)
			err = remove_row(db, p, diff);
	}
	p->changed = *diff != NULL;
	if (!err && p->row)
		err = row_reveal(c->j.s, p->it.r, p->row, REVEAL_ALL);
	return err;
}
