/*
 * recording.c - recordings: begun and ended by hand, listed, removed.
 */
#include <string.h>
#include "api/api_priv.h"
#include "pbx/conference.h"

/* What is asked for; false: the answer is given. */
static bool wanted(struct job *j, enum pbx_record_op *op)
{
	static const char *const words[] = {
		[PBX_RECORD_START] = "start",
		[PBX_RECORD_STOP] = "stop",
		[PBX_RECORD_PAUSE] = "pause",
		[PBX_RECORD_RESUME] = "resume",
	};
	const char *action = json_text(j->body, "action");
	size_t i = 0;

	while (action && i < ARRAY_LEN(words) && strcmp(words[i], action) != 0)
		i++;
	if (!action || i == ARRAY_LEN(words)) {
		job_error(j, 422, "invalid", "action", "\"action\" must be start, stop, pause or resume.");
		return false;
	}
	*op = (enum pbx_record_op)i;
	return true;
}

typedef int(record_fn)(struct pbx *p, struct slice what, enum pbx_record_op op, const char *who, struct buf *why);

static void record(struct job *j, record_fn *fn)
{
	enum pbx_record_op op;
	char text[160];
	struct buf why;

	if (!wanted(j, &op))
		return;
	buf_init_fixed(&why, text, sizeof(text));
	int err = fn(j->api->pbx, slice_str(j->seg[1]), op, j->author, &why);
	if (!err)
		job_reply(j, 204, NULL);
	else if (err == ENOENT)
		job_error(j, 404, "not_found", NULL, "There is no %s %s.", j->noun, j->seg[1]);
	else
		job_error(j, 409, "conflict", NULL, "%.*s", SLICE_FMT(buf_get(&why)));
}

void api_record(struct job *j)
{
	j->noun = "call";
	record(j, pbx_record);
}

void api_conference_record(struct job *j)
{
	j->noun = "conference";
	record(j, pbx_conference_record);
}

static void listed(int err, const char *why, json_t *res, void *arg)
{
	struct job *j = arg;

	if (!err && j->csv)
		job_page(j, res, "before");
	else
		job_store_h(err, why, res, j);
}

void api_recordings(struct job *j)
{
	struct recording_filter f = {
		.number = job_param(j, "number"), .before = job_param(j, "before"), .render_arg = &j->out};

	if (!job_sheet(j, &f.limit) || !job_time(j, "since", &f.since_ms) || !job_time(j, "until", &f.until_ms))
		return;
	f.render = j->csv ? api_recording_render : NULL;
	store_recording_list(pbx_store(j->api->pbx), &f, listed, j);
}

/* All of a call, or the one of that id. */
static void found(int err, const char *why, json_t *res, void *arg)
{
	struct job *j = arg;

	if (err)
		job_fail(j, err, why);
	else if (!json_array_size(json_object_get(res, "items")))
		job_error(j, 404, "not_found", NULL, "There is no recording %s.", j->seg[1]);
	else
		job_reply(j, 200, json_incref(res));
}

void api_recording(struct job *j)
{
	struct recording_filter f = {.id = j->seg[1], .limit = API_LIMIT_MAX};

	store_recording_list(pbx_store(j->api->pbx), &f, found, j);
}

static void removed(int err, void *arg)
{
	struct job *j = arg;

	if (!err)
		job_reply(j, 204, NULL);
	else if (err == ENOENT)
		job_error(j, 404, "not_found", NULL, "There is no recording %s.", j->seg[1]);
	else if (err == EBUSY)
		job_error(j, 409, "conflict", NULL, "It is still being recorded: end that first.");
	else if (err == ERR_STATE)
		job_error(j, 409, "conflict", NULL, "Recordings are removed by the running server.");
	else
		job_fail(j, err, NULL);
}

void api_recording_remove(struct job *j)
{
	pbx_recording_remove(j->api->pbx, j->seg[1], removed, j);
}
