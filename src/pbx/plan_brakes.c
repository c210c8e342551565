/*
 * plan_brakes.c - which numbers are closed: international, premium and satellite ones, until somebody opens them for
 * all, country by country, or for one extension.
 */
#include <stdio.h>
#include "pbx/plan.h"

static bool word_matches(struct slice w, const struct number *n)
{
	if (w.l && w.p[0] == '+')
		return n->e164[0] && slice_starts(slice_str(n->e164), w);
	return n->country && slice_ieqs(w, n->country->iso);
}

static bool listed(const char *list, const struct number *n)
{
	struct slice l = slice_str(list);

	while (l.l)
		if (word_matches(slice_cut(&l, ' '), n))
			return true;
	return false;
}

static bool opened(bool for_all, const struct plan_ext *e, const char *class)
{
	return for_all || (e && e->open && country_list_has(e->open, slice_str(class)));
}

static bool country_open(const struct plan_brakes *b, const struct plan_ext *e, const struct number *n)
{
	return opened(b->international, e, "international") || listed(b->countries, n) ||
	       (e && e->open && listed(e->open, n));
}

bool plan_closed(const struct plan *c, const struct plan_ext *e, const struct number *n, char *words, size_t size)
{
	const struct plan_brakes *b = &c->brakes;
	const char *where = n->country ? n->country->name : "that code";

	if (n->class == NUMBER_SHORT || n->class == NUMBER_NATIONAL)
		return false;
	if (n->class == NUMBER_SATELLITE) {
		(void)slice_copy(words, size, SLICE("calls to satellite numbers are closed"));
		return !opened(b->satellite, e, "satellite");
	}
	if (n->class == NUMBER_PREMIUM && !opened(b->premium, e, "premium")) {
		(void)slice_copy(words, size, SLICE("calls to premium-rate numbers are closed"));
		return true;
	}
	if (n->class == NUMBER_PREMIUM && (!n->country || n->country == c->home.country))
		return false;
	if (country_open(b, e, n))
		return false;
	if (n->class == NUMBER_UNKNOWN)
		(void)slice_copy(words, size, SLICE("no number of this country; such calls are closed"));
	else
		snprintf(words, size, "calls to %s are closed", where);
	return true;
}
