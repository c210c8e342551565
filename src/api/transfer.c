/*
 * transfer.c - sending a party of a call elsewhere, as its phone could do.
 */
#include <string.h>
#include "api/api_priv.h"

void api_transfer(struct job *j)
{
	const char *to = json_string_value(json_object_get(j->body, "to"));
	const char *by = json_string_value(json_object_get(j->body, "by"));
	uint16_t code;

	j->noun = "call";
	if (!to || !*to) {
		job_error(j, 422, "invalid", "to", "\"to\" is needed: the number that the party is sent to.");
		return;
	}
	if (json_object_get(j->body, "by") && (!by || (strcmp(by, "caller") && strcmp(by, "callee")))) {
		job_error(j, 422, "invalid", "by", "\"by\" says who leaves the call: \"caller\" or \"callee\".");
		return;
	}
	code = pbx_transfer(j->api->pbx, slice_str(j->seg[1]), by && !strcmp(by, "caller"), to, j->author);
	if (!code)
		job_reply(j, 204, NULL);
	else if (code == 481)
		job_error(j, 404, "not_found", NULL, "There is no call %s.", j->seg[1]);
	else
		job_error(j, 409, "conflict", NULL, "The call cannot be transferred to %s: %s.", to,
			  code == 491 ? "another transfer is in progress" : hangup_words(code));
}
