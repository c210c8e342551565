/*
 * call_test.c - calls between two agents: every way to begin, change and end one.
 */
#include <unistd.h>
#include "fix.h"

static void both_ways(void **state)
{
	struct fix *f = *state;
	struct oh_call_stats st;

	talk(f);
	assert_string_equal(f->b.peer, "sip:alice@10.0.0.2");
	assert_string_equal(f->b.peer_name, "Somebody \"S\"");
	assert_true(strlen(oh_call_id(f->a.call)) > 8);
	assert_string_equal(oh_call_id(f->a.call), oh_call_id(f->b.call));
	run(f, 3000);
	assert_true(oh_call_heard(f->a.call, 660, 1000) > 0.9);
	assert_true(oh_call_heard(f->b.call, 440, 1000) > 0.9);
	assert_true(oh_call_heard(f->b.call, 660, 1000) < 0.05);
	oh_call_get_stats(f->a.call, &st);
	assert_string_equal(st.codec, "PCMU");
	assert_in_range(st.received, 90, 160);
	assert_in_range(st.sent, 90, 160);
	assert_int_equal(st.lost, 0);
	assert_true(st.mos > 4.0);
	oh_call_set_user(f->a.call, f);
	assert_ptr_equal(oh_call_user(f->a.call), f);
	oh_call_hangup(f->a.call);
	oh_call_hangup(f->a.call); /* twice is fine */
	run(f, 100);
	assert_log(&f->a, "ended:0");
	assert_log(&f->b, "ended:200");
}

static void ring_then_answer(void **state)
{
	struct fix *f = *state;

	call(f);
	assert_int_equal(oh_call_ring(f->b.call), 0);
	run(f, 100);
	assert_int_equal(oh_call_hold(f->b.call, true), OH_ERR_STATE);
	assert_int_equal(oh_call_dtmf(f->b.call, "1"), OH_ERR_STATE);
	assert_int_equal(oh_call_answer(f->b.call, NULL), 0);
	assert_int_equal(oh_call_answer(f->b.call, NULL), OH_ERR_STATE);
	assert_int_equal(oh_call_ring(f->b.call), OH_ERR_STATE);
	assert_int_equal(oh_call_reject(f->b.call, 486, NULL), OH_ERR_STATE);
	run(f, 100);
	assert_log(&f->a, "ringing:180 answered");
	oh_call_hangup(f->b.call);
	run(f, 100);
	assert_log(&f->a, "ended:200");
	assert_log(&f->b, "incoming answered ended:0");
}

static void early_then_answer(void **state)
{
	struct fix *f = *state;

	call(f);
	assert_int_equal(oh_call_early(f->b.call, &f->b.opt), 0);
	run(f, 2000);
	assert_log(&f->a, "early:183");
	assert_true(oh_call_heard(f->a.call, 660, 1000) > 0.9);
	struct oh_call_options other = {.play_tone_hz = 880};
	assert_int_equal(oh_call_answer(f->b.call, &other), 0);
	run(f, 2000);
	assert_log(&f->a, "answered");
	assert_true(oh_call_heard(f->a.call, 880, 1000) > 0.9);
	assert_true(oh_call_heard(f->b.call, 440, 1000) > 0.9);
}

static void early_without_offer(void **state)
{
	struct fix *f = *state;

	f->a.opt.delayed_offer = true;
	call(f);
	assert_int_equal(oh_call_early(f->b.call, &f->b.opt), OH_ERR_STATE);
	assert_int_equal(oh_call_answer(f->b.call, &f->b.opt), 0);
	run(f, 2000);
	assert_log(&f->a, "answered");
	assert_true(oh_call_heard(f->a.call, 660, 1000) > 0.9);
	assert_true(oh_call_heard(f->b.call, 440, 1000) > 0.9);
}

static void refusals(void **state)
{
	static const struct {
		unsigned code;
		const char *contact;
	} t[] = {{486, NULL}, {603, NULL}, {404, NULL}, {302, "sip:carol@10.0.0.3"}};
	struct fix *f = *state;
	char want[32];

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		call(f);
		assert_int_equal(oh_call_reject(f->b.call, 200, NULL), EINVAL);
		assert_int_equal(oh_call_reject(f->b.call, t[i].code, t[i].contact), 0);
		assert_int_equal(oh_call_reject(f->b.call, t[i].code, t[i].contact), OH_ERR_STATE);
		oh_call_hangup(f->b.call);                  /* nothing happens */
		assert_string_equal(f->b.log, "incoming "); /* the end comes later, never within the call */
		run(f, 100);
		snprintf(want, sizeof(want), "ended:%u", t[i].code);
		assert_log(&f->a, want);
		snprintf(want, sizeof(want), "incoming ended:%u", t[i].code);
		assert_log(&f->b, want);
		assert_string_equal(f->a.text, sip_reason((uint16_t)t[i].code));
	}
}

