/*
 * account_own.c - one's own password and second factor. Both ask for the password first: a session that somebody else
 * got hold of must not become an account.
 */
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "pbx/account_priv.h"

enum { PENDING_MS = 600 * 1000 };

/** What is going on with somebody's own account. */
struct own {
	struct pbx *pbx;
	char name[ACCOUNT_NAME + 4], author[96];
	char kept[ACCOUNT_KEPT];
	uint8_t session[ACCOUNT_ID];
	bool has_session, has_peer;
	struct sa peer;
	json_t *fields; /* what is written once the password was right */
	const char *text;
	account_done_h *h;
	void *arg;
	struct loop_tail tail;
	int err;
	char why[320];
};

static void own_destroy(void *obj)
{
	struct own *o = obj;

	json_decref(o->fields);
	mem_wipe(o->kept, sizeof(o->kept));
}

static void own_answer(struct own *o, int err, const char *why)
{
	o->h(err, why, o->arg);
	mem_deref(o);
}

static void own_later(void *arg)
{
	struct own *o = arg;

	own_answer(o, o->err, o->why);
}

static void own_fail(struct own *o, int err, const char *why)
{
	o->err = err;
	(void)slice_copy(o->why, sizeof(o->why), slice_str(why));
	o->tail.fn = own_later;
	o->tail.arg = o;
	loop_at_tail(o->pbx->loop, &o->tail);
}

static const struct sa *peer_of(const struct own *o)
{
	return o->has_peer ? &o->peer : NULL;
}

static struct own *own_new(struct pbx *p, const struct principal *who, const struct sa *peer, const char *author,
			   account_done_h *h, void *arg)
{
	struct own *o = mem_zalloc(sizeof(*o), own_destroy);
	const struct session *s = session_find(p->accounts, who->session);

	if (!o) {
		h(ENOMEM, "Memory is out.", arg);
		return NULL;
	}
	o->pbx = p;
	(void)slice_copy(o->name, sizeof(o->name), slice_str(who->name));
	(void)slice_copy(o->author, sizeof(o->author), slice_str(author));
	o->has_session = s != NULL;
	if (s)
		memcpy(o->session, s->id, ACCOUNT_ID);
	o->has_peer = peer && sa_isset(peer);
	if (o->has_peer)
		o->peer = *peer;
	o->h = h;
	o->arg = arg;
	return o;
}

static void changed(int err, const char *why, json_t *row, int64_t id, void *arg)
{
	struct own *o = arg;
	/* ECANCELED: the phone system is gone */
	struct user *u = err == ECANCELED ? NULL : account_user(o->pbx, slice_str(o->name));

	(void)row;
	(void)id;
	if (u)
		u->keep_on = false;
	own_answer(o, err, why);
}

static void change(struct own *o)
{
	struct user *u = account_user(o->pbx, slice_str(o->name));
	struct change_item it = {.op = CHANGE_UPDATE, .r = &pbx_user_resource, .key = o->name, .obj = o->fields};

	if (u && o->has_session) {
		/* this session stays when the others end */
		u->keep_on = true;
		memcpy(u->keep, o->session, ACCOUNT_ID);
	}
	pbx_change(o->pbx, &it, 1, o->author, o->text, changed, o);
}

static void checked(const struct account_work *w, void *arg)
{
	struct own *o = arg;
	struct user *u;

	if (w->err == ECANCELED) {
		own_answer(o, ECANCELED, "The server is stopping.");
		return;
	}
	u = account_user(o->pbx, slice_str(o->name));
	if (w->err || !u || !u->kept || strcmp(u->kept, o->kept)) {
		throttle_failed(o->pbx->accounts, slice_str(o->name), peer_of(o), "wrong password");
		own_answer(o, ERR_AUTH, "The present password is wrong.");
		return;
	}
	throttle_undo(o->pbx->accounts, slice_str(o->name), peer_of(o));
	change(o);
}

/* Go on once the password was right. */
static void with_password(struct own *o, struct slice password)
{
	const struct user *u = account_user(o->pbx, slice_str(o->name));
	uint32_t wait;
	char text[80];
	int err;

	if (!u || !u->kept) {
		own_fail(o, ENOENT, "Only who signs in with a password has one.");
		return;
	}
	wait = throttle_ask(o->pbx->accounts, slice_str(o->name), peer_of(o));
	if (wait) {
		snprintf(text, sizeof(text), "Too many failures. Try again in %u s.", wait);
		own_fail(o, ERR_LIMIT, text);
		return;
	}
	(void)slice_copy(o->kept, sizeof(o->kept), slice_str(u->kept));
	err = account_work(o->pbx->accounts, slice_first(password, ACCOUNT_PASSWORD * 4), o->kept, checked, o);
	if (err) {
		throttle_undo(o->pbx->accounts, slice_str(o->name), peer_of(o));
		own_fail(o, EBUSY, "The system is busy; try again.");
	}
}

