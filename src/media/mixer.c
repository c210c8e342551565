/*
 * mixer.c - conference rooms as the loop thread has them: members, what plays and
 * hears, and the two-phase end of all of it.
 */
#include <string.h>
#include "media/mix_priv.h"

enum { SILENT = -127 };

struct mixer {
	struct mixroom *r;
};

static bool alive(const struct mixroom *r)
{
	return r->m && !atomic_load(&r->m->stopping);
}

/* Every worker with members looks again whether its part has work. */
static void poke_all(struct mixroom *r)
{
	if (!alive(r))
		return;
	for (unsigned i = 0; i < r->m->nwk; i++)
		if (r->part[i])
			mixpart_poke(r->part[i]);
}

/* ------------------------------------------------------------------ parts */

/* Its sums go to all parts that are there, and theirs come to it. */
static int link_all(struct mixroom *r, struct mixpart *p)
{
	for (unsigned i = 0; i < r->m->nwk; i++) {
		struct mixpart *other = r->part[i];
		int err = other ? mixlink_alloc(p, other) : 0;
		if (!err && other)
			err = mixlink_alloc(other, p);
		if (err)
			return err;
	}
	return 0;
}

/* The worker's part, made if there is none. */
static int part_of(struct mixpart **pp, struct mixroom *r, unsigned worker)
{
	struct mixpart *p = r->part[worker];
	struct link *last = r->links.tail;

	*pp = p;
	if (p)
		return 0;
	int err = mixpart_alloc(&p, r, &r->m->wk[worker]);
	if (err)
		return err;
	err = link_all(r, p);
	for (struct link *k = last ? last->next : r->links.head, *next; k; k = next) {
		struct mixlink *l = LINK_OBJ(k, struct mixlink, le);
		next = k->next;
		if (err) {
			list_unlink(k);
			mem_deref(l);
			continue;
		}
		mail_post(&l->from->wk->in, &l->from_msg);
		mail_post(&l->to->wk->in, &l->to_msg);
	}
	if (err) {
		mem_deref(p);
		return err;
	}
	/* until its worker is done with it */
	mem_ref(r);
	if (!r->home)
		r->home = p;
	r->part[worker] = p;
	*pp = p;
	return 0;
}

void mixpart_home_h(struct loop_msg *n)
{
	struct mixpart *p = CONTAINER_OF(n, struct mixpart, close_msg);

	p->over = true;
	mem_deref(p->r);
}

/* ------------------------------------------------------------------ speakers */

static void told_h(void *arg)
{
	struct mixroom *r = arg;

	r->told_ms = loop_now_ms(r->m->loop);
	if (r->x && r->ops.speakers)
		r->ops.speakers(r->x, r->arg);
}

void mixpart_event_h(struct loop_msg *n)
{
	struct mixpart *p = CONTAINER_OF(n, struct mixpart, ev_msg);
	struct mixroom *r = p->r;

	atomic_store(&p->ev_posted, false);
	if (!r->x || !alive(r) || timer_running(&r->told))
		return;
	uint64_t gone = loop_now_ms(r->m->loop) - r->told_ms;
	/* several workers, or a change right after another */
	if (gone < MIX_TOLD_MS)
		timer_start(&r->told, r->m->loop, MIX_TOLD_MS - gone, told_h, r);
	else
		told_h(r);
}

/* ------------------------------------------------------------------ members */

static void member_destroy(void *obj)
{
	struct mixer_member *m = obj;

	mem_deref(m->r);
}

static void forget(struct mixer_member *m)
{
	m->removed = true;
	atomic_fetch_sub(&m->r->nmembers, 1);
}

/* The worker let go of it. */
void mix_member_home_h(struct loop_msg *n)
{
	struct mixer_member *m = CONTAINER_OF(n, struct mixer_member, msg);
	struct mixroom *r = m->r;
	bool tell = !m->removed && r->x && r->ops.gone;

	if (!m->removed)
		forget(m);
	list_unlink(&m->le);
	m->s = NULL;
	if (tell) {
		mem_ref(r);
		r->ops.gone(r->x, m, m->arg, r->arg);
		mem_deref(r);
	}
	mem_deref(m);
}

/* Worker: it never became a member, but something may play to it. */
static void lost_h(struct loop_msg *n)
{
	struct mixer_member *m = CONTAINER_OF(n, struct mixer_member, msg);

	m->left = true;
	mixplay_home(&m->plays);
	m->msg.fn = mix_member_home_h;
	mail_post(m->part->wk->mail, &m->msg);
}

void mix_drop(struct mixer_member *m)
{
	if (!alive(m->r))
		return;
	m->msg.fn = lost_h;
	mail_post(&m->part->wk->in, &m->msg);
}

