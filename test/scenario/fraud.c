/*
 * fraud.c - nobody calls at our cost: what is closed, limits, minutes, lines that fail, and who pays.
 */
#include "peer.h"
#include "pbx/plan.h"
#include "pbx/security.h"
#include "pbx/trunk.h"

static struct peer phones, a, b;

static void open_office(struct scene *s)
{
	peer_open_office(s, &phones, &a, &b);
	row(s, &pbx_numbering_resource, "main", "{'country':'DE','area_code':'30'}");
	row(s, &pbx_trunk_resource, "a", "{'server':'10.0.0.50','register':false,'check_seconds':0,'user':'acct'}");
	row(s, &pbx_trunk_resource, "b", "{'server':'10.0.0.51','register':false,'check_seconds':0,'user':'acct'}");
	row(s, &pbx_route_out_resource, "all", "{'pattern':'0 1','trunks':'a b'}");
	peer_register(&phones, "100");
	peer_register(&phones, "101");
	peer_register(&phones, "102");
}

static void hang_up_all(struct peer *p)
{
	for (size_t i = 0; i < PEER_CALLS; i++)
		if (p->call[i].used)
			peer_bye(p, &p->call[i]);
}

static void close_office(struct scene *s)
{
	hang_up_all(&phones);
	hang_up_all(&a);
	vnet_run(s->net, 5000);
	peer_close(&phones);
	peer_close(&a);
	peer_close(&b);
}

static unsigned code_of(const char *from, const char *to)
{
	struct peer_call *c = peer_invite(&phones, from, to, 3000);
	unsigned code = c->code;

	if (code == 200)
		peer_bye(&phones, c);
	vnet_run(phones.s->net, 20);
	return code;
}

static bool has_alarm(struct scene *s, const char *id)
{
	json_t *st = pbx_json_status(s->pbx), *v;
	bool found = false;
	size_t i;

	json_array_foreach(json_object_get(st, "alarms"), i, v)
	{
		found = found || !strcmp(json_string_value(json_object_get(v, "id")), id);
	}
	json_decref(st);
	return found;
}

void closed_numbers(void **state)
{
	struct scene *s = *state;

	open_office(s);
	assert_int_equal(code_of("100", "0033123456789"), 403);
	assert_int_equal(code_of("100", "09001234567"), 403);
	assert_int_equal(code_of("100", "00881612345678"), 403);
	assert_int_equal(a.n, 0);
	vnet_run(s->net, 2000);
	assert_cdr(s, 0, "outcome", "declined");
	assert_non_null(strstr(json_string_value(json_object_get(scene_cdr(s, 0), "reason")), "satellite"));
	row(s, &pbx_extension_resource, "100", "{'open':'FR,premium'}");
	assert_int_equal(code_of("100", "0033123456789"), 200);
	assert_int_equal(code_of("100", "09001234567"), 200);
	assert_int_equal(code_of("101", "0033123456789"), 403);
	row(s, &pbx_brakes_resource, "main", "{'international':true}");
	assert_int_equal(code_of("101", "0033123456789"), 200);
	close_office(s);
}

void limits_of_an_extension(void **state)
{
	struct scene *s = *state;
	struct peer_call *c;

	open_office(s);
	row(s, &pbx_brakes_resource, "main", "{'calls':2,'per_minute':5}");
	row(s, &pbx_extension_resource, "100", "{'call_limit':20}");
	c = peer_invite(&phones, "100", "030111111", 3000);
	assert_int_equal(c->code, 200);
	assert_int_equal(peer_invite(&phones, "100", "030111112", 3000)->code, 200);
	assert_false(has_alarm(s, "brake.ext.100"));
	assert_int_equal(peer_invite(&phones, "100", "030111113", 3000)->code, 403);
	assert_true(has_alarm(s, "brake.ext.100"));
	assert_int_equal(code_of("101", "030111114"), 200);
	peer_bye(&phones, c);
	/* five in a minute, those that were refused not counted */
	assert_int_equal(code_of("100", "030111115"), 200);
	assert_int_equal(code_of("100", "030111115"), 200);
	assert_int_equal(code_of("100", "030111115"), 200);
	assert_int_equal(code_of("100", "030111115"), 403);
	vnet_run(s->net, 61000);
	assert_int_equal(code_of("100", "030111115"), 200);
	/* calls within the house are nobody's business */
	phones.answer = 486;
	assert_int_equal(code_of("100", "101"), 486);
	row(s, &pbx_extension_resource, "100", "{'outside_calls':1}");
	assert_int_equal(peer_invite(&phones, "100", "030111116", 3000)->code, 403);
	vnet_run(s->net, 2 * 3600000);
	assert_false(has_alarm(s, "brake.ext.100"));
	close_office(s);
}

