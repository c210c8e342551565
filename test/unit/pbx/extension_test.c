/*
 * extension_test.c - extensions as configuration: secrets, changes, first start, alarms, weak passwords.
 */
#include "pbx_fixture.h"

static void test_secret(void **state)
{
	struct fixture *f = *state;
	struct secret want, s;

	add_extension(f, "100");
	secret_make(&want, SLICE("100"), SLICE("offhook"), SLICE("correct-horse-9"));
	assert_int_equal(pbx_secret_ops()->lookup(SLICE("100"), &s, f->pbx), 0);
	assert_string_equal(s.md5, want.md5);
	assert_string_equal(s.sha256, want.sha256);
	assert_int_equal(pbx_secret_ops()->lookup(SLICE("101"), &s, f->pbx), ENOENT);
	assert_int_equal(change(f, CHANGE_UPDATE, "100", json_pack("{s:s}", "password", "another-secret-7")), 0);
	secret_make(&want, SLICE("100"), SLICE("offhook"), SLICE("another-secret-7"));
	assert_int_equal(pbx_secret_ops()->lookup(SLICE("100"), &s, f->pbx), 0);
	assert_string_equal(s.md5, want.md5);
	fixture_stop(f);
	fixture_start(f);
	assert_int_equal(pbx_secret_ops()->lookup(SLICE("100"), &s, f->pbx), 0);
	assert_string_equal(s.sha256, want.sha256);
}

static void policy(struct fixture *f, struct media_policy *mp)
{
	struct leg l = {.party = {.number = "100"}};

	memset(mp, 0, sizeof(*mp));
	pbx_call_ops()->media(&l, mp, f->pbx);
}

/* The words of the tables stand in the order of the enums; who sets nothing costs nothing. */
static void test_sound(void **state)
{
	static const char *const srtp[] = {"best_effort", "off", "offered", "required"};
	static const char *const dtmf[] = {"auto", "rfc4733", "info", "inband"};
	struct fixture *f = *state;
	struct media_policy mp;

	add_extension(f, "100");
	policy(f, &mp);
	assert_true(!mp.codecs[0] && mp.srtp == SRTP_BEST_EFFORT && mp.dtmf == DTMF_AUTO);
	assert_null(extension_find(f->pbx, SLICE("100"))->sound);
	for (uint8_t i = 0; i < 4; i++) {
		assert_int_equal(
			change(f, CHANGE_UPDATE, "100", json_pack("{s:s, s:s}", "srtp", srtp[i], "dtmf", dtmf[i])), 0);
		policy(f, &mp);
		assert_int_equal(mp.srtp, i);
		assert_int_equal(mp.dtmf, i);
	}
	assert_int_equal(mp.srtp, SRTP_REQUIRED);
	assert_int_equal(mp.dtmf, DTMF_INBAND);
	assert_int_equal(change(f, CHANGE_UPDATE, "100", json_pack("{s:s}", "codecs", "opus, alaw")), 0);
	fixture_stop(f);
	fixture_start(f);
	policy(f, &mp);
	assert_string_equal(mp.codecs, "opus, alaw");
	assert_int_equal(mp.srtp, SRTP_REQUIRED);
	assert_int_not_equal(change(f, CHANGE_UPDATE, "100", json_pack("{s:s}", "codecs", "opus,mp3")), 0);
	assert_non_null(strstr(f->why, "\"mp3\" is not a codec known here"));
	assert_int_equal(change(f, CHANGE_UPDATE, "100",
				json_pack("{s:s, s:s, s:s}", "codecs", "", "srtp", "best_effort", "dtmf", "auto")),
			 0);
	assert_null(extension_find(f->pbx, SLICE("100"))->sound);
}

static void test_undo(void **state)
{
	struct fixture *f = *state;
	int64_t id;

	add_extension(f, "100");
	assert_int_equal(change(f, CHANGE_UPDATE, "100", json_pack("{s:i, s:s}", "call_limit", 7, "name", "Reception")),
			 0);
	assert_int_equal(extension_find(f->pbx, SLICE("100"))->call_limit, 7);
	id = f->change_id;
	pbx_undo(f->pbx, id, "test", changed, f);
	vnet_run(f->net, 50);
	assert_int_equal(f->err, 0);
	assert_int_equal(extension_find(f->pbx, SLICE("100"))->call_limit, 2);
	assert_string_equal(extension_find(f->pbx, SLICE("100"))->name, "Test");
}

