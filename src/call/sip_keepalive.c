/*
 * sip_keepalive.c - phones behind NAT that registered by UDP: an empty datagram every 25 s, or their router forgets the
 * way back and calls no longer reach them.
 *
 * No memory is spent on a contact: a sweep goes round over all of them, a small part each time, wide when they are few
 * and narrow when they are many. It rests while there is nobody to keep alive.
 */
#include "call/sip_edge_priv.h"

enum {
	ROUND_MS = 25000, /* common routers forget after 30 s */
	PARTS_MIN = 25,
	PARTS_MAX = 2500, /* one every 10 ms */
	PER_PART = 64     /* contacts looked at in one go, if the parts suffice */
};

static void look(const struct contact *c, void *arg)
{
	struct edge *e = arg;
	struct sip_dest d = {.tp = SIP_TRANSP_UDP, .addr = c->src, .local = c->local};

	e->keep.seen++;
	/* a proxy in between (Path) looks after its own phones */
	if (!c->natted || c->path.l || c->transp != SIP_TRANSP_UDP || c->expires_ms <= loop_wall_ms(e->loop))
		return;
	e->keep.kept++;
	sip_ping(e->sip, &d);
}

static void step(void *arg);

static void arm(struct edge *e)
{
	timer_start(&e->keep.timer, e->loop, ROUND_MS / e->keep.parts, step, e);
}

static void begin(struct edge *e)
{
	uint32_t parts = e->keep.seen / PER_PART;

	e->keep.parts = parts < PARTS_MIN ? PARTS_MIN : parts < PARTS_MAX ? parts : PARTS_MAX;
	e->keep.at = e->keep.seen = e->keep.kept = 0;
	arm(e);
}

static void step(void *arg)
{
	struct edge *e = arg;

	e->location->part(e->keep.at++, e->keep.parts, look, e, e->location_arg);
	if (e->keep.at < e->keep.parts)
		arm(e);
	else if (e->keep.kept)
		begin(e);
}

void edge_keep_start(struct edge *e)
{
	if (e->sip && e->location->part && !timer_running(&e->keep.timer))
		begin(e);
}

void edge_keep_note(struct edge *e, const struct location *now)
{
	for (size_t i = 0; now && i < now->n; i++) {
		if (now->v[i]->natted && now->v[i]->transp == SIP_TRANSP_UDP)
			edge_keep_start(e);
	}
}

void edge_keep_end(struct edge *e)
{
	timer_stop(&e->keep.timer);
}
