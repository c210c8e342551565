/*
 * verb_resource.c - add, list, show, set and remove for any resource of the table; `extension` is the first.
 *
 * Passwords are printed where they were just made, and by `show --password`; never in lists.
 */
#include <ctype.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include "app/cli.h"
#include "app/out.h"
#include "base/mem.h"
#include "base/rand.h"
#include "pbx/account.h"
#include "pbx/plan.h"
#include "pbx/settings.h"

enum { GENERATED_LEN = 16 };

static const struct resource *res_of(const struct cli *c)
{
	return *c->verb->r;
}

static void dashes(char *dst, size_t size, const char *name, char to)
{
	(void)slice_copy(dst, size, slice_str(name));
	for (char *p = dst; *p; p++) {
		if (*p == '_')
			*p = to;
	}
}

/* "Extension 100", for the beginning of a sentence; a table with one row: "The numbering". */
static const char *subject(const struct resource *r, const char *key)
{
	static char text[160];

	if (!pbx_resource_only(r))
		snprintf(text, sizeof(text), "%s %s", r->title, key);
	else
		snprintf(text, sizeof(text), "The %c%s", tolower((unsigned char)r->title[0]), r->title + 1);
	return text;
}

/* Brakes and settings are many. */
static const char *is_are(const struct resource *r)
{
	return r == &pbx_brakes_resource || r == &pbx_settings_resource ? "are" : "is";
}

static char *row_path(const struct resource *r, const char *key)
{
	char dir[80];

	snprintf(dir, sizeof(dir), "/%s/", r->plural);
	return client_path(dir, key);
}

/* A line without its end; a terminal does not show it. */
static const char *read_line(const char *prompt, char *line, size_t size)
{
	struct termios old, quiet;
	bool tty = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &old) == 0;

	if (tty) {
		quiet = old;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		fprintf(stderr, "%s: ", prompt);
		(void)fflush(stderr);
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	}
	if (!fgets(line, (int)size, stdin))
		line[0] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	if (tty) {
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
		fputc('\n', stderr);
	}
	return line;
}

/* "-": the first line of standard input, so that a password is not seen in the list of processes. Who types it cannot
 * see it, and types it twice. NULL: the two are not the same. */
const char *cli_secret(const char *v, const char *what, bool twice)
{
	static char line[1100], again[1100];
	char prompt[80];
	bool same;

	if (strcmp(v, "-"))
		return v;
	snprintf(prompt, sizeof(prompt), "%c%s", toupper((unsigned char)what[0]), what + 1);
	(void)read_line(prompt, line, sizeof(line));
	if (!twice || !isatty(STDIN_FILENO))
		return line;
	same = !strcmp(line, read_line("Once more", again, sizeof(again)));
	mem_wipe(again, sizeof(again));
	return same ? line : NULL;
}

/* Members of the request from the options that are given. NULL: memory. */
static json_t *body_of(const struct cli *c)
{
	const struct resource *r = res_of(c);
	json_t *o = json_object();

	for (size_t i = 0; i < r->nfield; i++) {
		const struct field *f = &r->field[i];
		char name[48];

		dashes(name, sizeof(name), f->name, '-');
		const char *v = cli_opt(c, name);
		if (!v || (f->flags & (FIELD_KEY | FIELD_READONLY)))
			continue;
		const char *given = v;
		if (field_hidden(f))
			v = cli_secret(v, f->name, true);
		/* an end of input is no wish to have none */
		if (!v || (v != given && !*v)) {
			json_decref(o);
			cli_usage(c,
				  v ? "nothing was given for --%s." : "what was typed for --%s was not the same twice.",
				  name);
			return NULL;
		}
		/* --pin "": none any more */
		if (f->type == FIELD_TIME && !*v) {
			json_object_set_new(o, f->name, json_null());
			continue;
		}
		if (field_hidden(f) && f->min > 0 && !*v && !(f->flags & FIELD_GENERATED)) {
			json_object_set_new(o, f->name, json_null());
			continue;
		}
		json_t *s = json_string(v);
		if (!s) {
			json_decref(o);
			cli_usage(c, "the value of --%s is not text in UTF-8.", name);
			return NULL;
		}
		(void)json_object_set_new(o, f->name, s);
	}
	return o;
}

