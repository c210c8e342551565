/*
 * udptl.c - T.38 fax over UDPTL (ITU-T T.38 clause 9): datagrams go to the other
 * party as they are. They have no SSRC and no time; who may send is known by
 * address alone.
 */
#include "media/media_priv.h"

void udptl_out(struct wstream *to, const uint8_t *p, size_t l, uint64_t us)
{
	/* one leg has changed to fax, the other not yet: it would take this for broken sound */
	if (!to->r.udptl || !can_send(to)) {
		to->wk->dropped++;
		return;
	}
	if (udp_send_now(to->sock, dst_of(to), p, l))
		return;
	out_sent(&to->out, l, us);
	if (!to->touched.list)
		wstream_touch(to);
}

static void count(struct wstream *w, size_t l, uint64_t us)
{
	struct rxq *q = &w->q;

	w->wk->packets++;
	q->packets++;
	q->bytes += l;
	q->last_us = us;
	if (!q->first_us)
		q->first_us = us;
	if (!w->touched.list)
		wstream_touch(w);
}

void udptl_in(struct wstream *w, const struct udp_rx *rx)
{
	const uint8_t *p = (const uint8_t *)rx->data.p;

	/* a sequence number and the length of an element are the least */
	if (rx->data.l < 3) {
		wstream_refuse(w);
		return;
	}
	enum latch_result lr = latch_raw(&w->rtp, &w->r.rtp, &rx->src, rx->us, w->wk->relearn_us);
	if (lr == LATCH_DROP || wstream_flooded(w, rx->us) || !w->we_recv) {
		wstream_refuse(w);
		return;
	}
	if (lr == LATCH_MOVED)
		w->to_latch = true;
	w->alive_us = rx->us;
	count(w, rx->data.l, rx->us);
	if (w->mode == W_RELAY && w->peer)
		udptl_out(w->peer, p, rx->data.l, rx->us);
	else if (w->mode == W_RELAY && w->link)
		mlink_put(w->link, MLINK_UDPTL, p, rx->data.l, NULL, rx->us);
	else
		w->wk->dropped++;
	if (!w->first_told) {
		w->first_told = true;
		wstream_event(w, EV_FIRST);
	}
}
