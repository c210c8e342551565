/*
 * codec.c - the codecs by name and payload type, as far as relaying and measuring
 * need them; static payload types of RFC 3551 section 6.
 */
#include <stdio.h>
#include <string.h>
#include "media/media_priv.h"

static const struct slice names[CODEC_COUNT] = {
	[CODEC_OTHER] = SLICE(""),
	[CODEC_PCMU] = SLICE("PCMU"),
	[CODEC_PCMA] = SLICE("PCMA"),
	[CODEC_G722] = SLICE("G722"),
	[CODEC_G729] = SLICE("G729"),
	[CODEC_G723] = SLICE("G723"),
	[CODEC_G728] = SLICE("G728"),
	[CODEC_GSM] = SLICE("GSM"),
	[CODEC_ILBC] = SLICE("ILBC"),
	[CODEC_OPUS] = SLICE("OPUS"),
	[CODEC_SPEEX] = SLICE("SPEEX"),
	[CODEC_AMR] = SLICE("AMR"),
	[CODEC_AMRWB] = SLICE("AMR-WB"),
	[CODEC_L16] = SLICE("L16"),
	[CODEC_CN] = SLICE("CN"),
	[CODEC_TEV] = SLICE("TELEPHONE-EVENT"),
	[CODEC_G726_16] = SLICE("G726-16"),
	[CODEC_G726_24] = SLICE("G726-24"),
	[CODEC_G726_32] = SLICE("G726-32"),
	[CODEC_G726_40] = SLICE("G726-40"),
	[CODEC_AAL2_16] = SLICE("AAL2-G726-16"),
	[CODEC_AAL2_24] = SLICE("AAL2-G726-24"),
	[CODEC_AAL2_32] = SLICE("AAL2-G726-32"),
	[CODEC_AAL2_40] = SLICE("AAL2-G726-40"),
	[CODEC_T140] = SLICE("T140"),
	[CODEC_RED] = SLICE("RED"),
	[CODEC_H261] = SLICE("H261"),
	[CODEC_H263] = SLICE("H263"),
	[CODEC_H264] = SLICE("H264"),
	[CODEC_H265] = SLICE("H265"),
	[CODEC_VP8] = SLICE("VP8"),
	[CODEC_VP9] = SLICE("VP9"),
	[CODEC_AV1] = SLICE("AV1"),
};

static const struct wcodec statics[] = {
	{0, CODEC_PCMU, 320, 0, 1, 0},   {3, CODEC_GSM, 320, 0, 1, 3},     {4, CODEC_G723, 320, 0, 1, 4},
	{8, CODEC_PCMA, 320, 0, 1, 8},   {9, CODEC_G722, 320, 0, 1, 9},    {10, CODEC_L16, 1764, 0, 2, 10},
	{11, CODEC_L16, 1764, 0, 1, 11}, {13, CODEC_CN, 320, 0, 1, 13},    {15, CODEC_G728, 320, 0, 1, 15},
	{18, CODEC_G729, 320, 0, 1, 18}, {31, CODEC_H261, 3600, 0, 1, 31}, {34, CODEC_H263, 3600, 0, 1, 34},
};

uint8_t codec_id_of(struct slice name)
{
	for (int i = 1; i < CODEC_COUNT; i++)
		if (name.l == names[i].l && slice_ieq(name, names[i]))
			return (uint8_t)i;
	return CODEC_OTHER;
}

const char *codec_id_name(uint8_t id)
{
	return id < CODEC_COUNT ? names[id].p : "";
}

char *codec_name(uint8_t id, uint8_t pt, char *dst)
{
	if (id > CODEC_OTHER && id < CODEC_COUNT)
		snprintf(dst, 16, "%s", names[id].p);
	else
		snprintf(dst, 16, "PT%u", pt);
	return dst;
}

/* A list that was made lately, or a new one; a reference in any case. */
static const struct wcodecs *list_get(struct wcodecs_cache *cache, const struct wcodec *v, uint8_t n)
{
	for (size_t i = 0; cache && i < WCODECS_RECENT; i++)
		if (cache->v[i] && cache->v[i]->n == n && !memcmp(cache->v[i]->v, v, n * sizeof(*v)))
			return mem_ref(cache->v[i]);
	struct wcodecs *l = mem_alloc(sizeof(*l) + n * sizeof(*v), NULL);
	if (!l)
		return NULL;
	l->n = n;
	memcpy(l->v, v, n * sizeof(*v));
	if (cache) {
		const struct wcodecs **at = &cache->v[cache->next++ % WCODECS_RECENT];
		mem_deref((void *)*at);
		*at = mem_ref(l);
	}
	return l;
}

