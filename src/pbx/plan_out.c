/*
 * plan_out.c - routes to the outside: the first one whose pattern, caller and hours fit is taken; then PIN, rewriting,
 * brakes, and its lines in order.
 */
#include <stdio.h>
#include "pbx/plan.h"

static bool route_matches(struct planning *p, const struct plan_out *r, struct pattern_hit *hit)
{
	struct pattern_hit who;

	if (!r->rule.enabled) {
		plan_say(p->t, "route out", r->rule.name, false, "switched off");
		return false;
	}
	if (!pattern_list_match(&r->patterns, p->n.dialled, p->n.e164, hit)) {
		plan_say(p->t, "route out", r->rule.name, false, "no pattern matches %s%s", p->n.dialled,
			 hit->gave_up ? " (a regular expression was stopped by its bounds)" : "");
		return false;
	}
	if (r->extensions.n && !pattern_list_match(&r->extensions, p->q->from, "", &who)) {
		plan_say(p->t, "route out", r->rule.name, false, "%s matches, but it is not for %s", hit->text,
			 p->q->from);
		return false;
	}
	if (!plan_hours_open(&r->rule.hours, p->v->weekday, p->v->minute)) {
		plan_say(p->t, "route out", r->rule.name, false, "%s matches, but it is open only %s", hit->text,
			 r->rule.hours_text);
		return false;
	}
	plan_say(p->t, "route out", r->rule.name, true, "%s matches %s", hit->text,
		 hit->e164 ? p->n.e164 : p->n.dialled);
	return true;
}

/* All characters are compared whatever they are, so that time tells nothing. */
static bool pin_right(const char *want, const char *given)
{
	size_t l = strlen(want);
	unsigned char diff = strlen(given) != l;

	for (size_t i = 0; i < l; i++)
		diff |= (unsigned char)(want[i] ^ given[i < strlen(given) ? i : 0]);
	return !diff;
}

static bool pin_passes(struct planning *p, const struct plan_out *r)
{
	if (!*r->pin)
		return true;
	if (p->pin && pin_right(r->pin, p->pin)) {
		plan_say(p->t, "pin", r->rule.name, true, "the PIN is right");
		return true;
	}
	plan_say(p->t, "pin", r->rule.name, false, p->pin ? "the PIN is wrong" : "a PIN is needed: NUMBER*PIN");
	plan_refuse(p->d, 403, p->pin ? "the PIN is wrong" : "a PIN is needed: dial the number, * and the PIN");
	p->d->pin_wrong = p->pin != NULL;
	return false;
}

/* What is left when the sign for "outside" is taken away; then what is put before it. */
static bool rewrite(struct planning *p, const struct plan_out *r, const struct pattern_hit *hit, char *bare, char *full)
{
	const char *num = hit->e164 ? p->n.e164 : p->n.dialled;
	size_t l = strlen(num), strip = r->strip + hit->strip;

	if (*r->replace) {
		char made[NUMBER_MAX];

		if (!pattern_replace(hit, num, r->replace, made, sizeof(made)) ||
		    !number_clean(bare, NUMBER_MAX, slice_str(made)))
			goto bad;
	} else {
		if (strip >= l)
			goto bad;
		snprintf(bare, NUMBER_MAX, "%s", num + strip);
	}
	if (strlen(bare) + strlen(r->prepend) >= NUMBER_MAX)
		goto bad;
	snprintf(full, NUMBER_MAX, "%s%.*s", r->prepend, (int)(NUMBER_MAX - 1 - strlen(r->prepend)), bare);
	return true;
bad:
	plan_say(p->t, "rewrite", r->rule.name, false, "nothing that can be dialled is left of %s", num);
	plan_refuse(p->d, 484, "the number is too short or too long for its route");
	return false;
}

/* Costly in either reading is costly: what the route puts in front may hide what is behind. A part that is no number
 * of its own counts only where the whole is none either. */
static bool closed(struct planning *p, const struct number *bare, const struct number *full)
{
	const struct number *v[] = {bare, full};
	const struct plan_ext *e = p->has_ext ? &p->ext : NULL;
	bool none = !bare->e164[0] && !full->e164[0];
	char words[PLAN_WORDS];

	p->d->class = bare->e164[0] && full->e164[0] ? number_class_worse(bare->class, full->class)
		      : full->e164[0]                ? full->class
						     : bare->class;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		if ((!v[i]->e164[0] && !none) || (none && i) || !plan_closed(p->c, e, v[i], words, sizeof(words)))
			continue;
		plan_say(p->t, "brakes", number_class_name(v[i]->class), false, "%s", words);
		plan_refuse(p->d, 403, "%s", words);
		return true;
	}
	plan_say(p->t, "brakes", number_class_name(p->d->class), true, "such numbers are open for %s", p->q->from);
	return false;
}

static bool limited(struct planning *p)
{
	const char *words = p->has_ext ? p->v->limit(p->v->arg, p->ext.number, false) : NULL;

	if (!words)
		return false;
	plan_say(p->t, "limit", p->ext.number, false, "%s", words);
	plan_refuse(p->d, 403, "%s", words);
	return true;
}

