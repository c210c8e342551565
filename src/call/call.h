/*
 * call.h - legs, calls and dialling: what every protocol shares.
 *
 * A leg is one party's side of a call. A protocol adapter (sip_leg.c) makes it and
 * implements struct leg_ops. A call ties its legs together, has one id that every
 * log line and record carries, joins the media of two legs, carries offers and
 * answers from one to the other, and ends as a call record. Who is to be called is
 * decided by the owner of struct call_ops (the PBX, or the user-agent library).
 * Thread: loop. Ownership: the call owns its legs; a call is live until its end is
 * decided, then it leaves the list, its legs finish, its record is closed, and it is
 * freed at the end of a turn. Nothing of it is freed within a call-back.
 */
#ifndef OFFHOOK_CALL_CALL_H
#define OFFHOOK_CALL_CALL_H

#include "base/buf.h"
#include "base/rbuf.h"
#include "base/sa.h"
#include "call/location.h"
#include "call/record.h"
#include "loop/fiber.h"
#include "media/media.h"

struct trunk; /* trunk.h */
struct calls; /* the engine: all calls of a process */
struct call;
struct leg;
struct dial_target;
struct transfer;  /* transfer.c */
struct originate; /* originate.c */
struct moves;     /* moves.c */
struct join;      /* join.c */
struct recording; /* recording.h */
struct leg_keys;  /* digits.c */
struct leg_dtmf;  /* dtmf.c */

/** Party as shown and recorded. */
struct party {
	char number[64]; /**< user part or number, unescaped */
	char name[96];   /**< display name, UTF-8 */
	bool hidden;     /**< it asked not to be shown (RFC 3323 "id", "user"): only trusted peers may see who it is */
};

/** Why a leg or call ends: a SIP status code says it for every protocol (200 = normal clearing). */
struct hangup {
	uint16_t code;    /**< 200 normal, 486 busy, 480 unavailable, 487 cancelled, 408 no answer, 404, 603 ... */
	const char *text; /**< plain words for record and log, static; NULL: those of the code */
	bool elsewhere;   /**< answered by another branch: Reason: SIP;cause=200 */
	bool silent;      /**< the far end gave no sign at all: unreachable rather than unanswered */
	uint16_t cause;   /**< status code that the far end gave as its reason (RFC 3326), 0 = none */
	uint8_t q850;     /**< ISDN cause it gave (ITU-T Q.850), 0 = none */
};

/** Why a call did not stay with a number (RFC 5806 reason, RFC 4458 cause). */
enum divert_reason {
	DIVERT_UNKNOWN,
	DIVERT_BUSY,
	DIVERT_NO_ANSWER,
	DIVERT_ALWAYS,
	DIVERT_UNAVAILABLE,
	DIVERT_DND,
	DIVERT_DEFLECTED /**< by hand, while it rang */
};
enum { DIVERTED_MAX = 8 };
/** One number that passed the call on. */
struct diversion {
	struct party from;
	enum divert_reason reason;
	uint16_t times; /**< diversions that it stands for, 1 at least */
};
/** The way a call came, oldest first. */
struct diverted {
	size_t n;
	struct diversion v[DIVERTED_MAX];
};

enum leg_state { LEG_NEW, LEG_RINGING, LEG_ANSWERED, LEG_HELD, LEG_ENDED };
enum { LEG_MEDIA_MAX = 8 }; /**< m-lines carried; further ones are refused (port 0) */

/**
 * What a protocol implements. None of them calls back before it returns. All return 0 or errno.
 * After hangup() the leg reports leg_ev_gone() once, later.
 */
