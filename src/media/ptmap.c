/*
 * ptmap.c - what becomes of a packet on its way to another party: by what its
 * payload type means at its sender, and by what the receiver takes.
 *
 * The two parties' numbers have nothing to do with each other (RFC 3264 5.1, 6.1):
 * what counts is codec, clock and channels. Worked out when a stream of packets
 * changes its payload type, not for each packet.
 */
#include "media/media_priv.h"

static uint8_t channels(const struct wcodec *c)
{
	/* Opus says 2 whatever it carries (RFC 7587 4.1), and not everybody says it */
	return c->id == CODEC_OPUS ? 2 : c->ch ? c->ch : 1;
}

static bool same(const struct wcodec *a, const struct wcodec *b)
{
	/* names that we do not know were offered by both sides under one number, or are not the same */
	if (a->id == CODEC_OTHER || b->id == CODEC_OTHER)
		return a->id == b->id && a->pt == b->pt;
	return a->id == b->id && wcodec_rate(a) == wcodec_rate(b) && channels(a) == channels(b);
}

/* The party's entry for it: with the same fmtp, if there are several (H.264 profiles). */
static const struct wcodec *entry(const struct wstream *to, const struct wcodec *c)
{
	const struct wcodec *e, *first = NULL;

	for (size_t i = 0; (e = wremote_codec(&to->r, i)); i++) {
		if (!same(e, c))
			continue;
		if (e->pt == c->pt && e->par == c->par)
			return e;
		if (!first || (first->par != c->par && e->par == c->par))
			first = e;
	}
	return first;
}

static const struct wcodec *entry_of(const struct wstream *to, uint8_t id, uint32_t clock)
{
	const struct wcodec *e;

	for (size_t i = 0; (e = wremote_codec(&to->r, i)); i++)
		if (e->id == id && wcodec_rate(e) == clock)
			return e;
	return NULL;
}

/* Digits: in the clock of the sound that they stand for (RFC 4733 2.1). */
static enum relay_act event(const struct wstream *to, const struct wcodec *c, const struct wcodec **e)
{
	uint32_t clock = xcode_clock(to);

	if (!clock && !to->r.no_events) {
		*e = entry_of(to, CODEC_TEV, wcodec_rate(c));
		if (*e)
			return RELAY_PASS;
	}
	*e = wremote_tev(&to->r, clock);
	return *e ? RELAY_EVENT : RELAY_DROP;
}

/* Comfort noise is one byte of level in any clock (RFC 3389 3.1); who did not agree on it hears silence. */
static enum relay_act noise(const struct wstream *to, const struct wcodec *c, const struct wcodec **e)
{
	uint32_t clock = xcode_clock(to);

	*e = entry_of(to, CODEC_CN, clock ? clock : wcodec_rate(c));
	if (!*e)
		return RELAY_DROP;
	return clock ? RELAY_NOISE : RELAY_PASS;
}

static enum relay_act sound(const struct wstream *to, const struct wcodec *c, const struct wcodec **e)
{
	const struct codec_ops *ours = wcodec_ops(c);

	*e = entry(to, c);
	if (*e)
		return ours && (to->r.strict || to->r.maxptime) ? RELAY_CUT : RELAY_PASS;
	if (ours && wremote_ops(&to->r, e))
		return RELAY_CODE;
	/* a number that nobody explained: the receiver may know better than we */
	return c->id == CODEC_OTHER ? RELAY_PASS : RELAY_DROP;
}

void ptmap_make(struct wstream *to, const struct wcodec *c)
{
	const struct wcodec *e = NULL;
	enum relay_act act = RELAY_PASS;

	if (!to->r.codecs || to->s->kind != MSTREAM_AUDIO)
		e = entry(to, c);
	else if (c->id == CODEC_TEV)
		act = event(to, c, &e);
	else if (c->id == CODEC_CN)
		act = noise(to, c, &e);
	else
		act = sound(to, c, &e);
	bool is_sound = c->id != CODEC_TEV && c->id != CODEC_CN;
	/* sound that passes again ends a conversion: its numbers and times follow the source directly */
	if (act == RELAY_PASS && is_sound && to->xc) {
		xcode_stop(to);
		out_unsync(&to->out);
	}
	to->map = (struct ptmap){.key = *c, .act = (uint8_t)act, .pt = e ? e->pt : c->rx};
}
