/*
 * transports.c - phones of different kinds call each other: IPv4 and IPv6, UDP and TCP, behind a NAT.
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

static void two(void **state, const char *ip_a, enum oh_transport tp_a, const char *ip_b, enum oh_transport tp_b)
{
	struct scene *s = *state;

	agent_open(s, &s->a, "100", ip_a, tp_a);
	agent_open(s, &s->b, "101", ip_b, tp_b);
	agent_register(&s->a);
	agent_register(&s->b);
	tones(s);
	both_hear(s);
}

void ipv4_and_ipv6(void **state)
{
	two(state, "10.0.0.11", OH_UDP, "fd00::12", OH_UDP);
}
void ipv6_and_ipv6(void **state)
{
	two(state, "fd00::11", OH_UDP, "fd00::12", OH_UDP);
}
void tcp_and_udp(void **state)
{
	two(state, "10.0.0.11", OH_TCP, "10.0.0.12", OH_UDP);
}
void tcp_and_tcp(void **state)
{
	two(state, "10.0.0.11", OH_TCP, "10.0.0.12", OH_TCP);
}
void tcp_over_ipv6_and_udp_over_ipv4(void **state)
{
	two(state, "fd00::11", OH_TCP, "10.0.0.12", OH_UDP);
}

static void add_nat(struct scene *s)
{
	struct sa_net inside;
	struct sa outside = address("203.0.113.5");

	assert_int_equal(sa_net_parse(&inside, SLICE("192.168.0.0/16")), 0);
	assert_int_equal(vnet_add_nat(s->net, &inside, &outside), 0);
}

/* Its Contact and its SDP name an address that nobody can reach: it is reached where it came from. */
void phone_behind_nat(void **state)
{
	add_nat(*state);
	two(state, "192.168.1.10", OH_UDP, "10.0.0.12", OH_UDP);
}

void phone_behind_nat_over_tcp(void **state)
{
	add_nat(*state);
	two(state, "192.168.1.10", OH_TCP, "10.0.0.12", OH_UDP);
}

void both_behind_one_nat(void **state)
{
	add_nat(*state);
	two(state, "192.168.1.10", OH_UDP, "192.168.1.11", OH_UDP);
}

/* The server goes away and comes again while a TCP phone is registered: it connects and registers anew. */
void tcp_phone_comes_back(void **state)
{
	struct scene *s = *state;

	agent_open(s, &s->a, "100", "10.0.0.11", OH_UDP);
	agent_open(s, &s->b, "101", "10.0.0.12", OH_TCP);
	agent_register(&s->a);
	agent_register(&s->b);
	tones(s);
	server_stop(s, true);
	scene_run(s, 1000);
	server_start(s);
	agent_wait(&s->b, "registered:3600", 120000);
	log_clear(&s->b);
	talk(&s->a, &s->b, "101");
	assert_hears(&s->a, &s->b);
	end_call(&s->a, &s->b);
}

void echo_behind_nat(void **state)
{
	struct scene *s = *state;

	add_nat(s);
	agent_open(s, &s->a, "100", "192.168.1.10", OH_UDP);
	agent_register(&s->a);
	tones(s);
	agent_call(&s->a, "*43");
	agent_wait(&s->a, "answered", 2000);
	scene_run(s, 3000);
	assert_hears(&s->a, &s->a);
}

/* The NAT is slow to forget: a phone behind it stays reachable between its registrations. */
void phone_behind_nat_is_called_later(void **state)
{
	struct scene *s = *state;

	add_nat(s);
	agent_open(s, &s->a, "100", "10.0.0.11", OH_UDP);
	agent_open(s, &s->b, "101", "192.168.1.10", OH_UDP);
	agent_register(&s->a);
	agent_register(&s->b);
	tones(s);
	scene_run(s, 20 * 60 * 1000);
	log_clear(&s->b);
	talk(&s->a, &s->b, "101");
	assert_hears(&s->a, &s->b);
	assert_hears(&s->b, &s->a);
	assert_int_equal(oh_call_hold(s->a.call, true), 0);
	agent_wait(&s->b, "held", 2000);
	log_clear(&s->a);
	log_clear(&s->b);
	end_call(&s->a, &s->b);
}
