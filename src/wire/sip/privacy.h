/*
 * privacy.h - the Privacy header (RFC 3323 4.2, "id" of RFC 3325 9.3, "history" of RFC 7044 10.1).
 *
 * Thread: any.
 */
#ifndef OFFHOOK_WIRE_SIP_PRIVACY_H
#define OFFHOOK_WIRE_SIP_PRIVACY_H

#include "wire/sip/msg.h"

/** What is asked for, one bit each. */
enum {
	SIP_PRIVACY_NONE = 1,      /**< explicitly no privacy, whatever the default */
	SIP_PRIVACY_ID = 2,        /**< the asserted identity is for trusted peers only */
	SIP_PRIVACY_USER = 4,      /**< hide who it is */
	SIP_PRIVACY_HEADER = 8,    /**< hide where it is */
	SIP_PRIVACY_SESSION = 16,  /**< hide where its media is */
	SIP_PRIVACY_CRITICAL = 32, /**< refuse the request rather than do without */
	SIP_PRIVACY_HISTORY = 64
};

/** Bits of a list separated by ';' (or ',', as some write it); words unknown are left out. */
unsigned sip_privacy_decode(struct slice s);
/** Bits over all lines of the header; 0 without one. */
unsigned sip_privacy_get(const struct sip_msg *m);
/** The value: "id;user". Nothing for 0. */
void sip_privacy_encode(struct buf *b, unsigned bits);
/** Do these bits ask that people are not shown who it is? "none" beside others counts for nothing. */
static inline bool sip_privacy_hides(unsigned bits)
{
	return bits & (SIP_PRIVACY_ID | SIP_PRIVACY_USER);
}

#endif
