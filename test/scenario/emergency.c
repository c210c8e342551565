/*
 * emergency.c - lines that an office shares: the third call takes the next trunk; an emergency call finds a line
 * whatever is in its way, the centre's call-back gets through, the test number tells the location.
 */
#include "peer.h"
#include "pbx/plan.h"
#include "pbx/security.h"
#include "pbx/trunk.h"

#define TRUNK(s, name, ip, more)                                                                                       \
	row(s, &pbx_trunk_resource, name,                                                                              \
	    "{'server':'" ip "','register':false,'check_seconds':0,'user':'acct','caller_id':'+4930100'" more "}")

static struct peer phones, a, b;

static void open_office(struct scene *s, const char *a_more, bool second)
{
	char text[300];

	peer_open_office(s, &phones, &a, &b);
	row(s, &pbx_numbering_resource, "main", "{'country':'DE','area_code':'30','location':'Main Street 1'}");
	snprintf(text, sizeof(text),
		 "{'server':'10.0.0.50','register':false,'check_seconds':0,'user':'acct','caller_id':'+4930100'%s}",
		 a_more);
	row(s, &pbx_trunk_resource, "a", "%s", text);
	if (second)
		TRUNK(s, "b", "10.0.0.51", "");
	row(s, &pbx_route_out_resource, "all", "{'pattern':'0 9|.','trunks':'%s'}", second ? "a b" : "a");
	peer_register(&phones, "100");
	peer_register(&phones, "101");
	peer_register(&phones, "102");
}

static void close_office(void)
{
	for (size_t i = 0; i < PEER_CALLS; i++)
		if (phones.call[i].used)
			peer_bye(&phones, &phones.call[i]);
	vnet_run(phones.s->net, 5000);
	peer_close(&phones);
	peer_close(&a);
	peer_close(&b);
}

static bool has_alarm(struct scene *s, const char *id, const char *words)
{
	json_t *st = pbx_json_status(s->pbx), *v;
	bool found = false;
	size_t i;

	json_array_foreach(json_object_get(st, "alarms"), i, v)
	{
		if (!strcmp(json_string_value(json_object_get(v, "id")), id))
			found = strstr(json_string_value(json_object_get(v, "text")), words) != NULL;
	}
	json_decref(st);
	return found;
}

static const char *outside(struct scene *s, size_t i, const char *member)
{
	const char *v = json_string_value(json_object_get(json_object_get(scene_cdr(s, i), "outside"), member));

	return v ? v : "";
}

void third_call_overflows_to_the_next_trunk(void **state)
{
	struct scene *s = *state;
	struct peer_call *c[3];

	open_office(s, ",'channels':2", true);
	for (size_t i = 0; i < 3; i++) {
		static const char *const ext[] = {"100", "101", "102"};

		c[i] = peer_invite(&phones, ext[i], "040123456", 3000);
		assert_int_equal(c[i]->code, 200);
	}
	assert_int_equal(a.n, 2);
	assert_int_equal(b.n, 1);
	assert_string_equal(b.got[0].to, "040123456");
	assert_string_equal(b.got[0].from, "+4930100");
	/* a channel that is given back is taken again */
	peer_bye(&phones, c[0]);
	c[0] = peer_invite(&phones, "100", "040123456", 3000);
	assert_int_equal(c[0]->code, 200);
	assert_int_equal(a.n, 3);
	close_office();
	assert_string_equal(outside(s, 0, "trunk"), "a");
	assert_string_equal(outside(s, 0, "number"), "040123456");
	assert_string_equal(outside(s, 0, "route"), "all");
}

void emergency_call_ends_another(void **state)
{
	struct scene *s = *state;
	struct peer_call *c1, *c2, *e1, *e2, *e3;

	open_office(s, ",'channels':2", false);
	row(s, &pbx_extension_resource, "102", "{'location':'Floor 2, room 7'}");
	c1 = peer_invite(&phones, "100", "040123456", 3000);
	c2 = peer_invite(&phones, "101", "040123457", 3000);
	assert_int_equal(c2->code, 200);
	assert_int_equal(peer_invite(&phones, "102", "040123458", 3000)->code, 503);
	e1 = peer_invite(&phones, "102", "112", 3000);
	assert_int_equal(e1->code, 200);
	assert_string_equal(a.got[2].to, "112");
	vnet_run(s->net, 100);
	assert_true(c2->ended);
	assert_false(c1->ended);
	assert_true(has_alarm(s, "emergency", "Floor 2, room 7"));
	/* the next one takes the other line; an emergency call is never ended for another */
	e2 = peer_invite(&phones, "101", "9112", 3000);
	assert_int_equal(e2->code, 200);
	vnet_run(s->net, 100);
	assert_true(c1->ended);
	e3 = peer_invite(&phones, "100", "110", 3000);
	assert_int_equal(e3->code, 503);
	assert_false(e1->ended);
	assert_false(e2->ended);
	vnet_run(s->net, 5000);
	size_t n = scene_cdr_count(s), ended = 0;
	for (size_t i = 0; i < n; i++) {
		const char *why = json_string_value(json_object_get(scene_cdr(s, i), "reason"));

		ended += why && strstr(why, "ended for an emergency call");
	}
	assert_int_equal(ended, 2);
	close_office();
	assert_string_equal(outside(s, 2, "location"), "Floor 2, room 7");
	assert_string_equal(outside(s, 2, "emergency"), "yes");
}

