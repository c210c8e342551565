/*
 * account_session.c - who is signed in: in memory, and hashed in the state table "sessions", so that a restart signs
 * nobody out and the database gives nobody a session.
 *
 * A row is bound to the password it was opened with: another one, and it is void.
 */
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "pbx/account_priv.h"

static const char table[] = "sessions";
enum { IDLE_MS = 12 * 3600 * 1000, STORE_MS = 60000, MARK = 16, SHOWN = 16 };
static const int64_t whole_ms = 30LL * 24 * 3600 * 1000;

static void session_destroy(void *obj)
{
	struct session *s = obj;

	list_unlink(&s->of);
	hash_del(&s->u->all->sessions, &s->le);
}

static struct slice id_of(const struct session *s)
{
	return slice_mem(s->id, ACCOUNT_ID);
}

static void end(struct session *s)
{
	store_put(s->u->all->pbx->store, table, id_of(s), SLICE_NULL);
	mem_deref(s);
}

static bool over(const struct session *s, int64_t now)
{
	return now - s->seen_ms >= IDLE_MS || now - s->since_ms >= whole_ms;
}

/* Which password it was opened with. */
static void mark(const struct user *u, char text[MARK * 2])
{
	uint8_t id[ACCOUNT_ID];

	account_sha256(slice_str(u->kept), id);
	account_base64url(id, MARK / 2, text);
}

/* "1 SINCE SEEN MARK ADDRESS NAME AGENT" */
static void put(struct session *s, bool lazy)
{
	char text[512], ip[SA_STRLEN] = "-", m[MARK * 2];

	if (sa_isset(&s->peer))
		(void)sa_ntop(&s->peer, ip);
	mark(s->u, m);
	s->stored_ms = s->seen_ms;
	snprintf(text, sizeof(text), "1 %lld %lld %s %s %s %s", (long long)s->since_ms, (long long)s->seen_ms, m, ip,
		 s->u->name, s->agent);
	(lazy ? store_put_lazy : store_put)(s->u->all->pbx->store, table, id_of(s), slice_str(text));
}

static int alloc(struct session **sp, struct user *u, const uint8_t id[ACCOUNT_ID])
{
	struct session *s = mem_zalloc(sizeof(*s), session_destroy);
	int err;

	if (!s)
		return ENOMEM;
	s->u = u;
	memcpy(s->id, id, ACCOUNT_ID);
	err = hash_add(&u->all->sessions, hash_bytes(id_of(s)), &s->le);
	if (err) {
		mem_deref(s);
		return err;
	}
	list_append(&u->sessions, &s->of);
	*sp = s;
	return 0;
}

/* The one that was quiet for longest. */
static void make_room(struct user *u)
{
	struct session *old = NULL;

	if (u->sessions.n < ACCOUNT_SESSIONS)
		return;
	LIST_EACH (&u->sessions, k) {
		struct session *s = LINK_OBJ(k, struct session, of);

		if (!old || s->seen_ms < old->seen_ms)
			old = s;
	}
	end(old);
}

int session_add(struct user *u, const struct sa *peer, const char *agent, char cookie[ACCOUNT_COOKIE + 1])
{
	uint8_t b[ACCOUNT_ID], id[ACCOUNT_ID];
	struct session *s;
	int err;

	rand_bytes(b, sizeof(b));
	account_base64url(b, sizeof(b), cookie);
	mem_wipe(b, sizeof(b));
	account_sha256(slice_mem(cookie, ACCOUNT_COOKIE), id);
	make_room(u);
	err = alloc(&s, u, id);
	if (err)
		return err;
	s->since_ms = s->seen_ms = loop_wall_ms(u->all->pbx->loop);
	if (peer)
		s->peer = *peer;
	(void)slice_copy(s->agent, sizeof(s->agent), slice_str(agent));
	for (char *c = s->agent; *c; c++)
		if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f)
			*c = '?';
	put(s, false);
	return 0;
}

