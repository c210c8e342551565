/*
 * trans.h - transactions (RFC 3261 section 17, with the corrections of RFC 6026).
 *
 * Server transactions: INVITE and non-INVITE. Client transactions: INVITE and
 * non-INVITE. Timers by their RFC letters. Thread: the stack's loop.
 * Ownership: transactions belong to the stack and live as long as their state
 * machine says; a pointer held by a user is a reference (mem_ref / mem_deref).
 */
#ifndef OFFHOOK_SIP_TRANS_H
#define OFFHOOK_SIP_TRANS_H

#include "sip/sip.h"

struct sip_strans;
struct sip_ctrans;

/* ---- server side ---- */

/** The request of a transaction; NULL after a final answer (take a reference to keep it longer). */
const struct sip_msg *sip_strans_msg(const struct sip_strans *st);
/** Its stack. */
struct sip *sip_strans_sip(const struct sip_strans *st);
/** Which local tag our answers carry in To (made at the first need; stays the same). Static in the transaction. */
struct slice sip_strans_tag(struct sip_strans *st);
/** A final answer was sent. */
bool sip_strans_done(const struct sip_strans *st);

/**
 * Called when a CANCEL for this INVITE came (it has been answered 200 by then; the receiver sends 487 with sip_reply),
 * or when the transaction failed or ended (err != 0: ETIMEDOUT no ACK to a non-2xx answer, or the transport's error).
 */
struct sip_strans_ops {
	void (*cancelled)(struct sip_strans *st, const struct sip_msg *cancel, void *arg);
	void (*ended)(struct sip_strans *st, int err, void *arg);
};
void sip_strans_set_ops(struct sip_strans *st, const struct sip_strans_ops *ops, void *arg);

/**
 * Answer: status line, Via, From, To (with our tag unless 100), Call-ID, CSeq and Timestamp (100) are written by the
 * stack, then `hdrs` (whole lines with CRLF, made with the sip_enc_ functions; may be empty), then the body with its
 * Content-Type. Provisional answers may come any number of times before one final answer. Empty reason: the standard
 * phrase. ERR_STATE after a final answer (2xx retransmission is the session's work: sip_strans_resend), ENOMEM. A loss
 * on the way is no error: the transaction repeats the answer as its machine says.
 */
int sip_reply(struct sip_strans *st, uint16_t scode, struct slice reason, struct slice hdrs, struct slice ctype,
	      struct slice body) MUST_CHECK;
/** sip_reply without headers or body. A final answer that finds no memory is tried again by the transaction. */
void sip_reply_simple(struct sip_strans *st, uint16_t scode, const char *reason);
/** Send the last answer again (2xx to INVITE until its ACK, RFC 3261 13.3.1.4). */
void sip_strans_resend(struct sip_strans *st);
/** The ACK to a 2xx came: nobody will ask for the answer again. */
void sip_strans_acked(struct sip_strans *st);
/**
 * Answer and forget, as a stateless server would (RFC 3261 8.2.7): the tag is the same for each copy of the request.
 * For challenges, and for requests that may be carried out twice. Before the answer; INVITE and streams are not
 * touched.
 */
void sip_strans_brief(struct sip_strans *st);
/** Answer without a transaction (RFC 3261 8.2.7): malformed, overload. Nothing is kept. */
void sip_reply_stateless(struct sip *s, const struct sip_msg *msg, uint16_t scode, const char *reason,
			 struct slice hdrs);

/* ---- client side ---- */

/** What happens to a client transaction. */
struct sip_ctrans_ops {
	/** Each response: provisional, final; each retransmitted or further 2xx to INVITE while the transaction is
	 * Accepted (RFC 6026). */
	void (*response)(struct sip_ctrans *ct, const struct sip_msg *rsp, void *arg);
	/** No final response: ETIMEDOUT (timers B, F), or the transport's error. Never after a final response. */
	void (*failed)(struct sip_ctrans *ct, int err, void *arg);
};

/** What to send. The stack writes Request-Line, Via with branch, Max-Forwards (70 if 0), then `hdrs`, User-Agent, body.
 */
struct sip_request {
	enum sip_method m;
	struct slice method; /**< only for SIP_OTHER_METHOD */
	struct slice uri;    /**< Request-URI */
	struct sip_dest dest;
	uint32_t maxfwd;
	struct slice hdrs; /**< whole lines with CRLF: From, To, Call-ID, CSeq, Contact, Route ... */
	struct slice ctype, body;
	const char *branch; /**< of sip_send_ack() that sends again what went before; NULL: a new one */
};
/**
 * Send a request in a client transaction. `ctp` gets a reference of the caller's (NULL: not wanted). For ACK to a 2xx
 * use sip_send_ack. Errors: ENOMEM, EADDRNOTAVAIL, ENOTSUP; later trouble comes by ops->failed. Requests over 1300
 * bytes stay on UDP (fragmented) unless dest.tp is a stream.
 */
int sip_request(struct sip_ctrans **ctp, struct sip *s, const struct sip_request *r, const struct sip_ctrans_ops *ops,
		void *arg) MUST_CHECK;
/**
 * CANCEL an INVITE (RFC 3261 9.1): waits for a provisional response if none came yet; `reason` is the value of a Reason
 * header or empty. Without a final response within 64*T1 after it, `failed` tells ETIMEDOUT. ERR_STATE after a final
 * response, ENOMEM.
 */
int sip_cancel(struct sip_ctrans *ct, struct slice reason) MUST_CHECK;
/** No more call-backs from this transaction (its user goes away); it finishes by itself. */
void sip_ctrans_detach(struct sip_ctrans *ct);
/** Send once, without a transaction: the ACK to a 2xx. `out` (may be NULL) gets the block for sending again with
 * sip_resend. */
int sip_send_ack(struct sip *s, const struct sip_request *r, struct rbuf **out) MUST_CHECK;
/** Send a kept block again to a destination. */
int sip_resend(struct sip *s, const struct sip_dest *d, struct rbuf *b) MUST_CHECK;

#endif