/* Locked, switched off, at every limit, behind closed brakes: the call for help goes out. */
void emergency_from_everybody(void **state)
{
	struct scene *s = *state;

	open_office(s, "", false);
	row(s, &pbx_brakes_resource, "main", "{'calls':1,'per_minute':1}");
	row(s, &pbx_extension_resource, "100", "{'locked':true}");
	row(s, &pbx_extension_resource, "101", "{'enabled':false}");
	row(s, &pbx_extension_resource, "102", "{'call_limit':1}");
	assert_int_equal(peer_invite(&phones, "100", "101", 3000)->code, 403);
	assert_int_equal(peer_invite(&phones, "101", "102", 3000)->code, 403);
	assert_int_equal(peer_invite(&phones, "102", "040123456", 3000)->code, 200);
	assert_int_equal(peer_invite(&phones, "102", "040123457", 3000)->code, 403);
	assert_int_equal(peer_invite(&phones, "100", "112", 3000)->code, 200);
	assert_int_equal(peer_invite(&phones, "101", "112", 3000)->code, 200);
	assert_int_equal(peer_invite(&phones, "102", "112", 3000)->code, 200);
	assert_int_equal(a.n, 4);
	close_office();
}

void emergency_centre_calls_back(void **state)
{
	struct scene *s = *state;
	struct peer_call *e;

	open_office(s, "", false);
	row(s, &pbx_did_resource, "+4930102", "{'target':'102'}");
	row(s, &pbx_extension_resource, "102", "{'call_limit':1}");
	/* busy by its own call */
	assert_int_equal(peer_invite(&phones, "102", "*43", 3000)->code, 200);
	phones.answer = 200;
	assert_int_equal(peer_invite(&a, "+4930112", "+4930102", 3000)->code, 486);
	e = peer_invite(&phones, "102", "112", 3000);
	assert_int_equal(e->code, 200);
	peer_bye(&phones, e);
	/* for half an hour now calls to it get through */
	e = peer_invite(&a, "+4930112", "+4930102", 3000);
	assert_int_equal(e->code, 200);
	peer_bye(&a, e);
	vnet_run(s->net, 31 * 60000);
	assert_int_equal(peer_invite(&a, "+4930112", "+4930102", 3000)->code, 486);
	close_office();
}

void emergency_test_number(void **state)
{
	struct scene *s = *state;
	struct peer_call *c;

	open_office(s, "", false);
	row(s, &pbx_extension_resource, "101", "{'location':'Warehouse','locked':true}");
	c = peer_invite(&phones, "101", "933", 3000);
	assert_int_equal(c->code, 200);
	vnet_run(s->net, 5000);
	assert_true(c->ended);
	assert_int_equal(a.n, 0);
	assert_string_equal(outside(s, 0, "location"), "Warehouse");
	assert_string_equal(outside(s, 0, "emergency"), "test");
	close_office();
}

static bool explained(struct scene *s, const char *to, const char *words)
{
	const struct pbx_explain x = {.from = "100", .to = to};
	json_t *o = pbx_json_explain(s->pbx, &x);
	const char *text = json_string_value(json_object_get(json_object_get(o, "decision"), "sentence"));
	bool found = strstr(text, words) != NULL;

	if (!found)
		print_message("%s\n", text);
	json_decref(o);
	return found;
}

/* Nothing is up: what seems to be down is tried, in order, but by nobody else. */
void emergency_tries_what_is_down(void **state)
{
	struct scene *s = *state;

	open_office(s, ",'check_seconds':30", true);
	row(s, &pbx_trunk_resource, "b", "{'check_seconds':30}");
	row(s, &pbx_trunk_resource, "c", "{'server':'10.0.0.52','register':false,'enabled':false}");
	a.unchecked = b.unchecked = true;
	a.answer = 503;
	vnet_run(s->net, 200000);
	assert_int_equal(peer_invite(&phones, "100", "040123456", 3000)->code, 503);
	assert_int_equal(a.n + b.n, 0);
	assert_true(explained(s, "112", "by trunk a as 112 (it seems to be down), then by trunk b as 112 (it seems"));
	assert_false(explained(s, "112", "trunk c"));
	assert_int_equal(peer_invite(&phones, "100", "112", 40000)->code, 200);
	assert_int_equal(a.n, 1);
	assert_int_equal(b.n, 1);
	assert_string_equal(b.got[0].to, "112");
	row(s, &pbx_trunk_resource, "a", "{'check_seconds':0}");
	row(s, &pbx_trunk_resource, "b", "{'check_seconds':0}");
	close_office();
}