struct session *session_find(const struct accounts *a, struct slice cookie)
{
	uint8_t id[ACCOUNT_ID];
	struct hlink *k;

	if (cookie.l != ACCOUNT_COOKIE)
		return NULL;
	account_sha256(cookie, id);
	for (k = hash_first(&a->sessions, hash_bytes(slice_mem(id, sizeof(id)))); k; k = hash_next(k))
		if (account_same(CONTAINER_OF(k, struct session, le)->id, id, sizeof(id)))
			return CONTAINER_OF(k, struct session, le);
	return NULL;
}

/* Made of the cookie, which a page of somebody else's cannot read: nothing more must be kept. */
void session_csrf(struct slice cookie, char csrf[48])
{
	char text[ACCOUNT_COOKIE + 16];
	uint8_t id[ACCOUNT_ID];

	snprintf(text, sizeof(text), "csrf:%.*s", SLICE_FMT(slice_first(cookie, ACCOUNT_COOKIE)));
	account_sha256(slice_str(text), id);
	account_base64url(id, sizeof(id), csrf);
	mem_wipe(text, sizeof(text));
}

bool account_session(struct pbx *p, struct slice cookie, const struct sa *peer, struct principal *who, char csrf[48])
{
	struct session *s = session_find(p->accounts, cookie);
	int64_t now = loop_wall_ms(p->loop);

	if (!s)
		return false;
	if (over(s, now) || !s->u->enabled) {
		end(s);
		return false;
	}
	/* a clock that was set back makes no session older */
	if (now > s->seen_ms)
		s->seen_ms = now;
	if (peer)
		s->peer = *peer;
	if (s->seen_ms - s->stored_ms >= STORE_MS)
		put(s, true);
	account_principal(s->u, who);
	who->session = cookie;
	if (csrf)
		session_csrf(cookie, csrf);
	return true;
}

bool account_session_still(const struct pbx *p, struct slice cookie, struct principal *who)
{
	const struct session *s = session_find(p->accounts, cookie);

	if (!s || over(s, loop_wall_ms(p->loop)) || !s->u->enabled)
		return false;
	account_principal(s->u, who);
	who->session = cookie;
	return true;
}

void account_sign_out(struct pbx *p, struct slice cookie)
{
	struct session *s = session_find(p->accounts, cookie);

	if (s)
		end(s);
}

unsigned session_end_all(struct user *u, const uint8_t *keep)
{
	unsigned n = 0;

	LIST_EACH (&u->sessions, k) {
		struct session *s = LINK_OBJ(k, struct session, of);

		if (keep && account_same(s->id, keep, ACCOUNT_ID))
			continue;
		end(s);
		n++;
	}
	return n;
}

void session_forget_all(struct user *u)
{
	LIST_EACH (&u->sessions, k)
		mem_deref(LINK_OBJ(k, struct session, of));
}

bool session_from(const struct user *u, const struct sa *peer)
{
	int64_t now = loop_wall_ms(u->all->pbx->loop);

	LIST_EACH (&u->sessions, k) {
		const struct session *s = LINK_OBJ(k, struct session, of);

		if (!over(s, now) && sa_isset(&s->peer) && sa_eq_addr(&s->peer, peer))
			return true;
	}
	return false;
}

static int sweep_one(struct hlink *k, void *arg)
{
	struct session *s = CONTAINER_OF(k, struct session, le);

	if (over(s, *(const int64_t *)arg))
		end(s);
	return 0;
}

void session_sweep(struct accounts *a)
{
	int64_t now = loop_wall_ms(a->pbx->loop);

	(void)hash_each(&a->sessions, sweep_one, &now);
}

/* ------------------------------------------------------------------ after a restart */

struct loading {
	struct accounts *a;
	struct buf stale; /* keys of rows that are void */
	int err;
};

