/*
 * explain.c - `route explain`: asks plan_decide(), the code that routes calls, and tells each rule that it met.
 */
#include "pbx/routed.h"

static json_t *attempts(const struct plan_decision *d)
{
	json_t *v = json_array();

	for (size_t i = 0; i < d->nattempt; i++) {
		const struct plan_attempt *a = &d->attempt[i];

		(void)json_array_append_new(v, json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:b}", "trunk", a->trunk,
							 "number", a->number, "caller_id", a->caller.number,
							 "caller_name", a->caller.name, "hidden", (int)a->caller.hidden,
							 "preempts", (int)a->preempt, "down", (int)a->down));
	}
	return v;
}

static void sentence(struct buf *b, const struct plan_decision *d)
{
	switch (d->kind) {
	case PLAN_FEATURE:
		buf_printf(b, "It leads to the feature %s.", d->target);
		break;
	case PLAN_EXTENSION:
		buf_printf(b, "Extension %s rings.", d->target);
		break;
	case PLAN_CONFERENCE:
		buf_printf(b, "It leads into the conference %s.", d->target);
		break;
	case PLAN_TEST:
		buf_str(b, "The emergency test answers; the location goes into the call record.");
		break;
	case PLAN_REFUSE:
		buf_printf(b, "It is refused: %u, %s.", d->code, d->words);
		break;
	default:
		buf_str(b, d->kind == PLAN_EMERGENCY ? "An emergency call" : "It goes");
		for (size_t i = 0; i < d->nattempt; i++)
			buf_printf(b, "%s by trunk %s as %s%s", i ? ", then" : "", d->attempt[i].trunk,
				   d->attempt[i].number,
				   d->attempt[i].preempt ? " (another call is ended)"
				   : d->attempt[i].down  ? " (it seems to be down)"
							 : "");
		buf_char(b, '.');
	}
}

static const char *kind_name(enum plan_kind k)
{
	static const char *const names[] = {"refuse",    "feature",        "extension", "outside",
					    "emergency", "emergency test", "conference"};

	return names[k];
}

static json_t *decision(const struct plan_decision *d)
{
	struct buf b;
	json_t *o;

	buf_init(&b);
	sentence(&b, d);
	o = json_pack("{s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:s%, s:o}", "kind", kind_name(d->kind), "code",
		      d->kind == PLAN_REFUSE ? (int)d->code : 0, "words", d->words, "target", d->target, "route",
		      d->route, "e164", d->e164, "caller_name", d->caller.name, "sentence", b.p ? b.p : "", b.l,
		      "attempts", attempts(d));
	buf_free(&b);
	return o;
}

json_t *pbx_json_explain(struct pbx *p, const struct pbx_explain *x)
{
	struct plan_trace t = {.steps = json_array()};
	struct plan_query q = {.from = x->from, .from_name = "", .trunk = x->trunk, .dialled = x->to};
	const struct ptrunk *line = x->trunk ? ptrunk_find(p, slice_str(x->trunk)) : NULL;
	struct plan_decision d;
	struct plan_view v;

	/* a call by a line that can prove itself is taken for one that does */
	q.forgeable = line && !line->proven;
	if (!t.steps)
		return NULL;
	route_view(p, &v, x->at_ms);
	plan_decide(&p->plan, &v, &q, &d, &t);
	return json_pack("{s:s, s:s, s:s, s:I, s:o, s:o}", "from", x->from, "to", x->to, "trunk",
			 x->trunk ? x->trunk : "", "at", (json_int_t)(x->at_ms ? x->at_ms : loop_wall_ms(p->loop)),
			 "steps", t.steps, "decision", decision(&d));
}
