/*
 * inv_timer_test.c - session timers (RFC 4028): asked for, agreed on, refreshed by either side, refused as too short,
 * and the end of a session whose other side is gone.
 */
#include "inv_ext_fix.h"

#define ALLOW    "Allow: INVITE, ACK, BYE, CANCEL, PRACK, UPDATE\r\n"
#define NOUPDATE "Allow: INVITE, ACK, BYE, CANCEL\r\n"
#define TIMER    "Supported: timer\r\n"

static const struct sip_inv_call asks = {.timer = {.expires_s = 1800}};
static const struct sip_inv_call asks_peer = {.timer = {.expires_s = 1800, .prefer_peer = true}};

/** The peer answers our call with these lines. */
static const struct sip_msg *up(struct fix *f, const struct sip_inv_call *more, const char *extra)
{
	const struct sip_msg *inv = call_raw(f, "offer", more);
	char lines[300];

	(void)snprintf(lines, sizeof(lines), CONTACT "%s", extra);
	raw_reply(f, inv, "200 OK", "t1", lines, "answer");
	run(f, 10);
	assert_log(&f->a, "answered:200=answer");
	return inv;
}

/** b answers the peer's call, with our policy. */
static void up_b(struct fix *f, const char *extra, const struct sip_inv_timer *t)
{
	raw_invite(f, extra, "offer");
	if (t)
		sip_inv_set_timer(f->b.inv, t);
	assert_int_equal(sip_inv_answer(f->b.inv, SLICE_NULL, SLICE(SDP), SLICE("answer")), 0);
	run(f, 10);
	raw_more(f, "ACK", 10, NULL, NULL);
	assert_log(&f->b, "invite=offer acked");
}

static void end(struct fix *f, struct party *p)
{
	size_t n = raw_count(f, SIP_BYE);

	sip_inv_hangup(p->inv, 0, SLICE_NULL);
	run(f, 10);
	raw_reply(f, raw_request(f, SIP_BYE, n), "200 OK", NULL, NULL, NULL);
	run(f, 10);
	p->l = 0;
}

/* ---- as caller ---- */

static void asked_for(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = call_raw(f, "offer", &asks);

	assert_hdr(inv, SIP_HDR_SESSION_EXPIRES, "1800");
	assert_null(sip_msg_hdr(inv, SIP_HDR_MIN_SE));
	assert_true(sip_msg_has_token(inv, SIP_HDR_SUPPORTED, SLICE("timer")));
	raw_reply(f, inv, "486 Busy", "t1", NULL, NULL);
	run(f, 10);
}

static void not_asked_for(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = call_raw(f, "offer", NULL);

	assert_null(sip_msg_hdr(inv, SIP_HDR_SESSION_EXPIRES));
	raw_reply(f, inv, "486 Busy", "t1", NULL, NULL);
	run(f, 10);
}

static void we_refresh_by_update(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *u;

	(void)up(f, &asks, "Require: timer\r\nSession-Expires: 600;refresher=uac\r\n" TIMER ALLOW);
	run(f, 299500);
	assert_int_equal(raw_count(f, SIP_UPDATE), 0);
	run(f, 600);
	u = raw_request(f, SIP_UPDATE, 0);
	assert_hdr(u, SIP_HDR_SESSION_EXPIRES, "600;refresher=uac");
	assert_body(u, "");
	raw_reply(f, u, "200 OK", NULL, "Session-Expires: 600;refresher=uac\r\n" CONTACT, NULL);
	run(f, 299800);
	assert_int_equal(raw_count(f, SIP_UPDATE), 1);
	run(f, 400);
	assert_int_equal(raw_count(f, SIP_UPDATE), 2);
	raw_reply(f, raw_request(f, SIP_UPDATE, 1), "200 OK", NULL, CONTACT, NULL); /* no timer any more */
	run(f, 3000000);
	assert_int_equal(raw_count(f, SIP_UPDATE), 2);
	assert_log(&f->a, "");
	end(f, &f->a);
}

