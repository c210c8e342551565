/*
 * inv_fix.h - fixture of the session tests: an in-memory network, two stacks a and b that write down what
 * happens to them, and a peer whose messages are typed by hand.
 *
 * A party's log is a line of words: "progress:180 answered:200=sdp closed:0:200".
 */
#ifndef UNIT_SIP_INV_FIX_H
#define UNIT_SIP_INV_FIX_H

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
#include "base/rand.h"
#include "loop/udp.h"
#include "loop/vnet.h"
#include "sip/inv.h"

#define UNUSED __attribute__((unused))

enum { LOG_MAX = 4000, SEEN_MAX = 200, LONG = 200000 };

struct fix;

/** What a party does by itself. */
struct party {
	struct fix *f;
	struct sip *sip;
	struct sa addr;
	struct sip_inv *inv;
	struct sip_strans *st; /* an in-dialog request kept for later */
	char log[LOG_MAX];
	size_t l;
	/* behaviour */
	bool auto_ring, auto_answer; /* to INVITEs */
	bool auto_reanswer;          /* to re-INVITEs, with `sdp` */
	bool auto_ack;               /* to offers in 2xx, with `sdp` */
	bool renew;                  /* has another offer after glare */
	const char *sdp;
	char deref_at[16]; /* word at which it lets go */
	int accept_err;
};

/** A peer typed by hand. */
struct raw {
	struct udp *u;
	struct sa addr;
	struct sip_msg *seen[SEEN_MAX];
	size_t n;
};

struct fix {
	struct vnet *net;
	struct loop *loop;
	struct party a, b;
	struct raw raw;
	size_t live;
	bool tolerant; /* a call-back may fail to answer */
	/* what is lost */
	size_t packets;            /* UDP packets so far */
	size_t lose_from, lose_to; /* indices lost, from <= i < to */
	const char *lose_word;     /* first lines with this are lost ... */
	size_t lose_n;             /* ... so many times */
};

