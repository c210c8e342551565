/*
 * plan_emergency.c - the lines for an emergency call: those of the setting, then those of the routes in their order,
 * then all others. Free ones first; then those on which another call can be ended for it; at last those that seem to be
 * down. No limit, brake, PIN or hour counts.
 */
#include "pbx/plan.h"

enum { LINES_MAX = 32 };

struct lines {
	struct slice name[LINES_MAX];
	size_t n;
};

static void add(struct lines *l, const char *list)
{
	struct slice s = slice_str(list);

	while (s.l) {
		struct slice w = slice_cut(&s, ' ');
		bool known = !w.l;

		for (size_t i = 0; i < l->n && !known; i++)
			known = slice_eq(l->name[i], w);
		if (!known && l->n < LINES_MAX)
			l->name[l->n++] = w;
	}
}

static void candidates(const struct planning *p, struct lines *l)
{
	add(l, p->c->emergency_trunks);
	LIST_EACH (&p->c->out, k)
		add(l, LINK_OBJ(k, struct plan_rule, le)->trunks);
	add(l, p->v->trunks(p->v->arg));
}

enum round { FREE, CUT, DOWN };

static void attempt(struct planning *p, const char *name, const struct plan_trunk *t, const char *number, enum round r)
{
	struct plan_attempt *a = &p->d->attempt[p->d->nattempt++];

	(void)slice_copy(a->trunk, sizeof(a->trunk), slice_str(name));
	(void)slice_copy(a->number, sizeof(a->number), slice_str(number));
	a->preempt = r == CUT;
	a->down = r == DOWN;
	plan_caller(p, NULL, name, t, &a->caller);
	/* the centre must see who calls, to call back */
	a->caller.hidden = false;
}

static void try_lines(struct planning *p, const struct lines *l, const char *number, enum round r)
{
	for (size_t i = 0; i < l->n && p->d->nattempt < PLAN_ATTEMPTS; i++) {
		char name[PLAN_NAME];
		struct plan_trunk t;

		(void)slice_copy(name, sizeof(name), l->name[i]);
		if (!p->v->trunk(p->v->arg, name, true, &t)) {
			if (r == FREE)
				plan_say(p->t, "trunk", name, false, "there is no trunk %s", name);
		} else if (!t.blocked && r == FREE) {
			plan_say(p->t, "trunk", name, true, "%s is free", name);
			attempt(p, name, &t, number, r);
		} else if (t.blocked && t.full && t.cuttable && r == CUT) {
			plan_say(p->t, "trunk", name, true, "%s: %s; another call is ended for this one", name,
				 t.blocked);
			attempt(p, name, &t, number, r);
		} else if (t.blocked && t.down && r == DOWN) {
			plan_say(p->t, "trunk", name, true, "%s is tried all the same, as the last resort", name);
			attempt(p, name, &t, number, r);
		} else if (t.blocked && r == FREE) {
			plan_say(p->t, "trunk", name, false, "%s: %s", name, t.blocked);
		}
	}
}

void plan_emergency(struct planning *p, const char *number)
{
	struct lines l = {.n = 0};

	p->d->kind = PLAN_EMERGENCY;
	(void)slice_copy(p->d->route, sizeof(p->d->route), SLICE("emergency"));
	candidates(p, &l);
	try_lines(p, &l, number, FREE);
	try_lines(p, &l, number, CUT);
	try_lines(p, &l, number, DOWN);
	if (!p->d->nattempt)
		plan_refuse(p->d, 503, "there is no line for the emergency call");
}
