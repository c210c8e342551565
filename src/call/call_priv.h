/*
 * call_priv.h - what the files of this room share: the engine, the ends of legs and calls, dialling, descriptions.
 *
 * Thread: loop. Objects are freed by the engine's tail at the end of a turn, so that no call-back frees what its caller
 * still uses.
 */
#ifndef OFFHOOK_CALL_CALL_PRIV_H
#define OFFHOOK_CALL_CALL_PRIV_H

#include "base/buf.h"
#include "base/inspect.h"
#include "base/log.h"
#include "base/mem.h"
#include "call/call.h"
#include "wire/sdp/sdp.h"

enum {
	CALLS_MAX_DEFAULT = 10000,
	RING_MS_DEFAULT = 60000,
	CLOSE_MS = 2000, /**< longest wait for the final figures of streams */
	DIAL_TARGETS_MAX = 10,
	DIAL_BRANCHES_MAX = 32, /**< of one dial, redirections included */
	DIAL_DEPTH_MAX = 5      /**< redirections one after another */
};

struct calls {
	struct loop *loop;
	struct media *media;
	const struct call_ops *ops;
	void *arg;
	const struct calls_dialer *dialer;
	void *dialer_arg;
	const struct trunk_driver *trunk_driver; /**< NULL: no protocol does trunks */
	void *trunk_driver_arg;
	struct list trunks; /**< struct trunk */
	uint32_t max;
	struct list live, ending; /**< struct call */
	struct list gone;         /**< struct leg, to be freed at the tail */
	struct loop_tail tail;
	bool draining;
	struct timer drain_timer;
	void (*drained)(void *arg);
	void *drained_arg;
	struct inspect inspect;
};

/** A leg that is gone, kept for the record. Referenced by its call and by the stream whose figures are awaited. */
struct leg_past {
	struct link le;    /**< in call->past */
	struct call *call; /**< NULL: the call does not wait any more */
	uint8_t rank;      /**< 0 caller, 1 winner, 2 others: their order in the record */
	struct leg_record r;
};

/* calls.c */
/** Look at the call at the end of this turn: its record may be closed, or it may be freed. */
void calls_reap_later(struct calls *cs);
/** A leg for the tail to free. */
void calls_leg_gone(struct calls *cs, struct leg *l);

/* call.c */
/** The caller got this far; tells the live views. */
void call_set_state(struct call *c, enum call_state s);
void call_changed(struct call *c);
/** Decide the end: by whom and why; hangs up every leg that is left. Only the first decision counts. */
void call_end(struct call *c, const char *by, const struct hangup *h);
/** Free a call that is not in a list any more. */
void call_free(struct call *c);
/** Close the record if the figures of all streams are there. */
void call_try_close(struct call *c);
void call_metrics_reg(void);
/** Everything of an ended call is finished. */
bool call_finished(const struct call *c);

/* leg.c */
/** Give the order to end; the leg stays until it is reported gone. */
void leg_hangup(struct leg *l, const struct hangup *h);
/** It is over: streams closed, past record kept, freed at the tail. Not for legs that are gone already. */
void leg_finish(struct leg *l, uint16_t code);
void leg_free(struct leg *l);
/** The other one of two joined legs, or NULL. */
struct leg *leg_other(const struct leg *l);
/** Replace a description. ENOMEM leaves the old one. */
int leg_keep(struct rbuf **slot, struct slice sdp) MUST_CHECK;

/* record.c */
void record_report(struct call *c, enum record_phase phase);
/** The record of one leg as it is, without quality. */
void record_leg(struct leg_record *r, const struct leg *l);
/** Put its quality in. */
void record_quality(struct leg_record *r, const struct mstream_stats *st);
/** Its place in the record. */
uint8_t record_rank(const struct leg *l);

/* dial.c */
/** A branch failed: goes on with the next ones, or ends the dial. Nothing happens to legs that are no branches. */
void dial_failed(struct leg *l, const struct hangup *h);
/** It is the only branch there is, so that its early media may pass. */
bool dial_single(const struct leg *l);
/** Another server of its trunk takes over the branch of `l`; false: there is none. */
bool dial_again(struct leg *l);
/** The trunk goes away: branches that wait for it fail. */
void dial_forget_trunk(struct dial *d, const struct trunk *t);
/** New branches in place of `l`. */
void dial_redirect(struct leg *l, const struct dial_target *v, size_t n);
/** Cancel all branches but the winner and forget the dial. `h` is what they are told. */
void dial_stop(struct call *c, const struct hangup *h);

