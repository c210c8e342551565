/*
 * db.c - one SQLite connection: opening, prepared statements, errors as numbers.
 *
 * A connection is used by one thread at a time, so SQLite's own locks are off.
 * Memory is kept small: page caches have limits, nothing is mapped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "store/store_priv.h"

static void configure(void)
{
	/* refused when the process has used SQLite before: then it works as it is, a little slower */
	sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 256, 64);
}

static int pragmas(struct db *db, bool readonly, int cache_kib)
{
	char text[160];
	int err;

	snprintf(text, sizeof(text), "PRAGMA cache_size=-%d; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY;", cache_kib);
	err = db_exec(db, text);
	if (err || readonly)
		return err;
	/* FULL: what was answered outlives a power cut too */
	return db_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=4194304;");
}

int db_open(struct db *db, const char *path, bool readonly, int cache_kib)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int flags = SQLITE_OPEN_NOMUTEX | (readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
	int rc, err;

	pthread_once(&once, configure);
	memset(db, 0, sizeof(*db));
	rc = sqlite3_open_v2(path, &db->h, flags, NULL);
	err = rc == SQLITE_OK ? 0 : db->h ? db_errno(db, rc) : ENOMEM;
	if (!err) {
		sqlite3_extended_result_codes(db->h, 1);
		sqlite3_busy_timeout(db->h, 5000);
		err = pragmas(db, readonly, cache_kib);
	}
	if (err)
		db_close(db);
	return err;
}

void db_close(struct db *db)
{
	for (size_t i = 0; i < DB_STMTS; i++) {
		sqlite3_finalize(db->stmt[i].st);
		mem_deref(db->stmt[i].sql);
	}
	if (db->h)
		sqlite3_close(db->h);
	memset(db, 0, sizeof(*db));
}

/* What the system said. SQLite does not always pass it on, but its files know. */
static int system_errno(struct db *db)
{
	int err = sqlite3_system_errno(db->h);
	sqlite3_file *log = NULL;

	if (!err)
		sqlite3_file_control(db->h, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
	if (log && log->pMethods)
		log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &err);
	if (!err)
		sqlite3_file_control(db->h, "main", SQLITE_FCNTL_LAST_ERRNO, &err);
	return err;
}

static int io_errno(struct db *db)
{
	switch (system_errno(db)) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return ENOSPC;
	case EROFS:
		return EROFS;
	case EACCES:
	case EPERM:
		return EACCES;
	default:
		return EIO;
	}
}

int db_errno(struct db *db, int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return ENOSPC;
	case SQLITE_READONLY:
		return EROFS;
	case SQLITE_IOERR:
		return rc == SQLITE_IOERR_NOMEM ? ENOMEM : io_errno(db);
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return io_errno(db) == EIO ? EACCES : io_errno(db);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return EBADMSG;
	case SQLITE_CONSTRAINT:
		return EEXIST;
	case SQLITE_NOMEM:
		return ENOMEM;
	default:
		log_error("store", "database: %s (%d)", db->h ? sqlite3_errmsg(db->h) : "closed", rc);
		return EPROTO;
	}
}

int db_exec(struct db *db, const char *sql)
{
	if (!db->h)
		return EACCES;
	return db_errno(db, sqlite3_exec(db->h, sql, NULL, NULL, NULL));
}

int db_stmt(struct db *db, sqlite3_stmt **stp, const char *sql)
{
	size_t old = 0;
	sqlite3_stmt *st;
	char *copy;
	int err;

	if (!db->h)
		return EACCES;
	for (size_t i = 0; i < DB_STMTS; i++) {
		if (db->stmt[i].sql && !strcmp(db->stmt[i].sql, sql)) {
			db->stmt[i].used = ++db->tick;
			*stp = db->stmt[i].st;
			sqlite3_reset(*stp);
			sqlite3_clear_bindings(*stp);
			return 0;
		}
		if (db->stmt[i].used < db->stmt[old].used)
			old = i;
	}
	err = db_errno(db, sqlite3_prepare_v3(db->h, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL));
	if (err)
		return err;
	err = mem_strdup(&copy, sql);
	if (err) {
		sqlite3_finalize(st);
		return err;
	}
	sqlite3_finalize(db->stmt[old].st);
	mem_deref(db->stmt[old].sql);
	db->stmt[old].sql = copy;
	db->stmt[old].st = *stp = st;
	db->stmt[old].used = ++db->tick;
	return 0;
}

int db_row(struct db *db, sqlite3_stmt *st)
{
	int rc = sqlite3_step(st), err;

	if (rc == SQLITE_ROW)
		return 0;
	err = rc == SQLITE_DONE ? ENOENT : db_errno(db, rc);
	sqlite3_reset(st); /* or it would keep its read lock */
	return err;
}

int db_run(struct db *db, sqlite3_stmt *st)
{
	int err;

	do
		err = db_row(db, st);
	while (!err);
	return err == ENOENT ? 0 : err;
}

void db_text(sqlite3_stmt *st, int i, struct slice s)
{
	if (s.p)
		sqlite3_bind_text(st, i, s.p, (int)s.l, SQLITE_STATIC);
}

void db_blob(sqlite3_stmt *st, int i, struct slice s)
{
	if (s.p)
		sqlite3_bind_blob(st, i, s.p, (int)s.l, SQLITE_STATIC);
}

void db_int(sqlite3_stmt *st, int i, int64_t v)
{
	sqlite3_bind_int64(st, i, v);
}

struct slice db_col(sqlite3_stmt *st, int i)
{
	const char *p = sqlite3_column_blob(st, i);

	return slice_mem(p, (size_t)sqlite3_column_bytes(st, i));
}

int db_get_int(struct db *db, const char *sql, int64_t *v)
{
	sqlite3_stmt *st;
	int err = db_stmt(db, &st, sql);

	if (!err)
		err = db_row(db, st);
	if (!err) {
		*v = sqlite3_column_int64(st, 0);
		sqlite3_reset(st);
	}
	return err;
}

void db_rollback(struct db *db)
{
	if (db->h && !sqlite3_get_autocommit(db->h))
		sqlite3_exec(db->h, "ROLLBACK", NULL, NULL, NULL);
}
