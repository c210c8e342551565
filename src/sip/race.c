/*
 * race.c - the first of several connections (RFC 8305 5, "happy eyeballs" at connecting).
 */
#include "sip/race.h"

#include "base/log.h"
#include "sip/dialog.h"
#include "sip/sip_priv.h"

enum { DELAY_MS = 250 /* RFC 8305 5: Connection Attempt Delay */ };

struct attempt {
	uint64_t flow; /* 0: not begun, or over */
	bool made;     /* by us: ours to close */
};

struct sip_race {
	struct sip_user user;
	struct sip_flow_user flow_user;
	struct link le; /* in sip.races */
	struct sip *sip;
	struct sip_targets t;
	struct attempt v[SIP_TARGETS_MAX];
	size_t next, running;
	struct timer tmr;
	sip_race_h *h;
	void *arg;
	int err;
	struct sip_dest won;
};

static void advance(void *arg);

/* Connections that lost; one that somebody else uses by now stays. */
static void close_others(struct sip_race *r, uint64_t but)
{
	for (size_t i = 0; i < r->next; i++) {
		uint64_t flow = r->v[i].flow;

		r->v[i].flow = 0;
		if (flow && flow != but && r->v[i].made)
			sip_flow_drop_unused(r->sip, flow);
	}
}

static void leave(struct sip_race *r)
{
	list_unlink(&r->user.le);
	list_unlink(&r->flow_user.le);
	list_unlink(&r->le);
	timer_stop(&r->tmr);
}

static void tell(void *arg)
{
	struct sip_race *r = arg;
	struct sip_dest won;

	leave(r);
	close_others(r, r->won.flow);
	r->sip = NULL;
	/* the last touch: its owner may free it */
	won = r->won;
	r->h(won.flow ? 0 : r->err, won.flow ? &won : NULL, r->arg);
}

static void finish(struct sip_race *r)
{
	timer_start(&r->tmr, r->sip->loop, 0, tell, r);
}

static void win(struct sip_race *r, size_t i, uint64_t flow)
{
	r->won = r->t.v[i];
	r->won.flow = flow;
	sip_target_alive(r->sip, &r->t.v[i]);
	/* those before it that are still silent are of no use now; later they stand behind it */
	for (size_t k = 0; k < i; k++) {
		if (r->v[k].flow)
			sip_target_dead(r->sip, &r->t.v[k], 0);
	}
	finish(r);
}

static void failed(struct sip_race *r, size_t i, int err)
{
	sip_target_dead(r->sip, &r->t.v[i], 0);
	r->v[i].flow = 0;
	r->err = err;
}

/* The next attempt; true if it is on its way or has won. */
static bool begin(struct sip_race *r, size_t i)
{
	struct sip_stream *st = sip_stream_find(r->sip, &r->t.v[i]);
	int err = 0;

	if (!st) {
		err = sip_tcp_connect(&st, r->sip, &r->t.v[i]);
		r->v[i].made = !err;
	}
	if (err) {
		failed(r, i, err);
		return false;
	}
	r->v[i].flow = st->id;
	r->running++;
	if (st->up)
		win(r, i, st->id);
	return true;
}

static void advance(void *arg)
{
	struct sip_race *r = arg;

	while (r->next < r->t.n && !begin(r, r->next++))
		;
	if (r->won.flow)
		return;
	if (r->next < r->t.n)
		timer_start(&r->tmr, r->sip->loop, DELAY_MS, advance, r);
	else if (!r->running)
		finish(r);
}

static void flow_closed(struct sip_flow_user *u, uint64_t flow)
{
	struct sip_race *r = CONTAINER_OF(u, struct sip_race, flow_user);

	if (r->won.flow)
		return;
	for (size_t i = 0; i < r->next; i++) {
		if (!flow || r->v[i].flow != flow)
			continue;
		failed(r, i, ECONNREFUSED);
		r->running--;
		/* no use in waiting for the rest of the quarter second */
		timer_start(&r->tmr, r->sip->loop, 0, advance, r);
		return;
	}
}

void sip_race_up(struct sip *s, uint64_t flow)
{
	LIST_EACH (&s->races, k) {
		struct sip_race *r = LINK_OBJ(k, struct sip_race, le);

		for (size_t i = 0; i < r->next && !r->won.flow; i++) {
			if (r->v[i].flow == flow)
				win(r, i, flow);
		}
	}
}

static void gone(struct sip_user *u)
{
	struct sip_race *r = CONTAINER_OF(u, struct sip_race, user);

	list_unlink(&r->flow_user.le);
	timer_stop(&r->tmr);
	list_unlink(&r->le);
	r->sip = NULL;
}

static void race_destroy(void *obj)
{
	struct sip_race *r = obj;

	if (!r->sip)
		return;
	leave(r);
	close_others(r, 0);
}

int sip_race(struct sip_race **rp, struct sip *s, const struct sip_targets *t, size_t from, sip_race_h *h, void *arg)
{
	struct sip_race *r;

	if (from >= t->n || !sip_transp_reliable(t->v[from].tp))
		return EINVAL;
	r = mem_zalloc(sizeof(*r), race_destroy);
	if (!r)
		return ENOMEM;
	for (size_t i = from; i < t->n && sip_transp_reliable(t->v[i].tp); i++)
		r->t.v[r->t.n++] = t->v[i];
	r->sip = s;
	r->h = h;
	r->arg = arg;
	r->err = ETIMEDOUT;
	r->user.gone = gone;
	r->flow_user.closed = flow_closed;
	list_append(&s->users, &r->user.le);
	list_append(&s->flow_users, &r->flow_user.le);
	list_append(&s->races, &r->le);
	timer_start(&r->tmr, s->loop, 0, advance, r);
	*rp = r;
	return 0;
}
