/*
 * dial.c - calling somebody: all contacts of the best q first, then the next (RFC 3261 16.6); the first to answer wins,
 * the others are cancelled; the best answer goes to the caller when nobody takes the call (16.7).
 */
#include "call/dial_priv.h"
#include "call/oa_crypto.h"

static void dial_free(struct dial *d)
{
	timer_stop(&d->timer);
	loop_tail_cancel(&d->go);
	LIST_EACH (&d->lookups, k) {
		/* It is freed when its answer comes. */
		LINK_OBJ(k, struct lookup, le)->d = NULL;
		list_unlink(k);
	}
	LIST_EACH (&d->branches, k) {
		struct branch *b = LINK_OBJ(k, struct branch, le);

		list_unlink(k);
		mem_deref(b);
	}
	mem_deref(d);
}

static bool branch_runs(const struct branch *b)
{
	return b->leg != NULL;
}

static struct branch *branch_of(const struct dial *d, const struct leg *l)
{
	LIST_EACH (&d->branches, k) {
		struct branch *b = LINK_OBJ(k, struct branch, le);

		if (b->leg == l)
			return b;
	}
	return NULL;
}

bool dial_single(const struct leg *l)
{
	const struct dial *d = l->call->dial;
	size_t n = 0;

	if (!d || d->lookups.n)
		return false;
	LIST_EACH (&d->branches, k) {
		const struct branch *b = LINK_OBJ(k, struct branch, le);

		n += !b->started || branch_runs(b);
	}
	return n == 1 && branch_of(d, l);
}

static void stop_running(struct dial *d, const struct leg *keep, const struct hangup *h)
{
	LIST_EACH (&d->branches, k) {
		struct branch *b = LINK_OBJ(k, struct branch, le);
		struct leg *l = b->leg;

		b->leg = NULL;
		/* the caller, where its own phones were rung first, stays too */
		if (l && l != keep && l != d->call->a)
			leg_hangup(l, h);
	}
}

void dial_stop(struct call *c, const struct hangup *h)
{
	struct dial *d = c->dial;

	if (!d)
		return;
	c->dial = NULL;
	stop_running(d, c->b, h);
	dial_free(d);
}

/* Nobody took the call. */
static void fail(struct dial *d)
{
	struct call *c = d->call;
	void (*failed)(struct call * c2, const struct hangup *h, void *arg) = d->failed;
	void *arg = d->arg;
	struct hangup h = d->best;
	bool refused;

	if (!h.code)
		h.code = 480;
	c->dial = NULL;
	stop_running(d, NULL, &(struct hangup){.code = 487});
	dial_free(d);
	calls_reap_later(c->calls);
	if (failed) {
		failed(c, &h, arg);
		return;
	}
	if (transfer_seeks(c)) {
		transfer_failed(c, &h);
		return;
	}
	if (originate_calls(c)) {
		originate_failed(c, &h);
		return;
	}
	refused = h.code == 486 || h.code == 403 || h.code >= 600;
	call_end(c, refused ? "callee" : "system", &h);
}

static uint8_t next_rank(const struct dial *d, unsigned *left)
{
	uint8_t best = UINT8_MAX;
	bool seen[UINT8_MAX + 1] = {false};

	*left = 0;
	LIST_EACH (&d->branches, k) {
		const struct branch *b = LINK_OBJ(k, struct branch, le);

		if (b->started)
			continue;
		*left += !seen[b->rank];
		seen[b->rank] = true;
		if (b->rank < best)
			best = b->rank;
	}
	return best;
}

static void timeout(void *arg)
{
	struct dial *d = arg;
	struct hangup h = {.code = 408, .text = "no answer"};
	unsigned left;

	/* A branch that gave no sign of life was not unanswered but unreachable. */
	LIST_EACH (&d->branches, k) {
		struct branch *b = LINK_OBJ(k, struct branch, le);

		if (branch_runs(b)) {
			h.silent = !b->leg->rang;
			best_take(&d->best, &h);
		}
	}
	stop_running(d, NULL, &h);
	(void)next_rank(d, &left);
	if (!left || d->lookups.n) {
		if (!d->best.code)
			best_take(&d->best,
				  &(struct hangup){.code = 480,
						   .text = "the location of the number is not known in time"});
		fail(d);
		return;
	}
	dial_next(d);
}

