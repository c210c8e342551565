/*
 * vnet_test.c - the in-memory network: delivery, order of time, faults that
 * repeat with their seed, filters, NATs, and two loops that talk.
 */
#include "loop/udp.h"
#include "loop/vnet.h"
#include "unit.h"

enum { LOG = 4096 };

struct node {
	struct udp *u;
	struct sa local;
	int got;
	uint64_t last_ms;
	struct udp_rx last;
	char text[64];
	bool echo, close;
};

static struct vnet *net;
static struct loop *loop, *loop2;
static char trace[LOG];

static int setup(void **state)
{
	(void)state;
	trace[0] = 0;
	if (vnet_alloc(&net, 42) || loop_alloc_virtual(&loop, net))
		return -1;
	return loop_alloc_virtual(&loop2, net);
}

static int teardown(void **state)
{
	(void)state;
	mem_deref(loop);
	mem_deref(loop2);
	mem_deref(net);
	return 0;
}

static void recv_h(struct udp *u, const struct udp_rx *rx, void *arg)
{
	struct node *n = arg;
	char line[80];

	n->got++;
	n->last = *rx;
	n->last_ms = vnet_now_ms(net);
	assert_int_equal(rx->us, n->last_ms * 1000);
	(void)slice_copy(n->text, sizeof(n->text), rx->data);
	snprintf(line, sizeof(line), "%s@%llu ", n->text, (unsigned long long)(n->last_ms - 1000000));
	strncat(trace, line, LOG - strlen(trace) - 1);
	if (n->echo)
		assert_int_equal(udp_send_now(u, &rx->src, rx->data.p, rx->data.l), 0);
	/* what is received may be changed in place without harm to others */
	if (rx->data.l)
		*(char *)(uintptr_t)rx->data.p = '#';
	if (n->close)
		n->u = mem_deref(n->u);
}

static void node_up(struct node *n, struct loop *l, const char *at)
{
	struct sa a = addr(at);

	memset(n, 0, sizeof(*n));
	assert_int_equal(udp_open(&n->u, l, &a, NULL, recv_h, n), 0);
	udp_local(n->u, &n->local);
}

static void say(struct node *n, const struct sa *to, const char *s)
{
	assert_int_equal(udp_send_now(n->u, to, s, strlen(s)), 0);
}

static void test_delivery(void **state)
{
	struct node a, b, any;
	struct rbuf *m = block("shared");
	struct sa nobody = addr("9.9.9.9:9");

	(void)state;
	node_up(&a, loop, "10.0.0.1:5060");
	node_up(&b, loop2, "10.0.0.2:5060");
	node_up(&any, loop2, "0.0.0.0:6000");
	assert_int_equal(udp_send(a.u, NULL, &b.local, m), 0);
	assert_int_equal(b.got, 0);
	vnet_run(net, 0);
	assert_int_equal(b.got, 1);
	assert_string_equal(b.text, "shared");
	assert_memory_equal(m->data, "shared", 6);
	assert_true(sa_eq(&b.last.src, &a.local));
	assert_true(sa_eq(&b.last.dst, &b.local));
	say(&a, &nobody, "x");
	struct sa to = addr("10.7.7.7:6000");
	say(&a, &to, "any");
	vnet_run(net, 0);
	assert_int_equal(any.got, 1);
	assert_true(sa_eq(&any.last.dst, &to));
	/* from an unspecified address: the loop's first one, or the one asked for */
	say(&any, &a.local, "r");
	vnet_run(net, 0);
	assert_true(sa_eq_addr(&a.last.src, &b.local));
	assert_int_equal(sa_port(&a.last.src), 6000);
	assert_int_equal(udp_send(any.u, &to, &a.local, m), 0);
	vnet_run(net, 0);
	assert_true(sa_eq(&a.last.src, &to));
	assert_int_equal(vnet_pending(net), 0);
	/* addresses in use, and free ones */
	struct udp *u;
	struct node c, d;
	assert_int_equal(udp_open(&u, loop, &a.local, NULL, recv_h, &a), EADDRINUSE);
	node_up(&c, loop, "10.0.0.1:0");
	node_up(&d, loop, "10.0.0.1:0");
	assert_false(sa_eq(&c.local, &d.local));
	assert_int_equal(udp_send_now(a.u, &b.local, trace, 65508), EMSGSIZE);
	mem_deref(c.u);
	mem_deref(d.u);
	mem_deref(any.u);
	mem_deref(b.u);
	mem_deref(a.u);
	mem_deref(m);
}

