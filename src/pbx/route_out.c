/*
 * route_out.c - calls to the outside: the lines of a decision are tried in order. Another line is taken where the one
 * before has no channel or fails (408 without a sign, 5xx); never where the called party or its network has answered
 * for it (busy, no such number, declined).
 */
#include "base/log.h"
#include "base/mem.h"
#include "pbx/route.h"

enum { RING_OUT_MS = 120000, EMERGENCY_RING_MS = 300000, MINUTE_MS = 60000 };

static const struct plan_attempt *next_line(struct call *c, struct pbx_call *pc, struct ptrunk **tp);

static bool more_lines(const struct pbx_call *pc)
{
	return pc->lines->at < pc->lines->n;
}

/* Is it the line that failed, not the party? */
static bool line_at_fault(const struct pbx_call *pc, const struct hangup *h)
{
	if (pc->lines->emergency)
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
	routed_drop_line(pc);
	if (!line_at_fault(pc, h)) {
		call_hangup(c, h);
		return;
	}
	log_info("pbx", "%s: trunk %s failed (%u %s)", c->id, pc->lines->v[pc->lines->at - 1].trunk, h->code,
		 h->text ? h->text : hangup_words(h->code));
	try_next(c, pc, h);
}

static void note_line(struct pbx_call *pc, const struct call *c, const struct plan_attempt *a)
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
			       .failed = more_lines(pc) ? line_failed : NULL};
	int err = routed_hold_trunk(pc, t, true, emergency, pc->payer);

	if (!err)
		err = call_dial(c, &cfg);
	if (err) {
		log_warn("pbx", "%s: cannot call by trunk %s: %s", c->id, t->name, err_str(err));
		routed_drop_line(pc);
	} else {
		log_info("pbx", "%s: %s by trunk %s", c->id, a->number, t->name);
		note_line(pc, c, a);
	}
	return err;
}

/* The next line that has a channel now; an emergency call makes one free where it must. */
static const struct plan_attempt *next_line(struct call *c, struct pbx_call *pc, struct ptrunk **tp)
{
	while (more_lines(pc)) {
		const struct plan_attempt *a = &pc->lines->v[pc->lines->at++];
		struct ptrunk *t = ptrunk_find(pc->pbx, slice_str(a->trunk));
		const char *why = t ? ptrunk_blocked(t, true) : "there is no such trunk";

		while (why && t && a->preempt && emergency_can_cut(pc->pbx, t) && emergency_cut(pc->pbx, t))
			why = ptrunk_blocked(t, true);
		if (!why && !pc->lines->emergency)
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
		a = next_line(c, pc, &t);
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
	if (pc->lines && !pc->lines->emergency && minutes && !timer_running(&pc->limit))
		timer_start(&pc->limit, pc->pbx->loop, (uint64_t)minutes * MINUTE_MS, too_long, pc);
}

void route_out(struct call *c, struct pbx_call *pc, const struct plan_decision *d)
{
	struct lines *l = mem_zalloc(sizeof(*l), NULL);
	struct routed *r = routed_note(pc, c);
	struct extension *e = extension_find(pc->pbx, slice_str(pc->payer));

	if (!l) {
		call_hangup(c, &(struct hangup){.code = 503, .text = "out of memory"});
		return;
	}
	memcpy(l->v, d->attempt, d->nattempt * sizeof(l->v[0]));
	l->n = d->nattempt;
	l->emergency = d->kind == PLAN_EMERGENCY;
	mem_deref(pc->lines);
	pc->lines = l;
	if (r)
		(void)slice_copy(r->route, sizeof(r->route), slice_str(d->route));
	if (l->emergency) {
		if (r) {
			r->emergency = true;
			(void)slice_copy(r->location, sizeof(r->location), slice_str(emergency_location(pc->pbx, e)));
		}
		emergency_notice(pc->pbx, c, e, d->attempt[0].number);
	}
	try_next(c, pc, NULL);
}
