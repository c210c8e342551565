/*
 * edge.h - the SIP edge of the call room: joins a SIP stack to calls, locations and secrets.
 *
 * The server's side of SIP: authenticates INVITE, REGISTER and others, runs the
 * registrar's protocol part, makes legs of incoming INVITEs and places outgoing ones.
 * The only files that see both sides are call/sip_*.c.
 * Thread: loop. Ownership: mem_deref.
 */
#ifndef OFFHOOK_CALL_EDGE_H
#define OFFHOOK_CALL_EDGE_H

#include "call/call.h"
#include "call/location.h"
#include "call/secret.h"

struct sip;
struct sip_ops;
struct edge;

struct edge_cfg {
	struct loop *loop;
	struct calls *calls;
	const char *realm;                 /**< chosen once at install; copied */
	const struct location_ops *location;
	void *location_arg;
	const struct secret_ops *secret;
	void *secret_arg;
	bool auth_invite;                  /**< ask 407 of INVITE (off only for benchmarks) */
	bool sha256_only;
	const struct sa *external_ip;      /**< for SDP towards peers outside; NULL none */
	const struct sa_net *local_nets;   /**< copied */
	size_t nlocal_nets;
	const char *const *domains;        /**< host names that are ours beside our addresses; copied */
	size_t ndomains;
};
/** New edge. The stack is made by the caller with edge_sip_ops() and the edge as arg, then given by edge_set_sip(). */
int edge_alloc(struct edge **ep, const struct edge_cfg *cfg) MUST_CHECK;
const struct sip_ops *edge_sip_ops(void);
void edge_set_sip(struct edge *e, struct sip *s);
/** Call a contact: new outgoing SIP leg, INVITE sent with `offer` (empty: delayed offer). Used by call_dial through calls_set_dialer. */
int edge_dial(struct edge *e, struct call *c, const struct contact *to, struct slice number, const struct party *caller,
	      struct slice offer, struct leg **lp) MUST_CHECK;

/** How the call engine reaches contacts and looks them up (set by edge_alloc for the server, by ua for itself). */
struct calls_dialer {
	int (*lookup)(struct slice aor, location_lookup_h *h, void *harg, void *arg);
	/** New outgoing leg without offer yet: gives ops and proto so that its streams can be made; then `invite`. */
	int (*leg)(struct leg **lp, struct call *c, const struct contact *to, struct slice number, const struct party *caller, void *arg);
	/** Send the INVITE of such a leg. */
	int (*invite)(struct leg *l, struct slice offer, void *arg);
};
void calls_set_dialer(struct calls *cs, const struct calls_dialer *d, void *arg);

#endif
