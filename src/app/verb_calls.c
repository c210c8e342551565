/*
 * verb_calls.c - `registrations`, `calls`, `hangup`: what goes on at this moment.
 */
#include <stdlib.h>
#include <string.h>
#include "app/cli.h"
#include "app/out.h"

static int by_number(const void *a, const void *b)
{
	const char *x = js(*(json_t *const *)a, "extension"), *y = js(*(json_t *const *)b, "extension");
	size_t lx = strlen(x), ly = strlen(y);

	return lx != ly ? (lx < ly ? -1 : 1) : strcmp(x, y);
}

/* The rows in the order of their numbers; the server gives them as they lie. NULL: memory. */
static json_t **sorted(const json_t *items)
{
	size_t n = json_array_size(items);
	json_t **v = mem_alloc((n + 1) * sizeof(json_t *), NULL);

	for (size_t i = 0; v && i < n; i++)
		v[i] = json_array_get(items, i);
	if (v)
		qsort(v, n, sizeof(json_t *), by_number);
	return v;
}

static void keep_number(json_t *items, const char *number)
{
	for (size_t i = json_array_size(items); i-- > 0;) {
		if (strcmp(number, js(json_array_get(items, i), "extension")))
			(void)json_array_remove(items, i);
	}
}

int verb_registrations(struct cli *c)
{
	static const char *const title[] = {"NUMBER", "NAME", "BY", "ADDRESS", "FOR", "PHONE"};
	struct table t;
	json_t *o = NULL;
	size_t n = 0;
	char left[32];
	int rc = client_list(c, "/registrations", &o);

	if (rc)
		return rc;
	if (c->narg)
		keep_number(json_object_get(o, "items"), c->arg[0]);
	if (c->json) {
		out_json(o);
		json_decref(o);
		return CLI_OK;
	}
	json_t **row = sorted(json_object_get(o, "items"));
	table_init(&t, title, ARRAY_LEN(title), 1u << 4);
	for (size_t i = 0; row && i < json_array_size(json_object_get(o, "items")); i++) {
		const json_t *v = row[i];

		n++;
		table_cell(&t, js(v, "extension"));
		table_cell(&t, js(v, "name"));
		table_cell(&t, js(v, "transport"));
		table_cell(&t, js(v, "source"));
		table_cell(&t, out_seconds(ji(v, "expires_in_s"), left));
		table_cell(&t, js(v, "user_agent"));
	}
	if (n)
		table_print(&t);
	else
		printf("No phone is registered%s%s.\n", c->narg ? " as " : "", c->narg ? c->arg[0] : "");
	mem_deref(row);
	json_decref(o);
	return CLI_OK;
}

/* Codec and quality of a leg, "PCMU, MOS 4.4". */
static void leg_sound(const json_t *leg, char *dst, size_t size)
{
	double mos = json_real_value(json_object_get(leg, "mos"));

	if (!*js(leg, "codec"))
		*dst = '\0';
	else if (mos > 0)
		snprintf(dst, size, "%s, MOS %.1f", js(leg, "codec"), mos);
	else
		snprintf(dst, size, "%s", js(leg, "codec"));
}

static void put_call(struct table *t, const json_t *call)
{
	json_t *legs = json_object_get(call, "legs"), *l;
	char time[32], sound[64], heard[160] = "";
	size_t i;

	json_array_foreach(legs, i, l)
	{
		size_t n = strlen(heard);

		leg_sound(l, sound, sizeof(sound));
		if (*sound)
			snprintf(heard + n, sizeof(heard) - n, "%s%s: %s", n ? "; " : "", js(l, "number"), sound);
	}
	table_cell(t, js(call, "id"));
	table_cell(t, js(call, "from"));
	table_cell(t, js(call, "to"));
	if (*js(call, "recording"))
		table_cellf(t, "%s, %s", js(call, "state"),
			    strcmp(js(call, "recording"), "on") ? "recording paused" : "recorded");
	else
		table_cell(t, js(call, "state"));
	table_cell(t, out_seconds(ji(call, ji(call, "talk_seconds") ? "talk_seconds" : "seconds"), time));
	table_cell(t, heard);
}

int verb_calls(struct cli *c)
{
	static const char *const title[] = {"ID", "FROM", "TO", "STATE", "TIME", "SOUND"};
	struct table t;
	json_t *o = NULL, *v;
	size_t i;

	if (cli_flag(c, "sound") || cli_flag(c, "watch"))
		return calls_sound(c);
	int rc = client_list(c, "/calls", &o);
	if (rc)
		return rc;
	const json_t *items = json_object_get(o, "items");
	if (c->json) {
		out_json(o);
	} else if (json_array_size(items) == 0) {
		printf("No calls at the moment.\n");
	} else {
		table_init(&t, title, ARRAY_LEN(title), 1u << 4);
		json_array_foreach(items, i, v) put_call(&t, v);
		table_print(&t);
		calls_verdicts(items);
	}
	json_decref(o);
	return CLI_OK;
}

static int hang_up(struct cli *c, const char *id)
{
	char *path = client_path("/calls/", id);
	int rc = path ? client_call(c, "DELETE", path, NULL, NULL) : cli_fail(CLI_FAILED, "memory is out.");

	mem_deref(path);
	return rc;
}

/* The one call whose id begins with `word`; NULL: none, or several (said so in `*rc`). */
const char *calls_match(const json_t *items, const char *word, int *rc)
{
	const char *found = NULL;
	json_t *v;
	size_t i;

	json_array_foreach(items, i, v)
	{
		const char *id = js(v, "id");

		if (strncmp(id, word, strlen(word)))
			continue;
		if (found) {
			*rc = cli_fail(CLI_CONFLICT, "several calls begin with \"%s\"; write more of the id.", word);
			return NULL;
		}
		found = id;
	}
	if (!found)
		*rc = cli_fail(CLI_NOT_FOUND, "there is no call %s.", word);
	return found;
}

int verb_hangup(struct cli *c)
{
	json_t *o = NULL, *v;
	size_t i, n = 0;

	if ((c->narg == 1) == cli_flag(c, "all"))
		return cli_usage(c, "give the id of a call, or --all.");
	int rc = client_list(c, "/calls", &o);
	if (rc)
		return rc;
	const json_t *items = json_object_get(o, "items");
	if (c->narg) {
		const char *id = calls_match(items, c->arg[0], &rc);

		if (id)
			rc = hang_up(c, id);
		n = rc == CLI_OK;
	} else {
		json_array_foreach(items, i, v)
		{
			int one = hang_up(c, js(v, "id"));

			n += one == CLI_OK;
			/* one that ended by itself meanwhile is no failure */
			rc = one == CLI_OK || one == CLI_NOT_FOUND ? rc : one;
		}
	}
	if (c->json && !rc)
		printf("{\"ended\": %zu}\n", n);
	else if (!rc)
		printf("%zu call%s ended.\n", n, n == 1 ? "" : "s");
	json_decref(o);
	return rc;
}
