/*
 * strans_test.c - server transactions: the two machines with their timers, matching, CANCEL, merged
 * requests, and the checks before the application sees a request.
 */
#include "fix.h"

/* ---- INVITE machine ---- */

static void invite_gets_100_at_once(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	peer_say(&f.a, REQ("INVITE"));
	assert_int_equal(f.requests, 1);
	assert_int_equal(f.a.n, 1);
	assert_code(&f.a, 100);
	assert_int_equal(f.a.v[0].ms, 0);
	assert_lacks(&f.a.v[0], "To: <sip:100@10.0.0.1>;tag");
	fix_close(&f);
}

static void invite_answered_at_once_gets_no_100(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	f.answer = 486;
	peer_say(&f.a, REQ("INVITE"));
	assert_int_equal(f.a.n, 1);
	assert_code(&f.a, 486);
	fix_close(&f);
}

static void retransmitted_invite_gets_the_last_answer(void **state)
{
	struct fix f;
	const char *inv = REQ("INVITE");

	(void)state;
	fix_open(&f);
	peer_say(&f.a, inv);
	peer_say(&f.a, inv);
	assert_int_equal(f.requests, 1);
	assert_int_equal(f.a.n, 2);
	assert_code(&f.a, 100);
	sip_reply_simple(f.st, 180, NULL);
	peer_say(&f.a, inv);
	assert_int_equal(f.a.n, 4);
	assert_string_equal(f.a.v[2].txt, f.a.v[3].txt);
	assert_code(&f.a, 180);
	sip_reply_simple(f.st, 404, NULL);
	peer_say(&f.a, inv);
	assert_code(&f.a, 404);
	assert_int_equal(f.requests, 1);
	fix_close(&f);
}

/* Timer G: 500 ms, doubling up to 4 s; timer H: 32 s. */
static void timers_g_and_h(void **state)
{
	static const uint64_t at[] = {0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500};
	struct fix f;

	(void)state;
	fix_open(&f);
	f.answer = 486;
	peer_say(&f.a, REQ("INVITE"));
	fix_run(&f, T64 - 1);
	assert_int_equal(f.ended, 0);
	assert_int_equal(f.a.n, ARRAY_LEN(at));
	for (size_t i = 0; i < ARRAY_LEN(at); i++) {
		assert_int_equal(heard_code(&f.a.v[i]), 486);
		assert_in_range(f.a.v[i].ms, at[i], at[i] + at[i] / 50);
	}
	fix_run(&f, 400);
	assert_int_equal(f.ended, 1);
	assert_int_equal(f.ended_err, ETIMEDOUT);
	fix_assert_idle(&f);
	fix_close(&f);
}

/* The answer, or the ACK, is lost at each position of the retransmission schedule. */
static void ack_at_each_position_stops_g(void **state)
{
	(void)state;
	for (size_t lost = 0; lost < 11; lost++) {
		struct fix f;
		size_t n;

		fix_open(&f);
		f.answer = 603;
		peer_say(&f.a, REQ("INVITE"));
		while (f.a.n < lost + 1)
			fix_run(&f, 100);
		n = f.a.n;
		peer_say(&f.a, REQ("ACK"));
		fix_run(&f, 4900);
		assert_int_equal(f.a.n, n);
		assert_int_equal(f.ended, 0);
		/* timer I absorbs another ACK, then ends, up to 128 ms late */
		peer_say(&f.a, REQ("ACK"));
		fix_run(&f, 300);
		assert_int_equal(f.ended, 1);
		assert_int_equal(f.ended_err, 0);
		fix_assert_idle(&f);
		fix_close(&f);
	}
}

static void confirmed_absorbs_invites(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	f.answer = 486;
	peer_say(&f.a, REQ("INVITE"));
	peer_say(&f.a, REQ("ACK"));
	peer_say(&f.a, REQ("INVITE"));
	assert_int_equal(f.a.n, 1);
	assert_int_equal(f.requests, 1);
	fix_close(&f);
}

