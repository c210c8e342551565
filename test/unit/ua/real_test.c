/*
 * real_test.c - two agents on real loops, each with a thread of its own, over loopback: UDP, TCP, IPv6. What counts is
 * what happens, not how long it takes; a watch ends the program if it hangs.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>
#include "fix.h"

enum { WATCH_S = 60, RTP_LO = 27000, RTP_HI = 27998 };

struct side {
	struct oh_ua *ua;
	struct oh_account *acct;
	struct oh_call *call;
	struct oh_call_options opt;
	pthread_t thread;
	_Atomic int answered, ended, woken;
	double heard;
	unsigned hz; /**< that it listens for */
	bool calls;
};

static void check_h(void *arg)
{
	struct side *s = arg;

	if (!s->call)
		return;
	s->heard = oh_call_heard(s->call, s->hz, 300);
	/* sound takes its time to arrive: the watch ends this if it never does */
	if (s->heard < 0.8)
		(void)!oh_ua_after(s->ua, 100, check_h, s);
	else if (s->calls)
		oh_call_hangup(s->call);
}

static void real_event(struct oh_ua *ua, const struct oh_event *ev, void *arg)
{
	struct side *s = arg;

	switch (ev->type) {
	case OH_CALL_INCOMING:
		s->call = ev->call;
		assert_int_equal(oh_call_answer(ev->call, &s->opt), 0);
		break;
	case OH_CALL_ANSWERED:
		s->answered++;
		assert_int_equal(oh_ua_after(ua, 300, check_h, s), 0);
		break;
	case OH_CALL_ENDED:
		s->heard = s->heard < 0.8 ? oh_call_heard(s->call, s->hz, 300) : s->heard;
		s->call = NULL;
		s->ended++;
		oh_ua_stop(ua);
		break;
	default:
		break;
	}
}

static void side_open(struct side *s, const char *ip, unsigned part)
{
	const struct oh_ua_config cfg = {.listen = ip,
					 .rtp_lo = (uint16_t)(RTP_LO + part * 400),
					 .rtp_hi = (uint16_t)(RTP_LO + part * 400 + 398),
					 .on_event = real_event,
					 .arg = s};

	memset(s, 0, sizeof(*s));
	assert_int_equal(oh_ua_new(&s->ua, &cfg), 0);
}

static void side_account(struct side *s, const char *ip, const struct side *to, enum oh_transport tp)
{
	char server[80];
	struct oh_account_config ac = {.user = "me", .server = server, .transport = tp};

	snprintf(server, sizeof(server), strchr(ip, ':') ? "[%s]:%u" : "%s:%u", ip, (unsigned)oh_ua_port(to->ua, tp));
	assert_int_equal(oh_account_add(s->ua, &s->acct, &ac), 0);
}

static void *side_run(void *arg)
{
	struct side *s = arg;

	(void)!oh_ua_run(s->ua);
	return NULL;
}

static void begin_h(void *arg)
{
	struct side *s = arg;

	s->woken++;
	s->calls = true;
	if (oh_call_start(s->acct, &s->call, "me", &s->opt))
		oh_ua_stop(s->ua);
}

static void one_call(const char *ip, enum oh_transport tp)
{
	struct side a, b;

	side_open(&a, ip, 0);
	side_open(&b, ip, 1);
	side_account(&a, ip, &b, tp);
	side_account(&b, ip, &a, tp);
	a.opt = (struct oh_call_options){.play_tone_hz = 440, .record = true};
	b.opt = (struct oh_call_options){.play_tone_hz = 660, .record = true};
	a.hz = 660;
	b.hz = 440;
	assert_int_equal(pthread_create(&a.thread, NULL, side_run, &a), 0);
	assert_int_equal(pthread_create(&b.thread, NULL, side_run, &b), 0);
	assert_int_equal(oh_ua_wake(a.ua, begin_h, &a), 0);
	assert_int_equal(pthread_join(a.thread, NULL), 0);
	assert_int_equal(pthread_join(b.thread, NULL), 0);
	assert_int_equal(a.woken, 1);
	assert_int_equal(a.answered, 1);
	assert_int_equal(b.answered, 1);
	assert_int_equal(a.ended, 1);
	assert_int_equal(b.ended, 1);
	assert_true(a.heard > 0.8);
	assert_true(b.heard > 0.8);
	oh_ua_free(a.ua);
	oh_ua_free(b.ua);
}

static void udp(void **state)
{
	(void)state;
	one_call("127.0.0.1", OH_UDP);
}

static void tcp(void **state)
{
	(void)state;
	one_call("127.0.0.1", OH_TCP);
}

static void ipv6(void **state)
{
	(void)state;
	one_call("::1", OH_UDP);
}

static void stop_h(void *arg)
{
	oh_ua_stop(arg);
}

/* Freed while it talks: the other end hears of it. */
static void freed_in_a_call(void **state)
{
	struct side a, b;

	(void)state;
	side_open(&a, "127.0.0.1", 0);
	side_open(&b, "127.0.0.1", 1);
	side_account(&a, "127.0.0.1", &b, OH_UDP);
	side_account(&b, "127.0.0.1", &a, OH_UDP);
	assert_int_equal(pthread_create(&b.thread, NULL, side_run, &b), 0);
	assert_int_equal(oh_call_start(a.acct, &a.call, "me", &a.opt), 0);
	assert_int_equal(oh_ua_after(a.ua, 500, stop_h, a.ua), 0);
	assert_int_equal(oh_ua_run(a.ua), 0);
	oh_ua_free(a.ua);
	assert_int_equal(a.ended, 1);
	assert_int_equal(pthread_join(b.thread, NULL), 0);
	assert_int_equal(b.ended, 1);
	oh_ua_free(b.ua);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(udp),
		cmocka_unit_test(tcp),
		cmocka_unit_test(ipv6),
		cmocka_unit_test(freed_in_a_call),
	};

	log_set_level(LOG_ERROR);
	(void)alarm(WATCH_S);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
