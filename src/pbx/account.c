/*
 * account.c - people who may use page and API: the table of users, and what it says kept in memory.
 */
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "pbx/account_priv.h"

static const struct field fields[] = {
	{"name", FIELD_TEXT, FIELD_KEY | FIELD_REQUIRED, 2, ACCOUNT_NAME, NULL, NULL, "a-z0-9._@-",
	 "What they sign in with: small letters, digits and . _ @ -"},
	{"display_name", FIELD_TEXT, FIELD_NAME, 0, 80, "", NULL, NULL, "Their name as others know it."},
	{"role", FIELD_ENUM, 0, 0, 0, "user", "user read_only manager administrator", NULL,
	 "What they may do. user: their own page; read_only: see everything but passwords; manager: also extensions, "
	 "conferences, numbers, routes and calls; administrator: everything."},
	{"extension", FIELD_TEXT, 0, 0, 15, "", NULL, "0-9",
	 "Their extension: its phones, calls and recordings are on their own page.", .ref = "extension"},
	{"language", FIELD_ENUM, 0, 0, 0, "auto", "auto en zh", NULL,
	 "Language of the page: auto (as the browser says), en, zh."},
	{"enabled", FIELD_BOOL, 0, 0, 1, "true", NULL, NULL, "Off: they cannot sign in, and sessions end."},
	{"may_listen", FIELD_BOOL, 0, 0, 1, "false", NULL, NULL,
	 "On: they may hear recordings of their own extension's calls."},
	{"password", FIELD_PASSWORD, 0, 10, ACCOUNT_PASSWORD, NULL, NULL, NULL,
	 "Password for the page, at least 10 characters; without one they cannot sign in.", .group = "Sign-in"},
	{"totp", FIELD_PASSWORD, FIELD_SYSTEM, 1, 200, NULL, NULL, NULL,
	 "Second factor, which they switch on themselves; empty it when they have lost it."},
	{"created", FIELD_TIME, FIELD_READONLY, 0, 0, "create", NULL, NULL, "When they were added."},
};
const struct resource pbx_user_resource = {
	"user", "users", "Somebody who may sign in to the page.", fields, ARRAY_LEN(fields), "User", "Users",
};

static void user_destroy(void *obj)
{
	struct user *u = obj;

	session_forget_all(u);
	mem_deref(u->kept);
	mem_deref(u->totp);
	mem_wipe(u->pending, sizeof(u->pending));
}

struct user *account_user(const struct pbx *p, struct slice name)
{
	const struct accounts *a = p->accounts;
	struct hlink *k;

	for (k = hash_first(&a->users, hash_ibytes(name)); k; k = hash_next(k))
		if (slice_ieqs(name, CONTAINER_OF(k, struct user, le)->name))
			return CONTAINER_OF(k, struct user, le);
	return NULL;
}

bool account_is_admin(enum role role, bool enabled, bool password)
{
	return role == ROLE_ADMIN && enabled && password;
}

void account_principal(const struct user *u, struct principal *who)
{
	memset(who, 0, sizeof(*who));
	(void)slice_copy(who->name, sizeof(who->name), slice_str(u->name));
	(void)slice_copy(who->extension, sizeof(who->extension), slice_str(u->extension));
	who->role = u->role;
	who->scopes = SCOPE_ALL;
}

/* ------------------------------------------------------------------ rows */

static int add(struct accounts *a, struct user **up, const char *name)
{
	struct user *u = mem_zalloc(sizeof(*u), user_destroy);
	int err = u ? 0 : ENOMEM;

	if (!err && !slice_copy(u->name, sizeof(u->name), slice_str(name)))
		err = ERR_SYNTAX;
	if (!err)
		err = hash_add(&a->users, hash_ibytes(slice_str(u->name)), &u->le);
	if (err) {
		mem_deref(u);
		return err;
	}
	u->all = a;
	*up = u;
	return 0;
}

static bool counts(const struct user *u)
{
	return account_is_admin(u->role, u->enabled, u->kept != NULL);
}

static void drop(struct user *u)
{
	u->all->admins -= counts(u);
	(void)session_end_all(u, NULL);
	hash_del(&u->all->users, &u->le);
	mem_deref(u);
}

static const char *text(const json_t *row, const char *name)
{
	const char *s = json_string_value(json_object_get(row, name));

	return s ? s : "";
}

static int take_kept(char **dst, const char *s)
{
	char *t = NULL;
	int err = *s ? mem_strdup(&t, s) : 0;

	if (err)
		return err;
	mem_deref(*dst);
	*dst = t;
	return 0;
}

