/*
 * stale.c - two people change one row: who was first, in a sentence for the one who was second.
 */
#include <string.h>
#include "store/store_priv.h"

/* "just now", "3 minutes ago", "2 days ago" */
static void ago(struct buf *b, int64_t ms)
{
	static const struct {
		int64_t s;
		const char *unit;
	} v[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}};
	int64_t s = ms / 1000;

	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		int64_t n = s / v[i].s;

		if (n) {
			buf_printf(b, " %lld %s%s ago", (long long)n, v[i].unit, n == 1 ? "" : "s");
			return;
		}
	}
	buf_str(b, " just now");
}

/* The last change of a row: " by maria 3 minutes ago"; nothing when the history does not know. */
static int put_who(struct buf *b, struct db *db, sqlite3_stmt *st, int64_t now_ms)
{
	int err = db_row(db, st);

	if (err)
		return err == ENOENT ? 0 : err;
	buf_printf(b, " by %.*s", SLICE_FMT(db_col(st, 0)));
	ago(b, now_ms - sqlite3_column_int64(st, 1));
	sqlite3_reset(st);
	return 0;
}

int change_meant(struct change_job *c, struct db *db, const struct change_part *p)
{
	char noun[RESOURCE_NOUN];
	struct buf *why = &c->j.why;
	sqlite3_stmt *st;
	int err;

	if (!p->it.version || p->it.version == p->version)
		return 0;
	err = db_stmt(db, &st,
		      "SELECT h.author, h.at_ms FROM history_item i JOIN history h ON h.id = i.change_id "
		      "WHERE i.row_id = ? ORDER BY i.change_id DESC LIMIT 1");
	if (err)
		return err;
	db_int(st, 1, p->row_id);
	buf_printf(why, "The %s %s was changed", resource_noun(p->it.r, noun), p->key);
	err = put_who(why, db, st, c->at_ms);
	buf_str(why, ", after you had read it. Nothing of yours was saved: look at what it is now, then change it.");
	return err ? err : ESTALE;
}

void change_who_removed(struct change_job *c, struct db *db, const struct change_part *p)
{
	struct buf *why = &c->j.why;
	sqlite3_stmt *st;

	/* only for who had read it: names of rows that never were would cost a look at the whole history */
	if (p->it.version <= 0 ||
	    db_stmt(db, &st,
		    "SELECT h.author, h.at_ms FROM history_item i JOIN history h ON h.id = i.change_id "
		    "WHERE i.resource = ?1 AND i.row_key = ?2 AND i.op = 'delete' ORDER BY i.change_id DESC LIMIT 1"))
		return;
	db_text(st, 1, slice_str(p->it.r->name));
	db_text(st, 2, slice_str(p->key));
	buf_str(why, " It was removed");
	(void)put_who(why, db, st, c->at_ms);
	buf_char(why, '.');
}
