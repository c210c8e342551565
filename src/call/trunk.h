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
		password;       /**< user: of the AoR; auth_user empty: as user; password may be empty */
	struct slice from_user; /**< user part of From in registrations and checks; empty: user */
	enum trunk_identity identity;
	bool trusted; /**< takes and gives asserted identities though privacy is asked for */
	enum trunk_tls tls;
	struct slice codecs;   /**< "PCMA,PCMU": offered in this order and nothing else; empty: as the caller offers */
	struct sa_net from[8]; /**< calls from these addresses are of this trunk beside those of its servers' own */
	size_t nfrom;
	bool accepts;       /**< calls may come in by it */
	uint32_t check_s;   /**< OPTIONS this often, 0 = never */
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
	struct trunk_event history[TRUNK_HISTORY];
	size_t nhistory;
};
/** What a trunk tells its owner; members may be NULL. */
struct trunk_ops {
	/** State or words changed. */
	void (*changed)(struct trunk *t, void *arg);
};

/** What a protocol does for trunks; set once per protocol by its adapter. */
struct trunk_driver {
	const char *proto; /**< "sip" */
	int (*open)(struct trunk *t, const struct trunk_cfg *cfg, void *arg);
	void (*close)(struct trunk *t);
	/** New outgoing leg on it (as calls_dialer.leg); `number` is what is sent. */
	int (*leg)(struct leg **lp, struct call *c, struct trunk *t, const char *number, const struct party *caller);
	int (*invite)(struct leg *l, struct slice offer);
	void (*status)(const struct trunk *t, struct trunk_status *st);
};
void calls_set_trunk_driver(struct calls *cs, const struct trunk_driver *d, void *arg);

/** New trunk. ENOMEM, ENOTSUP (no driver), EINVAL. */
int trunk_alloc(struct trunk **tp, struct calls *cs, const struct trunk_cfg *cfg, const struct trunk_ops *ops,
		void *arg) MUST_CHECK;
/** New settings: what differs takes effect, a registration that is the same goes on. */
int trunk_set(struct trunk *t, const struct trunk_cfg *cfg) MUST_CHECK;
void trunk_status(const struct trunk *t, struct trunk_status *st);
const char *trunk_name(const struct trunk *t);
void *trunk_arg(const struct trunk *t);

#endif
