/*
 * security_test.c - what is configured of the guard takes effect at once, bans outlive a restart, friends are known.
 */
#include "loop/guard.h"
#include "pbx/security.h"
#include "pbx_fixture.h"

static int set(struct fixture *f, enum change_op op, const struct resource *r, const char *key, json_t *obj)
{
	struct change_item it = {op, r, key, obj};

	f->err = -1;
	pbx_change(f->pbx, &it, 1, "test", NULL, changed, f);
	vnet_run(f->net, 50);
	json_decref(obj);
	return f->err;
}

static struct guard *join(struct fixture *f)
{
	struct guard_cfg c = {.loop = f->loop};
	struct guard *g;

	assert_int_equal(guard_alloc(&g, &c), 0);
	assert_int_equal(pbx_set_guard(f->pbx, g), 0);
	return g;
}

static struct sa at(const char *text)
{
	struct sa a;

	assert_int_equal(sa_parse(&a, slice_str(text), 5060), 0);
	return a;
}

static unsigned tries(struct fixture *f, struct guard *g, const char *text)
{
	struct sa a = at(text);
	unsigned n = 0;

	while (n < 100 && guard_admit(g, &a)) {
		pbx_secret_ops()->failed(SLICE("100"), &a, f->pbx);
		n++;
	}
	return n;
}

static void configured(void **state)
{
	struct fixture *f = *state;
	struct guard *g = join(f);

	assert_int_equal(tries(f, g, "192.0.2.1"), 10);
	assert_int_equal(set(f, CHANGE_CREATE, &pbx_limit_resource, "failures",
			     json_pack("{s:s, s:i}", "name", "failures", "value", 3)),
			 0);
	assert_int_equal(tries(f, g, "192.0.2.2"), 3);
	assert_int_equal(set(f, CHANGE_DELETE, &pbx_limit_resource, "failures", NULL), 0);
	assert_int_equal(tries(f, g, "192.0.2.3"), 10);
	assert_int_equal(set(f, CHANGE_CREATE, &pbx_allowed_resource, "192.0.2.0/24",
			     json_pack("{s:s, s:s}", "network", "192.0.2.0/24", "note", "office")),
			 0);
	assert_int_equal(tries(f, g, "192.0.2.1"), 100);
	assert_int_equal(pbx_ban(f->pbx, "192.0.2.9", 60, "x", "test"), EPERM);
	assert_int_equal(set(f, CHANGE_CREATE, &pbx_allowed_resource, "1.2.3", json_pack("{s:s}", "network", "1.2.3")),
			 ERR_SYNTAX);
	assert_non_null(strstr(f->why, "1.2.3"));
	/* it is there after a restart */
	fixture_stop(f);
	mem_deref(g);
	fixture_start(f);
	g = join(f);
	assert_int_equal(tries(f, g, "192.0.2.1"), 100);
	assert_int_equal(set(f, CHANGE_DELETE, &pbx_allowed_resource, "192.0.2.0/24", NULL), 0);
	assert_int_equal(tries(f, g, "192.0.2.5"), 10);
	mem_deref(g);
}

