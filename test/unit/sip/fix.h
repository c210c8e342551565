/*
 * fix.h - what the unit tests of transports and transactions stand on: a stack at 10.0.0.1 on a
 * virtual network, and peers at 10.0.0.2 that speak raw bytes and write down what they hear.
 */
#ifndef OFFHOOK_TEST_SIP_FIX_H
#define OFFHOOK_TEST_SIP_FIX_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/log.h"
#include "base/mem.h"
#include "loop/tcp.h"
#include "loop/tls.h"
#include "loop/udp.h"
#include "loop/vnet.h"
#include "sip/sip_priv.h"
#include "sip/trans.h"

enum { HEARD_MAX = 512, T1 = 500, T64 = 64 * T1 };

/** One message a peer heard. */
struct heard {
	char *txt;
	uint64_t ms; /**< since the fixture began */
	struct sa src;
};

struct peer {
	struct fix *f;
	struct udp *udp;
	struct tcp *tcp;
	struct tcp_listener *listener;
	struct sa addr;
	struct heard v[HEARD_MAX];
	size_t n;
	bool up, closed;
};

struct fix {
	struct vnet *net;
	struct loop *loop;
	struct sip *sip;
	struct tls *tls, *peer_tls; /**< where fix_tls is set */
	struct sa addr;             /**< of the stack */
	uint64_t t0;
	struct peer a, b; /**< 10.0.0.2:5060 and 10.0.0.3:5060 */
	/* what the stack's user heard */
	struct sip_strans *st; /**< last request's, referenced */
	size_t requests, cancelled, ended, flows_closed, responses, failed;
	int ended_err, failed_err;
	uint16_t scode; /**< of the last response */
	uint64_t failed_ms, ended_ms;
	uint64_t closed_flow;
	bool refuse;     /**< admit says no */
	uint16_t answer; /**< answer each request at once with this; 0 = keep it */
};

/** Streams of fixtures that are opened from now on are TLS: the stack listens at 10.0.0.1:5061. */
static bool fix_tls;

static inline struct sa fix_sa(const char *ip, uint16_t port)
{
	struct sa a;

	assert_int_equal(sa_set(&a, slice_str(ip), port), 0);
	return a;
}

static inline uint64_t fix_ms(const struct fix *f)
{
	return vnet_now_ms(f->net) - f->t0;
}

static inline void fix_run(struct fix *f, uint64_t ms)
{
	vnet_run(f->net, ms);
}

/* ---- peers ---- */

static inline void peer_note(struct peer *p, struct slice data, const struct sa *src)
{
	struct heard *h = &p->v[p->n];

	assert_true(p->n < HEARD_MAX);
	h->txt = malloc(data.l + 1);
	memcpy(h->txt, data.p, data.l);
	h->txt[data.l] = 0;
	h->ms = fix_ms(p->f);
	h->src = *src;
	p->n++;
}

static inline void peer_udp_h(struct udp *u, const struct udp_rx *rx, void *arg)
{
	(void)u;
	peer_note(arg, rx->data, &rx->src);
}

static inline void peer_open(struct peer *p, struct fix *f, const char *ip)
{
	struct udp_opts o = {0};

	p->f = f;
	p->addr = fix_sa(ip, 5060);
	assert_int_equal(udp_open(&p->udp, f->loop, &p->addr, &o, peer_udp_h, p), 0);
}

static inline void peer_forget(struct peer *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->v[i].txt);
	p->n = 0;
}

static inline void peer_say(struct peer *p, const char *txt)
{
	assert_int_equal(udp_send_now(p->udp, &p->f->addr, txt, strlen(txt)), 0);
	fix_run(p->f, 0);
}

/* TCP side of a peer. */
static inline void peer_up_h(struct tcp *t, void *arg)
{
	struct peer *p = arg;

	(void)t;
	p->up = true;
}

static inline void peer_recv_h(struct tcp *t, struct slice data, void *arg)
{
	struct sa src;

	tcp_peer(t, &src);
	peer_note(arg, data, &src);
}

static inline void peer_drained_h(struct tcp *t, void *arg)
{
	(void)t;
	(void)arg;
}

static inline void peer_closed_h(struct tcp *t, int err, void *arg)
{
	struct peer *p = arg;

	(void)t;
	(void)err;
	p->closed = true;
}

