/*
 * account_token.c - tokens: programs that may use the API. A token is random, so its SHA-256 is all that is kept.
 */
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "pbx/account_priv.h"

enum { STORE_MS = 60000 };

static const struct field fields[] = {
	{"name", FIELD_TEXT, FIELD_KEY | FIELD_REQUIRED, 1, 50, NULL, NULL, "A-Za-z0-9._@-",
	 "What it is for: prometheus, crm."},
	{"role", FIELD_ENUM, 0, 0, 0, "read_only", "read_only manager administrator", NULL,
	 "What it may do at most, as with users."},
	{"scopes", FIELD_TEXT, 0, 0, 60, "", NULL, "a-z, ",
	 "Of that, only: read, write (configuration), calls, records, metrics. Empty: all."},
	{"expires_ms", FIELD_TIME, 0, 0, 0, NULL, NULL, NULL, "When it ends, in ms since 1970; empty: never."},
	{"enabled", FIELD_BOOL, 0, 0, 1, "true", NULL, NULL, "Off: it is refused."},
	{"token", FIELD_PASSWORD, FIELD_GENERATED | FIELD_SYSTEM, 1, 120, NULL, NULL, NULL,
	 "Made by the system and shown once, when the token is added."},
	{"created", FIELD_TIME, FIELD_READONLY, 0, 0, "create", NULL, NULL, "When it was added."},
};
const struct resource pbx_token_resource = {
	"token", "tokens", "A program that may use the API.", fields, ARRAY_LEN(fields), "Token", "Tokens",
};

static const struct {
	const char *name;
	uint32_t scope;
} scopes[] = {{"read", SCOPE_READ},
	      {"write", SCOPE_WRITE},
	      {"calls", SCOPE_CALLS},
	      {"records", SCOPE_RECORDS},
	      {"metrics", SCOPE_METRICS}};

int account_scopes(struct slice list, uint32_t *bits, struct slice *bad)
{
	uint32_t v = 0;

	while (slice_isset(list)) {
		size_t n = 0, i;

		while (n < list.l && list.p[n] != ' ' && list.p[n] != ',')
			n++;
		struct slice one = slice_first(list, n);
		list = slice_from(list, n + 1);
		for (i = 0; one.l && i < ARRAY_LEN(scopes) && !slice_eqs(one, scopes[i].name); i++)
			;
		if (one.l && i == ARRAY_LEN(scopes)) {
			*bad = one;
			return ERR_SYNTAX;
		}
		if (one.l)
			v |= scopes[i].scope;
	}
	*bits = v ? v : SCOPE_ALL;
	return 0;
}

static struct token *find(const struct accounts *a, struct slice name)
{
	struct hlink *k;

	for (k = hash_first(&a->tokens, hash_bytes(name)); k; k = hash_next(k))
		if (slice_eqs(name, CONTAINER_OF(k, struct token, le)->name))
			return CONTAINER_OF(k, struct token, le);
	return NULL;
}

static void drop(struct accounts *a, struct token *t)
{
	hash_del(&a->tokens, &t->le);
	hash_del(&a->token_ids, &t->by_id);
	mem_deref(t);
}

static int add(struct accounts *a, struct token **tp, const char *name)
{
	struct token *t = mem_zalloc(sizeof(*t), NULL);
	int err = t ? 0 : ENOMEM;

	if (!err && !slice_copy(t->name, sizeof(t->name), slice_str(name)))
		err = ERR_SYNTAX;
	if (!err)
		err = hash_add(&a->tokens, hash_bytes(slice_str(t->name)), &t->le);
	if (err)
		mem_deref(t);
	else
		*tp = t;
	return err;
}

static const char *text(const json_t *row, const char *name)
{
	const char *s = json_string_value(json_object_get(row, name));

	return s ? s : "";
}

static int take(struct accounts *a, struct token *t, const json_t *row)
{
	const json_t *ends = json_object_get(row, "expires_ms");
	struct slice bad;

	t->role = role_read(slice_str(text(row, "role")));
	if (account_scopes(slice_str(text(row, "scopes")), &t->scopes, &bad))
		t->scopes = 0;
	t->enabled = !json_is_false(json_object_get(row, "enabled"));
	t->expires_ms = json_integer_value(ends);
	hash_del(&a->token_ids, &t->by_id);
	t->has_id = account_is_kept_token(slice_str(text(row, "token")), t->id);
	return t->has_id ? hash_add(&a->token_ids, hash_bytes(slice_mem(t->id, ACCOUNT_ID)), &t->by_id) : 0;
}