struct leg_ops {
	const char *proto; /**< "sip", "inside" */
	/** Alerting, without SDP. */
	int (*ring)(struct leg *l);
	/** 181-183; early media if SDP is not empty. */
	int (*progress)(struct leg *l, uint16_t code, struct slice sdp);
	/** SDP: answer, or our offer if its INVITE had none. */
	int (*answer)(struct leg *l, struct slice sdp);
	/** Reject, cancel or end, as the state asks. */
	void (*hangup)(struct leg *l, const struct hangup *h);
	/** Change of session; empty: ask it for an offer. ERR_STATE: not now. */
	int (*offer)(struct leg *l, struct slice sdp);
	/** Answer to its open offer, or our offer to its request for one. */
	int (*answer_offer)(struct leg *l, struct slice sdp);
	/** Refuse its open offer. ERR_STATE: the protocol has no way to. */
	int (*reject_offer)(struct leg *l, uint16_t code);
	/** Addresses for SDP towards this peer and for its sockets; ports are ignored. */
	void (*sdp_ip)(struct leg *l, struct sa *advertise, struct sa *bind);
	/** Nobody on the way to the peer reads what is signalled (TLS): keys may be sent unasked. NULL: never. */
	bool (*secure)(const struct leg *l);
	/** The protocol's name of the call, for the record. May be NULL. */
	struct slice (*callid)(const struct leg *l);
	/** Who the leg talks to has changed, or is known better now (RFC 4916, PAI, RPID). May be NULL. */
	void (*connected)(struct leg *l, const struct party *with);
	/** Say how a transfer that this leg asked for goes: 100, 18x, a final code (RFC 3515 NOTIFY). May be NULL. */
	void (*transfer_state)(struct leg *l, uint16_t code);
	/** Ask the peer to place a call itself (REFER out; RFC 3515). May be NULL. */
	int (*refer)(struct leg *l, const char *number);
	/** Send a digit by signalling, which lasted `ms`. ENOTSUP: the peer refuses such digits. May be NULL. */
	int (*digit)(struct leg *l, char digit, uint32_t ms);
	/** The peer has said that it takes them so. NULL: never. */
	bool (*takes_digits)(const struct leg *l);
	/** Drop protocol state; last call. */
	void (*free)(struct leg *l);
};

struct leg {
	struct link le; /**< in call->legs */
	struct call *call;
	const struct leg_ops *ops;
	void *proto; /**< adapter's state */
	enum leg_state state;
	uint16_t code;        /**< final status, 0 while alive */
	bool outgoing;        /**< we called it */
	bool rang;            /**< it alerted or gave another sign (18x) */
	bool offer_open;      /**< it made an offer, or asked for one, and waits */
	bool offered;         /**< we made it an offer, or asked for one, and wait */
	bool agreed;          /**< before it answers: its first offer has its answer for good (RFC 3262) */
	uint8_t divert;       /**< enum divert_reason of its leg_ev_redirect() */
	uint32_t tag;         /**< dial_target.tag of what it was called for, 0 = none */
	bool sdp_stale;       /**< an offer of ours was refused: the next SDP needs a new version */
	bool holds;           /**< it put the other side on hold by an offer of its own */
	bool parks;           /**< somebody put the other side on hold in its name: call_hold() */
	bool solo;            /**< our offer to it is not on behalf of the other side */
	bool plain;           /**< it refused SRTP: it is offered RTP */
	bool early_passed;    /**< its early description went on to the caller */
	bool gave_offer;      /**< of what is in force it gave the offer, and we the answer */
	struct party party;   /**< who it is */
	char device[64];      /**< which phone: User-Agent or contact host, for people */
	struct sa peer;       /**< signalling address */
	struct trunk *trunk;  /**< the trunk it came or goes by, not referenced; NULL: a phone of ours */
	bool proven;          /**< it proved who it is (password, secret contact, TLS name), not by its address alone */
	bool trusted;         /**< identities it asserts are believed, hidden ones are shown to it */
	struct rbuf *offer;   /**< its open offer; NULL: none, or it asked for ours */
	struct rbuf *remote;  /**< its SDP in force */
	struct rbuf *local;   /**< our SDP towards it in force */
	struct rbuf *sent;    /**< our offer that waits for its answer */
	uint64_t sdp_id;      /**< o= session id */
	uint32_t sdp_version; /**< o= version last used */
	struct mstream *ms[LEG_MEDIA_MAX]; /**< streams by m-line; NULL: refused */
	int64_t start_ms, answer_ms;       /**< wall clock, 0 = never */
	struct event ready;                /**< for inside parties: the answer to our offer came */
	struct leg_dtmf *dtmf;             /**< digits that it sends, NULL: there were none */
	struct leg_keys *keys;             /**< digits for an inside party, NULL: nobody asks for any */
	struct leg_series *series;         /**< how it sounded so far (series.h), NULL: no sample yet */
};

