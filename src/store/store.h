/*
 * store.h - the data directory: SQLite database, key, lock; configuration as transactions; call records written behind.
 *
 * Threads: the loop thread calls everything here; a writer thread does all changes
 * in group commits, a reader thread answers queries with its own connection.
 * Call-backs come on the loop thread, never within the call (but for ENOMEM at once,
 * when not even the job could be made). JSON objects given to call-backs are valid
 * during the call (json_incref to keep).
 * A full or read-only disk raises an alarm; records wait in a bounded queue
 * (default 10,000) and are written when they can be.
 */
#ifndef OFFHOOK_STORE_STORE_H
#define OFFHOOK_STORE_STORE_H

#include "loop/loop.h"
#include "store/resource.h"

struct store;

struct store_cfg {
	const char *dir; /**< data directory; made (0700) if missing */
	struct loop *loop;
	const struct resource *const *resource; /**< configuration tables */
	size_t nresource;
	uint32_t max_queue; /**< waiting records, 0 = 10000 */
};
/**
 * Open: take the lock, make key and database if missing, migrate after a backup copy (offhook.db.before-N),
 * close orphaned call records. EBUSY: another process has the directory (its pid in `why`); EACCES, EROFS, ENOSPC ...;
 * EBADMSG: damaged database; ERR_AUTH: the key file is missing or another one; ERR_STATE: written by a newer version.
 * `why` is a sentence for people with what to do. Blocks; nothing is left open on an error.
 */
int store_open(struct store **sp, const struct store_cfg *cfg, struct buf *why) MUST_CHECK;
/** Write all that waits (at most 5 s), stop the threads, close, unlock. No call-back comes later. NULL is fine. */
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
/**
 * Rows of a resource in key order, synchronously, straight from the columns (start only; 10,000 rows in about 20 ms).
 * `col` holds one text per field of the table in order (NULL for SQL null; booleans "0" and "1"), secrets still sealed.
 */
int store_load(struct store *s, const struct resource *r,
	       void (*row)(const char *const *col, const size_t *len, void *arg), void *arg) MUST_CHECK;
/** Rows of a plain state table kept with store_put (see there): key and value. */
int store_load_state(struct store *s, const char *table, void (*row)(struct slice key, struct slice val, void *arg),
		     void *arg) MUST_CHECK;

/* ---- configuration ---- */
enum change_op { CHANGE_CREATE, CHANGE_UPDATE, CHANGE_DELETE };
struct change_item {
	enum change_op op;
	const struct resource *r;
	const char *key; /**< row's key value (for CREATE: in `obj` as well) */
	json_t *obj;     /**< new or changed fields, secrets in plain text; NULL for DELETE. Copied by the call */
	int64_t version; /**< UPDATE, DELETE: the row must be of this version; 0 = of any, STORE_ABSENT: it must not be
			    there */
};
enum { STORE_ABSENT = -1 };
/** Member of rows from store_get() and of the row that a change answers with: which version it is, from 1. It is no
 * field. */
#define STORE_VERSION "_version"
/**
 * Result: 0 and the row as it is now (of the first item; secrets left out; NULL after a delete) and the change's number
 * (0: nothing was different, nothing was kept); ESTALE: the row is of another version than was asked for, with a
 * sentence that says who changed it when; ERR_SYNTAX a value is not allowed; ENOENT no such row; EEXIST key
 * taken; ENOSPC/EROFS/EIO... with a sentence.
 */
typedef void(store_change_h)(int err, const char *why, json_t *row, int64_t change_id, void *arg);
/**
 * Carry out several items as one transaction with author and text; history keeps the diff (secrets as "(changed)").
 * Values are checked again with resource_check(); secrets marked FIELD_GENERATED are made when a new row has none.
 * `apply` runs on the loop after the commit, before `h`, once per item that changed something, with the new row
 * (NULL after a delete; secrets in plain text): the in-memory swap.
 */
struct store_change {
	const struct change_item *item;
	size_t n;
	const char *author; /**< "root via control socket", "system" ... */
	const char *text;   /**< what, in words; NULL: made from the items */
	void (*apply)(const struct change_item *it, json_t *row, void *arg);
	void *apply_arg;
};
void store_change(struct store *s, const struct store_change *c, store_change_h *h, void *arg);
/**
 * Undo change number `id` by a new change. Of `c` author, apply and apply_arg are used. ENOENT no such change; EEXIST
 * with a sentence naming the later changes that touch the same fields, or the change that undid it already.
 */