static UNUSED void note(struct party *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void note(struct party *p, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(p->log + p->l, LOG_MAX - p->l, fmt, ap);
	va_end(ap);
	assert_true(n >= 0 && (size_t)n + 2 < LOG_MAX - p->l);
	p->l += (size_t)n;
	p->log[p->l++] = ' ';
	p->log[p->l] = 0;
	if (*p->deref_at && !strncmp(p->log + p->l - (size_t)n - 1, p->deref_at, strlen(p->deref_at)))
		p->inv = mem_deref(p->inv);
}

/** The log so far, and begin a new one. */
static UNUSED void assert_log(struct party *p, const char *want)
{
	if (p->l)
		p->log[p->l - 1] = 0;
	assert_string_equal(p->log, want);
	p->l = 0;
	p->log[0] = 0;
}

static struct slice text(const char *s)
{
	return s ? slice_str(s) : SLICE_NULL;
}
static struct slice sdp_type(const char *s)
{
	return s ? SLICE("application/sdp") : SLICE_NULL;
}

/* ---- what happens ---- */

static void progress_h(struct sip_inv *i, const struct sip_msg *rsp, void *arg)
{
	struct party *p = arg;
	struct slice body = sip_inv_body(i, rsp);

	if (p->auto_ack && sip_inv_ack_due(i))
		assert_true(!sip_inv_ack_answer(i, sdp_type(p->sdp), text(p->sdp)) || p->f->tolerant);
	note(arg, body.l ? "progress:%u=%.*s" : "progress:%u", rsp->scode, SLICE_FMT(body));
}

/** The ACK with our answer; it is out already when our INVITE had the offer. */
static void give_answer(struct party *p, struct sip_inv *i)
{
	int err = sip_inv_ack_answer(i, sdp_type(p->sdp), text(p->sdp));

	assert_true(!err || err == ERR_STATE);
}

static void answered_h(struct sip_inv *i, const struct sip_msg *rsp, void *arg)
{
	struct party *p = arg;
	struct slice body = sip_inv_body(i, rsp);

	if (p->auto_ack)
		give_answer(p, i);
	note(p, body.l ? "answered:%u=%.*s" : "answered:%u", rsp->scode, SLICE_FMT(body));
}

static void reoffer_h(struct sip_inv *i, const struct sip_msg *req, void *arg)
{
	struct party *p = arg;

	if (p->auto_reanswer)
		assert_true(!sip_inv_reply_answer(i, sdp_type(p->sdp), text(p->sdp)) || p->f->tolerant);
	note(p, req->body.l ? "%s=%.*s" : "%s",
	     req->m == SIP_UPDATE  ? "update"
	     : req->m == SIP_PRACK ? "prack"
				   : "reoffer",
	     SLICE_FMT(req->body));
}

static void reanswered_h(struct sip_inv *i, const struct sip_msg *rsp, uint16_t scode, void *arg)
{
	struct party *p = arg;

	if (p->auto_ack && scode < 300)
		give_answer(p, i);
	if (rsp)
		note(p, rsp->body.l ? "reanswered:%u=%.*s" : "reanswered:%u", scode, SLICE_FMT(rsp->body));
	else
		note(p, "reanswered:%u", scode);
}

static void acked_h(struct sip_inv *i, const struct sip_msg *ack, void *arg)
{
	(void)i;
	note(arg, ack->body.l ? "acked=%.*s" : "acked", SLICE_FMT(ack->body));
}

static void in_request_h(struct sip_inv *i, struct sip_strans *st, const struct sip_msg *req, void *arg)
{
	(void)i;
	sip_reply_simple(st, 200, NULL);
	note(arg, "request:%.*s", SLICE_FMT(req->method));
}

static void closed_h(struct sip_inv *i, int err, uint16_t scode, const struct sip_msg *msg, void *arg)
{
	(void)i;
	(void)msg;
	note(arg, "closed:%s:%u", err ? err_str(err) : "0", scode);
}

static int renew_h(struct sip_inv *i, struct buf *sdp, void *arg)
{
	struct party *p = arg;

	(void)i;
	note(p, "renew");
	buf_str(sdp, "renewed");
	return p->renew ? 0 : ECANCELED;
}

static void reoffer_gone_h(struct sip_inv *i, void *arg)
{
	(void)i;
	note(arg, "gone");
}

static void updated_h(struct sip_inv *i, const struct sip_msg *msg, void *arg)
{
	(void)i;
	note(arg, msg->req ? "updated" : "updated:%u", msg->scode);
}

static int current_h(struct sip_inv *i, struct buf *sdp, void *arg)
{
	struct party *p = arg;

	(void)i;
	buf_str(sdp, p->sdp);
	return 0;
}

static void refreshed_h(struct sip_inv *i, const struct sip_msg *rsp, void *arg)
{
	(void)i;
	note(arg, "refreshed=%.*s", SLICE_FMT(rsp->body));
}

static const struct sip_inv_ops party_ops = {.progress = progress_h,
					     .answered = answered_h,
					     .reoffer = reoffer_h,
					     .reanswered = reanswered_h,
					     .acked = acked_h,
					     .request = in_request_h,
					     .closed = closed_h,
					     .renew = renew_h,
					     .reoffer_gone = reoffer_gone_h,
					     .updated = updated_h,
					     .current = current_h,
					     .refreshed = refreshed_h};

/** An INVITE came to the stack. */
static void new_request_h(struct sip_strans *st, const struct sip_msg *msg, void *arg)
{
	struct party *p = arg;
	struct sip_inv *i;

	if (msg->m != SIP_INVITE || p->inv) {
		sip_reply_simple(st, 486, NULL);
		return;
	}
	p->accept_err = sip_inv_accept(&i, st, msg, SLICE("callee"), &party_ops, p);
	if (p->accept_err) {
		sip_reply_simple(st, 400, NULL);
		return;
	}
	p->inv = i;
	note(p, msg->body.l ? "invite=%.*s" : "invite", SLICE_FMT(msg->body));
	if (p->inv && p->auto_ring)
		assert_int_equal(sip_inv_progress(p->inv, 180, SLICE_NULL, SLICE_NULL, SLICE_NULL), 0);
	if (p->inv && p->auto_answer)
		assert_int_equal(sip_inv_answer(p->inv, SLICE_NULL, sdp_type(p->sdp), text(p->sdp)), 0);
}

/* ---- making and ending ---- */

static bool filter_h(const struct sa *src, const struct sa *dst, struct slice data, void *arg)
{
	struct fix *f = arg;
	size_t i = f->packets++;
	struct slice line = slice_cut(&data, '\r');
	char first[200];

	(void)src;
	(void)dst;
	if (i >= f->lose_from && i < f->lose_to)
		return false;
	(void)slice_copy(first, sizeof(first), line);
	if (f->lose_word && f->lose_n && strstr(first, f->lose_word)) {
		f->lose_n--;
		return false;
	}
	return true;
}

static struct sa at(const char *s)
{
	struct sa a;

	assert_int_equal(sa_parse(&a, slice_str(s), SIP_PORT), 0);
	return a;
}

static void party_open(struct party *p, struct fix *f, const char *addr, const char *name)
{
	static const struct sip_ops ops = {.request = new_request_h};
	struct sip_cfg cfg = {.loop = f->loop, .software = name};

	p->f = f;
	p->addr = at(addr);
	p->sdp = name;
	assert_int_equal(sip_alloc(&p->sip, &cfg, &ops, p), 0);
	assert_int_equal(sip_listen(p->sip, SIP_TRANSP_UDP, &p->addr), 0);
	assert_int_equal(sip_listen(p->sip, SIP_TRANSP_TCP, &p->addr), 0);
	sip_allow(p->sip, SIP_INFO);
	sip_allow(p->sip, SIP_UPDATE);
}

/** Both stacks know RFC 3262, 3311 and 4028. */
static UNUSED void support(struct fix *f)
{
	sip_allow(f->a.sip, SIP_PRACK);
	sip_allow(f->b.sip, SIP_PRACK);
	sip_support(f->a.sip, "100rel");
	sip_support(f->b.sip, "100rel");
	sip_support(f->a.sip, "timer");
	sip_support(f->b.sip, "timer");
}

static void raw_recv_h(struct udp *u, const struct udp_rx *rx, void *arg)
{
	struct raw *r = arg;
	struct sip_msg_err e;

	(void)u;
	assert_true(r->n < SEEN_MAX);
	assert_int_equal(sip_msg_decode(&r->seen[r->n], rx->data.p, rx->data.l, &e), 0);
	r->seen[r->n]->src = rx->src;
	r->n++;
}

static UNUSED int fix_open(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));
	struct udp_opts o = {.batch = false};

	log_set_level(LOG_ERROR);
	f->live = mem_live();
	assert_int_equal(vnet_alloc(&f->net, 1), 0);
	assert_int_equal(loop_alloc_virtual(&f->loop, f->net), 0);
	vnet_set_filter(f->net, filter_h, f);
	party_open(&f->a, f, "10.0.0.1", "sdp-a");
	party_open(&f->b, f, "10.0.0.2", "sdp-b");
	f->b.auto_ring = f->b.auto_answer = f->a.auto_reanswer = f->b.auto_reanswer = true;
	f->a.auto_ack = f->b.auto_ack = false;
	f->raw.addr = at("10.0.0.9");
	assert_int_equal(udp_open(&f->raw.u, f->loop, &f->raw.addr, &o, raw_recv_h, &f->raw), 0);
	*state = f;
	return 0;
}

