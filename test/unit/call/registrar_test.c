/*
 * registrar_test.c - REGISTER: every rule of RFC 3261 10.3 that is the protocol's, lifetimes, NAT, flows.
 */
#include "fix.h"

/* One REGISTER; NULL members take the usual value. */
struct rq {
	const char *to, *from, *uri, *contacts, *expires, *callid, *password;
	unsigned cseq;
	bool tcp;
};

struct reg_state {
	struct phone *p;
	struct sip_client_auth *auth;
	uint16_t code;
	char text[6000];
};

static void response_h(struct sip_ctrans *ct, const struct sip_msg *rsp, void *arg)
{
	struct reg_state *rs = arg;

	(void)ct;
	if (rsp->scode < 200)
		return;
	rs->code = rsp->scode;
	(void)slice_copy(rs->text, sizeof(rs->text), rsp->raw);
	if (rsp->scode == 401)
		(void)!sip_client_auth_challenge(rs->auth, rsp);
}

static void failed_h(struct sip_ctrans *ct, int err, void *arg)
{
	(void)ct;
	(void)err;
	((struct reg_state *)arg)->code = 1;
}

static const struct sip_ctrans_ops ct_ops = {response_h, failed_h};

static void send_one(struct reg_state *rs, const struct rq *q, unsigned cseq)
{
	struct phone *p = rs->p;
	char user[16], pw[32], num[16];
	struct sip_cred cred;
	struct buf b;
	struct sip_request r = {.m = SIP_REGISTER,
				.uri = slice_str(q->uri ? q->uri : "sip:10.0.0.1"),
				.dest = {.tp = q->tcp ? SIP_TRANSP_TCP : SIP_TRANSP_UDP, .addr = p->f->addr}};

	snprintf(user, sizeof(user), "%s", p->user);
	snprintf(pw, sizeof(pw), "pw-%s", p->user);
	snprintf(num, sizeof(num), "%u", cseq);
	cred = (struct sip_cred){.user = slice_str(user), .password = slice_str(q->password ? q->password : pw)};
	buf_init(&b);
	buf_printf(&b, "From: <%s>;tag=x\r\nTo: <%s>\r\nCall-ID: %s\r\nCSeq: %s REGISTER\r\n",
		   q->from ? q->from : "sip:100@10.0.0.1", q->to ? q->to : "sip:100@10.0.0.1",
		   q->callid ? q->callid : "reg1", num);
	if (q->contacts)
		buf_str(&b, q->contacts);
	if (q->expires)
		buf_printf(&b, "Expires: %s\r\n", q->expires);
	assert_int_equal(sip_client_auth_enc(rs->auth, &b, &cred, SLICE("REGISTER"), r.uri), 0);
	r.hdrs = buf_get(&b);
	assert_int_equal(sip_request(NULL, p->sip, &r, &ct_ops, rs), 0);
	buf_free(&b);
	run(p->f, 500);
}

/* Sends it, once more with credentials when asked; returns the final code; the response is in rs->text. */
static uint16_t reg(struct phone *p, struct reg_state *rs, struct rq q)
{
	static unsigned next = 100;
	unsigned cseq = q.cseq ? q.cseq : next;

	next += 2;
	*rs = (struct reg_state){.p = p};
	assert_int_equal(sip_client_auth_alloc(&rs->auth), 0);
	send_one(rs, &q, cseq);
	if (rs->code == 401)
		send_one(rs, &q, cseq + (q.cseq ? 0 : 1));
	rs->auth = mem_deref(rs->auth);
	return rs->code;
}

#define REG(...) reg(&f->p[0], &rs, (struct rq){__VA_ARGS__})
#define C1       "Contact: <sip:dev@10.0.0.10:5060>\r\n"

static size_t bindings(struct fix *f)
{
	struct location loc;

	(void)reg_find(f, "100", &loc);
	return loc.n;
}

