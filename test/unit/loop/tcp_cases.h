/*
 * tcp_cases.h - what must hold for every struct tcp, whatever carries it: bytes across segments, limits, refusal,
 * orderly and sudden ends, closing inside call-backs. Run by tcp_test.c and tls_test.c, on the system's TCP and on a
 * vnet's.
 */
#ifndef UNIT_LOOP_TCP_CASES_H
#define UNIT_LOOP_TCP_CASES_H

#include "loop/tls.h"
#include "loop/vnet.h"
#include "unit.h"

/* The world of a case: real or virtual. */
struct world {
	struct vnet *net; /* NULL: real */
	struct loop *l;
	struct tls *server, *client; /* where the carrier is TLS */
};

/* What the carrier of a test program does: plain TCP, or TLS. */
static int carrier_listen(struct tcp_listener **lp, struct world *w, const struct sa *local, tcp_accept_h *ah,
			  void *arg);
static int carrier_connect(struct tcp **tp, struct world *w, const struct sa *local, const struct sa *dst,
			   uint32_t timeout_ms, const struct tcp_ops *o, void *arg);
static void carrier_up(struct world *w);
static void carrier_down(struct world *w);

/* One side. */
struct side {
	struct world *w;
	struct tcp *t;
	int connected, drained, closed, err;
	size_t bytes, calls;
	unsigned sum;
	bool echo, deref_in_recv, deref_in_closed, deref_in_connected;
	struct rbuf *at_connect;
};

struct server {
	struct side s;
	struct tcp_listener *tl;
	struct sa at;
	bool refuse, pause, shut;
	int accepted;
};

static void connected_h(struct tcp *t, void *arg)
{
	struct side *s = arg;

	assert_ptr_equal(t, s->t);
	s->connected++;
	if (s->at_connect)
		assert_int_equal(tcp_send(t, s->at_connect), 0);
	if (s->deref_in_connected)
		s->t = mem_deref(s->t);
}

static void recv_h(struct tcp *t, struct slice data, void *arg)
{
	struct side *s = arg;

	assert_ptr_equal(t, s->t);
	assert_int_equal(s->closed, 0);
	/* position-dependent, so that order matters */
	for (size_t i = 0; i < data.l; i++)
		s->sum = s->sum * 31 + (unsigned char)data.p[i];
	s->bytes += data.l;
	s->calls++;
	if (s->echo) {
		struct rbuf *b;
		assert_int_equal(rbuf_alloc(&b, data.p, data.l), 0);
		assert_int_equal(tcp_send(t, b), 0);
		mem_deref(b);
	}
	if (s->deref_in_recv)
		s->t = mem_deref(s->t);
}

static void drained_h(struct tcp *t, void *arg)
{
	(void)t;
	((struct side *)arg)->drained++;
}

static void closed_h(struct tcp *t, int err, void *arg)
{
	struct side *s = arg;
	struct rbuf *b = block("late");

	s->closed++;
	s->err = err;
	assert_int_equal(tcp_send(t, b), ENOTCONN);
	mem_deref(b);
	if (s->deref_in_closed)
		s->t = mem_deref(s->t);
}

static const struct tcp_ops ops = {connected_h, recv_h, drained_h, closed_h};

static void accept_h(struct tcp_listener *tl, const struct sa *peer, void *arg)
{
	struct server *sv = arg;

	assert_true(sa_port(peer) != 0);
	sv->accepted++;
	if (sv->refuse)
		return;
	assert_int_equal(tcp_accept(&sv->s.t, tl, &ops, &sv->s), 0);
	struct tcp *again;
	assert_int_equal(tcp_accept(&again, tl, &ops, &sv->s), ERR_STATE);
	struct sa seen;
	tcp_peer(sv->s.t, &seen);
	assert_true(sa_eq(&seen, peer));
	if (sv->pause)
		tcp_read_pause(sv->s.t, true);
	if (sv->shut) {
		struct rbuf *b = block("bye");
		assert_int_equal(tcp_send(sv->s.t, b), 0);
		mem_deref(b);
		tcp_shutdown(sv->s.t);
		sv->s.t = mem_deref(sv->s.t);
	}
}

