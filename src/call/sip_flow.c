/*
 * sip_flow.c - streams that registrations came by are kept open until those expire (RFC 5626).
 */
#include "call/sip_edge_priv.h"

struct flow_hold {
	struct hlink hl;
	struct edge *edge;
	uint64_t flow;
	int64_t expires_ms; /* wall clock */
	struct timer timer;
};

static struct flow_hold *find(struct edge *e, uint64_t flow)
{
	for (struct hlink *k = hash_first(&e->flows, hash_u64(flow)); k; k = hash_next(k)) {
		struct flow_hold *f = CONTAINER_OF(k, struct flow_hold, hl);

		if (f->flow == flow)
			return f;
	}
	return NULL;
}

static void drop(struct flow_hold *f)
{
	hash_del(&f->edge->flows, &f->hl);
	timer_stop(&f->timer);
	mem_deref(f);
}

static void expired(void *arg)
{
	struct flow_hold *f = arg;

	if (f->edge->sip)
		sip_flow_release(f->edge->sip, f->flow);
	drop(f);
}

static void arm(struct flow_hold *f)
{
	int64_t left = f->expires_ms - loop_wall_ms(f->edge->loop);

	timer_start(&f->timer, f->edge->loop, left > 0 ? (uint64_t)left : 0, expired, f);
}

void edge_flow_hold(struct edge *e, uint64_t flow, int64_t expires_ms)
{
	struct flow_hold *f;

	if (!flow || expires_ms <= loop_wall_ms(e->loop))
		return;
	f = find(e, flow);
	if (f) {
		if (expires_ms > f->expires_ms)
			f->expires_ms = expires_ms;
		arm(f);
		return;
	}
	f = mem_zalloc(sizeof(*f), NULL);
	if (!f)
		return;
	*f = (struct flow_hold){.edge = e, .flow = flow, .expires_ms = expires_ms};
	if (hash_add(&e->flows, hash_u64(flow), &f->hl)) {
		mem_deref(f);
		return;
	}
	sip_flow_hold(e->sip, flow);
	arm(f);
}

void edge_flow_closed(struct edge *e, uint64_t flow)
{
	struct flow_hold *f = find(e, flow);

	if (f)
		drop(f);
	if (e->location->flow_closed)
		e->location->flow_closed(flow, e->location_arg);
}

static int drop_h(struct hlink *k, void *arg)
{
	(void)arg;
	drop(CONTAINER_OF(k, struct flow_hold, hl));
	return 0;
}

void edge_flows_end(struct edge *e)
{
	(void)hash_each(&e->flows, drop_h, NULL);
	hash_free(&e->flows);
}
