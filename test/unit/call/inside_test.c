/*
 * inside_test.c - inside parties: answering, playing, echo, waiting; hang-up from either side; offers of every kind.
 */
#include "fix.h"

static void greet_and_echo(struct call *c, struct leg *l, void *arg)
{
	static const struct tone_step beep[] = {{.f1 = 440, .ms = 200, .level_dbm0 = -13}};
	struct fix *f = arg;
	struct media_source *src;

	(void)c;
	f->inside_result = leg_answer(l);
	if (f->inside_result)
		return;
	assert_int_equal(leg_answer(l), 0);
	assert_int_equal(tone_source(&src, beep, 1, 1, NULL, NULL), 0);
	f->inside_result = leg_play(l, src);
	if (f->inside_result && f->inside_result != ENOTSUP)
		return;
	leg_echo(l);
	f->inside_result = leg_wait(l, UINT64_MAX);
}

static void short_visit(struct call *c, struct leg *l, void *arg)
{
	struct fix *f = arg;

	(void)c;
	assert_int_equal(leg_answer(l), 0);
	f->inside_result = leg_wait(l, 2000);
}

static void never_answers(struct call *c, struct leg *l, void *arg)
{
	struct fix *f = arg;

	(void)c;
	f->inside_result = leg_wait(l, 1000);
}

static void echo(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0];

	f->inside = greet_and_echo;
	phone_call(a, "*43");
	run(f, 100);
	assert_log(a, "answered:200");
	assert_has(a->got, "RTP/AVP 0 8 101\r\n");
	run(f, 400);
	assert_true(a->rtp_n >= 8 && a->rtp_n <= 12); /* 200 ms of tone */
	assert_true(sound(a, a));
	assert_int_equal(calls_count(f->calls), 1);
	phone_hangup(a);
	run(f, 1000);
	assert_log(a, "closed:0");
	assert_int_equal(f->inside_result, ECANCELED);
	assert_string_equal(f->rec.outcome, "answered");
	assert_string_equal(f->rec.answered_by, "echo");
	assert_string_equal(f->rec.ended_by, "caller");
	assert_int_equal(f->rec.nlegs, 1);
	assert_true(f->rec.leg[0].has_q);
}

static void hangup_while_playing(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0];

	f->inside = greet_and_echo;
	phone_call(a, "*43");
	run(f, 100);
	phone_hangup(a);
	run(f, 100);
	assert_int_equal(f->inside_result, ECANCELED);
	assert_int_equal(fiber_count(), 0);
}

static void application_ends(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0];

	f->inside = short_visit;
	phone_call(a, "*1");
	run(f, 4000);
	assert_log(a, "answered:200 closed:200");
	assert_int_equal(f->inside_result, ETIMEDOUT);
	assert_string_equal(f->rec.ended_by, "system");
	assert_string_equal(f->rec.outcome, "answered");
}

static void application_does_not_answer(void **state)
{
	struct fix *f = *state;

	f->inside = never_answers;
	phone_call(&f->p[0], "*1");
	run(f, 2000);
	assert_log(&f->p[0], "closed:480");
	assert_int_equal(f->inside_result, ETIMEDOUT);
}

static void cancelled_before_answer(void **state)
{
	struct fix *f = *state;

	f->inside = never_answers;
	phone_call(&f->p[0], "*1");
	run(f, 200);
	phone_hangup(&f->p[0]);
	run(f, 500);
	assert_int_equal(f->inside_result, ECANCELED);
	assert_string_equal(f->rec.outcome, "cancelled");
}

/* No sound at all in common: video alone. */
static void nothing_in_common(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0];

	f->inside = greet_and_echo;
	a->sdp = "v=0\r\no=- 5 6 IN IP4 10.0.0.10\r\ns=-\r\nc=IN IP4 10.0.0.10\r\nt=0 0\r\nm=video 4000 RTP/AVP "
		 "96\r\na=rtpmap:96 H264/90000\r\n";
	phone_call(a, "*43");
	run(f, 1000);
	assert_log(a, "closed:488");
	assert_int_equal(f->inside_result, ENOTSUP);
}

