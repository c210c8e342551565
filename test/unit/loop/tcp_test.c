/*
 * tcp_test.c - TCP: the cases of tcp_cases.inc, and what only TCP itself has.
 */
#include <sys/resource.h>
#include <unistd.h>
#include "tcp_cases.inc"

static int carrier_listen(struct tcp_listener **lp, struct world *w, const struct sa *local, tcp_accept_h *ah,
			  void *arg)
{
	return tcp_listen(lp, w->l, local, ah, arg);
}

static int carrier_connect(struct tcp **tp, struct world *w, const struct sa *local, const struct sa *dst,
			   uint32_t timeout_ms, const struct tcp_ops *o, void *arg)
{
	return tcp_connect(tp, w->l, local, dst, timeout_ms, o, arg);
}

static void carrier_up(struct world *w)
{
	w->server = w->client = NULL;
}

static void carrier_down(struct world *w)
{
	(void)w;
}

CASE(echo)
CASE(pressure)
CASE(paused_end)
CASE(refused)
CASE(not_taken)
CASE(shutdown)
CASE(close_inside)
CASE(errors)

/* A path that loses everything: the attempt ends by its own clock. */
static void test_timeout_virtual(void **state)
{
	struct world w;
	struct server sv;
	struct side c;
	struct vnet_path dead = {.loss_pm = 1000};

	(void)state;
	world_up(&w, true);
	serve(&sv, &w, "10.0.0.1:5060");
	assert_int_equal(vnet_set_path(w.net, NULL, &sv.at, &dead), 0);
	uint64_t t0 = loop_now_ms(w.l);
	call(&c, &w, &sv.at);
	assert_true(until(&w, is_closed, &c, 60000));
	assert_int_equal(c.err, ETIMEDOUT);
	assert_int_equal(loop_now_ms(w.l), t0 + 5000);
	assert_int_equal(sv.accepted, 0);
	mem_deref(c.t);
	mem_deref(sv.tl);
	world_down(&w);
}

/* A full backlog keeps the real attempt waiting. */
static void test_timeout_real(void **state)
{
	struct world w;
	struct side c[3];
	struct sa a = addr("127.0.0.1:0");
	socklen_t l = sizeof(a.u);

	(void)state;
	world_up(&w, false);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, &a.u.sa, sa_len(&a)), 0);
	assert_int_equal(listen(fd, 0), 0);
	assert_int_equal(getsockname(fd, &a.u.sa, &l), 0);
	int timeouts = 0;
	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		memset(&c[i], 0, sizeof(c[i]));
		assert_int_equal(tcp_connect(&c[i].t, w.l, NULL, &a, 100, &ops, &c[i]), 0);
	}
	run_for(w.l, 400);
	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		timeouts += c[i].err == ETIMEDOUT;
		mem_deref(c[i].t);
	}
	assert_true(timeouts > 0);
	close(fd);
	world_down(&w);
}

/* The peer closes its half while our last output is on the way: it gets all of it. */
static void test_half_close(void **state)
{
	enum { BIG = 8 * 1024 * 1024 };
	static char area[65536];
	struct world w;
	struct server sv;
	unsigned sum = 0;
	size_t got = 0;
	ssize_t n = -1;

	(void)state;
	world_up(&w, false);
	serve(&sv, &w, "127.0.0.1:0");
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, &sv.at.u.sa, sa_len(&sv.at)), 0);
	assert_true(until(&w, is_accepted, &sv, 5000));
	struct rbuf *b = pattern(BIG, &sum);
	tcp_set_limit(sv.s.t, BIG);
	assert_int_equal(tcp_send(sv.s.t, b), 0);
	mem_deref(b);
	tcp_shutdown(sv.s.t);
	sv.s.t = mem_deref(sv.s.t);
	run_for(w.l, 10);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	for (int i = 0; i < 5000 && n != 0; i++) {
		run_for(w.l, 1);
		while ((n = recv(fd, area, sizeof(area), MSG_DONTWAIT)) > 0)
			got += (size_t)n;
	}
	assert_int_equal(n, 0);
	assert_int_equal(got, BIG);
	close(fd);
	mem_deref(sv.tl);
	world_down(&w);
}

