/*
 * attack.c - those who guess passwords, scan for numbers, flood: who is banned, who must not be, who is merely not
 * answered.
 */
#include "loop/tcp.h"
#include "pbx/security.h"
#include "scenario.h"
#include "wire/sip/auth.h"

static unsigned serial;

/* A request as `user` about `user`, with header lines. */
static void ask(struct typed *t, const char *method, const char *user, const char *more)
{
	char from[SA_STRLEN];

	serial++;
	typed_send(t,
		   "%s sip:%s%s" SERVER4 " SIP/2.0\n"
		   "Via: SIP/2.0/UDP %s;branch=z9hG4bKatk%u;rport\n"
		   "Max-Forwards: 70\n"
		   "From: <sip:%s@" SERVER4 ">;tag=atk\n"
		   "To: <sip:%s@" SERVER4 ">\n"
		   "Call-ID: attack-%u\n"
		   "CSeq: %u %s\n"
		   "Contact: <sip:x@%s>\n"
		   "%s"
		   "Content-Length: 0\n\n",
		   method, strcmp(method, "REGISTER") ? user : "", strcmp(method, "REGISTER") ? "@" : "",
		   sa_str(&t->addr, from), serial, user, user, serial, serial, method, from, more);
	vnet_run(t->s->net, 10);
}

/* Forget what came. */
static void clear(struct typed *t)
{
	while (t->n)
		mem_deref(t->got[--t->n]);
}

/* A wrong answer to a challenge that was given to us. False: we were not asked. */
static bool guess_with(struct typed *t, const char *user, struct slice nonce, struct slice realm)
{
	char line[700];

	snprintf(line, sizeof(line),
		 "Authorization: Digest username=\"%s\", realm=\"%.*s\", nonce=\"%.*s\", uri=\"sip:" SERVER4
		 "\", response=\"00000000000000000000000000000000\", algorithm=MD5, qop=auth, nc=00000001, "
		 "cnonce=\"abc\"\n",
		 user, SLICE_FMT(realm), SLICE_FMT(nonce));
	ask(t, "REGISTER", user, line);
	return true;
}

/* The MD5 challenge in the last answer. */
static bool challenged(struct typed *t, struct sip_challenge *c)
{
	struct sip_msg *m = typed_last(t);

	for (size_t i = 0; m && i < m->hdrc; i++)
		if (m->hdrv[i].id == SIP_HDR_WWW_AUTHENTICATE && !sip_challenge_decode(c, m->hdrv[i].val) &&
		    slice_ieqs(c->algorithm, "MD5"))
			return true;
	return false;
}

static bool guess(struct typed *t, const char *user)
{
	struct sip_challenge c;
	struct sip_msg *m;
	bool answered;

	clear(t);
	ask(t, "REGISTER", user, "");
	m = typed_last(t);
	if (!m || !challenged(t, &c))
		return false;
	mem_ref(m);
	clear(t);
	(void)guess_with(t, user, c.nonce, c.realm);
	answered = typed_last(t) != NULL;
	mem_deref(m);
	return answered;
}

static unsigned guesses(struct typed *t, const char *user, unsigned max)
{
	unsigned n = 0;

	while (n < max && guess(t, user))
		n++;
	return n;
}

static size_t bans(struct scene *s)
{
	json_t *v = pbx_json_bans(s->pbx);
	size_t n = json_array_size(v);

	json_decref(v);
	return n;
}

void guessing_is_banned(void **state)
{
	struct scene *s = *state;
	struct typed t, other;

	typed_open(s, &t, "10.0.0.66:5060");
	typed_open(s, &other, "10.0.0.67:5060");
	assert_in_range(guesses(&t, "100", 50), 9, 10);
	assert_int_equal(bans(s), 1);
	clear(&t);
	ask(&t, "OPTIONS", "100", "");
	assert_int_equal(t.n, 0);
	ask(&other, "OPTIONS", "100", "");
	assert_int_equal(typed_last(&other)->scode, 200);
	/* it is lifted by hand */
	assert_int_equal(pbx_lift(s->pbx, "10.0.0.66", "test"), 0);
	ask(&t, "OPTIONS", "100", "");
	assert_int_equal(typed_last(&t)->scode, 200);
	typed_close(&t);
	typed_close(&other);
}

