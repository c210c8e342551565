/*
 * originate.c - what people do with calls from outside of their phones: click to call, hold.
 */
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "pbx/route.h"

/* What would become of it if the phone dialled it now: nobody's phone rings for what is refused anyway. */
static int allowed(struct pbx *p, const struct extension *e, const char *to, struct buf *why)
{
	struct plan_query q = {.from = e->number, .from_name = e->name, .dialled = to};
	struct plan_decision d;
	struct plan_view v;

	route_view(p, &v, 0);
	plan_decide(&p->plan, &v, &q, &d, NULL);
	if (d.kind != PLAN_REFUSE)
		return 0;
	route_watch_refusal(p, &d, e->number);
	buf_printf(why, "%s cannot call %.*s: %s.", e->number, SLICE_FMT(call_shown(to)), d.words);
	return EACCES;
}

static int caller(struct pbx *p, struct slice from, struct extension **ep, struct buf *why)
{
	struct extension *e = extension_find(p, from);

	if (!e) {
		buf_printf(why, "There is no extension %.*s.", SLICE_FMT(from));
		return ENOENT;
	}
	if (e->enabled && e->aor && e->aor->bindings.n) {
		*ep = e;
		return 0;
	}
	buf_printf(why,
		   e->enabled ? "No phone of %s is registered: there is nobody to place the call."
			      : "Extension %s is switched off.",
		   e->number);
	return ERR_STATE;
}

static void shown(struct party *sh, const struct pbx *p, const struct pbx_originate *o, const char *to)
{
	const struct extension *e = extension_find(p, o->to);

	memset(sh, 0, sizeof(*sh));
	(void)slice_copy(sh->number, sizeof(sh->number), call_shown(to));
	if (o->caller_name.l)
		(void)slice_copy(sh->name, sizeof(sh->name), o->caller_name);
	else if (e && e->name[0])
		(void)snprintf(sh->name, sizeof(sh->name), "Call to %.80s", e->name);
	else
		(void)snprintf(sh->name, sizeof(sh->name), "Call to %.60s", sh->number);
}

int pbx_originate(struct pbx *p, const struct pbx_originate *o, char id[24], struct buf *why)
{
	struct originate_cfg cfg = {.from = o->from, .answers_itself = o->answers_itself};
	struct extension *e;
	struct call *c;
	char to[64];
	int err;

	if (!p->calls)
		return ERR_STATE;
	if (!o->to.l || !slice_copy(to, sizeof(to), o->to)) {
		buf_str(why, "That is no number to call.");
		return EACCES;
	}
	err = caller(p, o->from, &e, why);
	if (!err)
		err = allowed(p, e, to, why);
	if (err)
		return err;
	cfg.to = to;
	cfg.ring_ms = e->ring_s * 1000;
	shown(&cfg.shown, p, o, to);
	err = call_originate(&c, p->calls, &cfg);
	if (err)
		return err;
	if (!routed_owner(p, c)) {
		call_hangup(c, &(struct hangup){.code = 503, .text = "out of memory"});
		return ENOMEM;
	}
	log_info("pbx", "%s: asked for by %s", c->id, o->who);
	event_call(c, c->owner);
	memcpy(id, c->id, sizeof(c->id));
	return 0;
}

uint16_t pbx_hold(struct pbx *p, struct slice call_id, bool by_caller, bool on, const char *who)
{
	struct call *c = p->calls ? calls_find(p->calls, call_id) : NULL;
	struct leg *by = c ? (by_caller ? c->a : c->b) : NULL;

	if (!c)
		return 404;
	if (!by)
		return 481;
	log_info("pbx", "%s: %s by %s", c->id, on ? "on hold" : "off hold", who);
	return call_hold(by, on);
}

static bool is_of(const struct leg *l, const char *extension)
{
	return l && !l->trunk && !strcmp(l->party.number, extension);
}

bool pbx_call_exists(struct pbx *p, struct slice call_id)
{
	return p->calls && calls_find(p->calls, call_id);
}

bool pbx_call_of(struct pbx *p, struct slice call_id, const char *extension, bool *is_caller, bool *is_callee)
{
	struct call *c = p->calls ? calls_find(p->calls, call_id) : NULL;
	bool a = false, b = false;

	if (c && *extension) {
		a = is_of(c->a, extension) || (!c->a && !strcmp(call_from(c), extension));
		b = is_of(c->b, extension);
	}
	if (is_caller)
		*is_caller = a;
	if (is_callee)
		*is_callee = b;
	return a || b;
}
