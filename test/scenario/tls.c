/*
 * tls.c - phones over TLS: calls in every direction, a server that is not who it should be, its certificate replaced in
 * the middle of a call, sips: calls, and strangers who open connections and say nothing.
 */
#include "scenario.h"

static void both_hear(struct scene *s)
{
	talk(&s->a, &s->b, "101");
	assert_hears(&s->a, &s->b);
	assert_hears(&s->b, &s->a);
	end_call(&s->a, &s->b);
	talk(&s->b, &s->a, "100");
	assert_hears(&s->a, &s->b);
	assert_hears(&s->b, &s->a);
	assert_int_equal(oh_call_hold(s->b.call, true), 0);
	agent_wait(&s->a, "held", 2000);
	agent_wait(&s->b, "changed:200", 2000);
	log_clear(&s->a);
	log_clear(&s->b);
	end_call(&s->b, &s->a);
	scene_check_idle(s);
}

static void two(struct scene *s, const char *ip_a, const char *ip_b, enum oh_transport tp_b)
{
	agent_open(s, &s->a, "100", ip_a, OH_TLS);
	agent_open(s, &s->b, "101", ip_b, tp_b);
	agent_register(&s->a);
	agent_register(&s->b);
	tones(s);
}

void tls_and_tls(void **state)
{
	two(*state, "10.0.0.11", "10.0.0.12", OH_TLS);
	both_hear(*state);
}

void tls_and_udp(void **state)
{
	two(*state, "10.0.0.11", "10.0.0.12", OH_UDP);
	both_hear(*state);
}

void tls_over_ipv6_and_tcp(void **state)
{
	two(*state, "fd00::11", "10.0.0.12", OH_TCP);
	both_hear(*state);
}

void phone_behind_nat_over_tls(void **state)
{
	struct scene *s = *state;
	struct sa_net inside;
	struct sa outside = address("203.0.113.5");

	assert_int_equal(sa_net_parse(&inside, SLICE("192.168.0.0/16")), 0);
	assert_int_equal(vnet_add_nat(s->net, &inside, &outside), 0);
	two(s, "192.168.1.10", "10.0.0.12", OH_UDP);
	both_hear(s);
}

/* The server goes away and comes again: the phone connects and registers anew. */
void tls_phone_comes_back(void **state)
{
	struct scene *s = *state;

	two(s, "10.0.0.11", "10.0.0.12", OH_UDP);
	server_stop(s, true);
	scene_run(s, 1000);
	server_start(s);
	agent_wait(&s->a, "registered:3600", 120000);
	log_clear(&s->a);
	talk(&s->b, &s->a, "100");
	assert_hears(&s->a, &s->b);
	end_call(&s->b, &s->a);
}

/* A phone that asks for another name says why it does not register; one that asks for nothing registers. */
void tls_server_is_not_trusted(void **state)
{
	struct scene *s = *state;
	struct oh_account_config ac = {.user = "100",
				       .password = PASSWORD,
				       .transport = OH_TLS,
				       .server = SERVER4,
				       .tls_name = "other.example"};

	agent_open_with(s, &s->a, "10.0.0.11", &ac);
	assert_int_equal(oh_account_register(s->a.acct, true), 0);
	agent_wait(&s->a, "regfail:0", 5000);
	assert_string_equal(s->a.text, "The certificate is for pbx.example, 10.0.0.1, fd00::1, not other.example.");
	agent_close(&s->a);
	ac.tls_name = "PBX.example";
	agent_open_with(s, &s->a, "10.0.0.11", &ac);
	log_clear(&s->a);
	agent_register(&s->a);
	ac.user = "101";
	ac.tls_name = "other.example";
	ac.tls_any = true;
	agent_open_with(s, &s->b, "10.0.0.12", &ac);
	agent_register(&s->b);
}

