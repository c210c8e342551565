/*
 * plan_test.c - where a number leads, decided by the pure function: patterns, hours, routes, brakes, caller ids, calls
 * that come in. State comes from a table here, so nothing but the plan is tested.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include "base/mem.h"
#include "pbx/plan.h"

struct world {
	struct plan plan;
	struct plan_view view;
	struct plan_decision d;
	const char *blocked; /* this trunk has no channel */
	const char *limited; /* this extension or trunk is at its limit */
	bool cuttable, reaches, callback, locked, hide, braked;
	const char *open, *number;
	json_t *steps;
};

static bool has_extension(void *arg, struct slice n, struct plan_ext *e)
{
	const struct world *w = arg;

	memset(e, 0, sizeof(*e));
	e->name = "Anna";
	e->outside_number = w->number ? w->number : "";
	e->outside_name = "Anna";
	e->location = "";
	e->open = w->open ? w->open : "";
	e->enabled = !slice_eqs(n, "199");
	e->locked = w->locked;
	e->hide = w->hide;
	(void)slice_copy(e->number, sizeof(e->number), n);
	return n.l == 3 && n.p[0] == '1' && n.p[1] != '1';
}

static const char *has_feature(void *arg, struct slice n)
{
	(void)arg;
	return slice_eqs(n, "*43") ? "echo" : NULL;
}

static const char *has_conference(void *arg, struct slice n)
{
	(void)arg;
	return slice_eqs(n, "800") ? "Team" : NULL;
}

static bool has_trunk(void *arg, const char *name, bool out, struct plan_trunk *t)
{
	const struct world *w = arg;

	memset(t, 0, sizeof(*t));
	t->blocked = w->blocked && strstr(w->blocked, name) ? "all 2 channels are in use" : NULL;
	t->full = t->blocked != NULL;
	if (!out && w->braked) {
		t->blocked = "brake: enough";
		t->full = false;
		t->braked = true;
	}
	t->cuttable = t->full && w->cuttable;
	t->caller_id = !strcmp(name, "one") ? "+4930100" : "";
	t->country = !strcmp(name, "swiss") ? "CH" : "";
	t->proven = t->reaches_outside = w->reaches;
	return !strcmp(name, "one") || !strcmp(name, "two") || !strcmp(name, "swiss");
}

static const char *has_limit(void *arg, const char *name, bool trunk)
{
	const struct world *w = arg;

	(void)trunk;
	return w->limited && !strcmp(w->limited, name) ? "brake: enough" : NULL;
}

static const char *all_trunks(void *arg)
{
	(void)arg;
	return "one two swiss";
}

static bool calls_back(void *arg, const char *ext)
{
	(void)ext;
	return ((struct world *)arg)->callback;
}

