/*
 * cseq.h - the CSeq header (RFC 3261 20.16).
 *
 * Thread: any. Ownership: slices.
 */
#ifndef OFFHOOK_WIRE_SIP_CSEQ_H
#define OFFHOOK_WIRE_SIP_CSEQ_H

#include "wire/sip/hdr.h"

struct sip_cseq {
	uint32_t num; /**< below 2^31 */
	enum sip_method m;
	struct slice method; /**< as written */
};
/** ERR_SYNTAX. */
int sip_cseq_decode(struct sip_cseq *c, struct slice s) MUST_CHECK;

#endif
