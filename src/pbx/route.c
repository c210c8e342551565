/*
 * route.c - calls find their way: plan_decide() says where a number leads, and this carries it out. Transfers go the
 * same way in the name of who asked for them, who also pays.
 */
#include "base/log.h"
#include "base/mem.h"
#include "pbx/conference.h"
#include "pbx/recording.h"
#include "pbx/route.h"

static void refuse(struct call *c, uint16_t code, const char *text)
{
	struct hangup h = {.code = code, .text = text};

	call_hangup(c, &h);
}

void route_changed(struct call *c, void *arg)
{
	struct pbx_call *pc = c->owner;

	(void)arg;
	if (!pc)
		return;
	event_call(c, pc);
	if (c->state == CALL_ENDING) {
		c->owner = mem_deref(pc);
		return;
	}
	if (pc->held.n || c->moves)
		routed_settle(c, pc);
	if (c->state == CALL_UP) {
		route_out_answered(c, pc);
		record_policy(c, pc);
	}
}

void route_merged(struct call *c, struct call *gone, void *arg)
{
	struct pbx_call *to = routed_owner(arg, c), *from = gone->owner;

	if (!to || !from)
		return;
	routed_move(to, from);
	routed_settle(c, to);
}

/* ------------------------------------------------------------------ carrying out */

/* Before a phone of the called extension rings: is it at its limit? */
static uint16_t admit(struct call *c, struct slice number, void *arg)
{
	const struct pbx_call *pc = c->owner;

	(void)arg;
	if (!pc || pc->callback || !pc->target || !slice_eqs(number, pc->target->number))
		return 0;
	return pc->target->calls > pc->target->call_limit ? 486 : 0;
}

static void dial_extension(struct call *c, struct pbx_call *pc, const struct plan_decision *d)
{
	struct extension *e = extension_find(pc->pbx, slice_str(d->target));
	struct dial_target t = {.number = slice_str(d->target)};
	struct dial_cfg cfg = {.targets = &t, .n = 1, .admit = admit, .q_parallel = 1, .caller = d->caller};
	int err = e ? routed_hold_extension(pc, e) : ENOENT;

	if (!err) {
		pc->target = e;
		pc->callback = d->callback;
		cfg.ring_ms = e->ring_s * 1000;
		err = call_dial(c, &cfg);
	}
	if (err) {
		log_warn("pbx", "%s: cannot call %s: %s", c->id, d->target, err_str(err));
		refuse(c, 500, "the call could not be placed");
	}
}

static void run_feature(struct call *c, struct pbx_call *pc, const struct plan_decision *d)
{
	const struct feature *f = feature_find(slice_str(d->target));

	if (!f || call_inside(c, f->name, f->run, pc->pbx))
		refuse(c, 500, "the function could not be started");
}

static void run_conference(struct call *c, struct pbx_call *pc, const struct plan_decision *d)
{
	struct conference *f = conference_find(pc->pbx, slice_str(d->target));

	mem_deref(pc->conference);
	pc->conference = mem_ref(f);
	if (!f || call_inside(c, "conference", conference_run, pc->pbx))
		refuse(c, 500, "the conference could not be reached");
}

static void run_test(struct call *c, struct pbx_call *pc)
{
	struct routed *r = routed_note(pc, c);

	if (r) {
		const char *place = emergency_location(pc->pbx, extension_find(pc->pbx, slice_str(pc->payer)));

		r->test = true;
		(void)slice_copy(r->location, sizeof(r->location), slice_str(*place ? place : "not known"));
	}
	if (call_inside(c, "emergency test", emergency_test, pc->pbx))
		refuse(c, 500, "the function could not be started");
}

const char *route_keep_words(struct call *c, struct pbx_call *pc, const struct plan_decision *d)
{
	struct routed *r = routed_note(pc, c);

	if (!r)
		return NULL;
	(void)slice_copy(r->words, sizeof(r->words), slice_str(d->words));
	return r->words;
}

void route_watch_refusal(struct pbx *p, const struct plan_decision *d, const char *payer)
{
	if (d->kind != PLAN_REFUSE || !*payer)
		return;
	if (d->pin_wrong)
		brake_try(brake_meter(p, false, payer, true));
	if (slice_starts(slice_str(d->words), SLICE("brake:")))
		brake_alarm(p, payer, false, d->words);
}

/* Every call that comes in by a trunk counts, but those that the brake refused. */
static void watch_trunk(struct pbx *p, const struct plan_decision *d, const struct ptrunk *t)
{
	if (d->kind == PLAN_REFUSE && slice_starts(slice_str(d->words), SLICE("brake:")) && brake_limit_in(p, t->name))
		brake_alarm(p, t->name, true, d->words);
	else
		brake_came(p, t->name);
}

