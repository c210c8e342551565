/*
 * tap.c - what a party says, or is sent, as an even flow of samples: decoded in
 * order, a small window for packets that overtook each other, gaps hidden, pauses
 * filled with silence. The packets themselves have left already.
 */
#include <string.h>
#include "media/media_priv.h"
#include "media/plc.h"
#include "media/resample.h"

enum {
	HELD = 4,             /**< packets that may wait for a missing one */
	HIDE_MS = 60,         /**< so much of a gap is concealed; the rest is silence */
	FILL_MS = 10000,      /**< longer pauses are not filled: they show in the times */
	AHEAD_US = 1000000,   /**< so much earlier than its time a packet may come */
	SLACK_US = 40000,     /**< what the network's jitter may move the beginning of a flow */
	STEP = 480,           /**< samples that are made at once to fill a gap: 10 ms at 48 kHz */
	JUMP = 512,           /**< numbers further away are another beginning */
	DRIFT_PACKETS = 256,  /**< so often the clocks are compared */
	DRIFT_MAX_US = 20000, /**< and so much they may differ */
};

struct held {
	bool used;
	uint16_t seq, l;
	uint32_t ts;
	struct wcodec c;
	uint8_t p[TAP_PAYLOAD];
};

struct tap {
	struct loop_msg msg; /**< home */
	struct tap *next;    /**< of its stream, or of the order that begins it */
	struct tap *next_end;
	bool ending; /**< the loop thread has asked for its end */
	struct media_sink *sink;
	uint32_t rate; /**< of the sink */
	bool synced;
	bool timed;   /**< ts is the time of the next sample */
	bool lost;    /**< packets are missing before the next one */
	bool begun;   /**< us is valid */
	uint16_t seq; /**< expected next */
	uint32_t ts, ssrc;
	uint64_t us; /**< when the next sample is due */
	int64_t early_us;
	unsigned npackets; /**< since early_us began */
	/* decoder */
	struct wcodec c;
	const struct codec_ops *ops; /**< NULL: silence */
	void *dec;
	uint32_t dec_rate;
	struct resampler *rs;
	struct plc *plc; /**< for codecs without concealment of their own */
	struct held held[HELD];
};

/* ------------------------------------------------------------------ loop thread */

static void destroy(void *obj)
{
	struct tap *t = obj;

	mem_deref(t->dec);
	mem_deref(t->plc);
	mem_deref(t->rs);
}

static void home_h(struct loop_msg *n)
{
	struct tap *t = CONTAINER_OF(n, struct tap, msg);
	struct media_sink *sink = t->sink;

	mem_deref(t);
	sink->stream = NULL;
	sink->tap = NULL;
	if (sink->done)
		sink->done(sink);
}

int tap_alloc(struct tap **tp, struct mstream *s, struct media_sink *sink)
{
	struct tap *t = mem_zalloc(sizeof(*t), destroy);

	if (!t)
		return ENOMEM;
	t->sink = sink;
	t->rate = sink->rate ? sink->rate : 8000;
	t->msg.fn = home_h;
	sink->stream = s;
	sink->tap = t;
	*tp = t;
	return 0;
}

void tap_chain(struct tap **chain, struct tap *t)
{
	while (*chain)
		chain = &(*chain)->next;
	*chain = t;
}

bool tap_unchain(struct tap **chain, struct tap *t)
{
	for (; *chain; chain = &(*chain)->next) {
		if (*chain != t)
			continue;
		*chain = t->next;
		t->next = NULL;
		return true;
	}
	return false;
}

void tap_chain_end(struct tap **chain, struct tap *t)
{
	if (t->ending)
		return;
	t->ending = true;
	t->next_end = *chain;
	*chain = t;
}

void tap_drop(struct tap *chain, struct mailbox *b)
{
	while (chain) {
		struct tap *next = chain->next;
		chain->ending = true;
		mail_post(b, &chain->msg);
		chain = next;
	}
}

/* ------------------------------------------------------------------ sound */