/* The secret fields of a row, if it has them. */
static void put_secrets(const struct resource *r, const json_t *row, size_t width)
{
	for (size_t i = 0; i < r->nfield; i++) {
		const char *v = json_string_value(json_object_get(row, r->field[i].name));

		if (r->field[i].type == FIELD_SECRET && v)
			out_pair(r->field[i].name, width, "%s", v);
	}
}

int verb_resource_add(struct cli *c)
{
	const struct resource *r = res_of(c);
	const char *key = c->arg[0], *keyname = resource_key(r)->name;
	json_t *body = body_of(c), *row = NULL, *st = NULL;
	char path[80];

	if (!body)
		return CLI_USAGE;
	(void)json_object_set_new(body, keyname, json_string(key));
	snprintf(path, sizeof(path), "/%s", r->plural);
	int rc = client_call(c, "POST", path, body, &row);
	json_decref(body);
	if (rc)
		return rc;
	if (c->json) {
		out_json(row);
		json_decref(row);
		return CLI_OK;
	}
	const char *name = js(row, "name");
	bool named = *name && strcmp(name, key);
	printf("%s%s%s%s is ready.\n", subject(r, key), named ? " (" : "", named ? name : "", named ? ")" : "");
	if (r == &pbx_extension_resource && c->live && client_try(c, "/status", &st) == CLI_OK &&
	    *js(st, "sip_address"))
		out_pair("SIP server", 12, "%s", js(st, "sip_address"));
	if (r == &pbx_extension_resource)
		out_pair("user", 12, "%s", key);
	put_secrets(r, row, 12);
	if (r == &pbx_token_resource && *js(row, "token")) {
		out_pair("token", 12, "%s", js(row, "token"));
		printf("It is shown this once. Programs send it as: Authorization: Bearer TOKEN\n");
	}
	json_decref(st);
	json_decref(row);
	return CLI_OK;
}

/* ------------------------------------------------------------------ list */

static void value_text(const struct field *f, const json_t *v, char *dst, size_t size)
{
	if (json_is_integer(v) && f->type == FIELD_TIME) {
		time_t t = (time_t)(json_integer_value(v) / 1000);
		struct tm tm;

		if (!localtime_r(&t, &tm) || !strftime(dst, size, "%Y-%m-%d %H:%M", &tm))
			dst[0] = '\0';
	} else if (json_is_integer(v))
		snprintf(dst, size, "%lld", (long long)json_integer_value(v));
	else if (json_is_boolean(v))
		snprintf(dst, size, "%s", json_is_true(v) ? "yes" : "no");
	else
		(void)slice_copy(dst, size, slice_str(json_string_value(v)));
}

/* One of several words, and it is the usual one in all rows. */
static bool all_usual(const struct field *f, const json_t *items)
{
	json_t *row;
	size_t k;

	json_array_foreach(items, k, row)
	{
		if (strcmp(js(row, f->name), f->def) != 0)
			return false;
	}
	return true;
}

/* What is off, zero, empty or as usual in all rows need not take a column. */
static bool says_nothing(const struct field *f, const json_t *items)
{
	json_t *row;
	size_t k;

	if (f->type == FIELD_ENUM && f->def)
		return all_usual(f, items);
	if ((f->flags & (FIELD_KEY | FIELD_REQUIRED)) || !f->def ||
	    (*f->def && strcmp(f->def, "0") && strcmp(f->def, "false")))
		return false;
	json_array_foreach(items, k, row)
	{
		const json_t *v = json_object_get(row, f->name);

		if (json_is_true(v) || json_integer_value(v) || *js(row, f->name))
			return false;
	}
	return true;
}

