/*
 * account.h - people and programs that may use page and API: users with passwords, sessions, tokens, roles.
 *
 * Users are rows of the resource "user", tokens of the resource "token": made, changed and undone as every other
 * configuration. Sessions live in memory and in the state table "sessions" (hashed), so that a restart signs nobody
 * out. Passwords are kept as scrypt (RFC 7914), computed on a crypto thread; tokens and session ids as SHA-256, since
 * they are random.
 *
 * Thread: loop. Ownership: the pbx's.
 */
#ifndef OFFHOOK_PBX_ACCOUNT_H
#define OFFHOOK_PBX_ACCOUNT_H

#include "base/sa.h"
#include "pbx/pbx.h"

extern const struct resource pbx_user_resource, pbx_token_resource;

/** What somebody may do; each may do what those before may. */
enum role {
	ROLE_NONE,
	ROLE_USER,     /**< its own page: its extension's calls, devices, recordings, name and password */
	ROLE_READONLY, /**< sees everything but secrets, changes nothing */
	ROLE_MANAGER,  /**< extensions, conferences, numbers, routes, recordings, calls */
	ROLE_ADMIN     /**< everything */
};
/** "user", "read_only", "manager", "administrator". */
const char *role_name(enum role r);
/** ROLE_NONE: not a role. */
enum role role_read(struct slice name);

/** Who asks. */
struct principal {
	char name[72]; /**< user, or "token NAME" */
	enum role role;
	char extension[16];   /**< the user's own; empty: none */
	uint32_t scopes;      /**< of a token: bits of enum scope; all of them for users */
	struct slice session; /**< its id while a session asks; for sign-out */
	bool control;         /**< control socket or command line: the machine's own administrator */
};
/** What a token may touch: reading or writing of configuration, calls, records. */
enum scope {
	SCOPE_READ = 1,     /**< configuration and state */
	SCOPE_WRITE = 2,    /**< configuration */
	SCOPE_CALLS = 4,    /**< originate, hang up, transfer, record */
	SCOPE_RECORDS = 8,  /**< call records and recordings */
	SCOPE_METRICS = 16, /**< /metrics only */
	SCOPE_ALL = 31
};
/** The machine's own administrator. */
void principal_control(struct principal *w);

/** What came of a sign-in. */
enum signin {
	SIGNIN_OK,
	SIGNIN_WRONG, /**< name or password, not told which; also for users that are switched off */
	SIGNIN_CODE,  /**< the password was right: a TOTP code (RFC 6238) is needed, or was wrong */
	SIGNIN_LATER  /**< too many failures of this user or address: `retry_s` */
};
struct signin_result {
	enum signin what;
	uint32_t retry_s;
	const char *session; /**< cookie value, 43 characters; valid during the call-back */
	const char *csrf;    /**< token that changes must carry in X-CSRF-Token */
	struct principal who;
};
typedef void(signin_h)(const struct signin_result *r, void *arg);
/** Sign in by name and password (and code, may be empty). Takes the same time whether the user exists or not. Failures
 * are throttled by user and by address, and told to the guard. Answers by call-back, never within the call. */
void account_sign_in(struct pbx *p, struct slice name, struct slice password, struct slice code, const struct sa *peer,
		     const char *user_agent, signin_h *h, void *arg);
/** Whose session is this? False: nobody's. Renews its idle time (12 h idle, 30 days in all). `csrf` may be NULL. */
bool account_session(struct pbx *p, struct slice cookie, const struct sa *peer, struct principal *who, char csrf[48]);
/** The same for somebody who only listens: its idle time goes on. */
bool account_session_still(const struct pbx *p, struct slice cookie, struct principal *who);
void account_sign_out(struct pbx *p, struct slice cookie);
/** Whose token is this? Wrong ones are counted against `peer` (may be NULL). */
bool account_token(struct pbx *p, struct slice bearer, const struct sa *peer, struct principal *who);

/** Is there nobody who may administer the system? */
bool account_setup_needed(const struct pbx *p);
/** First start: nobody can sign in yet. The link that `make run` prints ends in this one-time token; it is good until
 * the first administrator exists. NULL: there is one. */
const char *account_setup_token(struct pbx *p);
/** Use it: make the first administrator and sign in. ERR_AUTH: wrong or used; ERR_LIMIT: throttled; ERR_SYNTAX with
 * a sentence: the name or the password will not do. */
void account_setup(struct pbx *p, struct slice token, struct slice name, struct slice password, const struct sa *peer,
		   const char *user_agent,
		   void (*h)(int err, const char *why, const struct signin_result *r, void *arg), void *arg);

/* ---- one's own account: `who` must be a user with a session ---- */
/** 0; ERR_AUTH: the password or code is wrong; ERR_LIMIT: too many failures, `why` says when; ERR_SYNTAX and others
 * with a sentence. Never within the call. */
typedef void(account_done_h)(int err, const char *why, void *arg);
/** {name, display_name, role, extension, language, may_listen, totp}; NULL: no such user, or memory is out. */
json_t *account_json(struct pbx *p, const char *name);
/** Wrong passwords of the last hour: {"names": [{"name", "failures", "wait_s"}], "addresses": [{"address", ...}],
 * "unknown_names": how many}. NULL: out of memory. */
json_t *account_failures_json(struct pbx *p) MUST_CHECK;
/** May this user hear recordings of its extension? */
bool account_may_listen(const struct pbx *p, const char *name);
/** Another password; the old one is asked for. Other sessions of this user end. */
void account_password(struct pbx *p, const struct principal *who, struct slice old, struct slice fresh,
		      const struct sa *peer, const char *author, account_done_h *h, void *arg);
/** Second factor (TOTP, RFC 6238): a new secret that account_totp_confirm() with a code of it switches on, within ten
 * minutes. `uri` gets "otpauth://...", `secret` the same in base32 for typing. ENOENT: no such user; EEXIST: it is on
 * already; ENOMEM. */
int account_totp_begin(struct pbx *p, const struct principal *who, struct buf *uri, struct buf *secret) MUST_CHECK;
void account_totp_confirm(struct pbx *p, const struct principal *who, struct slice code, const struct sa *peer,
			  const char *author, account_done_h *h, void *arg);
/** Off again, by password. */
void account_totp_off(struct pbx *p, const struct principal *who, struct slice password, const struct sa *peer,
		      const char *author, account_done_h *h, void *arg);
/** Sessions of a user: [{id, since_ms, seen_ms, address, user_agent, current}]. NULL: memory is out. */
json_t *account_sessions_json(struct pbx *p, const struct principal *who);
/** End one of one's own sessions by its id, or with NULL all but this one; how many ended. */
unsigned account_sessions_end(struct pbx *p, const struct principal *who, const char *id);

/* ---- tokens ---- */
enum { ACCOUNT_TOKEN = 47, ACCOUNT_KEPT = 128 };
/** A new token, "oh_" and 43 characters, and what is kept of it (the value of the resource's field "token"). */
int account_token_make(char token[ACCOUNT_TOKEN], char kept[ACCOUNT_KEPT]) MUST_CHECK;
/** When tokens were used last: [{name, last_used_ms, last_address}]; last_used_ms null: never. NULL: memory is out. */
json_t *account_tokens_json(const struct pbx *p);

/** What is wrong with a password for the page: a sentence, or NULL. Static. */
const char *account_password_weak(struct slice name, struct slice password);

#endif
