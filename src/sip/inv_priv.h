/*
 * inv_priv.h - what the files of the INVITE session share.
 *
 * The caller holds a thin handle (struct sip_inv); the session itself (struct inv)
 * lives on behind it until CANCEL, BYE and the last ACK have done their work. Each
 * INVITE in progress is an object of its own, client side (struct inv_cx) or server
 * side (struct inv_sx), made when needed and gone afterwards: an idle session has none.
 * References: handle, exchanges, BYE and requests each hold the session. A function
 * that calls the user, or ends an exchange, is entered with a reference held.
 */
#ifndef OFFHOOK_SIP_INV_PRIV_H
#define OFFHOOK_SIP_INV_PRIV_H

#include "base/log.h"
#include "sip/cred.h"
#include "sip/dialog.h"
#include "sip/inv.h"

struct inv_rel;
struct inv_st;

enum {
	INV_AUTH_MAX = 4,             /**< answers to challenges per request */
	INV_GLARE_MAX = 3,            /**< 491 to one re-INVITE before it is reported */
	INV_BRANCHES_MAX = 16,        /**< early dialogs and forked answers remembered */
	INV_REINVITE_MAX_MS = 180000, /**< without a final answer it is cancelled (as Timer C, RFC 3261 16.6) */
	INV_PROGRESS_MS = 60000,      /**< provisional answers are repeated (RFC 3261 13.3.1.1) */
	INV_UPDATE_T1 = 40,           /**< times T1: an offer in UPDATE or PRACK not answered by then gets 504 */
	INV_RELIABLE_MAX = 8,         /**< reliable answers in line */
	INV_TIMER_RETRIES = 3         /**< 422 to one request */
};

struct inv;

/** What the user holds. */
struct sip_inv {
	struct inv *in;
};

struct inv {
	struct sip_user user;
	struct sip_inv *h; /**< NULL when the user let go */
	struct dialog *d;
	const struct sip_inv_ops *ops;
	void *arg;
	struct cred *cred;          /**< may be NULL */
	struct list cxl, sxl, reql; /**< INVITEs of ours, of theirs; other requests of ours */
	struct sip_ctrans *bye;
	struct slice bye_hdrs; /**< Reason line, on the heap */
	struct timer tm;       /**< closes in the next turn */
	struct inv_st *st;     /**< session timer; NULL: none */
	struct inv_ux *ux;     /**< their offer in UPDATE or PRACK, open; NULL: none */
	enum sip_inv_state state;
	uint16_t peer_methods; /**< bits 1 << enum sip_method of their last Allow */
	uint16_t peer_tags;    /**< bits of inv_tags[] of their last Supported */
	uint8_t bye_auths;
	bool expired; /**< the session timer ended it */
	bool hung;    /**< the end was asked for: only `closed` is told from now on */
	bool told;    /**< `closed` was told */
};

/** A remote tag of our INVITE: an early dialog, or an answer that lost. */
struct inv_branch {
	struct link le;
	struct rbuf *ack; /**< sent to it; NULL while early */
	struct sip_dest dest;
	struct dialog *d;    /**< for PRACK and UPDATE; made by the first reliable answer */
	struct rbuf *agreed; /**< their description in force, or their open offer */
	uint32_t rseq;       /**< last one taken; 0 = none */
	uint32_t rack_cseq;  /**< CSeq of the INVITE that the open offer answers */
	bool settled;        /**< offer and answer went by reliably */
	bool answer_due;     /**< `agreed` is their offer: our answer goes into the PRACK */
	size_t l;
	char tag[];
};

enum inv_cx_state {
	CX_WAITING,  /**< 491 came: waits to try again (14.1) */
	CX_CALLING,  /**< out */
	CX_ANSWERED, /**< 2xx came, ACK waits for our answer */
	CX_ACKED     /**< done; repeated and forked 2xx are still looked after for 64*T1 */
};

/** What the body of an answer to our INVITE is. */
enum inv_said { SAID_VOID, SAID_ANSWER, SAID_OFFER };