static void carry_out(struct call *c, struct pbx_call *pc, const struct plan_decision *d)
{
	switch (d->kind) {
	case PLAN_FEATURE:
		run_feature(c, pc, d);
		break;
	case PLAN_EXTENSION:
		dial_extension(c, pc, d);
		break;
	case PLAN_OUT:
	case PLAN_EMERGENCY:
		route_out(c, pc, d);
		break;
	case PLAN_CONFERENCE:
		run_conference(c, pc, d);
		break;
	case PLAN_TEST:
		run_test(c, pc);
		break;
	default:
		log_info("pbx", "%s: %u %s", c->id, d->code, d->words);
		refuse(c, d->code, route_keep_words(c, pc, d));
		break;
	}
}

/* ------------------------------------------------------------------ calls that come */

/* Neither record nor log keeps a PIN. */
static void hide_pin(struct call *c)
{
	char *star = c->dialled[0] == '*' ? NULL : strchr(c->dialled, '*');

	if (star)
		*star = '\0';
}

/* Who takes part already: the extension that calls, or a channel of the trunk. */
static int hold_caller(struct pbx_call *pc, struct leg *from, struct extension *e, struct ptrunk *t)
{
	if (t)
		return routed_hold_trunk(pc, t, false, false, NULL);
	if (!e)
		return 0;
	/* phones may not choose whose name others see */
	if (e->name[0])
		(void)slice_copy(from->party.name, sizeof(from->party.name), slice_str(e->name));
	(void)slice_copy(pc->payer, sizeof(pc->payer), slice_str(e->number));
	return routed_hold_extension(pc, e);
}

/* RFC 7090: the priority that a call-back of an emergency centre bears; only trusted lines are believed. */
static bool is_psap(const struct call *c, const struct leg *from)
{
	struct slice s = c->pass && from->trunk && from->trusted ? rbuf_slice(c->pass) : SLICE_NULL;

	while (s.l) {
		struct slice line = slice_cut(&s, '\n'), name = slice_trim(slice_cut(&line, ':'));

		if (slice_ieqs(name, "Priority") && slice_ieqs(slice_trim(line), "psap-callback"))
			return true;
	}
	return false;
}

/* Who asks for a number: a phone of ours, or whoever is behind a line; a line that is gone has no name. */
static struct plan_query query_of(const struct leg *l, const struct ptrunk *t, const char *dialled)
{
	return (struct plan_query){.from = l->party.number,
				   .from_name = l->party.name,
				   .hidden = l->party.hidden,
				   .trunk = t          ? t->name
					    : l->trunk ? ""
						       : NULL,
				   .forgeable = l->trunk && !l->outgoing && !l->proven,
				   .dialled = dialled};
}

void route_incoming(struct call *c, struct leg *from, const char *dialled, void *arg)
{
	struct pbx *p = arg;
	/* whoever calls by a trunk is nobody of ours, whatever number it shows */
	struct extension *e = from->trunk ? NULL : extension_find(p, slice_str(from->party.number));
	struct ptrunk *t = ptrunk_of(p, from);
	struct pbx_call *pc = routed_owner(p, c);
	struct plan_query q = query_of(from, t, dialled);
	struct plan_decision d;
	struct plan_view v;

	q.psap = is_psap(c, from);
	if (!pc) {
		refuse(c, 503, "out of memory");
		return;
	}
	route_view(p, &v, 0);
	plan_decide(&p->plan, &v, &q, &d, NULL);
	hide_pin(c);
	if (t)
		watch_trunk(p, &d, t);
	if (hold_caller(pc, from, e, t)) {
		refuse(c, 503, "out of memory");
		return;
	}
	route_watch_refusal(p, &d, pc->payer);
	event_call(c, pc);
	carry_out(c, pc, &d);
}

uint16_t route_transfer(struct call *c, struct leg *by, const char *number, void *arg)
{
	struct pbx *p = arg;
	struct ptrunk *t = ptrunk_of(p, by);
	struct pbx_call *pc = routed_owner(p, c);
	struct plan_query q = query_of(by, t, number);
	struct plan_decision d;
	struct plan_view v;

	q.onward = c->a && c->a->trunk ? &c->a->party : NULL;
	if (!pc)
		return 503;
	/* a party outside does not move our calls about, unless its line may reach outside */
	if (by->trunk && !(t && t->proven && t->reaches_outside && (by->outgoing || by->proven)))
		return 403;
	route_view(p, &v, 0);
	plan_decide(&p->plan, &v, &q, &d, NULL);
	(void)slice_copy(pc->payer, sizeof(pc->payer), by->trunk ? SLICE_NULL : slice_str(by->party.number));
	route_watch_refusal(p, &d, pc->payer);
	if (d.kind == PLAN_REFUSE) {
		log_info("pbx", "%s: not transferred to %.*s: %u %s", c->id, SLICE_FMT(call_shown(number)), d.code,
			 d.words);
		return d.code;
	}
	carry_out(c, pc, &d);
	return 0;
}