static void registers(void **state)
{
	struct fix *f = *state;
	struct reg_state rs;

	assert_int_equal(REG(.contacts = C1, .expires = "600"), 200);
	assert_has(rs.text, "Contact: <sip:dev@10.0.0.10:5060>;expires=600\r\n");
	assert_has(rs.text, "Date: Thu, 01 Jan 2026 00:00:0");
	assert_has(rs.text, " GMT\r\n");
	assert_int_equal(bindings(f), 1);
	assert_false(f->reg[0].c->natted);
	assert_int_equal(f->reg[0].c->transp, SIP_TRANSP_UDP);
	assert_true(slice_eqs(f->reg[0].c->user_agent, "phone-100"));
	assert_true(sa_eq(&f->reg[0].c->src, &f->p[0].addr));
	assert_true(sa_eq(&f->reg[0].c->local, &f->addr));
	assert_int_equal(f->reg[0].c->q, 1000);
	/* and can be called */
	phone_call(&f->p[1], "100");
	run(f, 1000);
	assert_log(&f->p[0], "invite acked");
	/* query */
	assert_int_equal(REG(.callid = "other"), 200);
	assert_has(rs.text, "Contact: <sip:dev@10.0.0.10:5060>;expires=5");
	assert_int_equal(bindings(f), 1);
	/* remove */
	assert_int_equal(REG(.contacts = C1, .expires = "0"), 200);
	assert_lacks(rs.text, "Contact:");
	assert_int_equal(bindings(f), 0);
}

/* What a list of contacts comes to: code, how many are kept, and a piece of the response. */
static void contact_rules(void **state)
{
	static const struct {
		const char *contacts, *expires;
		uint16_t code;
		size_t n;
		const char *has;
	} t[] = {
		{C1, NULL, 200, 1, ";expires=3600\r\n"}, /* default */
		{C1, "60", 200, 1, ";expires=60\r\n"},   /* the least */
		{C1, "59", 423, 0, "Min-Expires: 60\r\n"},
		{C1, "7201", 200, 1, ";expires=7200\r\n"}, /* the most */
		{C1, "99999999999999", 200, 1, ";expires=7200\r\n"},
		{C1, "nonsense", 200, 1, ";expires=3600\r\n"}, /* RFC 3261 20.19 */
		{"Contact: <sip:dev@10.0.0.10>;expires=100\r\n", "600", 200, 1, ";expires=100\r\n"},
		{"Contact: <sip:dev@10.0.0.10>;expires=10\r\n", "600", 423, 0, "Min-Expires: 60\r\n"},
		{"Contact: <sip:dev@10.0.0.10>;q=0.25\r\n", NULL, 200, 1, ";q=0.250\r\n"},
		{"Contact: <sip:a@10.0.0.10>, <sip:b@10.0.0.10>;q=0.5\r\nContact: <sip:c@10.0.0.10>\r\n", NULL, 200, 3,
		 "<sip:c@10.0.0.10>"},
		{"m: <sip:a@10.0.0.10>\r\n", NULL, 200, 1, "<sip:a@10.0.0.10>"},
		{"Contact: *\r\n", "0", 200, 0, "200"},
		{"Contact: *\r\n", "600", 400, 0, "400"},
		{"Contact: *\r\n", NULL, 400, 0, "400"},
		{"Contact: *, <sip:a@10.0.0.10>\r\n", "0", 400, 0, "400"},
		{"Contact: <sip:a@10.0.0.10>\r\nContact: *\r\n", "0", 400, 0, "400"},
		{"Contact: <<>>\r\n", NULL, 400, 0, "400"},
		{"Contact: <mailto:a@b>\r\n", NULL, 403, 0, "403"},
		{"Contact: "
		 "<sip:0@h>,<sip:1@h>,<sip:2@h>,<sip:3@h>,<sip:4@h>,<sip:5@h>,<sip:6@h>,<sip:7@h>,<sip:8@h>,<sip:9@h>,<"
		 "sip:a@h>\r\n",
		 NULL, 403, 0, "Too Many"},
	};
	struct fix *f = *state;
	struct reg_state rs;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		reg_remove(f, "100", NULL);
		assert_int_equal(REG(.contacts = t[i].contacts, .expires = t[i].expires), t[i].code);
		assert_int_equal(bindings(f), t[i].n);
		assert_has(rs.text, t[i].has);
	}
}

static void long_contact(void **state)
{
	struct fix *f = *state;
	struct reg_state rs;
	char c[800];

	snprintf(c, sizeof(c), "Contact: <sip:%0600d@10.0.0.10>\r\n", 1);
	assert_int_equal(REG(.contacts = c), 403);
}

