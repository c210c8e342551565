/*
 * route_redirect.c - a phone sends on a call that came to it (3xx): the way is found in its name, so that its
 * permissions, brakes and caller id count and not those of the caller. Lines to the outside are tried in order, each
 * as a branch of the running dial; what stands for one bears its tag.
 */
#include "base/log.h"
#include "base/mem.h"
#include "pbx/route.h"

enum { WAYS_MAX = 8 /* of one call: each may hold a channel */ };

static const char too_often[] = "it was diverted too often";

static struct way *find_way(const struct pbx_call *pc, uint32_t tag)
{
	LIST_EACH (&pc->ways, k) {
		struct way *w = LINK_OBJ(k, struct way, le);

		if (w->tag == tag)
			return w;
	}
	return NULL;
}

/* Two phones of one extension with the same forwarding: the number is called once. */
static bool same_way(const struct pbx_call *pc, const char *payer, const char *number)
{
	LIST_EACH (&pc->ways, k) {
		const struct way *w = LINK_OBJ(k, struct way, le);

		if (!strcmp(w->payer, payer) && !strcmp(w->lines.v[0].number, number))
			return true;
	}
	return false;
}

/* The next of its lines as a target. No other call is ended for it: that could be the very one that it is for. */
static bool next_target(struct pbx_call *pc, struct way *w, struct dial_target *to)
{
	const struct plan_attempt *a;
	struct ptrunk *t;

	while ((a = route_next_line(pc, &w->lines, false, &t))) {
		if (routed_hold_way(pc, t, w))
			continue;
		log_info("pbx", "%s: %s by trunk %s, sent on by %s", pc->call->id, a->number, t->name, w->payer);
		route_note_line(pc, pc->call, a);
		*to = (struct dial_target){
			.number = slice_str(a->number), .trunk = t->line, .caller = &a->caller, .tag = w->tag};
		return true;
	}
	return false;
}

static uint16_t to_outside(struct call *c, struct pbx_call *pc, const struct plan_decision *d, const char *payer,
			   struct dial_target *to, const char **text)
{
	struct way *w;

	if (same_way(pc, payer, d->attempt[0].number))
		return 0;
	w = pc->ways.n < WAYS_MAX ? mem_zalloc(sizeof(*w), NULL) : NULL;
	if (!w) {
		*text = pc->ways.n < WAYS_MAX ? "out of memory" : too_often;
		return pc->ways.n < WAYS_MAX ? 503 : 483;
	}
	w->tag = ++pc->pbx->tags ? pc->pbx->tags : ++pc->pbx->tags;
	(void)slice_copy(w->payer, sizeof(w->payer), slice_str(payer));
	list_append(&pc->ways, &w->le);
	route_lines(c, pc, &w->lines, d, payer);
	if (next_target(pc, w, to))
		return 0;
	*text = "no line is free";
	return 503;
}

static uint16_t to_extension(struct pbx_call *pc, const struct plan_decision *d, struct dial_target *to,
			     const char **text)
{
	struct extension *e = extension_find(pc->pbx, slice_str(d->target));

	if (e && !routed_is_held(pc, e)) {
		if (!d->callback && e->calls >= e->call_limit) {
			*text = "refused by a limit";
			return 486;
		}
		if (routed_hold_extension(pc, e)) {
			*text = "out of memory";
			return 503;
		}
	}
	*to = (struct dial_target){.number = e ? slice_str(e->number) : SLICE_NULL};
	return 0;
}

/* Diversions so far, here and before the call came to us. */
static unsigned diversions(const struct call *c)
{
	unsigned n = 0;

	for (size_t i = 0; c->diverted && i < c->diverted->n; i++)
		n += c->diverted->v[i].times;
	return n;
}

uint16_t route_redirect(struct call *c, struct leg *by, const char *number, struct dial_target *to, const char **text,
			void *arg)
{
	struct pbx *p = arg;
	struct pbx_call *pc = routed_owner(p, c);
	struct plan_query q = {.from = by->party.number,
			       .from_name = by->party.name,
			       .dialled = number,
			       .onward = c->a && c->a->trunk ? &c->a->party : NULL};
	struct plan_decision d;
	struct plan_view v;

	if (!pc || by->trunk) {
		*text = pc ? "a line may not send calls on" : "out of memory";
		return pc ? 403 : 503;
	}
	if (diversions(c) >= DIVERTED_MAX) {
		*text = too_often;
		return 483;
	}
	route_view(p, &v, 0);
	plan_decide(&p->plan, &v, &q, &d, NULL);
	route_watch_refusal(p, &d, by->party.number);
	switch (d.kind) {
	case PLAN_EXTENSION:
		return to_extension(pc, &d, to, text);
	case PLAN_OUT:
	case PLAN_EMERGENCY:
		return to_outside(c, pc, &d, by->party.number, to, text);
	case PLAN_REFUSE:
		*text = route_keep_words(c, pc, &d);
		return d.code;
	default:
		*text = "calls are not sent on to functions";
		return 404;
	}
}

bool route_next(struct call *c, uint32_t tag, const struct hangup *h, struct dial_target *to, void *arg)
{
	struct pbx_call *pc = c->owner;
	struct way *w = pc ? find_way(pc, tag) : NULL;

	(void)arg;
	if (!w)
		return false;
	routed_drop_line(pc, tag);
	if (!route_line_at_fault(&w->lines, h))
		return false;
	log_info("pbx", "%s: trunk %s failed (%u %s)", c->id, w->lines.v[w->lines.at - 1].trunk, h->code,
		 h->text ? h->text : hangup_words(h->code));
	return next_target(pc, w, to);
}