/* From port to port, and with a name for each: ten more guesses, then the address is banned. */
void banned_whatever_the_port(void **state)
{
	struct scene *s = *state;
	struct typed t;
	unsigned n = 0;
	char addr[40], user[12];

	for (unsigned i = 0; i < 100; i++) {
		snprintf(addr, sizeof(addr), "10.0.0.66:%u", 5060 + i);
		snprintf(user, sizeof(user), "%u", 100 + i % 50);
		typed_open(s, &t, addr);
		n += guess(&t, user);
		clear(&t);
		typed_close(&t);
	}
	assert_in_range(n, 9, 20);
	typed_open(s, &t, "10.0.0.66:9999");
	ask(&t, "OPTIONS", "100", "");
	assert_int_equal(t.n, 0);
	typed_close(&t);
}

void bans_outlive_a_restart(void **state)
{
	struct scene *s = *state;
	struct typed t;

	typed_open(s, &t, "10.0.0.66:5060");
	(void)guesses(&t, "100", 50);
	scene_run(s, 2000);
	server_stop(s, false);
	server_start(s);
	assert_int_equal(bans(s), 1);
	clear(&t);
	ask(&t, "OPTIONS", "100", "");
	assert_int_equal(t.n, 0);
	scene_run(s, 3700 * 1000);
	assert_int_equal(bans(s), 0);
	ask(&t, "OPTIONS", "100", "");
	assert_int_equal(typed_last(&t)->scode, 200);
	typed_close(&t);
	scene_run(s, 2000);
	server_stop(s, false);
	server_start(s);
	assert_int_equal(bans(s), 0);
}

/* Forged packets: failures that nobody was asked for, with nonces of others, of nobody, or none, ban nobody. */
void nobody_is_banned_by_forged_packets(void **state)
{
	struct scene *s = *state;
	struct sa victim = address("10.0.0.11:5060"), server = address(SERVER4 ":5060");
	struct sip_challenge c;
	struct sip_msg *m;
	struct typed t;
	char text[1500];

	typed_open(s, &t, "10.0.0.66:5060");
	ask(&t, "REGISTER", "100", "");
	assert_true(challenged(&t, &c));
	m = mem_ref(typed_last(&t));
	for (unsigned i = 0; i < 300; i++) {
		snprintf(text, sizeof(text),
			 "REGISTER sip:" SERVER4 " SIP/2.0\r\n"
			 "Via: SIP/2.0/UDP 10.0.0.11:5060;branch=z9hG4bKforged%u\r\nMax-Forwards: 70\r\n"
			 "From: <sip:100@" SERVER4 ">;tag=f\r\nTo: <sip:100@" SERVER4 ">\r\nCall-ID: forged-%u\r\n"
			 "CSeq: 1 REGISTER\r\nContact: <sip:100@10.0.0.11>\r\n"
			 "Authorization: Digest username=\"100\", realm=\"%.*s\", nonce=\"%.*s\", uri=\"sip:" SERVER4
			 "\", response=\"00000000000000000000000000000000\", algorithm=MD5, qop=auth, nc=0000%04x, "
			 "cnonce=\"abc\"\r\nContent-Length: 0\r\n\r\n",
			 i, i, SLICE_FMT(c.realm), i % 3 ? (int)c.nonce.l : 8, c.nonce.p, i + 1);
		assert_int_equal(vnet_inject(s->net, &victim, &server, slice_str(text)), 0);
		vnet_run(s->net, 50);
	}
	assert_int_equal(bans(s), 0);
	mem_deref(m);
	typed_close(&t);
	agent_open(s, &s->a, "100", "10.0.0.11", OH_UDP);
	agent_register(&s->a);
}

static struct sa nat_outside;

static void office(struct scene *s)
{
	struct sa_net inside;

	nat_outside = address("203.0.113.5");
	assert_int_equal(sa_net_parse(&inside, SLICE("192.168.0.0/16")), 0);
	assert_int_equal(vnet_add_nat(s->net, &inside, &nat_outside), 0);
	agent_open(s, &s->a, "100", "192.168.1.10", OH_UDP);
	agent_open(s, &s->b, "101", "192.168.1.11", OH_UDP);
	agent_register(&s->a);
	agent_register(&s->b);
}

