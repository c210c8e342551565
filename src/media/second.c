/*
 * second.c - how a party sounds by the second. Packets pay next to nothing for it: figures are differences of what is
 * counted anyway, bursts are counted at losses, and of a relayed party one packet in sixteen is measured.
 */
#include "media/second.h"
#include <string.h>
#include "media/rx.h"
#include "media/tone.h"

enum {
	EVERY = 16,       /**< one packet of so many is measured */
	LISTEN_MAX = 480, /**< samples of it */
	STRANGE_S = 2,
	FEW = 10,        /**< a second with fewer packets is not judged */
	UNKNOWN = 127,   /**< RFC 3611 4.7 */
	ADAPTIVE = 0x30, /**< of the buffer, in rx_config: adaptive, 4.7.6 */
	ENHANCED = 0xc0, /**< concealment: by repeating pitch periods */
	NOT_BUFFERED = 0 /**< we only relay: unknown */
};

/* Figures of its jitter buffer; zeros when there is none. */
static struct jbuf_stats buffer(const struct wstream *w)
{
	struct jbuf_stats js = {0};

	if (rx_jbuf(w))
		jbuf_stats(rx_jbuf(w), &js);
	return js;
}

/* Half the round trip, what a jitter buffer takes, and a packet of 20 ms. */
static double delay_ms(const struct wstream *w)
{
	double ms = w->rx ? buffer(w).delay_us / 1000.0 : rxq_jitter_us(&w->q) * 2 / 1000.0;

	return w->out.rtt_us / 2000.0 + ms + 20;
}

static void judge(struct wstream *w, struct second *x)
{
	uint64_t packets = w->q.packets - x->packets;
	int64_t lost = w->q.lost - x->lost;

	/* packets on the way when codecs change are not meant */
	bool strange = packets >= FEW && w->q.codec != CODEC_TEV && w->q.codec != CODEC_CN && wremote_codec(&w->r, 0) &&
		       !wremote_find(&w->r, w->q.pt);
	x->strange = !strange ? 0 : x->strange < UINT8_MAX ? (uint8_t)(x->strange + 1) : x->strange;
	x->packets = w->q.packets;
	x->lost = w->q.lost;
	if (packets < FEW && lost < FEW)
		return;
	double pct = lost > 0 ? 100.0 * (double)lost / (double)(packets + (uint64_t)lost) : 0;

	x->lost_pm = (uint16_t)(pct * 10 + 0.5);
	x->mos = emodel_mos(w->q.audio, pct, delay_ms(w));
	if (!x->min_mos || x->mos < x->min_mos)
		x->min_mos = x->mos;
	if (x->mos < COMPLAIN_X100 && x->bad < UINT16_MAX)
		x->bad++;
}

void second_over(struct wstream *w)
{
	struct second *x = w->second;

	if (w->s->kind != MSTREAM_AUDIO || !w->q.packets)
		return;
	if (!x) {
		x = mem_zalloc(sizeof(*x), NULL);
		if (!x)
			return;
		meter_init(&x->meter);
		w->second = x;
	}
	judge(w, x);
	meter_second(&x->meter);
	/* only where somebody listens to it: not in a room, a menu or on hold */
	if (w->mode == W_MIX || w->mode == W_PLAY || w->r.quiet)
		x->meter.silent = 0;
}

void second_lost(struct wstream *w, uint32_t n)
{
	struct second *x = w->second;

	if (!x)
		return;
	/* another sender begins to count anew */
	if (w->q.received < x->burst_seen)
		x->burst_seen = 0;
	burst_received(&x->burst, w->q.received - x->burst_seen);
	x->burst_seen = w->q.received;
	burst_lost(&x->burst, n);
}

void second_listen(struct wstream *w, const uint8_t *payload, size_t l)
{
	int16_t pcm[LISTEN_MAX];
	size_t n = l < LISTEN_MAX ? l : LISTEN_MAX;

	if (w->q.received % EVERY || (w->q.codec != CODEC_PCMU && w->q.codec != CODEC_PCMA))
		return;
	if (w->q.codec == CODEC_PCMA)
		for (size_t i = 0; i < n; i++)
			pcm[i] = g711_alaw_dec(payload[i]);
	else
		for (size_t i = 0; i < n; i++)
			pcm[i] = g711_ulaw_dec(payload[i]);
	meter_pcm(&w->second->meter, pcm, n);
}