static void print_list(struct cli *c, const json_t *items)
{
	const struct resource *r = res_of(c);
	json_t *row;
	/* a running server tells how many phones each has */
	bool phones = json_object_get(json_object_get(json_array_get(items, 0), "live"), "phones") && c->live;
	static char head[TABLE_COLS][40];
	const char *title[TABLE_COLS];
	const struct field *col[TABLE_COLS];
	struct table t;
	size_t n = 0, k;
	unsigned right = 0;

	for (size_t i = 0; i < r->nfield && n < TABLE_COLS - 1; i++) {
		if (field_hidden(&r->field[i]) || says_nothing(&r->field[i], items))
			continue;
		dashes(head[n], sizeof(head[0]), r->field[i].name, ' ');
		for (char *p = head[n]; *p; p++)
			*p = (char)toupper((unsigned char)*p);
		right |= r->field[i].type == FIELD_INT ? 1u << n : 0;
		title[n] = head[n];
		col[n++] = &r->field[i];
	}
	if (phones) {
		right |= 1u << n;
		title[n] = "PHONES";
	}
	table_init(&t, title, n + phones, right);
	json_array_foreach(items, k, row)
	{
		for (size_t i = 0; i < n; i++) {
			char text[512];

			value_text(col[i], json_object_get(row, col[i]->name), text, sizeof(text));
			table_cell(&t, text);
		}
		if (phones)
			table_cellf(&t, "%lld", (long long)ji(json_object_get(row, "live"), "phones"));
	}
	table_print(&t);
}

/* All pages in one array. */
static int all_rows(struct cli *c, json_t *items)
{
	const char *next = NULL;
	json_t *page = NULL;
	int rc;

	do {
		struct buf b;
		char *path = NULL;

		buf_init(&b);
		buf_printf(&b, "/%s", res_of(c)->plural);
		client_param(&b, "limit", "250"); /* small pages: the server has calls to carry */
		client_param(&b, "after", next);
		client_param(&b, "live", res_of(c) == &pbx_extension_resource && !c->json ? "1" : NULL);
		rc = buf_strdup(&b, &path) ? cli_fail(CLI_FAILED, "memory is out.") : CLI_OK;
		buf_free(&b);
		json_decref(page); /* `next` lived in it */
		page = NULL;
		if (!rc)
			rc = client_call(c, "GET", path, NULL, &page);
		mem_deref(path);
		if (rc)
			return rc;
		(void)json_array_extend(items, json_object_get(page, "items"));
		next = json_string_value(json_object_get(page, "next"));
	} while (next);
	json_decref(page);
	return CLI_OK;
}

int verb_resource_list(struct cli *c)
{
	const struct resource *r = res_of(c);
	json_t *items = json_array();
	int rc = all_rows(c, items);

	if (!rc && c->json) {
		json_t *o = json_pack("{s:O}", "items", items);

		out_json(o);
		json_decref(o);
	} else if (!rc && json_array_size(items) == 0) {
		char plural[48];

		/* the verb says "route out", the table "route_out" */
		dashes(plural, sizeof(plural), r->plural, ' ');
		printf("There are no %s yet. Make one: %s %.*s add ...\n", plural, c->prog,
		       (int)(strlen(c->verb->name) - strlen(" list")), c->verb->name);
	} else if (!rc) {
		print_list(c, items);
	}
	json_decref(items);
	return rc;
}

/* ------------------------------------------------------------------ show, set, remove */

static void put_phones(struct cli *c, const char *number, size_t width)
{
	json_t *o = NULL, *v;
	size_t i, n = 0;
	char left[32], path[64];

	snprintf(path, sizeof(path), "/registrations?extension=%.15s", number);
	if (res_of(c) != &pbx_extension_resource || !c->live || client_try(c, path, &o))
		return;
	json_array_foreach(json_object_get(o, "items"), i, v)
	{
		if (strcmp(js(v, "extension"), number))
			continue;
		out_pair(n++ ? "" : "phones", width, "%s by %s, %s, for %s more",
			 *js(v, "user_agent") ? js(v, "user_agent") : "a phone", js(v, "transport"), js(v, "source"),
			 out_seconds(ji(v, "expires_in_s"), left));
	}
	if (!n)
		out_pair("phones", width, "none registered");
	json_decref(o);
}

/* Of the labels: the longest field name. */
static size_t label_width(const struct resource *r)
{
	size_t max = r == &pbx_extension_resource ? strlen("phones") : 0;

	for (size_t i = 0; i < r->nfield; i++)
		max = strlen(r->field[i].name) > max ? strlen(r->field[i].name) : max;
	return max + 2;
}