static void star_removes_all(void **state)
{
	struct fix *f = *state;
	struct reg_state rs;

	assert_int_equal(REG(.contacts = "Contact: <sip:a@10.0.0.10>, <sip:b@10.0.0.10>\r\n"), 200);
	assert_int_equal(bindings(f), 2);
	assert_int_equal(REG(.contacts = "Contact: *\r\n", .expires = "0"), 200);
	assert_int_equal(bindings(f), 0);
	assert_lacks(rs.text, "Contact:");
}

/* The location refuses an old CSeq; a refusal reaches the phone. */
static void old_cseq(void **state)
{
	struct fix *f = *state;
	struct reg_state rs;

	assert_int_equal(REG(.contacts = C1, .callid = "same", .cseq = 500), 200);
	assert_int_equal(REG(.contacts = C1, .callid = "same", .cseq = 400), 500);
	assert_int_equal(REG(.contacts = C1, .callid = "same", .cseq = 501), 200);
}

static void who(void **state)
{
	static const struct {
		const char *to, *from, *uri, *password;
		uint16_t code;
	} t[] = {
		{"sip:101@10.0.0.1", "sip:101@10.0.0.1", NULL, NULL, 403}, /* somebody else's address */
		{NULL, "sip:101@10.0.0.1", NULL, NULL, 403},               /* From is not To */
		{"sip:101@10.0.0.1", NULL, NULL, NULL, 403},
		{NULL, NULL, NULL, "guess", 401},
		{"sip:100@8.8.8.8", NULL, NULL, NULL, 404},
		{NULL, NULL, "sip:8.8.8.8", NULL, 404},
		{"sip:10.0.0.1", NULL, NULL, NULL, 404},
		{"sip:%31%30%30@10.0.0.1", NULL, NULL, NULL, 200},                     /* 100 written with escapes */
		{"sip:100@anything.example", NULL, "sip:anything.example", NULL, 200}, /* no names of our own: any */
	};
	struct fix *f = *state;
	struct reg_state rs;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		reg_remove(f, "100", NULL);
		assert_int_equal(REG(.contacts = C1, .to = t[i].to, .from = t[i].from, .uri = t[i].uri,
				     .password = t[i].password),
				 t[i].code);
		assert_int_equal(bindings(f), t[i].code == 200);
	}
	assert_int_equal(f->nfailed_auth, 1);
}

static void details(void **state)
{
	struct fix *f = *state;
	struct reg_state rs;

	assert_int_equal(REG(.contacts = "Contact: <sip:d@10.0.0.10>;+sip.instance=\"<urn:uuid:1-2>\";reg-id=1\r\n"),
			 200);
	assert_true(slice_eqs(f->reg[0].c->instance, "<urn:uuid:1-2>"));
	assert_true(slice_eqs(f->reg[0].c->callid, "reg1"));
	assert_true(slice_eqs(f->reg[0].c->uri, "sip:d@10.0.0.10"));
}

/* Is the phone reached where it came from, not where it says? */
static void nat_by_contact(void **state)
{
	static const struct {
		const char *contact;
		bool natted;
	} t[] = {
		{"Contact: <sip:d@10.0.0.10>\r\n", false},       {"Contact: <sip:d@10.0.0.10:5060>\r\n", false},
		{"Contact: <sip:d@10.0.0.10:5070>\r\n", false}, /* it listens elsewhere than it sends from */
		{"Contact: <sip:d@192.168.1.2:5060>\r\n", true}, {"Contact: <sip:d@phone.local>\r\n", true},
	};
	struct fix *f = *state;
	struct reg_state rs;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct location loc;

		reg_remove(f, "100", NULL);
		assert_int_equal(REG(.contacts = t[i].contact), 200);
		(void)reg_find(f, "100", &loc);
		assert_int_equal(loc.v[0]->natted, t[i].natted);
	}
	/* a connection has a port of its own */
	struct location loc;
	reg_remove(f, "100", NULL);
	assert_int_equal(REG(.tcp = true, .contacts = "Contact: <sip:d@10.0.0.1:5070;transport=tcp>\r\n"), 200);
	(void)reg_find(f, "100", &loc);
	assert_false(loc.v[0]->natted);
}

