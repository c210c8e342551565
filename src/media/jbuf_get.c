/*
 * jbuf_get.c - the jitter buffer's exit: each time the line of ready sound runs short it is
 * decided what comes next: a packet, its neighbour's redundancy, concealment, comfort
 * noise, or silence. After the ideas of NetEQ.
 *
 * The level of a packet is how long before the present moment the quickest way of the
 * network would have brought it. Playing a packet at level L forgives all others that
 * are late by no more than L. So the level is held between the target (jbuf_hist.c) and a
 * little above by stretching what is played, or simply by waiting at the beginning of
 * each spurt of talk.
 *
 * Concealed sound is a debt at first (hole_n): it is counted when the numbers of packets
 * show that something was missing, or when it comes too late; not when the party had
 * only stopped talking.
 */
#include <string.h>
#include "media/jbuf_priv.h"

enum {
	HOLE_US = 2000000, /**< nothing for so long: the party stopped, nothing was lost */
	CHUNK_US = 20000,
	SPARE_US = 10000,  /**< above the target without shortening */
	REST_US = 40000,   /**< between two changes of speed */
	FAR_US = 100000,   /**< so far off the target, speed matters more than finesse */
	STALL_US = 100000, /**< after so much concealment nothing is left out any more: it was an outage */
	FRAME_MS = 60,     /**< longest step out */
	SLIP_US = 40000,   /**< fixed delay: how far a clock may run away before time is set */
};

uint32_t jbuf_target(const struct jbuf *j)
{
	uint32_t least = j->cfg.min_ms * 1000U;

	return j->cfg.fixed || j->hist.target_us < least ? least : j->hist.target_us;
}

static int64_t level(const struct jslot *e, uint64_t us)
{
	return (int64_t)us - e->due_us;
}

static uint32_t us_of(const struct jbuf *j, uint32_t ts)
{
	return (uint32_t)((uint64_t)ts * 1000000 / (j->clock ? j->clock : 8000));
}

static uint64_t line_us(const struct jbuf *j)
{
	return j->line.n * 1000000ULL / j->cfg.rate;
}

static void put(struct jbuf *j, const int16_t *pcm, size_t n, bool sound)
{
	jline_put(&j->line, pcm, n);
	j->put += n;
	if (sound)
		j->heard = j->put;
}

static void put_silence(struct jbuf *j, size_t n)
{
	static const int16_t zero[48 * 10];

	while (n) {
		size_t k = n < ARRAY_LEN(zero) ? n : ARRAY_LEN(zero);
		put(j, zero, k, false);
		n -= k;
	}
}

/* ------------------------------------------------------------------ decoders */

/* The one for a packet; NULL: there is no memory for it. */
static struct jdec *decoder(struct jbuf *j, const struct jslot *e)
{
	struct jdec *d = &j->dec[j->cur];

	if (d->codec && jdec_is(d, e))
		return d;
	j->cur = !j->cur;
	d = &j->dec[j->cur];
	if (d->codec && jdec_is(d, e))
		return d;
	if (d->codec)
		jdec_close(d);
	return jdec_open(d, e, j->cfg.rate) ? NULL : d;
}

/* ------------------------------------------------------------------ holes */

/* What was made up is ours to answer for, or was none of our business. */
static void settle(struct jbuf *j, bool lost)
{
	if (lost && j->hole_n) {
		j->st.concealed += j->hole_n;
		j->st.silent += j->hole_silent;
		j->st.concealments++;
		j->st.played += j->hole_n;
	}
	j->hole_us = j->hole_n = j->hole_silent = 0;
}

/* Hide `us` of sound. */
static void hide(struct jbuf *j, uint32_t us)
{
	struct jdec *d = &j->dec[j->cur];
	int16_t pcm[JD_MAX];
	size_t n = (size_t)((uint64_t)us * j->cfg.rate / 1000000);

	if (!d->codec || jdec_faded(d)) {
		put_silence(j, n);
		j->hole_silent += n;
	} else {
		n = jdec_conceal(d, pcm, us, j->dtx);
		put(j, pcm, n, true);
	}
	j->hole_n += n;
	j->hole_us += us;
}

