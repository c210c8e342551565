/*
 * row.c - rows of resource tables: between SQL columns and JSON, with their secrets.
 */
#include <stdio.h>
#include "base/log.h"
#include "base/mem.h"
#include "store/store_priv.h"

void row_select(struct buf *b, const struct resource *r)
{
	buf_str(b, "SELECT id");
	for (size_t i = 0; i < r->nfield; i++) {
		buf_str(b, ", ");
		sql_name(b, r->field[i].name);
	}
	buf_str(b, ", version FROM ");
	sql_name(b, r->plural);
	buf_char(b, ' ');
}

static json_t *column_json(const struct field *f, sqlite3_stmt *st, int i)
{
	struct slice s;

	if (sqlite3_column_type(st, i) == SQLITE_NULL)
		return json_null();
	switch (f->type) {
	case FIELD_INT:
	case FIELD_TIME:
		return json_integer(sqlite3_column_int64(st, i));
	case FIELD_BOOL:
		return json_boolean(sqlite3_column_int(st, i));
	default:
		s = db_col(st, i);
		return json_stringn(s.p ? s.p : "", s.l);
	}
}

json_t *row_json(const struct resource *r, sqlite3_stmt *st)
{
	json_t *row = json_object();

	for (size_t i = 0; row && i < r->nfield; i++) {
		if (json_object_set_new_nocheck(row, r->field[i].name, column_json(&r->field[i], st, (int)i + 1))) {
			json_decref(row);
			row = NULL;
		}
	}
	return row;
}

void row_bind(sqlite3_stmt *st, int i, const struct field *f, const json_t *v)
{
	if (!v || json_is_null(v))
		return;
	switch (f->type) {
	case FIELD_INT:
	case FIELD_TIME:
		db_int(st, i, json_integer_value(v));
		break;
	case FIELD_BOOL:
		db_int(st, i, json_is_true(v));
		break;
	default:
		db_text(st, i, slice_mem(json_string_value(v), json_string_length(v)));
	}
}

int row_find(struct db *db, const struct resource *r, const char *key, int64_t id, struct row_found *f)
{
	sqlite3_stmt *st;
	struct buf b;
	int err;

	buf_init(&b);
	row_select(&b, r);
	if (key) {
		buf_str(&b, "WHERE domain_id = 1 AND ");
		sql_name(&b, resource_key(r)->name);
		buf_str(&b, " = ?");
	} else {
		buf_str(&b, "WHERE id = ?");
	}
	buf_char(&b, '\0');
	err = buf_err(&b) ? buf_err(&b) : db_stmt(db, &st, b.p);
	buf_free(&b);
	if (err)
		return err;
	if (key)
		db_text(st, 1, slice_str(key));
	else
		db_int(st, 1, id);
	err = db_row(db, st);
	if (err)
		return err;
	f->id = sqlite3_column_int64(st, 0);
	f->version = sqlite3_column_int64(st, (int)r->nfield + 1);
	f->row = row_json(r, st);
	sqlite3_reset(st);
	return f->row ? 0 : ENOMEM;
}

static json_t *plain_text(struct store *s, const struct resource *r, const json_t *row, const json_t *sealed)
{
	json_t *v = NULL;
	struct buf b;
	int err;

	buf_init(&b);
	err = store_unseal(s, slice_mem(json_string_value(sealed), json_string_length(sealed)), &b);
	if (!err) {
		v = json_stringn(b.p ? b.p : "", b.l);
	} else if (err == ERR_AUTH) {
		log_error("store", "a secret of %s %s is damaged and cannot be read", r->name, row_key(r, row));
		v = json_null();
	}
	if (b.p)
		mem_wipe(b.p, b.l);
	buf_free(&b);
	return v;
}

/* A value that nobody reads: that it is there. */
static int hide_kept(json_t *row, const struct field *f, const json_t *v)
{
	if (json_is_string(v))
		return json_object_set_new(row, f->name, json_true()) ? ENOMEM : 0;
	json_object_del(row, f->name);
	return 0;
}

int row_reveal(struct store *s, const struct resource *r, json_t *row, enum reveal secrets)
{
	for (size_t i = 0; i < r->nfield; i++) {
		const struct field *f = &r->field[i];
		json_t *v = json_object_get(row, f->name);

		if (!v || !field_hidden(f))
			continue;
		if (f->type == FIELD_PASSWORD) {
			int err = secrets == REVEAL_ALL ? 0 : hide_kept(row, f, v);

			if (err)
				return err;
			continue;
		}
		if (secrets == REVEAL_NOTHING)
			json_object_del(row, f->name);
		else if (json_is_string(v) && json_object_set_new(row, f->name, plain_text(s, r, row, v)))
			return ENOMEM;
	}
	return 0;
}

const char *row_key(const struct resource *r, const json_t *row)
{
	const char *key = json_string_value(json_object_get(row, resource_key(r)->name));

	return key ? key : "";
}

static int load_stmt(struct store *s, const struct resource *r, sqlite3_stmt **stp)
{
	struct buf b;
	int err;

	buf_init(&b);
	row_select(&b, r);
	buf_str(&b, "WHERE domain_id = 1 ORDER BY ");
	sql_name(&b, resource_key(r)->name);
	buf_char(&b, '\0');
	err = buf_err(&b) ? buf_err(&b) : db_stmt(&s->w, stp, b.p);
	buf_free(&b);
	return err;
}

int store_load(struct store *s, const struct resource *r,
	       void (*row)(const char *const *col, const size_t *len, void *arg), void *arg)
{
	const char **col = mem_alloc(r->nfield * (sizeof(*col) + sizeof(size_t)), NULL);
	size_t *len = (size_t *)(void *)(col + r->nfield);
	sqlite3_stmt *st;
	int err;

	if (!col)
		return ENOMEM;
	pthread_mutex_lock(&s->db_lock);
	err = load_stmt(s, r, &st);
	while (!err) {
		err = db_row(&s->w, st);
		for (size_t i = 0; !err && i < r->nfield; i++) {
			col[i] = (const char *)sqlite3_column_text(st, (int)i + 1);
			len[i] = (size_t)sqlite3_column_bytes(st, (int)i + 1);
		}
		if (!err)
			row(col, len, arg);
	}
	pthread_mutex_unlock(&s->db_lock);
	mem_deref(col);
	return err == ENOENT ? 0 : err;
}
