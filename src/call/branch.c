/*
 * branch.c - where the branches of a dial come from: lookups, contacts in groups of q, redirections with their guards
 * against circles; and the start of one.
 */
#include "call/dial_priv.h"

static bool known_contact(const struct dial *d, const struct contact *c)
{
	LIST_EACH (&d->branches, k)
		if (slice_eq(LINK_OBJ(k, struct branch, le)->contact->uri, c->uri))
			return true;
	return false;
}

static bool known_number(const struct dial *d, struct slice number)
{
	LIST_EACH (&d->branches, k)
		if (slice_eqs(number, LINK_OBJ(k, struct branch, le)->number))
			return true;
	LIST_EACH (&d->lookups, k)
		if (slice_eqs(number, LINK_OBJ(k, struct lookup, le)->number))
			return true;
	return false;
}

static bool branch_add(struct dial *d, const struct contact *contact, const char *number, const char *name,
		       uint8_t rank, uint8_t depth)
{
	struct branch *b;

	if (d->branches.n >= DIAL_BRANCHES_MAX || known_contact(d, contact))
		return false;
	b = mem_zalloc(sizeof(*b), NULL);
	if (!b || contact_dup(&b->contact, contact)) {
		mem_deref(b);
		return false;
	}
	b->rank = rank;
	b->depth = depth;
	(void)slice_copy(b->number, sizeof(b->number), slice_str(number));
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
		(void)branch_add(d, loc->v[i], lk->number, loc->name, rank, lk->depth);
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

static bool lookup_add(struct dial *d, struct slice number, uint8_t rank, uint8_t depth)
{
	struct calls *cs = d->call->calls;
	struct lookup *lk;

	if (known_number(d, number))
		return false;
	lk = mem_zalloc(sizeof(*lk), NULL);
	if (!lk)
		return false;
	lk->d = d;
	lk->rank = rank;
	lk->depth = depth;
	(void)slice_copy(lk->number, sizeof(lk->number), number);
	list_append(&d->lookups, &lk->le);
	cs->dialer->lookup(slice_str(lk->number), lookup_h, lk, cs->dialer_arg);
	return true;
}

size_t dial_add(struct dial *d, const struct dial_target *v, size_t n, uint8_t rank, uint8_t depth)
{
	char name[64];
	size_t added = 0;

	if (depth > DIAL_DEPTH_MAX)
		return 0;
	for (size_t i = 0; i < n && i < DIAL_TARGETS_MAX; i++) {
		if (v[i].contact) {
			(void)slice_copy(name, sizeof(name), v[i].number);
			added += branch_add(d, v[i].contact, name, NULL, rank, depth);
		} else if (v[i].number.l) {
			added += lookup_add(d, v[i].number, rank, depth);
		}
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

static const char *words_of(int err)
{
	switch (code_of(err)) {
	case 480:
		return "the phone cannot be reached";
	case 500:
		return err == ENOMEM ? "out of memory" : "no free port for its sound";
	default:
		return NULL;
	}
}

void branch_start(struct dial *d, struct branch *b)
{
	struct call *c = d->call;
	struct calls *cs = c->calls;
	struct dial_out o = {.contact = b->contact, .number = b->number, .caller = &d->caller};
	/* A diversion while others rang goes with those that it led to. */
	size_t all = c->diverted ? c->diverted->n : 0;
	struct rbuf *sdp = NULL;
	struct leg *l = NULL;
	int err;

	b->started = true;
	o.ndiverted = b->depth || d->ndiverted > all ? all : d->ndiverted;
	/* RFC 3261 16.3: the last hop may receive a call but not pass it on. */
	err = c->maxfwd ? cs->dialer->leg(&l, c, &o, cs->dialer_arg) : ELOOP;
	if (err)
		goto out;
	(void)slice_copy(l->party.number, sizeof(l->party.number), slice_str(b->number));
	memcpy(l->party.name, b->name, sizeof(l->party.name));
	err = oa_first_offer(c->a, l, &sdp);
	if (!err)
		err = cs->dialer->invite(l, &o, rbuf_opt(sdp), cs->dialer_arg);
	mem_deref(sdp);
out:
	if (!err) {
		b->leg = l;
		return;
	}
	log_warn("call", "%s: %s cannot be called: %s", c->id, b->number, err_str(err));
	if (l)
		leg_finish(l, code_of(err));
	best_take(&d->best,
		  &(struct hangup){.code = code_of(err), .text = words_of(err), .silent = code_of(err) == 480});
}
