/*
 * import.c - bring the configuration to what a file says, in one transaction.
 *
 * The file is compared with the present: rows it has and we lack are made, fields that
 * differ are changed; rows it does not name stay, unless `replace` says otherwise. With
 * `dry_run` the plan is the answer and nothing is touched.
 */
#include <string.h>
#include "api/api_priv.h"

enum { IMPORT_MAX = 262144 }; /* changes in one transaction */

struct plan {
	struct job *j;
	size_t cap;
	size_t created, updated, removed, unchanged;
	bool failed;       /**< the job is ended */
	const json_t *row; /**< that the next change is about, for its name */
};

static const struct resource *resource_of(const char *plural)
{
	size_t n = 0;
	const struct resource *const *v = pbx_resources(&n);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(v[i]->plural, plural) == 0)
			return v[i];
	}
	return NULL;
}

static const char *const op_name[] = {
	[CHANGE_CREATE] = "create", [CHANGE_UPDATE] = "update", [CHANGE_DELETE] = "delete"};

/* Note one change for the transaction and for people. Takes `obj`. */
static void add_item(struct plan *p, enum change_op op, const struct resource *r, const char *key, json_t *obj,
		     json_t *diff)
{
	const char *name = json_text(p->row, resource_name(r)->name);

	struct job *j = p->j;

	if (j->nitem == p->cap && !p->failed) {
		size_t cap = p->cap ? p->cap * 2 : 64;
		struct change_item *v = j->nitem < IMPORT_MAX ? mem_realloc(j->item, cap * sizeof(*v)) : NULL;

		if (!v) {
			p->failed = true;
			json_decref(obj);
			json_decref(diff);
			if (j->nitem < IMPORT_MAX)
				job_fail(j, ENOMEM, NULL);
			else
				job_fail(j, ERR_LIMIT, "An import takes 262,144 changes at most; split the file.");
			return;
		}
		j->item = v;
		p->cap = cap;
	}
	json_t *line = json_pack("{s:s, s:s, s:s}", "op", op_name[op], "resource", r->name, "key", key);
	if (name && resource_name(r) != resource_key(r))
		(void)json_object_set_new(line, "name", json_string(name));
	if (diff)
		(void)json_object_set_new(line, "fields", diff);
	(void)json_array_append_new(j->plan, line);
	/* the key lives as long as the line of the plan does */
	j->item[j->nitem++] = (struct change_item){.op = op, .r = r, .key = json_text(line, "key"), .obj = obj};
}

/* Fields of `row` that differ from the present ones; what only the system writes is left alone. */
static void compare(struct plan *p, const struct resource *r, const char *key, json_t *row, json_t *now)
{
	json_t *obj = json_object(), *diff = json_object();

	for (size_t i = 0; i < r->nfield; i++) {
		const struct field *f = &r->field[i];
		json_t *v = json_object_get(row, f->name), *old = json_object_get(now, f->name);

		if (!v || (f->flags & (FIELD_KEY | FIELD_READONLY)) || json_equal(v, old))
			continue;
		if (json_is_null(v) && !old)
			continue;
		(void)json_object_set(obj, f->name, v);
		if (field_hidden(f))
			(void)json_object_set_new(diff, f->name, json_string("(changed)"));
		else
			(void)json_object_set_new(diff, f->name, json_pack("[O?, O]", old, v));
	}
	if (json_object_size(obj) == 0) {
		p->unchanged++;
		json_decref(obj);
		json_decref(diff);
		return;
	}
	p->updated++;
	job_warn_weak(p->j, r, key, obj);
	add_item(p, CHANGE_UPDATE, r, key, obj, diff);
}

static void strip_readonly(const struct resource *r, json_t *row)
{
	for (size_t i = 0; i < r->nfield; i++) {
		if (r->field[i].flags & FIELD_READONLY)
			(void)json_object_del(row, r->field[i].name);
	}
}

/* One row of the file; `index` maps present keys to rows. */
static void import_row(struct plan *p, const struct resource *r, json_t *row, size_t n, json_t *index)
{
	const char *keyname = resource_key(r)->name, *field = NULL;
	struct buf why;
	char key[256];

	if (!json_is_object(row)) {
		p->failed = true;
		job_error(p->j, 422, "invalid", r->plural, "Entry %zu of \"%s\" is not an object.", n + 1, r->plural);
		return;
	}
	const char *k = json_text(row, keyname);
	if (!k || !slice_copy(key, sizeof(key), slice_str(k))) {
		p->failed = true;
		job_error(p->j, 422, "invalid", keyname, "Entry %zu of \"%s\" has no \"%s\".", n + 1, r->plural,
			  keyname);
		return;
	}
	json_t *now = json_object_get(index, key);
	strip_readonly(r, row);
	buf_init(&why);
	p->row = now ? now : row;
	int err = resource_check(r, row, !now, &field, &why);
	if (err) {
		p->failed = true;
		job_error(p->j, err == ERR_SYNTAX ? 422 : 503, "invalid", field, "%s %s: %.*s", r->name, key,
			  SLICE_FMT(buf_get(&why)));
	} else if (now) {
		compare(p, r, key, row, now);
	} else {
		p->created++;
		job_warn_weak(p->j, r, key, row);
		add_item(p, CHANGE_CREATE, r, key, json_incref(row), NULL);
	}
	buf_free(&why);
}

