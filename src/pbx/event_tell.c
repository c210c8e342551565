/*
 * event_tell.c - registrations, trunks, alarms, members of conferences, recordings and changes of configuration as
 * events. Each asks first whether anybody wants to know.
 */
#include <stdio.h>
#include "call/recording.h"
#include "pbx/conference_priv.h"
#include "pbx/event.h"
#include "pbx/recording.h"
#include "pbx/trunk.h"

static json_t *with(json_t *o, const char *name, bool on)
{
	if (o && on)
		(void)json_object_set_new(o, name, json_true());
	return o;
}

void event_registration(const struct extension *e, const struct contact *c, bool gone)
{
	const char *about[] = {e->number, NULL};
	char key[256];
	int64_t now;

	if (!e->pbx || !event_wanted(e->pbx, EVENT_REGISTRATION))
		return;
	now = loop_wall_ms(e->pbx->loop);
	(void)snprintf(key, sizeof(key), "%s %.*s", e->number, SLICE_FMT(c->uri));
	event_publish(e->pbx, EVENT_REGISTRATION, key, about, with(view_binding(e, c, now), "gone", gone));
}

void event_alarm(struct pbx *p, const struct alarm *a, bool cleared)
{
	if (event_wanted(p, EVENT_ALARM))
		event_publish(p, EVENT_ALARM, a->id, NULL, with(alarm_one(a), "cleared", cleared));
}

void event_trunk(const struct ptrunk *t, bool gone)
{
	if (t->pbx && event_wanted(t->pbx, EVENT_TRUNK))
		event_publish(t->pbx, EVENT_TRUNK, t->name, NULL,
			      with(pbx_json_trunk(t->pbx, slice_str(t->name)), "gone", gone));
}

void event_member(const struct seat *s, bool gone)
{
	struct pbx *p = s->f->pbx;
	const struct leg *l = s->leg;
	const char *about[] = {l->trunk ? NULL : l->party.number, NULL};
	char key[80];

	if (!p || !event_wanted(p, EVENT_CONFERENCE))
		return;
	(void)snprintf(key, sizeof(key), "%s %s", s->f->number, l->call->id);
	event_publish(p, EVENT_CONFERENCE, key, about, with(conference_seat_json(s), "gone", gone));
}

void event_recording(const struct record_note *n, const struct recording_info *i, const char *state)
{
	const char *about[] = {NULL, NULL, NULL};
	size_t k = 0;

	if (!event_wanted(n->pbx, EVENT_RECORDING))
		return;
	/* a trunk's caller may show any number: only who called an extension of ours, or is one that is called */
	if (*n->to && extension_find(n->pbx, slice_str(n->to)))
		about[k++] = n->to;
	if (*n->from && n->from_ours)
		about[k] = n->from;
	event_publish(n->pbx, EVENT_RECORDING, n->id, about,
		      json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:b}", "id", n->id, "call_id", n->call_id,
				"state", state, "from", n->from, "to", n->to, "file", i->file ? i->file : "",
				"start_ms", (json_int_t)n->start_ms, "ms", (json_int_t)i->ms, "paused",
				(int)i->paused));
}

void event_config(struct pbx *p, int64_t change_id, const char *author, const char *text, json_t *items)
{
	char key[24];

	(void)snprintf(key, sizeof(key), "%lld", (long long)change_id);
	event_publish(p, EVENT_CONFIG, key, NULL,
		      json_pack("{s:I, s:s, s:s, s:O}", "change_id", (json_int_t)change_id, "author",
				author ? author : "", "text", text ? text : "", "items", items));
}
