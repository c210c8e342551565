/*
 * latch.c - from where a party may send (design: the SDP's address always wins;
 * learning opens with each remote description; after silence the source may move
 * if SSRC and sequence go on; all else is refused).
 *
 * A NAT hides the SDP's address, so the first packet after a description teaches
 * the real one. What is learnt stays while it is alive: a stranger who sprays
 * packets at our ports gets no sound (RTP bleed) and puts none in (injection).
 * A description that says the same again in mid-call (a refreshed session) does
 * not help him: whoever is locked keeps his place until he has been silent.
 */
#include "media/media_priv.h"

enum {
	SEQ_AHEAD = 3000, /**< RFC 3550 A.1 MAX_DROPOUT: a minute at 50 packets a second */
	RTCP_SLOW = 4,    /**< RTCP comes rarely: silence counts only when it is so many times longer */
};

void latch_described(struct latch *la, bool live, bool again)
{
	la->again = live && again && la->state >= LATCH_LEARNT;
	if (!la->again)
		la->state = live ? LATCH_OPEN : LATCH_SHUT;
}

static enum latch_result hold(struct latch *la, const struct sa *src, enum latch_state st, uint64_t us)
{
	enum latch_result res = sa_eq(&la->src, src) ? LATCH_SAME : LATCH_MOVED;

	if (la->state < LATCH_LEARNT)
		res = LATCH_MOVED;
	la->src = *src;
	la->state = (uint8_t)st;
	la->again = false;
	la->us = us;
	return res;
}

static enum latch_result hold_rtp(struct latch *la, const struct sa *src, enum latch_state st, const struct rtp_hdr *h,
				  uint64_t us)
{
	la->ssrc = h->ssrc;
	la->seq = h->seq;
	return hold(la, src, st, us);
}

enum latch_result latch_rtp(struct latch *la, const struct sa *sdp, const struct sa *src, const struct rtp_hdr *h,
			    uint64_t us, uint64_t relearn_us)
{
	if (la->state >= LATCH_LEARNT && sa_eq(src, &la->src)) {
		/* a new SSRC of the locked address is accepted; late packets do not turn the sequence back */
		if (la->ssrc != h->ssrc || (int16_t)(uint16_t)(h->seq - la->seq) > 0) {
			la->ssrc = h->ssrc;
			la->seq = h->seq;
		}
		la->again = false;
		la->us = us;
		return LATCH_SAME;
	}
	if (la->state == LATCH_SHUT)
		return LATCH_DROP;
	if (sa_eq(src, sdp))
		return hold_rtp(la, src, LATCH_SDP, h, us);
	if (la->state == LATCH_OPEN)
		return hold_rtp(la, src, LATCH_LEARNT, h, us);
	uint16_t ahead = (uint16_t)(h->seq - la->seq);
	bool goes_on = h->ssrc == la->ssrc && ahead > 0 && ahead <= SEQ_AHEAD;
	if (us >= la->us && us - la->us >= relearn_us && (goes_on || la->again))
		return hold_rtp(la, src, LATCH_LEARNT, h, us);
	return LATCH_DROP;
}

enum latch_result latch_rtp_genuine(struct latch *la, const struct sa *sdp, const struct sa *src,
				    const struct rtp_hdr *h, uint64_t us)
{
	if (la->state == LATCH_SHUT)
		return LATCH_DROP;
	/* one that was overtaken by the first packets from the new address does not turn back */
	if (la->state >= LATCH_LEARNT && la->ssrc == h->ssrc && (int16_t)(uint16_t)(h->seq - la->seq) <= 0)
		return LATCH_SAME;
	return hold_rtp(la, src, sa_eq(src, sdp) ? LATCH_SDP : LATCH_LEARNT, h, us);
}

enum latch_result latch_rtcp_genuine(struct latch *la, const struct sa *sdp, const struct sa *src, uint64_t us)
{
	if (la->state == LATCH_SHUT)
		return LATCH_DROP;
	return hold(la, src, sa_eq(src, sdp) ? LATCH_SDP : LATCH_LEARNT, us);
}

enum latch_result latch_rtcp(struct latch *la, const struct sa *sdp, const struct latch *rtp, const struct sa *src,
			     uint64_t us, uint64_t relearn_us)
{
	if (la->state >= LATCH_LEARNT && sa_eq(src, &la->src)) {
		la->again = false;
		la->us = us;
		return LATCH_SAME;
	}
	if (la->state == LATCH_SHUT)
		return LATCH_DROP;
	if (sa_eq(src, sdp))
		return hold(la, src, LATCH_SDP, us);
	/* RTCP has no sequence to follow: what is learnt must come from the host that sends the sound */
	if (rtp->state < LATCH_LEARNT || !sa_eq_addr(src, &rtp->src))
		return LATCH_DROP;
	if (la->state == LATCH_OPEN || (us >= la->us && us - la->us >= RTCP_SLOW * relearn_us))
		return hold(la, src, LATCH_LEARNT, us);
	return LATCH_DROP;
}

enum latch_result latch_raw(struct latch *la, const struct sa *sdp, const struct sa *src, uint64_t us,
			    uint64_t relearn_us)
{
	if (la->state >= LATCH_LEARNT && sa_eq(src, &la->src)) {
		la->again = false;
		la->us = us;
		return LATCH_SAME;
	}
	if (la->state == LATCH_SHUT)
		return LATCH_DROP;
	if (sa_eq(src, sdp))
		return hold(la, src, LATCH_SDP, us);
	if (la->state == LATCH_OPEN)
		return hold(la, src, LATCH_LEARNT, us);
	/* no number tells that it goes on: only another port of the same host may follow */
	if (us >= la->us && us - la->us >= relearn_us && (la->again || sa_eq_addr(src, &la->src)))
		return hold(la, src, LATCH_LEARNT, us);
	return LATCH_DROP;
}
