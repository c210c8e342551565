/*
 * dns_test.c - the resolver. On a virtual loop: cache, sharing of questions, stale answers, limits. On a real loop with
 * sockets: c-ares against the tests' own name server, honest and not; the hosts file. Reading answers:
 * dns_msg_decode().
 */
#include "unit.h"

#include <stdlib.h>
#include <unistd.h>
#include "loop/dns_priv.h"
#include "loop/tcp.h"
#include "loop/udp.h"
#include "loop/vnet.h"
#include "tools/dnsd.h"

struct result {
	size_t told, n;
	int err;
	bool stale;
	uint32_t ttl_s;
	struct dns_rr v[4];
	char name[300];
	struct loop *stop; /**< a real loop to leave when `left` answers have come */
	size_t left;
};

static void told(int err, const struct dns_answer *a, void *arg)
{
	struct result *r = arg;

	r->told++;
	r->err = err;
	r->n = a ? a->n : 0;
	r->stale = a && a->stale;
	r->ttl_s = a ? a->ttl_s : 0;
	assert_true((err == 0) == (a != NULL && a->n > 0));
	for (size_t i = 0; i < r->n && i < 4; i++)
		r->v[i] = a->v[i];
	snprintf(r->name, sizeof(r->name), "%s", r->n && a->v[0].name ? a->v[0].name : "");
	if (r->stop && r->told >= r->left)
		loop_stop(r->stop);
}

/* ---- virtual ---- */

struct virt {
	struct vnet *net;
	struct loop *l;
	struct dns *d;
};

static void virt_open(struct virt *v)
{
	const struct dns_cfg c = {.cache_max = 50};

	assert_int_equal(vnet_alloc(&v->net, 1), 0);
	assert_int_equal(loop_alloc_virtual(&v->l, v->net), 0);
	assert_int_equal(dns_alloc(&v->d, v->l, &c), 0);
	assert_int_equal(vnet_dns_add(v->net, "a.example", DNS_A, "10.0.0.1", 100), 0);
}

static void virt_close(struct virt *v)
{
	mem_deref(v->d);
	assert_int_equal(vnet_pending(v->net), 0);
	mem_deref(v->l);
	mem_deref(v->net);
	assert_int_equal(mem_leaks(), 0);
}

static struct result ask_for(struct virt *v, const char *name, enum dns_type type, uint64_t ms)
{
	struct dns_query *q;
	struct result r = {0};

	assert_int_equal(dns_ask(&q, v->d, type, slice_str(name), told, &r), 0);
	assert_int_equal(r.told, 0);
	vnet_run(v->net, ms);
	mem_deref(q);
	return r;
}

static void test_cache(void **state)
{
	struct virt v;
	struct result r;

	(void)state;
	virt_open(&v);
	r = ask_for(&v, "a.example", DNS_A, 0);
	assert_int_equal(r.err, 0);
	assert_int_equal(r.ttl_s, 100);
	assert_true(sa_eq_addr(&r.v[0].addr, &(struct sa){addr("10.0.0.1:0").u}));
	/* case and the last dot do not matter */
	r = ask_for(&v, "A.EXAMPLE.", DNS_A, 0);
	assert_int_equal(r.err, 0);
	assert_int_equal(vnet_dns_asked(v.net), 1);
	/* "nothing" is kept as well, for a shorter time */
	r = ask_for(&v, "b.example", DNS_A, 0);
	assert_int_equal(r.err, ENOENT);
	r = ask_for(&v, "b.example", DNS_A, 29000);
	assert_int_equal(r.err, ENOENT);
	assert_int_equal(vnet_dns_asked(v.net), 2);
	r = ask_for(&v, "b.example", DNS_A, 70000);
	r = ask_for(&v, "b.example", DNS_A, 0);
	assert_int_equal(vnet_dns_asked(v.net), 3);
	vnet_run(v.net, 100000);
	r = ask_for(&v, "a.example", DNS_A, 0);
	assert_int_equal(vnet_dns_asked(v.net), 4);
	dns_flush(v.d);
	r = ask_for(&v, "a.example", DNS_A, 0);
	assert_int_equal(vnet_dns_asked(v.net), 5);
	virt_close(&v);
}