static void test_close_and_move(void **state)
{
	struct node a, b;

	(void)state;
	node_up(&a, loop, "10.0.0.1:1");
	node_up(&b, loop, "10.0.0.2:1");
	b.close = true;
	say(&a, &b.local, "1");
	say(&a, &b.local, "2");
	vnet_run(net, 1);
	assert_int_equal(b.got, 1);
	assert_null(b.u);
	node_up(&b, loop, "10.0.0.2:1");
	udp_detach(b.u);
	say(&a, &b.local, "lost");
	vnet_run(net, 1);
	assert_int_equal(udp_attach(b.u, loop2), 0);
	say(&a, &b.local, "kept");
	vnet_run(net, 1);
	assert_int_equal(b.got, 1);
	struct loop *real;
	assert_int_equal(loop_alloc(&real), 0);
	assert_int_equal(udp_attach(b.u, real), EINVAL);
	mem_deref(real);
	mem_deref(a.u);
	mem_deref(b.u);
}

static void timer_h(void *arg)
{
	strcat(trace, arg);
}

/* Packets and timers run in order of time; packets first within a ms. */
static void test_order_of_time(void **state)
{
	struct node a, b;
	struct timer t[3] = {0};
	struct vnet_path p10 = {.delay_ms = 10}, p5 = {.delay_ms = 5};

	(void)state;
	node_up(&a, loop, "10.0.0.1:1");
	node_up(&b, loop2, "10.0.0.2:1");
	timer_start(&t[0], loop, 10, timer_h, "t10 ");
	timer_start(&t[1], loop2, 7, timer_h, "t7 ");
	timer_start(&t[2], loop, 5, timer_h, "t5 ");
	assert_int_equal(vnet_set_path(net, NULL, NULL, &p10), 0);
	say(&a, &b.local, "A");
	assert_int_equal(vnet_set_path(net, &a.local, &b.local, &p5), 0);
	say(&a, &b.local, "B");
	assert_int_equal(vnet_pending(net), 5);
	vnet_run(net, 9);
	assert_string_equal(trace, "B@5 t5 t7 ");
	vnet_run(net, 1);
	assert_string_equal(trace, "B@5 t5 t7 A@10 t10 ");
	mem_deref(a.u);
	mem_deref(b.u);
}

/* The fate of 400 datagrams as text. */
static void faults(uint64_t seed, char *dst)
{
	struct node a, b;
	struct vnet_path p = {.delay_ms = 20, .jitter_ms = 10, .loss_pm = 100, .dup_pm = 50, .reorder_pm = 50};
	char s[16];

	trace[0] = 0;
	assert_int_equal(vnet_alloc(&net, seed), 0);
	assert_int_equal(loop_alloc_virtual(&loop, net), 0);
	node_up(&a, loop, "10.0.0.1:1");
	node_up(&b, loop, "10.0.0.2:1");
	assert_int_equal(vnet_set_path(net, NULL, &b.local, &p), 0);
	int early = 0, late = 0;
	for (int i = 0; i < 400; i++) {
		snprintf(s, sizeof(s), "%d", i);
		uint64_t sent = vnet_now_ms(net);
		say(&a, &b.local, s);
		vnet_run(net, 100);
		early += b.last_ms >= sent && b.last_ms < sent + 20;
		late += b.last_ms > sent + 30;
		assert_true(b.last_ms <= sent + 60);
	}
	/* far from certainty, near enough to the rates: 400 * 0.9 * 1.05 = 378 */
	assert_in_range(b.got, 330, 420);
	assert_int_equal(early, 0);
	assert_in_range(late, 3, 60);
	memcpy(dst, trace, LOG);
	/* other direction: no rule, no fault */
	say(&b, &a.local, "clean");
	uint64_t now = vnet_now_ms(net);
	vnet_run(net, 1);
	assert_int_equal(a.last_ms, now);
	mem_deref(a.u);
	mem_deref(b.u);
	mem_deref(loop);
	mem_deref(net);
}

static void test_faults_repeat(void **state)
{
	static char one[LOG], two[LOG], other[LOG];

	(void)state;
	faults(7, one);
	faults(7, two);
	faults(8, other);
	assert_string_equal(one, two);
	assert_string_not_equal(one, other);
}

