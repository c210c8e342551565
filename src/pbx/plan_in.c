/*
 * plan_in.c - calls that come in by a line: rules by number, caller, line and hours first, then our numbers (DID); what
 * nothing matches is refused. Into the outside again goes only what comes by a line that may and that proves itself.
 */
#include "pbx/plan.h"

struct incoming {
	struct number n;      /**< what was called */
	struct number caller; /**< who calls */
	bool anonymous;
	struct plan_trunk t;
	bool passes; /**< it may go to the outside */
};

static bool on_trunk(const char *list, const char *trunk)
{
	return !list || !*list || country_list_has(list, slice_str(trunk));
}

static const struct plan_did *find_did(struct planning *p, const struct incoming *in)
{
	const struct plan_did *d = in->n.e164[0] ? plan_did_find(p->c, in->n.e164) : NULL;
	char plus[NUMBER_MAX] = "+";

	if (!d)
		d = plan_did_find(p->c, in->n.dialled);
	/* some providers send E.164 without the plus */
	if (!d && in->n.dialled[0] >= '1' && in->n.dialled[0] <= '9') {
		(void)slice_copy(plus + 1, sizeof(plus) - 1, slice_str(in->n.dialled));
		d = plan_did_find(p->c, plus);
	}
	if (d && d->enabled && on_trunk(d->trunks, p->q->trunk))
		return d;
	if (d)
		plan_say(p->t, "did", d->key, false, d->enabled ? "it is not for this trunk" : "switched off");
	return NULL;
}

static bool rule_matches(struct planning *p, const struct plan_in *r, const struct incoming *in)
{
	struct pattern_hit hit;
	bool who = !r->callers.n && !r->anonymous;

	if (!r->rule.enabled || !on_trunk(r->rule.trunks, p->q->trunk)) {
		plan_say(p->t, "route in", r->rule.name, false,
			 r->rule.enabled ? "it is for other trunks" : "switched off");
		return false;
	}
	if (r->numbers.n && !pattern_list_match(&r->numbers, in->n.dialled, in->n.e164, &hit)) {
		plan_say(p->t, "route in", r->rule.name, false, "no pattern matches the number %s", in->n.dialled);
		return false;
	}
	who = who || (r->anonymous && in->anonymous) ||
	      (!in->anonymous && pattern_list_match(&r->callers, in->caller.dialled, in->caller.e164, &hit));
	if (!who) {
		plan_say(p->t, "route in", r->rule.name, false, "no pattern matches the caller %s",
			 in->anonymous ? "(anonymous)" : in->caller.dialled);
		return false;
	}
	if (!plan_hours_open(&r->rule.hours, p->v->weekday, p->v->minute)) {
		plan_say(p->t, "route in", r->rule.name, false, "it is open only %s", r->rule.hours_text);
		return false;
	}
	plan_say(p->t, "route in", r->rule.name, true, "all of it matches: to %s", r->target);
	return true;
}

static void set_caller(struct planning *p, const char *prefix)
{
	struct party *c = &p->d->caller;
	struct buf b;

	if (!*prefix)
		return;
	(void)slice_copy(c->number, sizeof(c->number), slice_str(p->q->from));
	buf_init_fixed(&b, c->name, sizeof(c->name) - 1);
	buf_printf(&b, "%s%s%s", prefix, *p->q->from_name ? " " : "", p->q->from_name);
	if (buf_err(&b))
		(void)slice_copy(c->name, sizeof(c->name), slice_str(prefix));
	c->hidden = p->q->hidden;
}

/* May its calls go out again, and why. */
static void tell_proof(const struct planning *p, const struct incoming *in)
{
	const char *name = p->q->trunk;

	if (!in->t.proven)
		plan_say(p->t, "proof", name, false,
			 "%s is known by its address alone, which can be forged: its calls never go out again", name);
	else if (p->q->forgeable)
		plan_say(p->t, "proof", name, false,
			 "%s can prove itself, but this call is known by its address alone: it may not go out again",
			 name);
	else
		plan_say(p->t, "proof", name, true, "%s proves itself; a call that does not may not go out again",
			 name);
}

