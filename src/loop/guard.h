/*
 * guard.h - bans and budgets: who may still be heard. Asked by every listener before any other work.
 *
 * Bounded memory: fixed tables, the stalest entry goes first; IPv6 addresses of one /64 are one. A failure counts only
 * if it used something that was given to that very address and port (a nonce, a connection), so that nobody can have
 * others banned by forged packets. An address with something that worked lately (a live registration, a call) is never
 * banned whole: the single port, or the single user name from there, is; and whatever is banned, the ports with live
 * registrations are heard.
 * Strangers, addresses with nothing that worked, share a budget for all of them, so that a flood leaves room for
 * friends. UDP sources may be forged: what was not proven earns a short silence, never a ban.
 * Thread: loop. Ownership: mem_deref.
 */
#ifndef OFFHOOK_LOOP_GUARD_H
#define OFFHOOK_LOOP_GUARD_H

#include "base/sa.h"
#include "loop/loop.h"

struct guard;

enum guard_verdict {
	GUARD_PASS,
	GUARD_DROP, /**< banned: silence */
	GUARD_BUSY  /**< over its budget: drop new work, or answer 503 where that costs less than it brings */
};
/** What a budget is for. */
enum guard_kind { GUARD_REGISTER, GUARD_INVITE, GUARD_OTHER, GUARD_CONNECT, GUARD_KINDS };

struct guard_cfg {
	struct loop *loop;
	uint32_t max_entries;       /**< addresses watched, 0 = 65536 */
	uint32_t fails;             /**< counted failures within window_s that ban, 0 = 10 */
	uint32_t window_s, ban_s;   /**< 0 = 600, 3600; a repeated ban lasts twice as long, up to a week */
	uint32_t rate[GUARD_KINDS]; /**< per second and address; bursts of 4 s; 0 = built-in: 50, 20, 100, 10. An
				       address with live registrations has ten times as much */
	uint32_t max_conns;         /**< open connections of an address without registrations, 0 = 64; of others 2000 */
};
int guard_alloc(struct guard **gp, const struct guard_cfg *cfg) MUST_CHECK;
/** New limits from now on: fails, window_s, ban_s and rate of `cfg` (0 = built-in). */
void guard_set_limits(struct guard *g, const struct guard_cfg *cfg);

/** Anything from this address at all? Cheap: one hash look-up. */
bool guard_admit(struct guard *g, const struct sa *src);
/** May it have one more of these now? Counts. */
enum guard_verdict guard_spend(struct guard *g, const struct sa *src, enum guard_kind k);
/** May it open one more connection? Counts it until guard_close(), which is called once for each that passed. */
enum guard_verdict guard_open(struct guard *g, const struct sa *src);
void guard_close(struct guard *g, const struct sa *src);
/** Has something worked from there lately (or is it allowed for ever)? */
bool guard_friend(struct guard *g, const struct sa *src);

/** A counted failure of `user` (may be empty); `what` is static words: "wrong password". Returns true when this banned
 * something. */
bool guard_fail(struct guard *g, const struct sa *src, struct slice user, const char *what);
/** May this user name be tried from there? False: give the answer of a wrong password without a look at it. */
bool guard_user_ok(struct guard *g, const struct sa *src, struct slice user);
/** Something that proves a friend happened: a good password, a registration until `until_ms` (loop's ms). */
void guard_good(struct guard *g, const struct sa *src, uint64_t until_ms);
/** Somebody without credentials was asked for them as `user`, or asked about `user`. Who asks for many and never
 * answers is a scanner. */
void guard_challenged(struct guard *g, const struct sa *src, struct slice user);
/** A scanner, for half a minute: its requests without credentials deserve no answer. */
bool guard_scanning(struct guard *g, const struct sa *src);
/** Strangers get a quarter of their common budget while this is set (overload). */
void guard_set_pressed(struct guard *g, bool on);

/** Ban by hand (friends too), or lift; networks allowed for ever ("allow") are never banned nor limited. IPv6 addresses
 * stand for their /64. Seconds 0: as long as a first ban. EPERM: allowed for ever; ENOENT; ERR_LIMIT; ENOMEM. */
int guard_ban(struct guard *g, const struct sa_net *net, uint32_t seconds, const char *why) MUST_CHECK;
/** All bans of addresses within `net`, and what was noted against them. ENOENT. */
int guard_lift(struct guard *g, const struct sa_net *net) MUST_CHECK;
int guard_set_allowed(struct guard *g, const struct sa_net *v, size_t n) MUST_CHECK;

/** One ban, for people. */
struct guard_ban_info {
	struct sa_net net;
	uint16_t port;          /**< 0: the whole address */
	char user[64];          /**< "" : all users */
	char reason[96];        /**< in words */
	int64_t since_ms;       /**< wall clock */
	uint32_t left_s, count; /**< s to go; packets dropped */
	uint32_t strikes;       /**< how many bans it has had in a row, this one included */
	bool hand;              /**< by hand */
};
void guard_bans(struct guard *g, void (*fn)(const struct guard_ban_info *b, void *arg), void *arg);
/** Told when a ban begins or ends (alarms, state that survives a restart). */
void guard_on_ban(struct guard *g, void (*fn)(const struct guard_ban_info *b, bool on, void *arg), void *arg);
/** A ban from before a restart: as it was told then, with left_s as it is now. Nobody is told. ENOMEM, ERR_LIMIT. */
int guard_restore(struct guard *g, const struct guard_ban_info *b) MUST_CHECK;

/** Numbers for status, metrics and tests. */
struct guard_stats {
	size_t watched, bans;
	uint64_t banned; /**< packets and connections dropped as banned */
	uint64_t busy;   /**< ... as over budget */
	uint64_t scans;  /**< ... of scanners */
};
void guard_stats(const struct guard *g, struct guard_stats *st);

#endif
