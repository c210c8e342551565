/*
 * verb_recording.c - `calls record`, `conference record`, `recordings`: recordings begun by hand, and the files that
 * came of it.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "app/cli.h"
#include "app/out.h"
#include "base/clock.h"

/* ------------------------------------------------------------------ by hand */

/* `path` without its end; `what` "Call", `id`. */
static int post(struct cli *c, const char *path, const char *what, const char *id)
{
	static const struct {
		const char *action, *text;
	} words[] = {{"start", "is being recorded"},
		     {"stop", "is not recorded any more"},
		     {"pause", "is not recorded until `... resume`"},
		     {"resume", "is being recorded again"}};
	const char *action = c->arg[1];
	json_t *body = json_pack("{s:s}", "action", action);
	int rc = body ? client_call(c, "POST", path, body, NULL) : cli_fail(CLI_FAILED, "memory is out.");
	json_decref(body);
	for (size_t i = 0; i < ARRAY_LEN(words) && !rc && !c->json; i++)
		if (!strcmp(words[i].action, action))
			printf("%s %s %s.\n", what, id, words[i].text);
	return rc;
}

int verb_record(struct cli *c)
{
	json_t *o = NULL;
	int rc = client_list(c, "/calls", &o);

	if (rc)
		return rc;
	const char *id = calls_match(json_object_get(o, "items"), c->arg[0], &rc);
	if (id) {
		char path[96];

		snprintf(path, sizeof(path), "/calls/%.30s/record", id);
		rc = post(c, path, "Call", id);
	}
	json_decref(o);
	return rc;
}

int verb_conference_record(struct cli *c)
{
	char *head = client_path("/conferences/", c->arg[0]), *path = NULL;
	struct buf b;
	int rc;

	buf_init(&b);
	buf_printf(&b, "%s/record", head ? head : "");
	rc = !head || buf_strdup(&b, &path) ? cli_fail(CLI_FAILED, "memory is out.")
					    : post(c, path, "Conference", c->arg[0]);
	buf_free(&b);
	mem_deref(head);
	mem_deref(path);
	return rc;
}

/* ------------------------------------------------------------------ lists */

static void size_text(char *dst, size_t size, int64_t bytes)
{
	if (bytes < 1 << 20)
		snprintf(dst, size, "%lld kB", (long long)(bytes + 1023) / 1024);
	else
		snprintf(dst, size, "%.1f MB", (double)bytes / (1 << 20));
}

static void put_row(struct table *t, const json_t *v)
{
	char when[32], len[32], size[32];

	size_text(size, sizeof(size), ji(v, "bytes"));
	table_cell(t, js(v, "id"));
	table_cell(t, clock_local(ji(v, "start_ms"), when));
	table_cell(t, *js(v, "call") ? js(v, "from") : "conference");
	table_cell(t, js(v, "to"));
	table_cell(t, out_seconds((ji(v, "ms") + 500) / 1000, len));
	table_cell(t, size);
	table_cell(t, js(v, "state"));
}

int verb_recordings(struct cli *c)
{
	static const char *const title[] = {"ID", "TIME", "FROM", "TO", "LENGTH", "SIZE", "STATE"};
	static const char *const pass[] = {"number", "since", "until", "before"};
	json_t *o = NULL, *v;
	char limit[16], *path = NULL;
	struct table t;
	struct buf b;
	uint32_t n = 20;
	size_t i;

	if (!cli_number(c, "limit", 1, 1000, &n))
		return CLI_USAGE;
	snprintf(limit, sizeof(limit), "%u", n);
	buf_init(&b);
	buf_str(&b, "/recordings");
	client_param(&b, "limit", limit);
	for (i = 0; i < ARRAY_LEN(pass); i++)
		client_param(&b, pass[i], cli_opt(c, pass[i]));
	int rc = buf_strdup(&b, &path) ? cli_fail(CLI_FAILED, "memory is out.") : client_show(c, path, &o);
	buf_free(&b);
	mem_deref(path);
	if (rc || !o)
		return rc;
	const json_t *items = json_object_get(o, "items");
	const char *next = json_string_value(json_object_get(o, "next"));
	if (json_array_size(items) == 0) {
		printf("No recordings.\n");
	} else {
		table_init(&t, title, ARRAY_LEN(title), 1u << 4 | 1u << 5);
		json_array_foreach(items, i, v) put_row(&t, v);
		table_print(&t);
		if (next)
			printf("There are more: --before %s\n", next);
	}
	json_decref(o);
	return CLI_OK;
}

