/*
 * rtcp.c - reports that pass through (RFC 3550 section 6; RFC 4585, RFC 5104).
 *
 * Each party sees one SSRC, ours, with our numbers; so reports are translated by
 * the table of the outbound streams, in two halves that may run on two workers:
 * rtcp_arrived() turns what a party says about our stream into what it says about
 * the other party's (and measures the round trip on the way), rtcp_relay() turns
 * the other party's own SSRC and timestamps into those of our stream to the
 * receiver. CNAME is ours; BYE and XR stay on their leg, for our stream goes on.
 * Where sound is converted no report of one side fits the other: none passes, and
 * we report ourselves (rtcp_own.c).
 */
#include <string.h>
#include "media/media_priv.h"
#include "media/second.h"
#include "wire/rtp/bytes.h"

/* ------------------------------------------------------------------ what a party says about our stream */

/* Numbers that never went, because the source's packets were lost before us. */
static uint32_t gaps(const struct outstream *o)
{
	uint32_t all = o->seq - o->seq0;

	return all > o->packets ? all - (uint32_t)o->packets : 0;
}

/* What the party misses was lost on the way from us, but for that. */
static void blame(struct outstream *o)
{
	uint32_t n = o->seq - o->seq_seen, g = gaps(o), missing = g > o->gaps_seen ? g - o->gaps_seen : 0;
	uint32_t pm = n ? (uint32_t)((uint64_t)missing * 1000 / n) : 0;

	o->way_pm = (uint16_t)(o->lost_pm > pm ? o->lost_pm - pm : 0);
	o->seq_seen = o->seq;
	o->gaps_seen = g;
}

static void block_in(struct wstream *w, struct rtcp_pkt *k, unsigned i, uint64_t us)
{
	struct outstream *o = &w->out;
	struct rtcp_rb rb;

	if (rtcp_rb_decode(&rb, k, i) || rb.ssrc != o->ssrc)
		return;
	if (rb.lsr && rb.lsr == o->sr_mid) {
		/* RFC 3550 6.4.1: A - LSR - DLSR, all in 1/65536 s */
		uint64_t gone = (us - o->sr_us) * 65536 / 1000000;
		if (gone >= rb.dlsr && gone - rb.dlsr < 60ULL * 65536)
			o->rtt_us = (uint32_t)((gone - rb.dlsr) * 1000000 / 65536);
	}
	o->lost = rb.lost;
	o->lost_pm = (uint16_t)(rb.fraction * 1000U / 256);
	blame(o);
	rb.ssrc = o->src;
	rb.ext_seq -= o->seq_off;
	rb.lost -= o->lost_base;
	rtcp_rb_patch(k, i, &rb);
}

/* SSRCs inside feedback messages: `at` the first, every `step` bytes. */
static void feedback_ssrcs(const struct outstream *o, struct rtcp_pkt *k, size_t at, size_t step)
{
	for (; at + 4 <= k->l; at += step)
		if (get32(k->p + at) == o->ssrc)
			put32(k->p + at, o->src);
}

static void feedback_in(const struct wstream *w, struct rtcp_pkt *k)
{
	const struct outstream *o = &w->out;

	if (k->l < 12)
		return;
	bool ours = get32(k->p + 8) == o->ssrc;
	if (ours)
		put32(k->p + 8, o->src);
	if (k->type == RTCP_RTPFB && k->count == 1 && ours) {
		/* RFC 4585 6.2.1: lost packets by number */
		for (size_t i = 12; i + 4 <= k->l; i += 4) {
			uint16_t pid = (uint16_t)((k->p[i] << 8 | k->p[i + 1]) - (int)(o->seq_off & 0xffff));
			k->p[i] = (uint8_t)(pid >> 8);
			k->p[i + 1] = (uint8_t)pid;
		}
	} else if ((k->type == RTCP_RTPFB && (k->count == 3 || k->count == 4)) ||
		   (k->type == RTCP_PSFB && k->count == 4)) {
		/* RFC 5104: TMMBR, TMMBN, FIR have an SSRC in every entry of 8 bytes */
		feedback_ssrcs(o, k, 12, 8);
	} else if (k->type == RTCP_PSFB && k->count == 15 && k->l >= 20 && !memcmp(k->p + 12, "REMB", 4)) {
		feedback_ssrcs(o, k, 20, 4);
	}
}

