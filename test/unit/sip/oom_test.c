/*
 * oom_test.c - out of memory: each story is run with allocation 0, 1, 2 ... failing, and all after it for one step,
 * until it succeeds whole. Nothing may crash or leak, and afterwards the stack must serve the next request.
 */
#include "fix.h"
#include "sip/auth_priv.h"

enum { RUNS_MAX = 3000 };

/* One story; `at` is the step at which memory fails. Returns the allocations that were asked for under failure. */
typedef long(story_h)(struct fix *f, long fail_at);

static const char ping[] =
	"OPTIONS sip:10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bKping\r\n"
	"From: <sip:a>;tag=p\r\nTo: <sip:b>\r\nCall-ID: ping\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";

/* The stack only: the peers and the network must not starve. The packet is delivered by hand. */
static void deliver(struct fix *f, const char *txt)
{
	struct sip_rx rx = {.tp = SIP_TRANSP_UDP, .src = f->a.addr, .dst = f->addr, .data = slice_str(txt)};

	sip_recv(f->sip, &rx);
}

/* Run `story` with ever later failures; it reports how many allocations it asked for. */
static void starve(story_h *story)
{
	for (long n = 0;; n++) {
		struct fix f;
		long asked;

		assert_true(n < RUNS_MAX);
		fix_open(&f);
		mem_fail_at(n);
		asked = story(&f, n);
		/* all is well again */
		fix_run(&f, T64 * 3);
		peer_forget(&f.a);
		peer_say(&f.a, ping);
		assert_int_equal(f.a.n, 1);
		assert_code(&f.a, 200);
		fix_run(&f, T64 + 400);
		fix_assert_idle(&f);
		fix_close(&f);
		if (asked <= n)
			return;
	}
}

static long invite_refused(struct fix *f, long n)
{
	long asked;

	(void)n;
	deliver(f, REQ("INVITE"));
	if (f->st)
		sip_reply_simple(f->st, 180, NULL);
	deliver(f, REQ("INVITE"));
	deliver(f, REQ("CANCEL"));
	deliver(f, REQ("ACK"));
	asked = mem_fail_off();
	if (f->st && !sip_strans_done(f->st))
		sip_reply_simple(f->st, 500, NULL);
	peer_say(&f->a, REQ("ACK"));
	return asked;
}

static long invite_accepted(struct fix *f, long n)
{
	long asked;

	(void)n;
	deliver(f, REQ("INVITE"));
	if (f->st) {
		sip_reply_simple(f->st, 200, NULL);
		sip_strans_resend(f->st);
	}
	asked = mem_fail_off();
	if (f->st)
		sip_reply_simple(f->st, 200, NULL);
	return asked;
}

static long requests_of_all_kinds(struct fix *f, long n)
{
	long asked;

	(void)n;
	f->answer = 200;
	deliver(f, REQ("REGISTER"));
	deliver(f, REQ("OPTIONS", .uri = "sip:10.0.0.1", .branch = "z9hG4bK1", .callid = "1"));
	deliver(f, REQ("INVITE", .hdrs = "Require: a, b\r\n", .branch = "z9hG4bK2", .callid = "2"));
	deliver(f, REQ("MESSAGE", .branch = "z9hG4bK3", .callid = "3"));
	deliver(f, REQ("BYE", .branch = "z9hG4bK4", .callid = "4", .to_tag = "x"));
	deliver(f, REQ("CANCEL", .branch = "z9hG4bK5", .callid = "5"));
	deliver(f, REQ("INVITE", .branch = "z9hG4bK6", .callid = "6", .hdrs = "Max-Forwards: x\r\n"));
	asked = mem_fail_off();
	return asked;
}

static long client_invite(struct fix *f, long n)
{
	struct sip_ctrans *ct = NULL;
	struct heard rq = {0};
	char txt[4096];
	long asked;
	int err;

	(void)n;
	err = fix_send(f, SIP_INVITE, SIP_TRANSP_UDP, &ct);
	if (err) {
		assert_null(ct);
		return mem_fail_off();
	}
	/* the answer is made of what was sent, without asking for memory here */
	snprintf(txt, sizeof(txt), "%.*s", (int)ct->req->l, (const char *)ct->req->data);
	rq.txt = txt;
	deliver(f, rsp_txt(&rq, 180, "bt", ""));
	err = sip_cancel(ct, SLICE("SIP;cause=200"));
	deliver(f, rsp_txt(&rq, 183, "bt", ""));
	deliver(f, rsp_txt(&rq, 487, "bt", ""));
	deliver(f, rsp_txt(&rq, 487, "bt", ""));
	asked = mem_fail_off();
	assert_true(f->failed <= 1);
	peer_say(&f->a, rsp_txt(&rq, 487, "bt", ""));
	mem_deref(ct);
	return asked;
}

