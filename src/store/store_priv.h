/*
 * store_priv.h - what the files of this room share.
 *
 * Threads: "loop" is the caller's thread, "writer" and "reader" are the two disk
 * threads. `struct store` says for each member who may touch it. On a virtual loop
 * there are no disk threads: their work is done at once, by the same functions.
 */
#ifndef OFFHOOK_STORE_PRIV_H
#define OFFHOOK_STORE_PRIV_H

/* OpenSSL has a type of the name of our ERR_STATE */
#define ERR_STATE openssl_err_state
#include <openssl/evp.h>
#undef ERR_STATE
#include <pthread.h>
#include <sqlite3.h>
#include "base/hash.h"
#include "base/inspect.h"
#include "base/list.h"
#include "base/mem.h"
#include "store/store.h"

enum {
	DB_STMTS = 16, /* prepared statements kept per connection */
	KEY_BYTES = 32,
	DOMAIN_FIRST = 1,      /* domain_id of every row as long as there is one domain */
	RECORD_DELAY_MS = 700, /* a record is on disk within a second: this, and the commit */
	LAZY_DELAY_MS = 29000,
	WRITER_CACHE_KIB = 1000,
	BATCH_RECORDS = 2048,  /* per transaction: sorted, many share a page */
	TAKE_RECORDS = 256,    /* at once under the lock: the loop may be waiting for it */
	BATCH_TROUBLE = 8,     /* after a failure: a disk that is full takes little pieces */
	VIRTUAL_RECORDS = 256, /* a virtual loop writes when so many wait */
	BEAT_MS = 5000         /* while calls are open the last known time is kept this often */
};

/* ---- db.c: one connection ---- */
struct db {
	sqlite3 *h; /* NULL: closed */
	struct {
		char *sql;
		sqlite3_stmt *st;
		uint64_t used;
	} stmt[DB_STMTS];
	uint64_t tick;
};
/* Open; `cache_kib` limits the page cache. The errors of db_errno(). */
int db_open(struct db *db, const char *path, bool readonly, int cache_kib) MUST_CHECK;
void db_close(struct db *db);
/* Run SQL text without results; several statements are fine. */
int db_exec(struct db *db, const char *sql) MUST_CHECK;
/* The prepared statement for a text, kept for the next time; reset and without values. Valid until DB_STMTS others were
 * asked for. */
int db_stmt(struct db *db, sqlite3_stmt **stp, const char *sql) MUST_CHECK;
/* 0: a row is there; ENOENT: no more; or an error. */
int db_row(struct db *db, sqlite3_stmt *st) MUST_CHECK;
/* Run to the end, without results. */
int db_run(struct db *db, sqlite3_stmt *st) MUST_CHECK;
/* Bind; a slice without bytes at NULL is SQL null. The bytes must live until the statement has run. */
void db_text(sqlite3_stmt *st, int i, struct slice s);
void db_blob(sqlite3_stmt *st, int i, struct slice s);
void db_int(sqlite3_stmt *st, int i, int64_t v);
/* Column as a slice, valid until the next step. */
struct slice db_col(sqlite3_stmt *st, int i);
/* One integer from a query without values; ENOENT. */
int db_get_int(struct db *db, const char *sql, int64_t *v) MUST_CHECK;
/* SQLite's result as an error number: ENOSPC, EROFS, EIO, EACCES, EBUSY, EBADMSG, EEXIST, ENOMEM, else EPROTO. */
int db_errno(struct db *db, int rc);
/* End a transaction that failed, if one is open. */
void db_rollback(struct db *db);

/* ---- fault.c: what is wrong with the disk, for people ---- */
/* True for errors that come from disk or database rather than from the request. */
bool fault_is(int err);
const char *fault_text(int err);
const char *fault_remedy(int err);

/* ---- work.c: jobs for the disk threads ---- */
struct job {
	struct loop_msg msg;
	struct job *next;
	struct store *s;                          /* a reference, taken and dropped on the loop */
	int (*run)(struct job *j, struct db *db); /* on a disk thread */
	void (*done)(struct job *j);              /* on the loop: the call-back */
	bool after_records;                       /* reader: waiting records are written first */
	int err;
	struct buf why;
};
struct jobs {
	struct job *head, **tail;
};
void jobs_init(struct jobs *q);
void jobs_put(struct jobs *q, struct job *j);
struct job *jobs_get(struct jobs *q);
/* New job of `size` bytes (a struct that begins with struct job); `dh` must end with job_destroy. */
int job_alloc(void **jp, size_t size, mem_destroy_h *dh, struct store *s) MUST_CHECK;
void job_destroy(void *arg);
/* Hand over to the writer, the reader; the call-back comes later. */
void job_write(struct job *j);
void job_read(struct job *j);
/* Answer without any work. */
void job_answer(struct job *j);
/* Hand over to the side thread, where run() has no connection; EBUSY: it works already. */
void job_side(struct job *j);
/* `why` as a terminated text. */
const char *job_why(struct job *j);