static void test_bad_names(void **state)
{
	static const char *const bad[] = {
		"",
		".",
		"a..b",
		".a",
		"a b.example",
		"a\\b",
		"a\001b",
		"0123456789012345678901234567890123456789012345678901234567890123456789.example"};
	struct virt v;

	(void)state;
	virt_open(&v);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(ask_for(&v, bad[i], DNS_A, 0).err, ENOENT);
	assert_int_equal(vnet_dns_asked(v.net), 0);
	virt_close(&v);
}

static void test_ttl_limits(void **state)
{
	struct virt v;

	(void)state;
	virt_open(&v);
	assert_int_equal(vnet_dns_add(v.net, "short.example", DNS_A, "10.0.0.2", 0), 0);
	assert_int_equal(vnet_dns_add(v.net, "long.example", DNS_A, "10.0.0.3", 4000000), 0);
	assert_int_equal(ask_for(&v, "short.example", DNS_A, 0).ttl_s, 5);
	assert_int_equal(ask_for(&v, "long.example", DNS_A, 0).ttl_s, 86400);
	virt_close(&v);
}

/* Forty at once about one name: one question. */
static void test_shared(void **state)
{
	struct dns_query *q[40];
	struct result r[40] = {{0}};
	struct virt v;

	(void)state;
	virt_open(&v);
	vnet_dns_fail(v.net, VNET_DNS_OK, 300);
	for (size_t i = 0; i < 40; i++)
		assert_int_equal(dns_ask(&q[i], v.d, DNS_A, SLICE("a.example"), told, &r[i]), 0);
	q[7] = mem_deref(q[7]);
	vnet_run(v.net, 299);
	assert_int_equal(r[0].told, 0);
	vnet_run(v.net, 1);
	for (size_t i = 0; i < 40; i++) {
		assert_int_equal(r[i].told, i != 7);
		mem_deref(q[i]);
	}
	assert_int_equal(vnet_dns_asked(v.net), 1);
	virt_close(&v);
}

static void test_limits(void **state)
{
	struct dns_query *q[DNS_ASKS_MAX + 10];
	struct result r = {0};
	char name[40];
	size_t ok = 0;
	struct virt v;

	(void)state;
	virt_open(&v);
	vnet_dns_fail(v.net, VNET_DNS_SILENT, 0);
	for (size_t i = 0; i < ARRAY_LEN(q); i++) {
		snprintf(name, sizeof(name), "n%zu.example", i);
		q[i] = NULL;
		int err = dns_ask(&q[i], v.d, DNS_A, slice_str(name), told, &r);
		assert_int_equal(err, i < DNS_ASKS_MAX ? 0 : ERR_LIMIT);
		ok += !err;
	}
	vnet_run(v.net, 4999);
	assert_int_equal(r.told, 0);
	vnet_run(v.net, 1);
	assert_int_equal(r.told, ok);
	assert_int_equal(r.err, ETIMEDOUT);
	assert_true(dns_is_dead(v.d));
	for (size_t i = 0; i < ARRAY_LEN(q); i++)
		mem_deref(q[i]);
	/* the cache keeps fifty; a hundred names pass through it */
	vnet_run(v.net, 10000);
	vnet_dns_fail(v.net, VNET_DNS_OK, 0);
	for (size_t i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "n%zu.example", i);
		(void)ask_for(&v, name, DNS_A, 0);
	}
	assert_int_equal(v.d->cache.tab.n, 50);
	virt_close(&v);
}

static size_t lines;
static void count_line(enum log_level lvl, const char *line, void *arg)
{
	(void)lvl;
	(void)arg;
	lines += strstr(line, "do not answer") != NULL;
}

