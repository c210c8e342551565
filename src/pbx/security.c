/*
 * security.c - the guard's owner: what is configured (allowed networks, limits), bans that outlive a restart, friends
 * known from kept registrations, and word of it all in the log.
 *
 * The configuration is there without a guard too (command line on a server that does not run).
 */
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "loop/guard.h"
#include "pbx/pbx_priv.h"
#include "pbx/security.h"

enum { BAN_LOG_BUDGET = 20, BAN_LOG_S = 60 };

static const struct field allowed_fields[] = {
	{"network", FIELD_TEXT, FIELD_KEY | FIELD_REQUIRED, 2, 60, NULL, NULL, "0-9a-fA-F.:/",
	 "Address or network, like 192.0.2.7 or 192.168.0.0/16."},
	{"note", FIELD_TEXT, 0, 0, 80, "", NULL, NULL, "Who that is."},
};
const struct resource pbx_allowed_resource = {
	"allowed_network", "allowed_networks",        "An address or network that is never banned nor limited.",
	allowed_fields,    ARRAY_LEN(allowed_fields), "Allowed network",
	"Allowed networks"};

static const struct field limit_fields[] = {
	{"name", FIELD_ENUM, FIELD_KEY | FIELD_REQUIRED, 0, 0, NULL,
	 "failures window-seconds ban-seconds registers-per-second invites-per-second others-per-second "
	 "connections-per-second",
	 NULL, "Which limit."},
	{"value", FIELD_INT, FIELD_REQUIRED, 1, 1000000, NULL, NULL, NULL, "What it is instead of the built-in value."},
};
const struct resource pbx_limit_resource = {"security_limit",
					    "security_limits",
					    "A limit of the guard against attacks that differs from the built-in one.",
					    limit_fields,
					    ARRAY_LEN(limit_fields),
					    "Security limit",
					    "Security limits"};

/** What is configured, and the guard once there is one. */
struct security {
	struct pbx *pbx;
	struct guard *guard;
	struct sa_net net[SECURITY_NETS_MAX];
	char name[SECURITY_NETS_MAX][64];
	size_t n;
	struct guard_cfg cfg;
	struct timer log;
	unsigned logged;
};

/* ------------------------------------------------------------------ configuration */

