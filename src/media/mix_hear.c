/*
 * mix_hear.c - what the members of a worker's part say in one frame: fetched from
 * their jitter buffers, weighed, the loudest chosen and added. Shares begin and end
 * with a fade of 10 ms.
 */
#include <string.h>
#include "media/mix_priv.h"
#include "media/rx.h"

enum {
	BONUS = 6 * 8, /**< 1/8 dB that another one must be louder to take a place */
	TALK_MS = 500, /**< see mixer_member_info.talking */
	FADE_MS = 10,
};

void mix_member_quiet(struct mixer_member *m)
{
	m->voice = m->heard = m->contrib = false;
	m->talk = 0;
	m->gain = 0;
	mix_vad_init(&m->vad);
	atomic_store_explicit(&m->level, -127, memory_order_relaxed);
	if (atomic_exchange_explicit(&m->talking, false, memory_order_relaxed))
		m->part->changed = true;
	list_unlink(&m->hle);
	if (m->rx)
		rx_close(m->w);
	m->rx = false;
}

/* Its frame, and whether it speaks. */
static void take_frame(struct mixpart *p, struct mixer_member *m)
{
	const struct mixroom *r = p->r;
	bool muted = mix_member_ctl(m) & MIXER_MUTED, got = m->rx && rx_get(m->w, m->pcm, r->n, p->due_us);
	float level = got && !muted ? mix_level(m->pcm, r->n) : -127;

	if (!got)
		memset(m->pcm, 0, r->n * sizeof(*m->pcm));
	m->voice = mix_vad_frame(&m->vad, level, r->ptime) && !muted;
	m->score = (int16_t)(m->vad.level * 8 + (m->heard ? BONUS : 0));
	m->cold = (uint16_t)(m->cold + r->ptime);
	if (got && m->cold < MIX_HOT_MS / 2)
		m->cold = 0;
	if (muted)
		m->talk = 0;
	if (m->voice) {
		m->talk = TALK_MS;
		atomic_store_explicit(&m->talked_ms,
				      atomic_load_explicit(&m->talked_ms, memory_order_relaxed) + r->ptime,
				      memory_order_relaxed);
	} else {
		m->talk = m->talk > r->ptime ? (uint16_t)(m->talk - r->ptime) : 0;
	}
	atomic_store_explicit(&m->level, (int8_t)m->vad.level, memory_order_relaxed);
	if (atomic_load_explicit(&m->talking, memory_order_relaxed) != (m->talk > 0)) {
		atomic_store_explicit(&m->talking, m->talk > 0, memory_order_relaxed);
		p->changed = true;
	}
}

/* Keep the greatest of all scores in order. */
static void rank(int16_t *top, unsigned *n, unsigned max, int16_t score)
{
	unsigned i = *n;

	if (i == max && top[i - 1] >= score)
		return;
	if (i < max)
		(*n)++;
	else
		i--;
	for (; i && top[i - 1] < score; i--)
		top[i] = top[i - 1];
	top[i] = score;
}

/* Sums and speakers of the other workers. */
static void others(struct mixpart *p, int16_t *top, unsigned *n, unsigned max)
{
	LIST_EACH (&p->in, k) {
		if (!mixlink_get(LINK_OBJ(k, struct mixlink, in), p->sum))
			continue;
		mix_add32(p->total, p->sum->acc, p->r->n);
		p->quiet = false;
		for (unsigned i = 0; i < p->sum->nscore && i < MIX_SCORES && max; i++)
			rank(top, n, max, p->sum->score[i]);
	}
}

/* Its share of this frame, if any. */
static void share(struct mixpart *p, struct mixer_member *m, bool heard)
{
	const struct mixroom *r = p->r;
	float gain = heard ? m->to_room : 0;
	unsigned n = p->sum->nscore;

	m->contrib = heard || m->heard;
	if (!m->contrib)
		return;
	mix_gain(m->pcm, r->n, m->heard ? m->gain : 0, gain, (size_t)r->rate * FADE_MS / 1000);
	mix_add(p->sum->acc, m->pcm, r->n);
	p->said = true;
	m->heard = heard;
	m->gain = gain;
	if (heard)
		rank(p->sum->score, &n, MIX_SCORES, m->score);
	p->sum->nscore = (uint16_t)n;
}

/* Who says nothing any more, or is not to be heard, costs nothing from now on. */
static void forget_silent(struct mixpart *p)
{
	LIST_EACH (&p->hot, k) {
		struct mixer_member *m = LINK_OBJ(k, struct mixer_member, hle);
		bool muted = mix_member_ctl(m) & MIXER_MUTED;
		if (!m->contrib && !m->talk && (muted || m->cold >= MIX_HOT_MS))
			mix_member_quiet(m);
	}
}

void mix_hear(struct mixpart *p)
{
	const struct mixroom *r = p->r;
	unsigned max = r->speakers, n = 0, free_places = max;
	int16_t top[MIX_SCORES];

	others(p, top, &n, max);
	LIST_EACH (&p->hot, i) {
		struct mixer_member *m = LINK_OBJ(i, struct mixer_member, hle);
		take_frame(p, m);
		if (m->voice && max)
			rank(top, &n, max, m->score);
	}
	/* who is at least as loud has a place */
	int least = n && n == max ? top[n - 1] : INT16_MIN;
	memset(p->sum->acc, 0, r->n * sizeof(int32_t));
	p->sum->nscore = 0;
	LIST_EACH (&p->hot, k) {
		struct mixer_member *m = LINK_OBJ(k, struct mixer_member, hle);
		bool heard = m->voice && (!max || (free_places && m->score >= least));
		if (heard && max)
			free_places--;
		share(p, m, heard);
	}
	forget_silent(p);
}
