/*
 * account_throttle.c - who guesses waits: after some failures of a name, or from an address, each further one doubles
 * the delay. The tables are small and fixed; the stalest entry makes room.
 *
 * A name waits for five minutes at most, so that nobody is kept out for long by the guesses of others; and who is
 * signed in from an address is not kept out there at all.
 */
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "loop/guard.h"
#include "pbx/account_priv.h"
#include "pbx/security.h"

enum {
	NAME_FREE = 5,
	ADDR_FREE = 10, /* an office behind one address mistypes more */
	NAME_MAX_S = 300,
	ADDR_MAX_S = 900,
	FORGET_MS = 3600 * 1000,
	LOG_BUDGET = 20,
	LOG_MS = 60000
};

static uint32_t addr_key(const struct sa *peer)
{
	struct sa a = *peer;

	/* who has an IPv6 address has a whole /64 */
	if (sa_af(&a) == AF_INET6)
		memset(&a.u.in6.sin6_addr.s6_addr[8], 0, 8);
	sa_set_port(&a, 0);
	return sa_hash_addr(&a);
}

static struct throttle *find(struct throttle *v, uint32_t key, uint64_t now)
{
	for (size_t i = 0; i < THROTTLE_ENTRIES; i++) {
		if (!v[i].fails || v[i].key != key)
			continue;
		if (now - v[i].last_ms < FORGET_MS)
			return &v[i];
		memset(&v[i], 0, sizeof(v[i]));
	}
	return NULL;
}

static struct throttle *get(struct throttle *v, uint32_t key, uint64_t now)
{
	struct throttle *t = find(v, key, now), *old = &v[0];

	if (t)
		return t;
	for (size_t i = 0; i < THROTTLE_ENTRIES && old->fails; i++)
		if (!v[i].fails || v[i].last_ms < old->last_ms)
			old = &v[i];
	*old = (struct throttle){.key = key};
	return old;
}

static uint32_t wait_s(const struct throttle *t, uint64_t now)
{
	return t && t->until_ms > now ? (uint32_t)((t->until_ms - now + 999) / 1000) : 0;
}

static void count(struct throttle *t, uint32_t free_of, uint32_t max_s, uint64_t now)
{
	uint32_t over, s;

	t->last_ms = now;
	t->fails++;
	if (t->fails <= free_of)
		return;
	over = t->fails - free_of - 1;
	s = over < 16 ? 1U << over : max_s;
	t->until_ms = now + 1000ULL * (s < max_s ? s : max_s);
}

uint32_t throttle_ask(struct accounts *a, struct slice name, const struct sa *peer)
{
	uint64_t now = loop_now_ms(a->pbx->loop);
	struct user *u = account_user(a->pbx, name);
	bool known = u && peer && session_from(u, peer);
	uint32_t key = hash_ibytes(name), s = 0, t = 0;

	if (!known)
		s = wait_s(find(a->by_name, key, now), now);
	if (peer)
		t = wait_s(find(a->by_addr, addr_key(peer), now), now);
	s = t > s ? t : s;
	if (s)
		return s;
	count(get(a->by_name, key, now), NAME_FREE, NAME_MAX_S, now);
	if (peer) {
		struct throttle *of = get(a->by_addr, addr_key(peer), now);

		of->addr = *peer;
		count(of, ADDR_FREE, ADDR_MAX_S, now);
	}
	return 0;
}

static void one_less(struct throttle *t)
{
	if (!t)
		return;
	t->until_ms = 0;
	t->fails--;
}

void throttle_undo(struct accounts *a, struct slice name, const struct sa *peer)
{
	uint64_t now = loop_now_ms(a->pbx->loop);

	one_less(find(a->by_name, hash_ibytes(name), now));
	if (peer)
		one_less(find(a->by_addr, addr_key(peer), now));
}

void throttle_clear(struct accounts *a, struct slice name)
{
	struct throttle *t = find(a->by_name, hash_ibytes(name), loop_now_ms(a->pbx->loop));

	if (t)
		memset(t, 0, sizeof(*t));
}

void throttle_good(struct accounts *a, struct slice name, const struct sa *peer)
{
	struct guard *g = security_guard(a->pbx);

	throttle_clear(a, name);
	if (!peer)
		return;
	/* of the address only this try is forgiven: one good account must not buy guesses at others */
	one_less(find(a->by_addr, addr_key(peer), loop_now_ms(a->pbx->loop)));
	if (g)
		guard_good(g, peer, 0);
}

void throttle_failed(struct accounts *a, struct slice name, const struct sa *peer, const char *what)
{
	struct guard *g = security_guard(a->pbx);
	uint64_t now = loop_now_ms(a->pbx->loop);
	char ip[SA_STRLEN], text[80];

	/* names of the page and of phones are different things to the guard */
	snprintf(text, sizeof(text), "page:%.*s", SLICE_FMT(slice_first(name, ACCOUNT_NAME)));
	if (g && peer)
		(void)guard_fail(g, peer, slice_str(text), what);
	if (now - a->log_ms >= LOG_MS || !a->log_ms) {
		a->log_ms = now;
		a->logged = 0;
	}
	if (++a->logged > LOG_BUDGET)
		return;
	/* a name that nobody has may be a password in the wrong field: it is not written down */
	log_warn("pbx", "%s for %s from %s", what, account_user(a->pbx, name) ? text : "the page",
		 peer ? sa_ntop(peer, ip) : "this machine");
}

/* ------------------------------------------------------------------ shown */

struct shown {
	struct accounts *a;
	json_t *names;
	uint64_t now;
};

static json_t *entry(const char *member, const char *who, const struct throttle *t, uint64_t now)
{
	return json_pack("{s:s, s:i, s:i}", member, who, "failures", (int)t->fails, "wait_s", (int)wait_s(t, now));
}

static int add_name(struct hlink *k, void *arg)
{
	const struct user *u = CONTAINER_OF(k, struct user, le);
	struct shown *s = arg;
	const struct throttle *t = find(s->a->by_name, hash_ibytes(slice_str(u->name)), s->now);

	if (t)
		(void)json_array_append_new(s->names, entry("name", u->name, t, s->now));
	return 0;
}

json_t *account_failures_json(struct pbx *p)
{
	struct shown s = {.a = p->accounts, .names = json_array(), .now = loop_now_ms(p->loop)};
	json_t *addresses = json_array();
	size_t names = 0;
	char ip[SA_STRLEN];

	/* names that nobody has are not shown: people type passwords there */
	(void)hash_each(&s.a->users, add_name, &s);
	for (size_t i = 0; i < THROTTLE_ENTRIES; i++) {
		const struct throttle *n = &s.a->by_name[i], *t = &s.a->by_addr[i];

		names += n->fails && s.now - n->last_ms < FORGET_MS;
		if (t->fails && s.now - t->last_ms < FORGET_MS)
			(void)json_array_append_new(addresses, entry("address", sa_ntop(&t->addr, ip), t, s.now));
	}
	return json_pack("{s:o, s:o, s:I}", "names", s.names, "addresses", addresses, "unknown_names",
			 (json_int_t)(names - json_array_size(s.names)));
}
