/*
 * resource.c - the five verbs of every configuration table: list, create, get, change, delete.
 *
 * Values are checked here against the table, so that an error can name its field; what
 * only the phone system knows (numbers that collide ...) is checked by pbx_change().
 */
#include <string.h>
#include "api/api_priv.h"

void api_resource_list(struct job *j)
{
	uint64_t limit;

	if (!job_number(j, "limit", API_LIMIT_MAX, &limit))
		return;
	struct store_page page = {
		.after = job_param(j, "after"), .limit = (uint32_t)limit, .secrets = job_flag(j, "secrets")};
	store_list(pbx_store(j->api->pbx), j->r, &page, job_store_h, j);
}

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

static void got_row(int err, const char *why, json_t *res, void *arg)
{
	struct job *j = arg;
	json_t *row = err == ENOENT ? default_row(j) : NULL;

	if (row)
		job_reply(j, 200, row);
	else if (err)
		job_fail(j, err, err == ENOENT ? NULL : why);
	else
		job_reply(j, 200, json_incref(res));
}

void api_resource_get(struct job *j)
{
	store_get(pbx_store(j->api->pbx), j->r, j->seg[1], job_flag(j, "secrets"), got_row, j);
}

/* ------------------------------------------------------------------ changes */

/* Check the body as new or changed fields; false: the job is ended. */
static bool check_body(struct job *j, bool create)
{
	const char *field = NULL;
	struct buf why;

	if (!j->body || json_object_size(j->body) == 0) {
		job_error(j, 400, "no_body", NULL, "Send the fields as a JSON object: {\"name\": ...}.");
		return false;
	}
	buf_init(&why);
	int err = resource_check(j->r, j->body, create, &field, &why);
	if (err == ERR_SYNTAX)
		job_error(j, 422, "invalid", field, "%.*s", SLICE_FMT(buf_get(&why)));
	else if (err)
		job_fail(j, err, NULL);
	buf_free(&why);
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
	j->item[0] = (struct change_item){
		.op = op, .r = j->r, .key = key, .obj = op == CHANGE_DELETE ? NULL : json_incref(j->body)};
	return true;
}

static void submit(struct job *j, store_change_h *h)
{
	pbx_change(j->api->pbx, j->item, j->nitem, j->author, NULL, h, j);
}

static json_t *with_change(json_t *row, int64_t id)
{
	json_t *o = row ? json_copy(row) : json_object();

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
	if (o)
		(void)json_object_set(o, "change_id", j->plan);
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
		job_reply(j, 201, with_change(row, id));
		return;
	}
	j->plan = json_integer(id);
	store_get(pbx_store(j->api->pbx), j->r, j->item[0].key, true, created_row, j);
}

void api_resource_create(struct job *j)
{
	const struct field *kf = resource_key(j->r);

	if (!check_body(j, true))
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

static void changed(int err, const char *why, json_t *row, int64_t id, void *arg)
{
	struct job *j = arg;

	if (err)
		job_fail(j, err, err == ENOENT ? NULL : why);
	else
		job_reply(j, 200, with_change(row, id));
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
		job_fail(j, err, err == ENOENT ? NULL : why);
	else
		job_reply(j, 200, json_pack("{s:I}", "change_id", (json_int_t)id)); /* for who wants to undo it */
}

void api_resource_delete(struct job *j)
{
	if (one_item(j, CHANGE_DELETE, j->seg[1]))
		submit(j, deleted);
}
