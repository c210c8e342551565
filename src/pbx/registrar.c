/*
 * registrar.c - where extensions are: contacts by AoR, kept over a restart (RFC 3261 10.3; the protocol's part of
 * REGISTER is in the call room).
 *
 * Every change of an AoR's contacts is handed to the store, which writes behind and
 * coalesces. A contact that came by a stream and is behind NAT is gone when the stream
 * closes: nothing else reaches it.
 */
#include <stdlib.h>
#include "base/log.h"
#include "base/mem.h"
#include "pbx/pbx_priv.h"
#include "wire/sip/uri.h"

static void binding_destroy(void *obj)
{
	struct binding *b = obj;

	mem_deref(b->c);
}

static void binding_drop(struct binding *b)
{
	struct pbx *p = b->ext->pbx;

	list_unlink(&b->le);
	hash_del(&p->flows, &b->fl);
	p->contacts--;
	if (b->ext->aor->bindings.n == 0)
		p->registered--;
	mem_deref(b);
}

/* The earliest end of a binding, wall clock in ms; INT64_MAX without any. */
static int64_t first_end(const struct aor *a)
{
	int64_t first = INT64_MAX;

	LIST_EACH (&a->bindings, k) {
		const struct binding *b = LINK_OBJ(k, struct binding, le);

		if (b->c->expires_ms < first)
			first = b->c->expires_ms;
	}
	return first;
}

/* A mere refresh may be written lazily: what is on disk then runs out a little early. */
static void keep(struct extension *e, bool refresh)
{
	struct buf b;

	buf_init(&b);
	registrar_write(e->aor, &b);
	if (!buf_err(&b))
		(refresh ? store_put_lazy : store_put)(e->pbx->store, "contacts", slice_str(e->number), buf_get(&b));
	buf_free(&b);
	e->aor->kept_ms = first_end(e->aor);
}

/* What is on disk may run out an eighth of its life too early: a phone in order has refreshed by then. */
static bool kept_long_enough(const struct aor *a, int64_t now)
{
	int64_t first = first_end(a);

	return first - a->kept_ms < (first - now) / 8;
}

static void arm_expiry(struct extension *e);

static void expire(void *arg)
{
	struct extension *e = arg;
	int64_t now = loop_wall_ms(e->pbx->loop);
	bool gone = false;

	LIST_EACH (&e->aor->bindings, k) {
		struct binding *b = LINK_OBJ(k, struct binding, le);

		if (b->c->expires_ms > now)
			continue;
		log_info("pbx", "extension %s: registration from %.*s has expired", e->number, SLICE_FMT(b->c->uri));
		event_registration(e, b->c, true);
		binding_drop(b);
		gone = true;
	}
	if (gone)
		keep(e, false);
	arm_expiry(e);
}

static void arm_expiry(struct extension *e)
{
	int64_t first = first_end(e->aor), now = loop_wall_ms(e->pbx->loop);

	if (first == INT64_MAX)
		timer_stop(&e->aor->expiry);
	else
		timer_start(&e->aor->expiry, e->pbx->loop, first > now ? (uint64_t)(first - now) : 0, expire, e);
}

static int need_aor(struct extension *e)
{
	if (!e->aor)
		e->aor = mem_zalloc(sizeof(*e->aor), NULL);
	return e->aor ? 0 : ENOMEM;
}

/* Best q first; among equals the newest first. */
static void sort_in(struct aor *a, struct binding *b)
{
	LIST_EACH (&a->bindings, k) {
		if (LINK_OBJ(k, struct binding, le)->c->q <= b->c->q) {
			list_insert_before(k, &b->le);
			return;
		}
	}
	list_append(&a->bindings, &b->le);
}

static int binding_add(struct extension *e, const struct contact *c, int64_t since_ms)
{
	struct pbx *p = e->pbx;
	struct binding *b = mem_zalloc(sizeof(*b), binding_destroy);
	int err;

	if (!b)
		return ENOMEM;
	b->ext = e;
	err = contact_dup(&b->c, c);
	if (!err && c->flow)
		err = hash_add(&p->flows, hash_u64(c->flow), &b->fl);
	if (err) {
		mem_deref(b);
		return err;
	}
	b->c->since_ms = since_ms;
	if (e->aor->bindings.n == 0)
		p->registered++;
	p->contacts++;
	sort_in(e->aor, b);
	return 0;
}

static bool same_place(const struct contact *a, const struct contact *b)
{
	struct sip_uri ua, ub;

	if (slice_isset(a->instance) && slice_eq(a->instance, b->instance))
		return true;
	if (slice_eq(a->uri, b->uri))
		return true;
	return !sip_uri_decode(&ua, a->uri) && !sip_uri_decode(&ub, b->uri) && sip_uri_eq(&ua, &ub);
}

static struct binding *binding_find(const struct aor *a, const struct contact *c)
{
	LIST_EACH (&a->bindings, k) {
		struct binding *b = LINK_OBJ(k, struct binding, le);

		if (same_place(b->c, c))
			return b;
	}
	return NULL;
}

