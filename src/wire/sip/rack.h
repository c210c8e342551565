/*
 * rack.h - RSeq and RAck, which number and acknowledge reliable provisional answers (RFC 3262 7.1, 7.2).
 *
 * Thread: any. Ownership: slices.
 */
#ifndef OFFHOOK_WIRE_SIP_RACK_H
#define OFFHOOK_WIRE_SIP_RACK_H

#include "base/buf.h"
#include "wire/sip/cseq.h"

/** RAck: the RSeq that is acknowledged, and the CSeq of its request. */
struct sip_rack {
	uint32_t rseq;
	struct sip_cseq cseq;
};
/** ERR_SYNTAX. */
int sip_rack_decode(struct sip_rack *r, struct slice s) MUST_CHECK;
/** The value of the header. */
void sip_rack_encode(struct buf *b, const struct sip_rack *r);

/** RSeq: a number from 1 to 2^32-1. ERR_SYNTAX. */
int sip_rseq_decode(uint32_t *rseq, struct slice s) MUST_CHECK;

#endif