/* best.c */
/** Keep the better of two final answers (RFC 3261 16.7 step 6), the new one brought into a form that a caller may get.
 */
void best_take(struct hangup *best, const struct hangup *h);

/* bridge.c */
/** Stream for m-line `i` of a leg, of media type `type`; makes it if there is none. */
int bridge_stream(struct leg *l, size_t i, struct slice type, const struct sa *bind) MUST_CHECK;
/** Close a stream of a leg that goes on. */
void bridge_drop(struct leg *l, size_t i);
/** Agreed: tell the streams of both legs what their parties said, and join them. `sa`, `sb`: decoded descriptions of a
 * and b. */
void bridge_apply(struct leg *a, const struct sdp *da, struct leg *b, const struct sdp *db);
/** One side of that: the description `d` of `l` against `other`, which it agreed on; `inside`: `other` is our own.
 * Lines not agreed are closed. */
void bridge_set_remote(struct leg *l, const struct sdp *d, const struct sdp *other, bool inside);
/** Held by its own description (sendonly or inactive, or address 0.0.0.0)? Sets the state of an answered leg. */
void bridge_hold_state(struct leg *l, const struct sdp *d);

/* oa_sdp.c */
/** Scratch of this thread for decoding, n 0 or 1 (30 kB each: never in objects or on fibers). */
struct sdp *oa_scratch(unsigned n);
/** A protocol that we relay: RTP/AVP, RTP/AVPF. */
bool oa_proto_ok(const struct sdp_media *m);
/** An m-line that is offered and that we carry. */
bool oa_line_ok(const struct sdp *d, size_t i);
/** What its describer sends and receives, an address of 0.0.0.0 taken as hold (RFC 3264 8.4). */
enum sdp_dir oa_dir(const struct sdp_media *m);
/**
 * Our description towards `to` that says what `in` says. `offer` is NULL when `in` is an offer; else it is the offer of
 * `to` that `in` answers. Streams of `to` are made as needed. ENOMEM, ENOTSUP (offer without a usable line), or what
 * opening ports says.
 */
int oa_write(struct rbuf **out, struct leg *to, const struct sdp *in, const struct sdp *offer) MUST_CHECK;
/** Text of a description with o= of this leg; its version grows when anything but o= differs from what is in force. */
int oa_finish(struct rbuf **out, struct leg *to, struct buf *b) MUST_CHECK;
/** An attribute that may pass to the other side. */
bool oa_attr_pass(struct slice name);
/** v=, o=, s=, c=, t= for a leg, with the version that comes next. */
void oa_begin(struct buf *b, struct leg *to, const struct sa *adv);

/* oa.c */
/** First offer from the caller for a branch; *out NULL: the caller gave none. */
int oa_first_offer(struct leg *a, struct leg *b, struct rbuf **out) MUST_CHECK;
/** Early answer of the only branch: passed to the caller. */
int oa_early(struct leg *a, struct leg *b, uint16_t code, struct slice sdp) MUST_CHECK;
/** The winner's answer, or offer if it was asked for one: answers the caller. */
int oa_answered(struct leg *a, struct leg *b, struct slice sdp, bool is_offer) MUST_CHECK;
void oa_reoffer(struct leg *x, struct slice sdp);
void oa_result(struct leg *y, uint16_t code, struct slice sdp, bool is_offer);
void oa_ack(struct leg *x, struct slice sdp);

/* oa_local.c: descriptions of inside parties */
/** Answer the open offer of `l`, or give our own when it asked for one, by `send` (answer or answer_offer). ENOTSUP:
 * nothing in common. */
int oa_local_answer(struct leg *l, int (*send)(struct leg *l, struct slice sdp)) MUST_CHECK;
/** Both descriptions of the leg are in force: tell the streams. ERR_SYNTAX. */
int oa_local_apply(struct leg *l) MUST_CHECK;
/** A re-INVITE of a leg with an inside party. */
void oa_local_reoffer(struct leg *l, struct slice sdp);

/* inside.c */
/** The call ends: the application's waits return. */
void inside_cancel(struct call *c);

/** An optional description as a slice. */
static inline struct slice rbuf_opt(const struct rbuf *b)
{
	return b ? rbuf_slice(b) : SLICE_NULL;
}

#endif