static void fill_location(const struct aor *a, struct location *loc)
{
	loc->n = 0;
	if (!a)
		return;
	LIST_EACH (&a->bindings, k) {
		if (loc->n < LOCATION_MAX)
			loc->v[loc->n++] = LINK_OBJ(k, struct binding, le)->c;
	}
}

enum order { ORDER_NEW, ORDER_AGAIN, ORDER_OLD };

/*
 * RFC 3261 10.3 step 7: the same Call-ID must bring a higher CSeq; one stale contact refuses the whole request. The
 * same CSeq is the same request again: its answer was lost, and nothing is left to do.
 */
static enum order order_of(const struct aor *a, const struct location_update *u, int64_t now)
{
	enum order o = ORDER_NEW;

	LIST_EACH (&a->bindings, k) {
		const struct contact *c = LINK_OBJ(k, struct binding, le)->c;
		const struct contact *by = NULL;

		for (size_t i = 0; i < u->n && !by; i++)
			by = same_place(c, u->v[i]) ? u->v[i] : NULL;
		if ((!by && !u->star) || u->cseq > c->cseq || !slice_eq(c->callid, u->callid))
			continue;
		/* what removes a contact is not what made it */
		if (u->cseq < c->cseq || !by || by->expires_ms <= now)
			return ORDER_OLD;
		o = ORDER_AGAIN;
	}
	return o;
}

static size_t count_new(const struct aor *a, const struct location_update *u, int64_t now)
{
	size_t n = 0;

	for (size_t i = 0; i < u->n; i++)
		n += u->v[i]->expires_ms > now && !binding_find(a, u->v[i]);
	return n;
}

/* Nothing but time has passed. */
static bool same_texts(const struct contact *a, const struct contact *b)
{
	return slice_eq(a->uri, b->uri) && slice_eq(a->callid, b->callid) && slice_eq(a->user_agent, b->user_agent) &&
	       slice_eq(a->instance, b->instance) && slice_eq(a->path, b->path);
}

static bool same_way(const struct contact *a, const struct contact *b)
{
	return a->flow == b->flow && a->transp == b->transp && a->natted == b->natted && a->q == b->q &&
	       sa_eq(&a->src, &b->src) && sa_eq(&a->local, &b->local);
}

/* A refresh that finds all as it was; true if `c` is one and has been carried out. */
static bool refresh_contact(struct extension *e, struct binding *b, const struct contact *c)
{
	if (!same_texts(b->c, c) || !same_way(b->c, c))
		return false;
	b->c->expires_ms = c->expires_ms;
	b->c->cseq = c->cseq;
	list_unlink(&b->le);
	sort_in(e->aor, b);
	return true;
}

static int put_contact(struct extension *e, const struct contact *c, int64_t now)
{
	struct binding *old = binding_find(e->aor, c);
	int64_t since = old ? old->c->since_ms : now;
	int err;

	if (c->expires_ms <= now) {
		if (old) {
			log_info("pbx", "extension %s: %.*s has unregistered", e->number, SLICE_FMT(c->uri));
			event_registration(e, old->c, true);
			binding_drop(old);
		}
		return 0;
	}
	err = binding_add(e, c, since);
	if (err)
		return err;
	if (old && !slice_eq(old->c->uri, c->uri))
		event_registration(e, old->c, true);
	event_registration(e, c, false);
	if (old)
		binding_drop(old);
	else
		log_info("pbx", "extension %s: registered from %.*s (%.*s)", e->number, SLICE_FMT(c->uri),
			 SLICE_FMT(c->user_agent));
	return 0;
}

/* The most frequent REGISTER: one contact, as it was. */
static bool mere_refresh(struct extension *e, const struct location_update *u, int64_t now)
{
	struct binding *b;

	if (u->star || u->n != 1 || u->v[0]->expires_ms <= now)
		return false;
	b = binding_find(e->aor, u->v[0]);
	if (!b || !refresh_contact(e, b, u->v[0]))
		return false;
	if (!kept_long_enough(e->aor, now))
		keep(e, true);
	arm_expiry(e);
	return true;
}

static uint16_t change_contacts(struct extension *e, const struct location_update *u, const char **why)
{
	int64_t now = loop_wall_ms(e->pbx->loop);
	bool refresh = !u->star;
	enum order o;
	size_t before;

	*why = NULL;
	if (u->n == 0 && !u->star)
		return 200;
	if (need_aor(e)) {
		*why = "Out of Memory";
		return 503;
	}
	o = order_of(e->aor, u, now);
	if (o == ORDER_OLD) {
		*why = "CSeq Out of Order";
		return 500;
	}
	if (o == ORDER_AGAIN || mere_refresh(e, u, now))
		return 200;
	if (u->star)
		registrar_clear(e, false);
	if (e->aor->bindings.n + count_new(e->aor, u, now) > LOCATION_MAX) {
		*why = "Too Many Contacts";
		return 403;
	}
	before = e->pbx->contacts;
	for (size_t i = 0; i < u->n; i++) {
		refresh = refresh && binding_find(e->aor, u->v[i]);
		if (put_contact(e, u->v[i], now)) {
			*why = "Out of Memory";
			return 503;
		}
	}
	keep(e, refresh && e->pbx->contacts == before);
	arm_expiry(e);
	return 200;
}

