/*
 * account_test.c - users, passwords, sessions, tokens, second factor, first administrator: on a virtual loop, scrypt at
 * a low cost.
 */
#include "loop/guard.h"
#include "pbx/account_priv.h"
#include "pbx/security.h"
#include "pbx_fixture.h"

#define GOOD  "blue lamp over the sea"
#define GOOD2 "seven green umbrellas"

static void cheap(struct fixture *f)
{
	f->pbx->accounts->cost = 4;
}

static int set(struct fixture *f, enum change_op op, const struct resource *r, const char *key, json_t *obj)
{
	struct change_item it = {.op = op, .r = r, .key = key, .obj = obj};

	cheap(f);
	f->err = -1;
	f->why[0] = '\0';
	pbx_change(f->pbx, &it, 1, "test", NULL, changed, f);
	vnet_run(f->net, 50);
	json_decref(obj);
	return f->err;
}

static int add_user(struct fixture *f, const char *name, const char *role, const char *password)
{
	json_t *o = json_pack("{s:s, s:s, s:s*}", "name", name, "role", role, "password", password);

	return set(f, CHANGE_CREATE, &pbx_user_resource, name, o);
}

static int patch(struct fixture *f, const char *name, json_t *o)
{
	return set(f, CHANGE_UPDATE, &pbx_user_resource, name, o);
}

static struct sa at(const char *text)
{
	struct sa a;

	assert_int_equal(sa_parse(&a, slice_str(text), 50000), 0);
	return a;
}

struct got {
	bool done;
	struct signin_result r;
	char cookie[64], csrf[64];
	int err;
	char why[320];
};

static void signed_in(const struct signin_result *r, void *arg)
{
	struct got *g = arg;

	assert_false(g->done);
	g->done = true;
	g->r = *r;
	if (r->what == SIGNIN_OK) {
		snprintf(g->cookie, sizeof(g->cookie), "%s", r->session);
		snprintf(g->csrf, sizeof(g->csrf), "%s", r->csrf);
	}
}

static struct got sign_in(struct fixture *f, const char *name, const char *password, const char *code, const char *from)
{
	struct got g = {0};
	struct sa a = at(from);

	account_sign_in(f->pbx, slice_str(name), slice_str(password), slice_str(code), &a, "Test/1", signed_in, &g);
	assert_false(g.done);
	vnet_run(f->net, 50);
	assert_true(g.done);
	return g;
}

static bool valid(struct fixture *f, const char *cookie)
{
	struct principal who;

	return account_session(f->pbx, slice_str(cookie), NULL, &who, NULL);
}

static void settle(struct fixture *f, uint64_t ms)
{
	vnet_run(f->net, ms);
}

/* ------------------------------------------------------------------ pure functions */

/* RFC 6238 appendix B, SHA-1, eight digits. */
static void totp_vectors(void **state)
{
	static const struct {
		uint64_t s;
		uint32_t code;
	} v[] = {{59, 94287082},         {1111111109, 7081804},  {1111111111, 14050471},
		 {1234567890, 89005924}, {2000000000, 69279037}, {20000000000, 65353130}};
	/* RFC 4226 appendix D, six digits */
	static const uint32_t hotp[] = {755224, 287082, 359152, 969429, 338314, 254676, 287922, 162583, 399871, 520489};
	const uint8_t *key = (const uint8_t *)"12345678901234567890";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		assert_int_equal(account_hotp(key, 20, v[i].s / 30, 8), v[i].code);
	for (size_t i = 0; i < ARRAY_LEN(hotp); i++)
		assert_int_equal(account_hotp(key, 20, i, 6), hotp[i]);
}

static void texts(void **state)
{
	char b[64];

	(void)state;
	/* RFC 4648 10, of the lengths that we have */
	account_base32((const uint8_t *)"foobarfoobarfoobarfo", b);
	assert_string_equal(b, "MZXW6YTBOJTG633CMFZGM33PMJQXEZTP");
	assert_string_equal(account_base64url((const uint8_t *)"f", 1, b), "Zg");
	assert_string_equal(account_base64url((const uint8_t *)"fo", 2, b), "Zm8");
	assert_string_equal(account_base64url((const uint8_t *)"foobar", 6, b), "Zm9vYmFy");
	assert_string_equal(account_base64url((const uint8_t *)"\xfb\xff\xfe", 3, b), "-__-");
}

