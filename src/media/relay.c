/*
 * relay.c - the fast path: rewrite sequence, timestamp and SSRC in place and send
 * at once. One send for each packet, no lock, no allocation, no timer.
 */
#include <string.h>
#include "media/media_priv.h"

static void put(struct wstream *w, const uint8_t *p, size_t l, size_t payload, uint64_t us)
{
	if (crypt_seals(w->crypt)) {
		p = crypt_seal_rtp(w->crypt, w->wk->sealed, p, &l);
		if (!p)
			return;
	}
	/* a full socket buffer loses this packet, as a network would */
	if (udp_send_now(w->sock, dst_of(w), p, l))
		return;
	out_sent(&w->out, payload, us);
	if (!w->touched.list)
		wstream_touch(w);
}

/* Somebody hears what the party is sent. */
static void put_tapped(struct wstream *w, const uint8_t *p, size_t l, size_t payload, uint64_t us)
{
	struct rtp_hdr h;

	if (rtp_decode(&h, p, l))
		return;
	put(w, p, l, payload, us);
	const struct wcodec *c = wremote_find_tx(&w->r, h.pt);
	struct wcodec other = c ? *c : codec_of_pt(&w->r, h.pt);
	tap_rtp(w, MSINK_TX, &h, p + h.hdrlen, &other, us);
}

void send_rtp(struct wstream *w, const uint8_t *p, size_t l, size_t payload, uint64_t us)
{
	if (w->tap_dirs & 1 << MSINK_TX)
		put_tapped(w, p, l, payload, us);
	else
		put(w, p, l, payload, us);
}

void send_rtcp(struct wstream *w, const uint8_t *p, size_t l)
{
	const struct sa *dst = w->r.mux ? dst_of(w) : w->to_latch_rtcp ? &w->rtcp.src : &w->r.rtcp;

	if (!sa_isset(dst) || !sa_port(dst))
		return;
	if (w->wk->m->cfg.trace)
		rtcp_trace(w, true, w->r.mux, dst, p, l);
	if (crypt_seals(w->crypt)) {
		p = crypt_seal_rtcp(w->crypt, w->wk->sealed, p, &l);
		if (!p)
			return;
	}
	(void)udp_send_now(w->r.mux ? w->port->rtp : w->port->rtcp, dst, p, l);
}

bool can_send(const struct wstream *w)
{
	const struct sa *dst = dst_of(w);

	return w->opened && w->r.we_send && sa_isset(dst) && sa_port(dst);
}

void relay_pass(struct wstream *to, uint8_t *p, size_t l, const struct rtp_hdr *h, uint32_t rate, uint64_t us)
{
	if (!can_send(to) || to->dtmf || !out_translate(&to->out, p, h, rate, us))
		return;
	send_rtp(to, p, l, h->payload, us);
}

void relay_rtp(struct wstream *to, uint8_t *p, size_t l, const struct rtp_hdr *h, const struct wcodec *c, uint64_t us)
{
	/* our own digits take the place of the sound (RFC 4733 2.6) */
	if (!can_send(to) || to->dtmf)
		return;
	if (memcmp(&to->map.key, c, sizeof(*c)) != 0)
		ptmap_make(to, c);
	if (to->map.act != RELAY_PASS) {
		xcode_rtp(to, p, l, h, c, us);
		return;
	}
	if (!out_translate(&to->out, p, h, wcodec_rate(c), us))
		return;
	p[1] = (uint8_t)((p[1] & 0x80) | to->map.pt);
	send_rtp(to, p, l, h->payload, us);
}
