/*
 * crossing.c - less common turns of a call: both call each other, a caller that is not registered, a phone that moves,
 * digits by INFO, delays that are measured.
 */
#include "scenario.h"

void both_call_each_other(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	s->a.mood = s->b.mood = RING;
	weather(s, 0, 0, 0, 20);
	agent_call(&s->a, "101");
	agent_call(&s->b, "100");
	scene_run(s, 2000);
	assert_int_equal(s->a.ua->calls.n, 2);
	assert_int_equal(s->b.ua->calls.n, 2);
	LIST_EACH (&s->a.ua->calls, k)
		oh_call_hangup(LINK_OBJ(k, struct oh_call, le));
	scene_run(s, 2000);
	assert_int_equal(s->a.ua->calls.n, 0);
	assert_int_equal(s->b.ua->calls.n, 0);
	weather(s, 0, 0, 0, 0);
	scene_check_idle(s);
}

/* Who knows the password may call, registered or not. */
void caller_is_not_registered(void **state)
{
	struct scene *s = *state;

	agent_open(s, &s->a, "100", "10.0.0.11", OH_UDP);
	agent_open(s, &s->b, "101", "10.0.0.12", OH_UDP);
	agent_register(&s->b);
	tones(s);
	talk(&s->a, &s->b, "101");
	assert_hears(&s->a, &s->b);
	end_call(&s->a, &s->b);
}

/* Its sound moves to another address by re-INVITE: from then on it goes there and comes from there. */
void phone_moves_in_a_call(void **state)
{
	struct scene *s = *state;
	struct oh_call *c;

	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	assert_hears(&s->a, &s->b);
	c = s->a.call;
	mstream_close(c->audio, NULL, NULL);
	c->audio = NULL;
	c->playing = false;
	c->rec = mem_deref(c->rec);
	assert_int_equal(sa_set(&c->ip, SLICE("10.0.0.111"), 0), 0);
	assert_int_equal(oh_call_reoffer(c, "PCMU"), 0);
	agent_wait(&s->a, "changed:200", 2000);
	tape_start(s);
	scene_run(s, 1000);
	assert_int_equal(tape_rtp(s, SERVER4, s->a.ip), 0);
	assert_true(tape_rtp(s, SERVER4, "10.0.0.111") > 40);
	tape_stop(s);
	assert_hears(&s->a, &s->b);
	assert_hears(&s->b, &s->a);
	log_clear(&s->a);
	end_call(&s->a, &s->b);
}

void digits_by_info(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	assert_int_equal(sip_inv_request(s->a.call->inv, SIP_INFO, SLICE_NULL, SLICE("application/dtmf-relay"),
					 SLICE("Signal=7\r\nDuration=160\r\n"), NULL, NULL),
			 0);
	scene_run(s, 1000);
	assert_log(&s->b, "dtmf:7");
	end_call(&s->a, &s->b);
}

void echo_phone_vanishes(void **state)
{
	struct scene *s = *state;
	struct sa a = address("10.0.0.11");

	agents_ready(s, 1);
	agent_call(&s->a, "*43");
	agent_wait(&s->a, "answered", 2000);
	scene_run(s, 3000);
	assert_int_equal(vnet_set_path(s->net, &a, NULL, &(struct vnet_path){.loss_pm = 1000}), 0);
	scene_run(s, 66000);
	assert_int_equal(calls_count(s->calls), 0);
	assert_int_equal(vnet_set_path(s->net, &a, NULL, &(struct vnet_path){0}), 0);
	scene_run(s, 100);
	assert_cdr(s, 0, "ended_by", "system");
}

void round_trip_is_measured(void **state)
{
	struct scene *s = *state;
	struct oh_call_stats st;

	agents_ready(s, 2);
	weather(s, 0, 0, 0, 25);
	talk(&s->a, &s->b, "101");
	scene_run(s, 30000);
	/* reports pass, so a phone measures the way to the other phone and back; the server its own part */
	oh_call_get_stats(s->a.call, &st);
	assert_in_range(st.rtt_us, 95000, 110000);
	oh_call_hangup(s->a.call);
	agent_wait(&s->b, "ended:200", 2000);
	weather(s, 0, 0, 0, 0);
	scene_run(s, 200);
	double ms = json_real_value(json_object_get(json_object_get(cdr_leg(s, 0, 0), "quality"), "rtt_ms"));
	if (ms < 45 || ms > 60)
		fail_msg("%f ms", ms);
}

/* Redirected to somebody we do not know: nothing goes there, the caller hears so. */
void redirected_to_a_stranger(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	s->b.mood = REJECT;
	s->b.reject_code = 302;
	s->b.redirect = "sip:x@198.51.100.7";
	tape_start(s);
	agent_call(&s->a, "101");
	agent_wait(&s->a, "ended:403", 5000);
	scene_run(s, 60000);
	tape_stop(s);
	assert_int_equal(tape_count(s, NULL, "198.51.100.7", ""), 0);
	assert_cdr(s, 0, "reason", "101: a phone may not send calls to strange places");
	scene_check_idle(s);
}

/* A phone answers, but its ACK never comes through: the call ends, nothing is left. */
void ack_never_arrives(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	s->b.mood = ANSWER;
	lose(s, "ACK", 1, 1000); /* the first one belongs to the 407 */
	agent_call(&s->a, "101");
	scene_run(s, 70000);
	lose(s, NULL, 0, 0);
	assert_null(s->a.call);
	assert_null(s->b.call);
	scene_check_idle(s);
}

void bye_never_answered(void **state)
{
	struct scene *s = *state;
	struct sa b = address("10.0.0.12");

	agents_ready(s, 2);
	talk(&s->a, &s->b, "101");
	assert_int_equal(vnet_set_path(s->net, NULL, &b, &(struct vnet_path){.loss_pm = 1000}), 0);
	oh_call_hangup(s->a.call);
	scene_run(s, 40000);
	assert_null(s->a.call);
	assert_int_equal(calls_count(s->calls), 0);
	assert_int_equal(vnet_set_path(s->net, NULL, &b, &(struct vnet_path){0}), 0);
	oh_call_hangup(s->b.call);
	scene_check_idle(s);
}
