/*
 * sound.c - the sound of a recording: its file, below the folder of recordings and nowhere else.
 *
 * Which file that is says its row. A row may have come from elsewhere (a backup), so its path is looked at before it
 * is opened. The web thread sends the file, with ranges.
 */
#include <string.h>
#include "api/api_priv.h"
#include "base/log.h"

static bool ends(struct slice s, struct slice end)
{
	return s.l > end.l && slice_eq(slice_from(s, s.l - end.l), end);
}

/* Type of a file that is a recording, and its last part; NULL: it is none of ours, or not where recordings are. */
static const char *type_of(struct slice file, struct slice *last)
{
	struct slice rest = file;

	if (!slice_starts(file, SLICE("recordings/")) || memchr(file.p, '\0', file.l))
		return NULL;
	while (rest.l) {
		*last = slice_cut(&rest, '/');
		/* "", "." and "..", and nothing that hides */
		if (!last->l || last->p[0] == '.')
			return NULL;
	}
	return ends(*last, SLICE(".wav")) ? "audio/wav" : ends(*last, SLICE(".opus")) ? "audio/ogg" : NULL;
}

static void send_sound(struct job *j, const json_t *row)
{
	const json_t *f = json_object_get(row, "file");
	struct slice file = slice_mem(json_string_value(f), json_string_length(f));
	struct slice name;
	const char *type = type_of(file, &name);
	char path[1024];
	int n = snprintf(path, sizeof(path), "%s/%.*s", store_dir(pbx_store(j->api->pbx)), SLICE_FMT(file));

	if (!type || n < 0 || (size_t)n >= sizeof(path)) {
		job_error(j, 404, "not_found", NULL, "The file of recording %s is not in the folder of recordings.",
			  json_text(row, "id"));
	} else if (!strcmp(json_text(row, "state"), "recording")) {
		job_error(j, 409, "conflict", NULL, "It is still being recorded: it can be heard when it has ended.");
	} else {
		log_info("api", "recording %s sent to %s", json_text(row, "id"), j->author);
		job_header(j, "Content-Disposition", "%s; filename=\"%.*s\"",
			   job_flag(j, "download") ? "attachment" : "inline", SLICE_FMT(name));
		job_file(j, type, path);
	}
}

static void found(int err, const char *why, json_t *res, void *arg)
{
	struct job *j = arg;
	const char *id = j->seg[j->nseg - 2];
	json_t *row;
	size_t i;

	if (err) {
		job_fail(j, err, why);
		return;
	}
	/* the id of a call finds all of it; here one file is meant */
	json_array_foreach(json_object_get(res, "items"), i, row)
	{
		if (strcmp(json_text(row, "id"), id) != 0)
			continue;
		send_sound(j, row);
		return;
	}
	job_error(j, 404, "not_found", NULL, "There is no recording %s.", id);
}

static void look(struct job *j, const char *number)
{
	struct recording_filter f = {.id = j->seg[j->nseg - 2], .number = number, .limit = API_LIMIT_MAX};

	store_recording_list(pbx_store(j->api->pbx), &f, found, j);
}

void api_recording_sound(struct job *j)
{
	look(j, NULL);
}

void api_me_recording_sound(struct job *j)
{
	if (!job_may_listen(j))
		return;
	if (*j->who.extension)
		look(j, j->who.extension);
	else
		job_error(j, 404, "not_found", NULL, "There is no recording %s.", j->seg[j->nseg - 2]);
}
