/*
 * conference.c - who is in a conference now, and orders to them. The conferences themselves are a resource like others.
 */
#include "api/api_priv.h"
#include "pbx/conference.h"

void api_members(struct job *j)
{
	const char *number = job_param(j, "conference");

	job_items(j, pbx_json_members(j->api->pbx, slice_str(number ? number : "")));
}

void api_conference_members(struct job *j)
{
	if (conference_find(j->api->pbx, slice_str(j->seg[1])))
		job_items(j, pbx_json_members(j->api->pbx, slice_str(j->seg[1])));
	else
		job_error(j, 404, "not_found", NULL, "There is no conference %s.", j->seg[1]);
}

static void order(struct job *j, enum conference_order o)
{
	if (pbx_conference_order(j->api->pbx, slice_str(j->seg[1]), slice_str(j->seg[3]), o, j->author))
		job_error(j, 404, "not_found", NULL, "There is no member %s in a conference %s.", j->seg[3], j->seg[1]);
	else
		job_reply(j, 204, NULL);
}

void api_member_mute(struct job *j)
{
	order(j, CONFERENCE_MUTE);
}

void api_member_unmute(struct job *j)
{
	order(j, CONFERENCE_UNMUTE);
}

void api_member_kick(struct job *j)
{
	order(j, CONFERENCE_KICK);
}
