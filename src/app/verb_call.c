/*
 * verb_call.c - `call`, `calls hold`, `calls resume`: place a call, put a party of one on hold.
 */
#include <string.h>
#include "app/cli.h"
#include "app/out.h"

int verb_call(struct cli *c)
{
	json_t *o = NULL, *body = json_pack("{s:s, s:s}", "from", c->arg[0], "to", c->arg[1]);
	const char *name = cli_opt(c, "name");
	int rc;

	if (body && name)
		(void)json_object_set_new(body, "caller_name", json_string(name));
	if (body && cli_flag(c, "auto-answer"))
		(void)json_object_set_new(body, "auto_answer", json_true());
	if (!body)
		return cli_fail(CLI_FAILED, "the numbers are not text in UTF-8.");
	rc = client_call(c, "POST", "/calls", body, &o);
	json_decref(body);
	if (!rc && c->json)
		out_json(o);
	else if (!rc)
		printf("Call %s: %s rings; who answers there calls %s.\n", js(o, "id"), c->arg[0], c->arg[1]);
	json_decref(o);
	return rc;
}

static int post(struct cli *c, const char *id, const char *what, const char *by)
{
	json_t *body = json_pack("{s:s}", "by", by);
	char path[64];
	int rc;

	if (!body)
		return cli_fail(CLI_FAILED, "memory is out.");
	snprintf(path, sizeof(path), "/calls/%.30s/%s", id, what);
	rc = client_call(c, "POST", path, body, NULL);
	json_decref(body);
	return rc;
}

static int hold(struct cli *c, const char *what)
{
	const char *by = cli_opt(c, "by"), *id;
	json_t *o = NULL;
	int rc;

	if (by && strcmp(by, "caller") && strcmp(by, "callee"))
		return cli_usage(c, "--by is caller or callee: in whose name the other one is put on hold.");
	rc = client_list(c, "/calls", &o);
	if (rc)
		return rc;
	id = calls_match(json_object_get(o, "items"), c->arg[0], &rc);
	if (id)
		rc = post(c, id, what, by ? by : "callee");
	json_decref(o);
	return rc;
}

int verb_hold(struct cli *c)
{
	return hold(c, "hold");
}

int verb_resume(struct cli *c)
{
	return hold(c, "resume");
}
