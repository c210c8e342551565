/*
 * redirect.c - phones that send calls on (3xx): by the numbering plan, in their own name and at their own cost, and
 * never to strange places.
 */
#include "peer.h"
#include "pbx/plan.h"
#include "pbx/security.h"
#include "pbx/trunk.h"

static struct peer phones, a, b;

static void open_office(struct scene *s, const char *to)
{
	peer_open_office(s, &phones, &a, &b);
	row(s, &pbx_numbering_resource, "main", "{'country':'DE','area_code':'30'}");
	row(s, &pbx_trunk_resource, "a",
	    "{'server':'10.0.0.50','register':false,'check_seconds':0,'user':'acct','caller_id':'+4930100'}");
	row(s, &pbx_trunk_resource, "b",
	    "{'server':'10.0.0.51','register':false,'check_seconds':0,'user':'acct','caller_id':'+4930100'}");
	row(s, &pbx_route_out_resource, "all", "{'pattern':'0 1 +49','trunks':'a b'}");
	row(s, &pbx_did_resource, "+4930101", "{'target':'101'}");
	row(s, &pbx_did_resource, "+4930102", "{'target':'102'}");
	row(s, &pbx_extension_resource, "101", "{'outside_number':'+4930101'}");
	row(s, &pbx_extension_resource, "102", "{'outside_number':'+4930102'}");
	peer_register(&phones, "101");
	phones.answer = 302;
	snprintf(phones.redirect, sizeof(phones.redirect), "%s", to);
}

static void close_office(struct scene *s)
{
	for (size_t i = 0; i < PEER_CALLS; i++) {
		if (phones.call[i].used)
			peer_bye(&phones, &phones.call[i]);
		if (b.call[i].used)
			peer_bye(&b, &b.call[i]);
	}
	vnet_run(s->net, 5000);
	peer_close(&phones);
	peer_close(&a);
	peer_close(&b);
	scene_check_idle(s);
}

/* Outside calls of it now; -1: it never had one. */
static int uses(struct scene *s, const char *name)
{
	json_t *all = pbx_json_brakes(s->pbx), *v;
	int n = -1;
	size_t i;

	json_array_foreach(all, i, v)
	{
		if (!strcmp(json_string_value(json_object_get(v, "name")), name))
			n = (int)json_integer_value(json_object_get(v, "calls"));
	}
	json_decref(all);
	return n;
}

static const char *outside(struct scene *s, const char *member)
{
	const char *v = json_string_value(json_object_get(json_object_get(scene_cdr(s, 0), "outside"), member));

	return v ? v : "";
}

void redirected_outside_is_paid_by_the_phone(void **state)
{
	struct scene *s = *state;
	struct peer_call *c;

	open_office(s, "<sip:03012345@" SERVER4 ">");
	row(s, &pbx_extension_resource, "100", "{'locked':false,'outside_calls':1}");
	row(s, &pbx_brakes_resource, "main", "{'calls':1,'call_minutes':60}");
	c = peer_invite(&phones, "100", "101", 3000);
	assert_int_equal(c->code, 200);
	assert_int_equal(a.n, 1);
	assert_string_equal(a.got[0].to, "03012345");
	assert_string_equal(a.got[0].from, "+4930101");
	assert_int_equal(uses(s, "101"), 1);
	assert_int_equal(uses(s, "a"), 1);
	assert_int_equal(uses(s, "100"), -1);
	/* its own limit, whoever calls; the caller may still call outside */
	assert_int_equal(peer_invite(&phones, "102", "101", 3000)->code, 403);
	assert_int_equal(a.n, 1);
	assert_int_equal(peer_invite(&phones, "100", "03012346", 3000)->code, 200);
	/* as long as any call to the outside */
	assert_false(c->ended);
	vnet_run(s->net, 61 * 60000);
	assert_true(c->ended);
	assert_int_equal(uses(s, "101"), 0);
	/* tel: says the same */
	snprintf(phones.redirect, sizeof(phones.redirect), "<tel:+493012345>");
	assert_int_equal(peer_invite(&phones, "100", "101", 3000)->code, 200);
	assert_string_equal(a.got[2].to, "+493012345");
	close_office(s);
	assert_string_equal(outside(s, "trunk"), "a");
	assert_string_equal(outside(s, "caller_id"), "+4930101");
	assert_cdr(s, 0, "to", "101");
}

