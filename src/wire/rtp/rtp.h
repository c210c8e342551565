/*
 * rtp.h - RTP and RTCP packets (RFC 3550), RTCP feedback (RFC 4585/5104), telephone-event (RFC 4733), and the
 * demultiplexing of what shares a port (RFC 7983).
 *
 * Pure functions on bytes. Thread: any.
 */
#ifndef OFFHOOK_WIRE_RTP_RTP_H
#define OFFHOOK_WIRE_RTP_RTP_H

#include "base/slice.h"

enum { RTP_HDR = 12 };

struct rtp_hdr {
	bool marker, padding, ext;
	uint8_t pt, cc;
	uint16_t seq;
	uint32_t ts, ssrc;
	size_t hdrlen;  /**< header with CSRCs and extension */
	size_t payload; /**< payload bytes without padding */
};
/** ERR_SYNTAX when it is not a whole RTP version 2 header. */
int rtp_decode(struct rtp_hdr *h, const uint8_t *p, size_t l) MUST_CHECK;
/** Writes a 12-byte header (no CSRC, no extension). */
void rtp_encode(uint8_t *p, const struct rtp_hdr *h);
/** Change seq, ts, ssrc, marker in place; everything else stays. */
void rtp_patch(uint8_t *p, uint16_t seq, uint32_t ts, uint32_t ssrc, bool marker);

enum rtp_kind { RTP_KIND_RTP, RTP_KIND_RTCP, RTP_KIND_STUN, RTP_KIND_DTLS, RTP_KIND_OTHER };
/** By first byte (RFC 7983 7) and payload type 64-95 (RFC 5761 4). */
enum rtp_kind rtp_classify(const uint8_t *p, size_t l);

enum {
	RTCP_SR = 200,
	RTCP_RR = 201,
	RTCP_SDES = 202,
	RTCP_BYE = 203,
	RTCP_APP = 204,
	RTCP_RTPFB = 205,
	RTCP_PSFB = 206,
	RTCP_XR = 207
};

/** One packet of a compound. */
struct rtcp_pkt {
	uint8_t type, count; /**< count: RC, SC or FMT */
	uint8_t *p;          /**< whole packet with its 4-byte header */
	size_t l;
};
/** Next packet of a compound, moving *off; false at the end or at the first bad length. */
bool rtcp_next(uint8_t *p, size_t l, size_t *off, struct rtcp_pkt *pkt);
/** The compound is whole and begins with SR, RR or (reduced size, RFC 5506) feedback. */
bool rtcp_valid(const uint8_t *p, size_t l);

struct rtcp_sr {
	uint32_t ssrc, ntp_sec, ntp_frac, rtp_ts, packets, octets;
};
struct rtcp_rb {
	uint32_t ssrc;
	uint8_t fraction;                    /**< lost since the last report, 1/256 */
	int32_t lost;                        /**< cumulative, 24 bits signed */
	uint32_t ext_seq, jitter, lsr, dlsr; /**< jitter in timestamp units, dlsr in 1/65536 s */
};
int rtcp_sr_decode(struct rtcp_sr *sr, const struct rtcp_pkt *pkt) MUST_CHECK;
/** Report block number i of an SR or RR; ENOENT. */
int rtcp_rb_decode(struct rtcp_rb *rb, const struct rtcp_pkt *pkt, unsigned i) MUST_CHECK;
void rtcp_sr_patch(struct rtcp_pkt *pkt, const struct rtcp_sr *sr);
void rtcp_rb_patch(struct rtcp_pkt *pkt, unsigned i, const struct rtcp_rb *rb);
/** Build SR (sr != NULL) or RR with report blocks, SDES CNAME, and BYE if asked. Bytes; 0 if `size` is too small. */
size_t rtcp_encode_report(uint8_t *p, size_t size, uint32_t ssrc, const struct rtcp_sr *sr, const struct rtcp_rb *rb,
			  unsigned nrb, const char *cname, bool bye);

/** Voice over IP metrics (RFC 3611 4.7), as they stand there but for names; 127 and 0 mean "not known" as said. */
struct rtcp_voip {
	uint32_t ssrc;                        /**< of the sender whose sound this is about */
	uint8_t loss, discard;                /**< share of packets lost, dropped by the jitter buffer; 1/256 */
	uint8_t burst_density, gap_density;   /**< share of loss within bursts, between them; 1/256 */
	uint16_t burst_ms, gap_ms;            /**< mean length */
	uint16_t rtt_ms, end_system_ms;       /**< round trip; delay of this end: buffer, codec */
	int8_t signal_dbm0, noise_dbm0;       /**< 127: not known */
	uint8_t rerl, gmin;                   /**< echo return loss, 127: not known; gmin 16 */
	uint8_t r, ext_r;                     /**< 0-100, 127: not known */
	uint8_t mos_lq_x10, mos_cq_x10;       /**< 10-50, 127: not known */
	uint8_t rx_config;                    /**< bits: concealment 2, adaptive buffer 2, rate 4 */
	uint16_t jb_ms, jb_max_ms, jb_abs_ms; /**< buffer: now, longest so far, limit */
};
enum { RTCP_XR_VOIP_LEN = 44, RTCP_BYE_LEN = 8 };
/** An XR packet with this one block, of the reporter `ssrc`; RTCP_XR_VOIP_LEN bytes are written. */
void rtcp_xr_voip_encode(uint8_t *p, uint32_t ssrc, const struct rtcp_voip *v);
/** The first such block of an XR packet. ENOENT, ERR_SYNTAX. */
int rtcp_xr_voip_decode(struct rtcp_voip *v, const struct rtcp_pkt *pkt) MUST_CHECK;
/** BYE of one SSRC without words (RFC 3550 6.6); RTCP_BYE_LEN bytes. It is the last of its compound. */
void rtcp_bye_encode(uint8_t *p, uint32_t ssrc);

/** Telephone-event payload (RFC 4733 2.3). */
struct rtp_tev {
	uint8_t event; /**< 0-9, 10 *, 11 #, 12-15 A-D, 16 flash */
	bool end;
	uint8_t volume;    /**< -dBm0, 0-63 */
	uint16_t duration; /**< timestamp units */
};
int rtp_tev_decode(struct rtp_tev *t, const uint8_t *p, size_t l) MUST_CHECK;
void rtp_tev_encode(uint8_t *p, const struct rtp_tev *t);

#endif
