/*
 * migrate.c - bringing the database to what this version needs: numbered steps, forward only, in one transaction.
 *
 * Beside the numbered steps the resource tables grow by themselves: a table that is
 * missing is made, a field that is new becomes a column. Before anything is done to a
 * database that has content, a copy is made: offhook.db.before-N, N counting the upgrades.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"
#include "base/mem.h"
#include "store/store_priv.h"

/* Step n is at index n - 1. A step that was ever released is not changed any more. */
static const char *const steps[] = {
	"CREATE TABLE migration (number BIGINT PRIMARY KEY, domain_id BIGINT NOT NULL, step BIGINT NOT NULL,"
	" at_ms BIGINT NOT NULL, program TEXT NOT NULL, what TEXT NOT NULL);"
	"CREATE TABLE setting (domain_id BIGINT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,"
	" PRIMARY KEY (domain_id, name));"
	"CREATE TABLE history (id BIGINT PRIMARY KEY, domain_id BIGINT NOT NULL, at_ms BIGINT NOT NULL,"
	" author TEXT NOT NULL, what TEXT NOT NULL, undoes BIGINT, undone_by BIGINT);"
	"CREATE TABLE history_item (id BIGINT PRIMARY KEY, domain_id BIGINT NOT NULL, change_id BIGINT NOT NULL,"
	" op TEXT NOT NULL, resource TEXT NOT NULL, row_id BIGINT NOT NULL, row_key TEXT NOT NULL, diff TEXT NOT NULL);"
	"CREATE INDEX history_item_change ON history_item (change_id);"
	"CREATE INDEX history_item_row ON history_item (row_id, change_id);"
	"CREATE TABLE cdr (domain_id BIGINT NOT NULL, id TEXT NOT NULL, start_ms BIGINT NOT NULL, answer_ms BIGINT,"
	" end_ms BIGINT, final SMALLINT NOT NULL, code BIGINT, from_number TEXT, to_number TEXT, answered_by TEXT,"
	" outcome TEXT, reason TEXT, detail TEXT, PRIMARY KEY (domain_id, id));"
	"CREATE INDEX cdr_start ON cdr (domain_id, start_ms, id);"
	"CREATE INDEX cdr_open ON cdr (id) WHERE final = 0;"
	/* two words are SQLite's own: BLOB (PostgreSQL: BYTEA), and WITHOUT ROWID, which halves the cost of a put */
	"CREATE TABLE state (domain_id BIGINT NOT NULL, kind TEXT NOT NULL, name BLOB NOT NULL, value BLOB NOT NULL,"
	" PRIMARY KEY (domain_id, kind, name)) WITHOUT ROWID;",
	"CREATE TABLE recording (domain_id BIGINT NOT NULL, id TEXT NOT NULL, call_id TEXT NOT NULL, start_ms BIGINT "
	"NOT NULL,"
	" state TEXT NOT NULL, file TEXT NOT NULL, from_number TEXT, to_number TEXT, length_ms BIGINT, bytes BIGINT,"
	" lost BIGINT, paused_ms BIGINT, PRIMARY KEY (domain_id, id));"
	"CREATE INDEX recording_start ON recording (domain_id, start_ms, id);"
	"CREATE INDEX recording_call ON recording (domain_id, call_id);",
	/* a list of somebody's calls is the newest of three lists, each in the order of an index (cdr_query.c) */
	"ALTER TABLE cdr ADD COLUMN from_name TEXT;"
	"CREATE INDEX cdr_from ON cdr (domain_id, from_number, start_ms, id);"
	"CREATE INDEX cdr_to ON cdr (domain_id, to_number, start_ms, id);"
	"CREATE INDEX cdr_answered ON cdr (domain_id, answered_by, start_ms, id);"
	"CREATE INDEX cdr_name ON cdr (domain_id, from_name, start_ms, id);"
	"CREATE INDEX cdr_outcome ON cdr (domain_id, outcome, start_ms, id);",
	/* the history of one row, by what people call it */
	"CREATE INDEX history_item_key ON history_item (resource, row_key, change_id);",
	/* slimmer: the indexes of step 3 cost as much as all else of a record. Only what other columns do not say is
	 * indexed, and names stand once for each number that called by them. */
	"DROP INDEX cdr_from; DROP INDEX cdr_to; DROP INDEX cdr_answered; DROP INDEX cdr_name; DROP INDEX cdr_outcome;"
	"CREATE INDEX cdr_from ON cdr (from_number, start_ms);"
	"CREATE INDEX cdr_to ON cdr (to_number, start_ms);"
	"CREATE INDEX cdr_answered ON cdr (answered_by, start_ms) WHERE answered_by <> to_number;"
	"CREATE INDEX cdr_outcome ON cdr (outcome, start_ms) WHERE outcome <> 'answered';"
	"CREATE TABLE caller_name (domain_id BIGINT NOT NULL, name TEXT NOT NULL, number TEXT NOT NULL,"
	" PRIMARY KEY (domain_id, name, number)) WITHOUT ROWID;"
	"INSERT INTO caller_name SELECT DISTINCT domain_id, from_name, from_number FROM cdr"
	" WHERE from_name <> '' AND from_number <> '';",
	/* calls by the hour (hours.c); records that there are already are counted later */
	"CREATE TABLE cdr_hour (domain_id BIGINT NOT NULL, hour_ms BIGINT NOT NULL, trunk TEXT NOT NULL,"
	" direction TEXT NOT NULL, calls BIGINT NOT NULL, answered BIGINT NOT NULL, failed BIGINT NOT NULL,"
	" busy BIGINT NOT NULL, no_answer BIGINT NOT NULL, talk_ms BIGINT NOT NULL, mos_sum BIGINT NOT NULL,"
	" mos_n BIGINT NOT NULL, bad BIGINT NOT NULL, PRIMARY KEY (domain_id, hour_ms, trunk, direction));"
	"INSERT INTO setting (domain_id, name, value) SELECT 1, 'hours_fill', CAST(m AS TEXT) FROM"
	" (SELECT max(start_ms) + 1 AS m FROM cdr WHERE domain_id = 1) AS latest WHERE m IS NOT NULL;",
};

