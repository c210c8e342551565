/*
 * account_priv.h - what the account files share: users, tokens and sessions in memory, passwords on a crypto thread,
 * delays after failures.
 *
 * Thread: loop.
 */
#ifndef OFFHOOK_PBX_ACCOUNT_PRIV_H
#define OFFHOOK_PBX_ACCOUNT_PRIV_H

#include "loop/crypto.h"
#include "pbx/account.h"
#include "pbx/pbx_priv.h"

enum {
	ACCOUNT_ID = 32,        /* SHA-256 */
	ACCOUNT_COOKIE = 43,    /* 32 random bytes in base64url */
	ACCOUNT_NAME = 60,      /* characters of a user's name */
	ACCOUNT_PASSWORD = 256, /* characters of a password at most */
	ACCOUNT_TOTP = 20,      /* bytes of a TOTP secret: RFC 4226 4, R6 recommends 160 bits */
	ACCOUNT_COST = 15,      /* scrypt: log2 of N; 32 MB and about 80 ms */
	ACCOUNT_SESSIONS = 20,  /* of one user; the one that was quiet for longest makes room */
	ACCOUNT_QUEUE = 16,     /* passwords that wait for the crypto thread */
	THROTTLE_ENTRIES = 512
};

/** A person. */
struct user {
	struct hlink le; /**< in accounts.users, by name */
	struct accounts *all;
	char name[ACCOUNT_NAME + 4], display[244], extension[16], language[8];
	enum role role;
	bool enabled, may_listen;
	char *kept;                    /**< password as kept; NULL: cannot sign in */
	char *totp;                    /**< TOTP secret as the store seals it; NULL: no second factor */
	uint64_t totp_step;            /**< of the last code that was taken: none before it is taken again */
	struct list sessions;          /**< struct session */
	uint8_t pending[ACCOUNT_TOTP]; /**< TOTP secret that is not confirmed yet */
	uint64_t pending_until;        /**< loop's ms; 0: none */
	bool keep_on;                  /**< the change under way leaves this session alone: */
	uint8_t keep[ACCOUNT_ID];
};

/** A program. */
struct token {
	struct hlink le, by_id; /**< in accounts.tokens, accounts.token_ids */
	char name[56];
	enum role role;
	uint32_t scopes;
	bool enabled, has_id;
	int64_t expires_ms; /**< 0: never */
	uint8_t id[ACCOUNT_ID];
	int64_t used_ms, stored_ms; /**< last use, and as the store knows it; wall clock, 0: never */
	struct sa from;
};

/** Somebody is signed in. */
struct session {
	struct hlink le; /**< in accounts.sessions, by id */
	struct link of;  /**< in user.sessions, oldest first */
	struct user *u;
	uint8_t id[ACCOUNT_ID];               /**< SHA-256 of the cookie */
	int64_t since_ms, seen_ms, stored_ms; /**< wall clock; stored_ms: seen_ms as the store knows it */
	struct sa peer;
	char agent[100];
};

/** Failures of a name or an address. */
struct throttle {
	uint32_t key, fails; /**< fails 0: free */
	uint64_t last_ms, until_ms;
	struct sa addr; /**< of an address: to be shown */
};

struct accounts {
	struct pbx *pbx;
	struct crypto *crypto;
	struct list work; /**< struct account_work that are out */
	struct hash users, tokens, token_ids, sessions;
	size_t admins;   /**< who can sign in */
	size_t leaving;  /**< of these: how many the changes under way take away */
	bool setting_up; /**< the first administrator is being made */
	char *setup;     /**< token; NULL: not asked for yet, or no more needed */
	uint8_t cost;    /**< of new passwords */
	struct throttle by_name[THROTTLE_ENTRIES], by_addr[THROTTLE_ENTRIES];
	struct timer sweep;
	unsigned logged; /**< failures in the log since log_ms */
	uint64_t log_ms;
};

/* account_hash.c: pure functions */
void account_sha256(struct slice s, uint8_t id[ACCOUNT_ID]);
/** base64url without padding (RFC 4648 5): dst holds (n * 4 + 2) / 3 + 1 bytes; returns dst. */
char *account_base64url(const uint8_t *p, size_t n, char *dst);
/** Is this a password as it is kept ("$scrypt$ln=15,r=8,p=1$SALT$HASH"), or a token ("$sha256$...")? */
bool account_is_kept(struct slice text);
bool account_is_kept_token(struct slice text, uint8_t id[ACCOUNT_ID]);
void account_keep_token(const uint8_t id[ACCOUNT_ID], char kept[ACCOUNT_KEPT]);
/** New salt, scrypt (RFC 7914) with N = 2^cost, r = 8, p = 1. Takes long. ENOMEM. */
int account_scrypt_make(struct slice password, unsigned cost, char kept[ACCOUNT_KEPT]) MUST_CHECK;
/** Is it this password? Takes long. ERR_AUTH: no; ENOMEM, ERR_SYNTAX. */
int account_scrypt_check(struct slice password, const char *kept) MUST_CHECK;
/** HOTP (RFC 4226 5.3) of a counter, of 6 to 8 digits. */
uint32_t account_hotp(const uint8_t *key, size_t n, uint64_t counter, unsigned digits);
/** base32 (RFC 4648 6) of 20 bytes. */
void account_base32(const uint8_t key[ACCOUNT_TOTP], char dst[33]);
/** The same bytes? Takes the same time wherever they differ. */
bool account_same(const void *a, const void *b, size_t n);

