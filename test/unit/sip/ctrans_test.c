/*
 * ctrans_test.c - client transactions: the two machines with their timers, matching of responses, ACK, CANCEL,
 * time-outs and transport errors.
 */
#include "fix.h"

static void assert_times(const struct peer *p, const uint64_t *at, size_t n)
{
	assert_int_equal(p->n, n);
	for (size_t i = 0; i < n; i++) {
		assert_in_range(p->v[i].ms, at[i], at[i] + at[i] / 50);
		assert_string_equal(p->v[i].txt, p->v[0].txt);
	}
}

/* ---- INVITE machine ---- */

/* Timer A: 500 ms, doubling without limit; timer B: 32 s. */
static void timers_a_and_b(void **state)
{
	static const uint64_t at[] = {0, 500, 1500, 3500, 7500, 15500, 31500};
	struct fix f;

	(void)state;
	fix_open(&f);
	assert_int_equal(fix_send(&f, SIP_INVITE, SIP_TRANSP_UDP, NULL), 0);
	fix_run(&f, T64 - 1);
	assert_int_equal(f.failed, 0);
	assert_times(&f.a, at, ARRAY_LEN(at));
	fix_run(&f, 400);
	assert_int_equal(f.failed, 1);
	assert_int_equal(f.failed_err, ETIMEDOUT);
	fix_assert_idle(&f);
	fix_close(&f);
}

static void request_is_well_made(void **state)
{
	struct fix f;
	struct sip_cfg cfg = {.software = "offhook/1"};

	(void)state;
	fix_open_cfg(&f, &cfg);
	assert_int_equal(fix_send(&f, SIP_INVITE, SIP_TRANSP_UDP, NULL), 0);
	fix_run(&f, 0);
	assert_int_equal(strncmp(f.a.v[0].txt,
				 "INVITE sip:b@10.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1:5060;rport;branch=z9hG4bK",
				 82),
			 0);
	assert_has(&f.a.v[0], "Max-Forwards: 70\r\n");
	assert_has(&f.a.v[0], "User-Agent: offhook/1\r\n");
	assert_has(&f.a.v[0], "Content-Length: 0\r\n\r\n");
	fix_close(&f);
}

static void provisional_stops_a_and_b(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	assert_int_equal(fix_send(&f, SIP_INVITE, SIP_TRANSP_UDP, NULL), 0);
	fix_run(&f, 600);
	assert_int_equal(f.a.n, 2);
	peer_say(&f.a, rsp_txt(&f.a.v[0], 100, "", ""));
	peer_say(&f.a, rsp_txt(&f.a.v[0], 180, "bt", ""));
	assert_int_equal(f.responses, 2);
	assert_int_equal(f.scode, 180);
	fix_run(&f, 10 * T64);
	assert_int_equal(f.a.n, 2);
	assert_int_equal(f.failed, 0);
	peer_say(&f.a, rsp_txt(&f.a.v[0], 200, "bt", ""));
	assert_int_equal(f.responses, 3);
	fix_close(&f);
}

/* The INVITE is lost at each position of the schedule; the answer comes after the next one. */
static void answer_after_each_lost_invite(void **state)
{
	(void)state;
	for (size_t lost = 0; lost < 7; lost++) {
		struct fix f;

		fix_open(&f);
		assert_int_equal(fix_send(&f, SIP_INVITE, SIP_TRANSP_UDP, NULL), 0);
		while (f.a.n < lost + 1)
			fix_run(&f, 100);
		peer_say(&f.a, rsp_txt(&f.a.v[0], 200, "bt", ""));
		assert_int_equal(f.responses, 1);
		fix_run(&f, T64 - 1000);
		assert_int_equal(f.a.n, lost + 1);
		assert_int_equal(f.failed, 0);
		fix_run(&f, 2000);
		fix_assert_idle(&f);
		fix_close(&f);
	}
}

