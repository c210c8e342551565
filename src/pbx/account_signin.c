/*
 * account_signin.c - signing in by name and password, and the first start, when nobody can yet.
 *
 * Who guesses learns nothing: the same work is done for a user that does not exist, and the answer is the same.
 */
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "loop/guard.h"
#include "pbx/account_priv.h"
#include "pbx/security.h"

enum { SETUP_CHARS = 32, BUSY_S = 2 };

struct attempt {
	struct pbx *pbx;
	char name[ACCOUNT_NAME * 4 + 1], kept[ACCOUNT_KEPT], code[12], agent[100];
	struct sa peer;
	bool has_peer;
	struct signin_result r;
	char cookie[ACCOUNT_COOKIE + 1], csrf[48];
	signin_h *h;
	void *arg;
	struct loop_tail tail;
};

static void attempt_destroy(void *obj)
{
	struct attempt *t = obj;

	mem_wipe(t->kept, sizeof(t->kept));
	mem_wipe(t->cookie, sizeof(t->cookie));
	mem_wipe(t->csrf, sizeof(t->csrf));
}

static const struct sa *peer_of(const struct attempt *t)
{
	return t->has_peer ? &t->peer : NULL;
}

static void answer(struct attempt *t, enum signin what)
{
	t->r.what = what;
	t->h(&t->r, t->arg);
	mem_deref(t);
}

static void later(void *arg)
{
	struct attempt *t = arg;

	answer(t, t->r.what);
}

/* Not within the call. */
static void answer_soon(struct attempt *t, enum signin what, uint32_t retry_s)
{
	t->r.what = what;
	t->r.retry_s = retry_s;
	t->tail.fn = later;
	t->tail.arg = t;
	loop_at_tail(t->pbx->loop, &t->tail);
}

/* A session for somebody who may; false: memory is out. */
static bool let_in(struct attempt *t, struct user *u)
{
	char ip[SA_STRLEN];

	if (session_add(u, peer_of(t), t->agent, t->cookie))
		return false;
	session_csrf(slice_str(t->cookie), t->csrf);
	account_principal(u, &t->r.who);
	t->r.who.session = slice_str(t->cookie);
	t->r.session = t->cookie;
	t->r.csrf = t->csrf;
	log_info("pbx", "%s signed in from %s", u->name, t->has_peer ? sa_ntop(&t->peer, ip) : "this machine");
	return true;
}

static void wrong(struct attempt *t, enum signin what)
{
	throttle_failed(t->pbx->accounts, slice_str(t->name), peer_of(t),
			what == SIGNIN_CODE ? "wrong code" : "wrong password");
	answer(t, what);
}

static void checked(const struct account_work *w, void *arg)
{
	struct attempt *t = arg;
	struct user *u;

	if (w->err == ECANCELED) {
		answer(t, SIGNIN_LATER);
		return;
	}
	u = account_user(t->pbx, slice_str(t->name));
	/* it may have changed meanwhile */
	if (w->err || !u || !u->enabled || !u->kept || strcmp(u->kept, t->kept)) {
		wrong(t, SIGNIN_WRONG);
		return;
	}
	if (u->totp && !*t->code) {
		throttle_undo(t->pbx->accounts, slice_str(t->name), peer_of(t));
		answer(t, SIGNIN_CODE);
	} else if (u->totp && !totp_take(u, slice_str(t->code))) {
		wrong(t, SIGNIN_CODE);
	} else if (let_in(t, u)) {
		throttle_good(t->pbx->accounts, slice_str(t->name), peer_of(t));
		answer(t, SIGNIN_OK);
	} else {
		t->r.retry_s = BUSY_S;
		answer(t, SIGNIN_LATER);
	}
}

/* What nobody's password is kept as: of the same cost. */
static void nobody(const struct accounts *a, char kept[ACCOUNT_KEPT])
{
	char zero[64];

	memset(zero, 'A', sizeof(zero));
	snprintf(kept, ACCOUNT_KEPT, "$scrypt$ln=%u,r=8,p=1$%.22s$%.43s", a->cost, zero, zero);
}

static struct attempt *attempt_new(struct pbx *p, struct slice name, const struct sa *peer, const char *user_agent)
{
	struct attempt *t = mem_zalloc(sizeof(*t), attempt_destroy);