static int row(struct world *w, const struct resource *r, const char *key, const char *json)
{
	json_t *o = json_loads(json, 0, NULL);
	struct buf why;
	int err;

	assert_non_null(o);
	buf_init(&why);
	err = plan_check(&w->plan, &w->plan.home, r, key, o, &why);
	assert_true(!err == !why.l);
	if (!err)
		err = plan_take(&w->plan, r, key, o);
	buf_free(&why);
	json_decref(o);
	return err;
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_int_equal(plan_init(&w->plan), 0);
	w->view = (struct plan_view){.arg = w,
				     .extension = has_extension,
				     .feature = has_feature,
				     .conference = has_conference,
				     .trunk = has_trunk,
				     .limit = has_limit,
				     .trunks = all_trunks,
				     .callback = calls_back,
				     .weekday = 1,
				     .minute = 600};
	assert_int_equal(row(w, &pbx_numbering_resource, "main", "{\"country\":\"DE\",\"area_code\":\"30\"}"), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	json_decref(w->steps);
	plan_free(&w->plan);
	free(w);
	return 0;
}

static const struct plan_decision *ask(struct world *w, const struct plan_query *q)
{
	struct plan_decision live;
	struct plan_trace t;

	/* with and without the trace it is the same decision */
	plan_decide(&w->plan, &w->view, q, &live, NULL);
	json_decref(w->steps);
	t.steps = w->steps = json_array();
	plan_decide(&w->plan, &w->view, q, &w->d, &t);
	assert_memory_equal(&live, &w->d, sizeof(live));
	assert_true(json_array_size(w->steps) > 0);
	return &w->d;
}

static const struct plan_decision *dial(struct world *w, const char *to)
{
	struct plan_query q = {.from = "100", .from_name = "", .dialled = to};

	return ask(w, &q);
}

static const struct plan_decision *arrives(struct world *w, const char *from, const char *to)
{
	struct plan_query q = {.from = from, .from_name = "Bob", .dialled = to, .trunk = "one"};

	return ask(w, &q);
}

#define OUT(w, key, json) assert_int_equal(row(w, &pbx_route_out_resource, key, json), 0)
#define IN(w, key, json)  assert_int_equal(row(w, &pbx_route_in_resource, key, json), 0)
#define DID(w, key, json) assert_int_equal(row(w, &pbx_did_resource, key, json), 0)

static void assert_sent(struct world *w, const char *to, const char *trunk, const char *number)
{
	const struct plan_decision *d = dial(w, to);

	if (d->kind != PLAN_OUT || strcmp(d->attempt[0].trunk, trunk) || strcmp(d->attempt[0].number, number))
		fail_msg("%s: kind %d, %s %s, %u %s", to, d->kind, d->attempt[0].trunk, d->attempt[0].number, d->code,
			 d->words);
}

static void assert_refused(const struct plan_decision *d, uint16_t code, const char *words)
{
	assert_int_equal(d->kind, PLAN_REFUSE);
	assert_int_equal(d->code, code);
	if (!strstr(d->words, words))
		fail_msg("\"%s\" does not say \"%s\"", d->words, words);
}

static void test_patterns(void **state)
{
	static const struct {
		const char *pattern, *dialled, *e164;
		bool yes;
		size_t strip;
	} t[] = {
		{"030", "030123", "", true, 0},
		{"030", "03", "", false, 0},
		{"=112", "112", "", true, 0},
		{"=112", "1121", "", false, 0},
		{"NXX", "234", "", true, 0},
		{"NXX", "134", "", false, 0},
		{"NXX", "2345", "", false, 0},
		{"_0.", "01", "", true, 0},
		{"0.", "0", "", false, 0},
		{"0!", "0", "", true, 0},
		{"ZX[1-3]", "193", "", true, 0},
		{"ZX[1-3]", "194", "", false, 0},
		{"ZX[1-3]", "093", "", false, 0},
		{"[24-6]X", "55", "", true, 0},
		{"[24-6]X", "35", "", false, 0},
		{"9|.", "9030", "", true, 1},
		{"9|", "9030", "", true, 1},
		{"99|NXX", "99234", "", true, 2},
		{"+49", "030", "+4930", true, 0},
		{"+49", "4930", "", false, 0},
		{"~^0[1-9]", "030", "", true, 0},
		{"~^0[1-9]", "0049", "", false, 0},
		{"~^\\+49", "030", "+4930", true, 0},
		{"~^1{2,3}$", "111", "", true, 0},
		{"1,2 3", "3", "", true, 0},
		{"*9X", "*95", "", true, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct pattern_list l;
		struct pattern_hit hit;
		struct buf why;

		buf_init(&why);
		assert_int_equal(pattern_list_parse(&l, slice_str(t[i].pattern), &why), 0);
		if (pattern_list_match(&l, t[i].dialled, t[i].e164, &hit) != t[i].yes)
			fail_msg("%s and %s", t[i].pattern, t[i].dialled);
		assert_int_equal(hit.strip, t[i].strip);
		pattern_list_free(&l);
		buf_free(&why);
	}
}

static void test_bad_patterns(void **state)
{
	static const char *const bad[] = {"abc",   "1.2", "[",  "[]",   "[a]", "1+", "|1",
					  "1|2|3", "~(",  "~[", "~a{1", "_",   "="};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct pattern_list l;
		struct buf why;
		int err;

		buf_init(&why);
		err = pattern_list_parse(&l, slice_str(bad[i]), &why);
		/* "a{1" is a text that only looks like a repetition */
		if (strcmp(bad[i], "~a{1")) {
			assert_int_equal(err, ERR_SYNTAX);
			assert_true(why.l > 20);
		}
		pattern_list_free(&l);
		buf_free(&why);
	}
}

/* Patterns made to take for ever are stopped by their bounds, and say so. */
static void test_catastrophe(void **state)
{
	static const char *const slow[] = {"~^(1+)+$", "~^(1|11)+$", "~^((1*)*)*[34]$", "~^(1?1?)+[34]$",
					   "~(.*)*(.*)*(.*)*[xy]"};
	static const char ones[] = "111111111111111111111111111111111111111111111111111112";
	clock_t begin = clock();
	unsigned gave_up = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(slow); i++) {
		struct pattern_list l;
		struct pattern_hit hit;
		struct buf why;

		buf_init(&why);
		assert_int_equal(pattern_list_parse(&l, slice_str(slow[i]), &why), 0);
		assert_false(pattern_list_match(&l, ones, "", &hit));
		gave_up += hit.gave_up;
		pattern_list_free(&l);
		buf_free(&why);
	}
	assert_true(gave_up >= 4);
	/* unbounded they would take years; this is no measurement */
	assert_true((clock() - begin) / CLOCKS_PER_SEC < 20);
}

