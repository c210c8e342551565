/*
 * edge_test.c - the SIP edge: who may call, what is ours, what one side sees of the other, and requests beside calls.
 */
#include "fix.h"
#include "call/sip_edge_priv.h"

static int open_without_auth(void **state)
{
	return fix_open_auth(state, false);
}

/* ---- requests made by hand */

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

static void request(struct phone *p, enum sip_method m, const char *uri, const char *ctype, const char *body)
{
	static unsigned n;
	char hdrs[400];
	struct sip_request r = {.m = m,
				.uri = slice_str(uri),
				.dest = {.tp = SIP_TRANSP_UDP, .addr = p->f->addr},
				.ctype = slice_str(ctype),
				.body = slice_str(body)};

	snprintf(hdrs, sizeof(hdrs),
		 "From: <sip:100@10.0.0.1>;tag=t\r\nTo: <sip:z@10.0.0.1>\r\nCall-ID: hand%u\r\nCSeq: 1 "
		 "%.*s\r\nContact: <sip:x@10.0.0.10>\r\n",
		 ++n, SLICE_FMT(sip_method_name(m)));
	r.hdrs = slice_str(hdrs);
	assert_int_equal(sip_request(NULL, p->sip, &r, &ct_ops, p), 0);
	run(p->f, 300);
}

/* ---- who */

static void wrong_password(void **state)
{
	struct fix *f = *state;
	struct how h = {.password = "guess"};

	phone_register(&f->p[1]);
	phone_call_how(&f->p[0], "101", &h);
	run(f, 1000);
	assert_log(&f->p[0], "closed:407");
	assert_log(&f->p[1], "");
	assert_true(f->nfailed_auth > 0);
	assert_int_equal(f->nopen, 0);
}

/* The right password of 100, but it says that it is 101. */
static void wrong_from(void **state)
{
	struct fix *f = *state;
	struct how h = {.from = "101"};

	phone_register(&f->p[2]);
	phone_call_how(&f->p[0], "102", &h);
	run(f, 1000);
	assert_log(&f->p[0], "closed:403");
	assert_log(&f->p[2], "");
}

/* An unknown user is told what a wrong password is told. */
static void unknown_user(void **state)
{
	struct fix *f = *state;
	struct how h = {.from = "nobody"};

	f->p[0].user = "zzz";
	phone_call_how(&f->p[0], "101", &h);
	run(f, 1000);
	assert_log(&f->p[0], "closed:407");
	f->p[0].user = "100";
}

static void without_auth(void **state)
{
	struct fix *f = *state;

	connect_two(&f->p[0], &f->p[1]);
	assert_lacks(f->p[0].heard, "SIP/2.0 407");
}

static bool refuse_h(const struct sa *src, void *arg)
{
	(void)arg;
	return sa_port(src) != 5060;
}

static void banned(void **state)
{
	struct fix *f = *state;

	f->edge->admit = refuse_h;
	phone_call(&f->p[0], "101");
	run(f, 1000);
	assert_int_equal(f->p[0].nheard, 0);
	f->edge->admit = NULL;
	phone_hangup(&f->p[0]);
}

/* ---- where to and how far */

static void max_forwards(void **state)
{
	struct fix *f = *state;
	struct how h = {.maxfwd = 1};

	phone_register(&f->p[1]);
	phone_call_how(&f->p[0], "101", &h);
	run(f, 1000);
	assert_log(&f->p[0], "closed:483");
	assert_log(&f->p[1], "");
	h.maxfwd = 2;
	phone_call_how(&f->p[0], "101", &h);
	run(f, 1000);
	assert_log(&f->p[0], "ring:180 answered:200");
	assert_has(f->p[1].heard, "Max-Forwards: 1\r\n");
}

static void bad_invites(void **state)
{
	static const char sdp[] =
		"v=0\r\no=- 5 6 IN IP4 10.0.0.10\r\ns=-\r\nc=IN IP4 10.0.0.10\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
	static const char savp[] =
		"v=0\r\no=- 5 6 IN IP4 10.0.0.10\r\ns=-\r\nc=IN IP4 10.0.0.10\r\nt=0 0\r\nm=audio 4000 RTP/SAVP 0\r\n";
	static const struct {
		const char *uri, *ctype, *body, *want;
	} t[] = {
		{"sip:101@8.8.8.8", "application/sdp", sdp, "rsp:404"},
		{"sip:10.0.0.1", "application/sdp", sdp, "rsp:484"},
		{"sip:101@10.0.0.1", "text/plain", "hello", "rsp:415"},
		{"sip:101@10.0.0.1", "application/sdp", "nonsense", "rsp:400"},
		{"sip:101@10.0.0.1", "application/sdp", savp, "rsp:488"},
		{"mailto:101@10.0.0.1", "application/sdp", sdp, "rsp:416"},
		{"sip:1%zz@10.0.0.1", "application/sdp", sdp, "rsp:400"},
		{"sip:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@10.0.0.1",
		 "application/sdp", sdp, "rsp:404"},
	};
	struct fix *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		request(&f->p[0], SIP_INVITE, t[i].uri, t[i].ctype, t[i].body);
		assert_log(&f->p[0], t[i].want);
	}
	assert_int_equal(f->nopen, 0);
}

