/*
 * views.c - the state of the phone system as JSON, for command line, REST and page.
 */
#include "pbx/pbx_priv.h"
#include "call/quality.h"
#include "call/recording.h"
#include "pbx/recording.h"
#include "pbx/trunk.h"

static const char *const transports[] = {"udp", "tcp", "tls", "ws", "wss"};

static json_t *text(struct slice s)
{
	return json_stringn(s.p ? s.p : "", s.l);
}

json_t *pbx_json_status(struct pbx *p)
{
	int64_t now = loop_wall_ms(p->loop);

	alarm_watch(p); /* how many records wait changes by the second */
	json_t *o = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "version", OFFHOOK_VERSION, "started_ms",
			      (json_int_t)p->started_ms, "uptime_s", (json_int_t)((now - p->started_ms) / 1000),
			      "extensions", (json_int_t)p->extensions.n, "registered", (json_int_t)p->registered,
			      "contacts", (json_int_t)p->contacts, "calls",
			      (json_int_t)(p->calls ? calls_count(p->calls) : 0), "alarms", alarm_json(p));

	if (o)
		(void)json_object_set_new(o, "trunks", ptrunk_json_brief(p));
	if (o)
		(void)json_object_set_new(o, "recordings", json_integer((json_int_t)record_count(p)));
	if (o && p->about)
		json_object_update_missing(o, p->about);
	return o;
}

json_t *view_binding(const struct extension *e, const struct contact *c, int64_t now)
{
	char src[SA_STRLEN];
	json_t *o = json_object();

	json_object_set_new(o, "extension", json_string(e->number));
	json_object_set_new(o, "name", json_string(e->name));
	json_object_set_new(o, "contact", text(c->uri));
	json_object_set_new(o, "source", json_string(sa_isset(&c->src) ? sa_str(&c->src, src) : ""));
	json_object_set_new(o, "transport",
			    json_string(c->transp < ARRAY_LEN(transports) ? transports[c->transp] : "?"));
	json_object_set_new(o, "user_agent", text(c->user_agent));
	json_object_set_new(o, "q", json_real(c->q / 1000.0));
	json_object_set_new(o, "expires_in_s", json_integer((c->expires_ms - now) / 1000));
	json_object_set_new(o, "since_ms", json_integer(c->since_ms));
	json_object_set_new(o, "natted", json_boolean(c->natted));
	return o;
}

struct walk {
	json_t *v;
	int64_t now;
};

static int add_bindings(struct hlink *h, void *arg)
{
	const struct extension *e = CONTAINER_OF(h, struct extension, le);
	struct walk *w = arg;

	if (!e->aor)
		return 0;
	LIST_EACH (&e->aor->bindings, k)
		json_array_append_new(w->v, view_binding(e, LINK_OBJ(k, struct binding, le)->c, w->now));
	return 0;
}

json_t *pbx_json_registrations(struct pbx *p)
{
	struct walk w = {.v = json_array(), .now = loop_wall_ms(p->loop)};

	(void)hash_each(&p->extensions, add_bindings, &w);
	return w.v;
}

json_t *pbx_json_devices(struct pbx *p, struct slice extension)
{
	struct walk w = {.v = json_array(), .now = loop_wall_ms(p->loop)};
	struct extension *e = extension_find(p, extension);

	if (e)
		(void)add_bindings(&e->le, &w);
	return w.v;
}

static const char *leg_state_name(enum leg_state s)
{
	static const char *const names[] = {"new", "ringing", "talking", "on hold", "ended"};

	return names[s];
}

static const char *call_state_name(enum call_state s)
{
	static const char *const names[] = {"routing", "ringing", "up", "ending"};

	return names[s];
}

void view_quality(json_t *o, const struct leg_quality *q)
{
	json_object_update_new(o, json_pack("{s:s, s:I, s:I, s:I, s:f, s:f, s:f, s:f}", "codec", q->codec, "received",
					    (json_int_t)q->received, "sent", (json_int_t)q->sent, "lost",
					    (json_int_t)q->lost, "lost_percent_now", q->lost_now, "jitter_ms",
					    q->jitter_ms, "rtt_ms", q->rtt_ms, "mos", q->mos));
	json_object_update_new(o, json_pack("{s:f, s:f, s:f, s:f, s:f, s:I, s:I, s:s}", "mos_now", q->mos_now,
					    "mos_min", q->mos_min, "far_mos", q->far_mos, "buffer_ms", q->buffer_ms,
					    "concealed_percent", q->concealed, "bad_seconds", (json_int_t)q->bad_s,
					    "auth_failed", (json_int_t)q->auth_failed, "verdict", q->verdict));
	if (q->has_level)
		json_object_set_new(o, "level_dbov", json_integer(q->level_dbov));
}

static json_t *leg_json(const struct leg *l)
{
	struct leg_quality q;
	char peer[SA_STRLEN];
	json_t *o = json_pack("{s:s, s:s, s:b, s:s, s:s, s:s, s:b}", "number", l->party.number, "name", l->party.name,
			      "hidden", l->party.hidden, "device", l->device, "address",
			      sa_isset(&l->peer) ? sa_str(&l->peer, peer) : "", "state", leg_state_name(l->state),
			      "outgoing", l->outgoing);

	if (o && leg_quality(l, &q))
		view_quality(o, &q);
	return o;
}

json_t *view_call(const struct call *c, uint64_t now)
{
	json_t *legs = json_array(), *o;

	LIST_EACH (&c->legs, k)
		json_array_append_new(legs, leg_json(LINK_OBJ(k, struct leg, le)));
	o = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:o}", "id", c->id, "from", call_from(c), "to", c->dialled,
		      "state", call_state_name(c->state), "seconds", (json_int_t)((now - c->start_ms) / 1000),
		      "talk_seconds", (json_int_t)(c->answer_ms ? (now - c->answer_ms) / 1000 : 0), "legs", legs);
	if (o && c->diverted) {
		char text[160];

		diverted_text(text, sizeof(text), c->diverted);
		json_object_set_new(o, "diverted", json_string(text));
	}
	if (o && call_recording(c)) {
		struct recording_info i;

		recording_info(call_recording(c), &i);
		json_object_set_new(o, "recording", json_string(i.paused ? "paused" : "on"));
	}
	return o;
}

static void add_call(struct call *c, void *arg)
{
	struct walk *w = arg;

	json_array_append_new(w->v, view_call(c, (uint64_t)w->now));
}

json_t *pbx_json_calls(struct pbx *p)
{
	struct walk w = {.v = json_array(), .now = (int64_t)loop_now_ms(p->loop)};

	if (p->calls)
		calls_each(p->calls, add_call, &w);
	return w.v;
}

/* ------------------------------------------------------------------ not for everybody */

static void blank(json_t *o, const char *name)
{
	if (json_object_get(o, name))
		(void)json_object_set_new(o, name, json_string(""));
}

json_t *pbx_json_for_guest(const json_t *call)
{
	json_t *o = json_deep_copy(call), *l;
	bool hidden = json_is_true(json_object_get(o, "hidden"));
	size_t i;

	json_array_foreach(json_object_get(o, "legs"), i, l)
	{
		(void)json_object_del(l, "address");
		(void)json_object_del(l, "device");
		if (!json_is_true(json_object_get(l, "hidden")))
			continue;
		blank(l, "number");
		blank(l, "name");
		hidden = hidden || !json_is_true(json_object_get(l, "outgoing"));
	}
	if (hidden) {
		blank(o, "from");
		blank(o, "words");
		blank(o, "diverted");
	}
	return o;
}
