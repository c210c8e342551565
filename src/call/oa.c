/*
 * oa.c - offers and answers carried from one leg to the other (RFC 3264; RFC 3261 13.2, 14; RFC 6337), delayed ones
 * too.
 *
 * One exchange at a time per call: while one is open, an offer from the other side gets 491 (RFC 3261 14.1).
 */
#include <string.h>
#include "call/oa_crypto.h"
#include "call/oa_priv.h"

void oa_keep_first(struct leg *l)
{
	if (l->agreed && !l->answer_ms && !l->outgoing && !l->offer && l->remote)
		l->offer = mem_ref(l->remote);
}

/* An exchange is complete: `remote` and `local` of a leg are in force. Either may be NULL: as it was. */
void oa_commit(struct leg *l, struct rbuf *remote, struct rbuf *local)
{
	l->gave_offer = remote != NULL;
	if (remote) {
		remote = mem_ref(remote);
		mem_deref(l->remote);
		l->remote = remote;
	}
	if (local) {
		local = mem_ref(local);
		mem_deref(l->local);
		l->local = local;
	}
	l->offer = mem_deref(l->offer);
	l->sent = mem_deref(l->sent);
	l->offer_open = l->offered = false;
	oa_keep_first(l);
}

/* An offer of ours was refused: lines opened for it are closed again. */
void oa_undo(struct leg *y)
{
	const struct sdp *d;

	y->offered = false;
	if (!y->sent)
		return;
	y->sent = mem_deref(y->sent);
	y->sdp_stale = true;
	if (!y->local || oa_read(&d, rbuf_slice(y->local)))
		return;
	for (size_t i = 0; i < LEG_MEDIA_MAX; i++)
		if (y->ms[i] && !oa_line_ok(d, i))
			bridge_drop(y, i);
}

/* Refuse the open offer of `x`; ends the call where its protocol cannot. */
void oa_refuse(struct leg *x, uint16_t code)
{
	x->offer = mem_deref(x->offer);
	x->offer_open = false;
	oa_keep_first(x);
	if (x->ops->reject_offer(x, code))
		call_end(x->call, "system", &(struct hangup){.code = 200, .text = "the sound could not be agreed on"});
}

void oa_broken(struct call *c)
{
	call_end(c, "system", &(struct hangup){.code = 488, .text = "the sound could not be agreed on"});
}

bool oa_bad_answer(const struct leg *l, struct slice sdp)
{
	if (oa_crypto_takes(l, sdp))
		return false;
	call_end(l->call, "system", &(struct hangup){.code = 488, .text = OA_CRYPTO_REFUSED});
	return true;
}

void oa_note_sent(struct leg *y, struct rbuf *sdp)
{
	mem_deref(y->sent);
	y->sent = mem_ref(sdp);
	y->offered = true;
}

int oa_first_offer(struct leg *a, struct leg *b, struct rbuf **out)
{
	struct sdp *woken = oa_scratch(0);
	const struct sdp *d = woken;
	int err;

	b->offered = true;
	*out = NULL;
	/* a party that is being transferred made its offer long ago: what it takes now is known */
	if (!a->offer && !(a->answer_ms && a->remote))
		return 0;
	err = a->offer ? oa_read(&d, rbuf_slice(a->offer)) : sdp_decode(woken, rbuf_slice(a->remote));
	if (err)
		return err;
	if (!a->offer)
		oa_wake(woken);
	err = oa_write(out, &(struct oa_say){.to = b, .from = a, .in = d});
	if (!err)
		oa_note_sent(b, *out);
	return err;
}

int oa_make_answer(struct rbuf **out, struct leg *to, const struct leg *from, struct slice in)
{
	const struct sdp *d, *offer;
	int err;

	if (!to->offer || !in.l)
		return ERR_SYNTAX;
	err = oa_read(&offer, rbuf_slice(to->offer));
	if (!err)
		err = oa_read(&d, in);
	return err ? err : oa_write(out, &(struct oa_say){.to = to, .from = from, .in = d, .offer = offer});
}

struct leg *oa_partner(const struct leg *l)
{
	const struct call *c = l->call;
	struct leg *y = leg_other(l);