/* A phone behind a NAT: registers, is called, answers, and gets the BYE. */
static void behind_nat(void **state)
{
	struct fix *f = *state;
	struct phone *p = &f->p[4];
	struct reg_state rs;
	struct sa outside = at("192.0.2.1");
	struct sa_net inside;

	assert_int_equal(sa_net_parse(&inside, SLICE("10.0.0.14/32")), 0);
	assert_int_equal(vnet_add_nat(f->net, &inside, &outside), 0);
	assert_int_equal(reg(p, &rs,
			     (struct rq){.to = "sip:104@10.0.0.1",
					 .from = "sip:104@10.0.0.1",
					 .contacts = "Contact: <sip:dev@10.0.0.14:5060>\r\n"}),
			 200);
	assert_true(f->reg[0].c->natted);
	assert_true(sa_eq_addr(&f->reg[0].c->src, &outside));
	phone_call(&f->p[0], "104");
	run(f, 1000);
	assert_log(&f->p[0], "ring:180 answered:200");
	assert_log(p, "invite acked");
	phone_hangup(&f->p[0]);
	run(f, 1000);
	assert_log(p, "closed:200");
}

/* By TCP: called by the same connection, which is kept; when it breaks the location hears of it. */
static void by_flow(void **state)
{
	struct fix *f = *state;
	struct phone *p = &f->p[0];
	struct reg_state rs;
	uint64_t flow;

	assert_int_equal(
		REG(.tcp = true, .contacts = "Contact: <sip:dev@10.0.0.99:5060;transport=tcp>\r\n", .expires = "7200"),
		200);
	flow = f->reg[0].c->flow;
	assert_true(flow != 0);
	assert_int_equal(f->reg[0].c->transp, SIP_TRANSP_TCP);
	assert_true(f->reg[0].c->natted);
	run(f, 5000000);
	assert_int_equal(f->flow_closed, 0);
	phone_call(&f->p[1], "100");
	run(f, 1000);
	assert_log(p, "invite acked");
	phone_hangup(&f->p[1]);
	run(f, 40000);
	/* the phone vanishes */
	p->inv = mem_deref(p->inv);
	p->sip = mem_deref(p->sip);
	run(f, 1000);
	assert_true(f->flow_closed == flow);
}

/* RFC 3327: proxies in between get a Route; calls go to whoever sent the REGISTER, whatever Path says. */
static void path(void **state)
{
	static const char *const bad[] = {"Path: nonsense here\r\n", "Path: <sip:unclosed\r\n"};
	struct fix *f = *state;
	struct reg_state rs;
	struct location loc;
	char text[900];

	assert_int_equal(REG(.contacts = "Contact: <sip:dev@192.168.7.7>\r\nPath: <sip:edge.example;lr>\r\n"
					 "Path: <sip:203.0.113.9;lr;ob>\r\nSupported: path\r\n"),
			 200);
	assert_has(rs.text, "Path: <sip:edge.example;lr>\r\nPath: <sip:203.0.113.9;lr;ob>\r\n");
	(void)reg_find(f, "100", &loc);
	assert_true(slice_eqs(loc.v[0]->path, "<sip:edge.example;lr>, <sip:203.0.113.9;lr;ob>"));
	phone_call(&f->p[1], "100");
	run(f, 1000);
	assert_has(f->p[0].heard, "INVITE sip:dev@192.168.7.7 SIP/2.0\r\n");
	assert_has(f->p[0].heard, "Route: <sip:edge.example;lr>, <sip:203.0.113.9;lr;ob>\r\n");
	phone_hangup(&f->p[1]);
	run(f, 40000);
	/* who does not know Path is not told of it */
	assert_int_equal(
		REG(.contacts = "Contact: <sip:dev@192.168.7.7>\r\nPath: <sip:edge.example;lr>\r\n", .callid = "r2"),
		200);
	assert_lacks(rs.text, "Path:");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		snprintf(text, sizeof(text), "%s%s", C1, bad[i]);
		assert_int_equal(REG(.contacts = text, .callid = i ? "r4" : "r3"), 403);
	}
	/* a way of any length is not kept */
	snprintf(text, sizeof(text), "%sPath: <sip:%0600d.example;lr>\r\n", C1, 1);
	assert_int_equal(REG(.contacts = text, .callid = "r5"), 403);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, fix_open, fix_close)
		T(registers), T(contact_rules),  T(long_contact), T(star_removes_all), T(old_cseq), T(who),
		T(details),   T(nat_by_contact), T(behind_nat),   T(by_flow),          T(path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