/** An INVITE of ours. */
struct inv_cx {
	struct link le;
	struct inv *in; /**< referenced; NULL when closed */
	struct sip_ctrans *ct;
	struct timer tm;
	struct list branches;
	char *keep;                     /**< block of the three slices, for sending again */
	struct slice hdrs, ctype, body; /**< of the INVITE; once CX_ACKED, of the ACK */
	struct rbuf *auth;              /**< Authorization lines used: the ACK repeats them (13.2.2.4) */
	struct rbuf *agreed;            /**< their description, agreed on before the 2xx; NULL: not */
	uint32_t cseq, maxfwd;
	enum inv_cx_state state;
	enum inv_said said; /**< of the answer that is being told */
	uint8_t auths, glares, raised;
	bool rel100_off, rel100_required;
	bool refresh; /**< only to refresh the session */
	bool heard;   /**< some answer came */
	bool first;   /**< opens the dialog */
	bool cancelled;
	bool stale; /**< other SDP went by while it waited */
	char ack_branch[SIP_BRANCH_LEN + 1];
};

/** An INVITE of theirs. */
struct inv_sx {
	struct link le;
	struct inv *in; /**< referenced; NULL when closed */
	struct sip_strans *st;
	struct timer tm;
	uint64_t deadline; /**< ms: end of Expires before the answer, of waiting for the ACK after it; 0 = none */
	uint32_t interval; /**< ms until the 2xx is repeated */
	uint32_t cseq;
	bool first;
	bool progress;          /**< a provisional answer above 100 was sent */
	bool answered;          /**< 2xx sent */
	bool offered;           /**< their INVITE had no offer: our 2xx has it */
	bool rel_must, rel_can; /**< they require, support reliable provisional answers */
	bool described;         /**< our description went out (or is in line) reliably */
	bool settled;           /**< offer and answer went by reliably: later descriptions mean nothing */
	bool rel_offer;         /**< our offer went out in a reliable answer */
	bool held;              /**< the 2xx waits for a PRACK */
	struct inv_rel *rel;    /**< reliable provisional answers, NULL: none yet */
};

/** Another request of ours. */
struct inv_req {
	struct link le;
	struct inv *in; /**< referenced; NULL when closed */
	struct sip_ctrans *ct;
	struct dialog *d; /**< referenced: the session's, or that of a branch */
	/** The session's own: told the final answer, or err with 408, 503; closes the request or sends it again. NULL:
	 * the user's. */
	void (*done)(struct inv_req *r, int err, uint16_t scode, const struct sip_msg *rsp);
	const struct sip_ctrans_ops *ops; /**< the user's, may be NULL */
	void *arg;
	struct timer tm; /**< 491: waits to try again */
	char *keep;
	struct slice hdrs, ctype, body;
	enum sip_method m;
	uint8_t auths, glares, raised;
	bool offer;   /**< its body is an offer */
	bool refresh; /**< only to refresh the session */
	bool stale;   /**< other SDP went by while it waited */
};

/** What is open between the two in matters of offer and answer (RFC 3264 4, RFC 6337 2.2). */
enum inv_oa { OA_FREE, OA_OURS /**< we wait for an answer */, OA_THEIRS /**< they do */ };

/* inv.c */
/** Session and handle; `hp` is set only by the caller at success. Deref the handle to undo. */
int inv_alloc(struct sip_inv **hp, const struct sip_inv_ops *ops, void *arg) MUST_CHECK;
/** Join the stack of its dialog: told when that ends. */
void inv_attach(struct inv *in);
/** May the user be called (other than `closed`)? */
static inline bool inv_live(const struct inv *in)
{
	return in->h && !in->hung && !in->told;
}
/** The end: exchanges are wound up and `closed` is told, once. */
void inv_end(struct inv *in, int err, uint16_t scode, const struct sip_msg *msg);
/** The session ends: INVITEs of ours that are still out are kept only as far as a 2xx to them must have its ACK. */
void inv_wind_up(struct inv *in);
/** `closed` with scode 0 in the next turn. */
void inv_end_later(struct inv *in);
static inline struct sip *inv_sip(const struct inv *in)
{
	return in->d->sip;
}
/** Copy three slices into one new block, and point them into it. ENOMEM. */
int inv_keep(char **keep, struct slice *a, struct slice *b, struct slice *c) MUST_CHECK;
extern const struct dialog_ops inv_dialog_ops;
/** Take what the peer's Allow and Supported say. */
void inv_note_peer(struct inv *in, const struct sip_msg *msg);
/** Keep a Reason line for the BYE, which may wait. */
void inv_keep_reason(struct inv *in, struct slice reason);

