/*
 * sheet.c - resources as CSV: lists for spreadsheets, and files of rows that are made or changed in one transaction.
 *
 * The first line names the fields. An empty cell of a new row stands for the default; of a row that is there it empties
 * a text and leaves everything else alone. All that is wrong is told, with its line, and then nothing is changed; with
 * `dry_run` nothing is changed either, and the answer says what would be.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "api/api_priv.h"
#include "api/csv.h"

enum {
	ERRORS_MAX = 100,
	WARNINGS_MAX = 20,
	ITEMS_MAX = 1000 /* of the plan in an answer */
};

/* ------------------------------------------------------------------ out */

static bool in_sheet(const struct sheet *s, const struct field *f)
{
	return f->type != FIELD_PASSWORD && (s->secrets || !field_hidden(f));
}

static void put_value(struct buf *b, bool first, const json_t *v)
{
	if (json_is_integer(v))
		csv_put_int(b, first, json_integer_value(v));
	else if (json_is_boolean(v))
		csv_put(b, first, json_is_true(v) ? SLICE("true") : SLICE("false"));
	else
		csv_put(b, first, slice_mem(json_string_value(v), json_string_length(v)));
}

int api_sheet_render(const json_t *items, const void *arg, struct buf *out)
{
	const struct sheet *s = arg;
	json_t *row;
	size_t k;
	bool first = true;

	for (size_t i = 0; s->header && i < s->r->nfield; i++) {
		if (!in_sheet(s, &s->r->field[i]))
			continue;
		csv_put(out, first, slice_str(s->r->field[i].name));
		first = false;
	}
	if (s->header)
		csv_end(out);
	json_array_foreach(items, k, row)
	{
		first = true;
		for (size_t i = 0; i < s->r->nfield; i++) {
			if (!in_sheet(s, &s->r->field[i]))
				continue;
			put_value(out, first, json_object_get(row, s->r->field[i].name));
			first = false;
		}
		csv_end(out);
	}
	return buf_err(out);
}

/* ------------------------------------------------------------------ in */

struct import {
	struct job *j;
	const struct field *col[CSV_COLUMNS]; /* NULL: not looked at */
	size_t ncol;
	json_t *errors;
	size_t nerror; /* beyond ERRORS_MAX they are counted only */
};

static void wrong(struct import *im, unsigned line, const char *field, const char *fmt, ...) PRINTF_LIKE(4, 5);

