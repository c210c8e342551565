/*
 * fix.h - fixture of the call room's tests: a server (media, calls, edge, SIP stack) at 10.0.0.1 on an in-memory
 * network, an owner, a location and secrets made up here, and phones that are SIP stacks of their own.
 *
 * A phone's log is a line of words: "invite ring:180 answered:200 closed:200".
 */
#ifndef UNIT_CALL_FIX_H
#define UNIT_CALL_FIX_H

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
#include "call/call_priv.h"
#include "call/edge.h"
#include "loop/udp.h"
#include "loop/vnet.h"
#include "media/tone.h"
#include "sip/inv.h"

#define UNUSED __attribute__((unused))

enum { LOG_MAX = 2000, HEARD_MAX = 200000, PHONES = 5, REG_MAX = 40, SDP_TXT = 2000 };

struct fix;

struct phone {
	struct fix *f;
	const char *user;
	struct sip *sip;
	struct sa addr, rtp;
	struct udp *udp; /* its RTP socket */
	size_t rtp_n;    /* packets it received */
	size_t raw_n;    /* datagrams that are no RTP */
	struct sa rtp_src;
	uint8_t rtp_pt; /* of the last one */
	size_t rtp_len; /* its payload */
	struct sip_inv *inv;
	char log[LOG_MAX];
	size_t l;
	char got[SDP_TXT];     /* last description it received */
	char heard[HEARD_MAX]; /* every UDP message it received */
	size_t nheard;
	/* behaviour towards an INVITE */
	uint16_t ring;           /* 180, 183 ... or 0 */
	bool early;              /* with SDP */
	uint16_t final;          /* 200, 486 ... or 0: rings for ever */
	uint32_t after_ms;       /* final answer after this */
	const char *contact;     /* of a 3xx */
	const char *hdrs;        /* lines of its final answer */
	uint16_t refuse_offer;   /* answers INVITEs with a description with this, or 0 */
	uint16_t refuse_reoffer; /* answers re-INVITEs with this, or 0: 200 */
	uint16_t refuse_info;    /**< answers INFO with this, or 0: 200 */
	bool hold_reoffer;       /* answers them later, by hand */
	const char *sdp;         /* its description */
	char sdp_txt[SDP_TXT];
	struct timer timer;
};

struct reg {
	char aor[32];
	struct contact *c;
};

struct fix {
	struct vnet *net;
	struct loop *loop;
	struct media *media;
	struct calls *calls;
	struct edge *edge;
	struct sip *sip;
	struct sa addr;
	struct phone p[PHONES]; /* users 100 ... at 10.0.0.10 ... */
	size_t live;
	/* location */
	struct reg reg[REG_MAX];
	size_t nreg;
	char last_callid[128];
	uint32_t last_cseq;
	struct timer later[64];
	size_t nlater;
	uint64_t flow_closed;
	/* owner */
	uint32_t ring_ms;
	const char *forward; /* dialled instead after a failed dial */
	struct trunk *line;  /* numbers that begin with 0 go by it */
	uint16_t admit;      /* admit() says this */
	void (*inside)(struct call *c, struct leg *l, void *arg);
	uint16_t q_parallel;
	size_t nopen, nanswer, nclose, ndtmf, nfailed_auth;
	char digit;
	struct call_record rec; /* the last one */
	struct call_record rec_open;
	int inside_result;
	size_t ntransfer;
	uint16_t refuse_transfer;       /* the owner says this */
	struct media_policy mp[PHONES]; /* what is set for the sound of the phones */
	bool drained;
	size_t sip_packets, lose, lose_n; /* SIP packets so far; from index `lose` on, `lose_n` are lost */
	bool oom;                         /* memory may run out */
	const struct sa *cut[2];          /* addresses that no packet reaches or leaves */
};

/** It succeeds, unless memory ran out. */
#define MAY(f, call)                                                                                                   \
	do {                                                                                                           \
		int may_err = (call);                                                                                  \
		if (!(f)->oom)                                                                                         \
			assert_int_equal(may_err, 0);                                                                  \
	} while (0)

static UNUSED struct sa at(const char *s)
{
	struct sa a;

	assert_int_equal(sa_parse(&a, slice_str(s), SIP_PORT), 0);
	return a;
}

static UNUSED void run(struct fix *f, uint64_t ms)
{
	vnet_run(f->net, ms);
}