/* inv_invite.c: INVITEs of ours */
/** Make one like `model`, whose slices are copied, and send it. */
int cx_start(struct inv *in, const struct inv_cx *model) MUST_CHECK;
/** Send, first time or again, with the credentials known. */
int cx_send(struct inv_cx *cx) MUST_CHECK;
/** Finished; its session may go with it. */
void cx_close(struct inv_cx *cx);
/** The one that opened the dialog, or NULL. */
struct inv_cx *cx_first(const struct inv *in);
/** The one that is not finished yet (any state before CX_ACKED), or NULL. */
struct inv_cx *cx_open(const struct inv *in);
/** CANCEL it; if nothing comes of that within 64*T1 it is over (9.1). */
void cx_cancel(struct inv_cx *cx, struct slice reason);
/** Give it 64*T1 to end by itself: cancelled then, or closed if it was cancelled before. */
void cx_guard(struct inv_cx *cx);
/** Without any answer within `ms` the call has failed. */
void cx_await(struct inv_cx *cx, uint32_t ms);
/** Is `tag` an early dialog's? */
struct inv_branch *cx_branch(const struct inv_cx *cx, struct slice tag);
/** Remember a remote tag; NULL when out of memory or too many. */
struct inv_branch *cx_branch_add(struct inv_cx *cx, struct slice tag);
void cx_branches_clear(struct inv_cx *cx);

/* inv_early.c: early dialogs and what is said in them */
/** May a 1xx be told to the user? Reliable ones are acknowledged in their order, others left out. */
bool cx_early(struct inv_cx *cx, const struct sip_msg *rsp);
/** The branch that wins, before the others are forgotten: sequence numbers, description, requests go on in the dialog
 * of the session. */
void cx_early_won(struct inv_cx *cx, const struct sip_msg *rsp);
/** The branch whose offer waits for the answer in our PRACK, or NULL. */
struct inv_branch *cx_answer_due(const struct inv_cx *cx);
/** The dialog that an early request of ours goes into, and its branch (NULL: none, we are called); NULL: not possible.
 */
struct dialog *inv_early_dialog(const struct inv *in, struct inv_branch **brp);
/** The branch of ours that has this dialog, or NULL. */
struct inv_branch *inv_branch_of(const struct inv *in, const struct dialog *d);
/** A PRACK came. */
void inv_prack_in(struct inv *in, struct sip_strans *st, const struct sip_msg *req);

/* inv_rel.c: reliable provisional answers of ours */
/** A provisional answer, reliable if it has to be. */
int sx_progress(struct inv_sx *sx, uint16_t scode, struct slice hdrs, struct slice ctype, struct slice body) MUST_CHECK;
/** The 2xx, which may have to wait for a PRACK. */
int sx_answer(struct inv_sx *sx, struct slice hdrs, struct slice ctype, struct slice body) MUST_CHECK;
/** The exchange whose answer in flight this names, or NULL. */
struct inv_sx *sx_of_rack(const struct inv *in, uint32_t rseq, uint32_t cseq);
/** Was the answer in flight an offer of ours? */
bool sx_rel_offered(const struct inv_sx *sx);
/** The answer in flight was acknowledged. Follow by sx_rel_next(). */
void sx_rel_acked(struct inv_sx *sx);
/** Send what waits next. May end the session. */
void sx_rel_next(struct inv_sx *sx);
/** An answer of ours is in flight. */
bool sx_rel_busy(const struct inv_sx *sx);
void sx_rel_free(struct inv_sx *sx);

/* inv_update.c: UPDATE of both directions, offers in PRACK */
void inv_update_in(struct inv *in, struct sip_strans *st, const struct sip_msg *req);
/** Their offer in UPDATE or PRACK is open from now on. ENOMEM. */
int inv_ux_start(struct inv *in, struct sip_strans *st, const struct sip_msg *req, struct inv_branch *br) MUST_CHECK;
int inv_ux_answer(struct inv_ux *ux, struct slice ctype, struct slice body) MUST_CHECK;
int inv_ux_refuse(struct inv_ux *ux, uint16_t scode, struct slice hdrs);
/** The session ends: 487 to an open one. */
void inv_ux_close(struct inv *in, bool answer);
/** `br`: the early dialog meant, NULL: ours has none. */
enum inv_oa inv_oa_state(const struct inv *in, const struct inv_branch *br);
/** Our request with an offer, waiting ones too, or NULL. */
struct inv_req *inv_update_open(const struct inv *in);
/** UPDATE with an offer in an early dialog. */
int inv_update_offer(struct inv *in, struct slice hdrs, struct slice ctype, struct slice sdp) MUST_CHECK;
/** Refresh the session; EAGAIN: an exchange is open. */
int inv_refresh(struct inv *in) MUST_CHECK;
/** May an offer be made in the early dialog? */
bool inv_early_can_offer(const struct inv *in);
/** 500 with a wait of 0 to 10 s (RFC 3261 14.2, RFC 3311 5.2). */
void inv_refuse_for_now(struct sip_strans *st);
/** After 491: the owner of the Call-ID waits 2.1 to 4 s, the other 0 to 2 s (RFC 3261 14.1). */
uint32_t inv_glare_ms(const struct inv *in);

