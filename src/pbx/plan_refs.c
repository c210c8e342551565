/*
 * plan_refs.c - what routes, rules and numbers name: trunks that must be there, and targets that may not lead back.
 */
#include <string.h>
#include <strings.h>
#include "pbx/conference.h"
#include "pbx/plan_priv.h"
#include "pbx/pbx_priv.h"
#include "pbx/routed.h"
#include "pbx/trunk.h"

enum { SCAN_MAX = 500 }; /* rows of one change that are compared with each other */

static const struct change_item *changed(const struct change_item *item, size_t n, const struct resource *r,
					 struct slice key)
{
	for (size_t i = 0; i < n; i++)
		if (item[i].r == r && slice_eqs(key, item[i].key))
			return &item[i];
	return NULL;
}

/* Will there be this trunk after the change? */
static bool trunk_there(const struct pbx *p, const struct change_item *item, size_t n, struct slice name)
{
	const struct change_item *it = changed(item, n, &pbx_trunk_resource, name);

	return it ? it->op != CHANGE_DELETE : ptrunk_find(p, name) != NULL;
}

static int check_list(const struct pbx *p, const struct change_item *item, size_t n, json_t *row, const char *field,
		      struct buf *why)
{
	struct slice s = slice_str(json_string_value(json_object_get(row, field)));

	while (s.l) {
		struct slice part = slice_cut(&s, ' ');

		while (part.l) {
			struct slice w = slice_cut(&part, ',');

			if (!w.l || trunk_there(p, item, n, w))
				continue;
			buf_printf(why, "There is no trunk \"%.*s\".", SLICE_FMT(w));
			return why_at(ERR_SYNTAX, why, field);
		}
	}
	return 0;
}

/* Somebody or something of ours that answers: such a target leads nowhere else. */
static bool answers(struct pbx *p, const char *target)
{
	struct slice s = slice_str(target);

	return !strcmp(target, "dialled") || !strncasecmp(target, "refuse", 6) || !strcmp(target, "hangup") ||
	       extension_find(p, s) || conference_find(p, s) || feature_find(s);
}

static bool same_number(const char *a, const char *b, const struct number_home *home)
{
	struct number x, y;

	number_read(&x, slice_str(a), home);
	number_read(&y, slice_str(b), home);
	return !strcmp(*x.e164 ? x.e164 : x.dialled, *y.e164 ? y.e164 : y.dialled);
}

/* One of our own numbers as a target: the call would go out and come in again, for ever where it is the same one. */
static int check_target(struct pbx *p, const struct change_item *item, size_t n, const struct change_item *it,
			const struct number_home *home, json_t *row, struct buf *why)
{
	const char *target = json_string_value(json_object_get(row, "target"));
	bool own;

	if (!target || answers(p, target) ||
	    changed(item, n < SCAN_MAX ? n : 0, &pbx_extension_resource, slice_str(target)))
		return 0;
	own = plan_did_find(&p->plan, target) != NULL;
	if (own) {
		const struct change_item *gone = changed(item, n, &pbx_did_resource, slice_str(target));

		own = !gone || gone->op != CHANGE_DELETE;
	}
	for (size_t i = 0; i < n && n < SCAN_MAX && !own; i++)
		own = item[i].r == &pbx_did_resource && item[i].op != CHANGE_DELETE &&
		      same_number(item[i].key, target, home);
	if (!own)
		return 0;
	if (it->r == &pbx_did_resource && same_number(it->key, target, home))
		buf_printf(why,
			   "%s would lead to itself. Name who answers: an extension, a conference, a feature code.",
			   target);
	else
		buf_printf(why,
			   "%s is one of your own numbers, so the call would go round in a circle. Name who answers "
			   "there: an extension, a conference, a feature code.",
			   target);
	return why_at(ERR_SYNTAX, why, "target");
}

int plan_refs_check(struct pbx *p, const struct change_item *item, size_t n, const struct change_item *it,
		    const struct number_home *home, json_t *row, struct buf *why)
{
	int err;

	if (it->r == &pbx_brakes_resource)
		return 0;
	if (it->r == &pbx_numbering_resource)
		return check_list(p, item, n, row, "emergency_trunks", why);
	err = check_list(p, item, n, row, "trunks", why);
	if (!err && (it->r == &pbx_did_resource || it->r == &pbx_route_in_resource))
		err = check_target(p, item, n, it, home, row, why);
	return err;
}

/* ------------------------------------------------------------------ a trunk goes */

struct users {
	const struct change_item *item;
	size_t n, count;
	const char *trunk;
	struct buf *b;
};

static void user(struct users *u, const struct resource *r, const char *what, const char *key, const char *trunks)
{
	/* what changes with it is checked by itself */
	if (!trunks || !country_list_has(trunks, slice_str(u->trunk)) || changed(u->item, u->n, r, slice_str(key)))
		return;
	if (++u->count <= 3)
		buf_printf(u->b, "%s%s %s", u->count > 1 ? ", " : "", what, key);
}

static void users_of(struct users *u, const struct list *rules, const struct resource *r, const char *what)
{
	LIST_EACH (rules, k) {
		const struct plan_rule *x = LINK_OBJ(k, struct plan_rule, le);

		user(u, r, what, x->name, x->trunks);
	}
}

static int did_uses(struct hlink *k, void *arg)
{
	const struct plan_did *d = CONTAINER_OF(k, struct plan_did, by_key);

	user(arg, &pbx_did_resource, "number", d->key, d->trunks);
	return 0;
}

int plan_refs_trunk_gone(struct pbx *p, const struct change_item *item, size_t n, const struct change_item *it,
			 struct buf *why)
{
	struct buf b;
	struct users u = {.item = item, .n = n, .trunk = it->key, .b = &b};

	buf_init(&b);
	users_of(&u, &p->plan.out, &pbx_route_out_resource, "outgoing route");
	users_of(&u, &p->plan.in, &pbx_route_in_resource, "incoming rule");
	(void)hash_each(&p->plan.dids, did_uses, &u);
	user(&u, &pbx_numbering_resource, "emergency calls of", "numbering", p->plan.emergency_trunks);
	if (u.count)
		buf_printf(why, "The trunk %s is still named by: %.*s%s. Take it out there first, or switch it off.",
			   it->key, SLICE_FMT(buf_get(&b)), u.count > 3 ? " ..." : "");
	buf_free(&b);
	return u.count ? EEXIST : 0;
}