/* What is open for the caller opens nothing for the phone. */
void redirected_outside_is_closed(void **state)
{
	struct scene *s = *state;

	open_office(s, "<sip:0033123456789@" SERVER4 ">");
	row(s, &pbx_extension_resource, "100", "{'open':'international'}");
	assert_int_equal(peer_invite(&phones, "100", "101", 3000)->code, 403);
	assert_int_equal(a.n, 0);
	vnet_run(s->net, 2000);
	assert_cdr(s, 0, "reason", "101: calls to France are closed");
	row(s, &pbx_extension_resource, "101", "{'open':'FR'}");
	assert_int_equal(peer_invite(&phones, "100", "101", 3000)->code, 200);
	assert_int_equal(a.n, 1);
	row(s, &pbx_extension_resource, "101", "{'locked':true}");
	assert_int_equal(peer_invite(&phones, "100", "101", 3000)->code, 403);
	assert_int_equal(a.n, 1);
	close_office(s);
}

/* The caller from outside is shown only where the route says so. */
void redirected_outside_shows_whom(void **state)
{
	struct scene *s = *state;
	struct peer_call *c;

	open_office(s, "<sip:03012345@" SERVER4 ">");
	c = peer_invite(&b, "+4940111", "+4930101", 3000);
	assert_int_equal(c->code, 200);
	assert_string_equal(a.got[0].from, "+4930101");
	peer_bye(&b, c);
	row(s, &pbx_route_out_resource, "all", "{'keep_caller':true}");
	c = peer_invite(&b, "+4940111", "+4930101", 3000);
	assert_int_equal(c->code, 200);
	assert_string_equal(a.got[1].from, "+4940111");
	/* an extension's number means nothing outside */
	assert_int_equal(peer_invite(&phones, "100", "101", 3000)->code, 200);
	assert_string_equal(a.got[2].from, "+4930101");
	close_office(s);
}

void redirected_outside_takes_the_next_line(void **state)
{
	struct scene *s = *state;

	open_office(s, "<sip:03012345@" SERVER4 ">");
	/* not when the called party has spoken */
	a.answer = 486;
	assert_int_equal(peer_invite(&phones, "100", "101", 3000)->code, 486);
	assert_int_equal(a.n, 1);
	assert_int_equal(b.n, 0);
	assert_int_equal(uses(s, "101"), 0);
	a.answer = 503;
	assert_int_equal(peer_invite(&phones, "100", "101", 3000)->code, 200);
	assert_int_equal(a.n, 2);
	assert_int_equal(b.n, 1);
	assert_int_equal(uses(s, "a"), 0);
	assert_int_equal(uses(s, "b"), 1);
	assert_int_equal(uses(s, "101"), 1);
	/* a line without a free channel is passed over */
	row(s, &pbx_trunk_resource, "b", "{'channels':1}");
	assert_int_equal(peer_invite(&phones, "102", "101", 3000)->code, 500);
	assert_int_equal(b.n, 1);
	assert_int_equal(uses(s, "101"), 1);
	close_office(s);
}

