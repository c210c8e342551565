/*
 * series.c - samples of how legs sound, taken of a tenth of the calls every half second, so that ten thousand calls are
 * no burst of work.
 */
#include "call/series.h"
#include "call/call_priv.h"
#include "media/media.h"

enum { TICK_MS = 500, SLOTS = SERIES_STEP_MS / TICK_MS, FIRST_CAP = 8 };

static size_t in_use;

static size_t size_of(size_t cap)
{
	return sizeof(struct leg_series) + cap * sizeof(struct leg_sample);
}

void series_free(struct leg_series *x)
{
	if (x)
		in_use -= size_of(x->cap);
	mem_deref(x);
}

struct leg_series *series_copy(const struct leg_series *x)
{
	struct leg_series *y = x && in_use < SERIES_BYTES_MAX ? mem_alloc(size_of(x->cap), NULL) : NULL;

	if (!y)
		return NULL;
	memcpy(y, x, size_of(x->n));
	y->cap = x->cap;
	in_use += size_of(y->cap);
	return y;
}

/* ------------------------------------------------------------------ room for one more */

static uint16_t mean(uint16_t a, uint16_t b)
{
	return (uint16_t)((a + b) / 2);
}

/* Of what is not known the other one counts. */
static uint8_t mean_known(uint8_t a, uint8_t b)
{
	return (uint8_t)(a && b ? (a + b) / 2 : a + b);
}

static void halve(struct leg_series *x)
{
	for (uint16_t i = 0; i < x->n / 2; i++) {
		const struct leg_sample *a = &x->v[2 * i], *b = a + 1;

		x->v[i] = (struct leg_sample){
			.mos_x50 = mean_known(a->mos_x50, b->mos_x50),
			.buffer_2ms = mean_known(a->buffer_2ms, b->buffer_2ms),
			.lost_pm = mean(a->lost_pm, b->lost_pm),
			.jitter_100us = mean(a->jitter_100us, b->jitter_100us),
			.rtt_ms = (uint16_t)(a->rtt_ms && b->rtt_ms ? (a->rtt_ms + b->rtt_ms) / 2
								    : a->rtt_ms + b->rtt_ms),
		};
	}
	x->n /= 2;
	x->step_ms *= 2;
}

static void make_room(struct leg *l)
{
	struct leg_series *x = l->series;
	size_t cap = x->cap * 2 > SERIES_MAX ? SERIES_MAX : x->cap * 2;

	if (x->n < x->cap)
		return;
	x = cap > x->cap && in_use < SERIES_BYTES_MAX ? mem_realloc(x, size_of(cap)) : NULL;
	if (!x) {
		halve(l->series);
		return;
	}
	in_use += size_of(cap) - size_of(x->cap);
	x->cap = (uint16_t)cap;
	l->series = x;
}

static bool make(struct leg *l, uint64_t now)
{
	struct leg_series *x = in_use < SERIES_BYTES_MAX ? mem_zalloc(size_of(FIRST_CAP), NULL) : NULL;

	if (!x)
		return false;
	x->first_ms = now;
	x->start_ms = loop_wall_ms(l->call->calls->loop);
	x->step_ms = SERIES_STEP_MS;
	x->cap = FIRST_CAP;
	in_use += size_of(x->cap);
	l->series = x;
	return true;
}

/* ------------------------------------------------------------------ samples */

static uint16_t u16(uint64_t v)
{
	return v > UINT16_MAX ? UINT16_MAX : (uint16_t)v;
}

static void measure(struct leg_sample *s, struct leg_series *x, const struct mstream_stats *st)
{
	/* another sender begins to count anew */
	int64_t lost = (int64_t)st->rx_lost - x->lost;
	uint64_t packets = st->rx_packets > x->packets ? st->rx_packets - x->packets : 0;
	uint64_t all = packets + (lost > 0 ? (uint64_t)lost : 0);

	x->packets = st->rx_packets;
	x->lost = (int64_t)st->rx_lost;
	s->jitter_100us = u16(st->rx_jitter_us / 100);
	s->rtt_ms = u16((st->rtt_us + 500) / 1000);
	s->buffer_2ms = (uint8_t)(st->buffer_us / 2000 > UINT8_MAX ? UINT8_MAX : st->buffer_us / 2000);
	s->lost_pm = all && lost > 0 ? u16((uint64_t)lost * 1000 / all) : 0;
	if (!packets || !st->mos_x100)
		return;
	/* as the engine judges by the second: half the round trip, the buffer, a packet */
	double delay = st->rtt_us / 2000.0 + 20 + (st->buffer_us ? st->buffer_us : st->rx_jitter_us * 2) / 1000.0;

	s->mos_x50 = (uint8_t)(media_mos(st->codec, s->lost_pm / 10.0, delay) / 2);
}

static void sample(struct leg *l, uint64_t now)
{
	struct mstream *ms = leg_sound(l);
	struct leg_sample s = {0};
	struct mstream_stats st;
	struct leg_series *x;

	if (!ms)
		return;
	mstream_stats(ms, &st);
	if (!l->series && (!st.rx_packets || !make(l, now)))
		return;
	/* the timer is not exact to the millisecond */
	uint64_t due = (now - l->series->first_ms + TICK_MS) / l->series->step_ms;
	if (due < l->series->n)
		return;
	/* what was missed (it was held by another call, the machine was busy) stays empty */
	for (make_room(l); l->series->n < (now - l->series->first_ms + TICK_MS) / l->series->step_ms; make_room(l))
		l->series->v[l->series->n++] = (struct leg_sample){0};
	x = l->series;
	measure(&s, x, &st);
	x->v[x->n++] = s;
}

static void tick_h(void *arg);

static void next(struct calls *cs)
{
	timer_start(&cs->series, cs->loop, TICK_MS - loop_now_ms(cs->loop) % TICK_MS, tick_h, cs);
}

static void tick_h(void *arg)
{
	struct calls *cs = arg;
	uint64_t now = loop_now_ms(cs->loop), slot = now / TICK_MS % SLOTS;

	if (!cs->live.n)
		return;
	LIST_EACH (&cs->live, k) {
		struct call *c = LINK_OBJ(k, struct call, le);

		if (c->state != CALL_UP || c->answer_ms / TICK_MS % SLOTS != slot)
			continue;
		LIST_EACH (&c->legs, m)
			sample(LINK_OBJ(m, struct leg, le), now);
	}
	next(cs);
}

void series_call_up(struct calls *cs)
{
	if (cs->keeps_series && !timer_running(&cs->series))
		next(cs);
}

void calls_keep_series(struct calls *cs)
{
	cs->keeps_series = true;
}