static void beside_calls(void **state)
{
	static const struct {
		enum sip_method m;
		const char *uri, *want;
	} t[] = {
		{SIP_OPTIONS, "sip:10.0.0.1", "rsp:200"},        {SIP_OPTIONS, "sip:100@10.0.0.1", "rsp:200"},
		{SIP_OPTIONS, "sip:nobody@10.0.0.1", "rsp:200"}, {SIP_OPTIONS, "sip:100@8.8.8.8", "rsp:404"},
		{SIP_BYE, "sip:100@10.0.0.1", "rsp:481"},        {SIP_INFO, "sip:100@10.0.0.1", "rsp:481"},
		{SIP_MESSAGE, "sip:100@10.0.0.1", "rsp:405"},    {SIP_SUBSCRIBE, "sip:nobody@10.0.0.1", "rsp:405"},
	};
	struct fix *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		request(&f->p[0], t[i].m, t[i].uri, NULL, NULL);
		assert_log(&f->p[0], t[i].want);
	}
	assert_has(f->p[0].heard, "Allow: ");
	assert_has(f->p[0].heard, "Accept: application/sdp\r\n");
}

/* ---- what the other side sees */

static void value(const char *text, const char *key, char dst[200])
{
	const char *p = strstr(text, key), *e;

	assert_non_null(p);
	p += strlen(key);
	e = strpbrk(p, "\r\n;>");
	snprintf(dst, 200, "%.*s", (int)(e - p), p);
}

static void topology(void **state)
{
	static const char *const own_a[] = {"10.0.0.10", "secret100", "secretcontact", "candidate",
					    "phone-100", " 123100 ",  "x-secret"};
	static const char *const own_b[] = {"10.0.0.11", "secret101", "dev-101", "candidate",
					    "phone-101", " 123101 ",  "x-secret"};
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];
	char callid[200], *s;

	b->ring = 183;
	b->early = true;
	phone_register(b);
	phone_call(a, "101");
	run(f, 1000);
	phone_sdp(a, "sendonly", "0 8 101");
	phone_reoffer(a);
	run(f, 500);
	phone_sdp(b, "sendrecv", "8 101");
	phone_reoffer(b);
	run(f, 500);
	phone_hangup(a);
	run(f, 2000);
	for (size_t i = 0; i < ARRAY_LEN(own_a); i++)
		assert_lacks(b->heard, own_a[i]);
	/* what b itself wrote comes back to a nowhere, either */
	for (size_t i = 0; i < ARRAY_LEN(own_b); i++)
		assert_lacks(a->heard, own_b[i]);
	value(a->heard, "Call-ID: ", callid);
	assert_lacks(b->heard, callid);
	value(a->heard, "branch=", callid);
	assert_lacks(b->heard, callid);
	for (s = a->heard; (s = strstr(s, ";tag=")); s++) {
		value(s, ";tag=", callid);
		assert_lacks(b->heard, callid);
	}
}

static void headers(void **state)
{
	static const char *const pass[] = {"Subject: lunch\r\n", "Priority: urgent\r\n",
					   "Alert-Info: <http://x/ring>\r\n", "Accept-Language: de\r\n"};
	static const char *const drop[] = {"X-Foo", "P-Asserted-Identity", "Organization", "History-Info",
					   "Remote-Party-ID"};
	struct fix *f = *state;
	struct how h = {
		.hdrs = "Subject: lunch\r\nPriority: urgent\r\nX-Foo: bar\r\nP-Asserted-Identity: <sip:boss@x>\r\n"
			"Alert-Info: <http://x/ring>\r\nOrganization: us\r\nHistory-Info: <sip:a@b>\r\n"
			"Accept-Language: de\r\nRemote-Party-ID: <sip:boss@x>\r\n"};

	phone_register(&f->p[1]);
	phone_call_how(&f->p[0], "101", &h);
	run(f, 1000);
	for (size_t i = 0; i < ARRAY_LEN(pass); i++)
		assert_has(f->p[1].heard, pass[i]);
	for (size_t i = 0; i < ARRAY_LEN(drop); i++)
		assert_lacks(f->p[1].heard, drop[i]);
	assert_has(f->p[1].heard, "From: \"Name \\\"A\\\"\" <sip:100@10.0.0.1>;tag=");
	assert_has(f->p[1].heard, "To: <sip:101@10.0.0.1>\r\n");
	assert_has(f->p[1].heard, "Contact: <sip:100@10.0.0.1:5060>\r\n");
	assert_has(f->p[1].heard, "INVITE sip:dev-101@10.0.0.11:5060 SIP/2.0\r\n");
}

/* ---- digits by INFO */

static void info(struct phone *p, const char *ctype, const char *body)
{
	assert_int_equal(sip_inv_request(p->inv, SIP_INFO, SLICE_NULL, slice_str(ctype), slice_str(body), &ct_ops, p),
			 0);
	run(p->f, 300);
}