/* ------------------------------------------------------------------ location and secrets */

struct later {
	struct timer t;
	struct fix *f;
	location_lookup_h *lh;
	location_update_h *uh;
	void *arg;
	char aor[32];
	uint16_t scode;
};

static size_t reg_find(struct fix *f, const char *aor, struct location *loc)
{
	size_t known = 0;

	*loc = (struct location){.n = 0};
	for (size_t i = 0; i < f->nreg; i++) {
		if (strcmp(f->reg[i].aor, aor))
			continue;
		known++;
		if (f->reg[i].c && loc->n < LOCATION_MAX)
			loc->v[loc->n++] = f->reg[i].c;
	}
	/* best q first */
	for (size_t i = 0; i < loc->n; i++)
		for (size_t k = i + 1; k < loc->n; k++)
			if (loc->v[k]->q > loc->v[i]->q) {
				const struct contact *c = loc->v[i];

				loc->v[i] = loc->v[k];
				loc->v[k] = c;
			}
	return known;
}

static void later_h(void *arg)
{
	struct later *l = arg;
	struct location loc;
	size_t known = reg_find(l->f, l->aor, &loc);

	if (l->lh)
		l->lh(known ? 0 : ENOENT, known ? &loc : NULL, l->arg);
	else
		l->uh(l->scode, NULL, &loc, l->arg);
	free(l);
}

static struct later *later_new(struct fix *f, struct slice aor, void *arg)
{
	struct later *l = calloc(1, sizeof(*l));

	l->f = f;
	l->arg = arg;
	(void)slice_copy(l->aor, sizeof(l->aor), aor);
	timer_start(&l->t, f->loop, 1, later_h, l);
	return l;
}

static void loc_lookup(struct slice aor, location_lookup_h *h, void *harg, void *arg)
{
	later_new(arg, aor, harg)->lh = h;
}

static void reg_put(struct fix *f, const char *aor, const struct contact *c)
{
	size_t i;

	for (i = 0; i < f->nreg; i++)
		if (!strcmp(f->reg[i].aor, aor) && (!f->reg[i].c || slice_eq(f->reg[i].c->uri, c->uri)))
			break;
	assert_true(i < REG_MAX);
	if (i == f->nreg)
		f->nreg++;
	else
		mem_deref(f->reg[i].c);
	(void)slice_copy(f->reg[i].aor, sizeof(f->reg[i].aor), slice_str(aor));
	assert_int_equal(contact_dup(&f->reg[i].c, c), 0);
}

static void reg_remove(struct fix *f, const char *aor, const struct slice *uri)
{
	for (size_t i = 0; i < f->nreg; i++)
		if (!strcmp(f->reg[i].aor, aor) && f->reg[i].c && (!uri || slice_eq(f->reg[i].c->uri, *uri)))
			f->reg[i].c = mem_deref(f->reg[i].c);
}

static void loc_update(const struct location_update *u, location_update_h *h, void *harg, void *arg)
{
	struct fix *f = arg;
	struct later *l = later_new(f, u->aor, harg);

	l->uh = h;
	l->scode = 200;
	if (slice_eqs(u->callid, f->last_callid) && u->cseq < f->last_cseq && (u->n || u->star)) {
		l->scode = 500;
		return;
	}
	(void)slice_copy(f->last_callid, sizeof(f->last_callid), u->callid);
	f->last_cseq = u->cseq;
	if (u->star)
		reg_remove(f, l->aor, NULL);
	for (size_t i = 0; i < u->n; i++) {
		if (u->v[i]->expires_ms > loop_wall_ms(f->loop))
			reg_put(f, l->aor, u->v[i]);
		else
			reg_remove(f, l->aor, &u->v[i]->uri);
	}
}

static void loc_flow_closed(uint64_t flow, void *arg)
{
	((struct fix *)arg)->flow_closed = flow;
}

static const struct location_ops location_ops = {.update = loc_update,
						 .lookup = loc_lookup,
						 .flow_closed = loc_flow_closed,
						 .min_expires = 60,
						 .max_expires = 7200,
						 .def_expires = 3600};

static int secret_lookup(struct slice user, struct secret *s, void *arg)
{
	char pw[64];

	(void)arg;
	if (user.l != 3 || user.p[0] != '1')
		return ENOENT;
	snprintf(pw, sizeof(pw), "pw-%.*s", SLICE_FMT(user));
	secret_make(s, user, SLICE("test.realm"), slice_str(pw));
	return 0;
}

