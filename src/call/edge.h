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
struct guard;
struct edge;

struct edge_cfg {
	struct loop *loop;
	struct calls *calls;
	const char *realm; /**< chosen once at install; copied */
	const struct location_ops *location;
	void *location_arg;
	const struct secret_ops *secret;
	void *secret_arg;
	bool auth_invite; /**< ask 407 of INVITE (off only for benchmarks) */
	bool sha256_only;
	/**
	 * Ask 407 of re-INVITE, UPDATE and REFER within calls of phones as well, for who knows a dialog's names could
	 * send them. Otherwise, and when it is NULL: of REFER only, and not when it comes by TLS or from where its call
	 * was proven.
	 */
	bool (*auth_dialog)(void *arg);
	void *auth_dialog_arg;
	uint32_t timer_s;                /**< session timer asked of phones (RFC 4028), s; 0 = 1800 */
	const struct sa *external_ip;    /**< for SDP towards peers outside; NULL none */
	const struct sa_net *local_nets; /**< copied */
	size_t nlocal_nets;
	const char *const *domains; /**< host names that are ours beside our addresses; copied */
	size_t ndomains;
	bool (*admit)(const struct sa *src, void *arg); /**< asked for each message; false drops it (bans); NULL: all */
	void *admit_arg;
	/** Is this number one that is called whatever happens (emergency)? NULL: none is. */
	bool (*always)(const char *dialled, void *arg);
	void *always_arg;
	/** Overload: see sip_ops. NULL: nobody wants to know. */
	void (*overload)(unsigned level, uint32_t lag_ms, void *arg);
	void *overload_arg;
	struct guard *guard; /**< told of good and bad passwords; referenced; NULL: none. The stack asks it itself */
};
/**
 * New edge; makes itself the dialer of `calls`. ENOMEM. The stack is made by the caller with edge_sip_ops() and the
 * edge as arg, then given by edge_set_sip(). End: drain the calls, mem_deref the stack, then the calls, then the edge.
 */
int edge_alloc(struct edge **ep, const struct edge_cfg *cfg) MUST_CHECK;
const struct sip_ops *edge_sip_ops(void);
/** Another external address (NULL: none) and other networks of our own, for calls from now on. ERR_LIMIT. */
int edge_set_addresses(struct edge *e, const struct sa *external_ip, const struct sa_net *nets, size_t n) MUST_CHECK;
/** Join the stack; allows INFO and UPDATE in dialogs. NULL before the stack goes away. */
void edge_set_sip(struct edge *e, struct sip *s);

#endif
