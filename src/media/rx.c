/*
 * rx.c - a stream's packets into its jitter buffer: which codec a payload type is.
 */
#include "media/rx.h"
#include "media/second.h"

struct rx {
	struct jbuf *jb;
	const struct codec_ops *codec; /**< of `fmt`; NULL: no sound that we can decode */
	struct wcodec fmt;             /**< of the last packet */
	bool known;
};

static void destroy_h(void *obj)
{
	struct rx *x = obj;

	mem_deref(x->jb);
}

int rx_open(struct wstream *w, const struct jbuf_cfg *cfg)
{
	struct rx *x = mem_zalloc(sizeof(*x), destroy_h);

	if (!x)
		return ENOMEM;
	int err = jbuf_alloc(&x->jb, cfg);
	if (err) {
		mem_deref(x);
		return err;
	}
	rx_close(w);
	w->rx = x;
	return 0;
}

void rx_close(struct wstream *w)
{
	if (w->rx)
		second_keep(w);
	w->rx = mem_deref(w->rx);
}

struct jbuf *rx_jbuf(const struct wstream *w)
{
	return w->rx ? w->rx->jb : NULL;
}

/* The entry for a payload type is looked for when another one comes. */
static void look_up(struct rx *x, const struct wcodec *c)
{
	if (x->known && x->fmt.pt == c->pt && x->fmt.id == c->id && x->fmt.rate25 == c->rate25 &&
	    x->fmt.par == c->par && x->fmt.ch == c->ch)
		return;
	x->known = true;
	x->fmt = *c;
	x->codec = wcodec_ops(c);
}

void rx_rtp(struct wstream *w, const struct rtp_hdr *h, const uint8_t *payload, uint64_t us)
{
	struct rx *x = w->rx;
	const struct wcodec *c = &w->q.cur;

	if (!x)
		return;
	look_up(x, c);
	if (!x->codec && c->id != CODEC_CN) {
		jbuf_skip(x->jb, h->seq, h->ts, h->ssrc);
		return;
	}
	struct jbuf_pkt p = {
		.codec = x->codec,
		.par = c->par,
		.ch = c->ch,
		.marker = h->marker,
		.seq = h->seq,
		.ts = h->ts,
		.ssrc = h->ssrc,
		.p = payload,
		.l = h->payload,
	};
	jbuf_put(x->jb, &p, us);
}

bool rx_get(struct wstream *w, int16_t *pcm, size_t n, uint64_t us)
{
	if (w->rx) {
		bool sound = jbuf_get(w->rx->jb, pcm, n, us);

		/* G.711 is measured as it comes */
		if (sound && w->q.codec != CODEC_PCMU && w->q.codec != CODEC_PCMA)
			second_pcm(w, pcm, n);
		return sound;
	}
	for (size_t i = 0; i < n; i++)
		pcm[i] = 0;
	return false;
}
