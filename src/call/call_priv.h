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
	RECALL_MS_DEFAULT = 30000, /**< a failed transfer rings back for so long */
	CLOSE_MS = 2000,           /**< longest wait for the final figures of streams */
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
	struct list trunks;    /**< struct trunk */
	struct list rooms;     /**< struct room */
	struct sounds *sounds; /**< NULL: nothing to play */
	char country[4];       /**< whose tones people know, "": none in particular */
	uint32_t max;
	struct list live, ending; /**< struct call */
	struct list gone;         /**< struct leg, to be freed at the tail */
	struct loop_tail tail;
	uint32_t recall_ms;
	bool draining;
	struct timer drain_timer;
	struct timer series; /**< samples of how calls sound */
	bool keeps_series;
	void (*drained)(void *arg);
	void *drained_arg;
	struct inspect inspect;
};

/** A leg that is gone, kept for the record. Referenced by its call and by the stream whose figures are awaited. */
struct leg_past {
	struct link le;    /**< in call->past */
	struct call *call; /**< NULL: the call does not wait any more */
	struct sa signals; /**< where its signalling came from */
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
/** New call without legs. ENOMEM, ERR_LIMIT, ERR_STATE. */
int call_new(struct call **cp, struct calls *cs) MUST_CHECK;
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
/** Keep what the record says of a leg that goes to another call and lives on. */
void leg_note_past(struct leg *l);
/** Into another call. The place (a, b) in both calls is the caller's business. */
void leg_move(struct leg *l, struct call *to);
/** Replace a description. ENOMEM leaves the old one. */
int leg_keep(struct rbuf **slot, struct slice sdp) MUST_CHECK;
/** Its first stream that sound of ours can go to; NULL: none. */
struct mstream *leg_sound(const struct leg *l);
/** What is set for its sound; all zero where the owner sets nothing. */
void leg_policy(const struct leg *l, struct media_policy *mp);

/* series.c */
/** A call is up: its sound may be sampled. */
void series_call_up(struct calls *cs);
void series_free(struct leg_series *x);
/** NULL when there is nothing, or no memory. */
struct leg_series *series_copy(const struct leg_series *x);

/* record.c */
void record_report(struct call *c, enum record_phase phase);
/** The record of one leg as it is, without quality. */
void record_leg(struct leg_record *r, const struct leg *l);
/** Put its quality in. */
void record_quality(struct leg_record *r, const struct mstream_stats *st);
/** And what was wrong with it; its end is `now_ms`, loop's. */
void record_verdict(struct leg_past *p, const struct mstream_stats *st, uint64_t now_ms);
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

/** The running dial of `from` goes on in `to`, with its legs. */
void dial_move(struct call *from, struct call *to);
/** One of its phones gave a sign. */
bool dial_rang(const struct call *c);

/* best.c */
/** Keep the better of two final answers (RFC 3261 16.7 step 6), the new one brought into a form that a caller may get.
 */
void best_take(struct hangup *best, const struct hangup *h);

/* bridge.c */
/** Stream for m-line `i` of a leg, of media type `type`; makes it if there is none. */
int bridge_stream(struct leg *l, size_t i, struct slice type, const struct sa *bind) MUST_CHECK;
/** Close a stream of a leg that goes on. */
void bridge_drop(struct leg *l, size_t i);
/** Agreed: tell the streams of both legs what is in force, and join them. */
void bridge_apply(struct leg *a, struct leg *b);
/** One side of that: what the description of `l` and ours to it agree on. Lines not agreed are closed. */
void bridge_set_remote(struct leg *l);
/** Held by its own description (sendonly or inactive, or address 0.0.0.0)? Sets the state of an answered leg. */
void bridge_hold_state(struct leg *l, const struct sdp *d);

/* hold.c */
/** Would it hear music when it is put on hold: is there some, in a codec of its that we code? */
bool hold_has_music(const struct leg *l);
/** After bridge_apply(): music for the one of two that the other has put on hold. */
void hold_apply(struct leg *a, struct leg *b);
/** Music for `l`, whatever its stream did before. False: there is none, nothing has changed. */
bool hold_play(struct leg *l);

/* oa_read.c */
/** What is read of descriptions and the scratches of this thread are there as long as somebody has them open (calls
 * do). ENOMEM. */
int oa_scratch_open(void) MUST_CHECK;
void oa_scratch_close(void);
/** Scratch of this thread for a description that is to be changed, n 0 or 1 (40 kB each: never in objects or on
 * fibers). */
struct sdp *oa_scratch(unsigned n);
enum { OA_READ_MAX = 8 };
/** A description, decoded; the same text is not decoded again and again. Errors as of sdp_decode(). *d holds until
 * OA_READ_MAX others were read after it, and no longer than `text`. */
int oa_read(const struct sdp **d, struct slice text) MUST_CHECK;

/* oa_sdp.c */
/** T.38 over UDPTL (T.38 annex D)? */
bool oa_is_fax(const struct sdp_media *m);
/** A protocol that we relay: RTP/AVP, RTP/AVPF, UDPTL with T.38. */
bool oa_proto_ok(const struct sdp_media *m);
/** An m-line that is offered and that we carry. */
bool oa_line_ok(const struct sdp *d, size_t i);
/** What its describer sends and receives, an address of 0.0.0.0 taken as hold (RFC 3264 8.4). */
enum sdp_dir oa_dir(const struct sdp_media *m);
/** What is to be said to a leg. */
struct oa_say {
	struct leg *to;
	const struct leg *from;  /**< whose words `in` are; NULL: our own, and nothing is chosen */
	const struct sdp *in;    /**< what is to be said */
	const struct sdp *offer; /**< the offer of `to` that `in` answers; NULL: we offer */
	bool shared;             /**< an offer without codecs that we would have to translate */
};
/**
 * Our description towards a leg. Its streams are made as needed. ENOMEM, ENOTSUP (no usable line, no codec in common or
 * that we could translate), or what opening ports says.
 */
int oa_write(struct rbuf **out, const struct oa_say *say) MUST_CHECK;
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
/** The leg that `l` shares its descriptions with: the other side, before the answer the only branch or the caller. */
struct leg *oa_partner(const struct leg *l);
void oa_reoffer(struct leg *x, struct slice sdp);
void oa_result(struct leg *y, uint16_t code, struct slice sdp, bool is_offer);
void oa_ack(struct leg *x, struct slice sdp);
/** A leg that we called answered, and its sound is joined later: keep its description. ERR_SYNTAX, ENOTSUP. */
int oa_took(struct leg *l, struct slice sdp, bool is_offer) MUST_CHECK;
/** Everything of `d` may flow both ways, wherever it was. */
void oa_wake(struct sdp *d);
/**
 * An offer of ours to say->to alone: say->in (scratch 0) says what; lines that it had before stay in place. Ends in
 * join_result(). ERR_STATE: not now. *same: there is nothing to say, and no offer was made.
 */
int oa_solo(const struct oa_say *say, bool *same) MUST_CHECK;
/** Ask it for an offer, which then goes to the other side. ERR_STATE: not now. */
int oa_solo_ask(struct leg *l) MUST_CHECK;

/* join.c */
/** Legs a and b, both answered, have agreed on nothing with each other yet: bring their descriptions together by
 * re-INVITEs as needed, then join their streams. `news`: each is then told who the other one is. */
void join_start(struct call *c, bool news);
/** The other side of `x` is out of step with it, and is told what x has in force. */
void join_back(struct leg *x);
void join_stop(struct call *c);
/** An offer of oa_solo() was answered (2xx) or refused. */
void join_result(struct leg *l, uint16_t code);

/* transfer.c */
/** Is somebody being looked for, for the party that stays? */
bool transfer_seeks(const struct call *c);
/** The same, and the owner has begun nothing: what it says now is about the transfer alone. */
bool transfer_undecided(const struct call *c);
/** Signs of the called one: 18x. */
void transfer_ringing(struct call *c, uint16_t code);
void transfer_answered(struct leg *l, struct slice sdp, bool is_offer);
/** An inside party took it. */
void transfer_inside(struct call *c);
/** Nobody was found. */
void transfer_failed(struct call *c, const struct hangup *h);
/** `l` is gone: true if that was a matter of the transfer alone. */
bool transfer_gone(struct leg *l, const struct hangup *h);
/** The call ends. */
void transfer_drop(struct call *c, uint16_t code);
/** The sound of the party that stays may have changed: play what it should hear. */
void transfer_sound(struct call *c);
/** New transfer that puts `by` aside, of a party that stays. NULL: out of memory. */
struct transfer *transfer_new(struct call *c, struct leg *by);
/** It worked: who asked for it is told and leaves, now or a little later. */
void transfer_done(struct call *c);
/** As a blind transfer by `by`, to those who ring already in another call. 0 or a status code. */
uint16_t transfer_take_dial(struct leg *by, struct call *ringing);
/** Tell both who they talk to now, and the views. */
void call_connected(struct call *c);

/* originate.c */
/** The caller's own phones ring. */
bool originate_calls(const struct call *c);
/** One of them was answered, and waits for the other end. */
bool originate_seeks(const struct call *c);
/** The phones that ring now are asked to answer by themselves. */
bool originate_answers_itself(const struct call *c);
/** A phone gave a sign, or answered. False: that is nothing of an originated call. */
bool originate_rings(struct leg *l, uint16_t code, struct slice sdp);
bool originate_answered(struct leg *l, struct slice sdp, bool is_offer);
/** None of the caller's phones was answered. */
void originate_failed(struct call *c, const struct hangup *h);
/** The other end answered. */
void originate_up(struct call *c);
/** It is an inside party. */
void originate_inside(struct call *c);
/** The sound of who waits may have changed: play what it should hear. */
void originate_sound(struct call *c);
/** Words for the record of one that got no further than the caller's phones; false: it did. */
bool originate_words(char *dst, size_t size, const struct call *c);
void originate_free(struct call *c);

/* recording.c */
struct mixer;
struct recording_cfg;
struct recording_ops;
/** Descriptions of a call have changed: recordings that hear nothing find a stream. */
void recordings_follow(struct call *c);
/** Record what all of a mixer say: one reference is the caller's, who stops it before the mixer ends. As
 * call_record_start(). */
int recording_of_mixer(struct recording **rp, struct mixer *x, struct loop *loop, const struct recording_cfg *cfg,
		       const struct recording_ops *ops, void *arg) MUST_CHECK;
/** Is it neither stopped nor over? */
bool recording_goes_on(const struct recording *r);
/** The call ends: so do they. */
void recordings_end(struct call *c);
/** The call is freed. */
void recordings_free(struct call *c);
void recordings_record(struct call_record *r, const struct call *c);

/* moves.c */
enum { MOVES_TRIES = 30 /**< transfers that a call may see */ };
/** Begin the note of a transfer: who sends a party where. `how` is static. False: too many, or out of memory. */
bool moves_begin(struct call *c, const char *how, const char *by, const char *to);
/** How the last one went. */
void moves_end(struct call *c, uint16_t code);
/** Who hung up: after a transfer "caller" and "callee" do not tell. */
void moves_hung_up(struct call *c, const struct leg *l);
void moves_record(struct call_record *r, const struct call *c);
/** Words for a call that saw transfers; false: the usual ones do. */
bool moves_words(char *dst, size_t size, const struct call *c);

/* oa_local.c: descriptions of inside parties */
/** Answer the open offer of `l`, or give our own when it asked for one, by `send` (answer or answer_offer). ENOTSUP:
 * nothing in common. */
int oa_local_answer(struct leg *l, int (*send)(struct leg *l, struct slice sdp)) MUST_CHECK;
/** Our own first offer to a leg that is called. ENOTSUP, ENOMEM, or what opening ports says. */
int oa_local_offer(struct leg *l, struct rbuf **out) MUST_CHECK;
/** Both descriptions of the leg are in force: tell the streams. ERR_SYNTAX. */
int oa_local_apply(struct leg *l) MUST_CHECK;
/** A re-INVITE of a leg with an inside party. */
void oa_local_reoffer(struct leg *l, struct slice sdp);

/* room.c */
/** Its description changed: it may be on hold now. */
void room_leg_changed(struct calls *cs, const struct leg *l);

/* inside.c */
/** The call ends: the application's waits return. */
void inside_cancel(struct call *c);

/** An optional description as a slice. */
static inline struct slice rbuf_opt(const struct rbuf *b)
{
	return b ? rbuf_slice(b) : SLICE_NULL;
}

#endif