static void test_hours(void **state)
{
	static const struct {
		const char *text;
		unsigned day, minute;
		bool open;
	} t[] = {
		{"", 3, 700, true},
		{"mon-fri 08:00-18:00", 1, 480, true},
		{"mon-fri 08:00-18:00", 1, 479, false},
		{"mon-fri 08:00-18:00", 5, 1079, true},
		{"mon-fri 08:00-18:00", 5, 1080, false},
		{"mon-fri 08:00-18:00", 6, 600, false},
		{"mon-fri 8-18, sat 9:00-12:00", 6, 600, true},
		{"fri-mon 00:00-24:00", 0, 5, true},
		{"fri-mon 00:00-24:00", 2, 5, false},
		{"sun", 0, 1439, true},
		{"daily 22:00-06:00", 3, 300, true},
		{"fri 22:00-06:00", 6, 300, true},
		{"fri 22:00-06:00", 5, 300, false},
		{"12:00-13:00", 4, 725, true},
	};
	static const char *const bad[] = {"mo 8-18", "mon 25:00-26:00",   "mon 8:00", "8-8",
					  "mon-",    "mon 08:00-18:00 x", "foo"};
	struct plan_hours h;
	struct buf why;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		buf_init(&why);
		assert_int_equal(plan_hours_parse(&h, slice_str(t[i].text), &why), 0);
		if (plan_hours_open(&h, t[i].day, t[i].minute) != t[i].open)
			fail_msg("%s on %u at %u", t[i].text, t[i].day, t[i].minute);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		buf_init(&why);
		if (plan_hours_parse(&h, slice_str(bad[i]), &why) != ERR_SYNTAX)
			fail_msg("%s is taken", bad[i]);
		buf_free(&why);
	}
}

static void test_inside(void **state)
{
	struct world *w = *state;

	assert_int_equal(dial(w, "101")->kind, PLAN_EXTENSION);
	assert_string_equal(w->d.target, "101");
	assert_int_equal(dial(w, "*43")->kind, PLAN_FEATURE);
	assert_refused(dial(w, "199"), 404, "no such number");
	assert_refused(dial(w, "030123456"), 404, "no such number");
	OUT(w, "all", "{\"pattern\":\".\",\"trunks\":\"one\"}");
	assert_int_equal(dial(w, "101")->kind, PLAN_EXTENSION);
	w->locked = true;
	assert_refused(dial(w, "101"), 403, "locked");
	assert_int_equal(dial(w, "112")->kind, PLAN_EMERGENCY);
}