/* inv_timer.c */
/** Lines of a request that refreshes the session (INVITE, UPDATE). */
void inv_timer_enc_request(struct buf *b, const struct inv *in);
/** A 2xx to one of ours came: what is agreed now. */
void inv_timer_answered(struct inv *in, const struct sip_msg *rsp);
/** May this request of theirs be taken? False: it was answered 422. */
bool inv_timer_admit(const struct inv *in, struct sip_strans *st, const struct sip_msg *req);
/** Lines of our 2xx; the time runs from now. */
void inv_timer_enc_answer(struct buf *b, struct inv *in, const struct sip_msg *req);
/** 422: true if a longer interval is worth a try. */
bool inv_timer_raise(struct inv *in, const struct sip_msg *rsp);
void inv_timer_stop(struct inv *in);
/** Try the refresh again soon. */
void inv_timer_later(struct inv *in);

/* inv_connect.c, inv_reinvite.c: what a final failure means for them */
void inv_connect_failed(struct inv_cx *cx, int err, uint16_t scode, const struct sip_msg *rsp);
void inv_reinvite_failed(struct inv_cx *cx, int err, uint16_t scode, const struct sip_msg *rsp);

/* inv_ack.c */
/** Send the ACK of a 2xx; the exchange lingers for repeated 2xx. */
int cx_ack(struct inv_cx *cx, struct slice ctype, struct slice body) MUST_CHECK;
/** A 2xx after the first one: the same again, or another branch's (ACK and BYE, 13.2.2.4). */
void cx_again(struct inv_cx *cx, const struct sip_msg *rsp);
/** An ACK came. */
void inv_ack_in(struct dialog *d, const struct sip_msg *ack, void *arg);

/* inv_answer.c: INVITEs of theirs */
/** Take the transaction. ENOMEM. */
int sx_start(struct inv_sx **sp, struct inv *in, struct sip_strans *st, const struct sip_msg *req,
	     bool first) MUST_CHECK;
void sx_close(struct inv_sx *sx);
/** The one not answered finally, or NULL. */
struct inv_sx *sx_open(const struct inv *in);
/** 101-199 or 2xx with what the dialog adds; a 2xx is repeated until its ACK. */
int sx_reply(struct inv_sx *sx, uint16_t scode, struct slice hdrs, struct slice ctype, struct slice body) MUST_CHECK;
/** Final failure; the exchange is over. */
void sx_refuse(struct inv_sx *sx, uint16_t scode, struct slice reason, struct slice hdrs);

/* inv_reinvite.c */
void inv_reinvite_in(struct inv *in, struct sip_strans *st, const struct sip_msg *req);

/* inv_bye.c */
void inv_hangup(struct inv *in, uint16_t scode, struct slice reason);
/** BYE now; `closed` follows. */
void inv_bye_send(struct inv *in);
/** BYE that nobody waits for, then the end. */
void inv_drop(struct inv *in, int err, uint16_t scode, const struct sip_msg *msg);
void inv_bye_in(struct inv *in, struct sip_strans *st, const struct sip_msg *req);
/** The BYE's transaction is not ours any more (the stack ends). */
void inv_bye_forget(struct inv *in);

/* inv_request.c */
/** New one of the session's own in dialog `d`; slices are copied. ENOMEM, or what sending says. */
int inv_req_start(struct inv *in, struct dialog *d, const struct inv_req *model) MUST_CHECK;
/** Send it, first time or again. */
int inv_req_send(struct inv_req *r) MUST_CHECK;
void inv_req_close(struct inv_req *r);
/** Its transaction is over or not wanted any more. */
void inv_req_forget(struct inv_req *r);
/** No more answers to requests of ours. */
void inv_requests_close(struct inv *in);

#endif