/* RFC 6026: after a 2xx further INVITEs are absorbed until timer L; the user repeats the 2xx. */
static void accepted_and_timer_l(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	f.answer = 200;
	peer_say(&f.a, REQ("INVITE"));
	assert_code(&f.a, 200);
	peer_say(&f.a, REQ("INVITE"));
	assert_int_equal(f.a.n, 1);
	assert_int_equal(f.requests, 1);
	fix_run(&f, 10000);
	assert_int_equal(f.a.n, 1);
	sip_strans_resend(f.st);
	fix_run(&f, 0);
	assert_int_equal(f.a.n, 2);
	assert_string_equal(f.a.v[0].txt, f.a.v[1].txt);
	assert_int_equal(sip_reply(f.st, 200, SLICE_NULL, SLICE_NULL, SLICE_NULL, SLICE_NULL), ERR_STATE);
	fix_run(&f, T64 - 10000 - 1);
	assert_int_equal(f.ended, 0);
	fix_run(&f, 400);
	assert_int_equal(f.ended, 1);
	assert_int_equal(f.ended_err, 0);
	fix_assert_idle(&f);
	fix_close(&f);
}

static void tcp_invite_needs_no_timers(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	f.answer = 486;
	peer_connect(&f.a);
	peer_stream(&f.a, REQ("INVITE", .via = "SIP/2.0/TCP 10.0.0.2:5060"));
	fix_run(&f, 20000);
	assert_int_equal(f.a.n, 1);
	peer_stream(&f.a, REQ("ACK", .via = "SIP/2.0/TCP 10.0.0.2:5060"));
	fix_run(&f, 1);
	assert_int_equal(f.ended, 1);
	assert_int_equal(f.ended_err, 0);
	fix_close(&f);
}

/* ---- non-INVITE machine ---- */

static void timer_j_repeats_the_answer(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	peer_say(&f.a, REQ("REGISTER"));
	peer_say(&f.a, REQ("REGISTER"));
	assert_int_equal(f.a.n, 0); /* Trying: nothing to say */
	sip_reply_simple(f.st, 200, NULL);
	fix_run(&f, 0);
	assert_null(sip_strans_msg(f.st));
	for (int i = 0; i < 3; i++) {
		peer_say(&f.a, REQ("REGISTER"));
		assert_code(&f.a, 200);
		fix_run(&f, 5000);
	}
	assert_int_equal(f.a.n, 4);
	assert_int_equal(f.requests, 1);
	fix_run(&f, T64 - 15000 - 1);
	assert_int_equal(f.ended, 0);
	fix_run(&f, 400);
	assert_int_equal(f.ended, 1);
	fix_assert_idle(&f);
	peer_say(&f.a, REQ("REGISTER"));
	assert_int_equal(f.requests, 2);
	fix_close(&f);
}

static void provisional_answer_is_repeated(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	peer_say(&f.a, REQ("OPTIONS"));
	sip_reply_simple(f.st, 100, NULL);
	peer_say(&f.a, REQ("OPTIONS"));
	assert_int_equal(f.a.n, 2);
	assert_code(&f.a, 100);
	fix_close(&f);
}

static void request_never_answered_ends(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	peer_say(&f.a, REQ("REGISTER"));
	fix_run(&f, T64 + 400);
	assert_int_equal(f.ended, 1);
	assert_int_equal(f.ended_err, ETIMEDOUT);
	assert_int_equal(sip_reply(f.st, 200, SLICE_NULL, SLICE_NULL, SLICE_NULL, SLICE_NULL), ERR_STATE);
	fix_assert_idle(&f);
	fix_close(&f);
}

static void tcp_request_ends_with_its_answer(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	f.answer = 200;
	peer_connect(&f.a);
	peer_stream(&f.a, REQ("REGISTER", .via = "SIP/2.0/TCP 10.0.0.2:5060"));
	fix_run(&f, 1);
	assert_code(&f.a, 200);
	assert_int_equal(f.ended, 1);
	fix_assert_idle(&f);
	fix_close(&f);
}

/* ---- matching ---- */

