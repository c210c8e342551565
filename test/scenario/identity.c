/*
 * identity.c - who calls and who was reached: hidden callers, the answerer's name, the way of a diverted call,
 * Session-ID, circles; names that try to be more than names.
 */
#include "scenario.h"
#include "wire/sip/session_id.h"

static const char *text_of(json_t *o, const char *key)
{
	const char *t = json_string_value(json_object_get(o, key));

	return t ? t : "";
}

static json_t *live_leg(json_t **v, struct scene *s, size_t leg)
{
	*v = pbx_json_calls(s->pbx);
	assert_int_equal(json_array_size(*v), 1);
	return json_array_get(json_object_get(json_array_get(*v, 0), "legs"), leg);
}

/* The called one sees nobody; the administrator and the record know who it was. */
static void hides(void **state, enum oh_transport tp)
{
	struct scene *s = *state;
	json_t *v, *leg;

	agent_open(s, &s->a, "100", "10.0.0.11", tp);
	agent_open(s, &s->b, "101", "10.0.0.12", tp);
	agent_register(&s->a);
	agent_register(&s->b);
	tones(s);
	s->a.opt.hide = true;
	s->b.mood = ANSWER;
	tape_start(s);
	agent_call(&s->a, "101");
	agent_wait(&s->a, "answered", 5000);
	assert_string_equal(s->b.peer_name, "Anonymous");
	leg = live_leg(&v, s, 0);
	assert_string_equal(text_of(leg, "number"), "100");
	assert_string_equal(text_of(leg, "name"), "Phone 100");
	assert_true(json_is_true(json_object_get(leg, "hidden")));
	json_decref(v);
	scene_run(s, 1500);
	assert_hears(&s->b, &s->a);
	assert_log(&s->b, "incoming:anonymous answered");
	log_clear(&s->a);
	end_call(&s->a, &s->b);
	for (size_t i = 0; tp == OH_UDP && i < tape_count(s, SERVER4, "10.0.0.12", "INVITE"); i++) {
		struct slice m = tape_find(s, SERVER4, "10.0.0.12", "INVITE", i);

		assert_true(contains(m, "Privacy: id\r\n"));
		assert_false(contains(m, "sip:100@") || contains(m, "Phone 100"));
	}
	tape_stop(s);
	scene_run(s, 100);
	assert_cdr(s, 0, "from", "100");
	assert_true(json_is_true(json_object_get(cdr_leg(s, 0, 0), "hidden")));
	assert_false(json_is_true(json_object_get(cdr_leg(s, 0, 1), "hidden")));
	scene_check_idle(s);
}

void caller_hides(void **state)
{
	hides(state, OH_UDP);
}

void caller_hides_over_tcp(void **state)
{
	hides(state, OH_TCP);
}

/* Who picks up is told to the caller, with the name that the extension has, while it rings and when it is answered. */
void name_of_the_answerer(void **state)
{
	struct scene *s = *state;
	static const char want[] = "P-Asserted-Identity: \"Front \\\"desk\\\"\" <sip:101@10.0.0.1>\r\n";

	agents_ready(s, 2);
	extension_set(s, "101", json_pack("{s:s}", "name", "Front \"desk\""));
	s->b.mood = RING_ANSWER;
	s->b.answer_ms = 500;
	tape_start(s);
	agent_call(&s->a, "101");
	agent_wait(&s->a, "answered", 5000);
	assert_true(contains(tape_find(s, SERVER4, s->a.ip, "SIP/2.0 180", 0), want));
	assert_true(contains(tape_find(s, SERVER4, s->a.ip, "SIP/2.0 200", 0), want));
	assert_true(contains(tape_find(s, SERVER4, s->a.ip, "SIP/2.0 200", 0),
			     "Remote-Party-ID: \"Front \\\"desk\\\"\" <sip:101@10.0.0.1>;party=called;"));
	tape_stop(s);
	scene_run(s, 500);
	log_clear(&s->a);
	log_clear(&s->b);
	end_call(&s->a, &s->b);
	scene_run(s, 100);
	assert_string_equal(text_of(cdr_leg(s, 0, 1), "name"), "Front \"desk\"");
}

