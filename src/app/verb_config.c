/*
 * verb_config.c - `config export`, `import`, `history`, `undo`.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "app/cli.h"
#include "app/out.h"
#include "base/clock.h"

/* A file that may hold passwords: for its owner alone, and whole or not there. */
static int write_file(const char *path, const json_t *o)
{
	struct buf tmp;
	char *name = NULL;

	buf_init(&tmp);
	buf_printf(&tmp, "%s.new", path);
	int err = buf_strdup(&tmp, &name);
	buf_free(&tmp);
	if (err)
		return err;
	(void)unlink(name);
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		err = errno;
		mem_deref(name);
		return err;
	}
	err = json_dumpfd(o, fd, JSON_INDENT(2)) || write(fd, "\n", 1) != 1 || fsync(fd) ? (errno ? errno : EIO) : 0;
	if (close(fd) && !err)
		err = errno;
	if (!err && rename(name, path))
		err = errno;
	if (err)
		(void)unlink(name);
	mem_deref(name);
	return err;
}

int verb_config_export(struct cli *c)
{
	json_t *o = NULL;
	const char *file = c->narg && strcmp(c->arg[0], "-") ? c->arg[0] : NULL;
	int rc = client_call(c, "GET", cli_flag(c, "passwords") ? "/config/export?secrets=1" : "/config/export", NULL,
			     &o);

	if (rc)
		return rc;
	if (!file) {
		out_json(o);
	} else {
		int err = write_file(file, o);

		if (err)
			rc = cli_fail(CLI_FAILED, "%s could not be written: %s.", file, err_str(err));
		else
			fprintf(stderr, "The configuration is in %s%s.\n", file,
				cli_flag(c, "passwords") ? ", with all passwords" : "");
	}
	json_decref(o);
	return rc;
}

static void print_plan(const json_t *res)
{
	json_t *ch, *fields, *v;
	const char *name;
	size_t i;

	json_array_foreach(json_object_get(res, "changes"), i, ch)
	{
		const char *op = js(ch, "op");

		printf("  %s %s %s",
		       strcmp(op, "create") == 0   ? "+"
		       : strcmp(op, "delete") == 0 ? "-"
						   : "~",
		       js(ch, "resource"), js(ch, "key"));
		fields = json_object_get(ch, "fields");
		const char *sep = ": ";
		json_object_foreach(fields, name, v)
		{
			char *old = json_dumps(json_array_get(v, 0), JSON_ENCODE_ANY),
			     *new = json_dumps(json_array_get(v, 1), JSON_ENCODE_ANY);

			if (json_is_string(v))
				printf("%s%s %s", sep, name, json_string_value(v));
			else
				printf("%s%s %s -> %s", sep, name, old ? old : "?", new ? new : "?");
			sep = ", ";
			free(old);
			free(new);
		}
		putchar('\n');
	}
}

static int read_file(const char *path, json_t **o)
{
	json_error_t e;
	FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;

	if (!f)
		return cli_fail(errno == ENOENT ? CLI_NOT_FOUND : CLI_FAILED, "%s: %s.", path, strerror(errno));
	*o = json_loadf(f, JSON_REJECT_DUPLICATES, &e);
	if (f != stdin)
		fclose(f);
	if (!*o)
		return cli_fail(CLI_USAGE, "%s is not valid JSON: line %d, column %d: %s.", path, e.line, e.column,
				e.text);
	return CLI_OK;
}

int verb_config_import(struct cli *c)
{
	json_t *file = NULL, *o = NULL;
	struct buf b;
	char *path = NULL;
	bool dry = cli_flag(c, "dry-run");
	int rc = read_file(c->arg[0], &file);

	if (rc)
		return rc;
	buf_init(&b);
	buf_str(&b, "/config/import");
	client_param(&b, "dry_run", dry ? "1" : NULL);
	client_param(&b, "replace", cli_flag(c, "replace") ? "1" : NULL);
	rc = buf_strdup(&b, &path) ? cli_fail(CLI_FAILED, "memory is out.") : client_call(c, "POST", path, file, &o);
	buf_free(&b);
	mem_deref(path);
	json_decref(file);
	if (rc)
		return rc;
	if (c->json) {
		out_json(o);
	} else {
		print_plan(o);
		printf("%s: %lld added, %lld changed, %lld removed, %lld as before.\n",
		       dry ? "This would be done" : "Done", (long long)ji(o, "created"), (long long)ji(o, "updated"),
		       (long long)ji(o, "removed"), (long long)ji(o, "unchanged"));
		if (ji(o, "change_id"))
			printf("Take it back with: %s config undo %lld%s\n", c->prog, (long long)ji(o, "change_id"),
			       cli_data_hint(c));
	}
	json_decref(o);
	return CLI_OK;
}

int verb_config_history(struct cli *c)
{
	static const char *const title[] = {"ID", "TIME", "BY", "WHAT"};
	struct table t;
	json_t *o = NULL, *v;
	size_t i;
	uint32_t n = 20, before = 0;
	char path[80], when[32];

	if (!cli_number(c, "limit", 1, 1000, &n) || !cli_number(c, "before", 1, UINT32_MAX, &before))
		return CLI_USAGE;
	snprintf(path, sizeof(path), "/config/history?limit=%u&before=%u", n, before);
	int rc = client_show(c, path, &o);
	if (rc || !o)
		return rc;
	table_init(&t, title, ARRAY_LEN(title), 1u << 0);
	json_array_foreach(json_object_get(o, "items"), i, v)
	{
		table_cellf(&t, "%lld", (long long)ji(v, "id"));
		table_cell(&t, clock_local(ji(v, "at_ms"), when));
		table_cell(&t, js(v, "author"));
		if (ji(v, "undone_by"))
			table_cellf(&t, "%s (undone by %lld)", js(v, "text"), (long long)ji(v, "undone_by"));
		else
			table_cell(&t, js(v, "text"));
	}
	table_print(&t);
	if (ji(o, "next"))
		printf("There are more: --before %lld\n", (long long)ji(o, "next"));
	json_decref(o);
	return CLI_OK;
}

int verb_config_undo(struct cli *c)
{
	json_t *o = NULL;
	char *path = client_path("/config/undo/", c->arg[0]);
	int rc = path ? client_call(c, "POST", path, NULL, &o) : cli_fail(CLI_FAILED, "memory is out.");

	mem_deref(path);
	if (rc)
		return rc;
	if (c->json)
		out_json(o);
	else
		printf("Change %s is undone by change %lld.\n", c->arg[0], (long long)ji(o, "change_id"));
	json_decref(o);
	return CLI_OK;
}