static void test_conferences(void **state)
{
	struct world *w = *state;

	assert_int_equal(dial(w, "800")->kind, PLAN_CONFERENCE);
	assert_string_equal(w->d.target, "800");
	assert_refused(dial(w, "801"), 404, "no such number");
	/* before routes, as extensions are */
	OUT(w, "all", "{\"pattern\":\".\",\"trunks\":\"one\"}");
	assert_int_equal(dial(w, "800")->kind, PLAN_CONFERENCE);
	assert_sent(w, "8001", "one", "8001");
	/* from outside only where a number or a rule leads to it */
	assert_refused(arrives(w, "+4940999", "800"), 404, "no such number here");
	DID(w, "+49 30 1234", "{\"target\":\"800\"}");
	assert_int_equal(arrives(w, "+4940999", "+49301234")->kind, PLAN_CONFERENCE);
	assert_string_equal(w->d.target, "800");
	IN(w, "meet", "{\"order\":1,\"callers\":\"+4490\",\"target\":\"800\",\"numbers\":\"+4930\"}");
	assert_int_equal(arrives(w, "00449012345678", "+493055555")->kind, PLAN_CONFERENCE);
	/* gone or switched off: what is left is a number outside */
	w->view.conference = NULL;
	assert_refused(arrives(w, "+4940999", "+49301234"), 403, "may not go out again");
}

static void test_rewriting(void **state)
{
	struct world *w = *state;

	OUT(w, "nine", "{\"order\":1,\"pattern\":\"9|.\",\"trunks\":\"one\"}");
	OUT(w, "e164", "{\"order\":2,\"pattern\":\"030\",\"trunks\":\"two\",\"send\":\"e164\"}");
	OUT(w, "digits", "{\"order\":3,\"pattern\":\"031\",\"trunks\":\"two\",\"send\":\"digits\"}");
	OUT(w, "swiss", "{\"order\":4,\"pattern\":\"032\",\"trunks\":\"swiss\",\"send\":\"national\"}");
	OUT(w, "strip", "{\"order\":5,\"pattern\":\"033\",\"trunks\":\"two\",\"strip\":1,\"prepend\":\"0049\"}");
	OUT(w, "regex", "{\"order\":6,\"pattern\":\"~^034(.+)$\",\"trunks\":\"two\",\"replace\":\"+4934$1\"}");
	OUT(w, "plus", "{\"order\":7,\"pattern\":\"+4935\",\"trunks\":\"two\"}");
	assert_sent(w, "9030123456", "one", "030123456");
	assert_sent(w, "030 12 34 56", "two", "+4930123456");
	assert_sent(w, "031123456", "two", "4931123456");
	assert_sent(w, "032123456", "swiss", "004932123456");
	assert_sent(w, "033123456", "two", "004933123456");
	assert_sent(w, "034123456", "two", "+4934123456");
	assert_sent(w, "035123456", "two", "+4935123456");
	assert_string_equal(w->d.e164, "+4935123456");
	assert_refused(dial(w, "9"), 404, "no such");
}

static void test_order_and_conditions(void **state)
{
	struct world *w = *state;

	OUT(w, "b", "{\"order\":10,\"pattern\":\"0\",\"trunks\":\"two\"}");
	OUT(w, "a", "{\"order\":10,\"pattern\":\"0\",\"trunks\":\"one\",\"hours\":\"mon 08:00-12:00\"}");
	OUT(w, "boss", "{\"order\":5,\"pattern\":\"0\",\"trunks\":\"one two\",\"extensions\":\"10[5-9]\"}");
	assert_sent(w, "030123456", "one", "030123456");
	assert_string_equal(w->d.route, "a");
	w->view.minute = 720;
	assert_sent(w, "030123456", "two", "030123456");
	assert_string_equal(w->d.route, "b");
	OUT(w, "b", "{\"order\":10,\"pattern\":\"0\",\"trunks\":\"two\",\"enabled\":false}");
	assert_refused(dial(w, "030123456"), 404, "no such number");
	assert_int_equal(plan_take(&w->plan, &pbx_route_out_resource, "a", NULL), 0);
	assert_int_equal(w->plan.out.n, 2);
}

