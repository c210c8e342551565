/*
 * reg_where_test.c - client registrations that find their servers by name (RFC 3263) and stay reachable: failover,
 * 503, 3xx, name servers that fail; NAT, STUN and pings (RFC 5626 4.4, RFC 3581); STUN asked of us.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/log.h"
#include "base/rand.h"
#include "loop/dns.h"
#include "loop/vnet.h"
#include "sip/locate.h"
#include "sip/reg.h"
#include "sip/sip_priv.h"
#include "wire/stun/attr.h"

enum { SERVERS = 3 };

/* A registrar typed by hand: UDP and TCP on one address. */
struct server {
	struct fix *f;
	struct sa addr;
	struct udp *u;
	struct tcp_listener *tl;
	struct tcp *t;
	bool silent, deaf, pongs; /* says nothing at all; knows no STUN; answers pings on streams */
	uint16_t code;            /* of the next answers */
	const char *hdr;
	size_t n, conns, stuns, empty, pings;
	struct sa src;        /* of the last REGISTER */
	char last[2000];      /* the last REGISTER */
	const struct sa *see; /* what STUN is told instead of the truth */
};

struct fix {
	struct vnet *net;
	struct loop *loop;
	struct sip *sip;
	struct server s[SERVERS];
	struct sip_reg *reg;
	char log[1000];
	size_t l;
};

static struct sa addr(const char *s)
{
	struct sa a;

	assert_int_equal(sa_parse(&a, slice_str(s), 5060), 0);
	return a;
}

/* ---- servers ---- */

static struct rbuf *answer(struct server *s, struct slice data, const struct sa *src)
{
	struct sip_msg *m = NULL;
	struct sip_msg_err e;
	char ip[SA_STRLEN];
	struct rbuf *r;
	struct buf b;

	if (sip_msg_decode(&m, data.p, data.l, &e))
		fail_msg("what came: %zu %.*s", data.l, SLICE_FMT(data));
	(void)slice_copy(s->last, sizeof(s->last), data);
	s->n++;
	s->src = *src;
	buf_init(&b);
	buf_printf(&b, "SIP/2.0 %u X\r\nVia: ", s->code);
	sip_via_encode_received(&b, &m->via, slice_str(sa_ntop(src, ip)), sa_port(src));
	buf_printf(&b, "\r\nFrom: %.*s\r\nTo: %.*s;tag=x\r\nCall-ID: %.*s\r\nCSeq: %u REGISTER\r\n%s",
		   SLICE_FMT(sip_msg_val(m, SIP_HDR_FROM)), SLICE_FMT(sip_msg_val(m, SIP_HDR_TO)), SLICE_FMT(m->callid),
		   m->cseq.num, s->hdr ? s->hdr : "");
	if (s->code == 200)
		buf_printf(&b, "Contact: %.*s\r\n", SLICE_FMT(sip_msg_val(m, SIP_HDR_CONTACT)));
	buf_str(&b, "Content-Length: 0\r\n\r\n");
	assert_int_equal(buf_rbuf(&b, &r), 0);
	buf_free(&b);
	mem_deref(m);
	return r;
}

static void stun_answer(struct server *s, const struct udp_rx *rx)
{
	struct stun_msg m;
	struct buf b;

	s->stuns++;
	if (s->deaf || s->silent)
		return;
	assert_int_equal(stun_decode(&m, rx->data), 0);
	buf_init(&b);
	stun_enc_begin(&b, STUN_SUCCESS, STUN_BINDING, m.tid);
	stun_enc_xor_addr(&b, STUN_ATTR_XOR_MAPPED_ADDRESS, s->see ? s->see : &rx->src, m.tid);
	assert_int_equal(stun_enc_end(&b), 0);
	assert_int_equal(udp_send_now(s->u, &rx->src, b.p, b.l), 0);
	buf_free(&b);
}

static void on_udp(struct udp *u, const struct udp_rx *rx, void *arg)
{
	struct server *s = arg;
	struct rbuf *r;

	if (stun_is(rx->data)) {
		stun_answer(s, rx);
		return;
	}
	if (slice_eqs(rx->data, "\r\n\r\n")) {
		s->empty++;
		return;
	}
	if (s->silent) {
		s->n++;
		return;
	}
	r = answer(s, rx->data, &rx->src);
	assert_int_equal(udp_send(u, NULL, &rx->src, r), 0);
	mem_deref(r);
}