static void we_refresh_by_reinvite(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *re;

	(void)up(f, &asks, "Session-Expires: 600;refresher=uac\r\n" TIMER NOUPDATE);
	run(f, 301000);
	re = raw_request(f, SIP_INVITE, 1);
	assert_hdr(re, SIP_HDR_SESSION_EXPIRES, "600;refresher=uac");
	assert_body(re, "sdp-a");
	raw_reply(f, re, "200 OK", NULL, "Session-Expires: 600;refresher=uac\r\n" CONTACT, "answer");
	run(f, 10);
	assert_log(&f->a, "refreshed=answer");
	assert_int_equal(raw_count(f, SIP_ACK), 2);
	end(f, &f->a);
}

/* It said that it takes UPDATE, and does not. */
static void update_turns_out_unknown(void **state)
{
	struct fix *f = *state;

	(void)up(f, &asks, "Session-Expires: 600;refresher=uac\r\n" TIMER ALLOW);
	run(f, 300100);
	raw_reply(f, raw_request(f, SIP_UPDATE, 0), "501 What", NULL, NULL, NULL);
	run(f, 6000);
	assert_non_null(raw_request(f, SIP_INVITE, 1));
	raw_reply(f, raw_request(f, SIP_INVITE, 1), "200 OK", NULL, "Session-Expires: 600\r\n" CONTACT, "answer");
	run(f, 10);
	assert_log(&f->a, "refreshed=answer");
	end(f, &f->a);
}

static void the_peer_refreshes(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = call_raw(f, "offer", &asks_peer);

	assert_hdr(inv, SIP_HDR_SESSION_EXPIRES, "1800;refresher=uas");
	raw_reply(f, inv, "200 OK", "t1", CONTACT ALLOW TIMER "Session-Expires: 600;refresher=uas\r\n", "answer");
	run(f, 500000);
	assert_log(&f->a, "answered:200=answer");
	raw_in_dialog(f, inv, "UPDATE", 5, "t1", TIMER "Session-Expires: 600;refresher=uac\r\n", NULL);
	assert_hdr(raw_response(f, 200, 0), SIP_HDR_SESSION_EXPIRES, "600;refresher=uac");
	assert_hdr(raw_response(f, 200, 0), SIP_HDR_REQUIRE, "timer");
	run(f, 500000);
	raw_in_dialog(f, inv, "INVITE", 6, "t1", TIMER "Session-Expires: 600;refresher=uac\r\n", "answer");
	assert_hdr(raw_response(f, 200, 1), SIP_HDR_SESSION_EXPIRES, "600;refresher=uac");
	raw_in_dialog(f, inv, "ACK", 6, "t1", NULL, NULL);
	assert_log(&f->a, "updated reoffer=answer acked");
	/* 600 - 32 s later it is over */
	run(f, 567000);
	assert_log(&f->a, "");
	assert_false(sip_inv_expired(f->a.inv));
	run(f, 2000);
	assert_log(&f->a, "closed:timed out:408");
	assert_true(sip_inv_expired(f->a.inv));
	assert_true(slice_starts(sip_msg_val(raw_request(f, SIP_BYE, 0), SIP_HDR_REASON), SLICE("SIP;cause=408")));
	raw_reply(f, raw_request(f, SIP_BYE, 0), "481 Gone", NULL, NULL, NULL);
	run(f, 10);
}

static void refresh_is_not_answered(void **state)
{
	struct fix *f = *state;

	(void)up(f, &asks, "Session-Expires: 600;refresher=uac\r\n" TIMER ALLOW);
	run(f, 331900);
	assert_log(&f->a, "");
	run(f, 300);
	assert_log(&f->a, "closed:timed out:408");
	assert_false(sip_inv_expired(f->a.inv)); /* it did not answer: told as such */
	run(f, 40000);
}

static void refresh_is_refused(void **state)
{
	struct fix *f = *state;
	size_t n = 0;

	(void)up(f, &asks, "Session-Expires: 600;refresher=uac\r\n" TIMER ALLOW);
	for (int i = 0; i < 120; i++) {
		run(f, 5000);
		for (; n < raw_count(f, SIP_UPDATE); n++)
			raw_reply(f, raw_request(f, SIP_UPDATE, n), "500 No", NULL, NULL, NULL);
	}
	assert_true(n > 10);
	assert_log(&f->a, "closed:timed out:408");
	assert_true(sip_inv_expired(f->a.inv));
}

