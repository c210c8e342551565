/*
 * via_priv.h - for msg.c: a Via whose parameters are bad may still say where an answer goes.
 *
 * Thread: any. Ownership: slices.
 */
#ifndef OFFHOOK_WIRE_SIP_VIA_PRIV_H
#define OFFHOOK_WIRE_SIP_VIA_PRIV_H

#include "wire/sip/via.h"

/** As sip_via_decode, but what was read stays in *v on ERR_SYNTAX; *usable: transport and sent-by are good. */
int sip_via_decode_part(struct sip_via *v, struct slice s, bool *usable) MUST_CHECK;

#endif
