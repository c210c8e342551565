/*
 * dtmf.h - digits of a party on their way to another one or to an inside party, whatever they come and go by.
 *
 * Thread: loop.
 */
#ifndef OFFHOOK_CALL_DTMF_H
#define OFFHOOK_CALL_DTMF_H

#include "call/call.h"

/** How digits go to that party now, by what is set for it and what it takes: never DTMF_AUTO. */
enum dtmf_way leg_dtmf_way(const struct leg *l);
/** Send digits to a party by that way, `ms` each (0: 100). ENOTSUP (it has no sound that we can make), EINVAL (not
 * digits), ENOMEM, ERR_STATE (it has no stream). */
int leg_send_digits(struct leg *l, struct slice digits, uint32_t ms) MUST_CHECK;

/** Its stream tells of a key. */
void dtmf_key(struct leg *l, const struct mkey *k);
/** What counts for its stream's description: telephone-events are not sent to it. */
bool dtmf_no_events(const struct leg *l);
/** Something changed: listen to its sound for digits if there is need, and only then. `other`: whom it talks to, or
 * NULL. */
void dtmf_listen(struct leg *l, const struct leg *other);

#endif
