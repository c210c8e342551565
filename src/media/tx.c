/*
 * tx.c - sound of our own as RTP (RFC 3551 section 4): resampled, collected to
 * packets of the length that the party wants, coded.
 *
 * Two clocks run here. The samples count: they are the timestamps, so that these go
 * on evenly. And the time that the feeder names: a gap in it is a gap in the
 * timestamps. Small differences between the two are the feeder's own jitter.
 */
#include <string.h>
#include "media/resample.h"
#include "media/tx.h"

enum {
	GAP_US = 15000,  /**< so much later than the samples before is a pause */
	CN_LEVEL = 65,   /**< -dBov of our comfort noise (RFC 3389 3.1) */
	HEAD_ROOM = 480, /**< samples resampled at once: 10 ms at 48 kHz */
};

struct tx {
	const struct codec_ops *c;
	struct wcodec fmt;
	void *enc;
	struct resampler *rs;
	uint32_t in_rate;  /**< of the samples that come */
	uint32_t rate;     /**< of the coder's PCM */
	uint32_t clock;    /**< of RTP */
	uint32_t ts;       /**< of the first sample that waits */
	uint64_t first_us; /**< when that was due */
	uint64_t next_us;  /**< when the sample after the last one is due */
	uint32_t frame;    /**< samples of a packet */
	uint32_t n;        /**< samples that wait */
	uint16_t lost_pm;  /**< that the coder knows of */
	uint8_t gen;       /**< of the remote description that this was made for */
	bool made, started;
	bool coder;   /**< enc is ready; of stateless codecs it is NULL */
	bool silent;  /**< nothing went last time: the next packet has the marker */
	bool instead; /**< of digits, which all else makes way for */
	int16_t pcm[CODEC_FRAME_MAX];
};

unsigned codec_ms(const struct codec_ops *c, unsigned want, unsigned max)
{
	/* 5 ms only where 10 would not fit: linear stereo */
	unsigned most = c->bitrate ? (unsigned)(TX_PAYLOAD * 8000ULL / c->bitrate) : 60;
	unsigned step = c->step_us >= 10000 ? c->step_us / 1000U : most < 10 ? 5 : 10;

	if (max && max < most)
		most = max;
	if (c->max_ms && c->max_ms < most)
		most = c->max_ms;
	if (want > most)
		want = most;
	return want < step ? step : want / step * step;
}

const struct codec_ops *tx_codec(const struct wstream *w, const struct wcodec **fmt)
{
	return wremote_ops(&w->r, fmt);
}

unsigned tx_ms(const struct wstream *w)
{
	const struct codec_ops *c = wremote_ops(&w->r, NULL);

	return c ? codec_ms(c, w->r.ptime, w->r.maxptime) : 20;
}

static void destroy(void *obj)
{
	struct tx *t = obj;

	mem_deref(t->enc);
	mem_deref(t->rs);
}

static int coder_make(struct tx *t, const struct codec_ops *c, const struct wcodec *fmt, uint32_t in_rate, unsigned ms)
{
	struct coder_cfg cfg = {
		.rate = codec_pcm_rate(c, in_rate),
		.ch = fmt->ch,
		.ptime = (uint16_t)ms,
		.par = fmt->par,
		.narrow = in_rate <= 8000,
	};
	void *enc = NULL;

	int err = c->enc_new(&enc, c, &cfg);
	if (err)
		return err;
	mem_deref(t->enc);
	t->enc = enc;
	t->coder = true;
	t->c = c;
	t->rate = cfg.rate;
	t->lost_pm = 0;
	t->n = 0;
	t->in_rate = 0;
	return 0;
}

