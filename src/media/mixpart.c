/*
 * mixpart.c - a worker's part of a room: one timer, a frame at each deadline, sends
 * spread over the frame. It runs only while there is somebody to hear something.
 */
#include <string.h>
#include "media/mix_priv.h"
#include "media/rx.h"
#include "media/tx.h"

enum {
	LATE_US = 100000,  /**< a worker that was later than this leaves time out */
	REST_US = 10000,   /**< how long packets of members may wait for others, where nobody else is served */
	REST_PACKETS = 25, /**< so many at once are enough */
	REST_LEAST = 10,   /**< from so many members on there is something to gather */
};

/* ------------------------------------------------------------------ a frame */

/* Is there anything to do? */
static bool wanted(const struct mixpart *p)
{
	unsigned busy = atomic_load_explicit(&p->r->nbusy, memory_order_relaxed);
	unsigned all = atomic_load_explicit(&p->r->nmembers, memory_order_relaxed);

	if (p->closing)
		return false;
	if (p->nmembers && (all > 1 || busy))
		return true;
	return p->plays.n || p->taps.n;
}

/* The loop thread hears of changes, but not too often. */
static void tell_changed(struct mixpart *p, uint64_t us, bool now)
{
	if (!p->changed || p->closing || (!now && us - p->told_us < MIX_TOLD_MS * 1000))
		return;
	p->changed = false;
	p->told_us = us;
	if (!atomic_exchange(&p->ev_posted, true))
		mail_post(p->wk->mail, &p->ev_msg);
}

static void stop(struct mixpart *p)
{
	if (!p->running)
		return;
	p->running = false;
	timer_stop(&p->timer);
	for (int i = 0; i < MIX_SLOTS; i++)
		LIST_EACH (&p->slots[i], k) {
			struct mixer_member *m = LINK_OBJ(k, struct mixer_member, ple);
			mix_member_quiet(m);
			if (!m->paused)
				tx_pause(m->w, loop_now_us(p->wk->loop));
			m->paused = true;
		}
	tell_changed(p, loop_now_us(p->wk->loop), true);
}

/* What this worker adds but for its members: what plays here, ends of those who left. */
static void add_rest(struct mixpart *p)
{
	LIST_EACH (&p->plays, k) {
		struct mixplay *play = LINK_OBJ(k, struct mixplay, le);
		p->said = true;
		if (mixplay_read(play, p->sum->acc, p->r->n))
			continue;
		list_unlink(k);
		mail_post(p->wk->mail, &play->msg);
	}
	if (!p->tail_used)
		return;
	mix_add32(p->sum->acc, p->tail, p->r->n);
	memset(p->tail, 0, p->r->n * sizeof(*p->tail));
	p->tail_used = false;
	p->said = true;
}

/* The sum of all as it goes to those who only listen. */
static void full_mix(struct mixpart *p)
{
	size_t n = p->r->n;
	int16_t *swap = p->prev;

	p->prev = p->mix;
	p->mix = swap;
	if (p->said) {
		mix_add32(p->total, p->sum->acc, n);
		p->quiet = false;
	}
	mix_limit(&p->lim, p->quiet ? 0 : mix_peak(p->total, n), p->r->ptime);
	if (p->quiet)
		memset(p->mix, 0, n * sizeof(*p->mix));
	else
		mix_pack(p->mix, p->total, n, p->lim.g0, p->lim.g1);
}

static void frame(struct mixpart *p)
{
	const struct mixroom *r = p->r;

	p->quiet = true;
	p->said = false;
	memset(p->total, 0, r->n * sizeof(*p->total));
	mix_hear(p);
	add_rest(p);
	if (p->said)
		LIST_EACH (&p->out, k)
			mixlink_put(LINK_OBJ(k, struct mixlink, out), p->sum);
	full_mix(p);
	LIST_EACH (&p->taps, t)
		mixtap_write(LINK_OBJ(t, struct mixtap, le), p->mix, r->n, p->due_us);
	LIST_EACH (&p->groups, g)
		LINK_OBJ(g, struct mixgroup, le)->done = false;
	tell_changed(p, p->due_us, false);
	p->nslots = 1 + p->nmembers / MIX_SLOT_MEMBERS;
	if (p->nslots > MIX_SLOTS)
		p->nslots = MIX_SLOTS;
}