static void number_to_send(char *dst, const struct planning *p, const struct plan_out *r, const struct number *n,
			   const char *full, const struct plan_trunk *t)
{
	struct number_home home = p->c->home;

	if (*t->country && country_find(slice_str(t->country)))
		home.country = country_find(slice_str(t->country));
	if (r->send == SEND_DIALLED || !n->e164[0])
		snprintf(dst, NUMBER_MAX, "%s", full);
	else if (r->send == SEND_NATIONAL)
		number_national(dst, NUMBER_MAX, n, &home);
	else
		snprintf(dst, NUMBER_MAX, "%s", n->e164 + (r->send == SEND_DIGITS));
}

/* One line of the route; words why it is not tried, or NULL. */
static const char *try_line(struct planning *p, const struct plan_out *r, const char *name, const struct number *n,
			    const char *full)
{
	struct plan_attempt *a = &p->d->attempt[p->d->nattempt];
	struct plan_trunk t;
	const char *words;

	for (size_t i = 0; i < p->d->nattempt; i++)
		if (!strcmp(p->d->attempt[i].trunk, name))
			return "named twice";
	if (!p->v->trunk(p->v->arg, name, true, &t))
		return "there is no such trunk";
	words = t.blocked ? t.blocked : p->v->limit(p->v->arg, name, true);
	if (words)
		return words;
	memset(a, 0, sizeof(*a));
	(void)slice_copy(a->trunk, sizeof(a->trunk), slice_str(name));
	number_to_send(a->number, p, r, n, full, &t);
	plan_caller(p, r, name, &t, &a->caller);
	p->d->nattempt++;
	return NULL;
}

static void lines(struct planning *p, const struct plan_out *r, const struct number *n, const char *full)
{
	struct slice l = slice_str(r->rule.trunks);
	char first[PLAN_WORDS] = "";

	p->d->kind = PLAN_OUT;
	while (l.l && p->d->nattempt < PLAN_ATTEMPTS && p->d->nattempt < r->tries) {
		char name[PLAN_NAME];
		const char *words;

		(void)slice_copy(name, sizeof(name), slice_cut(&l, ' '));
		words = try_line(p, r, name, n, full);
		if (words && !*first)
			snprintf(first, sizeof(first), "%s: %s", name, words);
		if (words)
			plan_say(p->t, "trunk", name, false, "%s: %s", name, words);
		else
			plan_say(p->t, "trunk", name, true, "%s is free; it gets %s", name,
				 p->d->attempt[p->d->nattempt - 1].number);
	}
	if (!p->d->nattempt)
		plan_refuse(p->d, 503, "no line is free: %.100s", *first ? first : "the route has none");
}

static void take(struct planning *p, const struct plan_out *r, const struct pattern_hit *hit)
{
	char bare[NUMBER_MAX], full[NUMBER_MAX];
	struct number nb, nf;

	(void)slice_copy(p->d->route, sizeof(p->d->route), slice_str(r->rule.name));
	if (!rewrite(p, r, hit, bare, full))
		return;
	/* a regular expression may have made one */
	if (plan_is_emergency(p->c, bare) || plan_is_emergency(p->c, full)) {
		const char *number = plan_is_emergency(p->c, bare) ? bare : full;

		plan_say(p->t, "emergency", number, true, "what is left is the emergency number %s", number);
		plan_emergency(p, number);
		return;
	}
	number_read(&nb, slice_str(bare), &p->c->home);
	number_read(&nf, slice_str(full), &p->c->home);
	plan_say(p->t, "rewrite", r->rule.name, true, "%s is left%s%s: %s", full, nf.e164[0] ? ", that is " : "",
		 nf.e164, number_class_name(nf.class));
	if (!pin_passes(p, r) || closed(p, &nb, &nf) || limited(p))
		return;
	if (!nf.e164[0])
		nf = nb;
	(void)slice_copy(p->d->e164, sizeof(p->d->e164), slice_str(nf.e164));
	lines(p, r, &nf, full);
}

bool plan_prefixed_emergency(struct planning *p)
{
	struct pattern_hit hit;
	size_t l = strlen(p->n.dialled);

	LIST_EACH (&p->c->out, k) {
		const struct plan_out *r = LINK_OBJ(k, struct plan_out, rule.le);
		size_t strip = r->strip;

		if (!r->rule.enabled || !pattern_list_match(&r->patterns, p->n.dialled, "", &hit))
			continue;
		strip += hit.strip;
		if (!strip || strip >= l || !plan_is_emergency(p->c, p->n.dialled + strip))
			continue;
		plan_say(p->t, "emergency", r->rule.name, true, "%s is the emergency number %s behind %.*s",
			 p->n.dialled, p->n.dialled + strip, (int)strip, p->n.dialled);
		plan_emergency(p, p->n.dialled + strip);
		return true;
	}
	return false;
}

void plan_outside(struct planning *p)
{
	struct pattern_hit hit;
	char clean[NUMBER_MAX];

	if (number_clean(clean, sizeof(clean), slice_str(p->n.dialled))) {
		LIST_EACH (&p->c->out, k) {
			const struct plan_out *r = LINK_OBJ(k, struct plan_out, rule.le);

			if (!route_matches(p, r, &hit))
				continue;
			take(p, r, &hit);
			return;
		}
	}
	plan_say(p->t, "end", "", false, "nothing leads to %s", p->n.dialled);
	plan_refuse(p->d, 404, "no such number");
}
