/*
 * trunk_test.c - trunks: registration and its refusals in words, checks, servers that die and come back, calls both
 * ways, strangers, messages that wait.
 */
#include "fix.h"
#include "call/sip_trunk_priv.h"
#include "provider.h"

struct net {
	struct fix *f;
	struct provider p1, p2;
	struct trunk_cfg cfg;
	size_t changes;
};

static void changed_h(struct trunk *t, void *arg)
{
	struct net *n = arg;

	assert_true(t != NULL);
	n->changes++;
}

static const struct trunk_ops ops = {.changed = changed_h};

static int open_net(void **state)
{
	struct net *n = calloc(1, sizeof(*n));

	(void)fix_open((void **)&n->f);
	provider_open(&n->p1, n->f->loop, "10.9.0.1");
	provider_open(&n->p2, n->f->loop, "10.9.0.2");
	n->cfg = (struct trunk_cfg){.name = SLICE("isp"),
				    .server = {{.host = SLICE("10.9.0.1")}},
				    .nservers = 1,
				    .registers = true,
				    .user = SLICE("acct"),
				    .password = SLICE("secret"),
				    .accepts = true};
	*state = n;
	return 0;
}

static int close_net(void **state)
{
	struct net *n = *state;
	void *f = n->f;

	n->f->line = mem_deref(n->f->line);
	run(n->f, 40000);
	provider_close(&n->p1);
	provider_close(&n->p2);
	(void)fix_close(&f);
	free(n);
	return 0;
}

/* The trunk with the settings in n->cfg. */
static void line(struct net *n)
{
	assert_int_equal(trunk_alloc(&n->f->line, n->f->calls, &n->cfg, &ops, n), 0);
	run(n->f, 1000);
}

static void two_servers(struct net *n)
{
	n->cfg.server[0] = (struct trunk_server){.host = SLICE("10.9.0.1"), .priority = 1};
	n->cfg.server[1] = (struct trunk_server){.host = SLICE("10.9.0.2"), .priority = 2};
	n->cfg.nservers = 2;
}

static struct trunk_status *status(struct net *n)
{
	static struct trunk_status st;

	trunk_status(n->f->line, &st);
	return &st;
}

static void assert_is(struct net *n, enum trunk_state want, const char *words)
{
	const struct trunk_status *st = status(n);

	if (st->state != want || !strstr(st->words, words))
		print_error("state %d: \"%s\", wanted %d: \"%s\"\n", st->state, st->words, want, words);
	assert_int_equal(st->state, want);
	assert_non_null(strstr(st->words, words));
}

/* ---- registration */

static void registers(void **state)
{
	struct net *n = *state;

	line(n);
	assert_is(n, TRUNK_UP, "registered with 10.9.0.1 (udp) until ");
	assert_true(status(n)->registered_ms > 0);
	assert_int_equal(n->p1.nreg, 2); /* without and with the password */
	assert_string_equal(status(n)->history[0].what, "register");
	assert_int_equal(status(n)->history[0].scode, 200);
	/* it is kept */
	run(n->f, 3600 * 1000);
	assert_is(n, TRUNK_UP, "registered");
	assert_true(n->p1.nreg >= 3);
	/* and taken back at the end */
	n->f->line = mem_deref(n->f->line);
	run(n->f, 1000);
	assert_int_equal(n->p1.nunreg, 1);
	assert_string_equal(n->p1.contact, "");
}

static const struct {
	uint16_t code;
	const char *reason, *hdr, *words;
} refusals[] = {
	{403, "Account Blocked", NULL,
	 "10.9.0.1 (udp) refuses user acct or its password, or has closed the account (403 "
	 "Account Blocked)"},
	{404, NULL, NULL, "does not know user acct (404 Not Found)"},
	{302, NULL, "Contact: <sip:acct@new.example>\r\n",
	 "sends us elsewhere (302 Moved Temporarily); if that is right, make this the server: new.example"},
	{423, NULL, "Min-Expires: 7200\r\n", "wants registrations of 7200 s or more (423"},
	{423, NULL, NULL, "wants longer registrations and does not say how long (423"},
	{488, NULL, NULL, "refuses the registration (488 Not Acceptable Here)"},
	{500, NULL, NULL, "has trouble of its own (500 Server Internal Error)"},
	{503, NULL, NULL, "cannot work now (503 Service Unavailable)"},
	{603, NULL, NULL, "declines the registration altogether (603 Decline)"},
	{499, "evil\x01\xff", NULL, "(499 evil?"},
};

