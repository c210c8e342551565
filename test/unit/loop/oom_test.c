/*
 * oom_test.c - every allocation of the room fails once: the error is ENOMEM,
 * nothing leaks, nothing crashes. Debug build only, where memory can fail.
 */
#include "loop/fiber.h"
#include "loop/tcp.h"
#include "loop/udp.h"
#include "loop/vnet.h"
#include "unit.h"

#ifdef OH_DEBUG

static struct vnet *net;
static struct loop *real, *virtual, *loop;
static struct sa at4, to4;

static void nothing_h(void *arg)
{
	(void)arg;
}

static void recv_h(struct udp *u, const struct udp_rx *rx, void *arg)
{
	(void)u;
	(void)rx;
	(void)arg;
}

static void up_h(struct tcp *t, void *arg)
{
	(void)t;
	(void)arg;
}

static void data_h(struct tcp *t, struct slice s, void *arg)
{
	(void)t;
	(void)s;
	(void)arg;
}

static void closed_h(struct tcp *t, int err, void *arg)
{
	(void)t;
	(void)err;
	(void)arg;
}

static const struct tcp_ops ops = {up_h, data_h, up_h, closed_h};

static void accept_h(struct tcp_listener *tl, const struct sa *peer, void *arg)
{
	struct tcp *t;

	(void)peer;
	(void)arg;
	if (tcp_accept(&t, tl, &ops, NULL) == 0)
		mem_deref(t);
}

static int op_loop(void)
{
	struct loop *l;
	int err = loop_alloc(&l);

	if (!err)
		mem_deref(l);
	return err;
}

static int op_vnet(void)
{
	struct vnet *n;
	struct loop *l;
	int err = vnet_alloc(&n, 1);

	if (err)
		return err;
	err = loop_alloc_virtual(&l, n);
	if (!err)
		mem_deref(l);
	mem_deref(n);
	return err;
}

static int op_thread(void)
{
	struct loop_thread *t;
	int err = loop_thread_start(&t, loop, "oom", NULL, NULL, NULL);

	if (!err)
		loop_thread_stop(t);
	return err;
}

static int op_udp(void)
{
	struct udp_opts o = {.batch = true};
	struct udp *u;
	struct rbuf *b;
	int err = udp_open(&u, loop, &at4, &o, recv_h, NULL);

	if (err)
		return err;
	err = rbuf_alloc(&b, "x", 1);
	if (!err) {
		err = udp_send(u, NULL, &to4, b);
		mem_deref(b);
	}
	loop_drain(loop);
	mem_deref(u);
	return err;
}

static int op_tcp(void)
{
	struct tcp_listener *tl;
	struct tcp *t;
	struct rbuf *b;
	struct sa a;
	int err = tcp_listen(&tl, loop, &at4, accept_h, NULL);

	if (err)
		return err;
	tcp_listener_local(tl, &a);
	err = tcp_connect(&t, loop, NULL, &a, 1000, &ops, NULL);
	if (!err) {
		err = rbuf_alloc(&b, "x", 1);
		if (!err) {
			err = tcp_send(t, b);
			mem_deref(b);
		}
		if (loop_is_virtual(loop))
			vnet_run(net, 10);
		else
			run_for(loop, 1);
		mem_deref(t);
	}
	mem_deref(tl);
	return err;
}

static int op_fiber(void)
{
	int err = fiber_start(NULL, loop, "oom", nothing_h, NULL);

	loop_drain(loop);
	return err;
}

static int op_faults(void)
{
	struct vnet_path p = {.delay_ms = 1};
	struct sa_net in = {.addr = at4, .bits = 32};
	struct vnet *n;
	struct sa src = at4, out = addr("203.0.113.1:0");
	struct loop *l;
	struct udp *u = NULL;

	sa_set_port(&src, 5);
	int err = vnet_alloc(&n, 1);
	if (err)
		return err;
	err = loop_alloc_virtual(&l, n);
	if (!err) {
		err = vnet_set_path(n, &at4, &to4, &p);
		if (!err)
			err = vnet_add_nat(n, &in, &out);
		if (!err)
			err = vnet_inject(n, &to4, &at4, SLICE("x"));
		if (!err)
			err = udp_open(&u, l, &src, NULL, recv_h, NULL);
		if (!err)
			err = udp_send_now(u, &to4, "x", 1);
		mem_deref(u);
		mem_deref(l);
	}
	mem_deref(n);
	return err;
}

static void check(const char *name, int (*op)(void))
{
	/* what stays with the loop after first use is no leak */
	assert_int_equal(op(), 0);
	if (!loop_is_virtual(loop))
		run_for(loop, 5);
	vnet_run(net, 20);
	for (long n = 0;; n++) {
		size_t live = mem_live();
		mem_fail_at(n);
		int err = op();
		bool failed = mem_fail_off() > n;
		/* segments on their way */
		vnet_run(net, 20);
		if (mem_live() != live || (err && err != ENOMEM) || n > 100)
			fail_msg("%s, allocation %ld: %s, %zu objects more", name, n, err_str(err), mem_live() - live);
		if (!failed) {
			assert_int_equal(err, 0);
			return;
		}
	}
}

static void test_oom(void **state)
{
	static const struct {
		const char *name;
		int (*op)(void);
	} ops_table[] = {
		{"loop", op_loop}, {"vnet", op_vnet},   {"thread", op_thread}, {"udp", op_udp},
		{"tcp", op_tcp},   {"fiber", op_fiber}, {"faults", op_faults},
	};

	(void)state;
	at4 = addr("127.0.0.1:0");
	to4 = addr("127.0.0.1:9");
	assert_int_equal(vnet_alloc(&net, 1), 0);
	assert_int_equal(loop_alloc_virtual(&virtual, net), 0);
	assert_int_equal(loop_alloc(&real), 0);
	for (size_t i = 0; i < ARRAY_LEN(ops_table) * 2; i++) {
		loop = i & 1 ? real : virtual;
		check(ops_table[i / 2].name, ops_table[i / 2].op);
	}
	mem_deref(real);
	mem_deref(virtual);
	mem_deref(net);
	assert_int_equal(mem_live(), 0);
}

#else

static void test_oom(void **state)
{
	(void)state;
	skip();
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_oom),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
