/*
 * xcode.c - packets of one party for another that takes another codec, or packets
 * of another length: decoded and coded again one by one, without a jitter buffer,
 * so that no delay is added. Timestamps are the source's in the other clock.
 *
 * Two ways. While each packet that comes makes one that goes, numbers keep their
 * distance (outstream.c), so that losses and order show through. When lengths do not
 * fit (GSM's 20 ms from 30 ms of G.722, a maxptime), what comes is collected
 * and cut; that goes on until the codec changes, for numbers have no fixed
 * distance any more. Codecs with a fixed number of bytes per time are then cut as
 * they are, without coding.
 *
 * Losses: one packet that the next one can restore (in-band FEC) is restored and
 * sent. Others stay a gap, which the receiver hides better than we could: it has a
 * jitter buffer and knows what it plays. Our encoder is not told, so its state stays
 * that of the receiver's decoder. Our decoder is, where it has concealment of its own.
 * Late packets are passed where no coder has a state that they would spoil.
 */
#include <string.h>
#include "media/resample.h"
#include "media/tx.h"
#include "media/second.h"

enum {
	JUMP_AHEAD = 3000, /**< as outstream.c has them */
	JUMP_BACK = 512,
	HIDE = 3,         /**< lost packets in a row that a decoder is told of */
	SKIP_MAX = 100,   /**< lost packets that show as missing numbers when packets are collected */
	BASE_MOVES_S = 60 /**< the two clocks' common time is moved on so often */
};

struct xcode {
	struct wcodec in; /**< the source's entry */
	uint8_t act;      /**< enum relay_act that this was made for */
	uint8_t pt;       /**< of what goes out */
	uint8_t gen;      /**< of the remote description */
	bool made;        /**< the above is valid */
	bool coders;      /**< dec and enc are ready */
	bool collect;
	bool silent; /**< nothing went last time */
	const struct codec_ops *dc, *ec;
	void *dec, *enc;
	struct resampler *rs;
	uint32_t dec_rate, enc_rate, in_clock, out_clock;
	uint16_t lost_pm; /**< that the coder knows of */
	/* the source */
	bool any;
	uint16_t seq;
	uint32_t ssrc;
	uint32_t next_ts;  /**< after its last packet */
	uint32_t dur;      /**< of its last packet */
	uint32_t base_in;  /**< a time in its clock ... */
	uint32_t base_out; /**< ... and the same in the party's */
	/* what waits */
	bool running;
	uint32_t n, frame; /**< samples, or bytes when they are only cut */
	uint32_t ticks;    /**< of a packet that goes */
	uint32_t ts;       /**< of the first that waits */
	uint32_t skip;     /**< numbers to leave out */
	union {
		int16_t pcm[CODEC_FRAME_MAX];
		uint8_t bytes[CODEC_FRAME_MAX * 2];
	};
};

static void destroy(void *obj)
{
	struct xcode *x = obj;

	mem_deref(x->dec);
	mem_deref(x->enc);
	mem_deref(x->rs);
}

void xcode_stop(struct wstream *to)
{
	to->xc = mem_deref(to->xc);
	to->map = (struct ptmap){0};
}

/* ------------------------------------------------------------------ clocks */

static uint32_t out_ts(const struct xcode *x, uint32_t ts)
{
	int64_t d = (int32_t)(ts - x->base_in);

	return x->base_out + (uint32_t)(x->in_clock == x->out_clock ? d : d * x->out_clock / x->in_clock);
}

/* The base follows in whole seconds, in which no clock has a remainder. */
static void base_follow(struct xcode *x, uint32_t ts)
{
	int32_t s = (int32_t)(ts - x->base_in) / (int32_t)x->in_clock;

	if (s < BASE_MOVES_S && s > -BASE_MOVES_S)
		return;
	x->base_in += (uint32_t)s * x->in_clock;
	x->base_out += (uint32_t)s * x->out_clock;
}

