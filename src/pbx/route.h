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
/** The call is up: the limit for its length begins. */
void route_out_answered(struct call *c, struct pbx_call *pc);

#endif