/* RFC 3261 17.1.1.3: the ACK; timer D repeats it for each copy of the answer. */
static void refusal_is_acknowledged_until_d(void **state)
{
	struct fix f;
	const char *rsp;
	char via[512], ack_via[512];

	(void)state;
	fix_open(&f);
	assert_int_equal(fix_send(&f, SIP_INVITE, SIP_TRANSP_UDP, NULL), 0);
	fix_run(&f, 0);
	rsp = rsp_txt(&f.a.v[0], 486, "bt", "");
	peer_say(&f.a, rsp);
	assert_int_equal(f.responses, 1);
	assert_int_equal(f.a.n, 2);
	assert_int_equal(strncmp(f.a.v[1].txt, "ACK sip:b@10.0.0.2 SIP/2.0\r\n", 28), 0);
	assert_string_equal(heard_hdr(&f.a.v[0], "Via", via), heard_hdr(&f.a.v[1], "Via", ack_via));
	assert_has(&f.a.v[1], "To: <sip:b@10.0.0.2>;tag=bt\r\n");
	assert_has(&f.a.v[1], "From: <sip:us@10.0.0.1>;tag=us\r\n");
	assert_has(&f.a.v[1], "CSeq: 7 ACK\r\n");
	assert_has(&f.a.v[1], "Call-ID: out1\r\n");
	assert_has(&f.a.v[1], "Route: <sip:10.0.0.2;lr>\r\n");
	for (size_t i = 0; i < 5; i++) {
		fix_run(&f, 5000);
		peer_say(&f.a, rsp);
		assert_int_equal(f.a.n, 3 + i);
	}
	assert_int_equal(f.responses, 1);
	/* a late 2xx is nothing now */
	peer_say(&f.a, rsp_txt(&f.a.v[0], 200, "bt", ""));
	assert_int_equal(f.responses, 1);
	fix_run(&f, T64 - 25000 + 400);
	fix_assert_idle(&f);
	peer_say(&f.a, rsp);
	assert_int_equal(f.a.n, 7);
	fix_close(&f);
}

/* RFC 6026 7.2: further 2xx, also of other branches, go to the user until timer M. */
static void accepted_hands_on_2xx_until_m(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	assert_int_equal(fix_send(&f, SIP_INVITE, SIP_TRANSP_UDP, NULL), 0);
	fix_run(&f, 0);
	peer_say(&f.a, rsp_txt(&f.a.v[0], 200, "bt", ""));
	peer_say(&f.a, rsp_txt(&f.a.v[0], 200, "bt", ""));
	peer_say(&f.a, rsp_txt(&f.a.v[0], 200, "other", ""));
	assert_int_equal(f.responses, 3);
	peer_say(&f.a, rsp_txt(&f.a.v[0], 486, "third", ""));
	peer_say(&f.a, rsp_txt(&f.a.v[0], 180, "third", ""));
	assert_int_equal(f.responses, 3);
	assert_int_equal(f.a.n, 1); /* the user acknowledges, not the transaction */
	fix_run(&f, T64 - 100);
	peer_say(&f.a, rsp_txt(&f.a.v[0], 200, "bt", ""));
	assert_int_equal(f.responses, 4);
	fix_run(&f, 500);
	fix_assert_idle(&f);
	peer_say(&f.a, rsp_txt(&f.a.v[0], 200, "bt", ""));
	assert_int_equal(f.responses, 4);
	fix_close(&f);
}

static void tcp_invite_is_sent_once(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	peer_listen(&f.a);
	assert_int_equal(fix_send(&f, SIP_INVITE, SIP_TRANSP_TCP, NULL), 0);
	fix_run(&f, T64 - 1);
	assert_int_equal(f.a.n, 1);
	assert_has(&f.a.v[0], "Via: SIP/2.0/TCP 10.0.0.1:5060;");
	fix_run(&f, 400);
	assert_int_equal(f.failed_err, ETIMEDOUT);
	/* an answer ends it at once: timer D is 0 */
	assert_int_equal(fix_send(&f, SIP_INVITE, SIP_TRANSP_TCP, NULL), 0);
	fix_run(&f, 0);
	peer_stream(&f.a, rsp_txt(&f.a.v[1], 486, "bt", ""));
	fix_run(&f, 1);
	assert_int_equal(f.a.n, 3);
	assert_int_equal(strncmp(f.a.v[2].txt, "ACK ", 4), 0);
	fix_assert_idle(&f);
	fix_close(&f);
}

