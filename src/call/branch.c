/*
 * branch.c - where the branches of a dial come from: lookups, contacts in groups of q, redirections with their guards
 * against circles; and the start of one.
 */
#include "call/dial_priv.h"

static bool known_contact(const struct dial *d, const struct contact *c)
{
	LIST_EACH (&d->branches, k) {
		const struct branch *b = LINK_OBJ(k, struct branch, le);

		if (b->contact && slice_eq(b->contact->uri, c->uri))
			return true;
	}
	return false;
}

static bool known_number(const struct dial *d, struct slice number)
{
	LIST_EACH (&d->branches, k) {
		const struct branch *b = LINK_OBJ(k, struct branch, le);

		if (!b->trunk && slice_eqs(number, b->number))
			return true;
	}
	LIST_EACH (&d->lookups, k)
		if (slice_eqs(number, LINK_OBJ(k, struct lookup, le)->number))
			return true;
	return false;
}

static void branch_destroy(void *obj)
{
	struct branch *b = obj;

	mem_deref(b->contact);
	mem_deref(b->caller);
}

/* A party of its own for a target; NULL: that of the dial (or no memory: better that one than no call). */
static struct party *party_dup(const struct party *p)
{
	struct party *n = p ? mem_zalloc(sizeof(*n), NULL) : NULL;

	if (n)
		*n = *p;
	return n;
}

static bool branch_add(struct dial *d, const struct dial_target *t, struct party *caller, const char *name,
		       uint8_t rank, uint8_t depth)
{
	struct branch *b;

	if (d->branches.n >= DIAL_BRANCHES_MAX || (t->contact && known_contact(d, t->contact)))
		return false;
	b = mem_zalloc(sizeof(*b), branch_destroy);
	if (!b || (t->contact && contact_dup(&b->contact, t->contact))) {
		mem_deref(b);
		return false;
	}
	b->trunk = t->contact ? NULL : t->trunk;
	b->caller = mem_ref(caller);
	b->tag = t->tag;
	b->rank = rank;
	b->depth = depth;
	(void)slice_copy(b->number, sizeof(b->number), t->number);
	(void)slice_copy(b->name, sizeof(b->name), slice_str(name));
	list_append(&d->branches, &b->le);
	return true;
}

/* Contacts come best q first: each new value of q is the next rank. */
static void add_contacts(struct dial *d, const struct lookup *lk, const struct location *loc)
{
	uint8_t rank = lk->rank;

	for (size_t i = 0; i < loc->n; i++) {
		if (i && !d->flat && loc->v[i]->q != loc->v[i - 1]->q)
			rank++;
		(void)branch_add(
			d, &(struct dial_target){.number = slice_str(lk->number), .contact = loc->v[i], .tag = lk->tag},
			lk->caller, loc->name, rank, lk->depth);
	}
}

/* Why a number cannot be rung at all; code 0: it can. */
static struct hangup refusal(struct dial *d, const struct lookup *lk, int err, const struct location *loc)
{
	uint16_t code;

	if (err == ENOENT)
		return (struct hangup){.code = 404, .text = "nobody has this number", .silent = true};
	if (err)
		return (struct hangup){.code = 500, .text = "the number could not be looked up"};
	if (!loc || !loc->n)
		return (struct hangup){.code = 480, .text = "not registered", .silent = true};
	code = d->admit ? d->admit(d->call, slice_str(lk->number), d->arg) : 0;
	return (struct hangup){.code = code, .text = code ? "refused by a limit" : NULL};
}

static void lookup_h(int err, const struct location *loc, void *arg)
{
	struct lookup *lk = arg;
	struct dial *d = lk->d;
	struct hangup h;

	if (lk->asking) {
		lk->err = err ? err : ENOMEM;
		return;
	}
	if (!d) {
		mem_deref(lk);
		return;
	}
	list_unlink(&lk->le);
	h = refusal(d, lk, err, loc);
	if (h.code)
		best_take(&d->best, &h);
	else
		add_contacts(d, lk, loc);
	mem_deref(lk);
	if (!d->lookups.n)
		dial_next(d);
}

static void lookup_destroy(void *obj)
{
	mem_deref(((struct lookup *)obj)->caller);
}

static bool lookup_add(struct dial *d, const struct dial_target *t, struct party *caller, uint8_t rank, uint8_t depth)
{
	struct calls *cs = d->call->calls;
	struct lookup *lk;

	if (known_number(d, t->number))
		return false;
	lk = mem_zalloc(sizeof(*lk), lookup_destroy);
	if (!lk)
		return false;
	lk->d = d;
	lk->caller = mem_ref(caller);
	lk->tag = t->tag;
	lk->rank = rank;
	lk->depth = depth;
	(void)slice_copy(lk->number, sizeof(lk->number), t->number);
	list_append(&d->lookups, &lk->le);
	lk->asking = true;
	cs->dialer->lookup(slice_str(lk->number), lookup_h, lk, cs->dialer_arg);
	lk->asking = false;
	if (!lk->err)
		return true;
	/* without memory the answer cannot come later */
	list_unlink(&lk->le);
	best_take(&d->best, &(struct hangup){.code = 500, .text = "out of memory"});
	mem_deref(lk);
	return false;
}

