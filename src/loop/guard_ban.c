/*
 * guard_ban.c - failures, and bans that come of them or are made by hand.
 *
 * What is banned, narrowest first: a port, a user name at an address, an address. An address with live registrations
 * never loses those: their ports are heard whatever is banned. One wrong phone of an address that nobody has registered
 * from yet (all failures from one port) costs its port only, the first time.
 */
#include <stdio.h>
#include <string.h>
#include "base/buf.h"
#include "loop/guard_priv.h"

enum { WHOLE_TIMES = 5 /* failures of an address with friends, times the limit, that ban all its other ports */ };

static struct metric m_bans = {.name = "guard_bans", .help = "Bans in force.", .gauge = true};

/* ------------------------------------------------------------------ what is noted */

void guard_suspects_clear(struct guard_who *w)
{
	w->suspects = mem_deref(w->suspects);
	w->fails = 0;
	w->quiet_s = 0;
	w->scans = 0;
}

struct guard_suspect *guard_suspect(struct guard_who *w, uint32_t what, bool user, uint32_t now_s, uint32_t window_s)
{
	struct guard_suspect *s, *old;

	if (!w->suspects)
		w->suspects = mem_zalloc(GUARD_SUSPECTS * sizeof(*w->suspects), NULL);
	if (!w->suspects)
		return NULL;
	old = w->suspects;
	for (int i = 0; i < GUARD_SUSPECTS; i++) {
		s = &w->suspects[i];
		if (s->used && s->user == user && s->what == what) {
			if (now_s - s->since_s > window_s)
				*s = (struct guard_suspect){.what = what, .user = user, .used = true, .since_s = now_s};
			return s;
		}
		if (old->used && (!s->used || s->since_s < old->since_s))
			old = s;
	}
	*old = (struct guard_suspect){.what = what, .user = user, .used = true, .since_s = now_s};
	return old;
}

static uint16_t one_more(uint16_t n)
{
	return n < UINT16_MAX ? (uint16_t)(n + 1) : n;
}

/* All failures within the window came from this one port? */
static bool one_port(const struct guard_who *w, uint16_t fails_of_port)
{
	return fails_of_port >= w->fails;
}

/* ------------------------------------------------------------------ bans */

static void tell(struct guard *g, struct guard_ban *b, bool on)
{
	uint32_t now_s = guard_now_s(g);

	b->i.left_s = b->until_s > now_s ? b->until_s - now_s : 0;
	if (g->on_ban)
		g->on_ban(&b->i, on, g->on_ban_arg);
}

static void unlink_ban(struct guard *g, struct guard_ban *b)
{
	list_unlink(&b->le);
	if (b->who) {
		struct guard_ban **at = &b->who->bans;

		while (*at != b)
			at = &(*at)->next;
		*at = b->next;
	}
	(void)g;
	metric_add(&m_bans, -1);
}

static void end_ban(struct guard *g, struct guard_ban *b)
{
	unlink_ban(g, b);
	tell(g, b, false);
	mem_deref(b);
}

void guard_drop_bans(struct guard *g, struct guard_who *w)
{
	while (w->bans)
		end_ban(g, w->bans);
}

void guard_flush_bans(struct guard *g)
{
	g->on_ban = NULL;
	timer_stop(&g->expiry);
	LIST_EACH (&g->bans, k)
		end_ban(g, LINK_OBJ(k, struct guard_ban, le));
	LIST_EACH (&g->nets, k)
		end_ban(g, LINK_OBJ(k, struct guard_ban, le));
}

static void arm(struct guard *g);

static void expire_list(struct guard *g, struct list *l, uint32_t now_s)
{
	LIST_EACH (l, k) {
		struct guard_ban *b = LINK_OBJ(k, struct guard_ban, le);

		if (b->until_s <= now_s)
			end_ban(g, b);
	}
}

static void expire(void *arg)
{
	struct guard *g = arg;

	expire_list(g, &g->bans, guard_now_s(g));
	expire_list(g, &g->nets, guard_now_s(g));
	arm(g);
}

