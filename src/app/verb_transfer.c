/*
 * verb_transfer.c - `calls transfer`: send a party of a call elsewhere.
 */
#include <string.h>
#include "app/cli.h"
#include "app/out.h"

static int post(struct cli *c, const char *id, const char *by)
{
	char part[64];
	json_t *body = json_pack("{s:s, s:s}", "to", c->arg[1], "by", by);
	char *path;
	int rc;

	snprintf(part, sizeof(part), "%.30s", id);
	path = client_path("/calls/", part);
	if (!body || !path) {
		json_decref(body);
		mem_deref(path);
		return cli_fail(CLI_FAILED, "the number is not text in UTF-8.");
	}
	char whole[128];

	snprintf(whole, sizeof(whole), "%s/transfer", path);
	rc = client_call(c, "POST", whole, body, NULL);
	json_decref(body);
	mem_deref(path);
	return rc;
}

int verb_transfer(struct cli *c)
{
	const char *by = cli_opt(c, "by");
	json_t *o = NULL;
	int rc;

	if (by && strcmp(by, "caller") && strcmp(by, "callee"))
		return cli_usage(c, "--by is caller or callee: who leaves the call.");
	rc = client_list(c, "/calls", &o);
	if (rc)
		return rc;
	const char *id = calls_match(json_object_get(o, "items"), c->arg[0], &rc);
	if (id)
		rc = post(c, id, by ? by : "callee");
	if (!rc && !c->json)
		printf("%s is being called.\n", c->arg[1]);
	json_decref(o);
	return rc;
}