static void cancel(void **state)
{
	struct fix *f = *state;

	call(f);
	oh_call_hangup(f->a.call);
	run(f, 1000);
	assert_log(&f->a, "ended:0");
	assert_log(&f->b, "incoming ended:487");
	/* before anything was heard of it */
	assert_int_equal(oh_call_start(f->a.acct, &f->a.call, "bob", &f->a.opt), 0);
	oh_call_hangup(f->a.call);
	run(f, 60000);
	assert_log(&f->a, "ended:0");
	assert_int_equal(f->a.ua->calls.n, 0);
	assert_int_equal(f->b.ua->calls.n, 0);
}

static void hangup_before_answer(void **state)
{
	struct fix *f = *state;

	call(f);
	oh_call_hangup(f->b.call);
	run(f, 1000);
	assert_log(&f->a, "ended:480");
	assert_log(&f->b, "incoming ended:0");
}

static void hangup_in_the_event(void **state)
{
	struct fix *f = *state;

	f->b.hang_at_once = true;
	call(f);
	run(f, 1000);
	assert_log(&f->a, "ended:480");
	f->b.auto_answer = true; /* answers, then hangs up before the ACK */
	call(f);
	run(f, 1000);
	assert_log(&f->a, "answered ended:200");
	assert_int_equal(f->b.ua->calls.n, 0);
}

static void nobody_there(void **state)
{
	struct fix *f = *state;

	assert_int_equal(oh_call_start(f->a.acct, &f->a.call, "nobody", &f->a.opt), 0);
	run(f, 100);
	assert_log(&f->a, "ended:404");
	who_close(f, &f->b);
	assert_int_equal(oh_call_start(f->a.acct, &f->a.call, "bob", &f->a.opt), 0);
	run(f, 40000);
	assert_log(&f->a, "ended:408");
}

static void hold_and_reoffer(void **state)
{
	struct fix *f = *state;
	struct oh_call_stats st;

	talk(f);
	assert_int_equal(oh_call_hold(f->a.call, true), 0);
	assert_int_equal(oh_call_hold(f->a.call, false), OH_ERR_STATE); /* one at a time */
	run(f, 100);
	assert_log(&f->a, "changed:200");
	assert_log(&f->b, "held");
	assert_int_equal(oh_call_hold(f->a.call, true), 0); /* again: the same description */
	run(f, 100);
	assert_log(&f->a, "changed:200");
	assert_log(&f->b, "");
	assert_int_equal(oh_call_hold(f->a.call, false), 0);
	run(f, 100);
	assert_log(&f->b, "resumed");
	assert_int_equal(oh_call_reoffer(f->b.call, "nonsense"), OH_ERR_SYNTAX);
	assert_int_equal(oh_call_reoffer(f->b.call, "pcma"), 0);
	run(f, 2000);
	assert_log(&f->b, "changed:200");
	oh_call_get_stats(f->a.call, &st);
	assert_string_equal(st.codec, "PCMA");
	assert_true(oh_call_heard(f->a.call, 660, 1000) > 0.9);
	assert_int_equal(oh_call_reoffer(f->a.call, NULL), 0);
	run(f, 2000);
	assert_log(&f->a, "changed:200 changed:200");
	assert_true(oh_call_heard(f->b.call, 440, 1000) > 0.9);
}

