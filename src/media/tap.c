/*
 * tap.c - what a party says as samples: G.711 decoded in order, a small window for
 * packets that overtook each other, gaps filled. Relay and echo do not wait for it.
 */
#include <string.h>
#include "media/media_priv.h"
#include "media/tone.h"

enum {
	HELD = 4,             /**< packets that may wait for a missing one: 60 ms */
	FRAME_MAX = 60 * 8,   /**< samples of one packet that we take */
	CONCEAL = 3 * 160,    /**< samples of a gap that repeat the last frame, fading; then silence */
	FILL_MAX = 10 * 8000, /**< longer pauses are not filled */
	JUMP = 512,
};

struct held {
	bool used;
	uint16_t seq, n;
	uint32_t ts;
	uint8_t codec;
	uint8_t p[FRAME_MAX];
};

struct tap {
	struct loop_msg msg; /**< home */
	struct media_sink *sink;
	bool synced, timed;
	uint16_t seq; /**< expected next */
	uint32_t ts, ssrc;
	struct held held[HELD];
	int16_t last[160]; /**< end of what was written, for concealment */
	size_t nlast;
};

/* Loop thread. */
static void home_h(struct loop_msg *n)
{
	struct tap *t = CONTAINER_OF(n, struct tap, msg);
	struct media_sink *sink = t->sink;

	mem_deref(t);
	sink->stream = NULL;
	if (sink->done)
		sink->done(sink);
}

int tap_alloc(struct tap **tp, struct mstream *s, struct media_sink *sink)
{
	struct tap *t = mem_zalloc(sizeof(*t), NULL);

	if (!t)
		return ENOMEM;
	t->sink = sink;
	t->msg.fn = home_h;
	sink->stream = s;
	*tp = t;
	return 0;
}

void tap_drop(struct tap *t, struct mailbox *b)
{
	mail_post(b, &t->msg);
}

static void fill(struct tap *t, uint32_t gap)
{
	int16_t buf[160];

	for (uint32_t done = 0; done < gap;) {
		size_t n = gap - done < ARRAY_LEN(buf) ? gap - done : ARRAY_LEN(buf);
		if (t->nlast && done < CONCEAL) {
			/* each repetition half as loud */
			int shift = 1 + (int)(done / ARRAY_LEN(buf));
			for (size_t i = 0; i < n; i++)
				buf[i] = (int16_t)(t->last[i % t->nlast] / (1 << shift));
		} else {
			memset(buf, 0, sizeof(buf));
		}
		t->sink->write(t->sink, buf, n, 0);
		done += (uint32_t)n;
	}
}

static void emit(struct tap *t, const struct held *h)
{
	int16_t pcm[FRAME_MAX];

	/* digits and comfort noise only count as numbers; their time is filled by what follows */
	if (!h->n)
		return;
	int32_t gap = (int32_t)(h->ts - t->ts);
	if (t->timed && gap > 0 && gap <= FILL_MAX)
		fill(t, (uint32_t)gap);
	for (size_t i = 0; i < h->n; i++)
		pcm[i] = h->codec == CODEC_PCMA ? g711_alaw_dec(h->p[i]) : g711_ulaw_dec(h->p[i]);
	t->sink->write(t->sink, pcm, h->n, 0);
	t->nlast = h->n < ARRAY_LEN(t->last) ? h->n : ARRAY_LEN(t->last);
	memcpy(t->last, pcm + h->n - t->nlast, t->nlast * sizeof(*pcm));
	t->ts = h->ts + h->n;
	t->timed = true;
}

/* Go on to the next number, with its packet if it is there. */
static void advance(struct tap *t)
{
	struct held *h = &t->held[t->seq % HELD];

	if (h->used && h->seq == t->seq) {
		h->used = false;
		emit(t, h);
	}
	t->seq++;
}

static void drain(struct tap *t)
{
	while (t->held[t->seq % HELD].used && t->held[t->seq % HELD].seq == t->seq)
		advance(t);
}

static void flush(struct tap *t)
{
	for (int i = 0; i < HELD; i++)
		advance(t);
}

static void hold(struct tap *t, const struct rtp_hdr *h, const uint8_t *payload, uint8_t codec)
{
	struct held *e = &t->held[h->seq % HELD];
	bool sound = codec == CODEC_PCMU || codec == CODEC_PCMA;

	if (e->used && e->seq == h->seq)
		return;
	e->used = true;
	e->seq = h->seq;
	e->ts = h->ts;
	e->codec = codec;
	e->n = sound ? (uint16_t)(h->payload < FRAME_MAX ? h->payload : FRAME_MAX) : 0;
	memcpy(e->p, payload, e->n);
}

void tap_rtp(struct wstream *w, const struct rtp_hdr *h, const uint8_t *payload)
{
	struct tap *t = w->tap;

	int d = (int16_t)(uint16_t)(h->seq - t->seq);
	if (!t->synced || t->ssrc != h->ssrc || d <= -JUMP || d >= JUMP) {
		flush(t);
		t->synced = true;
		t->timed = false;
		t->ssrc = h->ssrc;
		t->seq = h->seq;
		d = 0;
	}
	if (d < 0)
		return;
	/* the window is full: what is missing will not come; a step more than it is wide finds only empty places */
	for (int i = 0; i < HELD && (uint16_t)(h->seq - t->seq) >= HELD; i++)
		advance(t);
	if ((uint16_t)(h->seq - t->seq) >= HELD)
		t->seq = (uint16_t)(h->seq - HELD + 1);
	hold(t, h, payload, w->q.codec);
	drain(t);
}

void tap_start(struct wstream *w, struct tap *t)
{
	w->tap = t;
}

void tap_stop(struct wstream *w)
{
	struct tap *t = w->tap;

	if (!t)
		return;
	w->tap = NULL;
	flush(t);
	mail_post(w->wk->mail, &t->msg);
}