/** SRTP by SDES (RFC 4568) with a party. */
enum srtp_policy {
	SRTP_BEST_EFFORT, /**< offered beside plain RTP (OSRTP, RFC 8643); what the party offers is taken */
	SRTP_OFF,         /**< never; a party that insists on it gets 488 */
	SRTP_OFFERED,     /**< RTP/SAVP offered first; RTP/AVP when that is refused with 488 */
	SRTP_REQUIRED     /**< no call without it */
};
/** How digits go to a party; from it every way is understood. */
enum dtmf_way {
	DTMF_AUTO, /**< telephone-event where it was agreed on, else INFO where its Allow names it, else in the sound */
	DTMF_RFC4733,
	DTMF_INFO,
	DTMF_INBAND
};
/** What a party's owner has set for its sound. */
struct media_policy {
	char codecs[128]; /**< names with commas, best first, and no others: "OPUS,G722,PCMA"; empty: all, best first */
	uint8_t srtp;     /**< enum srtp_policy */
	uint8_t dtmf;     /**< enum dtmf_way */
	uint16_t ptime;   /**< ms of our packets where the party says nothing; 0: 20 */
};

/** Is this a list of codecs as media_policy.codecs wants it? 0, or ERR_SYNTAX with a sentence in `why`. */
int call_codecs_check(struct slice list, struct buf *why) MUST_CHECK;

/** The owner of policy. Members may be NULL but `incoming`. */
struct call_ops {
	/** A new call arrived on `from` (authenticated by the adapter). `dialled` is what it asks for. Decide now or
	 * later: call_dial, call_inside, call_hangup. */
	void (*incoming)(struct call *c, struct leg *from, const char *dialled, void *arg);
	/** Record phases. The struct is valid during the call-back. */
	void (*record)(enum record_phase phase, const struct call_record *r, void *arg);
	/** Something visible changed (state, legs): live views. CALL_ENDING is the last one of a call. */
	void (*changed)(struct call *c, void *arg);
	/** No port for the sound of a call: ERR_LIMIT (all are in use), EMFILE ... */
	void (*no_port)(struct call *c, int err, void *arg);
	/** A digit pressed by `from`. */
	void (*dtmf)(struct call *c, struct leg *from, char digit, uint32_t ms, void *arg);
	/**
	 * `by` asked to send the party that stays, c->a, to `number` (REFER, 3xx of a call that is up). The route is
	 * looked for in the name of `by`, who also pays: its limits and permissions count. As `incoming`: call_dial,
	 * call_inside, call_hangup; or a status code other than 0, which refuses the transfer and leaves the call as it
	 * was. NULL: 403.
	 */
	uint16_t (*transfer)(struct call *c, struct leg *by, const char *number, void *arg);
	/**
	 * `by`, a phone that was called, sends the call on to `number` (3xx). The way is looked for in the name of
	 * `by`, who also pays: its permissions and limits count. Fills `to`, to be rung in the place of `by`, and
	 * returns 0; or a status code with words in `text` (static, or as long as the call). What `to` points to is
	 * copied. Neither this nor `next` may end the call. NULL: numbers are looked up and contacts are called as they
	 * are named (a user agent, RFC 3261 8.1.3.4); else only contacts at the phone's own address are.
	 */
	uint16_t (*redirect)(struct call *c, struct leg *by, const char *number, struct dial_target *to,
			     const char **text, void *arg);
	/** What was set for the party of that leg; `mp` is zero before. NULL: nothing is set. */
	void (*media)(const struct leg *l, struct media_policy *mp, void *arg);
	/** Music for a party that is put on hold: a new source, or false: it hears nothing. `sp` NULL: would there be
	 * any? NULL: never. */
	bool (*hold_music)(const struct leg *l, struct media_source **sp, void *arg);
	/** A target with a tag was not reached: is there another one for its place? Fills `to`. NULL: never. */
	bool (*next)(struct call *c, uint32_t tag, const struct hangup *h, struct dial_target *to, void *arg);
	/** The calls were joined by a transfer: the legs of `gone` that still talk are legs of `c` now; `gone` ends
	 * next. */
	void (*merged)(struct call *c, struct call *gone, void *arg);
};