struct drop {
	int seen, nth;
};

static bool drop_h(const struct sa *src, const struct sa *dst, struct slice data, void *arg)
{
	struct drop *d = arg;

	assert_true(sa_isset(src) && sa_isset(dst) && data.l);
	return ++d->seen != d->nth;
}

static void test_filter(void **state)
{
	struct node a, b;
	struct drop d = {.nth = 2};

	(void)state;
	node_up(&a, loop, "10.0.0.1:1");
	node_up(&b, loop, "10.0.0.2:1");
	vnet_set_filter(net, drop_h, &d);
	say(&a, &b.local, "1");
	say(&a, &b.local, "2");
	say(&a, &b.local, "3");
	vnet_run(net, 1);
	assert_string_equal(trace, "1@0 3@0 ");
	vnet_set_filter(net, NULL, NULL);
	say(&a, &b.local, "4");
	vnet_run(net, 1);
	assert_int_equal(d.seen, 3);
	assert_int_equal(b.got, 3);
	mem_deref(a.u);
	mem_deref(b.u);
}

/* Later rules win; a rule for the same pair replaces the older one. */
static void test_path_rules(void **state)
{
	struct node a, b, c;
	struct vnet_path dead = {.loss_pm = 1000}, clean = {0}, slow = {.delay_ms = 3};
	struct sa host = addr("10.0.0.2:0");

	(void)state;
	node_up(&a, loop, "10.0.0.1:1");
	node_up(&b, loop, "10.0.0.2:1");
	node_up(&c, loop, "10.0.0.2:2");
	assert_int_equal(vnet_set_path(net, NULL, &host, &dead), 0);
	assert_int_equal(vnet_set_path(net, NULL, &c.local, &slow), 0);
	say(&a, &b.local, "1");
	say(&a, &c.local, "2");
	vnet_run(net, 10);
	assert_int_equal(b.got, 0);
	assert_int_equal(c.got, 1);
	assert_int_equal(c.last_ms, 1000003);
	assert_int_equal(vnet_set_path(net, NULL, &host, &clean), 0);
	say(&a, &b.local, "3");
	say(&a, &c.local, "4");
	vnet_run(net, 0);
	assert_int_equal(b.got, 1);
	assert_int_equal(c.got, 2);
	mem_deref(a.u);
	mem_deref(b.u);
	mem_deref(c.u);
}

static void add_nat(const char *inside, const char *outside)
{
	struct sa_net in;
	struct sa out = addr(outside);

	assert_int_equal(sa_net_parse(&in, slice_str(inside)), 0);
	assert_int_equal(vnet_add_nat(net, &in, &out), 0);
}

static void test_nat(void **state)
{
	struct node phone, phone2, server, other;

	(void)state;
	add_nat("192.168.0.0/16", "203.0.113.5:0");
	node_up(&phone, loop, "192.168.1.10:5060");
	node_up(&phone2, loop, "192.168.1.11:5060");
	node_up(&server, loop2, "198.51.100.1:5060");
	node_up(&other, loop2, "198.51.100.2:5060");
	say(&phone, &server.local, "out");
	vnet_run(net, 0);
	struct sa outside = server.last.src;
	assert_true(sa_eq_addr(&outside, &(struct sa){.u.in = addr("203.0.113.5:0").u.in}));
	assert_false(sa_eq(&outside, &phone.local));
	/* the answer comes in; strangers do not, nor the same host from another port */
	say(&server, &outside, "in");
	say(&other, &outside, "stranger");
	vnet_run(net, 0);
	assert_int_equal(phone.got, 1);
	assert_string_equal(phone.text, "in");
	assert_true(sa_eq(&phone.last.dst, &phone.local));
	/* the same flow keeps its port, another destination gets another one */
	say(&phone, &server.local, "out2");
	vnet_run(net, 0);
	assert_true(sa_eq(&server.last.src, &outside));
	say(&phone, &other.local, "out3");
	vnet_run(net, 0);
	assert_false(sa_eq(&other.last.src, &outside));
	/* inside there is no NAT, and nothing reaches in unasked */
	say(&phone2, &phone.local, "lan");
	vnet_run(net, 0);
	assert_true(sa_eq(&phone.last.src, &phone2.local));
	/* spoofing the peer is possible, as on the real network */
	assert_int_equal(vnet_inject(net, &server.local, &outside, SLICE("spoof")), 0);
	struct sa closed = outside;
	sa_set_port(&closed, 1);
	assert_int_equal(vnet_inject(net, &server.local, &closed, SLICE("closed")), 0);
	vnet_run(net, 0);
	assert_string_equal(phone.text, "spoof");
	assert_int_equal(phone.got, 3);
	mem_deref(phone.u);
	mem_deref(phone2.u);
	mem_deref(server.u);
	mem_deref(other.u);
}