/* Once for each remote description and rate of the feeder. */
static int prepare(struct wstream *w, struct tx *t, uint32_t in_rate)
{
	const struct wcodec *fmt = NULL;
	const struct codec_ops *c = tx_codec(w, &fmt);

	if (!c)
		return ENOTSUP;
	unsigned ms = tx_ms(w);
	uint32_t clock = wcodec_rate(fmt);
	bool same = t->made && t->c == c && t->fmt.par == fmt->par && t->fmt.ch == fmt->ch && t->clock == clock;
	if (!same) {
		/* nothing that was coded or waits for it is of use to another codec */
		t->coder = false;
		t->in_rate = 0;
		t->n = 0;
	}
	if (in_rate && (!same || !t->coder || (in_rate != t->in_rate && codec_pcm_rate(c, in_rate) > t->rate))) {
		int err = coder_make(t, c, fmt, in_rate, ms);
		if (err)
			return err;
	}
	if (in_rate && in_rate != t->in_rate) {
		struct resampler *rs = NULL;
		int err = in_rate != t->rate ? resampler_alloc(&rs, in_rate, t->rate) : 0;
		if (err)
			return err;
		mem_deref(t->rs);
		t->rs = rs;
		t->in_rate = in_rate;
	}
	if (!same) {
		/* another clock counts on from the time that has passed */
		t->started = false;
		t->silent = true;
	}
	t->c = c;
	t->fmt = *fmt;
	t->clock = clock;
	t->frame = t->rate / 1000 * ms;
	t->made = true;
	t->gen = w->r_gen;
	return 0;
}

static int ready(struct wstream *w, uint32_t in_rate)
{
	struct tx *t = w->tx;

	if (!t) {
		t = mem_zalloc(sizeof(*t), destroy);
		if (!t)
			return ENOMEM;
		w->tx = t;
	}
	if (t->made && t->gen == w->r_gen && (!in_rate || in_rate == t->in_rate))
		return 0;
	return prepare(w, t, in_rate);
}

/* Where time stands when a sample that was due at `us` comes. */
static void keep_time(struct wstream *w, struct tx *t, uint64_t us)
{
	if (!t->started) {
		t->started = true;
		t->silent = true;
		t->ts = out_time(&w->out, t->clock, us);
		return;
	}
	if (us > t->next_us + GAP_US) {
		t->ts += (uint32_t)((us - t->next_us) * t->clock / 1000000);
		t->silent = true;
	}
}

static void put(struct wstream *w, struct tx *t, uint8_t *pkt, size_t l, bool marker)
{
	struct outstream *o = &w->out;
	struct rtp_hdr h = {.pt = t->fmt.pt, .marker = marker || t->silent};

	/* digits went meanwhile, and theirs is the later time */
	if (o->started && (int32_t)(t->ts - o->ts) <= 0)
		t->ts = out_time(o, t->clock, t->first_us);
	out_own(o, &h, t->ts, t->clock, t->first_us);
	rtp_encode(pkt, &h);
	send_rtp(w, pkt, RTP_HDR + l, l, t->first_us);
	w->wk->packets++;
	t->silent = false;
}

/* A held party or digits under way: the feeder's time goes on. */
static bool may_send(const struct wstream *w)
{
	return can_send(w) && (!w->dtmf || w->tx->instead);
}

static void packet(struct wstream *w, struct tx *t)
{
	uint8_t pkt[RTP_HDR + TX_ROOM];
	int l = 0;

	if (t->lost_pm != w->out.lost_pm && t->c->enc_loss)
		t->c->enc_loss(t->enc, (w->out.lost_pm + 5U) / 10);
	t->lost_pm = w->out.lost_pm;
	if (may_send(w))
		l = t->c->encode(t->enc, pkt + RTP_HDR, TX_ROOM, t->pcm, t->n);
	if (l > 0)
		put(w, t, pkt, (size_t)l, false);
	else
		t->silent = true;
	t->ts += (uint32_t)((uint64_t)t->n * t->clock / t->rate);
	t->first_us += (uint64_t)t->n * 1000000 / t->rate;
	t->n = 0;
}

void tx_flush(struct wstream *w)
{
	struct tx *t = w->tx;

	if (!t || !t->n || !t->coder)
		return;
	if (t->n < t->frame)
		memset(t->pcm + t->n, 0, (t->frame - t->n) * sizeof(*t->pcm));
	t->n = t->frame;
	packet(w, t);
}

static void collect(struct wstream *w, struct tx *t, const int16_t *pcm, size_t n)
{
	while (n) {
		size_t k = t->frame - t->n < n ? t->frame - t->n : n;
		memcpy(t->pcm + t->n, pcm, k * sizeof(*pcm));
		t->n += (uint32_t)k;
		pcm += k;
		n -= k;
		if (t->n == t->frame)
			packet(w, t);
	}
}