void redirected_to_strange_places(void **state)
{
	static const char *const places[] = {"<sip:03012345@198.51.100.7>", "<sip:100@10.0.0.12>",
					     "<sip:x@10.0.0.11:5070>", "<sip:03012345@10.0.0.50>",
					     "<sip:03012345@" SERVER4 ":5070>"};
	struct scene *s = *state;

	open_office(s, "");
	tape_start(s);
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		snprintf(phones.redirect, sizeof(phones.redirect), "%s", places[i]);
		assert_int_equal(peer_invite(&phones, "100", "101", 3000)->code, 403);
		assert_cdr(s, 0, "reason", "101: a phone may not send calls to strange places");
	}
	tape_stop(s);
	assert_int_equal(a.n, 0);
	assert_int_equal(tape_count(s, NULL, "198.51.100.7", ""), 0);
	assert_int_equal(tape_count(s, NULL, "10.0.0.12", ""), 0);
	/* one that is good is enough */
	snprintf(phones.redirect, sizeof(phones.redirect), "%s, <sip:03012345@" SERVER4 ">", places[0]);
	assert_int_equal(peer_invite(&phones, "100", "101", 3000)->code, 200);
	assert_int_equal(a.n, 1);
	close_office(s);
}

static void at_102_goes_outside(struct peer *p, const struct arrival *at, void *arg)
{
	(void)arg;
	if (!strcmp(at->to, "102"))
		snprintf(p->redirect, sizeof(p->redirect), "<sip:03012345@" SERVER4 ">");
}

/* Its own address under another name: it rings, but the phone does not become somebody else by that. */
void redirected_to_itself(void **state)
{
	struct scene *s = *state;

	open_office(s, "<sip:102@10.0.0.11>");
	row(s, &pbx_brakes_resource, "main", "{'calls':1}");
	phones.on_invite = at_102_goes_outside;
	assert_int_equal(peer_invite(&phones, "100", "101", 3000)->code, 200);
	assert_int_equal(phones.n, 2);
	assert_string_equal(phones.got[1].to, "102");
	assert_string_equal(a.got[0].from, "+4930101");
	assert_int_equal(uses(s, "101"), 1);
	assert_int_equal(uses(s, "102"), -1);
	close_office(s);
}

static void always_elsewhere(struct peer *p, const struct arrival *at, void *arg)
{
	(void)at;
	(void)arg;
	snprintf(p->redirect, sizeof(p->redirect), "<sip:x%zu@10.0.0.11>, <sip:y%zu@10.0.0.11>", p->n, p->n);
}

void redirected_for_ever_ends(void **state)
{
	struct scene *s = *state;

	open_office(s, "");
	phones.on_invite = always_elsewhere;
	assert_int_equal(peer_invite(&phones, "100", "101", 60000)->code, 480);
	assert_in_range(phones.n, 3, 32);
	phones.on_invite = NULL;
	/* to its own number, and to the caller, whose phone sends it back */
	peer_register(&phones, "100");
	snprintf(phones.redirect, sizeof(phones.redirect), "<sip:101@" SERVER4 ">");
	assert_int_equal(peer_invite(&phones, "102", "101", 60000)->code, 480);
	snprintf(phones.redirect, sizeof(phones.redirect), "<sip:101@" SERVER4 ">, <sip:100@" SERVER4 ">");
	assert_int_equal(peer_invite(&phones, "102", "101", 60000)->code, 480);
	close_office(s);
}

/* Two phones of one extension, sent on to one number. */
void redirected_twice_calls_once(void **state)
{
	struct scene *s = *state;
	struct peer two;

	open_office(s, "<sip:03012345@" SERVER4 ">");
	row(s, &pbx_brakes_resource, "main", "{'calls':10}");
	peer_open(s, &two, "10.0.0.13");
	peer_register(&two, "101");
	two.answer = 302;
	memcpy(two.redirect, phones.redirect, sizeof(two.redirect));
	assert_int_equal(peer_invite(&phones, "100", "101", 3000)->code, 200);
	assert_int_equal(two.n, 1);
	assert_int_equal(a.n + b.n, 1);
	assert_int_equal(uses(s, "101"), 1);
	/* two numbers: both ring, one wins, the other channel is given back */
	snprintf(two.redirect, sizeof(two.redirect), "<sip:03012346@" SERVER4 ">");
	assert_int_equal(peer_invite(&phones, "100", "101", 3000)->code, 200);
	assert_int_equal(a.n, 3);
	vnet_run(s->net, 2000);
	assert_int_equal(uses(s, "101"), 2);
	assert_int_equal(uses(s, "a"), 2);
	close_office(s);
	peer_close(&two);
}