/* Up to 20 ms in steps that every codec knows, at least `n` samples if possible. */
static uint32_t chunk_us(const struct jbuf *j, size_t n)
{
	const struct jdec *d = &j->dec[j->cur];
	uint64_t us = (n * 1000000ULL + j->cfg.rate - 1) / j->cfg.rate;
	/* some coders make whole frames only */
	uint32_t unit = d->plc ? 125 : d->codec && d->codec->step_us > 10000 ? CHUNK_US : 10000;

	us = (us + unit - 1) / unit * unit;
	return us > CHUNK_US ? CHUNK_US : (uint32_t)us;
}

/* Nothing can be played now, `n` samples are wanted. */
static void wait(struct jbuf *j, size_t n)
{
	uint32_t us = chunk_us(j, n);

	if (j->idle_us < UINT64_MAX / 2)
		j->idle_us += us;
	if (!j->playing && j->noise) {
		int16_t pcm[CODEC_FRAME_MAX];
		n = n < CODEC_FRAME_MAX ? n : CODEC_FRAME_MAX;
		cn_make(&j->cn, pcm, n);
		put(j, pcm, n, true);
		return;
	}
	if (j->playing && (j->dtx || j->hole_us >= HOLE_US)) {
		j->playing = false;
		settle(j, false);
	}
	if (j->dtx && j->idle_us >= HOLE_US)
		j->dtx = false;
	if (!j->began || (!j->playing && !j->dtx && jdec_faded(&j->dec[j->cur]))) {
		put_silence(j, n);
		return;
	}
	hide(j, us);
	if (!j->playing)
		settle(j, false);
	else if (j->cfg.fixed && j->level_us >= j->cfg.min_ms * 500)
		/* time goes on: what comes now is too late; but for a sender whose clock is slow it stands still once
		 */
		j->ts += (uint32_t)((uint64_t)us * j->clock / 1000000);
}

/* ------------------------------------------------------------------ packets */

/* It is out of the store; what follows it is its successor. */
static void took(struct jbuf *j, const struct jslot *e)
{
	uint16_t d = (uint16_t)(e->seq - j->seq - 1);

	j->missing = (uint16_t)(j->missing + d);
	j->seq = e->seq;
	jstore_drop(&j->store);
}

void jbuf_pass_over(struct jbuf *j)
{
	struct jslot e = *jstore_head(&j->store);

	j->st.overflow++;
	if (!j->began || j->ep != e.epoch) {
		jstore_drop(&j->store);
		return;
	}
	took(j, &e);
	j->missing = 0;
	j->ts = e.ts + e.dur;
}

/* A number of another epoch, or the first: it is the beginning of something. */
static void enter(struct jbuf *j, const struct jslot *e)
{
	j->began = true;
	j->ep = e->epoch;
	j->seq = (uint16_t)(e->seq - 1);
	j->missing = 0;
	j->playing = false;
	settle(j, false);
}

static void pause_with_noise(struct jbuf *j, const struct jslot *e)
{
	uint8_t p[CODEC_PAYLOAD_MAX];

	settle(j, j->missing > 0);
	j->playing = false;
	jstore_read(&j->store, e, p);
	if (!j->noise)
		cn_init(&j->cn, e->seq);
	cn_set(&j->cn, p, e->l, j->clock ? j->clock : 8000, j->cfg.rate);
	j->noise = true;
}

/* Higher than this the level never is: the oldest goes. */
static int64_t most_us(const struct jbuf *j)
{
	return j->cfg.fixed ? j->cfg.min_ms * 1000 + SLIP_US : j->cfg.max_ms * 1000 + CHUNK_US;
}

/* The next packet of sound; what is none takes effect on the way. NULL: nothing is there. */
static struct jslot *upcoming(struct jbuf *j, uint64_t us)
{
	struct jslot *e;

	while ((e = jstore_head(&j->store))) {
		if (!j->began || e->epoch != j->ep)
			enter(j, e);
		if (e->kind == JK_SKIP) {
			took(j, e);
		} else if (e->kind == JK_NOISE) {
			pause_with_noise(j, e);
			took(j, e);
			j->missing = 0;
		} else if (j->playing && (int32_t)(e->ts + e->dur - j->ts) <= 0) {
			j->st.late++;
			took(j, e);
		} else if (j->store.n > 1 && level(e, us) > most_us(j)) {
			jbuf_pass_over(j);
		} else {
			return e;
		}
	}
	return NULL;
}

