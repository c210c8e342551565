/*
 * dir.c - the data directory: made if missing, held by one process.
 *
 * The lock is flock() on a file that stays; the kernel drops it when the process
 * ends, however it ends. The pid in it is for people.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "store/store_priv.h"

static int say(const struct store *s, struct buf *why, int err, const char *what)
{
	buf_printf(why, "The data directory %s %s: %s. ", s->dir, what, err_str(err));
	switch (err) {
	case ENOENT:
		buf_str(why, "Make the directory above it, or choose another with --data.");
		break;
	case EACCES:
	case EPERM:
		buf_printf(why, "Give it to user number %lu, or choose another with --data.", (unsigned long)geteuid());
		break;
	case ENOSPC:
	case EROFS:
		buf_printf(why, "%s",
			   err == ENOSPC ? "Free some space there, or choose another with --data."
					 : "Make it writable, or choose another with --data.");
		break;
	default:
		buf_str(why, "Choose another with --data.");
	}
	return err;
}

static int make_dir(struct store *s, struct buf *why)
{
	struct stat st;

	if (mkdir(s->dir, 0700) && errno != EEXIST)
		return say(s, why, errno, "cannot be made");
	if (stat(s->dir, &st))
		return say(s, why, errno, "cannot be used");
	if (!S_ISDIR(st.st_mode))
		return say(s, why, ENOTDIR, "cannot be used");
	if (access(s->dir, R_OK | W_OK | X_OK))
		return say(s, why, errno, "cannot be written");
	return 0;
}

static int busy(struct store *s, struct buf *why)
{
	char pid[24] = "";
	ssize_t n = pread(s->lock_fd, pid, sizeof(pid) - 1, 0);

	pid[n > 0 ? n : 0] = '\0';
	pid[strspn(pid, "0123456789")] = '\0';
	buf_printf(why, "The data directory %s is in use by another offhook%s%s. ", s->dir, pid[0] ? ", process " : "",
		   pid);
	buf_str(why, "Stop that one first, or choose another with --data.");
	return EBUSY;
}

static int take_lock(struct store *s, struct buf *why)
{
	char path[4100], pid[24];
	int n;

	snprintf(path, sizeof(path), "%s/lock", s->dir);
	s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock_fd < 0)
		return say(s, why, errno, "cannot be locked");
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? busy(s, why) : say(s, why, errno, "cannot be locked");
	n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	if (ftruncate(s->lock_fd, 0) || pwrite(s->lock_fd, pid, (size_t)n, 0) != n)
		return say(s, why, errno ? errno : ENOSPC, "cannot be written");
	return 0;
}

/* SQLite would make the file readable by others; its WAL takes over the mode. */
static int make_file(struct store *s, struct buf *why)
{
	int fd = open(s->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0) {
		int err = errno;

		buf_printf(why, "The database %s cannot be opened: %s. %s", s->path, err_str(err), fault_remedy(err));
		return err;
	}
	close(fd);
	return 0;
}

int dir_lock(struct store *s, struct buf *why)
{
	int err = make_dir(s, why);

	return err ? err : take_lock(s, why);
}

int dir_open(struct store *s, struct buf *why)
{
	int err = dir_lock(s, why);

	return err ? err : make_file(s, why);
}

void dir_close(struct store *s)
{
	if (s->lock_fd < 0)
		return;
	close(s->lock_fd);
	s->lock_fd = -1;
}