static uint32_t *limit_of(struct security *s, const char *name)
{
	const struct {
		const char *name;
		uint32_t *v;
	} t[] = {
		{"failures", &s->cfg.fails},
		{"window-seconds", &s->cfg.window_s},
		{"ban-seconds", &s->cfg.ban_s},
		{"registers-per-second", &s->cfg.rate[GUARD_REGISTER]},
		{"invites-per-second", &s->cfg.rate[GUARD_INVITE]},
		{"others-per-second", &s->cfg.rate[GUARD_OTHER]},
		{"connections-per-second", &s->cfg.rate[GUARD_CONNECT]},
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		if (!strcmp(t[i].name, name))
			return t[i].v;
	return NULL;
}

static void set_limit(struct security *s, const char *name, uint32_t v)
{
	uint32_t *at = limit_of(s, name);

	if (at)
		*at = v;
}

static void set_net(struct security *s, const char *name, bool on)
{
	size_t i;

	for (i = 0; i < s->n && strcmp(s->name[i], name); i++)
		;
	if (i < s->n && !on) {
		s->n--;
		s->net[i] = s->net[s->n];
		memcpy(s->name[i], s->name[s->n], sizeof(s->name[i]));
	} else if (i == s->n && on && s->n < SECURITY_NETS_MAX && !sa_net_parse(&s->net[i], slice_str(name))) {
		(void)slice_copy(s->name[i], sizeof(s->name[i]), slice_str(name));
		s->n++;
	}
}

static void configure(struct security *s)
{
	if (!s->guard)
		return;
	guard_set_limits(s->guard, &s->cfg);
	if (guard_set_allowed(s->guard, s->net, s->n))
		log_error("pbx", "too many allowed networks; the old ones stay");
}

int security_check(const struct pbx *p, const struct change_item *it, struct buf *why)
{
	struct sa_net n;

	if (it->r != &pbx_allowed_resource || it->op != CHANGE_CREATE)
		return 0;
	if (sa_net_parse(&n, slice_str(it->key))) {
		buf_printf(why, "%s is no address or network. Write 192.0.2.7 or 192.168.0.0/16.", it->key);
		return ERR_SYNTAX;
	}
	if (p->security->n >= SECURITY_NETS_MAX) {
		buf_printf(why, "There are %d allowed networks already; more are not possible.", SECURITY_NETS_MAX);
		return ERR_SYNTAX;
	}
	return 0;
}

void security_apply(const struct change_item *it, json_t *row, void *arg)
{
	struct pbx *p = arg;
	struct security *s = p->security;

	if (it->r == &pbx_allowed_resource)
		set_net(s, it->key, row != NULL);
	else if (it->r == &pbx_limit_resource)
		set_limit(s, it->key, row ? (uint32_t)json_integer_value(json_object_get(row, "value")) : 0);
	else
		return;
	configure(s);
}

static void load_net(const char *const *col, const size_t *len, void *arg)
{
	(void)len;
	if (col[0])
		set_net(arg, col[0], true);
}

static void load_limit(const char *const *col, const size_t *len, void *arg)
{
	uint32_t v;

	if (col[0] && col[1] && !slice_u32(slice_mem(col[1], len[1]), &v))
		set_limit(arg, col[0], v);
}

/* ------------------------------------------------------------------ bans over a restart */

static void ban_key(const struct guard_ban_info *b, struct buf *k)
{
	char ip[SA_STRLEN];

	buf_printf(k, "%s/%u %u %s", sa_ntop(&b->net.addr, ip), b->net.bits, b->port, b->user);
}

static void keep(struct security *s, const struct guard_ban_info *b, bool on)
{
	struct buf k, v;

	buf_init(&k);
	buf_init(&v);
	ban_key(b, &k);
	if (on)
		buf_printf(&v, "%lld %lld %u %d %s", (long long)(loop_wall_ms(s->pbx->loop) + 1000LL * b->left_s),
			   (long long)b->since_ms, b->strikes, b->hand, b->reason);
	if (!buf_err(&k) && !buf_err(&v))
		store_put(s->pbx->store, "bans", buf_get(&k), buf_get(&v));
	buf_free(&k);
	buf_free(&v);
}

/* "192.0.2.7/32 5060 user" */
static int read_key(struct slice k, struct guard_ban_info *b)
{
	struct slice net = slice_cut(&k, ' '), port = slice_cut(&k, ' ');
	uint32_t v;
	int err = sa_net_parse(&b->net, net);

	if (!err)
		err = slice_u32(port, &v);
	if (err || v > 65535)
		return ERR_SYNTAX;
	b->port = (uint16_t)v;
	(void)slice_copy(b->user, sizeof(b->user), k);
	return 0;
}

static void load_ban(struct slice key, struct slice val, void *arg)
{
	struct security *s = arg;
	int64_t now = loop_wall_ms(s->pbx->loop);
	struct guard_ban_info b = {.port = 0};
	uint64_t until, since;
	uint32_t strikes;

	if (read_key(key, &b) || slice_u64(slice_cut(&val, ' '), &until) || slice_u64(slice_cut(&val, ' '), &since) ||
	    slice_u32(slice_cut(&val, ' '), &strikes)) {
		log_warn("pbx", "a kept ban cannot be read: %.*s", SLICE_FMT(key));
		return;
	}
	if ((int64_t)until <= now) {
		store_put(s->pbx->store, "bans", key, SLICE_NULL);
		return;
	}
	b.since_ms = (int64_t)since;
	b.left_s = (uint32_t)((until - (uint64_t)now + 999) / 1000);
	b.strikes = strikes;
	b.hand = slice_eqs(slice_cut(&val, ' '), "1");
	(void)slice_copy(b.reason, sizeof(b.reason), val);
	if (guard_restore(s->guard, &b))
		log_warn("pbx", "a kept ban could not be restored: %.*s", SLICE_FMT(key));
}

/* ------------------------------------------------------------------ word of bans */

void security_ban_text(const struct guard_ban_info *b, struct buf *t)
{
	char ip[SA_STRLEN];
	bool host = b->net.bits == (sa_af(&b->net.addr) == AF_INET ? 32 : 128);

	buf_str(t, sa_ntop(&b->net.addr, ip));
	if (!host)
		buf_printf(t, "/%u", b->net.bits);
	if (b->port)
		buf_printf(t, " port %u", b->port);
	if (b->user[0])
		buf_printf(t, " user %s", b->user);
}

static void open_log(void *arg)
{
	struct security *s = arg;

	if (s->logged > BAN_LOG_BUDGET)
		log_warn("pbx", "%u more bans began or ended in the last minute", s->logged - BAN_LOG_BUDGET);
	s->logged = 0;
}

static void on_ban(const struct guard_ban_info *b, bool on, void *arg)
{
	struct security *s = arg;
	struct buf t;

	keep(s, b, on);
	if (!timer_running(&s->log))
		timer_start(&s->log, s->pbx->loop, 1000ULL * BAN_LOG_S, open_log, s);
	if (++s->logged > BAN_LOG_BUDGET)
		return;
	buf_init(&t);
	security_ban_text(b, &t);
	if (on)
		log_warn("pbx", "banned for %u s: %.*s: %s", b->left_s, SLICE_FMT(buf_get(&t)), b->reason);
	else
		log_info("pbx", "no longer banned: %.*s (%u packets were dropped)", SLICE_FMT(buf_get(&t)), b->count);
	buf_free(&t);
}

bool security_failed(struct pbx *p, struct slice user, const struct sa *src)
{
	struct security *s = p->security;

	return s->guard && guard_fail(s->guard, src, user, "wrong password or unknown user");
}

/* ------------------------------------------------------------------ life */

static void destroy(void *obj)
{
	struct security *s = obj;

	timer_stop(&s->log);
	if (s->guard)
		guard_on_ban(s->guard, NULL, NULL);
	mem_deref(s->guard);
}

int security_alloc(struct pbx *p)
{
	struct security *s = mem_zalloc(sizeof(*s), destroy);
	int err;

	if (!s)
		return ENOMEM;
	s->pbx = p;
	p->security = s;
	err = store_load(p->store, &pbx_allowed_resource, load_net, s);
	return err ? err : store_load(p->store, &pbx_limit_resource, load_limit, s);
}

struct guard *security_guard(const struct pbx *p)
{
	return p->security->guard;
}

static int befriend(struct hlink *k, void *arg)
{
	const struct extension *e = CONTAINER_OF(k, struct extension, le);
	struct pbx *p = arg;
	int64_t wall = loop_wall_ms(p->loop);

	if (!e->aor)
		return 0;
	LIST_EACH (&e->aor->bindings, b) {
		const struct contact *c = LINK_OBJ(b, struct binding, le)->c;

		if (sa_isset(&c->src) && c->expires_ms > wall)
			guard_good(p->security->guard, &c->src,
				   loop_now_ms(p->loop) + (uint64_t)(c->expires_ms - wall));
	}
	return 0;
}

int pbx_set_guard(struct pbx *p, struct guard *g)
{
	struct security *s = p->security;

	mem_deref(s->guard);
	s->guard = mem_ref(g);
	if (!g)
		return 0;
	configure(s);
	(void)hash_each(&p->extensions, befriend, p);
	guard_on_ban(g, on_ban, s);
	return store_load_state(p->store, "bans", load_ban, s);
}

bool pbx_always(const char *dialled, void *arg)
{
	const struct pbx *p = arg;

	return plan_is_emergency(&p->plan, dialled);
}
