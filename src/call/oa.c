/*
 * oa.c - offers and answers carried from one leg to the other (RFC 3264; RFC 3261 13.2, 14; RFC 6337), delayed ones
 * too.
 *
 * One exchange at a time per call: while one is open, an offer from the other side gets 491 (RFC 3261 14.1).
 */
#include <string.h>
#include "call/oa_crypto.h"

/* Before the answer the caller's offer, or what took its place, goes on to whoever is called next. */
static void keep_first(struct leg *l)
{
	if (l->agreed && !l->answer_ms && !l->outgoing && !l->offer && l->remote)
		l->offer = mem_ref(l->remote);
}

/* An exchange is complete: `remote` and `local` of a leg are in force. Either may be NULL: as it was. */
static void commit(struct leg *l, struct rbuf *remote, struct rbuf *local)
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
	keep_first(l);
}

/* An offer of ours was refused: lines opened for it are closed again. */
static void undo(struct leg *y)
{
	struct sdp *d = oa_scratch(0);

	y->offered = false;
	if (!y->sent)
		return;
	y->sent = mem_deref(y->sent);
	y->sdp_stale = true;
	if (!y->local || sdp_decode(d, rbuf_slice(y->local)))
		return;
	for (size_t i = 0; i < LEG_MEDIA_MAX; i++)
		if (y->ms[i] && !oa_line_ok(d, i))
			bridge_drop(y, i);
}

/* Refuse the open offer of `x`; ends the call where its protocol cannot. */
static void refuse(struct leg *x, uint16_t code)
{
	x->offer = mem_deref(x->offer);
	x->offer_open = false;
	keep_first(x);
	if (x->ops->reject_offer(x, code))
		call_end(x->call, "system", &(struct hangup){.code = 200, .text = "the sound could not be agreed on"});
}

static void broken(struct call *c)
{
	call_end(c, "system", &(struct hangup){.code = 488, .text = "the sound could not be agreed on"});
}

/* It answered, but not as it must: without encryption, or with it. */
static bool bad_answer(const struct leg *l, struct slice sdp)
{
	if (oa_crypto_takes(l, sdp))
		return false;
	call_end(l->call, "system", &(struct hangup){.code = 488, .text = OA_CRYPTO_REFUSED});
	return true;
}

/* Our offer to `y` is on its way. */
static void note_sent(struct leg *y, struct rbuf *sdp)
{
	mem_deref(y->sent);
	y->sent = mem_ref(sdp);
	y->offered = true;
}

int oa_first_offer(struct leg *a, struct leg *b, struct rbuf **out)
{
	struct sdp *d = oa_scratch(0);
	int err;

	b->offered = true;
	*out = NULL;
	/* a party that is being transferred made its offer long ago: what it takes now is known */
	if (!a->offer && !(a->answer_ms && a->remote))
		return 0;
	err = sdp_decode(d, rbuf_slice(a->offer ? a->offer : a->remote));
	if (err)
		return err;
	if (!a->offer)
		oa_wake(d);
	err = oa_write(out, &(struct oa_say){.to = b, .from = a, .in = d});
	if (!err)
		note_sent(b, *out);
	return err;
}

/* Answer `in` of `from`, written for `to`, whose offer is open. Both decoded into the scratches: 0 the answer, 1 the
 * offer. */
static int make_answer(struct rbuf **out, struct leg *to, const struct leg *from, struct slice in)
{
	struct sdp *d = oa_scratch(0), *offer = oa_scratch(1);
	int err;

	if (!to->offer || !in.l)
		return ERR_SYNTAX;
	err = sdp_decode(offer, rbuf_slice(to->offer));
	if (!err)
		err = sdp_decode(d, in);
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
		commit(b, NULL, b->sent);
}

/* The caller had its answer for good before; another one is a new offer to it, if it takes UPDATE (RFC 3311). */
static int early_again(struct leg *a, uint16_t code, struct rbuf *out)
{
	int err;

	if (a->local && slice_eq(rbuf_slice(out), rbuf_slice(a->local)))
		return a->ops->progress(a, code, SLICE_NULL);
	if (a->offered || a->offer_open)
		return ERR_STATE;
	note_sent(a, out);
	err = a->ops->offer(a, rbuf_slice(out));
	if (err)
		undo(a);
	return err;
}