static void secret_failed(struct slice user, const struct sa *src, void *arg)
{
	(void)user;
	(void)src;
	((struct fix *)arg)->nfailed_auth++;
}

static const struct secret_ops secret_ops = {.lookup = secret_lookup, .failed = secret_failed};

/* ------------------------------------------------------------------ owner */

static uint16_t admit_h(struct call *c, struct slice number, void *arg)
{
	(void)c;
	(void)number;
	return ((struct fix *)arg)->admit;
}

static void dial_failed_h(struct call *c, const struct hangup *h, void *arg);

static void dial(struct fix *f, struct call *c, const char *number, bool forward)
{
	struct dial_target t = {.number = slice_str(number), .trunk = number[0] == '0' ? f->line : NULL};
	struct dial_cfg cfg = {
		.targets = &t, .n = 1, .ring_ms = f->ring_ms, .admit = admit_h, .q_parallel = f->q_parallel, .arg = f};

	int err;

	if (forward)
		cfg.failed = dial_failed_h;
	err = call_dial(c, &cfg);
	MAY(f, err);
	if (err)
		call_hangup(c, &(struct hangup){.code = 500});
	else
		assert_int_equal(call_dial(c, &cfg), ERR_STATE);
}

static void dial_failed_h(struct call *c, const struct hangup *h, void *arg)
{
	struct fix *f = arg;

	(void)h;
	dial(f, c, f->forward, false);
}

static void incoming_h(struct call *c, struct leg *from, const char *dialled, void *arg)
{
	struct fix *f = arg;

	(void)from;
	if (dialled[0] == '*' && f->inside) {
		int err = call_inside(c, "echo", f->inside, f);

		MAY(f, err);
		if (err)
			call_hangup(c, &(struct hangup){.code = 500});
	} else {
		dial(f, c, dialled, f->forward != NULL);
	}
}

static void record_h(enum record_phase phase, const struct call_record *r, void *arg)
{
	struct fix *f = arg;

	memset(&f->rec, 0, sizeof(f->rec));
	memcpy(&f->rec, r, offsetof(struct call_record, leg) + r->nlegs * sizeof(r->leg[0]));
	if (phase == RECORD_OPEN) {
		f->nopen++;
		f->rec_open = f->rec;
	}
	f->nanswer += phase == RECORD_ANSWER;
	f->nclose += phase == RECORD_CLOSE;
}

static void dtmf_h(struct call *c, struct leg *from, char digit, uint32_t ms, void *arg)
{
	struct fix *f = arg;

	(void)c;
	(void)from;
	(void)ms;
	f->ndtmf++;
	f->digit = digit;
}

static uint16_t transfer_h(struct call *c, struct leg *by, const char *number, void *arg)
{
	struct fix *f = arg;

	(void)by;
	f->ntransfer++;
	if (f->refuse_transfer)
		return f->refuse_transfer;
	if (number[0] == '*' && f->inside)
		return call_inside(c, "echo", f->inside, f) ? 500 : 0;
	dial(f, c, number, f->forward != NULL);
	return 0;
}

static void media_h(const struct leg *l, struct media_policy *mp, void *arg)
{
	const struct fix *f = arg;

	for (unsigned i = 0; i < PHONES; i++)
		if (f->p[i].user && !strcmp(f->p[i].user, l->party.number))
			*mp = f->mp[i];
}

static const struct call_ops call_ops = {
	.media = media_h, .incoming = incoming_h, .record = record_h, .dtmf = dtmf_h, .transfer = transfer_h};

/* ------------------------------------------------------------------ phones */

static UNUSED void note(struct phone *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void note(struct phone *p, const char *fmt, ...)
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
}

/** The log so far, and begin a new one. */
static UNUSED void assert_log(struct phone *p, const char *want)
{
	if (p->l)
		p->log[p->l - 1] = 0;
	assert_string_equal(p->log, want);
	p->l = 0;
	p->log[0] = 0;
}

static void take(struct phone *p, const struct sip_msg *m)
{
	if (m && m->body.l)
		(void)slice_copy(p->got, sizeof(p->got), m->body);
}

static struct slice sdp_of(const struct phone *p)
{
	return p->sdp ? slice_str(p->sdp) : SLICE_NULL;
}
static struct slice ct_of(const struct phone *p)
{
	return p->sdp ? SLICE("application/sdp") : SLICE_NULL;
}

