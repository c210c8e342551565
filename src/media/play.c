/*
 * play.c - a source as RTP: one packet each 20 ms (or the ptime of the remote) by
 * absolute deadlines, G.711 as the remote wants it.
 */
#include "media/media_priv.h"
#include "media/tone.h"

enum {
	RATE = 8000,
	FRAME_MAX = 60 * RATE / 1000,
	CATCH_UP = 5, /**< frames sent at once after the worker was late; beyond that, time is skipped */
};

struct player {
	struct loop_msg msg; /**< home */
	struct timer timer;
	struct media_source *src;
	uint64_t due_us;
	uint32_t ts;
	bool started; /**< a frame went */
	bool silent;  /**< the last frame did not go: the next one has the marker */
};

/* Loop thread. */
static void home_h(struct loop_msg *n)
{
	struct player *p = CONTAINER_OF(n, struct player, msg);
	struct media_source *src = p->src;

	mem_deref(p);
	src->stream = NULL;
	if (src->done)
		src->done(src);
}

int player_alloc(struct player **pp, struct mstream *s, struct media_source *src)
{
	struct player *p = mem_zalloc(sizeof(*p), NULL);

	if (!p)
		return ENOMEM;
	p->src = src;
	p->msg.fn = home_h;
	src->stream = s;
	*pp = p;
	return 0;
}

void player_drop(struct player *p, struct mailbox *b)
{
	mail_post(b, &p->msg);
}

static void encode(uint8_t *dst, const int16_t *pcm, size_t n, uint8_t codec)
{
	if (codec == CODEC_PCMA)
		for (size_t i = 0; i < n; i++)
			dst[i] = g711_alaw_enc(pcm[i]);
	else
		for (size_t i = 0; i < n; i++)
			dst[i] = g711_ulaw_enc(pcm[i]);
}

/* One frame; false at the end of the source. */
static bool frame(struct wstream *w, struct player *p, size_t n)
{
	int16_t pcm[FRAME_MAX];
	uint8_t pkt[RTP_HDR + FRAME_MAX];
	const struct wcodec *c = wremote_g711(&w->r);
	size_t got = p->src->read(p->src, pcm, n);
	uint64_t us = loop_now_us(w->wk->loop);

	if (!got)
		return false;
	for (size_t i = got; i < n; i++)
		pcm[i] = 0;
	if (!p->started) {
		p->started = true;
		p->silent = true;
		p->ts = out_time(&w->out, RATE, us);
	}
	/* a held party or digits under way: the source's time goes on */
	bool send = c && can_send(w) && !w->dtmf;
	if (send) {
		struct rtp_hdr h = {.pt = c->pt, .marker = p->silent};
		out_own(&w->out, &h, p->ts, RATE, us);
		rtp_encode(pkt, &h);
		encode(pkt + RTP_HDR, pcm, n, c->id);
		send_rtp(w, pkt, RTP_HDR + n, n, us);
		w->wk->packets++;
	}
	p->silent = !send;
	p->ts += (uint32_t)n;
	return got == n;
}

static void tick_h(void *arg)
{
	struct wstream *w = arg;
	struct player *p = w->player;
	uint64_t now = loop_now_us(w->wk->loop), len = w->r.set ? w->r.ptime : 20;
	size_t n = (size_t)len * RATE / 1000;

	for (int i = 0; p->due_us <= now; i++) {
		if (i == CATCH_UP) {
			p->ts += (uint32_t)((now - p->due_us) * RATE / 1000000);
			p->due_us = now + len * 1000;
			break;
		}
		if (!frame(w, p, n)) {
			wstream_idle(w);
			wstream_reports(w);
			return;
		}
		p->due_us += len * 1000;
	}
	timer_start(&p->timer, w->wk->loop, (p->due_us - now + 999) / 1000, tick_h, w);
}

void player_start(struct wstream *w, struct player *p)
{
	w->player = p;
	p->due_us = loop_now_us(w->wk->loop);
	timer_start(&p->timer, w->wk->loop, 0, tick_h, w);
}

void player_stop(struct wstream *w)
{
	struct player *p = w->player;

	if (!p)
		return;
	w->player = NULL;
	timer_stop(&p->timer);
	mail_post(w->wk->mail, &p->msg);
}