void store_undo(struct store *s, int64_t id, const struct store_change *c, store_change_h *h, void *arg);
/** Call `fn` on the loop after each committed change, between its `apply` and its `h` (live views). NULL ends it. */
void store_on_change(struct store *s, void (*fn)(int64_t change_id, void *arg), void *arg);

/* ---- queries, answered by the reader thread ---- */
/** JSON result (object or array), or err with a sentence. */
typedef void(store_json_h)(int err, const char *why, json_t *res, void *arg);
/** On the reader thread: make text of a page, so that the loop need not. `arg` must stay until the answer and is not
 * changed meanwhile. ENOMEM, ERR_LIMIT. */
typedef int(store_render_h)(const json_t *items, const void *arg, struct buf *out);
struct store_filter {
	const struct field *f;
	json_t *value; /**< from resource_value(); referenced by the call */
};
enum { STORE_FILTERS = 16 };
struct store_page {
	const char *after;        /**< cursor: `next` of the page before, of the same order; NULL: the first page */
	uint32_t limit;           /**< 0 = 1000 */
	bool secrets;             /**< show them in plain text */
	const struct field *sort; /**< order by this field, equals by the key; NULL: by the key. Not a secret */
	bool down;                /**< the greatest first */
	const char *q; /**< only rows that have this text in one of their text fields; case of letters does not
			  count (of a to z) */
	const struct store_filter *filter; /**< and equal all of these */
	size_t nfilter;                    /**< at most STORE_FILTERS */
	store_render_h *render;            /**< the answer is {"text": what it made, "next"}; NULL: with items */
	const void *render_arg;
};
/** List of a resource: {"items":[...],"next":"cursor"|null}; `p` may be NULL. ERR_SYNTAX: the cursor is of no such
 * list. */
void store_list(struct store *s, const struct resource *r, const struct store_page *p, store_json_h *h, void *arg);
/** One row by its key. ENOENT. */
void store_get(struct store *s, const struct resource *r, const char *key, bool secrets, store_json_h *h, void *arg);
/**
 * History of changes, newest first: {"items":[{id, at_ms, author, text, undoes, undone_by,
 * items: [{op, resource, key, diff: {field: [old, new]}}]}],"next":id|null}; only those below `before` unless it is 0;
 * limit 0 = 100.
 */
void store_history(struct store *s, int64_t before, uint32_t limit, store_json_h *h, void *arg);
/** Which changes are wanted. */
struct row_history {
	const char *resource; /**< its name ("extension"): of its rows alone, and of each change what concerns them;
				 NULL or empty: all */
	const char *key;      /**< of this row of it alone; NULL or empty: of all its rows */
	int64_t before;
	uint32_t limit;
};
/** The same, of one row. */
void store_row_history(struct store *s, const struct row_history *w, store_json_h *h, void *arg);
/** Everything as one readable object {"offhook":1,"extensions":[...]}; secrets included in plain text if asked. */
void store_export(struct store *s, bool secrets, store_json_h *h, void *arg);

/* ---- call records, written behind and coalesced ---- */
/** A call record as it is now: always whole, a later one replaces that of the same id. Empty and 0: not known. */
enum cdr_direction {
	CDR_INTERNAL, /**< between extensions and what is inside */
	CDR_IN,       /**< it came by a trunk */
	CDR_OUT,      /**< it went by a trunk, or should have */
	CDR_UNKNOWN   /**< a crash ended it */
};
struct cdr_row {
	struct slice id;       /**< of the call; required, at most 255 bytes */
	struct slice from, to; /**< numbers as dialled */
	struct slice from_name;
	struct slice answered_by;
	struct slice outcome; /**< one word: "answered", "busy" ... */
	struct slice reason;  /**< the same in plain words */
	struct slice detail;  /**< text of a JSON object (legs, codecs ...): its members appear beside the columns */
	int64_t start_ms, answer_ms, end_ms; /**< wall clock; 0 = not yet */
	uint32_t code;                       /**< SIP status, 0 = none */
	/* of a final record, for the counts by the hour */
	struct slice trunk; /**< by which it came, else by which it went; empty: none */
	enum cdr_direction direction;
	uint32_t talk_ms;
	uint32_t mos_sum, mos_n; /**< of its legs whose sound was judged: MOS x 100, how many */
	bool bad;                /**< somebody would complain of its sound */
};
/**
 * Put a record: at INVITE, at answer, at the end (`final`). Copies what it needs and
 * returns at once; written within a second; what came and went between two
 * commits costs one write.
 */
