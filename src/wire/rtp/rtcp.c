/*
 * rtcp.c - RTCP compounds: walking, checking, reports in and out (RFC 3550 6, RFC 5506).
 */
#include <string.h>
#include "wire/rtp/bytes.h"
#include "wire/rtp/rtp.h"

enum { HDR_LEN = 4, SR_LEN = 28, RR_LEN = 8, RB_LEN = 24, RB_MAX = 31, SDES_CNAME = 1 };

bool rtcp_next(uint8_t *p, size_t l, size_t *off, struct rtcp_pkt *pkt)
{
	uint8_t *b;
	size_t n;

	if (*off > l || l - *off < HDR_LEN)
		return false;
	b = p + *off;
	n = (get16(b + 2) + 1u) * 4;
	if (b[0] >> 6 != 2 || n > l - *off)
		return false;
	*pkt = (struct rtcp_pkt){.type = b[1], .count = b[0] & 0x1f, .p = b, .l = n};
	*off += n;
	return true;
}

bool rtcp_valid(const uint8_t *p, size_t l)
{
	size_t off = 0;

	while (off < l) {
		size_t n;

		if (l - off < HDR_LEN || p[off] >> 6 != 2)
			return false;
		n = (get16(p + off + 2) + 1u) * 4;
		if (n > l - off)
			return false;
		/* padding is for the last packet only (RFC 3550 6.4.1) */
		if (p[off] & 0x20 && off + n != l)
			return false;
		off += n;
	}
	if (!l)
		return false;
	return p[1] == RTCP_SR || p[1] == RTCP_RR || p[1] == RTCP_RTPFB || p[1] == RTCP_PSFB;
}

int rtcp_sr_decode(struct rtcp_sr *sr, const struct rtcp_pkt *pkt)
{
	const uint8_t *p = pkt->p;

	if (pkt->type != RTCP_SR || pkt->l < SR_LEN)
		return ERR_SYNTAX;
	sr->ssrc = get32(p + 4);
	sr->ntp_sec = get32(p + 8);
	sr->ntp_frac = get32(p + 12);
	sr->rtp_ts = get32(p + 16);
	sr->packets = get32(p + 20);
	sr->octets = get32(p + 24);
	return 0;
}

static void sr_write(uint8_t *p, const struct rtcp_sr *sr)
{
	put32(p + 4, sr->ssrc);
	put32(p + 8, sr->ntp_sec);
	put32(p + 12, sr->ntp_frac);
	put32(p + 16, sr->rtp_ts);
	put32(p + 20, sr->packets);
	put32(p + 24, sr->octets);
}

void rtcp_sr_patch(struct rtcp_pkt *pkt, const struct rtcp_sr *sr)
{
	if (pkt->type == RTCP_SR && pkt->l >= SR_LEN)
		sr_write(pkt->p, sr);
}

/* Report block i, or NULL. */
static uint8_t *rb_at(const struct rtcp_pkt *pkt, unsigned i)
{
	size_t off = pkt->type == RTCP_SR ? SR_LEN : RR_LEN;

	if ((pkt->type != RTCP_SR && pkt->type != RTCP_RR) || i >= pkt->count ||
	    pkt->l < off + (i + 1) * (size_t)RB_LEN)
		return NULL;
	return pkt->p + off + i * (size_t)RB_LEN;
}

int rtcp_rb_decode(struct rtcp_rb *rb, const struct rtcp_pkt *pkt, unsigned i)
{
	const uint8_t *p = rb_at(pkt, i);
	uint32_t lost;

	if (!p)
		return ENOENT;
	rb->ssrc = get32(p);
	rb->fraction = p[4];
	lost = get32(p + 4) & 0xffffff;
	rb->lost = lost & 0x800000 ? (int32_t)lost - 0x1000000 : (int32_t)lost;
	rb->ext_seq = get32(p + 8);
	rb->jitter = get32(p + 12);
	rb->lsr = get32(p + 16);
	rb->dlsr = get32(p + 20);
	return 0;
}

static void rb_write(uint8_t *p, const struct rtcp_rb *rb)
{
	/* counts that do not fit stay at the end of the scale (RFC 3550 A.3) */
	int32_t lost = rb->lost > 0x7fffff ? 0x7fffff : rb->lost < -0x800000 ? -0x800000 : rb->lost;

	put32(p, rb->ssrc);
	put32(p + 4, (uint32_t)rb->fraction << 24 | ((uint32_t)lost & 0xffffff));
	put32(p + 8, rb->ext_seq);
	put32(p + 12, rb->jitter);
	put32(p + 16, rb->lsr);
	put32(p + 20, rb->dlsr);
}

void rtcp_rb_patch(struct rtcp_pkt *pkt, unsigned i, const struct rtcp_rb *rb)
{
	uint8_t *p = rb_at(pkt, i);

	if (p)
		rb_write(p, rb);
}

static void hdr_write(uint8_t *p, uint8_t type, unsigned count, size_t l)
{
	p[0] = (uint8_t)(0x80 | count);
	p[1] = type;
	put16(p + 2, (uint16_t)(l / 4 - 1));
}

size_t rtcp_encode_report(uint8_t *p, size_t size, uint32_t ssrc, const struct rtcp_sr *sr, const struct rtcp_rb *rb,
			  unsigned nrb, const char *cname, bool bye)
{
	size_t head = sr ? SR_LEN : RR_LEN, cl = cname ? strlen(cname) : 0, report, sdes, total;

	if (nrb > RB_MAX || cl > 255)
		return 0;
	report = head + nrb * (size_t)RB_LEN;
	/* header, SSRC, item type and length, text, at least one zero, to a multiple of 4 */
	sdes = (HDR_LEN + 4 + 2 + cl + 1 + 3) / 4 * 4;
	total = report + sdes + (bye ? 8 : 0);
	if (total > size)
		return 0;
	memset(p, 0, total);
	hdr_write(p, sr ? RTCP_SR : RTCP_RR, nrb, report);
	if (sr)
		sr_write(p, sr);
	put32(p + 4, ssrc);
	for (unsigned i = 0; i < nrb; i++)
		rb_write(p + head + i * (size_t)RB_LEN, &rb[i]);
	p += report;
	hdr_write(p, RTCP_SDES, 1, sdes);
	put32(p + 4, ssrc);
	p[8] = SDES_CNAME;
	p[9] = (uint8_t)cl;
	if (cl)
		memcpy(p + 10, cname, cl);
	p += sdes;
	if (bye) {
		hdr_write(p, RTCP_BYE, 1, 8);
		put32(p + 4, ssrc);
	}
	return total;
}
