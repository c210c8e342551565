/*
 * provider.h - a provider's server for tests: a registrar that asks for a password, answers OPTIONS, takes calls and
 * makes them, and fails in every way that it is told to.
 */
#ifndef UNIT_CALL_PROVIDER_H
#define UNIT_CALL_PROVIDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/mem.h"
#include "loop/tls.h"
#include "loop/udp.h"
#include "loop/vnet.h"
#include "sip/inv.h"

#define PROVIDER_SDP                                                                                                   \
	"v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio 4000 RTP/AVP %s\r\n"                       \
	"a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"

struct provider {
	struct loop *loop;
	struct sip *sip; /* NULL: switched off */
	struct sip_auth *auth;
	struct tls *tls; /* referenced; NULL: no TLS */
	struct sa addr;
	char ip[SA_STRLEN];
	/* behaviour */
	const char *user, *password; /* NULL: asks for none */
	uint16_t reg, inv;           /* final answers; 0: none at all */
	const char *reason;          /* phrase of refusals, or NULL */
	const char *hdr;             /* a line for refusals: "Contact: <sip:else.example>\r\n" */
	const char *lines;           /* of its INVITEs */
	uint32_t min_expires;
	bool ask_invite;   /* 407 to INVITE */
	uint32_t after_ms; /* answers calls so late */
	/* what happened */
	size_t nreg, nopt, ninv, nunreg;
	struct trace_sink trace;
	char contact[160]; /* registered */
	char heard[4000];  /* the last INVITE */
	struct sip_inv *call;
	bool up, over;
	uint16_t end_code;
	struct timer timer;
};

static inline void provider_ha1(struct provider *p, struct sip_ha1 *h)
{
	sip_ha1_make(h, slice_str(p->user), SLICE("provider"), slice_str(p->password));
}

static inline int provider_lookup(struct slice user, struct sip_ha1 *h, void *arg)
{
	struct provider *p = arg;

	if (!slice_eqs(user, p->user))
		return ENOENT;
	provider_ha1(p, h);
	return 0;
}

static inline bool provider_asks(struct provider *p, struct sip_strans *st, const struct sip_msg *msg, bool proxy)
{
	struct sip_auth_info info;

	if (!p->password)
		return false;
	sip_auth_check(p->auth, msg, proxy, provider_lookup, p, &info);
	if (info.res == SIP_AUTH_OK)
		return false;
	sip_auth_reply(p->auth, st, proxy, info.res == SIP_AUTH_STALE);
	return true;
}

static inline void provider_refuse(struct provider *p, struct sip_strans *st, uint16_t code)
{
	(void)!sip_reply(st, code, slice_str(p->reason), slice_str(p->hdr), SLICE_NULL, SLICE_NULL);
}

static inline void provider_register(struct provider *p, struct sip_strans *st, const struct sip_msg *msg)
{
	struct slice val = sip_msg_val(msg, SIP_HDR_CONTACT);
	struct sip_contact c;
	char hdr[300];
	uint32_t want = 3600;

	p->nreg++;
	if (!p->reg)
		return;
	if (provider_asks(p, st, msg, false))
		return;
	(void)!slice_u32(sip_msg_val(msg, SIP_HDR_EXPIRES), &want);
	if (p->reg != 200) {
		provider_refuse(p, st, p->reg);
		return;
	}
	if (want && want < p->min_expires) {
		snprintf(hdr, sizeof(hdr), "Min-Expires: %u\r\n", p->min_expires);
		(void)!sip_reply(st, 423, SLICE_NULL, slice_str(hdr), SLICE_NULL, SLICE_NULL);
		return;
	}
	assert_int_equal(sip_contact_decode(&c, val), 0);
	(void)slice_copy(p->contact, sizeof(p->contact), want ? c.addr.auri : SLICE_NULL);
	p->nunreg += !want;
	snprintf(hdr, sizeof(hdr), "Contact: <%.*s>;expires=%u\r\n", SLICE_FMT(c.addr.auri), want);
	(void)!sip_reply(st, 200, SLICE_NULL, slice_str(hdr), SLICE_NULL, SLICE_NULL);
}

static inline void prov_progress(struct sip_inv *i, const struct sip_msg *rsp, void *arg)
{
	(void)i;
	(void)rsp;
	(void)arg;
}

static inline void prov_answered(struct sip_inv *i, const struct sip_msg *rsp, void *arg)
{
	(void)i;
	(void)rsp;
	((struct provider *)arg)->up = true;
}

static inline void prov_reoffer(struct sip_inv *i, const struct sip_msg *req, void *arg)
{
	(void)req;
	(void)arg;
	(void)!sip_inv_reply_reject(i, 488, SLICE_NULL);
}

static inline void prov_reanswered(struct sip_inv *i, const struct sip_msg *rsp, uint16_t scode, void *arg)
{
	(void)i;
	(void)rsp;
	(void)scode;
	(void)arg;
}

static inline void prov_acked(struct sip_inv *i, const struct sip_msg *ack, void *arg)
{
	(void)i;
	(void)ack;
	((struct provider *)arg)->up = true;
}

static inline void prov_request(struct sip_inv *i, struct sip_strans *st, const struct sip_msg *req, void *arg)
{
	(void)i;
	(void)req;
	(void)arg;
	sip_reply_simple(st, 200, NULL);
}

