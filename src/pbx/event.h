/*
 * event.h - what happens, as it happens: calls, legs, registrations, trunks, quality, alarms, configuration.
 *
 * Everything that a page shows live is published here once, as JSON text with a number that counts up. An event says
 * what an object is like now, so the newest event of an object replaces those before. The last 4,096 (at most 4 MB) are
 * kept, so that who was away for a moment goes on where it was; quality and system are not kept.
 * A subscriber names its topics, and optionally one extension: then only events about that extension reach it, by an
 * index, so that thousands of them cost nothing while others talk. Events are gathered and handed over in batches, at
 * most every 50 ms (100 ms for those that see everything).
 * Without any subscriber nothing is kept and nothing is made; a minute after the last one has left nobody can resume.
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
	bool guest;            /**< not for the eyes of staff: no addresses, no numbers of who hides them */
};
/** A batch: JSON text {"seq": N, "events": [{"seq", "at_ms", "topic", "key", "data": {...}}]}. The buffer is shared by
 * all who want the same; never within the call that led to it. `lost`: what came after `since` is kept no more, the
 * subscriber must read anew; the text is {"seq": N, "lost": true, "events": []}. A batch without events only moves the
 * number on. The handler may end its subscription. */
typedef void(event_batch_h)(struct rbuf *text, bool lost, void *arg);
/** ENOMEM, ERR_LIMIT (20,000). */
int event_subscribe(struct event_sub **sp, struct pbx *p, const struct event_want *w, event_batch_h *h,
		    void *arg) MUST_CHECK;
/** Does anybody want such events? Ask before work is done for them. */
bool event_wanted(const struct pbx *p, enum event_topic t);
/** ENOENT: not a topic. */
int event_topic_read(enum event_topic *t, struct slice name) MUST_CHECK;
enum { EVENT_EXTS = 12 /**< extensions that one event may be about */ };
/** Publish. `key`: the object's id; `ext`: extensions that it is about, NULL-terminated, may be NULL; those of the
 * object's event that it replaces are told, too. `body` is taken over; NULL: memory was out: listeners read anew. */
void event_publish(struct pbx *p, enum event_topic t, const char *key, const char *const *ext, json_t *body);
/** What is published, as JSON text. */
struct event_body {
	struct slice all;
	struct slice guest; /**< for guests; empty: the same */
};
/** The same with the body as text. */
void event_publish_text(struct pbx *p, enum event_topic t, const char *key, const char *const *ext,
			const struct event_body *body);
/** The same with another body for guests (NULL: the same), also taken over. */
void event_publish_both(struct pbx *p, enum event_topic t, const char *key, const char *const *ext, json_t *body,
			json_t *guest);
/** Is there a guest? */
bool event_has_guests(const struct pbx *p);
/** Number of the last event; 0: nobody has ever listened. */
uint64_t event_seq(const struct pbx *p);

#endif
