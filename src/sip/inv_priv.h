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

enum {
	INV_AUTH_MAX = 4,             /**< answers to challenges per request */
	INV_GLARE_MAX = 3,            /**< 491 to one re-INVITE before it is reported */
	INV_BRANCHES_MAX = 16,        /**< early dialogs and forked answers remembered */
	INV_REINVITE_MAX_MS = 180000, /**< without a final answer it is cancelled (as Timer C, RFC 3261 16.6) */
	INV_PROGRESS_MS = 60000       /**< provisional answers are repeated (RFC 3261 13.3.1.1) */
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
	enum sip_inv_state state;
	uint8_t bye_auths;
	bool hung; /**< the end was asked for: only `closed` is told from now on */
	bool told; /**< `closed` was told */
};

/** A remote tag of our INVITE: an early dialog, or an answer that lost. */
struct inv_branch {
	struct link le;
	struct rbuf *ack; /**< sent to it; NULL while early */
	struct sip_dest dest;
	size_t l;
	char tag[];
};

enum inv_cx_state {
	CX_WAITING,  /**< 491 came: waits to try again (14.1) */
	CX_CALLING,  /**< out */
	CX_ANSWERED, /**< 2xx came, ACK waits for our answer */
	CX_ACKED     /**< done; repeated and forked 2xx are still looked after for 64*T1 */
};

/** An INVITE of ours. */
struct inv_cx {
	struct link le;
	struct inv *in; /**< referenced; NULL when closed */
	struct sip_ctrans *ct;
	struct timer tm;
	struct list branches;
	char *keep; /**< block of the three slices, for sending again */
	struct slice hdrs, ctype, body;
	struct rbuf *auth; /**< Authorization lines used: the ACK repeats them (13.2.2.4) */
	struct rbuf *ack;
	struct sip_dest ack_dest;
	uint32_t cseq, maxfwd;
	enum inv_cx_state state;
	uint8_t auths, glares;
	bool first; /**< opens the dialog */
	bool cancelled;
	bool stale; /**< other SDP went by while it waited */
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
	bool progress; /**< a provisional answer above 100 was sent */
	bool answered; /**< 2xx sent */
	bool offered;  /**< their INVITE had no offer: our 2xx has it */
};

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

/* inv_invite.c: INVITEs of ours */
/** Make one and send it. */
int cx_start(struct inv *in, bool first, uint32_t maxfwd, struct slice hdrs, struct slice ctype,
	     struct slice body) MUST_CHECK;
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
/** Is `tag` an early dialog's? */
struct inv_branch *cx_branch(const struct inv_cx *cx, struct slice tag);
/** Remember a remote tag; NULL when out of memory or too many. */
struct inv_branch *cx_branch_add(struct inv_cx *cx, struct slice tag);
void cx_branches_clear(struct inv_cx *cx);

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
/** No more answers to requests of ours. */
void inv_requests_close(struct inv *in);

#endif