static int take(struct user *u, const json_t *row)
{
	bool other = strcmp(u->kept ? u->kept : "", text(row, "password")) != 0;
	enum role role = role_read(slice_str(text(row, "role")));
	int err;

	u->all->admins -= counts(u);
	(void)slice_copy(u->display, sizeof(u->display), slice_str(text(row, "display_name")));
	(void)slice_copy(u->extension, sizeof(u->extension), slice_str(text(row, "extension")));
	(void)slice_copy(u->language, sizeof(u->language), slice_str(text(row, "language")));
	u->role = role == ROLE_NONE ? ROLE_USER : role;
	u->enabled = !json_is_false(json_object_get(row, "enabled"));
	u->may_listen = json_is_true(json_object_get(row, "may_listen"));
	err = take_kept(&u->totp, text(row, "totp"));
	if (!err)
		err = take_kept(&u->kept, text(row, "password"));
	u->all->admins += counts(u);
	/* who knew the old password knows nothing any more */
	if (!u->enabled || !u->kept || other)
		(void)session_end_all(u, u->enabled && u->kept && u->keep_on ? u->keep : NULL);
	if (other)
		throttle_clear(u->all, slice_str(u->name));
	return err;
}

bool account_apply(const struct change_item *it, const json_t *row, struct pbx *p)
{
	struct user *u;
	int err = 0;

	if (it->r == &pbx_token_resource)
		account_token_apply(p->accounts, it->key, row);
	if (it->r != &pbx_user_resource)
		return it->r == &pbx_token_resource;
	u = account_user(p, slice_str(it->key));
	if (!row) {
		if (u)
			drop(u);
		return true;
	}
	if (!u)
		err = add(p->accounts, &u, it->key);
	if (!err)
		err = take(u, row);
	if (err)
		log_error("pbx", "user %s was saved, but this process could not take it over (%s); restart to use it",
			  it->key, err_str(err));
	return true;
}

/* ------------------------------------------------------------------ loading */

struct loading {
	struct accounts *a;
	const struct resource *r;
	int err;
};

/* A row as the store hands it over, in the form of a committed one. */
json_t *account_row(const struct resource *r, const char *const *col, const size_t *len)
{
	json_t *row = json_object();

	for (size_t i = 0; row && i < r->nfield; i++) {
		const struct field *f = &r->field[i];
		json_t *v;

		if (!col[i])
			continue;
		if (f->type == FIELD_BOOL)
			v = json_boolean(!strcmp(col[i], "1"));
		else if (f->type == FIELD_TIME || f->type == FIELD_INT)
			v = json_integer(atoll(col[i]));
		else
			v = json_stringn(col[i], len[i]);
		if (json_object_set_new(row, f->name, v)) {
			json_decref(row);
			return NULL;
		}
	}
	return row;
}

static void load_row(const char *const *col, const size_t *len, void *arg)
{
	struct loading *ld = arg;
	json_t *row = ld->err ? NULL : account_row(&pbx_user_resource, col, len);
	struct user *u = NULL;

	if (ld->err)
		return;
	ld->err = row ? add(ld->a, &u, text(row, "name")) : ENOMEM;
	if (!ld->err)
		ld->err = take(u, row);
	json_decref(row);
}

static void sweep(void *arg)
{
	struct accounts *a = arg;

	session_sweep(a);
	timer_start(&a->sweep, a->pbx->loop, 600 * 1000, sweep, a);
}

int account_load(struct pbx *p)
{
	struct accounts *a = mem_zalloc(sizeof(*a), NULL);
	struct loading ld = {.a = a};
	int err;

	if (!a)
		return ENOMEM;
	p->accounts = a;
	a->pbx = p;
	a->cost = ACCOUNT_COST;
	hash_init(&a->users);
	hash_init(&a->tokens);
	hash_init(&a->token_ids);
	hash_init(&a->sessions);
	err = crypto_alloc(&a->crypto, p->loop, 1);
	if (!err)
		err = store_load(p->store, &pbx_user_resource, load_row, &ld);
	if (!err)
		err = ld.err;
	if (!err)
		err = account_token_load(a);
	if (!err)
		err = session_load(a);
	if (!err)
		err = totp_load(a);
	if (!err)
		timer_start(&a->sweep, p->loop, 600 * 1000, sweep, a);
	return err;
}

static int forget(struct hlink *k, void *arg)
{
	struct accounts *a = arg;
	struct user *u = CONTAINER_OF(k, struct user, le);

	hash_del(&a->users, k);
	mem_deref(u);
	return 0;
}

void account_flush(struct pbx *p)
{
	struct accounts *a = p->accounts;

	if (!a)
		return;
	timer_stop(&a->sweep);
	LIST_EACH (&a->work, k) {
		LINK_OBJ(k, struct account_work, le)->all = NULL;
		list_unlink(k);
	}
	mem_deref(a->crypto);
	(void)hash_each(&a->users, forget, a);
	account_token_flush(a);
	hash_free(&a->users);
	hash_free(&a->sessions);
	if (a->setup)
		mem_wipe(a->setup, strlen(a->setup));
	mem_deref(a->setup);
	p->accounts = mem_deref(a);
}

/* ------------------------------------------------------------------ views */

json_t *account_json(struct pbx *p, const char *name)
{
	const struct user *u = account_user(p, slice_str(name));

	return u ? json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:b}", "name", u->name, "display_name", u->display, "role",
			     role_name(u->role), "extension", u->extension, "language", u->language, "may_listen",
			     (int)u->may_listen, "totp", (int)(u->totp != NULL))
		 : NULL;
}

bool account_may_listen(const struct pbx *p, const char *name)
{
	const struct user *u = account_user(p, slice_str(name));

	return u && u->may_listen;
}
