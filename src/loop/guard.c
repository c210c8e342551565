/*
 * guard.c - the guard's table of addresses and their budgets.
 *
 * A budget is one number: the time at which it would be whole again (the generic cell rate algorithm). What comes
 * moves it on; what would move it more than a burst ahead of now is too much.
 */
#include <string.h>
#include "loop/guard_priv.h"

enum {
	MAX_ENTRIES = 65536,
	FAILS = 10,
	WINDOW_S = 600,
	BAN_S = 3600,
	CONNS = 64,
	CONNS_FRIEND = 2000,
	BURST_US = 4000000,
	BURST_ALL_US = 2000000,
	TOUCH_S = 8,        /* an entry moves in its list this often at most */
	PORT_RATE = 50,     /* a second, for a port with a live registration */
	GOOD_FOR_S = 300,   /* a good password alone makes a friend for this long */
	SCAN_WINDOW_S = 60, /* within which ... */
	SCAN_ASKED = 200,   /* ... so many questions without an answer, */
	SCAN_BITS = 40,     /* ... or so many bits of 64, about 63 different names, are a scan */
	SCAN_QUIET_S = 30,
	SCAN_AGAIN = 3 /* scans of an address within the failure window that silence all its ports */
};

static const uint32_t rate_one[GUARD_KINDS] = {50, 20, 100, 10};
static const uint32_t rate_all[GUARD_KINDS] = {2000, 300, 2000, 300};

static struct metric m_watched = {
	.name = "guard_addresses", .help = "Addresses whose budgets are watched.", .gauge = true};
static struct metric m_banned = {.name = "guard_dropped_banned_total",
				 .help = "Packets and connections of banned ones."};
static struct metric m_busy = {.name = "guard_dropped_busy_total", .help = "Requests and connections over a budget."};
static struct metric m_scans = {.name = "guard_dropped_scans_total", .help = "Requests of scanners left unanswered."};

/* ------------------------------------------------------------------ keys */

/* One address, or one /64; link-local addresses share their /64 and are told apart by the rest. */
static void key_of(const struct sa *a, uint64_t *key, int *kind)
{
	uint64_t v[2];

	if (sa_af(a) == AF_INET) {
		*key = a->u.in.sin_addr.s_addr;
		*kind = KEY_V4;
		return;
	}
	memcpy(v, &a->u.in6.sin6_addr, sizeof(v));
	*kind = sa_is_linklocal(a) ? KEY_LINK : KEY_V6;
	*key = v[*kind == KEY_LINK];
}

void guard_net_of(const struct guard_who *w, struct sa_net *n)
{
	uint64_t v[2] = {0};
	uint8_t head[2] = {0xfe, 0x80};

	memset(n, 0, sizeof(*n));
	sa_any(&n->addr, w->kind == KEY_V4 ? AF_INET : AF_INET6, 0);
	if (w->kind == KEY_V4) {
		n->addr.u.in.sin_addr.s_addr = (uint32_t)w->key;
		n->bits = 32;
		return;
	}
	v[w->kind == KEY_LINK] = w->key;
	if (w->kind == KEY_LINK)
		memcpy(v, head, sizeof(head));
	memcpy(&n->addr.u.in6.sin6_addr, v, sizeof(v));
	n->bits = w->kind == KEY_LINK ? 128 : 64;
}

bool guard_is_allowed(const struct guard *g, const struct sa *a)
{
	for (size_t i = 0; i < g->nallowed; i++)
		if (sa_net_has(&g->allowed[i], a))
			return true;
	return false;
}

/* ------------------------------------------------------------------ table */

struct guard_who *guard_find(struct guard *g, const struct sa *src)
{
	uint64_t key;
	int kind;

	key_of(src, &key, &kind);
	if (g->last && g->last->key == key && (int)g->last->kind == kind)
		return g->last;
	for (struct hlink *k = hash_first(&g->who, hash_u64(key)); k; k = hash_next(k)) {
		struct guard_who *w = CONTAINER_OF(k, struct guard_who, he);

		if (w->key == key && (int)w->kind == kind) {
			g->last = w;
			return w;
		}
	}
	return NULL;
}

