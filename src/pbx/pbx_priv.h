/*
 * pbx_priv.h - what the files of this room share.
 *
 * Thread: loop.
 */
#ifndef OFFHOOK_PBX_PRIV_H
#define OFFHOOK_PBX_PRIV_H

#include "base/hash.h"
#include "base/inspect.h"
#include "pbx/pbx.h"
#include "pbx/why.h"
#include "pbx/plan.h"
#include "pbx/settings.h"

/** One contact of an AoR, as the registrar keeps it. */
struct binding {
	struct link le;  /**< in aor.bindings, newest first within equal q */
	struct hlink fl; /**< in pbx.flows, when it came by a stream */
	struct extension *ext;
	struct contact *c;
};

/** Registration state of an extension; made at its first REGISTER. */
struct aor {
	struct list bindings;
	struct timer expiry; /**< earliest end of a binding */
	int64_t kept_ms;     /**< earliest end of a binding as the store knows it, wall clock */
};

/** An extension in memory. */
struct extension {
	struct hlink le;     /**< in pbx.extensions */
	struct pbx *pbx;     /**< NULL once it is removed */
	char *number, *name; /**< own blocks */
	char *sealed;        /**< password as the store seals it */
	struct secret *ha1;  /**< made at the first use */
	struct aor *aor;     /**< NULL: never registered */
	uint32_t call_limit, ring_s;
	uint32_t calls; /**< it takes part in now */
	bool enabled;
	uint8_t record;                    /**< enum record_when */
	struct extension_outside *outside; /**< NULL: nothing of the kind is set */
	struct media_policy *sound;        /**< NULL: nothing is set */
};
/** What an extension has to do with the world outside. */
struct extension_outside {
	char *number, *name;                 /**< shown outside */
	char *location;                      /**< where it is, for emergency calls */
	char *open;                          /**< brakes that are open for it: words and countries */
	bool hide, locked;                   /**< number not shown; emergency numbers only */
	uint32_t calls, per_minute, per_day; /**< limits of its own, 0 = those of all */
};

struct event_bus;
struct leg_quality;

struct pbx {
	struct loop *loop;
	struct store *store;
	struct calls *calls;
	char *realm;
	struct hash extensions; /**< by number */
	struct hash flows;      /**< bindings by flow */
	size_t registered, contacts;
	struct hash conferences; /**< struct conference, by number */
	struct list trunks;      /**< struct ptrunk, by name */
	bool lines;              /**< trunks may open their lines */
	struct plan plan;
	struct settings settings;
	struct network_state *network; /**< addresses and ports (network.h) */
	struct hash meters;            /**< struct brake_meter, by key */
	struct hash routed;            /**< struct routed, by call id */
	uint32_t tags;                 /**< last struct way.tag given away */
	struct list outside;           /**< struct pbx_call that hold channels, newest last */
	struct list callbacks;         /**< windows for emergency centres to call back */
	struct timer brake_sweep, emergency_over;
	struct list alarms;
	struct disk *disk;     /**< watches how much room there is; NULL: no files can be written */
	struct timer ports;    /**< ends the alarm "media.ports" */
	struct timer auth_log; /**< opens the budget for log lines on wrong passwords again */
	unsigned auth_logged;
	int64_t started_ms;
	struct records *records;   /**< recordings (recording.h); NULL: no files can be written */
	struct accounts *accounts; /**< users, tokens, sessions (account.h) */
	struct security *security; /**< allowed networks, limits, bans (security.h) */
	json_t *about;             /**< what the program tells of itself: listeners, data directory */
	struct event_bus *events;  /**< event.h; NULL: nobody has ever listened */
	struct capture *capture;   /**< capture.h; NULL: nothing is captured */
	struct inspect dump;
};

/* extension.c */
/** By number; NULL. */
struct extension *extension_find(const struct pbx *p, struct slice number);
/** Load all at start. */
int extension_load(struct pbx *p) MUST_CHECK;
/** Swap in a committed row (NULL: removed). */
void extension_apply(const struct change_item *it, json_t *row, void *arg);
/** HA1 of both algorithms. EIO if the sealed password cannot be read. */
int extension_secret(struct extension *e, const struct secret **s) MUST_CHECK;
/** Forget all (end). */
void extension_flush(struct pbx *p);

/* extension_outside.c */
/** Take over these fields of a row. ENOMEM. */
int extension_outside_take(struct extension *e, const json_t *row) MUST_CHECK;

/* sound.c */
/** Take over the fields of a row that are about sound. ENOMEM. */
int sound_take(struct extension *e, const json_t *row) MUST_CHECK;
/** What the table cannot say of them: 0, or ERR_SYNTAX with a sentence. */
int sound_check(const struct change_item *it, struct buf *why) MUST_CHECK;
/** As struct call_ops.media. */
void sound_of_leg(const struct leg *l, struct media_policy *mp, void *arg);