static void test_lines(void **state)
{
	struct world *w = *state;

	OUT(w, "all", "{\"pattern\":\"0\",\"trunks\":\"one, two gone one swiss\"}");
	assert_int_equal(dial(w, "030123456")->nattempt, 3);
	w->blocked = "one";
	assert_sent(w, "030123456", "two", "030123456");
	w->limited = "two";
	assert_sent(w, "030123456", "swiss", "030123456");
	w->blocked = "one two swiss";
	assert_refused(dial(w, "030123456"), 503, "all 2 channels");
	OUT(w, "all", "{\"pattern\":\"0\",\"trunks\":\"one two\",\"tries\":1}");
	w->blocked = NULL;
	assert_int_equal(dial(w, "030123456")->nattempt, 1);
}

static void test_pin(void **state)
{
	struct world *w = *state;

	OUT(w, "all", "{\"pattern\":\"0\",\"trunks\":\"one\",\"pin\":\"4711\"}");
	assert_refused(dial(w, "030123456"), 403, "a PIN is needed");
	assert_false(w->d.pin_wrong);
	assert_refused(dial(w, "030123456*4712"), 403, "wrong");
	assert_true(w->d.pin_wrong);
	assert_refused(dial(w, "030123456*47110"), 403, "wrong");
	assert_refused(dial(w, "030123456*"), 403, "wrong");
	assert_sent(w, "030123456*4711", "one", "030123456");
	/* the trace does not tell it */
	char *text = json_dumps(w->steps, 0);
	if (strstr(text, "4711"))
		fail_msg("%s", text);
	free(text);
}

static bool said(const struct world *w, const char *words)
{
	char *text = json_dumps(w->steps, 0);
	bool found = strstr(text, words) != NULL;

	free(text);
	return found;
}

/* A line that cannot prove itself, one that can, and a call by that one which does not. */
static void test_proof(void **state)
{
	struct world *w = *state;
	struct plan_query q = {.from = "+4940111", .from_name = "", .trunk = "two", .dialled = "030123456"};

	OUT(w, "all", "{\"pattern\":\"0\",\"trunks\":\"one\"}");
	assert_int_equal(ask(w, &q)->kind, PLAN_REFUSE);
	assert_true(said(w, "two is known by its address alone, which can be forged"));
	w->reaches = true;
	assert_int_equal(ask(w, &q)->kind, PLAN_OUT);
	assert_true(said(w, "two proves itself; a call that does not may not go out again"));
	q.forgeable = true;
	assert_refused(ask(w, &q), 404, "no such number here");
	assert_true(said(w, "two can prove itself, but this call is known by its address alone"));
}

static void test_brakes(void **state)
{
	struct world *w = *state;

	OUT(w, "all", "{\"pattern\":\". +\",\"trunks\":\"one\"}");
	assert_refused(dial(w, "0033123456789"), 403, "France are closed");
	assert_refused(dial(w, "+33123456789"), 403, "France are closed");
	assert_refused(dial(w, "09001234567"), 403, "premium");
	assert_refused(dial(w, "00881612345678"), 403, "satellite");
	assert_refused(dial(w, "0021012345678"), 403, "closed");
	w->open = "FR premium";
	assert_sent(w, "0033123456789", "one", "0033123456789");
	assert_sent(w, "09001234567", "one", "09001234567");
	assert_refused(dial(w, "0041123456789"), 403, "Switzerland");
}