	if (!t)
		return NULL;
	t->pbx = p;
	(void)slice_copy(t->name, sizeof(t->name), name);
	(void)slice_copy(t->agent, sizeof(t->agent), slice_str(user_agent));
	t->has_peer = peer && sa_isset(peer);
	if (t->has_peer)
		t->peer = *peer;
	return t;
}

void account_sign_in(struct pbx *p, struct slice name, struct slice password, struct slice code, const struct sa *peer,
		     const char *user_agent, signin_h *h, void *arg)
{
	struct attempt *t = attempt_new(p, slice_trim(name), peer, user_agent);
	struct guard *g = security_guard(p);
	struct user *u;
	uint32_t wait;
	char guarded[ACCOUNT_NAME * 4 + 8];
	int err;

	if (!t) {
		h(&(struct signin_result){.what = SIGNIN_LATER, .retry_s = BUSY_S}, arg);
		return;
	}
	t->h = h;
	t->arg = arg;
	snprintf(guarded, sizeof(guarded), "page:%s", t->name);
	wait = throttle_ask(p->accounts, slice_str(t->name), peer_of(t));
	if (!wait && g && t->has_peer && !guard_user_ok(g, &t->peer, slice_str(guarded)))
		wait = 60;
	if (wait) {
		answer_soon(t, SIGNIN_LATER, wait);
		return;
	}
	/* "123 456", as the apps show it; what is longer is no code, and must not become one by cutting */
	for (size_t i = 0, o = 0; i < code.l && o + 1 < sizeof(t->code); i++)
		if (code.p[i] != ' ')
			t->code[o++] = code.p[i];
	u = account_user(p, slice_str(t->name));
	if (u && u->kept)
		(void)slice_copy(t->kept, sizeof(t->kept), slice_str(u->kept));
	else
		nobody(p->accounts, t->kept);
	err = account_work(p->accounts, slice_first(password, ACCOUNT_PASSWORD * 4), t->kept, checked, t);
	if (err) {
		throttle_undo(p->accounts, slice_str(t->name), peer_of(t));
		answer_soon(t, SIGNIN_LATER, BUSY_S);
	}
}

/* ------------------------------------------------------------------ first start */

static const char setting[] = "setup_token";

/* Kept sealed, so that the link stays the same over restarts until it is used. */
static int setup_load(struct accounts *a)
{
	const char *sealed = store_setting(a->pbx->store, setting);
	char text[SETUP_CHARS + 1], *kept = NULL;
	struct buf b;
	int err = ENOENT;

	buf_init(&b);
	if (sealed && *sealed && !store_unseal(a->pbx->store, slice_str(sealed), &b) && b.l == SETUP_CHARS)
		err = buf_strdup(&b, &a->setup);
	if (err == ENOENT) {
		buf_reset(&b);
		err = store_seal(a->pbx->store, slice_str(rand_text(text, SETUP_CHARS)), &b);
		if (!err)
			err = buf_strdup(&b, &kept);
		if (!err)
			err = store_setting_init(a->pbx->store, setting, kept);
		if (!err)
			err = mem_strdup(&a->setup, text);
		mem_wipe(text, sizeof(text));
		mem_deref(kept);
	}
	if (b.p)
		mem_wipe(b.p, b.cap);
	buf_free(&b);
	return err;
}

const char *account_setup_token(struct pbx *p)
{
	struct accounts *a = p->accounts;
	int err;

	if (a->admins) {
		if (store_setting(p->store, setting) && *store_setting(p->store, setting) &&
		    store_setting_init(p->store, setting, ""))
			log_warn("pbx", "the setup token, of no use any more, could not be removed");
		return NULL;
	}
	err = a->setup ? 0 : setup_load(a);
	if (err)
		log_error("pbx", "no link for the first administrator: %s", err_str(err));
	return err ? NULL : a->setup;
}

bool account_setup_needed(const struct pbx *p)
{
	return p->accounts->admins == 0;
}

struct setup {
	struct attempt *t;
	void (*h)(int err, const char *why, const struct signin_result *r, void *arg);
	void *arg;
	struct loop_tail tail;
	int err;
	char why[320];
	struct loop *loop;
};

static void setup_fail_now(void *arg)
{
	struct setup *s = arg;

	s->h(s->err, s->why, NULL, s->arg);
	mem_deref(s->t);
	mem_deref(s);
}