enum call_state { CALL_ROUTING, CALL_RINGING, CALL_UP, CALL_ENDING };

struct call {
	struct link le; /**< in calls */
	struct calls *calls;
	char id[24]; /**< "c" and 20 characters */
	enum call_state state;
	struct list legs;
	struct list past;                     /**< records of legs that are gone */
	struct leg *a, *b;                    /**< caller and, once one has won, callee; NULL when gone */
	unsigned worker;                      /**< media worker of all its legs */
	uint32_t maxfwd;                      /**< hops left for onward legs */
	char dialled[64];                     /**< as dialled */
	const char *inside;                   /**< name of the inside application that serves it, static, or NULL */
	uint64_t start_ms, answer_ms, end_ms; /**< loop's ms, 0 = never */
	int64_t start_wall, answer_wall, end_wall; /**< wall clock, ms */
	char answered_by[64];
	struct rbuf *pass;           /**< header lines of the caller that go onward, for the adapter; may be NULL */
	struct diverted *diverted;   /**< who passed it on before; NULL: nobody */
	struct dial *dial;           /**< running dial, or NULL */
	struct transfer *transfer;   /**< in progress, or NULL */
	struct originate *originate; /**< somebody else asked for it and it is not answered yet, or NULL */
	struct moves *moves;         /**< transfers so far, or NULL */
	struct list *recordings;     /**< struct recording, the first one first; NULL: none */
	struct join *join;           /**< two legs are brought to one description, or NULL */
	struct fiber *fiber;         /**< inside application, or NULL */
	struct timer timer;          /**< bound for the final figures of its streams */
	const char *ended_by;        /**< "caller" "callee" "system", NULL while live */
	const char *end_text;        /**< words of the end, static; may be NULL */
	uint16_t end_code;           /**< 200 answered, else what the caller got */
	uint16_t inside_code;        /**< why the inside application could not answer, 0 = it could */
	bool rang;                   /**< somebody rang */
	bool secure;                 /**< opened by a sips: address: legs by TLS only (RFC 5630) */
	bool end_silent;             /**< it ended because nobody gave a sign */
	bool gave_up;                /**< the close of the record waits no longer */
	bool started, closed;        /**< record was opened, closed */
	uint32_t ring_ms;            /**< of the last dial */
	uint32_t closing;            /**< streams whose final figures are awaited */
	uint64_t policy;             /**< owner's own flags */
	void *owner;                 /**< owner's own pointer */
};

struct calls_cfg {
	struct loop *loop;
	struct media *media;
	uint32_t max_calls; /**< 0 = 10000; beyond: 503 */
	uint32_t recall_ms; /**< a failed transfer rings who asked for it for so long; 0 = 30000 */
};
/** New engine; ENOMEM. mem_deref after calls_drain. */
int calls_alloc(struct calls **cp, const struct calls_cfg *cfg, const struct call_ops *ops, void *arg) MUST_CHECK;
/** From now on a failed transfer rings who asked for it for so long. */
void calls_set_recall(struct calls *cs, uint32_t ms);
/** Hang up everything (BYE, CANCEL), take no more, then call `done` when all are gone or after `ms`. */
void calls_drain(struct calls *cs, uint64_t ms, void (*done)(void *arg), void *arg);
/** Live calls. */
size_t calls_count(const struct calls *cs);
/** Calls that have ended but whose legs or figures are not finished yet (leak checks). */
size_t calls_ending(const struct calls *cs);
/** Walk live calls; `fn` may hang up the call it is given. */
void calls_each(struct calls *cs, void (*fn)(struct call *c, void *arg), void *arg);
/** Live call by id; NULL. */
struct call *calls_find(struct calls *cs, struct slice id);