/* The source's timestamp as the party counts. */
static uint32_t ts_of(const struct wstream *to, uint32_t ts)
{
	return to->xc && to->xc->made ? out_ts(to->xc, ts) : ts;
}

uint32_t xcode_clock(const struct wstream *to)
{
	return to->xc && to->xc->made ? to->xc->out_clock : 0;
}

/* ------------------------------------------------------------------ coders */

static int decoder_make(struct xcode *x)
{
	struct coder_cfg cfg = {.rate = x->dec_rate, .ch = x->in.ch, .par = x->in.par};
	void *dec = NULL;

	int err = x->dc->dec_new(&dec, x->dc, &cfg);
	if (err)
		return err;
	mem_deref(x->dec);
	x->dec = dec;
	return 0;
}

static int coders_make(struct xcode *x, const struct wcodec *fmt, unsigned ms)
{
	struct resampler *rs = NULL;
	void *enc = NULL;

	x->dec_rate = codec_pcm_rate(x->dc, x->ec->rate);
	x->enc_rate = codec_pcm_rate(x->ec, x->dec_rate);
	struct coder_cfg cfg = {
		.rate = x->enc_rate,
		.ch = fmt->ch,
		.ptime = (uint16_t)ms,
		.par = fmt->par,
		.narrow = x->dec_rate <= 8000,
	};
	int err = decoder_make(x);
	if (!err && x->dec_rate != x->enc_rate)
		err = resampler_alloc(&rs, x->dec_rate, x->enc_rate);
	if (!err)
		err = x->ec->enc_new(&enc, x->ec, &cfg);
	if (err) {
		mem_deref(rs);
		return err;
	}
	mem_deref(x->enc);
	mem_deref(x->rs);
	x->enc = enc;
	x->rs = rs;
	x->lost_pm = 0;
	x->coders = true;
	return 0;
}

/* A payload can be cut between any two frames: always as many bytes for as much time. */
static bool even_bytes(uint8_t id)
{
	return id == CODEC_PCMU || id == CODEC_PCMA || id == CODEC_G722 || id == CODEC_L16 || id == CODEC_GSM ||
	       (id >= CODEC_G726_16 && id <= CODEC_AAL2_40);
}

/* The codecs of this packet; once for each change. */
static int prepare(struct wstream *to, struct xcode *x, const struct wcodec *c, const uint8_t *p,
		   const struct rtp_hdr *h)
{
	const struct wcodec *fmt = NULL;

	x->dc = wcodec_ops(c);
	if (to->map.act == RELAY_CUT) {
		x->ec = x->dc;
		fmt = wremote_find_tx(&to->r, to->map.pt);
	} else {
		x->ec = wremote_ops(&to->r, &fmt);
	}
	x->made = false;
	if (!x->dc || !x->ec || !fmt)
		return ENOTSUP;
	x->in = *c;
	x->coders = x->collect = x->running = false;
	x->n = x->skip = 0;
	uint32_t in_clock = wcodec_rate(c), out_clock = wcodec_rate(fmt);
	if (x->in_clock != in_clock || x->out_clock != out_clock || to->map.act != x->act) {
		/* in equal clocks times keep their distance, as when they pass */
		if (in_clock != out_clock || x->in_clock != x->out_clock)
			out_unsync(&to->out);
		x->in_clock = in_clock;
		x->out_clock = out_clock;
		x->base_in = h->ts;
		x->base_out = h->ts;
	}
	x->act = to->map.act;
	x->pt = fmt->pt;
	x->gen = to->r_gen;
	unsigned ms = codec_ms(x->ec, to->r.ptime, to->r.maxptime);
	x->ticks = (uint32_t)((uint64_t)out_clock * ms / 1000);
	if (to->map.act == RELAY_CODE) {
		/* mostly the packets that go are as long as those that come */
		uint32_t ticks = x->dc->duration(x->dc, p + h->hdrlen, h->payload);
		unsigned src = ticks * 1000 / in_clock;
		/* but not several times what the party wants: some read the first frame only */
		bool split = to->r.strict || (src > ms && src % ms == 0);
		unsigned like = split ? ms : codec_ms(x->ec, src, to->r.maxptime);
		int err = coders_make(x, fmt, like);
		if (err)
			return err;
		x->frame = x->enc_rate / 1000 * ms;
	} else if (even_bytes(c->id)) {
		x->frame = (uint32_t)((uint64_t)x->ec->bitrate * ms / 8000);
	}
	x->made = true;
	return 0;
}

