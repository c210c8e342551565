/*
 * curve.c - how the legs of a call sound over time: of a live call from the call room, of one that has ended from its
 * record.
 */
#include "base/buf_json.h"
#include "base/mem.h"
#include "call/quality.h"
#include "call/series.h"
#include "pbx/pbx_priv.h"

struct ask {
	store_json_h *h;
	void *arg;
};

static json_t *series_json(const struct leg_series *x)
{
	struct buf b;
	json_t *o, *v;

	if (!x)
		return NULL;
	buf_init(&b);
	buf_char(&b, '{');
	cdr_series(&b, x);
	buf_char(&b, '}');
	o = buf_err(&b) ? NULL : json_loadb(b.p, b.l, 0, NULL);
	v = json_incref(json_object_get(o, "series"));
	json_decref(o);
	buf_free(&b);
	return v;
}

static json_t *live_leg(const struct leg *l)
{
	struct leg_quality q;
	json_t *o = json_pack("{s:s, s:s, s:s, s:b}", "number", l->party.number, "name", l->party.name, "device",
			      l->device, "outgoing", (int)l->outgoing);
	json_t *series = series_json(l->series);

	if (o && leg_quality(l, &q))
		view_quality(o, &q);
	if (o && series)
		(void)json_object_set_new(o, "series", series);
	else
		json_decref(series);
	return o;
}

static json_t *live(const struct call *c)
{
	json_t *legs = json_array();

	LIST_EACH (&c->legs, k)
		(void)json_array_append_new(legs, live_leg(LINK_OBJ(k, struct leg, le)));
	return json_pack("{s:s, s:b, s:o}", "id", c->id, "live", 1, "legs", legs);
}

static void copy(json_t *to, const json_t *from, const char *name)
{
	json_t *v = json_object_get(from, name);

	if (v)
		(void)json_object_set(to, name, v);
}

/* As it is of a live one. */
static json_t *past_leg(const json_t *l)
{
	static const char *const name[] = {"number", "name", "device", "outgoing", "codec", "verdict", "series"};
	json_t *o = json_object();

	for (size_t i = 0; i < ARRAY_LEN(name); i++)
		copy(o, l, name[i]);
	if (json_object_get(l, "quality"))
		(void)json_object_update(o, json_object_get(l, "quality"));
	return o;
}

static void record_h(int err, const char *why, json_t *res, void *arg)
{
	struct ask *a = arg;
	json_t *legs = json_array(), *l, *o = NULL;
	size_t i;

	json_array_foreach(json_object_get(res, "legs"), i, l)
	{
		(void)json_array_append_new(legs, past_leg(l));
	}
	if (!err)
		o = json_pack("{s:O, s:b, s:O}", "id", json_object_get(res, "id"), "live", 0, "legs", legs);
	a->h(err ? err : o ? 0 : ENOMEM, why, o, a->arg);
	json_decref(o);
	json_decref(legs);
	mem_deref(a);
}

void pbx_call_quality(struct pbx *p, struct slice call_id, store_json_h *h, void *arg)
{
	const struct call *c = p->calls ? calls_find(p->calls, call_id) : NULL;
	char id[24];

	if (c) {
		json_t *o = live(c);

		h(o ? 0 : ENOMEM, NULL, o, arg);
		json_decref(o);
	} else if (!slice_copy(id, sizeof(id), call_id)) {
		h(ENOENT, NULL, NULL, arg);
	} else {
		struct ask *a = mem_alloc(sizeof(*a), NULL);

		if (!a) {
			h(ENOMEM, NULL, NULL, arg);
			return;
		}
		*a = (struct ask){.h = h, .arg = arg};
		store_cdr_get(p->store, id, record_h, a);
	}
}