/* A path that becomes faster in mid-stream does not let later bytes overtake earlier ones. */
static void test_delay_drops(void **state)
{
	struct world w;
	struct server sv;
	struct side c;
	struct vnet_path slow = {.delay_ms = 500}, fast = {.delay_ms = 1};
	unsigned sum = 0;

	(void)state;
	world_up(&w, true);
	serve(&sv, &w, "10.0.0.1:5060");
	call(&c, &w, &sv.at);
	assert_true(until(&w, is_connected, &c, 5000));
	assert_int_equal(vnet_set_path(w.net, NULL, NULL, &slow), 0);
	for (int i = 0; i < 2; i++) {
		struct rbuf *b = pattern(3000, &sum);
		assert_int_equal(tcp_send(c.t, b), 0);
		mem_deref(b);
		vnet_run(w.net, 10);
		assert_int_equal(vnet_set_path(w.net, NULL, NULL, &fast), 0);
	}
	tcp_shutdown(c.t);
	mem_deref(c.t);
	assert_true(until(&w, is_closed, &sv.s, 5000));
	assert_int_equal(sv.s.bytes, 6000);
	assert_int_equal(sv.s.sum, sum);
	mem_deref(sv.s.t);
	mem_deref(sv.tl);
	world_down(&w);
}

/* Output that a vanished reader never takes: the lingering connection ends after 5 s, though nobody holds it. */
static void test_linger_limit(void **state)
{
	struct world w;
	struct server sv;
	struct side c;
	unsigned sum = 0;
	struct rbuf *b = pattern(200000, &sum);

	(void)state;
	world_up(&w, true);
	serve(&sv, &w, "10.0.0.1:5060");
	sv.pause = true;
	call(&c, &w, &sv.at);
	assert_true(until(&w, is_connected, &c, 5000));
	assert_int_equal(tcp_send(c.t, b), 0);
	tcp_shutdown(c.t);
	mem_deref(c.t);
	vnet_run(w.net, 4999);
	assert_int_equal(mem_nrefs(b), 2);
	vnet_run(w.net, 2);
	assert_int_equal(mem_nrefs(b), 1);
	assert_int_equal(c.closed, 0);
	mem_deref(b);
	mem_deref(sv.s.t);
	mem_deref(sv.tl);
	vnet_run(w.net, 100);
	world_down(&w);
}

/* A loop that ends takes lingering connections with it. */
static void test_linger_loop_end(void **state)
{
	struct world w;
	struct server sv;
	struct side c;

	(void)state;
	world_up(&w, false);
	serve(&sv, &w, "127.0.0.1:0");
	sv.pause = true;
	call(&c, &w, &sv.at);
	assert_true(until(&w, is_connected, &c, 5000));
	tcp_shutdown(c.t);
	mem_deref(c.t);
	mem_deref(sv.s.t);
	mem_deref(sv.tl);
	world_down(&w);
}

static void line_h(enum log_level lvl, const char *line, void *arg)
{
	(void)line;
	*(int *)arg += lvl == LOG_WARN;
}

/* Descriptors run out: the listener rests and takes the connection when there are some again. */
static void test_no_descriptors(void **state)
{
	struct world w;
	struct server sv;
	struct side c;
	struct rlimit was, low;
	int lines = 0;

	(void)state;
	world_up(&w, false);
	serve(&sv, &w, "127.0.0.1:0");
	call(&c, &w, &sv.at);
	int next = dup(0);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	low = was;
	low.rlim_cur = (rlim_t)next;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	log_set_handler(line_h, &lines);
	run_for(w.l, 30);
	log_set_handler(NULL, NULL);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	/* said once for a rest of 100 ms, or a few times on a slow machine; not for every turn */
	assert_in_range(lines, 1, 20);
	assert_int_equal(sv.accepted, 0);
	assert_int_equal(c.connected, 1);
	assert_true(until(&w, is_accepted, &sv, 5000));
	mem_deref(c.t);
	mem_deref(sv.s.t);
	mem_deref(sv.tl);
	world_down(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_pressure),
		cmocka_unit_test(test_paused_end),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_not_taken),
		cmocka_unit_test(test_shutdown),
		cmocka_unit_test(test_close_inside),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_timeout_virtual),
		cmocka_unit_test(test_timeout_real),
		cmocka_unit_test(test_no_descriptors),
		cmocka_unit_test(test_linger_limit),
		cmocka_unit_test(test_linger_loop_end),
		cmocka_unit_test(test_delay_drops),
		cmocka_unit_test(test_half_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