/** Its description: direction and formats, with things that no other side may see. */
static UNUSED const char *phone_sdp(struct phone *p, const char *dir, const char *fmts)
{
	char ip[SA_STRLEN];
	static unsigned version = 1;

	snprintf(p->sdp_txt, sizeof(p->sdp_txt),
		 "v=0\r\no=secret%s 123%s %u IN IP4 %s\r\ns=secret%s\r\nc=IN IP4 %s\r\nt=0 0\r\na=x-secret:%s\r\n"
		 "m=audio %u RTP/AVP %s\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 "
		 "telephone-event/8000\r\n"
		 "a=fmtp:101 0-15\r\na=candidate:1 1 UDP 1 %s 4000 typ host\r\na=x-secret:%s\r\na=ptime:20\r\na=%s\r\n",
		 p->user, p->user, version++, sa_ntop(&p->addr, ip), p->user, ip, p->user, sa_port(&p->rtp), fmts, ip,
		 p->user, dir);
	p->sdp = p->sdp_txt;
	return p->sdp;
}

static void progress_h(struct sip_inv *i, const struct sip_msg *rsp, void *arg)
{
	(void)i;
	take(arg, rsp);
	note(arg, rsp->body.l ? "early:%u" : "ring:%u", rsp->scode);
}

static void answered_h(struct sip_inv *i, const struct sip_msg *rsp, void *arg)
{
	struct phone *p = arg;

	take(p, rsp);
	note(p, "answered:%u", rsp->scode);
	/* needed when its INVITE had no offer */
	(void)!sip_inv_ack_answer(i, ct_of(p), sdp_of(p));
}

static void reoffer_h(struct sip_inv *i, const struct sip_msg *req, void *arg)
{
	struct phone *p = arg;

	take(p, req);
	note(p, req->body.l ? "reoffer" : "reask");
	if (p->hold_reoffer)
		return;
	if (p->refuse_reoffer)
		MAY(p->f, sip_inv_reply_reject(i, p->refuse_reoffer, SLICE_NULL));
	else
		MAY(p->f, sip_inv_reply_answer(i, ct_of(p), sdp_of(p)));
}

static void reanswered_h(struct sip_inv *i, const struct sip_msg *rsp, uint16_t scode, void *arg)
{
	struct phone *p = arg;

	take(p, rsp);
	note(p, "reanswered:%u", scode);
	if (scode < 300)
		(void)!sip_inv_ack_answer(i, ct_of(p), sdp_of(p));
}

static void acked_h(struct sip_inv *i, const struct sip_msg *ack, void *arg)
{
	(void)i;
	take(arg, ack);
	note(arg, ack->body.l ? "acked+sdp" : "acked");
}

static void in_request_h(struct sip_inv *i, struct sip_strans *st, const struct sip_msg *req, void *arg)
{
	uint16_t refused = req->m == SIP_INFO ? ((struct phone *)arg)->refuse_info : 0;

	(void)i;
	note(arg, "request:%.*s", SLICE_FMT(req->method));
	sip_reply_simple(st, refused ? refused : 200, NULL);
}

static void closed_h(struct sip_inv *i, int err, uint16_t scode, const struct sip_msg *msg, void *arg)
{
	struct phone *p = arg;

	(void)i;
	(void)msg;
	note(p, err ? "lost:%u" : "closed:%u", scode);
	p->inv = mem_deref(p->inv);
}

static int current_h(struct sip_inv *i, struct buf *sdp, void *arg)
{
	(void)i;
	buf_slice(sdp, sdp_of(arg));
	return 0;
}

static const struct sip_inv_ops phone_inv_ops = {.current = current_h,
						 .progress = progress_h,
						 .answered = answered_h,
						 .reoffer = reoffer_h,
						 .reanswered = reanswered_h,
						 .acked = acked_h,
						 .request = in_request_h,
						 .closed = closed_h};

static void final_h(void *arg)
{
	struct phone *p = arg;
	char hdr[300] = "";

	if (!p->inv || sip_inv_state(p->inv) != SIP_INV_INCOMING)
		return;
	if (p->final == 200) {
		MAY(p->f, sip_inv_answer(p->inv, slice_str(p->hdrs), ct_of(p), sdp_of(p)));
		return;
	}
	if (p->contact)
		snprintf(hdr, sizeof(hdr), "Contact: %s\r\n%s", p->contact, p->hdrs ? p->hdrs : "");
	else if (p->hdrs)
		snprintf(hdr, sizeof(hdr), "%s", p->hdrs);
	MAY(p->f, sip_inv_reject(p->inv, p->final, SLICE_NULL, slice_str(hdr)));
	p->inv = mem_deref(p->inv);
}

