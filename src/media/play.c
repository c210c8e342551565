/*
 * play.c - a source as RTP: one packet each 20 ms (or the ptime of the remote) by
 * absolute deadlines, in the codec that the remote wants (tx.c).
 */
#include "media/media_priv.h"
#include "media/tx.h"

enum {
	CATCH_UP = 5, /**< packets sent at once after the worker was late; beyond that, time is skipped */
	SOURCE_RATE_MIN = 8000,
	SOURCE_RATE_MAX = 48000, /**< what CODEC_FRAME_MAX is for */
};

struct player {
	struct loop_msg msg; /**< home */
	struct timer timer;
	struct media_source *src;
	uint64_t due_us;
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
	struct player *p;

	if (src->rate && (src->rate < SOURCE_RATE_MIN || src->rate > SOURCE_RATE_MAX))
		return EINVAL;
	p = mem_zalloc(sizeof(*p), NULL);
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

/* One packet; false at the end of the source. */
static bool frame(struct wstream *w, struct player *p, unsigned ms)
{
	int16_t pcm[CODEC_FRAME_MAX];
	uint32_t rate = p->src->rate ? p->src->rate : 8000;
	size_t n = (size_t)rate * ms / 1000;
	size_t got = p->src->read(p->src, pcm, n);

	if (got)
		/* a party without a codec of ours hears nothing; the source's time goes on */
		(void)tx_pcm(w, pcm, got, rate, p->due_us);
	if (got < n)
		tx_flush(w);
	return got == n;
}

static void tick_h(void *arg)
{
	struct wstream *w = arg;
	struct player *p = w->player;
	uint64_t now = loop_now_us(w->wk->loop);
	unsigned ms = tx_ms(w);

	for (int i = 0; p->due_us <= now; i++) {
		if (i == CATCH_UP) {
			p->due_us = now + ms * 1000;
			break;
		}
		if (!frame(w, p, ms)) {
			wstream_idle(w);
			wstream_reports(w);
			return;
		}
		p->due_us += ms * 1000;
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
