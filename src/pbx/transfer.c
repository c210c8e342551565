/*
 * transfer.c - transfers as the phone system sees them: where the number leads, in the name of who sends the party
 * there, and which extensions are busy with the call afterwards.
 */
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "pbx/pbx_priv.h"
#include "pbx/trunk.h"

static void release(struct extension **e)
{
	if (*e)
		(*e)->calls--;
	*e = mem_deref(*e);
}

static void call_destroy(void *obj)
{
	struct pbx_call *pc = obj;

	release(&pc->a);
	release(&pc->b);
	if (pc->in)
		ptrunk_give(pc->in, false, false);
	mem_deref(pc->in);
	mem_deref(pc->more);
}

struct pbx_call *pbx_call_new(void)
{
	return mem_zalloc(sizeof(struct pbx_call), call_destroy);
}

/* ------------------------------------------------------------------ who is busy with it */

static bool talks(const struct call *c, const struct extension *e)
{
	LIST_EACH (&c->legs, k) {
		const struct leg *l = LINK_OBJ(k, struct leg, le);

		if (l->state != LEG_ENDED && !l->trunk && !strcmp(l->party.number, e->number))
			return true;
	}
	return false;
}

static bool counted(const struct pbx_call *pc, const struct extension *e)
{
	for (; pc; pc = pc->more)
		if (pc->a == e || pc->b == e)
			return true;
	return false;
}

static void count(struct call *c, struct extension *e)
{
	struct pbx_call *pc = pbx_call_new();

	if (!pc) {
		log_warn("pbx", "%s: no memory to count the call of %s", c->id, e->number);
		return;
	}
	pc->b = mem_ref(e);
	e->calls++;
	pc->more = c->owner;
	c->owner = pc;
}

static void adopt(struct call *c, struct pbx *p)
{
	LIST_EACH (&c->legs, k) {
		const struct leg *l = LINK_OBJ(k, struct leg, le);
		/* whoever calls by a trunk is nobody of ours */
		struct extension *e =
			l->state == LEG_ENDED || l->trunk ? NULL : extension_find(p, slice_str(l->party.number));

		if (e && !counted(c->owner, e))
			count(c, e);
	}
}

void transfer_count(struct call *c, struct pbx *p)
{
	if (!c->moves || c->state != CALL_UP)
		return;
	adopt(c, p);
	/* who is being called has no leg yet */
	if (c->dial)
		return;
	for (struct pbx_call *pc = c->owner; pc; pc = pc->more) {
		if (pc->a && !talks(c, pc->a))
			release(&pc->a);
		if (pc->b && !talks(c, pc->b))
			release(&pc->b);
	}
}

/* The channel of a trunk is taken as long as its party talks, whatever call that is. */
static void take_channel(struct call *c, struct pbx_call *from)
{
	struct pbx_call *pc = pbx_call_new();

	if (!pc)
		return;
	pc->in = from->in;
	from->in = NULL;
	pc->more = c->owner;
	c->owner = pc;
}

void transfer_merged(struct call *c, struct call *gone, void *arg)
{
	adopt(c, arg);
	for (struct pbx_call *pc = gone->owner; pc; pc = pc->more)
		if (pc->in)
			take_channel(c, pc);
}

/* ------------------------------------------------------------------ where it leads */

uint16_t route_transfer(struct call *c, struct leg *by, const char *number, void *arg)
{
	struct pbx *p = arg;
	struct slice num = slice_str(number);
	const struct extension *who = extension_find(p, slice_str(by->party.number));
	const struct feature *f = feature_find(num);
	struct extension *e = f ? NULL : extension_find(p, num);

	if (!who || !who->enabled)
		return 403;
	if (f)
		return call_inside(c, f->name, f->run, p) ? 500 : 0;
	if (!e || !e->enabled)
		return 404;
	count(c, e);
	return route_extension(c, e) ? 500 : 0;
}