/* ---- for adapters ---- */

/** New call with its first, incoming leg in state LEG_NEW; the adapter fills party, peer, device, maxfwd. ENOMEM,
 * ERR_LIMIT (full), ERR_STATE (draining). */
int call_new_incoming(struct call **cp, struct leg **lp, struct calls *cs, const struct leg_ops *ops,
		      void *proto) MUST_CHECK;
/** Forget a call whose adapter failed before call_start: nothing is recorded. */
void call_abort(struct call *c);
/** New outgoing leg in a call. ENOMEM. */
int leg_new(struct leg **lp, struct call *c, const struct leg_ops *ops, void *proto) MUST_CHECK;
/** Hand the call to its owner. `offer`: SDP of its INVITE or empty. */
void call_start(struct call *c, const char *dialled, struct slice offer);
/** Is this offer one that can be carried? 0, ERR_SYNTAX (400), ENOTSUP (488: no m-line that we know). */
int call_offer_check(struct slice offer) MUST_CHECK;

/* What parties do. SDP slices are copied. The leg may not be used after the last two. */

/** 18x without SDP. */
void leg_ev_ringing(struct leg *l, uint16_t code);
/** 18x with an early SDP answer. */
void leg_ev_progress(struct leg *l, uint16_t code, struct slice sdp);
/** It answered; sdp is its answer or (our INVITE had none: `is_offer`) its offer. */
void leg_ev_answered(struct leg *l, struct slice sdp, bool is_offer);
/** Its re-INVITE; empty: it asks for our offer. */
void leg_ev_offer(struct leg *l, struct slice sdp);
/** Answer to leg_ops.offer; is_offer: we had asked for its offer. */
void leg_ev_offer_result(struct leg *l, uint16_t code, struct slice sdp, bool is_offer);
/** Its open offer was cancelled, or nobody answered it in time. */
void leg_ev_offer_gone(struct leg *l);
/** Its answer to our offer came in ACK. */
void leg_ev_answer(struct leg *l, struct slice sdp);
/** A digit by signalling: to the other side by the way that it takes, and to who listens. */
void leg_ev_dtmf(struct leg *l, char digit, uint32_t ms);
/** A leg on a trunk failed in a way that another server of it may cure: its branch goes on with that server, or as
 * after leg_ev_gone when there is none left. */
void leg_ev_next_server(struct leg *l, const struct hangup *h);
/** 3xx: it is gone, try these in its place. `v` may be empty. */
void leg_ev_redirect(struct leg *l, const struct dial_target *v, size_t n);
/** A trusted peer says who it is now: party is replaced, the other side hears of it (leg_ops.connected). */
void leg_ev_party(struct leg *l, const struct party *p);
/** It answered an offer that was the description in force (only headers were new); empty: nothing changes. */
void leg_ev_renewed(struct leg *l, struct slice sdp);
/** It is gone: hang-up, failure, cancel. The leg is freed by the call room. */
void leg_ev_gone(struct leg *l, const struct hangup *h);

/** What an onward leg is made of; valid during the call. */
struct dial_out {
	const struct contact *contact;
	const char *number;         /**< whom the contact stands for */
	bool answers_itself;        /**< the phone is asked to answer by itself */
	const struct party *caller; /**< shown to it */
	size_t ndiverted;           /**< the first so many of call->diverted are told */
};
/** How the engine looks contacts up and reaches them (set by edge_alloc for the server, by ua for itself). */
struct calls_dialer {
	/** Answers by call-back, never within the call; cannot fail otherwise. */
	void (*lookup)(struct slice aor, location_lookup_h *h, void *harg, void *arg);
	/** New outgoing leg (leg_new) without offer yet: gives ops and proto so that its streams can be made; then
	 * `invite`. */
	int (*leg)(struct leg **lp, struct call *c, const struct dial_out *o, void *arg);
	/** Send the INVITE of such a leg; empty offer: delayed offer. */
	int (*invite)(struct leg *l, const struct dial_out *o, struct slice offer, void *arg);
};
void calls_set_dialer(struct calls *cs, const struct calls_dialer *d, void *arg);