static int get(struct cli *c, json_t **o)
{
	char *path = client_path("/recordings/", c->arg[0]);
	int rc = path ? client_call(c, "GET", path, NULL, o) : cli_fail(CLI_FAILED, "memory is out.");

	mem_deref(path);
	return rc;
}

static void show(const struct cli *c, const json_t *v)
{
	char when[32], len[32], size[32];

	size_text(size, sizeof(size), ji(v, "bytes"));
	if (*js(v, "call"))
		printf("%s: %s to %s, %s\n", js(v, "id"), js(v, "from"), js(v, "to"),
		       clock_local(ji(v, "start_ms"), when));
	else
		printf("%s: conference %s, %s\n", js(v, "id"), js(v, "to"), clock_local(ji(v, "start_ms"), when));
	printf("  %s, %s, %s\n", js(v, "state"), out_seconds((ji(v, "ms") + 500) / 1000, len), size);
	if (ji(v, "paused_ms"))
		printf("  %s left out by pauses\n", out_seconds((ji(v, "paused_ms") + 500) / 1000, len));
	if (ji(v, "lost"))
		printf("  %lld bytes of sound could not be written\n", (long long)ji(v, "lost"));
	printf("  %s/%s\n", c->data, js(v, "file"));
}

int verb_recording_show(struct cli *c)
{
	json_t *o = NULL, *v;
	size_t i;
	int rc = get(c, &o);

	if (rc)
		return rc;
	if (c->json)
		out_json(o);
	else
		json_array_foreach(json_object_get(o, "items"), i, v) show(c, v);
	json_decref(o);
	return CLI_OK;
}

int verb_recording_remove(struct cli *c)
{
	char *path = client_path("/recordings/", c->arg[0]);
	int rc = path ? client_call(c, "DELETE", path, NULL, NULL) : cli_fail(CLI_FAILED, "memory is out.");

	mem_deref(path);
	if (!rc && !c->json)
		printf("Removed.\n");
	return rc;
}

/* ------------------------------------------------------------------ copies */

static int copy(int in, int out)
{
	char b[65536];
	ssize_t n;

	while ((n = read(in, b, sizeof(b))) > 0) {
		for (ssize_t at = 0; at < n;) {
			ssize_t k = write(out, b + at, (size_t)(n - at));
			if (k < 0 && errno != EINTR)
				return errno;
			at += k > 0 ? k : 0;
		}
	}
	return n < 0 ? errno : 0;
}

int verb_recording_export(struct cli *c)
{
	char from[1400];
	json_t *o = NULL;
	int rc = get(c, &o);

	if (rc)
		return rc;
	const json_t *items = json_object_get(o, "items");
	if (json_array_size(items) > 1) {
		json_decref(o);
		return cli_fail(CLI_CONFLICT, "this call has several recordings; `recordings show %s` lists them.",
				c->arg[0]);
	}
	snprintf(from, sizeof(from), "%s/%s", c->data, js(json_array_get(items, 0), "file"));
	json_decref(o);
	int in = open(from, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return cli_fail(CLI_FAILED, "%s cannot be read: %s.", from, err_str(errno));
	int out = open(c->arg[1], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int err = out < 0 ? errno : copy(in, out);
	close(in);
	if (out >= 0 && close(out) && !err)
		err = errno;
	/* half a copy is none */
	if (out >= 0 && err)
		(void)unlink(c->arg[1]);
	return err ? cli_fail(CLI_FAILED, "%s cannot be written: %s.", c->arg[1], err_str(err)) : CLI_OK;
}
