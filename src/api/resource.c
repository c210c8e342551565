/*
 * resource.c - the five verbs of every configuration table: list, create, get, change, delete.
 *
 * Values are checked here against the table, so that an error can name its field; what
 * only the phone system knows (numbers that collide ...) is checked by pbx_change().
 */
#include <stdio.h>
#include <string.h>
#include "api/api_priv.h"

/* ------------------------------------------------------------------ lists */

/* Parameters that are fields, as filters of their types; false: the job is ended. */
static bool take_filters(struct job *j, struct store_filter *v, size_t *n)
{
	char text[256];
	struct buf why;

	for (size_t i = 0; i < j->nparam; i++) {
		const struct field *f = resource_field(j->r, slice_str(j->name[i]));
		int err;

		if (!f || job_own_param(j, j->name[i]))
			continue;
		buf_init_fixed(&why, text, sizeof(text));
		err = *n == STORE_FILTERS ? ERR_LIMIT : resource_value(f, j->value[i], &v[*n].value, &why);
		if (err) {
			job_error(j, err == ENOMEM ? 503 : 400, err == ENOMEM ? "out_of_memory" : "bad_parameter",
				  f->name, "%.*s",
				  SLICE_FMT(err == ERR_LIMIT ? SLICE("There are too many filters.") : buf_get(&why)));
			return false;
		}
		v[(*n)++].f = f;
	}
	return true;
}

/* "name", "-name"; false: the job is ended. */
static bool take_sort(struct job *j, struct store_page *p)
{
	const char *s = job_param(j, "sort");

	if (!s || !*s)
		return true;
	p->down = *s == '-';
	p->sort = resource_field(j->r, slice_str(s + p->down));
	if (p->sort && !field_hidden(p->sort))
		return true;
	job_error(j, 400, "bad_parameter", "sort",
		  "Sort by the name of a field, with - before it for the greatest first. \"%s\" is none.", s);
	return false;
}

static void listed(int err, const char *why, json_t *res, void *arg)
{
	struct job *j = arg;
	json_t *row;
	size_t i;

	if (!err && job_flag(j, "live"))
		json_array_foreach(json_object_get(res, "items"), i, row) pbx_live(j->api->pbx, j->r, row);
	if (j->csv && !err)
		job_page(j, res, "after");
	else
		job_store_h(err, why, res, j);
}

void api_resource_list(struct job *j)
{
	struct store_filter filter[STORE_FILTERS];
	struct store_page page = {.after = job_param(j, "after"),
				  .secrets = job_flag(j, "secrets"),
				  .q = job_param(j, "q"),
				  .filter = filter};

	if (!job_sheet(j, &page.limit) || !take_sort(j, &page))
		return;
	page.render = j->csv ? api_sheet_render : NULL;
	page.render_arg = &j->out;
	if (take_filters(j, filter, &page.nfilter))
		store_list(pbx_store(j->api->pbx), j->r, &page, listed, j);
	for (size_t i = 0; i < page.nfilter; i++)
		json_decref(filter[i].value);
}

/* ------------------------------------------------------------------ one */

/* The only row of its table is there before anybody has changed it: as the defaults say. */
static json_t *default_row(const struct job *j)
{
	const char *only = pbx_resource_only(j->r);
	json_t *row = only ? json_pack("{s:s}", resource_key(j->r)->name, only) : NULL;

	if (row && (strcmp(j->seg[1], only) || resource_check(j->r, row, true, NULL, NULL))) {
		json_decref(row);
		return NULL;
	}
	return row;
}

/* Who asks has it as it is already: If-None-Match names its ETag (RFC 9110 13.1.2). */
static bool has_it(const struct job *j, int64_t version)
{
	char tag[32];

	snprintf(tag, sizeof(tag), "\"v%lld\"", (long long)version);
	return *j->none_match && (strstr(j->none_match, tag) || !strcmp(j->none_match, "*"));
}

static void got_row(int err, const char *why, json_t *res, void *arg)
{
	struct job *j = arg;
	json_t *row = err == ENOENT ? default_row(j) : json_incref(res);

	if (!row) {
		job_fail(j, err, err == ENOENT ? NULL : why);
		return;
	}
	int64_t version = job_version(j, row, true);
	bool live = job_flag(j, "live");
	if (live)
		pbx_live(j->api->pbx, j->r, row);
	if (!live && has_it(j, version)) {
		json_decref(row);
		job_reply(j, 304, NULL);
	} else {
		job_reply(j, 200, row);
	}
}

void api_resource_get(struct job *j)
{
	store_get(pbx_store(j->api->pbx), j->r, j->seg[1], job_flag(j, "secrets"), got_row, j);
}

/* ------------------------------------------------------------------ changes */

/* Check the body as new or changed fields; false: the job is ended. */
static bool check_body(struct job *j, bool create)
{
	json_t *errors = NULL;

	if (!j->body || json_object_size(j->body) == 0) {
		job_error(j, 400, "no_body", NULL, "Send the fields as a JSON object: {\"name\": ...}.");
		return false;
	}
	int err = resource_check_all(j->r, j->body, create, &errors);
	if (err == ERR_SYNTAX)
		job_errors(j, errors);
	else if (err)
		job_fail(j, err, NULL);
	return err == 0;
}

