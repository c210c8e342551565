/*
 * transfer_to.c - attended transfer (RFC 5589 7): two calls of one party become one without it. And a leg that takes
 * the place of another one (RFC 3891): of a party who talks, or of a phone that rings.
 */
#include <string.h>
#include "call/call_priv.h"

/* ------------------------------------------------------------------ two calls become one */

/* Does this leg belong to the one who asks? By number, or because both came by one trunk's account. */
static bool same_party(const struct leg *a, const struct leg *b)
{
	return a->party.number[0] && !strcmp(a->party.number, b->party.number) && a->trunk == b->trunk;
}

/* The leg of `by`'s owner in the call of `target`: `target` itself, or (named as its peer sees it) the other one. */
static struct leg *own_leg(const struct leg *by, struct leg *target)
{
	struct leg *other = leg_other(target);

	if (same_party(by, target))
		return target;
	if (!other && target->call->a && target->call->dial)
		other = target->call->a;
	return other && same_party(by, other) ? other : NULL;
}

/* The party `in` of `gone` takes the place of `out` in `keep`. */
static void merge(struct call *keep, struct leg *out, struct call *gone, struct leg *in)
{
	const struct calls *cs = keep->calls;

	join_stop(keep);
	join_stop(gone);
	leg_note_past(in);
	if (gone->a == in)
		gone->a = NULL;
	if (gone->b == in)
		gone->b = NULL;
	leg_move(in, keep);
	in->outgoing = keep->a != out;
	if (keep->a == out) {
		keep->a = in;
	} else {
		keep->b = in;
		memcpy(keep->answered_by, in->party.number, sizeof(keep->answered_by));
	}
	if (cs->ops->merged)
		cs->ops->merged(keep, gone, cs->arg);
}

static uint16_t merge_up(struct leg *by, struct leg *mine)
{
	struct call *c1 = by->call, *c2 = mine->call;
	bool older = c1->start_ms <= c2->start_ms;
	struct call *keep = older ? c1 : c2, *gone = older ? c2 : c1;
	struct leg *out = older ? by : mine, *left = older ? mine : by;
	struct leg *in = leg_other(left), *stays = leg_other(out);

	if (!moves_begin(keep, "attended", out->party.number, in->party.number))
		return 403;
	if (!moves_begin(gone, "attended", out->party.number, stays->party.number)) {
		moves_end(keep, 403);
		return 403;
	}
	/* each of the two may have been transferred just now: who left it is gone at once */
	if (!transfer_new(gone, left) || !transfer_new(keep, out)) {
		transfer_drop(gone, 0);
		moves_end(gone, 500);
		moves_end(keep, 500);
		return 500;
	}
	log_info("call", "%s: %s joins %s and %s of %s", keep->id, out->party.number, stays->party.number,
		 in->party.number, gone->id);
	merge(keep, out, gone, in);
	transfer_done(gone);
	transfer_done(keep);
	call_end(gone, left->outgoing ? "callee" : "caller",
		 &(struct hangup){.code = 200, .text = "its parties talk on"});
	join_start(keep, true);
	record_report(keep, RECORD_ANSWER);
	call_changed(keep);
	return 0;
}

/* The other call has not been answered yet: who rings goes on ringing for the party that stays. */
static uint16_t merge_ringing(struct leg *by, struct leg *mine)
{
	struct call *c = by->call, *ringing = mine->call;
	uint16_t code = 403;

	if (!moves_begin(c, "attended", by->party.number, ringing->dialled))
		return code;
	if (moves_begin(ringing, "attended", by->party.number, leg_other(by)->party.number))
		code = transfer_take_dial(by, ringing);
	if (code) {
		moves_end(c, code);
		moves_end(ringing, code);
		return code;
	}
	if (c->calls->ops->merged)
		c->calls->ops->merged(c, ringing, c->calls->arg);
	moves_end(ringing, 200);
	call_end(ringing, "caller", &(struct hangup){.code = 487, .text = "it goes on for somebody else"});
	return 0;
}

/* Its other end is inside: a conference, a mailbox. */
static bool sits_inside(const struct leg *l)
{
	const struct call *c = l->call;

	return c->state == CALL_UP && c->fiber && l == c->a && l->answer_ms && l->state != LEG_ENDED;
}

uint16_t call_transfer_to_check(const struct leg *by)
{
	return sits_inside(by) ? 0 : call_transfer_check(by);
}

