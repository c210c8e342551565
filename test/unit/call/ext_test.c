/*
 * ext_test.c - what calls make of the session's extensions: reliable early media, changes before the answer, timers,
 * and who may change a call (RFC 3262, 3311, 4028).
 */
#include "fix.h"
#include "loop/tls.h"
#include "call/sip_edge_priv.h"

/** A phone that knows the extensions. */
static void modern(struct phone *p)
{
	sip_allow(p->sip, SIP_PRACK);
	sip_allow(p->sip, SIP_UPDATE);
	sip_support(p->sip, "100rel");
	sip_support(p->sip, "timer");
}

static size_t times(const struct phone *p, const char *what)
{
	size_t n = 0;

	for (const char *s = p->heard; (s = strstr(s, what)); s += strlen(what))
		n++;
	return n;
}

/** p[0] calls p[1], which gives early media and answers after `ms`. */
static void early_call(struct fix *f, bool a, bool b, uint32_t ms)
{
	if (a)
		modern(&f->p[0]);
	if (b)
		modern(&f->p[1]);
	phone_register(&f->p[1]);
	f->p[1].ring = 183;
	f->p[1].early = true;
	f->p[1].after_ms = ms;
	phone_call(&f->p[0], "101");
	run(f, 1000);
	assert_log(&f->p[0], "early:183");
	assert_log(&f->p[1], "invite");
}

static void reliable_on_either_side(void **state)
{
	struct fix *f = *state;

	for (int i = 0; i < 4; i++) {
		void *st;

		(void)fix_open(&st);
		f = st;
		early_call(f, i & 1, i & 2, 3000);
		assert_true(sound(&f->p[1], &f->p[0]));
		assert_int_equal(times(&f->p[0], "RSeq: "), i & 1);
		assert_int_equal(times(&f->p[1], "PRACK sip:"), i & 2 ? 1 : 0);
		run(f, 4000);
		assert_log(&f->p[0], "answered:200");
		assert_log(&f->p[1], "acked");
		assert_true(sound(&f->p[0], &f->p[1]) && sound(&f->p[1], &f->p[0]));
		phone_hangup(&f->p[0]);
		run(f, 1000);
		assert_log(&f->p[1], "closed:200");
		f->p[0].l = 0;
		(void)fix_close(&st);
	}
}

static void caller_holds_before_the_answer(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	early_call(f, true, true, 5000);
	phone_sdp(a, "sendonly", "0 8 101");
	phone_sdp(b, "recvonly", "0 8 101");
	phone_reoffer(a);
	run(f, 1000);
	assert_log(a, "reanswered:200");
	assert_log(b, "reoffer");
	assert_int_equal(times(b, "UPDATE sip:"), 1);
	assert_has(a->got, "a=recvonly");
	assert_has(b->got, "a=sendonly");
	run(f, 5000);
	assert_log(a, "answered:200");
	assert_log(b, "acked");
	assert_true(sound(a, b));
	/* and later as ever */
	phone_sdp(a, "sendrecv", "0 8 101");
	phone_sdp(b, "sendrecv", "0 8 101");
	phone_reoffer(a);
	run(f, 1000);
	assert_log(a, "reanswered:200");
	assert_log(b, "reoffer acked");
	assert_true(sound(a, b) && sound(b, a));
}

/* The sound of the caller moves: nobody else's business, before the answer too. */
static void caller_moves_before_the_answer(void **state)
{
	struct fix *f = *state;

	early_call(f, true, true, 5000);
	phone_sdp(&f->p[0], "sendrecv", "0 8 101");
	phone_reoffer(&f->p[0]);
	run(f, 1000);
	assert_log(&f->p[0], "reanswered:200");
	assert_log(&f->p[1], "");
	run(f, 5000);
	assert_log(&f->p[0], "answered:200");
	assert_true(sound(&f->p[0], &f->p[1]) && sound(&f->p[1], &f->p[0]));
}