/* ---- CANCEL ---- */

static void cancel_waits_for_a_provisional_answer(void **state)
{
	struct fix f;
	struct sip_ctrans *ct;
	char via[512], cvia[512];

	(void)state;
	fix_open(&f);
	assert_int_equal(fix_send(&f, SIP_INVITE, SIP_TRANSP_UDP, &ct), 0);
	fix_run(&f, 0);
	assert_int_equal(sip_cancel(ct, SLICE("SIP;cause=200")), 0);
	fix_run(&f, 100);
	assert_int_equal(f.a.n, 1);
	peer_say(&f.a, rsp_txt(&f.a.v[0], 180, "bt", ""));
	assert_int_equal(f.a.n, 2);
	assert_int_equal(strncmp(f.a.v[1].txt, "CANCEL sip:b@10.0.0.2 SIP/2.0\r\n", 31), 0);
	assert_string_equal(heard_hdr(&f.a.v[0], "Via", via), heard_hdr(&f.a.v[1], "Via", cvia));
	assert_has(&f.a.v[1], "Reason: SIP;cause=200\r\n");
	assert_has(&f.a.v[1], "CSeq: 7 CANCEL\r\n");
	assert_has(&f.a.v[1], "To: <sip:b@10.0.0.2>\r\n");
	/* once only */
	peer_say(&f.a, rsp_txt(&f.a.v[0], 180, "bt", ""));
	assert_int_equal(f.a.n, 2);
	peer_say(&f.a, rsp_txt(&f.a.v[1], 200, "bt", ""));
	peer_say(&f.a, rsp_txt(&f.a.v[0], 487, "bt", ""));
	assert_int_equal(f.scode, 487);
	assert_int_equal(strncmp(f.a.v[2].txt, "ACK ", 4), 0);
	assert_int_equal(sip_cancel(ct, SLICE_NULL), ERR_STATE);
	mem_deref(ct);
	fix_run(&f, T64 + 400);
	fix_assert_idle(&f);
	fix_close(&f);
}

static void cancel_is_sent_at_once_after_a_provisional_answer(void **state)
{
	struct fix f;
	struct sip_ctrans *ct;

	(void)state;
	fix_open(&f);
	assert_int_equal(fix_send(&f, SIP_INVITE, SIP_TRANSP_UDP, &ct), 0);
	fix_run(&f, 0);
	peer_say(&f.a, rsp_txt(&f.a.v[0], 100, "", ""));
	assert_int_equal(sip_cancel(ct, SLICE_NULL), 0);
	fix_run(&f, 0);
	assert_int_equal(f.a.n, 2);
	assert_lacks(&f.a.v[1], "Reason");
	/* RFC 3261 9.1: no final answer within 64*T1 after the CANCEL */
	peer_say(&f.a, rsp_txt(&f.a.v[1], 200, "bt", ""));
	fix_run(&f, T64 - 1);
	assert_int_equal(f.failed, 0);
	fix_run(&f, 400);
	assert_int_equal(f.failed_err, ETIMEDOUT);
	mem_deref(ct);
	fix_assert_idle(&f);
	fix_close(&f);
}

static void cancel_without_any_answer_times_out(void **state)
{
	struct fix f;
	struct sip_ctrans *ct;

	(void)state;
	fix_open(&f);
	assert_int_equal(fix_send(&f, SIP_INVITE, SIP_TRANSP_UDP, &ct), 0);
	assert_int_equal(sip_cancel(ct, SLICE_NULL), 0);
	fix_run(&f, T64 + 400);
	assert_int_equal(f.a.n, 7); /* INVITEs only */
	assert_int_equal(f.failed, 1);
	mem_deref(ct);
	fix_assert_idle(&f);
	fix_close(&f);
}

/* ---- non-INVITE machine ---- */

