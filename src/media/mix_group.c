/*
 * mix_group.c - one encoding for all who hear the same: the full mix, coded once a
 * frame for each codec that listeners have. Made when the first of them comes.
 */
#include <string.h>
#include "media/mix_priv.h"
#include "media/tx.h"

enum { SLACK = 64, GROUPS_MAX = 16 };

static void destroy(void *obj)
{
	struct mixgroup *g = obj;

	list_unlink(&g->le);
	mem_deref(g->enc);
	mem_deref(g->rs);
	mem_deref(g->pcm);
	mem_deref(g->buf);
}

/* The coder, and what brings the mix to its rate. */
static int prepare(struct mixgroup *g, const struct mixroom *r)
{
	uint32_t rate = g->c->any_rate && r->rate != 32000 ? r->rate : g->c->rate;
	const struct coder_cfg cfg = {
		.rate = rate, .ch = g->ch, .ptime = g->ptime, .par = g->par, .narrow = r->rate <= 8000};
	int err = g->c->enc_new(&g->enc, g->c, &cfg);

	if (err)
		return err;
	g->need = (size_t)g->ptime * rate / 1000;
	g->pcm = mem_zalloc((g->need * g->npkt + SLACK) * sizeof(*g->pcm), NULL);
	g->cap = (size_t)CODEC_PAYLOAD_MAX / g->npkt;
	g->buf = mem_alloc(g->cap * g->npkt, NULL);
	if (!g->pcm || !g->buf)
		return ENOMEM;
	return rate == r->rate ? 0 : resampler_alloc(&g->rs, r->rate, rate);
}

struct mixgroup *mixgroup_get(struct mixpart *p, const struct wstream *w)
{
	const struct mixroom *r = p->r;
	const struct wcodec *fmt = NULL;
	const struct codec_ops *c = tx_codec(w, &fmt);
	uint16_t ptime = (uint16_t)tx_ms(w);

	/* packets that do not fill a frame exactly are made for each listener alone */
	if (!c || !fmt || r->ptime % ptime)
		return NULL;
	LIST_EACH (&p->groups, k) {
		struct mixgroup *g = LINK_OBJ(k, struct mixgroup, le);
		if (g->c == c && g->par == fmt->par && g->ch == fmt->ch && g->clock == wcodec_rate(fmt) &&
		    g->ptime == ptime) {
			g->users++;
			return g;
		}
	}
	if (p->groups.n >= GROUPS_MAX)
		return NULL;
	uint8_t npkt = (uint8_t)(r->ptime / ptime);
	struct mixgroup *g = mem_zalloc(sizeof(*g) + npkt * sizeof(g->len[0]), destroy);
	if (!g)
		return NULL;
	g->c = c;
	g->par = fmt->par;
	g->ch = fmt->ch;
	g->clock = wcodec_rate(fmt);
	g->ptime = ptime;
	g->npkt = npkt;
	g->users = 1;
	if (prepare(g, r)) {
		mem_deref(g);
		return NULL;
	}
	list_append(&p->groups, &g->le);
	return g;
}

void mixgroup_put(struct mixgroup *g)
{
	if (g && !--g->users)
		mem_deref(g);
}

void mixgroup_encode(struct mixgroup *g, const struct mixpart *p)
{
	size_t n = p->r->n, all = g->need * g->npkt;

	if (g->done)
		return;
	g->done = true;
	if (g->rs) {
		g->have += resample(g->rs, g->pcm + g->have, all + SLACK - g->have, p->mix, n);
		if (g->have < all) {
			/* its first frame is a little short: silence in front */
			size_t miss = all - g->have;
			memmove(g->pcm + miss, g->pcm, g->have * sizeof(*g->pcm));
			memset(g->pcm, 0, miss * sizeof(*g->pcm));
			g->have = all;
		}
	}
	const int16_t *pcm = g->rs ? g->pcm : p->mix;
	for (uint8_t i = 0; i < g->npkt; i++) {
		int l = g->c->encode(g->enc, g->buf + i * g->cap, g->cap, pcm + i * g->need, g->need);
		g->len[i] = l > 0 ? (uint16_t)l : 0;
	}
	if (g->rs) {
		g->have -= all;
		memmove(g->pcm, g->pcm + all, g->have * sizeof(*g->pcm));
	}
}