/* ---- query.c ---- */
/* The answer of a list: {"items" or "text", "next"}; both references are taken over. NULL: memory is out, or the text
 * cannot be made. */
json_t *query_result(json_t *items, json_t *next, store_render_h *render, const void *arg);
/** A cursor of a list by time, "ms-id": the last row of the page before. `id` is within it. ERR_SYNTAX. */
int query_cursor(const char *before, int64_t *ms, const char **id) MUST_CHECK;

/* ---- record.c: records that wait ---- */
enum record_kind { RECORD_CDR, RECORD_STATE, RECORD_RECORDING };
/* In this order they are given up when there are too many. */
enum record_queue { QUEUE_LAZY, QUEUE_OPEN, QUEUE_FIRM, QUEUES };
struct record {
	struct hlink he;
	struct link le;
	enum record_kind kind;
	enum record_queue queue;
	bool final;
	struct cdr_row row;       /* RECORD_CDR */
	struct slice table, val;  /* RECORD_STATE */
	struct recording_row rec; /* RECORD_RECORDING */
	struct slice id;          /* call's id or key */
	char data[];              /* what the slices point to */
};
struct records {
	struct hash by_id;
	struct list q[QUEUES];
	uint64_t firm_due, lazy_due; /* ms of clock_mono; 0 = none waits */
	uint32_t n, max;
	uint64_t lost;
};
/* All of these under s->lock. */
void records_add(struct store *s, struct record *r);
bool records_due(const struct records *rs, uint64_t now_ms);
/* Move up to `max` into `out`, lazy ones only if `all` or due. */
void records_take(struct records *rs, struct list *out, size_t max, bool all, uint64_t now_ms);
/* Put back what could not be written; newer ones win. */
void records_put_back(struct records *rs, struct list *in);
void records_free(struct list *l);
/* New array of them by kind and id, so that neighbours meet in the same pages; NULL when memory is out. */
struct record **records_sorted(const struct list *l);
/* ---- hours.c: calls by the hour ---- */
enum { HOUR_MS = 3600000 };
struct hour {
	int64_t hour_ms;
	char trunk[64];
	enum cdr_direction direction;
	int64_t calls, answered, failed, busy, no_answer, talk_ms, mos_sum, mos_n, bad;
};
/* What a transaction counts, to be written at its end. */
struct hours {
	struct hour v[8];
	size_t n;
};
/* Count a record that has become final; what there is no room for is written. */
int hours_add(struct db *db, struct hours *hs, const struct cdr_row *c) MUST_CHECK;
int hours_write(struct db *db, struct hours *hs) MUST_CHECK;
/* Count records that are about to be closed because a crash left them open at `alive_ms`; those that began before
 * `from_ms` are counted otherwise. */
int hours_orphans(struct db *db, int64_t from_ms, int64_t alive_ms) MUST_CHECK;
/* Count a record that was added after its end (a backup), unless that is still to be done in the background. */
int hours_restored(struct db *db, struct hours *hs, int64_t rowid) MUST_CHECK;
/* Since when calls are counted as they end; those before are, or were, counted in the background. */
int64_t hours_from(const struct store *s);
/* Count these from now on, in steps. */
void hours_start(struct store *s);
void hours_fill(void *arg);

/* Write one record; `hs` counts it if it has become final by that, and began after `from_ms`. */
int cdr_write(struct db *db, const struct record *r, struct hours *hs, int64_t from_ms) MUST_CHECK;
int state_write(struct db *db, const struct record *r) MUST_CHECK;
int recording_write(struct db *db, const struct record *r) MUST_CHECK;

/* ---- trouble.c ---- */
struct trouble {
	int err; /* 0 = all is well */
	int64_t since_ms;
	uint64_t next_try; /* ms of clock_mono */
	uint32_t tries;
};

struct setting {
	struct link le;
	char *value;
	char name[];
};