static void keys_differ_by_branch_sent_by_and_method(void **state)
{
	static const struct req v[] = {
		{.m = "REGISTER", .branch = "z9hG4bKa", .callid = "1"},
		{.m = "REGISTER", .branch = "z9hG4bKb", .callid = "2"},
		{.m = "REGISTER", .branch = "z9hG4bKa", .callid = "3", .via = "SIP/2.0/UDP 10.0.0.9:5060"},
		{.m = "REGISTER", .branch = "z9hG4bKa", .callid = "4", .via = "SIP/2.0/UDP 10.0.0.2:5070"},
		{.m = "OPTIONS", .branch = "z9hG4bKa", .callid = "5"},
	};
	struct fix f;

	(void)state;
	fix_open(&f);
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		peer_say(&f.a, req_txt(v[i]));
		assert_int_equal(f.requests, i + 1);
	}
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		peer_say(&f.a, req_txt(v[i]));
	assert_int_equal(f.requests, ARRAY_LEN(v));
	/* host names compare without case */
	peer_say(&f.a, REQ("REGISTER", .via = "SIP/2.0/UDP Phone.Example", .branch = "z9hG4bKh", .callid = "6"));
	peer_say(&f.a, REQ("REGISTER", .via = "SIP/2.0/UDP phone.example", .branch = "z9hG4bKh", .callid = "6"));
	assert_int_equal(f.requests, ARRAY_LEN(v) + 1);
	fix_close(&f);
}

static void old_branches_match_as_rfc2543(void **state)
{
	struct fix f;
	char to[512];
	const char *tag;

	(void)state;
	fix_open(&f);
	f.answer = 486;
	peer_say(&f.a, REQ("INVITE", .branch = "1"));
	peer_say(&f.a, REQ("INVITE", .branch = "1"));
	assert_int_equal(f.requests, 1);
	assert_int_equal(f.a.n, 2);
	/* the same branch in another call is another request */
	peer_say(&f.a, REQ("INVITE", .branch = "1", .callid = "other"));
	assert_int_equal(f.requests, 2);
	assert_int_equal(f.a.n, 3);
	tag = strstr(heard_hdr(&f.a.v[0], "To", to), "tag=");
	assert_non_null(tag);
	/* an ACK with another tag is not for this answer */
	peer_say(&f.a, REQ("ACK", .branch = "1", .to_tag = "wrong"));
	fix_run(&f, 600);
	assert_int_equal(f.a.n, 5);
	peer_say(&f.a, REQ("ACK", .branch = "1", .to_tag = tag + 4));
	fix_run(&f, 1100);
	assert_int_equal(f.a.n, 6); /* only the other call's answer */
	fix_close(&f);
}

/* ---- CANCEL ---- */

static void cancel_is_answered_and_told(void **state)
{
	struct fix f;
	char to1[512], to2[512];

	(void)state;
	fix_open(&f);
	peer_say(&f.a, REQ("INVITE"));
	sip_reply_simple(f.st, 180, NULL);
	peer_say(&f.a, REQ("CANCEL"));
	assert_int_equal(f.cancelled, 1);
	assert_int_equal(f.a.n, 4);
	assert_int_equal(heard_code(&f.a.v[2]), 200);
	assert_has(&f.a.v[2], "CSeq: 1 CANCEL");
	assert_int_equal(heard_code(&f.a.v[3]), 487);
	assert_has(&f.a.v[3], "CSeq: 1 INVITE");
	assert_string_equal(heard_hdr(&f.a.v[1], "To", to1), heard_hdr(&f.a.v[2], "To", to2));
	/* again: only its answer */
	peer_say(&f.a, REQ("CANCEL"));
	assert_int_equal(f.cancelled, 1);
	assert_int_equal(f.a.n, 5);
	assert_code(&f.a, 200);
	fix_close(&f);
}

static void cancel_without_invite_is_481(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	peer_say(&f.a, REQ("CANCEL"));
	assert_code(&f.a, 481);
	fix_close(&f);
}

static void cancel_after_the_answer_changes_nothing(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	f.answer = 200;
	peer_say(&f.a, REQ("INVITE"));
	peer_say(&f.a, REQ("CANCEL"));
	assert_int_equal(f.cancelled, 0);
	assert_int_equal(f.a.n, 2);
	assert_code(&f.a, 200);
	fix_close(&f);
}

static void cancel_without_user_is_487(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	peer_say(&f.a, REQ("INVITE"));
	sip_strans_set_ops(f.st, NULL, NULL);
	peer_say(&f.a, REQ("CANCEL"));
	assert_code(&f.a, 487);
	fix_close(&f);
}

/* ---- checks ---- */

struct check {
	const char *name;
	struct req r;
	unsigned code;   /**< 0: the application gets it */
	const char *has; /**< in the answer; may be NULL */
};

