/*
 * backup_file.c - files and directories of backups: which names may be, and writing without overwriting.
 */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "store/backup_priv.h"

enum { OPEN_DIRS = 16, DOWNLOAD_S = 3600 };

/* Parts between slashes: none empty, none beginning with a dot, nothing that a terminal would obey. */
static bool path_ok(struct slice rest)
{
	for (size_t i = 0; i < rest.l; i++)
		if ((unsigned char)rest.p[i] < ' ' || rest.p[i] == 0x7f || rest.p[i] == '\\')
			return false;
	while (rest.l) {
		bool more = slice_chr(rest, '/') >= 0;
		struct slice part = slice_cut(&rest, '/');

		if (!part.l || part.p[0] == '.' || (more && !rest.l))
			return false;
	}
	return true;
}

bool member_name_ok(const char *name)
{
	static const char *const folders[] = {"tls/", "sounds/", "voicemail/", "recordings/"};
	size_t l = strlen(name);

	if (l > TAR_NAME_MAX || !path_ok(slice_mem(name, l)))
		return false;
	if (!strcmp(name, BACKUP_DB) || !strcmp(name, BACKUP_MARK) || !strcmp(name, BACKUP_MANIFEST))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		if (!strncmp(name, folders[i], strlen(folders[i])) && name[strlen(folders[i])])
			return true;
	return false;
}

bool recording_file_ok(struct slice file)
{
	return file.l > 11 && file.l <= TAR_NAME_MAX && !memcmp(file.p, "recordings/", 11) && path_ok(file);
}

int make_dirs(const char *base, const char *rel)
{
	char path[2 * BACKUP_PATH];
	size_t l = strlen(base);

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", base, rel) >= sizeof(path))
		return ENAMETOOLONG;
	for (char *p = path + l + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		if (mkdir(path, 0700) && errno != EEXIST)
			return errno;
		*p = '/';
	}
	return 0;
}

static int drop(const char *path, const struct stat *st, int flag, struct FTW *f)
{
	(void)st;
	(void)flag;
	(void)f;
	(void)remove(path);
	return 0;
}

void remove_tree(const char *path)
{
	(void)nftw(path, drop, OPEN_DIRS, FTW_DEPTH | FTW_PHYS);
}

int write_new(const char *path, const void *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), err = 0;

	if (fd < 0)
		return errno;
	for (size_t at = 0; at < n && !err;) {
		ssize_t w = write(fd, (const char *)p + at, n - at);

		if (w < 0 && errno != EINTR)
			err = errno;
		else if (w > 0)
			at += (size_t)w;
	}
	if (!err && fsync(fd))
		err = errno;
	close(fd);
	return err;
}

int read_whole(const char *path, size_t max, struct buf *b)
{
	char chunk[4096];
	ssize_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), err = fd < 0 ? errno : 0;

	while (!err && (n = read(fd, chunk, sizeof(chunk))) > 0) {
		buf_mem(b, chunk, (size_t)n);
		err = b->l > max ? EFBIG : buf_err(b);
	}
	if (!err && n < 0)
		err = errno;
	mem_wipe(chunk, sizeof(chunk));
	if (fd >= 0)
		close(fd);
	return err;
}

/* Downloads are fetched at once; an hour is for the slow ones. What was being made is nobody's after a crash. */
void store_backup_tidy(const char *dir)
{
	char path[BACKUP_PATH], file[BACKUP_PATH + 300];
	struct dirent *e;
	struct stat st;

	snprintf(path, sizeof(path), "%s/backup", dir);
	DIR *d = opendir(path);
	while (d && (e = readdir(d))) {
		bool tmp = !strncmp(e->d_name, "tmp-", 4),
		     half = !strncmp(e->d_name, "new-", 4) || !strncmp(e->d_name, "db-", 3);

		snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		if (half || (tmp && !stat(file, &st) && time(NULL) - st.st_mtim.tv_sec > DOWNLOAD_S))
			(void)unlink(file);
	}
	if (d)
		closedir(d);
}