static void refused_in_words(void **state)
{
	struct net *n = *state;

	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		n->p1.reg = refusals[i].code;
		n->p1.reason = refusals[i].reason;
		n->p1.hdr = refusals[i].hdr;
		line(n);
		assert_is(n, TRUNK_DOWN, refusals[i].words);
		n->f->line = mem_deref(n->f->line);
		run(n->f, 40000);
	}
}

static void wrong_password(void **state)
{
	struct net *n = *state;

	n->cfg.password = SLICE("guess");
	line(n);
	assert_is(n, TRUNK_DOWN, "10.9.0.1 (udp) refuses the password of user acct (401 Unauthorized)");
	assert_true(n->p1.nreg <= 4);
	/* the right one takes effect at once */
	n->cfg.password = SLICE("secret");
	assert_int_equal(trunk_set(n->f->line, &n->cfg), 0);
	run(n->f, 1000);
	assert_is(n, TRUNK_UP, "registered");
}

static void no_password(void **state)
{
	struct net *n = *state;

	n->cfg.password = SLICE_NULL;
	line(n);
	assert_is(n, TRUNK_DOWN, "asks for a password, and none is set (401 Unauthorized)");
}

static void min_expires(void **state)
{
	struct net *n = *state;

	n->cfg.expires_s = 60;
	n->p1.min_expires = 1800;
	line(n);
	assert_is(n, TRUNK_UP, "registered");
	assert_in_range(status(n)->registered_ms - loop_wall_ms(n->f->loop), 1790000, 1800000);
}

static void silent_then_back(void **state)
{
	struct net *n = *state;

	n->p1.reg = 0;
	line(n);
	assert_is(n, TRUNK_STARTING, "registering with 10.9.0.1");
	run(n->f, 40000);
	assert_is(n, TRUNK_DOWN, "10.9.0.1 (udp) does not answer");
	n->p1.reg = 200;
	run(n->f, 120000);
	assert_is(n, TRUNK_UP, "registered");
}

/* An unchanged registration goes on through a change of other settings. */
static void set_keeps_registration(void **state)
{
	struct net *n = *state;
	size_t had;

	line(n);
	had = n->p1.nreg;
	n->cfg.check_s = 30;
	n->cfg.codecs = SLICE("PCMA");
	assert_int_equal(trunk_set(n->f->line, &n->cfg), 0);
	run(n->f, 1000);
	assert_int_equal(n->p1.nreg, had);
	assert_int_equal(n->p1.nunreg, 0);
	run(n->f, 30000);
	assert_true(n->p1.nopt > 0);
	n->cfg.user = SLICE("other");
	assert_int_equal(trunk_set(n->f->line, &n->cfg), 0);
	run(n->f, 1000);
	assert_int_equal(n->p1.nunreg, 1);
}

static void second_server_registers(void **state)
{
	struct net *n = *state;

	two_servers(n);
	provider_off(&n->p1);
	line(n);
	run(n->f, 40000);
	assert_is(n, TRUNK_DEGRADED, "10.9.0.1 (udp) does not answer; calls go by 10.9.0.2 (udp)");
	assert_true(n->p2.contact[0] != '\0');
}

static void names(void **state)
{
	struct net *n = *state;

	n->cfg.server[0].host = SLICE("sip.isp.example");
	line(n);
	run(n->f, 30000);
	assert_is(n, TRUNK_DOWN, "sip.isp.example");
	assert_int_equal(n->p1.nreg, 0);
}

/* ---- checks */

