/*
 * inv.h - INVITE sessions: a dialog (RFC 3261 12) with its INVITE usage (13, 14, 15), offer/answer order kept
 * (RFC 3264, RFC 6337) and bodies left as bytes.
 *
 * The session carries out the protocol: 2xx retransmission until ACK, ACK and its
 * retransmission, re-INVITE with glare (491) and its retry, CANCEL or BYE as the
 * state asks, authentication of our requests when credentials are given, forked
 * 2xx (ACK + BYE), target refresh, route set, remote CSeq order. Thread: loop.
 * Ownership: the maker holds a reference; mem_deref of a live session hangs up
 * and detaches. `closed` is the last call-back.
 */
#ifndef OFFHOOK_SIP_INV_H
#define OFFHOOK_SIP_INV_H

#include "sip/auth.h"
#include "sip/trans.h"

struct sip_inv;

enum sip_inv_state {
	SIP_INV_CALLING,   /**< our INVITE is out */
	SIP_INV_INCOMING,  /**< theirs waits for a final answer */
	SIP_INV_CONNECTED, /**< 2xx sent or received */
	SIP_INV_CLOSED
};

/**
 * What happens; every member must be set but the two that may be NULL. Messages are valid during the call only. Within
 * any of these the session may be hung up or let go (mem_deref). After sip_inv_hangup() only `closed` is still called.
 * The table itself is not copied: it is static.
 */
