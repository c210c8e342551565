/*
 * udp_test.c - the system's UDP sockets on loopback: both styles, both families,
 * local addresses, handing sockets over, closing inside a call-back.
 */
#ifdef __linux__
#include <sys/syscall.h>
#endif
#include <unistd.h>
#include "base/clock.h"
#include "loop/udp.h"
#include "loop/vnet.h"
#include "unit.h"

struct peer {
	struct loop *l;
	struct udp *u;
	struct sa local;
	int got, want;
	size_t bytes;
	struct udp_rx last;
	char text[64];
	int close_at; /* closes its socket at this datagram */
};

static void recv_h(struct udp *u, const struct udp_rx *rx, void *arg)
{
	struct peer *p = arg;

	assert_ptr_equal(u, p->u);
	p->last = *rx;
	p->bytes += rx->data.l;
	(void)slice_copy(p->text, sizeof(p->text), rx->data);
	p->got++;
	if (p->got == p->close_at)
		p->u = mem_deref(p->u);
	if (p->got == p->want)
		loop_stop(p->l);
}

static void peer_open(struct peer *p, struct loop *l, const char *at, bool batch)
{
	struct sa a = addr(at);
	struct udp_opts o = {.batch = batch, .dscp = 46, .rcvbuf = 1 << 20, .sndbuf = 1 << 20};

	memset(p, 0, sizeof(*p));
	p->l = l;
	assert_int_equal(udp_open(&p->u, l, &a, &o, recv_h, p), 0);
	udp_local(p->u, &p->local);
	assert_true(sa_port(&p->local) != 0);
}

struct kind {
	const char *bind, *to; /* `to`: address under which it is reached */
	bool batch;
};

/* Datagrams there and back, among them an empty one and the longest. */
static void check_pair(const struct kind *k)
{
	struct loop *l;
	struct peer a, b;
	struct rbuf *big, *none, *hello = block("hello");

	assert_int_equal(loop_alloc(&l), 0);
	peer_open(&a, l, k->bind, k->batch);
	peer_open(&b, l, k->bind, k->batch);
	struct sa to = addr(k->to);
	sa_set_port(&to, sa_port(&b.local));
	assert_int_equal(rbuf_alloc(&big, NULL, 65000), 0);
	assert_int_equal(rbuf_alloc(&none, NULL, 0), 0);
	memset(big->data, 7, big->l);
	b.want = 3;
	assert_int_equal(udp_send(a.u, NULL, &to, big), 0);
	assert_int_equal(udp_send(a.u, NULL, &to, none), 0);
	assert_int_equal(udp_send(a.u, &to, &to, hello), 0);
	/* a batch holds a reference until the end of the turn */
	assert_int_equal(mem_nrefs(hello), k->batch ? 2 : 1);
	run_bounded(l);
	assert_int_equal(b.got, 3);
	assert_int_equal(b.bytes, 65000 + 5);
	assert_string_equal(b.text, "hello");
	assert_true(sa_eq_addr(&b.last.dst, &to));
	assert_int_equal(sa_port(&b.last.dst), sa_port(&b.local));
	assert_int_equal(sa_port(&b.last.src), sa_port(&a.local));
	assert_int_equal(mem_nrefs(hello), 1);
	/* and back to where it came from, at once */
	a.want = 1;
	assert_int_equal(udp_send_now(b.u, &b.last.src, "back", 4), 0);
	run_bounded(l);
	assert_string_equal(a.text, "back");
	mem_deref(hello);
	mem_deref(none);
	mem_deref(big);
	mem_deref(a.u);
	mem_deref(b.u);
	mem_deref(l);
}

