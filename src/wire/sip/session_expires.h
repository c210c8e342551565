/*
 * session_expires.h - Session-Expires and Min-SE (RFC 4028 4, 5).
 *
 * Thread: any. Ownership: none.
 */
#ifndef OFFHOOK_WIRE_SIP_SESSION_EXPIRES_H
#define OFFHOOK_WIRE_SIP_SESSION_EXPIRES_H

#include "base/buf.h"
#include "wire/sip/hdr.h"

/** Who refreshes: the sender of the request (uac) or of its answer (uas). */
enum sip_refresher { SIP_REFRESHER_NONE, SIP_REFRESHER_UAC, SIP_REFRESHER_UAS };

struct sip_session_expires {
	uint32_t s; /**< seconds; what does not fit is UINT32_MAX */
	enum sip_refresher refresher;
};
/** ERR_SYNTAX: no number, or a refresher that is neither uac nor uas. */
int sip_session_expires_decode(struct sip_session_expires *se, struct slice s) MUST_CHECK;
/** The value of the header. */
void sip_session_expires_encode(struct buf *b, const struct sip_session_expires *se);
/** Min-SE: seconds; parameters are skipped. ERR_SYNTAX. */
int sip_min_se_decode(uint32_t *s, struct slice v) MUST_CHECK;

#endif
