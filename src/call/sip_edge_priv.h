/*
 * sip_edge_priv.h - what the SIP adapters of this room share.
 *
 * Thread: loop.
 */
#ifndef OFFHOOK_CALL_SIP_EDGE_PRIV_H
#define OFFHOOK_CALL_SIP_EDGE_PRIV_H

#include "base/hash.h"
#include "call/call_priv.h"
#include "call/dtmf.h"
#include "call/edge.h"
#include "loop/guard.h"
#include "sip/auth.h"
#include "sip/inv.h"
#include "sip/trans.h"
#include "wire/sip/session_id.h"

enum { EDGE_DOMAINS_MAX = 16, EDGE_NETS_MAX = 32, EDGE_TIMER_S = 1800, EDGE_PATH_MAX = 600 };

struct edge {
	struct loop *loop;
	struct calls *calls;
	struct sip *sip; /**< NULL before edge_set_sip and after the stack's end */
	struct sip_auth *auth;
	char *realm;
	const struct location_ops *location;
	void *location_arg;
	const struct secret_ops *secret;
	void *secret_arg;
	bool (*admit)(const struct sa *src, void *arg);
	void *admit_arg;
	struct guard *guard; /**< or NULL */
	bool auth_invite;
	bool (*auth_dialog)(void *arg);
	void *auth_dialog_arg;
	uint32_t timer_s;
	bool (*always)(const char *dialled, void *arg);
	void *always_arg;
	void (*overload)(unsigned level, uint32_t lag_ms, void *arg);
	void *overload_arg;
	struct sa external;
	struct sa_net nets[EDGE_NETS_MAX];
	size_t nnets;
	char *domains[EDGE_DOMAINS_MAX];
	size_t ndomains;
	struct list updates;  /**< struct reg_update: REGISTERs that wait for the location */
	struct hash sessions; /**< struct sip_leg by Session-ID: callers' legs */
	struct hash flows;    /**< struct flow_hold: streams kept open for registrations */
	struct {
		struct timer timer;
		uint32_t at, parts;  /**< of the sweep */
		uint32_t seen, kept; /**< contacts met, those that were kept alive */
	} keep;
	struct list trunks; /**< struct strunk, see sip_trunk_priv.h */
};

/** State of a SIP leg. */
struct sip_leg {
	struct edge *edge; /**< referenced */
	struct leg *leg;
	struct sip_inv *inv;        /**< NULL before the INVITE of an outgoing leg */
	struct sip_dest *dest;      /**< where an outgoing leg's INVITE goes; NULL once it is out */
	bool follow_dest;           /**< the contact is behind NAT: stay at dest */
	bool delayed;               /**< our INVITE had no offer */
	bool asked;                 /**< our re-INVITE had no offer */
	bool renaming;              /**< our re-INVITE changes nothing but who the peer talks to */
	bool ack_due;               /**< its 2xx carried an offer: our answer goes into the ACK */
	struct rbuf *fix;           /**< offered once its ACK is here: its early answer says something else */
	struct sip_uuid session;    /**< Session-ID of the peer's end (RFC 7989); nil: it gave none */
	struct sip_uuid opposite;   /**< of the other end, as the peer was told it last */
	struct hlink session_le;    /**< in edge->sessions */
	struct sip_info *info;      /**< digits by INFO, NULL: there were none */
	struct strunk *trunk;       /**< referenced; NULL: a phone */
	struct strunk_try *servers; /**< of an outgoing call by a trunk: what is left to try; referenced */
	/** The subscription that a REFER of it made (RFC 3515 2.4.4). */
	struct {
		struct sip_strans *st; /**< REFER that is not answered yet */
		uint32_t id;           /**< CSeq of the REFER; 0: the first one */
		uint16_t next;         /**< waits for the answer to the NOTIFY before it */
		bool active, busy, several;
	} refer;
};

extern const struct leg_ops sip_leg_ops;
extern const struct sip_inv_ops sip_leg_inv_ops;

/* sip_edge.c */
/** Does this URI name us: one of our names (any name, if none is configured), or an address of ours? `msg` came to us
 * with it. */
bool edge_is_self(const struct edge *e, const struct sip_msg *msg, const struct sip_uri *uri);
/** May a request be meant for us, by the host of its Request-URI or To? edge_is_self, tel:, and addresses behind which
 * we may sit. */
bool edge_is_ours(const struct edge *e, const struct sip_msg *msg, const struct sip_uri *uri);
/** Authenticate a request. True: `user` (128 bytes) is proven. False: it has been answered. */
bool edge_auth(struct edge *e, struct sip_strans *st, const struct sip_msg *msg, bool proxy, char user[128]);
/** Somebody without credentials asked about this user and was challenged, or got the answer that everybody gets. */
void edge_asked(struct edge *e, const struct sip_msg *msg, const struct sip_uri *about);
/** User part of a URI without escapes; false if it does not fit, is empty or not UTF-8. */
bool edge_user(char *dst, size_t size, const struct sip_uri *uri);
/** Addresses for SDP towards a destination (design: external only when the peer is outside). */
void edge_sdp_ip(const struct edge *e, const struct sip_dest *d, struct sa *advertise, struct sa *bind);
/** Answer with one header line. */
void edge_reply_hdr(struct sip_strans *st, uint16_t scode, enum sip_hdr_id id, const char *val);

