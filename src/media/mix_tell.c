/*
 * mix_tell.c - the present frame on its way to a member: the shared encoding for who
 * only listens, the room without its own share for who speaks, and what plays to it
 * alone.
 */
#include <string.h>
#include "media/mix_priv.h"
#include "media/tx.h"

enum { OWN_MS = 2000 /**< how long a coder of its own stays in use after its last word: changing coders is heard */ };

unsigned mix_member_ctl(struct mixer_member *m)
{
	uint32_t ctl = atomic_load_explicit(&m->ctl, memory_order_relaxed);

	if (ctl != m->ctl_seen) {
		m->ctl_seen = ctl;
		m->to_room = mix_db((int)(ctl >> 8 & 0xff) - 64);
		m->from_room = mix_db((int)(ctl >> 16 & 0xff) - 64);
	}
	return ctl & 0xff;
}

/* A mix that only this member gets. */
static void tell_own(struct mixpart *p, struct mixer_member *m, bool deaf)
{
	size_t n = p->r->n;

	if (deaf)
		memset(p->scratch, 0, n * sizeof(*p->scratch));
	else if (m->contrib)
		mix_sub(p->scratch, p->total, m->pcm, n);
	else
		memcpy(p->scratch, p->total, n * sizeof(*p->scratch));
	LIST_EACH (&m->plays, k) {
		struct mixplay *play = LINK_OBJ(k, struct mixplay, le);
		if (mixplay_read(play, p->scratch, n))
			continue;
		list_unlink(k);
		mail_post(p->wk->mail, &play->msg);
	}
	mix_pack(p->tmp, p->scratch, n, p->lim.g0, p->lim.g1);
	if (m->from_room != 1.0F)
		mix_gain(p->tmp, n, m->from_room, m->from_room, n);
	(void)tx_pcm(m->w, p->tmp, n, p->r->rate, p->due_us);
}

static void tell_shared(struct mixpart *p, struct mixer_member *m)
{
	struct mixgroup *g = m->group;
	uint32_t samples = (uint32_t)g->ptime * g->clock / 1000;

	mixgroup_encode(g, p);
	for (uint8_t i = 0; i < g->npkt; i++)
		tx_payload(m->w, g->buf + i * g->cap, g->len[i], samples, m->paused && !i,
			   p->due_us + (uint64_t)i * g->ptime * 1000);
}

void mix_tell(struct mixpart *p, struct mixer_member *m)
{
	unsigned flags = mix_member_ctl(m);
	uint16_t ms = p->r->ptime;

	if (flags & MIXER_DEAF && !m->plays.n) {
		if (!m->paused)
			tx_pause(m->w, p->due_us);
		m->paused = true;
		return;
	}
	if (m->contrib || m->plays.n || m->from_room != 1.0F || !m->group)
		m->own = m->group && m->group->c->stateless ? ms : OWN_MS;
	if (m->own) {
		/* its own coder goes on from what the shared one said last */
		if (!m->was_own && !m->paused)
			tx_prime(m->w, p->prev, p->r->n, p->r->rate);
		m->was_own = true;
		m->own = m->own > ms ? (uint16_t)(m->own - ms) : 0;
		tell_own(p, m, flags & MIXER_DEAF);
	} else {
		m->was_own = false;
		tell_shared(p, m);
	}
	m->paused = false;
}