/* 101's phone sends the call on to 102: 102's phone learns where it comes from, the caller who answered. */
void diverted_call_tells_the_way(void **state)
{
	struct scene *s = *state;
	struct slice m;
	json_t *v;

	agents_ready(s, 3);
	s->b.mood = REJECT;
	s->b.reject_code = 302;
	s->b.redirect = "sip:102@" SERVER4;
	s->c.mood = ANSWER;
	tape_start(s);
	agent_call(&s->a, "101");
	agent_wait(&s->a, "answered", 5000);
	m = tape_find(s, SERVER4, s->c.ip, "INVITE", 0);
	assert_true(contains(m, "From: \"Phone 100\" <sip:100@10.0.0.1>;tag="));
	assert_true(contains(m, "Diversion: \"Phone 101\" <sip:101@10.0.0.1>;reason=unconditional\r\n"));
	assert_true(contains(m, "History-Info: \"Phone 101\" <sip:101@10.0.0.1?Reason=SIP%3Bcause%3D302>;index=1\r\n"));
	assert_true(contains(m, "History-Info: <sip:102@10.0.0.1>;index=1.1;mp=1\r\n"));
	assert_false(contains(tape_find(s, SERVER4, s->b.ip, "INVITE", 0), "Diversion"));
	assert_true(contains(tape_find(s, SERVER4, s->a.ip, "SIP/2.0 200", 0), "<sip:102@10.0.0.1>"));
	tape_stop(s);
	v = pbx_json_calls(s->pbx);
	assert_string_equal(text_of(json_array_get(v, 0), "diverted"), "101 (always)");
	json_decref(v);
	scene_run(s, 500);
	log_clear(&s->a);
	log_clear(&s->c);
	end_call(&s->a, &s->c);
	scene_run(s, 100);
	assert_cdr(s, 0, "answered_by", "102");
	assert_cdr(s, 0, "diverted", "101 (always)");
}

static void session_of(struct slice msg, struct sip_session_id *id)
{
	struct sip_msg *m;

	assert_int_equal(sip_msg_decode(&m, msg.p, msg.l, NULL), 0);
	assert_int_equal(sip_session_id_get(id, m), 0);
	mem_deref(m);
}

/* Neither agent knows the header: the server makes both ends' names and keeps them, seen from both sides crosswise. */
void session_id_is_the_same_on_both_sides(void **state)
{
	struct scene *s = *state;
	struct sip_session_id in, out, bye;

	agents_ready(s, 2);
	tape_start(s);
	talk(&s->a, &s->b, "101");
	session_of(tape_find(s, SERVER4, s->b.ip, "INVITE", 0), &out);
	assert_false(sip_uuid_isset(&out.remote));
	session_of(tape_find(s, SERVER4, s->a.ip, "SIP/2.0 200", 0), &in);
	assert_memory_equal(&in.remote, &out.local, sizeof(in.remote));
	assert_memory_not_equal(&in.local, &in.remote, sizeof(in.remote));
	end_call(&s->a, &s->b);
	session_of(tape_find(s, SERVER4, s->b.ip, "BYE", 0), &bye);
	assert_memory_equal(&bye.local, &out.local, sizeof(bye.local));
	tape_stop(s);
}

/* An INVITE by hand with the password of 100. */
static void typed_invite(struct typed *t, const char *lines)
{
	static unsigned n;

	n++;
	typed_send(t,
		   "INVITE sip:101@10.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.30:5060;branch=z9hG4bKid%u\n"
		   "From: <sip:100@10.0.0.1>;tag=t%u\nTo: <sip:101@10.0.0.1>\nCall-ID: typed-id-%u\nCSeq: 1 INVITE\n"
		   "Contact: <sip:100@10.0.0.30>\nMax-Forwards: 70\n%sContent-Length: 0\n\n",
		   n, n, n, lines);
	scene_run(t->s, 300);
}