/* How alike sound must be to be cut: less, the longer and the further the level is off. */
static float alike(const struct jbuf *j, int64_t off_us)
{
	float like = 0.9f - 0.4f * (float)off_us / FAR_US - 0.1f * (float)j->rest_us / 1000000;

	return like < 0.3f ? 0.3f : like;
}

/*
 * Where packets do not end with steps some are needed long before their sound is due, those that begin in the midst of
 * a step: by so much at most.
 */
static uint32_t early_us(const struct jbuf *j, const struct jslot *e, size_t frame)
{
	uint64_t a = frame * 1000000ULL / j->cfg.rate, b = us_of(j, e->dur), step = a;

	while (b) {
		uint64_t r = a % b;
		a = b;
		b = r;
	}
	return (uint32_t)(step - a);
}

/* After a packet was put into the line: bring the level towards the target. */
static void adjust(struct jbuf *j, const struct jslot *e, size_t before, size_t n)
{
	int64_t target = jbuf_target(j), frame = (int64_t)(n * 1000000 / j->cfg.rate), delay, lv = j->level_us,
		most_delay;
	size_t most = j->cfg.rate * 15 / 1000, k;

	delay = lv + (int64_t)(before * 1000000 / j->cfg.rate);
	most_delay = target + frame + early_us(j, e, n) + SPARE_US;
	j->rest_us += (j->line.n - before) * 1000000ULL / j->cfg.rate;
	if (j->cfg.fixed)
		return;
	if (lv < target && j->rest_us >= REST_US) {
		k = jline_lengthen(&j->line, most, alike(j, target - lv));
		j->st.inserted += k;
		j->put += k;
		j->heard = j->put;
	} else if (delay > target + frame + SPARE_US && (j->rest_us >= REST_US || delay > target + frame + FAR_US)) {
		/* no more than what leaves the level at the target */
		if (lv - frame < target && before < most)
			most = before;
		k = jline_shorten(&j->line, most, alike(j, delay - most_delay));
		j->st.removed += k;
		j->put -= k;
		j->heard = j->put;
	} else {
		return;
	}
	if (k)
		j->rest_us = 0;
}

/* Sound that overlaps with what was played already. */
static size_t without_overlap(const struct jbuf *j, const struct jslot *e, int16_t *pcm, size_t n)
{
	int32_t over = (int32_t)(j->ts - e->ts);

	if (over <= 0)
		return n;
	size_t k = (size_t)((uint64_t)over * j->cfg.rate / j->clock);
	if (k >= n)
		return 0;
	memmove(pcm, pcm + k, (n - k) * sizeof(*pcm));
	return n - k;
}

static void play(struct jbuf *j, const struct jslot *slot, size_t frame, uint64_t us)
{
	struct jslot e = *slot;
	struct jdec *d = decoder(j, &e);
	uint8_t p[CODEC_PAYLOAD_MAX];
	int16_t pcm[JD_MAX];
	size_t n = 0, before = j->line.n;

	settle(j, true);
	if (d) {
		jstore_read(&j->store, &e, p);
		n = jdec_sound(d, pcm, p, e.l);
	}
	if (n) {
		if (j->playing)
			n = without_overlap(j, &e, pcm, n);
		put(j, pcm, n, true);
		j->st.played += n;
		uint64_t delay = us + before * 1000000ULL / j->cfg.rate - e.us;
		j->delay8 = j->delay8 ? j->delay8 + delay - j->delay8 / 8 : delay * 8;
	} else {
		/* its bytes were no sound after all */
		for (uint32_t left = us_of(j, e.dur); left; left -= left < CHUNK_US ? left : CHUNK_US)
			hide(j, left < CHUNK_US ? left : CHUNK_US);
		settle(j, true);
	}
	took(j, &e);
	j->missing = 0;
	j->ts = e.ts + e.dur;
	j->dur = e.dur;
	j->playing = true;
	j->noise = false;
	j->dtx = e.codec->id == CODEC_OPUS && e.l <= 2;
	j->idle_us = 0;
	j->level_us = level(&e, us);
	adjust(j, &e, before, frame);
}

