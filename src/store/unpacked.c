/*
 * unpacked.c - an unpacked backup: its key, its database opened (and upgraded) beside the present one, its files.
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "store/backup_priv.h"

/* ------------------------------------------------------------------ the key */

static int wrong_key(struct buf *why)
{
	buf_reset(why);
	buf_str(why,
		"The backup was made without a passphrase on a system with another key: its passwords cannot be "
		"read here. Restore it on that system, or put the file \"key\" of that system's data directory into "
		"an empty data directory and restore there.");
	return ERR_STATE;
}

static int key_of(struct unpacked *u, struct slice pass, uint8_t key[KEY_BYTES], struct buf *why)
{
	const json_t *wrapped = json_object_get(u->manifest, "key");
	char path[BACKUP_PATH];
	struct buf b;
	int err;

	if (json_is_object(wrapped) && pass.l) {
		EVP_CIPHER *gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);

		err = gcm ? unwrap_key(wrapped, gcm, pass, key) : ENOTSUP;
		EVP_CIPHER_free(gcm);
		if (err == ERR_AUTH)
			buf_str(why, "The passphrase is wrong.");
		if (err == ERR_SYNTAX)
			buf_str(why, "The backup is damaged: its key cannot be read.");
		return err;
	}
	buf_init(&b);
	snprintf(path, sizeof(path), "%s/key", u->dir);
	err = read_whole(path, KEY_BYTES, &b);
	if (!err && b.l == KEY_BYTES)
		memcpy(key, b.p, KEY_BYTES);
	else if (!err)
		err = ENOENT; /* not one of ours */
	if (b.p)
		mem_wipe(b.p, b.l);
	buf_free(&b);
	if (err != ENOENT)
		return err;
	if (!json_is_object(wrapped))
		return wrong_key(why);
	buf_str(why, "The backup is protected by a passphrase: give it.");
	return ERR_STATE;
}

/* ------------------------------------------------------------------ the database */

/* Only tables, and whole ones: what else a database can hold would run within ours. */
static int check_db(struct unpacked *u, struct buf *why)
{
	char path[2 * BACKUP_PATH];
	sqlite3_stmt *st;
	struct db db;
	int64_t n = 0;

	snprintf(path, sizeof(path), "%s/%s", u->tree, BACKUP_DB);
	int err = db_open(&db, path, false, 500);
	if (!err)
		err = db_exec(&db, "PRAGMA trusted_schema=OFF");
	if (!err)
		err = db_get_int(&db, "SELECT count(*) FROM sqlite_master WHERE type NOT IN ('table', 'index')", &n);
	if (!err)
		err = db_stmt(&db, &st, "PRAGMA quick_check(1)");
	if (!err)
		err = db_row(&db, st);
	if (!err)
		err = slice_eqs(db_col(st, 0), "ok") && !n ? 0 : EBADMSG;
	db_close(&db);
	if (err == EBADMSG || err == ENOENT || err == EPROTO) {
		buf_str(why, "The backup is damaged: its database cannot be read.");
		err = ERR_SYNTAX;
	}
	return err;
}

int unpacked_open(struct unpacked *u, const struct store_cfg *like, struct slice pass, struct buf *why)
{
	struct store_cfg cfg = {
		.dir = u->tree, .loop = like->loop, .resource = like->resource, .nresource = like->nresource};
	char path[2 * BACKUP_PATH];
	uint8_t key[KEY_BYTES];
	int err = key_of(u, pass, key, why);

	if (err)
		return err;
	snprintf(path, sizeof(path), "%s/key", u->tree);
	unlink(path);
	err = write_new(path, key, sizeof(key));
	mem_wipe(key, sizeof(key));
	if (!err)
		err = check_db(u, why);
	if (err)
		return err;
	err = store_open_aside(&u->s, &cfg, why);
	if (err == ERR_STATE) {
		buf_reset(why);
		buf_str(why, "The backup was made by a newer version of offhook. Install the newer version first.");
		err = ERR_SYNTAX;
	} else if (err == ERR_AUTH) {
		if (json_is_object(json_object_get(u->manifest, "key")) && !pass.l) {
			buf_reset(why);
			buf_str(why, "The backup is protected by a passphrase: give it.");
			err = ERR_STATE;
		} else {
			err = wrong_key(why);
		}
	}
	return err;
}

void unpacked_close(struct unpacked *u)
{
	if (u->s)
		store_shut(u->s);
	u->s = NULL;
	json_decref(u->manifest);
	u->manifest = NULL;
}

/* ------------------------------------------------------------------ files */

int unseal_file(const struct unpacked *u, const char *name, struct buf *b)
{
	char path[2 * BACKUP_PATH];
	struct buf sealed;

	buf_init(&sealed);
	snprintf(path, sizeof(path), "%s/%s", u->tree, name);
	int err = read_whole(path, 100000, &sealed);
	if (!err)
		err = store_unseal(u->s, buf_get(&sealed), b);
	buf_free(&sealed);
	return err;
}

/* A link never overwrites, and is there as a whole or not at all. */
static int place_one(const struct unpacked *u, const char *rel, const char *from, uint64_t *n)
{
	char to[2 * BACKUP_PATH], tmp[2 * BACKUP_PATH + 8];
	struct buf b;
	int err = make_dirs(u->dir, rel);

	if (err)
		return err;
	snprintf(to, sizeof(to), "%s/%s", u->dir, rel);
	if (strncmp(rel, "tls/", 4) != 0) {
		if (link(from, to))
			return errno == EEXIST ? 0 : errno;
		++*n;
		return 0;
	}
	buf_init(&b);
	err = unseal_file(u, rel, &b);
	snprintf(tmp, sizeof(tmp), "%s.new", to);
	unlink(tmp);
	if (!err)
		err = write_new(tmp, b.p, b.l);
	if (!err && link(tmp, to))
		err = errno;
	unlink(tmp);
	if (b.p)
		mem_wipe(b.p, b.l);
	buf_free(&b);
	*n += !err;
	return err == EEXIST ? 0 : err;
}

int place_files(const struct unpacked *u, const char *folder, uint64_t *n)
{
	char path[2 * BACKUP_PATH], rel[BACKUP_PATH], from[3 * BACKUP_PATH];
	struct dirent *e;
	struct stat st;
	int err = 0;

	snprintf(path, sizeof(path), "%s/%s", u->tree, folder);
	DIR *d = opendir(path);
	while (d && !err && (e = readdir(d))) {
		if (e->d_name[0] == '.' ||
		    (size_t)snprintf(rel, sizeof(rel), "%s/%s", folder, e->d_name) >= sizeof(rel))
			continue;
		snprintf(from, sizeof(from), "%s/%s", path, e->d_name);
		if (lstat(from, &st))
			err = errno;
		else if (S_ISDIR(st.st_mode))
			err = place_files(u, rel, n);
		else if (S_ISREG(st.st_mode))
			err = place_one(u, rel, from, n);
	}
	if (d)
		closedir(d);
	return err;
}