void minutes_of_a_day(void **state)
{
	struct scene *s = *state;
	struct peer_call *c;

	open_office(s);
	row(s, &pbx_brakes_resource, "main", "{'minutes_per_day':30}");
	c = peer_invite(&phones, "100", "030111111", 3000);
	vnet_run(s->net, 20 * 60000);
	peer_bye(&phones, c);
	assert_int_equal(code_of("100", "030111111"), 200);
	c = peer_invite(&phones, "100", "030111111", 3000);
	assert_int_equal(c->code, 200);
	vnet_run(s->net, 11 * 60000);
	/* the running call counts already */
	assert_int_equal(peer_invite(&phones, "100", "030111112", 3000)->code, 403);
	peer_bye(&phones, c);
	vnet_run(s->net, 1000);
	/* and the day is not forgotten by a restart */
	server_stop(s, true);
	server_start(s);
	vnet_run(s->net, 100);
	assert_int_equal(peer_invite(&phones, "100", "030111112", 3000)->code, 403);
	assert_int_equal(code_of("101", "030111112"), 200);
	vnet_run(s->net, 24 * 3600000);
	assert_int_equal(code_of("100", "030111112"), 200);
	close_office(s);
}

void call_is_ended_after_its_time(void **state)
{
	struct scene *s = *state;
	struct peer_call *c;

	open_office(s);
	row(s, &pbx_brakes_resource, "main", "{'call_minutes':60}");
	c = peer_invite(&phones, "100", "030111111", 3000);
	assert_int_equal(c->code, 200);
	vnet_run(s->net, 59 * 60000);
	assert_false(c->ended);
	vnet_run(s->net, 2 * 60000);
	assert_true(c->ended);
	assert_non_null(strstr(json_string_value(json_object_get(scene_cdr(s, 0), "reason")), "limit for the length"));
	close_office(s);
}

static int explained(struct scene *s, const char *from, const char *to, const char *trunk, const char *words)
{
	const struct pbx_explain x = {.from = from, .to = to, .trunk = trunk};
	json_t *o = pbx_json_explain(s->pbx, &x), *d = json_object_get(o, "decision");
	int code = (int)json_integer_value(json_object_get(d, "code"));
	char *steps = json_dumps(json_object_get(o, "steps"), 0);

	assert_non_null(strstr(steps, words));
	free(steps);
	json_decref(o);
	return code;
}

void outside_does_not_reach_outside(void **state)
{
	struct scene *s = *state;

	open_office(s);
	row(s, &pbx_did_resource, "+4930100", "{'target':'100'}");
	row(s, &pbx_route_in_resource, "all", "{'target':'dialled','numbers':'0 1'}");
	row(s, &pbx_trunk_resource, "a", "{'reaches_outside':true}");
	phones.answer = 486;
	assert_int_equal(peer_invite(&a, "+4940111", "+4930100", 3000)->code, 486);
	assert_string_equal(phones.got[0].to, "100");
	/* known by its address alone: what it says of itself counts for nothing */
	assert_int_equal(peer_invite(&a, "100", "040123456", 3000)->code, 403);
	assert_int_equal(explained(s, "100", "040123456", "a", "address alone, which can be forged"), 403);
	assert_int_equal(peer_invite(&a, "+4940111", "112", 3000)->code, 403);
	assert_int_equal(peer_invite(&a, "+4940111", "+4930999", 3000)->code, 404);
	assert_int_equal(b.n, 0);
	/* it can prove itself now, but this call does not */
	row(s, &pbx_trunk_resource, "a", "{'password_in':'a secret of ours'}");
	assert_int_equal(explained(s, "100", "040123456", "a", "a call that does not may not go out"), 0);
	assert_int_equal(peer_invite(&a, "100", "040123456", 3000)->code, 403);
	assert_int_equal(b.n, 0);
	close_office(s);
}

void pin_is_not_kept(void **state)
{
	struct scene *s = *state;

	open_office(s);
	row(s, &pbx_route_out_resource, "all", "{'pattern':'0','trunks':'a','pin':'4711'}");
	row(s, &pbx_brakes_resource, "main", "{'per_minute':3}");
	assert_int_equal(code_of("100", "030111111"), 403);
	assert_int_equal(code_of("100", "030111111*4711"), 200);
	assert_string_equal(a.got[0].to, "030111111");
	vnet_run(s->net, 2000);
	assert_cdr(s, 0, "to", "030111111");
	/* a PIN is not guessed: tries count */
	assert_int_equal(code_of("100", "030111111*0001"), 403);
	assert_int_equal(code_of("100", "030111111*0002"), 403);
	assert_int_equal(code_of("100", "030111111*4711"), 403);
	vnet_run(s->net, 2000);
	assert_non_null(strstr(json_string_value(json_object_get(scene_cdr(s, 0), "reason")), "in a minute"));
	close_office(s);
}