static void setup_fail(struct setup *s, int err, const char *why)
{
	s->err = err;
	(void)slice_copy(s->why, sizeof(s->why), slice_str(why));
	s->tail.fn = setup_fail_now;
	s->tail.arg = s;
	loop_at_tail(s->loop, &s->tail);
}

static void setup_done(int err, const char *why, json_t *row, int64_t id, void *arg)
{
	struct setup *s = arg;
	struct attempt *t = s->t;
	struct accounts *a;
	struct user *u;

	(void)row;
	(void)id;
	if (err == ECANCELED) {
		/* the phone system is gone */
		s->h(err, why, NULL, s->arg);
		mem_deref(t);
		mem_deref(s);
		return;
	}
	a = t->pbx->accounts;
	u = account_user(t->pbx, slice_str(t->name));
	a->setting_up = false;
	if (!err && a->setup) {
		mem_wipe(a->setup, strlen(a->setup));
		a->setup = mem_deref(a->setup);
	}
	if (!err && (!u || !let_in(t, u)))
		err = ENOMEM;
	if (err) {
		setup_fail(s, err, err == ENOMEM ? "Memory is out; try to sign in." : why);
		return;
	}
	throttle_good(a, SLICE("setup"), peer_of(t));
	s->h(0, "", &t->r, s->arg);
	mem_deref(t);
	mem_deref(s);
}

static bool setup_token_is(const struct accounts *a, struct slice token)
{
	uint8_t x[ACCOUNT_ID], y[ACCOUNT_ID];

	account_sha256(token, x);
	account_sha256(slice_str(a->setup), y);
	return a->setup && account_same(x, y, sizeof(x));
}

/* ERR_LIMIT, ERR_AUTH with a sentence, or 0: this is whom the link was printed for. */
static int setup_may(struct accounts *a, struct slice token, const struct sa *peer, struct buf *why)
{
	uint32_t wait;

	if (a->admins || a->setting_up) {
		buf_str(why, "There is an administrator already: sign in with that name and password.");
		return ERR_AUTH;
	}
	wait = throttle_ask(a, SLICE("setup"), peer);
	if (wait) {
		buf_printf(why, "Too many wrong links. Try again in %u s.", wait);
		return ERR_LIMIT;
	}
	if (setup_token_is(a, token))
		return 0;
	throttle_failed(a, SLICE("setup"), peer, "wrong setup token");
	buf_str(why, "This link is not the one that the server has printed. Open that one; it ends in #TOKEN.");
	return ERR_AUTH;
}

void account_setup(struct pbx *p, struct slice token, struct slice name, struct slice password, const struct sa *peer,
		   const char *user_agent,
		   void (*h)(int err, const char *why, const struct signin_result *r, void *arg), void *arg)
{
	struct setup *s = mem_zalloc(sizeof(*s), NULL);
	struct attempt *t = s ? attempt_new(p, slice_trim(name), peer, user_agent) : NULL;
	json_t *obj = t ? json_pack("{s:s, s:s%, s:s}", "name", t->name, "password", password.p ? password.p : "",
				    password.l, "role", role_name(ROLE_ADMIN))
			: NULL;
	struct buf why;
	char text[320];
	int err;

	if (!t) {
		mem_deref(s);
		h(ENOMEM, "Memory is out.", NULL, arg);
		return;
	}
	*s = (struct setup){.t = t, .h = h, .arg = arg, .loop = p->loop};
	buf_init_fixed(&why, text, sizeof(text) - 1);
	err = setup_may(p->accounts, token, peer_of(t), &why);
	if (!err) {
		/* it is the right one: what is wrong with name or password is no guess at it */
		throttle_undo(p->accounts, SLICE("setup"), peer_of(t));
		err = obj ? resource_check(&pbx_user_resource, obj, true, NULL, &why) : ERR_SYNTAX;
		if (!obj)
			buf_str(&why, "Name and password must be text.");
	}
	text[why.l] = '\0';
	if (err) {
		setup_fail(s, err, text);
	} else {
		struct change_item it = {.op = CHANGE_CREATE, .r = &pbx_user_resource, .key = t->name, .obj = obj};

		p->accounts->setting_up = true;
		pbx_change(p, &it, 1, "setup", "first start: the first administrator", setup_done, s);
	}
	json_decref(obj);
}
