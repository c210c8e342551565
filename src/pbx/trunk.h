/*
 * trunk.h - trunks as the phone system keeps them: the rows of the resource "trunk", their limits, the channels in use,
 * and how they are. What a trunk does on the wire is call/trunk.h.
 *
 * Thread: loop. Ownership: referenced; a removed trunk lives until its last call ended.
 */
#ifndef OFFHOOK_PBX_TRUNK_H
#define OFFHOOK_PBX_TRUNK_H

#include "base/hash.h"
#include "call/trunk.h"
#include "pbx/pbx.h"

extern const struct resource pbx_trunk_resource;

/** A trunk in memory. */
struct ptrunk {
	struct hlink le; /**< in pbx.trunks, by name */
	struct pbx *pbx; /**< NULL once removed */
	char *name;
	struct trunk *line;            /**< NULL while switched off or before calls exist */
	uint32_t max, max_in, max_out; /**< channels at once in all, in, out; 0 = no limit */
	uint32_t in, out;              /**< in use */
	uint32_t emergency_out;        /**< of out: emergency calls, which are never cut for others */
	bool enabled;
	bool proven; /**< the peer proves itself (registration, password, TLS name), not by UDP address alone */
	bool reaches_outside; /**< calls that come in by it may go out again; never without `proven` */
	char *caller_id;      /**< shown when the extension has none; E.164 or "" */
	char *country;        /**< numbers in national form are of this country; "" = the phone system's */
};
/** By name; NULL. */
struct ptrunk *ptrunk_find(const struct pbx *p, struct slice name);
/** Trunks in order of their names. */
void ptrunk_each(const struct pbx *p, void (*fn)(struct ptrunk *t, void *arg), void *arg);
/** May one more call go out (`out`) or come in? NULL: yes; else words: "all 2 channels are in use", "the trunk is down:
 * ...", "switched off". Static or of the trunk; valid until the next call. */
const char *ptrunk_blocked(const struct ptrunk *t, bool out);
/** A channel is taken, given back. */
void ptrunk_take(struct ptrunk *t, bool out, bool emergency);
void ptrunk_give(struct ptrunk *t, bool out, bool emergency);

/* lifecycle, for pbx.c */
int ptrunk_load(struct pbx *p) MUST_CHECK;
void ptrunk_apply(const struct change_item *it, json_t *row, void *arg);
/** The call engine is there (or goes): lines are opened (or ended). */
void ptrunk_start(struct pbx *p);
void ptrunk_flush(struct pbx *p);
/** [{name, state, words, server, rtt_ms, channels ..., history}] */
json_t *pbx_json_trunks(struct pbx *p);

#endif
