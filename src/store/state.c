/*
 * state.c - values by key that outlive a restart: registrations and the like.
 */
#include "store/store_priv.h"

int state_write(struct db *db, const struct record *r)
{
	sqlite3_stmt *st;
	int err;

	if (!r->val.l)
		err = db_stmt(db, &st, "DELETE FROM state WHERE domain_id = 1 AND kind = ? AND name = ?");
	else
		err = db_stmt(db, &st,
			      "INSERT INTO state (domain_id, kind, name, value) VALUES (1, ?, ?, ?) "
			      "ON CONFLICT (domain_id, kind, name) DO UPDATE SET value = excluded.value");
	if (err)
		return err;
	db_text(st, 1, r->table);
	db_blob(st, 2, r->id);
	if (r->val.l)
		db_blob(st, 3, r->val);
	return db_run(db, st);
}

int store_load_state(struct store *s, const char *table, void (*row)(struct slice key, struct slice val, void *arg),
		     void *arg)
{
	sqlite3_stmt *st;
	int err;

	pthread_mutex_lock(&s->db_lock);
	err = db_stmt(&s->w, &st, "SELECT name, value FROM state WHERE domain_id = 1 AND kind = ? ORDER BY name");
	if (!err)
		db_text(st, 1, slice_str(table));
	while (!err) {
		err = db_row(&s->w, st);
		if (!err)
			row(db_col(st, 0), db_col(st, 1), arg);
	}
	pthread_mutex_unlock(&s->db_lock);
	return err == ENOENT ? 0 : err;
}
