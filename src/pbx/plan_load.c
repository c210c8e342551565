/*
 * plan_load.c - the numbering plan and the store: loaded at the start, swapped after each committed change, and checked
 * before one against what the tables cannot know (numbers that mean two things, trunks that are not there).
 */
#include <stdio.h>
#include <stdlib.h>
#include "base/log.h"
#include "base/mem.h"
#include "pbx/conference.h"
#include "pbx/pbx_priv.h"
#include "pbx/trunk.h"

/* numbering first: the others are read with its country */
static const struct resource *const tables[] = {&pbx_numbering_resource, &pbx_brakes_resource, &pbx_did_resource,
						&pbx_route_out_resource, &pbx_route_in_resource};

struct loading {
	struct pbx *pbx;
	const struct resource *r;
	int err;
};

static json_t *secret(struct pbx *p, const struct resource *r, struct slice sealed)
{
	struct buf b;
	json_t *v = NULL;

	buf_init(&b);
	if (store_unseal(p->store, sealed, &b))
		log_error("pbx", "a secret of table %s cannot be read: is data/key the one it was saved with?",
			  r->plural);
	else
		v = json_stringn(b.p ? b.p : "", b.l);
	if (b.p)
		mem_wipe(b.p, b.cap);
	buf_free(&b);
	return v;
}

static json_t *column(struct loading *ld, const struct field *f, const char *col, size_t len)
{
	if (f->type == FIELD_INT || f->type == FIELD_TIME)
		return json_integer(atoll(col));
	if (f->type == FIELD_BOOL)
		return json_boolean(!strcmp(col, "1"));
	return f->type == FIELD_SECRET ? secret(ld->pbx, ld->r, slice_mem(col, len)) : json_stringn(col, len);
}

static void load_row(const char *const *col, const size_t *len, void *arg)
{
	struct loading *ld = arg;
	const char *key = "";
	json_t *row = json_object();
	int err;

	for (size_t i = 0; i < ld->r->nfield; i++) {
		const struct field *f = &ld->r->field[i];

		if (col[i])
			(void)json_object_set_new(row, f->name, column(ld, f, col[i], len[i]));
		if (f->flags & FIELD_KEY)
			key = json_string_value(json_object_get(row, f->name));
	}
	err = key ? plan_take(&ld->pbx->plan, ld->r, key, row) : ENOMEM;
	json_decref(row);
	/* a row that an older version took is left out rather than stopping the start */
	if (err == ERR_SYNTAX)
		log_error("pbx", "%s %s is not understood and left out", ld->r->name, key);
	else if (err && !ld->err)
		ld->err = err;
}

int plan_load(struct pbx *p)
{
	int err = plan_init(&p->plan);

	for (size_t i = 0; i < ARRAY_LEN(tables) && !err; i++) {
		struct loading ld = {.pbx = p, .r = tables[i]};

		err = store_load(p->store, tables[i], load_row, &ld);
		err = err ? err : ld.err;
	}
	return err;
}

bool plan_apply(const struct change_item *it, json_t *row, struct pbx *p)
{
	int err;

	if (!plan_resource(it->r))
		return false;
	err = plan_take(&p->plan, it->r, it->key, row);
	settings_use(p); /* tones follow the country */
	if (err)
		log_error("pbx", "%s %s was saved, but this process could not take it over (%s); restart to use it",
			  it->r->name, it->key, err_str(err));
	return true;
}

/* ------------------------------------------------------------------ checks */

/* The row as it will be. NULL: no memory. */
static json_t *merged(const struct pbx *p, const struct change_item *it)
{
	json_t *old = it->op == CHANGE_UPDATE ? plan_row(&p->plan, it->r, it->key) : NULL;
	json_t *row = old ? json_copy(old) : json_object();

	json_decref(old);
	if (row && it->obj && json_object_update(row, it->obj)) {
		json_decref(row);
		row = NULL;
	}
	return row;
}

/* The country as it will be after the whole change. */
struct future {
	json_t *numbering; /**< row; NULL: as now */
	struct number_home home;
	char area[16];
};

static int future_of(const struct pbx *p, const struct change_item *item, size_t n, struct future *f)
{
	*f = (struct future){.home = p->plan.home};
	for (size_t i = 0; i < n; i++) {
		const char *iso, *area;

		if (item[i].r != &pbx_numbering_resource || item[i].op == CHANGE_DELETE)
			continue;
		json_decref(f->numbering);
		f->numbering = merged(p, &item[i]);
		if (!f->numbering)
			return ENOMEM;
		iso = json_string_value(json_object_get(f->numbering, "country"));
		area = json_string_value(json_object_get(f->numbering, "area_code"));
		(void)slice_copy(f->area, sizeof(f->area), slice_str(area));
		f->home.country = country_find(slice_str(iso));
		f->home.area = f->area;
	}
	return 0;
}

static int number_taken(struct buf *why, const char *number, const char *country)
{
	buf_printf(why,
		   "%s is an emergency number%s%s and would be an extension or conference too. Choose another number "
		   "for that, or say that it is none here: numbering set --emergency-not \"%s\"",
		   number, *country ? " in " : "", country, number);
	return EEXIST;
}

/* Emergency numbers as they will be, against the extensions that are there. */
static int check_emergency(struct pbx *p, const struct future *f, struct buf *why)
{
	struct buf b;
	struct slice s;
	int err = 0;

	buf_init(&b);
	plan_emergency_list(f->numbering, &b);
	s = buf_get(&b);
	while (s.l && !err) {
		struct slice w = slice_cut(&s, ' ');
		char number[32];

		if ((extension_find(p, w) || conference_find(p, w)) && slice_copy(number, sizeof(number), w))
			err = number_taken(why, number, f->home.country ? f->home.country->name : "");
	}
	buf_free(&b);
	return err;
}

static int check_one(struct pbx *p, const struct change_item *item, size_t n, size_t i, const struct future *f,
		     struct buf *why)
{
	const struct change_item *it = &item[i];
	json_t *row;
	int err;

	if (it->op == CHANGE_DELETE)
		return it->r == &pbx_trunk_resource ? plan_refs_trunk_gone(p, item, n, it, why) : 0;
	if (it->r == &pbx_extension_resource && it->op == CHANGE_CREATE && plan_is_emergency(&p->plan, it->key) &&
	    !f->numbering)
		return why_at(number_taken(why, it->key, f->home.country ? f->home.country->name : ""), why, "number");
	if (!plan_resource(it->r))
		return 0;
	row = merged(p, it);
	if (!row)
		return ENOMEM;
	err = plan_check(&p->plan, &f->home, it->r, it->key, row, why);
	if (!err)
		err = plan_refs_check(p, item, n, it, &f->home, row, why);
	json_decref(row);
	return err;
}

int plan_check_items(struct pbx *p, const struct change_item *item, size_t n, struct buf *why)
{
	struct future f;
	int err = future_of(p, item, n, &f);

	for (size_t i = 0; i < n && !err; i++)
		err = check_one(p, item, n, i, &f, why);
	if (!err && f.numbering)
		err = check_emergency(p, &f, why);
	json_decref(f.numbering);
	return err;
}