/* A decoder for that codec. Without memory it is silence, until another codec comes. */
static void decoder(struct tap *t, const struct wcodec *c)
{
	struct coder_cfg cfg = {.par = c->par, .ch = c->ch};

	t->dec = mem_deref(t->dec);
	t->rs = mem_deref(t->rs);
	t->c = *c;
	t->plc = mem_deref(t->plc);
	t->ops = wcodec_ops(c);
	if (!t->ops)
		return;
	cfg.rate = codec_pcm_rate(t->ops, t->rate);
	t->dec_rate = cfg.rate;
	if (t->ops->dec_new(&t->dec, t->ops, &cfg) || (!t->ops->conceal && plc_alloc(&t->plc, t->dec_rate)) ||
	    (t->rate != t->dec_rate && resampler_alloc(&t->rs, t->dec_rate, t->rate))) {
		t->dec = mem_deref(t->dec);
		t->ops = NULL;
	}
}

static void give(struct tap *t, const int16_t *pcm, size_t n)
{
	if (!n)
		return;
	t->sink->write(t->sink, pcm, n, t->us);
	t->us += (uint64_t)n * 1000000 / t->rate;
}

/* Samples of the decoder's rate. */
static void emit(struct tap *t, const int16_t *pcm, size_t n)
{
	int16_t out[CODEC_FRAME_MAX + 1];

	if (t->rs)
		give(t, out, resample(t->rs, out, ARRAY_LEN(out), pcm, n));
	else
		give(t, pcm, n);
}

/* `ms` that are missing. */
static void hide(struct tap *t, uint32_t ms)
{
	int16_t pcm[2 * STEP];
	/* coders of whole frames hide whole frames; what is left of the gap is silence */
	unsigned step = t->ops->conceal && t->ops->step_us > 10000 ? 20 : 10;
	size_t n = t->dec_rate / 1000 * step;

	for (unsigned i = 0; i < ms / step; i++) {
		int got = t->ops->conceal ? t->ops->conceal(t->dec, pcm, n) : 0;
		if (t->plc)
			plc_conceal(t->plc, pcm, n);
		else if (got < (int)n)
			memset(pcm, 0, sizeof(pcm));
		emit(t, pcm, n);
	}
}

static void silence(struct tap *t, uint64_t us)
{
	static const int16_t zero[STEP];
	uint64_t n = us * t->rate / 1000000;

	while (n) {
		size_t k = n < STEP ? (size_t)n : STEP;
		give(t, zero, k);
		n -= k;
	}
}

/* Time between the last sample and this packet. */
static void fill(struct tap *t, const struct held *h, uint64_t us)
{
	uint32_t clock = wcodec_rate(&h->c);
	int32_t gap = (int32_t)(h->ts - t->ts);

	if (!t->begun) {
		t->begun = true;
		t->us = us;
		return;
	}
	if (!t->timed) {
		/* another sender, clock or codec: only the time of day tells */
		if (us > t->us + FILL_MS * 1000ULL)
			t->us = us;
		else if (us > t->us + SLACK_US)
			silence(t, us - t->us);
		return;
	}
	if (gap <= 0)
		return;
	uint64_t gap_us = (uint64_t)gap * 1000000 / clock;
	/* a pause is as long as the time of day says: timestamps may claim any */
	if (gap_us > FILL_MS * 1000ULL || t->us + gap_us > us + AHEAD_US) {
		t->us = us > t->us ? us : t->us;
		return;
	}
	uint32_t ms = t->lost ? (uint32_t)(gap_us / 1000 < HIDE_MS ? gap_us / 1000 : HIDE_MS) / 10 * 10 : 0;
	uint64_t before = t->us;
	if (ms)
		hide(t, ms);
	uint64_t done = t->us - before;
	if (gap_us > done)
		silence(t, gap_us - done);
}

/*
 * The sender's clock is not ours. Now and then the least delay of the last packets says how far the two are apart, and
 * the times follow; the samples stay what they are.
 */
static void drift(struct tap *t, uint64_t us)
{
	int64_t early = (int64_t)(us - t->us);

	if (!t->npackets || early < t->early_us)
		t->early_us = early;
	if (++t->npackets < DRIFT_PACKETS)
		return;
	t->npackets = 0;
	if (t->early_us > DRIFT_MAX_US || t->early_us < -DRIFT_MAX_US)
		t->us += (uint64_t)t->early_us;
}

