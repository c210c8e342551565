/*
 * account_change.c - changes in which passwords come, or administrators go.
 *
 * Passwords are turned into what is kept, one after the other on the crypto thread, before the store sees them. While a
 * change that takes administrators away is being written, what it takes away counts as gone.
 */
#include <string.h>
#include "base/mem.h"
#include "pbx/account_priv.h"

struct change {
	struct pbx *pbx;
	struct change_item *item;
	size_t n, at; /* the item whose password is being worked on */
	char *author, *text;
	void (*apply)(const struct change_item *it, json_t *row, void *arg);
	void *apply_arg;
	int64_t undo; /* 0: no undoing */
	size_t leaving;
	store_change_h *h;
	void *arg;
	struct loop_tail tail; /* an answer that must not come within the call */
	int err;
	char why[320];
};

static void destroy(void *obj)
{
	struct change *c = obj;

	for (size_t i = 0; c->item && i < c->n; i++) {
		json_decref(c->item[i].obj);
		mem_deref((void *)(uintptr_t)c->item[i].key);
	}
	mem_deref(c->item);
	mem_deref(c->author);
	mem_deref(c->text);
}

static void fail_now(void *arg)
{
	struct change *c = arg;

	c->h(c->err, c->why, NULL, 0, c->arg);
	mem_deref(c);
}

static void fail(struct change *c, int err, struct slice why)
{
	c->err = err;
	(void)slice_copy(c->why, sizeof(c->why), why);
	c->tail.fn = fail_now;
	c->tail.arg = c;
	loop_at_tail(c->pbx->loop, &c->tail);
}

static void written(int err, const char *why, json_t *row, int64_t id, void *arg)
{
	struct change *c = arg;

	c->pbx->accounts->leaving -= c->leaving;
	c->h(err, why, row, id, c->arg);
	mem_deref(c);
}

/* The world may have changed while passwords were worked on: look again. */
static void submit(struct change *c)
{
	struct store_change sc = {.item = c->item,
				  .n = c->n,
				  .author = c->author,
				  .text = c->text,
				  .apply = c->apply,
				  .apply_arg = c->apply_arg};
	int delta = account_delta(c->pbx, c->item, c->n);
	struct buf why;
	int err;

	buf_init(&why);
	err = account_may_go(c->pbx, delta, &why);
	if (err) {
		fail(c, err, buf_get(&why));
	} else {
		c->leaving = delta < 0 ? (size_t)-delta : 0;
		c->pbx->accounts->leaving += c->leaving;
		store_change(c->pbx->store, &sc, written, c);
	}
	buf_free(&why);
}

static void next(struct change *c);

static void kept(const struct account_work *w, void *arg)
{
	struct change *c = arg;

	if (w->err == ECANCELED) {
		c->h(ECANCELED, "The server is stopping.", NULL, 0, c->arg);
		mem_deref(c);
	} else if (w->err || json_object_set_new(c->item[c->at].obj, "password", json_string(w->kept))) {
		fail(c, ENOMEM, SLICE("Memory is out."));
	} else {
		c->at++;
		next(c);
	}
}

/* The next password, or the end. */
static void next(struct change *c)
{
	for (; c->at < c->n; c->at++) {
		const struct change_item *it = &c->item[c->at];
		const json_t *v = it->r == &pbx_user_resource ? json_object_get(it->obj, "password") : NULL;
		struct slice s = slice_mem(json_string_value(v), json_is_string(v) ? json_string_length(v) : 0);
		int err;

		if (!json_is_string(v) || account_is_kept(s))
			continue;
		err = account_work(c->pbx->accounts, s, NULL, kept, c);
		if (err == EBUSY)
			fail(c, err, SLICE("The system is busy; try again."));
		else if (err)
			fail(c, err, SLICE("The password cannot be stored."));
		return;
	}
	submit(c);
}

bool account_involved(const struct change_item *item, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (item[i].r == &pbx_user_resource)
			return true;
	return false;
}