void account_token_apply(struct accounts *a, const char *key, const json_t *row)
{
	struct token *t = find(a, slice_str(key));
	int err = 0;

	if (!row) {
		if (t)
			drop(a, t);
		store_put(a->pbx->store, "tokens", slice_str(key), SLICE_NULL);
		return;
	}
	if (!t)
		err = add(a, &t, key);
	if (!err)
		err = take(a, t, row);
	if (err)
		log_error("pbx", "token %s was saved, but this process could not take it over (%s); restart to use it",
			  key, err_str(err));
}

struct loading {
	struct accounts *a;
	int err;
};

static void load_row(const char *const *col, const size_t *len, void *arg)
{
	struct loading *ld = arg;
	json_t *row = ld->err ? NULL : account_row(&pbx_token_resource, col, len);
	struct token *t;

	if (ld->err)
		return;
	ld->err = row ? add(ld->a, &t, text(row, "name")) : ENOMEM;
	if (!ld->err)
		ld->err = take(ld->a, t, row);
	json_decref(row);
}

/* "ms address" */
static void load_use(struct slice key, struct slice val, void *arg)
{
	struct accounts *a = arg;
	struct token *t = find(a, key);
	uint64_t ms;

	if (!t || slice_u64(slice_cut(&val, ' '), &ms) || ms > INT64_MAX)
		return;
	t->used_ms = t->stored_ms = (int64_t)ms;
	if (val.l && sa_set(&t->from, val, 0))
		sa_init(&t->from);
}

int account_token_load(struct accounts *a)
{
	struct loading ld = {.a = a};
	int err = store_load(a->pbx->store, &pbx_token_resource, load_row, &ld);

	if (!err)
		err = ld.err;
	return err ? err : store_load_state(a->pbx->store, "tokens", load_use, a);
}

static int forget(struct hlink *k, void *arg)
{
	drop(arg, CONTAINER_OF(k, struct token, le));
	return 0;
}

void account_token_flush(struct accounts *a)
{
	(void)hash_each(&a->tokens, forget, a);
	hash_free(&a->tokens);
	hash_free(&a->token_ids);
}

/* ------------------------------------------------------------------ use */

static void used(struct accounts *a, struct token *t, const struct sa *peer)
{
	char val[32 + SA_STRLEN], ip[SA_STRLEN] = "";

	t->used_ms = loop_wall_ms(a->pbx->loop);
	if (peer)
		t->from = *peer;
	if (t->used_ms - t->stored_ms < STORE_MS)
		return;
	t->stored_ms = t->used_ms;
	if (sa_isset(&t->from))
		(void)sa_ntop(&t->from, ip);
	snprintf(val, sizeof(val), "%lld %s", (long long)t->used_ms, ip);
	store_put_lazy(a->pbx->store, "tokens", slice_str(t->name), slice_str(val));
}

bool account_token(struct pbx *p, struct slice bearer, const struct sa *peer, struct principal *who)
{
	struct accounts *a = p->accounts;
	uint8_t id[ACCOUNT_ID];
	struct hlink *k;

	account_sha256(bearer, id);
	for (k = hash_first(&a->token_ids, hash_bytes(slice_mem(id, sizeof(id)))); k; k = hash_next(k)) {
		struct token *t = CONTAINER_OF(k, struct token, by_id);

		if (!account_same(t->id, id, sizeof(id)))
			continue;
		if (!t->enabled || (t->expires_ms && t->expires_ms <= loop_wall_ms(p->loop)))
			return false;
		memset(who, 0, sizeof(*who));
		snprintf(who->name, sizeof(who->name), "token %s", t->name);
		who->role = t->role;
		who->scopes = t->scopes;
		used(a, t, peer);
		return true;
	}
	throttle_failed(a, SLICE_NULL, peer, "wrong token");
	return false;
}

static int use_json(struct hlink *k, void *arg)
{
	const struct token *t = CONTAINER_OF(k, struct token, le);
	char ip[SA_STRLEN] = "";

	if (sa_isset(&t->from))
		(void)sa_ntop(&t->from, ip);
	return json_array_append_new(arg,
				     json_pack("{s:s, s:o, s:s}", "name", t->name, "last_used_ms",
					       t->used_ms ? json_integer(t->used_ms) : json_null(), "last_address", ip))
		       ? ENOMEM
		       : 0;
}

json_t *account_tokens_json(const struct pbx *p)
{
	json_t *v = json_array();

	if (v && hash_each(&p->accounts->tokens, use_json, v)) {
		json_decref(v);
		v = NULL;
	}
	return v;
}