static const struct tcp_ops peer_tcp_ops = {peer_up_h, peer_recv_h, peer_drained_h, peer_closed_h};

static inline void peer_connect(struct peer *p)
{
	struct sa local = p->addr, to = p->f->addr;
	const struct tls_to any = {.any = true};

	sa_set_port(&local, 0);
	p->up = p->closed = false;
	if (fix_tls) {
		sa_set_port(&to, 5061);
		assert_int_equal(tls_connect(&p->tcp, p->f->peer_tls, &local, &to, &any, &peer_tcp_ops, p), 0);
	} else {
		assert_int_equal(tcp_connect(&p->tcp, p->f->loop, &local, &to, 0, &peer_tcp_ops, p), 0);
	}
	fix_run(p->f, 0);
	assert_true(p->up);
}

static inline void peer_accept_h(struct tcp_listener *tl, const struct sa *from, void *arg)
{
	struct peer *p = arg;

	(void)from;
	if (p->tcp)
		mem_deref(p->tcp);
	assert_int_equal(tcp_accept(&p->tcp, tl, &peer_tcp_ops, p), 0);
}

static inline void peer_listen(struct peer *p)
{
	assert_int_equal(tcp_listen(&p->listener, p->f->loop, &p->addr, peer_accept_h, p), 0);
}

static inline void peer_stream_mem(struct peer *p, const char *txt, size_t l)
{
	struct rbuf *b;

	assert_int_equal(rbuf_alloc(&b, txt, l), 0);
	assert_int_equal(tcp_send(p->tcp, b), 0);
	mem_deref(b);
	fix_run(p->f, 0);
}

static inline void peer_stream(struct peer *p, const char *txt)
{
	peer_stream_mem(p, txt, strlen(txt));
}

static inline void peer_close(struct peer *p)
{
	peer_forget(p);
	p->udp = mem_deref(p->udp);
	p->tcp = mem_deref(p->tcp);
	p->listener = mem_deref(p->listener);
}

/* ---- the stack's user ---- */

static inline void fix_cancelled_h(struct sip_strans *st, const struct sip_msg *cancel, void *arg)
{
	struct fix *f = arg;

	f->cancelled++;
	assert_int_equal(cancel->m, SIP_CANCEL);
	sip_reply_simple(st, 487, NULL);
}

static inline void fix_ended_h(struct sip_strans *st, int err, void *arg)
{
	struct fix *f = arg;

	(void)st;
	f->ended++;
	f->ended_err = err;
	f->ended_ms = fix_ms(f);
}

static const struct sip_strans_ops fix_strans_ops = {fix_cancelled_h, fix_ended_h};

static inline void fix_request_h(struct sip_strans *st, const struct sip_msg *msg, void *arg)
{
	struct fix *f = arg;

	assert_ptr_equal(sip_strans_msg(st), msg);
	f->requests++;
	mem_deref(f->st);
	f->st = mem_ref(st);
	sip_strans_set_ops(st, &fix_strans_ops, f);
	if (f->answer)
		sip_reply_simple(st, f->answer, NULL);
}

static inline bool fix_admit_h(enum sip_transp tp, const struct sa *src, void *arg)
{
	const struct fix *f = arg;

	(void)tp;
	(void)src;
	return !f->refuse;
}

static inline void fix_flow_closed_h(uint64_t flow, const struct sa *peer, void *arg)
{
	struct fix *f = arg;

	(void)peer;
	f->flows_closed++;
	f->closed_flow = flow;
}

static const struct sip_ops fix_sip_ops = {
	.request = fix_request_h, .admit = fix_admit_h, .flow_closed = fix_flow_closed_h};

static inline void fix_response_h(struct sip_ctrans *ct, const struct sip_msg *rsp, void *arg)
{
	struct fix *f = arg;

	(void)ct;
	f->responses++;
	f->scode = rsp->scode;
}

static inline void fix_failed_h(struct sip_ctrans *ct, int err, void *arg)
{
	struct fix *f = arg;

	(void)ct;
	f->failed++;
	f->failed_err = err;
	f->failed_ms = fix_ms(f);
}

static const struct sip_ctrans_ops fix_ctrans_ops = {fix_response_h, fix_failed_h};

