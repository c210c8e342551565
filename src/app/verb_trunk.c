/*
 * verb_trunk.c - `trunk list`, `status`, `history`, `test`, and `add` that says how it went: lines to providers and how
 * they are. The settings themselves are verb_resource.c's.
 */
#include <string.h>
#include <unistd.h>
#include "app/cli.h"
#include "app/out.h"
#include "base/clock.h"

enum { W = 16, POLL_MS = 200, PATIENCE_MS = 12000, SHOWN = 5 /* events that `status` shows */ };

static enum style style_of(const char *state)
{
	if (!strcmp(state, "up"))
		return STYLE_GREEN;
	if (!strcmp(state, "down"))
		return STYLE_RED;
	return !strcmp(state, "degraded") ? STYLE_YELLOW : STYLE_DIM;
}

static char *trunk_path(const char *name, const char *tail)
{
	static char path[400];
	char *p = client_path("/trunks/", name);

	snprintf(path, sizeof(path), "%s%s", p ? p : "/trunks/", tail);
	mem_deref(p);
	return path;
}

/* "2 (of 10)": calls at once. */
static void channels_text(const json_t *t, char *dst, size_t size)
{
	long long n = ji(t, "calls_in"), max = ji(t, "channels");

	n += ji(t, "calls_out");
	if (max)
		snprintf(dst, size, "%lld of %lld", n, max);
	else
		snprintf(dst, size, "%lld", n);
}

static void print_table(const json_t *items)
{
	static const char *const title[] = {"NAME", "STATE", "CALLS", "ROUND TRIP", "HOW IT IS"};
	struct table tab;
	json_t *t;
	size_t i;

	table_init(&tab, title, ARRAY_LEN(title), 1u << 2 | 1u << 3);
	json_array_foreach(items, i, t)
	{
		char calls[40];

		channels_text(t, calls, sizeof(calls));
		table_cell(&tab, js(t, "name"));
		table_cell(&tab, js(t, "state"));
		table_cell(&tab, calls);
		if (ji(t, "rtt_ms"))
			table_cellf(&tab, "%lld ms", (long long)ji(t, "rtt_ms"));
		else
			table_cell(&tab, "-");
		table_cell(&tab, js(t, "words"));
	}
	table_print(&tab);
}

int verb_trunk_list(struct cli *c)
{
	json_t *o = NULL;

	/* without a server only the settings are known */
	if (c->json || client_try(c, "/trunk-status", &o) != CLI_OK || !json_array_size(json_object_get(o, "items"))) {
		json_decref(o);
		return verb_resource_list(c);
	}
	print_table(json_object_get(o, "items"));
	json_decref(o);
	return CLI_OK;
}

/* ------------------------------------------------------------------ one trunk */

static void put_event(const json_t *e)
{
	char when[32], rtt[32] = "";

	if (ji(e, "rtt_ms"))
		snprintf(rtt, sizeof(rtt), " (%lld ms)", (long long)ji(e, "rtt_ms"));
	printf("  %s  %-8s  %s%s\n", clock_local(ji(e, "at_ms"), when), js(e, "what"), js(e, "text"), rtt);
}

static void put_limits(const json_t *t)
{
	char calls[40];

	channels_text(t, calls, sizeof(calls));
	out_pair("calls now", W, "%s (%lld in, %lld out)", calls, (long long)ji(t, "calls_in"),
		 (long long)ji(t, "calls_out"));
	if (ji(t, "channels_in"))
		out_pair("", W, "%lld coming in at most", (long long)ji(t, "channels_in"));
	if (ji(t, "channels_out"))
		out_pair("", W, "%lld going out at most", (long long)ji(t, "channels_out"));
}

