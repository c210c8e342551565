/*
 * plan.h - the numbering plan: where a dialled number leads. One pure function decides, plan_decide(); calls and
 * `route explain` both ask it.
 *
 * The configuration (struct plan) is compiled from the rows of the resources "route_out", "route_in", "did",
 * "numbering" and "brakes". What changes from moment to moment (lines in use, counters, time of day) comes in through
 * struct plan_view, so that the function needs nothing else and changes nothing.
 * Thread: loop. Ownership: struct plan belongs to the phone system; decisions are flat.
 */
#ifndef OFFHOOK_PBX_PLAN_H
#define OFFHOOK_PBX_PLAN_H

#include "base/hash.h"
#include "base/list.h"
#include "call/call.h"
#include "pbx/number.h"
#include "store/store.h"

extern const struct resource pbx_route_out_resource, pbx_route_in_resource, pbx_did_resource, pbx_numbering_resource,
	pbx_brakes_resource;
/** Key of the only row of "numbering" and "brakes". */
#define PLAN_ONLY "main"

enum { PLAN_ATTEMPTS = 8, PLAN_WORDS = 160, PLAN_NAME = 64, PLAN_PATTERNS = 64, PLAN_HOURS = 16 };

/* ---- patterns (plan_pattern.c) ---- */

/**
 * A pattern for numbers. Digits alone: numbers that begin so; "=" before: this number. With X (0-9), Z (1-9), N (2-9),
 * [1-5], "." (one or more of anything), "!" (anything or nothing): the whole number. "|": what stands before it is
 * dialled but not sent. A pattern that begins with "+" is held against the E.164 form. "~": a regular expression
 * (PCRE2, with bounds on its work), tried on the number as dialled, then on its E.164 form.
 */
struct pattern;
struct pattern_list {
	struct pattern *v[PLAN_PATTERNS];
	size_t n;
};
struct pattern_hit {
	const char *text; /**< of the pattern */
	size_t strip;     /**< characters before "|" */
	bool e164;        /**< it was the E.164 form that matched */
	bool gave_up;     /**< a regular expression was stopped by its bounds: no match */
	const struct pattern *p;
};
/** Parse a list separated by spaces or commas. ERR_SYNTAX with a sentence in `why`; ENOMEM. */
int pattern_list_parse(struct pattern_list *l, struct slice text, struct buf *why) MUST_CHECK;
void pattern_list_free(struct pattern_list *l);
/** Does one of the list match? `e164` may be "". */
bool pattern_list_match(const struct pattern_list *l, const char *dialled, const char *e164, struct pattern_hit *hit);
/** Any regular expressions among them? */
bool pattern_list_has_regex(const struct pattern_list *l);
/** What the matched regular expression makes of the number: `replace` with $1 ... False: too long, or stopped. */
bool pattern_replace(const struct pattern_hit *h, const char *number, const char *replace, char *dst, size_t size);

/* ---- hours (plan_hours.c) ---- */

/** Weekly hours: "mon-fri 08:00-18:00, sat 9:00-12:00"; empty = always. */
struct plan_hours {
	struct {
		uint8_t days; /**< bit 0 = Sunday */
		uint16_t from, to;
	} v[PLAN_HOURS];
	size_t n;
};
/** ERR_SYNTAX with a sentence. */
int plan_hours_parse(struct plan_hours *h, struct slice text, struct buf *why) MUST_CHECK;
/** Weekday 0 = Sunday, minute of the day. */
bool plan_hours_open(const struct plan_hours *h, unsigned weekday, unsigned minute);

/* ---- configuration ---- */