static void nothing(struct tcp *t, void *arg)
{
	(void)t;
	(void)arg;
}

static void on_tcp(struct tcp *t, struct slice data, void *arg)
{
	struct server *s = arg;
	struct rbuf *r;
	struct sa peer;

	if (slice_eqs(data, "\r\n\r\n")) {
		s->pings++;
		if (!s->pongs)
			return;
		assert_int_equal(rbuf_alloc(&r, "\r\n", 2), 0);
	} else {
		tcp_peer(t, &peer);
		r = answer(s, data, &peer);
	}
	assert_int_equal(tcp_send(t, r), 0);
	mem_deref(r);
}

static void on_over(struct tcp *t, int err, void *arg)
{
	struct server *s = arg;

	(void)err;
	if (s->t == t)
		s->t = NULL;
	mem_deref(t);
}

static void on_accept(struct tcp_listener *tl, const struct sa *peer, void *arg)
{
	static const struct tcp_ops ops = {nothing, on_tcp, nothing, on_over};
	struct server *s = arg;

	(void)peer;
	s->conns++;
	assert_int_equal(tcp_accept(&s->t, tl, &ops, s), 0);
}

/* ---- the client ---- */

static void reg_h(struct sip_reg *r, int err, uint16_t scode, uint32_t granted, const struct sip_msg *rsp, void *arg)
{
	struct fix *f = arg;

	(void)r;
	(void)rsp;
	f->l += (size_t)snprintf(f->log + f->l, sizeof(f->log) - f->l, "%s%s:%u:%u", f->l ? " " : "",
				 err ? err_str(err) : "0", scode, granted);
}

static void assert_log(struct fix *f, const char *want)
{
	assert_string_equal(f->log, want);
	f->l = 0;
	f->log[0] = 0;
}

static void start(struct fix *f, const char *registrar, enum sip_transp tp)
{
	struct sip_reg_cfg c = {.registrar = slice_str(registrar),
				.find = true,
				.dest = {.tp = tp},
				.aor = SLICE("sip:100@office.example"),
				.contact_user = SLICE("100"),
				.cred = {.user = SLICE("100"), .password = SLICE("secret")}};

	assert_int_equal(sip_reg_start(&f->reg, f->sip, &c, reg_h, f), 0);
}

static int open_fix(void **state)
{
	static const char *const at[SERVERS] = {"10.0.1.1", "10.0.1.2", "10.0.1.3"};
	static struct fix fix;
	struct fix *f = &fix;
	struct sip_cfg cfg = {0};
	struct sa local = addr("192.168.1.5");

	memset(f, 0, sizeof(*f));
	log_set_level(LOG_ERROR);
	rand_seed(3);
	assert_int_equal(vnet_alloc(&f->net, 1), 0);
	assert_int_equal(loop_alloc_virtual(&f->loop, f->net), 0);
	cfg.loop = f->loop;
	assert_int_equal(sip_alloc(&f->sip, &cfg, NULL, NULL), 0);
	assert_int_equal(sip_listen(f->sip, SIP_TRANSP_UDP, &local), 0);
	assert_int_equal(sip_listen(f->sip, SIP_TRANSP_TCP, &local), 0);
	for (size_t i = 0; i < SERVERS; i++) {
		struct server *s = &f->s[i];

		s->f = f;
		s->code = 200;
		s->addr = addr(at[i]);
		assert_int_equal(udp_open(&s->u, f->loop, &s->addr, NULL, on_udp, s), 0);
		assert_int_equal(tcp_listen(&s->tl, f->loop, &s->addr, on_accept, s), 0);
	}
	assert_int_equal(vnet_dns_add(f->net, "_sip._udp.office.example", DNS_SRV, "1 1 5060 a.office.example", 600),
			 0);
	assert_int_equal(vnet_dns_add(f->net, "_sip._udp.office.example", DNS_SRV, "2 1 5060 b.office.example", 600),
			 0);
	assert_int_equal(vnet_dns_add(f->net, "a.office.example", DNS_A, "10.0.1.1", 600), 0);
	assert_int_equal(vnet_dns_add(f->net, "b.office.example", DNS_A, "10.0.1.2", 600), 0);
	*state = f;
	return 0;
}