static void office_works(struct scene *s)
{
	log_clear(&s->a);
	log_clear(&s->b);
	talk(&s->a, &s->b, "101");
	end_call(&s->a, &s->b);
	log_clear(&s->a);
	assert_int_equal(oh_account_register(s->a.acct, true), 0);
	agent_wait(&s->a, "registered:3600", 5000);
}

/* An office behind one address with one wrong phone keeps its phones, and can get new ones. */
void office_keeps_its_phones(void **state)
{
	struct scene *s = *state;
	struct typed wrong;

	office(s);
	typed_open(s, &wrong, "192.168.1.66:5060");
	assert_in_range(guesses(&wrong, "105", 100), 9, 10);
	assert_int_equal(bans(s), 1);
	office_works(s);
	agent_open(s, &s->c, "102", "192.168.1.12", OH_UDP);
	agent_register(&s->c);
	typed_close(&wrong);
}

/* One in the office guesses the password of another, from many ports: his guesses are bounded, the phones stay. */
void office_with_an_attacker(void **state)
{
	struct scene *s = *state;
	unsigned n = 0;
	char addr[40];
	struct typed t;

	office(s);
	for (unsigned i = 0; i < 200; i++) {
		snprintf(addr, sizeof(addr), "192.168.1.66:%u", 6000 + i);
		typed_open(s, &t, addr);
		n += guess(&t, "102");
		clear(&t);
		typed_close(&t);
	}
	(void)n; /* he is answered, but no guess beyond the tenth is looked at */
	assert_in_range(bans(s), 1, 2);
	office_works(s);
}

/* Who asks for many numbers and answers no challenge is not answered any more; others are. */
void scan_is_not_answered(void **state)
{
	static const char *const method[] = {"REGISTER", "INVITE", "OPTIONS"};
	struct scene *s = *state;

	for (size_t m = 0; m < ARRAY_LEN(method); m++) {
		struct typed t;
		unsigned n = 0;
		char user[12], addr[40];

		snprintf(addr, sizeof(addr), "10.0.1.%zu:5060", 1 + m);
		typed_open(s, &t, addr);
		for (unsigned i = 0; i < 1000; i++) {
			snprintf(user, sizeof(user), "%u", 100 + i);
			clear(&t);
			ask(&t, method[m], user, "");
			n += typed_last(&t) && typed_last(&t)->cseq.num == serial;
			vnet_run(s->net, 20);
		}
		assert_in_range(n, 40, 160);
		typed_close(&t);
	}
	assert_int_equal(bans(s), 0); /* the source may be forged */
	agents_ready(s, 2);
}

/* What is told of a number that exists is what is told of one that does not: status, length, headers. */
void numbers_cannot_be_told_apart(void **state)
{
	static const char *const method[] = {"REGISTER", "INVITE", "OPTIONS", "MESSAGE", "SUBSCRIBE"};
	static const char *const user[] = {"100", "101", "109"}; /* registered, not registered, unknown */
	struct scene *s = *state;
	struct typed t;

	agent_open(s, &s->a, "100", "10.0.0.11", OH_UDP);
	agent_register(&s->a);
	typed_open(s, &t, "10.0.0.66:5060");
	for (size_t m = 0; m < ARRAY_LEN(method); m++) {
		uint16_t scode = 0;
		size_t l = 0;

		for (size_t u = 0; u < ARRAY_LEN(user); u++) {
			clear(&t);
			serial = 1000 + (unsigned)(10 * m + u);
			ask(&t, method[m], user[u], "");
			assert_non_null(typed_last(&t));
			if (!u) {
				scode = typed_last(&t)->scode;
				l = typed_last(&t)->raw.l;
			}
			assert_int_equal(typed_last(&t)->scode, scode);
			assert_int_equal(typed_last(&t)->raw.l, l);
		}
	}
	typed_close(&t);
}

