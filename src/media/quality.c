/*
 * quality.c - what arrives from a party, counted: loss, late and double packets by
 * sequence number, interarrival jitter (RFC 3550 6.4.1, A.3, A.8), silence that
 * the sender announced. Constant work for each packet, no allocation, no clock.
 */
#include "media/media_priv.h"

enum {
	WINDOW = 64, /**< packets back in which a late one is told from a double one */
	JUMP_AHEAD = 3000,
	JUMP_BACK = 512,
};

static void restart(struct rxq *q, const struct rtp_hdr *h)
{
	q->any = true;
	q->ssrc = h->ssrc;
	q->max_seq = h->seq;
	q->base = h->seq;
	q->cycles = 0;
	q->win = 1;
	q->received = q->expected_prior = q->received_prior = 0;
	q->sr_mid = 0;
	q->rate = 0;
}

/* Count by sequence number; true if the packet is newer than all before. */
static bool in_sequence(struct rxq *q, const struct rtp_hdr *h)
{
	int d = (int16_t)(uint16_t)(h->seq - q->max_seq);

	if (d > JUMP_AHEAD || d <= -JUMP_BACK) {
		restart(q, h);
		return true;
	}
	if (d > 0) {
		if (h->seq < q->max_seq)
			q->cycles += 0x10000;
		q->lost += d - 1;
		q->win = d < WINDOW ? q->win << d | 1 : 1;
		q->max_seq = h->seq;
		return true;
	}
	q->late++;
	uint64_t bit = -d < WINDOW ? 1ULL << -d : 0;
	if (bit && !(q->win & bit)) {
		q->win |= bit;
		q->lost--;
	}
	return false;
}

static void jitter(struct rxq *q, const struct rtp_hdr *h, uint64_t us, bool first)
{
	uint32_t arrival = (uint32_t)(us * q->rate / 1000000);
	int32_t transit = (int32_t)(arrival - h->ts);
	uint32_t d = (uint32_t)transit - (uint32_t)q->transit;

	q->transit = transit;
	if (d > INT32_MAX)
		d = 0 - d;
	/* more than a second is a jump of the sender's clock, not of the network */
	if (first || d > q->rate)
		return;
	q->jitter += d - ((q->jitter + 8) >> 4);
}

void rxq_packet(struct rxq *q, const struct wremote *r, const struct rtp_hdr *h, size_t len, uint64_t us)
{
	bool newest = true, first = false;

	q->packets++;
	q->bytes += len;
	if (!q->first_us)
		q->first_us = us;
	q->last_us = us;
	if (q->any && q->ssrc == h->ssrc)
		newest = in_sequence(q, h);
	else
		restart(q, h);
	q->received++;
	if (q->pt != h->pt || !q->rate) {
		struct wcodec c = codec_of_pt(r, h->pt);
		q->pt = h->pt;
		q->cur = c;
		first = q->rate != wcodec_rate(&c);
		q->rate = wcodec_rate(&c);
		q->codec = c.id;
		if (c.id != CODEC_TEV && c.id != CODEC_CN) {
			q->audio = c.id;
			q->audio_pt = h->pt;
		}
	}
	if (q->codec == CODEC_TEV)
		return;
	/* comfort noise (RFC 3389), G.729 annex B, Opus: such a packet says that silence follows */
	q->dtx = q->codec == CODEC_CN || ((q->codec == CODEC_G729 || q->codec == CODEC_OPUS) && h->payload <= 2);
	if (newest)
		jitter(q, h, us, first);
}

uint32_t rxq_jitter_us(const struct rxq *q)
{
	return q->rate ? (uint32_t)((uint64_t)(q->jitter >> 4) * 1000000 / q->rate) : 0;
}

void rxq_report(struct rxq *q, struct rtcp_rb *rb, uint64_t us)
{
	uint32_t ext = q->cycles + q->max_seq, expected = ext - q->base + 1;
	uint32_t exp_now = expected - q->expected_prior, got_now = q->received - q->received_prior;
	int32_t lost_now = (int32_t)(exp_now - got_now), lost = (int32_t)(expected - q->received);

	q->expected_prior = expected;
	q->received_prior = q->received;
	rb->ssrc = q->ssrc;
	uint64_t fraction = exp_now && lost_now > 0 ? ((uint64_t)(uint32_t)lost_now << 8) / exp_now : 0;
	rb->fraction = (uint8_t)(fraction > 255 ? 255 : fraction);
	rb->lost = lost > 0x7fffff ? 0x7fffff : lost < -0x800000 ? -0x800000 : lost;
	rb->ext_seq = ext;
	rb->jitter = q->jitter >> 4;
	rb->lsr = q->sr_mid;
	rb->dlsr = q->sr_mid ? (uint32_t)((us - q->sr_us) * 65536 / 1000000) : 0;
}
