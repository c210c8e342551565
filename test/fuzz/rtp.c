/*
 * rtp.c - fuzz target: RTP, RTCP and telephone-event; the first byte says which.
 *
 * Rules: lengths stay within the packet; what is patched or written reads back the same.
 */
#include "fuzz.h"
#include "wire/rtp/rtp.h"

static void fuzz_rtp(uint8_t *p, size_t l)
{
	struct rtp_hdr h, n;
	uint8_t head[RTP_HDR];

	rtp_classify(p, l);
	if (rtp_decode(&h, p, l))
		return;
	FUZZ_ASSERT(h.hdrlen >= RTP_HDR && h.hdrlen + h.payload <= l);
	rtp_patch(p, 0xfffe, 0x80000001u, 0xdeadbeefu, !h.marker);
	FUZZ_ASSERT(!rtp_decode(&n, p, l));
	FUZZ_ASSERT(n.seq == 0xfffe && n.ts == 0x80000001u && n.ssrc == 0xdeadbeefu && n.marker == !h.marker);
	FUZZ_ASSERT(n.pt == h.pt && n.hdrlen == h.hdrlen && n.payload == h.payload && n.cc == h.cc);
	rtp_encode(head, &h);
	FUZZ_ASSERT(!rtp_decode(&n, head, sizeof(head)));
	FUZZ_ASSERT(n.seq == h.seq && n.ts == h.ts && n.ssrc == h.ssrc && n.pt == h.pt && n.marker == h.marker);
}

static void check_blocks(struct rtcp_pkt *pkt)
{
	struct rtcp_rb rb, again;

	for (unsigned i = 0; i < 40; i++) {
		if (rtcp_rb_decode(&rb, pkt, i))
			continue;
		FUZZ_ASSERT(i < pkt->count && rb.lost >= -0x800000 && rb.lost <= 0x7fffff);
		rb.ext_seq ^= 0x10001;
		rtcp_rb_patch(pkt, i, &rb);
		FUZZ_ASSERT(!rtcp_rb_decode(&again, pkt, i));
		FUZZ_ASSERT(rb.ssrc == again.ssrc && rb.fraction == again.fraction && rb.lost == again.lost);
		FUZZ_ASSERT(rb.ext_seq == again.ext_seq && rb.jitter == again.jitter && rb.lsr == again.lsr &&
			    rb.dlsr == again.dlsr);
	}
}

static void fuzz_rtcp(uint8_t *p, size_t l)
{
	bool valid = rtcp_valid(p, l);
	struct rtcp_sr sr, again;
	struct rtcp_pkt pkt;
	size_t off = 0, n = 0;

	while (rtcp_next(p, l, &off, &pkt)) {
		FUZZ_ASSERT(pkt.l >= 4 && pkt.p >= p && off <= l && pkt.p + pkt.l == p + off);
		n++;
		if (!rtcp_sr_decode(&sr, &pkt)) {
			sr.packets++;
			rtcp_sr_patch(&pkt, &sr);
			FUZZ_ASSERT(!rtcp_sr_decode(&again, &pkt) && !memcmp(&sr, &again, sizeof(sr)));
		}
		check_blocks(&pkt);
	}
	FUZZ_ASSERT(!valid || (n && off == l));
}

/* Reports made of the input's numbers. */
static void fuzz_report(const uint8_t *d, size_t l)
{
	struct rtcp_rb rb[31], back;
	struct rtcp_sr sr = {.ssrc = 7, .packets = 1}, sr2;
	unsigned n = l ? d[0] % 34u : 0;
	char cname[300];
	uint8_t out[1200];
	struct rtcp_pkt pkt;
	size_t size = l > 1 ? d[1] * 5u : sizeof(out), used, off = 0, cl = l > 2 ? l - 2 : 0;

	memset(rb, 0, sizeof(rb));
	for (unsigned i = 0; i < 31; i++)
		rb[i] = (struct rtcp_rb){
			.ssrc = i, .lost = l > 3 ? (int32_t)(d[3] * 65537u - 8000000u) : 0, .jitter = i};
	if (cl >= sizeof(cname))
		cl = sizeof(cname) - 1;
	for (size_t i = 0; i < cl; i++)
		cname[i] = d[i + 2] ? (char)d[i + 2] : 'x';
	cname[cl] = '\0';
	used = rtcp_encode_report(out, size > sizeof(out) ? sizeof(out) : size, 7, l & 1 ? &sr : NULL, rb, n, cname,
				  l & 2);
	if (!used)
		return;
	FUZZ_ASSERT(rtcp_valid(out, used) && n <= 31);
	FUZZ_ASSERT(rtcp_next(out, used, &off, &pkt) && pkt.count == n);
	FUZZ_ASSERT(!(l & 1) || (!rtcp_sr_decode(&sr2, &pkt) && sr2.packets == 1));
	for (unsigned i = 0; i < n; i++)
		FUZZ_ASSERT(!rtcp_rb_decode(&back, &pkt, i) && back.ssrc == i && back.jitter == i);
	while (rtcp_next(out, used, &off, &pkt))
		;
	FUZZ_ASSERT(off == used);
}

static void fuzz_tev(const uint8_t *p, size_t l)
{
	struct rtp_tev t, u;
	uint8_t out[4];

	if (rtp_tev_decode(&t, p, l))
		return;
	rtp_tev_encode(out, &t);
	FUZZ_ASSERT(!rtp_tev_decode(&u, out, sizeof(out)));
	FUZZ_ASSERT(t.event == u.event && t.end == u.end && t.volume == u.volume && t.duration == u.duration);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *p;

	if (!size)
		return 0;
	/* a copy of the exact size: packets are patched in place */
	p = malloc(size > 1 ? size - 1 : 1);
	if (!p)
		return 0;
	memcpy(p, data + 1, size - 1);
	switch (data[0]) {
	case 'r':
		fuzz_rtp(p, size - 1);
		break;
	case 'c':
		fuzz_rtcp(p, size - 1);
		break;
	case 'e':
		fuzz_report(p, size - 1);
		break;
	case 't':
		fuzz_tev(p, size - 1);
		break;
	default:
		break;
	}
	free(p);
	return 0;
}
