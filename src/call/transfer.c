/*
 * transfer.c - blind transfer carried out by us (RFC 5589 6; the protocol's part is sip_refer.c): the party that stays
 * waits with a tone while the owner's routing looks for the other one; who asked for it stands aside and has the party
 * back, or is called back, when nobody is found.
 *
 * One at a time per call. SEEKING: somebody is looked for. RECALLING: the one who asked for it is called back.
 * LEAVING: it worked, and who asked for it has a moment to hang up by itself.
 */
#include <stdio.h>
#include <string.h>
#include "call/call_priv.h"
#include "call/tones.h"

enum { LEAVE_MS = 1000 };

enum phase { SEEKING, RECALLING, LEAVING };

struct transfer {
	struct call *call;
	struct leg *by;      /* stands aside; NULL: gone, or nobody of the call asked for it */
	struct party by_who; /* for the call back */
	struct trunk *trunk; /* it came by: cannot be called back */
	bool by_was_a;
	bool ringing; /* the one who is sought rings */
	bool told;    /* `by` was told a final code */
	enum phase phase;
	struct timer timer;
	char to[64];
};

bool transfer_seeks(const struct call *c)
{
	return c->transfer && c->transfer->phase != LEAVING;
}

bool transfer_undecided(const struct call *c)
{
	return c->transfer && c->transfer->phase == SEEKING && !c->dial && !c->fiber;
}

static void tell(struct transfer *t, uint16_t code)
{
	if (t->told || !t->by || t->by->state == LEG_ENDED || !t->by->ops->transfer_state)
		return;
	t->told = code >= 200;
	t->by->ops->transfer_state(t->by, code);
}

static void transfer_free(struct call *c)
{
	struct transfer *t = c->transfer;

	c->transfer = NULL;
	timer_stop(&t->timer);
	mem_deref(t);
}

void call_connected(struct call *c)
{
	struct leg *a = c->a, *b = c->b;

	if (a && b) {
		if (a->ops->connected && a->state >= LEG_ANSWERED)
			a->ops->connected(a, &b->party);
		if (b->ops->connected && b->state >= LEG_ANSWERED)
			b->ops->connected(b, &a->party);
	}
	call_changed(c);
}

/* ------------------------------------------------------------------ begin */

uint16_t call_transfer_check(const struct leg *by)
{
	const struct call *c = by->call;
	const struct leg *stays = leg_other(by);

	if (c->state != CALL_UP || by->state == LEG_ENDED || !by->answer_ms)
		return 481;
	if (transfer_seeks(c))
		return 491;
	if (c->fiber)
		return 403;
	if (!stays)
		return 481;
	if (stays->state == LEG_ENDED || !stays->answer_ms)
		return 403;
	if (c->maxfwd < 2)
		return 483;
	return 0;
}

/* It worked, and who asked for it must go now. */
static void leave_now(struct call *c)
{
	struct leg *by = c->transfer->by;

	transfer_free(c);
	if (by)
		leg_hangup(by, &(struct hangup){.code = 200});
}

static void leave_h(void *arg)
{
	leave_now(((struct transfer *)arg)->call);
}

struct transfer *transfer_new(struct call *c, struct leg *by)
{
	struct transfer *t;

	if (c->transfer)
		leave_now(c);
	t = mem_zalloc(sizeof(*t), NULL);
	if (!t)
		return NULL;
	t->call = c;
	t->by = by;
	t->by_who = by->party;
	t->trunk = by->trunk;
	t->by_was_a = c->a == by;
	c->transfer = t;
	return t;
}

/* What the parties say to each other ends; who stays is never without a sign. */
static void part(struct leg *by)
{
	for (size_t i = 0; i < LEG_MEDIA_MAX; i++)
		if (by->ms[i])
			mstream_idle(by->ms[i]);
}

void transfer_sound(struct call *c)
{
	if (!transfer_seeks(c) || !c->a || c->b || c->fiber)
		return;
	if (c->transfer->ringing)
		(void)leg_tone_start(c->a, TONE_RINGBACK);
	else if (!hold_play(c->a))
		(void)leg_tone_start(c->a, TONE_WAITING);
}

/* Held so that it hears nothing (or says nothing, where somebody listens): it must be told that this is over. */
static void wake(struct leg *l, unsigned need)
{
	struct sdp *d = oa_scratch(0);
	bool same, deaf = true;

	if (l->holds || l->offered || l->offer_open || !l->local || sdp_decode(d, rbuf_slice(l->local)))
		return;
	for (size_t i = 0; i < d->nm; i++)
		deaf = deaf && !(d->m[i].port && (d->m[i].dir & need) == need);
	if (!deaf)
		return;
	oa_wake(d);
	if (oa_solo(&(struct oa_say){.to = l, .in = d}, &same))
		log_debug("call", "%s: who waits cannot be told that there is a tone", l->call->id);
}

/* The two part: `by` stands aside, the other one takes the caller's place. */
static struct transfer *stand_aside(struct leg *by, const char *to)
{
	struct call *c = by->call;
	struct leg *stays = leg_other(by);
	struct transfer *t = transfer_new(c, by);

	if (!t)
		return NULL;
	(void)slice_copy(t->to, sizeof(t->to), call_shown(to));
	join_stop(c);
	c->a = stays;
	c->b = NULL;
	c->maxfwd--;
	part(by);
	part(stays);
	return t;
}