static void test_pairs(void **state)
{
	static const struct kind kinds[] = {
		{"127.0.0.1:0", "127.0.0.1:1", false}, {"127.0.0.1:0", "127.0.0.1:1", true},
		{"0.0.0.0:0", "127.0.0.1:1", false},   {"0.0.0.0:0", "127.0.0.1:1", true},
		{"[::1]:0", "[::1]:1", false},         {"[::1]:0", "[::1]:1", true},
		{"[::]:0", "[::1]:1", false},          {"[::]:0", "[::1]:1", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		check_pair(&kinds[i]);
}

static void wake_h(void *arg)
{
	loop_stop(arg);
}

/* A datagram that waits while the loop sleeps has the time when it came; without stamps, when it was read. */
static void test_stamps(void **state)
{
	static const char *const at[] = {"127.0.0.1:0", "[::1]:0", "0.0.0.0:0", "[::]:0"};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(at); i++) {
		struct loop *l;
		struct peer a, b;
		struct timer t = {0};
		struct sa to = addr(i % 2 ? "[::1]:1" : "127.0.0.1:1");
		bool on = i < ARRAY_LEN(at);

		assert_int_equal(loop_alloc(&l), 0);
		peer_open(&a, l, at[i % 2], false);
		peer_open(&b, l, at[i % ARRAY_LEN(at)], false);
		udp_set_stamps(b.u, true);
		udp_set_stamps(b.u, on);
		sa_set_port(&to, sa_port(&b.local));
		/* the system may begin to look at the clock a moment after it was asked */
		timer_start(&t, l, 50, wake_h, l);
		run_bounded(l);
		assert_int_equal(udp_send_now(a.u, &to, "x", 1), 0);
		uint64_t sent = clock_mono_us();
		usleep(30000);
		uint64_t read = clock_mono_us();
		b.want = 1;
		run_bounded(l);
		assert_int_equal(b.got, 1);
		if (on)
			assert_true(b.last.us < sent + 15000);
		else
			assert_true(b.last.us >= read);
		assert_true(b.last.us + 15000 > sent);
		assert_true(sa_eq_addr(&b.last.dst, &to));
		mem_deref(a.u);
		mem_deref(b.u);
		mem_deref(l);
	}
}

/* Bound to any, a reply leaves from the address that was asked for. */
static void test_source_address(void **state)
{
	struct loop *l;
	struct peer a, b;
	struct rbuf *m = block("x");

	(void)state;
	for (int batch = 0; batch < 2; batch++) {
		assert_int_equal(loop_alloc(&l), 0);
		peer_open(&a, l, "0.0.0.0:0", batch);
		peer_open(&b, l, "127.0.0.1:0", batch);
		struct sa src = addr("127.0.0.7:0");
		b.want = 1;
		assert_int_equal(udp_send(a.u, &src, &b.local, m), 0);
		run_bounded(l);
		assert_true(sa_eq_addr(&b.last.src, &src));
		/* the answer arrives at that address */
		struct sa to = b.last.src;
		a.want = 1;
		assert_int_equal(udp_send(b.u, NULL, &to, m), 0);
		run_bounded(l);
		assert_true(sa_eq_addr(&a.last.dst, &src));
		mem_deref(a.u);
		mem_deref(b.u);
		mem_deref(l);
	}
	mem_deref(m);
}

/* More datagrams than one system call takes, all in order of sending. */
static void test_batch_many(void **state)
{
	struct loop *l;
	struct peer a, b;
	char text[16];

	(void)state;
	assert_int_equal(loop_alloc(&l), 0);
	peer_open(&a, l, "127.0.0.1:0", true);
	peer_open(&b, l, "127.0.0.1:0", true);
	b.want = 200;
	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "%d", i);
		struct rbuf *m = block(text);
		assert_int_equal(udp_send(a.u, NULL, &b.local, m), 0);
		mem_deref(m);
	}
	run_bounded(l);
	assert_string_equal(b.text, "199");
	mem_deref(a.u);
	mem_deref(b.u);
	mem_deref(l);
}

/* A socket closed in its own call-back hears nothing more, though datagrams were received already. */
static void test_close_inside(void **state)
{
	struct loop *l;
	struct peer a, b;
	struct rbuf *m = block("x");

	(void)state;
	for (int batch = 0; batch < 2; batch++) {
		assert_int_equal(loop_alloc(&l), 0);
		peer_open(&a, l, "127.0.0.1:0", true);
		peer_open(&b, l, "127.0.0.1:0", batch);
		b.close_at = 2;
		b.want = 99;
		for (int i = 0; i < 10; i++)
			assert_int_equal(udp_send(a.u, NULL, &b.local, m), 0);
		run_for(l, 30);
		assert_int_equal(b.got, 2);
		assert_null(b.u);
		/* nobody is there now: the error that comes back for it is not ours */
		assert_int_equal(udp_send_now(a.u, &b.local, "x", 1), 0);
		assert_int_equal(udp_send_now(a.u, &b.local, "x", 1), 0);
		run_for(l, 5);
		mem_deref(a.u);
		mem_deref(l);
	}
	mem_deref(m);
}