static void test_brakes_for_all(void **state)
{
	struct world *w = *state;

	OUT(w, "all", "{\"pattern\":\". +\",\"trunks\":\"one\"}");
	assert_int_equal(row(w, &pbx_brakes_resource, "main", "{\"countries\":\"FR, +43\"}"), ERR_SYNTAX);
	assert_int_equal(row(w, &pbx_brakes_resource, "main", "{\"countries\":\"FR +43\"}"), 0);
	assert_sent(w, "0033123456789", "one", "0033123456789");
	assert_sent(w, "004311234567", "one", "004311234567");
	assert_refused(dial(w, "0041123456789"), 403, "Switzerland");
	/* costly abroad: both must be open */
	assert_refused(dial(w, "0033899123456"), 403, "premium");
	assert_int_equal(row(w, &pbx_brakes_resource, "main", "{\"international\":true}"), 0);
	assert_sent(w, "0041123456789", "one", "0041123456789");
	assert_refused(dial(w, "00881612345678"), 403, "satellite");
	w->limited = "100";
	assert_refused(dial(w, "030123456"), 403, "brake: enough");
	assert_int_equal(dial(w, "112")->kind, PLAN_EMERGENCY);
}

/* What a route puts in front does not hide what is behind. */
static void test_brakes_behind_a_prefix(void **state)
{
	struct world *w = *state;

	OUT(w, "carrier", "{\"pattern\":\"9|.\",\"trunks\":\"one\",\"prepend\":\"01033\"}");
	assert_refused(dial(w, "90033123456789"), 403, "closed");
	assert_refused(dial(w, "909001234567"), 403, "premium");
	assert_sent(w, "9030123456", "one", "01033030123456");
}

static void test_caller_id(void **state)
{
	struct world *w = *state;
	struct party from_outside = {.number = "+33123456789", .name = "Client"};
	struct plan_query q = {.from = "100", .from_name = "", .dialled = "030123456", .onward = &from_outside};

	OUT(w, "all", "{\"pattern\":\"0\",\"trunks\":\"one two\"}");
	dial(w, "030123456");
	assert_string_equal(w->d.attempt[0].caller.number, "+4930100");
	assert_string_equal(w->d.attempt[0].caller.name, "Anna");
	assert_string_equal(w->d.attempt[1].caller.number, "");
	/* only what is ours is shown */
	w->number = "030 555";
	dial(w, "030123456");
	assert_string_equal(w->d.attempt[0].caller.number, "+4930100");
	DID(w, "+49 30 555", "{\"target\":\"100\"}");
	dial(w, "030123456");
	assert_string_equal(w->d.attempt[0].caller.number, "+4930555");
	assert_string_equal(w->d.attempt[1].caller.number, "+4930555");
	w->hide = true;
	dial(w, "030123456");
	assert_true(w->d.attempt[0].caller.hidden);
	dial(w, "112");
	assert_false(w->d.attempt[0].caller.hidden);
	/* passed on */
	w->hide = false;
	ask(w, &q);
	assert_string_equal(w->d.attempt[0].caller.number, "+4930555");
	OUT(w, "all", "{\"pattern\":\"0\",\"trunks\":\"one\",\"keep_caller\":true}");
	ask(w, &q);
	assert_string_equal(w->d.attempt[0].caller.number, "+33123456789");
	OUT(w, "all", "{\"pattern\":\"0\",\"trunks\":\"one\",\"caller_id\":\"030 999\"}");
	dial(w, "030123456");
	assert_string_equal(w->d.attempt[0].caller.number, "+4930999");
}