enum plan_send { SEND_DIALLED, SEND_E164, SEND_DIGITS, SEND_NATIONAL };
/** What routes to the outside and rules for calls that come in share; the first member of both. */
struct plan_rule {
	struct link le; /**< in plan.out or plan.in, by order, then name */
	char name[PLAN_NAME];
	uint32_t order;
	char *trunks; /**< names separated by spaces */
	struct plan_hours hours;
	char *hours_text;
	bool enabled;
	json_t *row; /**< as the store has it */
};
/** A route to the outside. */
struct plan_out {
	struct plan_rule rule;
	uint32_t strip, tries;
	char prepend[32], replace[64];
	enum plan_send send;
	struct pattern_list patterns, extensions;
	char pin[32];
	char caller_id[32];
	bool keep_caller;
};
/** A rule for calls that come in. */
struct plan_in {
	struct plan_rule rule;
	struct pattern_list numbers, callers;
	bool anonymous; /**< the list of callers names "anonymous" */
	char target[NUMBER_MAX], name_prefix[32];
};
/** A number of ours. */
struct plan_did {
	struct hlink by_key, by_number;
	char key[NUMBER_MAX], number[NUMBER_MAX]; /**< as typed; E.164 or cleaned */
	char target[NUMBER_MAX], name_prefix[32];
	char *trunks;
	bool enabled;
};
/** The fraud brakes. */
struct plan_brakes {
	bool international, premium, satellite; /**< open for all */
	char *countries;                        /**< open one by one: ISO codes or calling codes */
	uint32_t calls, per_minute, per_day;    /**< of an extension: outside calls at once, new ones, minutes; 0 = no
						   limit */
	uint32_t trunk_per_minute, trunk_per_day;
	uint32_t trunk_in_per_minute; /**< new calls that come in by a trunk */
	uint32_t call_minutes;        /**< an outside call is ended after this; 0 = never */
};
struct plan {
	struct number_home home;
	char area[16];
	char *emergency; /**< all emergency numbers, separated by spaces */
	char *emergency_trunks, *location;
	char emergency_test[16];
	uint32_t callback_minutes;
	struct list out, in; /**< struct plan_out, struct plan_in */
	struct hash dids, did_numbers;
	struct plan_brakes brakes;
	json_t *numbering_row, *brakes_row; /**< NULL: not stored, the defaults hold */
};
/** With the defaults of the tables. ENOMEM. */
int plan_init(struct plan *c) MUST_CHECK;
void plan_free(struct plan *c);
/** Is it one of the resources of the plan? */
bool plan_resource(const struct resource *r);
/** Take over a row (JSON by field name; NULL: removed). ENOMEM; ERR_SYNTAX: what plan_check refuses. */
int plan_take(struct plan *c, const struct resource *r, const char *key, json_t *row) MUST_CHECK;
/** Is the row, whole, sound? `home`: of the plan as it will be. ERR_SYNTAX or EEXIST with a sentence. ENOMEM. */
int plan_check(const struct plan *c, const struct number_home *home, const struct resource *r, const char *key,
	       json_t *row, struct buf *why) MUST_CHECK;
/** Row of a resource as kept, or NULL. New reference. */
json_t *plan_row(const struct plan *c, const struct resource *r, const char *key);
/** Our number by any of its forms; NULL. */
const struct plan_did *plan_did_find(const struct plan *c, const char *number);
/** Is the dialled text (cleaned) an emergency number? */
bool plan_is_emergency(const struct plan *c, const char *dialled);
/** The emergency numbers that a row of "numbering" stands for, separated by spaces, into `b`. */
void plan_emergency_list(json_t *row, struct buf *b);

/* ---- deciding ---- */

