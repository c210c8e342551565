/*
 * network.c - changes of addresses and ports: opened, kept beside the old ones, confirmed or taken back.
 */
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "pbx/network_priv.h"

static const char table[] = "network", key[] = "before";

/** In struct pbx. */
struct network_state {
	struct pbx *pbx;
	struct network now;    /* as the row says */
	struct network start;  /* as the server was started: what holds from the next start on may differ */
	struct network before; /* while one waits */
	struct network_ops ops;
	bool on;      /* there is a server */
	bool waiting; /* a change is not confirmed yet */
	bool opened;  /* prepared: its listeners are open */
	bool revert;  /* a crash came before the confirmation */
	int64_t change_id, until_ms;
	struct timer timer;
};

static void state_destroy(void *obj)
{
	timer_stop(&((struct network_state *)obj)->timer);
}

const struct network *pbx_network(const struct pbx *p)
{
	return &p->network->now;
}

/* ------------------------------------------------------------------ start */

static void load_row(const char *const *col, const size_t *len, void *arg)
{
	struct network *n = arg;
	json_t *row = json_object();

	(void)len;
	for (size_t i = 1; i < pbx_network_resource.nfield; i++) {
		const struct field *f = &pbx_network_resource.field[i];

		if (col[i])
			(void)json_object_set_new(row, f->name,
						  f->type == FIELD_INT ? json_integer(strtol(col[i], NULL, 10))
								       : json_string(col[i]));
	}
	network_take(n, row);
	n->stored = true;
	json_decref(row);
}

static void load_before(struct slice name, struct slice val, void *arg)
{
	struct network_state *w = arg;
	json_t *o = slice_eqs(name, key) ? json_loadb(val.p, val.l, 0, NULL) : NULL;

	if (!json_is_object(o)) {
		json_decref(o);
		return;
	}
	w->revert = true;
	network_defaults(&w->before);
	network_take(&w->before, o);
	json_decref(o);
}

int network_load(struct pbx *p)
{
	struct network_state *w = p->network = mem_zalloc(sizeof(*w), state_destroy);

	if (!w)
		return ENOMEM;
	w->pbx = p;
	network_defaults(&w->now);
	int err = store_load(p->store, &pbx_network_resource, load_row, &w->now);
	if (!err)
		err = store_load_state(p->store, table, load_before, w);
	if (!err && w->revert) {
		w->before.stored = w->now.stored;
		w->now = w->before;
	}
	w->start = w->now;
	return err;
}

void network_flush(struct pbx *p)
{
	p->network = mem_deref(p->network);
}

/* ------------------------------------------------------------------ end of waiting */

static void forget(struct network_state *w)
{
	w->waiting = false;
	timer_stop(&w->timer);
	store_put(w->pbx->store, table, slice_str(key), SLICE_NULL);
	pbx_alarm_clear(w->pbx, "network");
}

static void settle(struct network_state *w)
{
	w->opened = false;
	if (w->on)
		w->ops.settle(&w->now, w->ops.arg);
}

int pbx_network_confirm(struct pbx *p, int64_t id)
{
	struct network_state *w = p->network;

	if (!w->waiting || w->change_id != id)
		return ENOENT;
	forget(w);
	settle(w);
	log_info("pbx", "the change of the network is confirmed");
	return 0;
}

static void changed_back(int err, const char *why, json_t *row, int64_t id, void *arg)
{
	(void)row;
	(void)id;
	(void)arg;
	if (err)
		log_error("pbx", "the row of the network could not be changed back: %s", why);
}

static void change_back(struct network_state *w)
{
	json_t *row = network_json(&w->before);
	const struct change_item it = {CHANGE_UPDATE, &pbx_network_resource, PLAN_ONLY, row};

	if (row)
		pbx_change(w->pbx, &it, 1, "system", "network: nobody confirmed the change, it is as before",
			   changed_back, w->pbx);
	json_decref(row);
}

static void undone(int err, const char *why, json_t *row, int64_t id, void *arg)
{
	struct network_state *w = ((struct pbx *)arg)->network;

	(void)row;
	(void)id;
	if (err)
		log_warn("pbx", "the change of the network could not be undone (%s): it is changed back", why);
	if (err && w && w->waiting)
		change_back(w);
}

static void nobody(void *arg)
{
	struct network_state *w = arg;

	log_warn("pbx", "nobody confirmed the change of the network: it is taken back");
	/* what works comes first, the row follows */
	if (w->on)
		w->ops.settle(&w->before, w->ops.arg);
	pbx_undo(w->pbx, w->change_id, "system", undone, w->pbx);
}

void pbx_set_network(struct pbx *p, const struct network_ops *ops)
{
	struct network_state *w = p->network;

	w->on = ops != NULL;
	if (!ops) {
		timer_stop(&w->timer);
		return;
	}
	w->ops = *ops;
	if (!w->revert)
		return;
	w->revert = false;
	log_warn("pbx", "a change of the network was not confirmed before the server ended: it is taken back");
	w->waiting = true;
	change_back(w);
}

/* ------------------------------------------------------------------ changes */

static void target(const struct pbx *p, const struct change_item *it, struct network *n)
{
	*n = p->network->now;
	if (it->op == CHANGE_DELETE)
		network_defaults(n);
	else if (it->obj)
		network_take(n, it->obj);
}