/* Each rank gets its share of what is left of the ringing time. */
static void start_timer(struct dial *d)
{
	uint64_t now = loop_now_ms(d->call->calls->loop);
	unsigned left;

	(void)next_rank(d, &left);
	timer_start(&d->timer, d->call->calls->loop, d->end_ms > now ? (d->end_ms - now) / (left + 1) : 0, timeout, d);
}

static size_t start_rank(struct dial *d)
{
	bool again;
	size_t n;

	/* one that fails at once may have brought another one in its place */
	do {
		again = false;
		n = 0;
		LIST_EACH (&d->branches, k) {
			struct branch *b = LINK_OBJ(k, struct branch, le);

			if (!b->started && b->rank <= d->rank) {
				branch_start(d, b);
				again = true;
			}
			n += branch_runs(b);
		}
	} while (again);
	return n;
}

void dial_next(struct dial *d)
{
	unsigned left;

	while (!start_rank(d)) {
		uint8_t r = next_rank(d, &left);

		if (d->lookups.n)
			return;
		if (!left) {
			fail(d);
			return;
		}
		d->rank = r;
		d->timed = false;
	}
	if (!d->timed)
		start_timer(d);
	d->timed = true;
}

/* What the party that stays agreed on with the one that leaves does not suit the new one: it may say itself what it
 * takes, and the two are brought together afterwards (join.c). */
static bool may_say_itself(const struct dial *d, const struct branch *b, const struct leg *l, const struct hangup *h)
{
	const struct call *c = d->call;
	bool alone = originate_calls(c) || ((transfer_seeks(c) || originate_seeks(c)) && c->a && c->a->answer_ms);

	return h->code == 488 && alone && !b->bare && !l->answer_ms;
}

void dial_failed(struct leg *l, const struct hangup *h)
{
	struct dial *d = l->call->dial;
	struct branch *b = d ? branch_of(d, l) : NULL;

	if (!b)
		return;
	b->leg = NULL;
	if (h->code == 488 && !l->answer_ms && !b->plain && oa_crypto_may_do_without(l)) {
		log_info("call", "%s: %s does not take SRTP: asked again with RTP", d->call->id, b->number);
		b->plain = true;
		b->started = false;
		dial_next(d);
		return;
	}
	if (may_say_itself(d, b, l, h)) {
		log_info("call", "%s: %s does not take that description: asked for its own", d->call->id, b->number);
		b->bare = true;
		b->started = false;
		dial_next(d);
		return;
	}
	branch_lost(d, b, h);
	/* 6xx speaks for the person, wherever else the phone may ring (RFC 3261 16.7 step 5). */
	if (h->code >= 600)
		fail(d);
	else
		dial_next(d);
}

bool dial_again(struct leg *l)
{
	struct dial *d = l->call->dial;
	struct branch *b = d ? branch_of(d, l) : NULL;

	return b && branch_again(d, b);
}

void dial_forget_trunk(struct dial *d, const struct trunk *t)
{
	LIST_EACH (&d->branches, k) {
		struct branch *b = LINK_OBJ(k, struct branch, le);

		if (b->trunk == t)
			b->trunk = NULL;
	}
}

/*
 * One target of a 3xx. Where the owner decides, a phone chooses the number and not the way: a number is routed in its
 * name, and a contact must be its own, under its own number, so that it cannot speak for others next.
 */
static size_t add_redirected(struct dial *d, const struct branch *b, struct leg *l, const struct dial_target *v,
			     struct hangup *why)
{
	const struct calls *cs = d->call->calls;
	struct hangup h = {.code = 403, .text = "a phone may not send calls to strange places"};
	uint8_t depth = (uint8_t)(b->depth + 1);
	struct dial_target to = *v;
	struct contact own;
	char number[64];

