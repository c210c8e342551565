/*
 * call.c - the life of a call: new, started, up, ended, its record closed, freed.
 */
#include "call/oa_crypto.h"
#include "base/rand.h"

static struct metric m_active = {.name = "calls_active", .help = "Calls that are routed, ring or talk.", .gauge = true};
static struct metric m_total = {.name = "calls_total", .help = "Calls that were begun."};

void call_metrics_reg(void)
{
	metric_reg(&m_active);
	metric_reg(&m_total);
}

static void destroy(void *obj)
{
	struct call *c = obj;

	timer_stop(&c->timer);
	LIST_EACH (&c->legs, k) {
		struct leg *l = LINK_OBJ(k, struct leg, le);

		list_unlink(k);
		leg_free(l);
	}
	LIST_EACH (&c->past, k) {
		struct leg_past *p = LINK_OBJ(k, struct leg_past, le);

		list_unlink(k);
		p->call = NULL;
		mem_deref(p);
	}
	mem_deref(c->pass);
	mem_deref(c->diverted);
	mem_deref(c->moves);
	originate_free(c);
	recordings_free(c);
}

int call_new(struct call **cp, struct calls *cs)
{
	struct call *c;

	if (cs->draining)
		return ERR_STATE;
	if (cs->live.n >= cs->max)
		return ERR_LIMIT;
	c = mem_zalloc(sizeof(*c), destroy);
	if (!c)
		return ENOMEM;
	c->calls = cs;
	c->id[0] = 'c';
	rand_text(c->id + 1, 20);
	c->worker = media_pick_worker(cs->media);
	c->maxfwd = 70;
	c->start_ms = loop_now_ms(cs->loop);
	c->start_wall = loop_wall_ms(cs->loop);
	list_append(&cs->live, &c->le);
	metric_add(&m_active, 1);
	metric_add(&m_total, 1);
	*cp = c;
	return 0;
}

int call_new_incoming(struct call **cp, struct leg **lp, struct calls *cs, const struct leg_ops *ops, void *proto)
{
	struct call *c;
	int err = call_new(&c, cs);

	if (err)
		return err;
	err = leg_new(&c->a, c, ops, proto);
	if (err) {
		call_abort(c);
		return err;
	}
	*cp = c;
	*lp = c->a;
	return 0;
}

void call_abort(struct call *c)
{
	dial_stop(c, &(struct hangup){.code = 487});
	list_unlink(&c->le);
	metric_add(&m_active, -1);
	mem_deref(c);
}

struct slice call_shown(const char *dialled)
{
	return slice_first(slice_str(dialled), dialled[0] == '*' ? strlen(dialled) : strcspn(dialled, "*"));
}

void call_start(struct call *c, const char *dialled, struct slice offer)
{
	struct calls *cs = c->calls;

	(void)slice_copy(c->dialled, sizeof(c->dialled), slice_str(dialled));
	c->a->offer_open = true;
	c->started = true;
	log_info("call", "%s: %s calls %.*s", c->id, c->a->party.number, SLICE_FMT(call_shown(c->dialled)));
	record_report(c, RECORD_OPEN);
	if (offer.l && leg_keep(&c->a->offer, offer))
		call_end(c, "system", &(struct hangup){.code = 500, .text = "out of memory"});
	else if (offer.l && !oa_crypto_takes(c->a, offer))
		call_end(c, "system", &(struct hangup){.code = 488, .text = OA_CRYPTO_REFUSED});
	else
		cs->ops->incoming(c, c->a, c->dialled, cs->arg);
}

void call_changed(struct call *c)
{
	if (c->calls->ops->changed)
		c->calls->ops->changed(c, c->calls->arg);
}

void call_set_state(struct call *c, enum call_state s)
{
	if (c->state == s || c->state == CALL_ENDING)
		return;
	c->state = s;
	if (s == CALL_UP) {
		c->answer_ms = loop_now_ms(c->calls->loop);
		c->answer_wall = loop_wall_ms(c->calls->loop);
		log_info("call", "%s: answered by %s", c->id, c->answered_by);
		record_report(c, RECORD_ANSWER);
		series_call_up(c->calls);
	}
	call_changed(c);
}

static void close_timeout(void *arg)
{
	struct call *c = arg;

	c->gave_up = true;
	calls_reap_later(c->calls);
}

void call_end(struct call *c, const char *by, const struct hangup *h)
{
	struct calls *cs = c->calls;
	bool up = c->state == CALL_UP;

	if (c->state == CALL_ENDING)
		return;
	c->state = CALL_ENDING;
	c->ended_by = by;
	c->end_text = h->text;
	c->end_code = up ? 200 : h->code;
	c->end_silent = h->silent;
	c->end_ms = loop_now_ms(cs->loop);
	c->end_wall = loop_wall_ms(cs->loop);
	list_unlink(&c->le);
	list_append(&cs->ending, &c->le);
	metric_add(&m_active, -1);
	log_info("call", "%s: ended by %s, %u %s", c->id, by, h->code, h->text ? h->text : hangup_words(h->code));
	transfer_drop(c, 487);
	join_stop(c);
	dial_stop(c, h);
	LIST_EACH (&c->legs, k)
		leg_hangup(LINK_OBJ(k, struct leg, le), h);
	inside_cancel(c);
	recordings_end(c);
	timer_start(&c->timer, cs->loop, CLOSE_MS, close_timeout, c);
	calls_reap_later(cs);
	call_changed(c);
}

void call_hangup(struct call *c, const struct hangup *h)
{
	/* what the owner refuses while it looks for a way is the transfer, not the call */
	if (transfer_undecided(c))
		transfer_failed(c, h);
	else
		call_end(c, "system", h);
}

void call_try_close(struct call *c)
{
	if (c->closed || (c->closing && !c->gave_up))
		return;
	c->closed = true;
	timer_stop(&c->timer);
	if (c->started)
		record_report(c, RECORD_CLOSE);
}

bool call_finished(const struct call *c)
{
	return c->closed && !c->legs.n && !c->fiber && !c->dial;
}

void call_free(struct call *c)
{
	mem_deref(c);
}