static long client_cancel_early(struct fix *f, long n)
{
	struct sip_ctrans *ct = NULL;
	struct heard rq = {0};
	char txt[4096];
	long asked;
	int err;

	(void)n;
	if (fix_send(f, SIP_INVITE, SIP_TRANSP_UDP, &ct))
		return mem_fail_off();
	snprintf(txt, sizeof(txt), "%.*s", (int)ct->req->l, (const char *)ct->req->data);
	rq.txt = txt;
	err = sip_cancel(ct, SLICE("SIP;cause=200"));
	deliver(f, rsp_txt(&rq, 180, "bt", ""));
	asked = mem_fail_off();
	if (err) /* the caller's to try again */
		assert_int_equal(err, ENOMEM);
	peer_say(&f->a, rsp_txt(&rq, 487, "bt", ""));
	mem_deref(ct);
	return asked;
}

static long client_other(struct fix *f, long n)
{
	long asked;

	(void)n;
	if (!fix_send(f, SIP_OPTIONS, SIP_TRANSP_UDP, NULL))
		fix_run(f, 0);
	asked = mem_fail_off();
	return asked;
}

/* A stream of another carrier, fed in pieces. */
static int swallow(void *conn, struct rbuf *b)
{
	(void)conn;
	(void)b;
	return 0;
}

static void forget(void *conn)
{
	size_t *closed = conn;

	(*closed)++;
}

static const struct sip_stream_ops carrier = {swallow, forget};

static long stream_in_pieces(struct fix *f, long n)
{
	struct sa peer = fix_sa("10.0.0.7", 40000);
	struct sip_stream *st;
	size_t closed = 0;
	const char *txt = REQ("OPTIONS", .uri = "sip:10.0.0.1", .via = "SIP/2.0/TLS 10.0.0.7:5061");
	long asked;

	(void)n;
	if (sip_stream_add(&st, f->sip, SIP_TRANSP_TLS, &f->addr, &peer, true, &carrier, &closed))
		return mem_fail_off();
	mem_ref(st);
	sip_stream_recv(st, slice_first(slice_str(txt), 40));
	sip_stream_recv(st, slice_from(slice_str(txt), 40));
	asked = mem_fail_off();
	sip_stream_close(st, 0);
	assert_int_equal(closed, 1);
	mem_deref(st);
	return asked;
}

static long tcp_connect_and_send(struct fix *f, long n)
{
	long asked;

	(void)n;
	if (!fix_send(f, SIP_OPTIONS, SIP_TRANSP_TCP, NULL))
		fix_run(f, 0);
	asked = mem_fail_off();
	return asked;
}

static int no_user(struct slice user, struct sip_ha1 *h, void *arg)
{
	(void)user;
	(void)h;
	(void)arg;
	return ENOENT;
}

static long authentication(struct fix *f, long n)
{
	struct sip_auth_cfg cfg = {.loop = f->loop, .realm = "offhook"};
	struct sip_auth *a = NULL;
	struct sip_client_auth *c = NULL;
	struct sip_auth_info info;
	long asked;

	(void)n;
	if (sip_auth_alloc(&a, &cfg) || sip_client_auth_alloc(&c))
		goto out;
	deliver(f, REQ("REGISTER"));
	if (f->st) {
		sip_auth_check(a, sip_strans_msg(f->st), false, no_user, NULL, &info);
		assert_int_equal(info.res, SIP_AUTH_CHALLENGE);
		sip_auth_reply(a, f->st, false, false);
	}
out:
	asked = mem_fail_off();
	mem_deref(c);
	mem_deref(a);
	return asked;
}

static void alloc_stack(void **state)
{
	struct vnet *net;
	struct loop *l;

	(void)state;
	assert_int_equal(vnet_alloc(&net, 1), 0);
	assert_int_equal(loop_alloc_virtual(&l, net), 0);
	for (long n = 0;; n++) {
		struct sip_cfg cfg = {.loop = l, .software = "x"};
		struct sip *s = NULL;
		struct sa a4 = fix_sa("10.0.0.1", 5060);
		int err;

		mem_fail_at(n);
		err = sip_alloc(&s, &cfg, NULL, NULL);
		if (!err)
			err = sip_listen(s, SIP_TRANSP_UDP, &a4);
		if (!err)
			err = sip_listen(s, SIP_TRANSP_TCP, &a4);
		(void)mem_fail_off();
		mem_deref(s);
		if (!err)
			break;
		assert_int_equal(err, ENOMEM);
	}
	mem_deref(l);
	mem_deref(net);
}

#define STORY(name)                                                                                                    \
	static void oom_##name(void **state)                                                                           \
	{                                                                                                              \
		size_t live = mem_live();                                                                              \
		(void)state;                                                                                           \
		starve(name);                                                                                          \
		assert_int_equal(mem_live(), live);                                                                    \
	}

STORY(invite_refused)
STORY(invite_accepted)
STORY(requests_of_all_kinds)
STORY(client_invite)
STORY(client_cancel_early)
STORY(client_other)
STORY(stream_in_pieces)
STORY(tcp_connect_and_send)
STORY(authentication)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alloc_stack),
		cmocka_unit_test(oom_invite_refused),
		cmocka_unit_test(oom_invite_accepted),
		cmocka_unit_test(oom_requests_of_all_kinds),
		cmocka_unit_test(oom_client_invite),
		cmocka_unit_test(oom_client_cancel_early),
		cmocka_unit_test(oom_client_other),
		cmocka_unit_test(oom_stream_in_pieces),
		cmocka_unit_test(oom_tcp_connect_and_send),
		cmocka_unit_test(oom_authentication),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
