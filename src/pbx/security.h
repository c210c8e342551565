/*
 * security.h - the phone system's side of the guard: what is configured and kept, bans by hand, what people see.
 *
 * Thread: loop.
 */
#ifndef OFFHOOK_PBX_SECURITY_H
#define OFFHOOK_PBX_SECURITY_H

#include "loop/guard.h"
#include "pbx/pbx.h"

enum { SECURITY_NETS_MAX = 64 /**< allowed networks */ };

/** Networks that are never banned nor limited; limits that differ from the built-in ones. */
extern const struct resource pbx_allowed_resource, pbx_limit_resource;

/** {watched, bans, dropped: {banned, busy, scans}}; NULL: no memory, or no guard. */
json_t *pbx_json_security(struct pbx *p);
/** [{address, port, user, reason, since_ms, left_s, dropped, times, by_hand}] */
json_t *pbx_json_bans(struct pbx *p);
/** Ban by hand; seconds 0: as long as a first ban. ERR_SYNTAX no address, EPERM allowed for ever, ERR_STATE no guard,
 * ERR_LIMIT, ENOMEM. */
int pbx_ban(struct pbx *p, const char *net, uint32_t seconds, const char *why, const char *who) MUST_CHECK;
/** Lift the bans of an address or network, or of "all". ENOENT, ERR_SYNTAX, ERR_STATE. */
int pbx_lift(struct pbx *p, const char *net, const char *who) MUST_CHECK;

/* ---- within this room ---- */

struct security;
/** Load what is configured. */
int security_alloc(struct pbx *p) MUST_CHECK;
/** The guard, or NULL. */
struct guard *security_guard(const struct pbx *p);
/** A change to one of its tables: what the table cannot say, and the swap. */
int security_check(const struct pbx *p, const struct change_item *it, struct buf *why) MUST_CHECK;
void security_apply(const struct change_item *it, json_t *row, void *arg);
/** A counted failure; true: it banned something. */
bool security_failed(struct pbx *p, struct slice user, const struct sa *src);
/** "192.0.2.7 port 5060 user 100" */
void security_ban_text(const struct guard_ban_info *b, struct buf *t);

#endif
