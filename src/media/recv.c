/*
 * recv.c - a datagram arrived at a port: is it RTP or RTCP (RFC 7983, RFC 5761),
 * may its sender send, do we want it now, and where does it go.
 */
#include "media/mix_priv.h"
#include "media/rx.h"
#include "media/second.h"

void wstream_refuse(struct wstream *w)
{
	w->q.dropped++;
	w->wk->dropped++;
	if (!w->touched.list)
		wstream_touch(w);
}

/* Where an accepted packet goes. `h` was read before anything is rewritten. */
static void forward(struct wstream *w, uint8_t *p, size_t l, const struct rtp_hdr *h, uint64_t us)
{
	switch (w->mode) {
	case W_RELAY:
		if (w->peer)
			relay_rtp(w->peer, p, l, h, &w->q.cur, us);
		else if (w->link)
			mlink_put(w->link, MLINK_RTP, p, l, &w->q.cur, us);
		else
			w->wk->dropped++;
		break;
	case W_ECHO:
		echo_rtp(w, p, l, h, us);
		break;
	case W_MIX:
		mix_rtp(w);
		break;
	default:
		/* nobody listens; a player does not mind */
		if (!(w->tap_dirs & 1 << MSINK_RX) && !w->rx && w->mode == W_IDLE) {
			w->q.dropped++;
			w->wk->dropped++;
		}
		break;
	}
}

/* A digit in the sound that goes on another way. A party on another worker sees its packets as lost ones. */
static void withhold(struct wstream *w, const struct rtp_hdr *h)
{
	if (w->mode == W_RELAY && w->peer)
		xcode_drop(w->peer, h);
}

/*
 * More packets in a second than any codec sends. The limit also ends a circle: descriptions that name ports of ours
 * could make echoes and relays feed each other for ever.
 */
bool wstream_flooded(struct wstream *w, uint64_t us)
{
	if (us - w->flood_us >= 1000000) {
		w->flood_us = us;
		w->flood_n = 0;
	}
	return ++w->flood_n > w->flood_max;
}

/*
 * Its keys do not open it. If it comes from the party, as far as that is known, the party lives: keys that do not match
 * end no call. Others are counted apart, so that nobody blames the party for them.
 */
static void not_opened(struct wstream *w, const struct latch *la, const struct sa *sdp, const struct udp_rx *rx)
{
	if (sa_eq(&rx->src, sdp) || la->state == LATCH_OPEN || (la->state > LATCH_OPEN && sa_eq(&rx->src, &la->src)))
		w->alive_us = rx->us;
	else
		w->crypt->strangers++;
	wstream_refuse(w);
}

static void rtp_in(struct wstream *w, const struct udp_rx *rx, uint8_t *p, size_t l)
{
	struct rtp_hdr h;

	bool keyed = crypt_opens(w->crypt);

	if (keyed && !crypt_open(w->crypt, false, p, &l)) {
		not_opened(w, &w->rtp, &w->r.rtp, rx);
		return;
	}
	if (rtp_decode(&h, p, l)) {
		wstream_refuse(w);
		return;
	}
	enum latch_result lr = keyed ? latch_rtp_genuine(&w->rtp, &w->r.rtp, &rx->src, &h, rx->us)
				     : latch_rtp(&w->rtp, &w->r.rtp, &rx->src, &h, rx->us, w->wk->relearn_us);
	/* only what may come in counts: a flood of others does not drown it */
	if (lr == LATCH_DROP || wstream_flooded(w, rx->us)) {
		wstream_refuse(w);
		return;
	}
	if (lr == LATCH_MOVED)
		w->to_latch = true;
	if (w->peer)
		__builtin_prefetch(w->peer->sock);
	w->alive_us = rx->us;
	if (!w->we_recv) {
		/* nobody misses what is sent meanwhile */
		w->q.any = false;
		wstream_refuse(w);
		return;
	}
	w->wk->packets++;
	int64_t lost = w->q.lost;
	rxq_packet(&w->q, &w->r, &h, l, rx->us);
	if (w->q.lost > lost)
		second_lost(w, (uint32_t)(w->q.lost - lost));
	if (!w->touched.list)
		wstream_touch(w);
	/* before it goes on: its duration may change for the other party */
	if (w->q.codec == CODEC_TEV)
		tev_rx(w, &h, p + h.hdrlen, h.payload);
	if (w->rx)
		rx_rtp(w, &h, p + h.hdrlen, rx->us);
	bool heard = w->tap_dirs & 1 << MSINK_RX, first = heard && w->hush;
	if (first)
		tap_rtp(w, MSINK_RX, &h, p + h.hdrlen, &w->q.cur, rx->us);
	if (first && w->hush == HUSH_NOW && w->q.codec != CODEC_TEV)
		withhold(w, &h);
	else
		forward(w, p, l, &h, rx->us);
	if (!w->first_told) {
		w->first_told = true;
		wstream_event(w, EV_FIRST);
	}
	/* sound is still as it came: only the header was rewritten */
	if (w->second)
		second_listen(w, p + h.hdrlen, h.payload);
	if (heard && !first)
		tap_rtp(w, MSINK_RX, &h, p + h.hdrlen, &w->q.cur, rx->us);
}