static int load_one(struct accounts *a, struct slice key, struct slice val)
{
	uint64_t since, seen;
	struct session *s;
	struct slice m, ip;
	struct user *u;
	char now[MARK * 2];
	int err;

	if (key.l != ACCOUNT_ID || !slice_eqs(slice_cut(&val, ' '), "1") || slice_u64(slice_cut(&val, ' '), &since) ||
	    slice_u64(slice_cut(&val, ' '), &seen))
		return ENOENT;
	m = slice_cut(&val, ' ');
	ip = slice_cut(&val, ' ');
	u = account_user(a->pbx, slice_cut(&val, ' '));
	if (!u || !u->kept || !u->enabled)
		return ENOENT;
	mark(u, now);
	if (!slice_eqs(m, now))
		return ENOENT;
	err = alloc(&s, u, (const uint8_t *)key.p);
	if (err)
		return err;
	s->since_ms = (int64_t)since;
	s->seen_ms = s->stored_ms = (int64_t)seen;
	if (sa_set(&s->peer, ip, 0))
		sa_init(&s->peer);
	(void)slice_copy(s->agent, sizeof(s->agent), val);
	if (!over(s, loop_wall_ms(a->pbx->loop)))
		return 0;
	mem_deref(s);
	return ENOENT;
}

static void load_row(struct slice key, struct slice val, void *arg)
{
	struct loading *ld = arg;
	int err = ld->err ? 0 : load_one(ld->a, key, val);

	if (err == ENOENT && key.l == ACCOUNT_ID)
		buf_slice(&ld->stale, key);
	else if (err && err != ENOENT)
		ld->err = err;
}

int session_load(struct accounts *a)
{
	struct loading ld = {.a = a};
	int err;

	buf_init(&ld.stale);
	err = store_load_state(a->pbx->store, table, load_row, &ld);
	for (size_t i = 0; i + ACCOUNT_ID <= ld.stale.l; i += ACCOUNT_ID)
		store_put(a->pbx->store, table, slice_mem(ld.stale.p + i, ACCOUNT_ID), SLICE_NULL);
	buf_free(&ld.stale);
	return err ? err : ld.err;
}

/* ------------------------------------------------------------------ one's own */

static void shown(const struct session *s, char text[SHOWN + 1])
{
	for (size_t i = 0; i < SHOWN / 2; i++)
		snprintf(text + 2 * i, 3, "%02x", s->id[i]);
}

json_t *account_sessions_json(struct pbx *p, const struct principal *who)
{
	const struct user *u = account_user(p, slice_str(who->name));
	const struct session *own = session_find(p->accounts, who->session);
	int64_t now = loop_wall_ms(p->loop);
	json_t *v = json_array();

	for (struct link *k = v && u ? u->sessions.head : NULL; k; k = k->next) {
		const struct session *s = LINK_OBJ(k, struct session, of);
		char id[SHOWN + 1], ip[SA_STRLEN] = "";

		if (over(s, now))
			continue;
		shown(s, id);
		if (sa_isset(&s->peer))
			(void)sa_ntop(&s->peer, ip);
		json_t *o = json_pack("{s:s, s:I, s:I, s:s, s:s, s:b}", "id", id, "since_ms", (json_int_t)s->since_ms,
				      "seen_ms", (json_int_t)s->seen_ms, "address", ip, "user_agent", s->agent,
				      "current", (int)(s == own));
		if (json_array_append_new(v, o)) {
			json_decref(v);
			return NULL;
		}
	}
	return v;
}

unsigned account_sessions_end(struct pbx *p, const struct principal *who, const char *id)
{
	struct user *u = account_user(p, slice_str(who->name));
	const struct session *own = session_find(p->accounts, who->session);

	if (!u)
		return 0;
	if (!id)
		return session_end_all(u, own ? own->id : NULL);
	LIST_EACH (&u->sessions, k) {
		struct session *s = LINK_OBJ(k, struct session, of);
		char text[SHOWN + 1];

		shown(s, text);
		if (strcmp(text, id))
			continue;
		end(s);
		return 1;
	}
	return 0;
}