	if (y || c->state >= CALL_UP || !c->a)
		return y;
	if (l->outgoing)
		return dial_single(l) ? c->a : NULL;
	LIST_EACH (&c->legs, k) {
		struct leg *b = LINK_OBJ(k, struct leg, le);

		if (b->outgoing && b->state != LEG_ENDED && dial_single(b))
			return b;
	}
	return NULL;
}

/* Agreed on for good, though nobody has answered yet. */
static void settle(struct leg *a, struct leg *b)
{
	if (a->agreed && a->offer_open) {
		mem_deref(a->remote);
		a->remote = mem_ref(a->offer);
		a->offer_open = false;
		a->gave_offer = true;
	}
	if (b->agreed && b->offered)
		oa_commit(b, NULL, b->sent);
}

/* The caller had its answer for good before; another one is a new offer to it, if it takes UPDATE (RFC 3311). */
static int early_again(struct leg *a, uint16_t code, struct rbuf *out)
{
	int err;

	if (a->local && slice_eq(rbuf_slice(out), rbuf_slice(a->local)))
		return a->ops->progress(a, code, SLICE_NULL);
	if (a->offered || a->offer_open)
		return ERR_STATE;
	oa_note_sent(a, out);
	err = a->ops->offer(a, rbuf_slice(out));
	if (err)
		oa_undo(a);
	return err;
}

int oa_early(struct leg *a, struct leg *b, uint16_t code, struct slice sdp)
{
	struct rbuf *out = NULL;
	bool again = a->agreed;
	int err = oa_make_answer(&out, a, b, sdp);

	if (err)
		return err;
	err = leg_keep(&b->remote, sdp);
	if (!err)
		err = again ? early_again(a, code, out) : a->ops->progress(a, code, rbuf_slice(out));
	if (!err) {
		if (!again) {
			mem_deref(a->local);
			a->local = mem_ref(out);
			a->gave_offer = true;
		}
		b->gave_offer = false;
		b->early_passed = true;
		bridge_apply(a, b);
		settle(a, b);
	}
	mem_deref(out);
	return err;
}

/* The phone was asked for an offer and gave one in its 2xx: the caller gets it in ours, and answers in its ACK. */
static int answered_with_offer(struct leg *a, struct leg *b, struct slice sdp)
{
	const struct sdp *d;
	struct rbuf *out = NULL;
	int err = oa_read(&d, sdp);

	if (!err)
		err = oa_write(&out, &(struct oa_say){.to = a, .from = b, .in = d});
	if (!err)
		err = leg_keep(&b->offer, sdp);
	if (!err)
		err = a->ops->answer(a, rbuf_slice(out));
	if (!err) {
		b->offered = false;
		b->offer_open = true;
		a->offer_open = false;
		oa_note_sent(a, out);
	}
	mem_deref(out);
	return err;
}

/* What the caller has for good since its early answer is what the phone has: the answer only confirms it. */
static bool confirms(const struct leg *a, const struct leg *b, struct slice sdp)
{
	return a->agreed && a->local && !a->offered && b->agreed && b->early_passed &&
	       (!sdp.l || slice_eq(sdp, rbuf_opt(b->remote)));
}

static int confirm(struct leg *a, struct leg *b)
{
	int err = a->ops->answer(a, rbuf_slice(a->local));

	if (err)
		return err;
	a->agreed = b->agreed = false;
	a->offer = mem_deref(a->offer);
	a->offer_open = b->offered = false;
	bridge_apply(a, b);
	return 0;
}

int oa_answered(struct leg *a, struct leg *b, struct slice sdp, bool is_offer)
{
	struct rbuf *out = NULL;
	int err;

	if (is_offer)
		return answered_with_offer(a, b, sdp);
	if (confirms(a, b, sdp))
		return confirm(a, b);
	/* Some phones give their answer in a 183 only. */
	err = sdp.l ? leg_keep(&b->remote, sdp) : 0;
	if (!err)
		err = oa_make_answer(&out, a, b, rbuf_opt(b->remote));
	if (!err)
		err = a->ops->answer(a, rbuf_slice(out));
	if (!err) {
		a->agreed = b->agreed = false;
		oa_commit(a, a->offer, out);
		oa_commit(b, NULL, b->sent);
		bridge_apply(a, b);
	}
	mem_deref(out);
	return err;
}

