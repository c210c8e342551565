/*
 * relay.c - the fast path: rewrite sequence, timestamp and SSRC in place and send
 * at once. One send for each packet, no lock, no allocation, no timer.
 */
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
	tap_keep(w, MSINK_TX, p + h.hdrlen, h.payload);
	put(w, p, l, payload, us);
	const struct wcodec *c = wremote_find_tx(&w->r, h.pt);
	struct wcodec other = c ? *c : codec_of_pt(&w->r, h.pt);
	tap_rtp(w, MSINK_TX, &h, &other, us);
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

void relay_rtp(struct wstream *to, uint8_t *p, size_t l, const struct rtp_hdr *h, uint32_t rate, uint64_t us)
{
	/* our own digits take the place of the sound (RFC 4733 2.6) */
	if (!can_send(to) || to->dtmf)
		return;
	if (!out_translate(&to->out, p, h, rate, us))
		return;
	send_rtp(to, p, l, h->payload, us);
}
