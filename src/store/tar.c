/*
 * tar.c - ustar within gzip, by zlib: a header of 512 bytes, then the file's bytes, filled up to 512.
 *
 * Sizes of 8 GB and more stand in binary (the high bit of the field set), as GNU, BSD and pax programs write them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "store/tar.h"

enum { BLOCK = 512, LEVEL = 4, GZ_BUF = 65536 };

/* Places in the header. */
enum {
	AT_NAME = 0,
	L_NAME = 100,
	AT_MODE = 100,
	AT_UID = 108,
	AT_GID = 116,
	AT_SIZE = 124,
	L_SIZE = 12,
	AT_MTIME = 136,
	AT_SUM = 148,
	L_SUM = 8,
	AT_TYPE = 156,
	AT_MAGIC = 257,
	AT_PREFIX = 345,
	L_PREFIX = 155
};

static unsigned checksum(const unsigned char *h)
{
	unsigned sum = 0;

	for (int i = 0; i < BLOCK; i++)
		sum += i >= AT_SUM && i < AT_SUM + L_SUM ? ' ' : h[i];
	return sum;
}

/* ------------------------------------------------------------------ writing */

static int fail(struct tar *t, int err)
{
	if (!t->err)
		t->err = err;
	return t->err;
}

static int gz_errno(struct tar *t)
{
	int e = Z_OK;

	(void)gzerror(t->gz, &e);
	return e == Z_ERRNO ? (errno ? errno : EIO) : e == Z_MEM_ERROR ? ENOMEM : t->writes ? EIO : EBADMSG;
}

int tar_create(struct tar *t, int fd)
{
	char mode[8];

	memset(t, 0, sizeof(*t));
	snprintf(mode, sizeof(mode), "wb%d", LEVEL);
	t->writes = true;
	t->gz = gzdopen(fd, mode);
	if (!t->gz) {
		close(fd);
		return fail(t, ENOMEM);
	}
	(void)gzbuffer(t->gz, GZ_BUF);
	return 0;
}

static int put(struct tar *t, const void *p, size_t n)
{
	errno = 0;
	if (!t->err && n && gzwrite(t->gz, p, (unsigned)n) != (int)n)
		return fail(t, gz_errno(t));
	return t->err;
}

/* A name over 100 bytes is cut at a slash: up to 155 bytes before it. */
static bool put_name(unsigned char *h, const char *name)
{
	size_t l = strlen(name), cut = l > L_NAME ? l - L_NAME - 1 : 0;

	if (l <= L_NAME) {
		memcpy(h + AT_NAME, name, l);
		return true;
	}
	while (cut < l && name[cut] != '/')
		cut++;
	if (cut >= l || cut > L_PREFIX || !cut)
		return false;
	memcpy(h + AT_PREFIX, name, cut);
	memcpy(h + AT_NAME, name + cut + 1, l - cut - 1);
	return true;
}

static void put_size(unsigned char *h, uint64_t size)
{
	if (size >> 33 == 0) {
		snprintf((char *)h + AT_SIZE, L_SIZE, "%011llo", (unsigned long long)size);
		return;
	}
	memset(h + AT_SIZE, 0, L_SIZE);
	h[AT_SIZE] = 0x80;
	for (int i = 0; i < 8; i++)
		h[AT_SIZE + L_SIZE - 1 - i] = (unsigned char)(size >> (8 * i));
}

int tar_begin(struct tar *t, const char *name, uint64_t size, int64_t mtime)
{
	unsigned char h[BLOCK] = {0};

	if (t->err)
		return t->err;
	if (!put_name(h, name))
		return ENAMETOOLONG; /* of this file alone: the archive is as good as before */
	snprintf((char *)h + AT_MODE, 8, "%07o", 0600U);
	snprintf((char *)h + AT_UID, 8, "%07o", 0U);
	snprintf((char *)h + AT_GID, 8, "%07o", 0U);
	put_size(h, size);
	snprintf((char *)h + AT_MTIME, 12, "%011llo", (unsigned long long)(mtime > 0 ? mtime : 0) & 077777777777ULL);
	h[AT_TYPE] = '0';
	memcpy(h + AT_MAGIC, "ustar\00000", 8);
	snprintf((char *)h + AT_SUM, 7, "%06o", checksum(h));
	h[AT_SUM + 7] = ' ';
	t->size = t->left = size;
	return put(t, h, sizeof(h));
}

int tar_put(struct tar *t, const void *p, size_t n)
{
	static const char zero[BLOCK];

	if (n > t->left)
		return fail(t, EINVAL);
	int err = put(t, p, n);

	t->left -= n;
	if (!err && n && !t->left && t->size % BLOCK)
		err = put(t, zero, BLOCK - t->size % BLOCK);
	return err;
}