/* Bans are looked through when the first of them ends, but not more often than every second. */
static void arm(struct guard *g)
{
	uint32_t now_s = guard_now_s(g), first = UINT32_MAX;

	LIST_EACH (&g->bans, k)
		first = LINK_OBJ(k, struct guard_ban, le)->until_s < first ? LINK_OBJ(k, struct guard_ban, le)->until_s
									   : first;
	LIST_EACH (&g->nets, k)
		first = LINK_OBJ(k, struct guard_ban, le)->until_s < first ? LINK_OBJ(k, struct guard_ban, le)->until_s
									   : first;
	if (first == UINT32_MAX)
		timer_stop(&g->expiry);
	else
		timer_start(&g->expiry, g->loop, first > now_s ? 1000ULL * (first - now_s) : 1000, expire, g);
}

/* The timer stands at the earliest end already: only an earlier one moves it. */
static void arm_for(struct guard *g, uint32_t left_s)
{
	if (!timer_running(&g->expiry) || timer_left(&g->expiry) > 1000ULL * left_s)
		timer_start(&g->expiry, g->loop, 1000ULL * (left_s ? left_s : 1), expire, g);
}

static bool covers(const struct guard_ban *b, uint16_t port, const char *user)
{
	return b->i.port == port && !strcmp(b->i.user, user);
}

/* One of the same kind is made longer instead. */
static int add_ban(struct guard *g, struct guard_who *w, const struct guard_ban_info *i)
{
	struct guard_ban *b;

	for (b = w->bans; b && !covers(b, i->port, i->user);)
		b = b->next;
	if (b)
		end_ban(g, b);
	if (g->bans.n >= GUARD_BANS_MAX)
		end_ban(g, LINK_OBJ(g->bans.head, struct guard_ban, le));
	b = mem_zalloc(sizeof(*b), NULL);
	if (!b)
		return ENOMEM;
	b->i = *i;
	b->who = w;
	b->until_s = guard_now_s(g) + i->left_s;
	b->next = w->bans;
	w->bans = b;
	list_append(&g->bans, &b->le);
	metric_reg(&m_bans);
	metric_add(&m_bans, 1);
	w->strikes = (uint8_t)(i->strikes < 200 ? i->strikes : 200);
	w->strike_s = b->until_s;
	guard_rank(g, w);
	arm_for(g, i->left_s);
	return 0;
}

/* Each ban within a week of the last lasts twice as long. */
static uint32_t next_length(struct guard *g, struct guard_who *w)
{
	uint64_t s = g->cfg.ban_s;

	if (w->strikes && w->strike_s + GUARD_WEEK_S < guard_now_s(g))
		w->strikes = 0;
	for (unsigned i = 0; i < w->strikes && s < GUARD_WEEK_S; i++)
		s *= 2;
	return (uint32_t)(s < GUARD_WEEK_S ? s : g->cfg.ban_s > GUARD_WEEK_S ? g->cfg.ban_s : GUARD_WEEK_S);
}

static bool ban(struct guard *g, struct guard_who *w, uint16_t port, struct slice user, uint32_t n, const char *what)
{
	struct guard_ban_info i = {.port = port, .since_ms = loop_wall_ms(g->loop)};
	struct guard_ban *b;

	guard_net_of(w, &i.net);
	(void)slice_copy(i.user, sizeof(i.user), user);
	snprintf(i.reason, sizeof(i.reason), "%s, %u times", what, n);
	i.left_s = next_length(g, w);
	i.strikes = w->strikes + 1u;
	if (add_ban(g, w, &i))
		return false;
	b = w->bans;
	tell(g, b, true);
	return true;
}

/* The address has friends: what is narrow first. */
static bool judge_friend(struct guard *g, struct guard_who *w, const struct sa *src, struct slice user,
			 struct guard_suspect *p, struct guard_suspect *u, const char *what)
{
	bool own = guard_port_find(w, sa_port(src), guard_now_s(g)) != NULL;
	uint32_t n = g->cfg.fails;

