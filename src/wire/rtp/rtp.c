/*
 * rtp.c - RTP headers (RFC 3550 5), telephone-event (RFC 4733 2.3), and what kind of packet this is (RFC 7983 7,
 * RFC 5761 4).
 */
#include "wire/rtp/bytes.h"
#include "wire/rtp/rtp.h"

int rtp_decode(struct rtp_hdr *h, const uint8_t *p, size_t l)
{
	size_t hl, pad;

	if (l < RTP_HDR || p[0] >> 6 != 2)
		return ERR_SYNTAX;
	h->padding = p[0] & 0x20;
	h->ext = p[0] & 0x10;
	h->cc = p[0] & 0x0f;
	h->marker = p[1] & 0x80;
	h->pt = p[1] & 0x7f;
	h->seq = get16(p + 2);
	h->ts = get32(p + 4);
	h->ssrc = get32(p + 8);
	hl = RTP_HDR + h->cc * 4u;
	if (h->ext) {
		if (l < hl + 4)
			return ERR_SYNTAX;
		hl += 4 + get16(p + hl + 2) * 4u;
	}
	if (l < hl)
		return ERR_SYNTAX;
	h->hdrlen = hl;
	h->payload = l - hl;
	if (h->padding) {
		pad = h->payload ? p[l - 1] : 0;
		if (!pad || pad > h->payload)
			return ERR_SYNTAX;
		h->payload -= pad;
	}
	return 0;
}

void rtp_encode(uint8_t *p, const struct rtp_hdr *h)
{
	p[0] = 0x80;
	p[1] = (uint8_t)((h->marker ? 0x80 : 0) | (h->pt & 0x7f));
	put16(p + 2, h->seq);
	put32(p + 4, h->ts);
	put32(p + 8, h->ssrc);
}

void rtp_patch(uint8_t *p, uint16_t seq, uint32_t ts, uint32_t ssrc, bool marker)
{
	p[1] = (uint8_t)((marker ? 0x80 : 0) | (p[1] & 0x7f));
	put16(p + 2, seq);
	put32(p + 4, ts);
	put32(p + 8, ssrc);
}

enum rtp_kind rtp_classify(const uint8_t *p, size_t l)
{
	uint8_t pt;

	if (!l)
		return RTP_KIND_OTHER;
	if (p[0] <= 3)
		return RTP_KIND_STUN;
	if (p[0] >= 20 && p[0] <= 63)
		return RTP_KIND_DTLS;
	if (p[0] < 128 || p[0] > 191 || l < 2)
		return RTP_KIND_OTHER;
	pt = p[1] & 0x7f;
	return pt >= 64 && pt <= 95 ? RTP_KIND_RTCP : RTP_KIND_RTP;
}

int rtp_tev_decode(struct rtp_tev *t, const uint8_t *p, size_t l)
{
	if (l < 4)
		return ERR_SYNTAX;
	t->event = p[0];
	t->end = p[1] & 0x80;
	t->volume = p[1] & 0x3f;
	t->duration = get16(p + 2);
	return 0;
}

void rtp_tev_encode(uint8_t *p, const struct rtp_tev *t)
{
	p[0] = t->event;
	p[1] = (uint8_t)((t->end ? 0x80 : 0) | (t->volume & 0x3f));
	put16(p + 2, t->duration);
}