size_t dial_add(struct dial *d, const struct dial_target *v, size_t n, uint8_t rank, uint8_t depth)
{
	size_t added = 0;

	if (depth > DIAL_DEPTH_MAX)
		return 0;
	for (size_t i = 0; i < n && i < DIAL_TARGETS_MAX; i++) {
		struct party *caller = party_dup(v[i].caller);

		if (v[i].contact || v[i].trunk)
			added += branch_add(d, &v[i], caller, NULL, rank, depth);
		else if (v[i].number.l)
			added += lookup_add(d, &v[i], caller, rank, depth);
		mem_deref(caller);
	}
	return added;
}

static uint16_t code_of(int err)
{
	switch (err) {
	case ELOOP:
		return 483;
	case ENOTSUP:
		return 488;
	case ENOENT:
	case EADDRNOTAVAIL:
	case ENETUNREACH:
	case EHOSTUNREACH:
		return 480;
	default:
		return 500;
	}
}

static const char *words_of(int err, bool trunk)
{
	switch (code_of(err)) {
	case 480:
		return trunk ? "no server of the trunk can be reached" : "the phone cannot be reached";
	case 488:
		return trunk ? "no codec of the caller is allowed on the trunk" : NULL;
	case 500:
		return err == ENOMEM ? "out of memory" : "no free port for its sound";
	default:
		return NULL;
	}
}

/* What an onward leg of a branch says of the caller and of the way the call came. */
static struct dial_out dial_out_of(const struct dial *d, const struct branch *b)
{
	const struct diverted *v = d->call->diverted;
	/* A diversion while others rang goes with those that it led to. */
	size_t all = v ? v->n : 0;

	return (struct dial_out){.contact = b->contact,
				 .number = b->number,
				 .answers_itself = originate_answers_itself(d->call),
				 .caller = b->caller ? b->caller : &d->caller,
				 .ndiverted = b->depth || d->ndiverted > all ? all : d->ndiverted};
}

static struct trunk_call trunk_call_of(const struct dial *d, const struct branch *b)
{
	const struct dial_out o = dial_out_of(d, b);

	return (struct trunk_call){.number = o.number, .caller = o.caller, .ndiverted = o.ndiverted, .after = b->leg};
}

/* The leg of a branch, without INVITE: by its trunk, or to its contact. */
static int branch_leg(struct dial *d, struct branch *b, struct leg **lp)
{
	struct call *c = d->call;
	const struct dial_out o = dial_out_of(d, b);
	const struct trunk_call tc = trunk_call_of(d, b);
	int err;

	if (!b->contact && !b->trunk)
		return EHOSTUNREACH;
	/* RFC 3261 16.3: the last hop may receive a call but not pass it on. */
	if (!c->maxfwd)
		return ELOOP;
	if (!b->trunk)
		return c->calls->dialer->leg(lp, c, &o, c->calls->dialer_arg);
	err = b->trunk->drv->leg(lp, c, b->trunk, &tc);
	if (!err)
		(*lp)->trunk = b->trunk;
	return err;
}

static int branch_invite(struct dial *d, struct branch *b, struct leg *l)
{
	struct call *c = d->call;
	const struct dial_out o = dial_out_of(d, b);
	const struct trunk_call tc = trunk_call_of(d, b);
	struct rbuf *sdp = NULL;
	int err = 0;

	l->tag = b->tag;
	l->plain = b->plain;
	(void)slice_copy(l->party.number, sizeof(l->party.number), slice_str(b->number));
	memcpy(l->party.name, b->name, sizeof(l->party.name));
	if (b->bare)
		l->offered = true;
	else if (originate_calls(c))
		err = oa_local_offer(l, &sdp);
	else
		err = oa_first_offer(c->a, l, &sdp);
	if (!err)
		err = b->trunk ? b->trunk->drv->invite(l, &tc, rbuf_opt(sdp))
			       : c->calls->dialer->invite(l, &o, rbuf_opt(sdp), c->calls->dialer_arg);
	mem_deref(sdp);
	return err;
}

bool branch_again(struct dial *d, struct branch *b)
{
	struct leg *l = NULL;
	int err;

	if (!b->trunk || !b->leg)
		return false;
	err = branch_leg(d, b, &l);
	if (!err)
		err = branch_invite(d, b, l);
	if (err) {
		if (l)
			leg_finish(l, code_of(err));
		return false;
	}
	b->leg = l;
	return true;
}

void branch_lost(struct dial *d, const struct branch *b, const struct hangup *h)
{
	const struct calls *cs = d->call->calls;
	struct dial_target to = {0};

	if (!b->tag || !cs->ops->next || !cs->ops->next(d->call, b->tag, h, &to, cs->arg) ||
	    !dial_add(d, &to, 1, b->rank, b->depth))
		best_take(&d->best, h);
}

void branch_start(struct dial *d, struct branch *b)
{
	struct leg *l = NULL;
	int err;

	b->started = true;
	err = branch_leg(d, b, &l);
	if (!err)
		err = branch_invite(d, b, l);
	if (!err) {
		b->leg = l;
		return;
	}
	log_warn("call", "%s: %s cannot be called: %s", d->call->id, b->number, err_str(err));
	if (l)
		leg_finish(l, code_of(err));
	branch_lost(d, b,
		    &(struct hangup){.code = code_of(err),
				     .text = words_of(err, b->contact == NULL),
				     .silent = code_of(err) == 480});
}