static inline void prov_closed(struct sip_inv *i, int err, uint16_t scode, const struct sip_msg *msg, void *arg)
{
	struct provider *p = arg;

	(void)i;
	(void)err;
	(void)msg;
	p->over = true;
	p->end_code = scode;
	p->call = mem_deref(p->call);
}

static const struct sip_inv_ops provider_inv_ops = {.progress = prov_progress,
						    .answered = prov_answered,
						    .reoffer = prov_reoffer,
						    .reanswered = prov_reanswered,
						    .acked = prov_acked,
						    .request = prov_request,
						    .closed = prov_closed};

static inline void provider_answer(void *arg)
{
	struct provider *p = arg;
	char sdp[400];

	if (!p->call || sip_inv_state(p->call) != SIP_INV_INCOMING)
		return;
	snprintf(sdp, sizeof(sdp), PROVIDER_SDP, p->ip, p->ip, "8");
	assert_int_equal(sip_inv_answer(p->call, SLICE_NULL, SLICE("application/sdp"), slice_str(sdp)), 0);
}

static inline void provider_invite(struct provider *p, struct sip_strans *st, const struct sip_msg *msg)
{
	p->ninv++;
	(void)slice_copy(p->heard, sizeof(p->heard), msg->raw);
	if (!p->inv)
		return;
	if (p->ask_invite && provider_asks(p, st, msg, true))
		return;
	if (p->inv != 200) {
		provider_refuse(p, st, p->inv);
		return;
	}
	if (p->call) {
		sip_reply_simple(st, 486, NULL);
		return;
	}
	p->up = p->over = false;
	assert_int_equal(sip_inv_accept(&p->call, st, msg, SLICE("gw"), &provider_inv_ops, p), 0);
	assert_int_equal(sip_inv_progress(p->call, 180, SLICE_NULL, SLICE_NULL, SLICE_NULL), 0);
	if (p->after_ms)
		timer_start(&p->timer, p->loop, p->after_ms, provider_answer, p);
	else
		provider_answer(p);
}

static inline void provider_request_h(struct sip_strans *st, const struct sip_msg *msg, void *arg)
{
	struct provider *p = arg;

	switch (msg->m) {
	case SIP_REGISTER:
		provider_register(p, st, msg);
		break;
	case SIP_INVITE:
		provider_invite(p, st, msg);
		break;
	default:
		sip_reply_simple(st, 405, NULL);
		break;
	}
}

/* OPTIONS to the server itself never come up: they are seen on their way. */
static inline void provider_trace(const struct trace_note *n, void *arg)
{
	if (!n->out && slice_starts(n->data, SLICE("OPTIONS ")))
		((struct provider *)arg)->nopt++;
}

/** Switched on: it listens, by UDP and TCP. */
static inline void provider_on(struct provider *p)
{
	static const struct sip_ops ops = {.request = provider_request_h};
	struct sip_cfg cfg = {.loop = p->loop, .software = "provider", .tls = p->tls};
	struct sa sips = p->addr;

	assert_int_equal(sip_alloc(&p->sip, &cfg, &ops, p), 0);
	p->trace = (struct trace_sink){.fn = provider_trace, .arg = p};
	sip_set_trace(p->sip, &p->trace);
	assert_int_equal(sip_listen(p->sip, SIP_TRANSP_UDP, &p->addr), 0);
	assert_int_equal(sip_listen(p->sip, SIP_TRANSP_TCP, &p->addr), 0);
	sa_set_port(&sips, SIPS_PORT);
	if (p->tls)
		assert_int_equal(sip_listen(p->sip, SIP_TRANSP_TLS, &sips), 0);
}

static inline void provider_off(struct provider *p)
{
	timer_stop(&p->timer);
	p->call = mem_deref(p->call);
	p->sip = mem_deref(p->sip);
}

/** A good provider at an address, with the account "acct", password "secret". */
static inline void provider_open(struct provider *p, struct loop *l, const char *ip)
{
	struct sip_auth_cfg ac = {.loop = l, .realm = "provider"};

	*p = (struct provider){.loop = l, .user = "acct", .password = "secret", .reg = 200, .inv = 200};
	snprintf(p->ip, sizeof(p->ip), "%s", ip);
	assert_int_equal(sa_parse(&p->addr, slice_str(ip), SIP_PORT), 0);
	assert_int_equal(sip_auth_alloc(&p->auth, &ac), 0);
	provider_on(p);
}

static inline void provider_close(struct provider *p)
{
	provider_off(p);
	p->auth = mem_deref(p->auth);
	p->tls = mem_deref(p->tls);
}

/** It calls `uri` at `to`; From is `from`. `cred` may be NULL. */
static inline void provider_call(struct provider *p, const struct sa *to, const char *uri, const char *from,
				 const char *to_uri, const struct sip_cred *cred)
{
	char sdp[400];
	struct sip_inv_call c = {.uri = slice_str(uri),
				 .dest = {.tp = SIP_TRANSP_UDP, .addr = *to},
				 .from_uri = slice_str(from),
				 .to_uri = slice_str(to_uri),
				 .contact_user = SLICE("gw"),
				 .hdrs = slice_str(p->lines),
				 .ctype = SLICE("application/sdp"),
				 .cred = cred};

	snprintf(sdp, sizeof(sdp), PROVIDER_SDP, p->ip, p->ip, "0 8");
	c.offer = slice_str(sdp);
	p->up = p->over = false;
	assert_null(p->call);
	assert_int_equal(sip_inv_connect(&p->call, p->sip, &c, &provider_inv_ops, p), 0);
}

#endif