/* A NAT behind a NAT. */
static void test_nat_nested(void **state)
{
	struct node phone, server;

	(void)state;
	add_nat("192.168.0.0/16", "100.64.0.9:0");
	add_nat("100.64.0.0/10", "203.0.113.5:0");
	node_up(&phone, loop, "192.168.1.10:5060");
	node_up(&server, loop2, "198.51.100.1:5060");
	server.echo = true;
	say(&phone, &server.local, "ping");
	vnet_run(net, 0);
	assert_true(sa_eq_addr(&server.last.src, &(struct sa){.u.in = addr("203.0.113.5:0").u.in}));
	assert_int_equal(phone.got, 1);
	mem_deref(phone.u);
	mem_deref(server.u);
}

static void test_shared_address(void **state)
{
	struct node a, n[2];
	struct udp_opts shared = {.reuseport = true};
	struct sa at = addr("10.0.0.9:5060");

	(void)state;
	for (int i = 0; i < 2; i++) {
		memset(&n[i], 0, sizeof(n[i]));
		assert_int_equal(udp_open(&n[i].u, loop, &at, &shared, recv_h, &n[i]), 0);
	}
	/* one source always reaches the same socket, many sources reach both */
	for (int i = 1; i < 60; i++) {
		char s[32];
		snprintf(s, sizeof(s), "10.1.0.%d:1", i);
		node_up(&a, loop2, s);
		int before[2] = {n[0].got, n[1].got};
		say(&a, &at, "x");
		say(&a, &at, "y");
		vnet_run(net, 0);
		assert_int_equal(n[0].got - before[0] + n[1].got - before[1], 2);
		assert_true(n[0].got == before[0] || n[1].got == before[1]);
		mem_deref(a.u);
	}
	assert_true(n[0].got > 10 && n[1].got > 10);
	mem_deref(n[0].u);
	mem_deref(n[1].u);
}

static bool three(void *arg)
{
	return ((struct node *)arg)->got >= 3;
}

struct cross {
	struct loop_msg m;
	struct loop *to;
	int n;
};

static void cross_h(struct loop_msg *m)
{
	struct cross *c = CONTAINER_OF(m, struct cross, m);

	if (++c->n < 10) {
		c->to = c->to == loop ? loop2 : loop;
		loop_post(c->to, m);
	}
}

static void test_run_until(void **state)
{
	struct node a, b;
	struct cross c = {.m.fn = cross_h, .to = loop};
	struct vnet_path p = {.delay_ms = 10};

	(void)state;
	node_up(&a, loop, "10.0.0.1:1");
	node_up(&b, loop2, "10.0.0.2:1");
	assert_int_equal(vnet_set_path(net, NULL, NULL, &p), 0);
	a.echo = b.echo = true;
	say(&a, &b.local, "ping");
	assert_true(vnet_run_until(net, three, &b, 1000));
	assert_int_equal(vnet_now_ms(net), 1000050);
	a.echo = false;
	b.got = 0;
	assert_false(vnet_run_until(net, three, &b, 1000));
	assert_int_equal(vnet_now_ms(net), 1001050);
	/* messages between virtual loops */
	loop_post(loop, &c.m);
	assert_int_equal(c.n, 0);
	vnet_run(net, 0);
	assert_int_equal(c.n, 10);
	/* "for ever" ends when nothing is ahead */
	vnet_run(net, UINT64_MAX);
	mem_deref(a.u);
	mem_deref(b.u);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_delivery),
		T(test_close_and_move),
		T(test_order_of_time),
		cmocka_unit_test(test_faults_repeat),
		T(test_filter),
		T(test_path_rules),
		T(test_nat),
		T(test_nat_nested),
		T(test_shared_address),
		T(test_run_until),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