/* Who does not know a password learns nothing of circles: the challenge comes first. */
void stranger_learns_nothing_of_circles(void **state)
{
	struct scene *s = *state;
	static struct typed t;

	agents_ready(s, 2);
	typed_open(s, &t, "10.0.0.30:5060");
	typed_invite(&t, "Diversion: <sip:101@10.0.0.1>;counter=40\n");
	assert_string_equal(typed_codes(&t), "407");
	typed_close(&t);
	assert_log(&s->b, "");
}

void asserted_identity_of_a_phone_is_dropped(void **state)
{
	struct scene *s = *state;

	agents_ready(s, 2);
	tape_start(s);
	s->b.mood = ANSWER;
	agent_call(&s->a, "101");
	agent_wait(&s->a, "answered", 5000);
	assert_false(contains(tape_find(s, SERVER4, s->b.ip, "INVITE", 0), "P-Asserted-Identity"));
	/* nor what it says later, in a package that nobody asked for */
	assert_int_equal(sip_inv_request(s->a.call->inv, SIP_INFO,
					 SLICE("P-Asserted-Identity: <sip:666@x>\r\nInfo-Package: x\r\n"), SLICE_NULL,
					 SLICE_NULL, NULL, NULL),
			 0);
	scene_run(s, 1000);
	assert_int_equal(tape_count(s, SERVER4, s->b.ip, "INFO"), 0);
	assert_true(contains(tape_find(s, SERVER4, s->a.ip, "SIP/2.0 469", 0), "\r\nRecv-Info: nil\r\n"));
	tape_stop(s);
	log_clear(&s->a);
	log_clear(&s->b);
	end_call(&s->a, &s->b);
}

/* Names set by the administrator or a phone stay names, whatever is in them. */
void names_inject_nothing(void **state)
{
	static const char *const evil[] = {
		"A\" <sip:666@evil.example>;tag=\"",
		">;tag=666,<sip:666@evil>",
		"back\\slash\\",
		"\xe4\xbd\xa0 <&> \"",
		"%0d%0aX-Evil: 1",
	};
	struct scene *s = *state;

	agents_ready(s, 2);
	s->b.mood = ANSWER;
	for (size_t i = 0; i < ARRAY_LEN(evil); i++) {
		extension_set(s, "100", json_pack("{s:s}", "name", evil[i]));
		extension_set(s, "101", json_pack("{s:s}", "name", evil[i]));
		tape_start(s);
		agent_call(&s->a, "101");
		agent_wait(&s->a, "answered", 5000);
		assert_string_equal(s->b.peer_name, evil[i]);
		assert_true(contains(tape_find(s, SERVER4, s->a.ip, "SIP/2.0 200", 0), " <sip:101@10.0.0.1>\r\n"));
		tape_stop(s);
		scene_run(s, 300);
		log_clear(&s->a);
		log_clear(&s->b);
		end_call(&s->a, &s->b);
	}
	scene_run(s, 100);
	assert_cdr(s, 0, "from_name", evil[ARRAY_LEN(evil) - 1]);
}

/* The display name that a phone sends is not what others see of an extension that has a name. */
void name_is_not_the_phones_to_choose(void **state)
{
	struct scene *s = *state;
	struct oh_account_config ac = {.user = "100", .password = PASSWORD, .display = "The Boss", .server = SERVER4};

	agents_ready(s, 0);
	agent_open_with(s, &s->a, "10.0.0.11", &ac);
	s->a.number = "100";
	agent_open(s, &s->b, "101", "10.0.0.12", OH_UDP);
	agent_register(&s->a);
	agent_register(&s->b);
	tones(s);
	talk(&s->a, &s->b, "101");
	assert_string_equal(s->b.peer_name, "Phone 100");
	end_call(&s->a, &s->b);
}
