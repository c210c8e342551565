/*
 * verb_conference.c - `conference members`, `mute`, `unmute` and `kick`: who talks in conferences now, and orders to
 * them.
 */
#include <string.h>
#include <time.h>
#include "app/cli.h"
#include "app/out.h"

static void put_member(struct table *t, const json_t *v, int64_t now_ms)
{
	static const struct {
		const char *name, *words;
	} state[] = {{"waiting", "waits for an admin"}, {"muted", "muted"}, {"talking", "talks"}};
	const char *words = "listens";
	char time[32];

	for (size_t i = ARRAY_LEN(state); i-- > 0;)
		if (json_is_true(json_object_get(v, state[i].name)))
			words = state[i].words;
	table_cell(t, js(v, "id"));
	table_cell(t, js(v, "conference"));
	table_cell(t, js(v, "number"));
	table_cell(t, js(v, "caller_name"));
	table_cell(t, json_is_true(json_object_get(v, "admin")) ? "admin" : "");
	table_cell(t, words);
	table_cell(t, out_seconds((now_ms - ji(v, "since_ms")) / 1000, time));
}

/* Members of a conference stand together. */
static void put_recorded(const json_t *items)
{
	const char *last = "";
	json_t *v;
	size_t i;

	json_array_foreach(items, i, v)
	{
		if (!json_is_true(json_object_get(v, "recorded")) || !strcmp(js(v, "conference"), last))
			continue;
		last = js(v, "conference");
		printf("Conference %s is being recorded.\n", last);
	}
}

static int64_t now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* "/conferences/800/members", or all. New string; NULL: no memory. */
static char *members_path(const char *number)
{
	char *head = client_path("/conferences/", number), *whole = NULL;
	struct buf b;

	if (!head)
		return NULL;
	buf_init(&b);
	buf_printf(&b, "%s/members", head);
	mem_deref(head);
	if (buf_strdup(&b, &whole))
		whole = NULL;
	buf_free(&b);
	return whole;
}

static int get_members(struct cli *c, const char *number, json_t **o)
{
	char *path = number ? members_path(number) : NULL;
	int rc;

	if (number && !path)
		return cli_fail(CLI_FAILED, "memory is out.");
	rc = client_call(c, "GET", path ? path : "/conference-members", NULL, o);
	mem_deref(path);
	return rc;
}

int verb_conference_members(struct cli *c)
{
	static const char *const title[] = {"ID", "CONFERENCE", "NUMBER", "NAME", "ROLE", "STATE", "TIME"};
	struct table t;
	json_t *o = NULL, *v;
	size_t i;
	int rc = get_members(c, c->narg ? c->arg[0] : NULL, &o);

	if (rc)
		return rc;
	const json_t *items = json_object_get(o, "items");
	if (c->json) {
		out_json(o);
	} else if (json_array_size(items) == 0) {
		printf("Nobody is in %s.\n", c->narg ? "the conference" : "a conference");
	} else {
		table_init(&t, title, ARRAY_LEN(title), 1u << 6);
		json_array_foreach(items, i, v) put_member(&t, v, now());
		table_print(&t);
		put_recorded(items);
	}
	json_decref(o);
	return CLI_OK;
}

/* The one member whose number or id it is (of an id the first characters do); NULL: said so in `*rc`. */
static const char *member(const json_t *items, const char *word, int *rc)
{
	const char *found = NULL;
	size_t i, n = 0;
	json_t *v;

	json_array_foreach(items, i, v)
	{
		const char *id = js(v, "id");

		if (strcmp(js(v, "number"), word) != 0 && strncmp(id, word, strlen(word)) != 0)
			continue;
		found = id;
		n++;
	}
	if (n > 1)
		*rc = cli_fail(CLI_CONFLICT, "several members are meant by \"%s\"; write the id of one.", word);
	else if (!n)
		*rc = cli_fail(CLI_NOT_FOUND, "nobody in the conference is %s.", word);
	return n == 1 ? found : NULL;
}

static int order(struct cli *c, const char *verb, const char *done)
{
	char path[256];
	json_t *o = NULL;
	int rc = get_members(c, c->arg[0], &o);

	if (rc)
		return rc;
	const char *id = member(json_object_get(o, "items"), c->arg[1], &rc);
	if (id) {
		/* the number is known to be one now */
		snprintf(path, sizeof(path), "/conferences/%.40s/members/%.40s/%s", c->arg[0], id, verb);
		rc = client_call(c, "POST", path, NULL, NULL);
	}
	if (!rc && !c->json)
		printf("%s %s.\n", c->arg[1], done);
	json_decref(o);
	return rc;
}

int verb_conference_mute(struct cli *c)
{
	return order(c, "mute", "is not heard any more");
}

int verb_conference_unmute(struct cli *c)
{
	return order(c, "unmute", "is heard again");
}

int verb_conference_kick(struct cli *c)
{
	return order(c, "kick", "was taken out of the conference");
}
