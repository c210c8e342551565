/*
 * plan_rules.c - the rules of the numbering plan that have an order: routes to the outside, and rules for calls that
 * come in. A row is compiled: patterns and hours parsed, its place found.
 */
#include "base/mem.h"
#include "pbx/plan_priv.h"

/* ------------------------------------------------------------------ what both have */

static void rule_free(struct plan_rule *u)
{
	list_unlink(&u->le);
	mem_deref(u->trunks);
	mem_deref(u->hours_text);
	json_decref(u->row);
}

static int rule_fill(struct plan_rule *u, const struct resource *r, const char *key, json_t *row, struct buf *why)
{
	int err = why_at(plan_hours_parse(&u->hours, slice_str(plan_text(r, row, "hours")), why), why, "hours");

	(void)slice_copy(u->name, sizeof(u->name), slice_str(key));
	u->order = plan_number(r, row, "order");
	u->enabled = plan_truth(r, row, "enabled");
	u->row = json_incref(row);
	if (!err)
		err = plan_words(&u->trunks, r, row, "trunks");
	return err ? err : mem_strdup(&u->hours_text, plan_text(r, row, "hours"));
}

static void rule_insert(struct list *rules, struct plan_rule *u)
{
	LIST_EACH (rules, k) {
		const struct plan_rule *x = LINK_OBJ(k, struct plan_rule, le);

		if (x->order > u->order || (x->order == u->order && strcmp(x->name, u->name) > 0)) {
			list_insert_before(k, &u->le);
			return;
		}
	}
	list_append(rules, &u->le);
}

static struct plan_rule *rule_find(const struct list *rules, const char *key)
{
	LIST_EACH (rules, k)
		if (!strcmp(LINK_OBJ(k, struct plan_rule, le)->name, key))
			return LINK_OBJ(k, struct plan_rule, le);
	return NULL;
}

json_t *plan_rule_row(const struct list *rules, const char *key)
{
	const struct plan_rule *u = rule_find(rules, key);

	return u ? json_incref(u->row) : NULL;
}

/* A rule is the first member of what it is a rule of: one reference is the other's. */
static void rule_swap(struct list *rules, const char *key, struct plan_rule *now)
{
	mem_deref(rule_find(rules, key));
	if (now)
		rule_insert(rules, now);
}

void plan_rules_free(struct list *rules)
{
	LIST_EACH (rules, k)
		mem_deref(LINK_OBJ(k, struct plan_rule, le));
}

/* ------------------------------------------------------------------ routes to the outside */

static void out_destroy(void *obj)
{
	struct plan_out *o = obj;

	pattern_list_free(&o->patterns);
	pattern_list_free(&o->extensions);
	rule_free(&o->rule);
}

static enum plan_send send_of(const char *s)
{
	return !strcmp(s, "e164")       ? SEND_E164
	       : !strcmp(s, "digits")   ? SEND_DIGITS
	       : !strcmp(s, "national") ? SEND_NATIONAL
					: SEND_DIALLED;
}

static int out_fill(struct plan_out *o, const char *key, json_t *row, struct buf *why)
{
	const struct resource *r = &pbx_route_out_resource;
	int err = rule_fill(&o->rule, r, key, row, why);

	if (!err)
		err = why_at(pattern_list_parse(&o->patterns, slice_str(plan_text(r, row, "pattern")), why), why,
			     "pattern");
	if (!err)
		err = why_at(pattern_list_parse(&o->extensions, slice_str(plan_text(r, row, "extensions")), why), why,
			     "extensions");
	o->strip = plan_number(r, row, "strip");
	o->tries = plan_number(r, row, "tries");
	o->send = send_of(plan_text(r, row, "send"));
	o->keep_caller = plan_truth(r, row, "keep_caller");
	plan_copy(o->prepend, sizeof(o->prepend), r, row, "prepend");
	plan_copy(o->replace, sizeof(o->replace), r, row, "replace");
	plan_copy(o->caller_id, sizeof(o->caller_id), r, row, "caller_id");
	plan_copy(o->pin, sizeof(o->pin), r, row, "pin");
	if (!err && *o->replace && !pattern_list_has_regex(&o->patterns)) {
		buf_printf(why, "\"replace\" needs a pattern that is a regular expression (~...).");
		err = why_at(ERR_SYNTAX, why, "replace");
	}
	return err;
}