static void forget(struct guard *g, struct guard_who *w)
{
	if (g->last == w)
		g->last = NULL;
	guard_drop_bans(g, w);
	hash_del(&g->who, &w->he);
	list_unlink(&w->le);
	mem_deref(w->ports);
	mem_deref(w->suspects);
	mem_deref(w);
	metric_add(&m_watched, -1);
}

static uint8_t rank_of(const struct guard_who *w, uint32_t now_s)
{
	if (guard_is_friend(w, now_s))
		return RANK_FRIEND;
	return w->bans || (w->strikes && w->strike_s + GUARD_WEEK_S > now_s) ? RANK_MARKED : RANK_STRANGER;
}

void guard_rank(struct guard *g, struct guard_who *w)
{
	uint32_t now_s = guard_now_s(g);
	uint8_t rank = rank_of(w, now_s);

	if (rank == w->rank && now_s - w->used_s < TOUCH_S)
		return;
	w->used_s = now_s;
	w->rank = rank;
	list_unlink(&w->le);
	list_append(&g->lru[rank], &w->le);
}

/* Room for one more: those that are no longer what their list says go first, then strangers. */
static void make_room(struct guard *g)
{
	uint32_t now_s = guard_now_s(g);

	for (int r = RANKS; r-- > 1;) {
		struct guard_who *w = g->lru[r].head ? LINK_OBJ(g->lru[r].head, struct guard_who, le) : NULL;

		if (w && rank_of(w, now_s) == RANK_STRANGER && !w->conns) {
			forget(g, w);
			return;
		}
	}
	for (int r = 0; r < RANKS; r++) {
		if (g->lru[r].head) {
			forget(g, LINK_OBJ(g->lru[r].head, struct guard_who, le));
			return;
		}
	}
}

struct guard_who *guard_get(struct guard *g, const struct sa *src)
{
	struct guard_who *w = guard_find(g, src);
	int kind;

	if (w) {
		guard_rank(g, w);
		return w;
	}
	if (g->who.n >= g->cfg.max_entries)
		make_room(g);
	w = mem_zalloc(sizeof(*w), NULL);
	if (!w)
		return NULL;
	key_of(src, &w->key, &kind);
	w->kind = kind;
	w->allowed = guard_is_allowed(g, src);
	w->used_s = guard_now_s(g);
	if (hash_add(&g->who, hash_u64(w->key), &w->he))
		return mem_deref(w);
	list_append(&g->lru[RANK_STRANGER], &w->le);
	metric_add(&m_watched, 1);
	g->last = w;
	return w;
}

/* ------------------------------------------------------------------ life */

static void dump(struct buf *b, void *arg)
{
	const struct guard *g = arg;

	buf_printf(b, "addresses %zu (strangers %zu, marked %zu, friends %zu), bans %zu, networks %zu, allowed %zu\n",
		   g->who.n, g->lru[RANK_STRANGER].n, g->lru[RANK_MARKED].n, g->lru[RANK_FRIEND].n, g->bans.n,
		   g->nets.n, g->nallowed);
	buf_printf(b, "dropped: banned %llu, over budget %llu, scans %llu\n", (unsigned long long)g->st.banned,
		   (unsigned long long)g->st.busy, (unsigned long long)g->st.scans);
}

static void destroy(void *obj)
{
	struct guard *g = obj;

	inspect_del(&g->dump);
	guard_flush_bans(g);
	for (int r = 0; r < RANKS; r++)
		while (g->lru[r].head)
			forget(g, LINK_OBJ(g->lru[r].head, struct guard_who, le));
	hash_free(&g->who);
}

static uint32_t or_default(uint32_t v, uint32_t def)
{
	return v ? v : def;
}

