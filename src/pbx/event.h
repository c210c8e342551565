/*
 * event.h - what happens, as it happens: calls, legs, registrations, trunks, quality, alarms, configuration.
 *
 * Everything that a page shows live is published here once, as JSON text with a number that counts up by one. The last
 * 4,096 events (at most 4 MB) are kept, so that who was away for a moment goes on where it was.
 * A subscriber names its topics, and optionally one extension: then only events about that extension reach it, by an
 * index, so that thousands of them cost nothing while others talk. Events are gathered and handed over in batches, at
 * most every 50 ms (100 ms for those that see everything); within a batch the newest state of an object replaces older
 * ones of it.
 *
 * Thread: loop. Ownership: a subscription is the subscriber's (mem_deref ends it).
 */
#ifndef OFFHOOK_PBX_EVENT_H
#define OFFHOOK_PBX_EVENT_H

#include "base/rbuf.h"
#include "pbx/pbx.h"

enum event_topic {
	EVENT_CALL,         /**< as an item of pbx_json_calls(); state "ended" is the last */
	EVENT_REGISTRATION, /**< as an item of pbx_json_registrations(), with "gone": true at the end */
	EVENT_TRUNK,        /**< as in trunk-status */
	EVENT_QUALITY,      /**< figures of the legs of running calls, every second */
	EVENT_ALARM,        /**< as in alarms, with "cleared": true at the end */
	EVENT_CONFIG,       /**< {change_id, author, text, items: [{op, resource, key}]} */
	EVENT_CONFERENCE,   /**< members of a conference */
	EVENT_RECORDING,
	EVENT_SYSTEM, /**< every 2 s while somebody listens: load, memory, disk, calls, registered */
	EVENT_TOPICS
};
/** "call", "registration" ... */
const char *event_topic_name(enum event_topic t);

struct event_sub;
struct event_want {
	uint32_t topics;       /**< bits 1 << enum event_topic */
	const char *extension; /**< only what is about it; NULL or empty: all */
	uint64_t since;        /**< go on after this number; 0: from now on */
};
/** A batch: JSON text {"seq": N, "events": [{"seq", "at_ms", "topic", "key", ...}]}. The buffer is shared by all who
 * want the same. `lost`: numbers after `since` are kept no more, the subscriber must read anew. */
typedef void(event_batch_h)(struct rbuf *text, bool lost, void *arg);
/** ENOMEM, ERR_LIMIT (20,000). */
int event_subscribe(struct event_sub **sp, struct pbx *p, const struct event_want *w, event_batch_h *h,
		    void *arg) MUST_CHECK;
/** Does anybody want such events? Ask before work is done for them. */
bool event_wanted(const struct pbx *p, enum event_topic t);
/** Publish. `key`: the object's id; `ext`: extensions that it is about, NULL-terminated, may be NULL. `body` is taken
 * over; NULL: memory was out, nothing happens. */
void event_publish(struct pbx *p, enum event_topic t, const char *key, const char *const *ext, json_t *body);
/** Number of the last event. */
uint64_t event_seq(const struct pbx *p);

#endif
