/*
 * route_conf_test.c - the configuration of numbers and routes: what is refused and why, what survives a restart, undo,
 * and what `route explain` tells.
 */
#include "pbx_fixture.h"
#include "pbx/trunk.h"

static int set(struct fixture *f, enum change_op op, const struct resource *r, const char *key, const char *json)
{
	json_t *o = json ? json_loads(json, 0, NULL) : NULL;
	struct change_item it = {op, r, key, o};

	assert_true(!json || o);
	if (o && op == CHANGE_CREATE)
		(void)json_object_set_new(o, resource_key(r)->name, json_string(key));
	f->err = -1;
	pbx_change(f->pbx, &it, 1, "test", NULL, changed, f);
	vnet_run(f->net, 50);
	json_decref(o);
	return f->err;
}

#define MAKE(f, r, key, json)   set(f, CHANGE_CREATE, r, key, json)
#define CHANGE(f, r, key, json) set(f, CHANGE_UPDATE, r, key, json)

static void assert_why(const struct fixture *f, const char *words)
{
	if (!strstr(f->why, words))
		fail_msg("\"%s\" does not say \"%s\"", f->why, words);
}

static void office(struct fixture *f)
{
	add_extension(f, "150");
	assert_int_equal(MAKE(f, &pbx_trunk_resource, "one", "{\"server\":\"192.0.2.1\",\"register\":false}"), 0);
	assert_int_equal(CHANGE(f, &pbx_numbering_resource, "main", "{\"country\":\"DE\",\"area_code\":\"30\"}"), 0);
	assert_int_equal(MAKE(f, &pbx_route_out_resource, "all",
			      "{\"pattern\":\"0|.\",\"trunks\":\"one\",\"pin\":\"4711\",\"order\":7}"),
			 0);
	assert_int_equal(MAKE(f, &pbx_did_resource, "030 1234", "{\"target\":\"150\"}"), 0);
	assert_int_equal(MAKE(f, &pbx_route_in_resource, "none", "{\"target\":\"refuse\",\"callers\":\"anonymous\"}"),
			 0);
}

static void test_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(MAKE(f, &pbx_trunk_resource, "one", "{\"server\":\"192.0.2.1\",\"register\":false}"), 0);
	assert_int_equal(MAKE(f, &pbx_route_out_resource, "x", "{\"pattern\":\"0\",\"trunks\":\"one\"}"), ERR_SYNTAX);
	assert_why(f, "Set the country first");
	assert_int_equal(MAKE(f, &pbx_did_resource, "030 1", "{\"target\":\"150\"}"), ERR_SYNTAX);
	assert_why(f, "Set the country first");
	assert_int_equal(MAKE(f, &pbx_did_resource, "+49301", "{\"target\":\"150\"}"), 0);
	assert_int_equal(CHANGE(f, &pbx_numbering_resource, "main", "{\"country\":\"QQ\"}"), ERR_SYNTAX);
	assert_int_equal(CHANGE(f, &pbx_numbering_resource, "main", "{\"country\":\"DE\"}"), 0);
	assert_int_equal(MAKE(f, &pbx_route_out_resource, "x", "{\"pattern\":\"0\",\"trunks\":\"two\"}"), ERR_SYNTAX);
	assert_why(f, "no trunk \"two\"");
	assert_int_equal(MAKE(f, &pbx_route_out_resource, "x", "{\"pattern\":\"~(\",\"trunks\":\"one\"}"), ERR_SYNTAX);
	assert_why(f, "regular expression");
	assert_int_equal(MAKE(f, &pbx_route_out_resource, "x", "{\"pattern\":\"0\",\"trunks\":\"one\"}"), 0);
	assert_int_equal(CHANGE(f, &pbx_route_out_resource, "x", "{\"hours\":\"mon-\"}"), ERR_SYNTAX);
	assert_why(f, "understood as hours");
	assert_int_equal(CHANGE(f, &pbx_brakes_resource, "main", "{\"countries\":\"FR XX\"}"), ERR_SYNTAX);
}

/* A number is an extension or an emergency number, not both by accident. */
static void test_collisions(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(change(f, CHANGE_CREATE, "112", json_pack("{s:s}", "number", "112")), EEXIST);
	assert_why(f, "emergency number");
	add_extension(f, "101");
	assert_int_equal(CHANGE(f, &pbx_numbering_resource, "main", "{\"country\":\"BE\"}"), EEXIST);
	assert_why(f, "101 is an emergency number in Belgium");
	assert_int_equal(CHANGE(f, &pbx_numbering_resource, "main", "{\"country\":\"BE\",\"emergency_not\":\"101\"}"),
			 0);
	assert_int_equal(CHANGE(f, &pbx_numbering_resource, "main", "{\"emergency_not\":\"\"}"), EEXIST);
	assert_int_equal(CHANGE(f, &pbx_numbering_resource, "main", "{\"emergency_numbers\":\"101\"}"), 0);
	assert_false(plan_is_emergency(&f->pbx->plan, "101"));
}