void oa_wake(struct sdp *d)
{
	for (size_t i = 0; i < d->nm; i++) {
		d->m[i].dir = SDP_SENDRECV;
		/* 0.0.0.0, the old way to hold */
		if (sa_is_any(&d->m[i].conn))
			memset(&d->m[i].conn, 0, sizeof(d->m[i].conn));
	}
}

int oa_took(struct leg *l, struct slice sdp, bool is_offer)
{
	int err;

	/* some phones give their answer in a 183 only */
	if (!sdp.l && !is_offer)
		sdp = rbuf_opt(l->remote);
	err = sdp.l ? call_offer_check(sdp) : ERR_SYNTAX;
	if (err)
		return err;
	if (is_offer) {
		err = leg_keep(&l->offer, sdp);
		l->offered = false;
		return err ? err : oa_local_answer(l, l->ops->answer_offer);
	}
	/* it may be the very description that is kept */
	if (!l->remote || sdp.p != rbuf_slice(l->remote).p)
		err = leg_keep(&l->remote, sdp);
	if (!err)
		oa_commit(l, NULL, l->sent);
	return err;
}

/* ------------------------------------------------------------------ our own changes of one leg */

/* Lines that the leg had keep their place (RFC 3264 8), whatever the new description has there. */
static void pad(struct sdp *d, const struct sdp *had)
{
	while (d->nm < had->nm && d->nm < SDP_MEDIA_MAX) {
		struct sdp_media *m = &d->m[d->nm];

		*m = had->m[d->nm++];
		m->port = 0;
		m->nattr = 0;
	}
}

int oa_solo(const struct oa_say *say, bool *same)
{
	struct sdp *d = oa_scratch(0);
	const struct sdp *had;
	struct leg *l = say->to;
	struct rbuf *out = NULL;
	int err = 0;

	*same = false;
	if (l->local && !oa_read(&had, rbuf_slice(l->local)))
		pad(d, had);
	err = oa_write(&out, say);
	if (!err && out == l->local) {
		*same = true;
	} else if (!err) {
		oa_note_sent(l, out);
		l->solo = true;
		err = l->ops->offer(l, rbuf_slice(out));
		if (err) {
			l->solo = false;
			oa_undo(l);
		}
	}
	mem_deref(out);
	return err;
}

int oa_solo_ask(struct leg *l)
{
	int err = l->ops->offer(l, SLICE_NULL);

	l->solo = l->offered = !err;
	return err;
}

/* It was asked for an offer and gives one: the other side gets it, and its answer goes into the ACK. */
static int solo_offer(struct leg *l, struct slice sdp)
{
	struct leg *y = leg_other(l);
	struct sdp *d = oa_scratch(0);
	struct rbuf *out = NULL;
	int err = sdp.l && y ? sdp_decode(d, sdp) : ERR_SYNTAX;

	if (!err) {
		oa_wake(d);
		err = oa_write(&out, &(struct oa_say){.to = y, .from = l, .in = d});
	}
	if (!err)
		err = leg_keep(&l->offer, sdp);
	if (!err) {
		l->offer_open = true;
		oa_note_sent(y, out);
		err = y->ops->offer(y, rbuf_slice(out));
	}
	mem_deref(out);
	return err;
}

void oa_solo_result(struct leg *l, uint16_t code, struct slice sdp, bool is_offer)
{
	struct call *c = l->call;
	int err = 0;

	l->solo = false;
	if (code >= 300) {
		oa_undo(l);
		if (code == 408 || code == 481)
			call_end(c, "system",
				 &(struct hangup){.code = 200, .text = "the phone did not answer any more"});
		else
			join_result(l, code);
		return;
	}
	if (is_offer) {
		l->offered = false;
		err = solo_offer(l, sdp);
	} else {
		err = sdp.l ? leg_keep(&l->remote, sdp) : ERR_SYNTAX;
		if (!err)
			oa_commit(l, NULL, l->sent);
	}
	if (err)
		oa_broken(c);
	else if (!is_offer)
		join_result(l, code);
}