static void remove_missing(struct plan *p, const struct resource *r, json_t *rows, json_t *present)
{
	const char *keyname = resource_key(r)->name;
	json_t *row, *named = json_object();
	size_t i;

	json_array_foreach(rows, i, row)
	{
		const char *k = json_text(row, keyname);

		if (k)
			(void)json_object_set_new(named, k, json_true());
	}
	json_array_foreach(present, i, row)
	{
		const char *k = json_text(row, keyname);

		if (p->failed || !k || json_object_get(named, k))
			continue;
		p->removed++;
		p->row = row;
		add_item(p, CHANGE_DELETE, r, k, NULL, NULL);
	}
	json_decref(named);
}

static void import_table(struct plan *p, const struct resource *r, json_t *rows, json_t *present)
{
	const char *keyname = resource_key(r)->name;
	json_t *row, *index = json_object(), *seen = json_object();
	size_t i;

	json_array_foreach(present, i, row)
	{
		const char *k = json_text(row, keyname);

		if (k)
			(void)json_object_set(index, k, row);
	}
	json_array_foreach(rows, i, row)
	{
		const char *k = json_text(row, keyname);

		if (p->failed)
			break;
		if (k && json_object_get(seen, k)) {
			p->failed = true;
			job_error(p->j, 422, "invalid", keyname, "\"%s\" has %s %s twice.", r->plural, r->name, k);
			break;
		}
		if (k)
			(void)json_object_set_new(seen, k, json_true());
		import_row(p, r, row, i, index);
	}
	json_decref(index);
	json_decref(seen);
	if (!p->failed && p->j->replace)
		remove_missing(p, r, rows, present);
}

static void end(struct job *j, json_t *res)
{
	if (j->restore)
		restore_imported(j, res);
	else
		job_reply(j, 200, res);
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
	end(j, res);
}

static void carry_out(struct plan *p)
{
	struct job *j = p->j;
	bool dry = j->dry;
	json_t *res = json_pack("{s:b, s:i, s:i, s:i, s:i, s:O}", "dry_run", (int)dry, "created", (int)p->created,
				"updated", (int)p->updated, "removed", (int)p->removed, "unchanged", (int)p->unchanged,
				"changes", j->plan);

	if (!res) {
		job_fail(j, ENOMEM, NULL);
	} else if (dry || j->nitem == 0) {
		end(j, res);
	} else {
		char text[96];

		(void)json_object_set_new(j->body, "result", res);
		snprintf(text, sizeof(text), "%s: %zu added, %zu changed, %zu removed", j->text ? j->text : "import",
			 p->created, p->updated, p->removed);
		pbx_change(j->api->pbx, j->item, j->nitem, j->author, text, imported, j);
	}
}

static void have_present(int err, const char *why, json_t *present, void *arg)
{
	struct job *j = arg;
	struct plan p = {.j = j};
	size_t n = 0;
	const struct resource *const *v = pbx_resources(&n);

	if (err) {
		job_fail(j, err, why);
		return;
	}
	/* in the order of the resource table, so that what others refer to is made first */
	for (size_t i = 0; i < n && !p.failed; i++) {
		json_t *rows = json_object_get(j->body, v[i]->plural);

		if (rows)
			import_table(&p, v[i], rows, json_object_get(present, v[i]->plural));
	}
	if (!p.failed)
		carry_out(&p);
}

void api_import(struct job *j)
{
	j->dry = job_flag(j, "dry_run");
	j->replace = job_flag(j, "replace");
	api_import_body(j);
}

void api_import_body(struct job *j)
{
	const char *name;
	json_t *v;

	if (!j->body) {
		job_error(j, 400, "no_body", NULL, "Send the file that `offhook config export` writes.");
		return;
	}
	if (json_integer_value(json_object_get(j->body, "offhook")) != 1) {
		job_error(
			j, 422, "invalid", "offhook",
			"This is not a configuration of offhook, or of a later version: it must have \"offhook\": 1.");
		return;
	}
	json_object_foreach(j->body, name, v)
	{
		if (strcmp(name, "offhook") == 0)
			continue;
		if (!resource_of(name) || !json_is_array(v)) {
			job_error(j, 422, "invalid", name,
				  resource_of(name) ? "\"%s\" must be an array." : "There is no table \"%s\".", name);
			return;
		}
	}
	j->plan = json_array();
	if (!j->plan)
		job_fail(j, ENOMEM, NULL);
	else
		store_export(pbx_store(j->api->pbx), true, have_present, j);
}