void wcodecs_cache_clear(struct wcodecs_cache *c)
{
	for (size_t i = 0; i < WCODECS_RECENT; i++)
		c->v[i] = mem_deref((void *)c->v[i]);
}

static const struct wcodecs *list_make(const struct mstream_remote *r, struct wcodecs_cache *cache)
{
	uint8_t n = r->ncodec < WCODEC_MAX ? r->ncodec : WCODEC_MAX;
	struct wcodec v[WCODEC_MAX];

	for (uint8_t i = 0; i < n; i++) {
		const struct mcodec *c = &r->codec[i];
		uint32_t rate25 = c->rate / 25;
		v[i] = (struct wcodec){
			.pt = c->pt & 0x7f,
			.id = c->id ? c->id : codec_id_of(slice_str(c->name)),
			.rate25 = rate25 > UINT16_MAX ? 0 : (uint16_t)rate25,
			.par = c->par,
			.ch = c->ch,
			.rx = (uint8_t)(c->rx_pt1 ? c->rx_pt1 - 1 : c->pt) & 0x7f,
		};
	}
	return list_get(cache, v, n);
}

int wremote_make(struct wremote *w, const struct mstream_remote *r, struct wcodecs_cache *cache)
{
	w->set = true;
	w->rtp = r->rtp;
	w->rtcp = r->rtcp;
	if (sa_isset(&r->rtp) && !sa_isset(&r->rtcp)) {
		/* RFC 3550 11: one above, unless SDP says something else */
		w->rtcp = r->rtp;
		sa_set_port(&w->rtcp, sa_port(&r->rtp) == UINT16_MAX ? 0 : (uint16_t)(sa_port(&r->rtp) + 1));
	}
	w->mux = r->rtcp_mux;
	w->again = r->renewed;
	w->quiet = r->quiet;
	w->we_send = r->we_send;
	w->we_recv = r->we_recv;
	w->strict = r->ptime_strict;
	w->udptl = r->udptl;
	w->no_events = r->no_events;
	w->ptime = r->ptime_ms == 0 || r->ptime_ms > 60 ? 20 : r->ptime_ms < 10 ? 10 : (uint8_t)r->ptime_ms;
	w->maxptime = r->maxptime_ms > 250 ? 0 : (uint8_t)r->maxptime_ms;
	const struct wcodecs *l = NULL;
	if (r->ncodec) {
		l = list_make(r, cache);
		if (!l)
			return ENOMEM;
	}
	w->codecs = l;
	return 0;
}

const struct wcodec *wremote_find(const struct wremote *w, uint8_t pt)
{
	const struct wcodec *c;

	for (size_t i = 0; (c = wremote_codec(w, i)); i++)
		if (c->rx == pt)
			return c;
	return NULL;
}

const struct wcodec *wremote_find_tx(const struct wremote *w, uint8_t pt)
{
	const struct wcodec *c;

	for (size_t i = 0; (c = wremote_codec(w, i)); i++)
		if (c->pt == pt)
			return c;
	return NULL;
}

const struct codec_ops *wcodec_ops(const struct wcodec *c)
{
	/* Opus is one codec, whatever its rtpmap says of channels (RFC 7587 4.1 wants 2) */
	return codec_find(c->id, wcodec_rate(c), c->id == CODEC_OPUS ? 0 : c->ch ? c->ch : 1);
}

const struct codec_ops *wremote_ops(const struct wremote *w, const struct wcodec **fmt)
{
	const struct wcodec *c;

	for (size_t i = 0; (c = wremote_codec(w, i)); i++) {
		const struct codec_ops *ops = wcodec_ops(c);
		if (!ops)
			continue;
		if (fmt)
			*fmt = c;
		return ops;
	}
	return NULL;
}

const struct wcodec *wremote_tev(const struct wremote *w, uint32_t rate)
{
	const struct wcodec *first = NULL, *c;

	for (size_t i = 0; !w->no_events && (c = wremote_codec(w, i)); i++) {
		if (c->id != CODEC_TEV)
			continue;
		if (wcodec_rate(c) == rate)
			return c;
		if (!first)
			first = c;
	}
	return first;
}

struct wcodec codec_of_pt(const struct wremote *w, uint8_t pt)
{
	const struct wcodec *c = wremote_find(w, pt);

	if (c)
		return *c;
	for (size_t i = 0; i < ARRAY_LEN(statics); i++)
		if (statics[i].pt == pt)
			return statics[i];
	return (struct wcodec){pt, CODEC_OTHER, 320, 0, 1, pt};
}

uint32_t codec_pcm_rate(const struct codec_ops *c, uint32_t want)
{
	if (c->any_rate && (want == 8000 || want == 16000 || want == 24000 || want == 48000))
		return want;
	return c->rate;
}
