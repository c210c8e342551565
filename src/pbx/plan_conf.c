/*
 * plan_conf.c - the numbering plan in memory, compiled from the rows of its resources. Which file knows which:
 * plan_rules.c routes_out and routes_in, plan_did.c dids, plan_numbering.c numbering and brakes.
 */
#include "base/mem.h"
#include "pbx/plan_priv.h"

int plan_init(struct plan *c)
{
	int err;

	memset(c, 0, sizeof(*c));
	hash_init(&c->dids);
	hash_init(&c->did_numbers);
	err = plan_numbering_take(c, NULL);
	return err ? err : plan_brakes_take(c, NULL);
}

void plan_free(struct plan *c)
{
	plan_rules_free(&c->out);
	plan_rules_free(&c->in);
	plan_did_free(c);
	json_decref(c->numbering_row);
	json_decref(c->brakes_row);
	mem_deref(c->emergency);
	mem_deref(c->emergency_trunks);
	mem_deref(c->location);
	mem_deref(c->brakes.countries);
	memset(c, 0, sizeof(*c));
}

bool plan_resource(const struct resource *r)
{
	return r == &pbx_route_out_resource || r == &pbx_route_in_resource || r == &pbx_did_resource ||
	       r == &pbx_numbering_resource || r == &pbx_brakes_resource;
}

int plan_take(struct plan *c, const struct resource *r, const char *key, json_t *row)
{
	struct buf why;
	int err = 0;

	buf_init(&why);
	if (r == &pbx_route_out_resource)
		err = plan_out_take(c, key, row, &why);
	else if (r == &pbx_route_in_resource)
		err = plan_in_take(c, key, row, &why);
	else if (r == &pbx_did_resource)
		err = plan_did_take(c, key, row);
	else if (r == &pbx_numbering_resource)
		err = plan_numbering_take(c, row);
	else if (r == &pbx_brakes_resource)
		err = plan_brakes_take(c, row);
	buf_free(&why);
	return err;
}

int plan_check(const struct plan *c, const struct number_home *home, const struct resource *r, const char *key,
	       json_t *row, struct buf *why)
{
	if (r == &pbx_route_out_resource)
		return plan_out_check(home, key, row, why);
	if (r == &pbx_route_in_resource)
		return plan_in_check(key, row, why);
	if (r == &pbx_did_resource)
		return plan_did_check(c, home, key, row, why);
	if (r == &pbx_numbering_resource)
		return plan_numbering_check(c, key, row, why);
	return r == &pbx_brakes_resource ? plan_brakes_check(key, row, why) : 0;
}

json_t *plan_row(const struct plan *c, const struct resource *r, const char *key)
{
	if (r == &pbx_route_out_resource)
		return plan_rule_row(&c->out, key);
	if (r == &pbx_route_in_resource)
		return plan_rule_row(&c->in, key);
	if (r == &pbx_did_resource)
		return plan_did_row(c, key);
	if (r == &pbx_numbering_resource)
		return json_incref(c->numbering_row);
	return r == &pbx_brakes_resource ? json_incref(c->brakes_row) : NULL;
}