static void world_up(struct world *w, bool virtual)
{
	w->net = NULL;
	if (!virtual) {
		assert_int_equal(loop_alloc(&w->l), 0);
		carrier_up(w);
		return;
	}
	struct vnet_path slow = {.delay_ms = 5};
	assert_int_equal(vnet_alloc(&w->net, 1), 0);
	assert_int_equal(vnet_set_path(w->net, NULL, NULL, &slow), 0);
	assert_int_equal(loop_alloc_virtual(&w->l, w->net), 0);
	carrier_up(w);
}

static void world_down(struct world *w)
{
	if (w->net) {
		/* ends of streams that are still on their way */
		vnet_run(w->net, 20);
		assert_int_equal(vnet_pending(w->net), 0);
	}
	carrier_down(w);
	mem_deref(w->l);
	mem_deref(w->net);
}

struct cond {
	struct world *w;
	struct timer poll, limit;
	bool (*fn)(void *arg);
	void *arg;
	bool ok;
};

static void poll_h(void *arg)
{
	struct cond *c = arg;

	c->ok = c->fn(c->arg);
	if (c->ok)
		loop_stop(c->w->l);
	else
		timer_start(&c->poll, c->w->l, 1, poll_h, c);
}

static void limit_h(void *arg)
{
	loop_stop(((struct cond *)arg)->w->l);
}

/* Run until the condition holds, at most `ms`. */
static bool until(struct world *w, bool (*fn)(void *arg), void *arg, uint64_t ms)
{
	struct cond c = {.w = w, .fn = fn, .arg = arg};

	if (w->net)
		return vnet_run_until(w->net, fn, arg, ms);
	poll_h(&c);
	timer_start(&c.limit, w->l, ms, limit_h, &c);
	assert_int_equal(loop_run(w->l), 0);
	timer_stop(&c.poll);
	timer_stop(&c.limit);
	return c.ok;
}

static void pass(struct world *w, uint64_t ms)
{
	if (w->net)
		vnet_run(w->net, ms);
	else
		run_for(w->l, ms);
}

static bool is_connected(void *arg)
{
	return ((struct side *)arg)->connected > 0;
}

static bool is_closed(void *arg)
{
	return ((struct side *)arg)->closed > 0;
}

static bool is_accepted(void *arg)
{
	return ((struct server *)arg)->accepted > 0;
}

static bool is_drained(void *arg)
{
	return ((struct side *)arg)->drained > 0;
}

static size_t want_bytes;

static bool has_bytes(void *arg)
{
	return ((struct side *)arg)->bytes >= want_bytes;
}

static void serve(struct server *sv, struct world *w, const char *at)
{
	struct sa a = addr(at);

	memset(sv, 0, sizeof(*sv));
	sv->s.w = w;
	assert_int_equal(carrier_listen(&sv->tl, w, &a, accept_h, sv), 0);
	tcp_listener_local(sv->tl, &sv->at);
	assert_true(sa_port(&sv->at) != 0);
}

static void call(struct side *s, struct world *w, const struct sa *to)
{
	memset(s, 0, sizeof(*s));
	s->w = w;
	assert_int_equal(carrier_connect(&s->t, w, NULL, to, 5000, &ops, s), 0);
	assert_int_equal(s->connected, 0);
}

static struct rbuf *pattern(size_t l, unsigned *sum)
{
	struct rbuf *b;

	assert_int_equal(rbuf_alloc(&b, NULL, l), 0);
	for (size_t i = 0; i < l; i++) {
		b->data[i] = (uint8_t)(i * 7 + (i >> 8));
		*sum = *sum * 31 + b->data[i];
	}
	return b;
}

/* ------------------------------------------------------------------ cases */