/* The packet after the missing one knows something of it. */
static bool restore(struct jbuf *j, const struct jslot *e, uint32_t us)
{
	struct jdec *d = &j->dec[j->cur];
	uint8_t p[CODEC_PAYLOAD_MAX];
	int16_t pcm[JD_MAX];

	if (j->hole_us || (uint16_t)(e->seq - j->seq) != 2 || us > 60000 || !d->codec || !jdec_is(d, e))
		return false;
	jstore_read(&j->store, e, p);
	size_t n = jdec_fec(d, pcm, p, e->l, us);
	if (!n)
		return false;
	put(j, pcm, n, true);
	j->st.played += n;
	j->st.fec++;
	j->ts = e->ts;
	return true;
}

/*
 * Between what was played and the next packet there is a gap. Numbers say how much of it was lost; the rest is a
 * pause. True: the packet's turn has come.
 */
static bool bridge(struct jbuf *j, const struct jslot *e)
{
	uint32_t gap = us_of(j, e->ts - j->ts), dur = us_of(j, j->dur);
	uint64_t lost = (uint64_t)(uint16_t)(j->missing + (uint16_t)(e->seq - j->seq - 1)) * dur;

	if (lost > gap || gap - lost < dur)
		lost = lost ? gap : 0;
	if (!lost || gap > HOLE_US) {
		j->playing = false;
		settle(j, false);
		return false;
	}
	if (lost == gap && restore(j, e, gap))
		return true;
	if (j->hole_us < lost) {
		uint64_t left = lost - j->hole_us;
		hide(j, left < CHUNK_US ? (uint32_t)left : CHUNK_US);
		return false;
	}
	settle(j, true);
	j->ts += (uint32_t)((uint64_t)gap * j->clock / 1000000);
	if (lost == gap) {
		j->ts = e->ts;
		return true;
	}
	j->playing = false;
	return false;
}

/* It comes after its sound was due, and playing it would only add delay: it is left out. */
static bool leave_out(struct jbuf *j, const struct jslot *e, size_t frame, uint64_t us)
{
	uint32_t dur = us_of(j, e->dur);
	int64_t delay = level(e, us) + (int64_t)line_us(j), frame_us = (int64_t)(frame * 1000000 / j->cfg.rate);

	if (j->cfg.fixed || j->hole_us < dur || j->hole_us >= STALL_US ||
	    delay <= jbuf_target(j) + frame_us + early_us(j, e, frame) + SPARE_US)
		return false;
	size_t n = (size_t)((uint64_t)dur * j->cfg.rate / 1000000);
	n = n < j->hole_n ? n : j->hole_n;
	j->st.late++;
	j->st.concealed += n;
	j->st.played += n;
	j->st.concealments += j->hole_us == dur;
	j->hole_n -= n;
	j->hole_us -= dur;
	j->ts = e->ts + e->dur;
	took(j, e);
	j->missing = 0;
	return true;
}

/* Put something into the line; `frame` is the caller's step, `n` of it are still wanted. */
static void step(struct jbuf *j, size_t frame, size_t n, uint64_t us)
{
	struct jslot *e = upcoming(j, us);

	/* fixed delay: the sender's clock is slow, its reserve is set anew */
	if (e && j->cfg.fixed && level(e, us) < j->cfg.min_ms * 500)
		j->playing = false;
	if (!e || (!j->playing && level(e, us) < jbuf_target(j) + (j->cfg.fixed ? 0 : early_us(j, e, frame)))) {
		wait(j, n);
		return;
	}
	if (j->playing) {
		int32_t gap = (int32_t)(e->ts - j->ts);
		if (gap > 0 && !bridge(j, e))
			return;
		if (gap == 0 && j->hole_us && leave_out(j, e, frame, us))
			return;
	}
	play(j, e, frame, us);
}

bool jbuf_get(struct jbuf *j, int16_t *pcm, size_t n, uint64_t us)
{
	uint64_t out = j->put - j->line.n;
	size_t most = j->cfg.rate * FRAME_MS / 1000;

	for (size_t k; n; n -= k, pcm += k) {
		/* each step adds sound, drops a packet or ends a spurt: more than this many cannot be needed */
		unsigned steps = 4 * JSLOTS;
		k = n < most ? n : most;
		while (j->line.n < k && steps--)
			step(j, k, k - j->line.n, us);
		if (j->line.n < k)
			put_silence(j, k - j->line.n);
		jline_get(&j->line, pcm, k);
	}
	return j->heard > out;
}