void guard_set_limits(struct guard *g, const struct guard_cfg *cfg)
{
	g->cfg.fails = or_default(cfg->fails, FAILS);
	g->cfg.window_s = or_default(cfg->window_s, WINDOW_S);
	g->cfg.ban_s = or_default(cfg->ban_s, BAN_S);
	for (int k = 0; k < GUARD_KINDS; k++) {
		uint64_t rate = or_default(cfg->rate[k], rate_one[k]), all = rate_all[k];

		/* one address may have all of the common budget, if it is given so much */
		g->inc[k] = 1000000 / rate + 1;
		g->inc_friend[k] = 1000000 / (rate * GUARD_FRIEND_TIMES) + 1;
		g->inc_all[k] = 1000000 / (all > rate ? all : rate);
	}
}

int guard_alloc(struct guard **gp, const struct guard_cfg *cfg)
{
	struct guard *g = mem_zalloc(sizeof(*g), destroy);

	if (!g)
		return ENOMEM;
	g->loop = cfg->loop;
	g->cfg.max_entries = or_default(cfg->max_entries, MAX_ENTRIES);
	g->cfg.max_conns = or_default(cfg->max_conns, CONNS);
	guard_set_limits(g, cfg);
	hash_init(&g->who);
	metric_reg(&m_watched);
	metric_reg(&m_banned);
	metric_reg(&m_busy);
	metric_reg(&m_scans);
	g->dump = (struct inspect){.name = "guard", .fn = dump, .arg = g};
	inspect_add(&g->dump);
	*gp = g;
	return 0;
}

void guard_stats(const struct guard *g, struct guard_stats *st)
{
	*st = g->st;
	st->watched = g->who.n;
	st->bans = g->bans.n + g->nets.n;
}

/* ------------------------------------------------------------------ questions */

static bool is_banned(struct guard *g, struct guard_who *w, const struct sa *src)
{
	if ((!w || !w->bans) && !g->nets.n)
		return false;
	if (!guard_banned(g, w, src))
		return false;
	g->st.banned++;
	metric_add(&m_banned, 1);
	return true;
}

bool guard_admit(struct guard *g, const struct sa *src)
{
	return !is_banned(g, guard_find(g, src), src);
}

static bool spend(uint64_t *tat, uint64_t now, uint64_t inc, uint64_t burst)
{
	uint64_t t = *tat > now ? *tat : now;

	if (t + inc > now + burst)
		return false;
	*tat = t + inc;
	return true;
}

static enum guard_verdict busy(struct guard *g)
{
	g->st.busy++;
	metric_add(&m_busy, 1);
	return GUARD_BUSY;
}

static bool spend_common(struct guard *g, enum guard_kind k, uint64_t now)
{
	return spend(&g->tat_all[k], now, g->inc_all[k] * (g->pressed ? 4 : 1), BURST_ALL_US);
}

static enum guard_verdict charge(struct guard *g, struct guard_who *w, const struct sa *src, enum guard_kind k)
{
	uint64_t now = loop_now_us(g->loop);
	uint32_t now_s = guard_now_s(g);
	struct guard_port *p;

	if (!w)
		return spend_common(g, k, now) ? GUARD_PASS : busy(g);
	if (w->allowed)
		return GUARD_PASS;
	if (!guard_is_friend(w, now_s)) {
		if (spend(&w->tat[k], now, g->inc[k], BURST_US) && spend_common(g, k, now))
			return GUARD_PASS;
		return busy(g);
	}
	p = guard_port_find(w, sa_port(src), now_s);
	if (p && guard_port_spend(p, (uint32_t)(now / 1000), PORT_RATE))
		return GUARD_PASS;
	return spend(&w->tat[k], now, g->inc_friend[k], BURST_US) ? GUARD_PASS : busy(g);
}

enum guard_verdict guard_spend(struct guard *g, const struct sa *src, enum guard_kind k)
{
	return charge(g, guard_get(g, src), src, k);
}

enum guard_verdict guard_open(struct guard *g, const struct sa *src)
{
	struct guard_who *w = guard_find(g, src);
	enum guard_verdict v;
	uint32_t max;

