/*
 * brake.h - the fraud brakes at work: what each extension and trunk has used, and whether it may have more.
 *
 * Thread: loop. Ownership: meters belong to the phone system; there is one per extension or trunk that ever had an
 * outside call (a trunk: or one that came in), and those at rest are dropped the next day.
 */
#ifndef OFFHOOK_PBX_BRAKE_H
#define OFFHOOK_PBX_BRAKE_H

#include "pbx/pbx_priv.h"

/** What one extension or trunk uses. */
struct brake_meter {
	struct hlink le; /**< in pbx.meters, by key */
	struct pbx *pbx;
	char key[80];           /**< "ext.100", "trunk.sip" */
	uint32_t calls;         /**< outside calls now */
	uint32_t talking;       /**< of them answered */
	uint64_t talk_since_ms; /**< sum of the beginnings of those */
	uint64_t minute_ms;     /**< when the present minute began */
	uint32_t minute_n;      /**< new calls in it */
	uint64_t in_ms;         /**< as minute_ms and minute_n, of calls that come in by a trunk */
	uint32_t in_n;
	int64_t day; /**< of used_ms; local calendar */
	uint64_t used_ms;
	uint64_t alarm_ms; /**< of the last refusal, 0 = none */
};

/** Meters of the store. */
int brake_load(struct pbx *p) MUST_CHECK;
void brake_flush(struct pbx *p);
/** The meter; `make`: made when there is none. NULL: none, or no memory. */
struct brake_meter *brake_meter(struct pbx *p, bool trunk, const char *name, bool make);
/** Why it may have no further outside call, in words that stay until the next question; NULL: it may. */
const char *brake_limit(struct pbx *p, const char *name, bool trunk);
/** The same for a call that comes in by a trunk. Such calls are counted apart: whoever floods us with them does not
 * close the way out. */
const char *brake_limit_in(struct pbx *p, const char *trunk);
/** A call came in by a trunk and was let through. */
void brake_came(struct pbx *p, const char *trunk);
/** Why it may not be asked for a PIN again: as many calls and wrong PINs of the last minute as it may have calls; NULL:
 * it may. The words stay until the next question. */
const char *brake_tried(struct pbx *p, const char *extension);
/** A call begins (or a try with a wrong PIN: brake_try), is answered, ends. `m` may be NULL. */
void brake_try(struct brake_meter *m);
void brake_begin(struct brake_meter *m);
void brake_answer(struct brake_meter *m);
/** `since_ms`: loop's ms of the answer, 0 = it was not answered. */
void brake_end(struct brake_meter *m, uint64_t since_ms);
/** A call was refused for a limit: alarm "brake.ext.100". A trunk: it came in. */
void brake_alarm(struct pbx *p, const char *name, bool trunk, const char *words);
/** [{what, name, calls, last_minute, last_minute_in, minutes_today, calls_max, per_minute_max, minutes_max}]; a maximum
 * of 0: no limit */
json_t *pbx_json_brakes(struct pbx *p);

#endif