static void phone_request_h(struct sip_strans *st, const struct sip_msg *msg, void *arg)
{
	struct phone *p = arg;

	if (msg->m != SIP_INVITE || p->inv) {
		sip_reply_simple(st, 486, NULL);
		return;
	}
	if (sip_inv_accept(&p->inv, st, msg, slice_str(p->user), &phone_inv_ops, p)) {
		MAY(p->f, ENOMEM);
		p->inv = NULL;
		sip_reply_simple(st, 500, NULL);
		return;
	}
	take(p, msg);
	note(p, msg->body.l ? "invite" : "invite-empty");
	if (msg->body.l && p->refuse_offer) {
		MAY(p->f, sip_inv_reject(p->inv, p->refuse_offer, SLICE_NULL, SLICE_NULL));
		p->inv = mem_deref(p->inv);
		return;
	}
	if (p->ring)
		MAY(p->f, sip_inv_progress(p->inv, p->ring, SLICE_NULL, p->early ? ct_of(p) : SLICE_NULL,
					   p->early ? sdp_of(p) : SLICE_NULL));
	if (p->final && p->after_ms)
		timer_start(&p->timer, p->f->loop, p->after_ms, final_h, p);
	else if (p->final)
		final_h(p);
}

static void rtp_h(struct udp *u, const struct udp_rx *rx, void *arg)
{
	struct phone *p = arg;

	(void)u;
	if (rx->data.l >= 12 && ((uint8_t)rx->data.p[0] >> 6) == 2) {
		p->rtp_n++;
		p->rtp_src = rx->src;
		p->rtp_pt = (uint8_t)rx->data.p[1] & 0x7f;
		p->rtp_len = rx->data.l - 12;
	} else {
		p->raw_n++;
	}
}

static void phone_open(struct fix *f, unsigned i)
{
	static const char *const users[] = {"100", "101", "102", "103", "104"};
	static const struct sip_ops ops = {.request = phone_request_h};
	struct phone *p = &f->p[i];
	char txt[32], sw[32];
	struct sip_cfg cfg = {.loop = f->loop, .software = sw, .tcp_idle_s = 1000000};
	struct udp_opts o = {0};

	p->f = f;
	p->user = users[i];
	snprintf(sw, sizeof(sw), "phone-%s", p->user);
	snprintf(txt, sizeof(txt), "10.0.0.%u:5060", 10 + i);
	p->addr = at(txt);
	p->rtp = p->addr;
	sa_set_port(&p->rtp, 4000);
	assert_int_equal(sip_alloc(&p->sip, &cfg, &ops, p), 0);
	assert_int_equal(sip_listen(p->sip, SIP_TRANSP_UDP, &p->addr), 0);
	assert_int_equal(sip_listen(p->sip, SIP_TRANSP_TCP, &p->addr), 0);
	sip_allow(p->sip, SIP_INFO);
	sip_allow(p->sip, SIP_NOTIFY);
	assert_int_equal(udp_open(&p->udp, f->loop, &p->rtp, &o, rtp_h, p), 0);
	phone_sdp(p, "sendrecv", "0 8 101");
	p->ring = 180;
	p->final = 200;
	p->after_ms = 100;
}

/** Registered without REGISTER. */
static UNUSED void phone_register_q(struct phone *p, const char *aor, uint16_t q)
{
	char uri[80], txt[SA_STRLEN];
	struct contact c = {.q = q, .src = p->addr, .local = p->f->addr, .transp = SIP_TRANSP_UDP};

	snprintf(uri, sizeof(uri), "sip:dev-%s@%s", p->user, sa_str(&p->addr, txt));
	c.uri = slice_str(uri);
	c.expires_ms = loop_wall_ms(p->f->loop) + 3600000;
	reg_put(p->f, aor, &c);
}

static UNUSED void phone_register(struct phone *p)
{
	phone_register_q(p, p->user, 1000);
}

/** How a phone calls, beside the usual. */
struct how {
	const char *from, *password, *hdrs, *display;
	uint32_t maxfwd;
	bool tcp, no_offer;
};

