/*
 * pbx.h - the phone system: extensions, registrar, numbering plan, feature codes, alarms.
 *
 * Thread: loop. It knows legs, calls, locations and secrets, never a protocol.
 * Ownership: one struct pbx per process, mem_deref at the end.
 */
#ifndef OFFHOOK_PBX_PBX_H
#define OFFHOOK_PBX_PBX_H

#include "call/call.h"
#include "call/location.h"
#include "call/secret.h"
#include "store/store.h"

struct pbx;
struct guard;
struct files;

/** The configuration tables of the phone system. */
extern const struct resource pbx_extension_resource;
/** All of them, for store_cfg. */
const struct resource *const *pbx_resources(size_t *n);

struct pbx_cfg {
	struct loop *loop;
	struct store *store;
	const char *realm;
};
/** New phone system: loads extensions and kept registrations. */
int pbx_alloc(struct pbx **pp, const struct pbx_cfg *cfg) MUST_CHECK;
/**
 * First start: extensions 100 and 101 with generated passwords, in one change by "system". `h` tells when they are
 * there (then pbx_extension_password gives the passwords). ENOMEM.
 */
int pbx_first_start(struct pbx *p, store_change_h *h, void *arg) MUST_CHECK;
/** What the program tells of itself in the status (listeners, data directory ...): members are added to it. Referenced.
 */
void pbx_set_about(struct pbx *p, json_t *about);
/** What app wires into the call room. */
const struct call_ops *pbx_call_ops(void);
const struct location_ops *pbx_location_ops(void);
const struct secret_ops *pbx_secret_ops(void);
/** The call engine, once it exists. */
void pbx_set_calls(struct pbx *p, struct calls *cs);
/** The engine and its protocols work (trunks register now), or are about to end (they unregister). */
void pbx_lines(struct pbx *p, bool on);
/** The guard that the listeners ask: gets limits, allowed networks, bans from before a restart and friends known from
 * registrations; told of wrong passwords. Referenced. */
int pbx_set_guard(struct pbx *p, struct guard *g) MUST_CHECK;
/** Is this number called whatever happens (emergency)? `arg`: the pbx. */
bool pbx_always(const char *dialled, void *arg);
/** The alarm "overload"; level 0 ends it. `arg`: the pbx. */
void pbx_overload(unsigned level, uint32_t lag_ms, void *arg);
struct calls *pbx_calls(const struct pbx *p);
struct store *pbx_store(const struct pbx *p);
struct loop *pbx_loop(const struct pbx *p);

/** An extension in memory. */
struct extension;
/** Number of extensions, registered AoRs, contacts. */
void pbx_counts(const struct pbx *p, size_t *extensions, size_t *registered, size_t *contacts);
/** Password of an extension in plain text (welcome page). ENOENT. */
int pbx_extension_password(struct pbx *p, struct slice number, struct buf *b) MUST_CHECK;
/** Is the password weak (short, few kinds of characters, the number itself)? Sentence or NULL; static. */
const char *pbx_password_weak(struct slice number, struct slice password);

/** Configuration change with the PBX's own checks first (limits, number collides with a feature code ...), swap after
 * commit. */
void pbx_change(struct pbx *p, const struct change_item *item, size_t n, const char *author, const char *text,
		store_change_h *h, void *arg);
/** Would pbx_change() take it? 0, or its error with a sentence. What only the database knows (the row is there, the key
 * is taken) is not asked. */
int pbx_change_check(struct pbx *p, const struct change_item *item, size_t n, struct buf *why) MUST_CHECK;
void pbx_undo(struct pbx *p, int64_t id, const char *author, store_change_h *h, void *arg);

/** A fault that people must know of; the same noun in status, events, page and metrics. */
struct alarm {
	struct link le;
	char id[64]; /**< "disk", "media.ports" ... */
	int64_t since_ms;
	char severity[12]; /**< "critical" "warning" */
	char text[160];
	char remedy[200];
};
/** Raise (or refresh) and clear an alarm. */
void pbx_alarm_raise(struct pbx *p, const char *id, const char *severity, const char *text, const char *remedy);
void pbx_alarm_clear(struct pbx *p, const char *id);

/* Views as JSON (new references; NULL when memory is out). */
json_t *pbx_json_status(struct pbx *p); /**< version, uptime_s, extensions, registered, calls, alarms, load ... */
json_t *pbx_json_registrations(
	struct pbx *p); /**< [{extension, contact, source, transport, user_agent, expires_in_s, since, natted}] */
/** A page of what goes on, made in steps of less than a millisecond. */
struct pbx_page {
	json_t *items;         /**< array; a step adds to it */
	uint32_t limit;        /**< rows that it may have */
	const char *extension; /**< of this one only; NULL: of all */
	char cursor[64];       /**< where the next step begins; "" before the first one, and after the last one */
	uint64_t now;
};
/** One step of calls, registrations (items as pbx_json_calls(), pbx_json_registrations()). True: the page has room and
 * there may be more: give the thread back, then call again. False: it is full, or (`cursor` empty) there is no more. */
