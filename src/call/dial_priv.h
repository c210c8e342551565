/*
 * dial_priv.h - a running dial: its branches and the lookups it waits for.
 */
#ifndef OFFHOOK_CALL_DIAL_PRIV_H
#define OFFHOOK_CALL_DIAL_PRIV_H

#include "call/trunk_priv.h"

struct dial {
	struct call *call;
	struct party caller;
	uint16_t (*admit)(struct call *c, struct slice number, void *arg);
	void (*failed)(struct call *c, const struct hangup *h, void *arg);
	void *arg;
	struct list branches; /**< struct branch, finished ones too */
	struct list lookups;  /**< struct lookup */
	struct hangup best;   /**< of the branches that failed */
	struct timer timer;   /**< of the rank that rings now */
	struct loop_tail go;  /**< start outside of the owner's call */
	uint32_t ring_ms;
	uint64_t end_ms;   /**< loop's ms at which the whole dial gives up */
	bool flat;         /**< all contacts at once */
	uint8_t rank;      /**< contacts of this rank ring now, 0 = best q */
	uint8_t ndiverted; /**< of call->diverted when it began */
	bool timed;        /**< the timer runs for this rank */
};

/** One contact to be rung. */
struct branch {
	struct link le;
	struct contact *contact; /**< NULL: by the trunk */
	struct trunk *trunk;     /**< not referenced */
	struct party *caller;    /**< shown instead of the dial's; NULL: that one */
	struct leg *leg;         /**< while it runs */
	uint32_t tag;            /**< dial_target.tag */
	bool started;
	bool bare;           /**< invited without an offer: it refused that of a transfer */
	bool plain;          /**< offered RTP: it refused SRTP */
	uint8_t rank, depth; /**< depth: redirections so far */
	char number[64];
	char name[96]; /**< of whoever has the number, "" = not known */
};

/** A number whose contacts were asked for; outlives a dial that was stopped. */
struct lookup {
	struct link le;
	struct dial *d;       /**< NULL: nobody waits any more */
	struct party *caller; /**< of its branches */
	bool asking;          /**< within the call of the look-up */
	int err;              /**< what came of it there: memory was out */
	uint32_t tag;
	uint8_t rank, depth;
	char number[64];
};

/** Add targets. `depth` 0: from the owner. Returns how many were new. */
size_t dial_add(struct dial *d, const struct dial_target *v, size_t n, uint8_t rank, uint8_t depth);
/** Go on: start what may start now, move to the next rank, or fail. May end the dial: last statement. */
void dial_next(struct dial *d);
/** Send the INVITE of a branch. On failure it counts as failed already. */
void branch_start(struct dial *d, struct branch *b);
/** It has failed: the owner may name another target for its place, else the answer counts. */
void branch_lost(struct dial *d, const struct branch *b, const struct hangup *h);
/** The next server of its trunk in place of the leg it has. False: there is none, nothing has changed. */
bool branch_again(struct dial *d, struct branch *b);

#endif