static void run(struct fix *f, uint64_t ms)
{
	vnet_run(f->net, ms);
}

static UNUSED void raw_clear(struct fix *f)
{
	for (size_t i = 0; i < f->raw.n; i++)
		mem_deref(f->raw.seen[i]);
	f->raw.n = 0;
}

/** Let go of everything; afterwards no transaction, dialog or object may be left. */
static UNUSED int fix_close(void **state)
{
	struct fix *f = *state;
	struct sip_stats st;

	for (int i = 0; i < 2; i++) { /* a late INVITE may have opened another one */
		f->a.inv = mem_deref(f->a.inv);
		f->b.inv = mem_deref(f->b.inv);
		run(f, LONG);
	}
	for (int i = 0; i < 2; i++) {
		sip_stats(i ? f->b.sip : f->a.sip, &st);
		if (st.dialogs + st.client_trans + st.server_trans)
			fail_msg("%c: %zu dialogs, %zu client, %zu server transactions left; log %s / %s", 'a' + i,
				 st.dialogs, st.client_trans, st.server_trans, f->a.log, f->b.log);
	}
	raw_clear(f);
	mem_deref(f->raw.u);
	mem_deref(f->a.sip);
	mem_deref(f->b.sip);
	mem_deref(f->loop);
	mem_deref(f->net);
	if (mem_live() != f->live)
		mem_leaks();
	assert_int_equal(mem_live(), f->live);
	free(f);
	return 0;
}

