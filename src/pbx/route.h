/*
 * route.h - what the files of routing share.
 *
 * Thread: loop.
 */
#ifndef OFFHOOK_PBX_ROUTE_H
#define OFFHOOK_PBX_ROUTE_H

#include "pbx/routed.h"

/** Try the lines of a decision. The call may have ended when it returns. */
void route_out(struct call *c, struct pbx_call *pc, const struct plan_decision *d);
/** The lines of a decision into `l`; notes for the record, and the notice of an emergency. */
void route_lines(struct call *c, struct pbx_call *pc, struct lines *l, const struct plan_decision *d,
		 const char *payer);
/** The next line that has a channel now; an emergency call makes one free where it must, if it `cuts`. NULL: none. */
const struct plan_attempt *route_next_line(struct pbx_call *pc, struct lines *l, bool cuts, struct ptrunk **tp);
/** Is it the line that failed, not the party? */
bool route_line_at_fault(const struct lines *l, const struct hangup *h);
/** This line is tried now: for the record. */
void route_note_line(struct pbx_call *pc, const struct call *c, const struct plan_attempt *a);
/** A refusal by a limit or for a wrong PIN is worth an alarm: somebody tries. */
void route_watch_refusal(struct pbx *p, const struct plan_decision *d, const char *payer);
/** The words of a refusal, kept until the record is closed; NULL: no memory. */
const char *route_keep_words(struct call *c, struct pbx_call *pc, const struct plan_decision *d);
/** The call is up: the limit for its length begins. */
void route_out_answered(struct call *c, struct pbx_call *pc);

#endif
