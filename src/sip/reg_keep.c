/*
 * reg_keep.c - what keeps the way between a registered client and its server open (RFC 5626 4.4): pings on streams,
 * STUN on UDP where a NAT is in between; and our Contact as the server sees it.
 *
 * Silence counts as failure only when the server has answered a keep-alive before or says that it speaks RFC 5626:
 * others never answer and are fine. A server that knows no STUN gets empty lines, which do for the NAT.
 */
#include "base/log.h"
#include "base/rand.h"
#include "sip/reg_priv.h"

enum {
	/* RFC 5626 4.4 */
	STREAM_MIN_S = 95,
	STREAM_MAX_S = 120,
	UDP_MIN_S = 24,
	UDP_MAX_S = 29,
	PONG_MS = 10000,
	FLOW_TIMER_MAX_S = 3600,
	REWRITES_MAX = 3 /* a NAT that shows another port each time cannot be followed */
};

static void on_timer(void *arg);

static void again(struct sip_reg *r)
{
	uint32_t lo = r->dest.tp == SIP_TRANSP_UDP ? UDP_MIN_S : STREAM_MIN_S;
	uint32_t hi = r->dest.tp == SIP_TRANSP_UDP ? UDP_MAX_S : STREAM_MAX_S;

	if (r->keep.flow_s) {
		hi = r->keep.flow_s;
		lo = hi - hi / 5;
	}
	timer_start(&r->keep.tm, r->sip->loop, 1000ULL * lo + rand_below(1000 * (hi - lo) + 1), on_timer, r);
}

static void stun_h(int err, const struct sa *mapped, void *arg)
{
	struct sip_reg *r = arg;

	r->keep.stun = mem_deref(r->keep.stun);
	if (err == ETIMEDOUT && r->keep.answers) {
		log_debug("sip", "the registrar does not answer keep-alives");
		reg_failed(r, ETIMEDOUT);
		return;
	}
	if (err) {
		r->keep.deaf = true;
		return;
	}
	r->keep.answers = true;
	/* RFC 5626 4.4.2: another address means that the flow is gone */
	if (sip_mapped_learn(r->sip, &r->dest, mapped) && !r->ct)
		reg_schedule(r, 0);
}

static void ping_udp(struct sip_reg *r)
{
	if (r->keep.deaf)
		sip_ping(r->sip, &r->dest);
	else if (!r->keep.stun && sip_stun_ask(&r->keep.stun, r->sip, &r->dest, stun_h, r))
		log_debug("sip", "no keep-alive was sent");
	again(r);
}

static void on_pong_due(void *arg)
{
	struct sip_reg *r = arg;
	bool heard = sip_flow_heard(r->sip, r->dest.flow, r->keep.pinged);

	r->keep.pinged = 0;
	if (heard || !r->keep.answers) {
		r->keep.answers = heard;
		again(r);
		return;
	}
	log_debug("sip", "the registrar does not answer pings: the connection is given up");
	/* comes back through flow_closed of reg.c */
	sip_flow_fail(r->sip, r->dest.flow);
}

static void on_timer(void *arg)
{
	struct sip_reg *r = arg;

	if (r->dest.tp == SIP_TRANSP_UDP) {
		ping_udp(r);
		return;
	}
	if (sip_flow_ping(r->sip, r->dest.flow))
		return;
	r->keep.pinged = loop_now_ms(r->sip->loop);
	timer_start(&r->keep.tm, r->sip->loop, PONG_MS, on_pong_due, r);
}

static bool says_outbound(const struct sip_msg *rsp)
{
	struct sip_val_iter it = {0};
	struct slice tag;

	while (sip_msg_next_val(rsp, SIP_HDR_REQUIRE, &it, &tag)) {
		if (slice_ieqs(tag, "outbound"))
			return true;
	}
	return false;
}

/* Flow-Timer (RFC 5626 10); not in the table of headers that are read often. */
static uint32_t flow_timer(const struct sip_msg *rsp)
{
	const struct sip_hdr *h = sip_msg_hdr_name(rsp, SLICE("Flow-Timer"));
	uint32_t s;

	return !h || slice_u32(h->val, &s) || !s ? 0 : s < FLOW_TIMER_MAX_S ? s : FLOW_TIMER_MAX_S;
}

void reg_keep_start(struct sip_reg *r, const struct sip_msg *rsp)
{
	struct sa we;

	r->keep.flow_s = flow_timer(rsp);
	if (r->keep.flow_s || says_outbound(rsp))
		r->keep.answers = true;
	if (timer_running(&r->keep.tm))
		return;
	if (r->dest.tp == SIP_TRANSP_UDP && !r->keep.flow_s && !sip_mapped_get(r->sip, &r->dest, &we))
		return;
	again(r);
}

void reg_keep_stop(struct sip_reg *r)
{
	timer_stop(&r->keep.tm);
	r->keep.stun = mem_deref(r->keep.stun);
	r->keep.pinged = 0;
	r->keep.answers = r->keep.deaf = false;
}

bool reg_keep_learn(struct sip_reg *r, const struct sip_msg *rsp)
{
	struct sa we, was;

	if (!sip_mapped_of(rsp, &we) || r->keep.rewrites >= REWRITES_MAX || sip_contact_for(r->sip, &r->dest, &was))
		return false;
	if (!sip_mapped_learn(r->sip, &r->dest, &we)) {
		r->keep.rewrites = 0;
		return false;
	}
	r->keep.rewrites++;
	r->keep.was = was;
	return true;
}