static int copy(struct change *c, const struct store_change *sc)
{
	int err = mem_strdup(&c->author, sc->author ? sc->author : "unknown");

	if (!err && sc->text)
		err = mem_strdup(&c->text, sc->text);
	c->item = !err && sc->n ? mem_zalloc(sc->n * sizeof(*c->item), NULL) : NULL;
	if (!err && sc->n && !c->item)
		err = ENOMEM;
	for (size_t i = 0; !err && i < sc->n; i++) {
		char *key = NULL;

		c->n = i + 1;
		c->item[i] = sc->item[i];
		c->item[i].key = NULL;
		c->item[i].obj = json_deep_copy(sc->item[i].obj);
		if (sc->item[i].obj && !c->item[i].obj)
			err = ENOMEM;
		if (!err && sc->item[i].key)
			err = mem_strdup(&key, sc->item[i].key);
		c->item[i].key = key;
	}
	return err;
}

static struct change *make(struct pbx *p, const struct store_change *sc, store_change_h *h, void *arg)
{
	struct change *c = mem_zalloc(sizeof(*c), destroy);

	if (!c)
		return NULL;
	c->pbx = p;
	c->apply = sc->apply;
	c->apply_arg = sc->apply_arg;
	c->h = h;
	c->arg = arg;
	return copy(c, sc) ? mem_deref(c) : c;
}

void account_change(struct pbx *p, const struct store_change *sc, store_change_h *h, void *arg)
{
	struct change *c = make(p, sc, h, arg);

	if (c)
		next(c);
	else
		h(ENOMEM, "Memory is out.", NULL, 0, arg);
}

/* ------------------------------------------------------------------ undoing */

/* The item that undoing this one of the history amounts to, as far as account_delta() looks at it; the key lives as
 * long as `was`. */
static int reverse(struct change_item *it, const json_t *was)
{
	const char *op = json_string_value(json_object_get(was, "op")), *name;
	json_t *pair;

	it->r = &pbx_user_resource;
	it->key = json_string_value(json_object_get(was, "key"));
	it->op = op && !strcmp(op, "create") ? CHANGE_DELETE : CHANGE_UPDATE;
	it->obj = json_object();
	if (!it->key || !it->obj)
		return ENOMEM;
	json_object_foreach(json_object_get(was, "diff"), name, pair)
	{
		if (json_object_set(it->obj, name, json_array_get(pair, 0)))
			return ENOMEM;
	}
	return 0;
}

static int undo_delta(struct pbx *p, const json_t *items, int *delta)
{
	json_t *v;
	size_t i;

	*delta = 0;
	json_array_foreach(items, i, v)
	{
		const char *r = json_string_value(json_object_get(v, "resource"));
		struct change_item it = {0};
		int err;

		if (!r || strcmp(r, pbx_user_resource.name))
			continue;
		err = reverse(&it, v);
		if (!err)
			*delta += account_delta(p, &it, 1);
		json_decref(it.obj);
		if (err)
			return err;
	}
	return 0;
}

static void have_history(int err, const char *text, json_t *res, void *arg)
{
	struct change *c = arg;
	json_t *row = err ? NULL : json_array_get(json_object_get(res, "items"), 0);
	struct store_change sc = {.author = c->author, .apply = c->apply, .apply_arg = c->apply_arg};
	struct buf why;
	int delta = 0;

	buf_init(&why);
	/* that there is no such change the store will say */
	if (row && json_integer_value(json_object_get(row, "id")) == c->undo)
		err = undo_delta(c->pbx, json_object_get(row, "items"), &delta);
	if (!err)
		err = account_may_go(c->pbx, delta, &why);
	if (err) {
		fail(c, err, why.l ? buf_get(&why) : slice_str(text));
	} else {
		c->leaving = delta < 0 ? (size_t)-delta : 0;
		c->pbx->accounts->leaving += c->leaving;
		store_undo(c->pbx->store, c->undo, &sc, written, c);
	}
	buf_free(&why);
}

void account_undo(struct pbx *p, int64_t id, const struct store_change *sc, store_change_h *h, void *arg)
{
	struct change *c;

	/* nobody to be taken away, or no change that could be looked at */
	if (!p->accounts->admins || id <= 0 || id == INT64_MAX) {
		store_undo(p->store, id, sc, h, arg);
		return;
	}
	c = make(p, sc, h, arg);
	if (!c) {
		h(ENOMEM, "Memory is out.", NULL, 0, arg);
		return;
	}
	c->undo = id;
	store_history(p->store, id + 1, 1, have_history, c);
}