static void checks(void **state)
{
	struct net *n = *state;

	n->cfg.registers = false;
	n->cfg.check_s = 30;
	line(n);
	assert_is(n, TRUNK_UP, "10.9.0.1 (udp) answers");
	assert_true(status(n)->rtt_ms > 0);
	provider_off(&n->p1);
	run(n->f, 40000);
	assert_is(n, TRUNK_DOWN, "10.9.0.1 (udp) does not answer");
	assert_int_equal(status(n)->history[0].scode, 0);
	provider_on(&n->p1);
	run(n->f, 40000);
	assert_is(n, TRUNK_UP, "answers");
	run(n->f, 40 * 30000);
	assert_int_equal(status(n)->nhistory, TRUNK_HISTORY);
}

/* Who switches the checks off while a server is dead has not switched it off. */
static void no_longer_checked(void **state)
{
	struct net *n = *state;

	n->cfg.registers = false;
	n->cfg.check_s = 30;
	line(n);
	provider_off(&n->p1);
	run(n->f, 40000);
	assert_is(n, TRUNK_DOWN, "10.9.0.1 (udp) does not answer");
	n->cfg.check_s = 0;
	assert_int_equal(trunk_set(n->f->line, &n->cfg), 0);
	provider_on(&n->p1);
	run(n->f, 1000);
	assert_is(n, TRUNK_DOWN, "10.9.0.1 (udp) does not answer");
	run(n->f, 61000);
	assert_is(n, TRUNK_UP, "calls go by 10.9.0.1 (udp), which is not checked");
	/* nor has who switches them on again made it well */
	provider_off(&n->p1);
	n->cfg.check_s = 30;
	assert_int_equal(trunk_set(n->f->line, &n->cfg), 0);
	run(n->f, 40000);
	assert_is(n, TRUNK_DOWN, "10.9.0.1 (udp) does not answer");
	run(n->f, 61000);
	assert_is(n, TRUNK_DOWN, "10.9.0.1 (udp) does not answer");
}

/* A server that is a socket and no more: it answers everything with one code. */
struct bare {
	struct udp *u;
	uint16_t code;
	struct loop *loop;
};

static void bare_h(struct udp *u, const struct udp_rx *rx, void *arg)
{
	static const enum sip_hdr_id copied[] = {SIP_HDR_VIA, SIP_HDR_FROM, SIP_HDR_TO, SIP_HDR_CALL_ID, SIP_HDR_CSEQ};
	struct bare *s = arg;
	struct sip_msg_err e;
	struct sip_msg *m;
	struct buf b;

	if (sip_msg_decode(&m, rx->data.p, rx->data.l, &e))
		return;
	buf_init(&b);
	sip_enc_status_line(&b, s->code, SLICE_NULL);
	for (size_t i = 0; i < ARRAY_LEN(copied); i++)
		sip_enc_copy(&b, m, copied[i]);
	sip_enc_body(&b, SLICE_NULL, SLICE_NULL);
	assert_int_equal(udp_send_now(u, &rx->src, b.p, b.l), 0);
	buf_free(&b);
	mem_deref(m);
}

static void check_says_503(void **state)
{
	struct net *n = *state;
	struct bare s = {.code = 503};
	struct sa a = at("10.9.0.9:5060");
	struct udp_opts o = {0};

	assert_int_equal(udp_open(&s.u, n->f->loop, &a, &o, bare_h, &s), 0);
	n->cfg.server[0].host = SLICE("10.9.0.9");
	n->cfg.registers = false;
	n->cfg.check_s = 30;
	line(n);
	assert_is(n, TRUNK_DOWN, "10.9.0.9 (udp) says that it cannot work now (503 Service Unavailable)");
	s.code = 404;
	run(n->f, 40000);
	assert_is(n, TRUNK_UP, "10.9.0.9 (udp) answers");
	assert_non_null(strstr(status(n)->history[0].text, "answers 404 Not Found"));
	mem_deref(s.u);
}

static void not_checked(void **state)
{
	struct net *n = *state;

	n->cfg.registers = false;
	line(n);
	assert_is(n, TRUNK_UP, "calls go by 10.9.0.1 (udp), which is not checked");
	run(n->f, 100000);
	assert_int_equal(n->p1.nopt, 0);
}