/* Blocks of many sizes, some before the connection is up, come back as the same stream of bytes. */
static void case_echo(struct world *w, const char *at)
{
	static const size_t size[] = {1, 1399, 1400, 1401, 5, 20000, 70000, 3};
	struct server sv;
	struct side c;
	unsigned sum = 0;
	size_t total = 0;

	serve(&sv, w, at);
	call(&c, w, &sv.at);
	sv.s.echo = true;
	for (size_t i = 0; i < ARRAY_LEN(size); i++) {
		struct rbuf *b = pattern(size[i], &sum);
		if (i == 3)
			assert_true(until(w, is_connected, &c, 5000));
		assert_int_equal(tcp_send(c.t, b), 0);
		total += size[i];
		mem_deref(b);
	}
	want_bytes = total;
	assert_true(until(w, has_bytes, &c, 10000));
	assert_int_equal(c.bytes, total);
	assert_int_equal(c.sum, sum);
	assert_int_equal(sv.s.sum, sum);
	assert_true(c.calls > 1);
	assert_int_equal(sv.s.connected, 0);
	struct sa mine, theirs;
	tcp_local(c.t, &mine);
	tcp_peer(sv.s.t, &theirs);
	assert_true(sa_eq(&mine, &theirs));
	/* sudden end on one side is an end of stream on the other */
	c.t = mem_deref(c.t);
	assert_true(until(w, is_closed, &sv.s, 5000));
	assert_int_equal(sv.s.err, 0);
	assert_int_equal(sv.s.closed, 1);
	assert_int_equal(c.closed, 0);
	mem_deref(sv.s.t);
	mem_deref(sv.tl);
}

/* A reader that pauses: output fills up to its limit, then drains when reading goes on. */
static void case_pressure(struct world *w, const char *at)
{
	struct server sv;
	struct side c;
	unsigned sum = 0, n = 0;
	int err;

	serve(&sv, w, at);
	sv.pause = true;
	call(&c, w, &sv.at);
	assert_true(until(w, is_connected, &c, 5000));
	tcp_set_limit(c.t, 100000);
	while (true) {
		struct rbuf *b = pattern(30000, &sum);
		err = tcp_send(c.t, b);
		mem_deref(b);
		if (err)
			break;
		n++;
		pass(w, 20);
		assert_true(n < 1000);
	}
	assert_int_equal(err, ENOBUFS);
	assert_true(n >= 3);
	assert_int_equal(sv.s.bytes, 0);
	assert_int_equal(c.drained, 0);
	tcp_read_pause(sv.s.t, false);
	assert_true(until(w, is_drained, &c, 5000));
	want_bytes = n * 30000;
	assert_true(until(w, has_bytes, &sv.s, 5000));
	assert_int_equal(c.drained, 1);
	assert_int_equal(sv.s.bytes, want_bytes);
	mem_deref(c.t);
	assert_true(until(w, is_closed, &sv.s, 5000));
	mem_deref(sv.s.t);
	mem_deref(sv.tl);
}

/* Paused data and the end of stream behind it arrive in order when reading goes on. */
static void case_paused_end(struct world *w, const char *at)
{
	struct server sv;
	struct side c;
	struct rbuf *b = block("last words");

	serve(&sv, w, at);
	sv.pause = true;
	call(&c, w, &sv.at);
	assert_true(until(w, is_connected, &c, 5000));
	assert_true(until(w, is_accepted, &sv, 5000));
	assert_int_equal(tcp_send(c.t, b), 0);
	mem_deref(b);
	tcp_shutdown(c.t);
	b = block("more");
	assert_int_equal(tcp_send(c.t, b), ENOTCONN);
	mem_deref(b);
	mem_deref(c.t);
	pass(w, 30);
	assert_int_equal(sv.s.bytes + (size_t)sv.s.closed, 0);
	tcp_read_pause(sv.s.t, false);
	assert_true(until(w, is_closed, &sv.s, 5000));
	assert_int_equal(sv.s.bytes, 10);
	assert_int_equal(sv.s.err, 0);
	mem_deref(sv.s.t);
	mem_deref(sv.tl);
	pass(w, 50);
}

static void case_refused(struct world *w, const char *at)
{
	struct server sv;
	struct side c;

	serve(&sv, w, at);
	mem_deref(sv.tl);
	call(&c, w, &sv.at);
	c.deref_in_closed = true;
	assert_true(until(w, is_closed, &c, 5000));
	assert_int_equal(c.err, ECONNREFUSED);
	assert_int_equal(c.connected, 0);
	assert_null(c.t);
}