/* One slot of a frame; false: it has nothing to do any more. */
static bool step(struct mixpart *p)
{
	if (!p->slot) {
		if (!wanted(p)) {
			stop(p);
			return false;
		}
		frame(p);
	}
	for (unsigned i = 0; i < MIX_SLOTS; i++) {
		if (i * p->nslots / MIX_SLOTS != p->slot)
			continue;
		LIST_EACH (&p->slots[i], k)
			mix_tell(p, LINK_OBJ(k, struct mixer_member, ple));
	}
	if (++p->slot >= p->nslots) {
		p->slot = 0;
		p->due_us += p->r->ptime * 1000ULL;
	}
	return true;
}

static uint64_t next_us(const struct mixpart *p)
{
	return p->due_us + (p->nslots ? p->slot * p->r->ptime * 1000ULL / p->nslots : 0);
}

static void tick_h(void *arg)
{
	struct mixpart *p = arg;
	uint64_t now = loop_now_us(p->wk->loop);

	if (now > next_us(p) + LATE_US) {
		p->due_us = now;
		p->slot = 0;
	}
	while (next_us(p) <= now)
		if (!step(p))
			return;
	timer_start(&p->timer, p->wk->loop, (next_us(p) - now + 999) / 1000, tick_h, p);
}

void mixpart_check(struct mixpart *p)
{
	if (p->running || !wanted(p))
		return;
	p->running = true;
	p->due_us = loop_now_us(p->wk->loop);
	p->slot = 0;
	p->nslots = 1;
	p->quiet = true;
	p->lim = (struct mix_limiter){1, 1};
	timer_start(&p->timer, p->wk->loop, 0, tick_h, p);
}

/* ------------------------------------------------------------------ members come and go */

static void try_end(struct mixpart *p)
{
	if (!p->closing || p->nmembers || p->acked)
		return;
	p->acked = true;
	p->close_msg.fn = mixpart_home_h;
	mail_post(p->wk->mail, &p->close_msg);
}

void mix_enter(struct wstream *w, struct mixer_member *m)
{
	struct mixpart *p = m->part;
	unsigned best = 0;

	for (unsigned i = 1; i < MIX_SLOTS; i++)
		if (p->slots[i].n < p->slots[best].n)
			best = i;
	w->mix = m;
	w->wk->mixing++;
	udp_set_stamps(w->port->rtp, true);
	m->w = w;
	m->paused = true;
	m->group = mixgroup_get(p, w);
	list_append(&p->slots[best], &m->ple);
	p->nmembers++;
	mixpart_check(p);
}

void mix_leave(struct wstream *w)
{
	struct mixer_member *m = w->mix;
	struct mixpart *p = m->part;
	size_t n = p->r->n;

	if (m->heard && p->running) {
		/* its last word ends softly */
		if (rx_get(w, m->pcm, n, p->due_us)) {
			mix_gain(m->pcm, n, m->gain, 0, (size_t)p->r->rate / 100);
			mix_add(p->tail, m->pcm, n);
			p->tail_used = true;
		}
	}
	mix_member_quiet(m);
	mixplay_home(&m->plays);
	mixgroup_put(m->group);
	m->group = NULL;
	list_unlink(&m->ple);
	p->nmembers--;
	p->wk->mixing--;
	udp_set_stamps(w->port->rtp, false);
	m->left = true;
	m->w = NULL;
	w->mix = NULL;
	mail_post(p->wk->mail, &m->msg);
	try_end(p);
}