/* ---- begin and end ---- */

/** A certificate for host `name` that is valid in the time of virtual loops; `ca` signs, NULL: itself. */
static inline struct cert *fix_cert(const char *name, bool is_ca, const struct cert *ca)
{
	struct cert_make m = {.cn = name, .not_before = 1577836800, .not_after = 4070908800, .ca = is_ca, .issuer = ca};
	struct cert *c;

	if (!is_ca)
		m.dns[m.ndns++] = name;
	assert_int_equal(cert_make(&c, &m), 0);
	return c;
}

/** A TLS context that shows `c` and trusts `ca`; either may be NULL. `ca_file`: asks clients. */
static inline struct tls *fix_context(struct loop *l, const struct cert *c, const struct cert *ca, const char *ca_file)
{
	struct tls_cfg cfg = {.loop = l, .no_system_ca = true, .client_ca_file = ca_file};
	struct buf why;
	struct tls *t;

	buf_init(&why);
	assert_int_equal(tls_alloc(&t, &cfg, &why), 0);
	if (c)
		assert_int_equal(tls_set_cert(t, c), 0);
	if (ca)
		assert_int_equal(tls_trust(t, ca), 0);
	buf_free(&why);
	return t;
}

static inline void fix_listen_tls(struct fix *f)
{
	struct sa at = f->addr;

	sa_set_port(&at, 5061);
	sip_set_tls(f->sip, f->tls);
	assert_int_equal(sip_listen(f->sip, SIP_TRANSP_TLS, &at), 0);
}

static inline void fix_open_cfg(struct fix *f, const struct sip_cfg *base)
{
	struct sip_cfg cfg = base ? *base : (struct sip_cfg){0};

	memset(f, 0, sizeof(*f));
	assert_int_equal(vnet_alloc(&f->net, 1), 0);
	assert_int_equal(loop_alloc_virtual(&f->loop, f->net), 0);
	f->t0 = vnet_now_ms(f->net);
	f->addr = fix_sa("10.0.0.1", 5060);
	cfg.loop = f->loop;
	assert_int_equal(sip_alloc(&f->sip, &cfg, &fix_sip_ops, f), 0);
	assert_int_equal(sip_listen(f->sip, SIP_TRANSP_UDP, &f->addr), 0);
	assert_int_equal(sip_listen(f->sip, SIP_TRANSP_TCP, &f->addr), 0);
	if (fix_tls) {
		struct cert *c = fix_cert("sip.example", false, NULL);

		f->tls = fix_context(f->loop, c, NULL, NULL);
		f->peer_tls = fix_context(f->loop, NULL, NULL, NULL);
		mem_deref(c);
		fix_listen_tls(f);
	}
	peer_open(&f->a, f, "10.0.0.2");
	peer_open(&f->b, f, "10.0.0.3");
}

static inline void fix_open(struct fix *f)
{
	fix_open_cfg(f, NULL);
}

static inline void fix_close(struct fix *f)
{
	f->st = mem_deref(f->st);
	f->sip = mem_deref(f->sip);
	peer_close(&f->a);
	peer_close(&f->b);
	fix_run(f, 10000);
	mem_deref(f->tls);
	mem_deref(f->peer_tls);
	mem_deref(f->loop);
	mem_deref(f->net);
}

/** No transaction is left over. */
static inline void fix_assert_idle(const struct fix *f)
{
	struct sip_stats st;

	sip_stats(f->sip, &st);
	assert_int_equal(st.server_trans, 0);
	assert_int_equal(st.client_trans, 0);
	assert_int_equal(f->sip->merge.n, 0);
}

/* ---- messages ---- */

/** What varies in a request of a peer. NULL members take the usual value. */
struct req {
	const char *m, *uri, *branch, *via, *callid, *from_tag, *to_tag, *hdrs, *body;
	unsigned cseq;
};