static void sound_changes(void **state)
{
	struct fix *f = *state;
	struct oh_call_options once = {.play_tone_hz = 1000, .play_once = true},
			       bad = {.play_file = "/nonexistent.wav"};

	talk(f);
	assert_int_equal(oh_call_play(f->a.call, &once), 0);
	run(f, 950);
	assert_true(oh_call_heard(f->b.call, 1000, 500) > 0.9);
	run(f, 1000);
	assert_log(&f->a, "played");
	assert_true(oh_call_heard(f->b.call, 1000, 500) < 0.1);
	assert_int_equal(oh_call_play(f->a.call, &bad), ENOENT);
	assert_int_equal(oh_call_play(f->a.call, &f->a.opt), 0);
	run(f, 1500);
	assert_true(oh_call_heard(f->b.call, 440, 1000) > 0.9);
	/* a source that is replaced does not tell its end */
	assert_int_equal(oh_call_play(f->a.call, &once), 0);
	run(f, 100);
	assert_int_equal(oh_call_play(f->a.call, NULL), 0);
	run(f, 2000);
	assert_log(&f->a, "");
	assert_int_equal(oh_call_play(f->a.call, &once), 0);
	oh_call_hangup(f->a.call);
	run(f, 2000);
	assert_log(&f->a, "ended:0");
}

static void files(void **state)
{
	struct fix *f = *state;
	char path[] = "/tmp/offhook-ua-XXXXXX.wav";
	struct pcm *p;
	int fd = mkstemps(path, 4);

	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	talk(f);
	run(f, 5000);
	assert_int_equal(oh_call_save(f->b.call, path), 0);
	assert_int_equal(oh_call_save(f->b.call, "/nonexistent/x.wav"), ENOENT);
	oh_call_hangup(f->a.call);
	run(f, 100);
	assert_int_equal(wav_read(&p, path), 0);
	assert_in_range(p->n, 4 * 8000, 6 * 8000);
	assert_true(tone_share(p->s, p->n, 440, 8000) > 0.9);
	mem_deref(p);
	/* and played to the other end */
	f->b.opt.play_file = path;
	f->a.l = f->b.l = 0;
	talk(f);
	run(f, 3000);
	assert_true(oh_call_heard(f->a.call, 440, 1000) > 0.9);
	assert_int_equal(unlink(path), 0);
}

static void not_recorded(void **state)
{
	struct fix *f = *state;

	f->a.opt.record = false;
	talk(f);
	run(f, 1000);
	assert_true(oh_call_heard(f->a.call, 660, 1000) == 0);
	assert_int_equal(oh_call_save(f->a.call, "/tmp/never"), OH_ERR_STATE);
	assert_int_equal(access("/tmp/never", F_OK), -1);
}

static void digits(void **state)
{
	struct fix *f = *state;

	talk(f);
	assert_int_equal(oh_call_dtmf(f->a.call, "159*"), 0);
	assert_int_not_equal(oh_call_dtmf(f->a.call, "x"), 0);
	run(f, 2000);
	assert_log(&f->b, "dtmf:1 dtmf:5 dtmf:9 dtmf:*");
}

static void info(struct fix *f, const char *type, const char *body)
{
	assert_int_equal(
		sip_inv_request(f->a.call->inv, SIP_INFO, SLICE_NULL, slice_str(type), slice_str(body), NULL, NULL), 0);
	run(f, 100);
}

static void digits_by_info(void **state)
{
	struct fix *f = *state;

	talk(f);
	info(f, "application/dtmf-relay", "Signal=7\r\nDuration=160\r\n");
	info(f, "application/dtmf-relay", "Duration=160\r\n");
	info(f, "text/plain", "Signal=7\r\n");
	info(f, "", "");
	assert_log(&f->b, "dtmf:7");
}

static void video(void **state)
{
	struct fix *f = *state;
	struct oh_call_stats st;
	struct sa from, to;
	uint8_t p[100] = {0x80, UA_H264_PT};

	f->a.opt.video = f->b.opt.video = true;
	talk(f);
	assert_non_null(f->a.call->video);
	assert_non_null(f->b.call->video);
	mstream_local(f->a.call->video, &from);
	mstream_local(f->b.call->video, &to);
	assert_int_equal(vnet_inject(f->net, &from, &to, slice_mem(p, sizeof(p))), 0);
	run(f, 2000);
	oh_call_get_stats(f->b.call, &st);
	assert_true(st.video_received >= 1);
	oh_call_get_stats(f->a.call, &st);
	assert_true(st.video_received >= 1); /* it came back */
}

