/*
 * locate.h - finding SIP servers (RFC 3263): from a URI to an ordered list of transports and addresses, by NAPTR, SRV
 * with weights, A and AAAA; and the memory of targets that did not answer.
 *
 * Thread: the stack's loop. Ownership: the lookup is the caller's; mem_deref cancels it, and nothing is called then.
 * Answers come by call-back, never within the call. A dead resolver delays nothing else.
 */
#ifndef OFFHOOK_SIP_LOCATE_H
#define OFFHOOK_SIP_LOCATE_H

#include "sip/sip.h"

struct sip_locate;

enum { SIP_TARGETS_MAX = 16 };

/** Where a URI leads, in the order to try: targets known to be dead stand last. */
struct sip_targets {
	struct sip_dest v[SIP_TARGETS_MAX];
	size_t n;
	uint32_t ttl_s; /**< how long this may be kept, s */
};
/**
 * err 0: `t` has at least one target. ENOENT: no such host or service; ETIMEDOUT: the name servers did not answer;
 * ENOTSUP: no transport that both speak; `why` is a sentence for people (with the name), NULL when err is 0.
 */
typedef void(sip_locate_h)(int err, const char *why, const struct sip_targets *t, void *arg);

/** What may be asked beside the URI. */
struct sip_locate_opts {
	enum sip_transp tp; /**< only this transport; SIP_TRANSP_NONE: as the URI and the DNS say */
	bool tls_any;       /**< with TLS: take any certificate (sip_dest.tls_any of the results) */
};
/** Find the servers of `uri` (copied): literal addresses need no DNS but answer in the same way. ENOMEM, ENOTSUP. */
int sip_locate(struct sip_locate **lp, struct sip *s, const struct sip_uri *uri, const struct sip_locate_opts *o,
	       sip_locate_h *h, void *arg) MUST_CHECK;

/** `d` did not answer (or refused to work): it stands last in answers for `ms` (0 = 60,000), doubling with repetition
 * up to 10 minutes. */
void sip_target_dead(struct sip *s, const struct sip_dest *d, uint32_t ms);
/** `d` answered: it is alive again. */
void sip_target_alive(struct sip *s, const struct sip_dest *d);
/** Is it remembered as dead? */
bool sip_target_is_dead(const struct sip *s, const struct sip_dest *d);

#endif