static const struct check checks[] = {
	{"scheme", {.m = "MESSAGE", .uri = "nobodyKnowsThisScheme:x"}, 416, NULL},
	{"tel is fine", {.m = "INVITE", .uri = "tel:+4912"}, 0, NULL},
	{"max-forwards 0", {.m = "INVITE", .hdrs = "Max-Forwards: 0\r\n"}, 483, NULL},
	{"max-forwards 1", {.m = "INVITE", .hdrs = "Max-Forwards: 1\r\n"}, 0, NULL},
	{"max-forwards 0 for us",
	 {.m = "OPTIONS", .uri = "sip:10.0.0.1", .hdrs = "Max-Forwards: 0\r\n"},
	 200,
	 "Accept: application/sdp"},
	{"options to a user", {.m = "OPTIONS"}, 0, NULL},
	{"options to us",
	 {.m = "OPTIONS", .uri = "sip:10.0.0.1"},
	 200,
	 "Allow: INVITE, ACK, BYE, CANCEL, REGISTER, OPTIONS\r\n"},
	{"known method", {.m = "PUBLISH"}, 405, "Allow: INVITE"},
	{"unknown method", {.m = "NEWMETHOD"}, 501, "Allow: INVITE"},
	{"require",
	 {.m = "INVITE", .hdrs = "Require: 100rel, nothing\r\nRequire: other\r\n"},
	 420,
	 "Unsupported: nothing, other\r\n"},
	{"require what we have", {.m = "INVITE", .hdrs = "Require: 100rel\r\n"}, 0, NULL},
	{"encoded body",
	 {.m = "INVITE", .hdrs = "Content-Encoding: gzip\r\n", .body = "x"},
	 415,
	 "Accept-Encoding: identity"},
	{"identity body", {.m = "INVITE", .hdrs = "Content-Encoding: identity\r\n", .body = "x"}, 0, NULL},
	{"no dialog", {.m = "BYE", .to_tag = "none"}, 481, NULL},
	{"no dialog for re-INVITE", {.m = "INVITE", .to_tag = "none"}, 481, NULL},
	{"register with a tag", {.m = "REGISTER", .to_tag = "odd"}, 0, NULL},
	{"bad cseq", {.m = "INVITE", .hdrs = "CSeq: 9999999999 INVITE\r\n"}, 400, NULL},
};

static void checks_before_the_application(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		const struct check *c = &checks[i];
		struct fix f;

		fix_open(&f);
		sip_support(f.sip, "100rel");
		peer_say(&f.a, req_txt(c->r));
		if (f.requests != !c->code)
			fail_msg("%s: the application got %zu requests", c->name, f.requests);
		if (c->code) {
			if (f.a.n != 1 || heard_code(&f.a.v[0]) != c->code)
				fail_msg("%s: %s", c->name, f.a.n ? f.a.v[0].txt : "no answer");
			if (c->has)
				assert_has(&f.a.v[0], c->has);
		}
		fix_close(&f);
	}
}

static void wrong_version_is_505(void **state)
{
	struct fix f;
	char txt[1024];

	(void)state;
	fix_open(&f);
	snprintf(txt, sizeof(txt), "%s", REQ("OPTIONS"));
	memcpy(strstr(txt, "SIP/2.0"), "SIP/7.0", 7);
	peer_say(&f.a, txt);
	assert_int_equal(f.requests, 0);
	assert_code(&f.a, 505);
	fix_close(&f);
}

static void allowed_methods_reach_the_application(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	sip_allow(f.sip, SIP_MESSAGE);
	peer_say(&f.a, REQ("MESSAGE"));
	assert_int_equal(f.requests, 1);
	fix_close(&f);
}

static void merged_requests_get_482(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	peer_say(&f.a, REQ("INVITE", .branch = "z9hG4bKone"));
	peer_say(&f.a, REQ("INVITE", .branch = "z9hG4bKtwo"));
	assert_int_equal(f.requests, 1);
	assert_code(&f.a, 482);
	/* the first one is not hurt */
	sip_reply_simple(f.st, 180, NULL);
	fix_run(&f, 0);
	assert_code(&f.a, 180);
	/* another CSeq is another request */
	peer_say(&f.a, REQ("INVITE", .branch = "z9hG4bKthree", .cseq = 2));
	assert_int_equal(f.requests, 2);
	fix_close(&f);
}

