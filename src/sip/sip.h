/*
 * sip.h - the SIP stack: transports, and where requests that open something new are handed over.
 *
 * A received message goes: transport -> transaction layer (retransmissions and
 * responses end there) -> dialogs and their INVITE sessions -> the application
 * (struct sip_ops). One stack lives on one loop thread; everything of this room
 * runs there. SDP bodies are bytes here.
 * Ownership: the stack owns listeners, connections and transactions; objects
 * given to the caller are released with mem_deref.
 */
#ifndef OFFHOOK_SIP_SIP_H
#define OFFHOOK_SIP_SIP_H

#include "base/rbuf.h"
#include "base/sa.h"
#include "base/trace.h"
#include "loop/loop.h"
#include "wire/sip/msg.h"

struct dns;
struct sip;
struct sip_strans;
struct guard;
struct tls;

/** What a new call counts when there is more to do than can be done. */
enum sip_weight {
	SIP_WEIGHT_PHONE, /**< 503 with Retry-After: it tries again in a few seconds */
	SIP_WEIGHT_TRUNK, /**< 503 without: Retry-After would stop the whole line, as it is for the server */
	SIP_WEIGHT_ALWAYS /**< served whatever happens (emergency) */
};

/** What the application answers for; every member may be NULL. */
struct sip_ops {
	/**
	 * A request outside of any dialog that passed the checks of RFC 3261 8.2 (ACK never comes here; CANCEL is done
	 * by the transaction layer). The server transaction is made already; answer it with sip_reply() now or later.
	 * Not called for methods that the stack answers itself.
	 */
	void (*request)(struct sip_strans *st, const struct sip_msg *msg, void *arg);
	/** Asked before all else for each message from `src`; false drops it silently (bans, budgets). */
	bool (*admit)(enum sip_transp tp, const struct sa *src, void *arg);
	/** A stream to `peer` broke or closed: contacts on it cannot be reached any more. `flow` names it (see
	 * sip_dest). */
	void (*flow_closed)(uint64_t flow, const struct sa *peer, void *arg);
	/** Asked about an INVITE outside of dialogs in overload. NULL: SIP_WEIGHT_PHONE. */
	enum sip_weight (*weigh)(const struct sip_msg *msg, void *arg);
	/** Overload begins (level 1: strangers are kept short; 2: new calls are refused) or ends (0). `lag_ms`: how
	 * late we are. */
	void (*overload)(unsigned level, uint32_t lag_ms, void *arg);
};

struct sip_cfg {
	struct loop *loop;
	const char *software; /**< User-Agent and Server value; copied */
	uint32_t t1, t2, t4;  /**< ms; 0 = 500, 4000, 5000 (RFC 3261 17.1.1.1) */
	uint32_t max_conns;   /**< streams at once, 0 = 10000 */
	uint32_t max_trans;   /**< transactions at once, 0 = 100000: beyond half, finished ones that only absorb
				 retransmissions go early; new calls get 503 beyond four fifths, all new requests
				 beyond it */
	struct tls *tls;      /**< loop/tls.h: for SIP_TRANSP_TLS; NULL: none. Must outlive the stack */
	uint32_t tcp_idle_s;  /**< idle streams are closed after this, 0 = 3600; never while a registration or dialog
				 uses them */
	struct guard *guard;  /**< asked before all else, for each message and connection; referenced; NULL: none */
};

/** New stack; ENOMEM. mem_deref ends it: no call-backs after. */
int sip_alloc(struct sip **sp, const struct sip_cfg *cfg, const struct sip_ops *ops, void *arg) MUST_CHECK;
/** Listen; several listeners of each kind. EADDRINUSE ... For SIP_TRANSP_UDP, _TCP and _TLS (ENOTSUP without
 * sip_cfg.tls). */
int sip_listen(struct sip *s, enum sip_transp tp, const struct sa *local) MUST_CHECK;
/** Listen there no longer; connections that were made stay. ENOENT. */
int sip_unlisten(struct sip *s, enum sip_transp tp, const struct sa *local) MUST_CHECK;
/** Call `fn` for each listener. */
void sip_listeners(const struct sip *s, void (*fn)(enum sip_transp tp, const struct sa *local, void *arg), void *arg);
/** TLS for a stack that was made without; before its first listener or connection of that kind. NULL takes it back. */
void sip_set_tls(struct sip *s, struct tls *t);
/** Its loop. */
struct loop *sip_loop(const struct sip *s);
/** What we say our address is, when a peer outside `local nets` is addressed (Via, Contact). Unset address = none. */
void sip_set_external(struct sip *s, const struct sa *ip);
/** Networks that are ours: no external address towards them. Copied; ENOMEM. */
int sip_set_local_nets(struct sip *s, const struct sa_net *v, size_t n) MUST_CHECK;
/** The resolver to ask for names (referenced); without one the stack makes its own with the system's settings. */
void sip_set_dns(struct sip *s, struct dns *d);
/* A stream of another room (WebSocket) joins by sip_stream_add() of transp.h. */