/* ------------------------------------------------------------------ reading */

int tar_open(struct tar *t, int fd)
{
	unsigned char magic[2] = {0};

	memset(t, 0, sizeof(*t));
	bool gzip = pread(fd, magic, 2, 0) == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
	t->gz = gzip ? gzdopen(fd, "rb") : NULL;
	if (!t->gz) {
		close(fd);
		return fail(t, gzip ? ENOMEM : EBADMSG);
	}
	(void)gzbuffer(t->gz, GZ_BUF);
	return 0;
}

static int get(struct tar *t, void *p, size_t n)
{
	errno = 0;
	if (!t->err && gzread(t->gz, p, (unsigned)n) != (int)n)
		return fail(t, gz_errno(t));
	return t->err;
}

static bool octal(const unsigned char *p, size_t n, uint64_t *v)
{
	size_t i = 0;

	*v = 0;
	while (i < n && p[i] == ' ')
		i++;
	for (; i < n && p[i] >= '0' && p[i] <= '7'; i++)
		*v = *v * 8 + (unsigned)(p[i] - '0');
	return i == n || !p[i] || p[i] == ' ';
}

static bool get_size(const unsigned char *h, uint64_t *v)
{
	if (!(h[AT_SIZE] & 0x80))
		return octal(h + AT_SIZE, L_SIZE, v);
	*v = 0;
	for (int i = 1; i < L_SIZE; i++) {
		if (*v >> 55)
			return false;
		*v = *v << 8 | h[AT_SIZE + i];
	}
	return true;
}

static int pass_over(struct tar *t)
{
	char skip[4096];
	size_t n;

	while (t->left) {
		int err = tar_get(t, skip, sizeof(skip), &n);

		if (err)
			return err;
	}
	return 0;
}

/* The end: nothing but zeros until the file ends, whose check sum is read there. */
static int read_end(struct tar *t)
{
	unsigned char rest[BLOCK];
	int n;

	while ((n = gzread(t->gz, rest, sizeof(rest))) > 0)
		for (int i = 0; i < n; i++)
			if (rest[i])
				return fail(t, EBADMSG);
	return n < 0 ? fail(t, gz_errno(t)) : ENOENT;
}

int tar_next(struct tar *t, char name[TAR_NAME_MAX + 1], uint64_t *size)
{
	static const unsigned char zero[BLOCK];
	unsigned char h[BLOCK];
	uint64_t sum;
	int err = pass_over(t);

	if (!err)
		err = get(t, h, sizeof(h));
	if (err)
		return err;
	if (!memcmp(h, zero, BLOCK))
		return read_end(t);
	if (!octal(h + AT_SUM, L_SUM, &sum) || sum != checksum(h) || memcmp(h + AT_MAGIC, "ustar", 5) != 0 ||
	    !get_size(h, size))
		return fail(t, EBADMSG);
	int lp = h[AT_PREFIX] ? (int)strnlen((char *)h + AT_PREFIX, L_PREFIX) : 0;
	int ln = (int)strnlen((char *)h + AT_NAME, L_NAME);
	snprintf(name, TAR_NAME_MAX + 1, "%.*s%s%.*s", lp, (char *)h + AT_PREFIX, lp ? "/" : "", ln,
		 (char *)h + AT_NAME);
	if (h[AT_TYPE] && h[AT_TYPE] != '0')
		return fail(t, EPROTO);
	t->size = t->left = *size;
	return 0;
}

int tar_get(struct tar *t, void *p, size_t max, size_t *n)
{
	unsigned char fill[BLOCK];

	*n = t->left < max ? (size_t)t->left : max;
	if (!*n)
		return t->err;
	int err = get(t, p, *n);

	t->left -= *n;
	if (!err && !t->left && t->size % BLOCK)
		err = get(t, fill, BLOCK - t->size % BLOCK);
	return err;
}

int tar_close(struct tar *t)
{
	static const char zero[2 * BLOCK];

	if (!t->gz)
		return t->err;
	if (t->writes) {
		if (t->left)
			(void)fail(t, EINVAL);
		(void)put(t, zero, sizeof(zero));
	}
	errno = 0;
	int rc = t->writes ? gzclose_w(t->gz) : gzclose_r(t->gz);

	t->gz = NULL;
	if (t->writes && rc != Z_OK)
		(void)fail(t, rc == Z_ERRNO && errno ? errno : EIO);
	return t->err;
}