static int close_fix(void **state)
{
	struct fix *f = *state;

	mem_deref(f->reg);
	vnet_run(f->net, 100000);
	mem_deref(f->sip);
	for (size_t i = 0; i < SERVERS; i++) {
		mem_deref(f->s[i].t);
		mem_deref(f->s[i].u);
		mem_deref(f->s[i].tl);
	}
	vnet_run(f->net, 100000);
	mem_deref(f->loop);
	mem_deref(f->net);
	rand_seed(0);
	assert_int_equal(mem_leaks(), 0);
	return 0;
}

/* ---- where ---- */

static void first_is_silent(void **state)
{
	struct fix *f = *state;
	struct sip_dest dead = {.tp = SIP_TRANSP_UDP, .addr = f->s[0].addr};

	f->s[0].silent = true;
	start(f, "sip:office.example", SIP_TRANSP_NONE);
	vnet_run(f->net, 7900);
	assert_log(f, "");
	vnet_run(f->net, 200);
	assert_log(f, "0:200:3600");
	assert_int_equal(f->s[1].n, 1);
	assert_true(sip_target_is_dead(f->sip, &dead));
	/* refreshed where it works, though the other one is better by its priority */
	f->s[0].silent = false;
	vnet_run(f->net, 3600000);
	assert_true(f->s[1].n >= 2);
	assert_non_null(strstr(f->log, "0:200:3600"));
}

static void busy_server(void **state)
{
	struct fix *f = *state;

	f->s[0].code = 503;
	f->s[0].hdr = "Retry-After: 120\r\n";
	start(f, "sip:office.example", SIP_TRANSP_NONE);
	vnet_run(f->net, 100);
	assert_log(f, "0:200:3600");
	assert_int_equal(f->s[0].n, 1);
	assert_int_equal(f->s[1].n, 1);
}

static void all_silent(void **state)
{
	struct fix *f = *state;

	f->s[0].silent = f->s[1].silent = true;
	start(f, "sip:office.example", SIP_TRANSP_NONE);
	vnet_run(f->net, 8000 + 31900);
	assert_log(f, "");
	vnet_run(f->net, 300);
	assert_log(f, "timed out:0:0");
	/* they come back */
	f->s[0].silent = f->s[1].silent = false;
	vnet_run(f->net, 10000);
	assert_non_null(strstr(f->log, "0:200:3600"));
}

static void no_such_host(void **state)
{
	struct fix *f = *state;

	start(f, "sip:ofice.example", SIP_TRANSP_NONE);
	vnet_run(f->net, 100);
	assert_log(f, "not found:0:0");
	assert_string_equal(sip_reg_why(f->reg), "no such host: ofice.example");
	/* nothing was ever sent, and ending it sends nothing either */
	f->reg = mem_deref(f->reg);
	vnet_run(f->net, 100);
	for (size_t i = 0; i < SERVERS; i++)
		assert_int_equal(f->s[i].n, 0);
}

/* The name servers die after the first look-up: registered is registered. */
static void name_servers_die(void **state)
{
	struct fix *f = *state;

	start(f, "sip:office.example", SIP_TRANSP_NONE);
	vnet_run(f->net, 100);
	assert_log(f, "0:200:3600");
	vnet_dns_fail(f->net, VNET_DNS_SILENT, 0);
	vnet_run(f->net, 4 * 3600000ULL);
	assert_true(f->s[0].n >= 4);
	assert_null(strstr(f->log, ":0:0"));
}

static void moved(void **state)
{
	struct fix *f = *state;

	f->s[0].code = 302;
	f->s[0].hdr = "Contact: <sip:10.0.1.3>\r\n";
	start(f, "sip:office.example", SIP_TRANSP_NONE);
	vnet_run(f->net, 100);
	assert_log(f, "0:200:3600");
	assert_int_equal(f->s[0].n, 1);
	assert_int_equal(f->s[2].n, 1);
	assert_non_null(strstr(f->s[2].last, "REGISTER sip:10.0.1.3 SIP/2.0"));
	/* the other place fails: back to the first */
	f->s[2].silent = true;
	f->s[0].code = 200;
	f->s[0].hdr = NULL;
	vnet_run(f->net, 3700000);
	assert_true(f->s[0].n >= 2);
	assert_non_null(strstr(f->log, "0:200:3600"));
}

/* Two that name each other: followed once. */
static void moved_in_a_circle(void **state)
{
	struct fix *f = *state;

	f->s[0].code = f->s[2].code = 302;
	f->s[0].hdr = "Contact: <sip:10.0.1.3>\r\n";
	f->s[2].hdr = "Contact: <sip:10.0.1.1>\r\n";
	start(f, "sip:office.example", SIP_TRANSP_NONE);
	vnet_run(f->net, 1000);
	assert_log(f, "0:302:0");
	assert_int_equal(f->s[0].n, 1);
	assert_int_equal(f->s[2].n, 1);
}