static int out_make(struct plan_out **op, const char *key, json_t *row, struct buf *why)
{
	struct plan_out *o = mem_zalloc(sizeof(*o), out_destroy);
	int err = o ? out_fill(o, key, row, why) : ENOMEM;

	if (err)
		mem_deref(o);
	else
		*op = o;
	return err;
}

int plan_out_take(struct plan *c, const char *key, json_t *row, struct buf *why)
{
	struct plan_out *o = NULL;
	int err = row ? out_make(&o, key, row, why) : 0;

	if (!err)
		rule_swap(&c->out, key, o ? &o->rule : NULL);
	return err;
}

int plan_out_check(const struct number_home *home, const char *key, json_t *row, struct buf *why)
{
	struct plan_out *o = NULL;
	int err;

	if (!home->country) {
		buf_printf(why, "Set the country first, so that numbers can be understood: numbering set --country DE");
		return ERR_SYNTAX;
	}
	err = out_make(&o, key, row, why);
	mem_deref(o);
	return err;
}

/* ------------------------------------------------------------------ rules for calls that come in */

static void in_destroy(void *obj)
{
	struct plan_in *o = obj;

	pattern_list_free(&o->numbers);
	pattern_list_free(&o->callers);
	rule_free(&o->rule);
}

/* "anonymous" among the callers is no pattern. */
static int callers(struct plan_in *o, const char *list, struct buf *why)
{
	struct slice s = slice_str(list);
	struct buf b;
	int err;

	buf_init(&b);
	while (s.l) {
		struct slice w = slice_cut(&s, ' '), bare = w;

		while (bare.l && bare.p[bare.l - 1] == ',')
			bare.l--;
		if (slice_ieqs(bare, "anonymous"))
			o->anonymous = true;
		else
			buf_printf(&b, "%.*s ", SLICE_FMT(w));
	}
	err = buf_err(&b) ? buf_err(&b) : pattern_list_parse(&o->callers, buf_get(&b), why);
	buf_free(&b);
	return err;
}

static int in_fill(struct plan_in *o, const char *key, json_t *row, struct buf *why)
{
	const struct resource *r = &pbx_route_in_resource;
	int err = rule_fill(&o->rule, r, key, row, why);

	if (!err)
		err = why_at(pattern_list_parse(&o->numbers, slice_str(plan_text(r, row, "numbers")), why), why,
			     "numbers");
	if (!err)
		err = why_at(callers(o, plan_text(r, row, "callers"), why), why, "callers");
	if (!err)
		err = why_at(plan_target_sound(plan_text(r, row, "target"), why), why, "target");
	plan_copy(o->target, sizeof(o->target), r, row, "target");
	plan_copy(o->name_prefix, sizeof(o->name_prefix), r, row, "name_prefix");
	return err;
}

static int in_make(struct plan_in **op, const char *key, json_t *row, struct buf *why)
{
	struct plan_in *o = mem_zalloc(sizeof(*o), in_destroy);
	int err = o ? in_fill(o, key, row, why) : ENOMEM;

	if (err)
		mem_deref(o);
	else
		*op = o;
	return err;
}

int plan_in_take(struct plan *c, const char *key, json_t *row, struct buf *why)
{
	struct plan_in *o = NULL;
	int err = row ? in_make(&o, key, row, why) : 0;

	if (!err)
		rule_swap(&c->in, key, o ? &o->rule : NULL);
	return err;
}

int plan_in_check(const char *key, json_t *row, struct buf *why)
{
	struct plan_in *o = NULL;
	int err = in_make(&o, key, row, why);

	mem_deref(o);
	return err;
}
