/*
 * location.h - the noun "where is this address-of-record now": contacts by AoR, whoever keeps them.
 *
 * The PBX provides it (location_set_ops); protocol adapters bring registrations
 * and ask for contacts. Answers come by call-back, never within the call.
 * Thread: loop. Ownership: struct contact is flat and copied with contact_dup().
 */
#ifndef OFFHOOK_CALL_LOCATION_H
#define OFFHOOK_CALL_LOCATION_H

#include "base/sa.h"
#include "loop/loop.h"

enum { CONTACT_URI_MAX = 512, LOCATION_MAX = 10 /**< contacts per AoR */ };

/** One place where an AoR can be reached. Flat: one allocation with its strings behind it. */
struct contact {
	struct link le;
	struct slice uri;    /**< contact URI as registered */
	struct slice callid; /**< of its registration */
	struct slice user_agent;
	struct slice instance; /**< +sip.instance, with its quotes off; empty if none */
	struct slice path;     /**< Path header values, comma separated */
	uint32_t cseq;
	uint16_t q;         /**< thousandths */
	uint8_t transp;     /**< enum sip_transp */
	bool natted;        /**< reach it at src, not at its URI's host */
	struct sa src;      /**< where the REGISTER came from */
	struct sa local;    /**< our address it came to */
	uint64_t flow;      /**< connection it came by, 0 = none; not kept over a restart */
	int64_t expires_ms; /**< wall clock */
	int64_t since_ms;   /**< wall clock of the first registration */
	char strings[];     /**< what the slices point to */
};
/** Copy into one block; ENOMEM. */
int contact_dup(struct contact **cp, const struct contact *c) MUST_CHECK;

/** Contacts of an AoR, best q first. */
struct location {
	const struct contact *v[LOCATION_MAX];
	size_t n;
	const char *name; /**< of whoever has the AoR, for displays; may be NULL */
};

/** A REGISTER, authenticated and parsed. */
struct location_update {
	struct slice aor;                      /**< user part */
	const struct contact *v[LOCATION_MAX]; /**< new or refreshed; expires_ms set, or in the past to remove */
	size_t n;
	bool star; /**< "*" with Expires 0: remove all */
	struct slice callid;
	uint32_t cseq;
};
/** Result: 200 with the contacts now, or 403/404/500/503. `err_reason` static. */
typedef void(location_update_h)(uint16_t scode, const char *err_reason, const struct location *now, void *arg);
typedef void(location_lookup_h)(int err, const struct location *loc,
				void *arg); /**< ENOENT: unknown AoR; n = 0: not registered */

struct location_ops {
	/** Keep it; answers through h(…, arg), possibly later. The contacts are copied. Refuses an older CSeq of the
	 * same Call-ID with 500 (RFC 3261 10.3); the same CSeq is the same request again and changes nothing. */
	void (*update)(const struct location_update *u, location_update_h *h, void *harg, void *arg);
	void (*lookup)(struct slice aor, location_lookup_h *h, void *harg, void *arg);
	/** A stream closed: contacts reached by it are gone until they register again. */
	void (*flow_closed)(uint64_t flow, void *arg);
	/**
	 * Call `fn` for the contacts of part `i` of `parts`: over all parts each contact comes once. It changes
	 * nothing. NULL: there is no need to keep contacts alive.
	 */
	void (*part)(uint32_t i, uint32_t parts, void (*fn)(const struct contact *c, void *harg), void *harg,
		     void *arg);
	/** Limits for Expires, s. */
	uint32_t min_expires, max_expires, def_expires;
};

#endif