/* The caller knows nothing of UPDATE: what its description still answers is agreed to. */
static void callee_changes_before_its_answer(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	early_call(f, false, true, 5000);
	phone_sdp(b, "sendrecv", "0 8 101");
	phone_reoffer(b);
	run(f, 1000);
	assert_log(b, "reanswered:200");
	assert_log(a, "");
	run(f, 5000);
	assert_log(a, "answered:200");
	assert_log(b, "acked");
	assert_true(sound(a, b) && sound(b, a));
}

/* Both know it, and the change is one that the caller must hear of. */
static void callee_changes_for_the_caller(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	early_call(f, true, true, 5000);
	phone_sdp(b, "sendonly", "0 8 101");
	phone_sdp(a, "recvonly", "0 8 101");
	phone_reoffer(b);
	run(f, 1000);
	assert_log(b, "reanswered:200");
	assert_log(a, "reoffer");
	assert_has(a->got, "a=sendonly");
	run(f, 5000);
	assert_log(a, "answered:200");
	assert_true(sound(b, a));
}

/* The caller was given early media for good; then another phone answers, with another codec. */
static void another_phone_answers(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1], *c = &f->p[2];

	b->final = 486;
	f->forward = "102";
	phone_register(c);
	phone_sdp(b, "sendrecv", "0 101");
	phone_sdp(c, "sendrecv", "8 101");
	early_call(f, true, true, 2000);
	run(f, 4000);
	assert_log(a, "ring:180 answered:200 reoffer acked");
	assert_log(c, "invite acked");
	assert_has(a->got, "RTP/AVP 8 101");
	assert_true(sound(a, c) && sound(c, a));
	assert_int_equal(times(a, "INVITE sip:"), 1);
}

static void required_by_a_caller_without_offer(void **state)
{
	struct fix *f = *state;
	struct how h = {.hdrs = "Require: 100rel\r\n", .no_offer = true};

	modern(&f->p[0]);
	modern(&f->p[1]);
	phone_register(&f->p[1]);
	phone_call_how(&f->p[0], "101", &h);
	run(f, 2000);
	assert_log(&f->p[0], "answered:200"); /* nothing but an offer might have come reliably */
	assert_log(&f->p[1], "invite-empty acked+sdp");
	assert_true(sound(&f->p[0], &f->p[1]) && sound(&f->p[1], &f->p[0]));
}

/* ---- timers */

/** Both talk and are on hold, so that no sound is missed. */
static void quiet_call(struct fix *f)
{
	struct phone *a = &f->p[0], *b = &f->p[1];

	connect_two(a, b);
	phone_sdp(a, "inactive", "0 8 101");
	phone_sdp(b, "inactive", "0 8 101");
	phone_reoffer(a);
	run(f, 1000);
	assert_log(a, "reanswered:200");
	assert_log(b, "reoffer acked");
}

static void hours_long(void **state)
{
	struct fix *f = *state;

	modern(&f->p[0]);
	modern(&f->p[1]);
	quiet_call(f);
	run(f, 10000000);
	assert_int_equal(calls_count(f->calls), 1);
	assert_log(&f->p[0], "");
	assert_log(&f->p[1], "");
	assert_true(times(&f->p[0], " UPDATE\r\n") >= 5); /* phones that can, refresh themselves */
	assert_true(times(&f->p[1], " UPDATE\r\n") >= 5);
	phone_hangup(&f->p[0]);
	run(f, 1000);
	assert_log(&f->p[1], "closed:200");
}

/* Phones that know nothing of timers are asked by re-INVITE, which changes nothing. */
static void hours_long_with_old_phones(void **state)
{
	struct fix *f = *state;
	size_t n;

	quiet_call(f);
	n = times(&f->p[0], "INVITE sip:");
	run(f, 5000000);
	assert_int_equal(calls_count(f->calls), 1);
	assert_true(times(&f->p[0], "INVITE sip:") >= n + 4);
	assert_log(&f->p[1], "");
	assert_has(f->p[0].log, "reoffer acked");
}

static void vanished(struct fix *f, unsigned who)
{
	f->cut[0] = &f->p[who].addr;
	run(f, 2000000);
	assert_int_equal(calls_count(f->calls), 0);
	assert_has(f->rec.words, "the phone vanished: it did not refresh the call");
	assert_string_equal(f->rec.ended_by, "system");
	f->cut[0] = NULL;
	run(f, 40000);
}