/* ---- calls that go out */

static void calls_out(void **state)
{
	struct net *n = *state;

	n->p1.ask_invite = true;
	n->cfg.domain = SLICE("isp.example");
	line(n);
	phone_call(&n->f->p[0], "0123");
	run(n->f, 2000);
	assert_log(&n->f->p[0], "ring:180 answered:200");
	assert_non_null(strstr(n->p1.heard, "INVITE sip:0123@isp.example SIP/2.0"));
	assert_non_null(strstr(n->p1.heard, "<sip:100@isp.example>"));
	assert_true(n->p1.up);
	assert_non_null(strstr(n->f->p[0].got, "m=audio"));
	/* who is called may see our contact: it is not the one that proves the provider */
	assert_null(strstr(n->p1.heard, ((struct strunk *)n->f->line->proto)->token));
	phone_hangup(&n->f->p[0]);
	run(n->f, 1000);
	assert_true(n->p1.over);
	assert_int_equal(n->f->rec.nlegs, 2);
}

static void codecs_are_limited(void **state)
{
	struct net *n = *state;

	n->cfg.codecs = SLICE("PCMA, G722");
	line(n);
	phone_call(&n->f->p[0], "0123");
	run(n->f, 2000);
	assert_non_null(strstr(n->p1.heard, " RTP/AVP 8 9 101\r\n"));
	assert_null(strstr(n->p1.heard, "PCMU"));
	phone_hangup(&n->f->p[0]);
	run(n->f, 1000);
	n->f->p[0].l = 0;
	/* nothing that we could translate to */
	n->cfg.codecs = SLICE("G729");
	assert_int_equal(trunk_set(n->f->line, &n->cfg), 0);
	phone_call(&n->f->p[0], "0123");
	run(n->f, 2000);
	assert_log(&n->f->p[0], "closed:488");
	n->cfg.codecs = SLICE("PCMA,PCMU");
	assert_int_equal(trunk_set(n->f->line, &n->cfg), 0);
	phone_call(&n->f->p[0], "0123");
	run(n->f, 2000);
	assert_non_null(strstr(n->p1.heard, " RTP/AVP 8 0 101\r\n"));
}

static void wrong_password_of_calls(void **state)
{
	struct net *n = *state;

	n->cfg.registers = false;
	n->cfg.password = SLICE("guess");
	n->p1.ask_invite = true;
	line(n);
	phone_call(&n->f->p[0], "0123");
	run(n->f, 5000);
	assert_true(n->p1.ninv <= 5);
	assert_log(&n->f->p[0], "closed:480");
	assert_non_null(strstr(n->f->rec.words, "refused the password"));
}

/* What a phone hears of each refusal; whether the second server is asked. */
static const struct {
	uint16_t code, heard;
	bool second;
} answers[] = {
	{403, 403, false}, {404, 404, false}, {486, 486, false}, {603, 603, false}, {484, 484, false},
	{302, 480, false}, {500, 0, true},    {503, 0, true},    {408, 0, true},
};

static void next_server_or_not(void **state)
{
	struct net *n = *state;

	n->cfg.registers = false;
	two_servers(n);
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		char want[60];

		line(n);
		n->p1.inv = answers[i].code;
		n->p2.ninv = 0;
		phone_call(&n->f->p[0], "0123");
		run(n->f, 3000);
		assert_int_equal(n->p2.ninv, answers[i].second);
		if (answers[i].second) {
			assert_log(&n->f->p[0], "ring:180 answered:200");
			phone_hangup(&n->f->p[0]);
			run(n->f, 1000);
			n->f->p[0].l = 0;
		} else {
			snprintf(want, sizeof(want), "closed:%u", answers[i].heard);
			assert_log(&n->f->p[0], want);
		}
		run(n->f, 40000);
		n->f->line = mem_deref(n->f->line);
	}
}

