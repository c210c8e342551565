/*
 * jbuf.c - the jitter buffer's entrance: is a packet new, of which stream is it, how late
 * is it; and what the buffer consists of. Its exit is jbuf_get.c.
 */
#include <string.h>
#include "media/jbuf_priv.h"

enum {
	MAX_MS = 500,
	JUMP = 1000,           /**< numbers; more is another stream */
	STRAGGLER_US = 500000, /**< so long after a change packets of before are not taken for another change */
	OFF_US = 2000000,      /**< a timestamp that is off by more belongs to another clock */
	OFF_MARKED_US = 500000 /**< the same at the beginning of a spurt, where clocks may be set */
};

static void destroy_h(void *obj)
{
	struct jbuf *j = obj;

	jdec_close(&j->dec[0]);
	jdec_close(&j->dec[1]);
	jstore_free(&j->store);
	mem_deref(j->line.s);
}

int jbuf_alloc(struct jbuf **jp, const struct jbuf_cfg *cfg)
{
	if (cfg->rate < 8000 || cfg->rate > 48000 || cfg->rate % 8000)
		return EINVAL;
	struct jbuf *j = mem_zalloc(sizeof(*j), destroy_h);
	if (!j)
		return ENOMEM;
	j->cfg = *cfg;
	if (!j->cfg.max_ms)
		j->cfg.max_ms = MAX_MS;
	if (j->cfg.min_ms > j->cfg.max_ms)
		j->cfg.min_ms = j->cfg.max_ms;
	jhist_init(&j->hist, j->cfg.max_ms * 1000U);
	int err = jline_alloc(&j->line, cfg->rate);
	if (err) {
		mem_deref(j);
		return err;
	}
	*jp = j;
	return 0;
}

/* ------------------------------------------------------------------ in */

/* Another stream, or the same one with other numbers: what waits is played out first. */
static void next_epoch(struct jbuf *j, const struct jbuf_pkt *p, uint64_t us)
{
	j->old_seq = j->hi_seq;
	j->old_ssrc = j->ssrc;
	j->changed_us = us;
	j->epoch++;
	j->ssrc = p->ssrc;
	j->hi_seq = p->seq;
	j->seen = 0;
	j->timed = false;
	jhist_rebase(&j->hist);
	/* of more than two epochs only the newest are worth playing */
	while (j->store.n && (uint8_t)(j->epoch - j->store.slot[0].epoch) > 1) {
		jstore_drop(&j->store);
		j->st.overflow++;
	}
}

/* By SSRC and number: false when it came before, or belongs to what is over. */
static bool in_order(struct jbuf *j, const struct jbuf_pkt *p, uint64_t us, bool *newest)
{
	int d = (int16_t)(uint16_t)(p->seq - j->hi_seq);

	*newest = true;
	if (!j->got) {
		j->got = true;
		j->ssrc = p->ssrc;
		j->hi_seq = p->seq;
		j->seen = 1;
		return true;
	}
	if (p->ssrc != j->ssrc || d >= JUMP || d <= -JUMP) {
		int old = (int16_t)(uint16_t)(p->seq - j->old_seq);
		if (j->epoch && us - j->changed_us < STRAGGLER_US && p->ssrc == j->old_ssrc && old <= 0 &&
		    old > -JUMP) {
			j->st.late++;
			return false;
		}
		next_epoch(j, p, us);
		j->seen = 1;
		return true;
	}
	if (d > 0) {
		j->seen = d < 64 ? j->seen << d | 1 : 1;
		j->hi_seq = p->seq;
		return true;
	}
	*newest = false;
	uint64_t bit = -d < 64 ? 1ULL << -d : 0;
	if (j->seen & bit) {
		j->st.dup++;
		return false;
	}
	j->seen |= bit;
	return true;
}