/* RFC 8767: while the servers are silent what was known is served, after a moment first, at once later; a day long. */
static void test_stale(void **state)
{
	struct result r;
	struct virt v;

	(void)state;
	virt_open(&v);
	lines = 0;
	log_set_handler(count_line, NULL);
	(void)ask_for(&v, "a.example", DNS_A, 200000);
	vnet_dns_fail(v.net, VNET_DNS_SILENT, 0);
	r = ask_for(&v, "a.example", DNS_A, 1799);
	assert_int_equal(r.told, 0);
	r = ask_for(&v, "a.example", DNS_A, 1800);
	assert_int_equal(r.told, 1);
	assert_int_equal(r.err, 0);
	assert_true(r.stale);
	vnet_run(v.net, 10000);
	assert_true(dns_is_dead(v.d));
	/* a name that nobody knew */
	r = ask_for(&v, "new.example", DNS_A, 6000);
	assert_int_equal(r.err, ETIMEDOUT);
	/* known to be dead: no waiting at all; and the log is not filled */
	for (int i = 0; i < 100; i++) {
		r = ask_for(&v, "a.example", DNS_A, 0);
		assert_int_equal(r.err, 0);
		assert_true(r.stale);
		vnet_run(v.net, 100);
	}
	assert_int_equal(lines, 1);
	vnet_run(v.net, 80000);
	r = ask_for(&v, "a.example", DNS_A, 10000);
	assert_int_equal(lines, 2);
	/* a refusal is no better than silence */
	vnet_dns_fail(v.net, VNET_DNS_REFUSE, 0);
	r = ask_for(&v, "a.example", DNS_A, 0);
	assert_true(r.stale);
	vnet_dns_fail(v.net, VNET_DNS_SILENT, 0);
	vnet_run(v.net, 86400000);
	r = ask_for(&v, "a.example", DNS_A, 10000);
	assert_int_equal(r.err, ETIMEDOUT);
	/* they come back */
	vnet_dns_fail(v.net, VNET_DNS_OK, 0);
	r = ask_for(&v, "a.example", DNS_A, 10000);
	assert_int_equal(r.err, 0);
	assert_false(r.stale);
	assert_false(dns_is_dead(v.d));
	log_set_handler(NULL, NULL);
	virt_close(&v);
}

/* Asking again from the answer, giving up others, and ending the resolver from it. */
struct inner {
	struct virt *v;
	struct dns_query *a, *b, *c;
	size_t told;
};

static void end_all(int err, const struct dns_answer *a, void *arg)
{
	struct inner *in = arg;

	(void)err;
	(void)a;
	in->told++;
	in->b = mem_deref(in->b);
	in->v->d = mem_deref(in->v->d);
}

static void test_reentry(void **state)
{
	struct inner in = {0};
	struct virt v;

	(void)state;
	virt_open(&v);
	in.v = &v;
	assert_int_equal(dns_ask(&in.a, v.d, DNS_A, SLICE("a.example"), end_all, &in), 0);
	assert_int_equal(dns_ask(&in.b, v.d, DNS_A, SLICE("a.example"), end_all, &in), 0);
	assert_int_equal(dns_ask(&in.c, v.d, DNS_A, SLICE("a.example"), end_all, &in), 0);
	vnet_run(v.net, 10000);
	assert_int_equal(in.told, 1);
	mem_deref(in.a);
	mem_deref(in.c);
	virt_close(&v);
}

/* ---- real ---- */

struct real {
	struct loop *l;
	struct dnsd srv;
	struct udp *udp;
	struct tcp_listener *tl;
	struct tcp *tcp[8];
	size_t ntcp;
	struct sa at;
	struct dns *d;
};

static void on_udp(struct udp *u, const struct udp_rx *rx, void *arg)
{
	static uint8_t out[DNSD_MSG_MAX];
	struct real *f = arg;
	size_t l = dnsd_answer(&f->srv, (const uint8_t *)rx->data.p, rx->data.l, out, false);

	if (l)
		assert_int_equal(udp_send_now(u, &rx->src, out, l), 0);
}

