/*
 * restore_fresh.c - a backup into a directory that has no database: all of it, key and certificate included.
 *
 * The database comes last and at once (a link): cut short before, there is still none, and it can be done again.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/log.h"
#include "store/backup_priv.h"

static int no_database(const struct store *s, struct buf *why)
{
	struct stat st;

	if (stat(s->path, &st))
		return errno == ENOENT ? 0 : errno;
	buf_printf(why, "There is a database in %s already.", s->dir);
	return EEXIST;
}

/* The key that is there stays: it was read, or it is of another system, and then the two do not go together. */
static int place_key(const struct unpacked *u, struct buf *why)
{
	char from[2 * BACKUP_PATH], to[BACKUP_PATH];
	struct buf a, b;

	snprintf(from, sizeof(from), "%s/key", u->tree);
	snprintf(to, sizeof(to), "%.4000s/key", u->dir);
	if (!link(from, to))
		return 0;
	if (errno != EEXIST)
		return errno;
	buf_init(&a);
	buf_init(&b);
	int err = read_whole(from, KEY_BYTES, &a);
	if (!err)
		err = read_whole(to, KEY_BYTES, &b);
	if (!err && !slice_eq(buf_get(&a), buf_get(&b))) {
		buf_printf(why,
			   "%s is another key than the backup's. Move it away, or restore into an empty directory.",
			   to);
		err = EEXIST;
	}
	if (a.p)
		mem_wipe(a.p, a.l);
	if (b.p)
		mem_wipe(b.p, b.l);
	buf_free(&a);
	buf_free(&b);
	return err;
}

static int place_all(struct unpacked *u, struct buf *why)
{
	static const char *const folders[] = {"tls", "sounds", "voicemail", "recordings"};
	char from[2 * BACKUP_PATH], to[BACKUP_PATH];
	uint64_t n = 0;
	int err = 0;

	for (size_t i = 0; !err && i < ARRAY_LEN(folders); i++)
		err = place_files(u, folders[i], &n);
	if (!err)
		err = place_key(u, why);
	/* closed: what was in its log is in the file */
	store_shut(u->s);
	u->s = NULL;
	snprintf(from, sizeof(from), "%s/%s", u->tree, BACKUP_DB);
	snprintf(to, sizeof(to), "%.4000s/%s", u->dir, BACKUP_DB);
	if (!err && link(from, to))
		err = errno;
	sync();
	return err;
}

static int restore_into(struct store *s, const struct store_cfg *cfg, const char *file, struct slice pass,
			json_t **info, struct buf *why)
{
	struct unpacked u = {.dir = s->dir};

	snprintf(u.base, sizeof(u.base), "%.4000s/restore", s->dir);
	snprintf(u.tree, sizeof(u.tree), "%.4000s/restore/data", s->dir);
	remove_tree(u.base);
	int err = make_dirs(s->dir, "restore/data/x");
	if (!err)
		err = unpack(&u, file, why);
	if (!err)
		err = unpacked_open(&u, cfg, pass, why);
	if (!err)
		err = place_all(&u, why);
	if (!err && info)
		*info = json_pack("{s:O?, s:O?, s:O?}", "at", json_object_get(u.manifest, "at"), "version",
				  json_object_get(u.manifest, "version"), "counts",
				  json_object_get(u.manifest, "counts"));
	unpacked_close(&u);
	remove_tree(u.base);
	return err;
}

int store_restore_fresh(const struct store_cfg *cfg, const char *file, struct slice pass, json_t **info,
			struct buf *why)
{
	struct store *s;
	int err = store_bare(&s, cfg);

	if (err)
		return err;
	err = dir_lock(s, why);
	if (!err)
		err = no_database(s, why);
	if (!err)
		err = restore_into(s, cfg, file, pass, info, why);
	if (err && !why->l)
		buf_printf(why, "The backup could not be restored into %s: %s.", s->dir,
			   fault_is(err) ? fault_text(err) : err_str(err));
	store_shut(s);
	return err;
}