struct sip_inv_ops {
	/**
	 * 1xx (not 100) to our INVITE. Its body, if any, is early SDP: an answer to our offer (may differ between
	 * branches, which rsp->to.tag tells apart); sip_inv_body() tells what of it counts. If sip_inv_ack_due(), a
	 * reliable one carried an offer (ours had none), to be answered by sip_inv_ack_answer(), now or soon. The same
	 * one may come again (servers repeat it each minute).
	 */
	void (*progress)(struct sip_inv *i, const struct sip_msg *rsp, void *arg);
	/** 2xx to our first INVITE. sip_inv_body() is the description that counts. If sip_inv_ack_due(), it is the
	 * offer: call sip_inv_ack_answer() with our answer; else ACK went out already and it is the answer. */
	void (*answered)(struct sip_inv *i, const struct sip_msg *rsp, void *arg);
	/**
	 * An offer in a re-INVITE, an UPDATE or a PRACK (req->m tells; or an offerless re-INVITE: body empty): answer
	 * with sip_inv_reply_answer(), now or later, or sip_inv_reply_reject(). While it is open, further ones get
	 * 491/500 by the session. An UPDATE must be answered at once or is refused with 504 after a while (RFC
	 * 3311 5.2).
	 */
	void (*reoffer)(struct sip_inv *i, const struct sip_msg *req, void *arg);
	/**
	 * Final response to our re-INVITE: 2xx (body: the answer, or the offer if ours had none: then
	 * sip_inv_ack_answer), or a failure (>= 300; 503 with rsp NULL when it could not be sent); the old session
	 * stays. 491 is retried inside and reported only after the third time. 481, 408 and no answer at all end the
	 * dialog: then `closed` comes instead (RFC 3261 12.2.1.2).
	 */
	void (*reanswered)(struct sip_inv *i, const struct sip_msg *rsp, uint16_t scode, void *arg);
	/** ACK to our 2xx. If our 2xx carried the offer, its body is the answer. Also a PRACK that answers the offer in
	 * a reliable provisional answer of ours (ack->m tells; the 2xx then says nothing more). */
	void (*acked)(struct sip_inv *i, const struct sip_msg *ack, void *arg);
	/** Another in-dialog request (INFO, MESSAGE, REFER, NOTIFY, OPTIONS when allowed): answer with sip_reply. */
	void (*request)(struct sip_inv *i, struct sip_strans *st, const struct sip_msg *req, void *arg);
	/**
	 * The end, once; never after sip_inv_reject(). By scode:
	 * - 0: we hung up (msg may be NULL)
	 * - 200: they hung up (msg = BYE)
	 * - 487: theirs was cancelled (msg = CANCEL, or BYE before the answer, or NULL when its Expires ended)
	 * - 3xx-6xx, err 0: final answer to our INVITE (msg = it; 3xx: read its contacts; 401, 407: credentials are
	 *   missing or refused), or 481, 408 to a later request of ours: the dialog is gone
	 * - 408, ETIMEDOUT: no answer at all to our INVITE or re-INVITE, no ACK to our 2xx, no PRACK to a reliable
	 *   answer, or the session timer ended it (sip_inv_expired) (msg NULL)
	 * - 503 with err: the transport failed; 500 with err: trouble of our own (ENOMEM, a broken 2xx)
	 */
	void (*closed)(struct sip_inv *i, int err, uint16_t scode, const struct sip_msg *msg, void *arg);
	/**
	 * May be NULL. Our re-INVITE met theirs (491), theirs was served meanwhile, and ours is sent again now: write
	 * the offer as it should be by now (RFC 3264 8: the version counts on). Not 0: give it up, `reanswered` does
	 * not follow. NULL: the same bytes are sent.
	 */
	int (*renew)(struct sip_inv *i, struct buf *sdp, void *arg);
	/** May be NULL. The open re-INVITE (see `reoffer`) was cancelled or broke, nothing was agreed:
	 * sip_inv_reply_answer() gives ERR_STATE. */
	void (*reoffer_gone)(struct sip_inv *i, void *arg);
	/**
	 * May be NULL. A request or answer brought no description but may tell who the peer is now (RFC 3311 UPDATE
	 * without SDP, answered 200 by the session already; 2xx to our own): connected line, RFC 4916.
	 */
	void (*updated)(struct sip_inv *i, const struct sip_msg *msg, void *arg);
	/**
	 * May be NULL. Write header lines that every request, and every answer to their INVITEs, carries (Session-ID).
	 * The first INVITE is built before sip_inv_connect() returns: `i` may not be used.
	 */
	void (*lines)(struct sip_inv *i, struct buf *b, void *arg);
	/**
	 * Asked before a request in the dialog is looked at (re-INVITE, UPDATE, REFER, INFO ...; not ACK, BYE, CANCEL,
	 * PRACK). False: it was answered here, with a challenge for instance. May be NULL: all are taken.
	 */
	bool (*admit)(struct sip_inv *i, struct sip_strans *st, const struct sip_msg *req, void *arg);
	/**
	 * The session refreshes itself (RFC 4028) by a re-INVITE: write our description in force, with its o= line as
	 * it is. Not 0: not now. NULL: only a peer that takes UPDATE can be refreshed.
	 */
	int (*current)(struct sip_inv *i, struct buf *sdp, void *arg);
	/** May be NULL. 2xx to that re-INVITE; its body may name another address than before. */
	void (*refreshed)(struct sip_inv *i, const struct sip_msg *rsp, void *arg);
	/** May be NULL. A 2xx to our INVITE, before its ACK goes out: only to take notice for `lines`. */
	void (*accepted)(struct sip_inv *i, const struct sip_msg *rsp, void *arg);
};

/** Session timer (RFC 4028): how a dead peer is noticed without any sound. */
struct sip_inv_timer {
	uint32_t expires_s; /**< asked for; 0 = no timer unless the peer asks. At least min_s */
	uint32_t min_s;     /**< Min-SE, 0 = 90: less is refused with 422 */
	bool prefer_peer;   /**< let the peer refresh where it can (phones behind NAT) */
};