static void on_tcp_recv(struct tcp *t, struct slice data, void *arg)
{
	static uint8_t out[2 + DNSD_MSG_MAX];
	struct real *f = arg;
	struct rbuf *b;

	assert_true(data.l > 2);
	size_t l = dnsd_answer(&f->srv, (const uint8_t *)data.p + 2, data.l - 2, out + 2, true);
	if (!l)
		return;
	dnsd_put16(out, (unsigned)l);
	assert_int_equal(rbuf_alloc(&b, out, l + 2), 0);
	assert_int_equal(tcp_send(t, b), 0);
	mem_deref(b);
}

static void tcp_nothing(struct tcp *t, void *arg)
{
	(void)t;
	(void)arg;
}

static void tcp_over(struct tcp *t, int err, void *arg)
{
	(void)t;
	(void)err;
	(void)arg;
}

static void on_tcp(struct tcp_listener *tl, const struct sa *peer, void *arg)
{
	static const struct tcp_ops ops = {tcp_nothing, on_tcp_recv, tcp_nothing, tcp_over};
	struct real *f = arg;

	(void)peer;
	assert_true(f->ntcp < ARRAY_LEN(f->tcp));
	assert_int_equal(tcp_accept(&f->tcp[f->ntcp++], tl, &ops, f), 0);
	tcp_set_limit(f->tcp[f->ntcp - 1], 1 << 20);
}

static void real_open(struct real *f, const char *hosts)
{
	static const char *const text[] = {
		"a.example 60 A 127.0.0.9",
		"a.example 60 AAAA ::9",
		"www.example 60 CNAME a.example",
		"_sip._udp.example 60 SRV 10 60 5060 a.example",
		"example 60 NAPTR 10 50 \"s\" \"SIP+D2U\" \"\" _sip._udp.example",
		"odd.example 60 SRV 10 60 5060 .",
	};
	struct dns_cfg c = {.try_ms = 60, .timeout_ms = 400, .stale_ms = 100, .hosts = hosts};
	struct sa any = addr("127.0.0.1:0");
	char txt[SA_STRLEN];

	memset(f, 0, sizeof(*f));
	assert_int_equal(loop_alloc(&f->l), 0);
	assert_int_equal(udp_open(&f->udp, f->l, &any, NULL, on_udp, f), 0);
	udp_local(f->udp, &f->at);
	assert_int_equal(tcp_listen(&f->tl, f->l, &f->at, on_tcp, f), 0);
	for (size_t i = 0; i < ARRAY_LEN(text); i++)
		assert_true(dnsd_add(&f->srv, text[i]));
	c.servers = sa_str(&f->at, txt);
	assert_int_equal(dns_alloc(&f->d, f->l, &c), 0);
}

static void real_close(struct real *f)
{
	mem_deref(f->d);
	mem_deref(f->udp);
	mem_deref(f->tl);
	for (size_t i = 0; i < f->ntcp; i++)
		mem_deref(f->tcp[i]);
	mem_deref(f->l);
	dnsd_end(&f->srv);
	assert_int_equal(mem_leaks(), 0);
}

static struct result real_ask(struct real *f, const char *name, enum dns_type type)
{
	struct result r = {.stop = f->l, .left = 1};
	struct dns_query *q;

	dns_flush(f->d);
	assert_int_equal(dns_ask(&q, f->d, type, slice_str(name), told, &r), 0);
	run_bounded(f->l);
	assert_int_equal(r.told, 1);
	mem_deref(q);
	return r;
}