static void test_dids(void **state)
{
	struct world *w = *state;

	DID(w, "+49 30 1234", "{\"target\":\"101\",\"name_prefix\":\"Sales:\"}");
	assert_int_equal(row(w, &pbx_did_resource, "030-1234", "{\"target\":\"102\"}"), EEXIST);
	assert_int_equal(row(w, &pbx_did_resource, "030 9", "{\"target\":\"no way\"}"), ERR_SYNTAX);
	static const char *const forms[] = {"+49301234", "0049301234", "49301234", "0301234", "301234"};
	for (size_t i = 0; i < 4; i++) {
		arrives(w, "+4940999", forms[i]);
		assert_int_equal(w->d.kind, PLAN_EXTENSION);
		assert_string_equal(w->d.target, "101");
		assert_string_equal(w->d.caller.name, "Sales: Bob");
	}
	assert_refused(arrives(w, "+4940999", "+49309999"), 404, "no such number here");
	/* extensions are not numbers of the world outside */
	assert_refused(arrives(w, "+4940999", "101"), 404, "no such number here");
	DID(w, "+49 30 1234", "{\"target\":\"101\",\"trunks\":\"two\"}");
	assert_refused(arrives(w, "+4940999", "+49301234"), 404, "no such number here");
	DID(w, "+49 30 1234", "{\"target\":\"refuse 486\"}");
	assert_refused(arrives(w, "+4940999", "+49301234"), 486, "refused");
	w->blocked = "one";
	assert_refused(arrives(w, "+4940999", "+49301234"), 486, "all 2 channels");
	/* too many in a minute: the provider is told, not that the number is busy */
	w->blocked = NULL;
	w->braked = true;
	assert_refused(arrives(w, "+4940999", "+49301234"), 503, "brake: enough");
}

static void test_routes_in(void **state)
{
	struct world *w = *state;
	struct plan_query hidden = {.from = "", .from_name = "", .dialled = "+49301234", .trunk = "one"};

	DID(w, "+49301234", "{\"target\":\"101\"}");
	IN(w, "anon", "{\"order\":1,\"callers\":\"anonymous, +4490\",\"target\":\"refuse 603\"}");
	IN(w, "night", "{\"order\":2,\"hours\":\"18:00-08:00\",\"target\":\"102\",\"numbers\":\"+4930\"}");
	IN(w, "other", "{\"order\":3,\"trunks\":\"two\",\"target\":\"103\"}");
	assert_int_equal(arrives(w, "+4940999", "+49301234")->kind, PLAN_EXTENSION);
	assert_string_equal(w->d.target, "101");
	assert_refused(arrives(w, "00449012345678", "+49301234"), 603, "refused");
	assert_refused(ask(w, &hidden), 603, "refused");
	w->view.minute = 1200;
	arrives(w, "+4940999", "+49301234");
	assert_string_equal(w->d.target, "102");
}

static void test_outside_to_outside(void **state)
{
	struct world *w = *state;

	OUT(w, "all", "{\"pattern\":\"0\",\"trunks\":\"two\"}");
	IN(w, "all", "{\"target\":\"dialled\",\"numbers\":\"0 1\"}");
	assert_refused(arrives(w, "+4940999", "030123456"), 403, "may not go out again");
	assert_refused(arrives(w, "+4940999", "112"), 403, "may not go out again");
	assert_int_equal(arrives(w, "+4940999", "101")->kind, PLAN_EXTENSION);
	w->reaches = true;
	assert_int_equal(arrives(w, "+4940999", "030123456")->kind, PLAN_OUT);
	assert_int_equal(arrives(w, "+4940999", "112")->kind, PLAN_EMERGENCY);
	assert_refused(arrives(w, "+4940999", "0033123456789"), 403, "closed");
}