void second_pcm(struct wstream *w, const int16_t *pcm, size_t n)
{
	if (w->second)
		meter_pcm(&w->second->meter, pcm, n);
}

void second_xr(struct wstream *w, const struct rtcp_pkt *k)
{
	struct rtcp_voip v;

	if (!w->second || rtcp_xr_voip_decode(&v, k) || v.ssrc != w->out.ssrc)
		return;
	w->second->far_mos_x10 = v.mos_lq_x10 >= 10 && v.mos_lq_x10 <= 50 ? v.mos_lq_x10 : 0;
}

static uint8_t share(uint64_t part, uint64_t all)
{
	uint64_t v = all ? part * 256 / all : 0;

	return (uint8_t)(v > 255 ? 255 : v);
}

static uint16_t ms16(uint32_t us)
{
	return us / 1000 > UINT16_MAX ? UINT16_MAX : (uint16_t)(us / 1000);
}

bool second_voip(struct wstream *w, struct rtcp_voip *v)
{
	const struct second *x = w->second;
	const struct rxq *q = &w->q;
	uint64_t lost = q->lost > 0 ? (uint64_t)q->lost : 0, all = q->packets + lost;
	struct jbuf_stats js = buffer(w);
	struct burst_report br;
	struct burst b;

	if (!x || !q->any)
		return false;
	b = x->burst;
	if (q->received > x->burst_seen)
		burst_received(&b, q->received - x->burst_seen);
	burst_report(&b, 20000, &br);
	uint16_t lq = emodel_mos(q->audio, 100.0 * (double)lost / (double)all, 20);
	uint16_t cq = emodel_mos(q->audio, 100.0 * (double)lost / (double)all, delay_ms(w));

	*v = (struct rtcp_voip){
		.ssrc = q->ssrc,
		.loss = share(lost, all),
		.discard = share(js.late, all),
		.burst_density = br.burst_density,
		.gap_density = br.gap_density,
		.burst_ms = br.burst_ms,
		.gap_ms = br.gap_ms,
		.rtt_ms = ms16(w->out.rtt_us),
		.end_system_ms = ms16(js.delay_us),
		/* 0 dBm0 is 3.14 dB under the full sine of mu-law, which is 3 dB under 0 dBov */
		.signal_dbm0 = (int8_t)(x->meter.level == METER_NONE ? UNKNOWN
					: x->meter.level < -120      ? -120
								     : x->meter.level + 6),
		.noise_dbm0 = UNKNOWN,
		.rerl = UNKNOWN,
		.gmin = BURST_GMIN,
		.r = UNKNOWN,
		.ext_r = UNKNOWN,
		.mos_lq_x10 = (uint8_t)(lq / 10),
		.mos_cq_x10 = (uint8_t)(cq / 10),
		.rx_config = w->rx ? ENHANCED | ADAPTIVE : NOT_BUFFERED,
		.jb_ms = ms16(js.delay_us),
	};
	return true;
}

static uint32_t ms_of(uint64_t samples, uint32_t rate)
{
	return rate ? (uint32_t)(samples * 1000 / rate) : 0;
}

void second_keep(struct wstream *w)
{
	struct jbuf_stats js = buffer(w);

	if (!w->second)
		return;
	w->second->played_ms += ms_of(js.played, js.rate);
	w->second->concealed_ms += ms_of(js.concealed, js.rate);
}

void second_snap(struct snap *n, const struct wstream *w)
{
	const struct second *x = w->second;

	n->level = METER_NONE;
	if (x) {
		n->level = x->meter.level;
		n->silent_s = x->meter.silent;
		n->clipped_s = x->meter.clips > UINT16_MAX ? UINT16_MAX : (uint16_t)x->meter.clips;
		n->sec_lost_pm = x->lost_pm;
		n->sec_mos = x->mos;
		n->min_mos = x->min_mos;
		n->bad_s = x->bad;
		n->far_mos_x10 = x->far_mos_x10;
		n->strange = x->strange >= STRANGE_S;
		n->played_ms = x->played_ms;
		n->concealed_ms = x->concealed_ms;
	}
	if (!w->rx)
		return;
	struct jbuf_stats js = buffer(w);
	n->played_ms += ms_of(js.played, js.rate);
	n->concealed_ms += ms_of(js.concealed, js.rate);
	n->buffer_us = js.delay_us;
}