static UNUSED void phone_call_how(struct phone *p, const char *number, const struct how *h)
{
	char uri[80], from[80], pw[40];
	struct sip_cred cred = {.user = slice_str(p->user)};
	struct sip_inv_call c = {.dest = {.tp = h->tcp ? SIP_TRANSP_TCP : SIP_TRANSP_UDP, .addr = p->f->addr},
				 .cred = &cred};

	snprintf(uri, sizeof(uri), "sip:%s@10.0.0.1", number);
	snprintf(from, sizeof(from), "sip:%s@10.0.0.1", h->from ? h->from : p->user);
	snprintf(pw, sizeof(pw), "pw-%s", p->user);
	cred.password = slice_str(h->password ? h->password : pw);
	c.uri = slice_str(uri);
	c.from_uri = slice_str(from);
	c.from_display = h->display ? slice_str(h->display) : SLICE("Name \"A\"");
	c.contact_user = SLICE("secretcontact");
	c.hdrs = slice_str(h->hdrs);
	c.ctype = h->no_offer ? SLICE_NULL : ct_of(p);
	c.offer = h->no_offer ? SLICE_NULL : sdp_of(p);
	c.maxfwd = h->maxfwd;
	assert_null(p->inv);
	assert_int_equal(sip_inv_connect(&p->inv, p->sip, &c, &phone_inv_ops, p), 0);
}

static UNUSED void phone_call(struct phone *p, const char *number)
{
	struct how h = {0};

	phone_call_how(p, number, &h);
}

static UNUSED void phone_hangup(struct phone *p)
{
	assert_non_null(p->inv);
	sip_inv_hangup(p->inv, 0, SLICE_NULL);
}

static UNUSED void phone_reoffer(struct phone *p)
{
	assert_int_equal(sip_inv_reinvite(p->inv, SLICE_NULL, ct_of(p), sdp_of(p)), 0);
}

/** Where its last received description says its sound goes. */
static UNUSED struct sa phone_target(const struct phone *p)
{
	struct sdp *d = oa_scratch(0);

	assert_int_equal(sdp_decode(d, slice_str(p->got)), 0);
	assert_true(d->nm > 0 && d->m[0].port);
	return d->m[0].conn;
}

/** Does sound go from one to the other? */
static UNUSED bool sound(struct phone *a, struct phone *b)
{
	uint8_t pkt[172] = {0x80, 0};
	struct sa to = phone_target(a);
	static uint8_t seq;
	size_t n = b->rtp_n;

	memcpy(pkt + 8, a->user, 3);
	for (int i = 0; i < 3; i++) {
		pkt[3] = seq++;
		pkt[7] = (uint8_t)(pkt[3] * 160 & 0xff);
		assert_int_equal(udp_send_now(a->udp, &to, pkt, sizeof(pkt)), 0);
		run(a->f, 20);
	}
	return b->rtp_n > n;
}

/* ------------------------------------------------------------------ begin and end */

/* TRACE=1 shows the flow of messages of a test that fails. */
static void trace(const struct fix *f, const struct sa *src, const struct sa *dst, struct slice data)
{
	char x[SA_STRLEN], y[SA_STRLEN];
	struct slice line = slice_cut(&data, '\r');

	if (line.l && (uint8_t)line.p[0] < 0x80)
		printf("%8llu %s -> %s %.*s\n", (unsigned long long)vnet_now_ms(f->net), sa_str(src, x), sa_str(dst, y),
		       SLICE_FMT(line));
}

static bool filter_h(const struct sa *src, const struct sa *dst, struct slice data, void *arg)
{
	struct fix *f = arg;

	if (getenv("TRACE"))
		trace(f, src, dst, data);
	for (size_t i = 0; i < ARRAY_LEN(f->cut); i++)
		if (f->cut[i] && (sa_eq(f->cut[i], src) || sa_eq(f->cut[i], dst)))
			return false;
	if (f->lose_n && sa_port(dst) == SIP_PORT && f->sip_packets++ >= f->lose &&
	    f->sip_packets <= f->lose + f->lose_n)
		return false;
	for (unsigned i = 0; i < PHONES; i++) {
		struct phone *p = &f->p[i];

		if (sa_eq(dst, &p->addr) && p->nheard + data.l + 1 < HEARD_MAX) {
			memcpy(p->heard + p->nheard, data.p, data.l);
			p->nheard += data.l;
			p->heard[p->nheard] = 0;
		}
	}
	return true;
}

