/*
 * sip_trunk_where.c - where the servers of a trunk are (RFC 3263): looked up, looked up again when their time is over,
 * and the order in which a call tries them: by priority, shared by weight, the dead ones last.
 */
#include <stdio.h>
#include "base/rand.h"
#include "call/sip_trunk_priv.h"

enum {
	TTL_MIN_S = 30,
	TTL_MAX_S = 3600,
	FRIEND_MS = 3600000, /* a server that answers us is not banned for so long */
	RETRY_MS = 30000     /* after a look-up that failed; half of it by chance */
};

static void look_up(void *arg);

static void target_destroy(void *obj)
{
	struct strunk_target *g = obj;

	timer_stop(&g->patience);
}

static void target_drop(struct strunk_target *g)
{
	list_unlink(&g->le);
	strunk_target_idle(g);
	timer_stop(&g->patience);
	g->st = NULL;
	g->server = NULL;
	mem_deref(g);
}

static struct strunk_target *target_find(struct strunk *st, const struct strunk_server *s, const struct sip_dest *d)
{
	LIST_EACH (&st->targets, k) {
		struct strunk_target *g = LINK_OBJ(k, struct strunk_target, le);

		if (g->server == s && g->dest.tp == d->tp && sa_eq(&g->dest.addr, &d->addr))
			return g;
	}
	return NULL;
}

/* A target found now, behind those found before it in this look-up. */
static void target_add(struct strunk_server *s, const struct sip_dest *d)
{
	struct strunk *st = s->st;
	struct strunk_target *g = target_find(st, s, d);

	if (g && g->mark)
		return;
	if (!g) {
		if (st->targets.n >= SIP_TARGETS_MAX)
			return;
		g = mem_zalloc(sizeof(*g), target_destroy);
		if (!g)
			return;
		g->st = st;
		g->server = s;
	} else {
		list_unlink(&g->le);
	}
	g->dest = *d;
	g->mark = true;
	list_append(&st->targets, &g->le);
}

static void take(struct strunk_server *s, const struct sip_targets *t)
{
	struct strunk *st = s->st;
	bool fresh = !s->found;

	for (size_t i = 0; i < t->n; i++)
		target_add(s, &t->v[i]);
	LIST_EACH (&st->targets, k) {
		struct strunk_target *g = LINK_OBJ(k, struct strunk_target, le);

		if (g->server == s && !g->mark)
			target_drop(g);
		g->mark = false;
	}
	s->found = true;
	if (fresh)
		strunk_check_now(st);
	strunk_reg_look(st);
}

static void located_h(int err, const char *why, const struct sip_targets *t, void *arg)
{
	struct strunk_server *s = arg;
	struct sip_locate *lk = s->lk; /* holds `t` */
	struct strunk *st = s->st;
	uint64_t ms;

	s->lk = NULL;
	if (!err) {
		uint32_t ttl = t->ttl_s < TTL_MIN_S ? TTL_MIN_S : t->ttl_s > TTL_MAX_S ? TTL_MAX_S : t->ttl_s;

		ms = 1000ULL * ttl;
		s->failing = false;
		take(s, t);
	} else {
		/* what was found before is used on */
		if (!s->failing)
			log_warn("trunk", "%.*s: %s", SLICE_FMT(st->cfg.name), why ? why : err_str(err));
		(void)slice_copy(s->why, sizeof(s->why), slice_str(why ? why : err_str(err)));
		s->failing = true;
		ms = RETRY_MS / 2 + rand_below(RETRY_MS / 2);
	}
	timer_start(&s->again, st->edge->loop, ms, look_up, s);
	strunk_judge(st);
	mem_deref(lk);
}

static enum sip_transp transp_of(struct slice s)
{
	static const char *const names[] = {"udp", "tcp", "tls"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (slice_ieqs(s, names[i]))
			return (enum sip_transp)(SIP_TRANSP_UDP + i);
	return SIP_TRANSP_NONE;
}

static void look_up(void *arg)
{
	struct strunk_server *s = arg;
	struct strunk *st = s->st;
	struct sip_locate_opts o = {.tp = transp_of(st->cfg.transp), .tls_any = st->cfg.tls == TRUNK_TLS_ANY};
	struct sip_uri uri = {.scheme = SLICE("sip"), .host = s->host, .port = s->port};
	struct sa a;
	int err;

	if (!sa_set(&a, s->host, SIP_PORT))
		uri.af = sa_af(&a);
	err = sip_locate(&s->lk, st->edge->sip, &uri, &o, located_h, s);
	if (!err)
		return;
	s->lk = NULL;
	s->failing = true;
	(void)slice_copy(s->why, sizeof(s->why), slice_str(err_str(err)));
	timer_start(&s->again, st->edge->loop, RETRY_MS, look_up, s);
	strunk_judge(st);
}

void strunk_where_start(struct strunk *st)
{
	for (size_t i = 0; i < st->cfg.nservers; i++)
		look_up(&st->server[i]);
}

void strunk_where_stop(struct strunk *st)
{
	for (size_t i = 0; i < TRUNK_SERVERS_MAX; i++) {
		st->server[i].lk = mem_deref(st->server[i].lk);
		timer_stop(&st->server[i].again);
	}
	LIST_EACH (&st->targets, k)
		target_drop(LINK_OBJ(k, struct strunk_target, le));
}

/* ------------------------------------------------------------------ order */

/* The next server: lowest priority left, among equals by weight. */
static struct strunk_server *pick(struct strunk *st, bool used[TRUNK_SERVERS_MAX])
{
	uint32_t sum = 0, at;
	uint16_t best = UINT16_MAX;