static bool one_item(struct job *j, enum change_op op, const char *key)
{
	j->item = mem_zalloc(sizeof(*j->item), NULL);
	if (!j->item) {
		job_fail(j, ENOMEM, NULL);
		return false;
	}
	j->nitem = 1;
	j->item[0] = (struct change_item){.op = op,
					  .r = j->r,
					  .key = key,
					  .version = op == CHANGE_CREATE ? 0 : j->version,
					  .obj = op == CHANGE_DELETE ? NULL : json_incref(j->body)};
	return true;
}

static void submit(struct job *j, store_change_h *h)
{
	pbx_change(j->api->pbx, j->item, j->nitem, j->author, NULL, h, j);
}

static json_t *with_change(struct job *j, json_t *row, int64_t id)
{
	json_t *o = row ? json_copy(row) : json_object();

	if (row)
		(void)job_version(j, o, true);
	(void)json_object_set_new(o, "change_id", json_integer(id));
	return o;
}

/* The answer to a creation: the row with the secrets that the system has made, and no others. */
static void created_row(int err, const char *why, json_t *res, void *arg)
{
	struct job *j = arg;
	json_t *o = err ? NULL : json_deep_copy(res);

	(void)why;
	for (size_t i = 0; o && i < j->r->nfield; i++) {
		const struct field *f = &j->r->field[i];

		if (f->type == FIELD_SECRET && (!(f->flags & FIELD_GENERATED) || json_object_get(j->body, f->name)))
			(void)json_object_del(o, f->name);
	}
	if (o) {
		(void)job_version(j, o, true);
		(void)json_object_set(o, "change_id", j->plan);
	}
	/* the row is there whatever reading it again says */
	job_reply(j, 201, o ? o : json_object());
}

static void created(int err, const char *why, json_t *row, int64_t id, void *arg)
{
	struct job *j = arg;

	if (err) {
		job_fail(j, err, why);
		return;
	}
	if (!j->generated) {
		job_reply(j, 201, with_change(j, row, id));
		return;
	}
	j->plan = json_integer(id);
	store_get(pbx_store(j->api->pbx), j->r, j->item[0].key, true, created_row, j);
}

void api_resource_create(struct job *j)
{
	const struct field *kf = resource_key(j->r);

	if (j->sheet.p) {
		api_sheet_import(j, false);
		return;
	}
	if (job_flag(j, "dry_run")) {
		job_error(j, 400, "bad_parameter", "dry_run", "A dry run is for files of CSV.");
		return;
	}
	if (!api_token_prepare(j) || !check_body(j, true))
		return;
	const char *key = json_text(j->body, kf->name);
	if (!key) {
		job_error(j, 422, "invalid", kf->name, "\"%s\" is needed.", kf->name);
		return;
	}
	for (size_t i = 0; i < j->r->nfield; i++) {
		const struct field *f = &j->r->field[i];

		if (f->type == FIELD_SECRET && (f->flags & FIELD_GENERATED) && !json_object_get(j->body, f->name))
			j->generated = true;
	}
	job_warn_weak(j, j->r, key, j->body);
	if (one_item(j, CHANGE_CREATE, key))
		submit(j, created);
}

void api_resource_put(struct job *j)
{
	api_sheet_import(j, true);
}

static void changed(int err, const char *why, json_t *row, int64_t id, void *arg)
{
	struct job *j = arg;

	if (err) {
		job_fail(j, err, err == ENOENT && !j->version ? NULL : why);
		return;
	}
	json_t *o = with_change(j, row, id);
	api_network_more(j, o);
	job_reply(j, 200, o);
}

void api_resource_patch(struct job *j)
{
	const struct field *kf = resource_key(j->r);
	const char *key = j->seg[1];

	if (!check_body(j, false))
		return;
	const char *given = json_text(j->body, kf->name);
	if (given && strcmp(given, key)) {
		job_error(j, 422, "invalid", kf->name,
			  "The %s of %s cannot be changed. Make a new one and delete this one.", kf->name, key);
		return;
	}
	(void)json_object_del(j->body, kf->name);
	job_warn_weak(j, j->r, key, j->body);
	if (one_item(j, CHANGE_UPDATE, key))
		submit(j, changed);
}

static void deleted(int err, const char *why, json_t *row, int64_t id, void *arg)
{
	struct job *j = arg;

	(void)row;
	if (err)
		job_fail(j, err, err == ENOENT && !j->version ? NULL : why);
	else
		job_reply(j, 200, json_pack("{s:I}", "change_id", (json_int_t)id)); /* for who wants to undo it */
}

void api_resource_delete(struct job *j)
{
	if (one_item(j, CHANGE_DELETE, j->seg[1]))
		submit(j, deleted);
}