	if (p && p->fails >= n && !own) {
		uint16_t k = p->fails;

		p->used = false;
		if (u)
			u->used = false;
		return ban(g, w, sa_port(src), SLICE_NULL, k, what);
	}
	if (u && u->fails >= n && user.l) {
		uint16_t k = u->fails;

		u->used = false;
		return ban(g, w, 0, user, k, what);
	}
	if (w->fails >= n * WHOLE_TIMES) {
		uint16_t k = w->fails;

		guard_suspects_clear(w);
		return ban(g, w, 0, SLICE_NULL, k, what);
	}
	return false;
}

bool guard_fail(struct guard *g, const struct sa *src, struct slice user, const char *what)
{
	struct guard_who *w = guard_get(g, src);
	uint32_t now_s = guard_now_s(g);
	struct guard_suspect *p, *u = NULL;
	uint16_t n;

	if (!w || w->allowed)
		return false;
	if (now_s - w->fails_s > g->cfg.window_s) {
		w->fails_s = now_s;
		w->fails = 0;
	}
	w->fails = one_more(w->fails);
	p = guard_suspect(w, sa_port(src), false, now_s, g->cfg.window_s);
	if (p)
		p->fails = one_more(p->fails);
	if (user.l)
		u = guard_suspect(w, hash_bytes(user), true, now_s, g->cfg.window_s);
	if (u == p)
		p = NULL; /* all were of this second, and its place was taken */
	if (u)
		u->fails = one_more(u->fails);
	if (guard_is_friend(w, now_s))
		return judge_friend(g, w, src, user, p, u, what);
	n = w->fails;
	if (n < g->cfg.fails)
		return false;
	bool one = !w->strikes && p && one_port(w, p->fails);
	guard_suspects_clear(w);
	return ban(g, w, one ? sa_port(src) : 0, SLICE_NULL, n, what);
}

/* ------------------------------------------------------------------ questions */

static bool net_banned(struct guard *g, const struct sa *src, uint32_t now_s)
{
	LIST_EACH (&g->nets, k) {
		struct guard_ban *b = LINK_OBJ(k, struct guard_ban, le);

		if (b->until_s > now_s && sa_net_has(&b->i.net, src)) {
			b->i.count++;
			return true;
		}
	}
	return false;
}

bool guard_banned(struct guard *g, struct guard_who *w, const struct sa *src)
{
	uint32_t now_s = guard_now_s(g);

	if (w ? w->allowed : guard_is_allowed(g, src))
		return false;
	if (g->nets.n && net_banned(g, src, now_s))
		return true;
	for (struct guard_ban *b = w ? w->bans : NULL; b; b = b->next) {
		if (b->until_s <= now_s || b->i.user[0] || (b->i.port && b->i.port != sa_port(src)))
			continue;
		if (!b->i.hand && guard_port_find(w, sa_port(src), now_s))
			continue;
		b->i.count++;
		return true;
	}
	return false;
}

bool guard_user_ok(struct guard *g, const struct sa *src, struct slice user)
{
	struct guard_who *w = guard_find(g, src);
	uint32_t now_s;

	if (!w || !w->bans || w->allowed)
		return true;
	now_s = guard_now_s(g);
	for (struct guard_ban *b = w->bans; b; b = b->next) {
		if (!b->i.user[0] || b->until_s <= now_s ||
		    !slice_eqs(slice_first(user, sizeof(b->i.user) - 1), b->i.user))
			continue;
		b->i.count++;
		return false;
	}
	return true;
}

/* ------------------------------------------------------------------ by hand */

static bool is_host(const struct sa_net *n)
{
	return sa_af(&n->addr) == AF_INET ? n->bits >= 32 : n->bits >= 64;
}

static bool within(const struct sa_net *inner, const struct sa_net *outer)
{
	return sa_af(&inner->addr) == sa_af(&outer->addr) && sa_net_has(outer, &inner->addr) &&
	       (outer->bits <= inner->bits || is_host(outer));
}

static unsigned lift_list(struct guard *g, struct list *l, const struct sa_net *net)
{
	unsigned n = 0;

	LIST_EACH (l, k) {
		struct guard_ban *b = LINK_OBJ(k, struct guard_ban, le);
		struct guard_who *w = b->who;

		/* an address stands for its /64 */
		if (!within(&b->i.net, net) && !(is_host(net) && sa_net_has(&b->i.net, &net->addr) && w))
			continue;
		end_ban(g, b);
		if (w) {
			guard_suspects_clear(w);
			w->strikes = 0;
		}
		n++;
	}
	return n;
}