/* ------------------------------------------------------------------ sending */

/* One packet that stands for one of the source. */
static void put_one(struct wstream *to, uint8_t *pkt, size_t l, const struct rtp_hdr *h, uint64_t us)
{
	struct xcode *x = to->xc;
	struct rtp_hdr o = {
		.pt = x->pt,
		.marker = h->marker || x->silent,
		.seq = h->seq,
		.ts = out_ts(x, h->ts),
		.ssrc = h->ssrc,
	};

	rtp_encode(pkt, &o);
	if (!out_translate(&to->out, pkt, &o, x->out_clock, us))
		return;
	x->silent = false;
	send_rtp(to, pkt, RTP_HDR + l, l, us);
}

/* One that was collected. */
static void put_collected(struct wstream *to, uint8_t *pkt, size_t l, uint64_t us)
{
	struct xcode *x = to->xc;
	struct rtp_hdr o = {.pt = x->pt, .marker = x->silent, .seq = x->seq, .ts = x->ts, .ssrc = x->ssrc};

	out_follow(&to->out, &o, x->out_clock, x->skip, us);
	rtp_encode(pkt, &o);
	x->skip = 0;
	x->silent = false;
	send_rtp(to, pkt, RTP_HDR + l, l, us);
}

static int encode(struct wstream *to, uint8_t *dst, const int16_t *pcm, size_t n)
{
	struct xcode *x = to->xc;

	if (x->lost_pm != to->out.lost_pm && x->ec->enc_loss)
		x->ec->enc_loss(x->enc, (to->out.lost_pm + 5U) / 10);
	x->lost_pm = to->out.lost_pm;
	return x->ec->encode(x->enc, dst, TX_ROOM, pcm, n);
}

/* What waits goes, whatever it is. */
static void flush(struct wstream *to, uint64_t us)
{
	struct xcode *x = to->xc;
	uint8_t pkt[RTP_HDR + TX_ROOM];
	int l = (int)x->n;

	if (!x->n)
		return;
	if (x->coders)
		l = encode(to, pkt + RTP_HDR, x->pcm, x->frame);
	else
		memcpy(pkt + RTP_HDR, x->bytes, x->n);
	if (l > 0)
		put_collected(to, pkt, (size_t)l, us);
	else
		x->silent = true;
	x->n = 0;
	x->ts += x->ticks;
}

/* The rest of a packet is missing: `lost`, the last sound again, softer; otherwise silence. Bytes go as a short packet.
 */
static void pad(struct wstream *to, bool lost, uint64_t us)
{
	struct xcode *x = to->xc;

	if (!x->n)
		return;
	if (x->coders)
		for (uint32_t i = x->n; i < x->frame; i++)
			x->pcm[i] = (int16_t)(lost ? x->pcm[i - x->n] / 2 : 0);
	flush(to, us);
}

/* ------------------------------------------------------------------ collecting */

/* Time of the end of what waits. */
static uint32_t end_ts(const struct xcode *x)
{
	return x->ts + (uint32_t)((uint64_t)x->n * x->ticks / x->frame);
}