static void caller_vanishes(void **state)
{
	struct fix *f = *state;

	modern(&f->p[0]);
	modern(&f->p[1]);
	quiet_call(f);
	vanished(f, 0);
	assert_log(&f->p[1], "closed:200");
}

static void callee_vanishes(void **state)
{
	struct fix *f = *state;

	modern(&f->p[0]);
	modern(&f->p[1]);
	quiet_call(f);
	vanished(f, 1);
	assert_log(&f->p[0], "closed:200");
}

static void too_short(void **state)
{
	struct fix *f = *state;
	struct how h = {.hdrs = "Session-Expires: 60\r\n"};

	modern(&f->p[0]);
	phone_register(&f->p[1]);
	phone_call_how(&f->p[0], "101", &h);
	run(f, 1000);
	assert_log(&f->p[0], "closed:422");
	assert_has(f->p[0].heard, "Min-SE: 90");
	assert_log(&f->p[1], "");
}

/* ---- who may change a call */

static void response_h(struct sip_ctrans *ct, const struct sip_msg *rsp, void *arg)
{
	(void)ct;
	if (rsp->scode >= 200)
		note(arg, "rsp:%u", rsp->scode);
}

static void failed_h(struct sip_ctrans *ct, int err, void *arg)
{
	(void)ct;
	(void)err;
	note(arg, "failed");
}

static const struct sip_ctrans_ops ct_ops = {response_h, failed_h};

/** Somebody elsewhere who has got hold of the names of a's dialog. */
static struct sip_dest to_us;

static void thief(struct phone *t, const struct phone *a, enum sip_method m, const char *more)
{
	char hdrs[600];
	struct sip_request r = {.m = m, .uri = SLICE("sip:101@10.0.0.1"), .dest = to_us};

	if (r.dest.tp != SIP_TRANSP_TLS)
		r.dest.addr = t->f->addr;

	snprintf(hdrs, sizeof(hdrs),
		 "From: <sip:100@10.0.0.1>;tag=%.*s\r\nTo: <sip:101@10.0.0.1>;tag=%.*s\r\nCall-ID: %.*s\r\nCSeq: 99999 "
		 "%.*s\r\nContact: <sip:x@10.0.0.13>\r\n%s",
		 SLICE_FMT(sip_inv_local_tag(a->inv)), SLICE_FMT(sip_inv_remote_tag(a->inv)),
		 SLICE_FMT(sip_inv_callid(a->inv)), SLICE_FMT(sip_method_name(m)), more);
	r.hdrs = slice_str(hdrs);
	assert_int_equal(sip_request(NULL, t->sip, &r, &ct_ops, t), 0);
	run(t->f, 300);
}

static bool always(void *arg)
{
	(void)arg;
	return true;
}

static void stolen_names(void **state)
{
	struct fix *f = *state;

	connect_two(&f->p[0], &f->p[1]);
	thief(&f->p[3], &f->p[0], SIP_REFER, "Refer-To: <sip:0900@10.0.0.1>\r\n");
	assert_log(&f->p[3], "rsp:407");
	f->edge->auth_dialog = always;
	thief(&f->p[3], &f->p[0], SIP_UPDATE, "");
	assert_log(&f->p[3], "rsp:407");
	thief(&f->p[3], &f->p[0], SIP_INVITE, "");
	assert_log(&f->p[3], "rsp:407");
	assert_int_equal(calls_count(f->calls), 1);
	assert_true(sound(&f->p[0], &f->p[1]) && sound(&f->p[1], &f->p[0]));
}

static struct tls *tls_of_ours(struct fix *f)
{
	struct cert_make m = {.cn = "x",
			      .dns = {"x.example"},
			      .ndns = 1,
			      .not_before = loop_wall_ms(f->loop) / 1000 - 3600,
			      .not_after = loop_wall_ms(f->loop) / 1000 + 86400};
	struct tls_cfg cfg = {.loop = f->loop, .no_system_ca = true};
	struct cert *c;
	struct tls *t;
	struct buf why;