int mixer_add(struct mixer_member **mp, struct mixer *x, struct mstream *s, unsigned flags, void *member_arg)
{
	struct mixroom *r = x->r;
	struct mixpart *p;

	if (!alive(r) || s->closed)
		return ERR_STATE;
	if (!mstream_can_play(s))
		return ENOTSUP;
	int err = part_of(&p, r, s->worker);
	if (err)
		return err;
	struct mixer_member *m = mem_zalloc(sizeof(*m) + r->n * sizeof(int16_t), member_destroy);
	if (!m)
		return ENOMEM;
	m->r = mem_ref(r);
	m->s = s;
	m->arg = member_arg;
	m->part = p;
	m->msg.fn = mix_member_home_h;
	atomic_init(&m->ctl, (flags & 0xff) | 64U << 8 | 64U << 16);
	atomic_init(&m->level, SILENT);
	list_append(&r->mbs, &m->le);
	atomic_fetch_add(&r->nmembers, 1);
	mstream_mix(s, m);
	poke_all(r);
	*mp = m;
	return 0;
}

void mixer_remove(struct mixer_member *m)
{
	if (!m || m->removed)
		return;
	forget(m);
	if (m->s)
		mstream_unmix(m->s, m);
}

void mixer_set_flags(struct mixer_member *m, unsigned flags)
{
	uint32_t ctl = atomic_load_explicit(&m->ctl, memory_order_relaxed);

	atomic_store_explicit(&m->ctl, (ctl & ~0xffU) | (flags & 0xff), memory_order_relaxed);
}

static uint32_t gain_of(int db)
{
	return (uint32_t)((db < -40 ? -40 : db > 20 ? 20 : db) + 64);
}

void mixer_set_gain(struct mixer_member *m, int to_room_db, int from_room_db)
{
	uint32_t ctl = atomic_load_explicit(&m->ctl, memory_order_relaxed);

	atomic_store_explicit(&m->ctl, (ctl & 0xffU) | gain_of(to_room_db) << 8 | gain_of(from_room_db) << 16,
			      memory_order_relaxed);
}

void mixer_member_info(const struct mixer_member *m, struct mixer_member_info *i)
{
	i->talking = atomic_load_explicit(&m->talking, memory_order_relaxed);
	i->level_dbov = atomic_load_explicit(&m->level, memory_order_relaxed);
	i->talked_ms = atomic_load_explicit(&m->talked_ms, memory_order_relaxed);
}

size_t mixer_members(const struct mixer *x)
{
	return atomic_load(&x->r->nmembers);
}

/* ------------------------------------------------------------------ what plays and hears */

static int play(struct mixroom *r, struct mixpart *p, struct mixer_member *m, struct media_source *src)
{
	struct mixplay *pl;
	int err = mixplay_alloc(&pl, p, m, src);

	if (err)
		return err;
	atomic_fetch_add(&r->nbusy, 1);
	mail_post(&p->wk->in, &pl->msg);
	poke_all(r);
	return 0;
}

int mixer_play(struct mixer *x, struct media_source *src)
{
	struct mixroom *r = x->r;
	struct mixpart *p = r->home;
	int err = alive(r) ? 0 : ERR_STATE;

	if (!err && !p)
		err = part_of(&p, r, media_pick_worker(r->m));
	return err ? err : play(r, p, NULL, src);
}

int mixer_play_to(struct mixer_member *m, struct media_source *src)
{
	if (m->removed || !alive(m->r))
		return ERR_STATE;
	return play(m->r, m->part, m, src);
}

void mixplay_home_h(struct loop_msg *n)
{
	struct mixplay *p = CONTAINER_OF(n, struct mixplay, msg);
	struct media_source *src = p->src;

	atomic_fetch_sub(&p->r->nbusy, 1);
	mem_deref(p);
	if (src->done)
		src->done(src);
}

int mixer_tap(struct mixer *x, struct media_sink *sink)
{
	struct mixroom *r = x->r;
	struct mixpart *p = r->home;
	struct mixtap *t = NULL;
	int err = alive(r) ? 0 : ERR_STATE;

	if (!err && !p && sink)
		err = part_of(&p, r, media_pick_worker(r->m));
	if (!err && sink)
		err = mixtap_alloc(&t, p, sink);
	if (err)
		return err;
	LIST_EACH (&r->taps, k)
		if (LINK_OBJ(k, struct mixtap, rle) != t)
			mixtap_stop(LINK_OBJ(k, struct mixtap, rle));
	if (!t)
		return 0;
	atomic_fetch_add(&r->nbusy, 1);
	mail_post(&p->wk->in, &t->msg);
	poke_all(r);
	return 0;
}