/* The next sound begins at `ts` in the party's clock. */
static void collect_at(struct wstream *to, uint32_t ts, bool lost, uint64_t us)
{
	struct xcode *x = to->xc;

	if (!x->running) {
		x->running = true;
		x->ts = ts;
		x->n = 0;
		return;
	}
	int32_t gap = (int32_t)(ts - end_ts(x));
	/* less than 2 ms is rounding; what overlaps is played after what was there */
	if (gap < (int32_t)x->out_clock / 500)
		return;
	pad(to, lost, us);
	uint32_t skip = (int32_t)(ts - x->ts) > 0 ? (ts - x->ts) / x->ticks : 0;
	x->skip = lost ? (skip < SKIP_MAX ? skip : SKIP_MAX) : 0;
	x->silent = !lost;
	x->ts = ts;
}

static void collect_pcm(struct wstream *to, const int16_t *pcm, size_t n, uint64_t us)
{
	struct xcode *x = to->xc;

	while (n) {
		size_t k = x->frame - x->n < n ? x->frame - x->n : n;
		memcpy(x->pcm + x->n, pcm, k * sizeof(*pcm));
		x->n += (uint32_t)k;
		pcm += k;
		n -= k;
		if (x->n == x->frame)
			flush(to, us);
	}
}

static void collect_bytes(struct wstream *to, const uint8_t *p, size_t n, uint64_t us)
{
	struct xcode *x = to->xc;

	while (n) {
		size_t k = x->frame - x->n < n ? x->frame - x->n : n;
		memcpy(x->bytes + x->n, p, k);
		x->n += (uint32_t)k;
		p += k;
		n -= k;
		if (x->n == x->frame)
			flush(to, us);
	}
}

/* ------------------------------------------------------------------ a packet of sound */

/* May `n` samples go as one packet? */
static bool fits(const struct wstream *to, size_t n)
{
	const struct xcode *x = to->xc;
	uint64_t len_us = (uint64_t)n * 1000000 / x->enc_rate;

	if (x->collect || len_us % x->ec->step_us)
		return false;
	if (n != x->frame && (to->r.strict || (n > x->frame && n % x->frame == 0)))
		return false;
	return len_us <= 1000ULL * codec_ms(x->ec, 60, to->r.maxptime);
}

/* Samples of a packet of the source, coded and sent. */
static void code(struct wstream *to, const int16_t *pcm, size_t n, const struct rtp_hdr *h, bool lost, uint64_t us)
{
	struct xcode *x = to->xc;
	int16_t out[CODEC_FRAME_MAX + 2];
	uint8_t pkt[RTP_HDR + TX_ROOM];

	if (x->rs) {
		n = resample(x->rs, out, ARRAY_LEN(out), pcm, n);
		pcm = out;
	}
	if (!fits(to, n)) {
		x->collect = true;
		collect_at(to, out_ts(x, h->ts), lost, us);
		collect_pcm(to, pcm, n, us);
		return;
	}
	int l = encode(to, pkt + RTP_HDR, pcm, n);
	if (l > 0) {
		put_one(to, pkt, (size_t)l, h, us);
	} else {
		x->silent = true;
		out_omit(&to->out, h);
	}
}

/* `lost` packets before this one did not come. */
static void missing(struct wstream *to, const uint8_t *p, const struct rtp_hdr *h, int lost, uint64_t us)
{
	struct xcode *x = to->xc;
	int16_t pcm[CODEC_FRAME_MAX];
	size_t n = (size_t)((uint64_t)x->dur * x->dec_rate / x->in_clock);

	/* numbers of digits or of a pause are no sound */
	if (lost > HIDE || !n || n > ARRAY_LEN(pcm) || h->ts - x->next_ts != (uint32_t)lost * x->dur)
		return;
	for (int i = lost; i > 0; i--) {
		struct rtp_hdr was = *h;
		was.seq = (uint16_t)(h->seq - i);
		was.ts = h->ts - (uint32_t)i * x->dur;
		was.marker = false;
		int got = i == 1 && x->dc->fec ? x->dc->fec(x->dec, pcm, n, p + h->hdrlen, h->payload) : 0;
		bool restored = got > 0;
		if (!restored && x->dc->conceal)
			got = x->dc->conceal(x->dec, pcm, n);
		if (got > 0 && (restored || x->collect))
			code(to, pcm, (size_t)got, &was, true, us);
	}
}