static int ban_net(struct guard *g, const struct guard_ban_info *i)
{
	struct guard_ban *b;

	if (g->nets.n >= GUARD_NETS_MAX)
		return ERR_LIMIT;
	b = mem_zalloc(sizeof(*b), NULL);
	if (!b)
		return ENOMEM;
	b->i = *i;
	b->until_s = guard_now_s(g) + i->left_s;
	list_append(&g->nets, &b->le);
	metric_reg(&m_bans);
	metric_add(&m_bans, 1);
	arm_for(g, i->left_s);
	return 0;
}

int guard_ban(struct guard *g, const struct sa_net *net, uint32_t seconds, const char *why)
{
	struct guard_ban_info i = {.net = *net, .since_ms = loop_wall_ms(g->loop), .hand = true, .strikes = 1};
	struct guard_who *w;
	int err;

	if (guard_is_allowed(g, &net->addr))
		return EPERM;
	i.left_s = seconds ? seconds : g->cfg.ban_s;
	(void)slice_copy(i.reason, sizeof(i.reason), slice_str(why && *why ? why : "by hand"));
	if (!is_host(net)) {
		(void)lift_list(g, &g->nets, net);
		err = ban_net(g, &i);
		if (!err)
			tell(g, LINK_OBJ(g->nets.tail, struct guard_ban, le), true);
		return err;
	}
	w = guard_get(g, &net->addr);
	if (!w)
		return ENOMEM;
	guard_net_of(w, &i.net);
	i.strikes = w->strikes + 1u;
	err = add_ban(g, w, &i);
	if (!err)
		tell(g, w->bans, true);
	return err;
}

int guard_restore(struct guard *g, const struct guard_ban_info *b)
{
	struct guard_who *w;

	if (!b->left_s || (!b->hand && guard_is_allowed(g, &b->net.addr)))
		return 0;
	if (!is_host(&b->net))
		return ban_net(g, b);
	w = guard_get(g, &b->net.addr);
	return w ? add_ban(g, w, b) : ENOMEM;
}

int guard_lift(struct guard *g, const struct sa_net *net)
{
	unsigned n = lift_list(g, &g->bans, net) + lift_list(g, &g->nets, net);

	return n ? 0 : ENOENT;
}

static int set_allowed_h(struct hlink *k, void *arg)
{
	struct guard *g = arg;
	struct guard_who *w = CONTAINER_OF(k, struct guard_who, he);
	struct sa_net n;

	guard_net_of(w, &n);
	w->allowed = guard_is_allowed(g, &n.addr);
	if (w->allowed) {
		guard_drop_bans(g, w);
		guard_suspects_clear(w);
	}
	return 0;
}

int guard_set_allowed(struct guard *g, const struct sa_net *v, size_t n)
{
	if (n > GUARD_ALLOWED_MAX)
		return ERR_LIMIT;
	if (n)
		memcpy(g->allowed, v, n * sizeof(*v));
	g->nallowed = n;
	(void)hash_each(&g->who, set_allowed_h, g);
	return 0;
}

static void show_list(struct guard *g, struct list *l, void (*fn)(const struct guard_ban_info *b, void *arg), void *arg)
{
	uint32_t now_s = guard_now_s(g);

	LIST_EACH (l, k) {
		struct guard_ban *b = LINK_OBJ(k, struct guard_ban, le);

		b->i.left_s = b->until_s > now_s ? b->until_s - now_s : 0;
		fn(&b->i, arg);
	}
}

void guard_bans(struct guard *g, void (*fn)(const struct guard_ban_info *b, void *arg), void *arg)
{
	show_list(g, &g->bans, fn, arg);
	show_list(g, &g->nets, fn, arg);
}

void guard_on_ban(struct guard *g, void (*fn)(const struct guard_ban_info *b, bool on, void *arg), void *arg)
{
	g->on_ban = fn;
	g->on_ban_arg = arg;
}
