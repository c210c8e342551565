/*
 * reg.h - client registrations (RFC 3261 10.2): register, refresh before expiry, 401/407, 423, retry with backoff,
 * unregister.
 *
 * Thread: loop. Ownership: mem_deref unregisters (one try) and detaches.
 */
#ifndef OFFHOOK_SIP_REG_H
#define OFFHOOK_SIP_REG_H

#include "sip/auth.h"

struct sip_reg;
/**
 * After every final response and failure: scode (0 with err set on time-out or transport error), expiry granted in s (0
 * when unregistered or refused; the next try is timed already). err ERR_AUTH with 401, 407: the password is wrong. The
 * handler may deref `r`.
 */
typedef void(sip_reg_h)(struct sip_reg *r, int err, uint16_t scode, uint32_t expires, const struct sip_msg *rsp,
			void *arg);

struct sip_reg_cfg {
	struct slice registrar; /**< Request-URI "sip:host" */
	/**
	 * Look for the servers of `registrar` (RFC 3263) and try them in order: the next one after 8 s of silence, a
	 * broken connection or 503. `dest` has the transport to use then (SIP_TRANSP_NONE: as URI and DNS say) and
	 * tls_any.
	 */
	bool find;
	struct sip_dest dest; /**< where to, without `find` */
	struct slice aor;     /**< To and From URI */
	struct slice contact_user;
	struct slice contact_params; /**< ";q=0.5" or empty */
	uint32_t expires;            /**< s, 0 = 3600; raised to what a 423 asks for */
	struct sip_cred cred;
};
/**
 * Start; slices are copied. Refreshed when 80 to 90 % of the expiry is over. After failures the wait doubles from 4 s
 * (trouble, 5xx) or 30 s (refusals) to 10 minutes, each time half of it by chance; Retry-After is added. A stream is
 * held open, and registered over anew when it closes or does not answer keep-alives. ENOMEM, and what sip_request()
 * says.
 */
int sip_reg_start(struct sip_reg **rp, struct sip *s, const struct sip_reg_cfg *c, sip_reg_h *h, void *arg) MUST_CHECK;
/** Register with another server, at once: the old one gets nothing more. Its Request-URI stays. */
void sip_reg_move(struct sip_reg *r, const struct sip_dest *d);
/** Unregister and end: the reference is given away; a challenge is answered, nothing is told any more. */
void sip_reg_leave(struct sip_reg *r);
/** The server in use; its address is not set before it is found. */
const struct sip_dest *sip_reg_dest(const struct sip_reg *r);
/** With `find`: a sentence about the last look-up that failed; "" if none did. */
const char *sip_reg_why(const struct sip_reg *r);
/** Unregister now (Expires: 0); the handler tells the result. */
void sip_reg_stop(struct sip_reg *r);

#endif