static void recode(struct wstream *to, const uint8_t *p, const struct rtp_hdr *h, int lost, uint64_t us)
{
	struct xcode *x = to->xc;
	int16_t pcm[CODEC_FRAME_MAX];

	if (lost > 0)
		missing(to, p, h, lost, us);
	int n = x->dc->decode(x->dec, pcm, ARRAY_LEN(pcm), p + h->hdrlen, h->payload);
	if (n <= 0) {
		out_omit(&to->out, h);
		return;
	}
	/* who feeds it from another worker is not ours to measure; G.711 is measured as it comes */
	if (to->fed_by && x->dc->id != CODEC_PCMU && x->dc->id != CODEC_PCMA)
		second_pcm(to->fed_by, pcm, (size_t)n);
	code(to, pcm, (size_t)n, h, lost > 0, us);
}

/* Only the length may be wrong. False: it passes as it is. */
static bool cut(struct wstream *to, const uint8_t *p, const struct rtp_hdr *h, int lost, uint64_t us)
{
	struct xcode *x = to->xc;
	uint32_t ticks = x->dc->duration(x->dc, p + h->hdrlen, h->payload);
	uint64_t most = to->r.maxptime ? to->r.maxptime : 1000;

	if (!x->collect &&
	    (!ticks || (to->r.strict ? ticks == x->ticks : (uint64_t)ticks * 1000 <= most * x->in_clock)))
		return false;
	x->collect = true;
	if (!ticks)
		return true;
	if (!even_bytes(x->dc->id)) {
		const struct wcodec *fmt = wremote_find_tx(&to->r, x->pt);
		if (!x->coders && fmt && !coders_make(x, fmt, x->ticks * 1000 / x->out_clock))
			x->frame = (uint32_t)((uint64_t)x->enc_rate * x->ticks / x->out_clock);
		if (x->coders)
			recode(to, p, h, lost, us);
		return true;
	}
	collect_at(to, out_ts(x, h->ts), lost > 0, us);
	collect_bytes(to, p + h->hdrlen, h->payload, us);
	return true;
}

/* Another stream of packets begins: what its decoder knew is of no use. */
static bool restart(struct xcode *x, const struct rtp_hdr *h)
{
	if (x->any && x->coders && !x->dc->stateless && decoder_make(x))
		return false;
	x->any = true;
	x->ssrc = h->ssrc;
	x->running = false;
	x->n = 0;
	x->dur = 0;
	return true;
}

static void pass(struct wstream *to, uint8_t *p, size_t l, const struct rtp_hdr *h, uint64_t us)
{
	struct xcode *x = to->xc;

	if (!out_translate(&to->out, p, h, x->out_clock, us))
		return;
	p[1] = (uint8_t)((p[1] & 0x80) | x->pt);
	send_rtp(to, p, l, h->payload, us);
}

static void sound(struct wstream *to, uint8_t *p, size_t l, const struct rtp_hdr *h, const struct wcodec *c,
		  uint64_t us)
{
	struct xcode *x = to->xc;
	int d = (int16_t)(uint16_t)(h->seq - x->seq);
	bool late = false;

	if (!x->made || x->gen != to->r_gen || x->act != to->map.act || memcmp(&x->in, c, sizeof(*c)) != 0)
		if (prepare(to, x, c, p, h)) {
			to->wk->dropped++;
			return;
		}
	if (!x->any || x->ssrc != h->ssrc || d > JUMP_AHEAD || d <= -JUMP_BACK) {
		if (!restart(x, h))
			return;
		d = 1;
	} else if (d <= 0) {
		late = true;
		if (x->collect || (x->coders && (!x->dc->stateless || !x->ec->stateless || x->rs)))
			return;
	}
	if (!late) {
		base_follow(x, h->ts);
		/* after a pause of the sender its next packet has the marker, if the sender forgot it */
		x->silent |= d == 1 && x->dur && h->ts - x->next_ts > x->dur && h->ts - x->next_ts < 1U << 31;
		x->seq = h->seq;
	}
	int lost = late ? 0 : d - 1;
	if (x->act == RELAY_CODE)
		recode(to, p, h, lost, us);
	else if (!cut(to, p, h, lost, us))
		pass(to, p, l, h, us);
	if (late)
		return;
	x->dur = x->dc->duration(x->dc, p + h->hdrlen, h->payload);
	x->next_ts = h->ts + x->dur;
}