int network_check(struct pbx *p, const struct change_item *it, struct buf *why)
{
	struct network_state *w = p->network;
	struct network n;

	if (it->r != &pbx_network_resource)
		return 0;
	if (strcmp(it->key, PLAN_ONLY) != 0) {
		buf_printf(why, "There is only one of these; its name is \"%s\".", PLAN_ONLY);
		return ERR_SYNTAX;
	}
	target(p, it, &n);
	if (w->waiting && !network_live_eq(&n, &w->before)) {
		buf_str(why,
			"A change of the network waits for its confirmation: confirm it first, or wait until it is "
			"taken back, at most a minute.");
		return ERR_STATE;
	}
	return network_row_check(&n, why);
}

bool network_involved(const struct pbx *p, const struct change_item *item, size_t n)
{
	const struct network_state *w = p->network;
	struct network t;

	for (size_t i = 0; i < n && w->on && !w->waiting; i++) {
		if (item[i].r != &pbx_network_resource)
			continue;
		target(p, &item[i], &t);
		if (!network_live_eq(&t, &w->now))
			return true;
	}
	return false;
}

static int keep_before(struct network_state *w, const struct network *n)
{
	json_t *o = network_json(n);
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;

	if (text)
		store_put(w->pbx->store, table, slice_str(key), slice_str(text));
	json_decref(o);
	int err = text ? 0 : ENOMEM;
	free(text);
	return err;
}

int network_prepare(struct pbx *p, const struct change_item *item, size_t n, struct buf *why, store_json_h *h,
		    void *arg)
{
	struct network_state *w = p->network;
	struct network t = w->now;

	for (size_t i = 0; i < n; i++)
		if (item[i].r == &pbx_network_resource)
			target(p, &item[i], &t);
	int err = w->ops.open(&t, why, w->ops.arg);
	if (err)
		return err;
	w->opened = true;
	err = keep_before(w, &w->now);
	if (err)
		settle(w);
	else
		store_settle(p->store, h, arg);
	return err;
}

/* The row holds, and somebody has to say that they still reach us. */
static void wait_for(struct network_state *w, const struct network *before)
{
	struct buf why;

	buf_init(&why);
	if (!w->opened && w->ops.open(&w->now, &why, w->ops.arg))
		log_error("pbx", "network: %.*s", SLICE_FMT(buf_get(&why)));
	buf_free(&why);
	if (keep_before(w, before))
		log_error("pbx", "network: memory is out, a crash would not return to what was before");
	w->opened = false;
	w->before = *before;
	w->waiting = true;
	w->change_id = 0;
	w->until_ms = loop_wall_ms(w->pbx->loop) + NETWORK_CONFIRM_MS;
	timer_start(&w->timer, w->pbx->loop, NETWORK_CONFIRM_MS, nobody, w);
	pbx_alarm_raise(
		w->pbx, "network", "warning", "A change of addresses or ports waits for its confirmation.",
		"Confirm it on the page, or with offhook network confirm; else it is taken back within a minute.");
}

bool network_apply(const struct change_item *it, const json_t *row, struct pbx *p)
{
	struct network_state *w = p->network;
	struct network before = w->now;

	if (it->r != &pbx_network_resource)
		return false;
	network_defaults(&w->now);
	if (row)
		network_take(&w->now, row);
	w->now.stored = row != NULL;
	if (w->waiting && network_live_eq(&w->now, &w->before)) {
		forget(w);
		settle(w);
		log_info("pbx", "the network is as before");
	} else if (w->on && !network_live_eq(&w->now, &before)) {
		wait_for(w, &before);
	}
	return true;
}

void network_done(struct pbx *p, int64_t id, bool prepared)
{
	struct network_state *w = p->network;

	if (prepared && w->opened) { /* prepared, and then it was not to be */
		store_put(p->store, table, slice_str(key), SLICE_NULL);
		settle(w);
	}
	if (id && w->waiting && !w->change_id)
		w->change_id = id;
}

/* ------------------------------------------------------------------ views */

json_t *pbx_network_waiting(const struct pbx *p)
{
	const struct network_state *w = p->network;

	if (!w->waiting || !w->change_id)
		return NULL;
	return json_pack("{s:I, s:I}", "change_id", (json_int_t)w->change_id, "confirm_before_ms",
			 (json_int_t)w->until_ms);
}

static void note_next(json_t *v, const json_t *held, const char *name, bool other)
{
	if (other && !json_object_get(held, name))
		(void)json_array_append_new(v, json_string(name));
}

json_t *network_live(struct pbx *p)
{
	const struct network_state *w = p->network;
	const struct network *a = &w->now, *b = &w->start;
	json_t *held = json_object(), *next = json_array(), *wait = pbx_network_waiting(p);

	for (size_t i = 0; w->on && i < pbx_network_resource.nfield; i++) {
		const char *name = pbx_network_resource.field[i].name, *by = w->ops.held(name, w->ops.arg);

		if (by)
			(void)json_object_set_new(held, name, json_string(by));
	}
	if (w->on) {
		note_next(next, held, "http_port", a->http_port != b->http_port);
		note_next(next, held, "https_port", a->https_port != b->https_port);
		note_next(next, held, "rtp_first", a->rtp_first != b->rtp_first);
		note_next(next, held, "rtp_last", a->rtp_last != b->rtp_last);
	}
	return json_pack("{s:o, s:o, s:o}", "held", held, "next_start", next, "waiting", wait ? wait : json_null());
}