void account_password(struct pbx *p, const struct principal *who, struct slice old, struct slice fresh,
		      const struct sa *peer, const char *author, account_done_h *h, void *arg)
{
	struct own *o = own_new(p, who, peer, author, h, arg);
	const char *weak = account_password_weak(slice_str(who->name), fresh);

	if (!o)
		return;
	if (!weak && slice_eq(old, fresh))
		weak = "That is the password you have already.";
	if (!weak && account_is_kept(fresh))
		weak = "Take another password.";
	o->text = "changed their password";
	o->fields = weak ? NULL : json_pack("{s:s%}", "password", fresh.p, fresh.l);
	if (weak || !o->fields)
		own_fail(o, ERR_SYNTAX, weak ? weak : "The password must be text.");
	else
		with_password(o, old);
}

/* ------------------------------------------------------------------ second factor */

int account_totp_begin(struct pbx *p, const struct principal *who, struct buf *uri, struct buf *secret)
{
	struct user *u = account_user(p, slice_str(who->name));
	char text[33];

	if (!u)
		return ENOENT;
	if (u->totp)
		return EEXIST;
	rand_bytes(u->pending, sizeof(u->pending));
	u->pending_until = loop_now_ms(p->loop) + PENDING_MS;
	account_base32(u->pending, text);
	buf_str(secret, text);
	/* names have no characters that a URI would not take, but for '@' */
	buf_str(uri, "otpauth://totp/offhook:");
	for (const char *c = u->name; *c; c++)
		if (*c == '@')
			buf_str(uri, "%40");
		else
			buf_char(uri, *c);
	buf_printf(uri, "?secret=%s&issuer=offhook", text);
	mem_wipe(text, sizeof(text));
	return buf_err(uri) ? buf_err(uri) : buf_err(secret);
}

/* The secret that was shown becomes the one in force. */
static json_t *sealed(struct user *u)
{
	json_t *v = NULL;
	struct buf b;

	buf_init(&b);
	if (!store_seal(u->all->pbx->store, slice_mem(u->pending, sizeof(u->pending)), &b))
		v = json_pack("{s:s%}", "totp", b.p, b.l);
	buf_free(&b);
	return v;
}

void account_totp_confirm(struct pbx *p, const struct principal *who, struct slice code, const struct sa *peer,
			  const char *author, account_done_h *h, void *arg)
{
	struct own *o = own_new(p, who, peer, author, h, arg);
	struct user *u = account_user(p, slice_str(who->name));
	bool pending = u && u->pending_until > loop_now_ms(p->loop);
	uint32_t wait;
	char text[80];

	if (!o)
		return;
	if (!pending) {
		own_fail(o, ERR_STATE, "Nothing waits for a code: begin anew.");
		return;
	}
	wait = throttle_ask(p->accounts, slice_str(o->name), peer_of(o));
	if (wait) {
		snprintf(text, sizeof(text), "Too many failures. Try again in %u s.", wait);
		own_fail(o, ERR_LIMIT, text);
	} else if (!totp_confirms(u, code)) {
		throttle_failed(p->accounts, slice_str(o->name), peer_of(o), "wrong code");
		own_fail(o, ERR_AUTH,
			 "That is not the code of this moment. Look whether the clocks of phone and server are right.");
	} else {
		throttle_undo(p->accounts, slice_str(o->name), peer_of(o));
		o->text = "switched their second factor on";
		o->fields = sealed(u);
		mem_wipe(u->pending, sizeof(u->pending));
		u->pending_until = 0;
		if (o->fields)
			change(o);
		else
			own_fail(o, ENOMEM, "Memory is out.");
	}
}

void account_totp_off(struct pbx *p, const struct principal *who, struct slice password, const struct sa *peer,
		      const char *author, account_done_h *h, void *arg)
{
	struct own *o = own_new(p, who, peer, author, h, arg);

	if (!o)
		return;
	o->text = "switched their second factor off";
	o->fields = json_pack("{s:n}", "totp");
	if (o->fields)
		with_password(o, password);
	else
		own_fail(o, ENOMEM, "Memory is out.");
}
