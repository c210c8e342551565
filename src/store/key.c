/*
 * key.c - the key file: 32 random bytes, readable by the owner only, made once and never overwritten.
 *
 * It lies beside the database and is no part of it: a stolen copy of the database
 * alone gives no secret away.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "store/store_priv.h"

static const char check_name[] = "key_check", check_text[] = "offhook key check";

static int refuse(struct buf *why, int err, const char *path, const char *what)
{
	buf_printf(why, "The key file %s %s", path, what);
	return err;
}

/* The same, where only the right file helps. */
static int lost(struct buf *why, const char *path, const char *what)
{
	buf_printf(why, "The key file %s %s Put back the right one; ", path, what);
	buf_str(why, "without it the passwords in the database cannot be read.");
	return ERR_AUTH;
}

/* Written under another name and linked: a crash leaves either no key or a whole one, and link() never overwrites. */
static int make_key(struct store *s, const char *path, struct buf *why)
{
	char tmp[4200];
	int fd, err = 0;

	snprintf(tmp, sizeof(tmp), "%s.new", path);
	unlink(tmp);
	rand_bytes(s->key, KEY_BYTES);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		err = errno;
	else if (write(fd, s->key, KEY_BYTES) != KEY_BYTES)
		err = errno ? errno : ENOSPC;
	else if (fsync(fd) || link(tmp, path))
		err = errno;
	if (fd >= 0)
		close(fd);
	unlink(tmp);
	if (!err)
		return 0;
	buf_printf(why, "The key file %s cannot be made: %s. %s", path, err_str(err), fault_remedy(err));
	return err;
}

static int read_key(struct store *s, int fd, const char *path, struct buf *why)
{
	struct stat st;
	uint8_t more;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return refuse(why, EIO, path, "is no ordinary file. Put back the key file of this database.");
	if (st.st_size != KEY_BYTES || read(fd, s->key, KEY_BYTES) != KEY_BYTES || read(fd, &more, 1) != 0)
		return lost(why, path, "is damaged: it must hold 32 bytes.");
	if (!(st.st_mode & 077))
		return 0;
	if (fchmod(fd, 0600))
		return refuse(why, EACCES, path,
			      "can be read by others and its permissions cannot be changed. Give it to the "
			      "user that runs offhook, with mode 600.");
	log_warn("store", "the key file %s could be read by others; it now has mode 600", path);
	return 0;
}

int key_open(struct store *s, bool make, struct buf *why)
{
	char path[4100];
	int fd, err;

	snprintf(path, sizeof(path), "%s/key", s->dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		err = read_key(s, fd, path, why);
		close(fd);
	} else if (errno != ENOENT) {
		err = errno;
		buf_printf(why, "The key file %s cannot be read: %s. %s", path, err_str(err), fault_remedy(err));
	} else if (make) {
		err = make_key(s, path, why);
	} else {
		err = lost(why, path, "is missing.");
	}
	if (!err && !s->gcm)
		s->gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	if (!err && !s->gcm)
		err = refuse(why, ENOTSUP, path, "cannot be used: OpenSSL has no AES-256-GCM.");
	return err;
}

/* A known text, sealed when the database was made, tells whether the key belongs to it. */
int key_check(struct store *s, struct buf *why)
{
	const char *sealed = store_setting(s, check_name);
	char path[4100];
	struct buf b;
	int err;

	buf_init(&b);
	if (sealed) {
		snprintf(path, sizeof(path), "%s/key", s->dir);
		err = store_unseal(s, slice_str(sealed), &b);
		if (!err && !slice_eqs(buf_get(&b), check_text))
			err = ERR_AUTH;
		if (err == ERR_AUTH)
			err = lost(why, path, "belongs to another database.");
	} else {
		err = store_seal(s, SLICE(check_text), &b);
		if (!err)
			err = setting_write(&s->w, check_name, buf_get(&b));
	}
	buf_free(&b);
	return err;
}
