/*
 * plan.c - where a number leads: emergency numbers, then features, extensions, routes to the outside; calls that come
 * in by a line have rules of their own (plan_in.c).
 *
 * The same code serves live calls and `route explain`. It reads and changes nothing but its arguments.
 */
#include <stdarg.h>
#include <stdio.h>
#include "pbx/plan.h"

void plan_say(struct plan_trace *t, const char *rule, const char *name, bool matched, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	if (!t)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)json_array_append_new(t->steps, json_pack("{s:s, s:s, s:b, s:s}", "rule", rule, "name", name, "matched",
							(int)matched, "text", text));
}

void plan_refuse(struct plan_decision *d, uint16_t code, const char *fmt, ...)
{
	va_list ap;

	d->kind = PLAN_REFUSE;
	d->code = code;
	d->nattempt = 0;
	va_start(ap, fmt);
	(void)vsnprintf(d->words, sizeof(d->words), fmt, ap);
	va_end(ap);
}

bool plan_is_emergency(const struct plan *c, const char *dialled)
{
	const char *d = dialled[0] == '+' ? dialled + 1 : dialled;

	return *d && country_list_has(c->emergency, slice_str(d));
}

static void go_extension(struct planning *p, const char *number)
{
	p->d->kind = PLAN_EXTENSION;
	(void)slice_copy(p->d->target, sizeof(p->d->target), slice_str(number));
	p->d->callback = p->q->psap || p->v->callback(p->v->arg, number);
	if (p->d->callback)
		plan_say(p->t, "call-back", p->d->target, true, "%s: limits do not hold this call up",
			 p->q->psap ? "an emergency centre calls back"
				    : "it called an emergency number a short while ago");
}

static const char *conference(const struct planning *p, const char *number)
{
	return p->v->conference ? p->v->conference(p->v->arg, slice_str(number)) : NULL;
}

static bool go_conference(struct planning *p, const char *number)
{
	const char *name = conference(p, number);

	if (!name)
		return false;
	plan_say(p->t, "conference", number, true, "%s is the conference \"%s\"", number, name);
	p->d->kind = PLAN_CONFERENCE;
	(void)slice_copy(p->d->target, sizeof(p->d->target), slice_str(number));
	return true;
}

bool plan_local(struct planning *p, const char *dialled)
{
	char number[NUMBER_MAX];
	const char *feature;
	struct plan_ext e;

	(void)slice_copy(number, sizeof(number), slice_str(dialled));
	feature = p->v->feature(p->v->arg, slice_str(number));

	if (feature) {
		plan_say(p->t, "feature", number, true, "%s is the feature code \"%s\"", number, feature);
		p->d->kind = PLAN_FEATURE;
		(void)slice_copy(p->d->target, sizeof(p->d->target), slice_str(number));
		return true;
	}
	if (go_conference(p, number))
		return true;
	if (!p->v->extension(p->v->arg, slice_str(number), &e)) {
		plan_say(p->t, "extension", number, false, "there is no extension %s", number);
		return false;
	}
	if (!e.enabled) {
		plan_say(p->t, "extension", number, true, "extension %s is switched off", number);
		plan_refuse(p->d, 404, "no such number");
		return true;
	}
	plan_say(p->t, "extension", number, true, "%s is an extension%s%s", number, *e.name ? ": " : "", e.name);
	go_extension(p, number);
	return true;
}

/* May this extension call anything but emergency numbers? */
static bool caller_allowed(struct planning *p)
{
	if (!p->has_ext)
		return true;
	if (!p->ext.enabled) {
		plan_say(p->t, "caller", p->ext.number, false, "extension %s is switched off", p->ext.number);
		plan_refuse(p->d, 403, "the extension is switched off");
		return false;
	}
	if (p->ext.locked) {
		plan_say(p->t, "caller", p->ext.number, false, "extension %s is locked: emergency numbers only",
			 p->ext.number);
		plan_refuse(p->d, 403, "the extension is locked: emergency numbers only");
		return false;
	}
	return true;
}

/* Emergency numbers come before everything, and so does the number that tests them. */
static bool emergency(struct planning *p)
{
	const struct plan *c = p->c;

	if (*c->emergency_test && !strcmp(p->n.dialled, c->emergency_test)) {
		plan_say(p->t, "emergency test", p->n.dialled, true, "%s is the emergency test number", p->n.dialled);
		p->d->kind = PLAN_TEST;
		return true;
	}
	if (!plan_is_emergency(c, p->n.dialled)) {
		plan_say(p->t, "emergency", "", false, "%s is no emergency number (%s)", p->n.dialled, c->emergency);
		return false;
	}
	plan_say(p->t, "emergency", p->n.dialled, true, "%s is an emergency number: nothing holds it up", p->n.dialled);
	plan_emergency(p, p->n.dialled);
	return true;
}

static void from_phone(struct planning *p)
{
	struct plan_ext e;
	const char *dialled = p->q->dialled;
	bool local = !p->pin && (p->v->feature(p->v->arg, slice_str(dialled)) || conference(p, dialled) ||
				 p->v->extension(p->v->arg, slice_str(dialled), &e));

	if (emergency(p) || (!local && plan_prefixed_emergency(p)) || !caller_allowed(p))
		return;
	if (!p->pin && plan_local(p, dialled))
		return;
	if (!p->has_ext) {
		plan_say(p->t, "outside", "", false, "%s is no extension: only extensions may call out", p->q->from);
		plan_refuse(p->d, 404, "no such number");
		return;
	}
	plan_outside(p);
}

static void tell_number(struct planning *p)
{
	const struct number *n = &p->n;
	char words[120];

	if (!p->t)
		return;
	if (n->e164[0])
		snprintf(words, sizeof(words), "%s is %s%s%s, %s", n->dialled, n->e164, n->country ? " in " : "",
			 n->country ? n->country->name : "", number_class_name(n->class));
	else
		snprintf(words, sizeof(words), "%s has no international form: %s", n->dialled,
			 n->class == NUMBER_SHORT ? "a short number" : number_class_name(n->class));
	plan_say(p->t, "number", n->dialled, true, "%s", words);
}

/* "0301234*4711": a PIN may stand behind the number. */
static void read_dialled(struct planning *p)
{
	struct slice s = slice_str(p->q->dialled);
	ptrdiff_t star = slice_chr(s, '*');

	if (star > 0) {
		p->pin = p->q->dialled + star + 1;
		s = slice_first(s, (size_t)star);
	}
	number_read(&p->n, s, &p->c->home);
}

void plan_decide(const struct plan *c, const struct plan_view *v, const struct plan_query *q, struct plan_decision *d,
		 struct plan_trace *t)
{
	struct planning p = {.c = c, .v = v, .q = q, .d = d, .t = t};

	memset(d, 0, sizeof(*d));
	if (q->trunk) {
		plan_inside(&p);
		return;
	}
	read_dialled(&p);
	(void)slice_copy(d->e164, sizeof(d->e164), slice_str(p.n.e164));
	d->class = p.n.class;
	tell_number(&p);
	p.has_ext = v->extension(v->arg, slice_str(q->from), &p.ext);
	from_phone(&p);
}
