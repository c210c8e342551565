/*
 * leg.c - legs: made by adapters, told what to do, telling what happened; their end and what is kept of them.
 */
#include <string.h>
#include "call/oa_crypto.h"
#include "base/rand.h"

static void destroy(void *obj)
{
	struct leg *l = obj;

	if (l->ops && l->ops->free)
		l->ops->free(l);
	for (size_t i = 0; i < LEG_MEDIA_MAX; i++)
		if (l->ms[i])
			mstream_close(l->ms[i], NULL, NULL);
	mem_deref(l->offer);
	mem_deref(l->remote);
	mem_deref(l->local);
	mem_deref(l->sent);
	mem_deref(l->keys);
	mem_deref(l->dtmf);
	series_free(l->series);
}

int leg_new(struct leg **lp, struct call *c, const struct leg_ops *ops, void *proto)
{
	struct leg *l = mem_zalloc(sizeof(*l), destroy);

	if (!l)
		return ENOMEM;
	l->call = c;
	l->ops = ops;
	l->proto = proto;
	l->outgoing = c->legs.n > 0 || c->past.n > 0 || c->originate;
	l->start_ms = loop_wall_ms(c->calls->loop);
	/* 62 bits: some phones read it as a signed number. */
	l->sdp_id = rand_u64() >> 2;
	list_append(&c->legs, &l->le);
	*lp = l;
	return 0;
}

void leg_free(struct leg *l)
{
	mem_deref(l);
}

struct leg *leg_other(const struct leg *l)
{
	const struct call *c = l->call;

	if (l == c->a)
		return c->b;
	return l == c->b ? c->a : NULL;
}

struct mstream *leg_sound(const struct leg *l)
{
	for (size_t i = 0; i < LEG_MEDIA_MAX; i++)
		if (l->ms[i] && mstream_can_play(l->ms[i]))
			return l->ms[i];
	return NULL;
}

void leg_policy(const struct leg *l, struct media_policy *mp)
{
	const struct calls *cs = l->call->calls;

	memset(mp, 0, sizeof(*mp));
	if (cs->ops->media)
		cs->ops->media(l, mp, cs->arg);
}

/* Of several that ring none is the one; of those that answered, the one that does so now. */
const struct leg *leg_connected(const struct leg *l)
{
	const struct leg *other = leg_other(l), *only = NULL;
	size_t n = 0;

	if (other || l != l->call->a)
		return other;
	LIST_EACH (&l->call->legs, k) {
		const struct leg *x = LINK_OBJ(k, struct leg, le);

		if (!x->outgoing || x->state == LEG_ENDED)
			continue;
		if (x->answer_ms)
			return x;
		only = x;
		n++;
	}
	return n == 1 ? only : NULL;
}

int leg_keep(struct rbuf **slot, struct slice sdp)
{
	struct rbuf *b;
	int err = rbuf_alloc(&b, sdp.p, sdp.l);

	if (err)
		return err;
	mem_deref(*slot);
	*slot = b;
	return 0;
}

static void figures_h(const struct mstream_stats *st, void *arg)
{
	struct leg_past *p = arg;

	record_quality(&p->r, st);
	if (p->call)
		record_verdict(p, st, loop_now_ms(p->call->calls->loop));
	if (p->call && p->call->closing && !--p->call->closing)
		calls_reap_later(p->call->calls);
	mem_deref(p);
}

/* Close the streams; the figures of the first one that carries sound go into the record. */
static void close_streams(struct leg *l, struct leg_past *p)
{
	for (size_t i = 0; i < LEG_MEDIA_MAX; i++) {
		struct mstream *ms = l->ms[i];

		l->ms[i] = NULL;
		if (!ms)
			continue;
		if (!p) {
			mstream_close(ms, NULL, NULL);
			continue;
		}
		l->call->closing++;
		mstream_close(ms, figures_h, mem_ref(p));
		p = NULL;
	}
}

static void past_destroy(void *obj)
{
	struct leg_past *p = obj;

	series_free(p->r.series);
}

/* Keep what the record will say of this leg, in the record's order: caller, winner, others. */
static struct leg_past *keep_past(struct leg *l)
{
	struct call *c = l->call;
	struct leg_past *p;