static void dead_server(void **state)
{
	struct net *n = *state;

	n->cfg.registers = false;
	n->cfg.answer_ms = 2000;
	n->f->ring_ms = 100000;
	two_servers(n);
	line(n);
	/* a call is up by the first when it dies */
	phone_call(&n->f->p[0], "0123");
	run(n->f, 2000);
	assert_log(&n->f->p[0], "ring:180 answered:200");
	n->f->cut[0] = &n->p1.addr;
	phone_call(&n->f->p[1], "0456");
	run(n->f, 1500);
	assert_log(&n->f->p[1], "");
	run(n->f, 2000); /* answer_ms is 2000 */
	assert_log(&n->f->p[1], "ring:180 answered:200");
	assert_log(&n->f->p[0], "");
	assert_is(n, TRUNK_DEGRADED, "10.9.0.1 (udp) does not answer; calls go by 10.9.0.2 (udp)");
	phone_hangup(&n->f->p[1]);
	run(n->f, 1000);
	/* the next call does not ask it */
	size_t had = n->p1.ninv;
	n->f->p[1].l = 0;
	phone_call(&n->f->p[1], "0456");
	run(n->f, 1000);
	assert_log(&n->f->p[1], "ring:180 answered:200");
	assert_int_equal(n->p1.ninv, had);
	phone_hangup(&n->f->p[1]);
	n->f->cut[0] = NULL;
	phone_hangup(&n->f->p[0]);
	run(n->f, 1000);
	assert_true(n->p1.over);
	/* after a while it may show that it lives */
	run(n->f, 100000);
	assert_is(n, TRUNK_UP, "answers");
}

static void nobody_answers(void **state)
{
	struct net *n = *state;

	n->cfg.registers = false;
	n->cfg.answer_ms = 2000;
	n->f->ring_ms = 100000;
	two_servers(n);
	line(n);
	n->f->cut[0] = &n->p1.addr;
	n->f->cut[1] = &n->p2.addr;
	phone_call(&n->f->p[0], "0123");
	for (int i = 0; i < 80 && !n->f->p[0].l; i++)
		run(n->f, 1000);
	assert_log(&n->f->p[0], "closed:408");
	assert_is(n, TRUNK_DOWN, "does not answer");
}

static void shared_by_weight(void **state)
{
	struct net *n = *state;

	n->cfg.registers = false;
	two_servers(n);
	n->cfg.server[1].priority = 1;
	n->cfg.server[0].weight = 1;
	n->cfg.server[1].weight = 3;
	line(n);
	n->p1.inv = n->p2.inv = 486;
	for (int i = 0; i < 80; i++) {
		phone_call(&n->f->p[0], "0123");
		run(n->f, 500);
		n->f->p[0].l = 0;
	}
	assert_int_equal(n->p1.ninv + n->p2.ninv, 80);
	assert_in_range(n->p1.ninv, 8, 34);
}

static void trunk_goes_in_mid_call(void **state)
{
	struct net *n = *state;

	line(n);
	phone_call(&n->f->p[0], "0123");
	run(n->f, 2000);
	assert_log(&n->f->p[0], "ring:180 answered:200");
	n->f->line = mem_deref(n->f->line);
	run(n->f, 5000);
	assert_log(&n->f->p[0], "");
	phone_hangup(&n->f->p[0]);
	run(n->f, 1000);
	assert_true(n->p1.over);
}

/* ---- calls that come in */

static void by_registration(void **state)
{
	struct net *n = *state;

	phone_register(&n->f->p[1]);
	line(n);
	/* the number stands in To: the Request-URI is what we registered */
	provider_call(&n->p1, &n->f->addr, n->p1.contact, "sip:+4917012345@isp.example", "sip:101@isp.example", NULL);
	run(n->f, 2000);
	assert_true(n->p1.up);
	assert_log(&n->f->p[1], "invite acked");
	assert_string_equal(n->f->rec_open.from, "+4917012345");
	assert_string_equal(n->f->rec_open.to, "101");
	sip_inv_hangup(n->p1.call, 0, SLICE_NULL);
	run(n->f, 1000);
}

