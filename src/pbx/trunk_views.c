/*
 * trunk_views.c - trunks as JSON, for command line, REST and page.
 */
#include "pbx/pbx_priv.h"
#include "pbx/trunk.h"

static const char *const states[] = {"starting", "up", "degraded", "down"};

static json_t *history_json(const struct trunk_status *st)
{
	json_t *v = json_array();

	for (size_t i = 0; i < st->nhistory; i++) {
		const struct trunk_event *e = &st->history[i];

		json_array_append_new(v, json_pack("{s:I, s:s, s:i, s:I, s:s}", "at_ms", (json_int_t)e->at_ms, "what",
						   e->what, "code", e->scode, "rtt_ms", (json_int_t)e->rtt_ms, "text",
						   e->text));
	}
	return v;
}

/* State and words. False: there is no line that could say more. */
static bool add_state(json_t *o, const struct ptrunk *t)
{
	struct trunk_status st;

	if (!t->line) {
		const char *words = t->enabled ? "not open" : "switched off";

		json_object_update_new(o, json_pack("{s:s, s:s}", "state", "off", "words", words));
		return false;
	}
	trunk_status(t->line, &st);
	json_object_update_new(o, json_pack("{s:s, s:s}", "state", states[st.state], "words", st.words));
	return true;
}

static void add_status(json_t *o, const struct ptrunk *t)
{
	struct trunk_status st;

	if (!add_state(o, t)) {
		(void)json_object_set_new(o, "history", json_array());
		return;
	}
	trunk_status(t->line, &st);
	json_object_update_new(o, json_pack("{s:s, s:I, s:I, s:b, s:o}", "server", st.server, "rtt_ms",
					    (json_int_t)st.rtt_ms, "registered_until_ms", (json_int_t)st.registered_ms,
					    "checking", (int)st.checking, "history", history_json(&st)));
	if (st.has_messages)
		json_object_update_new(o, json_pack("{s:{s:I, s:I}}", "messages", "new", (json_int_t)st.messages_new,
						    "old", (json_int_t)st.messages_old));
}

static json_t *trunk_json(const struct ptrunk *t)
{
	json_t *o = json_pack("{s:s, s:b, s:b, s:I, s:I, s:I, s:I, s:I}", "name", t->name, "enabled", (int)t->enabled,
			      "proven", (int)t->proven, "channels", (json_int_t)t->max, "channels_in",
			      (json_int_t)t->max_in, "channels_out", (json_int_t)t->max_out, "calls_in",
			      (json_int_t)t->in, "calls_out", (json_int_t)t->out);

	if (o)
		add_status(o, t);
	return o;
}

static void add_one(struct ptrunk *t, void *arg)
{
	(void)json_array_append_new(arg, trunk_json(t));
}

json_t *pbx_json_trunks(struct pbx *p)
{
	json_t *v = json_array();

	if (v)
		ptrunk_each(p, add_one, v);
	return v;
}

json_t *ptrunk_live(struct pbx *p, struct slice name)
{
	const struct ptrunk *t = ptrunk_find(p, name);
	json_t *o = t ? json_pack("{s:I}", "calls", (json_int_t)t->in + (json_int_t)t->out) : NULL;

	if (o)
		add_state(o, t);
	return o;
}

static void add_brief(struct ptrunk *t, void *arg)
{
	json_t *o = json_pack("{s:s}", "name", t->name);

	if (o) {
		add_state(o, t);
		(void)json_array_append_new(arg, o);
	}
}

json_t *ptrunk_json_brief(struct pbx *p)
{
	json_t *v = json_array();

	if (v)
		ptrunk_each(p, add_brief, v);
	return v;
}

json_t *pbx_json_trunk(struct pbx *p, struct slice name)
{
	const struct ptrunk *t = ptrunk_find(p, name);

	return t ? trunk_json(t) : NULL;
}

int pbx_trunk_test(struct pbx *p, struct slice name)
{
	struct ptrunk *t = ptrunk_find(p, name);

	if (!t)
		return ENOENT;
	if (!t->line)
		return ERR_STATE;
	trunk_test(t->line);
	return 0;
}
