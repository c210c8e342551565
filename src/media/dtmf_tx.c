/*
 * dtmf_tx.c - digits that go to a party: by telephone-event (RFC 4733), with three end packets, or as tones in its
 * sound (ITU-T Q.23). While they go, they take the place of whatever else feeds the stream, which goes on behind them.
 *
 * A job is a row of digits of one length, or one key that is held: it goes on until the loop thread says how long it
 * was pressed, because conversion begins before that is known.
 */
#include <math.h>
#include <string.h>
#include "media/dtmf_detect.h"
#include "media/tx.h"

enum {
	STEP_MS = 20,    /**< one packet each */
	GAP_STEPS = 3,   /**< 60 ms between digits; also the number of end packets (RFC 4733 2.5.1.4) */
	LEAST_STEPS = 2, /**< 40 ms: shorter tones need not be understood (Q.24) */
	MOST_MS = 10000, /**< of a key whose release is never told */
	VOLUME = 10,     /**< -10 dBm0 */
	RATE = 8000,     /**< of our tones */
	SEGMENT = 0xffff /**< longest duration that an event can tell (RFC 4733 2.5.1.3) */
};
/* Peaks of the tones: -9 and -7 dBm0, the high one louder as telephones send it. */
static const float low_peak = 8071, high_peak = 10161;

static const char digits_of[] = "0123456789*#ABCD";

struct dtmf_tx {
	struct dtmf_tx *next; /**< ordered after this one */
	struct loop_msg msg;  /**< home */
	struct timer timer;
	struct wstream *w;
	uint64_t due_ms;
	uint64_t began_us; /**< of the digit, or of its segment */
	struct tx *tx;     /**< coder of the tones */
	uint32_t ts;
	uint32_t rate;
	uint32_t told; /**< units of the segments before */
	double phase[2];
	uint8_t pt;
	uint8_t way;   /**< enum mdigit_way */
	bool held;     /**< until dtmf_tx_up() */
	unsigned tone; /**< steps of each digit */
	unsigned step;
	size_t i, n;
	char digit[];
};

/* ------------------------------------------------------------------ loop thread */

static void destroy(void *obj)
{
	struct dtmf_tx *d = obj;

	mem_deref(d->tx);
}

static void home_h(struct loop_msg *n)
{
	mem_deref(CONTAINER_OF(n, struct dtmf_tx, msg));
}

static unsigned steps_of(uint32_t ms)
{
	unsigned n = ((ms < MOST_MS ? ms : MOST_MS) + STEP_MS - 1) / STEP_MS;

	return n < LEAST_STEPS ? LEAST_STEPS : n;
}

