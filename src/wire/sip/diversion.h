/*
 * diversion.h - one value of the Diversion header (RFC 5806 10): who diverted the call before it came here, newest
 * first in a message.
 *
 * Thread: any. Ownership: slices.
 */
#ifndef OFFHOOK_WIRE_SIP_DIVERSION_H
#define OFFHOOK_WIRE_SIP_DIVERSION_H

#include "wire/sip/addr.h"

struct sip_diversion {
	struct sip_addr addr;
	struct slice reason;  /**< "user-busy" "no-answer" "unconditional" ..., with its quotes off; empty if absent */
	struct slice privacy; /**< "full" "name" "uri" "off", quotes off; empty if absent */
	uint32_t counter;     /**< diversions it stands for, 1 if absent or broken */
	uint32_t limit;       /**< diversions allowed, 0 if absent */
};

/** One value; ERR_SYNTAX. */
int sip_diversion_decode(struct sip_diversion *d, struct slice s) MUST_CHECK;
/** Writes addr without its parameters, then ours: those that are set, counter when above 1. */
void sip_diversion_encode(struct buf *b, const struct sip_diversion *d);
/** It may not be shown to people ("full", "uri"). */
bool sip_diversion_hidden(const struct sip_diversion *d);

#endif