/* Timer E: 500 ms doubling to 4 s; timer F: 32 s. */
static void timers_e_and_f(void **state)
{
	static const uint64_t at[] = {0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500};
	struct fix f;

	(void)state;
	fix_open(&f);
	assert_int_equal(fix_send(&f, SIP_OPTIONS, SIP_TRANSP_UDP, NULL), 0);
	fix_run(&f, T64 - 1);
	assert_times(&f.a, at, ARRAY_LEN(at));
	assert_int_equal(f.failed, 0);
	fix_run(&f, 400);
	assert_int_equal(f.failed, 1);
	assert_int_equal(f.failed_err, ETIMEDOUT);
	fix_assert_idle(&f);
	fix_close(&f);
}

static void provisional_slows_e_but_not_f(void **state)
{
	static const uint64_t at[] = {0, 500, 1500, 5500, 9500, 13500, 17500, 21500, 25500, 29500};
	struct fix f;

	(void)state;
	fix_open(&f);
	assert_int_equal(fix_send(&f, SIP_BYE, SIP_TRANSP_UDP, NULL), 0);
	fix_run(&f, 600);
	peer_say(&f.a, rsp_txt(&f.a.v[0], 100, "", ""));
	fix_run(&f, T64 - 600 - 1);
	assert_times(&f.a, at, ARRAY_LEN(at));
	fix_run(&f, 400);
	assert_int_equal(f.failed_err, ETIMEDOUT);
	fix_close(&f);
}

/* The request is lost at each position of the schedule; the answer comes after the next one. */
static void answer_after_each_lost_request(void **state)
{
	(void)state;
	for (size_t lost = 0; lost < 11; lost++) {
		struct fix f;

		fix_open(&f);
		assert_int_equal(fix_send(&f, SIP_OPTIONS, SIP_TRANSP_UDP, NULL), 0);
		while (f.a.n < lost + 1)
			fix_run(&f, 100);
		peer_say(&f.a, rsp_txt(&f.a.v[0], 200, "bt", ""));
		assert_int_equal(f.responses, 1);
		fix_run(&f, 5200);
		assert_int_equal(f.a.n, lost + 1);
		assert_int_equal(f.failed, 0);
		fix_assert_idle(&f);
		fix_close(&f);
	}
}

static void timer_k_absorbs_repeated_answers(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	assert_int_equal(fix_send(&f, SIP_OPTIONS, SIP_TRANSP_UDP, NULL), 0);
	fix_run(&f, 0);
	peer_say(&f.a, rsp_txt(&f.a.v[0], 200, "bt", ""));
	peer_say(&f.a, rsp_txt(&f.a.v[0], 200, "bt", ""));
	assert_int_equal(f.responses, 1);
	fix_run(&f, 4900);
	assert_int_equal(f.sip->ctrans.n, 1);
	fix_run(&f, 200);
	fix_assert_idle(&f);
	assert_int_equal(f.a.n, 1);
	fix_close(&f);
}

static void tcp_request_is_sent_once(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	peer_listen(&f.a);
	assert_int_equal(fix_send(&f, SIP_OPTIONS, SIP_TRANSP_TCP, NULL), 0);
	fix_run(&f, 10000);
	assert_int_equal(f.a.n, 1);
	peer_stream(&f.a, rsp_txt(&f.a.v[0], 200, "bt", ""));
	fix_run(&f, 1);
	assert_int_equal(f.responses, 1);
	fix_assert_idle(&f);
	/* the same connection serves the next one */
	assert_int_equal(fix_send(&f, SIP_OPTIONS, SIP_TRANSP_TCP, NULL), 0);
	fix_run(&f, 0);
	assert_int_equal(f.a.n, 2);
	assert_int_equal(f.sip->streams.n, 1);
	fix_close(&f);
}

/* ---- matching ---- */