void store_cdr(struct store *s, const struct cdr_row *row, bool final);
/** Newest first: {"items":[...],"next":cursor|null}; filters may be NULL. */
struct cdr_filter {
	int64_t since_ms, until_ms; /**< 0 = open */
	const char *number;         /**< from, to or answered_by equals */
	const char *name;           /**< the caller's name has this in it; case does not count (of a to z) */
	const char *outcome;
	const char *before;     /**< cursor */
	uint32_t limit;         /**< 0 = 100 */
	store_render_h *render; /**< as struct store_page */
	const void *render_arg;
};
/** Waiting records are written first, so that the list has them. */
void store_cdr_list(struct store *s, const struct cdr_filter *f, store_json_h *h, void *arg);
/** The one with this id, with all that is written down of it. ENOENT. */
void store_cdr_get(struct store *s, const char *id, store_json_h *h, void *arg);

/** What is asked of the counts by the hour. */
struct hours_filter {
	int64_t since_ms, until_ms; /**< wall clock; hours are those of UTC, the first one is whole */
	const char *trunk;          /**< of this one only; NULL: of all */
	bool trunks;                /**< each trunk apart */
};
/**
 * {"items": [{hour_ms, direction, trunk?, calls, answered, failed, busy, no_answer, talk_ms, mos, mos_n, bad}],
 * "filling"}, the oldest first. `filling`: records of an earlier version are still being counted. ERR_LIMIT: too many
 * rows.
 */
void store_hours(struct store *s, const struct hours_filter *f, store_json_h *h, void *arg);

/* ---- recordings of calls: rows about files, written as call records are ---- */
/** A recording as it is now: always whole. Its file is somebody else's business. */
struct recording_row {
	struct slice id;      /**< required, at most 255 bytes */
	struct slice call_id; /**< of the call record */
	struct slice state;   /**< "recording", "complete", "interrupted", "failed" */
	struct slice file;    /**< path in the data directory; empty: the row is removed */
	struct slice from, to;
	int64_t start_ms; /**< wall clock */
	int64_t ms, bytes, lost, paused_ms;
};
/** Put a row; as store_cdr(). Of a row that is there id, call, start, file and numbers stay as they are. */
void store_recording(struct store *s, const struct recording_row *row);
struct recording_filter {
	const char *id;             /**< of a recording or of a call */
	const char *number;         /**< from or to equals */
	int64_t since_ms, until_ms; /**< 0 = open */
	const char *before;         /**< cursor */
	uint32_t limit;             /**< 0 = 100 */
	store_render_h *render;     /**< as struct store_page */
	const void *render_arg;
};
/** Newest first: {"items":[{id, call, start_ms, state, file, from, to, ms, bytes, lost,
 * paused_ms}],"next":cursor|null}.
 */
void store_recording_list(struct store *s, const struct recording_filter *f, store_json_h *h, void *arg);
/** Those still in state "recording", synchronously (start only: a crash left them). */
int store_load_recordings(struct store *s, void (*row)(const struct recording_row *w, void *arg), void *arg) MUST_CHECK;

/* ---- state that must survive a restart (registrations), written behind, coalesced by key ---- */
/**
 * Keep `val` under `key` in a state table ("contacts": lower-case letters, at most 15); empty val deletes.
 * Coalesced: many puts of one key within a second cost one write.
 */
void store_put(struct store *s, const char *table, struct slice key, struct slice val);
/** As store_put for a value that changed only a little (a refreshed registration): written within 30 s. */
void store_put_lazy(struct store *s, const char *table, struct slice key, struct slice val);

/** Call `h` (without a result) when all that was put before is on the disk, or cannot be written at present. */
void store_settle(struct store *s, store_json_h *h, void *arg);

/* ---- health ---- */
/** Trouble with the disk or the database. */
struct store_health {
	const char *text;   /**< what is wrong, a sentence; static */
	const char *remedy; /**< what to do, a sentence; static */
	int64_t since_ms;   /**< wall clock */
	uint32_t waiting;   /**< records not on disk yet */
	uint64_t lost;      /**< records given up for lack of room since start */
};
/** True while there is trouble. Fills `h` (may be NULL) in both cases: without trouble texts are NULL. */
bool store_trouble(struct store *s, struct store_health *h);
/** Call `fn` on the loop when trouble begins, changes or ends (then ask store_trouble). NULL ends it. */
void store_on_trouble(struct store *s, void (*fn)(void *arg), void *arg);
/**
 * Wait (blocking) until all that was asked is on disk: start, tests and shutdown. Call-backs then wait in the loop:
 * loop_drain() runs them.
 * ETIMEDOUT after `ms`; ENOSPC, EROFS, EIO ... when the disk does not take it.
 */
int store_flush(struct store *s, uint32_t ms) MUST_CHECK;

#endif
