/*
 * verb_route.c - `route explain`: where a call would go and why; `brakes use`: what has been used.
 */
#include <string.h>
#include "app/cli.h"
#include "app/out.h"

static void put_steps(const json_t *steps)
{
	size_t i;
	json_t *s;

	json_array_foreach(steps, i, s)
	{
		bool yes = json_is_true(json_object_get(s, "matched"));

		printf("  %s%s%s %-14s %s%s%s\n", out_style(yes ? STYLE_GREEN : STYLE_YELLOW), yes ? "+" : "-",
		       out_style(STYLE_OFF), js(s, "rule"), js(s, "name"), *js(s, "name") ? ": " : "", js(s, "text"));
	}
}

static void put_attempts(const json_t *v)
{
	size_t i;
	json_t *a;

	json_array_foreach(v, i, a)
	{
		bool hidden = json_is_true(json_object_get(a, "hidden"));
		const char *id = js(a, "caller_id");

		printf("  %zu. trunk %s gets %s, caller id %s%s%s\n", i + 1, js(a, "trunk"), js(a, "number"),
		       *id ? id : "of the trunk", hidden ? " (hidden)" : "",
		       json_is_true(json_object_get(a, "preempts")) ? "; another call is ended for it"
		       : json_is_true(json_object_get(a, "down"))   ? "; it seems to be down"
								    : "");
	}
}

int verb_route_explain(struct cli *c)
{
	json_t *o = NULL, *d;
	struct buf b;
	char *path = NULL;
	int rc;

	buf_init(&b);
	buf_str(&b, "/routes/explain");
	client_param(&b, "from", c->arg[0]);
	client_param(&b, "to", c->arg[1]);
	client_param(&b, "at", cli_opt(c, "at"));
	client_param(&b, "trunk", cli_opt(c, "trunk"));
	rc = buf_strdup(&b, &path) ? cli_fail(CLI_FAILED, "memory is out.") : client_call(c, "GET", path, NULL, &o);
	buf_free(&b);
	mem_deref(path);
	if (rc)
		return rc;
	d = json_object_get(o, "decision");
	if (c->json) {
		out_json(o);
	} else {
		printf("%s calls %s%s%s\n", js(o, "from"), js(o, "to"), *js(o, "trunk") ? " by trunk " : "",
		       js(o, "trunk"));
		put_steps(json_object_get(o, "steps"));
		printf("\n%s%s%s\n", out_style(strcmp(js(d, "kind"), "refuse") ? STYLE_GREEN : STYLE_RED),
		       js(d, "sentence"), out_style(STYLE_OFF));
		put_attempts(json_object_get(d, "attempts"));
	}
	json_decref(o);
	return CLI_OK;
}

/* "3 of 10", or "3" where there is no limit. */
static void used_cell(struct table *t, const json_t *v, const char *used, const char *max)
{
	if (ji(v, max))
		table_cellf(t, "%lld of %lld", (long long)ji(v, used), (long long)ji(v, max));
	else
		table_cellf(t, "%lld", (long long)ji(v, used));
}

int verb_brakes_use(struct cli *c)
{
	static const char *const title[] = {"WHAT", "NAME", "CALLS NOW", "LAST MINUTE", "MINUTES TODAY"};
	json_t *o = NULL, *v;
	struct table t;
	size_t i;
	int rc = client_show(c, "/brakes/use", &o);

	if (rc || !o)
		return rc;
	if (json_array_size(json_object_get(o, "items")) == 0)
		printf("Nobody has called outside today.\n");
	table_init(&t, title, ARRAY_LEN(title), 0x1c);
	json_array_foreach(json_object_get(o, "items"), i, v)
	{
		table_cell(&t, js(v, "what"));
		table_cell(&t, js(v, "name"));
		used_cell(&t, v, "calls", "calls_max");
		used_cell(&t, v, "last_minute", "per_minute_max");
		used_cell(&t, v, "minutes_today", "minutes_max");
	}
	if (json_array_size(json_object_get(o, "items")))
		table_print(&t);
	json_decref(o);
	return CLI_OK;
}