	buf_init(&why);
	assert_int_equal(cert_make(&c, &m), 0);
	assert_int_equal(tls_alloc(&t, &cfg, &why), 0);
	assert_int_equal(tls_set_cert(t, c), 0);
	mem_deref(c);
	buf_free(&why);
	return t;
}

/* TLS proves that nobody listens, not who speaks: a call that is not over it is not its neighbour. */
static void stolen_names_by_tls(void **state)
{
	struct fix *f = *state;
	struct tls *us = tls_of_ours(f), *them = tls_of_ours(f);

	to_us = (struct sip_dest){.tp = SIP_TRANSP_TLS, .addr = f->addr, .tls_any = true};
	sa_set_port(&to_us.addr, 5061);
	sip_set_tls(f->sip, us);
	sip_set_tls(f->p[3].sip, them);
	assert_int_equal(sip_listen(f->sip, SIP_TRANSP_TLS, &to_us.addr), 0);
	connect_two(&f->p[0], &f->p[1]);
	thief(&f->p[3], &f->p[0], SIP_REFER, "Refer-To: <sip:102@10.0.0.1>\r\n");
	assert_log(&f->p[3], "rsp:407");
	assert_true(sound(&f->p[0], &f->p[1]) && sound(&f->p[1], &f->p[0]));
	to_us = (struct sip_dest){0};
	sip_set_tls(f->sip, NULL);
	sip_set_tls(f->p[3].sip, NULL);
	mem_deref(us);
	mem_deref(them);
}

static void own_changes_are_proven(void **state)
{
	struct fix *f = *state;

	f->edge->auth_dialog = always;
	connect_two(&f->p[0], &f->p[1]);
	phone_reoffer(&f->p[0]);
	run(f, 1000);
	assert_log(&f->p[0], "reanswered:200");
	phone_reoffer(&f->p[1]); /* has no password */
	run(f, 1000);
	assert_log(&f->p[1], "reanswered:407");
	assert_int_equal(calls_count(f->calls), 1);
}

static void refer_from_its_own_place(void **state)
{
	struct fix *f = *state;

	connect_two(&f->p[0], &f->p[1]);
	assert_int_equal(sip_inv_request(f->p[0].inv, SIP_REFER, SLICE("Refer-To: <sip:102@10.0.0.1>\r\n"), SLICE_NULL,
					 SLICE_NULL, &ct_ops, &f->p[0]),
			 0);
	run(f, 300);
	assert_lacks(f->p[0].log, "rsp:407");
	assert_has(f->p[0].log, "rsp:");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reliable_on_either_side),
		cmocka_unit_test_setup_teardown(caller_holds_before_the_answer, fix_open, fix_close),
		cmocka_unit_test_setup_teardown(caller_moves_before_the_answer, fix_open, fix_close),
		cmocka_unit_test_setup_teardown(callee_changes_before_its_answer, fix_open, fix_close),
		cmocka_unit_test_setup_teardown(callee_changes_for_the_caller, fix_open, fix_close),
		cmocka_unit_test_setup_teardown(another_phone_answers, fix_open, fix_close),
		cmocka_unit_test_setup_teardown(required_by_a_caller_without_offer, fix_open, fix_close),
		cmocka_unit_test_setup_teardown(hours_long, fix_open, fix_close),
		cmocka_unit_test_setup_teardown(hours_long_with_old_phones, fix_open, fix_close),
		cmocka_unit_test_setup_teardown(caller_vanishes, fix_open, fix_close),
		cmocka_unit_test_setup_teardown(callee_vanishes, fix_open, fix_close),
		cmocka_unit_test_setup_teardown(too_short, fix_open, fix_close),
		cmocka_unit_test_setup_teardown(stolen_names, fix_open, fix_close),
		cmocka_unit_test_setup_teardown(stolen_names_by_tls, fix_open, fix_close),
		cmocka_unit_test_setup_teardown(own_changes_are_proven, fix_open, fix_close),
		cmocka_unit_test_setup_teardown(refer_from_its_own_place, fix_open, fix_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
