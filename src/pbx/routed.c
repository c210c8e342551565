/*
 * routed.c - what calls hold. Extensions and channels are counted by the legs that stand for them, so that transfers
 * and lines that failed need no bookkeeping of their own.
 */
#include "base/buf_json.h"
#include "base/log.h"
#include "base/mem.h"
#include "pbx/routed.h"

static void held_free(struct pbx_call *pc, struct held *h)
{
	struct pbx *p = pc->pbx;

	list_unlink(&h->le);
	if (h->ext)
		h->ext->calls--;
	if (h->trunk) {
		ptrunk_give(h->trunk, h->out, h->emergency);
		if (h->out && !h->emergency) {
			brake_end(brake_meter(p, true, h->trunk->name, false), h->answer_ms);
			if (*h->payer)
				brake_end(brake_meter(p, false, h->payer, false), h->answer_ms);
		}
	}
	mem_deref(h->ext);
	mem_deref(h->trunk);
	mem_deref(h);
}

static void owner_destroy(void *obj)
{
	struct pbx_call *pc = obj;

	timer_stop(&pc->limit);
	LIST_EACH (&pc->held, k)
		held_free(pc, LINK_OBJ(k, struct held, le));
	LIST_EACH (&pc->ways, k) {
		list_unlink(k);
		mem_deref(LINK_OBJ(k, struct way, le));
	}
	list_unlink(&pc->le);
	list_unlink(&pc->dirty);
	mem_deref(pc->lines);
	mem_deref(pc->conference);
}

struct pbx_call *routed_owner(struct pbx *p, struct call *c)
{
	struct pbx_call *pc = c->owner;

	if (pc)
		return pc;
	pc = mem_zalloc(sizeof(*pc), owner_destroy);
	if (!pc)
		return NULL;
	pc->pbx = p;
	pc->call = c;
	c->owner = pc;
	return pc;
}

int routed_hold_extension(struct pbx_call *pc, struct extension *e)
{
	struct held *h = mem_zalloc(offsetof(struct held, payer) + 1, NULL);

	if (!h)
		return ENOMEM;
	h->ext = mem_ref(e);
	e->calls++;
	list_append(&pc->held, &h->le);
	return 0;
}

static int hold_channel(struct pbx_call *pc, struct ptrunk *t, bool out, bool emergency, const char *payer,
			uint32_t tag)
{
	size_t l = out && !emergency && payer ? strlen(payer) : 0;
	struct held *h = mem_zalloc(offsetof(struct held, payer) + l + 1, NULL);

	if (!h)
		return ENOMEM;
	if (l)
		memcpy(h->payer, payer, l);
	h->trunk = mem_ref(t);
	h->tag = tag;
	h->out = out;
	h->emergency = emergency;
	ptrunk_take(t, out, emergency);
	if (out && !emergency) {
		brake_begin(brake_meter(pc->pbx, true, t->name, true));
		if (*h->payer)
			brake_begin(brake_meter(pc->pbx, false, h->payer, true));
	}
	list_append(&pc->held, &h->le);
	if (!pc->le.list)
		list_append(&pc->pbx->outside, &pc->le);
	return 0;
}

int routed_hold_trunk(struct pbx_call *pc, struct ptrunk *t, bool out, bool emergency, const char *payer)
{
	return hold_channel(pc, t, out, emergency, payer, 0);
}

int routed_hold_way(struct pbx_call *pc, struct ptrunk *t, const struct way *w)
{
	return hold_channel(pc, t, true, w->lines.emergency, w->payer, w->tag);
}

void routed_drop_line(struct pbx_call *pc, uint32_t tag)
{
	LIST_EACH (&pc->held, k) {
		struct held *h = LINK_OBJ(k, struct held, le);

		if (h->trunk && h->out && !h->answer_ms && h->tag == tag)
			held_free(pc, h);
	}
}

bool routed_talks_outside(const struct pbx_call *pc)
{
	LIST_EACH (&pc->held, k) {
		const struct held *h = LINK_OBJ(k, struct held, le);

		if (h->trunk && h->out && !h->emergency && h->answer_ms)
			return true;
	}
	return false;
}

/* ------------------------------------------------------------------ legs and what stands for them */

static bool stands_for(const struct held *h, const struct leg *l)
{
	if (l->state == LEG_ENDED)
		return false;
	if (h->ext)
		return !l->trunk && !strcmp(l->party.number, h->ext->number);
	/* not by direction: a leg that a transfer has moved may have turned */
	return l->trunk && l->trunk == h->trunk->line && l->tag == h->tag;
}

static bool same(const struct held *a, const struct held *b)
{
	return a->ext == b->ext && a->trunk == b->trunk && a->tag == b->tag;
}

/* Legs for things of this kind, and how many of the kind stand before it in the list. */
static size_t legs_of(const struct call *c, const struct held *h, bool *answered)
{
	size_t n = 0;

	LIST_EACH (&c->legs, k) {
		const struct leg *l = LINK_OBJ(k, struct leg, le);

		if (!stands_for(h, l))
			continue;
		n++;
		*answered = *answered || l->answer_ms;
	}
	return n;
}

