/*
 * admin.c - what people do at the server while phones talk: hang up a call, change and remove extensions, stop the
 * program.
 */
#include "scenario.h"

void hangup_by_administrator(void **state)
{
	struct scene *s = *state;
	const char *id;

	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	json_t *v = pbx_json_calls(s->pbx);
	assert_int_equal(json_array_size(v), 1);
	id = json_string_value(json_object_get(json_array_get(v, 0), "id"));
	assert_int_equal(pbx_hangup(s->pbx, slice_str(id), "somebody"), 0);
	assert_int_equal(pbx_hangup(s->pbx, SLICE("nothing"), "somebody"), ENOENT);
	json_decref(v);
	agent_wait(&s->a, "ended:200", 1000);
	agent_wait(&s->b, "ended:200", 1000);
	scene_run(s, 100);
	assert_cdr(s, 0, "ended_by", "system");
	assert_cdr(s, 0, "outcome", "answered");
	scene_check_idle(s);
}

void hangup_while_ringing(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	s->b.mood = RING;
	agent_call(&s->a, "101");
	agent_wait(&s->a, "ringing:180", 1000);
	json_t *v = pbx_json_calls(s->pbx);
	assert_int_equal(pbx_hangup(s->pbx, slice_str(json_string_value(json_object_get(json_array_get(v, 0), "id"))),
				    "somebody"),
			 0);
	json_decref(v);
	scene_run(s, 500);
	assert_null(s->a.call);
	assert_true(agent_has(&s->b, "ended:487"));
	scene_check_idle(s);
}

/* Removed while it talks: the call goes on, but it cannot be called, nor register, nor call. */
void extension_removed_in_call(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 3);
	talk(&s->a, &s->b, "101");
	extension_set(s, "101", NULL);
	agent_call(&s->c, "101");
	agent_wait(&s->c, "ended:404", 5000);
	assert_hears(&s->a, &s->b);
	assert_hears(&s->b, &s->a);
	end_call(&s->a, &s->b);
	assert_int_equal(oh_account_register(s->b.acct, true), 0);
	agent_wait(&s->b, "regfail:401", 5000);
	scene_check_idle(s);
}

void extension_switched_off(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	extension_set(s, "101", json_pack("{s:b}", "enabled", 0));
	agent_call(&s->a, "101");
	agent_wait(&s->a, "ended:404", 5000);
	extension_set(s, "101", json_pack("{s:b}", "enabled", 1));
	agent_register(&s->b);
	log_clear(&s->a);
	talk(&s->a, &s->b, "101");
	end_call(&s->a, &s->b);
}

void password_changed(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	extension_set(s, "100", json_pack("{s:s}", "password", "another-horse-8"));
	agent_call(&s->a, "101");
	agent_wait(&s->a, "ended:407", 5000);
	scene_check_idle(s);
}

void ring_time_changed(void **state)
{
	struct scene *s = *state;
	uint64_t t;

	agents_ready(s, 2);
	s->b.mood = RING;
	extension_set(s, "101", json_pack("{s:i}", "ring_seconds", 10));
	t = vnet_now_ms(s->net);
	agent_call(&s->a, "101");
	agent_wait(&s->a, "ended:408", 60000);
	assert_in_range(vnet_now_ms(s->net) - t, 9900, 11000);
}

/* Ctrl-C: every phone hears a BYE, the record is closed. */
void server_stops_politely(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 3);
	talk(&s->a, &s->b, "101");
	s->c.opt.record = false;
	agent_call(&s->c, "*43");
	agent_wait(&s->c, "answered", 1000);
	server_stop(s, true);
	scene_run(s, 1000);
	assert_log(&s->a, "ended:200");
	assert_log(&s->b, "ended:200");
	assert_true(agent_has(&s->c, "ended:200"));
	server_start(s);
	assert_int_equal(scene_cdr_count(s), 2);
	assert_cdr(s, 0, "ended_by", "system");
	assert_cdr(s, 1, "outcome", "answered");
}

/* Killed in a call: the next start closes the record. */
void server_killed_in_call(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	scene_run(s, 3000);
	server_stop(s, false);
	scene_run(s, 1000);
	server_start(s);
	assert_int_equal(scene_cdr_count(s), 1);
	assert_false(json_is_null(json_object_get(scene_cdr(s, 0), "end_ms")));
}

void server_stops_while_it_rings(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	s->b.mood = RING;
	agent_call(&s->a, "101");
	agent_wait(&s->a, "ringing:180", 1000);
	server_stop(s, true);
	scene_run(s, 2000);
	assert_null(s->a.call);
	assert_true(agent_has(&s->b, "ended:487"));
	server_start(s);
	assert_int_equal(scene_cdr_count(s), 1);
	assert_false(json_is_null(json_object_get(scene_cdr(s, 0), "end_ms")));
}

static const char *text(json_t *o, const char *member)
{
	const char *t = json_string_value(json_object_get(o, member));

	return t ? t : "";
}

/* What `offhook calls`, `registrations` and `status` show. */
void live_views(void **state)
{
	struct scene *s = *state;
	json_t *v, *leg;

	agents_ready(s, 2);
	v = pbx_json_calls(s->pbx);
	assert_int_equal(json_array_size(v), 0);
	json_decref(v);
	s->b.mood = RING;
	agent_call(&s->a, "101");
	agent_wait(&s->a, "ringing:180", 1000);
	v = pbx_json_calls(s->pbx);
	assert_int_equal(json_array_size(v), 1);
	assert_string_equal(text(json_array_get(v, 0), "from"), "100");
	assert_string_equal(text(json_array_get(v, 0), "to"), "101");
	assert_string_equal(text(json_array_get(v, 0), "state"), "ringing");
	json_decref(v);
	assert_int_equal(oh_call_answer(s->b.call, &s->b.opt), 0);
	scene_run(s, 5000);
	v = pbx_json_calls(s->pbx);
	assert_string_not_equal(text(json_array_get(v, 0), "state"), "ringing");
	assert_int_equal(json_array_size(json_object_get(json_array_get(v, 0), "legs")), 2);
	leg = json_array_get(json_object_get(json_array_get(v, 0), "legs"), 1);
	assert_string_equal(text(leg, "number"), "101");
	assert_string_equal(text(leg, "codec"), "PCMU");
	json_decref(v);
	v = pbx_json_registrations(s->pbx);
	assert_int_equal(json_array_size(v), 2);
	assert_string_equal(text(json_array_get(v, 0), "user_agent"), "offhook phone " OFFHOOK_VERSION);
	json_decref(v);
	v = pbx_json_status(s->pbx);
	assert_int_equal(json_integer_value(json_object_get(v, "calls")), 1);
	assert_int_equal(json_integer_value(json_object_get(v, "extensions")), 3);
	json_decref(v);
	log_clear(&s->a);
	log_clear(&s->b);
	end_call(&s->a, &s->b);
}