int dtmf_tx_alloc(struct dtmf_tx **dp, struct slice digits, enum mdigit_way way, uint32_t ms)
{
	if (!digits.l)
		return EINVAL;
	struct dtmf_tx *d = mem_zalloc(sizeof(*d) + digits.l, destroy);
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
	d->way = (uint8_t)way;
	d->held = !ms;
	d->tone = steps_of(ms ? ms : MOST_MS);
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

bool dtmf_tx_up(struct dtmf_tx *chain, uint32_t ms)
{
	for (; chain; chain = chain->next) {
		if (!chain->held)
			continue;
		chain->held = false;
		chain->tone = steps_of(ms);
		/* it lasted longer than that: it ends now */
		if (chain->tone < chain->step)
			chain->tone = chain->step;
		return true;
	}
	return false;
}

void dtmf_tx_drop(struct dtmf_tx *d)
{
	while (d) {
		struct dtmf_tx *next = d->next;
		mem_deref(d);
		d = next;
	}
}

/* ------------------------------------------------------------------ telephone-event */

static void event_packet(struct wstream *w, struct dtmf_tx *d, uint32_t duration, bool end)
{
	struct rtp_hdr h = {.pt = d->pt, .marker = d->step == 0};
	struct rtp_tev t = {.event = (uint8_t)d->digit[d->i], .volume = VOLUME, .end = end};
	uint8_t p[RTP_HDR + 4];

	t.duration = (uint16_t)duration;
	/* all packets of a digit carry the time of its beginning */
	out_own(&w->out, &h, d->ts, d->rate, d->began_us);
	rtp_encode(p, &h);
	rtp_tev_encode(p + RTP_HDR, &t);
	send_rtp(w, p, sizeof(p), 4, loop_now_us(w->wk->loop));
}

static void event_step(struct wstream *w, struct dtmf_tx *d)
{
	unsigned steps = d->step < d->tone ? d->step + 1 : d->tone;
	uint32_t duration = (uint32_t)((uint64_t)steps * STEP_MS * d->rate / 1000) - d->told;

	if (!can_send(w))
		return;
	if (duration > SEGMENT) {
		event_packet(w, d, SEGMENT, false);
		d->ts += SEGMENT;
		d->told += SEGMENT;
		d->began_us += SEGMENT * 1000000ULL / d->rate;
		duration -= SEGMENT;
	}
	event_packet(w, d, duration, d->step >= d->tone);
}

static bool event_begin(struct wstream *w, struct dtmf_tx *d)
{
	const struct wcodec *c = wremote_tev(&w->r, w->out.rate);

	if (!c)
		return false;
	d->pt = c->pt;
	d->rate = wcodec_rate(c);
	d->ts = out_time(&w->out, d->rate, d->began_us);
	d->told = 0;
	return true;
}

/* ------------------------------------------------------------------ tones */

static void tone_step(struct wstream *w, struct dtmf_tx *d)
{
	int16_t pcm[RATE / 1000 * STEP_MS];
	unsigned low, high;

	if (!dtmf_pair(digits_of[(uint8_t)d->digit[d->i]], &low, &high))
		return;
	const double turn[2] = {2 * M_PI * low / RATE, 2 * M_PI * high / RATE};
	for (size_t i = 0; i < ARRAY_LEN(pcm); i++) {
		double v = low_peak * sin(d->phase[0]) + high_peak * sin(d->phase[1]);
		pcm[i] = d->step < d->tone ? (int16_t)lrint(v) : 0;
		for (int k = 0; k < 2; k++) {
			d->phase[k] += turn[k];
			d->phase[k] -= d->phase[k] > 2 * M_PI ? 2 * M_PI : 0;
		}
	}
	/* without a codec of ours or memory it is a pause */
	(void)tx_instead(w, &d->tx, pcm, ARRAY_LEN(pcm), RATE, d->began_us + d->step * STEP_MS * 1000ULL);
}

/* ------------------------------------------------------------------ steps */

static bool begin(struct wstream *w, struct dtmf_tx *d)
{
	d->began_us = loop_now_us(w->wk->loop);
	d->phase[0] = d->phase[1] = 0;
	if (d->way == MDIGIT_EVENT && !event_begin(w, d))
		return false;
	out_unsync(&w->out);
	return true;
}

/* The next step; false when all is sent. */
static bool step(struct wstream *w, struct dtmf_tx *d)
{
	if (d->i >= d->n || (d->step == 0 && !begin(w, d)))
		return false;
	if (d->way == MDIGIT_EVENT)
		event_step(w, d);
	else
		tone_step(w, d);
	if (++d->step == d->tone + GAP_STEPS) {
		d->step = 0;
		d->i++;
	}
	return true;
}

/* The sound goes on behind it, in time. */
static void over(struct wstream *w, struct dtmf_tx *d)
{
	if (d->tx) {
		tx_instead_end(w, &d->tx);
		out_unsync(&w->out);
	}
	mail_post(w->wk->mail, &d->msg);
}

static void step_h(void *arg)
{
	struct wstream *w = arg;
	struct dtmf_tx *d = w->dtmf;
	uint64_t now = loop_now_ms(w->wk->loop);

	while (d && !step(w, d)) {
		struct dtmf_tx *next = d->next;
		over(w, d);
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
		d->tx = mem_deref(d->tx);
		mail_post(w->wk->mail, &d->msg);
	}
}
