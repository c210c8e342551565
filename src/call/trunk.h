/*
 * trunk.h - the noun "trunk": a line to a provider or another phone system, whatever protocol it speaks.
 *
 * The PBX says what a trunk is (struct trunk_cfg) and asks for calls on it (dial_target.trunk of call.h); a protocol
 * adapter (call/sip_trunk.c and its family) registers with the provider, checks its servers, knows which incoming calls
 * are of it, makes the legs, and tells how it is (struct trunk_status) in words that people understand.
 * Limits, routes and numbers are the owner's business.
 * Thread: loop. Ownership: mem_deref ends a trunk (unregisters); its calls go on.
 */
#ifndef OFFHOOK_CALL_TRUNK_H
#define OFFHOOK_CALL_TRUNK_H

#include "call/call.h"

struct trunk;

enum { TRUNK_SERVERS_MAX = 8, TRUNK_HISTORY = 32 };

enum trunk_tls {
	TRUNK_TLS_VERIFY, /**< where TLS is used, the certificate must be good for the server's name */
	TRUNK_TLS_ANY     /**< encrypt, but take any certificate (a box with one of its own making) */
};
/** How our number travels to the provider. */
enum trunk_identity {
	TRUNK_ID_FROM, /**< in From alone */
	TRUNK_ID_PAI,  /**< P-Asserted-Identity (RFC 3325), From as well */
	TRUNK_ID_PPI,  /**< P-Preferred-Identity (RFC 3325) */
	TRUNK_ID_RPID  /**< Remote-Party-ID */
};

/** Which part of an incoming INVITE names the number that is called. */
enum trunk_number {
	TRUNK_NUM_AUTO, /**< the Request-URI; To where the Request-URI is only what we registered */
	TRUNK_NUM_RURI,
	TRUNK_NUM_TO,
	TRUNK_NUM_PCPID /**< P-Called-Party-ID (RFC 7315), where it is sent; else as TRUNK_NUM_AUTO */
};

/** One server: "sip.provider.example", "203.0.113.5:5080" ... */
struct trunk_server {
	struct slice host; /**< name (RFC 3263) or literal address, without port */
	uint16_t port;     /**< 0: by SRV, or the default */
	uint16_t priority; /**< lower first; servers of one priority share by weight */
	uint16_t weight;   /**< 0 = 1 */
};

struct trunk_cfg {
	struct slice name;   /**< unique */
	struct slice transp; /**< "udp" "tcp" "tls", or "" = as DNS says, UDP without a word */
	struct trunk_server server[TRUNK_SERVERS_MAX];
	size_t nservers;
	struct slice domain; /**< host part of our From, To and registrar URI; empty: the first server's host */
	bool registers;      /**< register with the provider */
	uint32_t expires_s;  /**< asked for, 0 = 3600 */
	struct slice user, auth_user,
		password; /**< user: of the AoR; auth_user empty: as user; password may be empty */
	/** User part of From in registrations and checks, empty: user. If it is set and the identity travels in a
	 * header of its own, From of calls has it, too. */
	struct slice from_user;
	enum trunk_identity identity;
	bool trusted; /**< takes and gives asserted identities though privacy is asked for */
	enum trunk_tls tls;
	struct slice codecs;   /**< "PCMA,PCMU": offered in this order and nothing else; empty: as the caller offers */
	struct sa_net from[8]; /**< calls from these addresses are of this trunk beside those of its servers' own */
	size_t nfrom;
	bool accepts; /**< calls may come in by it */
	/** The peer may prove itself with this password and the trunk's name as user (another phone system that
	 * authenticates to us); empty: it cannot. */
	struct slice secret_in;
	enum trunk_number number_from; /**< where a call that comes in says whom it wants */
	uint32_t check_s;              /**< OPTIONS this often, 0 = never */
	uint32_t answer_ms; /**< an INVITE without any sign for this long goes to the next server; 0 = 4000 */
};

enum trunk_state {
	TRUNK_STARTING,
	TRUNK_UP,
	TRUNK_DEGRADED, /**< works, but a server of it does not */
	TRUNK_DOWN
};
/** One check or registration, newest first in trunk_status. */
struct trunk_event {
	int64_t at_ms;  /**< wall clock */
	uint16_t scode; /**< 0: no answer */
	uint32_t rtt_ms;
	char what[16]; /**< "options" "register" "invite" */
	char text[96]; /**< in words */
};
/** How it is. */
struct trunk_status {
	enum trunk_state state;
	char words[200]; /**< one sentence: "registered with sip.example (203.0.113.5, tls) until 14:03", "sip.example
			    refuses the password (403 Forbidden)" */
	char server[80]; /**< in use now: "name (address:port, transport)" */
	uint32_t rtt_ms; /**< of the last answer, 0 = unknown */
	int64_t registered_ms;               /**< until, wall clock; 0 = not */
	uint32_t messages_new, messages_old; /**< waiting with the provider (RFC 3842) */
	bool has_messages;
	bool checking; /**< a check or registration is on its way */
	bool registers;
	struct trunk_event history[TRUNK_HISTORY];
	size_t nhistory;
};
/** What a trunk tells its owner; members may be NULL. */
struct trunk_ops {
	/** State or words changed. */
	void (*changed)(struct trunk *t, void *arg);
};

/** A call that goes out by a trunk; valid during the call. */
struct trunk_call {
	const char *number;         /**< what is sent */
	const struct party *caller; /**< shown */
	size_t ndiverted;           /**< the first so many of call->diverted are told */
	const struct leg *after;    /**< the leg whose server failed: its next server is wanted. NULL: the best one */
};
/** What a protocol does for trunks; set once per protocol by its adapter. Adapters see trunk_priv.h as well. */
struct trunk_driver {
	const char *proto; /**< "sip" */
	int (*open)(struct trunk *t, const struct trunk_cfg *cfg, void *arg);
	int (*set)(struct trunk *t, const struct trunk_cfg *cfg);
	void (*close)(struct trunk *t);
	/** New outgoing leg on it (as calls_dialer.leg). ENOENT: no server is left to try; EHOSTUNREACH: none is known.
	 */
	int (*leg)(struct leg **lp, struct call *c, struct trunk *t, const struct trunk_call *tc);
	/** Send the INVITE of such a leg; empty offer: delayed offer. */
	int (*invite)(struct leg *l, const struct trunk_call *tc, struct slice offer);
	void (*status)(const struct trunk *t, struct trunk_status *st);
	/** Check or register now. */
	void (*test)(struct trunk *t);
};
void calls_set_trunk_driver(struct calls *cs, const struct trunk_driver *d, void *arg);

/** New trunk. ENOMEM, ENOTSUP (no driver), EINVAL. */
int trunk_alloc(struct trunk **tp, struct calls *cs, const struct trunk_cfg *cfg, const struct trunk_ops *ops,
		void *arg) MUST_CHECK;
/** New settings: what differs takes effect, a registration that is the same goes on. */
int trunk_set(struct trunk *t, const struct trunk_cfg *cfg) MUST_CHECK;
void trunk_status(const struct trunk *t, struct trunk_status *st);
/** Check the servers, and register if the trunk does, now: trunk_status.checking tells when it is done. */
void trunk_test(struct trunk *t);
const char *trunk_name(const struct trunk *t);
void *trunk_arg(const struct trunk *t);

#endif