/** Where a message goes: transport, address, and the flow to prefer (RFC 5626: an open stream, or the UDP socket it
 * came in by). */
struct sip_dest {
	enum sip_transp tp;
	struct sa addr;  /**< remote */
	struct sa local; /**< our address to send from; may be unset */
	uint64_t flow;   /**< connection id, 0 = none; a dead flow makes a new connection to addr (streams) */
	uint16_t host; /**< sip_host_intern(): the name that TLS must prove (RFC 5922) and that is sent as SNI; 0: addr
			*/
	bool tls_any;  /**< with TLS: take any certificate; the peer's policy says so */
	bool sips;     /**< secured by a sips: URI: our Contact is one too (RFC 5630 4) */
};
/**
 * A small number for a host name, for sip_dest.host: names are few (providers) and stay for the life of the stack. The
 * same name, case ignored, gives the same number. 0 when 65,535 are in use or memory is out.
 */
uint16_t sip_host_intern(struct sip *s, struct slice name);
/** The name of a number; empty for 0. */
struct slice sip_host_name(const struct sip *s, uint16_t host);
/**
 * Why the last TLS connection to this destination (address, name) failed: a sentence, good until the next connection
 * fails. NULL: none failed lately, or a later one succeeded. The last 64 are remembered.
 */
const char *sip_tls_why(const struct sip *s, const struct sip_dest *d);
/** Came this message by TLS from a peer that proved, by a certificate that we trust, to be this host (RFC 5922)? */
bool sip_msg_proves(const struct sip_msg *m, struct slice host);
/** Where the answers to, and later requests on the flow of, a received message go. */
void sip_dest_from_msg(struct sip_dest *d, const struct sip_msg *msg);
/**
 * Destination of a URI: literal address, port and transport parameter (RFC 3261 18.1, 19.1.1; RFC 3263 4 for literal
 * addresses; RFC 5630 for sips:). ENOENT: the host is a name (locate.h finds those); ENOTSUP: scheme or transport we do
 * not speak.
 */
int sip_dest_from_uri(struct sip_dest *d, const struct sip *s, const struct sip_uri *uri) MUST_CHECK;
/** Our address as `dest` sees it, for Contact and Via: fills sent-by with the port of the matching listener.
 * EADDRNOTAVAIL. */
int sip_local_for(struct sip *s, const struct sip_dest *dest, struct sa *addr) MUST_CHECK;
/** "<sip:user@addr;transport=tcp>", or "<sips:user@addr>" where dest->sips says so, for our Contact towards `dest`;
 * `user` may be empty. */
int sip_enc_contact(struct buf *b, struct sip *s, const struct sip_dest *dest, struct slice user) MUST_CHECK;

/** The address of that Contact: sip_local_for(), or what the server at `dest` sees of us. EADDRNOTAVAIL. */
int sip_contact_for(struct sip *s, const struct sip_dest *dest, struct sa *addr) MUST_CHECK;
/** CRLF CRLF as a datagram to `dest` (UDP): keeps a NAT's mapping alive; nobody answers it. */
void sip_ping(struct sip *s, const struct sip_dest *dest);

/** Hold / release a flow so that it is not closed as idle. A dead or zero flow is fine. */
void sip_flow_hold(struct sip *s, uint64_t flow);
void sip_flow_release(struct sip *s, uint64_t flow);

/** Numbers for status and leak checks. */
struct sip_stats {
	size_t conns, server_trans, client_trans, dialogs;
	uint64_t rx, tx, retrans_rx, retrans_tx, dropped;
};
void sip_stats(const struct sip *s, struct sip_stats *st);

/** Capture: `t` is told of every message sent and received, whole (base/trace.h), and outlives the stack. NULL ends it.
 */
void sip_set_trace(struct sip *s, const struct trace_sink *t);

/** Methods this stack's user supports beside INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER; others get 405/501 with Allow
 * (RFC 3261 8.2.1). Default: none. */
void sip_allow(struct sip *s, enum sip_method m);
/** Option tags supported (Supported header and Require check, 420). Default: none. `tag` is static. */
void sip_support(struct sip *s, const char *tag);

#endif
