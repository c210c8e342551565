/*
 * real_test.c - the same stack on real loopback sockets: UDP and TCP, IPv4 and IPv6, sockets bound to one address and
 * to all. Every run ends by its own timer.
 */
#include "fix.h"

enum { GIVE_UP_MS = 5000 };

struct real {
	struct loop *loop;
	struct sip *a, *b;
	struct timer tmr;
	size_t left, ok;
	bool late;
};

static void on_late(void *arg)
{
	struct real *r = arg;

	r->late = true;
	loop_stop(r->loop);
}

static void one_less(struct real *r)
{
	if (!--r->left)
		loop_stop(r->loop);
}

static void on_response(struct sip_ctrans *ct, const struct sip_msg *rsp, void *arg)
{
	struct real *r = arg;

	(void)ct;
	r->ok += rsp->scode == 200;
	one_less(r);
}

static void on_failed(struct sip_ctrans *ct, int err, void *arg)
{
	(void)ct;
	(void)err;
	one_less(arg);
}

static const struct sip_ctrans_ops ops = {on_response, on_failed};

/* The port of a stack's listener of this kind and family. */
struct want {
	enum sip_transp tp;
	int af;
	uint16_t port;
};

static void find_port(enum sip_transp tp, const struct sa *local, void *arg)
{
	struct want *w = arg;

	if (tp == w->tp && sa_af(local) == w->af)
		w->port = sa_port(local);
}

static void ask(struct real *r, enum sip_transp tp, const char *ip)
{
	struct sip_request q = {.m = SIP_OPTIONS, .uri = SLICE("sip:b"), .dest = {.tp = tp, .addr = fix_sa(ip, 0)}};
	struct want w = {tp, sa_af(&q.dest.addr), 0};
	char hdrs[128];

	sip_listeners(r->b, find_port, &w);
	assert_true(w.port > 0);
	sa_set_port(&q.dest.addr, w.port);
	snprintf(hdrs, sizeof(hdrs), "From: <sip:a>;tag=1\r\nTo: <sip:b>\r\nCall-ID: %zu\r\nCSeq: 1 OPTIONS\r\n",
		 r->left++);
	q.hdrs = slice_str(hdrs);
	assert_int_equal(sip_request(NULL, r->a, &q, &ops, r), 0);
}

static void listen_on(struct sip *s, const char *v4, const char *v6)
{
	struct sa a4 = fix_sa(v4, 0), a6 = fix_sa(v6, 0);

	assert_int_equal(sip_listen(s, SIP_TRANSP_UDP, &a4), 0);
	assert_int_equal(sip_listen(s, SIP_TRANSP_TCP, &a4), 0);
	assert_int_equal(sip_listen(s, SIP_TRANSP_UDP, &a6), 0);
	assert_int_equal(sip_listen(s, SIP_TRANSP_TCP, &a6), 0);
}

/* Four requests, one by each road. */
static void options_by_all_roads(const char *v4, const char *v6)
{
	struct real r = {0};
	struct sip_cfg cfg = {0};
	struct sip_stats st;

	assert_int_equal(loop_alloc(&r.loop), 0);
	cfg.loop = r.loop;
	assert_int_equal(sip_alloc(&r.a, &cfg, NULL, NULL), 0);
	assert_int_equal(sip_alloc(&r.b, &cfg, NULL, NULL), 0);
	listen_on(r.a, v4, v6);
	listen_on(r.b, v4, v6);
	ask(&r, SIP_TRANSP_UDP, "127.0.0.1");
	ask(&r, SIP_TRANSP_TCP, "127.0.0.1");
	ask(&r, SIP_TRANSP_UDP, "::1");
	ask(&r, SIP_TRANSP_TCP, "::1");
	timer_start(&r.tmr, r.loop, GIVE_UP_MS, on_late, &r);
	(void)loop_run(r.loop);
	timer_stop(&r.tmr);
	assert_false(r.late);
	assert_int_equal(r.ok, 4);
	sip_stats(r.b, &st);
	assert_int_equal(st.conns, 2);
	mem_deref(r.a);
	mem_deref(r.b);
	mem_deref(r.loop);
}

static void sockets_of_one_address(void **state)
{
	(void)state;
	options_by_all_roads("127.0.0.1", "::1");
}

static void sockets_of_all_addresses(void **state)
{
	(void)state;
	options_by_all_roads("0.0.0.0", "::");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sockets_of_one_address),
		cmocka_unit_test(sockets_of_all_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
