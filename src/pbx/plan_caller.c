/*
 * plan_caller.c - whose number is shown on a line: the route's, the extension's own outside number, the line's. Only
 * numbers that are ours are shown, but for calls that are passed on where the route allows it: a made-up number is
 * fraud in most countries (ITU-T E.157: the number shown must be one that the caller may use).
 */
#include "pbx/plan.h"

static bool ours(const struct plan *c, const char *number, const struct plan_trunk *t)
{
	struct number a, b;

	if (plan_did_find(c, number))
		return true;
	number_read(&a, slice_str(number), &c->home);
	number_read(&b, slice_str(t->caller_id), &c->home);
	return *t->caller_id && !strcmp(a.e164[0] ? a.e164 : a.dialled, b.e164[0] ? b.e164 : b.dialled);
}

static void show(struct party *shown, const struct plan *c, const char *number)
{
	struct number n;

	number_read(&n, slice_str(number), &c->home);
	(void)slice_copy(shown->number, sizeof(shown->number), slice_str(n.e164[0] ? n.e164 : n.dialled));
}

static bool own_number(struct planning *p, const char *trunk, const struct plan_trunk *t, struct party *shown)
{
	const struct plan_ext *e = &p->ext;

	if (!p->has_ext || !e->outside_number || !*e->outside_number)
		return false;
	if (!ours(p->c, e->outside_number, t)) {
		plan_say(p->t, "caller id", trunk, false,
			 "%s, the outside number of extension %s, is not one of your numbers (did add %s)",
			 e->outside_number, e->number, e->outside_number);
		return false;
	}
	show(shown, p->c, e->outside_number);
	plan_say(p->t, "caller id", trunk, true, "%s: the outside number of extension %s", shown->number, e->number);
	return true;
}

void plan_caller(struct planning *p, const struct plan_out *r, const char *trunk, const struct plan_trunk *t,
		 struct party *shown)
{
	const struct plan_query *q = p->q;

	memset(shown, 0, sizeof(*shown));
	if (r && r->keep_caller && q->onward && q->onward->number[0]) {
		*shown = *q->onward;
		plan_say(p->t, "caller id", trunk, true, "%s: the call is passed on, and the route keeps its caller",
			 shown->number);
		return;
	}
	if (p->has_ext) {
		const char *name = p->ext.outside_name && *p->ext.outside_name ? p->ext.outside_name : "";

		(void)slice_copy(shown->name, sizeof(shown->name), slice_str(name));
		shown->hidden = p->ext.hide || q->hidden;
	}
	if (r && *r->caller_id) {
		show(shown, p->c, r->caller_id);
		plan_say(p->t, "caller id", trunk, true, "%s: set by the route", shown->number);
	} else if (!own_number(p, trunk, t, shown)) {
		show(shown, p->c, t->caller_id);
		plan_say(p->t, "caller id", trunk, true, "%s", *t->caller_id ? t->caller_id : "left to the line");
	}
	if (shown->hidden)
		plan_say(p->t, "caller id", trunk, true, "it is hidden from the called party");
}