static void test_emergency(void **state)
{
	struct world *w = *state;

	OUT(w, "all", "{\"pattern\":\"0|. 11X\",\"trunks\":\"two one\",\"pin\":\"4711\"}");
	assert_int_equal(dial(w, "112")->kind, PLAN_EMERGENCY);
	assert_string_equal(w->d.attempt[0].trunk, "two");
	assert_string_equal(w->d.attempt[0].number, "112");
	assert_int_equal(w->d.nattempt, 3);
	assert_int_equal(dial(w, "0112")->kind, PLAN_EMERGENCY);
	assert_string_equal(w->d.attempt[0].number, "112");
	w->locked = true;
	assert_int_equal(dial(w, "0 1 1 0")->kind, PLAN_EMERGENCY);
	assert_int_equal(dial(w, "933")->kind, PLAN_TEST);
	w->locked = false;
	w->blocked = "one two swiss";
	assert_refused(dial(w, "112"), 503, "no line");
	w->cuttable = true;
	assert_int_equal(dial(w, "112")->nattempt, 3);
	assert_true(w->d.attempt[0].preempt);
	w->blocked = "two swiss";
	dial(w, "112");
	assert_string_equal(w->d.attempt[0].trunk, "one");
	assert_false(w->d.attempt[0].preempt);
	assert_int_equal(row(w, &pbx_numbering_resource, "main",
			     "{\"country\":\"DE\",\"emergency_numbers\":\"19222\",\"emergency_not\":\"110\","
			     "\"emergency_trunks\":\"swiss\"}"),
			 0);
	w->blocked = NULL;
	dial(w, "19222");
	assert_int_equal(w->d.kind, PLAN_EMERGENCY);
	assert_int_equal(w->d.nattempt, 3);
	assert_string_equal(w->d.attempt[0].trunk, "swiss");
	assert_int_not_equal(dial(w, "110")->kind, PLAN_EMERGENCY);
	w->callback = true;
	assert_true(dial(w, "101")->callback);
	/* a centre that says so by a line that is believed needs no window, and no channel */
	w->callback = false;
	w->blocked = "one";
	DID(w, "+49301234", "{\"target\":\"101\"}");
	assert_refused(arrives(w, "+4930112", "+49301234"), 486, "channels");
	const struct plan_query psap = {
		.from = "+4930112", .from_name = "", .dialled = "+49301234", .trunk = "one", .psap = true};
	assert_true(ask(w, &psap)->callback);
	assert_int_equal(w->d.kind, PLAN_EXTENSION);
}

static void test_checks(void **state)
{
	struct world *w = *state;

	assert_int_equal(row(w, &pbx_numbering_resource, "main", "{\"country\":\"QQ\"}"), ERR_SYNTAX);
	assert_int_equal(row(w, &pbx_numbering_resource, "other", "{}"), ERR_SYNTAX);
	assert_int_equal(row(w, &pbx_route_out_resource, "x", "{\"pattern\":\"~(\",\"trunks\":\"one\"}"), ERR_SYNTAX);
	assert_int_equal(
		row(w, &pbx_route_out_resource, "x", "{\"pattern\":\"0\",\"trunks\":\"one\",\"replace\":\"$1\"}"),
		ERR_SYNTAX);
	assert_int_equal(row(w, &pbx_route_in_resource, "x", "{\"target\":\"refuse 200\"}"), ERR_SYNTAX);
	OUT(w, "x", "{\"pattern\":\"0\",\"trunks\":\"one\"}");
	assert_int_equal(row(w, &pbx_numbering_resource, "main", "{\"country\":\"\"}"), ERR_SYNTAX);
}

/* Every allocation of taking a row over fails once: nothing is lost, nothing half taken. */
static void test_no_memory(void **state)
{
	struct world *w = *state;
	json_t *o = json_loads("{\"pattern\":\"0 ~^1(.) 9|.\",\"trunks\":\"one two\",\"hours\":\"mon\"}", 0, NULL);
	int err = ENOMEM;

	for (long n = 0; err; n++) {
		assert_true(n < 200);
		mem_fail_at(n);
		err = plan_take(&w->plan, &pbx_route_out_resource, "x", o);
		(void)mem_fail_off();
		assert_true(err == 0 || err == ENOMEM);
		assert_int_equal(w->plan.out.n, err ? 0 : 1);
	}
	json_decref(o);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_patterns),       T(test_bad_patterns),
		T(test_catastrophe),    T(test_hours),
		T(test_inside),         T(test_conferences),
		T(test_rewriting),      T(test_order_and_conditions),
		T(test_lines),          T(test_pin),
		T(test_proof),          T(test_brakes),
		T(test_brakes_for_all), T(test_brakes_behind_a_prefix),
		T(test_caller_id),      T(test_dids),
		T(test_routes_in),      T(test_outside_to_outside),
		T(test_emergency),      T(test_checks),
		T(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