static const char *verdict(struct fixture *f, const char *from, const char *to, const char *trunk)
{
	static char text[400];
	const struct pbx_explain x = {.from = from, .to = to, .trunk = trunk};
	json_t *o = pbx_json_explain(f->pbx, &x);

	assert_non_null(o);
	assert_true(json_array_size(json_object_get(o, "steps")) > 0);
	snprintf(text, sizeof(text), "%s",
		 json_string_value(json_object_get(json_object_get(o, "decision"), "sentence")));
	json_decref(o);
	return text;
}

static void test_restart(void **state)
{
	struct fixture *f = *state;

	office(f);
	assert_int_equal(
		CHANGE(f, &pbx_extension_resource, "150",
		       "{\"location\":\"Room 7\",\"open\":\"FR,premium\",\"locked\":false,\"outside_calls\":3}"),
		0);
	for (int i = 0; i < 2; i++) {
		const struct extension *e = extension_find(f->pbx, SLICE("150"));
		const struct plan_out *o = LINK_OBJ(f->pbx->plan.out.head, struct plan_out, rule.le);

		assert_non_null(e->outside);
		assert_string_equal(e->outside->location, "Room 7");
		assert_string_equal(e->outside->open, "FR premium");
		assert_int_equal(e->outside->calls, 3);
		assert_string_equal(o->pin, "4711");
		assert_int_equal(o->rule.order, 7);
		assert_int_equal(f->pbx->plan.in.n, 1);
		assert_string_equal(f->pbx->plan.home.country->iso, "DE");
		assert_non_null(plan_did_find(&f->pbx->plan, "+49301234"));
		assert_string_equal(verdict(f, "150", "112", NULL),
				    "It is refused: 503, there is no line for the emergency call.");
		fixture_stop(f);
		fixture_start(f);
	}
	assert_int_equal(
		CHANGE(f, &pbx_extension_resource, "150", "{\"location\":\"\",\"open\":\"\",\"outside_calls\":0}"), 0);
	assert_null(extension_find(f->pbx, SLICE("150"))->outside);
}

static void test_explain(void **state)
{
	struct fixture *f = *state;

	office(f);
	add_extension(f, "151");
	assert_string_equal(verdict(f, "150", "151", NULL), "Extension 151 rings.");
	assert_string_equal(verdict(f, "150", "*43", NULL), "It leads to the feature *43.");
	assert_non_null(strstr(verdict(f, "150", "0040123456", NULL), "a PIN is needed"));
	assert_non_null(strstr(verdict(f, "150", "00033123456789*4711", NULL), "France are closed"));
	/* no call engine here, so the line is not open */
	assert_non_null(strstr(verdict(f, "150", "0040123456*4711", NULL), "the trunk is not open"));
	assert_non_null(strstr(verdict(f, "150", "933", NULL), "emergency test"));
	assert_non_null(strstr(verdict(f, "040123", "+49301234", "two"), "not known"));
}

static void test_country_changes_numbers(void **state)
{
	struct fixture *f = *state;

	office(f);
	assert_non_null(plan_did_find(&f->pbx->plan, "+49301234"));
	assert_int_equal(CHANGE(f, &pbx_numbering_resource, "main", "{\"country\":\"CH\"}"), 0);
	assert_null(plan_did_find(&f->pbx->plan, "+49301234"));
	assert_int_equal(set(f, CHANGE_DELETE, &pbx_did_resource, "030 1234", NULL), 0);
	assert_int_equal(f->pbx->plan.dids.n, 0);
	assert_int_equal(f->pbx->plan.did_numbers.n, 0);
}

static void test_undo(void **state)
{
	struct fixture *f = *state;

	office(f);
	assert_int_equal(CHANGE(f, &pbx_route_out_resource, "all", "{\"order\":9}"), 0);
	pbx_undo(f->pbx, f->change_id, "test", changed, f);
	vnet_run(f->net, 50);
	assert_int_equal(f->err, 0);
	assert_int_equal(LINK_OBJ(f->pbx->plan.out.head, struct plan_rule, le)->order, 7);
	assert_string_equal(LINK_OBJ(f->pbx->plan.out.head, struct plan_out, rule.le)->pin, "4711");
}

/* Everything at once, as an import brings it: the country comes with what needs it. */
static void test_import(void **state)
{
	struct fixture *f = *state;
	json_t *n = json_pack("{s:s, s:s}", "name", "main", "country", "DE");
	json_t *t = json_pack("{s:s, s:s, s:b}", "name", "one", "server", "192.0.2.1", "register", 0);
	json_t *r = json_pack("{s:s, s:s, s:s}", "name", "all", "pattern", "0", "trunks", "one");
	const struct change_item v[] = {{CHANGE_CREATE, &pbx_route_out_resource, "all", r},
					{CHANGE_CREATE, &pbx_trunk_resource, "one", t},
					{CHANGE_CREATE, &pbx_numbering_resource, "main", n}};

	f->err = -1;
	pbx_change(f->pbx, v, ARRAY_LEN(v), "test", NULL, changed, f);
	vnet_run(f->net, 50);
	if (f->err)
		fail_msg("%s", f->why);
	assert_int_equal(f->pbx->plan.out.n, 1);
	json_decref(n);
	json_decref(t);
	json_decref(r);
}

int main(void)
{
#define T(t) cmocka_unit_test_setup_teardown(t, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		T(test_refused), T(test_collisions), T(test_restart), T(test_explain), T(test_country_changes_numbers),
		T(test_undo),    T(test_import),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