static void a_refused_request_may_come_again(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	f.answer = 401;
	peer_say(&f.a, REQ("REGISTER", .branch = "z9hG4bKone"));
	peer_say(&f.a, REQ("REGISTER", .branch = "z9hG4bKtwo"));
	assert_int_equal(f.requests, 2);
	fix_close(&f);
}

static void malformed_requests(void **state)
{
	static const struct {
		const char *txt;
		unsigned code; /* 0: dropped */
	} v[] = {
		{"INVITE sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKm\r\nTo: <sip:x>\r\nCall-ID: "
		 "c\r\nCSeq: 1 INVITE\r\n\r\n",
		 400},
		{"INVITE sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKm\r\nFrom: <sip:x>;tag=1\r\nTo: "
		 "<sip:x>\r\nCall-ID: c\r\nCSeq: 1 BYE\r\n\r\n",
		 400},
		{"ACK sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKm\r\nTo: <sip:x>\r\nCall-ID: c\r\nCSeq: "
		 "1 ACK\r\n\r\n",
		 0},
		{"INVITE sip:x SIP/2.0\r\nFrom: <sip:x>;tag=1\r\nTo: <sip:x>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\r\n",
		 0},
		{"nonsense\r\n\r\n", 0},
		{"SIP/2.0 999 Odd\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKm\r\n\r\n", 0},
		{"\r\n\r\n", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct fix f;

		fix_open(&f);
		peer_say(&f.a, v[i].txt);
		assert_int_equal(f.requests, 0);
		assert_int_equal(f.a.n, v[i].code ? 1 : 0);
		if (v[i].code)
			assert_code(&f.a, v[i].code);
		fix_assert_idle(&f);
		fix_close(&f);
	}
}

static void big_sdp_is_513(void **state)
{
	struct fix f;
	static char body[SIP_SDP_MAX + 2];

	(void)state;
	fix_open(&f);
	memset(body, 'v', SIP_SDP_MAX + 1);
	peer_say(&f.a, REQ("INVITE", .hdrs = "Content-Type: application/sdp\r\n", .body = body));
	assert_code(&f.a, 513);
	body[SIP_SDP_MAX] = 0;
	peer_say(&f.a, REQ("INVITE", .branch = "z9hG4bK2", .callid = "2", .hdrs = "Content-Type: application/sdp\r\n",
			   .body = body));
	assert_int_equal(f.requests, 1);
	fix_close(&f);
}

static void overload_is_503(void **state)
{
	struct fix f;
	struct sip_cfg cfg = {.max_trans = 1};

	(void)state;
	fix_open_cfg(&f, &cfg);
	peer_say(&f.a, REQ("REGISTER"));
	peer_say(&f.a, REQ("REGISTER", .branch = "z9hG4bK2", .callid = "2"));
	assert_int_equal(f.requests, 1);
	assert_code(&f.a, 503);
	assert_has(&f.a.v[0], "Retry-After: ");
	fix_close(&f);
}

static void new_calls_are_shed_first(void **state)
{
	struct fix f;
	struct sip_cfg cfg = {.max_trans = 5};

	(void)state;
	fix_open_cfg(&f, &cfg);
	for (int i = 0; i < 5; i++) {
		char id[24];

		snprintf(id, sizeof(id), "z9hG4bK%d", i);
		peer_say(&f.a, REQ("INVITE", .branch = id, .callid = id));
	}
	assert_int_equal(f.requests, 4);
	assert_code(&f.a, 503);
	peer_say(&f.a, REQ("REGISTER", .branch = "z9hG4bKr", .callid = "r"));
	assert_int_equal(f.requests, 5);
	peer_say(&f.a, REQ("REGISTER", .branch = "z9hG4bKs", .callid = "s"));
	assert_int_equal(f.requests, 5);
	assert_code(&f.a, 503);
	fix_close(&f);
}

/* Finished transactions shut out nobody: the oldest go before their time, the young ones still absorb copies. */
static void finished_ones_make_room(void **state)
{
	struct fix f;
	struct sip_cfg cfg = {.max_trans = 10};
	char id[24];

	(void)state;
	fix_open_cfg(&f, &cfg);
	f.answer = 200;
	for (int i = 0; i < 40; i++) {
		snprintf(id, sizeof(id), "z9hG4bK%d", i);
		peer_say(&f.a, REQ("REGISTER", .branch = id, .callid = id));
		assert_code(&f.a, 200);
	}
	assert_int_equal(f.requests, 40);
	for (int i = 36; i < 40; i++) {
		snprintf(id, sizeof(id), "z9hG4bK%d", i);
		peer_say(&f.a, REQ("REGISTER", .branch = id, .callid = id));
	}
	assert_int_equal(f.requests, 40);
	assert_int_equal(f.a.n, 44);
	peer_say(&f.a, REQ("REGISTER", .branch = "z9hG4bK0", .callid = "z9hG4bK0"));
	assert_int_equal(f.requests, 41);
	/* what waits for its answer stays */
	f.answer = 0;
	for (int i = 0; i < 10; i++) {
		snprintf(id, sizeof(id), "z9hG4bKw%d", i);
		peer_say(&f.a, REQ("REGISTER", .branch = id, .callid = id));
	}
	assert_int_equal(f.requests, 51);
	peer_say(&f.a, REQ("REGISTER", .branch = "z9hG4bKx", .callid = "x"));
	assert_int_equal(f.requests, 51);
	assert_code(&f.a, 503);
	fix_close(&f);
}

static void refused_sources_hear_nothing(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	f.refuse = true;
	peer_say(&f.a, REQ("OPTIONS", .uri = "sip:10.0.0.1"));
	assert_int_equal(f.a.n, 0);
	fix_close(&f);
}

/* ---- answers ---- */

static void answers_carry_what_the_request_said(void **state)
{
	struct fix f;
	const char *lines = "Via: SIP/2.0/UDP 192.0.2.3;branch=z9hG4bKz\r\nTimestamp: 54\r\n";

	(void)state;
	fix_open(&f);
	peer_say(&f.a, REQ("INVITE", .via = "SIP/2.0/UDP pc.example:5060;rport",
			   .branch = "z9hG4bKone, SIP/2.0/TCP 192.0.2.2;branch=z9hG4bKy", .hdrs = lines));
	assert_has(&f.a.v[0], "SIP/2.0 100 Trying\r\n");
	assert_has(&f.a.v[0], "Via: SIP/2.0/UDP pc.example:5060;branch=z9hG4bKone;received=10.0.0.2;rport=5060"
			      ", SIP/2.0/TCP 192.0.2.2;branch=z9hG4bKy\r\n");
	assert_has(&f.a.v[0], "Via: SIP/2.0/UDP 192.0.2.3;branch=z9hG4bKz\r\n");
	assert_has(&f.a.v[0], "Timestamp: 54\r\n");
	assert_int_equal(
		sip_reply(f.st, 183, SLICE("Wait"), SLICE("Contact: <sip:x>\r\n"), SLICE("text/plain"), SLICE("hi")),
		0);
	fix_run(&f, 0);
	assert_has(&f.a.v[1], "SIP/2.0 183 Wait\r\n");
	assert_has(&f.a.v[1], "Contact: <sip:x>\r\n");
	assert_has(&f.a.v[1], "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi");
	assert_has(&f.a.v[1], "Call-ID: call1\r\n");
	assert_has(&f.a.v[1], "CSeq: 1 INVITE\r\n");
	assert_lacks(&f.a.v[1], "Timestamp");
	fix_close(&f);
}

/* RFC 3261 18.2.2 and RFC 3581: where the answer goes. */
static void answers_go_where_via_says(void **state)
{
	static const struct {
		const char *via;
		bool to_source; /* port 5060 of peer b hears it, else the port of Via */
		const char *has;
	} v[] = {
		{"SIP/2.0/UDP 10.0.0.3:5099", false, "10.0.0.3:5099;branch=z9hG4bKone\r\n"},
		{"SIP/2.0/UDP 10.0.0.3:5099;rport", true, "received=10.0.0.3;rport=5060"},
		{"SIP/2.0/UDP 192.168.1.9:5099", false, "received=10.0.0.3"},
		{"SIP/2.0/UDP 10.0.0.3", true, "Via"},
		{"SIP/2.0/UDP 10.0.0.3;maddr=10.0.0.9", true, "Via"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct fix f;
		struct udp_opts o = {0};
		struct sa other = fix_sa("10.0.0.3", 5099);
		struct peer p = {0};

		fix_open(&f);
		p.f = &f;
		assert_int_equal(udp_open(&p.udp, f.loop, &other, &o, peer_udp_h, &p), 0);
		peer_say(&f.b, REQ("OPTIONS", .uri = "sip:10.0.0.1", .via = v[i].via));
		assert_int_equal(f.b.n, v[i].to_source);
		assert_int_equal(p.n, !v[i].to_source);
		assert_has(v[i].to_source ? &f.b.v[0] : &p.v[0], v[i].has);
		peer_close(&p);
		fix_close(&f);
	}
}

static void software_is_named(void **state)
{
	struct fix f;
	struct sip_cfg cfg = {.software = "offhook/1"};

	(void)state;
	fix_open_cfg(&f, &cfg);
	peer_say(&f.a, REQ("OPTIONS", .uri = "sip:10.0.0.1"));
	assert_has(&f.a.v[0], "Server: offhook/1\r\n");
	fix_close(&f);
}

static void without_a_user_the_stack_says_480(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	f.sip->ops.request = NULL;
	peer_say(&f.a, REQ("INVITE"));
	assert_code(&f.a, 480);
	fix_close(&f);
}

/* RFC 6026: an ACK to a 2xx with the branch of its INVITE goes to the dialogs. */
static void ack_to_a_2xx_is_not_the_transactions(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	f.answer = 200;
	peer_say(&f.a, REQ("INVITE"));
	peer_say(&f.a, REQ("ACK"));
	assert_int_equal(f.sip->st.dropped, 1); /* there is no dialog here */
	assert_int_equal(f.sip->strans.n, 1);
	fix_close(&f);
}

static void stack_ends_with_open_transactions(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f);
	peer_say(&f.a, REQ("INVITE"));
	f.sip = mem_deref(f.sip);
	assert_int_equal(f.ended, 0);
	assert_int_equal(sip_reply(f.st, 200, SLICE_NULL, SLICE_NULL, SLICE_NULL, SLICE_NULL), ERR_STATE);
	sip_strans_resend(f.st);
	fix_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(invite_gets_100_at_once),
		cmocka_unit_test(invite_answered_at_once_gets_no_100),
		cmocka_unit_test(retransmitted_invite_gets_the_last_answer),
		cmocka_unit_test(timers_g_and_h),
		cmocka_unit_test(ack_at_each_position_stops_g),
		cmocka_unit_test(confirmed_absorbs_invites),
		cmocka_unit_test(accepted_and_timer_l),
		cmocka_unit_test(tcp_invite_needs_no_timers),
		cmocka_unit_test(timer_j_repeats_the_answer),
		cmocka_unit_test(provisional_answer_is_repeated),
		cmocka_unit_test(request_never_answered_ends),
		cmocka_unit_test(tcp_request_ends_with_its_answer),
		cmocka_unit_test(keys_differ_by_branch_sent_by_and_method),
		cmocka_unit_test(old_branches_match_as_rfc2543),
		cmocka_unit_test(cancel_is_answered_and_told),
		cmocka_unit_test(cancel_without_invite_is_481),
		cmocka_unit_test(cancel_after_the_answer_changes_nothing),
		cmocka_unit_test(cancel_without_user_is_487),
		cmocka_unit_test(checks_before_the_application),
		cmocka_unit_test(wrong_version_is_505),
		cmocka_unit_test(allowed_methods_reach_the_application),
		cmocka_unit_test(merged_requests_get_482),
		cmocka_unit_test(a_refused_request_may_come_again),
		cmocka_unit_test(malformed_requests),
		cmocka_unit_test(big_sdp_is_513),
		cmocka_unit_test(overload_is_503),
		cmocka_unit_test(finished_ones_make_room),
		cmocka_unit_test(new_calls_are_shed_first),
		cmocka_unit_test(refused_sources_hear_nothing),
		cmocka_unit_test(answers_carry_what_the_request_said),
		cmocka_unit_test(answers_go_where_via_says),
		cmocka_unit_test(software_is_named),
		cmocka_unit_test(without_a_user_the_stack_says_480),
		cmocka_unit_test(ack_to_a_2xx_is_not_the_transactions),
		cmocka_unit_test(stack_ends_with_open_transactions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
