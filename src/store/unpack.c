/*
 * unpack.c - a backup onto the disk: every name, size and sum is checked before anything of it is looked at.
 *
 * What it holds is written into a directory of its own, by name, new files only; it stops before the disk is full.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "store/backup_priv.h"

enum { CHUNK = 32768, TEXT_MAX = 64 << 20, MEMBERS_MAX = 2000000 };
#define ROOM_LEFT ((uint64_t)256 << 20) /* of the disk: the system that runs needs some */

struct pass {
	struct unpacked *u;
	struct tar t;
	json_t *sums; /* name: sum, as they were */
	size_t n;
	uint64_t room;
	bool marked;
	struct buf text; /* the manifest */
	struct buf *why;
	char chunk[CHUNK];
};

static int damaged(struct pass *p, const char *what)
{
	buf_reset(p->why);
	buf_printf(p->why, "The backup is damaged: %s. Take another copy of it; nothing was changed.", what);
	return ERR_SYNTAX;
}

static int foreign(struct pass *p)
{
	buf_reset(p->why);
	buf_str(p->why, "This is no backup of offhook. `offhook backup FILE` makes one.");
	return ERR_SYNTAX;
}

/* What reading said, as a sentence. */
static int bad(struct pass *p, int err)
{
	if (err == EBADMSG)
		return p->marked ? damaged(p, "it is cut short, or bytes of it were changed") : foreign(p);
	if (err == EPROTO)
		return p->marked ? damaged(p, "it holds something that is no file, which no backup does") : foreign(p);
	return err;
}

static int check_mark(struct pass *p)
{
	int format = 0;

	buf_char(&p->text, '\0');
	if (buf_err(&p->text))
		return buf_err(&p->text);
	if (sscanf(p->text.p, "offhook backup %d", &format) != 1 || format < 1)
		return foreign(p);
	buf_reset(&p->text);
	p->marked = true;
	if (format == BACKUP_FORMAT)
		return 0;
	buf_printf(p->why,
		   "The backup was made by a newer version of offhook (format %d; this one knows %d). Install the "
		   "newer version first.",
		   format, BACKUP_FORMAT);
	return ERR_SYNTAX;
}

/* Bytes of the member to a file, or into p->text. */
static int copy_member(struct pass *p, int fd, char hex[SUM_HEX])
{
	struct sum m;
	size_t n = 1;
	int err = sum_begin(&m);

	while (!err && n) {
		err = tar_get(&p->t, p->chunk, sizeof(p->chunk), &n);
		if (err)
			break;
		sum_add(&m, p->chunk, n);
		if (fd < 0)
			buf_mem(&p->text, p->chunk, n);
		else
			for (size_t at = 0; at < n && !err;) {
				ssize_t w = write(fd, p->chunk + at, n - at);

				if (w < 0 && errno != EINTR)
					err = errno;
				else if (w > 0)
					at += (size_t)w;
			}
		if (!err && p->u->stop && p->u->stop(p->u->owner))
			err = ECANCELED;
	}
	sum_end(&m, err ? NULL : hex);
	return err ? err : buf_err(&p->text);
}