static void update(const struct location_update *u, location_update_h *h, void *harg, void *arg)
{
	struct pbx *p = arg;
	struct extension *e = extension_find(p, u->aor);
	struct location loc = {.n = 0};
	const char *why = "Not Found";
	uint16_t code = 404;

	if (e && e->enabled)
		code = change_contacts(e, u, &why);
	if (code == 200)
		fill_location(e->aor, &loc);
	h(code, why, &loc, harg);
}

/** A look-up under way: its answer must not come within the call. */
struct lookup {
	struct loop_tail tail;
	struct pbx *pbx;
	location_lookup_h *h;
	void *arg;
	size_t l;
	char aor[];
};

static void lookup_answer(void *arg)
{
	struct lookup *lk = arg;
	struct extension *e = extension_find(lk->pbx, slice_mem(lk->aor, lk->l));
	struct location loc = {.n = 0};

	if (e && e->enabled) {
		fill_location(e->aor, &loc);
		loc.name = e->name;
	}
	lk->h(e && e->enabled ? 0 : ENOENT, &loc, lk->arg);
	mem_deref(lk);
}

static void lookup(struct slice aor, location_lookup_h *h, void *harg, void *arg)
{
	struct pbx *p = arg;
	struct lookup *lk = mem_zalloc(sizeof(*lk) + aor.l + 1, NULL);

	if (!lk) {
		h(ENOMEM, NULL, harg);
		return;
	}
	lk->pbx = p;
	lk->h = h;
	lk->arg = harg;
	lk->l = aor.l;
	(void)slice_copy(lk->aor, aor.l + 1, aor);
	lk->tail.fn = lookup_answer;
	lk->tail.arg = lk;
	loop_at_tail(p->loop, &lk->tail);
}

static void flow_closed(uint64_t flow, void *arg)
{
	struct pbx *p = arg;
	struct hlink *k, *next;

	for (k = hash_first(&p->flows, hash_u64(flow)); k; k = next) {
		struct binding *b = CONTAINER_OF(k, struct binding, fl);
		struct extension *e = b->ext;

		next = hash_next(k);
		if (b->c->flow != flow)
			continue;
		hash_del(&p->flows, &b->fl);
		b->c->flow = 0;
		if (!b->c->natted)
			continue;
		log_info("pbx", "extension %s: connection of %.*s closed", e->number, SLICE_FMT(b->c->uri));
		event_registration(e, b->c, true);
		binding_drop(b);
		keep(e, false);
		arm_expiry(e);
	}
}

void registrar_clear(struct extension *e, bool keep_stored)
{
	if (!e->aor)
		return;
	timer_stop(&e->aor->expiry);
	LIST_EACH (&e->aor->bindings, k) {
		event_registration(e, LINK_OBJ(k, struct binding, le)->c, true);
		binding_drop(LINK_OBJ(k, struct binding, le));
	}
	if (!keep_stored)
		keep(e, false);
}

static void load_contact(struct contact *c, void *arg)
{
	struct extension *e = arg;

	if (c->expires_ms > loop_wall_ms(e->pbx->loop) && !need_aor(e) && e->aor->bindings.n < LOCATION_MAX &&
	    binding_add(e, c, c->since_ms))
		log_warn("pbx", "a kept registration of extension %s could not be loaded", e->number);
	mem_deref(c);
}

static void load_row(struct slice key, struct slice val, void *arg)
{
	struct pbx *p = arg;
	struct extension *e = extension_find(p, key);

	if (!e || !e->enabled)
		return;
	registrar_read(val, load_contact, e);
	if (e->aor)
		arm_expiry(e);
}

int registrar_load(struct pbx *p)
{
	return store_load_state(p->store, "contacts", load_row, p);
}

struct part {
	void (*fn)(const struct contact *c, void *harg);
	void *harg;
};

static void part_of(struct hlink *k, void *arg)
{
	const struct extension *e = CONTAINER_OF(k, struct extension, le);
	const struct part *p = arg;

	if (!e->aor)
		return;
	LIST_EACH (&e->aor->bindings, l)
		p->fn(LINK_OBJ(l, struct binding, le)->c, p->harg);
}

static void part(uint32_t i, uint32_t parts, void (*fn)(const struct contact *c, void *harg), void *harg, void *arg)
{
	struct pbx *p = arg;
	struct part q = {fn, harg};

	hash_part(&p->extensions, i, parts, part_of, &q);
}

const struct location_ops *pbx_location_ops(void)
{
	static const struct location_ops ops = {
		.update = update,
		.lookup = lookup,
		.flow_closed = flow_closed,
		.part = part,
		.min_expires = 60,
		.max_expires = 7200,
		.def_expires = 3600,
	};

	return &ops;
}