/* disk.c */
/** Watch how full the disk is; NULL ends it. ENOMEM. */
int disk_watch(struct pbx *p, struct files *f) MUST_CHECK;
/** Raise or clear the alarm for so many bytes left of all. */
void disk_say(struct pbx *p, uint64_t left, uint64_t all);

/* registrar.c */
/** Load kept registrations; those past their time are dropped. */
int registrar_load(struct pbx *p) MUST_CHECK;
/** All contacts of an extension are gone. */
void registrar_clear(struct extension *e, bool keep_stored);

/* registrar_text.c */
/** Contacts of an AoR as text for the store, one line each. */
void registrar_write(const struct aor *a, struct buf *b);
/** Read them back; `got` takes each (it owns it). Damaged lines are left out. */
void registrar_read(struct slice text, void (*got)(struct contact *c, void *arg), void *arg);

/* route.c */
void route_incoming(struct call *c, struct leg *from, const char *dialled, void *arg);
/** A call changed; at its end, forget what the PBX kept beside it. */
void route_changed(struct call *c, void *arg);
/** Somebody sends a party elsewhere: decided and paid for in the name of `by`. 0, or the code of the refusal. */
uint16_t route_transfer(struct call *c, struct leg *by, const char *number, void *arg);
/** A phone sends a call on: as struct call_ops.redirect and next. */
uint16_t route_redirect(struct call *c, struct leg *by, const char *number, struct dial_target *to, const char **text,
			void *arg);
bool route_next(struct call *c, uint32_t tag, const struct hangup *h, struct dial_target *to, void *arg);
/** Two calls were joined: what one held the other holds. */
void route_merged(struct call *c, struct call *gone, void *arg);
/* plan_load.c */
/** Load the plan at start. */
int plan_load(struct pbx *p) MUST_CHECK;
/** Swap in a committed row; false: not of the plan. */
bool plan_apply(const struct change_item *it, json_t *row, struct pbx *p);
/** Trunks and targets that a row (as it will be) names. `home`: as it will be. ERR_SYNTAX with a sentence. */
int plan_refs_check(struct pbx *p, const struct change_item *item, size_t n, const struct change_item *it,
		    const struct number_home *home, json_t *row, struct buf *why) MUST_CHECK;
/** May this trunk be removed? EEXIST with a sentence that says what names it. */
int plan_refs_trunk_gone(struct pbx *p, const struct change_item *item, size_t n, const struct change_item *it,
			 struct buf *why) MUST_CHECK;
/** What the tables cannot say of the items of a change that have to do with numbers. */
int plan_check_items(struct pbx *p, const struct change_item *item, size_t n, struct buf *why) MUST_CHECK;

/* feature.c */
/** A dialled feature code. */
struct feature {
	const char *code; /**< "*43" */
	const char *name; /**< fiber and log */
	const char *help;
	void (*run)(struct call *c, struct leg *l, void *arg);
};
/** By code; NULL. */
const struct feature *feature_find(struct slice dialled);

/* cdr.c */
void cdr_record(enum record_phase phase, const struct call_record *r, void *arg);
/** What the columns of a call record do not hold, as a JSON object: names, times, legs. */
void cdr_detail(struct buf *b, const struct call_record *r);
/** The member "series" of an object: how a leg sounded over time. */
struct leg_series;
void cdr_series(struct buf *b, const struct leg_series *x);

/* views.c: parts of the views */
/** A call as in pbx_json_calls(); `now` is loop's ms. */
json_t *view_call(const struct call *c, uint64_t now);
/** A contact as in pbx_json_registrations(); `now` is wall clock. */
json_t *view_binding(const struct extension *e, const struct contact *c, int64_t now);
/** Members that say how a leg sounds. */
void view_quality(json_t *o, const struct leg_quality *q);

/* event.c and its files (event.h): what the phone system tells. Cheap when nobody listens. */
struct pbx_call;
struct ptrunk;
struct seat;
struct recording_info;
struct record_note;
/** All subscriptions end. */
void event_close(struct pbx *p);
/** A call has changed: it is told with the next batch, its end at once. */
void event_call(struct call *c, struct pbx_call *pc);
/** A contact came, was changed or is gone. */
void event_registration(const struct extension *e, const struct contact *c, bool gone);
void event_alarm(struct pbx *p, const struct alarm *a, bool cleared);
void event_trunk(const struct ptrunk *t, bool gone);
/** A member of a conference came, changed or left. */
void event_member(const struct seat *s, bool gone);
void event_recording(const struct record_note *n, const struct recording_info *i, const char *state);
/** A change of configuration is committed. */
void event_config(struct pbx *p, int64_t change_id, const char *author, const char *text, json_t *items);

/* alarm.c */
/** Look at the store's health and raise or clear the "disk" alarm. */
void alarm_watch(void *arg);
/** A call got no port for its sound. */
void alarm_no_port(struct call *c, int err, void *arg);
void alarm_flush(struct pbx *p);
/** {id, since, severity, text, remedy} */
json_t *alarm_one(const struct alarm *a);
/** [{id, since, severity, text, remedy}] */
json_t *alarm_json(const struct pbx *p);

#endif