/** The call that a makes to b unless told otherwise. */
static UNUSED struct sip_inv_call call_of(const struct sa *to, const char *offer)
{
	struct sip_inv_call c = {.uri = SLICE("sip:b@10.0.0.2"),
				 .dest = {.tp = SIP_TRANSP_UDP, .addr = *to},
				 .from_display = SLICE("A \"quoted\" name"),
				 .from_uri = SLICE("sip:a@example.org"),
				 .contact_user = SLICE("a"),
				 .ctype = sdp_type(offer),
				 .offer = text(offer)};

	return c;
}

static UNUSED void a_calls(struct fix *f, const char *offer)
{
	struct sip_inv_call c = call_of(&f->b.addr, offer);

	assert_int_equal(sip_inv_connect(&f->a.inv, f->a.sip, &c, &party_ops, &f->a), 0);
}

/** Both in a call; logs empty. */
static UNUSED void connect_both(struct fix *f)
{
	a_calls(f, "offer");
	run(f, 1000);
	assert_log(&f->a, "progress:180 answered:200=sdp-b");
	assert_log(&f->b, "invite=offer acked");
	assert_int_equal(sip_inv_state(f->a.inv), SIP_INV_CONNECTED);
	assert_int_equal(sip_inv_state(f->b.inv), SIP_INV_CONNECTED);
}

/* ---- the peer typed by hand ---- */

static UNUSED void raw_send(struct fix *f, const struct sa *to, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void raw_send(struct fix *f, const struct sa *to, const char *fmt, ...)
{
	char txt[4000];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(txt, sizeof(txt), fmt, ap);
	va_end(ap);
	assert_true(n > 0 && (size_t)n < sizeof(txt));
	assert_int_equal(udp_send_now(f->raw.u, to, txt, (size_t)n), 0);
}

/** Answer a request as a peer would; `extra` are whole lines. */
static UNUSED void raw_reply(struct fix *f, const struct sip_msg *req, const char *status, const char *tag,
			     const char *extra, const char *body)
{
	struct slice cseq = sip_msg_val(req, SIP_HDR_CSEQ), to = sip_msg_val(req, SIP_HDR_TO);

	raw_send(f, &req->src,
		 "SIP/2.0 %s\r\nVia: %.*s\r\nFrom: %.*s\r\nTo: %.*s%s%s\r\nCall-ID: %.*s\r\nCSeq: "
		 "%.*s\r\n%sContent-Length: %zu\r\n\r\n%s",
		 status, SLICE_FMT(req->via.val), SLICE_FMT(sip_msg_val(req, SIP_HDR_FROM)), SLICE_FMT(to),
		 tag && !req->to.tag.l ? ";tag=" : "", tag && !req->to.tag.l ? tag : "", SLICE_FMT(req->callid),
		 SLICE_FMT(cseq), extra ? extra : "", body ? strlen(body) : 0, body ? body : "");
}

/** The n-th (from 0) request of a method that it saw, or NULL. */
static UNUSED const struct sip_msg *raw_request(const struct fix *f, enum sip_method m, size_t n)
{
	for (size_t i = 0; i < f->raw.n; i++)
		if (f->raw.seen[i]->req && f->raw.seen[i]->m == m && !n--)
			return f->raw.seen[i];
	return NULL;
}

/** The n-th response with this code that it saw, or NULL. */
static UNUSED const struct sip_msg *raw_response(const struct fix *f, uint16_t scode, size_t n)
{
	for (size_t i = 0; i < f->raw.n; i++)
		if (!f->raw.seen[i]->req && f->raw.seen[i]->scode == scode && !n--)
			return f->raw.seen[i];
	return NULL;
}

static UNUSED size_t raw_count(const struct fix *f, enum sip_method m)
{
	size_t n = 0;

	for (size_t i = 0; i < f->raw.n; i++)
		n += f->raw.seen[i]->req && f->raw.seen[i]->m == m;
	return n;
}

#endif