void redirected_to_an_emergency(void **state)
{
	struct scene *s = *state;

	open_office(s, "<sip:112@" SERVER4 ">");
	row(s, &pbx_extension_resource, "101", "{'locked':true,'location':'Gate'}");
	assert_int_equal(peer_invite(&phones, "100", "101", 3000)->code, 200);
	assert_string_equal(a.got[0].to, "112");
	assert_int_equal(uses(s, "101"), -1);
	close_office(s);
	assert_string_equal(outside(s, "emergency"), "yes");
	assert_string_equal(outside(s, "location"), "Gate");
}

/* Functions, nobody's numbers, and extensions at their limit. */
void redirected_to_what_cannot_ring(void **state)
{
	struct scene *s = *state;

	open_office(s, "<sip:*43@" SERVER4 ">");
	assert_int_equal(peer_invite(&phones, "100", "101", 3000)->code, 404);
	snprintf(phones.redirect, sizeof(phones.redirect), "<sip:777@" SERVER4 ">");
	assert_int_equal(peer_invite(&phones, "100", "101", 3000)->code, 404);
	peer_register(&phones, "102");
	row(s, &pbx_extension_resource, "102", "{'call_limit':1}");
	snprintf(phones.redirect, sizeof(phones.redirect), "<sip:102@" SERVER4 ">");
	phones.answer = 302;
	assert_int_equal(peer_invite(&phones, "102", "*43", 3000)->code, 200);
	assert_int_equal(peer_invite(&phones, "100", "101", 3000)->code, 486);
	close_office(s);
}

/* The number it names leads back to the phone by a line, and no brake holds it up. */
void redirected_round_by_a_line_ends(void **state)
{
	struct scene *s = *state;

	open_office(s, "<sip:030101@" SERVER4 ">");
	row(s, &pbx_brakes_resource, "main",
	    "{'calls':0,'per_minute':0,'trunk_per_minute':0,'trunk_in_per_minute':0,'minutes_per_day':0}");
	row(s, &pbx_extension_resource, "101", "{'call_limit':50}");
	row(s, &pbx_trunk_resource, "self",
	    "{'server':'" SERVER4 "','register':false,'check_seconds':0,'user':'acct','trusted':true}");
	row(s, &pbx_route_out_resource, "all", "{'trunks':'self','send':'e164'}");
	assert_in_range(peer_invite(&phones, "100", "101", 60000)->code, 400, 699);
	assert_in_range(phones.n, 1, 20);
	close_office(s);
}

/* Memory ends somewhere on the way from the 302 to the line: the call fails or goes on, and nothing is left of it. */
void redirected_without_memory(void **state)
{
	struct scene *s = *state;
	long n = 0, used;

	open_office(s, "<sip:03012345@" SERVER4 ">");
	row(s, &pbx_brakes_resource, "main", "{'calls':0,'per_minute':0,'trunk_per_minute':0}");
	weather(s, 0, 0, 0, 10);
	do {
		/* the INVITE is with the phone after 20 ms, its answer with us after 30 */
		struct peer_call *c = peer_invite(&phones, "100", "101", 25);

		assert_int_equal(c->code, 0);
		mem_fail_at(n);
		vnet_run(s->net, 6);
		used = mem_fail_off();
		vnet_run(s->net, 40000);
		phones.n = a.n = b.n = 0;
		if (c->code == 200)
			peer_bye(&phones, c);
		vnet_run(s->net, 1000);
		assert_int_equal(calls_count(s->calls), 0);
		assert_true(uses(s, "101") <= 0);
		assert_true(uses(s, "a") <= 0);
		c->used = false;
		/* until nothing failed any more */
	} while (used > n++ && n < 200);
	assert_in_range(n, 10, 199);
	weather(s, 0, 0, 0, 0);
	assert_int_equal(peer_invite(&phones, "100", "101", 3000)->code, 200);
	close_office(s);
}
