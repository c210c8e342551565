/*
 * jbuf_sim.h - a sender, a network and a listener around a jitter buffer: packets of
 * speech-like sound, delayed, lost and doubled by a seeded random sequence, and an even
 * clock that takes the sound out. No real time.
 */
#ifndef TEST_MEDIA_JBUF_SIM_H
#define TEST_MEDIA_JBUF_SIM_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/mem.h"
#include "media/jbuf.h"

enum { SIM_MAX = 500000 };

enum sim_jitter { SIM_EVEN, SIM_UNIFORM, SIM_GAMMA };

struct sim {
	uint8_t codec; /* enum codec_id; 0: PCMU */
	uint32_t clock;
	uint32_t rate;    /* out; 0: 8000 */
	unsigned ptime;   /* ms; 0: 20 */
	unsigned get_ms;  /* 0: 20 */
	unsigned seconds; /* 0: 60 */
	uint32_t seed;
	unsigned delay_ms;
	enum sim_jitter jitter;
	unsigned jitter_ms; /* width of the uniform, mean of the gamma distribution */
	bool in_order;      /* later packets wait for earlier ones */
	double loss, burst; /* share; mean length of a burst, 0 or 1: independent */
	double dup, swap;   /* share of packets that come twice; that change places */
	double spike;       /* share of packets that begin a spike */
	unsigned spike_ms;
	int ppm;                    /* the sender's clock is faster by that */
	unsigned talk_ms, pause_ms; /* the sender sends nothing in pauses */
	bool noise;                 /* but comfort noise (RFC 3389) at their beginning */
	uint16_t seq0;
	uint32_t ts0;
	bool fixed;
	uint16_t min_ms;
};

struct sim_pkt {
	uint64_t us; /* arrival; 0: lost */
	uint16_t seq;
	uint32_t ts;
	bool noise, marker;
	uint32_t n; /* which of the sender's packets */
};

struct sim_out {
	struct jbuf_stats st;
	uint64_t sent, lost; /* packets */
	double delay_ms;     /* mean while it talks */
	double concealed;    /* share of what was played */
	uint64_t gets, sound;
};

static inline uint32_t sim_rand(uint32_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 17;
	*s ^= *s << 5;
	return *s;
}

static inline double sim_unit(uint32_t *s)
{
	return (sim_rand(s) >> 8) / 16777216.0;
}

/* A voice: harmonics of a gliding pitch, louder and softer four times a second. */
static inline int16_t sim_voice(double t)
{
	double ph = 2 * M_PI * (120 * t + 6 * sin(2 * M_PI * 0.7 * t)), v = 0;
	double env = 0.5 - 0.5 * cos(2 * M_PI * 4 * t);

	for (int k = 1; k <= 12; k++)
		v += sin(k * ph) / (1 + 0.2 * (k - 5) * (k - 5));
	return (int16_t)(4000 * env * v);
}

/* The same, reckoned once: it repeats itself after ten seconds. */
static inline const int16_t *sim_voice_at(uint32_t rate)
{
	static int16_t v[48000 * 10];
	static uint32_t made;

	for (size_t i = 0; made != rate && i < rate * 10; i++)
		v[i] = sim_voice((double)i / rate);
	made = rate;
	return v;
}

static inline double sim_jitter(const struct sim *c, uint32_t *s)
{
	if (c->jitter == SIM_UNIFORM)
		return c->jitter_ms * sim_unit(s);
	if (c->jitter == SIM_GAMMA) /* shape 2 */
		return -0.5 * c->jitter_ms * (log(1 - sim_unit(s)) + log(1 - sim_unit(s)));
	return 0;
}

static inline int sim_by_time(const void *a, const void *b)
{
	const struct sim_pkt *x = a, *y = b;

	return x->us != y->us ? (x->us > y->us) - (x->us < y->us) : (x->n > y->n) - (x->n < y->n);
}