	for (size_t i = 0; i < st->cfg.nservers; i++)
		if (!used[i] && st->server[i].priority < best)
			best = st->server[i].priority;
	for (size_t i = 0; i < st->cfg.nservers; i++)
		if (!used[i] && st->server[i].priority == best)
			sum += st->server[i].weight;
	if (!sum)
		return NULL;
	at = rand_below(sum);
	for (size_t i = 0; i < st->cfg.nservers; i++) {
		if (used[i] || st->server[i].priority != best)
			continue;
		if (at < st->server[i].weight) {
			used[i] = true;
			return &st->server[i];
		}
		at -= st->server[i].weight;
	}
	return NULL;
}

size_t strunk_order(struct strunk *st, struct strunk_target *v[SIP_TARGETS_MAX])
{
	struct strunk_server *s, *order[TRUNK_SERVERS_MAX];
	bool used[TRUNK_SERVERS_MAX] = {false};
	size_t ns = 0, n = 0;

	while (ns < TRUNK_SERVERS_MAX && (s = pick(st, used)))
		order[ns++] = s;
	for (int dead = 0; dead < 2; dead++) {
		for (size_t i = 0; i < ns; i++) {
			LIST_EACH (&st->targets, k) {
				struct strunk_target *g = LINK_OBJ(k, struct strunk_target, le);

				if (g->server == order[i] && (g->health == ST_DEAD) == dead && n < SIP_TARGETS_MAX)
					v[n++] = mem_ref(g);
			}
		}
	}
	return n;
}

bool strunk_has_addr(const struct strunk *st, const struct sa *a)
{
	LIST_EACH (&st->targets, k)
		if (sa_eq_addr(&LINK_OBJ(k, struct strunk_target, le)->dest.addr, a))
			return true;
	for (size_t i = 0; i < st->cfg.nfrom; i++)
		if (sa_net_has(&st->cfg.from[i], a))
			return true;
	return false;
}

/* ------------------------------------------------------------------ health */

static void dead_over(void *arg)
{
	struct strunk_target *g = arg;

	if (g->health == ST_DEAD)
		g->health = ST_UNKNOWN;
	strunk_judge(g->st);
}

void strunk_target_unchecked(struct strunk_target *g)
{
	if (!g->st->cfg.check_s && !g->ct && g->health == ST_DEAD)
		timer_start(&g->patience, g->st->edge->loop, STRUNK_DEAD_MS, dead_over, g);
}

void strunk_target_alive(struct strunk_target *g)
{
	struct strunk *st = g->st;
	char t[120];

	if (!st)
		return;
	if (g->health == ST_DEAD) {
		if (g->hold_until > loop_now_ms(st->edge->loop))
			return;
		log_info("trunk", "%.*s: %s answers again", SLICE_FMT(st->cfg.name),
			 strunk_where_words(g, t, sizeof(t)));
	}
	sip_target_alive(st->edge->sip, &g->dest);
	if (st->edge->guard)
		guard_good(st->edge->guard, &g->dest.addr, loop_now_ms(st->edge->loop) + FRIEND_MS);
	if (g->health == ST_ALIVE)
		return;
	g->health = ST_ALIVE;
	if (!g->ct)
		timer_stop(&g->patience);
	strunk_reg_look(st);
	strunk_judge(st);
}

void strunk_target_dead(struct strunk_target *g, const char *why, bool hold)
{
	struct strunk *st = g->st;
	char t[120];

	if (!st)
		return;
	if (g->health != ST_DEAD)
		log_warn("trunk", "%.*s: %s %s", SLICE_FMT(st->cfg.name), strunk_where_words(g, t, sizeof(t)), why);
	sip_target_dead(st->edge->sip, &g->dest, STRUNK_DEAD_MS);
	g->health = ST_DEAD;
	g->rtt_ms = 0;
	g->hold_until = hold ? loop_now_ms(st->edge->loop) + STRUNK_DEAD_MS : 0;
	(void)slice_copy(g->why, sizeof(g->why), slice_str(why));
	strunk_target_unchecked(g);
	strunk_reg_look(st);
	strunk_judge(st);
}