/* ---- for the owner ---- */

/** One target of a dial. */
struct dial_target {
	struct slice number;           /**< AoR user to look up ... */
	const struct contact *contact; /**< ... or a contact given directly (NULL: look up); number then names it */
	struct trunk *trunk;           /**< ... or a line out: number is what is sent on it */
	const struct party *caller;    /**< shown on this target instead of dial_cfg.caller; NULL: that one */
	uint32_t tag;                  /**< owner's own: its legs have it, and call_ops.next is told of it; 0 = none */
	bool own;                      /**< of a 3xx: the contact is at the address of the phone that named it */
};
/** A dial; copied. */
struct dial_cfg {
	const struct dial_target *targets; /**< rung at the same time, 10 at most */
	size_t n;
	uint32_t ring_ms;    /**< no answer after this; 0 = 60000 */
	struct party caller; /**< shown to the callee; empty number: party of leg a */
	uint16_t q_parallel; /**< 0: contacts of one AoR by groups of equal q, highest first (RFC 3261 16.6), each with
				its share of ring_ms; 1: all at once */
	/** Owner may refuse a number before it rings (call limit); NULL: none. Returns 0 or a status code. */
	uint16_t (*admit)(struct call *c, struct slice number, void *arg);
	/** The dial failed with the best answer of all branches (RFC 3261 16.7): dial again, call_inside or
	 * call_hangup. NULL: the call room rejects the caller with it. */
	void (*failed)(struct call *c, const struct hangup *h, void *arg);
	void *arg;
};
/** Call the targets; first to answer wins, the others are cancelled with Reason, media is joined. ENOMEM, EINVAL,
 * ERR_STATE (answered, ending or dialling already). */
int call_dial(struct call *c, const struct dial_cfg *cfg) MUST_CHECK;
/** A call that is asked for in the name of a number (click to call). */
struct originate_cfg {
	struct slice from;   /**< AoR user whose phones ring first; who answers there is the caller */
	const char *to;      /**< then asked for as if that phone had dialled it: call_ops.incoming() */
	struct party shown;  /**< on the phones of `from` while they ring; its number must not be empty */
	bool answers_itself; /**< ask the phones to answer by themselves */
	uint32_t ring_ms;    /**< of the phones of `from`; 0: 60000 */
};
/** Begin it. It has no caller (a) until one of the phones answers, and is not up until `to` does. ENOMEM, EINVAL,
 * ERR_LIMIT (full), ERR_STATE (draining). */
int call_originate(struct call **cp, struct calls *cs, const struct originate_cfg *cfg) MUST_CHECK;
/** Number of who calls, or is about to; "" when that is gone. */
const char *call_from(const struct call *c);
/**
 * `by`, one of the two who talk, puts the other one on hold without its phone's doing, or ends that. Each is told by an
 * offer of ours; the held one hears music. A hold that the phone made by itself is its own business. 0, or the status
 * code of the refusal: 481 (it does not talk in this call), 491 (a transfer is in progress), 403 (the other end is
 * inside).
 */
uint16_t call_hold(struct leg *by, bool on) MUST_CHECK;
/**
 * `from` passes the call on (its forwarding, a 3xx of its phone): what is dialled next is told, and the record says so.
 * Before call_dial(). Past DIVERTED_MAX the oldest but the first is forgotten. `name` may be NULL. ENOMEM.
 */