/* account_work.c: passwords on the crypto thread */
struct account_work {
	struct crypto_job job;
	struct link le;
	struct accounts *all; /**< NULL: the phone system is gone */
	bool make;
	uint8_t cost;
	char password[ACCOUNT_PASSWORD * 4 + 1];
	size_t l;
	char kept[ACCOUNT_KEPT];
	int err; /**< what came of it; ECANCELED: the phone system is gone, and nothing of it may be touched */
	void (*h)(const struct account_work *w, void *arg);
	void *arg;
};
/** Check `password` against `kept`, or with `kept` NULL make what is to be kept. `h` comes later, once, whatever
 * happens. EBUSY: too many wait; ENOMEM, ERR_SYNTAX: too long. */
int account_work(struct accounts *a, struct slice password, const char *kept,
		 void (*h)(const struct account_work *w, void *arg), void *arg) MUST_CHECK;

/* account.c */
int account_load(struct pbx *p) MUST_CHECK;
void account_flush(struct pbx *p);
bool account_apply(const struct change_item *it, const json_t *row, struct pbx *p);
struct user *account_user(const struct pbx *p, struct slice name);
/** Who this is, without a session. */
void account_principal(const struct user *u, struct principal *who);
bool account_is_admin(enum role role, bool enabled, bool password);

/** A row of store_load() in the form of a committed one; NULL: memory is out. */
json_t *account_row(const struct resource *r, const char *const *col, const size_t *len);

/* account_token.c */
/** "read calls" as bits; an empty list is all of them. ERR_SYNTAX: `bad` is none. */
int account_scopes(struct slice list, uint32_t *bits, struct slice *bad) MUST_CHECK;
void account_token_apply(struct accounts *a, const char *key, const json_t *row);
int account_token_load(struct accounts *a) MUST_CHECK;
void account_token_flush(struct accounts *a);

/* account_check.c */
/** What the tables cannot say of the items of a change that are about users and tokens. */
int account_check(struct pbx *p, const struct change_item *item, size_t n, struct buf *why) MUST_CHECK;
/** How many administrators come (or go: negative) by these. */
int account_delta(const struct pbx *p, const struct change_item *item, size_t n);
/** 0, or ERR_STATE, EBUSY with a sentence: the last one would go. */
int account_may_go(const struct pbx *p, int delta, struct buf *why) MUST_CHECK;

/* account_change.c */
/** Must this go through account_change()? */
bool account_involved(const struct change_item *item, size_t n);
/** As store_change(), passwords turned into what is kept first. */
void account_change(struct pbx *p, const struct store_change *c, store_change_h *h, void *arg);
/** As store_undo(), unless it takes the last administrator away. */
void account_undo(struct pbx *p, int64_t id, const struct store_change *c, store_change_h *h, void *arg);

/* account_session.c */
/** New session; `cookie` gets 43 characters. ENOMEM. */
int session_add(struct user *u, const struct sa *peer, const char *agent, char cookie[ACCOUNT_COOKIE + 1]) MUST_CHECK;
struct session *session_find(const struct accounts *a, struct slice cookie);
void session_csrf(struct slice cookie, char csrf[48]);
/** End all of a user, but the one of id `keep` (NULL: all). */
unsigned session_end_all(struct user *u, const uint8_t *keep);
int session_load(struct accounts *a) MUST_CHECK;
/** The process ends: they stay in the store. */
void session_forget_all(struct user *u);
void session_sweep(struct accounts *a);
/** Was somebody signed in as `u` from there, and still is? */
bool session_from(const struct user *u, const struct sa *peer);

/* account_throttle.c */
/** May this be tried now? 0: yes, and it is counted as a failure until throttle_good(); else seconds to wait. */
uint32_t throttle_ask(struct accounts *a, struct slice name, const struct sa *peer);
void throttle_good(struct accounts *a, struct slice name, const struct sa *peer);
/** It was no failure, nor a success. */
void throttle_undo(struct accounts *a, struct slice name, const struct sa *peer);
/** It was one: told to the guard and to the log. */
void throttle_failed(struct accounts *a, struct slice name, const struct sa *peer, const char *what);
/** A new password: what was noted against the name is void. */
void throttle_clear(struct accounts *a, struct slice name);

/* account_totp.c */
/** Is `code` one of this moment, and not used yet? Uses it up. */
bool totp_take(struct user *u, struct slice code);
/** The same for the secret that waits to be confirmed. */
bool totp_confirms(struct user *u, struct slice code);
int totp_load(struct accounts *a) MUST_CHECK;

#endif