void line_fails_next_is_taken(void **state)
{
	static const struct {
		unsigned answer, code;
		size_t second;
	} t[] = {{503, 200, 1}, {500, 200, 1}, {486, 486, 0}, {404, 404, 0}, {603, 603, 0}, {0, 200, 1}};
	struct scene *s = *state;

	open_office(s);
	row(s, &pbx_brakes_resource, "main", "{'per_minute':0}");
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		size_t before = b.n;
		struct peer_call *c;

		a.answer = t[i].answer;
		c = peer_invite(&phones, "100", "030111111", 60000);
		if (c->code != t[i].code || b.n != before + t[i].second)
			fail_msg("%u: %u, %zu calls by the second line", t[i].answer, c->code, b.n - before);
		peer_bye(&phones, c);
		vnet_run(s->net, 300000);
	}
	close_office(s);
}

/* 101 talks with somebody outside and sends them outside: its permissions count, and it pays. */
void transfer_is_paid_by_who_asks(void **state)
{
	struct scene *s = *state;
	json_t *use, *v;
	size_t i, paid = 0;

	open_office(s);
	row(s, &pbx_did_resource, "+4930101", "{'target':'101'}");
	server_stop(s, true);
	s->no_auth = false;
	server_start(s);
	vnet_run(s->net, 100);
	agent_open(s, &s->b, "101", "10.0.0.12", OH_UDP);
	agent_register(&s->b);
	s->b.mood = ANSWER;
	/* the phones' socket has the same number: only the agent may ring */
	phones.answer = 480;
	assert_int_equal(peer_invite(&a, "+4940111", "+4930101", 5000)->code, 200);
	agent_wait(&s->b, "answered", 5000);
	assert_int_equal(oh_call_transfer(s->b.call, "0033123456789"), 0);
	vnet_run(s->net, 3000);
	assert_int_equal(b.n, 0);
	assert_int_equal(a.n, 0);
	row(s, &pbx_extension_resource, "101", "{'open':'FR'}");
	assert_int_equal(oh_call_transfer(s->b.call, "0033123456789"), 0);
	vnet_run(s->net, 3000);
	assert_int_equal(a.n, 1);
	assert_string_equal(a.got[0].to, "0033123456789");
	use = pbx_json_brakes(s->pbx);
	json_array_foreach(use, i, v)
	{
		if (!strcmp(json_string_value(json_object_get(v, "name")), "101"))
			paid = (size_t)json_integer_value(json_object_get(v, "calls"));
	}
	json_decref(use);
	assert_int_equal(paid, 1);
	close_office(s);
}

static int channels_in_use(struct scene *s, const char *trunk)
{
	json_t *t = pbx_json_trunk(s->pbx, slice_str(trunk));
	int n = (int)json_integer_value(json_object_get(t, "calls_in"));

	json_decref(t);
	return n;
}

static void assert_reason(struct scene *s, const char *words)
{
	const char *reason = json_string_value(json_object_get(scene_cdr(s, 0), "reason"));

	if (!reason || !strstr(reason, words))
		fail_msg("reason \"%s\", wanted \"%s\"", reason ? reason : "", words);
}

static void end_one(struct call *c, void *arg)
{
	struct scene *s = arg;

	assert_int_equal(pbx_hangup(s->pbx, slice_str(c->id), "test"), 0);
}

