/*
 * trunk.h - trunks as the phone system keeps them: the rows of the resource "trunk", their limits, the channels in use,
 * and how they are. What a trunk does on the wire is call/trunk.h.
 *
 * Thread: loop. Ownership: referenced; a removed trunk lives until its last call ended.
 */
#ifndef OFFHOOK_PBX_TRUNK_H
#define OFFHOOK_PBX_TRUNK_H

#include "base/list.h"
#include "call/trunk.h"
#include "pbx/pbx.h"

extern const struct resource pbx_trunk_resource;

/** A trunk in memory. */
struct ptrunk {
	struct link le;  /**< in pbx.trunks, by name */
	struct pbx *pbx; /**< NULL once removed */
	char *name;
	struct trunk *line;            /**< NULL while switched off or before calls exist */
	uint32_t max, max_in, max_out; /**< channels at once in all, in, out; 0 = no limit */
	uint32_t per_minute, per_day;  /**< brakes of its own: new calls, minutes; 0 = those for all trunks */
	uint32_t in, out;              /**< in use */
	uint32_t emergency_out;        /**< of out: emergency calls, which are never cut for others */
	bool enabled;
	bool proven; /**< the peer can prove itself (registration, password, stream), not by UDP address alone; whether
			a call did is leg.proven */
	bool reaches_outside;     /**< calls that come in by it may go out again; never without `proven` */
	char *caller_id;          /**< shown when the extension has none; E.164 or "" */
	char *country;            /**< numbers in national form are of this country; "" = the phone system's */
	json_t *row;              /**< its settings but the secrets */
	char *sealed, *sealed_in; /**< password and password_in as the store seals them; NULL: none */
	char words[240];          /**< of ptrunk_blocked() */
};
/** By name; NULL. */
struct ptrunk *ptrunk_find(const struct pbx *p, struct slice name);
/** Trunks in order of their names. */
void ptrunk_each(const struct pbx *p, void (*fn)(struct ptrunk *t, void *arg), void *arg);
/** May one more call go out (`out`) or come in? NULL: yes; else words: "all 2 channels are in use", "the trunk is down:
 * ...", "switched off". Static or of the trunk; valid until the next call. */
const char *ptrunk_blocked(const struct ptrunk *t, bool out);
/** Its servers do not work, and nothing else keeps a call from going out. */
bool ptrunk_only_down(const struct ptrunk *t);
/** A channel is taken, given back. */
void ptrunk_take(struct ptrunk *t, bool out, bool emergency);
void ptrunk_give(struct ptrunk *t, bool out, bool emergency);

/* trunk_text.c */
/** "sip1.example:5060;priority=1;weight=2, 203.0.113.5, [2001:db8::1]:5080". ERR_SYNTAX with a sentence in `why`. The
 * hosts are slices of `text`. */
int ptrunk_servers(struct slice text, struct trunk_server v[TRUNK_SERVERS_MAX], size_t *n, struct buf *why) MUST_CHECK;
/** "203.0.113.0/24, 2001:db8::1" */
int ptrunk_networks(struct slice text, struct sa_net *v, size_t max, size_t *n, struct buf *why) MUST_CHECK;
/** What the table of fields cannot say of a row: 0, or ERR_SYNTAX with a sentence. */
int ptrunk_row_ok(const json_t *row, struct buf *why) MUST_CHECK;
/** Settings of a row for the line; slices are of `row` and the passwords. */
int ptrunk_cfg(struct trunk_cfg *cfg, const json_t *row, struct slice password, struct slice password_in) MUST_CHECK;

/** The trunk that a leg came or goes by; NULL: none of ours. */
struct ptrunk *ptrunk_of(const struct pbx *p, const struct leg *l);
/** Before a change is made: 0, or an error with a sentence. */
int ptrunk_check(struct pbx *p, const struct change_item *it, struct buf *why) MUST_CHECK;
/** Check its servers and register now. ENOENT; ERR_STATE: it is switched off. */
int pbx_trunk_test(struct pbx *p, struct slice name) MUST_CHECK;
/** One trunk as in pbx_json_trunks(); NULL: no such one. */
json_t *pbx_json_trunk(struct pbx *p, struct slice name);

/* lifecycle, for pbx.c */
int ptrunk_load(struct pbx *p) MUST_CHECK;
void ptrunk_apply(const struct change_item *it, json_t *row, void *arg);
/** Lines are opened. */
void ptrunk_start(struct pbx *p);
/** Lines are ended. */
void ptrunk_stop(struct pbx *p);
void ptrunk_flush(struct pbx *p);
/** [{name, state, words}], for the status of the whole */
json_t *ptrunk_json_brief(struct pbx *p);
/** {calls, state, words} of one; NULL: there is none. */
json_t *ptrunk_live(struct pbx *p, struct slice name);
/** [{name, state, words, server, rtt_ms, channels ..., history}] */
json_t *pbx_json_trunks(struct pbx *p);

#endif
