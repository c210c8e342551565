/*
 * route.c - the numbering plan: where a dialled number leads. Feature codes first, then extensions.
 */
#include "base/log.h"
#include "base/mem.h"
#include "pbx/pbx_priv.h"
#include "pbx/trunk.h"

static void refuse(struct call *c, uint16_t code, const char *text)
{
	struct hangup h = {.code = code, .text = text};

	call_hangup(c, &h);
}

void route_changed(struct call *c, void *arg)
{
	if (c->state == CALL_ENDING)
		c->owner = mem_deref(c->owner);
	else
		transfer_count(c, arg);
}

/* Before a phone of the called extension rings: is it at its limit? */
static uint16_t admit(struct call *c, struct slice number, void *arg)
{
	const struct pbx_call *pc = c->owner;

	(void)number;
	(void)arg;
	return pc && pc->b && pc->b->calls > pc->b->call_limit ? 486 : 0;
}

int route_extension(struct call *c, struct extension *e)
{
	struct dial_target t = {.number = slice_str(e->number)};
	struct dial_cfg cfg = {.targets = &t, .n = 1, .ring_ms = e->ring_s * 1000, .admit = admit, .q_parallel = 1};
	int err = call_dial(c, &cfg);

	if (err)
		log_warn("pbx", "%s: cannot call %s: %s", c->id, e->number, err_str(err));
	return err;
}

void route_incoming(struct call *c, struct leg *from, const char *dialled, void *arg)
{
	struct pbx *p = arg;
	struct slice num = slice_str(dialled);
	/* whoever calls by a trunk is nobody of ours, whatever number it shows */
	struct extension *a = from->trunk ? NULL : extension_find(p, slice_str(from->party.number)), *b;
	const struct feature *f;
	struct pbx_call *pc;

	if (a && !a->enabled) {
		refuse(c, 403, "the extension is switched off");
		return;
	}
	pc = pbx_call_new();
	if (!pc) {
		refuse(c, 503, "out of memory");
		return;
	}
	c->owner = pc;
	pc->in = mem_ref(ptrunk_of(p, from));
	if (pc->in)
		ptrunk_take(pc->in, false, false);
	if (a) {
		pc->a = mem_ref(a);
		a->calls++;
		/* phones may not choose whose name others see */
		if (a->name[0])
			(void)slice_copy(from->party.name, sizeof(from->party.name), slice_str(a->name));
	}
	f = feature_find(num);
	b = f ? NULL : extension_find(p, num);
	if (f) {
		if (call_inside(c, f->name, f->run, p))
			refuse(c, 500, "the function could not be started");
	} else if (b && b->enabled) {
		pc->b = mem_ref(b);
		b->calls++;
		if (route_extension(c, b))
			refuse(c, 500, "the call could not be placed");
	} else {
		refuse(c, 404, "no such number");
	}
}
