/*
 * change.c - configuration changes: the PBX's own checks, then the store's transaction, then the swap in memory.
 */
#include <stdio.h>
#include <string.h>
#include "base/mem.h"
#include "pbx/account_priv.h"
#include "pbx/conference.h"
#include "pbx/event.h"
#include "pbx/network.h"
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

/* ------------------------------------------------------------------ told to who listens */

/** A change on its way: what it changes, for the event, and who waits for it. */
struct news {
	struct pbx *pbx;
	store_change_h *h;
	void *arg;
	json_t *items;       /* NULL: nobody listens */
	char *author, *text; /* NULL: none */
	bool network;        /* begun by network_prepare() */
};

static void news_destroy(void *obj)
{
	struct news *n = obj;

	json_decref(n->items);
	mem_deref(n->author);
	mem_deref(n->text);
}

static int text_dup(char **sp, const char *s)
{
	return s ? mem_strdup(sp, s) : 0;
}

static struct news *news_new(struct pbx *p, const struct store_change *c, store_change_h *h, void *arg)
{
	struct news *n = mem_zalloc(sizeof(*n), news_destroy);

	if (!n)
		return NULL;
	n->pbx = p;
	n->h = h;
	n->arg = arg;
	n->items = event_wanted(p, EVENT_CONFIG) ? json_array() : NULL;
	if (text_dup(&n->author, c->author) || text_dup(&n->text, c->text))
		return mem_deref(n);
	return n;
}

static void news_h(int err, const char *why, json_t *row, int64_t change_id, void *arg)
{
	struct news *n = arg;
	store_change_h *h = n->h;
	void *harg = n->arg;

	/* ECANCELED: a password was being hashed, and the phone system is gone */
	if (err != ECANCELED)
		network_done(n->pbx, err ? 0 : change_id, n->network);
	if (!err && change_id && n->items)
		event_config(n->pbx, change_id, n->author, n->text, n->items);
	mem_deref(n);
	h(err, why, row, change_id, harg);
}

static void apply(const struct change_item *it, json_t *row, void *arg);

static void news_apply(const struct change_item *it, json_t *row, void *arg)
{
	static const char *const ops[] = {
		[CHANGE_CREATE] = "create", [CHANGE_UPDATE] = "update", [CHANGE_DELETE] = "delete"};
	struct news *n = arg;

	apply(it, row, n->pbx);
	if (n->items)
		(void)json_array_append_new(n->items, json_pack("{s:s, s:s, s:s}", "op", ops[it->op], "resource",
								it->r->name, "key", it->key));
}

/* ------------------------------------------------------------------ changes */

/* A committed row is taken over by its owner. */
static void apply(const struct change_item *it, json_t *row, void *arg)
{
	if (plan_apply(it, row, arg) || settings_apply(it, row, arg) || conference_apply(it, row, arg) ||
	    account_apply(it, row, arg) || network_apply(it, row, arg))
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
		err = network_check(p, it, why);
	if (!err)
		err = sound_check(it, why);
	if (err)
		return err;
	if (it->r == &pbx_trunk_resource)
		return ptrunk_check(p, it, why);
	if (it->r == &pbx_extension_resource && it->op == CHANGE_CREATE && feature_find(slice_str(it->key))) {
		buf_printf(why, "%s is a feature code; choose another number.", it->key);
		return why_at(EEXIST, why, "number");
	}
	return security_check(p, it, why);
}

const char *pbx_resource_only(const struct resource *r)
{
	bool only = r == &pbx_numbering_resource || r == &pbx_brakes_resource || r == &pbx_settings_resource ||
		    r == &pbx_network_resource;

	return only ? PLAN_ONLY : NULL;
}

static bool is_new_only(const struct pbx *p, const struct change_item *it)
{
	json_t *row;

	if (it->op != CHANGE_UPDATE || !pbx_resource_only(it->r) || !it->obj)
		return false;
	if (it->r == &pbx_settings_resource)
		return !p->settings.stored;
	if (it->r == &pbx_network_resource)
		return !pbx_network(p)->stored;
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

static int check_items(struct pbx *p, const struct change_item *item, size_t n, struct buf *why)
{
	bool mixed = false;
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		err = check_item(p, &item[i], why);
		mixed = mixed || item[i].r != item[0].r;
	}
	/* rows of one table do not clash with each other: a file of ten thousand is not compared with itself */
	for (size_t i = 0; i < n && !err; i++)
		err = mixed ? conference_check(p, item, n, i, why) : conference_check(p, &item[i], 1, 0, why);
	if (!err)
		err = plan_check_items(p, item, n, why);
	return err ? err : account_check(p, item, n, why);
}

