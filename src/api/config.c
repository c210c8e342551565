/*
 * config.c - configuration as a whole: export, history, undo.
 */
#include "api/api_priv.h"

static void exported(int err, const char *why, json_t *res, void *arg)
{
	struct job *j = arg;

	if (err)
		job_fail(j, err, why);
	else
		job_reply(j, 200, json_incref(res));
}

void api_export(struct job *j)
{
	store_export(pbx_store(j->api->pbx), job_flag(j, "secrets"), exported, j);
}

void api_history(struct job *j)
{
	struct row_history w = {.resource = job_param(j, "resource"), .key = job_param(j, "key")};
	uint64_t before, limit;

	if (!job_number(j, "before", INT64_MAX, &before) || !job_number(j, "limit", API_LIMIT_MAX, &limit))
		return;
	if (w.key && !w.resource) {
		job_error(j, 400, "bad_parameter", "resource", "Name \"resource\" as well: \"key\" alone is no row.");
		return;
	}
	w.before = (int64_t)before;
	w.limit = (uint32_t)limit;
	store_row_history(pbx_store(j->api->pbx), &w, job_store_h, j);
}

static void undone(int err, const char *why, json_t *row, int64_t id, void *arg)
{
	struct job *j = arg;

	(void)row;
	j->noun = "change";
	if (err)
		job_fail(j, err, err == ENOENT ? NULL : why);
	else
		job_reply(j, 200, json_pack("{s:I}", "change_id", (json_int_t)id));
}

void api_undo(struct job *j)
{
	uint64_t id;

	if (slice_u64(slice_str(j->seg[2]), &id) || id == 0 || id > INT64_MAX) {
		job_error(j, 400, "bad_parameter", "id",
			  "\"%s\" is not the number of a change. `offhook config history` shows them.", j->seg[2]);
		return;
	}
	pbx_undo(j->api->pbx, (int64_t)id, j->author, undone, j);
}