static void bad_options(void **state)
{
	struct fix *f = *state;
	struct oh_call_options codec = {.codecs = "PCMU G729"}, ptime = {.ptime_ms = 5},
			       file = {.play_file = "/nonexistent.wav"};
	struct oh_call *c = NULL;

	assert_int_equal(oh_call_start(f->a.acct, &c, "bob", &codec), OH_ERR_SYNTAX);
	assert_int_equal(oh_call_start(f->a.acct, &c, "bob", &ptime), OH_ERR_SYNTAX);
	assert_int_equal(oh_call_start(f->a.acct, &c, "", NULL), EINVAL);
	assert_int_equal(oh_call_start(f->a.acct, &c, NULL, NULL), EINVAL);
	assert_int_not_equal(oh_call_start(f->a.acct, &c, "sip:<>", NULL), 0);
	assert_null(c);
	assert_int_equal(f->a.ua->calls.n, 0);
	/* a file that is not there: the call works, silently */
	f->b.auto_answer = true;
	assert_int_equal(oh_call_start(f->a.acct, &c, "bob", &file), 0);
	run(f, 1000);
	assert_log(&f->a, "answered");
}

static void targets(void **state)
{
	static const struct {
		const char *to, *uri;
	} t[] = {
		{"bob", "sip:bob@10.0.0.2"},
		{" 101 ", "sip:101@10.0.0.2"},
		{"*43", "sip:*43@10.0.0.2"},
		{"a b", "sip:a%20b@10.0.0.2"},
		{"sip:bob@10.0.0.2", "sip:bob@10.0.0.2"},
		{"bob@10.0.0.9", "sip:bob@10.0.0.9"},
		{"tel:+49301234", "tel:+49301234"},
		{"#9", "sip:%239@10.0.0.2"},
	};
	struct fix *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		assert_int_equal(oh_call_start(f->a.acct, &f->a.call, t[i].to, NULL), 0);
		assert_string_equal(f->a.call->peer, t[i].uri);
		oh_call_hangup(f->a.call);
		run(f, 40000);
		assert_null(f->a.call);
		f->a.l = f->b.l = 0;
	}
}

static void too_many_calls(void **state)
{
	struct fix *f = *state;

	for (int i = 0; i <= UA_CALLS_MAX; i++) {
		assert_int_equal(oh_call_start(f->a.acct, &f->a.call, "bob", NULL), 0);
		run(f, 1);
		f->b.l = 0;
	}
	run(f, 100);
	assert_log(&f->a, "ended:486");
	assert_int_equal(f->b.ua->calls.n, UA_CALLS_MAX);
}

/* The agent goes while it talks: the far end gets a BYE, and the application its last event. */
static void free_in_a_call(void **state)
{
	struct fix *f = *state;

	talk(f);
	who_close(f, &f->a);
	run(f, 100);
	assert_log(&f->a, "ended:0");
	assert_log(&f->b, "ended:200");
}

static void account_removed_in_a_call(void **state)
{
	struct fix *f = *state;

	talk(f);
	oh_account_remove(f->a.acct);
	f->a.acct = NULL;
	run(f, 100);
	assert_log(&f->a, "ended:0");
	assert_log(&f->b, "ended:200");
	assert_int_equal(oh_call_start(f->b.acct, &f->b.call, "alice", NULL), 0);
	run(f, 100);
	assert_log(&f->b, "ended:404");
}

static void after_h(void *arg)
{
	note(arg, "after");
}

static void later(void **state)
{
	struct fix *f = *state;

	assert_int_equal(oh_ua_after(f->a.ua, 1000, after_h, &f->a), 0);
	assert_int_equal(oh_ua_wake(f->a.ua, after_h, &f->a), 0);
	run(f, 999);
	assert_log(&f->a, "after");
	run(f, 1);
	assert_log(&f->a, "after");
	/* what still waits at the end is forgotten */
	assert_int_equal(oh_ua_after(f->a.ua, 1000, after_h, &f->a), 0);
	who_close(f, &f->a);
	run(f, 2000);
	assert_log(&f->a, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_ways),
		TEST(ring_then_answer),
		TEST(early_then_answer),
		TEST(early_without_offer),
		TEST(refusals),
		TEST(cancel),
		TEST(hangup_before_answer),
		TEST(hangup_in_the_event),
		TEST(nobody_there),
		TEST(hold_and_reoffer),
		TEST(sound_changes),
		TEST(files),
		TEST(not_recorded),
		TEST(digits),
		TEST(digits_by_info),
		TEST(video),
		TEST(bad_options),
		TEST(targets),
		TEST(free_in_a_call),
		TEST(account_removed_in_a_call),
		TEST(too_many_calls),
		TEST(later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
