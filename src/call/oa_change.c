/*
 * oa_change.c - changes while a call is up, and before its answer (RFC 3261 14, RFC 3311, RFC 3264 8): passed on to the
 * other side, or answered here where that is nobody else's business, or where we translate.
 */
#include <string.h>
#include "call/oa_crypto.h"
#include "call/oa_priv.h"

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
	const struct sdp *d, *offer;
	struct rbuf *out = NULL;
	int err = oa_read(&offer, sdp);

	if (!err)
		err = oa_read(&d, rbuf_opt(y->remote ? y->remote : y->offer));
	if (!err)
		err = oa_write(&out, &(struct oa_say){.to = x, .from = y, .in = d, .offer = offer});
	if (!err)
		err = leg_keep(&x->remote, sdp);
	if (!err && !x->answer_ms && !x->outgoing)
		err = leg_keep(&x->offer, sdp);
	if (!err && x->ops->answer_offer(x, rbuf_slice(out)))
		oa_broken(x->call);
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
	const struct sdp *d, *before;
	bool tell = x->answer_ms || y->agreed; /* it could be told of more than an address */

	if (!x->remote || !x->local || oa_read(&d, sdp) || oa_read(&before, rbuf_slice(x->remote)))
		return false;
	if (tell && !same_but_address(d, before, true))
		return false;
	return !answer_alone(x, y, sdp);
}

/* The other side does not follow an offer that changes codecs: then we translate. */
static bool translate_here(struct leg *x, struct leg *y)
{
	const struct sdp *d, *before;
	struct rbuf *offer = mem_ref(x->offer);
	bool can = offer && x->answer_ms && x->remote && !oa_read(&d, rbuf_slice(offer)) &&
		   !oa_read(&before, rbuf_slice(x->remote)) && same_but_address(d, before, false);

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
	const struct sdp *d;
	struct rbuf *out = NULL;
	int err;

	if (!sdp.l) {
		y->offered = true;
		return y->ops->offer(y, SLICE_NULL);
	}
	err = leg_keep(&x->offer, sdp);
	if (!err)
		err = oa_read(&d, sdp);
	if (!err)
		err = oa_write(&out, &(struct oa_say){.to = y, .from = x, .in = d});
	if (!err) {
		oa_note_sent(y, out);
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
	oa_undo(y);
	oa_refuse(x, err == ERR_STATE ? 491 : err == ENOMEM ? 500 : 488);
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
	oa_undo(x);
	oa_refuse(y, 491);
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
	if (c->state != CALL_UP && !(originate_seeks(c) && x == c->a)) {
		oa_refuse(x, 491);
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
	oa_undo(y);
	/* The far end has lost the dialog (RFC 3261 14.1). */
	if (y->answer_ms && (code == 408 || code == 481)) {
		call_end(y->call, "system", &(struct hangup){.code = 200, .text = "the phone did not answer any more"});
		return;
	}
	if (!x || !x->offer_open)
		return;
	x->early_passed = false;
	if (code == 491 || !translate_here(x, y))
		oa_refuse(x, refusal(code));
}

/* `x` had asked for an offer, and `y` gives one: x answers it in its ACK. */
static int pass_offer(struct leg *y, struct leg *x, struct slice sdp)
{
	const struct sdp *d;
	struct rbuf *out = NULL;
	int err = oa_read(&d, sdp);

	if (!err)
		err = oa_write(&out, &(struct oa_say){.to = x, .from = y, .in = d});
	if (!err)
		err = leg_keep(&y->offer, sdp);
	if (!err)
		err = x->ops->answer_offer(x, rbuf_slice(out));
	if (!err) {
		y->offer_open = true;
		x->offer_open = false;
		oa_note_sent(x, out);
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
	oa_commit(y, NULL, y->sent);
	oa_refuse(x, 488);
	if (y->call->state == CALL_UP)
		join_back(x);
	return 0;
}

/* `y` answered the offer of `x`. */
static int pass_answer(struct leg *y, struct leg *x, struct slice sdp)
{
	const struct sdp *answer, *offer;
	struct rbuf *out = NULL;
	int err = oa_read(&answer, sdp);

	if (!err)
		err = oa_read(&offer, rbuf_opt(x->offer));
	if (!err)
		err = oa_make_answer(&out, x, y, sdp);
	if ((err == ENOTSUP || (!err && !takes_some(answer, offer))) && x->answer_ms && x->remote && y->answer_ms) {
		mem_deref(out);
		return go_back(y, x, sdp);
	}
	if (!err)
		err = leg_keep(&y->remote, sdp);
	if (!err)
		err = x->ops->answer_offer(x, rbuf_slice(out));
	if (!err) {
		bridge_hold_state(x, offer);
		bridge_hold_state(y, answer);
		x->holds = x->state == LEG_HELD;
		x->parks = false;
		oa_commit(x, x->offer, out);
		oa_commit(y, NULL, y->sent);
		bridge_apply(x, y);
		hold_apply(x, y);
	}
	mem_deref(out);
	return err;
}

/* The party whose offer this answers has taken it back: what was agreed with `y` holds, `x` keeps what it had. */
static int settle_alone(struct leg *y, struct leg *x, struct slice sdp)
{
	const struct sdp *d, *other;
	int err = oa_read(&d, sdp);

	if (!err)
		err = oa_read(&other, rbuf_opt(x->remote));
	if (!err)
		err = leg_keep(&y->remote, sdp);
	if (err)
		return err;
	oa_commit(y, NULL, y->sent);
	bridge_apply(y, x);
	return 0;
}

void leg_ev_offer_gone(struct leg *l)
{
	if (l->state == LEG_ENDED || !l->offer_open)
		return;
	l->offer = mem_deref(l->offer);
	l->offer_open = false;
	oa_keep_first(l);
}

void oa_result(struct leg *y, uint16_t code, struct slice sdp, bool is_offer)
{
	struct leg *x = oa_partner(y);
	int err;

	if (!y->offered)
		return;
	if (code < 300 && sdp.l && oa_bad_answer(y, sdp))
		return;
	if (y->solo) {
		oa_solo_result(y, code, sdp, is_offer);
		return;
	}
	if (code >= 300) {
		result_failed(y, x, code);
		return;
	}
	y->offered = false;
	if (!x || (is_offer && !x->offer_open)) {
		oa_broken(y->call);
		return;
	}
	if (!x->offer_open)
		err = settle_alone(y, x, sdp);
	else
		err = is_offer ? pass_offer(y, x, sdp) : pass_answer(y, x, sdp);
	if (err)
		oa_broken(y->call);
	else
		call_changed(y->call);
}

void oa_ack(struct leg *x, struct slice sdp)
{
	struct call *c = x->call;
	struct leg *y = leg_other(x);
	int err;

	if (!x->offered || (sdp.l && oa_bad_answer(x, sdp)))
		return;
	if (y && y->offer_open) {
		err = pass_answer(x, y, sdp);
	} else {
		/* of an offer of our own */
		err = sdp.l ? leg_keep(&x->remote, sdp) : ERR_SYNTAX;
		if (!err) {
			oa_commit(x, NULL, x->sent);
			err = oa_local_apply(x);
		}
		event_set(&x->ready);
	}
	if (err)
		oa_broken(c);
	else
		call_changed(c);
}