int tx_pcm(struct wstream *w, const int16_t *pcm, size_t n, uint32_t rate, uint64_t us)
{
	int16_t out[HEAD_ROOM + 2];

	int err = ready(w, rate);
	if (err)
		return err;
	struct tx *t = w->tx;
	/* a description with shorter packets came while samples waited */
	if (t->n >= t->frame)
		packet(w, t);
	if (t->n && us > t->next_us + GAP_US)
		tx_flush(w);
	keep_time(w, t, us);
	if (!t->n)
		t->first_us = us;
	t->next_us = us + (uint64_t)n * 1000000 / rate;
	if (!t->rs) {
		collect(w, t, pcm, n);
		return 0;
	}
	/* as much at a time as makes HEAD_ROOM samples at most */
	size_t most = rate > t->rate ? HEAD_ROOM : (size_t)HEAD_ROOM * rate / t->rate;
	for (size_t k; n; pcm += k, n -= k) {
		k = n < most ? n : most;
		collect(w, t, out, resample(t->rs, out, ARRAY_LEN(out), pcm, k));
	}
	return 0;
}

void tx_payload(struct wstream *w, const uint8_t *p, size_t l, uint32_t samples, bool marker, uint64_t us)
{
	uint8_t pkt[RTP_HDR + TX_ROOM];

	if (l > TX_ROOM || ready(w, 0))
		return;
	struct tx *t = w->tx;
	/* what tx_pcm() left is part of a packet that never comes */
	if (t->n)
		t->ts += (uint32_t)((uint64_t)t->n * t->clock / t->rate);
	t->n = 0;
	keep_time(w, t, us);
	t->first_us = us;
	t->next_us = us + (uint64_t)samples * 1000000 / t->clock;
	if (l && may_send(w)) {
		memcpy(pkt + RTP_HDR, p, l);
		put(w, t, pkt, l, marker);
	} else {
		t->silent = true;
	}
	t->ts += samples;
}

void tx_prime(struct wstream *w, const int16_t *pcm, size_t n, uint32_t rate)
{
	uint8_t unsent[CODEC_PAYLOAD_MAX];
	int16_t out[HEAD_ROOM + 2];

	if (ready(w, rate))
		return;
	struct tx *t = w->tx;
	if ((t->c->stateless && !t->rs) || t->n)
		return;
	size_t most = rate > t->rate ? HEAD_ROOM : (size_t)HEAD_ROOM * rate / t->rate;
	for (size_t k, got; n; pcm += k, n -= k) {
		k = n < most ? n : most;
		got = t->rs ? resample(t->rs, out, ARRAY_LEN(out), pcm, k) : k;
		const int16_t *s = t->rs ? out : pcm;
		for (size_t i = 0; i < got; i++) {
			t->pcm[t->n++] = s[i];
			if (t->n < t->frame)
				continue;
			if (!t->c->stateless)
				(void)t->c->encode(t->enc, unsent, sizeof(unsent), t->pcm, t->n);
			t->n = 0;
		}
	}
	t->n = 0;
}

/* The party's comfort noise in the clock of its sound. */
static const struct wcodec *noise(const struct wstream *w, uint32_t clock)
{
	const struct wcodec *c;

	for (size_t i = 0; (c = wremote_codec(&w->r, i)); i++)
		if (c->id == CODEC_CN && wcodec_rate(c) == clock)
			return c;
	return NULL;
}

void tx_pause(struct wstream *w, uint64_t us)
{
	struct tx *t = w->tx;

	if (!t || !t->started)
		return;
	tx_flush(w);
	const struct wcodec *cn = noise(w, t->clock);
	if (cn && !t->silent && may_send(w)) {
		uint8_t pkt[RTP_HDR + 1];
		uint8_t pt = t->fmt.pt;
		t->first_us = us;
		t->fmt.pt = cn->pt;
		pkt[RTP_HDR] = CN_LEVEL;
		put(w, t, pkt, 1, false);
		t->fmt.pt = pt;
	}
	t->silent = true;
}

int tx_instead(struct wstream *w, struct tx **tp, const int16_t *pcm, size_t n, uint32_t rate, uint64_t us)
{
	struct tx *other = w->tx;

	w->tx = *tp;
	int err = ready(w, rate);
	if (!err) {
		w->tx->instead = true;
		err = tx_pcm(w, pcm, n, rate, us);
	}
	*tp = w->tx;
	w->tx = other;
	return err;
}

void tx_instead_end(struct wstream *w, struct tx **tp)
{
	struct tx *other = w->tx;

	w->tx = *tp;
	tx_flush(w);
	*tp = mem_deref(w->tx);
	w->tx = other;
}

void tx_stop(struct wstream *w)
{
	w->tx = mem_deref(w->tx);
}