/*
 * An inside party stays with the leg that it serves, so nobody can take that one's place: who `talks` sends its party
 * to the number instead. `by` is the one of the two that asked for it.
 */
static uint16_t send_inside(struct leg *talks, struct leg *sits, struct leg *by)
{
	struct call *c = sits->call;
	uint16_t code = c->dialled[0] ? call_transfer(talks, c->dialled) : 403;

	if (code)
		return code;
	if (by == sits && sits->ops->transfer_state)
		sits->ops->transfer_state(sits, 200);
	call_end(c, "caller", &(struct hangup){.code = 200, .text = "another one comes in its place"});
	return 0;
}

uint16_t call_transfer_to(struct leg *by, struct leg *target)
{
	struct leg *mine = own_leg(by, target);
	uint16_t code = call_transfer_to_check(by);
	struct call *c2 = target->call;

	if (code)
		return code;
	if (!mine || c2 == by->call)
		return 403;
	if (sits_inside(by))
		return send_inside(mine, by, by);
	if (sits_inside(mine))
		return send_inside(by, mine, by);
	if (c2->state < CALL_UP && c2->dial && mine == c2->a)
		return merge_ringing(by, mine);
	code = call_transfer_check(mine);
	return code ? code : merge_up(by, mine);
}

/* ------------------------------------------------------------------ a leg in place of another */

static void answered_now(struct leg *l)
{
	l->state = l->holds ? LEG_HELD : LEG_ANSWERED;
	l->answer_ms = loop_wall_ms(l->call->calls->loop);
}

/* Who takes over is answered by us; the code of the refusal where that cannot be. */
static uint16_t answer_instead(struct leg *l, const struct leg *old)
{
	uint16_t code;
	int err;

	if (!moves_begin(l->call, "pickup", old->party.number, l->party.number))
		return 403;
	err = oa_local_answer(l, l->ops->answer);
	if (!err)
		return 0;
	code = err == ENOTSUP ? 488 : 500;
	moves_end(l->call, code);
	return code;
}

/* A phone that rings, and `l` takes the call: the caller gets its answer from us, then both are joined. */
static uint16_t take_ringing(struct leg *l, struct leg *old)
{
	struct call *c = l->call;
	struct leg *a = c->a;
	uint16_t code = answer_instead(l, old);

	if (code)
		return code;
	answered_now(l);
	c->b = l;
	memcpy(c->answered_by, l->party.number, sizeof(c->answered_by));
	dial_stop(c, &(struct hangup){.code = 487, .elsewhere = true});
	moves_end(c, 200);
	if (originate_seeks(c)) {
		originate_up(c);
	} else if (a->answer_ms) { /* it waits for the end of a transfer */
		transfer_done(c);
		record_report(c, RECORD_ANSWER);
	} else if (oa_local_answer(a, a->ops->answer)) {
		call_end(c, "system", &(struct hangup){.code = 488, .text = "no sound in common"});
		return 0;
	} else {
		answered_now(a);
		call_set_state(c, CALL_UP);
	}
	join_start(c, true);
	call_changed(c);
	return 0;
}

/* A party who talks is replaced. */
static uint16_t take_place(struct leg *l, struct leg *old)
{
	struct call *c = l->call;
	uint16_t code = call_transfer_check(old);

	if (code)
		return code;
	code = answer_instead(l, old);
	if (code)
		return code;
	join_stop(c);
	answered_now(l);
	l->outgoing = old->outgoing;
	if (c->a == old)
		c->a = l;
	else
		c->b = l;
	if (c->b == l)
		memcpy(c->answered_by, l->party.number, sizeof(c->answered_by));
	moves_end(c, 200);
	leg_hangup(old, &(struct hangup){.code = 200, .elsewhere = true});
	join_start(c, true);
	record_report(c, RECORD_ANSWER);
	call_changed(c);
	return 0;
}

uint16_t call_replace(struct leg *l, struct leg *old, struct slice offer)
{
	struct call *c = l->call;

	if (old->state == LEG_ENDED || c->state == CALL_ENDING)
		return 603;
	if (offer.l && leg_keep(&l->offer, offer))
		return 500;
	l->offer_open = true;
	if (old->answer_ms)
		return take_place(l, old);
	if (!old->outgoing || !c->dial || !c->a)
		return 481;
	return take_ringing(l, old);
}