void mix_remote(struct wstream *w)
{
	struct mixer_member *m = w->mix;
	struct mixgroup *old = m->group;

	m->group = mixgroup_get(m->part, w);
	mixgroup_put(old);
}

/*
 * Half of what a packet costs is waking up for it. The rest ends with the room's next tick, when packets are read
 * before they are mixed, and the system tells when each came: so none is heard later for it. Only where no other stream
 * is served: what is relayed shall not wait.
 */
static void gather(const struct mixpart *p)
{
	if (p->wk->mixing < REST_LEAST || p->wk->mixing != p->wk->streams.n)
		return;
	uint32_t us = REST_PACKETS * 20000U / (uint32_t)p->wk->mixing;
	loop_rest(p->wk->loop, us < REST_US ? us : REST_US);
}

void mix_rtp(struct wstream *w)
{
	struct mixer_member *m = w->mix;
	struct mixpart *p = m->part;
	const struct jbuf_cfg cfg = {.rate = p->r->rate};

	gather(p);
	if (!p->running || atomic_load_explicit(&m->ctl, memory_order_relaxed) & MIXER_MUTED)
		return;
	m->cold = 0;
	if (!m->rx) {
		if (rx_open(w, &cfg))
			return;
		m->rx = true;
	}
	if (!m->hle.list) {
		mix_vad_init(&m->vad);
		list_append(&p->hot, &m->hle);
	}
}

/* ------------------------------------------------------------------ messages */

static void ctl_h(struct loop_msg *n)
{
	struct mixpart *p = CONTAINER_OF(n, struct mixpart, ctl_msg);

	atomic_store(&p->ctl_posted, false);
	mixpart_check(p);
}

static void close_h(struct loop_msg *n)
{
	struct mixpart *p = CONTAINER_OF(n, struct mixpart, close_msg);

	p->closing = true;
	stop(p);
	mixplay_home(&p->plays);
	mixtap_home(&p->taps);
	for (int i = 0; i < MIX_SLOTS; i++)
		LIST_EACH (&p->slots[i], k)
			mixplay_home(&LINK_OBJ(k, struct mixer_member, ple)->plays);
	try_end(p);
}

void mixpart_poke(struct mixpart *p)
{
	if (!atomic_exchange(&p->ctl_posted, true))
		mail_post(&p->wk->in, &p->ctl_msg);
}

/* ------------------------------------------------------------------ life (loop thread) */

static void destroy(void *obj)
{
	struct mixpart *p = obj;

	mem_deref(p->sum);
	mem_deref(p->total);
	mem_deref(p->scratch);
	mem_deref(p->tail);
	mem_deref(p->mix);
	mem_deref(p->prev);
	mem_deref(p->tmp);
}

int mixpart_alloc(struct mixpart **pp, struct mixroom *r, struct worker *wk)
{
	struct mixpart *p = mem_zalloc(sizeof(*p), destroy);
	size_t n = r->n;

	if (!p)
		return ENOMEM;
	p->r = r;
	p->wk = wk;
	p->ctl_msg.fn = ctl_h;
	p->close_msg.fn = close_h;
	p->ev_msg.fn = mixpart_event_h;
	p->sum = mem_zalloc(sizeof(*p->sum) + n * sizeof(int32_t), NULL);
	p->total = mem_zalloc(n * sizeof(int32_t), NULL);
	p->scratch = mem_zalloc(n * sizeof(int32_t), NULL);
	p->tail = mem_zalloc(n * sizeof(int32_t), NULL);
	p->mix = mem_zalloc(n * sizeof(int16_t), NULL);
	p->prev = mem_zalloc(n * sizeof(int16_t), NULL);
	p->tmp = mem_zalloc(n * sizeof(int16_t), NULL);
	if (!p->sum || !p->total || !p->scratch || !p->tail || !p->mix || !p->prev || !p->tmp) {
		mem_deref(p);
		return ENOMEM;
	}
	*pp = p;
	return 0;
}