void rtcp_arrived(struct wstream *w, uint8_t *p, size_t l, uint64_t us)
{
	struct rtcp_pkt k;
	struct rtcp_sr sr;
	size_t off = 0;

	while (rtcp_next(p, l, &off, &k)) {
		switch (k.type) {
		case RTCP_SR:
			if (!rtcp_sr_decode(&sr, &k) && sr.ssrc == w->q.ssrc) {
				w->q.sr_mid = ntp_mid(sr.ntp_sec, sr.ntp_frac);
				w->q.sr_us = us;
			}
			/* fall through */
		case RTCP_RR:
			for (unsigned i = 0; i < k.count; i++)
				block_in(w, &k, i, us);
			break;
		case RTCP_RTPFB:
		case RTCP_PSFB:
			feedback_in(w, &k);
			break;
		case RTCP_XR:
			second_xr(w, &k);
			break;
		default:
			break;
		}
	}
}

/* ------------------------------------------------------------------ what the receiver may see */

/* False: this report belongs to a source that does not feed the stream (now). */
static bool sr_out(struct wstream *to, struct rtcp_pkt *k, uint64_t us)
{
	struct outstream *o = &to->out;
	struct rtcp_sr sr;

	if (rtcp_sr_decode(&sr, k) || !o->synced || sr.ssrc != o->src)
		return false;
	sr.ssrc = o->ssrc;
	sr.rtp_ts += o->ts_off;
	sr.packets = (uint32_t)o->packets;
	sr.octets = (uint32_t)o->bytes;
	o->sr_mid = ntp_mid(sr.ntp_sec, sr.ntp_frac);
	o->sr_us = us;
	rtcp_sr_patch(k, &sr);
	return true;
}

/* SDES with our CNAME (RFC 3550 6.5.1); returns bytes. */
static size_t sdes_put(uint8_t *p, const struct wstream *to)
{
	size_t l = 4 + 4 + 2 + CNAME_LEN, padded = (l + 1 + 3) & ~(size_t)3;

	memset(p, 0, padded);
	p[0] = 0x81;
	p[1] = RTCP_SDES;
	p[3] = (uint8_t)(padded / 4 - 1);
	put32(p + 4, to->out.ssrc);
	p[8] = 1;
	p[9] = CNAME_LEN;
	memcpy(p + 10, to->cname, CNAME_LEN);
	return padded;
}

enum { SDES_MAX = 32 };

void rtcp_relay(struct wstream *to, uint8_t *p, size_t l, uint64_t us)
{
	uint8_t *out = to->wk->scratch;
	struct rtcp_pkt k;
	size_t off = 0, n = 0;
	bool named = false;

	if (!to->opened || to->xc || l > SCRATCH - SDES_MAX)
		return;
	while (rtcp_next(p, l, &off, &k)) {
		switch (k.type) {
		case RTCP_SR:
			if (!sr_out(to, &k, us))
				return;
			break;
		case RTCP_RR:
		case RTCP_APP:
		case RTCP_RTPFB:
		case RTCP_PSFB:
			if (k.l < 8)
				continue;
			put32(k.p + 4, to->out.ssrc);
			break;
		default:
			continue;
		}
		/* the name follows the first report */
		memcpy(out + n, k.p, k.l);
		n += k.l;
		if (!named && (k.type == RTCP_SR || k.type == RTCP_RR)) {
			named = true;
			n += sdes_put(out + n, to);
		}
	}
	if (n)
		send_rtcp(to, out, n);
}
