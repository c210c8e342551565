/*
 * verb_network.c - `network show`, `set` and `confirm`: addresses and ports, and the minute in which a change of them
 * is confirmed or taken back.
 */
#include "app/cli.h"
#include "app/out.h"

/* The change that waits; 0: none. */
static int waiting(struct cli *c, long long *id)
{
	json_t *o = NULL;
	int rc = client_call(c, "GET", "/network/main?live=1", NULL, &o);

	*id = rc ? 0 : (long long)ji(json_object_get(json_object_get(o, "live"), "waiting"), "change_id");
	json_decref(o);
	return rc;
}

static int confirm(struct cli *c, long long id)
{
	char path[64];

	snprintf(path, sizeof(path), "/network/confirm/%lld", id);
	return client_call(c, "POST", path, NULL, NULL);
}

int verb_network_confirm(struct cli *c)
{
	long long id;
	int rc = waiting(c, &id);

	if (!rc && !id)
		return cli_fail(CLI_NOT_FOUND, "no change of the network waits: it was confirmed, or taken back.");
	if (!rc)
		rc = confirm(c, id);
	if (!rc && !c->json)
		printf("Confirmed. The old addresses and ports are closed.\n");
	return rc;
}

int verb_network_set(struct cli *c)
{
	long long id;
	int rc = verb_only_set(c);

	if (rc)
		return rc;
	rc = waiting(c, &id);
	if (rc || !id)
		return rc;
	if (cli_flag(c, "confirm"))
		return confirm(c, id);
	if (!c->json)
		printf("It works beside the old settings now, and is taken back in 60 seconds unless you confirm it:\n"
		       "  %s network confirm%s\n",
		       c->prog, cli_data_hint(c));
	return CLI_OK;
}

static void say_live(const json_t *live)
{
	json_t *v;
	const char *name;
	size_t i;

	json_object_foreach(json_object_get(live, "held"), name, v)
		printf("%s has no effect: the server was started with %s.\n", name, json_string_value(v));
	json_array_foreach(json_object_get(live, "next_start"), i, v)
		printf("%s holds from the next start on.\n", json_string_value(v));
	if (ji(json_object_get(live, "waiting"), "change_id"))
		printf("A change waits for `network confirm`.\n");
}

int verb_network_show(struct cli *c)
{
	json_t *o = NULL;
	int rc = verb_only_show(c);

	if (rc || c->json)
		return rc;
	rc = client_call(c, "GET", "/network/main?live=1", NULL, &o);
	say_live(json_object_get(o, "live"));
	json_decref(o);
	return rc;
}
