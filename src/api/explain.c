/*
 * explain.c - where a number leads and why, and what the fraud brakes count.
 */
#include <string.h>
#include "api/api_priv.h"

void api_explain(struct job *j)
{
	struct pbx_explain x = {.from = job_param(j, "from"), .to = job_param(j, "to"), .trunk = job_param(j, "trunk")};
	const char *at = job_param(j, "at");
	json_t *o;

	if (!x.from || !x.to || !*x.to) {
		job_error(j, 422, "invalid", x.from ? "to" : "from",
			  "Say who calls and what is dialled: ?from=100&to=0301234");
		return;
	}
	if (at && api_time_parse(at, &x.at_ms)) {
		job_error(j, 422, "invalid", "at", "\"%s\" is no time. Write it so: 2026-01-31 or 2026-01-31T18:30.",
			  at);
		return;
	}
	o = pbx_json_explain(j->api->pbx, &x);
	if (o)
		job_reply(j, 200, o);
	else
		job_fail(j, ENOMEM, NULL);
}

void api_brakes(struct job *j)
{
	job_items(j, pbx_json_brakes(j->api->pbx));
}
