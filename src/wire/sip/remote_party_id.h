/*
 * remote_party_id.h - one value of the Remote-Party-ID header (draft-ietf-sip-privacy-04, never an RFC, but what many
 * phones and gateways speak).
 *
 * Thread: any. Ownership: slices.
 */
#ifndef OFFHOOK_WIRE_SIP_REMOTE_PARTY_ID_H
#define OFFHOOK_WIRE_SIP_REMOTE_PARTY_ID_H

#include "wire/sip/addr.h"

struct sip_rpid {
	struct sip_addr addr;
	bool called;   /**< party=called; otherwise calling, or not said */
	bool screened; /**< screen=yes: whoever sent it vouches for it */
	bool hidden;   /**< privacy=full, uri or name, in any list */
};

/** One value; ERR_SYNTAX. */
int sip_rpid_decode(struct sip_rpid *r, struct slice s) MUST_CHECK;
/** Writes addr without its parameters, then party, privacy and screen. */
void sip_rpid_encode(struct buf *b, const struct sip_rpid *r);

#endif