	if (c->past.n >= RECORD_LEGS && record_rank(l) > 1)
		return NULL;
	p = mem_zalloc(sizeof(*p), past_destroy);
	if (!p)
		return NULL;
	p->call = c;
	p->rank = record_rank(l);
	p->signals = l->peer;
	record_leg(&p->r, l);
	l->series = NULL;
	p->r.end_ms = loop_wall_ms(c->calls->loop);
	LIST_EACH (&c->past, k) {
		if (LINK_OBJ(k, struct leg_past, le)->rank > p->rank) {
			list_insert_before(k, &p->le);
			return p;
		}
	}
	list_append(&c->past, &p->le);
	return p;
}

void leg_note_past(struct leg *l)
{
	struct leg_past *p = keep_past(l);
	struct mstream_stats st;

	if (p)
		l->series = series_copy(p->r.series);
	if (!p || !l->ms[0])
		return;
	p->r.code = l->answer_ms ? 200 : l->code;
	mstream_stats(l->ms[0], &st);
	record_quality(&p->r, &st);
}

void leg_move(struct leg *l, struct call *to)
{
	list_unlink(&l->le);
	list_append(&to->legs, &l->le);
	l->call = to;
}

void leg_drop(struct leg *l)
{
	list_unlink(&l->le);
	mem_deref(l);
}

static void leg_over(struct leg *l, uint16_t code)
{
	l->state = LEG_ENDED;
	l->code = l->answer_ms ? 200 : code;
	close_streams(l, keep_past(l));
	event_set(&l->ready);
}

void leg_hangup(struct leg *l, const struct hangup *h)
{
	if (l->state == LEG_ENDED)
		return;
	leg_over(l, l->outgoing && !l->answer_ms && h->code < 300 ? 487 : h->code);
	l->ops->hangup(l, h);
}

void leg_finish(struct leg *l, uint16_t code)
{
	struct call *c = l->call;

	if (l->state != LEG_ENDED)
		leg_over(l, code);
	list_unlink(&l->le);
	if (c->a == l)
		c->a = NULL;
	if (c->b == l)
		c->b = NULL;
	calls_leg_gone(c->calls, l);
}

/* ------------------------------------------------------------------ events */

/* Whether early signs of this leg still matter to the caller. */
static bool early_matters(const struct leg *l)
{
	const struct call *c = l->call;

	return l->outgoing && l->state != LEG_ENDED && c->dial && c->a && (c->state < CALL_UP || transfer_seeks(c));
}

static void now_ringing(struct leg *l)
{
	struct call *c = l->call;

	l->rang = c->rang = true;
	if (l->state == LEG_NEW)
		l->state = LEG_RINGING;
	if (c->a->state == LEG_NEW)
		c->a->state = LEG_RINGING;
}

void leg_ev_ringing(struct leg *l, uint16_t code)
{
	struct call *c = l->call;

	if (originate_rings(l, code, SLICE_NULL) || !early_matters(l))
		return;
	if (code != 180) {
		/* It lives, though nobody hears it. */
		l->rang = c->rang = true;
		if (transfer_seeks(c))
			transfer_ringing(c, code);
		else if (dial_single(l))
			(void)c->a->ops->progress(c->a, code, SLICE_NULL);
		return;
	}
	now_ringing(l);
	if (transfer_seeks(c)) {
		transfer_ringing(c, code);
		return;
	}
	(void)c->a->ops->ring(c->a);
	call_set_state(c, CALL_RINGING);
}

void leg_ev_progress(struct leg *l, uint16_t code, struct slice sdp)
{
	struct call *c = l->call;

	if (originate_rings(l, code, sdp) || !early_matters(l))
		return;
	now_ringing(l);
	if (transfer_seeks(c)) {
		transfer_ringing(c, 180);
		return;
	}
	/* Several phones may play different tones, and a caller that gave no offer cannot hear any: it makes its own.
	 */
	if (!dial_single(l) || !c->a->offer || !oa_crypto_takes(l, sdp) || oa_early(c->a, l, code, sdp))
		(void)c->a->ops->ring(c->a);
	call_set_state(c, CALL_RINGING);
}