static void kept_passwords(void **state)
{
	static const char *const bad[] = {
		"",
		"$scrypt$",
		"$scrypt$ln=15,r=8,p=1$",
		"$scrypt$ln=30,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$scrypt$ln=4,r=9,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$scrypt$ln=4,r=8,p=1$AAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$scrypt$ln=4,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",
		"$scrypt$ln=4,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$scrypt$ln=4,r=8,p=1$AAAAAAAAAAAAAAAAAAAA+A$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	};
	char a[ACCOUNT_KEPT], b[ACCOUNT_KEPT];

	(void)state;
	assert_int_equal(account_scrypt_make(SLICE("pleaseletmein"), 14, a), 0);
	assert_true(account_is_kept(slice_str(a)));
	assert_int_equal(account_scrypt_check(SLICE("pleaseletmein"), a), 0);
	assert_int_equal(account_scrypt_check(SLICE("pleaseletmeim"), a), ERR_AUTH);
	assert_int_equal(account_scrypt_check(SLICE(""), a), ERR_AUTH);
	assert_int_equal(account_scrypt_make(SLICE("pleaseletmein"), 14, b), 0);
	assert_string_not_equal(a, b);
	/* as Python's hashlib.scrypt has it, with the salt 00 01 02 ... 0f */
	assert_int_equal(account_scrypt_check(SLICE("pleaseletmein"), "$scrypt$ln=14,r=8,p=1$AAECAwQFBgcICQoLDA0ODw"
								      "$UxYE_nON8zrmLNK5lL_j9XPtKMDZ5VR_h1tkExic5Zo"),
			 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(account_is_kept(slice_str(bad[i])));
}

static void weak(void **state)
{
	static const struct {
		const char *name, *password, *says;
	} v[] = {
		{"maria", "short", "too short"},
		{"maria", "123456789", "too short"},
		{"maria", "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", "too short"},
		{"maria", "1234567890", "try first"},
		{"maria", "attackers", "too short"},
		{"maria", "PassWord123", "try first"},
		{"maria", "aaaaaaaaaaaa", "repeats"},
		{"maria", "abababababab", "repeats"},
		{"maria.smith", "maria.smith", "the name"},
		{"maria.smith", "Maria.Smith1", "the name"},
		{"maria", "mariamaria12", "the name"},
		{"maria", GOOD, NULL},
		{"maria", "maria likes the sea", NULL},
		{"maria",
		 "\xe4\xb8\x80\xe4\xba\x8c\xe4\xb8\x89\xe5\x9b\x9b\xe4\xba\x94\xe5\x85\xad\xe4\xb8\x83\xe5\x85\xab\xe4"
		 "\xb9\x9d\xe5\x8d\x81",
		 NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		const char *s = account_password_weak(slice_str(v[i].name), slice_str(v[i].password));

		if (!v[i].says)
			assert_null(s);
		else if (!s || !strstr(s, v[i].says))
			fail_msg("%s: %s", v[i].password, s ? s : "nothing is said");
	}
}

/* ------------------------------------------------------------------ signing in */

static void sign_in_and_out(void **state)
{
	struct fixture *f = *state;
	struct principal who;
	struct got g, h;
	char csrf[48];

	assert_int_equal(add_user(f, "maria", "administrator", GOOD), 0);
	g = sign_in(f, "maria", GOOD, "", "192.0.2.7");
	assert_int_equal(g.r.what, SIGNIN_OK);
	assert_int_equal(strlen(g.cookie), 43);
	assert_true(account_session(f->pbx, slice_str(g.cookie), NULL, &who, csrf));
	assert_string_equal(who.name, "maria");
	assert_int_equal(who.role, ROLE_ADMIN);
	assert_int_equal(who.scopes, SCOPE_ALL);
	assert_false(who.control);
	assert_string_equal(csrf, g.csrf);
	assert_string_not_equal(csrf, g.cookie);
	/* names know no case; each session is its own */
	h = sign_in(f, " MARIA ", GOOD, "", "192.0.2.8");
	assert_int_equal(h.r.what, SIGNIN_OK);
	assert_string_not_equal(h.cookie, g.cookie);
	assert_string_not_equal(h.csrf, g.csrf);
	account_sign_out(f->pbx, slice_str(g.cookie));
	assert_false(valid(f, g.cookie));
	assert_true(valid(f, h.cookie));
	assert_false(valid(f, ""));
	assert_false(valid(f, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
	account_sign_out(f->pbx, SLICE("nonsense"));
}

/* The same answer for each reason, and the same work: a crypto job is run for all. */
static void uniform(void **state)
{
	static const char *const who[] = {"maria", "nobody", "off", "none", "", "no such\nname"};
	struct fixture *f = *state;
	struct got g;

	assert_int_equal(add_user(f, "maria", "user", GOOD), 0);
	assert_int_equal(add_user(f, "none", "user", NULL), 0);
	assert_int_equal(add_user(f, "off", "user", GOOD), 0);
	assert_int_equal(patch(f, "off", json_pack("{s:b}", "enabled", 0)), 0);
	for (size_t i = 0; i < ARRAY_LEN(who); i++) {
		struct sa a = at("192.0.2.7");

		memset(&g, 0, sizeof(g));
		account_sign_in(f->pbx, slice_str(who[i]), i ? SLICE(GOOD) : SLICE("wrong"), SLICE_NULL, &a, "",
				signed_in, &g);
		assert_int_equal(f->pbx->accounts->work.n, 1);
		vnet_run(f->net, 50);
		assert_int_equal(g.r.what, SIGNIN_WRONG);
		assert_null(g.r.session);
	}
	assert_int_equal(sign_in(f, "maria", "", "", "192.0.2.9").r.what, SIGNIN_WRONG);
}

/* Administrators see who guesses: names of users, addresses, and how long they wait; of what was typed for names that
 * nobody has only how much. */
static void failures_shown(struct fixture *f)
{
	json_t *o = account_failures_json(f->pbx), *names = json_object_get(o, "names"), *e;
	char *text = json_dumps(o, 0);
	bool seen = false;
	size_t i;

	assert_int_equal(json_array_size(names), 1);
	assert_string_equal(json_string_value(json_object_get(json_array_get(names, 0), "name")), "maria");
	assert_int_equal(json_integer_value(json_object_get(json_array_get(names, 0), "failures")), 14);
	json_array_foreach(json_object_get(o, "addresses"), i, e)
	{
		if (strcmp(json_string_value(json_object_get(e, "address")), "203.0.113.77") != 0)
			continue;
		seen = true;
		assert_int_equal(json_integer_value(json_object_get(e, "failures")), 11);
		assert_true(json_integer_value(json_object_get(e, "wait_s")) > 0);
	}
	assert_true(seen);
	assert_int_equal(json_integer_value(json_object_get(o, "unknown_names")), 12);
	assert_null(strstr(text, "nobody"));
	free(text);
	json_decref(o);
}

static void brute_force(void **state)
{
	struct fixture *f = *state;
	struct guard_cfg c = {.loop = f->loop};
	struct guard *gd;
	struct got g;
	uint32_t last = 0;
	char ip[32];
	struct sa a;
	int i;

	assert_int_equal(add_user(f, "maria", "user", GOOD), 0);
	for (i = 0; i < 5; i++)
		assert_int_equal(sign_in(f, "maria", "wrong", "", "192.0.2.7").r.what, SIGNIN_WRONG);
	/* from here on each failure doubles the delay; the right password waits as well, from wherever it comes */
	for (i = 0; i < 9; i++) {
		snprintf(ip, sizeof(ip), "198.51.100.%d", i + 1);
		assert_int_equal(sign_in(f, "maria", "wrong", "", ip).r.what, SIGNIN_WRONG);
		g = sign_in(f, "maria", GOOD, "", "203.0.113.1");
		assert_int_equal(g.r.what, SIGNIN_LATER);
		assert_true(g.r.retry_s >= last);
		last = g.r.retry_s;
		settle(f, 1000 * (uint64_t)last + 1000);
	}
	assert_true(last > 60 && last <= 300);
	/* names that nobody has are throttled in the same way */
	for (i = 0; i < 6; i++) {
		snprintf(ip, sizeof(ip), "198.51.101.%d", i + 1);
		assert_int_equal(sign_in(f, "nobody", "wrong", "", ip).r.what, SIGNIN_WRONG);
	}
	assert_int_equal(sign_in(f, "nobody", "wrong", "", "203.0.113.1").r.what, SIGNIN_LATER);
	/* an address that tries many names */
	for (i = 0; i < 11; i++) {
		snprintf(ip, sizeof(ip), "u%d", i);
		assert_int_equal(sign_in(f, ip, "wrong", "", "203.0.113.77").r.what, SIGNIN_WRONG);
	}
	assert_int_equal(sign_in(f, "another", "wrong", "", "203.0.113.77").r.what, SIGNIN_LATER);
	failures_shown(f);
	/* and the guard bans it from the whole program */
	assert_int_equal(guard_alloc(&gd, &c), 0);
	assert_int_equal(pbx_set_guard(f->pbx, gd), 0);
	for (i = 0; i < 30; i++) {
		snprintf(ip, sizeof(ip), "v%d", i);
		(void)sign_in(f, ip, "wrong", "", "203.0.113.88");
		settle(f, 5000);
	}
	a = at("203.0.113.88");
	assert_false(guard_admit(gd, &a));
	a = at("203.0.113.89");
	assert_true(guard_admit(gd, &a));
	mem_deref(gd);
}

/* Who is signed in from an address is not kept out there by others' guesses; many at once count as many. */
static void throttle_fair(void **state)
{
	struct fixture *f = *state;
	struct got g[ACCOUNT_QUEUE + 4];
	struct sa a = at("203.0.113.5");
	unsigned wrong = 0, later = 0;

	assert_int_equal(add_user(f, "maria", "user", GOOD), 0);
	assert_int_equal(sign_in(f, "maria", GOOD, "", "192.0.2.7").r.what, SIGNIN_OK);
	memset(g, 0, sizeof(g));
	for (size_t i = 0; i < ARRAY_LEN(g); i++)
		account_sign_in(f->pbx, SLICE("maria"), SLICE("wrong"), SLICE_NULL, &a, "", signed_in, &g[i]);
	vnet_run(f->net, 50);
	for (size_t i = 0; i < ARRAY_LEN(g); i++) {
		wrong += g[i].r.what == SIGNIN_WRONG;
		later += g[i].r.what == SIGNIN_LATER;
	}
	assert_int_equal(wrong + later, ARRAY_LEN(g));
	assert_int_equal(wrong, 6);
	assert_int_equal(sign_in(f, "maria", GOOD, "", "198.51.100.1").r.what, SIGNIN_LATER);
	assert_int_equal(sign_in(f, "maria", GOOD, "", "192.0.2.7").r.what, SIGNIN_OK);
}

static void sessions_end(void **state)
{
	struct fixture *f = *state;
	struct got a, b;

	assert_int_equal(add_user(f, "root", "administrator", GOOD), 0);
	assert_int_equal(add_user(f, "maria", "user", GOOD), 0);
	/* idle for twelve hours */
	a = sign_in(f, "maria", GOOD, "", "192.0.2.7");
	b = sign_in(f, "maria", GOOD, "", "192.0.2.7");
	settle(f, 11ULL * 3600 * 1000);
	assert_true(valid(f, a.cookie));
	settle(f, 2ULL * 3600 * 1000);
	assert_true(valid(f, a.cookie));
	assert_false(valid(f, b.cookie));
	/* thirty days in all */
	for (int i = 0; i < 75; i++) {
		settle(f, 10ULL * 3600 * 1000);
		if (!valid(f, a.cookie)) {
			assert_true(i >= 69);
			break;
		}
	}
	assert_false(valid(f, a.cookie));
	/* another password, switched off, removed */
	a = sign_in(f, "maria", GOOD, "", "192.0.2.7");
	assert_int_equal(patch(f, "maria", json_pack("{s:s}", "display_name", "Maria")), 0);
	assert_true(valid(f, a.cookie));
	assert_int_equal(patch(f, "maria", json_pack("{s:s}", "password", GOOD2)), 0);
	assert_false(valid(f, a.cookie));
	assert_int_equal(sign_in(f, "maria", GOOD, "", "192.0.2.7").r.what, SIGNIN_WRONG);
	a = sign_in(f, "maria", GOOD2, "", "192.0.2.7");
	assert_true(valid(f, a.cookie));
	assert_int_equal(patch(f, "maria", json_pack("{s:b}", "enabled", 0)), 0);
	assert_false(valid(f, a.cookie));
	assert_int_equal(patch(f, "maria", json_pack("{s:b}", "enabled", 1)), 0);
	assert_false(valid(f, a.cookie));
	a = sign_in(f, "maria", GOOD2, "", "192.0.2.7");
	assert_int_equal(set(f, CHANGE_DELETE, &pbx_user_resource, "maria", NULL), 0);
	assert_false(valid(f, a.cookie));
	assert_int_equal(f->pbx->accounts->sessions.n, 0);
	/* more than twenty: the quietest goes */
	assert_int_equal(add_user(f, "tom", "user", GOOD), 0);
	a = sign_in(f, "tom", GOOD, "", "192.0.2.7");
	for (int i = 0; i < ACCOUNT_SESSIONS; i++) {
		settle(f, 1000);
		b = sign_in(f, "tom", GOOD, "", "192.0.2.7");
	}
	assert_false(valid(f, a.cookie));
	assert_true(valid(f, b.cookie));
	assert_int_equal(f->pbx->accounts->sessions.n, ACCOUNT_SESSIONS);
}

static void restart(void **state)
{
	struct fixture *f = *state;
	struct principal who;
	struct got a, b, c;

	assert_int_equal(add_user(f, "root", "administrator", GOOD), 0);
	assert_int_equal(add_user(f, "maria", "manager", GOOD), 0);
	a = sign_in(f, "maria", GOOD, "", "192.0.2.7");
	b = sign_in(f, "maria", GOOD, "", "192.0.2.8");
	c = sign_in(f, "root", GOOD, "", "192.0.2.9");
	account_sign_out(f->pbx, slice_str(b.cookie));
	fixture_stop(f);
	fixture_start(f);
	assert_true(account_session(f->pbx, slice_str(a.cookie), NULL, &who, NULL));
	assert_string_equal(who.name, "maria");
	assert_int_equal(who.role, ROLE_MANAGER);
	assert_false(valid(f, b.cookie));
	assert_true(valid(f, c.cookie));
	assert_int_equal(sign_in(f, "maria", GOOD, "", "192.0.2.7").r.what, SIGNIN_OK);
	/* what is kept opens nothing: the id in the store is not the cookie */
	assert_int_equal(patch(f, "maria", json_pack("{s:s}", "password", GOOD2)), 0);
	fixture_stop(f);
	fixture_start(f);
	assert_false(valid(f, a.cookie));
	assert_true(valid(f, c.cookie));
	vnet_run(f->net, 13ULL * 3600 * 1000);
	fixture_stop(f);
	fixture_start(f);
	assert_false(valid(f, c.cookie));
}

/* ------------------------------------------------------------------ passwords and the last administrator */

static int undo(struct fixture *f, int64_t id)
{
	f->err = -1;
	pbx_undo(f->pbx, id, "test", changed, f);
	vnet_run(f->net, 50);
	return f->err;
}

static void last_administrator(void **state)
{
	struct fixture *f = *state;
	int64_t made;

	assert_true(account_setup_needed(f->pbx));
	assert_int_equal(add_user(f, "root", "administrator", GOOD), 0);
	made = f->change_id;
	assert_false(account_setup_needed(f->pbx));
	assert_int_equal(add_user(f, "boss", "administrator", NULL), 0); /* cannot sign in: does not count */
	assert_int_equal(set(f, CHANGE_DELETE, &pbx_user_resource, "root", NULL), ERR_STATE);
	assert_non_null(strstr(f->why, "another administrator first"));
	assert_int_equal(patch(f, "root", json_pack("{s:b}", "enabled", 0)), ERR_STATE);
	assert_int_equal(patch(f, "root", json_pack("{s:s}", "role", "manager")), ERR_STATE);
	assert_int_equal(patch(f, "root", json_pack("{s:n}", "password")), ERR_STATE);
	assert_int_equal(undo(f, made), ERR_STATE);
	assert_int_equal(patch(f, "root", json_pack("{s:s}", "display_name", "Root")), 0);
	/* in one change with another */
	struct change_item both[] = {
		{.op = CHANGE_DELETE, .r = &pbx_user_resource, .key = "root"},
		{.op = CHANGE_UPDATE,
		 .r = &pbx_user_resource,
		 .key = "boss",
		 .obj = json_pack("{s:s}", "password", GOOD2)},
	};
	pbx_change(f->pbx, both, 2, "test", NULL, changed, f);
	vnet_run(f->net, 50);
	json_decref(both[1].obj);
	assert_int_equal(f->err, 0);
	assert_int_equal(set(f, CHANGE_DELETE, &pbx_user_resource, "boss", NULL), ERR_STATE);
	/* two go, each of which could go alone: both at once they cannot */
	assert_int_equal(add_user(f, "root2", "administrator", GOOD), 0);
	struct fixture g = *f;
	struct change_item one = {.op = CHANGE_DELETE, .r = &pbx_user_resource, .key = "boss"},
			   two = {.op = CHANGE_DELETE, .r = &pbx_user_resource, .key = "root2"};
	pbx_change(f->pbx, &one, 1, "test", NULL, changed, f);
	pbx_change(f->pbx, &two, 1, "test", NULL, changed, &g);
	vnet_run(f->net, 50);
	assert_int_equal((f->err == 0) + (g.err == 0), 1);
	assert_int_equal(f->pbx->accounts->admins, 1);
	assert_int_equal(f->pbx->accounts->leaving, 0);
}

static void exported(int err, const char *why, json_t *res, void *arg)
{
	(void)why;
	assert_int_equal(err, 0);
	*(char **)arg = json_dumps(res, 0);
}

/* Nothing that is kept can be read, but for an export with secrets, which brings it back. */
static void secrecy(void **state)
{
	struct fixture *f = *state;
	char *text = NULL, kept[ACCOUNT_KEPT];

	assert_int_equal(add_user(f, "maria", "administrator", GOOD), 0);
	snprintf(kept, sizeof(kept), "%s", account_user(f->pbx, SLICE("maria"))->kept);
	assert_int_equal(strncmp(kept, "$scrypt$ln=4,r=8,p=1$", 21), 0);
	store_get(f->store, &pbx_user_resource, "maria", true, exported, &text);
	vnet_run(f->net, 50);
	assert_null(strstr(text, "$scrypt"));
	assert_non_null(strstr(text, "\"password\": true"));
	free(text);
	store_export(f->store, false, exported, &text);
	vnet_run(f->net, 50);
	assert_null(strstr(text, "$scrypt"));
	free(text);
	store_history(f->store, 0, 10, exported, &text);
	vnet_run(f->net, 50);
	assert_null(strstr(text, "$scrypt"));
	assert_null(strstr(text, GOOD));
	assert_non_null(strstr(text, "(changed)"));
	free(text);
	store_export(f->store, true, exported, &text);
	vnet_run(f->net, 50);
	assert_non_null(strstr(text, kept));
	assert_null(strstr(text, GOOD));
	free(text);
	/* as it was read, it stays; as it was exported, it comes back */
	assert_int_equal(patch(f, "maria", json_pack("{s:b, s:s}", "password", 1, "display_name", "M")), 0);
	assert_string_equal(account_user(f->pbx, SLICE("maria"))->kept, kept);
	assert_int_equal(patch(f, "maria", json_pack("{s:s}", "password", GOOD2)), 0);
	assert_int_equal(sign_in(f, "maria", GOOD, "", "192.0.2.1").r.what, SIGNIN_WRONG);
	assert_int_equal(patch(f, "maria", json_pack("{s:s}", "password", kept)), 0);
	assert_int_equal(sign_in(f, "maria", GOOD, "", "192.0.2.1").r.what, SIGNIN_OK);
	assert_int_equal(sign_in(f, "maria", kept, "", "192.0.2.1").r.what, SIGNIN_WRONG);
	assert_int_equal(patch(f, "maria", json_pack("{s:s}", "password", "maria maria")), ERR_SYNTAX);
	assert_int_equal(patch(f, "maria", json_pack("{s:s}", "totp", "v1:AAAA")), ERR_SYNTAX);
	assert_non_null(strstr(f->why, "second factor"));
}

/* ------------------------------------------------------------------ first start */

static void set_up(int err, const char *why, const struct signin_result *r, void *arg)
{
	struct got *g = arg;

	assert_false(g->done);
	g->done = true;
	g->err = err;
	snprintf(g->why, sizeof(g->why), "%s", why);
	if (!err)
		snprintf(g->cookie, sizeof(g->cookie), "%s", r->session);
}

static struct got setup_with(struct fixture *f, const char *token, const char *name, const char *password)
{
	struct got g = {0};
	struct sa a = at("192.0.2.7");

	cheap(f);
	account_setup(f->pbx, slice_str(token), slice_str(name), slice_str(password), &a, "Test/1", set_up, &g);
	assert_false(g.done);
	vnet_run(f->net, 50);
	assert_true(g.done);
	return g;
}

static void first_start(void **state)
{
	struct fixture *f = *state;
	struct got g = {0}, h = {0};
	struct sa a = at("192.0.2.7");
	char token[64];

	/* nobody has printed it: nobody can know it */
	assert_int_equal(setup_with(f, "", "maria", GOOD).err, ERR_AUTH);
	snprintf(token, sizeof(token), "%s", account_setup_token(f->pbx));
	assert_int_equal(strlen(token), 32);
	fixture_stop(f);
	fixture_start(f);
	assert_string_equal(account_setup_token(f->pbx), token);
	assert_int_equal(setup_with(f, "wrong", "maria", GOOD).err, ERR_AUTH);
	assert_int_equal(setup_with(f, "", "maria", GOOD).err, ERR_AUTH);
	assert_int_equal(setup_with(f, token, "maria", "short").err, ERR_SYNTAX);
	assert_int_equal(setup_with(f, token, "maria", "1234567890").err, ERR_SYNTAX);
	assert_int_equal(setup_with(f, token, "", GOOD).err, ERR_SYNTAX);
	assert_int_equal(setup_with(f, token, "Maria Smith", GOOD).err, ERR_SYNTAX);
	assert_int_equal(setup_with(f, token, "maria", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff").err, ERR_SYNTAX);
	/* two at once: one wins */
	account_setup(f->pbx, slice_str(token), SLICE("maria"), SLICE(GOOD), &a, "", set_up, &g);
	account_setup(f->pbx, slice_str(token), SLICE("mallory"), SLICE(GOOD), &a, "", set_up, &h);
	vnet_run(f->net, 50);
	assert_int_equal(g.err, 0);
	assert_true(valid(f, g.cookie));
	assert_int_equal(h.err, ERR_AUTH);
	assert_int_equal(setup_with(f, token, "mallory", GOOD).err, ERR_AUTH);
	assert_null(account_setup_token(f->pbx));
	assert_int_equal(account_user(f->pbx, SLICE("maria"))->role, ROLE_ADMIN);
	fixture_stop(f);
	fixture_start(f);
	assert_null(account_setup_token(f->pbx));
	assert_int_equal(setup_with(f, token, "mallory", GOOD).err, ERR_AUTH);
}

static void setup_guessed(void **state)
{
	struct fixture *f = *state;
	int i;

	assert_non_null(account_setup_token(f->pbx));
	for (i = 0; i < 6; i++)
		assert_int_equal(setup_with(f, "guess", "maria", GOOD).err, ERR_AUTH);
	assert_int_equal(setup_with(f, "guess", "maria", GOOD).err, ERR_LIMIT);
}

/* ------------------------------------------------------------------ second factor */

static void done(int err, const char *why, void *arg)
{
	struct got *g = arg;

	assert_false(g->done);
	g->done = true;
	g->err = err;
	snprintf(g->why, sizeof(g->why), "%s", why);
}

static uint64_t step(struct fixture *f)
{
	return (uint64_t)loop_wall_ms(f->loop) / 30000;
}

static const char *code_of(const uint8_t *key, uint64_t s)
{
	static char text[16];

	snprintf(text, sizeof(text), "%06u", account_hotp(key, ACCOUNT_TOTP, s, 6));
	return text;
}

static int confirm(struct fixture *f, const struct principal *who, const char *code)
{
	struct got g = {0};

	account_totp_confirm(f->pbx, who, slice_str(code), NULL, "test", done, &g);
	vnet_run(f->net, 50);
	assert_true(g.done);
	return g.err;
}

static int off(struct fixture *f, const struct principal *who, const char *password)
{
	struct got g = {0};

	account_totp_off(f->pbx, who, slice_str(password), NULL, "test", done, &g);
	vnet_run(f->net, 50);
	assert_true(g.done);
	return g.err;
}

static void second_factor(void **state)
{
	struct fixture *f = *state;
	struct principal who = {.role = ROLE_USER};
	uint8_t key[ACCOUNT_TOTP];
	struct buf uri, secret;
	struct got g;
	char want[64], used[16], spaced[16];

	buf_init(&uri);
	buf_init(&secret);
	assert_int_equal(add_user(f, "maria@home", "user", GOOD), 0);
	g = sign_in(f, "maria@home", GOOD, "", "192.0.2.7");
	assert_true(account_session(f->pbx, slice_str(g.cookie), NULL, &who, NULL));
	assert_int_equal(confirm(f, &who, "000000"), ERR_STATE);
	assert_int_equal(account_totp_begin(f->pbx, &who, &uri, &secret), 0);
	memcpy(key, account_user(f->pbx, SLICE("maria@home"))->pending, sizeof(key));
	account_base32(key, want);
	buf_char(&secret, '\0');
	assert_string_equal(secret.p, want);
	buf_char(&uri, '\0');
	assert_non_null(strstr(uri.p, "otpauth://totp/offhook:maria%40home?secret="));
	assert_non_null(strstr(uri.p, want));
	/* not on yet */
	assert_int_equal(sign_in(f, "maria@home", GOOD, "", "192.0.2.7").r.what, SIGNIN_OK);
	assert_int_equal(confirm(f, &who, code_of(key, step(f) - 2)), ERR_AUTH);
	assert_int_equal(confirm(f, &who, code_of(key, step(f))), 0);
	assert_int_equal(confirm(f, &who, code_of(key, step(f))), ERR_STATE);
	buf_reset(&uri);
	buf_reset(&secret);
	assert_int_equal(account_totp_begin(f->pbx, &who, &uri, &secret), EEXIST);
	/* the code that confirmed is used up */
	assert_int_equal(sign_in(f, "maria@home", GOOD, "", "192.0.2.7").r.what, SIGNIN_CODE);
	assert_int_equal(sign_in(f, "maria@home", GOOD, code_of(key, step(f)), "192.0.2.7").r.what, SIGNIN_CODE);
	assert_int_equal(sign_in(f, "maria@home", "wrong", code_of(key, step(f)), "192.0.2.7").r.what, SIGNIN_WRONG);
	settle(f, 60000);
	snprintf(used, sizeof(used), "%s", code_of(key, step(f)));
	snprintf(spaced, sizeof(spaced), "%.3s %.3s", used, used + 3);
	assert_int_equal(sign_in(f, "maria@home", GOOD, spaced, "192.0.2.7").r.what, SIGNIN_OK);
	assert_int_equal(sign_in(f, "maria@home", GOOD, used, "192.0.2.7").r.what, SIGNIN_CODE);
	/* one step around, never one before a used one */
	assert_int_equal(sign_in(f, "maria@home", GOOD, code_of(key, step(f) - 1), "192.0.2.7").r.what, SIGNIN_CODE);
	assert_int_equal(sign_in(f, "maria@home", GOOD, code_of(key, step(f) + 1), "192.0.2.7").r.what, SIGNIN_OK);
	/* also after a restart */
	snprintf(used, sizeof(used), "%s", code_of(key, step(f) + 1));
	fixture_stop(f);
	fixture_start(f);
	cheap(f);
	assert_int_equal(sign_in(f, "maria@home", GOOD, used, "192.0.2.7").r.what, SIGNIN_CODE);
	settle(f, 120000);
	assert_int_equal(sign_in(f, "maria@home", GOOD, code_of(key, step(f)), "192.0.2.7").r.what, SIGNIN_OK);
	settle(f, 3600 * 1000);
	assert_int_equal(off(f, &who, "wrong"), ERR_AUTH);
	assert_int_equal(off(f, &who, GOOD), 0);
	assert_int_equal(sign_in(f, "maria@home", GOOD, "", "192.0.2.7").r.what, SIGNIN_OK);
	buf_free(&uri);
	buf_free(&secret);
}

/* An administrator takes away what was lost. */
static void second_factor_lost(void **state)
{
	struct fixture *f = *state;
	struct principal who = {.role = ROLE_USER, .name = "maria"};
	uint8_t key[ACCOUNT_TOTP];
	struct buf uri, secret;

	buf_init(&uri);
	buf_init(&secret);
	assert_int_equal(add_user(f, "maria", "user", GOOD), 0);
	assert_int_equal(account_totp_begin(f->pbx, &who, &uri, &secret), 0);
	memcpy(key, account_user(f->pbx, SLICE("maria"))->pending, sizeof(key));
	assert_int_equal(confirm(f, &who, code_of(key, step(f))), 0);
	assert_int_equal(sign_in(f, "maria", GOOD, "", "192.0.2.7").r.what, SIGNIN_CODE);
	assert_int_equal(patch(f, "maria", json_pack("{s:n}", "totp")), 0);
	assert_int_equal(sign_in(f, "maria", GOOD, "", "192.0.2.7").r.what, SIGNIN_OK);
	/* a secret that was shown and not confirmed in time is void */
	assert_int_equal(account_totp_begin(f->pbx, &who, &uri, &secret), 0);
	memcpy(key, account_user(f->pbx, SLICE("maria"))->pending, sizeof(key));
	settle(f, 601000);
	assert_int_equal(confirm(f, &who, code_of(key, step(f))), ERR_STATE);
	buf_free(&uri);
	buf_free(&secret);
}

/* ------------------------------------------------------------------ one's own password and sessions */

static int password(struct fixture *f, const struct principal *who, const char *old, const char *fresh)
{
	struct got g = {0};

	cheap(f);
	account_password(f->pbx, who, slice_str(old), slice_str(fresh), NULL, "test", done, &g);
	vnet_run(f->net, 50);
	assert_true(g.done);
	return g.err;
}

static void own_password(void **state)
{
	struct fixture *f = *state;
	struct principal who;
	struct got a, b;
	json_t *v;

	assert_int_equal(add_user(f, "maria", "user", GOOD), 0);
	a = sign_in(f, "maria", GOOD, "", "192.0.2.7");
	b = sign_in(f, "maria", GOOD, "", "192.0.2.8");
	assert_true(account_session(f->pbx, slice_str(a.cookie), NULL, &who, NULL));
	assert_int_equal(password(f, &who, "wrong", GOOD2), ERR_AUTH);
	assert_int_equal(password(f, &who, GOOD, "short"), ERR_SYNTAX);
	assert_int_equal(password(f, &who, GOOD, GOOD), ERR_SYNTAX);
	assert_int_equal(password(f, &who, GOOD, account_user(f->pbx, SLICE("maria"))->kept), ERR_SYNTAX);
	assert_true(valid(f, b.cookie));
	assert_int_equal(password(f, &who, GOOD, GOOD2), 0);
	assert_true(valid(f, a.cookie));
	assert_false(valid(f, b.cookie));
	assert_int_equal(sign_in(f, "maria", GOOD, "", "192.0.2.9").r.what, SIGNIN_WRONG);
	b = sign_in(f, "maria", GOOD2, "", "192.0.2.9");
	assert_int_equal(b.r.what, SIGNIN_OK);
	/* the list, and ending by id */
	assert_true(account_session(f->pbx, slice_str(a.cookie), NULL, &who, NULL));
	v = account_sessions_json(f->pbx, &who);
	assert_int_equal(json_array_size(v), 2);
	assert_true(json_is_true(json_object_get(json_array_get(v, 0), "current")));
	assert_false(json_is_true(json_object_get(json_array_get(v, 1), "current")));
	assert_int_equal(account_sessions_end(f->pbx, &who, "0000000000000000"), 0);
	assert_int_equal(
		account_sessions_end(f->pbx, &who, json_string_value(json_object_get(json_array_get(v, 1), "id"))), 1);
	json_decref(v);
	assert_false(valid(f, b.cookie));
	assert_true(valid(f, a.cookie));
	b = sign_in(f, "maria", GOOD2, "", "192.0.2.9");
	assert_int_equal(account_sessions_end(f->pbx, &who, NULL), 1);
	assert_false(valid(f, b.cookie));
	assert_true(valid(f, a.cookie));
	/* another's session is none of ours */
	assert_int_equal(add_user(f, "tom", "user", GOOD), 0);
	b = sign_in(f, "tom", GOOD, "", "192.0.2.9");
	struct principal tom;
	assert_true(account_session(f->pbx, slice_str(b.cookie), NULL, &tom, NULL));
	v = account_sessions_json(f->pbx, &tom);
	assert_int_equal(
		account_sessions_end(f->pbx, &who, json_string_value(json_object_get(json_array_get(v, 0), "id"))), 0);
	json_decref(v);
	assert_true(valid(f, b.cookie));
}

/* ------------------------------------------------------------------ tokens */

static void tokens(void **state)
{
	struct fixture *f = *state;
	char token[ACCOUNT_TOKEN], kept[ACCOUNT_KEPT];
	struct sa a = at("192.0.2.7");
	struct principal who;
	json_t *v;

	assert_int_equal(account_token_make(token, kept), 0);
	assert_int_equal(strlen(token), 46);
	assert_int_equal(set(f, CHANGE_CREATE, &pbx_token_resource, "crm",
			     json_pack("{s:s, s:s, s:s, s:s}", "name", "crm", "token", kept, "role", "manager",
				       "scopes", "read, calls")),
			 0);
	assert_int_equal(set(f, CHANGE_CREATE, &pbx_token_resource, "own",
			     json_pack("{s:s, s:s}", "name", "own", "token", "i made this one")),
			 ERR_SYNTAX);
	assert_int_equal(set(f, CHANGE_CREATE, &pbx_token_resource, "bad",
			     json_pack("{s:s, s:s}", "name", "bad", "scopes", "read everything")),
			 ERR_SYNTAX);
	assert_true(account_token(f->pbx, slice_str(token), &a, &who));
	assert_string_equal(who.name, "token crm");
	assert_int_equal(who.role, ROLE_MANAGER);
	assert_int_equal(who.scopes, SCOPE_READ | SCOPE_CALLS);
	assert_false(account_token(f->pbx, slice_str(kept), &a, &who));
	assert_false(account_token(f->pbx, SLICE(""), &a, &who));
	assert_false(account_token(f->pbx, SLICE("oh_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), NULL, &who));
	v = account_tokens_json(f->pbx);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(v, 0), "last_used_ms")),
			 loop_wall_ms(f->loop));
	json_decref(v);
	fixture_stop(f);
	fixture_start(f);
	v = account_tokens_json(f->pbx);
	assert_true(json_integer_value(json_object_get(json_array_get(v, 0), "last_used_ms")) > 0);
	assert_string_equal(json_string_value(json_object_get(json_array_get(v, 0), "last_address")), "192.0.2.7");
	json_decref(v);
	assert_true(account_token(f->pbx, slice_str(token), &a, &who));
	assert_int_equal(set(f, CHANGE_UPDATE, &pbx_token_resource, "crm", json_pack("{s:b}", "enabled", 0)), 0);
	assert_false(account_token(f->pbx, slice_str(token), &a, &who));
	assert_int_equal(
		set(f, CHANGE_UPDATE, &pbx_token_resource, "crm",
		    json_pack("{s:b, s:I}", "enabled", 1, "expires_ms", (json_int_t)loop_wall_ms(f->loop) + 60000)),
		0);
	assert_true(account_token(f->pbx, slice_str(token), &a, &who));
	settle(f, 61000);
	assert_false(account_token(f->pbx, slice_str(token), &a, &who));
	assert_int_equal(set(f, CHANGE_UPDATE, &pbx_token_resource, "crm", json_pack("{s:n}", "expires_ms")), 0);
	assert_true(account_token(f->pbx, slice_str(token), &a, &who));
	assert_int_equal(set(f, CHANGE_DELETE, &pbx_token_resource, "crm", NULL), 0);
	assert_false(account_token(f->pbx, slice_str(token), &a, &who));
}

/* ------------------------------------------------------------------ when memory is out, and at the end */

static void maybe(const struct signin_result *r, void *arg)
{
	(void)r;
	++*(int *)arg;
}

static void out_of_memory(void **state)
{
	struct fixture *f = *state;
	struct sa a = at("192.0.2.7");
	struct got g;

	assert_int_equal(add_user(f, "maria", "user", GOOD), 0);
	for (long n = 0; n < 60; n++) {
		int times = 0;

		mem_fail_at(n);
		account_sign_in(f->pbx, SLICE("maria"), SLICE(GOOD), SLICE_NULL, &a, "Test", maybe, &times);
		(void)mem_fail_off();
		vnet_run(f->net, 50);
		assert_int_equal(times, 1);
	}
	/* no wrong delay is left behind, and whoever signed in is signed in */
	g = sign_in(f, "maria", GOOD, "", "192.0.2.7");
	assert_int_equal(g.r.what, SIGNIN_OK);
	for (long n = 0; n < 40; n++) {
		json_t *o = json_pack("{s:s}", "password", n % 2 ? GOOD : GOOD2);
		struct change_item it = {.op = CHANGE_UPDATE, .r = &pbx_user_resource, .key = "maria", .obj = o};

		f->err = -1;
		mem_fail_at(n);
		pbx_change(f->pbx, &it, 1, "test", NULL, changed, f);
		(void)mem_fail_off();
		vnet_run(f->net, 50);
		json_decref(o);
		assert_int_not_equal(f->err, -1);
	}
	assert_int_equal(f->pbx->accounts->leaving, 0);
}

/* The phone system ends while a password is being worked on: everybody hears of it, nothing is lost. */
static void end_in_between(void **state)
{
	struct fixture *f = *state;
	struct change_item it = {.op = CHANGE_UPDATE, .r = &pbx_user_resource, .key = "maria"};
	struct sa a = at("192.0.2.7");
	struct got g = {0}, h = {0};
	struct principal who;

	assert_int_equal(add_user(f, "maria", "user", GOOD), 0);
	h = sign_in(f, "maria", GOOD, "", "192.0.2.7");
	assert_true(account_session(f->pbx, slice_str(h.cookie), NULL, &who, NULL));
	memset(&h, 0, sizeof(h));
	it.obj = json_pack("{s:s}", "password", GOOD2);
	f->err = -1;
	account_sign_in(f->pbx, SLICE("maria"), SLICE(GOOD), SLICE_NULL, &a, "Test", signed_in, &g);
	account_password(f->pbx, &who, SLICE(GOOD), SLICE(GOOD2), NULL, "test", done, &h);
	pbx_change(f->pbx, &it, 1, "test", NULL, changed, f);
	json_decref(it.obj);
	f->pbx = mem_deref(f->pbx);
	store_close(f->store);
	f->store = NULL;
	vnet_run(f->net, 50);
	assert_int_equal(f->err, ECANCELED);
	assert_true(g.done);
	assert_int_equal(g.r.what, SIGNIN_LATER);
	assert_int_equal(h.err, ECANCELED);
	fixture_start(f);
	assert_int_equal(sign_in(f, "maria", GOOD, "", "192.0.2.7").r.what, SIGNIN_OK);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(totp_vectors),
		cmocka_unit_test(texts),
		cmocka_unit_test(kept_passwords),
		cmocka_unit_test(weak),
		T(sign_in_and_out),
		T(uniform),
		T(brute_force),
		T(throttle_fair),
		T(sessions_end),
		T(restart),
		T(last_administrator),
		T(secrecy),
		T(first_start),
		T(setup_guessed),
		T(second_factor),
		T(second_factor_lost),
		T(own_password),
		T(tokens),
		T(out_of_memory),
		T(end_in_between),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