int pbx_change_check(struct pbx *p, const struct change_item *item, size_t n, struct buf *why)
{
	struct change_item *own = NULL;
	int err = make_only(p, item, n, &own);

	if (!err)
		err = check_items(p, own ? own : item, n, why);
	free_only(own, n);
	return err;
}

/* Checked: to the store. */
static void commit(struct pbx *p, const struct change_item *item, size_t n, const char *author, const char *text,
		   struct news *news)
{
	struct store_change c = {
		.item = item, .n = n, .author = author, .text = text, .apply = news_apply, .apply_arg = news};

	if (account_involved(item, n))
		account_change(p, &c, news_h, news);
	else
		store_change(p->store, &c, news_h, news);
}

/** A change that waits until what was before is on the disk (network.h): copies of all it has. */
struct later {
	struct change_item *item;
	size_t n;
	struct news *news;
};

static void later_destroy(void *obj)
{
	struct later *l = obj;

	for (size_t i = 0; l->item && i < l->n; i++) {
		json_decref(l->item[i].obj);
		mem_deref((char *)l->item[i].key);
	}
	mem_deref(l->item);
}

static struct later *later_new(const struct change_item *item, size_t n, struct news *news)
{
	struct later *l = mem_zalloc(sizeof(*l), later_destroy);

	if (!l)
		return NULL;
	l->news = news;
	l->item = mem_zalloc(n * sizeof(*l->item), NULL);
	if (!l->item)
		return mem_deref(l);
	for (size_t i = 0; i < n; i++) {
		char *k;

		if (mem_strdup(&k, item[i].key))
			return mem_deref(l);
		l->item[i] = item[i];
		l->item[i].key = k;
		l->item[i].obj = json_incref(item[i].obj);
		l->n = i + 1;
	}
	return l;
}

static void later_go(int err, const char *why, json_t *res, void *arg)
{
	struct later *l = arg;
	struct news *n = l->news;

	(void)res;
	if (err)
		news_h(err, why, NULL, 0, n);
	else
		commit(n->pbx, l->item, l->n, n->author, n->text, n);
	mem_deref(l);
}

/* Addresses change: the new ones are opened first, and nothing is written that a crash could not take back. */
static int begin_network(struct pbx *p, const struct change_item *item, size_t n, struct news *news, struct buf *why)
{
	struct later *l = later_new(item, n, news);
	news->network = true;
	int err = l ? network_prepare(p, item, n, why, later_go, l) : ENOMEM;

	if (err)
		mem_deref(l);
	return err;
}

void pbx_change(struct pbx *p, const struct change_item *item, size_t n, const char *author, const char *text,
		store_change_h *h, void *arg)
{
	struct store_change c = {.item = item, .n = n, .author = author, .text = text};
	struct change_item *own = NULL;
	struct news *news = NULL;
	struct buf why;
	bool network = false;
	int err = make_only(p, item, n, &own);

	buf_init(&why);
	if (own)
		item = own;
	if (!err)
		err = check_items(p, item, n, &why);
	if (!err) {
		news = news_new(p, &c, h, arg);
		err = news ? 0 : ENOMEM;
	}
	if (!err && (network = network_involved(p, item, n)))
		err = begin_network(p, item, n, news, &why);
	if (err) {
		mem_deref(news);
		refuse(p, err, buf_get(&why), h, arg);
	} else if (!network) {
		commit(p, item, n, author, text, news);
	}
	buf_free(&why);
	free_only(own, n);
}

void pbx_undo(struct pbx *p, int64_t id, const char *author, store_change_h *h, void *arg)
{
	struct store_change c = {.author = author, .apply = news_apply};
	struct news *news;
	char text[48];

	(void)snprintf(text, sizeof(text), "change %lld undone", (long long)id);
	c.text = text;
	c.apply_arg = news = news_new(p, &c, h, arg);
	c.text = NULL;
	if (news)
		account_undo(p, id, &c, news_h, news);
	else
		refuse(p, ENOMEM, SLICE("memory is out"), h, arg);
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
