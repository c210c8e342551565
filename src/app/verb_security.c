/*
 * verb_security.c - `security`: bans as a table, made by hand, lifted.
 */
#include <string.h>
#include "app/cli.h"
#include "app/out.h"
#include "base/clock.h"

static void put_bans(const json_t *items)
{
	static const char *const title[] = {"ADDRESS", "PORT", "USER", "SINCE", "LEFT", "DROPPED", "REASON"};
	char when[32], left[32];
	struct table t;
	size_t i;
	json_t *b;

	table_init(&t, title, ARRAY_LEN(title), 1u << 4 | 1u << 5);
	json_array_foreach(items, i, b)
	{
		table_cell(&t, js(b, "address"));
		if (ji(b, "port"))
			table_cellf(&t, "%lld", (long long)ji(b, "port"));
		else
			table_cell(&t, "all");
		table_cell(&t, *js(b, "user") ? js(b, "user") : "all");
		table_cell(&t, clock_local(ji(b, "since_ms"), when));
		table_cell(&t, out_seconds(ji(b, "left_s"), left));
		table_cellf(&t, "%lld", (long long)ji(b, "dropped"));
		table_cell(&t, js(b, "reason"));
	}
	table_print(&t);
}

int verb_security(struct cli *c)
{
	json_t *o = NULL, *sum = NULL, *d;
	int rc = client_call(c, "GET", "/security/bans", NULL, &o);

	if (!rc)
		rc = client_call(c, "GET", "/security", NULL, &sum);
	if (rc) {
		json_decref(o);
		return rc;
	}
	if (c->json) {
		(void)json_object_update(sum, o);
		out_json(sum);
	} else {
		if (json_array_size(json_object_get(o, "items")))
			put_bans(json_object_get(o, "items"));
		else
			printf("Nobody is banned.\n");
		d = json_object_get(sum, "dropped");
		printf("\nSince the start %lld packets of banned ones were dropped, %lld over a budget, %lld of "
		       "scanners; "
		       "%lld addresses are watched.\n",
		       (long long)ji(d, "banned"), (long long)ji(d, "busy"), (long long)ji(d, "scans"),
		       (long long)ji(sum, "watched"));
	}
	json_decref(o);
	json_decref(sum);
	return CLI_OK;
}

int verb_ban(struct cli *c)
{
	enum { YEAR_S = 365 * 24 * 3600 };
	json_t *o = NULL, *body;
	uint32_t s = 0;
	int rc;

	if (!cli_number(c, "seconds", 1, YEAR_S, &s))
		return CLI_USAGE;
	body = json_pack("{s:s, s:i, s:s*}", "address", c->arg[0], "seconds", (int)s, "reason", cli_opt(c, "reason"));
	if (!body)
		return cli_usage(c, "the address or the reason is not text in UTF-8.");
	rc = client_call(c, "POST", "/security/bans", body, &o);
	json_decref(body);
	json_decref(o);
	if (!rc && !c->json)
		printf("%s is banned.\n", c->arg[0]);
	return rc;
}

int verb_lift(struct cli *c)
{
	char *path = client_path("/security/bans/", c->arg[0]);
	json_t *o = NULL;
	int rc = client_call(c, "DELETE", path ? path : "/security/bans", NULL, &o);

	mem_deref(path);
	json_decref(o);
	if (!rc && !c->json)
		printf("%s %s no longer banned.\n", c->arg[0], strcmp(c->arg[0], "all") ? "is" : "are");
	return rc;
}