static void test_refused(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *number, *password;
		int err;
	} bad[] = {
		{"1", "correct-horse-9", ERR_SYNTAX}, /* too short a number */
		{"12ab", "correct-horse-9", ERR_SYNTAX},
		{"1234567890123456", "correct-horse-9", ERR_SYNTAX}, /* too long */
		{"102", "short", ERR_SYNTAX},
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(change(f, CHANGE_CREATE, bad[i].number,
					json_pack("{s:s, s:s}", "number", bad[i].number, "password", bad[i].password)),
				 bad[i].err);
		assert_true(strlen(f->why) > 10);
	}
	add_extension(f, "100");
	assert_int_equal(change(f, CHANGE_CREATE, "100", json_pack("{s:s}", "number", "100")), EEXIST);
	assert_int_equal(change(f, CHANGE_DELETE, "555", NULL), ENOENT);
}

static void test_first_start(void **state)
{
	struct fixture *f = *state;
	struct buf a, b;
	size_t n, r, c;

	buf_init(&a);
	buf_init(&b);
	assert_int_equal(pbx_first_start(f->pbx, changed, f), 0);
	vnet_run(f->net, 50);
	assert_int_equal(f->err, 0);
	pbx_counts(f->pbx, &n, &r, &c);
	assert_int_equal(n, 2);
	assert_int_equal(pbx_extension_password(f->pbx, SLICE("100"), &a), 0);
	assert_int_equal(pbx_extension_password(f->pbx, SLICE("101"), &b), 0);
	assert_true(a.l >= 12);
	assert_false(slice_eq(buf_get(&a), buf_get(&b)));
	assert_null(pbx_password_weak(SLICE("100"), buf_get(&a)));
	buf_free(&a);
	buf_free(&b);
}

static void test_weak(void **state)
{
	static const struct {
		const char *password;
		bool weak;
	} v[] = {
		{"12345678", true}, {"aaaaaaaa", true},  {"100100100", true},       {"password", true},
		{"x1001002", true}, {"kX9.vq2L", false}, {"k3vmx9tq2hwdrz", false}, {"a longer phrase holds", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		const char *why = pbx_password_weak(SLICE("100"), slice_str(v[i].password));

		if ((why != NULL) != v[i].weak)
			fail_msg("%s: %s", v[i].password, why ? why : "taken for strong");
	}
}

static size_t alarms(struct fixture *f)
{
	json_t *o = pbx_json_status(f->pbx);
	size_t n = json_array_size(json_object_get(o, "alarms"));

	json_decref(o);
	return n;
}

static void test_alarm(void **state)
{
	struct fixture *f = *state;
	json_t *o;

	pbx_alarm_raise(f->pbx, "media.ports", "warning", "All RTP ports are in use.", "Widen --rtp-ports.");
	pbx_alarm_raise(f->pbx, "media.ports", "critical", "All RTP ports are in use.", "Widen --rtp-ports.");
	o = pbx_json_status(f->pbx);
	assert_int_equal(json_array_size(json_object_get(o, "alarms")), 1);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(json_object_get(o, "alarms"), 0), "severity")),
		"critical");
	json_decref(o);
	pbx_alarm_clear(f->pbx, "media.ports");
	assert_int_equal(alarms(f), 0);
	/* a call without a port raises it; after a minute without another it is over */
	pbx_call_ops()->no_port(NULL, ERR_LIMIT, f->pbx);
	vnet_run(f->net, 30000);
	pbx_call_ops()->no_port(NULL, EMFILE, f->pbx);
	vnet_run(f->net, 59000);
	assert_int_equal(alarms(f), 1);
	vnet_run(f->net, 2000);
	o = pbx_json_status(f->pbx);
	assert_int_equal(json_array_size(json_object_get(o, "alarms")), 0);
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_secret, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_sound, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_undo, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_refused, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_first_start, fixture_setup, fixture_teardown),
		cmocka_unit_test(test_weak),
		cmocka_unit_test_setup_teardown(test_alarm, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