static void too_short_for_them(void **state)
{
	struct fix *f = *state;
	const struct sip_msg *inv = call_raw(f, "offer", &asks), *again;

	raw_reply(f, inv, "422 Too Small", "t1", "Min-SE: 3600\r\n", NULL);
	run(f, 10);
	again = raw_request(f, SIP_INVITE, 1);
	assert_hdr(again, SIP_HDR_SESSION_EXPIRES, "3600");
	assert_hdr(again, SIP_HDR_MIN_SE, "3600");
	assert_true(slice_eq(again->callid, inv->callid));
	assert_int_equal(again->cseq.num, inv->cseq.num + 1);
	raw_reply(f, again, "422 Too Small", "t1", "Min-SE: 3600\r\n", NULL); /* asks for nothing new */
	run(f, 10);
	assert_log(&f->a, "closed:0:422");
}

static void ever_too_short(void **state)
{
	struct fix *f = *state;
	char line[40];

	(void)call_raw(f, "offer", &asks);
	for (unsigned i = 0; i < 20 && raw_request(f, SIP_INVITE, i); i++) {
		(void)snprintf(line, sizeof(line), "Min-SE: %u\r\n", 2000 + i);
		raw_reply(f, raw_request(f, SIP_INVITE, i), "422 Too Small", "t1", line, NULL);
		run(f, 10);
	}
	assert_true(raw_count(f, SIP_INVITE) < 8);
	assert_log(&f->a, "closed:0:422");
}

static void refresh_too_short_for_them(void **state)
{
	struct fix *f = *state;

	(void)up(f, &asks, "Session-Expires: 600;refresher=uac\r\n" TIMER ALLOW);
	run(f, 300100);
	raw_reply(f, raw_request(f, SIP_UPDATE, 0), "422 Too Small", NULL, "Min-SE: 900\r\n", NULL);
	run(f, 10);
	assert_hdr(raw_request(f, SIP_UPDATE, 1), SIP_HDR_SESSION_EXPIRES, "900;refresher=uac");
	raw_reply(f, raw_request(f, SIP_UPDATE, 1), "200 OK", NULL, "Session-Expires: 900;refresher=uac\r\n", NULL);
	run(f, 10);
	end(f, &f->a);
}

/* A peer that agrees on a second must not make us send for ever. */
static void absurdly_short(void **state)
{
	struct fix *f = *state;

	(void)up(f, &asks, "Session-Expires: 1;refresher=uac\r\n" TIMER ALLOW);
	run(f, 9000);
	assert_int_equal(raw_count(f, SIP_UPDATE), 0);
	end(f, &f->a);
}

static void peer_without_timer(void **state)
{
	struct fix *f = *state;

	(void)up(f, &asks, ALLOW);
	run(f, 4000000);
	assert_int_equal(raw_count(f, SIP_UPDATE), 0);
	assert_log(&f->a, "");
	end(f, &f->a);
}

/* Our hold is a refresh as well. */
static void any_reinvite_refreshes(void **state)
{
	struct fix *f = *state;

	(void)up(f, &asks, "Session-Expires: 600;refresher=uac\r\n" TIMER ALLOW);
	run(f, 200000);
	assert_int_equal(sip_inv_reinvite(f->a.inv, SLICE_NULL, SLICE(SDP), SLICE("hold")), 0);
	run(f, 10);
	assert_hdr(raw_request(f, SIP_INVITE, 1), SIP_HDR_SESSION_EXPIRES, "600;refresher=uac");
	raw_reply(f, raw_request(f, SIP_INVITE, 1), "200 OK", NULL, "Session-Expires: 600;refresher=uac\r\n" CONTACT,
		  "held");
	run(f, 299800);
	assert_int_equal(raw_count(f, SIP_UPDATE), 0);
	run(f, 400);
	assert_int_equal(raw_count(f, SIP_UPDATE), 1);
	raw_reply(f, raw_request(f, SIP_UPDATE, 0), "200 OK", NULL, NULL, NULL);
	run(f, 10);
	assert_log(&f->a, "reanswered:200=held");
	end(f, &f->a);
}

/* ---- as callee ---- */

