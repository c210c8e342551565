/*
 * overload.c - more to do than can be done: new calls are refused with a time to wait (not to trunks, never for
 * emergencies), calls in progress and registrations go on, OPTIONS are left unanswered; it ends by itself.
 */
#include "scenario.h"
#include "sip/sip_priv.h"

static bool alarmed(struct scene *s)
{
	json_t *st = pbx_json_status(s->pbx), *a;
	bool found = false;
	size_t i;

	json_array_foreach(json_object_get(st, "alarms"), i, a)
		found = found || !strcmp(json_string_value(json_object_get(a, "id")), "overload");
	json_decref(st);
	return found;
}

/* As late as that, again and again. */
static void late(struct scene *s)
{
	for (int i = 0; i < 3; i++)
		sip_overload_note(s->sip, 500);
}

static void ask(struct typed *t, const char *method, const char *to)
{
	static unsigned n;

	while (t->n)
		mem_deref(t->got[--t->n]);
	n++;
	typed_send(t,
		   "%s sip:%s" SERVER4 " SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.50:5060;branch=z9hG4bKovl%u\n"
		   "Max-Forwards: 70\nFrom: <sip:100@" SERVER4 ">;tag=o\nTo: <sip:101@" SERVER4 ">\n"
		   "Call-ID: ovl-%u\nCSeq: 1 %s\nContact: <sip:100@10.0.0.50>\nContent-Length: 0\n\n",
		   method, to, n, n, method);
	vnet_run(t->s->net, 20);
}

void new_calls_are_refused_in_overload(void **state)
{
	struct scene *s = *state;
	uint32_t wait, seen = 0;
	struct typed t;

	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	typed_open(s, &t, "10.0.0.50:5060");
	ask(&t, "INVITE", "101@");
	assert_int_equal(typed_last(&t)->scode, 407);
	late(s);
	assert_true(alarmed(s));
	for (int i = 0; i < 40; i++) {
		late(s);
		ask(&t, "INVITE", "101@");
		assert_non_null(typed_last(&t));
		assert_int_equal(typed_last(&t)->scode, 503);
		assert_int_equal(slice_u32(sip_msg_val(typed_last(&t), SIP_HDR_RETRY_AFTER), &wait), 0);
		assert_in_range(wait, 1, 10);
		seen |= 1u << wait;
	}
	assert_true(__builtin_popcount(seen) > 3); /* not all at the same moment */
	ask(&t, "OPTIONS", "");
	assert_int_equal(t.n, 0);
	ask(&t, "REGISTER", "");
	assert_int_equal(typed_last(&t)->scode, 401);
	/* what goes on goes on */
	late(s);
	assert_int_equal(oh_call_hold(s->a.call, true), 0);
	agent_wait(&s->a, "changed:200", 2000);
	log_clear(&s->a);
	log_clear(&s->b);
	end_call(&s->a, &s->b);
	/* it ends by itself */
	for (int i = 0; i < 20; i++) {
		ask(&t, "REGISTER", "");
		scene_run(s, 100);
	}
	assert_false(alarmed(s));
	ask(&t, "INVITE", "101@");
	assert_int_equal(typed_last(&t)->scode, 407);
	while (t.n)
		mem_deref(t.got[--t.n]);
	typed_close(&t);
}

/* An emergency is served when nothing else is. */
void emergency_in_overload(void **state)
{
	struct scene *s = *state;
	struct typed t;

	typed_open(s, &t, "10.0.0.50:5060");
	late(s);
	ask(&t, "INVITE", "101@");
	assert_int_equal(typed_last(&t)->scode, 503);
	ask(&t, "INVITE", "112@");
	assert_int_equal(typed_last(&t)->scode, 407);
	while (t.n)
		mem_deref(t.got[--t.n]);
	typed_close(&t);
}