/* 403: asked again after a minute at the earliest, after half an hour at the latest. */
static void forbidden(void **state)
{
	struct fix *f = *state;

	f->s[0].code = 403;
	start(f, "sip:office.example", SIP_TRANSP_NONE);
	vnet_run(f->net, 59000);
	assert_int_equal(f->s[0].n, 1);
	vnet_run(f->net, 62000);
	assert_int_equal(f->s[0].n, 2);
	vnet_run(f->net, 86400000ULL);
	assert_in_range(f->s[0].n, 48, 110);
	assert_int_equal(f->s[1].n, 0);
}

/* ---- NAT ---- */

static void put_nat(struct fix *f)
{
	struct sa outside = addr("203.0.113.7");
	struct sa_net inside;

	assert_int_equal(sa_net_parse(&inside, SLICE("192.168.1.0/24")), 0);
	assert_int_equal(vnet_add_nat(f->net, &inside, &outside), 0);
}

/* The Contact says what the registrar sees; the private one is taken back in the same request; STUN keeps the way. */
static void behind_nat(void **state)
{
	struct fix *f = *state;
	char want[200], seen[SA_STRLEN];

	put_nat(f);
	start(f, "sip:office.example", SIP_TRANSP_NONE);
	vnet_run(f->net, 1000);
	assert_log(f, "0:200:3600 0:200:3600");
	assert_int_equal(f->s[0].n, 2);
	snprintf(want, sizeof(want), "Contact: <sip:100@%s>;expires=3600\r\n", sa_str(&f->s[0].src, seen));
	assert_non_null(strstr(f->s[0].last, want));
	assert_non_null(strstr(f->s[0].last, "Contact: <sip:100@192.168.1.5:5060>;expires=0\r\n"));
	vnet_run(f->net, 60000);
	assert_in_range(f->s[0].stuns, 2, 3);
	assert_int_equal(f->s[0].n, 2);
	assert_int_equal(f->s[0].empty, 0);
}

static void challenged_behind_nat(void **state)
{
	struct fix *f = *state;

	put_nat(f);
	f->s[0].code = 401;
	f->s[0].hdr = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=MD5, qop=\"auth\"\r\n";
	start(f, "sip:office.example", SIP_TRANSP_NONE);
	vnet_run(f->net, 0);
	vnet_run(f->net, 100);
	/* the second REGISTER has the outer address at once and nothing to take back */
	assert_true(f->s[0].n >= 2);
	assert_non_null(strstr(f->s[0].last, "Contact: <sip:100@203.0.113.7:"));
	assert_null(strstr(f->s[0].last, "192.168.1.5:5060>"));
}

/* STUN tells of another address: registered anew, with it. */
static void mapping_changes(void **state)
{
	struct sa other = addr("203.0.113.99:4444");
	struct fix *f = *state;
	size_t n;

	put_nat(f);
	start(f, "sip:office.example", SIP_TRANSP_NONE);
	vnet_run(f->net, 40000);
	n = f->s[0].n;
	f->s[0].see = &other;
	vnet_run(f->net, 30000);
	assert_true(f->s[0].n > n);
}

/* A registrar that knows no STUN gets empty lines, and its silence is no failure. */
static void no_stun(void **state)
{
	struct fix *f = *state;

	put_nat(f);
	f->s[0].deaf = true;
	start(f, "sip:office.example", SIP_TRANSP_NONE);
	vnet_run(f->net, 300000);
	assert_int_equal(f->s[0].n, 2);
	assert_int_equal(f->s[0].stuns, 7);
	assert_in_range(f->s[0].empty, 7, 11);
}

/* A registrar that did answer and stops: the next one. */
static void stun_stops(void **state)
{
	struct fix *f = *state;

	put_nat(f);
	start(f, "sip:office.example", SIP_TRANSP_NONE);
	vnet_run(f->net, 40000);
	f->s[0].silent = true;
	vnet_run(f->net, 80000);
	assert_true(f->s[1].n > 0);
}

/* ---- streams ---- */

static void start_tcp(struct fix *f, const char *hdr, bool pongs)
{
	f->s[2].hdr = hdr;
	f->s[2].pongs = pongs;
	start(f, "sip:10.0.1.3;transport=tcp", SIP_TRANSP_NONE);
	vnet_run(f->net, 1000);
	assert_log(f, "0:200:3600");
	assert_int_equal(f->s[2].conns, 1);
}

