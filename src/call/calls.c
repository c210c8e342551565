/*
 * calls.c - the engine: all calls of a process, and the end of each turn at which finished legs and calls are freed.
 */
#include "call/trunk_priv.h"

static void dump(struct buf *b, void *arg)
{
	static const char *const names[] = {"routing", "ringing", "up", "ending"};
	struct calls *cs = arg;

	LIST_EACH (&cs->live, k) {
		struct call *c = LINK_OBJ(k, struct call, le);

		buf_printf(b, "%s %s %s -> %s, %zu legs, worker %u\n", c->id, names[c->state],
			   c->a ? c->a->party.number : "-", c->dialled, c->legs.n, c->worker);
	}
	buf_printf(b, "%zu live, %zu ending\n", cs->live.n, cs->ending.n);
}

static void free_list(struct list *l)
{
	LIST_EACH (l, k) {
		struct call *c = LINK_OBJ(k, struct call, le);

		list_unlink(k);
		call_free(c);
	}
}

static void drain_check(struct calls *cs)
{
	void (*done)(void *arg) = cs->drained;

	if (!done || cs->live.n || cs->ending.n || cs->gone.n)
		return;
	cs->drained = NULL;
	timer_stop(&cs->drain_timer);
	done(cs->drained_arg);
}

static void tail_h(void *arg)
{
	struct calls *cs = arg;

	LIST_EACH (&cs->gone, k) {
		struct leg *l = LINK_OBJ(k, struct leg, le);

		/* An inside application holds its leg until it has returned. */
		if (l->call->fiber)
			continue;
		list_unlink(k);
		leg_free(l);
	}
	LIST_EACH (&cs->ending, k) {
		struct call *c = LINK_OBJ(k, struct call, le);

		call_try_close(c);
		if (!call_finished(c))
			continue;
		list_unlink(k);
		call_free(c);
	}
	drain_check(cs);
}

static void destroy(void *obj)
{
	struct calls *cs = obj;

	loop_tail_cancel(&cs->tail);
	timer_stop(&cs->drain_timer);
	timer_stop(&cs->series);
	inspect_del(&cs->inspect);
	LIST_EACH (&cs->gone, k) {
		list_unlink(k);
		leg_free(LINK_OBJ(k, struct leg, le));
	}
	/* calls that nobody ended go with the engine: what their owner keeps for them must go too */
	LIST_EACH (&cs->live, k) {
		struct call *c = LINK_OBJ(k, struct call, le);

		c->state = CALL_ENDING;
		transfer_drop(c, 0);
		join_stop(c);
		call_changed(c);
	}
	free_list(&cs->live);
	free_list(&cs->ending);
	LIST_EACH (&cs->trunks, k) {
		LINK_OBJ(k, struct trunk, le)->calls = NULL;
		list_unlink(k);
	}
	loop_tail_cancel(&cs->tail);
	oa_scratch_close();
}

int calls_alloc(struct calls **cp, const struct calls_cfg *cfg, const struct call_ops *ops, void *arg)
{
	struct calls *cs;

	if (oa_scratch_open())
		return ENOMEM;
	cs = mem_zalloc(sizeof(*cs), destroy);
	if (!cs) {
		oa_scratch_close();
		return ENOMEM;
	}
	cs->loop = cfg->loop;
	cs->media = cfg->media;
	cs->max = cfg->max_calls ? cfg->max_calls : CALLS_MAX_DEFAULT;
	cs->recall_ms = cfg->recall_ms ? cfg->recall_ms : RECALL_MS_DEFAULT;
	cs->ops = ops;
	cs->arg = arg;
	cs->tail = (struct loop_tail){.fn = tail_h, .arg = cs};
	cs->inspect = (struct inspect){.name = "call.calls", .fn = dump, .arg = cs};
	inspect_add(&cs->inspect);
	call_metrics_reg();
	*cp = cs;
	return 0;
}

void calls_set_recall(struct calls *cs, uint32_t ms)
{
	cs->recall_ms = ms;
}

void calls_set_dialer(struct calls *cs, const struct calls_dialer *d, void *arg)
{
	cs->dialer = d;
	cs->dialer_arg = arg;
}

void calls_reap_later(struct calls *cs)
{
	loop_at_tail(cs->loop, &cs->tail);
}

void calls_leg_gone(struct calls *cs, struct leg *l)
{
	list_append(&cs->gone, &l->le);
	calls_reap_later(cs);
}

size_t calls_count(const struct calls *cs)
{
	return cs->live.n;
}

size_t calls_ending(const struct calls *cs)
{
	return cs->ending.n;
}

void calls_each(struct calls *cs, void (*fn)(struct call *c, void *arg), void *arg)
{
	LIST_EACH (&cs->live, k)
		fn(LINK_OBJ(k, struct call, le), arg);
}

struct call *calls_find(struct calls *cs, struct slice id)
{
	LIST_EACH (&cs->live, k) {
		struct call *c = LINK_OBJ(k, struct call, le);

		if (slice_eqs(id, c->id))
			return c;
	}
	return NULL;
}

static void drain_timeout(void *arg)
{
	struct calls *cs = arg;
	void (*done)(void *arg2) = cs->drained;

	log_warn("call", "calls that did not end in time: %zu", cs->live.n + cs->ending.n);
	cs->drained = NULL;
	if (done)
		done(cs->drained_arg);
}

static void drain_one(struct call *c, void *arg)
{
	struct hangup h = {.code = c->state == CALL_UP ? 200 : 503, .text = "the system is shutting down"};

	(void)arg;
	call_end(c, "system", &h);
}

void calls_drain(struct calls *cs, uint64_t ms, void (*done)(void *arg), void *arg)
{
	cs->draining = true;
	cs->drained = done;
	cs->drained_arg = arg;
	timer_start(&cs->drain_timer, cs->loop, ms, drain_timeout, cs);
	calls_each(cs, drain_one, NULL);
	calls_reap_later(cs);
}