static void strange_responses_are_dropped(void **state)
{
	struct fix f;
	char txt[4096], *p;

	(void)state;
	fix_open(&f);
	assert_int_equal(fix_send(&f, SIP_OPTIONS, SIP_TRANSP_UDP, NULL), 0);
	fix_run(&f, 0);
	/* another branch */
	snprintf(txt, sizeof(txt), "%s", rsp_txt(&f.a.v[0], 200, "bt", ""));
	p = strstr(txt, "branch=z9hG4bK") + 14;
	*p = *p == 'x' ? 'y' : 'x';
	peer_say(&f.a, txt);
	/* another sent-by */
	snprintf(txt, sizeof(txt), "%s", rsp_txt(&f.a.v[0], 200, "bt", ""));
	memcpy(strstr(txt, "10.0.0.1:5060"), "10.0.0.7:5060", 13);
	peer_say(&f.a, txt);
	/* another method */
	snprintf(txt, sizeof(txt), "%s", rsp_txt(&f.a.v[0], 200, "bt", ""));
	memcpy(strstr(txt, "7 OPTIONS"), "7 PUBLISH", 9);
	peer_say(&f.a, txt);
	/* more than one Via */
	peer_say(&f.a, rsp_txt(&f.a.v[0], 200, "bt", "Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK2\r\n"));
	/* cannot be read */
	snprintf(txt, sizeof(txt), "%s", rsp_txt(&f.a.v[0], 200, "bt", ""));
	memcpy(strstr(txt, "Call-ID"), "Call_ID", 7);
	peer_say(&f.a, txt);
	assert_int_equal(f.responses, 0);
	assert_int_equal(f.sip->st.dropped, 5);
	peer_say(&f.a, rsp_txt(&f.a.v[0], 200, "bt", ""));
	assert_int_equal(f.responses, 1);
	fix_close(&f);
}

static void detached_transactions_finish_alone(void **state)
{
	struct fix f;
	struct sip_ctrans *ct;

	(void)state;
	fix_open(&f);
	assert_int_equal(fix_send(&f, SIP_INVITE, SIP_TRANSP_UDP, &ct), 0);
	sip_ctrans_detach(ct);
	mem_deref(ct);
	fix_run(&f, 0);
	peer_say(&f.a, rsp_txt(&f.a.v[0], 486, "bt", ""));
	assert_int_equal(f.a.n, 2);
	assert_int_equal(f.responses, 0);
	fix_run(&f, T64 + 400);
	fix_assert_idle(&f);
	fix_close(&f);
}

/* ---- transport errors ---- */

static void refused_connection_fails_at_once(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	assert_int_equal(fix_send(&f, SIP_INVITE, SIP_TRANSP_TCP, NULL), 0);
	assert_int_equal(f.failed, 0);
	fix_run(&f, 100);
	assert_int_equal(f.failed, 1);
	assert_int_equal(f.failed_err, ECONNREFUSED);
	fix_assert_idle(&f);
	assert_int_equal(fix_send(&f, SIP_OPTIONS, SIP_TRANSP_TCP, NULL), 0);
	fix_run(&f, 100);
	assert_int_equal(f.failed, 2);
	fix_assert_idle(&f);
	fix_close(&f);
}

static void broken_connection_fails_at_once(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	peer_listen(&f.a);
	assert_int_equal(fix_send(&f, SIP_OPTIONS, SIP_TRANSP_TCP, NULL), 0);
	fix_run(&f, 10);
	f.a.tcp = mem_deref(f.a.tcp);
	fix_run(&f, 10);
	assert_int_equal(f.failed, 1);
	assert_true(f.failed_err != 0);
	fix_assert_idle(&f);
	fix_close(&f);
}

static void ringing_survives_a_broken_connection(void **state)
{
	struct fix f;
	const char *ok;

	(void)state;
	fix_open(&f);
	peer_listen(&f.a);
	assert_int_equal(fix_send(&f, SIP_INVITE, SIP_TRANSP_TCP, NULL), 0);
	fix_run(&f, 10);
	peer_stream(&f.a, rsp_txt(&f.a.v[0], 180, "bt", ""));
	ok = rsp_txt(&f.a.v[0], 200, "bt", "");
	f.a.tcp = mem_deref(f.a.tcp);
	fix_run(&f, 10);
	assert_int_equal(f.failed, 0);
	peer_connect(&f.a);
	peer_stream(&f.a, ok);
	assert_int_equal(f.scode, 200);
	fix_close(&f);
}

