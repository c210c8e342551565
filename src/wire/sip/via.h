/*
 * via.h - the Via header (RFC 3261 20.42, RFC 3581 rport).
 *
 * Thread: any. Ownership: slices.
 */
#ifndef OFFHOOK_WIRE_SIP_VIA_H
#define OFFHOOK_WIRE_SIP_VIA_H

#include "base/buf.h"

struct sip_via {
	struct slice transp; /**< "UDP", "TCP", "TLS", "WS", "WSS" as written */
	struct slice host;   /**< sent-by, IPv6 without brackets */
	uint16_t port;       /**< 0 if absent */
	struct slice params; /**< from the first ';' */
	struct slice branch, received, maddr;
	bool rport;         /**< rport present */
	uint16_t rport_val; /**< its value, 0 if empty */
	struct slice val;   /**< the whole value */
};
/** One value; ERR_SYNTAX. */
int sip_via_decode(struct sip_via *v, struct slice s) MUST_CHECK;
/** True if the branch has the RFC 3261 magic cookie and more. */
bool sip_via_rfc3261(const struct sip_via *v);
/**
 * The value with received= and rport= set (for responses; RFC 3581 4, RFC 3261 18.2.1). `received` empty leaves it out;
 * rport is written where the sender asked for it, 0 leaves it as it was.
 */
void sip_via_encode_received(struct buf *b, const struct sip_via *v, struct slice received, uint16_t rport);

#endif