int verb_resource_show(struct cli *c)
{
	const struct resource *r = res_of(c);
	json_t *row = NULL;
	struct buf b;
	char *path = row_path(r, c->arg[0]), *url = NULL;
	bool secrets = cli_flag(c, "password");
	const size_t width = label_width(r);

	buf_init(&b);
	buf_str(&b, path);
	client_param(&b, "secrets", secrets ? "1" : NULL);
	int rc = !path || buf_strdup(&b, &url) ? cli_fail(CLI_FAILED, "memory is out.")
					       : client_call(c, "GET", url, NULL, &row);
	buf_free(&b);
	mem_deref(url);
	mem_deref(path);
	if (rc)
		return rc;
	if (c->json) {
		out_json(row);
		json_decref(row);
		return CLI_OK;
	}
	for (size_t i = 0; i < r->nfield; i++) {
		const struct field *f = &r->field[i];
		char name[48], text[512];

		/* nobody has to know the key of the only row */
		if ((f->type == FIELD_SECRET && !secrets) || (f->flags & FIELD_KEY && pbx_resource_only(r)))
			continue;
		dashes(name, sizeof(name), f->name, ' ');
		value_text(f, json_object_get(row, f->name), text, sizeof(text));
		out_pair(name, width, "%s", text);
	}
	for (size_t i = 0; i < r->nfield && !secrets; i++) {
		char name[48];

		dashes(name, sizeof(name), r->field[i].name, ' ');
		if (r->field[i].type == FIELD_SECRET)
			out_pair(name, width, "not shown; --password shows it");
	}
	put_phones(c, c->arg[0], width);
	json_decref(row);
	return CLI_OK;
}

int verb_resource_set(struct cli *c)
{
	const struct resource *r = res_of(c);
	json_t *body = body_of(c), *row = NULL;
	char made[GENERATED_LEN + 1] = "";

	if (!body)
		return CLI_USAGE;
	if (cli_flag(c, "new-password")) {
		(void)json_object_set_new(body, "password", json_string(rand_password(made, GENERATED_LEN)));
	} else if (json_object_size(body) == 0) {
		json_decref(body);
		return cli_usage(c, "say what to change, for instance --name TEXT.");
	}
	char *path = row_path(r, c->arg[0]);
	int rc = path ? client_call(c, "PATCH", path, body, &row) : cli_fail(CLI_FAILED, "memory is out.");
	mem_deref(path);
	json_decref(body);
	if (rc)
		return rc;
	if (c->json) {
		if (*made)
			(void)json_object_set_new(row, "password", json_string(made));
		out_json(row);
	} else if (ji(row, "change_id") == 0) {
		printf("%s %s like that already.\n", subject(r, c->arg[0]), is_are(r));
	} else {
		printf("%s %s changed.\n", subject(r, c->arg[0]), is_are(r));
		if (*made)
			out_pair("password", 12, "%s", made);
	}
	json_decref(row);
	return CLI_OK;
}

/* Tables with one row: nobody has to name it. */
int verb_only_show(struct cli *c)
{
	c->arg[0] = pbx_resource_only(res_of(c));
	c->narg = 1;
	return verb_resource_show(c);
}

int verb_only_set(struct cli *c)
{
	c->arg[0] = pbx_resource_only(res_of(c));
	c->narg = 1;
	return verb_resource_set(c);
}

int verb_resource_remove(struct cli *c)
{
	const struct resource *r = res_of(c);
	json_t *o = NULL;
	char *path = row_path(r, c->arg[0]);
	int rc = path ? client_call(c, "DELETE", path, NULL, &o) : cli_fail(CLI_FAILED, "memory is out.");

	mem_deref(path);
	if (rc)
		return rc;
	if (c->json)
		out_json(o);
	else
		printf("%s is removed. Bring it back with: %s config undo %lld%s\n", subject(r, c->arg[0]), c->prog,
		       (long long)ji(o, "change_id"), cli_data_hint(c));
	json_decref(o);
	return CLI_OK;
}