static void impossible_destinations_are_errors(void **state)
{
	struct fix f;
	struct sip_request r = {.m = SIP_OPTIONS, .uri = SLICE("sip:x"), .dest = {.tp = SIP_TRANSP_UDP}};

	(void)state;
	fix_open(&f);
	r.dest.addr = fix_sa("2001:db8::1", 5060); /* no such listener */
	assert_int_equal(sip_request(NULL, f.sip, &r, &fix_ctrans_ops, &f), EADDRNOTAVAIL);
	r.dest.tp = SIP_TRANSP_WS;
	r.dest.addr = f.a.addr;
	assert_int_not_equal(sip_request(NULL, f.sip, &r, &fix_ctrans_ops, &f), 0);
	r.dest.tp = SIP_TRANSP_UDP;
	r.m = SIP_ACK;
	assert_int_equal(sip_request(NULL, f.sip, &r, &fix_ctrans_ops, &f), EINVAL);
	fix_run(&f, 100);
	assert_int_equal(f.failed, 0);
	fix_assert_idle(&f);
	fix_close(&f);
}

static void ack_to_a_2xx_is_kept_for_repeating(void **state)
{
	struct fix f;
	struct rbuf *b;
	struct sip_request r = {.m = SIP_ACK,
				.uri = SLICE("sip:b@10.0.0.2"),
				.dest = {.tp = SIP_TRANSP_UDP},
				.hdrs = SLICE("CSeq: 7 ACK\r\n")};

	(void)state;
	fix_open(&f);
	r.dest.addr = f.a.addr;
	assert_int_equal(sip_send_ack(f.sip, &r, &b), 0);
	assert_int_equal(sip_resend(f.sip, &r.dest, b), 0);
	mem_deref(b);
	fix_run(&f, 0);
	assert_int_equal(f.a.n, 2);
	assert_string_equal(f.a.v[0].txt, f.a.v[1].txt);
	assert_int_equal(strncmp(f.a.v[0].txt, "ACK sip:b@10.0.0.2 SIP/2.0\r\n", 28), 0);
	fix_assert_idle(&f);
	fix_close(&f);
}

static void stack_ends_with_open_requests(void **state)
{
	struct fix f;
	struct sip_ctrans *ct;

	(void)state;
	fix_open(&f);
	assert_int_equal(fix_send(&f, SIP_INVITE, SIP_TRANSP_UDP, &ct), 0);
	f.sip = mem_deref(f.sip);
	assert_int_equal(f.failed, 0);
	assert_int_equal(sip_cancel(ct, SLICE_NULL), ERR_STATE);
	mem_deref(ct);
	fix_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_a_and_b),
		cmocka_unit_test(request_is_well_made),
		cmocka_unit_test(provisional_stops_a_and_b),
		cmocka_unit_test(answer_after_each_lost_invite),
		cmocka_unit_test(refusal_is_acknowledged_until_d),
		cmocka_unit_test(accepted_hands_on_2xx_until_m),
		cmocka_unit_test(tcp_invite_is_sent_once),
		cmocka_unit_test(cancel_waits_for_a_provisional_answer),
		cmocka_unit_test(cancel_is_sent_at_once_after_a_provisional_answer),
		cmocka_unit_test(cancel_without_any_answer_times_out),
		cmocka_unit_test(timers_e_and_f),
		cmocka_unit_test(provisional_slows_e_but_not_f),
		cmocka_unit_test(answer_after_each_lost_request),
		cmocka_unit_test(timer_k_absorbs_repeated_answers),
		cmocka_unit_test(tcp_request_is_sent_once),
		cmocka_unit_test(strange_responses_are_dropped),
		cmocka_unit_test(detached_transactions_finish_alone),
		cmocka_unit_test(refused_connection_fails_at_once),
		cmocka_unit_test(broken_connection_fails_at_once),
		cmocka_unit_test(ringing_survives_a_broken_connection),
		cmocka_unit_test(impossible_destinations_are_errors),
		cmocka_unit_test(ack_to_a_2xx_is_kept_for_repeating),
		cmocka_unit_test(stack_ends_with_open_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
