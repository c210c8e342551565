/*
 * security.c - bans: shown, made by hand, lifted.
 */
#include "api/api_priv.h"
#include "pbx/security.h"

void api_security(struct job *j)
{
	json_t *o = pbx_json_security(j->api->pbx);

	if (o)
		job_reply(j, 200, o);
	else
		job_fail(j, ERR_STATE, "Only a running server bans anybody.");
}

void api_bans(struct job *j)
{
	job_items(j, pbx_json_bans(j->api->pbx));
}

static void answer(struct job *j, int err, const char *net)
{
	if (err == ERR_SYNTAX)
		job_error(j, 422, "invalid", "address",
			  "\"%s\" is no address or network. Write 192.0.2.7 or 198.51.100.0/24.", net);
	else if (err == EPERM)
		job_error(j, 409, "conflict", "address", "%s is allowed for ever; take it out of that list first.",
			  net);
	else if (err == ERR_LIMIT)
		job_error(j, 409, "conflict", "address", "There are too many banned networks; lift some first.");
	else if (err == ERR_STATE)
		job_fail(j, err, "Only a running server bans anybody.");
	else if (err)
		job_fail(j, err, NULL);
	else
		job_reply(j, 204, NULL);
}

void api_ban(struct job *j)
{
	enum { YEAR_S = 365 * 24 * 3600 };
	const char *net = json_text(j->body, "address"), *why = json_text(j->body, "reason");
	json_t *s = json_object_get(j->body, "seconds");
	json_int_t v = json_is_integer(s) ? json_integer_value(s) : 0;

	if (!net) {
		job_error(j, 422, "invalid", "address", "\"address\" is needed.");
		return;
	}
	if ((s && !json_is_integer(s)) || v < 0 || v > YEAR_S) {
		job_error(j, 422, "invalid", "seconds", "\"seconds\" must be a whole number up to %d.", YEAR_S);
		return;
	}
	answer(j, pbx_ban(j->api->pbx, net, (uint32_t)v, why, j->author), net);
}

void api_lift(struct job *j)
{
	j->noun = "ban of";
	answer(j, pbx_lift(j->api->pbx, j->seg[2], j->author), j->seg[2]);
}