/** A call we make. Slices are copied. */
struct sip_inv_call {
	struct slice uri; /**< Request-URI and To address */
	/** Where the INVITE goes; later requests follow the contact and route set, on the same flow if NATed. */
	struct sip_dest dest;
	struct slice from_display, from_uri; /**< display unquoted UTF-8, URI without <> */
	struct slice to_display, to_uri;     /**< empty to_uri = uri */
	struct slice contact_user;           /**< user part of our Contact */
	struct slice hdrs;                   /**< further header lines */
	struct slice ctype, offer;           /**< empty offer: offerless INVITE (delayed offer) */
	uint32_t maxfwd;                     /**< 0 = 70 */
	const struct sip_cred *cred;         /**< for 401/407; copied; may be NULL */
	/** Keep using dest's address for in-dialog requests whatever the Contact says (NATed peer). */
	bool follow_dest;
	struct sip_inv_timer timer; /**< session timer (RFC 4028) */
	bool rel100_required;       /**< Require: 100rel; otherwise it is offered in Supported */
	bool rel100_off;            /**< not even offered */
	/** ms without any answer before `closed` comes with 408, ETIMEDOUT: the next server is tried; 0 = 64*T1 */
	uint32_t answer_ms;
};
/** Make a call. ENOMEM, ENOTSUP (transport, or rel100_required without sip_support), EADDRNOTAVAIL; EINVAL: a URI is
 * missing or holds spaces, controls or <>. */
int sip_inv_connect(struct sip_inv **ip, struct sip *s, const struct sip_inv_call *c, const struct sip_inv_ops *ops,
		    void *arg) MUST_CHECK;

/**
 * Take an incoming INVITE (from sip_ops.request). `contact_user` is the user part of our Contact. The transaction is
 * the session's from now on. On errors it is still the caller's: ERR_SYNTAX (no good Contact or Record-Route: answer
 * 400), ENOMEM (500), EINVAL.
 */
int sip_inv_accept(struct sip_inv **ip, struct sip_strans *st, const struct sip_msg *invite, struct slice contact_user,
		   const struct sip_inv_ops *ops, void *arg) MUST_CHECK;
/** Settings of an incoming session, before its first answer. Without "timer" in sip_support() they mean nothing. */
void sip_inv_set_timer(struct sip_inv *i, const struct sip_inv_timer *t);
/** Is the Session-Expires of an INVITE long enough? False: it was answered 422 (RFC 4028 8.1). `min_s` 0: 90. Inside of
 * sessions this is seen to. */
bool sip_inv_timer_admit(struct sip_strans *st, const struct sip_msg *invite, uint32_t min_s);
/** `closed` came because nobody refreshed the session. */
bool sip_inv_expired(const struct sip_inv *i);
/** Credentials for requests of ours in an incoming session; copied. ENOMEM. */
int sip_inv_set_cred(struct sip_inv *i, const struct sip_cred *cred) MUST_CHECK;
/**
 * 101-199 to the INVITE, with SDP if not empty. Sent reliably (RFC 3262) when the peer requires it, or when it supports
 * it and SDP goes along; several are put in line until the PRACK of the one before.
 */
int sip_inv_progress(struct sip_inv *i, uint16_t scode, struct slice hdrs, struct slice ctype,
		     struct slice sdp) MUST_CHECK;
/** 200 to the INVITE with the answer (or our offer, if theirs had none). */
int sip_inv_answer(struct sip_inv *i, struct slice hdrs, struct slice ctype, struct slice sdp) MUST_CHECK;
/** Final answer 300-699 to the INVITE; `closed` does not follow. */
int sip_inv_reject(struct sip_inv *i, uint16_t scode, struct slice reason, struct slice hdrs) MUST_CHECK;
/**
 * The description in a 1xx or 2xx to an INVITE of ours, as far as it counts: empty where one was agreed on reliably
 * before or where an offer is not reliable; for a 2xx what was agreed on in its early dialog (RFC 3261 13.2.1, RFC 6337
 * 2.2). Of other messages: the body.
 */
struct slice sip_inv_body(const struct sip_inv *i, const struct sip_msg *rsp);
/** Their offer, in a 2xx or a reliable provisional answer to our offerless INVITE, waits for sip_inv_ack_answer(). */
bool sip_inv_ack_due(const struct sip_inv *i);
/** Offer and answer of the first INVITE are exchanged for good: connected, or by reliable provisional answers. */
bool sip_inv_agreed(const struct sip_inv *i);
/** The answer to their offer: in the ACK to a 2xx, or in the PRACK to a reliable provisional answer. */
int sip_inv_ack_answer(struct sip_inv *i, struct slice ctype, struct slice sdp) MUST_CHECK;
/** re-INVITE; empty sdp: offerless. Before the answer, once a first exchange is over: UPDATE, which needs an SDP.
 * ERR_STATE while another exchange is open. */
