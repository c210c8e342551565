/*
 * mix_src.c - what plays in a room or to one of its members, and who hears a room:
 * sources and sinks, brought from and to the rate of the room.
 */
#include <string.h>
#include "media/mix_priv.h"

enum { SLACK = 64 /**< samples that a resampler may give more than was asked for */ };

/* ------------------------------------------------------------------ sources */

static void play_destroy(void *obj)
{
	struct mixplay *p = obj;

	list_unlink(&p->rle);
	mem_deref(p->rs);
	mem_deref(p->m);
	mem_deref(p->r);
}

/* Worker: it begins. */
static void play_start_h(struct loop_msg *n)
{
	struct mixplay *p = CONTAINER_OF(n, struct mixplay, msg);

	p->msg.fn = mixplay_home_h;
	if (p->part->closing || (p->m && p->m->left)) {
		mail_post(p->part->wk->mail, &p->msg);
		return;
	}
	list_append(p->m ? &p->m->plays : &p->part->plays, &p->le);
	mixpart_check(p->part);
}

int mixplay_alloc(struct mixplay **pp, struct mixpart *part, struct mixer_member *m, struct media_source *src)
{
	struct mixroom *r = part->r;
	uint32_t rate = src->rate ? src->rate : 8000;
	struct mixplay *p = mem_zalloc(sizeof(*p) + (r->n + SLACK) * sizeof(int16_t), play_destroy);
	int err = 0;

	if (!p)
		return ENOMEM;
	p->src = src;
	p->part = part;
	p->m = mem_ref(m);
	p->r = mem_ref(r);
	p->msg.fn = play_start_h;
	if (rate != r->rate)
		err = resampler_alloc(&p->rs, rate, r->rate);
	if (err) {
		mem_deref(p);
		return err;
	}
	list_append(&r->plays, &p->rle);
	*pp = p;
	return 0;
}

/* Ask the source for what gives `n` samples in the room's rate, more or less. */
static void play_fill(struct mixplay *p, size_t n)
{
	int16_t in[MIX_FRAME_MAX];
	size_t want = n;

	if (p->rs) {
		uint64_t units = (uint64_t)n * p->src->rate + p->phase;
		if (!p->src->rate)
			units = (uint64_t)n * 8000 + p->phase;
		want = (size_t)(units / p->r->rate);
		p->phase = (uint32_t)(units % p->r->rate);
	}
	if (want > ARRAY_LEN(in))
		want = ARRAY_LEN(in);
	size_t got = want ? p->src->read(p->src, in, want) : 0;
	if (got < want)
		p->ended = true;
	if (p->rs) {
		p->have += resample(p->rs, p->pcm + p->have, n + SLACK - p->have, in, got);
	} else {
		memcpy(p->pcm + p->have, in, got * sizeof(*in));
		p->have += got;
	}
}

bool mixplay_read(struct mixplay *p, int32_t *acc, size_t n)
{
	if (p->have < n && !p->ended)
		play_fill(p, n);
	/* a resampler begins with a little less than its share: the rest comes with the next frame */
	size_t take = p->have < n ? p->have : n;
	mix_add(acc, p->pcm, take);
	p->have -= take;
	memmove(p->pcm, p->pcm + take, p->have * sizeof(*p->pcm));
	return p->have || !p->ended;
}

void mixplay_home(struct list *l)
{
	LIST_EACH (l, k) {
		struct mixplay *p = LINK_OBJ(k, struct mixplay, le);
		list_unlink(k);
		mail_post(p->part->wk->mail, &p->msg);
	}
}

/* ------------------------------------------------------------------ sinks */

static void tap_destroy(void *obj)
{
	struct mixtap *t = obj;

	list_unlink(&t->rle);
	mem_deref(t->rs);
	mem_deref(t->r);
}

static void tap_start_h(struct loop_msg *n)
{
	struct mixtap *t = CONTAINER_OF(n, struct mixtap, msg);

	t->msg.fn = mixtap_home_h;
	if (t->part->closing) {
		mail_post(t->part->wk->mail, &t->msg);
		return;
	}
	list_append(&t->part->taps, &t->le);
	mixpart_check(t->part);
}

static void tap_stop_h(struct loop_msg *n)
{
	struct mixtap *t = CONTAINER_OF(n, struct mixtap, stop_msg);

	/* not in the list: it is on its way home already, and this message with it */
	if (t->le.list) {
		list_unlink(&t->le);
		mail_post(t->part->wk->mail, &t->msg);
	}
	t->stop_msg.fn = mixtap_stopped_h;
	mail_post(t->part->wk->mail, &t->stop_msg);
}

int mixtap_alloc(struct mixtap **tp, struct mixpart *part, struct media_sink *sink)
{
	uint32_t rate = sink->rate ? sink->rate : 8000;
	struct mixtap *t = mem_zalloc(sizeof(*t), tap_destroy);
	int err = 0;

	if (!t)
		return ENOMEM;
	t->sink = sink;
	t->part = part;
	t->r = mem_ref(part->r);
	t->msg.fn = tap_start_h;
	t->stop_msg.fn = tap_stop_h;
	if (rate != part->r->rate)
		err = resampler_alloc(&t->rs, part->r->rate, rate);
	if (err) {
		mem_deref(t);
		return err;
	}
	list_append(&part->r->taps, &t->rle);
	*tp = t;
	return 0;
}

void mixtap_stop(struct mixtap *t)
{
	if (t->leaving)
		return;
	t->leaving = true;
	/* home when both messages are back */
	mem_ref(t);
	mail_post(&t->part->wk->in, &t->stop_msg);
}

void mixtap_write(struct mixtap *t, const int16_t *pcm, size_t n, uint64_t us)
{
	int16_t out[MIX_FRAME_MAX + SLACK];

	if (t->rs) {
		n = resample(t->rs, out, ARRAY_LEN(out), pcm, n);
		pcm = out;
	}
	if (n)
		t->sink->write(t->sink, pcm, n, us);
}

void mixtap_home(struct list *l)
{
	LIST_EACH (l, k) {
		struct mixtap *t = LINK_OBJ(k, struct mixtap, le);
		list_unlink(k);
		mail_post(t->part->wk->mail, &t->msg);
	}
}
