/*
 * change.c - configuration changes: the PBX's own checks, then the store's transaction, then the swap in memory.
 */
#include <string.h>
#include "base/mem.h"
#include "pbx/conference.h"
#include "pbx/pbx_priv.h"
#include "pbx/security.h"
#include "pbx/trunk.h"

/** An answer that must not come within the call. */
struct refusal {
	struct loop_tail tail;
	store_change_h *h;
	void *arg;
	int err;
	char why[320];
};

static void refusal_tell(void *arg)
{
	struct refusal *r = arg;

	r->h(r->err, r->why, NULL, 0, r->arg);
	mem_deref(r);
}

static void refuse(struct pbx *p, int err, struct slice why, store_change_h *h, void *arg)
{
	struct refusal *r = mem_zalloc(sizeof(*r), NULL);

	if (!r) {
		h(ENOMEM, "memory is out", NULL, 0, arg);
		return;
	}
	r->h = h;
	r->arg = arg;
	r->err = err;
	(void)slice_copy(r->why, sizeof(r->why), why);
	r->tail.fn = refusal_tell;
	r->tail.arg = r;
	loop_at_tail(p->loop, &r->tail);
}

/* A committed row is taken over by its owner. */
static void apply(const struct change_item *it, json_t *row, void *arg)
{
	if (plan_apply(it, row, arg) || settings_apply(it, row, arg) || conference_apply(it, row, arg))
		return;
	if (it->r == &pbx_trunk_resource)
		ptrunk_apply(it, row, arg);
	else if (it->r == &pbx_allowed_resource || it->r == &pbx_limit_resource)
		security_apply(it, row, arg);
	else
		extension_apply(it, row, arg);
}

/* What the table cannot say. */
static int check_item(struct pbx *p, const struct change_item *it, struct buf *why)
{
	int err = settings_check(it, why);

	if (!err)
		err = sound_check(it, why);
	if (err)
		return err;
	if (it->r == &pbx_trunk_resource)
		return ptrunk_check(p, it, why);
	if (it->r == &pbx_extension_resource && it->op == CHANGE_CREATE && feature_find(slice_str(it->key))) {
		buf_printf(why, "%s is a feature code; choose another number.", it->key);
		return EEXIST;
	}
	return security_check(p, it, why);
}

const char *pbx_resource_only(const struct resource *r)
{
	bool only = r == &pbx_numbering_resource || r == &pbx_brakes_resource || r == &pbx_settings_resource;

	return only ? PLAN_ONLY : NULL;
}

static bool is_new_only(const struct pbx *p, const struct change_item *it)
{
	json_t *row;

	if (it->op != CHANGE_UPDATE || !pbx_resource_only(it->r) || !it->obj)
		return false;
	if (it->r == &pbx_settings_resource)
		return !p->settings.stored;
	row = plan_row(&p->plan, it->r, it->key);
	json_decref(row);
	return !row;
}

static void free_only(struct change_item *v, size_t n)
{
	for (size_t i = 0; v && i < n; i++)
		json_decref(v[i].obj);
	mem_deref(v);
}

/* The only row of its table is there for everybody; the first change to it makes it. `*vp` stays NULL when none is so.
 */
static int make_only(const struct pbx *p, const struct change_item *item, size_t n, struct change_item **vp)
{
	struct change_item *v;
	bool any = false;
	int err = 0;

	for (size_t i = 0; i < n; i++)
		any = any || is_new_only(p, &item[i]);
	if (!any)
		return 0;
	v = mem_zalloc(n * sizeof(*v), NULL);
	if (!v)
		return ENOMEM;
	for (size_t i = 0; i < n; i++) {
		v[i] = item[i];
		v[i].obj = json_incref(item[i].obj);
		if (!is_new_only(p, &item[i]))
			continue;
		json_decref(v[i].obj);
		v[i].op = CHANGE_CREATE;
		v[i].obj = json_copy(item[i].obj);
		if (!v[i].obj || json_object_set_new(v[i].obj, "name", json_string(PLAN_ONLY)))
			err = ENOMEM;
	}
	if (err)
		free_only(v, n);
	else
		*vp = v;
	return err;
}

void pbx_change(struct pbx *p, const struct change_item *item, size_t n, const char *author, const char *text,
		store_change_h *h, void *arg)
{
	struct store_change c = {.item = item, .n = n, .author = author, .text = text, .apply = apply, .apply_arg = p};
	struct change_item *own = NULL;
	struct buf why;
	int err = make_only(p, item, n, &own);

	buf_init(&why);
	if (own)
		c.item = item = own;
	for (size_t i = 0; i < n && !err; i++)
		err = check_item(p, &item[i], &why);
	for (size_t i = 0; i < n && !err; i++)
		err = conference_check(p, item, n, i, &why);
	if (!err)
		err = plan_check_items(p, item, n, &why);
	if (err)
		refuse(p, err, buf_get(&why), h, arg);
	else
		store_change(p->store, &c, h, arg);
	buf_free(&why);
	free_only(own, n);
}

void pbx_undo(struct pbx *p, int64_t id, const char *author, store_change_h *h, void *arg)
{
	struct store_change c = {.author = author, .apply = apply, .apply_arg = p};

	store_undo(p->store, id, &c, h, arg);
}

int pbx_first_start(struct pbx *p, store_change_h *h, void *arg)
{
	json_t *a = json_pack("{s:s, s:s}", "number", "100", "name", "First phone");
	json_t *b = json_pack("{s:s, s:s}", "number", "101", "name", "Second phone");
	const struct change_item items[] = {
		{CHANGE_CREATE, &pbx_extension_resource, "100", a},
		{CHANGE_CREATE, &pbx_extension_resource, "101", b},
	};
	int err = a && b ? 0 : ENOMEM;

	if (!err)
		pbx_change(p, items, ARRAY_LEN(items), "system", "first start: two extensions to begin with", h, arg);
	json_decref(a);
	json_decref(b);
	return err;
}