static int unpack_file(struct pass *p, const char *name, char hex[SUM_HEX])
{
	char path[2 * BACKUP_PATH];
	int err = make_dirs(p->u->tree, name);

	if (err)
		return err;
	snprintf(path, sizeof(path), "%s/%s", p->u->tree, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	err = copy_member(p, fd, hex);
	if (close(fd) && !err)
		err = errno;
	return err;
}

static int too_big(struct pass *p, uint64_t size)
{
	buf_printf(p->why,
		   "The backup does not fit on the disk: \"restore\" in the data directory has room for %llu MB, and "
		   "the next file needs %llu MB. Make room and try again.",
		   (unsigned long long)(p->room >> 20), (unsigned long long)(size >> 20) + 1);
	return ENOSPC;
}

static int member(struct pass *p, const char *name, uint64_t size)
{
	bool mark = !strcmp(name, BACKUP_MARK), manifest = !strcmp(name, BACKUP_MANIFEST);
	char hex[SUM_HEX];
	int err;

	if (!p->n++ != mark)
		return p->marked ? damaged(p, "its parts are not in order") : foreign(p);
	if (!member_name_ok(name))
		return damaged(p, "it has a file that no backup has, or whose name leads out of it");
	if (p->n > MEMBERS_MAX || json_object_get(p->sums, name) || p->u->manifest)
		return damaged(p, "it has a file twice, or too many");
	if ((mark || manifest) && size > (mark ? 64 : TEXT_MAX))
		return mark ? foreign(p) : damaged(p, "its manifest is too long");
	if (size > p->room)
		return too_big(p, size);
	p->room -= size;
	if (mark || manifest)
		err = copy_member(p, -1, hex);
	else
		err = unpack_file(p, name, hex);
	if (err)
		return bad(p, err);
	if (mark)
		err = check_mark(p);
	if (!err && manifest) {
		p->u->manifest = json_loadb(p->text.p ? p->text.p : "", p->text.l, JSON_REJECT_DUPLICATES, NULL);
		return json_is_object(p->u->manifest) ? 0 : damaged(p, "its manifest cannot be read");
	}
	if (!err && json_object_set_new(p->sums, name, json_string(hex)))
		err = json_object_get(p->sums, name) ? ENOMEM : damaged(p, "a name in it is no text");
	return err;
}

/* All that the manifest names is there as it was, and nothing else. */
static int check_sums(struct pass *p)
{
	json_t *v = json_object_get(p->u->manifest, "members"), *o;
	size_t i;

	if (!p->u->manifest || !json_is_array(v))
		return damaged(p, "its end is missing");
	json_array_foreach(v, i, o)
	{
		const char *name = json_string_value(json_object_get(o, "name")),
			   *want = json_string_value(json_object_get(o, "sha256")),
			   *have = name ? json_string_value(json_object_get(p->sums, name)) : NULL;

		if (!want || !have || strcmp(want, have) != 0) {
			buf_reset(p->why);
			buf_printf(p->why,
				   "The backup is damaged: %s is %s. Take another copy of it; nothing was changed.",
				   name ? name : "a file", have ? "not as it was" : "missing");
			return ERR_SYNTAX;
		}
	}
	if (json_array_size(v) != json_object_size(p->sums))
		return damaged(p, "it has files that its manifest does not name");
	if (!json_object_get(p->sums, BACKUP_DB))
		return damaged(p, "it has no database");
	return 0;
}

static int read_all(struct pass *p)
{
	char name[TAR_NAME_MAX + 1];
	uint64_t size;
	int err;

	while (!(err = tar_next(&p->t, name, &size))) {
		err = member(p, name, size);
		if (err)
			return err;
	}
	return err == ENOENT ? check_sums(p) : bad(p, err);
}

int unpack(struct unpacked *u, const char *archive, struct buf *why)
{
	struct pass *p = mem_zalloc(sizeof(*p), NULL);
	struct statvfs fs;
	int fd = open(archive, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err = fd < 0 ? errno : p ? 0 : ENOMEM;

	if (err) {
		if (fd >= 0)
			close(fd);
		if (p && err == ENOENT)
			buf_printf(why, "There is no file %s.", archive);
		mem_deref(p);
		return err;
	}
	p->u = u;
	p->why = why;
	buf_init(&p->text);
	p->sums = json_object();
	if (!p->sums) {
		close(fd);
		mem_deref(p);
		return ENOMEM;
	}
	if (!statvfs(u->dir, &fs))
		p->room = (uint64_t)fs.f_bavail * fs.f_frsize;
	p->room = p->room > ROOM_LEFT ? p->room - ROOM_LEFT : 0;
	err = tar_open(&p->t, fd);
	if (err)
		err = bad(p, err);
	else
		err = read_all(p);
	(void)!tar_close(&p->t);
	json_decref(p->sums);
	buf_free(&p->text);
	mem_deref(p);
	return err;
}
