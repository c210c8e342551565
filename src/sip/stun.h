/*
 * stun.h - STUN on the SIP port (RFC 5626 4.4.2, 8; RFC 8489): binding requests of phones are answered, and we ask a
 * server where it sees us, which keeps the way through NATs open as well.
 *
 * Thread: loop. Ownership: a question is the caller's; mem_deref gives it up, and nothing is called then. It must be
 * dereferenced before the stack ends.
 */
#ifndef OFFHOOK_SIP_STUN_H
#define OFFHOOK_SIP_STUN_H

#include "sip/sip.h"

struct sip_stun;
/** err 0: `mapped` is our address as the server sees it. ETIMEDOUT: no answer; ERR_SYNTAX: an answer that refuses. */
typedef void(sip_stun_h)(int err, const struct sa *mapped, void *arg);

/** Ask the server at `d` (UDP), from the socket that SIP to it leaves by. At most 7 times in 39.5 s. EADDRNOTAVAIL,
 * ENOMEM. */
int sip_stun_ask(struct sip_stun **xp, struct sip *s, const struct sip_dest *d, sip_stun_h *h, void *arg) MUST_CHECK;

#endif