void leg_ev_answered(struct leg *l, struct slice sdp, bool is_offer)
{
	struct call *c = l->call;
	struct hangup late = {.code = 487, .elsewhere = c->b != NULL, .text = "answered by another phone"};
	struct hangup bad = {.code = 488, .text = "the answer had no usable description of its sound"};

	if (l->state == LEG_ENDED)
		return;
	if (sdp.l && !oa_crypto_takes(l, sdp)) {
		bad.text = OA_CRYPTO_REFUSED;
		leg_hangup(l, &bad);
		dial_failed(l, &bad);
		return;
	}
	if (originate_answered(l, sdp, is_offer))
		return;
	if (transfer_seeks(c) && c->dial) {
		transfer_answered(l, sdp, is_offer);
		return;
	}
	if (c->state >= CALL_UP || !c->a || !c->dial) {
		leg_hangup(l, &late);
		return;
	}
	l->answer_ms = loop_wall_ms(c->calls->loop);
	if (oa_answered(c->a, l, sdp, is_offer)) {
		l->answer_ms = 0;
		leg_hangup(l, &bad);
		dial_failed(l, &bad);
		return;
	}
	l->state = c->a->state = LEG_ANSWERED;
	c->a->answer_ms = l->answer_ms;
	c->b = l;
	memcpy(c->answered_by, l->party.number, sizeof(c->answered_by));
	dial_stop(c, &(struct hangup){.code = 487, .elsewhere = true});
	call_set_state(c, CALL_UP);
}

void leg_ev_offer(struct leg *l, struct slice sdp)
{
	if (l->state != LEG_ENDED)
		oa_reoffer(l, sdp);
}

void leg_ev_offer_result(struct leg *l, uint16_t code, struct slice sdp, bool is_offer)
{
	if (l->state != LEG_ENDED)
		oa_result(l, code, sdp, is_offer);
}

void leg_ev_answer(struct leg *l, struct slice sdp)
{
	if (l->state != LEG_ENDED)
		oa_ack(l, sdp);
}

void leg_ev_party(struct leg *l, const struct party *p)
{
	struct leg *other = leg_other(l);

	if (l->state == LEG_ENDED ||
	    (!strcmp(l->party.number, p->number) && !strcmp(l->party.name, p->name) && l->party.hidden == p->hidden))
		return;
	l->party = *p;
	if (other && other->state != LEG_ENDED && other->ops->connected)
		other->ops->connected(other, &l->party);
	call_changed(l->call);
}

void leg_ev_redirect(struct leg *l, const struct dial_target *v, size_t n)
{
	/* whom the caller sends its own calls to does not call for it */
	if (l->state == LEG_ENDED || !l->outgoing || !l->call->dial || !n || originate_calls(l->call)) {
		leg_ev_gone(l, &(struct hangup){.code = 480});
		return;
	}
	dial_redirect(l, v, n);
}

void leg_ev_next_server(struct leg *l, const struct hangup *h)
{
	if (l->state != LEG_ENDED && !l->rang && dial_again(l))
		leg_finish(l, h->code);
	else
		leg_ev_gone(l, h);
}

/* A leg of an answered call went away: by hanging up, or because it does not answer to the protocol any more. */
static const char *who(const struct leg *l)
{
	return l->outgoing ? "callee" : "caller";
}

void leg_ev_gone(struct leg *l, const struct hangup *h)
{
	struct call *c = l->call;
	bool ours = l->state == LEG_ENDED, talking = l == c->a || l == c->b;

	if (!ours && transfer_gone(l, h))
		return;
	if (ours || !talking) {
		leg_finish(l, h->code);
		if (!ours)
			dial_failed(l, h);
		return;
	}
	if (c->state == CALL_UP) {
		bool fault = h->code != 200;
		struct hangup other = {.code = 200, .text = h->text, .cause = h->cause, .q850 = h->q850};

		if (!fault)
			moves_hung_up(c, l);
		leg_finish(l, 200);
		call_end(c, fault ? "system" : who(l), &other);
		return;
	}
	if (originate_seeks(c) && l == c->a) {
		leg_finish(l, 200);
		call_end(c, "caller", &(struct hangup){.code = 487, .text = h->text});
		return;
	}
	leg_finish(l, h->code);
	call_end(c, who(l), h);
}