/* sip_registrar.c */
void edge_register(struct edge *e, struct sip_strans *st, const struct sip_msg *msg);
/** A stream is gone. */
void edge_flow_closed(struct edge *e, uint64_t flow);
/** The edge goes away. */
void edge_registrar_end(struct edge *e);

/* sip_bindings.c */
/** What a REGISTER wants of one contact list; see sip_bindings.c. Returns 0 or the status code of the refusal with its
 * words. `path` holds what the contacts' Path points to. */
uint16_t edge_bindings(struct edge *e, const struct sip_msg *msg, struct contact c[LOCATION_MAX],
		       struct location_update *u, const char **why, char path[EDGE_PATH_MAX]);

/** The Path values of a REGISTER (RFC 3327), joined in `mem`; false: too long, or no addresses. */
bool edge_path_read(const struct sip_msg *msg, char mem[EDGE_PATH_MAX], struct slice *path);
/** Its Path for the 200, when the phone understands that. `msg` may be NULL. */
void edge_path_answer(struct buf *b, const struct sip_msg *msg);
/** The Route of a call to the contact. */
void edge_path_route(struct buf *b, const struct contact *c);

/* sip_flow.c */
/** Keep a stream open until `expires_ms` (wall clock) for a registration. */
void edge_flow_hold(struct edge *e, uint64_t flow, int64_t expires_ms);
void edge_flows_end(struct edge *e);
/** Keep phones behind NAT reachable (sip_keepalive.c): begin to go round, unless it does. */
void edge_keep_start(struct edge *e);
/** A registration: it may need that. */
void edge_keep_note(struct edge *e, const struct location *now);
void edge_keep_end(struct edge *e);

/* sip_invite.c */
void edge_invite(struct edge *e, struct sip_strans *st, const struct sip_msg *msg);

/* sip_dial.c */
extern const struct calls_dialer edge_dialer;
/** Where a registered contact is reached; follow: stay there whatever it says. ENOENT (host is a name), ENOTSUP. */
int edge_contact_dest(const struct edge *e, const struct contact *c, struct sip_dest *d, bool *follow) MUST_CHECK;
/** May a leg of this call go there? A call to a sips: address goes by TLS (RFC 5630). */
bool edge_secure_enough(const struct call *c, const struct sip_dest *d);

/* sip_other.c */
void edge_other(struct edge *e, struct sip_strans *st, const struct sip_msg *msg);
/** A request within the dialog of a leg. */
void edge_in_dialog(struct sip_leg *sl, struct sip_strans *st, const struct sip_msg *msg);

/* sip_info.c */
/** As leg_ops.digit and leg_ops.takes_digits. */
int sip_info_digit(struct leg *l, char digit, uint32_t ms) MUST_CHECK;
bool sip_info_takes(const struct leg *l);
/** INFO in the dialog of a leg. */
void sip_info_in(struct sip_leg *sl, struct sip_strans *st, const struct sip_msg *msg);

/* sip_headers.c */
/** Header lines of `msg` that go onward to the other side; NULL if there are none. */
struct rbuf *edge_pass_headers(const struct sip_msg *msg);
/** Those lines for one leg; `trusted`: both sides are. */
void sip_headers_enc(struct buf *b, struct slice pass, bool trusted);

/* sip_refer.c */
/** REFER in the dialog of a leg. */
void edge_refer(struct sip_leg *sl, struct sip_strans *st, const struct sip_msg *msg);
/** As leg_ops.transfer_state. */
void sip_leg_transfer_state(struct leg *l, uint16_t code);
/** The leg is hung up next: say what is left to be said. */
void sip_leg_refer_end(struct sip_leg *sl);

/* sip_replaces.c */
struct sip_replaces;
/** The leg of a dialog of ours, or NULL. */
struct leg *edge_find_leg(const struct edge *e, const struct sip_replaces *r);
/** INVITE with Replaces of a party who proved to be `p`. */
void edge_replace(struct edge *e, struct sip_strans *st, const struct sip_msg *msg, const struct party *p);

/* sip_session_ext.c: session timers, and descriptions that were agreed on before the answer */
void sip_leg_timer(const struct edge *e, struct sip_inv_timer *t, bool prefer_peer);
/** What a 2xx to a caller carries, whose early answer may be fixed already. */
struct slice sip_leg_answer_sdp(struct sip_leg *sl, struct slice sdp);
/** Its ACK is here. */
void sip_leg_fix(struct sip_leg *sl);
/** The description that counts in an answer to our INVITE; empty if there is none. */
struct slice sip_leg_said(struct sip_leg *sl, const struct sip_msg *rsp);
int sip_leg_current(struct sip_inv *i, struct buf *sdp, void *arg);
void sip_leg_refreshed(struct sip_inv *i, const struct sip_msg *rsp, void *arg);

/* sip_reauth.c */
/** sip_inv_ops.admit of the legs: may this request in a call be carried out? */
bool sip_leg_admit(struct sip_inv *i, struct sip_strans *st, const struct sip_msg *req, void *arg);

/* sip_leg.c */
int sip_leg_new(struct sip_leg **sp, struct edge *e) MUST_CHECK;
/** Where the INVITE of an outgoing leg will go; forgotten once it is out. ENOMEM. */
int sip_leg_aim(struct sip_leg *sl, const struct sip_dest *d) MUST_CHECK;
/** Send it. Errors of sip_inv_connect(). */
int sip_leg_connect(struct sip_leg *sl, struct sip_inv_call *call) MUST_CHECK;
/** The peer's device name, once its messages told it. */
void sip_leg_device(struct sip_leg *sl);

#endif