/* Closing another socket that is ready in the same turn. */
static struct peer *victim;
static int killed;

static void kill_h(struct udp *u, const struct udp_rx *rx, void *arg)
{
	struct peer *p = arg;

	(void)u;
	(void)rx;
	p->got++;
	killed++;
	/* the first one that is called closes the other */
	victim[p == &victim[0]].u = mem_deref(victim[p == &victim[0]].u);
}

static void test_close_other(void **state)
{
	struct loop *l;
	struct peer a, b[2];

	(void)state;
	assert_int_equal(loop_alloc(&l), 0);
	peer_open(&a, l, "127.0.0.1:0", false);
	victim = b;
	killed = 0;
	for (int i = 0; i < 2; i++) {
		peer_open(&b[i], l, "127.0.0.1:0", false);
		udp_set_handler(b[i].u, kill_h, &b[i]);
		assert_int_equal(udp_send_now(a.u, &b[i].local, "x", 1), 0);
	}
	run_for(l, 20);
	assert_int_equal(killed, 1);
	mem_deref(b[0].u);
	mem_deref(b[1].u);
	mem_deref(a.u);
	mem_deref(l);
}

/* A pooled socket: drops without a receiver, then serves a new one on another loop. */
static void test_pool(void **state)
{
	struct loop *l, *l2;
	struct peer a, b;

	(void)state;
	assert_int_equal(loop_alloc(&l), 0);
	assert_int_equal(loop_alloc(&l2), 0);
	peer_open(&a, l, "127.0.0.1:0", false);
	peer_open(&b, l, "127.0.0.1:0", false);
	udp_set_handler(b.u, NULL, NULL);
	assert_int_equal(udp_send_now(a.u, &b.local, "old", 3), 0);
	run_for(l, 10);
	assert_int_equal(b.got, 0);
	udp_detach(b.u);
	udp_set_handler(b.u, recv_h, &b);
	assert_int_equal(udp_send_now(a.u, &b.local, "new", 3), 0);
	run_for(l, 5);
	assert_int_equal(b.got, 0);
	assert_int_equal(udp_attach(b.u, l2), 0);
	b.l = l2;
	b.want = 1;
	run_bounded(l2);
	assert_string_equal(b.text, "new");
	assert_int_equal(udp_attach(b.u, l2), 0);
	mem_deref(b.u);
	mem_deref(a.u);
	mem_deref(l2);
	mem_deref(l);
}

static void test_open_errors(void **state)
{
	struct loop *l;
	struct peer a;
	struct udp *u;
	struct sa unset, none = addr("192.0.2.77:5060");
	struct udp_opts shared = {.reuseport = true};

	(void)state;
	assert_int_equal(loop_alloc(&l), 0);
	peer_open(&a, l, "127.0.0.1:0", true);
	assert_int_equal(udp_open(&u, l, &a.local, NULL, recv_h, &a), EADDRINUSE);
	assert_int_equal(udp_open(&u, l, &none, NULL, recv_h, &a), EADDRNOTAVAIL);
	sa_init(&unset);
	assert_int_equal(udp_open(&u, l, &unset, NULL, recv_h, &a), EINVAL);
	struct sa any = addr("127.0.0.1:0"), got;
	struct udp *v;
	assert_int_equal(udp_open(&u, l, &any, &shared, recv_h, &a), 0);
	udp_local(u, &got);
	assert_int_equal(udp_open(&v, l, &got, &shared, recv_h, &a), 0);
	mem_deref(u);
	mem_deref(v);
	/* what the system refuses is not returned by the queueing call */
	struct rbuf *big;
	assert_int_equal(rbuf_alloc(&big, NULL, 70000), 0);
	assert_int_equal(udp_send(a.u, NULL, &a.local, big), 0);
	assert_int_equal(udp_send_now(a.u, &a.local, big->data, big->l), EMSGSIZE);
	log_set_level(LOG_ERROR);
	run_for(l, 5);
	log_set_level(LOG_INFO);
	assert_int_equal(a.got, 0);
	mem_deref(big);
	mem_deref(a.u);
	mem_deref(l);
}