int oa_early(struct leg *a, struct leg *b, uint16_t code, struct slice sdp)
{
	struct rbuf *out = NULL;
	bool again = a->agreed;
	int err = make_answer(&out, a, b, sdp);

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
	struct sdp *d = oa_scratch(0);
	struct rbuf *out = NULL;
	int err = sdp.l ? sdp_decode(d, sdp) : ERR_SYNTAX;

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
		note_sent(a, out);
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
		err = make_answer(&out, a, b, rbuf_opt(b->remote));
	if (!err)
		err = a->ops->answer(a, rbuf_slice(out));
	if (!err) {
		a->agreed = b->agreed = false;
		commit(a, a->offer, out);
		commit(b, NULL, b->sent);
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
		commit(l, NULL, l->sent);
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
	struct sdp *d = oa_scratch(0), *had = oa_scratch(1);
	struct leg *l = say->to;
	struct rbuf *out = NULL;
	int err = 0;

	*same = false;
	if (l->local && !sdp_decode(had, rbuf_slice(l->local)))
		pad(d, had);
	err = oa_write(&out, say);
	if (!err && out == l->local) {
		*same = true;
	} else if (!err) {
		note_sent(l, out);
		l->solo = true;
		err = l->ops->offer(l, rbuf_slice(out));
		if (err) {
			l->solo = false;
			undo(l);
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
		note_sent(y, out);
		err = y->ops->offer(y, rbuf_slice(out));
	}
	mem_deref(out);
	return err;
}

static void solo_result(struct leg *l, uint16_t code, struct slice sdp, bool is_offer)
{
	struct call *c = l->call;
	int err = 0;

	l->solo = false;
	if (code >= 300) {
		undo(l);
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
			commit(l, NULL, l->sent);
	}
	if (err)
		broken(c);
	else if (!is_offer)
		join_result(l, code);
}

/* ------------------------------------------------------------------ changes while the call is up */

static bool same_formats(const struct sdp_media *a, const struct sdp_media *b)
{
	if (a->nfmt != b->nfmt)
		return false;
	for (size_t i = 0; i < a->nfmt; i++)
		if (!slice_eq(a->fmt[i], b->fmt[i]))
			return false;
	return true;
}

static const struct sdp_attr *next_passed(const struct sdp *d, const struct sdp_media *m, size_t *i)
{
	while (*i < m->nattr) {
		const struct sdp_attr *a = &d->attr[m->attr0 + (*i)++];

		if (oa_attr_pass(a->name))
			return a;
	}
	return NULL;
}

static bool same_attrs(const struct sdp *a, const struct sdp *b, size_t line)
{
	const struct sdp_attr *x, *y;
	size_t i = 0, k = 0;

	do {
		x = next_passed(a, &a->m[line], &i);
		y = next_passed(b, &b->m[line], &k);
		if (!x || !y)
			return x == y;
	} while (slice_eq(x->name, y->name) && slice_eq(x->val, y->val));
	return false;
}

/* Nothing but addresses and ports differs; or codecs, unless they count. */
static bool same_but_address(const struct sdp *a, const struct sdp *b, bool codecs)
{
	if (a->nm != b->nm)
		return false;
	for (size_t i = 0; i < a->nm; i++) {
		const struct sdp_media *x = &a->m[i], *y = &b->m[i];

		if (!slice_eq(x->type, y->type) || !slice_eq(x->proto, y->proto) || !x->port != !y->port ||
		    oa_dir(x) != oa_dir(y))
			return false;
		if (codecs && (!same_formats(x, y) || !same_attrs(a, b, i)))
			return false;
	}
	return true;
}

/* Answer an offer of `x` with what `y` said before; y hears nothing of it. */
static int answer_alone(struct leg *x, struct leg *y, struct slice sdp)
{
	struct sdp *d = oa_scratch(0), *offer = oa_scratch(1);
	struct rbuf *out = NULL;
	int err = sdp_decode(offer, sdp);

	if (!err)
		err = sdp_decode(d, rbuf_opt(y->remote ? y->remote : y->offer));
	if (!err)
		err = oa_write(&out, &(struct oa_say){.to = x, .from = y, .in = d, .offer = offer});
	if (!err)
		err = leg_keep(&x->remote, sdp);
	if (!err && !x->answer_ms && !x->outgoing)
		err = leg_keep(&x->offer, sdp);
	if (!err && x->ops->answer_offer(x, rbuf_slice(out)))
		broken(x->call);
	else if (!err) {
		mem_deref(x->local);
		x->local = mem_ref(out);
		x->gave_offer = true;
		bridge_set_remote(x);
	}
	mem_deref(out);
	return err;
}

/* An offer that only refreshes the session, or moves its sound, is nobody else's business. */
static bool answer_here(struct leg *x, struct leg *y, struct slice sdp)
{
	struct sdp *d = oa_scratch(0), *before = oa_scratch(1);
	bool tell = x->answer_ms || y->agreed; /* it could be told of more than an address */

	if (!x->remote || !x->local || sdp_decode(d, sdp) || sdp_decode(before, rbuf_slice(x->remote)))
		return false;
	if (tell && !same_but_address(d, before, true))
		return false;
	return !answer_alone(x, y, sdp);
}

/* The other side does not follow an offer that changes codecs: then we translate. */
static bool translate_here(struct leg *x, struct leg *y)
{
	struct sdp *d = oa_scratch(0), *before = oa_scratch(1);
	struct rbuf *offer = mem_ref(x->offer);
	bool can = offer && x->answer_ms && x->remote && !sdp_decode(d, rbuf_slice(offer)) &&
		   !sdp_decode(before, rbuf_slice(x->remote)) && same_but_address(d, before, false);

	if (can) {
		x->offer = mem_deref(x->offer);
		can = !answer_alone(x, y, rbuf_slice(offer));
		if (!can)
			x->offer = mem_ref(offer);
	}
	if (can) {
		x->offer_open = false;
		bridge_apply(x, y);
		hold_apply(x, y);
		call_changed(x->call);
	}
	mem_deref(offer);
	return can;
}

static int offer_onward(struct leg *x, struct leg *y, struct slice sdp)
{
	struct sdp *d = oa_scratch(0);
	struct rbuf *out = NULL;
	int err;

	if (!sdp.l) {
		y->offered = true;
		return y->ops->offer(y, SLICE_NULL);
	}
	err = leg_keep(&x->offer, sdp);
	if (!err)
		err = sdp_decode(d, sdp);
	if (!err)
		err = oa_write(&out, &(struct oa_say){.to = y, .from = x, .in = d});
	if (!err) {
		note_sent(y, out);
		err = y->ops->offer(y, rbuf_slice(out));
	}
	mem_deref(out);
	return err;
}

/* x's offer goes to y; x is refused at once where that cannot be. */
static void offer_or_refuse(struct leg *x, struct leg *y, struct slice sdp)
{
	int err;

	x->offer_open = true;
	err = offer_onward(x, y, sdp);
	if (!err)
		return;
	undo(y);
	refuse(x, err == ERR_STATE ? 491 : err == ENOMEM ? 500 : 488);
}

/*
 * An UPDATE before the answer. What only moves sound, or what our description still answers, is answered here when the
 * other side cannot be changed yet; it learns of it by the answer.
 */
static void early_offer(struct leg *x, struct slice sdp)
{
	struct leg *y = oa_partner(x);

	if (x->agreed && y && sdp.l && !x->offered && !x->offer_open && answer_here(x, y, sdp))
		return;
	if (!x->agreed || !y || !y->agreed || !sdp.l || x->offered || x->offer_open || y->offered || y->offer_open) {
		(void)x->ops->reject_offer(x, 491);
		return;
	}
	offer_or_refuse(x, y, sdp);
}

/*
 * Our offer to `x` on behalf of `y` met an offer of x, waits to be sent again, and x came first (RFC 3261 14.1): y is
 * told to try later, as it would be without us between them.
 */
static void yield(struct leg *x, struct leg *y)
{
	undo(x);
	refuse(y, 491);
}

void oa_reoffer(struct leg *x, struct slice sdp)
{
	struct call *c = x->call;
	struct leg *y = leg_other(x);

	if (sdp.l && !oa_crypto_takes(x, sdp)) {
		(void)x->ops->reject_offer(x, 488);
		return;
	}
	if (!x->answer_ms) {
		early_offer(x, sdp);
		return;
	}
	if (c->state != CALL_UP) {
		refuse(x, 491);
		return;
	}
	if (!y) {
		oa_local_reoffer(x, sdp);
		return;
	}
	if (x->offered && y->offer_open)
		yield(x, y);
	if (x->offered || x->offer_open || y->offered || y->offer_open) {
		(void)x->ops->reject_offer(x, 491);
		return;
	}
	if (sdp.l && answer_here(x, y, sdp))
		return;
	offer_or_refuse(x, y, sdp);
}

/* What a refusal by one side is for the other. */
static uint16_t refusal(uint16_t code)
{
	return (code >= 400 && code < 500 && code != 401 && code != 407) || code == 606 ? code : 488;
}

static void result_failed(struct leg *y, struct leg *x, uint16_t code)
{
	undo(y);
	/* The far end has lost the dialog (RFC 3261 14.1). */
	if (y->answer_ms && (code == 408 || code == 481)) {
		call_end(y->call, "system", &(struct hangup){.code = 200, .text = "the phone did not answer any more"});
		return;
	}
	if (!x || !x->offer_open)
		return;
	x->early_passed = false;
	if (code == 491 || !translate_here(x, y))
		refuse(x, refusal(code));
}

/* `x` had asked for an offer, and `y` gives one: x answers it in its ACK. */
static int pass_offer(struct leg *y, struct leg *x, struct slice sdp)
{
	struct sdp *d = oa_scratch(0);
	struct rbuf *out = NULL;
	int err = sdp.l ? sdp_decode(d, sdp) : ERR_SYNTAX;

	if (!err)
		err = oa_write(&out, &(struct oa_say){.to = x, .from = y, .in = d});
	if (!err)
		err = leg_keep(&y->offer, sdp);
	if (!err)
		err = x->ops->answer_offer(x, rbuf_slice(out));
	if (!err) {
		y->offer_open = true;
		x->offer_open = false;
		note_sent(x, out);
	}
	mem_deref(out);
	return err;
}

/* A line of the offer lives on in the answer. */
static bool takes_some(const struct sdp *answer, const struct sdp *offer)
{
	for (size_t i = 0; i < offer->nm; i++)
		if (oa_line_ok(answer, i) && oa_line_ok(offer, i) && slice_eq(answer->m[i].type, offer->m[i].type))
			return true;
	return false;
}

/*
 * `y` took the change that `x` asked for, but nothing of it works: both change or neither does (T.38 D.2.3). x keeps
 * what it has, and y is told to go back to that.
 */
static int go_back(struct leg *y, struct leg *x, struct slice sdp)
{
	int err = leg_keep(&y->remote, sdp);

	if (err)
		return err;
	commit(y, NULL, y->sent);
	refuse(x, 488);
	if (y->call->state == CALL_UP)
		join_back(x);
	return 0;
}

/* `y` answered the offer of `x`. Scratch 0 holds the answer, 1 the offer. */
static int pass_answer(struct leg *y, struct leg *x, struct slice sdp)
{
	struct rbuf *out = NULL;
	int err = make_answer(&out, x, y, sdp);

	if ((err == ENOTSUP || (!err && !takes_some(oa_scratch(0), oa_scratch(1)))) && x->answer_ms && x->remote &&
	    y->answer_ms) {
		mem_deref(out);
		return go_back(y, x, sdp);
	}
	if (!err)
		err = leg_keep(&y->remote, sdp);
	if (!err)
		err = x->ops->answer_offer(x, rbuf_slice(out));
	if (!err) {
		bridge_hold_state(x, oa_scratch(1));
		bridge_hold_state(y, oa_scratch(0));
		x->holds = x->state == LEG_HELD;
		commit(x, x->offer, out);
		commit(y, NULL, y->sent);
		bridge_apply(x, y);
		hold_apply(x, y);
	}
	mem_deref(out);
	return err;
}

/* The party whose offer this answers has taken it back: what was agreed with `y` holds, `x` keeps what it had. */
static int settle_alone(struct leg *y, struct leg *x, struct slice sdp)
{
	struct sdp *d = oa_scratch(0), *other = oa_scratch(1);
	int err = sdp.l ? sdp_decode(d, sdp) : ERR_SYNTAX;

	if (!err)
		err = sdp_decode(other, rbuf_opt(x->remote));
	if (!err)
		err = leg_keep(&y->remote, sdp);
	if (err)
		return err;
	commit(y, NULL, y->sent);
	bridge_apply(y, x);
	return 0;
}

void leg_ev_offer_gone(struct leg *l)
{
	if (l->state == LEG_ENDED || !l->offer_open)
		return;
	l->offer = mem_deref(l->offer);
	l->offer_open = false;
	keep_first(l);
}

void oa_result(struct leg *y, uint16_t code, struct slice sdp, bool is_offer)
{
	struct leg *x = oa_partner(y);
	int err;

	if (!y->offered)
		return;
	if (code < 300 && sdp.l && bad_answer(y, sdp))
		return;
	if (y->solo) {
		solo_result(y, code, sdp, is_offer);
		return;
	}
	if (code >= 300) {
		result_failed(y, x, code);
		return;
	}
	y->offered = false;
	if (!x || (is_offer && !x->offer_open)) {
		broken(y->call);
		return;
	}
	if (!x->offer_open)
		err = settle_alone(y, x, sdp);
	else
		err = is_offer ? pass_offer(y, x, sdp) : pass_answer(y, x, sdp);
	if (err)
		broken(y->call);
	else
		call_changed(y->call);
}

void oa_ack(struct leg *x, struct slice sdp)
{
	struct call *c = x->call;
	struct leg *y = leg_other(x);
	int err;

	if (!x->offered || (sdp.l && bad_answer(x, sdp)))
		return;
	if (y && y->offer_open) {
		err = pass_answer(x, y, sdp);
	} else {
		/* of an offer of our own */
		err = sdp.l ? leg_keep(&x->remote, sdp) : ERR_SYNTAX;
		if (!err) {
			commit(x, NULL, x->sent);
			err = oa_local_apply(x);
		}
		event_set(&x->ready);
	}
	if (err)
		broken(c);
	else
		call_changed(c);
}