/* On to the outside, as if a phone had dialled it. */
static void outward(struct planning *p, struct incoming *in, const char *number)
{
	if (!in->passes) {
		plan_say(p->t, "outside", p->q->trunk, false, "calls by %s may not go out again%s", p->q->trunk,
			 in->t.proven && !in->t.reaches_outside ? " (reaches_outside is off)" : "");
		plan_refuse(p->d, 403, "calls from this line may not go out again");
		return;
	}
	number_read(&p->n, slice_str(number), &p->c->home);
	if (plan_is_emergency(p->c, p->n.dialled))
		plan_emergency(p, p->n.dialled);
	else
		plan_outside(p);
}

static bool refuses(struct planning *p, const char *target)
{
	struct slice s = slice_str(target), w = slice_cut(&s, ' ');
	uint32_t code = 603;

	if (!slice_ieqs(w, "refuse") && !slice_ieqs(w, "hangup"))
		return false;
	if (s.l && slice_u32(s, &code))
		code = 603;
	plan_refuse(p->d, (uint16_t)code, "refused by the rule for incoming calls");
	return true;
}

static void to_target(struct planning *p, struct incoming *in, const char *target, const char *prefix)
{
	const char *number = !strcmp(target, "dialled") ? in->n.dialled : target;

	if (refuses(p, target))
		return;
	set_caller(p, prefix);
	if (!plan_local(p, number))
		outward(p, in, number);
}

static void decide(struct planning *p, struct incoming *in)
{
	const struct plan_did *d;

	LIST_EACH (&p->c->in, k) {
		const struct plan_in *r = LINK_OBJ(k, struct plan_in, rule.le);

		if (!rule_matches(p, r, in))
			continue;
		(void)slice_copy(p->d->route, sizeof(p->d->route), slice_str(r->rule.name));
		to_target(p, in, r->target, r->name_prefix);
		return;
	}
	d = find_did(p, in);
	if (d) {
		plan_say(p->t, "did", d->key, true, "it is one of our numbers: to %s", d->target);
		(void)slice_copy(p->d->route, sizeof(p->d->route), slice_str(d->key));
		to_target(p, in, d->target, d->name_prefix);
		return;
	}
	plan_say(p->t, "did", "", false, "%s is none of our numbers", in->n.dialled);
	if (in->passes) {
		outward(p, in, in->n.dialled);
		return;
	}
	plan_say(p->t, "end", "", false, "nothing leads to %s", p->q->dialled);
	plan_refuse(p->d, 404, "no such number here");
}

void plan_inside(struct planning *p)
{
	const struct plan_query *q = p->q;
	struct incoming in = {.anonymous = q->hidden || !*q->from || !strcmp(q->from, "anonymous")};
	struct number_home home = p->c->home;

	if (!p->v->trunk(p->v->arg, q->trunk, false, &in.t)) {
		plan_say(p->t, "trunk", q->trunk, false, "there is no trunk %s", q->trunk);
		plan_refuse(p->d, 403, "the line is not known");
		return;
	}
	if (in.t.blocked && !q->psap) {
		plan_say(p->t, "trunk", q->trunk, false, "%s: %s", q->trunk, in.t.blocked);
		plan_refuse(p->d, in.t.full ? 486 : in.t.braked ? 503 : 403, "%s", in.t.blocked);
		return;
	}
	if (*in.t.country && country_find(slice_str(in.t.country))) {
		home.country = country_find(slice_str(in.t.country));
		home.area = home.country == p->c->home.country ? home.area : "";
	}
	in.passes = in.t.proven && in.t.reaches_outside && !q->forgeable;
	number_read(&in.n, slice_str(q->dialled), &home);
	number_read(&in.caller, slice_str(q->from), &home);
	(void)slice_copy(p->d->e164, sizeof(p->d->e164), slice_str(in.n.e164));
	plan_say(p->t, "trunk", q->trunk, true, "%s%s%s is called by %s", in.n.dialled,
		 in.n.e164[0] ? ", that is " : "", in.n.e164,
		 in.anonymous ? "somebody who does not say who" : in.caller.dialled);
	tell_proof(p, &in);
	decide(p, &in);
}