static void wrong(struct import *im, unsigned line, const char *field, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (++im->nerror > ERRORS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_t *e = json_pack("{s:i, s:s*, s:s*}", "line", (int)line, "field", field, "message", text);
	(void)json_array_append_new(im->errors, e);
}

/* End the job with what is wrong. */
static void refuse(struct import *im)
{
	json_t *first = json_array_get(im->errors, 0);
	char more[80] = "";

	if (im->nerror > 1)
		snprintf(more, sizeof(more), " (%zu faults in all; nothing was changed)", im->nerror);
	json_t *text = json_sprintf("Line %d: %s%s", (int)json_integer_value(json_object_get(first, "line")),
				    json_text(first, "message") ? json_text(first, "message") : "", more);
	json_t *e = json_pack("{s:s, s:o, s:O*, s:O*, s:O}", "code", "invalid", "message", text, "field",
			      json_object_get(first, "field"), "line", json_object_get(first, "line"), "fields",
			      im->errors);
	job_reply(im->j, 422, json_pack("{s:o}", "error", e));
}

/* "Ring seconds", "ring-seconds" and "ring_seconds" are one. */
static const struct field *column_of(const struct resource *r, struct slice name)
{
	char text[64];

	name = slice_trim(name);
	if (!slice_copy(text, sizeof(text), name))
		return NULL;
	for (char *p = text; *p; p++)
		*p = *p == ' ' || *p == '-' ? '_' : (char)tolower((unsigned char)*p);
	return resource_field(r, slice_str(text));
}

static void read_header(struct import *im, const struct csv *c)
{
	const struct resource *r = im->j->r;
	bool key = false;

	for (size_t i = 0; i < c->n; i++) {
		struct slice name = csv_cell(c, i);
		const struct field *f = column_of(r, name);

		for (size_t k = 0; f && k < i; k++)
			if (im->col[k] == f)
				wrong(im, c->line, f->name, "The column \"%s\" is there twice.", f->name);
		if (!f && slice_trim(name).l)
			wrong(im, c->line, NULL,
			      "There is no field \"%.*s\". The first line names the fields, for instance: %s",
			      (int)(name.l < 60 ? name.l : 60), name.p, resource_key(r)->name);
		if (f && f->type == FIELD_PASSWORD)
			wrong(im, c->line, f->name, "\"%s\" cannot be set by a file.", f->name);
		key = key || (f && f->flags & FIELD_KEY);
		im->col[im->ncol++] = f;
	}
	if (!key)
		wrong(im, c->line, resource_key(r)->name,
		      "The column \"%s\" is missing. The first line names the fields.", resource_key(r)->name);
}

/* The row as people mean it; what is empty stays out, but for texts (see the top). */
static json_t *row_of(const struct import *im, const struct csv *c)
{
	json_t *row = json_object();

	for (size_t i = 0; row && i < im->ncol; i++) {
		const struct field *f = im->col[i];
		struct slice v = csv_cell(c, i);

		if (!f || f->flags & FIELD_READONLY)
			continue;
		if (!v.l && !(f->type == FIELD_TEXT && f->min == 0 && !(f->flags & (FIELD_KEY | FIELD_REQUIRED))))
			continue;
		if (json_object_set_new(row, f->name, json_stringn(v.l ? v.p : "", v.l))) {
			json_decref(row);
			return NULL;
		}
	}
	return row;
}

/* All rows of the file, [{"line", "row"}]; faults are noted. NULL: memory is out. */
static json_t *read_rows(struct import *im, struct csv *c)
{
	json_t *rows = json_array();
	struct buf why;
	int err;

	buf_init(&why);
	while (!(err = csv_row(c, &why))) {
		if (!im->ncol) {
			read_header(im, c);
			continue;
		}
		if (c->n > im->ncol) {
			wrong(im, c->line, NULL, "This line has %zu cells; the first line has %zu.", c->n, im->ncol);
			continue;
		}
		if (json_array_size(rows) == CSV_LINES_MAX) {
			wrong(im, c->line, NULL, "A file may have at most %d rows; split it.", CSV_LINES_MAX);
			break;
		}
		if (json_array_append_new(rows, json_pack("{s:i, s:o}", "line", (int)c->line, "row", row_of(im, c)))) {
			err = ENOMEM;
			break;
		}
	}
	if (err == ERR_SYNTAX)
		wrong(im, c->line, NULL, "%.*s", SLICE_FMT(buf_get(&why)));
	buf_free(&why);
	if (err == ENOMEM) {
		json_decref(rows);
		return NULL;
	}
	if (!im->ncol && !im->nerror)
		wrong(im, 1, NULL, "The file is empty. The first line names the fields, for instance: %s",
		      resource_key(im->j->r)->name);
	return rows;
}

/* Fields that differ from the present row: into a change, and into words. */
static void compare(struct import *im, json_t *row, json_t *now, json_t *obj, json_t *diff)
{
	const struct resource *r = im->j->r;

	for (size_t i = 0; i < r->nfield; i++) {
		const struct field *f = &r->field[i];
		json_t *v = json_object_get(row, f->name), *old = json_object_get(now, f->name);

		if (!v || f->flags & (FIELD_KEY | FIELD_READONLY) || json_equal(v, old))
			continue;
		/* nothing was there, and nothing is to be */
		if (json_is_null(old) && json_is_string(v) && !json_string_length(v))
			continue;
		(void)json_object_set(obj, f->name, v);
		if (field_hidden(f))
			(void)json_object_set_new(diff, f->name, json_string("(changed)"));
		else
			(void)json_object_set_new(diff, f->name, json_pack("[O?, O]", old, v));
	}
}

static bool add_item(struct job *j, enum change_op op, int line, const char *key, json_t *obj, json_t *diff)
{
	json_t *item = json_pack("{s:i, s:s, s:s, s:O*}", "line", line, "op", op == CHANGE_CREATE ? "create" : "change",
				 "key", key, "fields", diff);

	if (!obj || json_array_append(j->plan, item)) {
		json_decref(item);
		return false;
	}
	/* the key lives as long as the line of the plan does */
	j->item[j->nitem++] = (struct change_item){
		.op = op, .r = j->r, .key = json_text(item, "key"), .obj = json_incref(obj)};
	json_decref(item);
	return true;
}

/* One row: checked, and made an item of the change. False: memory is out. */
static bool plan_row(struct import *im, int line, json_t *row, json_t *present, bool change, size_t *unchanged)
{
	struct job *j = im->j;
	const char *keyname = resource_key(j->r)->name, *key = json_text(row, keyname);
	json_t *now = key ? json_object_get(present, key) : NULL, *errors = NULL, *e;
	size_t i;

	if (!key) {
		wrong(im, (unsigned)line, keyname, "\"%s\" is empty.", keyname);
		return true;
	}
	if (now && !change) {
		wrong(im, (unsigned)line, keyname, "There is already %s %s.", j->noun, key);
		return true;
	}
	int err = resource_check_all(j->r, row, !now, &errors);
	json_array_foreach(errors, i, e) wrong(im, (unsigned)line, json_text(e, "field"), "%s",
					       json_text(e, "message") ? json_text(e, "message") : "");
	json_decref(errors);
	if (err)
		return err == ERR_SYNTAX;
	if (json_array_size(j->warnings) < WARNINGS_MAX)
		job_warn_weak(j, j->r, key, row);
	if (!now)
		return add_item(j, CHANGE_CREATE, line, key, row, NULL);
	json_t *obj = json_object(), *diff = json_object();
	bool ok = obj && diff;
	compare(im, row, now, obj, diff);
	if (ok && json_object_size(obj))
		ok = add_item(j, CHANGE_UPDATE, line, key, obj, diff);
	else
		*unchanged += 1;
	json_decref(obj);
	json_decref(diff);
	return ok;
}

/* {key: row} of the rows that are there. */
static json_t *by_key(const struct resource *r, json_t *items)
{
	json_t *o = json_object(), *row;
	size_t i;

	json_array_foreach(items, i, row)
	{
		const char *k = json_text(row, resource_key(r)->name);

		if (k && json_object_set(o, k, row)) {
			json_decref(o);
			return NULL;
		}
	}
	return o;
}

/* The same key on two lines. */
static void find_twice(struct import *im, json_t *rows)
{
	const char *keyname = resource_key(im->j->r)->name;
	json_t *seen = json_object(), *o;
	size_t i;

	json_array_foreach(rows, i, o)
	{
		const char *key = json_text(json_object_get(o, "row"), keyname);
		json_t *line = json_object_get(o, "line"), *first = key ? json_object_get(seen, key) : NULL;

		if (first)
			wrong(im, (unsigned)json_integer_value(line), keyname, "%s stands on line %d already.", key,
			      (int)json_integer_value(first));
		else if (key)
			(void)json_object_set(seen, key, line);
	}
	json_decref(seen);
}

static void imported(int err, const char *why, json_t *row, int64_t id, void *arg)
{
	struct job *j = arg;

	(void)row;
	if (err) {
		job_fail(j, err, why);
		return;
	}
	json_t *res = json_incref(json_object_get(j->body, "result"));
	(void)json_object_set_new(res, "change_id", json_integer(id));
	job_reply(j, 200, res);
}

static json_t *result(struct job *j, size_t unchanged)
{
	json_t *items = json_array(), *line;
	size_t created = 0, i;

	for (i = 0; i < j->nitem; i++)
		created += j->item[i].op == CHANGE_CREATE;
	json_array_foreach(j->plan, i, line)
	{
		if (i < ITEMS_MAX)
			(void)json_array_append(items, line);
	}
	return json_pack("{s:b, s:i, s:i, s:i, s:o, s:b}", "dry_run", (int)job_flag(j, "dry_run"), "created",
			 (int)created, "changed", (int)(j->nitem - created), "unchanged", (int)unchanged, "items",
			 items, "more", (int)(j->nitem > ITEMS_MAX));
}

static void carry_out(struct job *j, size_t unchanged)
{
	json_t *res = result(j, unchanged);
	char text[128];
	struct buf why;
	int err = 0;

	if (!res) {
		job_fail(j, ENOMEM, NULL);
		return;
	}
	if (!job_flag(j, "dry_run") && j->nitem) {
		snprintf(text, sizeof(text), "import of %s: %lld added, %lld changed", j->r->plural,
			 (long long)json_integer_value(json_object_get(res, "created")),
			 (long long)json_integer_value(json_object_get(res, "changed")));
		(void)json_object_set_new(j->body, "result", res);
		pbx_change(j->api->pbx, j->item, j->nitem, j->author, text, imported, j);
		return;
	}
	buf_init(&why);
	if (j->nitem)
		err = pbx_change_check(j->api->pbx, j->item, j->nitem, &why);
	if (err) {
		json_decref(res);
		job_fail(j, err, why.l ? (buf_char(&why, '\0'), why.p) : NULL);
	} else {
		job_reply(j, 200, res);
	}
	buf_free(&why);
}

static void have_present(int err, const char *why, json_t *res, void *arg)
{
	struct job *j = arg;
	struct import im = {.j = j};
	json_t *rows = json_object_get(j->body, "rows"), *o, *present;
	bool change = json_is_true(json_object_get(j->body, "change"));
	size_t i, unchanged = 0;

	if (err) {
		job_fail(j, err, why);
		return;
	}
	present = by_key(j->r, json_object_get(res, "items"));
	im.errors = json_array();
	j->plan = json_array();
	j->item = mem_zalloc(json_array_size(rows) * sizeof(*j->item) + 1, NULL);
	bool ok = present && im.errors && j->plan && j->item;
	if (ok)
		find_twice(&im, rows);
	json_array_foreach(rows, i, o)
	{
		ok = ok && plan_row(&im, (int)json_integer_value(json_object_get(o, "line")), json_object_get(o, "row"),
				    present, change, &unchanged);
	}
	json_decref(present);
	if (!ok)
		job_fail(j, ENOMEM, NULL);
	else if (im.nerror)
		refuse(&im);
	else
		carry_out(j, unchanged);
	json_decref(im.errors);
}

void api_sheet_import(struct job *j, bool change)
{
	struct csv *c = mem_zalloc(sizeof(*c), NULL);
	struct import im = {.j = j, .errors = json_array()};
	struct store_page all = {.limit = UINT32_MAX};
	json_t *rows = NULL;

	if (c && im.errors) {
		csv_open(c, j->sheet);
		rows = read_rows(&im, c);
		csv_close(c);
	}
	mem_deref(c);
	for (size_t i = 0; i < im.ncol; i++) /* to see whether they differ */
		all.secrets = all.secrets || (im.col[i] && im.col[i]->type == FIELD_SECRET);
	j->body = json_pack("{s:o?, s:b}", "rows", rows, "change", (int)change);
	if (!rows || !j->body)
		job_fail(j, ENOMEM, NULL);
	else if (im.nerror)
		refuse(&im);
	else
		store_list(pbx_store(j->api->pbx), j->r, &all, have_present, j);
	json_decref(im.errors);
}
