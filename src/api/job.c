/*
 * job.c - one request's job: its answers, its errors, its parameters.
 *
 * An error is {"error": {"code", "message", "field"}}: a word for programs and a sentence for people.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "api/api_priv.h"
#include "pbx/why.h"

void job_drop(struct job *j)
{
	for (size_t i = 0; i < j->nseg; i++)
		mem_deref(j->seg[i]);
	for (size_t i = 0; i < j->nparam; i++) {
		mem_deref(j->name[i]);
		mem_deref(j->value[i]);
	}
	for (size_t i = 0; i < j->nitem; i++)
		json_decref(j->item[i].obj);
	mem_deref(j->item);
	json_decref(j->body);
	json_decref(j->plan);
	json_decref(j->warnings);
	restore_free(j->restore);
	mem_wipe(j->once, sizeof(j->once));
	mem_deref(j);
}

static void finish(struct job *j, struct api_answer *a)
{
	api_answer_h *h = j->h;
	void *arg = j->arg;

	a->nheader = j->answer.nheader;
	memcpy(a->header, j->answer.header, sizeof(a->header));
	job_drop(j);
	h(a, arg);
}

void job_reply(struct job *j, unsigned status, json_t *body)
{
	struct api_answer a = {.status = status, .json = body};

	if (*j->once && status == 201)
		(void)json_object_set_new(body, "token", json_string(j->once));

	if (j->warnings && body && status < 300)
		(void)json_object_set(body, "warnings", j->warnings);
	finish(j, &a);
	json_decref(body);
}

void job_bytes(struct job *j, unsigned status, const char *ctype, struct slice bytes)
{
	finish(j, &(struct api_answer){.status = status, .ctype = ctype, .bytes = bytes});
}

void job_file(struct job *j, const char *ctype, const char *path)
{
	finish(j, &(struct api_answer){.status = 200, .ctype = ctype, .file = path});
}

void job_file_once(struct job *j, const char *ctype, const char *path)
{
	finish(j, &(struct api_answer){.status = 200, .ctype = ctype, .file = path, .file_once = true});
}

void job_header(struct job *j, const char *name, const char *fmt, ...)
{
	struct api_answer *a = &j->answer;
	va_list ap;

	if (a->nheader == API_HEADERS_MAX)
		return;
	a->header[a->nheader].name = name;
	va_start(ap, fmt);
	vsnprintf(a->header[a->nheader].value, sizeof(a->header[0].value), fmt, ap);
	va_end(ap);
	a->nheader++;
}

void job_error(struct job *j, unsigned status, const char *code, const char *field, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* a cut may have fallen into a character, and a path may hold any bytes: jansson takes UTF-8 only */
	json_t *msg = json_string(text);
	for (size_t i = 0; !msg && text[i]; i++) {
		if ((unsigned char)text[i] >= 0x80)
			text[i] = '?';
	}
	if (!msg)
		msg = json_string(text);
	json_t *e = json_pack("{s:s, s:o}", "code", code, "message", msg);
	if (field && e)
		(void)json_object_set_new(e, "field", json_string(field));
	json_t *body = json_pack("{s:o}", "error", e);
	job_reply(j, status, body);
}

void job_errors(struct job *j, json_t *errors)
{
	json_t *first = json_array_get(errors, 0);
	json_t *e = json_pack("{s:s, s:O, s:O*, s:o}", "code", "invalid", "message", json_object_get(first, "message"),
			      "field", json_object_get(first, "field"), "fields", errors);

	job_reply(j, 422, json_pack("{s:o}", "error", e));
}

int64_t job_version(struct job *j, json_t *row, bool tag)
{
	int64_t v = json_integer_value(json_object_get(row, STORE_VERSION));

	(void)json_object_del(row, STORE_VERSION);
	if (tag)
		job_header(j, "ETag", "\"v%lld\"", (long long)v);
	return v;
}

/* What an errno of store or pbx means for the one who asked. */
static const struct {
	int err;
	unsigned status;
	const char *code, *text;
} failures[] = {
	{ENOENT, 404, "not_found", NULL},
	{EEXIST, 409, "conflict", "Something of this name exists already."},
	{EINVAL, 422, "invalid", "A value is not allowed."},
	{ERANGE, 422, "invalid", "A value is out of its range."},
	{ERR_SYNTAX, 422, "invalid", "A value is not allowed."},
	{ESTALE, 412, "changed_meanwhile", "It is not any more as it was when you had read it."},
	{ERR_LIMIT, 422, "limit", "A limit of the system is reached."},
	{ERR_STATE, 409, "conflict", "That is not possible at present."},
	{EADDRINUSE, 409, "conflict", "The port is in use by another program."},
	{EADDRNOTAVAIL, 422, "invalid", "This machine has no such address."},
	{EAFNOSUPPORT, 422, "invalid", "This machine has no such kind of address."},
	{EPERM, 403, "forbidden", "That is not allowed."},
	{EBUSY, 503, "busy", "The system is busy; try again."},
	{ECANCELED, 503, "stopping", "The server is stopping."},
	{ENOMEM, 503, "out_of_memory", "The server is out of memory."},
	{ENOSPC, 507, "storage", "The disk is full: nothing was changed. Make room and try again."},
	{EDQUOT, 507, "storage", "The disk quota is used up: nothing was changed. Make room and try again."},
	{EROFS, 507, "storage", "The data directory is read-only: nothing was changed."},
	{EACCES, 507, "storage", "The data directory may not be written: nothing was changed."},
	{EIO, 507, "storage", "The disk does not work: nothing was changed."},
};

