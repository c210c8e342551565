/*
 * jbuf_hist.c - how late packets come, and the delay that follows from it.
 *
 * A histogram of lateness against the quickest packet of the last seconds, with
 * forgetting. The target is where delay and late packets together cost least: by the
 * E-model (G.107, G.113) a per cent of lost packets hurts a G.711 call as much as some
 * tens of milliseconds more. Spikes too rare for the histogram count when they come
 * again and again.
 */
#include <string.h>
#include "media/jbuf_priv.h"

enum {
	MEMORY = 500,          /**< packets: 10 s */
	PERIOD_US = 2500000,   /**< the quickest is that of one or two periods */
	MS_PER_PERCENT = 40,   /**< delay that one per cent of late packets is worth */
	TICK = 4,              /**< packets from one reckoning to the next */
	PEAK_US = 60000,       /**< over the target: a spike */
	PEAK_AGAIN_MS = 10000, /**< spikes further apart are endured */
};

void jhist_init(struct jhist *h, uint32_t max_us)
{
	memset(h, 0, sizeof(*h));
	h->unit = 1;
	h->max_us = max_us;
	h->target_us = JH_STEP_US;
}

void jhist_rebase(struct jhist *h)
{
	h->based = false;
}

/* The base moved by so many steps: what was learnt moves the other way. */
static void shift(struct jhist *h, int64_t steps)
{
	float w[JH_BUCKETS] = {0};

	if (steps > JH_BUCKETS)
		steps = JH_BUCKETS;
	if (steps < -JH_BUCKETS)
		steps = -JH_BUCKETS;
	for (int i = 0; i < JH_BUCKETS; i++) {
		int to = i - (int)steps;
		w[to < 0 ? 0 : to >= JH_BUCKETS ? JH_BUCKETS - 1 : to] += h->w[i];
	}
	memcpy(h->w, w, sizeof(w));
}

static void move_base(struct jhist *h, int64_t off, uint64_t us)
{
	if (!h->based) {
		h->based = true;
		h->now_us = h->prev_us = off;
		h->base_us = off;
		h->period_us = us;
		return;
	}
	if (us - h->period_us >= PERIOD_US) {
		h->prev_us = h->now_us;
		h->now_us = off;
		h->period_us = us;
	}
	if (off < h->now_us)
		h->now_us = off;
	/*
	 * What was learnt is lateness against the base of its time: it stays true when clocks drift, and must move when
	 * the base jumps.
	 */
	int64_t least = h->now_us < h->prev_us ? h->now_us : h->prev_us, steps = (least - h->base_us) / JH_STEP_US;
	if (steps)
		shift(h, steps);
	h->base_us = least;
}

/* Spikes are remembered when they end: how high, how long after the last one. */
static void peaks(struct jhist *h, int64_t late, uint64_t us)
{
	if (late > (int64_t)h->target_us + PEAK_US) {
		if (late > h->peak_us)
			h->peak_us = late > h->max_us ? h->max_us : (uint32_t)late;
		return;
	}
	if (!h->peak_us || late > h->target_us)
		return;
	uint64_t after = h->peak_at_us ? (us - h->peak_at_us) / 1000 : UINT32_MAX;
	if (after > PEAK_AGAIN_MS)
		h->npeaks = 0;
	unsigned at = h->npeaks++ % JH_PEAKS;
	h->peak[at].us = h->peak_us;
	h->peak[at].after_ms = after > UINT32_MAX ? UINT32_MAX : (uint32_t)after;
	if (h->npeaks == 2 * JH_PEAKS)
		h->npeaks = JH_PEAKS;
	h->peak_at_us = us;
	h->peak_us = 0;
}

/* Height of spikes that are to be expected; 0: none. */
static uint32_t expected_peak(const struct jhist *h, uint64_t us)
{
	unsigned n = h->npeaks < JH_PEAKS ? h->npeaks : JH_PEAKS;
	uint32_t high = 0;

	if (n < 3 || (us - h->peak_at_us) / 1000 > 2 * PEAK_AGAIN_MS)
		return 0;
	for (unsigned i = 0; i < n; i++)
		if (h->peak[i].us > high)
			high = h->peak[i].us;
	return high;
}

/* Where (delay + what is late at that delay) is least. */
static uint32_t cheapest(const struct jhist *h)
{
	float tail = h->sum, best = 0;
	unsigned at = 0;

	for (unsigned i = 0; i < JH_BUCKETS; i++) {
		tail -= h->w[i];
		float late = tail > 0 ? tail / h->sum : 0;
		float cost = (float)((i + 1) * JH_STEP_US) / 1000 + late * 100 * MS_PER_PERCENT;
		if (i == 0 || cost < best) {
			best = cost;
			at = i;
		}
	}
	return (at + 1) * JH_STEP_US;
}

static void learn(struct jhist *h, unsigned bucket)
{
	h->w[bucket] += h->unit;
	h->sum += h->unit;
	if (h->seen < MEMORY) {
		h->seen++;
		return;
	}
	h->unit *= 1 + 1.0f / MEMORY;
	if (h->unit < 1e6f)
		return;
	h->sum = 0;
	for (unsigned i = 0; i < JH_BUCKETS; i++) {
		h->w[i] /= h->unit;
		h->sum += h->w[i];
	}
	h->unit = 1;
}

int64_t jhist_packet(struct jhist *h, int64_t ts_us, uint64_t us)
{
	int64_t off = (int64_t)us - ts_us;

	move_base(h, off, us);
	int64_t late = off - h->base_us, bucket = late / JH_STEP_US;
	learn(h, bucket >= JH_BUCKETS ? JH_BUCKETS - 1 : (unsigned)bucket);
	peaks(h, late, us);
	if (++h->tick % TICK == 0 || late > h->target_us) {
		uint32_t t = cheapest(h), peak = expected_peak(h, us);
		if (peak > t)
			t = peak;
		h->target_us = t > h->max_us ? h->max_us : t;
	}
	return late;
}