/* ------------------------------------------------------------------ beside the sound */

/* Digits or comfort noise: the payload as it came, but for a duration in another clock. */
static void beside(struct wstream *to, uint8_t *p, size_t l, const struct rtp_hdr *h, const struct wcodec *c,
		   uint64_t us)
{
	struct xcode *x = to->xc;
	struct rtp_hdr o = *h;
	const struct wcodec *e = wremote_find_tx(&to->r, to->map.pt);
	uint8_t *pay = p + h->hdrlen;

	/* there may be several in a packet (RFC 4733 2.5.1.5) */
	for (size_t at = 0; to->map.act == RELAY_EVENT && e && at + 4 <= h->payload; at += 4) {
		uint64_t dur = (uint64_t)(pay[at + 2] << 8 | pay[at + 3]) * wcodec_rate(e) / wcodec_rate(c);
		if (dur > UINT16_MAX)
			dur = UINT16_MAX;
		pay[at + 2] = (uint8_t)(dur >> 8);
		pay[at + 3] = (uint8_t)dur;
	}
	uint32_t clock = x && x->made ? x->out_clock : wcodec_rate(c);
	o.ts = ts_of(to, h->ts);
	o.pt = to->map.pt;
	if (x && x->collect) {
		pad(to, false, us);
		x->running = false;
		out_follow(&to->out, &o, clock, 0, us);
		rtp_patch(p, o.seq, o.ts, o.ssrc, o.marker);
	} else if (!out_translate(&to->out, p, &o, clock, us)) {
		return;
	}
	p[1] = (uint8_t)((p[1] & 0x80) | to->map.pt);
	send_rtp(to, p, l, h->payload, us);
	if (!x)
		return;
	/* its number is used up; the sound goes on after a pause */
	if ((int16_t)(uint16_t)(h->seq - x->seq) > 0)
		x->seq = h->seq;
	x->dur = 0;
	x->silent = to->map.act == RELAY_NOISE;
}

void xcode_drop(struct wstream *to, const struct rtp_hdr *h)
{
	struct xcode *x = to->xc;

	/* nobody misses it: the numbers close up */
	out_omit(&to->out, h);
	if (!x)
		return;
	if ((int16_t)(uint16_t)(h->seq - x->seq) > 0)
		x->seq = h->seq;
	x->dur = 0;
	x->silent = true;
}

void xcode_rtp(struct wstream *to, uint8_t *p, size_t l, const struct rtp_hdr *h, const struct wcodec *c, uint64_t us)
{
	switch (to->map.act) {
	case RELAY_CODE:
	case RELAY_CUT:
		if (!to->xc)
			to->xc = mem_zalloc(sizeof(*to->xc), destroy);
		if (to->xc)
			sound(to, p, l, h, c, us);
		else
			to->wk->dropped++;
		break;
	case RELAY_EVENT:
	case RELAY_NOISE:
		beside(to, p, l, h, c, us);
		break;
	default:
		if (to->xc && to->xc->collect)
			pad(to, false, us);
		if (c->id != CODEC_CN)
			to->wk->dropped++;
		xcode_drop(to, h);
		break;
	}
}