/* New connections see the new certificate; the call, and the registrations, go on over the old ones. */
void tls_certificate_is_replaced_in_a_call(void **state)
{
	struct scene *s = *state;
	struct cert_make m = {.cn = "new.example", .not_before = 1577836800, .not_after = 4070908800};
	struct cert *next;
	struct oh_account_config ac = {
		.user = "102", .password = PASSWORD, .transport = OH_TLS, .server = SERVER4, .tls_name = "pbx.example"};

	m.dns[m.ndns++] = "new.example";
	two(s, "10.0.0.11", "10.0.0.12", OH_TLS);
	talk(&s->a, &s->b, "101");
	assert_int_equal(cert_make(&next, &m), 0);
	assert_int_equal(tls_set_cert(s->tls, next), 0);
	assert_hears(&s->a, &s->b);
	assert_int_equal(oh_call_hold(s->b.call, true), 0);
	agent_wait(&s->a, "held", 2000);
	agent_wait(&s->b, "changed:200", 2000);
	log_clear(&s->a);
	log_clear(&s->b);
	/* who comes now does not find the old one, which is the one it trusts */
	agent_open_with(s, &s->c, "10.0.0.13", &ac);
	assert_int_equal(oh_account_register(s->c.acct, true), 0);
	agent_wait(&s->c, "regfail:0", 5000);
	assert_non_null(strstr(s->c.text, "self-signed"));
	agent_close(&s->c);
	end_call(&s->b, &s->a);
	talk(&s->b, &s->a, "100");
	end_call(&s->b, &s->a);
	mem_deref(next);
}

/* RFC 5630: a call to a sips: address goes to phones on TLS only. */
void sips_call_needs_tls_all_the_way(void **state)
{
	struct scene *s = *state;

	two(s, "10.0.0.11", "10.0.0.12", OH_UDP);
	agent_open(s, &s->c, "102", "10.0.0.13", OH_TLS);
	agent_register(&s->c);
	tones(s);
	agent_call(&s->a, "sips:101@" SERVER4);
	agent_wait(&s->a, "ended:480", 5000);
	assert_false(agent_has(&s->b, "incoming:100"));
	log_clear(&s->a);
	s->c.mood = ANSWER;
	agent_call(&s->a, "sips:102@" SERVER4);
	agent_wait(&s->a, "answered", 5000);
	assert_hears(&s->a, &s->c);
	log_clear(&s->a);
	log_clear(&s->c);
	end_call(&s->a, &s->c);
	/* a phone on UDP cannot ask for it */
	agent_call(&s->b, "sips:102@" SERVER4);
	agent_wait(&s->b, "ended:416", 5000);
	log_clear(&s->b);
}

static void up_h(struct tcp *t, void *arg)
{
	(void)t;
	(void)arg;
}

static void data_h(struct tcp *t, struct slice d, void *arg)
{
	(void)t;
	(void)d;
	(void)arg;
}

static void closed_h(struct tcp *t, int err, void *arg)
{
	(void)t;
	(void)err;
	++*(unsigned *)arg;
}

/* A thousand connections that never finish their handshake: the call goes on, another phone registers. */
void tls_half_open_flood_in_a_call(void **state)
{
	static const struct tcp_ops ops = {up_h, data_h, up_h, closed_h};
	enum { FLOOD = 1000 };
	static struct tcp *t[FLOOD];
	struct scene *s = *state;
	struct sa to = address(SERVER4);
	unsigned closed = 0;

	two(s, "10.0.0.11", "10.0.0.12", OH_TLS);
	talk(&s->a, &s->b, "101");
	sa_set_port(&to, 5061);
	for (unsigned i = 0; i < FLOOD; i++) {
		char ip[24];
		snprintf(ip, sizeof(ip), "10.66.%u.%u", i % 200, 1 + i % 7);
		struct sa from = address(ip);
		assert_int_equal(tcp_connect(&t[i], s->loop, &from, &to, 0, &ops, &closed), 0);
	}
	scene_run(s, 500);
	assert_hears(&s->a, &s->b);
	agent_open(s, &s->c, "102", "10.0.0.13", OH_TLS);
	agent_register(&s->c);
	scene_run(s, 15000);
	assert_int_equal(closed, FLOOD);
	for (unsigned i = 0; i < FLOOD; i++)
		mem_deref(t[i]);
	assert_hears(&s->b, &s->a);
	end_call(&s->a, &s->b);
}
