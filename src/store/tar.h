/*
 * tar.h - archives of files, compressed: the interchange format of POSIX (ustar, IEEE Std 1003.1 pax) within gzip.
 *
 * Regular files only; whatever else an archive holds (links, devices, directories) is an error, since nothing that
 * we write has it. Any tar program reads what is written here.
 * Thread: any, one at a time. Ownership: the caller's struct; tar_close() in any case.
 */
#ifndef OFFHOOK_STORE_TAR_H
#define OFFHOOK_STORE_TAR_H

#include <zlib.h>
#include "base/buf.h"

enum { TAR_NAME_MAX = 255 };
struct tar {
	gzFile gz;
	bool writes;
	uint64_t size, left; /**< of the member: all, and what is still to come */
	int err;             /**< first error; it sticks */
};

/** Write to a descriptor, which is the archive's from now on. ENOMEM. */
int tar_create(struct tar *t, int fd) MUST_CHECK;
/** Begin a member of `size` bytes. ENAMETOOLONG: its name does not fit the format. */
int tar_begin(struct tar *t, const char *name, uint64_t size, int64_t mtime) MUST_CHECK;
/** Its bytes, as many as were announced; ENOSPC, EIO ... */
int tar_put(struct tar *t, const void *p, size_t n) MUST_CHECK;

/** Read from a descriptor, which is the archive's from now on. ENOMEM; EBADMSG: it is no gzip file. */
int tar_open(struct tar *t, int fd) MUST_CHECK;
/** Next member; what is left of the present one is passed over. ENOENT: no more; EBADMSG: damaged or cut; EPROTO: a
 * member that is no regular file. */
int tar_next(struct tar *t, char name[TAR_NAME_MAX + 1], uint64_t *size) MUST_CHECK;
/** Up to `max` bytes of the member; *n is 0 at its end. EBADMSG: damaged or cut. */
int tar_get(struct tar *t, void *p, size_t max, size_t *n) MUST_CHECK;

/** End: the last bytes are written and are on disk. The first error of all. */
int tar_close(struct tar *t) MUST_CHECK;

#endif
