/*
 * guard.h - bans and budgets: who may still be heard. Asked by every listener before any other work.
 *
 * Bounded memory: fixed tables, the stalest entry goes first. A failure counts only if it used something that was given
 * to that very address and port (a nonce, a connection), so that nobody can have others banned by forged packets. An
 * address with something that worked lately (a live registration, a call) is never banned whole: the single port, or
 * the single user name from there, is.
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
	uint32_t rate[GUARD_KINDS]; /**< per second and address; bursts of 4 s; 0 = built-in */
};
int guard_alloc(struct guard **gp, const struct guard_cfg *cfg) MUST_CHECK;

/** Anything from this address at all? Cheap: one hash look-up. */
bool guard_admit(struct guard *g, const struct sa *src);
/** May it have one more of these now? Counts. */
enum guard_verdict guard_spend(struct guard *g, const struct sa *src, enum guard_kind k);
/** A counted failure of `user` (may be empty); `what` is static words: "wrong password". Returns true when this banned
 * something. */
bool guard_fail(struct guard *g, const struct sa *src, struct slice user, const char *what);
/** Something that proves a friend happened: a good password, a registration until `until_ms` (loop's ms). */
void guard_good(struct guard *g, const struct sa *src, uint64_t until_ms);
/** Ban by hand, or lift; networks allowed for ever ("allow") are never banned. ENOENT. */
int guard_ban(struct guard *g, const struct sa_net *net, uint32_t seconds, const char *why) MUST_CHECK;
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
};
void guard_bans(struct guard *g, void (*fn)(const struct guard_ban_info *b, void *arg), void *arg);
/** Told when a ban begins or ends (alarms, state that survives a restart). */
void guard_on_ban(struct guard *g, void (*fn)(const struct guard_ban_info *b, bool on, void *arg), void *arg);

#endif
