/*
 * route_out.c - calls to the outside: the lines of a decision are tried in order. Another line is taken where the one
 * before has no channel or fails (408 without a sign, 5xx); never where the called party or its network has answered
 * for it (busy, no such number, declined).
 */
#include "base/log.h"
#include "base/mem.h"
#include "pbx/route.h"

enum { RING_OUT_MS = 120000, EMERGENCY_RING_MS = 300000, MINUTE_MS = 60000 };

static bool more_lines(const struct lines *l)
{
	return l->at < l->n;
}

bool route_line_at_fault(const struct lines *l, const struct hangup *h)
{
	if (l->emergency)
		return h->code != 487 && h->code < 600;
	return (h->code >= 500 && h->code < 600) || h->code == 401 || h->code == 407 ||
	       ((h->code == 408 || h->code == 480) && h->silent);
}

static void try_next(struct call *c, struct pbx_call *pc, const struct hangup *last);

static void line_failed(struct call *c, const struct hangup *h, void *arg)
{
	struct pbx_call *pc = c->owner;

	(void)arg;
	if (!pc || !pc->lines) {
		call_hangup(c, h);
		return;
	}
	routed_drop_line(pc, 0);
	if (!route_line_at_fault(pc->lines, h)) {
		call_hangup(c, h);
		return;
	}
	log_info("pbx", "%s: trunk %s failed (%u %s)", c->id, pc->lines->v[pc->lines->at - 1].trunk, h->code,
		 h->text ? h->text : hangup_words(h->code));
	try_next(c, pc, h);
}

void route_note_line(struct pbx_call *pc, const struct call *c, const struct plan_attempt *a)
{
	struct routed *r = routed_note(pc, c);

	if (!r)
		return;
	(void)slice_copy(r->trunk, sizeof(r->trunk), slice_str(a->trunk));
	(void)slice_copy(r->number, sizeof(r->number), slice_str(a->number));
	(void)slice_copy(r->caller, sizeof(r->caller), slice_str(a->caller.number));
}

static int dial_line(struct call *c, struct pbx_call *pc, const struct plan_attempt *a, struct ptrunk *t)
{
	bool emergency = pc->lines->emergency;
	struct dial_target target = {.number = slice_str(a->number), .trunk = t->line, .caller = &a->caller};
	struct dial_cfg cfg = {.targets = &target,
			       .n = 1,
			       .ring_ms = emergency ? EMERGENCY_RING_MS : RING_OUT_MS,
			       .caller = a->caller,
			       .failed = more_lines(pc->lines) ? line_failed : NULL};
	int err = routed_hold_trunk(pc, t, true, emergency, pc->payer);

	if (!err)
		err = call_dial(c, &cfg);
	if (err) {
		log_warn("pbx", "%s: cannot call by trunk %s: %s", c->id, t->name, err_str(err));
		routed_drop_line(pc, 0);
	} else {
		log_info("pbx", "%s: %s by trunk %s", c->id, a->number, t->name);
		route_note_line(pc, c, a);
	}
	return err;
}

const struct plan_attempt *route_next_line(struct pbx_call *pc, struct lines *l, bool cuts, struct ptrunk **tp)
{
	struct call *c = pc->call;

	while (more_lines(l)) {
		const struct plan_attempt *a = &l->v[l->at++];
		struct ptrunk *t = ptrunk_find(pc->pbx, slice_str(a->trunk));
		const char *why = t ? ptrunk_blocked(t, true) : "there is no such trunk";

		while (why && t && cuts && a->preempt && emergency_can_cut(pc->pbx, t) && emergency_cut(pc->pbx, t))
			why = ptrunk_blocked(t, true);
		/* what is thought to be down may work all the same: for an emergency it is tried in the end */
		if (why && l->emergency && (a->down || !more_lines(l)) && ptrunk_only_down(t))
			why = NULL;
		if (!why && !l->emergency)
			why = brake_limit(pc->pbx, t->name, true);
		if (!why) {
			*tp = t;
			return a;
		}
		log_info("pbx", "%s: not by trunk %s: %s", c->id, a->trunk, why);
	}
	return NULL;
}

static void try_next(struct call *c, struct pbx_call *pc, const struct hangup *last)
{
	static const struct hangup none = {.code = 503, .text = "no line is free"};
	const struct plan_attempt *a;
	struct ptrunk *t;

	for (;;) {
		a = route_next_line(pc, pc->lines, true, &t);
		if (!a) {
			call_hangup(c, last ? last : &none);
			return;
		}
		if (!dial_line(c, pc, a, t))
			return;
	}
}

static void too_long(void *arg)
{
	static const struct hangup h = {.code = 200, .text = "ended: the limit for the length of outside calls"};
	struct pbx_call *pc = arg;

	call_hangup(pc->call, &h);
}

void route_out_answered(struct call *c, struct pbx_call *pc)
{
	uint32_t minutes = pc->pbx->plan.brakes.call_minutes;

	(void)c;
	if (((pc->lines && !pc->lines->emergency) || routed_talks_outside(pc)) && minutes && !timer_running(&pc->limit))
		timer_start(&pc->limit, pc->pbx->loop, (uint64_t)minutes * MINUTE_MS, too_long, pc);
}

void route_lines(struct call *c, struct pbx_call *pc, struct lines *l, const struct plan_decision *d, const char *payer)
{
	struct extension *e = extension_find(pc->pbx, slice_str(payer));
	struct routed *r = routed_note(pc, c);

	memcpy(l->v, d->attempt, d->nattempt * sizeof(l->v[0]));
	l->n = d->nattempt;
	l->emergency = d->kind == PLAN_EMERGENCY;
	if (r)
		(void)slice_copy(r->route, sizeof(r->route), slice_str(d->route));
	if (!l->emergency)
		return;
	if (r) {
		r->emergency = true;
		(void)slice_copy(r->location, sizeof(r->location), slice_str(emergency_location(pc->pbx, e)));
	}
	emergency_notice(pc->pbx, c, e, d->attempt[0].number);
}

void route_out(struct call *c, struct pbx_call *pc, const struct plan_decision *d)
{
	struct lines *l = mem_zalloc(sizeof(*l), NULL);

	if (!l) {
		call_hangup(c, &(struct hangup){.code = 503, .text = "out of memory"});
		return;
	}
	mem_deref(pc->lines);
	pc->lines = l;
	route_lines(c, pc, l, d, pc->payer);
	try_next(c, pc, NULL);
}