/* No codec that we can encode: no greeting, but an echo. Second line refused in its place. */
static void foreign_codec(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0];

	f->inside = greet_and_echo;
	a->sdp = "v=0\r\no=- 5 6 IN IP4 10.0.0.10\r\ns=-\r\nc=IN IP4 10.0.0.10\r\nt=0 0\r\nm=video 4002 RTP/AVP 97\r\n"
		 "m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 iLBC/8000\r\na=fmtp:96 mode=20\r\n";
	phone_call(a, "*43");
	run(f, 500);
	assert_log(a, "answered:200");
	assert_has(a->got, "m=video 0 RTP/AVP 97\r\n");
	assert_has(a->got, "a=rtpmap:96 iLBC/8000\r\n");
	assert_has(a->got, "a=fmtp:96 mode=20\r\n");
	assert_int_equal(a->rtp_n, 0);
}

static void hold(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0];

	f->inside = greet_and_echo;
	phone_call(a, "*43");
	run(f, 1000);
	phone_sdp(a, "sendonly", "0 8 101");
	phone_reoffer(a);
	run(f, 500);
	assert_log(a, "answered:200 reanswered:200");
	assert_has(a->got, "a=recvonly\r\n");
	assert_false(sound(a, a));
	phone_sdp(a, "sendrecv", "8 101");
	phone_reoffer(a);
	run(f, 500);
	assert_has(a->got, "RTP/AVP 8 101\r\n");
	assert_has(a->got, "a=sendrecv\r\n");
	assert_true(sound(a, a));
	a->sdp = "v=0\r\no=- 5 6 IN IP4 10.0.0.10\r\ns=-\r\nc=IN IP4 10.0.0.10\r\nt=0 0\r\nm=video 4000 RTP/AVP 96\r\n";
	phone_reoffer(a);
	run(f, 500);
	assert_log(a, "reanswered:200 reanswered:488");
	assert_true(calls_count(f->calls) == 1);
}

/* INVITE without an offer: ours in the 200, its answer in the ACK; then a re-INVITE without one. */
static void delayed(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0];
	struct how h = {.no_offer = true};

	f->inside = greet_and_echo;
	phone_sdp(a, "sendrecv", "8 101");
	phone_call_how(a, "*43", &h);
	run(f, 1000);
	assert_log(a, "answered:200");
	assert_has(a->got, "RTP/AVP 96 9 0 8 3 97 101\r\n");
	assert_true(a->rtp_n >= 8);
	assert_true(sound(a, a));
	assert_int_equal(sip_inv_reinvite(a->inv, SLICE_NULL, SLICE_NULL, SLICE_NULL), 0);
	run(f, 1000);
	assert_log(a, "reanswered:200");
	assert_true(sound(a, a));
}

static void wrong_states(struct call *c, struct leg *l, void *arg)
{
	struct dial_target t = {.number = SLICE("101")};
	struct dial_cfg cfg = {.targets = &t, .n = 1};
	struct fix *f = arg;

	assert_int_equal(call_dial(c, &cfg), ERR_STATE);
	assert_int_equal(call_inside(c, "twice", short_visit, f), ERR_STATE);
	f->inside_result = leg_answer(l);
}

static void one_thing_at_a_time(void **state)
{
	struct fix *f = *state;

	f->inside = wrong_states;
	phone_call(&f->p[0], "*1");
	run(f, 1000);
	assert_log(&f->p[0], "answered:200 closed:200");
	assert_int_equal(f->inside_result, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, fix_open, fix_close)
		T(echo),
		T(hangup_while_playing),
		T(application_ends),
		T(application_does_not_answer),
		T(cancelled_before_answer),
		T(nothing_in_common),
		T(foreign_codec),
		T(hold),
		T(delayed),
		T(one_thing_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
