/*
 * race.h - connecting to a server that has several addresses (RFC 8305 5): the next attempt begins when the last one
 * has failed or has been silent for a quarter of a second, and the first connection that stands is taken.
 *
 * Thread: loop. Ownership: the race is the caller's; mem_deref gives it up, and nothing is called then.
 */
#ifndef OFFHOOK_SIP_RACE_H
#define OFFHOOK_SIP_RACE_H

#include "sip/locate.h"

struct sip_race;
/** err 0: `d` is the winner with its flow; else the error of the last attempt. Targets that refused or stayed silent
 * are remembered as dead. */
typedef void(sip_race_h)(int err, const struct sip_dest *d, void *arg);

/**
 * Connect to one of `t` (copied), from number `from` on: the targets up to the first that is no stream. A connection
 * that is open already wins at once. Not called back within. EINVAL: the first one is no stream; ENOMEM.
 */
int sip_race(struct sip_race **rp, struct sip *s, const struct sip_targets *t, size_t from, sip_race_h *h,
	     void *arg) MUST_CHECK;

#endif