/* Its time by timestamp; a clock that was set makes a new epoch. Returns how late it is. */
static int64_t in_time(struct jbuf *j, const struct jbuf_pkt *p, bool newest, uint64_t us)
{
	uint32_t clock = p->codec ? p->codec->clock : j->clock ? j->clock : 8000;
	int32_t step = (int32_t)(p->ts - j->hi_ts);

	if (j->timed && clock != j->clock && !newest)
		return 0;
	if (j->timed && (clock != j->clock || (newest && step < 0)))
		next_epoch(j, p, us);
	if (!j->timed) {
		j->hi_ext = p->ts;
		j->hi_ts = p->ts;
		step = 0;
	}
	int64_t ext = j->hi_ext + step, ts_us = ext * 1000000 / clock;
	int64_t off = (int64_t)us - ts_us - j->hist.base_us;
	if (j->timed && newest && j->hist.based &&
	    (off > OFF_US || off < -OFF_US || (p->marker && (off > OFF_MARKED_US || off < -OFF_MARKED_US)))) {
		next_epoch(j, p, us);
		/* counted anew, or jumps would add up until there is no number for it */
		ext = p->ts;
		ts_us = ext * 1000000 / clock;
	}
	j->seen |= 1;
	j->clock = clock;
	if (newest || !j->timed) {
		j->hi_ext = ext;
		j->hi_ts = p->ts;
	}
	j->timed = true;
	return jhist_packet(&j->hist, ts_us, us);
}

/* Its turn is over already. */
static bool too_late(const struct jbuf *j, const struct jslot *e)
{
	return j->began &&
	       (e->epoch == j->ep ? (int16_t)(uint16_t)(e->seq - j->seq) <= 0 : (int8_t)(e->epoch - j->ep) < 0);
}

static void store(struct jbuf *j, const struct jslot *e, const uint8_t *p)
{
	if (too_late(j, e)) {
		j->st.late++;
		return;
	}
	int err = jstore_put(&j->store, e, p);
	if (err == ENOSPC && j->store.n > 1) {
		/* full: the oldest goes, as it would be the last to be in time */
		jbuf_pass_over(j);
		err = too_late(j, e) ? 0 : jstore_put(&j->store, e, p);
	}
	if (err && err != EALREADY)
		j->st.overflow++;
}

void jbuf_put(struct jbuf *j, const struct jbuf_pkt *p, uint64_t us)
{
	struct jslot e = {.codec = p->codec, .us = us, .ts = p->ts, .seq = p->seq, .par = p->par};
	bool newest;

	if (!p->l) {
		jbuf_skip(j, p->seq, p->ts, p->ssrc);
		return;
	}
	if (p->codec)
		e.dur = p->codec->duration(p->codec, p->p, p->l);
	if (p->l > CODEC_PAYLOAD_MAX || (p->codec && (!e.dur || e.dur > p->codec->clock * 3 / 50))) {
		j->st.overflow++;
		return;
	}
	j->last_us = us;
	if (!in_order(j, p, us, &newest))
		return;
	int64_t late = in_time(j, p, newest, us);
	e.kind = p->codec ? JK_SOUND : JK_NOISE;
	e.ch = p->ch ? p->ch : p->codec ? p->codec->ch : 1;
	e.l = (uint16_t)p->l;
	e.epoch = j->epoch;
	e.due_us = (int64_t)us - late;
	store(j, &e, p->p);
}

void jbuf_skip(struct jbuf *j, uint16_t seq, uint32_t ts, uint32_t ssrc)
{
	struct jbuf_pkt p = {.seq = seq, .ts = ts, .ssrc = ssrc};
	struct jslot e = {.kind = JK_SKIP, .seq = seq, .ts = ts};
	bool newest;

	/* without a time of its own: what it has is the beginning of an event */
	if (!in_order(j, &p, j->last_us, &newest))
		return;
	e.epoch = j->epoch;
	store(j, &e, NULL);
}

/* ------------------------------------------------------------------ figures */

void jbuf_stats(const struct jbuf *j, struct jbuf_stats *st)
{
	*st = j->st;
	st->delay_us = (uint32_t)(j->delay8 / 8);
	st->target_us = jbuf_target(j);
	st->rate = j->cfg.rate;
}

void jbuf_flush(struct jbuf *j)
{
	jstore_clear(&j->store);
	jhist_rebase(&j->hist);
	j->line.n = 0;
	j->got = j->timed = j->began = j->playing = j->noise = j->dtx = false;
	j->hole_us = j->hole_n = j->hole_silent = 0;
	j->heard = j->put;
}