static void rtcp_in(struct wstream *w, const struct udp_rx *rx, uint8_t *p, size_t l, bool on_rtp)
{
	bool keyed = crypt_opens(w->crypt);

	if (keyed && !crypt_open(w->crypt, true, p, &l)) {
		not_opened(w, on_rtp ? &w->rtp : &w->rtcp, on_rtp ? &w->r.rtp : &w->r.rtcp, rx);
		return;
	}
	if (!rtcp_valid(p, l)) {
		wstream_refuse(w);
		return;
	}
	if (on_rtp && !keyed) {
		/* RFC 5761: on the RTP port only from where the RTP comes */
		bool known = w->rtp.state >= LATCH_LEARNT ? sa_eq(&rx->src, &w->rtp.src)
							  : w->rtp.state == LATCH_OPEN && sa_eq(&rx->src, &w->r.rtp);
		if (!known) {
			wstream_refuse(w);
			return;
		}
	} else if (!on_rtp) {
		enum latch_result lr = keyed ? latch_rtcp_genuine(&w->rtcp, &w->r.rtcp, &rx->src, rx->us)
					     : latch_rtcp(&w->rtcp, &w->r.rtcp, &w->rtp, &rx->src, rx->us,
							  w->wk->relearn_us);
		if (lr == LATCH_DROP) {
			wstream_refuse(w);
			return;
		}
		if (lr == LATCH_MOVED)
			w->to_latch_rtcp = true;
	}
	if (wstream_flooded(w, rx->us)) {
		wstream_refuse(w);
		return;
	}
	w->alive_us = rx->us;
	if (!w->touched.list)
		wstream_touch(w);
	if (w->wk->m->cfg.trace)
		rtcp_trace(w, false, on_rtp, &rx->src, p, l);
	rtcp_arrived(w, p, l, rx->us);
	if (w->mode != W_RELAY || wstream_converts(w))
		return;
	if (w->peer)
		rtcp_relay(w->peer, p, l, rx->us);
	else if (w->link)
		mlink_put(w->link, MLINK_RTCP, p, l, NULL, rx->us);
}

/*
 * Whose packet it is. What the loop thread left in the box comes first: it may open this port's stream, or close it.
 * NULL: nobody's.
 */
static struct wstream *stream_of(struct port *port)
{
	struct worker *wk = port->wk;

	if (wk && mail_waits(&wk->in))
		mail_drain(&wk->in);
	if (!port->w && wk) {
		wk->dropped++;
		atomic_store_explicit(&port->heard, true, memory_order_relaxed);
	}
	return port->w;
}

void port_rtp_h(struct udp *u, const struct udp_rx *rx, void *arg)
{
	struct wstream *w = stream_of(arg);
	uint8_t *p = (uint8_t *)(uintptr_t)rx->data.p;

	(void)u;
	if (!w)
		return;
	if (w->r.udptl) {
		udptl_in(w, rx);
		return;
	}
	switch (rtp_classify(p, rx->data.l)) {
	case RTP_KIND_RTP:
		rtp_in(w, rx, p, rx->data.l);
		break;
	case RTP_KIND_RTCP:
		rtcp_in(w, rx, p, rx->data.l, true);
		break;
	default:
		wstream_refuse(w);
		break;
	}
}

void port_rtcp_h(struct udp *u, const struct udp_rx *rx, void *arg)
{
	struct wstream *w = stream_of(arg);
	uint8_t *p = (uint8_t *)(uintptr_t)rx->data.p;

	(void)u;
	if (!w)
		return;
	if (rtp_classify(p, rx->data.l) == RTP_KIND_RTCP)
		rtcp_in(w, rx, p, rx->data.l, false);
	else
		wstream_refuse(w);
}
