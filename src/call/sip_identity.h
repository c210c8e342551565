/*
 * sip_identity.h - who calls and who was reached, in the headers of SIP: From, P-Asserted-Identity and
 * P-Preferred-Identity (RFC 3325), Privacy (RFC 3323), Remote-Party-ID, Diversion (RFC 5806), History-Info (RFC 7044),
 * Session-ID (RFC 7989), Reason (RFC 3326).
 *
 * Private to the SIP adapters of this room. Rule: a leg that is not trusted is believed nothing but what it asks to be
 * hidden, and learns nothing of a party that asked for that.
 * Thread: loop. Ownership: nothing is kept.
 */
#ifndef OFFHOOK_CALL_SIP_IDENTITY_H
#define OFFHOOK_CALL_SIP_IDENTITY_H

#include "call/sip_edge_priv.h"
#include "call/trunk.h"

/* ---- reading: sip_identity.c ---- */

/**
 * The caller of an INVITE. Not trusted: From, its asserted headers ignored. Trusted (leg.trusted): P-Asserted-Identity,
 * then Remote-Party-ID, then From. Privacy and an anonymous From set `hidden`. The number is "anonymous" where there is
 * none. Text is cleaned: valid UTF-8, no control characters.
 */
void sip_identity_caller(struct party *p, const struct sip_msg *msg, bool trusted);
/** From says nothing ("anonymous", anonymous.invalid; RFC 3323 4.1.1.3). */
bool sip_identity_from_anonymous(const struct sip_msg *msg);
/** The party that a trusted peer asserts in any message; false without one. */
bool sip_identity_asserted(struct party *p, const struct sip_msg *msg);
/** Display name to plain text: unquoted, valid UTF-8, no control or direction characters, cut between characters. */
void sip_identity_text(char *dst, size_t size, struct slice display);
/** What a message of the peer says of itself: Session-ID is kept; an asserted identity of a trusted peer is told. */
void sip_identity_note(struct sip_leg *sl, const struct sip_msg *msg);

/* ---- writing: sip_identity.c ---- */

/** How a party is told. */
struct sip_identity_out {
	const struct party *who;
	struct slice host;        /**< of the URIs: "sip.example", "192.0.2.1:5062", "[2001:db8::1]" */
	enum trunk_identity kind; /**< for trusted peers, and for others where who is not hidden */
	bool trusted;             /**< the peer may know hidden parties */
	bool called;              /**< `who` was called (RPID party=called), else it calls */
};
/** From of an INVITE: URI into `uri`, *display unquoted (for sip_inv_call). Anonymous when hidden. Error of the buffer.
 */
int sip_identity_from(struct buf *uri, struct slice *display, const struct sip_identity_out *o) MUST_CHECK;
/** User part for our Contact that gives nothing away. */
struct slice sip_identity_contact_user(const struct party *who);
/** Header lines beside From, as `kind` says, and Privacy. Writes nothing where nothing may be told. Error of the
 * buffer.
 */
int sip_identity_enc(struct buf *b, const struct sip_identity_out *o);
/** The line of `kind` alone, without Privacy. */
void sip_identity_enc_one(struct buf *b, const struct sip_identity_out *o);
/**
 * All header lines of the INVITE of leg `l`: what passes from the caller (sip_headers.c), identity, and from whom the
 * call was diverted (the first `ndiverted` of call->diverted). Session-ID is written by the session itself. Error of
 * the buffer.
 */
int sip_identity_invite(struct buf *b, const struct leg *l, const struct sip_identity_out *o,
			size_t ndiverted) MUST_CHECK;
/** "192.0.2.1", "[2001:db8::1]:5070": for `host`. */
void sip_identity_host(struct buf *b, const struct sa *us);

/* ---- diverted calls and circles: sip_diverted.c ---- */

/** Diversion or History-Info of a trusted peer's INVITE into call->diverted. */
void sip_diverted_read(struct call *c, const struct sip_msg *msg);
/** Both headers for `n` diversions before `to`; nothing for 0. `host` as in sip_identity_out. */
void sip_diverted_enc(struct buf *b, const struct diverted *d, size_t n, const char *to, struct slice host,
		      bool trusted);
/** Reason in a 3xx (its Diversion or Reason), or DIVERT_ALWAYS. */
enum divert_reason sip_diverted_why(const struct sip_msg *rsp);
/** Does this INVITE for `dialled` come round in a circle? 0, 482 or 483, with static words. */
uint16_t sip_diverted_loop(struct edge *e, const struct sip_msg *msg, const char *dialled, const char **words);

/* ---- Session-ID: sip_session.c ---- */

/** The caller's end: from its INVITE, or one that we make for it; findable from now on. */
void sip_session_begin(struct sip_leg *sl, const struct sip_msg *invite);
/** Keep what the peer calls its end. */
void sip_session_note(struct sip_leg *sl, const struct sip_msg *msg);
/** The line for a message to this leg. */
void sip_session_enc(struct buf *b, struct sip_leg *sl);
/** A live call for `dialled` whose caller has this Session-ID. */
bool sip_session_known(const struct edge *e, const struct sip_msg *msg, const char *dialled);
void sip_session_end(struct sip_leg *sl);

/* ---- connected line: sip_connected.c ---- */

/** leg_ops.connected. */
void sip_connected(struct leg *l, const struct party *with);
/** Lines for a 180, 183 or 200 to the caller: who was reached. Nothing when nobody is known. */
void sip_connected_enc(struct buf *b, struct leg *l);

/* ---- Reason: sip_reason.c ---- */

/** Why the peer ended it: causes, words, whether it was taken elsewhere. */
void sip_reason_read(struct hangup *h, const struct sip_msg *msg);
/** Value for a CANCEL or BYE, or (`response`) for a final answer (RFC 6432: Q.850 only). */
void sip_reason_enc(struct buf *b, const struct hangup *h, bool response);

#endif