/* The answer to somebody unproven is not much larger than what he sent, and there is one of it. */
void answers_do_not_amplify(void **state)
{
	static const char *const method[] = {"REGISTER", "INVITE", "OPTIONS", "MESSAGE", "BYE", "DANCE"};
	struct scene *s = *state;
	struct typed t;

	tape_start(s);
	typed_open(s, &t, "10.0.0.66:5060");
	for (size_t m = 0; m < ARRAY_LEN(method); m++) {
		size_t in = 0, out = 0;

		clear(&t);
		tape_start(s);
		ask(&t, method[m], "100", "");
		scene_run(s, 100);
		for (size_t i = 0; i < s->ntape; i++) {
			bool ours = sa_eq(&s->tape[i].src, &t.addr);

			*(ours ? &in : &out) += s->tape[i].data->l;
		}
		if (out > 5 * in / 2)
			fail_msg("%s: %zu bytes in, %zu out", method[m], in, out);
		assert_true(t.n <= 2);
	}
	tape_stop(s);
	typed_close(&t);
}

/* A flood of REGISTERs without credentials, from one address and from many: phones go on. */
static void flood(struct scene *s, bool many)
{
	struct sa src = address("10.9.0.1:5060"), server = address(SERVER4 ":5060");
	struct guard_stats st;
	struct sip_stats ss;
	char text[600];

	agents_ready(s, 2);
	sip_stats(s->sip, &ss);
	for (unsigned i = 0; i < 20000; i++) {
		if (many)
			src.u.in.sin_addr.s_addr = htonl(0x0b000000 + i * 7);
		snprintf(text, sizeof(text),
			 "REGISTER sip:" SERVER4 " SIP/2.0\r\nVia: SIP/2.0/UDP 10.9.0.1:5060;branch=z9hG4bKfl%u\r\n"
			 "Max-Forwards: 70\r\nFrom: <sip:100@" SERVER4 ">;tag=f\r\nTo: <sip:100@" SERVER4
			 ">\r\nCall-ID: flood-%u\r\nCSeq: 1 REGISTER\r\nContent-Length: 0\r\n\r\n",
			 i, i);
		assert_int_equal(vnet_inject(s->net, &src, &server, slice_str(text)), 0);
		if (i % 5 == 4)
			vnet_run(s->net, 1); /* 5,000 a second */
	}
	guard_stats(s->guard, &st);
	assert_true(st.busy > (many ? 8000 : 15000));
	sip_stats(s->sip, &ss);
	assert_int_equal(ss.server_trans, 0);
	log_clear(&s->b);
	talk(&s->a, &s->b, "101");
	end_call(&s->a, &s->b);
}

void flood_from_one_address(void **state)
{
	flood(*state, false);
}

void flood_from_many_addresses(void **state)
{
	flood(*state, true);
}

/* A flood from behind the address of an office does not reach its phones. */
void flood_from_an_office(void **state)
{
	struct scene *s = *state;
	struct typed t;
	unsigned n = 0;

	office(s);
	typed_open(s, &t, "192.168.1.66:5060");
	for (unsigned i = 0; i < 3000; i++) {
		clear(&t);
		typed_send(&t,
			   "REGISTER sip:" SERVER4 " SIP/2.0\nVia: SIP/2.0/UDP 1.2.3.4:5060;rport;branch=z9hG4bKof%u\n"
			   "Max-Forwards: 70\nFrom: <sip:100@x>;tag=f\nTo: <sip:100@" SERVER4 ">\n"
			   "Call-ID: office-%u\nCSeq: 1 REGISTER\nContent-Length: 0\n\n",
			   i, i);
		if (i % 50 == 49)
			vnet_run(s->net, 1);
		n += (unsigned)t.n;
	}
	office_works(s);
	clear(&t);
	typed_close(&t);
}

/* ------------------------------------------------------------------ connections */

struct crowd {
	struct tcp *t[300];
	unsigned up, closed;
	bool speaks;
};

static void c_connected(struct tcp *t, void *arg)
{
	struct crowd *c = arg;

	(void)t;
	c->up++;
}

static void c_recv(struct tcp *t, struct slice data, void *arg)
{
	(void)t;
	(void)data;
	(void)arg;
}

static void c_drained(struct tcp *t, void *arg)
{
	(void)t;
	(void)arg;
}

