/*
 * trunk.c - how trunks are: state in words, history, and a check now. Their settings are a resource like others.
 */
#include "api/api_priv.h"
#include "pbx/trunk.h"

void api_trunks(struct job *j)
{
	job_items(j, pbx_json_trunks(j->api->pbx));
}

void api_trunk_status(struct job *j)
{
	json_t *o = pbx_json_trunk(j->api->pbx, slice_str(j->seg[1]));

	j->noun = "trunk";
	if (o)
		job_reply(j, 200, o);
	else
		job_fail(j, ENOENT, NULL);
}

void api_trunk_test(struct job *j)
{
	int err = pbx_trunk_test(j->api->pbx, slice_str(j->seg[1]));

	j->noun = "trunk";
	if (err == ERR_STATE)
		job_error(j, 409, "off", NULL,
			  "The trunk is switched off. Switch it on: offhook trunk set %s --enabled yes", j->seg[1]);
	else if (err)
		job_fail(j, err, NULL);
	else
		api_trunk_status(j);
}