static void back(struct transfer *t)
{
	struct call *c = t->call;
	struct leg *stays = c->a;

	c->a = t->by_was_a ? t->by : stays;
	c->b = t->by_was_a ? stays : t->by;
}

uint16_t call_transfer(struct leg *by, const char *number)
{
	struct call *c = by->call;
	struct calls *cs = c->calls;
	uint16_t code = call_transfer_check(by);
	struct transfer *t;

	if (code)
		return code;
	if (!cs->ops->transfer)
		return 403;
	if (!moves_begin(c, "blind", by->party.number, number))
		return 403;
	t = stand_aside(by, number);
	if (!t) {
		moves_end(c, 500);
		return 500;
	}
	log_info("call", "%s: %s sends %s to %.*s", c->id, by->party.number, c->a->party.number,
		 SLICE_FMT(call_shown(number)));
	transfer_sound(c);
	code = cs->ops->transfer(c, by, number, cs->arg);
	if (code && c->transfer == t && c->state == CALL_UP) {
		moves_end(c, code);
		back(t);
		transfer_free(c);
		join_start(c, false);
		return code;
	}
	if (transfer_seeks(c) && c->a)
		wake(c->a, SDP_SENDONLY);
	call_changed(c);
	return 0;
}

/* ------------------------------------------------------------------ attended, to a phone that rings */

uint16_t transfer_take_dial(struct leg *by, struct call *ringing)
{
	struct call *c = by->call;
	struct transfer *t = stand_aside(by, ringing->dialled);

	if (!t)
		return 500;
	dial_move(ringing, c);
	t->ringing = dial_rang(c);
	transfer_sound(c);
	if (t->ringing)
		tell(t, 180);
	wake(c->a, SDP_SENDONLY);
	call_changed(c);
	return 0;
}

/* ------------------------------------------------------------------ how it goes on */

void transfer_ringing(struct call *c, uint16_t code)
{
	struct transfer *t = c->transfer;

	tell(t, code);
	if (t->ringing || code != 180)
		return;
	t->ringing = true;
	transfer_sound(c);
	call_changed(c);
}

void transfer_done(struct call *c)
{
	struct transfer *t = c->transfer;

	moves_end(c, 200);
	tell(t, 200);
	t->phase = LEAVING;
	if (t->by)
		timer_start(&t->timer, c->calls->loop, LEAVE_MS, leave_h, t);
	else
		transfer_free(c);
}

void transfer_answered(struct leg *l, struct slice sdp, bool is_offer)
{
	struct call *c = l->call;
	struct hangup bad = {.code = 488, .text = "the answer had no usable description of its sound"};

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
	log_info("call", "%s: %s talks with %s now", c->id, c->a->party.number, l->party.number);
	transfer_done(c);
	join_start(c, true);
	record_report(c, RECORD_ANSWER);
	call_changed(c);
}

void transfer_inside(struct call *c)
{
	(void)slice_copy(c->answered_by, sizeof(c->answered_by), slice_str(c->inside));
	if (c->a)
		wake(c->a, SDP_SENDRECV);
	transfer_done(c);
	record_report(c, RECORD_ANSWER);
}

/* ------------------------------------------------------------------ nobody was found */

static void talk_again(struct transfer *t)
{
	struct call *c = t->call;

	back(t);
	transfer_free(c);
	log_info("call", "%s: the transfer failed, the parties talk on", c->id);
	join_start(c, false);
	call_changed(c);
}

static void recall(struct transfer *t, uint16_t code)
{
	struct call *c = t->call;
	struct dial_target target = {.number = slice_str(t->by_who.number)};
	struct dial_cfg cfg = {
		.targets = &target, .n = 1, .ring_ms = c->calls->recall_ms, .caller = c->a->party, .q_parallel = 1};

	/* whom it rings for, and why */
	(void)snprintf(cfg.caller.name, sizeof(cfg.caller.name), "transfer failed: %.30s %.30s", t->to,
		       hangup_words(code));
	t->phase = RECALLING;
	t->ringing = false;
	if (t->trunk || !t->by_who.number[0] || !moves_begin(c, "recall", t->to, t->by_who.number) ||
	    call_dial(c, &cfg)) {
		call_end(c, "system", &(struct hangup){.code = code, .text = "the transfer failed"});
		return;
	}
	transfer_sound(c);
	call_changed(c);
}

void transfer_failed(struct call *c, const struct hangup *h)
{
	struct transfer *t = c->transfer;

	moves_end(c, h->code);
	tell(t, h->code);
	if (t->by && t->by->state != LEG_ENDED)
		talk_again(t);
	else if (t->phase == SEEKING && c->a && !c->calls->draining)
		recall(t, h->code);
	else
		call_end(
			c, "system",
			&(struct hangup){.code = h->code, .text = "the transfer failed and nobody took the call back"});
}

bool transfer_gone(struct leg *l, const struct hangup *h)
{
	struct call *c = l->call;
	struct transfer *t = c->transfer;

	(void)h;
	if (!t || l != t->by)
		return false;
	leg_finish(l, 200);
	t->by = NULL;
	if (t->phase == LEAVING)
		transfer_free(c);
	return true;
}

void transfer_drop(struct call *c, uint16_t code)
{
	struct transfer *t = c->transfer;

	if (!t)
		return;
	if (code) {
		moves_end(c, code);
		tell(t, code);
	}
	transfer_free(c);
}