	if (is_banned(g, w, src))
		return GUARD_DROP;
	w = guard_get(g, src);
	v = charge(g, w, src, GUARD_CONNECT);
	if (v || !w)
		return v;
	max = guard_is_friend(w, guard_now_s(g)) ? CONNS_FRIEND : g->cfg.max_conns;
	if (!w->allowed && w->conns >= max)
		return busy(g);
	w->conns++;
	return GUARD_PASS;
}

void guard_close(struct guard *g, const struct sa *src)
{
	struct guard_who *w = guard_find(g, src);

	if (w && w->conns)
		w->conns--;
}

bool guard_friend(struct guard *g, const struct sa *src)
{
	struct guard_who *w = guard_find(g, src);

	return w ? w->allowed || guard_is_friend(w, guard_now_s(g)) : guard_is_allowed(g, src);
}

void guard_set_pressed(struct guard *g, bool on)
{
	g->pressed = on;
}

/* ------------------------------------------------------------------ friends and scanners */

static void clear_port(struct guard_who *w, uint16_t port)
{
	bool any = false;

	if (!w->suspects)
		return;
	for (int i = 0; i < GUARD_SUSPECTS; i++) {
		struct guard_suspect *s = &w->suspects[i];

		if (s->used && !s->user && s->what == port)
			s->used = false;
		any = any || s->used;
	}
	if (!any)
		w->suspects = mem_deref(w->suspects);
}

void guard_good(struct guard *g, const struct sa *src, uint64_t until_ms)
{
	struct guard_who *w = guard_get(g, src);
	uint32_t now_s = guard_now_s(g), until_s = (uint32_t)(until_ms / 1000) + 1;

	if (!w)
		return;
	if (until_s < now_s + GOOD_FOR_S)
		until_s = now_s + GOOD_FOR_S;
	if (w->friend_s < until_s)
		w->friend_s = until_s;
	guard_port_add(w, sa_port(src), until_s, now_s);
	clear_port(w, sa_port(src));
	if (!w->quiet_port || w->quiet_port == sa_port(src))
		w->quiet_s = 0;
	if (w->rank != RANK_FRIEND)
		guard_rank(g, w);
}

static void be_quiet(struct guard *g, struct guard_who *w, uint16_t port, uint32_t now_s)
{
	if (now_s - w->scans_s > g->cfg.window_s)
		w->scans = 0;
	w->scans_s = now_s;
	w->scans = (uint8_t)(w->scans < SCAN_AGAIN ? w->scans + 1 : SCAN_AGAIN);
	w->quiet_port = w->scans < SCAN_AGAIN ? port : 0;
	w->quiet_s = now_s + SCAN_QUIET_S;
}

void guard_challenged(struct guard *g, const struct sa *src, struct slice user)
{
	struct guard_who *w = guard_get(g, src);
	uint32_t now_s = guard_now_s(g);
	struct guard_suspect *s;

	if (!w || w->allowed || guard_is_friend(w, now_s))
		return;
	s = guard_suspect(w, sa_port(src), false, now_s, g->cfg.window_s);
	if (!s)
		return;
	if (now_s - s->asked_s > SCAN_WINDOW_S) {
		s->asked_s = now_s;
		s->asked = 0;
		s->users = 0;
	}
	s->asked++;
	s->users |= 1ULL << (hash_bytes(user) & 63);
	if (s->asked < SCAN_ASKED && __builtin_popcountll(s->users) < SCAN_BITS)
		return;
	s->asked = 0;
	s->users = 0;
	be_quiet(g, w, sa_port(src), now_s);
}

bool guard_scanning(struct guard *g, const struct sa *src)
{
	struct guard_who *w = guard_find(g, src);
	uint32_t now_s = guard_now_s(g);

	if (!w || w->quiet_s <= now_s || w->allowed || guard_is_friend(w, now_s) ||
	    (w->quiet_port && w->quiet_port != sa_port(src)))
		return false;
	g->st.scans++;
	metric_add(&m_scans, 1);
	return true;
}