static void sound(struct tap *t, const struct held *h, uint64_t us)
{
	int16_t pcm[CODEC_FRAME_MAX];
	const struct wcodec *c = &h->c;

	if (memcmp(c, &t->c, sizeof(*c)) != 0) {
		if (t->timed && wcodec_rate(c) != wcodec_rate(&t->c))
			t->timed = false;
		decoder(t, c);
	}
	/* digits, comfort noise and what we cannot decode only count as numbers: what follows fills their time */
	if (!t->ops || !h->l)
		return;
	fill(t, h, us);
	t->lost = false;
	int n = t->ops->decode(t->dec, pcm, ARRAY_LEN(pcm), h->p, h->l);
	if (n <= 0)
		return;
	if (t->plc)
		plc_good(t->plc, pcm, (size_t)n);
	drift(t, us);
	emit(t, pcm, (size_t)n);
	t->ts = h->ts + (uint32_t)((uint64_t)n * wcodec_rate(c) / t->dec_rate);
	t->timed = true;
}

/* ------------------------------------------------------------------ order */

/* Go on to the next number, with its packet if it is there. */
static void advance(struct tap *t, uint64_t us)
{
	struct held *h = &t->held[t->seq % HELD];

	if (h->used && h->seq == t->seq) {
		h->used = false;
		sound(t, h, us);
	} else {
		t->lost = true;
	}
	t->seq++;
}

static void drain(struct tap *t, uint64_t us)
{
	while (t->held[t->seq % HELD].used && t->held[t->seq % HELD].seq == t->seq)
		advance(t, us);
}

static void flush(struct tap *t, uint64_t us)
{
	for (int i = 0; i < HELD; i++)
		advance(t, us);
	t->lost = false;
}

static void packet(struct tap *t, const struct rtp_hdr *h, const struct wcodec *c, const uint8_t *payload, uint64_t us)
{
	int d = (int16_t)(uint16_t)(h->seq - t->seq);

	if (!t->synced || t->ssrc != h->ssrc || d <= -JUMP || d >= JUMP) {
		flush(t, us);
		t->synced = true;
		t->timed = false;
		t->ssrc = h->ssrc;
		t->seq = h->seq;
		d = 0;
	}
	if (d < 0)
		return;
	/* the window is full: what is missing will not come; a step more than it is wide finds only empty places */
	for (int i = 0; i < HELD && (uint16_t)(h->seq - t->seq) >= HELD; i++)
		advance(t, us);
	if ((uint16_t)(h->seq - t->seq) >= HELD)
		t->seq = (uint16_t)(h->seq - HELD + 1);
	struct held *e = &t->held[h->seq % HELD];
	if (e->used && e->seq == h->seq)
		return;
	e->used = true;
	e->seq = h->seq;
	e->ts = h->ts;
	e->c = *c;
	e->l = c->id == CODEC_TEV || c->id == CODEC_CN || h->payload > TAP_PAYLOAD ? 0 : (uint16_t)h->payload;
	memcpy(e->p, payload, e->l);
	drain(t, us);
}

/* ------------------------------------------------------------------ worker */

void tap_rtp(struct wstream *w, enum msink_dir dir, const struct rtp_hdr *h, const uint8_t *payload,
	     const struct wcodec *c, uint64_t us)
{
	for (struct tap *t = w->taps; t; t = t->next)
		if (t->sink->dir == dir)
			packet(t, h, c, payload, us);
}

static void dirs(struct wstream *w)
{
	w->tap_dirs = 0;
	w->hush = HUSH_OFF; /* who wants it says so with the next packet */
	for (struct tap *t = w->taps; t; t = t->next)
		w->tap_dirs |= (uint8_t)(1 << t->sink->dir);
}

void tap_start(struct wstream *w, struct tap *chain)
{
	tap_chain(&w->taps, chain);
	dirs(w);
}

static void end(struct wstream *w, struct tap *t)
{
	flush(t, loop_now_us(w->wk->loop));
	/* what was made here goes here */
	t->dec = mem_deref(t->dec);
	t->plc = mem_deref(t->plc);
	t->rs = mem_deref(t->rs);
	mail_post(w->wk->mail, &t->msg);
}

void tap_end(struct wstream *w, struct tap *chain)
{
	while (chain) {
		struct tap *next = chain->next_end;
		if (tap_unchain(&w->taps, chain))
			end(w, chain);
		chain = next;
	}
	dirs(w);
}

void tap_stop(struct wstream *w)
{
	while (w->taps) {
		struct tap *t = w->taps;
		w->taps = t->next;
		end(w, t);
	}
	w->tap_dirs = 0;
}
