/*
 * emergency.c - what an emergency call sets off: the notice, the window in which the centre calls back (RFC 7090), the
 * other call that is ended when no line is free, and the test number that reads the location back into the record.
 */
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "call/tones.h"
#include "pbx/routed.h"

enum { WINDOWS_MAX = 64, NOTICE_MS = 12 * 3600000, MINUTE_MS = 60000 };

/** An extension that called an emergency number. */
struct window {
	struct link le;
	uint64_t until_ms;
	char ext[32];
};

const char *emergency_location(const struct pbx *p, const struct extension *e)
{
	const char *own = e && e->outside ? e->outside->location : "";

	return *own ? own : p->plan.location;
}

static void notice_over(void *arg)
{
	pbx_alarm_clear(arg, "emergency");
}

static void open_window(struct pbx *p, const char *ext)
{
	struct window *w = NULL;

	LIST_EACH (&p->callbacks, k)
		if (!strcmp(LINK_OBJ(k, struct window, le)->ext, ext))
			w = LINK_OBJ(k, struct window, le);
	if (!w && p->callbacks.n >= WINDOWS_MAX)
		w = LINK_OBJ(p->callbacks.head, struct window, le);
	if (w)
		list_unlink(&w->le);
	else
		w = mem_zalloc(sizeof(*w), NULL);
	if (!w)
		return;
	(void)slice_copy(w->ext, sizeof(w->ext), slice_str(ext));
	w->until_ms = loop_now_ms(p->loop) + (uint64_t)p->plan.callback_minutes * MINUTE_MS;
	list_append(&p->callbacks, &w->le);
}

void emergency_notice(struct pbx *p, const struct call *c, const struct extension *e, const char *number)
{
	const char *who = e ? e->number : c->a ? c->a->party.number : "?", *place = emergency_location(p, e);
	char text[160];

	log_warn("pbx", "%s: EMERGENCY CALL to %s from %s (%s), location: %s", c->id, number, who, e ? e->name : "",
		 *place ? place : "not known");
	snprintf(text, sizeof(text), "Emergency call to %s from %s%s%s. Location: %s.", number, who,
		 e && *e->name ? ", " : "", e ? e->name : "", *place ? place : "not known");
	/* a later call is a new notice */
	pbx_alarm_clear(p, "emergency");
	pbx_alarm_raise(p, "emergency", "critical", text, "Somebody here called for help: go and see, open the door.");
	timer_start(&p->emergency_over, p->loop, NOTICE_MS, notice_over, p);
	if (e)
		open_window(p, e->number);
}

bool emergency_callback(const struct pbx *p, const char *extension)
{
	LIST_EACH (&p->callbacks, k) {
		const struct window *w = LINK_OBJ(k, struct window, le);

		if (!strcmp(w->ext, extension))
			return loop_now_ms(p->loop) < w->until_ms;
	}
	return false;
}

/* ------------------------------------------------------------------ a line is made free */

/* Never an emergency call, in either direction, nor one that ends already. */
static bool may_end(const struct pbx_call *pc)
{
	if (pc->callback || (pc->lines && pc->lines->emergency) || pc->call->state == CALL_ENDING)
		return false;
	LIST_EACH (&pc->held, k)
		if (LINK_OBJ(k, struct held, le)->emergency)
			return false;
	return true;
}

/* Channels of the trunk that a call holds. */
static void holds(const struct pbx_call *pc, const struct ptrunk *t, uint32_t *in, uint32_t *out)
{
	LIST_EACH (&pc->held, k) {
		const struct held *h = LINK_OBJ(k, struct held, le);

		*out += h->trunk == t && h->out;
		*in += h->trunk == t && !h->out;
	}
}

/* The newest call on it: one that goes out rather than one that came in. */
static struct pbx_call *victim(const struct pbx *p, const struct ptrunk *t)
{
	struct pbx_call *newest_out = NULL, *newest_in = NULL;

	LIST_EACH (&p->outside, k) {
		struct pbx_call *pc = LINK_OBJ(k, struct pbx_call, le);
		uint32_t in = 0, out = 0;

		if (!may_end(pc))
			continue;
		holds(pc, t, &in, &out);
		newest_out = out ? pc : newest_out;
		newest_in = in ? pc : newest_in;
	}
	return newest_out ? newest_out : newest_in;
}

bool emergency_can_cut(const struct pbx *p, const struct ptrunk *t)
{
	uint32_t in = 0, out = 0;

	LIST_EACH (&p->outside, k)
		if (may_end(LINK_OBJ(k, struct pbx_call, le)))
			holds(LINK_OBJ(k, struct pbx_call, le), t, &in, &out);
	/* limits may have been lowered under calls that go on: one less need not be enough */
	return (in || out) && (!t->max || t->in + t->out - in - out < t->max) &&
	       (!t->max_out || t->out - out < t->max_out);
}

bool emergency_cut(struct pbx *p, struct ptrunk *t)
{
	static const struct hangup h = {.code = 503, .text = "ended for an emergency call"};
	struct pbx_call *pc = victim(p, t);

	if (!pc)
		return false;
	log_warn("pbx", "%s: ended for an emergency call on trunk %s", pc->call->id, t->name);
	call_hangup(pc->call, &h);
	return true;
}

/* ------------------------------------------------------------------ the test number */

void emergency_test(struct call *c, struct leg *l, void *arg)
{
	(void)c;
	(void)arg;
	if (leg_answer(l))
		return;
	(void)!leg_tone(l, TONE_GREETING);
}

void emergency_flush(struct pbx *p)
{
	timer_stop(&p->emergency_over);
	LIST_EACH (&p->callbacks, k) {
		list_unlink(k);
		mem_deref(LINK_OBJ(k, struct window, le));
	}
}