static void test_local_for(void **state)
{
	struct loop *l, *v;
	struct vnet *net;
	struct sa a, d4 = addr("127.0.0.1:5060"), d6 = addr("[::1]:5060");
	char s[SA_STRLEN];

	(void)state;
	assert_int_equal(loop_alloc(&l), 0);
	assert_int_equal(udp_local_for(l, &d4, &a), 0);
	assert_string_equal(sa_str(&a, s), "127.0.0.1:0");
	assert_int_equal(udp_local_for(l, &d6, &a), 0);
	assert_string_equal(sa_str(&a, s), "[::1]:0");
	mem_deref(l);
	assert_int_equal(vnet_alloc(&net, 1), 0);
	assert_int_equal(loop_alloc_virtual(&v, net), 0);
	assert_int_equal(udp_local_for(v, &d6, &a), 0);
	assert_string_equal(sa_str(&a, s), "[::1]:0");
	struct sa any = addr("0.0.0.0:5060"), mine = addr("10.0.0.1:5060");
	struct udp *u, *w;
	assert_int_equal(udp_open(&u, v, &any, NULL, recv_h, NULL), 0);
	assert_int_equal(udp_open(&w, v, &mine, NULL, recv_h, NULL), 0);
	assert_int_equal(udp_local_for(v, &d4, &a), 0);
	assert_string_equal(sa_str(&a, s), "10.0.0.1:0");
	mem_deref(u);
	mem_deref(w);
	mem_deref(v);
	mem_deref(net);
}

#ifdef __linux__

/* Stands before the C library's: the system's buffer is "full" when a test says so. */
static int full, partial, sends;

int sendmmsg(int fd, struct mmsghdr *m, unsigned n, int flags)
{
	sends++;
	if (full) {
		errno = EAGAIN;
		return -1;
	}
	if (partial && n > (unsigned)partial)
		n = (unsigned)partial;
	partial = 0;
	return (int)syscall(SYS_sendmmsg, fd, m, n, flags);
}

static void unblock_h(void *arg)
{
	(void)arg;
	full = 0;
}

/* A full buffer: the queue waits for the socket to become writable, keeps its order and has a limit. */
static void test_batch_blocked(void **state)
{
	enum { LIMIT = 2048 };
	struct loop *l;
	struct peer a, b;
	struct timer t = {0};
	char text[16];

	(void)state;
	assert_int_equal(loop_alloc(&l), 0);
	peer_open(&a, l, "127.0.0.1:0", true);
	peer_open(&b, l, "127.0.0.1:0", true);
	struct rbuf *m = block("first");
	/* one goes out of three, then the buffer is full for a while */
	partial = 1;
	for (int i = 0; i < 3; i++)
		assert_int_equal(udp_send(a.u, NULL, &b.local, m), 0);
	b.want = 3;
	run_bounded(l);
	assert_int_equal(mem_nrefs(m), 1);
	full = 1;
	b.want = 203;
	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "%d", i);
		struct rbuf *k = block(text);
		assert_int_equal(udp_send(a.u, NULL, &b.local, k), 0);
		mem_deref(k);
	}
	timer_start(&t, l, 20, unblock_h, NULL);
	run_bounded(l);
	assert_string_equal(b.text, "199");
	/* beyond the limit datagrams are dropped, not kept */
	full = 1;
	for (int i = 0; i < LIMIT + 100; i++)
		assert_int_equal(udp_send(a.u, NULL, &b.local, m), 0);
	assert_int_equal(mem_nrefs(m), 1 + LIMIT);
	loop_drain(l);
	assert_int_equal(mem_nrefs(m), 1 + LIMIT);
	/* closing lets go of all */
	mem_deref(a.u);
	assert_int_equal(mem_nrefs(m), 1);
	full = 0;
	mem_deref(m);
	mem_deref(b.u);
	mem_deref(l);
}

#else

static void test_batch_blocked(void **state)
{
	(void)state;
	skip();
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),         cmocka_unit_test(test_source_address),
		cmocka_unit_test(test_batch_many),    cmocka_unit_test(test_close_inside),
		cmocka_unit_test(test_close_other),   cmocka_unit_test(test_pool),
		cmocka_unit_test(test_open_errors),   cmocka_unit_test(test_local_for),
		cmocka_unit_test(test_batch_blocked), cmocka_unit_test(test_stamps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