int sip_inv_reinvite(struct sip_inv *i, struct slice hdrs, struct slice ctype, struct slice sdp) MUST_CHECK;
/** Is a re-INVITE possible now (connected, no exchange open), or an UPDATE before the answer? */
bool sip_inv_can_offer(const struct sip_inv *i);
/**
 * Tell the peer something about this call without a new description: `hdrs` in an UPDATE (RFC 3311) where the peer
 * takes it, early dialogs too. ENOTSUP: it does not (the caller may send a re-INVITE with its description instead);
 * ERR_STATE.
 */
int sip_inv_update(struct sip_inv *i, struct slice hdrs) MUST_CHECK;
/**
 * We are somebody else now (RFC 4916): From of later requests. `display` unquoted, `uri` without <>, both free of what
 * breaks a line. ENOTSUP: the peer does not list "from-change"; ERR_STATE (not connected), ENOMEM.
 */
int sip_inv_set_from(struct sip_inv *i, struct slice display, struct slice uri) MUST_CHECK;
/** The peer listed this method in Allow. */
bool sip_inv_peer_allows(const struct sip_inv *i, enum sip_method m);
/** The peer listed this tag in Supported ("replaces", "norefersub" ...; those of inv_tags[] in inv.c, others: false).
 */
bool sip_inv_peer_supports(const struct sip_inv *i, const char *tag);
/**
 * The session of a dialog by Call-ID and tags as we see them (Replaces, RFC 3891; Target-Dialog), or NULL: early and
 * confirmed ones of this stack. sip_inv_arg() gives what its user put in.
 */
struct sip_inv *sip_inv_find(struct sip *s, struct slice callid, struct slice local_tag, struct slice remote_tag);
const struct sip_inv_ops *sip_inv_user_ops(const struct sip_inv *i);
void *sip_inv_arg(const struct sip_inv *i);
/** 200 to the open re-INVITE, UPDATE or PRACK. */
int sip_inv_reply_answer(struct sip_inv *i, struct slice ctype, struct slice sdp) MUST_CHECK;
/** Refuse it (488, 491 ...). */
int sip_inv_reply_reject(struct sip_inv *i, uint16_t scode, struct slice hdrs) MUST_CHECK;
/**
 * Another request in the dialog (INFO, MESSAGE ...): connected, or incoming and not answered yet; else ERR_STATE.
 * EINVAL: INVITE, ACK, BYE, CANCEL. 401 and 407 are answered inside. `ops` (may be NULL, both members may be) hears
 * nothing after `closed` or hang-up.
 */
int sip_inv_request(struct sip_inv *i, enum sip_method m, struct slice hdrs, struct slice ctype, struct slice body,
		    const struct sip_ctrans_ops *ops, void *arg) MUST_CHECK;
/**
 * End it as the state asks: CANCEL, a final answer (scode, or 480 if 0), BYE now or after the ACK. `reason` is a Reason
 * header value (SIP;cause=200;text="Call completed elsewhere") or empty. `closed` follows later with scode 0, unless
 * the caller derefs first. Fine in any state.
 */
void sip_inv_hangup(struct sip_inv *i, uint16_t scode, struct slice reason);

enum sip_inv_state sip_inv_state(const struct sip_inv *i);
struct slice sip_inv_callid(const struct sip_inv *i);
struct slice sip_inv_local_tag(const struct sip_inv *i);
struct slice sip_inv_remote_tag(const struct sip_inv *i);
/** Where in-dialog requests go now (for choosing SDP addresses), and the peer's source address of the last message. */
const struct sip_dest *sip_inv_dest(const struct sip_inv *i);
/** Remote User-Agent or Server header of the first message that had one. */
struct slice sip_inv_peer_software(const struct sip_inv *i);

#endif