int call_divert(struct call *c, const char *from, const char *name, enum divert_reason reason) MUST_CHECK;
/** "busy", "no answer" ...; static. */
const char *divert_words(enum divert_reason reason);
/** "200 (busy), 201 (no answer)"; what does not fit is left out. */
void diverted_text(char *dst, size_t size, const struct diverted *d);
/** The leg that `l` rings or talks to: the other side, or the only one that is called; NULL: none in particular. */
const struct leg *leg_connected(const struct leg *l);
/** What of a dialled number may be shown and kept: behind a number and "*" may stand a PIN. */
struct slice call_shown(const char *dialled);
/** Reject (before answer) or hang up the whole call. Nothing happens to a call that ends already. */
void call_hangup(struct call *c, const struct hangup *h);
/**
 * Blind transfer (RFC 5589 6): `by`, one of the two who talk, sends the other one to `number`. The owner decides the
 * way (call_ops.transfer). How it goes is told to `by` by leg_ops.transfer_state: 18x, and a final code once. When the
 * number is not reached, `by` has the party back, or is called back if it has hung up meanwhile. 0, or the status code
 * of the refusal: 403, 404 ... of the owner; 481 (it does not talk in this call), 491 (another one is in progress), 483
 * (too often), 500.
 */
uint16_t call_transfer(struct leg *by, const char *number) MUST_CHECK;
/** Could it ask for a transfer now? 0 or the status code of the refusal. */
uint16_t call_transfer_check(const struct leg *by) MUST_CHECK;
/**
 * Attended transfer (RFC 5589 7): `by` leaves and joins the one it talks to with the other end of `target`'s call, of
 * which it is a party too; that one may still ring. `target` is either leg of that call. As call_transfer; 403: `by` is
 * not a party of that call. After 0 neither leg of `by` may be used.
 */
uint16_t call_transfer_to(struct leg *by, struct leg *target) MUST_CHECK;
/** Could it ask for that? As call_transfer_check(), but the other end may be an inside party: then the party of the
 * other call is sent to the number of that one. */
uint16_t call_transfer_to_check(const struct leg *by) MUST_CHECK;
/**
 * A new leg takes the place of `old` (RFC 3891): of a party who talks, or of a phone that rings (pickup). The adapter
 * makes it with leg_new() in old's call, fills it in and gives its offer (may be empty). 0: it is answered and `old` is
 * hung up. A status code: nothing has changed, and the new leg, of no use, is still the adapter's (leg_drop).
 */
uint16_t call_replace(struct leg *l, struct leg *old, struct slice offer) MUST_CHECK;
/** Take out a leg that leg_new() made and that never did anything. */
void leg_drop(struct leg *l);
/** The other one of two who talk (or will), or NULL. */
struct leg *leg_other(const struct leg *l);
/**
 * Run an inside party: `fn(call, leg a, arg)` on a fiber; the leg's hang-up cancels it; when fn returns the leg is hung
 * up. `name` is static and stands in the record. ENOMEM, ERR_STATE.
 */
int call_inside(struct call *c, const char *name, void (*fn)(struct call *c, struct leg *l, void *arg),
		void *arg) MUST_CHECK;

/* ---- for inside parties, on their fiber ---- */

/**
 * Answer the leg with sound we can make (G.711 first, then whatever it offered); waits for the ACK's answer when its
 * INVITE had no offer. 0, ECANCELED, ENOTSUP (nothing in common: the caller gets 488), or what opening the ports says.
 */
int leg_answer(struct leg *l) MUST_CHECK;
/** Play a source, which is always given away, and wait for its end. 0, ECANCELED; ENOTSUP: no codec we can encode (go
 * on without). */
int leg_play(struct leg *l, struct media_source *src) MUST_CHECK;
/** The same, broken off when `stop` is set (NULL: never), as it is at once when that is set already. */
int leg_play_until(struct leg *l, struct media_source *src, struct event *stop) MUST_CHECK;
/** Turn the sound round. */
void leg_echo(struct leg *l);
/** Wait until hang-up: returns ECANCELED. `ms` UINT64_MAX for ever, else ETIMEDOUT. */
int leg_wait(struct leg *l, uint64_t ms) MUST_CHECK;

/** "busy", "no answer" ... plain words for a code; static. */
const char *hangup_words(uint16_t code);

#endif