static void by_address(void **state)
{
	struct net *n = *state;

	phone_register(&n->f->p[1]);
	n->cfg.registers = false;
	line(n);
	provider_call(&n->p1, &n->f->addr, "sip:101@somewhere.example", "sip:100@isp.example", "sip:x@y", NULL);
	run(n->f, 2000);
	assert_true(n->p1.up);
	assert_log(&n->f->p[1], "invite acked");
	sip_inv_hangup(n->p1.call, 0, SLICE_NULL);
	run(n->f, 1000);
	n->cfg.accepts = false;
	assert_int_equal(trunk_set(n->f->line, &n->cfg), 0);
	provider_call(&n->p1, &n->f->addr, "sip:101@10.0.0.1", "sip:100@isp.example", "sip:x@y", NULL);
	run(n->f, 2000);
	assert_int_equal(n->p1.end_code, 403);
}

/* A provider that names the number in To, or in P-Called-Party-ID. */
static void number_in_other_places(void **state)
{
	struct net *n = *state;
	struct provider *p = &n->p1;
	char hdr[] = "P-Called-Party-ID: <sip:101@isp.example>\r\n";
	struct sip_inv_call c = {.uri = SLICE("sip:trunkgroup@10.0.0.1"),
				 .dest = {.tp = SIP_TRANSP_UDP, .addr = n->f->addr},
				 .from_uri = SLICE("sip:+49170@isp.example"),
				 .to_uri = SLICE("sip:102;phone-context=x@isp.example"),
				 .hdrs = slice_str(hdr)};

	phone_register(&n->f->p[1]);
	n->cfg.number_from = TRUNK_NUM_PCPID;
	line(n);
	assert_int_equal(sip_inv_connect(&p->call, p->sip, &c, &provider_inv_ops, p), 0);
	run(n->f, 500);
	assert_string_equal(n->f->rec_open.to, "101");
	sip_inv_hangup(p->call, 0, SLICE_NULL);
	run(n->f, 2000);
	n->cfg.number_from = TRUNK_NUM_TO;
	assert_int_equal(trunk_set(n->f->line, &n->cfg), 0);
	assert_int_equal(sip_inv_connect(&p->call, p->sip, &c, &provider_inv_ops, p), 0);
	run(n->f, 500);
	assert_string_equal(n->f->rec_open.to, "102");
	run(n->f, 2000);
	n->cfg.number_from = TRUNK_NUM_RURI;
	assert_int_equal(trunk_set(n->f->line, &n->cfg), 0);
	assert_int_equal(sip_inv_connect(&p->call, p->sip, &c, &provider_inv_ops, p), 0);
	run(n->f, 500);
	assert_string_equal(n->f->rec_open.to, "trunkgroup");
	run(n->f, 2000);
}

/* Nobody else is that trunk, even with its contact in hand. */
static void strangers(void **state)
{
	struct net *n = *state;

	phone_register(&n->f->p[1]);
	line(n);
	provider_call(&n->p2, &n->f->addr, "sip:101@10.0.0.1", "sip:100@isp.example", "sip:x@y", NULL);
	run(n->f, 2000);
	assert_int_equal(n->p2.end_code, 407);
	provider_call(&n->p2, &n->f->addr, n->p1.contact, "sip:100@isp.example", "sip:101@y", NULL);
	run(n->f, 2000);
	assert_int_equal(n->p2.end_code, 407);
	assert_log(&n->f->p[1], "");
	/* a network of the settings is the trunk's */
	n->cfg.nfrom = 1;
	assert_int_equal(sa_net_parse(&n->cfg.from[0], SLICE("10.9.0.0/30")), 0);
	assert_int_equal(trunk_set(n->f->line, &n->cfg), 0);
	provider_call(&n->p2, &n->f->addr, "sip:101@10.0.0.1", "sip:100@isp.example", "sip:x@y", NULL);
	run(n->f, 2000);
	assert_true(n->p2.up);
}

