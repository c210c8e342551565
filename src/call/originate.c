/*
 * originate.c - calls that somebody else asks for (click to call): the caller's own phones ring first; whoever answers
 * there waits with the sound of ringing while the number is looked for, as if the phone had called it.
 *
 * The caller's phone gets an offer of ours, and an answer or an offer of the other one when there is one (join.c), so
 * that nobody waits for an ACK (RFC 3725 flow IV without its silence). Until the other end answers, the call is not
 * answered: its record says what became of the number that was asked for.
 */
#include <stdio.h>
#include <string.h>
#include "call/call_priv.h"
#include "call/oa_priv.h"
#include "call/tones.h"

struct originate {
	struct call *call;
	struct timer go;
	bool answers_itself;
	bool picked_up; /* the caller's phone was answered */
	bool ringing;   /* the other end rings */
	char from[64];
};

bool originate_calls(const struct call *c)
{
	return c->originate && !c->originate->picked_up;
}

bool originate_seeks(const struct call *c)
{
	return c->originate && c->originate->picked_up && c->state < CALL_UP;
}

bool originate_answers_itself(const struct call *c)
{
	return originate_calls(c) && c->originate->answers_itself;
}

const char *call_from(const struct call *c)
{
	if (c->a)
		return c->a->party.number;
	return c->originate ? c->originate->from : "";
}

void originate_free(struct call *c)
{
	if (!c->originate)
		return;
	timer_stop(&c->originate->go);
	c->originate = mem_deref(c->originate);
}

/* ------------------------------------------------------------------ the caller's phones */

int call_originate(struct call **cp, struct calls *cs, const struct originate_cfg *cfg)
{
	struct dial_target t = {.number = cfg->from};
	struct dial_cfg d = {.targets = &t, .n = 1, .ring_ms = cfg->ring_ms, .q_parallel = 1, .caller = cfg->shown};
	struct originate *o;
	struct call *c;
	int err = call_new(&c, cs);

	if (err)
		return err;
	o = mem_zalloc(sizeof(*o), NULL);
	if (!o) {
		call_abort(c);
		return ENOMEM;
	}
	o->call = c;
	o->answers_itself = cfg->answers_itself;
	(void)slice_copy(o->from, sizeof(o->from), cfg->from);
	(void)slice_copy(c->dialled, sizeof(c->dialled), slice_str(cfg->to));
	c->originate = o;
	err = call_dial(c, &d);
	if (err) {
		call_abort(c);
		return err;
	}
	c->started = true;
	log_info("call", "%s: %s is rung, to call %.*s", c->id, o->from, SLICE_FMT(call_shown(c->dialled)));
	record_report(c, RECORD_OPEN);
	*cp = c;
	return 0;
}

void originate_failed(struct call *c, const struct hangup *h)
{
	struct hangup end = {.code = 487, .silent = h->silent};

	switch (h->code) {
	case 408:
		end.text = "the caller's phone was not answered";
		break;
	case 480:
		end.text = h->silent ? "the caller's phone is not registered" : "the caller's phone was not answered";
		break;
	case 486:
	case 600:
		end.text = "the caller's phone is busy";
		break;
	case 603:
		end.text = "the caller's phone declined";
		break;
	default:
		end.text = "the caller's phone could not be reached";
		break;
	}
	call_end(c, "system", &end);
}

bool originate_words(char *dst, size_t size, const struct call *c)
{
	if (!originate_calls(c))
		return false;
	snprintf(dst, size, "%.24s was not called: %.80s", c->dialled,
		 c->end_text ? c->end_text : "nobody waits for it any more");
	return true;
}

/* From now on it is a call like those that a phone makes. */
static void go_h(void *arg)
{
	struct originate *o = arg;
	struct call *c = o->call;
	struct calls *cs = c->calls;

	if (c->state != CALL_ENDING && c->a)
		cs->ops->incoming(c, c->a, c->dialled, cs->arg);
}

/* The caller's phone was answered. */
static void picked_up(struct leg *l, struct slice sdp, bool is_offer)
{
	struct hangup bad = {.code = 488, .text = "the answer had no usable description of its sound"};
	struct call *c = l->call;

	l->state = LEG_ANSWERED;
	l->answer_ms = loop_wall_ms(c->calls->loop);
	if (oa_took(l, sdp, is_offer) || (!is_offer && oa_local_apply(l))) {
		l->state = LEG_RINGING;
		l->answer_ms = 0;
		leg_hangup(l, &bad);
		dial_failed(l, &bad);
		return;
	}
	c->a = l;
	l->outgoing = false; /* it calls */
	c->originate->picked_up = true;
	dial_stop(c, &(struct hangup){.code = 487, .elsewhere = true});
	log_info("call", "%s: %s calls %.*s", c->id, l->party.number, SLICE_FMT(call_shown(c->dialled)));
	call_changed(c);
	/* not within the call-back that led here: the session's exchange is still open */
	timer_start(&c->originate->go, c->calls->loop, 0, go_h, c->originate);
}

/* ------------------------------------------------------------------ the other end */

void originate_sound(struct call *c)
{
	if (originate_seeks(c) && c->originate->ringing && c->a && !c->b && !c->fiber)
		(void)leg_tone_start(c->a, TONE_RINGBACK);
}

void originate_up(struct call *c)
{
	originate_free(c);
	call_set_state(c, CALL_UP);
}

void originate_inside(struct call *c)
{
	struct mstream *ms = c->a ? leg_sound(c->a) : NULL;

	if (ms)
		mstream_idle(ms);
	(void)slice_copy(c->answered_by, sizeof(c->answered_by), slice_str(c->inside));
	originate_up(c);
}

static void joined(struct leg *l, struct slice sdp, bool is_offer)
{
	struct hangup bad = {.code = 488, .text = "the answer had no usable description of its sound"};
	struct call *c = l->call;

	if (oa_took(l, sdp, is_offer)) {
		leg_hangup(l, &bad);
		dial_failed(l, &bad);
		return;
	}
	l->state = LEG_ANSWERED;
	l->answer_ms = loop_wall_ms(c->calls->loop);
	c->b = l;
	memcpy(c->answered_by, l->party.number, sizeof(c->answered_by));
	dial_stop(c, &(struct hangup){.code = 487, .elsewhere = true});
	originate_up(c);
	join_start(c, true);
}

/* ------------------------------------------------------------------ what phones do */

bool originate_rings(struct leg *l, uint16_t code, struct slice sdp)
{
	struct call *c = l->call;

	if (!c->originate || c->state >= CALL_UP || l->state == LEG_ENDED || !c->dial)
		return false;
	l->rang = c->rang = true;
	/* some phones give their answer in a 183 only; and it may be agreed on for good (RFC 3262) */
	if (sdp.l && !leg_keep(&l->remote, sdp) && l->agreed && l->offered)
		oa_commit(l, NULL, l->sent);
	if (code != 180 && !sdp.l)
		return true;
	if (l->state == LEG_NEW)
		l->state = LEG_RINGING;
	if (originate_seeks(c) && !c->originate->ringing) {
		c->originate->ringing = true;
		originate_sound(c);
	}
	if (c->state < CALL_RINGING)
		call_set_state(c, CALL_RINGING);
	else
		call_changed(c);
	return true;
}

bool originate_answered(struct leg *l, struct slice sdp, bool is_offer)
{
	struct call *c = l->call;

	if (!c->originate || c->state >= CALL_UP || !c->dial)
		return false;
	if (originate_calls(c))
		picked_up(l, sdp, is_offer);
	else
		joined(l, sdp, is_offer);
	return true;
}