static void test_types(void **state)
{
	struct real f;
	struct result r;
	struct sa want = addr("[::9]:0");

	(void)state;
	real_open(&f, "");
	r = real_ask(&f, "a.example", DNS_A);
	assert_int_equal(r.err, 0);
	assert_int_equal(r.v[0].addr.u.in.sin_addr.s_addr, htonl(0x7f000009));
	r = real_ask(&f, "A.Example", DNS_AAAA);
	assert_true(sa_eq_addr(&r.v[0].addr, &want));
	r = real_ask(&f, "www.example", DNS_A);
	assert_int_equal(r.n, 1);
	r = real_ask(&f, "_sip._udp.example", DNS_SRV);
	assert_int_equal(r.v[0].prio, 10);
	assert_int_equal(r.v[0].weight, 60);
	assert_int_equal(r.v[0].port, 5060);
	assert_string_equal(r.name, "a.example");
	r = real_ask(&f, "example", DNS_NAPTR);
	assert_int_equal(r.v[0].prio, 10);
	assert_int_equal(r.v[0].weight, 50);
	assert_string_equal(r.name, "_sip._udp.example");
	r = real_ask(&f, "odd.example", DNS_SRV);
	assert_string_equal(r.name, "");
	assert_int_equal(r.n, 1);
	assert_int_equal(real_ask(&f, "none.example", DNS_A).err, ENOENT);
	assert_int_equal(real_ask(&f, "a.example", DNS_SRV).err, ENOENT);
	real_close(&f);
}

static void test_modes(void **state)
{
	static const struct {
		enum dnsd_mode mode;
		int err;
	} t[] = {
		{DNSD_SILENT, ETIMEDOUT},     {DNSD_REFUSE, EIO},  {DNSD_FAIL, EIO},    {DNSD_WRONG_ID, ETIMEDOUT},
		{DNSD_WRONG_NAME, ETIMEDOUT}, {DNSD_GARBAGE, EIO}, {DNSD_LOOP, ENOENT}, {DNSD_OK, 0},
	};
	struct real f;

	(void)state;
	real_open(&f, "");
	log_set_level(LOG_ERROR);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		f.srv.mode = t[i].mode;
		int err = real_ask(&f, "a.example", DNS_A).err;
		if (err != t[i].err)
			fail_msg("mode %s: %s", dnsd_modes[t[i].mode], err_str(err));
	}
	log_set_level(LOG_INFO);
	real_close(&f);
}

static void test_tcp(void **state)
{
	struct real f;
	struct result r;

	(void)state;
	real_open(&f, "");
	f.srv.mode = DNSD_TRUNCATE;
	r = real_ask(&f, "a.example", DNS_A);
	assert_int_equal(r.err, 0);
	assert_true(f.srv.by_tcp > 0);
	/* a thousand records come by TCP; a bounded number is kept */
	f.srv.mode = DNSD_MANY;
	r = real_ask(&f, "_sip._udp.example", DNS_SRV);
	assert_int_equal(r.err, 0);
	assert_int_equal(r.n, DNS_RR_MAX);
	real_close(&f);
}

/* With the server gone for good the loop goes on with other things meanwhile: a timer of 1 ms is not held up. */
static void tick(void *arg)
{
	size_t *n = arg;

	(*n)++;
}

struct ticker {
	struct timer t;
	struct loop *l;
	size_t n;
};

static void tick_again(void *arg)
{
	struct ticker *t = arg;

	tick(&t->n);
	timer_start(&t->t, t->l, 1, tick_again, t);
}

static void test_dead_server(void **state)
{
	struct ticker t = {0};
	struct result r;
	struct real f;

	(void)state;
	real_open(&f, "");
	log_set_level(LOG_ERROR);
	f.srv.mode = DNSD_SILENT;
	t.l = f.l;
	timer_start(&t.t, f.l, 1, tick_again, &t);
	r = real_ask(&f, "a.example", DNS_A);
	assert_int_equal(r.err, ETIMEDOUT);
	assert_true(dns_is_dead(f.d));
	timer_stop(&t.t);
	assert_true(t.n > 0);
	/* nobody listens at all */
	f.udp = mem_deref(f.udp);
	f.tl = mem_deref(f.tl);
	assert_int_equal(real_ask(&f, "b.example", DNS_A).err, EIO);
	log_set_level(LOG_INFO);
	real_close(&f);
}

/* The end of the resolver with questions on their way. */
static void test_end(void **state)
{
	struct result r = {0};
	struct dns_query *q;
	struct real f;

	(void)state;
	real_open(&f, "");
	f.srv.mode = DNSD_SILENT;
	assert_int_equal(dns_ask(&q, f.d, DNS_A, SLICE("a.example"), told, &r), 0);
	run_for(f.l, 10);
	f.d = mem_deref(f.d);
	run_for(f.l, 10);
	assert_int_equal(r.told, 0);
	mem_deref(q);
	real_close(&f);
}