void job_fail(struct job *j, int err, const char *why)
{
	char at[64];
	const char *field = (why = pbx_why(why, at, sizeof(at)), *at ? at : NULL);

	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		if (failures[i].err != err)
			continue;
		if (err == ENOENT && !why)
			job_error(j, 404, "not_found", NULL, "There is no %s %s.", j->noun ? j->noun : "thing named",
				  j->nseg ? j->seg[j->nseg - 1] : "");
		else
			job_error(j, failures[i].status, failures[i].code, field, "%s",
				  why && *why ? why : failures[i].text);
		return;
	}
	job_error(j, 500, "internal", NULL, "%s", why && *why ? why : err_str(err));
}

void job_items(struct job *j, json_t *res)
{
	if (!res) {
		job_fail(j, ENOMEM, NULL);
		return;
	}
	if (json_is_array(res))
		res = json_pack("{s:o}", "items", res);
	job_reply(j, 200, res);
}

void job_store_h(int err, const char *why, json_t *res, void *arg)
{
	struct job *j = arg;

	if (err)
		job_fail(j, err, why);
	else
		job_items(j, json_incref(res));
}

static void escape(struct buf *b, const char *s)
{
	for (; *s; s++) {
		bool plain = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9') ||
			     strchr("-._~", *s);

		if (plain)
			buf_char(b, *s);
		else
			buf_printf(b, "%%%02X", (unsigned char)*s);
	}
}

/* The same question from the cursor on, without the line of names. */
static void put_next(struct job *j, struct buf *b, const char *cursor, const char *next)
{
	buf_printf(b, "<?%s=", cursor);
	escape(b, next);
	for (size_t i = 0; i < j->nparam; i++) {
		if (!strcmp(j->name[i], cursor) || !strcmp(j->name[i], "header"))
			continue;
		buf_printf(b, "&%s=", j->name[i]);
		escape(b, j->value[i]);
	}
	buf_str(b, "&header=0>; rel=\"next\"");
}

void job_page(struct job *j, const json_t *res, const char *cursor)
{
	const json_t *text = json_object_get(res, "text");
	const char *next = json_text(res, "next");
	char link[sizeof(j->answer.header[0].value)];
	struct buf b;

	buf_init_fixed(&b, link, sizeof(link) - 1);
	if (next) {
		put_next(j, &b, cursor, next);
		if (buf_err(&b)) {
			job_error(j, 422, "limit", NULL,
				  "The values are too long to go on from page to page: sort by "
				  "another field, or look for less.");
			return;
		}
		job_header(j, "Link", "%.*s", SLICE_FMT(buf_get(&b)));
	}
	job_bytes(j, 200, "text/csv; charset=utf-8", slice_mem(json_string_value(text), json_string_length(text)));
}

bool job_sheet(struct job *j, uint32_t *limit)
{
	const char *header = job_param(j, "header");
	uint64_t n;

	if (!job_number(j, "limit", j->csv ? API_SHEET_MAX : API_LIMIT_MAX, &n))
		return false;
	*limit = n || !j->csv ? (uint32_t)n : API_SHEET_MAX;
	j->out = (struct sheet){
		.r = j->r, .secrets = job_flag(j, "secrets"), .header = !header || job_flag(j, "header")};
	return true;
}

bool job_own_param(const struct job *j, const char *name)
{
	struct slice l = slice_str(j->route->query);

	while (l.l) {
		if (slice_eqs(slice_cut(&l, ' '), name))
			return true;
	}
	return j->route->csv & (CSV_IN | CSV_OUT) && !strcmp(name, "format");
}

const char *job_param(const struct job *j, const char *name)
{
	for (size_t i = 0; i < j->nparam; i++) {
		if (strcmp(j->name[i], name) == 0)
			return j->value[i];
	}
	return NULL;
}

bool job_flag(const struct job *j, const char *name)
{
	const char *v = job_param(j, name);

	return v && (strcmp(v, "1") == 0 || strcmp(v, "true") == 0);
}

bool job_number(struct job *j, const char *name, uint64_t max, uint64_t *v)
{
	const char *s = job_param(j, name);

	*v = 0;
	if (!s)
		return true;
	if (slice_u64(slice_str(s), v) == 0 && *v <= max)
		return true;
	job_error(j, 400, "bad_parameter", name, "\"%s\" must be a number from 0 to %llu.", name,
		  (unsigned long long)max);
	return false;
}

void job_warn(struct job *j, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!j->warnings)
		j->warnings = json_array();
	(void)json_array_append_new(j->warnings, json_string(text));
}

void job_warn_weak(struct job *j, const struct resource *r, const char *key, const json_t *row)
{
	for (size_t i = 0; i < r->nfield; i++) {
		/* one without a shortest length comes from elsewhere: a provider chose it; one of digits is a PIN, and
		 * guessing is bounded where it is asked for */
		bool ours = r->field[i].type == FIELD_SECRET && r->field[i].min > 0 && !r->field[i].pattern;
		const char *v = ours ? json_text(row, r->field[i].name) : NULL;
		const char *weak = v ? pbx_password_weak(slice_str(key), slice_str(v)) : NULL;

		if (weak)
			job_warn(j, "%s %s: %s", r->name, key, weak);
	}
}

const char *json_text(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name));
}
