/*
 * wstream.c - the worker's half of a stream: on, orders, what it tells, off.
 */
#include "media/mix_priv.h"
#include "media/rx.h"
#include "media/tx.h"

enum {
	FLOOD_AUDIO = 1000,  /**< packets a second: ten times what 10 ms packets are */
	FLOOD_OTHER = 10000, /**< 100 Mbit/s of video */
};

void wstream_near(struct wstream *w)
{
	if (w->opened)
		udp_set_near(w->sock, &w->q.received, w->peer ? &w->peer->touched : NULL);
}

void wstream_touch(struct wstream *w)
{
	list_append(&w->wk->touched, &w->touched);
}

static void event_post(struct wstream *w)
{
	if (!atomic_exchange(&w->s->ev_posted, true))
		mail_post(w->wk->mail, &w->s->ev_msg);
}

void wstream_event(struct wstream *w, uint8_t bits)
{
	atomic_fetch_or(&w->s->ev_bits, bits);
	event_post(w);
}

void wstream_digit(struct wstream *w, char digit, uint8_t what, uint32_t ms)
{
	struct mstream *s = w->s;
	uint8_t head = atomic_load_explicit(&s->dq_head, memory_order_relaxed);

	/* full only when the loop thread stands still for a second: the digit is lost */
	if ((uint8_t)(head - atomic_load_explicit(&s->dq_tail, memory_order_acquire)) >= DTMF_QUEUE)
		return;
	s->dq[head % DTMF_QUEUE] = (struct digit){digit, what, ms > UINT16_MAX ? UINT16_MAX : (uint16_t)ms};
	atomic_store_explicit(&s->dq_head, (uint8_t)(head + 1), memory_order_release);
	event_post(w);
}

bool wstream_converts(const struct wstream *w)
{
	return w->mode == W_RELAY && (w->xc || (w->peer && w->peer->xc) || (w->link && mlink_converts(w->link)));
}

void wstream_reports(struct wstream *w)
{
	bool end_point = w->opened && !w->closing &&
			 (w->mode == W_ECHO || w->mode == W_PLAY || w->mode == W_MIX ||
			  (w->mode == W_IDLE && w->taps) || wstream_converts(w));

	if (w->link_in)
		mlink_tell(w->link_in, w->xc != NULL);

	if (end_point)
		rtcp_own_start(w);
	else
		rtcp_own_stop(w);
}

/* Nothing feeds `to` any more. */
static void unfeed(struct wstream *to)
{
	if (to->fed_by) {
		to->fed_by->peer = NULL;
		to->fed_by = NULL;
	}
	if (to->link_in) {
		mlink_cut(to->link_in);
		to->link_in = NULL;
	}
	xcode_stop(to);
	out_unsync(&to->out);
}

void wstream_idle(struct wstream *w)
{
	if (w->mode == W_PLAY)
		player_stop(w);
	if (w->mode == W_MIX)
		mix_leave(w);
	tx_stop(w);
	if (w->peer) {
		w->peer->fed_by = NULL;
		xcode_stop(w->peer);
		out_unsync(&w->peer->out);
		w->peer = NULL;
	}
	if (w->link) {
		mlink_leave(w->link);
		w->link = NULL;
	}
	/* echo, play and mix feed the stream themselves; another leg goes on feeding it until its own order comes */
	if (w->mode >= W_ECHO)
		out_unsync(&w->out);
	w->mode = W_IDLE;
}

static void apply_mode(struct wstream *w, const struct order *o)
{
	wstream_idle(w);
	w->mode = o->mode;
	switch (w->mode) {
	case W_RELAY:
		if (o->peer) {
			unfeed(o->peer);
			w->peer = o->peer;
			o->peer->fed_by = w;
			wstream_near(w);
		} else if (o->link) {
			w->link = o->link;
		}
		break;
	case W_ECHO:
		unfeed(w);
		break;
	case W_PLAY:
		unfeed(w);
		player_start(w, o->player);
		break;
	case W_MIX:
		unfeed(w);
		mix_enter(w, o->mix);
		break;
	default:
		break;
	}
}

/* The SDP's address wins, learning opens again: at once, or when what was learnt is silent. */
static void apply_remote(struct wstream *w, const struct wremote *r)
{
	bool live = sa_isset(&r->rtp) && sa_port(&r->rtp);

	/* where a NAT was found, go on sending there until the next packet tells: the address in SDP is behind it */
	w->to_latch &= live && sa_eq(&w->r.rtp, &r->rtp);
	bool again = r->again && sa_eq(&w->r.rtp, &r->rtp) && w->r.udptl == r->udptl;
	w->to_latch_rtcp &= live && sa_eq(&w->r.rtcp, &r->rtcp) && w->r.mux == r->mux;
	w->r = *r;
	w->r_gen++;
	w->map = (struct ptmap){0};
	w->we_recv = r->we_recv;
	latch_described(&w->rtp, live, again);
	latch_described(&w->rtcp, live, again);
	w->first_told = false;
	w->tev_seen = false; /* another phone may be behind it */
	w->q.rate = 0;
	dead_watch(w);
}

void wstream_apply(struct wstream *w, const struct order *o)
{
	if (o->set & ORDER_REMOTE)
		apply_remote(w, &o->r);
	if (o->set & ORDER_MODE)
		apply_mode(w, o);
	else if (o->set & ORDER_REMOTE && w->mode == W_MIX)
		mix_remote(w);
	if (o->set & ORDER_TAP) {
		tap_end(w, o->untap);
		tap_start(w, o->tap);
	}
	/* before what comes anew: it is meant for what is under way */
	if (o->set & ORDER_RELEASE)
		(void)dtmf_tx_up(w->dtmf, o->release_ms);
	if (o->set & ORDER_DTMF)
		dtmf_tx_start(w, o->dtmf);
	wstream_reports(w);
}

void wstream_open(struct wstream *w)
{
	struct port *p = w->port;

	/* a system without room for another watched socket: the stream stays deaf, and its call ends as a dead one */
	if (!p->attached && port_attach(p, w->wk))
		log_error("media", "port %u cannot be watched", p->nr);
	udp_set_dscp(p->rtp, w->s->kind == MSTREAM_VIDEO ? 34 : 46);
	udp_set_dscp(p->rtcp, w->s->kind == MSTREAM_VIDEO ? 34 : 46);
	p->w = w;
	w->flood_max = w->s->kind == MSTREAM_VIDEO || w->s->kind == MSTREAM_OTHER ? FLOOD_OTHER : FLOOD_AUDIO;
	w->opened = true;
	wstream_near(w);
	list_append(&w->wk->streams, &w->le);
	worker_tick_start(w->wk);
	wstream_reports(w);
	if (w->closing)
		wstream_close(w);
}

void wstream_let_go(struct wstream *w)
{
	wstream_idle(w);
	unfeed(w);
	xcode_stop(w);
	tap_stop(w);
	rx_close(w);
	dtmf_tx_stop(w);
	rtcp_own_stop(w);
}

void wstream_close(struct wstream *w)
{
	w->closing = true;
	if (!w->opened)
		return;
	if (w->out.packets)
		rtcp_own_bye(w);
	wstream_let_go(w);
	list_unlink(&w->touched);
	list_unlink(&w->dead);
	list_unlink(&w->le);
	w->port->w = NULL;
	udp_set_near(w->sock, NULL, NULL);
	w->opened = false;
	mail_post(w->wk->mail, &w->s->close_msg);
}