static void pings(void **state)
{
	struct fix *f = *state;

	start_tcp(f, NULL, true);
	vnet_run(f->net, 600000);
	assert_in_range(f->s[2].pings, 4, 7);
	assert_int_equal(f->s[2].conns, 1);
	/* it stops to answer: a new connection, and registered again */
	f->s[2].pongs = false;
	vnet_run(f->net, 140000);
	assert_int_equal(f->s[2].conns, 2);
	assert_int_equal(f->s[2].n, 2);
	assert_log(f, "0:200:3600");
}

/* It never answered and promised nothing: silence means nothing. */
static void never_pongs(void **state)
{
	struct fix *f = *state;

	start_tcp(f, NULL, false);
	vnet_run(f->net, 600000);
	assert_true(f->s[2].pings >= 4);
	assert_int_equal(f->s[2].conns, 1);
}

static void flow_timer(void **state)
{
	struct fix *f = *state;

	start_tcp(f, "Flow-Timer: 30\r\n", false);
	/* it speaks RFC 5626, so it must answer */
	vnet_run(f->net, 45000);
	assert_int_equal(f->s[2].pings, 1);
	assert_int_equal(f->s[2].conns, 2);
}

/* The first address swallows attempts to connect: a quarter of a second later the second one is taken. */
static void happy_eyeballs(void **state)
{
	const struct vnet_path hole = {.loss_pm = 1000};
	struct fix *f = *state;
	struct sip_dest dead = {.tp = SIP_TRANSP_TCP, .addr = f->s[0].addr};

	assert_int_equal(vnet_dns_add(f->net, "two.example", DNS_A, "10.0.1.1", 600), 0);
	assert_int_equal(vnet_dns_add(f->net, "two.example", DNS_A, "10.0.1.2", 600), 0);
	assert_int_equal(vnet_set_path(f->net, NULL, &f->s[0].addr, &hole), 0);
	start(f, "sip:two.example;transport=tcp", SIP_TRANSP_NONE);
	vnet_run(f->net, 240);
	assert_log(f, "");
	vnet_run(f->net, 20);
	assert_log(f, "0:200:3600");
	assert_int_equal(f->s[1].n, 1);
	assert_int_equal(f->s[0].conns, 0);
	assert_true(sip_target_is_dead(f->sip, &dead));
	/* nothing is left of the other attempt */
	assert_int_equal(f->sip->streams.n, 1);
}

/* The first address refuses: no waiting at all. None takes it: said so. */
static void refused_connections(void **state)
{
	struct fix *f = *state;

	f->s[0].tl = mem_deref(f->s[0].tl);
	assert_int_equal(vnet_dns_add(f->net, "two.example", DNS_A, "10.0.1.1", 600), 0);
	assert_int_equal(vnet_dns_add(f->net, "two.example", DNS_A, "10.0.1.2", 600), 0);
	start(f, "sip:two.example;transport=tcp", SIP_TRANSP_NONE);
	vnet_run(f->net, 20);
	assert_log(f, "0:200:3600");
	f->reg = mem_deref(f->reg);
	vnet_run(f->net, 1000);
	f->s[1].tl = mem_deref(f->s[1].tl);
	f->s[1].t = mem_deref(f->s[1].t);
	vnet_run(f->net, 1000);
	start(f, "sip:two.example;transport=tcp", SIP_TRANSP_NONE);
	vnet_run(f->net, 1000);
	assert_non_null(strstr(f->log, "refused:0:0"));
}

/* The fastest wins though it was asked second; given up and the end of the stack in mid-race. */
static void races(void **state)
{
	const struct vnet_path slow = {.delay_ms = 400};
	struct fix *f = *state;

	assert_int_equal(vnet_dns_add(f->net, "two.example", DNS_A, "10.0.1.1", 600), 0);
	assert_int_equal(vnet_dns_add(f->net, "two.example", DNS_A, "10.0.1.2", 600), 0);
	assert_int_equal(vnet_set_path(f->net, NULL, &f->s[0].addr, &slow), 0);
	start(f, "sip:two.example;transport=tcp", SIP_TRANSP_NONE);
	vnet_run(f->net, 2000);
	assert_log(f, "0:200:3600");
	assert_int_equal(f->s[1].n, 1);
	assert_int_equal(f->s[0].n, 0);
	assert_int_equal(f->sip->streams.n, 1);
	f->reg = mem_deref(f->reg);
	start(f, "sip:two.example;transport=tcp", SIP_TRANSP_NONE);
	vnet_run(f->net, 100);
	f->reg = mem_deref(f->reg);
	vnet_run(f->net, 2000);
	start(f, "sip:two.example;transport=tcp", SIP_TRANSP_NONE);
	vnet_run(f->net, 100);
	f->sip = mem_deref(f->sip);
	vnet_run(f->net, 2000);
}