static void print_status(const json_t *t)
{
	const json_t *m = json_object_get(t, "messages"), *history = json_object_get(t, "history");
	const char *state = js(t, "state");
	char when[32];
	json_t *e;
	size_t i;

	printf("Trunk %s is %s%s%s.\n\n", js(t, "name"), out_style(style_of(state)), state, out_style(STYLE_OFF));
	out_pair("how it is", W, "%s", js(t, "words"));
	if (*js(t, "server"))
		out_pair("server in use", W, "%s", js(t, "server"));
	if (ji(t, "rtt_ms"))
		out_pair("round trip", W, "%lld ms", (long long)ji(t, "rtt_ms"));
	if (ji(t, "registered_until_ms"))
		out_pair("registered", W, "until %s", clock_local(ji(t, "registered_until_ms"), when));
	put_limits(t);
	if (m)
		out_pair("messages", W, "%lld new, %lld old wait with the provider", (long long)ji(m, "new"),
			 (long long)ji(m, "old"));
	out_pair("proof", W, "%s",
		 json_is_true(json_object_get(t, "proven")) ? "the provider proves itself"
							    : "calls are known by their address alone");
	if (json_array_size(history))
		printf("\nLast events:\n");
	json_array_foreach(history, i, e)
	{
		if (i < SHOWN)
			put_event(e);
	}
	if (json_array_size(history) > SHOWN)
		printf("  ... %zu more: offhook trunk history %s\n", json_array_size(history) - SHOWN, js(t, "name"));
}

static int exit_of(const json_t *t)
{
	return !strcmp(js(t, "state"), "up") || !strcmp(js(t, "state"), "degraded") ? CLI_OK : CLI_FAILED;
}

int verb_trunk_status(struct cli *c)
{
	json_t *o = NULL;
	int rc = client_call(c, "GET", c->narg ? trunk_path(c->arg[0], "/status") : "/trunk-status", NULL, &o);

	if (rc)
		return rc;
	if (c->json)
		out_json(o);
	else if (c->narg)
		print_status(o);
	else if (json_array_size(json_object_get(o, "items")))
		print_table(json_object_get(o, "items"));
	else
		printf("There are no trunks yet. Make one: %s trunk add ...\n", c->prog);
	json_decref(o);
	return CLI_OK;
}

int verb_trunk_history(struct cli *c)
{
	json_t *o = NULL, *e;
	size_t i;
	int rc = client_call(c, "GET", trunk_path(c->arg[0], "/status"), NULL, &o);

	if (rc)
		return rc;
	if (c->json)
		out_json(json_object_get(o, "history"));
	else if (!json_array_size(json_object_get(o, "history")))
		printf("Nothing has happened on trunk %s yet.\n", c->arg[0]);
	else
		json_array_foreach(json_object_get(o, "history"), i, e) put_event(e);
	json_decref(o);
	return CLI_OK;
}

/* ------------------------------------------------------------------ waiting for an answer */

static bool undecided(const json_t *t)
{
	return json_is_true(json_object_get(t, "checking")) || !strcmp(js(t, "state"), "starting");
}

/* Until what is on its way has been answered, or has not for too long. */
static int wait_for(struct cli *c, json_t **t)
{
	for (int ms = 0; undecided(*t) && ms < PATIENCE_MS; ms += POLL_MS) {
		json_t *now = NULL;

		usleep(POLL_MS * 1000);
		int rc = client_call(c, "GET", trunk_path(c->arg[0], "/status"), NULL, &now);
		if (rc)
			return rc;
		json_decref(*t);
		*t = now;
	}
	return CLI_OK;
}

static void put_result(const json_t *t)
{
	const char *state = js(t, "state");

	printf("%s%s%s: %s.\n", out_style(style_of(state)), state, out_style(STYLE_OFF), js(t, "words"));
}

int verb_trunk_test(struct cli *c)
{
	json_t *t = NULL, *e;
	int64_t begin = clock_wall_ms();
	size_t i;
	int rc = client_call(c, "POST", trunk_path(c->arg[0], "/test"), NULL, &t);

	if (!rc)
		rc = wait_for(c, &t);
	if (rc) {
		json_decref(t);
		return rc;
	}
	if (c->json) {
		out_json(t);
	} else {
		json_array_foreach(json_object_get(t, "history"), i, e)
		{
			if (ji(e, "at_ms") >= begin)
				put_event(e);
		}
		put_result(t);
	}
	rc = exit_of(t);
	json_decref(t);
	return rc;
}

int verb_trunk_add(struct cli *c)
{
	json_t *t = NULL;
	int rc = verb_resource_add(c);

	if (rc || c->json || !c->live || client_try(c, trunk_path(c->arg[0], "/status"), &t))
		return rc;
	rc = wait_for(c, &t);
	if (!rc) {
		put_result(t);
		printf("More: %s trunk status %s%s\n", c->prog, c->arg[0], cli_data_hint(c));
	}
	json_decref(t);
	return CLI_OK;
}
