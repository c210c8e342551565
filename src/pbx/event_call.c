/*
 * event_call.c - calls as events: those that changed are told with the next batch, so that a call that is made, rings
 * and is answered in a moment is told once; its end at once, because it is gone next.
 */
#include "base/mem.h"
#include "pbx/event_priv.h"
#include "call/quality.h"
#include "pbx/routed.h"

/* Extensions that a call is about. */
struct about {
	const char *v[EVENT_EXTS + 1];
	size_t n;
};

static void add(struct about *a, const char *number)
{
	if (a->n < EVENT_EXTS && *number)
		a->v[a->n++] = number;
}

/* Who takes part, and who rings: never who a trunk says is calling. */
static void collect(struct about *a, const struct call *c, const struct pbx_call *pc)
{
	*a = (struct about){.n = 0};
	LIST_EACH (&c->legs, k) {
		const struct leg *l = LINK_OBJ(k, struct leg, le);

		if (!l->trunk)
			add(a, l->party.number);
	}
	LIST_EACH (&pc->held, k) {
		const struct held *h = LINK_OBJ(k, struct held, le);

		if (h->ext)
			add(a, h->ext->number);
	}
}

static json_t *ended(const struct call *c, uint64_t now)
{
	static _Thread_local struct call_record r; /* some kilobytes */
	json_t *o = view_call(c, now);

	if (!o)
		return NULL;
	call_record_get(c, &r);
	json_object_update_new(o, json_pack("{s:s, s:s, s:s, s:s, s:i, s:s, s:s}", "state", "ended", "from", r.from,
					    "answered_by", r.answered_by, "outcome", r.outcome, "code", (int)r.code,
					    "words", r.words, "ended_by", r.ended_by));
	if (r.nlegs && r.leg[0].hidden)
		json_object_set_new(o, "hidden", json_true());
	return o;
}

static void tell(struct call *c, const struct pbx_call *pc)
{
	struct pbx *p = pc->pbx;
	uint64_t now = loop_now_ms(p->loop);
	struct about a;

	json_t *o = c->state == CALL_ENDING ? ended(c, now) : view_call(c, now);

	collect(&a, c, pc);
	event_publish_both(p, EVENT_CALL, c->id, a.v, o, event_has_guests(p) ? pbx_json_for_guest(o) : NULL);
}

void event_call(struct call *c, struct pbx_call *pc)
{
	struct pbx *p = pc->pbx;

	if (!event_wanted(p, EVENT_CALL))
		return;
	if (c->state == CALL_ENDING) {
		list_unlink(&pc->dirty);
		tell(c, pc);
	} else if (!pc->dirty.list) {
		list_append(&p->events->dirty, &pc->dirty);
		event_soon(p->events);
	}
}

void event_calls(struct event_bus *b)
{
	LIST_EACH (&b->dirty, k) {
		struct pbx_call *pc = LINK_OBJ(k, struct pbx_call, dirty);

		list_unlink(k);
		tell(pc->call, pc);
	}
}

/* ------------------------------------------------------------------ how they sound */

static json_t *leg_figures(const struct leg *l)
{
	struct leg_quality q;
	json_t *o;

	if (!leg_quality(l, &q))
		return NULL;
	o = json_pack("{s:s, s:b}", "number", l->party.hidden ? "" : l->party.number, "outgoing", (int)l->outgoing);
	if (o)
		view_quality(o, &q);
	return o;
}

void event_quality_of(struct call *c, void *arg)
{
	struct pbx *p = arg;
	const struct pbx_call *pc = c->owner;
	struct about a;
	json_t *legs;

	if (c->state != CALL_UP || !pc)
		return;
	legs = json_array();
	LIST_EACH (&c->legs, k) {
		json_t *o = leg_figures(LINK_OBJ(k, struct leg, le));

		if (o)
			(void)json_array_append_new(legs, o);
	}
	collect(&a, c, pc);
	event_publish(p, EVENT_QUALITY, c->id, a.v, json_pack("{s:s, s:o}", "id", c->id, "legs", legs));
}