static void fix_server(struct fix *f, bool auth)
{
	struct media_cfg mc = {.loop = f->loop, .workers = 1, .port_lo = 10000, .port_hi = 10400};
	struct calls_cfg cc = {.loop = f->loop, .max_calls = 20};
	struct sip_cfg sc = {.loop = f->loop, .software = "offhook"};
	struct edge_cfg ec = {.loop = f->loop,
			      .realm = "test.realm",
			      .location = &location_ops,
			      .location_arg = f,
			      .secret = &secret_ops,
			      .secret_arg = f,
			      .auth_invite = auth};

	f->addr = at("10.0.0.1");
	assert_int_equal(media_alloc(&f->media, &mc), 0);
	cc.media = f->media;
	assert_int_equal(calls_alloc(&f->calls, &cc, &call_ops, f), 0);
	ec.calls = f->calls;
	assert_int_equal(edge_alloc(&f->edge, &ec), 0);
	assert_int_equal(sip_alloc(&f->sip, &sc, edge_sip_ops(), f->edge), 0);
	assert_int_equal(sip_listen(f->sip, SIP_TRANSP_UDP, &f->addr), 0);
	assert_int_equal(sip_listen(f->sip, SIP_TRANSP_TCP, &f->addr), 0);
	edge_set_sip(f->edge, f->sip);
}

static UNUSED int fix_open_auth(void **state, bool auth)
{
	struct fix *f = calloc(1, sizeof(*f));

	log_set_level(LOG_ERROR);
	f->live = mem_live();
	f->ring_ms = 30000;
	assert_int_equal(vnet_alloc(&f->net, 1), 0);
	assert_int_equal(loop_alloc_virtual(&f->loop, f->net), 0);
	vnet_set_filter(f->net, filter_h, f);
	fix_server(f, auth);
	for (unsigned i = 0; i < PHONES; i++)
		phone_open(f, i);
	*state = f;
	return 0;
}

static UNUSED int fix_open(void **state)
{
	return fix_open_auth(state, true);
}

static void drained_h(void *arg)
{
	((struct fix *)arg)->drained = true;
}

/** After the drain nothing may be left: calls, dialogs, transactions, streams, fibers, memory. */
static UNUSED int fix_close(void **state)
{
	struct fix *f = *state;
	struct media_stats ms;
	struct sip_stats st;

	calls_drain(f->calls, 40000, drained_h, f);
	run(f, 100000);
	assert_true(f->drained);
	assert_int_equal(calls_count(f->calls), 0);
	assert_int_equal(calls_ending(f->calls), 0);
	assert_int_equal(f->nclose, f->nopen);
	for (unsigned i = 0; i < PHONES; i++) {
		f->p[i].inv = mem_deref(f->p[i].inv);
		timer_stop(&f->p[i].timer);
	}
	run(f, 100000);
	media_stats(f->media, &ms);
	assert_int_equal(ms.streams, 0);
	assert_int_equal(fiber_count(), 0);
	sip_stats(f->sip, &st);
	assert_int_equal(st.dialogs + st.client_trans + st.server_trans, 0);
	for (unsigned i = 0; i < PHONES; i++) {
		mem_deref(f->p[i].udp);
		mem_deref(f->p[i].sip);
	}
	edge_set_sip(f->edge, NULL);
	mem_deref(f->sip);
	mem_deref(f->calls);
	mem_deref(f->edge);
	mem_deref(f->media);
	for (size_t i = 0; i < f->nreg; i++)
		mem_deref(f->reg[i].c);
	run(f, 1000);
	mem_deref(f->loop);
	mem_deref(f->net);
	if (mem_live() != f->live)
		mem_leaks();
	assert_int_equal(mem_live(), f->live);
	free(f);
	return 0;
}

/** Phone `a` and phone `b` talk; logs empty. */
static UNUSED void connect_two(struct phone *a, struct phone *b)
{
	phone_register(b);
	phone_call(a, b->user);
	run(a->f, 1000);
	assert_log(a, "ring:180 answered:200");
	assert_log(b, "invite acked");
}

static UNUSED void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in:\n%s", part, text);
}

static UNUSED void assert_lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("'%s' is in:\n%s", part, text);
}

#endif