struct store {
	/* set at open, constant */
	struct loop *loop;
	bool virt;
	bool locks; /* they exist */
	bool is_new;
	char *dir, *path;
	int lock_fd;
	uint8_t key[KEY_BYTES];
	EVP_CIPHER *gcm;
	const struct resource *const *resource;
	size_t nresource;

	/* loop */
	bool closed;
	bool writer_on, reader_on, side_on;
	pthread_t side;
	struct list settings;
	void (*change_fn)(int64_t id, void *arg);
	void *change_arg;
	struct timer fill; /* hours.c: the next step */
	bool filling;
	void (*trouble_fn)(void *arg);
	void *trouble_arg;
	struct inspect inspect;

	/* who holds db_lock: the writer, or the loop at start */
	pthread_mutex_t db_lock;
	struct db w;
	int64_t next_change, next_item; /* 0 = ask the database */
	bool calls_open;
	int64_t hours_from; /* hours_from(); constant */
	uint64_t beat_due;
	size_t batch; /* records per transaction at present */

	struct db r; /* reader */

	/* who holds lock */
	pthread_mutex_t lock;
	pthread_cond_t work, read_work, done;
	pthread_t writer, reader;
	struct job *side_job; /* at work */
	bool stop;
	bool busy; /* the writer is at work */
	struct jobs write_jobs, read_jobs, after_jobs;
	uint64_t flush_want, flush_done;
	struct records rec;
	struct trouble trouble;
	struct loop_msg notice;
};

/* ---- lock.c: locks and waiting ---- */
int locks_init(struct store *s) MUST_CHECK;
void locks_free(struct store *s);
void store_lock(struct store *s);
void store_unlock(struct store *s);
/* Wait on a condition under s->lock until clock_mono reaches `until_ms` (0 = without end). */
void store_wait(struct store *s, pthread_cond_t *c, uint64_t until_ms);
uint64_t store_mono_ms(const struct store *s);
int64_t store_wall_ms(const struct store *s);

/* ---- writer.c, reader.c ---- */
/* Start the threads, unless they run. On the loop. */
int writer_start(struct store *s) MUST_CHECK;
int reader_start(struct store *s) MUST_CHECK;
/* Stop and join those that run; what waits is written first as far as the disk takes it. */
void threads_stop(struct store *s);
/* New thread with a small stack and all signals blocked. */
int store_thread(pthread_t *t, const char *name, void *(*fn)(void *arg), struct store *s) MUST_CHECK;
/* Virtual loops: do what waits now. */
void writer_now(struct store *s, bool flush);
/* Answer a query; its error. */
int reader_run(struct store *s, struct job *j, struct db *db);

/* ---- side.c ---- */
void side_join(struct store *s);
/* The server is stopping: give up. */
bool side_stopped(struct store *s);

/* ---- trouble.c; under s->lock ---- */
void trouble_set(struct store *s, int err);
void trouble_clear(struct store *s);

/* ---- dir.c, key.c, migrate.c, setting.c, cdr.c ---- */
int dir_open(struct store *s, struct buf *why) MUST_CHECK;
void dir_close(struct store *s);
/* Read the key file, or make it if `make`. */
int key_open(struct store *s, bool make, struct buf *why) MUST_CHECK;
/* Is it the key that this database was made with? */
int key_check(struct store *s, struct buf *why) MUST_CHECK;
/* Lock and directory without the file of the database. */
int dir_lock(struct store *s, struct buf *why) MUST_CHECK;
/* As store_open(), for another directory and another thread than the loop's; store_shut() ends it. */
int store_open_aside(struct store **sp, const struct store_cfg *cfg, struct buf *why) MUST_CHECK;
/* Not even a database: it is made of `cfg` and nothing is opened. */
int store_bare(struct store **sp, const struct store_cfg *cfg) MUST_CHECK;
void store_shut(struct store *s);
/* Seal and unseal with any key of KEY_BYTES, as store_seal(). */
int seal_with(EVP_CIPHER *gcm, const uint8_t *key, struct slice plain, struct buf *b) MUST_CHECK;
int unseal_with(EVP_CIPHER *gcm, const uint8_t *key, struct slice sealed, struct buf *plain) MUST_CHECK;
/* Number of the last migration step, 0 for an empty database. */
int migrate_step(struct db *db, int64_t *step) MUST_CHECK;
int migrate_run(struct store *s, struct buf *why) MUST_CHECK;
int setting_load(struct store *s) MUST_CHECK;
void setting_free(struct store *s);
int setting_write(struct db *db, const char *name, struct slice value) MUST_CHECK;
/* Close the records of calls that were open when the program stopped. */
int cdr_close_orphans(struct db *db, int64_t hours_from) MUST_CHECK;
/* Keep the time, if calls are open; tells in *open whether they are. */
int cdr_beat(struct db *db, int64_t wall_ms, bool *open) MUST_CHECK;

