/*
 * xr.c - extended reports (RFC 3611): the block of voice metrics, which says how a call sounds to the one who hears it;
 * and BYE, which ends a compound.
 */
#include <string.h>
#include "wire/rtp/bytes.h"
#include "wire/rtp/rtp.h"

enum {
	BLOCK_AT = 8, /**< behind header and SSRC of the reporter */
	BT_VOIP = 7,
	VOIP_WORDS = 8, /**< length of the block without its first word */
	VOIP_LEN = 4 + VOIP_WORDS * 4
};

static void head(uint8_t *p, uint8_t type, uint8_t count, size_t len, uint32_t ssrc)
{
	p[0] = (uint8_t)(0x80 | count);
	p[1] = type;
	put16(p + 2, (uint16_t)(len / 4 - 1));
	put32(p + 4, ssrc);
}

void rtcp_bye_encode(uint8_t *p, uint32_t ssrc)
{
	head(p, RTCP_BYE, 1, RTCP_BYE_LEN, ssrc);
}

void rtcp_xr_voip_encode(uint8_t *p, uint32_t ssrc, const struct rtcp_voip *v)
{
	uint8_t *b = p + BLOCK_AT;

	memset(p, 0, RTCP_XR_VOIP_LEN);
	head(p, RTCP_XR, 0, RTCP_XR_VOIP_LEN, ssrc);
	b[0] = BT_VOIP;
	put16(b + 2, VOIP_WORDS);
	put32(b + 4, v->ssrc);
	b[8] = v->loss;
	b[9] = v->discard;
	b[10] = v->burst_density;
	b[11] = v->gap_density;
	put16(b + 12, v->burst_ms);
	put16(b + 14, v->gap_ms);
	put16(b + 16, v->rtt_ms);
	put16(b + 18, v->end_system_ms);
	b[20] = (uint8_t)v->signal_dbm0;
	b[21] = (uint8_t)v->noise_dbm0;
	b[22] = v->rerl;
	b[23] = v->gmin;
	b[24] = v->r;
	b[25] = v->ext_r;
	b[26] = v->mos_lq_x10;
	b[27] = v->mos_cq_x10;
	b[28] = v->rx_config;
	put16(b + 30, v->jb_ms);
	put16(b + 32, v->jb_max_ms);
	put16(b + 34, v->jb_abs_ms);
}

static void voip_read(struct rtcp_voip *v, const uint8_t *b)
{
	*v = (struct rtcp_voip){
		.ssrc = get32(b + 4),
		.loss = b[8],
		.discard = b[9],
		.burst_density = b[10],
		.gap_density = b[11],
		.burst_ms = get16(b + 12),
		.gap_ms = get16(b + 14),
		.rtt_ms = get16(b + 16),
		.end_system_ms = get16(b + 18),
		.signal_dbm0 = (int8_t)b[20],
		.noise_dbm0 = (int8_t)b[21],
		.rerl = b[22],
		.gmin = b[23],
		.r = b[24],
		.ext_r = b[25],
		.mos_lq_x10 = b[26],
		.mos_cq_x10 = b[27],
		.rx_config = b[28],
		.jb_ms = get16(b + 30),
		.jb_max_ms = get16(b + 32),
		.jb_abs_ms = get16(b + 34),
	};
}

int rtcp_xr_voip_decode(struct rtcp_voip *v, const struct rtcp_pkt *pkt)
{
	if (pkt->type != RTCP_XR || pkt->l < BLOCK_AT)
		return ERR_SYNTAX;
	for (size_t at = BLOCK_AT; pkt->l - at >= 4;) {
		const uint8_t *b = pkt->p + at;
		size_t n = 4 + (size_t)get16(b + 2) * 4;

		if (n > pkt->l - at)
			return ERR_SYNTAX;
		if (b[0] == BT_VOIP) {
			if (n != VOIP_LEN)
				return ERR_SYNTAX;
			voip_read(v, b);
			return 0;
		}
		at += n;
	}
	return ENOENT;
}