static void digits(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0];

	connect_two(a, &f->p[1]);
	info(a, "application/dtmf-relay", "Signal=5\r\nDuration=160\r\n");
	assert_log(a, "rsp:200");
	assert_int_equal(f->ndtmf, 1);
	assert_int_equal(f->digit, '5');
	info(a, "application/dtmf", "#");
	assert_log(a, "rsp:200");
	assert_int_equal(f->digit, '#');
	info(a, "application/dtmf-relay", "Signal=x\r\n");
	assert_log(a, "rsp:400");
	info(a, "text/plain", "5");
	assert_log(a, "rsp:415");
	info(a, NULL, NULL);
	assert_log(a, "rsp:200");
	assert_int_equal(f->ndtmf, 2);
}

/* To the other side: one after the other; a peer that refuses gets tones, and is not asked again. */
static void digits_out(void **state)
{
	struct fix *f = *state;
	struct phone *a = &f->p[0], *b = &f->p[1];

	f->mp[1].dtmf = DTMF_INFO;
	connect_two(a, b);
	b->l = 0;
	b->log[0] = 0;
	info(a, "application/dtmf-relay", "Signal=5\r\nDuration=160\r\n");
	info(a, "application/dtmf-relay", "Signal=11\r\n");
	info(a, "application/dtmf-relay", "Signal=d\r\nDuration=0\r\n");
	assert_log(b, "request:INFO request:INFO request:INFO");
	assert_has(b->heard, "Content-Type: application/dtmf-relay\r\n");
	assert_has(b->heard, "Signal=5\r\nDuration=160\r\n");
	assert_has(b->heard, "Signal=#\r\nDuration=100\r\n");
	assert_has(b->heard, "Signal=D\r\nDuration=100\r\n");
	b->refuse_info = 415;
	size_t before = b->rtp_n;
	info(a, "application/dtmf", "7");
	assert_log(b, "request:INFO");
	assert_true(b->rtp_n >= before + 5);
	before = b->rtp_n;
	info(a, "application/dtmf", "8");
	assert_log(b, "");
	assert_true(b->rtp_n >= before + 5);
	/* the last packets were sound, not events */
	assert_int_not_equal(b->rtp_pt, 101);
}

/* ---- addresses */

static void sdp_addresses(void **state)
{
	static const struct {
		const char *peer, *advertise, *bind;
	} t[] = {
		{"10.0.0.10", "10.0.0.1", "10.0.0.1"}, {"203.0.113.5", "198.51.100.1", "10.0.0.1"},
		{"127.0.0.1", "10.0.0.1", "10.0.0.1"}, {"100.64.1.1", "10.0.0.1", "10.0.0.1"},
		{"9.9.9.9", "10.0.0.1", "10.0.0.1"},
	};
	struct fix *f = *state;
	struct sip_dest d = {.local = f->addr};
	struct sa adv, bind, want;

	f->edge->external = at("198.51.100.1");
	assert_int_equal(sa_net_parse(&f->edge->nets[0], SLICE("9.0.0.0/8")), 0);
	f->edge->nnets = 1;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		d.addr = at(t[i].peer);
		edge_sdp_ip(f->edge, &d, &adv, &bind);
		want = at(t[i].advertise);
		assert_true(sa_eq_addr(&adv, &want));
		want = at(t[i].bind);
		assert_true(sa_eq_addr(&bind, &want));
	}
}

static void names_that_are_ours(void **state)
{
	static const struct {
		const char *uri;
		bool ours, with_domain;
	} t[] = {
		{"sip:1@10.0.0.1", true, true},
		{"sip:1@192.168.7.7", true, false}, /* an address behind which we may sit, unless we have names */
		{"sip:1@8.8.8.8", false, false},
		{"sip:1@pbx.example", true, true},
		{"sip:1@PBX.Example", true, true},
		{"sip:1@other.example", true, false},
		{"tel:+491", true, true},
		{"sip:1@[2001:db8::1]", false, false},
	};
	struct fix *f = *state;
	struct sip_msg msg = {.dst = f->addr};
	struct sip_uri u;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		assert_int_equal(sip_uri_decode(&u, slice_str(t[i].uri)), 0);
		assert_int_equal(edge_is_ours(f->edge, &msg, &u), t[i].ours);
	}
	assert_int_equal(mem_strdup(&f->edge->domains[0], "pbx.example"), 0);
	f->edge->ndomains = 1;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		assert_int_equal(sip_uri_decode(&u, slice_str(t[i].uri)), 0);
		assert_int_equal(edge_is_ours(f->edge, &msg, &u), t[i].with_domain);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, fix_open, fix_close)
		T(wrong_password),
		T(wrong_from),
		T(unknown_user),
		T(banned),
		T(max_forwards),
		T(beside_calls),
		T(topology),
		T(headers),
		T(digits),
		T(digits_out),
		T(sdp_addresses),
		T(names_that_are_ours),
		cmocka_unit_test_setup_teardown(without_auth, open_without_auth, fix_close),
		cmocka_unit_test_setup_teardown(bad_invites, open_without_auth, fix_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