/* ---- schema.c, row.c: resource rows ---- */
void sql_name(struct buf *b, const char *name);
/* One column of a CREATE TABLE or ADD COLUMN. */
void sql_column(struct buf *b, const struct field *f);
/* CREATE UNIQUE INDEX for a key or unique field. */
void sql_unique(struct buf *b, const struct resource *r, const struct field *f);
const struct resource *store_resource(const struct store *s, struct slice name);
/* "SELECT id, f1, f2 ..., version FROM plural ". */
void row_select(struct buf *b, const struct resource *r);
/* Row at a statement made with row_select: JSON object of the columns, secrets sealed. */
json_t *row_json(const struct resource *r, sqlite3_stmt *st);
/* Bind one value by the field's type. */
void row_bind(sqlite3_stmt *st, int i, const struct field *f, const json_t *v);
struct row_found {
	int64_t id, version;
	json_t *row; /* secrets sealed */
};
/* Row by key, or by id when key is NULL. ENOENT. */
int row_find(struct db *db, const struct resource *r, const char *key, int64_t id, struct row_found *f) MUST_CHECK;
/* Secrets: take them out, or put plain text in their place; passwords: say that there is one, or leave them as they are
 * kept. */
enum reveal { REVEAL_NOTHING, REVEAL_SECRETS, REVEAL_ALL };
int row_reveal(struct store *s, const struct resource *r, json_t *row, enum reveal secrets) MUST_CHECK;
/* The value of the key field; never NULL. */
const char *row_key(const struct resource *r, const json_t *row);

/* ---- list.c ---- */
/* A pattern for LIKE ... ESCAPE '\' on lower-case text: rows that have `text` in them. */
int like_text(char **sp, const char *text) MUST_CHECK;
struct row_page {
	const struct resource *r;
	uint32_t limit; /* 0 = all */
	enum reveal secrets;
	const struct field *sort; /* NULL: the key */
	bool down;
	const char *key;            /* after this one; NULL: from the beginning */
	const struct list_query *q; /* filters and the rest; NULL: none */
};
/* Append the rows of a page; *more tells whether some are left. */
int row_page_read(struct store *s, struct db *db, const struct row_page *p, json_t *items, bool *more) MUST_CHECK;

/* Rows of all resources as {"offhook":1,"extensions":[...]}, of one moment. */
int export_all(struct store *s, struct db *db, enum reveal secrets, json_t **res) MUST_CHECK;

/* ---- change.c, part.c, undo.c ---- */
struct change_part {
	struct change_item it; /* key and obj are ours */
	char *key;
	int64_t row_id; /* undo: the row meant, whatever its key is by now; 0 = by key */
	bool changed;
	int64_t version; /* that it has now */
	json_t *row;     /* as it is now, secrets in plain text; NULL after a delete */
};
struct change_job {
	struct job j;
	struct change_part *part;
	size_t n;
	char *author, *text;
	int64_t at_ms, id;
	int64_t undo; /* number of the change to undo, or 0 */
	json_t *row;  /* answer: first row without secrets */
	void (*apply)(const struct change_item *it, json_t *row, void *arg);
	void *apply_arg;
	store_change_h *h;
	void *arg;
};
/* Carry out one part; *diff is {field: [old, new]} with sealed secrets, NULL if nothing is different. */
int change_part_run(struct change_job *c, struct db *db, struct change_part *p, int64_t item_id,
		    json_t **diff) MUST_CHECK;
/* ESTALE with a sentence, unless the row that was found is the one that was meant. */
int change_meant(struct change_job *c, struct db *db, const struct change_part *p) MUST_CHECK;
/* To the sentence that a row is not there: who removed it, if somebody did. */
void change_who_removed(struct change_job *c, struct db *db, const struct change_part *p);
/* Fill the parts from the history. */
int undo_prepare(struct change_job *c, struct db *db) MUST_CHECK;
/* Mark what was undone. */
int undo_mark(struct change_job *c, struct db *db) MUST_CHECK;
const char *change_op_name(enum change_op op);

#endif
