/*
 * live_view.c - how rows of the configuration are at this moment, and what goes on, a page at a time.
 *
 * Nothing here looks at more than a bounded number of calls or extensions before it gives the thread back.
 */
#include <inttypes.h>
#include <stdlib.h>
#include "call/room.h"
#include "pbx/conference_priv.h"
#include "pbx/network.h"
#include "pbx/pbx_priv.h"
#include "pbx/trunk.h"

enum {
	CALLS_SEEN = 256, /* calls that one step looks at */
	CALLS_TAKEN = 12, /* of them written, each about 20 microseconds */
	PHONES_TAKEN = 100,
	CLASSES = 4096, /* the table of extensions is walked by the ends of hash values: growing does not disturb it */
	CLASSES_SEEN = 256 /* in one step */
};

void pbx_live(struct pbx *p, const struct resource *r, json_t *row)
{
	const char *key = json_string_value(json_object_get(row, resource_key(r)->name));
	json_t *live = NULL;

	if (!key)
		return;
	if (r == &pbx_extension_resource) {
		const struct extension *e = extension_find(p, slice_str(key));

		live = json_pack("{s:I, s:I}", "phones", (json_int_t)(e && e->aor ? e->aor->bindings.n : 0), "calls",
				 (json_int_t)(e ? e->calls : 0));
	} else if (r == &pbx_trunk_resource) {
		live = ptrunk_live(p, slice_str(key));
	} else if (r == &pbx_conference_resource) {
		const struct conference *f = conference_find(p, slice_str(key));

		live = json_pack("{s:I}", "members", (json_int_t)(f ? f->seats.n : 0));
	}
	if (r == &pbx_network_resource)
		live = network_live(p);
	if (live)
		(void)json_object_set_new(row, "live", live);
}

/* ------------------------------------------------------------------ calls */

static bool call_of(const struct call *c, const char *extension)
{
	if (!extension)
		return true;
	LIST_EACH (&c->legs, k) {
		const struct leg *l = LINK_OBJ(k, struct leg, le);

		/* a line may say any number of who calls */
		if (!l->trunk && !strcmp(l->party.number, extension))
			return true;
	}
	return false;
}

struct call_walk {
	struct pbx_page *g;
	const char *id;    /* of the call behind which it goes on; NULL: from the first */
	uint64_t start_ms; /* and when that one began: it may have ended meanwhile */
	bool found;
	uint32_t seen, taken;
	const struct call *last;
	bool more;
};

static void walk_call(struct call *c, void *arg)
{
	struct call_walk *w = arg;

	if (w->more)
		return;
	if (w->id && !w->found) {
		w->found = !strcmp(c->id, w->id);
		/* the engine keeps them in the order in which they began */
		if (w->found || c->start_ms <= w->start_ms)
			return;
		w->found = true;
	}
	if (w->seen == CALLS_SEEN || w->taken == CALLS_TAKEN || json_array_size(w->g->items) == w->g->limit) {
		w->more = true;
		return;
	}
	w->seen++;
	w->last = c;
	if (!call_of(c, w->g->extension))
		return;
	w->taken++;
	(void)json_array_append_new(w->g->items, view_call(c, w->g->now));
}

bool pbx_calls_step(struct pbx *p, struct pbx_page *g)
{
	struct call_walk w = {.g = g};
	char *end;

	g->now = loop_now_ms(p->loop);
	if (g->cursor[0]) {
		w.start_ms = strtoull(g->cursor, &end, 10);
		w.id = *end == '-' ? end + 1 : "";
	}
	if (p->calls)
		calls_each(p->calls, walk_call, &w);
	if (!w.more)
		g->cursor[0] = '\0';
	else if (w.last)
		snprintf(g->cursor, sizeof(g->cursor), "%" PRIu64 "-%s", w.last->start_ms, w.last->id);
	return w.more && json_array_size(g->items) < g->limit;
}

/* ------------------------------------------------------------------ registrations */

struct phone_walk {
	struct pbx_page *g;
	int64_t now;
	uint32_t skip, at; /* of the class: contacts that were in the page before, contacts that were seen */
	bool full;
};

static void walk_phones(const struct extension *e, struct phone_walk *w)
{
	if (!e->aor)
		return;
	LIST_EACH (&e->aor->bindings, k) {
		if (w->at++ < w->skip)
			continue;
		if (json_array_size(w->g->items) == w->g->limit) {
			w->full = true;
			w->at--;
			return;
		}
		(void)json_array_append_new(w->g->items, view_binding(e, LINK_OBJ(k, struct binding, le)->c, w->now));
	}
}

static void walk_extension(struct hlink *h, void *arg)
{
	struct phone_walk *w = arg;

	if (!w->full)
		walk_phones(CONTAINER_OF(h, struct extension, le), w);
}

bool pbx_registrations_step(struct pbx *p, struct pbx_page *g)
{
	struct phone_walk w = {.g = g, .now = loop_wall_ms(p->loop)};
	size_t had = json_array_size(g->items);
	char *end;
	uint32_t class = (uint32_t)strtoul(g->cursor, &end, 10), last;

	w.skip = *end == '-' ? (uint32_t)strtoul(end + 1, NULL, 10) : 0;
	last = class + CLASSES_SEEN < CLASSES ? class + CLASSES_SEEN : CLASSES;
	if (g->extension) {
		const struct extension *e = extension_find(p, slice_str(g->extension));

		if (e)
			walk_phones(e, &w);
		last = CLASSES;
		class = w.full ? class : CLASSES;
	}
	while (!w.full && class < last && json_array_size(g->items) < had + PHONES_TAKEN) {
		w.at = 0;
		hash_class(&p->extensions, class, CLASSES, walk_extension, &w);
		if (w.full)
			break;
		w.skip = 0;
		class ++;
	}
	if (class >= CLASSES)
		g->cursor[0] = '\0';
	else
		snprintf(g->cursor, sizeof(g->cursor), "%" PRIu32 "-%" PRIu32, class, w.full ? w.at : 0);
	return class < CLASSES && !w.full;
}
