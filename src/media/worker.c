/*
 * worker.c - a thread that carries packets: its start and end, and its one tick a
 * second, which reports what changed and looks for dead streams. A worker without
 * streams never wakes.
 */
#include <string.h>
#include "media/media_priv.h"
#include "media/second.h"

enum { TICK_MS = 1000 };

void snap_make(struct snap *n, const struct wstream *w)
{
	const struct rxq *q = &w->q;

	memset(n, 0, sizeof(*n));
	n->rx_packets = q->packets;
	n->rx_bytes = q->bytes;
	n->tx_packets = w->out.packets;
	n->tx_bytes = w->out.bytes;
	n->rx_lost = q->lost > 0 ? (uint64_t)q->lost : 0;
	n->rx_late = q->late;
	n->rx_dropped = q->dropped;
	if (w->crypt) {
		n->rx_failed = w->crypt->failed;
		n->rx_replayed = w->crypt->replayed;
		n->rx_strangers = w->crypt->strangers > UINT32_MAX ? UINT32_MAX : (uint32_t)w->crypt->strangers;
	}
	n->first_ms = q->first_us / 1000;
	n->last_ms = q->last_us / 1000;
	n->jitter_us = rxq_jitter_us(q);
	n->rtt_us = w->out.rtt_us;
	n->lost_pm = w->out.way_pm;
	n->far_lost = w->out.lost > 0 && (uint32_t)w->out.lost > w->out.gaps_seen
			      ? (uint32_t)w->out.lost - w->out.gaps_seen
			      : 0;
	n->codec = q->audio;
	n->pt = q->audio_pt;
	n->pauses = q->dtx;
	second_snap(n, w);
	n->latched = w->rtp.state >= LATCH_LEARNT;
	if (n->latched) {
		n->remote = w->rtp.src;
		n->moved = !sa_eq(&w->rtp.src, &w->r.rtp);
	}
	if (w->s->kind == MSTREAM_AUDIO && q->packets) {
		/* half the round trip, a jitter buffer of twice the jitter, a packet of 20 ms */
		double delay = n->rtt_us / 2000.0 + n->jitter_us * 2 / 1000.0 + 20;
		n->mos = emodel_mos(q->audio, 100.0 * (double)n->rx_lost / (double)(q->packets + n->rx_lost), delay);
	}
}

/* Loop thread. Calls without sound keep nothing; without memory the figures stay what they were. */
static void snap_keep(struct mstream *s, const struct snap *n)
{
	if (!s->st)
		s->st = mem_alloc(sizeof(*s->st), NULL);
	if (s->st)
		*s->st = *n;
}

/* Loop thread. */
static void batch_h(struct loop_msg *n)
{
	struct batch *b = CONTAINER_OF(n, struct batch, msg);
	struct worker *wk = b->wk;

	for (uint32_t i = 0; i < b->n; i++)
		snap_keep(b->v[i].s, &b->v[i].snap);
	metric_add(&media_m_packets, (int64_t)(b->packets - wk->seen_packets));
	metric_add(&media_m_dropped, (int64_t)(b->dropped - wk->seen_dropped));
	wk->seen_packets = b->packets;
	wk->seen_dropped = b->dropped;
	atomic_store_explicit(&b->out, false, memory_order_release);
}

/* Without memory the figures stay what they were; the next second may be better. */
static bool room(struct batch *b, size_t n)
{
	if (n <= b->cap)
		return true;
	size_t cap = n + n / 2 + 8;
	struct batch_entry *v = mem_realloc(b->v, cap * sizeof(*v));
	if (!v)
		return false;
	b->v = v;
	b->cap = (uint32_t)cap;
	return true;
}

static void report(struct worker *wk)
{
	struct batch *b = &wk->batch;

	if (!wk->touched.head)
		return;
	/* the loop thread is busy: next second */
	if (atomic_load_explicit(&b->out, memory_order_acquire))
		return;
	if (!room(b, wk->touched.n))
		return;
	b->n = 0;
	/* those that are touched again below go to the end: once round */
	for (size_t left = wk->touched.n; left; left--) {
		struct wstream *w = LINK_OBJ(wk->touched.head, struct wstream, touched);
		list_unlink(&w->touched);
		if (w->tev_state == TEV_DOWN) {
			tev_rx_second(w);
			wstream_touch(w);
		} else if (detect_second(w)) {
			wstream_touch(w);
		}
		second_over(w);
		wstream_reports(w);
		b->v[b->n].s = w->s;
		snap_make(&b->v[b->n++].snap, w);
	}
	b->packets = wk->packets;
	b->dropped = wk->dropped;
	atomic_store_explicit(&b->out, true, memory_order_relaxed);
	mail_post(wk->mail, &b->msg);
}

static void tick_h(void *arg)
{
	struct worker *wk = arg;

	dead_second(wk, loop_now_ms(wk->loop) / 1000);
	report(wk);
	if (wk->streams.n)
		timer_start(&wk->tick, wk->loop, TICK_MS, tick_h, wk);
}

void worker_tick_start(struct worker *wk)
{
	if (timer_running(&wk->tick))
		return;
	timer_start(&wk->tick, wk->loop, TICK_MS, tick_h, wk);
}

static int init(struct loop *l, void *arg)
{
	struct worker *wk = arg;

	wk->loop = l;
	mailbox_init(&wk->in, wk->m, l);
	wk->sec = loop_now_ms(l) / 1000;
	if (!loop_is_virtual(l))
		(void)loop_thread_raise();
	return 0;
}

static void fini(struct loop *l, void *arg)
{
	struct worker *wk = arg;

	(void)l;
	mail_drain(&wk->in);
	LIST_EACH (&wk->streams, k)
		wstream_close(LINK_OBJ(k, struct wstream, le));
	LIST_EACH (&wk->ports, p)
		port_detach(LINK_OBJ(p, struct port, wle));
	timer_stop(&wk->tick);
}

int worker_start(struct worker *wk, struct media *m, unsigned nr)
{
	char name[16] = "media-";
	size_t at = strlen(name);

	/* 15 characters at most: three digits are plenty */
	if (nr >= 100)
		name[at++] = (char)('0' + nr / 100 % 10);
	if (nr >= 10)
		name[at++] = (char)('0' + nr / 10 % 10);
	name[at] = (char)('0' + nr % 10);
	wk->m = m;
	wk->nr = nr;
	wk->mail = m->mail;
	wk->relearn_us = (uint64_t)m->cfg.relearn_ms * 1000;
	wk->dead_s = m->cfg.dead_s;
	wk->batch.wk = wk;
	wk->batch.msg.fn = batch_h;
	return loop_thread_start(&wk->thread, m->loop, name, init, fini, wk);
}