/* What is to be done, as SQL and in words. */
struct plan {
	struct buf sql, what;
	int64_t from;
	bool newer;
};

static int has_table(struct db *db, const char *name)
{
	sqlite3_stmt *st;
	int err = db_stmt(db, &st, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?");

	if (err)
		return err;
	db_text(st, 1, slice_str(name));
	err = db_row(db, st);
	sqlite3_reset(st);
	return err;
}

int migrate_step(struct db *db, int64_t *step)
{
	int err = has_table(db, "migration");

	*step = 0;
	if (!err)
		err = db_get_int(db, "SELECT coalesce(max(step), 0) FROM migration", step);
	return err == ENOENT ? 0 : err;
}

static void plan_note(struct plan *p, const char *what, const char *name)
{
	buf_printf(&p->what, "%s%s %s", p->what.l ? ", " : "", what, name);
}

/* Columns that the table does not have yet. */
static int plan_columns(struct plan *p, struct db *db, const struct resource *r)
{
	for (size_t i = 0; i < r->nfield; i++) {
		const struct field *f = &r->field[i];
		sqlite3_stmt *st;
		int err = db_stmt(db, &st, "SELECT 1 FROM pragma_table_info(?) WHERE name = ?");

		if (err)
			return err;
		db_text(st, 1, slice_str(r->plural));
		db_text(st, 2, slice_str(f->name));
		err = db_row(db, st);
		sqlite3_reset(st);
		if (!err)
			continue;
		if (err != ENOENT)
			return err;
		buf_str(&p->sql, "ALTER TABLE ");
		sql_name(&p->sql, r->plural);
		buf_str(&p->sql, " ADD COLUMN ");
		sql_column(&p->sql, f);
		buf_str(&p->sql, ";\n");
		if (f->flags & FIELD_UNIQUE)
			sql_unique(&p->sql, r, f);
		plan_note(p, "field", f->name);
	}
	return 0;
}

static int plan_make(struct plan *p, struct store *s)
{
	int err = migrate_step(&s->w, &p->from);

	if (!err && p->from > (int64_t)ARRAY_LEN(steps))
		return ERR_STATE;
	for (size_t i = (size_t)p->from; !err && i < ARRAY_LEN(steps); i++) {
		buf_str(&p->sql, steps[i]);
		buf_printf(&p->what, "%sstep %zu", p->what.l ? ", " : "", i + 1);
	}
	for (size_t i = 0; !err && i < s->nresource; i++) {
		err = has_table(&s->w, s->resource[i]->plural);
		if (!err) {
			err = plan_columns(p, &s->w, s->resource[i]);
		} else if (err == ENOENT) {
			resource_sql_create(s->resource[i], &p->sql);
			plan_note(p, "table", s->resource[i]->plural);
			err = 0;
		}
	}
	if (!err)
		err = buf_err(&p->sql) ? buf_err(&p->sql) : buf_err(&p->what);
	return err;
}

static int copy_pages(struct db *from, struct db *to)
{
	sqlite3_backup *bk = sqlite3_backup_init(to->h, "main", from->h, "main");
	int rc, err;

	if (!bk)
		return db_errno(to, sqlite3_errcode(to->h));
	rc = sqlite3_backup_step(bk, -1);
	err = rc == SQLITE_DONE ? 0 : rc == SQLITE_OK ? EIO : db_errno(to, rc);
	rc = sqlite3_backup_finish(bk);
	return err ? err : db_errno(to, rc);
}

/* A whole copy of the database, made under another name so that a half one never looks like a copy. */
static int copy_to(struct db *db, const char *path, const char *tmp)
{
	struct db to = {0};
	int fd, err;

	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	close(fd);
	err = sqlite3_open_v2(tmp, &to.h, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK ? 0 : EIO;
	if (!err)
		err = copy_pages(db, &to);
	if (sqlite3_close(to.h) != SQLITE_OK && !err)
		err = EIO;
	if (!err && rename(tmp, path))
		err = errno;
	if (err)
		unlink(tmp);
	return err;
}

static int backup(struct store *s, int64_t number, struct buf *why)
{
	char path[4200], tmp[4210];
	int err;

	snprintf(path, sizeof(path), "%s.before-%lld", s->path, (long long)number);
	snprintf(tmp, sizeof(tmp), "%s.new", path);
	unlink(tmp);
	/* a copy of this number is of an upgrade that was not finished: its content is the same as now */
	err = copy_to(&s->w, path, tmp);
	if (err)
		buf_printf(why,
			   "The database must be upgraded, and the copy to be made before that, %s, failed: %s. %s",
			   path, err_str(err), fault_remedy(err));
	else
		log_info("store", "the database is upgraded; a copy of it as it was is %s", path);
	return err;
}

static int note(struct store *s, int64_t number, const struct plan *p)
{
	sqlite3_stmt *st;
	int err = db_stmt(&s->w, &st,
			  "INSERT INTO migration (number, domain_id, step, at_ms, program, what) "
			  "VALUES (?, 1, ?, ?, ?, ?)");

	if (err)
		return err;
	db_int(st, 1, number);
	db_int(st, 2, (int64_t)ARRAY_LEN(steps));
	db_int(st, 3, store_wall_ms(s));
	db_text(st, 4, slice_str("offhook " OFFHOOK_VERSION));
	db_text(st, 5, buf_get(&p->what));
	return db_run(&s->w, st);
}

static int carry_out(struct store *s, struct plan *p, int64_t number)
{
	char *sql;
	int err = buf_strdup(&p->sql, &sql);

	if (err)
		return err;
	err = db_exec(&s->w, "BEGIN IMMEDIATE");
	if (!err)
		err = db_exec(&s->w, sql);
	if (!err)
		err = note(s, number, p);
	if (!err && !p->from)
		err = key_check(s, NULL);
	if (!err)
		err = db_exec(&s->w, "COMMIT");
	if (err)
		db_rollback(&s->w);
	mem_deref(sql);
	return err;
}

static int run_plan(struct store *s, struct plan *p, struct buf *why)
{
	int64_t number = 1;
	int err = plan_make(p, s);

	if (err == ERR_STATE) {
		buf_printf(
			why,
			"The database %s was written by a newer version of offhook (step %lld; this one knows %zu). ",
			s->path, (long long)p->from, ARRAY_LEN(steps));
		buf_printf(why, "Install the newer version, or put back a copy such as %s.before-N.", s->path);
		return err;
	}
	if (err || !p->sql.l)
		return err;
	if (p->from) {
		err = db_get_int(&s->w, "SELECT max(number) + 1 FROM migration", &number);
		if (!err)
			err = backup(s, number, why);
	}
	if (!err)
		err = carry_out(s, p, number);
	if (!err)
		log_debug("store", "database upgrade %lld: %.*s", (long long)number, SLICE_FMT(buf_get(&p->what)));
	return err;
}

int migrate_run(struct store *s, struct buf *why)
{
	struct plan p = {0};
	int err;

	buf_init(&p.sql);
	buf_init(&p.what);
	err = run_plan(s, &p, why);
	s->is_new = !p.from;
	buf_free(&p.sql);
	buf_free(&p.what);
	return err;
}