bool pbx_calls_step(struct pbx *p, struct pbx_page *g);
bool pbx_registrations_step(struct pbx *p, struct pbx_page *g);
/** Add how a row of a resource is now, as the member "live": extension {phones, calls}; trunk {state, text, calls};
 * conference {members}. Others have none. */
void pbx_live(struct pbx *p, const struct resource *r, json_t *row);
/** The same of one extension. */
json_t *pbx_json_devices(struct pbx *p, struct slice extension);
/** May everybody read the metrics (a setting)? */
bool pbx_metrics_open(const struct pbx *p);
/** What is no counter: calls, registrations and the like, in Prometheus text format. */
void pbx_metrics(const struct pbx *p, struct buf *b);
json_t *pbx_json_calls(
	struct pbx *p); /**< [{id, from, to, state, seconds, legs:[{number, device, state, codec, quality..}]}] */
/** A copy of a call for those who are not staff: without addresses and phones, and without who hides. NULL: memory is
 * out. */
json_t *pbx_json_for_guest(const json_t *call);
/** A question of `route explain`. */
struct pbx_explain {
	const char *from, *to;
	const char *trunk; /**< it comes in by this trunk; NULL: from an extension */
	int64_t at_ms;     /**< wall clock; 0 = now */
};
/** {from, to, trunk, at, steps: [{rule, name, matched, text}], decision: {kind, code, words, target, route, e164,
 * caller_name, sentence, attempts: [{trunk, number, caller_id, caller_name, hidden, preempts, down}]}} */
json_t *pbx_json_explain(struct pbx *p, const struct pbx_explain *x);
/** What the brakes count:
 * [{what, name, calls, last_minute, last_minute_in, minutes_today, calls_max, per_minute_max, minutes_max}]; 0: no
 * limit */
json_t *pbx_json_brakes(struct pbx *p);
/** The key of a resource that has one row only, which can be changed without being made; NULL: it has many. */
const char *pbx_resource_only(const struct resource *r);
/** Must phones give their password again within calls? As struct edge_cfg.auth_dialog. */
bool pbx_challenges(void *arg);
/** The callee of a call, or the caller, sends the other one to a number, as call_transfer(). 0 or a status code; 481:
 * no such call. */
uint16_t pbx_transfer(struct pbx *p, struct slice call_id, bool by_caller, const char *number,
		      const char *who) MUST_CHECK;
/** Files can be written from now on: calls are recorded as extensions and settings say, what a crash left is brought in
 * order. NULL before the files go. ENOMEM. */
int pbx_set_files(struct pbx *p, struct files *f) MUST_CHECK;
enum pbx_record_op { PBX_RECORD_START, PBX_RECORD_STOP, PBX_RECORD_PAUSE, PBX_RECORD_RESUME };
/** Begin, end, pause or go on with the recording of a call. ENOENT: no such call; else an error with a sentence. */
int pbx_record(struct pbx *p, struct slice call_id, enum pbx_record_op op, const char *who, struct buf *why) MUST_CHECK;
/** 0; ENOENT: there is no such recording; EBUSY: it goes on; what removing the file says. */
typedef void(pbx_removed_h)(int err, void *arg);
/** Remove a recording, or all of a call: files and rows. */
void pbx_recording_remove(struct pbx *p, const char *id, pbx_removed_h *h, void *arg);
/** A call that somebody asks for: the phones of `from` ring, and who answers there calls `to`. */
struct pbx_originate {
	struct slice from, to;
	struct slice caller_name; /**< shown on the phones of `from`; empty: "Call to" and the number */
	bool answers_itself;      /**< they are asked to answer by themselves */
	const char *who;          /**< for the log */
};
/** Begin it; `id` gets the call's. All rights, limits and brakes of `from` count, now and when its phone is answered.
 * With a sentence: ENOENT (`from` is no extension), ERR_STATE (no phone of it is registered), EACCES (`to` is not
 * allowed, or leads nowhere). ENOMEM, ERR_LIMIT. */
int pbx_originate(struct pbx *p, const struct pbx_originate *o, char id[24], struct buf *why) MUST_CHECK;
/** Put one of the two who talk on hold in the name of the caller, or of the callee; or end that. 0 or a status code as
 * call_hold(); 404: no such call. */
uint16_t pbx_hold(struct pbx *p, struct slice call_id, bool by_caller, bool on, const char *who) MUST_CHECK;
/** Does this call go on? */
bool pbx_call_exists(struct pbx *p, struct slice call_id);
/** Does this extension take part in the call? `caller`, `callee` (may be NULL): on which side. */
bool pbx_call_of(struct pbx *p, struct slice call_id, const char *extension, bool *caller, bool *callee);
/** {"id", "live", "legs": [{number, name, device, outgoing, figures as in pbx_json_calls(), series}]} of a call, also
 * of one that has ended. ENOENT. */
void pbx_call_quality(struct pbx *p, struct slice call_id, store_json_h *h, void *arg);
/** Hang up by id. ENOENT. */
int pbx_hangup(struct pbx *p, struct slice call_id, const char *who) MUST_CHECK;

#endif