void mixtap_home_h(struct loop_msg *n)
{
	struct mixtap *t = CONTAINER_OF(n, struct mixtap, msg);
	struct media_sink *sink = t->sink;

	list_unlink(&t->rle);
	atomic_fetch_sub(&t->r->nbusy, 1);
	mem_deref(t);
	if (sink->done)
		sink->done(sink);
}

void mixtap_stopped_h(struct loop_msg *n)
{
	struct mixtap *t = CONTAINER_OF(n, struct mixtap, stop_msg);

	mem_deref(t);
}

/* ------------------------------------------------------------------ life */

static void room_destroy(void *obj)
{
	struct mixroom *r = obj;

	list_unlink(&r->le);
	LIST_EACH (&r->links, k) {
		struct mixlink *l = LINK_OBJ(k, struct mixlink, le);
		list_unlink(k);
		mem_deref(l);
	}
	for (unsigned i = 0; r->part && i < r->nparts; i++)
		mem_deref(r->part[i]);
	mem_deref(r->part);
}

static void mixer_destroy(void *obj)
{
	struct mixer *x = obj;
	struct mixroom *r = x->r;

	if (!r)
		return;
	r->x = NULL;
	timer_stop(&r->told);
	LIST_EACH (&r->mbs, k)
		mixer_remove(LINK_OBJ(k, struct mixer_member, le));
	for (unsigned i = 0; i < r->nparts && alive(r); i++)
		if (r->part[i])
			mail_post(&r->m->wk[i].in, &r->part[i]->close_msg);
	mem_deref(r);
}

int mixer_alloc(struct mixer **xp, const struct mixer_cfg *cfg, const struct mixer_ops *ops, void *arg)
{
	uint32_t rate = cfg->rate ? cfg->rate : 16000;
	uint16_t ptime = cfg->ptime_ms ? cfg->ptime_ms : 20;

	if ((rate != 8000 && rate != 16000 && rate != 32000 && rate != 48000) || ptime % 10 || ptime > 60)
		return EINVAL;
	struct mixer *x = mem_zalloc(sizeof(*x), mixer_destroy);
	if (!x)
		return ENOMEM;
	struct mixroom *r = mem_zalloc(sizeof(*r), room_destroy);
	x->r = r;
	if (r)
		r->part = mem_zalloc(cfg->media->nwk * sizeof(struct mixpart *), NULL);
	if (!r || !r->part) {
		mem_deref(x);
		return ENOMEM;
	}
	r->nparts = cfg->media->nwk;
	r->m = cfg->media;
	r->x = x;
	if (ops)
		r->ops = *ops;
	r->arg = arg;
	r->rate = rate;
	r->ptime = ptime;
	r->speakers = cfg->speakers > MIX_SCORES ? MIX_SCORES : cfg->speakers;
	r->n = (uint16_t)(rate * ptime / 1000);
	list_append(&r->m->mixers, &r->le);
	*xp = x;
	return 0;
}

/* What a room still has somewhere between the threads comes home at once. */
static void room_end(struct mixroom *r)
{
	mem_ref(r);
	timer_stop(&r->told);
	while (r->plays.head)
		mixplay_home_h(&LINK_OBJ(r->plays.head, struct mixplay, rle)->msg);
	while (r->taps.head) {
		struct mixtap *t = LINK_OBJ(r->taps.head, struct mixtap, rle);
		bool leaving = t->leaving;
		mixtap_home_h(&t->msg);
		if (leaving)
			mem_deref(t);
	}
	while (r->mbs.head)
		mix_member_home_h(&LINK_OBJ(r->mbs.head, struct mixer_member, le)->msg);
	for (unsigned i = 0; i < r->nparts; i++) {
		struct mixpart *p = r->part[i];
		if (!p)
			continue;
		LIST_EACH (&p->groups, k)
			mem_deref(LINK_OBJ(k, struct mixgroup, le));
		if (!p->over)
			mem_deref(r);
	}
	list_unlink(&r->le);
	r->m = NULL;
	mem_deref(r);
}

void mixers_dump(const struct media *m, struct buf *b)
{
	LIST_EACH (&m->mixers, k) {
		const struct mixroom *r = LINK_OBJ(k, struct mixroom, le);
		unsigned workers = 0;
		for (unsigned i = 0; i < r->nparts; i++)
			workers += r->part[i] != NULL;
		buf_printf(b, "room %u Hz %u ms members %u sources %zu sinks %zu workers %u%s\n", r->rate, r->ptime,
			   atomic_load(&r->nmembers), r->plays.n, r->taps.n, workers, r->x ? "" : " (ends)");
	}
}

void mixers_end(struct media *m)
{
	while (m->mixers.head)
		room_end(LINK_OBJ(m->mixers.head, struct mixroom, le));
}
