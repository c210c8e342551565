/*
 * codec.c - the codecs by name and payload type, as far as relaying and measuring
 * need them; static payload types of RFC 3551 section 6.
 */
#include <stdio.h>
#include <string.h>
#include "media/media_priv.h"

static const char *const names[CODEC_COUNT] = {
	[CODEC_OTHER] = "",
	[CODEC_PCMU] = "PCMU",
	[CODEC_PCMA] = "PCMA",
	[CODEC_G722] = "G722",
	[CODEC_G729] = "G729",
	[CODEC_G723] = "G723",
	[CODEC_G728] = "G728",
	[CODEC_GSM] = "GSM",
	[CODEC_ILBC] = "ILBC",
	[CODEC_OPUS] = "OPUS",
	[CODEC_SPEEX] = "SPEEX",
	[CODEC_AMR] = "AMR",
	[CODEC_AMRWB] = "AMR-WB",
	[CODEC_L16] = "L16",
	[CODEC_CN] = "CN",
	[CODEC_TEV] = "TELEPHONE-EVENT",
	[CODEC_G726_16] = "G726-16",
	[CODEC_G726_24] = "G726-24",
	[CODEC_G726_32] = "G726-32",
	[CODEC_G726_40] = "G726-40",
	[CODEC_AAL2_16] = "AAL2-G726-16",
	[CODEC_AAL2_24] = "AAL2-G726-24",
	[CODEC_AAL2_32] = "AAL2-G726-32",
	[CODEC_AAL2_40] = "AAL2-G726-40",
	[CODEC_T140] = "T140",
	[CODEC_RED] = "RED",
	[CODEC_H261] = "H261",
	[CODEC_H263] = "H263",
	[CODEC_H264] = "H264",
	[CODEC_H265] = "H265",
	[CODEC_VP8] = "VP8",
	[CODEC_VP9] = "VP9",
	[CODEC_AV1] = "AV1",
};

static const struct wcodec statics[] = {
	{0, CODEC_PCMU, 320, 0, 1},   {3, CODEC_GSM, 320, 0, 1},   {4, CODEC_G723, 320, 0, 1},
	{8, CODEC_PCMA, 320, 0, 1},   {9, CODEC_G722, 320, 0, 1},  {13, CODEC_CN, 320, 0, 1},
	{15, CODEC_G728, 320, 0, 1},  {18, CODEC_G729, 320, 0, 1}, {31, CODEC_H261, 3600, 0, 1},
	{34, CODEC_H263, 3600, 0, 1}, {10, CODEC_L16, 1764, 0, 2}, {11, CODEC_L16, 1764, 0, 1},
};

uint8_t codec_id_of(const char *name)
{
	for (int i = 1; i < CODEC_COUNT; i++)
		if (slice_ieqs(slice_str(name), names[i]))
			return (uint8_t)i;
	return CODEC_OTHER;
}

const char *codec_id_name(uint8_t id)
{
	return id < CODEC_COUNT ? names[id] : "";
}

char *codec_name(uint8_t id, uint8_t pt, char *dst)
{
	if (id > CODEC_OTHER && id < CODEC_COUNT)
		snprintf(dst, 16, "%s", names[id]);
	else
		snprintf(dst, 16, "PT%u", pt);
	return dst;
}

void wremote_make(struct wremote *w, const struct mstream_remote *r)
{
	memset(w, 0, sizeof(*w));
	w->set = true;
	w->rtp = r->rtp;
	w->rtcp = r->rtcp;
	if (sa_isset(&r->rtp) && !sa_isset(&r->rtcp)) {
		/* RFC 3550 11: one above, unless SDP says something else */
		w->rtcp = r->rtp;
		sa_set_port(&w->rtcp, sa_port(&r->rtp) == UINT16_MAX ? 0 : (uint16_t)(sa_port(&r->rtp) + 1));
	}
	w->mux = r->rtcp_mux;
	w->we_send = r->we_send;
	w->we_recv = r->we_recv;
	w->ptime = r->ptime_ms == 0 || r->ptime_ms > 60 ? 20 : r->ptime_ms < 10 ? 10 : (uint8_t)r->ptime_ms;
	uint8_t n = r->ncodec < MCODEC_MAX ? r->ncodec : MCODEC_MAX;
	for (uint8_t i = 0; i < n && w->ncodec < WCODEC_MAX; i++) {
		const struct mcodec *c = &r->codec[i];
		uint32_t rate25 = c->rate / 25;
		w->codec[w->ncodec++] = (struct wcodec){c->pt & 0x7f, codec_id_of(c->name),
							rate25 > UINT16_MAX ? 0 : (uint16_t)rate25, c->par, c->ch};
	}
}

const struct wcodec *wremote_find(const struct wremote *w, uint8_t pt)
{
	for (uint8_t i = 0; i < w->ncodec; i++)
		if (w->codec[i].pt == pt)
			return &w->codec[i];
	return NULL;
}

const struct wcodec *wremote_g711(const struct wremote *w)
{
	for (uint8_t i = 0; i < w->ncodec; i++)
		if (w->codec[i].id == CODEC_PCMU || w->codec[i].id == CODEC_PCMA)
			return &w->codec[i];
	return NULL;
}

const struct wcodec *wremote_tev(const struct wremote *w, uint32_t rate)
{
	const struct wcodec *first = NULL;

	for (uint8_t i = 0; i < w->ncodec; i++) {
		if (w->codec[i].id != CODEC_TEV)
			continue;
		if (wcodec_rate(&w->codec[i]) == rate)
			return &w->codec[i];
		if (!first)
			first = &w->codec[i];
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
	return (struct wcodec){pt, CODEC_OTHER, 320, 0, 1};
}
