/*
 * setting.c - single values by name. All are read at the start and kept.
 */
#include <string.h>
#include "base/mem.h"
#include "store/store_priv.h"

static struct setting *find(const struct store *s, const char *name)
{
	LIST_EACH (&s->settings, k) {
		struct setting *e = LINK_OBJ(k, struct setting, le);

		if (!strcmp(e->name, name))
			return e;
	}
	return NULL;
}

static void destroy(void *arg)
{
	struct setting *e = arg;

	list_unlink(&e->le);
	mem_deref(e->value);
}

static int keep(struct store *s, struct slice name, struct slice value)
{
	struct setting *e;
	int err;

	e = mem_zalloc(sizeof(*e) + name.l + 1, destroy);
	if (!e)
		return ENOMEM;
	memcpy(e->name, name.p, name.l);
	err = slice_dup(&e->value, value);
	if (err) {
		mem_deref(e);
		return err;
	}
	mem_deref(find(s, e->name));
	list_append(&s->settings, &e->le);
	return 0;
}

int setting_load(struct store *s)
{
	sqlite3_stmt *st;
	int err = db_stmt(&s->w, &st, "SELECT name, value FROM setting WHERE domain_id = 1");

	while (!err) {
		err = db_row(&s->w, st);
		if (!err)
			err = keep(s, db_col(st, 0), db_col(st, 1));
	}
	return err == ENOENT ? 0 : err;
}

void setting_free(struct store *s)
{
	LIST_EACH (&s->settings, k)
		mem_deref(LINK_OBJ(k, struct setting, le));
}

int setting_write(struct db *db, const char *name, struct slice value)
{
	sqlite3_stmt *st;
	int err = db_stmt(db, &st,
			  "INSERT INTO setting (domain_id, name, value) VALUES (1, ?, ?) "
			  "ON CONFLICT (domain_id, name) DO UPDATE SET value = excluded.value");

	if (err)
		return err;
	db_text(st, 1, slice_str(name));
	db_text(st, 2, value);
	return db_run(db, st);
}

const char *store_setting(const struct store *s, const char *name)
{
	const struct setting *e = find(s, name);

	return e ? e->value : NULL;
}

int store_setting_init(struct store *s, const char *name, const char *value)
{
	int err;

	pthread_mutex_lock(&s->db_lock);
	err = setting_write(&s->w, name, slice_str(value));
	pthread_mutex_unlock(&s->db_lock);
	return err ? err : keep(s, slice_str(name), slice_str(value));
}
