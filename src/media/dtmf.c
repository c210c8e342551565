/*
 * dtmf.c - digits by telephone-event (RFC 4733), as they arrive: told at the beginning and, once, at the end.
 *
 * One event has one timestamp, whatever else its packets say. What senders in the field do beside that: no marker, all
 * end packets lost, a new timestamp in each packet, several events in a packet (2.5.1.5), events longer than their
 * duration can say, which go on in segments (2.5.1.3).
 */
#include <string.h>
#include "media/media_priv.h"

enum { SEGMENT = 0xff00 /**< an event that has lasted so long may go on under another timestamp */ };

static const char digits_of[] = "0123456789*#ABCD";

static uint32_t clock_of(const struct wstream *w)
{
	return w->q.codec == CODEC_TEV && w->q.rate ? w->q.rate : 8000;
}

static void begin(struct wstream *w, uint8_t event, uint32_t ts)
{
	char digit = digits_of[event];

	w->tev_ts = ts;
	w->tev_event = event;
	w->tev_dur = 0;
	w->tev_before = 0;
	w->tev_state = TEV_DOWN;
	w->tev_seen = true;
	/* it sends sound beside the event, and that was faster: it is told already */
	if (detect_heard(w, digit)) {
		w->tev_state = TEV_TOLD;
		return;
	}
	wstream_digit(w, digit, MKEY_DOWN, 0);
}

static void tell(struct wstream *w)
{
	uint64_t ms = (uint64_t)(w->tev_before + w->tev_dur) * 1000 / clock_of(w);

	w->tev_state = TEV_TOLD;
	wstream_digit(w, digits_of[w->tev_event], MKEY_UP, (uint32_t)ms);
}

/* The same event under another timestamp? */
static bool goes_on(const struct wstream *w, const struct rtp_tev *t, uint32_t ts, bool marker)
{
	uint32_t later = ts - w->tev_ts;

	if (w->tev_state != TEV_DOWN || t->event != w->tev_event || marker)
		return false;
	if (w->tev_dur >= SEGMENT && later >= SEGMENT && later <= 0x10000)
		return true;
	/* a sender that moves the timestamp with each packet: its durations grow all the same */
	return later < clock_of(w) / 10 && t->duration > w->tev_dur;
}

static void event(struct wstream *w, const struct rtp_tev *t, uint32_t ts, bool marker)
{
	uint32_t rate = clock_of(w);

	if (w->tev_state != TEV_NONE && ts != w->tev_ts) {
		int32_t later = (int32_t)(ts - w->tev_ts);

		/* late packets of an earlier one say nothing new */
		if (later < 0 && later > -(int32_t)rate)
			return;
		if (goes_on(w, t, ts, marker)) {
			if (w->tev_dur >= SEGMENT) {
				w->tev_before += (uint32_t)later;
				w->tev_dur = 0;
			}
			w->tev_ts = ts;
		} else {
			if (w->tev_state == TEV_DOWN)
				tell(w);
			w->tev_state = TEV_NONE;
		}
	}
	if (w->tev_state == TEV_TOLD)
		return;
	if (w->tev_state == TEV_NONE)
		begin(w, t->event, ts);
	w->tev_quiet = 0;
	if (t->duration > w->tev_dur)
		w->tev_dur = t->duration;
	if (t->end && w->tev_state == TEV_DOWN)
		tell(w);
}

void tev_rx(struct wstream *w, const struct rtp_hdr *h, const uint8_t *payload, size_t l)
{
	uint32_t ts = h->ts;
	struct rtp_tev t;

	for (size_t at = 0; at + 4 <= l; at += 4) {
		if (rtp_tev_decode(&t, payload + at, 4))
			return;
		/* of several in a packet each one begins where the one before has ended */
		t.end |= at + 8 <= l;
		if (t.event <= 15)
			event(w, &t, ts, h->marker);
		ts += t.duration;
	}
}

void tev_rx_second(struct wstream *w)
{
	if (w->tev_state == TEV_DOWN && ++w->tev_quiet >= 2)
		tell(w);
}
