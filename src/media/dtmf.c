/*
 * dtmf.c - digits by telephone-event (RFC 4733): told once for each, at its end;
 * sent with three end packets.
 */
#include <string.h>
#include "media/media_priv.h"

enum {
	STEP_MS = 20,    /**< one packet each */
	TONE_STEPS = 5,  /**< 100 ms of tone: the packet at 100 ms is the first with the end bit */
	END_STEPS = 3,   /**< RFC 4733 2.5.1.4 */
	DIGIT_STEPS = 8, /**< with 60 ms of gap */
	VOLUME = 10,     /**< -10 dBm0 */
};

static const char digits_of[] = "0123456789*#ABCD";

/* ------------------------------------------------------------------ receiving */

static void tell(struct wstream *w)
{
	uint32_t rate = w->q.codec == CODEC_TEV && w->q.rate ? w->q.rate : 8000;

	w->tev_state = 2;
	wstream_digit(w, digits_of[w->tev_event], w->tev_dur * 1000U / rate);
}

void tev_rx(struct wstream *w, const struct rtp_hdr *h, const uint8_t *payload, size_t l)
{
	struct rtp_tev t;

	if (rtp_tev_decode(&t, payload, l) || t.event > 15)
		return;
	/* one event has one timestamp; late packets of an earlier one say nothing new */
	if (w->tev_state && h->ts != w->tev_ts) {
		if ((int32_t)(h->ts - w->tev_ts) < 0 && (int32_t)(h->ts - w->tev_ts) > -(int32_t)w->q.rate)
			return;
		if (w->tev_state == 1)
			tell(w);
		w->tev_state = 0;
	}
	if (w->tev_state == 2)
		return;
	if (w->tev_state == 0) {
		w->tev_ts = h->ts;
		w->tev_event = t.event;
		w->tev_dur = 0;
		w->tev_state = 1;
	}
	w->tev_quiet = 0;
	if (t.duration > w->tev_dur)
		w->tev_dur = t.duration;
	if (t.end)
		tell(w);
}

void tev_rx_second(struct wstream *w)
{
	if (w->tev_state == 1 && ++w->tev_quiet >= 2)
		tell(w);
}

/* ------------------------------------------------------------------ sending */

struct dtmf_tx {
	struct dtmf_tx *next; /**< ordered after this one */
	struct loop_msg msg;  /**< home */
	struct timer timer;
	struct wstream *w;
	uint64_t due_ms;
	uint64_t began_us; /**< of the digit */
	uint32_t ts;
	uint32_t rate;
	uint8_t pt;
	unsigned step;
	size_t i, n;
	char digit[];
};

static void home_h(struct loop_msg *n)
{
	mem_deref(CONTAINER_OF(n, struct dtmf_tx, msg));
}

int dtmf_tx_alloc(struct dtmf_tx **dp, struct slice digits)
{
	if (!digits.l)
		return EINVAL;
	struct dtmf_tx *d = mem_zalloc(sizeof(*d) + digits.l, NULL);
	if (!d)
		return ENOMEM;
	for (; d->n < digits.l; d->n++) {
		char c = digits.p[d->n];
		if (c >= 'a' && c <= 'd')
			c = (char)(c - 'a' + 'A');
		const char *at = c ? strchr(digits_of, c) : NULL;
		if (!at) {
			mem_deref(d);
			return EINVAL;
		}
		d->digit[d->n] = (char)(at - digits_of);
	}
	d->msg.fn = home_h;
	*dp = d;
	return 0;
}

void dtmf_tx_append(struct dtmf_tx **dp, struct dtmf_tx *d)
{
	while (*dp)
		dp = &(*dp)->next;
	*dp = d;
}

static void packet(struct wstream *w, struct dtmf_tx *d)
{
	struct rtp_hdr h = {.pt = d->pt, .marker = d->step == 0};
	struct rtp_tev t = {.event = (uint8_t)d->digit[d->i], .volume = VOLUME, .end = d->step >= TONE_STEPS};
	unsigned steps = d->step < TONE_STEPS ? d->step + 1 : TONE_STEPS;
	uint8_t p[RTP_HDR + 4];

	t.duration = (uint16_t)(steps * STEP_MS * d->rate / 1000);
	/* all packets of a digit carry the time of its beginning */
	out_own(&w->out, &h, d->ts, d->rate, d->began_us);
	rtp_encode(p, &h);
	rtp_tev_encode(p + RTP_HDR, &t);
	send_rtp(w, p, sizeof(p), 4, loop_now_us(w->wk->loop));
}

/* The next step; false when all is sent. */
static bool step(struct wstream *w, struct dtmf_tx *d)
{
	if (d->i >= d->n)
		return false;
	if (d->step == 0) {
		const struct wcodec *c = wremote_tev(&w->r, w->out.rate);
		if (!c)
			return false;
		d->pt = c->pt;
		d->rate = wcodec_rate(c);
		d->began_us = loop_now_us(w->wk->loop);
		d->ts = out_time(&w->out, d->rate, d->began_us);
		out_unsync(&w->out);
	}
	if (d->step < TONE_STEPS + END_STEPS && can_send(w))
		packet(w, d);
	if (++d->step == DIGIT_STEPS) {
		d->step = 0;
		d->i++;
	}
	return true;
}

static void step_h(void *arg)
{
	struct wstream *w = arg;
	struct dtmf_tx *d = w->dtmf;
	uint64_t now = loop_now_ms(w->wk->loop);

	while (d && !step(w, d)) {
		struct dtmf_tx *next = d->next;
		mail_post(w->wk->mail, &d->msg);
		d = next;
	}
	if (d && d != w->dtmf)
		d->due_ms = now;
	w->dtmf = d;
	if (!d)
		return;
	d->due_ms += STEP_MS;
	timer_start(&d->timer, w->wk->loop, d->due_ms > now ? d->due_ms - now : 0, step_h, w);
}

void dtmf_tx_start(struct wstream *w, struct dtmf_tx *d)
{
	if (w->dtmf) {
		dtmf_tx_append(&w->dtmf, d);
		return;
	}
	w->dtmf = d;
	d->due_ms = loop_now_ms(w->wk->loop);
	step_h(w);
}

void dtmf_tx_stop(struct wstream *w)
{
	while (w->dtmf) {
		struct dtmf_tx *d = w->dtmf;
		w->dtmf = d->next;
		timer_stop(&d->timer);
		mail_post(w->wk->mail, &d->msg);
	}
}

void dtmf_tx_drop(struct dtmf_tx *d)
{
	while (d) {
		struct dtmf_tx *next = d->next;
		mem_deref(d);
		d = next;
	}
}