/** Text of a request, in a buffer of the fixture's static storage (the last four stay good). */
static inline const char *req_txt(struct req r)
{
	static char bufs[4][70000];
	static unsigned turn;
	char *b = bufs[turn++ % 4];
	const char *body = r.body ? r.body : "";
	int n = snprintf(
		b, sizeof(bufs[0]),
		"%s %s SIP/2.0\r\nVia: %s;branch=%s\r\nFrom: <sip:a@10.0.0.2>;tag=%s\r\nTo: <sip:100@10.0.0.1>%s%s\r\n"
		"Call-ID: %s\r\nCSeq: %u %s\r\n%sContent-Length: %zu\r\n\r\n%s",
		r.m, r.uri ? r.uri : "sip:100@10.0.0.1", r.via ? r.via : "SIP/2.0/UDP 10.0.0.2:5060",
		r.branch ? r.branch : "z9hG4bKone", r.from_tag ? r.from_tag : "ft", r.to_tag ? ";tag=" : "",
		r.to_tag ? r.to_tag : "", r.callid ? r.callid : "call1", r.cseq ? r.cseq : 1, r.m, r.hdrs ? r.hdrs : "",
		strlen(body), body);

	assert_true(n > 0 && (size_t)n < sizeof(bufs[0]));
	return b;
}

#define REQ(...) req_txt((struct req){__VA_ARGS__})

/** Status code of a heard message, 0 for a request. */
static inline unsigned heard_code(const struct heard *h)
{
	return strncmp(h->txt, "SIP/2.0 ", 8) ? 0 : (unsigned)atoi(h->txt + 8);
}

/** The last message of a peer has this status. */
static inline void assert_code(const struct peer *p, unsigned code)
{
	assert_true(p->n > 0);
	assert_int_equal(heard_code(&p->v[p->n - 1]), code);
}

static inline void assert_has(const struct heard *h, const char *part)
{
	if (!strstr(h->txt, part))
		fail_msg("'%s' is not in:\n%s", part, h->txt);
}

static inline void assert_lacks(const struct heard *h, const char *part)
{
	if (strstr(h->txt, part))
		fail_msg("'%s' is in:\n%s", part, h->txt);
}

/** Value of a header line of a heard message, in `dst`. */
static inline char *heard_hdr(const struct heard *h, const char *name, char dst[512])
{
	char key[64];
	const char *p, *e;

	snprintf(key, sizeof(key), "\r\n%s: ", name);
	p = strstr(h->txt, key);
	assert_non_null(p);
	p += strlen(key);
	e = strstr(p, "\r\n");
	assert_true(e && e - p < 512);
	memcpy(dst, p, (size_t)(e - p));
	dst[e - p] = 0;
	return dst;
}

/** Answer to a request the stack sent; `hdrs` are more lines or "". */
static inline const char *rsp_txt(const struct heard *rq, unsigned code, const char *to_tag, const char *hdrs)
{
	static char bufs[4][4096];
	static unsigned turn;
	char *b = bufs[turn++ % 4], via[512], from[512], to[512], callid[512], cseq[512];

	snprintf(b, sizeof(bufs[0]),
		 "SIP/2.0 %u X\r\nVia: %s\r\nFrom: %s\r\nTo: %s%s%s\r\nCall-ID: %s\r\nCSeq: %s\r\n%sContent-Length: "
		 "0\r\n\r\n",
		 code, heard_hdr(rq, "Via", via), heard_hdr(rq, "From", from), heard_hdr(rq, "To", to),
		 *to_tag ? ";tag=" : "", to_tag, heard_hdr(rq, "Call-ID", callid), heard_hdr(rq, "CSeq", cseq), hdrs);
	return b;
}

/** Send a request from the stack to peer a. */
static inline int fix_send(struct fix *f, enum sip_method m, enum sip_transp tp, struct sip_ctrans **ctp)
{
	char hdrs[256];
	struct sip_request r = {.m = m, .uri = SLICE("sip:b@10.0.0.2"), .dest = {.tp = tp, .addr = f->a.addr}};

	snprintf(hdrs, sizeof(hdrs),
		 "From: <sip:us@10.0.0.1>;tag=us\r\nTo: <sip:b@10.0.0.2>\r\nCall-ID: out1\r\nCSeq: 7 %.*s\r\nRoute: "
		 "<sip:10.0.0.2;lr>\r\n",
		 SLICE_FMT(sip_method_name(m)));
	r.hdrs = slice_str(hdrs);
	return sip_request(ctp, f->sip, &r, &fix_ctrans_ops, f);
}

#endif