/* Nobody takes the connection: it ends. */
static void case_not_taken(struct world *w, const char *at)
{
	struct server sv;
	struct side c;

	serve(&sv, w, at);
	sv.refuse = true;
	call(&c, w, &sv.at);
	assert_true(until(w, is_closed, &c, 5000));
	assert_int_equal(c.err, 0);
	assert_int_equal(sv.accepted, 1);
	mem_deref(c.t);
	mem_deref(sv.tl);
}

/* The server says its last words and drops its reference inside the accept call-back. */
static void case_shutdown(struct world *w, const char *at)
{
	struct server sv;
	struct side c;

	serve(&sv, w, at);
	sv.shut = true;
	call(&c, w, &sv.at);
	assert_true(until(w, is_closed, &c, 5000));
	assert_int_equal(c.bytes, 3);
	assert_int_equal(c.err, 0);
	mem_deref(c.t);
	pass(w, 50);
	assert_int_equal(sv.s.closed, 0);
	mem_deref(sv.tl);
}

static void case_close_inside(struct world *w, const char *at)
{
	struct server sv;
	struct side c;
	unsigned sum = 0;
	struct rbuf *b = pattern(5000, &sum);

	/* in connected, with output waiting */
	serve(&sv, w, at);
	call(&c, w, &sv.at);
	c.deref_in_connected = true;
	assert_int_equal(tcp_send(c.t, b), 0);
	assert_true(until(w, is_closed, &sv.s, 5000));
	assert_int_equal(c.connected, 1);
	sv.s.t = mem_deref(sv.s.t);
	/* in recv, with more to come */
	sv.s.closed = 0;
	sv.s.calls = 0;
	sv.s.deref_in_recv = true;
	call(&c, w, &sv.at);
	assert_int_equal(tcp_send(c.t, b), 0);
	assert_true(until(w, is_closed, &c, 5000));
	pass(w, 20);
	assert_int_equal(sv.s.calls, 1);
	assert_int_equal(sv.s.closed, 0);
	assert_null(sv.s.t);
	mem_deref(c.t);
	/* before anything happened */
	call(&c, w, &sv.at);
	mem_deref(c.t);
	pass(w, 20);
	assert_int_equal(c.connected + c.closed, 0);
	sv.s.t = mem_deref(sv.s.t);
	mem_deref(b);
	mem_deref(sv.tl);
}

static void case_errors(struct world *w, const char *at)
{
	struct server sv;
	struct tcp_listener *tl;
	struct tcp *t;
	struct side c = {0};
	struct sa unset, noport, other = addr(at[0] == '[' ? "127.0.0.1:0" : "[::1]:0");

	serve(&sv, w, at);
	assert_int_equal(carrier_listen(&tl, w, &sv.at, accept_h, &sv), EADDRINUSE);
	sa_init(&unset);
	noport = addr(at);
	assert_int_equal(carrier_listen(&tl, w, &unset, accept_h, &sv), EINVAL);
	assert_int_equal(carrier_connect(&t, w, NULL, &unset, 0, &ops, &c), EINVAL);
	assert_int_equal(carrier_connect(&t, w, NULL, &noport, 0, &ops, &c), EINVAL);
	assert_int_equal(carrier_connect(&t, w, &other, &sv.at, 0, &ops, &c), EINVAL);
	mem_deref(sv.tl);
}

static void each_world(void (*fn)(struct world *w, const char *at))
{
	static const char *const at[] = {"127.0.0.1:0", "[::1]:0"};

	for (int virtual = 0; virtual < 2; virtual ++) {
		for (size_t i = 0; i < ARRAY_LEN(at); i++) {
			struct world w;
			world_up(&w, virtual);
			fn(&w, at[i]);
			world_down(&w);
		}
	}
}

#define CASE(name)                                                                                                     \
	static void test_##name(void **state)                                                                          \
	{                                                                                                              \
		(void)state;                                                                                           \
		each_world(case_##name);                                                                               \
	}

#endif