/* ---- STUN asked of us ---- */

static struct slice got;
static char got_mem[200];

static void keep_h(struct udp *u, const struct udp_rx *rx, void *arg)
{
	(void)u;
	(void)arg;
	memcpy(got_mem, rx->data.p, rx->data.l);
	got = slice_mem(got_mem, rx->data.l);
}

static void ask(struct fix *f, struct udp *u, const struct buf *b)
{
	struct sa to = addr("192.168.1.5");

	got = SLICE_NULL;
	assert_int_equal(udp_send_now(u, &to, b->p, b->l), 0);
	vnet_run(f->net, 10);
}

static void stun_for_phones(void **state)
{
	static const uint8_t tid[STUN_TID] = {9, 8, 7};
	struct fix *f = *state;
	struct sa from = addr("192.168.1.77:6000"), seen;
	struct stun_attr a;
	struct stun_msg m;
	struct udp *u;
	struct buf b;

	assert_int_equal(udp_open(&u, f->loop, &from, NULL, keep_h, NULL), 0);
	buf_init(&b);
	stun_enc_begin(&b, STUN_REQUEST, STUN_BINDING, tid);
	assert_int_equal(stun_enc_end(&b), 0);
	ask(f, u, &b);
	assert_int_equal(stun_decode(&m, got), 0);
	assert_memory_equal(m.tid, tid, STUN_TID);
	assert_int_equal(stun_mapped(&seen, &m), 0);
	assert_true(sa_eq(&seen, &from));
	/* hardly longer than the question */
	assert_true(got.l <= b.l + 12);
	/* what we must understand and do not: 420 */
	buf_reset(&b);
	stun_enc_begin(&b, STUN_REQUEST, STUN_BINDING, tid);
	stun_enc_attr(&b, 0x0024, SLICE("1234"));
	assert_int_equal(stun_enc_end(&b), 0);
	ask(f, u, &b);
	assert_int_equal(stun_decode(&m, got), 0);
	assert_int_equal(m.cls, STUN_ERROR);
	assert_true(stun_find(&m, STUN_ATTR_UNKNOWN_ATTRIBUTES, &a));
	assert_true(got.l <= b.l + 12);
	/* indications, answers to nothing, other methods: silence */
	for (int i = 0; i < 3; i++) {
		buf_reset(&b);
		stun_enc_begin(&b,
			       i == 0   ? STUN_INDICATION
			       : i == 1 ? STUN_SUCCESS
					: STUN_REQUEST,
			       i == 2 ? 3 : STUN_BINDING, tid);
		assert_int_equal(stun_enc_end(&b), 0);
		ask(f, u, &b);
		assert_int_equal(got.l, 0);
	}
	buf_free(&b);
	mem_deref(u);
}

/* The stack ends while a look-up, a question by STUN or a wait is on its way. */
static void stack_ends(void **state)
{
	struct fix *f = *state;

	put_nat(f);
	vnet_dns_fail(f->net, VNET_DNS_OK, 500);
	f->s[0].deaf = true;
	start(f, "sip:office.example", SIP_TRANSP_NONE);
	vnet_run(f->net, 30000);
	assert_true(f->s[0].stuns > 0);
	f->sip = mem_deref(f->sip);
	vnet_run(f->net, 100000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fix, close_fix)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_is_silent),
		TEST(busy_server),
		TEST(all_silent),
		TEST(no_such_host),
		TEST(name_servers_die),
		TEST(moved),
		TEST(moved_in_a_circle),
		TEST(forbidden),
		TEST(behind_nat),
		TEST(challenged_behind_nat),
		TEST(mapping_changes),
		TEST(no_stun),
		TEST(stun_stops),
		TEST(pings),
		TEST(never_pongs),
		TEST(flow_timer),
		TEST(happy_eyeballs),
		TEST(refused_connections),
		TEST(races),
		TEST(stun_for_phones),
		TEST(stack_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
