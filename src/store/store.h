/*
 * store.h - the data directory: SQLite database, key, lock; configuration as transactions; call records written behind.
 *
 * Threads: the loop thread calls everything here; a writer thread does all changes
 * in group commits, a reader thread answers queries with its own connection.
 * Call-backs come on the loop thread, never within the call. JSON objects given to
 * call-backs are valid during the call (json_incref to keep).
 * A full or read-only disk raises an alarm; records wait in a bounded queue
 * (default 10,000) and are written when they can be.
 */
#ifndef OFFHOOK_STORE_STORE_H
#define OFFHOOK_STORE_STORE_H

#include "loop/loop.h"
#include "store/resource.h"

struct store;

struct store_cfg {
	const char *dir;                        /**< data directory; made (0700) if missing */
	struct loop *loop;
	const struct resource *const *resource; /**< configuration tables */
	size_t nresource;
	uint32_t max_queue;                     /**< waiting records, 0 = 10000 */
};
/**
 * Open: take the lock, make key and database if missing, migrate after a backup copy (offhook.db.before-N), close orphaned call records.
 * EBUSY: another process has the directory (its pid in `why`); EACCES, EROFS, ENOSPC ...: `why` is a sentence for people with what to do.
 */
int store_open(struct store **sp, const struct store_cfg *cfg, struct buf *why) MUST_CHECK;
/** Write all that waits (at most 5 s), stop the threads, close, unlock. */
void store_close(struct store *s);
/** True when the database was made by this open. */
bool store_is_new(const struct store *s);
const char *store_dir(const struct store *s);

/* ---- settings: single values by name, e.g. "realm" ---- */
/** Value of a setting, read at open and kept; NULL if unset. */
const char *store_setting(const struct store *s, const char *name);
/** Set it now, synchronously (start only: realm at install). */
int store_setting_init(struct store *s, const char *name, const char *value) MUST_CHECK;

/* ---- secrets ---- */
/** Encrypt with the key file (AES-256-GCM, fresh nonce): text "v1:base64..." into b. */
int store_seal(struct store *s, struct slice plain, struct buf *b) MUST_CHECK;
/** Decrypt; ERR_AUTH when the text is damaged or from another key. */
int store_unseal(struct store *s, struct slice sealed, struct buf *plain) MUST_CHECK;

/* ---- start-up ---- */
/** Rows of a resource in key order, synchronously, straight from the columns (start only; 10,000 rows in about 20 ms). `col` holds one text per field of the table in order (NULL for SQL null), secrets still sealed. */
int store_load(struct store *s, const struct resource *r, void (*row)(const char *const *col, const size_t *len, void *arg), void *arg) MUST_CHECK;
/** Rows of a plain state table kept with store_put (see there): key and value. */
int store_load_state(struct store *s, const char *table, void (*row)(struct slice key, struct slice val, void *arg), void *arg) MUST_CHECK;

/* ---- configuration ---- */
enum change_op { CHANGE_CREATE, CHANGE_UPDATE, CHANGE_DELETE };
struct change_item {
	enum change_op op;
	const struct resource *r;
	const char *key;      /**< row's key value (for CREATE: in `obj` as well) */
	json_t *obj;          /**< new or changed fields; secrets in plain text here, sealed by the store */
};
/** Result: 0 and the row as it is now (of the first item; secrets left out) and the change's number; ENOENT no such row; EEXIST key taken; ENOSPC/EIO... with a sentence. */
typedef void(store_change_h)(int err, const char *why, json_t *row, int64_t change_id, void *arg);
/**
 * Carry out several items as one transaction with author and text; history keeps the diff (secrets as "(changed)").
 * `apply` runs on the loop after the commit, before `h`, once per item with the new row (NULL after a delete; secrets in plain text): the in-memory swap.
 */
struct store_change {
	const struct change_item *item;
	size_t n;
	const char *author;   /**< "root via command line", "system" ... */
	const char *text;     /**< what, in words; NULL: made from the items */
	void (*apply)(const struct change_item *it, json_t *row, void *arg);
	void *apply_arg;
};
void store_change(struct store *s, const struct store_change *c, store_change_h *h, void *arg);
/** Undo change number `id` by a new change. EEXIST with a sentence naming the later changes that touch the same fields. */
void store_undo(struct store *s, int64_t id, const char *author, void (*apply)(const struct change_item *it, json_t *row, void *arg), void *apply_arg,
		store_change_h *h, void *arg);
/** Called on the loop whenever something was committed by store_change or store_undo (live views). */

/* ---- queries, answered by the reader thread ---- */
/** JSON result (object or array), or err with a sentence. */
typedef void(store_json_h)(int err, const char *why, json_t *res, void *arg);
/** List of a resource: {"items":[...],"next":"cursor"|null}; `after` key cursor or NULL; limit 0 = 1000; `secrets` shows them. */
void store_list(struct store *s, const struct resource *r, const char *after, uint32_t limit, bool secrets, store_json_h *h, void *arg);
void store_get(struct store *s, const struct resource *r, const char *key, bool secrets, store_json_h *h, void *arg);
/** History of changes, newest first: id, at, author, text, items [{op, resource, key, diff {field: [old, new]}}], undone_by. */
void store_history(struct store *s, int64_t before, uint32_t limit, store_json_h *h, void *arg);
/** Everything as one readable object {"offhook":1,"extensions":[...]}; secrets included in plain text if asked. */
void store_export(struct store *s, bool secrets, store_json_h *h, void *arg);

/* ---- call records, written behind and coalesced ---- */
/** Put a record: phase OPEN inserts, later ones replace the row of the same id. `json` is referenced; flat members are columns (id, from, to, start_ms, answer_ms, end_ms, outcome, code ...), the whole is kept as JSON too. */
void store_cdr(struct store *s, json_t *json, bool final);
/** Newest first: {"items":[...],"next":...}; filters may be NULL. Waiting records are flushed first. */
struct cdr_filter {
	int64_t since_ms, until_ms; /**< 0 = open */
	const char *number;         /**< from, to or answered_by equals */
	const char *outcome;
	const char *before;         /**< cursor */
	uint32_t limit;             /**< 0 = 100 */
};
void store_cdr_list(struct store *s, const struct cdr_filter *f, store_json_h *h, void *arg);

/* ---- state that must survive a restart (registrations), written behind, coalesced by key ---- */
/** Keep `val` under `key` in a state table ("contacts"); empty val deletes. Coalesced: many puts of one key within a second cost one write. */
void store_put(struct store *s, const char *table, struct slice key, struct slice val);

/* ---- health ---- */
/** Problem with the disk or database right now; text and remedy, static or kept by the store; false if all is well. */
bool store_trouble(const struct store *s, const char **text, const char **remedy, int64_t *since_ms, uint32_t *waiting, uint64_t *lost);
/** Wait (blocking) until all that was asked is on disk: tests and shutdown. */
int store_flush(struct store *s, uint32_t ms) MUST_CHECK;

#endif
