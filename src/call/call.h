/*
 * call.h - legs, calls and dialling: what every protocol shares.
 *
 * A leg is one party's side of a call. A protocol adapter (sip_leg.c) makes it and
 * implements struct leg_ops. A call ties its legs together, has one id that every
 * log line and record carries, joins the media of two legs, carries offers and
 * answers from one to the other, and ends as a call record. Who is to be called is
 * decided by the owner of struct call_ops (the PBX, or the user-agent library).
 * Thread: loop. Ownership: the call owns its legs; a call lives until its last leg
 * is gone and its record is handed over. Call-backs are last statements.
 */
#ifndef OFFHOOK_CALL_CALL_H
#define OFFHOOK_CALL_CALL_H

#include "base/rbuf.h"
#include "base/sa.h"
#include "call/location.h"
#include "call/record.h"
#include "loop/fiber.h"
#include "media/media.h"

struct calls;   /* the engine: all calls of a process */
struct call;
struct leg;

/** Why a leg or call ends: a SIP status code says it for every protocol (200 = normal clearing). */
struct hangup {
	uint16_t code;        /**< 200 normal, 486 busy, 480 unavailable, 487 cancelled, 408 no answer, 404, 603 ... */
	const char *text;     /**< plain words for record and log, static */
	bool elsewhere;       /**< answered by another branch: Reason: SIP;cause=200 */
};

enum leg_state { LEG_NEW, LEG_RINGING, LEG_ANSWERED, LEG_HELD, LEG_ENDED };
enum { LEG_MEDIA_MAX = 8 }; /**< m-lines carried; further ones are refused (port 0) */

/** A session description as bytes; SDP whatever the protocol. */
struct desc {
	struct rbuf *sdp;      /**< NULL = none */
};

/** What a protocol implements. None of them calls back before it returns. All return 0 or errno. */
struct leg_ops {
	const char *proto;                                                     /**< "sip", "inside" */
	int (*ring)(struct leg *l);                                            /**< alerting, without SDP */
	int (*progress)(struct leg *l, uint16_t code, struct slice sdp);       /**< early media, with SDP */
	int (*answer)(struct leg *l, struct slice sdp);                        /**< SDP: answer, or our offer if its INVITE had none */
	void (*hangup)(struct leg *l, const struct hangup *h);                 /**< reject, cancel or end, as the state asks */
	int (*offer)(struct leg *l, struct slice sdp);                         /**< change of session; empty: ask it for an offer */
	int (*answer_offer)(struct leg *l, struct slice sdp);                  /**< answer to its open offer (re-INVITE, or 2xx with offer) */
	int (*reject_offer)(struct leg *l, uint16_t code);                     /**< refuse its open offer */
	void (*sdp_ip)(struct leg *l, struct sa *advertise, struct sa *bind);  /**< addresses for SDP towards this peer and for its sockets */
	void (*free)(struct leg *l);                                           /**< drop protocol state; last call */
};

/** Party as shown and recorded. */
struct party {
	char number[64];   /**< user part or number, unescaped */
	char name[96];     /**< display name, UTF-8 */
};

struct leg {
	struct link le;            /**< in call->legs */
	struct call *call;
	const struct leg_ops *ops;
	void *proto;               /**< adapter's state */
	enum leg_state state;
	bool outgoing;             /**< we called it */
	bool offer_open;           /**< it made an offer that waits for an answer */
	bool offered;              /**< we made it an offer that waits */
	struct party party;        /**< who it is */
	char device[64];           /**< which phone: User-Agent or contact host, for people */
	struct sa peer;            /**< signalling address */
	struct rbuf *remote;       /**< its last SDP */
	struct rbuf *local;        /**< our last SDP towards it */
	uint64_t sdp_id;           /**< o= session id and version */
	uint32_t sdp_version;
	struct mstream *ms[LEG_MEDIA_MAX]; /**< streams by m-line */
	uint8_t nms;
	unsigned worker;
	struct leg_record rec;
	handle_t handle;
};

/** The owner of policy. Members may be NULL but `incoming`. */
struct call_ops {
	/** A new call arrived on `from` (authenticated by the adapter). `dialled` is what it asks for. Decide now or later: call_dial, call_inside, call_reject. */
	void (*incoming)(struct call *c, struct leg *from, const char *dialled, void *arg);
	/** Record phases. The struct is valid during the call. */
	void (*record)(enum record_phase phase, const struct call_record *r, void *arg);
	/** Something visible changed (state, legs): live views. */
	void (*changed)(struct call *c, void *arg);
	/** A digit pressed by `from`. */
	void (*dtmf)(struct call *c, struct leg *from, char digit, uint32_t ms, void *arg);
};

enum call_state { CALL_ROUTING, CALL_RINGING, CALL_UP, CALL_ENDING };

struct call {
	struct link le;              /**< in calls */
	struct calls *calls;
	char id[24];                 /**< "c" and 20 characters */
	enum call_state state;
	struct list legs;
	struct leg *a, *b;           /**< caller and, once one has won, callee */
	unsigned worker;
	uint32_t maxfwd;             /**< hops left for onward legs */
	uint64_t start_ms, answer_ms;/**< loop's ms */
	struct call_record rec;
	struct dial *dial;           /**< running dial, or NULL */
	struct fiber *fiber;         /**< inside application, or NULL */
	struct timer timer;
	uint64_t policy;             /**< owner's own flags */
	void *owner;                 /**< owner's own pointer */
};

