/*
 * live.c - what the running system shows: status, alarms, call records, logs, dumps, metrics.
 */
#include <string.h>
#include "api/api_priv.h"
#include "base/inspect.h"
#include "base/log.h"

void api_status(struct job *j)
{
	json_t *o = pbx_json_status(j->api->pbx);

	if (o)
		job_reply(j, 200, o);
	else
		job_fail(j, ENOMEM, NULL);
}

void api_alarms(struct job *j)
{
	json_t *st = pbx_json_status(j->api->pbx);
	json_t *v = st ? json_incref(json_object_get(st, "alarms")) : NULL;

	json_decref(st);
	job_items(j, v ? v : json_array());
}

/* ------------------------------------------------------------------ call records */

int api_time_parse(const char *s, int64_t *ms)
{
	return resource_time(s, ms);
}

bool job_time(struct job *j, const char *name, int64_t *ms)
{
	const char *s = job_param(j, name);

	if (!s || !*s || api_time_parse(s, ms) == 0)
		return true;
	job_error(j, 400, "bad_parameter", name,
		  "\"%s\" is not a time. Write a date like 2026-01-31, with time of day 2026-01-31T18:30 (Z at the end "
		  "for UTC), or "
		  "milliseconds since 1970.",
		  s);
	return false;
}

static void cdr_h(int err, const char *why, json_t *res, void *arg)
{
	struct job *j = arg;

	if (!err && j->csv)
		job_page(j, res, "before");
	else
		job_store_h(err, why, res, j);
}

void api_cdr(struct job *j)
{
	struct cdr_filter f = {.number = job_param(j, "number"),
			       .name = job_param(j, "name"),
			       .outcome = job_param(j, "outcome"),
			       .before = job_param(j, "before"),
			       .render_arg = &j->out};

	if (!job_sheet(j, &f.limit) || !job_time(j, "since", &f.since_ms) || !job_time(j, "until", &f.until_ms))
		return;
	f.render = j->csv ? api_cdr_render : NULL;
	store_cdr_list(pbx_store(j->api->pbx), &f, cdr_h, j);
}

static void one_h(int err, const char *why, json_t *res, void *arg)
{
	struct job *j = arg;

	if (!err)
		job_reply(j, 200, json_incref(res));
	else if (err == ENOENT)
		job_error(j, 404, "not_found", NULL, "There is no record of a call %s.", j->seg[1]);
	else
		job_fail(j, err, why);
}

void api_cdr_one(struct job *j)
{
	store_cdr_get(pbx_store(j->api->pbx), j->seg[1], one_h, j);
}

/* ------------------------------------------------------------------ looking inside */

static const char *const level_names[] = {
	[LOG_ERROR] = "error", [LOG_WARN] = "warn", [LOG_INFO] = "info", [LOG_DEBUG] = "debug"};

void api_log_level_get(struct job *j)
{
	job_reply(j, 200, json_pack("{s:s}", "level", level_names[log_level()]));
}

void api_log_level_put(struct job *j)
{
	enum log_level lvl;
	const char *s = json_text(j->body, "level");

	if (!s || log_level_parse(&lvl, slice_str(s))) {
		job_error(j, 422, "invalid", "level", "\"level\" must be error, warn, info or debug.");
		return;
	}
	log_set_level(lvl);
	log_info("api", "log level is now %s, set by %s", level_names[lvl], j->author);
	api_log_level_get(j);
}

static void add_name(const char *name, void *arg)
{
	(void)json_array_append_new(arg, json_string(name));
}

void api_inspect_list(struct job *j)
{
	json_t *v = json_array();

	if (v)
		inspect_each(add_name, v);
	job_items(j, v);
}

void api_inspect_one(struct job *j)
{
	struct buf b;

	buf_init(&b);
	int err = inspect_run(slice_str(j->seg[1]), &b);
	j->noun = "dump";
	if (err)
		job_fail(j, err, NULL);
	else
		job_reply(j, 200, json_pack("{s:s, s:s%}", "name", j->seg[1], "text", b.p ? b.p : "", b.l));
	buf_free(&b);
}

static void add_metric(struct metric *m, void *arg)
{
	(void)json_array_append_new(arg, json_pack("{s:s, s:I, s:s, s:s}", "name", m->name, "value",
						   (json_int_t)metric_get(m), "type", m->gauge ? "gauge" : "counter",
						   "help", m->help));
}

void api_metrics(struct job *j)
{
	json_t *v = json_array();

	if (v)
		metric_each(add_metric, v);
	job_items(j, v);
}