/* The fate of each packet, in order of arrival. Returns how many arrive. */
static inline size_t sim_trace(const struct sim *c, struct sim_pkt *v, struct sim_out *o)
{
	unsigned ptime = c->ptime ? c->ptime : 20;
	uint32_t clock = c->clock ? c->clock : 8000, s = c->seed * 2654435761u + 1, n = 0, at = 0;
	uint64_t total = (c->seconds ? c->seconds : 60) * 1000ULL / ptime;
	double spike = 0, last = 0;
	bool bad = false, paused = false;
	uint16_t seq = c->seq0;

	for (uint64_t i = 0; i < total && at + 2 < SIM_MAX; i++) {
		uint64_t ms = i * ptime, in = c->pause_ms ? ms % (c->talk_ms + c->pause_ms) : 0;
		bool talks = in < c->talk_ms || !c->pause_ms, first = talks && paused;
		bool noise = !talks && !paused && c->noise;

		paused = !talks;
		if (!talks && !noise)
			continue;
		struct sim_pkt p = {.seq = seq++, .n = (uint32_t)i, .noise = noise, .marker = first || i == 0};
		p.ts = (uint32_t)(c->ts0 + i * ptime * clock / 1000);
		o->sent++;
		double sent = (double)(i + 1) * ptime * 1000 * (1 - c->ppm / 1e6);
		double come = sent + 1000.0 * c->delay_ms + 1000 * sim_jitter(c, &s);
		if (c->spike > 0 && sim_unit(&s) < c->spike)
			spike = sent + 1000.0 * c->spike_ms;
		if (come < spike)
			come = spike + 100.0 * (double)(i % 10);
		if (c->in_order && come < last)
			come = last;
		last = come;
		if (c->burst > 1)
			bad = bad ? sim_unit(&s) >= 1 / c->burst : sim_unit(&s) < c->loss / (1 - c->loss) / c->burst;
		else
			bad = c->loss > 0 && sim_unit(&s) < c->loss;
		if (bad) {
			o->lost++;
			continue;
		}
		if (c->swap > 0 && sim_unit(&s) < c->swap)
			come += 1000.0 * ptime * 1.5;
		p.us = (uint64_t)come + 1000000;
		v[at++] = p;
		n++;
		if (c->dup > 0 && sim_unit(&s) < c->dup) {
			p.us += 3000;
			v[at++] = p;
		}
	}
	qsort(v, at, sizeof(*v), sim_by_time);
	return at;
}

/* Fills a payload with the sender's packet number `n`. */
static inline size_t sim_payload(const struct codec_ops *ops, void *enc, uint8_t *dst, uint32_t n, unsigned ptime)
{
	int16_t pcm[CODEC_FRAME_MAX];
	const int16_t *voice = sim_voice_at(ops->rate);
	size_t k = ops->rate * ptime / 1000;

	for (size_t i = 0; i < k; i++)
		pcm[i] = voice[(n * k + i) % (ops->rate * 10)];
	int l = ops->encode(enc, dst, CODEC_PAYLOAD_MAX, pcm, k);
	assert_true(l > 0);
	return (size_t)l;
}

/* Run it all. `heard` (may be NULL) gets what comes out. */
static inline void sim_run(const struct sim *c, struct sim_out *o, int16_t *heard, size_t max)
{
	uint8_t id = c->codec ? c->codec : CODEC_PCMU;
	uint32_t clock = c->clock ? c->clock : 8000, rate = c->rate ? c->rate : 8000;
	unsigned ptime = c->ptime ? c->ptime : 20, get_ms = c->get_ms ? c->get_ms : 20;
	const struct codec_ops *ops = codec_find(id, clock, 0);
	struct jbuf_cfg jc = {.rate = rate, .fixed = c->fixed, .min_ms = c->min_ms};
	struct sim_pkt *v = malloc(SIM_MAX * sizeof(*v));
	uint8_t *pay = malloc(CODEC_PAYLOAD_MAX), sid[] = {60};
	int16_t *pcm = malloc(rate / 1000 * get_ms * sizeof(*pcm));
	struct coder_cfg cc = {.ptime = (uint16_t)ptime};
	struct jbuf *j;
	void *enc;

	memset(o, 0, sizeof(*o));
	assert_true(v && pay && pcm && ops);
	assert_int_equal(ops->enc_new(&enc, ops, &cc), 0);
	assert_int_equal(jbuf_alloc(&j, &jc), 0);
	size_t np = sim_trace(c, v, o), at = 0, done = 0;
	uint64_t end = 1000000 + (c->seconds ? c->seconds : 60) * 1000000ULL;
	/* the listener's clock begins anywhere within the sender's */
	for (uint64_t us = 1000000 + 7300 + c->seed * 997 % 20000; us < end; us += get_ms * 1000) {
		for (; at < np && v[at].us <= us; at++) {
			struct jbuf_pkt p = {.codec = v[at].noise ? NULL : ops,
					     .seq = v[at].seq,
					     .ts = v[at].ts,
					     .ssrc = 77,
					     .marker = v[at].marker,
					     .p = v[at].noise ? sid : pay};
			p.l = v[at].noise ? 1 : sim_payload(ops, enc, pay, v[at].n, ptime);
			jbuf_put(j, &p, v[at].us);
		}
		size_t n = rate / 1000 * get_ms;
		o->gets++;
		o->sound += jbuf_get(j, pcm, n, us);
		if (heard && done + n <= max)
			memcpy(heard + done, pcm, n * sizeof(*pcm));
		done += n;
		struct jbuf_stats st;
		jbuf_stats(j, &st);
		o->delay_ms += st.delay_us / 1000.0;
	}
	jbuf_stats(j, &o->st);
	o->delay_ms /= (double)o->gets;
	o->concealed = o->st.played ? (double)o->st.concealed / (double)o->st.played : 0;
	mem_deref(j);
	mem_deref(enc);
	free(v);
	free(pay);
	free(pcm);
}

#endif