static void bans_are_kept(void **state)
{
	struct fixture *f = *state;
	struct guard *g = join(f);
	struct sa a = at("192.0.2.1"), b = at("198.51.100.9"), c = at("[2001:db8::1]:1");
	json_t *v;

	assert_int_equal(tries(f, g, "192.0.2.1"), 10);
	assert_int_equal(pbx_ban(f->pbx, "198.51.100.0/24", 0, "scans | and more", "test"), 0);
	assert_int_equal(pbx_ban(f->pbx, "2001:db8::1", 100, NULL, "test"), 0);
	assert_int_equal(pbx_ban(f->pbx, "nonsense", 100, NULL, "test"), ERR_SYNTAX);
	vnet_run(f->net, 2000);
	fixture_stop(f);
	mem_deref(g);
	fixture_start(f);
	g = join(f);
	assert_false(guard_admit(g, &a));
	assert_false(guard_admit(g, &b));
	assert_false(guard_admit(g, &c));
	v = pbx_json_bans(f->pbx);
	assert_int_equal(json_array_size(v), 3);
	json_decref(v);
	assert_int_equal(pbx_lift(f->pbx, "198.51.100.0/24", "test"), 0);
	assert_int_equal(pbx_lift(f->pbx, "198.51.100.0/24", "test"), ENOENT);
	assert_true(guard_admit(g, &b));
	assert_int_equal(pbx_lift(f->pbx, "all", "test"), 0);
	assert_true(guard_admit(g, &a));
	vnet_run(f->net, 2000);
	fixture_stop(f);
	mem_deref(g);
	fixture_start(f);
	g = join(f);
	v = pbx_json_bans(f->pbx);
	assert_int_equal(json_array_size(v), 0);
	json_decref(v);
	mem_deref(g);
}

/* Somebody may call himself what is no text: his ban is shown all the same. */
static void odd_user_names(void **state)
{
	struct fixture *f = *state;
	struct guard *g = join(f);
	struct sa phone = at("192.0.2.1:5060"), other = at("192.0.2.1:7");
	json_t *v;

	guard_good(g, &phone, 0);
	for (uint16_t i = 0; i < 10; i++) {
		sa_set_port(&other, (uint16_t)(40000 + i));
		pbx_secret_ops()->failed(SLICE("o\xff\xc3"), &other, f->pbx);
	}
	v = pbx_json_bans(f->pbx);
	assert_int_equal(json_array_size(v), 1);
	assert_string_equal(json_string_value(json_object_get(json_array_get(v, 0), "user")),
			    "o\xef\xbf\xbd\xef\xbf\xbd");
	json_decref(v);
	assert_false(guard_user_ok(g, &other, SLICE("o\xff\xc3")));
	mem_deref(g);
}

static void without_a_guard(void **state)
{
	struct fixture *f = *state;
	json_t *v = pbx_json_bans(f->pbx);

	assert_int_equal(json_array_size(v), 0);
	json_decref(v);
	assert_null(pbx_json_security(f->pbx));
	assert_int_equal(pbx_ban(f->pbx, "192.0.2.1", 0, NULL, "test"), ERR_STATE);
	assert_int_equal(pbx_lift(f->pbx, "all", "test"), ERR_STATE);
}

static void got(uint16_t scode, const char *reason, const struct location *now, void *arg)
{
	(void)reason;
	(void)now;
	*(uint16_t *)arg = scode;
}

/* Phones that are registered at the start are friends at once. */
static void friends_from_before(void **state)
{
	struct fixture *f = *state;
	struct sa src = at("203.0.113.5:4711"), other = at("203.0.113.5:9");
	struct contact c = {.uri = SLICE("sip:100@203.0.113.5:4711"),
			    .callid = SLICE("x"),
			    .src = src,
			    .q = 1000,
			    .expires_ms = loop_wall_ms(f->loop) + 3600000};
	struct location_update u = {.aor = SLICE("100"), .v = {&c}, .n = 1, .callid = SLICE("x"), .cseq = 1};
	uint16_t scode = 0;
	struct guard *g;

	add_extension(f, "100");
	pbx_location_ops()->update(&u, got, &scode, f->pbx);
	vnet_run(f->net, 2000);
	assert_int_equal(scode, 200);
	fixture_stop(f);
	fixture_start(f);
	g = join(f);
	assert_true(guard_friend(g, &src));
	assert_int_equal(tries(f, g, "203.0.113.5:9"), 10);
	assert_false(guard_admit(g, &other));
	assert_true(guard_admit(g, &src));
	mem_deref(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(configured, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(bans_are_kept, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(odd_user_names, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(without_a_guard, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(friends_from_before, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