/* One channel in: a second caller hears busy, and every way in which the first call ends gives the channel back. */
void trunk_channels_in(void **state)
{
	/* what the called phone answers, and what the caller gets in three seconds */
	static const struct {
		unsigned answer, code;
	} t[] = {{200, 200}, {180, 0}, {486, 486}, {603, 603}, {404, 404}, {200, 200}};
	struct scene *s = *state;
	struct peer_call *c;

	open_office(s);
	row(s, &pbx_did_resource, "+4930100", "{'target':'100'}");
	row(s, &pbx_trunk_resource, "a", "{'channels_in':1}");
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		phones.answer = t[i].answer;
		c = peer_invite(&a, "+4940111", "+4930100", 3000);
		assert_int_equal(c->code, t[i].code);
		if (c->code >= 300) {
			assert_int_equal(channels_in_use(s, "a"), 0);
			continue;
		}
		assert_int_equal(channels_in_use(s, "a"), 1);
		assert_int_equal(peer_invite(&a, "+4940222", "+4930100", 3000)->code, 486);
		assert_reason(s, "its only incoming channel is in use");
		assert_int_equal(channels_in_use(s, "a"), 1);
		/* another trunk has its own, and calls out are not counted */
		if (i == 0)
			assert_int_equal(code_of("101", "030111111"), 200);
		peer_bye(&a, c);
		vnet_run(s->net, 1000);
		assert_int_equal(channels_in_use(s, "a"), 0);
	}
	/* a number that is none, and a call that the house ends */
	assert_int_equal(peer_invite(&a, "+4940111", "+4930999", 3000)->code, 404);
	assert_int_equal(channels_in_use(s, "a"), 0);
	phones.answer = 200;
	c = peer_invite(&a, "+4940111", "+4930100", 3000);
	assert_int_equal(c->code, 200);
	hang_up_all(&phones);
	calls_each(pbx_calls(s->pbx), end_one, s);
	vnet_run(s->net, 1000);
	assert_true(c->ended);
	assert_int_equal(channels_in_use(s, "a"), 0);
	close_office(s);
}

/* New calls in a minute: those of a trunk that come in, apart from those that go out. */
void trunk_calls_in_a_minute(void **state)
{
	struct scene *s = *state;

	open_office(s);
	row(s, &pbx_did_resource, "+4930100", "{'target':'100'}");
	row(s, &pbx_brakes_resource, "main", "{'trunk_in_per_minute':2,'per_minute':0}");
	phones.answer = 486;
	assert_int_equal(peer_invite(&a, "+4940111", "+4930100", 3000)->code, 486);
	assert_int_equal(peer_invite(&a, "+4940111", "+4930999", 3000)->code, 404);
	assert_false(has_alarm(s, "brake.trunk.a"));
	assert_int_equal(peer_invite(&a, "+4940111", "+4930100", 3000)->code, 503);
	assert_reason(s, "2 new calls in a minute may come in");
	assert_true(has_alarm(s, "brake.trunk.a"));
	assert_int_equal(peer_invite(&b, "+4940111", "+4930100", 3000)->code, 486);
	assert_int_equal(code_of("101", "030111111"), 200);
	vnet_run(s->net, 61000);
	assert_int_equal(peer_invite(&a, "+4940111", "+4930100", 3000)->code, 486);
	vnet_run(s->net, 2 * 3600000);
	assert_false(has_alarm(s, "brake.trunk.a"));
	close_office(s);
}

static json_int_t use_of(struct scene *s, const char *name, const char *member)
{
	json_t *all = pbx_json_brakes(s->pbx), *v;
	json_int_t n = -1;
	size_t i;

	json_array_foreach(all, i, v)
	{
		if (!strcmp(json_string_value(json_object_get(v, "name")), name))
			n = json_integer_value(json_object_get(v, member));
	}
	json_decref(all);
	return n;
}

/* Its own limits; 0: those for all trunks. */
void trunk_has_brakes_of_its_own(void **state)
{
	struct scene *s = *state;
	struct peer_call *c;

	open_office(s);
	row(s, &pbx_brakes_resource, "main", "{'trunk_per_minute':5,'trunk_minutes_per_day':1000,'per_minute':0}");
	row(s, &pbx_trunk_resource, "a", "{'calls_per_minute':2,'minutes_per_day':10}");
	assert_int_equal(row_set(s, &pbx_trunk_resource, "a", "{\"minutes_per_day\":-1}"), ERR_SYNTAX);
	for (int i = 0; i < 8; i++)
		assert_int_equal(code_of("100", "030111111"), i < 7 ? 200 : 503);
	assert_int_equal(a.n, 2);
	assert_int_equal(b.n, 5);
	assert_int_equal(use_of(s, "a", "per_minute_max"), 2);
	assert_int_equal(use_of(s, "a", "minutes_max"), 10);
	assert_int_equal(use_of(s, "b", "per_minute_max"), 5);
	assert_int_equal(use_of(s, "b", "minutes_max"), 1000);
	vnet_run(s->net, 61000);
	c = peer_invite(&phones, "100", "030111111", 3000);
	assert_int_equal(a.n, 3);
	vnet_run(s->net, 11 * 60000);
	peer_bye(&phones, c);
	assert_int_equal(code_of("100", "030111111"), 200);
	assert_int_equal(a.n, 3);
	row(s, &pbx_trunk_resource, "a", "{'minutes_per_day':0}");
	assert_int_equal(code_of("100", "030111111"), 200);
	assert_int_equal(a.n, 4);
	close_office(s);
}