/** An extension as the plan sees it. Pointers are valid until the next question. */
struct plan_ext {
	char number[32];
	const char *name, *outside_number, *outside_name, *location;
	const char *open; /**< classes and countries open for it beside what is open for all */
	bool enabled, locked, hide;
};
/** A line as the plan sees it. */
struct plan_trunk {
	const char *blocked; /**< why no call can go (or come) by it now; NULL: it can */
	bool full;           /**< and that is for lack of a channel only */
	bool braked;         /**< and that is for the brake on calls that come in */
	bool cuttable;       /**< a call could be ended for an emergency */
	bool down;           /**< blocked only because its servers do not work */
	const char *caller_id, *country;
	bool proven, reaches_outside;
};
/** The present, as the plan sees it. */
struct plan_view {
	void *arg;
	bool (*extension)(void *arg, struct slice number, struct plan_ext *e);
	const char *(*feature)(void *arg, struct slice dialled); /**< its name; NULL: none */
	/** Name of the conference with that number that is switched on; NULL: none. May itself be NULL. */
	const char *(*conference)(void *arg, struct slice number);
	bool (*trunk)(void *arg, const char *name, bool out, struct plan_trunk *t);
	/** The limits of an extension (`trunk` false) or trunk: words why no further outside call, or NULL. */
	const char *(*limit)(void *arg, const char *name, bool trunk);
	/** Names of all trunks, separated by spaces. */
	const char *(*trunks)(void *arg);
	/** Does an emergency centre call this extension back now? `caller` and `psap` say who calls. */
	bool (*callback)(void *arg, const char *extension);
	unsigned weekday, minute; /**< local time */
};
struct plan_query {
	const char *from; /**< extension that calls and pays, or the caller's number on a trunk */
	const char *from_name;
	bool hidden;       /**< the caller asked not to be shown */
	const char *trunk; /**< it came in by this line; NULL: from a phone */
	bool forgeable;    /**< by its address alone: anybody who forges that could have sent it */
	const char *dialled;
	const struct party *onward; /**< somebody from outside whose call is passed on; NULL: none */
	bool psap;                  /**< marked as a call-back of an emergency centre by somebody we trust */
};
enum plan_kind {
	PLAN_REFUSE,
	PLAN_FEATURE,
	PLAN_EXTENSION,
	PLAN_OUT,       /**< lines, to be tried in order */
	PLAN_EMERGENCY, /**< the same; nothing may hold it up */
	PLAN_TEST,      /**< the emergency test number */
	PLAN_CONFERENCE
};
struct plan_attempt {
	char trunk[PLAN_NAME], number[NUMBER_MAX];
	struct party caller; /**< shown; empty number: the line's own */
	bool preempt;        /**< only by ending another call */
	bool down;           /**< it seems to be down: the last resort of an emergency call */
};
struct plan_decision {
	enum plan_kind kind;
	uint16_t code;           /**< PLAN_REFUSE */
	char words[PLAN_WORDS];  /**< why, for people */
	char target[NUMBER_MAX]; /**< extension, feature code or conference */
	struct party caller;     /**< shown to the extension; empty number: as it came */
	bool callback;           /**< an emergency centre calls back: limits do not count */
	bool pin_wrong;          /**< refused for its PIN: counts as an attempt */
	char route[PLAN_NAME];   /**< name of the rule */
	char e164[E164_DIGITS + 2];
	enum number_class class;
	struct plan_attempt attempt[PLAN_ATTEMPTS];
	size_t nattempt;
};
/** What was looked at, for people; NULL in live calls. */
struct plan_trace {
	json_t *steps; /**< [{rule, name, matched, text}] */
};
/** Decide. Fills `d` whole. */
void plan_decide(const struct plan *c, const struct plan_view *v, const struct plan_query *q, struct plan_decision *d,
		 struct plan_trace *t);

/* ---- what the files of the plan share ---- */

/** One step of the trace. */
void plan_say(struct plan_trace *t, const char *rule, const char *name, bool matched, const char *fmt, ...)
	PRINTF_LIKE(5, 6);
/** Make it a refusal. */
void plan_refuse(struct plan_decision *d, uint16_t code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/** A question on its way through the files. */
struct planning {
	const struct plan *c;
	const struct plan_view *v;
	const struct plan_query *q;
	struct plan_decision *d;
	struct plan_trace *t;
	struct number n;     /**< what was dialled, without the PIN */
	const char *pin;     /**< dialled behind the number and "*"; NULL: none */
	struct plan_ext ext; /**< who calls; number "" when none */
	bool has_ext;
};
/** plan_out.c: routes to the outside. */
void plan_outside(struct planning *p);
/** plan_out.c: an emergency number behind the digits that a route takes away ("9911")? Then it is decided. */
bool plan_prefixed_emergency(struct planning *p);
/** plan_emergency.c: lines for an emergency call to `number`. */
void plan_emergency(struct planning *p, const char *number);
/** plan_caller.c: who is shown on a line. */
void plan_caller(struct planning *p, const struct plan_out *r, const char *trunk, const struct plan_trunk *t,
		 struct party *shown);
/** plan_in.c: calls that come in by a line. */
void plan_inside(struct planning *p);
/** plan.c: features, conferences and extensions; false: the number is none of them. */
bool plan_local(struct planning *p, const char *number);
/** plan_brakes.c: is the class of this number closed for the caller? Then words into `words`. `e` NULL: a line. */
bool plan_closed(const struct plan *c, const struct plan_ext *e, const struct number *n, char *words, size_t size);

#endif
