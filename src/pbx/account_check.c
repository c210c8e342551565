/*
 * account_check.c - what the tables of users and tokens cannot say: weak passwords, unknown scopes, and that there is
 * always an administrator.
 */
#include <string.h>
#include "base/mem.h"
#include "pbx/account_priv.h"

static int refuse(struct buf *why, const char *text)
{
	buf_str(why, text);
	return ERR_SYNTAX;
}

static int check_totp(struct pbx *p, const json_t *v, const char *name, struct buf *why)
{
	struct buf plain;
	int err;

	if (!json_is_string(v))
		return 0;
	buf_init(&plain);
	err = store_unseal(p->store, slice_mem(json_string_value(v), json_string_length(v)), &plain);
	if (!err && plain.l != ACCOUNT_TOTP)
		err = ERR_AUTH;
	if (plain.p)
		mem_wipe(plain.p, plain.cap);
	buf_free(&plain);
	if (err == ERR_AUTH)
		buf_printf(why,
			   "The second factor (\"totp\") of %s is of another system, or made up. Leave it out: it can "
			   "only be switched on by the user.",
			   name);
	return err == ERR_AUTH ? ERR_SYNTAX : err;
}

static int check_user(struct pbx *p, const struct change_item *it, struct buf *why)
{
	const json_t *v = json_object_get(it->obj, "password");
	struct slice password = slice_mem(json_string_value(v), json_is_string(v) ? json_string_length(v) : 0);
	const char *weak = NULL;

	/* what is read back from an export is kept already */
	if (json_is_string(v) && !account_is_kept(password))
		weak = account_password_weak(slice_str(it->key), password);
	return weak ? refuse(why, weak) : check_totp(p, json_object_get(it->obj, "totp"), it->key, why);
}

static int check_token(const struct change_item *it, struct buf *why)
{
	const json_t *v = json_object_get(it->obj, "token"), *list = json_object_get(it->obj, "scopes");
	uint8_t id[ACCOUNT_ID];
	struct slice bad;
	uint32_t bits;

	if (json_is_string(v) && !account_is_kept_token(slice_mem(json_string_value(v), json_string_length(v)), id))
		return refuse(why, "Tokens are made by the system: leave \"token\" out.");
	if (json_is_string(list) && account_scopes(slice_str(json_string_value(list)), &bits, &bad)) {
		buf_printf(why, "\"%.*s\" is no scope. There are read, write, calls, records, metrics.",
			   SLICE_FMT(bad));
		return ERR_SYNTAX;
	}
	return 0;
}

/* ------------------------------------------------------------------ the last administrator */

static bool was(const struct user *u)
{
	return u && account_is_admin(u->role, u->enabled, u->kept != NULL);
}

/* Will it be one? */
static bool will(const struct user *u, const struct change_item *it)
{
	const json_t *role = json_object_get(it->obj, "role"), *enabled = json_object_get(it->obj, "enabled"),
		     *password = json_object_get(it->obj, "password");
	enum role r = u ? u->role : ROLE_USER;
	bool on = u ? u->enabled : true, has = u && u->kept;

	if (it->op == CHANGE_DELETE)
		return false;
	if (role)
		r = role_read(slice_str(json_string_value(role)));
	if (enabled)
		on = json_is_true(enabled);
	if (json_is_string(password))
		has = true;
	else if (json_is_null(password))
		has = false;
	return account_is_admin(r, on, has);
}

int account_delta(const struct pbx *p, const struct change_item *item, size_t n)
{
	int d = 0;

	for (size_t i = 0; i < n; i++) {
		const struct user *u;

		if (item[i].r != &pbx_user_resource)
			continue;
		u = account_user(p, slice_str(item[i].key));
		d += (int)will(u, &item[i]) - (int)was(u);
	}
	return d;
}

int account_may_go(const struct pbx *p, int delta, struct buf *why)
{
	const struct accounts *a = p->accounts;
	size_t gone = delta < 0 ? (size_t)-delta : 0;

	if (!gone || gone + a->leaving < a->admins)
		return 0;
	if (gone < a->admins) {
		buf_str(why, "Another change of administrators is being written; try again.");
		return EBUSY;
	}
	buf_str(why, "That would leave nobody who may administer the system. Make another administrator first.");
	return ERR_STATE;
}

int account_check(struct pbx *p, const struct change_item *item, size_t n, struct buf *why)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		if (item[i].op == CHANGE_DELETE)
			continue;
		if (item[i].r == &pbx_user_resource)
			err = check_user(p, &item[i], why);
		else if (item[i].r == &pbx_token_resource)
			err = check_token(&item[i], why);
	}
	return err ? err : account_may_go(p, account_delta(p, item, n), why);
}
