/*
 * cdr.c - the table of call records: writing a row, closing those that a crash left open. Lists: cdr_query.c.
 */
#include <inttypes.h>
#include <stdio.h>
#include "base/log.h"
#include "base/mem.h"
#include "store/store_priv.h"

static const char alive_name[] = "alive_ms";

static void bind_time(sqlite3_stmt *st, int i, int64_t v)
{
	if (v)
		db_int(st, i, v);
}

/* Who calls by which name, once for each pair: what a search for names looks through. */
static int name_write(struct db *db, const struct cdr_row *c)
{
	sqlite3_stmt *st;
	int err;

	if (!c->from_name.l || !c->from.l)
		return 0;
	err = db_stmt(db, &st,
		      "INSERT INTO caller_name (domain_id, name, number) VALUES (1, ?, ?) ON CONFLICT DO NOTHING");
	if (err)
		return err;
	db_text(st, 1, c->from_name);
	db_text(st, 2, c->from);
	return db_run(db, st);
}

#define CDR_PUT                                                                                                        \
	"INSERT INTO cdr (domain_id, id, start_ms, answer_ms, end_ms, final, code, from_number, "                      \
	"to_number, answered_by, outcome, reason, detail, from_name) "                                                 \
	"VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "                                                           \
	"ON CONFLICT (domain_id, id) DO UPDATE SET answer_ms = excluded.answer_ms, "                                   \
	"end_ms = excluded.end_ms, final = excluded.final, code = excluded.code, "                                     \
	"from_number = excluded.from_number, to_number = excluded.to_number, "                                         \
	"answered_by = excluded.answered_by, outcome = excluded.outcome, reason = excluded.reason, "                   \
	"detail = excluded.detail, from_name = excluded.from_name"

static int put(struct db *db, const struct record *r, const char *sql)
{
	const struct cdr_row *c = &r->row;
	sqlite3_stmt *st;
	int err = db_stmt(db, &st, sql);

	if (err)
		return err;
	db_text(st, 1, c->id);
	db_int(st, 2, c->start_ms);
	bind_time(st, 3, c->answer_ms);
	bind_time(st, 4, c->end_ms);
	db_int(st, 5, r->final);
	bind_time(st, 6, c->code);
	db_text(st, 7, c->from);
	db_text(st, 8, c->to);
	db_text(st, 9, c->answered_by);
	db_text(st, 10, c->outcome);
	db_text(st, 11, c->reason);
	db_text(st, 12, c->detail);
	db_text(st, 13, slice_isset(c->from_name) ? c->from_name : SLICE_NULL);
	return db_run(db, st);
}

/* A record that is final stays so, and a second final one is counted no more: so one that is not there, or open, is
 * looked for first. */
int cdr_write(struct db *db, const struct record *r, struct hours *hs, int64_t from_ms)
{
	int err = put(db, r, CDR_PUT " WHERE cdr.final = 0");
	bool fresh = !err && sqlite3_changes(db->h);

	if (!err && !fresh && r->final)
		err = put(db, r, CDR_PUT);
	if (!err)
		err = name_write(db, &r->row);
	return err || !fresh || !r->final || r->row.start_ms < from_ms ? err : hours_add(db, hs, &r->row);
}

int cdr_beat(struct db *db, int64_t wall_ms, bool *open)
{
	char text[24];
	int64_t one;
	int err = db_get_int(db, "SELECT 1 FROM cdr WHERE final = 0 LIMIT 1", &one);

	*open = !err;
	if (err)
		return err == ENOENT ? 0 : err;
	snprintf(text, sizeof(text), "%" PRId64, wall_ms);
	return setting_write(db, alive_name, slice_str(text));
}

/* Close and count them, in one transaction. */
static int close_open(struct db *db, int64_t alive, int64_t hours_from, int *n)
{
	sqlite3_stmt *st;
	int err = db_exec(db, "BEGIN IMMEDIATE");

	if (!err)
		err = hours_orphans(db, hours_from, alive);
	/* the last known time of a call is the latest of its own times and the last heartbeat */
	if (!err)
		err = db_stmt(
			db, &st,
			"UPDATE cdr SET final = 1, outcome = 'interrupted', "
			"reason = 'The phone system stopped during the call.', end_ms = CASE "
			"WHEN coalesce(end_ms, answer_ms, start_ms) > ?1 THEN coalesce(end_ms, answer_ms, start_ms) "
			"ELSE ?1 END WHERE final = 0");
	if (!err) {
		db_int(st, 1, alive);
		err = db_run(db, st);
		*n = sqlite3_changes(db->h);
	}
	if (!err)
		err = db_exec(db, "COMMIT");
	if (err)
		db_rollback(db);
	return err;
}

int cdr_close_orphans(struct db *db, int64_t hours_from)
{
	int64_t alive = 0, one;
	int n = 0, err;

	/* most often there are none */
	err = db_get_int(db, "SELECT 1 FROM cdr WHERE final = 0 LIMIT 1", &one);
	if (err)
		return err == ENOENT ? 0 : err;
	err = db_get_int(db, "SELECT CAST(value AS BIGINT) FROM setting WHERE domain_id = 1 AND name = 'alive_ms'",
			 &alive);
	if (err && err != ENOENT)
		return err;
	err = close_open(db, alive, hours_from, &n);
	if (!err && n)
		log_info("store", "%d calls were open when offhook stopped; their records are closed", n);
	return err;
}