static void granted(void **state)
{
	static const struct {
		const char *asked;
		struct sip_inv_timer ours;
		const char *want; /* NULL: none */
	} tab[] = {
		{TIMER "Session-Expires: 1800\r\n", {0}, "1800;refresher=uas"},
		{TIMER "Session-Expires: 1800;refresher=uac\r\n", {0}, "1800;refresher=uac"},
		{TIMER "Session-Expires: 1800;refresher=uas\r\n", {0}, "1800;refresher=uas"},
		{TIMER "Session-Expires: 1800\r\n", {.expires_s = 600}, "600;refresher=uas"},
		{TIMER "Session-Expires: 1800\r\n", {.expires_s = 600, .prefer_peer = true}, "600;refresher=uac"},
		{TIMER "Session-Expires: 1800\r\nMin-SE: 900\r\n", {.expires_s = 600}, "900;refresher=uas"},
		{TIMER "Session-Expires: 300\r\n", {.expires_s = 600}, "300;refresher=uas"},
		{TIMER, {.expires_s = 600, .prefer_peer = true}, "600;refresher=uac"},
		{TIMER, {0}, NULL},
		{"", {0}, NULL},
		{"", {.expires_s = 600, .prefer_peer = true}, "600;refresher=uas"},
		{"Session-Expires: 1800;refresher=uac\r\n", {0}, "1800;refresher=uas"}, /* put in by a proxy */
		{TIMER "Session-Expires: nonsense\r\n", {0}, NULL},
		{"Require: timer\r\nSession-Expires: 1800;refresher=uac\r\n", {0}, "1800;refresher=uac"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		const struct sip_msg *ok;
		struct fix *f;
		void *st;

		(void)ext_open(&st);
		f = st;
		up_b(f, tab[i].asked, &tab[i].ours);
		ok = raw_response(f, 200, 0);
		if (tab[i].want)
			assert_hdr(ok, SIP_HDR_SESSION_EXPIRES, tab[i].want);
		else
			assert_null(sip_msg_hdr(ok, SIP_HDR_SESSION_EXPIRES));
		if (sip_msg_has_token(ok, SIP_HDR_REQUIRE, SLICE("timer")) !=
		    (tab[i].want && strstr(tab[i].want, "uac") != NULL))
			fail_msg("%zu: Require: %.*s", i, SLICE_FMT(sip_msg_val(ok, SIP_HDR_REQUIRE)));
		end(f, &f->b);
		(void)fix_close(&st);
	}
}

static void they_do_not_refresh(void **state)
{
	struct fix *f = *state;

	up_b(f, TIMER "Session-Expires: 90;refresher=uac\r\n", NULL);
	run(f, 59000);
	assert_log(&f->b, "");
	run(f, 2000);
	assert_log(&f->b, "closed:timed out:408");
	assert_non_null(raw_request(f, SIP_BYE, 0));
	run(f, 40000);
}

static void they_do(void **state)
{
	struct fix *f = *state;

	up_b(f, TIMER "Session-Expires: 90;refresher=uac\r\n", NULL);
	for (unsigned i = 0; i < 10; i++) {
		run(f, 45000);
		raw_more(f, "UPDATE", 11 + i, TIMER "Session-Expires: 90;refresher=uac\r\n", NULL);
	}
	assert_int_equal(raw_answers(f, 200), 11);
	end(f, &f->b);
}

static void too_short_for_us(void **state)
{
	struct fix *f = *state;

	up_b(f, TIMER "Session-Expires: 600;refresher=uac\r\n", &(struct sip_inv_timer){.min_s = 300});
	raw_more(f, "UPDATE", 11, TIMER "Session-Expires: 200;refresher=uac\r\n", NULL);
	assert_hdr(raw_response(f, 422, 0), SIP_HDR_MIN_SE, "300");
	raw_more(f, "INVITE", 12, TIMER "Session-Expires: 200;refresher=uac\r\n", "again");
	assert_hdr(raw_response(f, 422, 1), SIP_HDR_MIN_SE, "300");
	raw_more(f, "ACK", 12, NULL, NULL);
	assert_log(&f->b, "");
	end(f, &f->b);
}

/* A caller that knows nothing of timers is refreshed by us, again and again. */
static void unaware_caller(void **state)
{
	struct fix *f = *state;

	up_b(f, "", &(struct sip_inv_timer){.expires_s = 600});
	for (size_t i = 0; i < 5; i++) {
		run(f, 300000);
		assert_non_null(raw_request(f, SIP_INVITE, i));
		raw_reply(f, raw_request(f, SIP_INVITE, i), "200 OK", NULL, CONTACT, "offer");
		run(f, 10);
	}
	assert_int_equal(times(&f->b, "refreshed"), 5);
	f->b.l = 0;
	run(f, 310000);
	assert_non_null(raw_request(f, SIP_INVITE, 5));
	run(f, 40000);
	assert_log(&f->b, "closed:timed out:408");
	run(f, 40000);
}

/* ---- both ---- */

/** a asks; b lets a refresh, or refreshes itself. */
static void connect_with(struct fix *f, bool b_refreshes)
{
	struct sip_inv_call c = call_of(&f->b.addr, "offer");

	c.timer = (struct sip_inv_timer){.expires_s = 600, .prefer_peer = b_refreshes};
	f->b.auto_answer = true;
	assert_int_equal(sip_inv_connect(&f->a.inv, f->a.sip, &c, &party_ops, &f->a), 0);
	run(f, 20000);
	assert_word(&f->a, "answered");
}

static void long_call(struct fix *f)
{
	for (int who = 0; who < 2; who++) {
		connect_with(f, who);
		run(f, 20000000); /* more than five hours */
		assert_int_equal(sip_inv_state(f->a.inv), SIP_INV_CONNECTED);
		assert_int_equal(sip_inv_state(f->b.inv), SIP_INV_CONNECTED);
		sip_inv_hangup(f->a.inv, 0, SLICE_NULL);
		run(f, 40000);
		assert_word(&f->b, "closed:0:200");
		f->a.inv = mem_deref(f->a.inv);
		f->b.inv = mem_deref(f->b.inv);
		f->a.l = f->b.l = 0;
	}
}

static void hours_long(void **state)
{
	long_call(*state);
}

static void each_packet_lost(void **state)
{
	(void)state;
	each_loss(long_call, 10, 3);
}

/* The other side vanishes without a word: noticed by whoever waits for the refresh, and by who sends it. */
static void vanishes(void **state)
{
	struct fix *f = *state;

	for (int who = 0; who < 2; who++) {
		connect_with(f, who);
		f->lose_from = f->packets;
		f->lose_to = SIZE_MAX;
		run(f, 700000);
		assert_word(&f->a, "closed:timed out:408");
		assert_word(&f->b, "closed:timed out:408");
		f->lose_from = f->lose_to = 0;
		f->a.inv = mem_deref(f->a.inv);
		f->b.inv = mem_deref(f->b.inv);
		run(f, 100000);
		f->a.l = f->b.l = 0;
	}
}

static void without_memory(void **state)
{
	(void)state;
	for (long n = 0, asked = 1; n < asked; n++) {
		struct fix *f;
		void *st;

		(void)ext_open(&st);
		f = st;
		f->tolerant = true;
		connect_with(f, n & 1);
		run(f, 270000);
		mem_fail_at(n / 2);
		run(f, 40000);
		asked = 2 * mem_fail_off() + 2;
		run(f, 2000000);
		ends_on_both_sides(f);
		assert_true(n < 400);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(asked_for),
		TEST(not_asked_for),
		TEST(we_refresh_by_update),
		TEST(we_refresh_by_reinvite),
		TEST(update_turns_out_unknown),
		TEST(the_peer_refreshes),
		TEST(refresh_is_not_answered),
		TEST(refresh_is_refused),
		TEST(too_short_for_them),
		TEST(ever_too_short),
		TEST(refresh_too_short_for_them),
		TEST(absurdly_short),
		TEST(peer_without_timer),
		TEST(any_reinvite_refreshes),
		cmocka_unit_test(granted),
		TEST(they_do_not_refresh),
		TEST(they_do),
		TEST(too_short_for_us),
		TEST(unaware_caller),
		TEST(hours_long),
		cmocka_unit_test(each_packet_lost),
		TEST(vanishes),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