static void c_closed(struct tcp *t, int err, void *arg)
{
	struct crowd *c = arg;

	(void)t;
	(void)err;
	c->closed++;
}

static const struct tcp_ops crowd_ops = {c_connected, c_recv, c_drained, c_closed};

static void send_text(struct tcp *t, const char *text)
{
	struct rbuf *b;

	assert_int_equal(rbuf_alloc(&b, text, strlen(text)), 0);
	(void)!tcp_send(t, b); /* the server may have closed it */
	mem_deref(b);
}

/* Half-open connections and such that send a byte now and then are few for an address, and end after 30 s. */
void slow_connections_end(void **state)
{
	struct scene *s = *state;
	struct crowd c = {.up = 0};
	struct sa server = address(SERVER4 ":5060"), local = address("10.0.0.66:0");
	struct sip_stats st;
	struct loop *l;

	assert_int_equal(loop_alloc_virtual(&l, s->net), 0);
	for (size_t i = 0; i < ARRAY_LEN(c.t); i++) {
		assert_int_equal(tcp_connect(&c.t[i], l, &local, &server, 0, &crowd_ops, &c), 0);
		vnet_run(s->net, 110);
	}
	sip_stats(s->sip, &st);
	assert_in_range(st.conns, 40, 64);
	/* another address is served meanwhile */
	agent_open(s, &s->a, "100", "10.0.0.11", OH_TCP);
	agent_register(&s->a);
	for (int k = 0; k < 40; k++) {
		for (size_t i = 0; i < ARRAY_LEN(c.t); i++)
			send_text(c.t[i], "O");
		vnet_run(s->net, 1000);
	}
	sip_stats(s->sip, &st);
	assert_int_equal(st.conns, 1);
	for (size_t i = 0; i < ARRAY_LEN(c.t); i++)
		c.t[i] = mem_deref(c.t[i]);
	vnet_run(s->net, 100);
	mem_deref(l);
}

/* A length that no message has: answered and closed at once, nothing is kept for it. */
void huge_content_length(void **state)
{
	static const char *const length[] = {"999999999", "4294967299", "18446744073709551617", "-1", "1e9"};
	struct scene *s = *state;
	struct sa server = address(SERVER4 ":5060");
	struct loop *l;

	assert_int_equal(loop_alloc_virtual(&l, s->net), 0);
	for (size_t i = 0; i < ARRAY_LEN(length); i++) {
		struct crowd c = {.up = 0};
		struct sa local = address("10.0.0.66:0");
		char text[500];

		assert_int_equal(tcp_connect(&c.t[0], l, &local, &server, 0, &crowd_ops, &c), 0);
		vnet_run(s->net, 500);
		assert_int_equal(c.up, 1);
		snprintf(text, sizeof(text),
			 "OPTIONS sip:" SERVER4 " SIP/2.0\r\nVia: SIP/2.0/TCP 10.0.0.66:5060;branch=z9hG4bKhuge\r\n"
			 "From: <sip:x@x>;tag=1\r\nTo: <sip:x@x>\r\nCall-ID: huge\r\nCSeq: 1 OPTIONS\r\n"
			 "Max-Forwards: 70\r\nContent-Length: %s\r\n\r\n",
			 length[i]);
		send_text(c.t[0], text);
		vnet_run(s->net, 6000);
		assert_int_equal(c.closed, 1);
		mem_deref(c.t[0]);
	}
	vnet_run(s->net, 100);
	mem_deref(l);
}

/* A ban in mid-connection closes it. */
void ban_closes_connections(void **state)
{
	struct scene *s = *state;
	struct sip_stats st;

	agent_open(s, &s->a, "100", "10.0.0.11", OH_TCP);
	agent_register(&s->a);
	assert_int_equal(pbx_ban(s->pbx, "10.0.0.11", 60, "test", "test"), 0);
	assert_int_equal(oh_account_register(s->a.acct, true), 0);
	scene_run(s, 2000);
	sip_stats(s->sip, &st);
	assert_int_equal(st.conns, 0);
	assert_int_equal(pbx_lift(s->pbx, "all", "test"), 0);
}