static size_t before(const struct pbx_call *pc, const struct held *h)
{
	size_t n = 0;

	LIST_EACH (&pc->held, k) {
		const struct held *x = LINK_OBJ(k, struct held, le);

		if (x == h)
			break;
		n += same(x, h);
	}
	return n;
}

static void answered(struct pbx_call *pc, struct held *h)
{
	struct pbx *p = pc->pbx;

	h->answer_ms = loop_now_ms(p->loop);
	if (!h->trunk || !h->out || h->emergency)
		return;
	brake_answer(brake_meter(p, true, h->trunk->name, false));
	if (*h->payer)
		brake_answer(brake_meter(p, false, h->payer, false));
}

bool routed_is_held(const struct pbx_call *pc, const struct extension *e)
{
	LIST_EACH (&pc->held, k)
		if (LINK_OBJ(k, struct held, le)->ext == e)
			return true;
	return false;
}

/* Who came by a transfer, a recall or a pickup. */
static void adopt(struct call *c, struct pbx_call *pc)
{
	LIST_EACH (&c->legs, k) {
		const struct leg *l = LINK_OBJ(k, struct leg, le);
		/* whoever calls by a trunk is nobody of ours */
		struct extension *e = l->state == LEG_ENDED || l->trunk
					      ? NULL
					      : extension_find(pc->pbx, slice_str(l->party.number));

		if (e && !routed_is_held(pc, e) && routed_hold_extension(pc, e))
			log_warn("pbx", "%s: no memory to count the call of %s", c->id, e->number);
	}
}

void routed_settle(struct call *c, struct pbx_call *pc)
{
	if (c->moves)
		adopt(c, pc);
	LIST_EACH (&pc->held, k) {
		struct held *h = LINK_OBJ(k, struct held, le);
		bool up = false;
		/* one phone with two legs is one extension; each leg on a line is a channel */
		size_t n = legs_of(c, h, &up), taken = before(pc, h);

		if (n > taken) {
			h->seen = true;
			if (up && !h->answer_ms)
				answered(pc, h);
		} else if (h->seen || (c->state == CALL_UP && !c->dial)) {
			/* its leg has gone, or there never was one */
			held_free(pc, h);
		}
	}
}

void routed_move(struct pbx_call *to, struct pbx_call *from)
{
	LIST_EACH (&from->held, k) {
		list_unlink(k);
		list_append(&to->held, k);
	}
	/* a dial that has moved goes on with its lines */
	if (from->lines && to->call->dial) {
		mem_deref(to->lines);
		to->lines = from->lines;
		from->lines = NULL;
		memcpy(to->payer, from->payer, sizeof(to->payer));
	}
	LIST_EACH (&from->ways, k) {
		list_unlink(k);
		list_append(&to->ways, k);
	}
	if (from->le.list && !to->le.list)
		list_append(&to->pbx->outside, &to->le);
	list_unlink(&from->le);
}

/* ------------------------------------------------------------------ notes for the record */

static struct routed *find(const struct pbx *p, const char *id)
{
	struct hlink *k;

	for (k = hash_first(&p->routed, hash_bytes(slice_str(id))); k; k = hash_next(k))
		if (!strcmp(CONTAINER_OF(k, struct routed, le)->id, id))
			return CONTAINER_OF(k, struct routed, le);
	return NULL;
}

struct routed *routed_note(struct pbx_call *pc, const struct call *c)
{
	struct pbx *p = pc->pbx;
	struct routed *r = pc->routed;

	if (r)
		return r;
	r = mem_zalloc(sizeof(*r), NULL);
	if (!r)
		return NULL;
	r->pbx = p;
	(void)slice_copy(r->id, sizeof(r->id), slice_str(c->id));
	if (hash_add(&p->routed, hash_bytes(slice_str(r->id)), &r->le))
		return mem_deref(r);
	pc->routed = r;
	return r;
}

static void member(struct buf *b, const char *name, const char *text)
{
	if (*text)
		buf_json_str(b, name, text);
}

static void put(struct buf *b, const struct routed *r)
{
	b->l--; /* the "}" */
	buf_json_key(b, "outside");
	buf_char(b, '{');
	member(b, "route", r->route);
	member(b, "trunk", r->trunk);
	member(b, "number", r->number);
	member(b, "caller_id", r->caller);
	member(b, "location", r->location);
	member(b, "emergency", r->emergency ? "yes" : r->test ? "test" : "");
	buf_str(b, "}}");
}

const char *routed_trunk(const struct pbx *p, const char *id, char *dst)
{
	const struct routed *r = find(p, id);

	(void)slice_copy(dst, PLAN_NAME, r ? slice_str(r->trunk) : SLICE_NULL);
	return dst;
}

void routed_detail(struct pbx *p, const char *id, struct buf *b)
{
	struct routed *r = find(p, id);

	if (!r)
		return;
	if (b->l && !buf_err(b) && (*r->route || *r->trunk || r->test))
		put(b, r);
	hash_del(&p->routed, &r->le);
	mem_deref(r);
}

static int drop_one(struct hlink *k, void *arg)
{
	struct pbx *p = arg;

	hash_del(&p->routed, k);
	mem_deref(CONTAINER_OF(k, struct routed, le));
	return 0;
}

void routed_flush(struct pbx *p)
{
	(void)hash_each(&p->routed, drop_one, p);
	hash_free(&p->routed);
}
