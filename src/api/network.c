/*
 * network.c - /network/confirm: whoever changes addresses or ports says that they still reach the system.
 */
#include <stdio.h>
#include "api/api_priv.h"
#include "pbx/network.h"

void api_network_confirm(struct job *j)
{
	uint64_t id;

	if (slice_u64(slice_str(j->seg[2]), &id) || id == 0 || id > INT64_MAX)
		job_error(j, 400, "bad_parameter", "id", "\"%s\" is not the number of a change.", j->seg[2]);
	else if (pbx_network_confirm(j->api->pbx, (int64_t)id))
		job_error(j, 404, "not_found", NULL,
			  "No change %s of the network waits for its confirmation: it was confirmed, or taken back.",
			  j->seg[2]);
	else
		job_reply(j, 204, NULL);
}

void api_network_more(struct job *j, json_t *answer)
{
	json_t *wait, *live, *by;
	const char *name;
	char path[64];

	if (j->r != &pbx_network_resource)
		return;
	live = network_live(j->api->pbx);
	json_object_foreach(json_object_get(live, "held"), name, by)
	{
		if (json_object_get(j->body, name))
			job_warn(j, "%s has no effect while the server is started with %s.", name,
				 json_string_value(by));
	}
	json_decref(live);
	wait = pbx_network_waiting(j->api->pbx);
	if (!wait)
		return;
	snprintf(path, sizeof(path), "/api/v1/network/confirm/%lld",
		 (long long)json_integer_value(json_object_get(wait, "change_id")));
	(void)json_object_set(answer, "confirm_before_ms", json_object_get(wait, "confirm_before_ms"));
	(void)json_object_set_new(answer, "confirm", json_string(path));
	json_decref(wait);
}