	if (!cs->ops->redirect)
		return dial_add(d, v, 1, d->rank, depth);
	if (v->contact) {
		if (v->own && b->contact) {
			own = *b->contact;
			own.uri = v->contact->uri;
			to = (struct dial_target){.number = slice_str(b->number), .contact = &own};
			return dial_add(d, &to, 1, d->rank, depth);
		}
	} else if (depth > DIAL_DEPTH_MAX || d->branches.n >= DIAL_BRANCHES_MAX) {
		return 0;
	} else if (slice_copy(number, sizeof(number), v->number)) {
		to = (struct dial_target){0};
		h.text = NULL;
		h.code = cs->ops->redirect(d->call, l, number, &to, &h.text, cs->arg);
		if (!h.code)
			return dial_add(d, &to, 1, d->rank, depth);
	}
	log_info("call", "%s: not sent on by %s: %u %s", d->call->id, b->number, h.code,
		 h.text ? h.text : hangup_words(h.code));
	*why = h;
	return 0;
}

void dial_redirect(struct leg *l, const struct dial_target *v, size_t n)
{
	struct dial *d = l->call->dial;
	struct branch *b = branch_of(d, l);
	struct hangup why = {.code = 480, .text = "it was diverted in a circle"};
	size_t added = 0;

	leg_finish(l, 302);
	if (!b)
		return;
	b->leg = NULL;
	for (size_t i = 0; i < n; i++)
		added += add_redirected(d, b, l, &v[i], &why);
	if (added) {
		if (call_divert(l->call, b->number, b->name, (enum divert_reason)l->divert))
			log_warn("call", "%s: no memory to note a diversion", l->call->id);
	} else {
		best_take(&d->best, &why);
	}
	dial_next(d);
}

void dial_move(struct call *from, struct call *to)
{
	struct dial *d = from->dial;

	from->dial = NULL;
	to->dial = d;
	to->ring_ms = d->ring_ms;
	d->call = to;
	/* the rules of the call that ends are not those of the one that goes on */
	d->admit = NULL;
	d->failed = NULL;
	LIST_EACH (&d->branches, k) {
		struct leg *l = LINK_OBJ(k, struct branch, le)->leg;

		if (l) {
			leg_note_past(l);
			leg_move(l, to);
		}
	}
}

bool dial_rang(const struct call *c)
{
	if (c->dial)
		LIST_EACH (&c->dial->branches, k) {
			const struct leg *l = LINK_OBJ(k, struct branch, le)->leg;

			if (l && l->rang)
				return true;
		}
	return false;
}

static void go_h(void *arg)
{
	struct dial *d = arg;

	if (!d->lookups.n)
		dial_next(d);
}

int call_dial(struct call *c, const struct dial_cfg *cfg)
{
	struct calls *cs = c->calls;
	struct dial *d;

	if (c->dial || c->fiber || (c->state >= CALL_UP && !transfer_seeks(c)) || !cs->dialer)
		return ERR_STATE;
	if (!c->a && !originate_calls(c))
		return ERR_STATE;
	if (!cfg->n || cfg->n > DIAL_TARGETS_MAX || (!c->a && !cfg->caller.number[0]))
		return EINVAL;
	d = mem_zalloc(sizeof(*d), NULL);
	if (!d)
		return ENOMEM;
	d->call = c;
	d->caller = cfg->caller.number[0] ? cfg->caller : c->a->party;
	d->admit = cfg->admit;
	d->failed = cfg->failed;
	d->arg = cfg->arg;
	d->flat = cfg->q_parallel == 1;
	d->ring_ms = cfg->ring_ms ? cfg->ring_ms : RING_MS_DEFAULT;
	d->ndiverted = c->diverted ? (uint8_t)c->diverted->n : 0;
	d->end_ms = loop_now_ms(cs->loop) + d->ring_ms;
	d->go = (struct loop_tail){.fn = go_h, .arg = d};
	c->dial = d;
	c->rang = false;
	c->ring_ms = d->ring_ms;
	/* Bounds a location that is slow to answer, too. */
	timer_start(&d->timer, cs->loop, d->ring_ms, timeout, d);
	(void)dial_add(d, cfg->targets, cfg->n, 0, 0);
	if (!d->lookups.n)
		loop_at_tail(cs->loop, &d->go);
	return 0;
}
