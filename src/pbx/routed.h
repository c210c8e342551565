/*
 * routed.h - what the phone system keeps of a call on its way: who takes part in it and what it holds (extensions,
 * channels of trunks, meters), the lines still to be tried, and what its record says of the outside.
 *
 * Thread: loop. Ownership: struct pbx_call is call->owner until the call ends; struct routed lives until the record is
 * closed, because the words of a refusal are read until then.
 */
#ifndef OFFHOOK_PBX_ROUTED_H
#define OFFHOOK_PBX_ROUTED_H

#include "pbx/brake.h"
#include "pbx/trunk.h"

/** One thing that a call holds: an extension that takes part, or a channel of a trunk with its meters. */
struct held {
	struct link le;
	struct extension *ext; /**< takes part; referenced; NULL: a channel */
	struct ptrunk *trunk;  /**< referenced */
	uint64_t answer_ms;    /**< loop's ms, 0 = not yet */
	uint32_t tag;          /**< of the leg that it is for (a way that a phone named), 0: none in particular */
	bool out, emergency;
	bool seen;    /**< a leg was there for it */
	char payer[]; /**< extension whose limits count, "" = none */
};

/** What the record says. */
struct routed {
	struct hlink le; /**< in pbx.routed, by the call's id */
	struct pbx *pbx;
	char id[24];
	char words[PLAN_WORDS]; /**< of a refusal */
	char route[PLAN_NAME], trunk[PLAN_NAME], number[NUMBER_MAX], caller[NUMBER_MAX];
	char location[200];
	bool emergency, test;
};

/** Lines to be tried. */
struct lines {
	struct plan_attempt v[PLAN_ATTEMPTS];
	size_t n, at;
	bool emergency;
};

/** A way that a phone named for a call that it sends on (3xx): charged to the phone. */
struct way {
	struct link le; /**< in pbx_call.ways */
	uint32_t tag;   /**< of its legs; unique */
	char payer[32];
	struct lines lines;
};

struct pbx_call {
	struct pbx *pbx;
	struct list held;
	struct lines *lines;           /**< NULL: no call to the outside */
	struct list ways;              /**< struct way; not many, see route_redirect.c */
	struct routed *routed;         /**< of pbx.routed; NULL: none */
	struct timer limit;            /**< ends an outside call that lasts too long */
	struct extension *target;      /**< whose limit counts before it rings; held */
	struct conference *conference; /**< it leads into this one; referenced; NULL: none */
	bool callback;                 /**< an emergency centre calls back: no limit counts */
	char payer[32];                /**< extension in whose name the present way was found */
	uint8_t recordings;            /**< begun so far */
	const struct leg *star;        /**< pressed "*", the first half of *1; only compared */
	uint64_t star_ms;
	struct call *call;
	struct link le;    /**< in pbx.outside while it holds a channel, newest last */
	struct link dirty; /**< in event_bus.dirty */
};

/** The owner's part of a call, made when it is not there. NULL: no memory. */
struct pbx_call *routed_owner(struct pbx *p, struct call *c);
/** An extension takes part. ENOMEM. */
int routed_hold_extension(struct pbx_call *pc, struct extension *e) MUST_CHECK;
bool routed_is_held(const struct pbx_call *pc, const struct extension *e);
/** A channel is taken; `payer` NULL or "": no extension pays. ENOMEM. */
int routed_hold_trunk(struct pbx_call *pc, struct ptrunk *t, bool out, bool emergency, const char *payer) MUST_CHECK;
/** A channel for the leg with this tag: a call that goes out. ENOMEM. */
int routed_hold_way(struct pbx_call *pc, struct ptrunk *t, const struct way *w) MUST_CHECK;
/** Give back a channel that no leg has (the line failed); `tag` 0: those for no leg in particular. */
void routed_drop_line(struct pbx_call *pc, uint32_t tag);
/** Does it hold the channel of a call to the outside that is answered and no emergency? */
bool routed_talks_outside(const struct pbx_call *pc);
/** Give back what no leg stands for any more, start what was answered. */
void routed_settle(struct call *c, struct pbx_call *pc);
/** What was held by one call is held by another now (transfer). */
void routed_move(struct pbx_call *to, struct pbx_call *from);
/** Notes for the record; NULL: no memory. */
struct routed *routed_note(struct pbx_call *pc, const struct call *c);
/** The trunk by which the call went, or was to go, into `dst` (PLAN_NAME bytes), which is returned; "": none. */
const char *routed_trunk(const struct pbx *p, const char *id, char *dst);
/** Add what is known to the JSON object in `b`, which ends with "}", and forget it. */
void routed_detail(struct pbx *p, const char *id, struct buf *b);
void routed_flush(struct pbx *p);

/* emergency.c */
/** An emergency call goes out: alarm, log, call-back window. */
void emergency_notice(struct pbx *p, const struct call *c, const struct extension *e, const char *number);
/** Does a centre call this extension back now? */
bool emergency_callback(const struct pbx *p, const char *extension);
/** The text of its location: its own, else the system's. */
const char *emergency_location(const struct pbx *p, const struct extension *e);
/** End another call on this trunk, so that a channel is free. False: there is none that may be ended. */
bool emergency_cut(struct pbx *p, struct ptrunk *t);
/** Is there one? */
bool emergency_can_cut(const struct pbx *p, const struct ptrunk *t);
/** Inside party of the test number. */
void emergency_test(struct call *c, struct leg *l, void *arg);
void emergency_flush(struct pbx *p);

/* explain.c, route_view.c */
/** The present as the plan asks for it; `wall_ms` 0: now. */
void route_view(struct pbx *p, struct plan_view *v, int64_t wall_ms);

#endif