static void test_hosts(void **state)
{
	char path[] = "/tmp/offhook-hosts-XXXXXX";
	int fd = mkstemp(path);
	static const char text[] =
		"# mine\n127.0.0.7\tPhone phone.lan # the phone\n::7 phone\nnonsense here\n\n10.0.0.1\n";
	struct real f;
	struct result r;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	close(fd);
	real_open(&f, path);
	r = real_ask(&f, "phone", DNS_A);
	assert_int_equal(r.v[0].addr.u.in.sin_addr.s_addr, htonl(0x7f000007));
	assert_int_equal(real_ask(&f, "PHONE", DNS_AAAA).n, 1);
	/* known, but not by this family: the name servers are not asked */
	assert_int_equal(real_ask(&f, "phone.lan", DNS_AAAA).err, ENOENT);
	r = real_ask(&f, "localhost", DNS_A);
	assert_int_equal(r.v[0].addr.u.in.sin_addr.s_addr, htonl(0x7f000001));
	assert_int_equal(real_ask(&f, "x.localhost", DNS_AAAA).n, 1);
	assert_int_equal(f.srv.asked, 0);
	unlink(path);
	real_close(&f);
}

static void test_cfg(void **state)
{
	const struct dns_cfg bad = {.servers = "not an address"};
	struct loop *l;
	struct dns *d;

	(void)state;
	assert_int_equal(loop_alloc(&l), 0);
	assert_int_equal(dns_alloc(&d, l, &bad), ERR_SYNTAX);
	/* the system's own settings */
	assert_int_equal(dns_alloc(&d, l, NULL), 0);
	mem_deref(d);
	mem_deref(l);
	assert_int_equal(mem_leaks(), 0);
}

/* ---- reading ---- */

/* Every cut and many broken bytes of good answers: an error or fewer records, never more. */
static void test_decode_broken(void **state)
{
	static const uint8_t query[] = "\1\2\1\0\0\1\0\0\0\0\0\0\4_sip\4_udp\7example\0\0\x21\0\1";
	static uint8_t out[DNSD_MSG_MAX];
	struct dnsd srv = {0};
	struct dns_set *s;

	(void)state;
	assert_true(dnsd_add(&srv, "_sip._udp.example 60 SRV 10 60 5060 a.example"));
	assert_true(dnsd_add(&srv, "_sip._udp.example 60 SRV 10 60 5060 b.example"));
	size_t l = dnsd_answer(&srv, query, sizeof(query) - 1, out, false);
	assert_int_equal(dns_msg_decode(&s, slice_mem(out, l), DNS_SRV), 0);
	assert_int_equal(s->n, 2);
	mem_deref(s);
	for (size_t cut = 0; cut < l; cut++) {
		uint8_t *tight = malloc(cut ? cut : 1);

		memcpy(tight, out, cut);
		if (!dns_msg_decode(&s, slice_mem(tight, cut), DNS_SRV)) {
			assert_true(s->n < 2);
			mem_deref(s);
		}
		free(tight);
	}
	for (size_t i = 0; i < l * 256; i++) {
		uint8_t was = out[i / 256];

		out[i / 256] = (uint8_t)i;
		if (!dns_msg_decode(&s, slice_mem(out, l), DNS_SRV)) {
			assert_true(s->n <= 2);
			mem_deref(s);
		}
		out[i / 256] = was;
	}
	dnsd_end(&srv);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cache),         cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_ttl_limits),    cmocka_unit_test(test_shared),
		cmocka_unit_test(test_limits),        cmocka_unit_test(test_stale),
		cmocka_unit_test(test_reentry),       cmocka_unit_test(test_types),
		cmocka_unit_test(test_modes),         cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_dead_server),   cmocka_unit_test(test_end),
		cmocka_unit_test(test_hosts),         cmocka_unit_test(test_cfg),
		cmocka_unit_test(test_decode_broken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
