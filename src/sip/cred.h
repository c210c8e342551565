/*
 * cred.h - one client's credentials and what it has learned of challenges: shared by sessions and registrations.
 *
 * Private to the room. Thread: the stack's loop. Ownership: mem_deref; the secret is wiped.
 */
#ifndef OFFHOOK_SIP_CRED_H
#define OFFHOOK_SIP_CRED_H

#include "sip/auth.h"

struct cred;
/** Copy credentials; ENOMEM. */
int cred_alloc(struct cred **cp, const struct sip_cred *c) MUST_CHECK;
/** A 401 or 407: 0 if the request may be sent again with an answer to it; ERR_AUTH (also for `c` NULL), ENOTSUP,
 * ENOMEM. */
int cred_challenge(struct cred *c, const struct sip_msg *rsp) MUST_CHECK;
/** Authorization lines for a request; writes nothing for `c` NULL or before a challenge. */
int cred_enc(struct cred *c, struct buf *b, enum sip_method m, struct slice uri) MUST_CHECK;

#endif