static void by_password(void **state)
{
	struct net *n = *state;
	struct sip_cred good = {.user = SLICE("isp"), .password = SLICE("let-me-in-1")};
	struct sip_cred bad = {.user = SLICE("isp"), .password = SLICE("guess")};

	phone_register(&n->f->p[1]);
	n->cfg = (struct trunk_cfg){.name = SLICE("isp"), .accepts = true, .secret_in = SLICE("let-me-in-1")};
	line(n);
	assert_is(n, TRUNK_UP, "it has no servers");
	provider_call(&n->p1, &n->f->addr, "sip:101@10.0.0.1", "sip:100@isp.example", "sip:101@y", &bad);
	run(n->f, 2000);
	assert_int_equal(n->p1.end_code, 407);
	provider_call(&n->p1, &n->f->addr, "sip:101@10.0.0.1", "sip:100@isp.example", "sip:101@y", &good);
	run(n->f, 2000);
	assert_true(n->p1.up);
}

/* ---- messages that wait */

static void notify(struct provider *p, struct fix *f, const char *body)
{
	char hdrs[400];
	struct sip_request r = {.m = SIP_NOTIFY,
				.uri = SLICE("sip:acct@10.0.0.1"),
				.dest = {.tp = SIP_TRANSP_UDP, .addr = f->addr},
				.ctype = SLICE("application/simple-message-summary"),
				.body = slice_str(body)};
	static unsigned k;

	snprintf(hdrs, sizeof(hdrs),
		 "From: <sip:acct@isp.example>;tag=t\r\nTo: <sip:acct@10.0.0.1>\r\nCall-ID: mwi%u\r\nCSeq: 1 "
		 "NOTIFY\r\nEvent: message-summary\r\nSubscription-State: active\r\nContact: <sip:%s>\r\n",
		 ++k, p->ip);
	r.hdrs = slice_str(hdrs);
	assert_int_equal(sip_request(NULL, p->sip, &r, NULL, NULL), 0);
	run(f, 500);
}

static void messages_wait(void **state)
{
	struct net *n = *state;

	line(n);
	assert_false(status(n)->has_messages);
	notify(&n->p1, n->f, "Messages-Waiting: yes\r\nVoice-Message: 2/8 (0/2)\r\n");
	assert_true(status(n)->has_messages);
	assert_int_equal(status(n)->messages_new, 2);
	assert_int_equal(status(n)->messages_old, 8);
	/* a stranger's word is nothing */
	notify(&n->p2, n->f, "Messages-Waiting: yes\r\nVoice-Message: 99/0\r\n");
	assert_int_equal(status(n)->messages_new, 2);
	notify(&n->p1, n->f, "nonsense");
	assert_int_equal(status(n)->messages_new, 2);
	notify(&n->p1, n->f, "Messages-Waiting: no\r\n");
	assert_int_equal(status(n)->messages_new, 0);
}

/* ---- memory runs out */

static void no_memory(void **state)
{
	struct net *n = *state;

	n->f->oom = true;
	n->cfg.check_s = 30;
	n->cfg.secret_in = SLICE("let-me-in-1");
	for (int i = 0; i < 60; i++) {
		int err;

		mem_fail_at(i);
		err = trunk_alloc(&n->f->line, n->f->calls, &n->cfg, &ops, n);
		if (!err)
			run(n->f, 500);
		(void)mem_fail_off();
		if (err)
			assert_int_equal(err, ENOMEM);
		n->f->line = mem_deref(n->f->line);
		run(n->f, 40000);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, open_net, close_net)
	const struct CMUnitTest tests[] = {
		T(registers),
		T(refused_in_words),
		T(wrong_password),
		T(no_password),
		T(min_expires),
		T(silent_then_back),
		T(set_keeps_registration),
		T(second_server_registers),
		T(names),
		T(checks),
		T(not_checked),
		T(no_longer_checked),
		T(check_says_503),
		T(calls_out),
		T(codecs_are_limited),
		T(wrong_password_of_calls),
		T(next_server_or_not),
		T(dead_server),
		T(nobody_answers),
		T(shared_by_weight),
		T(trunk_goes_in_mid_call),
		T(by_registration),
		T(by_address),
		T(number_in_other_places),
		T(strangers),
		T(by_password),
		T(messages_wait),
		T(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