struct calls_cfg {
	struct loop *loop;
	struct media *media;
	uint32_t max_calls;          /**< 0 = 10000; beyond: 503 */
};
/** New engine; ENOMEM. mem_deref after calls_drain. */
int calls_alloc(struct calls **cp, const struct calls_cfg *cfg, const struct call_ops *ops, void *arg) MUST_CHECK;
/** Hang up everything (BYE, CANCEL), then call `done` when all are gone or after `ms`. */
void calls_drain(struct calls *cs, uint64_t ms, void (*done)(void *arg), void *arg);
size_t calls_count(const struct calls *cs);
/** Walk live calls. */
void calls_each(struct calls *cs, void (*fn)(struct call *c, void *arg), void *arg);
/** By id; NULL. */
struct call *calls_find(struct calls *cs, struct slice id);

/* ---- for adapters ---- */

/** New call with its first, incoming leg in state LEG_NEW; the adapter fills party, peer, device. ENOMEM, ERR_LIMIT. */
int call_new_incoming(struct call **cp, struct leg **lp, struct calls *cs, const struct leg_ops *ops, void *proto) MUST_CHECK;
/** New outgoing leg in a call. ENOMEM. */
int leg_new(struct leg **lp, struct call *c, const struct leg_ops *ops, void *proto) MUST_CHECK;
/** Hand the call to its owner. `offer`: SDP of its INVITE or empty. */
void call_start(struct call *c, const char *dialled, struct slice offer);
/* What parties do. SDP slices are copied. */
void leg_ev_ringing(struct leg *l, uint16_t code);                       /**< 180 ... without SDP */
void leg_ev_progress(struct leg *l, uint16_t code, struct slice sdp);    /**< early SDP answer */
void leg_ev_answered(struct leg *l, struct slice sdp, bool is_offer);    /**< it answered; sdp is its answer or (our INVITE had none) its offer */
void leg_ev_offer(struct leg *l, struct slice sdp);                      /**< its re-INVITE; empty: it asks for our offer */
void leg_ev_offer_result(struct leg *l, uint16_t code, struct slice sdp, bool is_offer); /**< answer to leg_ops.offer */
void leg_ev_answer(struct leg *l, struct slice sdp);                     /**< its answer to our offer came in ACK */
void leg_ev_redirect(struct leg *l, const struct location *contacts);    /**< 3xx: try these in its place */
/** It is gone: hang-up, failure, cancel. The leg is freed by the call room. */
void leg_ev_gone(struct leg *l, const struct hangup *h);

/* ---- for the owner ---- */

/** One target of a dial. */
struct dial_target {
	struct slice number;               /**< AoR user to look up ... */
	const struct contact *contact;     /**< ... or a contact given directly (NULL: look up) */
};
struct dial_cfg {
	const struct dial_target *targets; /**< rung at the same time */
	size_t n;
	uint32_t ring_ms;                  /**< no answer after this; 0 = 60000 */
	struct party caller;               /**< shown to the callee; empty number: party of leg a */
	struct party callee;               /**< for record and connected line */
	uint16_t q_parallel;               /**< contacts within one AoR: groups of equal q, highest first (RFC 3261 16.6); 1 = all at once whatever q */
	/** Owner may refuse a leg before it rings (call limit); NULL: none. Returns 0 or a status code. */
	uint16_t (*admit)(struct call *c, struct slice number, void *arg);
	/** The dial failed with the best answer of all branches (RFC 3261 16.7); NULL: the call room rejects the caller with it. */
	void (*failed)(struct call *c, const struct hangup *h, void *arg);
	void *arg;
};
/** Call the targets; first to answer wins, the others are cancelled with Reason, media is joined. ENOMEM, ERR_STATE. */
int call_dial(struct call *c, const struct dial_cfg *cfg) MUST_CHECK;
/** Reject (before answer) or hang up the whole call. */
void call_hangup(struct call *c, const struct hangup *h);
/** Run an inside party: `fn(call, leg a, arg)` on a fiber; the leg's hang-up cancels it; when fn returns the leg is hung up. ENOMEM. */
int call_inside(struct call *c, const char *name, void (*fn)(struct call *c, struct leg *l, void *arg), void *arg) MUST_CHECK;

/* ---- for inside parties, on their fiber ---- */

/** Answer the leg with sound we can make (G.711 first, then whatever it offered). 0, ECANCELED, ENOTSUP (nothing in common). */
int leg_answer(struct leg *l) MUST_CHECK;
/** Play a source and wait for its end. 0, ECANCELED; ENOTSUP: no codec we can encode (go on without). */
int leg_play(struct leg *l, struct media_source *src) MUST_CHECK;
/** Turn the sound round. */
void leg_echo(struct leg *l);
/** Wait until hang-up: returns ECANCELED. `ms` UINT64_MAX for ever, else ETIMEDOUT. */
int leg_wait(struct leg *l, uint64_t ms) MUST_CHECK;

/** "busy", "no answer" ... plain words for a code and who ended it; static. */
const char *hangup_words(uint16_t code);

#endif
